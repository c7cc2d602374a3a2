//! Photoshop documents: reads the flattened image that they contain for readers like this one, and ignores the layers.
//!
//! Supports grey, indexed, RGB and CMYK in 8 or 16 bits, raw or PackBits; 16 bits are reduced to 8. Rejects documents
//! saved without a flattened image ("maximise compatibility" switched off) and modes that need more than it.
//! Source: Adobe Photoshop File Formats Specification (2019), "Photoshop File Format" and "Image Data Section".

use super::{Decoded, check_max};
use crate::param::ColorSpace;
use crate::pixels::raster::{Raster, Samples};
use crate::plan::Measured;
use crate::render::color::convert;
use crate::render::{Bound, Codec, FileFeature, RenderError, RenderLimits};
use crate::sniff::SourceFormat;
use crate::units::Size;

/// Image resource numbers: the ICC profile, and whether there is a real flattened image.
const PROFILE: u16 = 1039;
const VERSION: u16 = 1057;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Grey,
    Indexed,
    Rgb,
    Cmyk,
}

impl Mode {
    const fn colours(self) -> usize {
        match self {
            Self::Grey | Self::Indexed => 1,
            Self::Rgb => 3,
            Self::Cmyk => 4,
        }
    }
}

/// The sections before the pixels.
struct Document<'a> {
    size: Size,
    /// Large documents use wider length fields.
    is_large: bool,
    channels: usize,
    sample_bytes: usize,
    mode: Mode,
    palette: &'a [u8],
    profile: Option<&'a [u8]>,
    /// Whether the channel after the colours is the alpha of the flattened image.
    has_alpha: bool,
    data: Reader<'a>,
}

impl<'a> Document<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, RenderError> {
        let unsupported = || RenderError::UnsupportedFormat(Codec::Reader(SourceFormat::Psd));
        let mut head = Reader(bytes.get(4..).unwrap_or_default());
        let version = head.number(2)?;
        head.take(6)?;
        let (channels, height, width) = (head.number(2)?, head.number(4)?, head.number(4)?);
        let (depth, mode) = (head.number(2)?, head.number(2)?);
        let mode = match mode {
            // The flattened image of a duotone is grey.
            1 | 8 => Mode::Grey,
            2 => Mode::Indexed,
            3 => Mode::Rgb,
            4 => Mode::Cmyk,
            _ => return Err(unsupported()),
        };
        if !matches!(version, 1 | 2) || !matches!(depth, 8 | 16) {
            return Err(unsupported());
        }
        let channels = channels as usize;
        if width == 0 || height == 0 || channels < mode.colours() || channels > 56 {
            return Err(RenderError::Undecodable);
        }
        let palette = head.section(4)?.0;
        let resources = head.section(4)?;
        // A four-byte version number, then 0 if there is just white instead of the image.
        if resource(resources, VERSION).and_then(|version| version.get(4)) == Some(&0) {
            return Err(RenderError::UnsupportedFormat(Codec::Feature(
                SourceFormat::Psd,
                FileFeature::NoFlattenedImage,
            )));
        }
        let profile = resource(resources, PROFILE);
        let is_large = version == 2;
        let wide = if is_large { 8 } else { 4 };
        let layers = head.section(wide)?;
        let has_alpha = channels > mode.colours() && has_merged_alpha(layers, wide);
        let size = Size { width, height };
        let sample_bytes = depth as usize / 8;
        Ok(Self { size, is_large, channels, sample_bytes, mode, palette, profile, has_alpha, data: head })
    }
}

/// Returns the data of an image resource.
fn resource(mut section: Reader<'_>, wanted: u16) -> Option<&[u8]> {
    while section.take(4).ok()? == b"8BIM" {
        let number = section.number(2).ok()?;
        // A name preceded by its length, padded to an even number of bytes.
        let name = section.number(1).ok()? as usize;
        section.take(name + (name + 1) % 2).ok()?;
        let length = section.number(4).ok()? as usize;
        let data = section.take(length).ok()?;
        if number == u32::from(wanted) {
            return Some(data);
        }
        section.take(length % 2).ok()?;
    }
    None
}

/// Returns whether the layer count is negative, which means that the first extra channel is the alpha of the flattened
/// image.
fn has_merged_alpha(mut layers: Reader<'_>, wide: usize) -> bool {
    let count = layers.take(wide).and_then(|_| layers.number(2));
    count.is_ok_and(|count| count & 0x8000 != 0)
}

/// Reads the header.
pub(super) fn measure(bytes: &[u8], limits: &RenderLimits) -> Result<Measured, RenderError> {
    let document = Document::read(bytes)?;
    check_max(Bound::Pixels, document.size.area(), limits.pixels_max)?;
    Ok(Measured { size: document.size, orientation: 1, has_alpha: document.has_alpha, frames: 1 })
}

