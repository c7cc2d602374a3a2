//! How the image is encoded, typed: `fm`, `q`, `auto`, `ch` and related parameters.

use serde::{Deserialize, Serialize};

use crate::units::Quality;

/// `fm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documented words")]
pub enum FormatWord {
    Gif,
    Jpg,
    Jp2,
    Json,
    Jxr,
    Jxl,
    Pjpg,
    Mp4,
    Png,
    Png8,
    Png32,
    Webp,
    Webm,
    Blurhash,
    Avif,
    Spritesheet,
}

/// `chromasub`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documented words")]
pub enum ChromaSub {
    Yuv444,
    Yuv422,
    #[default]
    Yuv420,
}

/// `cs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documented words")]
pub enum ColorSpace {
    #[default]
    Origin,
    Srgb,
    AdobeRgb1998,
    TinySrgb,
    Strip,
}

/// The members of `auto`, merged from every repetition and the source's default. `true` has already become
/// `compress,format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, clippy::struct_excessive_bools, reason = "a set of the documented words")]
pub struct Auto {
    pub enhance: bool,
    pub format: bool,
    pub redeye: bool,
    pub compress: bool,
}

/// The members of `ch`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "a set of the documented words")]
pub struct ClientHints {
    pub width: bool,
    pub dpr: bool,
    pub save_data: bool,
}

/// Output format.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct FormatParams {
    pub auto: Auto,
    pub ch: ClientHints,
    pub fm: Option<FormatWord>,
    pub q: Option<Quality>,
    pub lossless: Option<bool>,
    pub jpg_progressive: Option<bool>,
    pub chromasub: Option<ChromaSub>,
    /// 2 to 256 colours.
    pub colorquant: Option<u16>,
    pub cs: Option<ColorSpace>,
    pub dpi: Option<u32>,
    /// `dl`. Never `Some("")`: an empty `dl` sets `dl_bare` instead.
    pub dl: Option<String>,
    /// `dl` was given without a value: the download is named after the last path segment.
    pub dl_bare: bool,
    /// `iptc=allow`.
    pub iptc_allow: Option<bool>,
    pub svg_sanitize: Option<bool>,
    pub rasterize_bypass: Option<bool>,
}
