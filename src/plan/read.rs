//! [`Read`]: the part of an original that is read, also in pixels of a decoder that returns another size.

use serde::{Deserialize, Serialize};

use super::feature::trim::Trim;
use crate::pixels::orient;
use crate::units::{Rect, Size};

/// The part of an original that an image is made of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Read {
    /// Size of the original as stored.
    pub original: Size,
    /// The EXIF value, 1 to 8, that rotates it upright; 1 means as stored.
    pub turn: u8,
    /// The part of the upright original to cut out; `None` means all of it.
    pub cut: Option<Rect>,
    /// How to trim; measured on what is read. With this set, the layout is the one for "nothing to trim". It is
    /// computed again with [`Found::trimmed`](super::Found::trimmed), and then has a smaller [`Read::cut`] instead.
    pub trim: Option<Trim>,
}

impl Read {
    /// Reads all of an upright original.
    #[must_use]
    pub const fn whole(original: Size) -> Self {
        Self { original, turn: 1, cut: None, trim: None }
    }

    /// Returns the size of the upright original.
    #[must_use]
    pub const fn upright(&self) -> Size {
        self.turned(self.original)
    }

    /// Returns the size of what is read.
    #[must_use]
    pub fn size(&self) -> Size {
        self.cut.map_or(self.upright(), |rect| rect.size)
    }

    const fn turned(&self, size: Size) -> Size {
        if self.turn >= 5 { size.transposed() } else { size }
    }

    /// Returns the part to read of an image that was decoded at `decoded`, in stored orientation.
    ///
    /// `shrink` is the factor by which the decoder was told to divide both sides. If `decoded` is not what that gives,
    /// the decoder did something else, and the part is scaled along with the sides.
    #[must_use]
    pub fn stored_cut(&self, decoded: Size, shrink: u32) -> Rect {
        let Some(rect) = self.cut else { return Rect::whole(decoded) };
        let upright = self.turned(decoded);
        let shrunk = Size::new(self.original.width.div_ceil(shrink), self.original.height.div_ceil(shrink));
        let moved = if shrink > 1 && decoded == shrunk && self.is_on_grid(shrink) {
            divided(rect, shrink)
        } else {
            scaled_rect(rect, self.upright(), upright)
        };
        orient::stored_rect(moved, upright, self.turn)
    }

    /// Returns whether the part begins and ends on whole pixels of an original whose sides were divided by `factor`,
    /// rounded up. Otherwise the content would shift by a fraction of a pixel.
    pub(super) fn is_on_grid(&self, factor: u32) -> bool {
        let Some(rect) = self.cut else { return true };
        // Rotation moves a partial last pixel to the front, and the whole grid with it.
        let is_whole = self.original.width.is_multiple_of(factor) && self.original.height.is_multiple_of(factor);
        let upright = self.upright();
        let axis = |start: u32, len: u32, total: u32| {
            start.is_multiple_of(factor) && (len.is_multiple_of(factor) || start + len == total)
        };
        (self.turn == 1 || is_whole)
            && axis(rect.left, rect.size.width, upright.width)
            && axis(rect.top, rect.size.height, upright.height)
    }
}

fn divided(rect: Rect, factor: u32) -> Rect {
    Rect {
        left: rect.left / factor,
        top: rect.top / factor,
        size: Size { width: rect.size.width.div_ceil(factor), height: rect.size.height.div_ceil(factor) },
    }
}

/// Converts `rect` from an image of size `from` to one of size `to`; it keeps at least one pixel and stays inside.
pub(super) fn scaled_rect(rect: Rect, from: Size, to: Size) -> Rect {
    if from == to {
        return rect;
    }
    let axis = |start: u32, len: u32, from: u32, to: u32| {
        let at = |px: u32| (f64::from(px) * f64::from(to) / f64::from(from)).round() as u32;
        let first = at(start).min(to - 1);
        (first, at(start + len).clamp(first + 1, to) - first)
    };
    let (left, width) = axis(rect.left, rect.size.width, from.width, to.width);
    let (top, height) = axis(rect.top, rect.size.height, from.height, to.height);
    Rect { left, top, size: Size::new(width, height) }
}
