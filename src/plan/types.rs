//! The types that plans and layouts are made of and from, except for what is drawn.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits::Limits;
use crate::param::{ChromaSub, ColorSpace, CropWord, Fit, FrameSelect};
use crate::units::{Dpr, Length, Quality, Rect, Size};

use super::answer::Format;

/// The request headers that may change the image, already reduced to their outcome.
///
/// Never holds header text: two browsers that accept the same formats share one variant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Negotiation {
    /// `Accept` names `image/avif` with q > 0.
    pub avif: bool,
    /// `Accept` names `image/webp` with q > 0.
    pub webp: bool,
    /// `Sec-CH-Width` or `Width` in pixels, bucketed; read only with `ch=width`.
    pub width_px: Option<u32>,
    /// `Sec-CH-DPR` or `DPR`; read only with `ch=dpr`.
    pub dpr: Option<Dpr>,
    /// `Save-Data: on`; read only with `ch=save-data`.
    pub save_data: bool,
}

/// The request headers that the result depends on, for `Vary`.
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

/// How to offer the answer as a download: `dl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Download {
    /// The file name as sent, not yet made safe for a header.
    Named(String),
    /// The last segment of the path is the file name.
    FromPath,
}

/// The operator's settings that affect the meaning of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Longest side of a rendition in pixels (`limits.output_side_max`).
    pub output_side_max: u32,
    /// Estimated encoding time above which a faster format is chosen (`limits.encode_time_max`).
    pub encode_time_max: Duration,
    /// Whether SVG originals are always rasterized (`rasterize_svg` of a source).
    pub rasterize_svg: bool,
    /// Whether `lp-blur`, which cannot be honoured, is ignored (`ignore_lp_blur` of a source).
    pub ignore_lp_blur: bool,
}

impl Policy {
    /// Returns the policy of a source under `limits`.
    #[must_use]
    pub const fn new(limits: &Limits, rasterize_svg: bool, ignore_lp_blur: bool) -> Self {
        let Limits { output_side_max, encode_time_max, .. } = *limits;
        Self { output_side_max, encode_time_max, rasterize_svg, ignore_lp_blur }
    }
}

impl Default for Policy {
    /// Returns the default limits, with every setting of a source switched off.
    fn default() -> Self {
        Self::new(&Limits::default(), false, false)
    }
}

/// The selection of page and frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Select {
    /// Page of a document, counted from 1.
    pub page: u32,
    /// Whether annotations of a PDF are drawn.
    pub annotation: bool,
    /// `frame`; `None` selects all frames for an animated output and the first for a still one.
    pub frame: Option<FrameSelect>,
    /// `interval`: keeps every n-th frame, starting with the first; n is at least 2.
    pub interval: Option<u32>,
    /// `skip`: drops every n-th frame, starting with the first; n is at least 2.
    pub skip: Option<u32>,
    /// `reverse`.
    pub reverse: bool,
    /// `fps`: frames per second instead of the stored delays, at least 1.
    pub fps: Option<u32>,
    /// `loop`: number of plays, 0 for endless; `None` keeps that of the original.
    pub plays: Option<u32>,
}

impl Default for Select {
    /// Returns the selection of the first page with its annotations and of every frame as stored.
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

/// What was found out about the pixels and about other images since the plan was made. Every absent field has a
/// documented substitute, so a layout can be made at any time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What trimming leaves, in pixels of the image after `rect`; the whole image when nothing can be trimmed. `None`:
    /// not measured yet, and the layout has a [`Read::trim`](super::Read::trim).
    pub trimmed: Option<Rect>,
    /// Boxes of the faces in pixels of the whole upright original, best first. `None`: no detector ran.
    pub faces: Option<Vec<Rect>>,
    /// Boxes of what may be faces. Hidden along with the faces when faces must be hidden; otherwise ignored.
    pub doubtful: Vec<Rect>,
    /// Boxes of the eyes in `faces`.
    pub eyes: Vec<Rect>,
    /// Whether the original has more frames than the one that was examined: faces that must be hidden may appear later.
    pub moving: bool,
    /// Upright size of the image to blend. `None`: it was not available and is left out.
    pub blend: Option<Size>,
    /// Whether the mask image is available; if not, the mask is left out.
    pub mask: bool,
    /// Upright size of the watermark. `None`: it was not available and is left out.
    pub mark: Option<Size>,
}

