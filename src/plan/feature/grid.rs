//! `transparency=grid`, `grid-*`: a checkerboard under the image (`rendering.md` 5).

use serde::{Deserialize, Serialize};

use crate::param::Params;
use crate::plan::anchor::px;
use crate::plan::types::Sizing;
use crate::units::Color;

use super::{Canvas, Feature, Op, Paints};

const GRID_SQUARE_PX: u32 = 4;

const GRID_COLORS: [Color; 2] = [Color { r: 0xd0, g: 0xd7, b: 0xdd, a: 255 }, Color::WHITE];

/// `transparency=grid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    /// The colours, that of the top left square first.
    pub colors: [Color; 2],
    /// Side of a square in pixels, at least 1.
    pub square_px: u32,
}

impl Paints for Grid {
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        self.colors.iter_mut().collect()
    }
}

impl Feature for Grid {
    /// Returns `None` if `bg` is opaque, because it wins over the checkerboard (`rendering.md` 5).
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let fill = &params.fill;
        let shows = fill.transparency_grid && !fill.bg.is_some_and(Color::is_opaque);
        shows.then(|| Self {
            colors: fill.grid_colors.unwrap_or(GRID_COLORS),
            square_px: fill.grid_size.filter(|size| *size > 0).unwrap_or(GRID_SQUARE_PX),
        })
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        if canvas.transparent {
            canvas.push(Op::Grid(Self { square_px: px(self.square_px, canvas.dpr).max(1), ..*self }));
            canvas.transparent = !self.colors.iter().all(|color| color.is_opaque());
        }
    }
}
