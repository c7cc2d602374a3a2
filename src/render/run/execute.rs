//! Who performs each op, and what an op takes from the pixels of the first frame.

use crate::pixels::raster::Raster;
use crate::pixels::{background, crop, orient, resample};
use crate::plan::{
    BlendOp, BlendOpLayer, BorderOp, Extend, ExtendFill, GradientFill, MaskOp, Op, Pad, Resize, Rotate, ShadowOp,
    TextOp, Window,
};
use crate::render::RenderError;
use crate::render::color::convert;
use crate::render::stage::{
    adjust, blend, blur, border, denoise, enhance, extend, fade, find, focal_debug, gradient, grid, halftone,
    hide_faces, mark, mask, mirror, pad, pixellate, redeye, reflect, rotate, shadow, sharpen, text, threshold, tone,
};
use crate::units::{Color, Size};

/// Colours of the request are sRGB; the picture may not be.
pub(super) fn in_space(mut ops: Vec<Op>, profile: Option<&[u8]>) -> Vec<Op> {
    if profile.is_some() {
        for color in ops.iter_mut().flat_map(colors_of) {
            *color = convert::color_in(*color, profile);
        }
    }
    ops
}

/// The colours that an op paints with.
fn colors_of(op: &mut Op) -> Vec<&mut Color> {
    match op {
        Op::Extend(Extend { fill: ExtendFill::Solid(color), .. })
        | Op::Rotate(Rotate { background: color, .. })
        | Op::Background(color)
        | Op::Blend(BlendOp { layer: BlendOpLayer::Color(color), .. })
        | Op::Mask(MaskOp { background: Some(color), .. })
        | Op::Shadow(ShadowOp { color, .. })
        | Op::Pad(Pad { color, .. }) => vec![color],
        Op::Extend(Extend { fill: ExtendFill::Gradient(GradientFill { colors: Some(colors), .. }), .. }) => {
            colors.iter_mut().map(|stop| &mut stop.color).collect()
        }
        Op::Gradient(op) => op.colors.stops.iter_mut().map(|stop| &mut stop.color).collect(),
        Op::Grid(grid) => grid.colors.iter_mut().collect(),
        Op::Tone(chain) => chain.iter_mut().flat_map(tone::colors).collect(),
        Op::Border(BorderOp { border, .. }) => {
            std::iter::once(&mut border.color).chain(border.stroke.as_mut().map(|(_, color)| color)).collect()
        }
        Op::Text(TextOp { text, behind, .. }) => {
            let outline = text.outline.as_mut().map(|(_, color)| color);
            let backing = text.backing.as_mut().map(|backing| &mut backing.color);
            std::iter::once(&mut text.color).chain(outline).chain(backing).chain(behind).collect()
        }
        Op::Orient(_)
        | Op::Crop(_)
        | Op::Trim(_)
        | Op::HideFaces(_)
        | Op::RedEye(_)
        | Op::Resize(_)
        | Op::FocalDebug { .. }
        | Op::Enhance
        | Op::Adjust(_)
        | Op::Denoise(_)
        | Op::Sharpen(_)
        | Op::Extend(_)
        | Op::MirrorHorizontal
        | Op::MirrorVertical
        | Op::Halftone { .. }
        | Op::Pixellate { .. }
        | Op::Blur { .. }
        | Op::Threshold(_)
        | Op::Blend(_)
        | Op::Fade(_)
        | Op::Turn(_)
        | Op::Reflect(_)
        | Op::Mask(_)
        | Op::Tap(_)
        | Op::Mark(_) => Vec::new(),
    }
}

/// Resizes; a window that is still to be found is found on the scaled picture and fixed for the frames to come.
pub(super) fn place_and_resize(raster: Raster, op: &mut Resize) -> Result<Raster, RenderError> {
    let Window::Find { size, finders, otherwise } = &op.window else {
        return Ok(resample::apply(raster, op.scaled, op.kept())?);
    };
    let whole = resample::scale_whole(raster, op.scaled)?;
    let rect = find::window(&whole, *size, finders, *otherwise);
    op.window = Window::Fixed(rect);
    Ok(crop::apply(whole, rect)?)
}

/// Fills in what an op takes from the pixels of the first frame, for all frames alike.
pub(super) fn settle(op: &mut Op, raster: &Raster) {
    if let Op::Extend(Extend { fill: ExtendFill::Gradient(GradientFill { colors: colors @ None, .. }), .. }) = op {
        *colors = Some(extend::own_colors(raster));
    } else if let Op::Tone(chain) = op {
        tone::settle(chain, raster);
    }
}

/// The order of the pipeline is the layout's; this is only who does what.
pub(super) fn apply(raster: Raster, op: &Op, overlays: &mut Prepared) -> Result<Raster, RenderError> {
    Ok(match op {
        Op::Orient(value) => orient::apply(raster, *value),
        Op::Crop(rect) => crop::apply(raster, *rect)?,
        Op::Resize(resize) => resample::apply(raster, resize.scaled, resize.kept())?,
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
        // Always last: read off the picture when all is drawn.
        Op::Tap(_) => raster,
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
        // Measured and laid out again before; what follows a trim that is still there is the layout for nothing trimmed.
        Op::Trim(_) => raster,
    })
}

/// Overlays that are ready to be laid over, for every frame alike.
#[derive(Debug, Default)]
pub(in crate::render) struct Prepared {
    pub(in crate::render) blend: Option<Raster>,
    pub(in crate::render) mark: Option<Raster>,
    pub(super) mask: Option<Raster>,
}

impl Prepared {
    /// The picture of the mask, stretched to `size`.
    ///
    /// # Errors
    /// As [`resample::scale_whole`].
    pub(in crate::render) fn mask(&mut self, size: Size) -> Result<Option<&Raster>, RenderError> {
        if let Some(mask) = self.mask.take() {
            self.mask = Some(if mask.size == size { mask } else { resample::scale_whole(mask, size)? });
        }
        Ok(self.mask.as_ref())
    }
}
