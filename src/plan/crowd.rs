//! The window of `crop=faces` for several faces: where it holds the most of them (`rendering.md` 4). Independent of ops
//! and pixels.

use std::cmp::Reverse;

use super::extent::{Extent, ROUNDING_SLACK};
use crate::units::{Rect, Size};

/// Returns the window of size `kept`, inside an image of size `scaled`, that holds the most of `faces`. Among equals
/// the one whose faces have the larger total area wins, then the one with the earlier face. The window is centred on
/// the faces it holds, as far as the edges of the image and the faces themselves allow.
///
/// `faces` are in pixels of `source`. Scaling makes the sides of `source` those of `exact`, and `scaled` is `exact`
/// rounded. A face that is larger than the window counts as held if the window is centred on it.
pub(super) fn window(faces: &[Rect], source: Extent, exact: Extent, scaled: Size, kept: Size) -> Rect {
    let places: Vec<CrowdFace> = faces
        .iter()
        .map(|face| {
            let across = (face.left, face.size.width, exact.width / source.width);
            let down = (face.top, face.size.height, exact.height / source.height);
            CrowdFace {
                across: FaceSpan::of(across, scaled.width, kept.width),
                down: FaceSpan::of(down, scaled.height, kept.height),
                area: face.size.area(),
            }
        })
        .collect();
    let group = largest_group(&places);
    let axis = |along: fn(&CrowdFace) -> FaceSpan, kept: u32| start(group.iter().map(|n| along(&places[*n])), kept);
    Rect { left: axis(|place| place.across, kept.width), top: axis(|place| place.down, kept.height), size: kept }
}

/// One face, in pixels of the scaled image.
#[derive(Clone, Copy, Debug)]
struct CrowdFace {
    across: FaceSpan,
    down: FaceSpan,
    /// Area in pixels of the source, to rank the faces.
    area: u64,
}

/// A face along one axis. A window holds it if the window starts between `first` and `last`.
#[derive(Clone, Copy, Debug)]
struct FaceSpan {
    first: u32,
    last: u32,
    /// Start and end of the face.
    from: f64,
    to: f64,
}

impl FaceSpan {
    /// Computes this from the start and length of a face in the source, and the scale.
    fn of((start, len, scale): (u32, u32, f64), scaled: u32, kept: u32) -> Self {
        let spare = f64::from(scaled.saturating_sub(kept));
        let (from, to) = (f64::from(start) * scale, (f64::from(start) + f64::from(len)) * scale);
        let bounded = |value: f64| value.max(0.0).min(spare) as u32;
        let first = bounded((to - f64::from(kept) - ROUNDING_SLACK).ceil());
        let last = bounded((from + ROUNDING_SLACK).floor());
        if first <= last {
            return Self { first, last, from, to };
        }
        let only = bounded(centered(from, to, kept));
        Self { first: only, last: only, from, to }
    }

    const fn holds(&self, start: u32) -> bool {
        self.first <= start && start <= self.last
    }
}

/// Returns where a window must start for its centre to be midway between two points.
fn centered(from: f64, to: f64, kept: u32) -> f64 {
    ((from + to - f64::from(kept)) / 2.0 + 0.5 + ROUNDING_SLACK).floor()
}

/// Returns the indices of the faces that the best window holds.
///
/// The best window can always be moved so that it starts at the `first` of one face across and of one face down. A
/// window that covers its frame has room along one axis only, so one of the two sets has hardly any values, and the
/// time is proportional to the square of the number of faces.
fn largest_group(places: &[CrowdFace]) -> Vec<usize> {
    let starts = |along: fn(&CrowdFace) -> FaceSpan| {
        let mut starts: Vec<u32> = places.iter().map(|place| along(place).first).collect();
        starts.sort_unstable();
        starts.dedup();
        starts
    };
    let (lefts, tops) = (starts(|place| place.across), starts(|place| place.down));
    let corners = lefts.iter().flat_map(|left| tops.iter().map(move |top| (*left, *top)));
    let held = |(left, top): (u32, u32)| {
        let inside = move |(_, place): &(usize, &CrowdFace)| place.across.holds(left) && place.down.holds(top);
        places.iter().enumerate().filter(inside).map(|(n, _)| n)
    };
    let rank = |corner: &(u32, u32)| {
        let (count, area) = held(*corner).fold((0_usize, 0_u64), |(count, area), n| (count + 1, area + places[n].area));
        // `max` returns the last of equals, so the earlier corner must be the greater one.
        (count, area, Reverse(held(*corner).next()), Reverse(*corner))
    };
    corners.max_by_key(rank).map_or_else(Vec::new, |corner| held(corner).collect())
}

