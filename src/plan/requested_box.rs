//! The box that a request asks for: fractions, `ar`, bounds, `dpr`, padding (`rendering.md` 3.1, 3.3, 3.4, 12).

use super::extent::{Extent, Margin, ROUNDING_SLACK, side};
use crate::param::Fit;
use crate::units::{Length, Size};

use super::anchor::Sides;
use super::types::Sizing;

/// The requested box in pixels, with `dpr` applied, not capped yet (`rendering.md` 3.1, 3.3, 3.4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RequestedBox {
    /// Image and padding together.
    pub(super) total: Extent,
    /// The padding alone.
    pub(super) margin: Margin,
}

impl RequestedBox {
    pub(super) fn of(sizing: &Sizing, padding: Sides, working: Size) -> Self {
        let source = Extent::of(working);
        let dpr = sizing.dpr.get();
        let margin = |k: f64| Margin {
            top: f64::from(padding.top) * k,
            right: f64::from(padding.right) * k,
            bottom: f64::from(padding.bottom) * k,
            left: f64::from(padding.left) * k,
        };
        let mut total = wanted(sizing, source, margin(1.0));
        if sizing.w.is_none() {
            total.width = bounded(total.width, sizing.min_w, sizing.max_w);
        }
        if sizing.h.is_none() {
            total.height = bounded(total.height, sizing.min_h, sizing.max_h);
        }
        let margin = margin(dpr);
        // Padding that leaves no room still leaves one pixel.
        let least = Extent { width: 1.0, height: 1.0 }.plus(margin);
        let has_margin = margin.left + margin.right + margin.top + margin.bottom > 0.0;
        let total = total.times(dpr);
        let total = if has_margin {
            Extent { width: total.width.max(least.width), height: total.height.max(least.height) }
        } else {
            total
        };
        Self { total, margin }
    }

    /// Returns the box of the image alone, and the padding in whole pixels, with everything scaled by `k`.
    pub(super) fn inner(&self, k: f64, side_max: u32) -> (Extent, Sides) {
        let sides = self.sides(k, side_max);
        let total = self.total.times(k);
        let less = |total: f64, a: u32, b: u32| match u64::from(a) + u64::from(b) {
            0 => total,
            taken => (total - taken as f64).max(1.0),
        };
        let inner = Extent {
            width: less(total.width, sides.left, sides.right),
            height: less(total.height, sides.top, sides.bottom),
        };
        (inner, sides)
    }

    /// Returns the padding in whole pixels; it leaves at least one pixel of `side_max` for the image.
    pub(super) fn sides(&self, k: f64, side_max: u32) -> Sides {
        let whole = |px: f64| (px * k + 0.5 + ROUNDING_SLACK).floor() as u32;
        let fit = |a: f64, b: f64| {
            let room = side_max.saturating_sub(1);
            let a = whole(a).min(room);
            (a, whole(b).min(room - a))
        };
        let (left, right) = fit(self.margin.left, self.margin.right);
        let (top, bottom) = fit(self.margin.top, self.margin.bottom);
        Sides { top, right, bottom, left }
    }
}

/// Returns the box before `dpr` and bounds. A side that is not given is derived from the other side less its padding.
fn wanted(sizing: &Sizing, source: Extent, margin: Margin) -> Extent {
    let pixels = |length: Option<Length>, reference: f64| {
        length.map(|length| match length {
            Length::Px(v) => f64::from(side(v)),
            Length::Fraction(f) => f * reference,
        })
    };
    let (across, down) = (margin.left + margin.right, margin.top + margin.bottom);
    match (pixels(sizing.w, source.width), pixels(sizing.h, source.height), sizing.ar) {
        (Some(width), Some(height), _) => Extent { width, height },
        (Some(width), None, Some(ar)) => Extent { width, height: width / ar },
        (None, Some(height), Some(ar)) => Extent { width: height * ar, height },
        (Some(width), None, None) => {
            Extent { width, height: (width - across).max(1.0).min(width) * source.height / source.width + down }
        }
        (None, Some(height), None) => {
            Extent { width: (height - down).max(1.0).min(height) * source.width / source.height + across, height }
        }
        (None, None, None) => source.plus(margin),
        (None, None, Some(ar)) => {
            let shape = Extent { width: ar, height: 1.0 };
            // `crop` takes the largest rectangle of this shape inside the source, `fill` the smallest around it.
            let shaped = if sizing.fit == Fit::Crop { shape.inside(source) } else { shape.covering(source) };
            shaped.plus(margin)
        }
    }
}

/// Clamps `side` to the bounds; the lower one wins if they cross.
fn bounded(side: f64, min: Option<u32>, max: Option<u32>) -> f64 {
    let side = max.map_or(side, |max| side.min(f64::from(max)));
    min.map_or(side, |min| side.max(f64::from(min)))
}
