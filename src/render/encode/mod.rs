//! Encoders: convert pixels to the bytes of one format. One file per encoder; shared code is in `pixels`.
//!
//! The choice of encoders and effort is based on measurements, see `benches/README.md`. The only metadata that encoders
//! write is what they are given: the colour profile, the resolution and, in JPEG, the IPTC block.

mod avif;
mod jpeg;
mod jpeg_markers;
#[cfg(feature = "jpegli")]
mod jpegli;
mod palette;
mod pixels;
mod png;
mod riff;
#[cfg(any(test, not(feature = "jpegli")))]
mod turbo;
mod vips;

use std::borrow::Cow;

use crate::pixels::points;
use crate::pixels::raster::{Raster, Samples};
use crate::plan::{Format, Output};
use crate::render::RenderError;
use crate::units::Size;

/// Metadata that goes into the file in addition to the pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attached<'a> {
    /// An ICC profile. It is attached if the format [keeps](crate::plan::Facts::keeps_profile) one.
    pub profile: Option<&'a [u8]>,
    /// The payload of the original's IPTC marker (APP13, starting at `Photoshop 3.0`). Only written to JPEG.
    pub iptc: Option<&'a [u8]>,
}

/// Frames of an animation. All have the same size and channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Animation {
    /// At least one.
    pub frames: Vec<Raster>,
    /// How long each frame is shown, in milliseconds. As many entries as `frames`.
    pub delays_ms: Vec<u32>,
    /// Number of plays; 0 means forever.
    pub loops: u32,
}

/// Encodes one image.
///
/// Accepts grey or RGB, with straight alpha or without, in 8 or 16 bits (written as 8), in the colour space of the
/// profile, or in sRGB if there is none. Alpha is flattened onto white for formats without alpha, and omitted if every
/// pixel is opaque. The profile is attached if the format [keeps](crate::plan::Facts::keeps_profile) one.
///
/// # Errors
/// [`RenderError::Encode`] when the encoder fails or the image is larger than the format allows,
/// [`RenderError::UnsupportedFormat`] when this build of libvips cannot write the format.
pub fn encode(
    raster: &Raster,
    format: Format,
    output: &Output,
    attached: Attached<'_>,
) -> Result<Vec<u8>, RenderError> {
    if raster.size.width.max(raster.size.height) > format.facts().side_max {
        return Err(failed(format));
    }
    let raster = prepare(raster, format, output);
    match format {
        Format::Jpeg => jpeg::encode(&raster, output, attached),
        Format::Png | Format::Png8 | Format::Png32 => png::encode(&raster, format, output, attached.profile),
        Format::Avif => avif::encode(&raster, output),
        Format::Webp => vips::webp(&raster, output, attached.profile),
        Format::Gif => vips::gif(&raster, output),
        Format::Jxl => vips::jxl(&raster, output, attached.profile),
        Format::Jp2 => vips::jp2(&raster, output),
    }
}

/// Encodes an animation in the same way as [`encode`] encodes an image.
///
/// # Errors
/// The same as [`encode`]; also [`RenderError::Encode`] for a format without animation, and when the frames differ in
/// size or channels.
pub fn encode_animation(
    animation: Animation,
    format: Format,
    output: &Output,
    attached: Attached<'_>,
) -> Result<Vec<u8>, RenderError> {
    let first = animation.frames.first().ok_or_else(|| failed(format))?;
    let alike = animation.frames.iter().all(|frame| frame.size == first.size && frame.channels == first.channels);
    if !alike || !format.facts().is_animated || first.size.width.max(first.size.height) > format.facts().side_max {
        return Err(failed(format));
    }
    let frame = first.size;
    let Animation { frames, delays_ms, loops } = animation;
    let stack = pixels::stack(frames);
    let stack = prepare(&stack, format, output);
    let timing = vips::Timing { frame, delays_ms: &delays_ms, loops };
    vips::animation(&stack, &timing, format, output, attached.profile)
}

/// Returns the mean luma difference of horizontal neighbours, 0 to 255, over every fourth row. It estimates how much an
/// encoder has to encode.
#[must_use]
pub fn detail(raster: &Raster) -> f32 {
    match &raster.samples {
        Samples::U8(samples) => detail_of(samples, raster, 1.0),
        Samples::U16(samples) => detail_of(samples, raster, 1.0 / 257.0),
    }
}

fn detail_of<T: Copy + Into<f32>>(samples: &[T], raster: &Raster, scale: f32) -> f32 {
    const ROW_STEP: usize = 4;
    let (width, height) = extent(raster.size);
    let channels = usize::from(raster.channels);
    let luma = |pixel: &[T]| match pixel {
        &[r, g, b] | &[r, g, b, _] => points::luma([r.into(), g.into(), b.into()]),
        _ => pixel.first().map_or(0.0, |&grey| grey.into()),
    };
    let rows = samples.chunks_exact((width * channels).max(1)).step_by(ROW_STEP);
    let sum: f64 = rows
        .map(|row| {
            let pixels = row.chunks_exact(channels);
            let next = pixels.clone().skip(1).map(luma);
            pixels.map(luma).zip(next).map(|(here, there)| (there - here).abs()).sum::<f32>()
        })
        .map(f64::from)
        .sum();
    let count = width.saturating_sub(1) * height.div_ceil(ROW_STEP);
    if count == 0 { 0.0 } else { (sum / count as f64) as f32 * scale }
}

/// Converts to 8 bits, removes alpha if the format or the image has none, and reduces the colours to the requested
/// number.
fn prepare<'a>(raster: &'a Raster, format: Format, output: &Output) -> Cow<'a, Raster> {
    let mut raster = pixels::depth_8(raster);
    if raster.has_alpha() && !format.facts().keeps_alpha {
        raster = Cow::Owned(pixels::flatten(&raster));
    } else if raster.has_alpha() && pixels::is_opaque(&raster) {
        raster = Cow::Owned(pixels::without_alpha(&raster));
    }
    match output.colors_max.filter(|_| !format.facts().has_palette) {
        None => raster,
        Some(colors) => Cow::Owned(palette::Indexed::new(&raster, colors).to_raster()),
    }
}

const fn failed(format: Format) -> RenderError {
    RenderError::Encode(format)
}

/// Returns width and height as `usize`.
fn extent(size: Size) -> (usize, usize) {
    (size.width as usize, size.height as usize)
}

#[cfg(test)]
mod tests;
