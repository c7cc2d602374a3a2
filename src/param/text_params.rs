//! What a request asks of text, typed.

use serde::{Deserialize, Serialize};

use super::AlignWord;
use crate::units::{Color, Length};

/// `txt-font`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Font {
    /// Family or PostScript name, as written.
    pub family: String,
    /// `,bold`.
    pub bold: bool,
    /// `,italic`.
    pub italic: bool,
}

/// The side of the text that `txt-clip` cuts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documented words")]
pub enum TextClip {
    Start,
    Middle,
    #[default]
    End,
}

/// `txt-fit`: what happens to text that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TextFit {
    /// One line, shrunk to fit.
    Max,
    /// Several lines; whatever lies below `txt-h` is cut.
    Wrap,
    /// Several lines, shrunk together.
    WrapMax,
}

/// `txt-blend-mode`: text as a stencil.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TextStencil {
    /// `destination-out`: the text is a hole.
    Out,
    /// `destination-in`: only the text is left.
    In,
}

/// Text parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct TextParams {
    pub txt: Option<String>,
    pub align: Vec<AlignWord>,
    pub clip: Option<TextClip>,
    pub clip_ellipsis: bool,
    pub color: Option<Color>,
    pub alpha: Option<f64>,
    pub bg: Option<Color>,
    pub blend_mode: Option<TextStencil>,
    pub fit: Option<TextFit>,
    pub font: Option<Font>,
    pub h: Option<Length>,
    pub lead: Option<i32>,
    pub line: Option<u32>,
    pub line_color: Option<Color>,
    pub pad: Option<u32>,
    pub radius: Option<Length>,
    /// Degrees clockwise, 0 to 360.
    pub rotate: Option<f64>,
    pub shad: Option<f64>,
    pub shad_blur: Option<u32>,
    pub size: Option<u32>,
    pub track: Option<i32>,
    pub width: Option<u32>,
    pub x: Option<Length>,
    pub y: Option<Length>,
}
