//! Dispatches each op to its stage, and fixes what an op derives from the pixels of the first frame.

use crate::pixels::raster::Raster;
use crate::pixels::{background, resample};
use crate::plan::{Extend, ExtendFill, GradientFill, Op};
use crate::render::RenderError;
use crate::render::color::convert;
use crate::render::stage::{
    adjust, blend, blur, border, denoise, enhance, extend, fade, focal_debug, gradient, grid, halftone, hide_faces,
    mark, mask, mirror, pad, pixellate, redeye, reflect, rotate, shadow, sharpen, text, threshold, tone,
};
use crate::units::Size;

/// Converts the colours in the ops to the image's space. Colours in a request are sRGB; the image may not be.
pub(super) fn in_space(mut ops: Vec<Op>, profile: Option<&[u8]>) -> Vec<Op> {
    if profile.is_some() {
        for color in ops.iter_mut().flat_map(Op::colors_mut) {
            *color = convert::color_in(*color, profile);
        }
    }
    ops
}

/// Fills in what an op derives from the pixels of the first frame, so that it is the same for all frames.
pub(super) fn settle(op: &mut Op, raster: &Raster) {
    if let Op::Extend(Extend { fill: ExtendFill::Gradient(GradientFill { colors: colors @ None, .. }), .. }) = op {
        *colors = Some(extend::own_colors(raster));
    } else if let Op::Tone(chain) = op {
        tone::settle(chain, raster);
    }
}

/// Applies one op. The layout determines their order; this function only dispatches.
pub(super) fn apply(raster: Raster, op: &Op, overlays: &mut Prepared) -> Result<Raster, RenderError> {
    Ok(match op {
        Op::Extend(extend) => extend::apply(raster, extend)?,
        Op::HideFaces(op) => hide_faces::apply(raster, op),
        Op::RedEye(eyes) => redeye::apply(raster, eyes),
        Op::FocalDebug { x, y } => focal_debug::apply(raster, *x, *y),
        Op::MirrorHorizontal => mirror::horizontal(raster),
        Op::MirrorVertical => mirror::vertical(raster),
        Op::Rotate(rotate) => rotate::apply(raster, rotate),
        Op::Reflect(op) => reflect::apply(raster, op)?,
        Op::Shadow(op) => shadow::apply(raster, op)?,
        Op::Turn(turn) => rotate::turned(raster, turn),
        Op::Background(color) => background::apply(raster, *color),
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
        Op::Halftone { dot_px } => halftone::apply(raster, *dot_px),
        Op::Pixellate { block_px } => pixellate::apply(&raster, *block_px),
        Op::Blur { sigma_px } => blur::apply(&raster, *sigma_px),
        Op::Enhance => {
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
