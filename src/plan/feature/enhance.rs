//! `auto=enhance` (`rendering.md` 7).

use serde::{Deserialize, Serialize};

use crate::param::Params;
use crate::plan::types::Sizing;

use super::{Canvas, Feature, Op, Paints};

/// Adjusts exposure, contrast and saturation according to the histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enhance;

impl Paints for Enhance {}

impl Feature for Enhance {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        params.format.auto.enhance.then_some(Self)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        canvas.push(Op::Enhance(*self));
    }
}
