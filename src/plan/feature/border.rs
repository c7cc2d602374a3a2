//! `border*` (`rendering.md` 12).

use serde::{Deserialize, Serialize};

use crate::param::Params;
use crate::plan::anchor::{Sides, px, visible};
use crate::plan::types::Sizing;
use crate::units::{Color, Size};

use super::mask::{Outline, radius_max};
use super::{Canvas, Feature, Op, Paints};

/// `border*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Border {
    /// Thickness on each side.
    pub sides: Sides,
    /// Colour of the frame.
    pub color: Color,
    /// Outer corner radii, clockwise from the top left.
    pub radii_px: [u32; 4],
    /// Corner radii of the hole.
    pub inner_radii_px: [u32; 4],
    /// `border-stroke-size`, `border-stroke-color`: a line along the edge of the frame.
    pub stroke: Option<(u32, Color)>,
}

/// Draws a frame over the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BorderOp {
    /// The frame in pixels.
    pub border: Border,
    /// The shape of the mask; the frame follows its edge.
    pub follows: Option<Outline>,
}

impl Paints for BorderOp {
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        let stroke = self.border.stroke.as_mut().map(|(_, color)| color);
        std::iter::once(&mut self.border.color).chain(stroke).collect()
    }
}

impl Border {
    /// Returns the frame on an image of `size` pixels; no side is thicker than the image.
    fn op(&self, follows: Option<Outline>, dpr: f64, size: Size) -> BorderOp {
        let sides = self.sides.scaled(dpr);
        let radii = |radii: [u32; 4]| radii.map(|radius| px(radius, dpr).min(radius_max(size)));
        let border = Self {
            sides: Sides {
                top: sides.top.min(size.height),
                bottom: sides.bottom.min(size.height),
                left: sides.left.min(size.width),
                right: sides.right.min(size.width),
            },
            color: self.color,
            radii_px: radii(self.radii_px),
            inner_radii_px: radii(self.inner_radii_px),
            stroke: self.stroke.map(|(stroke, color)| (px(stroke, dpr).max(1), color)),
        };
        BorderOp { border, follows }
    }
}

impl Feature for Border {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let border = &params.border;
        let stroke_color = visible(border.stroke_color);
        let stroke = border.stroke_size.filter(|size| *size > 0).zip(stroke_color);
        let (sides, color) = match border.border {
            Some((size, color)) => {
                let side = |own: Option<u32>| own.unwrap_or(size);
                let sides = Sides {
                    top: side(border.top),
                    right: side(border.right),
                    bottom: side(border.bottom),
                    left: side(border.left),
                };
                (sides, color)
            }
            None => (Sides::default(), Color::TRANSPARENT_WHITE),
        };
        let border = Self {
            sides,
            color,
            radii_px: border.radius.unwrap_or_default(),
            inner_radii_px: border.radius_inner.unwrap_or_default(),
            stroke,
        };
        // A frame without thickness still rounds the corners of the image.
        let draws = border.sides != Sides::default() || border.radii_px != [0; 4] || border.stroke.is_some();
        draws.then_some(border)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        canvas.transparent |= self.radii_px != [0; 4];
        canvas.push(Op::Border(self.op(canvas.outline, canvas.dpr, canvas.size)));
    }
}
