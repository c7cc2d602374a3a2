//! What plans and layouts are made of and from, apart from what is drawn.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits::Limits;
use crate::param::{ChromaSub, ColorSpace, CropWord, Fit, FrameSelect};
use crate::units::{Dpr, Length, Quality, Rect, Size};

use super::answer::Format;

/// The request headers that may change the picture, already reduced to their outcome.
///
/// Never holds header text: two browsers that accept the same formats share one variant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Negotiation {
    /// `Accept` names `image/avif` with q > 0.
    pub avif: bool,
    /// `Accept` names `image/webp` with q > 0.
    pub webp: bool,
    /// `Sec-CH-Width` / `Width` in pixels, bucketed; read only where `ch=width`.
    pub width_px: Option<u32>,
    /// `Sec-CH-DPR` / `DPR`; read only where `ch=dpr`.
    pub dpr: Option<Dpr>,
    /// `Save-Data: on`; read only where `ch=save-data`.
    pub save_data: bool,
}

/// Request headers that the choice used, for `Vary`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a set of header names")]
pub struct VaryOn {
    /// `Accept`
    pub accept: bool,
    /// `Sec-CH-Width, Width`
    pub width: bool,
    /// `Sec-CH-DPR, DPR`
    pub dpr: bool,
    /// `Save-Data`
    pub save_data: bool,
}

/// `dl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Download {
    /// A file name as sent, not yet made safe for a header.
    Named(String),
    /// Use the last path segment.
    FromPath,
}

/// What the operator decides about the meaning of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Longest side of a rendition, pixels (`limits.output_side_max`).
    pub output_side_max: u32,
    /// Estimated time to encode above which a faster format is chosen (`limits.encode_time_max`).
    pub encode_time_max: Duration,
    /// Whether SVG originals are drawn in any case (`rasterize_svg` of a source).
    pub rasterize_svg: bool,
    /// Whether `lp-blur`, which cannot be honoured, is ignored (`ignore_lp_blur` of a source).
    pub ignore_lp_blur: bool,
}

impl Policy {
    /// The policy of a source under `limits`.
    #[must_use]
    pub const fn new(limits: &Limits, rasterize_svg: bool, ignore_lp_blur: bool) -> Self {
        let Limits { output_side_max, encode_time_max, .. } = *limits;
        Self { output_side_max, encode_time_max, rasterize_svg, ignore_lp_blur }
    }
}

impl Default for Policy {
    /// The default limits, and nothing that a source has to switch on.
    fn default() -> Self {
        Self::new(&Limits::default(), false, false)
    }
}

/// Page and frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Select {
    /// Page of a document, from 1.
    pub page: u32,
    /// Whether annotations of a PDF are drawn.
    pub annotation: bool,
    /// `frame`; `None` is all of them for an animated output, the first for a still one.
    pub frame: Option<FrameSelect>,
    /// `interval`: every so many frames, starting with the first; at least 2.
    pub interval: Option<u32>,
    /// `skip`: all but every so many frames, starting with the first; at least 2.
    pub skip: Option<u32>,
    /// `reverse`.
    pub reverse: bool,
    /// `fps`: frames a second instead of the stored delays, at least 1.
    pub fps: Option<u32>,
    /// `loop`: plays, 0 for ever; `None` keeps what the original says.
    pub plays: Option<u32>,
}

impl Default for Select {
    /// The first page with its annotations, every frame as it is stored.
    fn default() -> Self {
        Self {
            page: 1,
            annotation: true,
            frame: None,
            interval: None,
            skip: None,
            reverse: false,
            fps: None,
            plays: None,
        }
    }
}

/// What was found out about the pixels, and about other pictures, since the plan was made. Each field that is absent
/// has a documented stand-in, so a layout exists at any time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What trimming leaves, in pixels of the picture after `rect`; the whole when nothing can be trimmed. `None`: not
    /// measured yet, and the layout has a [`Read::trim`](super::Read::trim).
    pub trimmed: Option<Rect>,
    /// Boxes of the faces in pixels of the whole upright original, best first. `None`: no detector ran.
    pub faces: Option<Vec<Rect>>,
    /// Boxes of what may be faces: hidden with them where faces must be hidden, and else of no account.
    pub doubtful: Vec<Rect>,
    /// Boxes of the eyes of `faces`.
    pub eyes: Vec<Rect>,
    /// Whether there are more frames than the one that was looked at: faces that must be hidden may come later.
    pub moving: bool,
    /// Upright size of the picture to blend. `None`: it could not be had, and is left out.
    pub blend: Option<Size>,
    /// Whether the picture of the mask could be had; if not, the mask is left out.
    pub mask: bool,
    /// Upright size of the watermark. `None`: it could not be had, and is left out.
    pub mark: Option<Size>,
}

