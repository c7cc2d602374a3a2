//! PNG using the `png` crate: grey, RGB, either with alpha, or a palette.
//!
//! libvips is not used: its zlib takes several times as long for files of the same size (`benches/README.md`). Its
//! palettes need a library that not every build includes, and their number of colours can only be a power of two.

use std::borrow::Cow;

use png::{BitDepth, ColorType, Compression, Encoder, Info, PixelDimensions, Unit};

use crate::pixels::raster::Raster;
use crate::plan::{Format, Output};
use crate::render::RenderError;
use crate::units::Size;

use super::palette::Indexed;
use super::{extent, failed, pixels};

/// Colours of a PNG8 if the request states no number: the maximum of a palette.
const PALETTE_MAX: u16 = 256;

/// Encodes 8-bit grey or RGB, with alpha only if some pixel is not opaque.
///
/// `Png` writes the existing channels, or a palette if a number of colours is requested. `Png8` always writes a
/// palette, and `Png32` always writes RGBA.
///
/// # Errors
/// [`RenderError::Encode`] when the encoder fails.
pub(super) fn encode(
    raster: &Raster,
    format: Format,
    output: &Output,
    profile: Option<&[u8]>,
) -> Result<Vec<u8>, RenderError> {
    let colors = match output.colors_max {
        // Always RGBA, whatever number of colours is requested.
        _ if format == Format::Png32 => None,
        None if format == Format::Png8 => Some(PALETTE_MAX),
        asked => asked,
    };
    let written = match colors {
        Some(colors) => write_indexed(&Indexed::new(raster, colors), output, profile),
        None if format == Format::Png32 => {
            let samples: Vec<u8> = pixels::rgba(raster).flatten().collect();
            write(raster, ColorType::Rgba, &samples, output, profile)
        }
        None => {
            let color = match raster.channels {
                1 => ColorType::Grayscale,
                2 => ColorType::GrayscaleAlpha,
                3 => ColorType::Rgb,
                _ => ColorType::Rgba,
            };
            write(raster, color, pixels::bytes(raster), output, profile)
        }
    };
    written.map_err(|_| failed(format))
}

fn write(
    raster: &Raster,
    color: ColorType,
    samples: &[u8],
    output: &Output,
    profile: Option<&[u8]>,
) -> Result<Vec<u8>, png::EncodingError> {
    let mut info = info(raster.size, output, grey_fits(color, profile));
    info.color_type = color;
    finish(info, Compression::Fast, samples)
}

fn write_indexed(indexed: &Indexed, output: &Output, profile: Option<&[u8]>) -> Result<Vec<u8>, png::EncodingError> {
    let depth = match indexed.colors.len() {
        0..=2 => BitDepth::One,
        3..=4 => BitDepth::Two,
        5..=16 => BitDepth::Four,
        _ => BitDepth::Eight,
    };
    let palette: Vec<u8> = indexed.colors.iter().flat_map(|color| &color[..3]).copied().collect();
    // Trailing opaque entries are implied (PNG specification, 11.3.1.1). The palette is sorted so that opaque entries
    // come last.
    let opacity: Vec<u8> = indexed.colors.iter().map(|color| color[3]).take_while(|&a| a < 255).collect();
    let mut info = info(indexed.size, output, grey_fits(ColorType::Indexed, profile));
    info.color_type = ColorType::Indexed;
    info.bit_depth = depth;
    info.palette = Some(Cow::Owned(palette));
    info.trns = (!opacity.is_empty()).then_some(Cow::Owned(opacity));
    finish(info, Compression::Balanced, &pack(indexed, depth as u8))
}

/// Packs indices at `bits` per pixel. Each row starts on a byte boundary.
fn pack(indexed: &Indexed, bits: u8) -> Vec<u8> {
    let (width, _) = extent(indexed.size);
    let a_byte = usize::from(8 / bits);
    let merge = |part: &[u8]| {
        let joined = part.iter().fold(0_u8, |byte, index| if bits == 8 { *index } else { byte << bits | index });
        // A partial last byte has its pixels in the high bits.
        if bits == 8 { joined } else { joined << (bits as usize * (a_byte - part.len())) }
    };
    indexed.indices.chunks_exact(width).flat_map(|row| row.chunks(a_byte).map(merge)).collect()
}

/// Returns the information that all our PNGs have in common.
fn info<'a>(size: Size, output: &Output, profile: Option<&'a [u8]>) -> Info<'a> {
    let mut info = Info::with_size(size.width, size.height);
    info.icc_profile = profile.map(Cow::Borrowed);
    info.pixel_dims = output.dpi.filter(|&dpi| dpi > 0).map(|dpi| {
        // An inch is 0.0254 m.
        let per_metre = (f64::from(dpi) / 0.0254).round() as u32;
        PixelDimensions { xppu: per_metre, yppu: per_metre, unit: Unit::Meter }
    });
    info
}

/// Returns the profile unless it describes other channels than the file has: an RGB profile on grey is an error in a
/// PNG.
fn grey_fits(color: ColorType, profile: Option<&[u8]>) -> Option<&[u8]> {
    let grey = matches!(color, ColorType::Grayscale | ColorType::GrayscaleAlpha);
    // The data colour space is at byte 16 of the header (ICC.1:2022, 7.2).
    profile.filter(|profile| profile.get(16..20).is_some_and(|space| (space == b"GRAY") == grey))
}

fn finish(info: Info<'_>, compression: Compression, samples: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut out = Vec::with_capacity(samples.len() / 2 + 1024);
    let mut encoder = Encoder::with_info(&mut out, info)?;
    encoder.set_compression(compression);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(samples)?;
    writer.finish()?;
    Ok(out)
}
