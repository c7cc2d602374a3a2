//! Draws a mirror image below an image, like a reflection on a glossy floor.
//!
//! It starts at the lowest opaque row, so that a cut-out with empty space below it still stands on its reflection.

use crate::pixels::paint::{self, Leaves};
use crate::pixels::raster::{Raster, Samples};
use crate::plan::ReflectOp;
use crate::render::{RenderError, Step};
use crate::units::Size;

/// Places the image at the top of the taller `op.canvas` and its fading mirror image below. Returns 8 bits with alpha.
/// Where both overlap, the image is in front.
///
/// # Errors
/// [`RenderError::Stage`] if the image does not fit the canvas.
pub fn apply(raster: Raster, op: &ReflectOp) -> Result<Raster, RenderError> {
    let Size { width, height } = raster.size;
    if op.canvas.width != width || op.canvas.height < height {
        return Err(RenderError::Stage(Step::Reflect));
    }
    // Paints nothing; just adds an alpha channel.
    let raster = paint::rows(raster, Leaves { grey: true, opaque: false }, |_, _| {});
    let channels = usize::from(raster.channels);
    let row_len = width as usize * channels;
    let mut bytes = raster.into_bytes();
    let is_opaque = |row: &[u8]| row.iter().skip(channels - 1).step_by(channels).any(|a| *a >= 128);
    let ground = bytes.chunks_exact(row_len).rposition(is_opaque).map_or(height as usize, |row| row + 1);
    bytes.resize(row_len * op.canvas.height as usize, 0);
    for step in 0..ground.min(op.canvas.height as usize - ground) {
        let (above, below) = bytes.split_at_mut((ground + step) * row_len);
        let strength = op.reflection.opacity * (1.0 - op.reflection.falloff * (step as f64 + 0.5) / ground as f64);
        let mirrored = &above[(ground - 1 - step) * row_len..][..row_len];
        for (to, from) in below.chunks_exact_mut(channels).zip(mirrored.chunks_exact(channels)) {
            let alpha = (f64::from(from[channels - 1]) * strength + 0.5) as u8;
            // Faint parts of the image below its last opaque row stay in front.
            if alpha > to[channels - 1] {
                to.copy_from_slice(from);
                to[channels - 1] = alpha;
            }
        }
    }
    Ok(Raster { size: op.canvas, channels: channels as u8, samples: Samples::U8(bytes) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Reflection;

    #[test]
    fn the_image_is_upside_down_and_fades() {
        let op = |opacity, falloff| ReflectOp { reflection: Reflection { opacity, falloff }, canvas: Size::new(1, 6) };
        // Two rows, and a transparent one below them.
        let image = Raster { size: Size::new(1, 3), channels: 2, samples: Samples::U8(vec![10, 255, 20, 255, 30, 0]) };
        let mirror = apply(image.clone(), &op(1.0, 0.0)).unwrap();
        assert_eq!(
            (mirror.size, mirror.into_bytes()),
            (Size::new(1, 6), vec![10, 255, 20, 255, 20, 255, 10, 255, 0, 0, 0, 0])
        );
        let faint = apply(image, &op(0.5, 1.0)).unwrap().into_bytes();
        assert_eq!([faint[5], faint[7]], [96, 32]);
        let grey = Raster { size: Size::new(1, 3), channels: 1, samples: Samples::U16(vec![65535; 3]) };
        assert_eq!(apply(grey.clone(), &op(1.0, 0.0)).unwrap().into_bytes(), [255; 12]);
        let low = ReflectOp { canvas: Size::new(1, 2), ..op(1.0, 0.0) };
        assert!(apply(grey, &low).is_err());
    }
}
