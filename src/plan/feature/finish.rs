//! What is done last to an image, and to each layer at its final size: gradient, then fade (`rendering.md` 9).

use serde::{Deserialize, Serialize};

use crate::param::{FadeParams, FinishParams, Params};
use crate::plan::types::Sizing;
use crate::units::Size;

use super::fade::Fade;
use super::gradient::{DrawnGradient, GradientOp, GradientPaint};
use super::{Canvas, Feature, Op, mask};

/// What is done to a finished picture, or to a layer at its final size before it is turned and laid on one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Finish {
    /// `*gradient*`, before the fade.
    pub gradient: Option<Box<DrawnGradient>>,
    /// `*fade*`; `None` when no edge fades.
    pub fade: Option<Fade>,
}

impl Finish {
    /// Of a layer, whose edges are always its own.
    pub(super) fn of_layer(params: &FinishParams) -> Self {
        Self { gradient: DrawnGradient::of(&params.gradient).map(Box::new), fade: Fade::of(&params.fade) }
    }

    /// The steps on a picture or layer of `size` pixels, in the order they are done.
    pub(super) fn ops(&self, dpr: f64, size: Size) -> Vec<Op> {
        let gradient = self.gradient.as_ref().map(|gradient| Op::Gradient(gradient.op(dpr, size)));
        gradient.into_iter().chain(self.fade.map(|fade| Op::Fade(fade.op(dpr, size)))).collect()
    }
}

impl Feature for Finish {
    /// Of the picture itself.
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let own = &params.finish.fade;
        let fade = if mask::feathers(params) { FadeParams { all: None, ..own.clone() } } else { own.clone() };
        let finish = Self::of_layer(&FinishParams { fade, gradient: params.finish.gradient.clone() });
        (finish != Self::default()).then_some(finish)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        for op in self.ops(canvas.dpr, canvas.size) {
            // What fades, fades into `bg`, even where that was under the picture before.
            let fades = matches!(op, Op::Fade(_) | Op::Gradient(GradientOp { paint: GradientPaint::Mask, .. }));
            canvas.transparent |= fades;
            canvas.backed &= !fades;
            canvas.push(op);
        }
    }
}
