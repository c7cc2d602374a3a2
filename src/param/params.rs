//! What a request asks for, typed. `None` (or the group's default) means that the parameter was absent, empty or
//! dropped.
//!
//! Values are inside their documented ranges. Nothing is resolved here: defaults, dependencies between parameters and
//! anything that needs the original's size belong to `plan`.

use serde::{Deserialize, Serialize};

use super::{FinishParams, FormatParams, ShadowParams, TextParams};
use crate::pixels::blend_modes::BlendMode;
use crate::pixels::ramp::{GradientSpace, HuePath};
use crate::units::{Color, Dpr, Length};

/// Every parameter of the grammar, grouped as in the reference.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Params {
    /// `w h ar fit crop rect ...`
    pub size: SizeParams,
    /// `orient flip rot rot-type`
    pub rotation: RotationParams,
    /// `fp-*`
    pub focal: FocalParams,
    /// `trim*`
    pub trim: TrimParams,
    /// `bg fill* transparency grid-*`
    pub fill: FillParams,
    /// `bri con exp ... usm nr`
    pub adjust: AdjustParams,
    /// `blur px htn sepia monochrome duotone gradient-map*`
    pub stylize: StylizeParams,
    /// `blend*`
    pub blend: BlendParams,
    /// `gradient* fade*`, on the image.
    pub finish: FinishParams,
    /// `mark*`
    pub mark: MarkParams,
    /// `mask* corner-radius`
    pub mask: MaskParams,
    /// `drop-shadow*`
    pub shadow: ShadowParams,
    /// `border* pad*`
    pub border: BorderParams,
    /// `txt*`
    pub text: TextParams,
    /// `palette colors prefix`
    pub palette: PaletteParams,
    /// `frame fps loop interval skip reverse`
    pub animation: AnimationParams,
    /// `page pdf-annotation`
    pub document: DocumentParams,
    /// `auto fm q ...`
    pub format: FormatParams,
    /// `faces facepad faceindex face-blur face-pixel lp-blur`
    pub faces: FaceParams,
    /// The parameters that need a generative model.
    pub model: ModelParams,
    /// `expires`
    pub control: ControlParams,
}

/// `fit`: how the image meets the box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fit {
    /// Fits the whole image inside the box (the default).
    #[default]
    Clip,
    /// Like `clip`, then fills the box by stretching edge pixels.
    Clamp,
    /// Covers the box and cuts off the rest.
    Crop,
    /// Crops around the faces.
    FaceArea,
    /// Like `clip`, with letterbox bars to fill the box.
    Fill,
    /// Like `fill`, never enlarging.
    FillMax,
    /// Like `clip`, never enlarging.
    Max,
    /// Like `crop`, never enlarging.
    Min,
    /// Stretches to the box, ignoring proportions.
    Scale,
}

/// One member of `crop` or `blend-crop`: an edge, or a way to find the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documented words")]
pub enum CropWord {
    Top,
    Bottom,
    Left,
    Right,
    Center,
    Faces,
    /// `faces`, else whatever stands out, else `edges`.
    Auto,
    Entropy,
    Edges,
    FocalPoint,
}

impl CropWord {
    /// Returns whether this word may resolve to faces.
    #[must_use]
    pub const fn looks_for_faces(&self) -> bool {
        matches!(self, Self::Faces | Self::Auto)
    }
}

/// A position, as in `*-align` and gradient directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documented words")]
pub enum AlignWord {
    Top,
    Middle,
    Bottom,
    Left,
    Center,
    Right,
}

/// Left or top edge of `rect`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum RectEdge {
    /// Pixels or a fraction of the side.
    At(Length),
    /// `left` or `top`.
    Start,
    /// `center` or `middle`.
    Middle,
    /// `right` or `bottom`.
    End,
}

/// Width or height of `rect`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum RectExtent {
    /// Pixels or a fraction of the side.
    Of(Length),
    /// `full`.
    Full,
}

/// `rect=x,y,w,h`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the four members")]
pub struct RectParam {
    pub x: RectEdge,
    pub y: RectEdge,
    pub w: RectExtent,
    pub h: RectExtent,
}

/// Size parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct SizeParams {
    pub w: Option<Length>,
    pub h: Option<Length>,
    /// Width divided by height.
    pub ar: Option<f64>,
    pub dpr: Option<Dpr>,
    pub fit: Option<Fit>,
    /// Second value of `fit=facearea,...`.
    pub fit_fallback: Option<Fit>,
    pub crop: Vec<CropWord>,
    pub rect: Option<RectParam>,
    pub min_w: Option<u32>,
    pub max_w: Option<u32>,
    pub min_h: Option<u32>,
    pub max_h: Option<u32>,
}

/// `rot-type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RotType {
    /// Zoomed in so that no corner is empty.
    #[default]
    Straighten,
    /// Whole, on a larger canvas whose corners show the background.
    Pivot,
}

