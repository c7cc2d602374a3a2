//! [`Read`]: what of an original is read, and what that is in the pixels of a decoder that gives another size.

use serde::{Deserialize, Serialize};

use super::op::{HideFacesOp, Layout, Op, Window};
use super::types::Trim;
use crate::pixels::orient;
use crate::units::{Rect, Size};

/// Factors by which decoders can shrink while they load, largest first.
const FACTORS: [u32; 3] = [8, 4, 2];

/// The part of an original that an image is made of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Read {
    /// Size of the original as it is stored.
    pub original: Size,
    /// The EXIF value, 1 to 8, that turns it upright; 1 is as stored.
    pub turn: u8,
    /// The part of the upright original to cut out; `None` is all of it.
    pub cut: Option<Rect>,
    /// To be measured in what is read. The layout around this is the one for "nothing to trim"; it is worked out again with
    /// [`Found::trimmed`](super::Found::trimmed), and then has a smaller [`Read::cut`] instead.
    pub trim: Option<Trim>,
}

impl Read {
    /// All of an upright original.
    #[must_use]
    pub const fn whole(original: Size) -> Self {
        Self { original, turn: 1, cut: None, trim: None }
    }

    /// Size of the upright original.
    #[must_use]
    pub const fn upright(&self) -> Size {
        self.turned(self.original)
    }

    /// Size of what is read.
    #[must_use]
    pub fn size(&self) -> Size {
        self.cut.map_or(self.upright(), |rect| rect.size)
    }

    const fn turned(&self, size: Size) -> Size {
        if self.turn >= 5 { size.transposed() } else { size }
    }

    /// Where the part lies in an image that was decoded at `decoded`, as stored: not turned yet.
    ///
    /// `shrink` is what the decoder was told to divide both sides by; if the size is not what that gives, the decoder did
    /// something else, and the part is scaled with the sides.
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

