//! Sides before they are rounded to pixels.
//!
//! Products are computed before quotients, so that a side which is exactly half a pixel above an integer (150 x 3 / 4)
//! stays exact and rounds up, as the rules require.

use crate::units::Size;

/// Added before rounding, because a decimal such as `dpr=1.1` is slightly below its written value in binary. Far below
/// the smallest distance from a half that integers and three decimals can produce (about 1e-8).
pub(super) const ROUNDING_SLACK: f64 = 1e-9;

/// Sides stay in this range while they are real numbers, so that no product overflows and no divisor is 0.
pub(super) const SIDE_RANGE: (f64, f64) = (1e-6, 1e9);

/// Width and height before rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extent {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Returns `floor(x + 0.5)`, at least 1.
pub(super) fn side(x: f64) -> u32 {
    // `as` saturates and turns NaN into 0.
    ((x + 0.5 + ROUNDING_SLACK).floor() as u32).max(1)
}

impl Extent {
    pub(super) fn of(size: Size) -> Self {
        Self { width: f64::from(size.width), height: f64::from(size.height) }
    }

    pub(super) fn tamed(self) -> Self {
        let (low, high) = SIDE_RANGE;
        // For NaN, `max` and `min` return the other operand, unlike `clamp`.
        Self { width: self.width.max(low).min(high), height: self.height.max(low).min(high) }
    }

    pub(super) fn times(self, k: f64) -> Self {
        Self { width: self.width * k, height: self.height * k }.tamed()
    }

    pub(super) fn rounded(self) -> Size {
        Size { width: side(self.width), height: side(self.height) }
    }

    pub(super) fn plus(self, margin: Margin) -> Self {
        Self { width: self.width + margin.left + margin.right, height: self.height + margin.top + margin.bottom }
    }

    /// Returns the factor that reduces both sides to at most `side_max` (`rendering.md` 3.1, rule 5).
    pub(super) fn cap(self, side_max: u32) -> f64 {
        (f64::from(side_max) / self.width.max(self.height)).min(1.0)
    }

    /// Returns `self` scaled to touch `frame` from inside.
    pub(super) fn inside(self, frame: Self) -> Self {
        if frame.width * self.height <= frame.height * self.width {
            Self { width: frame.width, height: self.height * frame.width / self.width }
        } else {
            Self { width: self.width * frame.height / self.height, height: frame.height }
        }
    }

    /// Returns `self` scaled to cover `frame`.
    pub(super) fn covering(self, frame: Self) -> Self {
        if frame.width * self.height >= frame.height * self.width {
            Self { width: frame.width, height: self.height * frame.width / self.width }
        } else {
            Self { width: self.width * frame.height / self.height, height: frame.height }
        }
    }

    /// Returns the smaller of the two, which must have the same shape.
    pub(super) fn at_most(self, limit: Self) -> Self {
        if self.width >= limit.width || self.height >= limit.height { limit } else { self }
    }
}

/// Padding before rounding, with `dpr` applied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Margin {
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
    pub(super) left: f64,
}
