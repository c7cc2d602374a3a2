//! Where something lies on a canvas: `*-align`, `*-pad`, `*-x`, `*-y`, `*-anchor`.

use serde::{Deserialize, Serialize};

use crate::param::AlignWord;
use crate::units::{Color, Length, Size};

/// Where watermarks and text lie by default.
pub(super) const BOTTOM_RIGHT: (Along, Along) = (Along::Far, Along::Far);

/// A place on one axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Along {
    /// Left or top.
    Start,
    /// The middle; of an odd number of spare pixels the smaller half goes first.
    #[default]
    Middle,
    /// Right or bottom.
    Far,
}

/// Where an overlay lies on its canvas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Anchor {
    /// `*-align`, horizontal word; the middle when only the other axis was named.
    pub horizontal: Along,
    /// `*-align`, vertical word.
    pub vertical: Along,
    /// `*-pad`: gap to the edge on an axis that is neither in the middle nor placed by `x` or `y`.
    pub pad_px: u32,
    /// `*-x`: from the left edge; overrides alignment and gap. A fraction refers to the width of the canvas.
    pub x: Option<Length>,
    /// `*-y`: from the top edge. A fraction refers to the height of the canvas.
    pub y: Option<Length>,
    /// `*-anchor`: which point of the item lies at `x`, `y`, as shares of its width and height, 0 to 1; 0 on an
    /// axis without either.
    pub point: [f64; 2],
}

impl Anchor {
    /// `words`, or `default` when there are none.
    pub(super) fn of(
        words: &[AlignWord],
        default: (Along, Along),
        pad: u32,
        x: Option<Length>,
        y: Option<Length>,
    ) -> Self {
        let (horizontal, vertical) = if words.is_empty() { default } else { along(words) };
        Self { horizontal, vertical, pad_px: pad, x, y, point: [0.0; 2] }
    }

    /// The same, held at another point than its top left.
    pub(super) fn held_at(self, point: Option<[f64; 2]>) -> Self {
        let [across, down] = point.unwrap_or_default();
        let share = |at: Option<Length>, share: f64| if at.is_some() { share + 0.0 } else { 0.0 };
        Self { point: [share(self.x, across), share(self.y, down)], ..self }
    }

    pub(super) fn scaled(self, dpr: f64) -> Self {
        let place = |length: Length| match length {
            Length::Px(px) => Length::Px((px * dpr + 0.5).floor()),
            Length::Fraction(_) => length,
        };
        Self { pad_px: px(self.pad_px, dpr), x: self.x.map(place), y: self.y.map(place), ..self }
    }

    /// `x` and `y` in pixels of `canvas`.
    pub(super) fn offsets(&self, canvas: Size) -> [Option<i64>; 2] {
        [(self.x, canvas.width), (self.y, canvas.height)].map(|(offset, side)| {
            offset.map(|length| match length {
                Length::Px(px) => px as i64,
                Length::Fraction(share) => (share * f64::from(side) + 0.5).floor() as i64,
            })
        })
    }

    /// Left and top edge on `canvas` of an item of size `item`; outside the canvas when it is larger or placed so.
    #[must_use]
    pub fn position(&self, canvas: Size, item: Size) -> (i64, i64) {
        let pad = i64::from(self.pad_px);
        let [x, y] = self.offsets(canvas);
        let place = |along: Along, fixed: Option<i64>, share: f64, canvas: u32, item: u32| {
            let spare = i64::from(canvas) - i64::from(item);
            match (fixed, along) {
                (Some(px), _) => px - (share * f64::from(item) + 0.5).floor() as i64,
                (None, Along::Start) => pad,
                (None, Along::Middle) => spare.div_euclid(2),
                (None, Along::Far) => spare - pad,
            }
        };
        (
            place(self.horizontal, x, self.point[0], canvas.width, item.width),
            place(self.vertical, y, self.point[1], canvas.height, item.height),
        )
    }
}

/// The first word on an axis wins; an axis without one is in the middle.
pub(super) fn along(words: &[AlignWord]) -> (Along, Along) {
    let (mut horizontal, mut vertical) = (None, None);
    for word in words {
        match word {
            AlignWord::Left => _ = horizontal.get_or_insert(Along::Start),
            AlignWord::Right => _ = horizontal.get_or_insert(Along::Far),
            AlignWord::Top => _ = vertical.get_or_insert(Along::Start),
            AlignWord::Bottom => _ = vertical.get_or_insert(Along::Far),
            // The middle of whichever axis no other word names, which is what absence means too.
            AlignWord::Center | AlignWord::Middle => {}
        }
    }
    (horizontal.unwrap_or_default(), vertical.unwrap_or_default())
}

/// A pixel length times `dpr`, rounded; 0 stays 0.
pub(super) fn px(length: u32, dpr: f64) -> u32 {
    (f64::from(length) * dpr + 0.5).floor() as u32
}

/// Pixels on the four sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the four sides")]
pub struct Sides {
    pub top: u32,
    pub right: u32,
    pub bottom: u32,
    pub left: u32,
}

impl Sides {
    pub(super) fn scaled(self, k: f64) -> Self {
        Self { top: px(self.top, k), right: px(self.right, k), bottom: px(self.bottom, k), left: px(self.left, k) }
    }
}

pub(super) fn pixels(length: Option<Length>, reference: f64, dpr: f64) -> Option<f64> {
    length.map(|length| match length {
        Length::Px(v) => (v * dpr).max(1.0),
        Length::Fraction(f) => (f * reference).max(1.0),
    })
}

/// A length in pixels of the output.
pub(super) fn length_px(length: Length, side: f64, dpr: f64) -> f64 {
    match length {
        Length::Px(px) => px * dpr,
        Length::Fraction(share) => share * side,
    }
}

/// A colour of no opacity paints nothing, whatever its red, green and blue.
pub(super) fn visible(color: Option<Color>) -> Option<Color> {
    color.filter(|color| color.a > 0)
}
