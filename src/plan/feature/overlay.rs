//! Images that go into another one, and how their size is determined (`rendering.md` 10).

use serde::{Deserialize, Serialize};

use crate::param::Fit;
use crate::plan::anchor::Sides;
use crate::plan::extent::Extent;
use crate::plan::geometry::{self, Placed};
use crate::plan::read::Read;
use crate::plan::resize::{Resize, Window};
use crate::plan::types::Sizing;
use crate::units::{Color, Dpr, Length, Rect, Size};

use super::bars::{Extend, ExtendFill};
use super::{Layout, Op};

/// An image that is placed on another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overlay {
    /// What is done to it first: sizing, then its look, then rotation. Colours in these ops are sRGB.
    pub layout: Layout,
    /// Its left edge on the base; may be outside the base.
    pub left: i64,
    /// Its top edge on the base; may be outside the base.
    pub top: i64,
}

/// Returns the natural size of an overlay times `dpr`, which multiplies it like every length in pixels; `None` for both
/// sides if `dpr` is 1.
pub(super) fn grown(natural: Size, dpr: f64) -> [Option<f64>; 2] {
    let Extent { width, height } = Extent::of(natural).times(dpr);
    [width, height].map(|side| (dpr != 1.0).then_some(side.max(1.0)))
}

/// Returns the sizing for the box of an overlay: already in pixels, without bounds or focal point.
pub(super) fn sizing(base: &Sizing, w: Option<f64>, h: Option<f64>, fit: Fit) -> Sizing {
    Sizing {
        w: w.map(Length::Px),
        h: h.map(Length::Px),
        ar: None,
        dpr: Dpr::ONE,
        fit,
        facearea: None,
        crop: Vec::new(),
        min_w: None,
        max_w: None,
        min_h: None,
        max_h: None,
        ..base.clone()
    }
}

/// Returns the layout that fits an overlay of size `natural` to its box.
pub(super) fn fitted(sizing: &Sizing, natural: Size) -> Layout {
    let (placement, _) = geometry::place(sizing, Sides::default(), natural, &[]);
    let (mut read, mut place, mut ops) = (Read::whole(natural), None, Vec::new());
    let (window, kept) = match placement.window {
        Placed::At(rect) if rect == Rect::whole(placement.scaled) => (Window::Whole, rect.size),
        Placed::At(rect) => (Window::Fixed(rect), rect.size),
        Placed::By(finder, otherwise) => {
            (Window::Find { size: otherwise.size, finders: vec![finder], otherwise }, otherwise.size)
        }
    };
    match window {
        Window::Whole if placement.scaled == natural => {}
        Window::Fixed(rect) if placement.scaled == natural => read.cut = Some(rect),
        window @ (Window::Whole | Window::Fixed(_) | Window::Find { .. }) => {
            place = Some(Resize { scaled: placement.scaled, window });
        }
    }
    let mut output = kept;
    if let Some(canvas) = placement.canvas {
        let fill =
            if sizing.fit == Fit::Clamp { ExtendFill::Edge } else { ExtendFill::Solid(Color::TRANSPARENT_WHITE) };
        ops.push(Op::Extend(Extend { canvas: canvas.size, left: canvas.left, top: canvas.top, fill }));
        output = canvas.size;
    }
    // Its transparency does not matter, because it is placed on something.
    Layout { read, place, ops, output, ..Layout::as_it_is(natural) }
}

/// Returns `blend-fit` or `mark-fit` as a fit that works with the sides that are given.
pub(super) fn overlay_fit(fit: Fit, both_sides: bool) -> Fit {
    match fit {
        // These fits need both sides (`rendering.md` 10); with one side the overlay keeps its shape anyway.
        Fit::Crop | Fit::Scale | Fit::Fill | Fit::FillMax | Fit::Clamp if !both_sides => Fit::Clip,
        Fit::FaceArea => Fit::Crop,
        Fit::Clip | Fit::Max | Fit::Min | Fit::Crop | Fit::Scale | Fit::Fill | Fit::FillMax | Fit::Clamp => fit,
    }
}
