//! Rectangles and scales: `rect`, the output box, every `fit`, crop anchors (`rendering.md` 3 and 4). Knows no op and no
//! pixel.
//!
//! Products are formed before quotients, so that a side which is exactly half a pixel over an integer (150 x 3 / 4) stays
//! exact and rounds up as the rules say.

use crate::param::{CropWord, Fit, RectEdge, RectExtent, RectParam};
use crate::units::{Length, Rect, Size};

use super::types::{Focal, Sizing};

/// Added before rounding, because a decimal such as `dpr=1.1` is a little under its written value in binary. Far below
/// the smallest distance from a half that integers and three decimals can give (about 1e-8).
const ROUNDING_SLACK: f64 = 1e-9;

/// Sides are kept between these while they are real numbers, so that no product overflows and no quotient is by 0.
const SIDE_RANGE: (f64, f64) = (1e-6, 1e9);

/// Width and height before rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extent {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// How the picture meets its box: scale to `scaled`, keep a window, put it on a canvas.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placement {
    /// Size of the whole working picture after scaling.
    pub(super) scaled: Size,
    /// Part of it that is kept.
    pub(super) window: Placed,
    /// Larger canvas around the window (`fill`, `fillmax`, `clamp`), or none.
    pub(super) canvas: Option<Canvas>,
    /// The focal point in pixels of the window, when `crop` ended at it.
    pub(super) focal_px: Option<(u32, u32)>,
}

/// The window of a [`Placement`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// Known without looking at pixels; may be the whole.
    At(Rect),
    /// To be found by `entropy` or `edges`; `otherwise` has the size and the centred place.
    By(CropWord, Rect),
}

/// A canvas and the picture's place on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Canvas {
    pub(super) size: Size,
    pub(super) left: u32,
    pub(super) top: u32,
}

/// Where `crop` puts the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// By edges: the share of the spare pixels that lies before the window.
    Edges { horizontal: End, vertical: End },
    /// Around the focal point.
    Focal,
    /// Where a finder says; `entropy` and `edges` never fail.
    Find(CropWord),
}

/// One axis of [`Anchor::Edges`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Start,
    Middle,
    Far,
}

/// `floor(x + 0.5)`, at least 1.
pub(super) fn side(x: f64) -> u32 {
    // `as` saturates, and turns NaN into 0.
    ((x + 0.5 + ROUNDING_SLACK).floor() as u32).max(1)
}

/// `floor(x + 0.5)` as a position, which may be negative.
fn position(x: f64) -> i64 {
    (x + 0.5 + ROUNDING_SLACK).floor() as i64
}

impl Extent {
    pub(super) fn of(size: Size) -> Self {
        Self { width: f64::from(size.width), height: f64::from(size.height) }
    }

    fn tamed(self) -> Self {
        let (low, high) = SIDE_RANGE;
        // `max` and `min` return the other operand for NaN, unlike `clamp`.
        Self { width: self.width.max(low).min(high), height: self.height.max(low).min(high) }
    }

    pub(super) fn times(self, k: f64) -> Self {
        Self { width: self.width * k, height: self.height * k }.tamed()
    }

    pub(super) fn rounded(self) -> Size {
        Size { width: side(self.width), height: side(self.height) }
    }

    /// Shrunk proportionally until neither side exceeds `side_max` (`rendering.md` 3.1, rule 5).
    pub(super) fn capped(self, side_max: u32) -> Self {
        let max = f64::from(side_max.max(1));
        if self.width <= max && self.height <= max {
            self
        } else if self.width >= self.height {
            Self { width: max, height: self.height * max / self.width }
        } else {
            Self { width: self.width * max / self.height, height: max }
        }
    }

    /// The picture `self` scaled to touch `frame` from inside.
    fn inside(self, frame: Self) -> Self {
        if frame.width * self.height <= frame.height * self.width {
            Self { width: frame.width, height: self.height * frame.width / self.width }
        } else {
            Self { width: self.width * frame.height / self.height, height: frame.height }
        }
    }

    /// The picture `self` scaled to cover `frame`.
    fn covering(self, frame: Self) -> Self {
        if frame.width * self.height >= frame.height * self.width {
            Self { width: frame.width, height: self.height * frame.width / self.width }
        } else {
            Self { width: self.width * frame.height / self.height, height: frame.height }
        }
    }

