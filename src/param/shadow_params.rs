//! What a request asks of a shadow, whether of the image or of the watermark, typed.

use serde::{Deserialize, Serialize};

use crate::units::{Color, Length};

/// `*drop-shadow-type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ShadowKind {
    /// A soft copy behind the image.
    #[default]
    Flat,
    /// Cast on the floor by a light.
    Cast,
    /// A soft pool under an image that hovers.
    Float,
    /// Inside the image.
    Inset,
}

/// `drop-shadow*` or `mark-drop-shadow*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct ShadowParams {
    /// The shadow parameter itself; without it there is no shadow.
    pub blur: Option<f64>,
    pub kind: Option<ShadowKind>,
    pub x: Option<Length>,
    pub y: Option<Length>,
    pub color: Option<Color>,
    pub spread: Option<i32>,
    pub pose: Option<f64>,
    pub azimuth: Option<f64>,
    pub elevation: Option<f64>,
    pub softness: Option<f64>,
    pub falloff: Option<f64>,
}
