//! `fp-debug` (`rendering.md` 4).

use serde::{Deserialize, Serialize};

use crate::param::{CropWord, Fit, Params};
use crate::plan::types::Sizing;

use super::{Canvas, Feature, Op, Paints};

/// A cross-hair at the focal point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FocalDebug;

/// Draws a cross-hair at a point, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FocalDebugOp {
    /// Distance from the left.
    pub x: u32,
    /// Distance from the top.
    pub y: u32,
}

impl Paints for FocalDebugOp {}

impl Feature for FocalDebug {
    fn of(params: &Params, sizing: &Sizing) -> Option<Self> {
        let crops = sizing.fit == Fit::Crop && sizing.crop.contains(&CropWord::FocalPoint);
        (crops && params.focal.debug == Some(true)).then_some(Self)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        if let Some((x, y)) = canvas.focal_px {
            canvas.push(Op::FocalDebug(FocalDebugOp { x, y }));
        }
    }
}
