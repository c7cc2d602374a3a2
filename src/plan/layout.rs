//! [`Plan`] + [`Measured`] -> [`Layout`]: the ops for one original, in the order of `rendering.md` 2.2.

use crate::param::RotType;
use crate::units::{Rect, Size};

use super::anchor::Sides;
use super::bound;
use super::feature::hide_faces::HideFacesOp;
use super::feature::pad::padded;
use super::feature::rotate::turned;
use super::feature::{Canvas, Layout, Op};
use super::geometry::{self, Placed, Placement};
use super::read::{Read, scaled_rect};
use super::resize::{Resize, Window};
use super::resolved::Plan;
use super::types::{Found, Measured, Orient, Sizing};

/// Factors by which decoders can shrink while loading, largest first.
const FACTORS: [u32; 3] = [8, 4, 2];

/// Returns the steps for an original with these measures, before anything was found out about its pixels:
/// [`layout_found`] with nothing found.
#[must_use]
pub fn layout(plan: &Plan, measured: &Measured) -> Layout {
    layout_found(plan, measured, &Found::default())
}

/// Returns the steps that turn an original with these measures into the image that the plan asks for.
///
/// Pure and total: any plan, measures and findings give a layout whose rectangles lie inside the image they are cut
/// from and whose output is within `sizing.side_max`. The numbers are for the original at its full size; see
/// [`Layout::shrink_on_load`] for a decoder that shrinks on load.
///
/// A layout with a [`Read::trim`] is valid only up to that step: the caller measures what to keep and computes the
/// layout again with [`Found::trimmed`].
#[must_use]
pub fn layout_found(plan: &Plan, measured: &Measured, found: &Found) -> Layout {
    let mut reading = Reading::new(plan, measured);
    reading.turn(plan.orient, measured.orientation);
    reading.source_rect();
    reading.trim(found);
    let faces = reading.faces(found);
    let (placement, padding) = reading.placement(&faces);
    reading.place(&placement);
    let mut canvas = Canvas::new(&plan.features, &plan.sizing, found, &placement, padding, measured.has_alpha);
    plan.features.draw(&mut canvas);
    let Canvas { ops, size, transparent, .. } = canvas;
    let Reading { read, on_original, place, .. } = reading;
    Layout { read, on_original, place, ops, output: size, has_alpha: transparent }
}

/// The part that is read so far, and what is done to it before it is scaled.
struct Reading<'a> {
    plan: &'a Plan,
    read: Read,
    on_original: Vec<Op>,
    place: Option<Resize>,
    /// Size of the part that is read so far, upright.
    size: Size,
}

impl<'a> Reading<'a> {
    fn new(plan: &'a Plan, measured: &Measured) -> Self {
        Self { plan, read: Read::whole(measured.size), on_original: Vec::new(), place: None, size: measured.size }
    }

    fn turn(&mut self, orient: Orient, exif: u8) {
        let value = match orient {
            Orient::Exif => exif,
            Orient::Fixed(value) => value,
        };
        if (2..=8).contains(&value) {
            self.read.turn = value;
        }
        self.size = self.read.upright();
    }

    fn source_rect(&mut self) {
        if let Some(rect) = self.plan.rect.and_then(|rect| geometry::source_rect(&rect, self.size)) {
            self.crop(rect);
        }
    }

    /// Cuts `rect` out of the part that is read.
    fn crop(&mut self, rect: Rect) {
        debug_assert!(rect.is_inside(self.size), "{rect:?} outside {:?}", self.size);
        if rect == Rect::whole(self.size) {
            return;
        }
        self.size = rect.size;
        let region = self.region();
        self.read.cut = Some(Rect { left: region.left + rect.left, top: region.top + rect.top, size: rect.size });
    }

    /// Returns the part of the upright original that is read so far.
    fn region(&self) -> Rect {
        self.read.cut.unwrap_or(Rect::whole(self.read.upright()))
    }

    fn trim(&mut self, found: &Found) {
        let Some(trim) = self.plan.trim else { return };
        match found.trimmed {
            None => self.read.trim = Some(trim),
            Some(rect) if rect.is_inside(self.size) => self.crop(geometry::grown(rect, trim.pad_px, self.size)),
            // Measured on another image, so it cannot be trusted and nothing is trimmed.
            Some(_) => {}
        }
    }

