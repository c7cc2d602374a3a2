//! `face-blur`, `face-pixel` and red eyes: what is done to faces on the original's own pixels.

use serde::{Deserialize, Serialize};

use crate::param::Params;
use crate::units::Rect;

use super::Paints;

/// `face-blur` and `face-pixel`, each 0 to 100; not both 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct HideFaces {
    pub blur: u32,
    pub pixel: u32,
}

/// Makes faces unrecognisable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HideFacesOp {
    /// The boxes of the faces. `None` if no detector ran, and then *everything* must be hidden.
    pub faces: Option<Vec<Rect>>,
    /// How to hide them.
    pub how: HideFaces,
}

impl Paints for HideFacesOp {}

/// Boxes of red eyes to correct.
impl Paints for Vec<Rect> {}

impl HideFaces {
    pub(in crate::plan) fn of(params: &Params) -> Option<Self> {
        let how = Self { blur: params.faces.blur.unwrap_or(0), pixel: params.faces.pixel.unwrap_or(0) };
        (how.blur > 0 || how.pixel > 0).then_some(how)
    }
}
