//! The state of an image while its steps are put in order.

use crate::param::ShadowKind;
use crate::plan::anchor::Sides;
use crate::plan::geometry::{OnCanvas, Placement};
use crate::plan::types::{Found, Sizing};
use crate::units::{Color, Size};

use super::background::Background;
use super::mask::Outline;
use super::{Feature, Features, Op};

/// The steps so far, and the image that they produce.
pub(in crate::plan) struct Canvas<'a> {
    features: &'a Features,
    pub(super) sizing: &'a Sizing,
    pub(super) found: &'a Found,
    pub(super) dpr: f64,
    /// Current size of the image.
    pub(in crate::plan) size: Size,
    /// Whether any pixel can be transparent.
    pub(in crate::plan) transparent: bool,
    /// Whether `bg` is under the image already.
    pub(super) backed: bool,
    /// Whether `bg` is withheld until the shadow is drawn: a cut-out has its own shadow only while nothing is under it.
    pub(super) held: bool,
    /// The canvas on which `fit` puts the image.
    pub(super) extended: Option<OnCanvas>,
    /// The focal point, if `crop` used it.
    pub(super) focal_px: Option<(u32, u32)>,
    /// The padding that remains after fitting it into the box together with the image.
    pub(super) padding: Sides,
    /// Shape of the mask, once it is applied.
    pub(super) outline: Option<Outline>,
    pub(in crate::plan) ops: Vec<Op>,
}

impl<'a> Canvas<'a> {
    /// Starts with the image that `placement` produces.
    pub(in crate::plan) fn new(
        features: &'a Features,
        sizing: &'a Sizing,
        found: &'a Found,
        placement: &Placement,
        padding: Sides,
        transparent: bool,
    ) -> Self {
        let casts = features.shadow.is_some_and(|shadow| shadow.kind != ShadowKind::Inset);
        Self {
            features,
            sizing,
            found,
            dpr: sizing.dpr.get(),
            size: placement.kept(),
            transparent,
            backed: false,
            held: features.padding.is_none() && casts,
            extended: placement.canvas,
            focal_px: placement.focal_px,
            padding,
            outline: None,
            ops: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, op: Op) {
        self.ops.push(op);
    }

    /// Returns the colour of `bg`.
    pub(super) fn background(&self) -> Option<Color> {
        self.features.background.map(|Background(color)| color)
    }

    /// Puts `bg` under the image, once, unless it is withheld.
    pub(super) fn put_background(&mut self) {
        if self.held {
            return;
        }
        if let Some(color) = self.background().filter(|_| self.transparent && !self.backed) {
            self.push(Op::Background(Background(color)));
            self.transparent = !color.is_opaque();
        }
        self.backed = true;
    }

    /// Puts the checkerboard under the image.
    pub(super) fn put_grid(&mut self) {
        if let Some(grid) = self.features.grid {
            grid.draw(self);
        }
    }
}
