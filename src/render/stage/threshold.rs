//! Reduces to pure black and white: `threshold`.

use crate::pixels::points::luma;
use crate::pixels::raster::{Raster, Samples};
use crate::plan::Threshold;

/// Makes each pixel black or white by its luminance on encoded values. Size, channels and alpha stay. Returns 8 bits.
#[must_use]
pub fn apply(raster: Raster, op: &Threshold) -> Raster {
    let light = light(&raster);
    let cutoff = op.cutoff as f32;
    let white: Vec<bool> = light.iter().map(|light| *light >= cutoff).collect();
    let channels = usize::from(raster.channels);
    let colors = channels - usize::from(raster.has_alpha());
    let raster = raster.into_8_bit();
    let (size, channels_out) = (raster.size, raster.channels);
    let mut samples = raster.into_bytes();
    for (pixel, white) in samples.chunks_exact_mut(channels).zip(white) {
        pixel[..colors].fill(if white { 255 } else { 0 });
    }
    Raster { size, channels: channels_out, samples: Samples::U8(samples) }
}

/// Returns the luminance of each pixel, 0 to 1, at the depth of the image.
fn light(raster: &Raster) -> Vec<f32> {
    let channels = usize::from(raster.channels);
    let of = |pixel: [f32; 3], most: f32| luma(pixel) / most;
    match &raster.samples {
        Samples::U8(samples) => {
            samples.chunks_exact(channels).map(|pixel| of(rgb(pixel).map(f32::from), 255.0)).collect()
        }
        Samples::U16(samples) => {
            samples.chunks_exact(channels).map(|pixel| of(rgb(pixel).map(f32::from), 65_535.0)).collect()
        }
    }
}

fn rgb<T: Copy>(pixel: &[T]) -> [T; 3] {
    if let [r, g, b, ..] = *pixel { [r, g, b] } else { [pixel[0]; 3] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    fn op(cutoff: f64) -> Threshold {
        Threshold { cutoff }
    }

    fn grey(level: u8) -> Raster {
        Raster { size: Size::new(64, 64), channels: 1, samples: Samples::U8(vec![level; 64 * 64]) }
    }

    /// Returns the share of white pixels; all others must be black.
    fn white(raster: Raster) -> f64 {
        let bytes = raster.into_bytes();
        assert!(bytes.iter().all(|v| *v == 0 || *v == 255));
        bytes.iter().filter(|v| **v == 255).count() as f64 / bytes.len() as f64
    }

    #[test]
    fn brightness_at_the_cutoff_is_white_and_below_it_black() {
        let samples = vec![0, 0, 0, 9, 127, 127, 127, 255, 128, 128, 128, 0, 255, 0, 0, 255, 0, 255, 0, 255];
        let raster = Raster { size: Size::new(5, 1), channels: 4, samples: Samples::U8(samples) };
        let out = apply(raster.clone(), &op(0.5)).into_bytes();
        assert_eq!(out, [0, 0, 0, 9, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255, 255]);
        let levels = |cutoff, level| white(apply(grey(level), &op(cutoff))) > 0.5;
        assert!(levels(0.0, 0) && levels(1.0, 255) && !levels(1.0, 254) && !levels(0.01, 0));
        let deep = Raster { size: Size::new(2, 1), channels: 1, samples: Samples::U16(vec![32_767, 32_768]) };
        assert_eq!(apply(deep, &op(0.5)).samples, Samples::U8(vec![0, 255]));
    }
}
