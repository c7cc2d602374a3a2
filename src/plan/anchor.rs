//! The position of something on a canvas: `*-align`, `*-pad`, `*-x`, `*-y`, `*-anchor`.

use serde::{Deserialize, Serialize};

use crate::param::AlignWord;
use crate::units::{Color, Length, Size};

/// The default position of watermarks and text.
pub(super) const BOTTOM_RIGHT: (Along, Along) = (Along::Far, Along::Far);

/// A position on one axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Along {
    /// Left or top.
    Start,
    /// The middle; if the number of spare pixels is odd, the smaller half comes first.
    #[default]
    Middle,
    /// Right or bottom.
    Far,
}

/// The position of an overlay on its canvas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Anchor {
    /// The horizontal word of `*-align`; the middle if only the other axis was named.
    pub horizontal: Along,
    /// The vertical word of `*-align`.
    pub vertical: Along,
    /// `*-pad`: gap to the edge on an axis that is neither centred nor positioned by `x` or `y`.
    pub pad_px: u32,
    /// `*-x`: distance from the left edge; overrides alignment and gap. A fraction refers to the width of the canvas.
    pub x: Option<Length>,
    /// `*-y`: distance from the top edge. A fraction refers to the height of the canvas.
    pub y: Option<Length>,
    /// `*-anchor`: the point of the item that is placed at `x`, `y`, as fractions of its width and height, 0 to 1. It
    /// is 0 on an axis that has no offset.
    pub point: [f64; 2],
}

impl Anchor {
    /// Makes an anchor from `words`, or from `default` if there are none.
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

    /// Returns the same anchor, holding the item at another point than its top left.
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

    /// Returns `x` and `y` in pixels of `canvas`.
    pub(super) fn offsets(&self, canvas: Size) -> [Option<i64>; 2] {
        [(self.x, canvas.width), (self.y, canvas.height)].map(|(offset, side)| {
            offset.map(|length| match length {
                Length::Px(px) => px as i64,
                Length::Fraction(share) => (share * f64::from(side) + 0.5).floor() as i64,
            })
        })
    }

    /// Returns the left and top edge on `canvas` of an item of size `item`. They may be outside the canvas if the item
    /// is larger or is positioned there.
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

/// Returns the positions that `words` name: the first word for an axis wins, and an axis without a word is centred.
pub(super) fn along(words: &[AlignWord]) -> (Along, Along) {
    let (mut horizontal, mut vertical) = (None, None);
    for word in words {
        match word {
            AlignWord::Left => _ = horizontal.get_or_insert(Along::Start),
            AlignWord::Right => _ = horizontal.get_or_insert(Along::Far),
            AlignWord::Top => _ = vertical.get_or_insert(Along::Start),
            AlignWord::Bottom => _ = vertical.get_or_insert(Along::Far),
            // Names the middle of the axis that no other word names, which is also the default.
            AlignWord::Center | AlignWord::Middle => {}
        }
    }
    (horizontal.unwrap_or_default(), vertical.unwrap_or_default())
}

/// Returns a pixel length times `dpr`, rounded; 0 stays 0.
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

/// Returns a length in pixels of the output.
pub(super) fn length_px(length: Length, side: f64, dpr: f64) -> f64 {
    match length {
        Length::Px(px) => px * dpr,
        Length::Fraction(share) => share * side,
    }
}

/// Returns the colour unless it is fully transparent; such a colour paints nothing, whatever its red, green and blue.
pub(super) fn visible(color: Option<Color>) -> Option<Color> {
    color.filter(|color| color.a > 0)
}
