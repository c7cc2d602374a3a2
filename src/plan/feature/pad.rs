//! `pad*`: a margin, inside the box if there is one (`rendering.md` 12).

use serde::{Deserialize, Serialize};

use crate::param::Params;
use crate::plan::anchor::Sides;
use crate::plan::types::Sizing;
use crate::units::{Color, Size};

use super::{Canvas, Feature, Op, Paints};

/// Adds a margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pad {
    /// The margin on each side.
    pub sides: Sides,
    /// The colour of the margin.
    pub color: Color,
}

impl Paints for Pad {
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        vec![&mut self.color]
    }
}

impl Feature for Sides {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let border = &params.border;
        let side = |own: Option<u32>| own.or(border.pad).unwrap_or(0);
        let sides = Self {
            top: side(border.pad_top),
            right: side(border.pad_right),
            bottom: side(border.pad_bottom),
            left: side(border.pad_left),
        };
        (sides != Self::default()).then_some(sides)
    }

    /// Adds the padding, which shows `bg` or else is transparent. Its extent was determined together with the size.
    fn draw(&self, canvas: &mut Canvas<'_>) {
        let sides = canvas.padding;
        if sides == Self::default() {
            return;
        }
        let color = canvas.background().unwrap_or(Color::TRANSPARENT_WHITE);
        canvas.transparent |= !color.is_opaque();
        canvas.size = padded(canvas.size, sides);
        canvas.push(Op::Pad(Pad { sides, color }));
    }
}

/// Returns the size of an image of `size` pixels with its margin.
pub(in crate::plan) fn padded(size: Size, sides: Sides) -> Size {
    Size { width: size.width + sides.left + sides.right, height: size.height + sides.top + sides.bottom }
}