/// Decodes the flattened image. `bytes` have been measured, so the size is within the limits.
pub(super) fn decode(bytes: &[u8], color_space: ColorSpace) -> Result<Decoded<'static>, RenderError> {
    let mut document = Document::read(bytes)?;
    let planes = planes(&mut document)?;
    let pixels = planes.first().map_or(0, Vec::len);
    let alpha = planes.get(document.mode.colours()).filter(|_| document.has_alpha);
    let size = document.size;
    let raster = |channels: usize, samples| Raster { size, channels: channels as u8, samples: Samples::U8(samples) };
    let (raster, profile) = match document.mode {
        Mode::Indexed => (raster(3, indexed(&planes[0], document.palette)?), None),
        Mode::Cmyk => {
            // The file stores the remaining light, which is the inverse of ink.
            let inks = (0..pixels).flat_map(|at| [0, 1, 2, 3].map(|ink| 255 - planes[ink][at])).collect();
            convert::decoded_inks(&raster(4, inks), document.profile, color_space)?
        }
        Mode::Grey | Mode::Rgb => {
            let colours = &planes[..document.mode.colours()];
            let mut samples = Vec::with_capacity(pixels * (colours.len() + 1));
            for at in 0..pixels {
                match alpha {
                    Some(alpha) => samples.extend(colours.iter().map(|plane| unmatted(plane[at], alpha[at]))),
                    None => samples.extend(colours.iter().map(|plane| plane[at])),
                }
                samples.extend(alpha.map(|alpha| alpha[at]));
            }
            let channels = colours.len() + usize::from(alpha.is_some());
            convert::decoded_raster(raster(channels, samples), document.profile, color_space)
        }
    };
    Ok(Decoded::still(raster, profile))
}

/// Removes the white background over which the flattened image has been composited.
fn unmatted(value: u8, alpha: u8) -> u8 {
    match alpha {
        0 | 255 => value,
        _ => {
            let (value, alpha) = (i32::from(value), i32::from(alpha));
            (((value - 255) * 255 - alpha / 2) / alpha + 255).clamp(0, 255) as u8
        }
    }
}

fn indexed(plane: &[u8], palette: &[u8]) -> Result<Vec<u8>, RenderError> {
    // All reds, then all greens, then all blues.
    let [red, green, blue] = palette.chunks_exact(256).collect::<Vec<_>>()[..] else {
        return Err(RenderError::Undecodable);
    };
    Ok(plane.iter().flat_map(|&index| [red, green, blue].map(|of| of[index as usize])).collect())
}

/// Reads the colour planes and the alpha plane, if there is one, in 8 bits.
fn planes(document: &mut Document<'_>) -> Result<Vec<Vec<u8>>, RenderError> {
    let (width, height) = (document.size.width as usize, document.size.height as usize);
    let wanted = document.mode.colours() + usize::from(document.has_alpha);
    let row = width.checked_mul(document.sample_bytes).ok_or(RenderError::Undecodable)?;
    let data = &mut document.data;
    let lengths = match data.number(2)? {
        0 => None,
        1 => {
            let wide = if document.is_large { 4 } else { 2 };
            let table = height.checked_mul(document.channels).and_then(|rows| rows.checked_mul(wide));
            let table = data.take(table.ok_or(RenderError::Undecodable)?)?;
            Some(table.chunks_exact(wide).map(move |bytes| Reader(bytes).number(wide).unwrap_or(0) as usize))
        }
        _ => return Err(RenderError::UnsupportedFormat(Codec::Reader(SourceFormat::Psd))),
    };
    let is_packed = lengths.is_some();
    let mut lengths = lengths.into_iter().flatten();
    let mut planes = Vec::with_capacity(wanted);
    for _ in 0..wanted {
        let mut plane = Vec::new();
        let mut unpacked = Vec::with_capacity(row);
        for _ in 0..height {
            let stored = if is_packed {
                unpack(data.take(lengths.next().unwrap_or(0))?, row, &mut unpacked)?;
                &unpacked[..]
            } else {
                data.take(row)?
            };
            // The high byte of a 16-bit sample.
            plane.extend(stored.iter().step_by(document.sample_bytes));
        }
        planes.push(plane);
    }
    Ok(planes)
}

/// Decompresses one row of PackBits: a count and that many literal bytes, or a count and a byte to repeat.
fn unpack(packed: &[u8], row: usize, out: &mut Vec<u8>) -> Result<(), RenderError> {
    out.clear();
    let mut reader = Reader(packed);
    while out.len() < row {
        let count = reader.number(1)? as usize;
        match count {
            0..=127 => out.extend_from_slice(reader.take(count + 1)?),
            128 => {}
            _ => out.extend(std::iter::repeat_n(reader.number(1)? as u8, 257 - count)),
        }
    }
    (out.len() == row).then_some(()).ok_or(RenderError::Undecodable)
}

