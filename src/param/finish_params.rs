//! Fades and gradients, typed. They apply to a finished image, or to a layer before it is placed on one: `fade*`,
//! `mark-fade*`, `blend-fade*`, `gradient*`, `mark-gradient*`, `blend-gradient*`.

use serde::{Deserialize, Serialize};

use super::{AlignWord, BlendMode, GradientSpace, GradientType, HuePath};
use crate::units::{Color, Length};

/// The families that the image, the watermark and the blended image share.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FinishParams {
    /// `*fade*`
    pub fade: FadeParams,
    /// `*gradient*`
    pub gradient: GradientParams,
}

/// Fading edges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct FadeParams {
    /// `fade` itself, without a side.
    pub all: Option<Length>,
    pub top: Option<Length>,
    pub right: Option<Length>,
    pub bottom: Option<Length>,
    pub left: Option<Length>,
}

/// A gradient drawn over an image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct GradientParams {
    /// Two or more; empty when there is no gradient.
    pub colors: Vec<Color>,
    /// Percentages.
    pub stops: Vec<f64>,
    pub kind: Option<GradientType>,
    pub angle: Option<GradientAngle>,
    pub cs: Option<GradientSpace>,
    pub hue: Option<HuePath>,
    pub mode: Option<BlendMode>,
    pub alpha: Option<f64>,
    pub mask: Option<bool>,
    pub radial_shape: Option<RadialShape>,
    pub radial_size: Option<RadialSize>,
    pub radial_x: Option<Length>,
    pub radial_y: Option<Length>,
}

/// `gradient-angle`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum GradientAngle {
    /// Clockwise from straight up, 0 <= v < 360.
    Degrees(f64),
    /// Towards a side or corner.
    Towards(Vec<AlignWord>),
}

/// `gradient-radial-shape`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documented words")]
pub enum RadialShape {
    #[default]
    Ellipse,
    Circle,
}

/// The words of `gradient-radial-size`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documented words")]
pub enum RadialReach {
    #[default]
    FarthestCorner,
    FarthestSide,
    ClosestCorner,
    ClosestSide,
}

/// `gradient-radial-size`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum RadialSize {
    /// Out to a side or corner.
    Reach(RadialReach),
    /// A circle of this radius in pixels.
    Radius(u32),
    /// An ellipse of these radii, across and down.
    Radii([Length; 2]),
}
