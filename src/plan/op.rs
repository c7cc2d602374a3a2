//! [`Op`]: one step of a plan with the numbers filled in, a variant per stage.

use serde::{Deserialize, Serialize};

use crate::param::{BlendMode, CropWord, GradientSpace, HuePath, RotType};
use crate::pixels::ramp::{ColorRamp, ColorStop, GradientCourse};
use crate::units::{Color, Rect, Size};

use super::effects::{Adjust, Denoise, Sharpen, Threshold, Tone};
use super::layers::{Border, GradientPaint, Grid, Sides, Text};
use super::read::Read;
use super::shadow::{ReflectOp, ShadowOp};
use super::types::HideFaces;

/// The steps for one original, in order, and the size they end with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// Which part of the original, and how it is turned.
    pub read: Read,
    /// Steps on the original's own pixels, upright and cut: boxes of faces and eyes are known only there.
    pub on_original: Vec<Op>,
    /// To what size that is scaled; `None` leaves it as large as it is.
    pub place: Option<Resize>,
    /// The rest, in the order they are executed; holds only steps that do something.
    pub ops: Vec<Op>,
    /// Size of the rendered picture.
    pub output: Size,
    /// Whether a pixel of it can be transparent.
    pub has_alpha: bool,
}

/// One step. Sizes and rectangles are in pixels of the picture as it stands when the step begins; `dpr` is applied.
///
/// The variants are in the order of the pipeline, which every layout keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Op {
    /// Make faces unrecognisable. In [`Layout::on_original`] only.
    HideFaces(HideFacesOp),
    /// Take red out of the eyes, of which these are the boxes. In [`Layout::on_original`] only.
    RedEye(Vec<Rect>),
    /// Cross-hair of `fp-debug`, at a point in pixels.
    FocalDebug {
        /// From the left.
        x: u32,
        /// From the top.
        y: u32,
    },
    /// Exposure, contrast and saturation by what the histogram says (`auto=enhance`).
    Enhance,
    /// Adjust pixel by pixel; in this order, in one pass.
    Adjust(Vec<Adjust>),
    /// Reduce noise.
    Denoise(Denoise),
    /// Sharpen.
    Sharpen(Sharpen),
    /// Put the picture on a larger canvas.
    Extend(Extend),
    /// Mirror left-right.
    MirrorHorizontal,
    /// Mirror top-bottom.
    MirrorVertical,
    /// Turn inside the frame, or onto a larger canvas.
    Rotate(Rotate),
    /// Tone pixel by pixel; in this order, in one pass.
    Tone(Vec<Tone>),
    /// 45-degree screen of dots in the colours of the image.
    Halftone {
        /// Width of a dot, at least 1.
        dot_px: u32,
    },
    /// Mean of square blocks, anchored at the top left.
    Pixellate {
        /// Side of a block, at least 2.
        block_px: u32,
    },
    /// Gaussian blur, edges extended.
    Blur {
        /// Above 0.
        sigma_px: f64,
    },
    /// Make pure black and white.
    Threshold(Threshold),
    /// Lay a colour or picture over.
    Blend(BlendOp),
    /// Draw a gradient over.
    Gradient(GradientOp),
    /// Let the edges fade to transparent.
    Fade(FadeOp),
    /// Put a colour under the picture's transparency.
    Background(Color),
    /// Put a checkerboard under it.
    Grid(Grid),
    /// Cut to a shape.
    Mask(MaskOp),
    /// Draw a frame over the edge.
    Border(BorderOp),
    /// Add a margin.
    Pad(Pad),
    /// Draw a watermark.
    Mark(MarkOp),
    /// Draw text.
    Text(TextOp),
    /// Draw a mirror image below: of a watermark, before it is laid on.
    Reflect(ReflectOp),
    /// Draw a shadow.
    Shadow(ShadowOp),
    /// Turn about the centre onto another canvas. In an [`Overlay`] only.
    Turn(TurnOp),
}

impl Layout {
    /// Nothing is done to an upright image of this size.
    #[must_use]
    pub const fn as_it_is(size: Size) -> Self {
        Self {
            read: Read::whole(size),
            on_original: Vec::new(),
            place: None,
            ops: Vec::new(),
            output: size,
            has_alpha: true,
        }
    }
}

