//! Scale a picture and keep a window of it: Lanczos3 in linear light, alpha premultiplied, 32-bit float inside.
//!
//! One separable resampler for every ratio, reading only the part of the source that the window needs. What it
//! computes is the same on every machine with fused multiply-add, because no sum depends on the width of the machine's
//! vectors, and the same for a window as for the whole picture. `kernel` holds the filter, `light` the transfer function, `convolve` the
//! loops; why this is no crate is told, with timings, in `benches/README.md`.

mod convolve;
mod kernel;
mod light;

use super::Misfit;
use crate::pixels::raster::{Raster, Samples};
use crate::units::{Rect, Size};

use self::kernel::Axis;

/// Scales the whole picture to `scaled` and keeps `window` of it.
///
/// Takes sRGB-encoded grey or RGB of 8 or 16 bits, straight alpha or none; returns the same channels in 8 bits, the
/// size of the window.
///
/// # Errors
/// [`Misfit`] if the window is not inside the scaled picture, or the raster is not what it says.
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

/// Scales the whole picture to `scaled`, as [`apply`] does.
///
/// # Errors
/// As [`apply`].
pub fn scale_whole(raster: Raster, scaled: Size) -> Result<Raster, Misfit> {
    apply(raster, scaled, Rect::whole(scaled))
}

/// Keeps `window`, in 8 bits, of a picture that needs no scaling.
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
