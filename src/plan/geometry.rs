//! Rectangles and scales: `rect`, the output box, every `fit`, crop anchors (`rendering.md` 3 and 4), and padding
//! inside the box (12). Independent of ops and pixels.

use super::extent::{Extent, ROUNDING_SLACK, SIDE_RANGE};
use crate::param::{CropWord, Fit, RectEdge, RectExtent, RectParam};
use crate::units::{Length, Rect, Size};

use super::anchor::{Along, Sides};
use super::crowd;
use super::requested_box::RequestedBox;
use super::types::{Focal, Sizing};

impl Size {
    fn within(self, room: Self) -> Self {
        Self { width: self.width.min(room.width).max(1), height: self.height.min(room.height).max(1) }
    }
}

/// How the image is fitted to its box: scale to `scaled`, keep a window, put it on a canvas.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placement {
    /// Size of the whole working image after scaling.
    pub(super) scaled: Size,
    /// The part of it that is kept.
    pub(super) window: Placed,
    /// The larger canvas around the window (`fill`, `fillmax`, `clamp`), if there is one.
    pub(super) canvas: Option<OnCanvas>,
    /// The focal point in pixels of the window, if `crop` used it.
    pub(super) focal_px: Option<(u32, u32)>,
}

/// The window of a [`Placement`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// Known without examining pixels; may be the whole image.
    At(Rect),
    /// To be found by `entropy`, `edges` or `auto`. The rectangle has the size of the window and the centred position.
    By(CropWord, Rect),
}

/// A canvas and the position of the image on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OnCanvas {
    pub(super) size: Size,
    pub(super) left: u32,
    pub(super) top: u32,
}

/// Where `crop` puts the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aim {
    /// By directions: the position of the window on each axis.
    Edges { horizontal: Along, vertical: Along },
    /// Around the focal point.
    Focal,
    /// Around the faces; there is at least one.
    Faces,
    /// Where a finder puts it; `entropy`, `edges` and `auto` never fail.
    Find(CropWord),
}

/// Returns `floor(x + 0.5)` as a position, which may be negative.
fn position(x: f64) -> i64 {
    (x + 0.5 + ROUNDING_SLACK).floor() as i64
}

impl Placement {
    /// Returns the size of the kept part of the scaled image.
    pub(super) const fn kept(&self) -> Size {
        match self.window {
            Placed::At(rect) | Placed::By(_, rect) => rect.size,
        }
    }

    /// Returns the size of the image on its canvas, without padding.
    pub(super) const fn size(&self) -> Size {
        match (self.canvas, self.window) {
            (Some(canvas), _) => canvas.size,
            (None, Placed::At(rect) | Placed::By(_, rect)) => rect.size,
        }
    }
}

/// Returns the region that `rect` selects in an image of `size`, clipped to the image; `None` if nothing is left.
pub(super) fn source_rect(rect: &RectParam, size: Size) -> Option<Rect> {
    let (left, width) = span(rect.x, rect.w, size.width)?;
    let (top, height) = span(rect.y, rect.h, size.height)?;
    Some(Rect { left, top, size: Size { width, height } })
}

/// Returns `rect` enlarged by `margin` on every side, clipped to an image of `size`.
pub(super) fn grown(rect: Rect, margin: u32, size: Size) -> Rect {
    let axis = |start: u32, len: u32, total: u32| {
        let first = start.saturating_sub(margin);
        let last = (start + len).saturating_add(margin).min(total);
        (first, last - first)
    };
    let (left, width) = axis(rect.left, rect.size.width, size.width);
    let (top, height) = axis(rect.top, rect.size.height, size.height);
    Rect { left, top, size: Size { width, height } }
}

/// Returns the part of `rect` inside `region`, relative to `region`; `None` if they do not overlap. Both refer to the
/// same image.
pub(super) fn part_inside(rect: Rect, region: Rect) -> Option<Rect> {
    let axis = |start: u32, len: u32, from: u32, total: u32| {
        let first = start.max(from);
        let last = start.saturating_add(len).min(from.saturating_add(total));
        (last > first).then(|| (first - from, last - first))
    };
    let (left, width) = axis(rect.left, rect.size.width, region.left, region.size.width)?;
    let (top, height) = axis(rect.top, rect.size.height, region.top, region.size.height)?;
    Some(Rect { left, top, size: Size { width, height } })
}

/// Returns position and extent of one axis of `rect`, clipped to 0..total.
fn span(edge: RectEdge, extent: RectExtent, total: u32) -> Option<(u32, u32)> {
    let total_px = f64::from(total);
    let pixels = |length: Length| match length {
        Length::Px(v) => v,
        Length::Fraction(f) => f * total_px,
    };
    // Beyond these bounds a value is outside any image; the bounds keep sums far from overflow.
    let bounded = |x: f64| position(x.max(-SIDE_RANGE.1).min(SIDE_RANGE.1));
    let len = match extent {
        RectExtent::Full => i64::from(total),
        RectExtent::Of(length) => bounded(pixels(length)).max(1),
    };
    let start = match edge {
        RectEdge::At(length) => bounded(pixels(length)),
        RectEdge::Start => 0,
        RectEdge::Middle => (i64::from(total) - len).div_euclid(2),
        RectEdge::End => i64::from(total) - len,
    };
    let first = start.max(0);
    let last = (start + len).min(i64::from(total));
    (last > first).then(|| (first as u32, (last - first) as u32))
}

