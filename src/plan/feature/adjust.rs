//! Pixel-wise adjustments (`rendering.md` 7).

use serde::{Deserialize, Serialize};

use crate::param::Params;
use crate::plan::types::Sizing;

use super::{Canvas, Feature, Op, Paints, tone};

/// One pixel-wise adjustment, by the formula of `rendering.md` 7. The value is that of the parameter, and never the one
/// that changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Adjust {
    /// `invert`
    Invert,
    /// `exp`, -100 to 100, in linear light.
    Exposure(f64),
    /// `gam`, -100 to 100.
    Gamma(f64),
    /// `bri`, -100 to 100.
    Brightness(f64),
    /// `con`, -100 to 99; 100 would divide by 0.
    Contrast(f64),
    /// `high`, -100 to 0.
    Highlights(f64),
    /// `shad`, 0 to 100.
    Shadows(f64),
    /// `sat`, -100 to 100.
    Saturation(f64),
    /// `vib`, -100 to 100.
    Vibrance(f64),
    /// `hue`, degrees, 0 < v < 360.
    Hue(f64),
    /// `hue-set`, degrees, 0 <= v < 360.
    HueSet(f64),
}

impl Paints for Vec<Adjust> {}

impl Feature for Vec<Adjust> {
    /// Returns the adjustments in the order of `rendering.md` 2.2, step 8. `invert` is left out if it is applied later,
    /// after a gradient map.
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let own = &params.adjust;
        let moved = |value: Option<f64>| value.filter(|v| *v != 0.0);
        let chain: Self = [
            (own.invert == Some(true) && !tone::inverts(params)).then_some(Adjust::Invert),
            moved(own.exp).map(Adjust::Exposure),
            moved(own.gam).map(Adjust::Gamma),
            moved(own.bri).map(Adjust::Brightness),
            moved(own.con).map(|v| Adjust::Contrast(v.min(99.0))),
            moved(own.high).map(Adjust::Highlights),
            moved(own.shad).map(Adjust::Shadows),
            moved(own.sat).map(Adjust::Saturation),
            moved(own.vib).map(Adjust::Vibrance),
            // `hue-set` replaces every hue, so `hue` has no effect.
            moved(own.hue.map(|v| v.rem_euclid(360.0)).filter(|_| own.hue_set.is_none())).map(Adjust::Hue),
            own.hue_set.map(|v| Adjust::HueSet(v.rem_euclid(360.0) + 0.0)),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!chain.is_empty()).then_some(chain)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        canvas.push(Op::Adjust(self.clone()));
    }
}