/// How to rotate the stored pixels upright.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Orient {
    /// As the original's EXIF states.
    Exif,
    /// By an EXIF value from 1 to 8 given in the URL (`orient=0` means 1).
    Fixed(u8),
}

/// The output box. Lengths are as written; `dpr` is not applied yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct Sizing {
    pub w: Option<Length>,
    pub h: Option<Length>,
    /// Width divided by height; `None` if `fit` does not use it.
    pub ar: Option<f64>,
    pub dpr: Dpr,
    /// Never `facearea`, which has its own field; this is the fit when there is no face.
    pub fit: Fit,
    /// `fit=facearea`: crops around the faces' box, enlarged to this multiple of its size (`facepad`).
    pub facearea: Option<f64>,
    /// `faceindex`, counted from 1: the face that `facearea` and `crop=faces` use; `None` uses all faces, as far as
    /// they fit.
    pub face_index: Option<u32>,
    /// Fallback chain of `crop`, in order; empty means the centre.
    pub crop: Vec<CropWord>,
    pub focal: Focal,
    pub min_w: Option<u32>,
    pub max_w: Option<u32>,
    pub min_h: Option<u32>,
    pub max_h: Option<u32>,
    /// Longest output side in pixels (`limits.output_side_max`).
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

/// The format to write when no preferred format is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FallbackFormat {
    /// The format of the original; if we cannot write that, PNG with transparency and JPEG without.
    Source,
    /// This format.
    Fixed(Format),
    /// PNG if the image has transparency, otherwise JPEG (`auto=compress`).
    ByAlpha,
    /// PNG8 if the image has transparency, otherwise JPEG (`auto=compress,format`).
    ByAlphaSmall,
}

/// How to encode. Quality and similar settings have no effect in formats that lack them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Negotiated formats, in the order they are tried: the first one that can hold the image and encodes is sent.
    pub preferred: Vec<Format>,
    /// Tried when none of the preferred formats works.
    pub fallback: FallbackFormat,
    /// The same for animated originals, for which `auto=compress` does not override `fm`.
    pub fallback_animated: FallbackFormat,
    /// Whether WebP replaces an AVIF that was asked for by name and would be late. Set only if WebP is accepted.
    pub webp_for_avif: bool,
    /// Whether any format, not only AVIF, gives way to one that is ready in time: `auto=format`.
    pub yields: bool,
    /// Estimated encoding time above which a format gives way.
    pub encode_time_max: Duration,
    /// 0 to 100 on the JPEG scale; the encoders of other formats translate it.
    pub quality: Quality,
    /// For WebP and JXL.
    pub lossless: bool,
    /// For JPEG.
    pub progressive: bool,
    /// For JPEG.
    pub chroma: ChromaSub,
    /// Maximum number of colours, 2 to 256.
    pub colors_max: Option<u16>,
    /// Output colour space.
    pub color_space: ColorSpace,
    /// Value of the resolution fields, in dots per inch.
    pub dpi: Option<u32>,
    /// `iptc=allow`: IPTC metadata is kept from JPEG to JPEG.
    pub iptc: bool,
}

/// What `layout` needs to know about an original; the worker reads it from the header.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Stored size, before orientation.
    pub size: Size,
    /// EXIF orientation, 1 to 8; any other value in the file counts as 1.
    pub orientation: u8,
    /// Whether any pixel can be transparent.
    pub has_alpha: bool,
    /// Number of frames; 1 for a still image.
    pub frames: u32,
}

/// What a request says about originals without pixels of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vectors {
    /// They are sent unchanged, and everything else in the plan is ignored: `rasterize-bypass`.
    pub bypass: bool,
    /// An SVG that is sent as SVG loses what runs code or loads resources: `svg-sanitize`.
    pub sanitize: bool,
    /// SVG is rasterized, because the request names a raster format or asks about pixels, or because the operator
    /// always wants it rasterized ([`Policy::rasterize_svg`]).
    pub draw: bool,
}