impl Op {
    /// Our own name of the step, for errors and timings.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::HideFaces(_) => "hide-faces",
            Self::RedEye(_) => "redeye",
            Self::FocalDebug { .. } => "focal-debug",
            Self::Enhance => "enhance",
            Self::Adjust(_) => "adjust",
            Self::Denoise(_) => "denoise",
            Self::Sharpen(_) => "sharpen",
            Self::Extend(_) => "extend",
            Self::MirrorHorizontal | Self::MirrorVertical => "mirror",
            Self::Rotate(_) => "rotate",
            Self::Tone(_) => "tone",
            Self::Halftone { .. } => "halftone",
            Self::Pixellate { .. } => "pixellate",
            Self::Blur { .. } => "blur",
            Self::Threshold(_) => "threshold",
            Self::Blend(_) => "blend",
            Self::Gradient(_) => "gradient",
            Self::Fade(_) => "fade",
            Self::Background(_) => "background",
            Self::Grid(_) => "grid",
            Self::Mask(_) => "mask",
            Self::Border(_) => "border",
            Self::Pad(_) => "pad",
            Self::Mark(_) => "mark",
            Self::Text(_) => "text",
            Self::Reflect(_) => "reflect",
            Self::Shadow(_) => "shadow",
            Self::Turn(_) => "turn",
        }
    }
}

impl Op {
    /// The colours of the request that the step paints with. They are sRGB until somebody converts them.
    pub fn colors_mut(&mut self) -> Vec<&mut Color> {
        match self {
            Self::Extend(Extend { fill: ExtendFill::Solid(color), .. })
            | Self::Rotate(Rotate { background: color, .. })
            | Self::Background(color)
            | Self::Blend(BlendOp { layer: BlendOpLayer::Color(color), .. })
            | Self::Mask(MaskOp { background: Some(color), .. })
            | Self::Shadow(ShadowOp { color, .. })
            | Self::Pad(Pad { color, .. }) => vec![color],
            Self::Extend(Extend { fill: ExtendFill::Gradient(GradientFill { colors: Some(colors), .. }), .. }) => {
                colors.iter_mut().map(|stop| &mut stop.color).collect()
            }
            Self::Gradient(op) => op.colors.stops.iter_mut().map(|stop| &mut stop.color).collect(),
            Self::Grid(grid) => grid.colors.iter_mut().collect(),
            Self::Tone(chain) => chain.iter_mut().flat_map(Tone::colors_mut).collect(),
            Self::Border(BorderOp { border, .. }) => {
                std::iter::once(&mut border.color).chain(border.stroke.as_mut().map(|(_, color)| color)).collect()
            }
            Self::Text(TextOp { text, behind, .. }) => {
                let outline = text.outline.as_mut().map(|(_, color)| color);
                let backing = text.backing.as_mut().map(|backing| &mut backing.color);
                std::iter::once(&mut text.color).chain(outline).chain(backing).chain(behind).collect()
            }
            Self::HideFaces(_)
            | Self::RedEye(_)
            | Self::FocalDebug { .. }
            | Self::Enhance
            | Self::Adjust(_)
            | Self::Denoise(_)
            | Self::Sharpen(_)
            | Self::Extend(_)
            | Self::MirrorHorizontal
            | Self::MirrorVertical
            | Self::Halftone { .. }
            | Self::Pixellate { .. }
            | Self::Blur { .. }
            | Self::Threshold(_)
            | Self::Blend(_)
            | Self::Fade(_)
            | Self::Turn(_)
            | Self::Reflect(_)
            | Self::Mask(_)
            | Self::Mark(_) => Vec::new(),
        }
    }
}

/// Faces to hide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HideFacesOp {
    /// Where; `None` when no detector ran: then *everything* must be hidden.
    pub faces: Option<Vec<Rect>>,
    /// How.
    pub how: HideFaces,
}

/// Lay a colour or picture over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlendOp {
    /// What.
    pub layer: BlendOpLayer,
    /// How.
    pub mode: BlendMode,
    /// Opacity, 0 < v <= 1.
    pub alpha: f64,
}

/// What is laid over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BlendOpLayer {
    /// A colour over the whole picture.
    Color(Color),
    /// The picture of `blend`, placed.
    Image(Overlay),
}

/// A picture on its way onto another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overlay {
    /// What is done to it first: its size, then what gives it its look, then turning. Colours in these ops are sRGB.
    pub layout: Layout,
    /// Its left edge on the base; may be outside.
    pub left: i64,
    /// Its top edge on the base; may be outside.
    pub top: i64,
}

/// A shape to cut to. It touches all four sides of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outline {
    /// An ellipse.
    Ellipse,
    /// Rounded corners: radii in pixels from the top left, clockwise, at most half the shorter side.
    Corners([u32; 4]),
    /// A regular polygon of this many sides, one corner at the right.
    Polygon(u8),
    /// The picture of `mask`, stretched: visible where it is light and opaque.
    Image,
}

/// Draw a gradient over a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradientOp {
    /// Its colours.
    pub colors: ColorRamp,
    /// Its course.
    pub course: GradientCourse,
    /// What it does.
    pub paint: GradientPaint,
}

