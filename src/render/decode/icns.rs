//! macOS icons: the largest image in the file.
//!
//! Modern icons contain complete PNG or JPEG 2000 files, which go to their own decoders. Older ones contain compressed
//! colour planes with a separate opacity mask. Source: the description in Apple's `IconStorage.h` and its readers.

use super::Decoded;
use crate::pixels::raster::{Raster, Samples};
use crate::plan::Measured;
use crate::render::{Codec, RenderError};
use crate::sniff::SourceFormat;
use crate::units::Size;

/// Members whose data is a complete file, with the side of the image.
const FILES: [(&[u8; 4], u32); 14] = [
    (b"ic10", 1024),
    (b"ic09", 512),
    (b"ic14", 512),
    (b"ic08", 256),
    (b"ic13", 256),
    (b"ic07", 128),
    (b"icp6", 64),
    (b"ic12", 64),
    (b"SB24", 48),
    (b"icsB", 36),
    (b"icp5", 32),
    (b"ic11", 32),
    (b"icsb", 18),
    (b"icp4", 16),
];

/// Members with compressed planes, the side, and the member with their opacity.
const PLANES: [(&[u8; 4], u32, &[u8; 4]); 4] =
    [(b"it32", 128, b"t8mk"), (b"ih32", 48, b"h8mk"), (b"il32", 32, b"l8mk"), (b"is32", 16, b"s8mk")];

/// Returns the largest image that is a complete file, unless one made of compressed planes is larger.
pub(super) fn embedded(bytes: &[u8]) -> Option<&[u8]> {
    let is_file = |data: &[u8]| {
        data.starts_with(b"\x89PNG") || data.starts_with(b"\0\0\0\x0cjP  ") || data.starts_with(b"\xFF\x4F\xFF\x51")
    };
    let found = FILES.iter().find_map(|(kind, side)| Some((member(bytes, kind).filter(|data| is_file(data))?, *side)));
    let (data, side) = found?;
    let is_larger = planes(bytes).is_none_or(|planes| planes.side <= side);
    is_larger.then_some(data)
}

/// An image made of compressed planes.
struct Planes<'b> {
    colours: &'b [u8],
    side: u32,
    opacity: Option<&'b [u8]>,
}

/// Returns the largest image made of compressed planes.
fn planes(bytes: &[u8]) -> Option<Planes<'_>> {
    PLANES.iter().find_map(|(kind, side, mask)| {
        Some(Planes { colours: member(bytes, kind)?, side: *side, opacity: member(bytes, mask) })
    })
}

/// Returns the data of the first member of this kind.
fn member<'b>(bytes: &'b [u8], kind: &[u8; 4]) -> Option<&'b [u8]> {
    let mut rest = bytes.get(8..)?;
    loop {
        let (found, after) = rest.split_first_chunk::<4>()?;
        let (length, data) = after.split_first_chunk::<4>()?;
        let (data, next) = data.split_at_checked((u32::from_be_bytes(*length) as usize).checked_sub(8)?)?;
        if found == kind {
            return Some(data);
        }
        rest = next;
    }
}

/// Measures the largest image made of compressed planes.
pub(super) fn measure(bytes: &[u8]) -> Result<Measured, RenderError> {
    let Planes { side, opacity, .. } =
        planes(bytes).ok_or(RenderError::UnsupportedFormat(Codec::Reader(SourceFormat::Icns)))?;
    Ok(Measured { size: Size::new(side, side), orientation: 1, has_alpha: opacity.is_some(), frames: 1 })
}

/// Decodes the largest image made of compressed planes.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded<'static>, RenderError> {
    let Planes { colours: data, side, opacity: mask } = planes(bytes).ok_or(RenderError::Undecodable)?;
    let pixels = (side * side) as usize;
    // The largest kind begins with four unused bytes.
    let mut rest = if side == 128 { data.get(4..).unwrap_or_default() } else { data };
    let colours = [unpack(&mut rest, pixels)?, unpack(&mut rest, pixels)?, unpack(&mut rest, pixels)?];
    let mask = mask.filter(|mask| mask.len() >= pixels);
    let mut samples = Vec::with_capacity(pixels * 4);
    for at in 0..pixels {
        samples.extend(colours.iter().map(|plane| plane[at]));
        samples.extend(mask.map(|mask| mask[at]));
    }
    let channels = if mask.is_some() { 4 } else { 3 };
    Ok(Decoded::still(Raster { size: Size::new(side, side), channels, samples: Samples::U8(samples) }, None))
}

/// Decompresses one plane: a count and that many literal bytes, or a count and a byte to repeat.
fn unpack(rest: &mut &[u8], pixels: usize) -> Result<Vec<u8>, RenderError> {
    let mut plane = Vec::with_capacity(pixels + 130);
    while plane.len() < pixels {
        let (&count, after) = rest.split_first().ok_or(RenderError::Undecodable)?;
        let count = usize::from(count);
        if count < 128 {
            let (bytes, after) = after.split_at_checked(count + 1).ok_or(RenderError::Undecodable)?;
            plane.extend_from_slice(bytes);
            *rest = after;
        } else {
            let (&byte, after) = after.split_first().ok_or(RenderError::Undecodable)?;
            plane.extend(std::iter::repeat_n(byte, count - 125));
            *rest = after;
        }
    }
    (plane.len() == pixels).then_some(plane).ok_or(RenderError::Undecodable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(members: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut out = b"icns\0\0\0\0".to_vec();
        for (kind, data) in members {
            out.extend([&kind[..], &(data.len() as u32 + 8).to_be_bytes(), data].concat());
        }
        out
    }

    /// Encodes a plane with a single value.
    fn run(value: u8, pixels: usize) -> Vec<u8> {
        [255, value].repeat(pixels / 130).into_iter().chain([(pixels % 130 + 125) as u8, value]).collect()
    }

    #[test]
    fn the_largest_file_inside_is_taken() {
        let (small, large) = (b"\x89PNG small", b"\x89PNG large");
        let icon = file(&[(b"ic11", small), (b"ic08", large), (b"ic07", small), (b"TOC ", b"")]);
        assert_eq!(embedded(&icon), Some(&large[..]));
        assert_eq!(embedded(&file(&[(b"ic08", b"ARGB"), (b"ic07", small)])), Some(&small[..]));
        assert_eq!(embedded(&file(&[(b"icp4", small), (b"it32", b"")])), None, "the planes are larger");
        for length in 0..icon.len() {
            assert!(embedded(&icon[..length]).is_none_or(|data| data.starts_with(b"\x89PNG")));
        }
    }

    #[test]
    fn planes_are_unpacked_with_their_opacity() {
        let colours: Vec<u8> = [10, 20, 30].iter().flat_map(|v| run(*v, 256)).collect();
        let mask: Vec<u8> = (0..=255).collect();
        let icon = file(&[(b"s8mk", &mask), (b"is32", &colours)]);
        assert!(measure(&icon).unwrap().has_alpha);
        let raster = decode(&icon).unwrap().into_first().unwrap();
        assert_eq!(raster.size, Size::new(16, 16));
        assert_eq!(raster.into_bytes()[4 * 255..], [10, 20, 30, 255]);
        let cut = file(&[(b"is32", &colours[..colours.len() - 1])]);
        assert!(matches!(decode(&cut), Err(RenderError::Undecodable)));
        assert!(measure(&file(&[])).is_err());
    }
}
