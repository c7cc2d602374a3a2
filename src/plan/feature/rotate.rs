//! `rot`, `rot-type` (`rendering.md` 6).

use serde::{Deserialize, Serialize};

use crate::param::{Params, RotType};
use crate::plan::extent::side;
use crate::plan::types::Sizing;
use crate::units::{Color, Size};

use super::{Canvas, Feature, Op, Paints};

/// `rot` and `rot-type`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rotation {
    /// Angle, counter-clockwise, 0 < v < 360.
    pub degrees: f64,
    /// Whether the image is zoomed or stays whole.
    pub kind: RotType,
}

/// Rotates about the centre.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rotate {
    /// Angle, counter-clockwise.
    pub degrees: f64,
    /// Zoomed so that no corner is empty, or whole on a larger canvas.
    pub kind: RotType,
    /// Size after rotation: that of the image before, or that of the box around the rotated image.
    pub canvas: Size,
    /// Shown in the empty corners.
    pub background: Color,
}

impl Paints for Rotate {
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        vec![&mut self.background]
    }
}

impl Feature for Rotation {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let kind = params.rotation.rot_type.unwrap_or_default();
        params.rotation.rot.filter(|degrees| *degrees != 0.0).map(|degrees| Self { degrees, kind })
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        let mut background = Color::TRANSPARENT_WHITE;
        let mut turned_size = canvas.size;
        if self.kind == RotType::Pivot {
            canvas.put_background();
            // While `bg` is withheld for the shadow, the corners do not show it either.
            background = canvas.background().filter(|_| !canvas.held).unwrap_or(background);
            turned_size = turned(canvas.size, self.degrees);
            canvas.transparent |= !background.is_opaque();
        }
        canvas.push(Op::Rotate(Rotate { degrees: self.degrees, kind: self.kind, canvas: turned_size, background }));
        canvas.size = turned_size;
    }
}

/// Returns the size of the box around an image rotated by `degrees`.
pub(in crate::plan) fn turned(size: Size, degrees: f64) -> Size {
    if degrees == 0.0 {
        return size;
    }
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (w, h) = (f64::from(size.width), f64::from(size.height));
    Size { width: side(w * cos.abs() + h * sin.abs()), height: side(w * sin.abs() + h * cos.abs()) }
}
