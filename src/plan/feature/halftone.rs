//! `htn`: a screen of dots (`rendering.md` 8).

use serde::{Deserialize, Serialize};

use crate::param::Params;
use crate::plan::anchor::px;
use crate::plan::types::Sizing;

use super::{Canvas, Feature, Op, Paints};

/// A screen of dots at 45 degrees, in the colours of the image.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Halftone {
    /// Width of a dot in pixels, at least 1.
    pub dot_px: u32,
}

impl Paints for Halftone {}

impl Feature for Halftone {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        params.stylize.htn.filter(|px| *px > 0).map(|dot_px| Self { dot_px })
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        canvas.push(Op::Halftone(Self { dot_px: px(self.dot_px, canvas.dpr).max(1) }));
    }
}
