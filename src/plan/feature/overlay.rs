//! Images that go into another one: how they come to their size (`rendering.md` 10).

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

/// A picture on its way onto another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overlay {
    /// What is done to it first: its size, then what gives it its look, then turning. Colours in these ops are sRGB.
    pub layout: Layout,
    /// Its left edge on the base; may be outside.
    pub left: i64,
    /// Its top edge on the base; may be outside.
    pub top: i64,
}

/// The natural size of an overlay, which `dpr` multiplies as every length in pixels; nothing where that changes nothing.
pub(super) fn grown(natural: Size, dpr: f64) -> [Option<f64>; 2] {
    let Extent { width, height } = Extent::of(natural).times(dpr);
    [width, height].map(|side| (dpr != 1.0).then_some(side.max(1.0)))
}

/// A box for an overlay: already in pixels, no bounds, no focal point.
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

/// What brings an overlay of size `natural` to its box.
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
    // Whether it is transparent is of no interest: it is laid over something.
    Layout { read, place, ops, output, ..Layout::as_it_is(natural) }
}

/// `blend-fit` and `mark-fit` as a fit that does not need `blend-crop` or both sides.
pub(super) fn overlay_fit(fit: Fit, both_sides: bool) -> Fit {
    match fit {
        // Needs both sizes (`rendering.md` 10); with one of them the overlay keeps its shape anyway.
        Fit::Crop | Fit::Scale | Fit::Fill | Fit::FillMax | Fit::Clamp if !both_sides => Fit::Clip,
        Fit::FaceArea => Fit::Crop,
        Fit::Clip | Fit::Max | Fit::Min | Fit::Crop | Fit::Scale | Fit::Fill | Fit::FillMax | Fit::Clamp => fit,
    }
}