/// How to turn the stored pixels upright.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Orient {
    /// As the original's EXIF says.
    Exif,
    /// As an EXIF value 1 to 8 given in the URL (`orient=0` is 1).
    Fixed(u8),
}

/// The output box. Lengths are as written; `dpr` is not yet applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct Sizing {
    pub w: Option<Length>,
    pub h: Option<Length>,
    /// Width over height; `None` where `fit` does not use it.
    pub ar: Option<f64>,
    pub dpr: Dpr,
    /// Never `facearea`, which stands in `facearea`; this is what happens when there is no face.
    pub fit: Fit,
    /// `fit=facearea`: around the faces, grown to `facepad` times their size.
    pub facearea: Option<f64>,
    /// `faceindex`, from 1: the face of `facearea` and `crop=faces`; `None` is all of them where they fit.
    pub face_index: Option<u32>,
    /// Fallback chain of `crop`, in order; empty is the centre.
    pub crop: Vec<CropWord>,
    pub focal: Focal,
    pub min_w: Option<u32>,
    pub max_w: Option<u32>,
    pub min_h: Option<u32>,
    pub max_h: Option<u32>,
    /// Longest output side, pixels (`limits.output_side_max`).
    pub side_max: u32,
}

/// The focal point, relative to the source.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct Focal {
    pub x: f64,
    pub y: f64,
    pub z: f64,
}

/// What to write when no preferred format is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FallbackFormat {
    /// The format of the original, or the nearest one we write (JPEG, PNG when there is transparency).
    Source,
    /// This one.
    Fixed(Format),
    /// PNG when the picture has transparency, else JPEG (`auto=compress`).
    ByAlpha,
    /// PNG8 when the picture has transparency, else JPEG (`auto=compress,format`).
    ByAlphaSmall,
}

/// How to encode. Quality and friends are inert for formats that lack them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Negotiated formats, tried in order: the first that can hold the picture and encodes wins.
    pub preferred: Vec<Format>,
    /// When none of them does.
    pub fallback: FallbackFormat,
    /// The same for animated originals, whose `fm` is not overridden by `auto=compress`.
    pub fallback_animated: FallbackFormat,
    /// Whether WebP, which was accepted, stands in for an AVIF that was asked for by name and would be late.
    pub webp_for_avif: bool,
    /// Whether any format gives way to a faster one that is ready in time, not only AVIF: `auto=format`.
    pub yields: bool,
    /// Estimated time above which a format gives way.
    pub encode_time_max: Duration,
    /// 0 to 100 on the JPEG scale; encoders of other formats translate.
    pub quality: Quality,
    /// WebP, JXL.
    pub lossless: bool,
    /// JPEG.
    pub progressive: bool,
    /// JPEG.
    pub chroma: ChromaSub,
    /// At most this many colours, 2 to 256.
    pub colors_max: Option<u16>,
    /// Output colour space.
    pub color_space: ColorSpace,
    /// Resolution fields, dots per inch.
    pub dpi: Option<u32>,
    /// `iptc=allow`: IPTC metadata survives from JPEG to JPEG.
    pub iptc: bool,
}

/// What `layout` has to know about an original; read from its header by the worker.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Stored size, before orientation.
    pub size: Size,
    /// EXIF orientation 1 to 8; anything else in the file is 1.
    pub orientation: u8,
    /// Whether any pixel can be transparent.
    pub has_alpha: bool,
    /// Frames of an animation, 1 for a still.
    pub frames: u32,
}

/// What a request says about originals without pixels of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vectors {
    /// They are sent as they are, and all else in the plan is ignored: `rasterize-bypass`.
    pub bypass: bool,
    /// An SVG that is sent as SVG loses what runs or loads: `svg-sanitize`.
    pub sanitize: bool,
    /// SVG is drawn: because the request names a raster format or asks about the pixels, or because the operator has it
    /// drawn in any case ([`Policy::rasterize_svg`]).
    pub draw: bool,
}
