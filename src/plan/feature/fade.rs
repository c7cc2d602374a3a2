//! `fade*`, `*-fade*`: edges that fade to transparent (`rendering.md` 9).

use serde::{Deserialize, Serialize};

use crate::param::FadeParams;
use crate::plan::anchor::length_px;
use crate::units::{Length, Size};

use super::Paints;

/// Edges that fade to transparent. A fraction refers to the width on the left and right, and to the height at the top
/// and bottom.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the four sides")]
pub struct Fade {
    pub top: Length,
    pub right: Length,
    pub bottom: Length,
    pub left: Length,
}

/// Lets the edges fade to transparent, linearly over this many pixels; opposite fades do not overlap.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the four sides")]
pub struct FadeOp {
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
    pub left: f64,
}

impl Paints for FadeOp {}

impl Fade {
    pub(super) fn of(fade: &FadeParams) -> Option<Self> {
        let none = Length::Px(0.0);
        let side = |own: Option<Length>| {
            own.or(fade.all).filter(|length| !matches!(length, Length::Px(0.0) | Length::Fraction(0.0))).unwrap_or(none)
        };
        let fade =
            Self { top: side(fade.top), right: side(fade.right), bottom: side(fade.bottom), left: side(fade.left) };
        (fade != Self { top: none, right: none, bottom: none, left: none }).then_some(fade)
    }

    /// Returns the fades in pixels. Opposite fades that together exceed the image shrink to fit, so that its middle
    /// never fades.
    pub(super) fn op(self, dpr: f64, size: Size) -> FadeOp {
        let pair = |first: Length, second: Length, side: u32| {
            let side = f64::from(side);
            let [first, second] = [first, second].map(|length| length_px(length, side, dpr));
            let shrunk = side / (first + second).max(side);
            (first * shrunk, second * shrunk)
        };
        let (top, bottom) = pair(self.top, self.bottom, size.height);
        let (left, right) = pair(self.left, self.right, size.width);
        FadeOp { top, right, bottom, left }
    }
}
