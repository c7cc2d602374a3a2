//! Stages: the code that performs each op. A stage takes the image and its own op. Some reuse another stage (`pad` uses
//! `extend`). `apply` finds the stage of an op.
//!
//! Stages accept 8 or 16 bits. `trim`, `redeye` and `hide_faces` run on the pixels as they are read, all others on the
//! scaled image. Stages that composite return 8 bits.

pub mod adjust;
pub mod blend;
pub mod blur;
pub mod border;
pub mod denoise;
pub mod enhance;
pub mod extend;
pub mod fade;
pub mod find;
pub mod focal_debug;
pub mod gradient;
pub mod grid;
pub mod halftone;
pub mod hide_faces;
pub mod mark;
pub mod mask;
pub mod mirror;
pub mod pad;
pub mod pixellate;
pub mod redeye;
pub mod reflect;
pub mod rotate;
pub mod shadow;
pub mod sharpen;
pub mod sheet;
pub mod text;
pub mod threshold;
pub mod tone;
pub mod trim;

use crate::pixels::raster::Raster;
use crate::pixels::{background, resample};
use crate::plan::{Background, Op};
use crate::render::RenderError;
use crate::units::Size;

/// Applies one op. The layout determines their order; this function only dispatches.
///
/// # Errors
/// What the stage gives: memory, or libvips.
pub(in crate::render) fn apply(raster: Raster, op: &Op, overlays: &mut Prepared) -> Result<Raster, RenderError> {
    Ok(match op {
        Op::Extend(extend) => extend::apply(raster, extend)?,
        Op::HideFaces(op) => hide_faces::apply(raster, op),
        Op::RedEye(eyes) => redeye::apply(raster, eyes),
        Op::FocalDebug(op) => focal_debug::apply(raster, *op),
        Op::Mirror(mirror) => mirror::apply(raster, *mirror),
        Op::Rotate(rotate) => rotate::apply(raster, rotate),
        Op::Reflect(op) => reflect::apply(raster, op)?,
        Op::Shadow(op) => shadow::apply(raster, op)?,
        Op::Turn(turn) => rotate::turned(raster, turn),
        Op::Background(Background(color)) => background::apply(raster, *color),
        Op::Threshold(threshold) => threshold::apply(raster, threshold),
        Op::Blend(blend) => blend::apply(raster, blend, overlays.blend.as_ref())?,
        Op::Gradient(gradient) => gradient::apply(raster, gradient),
        Op::Fade(fade) => fade::apply(raster, fade),
        Op::Grid(grid) => grid::apply(raster, grid),
        Op::Mask(mask) => {
            let image = overlays.mask(raster.size)?;
            mask::apply(raster, mask, image)?
        }
        Op::Mark(mark) => mark::apply(raster, mark, overlays.mark.as_ref())?,
        Op::Border(border) => border::apply(raster, border),
        Op::Pad(pad) => pad::apply(raster, pad)?,
        Op::Text(op) => text::apply(raster, op)?,
        Op::Adjust(chain) => adjust::apply(raster, chain),
        Op::Denoise(denoise) => denoise::apply(raster, *denoise),
        Op::Sharpen(sharpen) => sharpen::apply(&raster, *sharpen),
        Op::Tone(chain) => tone::apply(raster, chain),
        Op::Halftone(op) => halftone::apply(raster, op.dot_px),
        Op::Pixellate(op) => pixellate::apply(&raster, op.block_px),
        Op::Blur(op) => blur::apply(&raster, op.sigma_px),
        Op::Enhance(_) => {
            let enhancement = enhance::measure(&raster);
            enhance::apply(raster, &enhancement)
        }
    })
}

/// Overlays that are ready to be composited, the same for every frame.
#[derive(Debug, Default)]
pub(in crate::render) struct Prepared {
    pub(in crate::render) blend: Option<Raster>,
    pub(in crate::render) mark: Option<Raster>,
    pub(super) mask: Option<Raster>,
}

impl Prepared {
    /// Returns the mask image, stretched to `size`.
    ///
    /// # Errors
    /// The same as [`resample::scale_whole`].
    pub(in crate::render) fn mask(&mut self, size: Size) -> Result<Option<&Raster>, RenderError> {
        if let Some(mask) = self.mask.take() {
            self.mask = Some(if mask.size == size { mask } else { resample::scale_whole(mask, size)? });
        }
        Ok(self.mask.as_ref())
    }
}