    /// Returns the faces inside the part that is read, in its pixels, and adds the steps on faces and eyes that precede
    /// scaling.
    fn faces(&mut self, found: &Found) -> Vec<Rect> {
        let region = self.region();
        let part = |all: &[Rect]| -> Vec<Rect> {
            all.iter().filter_map(|rect| geometry::part_inside(*rect, region)).collect()
        };
        let inside = part(found.faces.as_deref().unwrap_or_default());
        let eyes = part(&found.eyes);
        if self.plan.redeye && !eyes.is_empty() {
            self.on_original.push(Op::RedEye(eyes));
        }
        if let Some(how) = self.plan.hide_faces {
            let faces = found.faces.as_ref().map(|_| [inside.as_slice(), &part(&found.doubtful)].concat());
            if found.moving || faces.as_ref().is_none_or(|faces| !faces.is_empty()) {
                self.on_original.push(Op::HideFaces(HideFacesOp { faces, how }));
            }
        }
        inside
    }

    /// Returns the placement of the image and its padding, small enough that rotation and padding keep the result
    /// within the longest output side.
    fn placement(&self, faces: &[Rect]) -> (Placement, Sides) {
        let Plan { sizing, features, .. } = self.plan;
        let padding = features.padding.unwrap_or_default();
        let pivots = features.rotation.filter(|rotation| rotation.kind == RotType::Pivot);
        let place = |side_max: u32| {
            let sizing = Sizing { side_max, ..sizing.clone() };
            let placed = geometry::place(&sizing, padding, self.size, faces);
            let size = padded(placed.0.size(), placed.1);
            (placed, size)
        };
        match pivots {
            None => place(sizing.side_max).0,
            Some(rotation) => bound::within(sizing.side_max, place, |(placement, sides), _| {
                padded(turned(placement.size(), rotation.degrees), *sides)
            }),
        }
    }

    /// Returns whether no step needs all the pixels that are read, so that less may be read.
    fn is_untouched(&self) -> bool {
        self.on_original.is_empty() && self.read.trim.is_none()
    }

    /// Adds the scaling step, or only cuts if that is enough.
    fn place(&mut self, placement: &Placement) {
        let whole = Rect::whole(placement.scaled);
        let window = match placement.window {
            Placed::At(rect) if placement.scaled == self.size && (rect == whole || self.is_untouched()) => {
                return self.crop(rect);
            }
            Placed::At(rect) if rect == whole => Window::Whole,
            Placed::At(rect) => Window::Fixed(rect),
            Placed::By(finder, otherwise) => Window::Find { size: otherwise.size, finders: vec![finder], otherwise },
        };
        self.place = Some(Resize { scaled: placement.scaled, window });
    }
}

impl Layout {
    /// Returns the largest of 8, 4, 2, 1 by which a decoder may divide both sides of the original, rounding up, so that
    /// scaling still *reduces* by at least `headroom`. Returns 1 if nothing is scaled, or if a step has to see every
    /// pixel.
    ///
    /// Quality falls if the decoder's box filter does most of the reduction: with a `headroom` of 1 nothing that was
    /// shrunk is enlarged, and 2 or more leaves the last octaves to the resampler.
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

    /// Returns the scale at which to draw a vector original, so that scaling has nothing left to do. The whole original
    /// is drawn even if little of it is kept, so the scale is limited to what `pixels_max` allows.
    #[must_use]
    pub fn drawing_scale(&self, pixels_max: u64) -> f64 {
        let Some(place) = &self.place else { return 1.0 };
        let size = self.read.size();
        let across = f64::from(place.scaled.width) / f64::from(size.width);
        let down = f64::from(place.scaled.height) / f64::from(size.height);
        let affordable = (pixels_max as f64 / self.read.original.area() as f64).sqrt();
        across.max(down).min(affordable).max(1e-4)
    }

    /// Returns whether the image may be rotated after scaling. This is cheaper, because an original usually has many
    /// times the pixels of the result, and it gives the same pixels, because rotation is mirroring and transposing,
    /// which resampling treats alike. A finder needs to see the image upright.
    #[must_use]
    pub fn turns_last(&self) -> bool {
        let is_known = |window: &Window| !matches!(window, Window::Find { .. });
        let is_looked_at = !self.on_original.is_empty() || self.read.trim.is_some();
        !is_looked_at && self.place.as_ref().is_some_and(|place| is_known(&place.window))
    }

    /// Returns the steps on the original's pixels, where `drawn` is the size of what was read. That differs from
    /// [`Read::size`] if the decoder returned another size.
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
        // A drawing at twice the size.
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
