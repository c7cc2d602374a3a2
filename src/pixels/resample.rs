//! Scales an image and keeps a window of it: Lanczos3 in linear light, alpha premultiplied, 32-bit float inside.
//!
//! One separable resampler for every ratio, which reads only the part of the source that the window needs. Its result
//! is the same on every machine with fused multiply-add, because no sum depends on the width of the machine's vectors,
//! and a window gets the same pixels as the whole image. `kernel` holds the filter, `light` the transfer function,
//! `convolve` the loops. `benches/README.md` explains, with timings, why this is not a crate.

mod convolve;
mod kernel;
mod light;

use super::Misfit;
use crate::pixels::raster::{Raster, Samples};
use crate::units::{Rect, Size};

use self::kernel::Axis;

/// Scales the whole image to `scaled` and keeps `window` of it.
///
/// Takes sRGB-encoded grey or RGB of 8 or 16 bits, with straight alpha or without. Returns an image of the window's
/// size with the same channels in 8 bits.
///
/// # Errors
/// [`Misfit`] if the window is not inside the scaled image, or if the raster's size and samples disagree.
pub fn apply(raster: Raster, scaled: Size, window: Rect) -> Result<Raster, Misfit> {
    if !window.is_inside(scaled) || !raster.is_consistent() {
        return Err(Misfit::Resize);
    }
    if scaled == raster.size {
        return Ok(cut(raster, window));
    }
    let columns = Axis::new(raster.size.width, scaled.width, window.left, window.size.width);
    let rows = Axis::new(raster.size.height, scaled.height, window.top, window.size.height);
    let samples = convolve::resample(&raster, &columns, &rows);
    Ok(Raster { size: window.size, channels: raster.channels, samples: Samples::U8(samples) })
}

/// Scales the whole image to `scaled`, as [`apply`] does.
///
/// # Errors
/// As [`apply`].
pub fn scale_whole(raster: Raster, scaled: Size) -> Result<Raster, Misfit> {
    apply(raster, scaled, Rect::whole(scaled))
}

/// Keeps `window`, in 8 bits, of an image that needs no scaling.
fn cut(raster: Raster, window: Rect) -> Raster {
    let channels = usize::from(raster.channels);
    let row_len = raster.size.width as usize * channels;
    let left = window.left as usize * channels;
    let span = left..left + window.size.width as usize * channels;
    let rows = window.top as usize..window.top as usize + window.size.height as usize;
    let samples = match raster.samples {
        Samples::U8(samples) if window.size == raster.size => samples,
        Samples::U8(samples) => rows.flat_map(|y| &samples[y * row_len..][span.clone()]).copied().collect(),
        Samples::U16(samples) => {
            rows.flat_map(|y| &samples[y * row_len..][span.clone()]).map(|&v| light::depth_8(v)).collect()
        }
    };
    Raster { size: window.size, channels: raster.channels, samples: Samples::U8(samples) }
}

#[cfg(test)]
mod tests;