    /// The smaller of the two, which have the same shape.
    fn at_most(self, limit: Self) -> Self {
        if self.width >= limit.width || self.height >= limit.height { limit } else { self }
    }
}

/// The region of `rect` on a picture of `size`, cut to it; `None` when nothing is left.
pub(super) fn source_rect(rect: &RectParam, size: Size) -> Option<Rect> {
    let (left, width) = span(rect.x, rect.w, size.width)?;
    let (top, height) = span(rect.y, rect.h, size.height)?;
    Some(Rect { left, top, size: Size { width, height } })
}

/// One axis of `rect`: position and extent inside 0..total.
fn span(edge: RectEdge, extent: RectExtent, total: u32) -> Option<(u32, u32)> {
    let total_px = f64::from(total);
    let pixels = |length: Length| match length {
        Length::Px(v) => v,
        Length::Fraction(f) => f * total_px,
    };
    // Beyond these bounds a value is outside any picture, and sums stay far from overflow.
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

/// The requested box in pixels, `dpr` applied, not yet capped (`rendering.md` 3.1, 3.3, 3.4).
pub(super) fn requested_box(sizing: &Sizing, working: Size) -> Extent {
    let source = Extent::of(working);
    let pixels = |length: Option<Length>, reference: f64| {
        length.map(|length| match length {
            Length::Px(v) => f64::from(side(v)),
            Length::Fraction(f) => f * reference,
        })
    };
    let (w, h) = (pixels(sizing.w, source.width), pixels(sizing.h, source.height));
    let mut frame = match (w, h, sizing.ar) {
        (Some(width), Some(height), _) => Extent { width, height },
        (Some(width), None, Some(ar)) => Extent { width, height: width / ar },
        (Some(width), None, None) => Extent { width, height: width * source.height / source.width },
        (None, Some(height), Some(ar)) => Extent { width: height * ar, height },
        (None, Some(height), None) => Extent { width: height * source.width / source.height, height },
        (None, None, None) => source,
        (None, None, Some(ar)) => {
            let shape = Extent { width: ar, height: 1.0 };
            // `crop` takes the largest such rectangle inside the source, `fill` the smallest around it.
            if sizing.fit == Fit::Crop { shape.inside(source) } else { shape.covering(source) }
        }
    };
    if w.is_none() {
        frame.width = bounded(frame.width, sizing.min_w, sizing.max_w);
    }
    if h.is_none() {
        frame.height = bounded(frame.height, sizing.min_h, sizing.max_h);
    }
    frame.times(sizing.dpr.get())
}

/// Between the bounds; the lower one wins when they cross.
fn bounded(side: f64, min: Option<u32>, max: Option<u32>) -> f64 {
    let side = max.map_or(side, |max| side.min(f64::from(max)));
    min.map_or(side, |min| side.max(f64::from(min)))
}

/// How a picture of `working` pixels meets the box `frame` (`rendering.md` 3.2).
///
/// The result of every fit is capped at `sizing.side_max`; windows lie inside `scaled`, pictures inside their canvas.
pub(super) fn place(sizing: &Sizing, frame: Extent, working: Size) -> Placement {
    let source = Extent::of(working);
    let cap = sizing.side_max;
    match sizing.fit {
        Fit::Clip => whole(source.inside(frame).capped(cap)),
        Fit::Max => whole(source.inside(frame).at_most(source).capped(cap)),
        Fit::Scale => whole(frame.capped(cap)),
        Fit::Crop | Fit::FaceArea => cover(sizing, frame.capped(cap), source),
        Fit::Min => cover(sizing, shrunk_into(frame, source).capped(cap), source),
        Fit::Fill | Fit::Clamp => {
            let frame = frame.capped(cap);
            on_canvas(source.inside(frame), frame)
        }
        Fit::FillMax => {
            let frame = frame.capped(cap);
            on_canvas(source.inside(frame).at_most(source), frame)
        }
    }
}

fn whole(scaled: Extent) -> Placement {
    let scaled = scaled.rounded();
    Placement { scaled, window: Placed::At(Rect::whole(scaled)), canvas: None, focal_px: None }
}

/// `fit=min`: the request shrunk, keeping its shape, until neither side exceeds the source.
fn shrunk_into(frame: Extent, source: Extent) -> Extent {
    let fits = frame.width <= source.width && frame.height <= source.height;
    if fits { frame } else { frame.inside(source) }
}

/// Centred on the canvas; of an odd number of spare pixels the smaller half goes first.
fn on_canvas(picture: Extent, frame: Extent) -> Placement {
    let size = frame.rounded();
    let fitted = picture.rounded();
    let scaled = Size { width: fitted.width.min(size.width), height: fitted.height.min(size.height) };
    let canvas = (scaled != size).then(|| Canvas {
        size,
        left: (size.width - scaled.width) / 2,
        top: (size.height - scaled.height) / 2,
    });
    Placement { scaled, window: Placed::At(Rect::whole(scaled)), canvas, focal_px: None }
}

/// Covers the box and keeps a window of exactly its size.
fn cover(sizing: &Sizing, frame: Extent, source: Extent) -> Placement {
    let anchor = anchor(&sizing.crop);
    let zoom = if anchor == Anchor::Focal { sizing.focal.z.max(1.0) } else { 1.0 };
    let exact = source.covering(frame).times(zoom);
    let kept = frame.rounded();
    let covering = exact.rounded();
    let scaled = Size { width: covering.width.max(kept.width), height: covering.height.max(kept.height) };
    let spare = Size { width: scaled.width - kept.width, height: scaled.height - kept.height };
    let centred = Rect { left: spare.width / 2, top: spare.height / 2, size: kept };
    let window = match anchor {
        Anchor::Edges { horizontal, vertical } => {
            Placed::At(Rect { left: share(horizontal, spare.width), top: share(vertical, spare.height), size: kept })
        }
        Anchor::Focal => Placed::At(around(sizing.focal, exact, scaled, kept)),
        Anchor::Find(_) if kept == scaled => Placed::At(Rect::whole(scaled)),
        Anchor::Find(finder) => Placed::By(finder, centred),
    };
    let focal_px = match (anchor, window) {
        (Anchor::Focal, Placed::At(rect)) => Some(point_in(sizing.focal, exact, rect)),
        (Anchor::Focal | Anchor::Edges { .. } | Anchor::Find(_), _) => None,
    };
    Placement { scaled, window, canvas: None, focal_px }
}

fn share(end: End, spare: u32) -> u32 {
    match end {
        End::Start => 0,
        End::Middle => spare / 2,
        End::Far => spare,
    }
}

/// The window of size `kept` centred on the focal point, then pushed back inside.
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

/// The focal point in pixels of the window, on its last pixel at most.
fn point_in(focal: Focal, exact: Extent, window: Rect) -> (u32, u32) {
    let at = |share: f64, exact: f64, start: u32, len: u32| {
        ((share * exact + ROUNDING_SLACK).floor() as i64 - i64::from(start)).clamp(0, i64::from(len) - 1) as u32
    };
    (
        at(focal.x, exact.width, window.left, window.size.width),
        at(focal.y, exact.height, window.top, window.size.height),
    )
}

/// Walks the fallback chain of `crop` (`rendering.md` 4). Faces are not found here: a layout is worked out again, on the
/// box of the faces, when a detector finds some.
pub(super) fn anchor(chain: &[CropWord]) -> Anchor {
    for (i, word) in chain.iter().enumerate() {
        match word {
            CropWord::Faces => {}
            CropWord::Entropy | CropWord::Edges => return Anchor::Find(*word),
            CropWord::FocalPoint => return Anchor::Focal,
            CropWord::Top | CropWord::Bottom | CropWord::Left | CropWord::Right | CropWord::Center => {
                return corner(&chain[i..]);
            }
        }
    }
    corner(&[])
}

/// Directional words combine; the first one on an axis wins, and an axis without one is centred.
fn corner(words: &[CropWord]) -> Anchor {
    let (mut horizontal, mut vertical) = (None, None);
    for word in words {
        match word {
            CropWord::Left => _ = horizontal.get_or_insert(End::Start),
            CropWord::Right => _ = horizontal.get_or_insert(End::Far),
            CropWord::Top => _ = vertical.get_or_insert(End::Start),
            CropWord::Bottom => _ = vertical.get_or_insert(End::Far),
            CropWord::Center | CropWord::Faces | CropWord::Entropy | CropWord::Edges | CropWord::FocalPoint => {}
        }
    }
    Anchor::Edges { horizontal: horizontal.unwrap_or(End::Middle), vertical: vertical.unwrap_or(End::Middle) }
}