    /// Whether the part begins and ends on whole pixels of an original whose sides were divided by `factor`, rounded up.
    /// Elsewhere the content would move by a part of a pixel.
    fn is_on_grid(&self, factor: u32) -> bool {
        let Some(rect) = self.cut else { return true };
        // Turning moves a partial last pixel to the front, and with it the whole grid.
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

impl Layout {
    /// The largest of 8, 4, 2, 1 by which a decoder may divide both sides of the original, rounding up, so that scaling still
    /// *reduces* by at least `headroom`. 1 when nothing is scaled, or when something has to see every pixel.
    ///
    /// Quality falls when the decoder's box filter does most of the reduction: `headroom` is 1 for "never enlarge what
    /// was shrunk", 2 or more to leave the last octaves to the resampler.
    #[must_use]
    pub fn shrink_on_load(&self, headroom: f64) -> u32 {
        let Some(place) = self.place.as_ref().filter(|_| self.on_original.is_empty() && self.read.trim.is_none())
        else {
            return 1;
        };
        let size = self.read.size();
        let spare = |from: u32, to: u32, factor: u32| f64::from(from / factor) >= f64::from(to) * headroom;
        let may = |factor: &u32| {
            self.read.is_on_grid(*factor)
                && spare(size.width, place.scaled.width, *factor)
                && spare(size.height, place.scaled.height, *factor)
        };
        FACTORS.into_iter().find(may).unwrap_or(1)
    }

    /// Factor at which to draw a vector original, so that scaling has nothing left to do. The whole original is drawn even
    /// where little of it is kept, so it is no more than `pixels_max` allow.
    #[must_use]
    pub fn drawing_scale(&self, pixels_max: u64) -> f64 {
        let Some(place) = &self.place else { return 1.0 };
        let size = self.read.size();
        let across = f64::from(place.scaled.width) / f64::from(size.width);
        let down = f64::from(place.scaled.height) / f64::from(size.height);
        let affordable = (pixels_max as f64 / self.read.original.area() as f64).sqrt();
        across.max(down).min(affordable).max(1e-4)
    }

    /// Whether the image may be turned after it was scaled: turning is mirroring and transposing, to which resampling is
    /// indifferent, and a photograph has many times the pixels of what is made of it. A finder needs to see it upright.
    #[must_use]
    pub fn turns_last(&self) -> bool {
        let is_known = |window: &Window| !matches!(window, Window::Find { .. });
        let is_looked_at = !self.on_original.is_empty() || self.read.trim.is_some();
        !is_looked_at && self.place.as_ref().is_some_and(|place| is_known(&place.window))
    }

    /// The steps on the original's pixels where `drawn` is the size of what was read, which is not [`Read::size`] when the
    /// decoder gave another size.
    #[must_use]
    pub fn on_read(&self, drawn: Size) -> Vec<Op> {
        let moved = |boxes: &[Rect]| boxes.iter().map(|rect| scaled_rect(*rect, self.read.size(), drawn)).collect();
        let step = |op: &Op| {
            if let Op::HideFaces(HideFacesOp { faces: Some(faces), how }) = op {
                Op::HideFaces(HideFacesOp { faces: Some(moved(faces)), how: *how })
            } else if let Op::RedEye(eyes) = op {
                Op::RedEye(moved(eyes))
            } else {
                op.clone()
            }
        };
        self.on_original.iter().map(step).collect()
    }
}

fn divided(rect: Rect, factor: u32) -> Rect {
    Rect {
        left: rect.left / factor,
        top: rect.top / factor,
        size: Size { width: rect.size.width.div_ceil(factor), height: rect.size.height.div_ceil(factor) },
    }
}

/// `rect` of an image of size `from` in one of size `to`; at least a pixel, and inside.
fn scaled_rect(rect: Rect, from: Size, to: Size) -> Rect {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Resize;

    fn rect(left: u32, top: u32, width: u32, height: u32) -> Rect {
        Rect { left, top, size: Size::new(width, height) }
    }

    fn scaled_to(read: Read, width: u32, height: u32) -> Layout {
        let place = Some(Resize { scaled: Size::new(width, height), window: Window::Whole });
        Layout {
            read,
            on_original: Vec::new(),
            place,
            ops: Vec::new(),
            output: Size::new(width, height),
            has_alpha: false,
        }
    }

    #[test]
    fn vectors_are_drawn_no_larger_than_affordable() {
        let enlarged = scaled_to(Read { turn: 6, ..Read::whole(Size::new(30, 20)) }, 200, 300);
        assert!((enlarged.drawing_scale(1_000_000) - 10.0).abs() < 1e-9);
        assert!((enlarged.drawing_scale(600 * 25) - 5.0).abs() < 1e-9);
        assert!((Layout { place: None, ..enlarged }.drawing_scale(1) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_cut_follows_the_size_that_was_decoded() {
        let read = Read { cut: Some(rect(16, 8, 32, 16)), ..Read::whole(Size::new(97, 41)) };
        assert_eq!(read.stored_cut(Size::new(97, 41), 1), rect(16, 8, 32, 16));
        assert_eq!(read.stored_cut(Size::new(13, 6), 8), rect(2, 1, 4, 2));
        // A drawing, twice as large.
        assert_eq!(read.stored_cut(Size::new(194, 82), 1), rect(32, 16, 64, 32));
        let turned = Read { turn: 6, cut: Some(rect(0, 10, 100, 50)), ..Read::whole(Size::new(200, 100)) };
        assert_eq!(turned.stored_cut(Size::new(200, 100), 1), rect(10, 0, 50, 100));
        assert_eq!(Read::whole(Size::new(9, 9)).stored_cut(Size::new(3, 4), 1), rect(0, 0, 3, 4));
    }

    #[test]
    fn a_finder_sees_an_upright_image() {
        let turned = scaled_to(Read { turn: 6, ..Read::whole(Size::new(30, 20)) }, 20, 30);
        assert!(turned.turns_last());
        let window = Window::Find { size: Size::new(10, 10), finders: Vec::new(), otherwise: rect(0, 0, 10, 10) };
        let sought = Layout { place: Some(Resize { scaled: Size::new(20, 30), window }), ..turned.clone() };
        assert!(!sought.turns_last());
        assert!(!Layout { on_original: vec![Op::RedEye(vec![rect(0, 0, 1, 1)])], ..turned.clone() }.turns_last());
        assert!(!Layout { place: None, ..turned }.turns_last());
    }

    proptest::proptest! {
        #[test]
        fn cuts_stay_inside_the_image(
            width in 1_u32..500, height in 1_u32..500, left in 0.0..1.0_f64, top in 0.0..1.0_f64,
            across in 0.0..1.0_f64, down in 0.0..1.0_f64, to_width in 1_u32..500, to_height in 1_u32..500, turn in 1_u8..=8,
        ) {
            let part = |of: u32, share: f64| (f64::from(of) * share) as u32;
            let read = Read { turn, ..Read::whole(Size::new(width, height)) };
            let Size { width, height } = read.upright();
            let (left, top) = (part(width, left), part(height, top));
            let cut = rect(left, top, part(width - left, across).max(1), part(height - top, down).max(1));
            let decoded = Size::new(to_width, to_height);
            for shrink in [1, 2, 8] {
                let cut = Read { cut: Some(cut), ..read }.stored_cut(decoded, shrink);
                assert!(cut.is_inside(decoded), "{cut:?}");
            }
        }
    }
}