/// Orientation and mirroring.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RotationParams {
    /// `orient` as an EXIF value from 0 to 8 (90, 180, 270 already translated); 0 ignores EXIF.
    pub orient: Option<u8>,
    /// `flip` contains an `h`: mirror left to right.
    pub flip_h: bool,
    /// `flip` contains a `v`: mirror top to bottom.
    pub flip_v: bool,
    /// `rot`, degrees counter-clockwise, 0 <= v < 360.
    pub rot: Option<f64>,
    /// `rot-type`.
    pub rot_type: Option<RotType>,
}

/// Focal point, relative to the source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct FocalParams {
    pub x: Option<f64>,
    pub y: Option<f64>,
    /// Zoom, 1 to 100.
    pub z: Option<f64>,
    pub debug: Option<bool>,
}

impl FocalParams {
    /// Returns whether a point is given, even if only one of its coordinates is.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        self.x.is_some() || self.y.is_some()
    }
}

/// `trim`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documented words")]
pub enum TrimMode {
    Auto,
    Color,
    Alpha,
    ColorUnlessAlpha,
}

/// Trim and its tuning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct TrimParams {
    pub mode: Option<TrimMode>,
    pub alpha: Option<f64>,
    pub color: Option<Color>,
    pub md: Option<f64>,
    pub sd: Option<f64>,
    pub tol: Option<f64>,
    pub pad: Option<u32>,
}

/// `fill`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documented words")]
pub enum FillMode {
    Solid,
    Blur,
    Gen,
    Gradient,
}

/// `fill-gradient-type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documented words")]
pub enum GradientType {
    #[default]
    Linear,
    Radial,
}

/// Background, letterbox bars and checkerboard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct FillParams {
    pub bg: Option<Color>,
    pub mode: Option<FillMode>,
    pub color: Option<Color>,
    pub gradient_type: Option<GradientType>,
    pub gradient_cs: Option<GradientSpace>,
    pub gradient_hue: Option<HuePath>,
    /// Two or more; empty when absent.
    pub gradient_linear: Vec<Color>,
    pub gradient_linear_direction: Vec<AlignWord>,
    /// Two or more; empty when absent.
    pub gradient_radial: Vec<Color>,
    /// Percentages.
    pub gradient_stops: Vec<f64>,
    pub gradient_radial_radius: Option<[Length; 2]>,
    pub gradient_radial_x: Option<Length>,
    pub gradient_radial_y: Option<Length>,
    /// `transparency=grid`.
    pub transparency_grid: bool,
    pub grid_colors: Option<[Color; 2]>,
    pub grid_size: Option<u32>,
}

/// Point adjustments, noise reduction, sharpening.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct AdjustParams {
    pub bri: Option<f64>,
    pub con: Option<f64>,
    pub exp: Option<f64>,
    pub gam: Option<f64>,
    pub high: Option<f64>,
    pub shad: Option<f64>,
    pub sat: Option<f64>,
    pub vib: Option<f64>,
    pub hue: Option<f64>,
    pub hue_set: Option<f64>,
    pub invert: Option<bool>,
    pub sharp: Option<f64>,
    pub usm: Option<f64>,
    pub usmrad: Option<f64>,
    pub nr: Option<f64>,
    pub nrs: Option<f64>,
}

/// `threshold-dither`: how a pixel's error is spread over its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Dither {
    /// All of the error, over four neighbours.
    FloydSteinberg,
    /// Three quarters of the error, over six neighbours.
    Atkinson,
}

/// Effects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct StylizeParams {
    pub blur: Option<f64>,
    pub px: Option<u32>,
    pub htn: Option<u32>,
    pub sepia: Option<f64>,
    pub monochrome: Option<Color>,
    pub duotone: Option<[Color; 2]>,
    pub duotone_alpha: Option<f64>,
    /// Two or more; empty when absent.
    pub gradient_map: Vec<Color>,
    /// Percentages.
    pub gradient_map_stops: Vec<f64>,
    pub gradient_map_cs: Option<GradientSpace>,
    pub gradient_map_hue: Option<HuePath>,
    pub gradient_map_alpha: Option<f64>,
    pub gradient_map_equalize: Option<bool>,
    /// A percentage.
    pub threshold: Option<f64>,
    pub threshold_dither: Option<Dither>,
}

/// Where an overlay comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Location {
    /// An absolute `http` or `https` URL.
    Url(String),
    /// A path in the same source, with its own query if it has one.
    Path(String),
}

/// What `blend` names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BlendSource {
    /// A flat colour over the whole image.
    Color(Color),
    /// An image.
    Image(Location),
}

