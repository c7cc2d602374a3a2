//! JPEG 2000, both files and bare codestreams, using a decoder that cannot return uninitialised memory.
//!
//! libvips is not used: its unpacking assumes that the image and tile origins are 0, and returns heap contents for
//! other files (libvips#4154). Damaged files are rejected, as are features that the decoder does not support. Source:
//! ISO/IEC 15444-1 annexes A and I.

use crate::sniff::SourceFormat;
use hayro_jpeg2000::error::{FormatError, MarkerError};
use hayro_jpeg2000::{ColorSpace as Colours, ComponentData, DecodeError, DecodeSettings, DecoderContext, Image};

use super::Decoded;
use crate::param::ColorSpace;
use crate::pixels::raster::{Raster, Samples};
use crate::plan::Measured;
use crate::render::color::convert;
use crate::render::{Codec, RenderError};
use crate::units::Size;

/// Maximum bits per sample. Images never use more, and the decoder's arithmetic could not distinguish more.
const BITS_MAX: u8 = 24;

fn open(bytes: &[u8]) -> Result<Image<'_>, RenderError> {
    let settings = DecodeSettings { strict: true, ..DecodeSettings::default() };
    let image = Image::new(bytes, &settings).map_err(refusal)?;
    let is_lab = matches!(image.color_space(), Colours::Icc { profile, .. } if profile.get(16..20) == Some(b"Lab "));
    if is_lab || image.original_bit_depth() > BITS_MAX {
        return Err(unsupported());
    }
    Ok(image)
}

fn refusal(error: DecodeError) -> RenderError {
    match error {
        DecodeError::Format(FormatError::Unsupported) | DecodeError::Marker(MarkerError::Unsupported) => unsupported(),
        DecodeError::Format(_)
        | DecodeError::Marker(_)
        | DecodeError::Tile(_)
        | DecodeError::Validation(_)
        | DecodeError::Decoding(_)
        | DecodeError::Color(_) => RenderError::Undecodable,
    }
}

fn unsupported() -> RenderError {
    RenderError::UnsupportedFormat(Codec::Reader(SourceFormat::Jp2))
}

/// Reads the header.
pub(super) fn measure(bytes: &[u8]) -> Result<Measured, RenderError> {
    let image = open(bytes)?;
    let size = Size::new(image.width(), image.height());
    Ok(Measured { size, orientation: 1, has_alpha: image.has_alpha(), frames: 1 })
}

/// Decodes an image that has been measured, so its size is within the limits.
pub(super) fn decode(bytes: &[u8], color_space: ColorSpace) -> Result<Decoded<'static>, RenderError> {
    let image = open(bytes)?;
    let size = Size::new(image.width(), image.height());
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(refusal)?;
    let components = decoded.components();
    let profile = match image.color_space() {
        Colours::Icc { profile, .. } => Some(profile.as_slice()),
        Colours::Gray | Colours::RGB | Colours::CMYK | Colours::Unknown { .. } => None,
    };
    // With more than four channels and no description of them, the first three are colours.
    let colours = match image.color_space().num_channels() {
        4 => 4,
        channels @ 1..=2 => channels.min(1),
        _ => 3,
    };
    let alpha = image.color_space().num_channels() as usize;
    let mut chosen: Vec<&ComponentData> = components.iter().take(usize::from(colours)).collect();
    if chosen.len() < usize::from(colours) {
        return Err(RenderError::Undecodable);
    }
    if colours == 4 {
        let raster = interleaved(&chosen, size)?.into_8_bit();
        let (raster, profile) = convert::decoded_inks(&raster, profile, color_space)?;
        return Ok(Decoded::still(raster, profile));
    }
    if image.has_alpha() {
        chosen.push(components.get(alpha).ok_or(RenderError::Undecodable)?);
    }
    let (raster, profile) = convert::decoded_raster(interleaved(&chosen, size)?, profile, color_space);
    Ok(Decoded::still(raster, profile))
}

/// Interleaves the components, scaling each to the full range from its own bit depth. The result has 8 bits if no
/// component has more.
fn interleaved(components: &[&ComponentData], size: Size) -> Result<Raster, RenderError> {
    let pixels = usize::try_from(size.area()).map_err(|_| RenderError::Undecodable)?;
    if components.iter().any(|component| component.samples().len() != pixels || component.bit_depth() > BITS_MAX) {
        return Err(RenderError::Undecodable);
    }
    let full = |component: &ComponentData| ((1_u32 << component.bit_depth()) - 1) as f32;
    let scales = |max: f32| components.iter().map(|one| (one.samples(), max / full(one))).collect::<Vec<_>>();
    // The cast saturates at both ends.
    let samples = if components.iter().all(|component| component.bit_depth() <= 8) {
        let planes = scales(255.0);
        Samples::U8((0..pixels).flat_map(|at| planes.iter().map(move |(v, by)| (v[at] * by + 0.5) as u8)).collect())
    } else {
        let planes = scales(65_535.0);
        Samples::U16((0..pixels).flat_map(|at| planes.iter().map(move |(v, by)| (v[at] * by + 0.5) as u16)).collect())
    };
    Ok(Raster { size, channels: components.len() as u8, samples })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vips::{Call, Image as Written};

    /// Encodes these pixels as a lossless codestream with a single tile.
    fn file(raster: &Raster) -> Vec<u8> {
        crate::vips::init().unwrap();
        let image = Written::from_raster(raster).unwrap();
        Call::new(c"jp2ksave_buffer").image(c"in", &image).flag(c"lossless", true).strip().bytes_out().unwrap()
    }

    fn gradient(channels: u8, deep: bool) -> Raster {
        let size = Size::new(40, 30);
        let count = size.area() as u16 * u16::from(channels);
        let samples = if deep {
            Samples::U16((0..count).map(|v| v.wrapping_mul(13)).collect())
        } else {
            Samples::U8((0..count).map(|v| (v * 7 % 251) as u8).collect())
        };
        Raster { size, channels, samples }
    }

    #[test]
    fn channels_and_depths_come_back() {
        for channels in 1..=4 {
            for deep in [false, true] {
                let raster = gradient(channels, deep);
                let bytes = file(&raster);
                let measured = measure(&bytes).unwrap();
                assert_eq!((measured.size, measured.has_alpha), (raster.size, raster.has_alpha()), "{channels} {deep}");
                assert_eq!(decode(&bytes, ColorSpace::Origin).unwrap().into_first().unwrap(), raster);
            }
        }
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let bytes = file(&gradient(3, false));
        for length in 0..bytes.len() - 2 {
            let cut = &bytes[..length];
            assert!(measure(cut).is_err() || decode(cut, ColorSpace::Origin).is_err(), "cut at {length}");
        }
        // Changes every single byte of the header. The result must be an image of the size that the header states, or
        // an error.
        for at in 0..bytes.len().min(200) {
            for value in [0, 1, 0x7F, 0xFF] {
                let mut changed = bytes.clone();
                changed[at] = value;
                let Ok(measured) = measure(&changed) else { continue };
                if measured.size.area() > 1 << 20 {
                    continue;
                }
                if let Ok(decoded) = decode(&changed, ColorSpace::Origin) {
                    let raster = decoded.into_first().unwrap();
                    assert!(raster.is_consistent() && raster.size == measured.size, "{at} = {value}");
                }
            }
        }
    }
}