/// Fits an image of `working` pixels to its box (`rendering.md` 3.2). Also returns the padding around the result.
///
/// Result and padding together are within `sizing.side_max`; windows lie inside `scaled`, images inside their canvas.
/// `faces` are in pixels of the working image, and inside it.
pub(super) fn place(sizing: &Sizing, padding: Sides, working: Size, faces: &[Rect]) -> (Placement, Sides) {
    let request = RequestedBox::of(sizing, padding, working);
    let source = Extent::of(working);
    let max = sizing.side_max.max(1);
    // Fits that fill the box are capped together with it, the others by the size of their result.
    let (loose, _) = request.inner(1.0, u32::MAX);
    let fitted = |image: Extent| {
        let k = image.plus(request.margin).cap(max);
        (image.times(k), request.sides(k, max))
    };
    let (frame, sides) = request.inner(request.total.cap(max), max);
    let room = |sides: Sides| Size { width: max - sides.left - sides.right, height: max - sides.top - sides.bottom };
    if let (Some(grown), false) = (sizing.facearea, faces.is_empty()) {
        return (on_faces(sizing, grown, frame, source, faces, room(sides)), sides);
    }
    match sizing.fit {
        Fit::Clip => {
            let (image, sides) = fitted(source.inside(loose));
            (whole(image, room(sides)), sides)
        }
        Fit::Max => {
            let (image, sides) = fitted(source.inside(loose).at_most(source));
            (whole(image, room(sides)), sides)
        }
        Fit::Min => {
            let (target, sides) = fitted(shrunk_into(loose, source));
            (cover(sizing, target, source, &[], room(sides)), sides)
        }
        Fit::Scale => (whole(frame, room(sides)), sides),
        Fit::Crop | Fit::FaceArea => (cover(sizing, frame, source, faces, room(sides)), sides),
        Fit::Fill | Fit::Clamp => (on_canvas(source.inside(frame), frame, room(sides)), sides),
        Fit::FillMax => (on_canvas(source.inside(frame).at_most(source), frame, room(sides)), sides),
    }
}

fn whole(scaled: Extent, room: Size) -> Placement {
    let scaled = scaled.rounded().within(room);
    Placement { scaled, window: Placed::At(Rect::whole(scaled)), canvas: None, focal_px: None }
}

/// Shrinks the requested box for `fit=min`, keeping its shape, until neither side exceeds the source.
fn shrunk_into(frame: Extent, source: Extent) -> Extent {
    let fits = frame.width <= source.width && frame.height <= source.height;
    if fits { frame } else { frame.inside(source) }
}

/// Centres the image on the canvas. If the number of spare pixels is odd, the smaller half comes first.
fn on_canvas(image: Extent, frame: Extent, room: Size) -> Placement {
    let size = frame.rounded().within(room);
    let scaled = image.rounded().within(size);
    let canvas = (scaled != size).then(|| OnCanvas {
        size,
        left: (size.width - scaled.width) / 2,
        top: (size.height - scaled.height) / 2,
    });
    Placement { scaled, window: Placed::At(Rect::whole(scaled)), canvas, focal_px: None }
}

/// Scales to cover the box and keeps a window of exactly the size of the box.
fn cover(sizing: &Sizing, frame: Extent, source: Extent, faces: &[Rect], room: Size) -> Placement {
    let aim = aim(&sizing.crop, !faces.is_empty());
    let zoom = if aim == Aim::Focal { sizing.focal.z.max(1.0) } else { 1.0 };
    let exact = source.covering(frame).times(zoom);
    let kept = frame.rounded().within(room);
    let covering = exact.rounded();
    let scaled = Size { width: covering.width.max(kept.width), height: covering.height.max(kept.height) };
    let spare = Size { width: scaled.width - kept.width, height: scaled.height - kept.height };
    let centred = Rect { left: spare.width / 2, top: spare.height / 2, size: kept };
    let window = match aim {
        Aim::Edges { horizontal, vertical } => {
            Placed::At(Rect { left: share(horizontal, spare.width), top: share(vertical, spare.height), size: kept })
        }
        Aim::Focal => Placed::At(around(sizing.focal, exact, scaled, kept)),
        Aim::Faces => Placed::At(match face_at(faces, sizing.face_index) {
            Some(face) => around(center(face, source), exact, scaled, kept),
            None => crowd::window(faces, source, exact, scaled, kept),
        }),
        Aim::Find(_) if kept == scaled => Placed::At(Rect::whole(scaled)),
        Aim::Find(finder) => Placed::By(finder, centred),
    };
    let focal_px = match (aim, window) {
        (Aim::Focal, Placed::At(rect)) => Some(point_in(sizing.focal, exact, rect)),
        (Aim::Focal | Aim::Faces | Aim::Edges { .. } | Aim::Find(_), _) => None,
    };
    Placement { scaled, window, canvas: None, focal_px }
}

