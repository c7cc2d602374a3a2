//! `nr`, `nrs`: noise reduction (`rendering.md` 7).

use serde::{Deserialize, Serialize};

use crate::param::Params;
use crate::plan::types::Sizing;

use super::{Canvas, Feature, Op, Paints};

/// `nr` and `nrs`, together, because either one turns both on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Denoise {
    /// `nr`, -100 to 100; 20 if only `nrs` is given.
    pub threshold: f64,
    /// `nrs`, -100 to 100; 20 if only `nr` is given.
    pub sharpen: f64,
}

/// Default of `nr` and of `nrs` if the other one is given.
const DENOISE_DEFAULT: f64 = 20.0;

impl Paints for Denoise {}

impl Feature for Denoise {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let own = &params.adjust;
        (own.nr.is_some() || own.nrs.is_some()).then(|| Self {
            threshold: own.nr.unwrap_or(DENOISE_DEFAULT) + 0.0,
            sharpen: own.nrs.unwrap_or(DENOISE_DEFAULT) + 0.0,
        })
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        canvas.push(Op::Denoise(*self));
    }
}
