//! Encoders: pixels in, the bytes of one format out. One encoder a file; what they share is in `pixels`.
//!
//! Which encoder and which effort were chosen from measurements, see `benches/README.md`. No encoder writes metadata
//! other than the colour profile and the resolution it is given.

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

/// What goes into the file beside the pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attached<'a> {
    /// An ICC profile, attached where the format [keeps](crate::plan::Facts::keeps_profile) one.
    pub profile: Option<&'a [u8]>,
    /// The payload of the original's IPTC marker (APP13, from `Photoshop 3.0` on), written to JPEG only.
    pub iptc: Option<&'a [u8]>,
}

/// Frames shown one after the other. All have the same size and channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Animation {
    /// At least one.
    pub frames: Vec<Raster>,
    /// How long each frame is shown, in milliseconds, as many as `frames`.
    pub delays_ms: Vec<u32>,
    /// How often it is shown; 0 is for ever.
    pub loops: u32,
}

/// Encodes one picture.
///
/// Takes grey or RGB, straight alpha or none, 8 or 16 bits (written as 8), in the colour space that the
/// profile describes, sRGB without one. Alpha is flattened onto white for formats without it, and left out where every pixel is
/// opaque. The profile is attached where the format [keeps](crate::plan::Facts::keeps_profile) one.
///
/// # Errors
/// [`RenderError::Encode`] when the encoder fails or the picture is larger than the format allows,
/// [`RenderError::UnsupportedFormat`] when this build of libvips cannot write it.
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

/// Encodes an animation, as [`encode`] does a picture.
///
/// # Errors
/// As [`encode`]; [`RenderError::Encode`] too for a format without animation, and when frames differ in size.
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

/// Mean difference of horizontal neighbours in luma, 0 to 255, of every fourth row: how much an encoder has to say.
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

/// Eight bits, no alpha where the format or the picture has none, and no more colours than asked for.
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

/// Width and height as the encoders count them.
fn extent(size: Size) -> (usize, usize) {
    (size.width as usize, size.height as usize)
}

#[cfg(test)]
mod tests;
