//! The last steps on an image, and on each layer at its final size: gradient, then fade (`rendering.md` 9).

use serde::{Deserialize, Serialize};

use crate::param::{FadeParams, FinishParams, Params};
use crate::plan::types::Sizing;
use crate::units::Size;

use super::fade::Fade;
use super::gradient::{DrawnGradient, GradientOp, GradientPaint};
use super::{Canvas, Feature, Op, mask};

/// Gradient and fade of a finished image, or of a layer at its final size before it is rotated and placed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Finish {
    /// `*gradient*`, applied before the fade.
    pub gradient: Option<Box<DrawnGradient>>,
    /// `*fade*`; `None` if no edge fades.
    pub fade: Option<Fade>,
}

impl Finish {
    /// Returns those of a layer, where `fade` always applies to its own edges.
    pub(super) fn of_layer(params: &FinishParams) -> Self {
        Self { gradient: DrawnGradient::of(&params.gradient).map(Box::new), fade: Fade::of(&params.fade) }
    }

    /// Returns the steps on an image or layer of `size` pixels, in order.
    pub(super) fn ops(&self, dpr: f64, size: Size) -> Vec<Op> {
        let gradient = self.gradient.as_ref().map(|gradient| Op::Gradient(gradient.op(dpr, size)));
        gradient.into_iter().chain(self.fade.map(|fade| Op::Fade(fade.op(dpr, size)))).collect()
    }
}

impl Feature for Finish {
    /// Returns those of the image itself. If a mask uses `fade`, only the fades of single sides apply to the edges.
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let own = &params.finish.fade;
        let fade = if mask::feathers(params) { FadeParams { all: None, ..own.clone() } } else { own.clone() };
        let finish = Self::of_layer(&FinishParams { fade, gradient: params.finish.gradient.clone() });
        (finish != Self::default()).then_some(finish)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        for op in self.ops(canvas.dpr, canvas.size) {
            // Fading reveals `bg`, so it has to be put under the image again, even if it was there before.
            let fades = matches!(op, Op::Fade(_) | Op::Gradient(GradientOp { paint: GradientPaint::Mask, .. }));
            canvas.transparent |= fades;
            canvas.backed &= !fades;
            canvas.push(op);
        }
    }
}
