//! `threshold`, `threshold-dither` (`rendering.md` 8).

use serde::{Deserialize, Serialize};

use crate::param::{Dither, Params};
use crate::plan::types::Sizing;

use super::{Canvas, Feature, Op, Paints};

/// `threshold`: pure black and white.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// Luminance at and above which pixels become white, 0 to 1.
    pub cutoff: f64,
    /// `threshold-dither`.
    pub dither: Option<Dither>,
}

impl Paints for Threshold {}

impl Feature for Threshold {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let own = &params.stylize;
        own.threshold.map(|percent| Self { cutoff: percent / 100.0 + 0.0, dither: own.threshold_dither })
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        canvas.push(Op::Threshold(*self));
    }
}