/// Let the edges fade to transparent, in a straight line over so many pixels; opposite ones do not overlap.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the four sides")]
pub struct FadeOp {
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
    pub left: f64,
}

/// Turn about the centre, on a transparent canvas.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TurnOp {
    /// Counter-clockwise, 0 < v < 360.
    pub degrees: f64,
    /// Size after turning.
    pub canvas: Size,
}

/// Cut to a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskOp {
    /// The shape.
    pub outline: Outline,
    /// Shown where the picture is cut away; `None` is transparent.
    pub background: Option<Color>,
    /// Whether the inside is cut away, and the outside stays.
    pub inverted: bool,
    /// Over how many pixels inwards the edge of an ellipse or of rounded corners fades, at most half the shorter side; 0
    /// is an edge as sharp as pixels allow.
    pub feather_px: u32,
}

/// Draw a frame over the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BorderOp {
    /// The frame in pixels.
    pub border: Border,
    /// The shape of the mask, whose edge the frame follows.
    pub follows: Option<Outline>,
}

/// Add a margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pad {
    /// How much.
    pub sides: Sides,
    /// What shows in it.
    pub color: Color,
}

/// Draw a watermark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarkOp {
    /// The watermark, placed.
    pub overlay: Overlay,
    /// Opacity, 0 < v <= 1.
    pub alpha: f64,
    /// Repeated at these distances, right and down, over the whole base; `left` and `top` are then of the first tile
    /// that shows, at most 0.
    pub tile: Option<Tile>,
}

/// Distances of tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tile {
    /// From one left edge to the next, at least 1.
    pub step_x_px: u32,
    /// From one top edge to the next, at least 1.
    pub step_y_px: u32,
}

/// Draw text. Where it lies follows from its size when shaped: [`Anchor::position`](super::Anchor::position).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextOp {
    /// Text, style and anchor in pixels.
    pub text: Text,
    /// Width of the box.
    pub box_width_px: u32,
    /// Most height of the lines.
    pub box_height_px: Option<u32>,
    /// Shown where text as a stencil cuts away; `None` is transparent.
    pub behind: Option<Color>,
}

/// Scale the whole of what is read to `scaled`, then keep `window` of it. Linear light, premultiplied, Lanczos3.
///
/// A renderer may take only the part of the source that the window needs, when the pixels are the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resize {
    /// Size of the whole picture after scaling; a side may exceed the output when most of it is cut away.
    pub scaled: Size,
    /// What is kept.
    pub window: Window,
}

impl Resize {
    /// The rectangle of the scaled image that is kept, as long as no finder has looked.
    #[must_use]
    pub fn kept(&self) -> Rect {
        match &self.window {
            Window::Whole => Rect::whole(self.scaled),
            Window::Fixed(rect) => *rect,
            Window::Find { otherwise, .. } => *otherwise,
        }
    }
}

/// Part of a scaled picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Window {
    /// All of it.
    Whole,
    /// This rectangle.
    Fixed(Rect),
    /// A rectangle of `size` placed by the first finder that succeeds, else at `otherwise`.
    Find {
        /// Size of the window.
        size: Size,
        /// `entropy`, `edges`, `faces` in the order asked.
        finders: Vec<CropWord>,
        /// Where it goes when nothing is found.
        otherwise: Rect,
    },
}

/// A larger canvas around the picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extend {
    /// Size of the canvas.
    pub canvas: Size,
    /// Left edge of the picture on it.
    pub left: u32,
    /// Top edge of the picture on it.
    pub top: u32,
    /// What shows around the picture.
    pub fill: ExtendFill,
}

/// What shows around the picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExtendFill {
    /// One colour.
    Solid(Color),
    /// The picture, scaled to cover the canvas and blurred.
    Blur,
    /// The picture's edge pixels, stretched outwards (`fit=clamp`).
    Edge,
    /// A gradient over the whole canvas.
    Gradient(GradientFill),
}

/// A gradient in pixels of the canvas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradientFill {
    /// Opaque, at least two; `None` takes the dark and the light vibrant colour of the picture's palette.
    pub colors: Option<Vec<ColorStop>>,
    /// Space the colours are mixed in.
    pub space: GradientSpace,
    /// Which way round the colour wheel, in the spaces that have one.
    pub hue: HuePath,
    /// Its course.
    pub course: GradientCourse,
}

/// Turn about the centre.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rotate {
    /// Counter-clockwise.
    pub degrees: f64,
    /// Zoomed so that no corner is empty, or whole.
    pub kind: RotType,
    /// Size after turning: that of the picture before, or of the box around the turned one.
    pub canvas: Size,
    /// Shown in empty corners.
    pub background: Color,
}
