//! `mask*`, `corner-radius` (`rendering.md` 12).

use serde::{Deserialize, Serialize};

use crate::param::{Location, MaskShape, Params};
use crate::plan::anchor::{length_px, px, visible};
use crate::plan::types::{Found, Sizing};
use crate::units::{Color, Length, Size};

use super::{Canvas, Feature, Op, Paints};

/// Fraction of the shorter side that `mask=corners` rounds without `corner-radius`.
const CORNER_SHARE: f64 = 0.2;

/// `mask`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mask {
    /// A shape or an image.
    pub shape: MaskShape,
    /// `corner-radius`, clockwise from the top left; `None` means 20 % of the shorter side.
    pub radii_px: Option<[u32; 4]>,
    /// `mask-bg`; `None` leaves the outside transparent.
    pub background: Option<Color>,
    /// `mask-invert`.
    pub inverted: bool,
    /// `fade` on an ellipse or rounded corners: how far the edge fades inwards. A fraction refers to the shorter side.
    pub feather: Length,
}

/// A shape to cut to. It touches all four sides of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outline {
    /// An ellipse.
    Ellipse,
    /// Rounded corners: radii in pixels, clockwise from the top left, at most half the shorter side.
    Corners([u32; 4]),
    /// A regular polygon with this many sides, and one corner on the right.
    Polygon(u8),
    /// The mask image, stretched; the image is visible where the mask image is light and opaque.
    Image,
}

/// Cuts to a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskOp {
    /// The shape.
    pub outline: Outline,
    /// Shown where the image is cut away; `None` means transparent.
    pub background: Option<Color>,
    /// Whether the inside is cut away and the outside stays.
    pub inverted: bool,
    /// Number of pixels over which the edge of an ellipse or of rounded corners fades inwards, at most half the shorter
    /// side; 0 makes an edge as sharp as pixels allow.
    pub feather_px: u32,
}

impl Paints for MaskOp {
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        self.background.iter_mut().collect()
    }
}

impl Mask {
    /// Returns the location of the mask image, if the mask is an image.
    pub(in crate::plan) const fn image(&self) -> Option<&Location> {
        match &self.shape {
            MaskShape::Image(location) => Some(location),
            MaskShape::Ellipse | MaskShape::Corners | MaskShape::Polygon(_) => None,
        }
    }

    /// Returns the mask on an image of `size` pixels; `None` if its image is not available.
    fn op(&self, found: &Found, dpr: f64, size: Size) -> Option<MaskOp> {
        let outline = match self.shape {
            MaskShape::Ellipse => Outline::Ellipse,
            MaskShape::Corners => Outline::Corners(match self.radii_px {
                Some(radii) => radii.map(|radius| px(radius, dpr).min(radius_max(size))),
                None => [(CORNER_SHARE * f64::from(size.width.min(size.height)) + 0.5).floor() as u32; 4],
            }),
            MaskShape::Polygon(sides) => Outline::Polygon(sides),
            MaskShape::Image(_) if found.mask => Outline::Image,
            MaskShape::Image(_) => return None,
        };
        let shorter = f64::from(size.width.min(size.height));
        let feather_px = (length_px(self.feather, shorter, dpr) + 0.5).floor() as u32;
        Some(MaskOp {
            outline,
            background: self.background,
            inverted: self.inverted,
            feather_px: feather_px.min(radius_max(size)),
        })
    }
}

impl Feature for Mask {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let mask = &params.mask;
        let shape = mask.shape.clone()?;
        // Without a radius, or with 0, the default of 20 % applies (`rendering.md` 12).
        let feather = params.finish.fade.all.filter(|_| feathers(params)).unwrap_or(Length::Px(0.0));
        let radii_px = mask.corner_radius.filter(|radii| shape == MaskShape::Corners && *radii != [0; 4]);
        Some(Self { shape, radii_px, background: visible(mask.bg), inverted: mask.invert.unwrap_or(false), feather })
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        let Some(op) = self.op(canvas.found, canvas.dpr, canvas.size) else { return };
        canvas.transparent |= !op.background.is_some_and(Color::is_opaque);
        canvas.outline = Some(op.outline);
        canvas.push(Op::Mask(op));
    }
}

/// Returns whether `fade` without a side applies to the mask.
pub(super) fn feathers(params: &Params) -> bool {
    matches!(params.mask.shape, Some(MaskShape::Ellipse | MaskShape::Corners))
}

/// Returns the largest radius: half the shorter side (`rendering.md` 12).
pub(super) fn radius_max(size: Size) -> u32 {
    size.width.min(size.height) / 2
}
