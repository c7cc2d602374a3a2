//! `px`: square blocks (`rendering.md` 8).

use serde::{Deserialize, Serialize};

use crate::param::Params;
use crate::plan::anchor::px;
use crate::plan::types::Sizing;

use super::{Canvas, Feature, Op, Paints};

/// Averages square blocks, aligned to the top left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pixellate {
    /// Side of a block in pixels, at least 2.
    pub block_px: u32,
}

impl Paints for Pixellate {}

impl Feature for Pixellate {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        params.stylize.px.filter(|px| *px > 1).map(|block_px| Self { block_px })
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        let block_px = px(self.block_px, canvas.dpr);
        if block_px > 1 {
            canvas.push(Op::Pixellate(Self { block_px }));
        }
    }
}
