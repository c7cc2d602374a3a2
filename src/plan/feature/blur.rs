//! `blur` (`rendering.md` 8).

use serde::{Deserialize, Serialize};

use crate::param::Params;
use crate::plan::types::Sizing;

use super::{Canvas, Feature, Op, Paints};

/// Gaussian blur with extended edges.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blur {
    /// Gaussian sigma in pixels, above 0.
    pub sigma_px: f64,
}

/// Gaussian sigma in pixels for one unit of `blur` at `dpr=1` (`rendering.md` 8: v * 0.1 * dpr / 2).
const BLUR_SIGMA_PX: f64 = 0.05;

impl Paints for Blur {}

impl Feature for Blur {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        params.stylize.blur.filter(|v| *v > 0.0).map(|v| Self { sigma_px: v * BLUR_SIGMA_PX })
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        canvas.push(Op::Blur(Self { sigma_px: self.sigma_px * canvas.dpr }));
    }
}
