//! `sharp`, `usm`, `usmrad` (`rendering.md` 7).

use serde::{Deserialize, Serialize};

use crate::param::Params;
use crate::plan::types::Sizing;

use super::{Canvas, Feature, Op, Paints};

/// A way to sharpen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Sharpen {
    /// `sharp`, 0 to 100: unsharp mask on lightness with a sigma of 1 px and an amount of v/50.
    Luminance(f64),
    /// `usm` and `usmrad`: x + (amount/100) * (x - gauss(x)).
    Unsharp {
        /// Amount, -100 to 100.
        amount: f64,
        /// Gaussian sigma in pixels.
        sigma_px: f64,
    },
}

/// Default of `usmrad`.
const UNSHARP_SIGMA_PX: f64 = 2.5;

impl Paints for Sharpen {}

impl Feature for Vec<Sharpen> {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let own = &params.adjust;
        let luminance = own.sharp.filter(|v| *v > 0.0).map(Sharpen::Luminance);
        let unsharp = own.usm.filter(|v| *v != 0.0).map(|amount| Sharpen::Unsharp {
            amount,
            sigma_px: own.usmrad.filter(|v| *v > 0.0).unwrap_or(UNSHARP_SIGMA_PX),
        });
        let all: Self = luminance.into_iter().chain(unsharp).collect();
        (!all.is_empty()).then_some(all)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        for sharpen in self {
            canvas.push(Op::Sharpen(match *sharpen {
                Sharpen::Luminance(amount) => Sharpen::Luminance(amount),
                Sharpen::Unsharp { amount, sigma_px } => Sharpen::Unsharp { amount, sigma_px: sigma_px * canvas.dpr },
            }));
        }
    }
}