/// Places `fit=facearea`: the faces' box, enlarged by `grown`, as large as the frame allows, and never beyond the edges
/// of the image.
fn on_faces(sizing: &Sizing, grown: f64, frame: Extent, source: Extent, faces: &[Rect], room: Size) -> Placement {
    let part = face_at(faces, sizing.face_index).unwrap_or_else(|| box_of(faces));
    let area = Extent::of(part.size).times(grown.max(1.0));
    let area = Extent { width: area.width.min(source.width), height: area.height.min(source.height) };
    // A smaller scale would leave part of the frame empty, a larger one would cut the area.
    let least = source.covering(frame).width / source.width;
    let zoom = (area.inside(frame).width / area.width).max(least);
    let exact = source.times(zoom);
    let kept = frame.rounded().within(room);
    let covering = exact.rounded();
    let scaled = Size { width: covering.width.max(kept.width), height: covering.height.max(kept.height) };
    let window = around(center(part, source), exact, scaled, kept);
    Placement { scaled, window: Placed::At(window), canvas: None, focal_px: None }
}

/// Returns the face that `faceindex` selects, counted from 1, or the first face if there are fewer. `None` without an
/// index.
fn face_at(faces: &[Rect], index: Option<u32>) -> Option<Rect> {
    index.and_then(|index| faces.get(index.max(1) as usize - 1).or(faces.first())).copied()
}

/// Returns the box around all faces.
fn box_of(faces: &[Rect]) -> Rect {
    let joined = |all: Rect, face: &Rect| {
        let (left, top) = (all.left.min(face.left), all.top.min(face.top));
        let right = (all.left + all.size.width).max(face.left + face.size.width);
        let bottom = (all.top + all.size.height).max(face.top + face.size.height);
        Rect { left, top, size: Size::new(right - left, bottom - top) }
    };
    let first = faces.first().copied().unwrap_or(Rect::whole(Size::new(1, 1)));
    faces.iter().fold(first, joined)
}

/// Returns the middle of a box, relative to the source.
fn center(part: Rect, source: Extent) -> Focal {
    Focal {
        x: (f64::from(part.left) + f64::from(part.size.width) / 2.0) / source.width,
        y: (f64::from(part.top) + f64::from(part.size.height) / 2.0) / source.height,
        z: 1.0,
    }
}

fn share(along: Along, spare: u32) -> u32 {
    match along {
        Along::Start => 0,
        Along::Middle => spare / 2,
        Along::Far => spare,
    }
}

/// Returns the window of size `kept` centred on the focal point and then moved back inside the image.
fn around(focal: Focal, exact: Extent, scaled: Size, kept: Size) -> Rect {
    let start = |share: f64, exact: f64, scaled: u32, kept: u32| {
        let centred = position(share * exact - f64::from(kept) / 2.0);
        centred.clamp(0, i64::from(scaled - kept)) as u32
    };
    Rect {
        left: start(focal.x, exact.width, scaled.width, kept.width),
        top: start(focal.y, exact.height, scaled.height, kept.height),
        size: kept,
    }
}

/// Returns the focal point in pixels of the window, clamped to the window.
fn point_in(focal: Focal, exact: Extent, window: Rect) -> (u32, u32) {
    let at = |share: f64, exact: f64, start: u32, len: u32| {
        ((share * exact + ROUNDING_SLACK).floor() as i64 - i64::from(start)).clamp(0, i64::from(len) - 1) as u32
    };
    (
        at(focal.x, exact.width, window.left, window.size.width),
        at(focal.y, exact.height, window.top, window.size.height),
    )
}

/// Follows the fallback chain of `crop` (`rendering.md` 4).
fn aim(chain: &[CropWord], found_faces: bool) -> Aim {
    for (i, word) in chain.iter().enumerate() {
        match word {
            CropWord::Faces | CropWord::Auto if found_faces => return Aim::Faces,
            CropWord::Faces => {}
            CropWord::Auto | CropWord::Entropy | CropWord::Edges => return Aim::Find(*word),
            CropWord::FocalPoint => return Aim::Focal,
            CropWord::Top | CropWord::Bottom | CropWord::Left | CropWord::Right | CropWord::Center => {
                return corner(&chain[i..]);
            }
        }
    }
    corner(&[])
}

/// Combines directional words: the first word for an axis wins, and an axis without a word is centred.
fn corner(words: &[CropWord]) -> Aim {
    let (mut horizontal, mut vertical) = (None, None);
    for word in words {
        match word {
            CropWord::Left => _ = horizontal.get_or_insert(Along::Start),
            CropWord::Right => _ = horizontal.get_or_insert(Along::Far),
            CropWord::Top => _ = vertical.get_or_insert(Along::Start),
            CropWord::Bottom => _ = vertical.get_or_insert(Along::Far),
            CropWord::Center
            | CropWord::Faces
            | CropWord::Auto
            | CropWord::Entropy
            | CropWord::Edges
            | CropWord::FocalPoint => {}
        }
    }
    Aim::Edges { horizontal: horizontal.unwrap_or_default(), vertical: vertical.unwrap_or_default() }
}
