//! AVIF using ravif: 10 bits, full-resolution chroma, one thread.

use ravif::{Encoder, Img, RGBA8};

use crate::pixels::raster::Raster;
use crate::plan::{Format, Output};
use crate::render::RenderError;

use super::{extent, failed, pixels};

/// Effort, 1 (best) to 10 (fastest), chosen by measurement.
const SPEED: u8 = 9;

/// Encodes 8-bit pixels, with alpha only if some pixel is not opaque. Grey is encoded as RGB.
///
/// # Errors
/// [`RenderError::Encode`] when the encoder fails.
pub(super) fn encode(raster: &Raster, output: &Output) -> Result<Vec<u8>, RenderError> {
    let (width, height) = extent(raster.size);
    let quality = translate(output.quality.get());
    let encoder = Encoder::new()
        .with_num_threads(Some(1))
        .with_speed(SPEED)
        .with_quality(quality)
        // Errors at alpha edges are more visible than at colour edges, and this costs little.
        .with_alpha_quality((quality + 10.0).min(100.0));
    let pixels: Vec<RGBA8> = pixels::rgba(raster).map(|[r, g, b, a]| RGBA8::new(r, g, b, a)).collect();
    // For opaque pixels the output is the same as from `encode_rgb`. That function is inline, so the whole encoder
    // would be compiled again in this crate, and without optimisation it would take three times as long in a debug
    // build.
    let encoded = encoder.encode_rgba(Img::new(&pixels, width, height));
    encoded.map(|encoded| encoded.avif_file).map_err(|_| failed(Format::Avif))
}

/// Converts a quality on the JPEG scale to ravif's quality, 1 to 100, that looks about the same.
fn translate(quality: u8) -> f32 {
    f32::from(quality).mul_add(0.8, 8.0).clamp(1.0, 100.0)
}