/// Reads big-endian numbers and bytes in sequence.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], RenderError> {
        let (head, rest) = self.0.split_at_checked(len).ok_or(RenderError::Undecodable)?;
        self.0 = rest;
        Ok(head)
    }

    /// Reads a number. From a number longer than 4 bytes it keeps the low 32 bits, which is enough for any length here.
    fn number(&mut self, len: usize) -> Result<u32, RenderError> {
        Ok(self.take(len)?.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
    }

    /// Reads a section that is preceded by a length of `wide` bytes.
    fn section(&mut self, wide: usize) -> Result<Self, RenderError> {
        let len = self.number(wide)? as usize;
        self.take(len).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::RenderLimits;

    const LIMITS: RenderLimits = RenderLimits { pixels_max: 1000, frames_max: 1, animation_pixels_max: 1000 };

    /// Builds a document of 2 x 1 with this layer section and image data.
    fn document(channels: u16, depth: u16, mode: u16, palette: &[u8], layers: &[u8], data: &[u8]) -> Vec<u8> {
        let section = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
        let numbers = |values: &[u16]| values.iter().flat_map(|v| v.to_be_bytes()).collect::<Vec<_>>();
        let head = [&b"8BPS"[..], &numbers(&[1, 0, 0, 0, channels, 0, 1, 0, 2, depth, mode])].concat();
        [head, section(palette), section(b""), section(layers), data.to_vec()].concat()
    }

    #[track_caller]
    fn check(bytes: &[u8], channels: u8, expected: &[u8]) {
        crate::vips::init().unwrap();
        assert_eq!(measure(bytes, &LIMITS).unwrap().size, Size::new(2, 1));
        let raster = decode(bytes, ColorSpace::Origin).unwrap().into_first().unwrap();
        assert_eq!((raster.channels, raster.into_bytes()), (channels, expected.to_vec()));
        for length in 0..bytes.len() {
            assert!(decode(&bytes[..length], ColorSpace::Origin).is_err(), "cut at {length}");
        }
    }

    #[test]
    fn modes_depths_and_packing() {
        check(&document(1, 8, 1, b"", b"", &[0, 0, 10, 20]), 1, &[10, 20]);
        check(&document(3, 8, 3, b"", b"", &[0, 0, 1, 2, 3, 4, 5, 6]), 3, &[1, 3, 5, 2, 4, 6]);
        check(&document(1, 16, 1, b"", b"", &[0, 0, 10, 255, 20, 0]), 1, &[10, 20]);
        let palette: Vec<u8> = (0..768).map(|at| (at / 256 * 10 + at % 256 % 5) as u8).collect();
        check(&document(1, 8, 2, &palette, b"", &[0, 0, 0, 3]), 3, &[0, 10, 20, 3, 13, 23]);
        // A run, literal bytes, and a count that is a no-op.
        let packed = [0, 1, 0, 2, 0, 4, 0, 3, 255, 7, 128, 1, 8, 9, 1, 5, 6];
        check(&document(3, 8, 3, b"", b"", &packed), 3, &[7, 8, 5, 7, 9, 6]);
    }

    #[test]
    fn transparency_comes_from_the_flattened_image_only() {
        let data = [0, 0, 100, 255, 100, 255, 100, 255, 255, 0];
        let merged = [0, 0, 0, 2, 0xFF, 0xFF];
        check(&document(4, 8, 3, b"", &merged, &data), 4, &[100, 100, 100, 255, 255, 255, 255, 0]);
        let plain = document(4, 8, 3, b"", b"", &data);
        let raster = decode(&plain, ColorSpace::Origin).unwrap().into_first().unwrap();
        assert_eq!(raster.into_bytes(), [100, 100, 100, 255, 255, 255], "a saved selection hides nothing");
        assert_eq!((unmatted(191, 128), unmatted(255, 1), unmatted(0, 1)), (127, 255, 0));
    }

    #[test]
    fn white_paper_is_white() {
        crate::vips::init().unwrap();
        let white =
            decode(&document(4, 8, 4, b"", b"", &[&[0, 0][..], &[255; 8]].concat()), ColorSpace::Origin).unwrap();
        assert!(white.into_first().unwrap().into_bytes().iter().all(|v| *v > 250));
    }

    #[test]
    fn a_document_without_a_flattened_image_is_refused() {
        let version = |is_real: u8| [&b"8BIM\x04\x21\0\0\0\0\0\x05\0\0\0\x01"[..], &[is_real, 0]].concat();
        for (is_real, expected) in [(1, None), (0, Some("psd without a flattened image"))] {
            let plain = document(1, 8, 1, b"", b"", &[0, 0, 10, 20]);
            let resources = version(is_real);
            let length = (resources.len() as u32).to_be_bytes();
            // After the header and an empty palette.
            let bytes = [&plain[..30], &length, &resources, &plain[34..]].concat();
            match (measure(&bytes, &LIMITS), expected) {
                (Ok(_), None) => {}
                (Err(RenderError::UnsupportedFormat(codec)), Some(expected)) => assert_eq!(codec.to_string(), expected),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn unsupported_features_are_named() {
        for (depth, mode) in [(32, 3), (1, 0), (8, 9), (8, 7)] {
            let refused = measure(&document(3, depth, mode, b"", b"", &[0; 9]), &LIMITS);
            assert!(matches!(refused, Err(RenderError::UnsupportedFormat(_))), "{depth} {mode}");
        }
        assert!(measure(&document(2, 8, 3, b"", b"", &[0; 9]), &LIMITS).is_err());
    }
}