/// Blend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct BlendParams {
    pub source: Option<BlendSource>,
    pub color: Option<Color>,
    pub mode: Option<BlendMode>,
    pub alpha: Option<f64>,
    pub fit: Option<Fit>,
    pub crop: Vec<CropWord>,
    pub align: Vec<AlignWord>,
    pub pad: Option<u32>,
    /// `blend-size=inherit`.
    pub inherit_size: bool,
    pub w: Option<Length>,
    pub h: Option<Length>,
    pub x: Option<Length>,
    pub y: Option<Length>,
    /// Shares of the overlay's size, across and down.
    pub anchor: Option<[f64; 2]>,
    /// `blend-gradient* blend-fade*`
    pub finish: FinishParams,
}

/// Watermark.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct MarkParams {
    pub source: Option<Location>,
    pub base: Option<String>,
    pub align: Vec<AlignWord>,
    pub alpha: Option<f64>,
    pub fit: Option<Fit>,
    pub w: Option<Length>,
    pub h: Option<Length>,
    pub pad: Option<u32>,
    pub rot: Option<f64>,
    pub scale: Option<f64>,
    /// `mark-tile=grid`.
    pub tile: bool,
    pub x: Option<Length>,
    pub y: Option<Length>,
    /// Shares of the watermark's size, across and down.
    pub anchor: Option<[f64; 2]>,
    /// `mark-drop-shadow*`
    pub shadow: ShadowParams,
    /// `mark-reflection`, 0 to 100.
    pub reflection: Option<f64>,
    pub reflection_falloff: Option<f64>,
    /// `mark-gradient* mark-fade*`
    pub finish: FinishParams,
    pub if_min_width: Option<u32>,
    pub if_min_height: Option<u32>,
}

/// `mask`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MaskShape {
    /// An ellipse that touches all four sides.
    Ellipse,
    /// Rounded corners.
    Corners,
    /// A regular polygon of 3 to 32 sides (`poly5`).
    Polygon(u8),
    /// An image: visible where the mask is light and opaque.
    Image(Location),
}

/// Mask.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct MaskParams {
    pub shape: Option<MaskShape>,
    pub bg: Option<Color>,
    /// Top left, top right, bottom right and bottom left, in pixels.
    pub corner_radius: Option<[u32; 4]>,
    pub invert: Option<bool>,
}

/// Border and padding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct BorderParams {
    pub border: Option<(u32, Color)>,
    pub top: Option<u32>,
    pub right: Option<u32>,
    pub bottom: Option<u32>,
    pub left: Option<u32>,
    pub radius: Option<[u32; 4]>,
    pub radius_inner: Option<[u32; 4]>,
    pub stroke_color: Option<Color>,
    pub stroke_size: Option<u32>,
    pub pad: Option<u32>,
    pub pad_top: Option<u32>,
    pub pad_right: Option<u32>,
    pub pad_bottom: Option<u32>,
    pub pad_left: Option<u32>,
}

/// `palette`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documented words")]
pub enum PaletteFormat {
    Css,
    Json,
}

/// Palette extraction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct PaletteParams {
    pub format: Option<PaletteFormat>,
    pub colors: Option<u8>,
    pub prefix: Option<String>,
}

/// Frames counted from 1, both ends included; `None` is an open end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "two ends")]
pub struct FrameSpan {
    pub first: Option<u32>,
    pub last: Option<u32>,
}

/// `frame`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FrameSelect {
    /// One frame, counted from 1; the result is a still.
    One(u32),
    /// `a-b`.
    Span(FrameSpan),
}

/// Animation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct AnimationParams {
    pub frame: Option<FrameSelect>,
    pub fps: Option<u32>,
    pub loop_count: Option<u32>,
    pub interval: Option<u32>,
    pub skip: Option<u32>,
    pub reverse: Option<bool>,
}

/// Documents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DocumentParams {
    /// `page`, counted from 1.
    pub page: Option<u32>,
    /// `pdf-annotation`.
    pub annotation: Option<bool>,
}

/// Faces and licence plates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct FaceParams {
    pub faces: bool,
    pub index: Option<u32>,
    pub pad: Option<f64>,
    pub blur: Option<u32>,
    pub pixel: Option<u32>,
    pub lp_blur: Option<u32>,
}

/// Generative models: parsed, and handled by the failure contract of `rendering.md` 18.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct ModelParams {
    pub bg_remove: bool,
    pub bg_remove_fallback: Option<bool>,
    pub bg_replace: Option<String>,
    pub bg_replace_fallback: Option<bool>,
    pub fill_gen_fallback: Option<bool>,
    pub upscale: bool,
    pub upscale_fallback: Option<bool>,
    pub object_removal_rect: Option<[u32; 4]>,
}

/// Control parameters that are read after the signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlParams {
    /// `expires`.
    pub expires: Option<Expires>,
}

/// `expires` as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expires {
    /// Seconds since 1970.
    At(u64),
    /// Not a number: treated as expired when the URL is signed (`signing.md` 3).
    Unparseable,
}