/// Returns the start of a window that holds all of these faces; the caller ensures that there is one.
fn start(group: impl Iterator<Item = FaceSpan>, kept: u32) -> u32 {
    let all = group.reduce(|a, b| FaceSpan {
        first: a.first.max(b.first),
        last: a.last.min(b.last),
        from: a.from.min(b.from),
        to: a.to.max(b.to),
    });
    all.map_or(0, |all| (centered(all.from, all.to, kept).max(0.0) as u32).max(all.first).min(all.last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rect(left: u32, top: u32, width: u32, height: u32) -> Rect {
        Rect { left, top, size: Size::new(width, height) }
    }

    /// Returns the window on an image that is not scaled.
    fn window_of(faces: &[Rect], image: Size, kept: Size) -> Rect {
        let exact = Extent::of(image);
        window(faces, exact, exact, image, kept)
    }

    fn held(faces: &[Rect], window: Rect) -> usize {
        let axis = |start: u32, len: u32, from: u32, kept: u32| start >= from && start + len <= from + kept;
        let whole = |face: &&Rect| {
            axis(face.left, face.size.width, window.left, window.size.width)
                && axis(face.top, face.size.height, window.top, window.size.height)
        };
        faces.iter().filter(whole).count()
    }

    #[track_caller]
    fn check(faces: &[Rect], expected: (u32, u32)) {
        let window = window_of(faces, Size::new(400, 100), Size::new(100, 100));
        assert_eq!((window.left, window.top), expected);
    }

    #[test]
    fn the_most_faces_win_over_the_largest() {
        let large = rect(0, 0, 90, 90);
        check(&[large], (0, 0));
        // Two small faces beyond it, as one group from 300 to 360.
        check(&[large, rect(300, 10, 20, 20), rect(340, 40, 20, 20)], (280, 0));
        // One face each: the larger wins.
        check(&[rect(300, 10, 20, 20), large], (0, 0));
        // As many and as large: the earlier wins.
        check(&[rect(300, 10, 20, 20), rect(10, 10, 20, 20)], (260, 0));
        check(&[rect(10, 10, 20, 20), rect(300, 10, 20, 20)], (0, 0));
    }

    #[test]
    fn a_face_larger_than_the_window_counts_where_it_is_in_the_middle() {
        let wide = rect(100, 0, 200, 90);
        check(&[wide], (150, 0));
        // A small face that is not in that window loses to the larger one.
        check(&[rect(10, 10, 20, 20), wide], (150, 0));
        check(&[wide, rect(10, 10, 20, 20), rect(40, 10, 20, 20)], (0, 0));
        // At an edge the window cannot be centred.
        check(&[rect(0, 0, 120, 90)], (10, 0));
        check(&[rect(0, 0, 400, 100)], (150, 0));
    }

    #[test]
    fn without_faces_there_is_a_window() {
        check(&[], (0, 0));
    }

    prop_compose! {
        /// An image, a window in it with room along one axis or both, and faces inside the image.
        fn any_crowd()(width in 1_u32..60, height in 1_u32..60, kept in (1_u32..60, 1_u32..60), both in any::<bool>())
            (faces in prop::collection::vec((0..width, 0..height, 1_u32..30, 1_u32..30), 1..12),
             width in Just(width), height in Just(height), kept in Just(kept), both in Just(both))
            -> (Size, Size, Vec<Rect>)
        {
            let kept = Size::new(kept.0.min(width), if both { kept.1.min(height) } else { height });
            let inside = |(left, top, w, h): (u32, u32, u32, u32)| {
                rect(left, top, w.min(width - left), h.min(height - top))
            };
            (Size::new(width, height), kept, faces.into_iter().map(inside).collect())
        }
    }

    proptest! {
        #[test]
        fn no_other_window_holds_more((image, kept, faces) in any_crowd()) {
            // A different rule applies to faces that fit into no window.
            let faces: Vec<Rect> = faces
                .into_iter()
                .filter(|face| face.size.width <= kept.width && face.size.height <= kept.height)
                .collect();
            let chosen = window_of(&faces, image, kept);
            prop_assert!(chosen.is_inside(image) && chosen.size == kept);
            for left in 0..=image.width - kept.width {
                for top in 0..=image.height - kept.height {
                    let other = Rect { left, top, size: kept };
                    prop_assert!(held(&faces, other) <= held(&faces, chosen), "{other:?} {chosen:?}");
                }
            }
        }

        #[test]
        fn scaled_windows_lie_inside_and_hold_what_fits((image, kept, faces) in any_crowd(), scale in 0.1_f64..8.0) {
            let source = Extent::of(image);
            let exact = source.times(scale);
            let kept = Extent::of(kept).times(scale).rounded();
            let rounded = exact.rounded();
            let scaled = Size::new(rounded.width.max(kept.width), rounded.height.max(kept.height));
            let chosen = window(&faces, source, exact, scaled, kept);
            prop_assert!(chosen.is_inside(scaled) && chosen.size == kept);
            // With a pixel to spare on either side some window holds all faces, and then the chosen one does too.
            let reach = |start: fn(&Rect) -> (u32, u32)| {
                let from = faces.iter().map(|face| start(face).0).min().unwrap_or(0);
                let to = faces.iter().map(|face| start(face).0 + start(face).1).max().unwrap_or(0);
                (f64::from(from) * scale, f64::from(to) * scale)
            };
            let (left, right) = reach(|face| (face.left, face.size.width));
            let (top, bottom) = reach(|face| (face.top, face.size.height));
            if right - left + 2.0 <= f64::from(kept.width) && bottom - top + 2.0 <= f64::from(kept.height) {
                let within = |from: f64, to: f64, start: u32, len: u32| {
                    f64::from(start) <= from + 1.0 && to - 1.0 <= f64::from(start + len)
                };
                prop_assert!(within(left, right, chosen.left, kept.width) && within(top, bottom, chosen.top, kept.height));
            }
        }

        #[test]
        fn hundreds_of_faces_are_counted(seed in any::<u32>()) {
            let at = |n: u32| seed.wrapping_add(n).wrapping_mul(2_654_435_761) % 3900;
            let faces: Vec<Rect> = (0..512).map(|n| rect(at(n), 10, 1 + n % 90, 50)).collect();
            let chosen = window_of(&faces, Size::new(4000, 100), Size::new(300, 100));
            prop_assert!(held(&faces, chosen) >= 512 * 200 / 4000 / 2);
        }
    }
}
