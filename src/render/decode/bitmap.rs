//! Bitmaps of Windows and OS/2: every header from 12 to 124 bytes, 1 to 32 bits per pixel, compressed or not, top-down
//! or bottom-up. Icons contain the same without the file header (see `ico`).
//!
//! A file that ends before its last row is rejected. Pixels that a run-length encoded bitmap skips are black, as in
//! Chromium. The fourth channel is alpha if the header gives it a mask, unless it is 0 everywhere.
//! Source: MS-WMF 2.2.2 (BITMAPINFOHEADER to BITMAPV5HEADER), OS/2 `BITMAPINFOHEADER2`.

mod rle;

use std::io::Cursor;

use image::DynamicImage;
use image::codecs::bmp::BmpDecoder;

use super::{Decoded, check_max};
use crate::param::ColorSpace;
use crate::pixels::raster::{Raster, Samples};
use crate::plan::Measured;
use crate::render::color::convert;
use crate::render::{Bound, Codec, FileFeature, RenderError, RenderLimits};
use crate::sniff::{SourceFormat, is_bitmap_header};
use crate::units::Size;

/// Bytes of the file header that precedes the bitmap header.
const FILE_HEADER_BYTES: usize = 14;
/// Lengths of headers: the oldest, the first Windows one, and the longest.
const CORE_BYTES: usize = 12;
const INFO_BYTES: usize = 40;
const LONGEST_BYTES: usize = 124;
/// `LCS` value for an embedded ICC profile.
const EMBEDDED: u32 = 0x4D42_4544;

/// How pixels are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PixelCoding {
    /// Palette indices of 1, 2, 4 or 8 bits.
    Indices,
    /// Runs of palette indices, or of colours at 24 bits.
    Runs,
    /// One byte each for blue, green and red.
    Bytes,
    /// Bit masks of red, green, blue and alpha in a number of 16 or 32 bits.
    Masks([u32; 4]),
}

/// A bitmap whose header has been parsed.
pub(super) struct Dib<'a> {
    pub(super) size: Size,
    pub(super) bits: usize,
    is_top_down: bool,
    coding: PixelCoding,
    palette: Vec<[u8; 3]>,
    profile: Option<&'a [u8]>,
    /// The pixels and everything after them.
    data: &'a [u8],
}

/// Reads a little-endian number, or 0 beyond the end.
fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).map_or(0, |word| u32::from_le_bytes(*word))
}

fn half(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<2>()).map_or(0, |half| u32::from(u16::from_le_bytes(*half)))
}

impl<'a> Dib<'a> {
    /// Parses the bitmap in a file.
    fn of_file(bytes: &'a [u8]) -> Result<Self, RenderError> {
        let inside = bytes.get(FILE_HEADER_BYTES..).ok_or(RenderError::Undecodable)?;
        let start = (word(bytes, 10) as usize).checked_sub(FILE_HEADER_BYTES);
        Self::read(inside, start, false)
    }

    /// Parses the bitmap in an icon. Its header states twice the height, because the mask that follows counts as rows.
    pub(super) fn of_icon(bytes: &'a [u8]) -> Result<Self, RenderError> {
        Self::read(bytes, None, true)
    }

    /// Parses from the bitmap header on. The pixels are at `start` if that is plausible.
    fn read(bytes: &'a [u8], start: Option<usize>, is_icon: bool) -> Result<Self, RenderError> {
        let header_len = word(bytes, 0) as usize;
        if !is_bitmap_header(header_len) {
            return Err(RenderError::Undecodable);
        }
        let stated = bytes.get(..header_len).ok_or(RenderError::Undecodable)?;
        // Fields missing from a shorter header are 0.
        let mut header = [0; LONGEST_BYTES];
        header[..header_len].copy_from_slice(stated);
        let is_core = header_len == CORE_BYTES;
        let (width, height, bits) = if is_core {
            header.copy_within(4..CORE_BYTES, 64);
            header[4..64].fill(0);
            (half(&header, 64), half(&header, 66).cast_signed(), half(&header, 70))
        } else {
            (word(&header, 4), word(&header, 8).cast_signed(), half(&header, 14))
        };
        let rows = height.unsigned_abs() / if is_icon { 2 } else { 1 };
        if width == 0 || width > i32::MAX.unsigned_abs() || rows == 0 || bits > 32 {
            return Err(RenderError::Undecodable);
        }
        let is_top_down = height < 0;
        let mut at = header_len;
        let mut coding = coding(&header, header_len, bits, &mut at, bytes)?;
        // 32-bit icons had alpha before headers could declare it.
        if let (true, 32, PixelCoding::Masks(masks)) = (is_icon, bits, &mut coding) {
            masks[3] = 0xFF00_0000;
        }
        if is_top_down && coding == PixelCoding::Runs {
            return Err(RenderError::Undecodable);
        }
        let palette = palette(&header, bytes, bits, is_core, start, &mut at);
        // Some writers state nothing, or an offset inside the header or the palette.
        let data = bytes.get(start.filter(|start| *start >= at).unwrap_or(at)..).unwrap_or_default();
        let profile = (word(&header, 56) == EMBEDDED && header_len == LONGEST_BYTES)
            .then(|| bytes.get(word(&header, 112) as usize..)?.get(..word(&header, 116) as usize))
            .flatten();
        Ok(Self { size: Size::new(width, rows), bits: bits as usize, is_top_down, coding, palette, profile, data })
    }

    /// Returns the bytes per row at this many bits per pixel, a multiple of 4.
    fn stride(&self, bits: usize) -> Option<usize> {
        Some((self.size.width as usize).checked_mul(bits)?.div_ceil(32) * 4)
    }

    /// Returns the rows stored at the start of `data` at this many bits per pixel, from the top, and the data after
    /// them.
    fn rows<'d>(&self, data: &'d [u8], bits: usize) -> Option<(Vec<&'d [u8]>, &'d [u8])> {
        let stride = self.stride(bits)?;
        let used = (self.size.width as usize * bits).div_ceil(8);
        let height = self.size.height as usize;
        let len = stride.checked_mul(height)?;
        // Only the padding of the last row may be missing.
        if data.len() < len - (stride - used) {
            return None;
        }
        let mut rows: Vec<&[u8]> = data.chunks(stride).take(height).map(|row| &row[..used]).collect();
        if !self.is_top_down {
            rows.reverse();
        }
        Some((rows, data.get(len..).unwrap_or_default()))
    }

    /// Returns the pixels as 8-bit RGBA from the top, and the data after them. The size must have been checked.
    pub(super) fn pixels(&self) -> Result<(Vec<[u8; 4]>, &'a [u8]), RenderError> {
        let mut pixels = Vec::new();
        if self.coding == PixelCoding::Runs {
            let after = rle::unpack(self.data, self.size, self.bits, &self.palette, &mut pixels)?;
            return Ok((pixels, after));
        }
        let (rows, after) = self.rows(self.data, self.bits).ok_or(RenderError::Undecodable)?;
        let PixelCoding::Masks(masks) = self.coding else { return Ok((self.by_library(&rows)?, after)) };
        let width = self.size.width as usize;
        pixels.reserve_exact(width * rows.len());
        let has_alpha = masks[3] != 0;
        for row in rows {
            let numbers = row.chunks_exact(self.bits / 8).take(width).map(number);
            pixels.extend(numbers.map(|number| {
                let [r, g, b, a] = masks.map(|mask| level(number, mask));
                [r, g, b, if has_alpha { a } else { 255 }]
            }));
        }
        Ok((pixels, after))
    }

    /// Lets the `image` crate decode indices and whole bytes, behind a header that it understands. It does not
    /// understand every header, masks of more than 8 bits, or 24-bit runs.
    fn by_library(&self, rows: &[&[u8]]) -> Result<Vec<[u8; 4]>, RenderError> {
        let (width, height) = (self.size.width, self.size.height);
        let stride = self.stride(self.bits).ok_or(RenderError::Undecodable)?;
        // An index without a palette entry is black.
        let colours = if self.bits <= 8 { 1_usize << self.bits } else { 0 };
        let palette = self.palette.iter().copied().chain(std::iter::repeat([0; 3])).take(colours);
        let start = FILE_HEADER_BYTES + INFO_BYTES + colours * 4;
        let mut file = [&b"BM\0\0\0\0\0\0\0\0"[..], &(start as u32).to_le_bytes()].concat();
        file.extend((INFO_BYTES as u32).to_le_bytes());
        // A negative height means top-down rows.
        file.extend([width.cast_signed(), -height.cast_signed()].iter().flat_map(|side| side.to_le_bytes()));
        file.extend([1, self.bits as u16].iter().flat_map(|number| number.to_le_bytes()));
        file.resize(FILE_HEADER_BYTES + INFO_BYTES, 0);
        file.extend(palette.flat_map(|[r, g, b]| [b, g, r, 0]));
        for row in rows {
            file.extend(*row);
            file.resize(file.len() + stride - row.len(), 0);
        }
        let decoder = BmpDecoder::new(Cursor::new(file)).map_err(|_| RenderError::Undecodable)?;
        let image = DynamicImage::from_decoder(decoder).map_err(|_| RenderError::Undecodable)?;
        Ok(image.into_rgba8().into_raw().as_chunks::<4>().0.to_vec())
    }

    /// Reads the mask that follows an icon's pixels, from the top: whether it covers each pixel. Returns `None` if
    /// there is no mask.
    pub(super) fn mask(&self, after: &[u8]) -> Option<Vec<bool>> {
        let (rows, _) = self.rows(after, 1)?;
        let width = self.size.width as usize;
        Some(rows.iter().flat_map(|row| (0..width).map(|x| index(row, x, 1) != 0)).collect())
    }

    /// Wraps the pixels as a raster and applies the profile.
    pub(super) fn decoded(&self, pixels: Vec<[u8; 4]>, cs: ColorSpace) -> Result<Decoded<'static>, RenderError> {
        let raster = Raster { size: self.size, channels: 4, samples: Samples::U8(pixels.into_flattened()) };
        let raster = if raster.is_transparent() { raster } else { raster.without_alpha() };
        let (raster, profile) = convert::decoded_raster(raster, self.profile, cs);
        Ok(Decoded::still(raster, profile))
    }

    /// Returns whether the pixels have an alpha channel.
    pub(super) const fn has_alpha(&self) -> bool {
        matches!(self.coding, PixelCoding::Masks([.., alpha]) if alpha != 0)
    }
}

/// Reads the pixel encoding from the header. Masks may follow the header; then `at` is moved past them.
fn coding(
    header: &[u8; LONGEST_BYTES],
    header_len: usize,
    bits: u32,
    at: &mut usize,
    bytes: &[u8],
) -> Result<PixelCoding, RenderError> {
    let is_os2 =
        header_len < INFO_BYTES || (header_len > INFO_BYTES && header_len <= 64 && !matches!(header_len, 52 | 56));
    let plain = match bits {
        1 | 2 | 4 | 8 => Some(PixelCoding::Indices),
        16 => Some(PixelCoding::Masks([0x7C00, 0x3E0, 0x1F, 0])),
        24 => Some(PixelCoding::Bytes),
        // Newer headers have an alpha mask that applies even where the other masks are not used.
        32 => Some(PixelCoding::Masks([
            0xFF_0000,
            0xFF00,
            0xFF,
            if header_len >= 56 && !is_os2 { word(header, 52) } else { 0 },
        ])),
        _ => None,
    };
    let unsupported = |feature| RenderError::UnsupportedFormat(Codec::Feature(SourceFormat::Bmp, feature));
    match (word(header, 16), bits) {
        (0, _) => plain.ok_or(RenderError::Undecodable),
        (1, 8) | (2, 4) => Ok(PixelCoding::Runs),
        (4, 24) if is_os2 => Ok(PixelCoding::Runs),
        (3, _) if is_os2 => Err(unsupported(FileFeature::HuffmanCoding)),
        (3 | 6, 16 | 32) => {
            let has_alpha = word(header, 16) == 6;
            let behind = if header_len == INFO_BYTES { if has_alpha { 16 } else { 12 } } else { 0 };
            let masks = bytes.get(INFO_BYTES..INFO_BYTES + 16).ok_or(RenderError::Undecodable)?;
            let with_alpha = behind == 16 || header_len >= 56;
            *at += behind;
            let masks = [word(masks, 0), word(masks, 4), word(masks, 8), if with_alpha { word(masks, 12) } else { 0 }];
            let is_run = |mask: &u32| {
                (mask >> mask.trailing_zeros().min(31)).wrapping_add(1).is_power_of_two()
                    || *mask == 0
                    || *mask == u32::MAX
            };
            masks.iter().all(is_run).then_some(PixelCoding::Masks(masks)).ok_or(RenderError::Undecodable)
        }
        // Complete files (see `embedded`) that are not at the stated offset.
        (4, _) => Err(unsupported(FileFeature::JpegInside)),
        (5, _) => Err(unsupported(FileFeature::PngInside)),
        _ => Err(RenderError::Undecodable),
    }
}

/// Reads the palette that follows the header and moves `at` past it.
fn palette(
    header: &[u8; LONGEST_BYTES],
    bytes: &[u8],
    bits: u32,
    is_core: bool,
    start: Option<usize>,
    at: &mut usize,
) -> Vec<[u8; 3]> {
    let entry_bytes = if is_core { 3 } else { 4 };
    let most = if bits <= 8 { 1_usize << bits } else { 0 };
    let stated = word(header, 32) as usize;
    let count = if stated == 0 { most } else { stated.min(1 << 16) };
    // A palette never extends into the pixels.
    let room = start.and_then(|start| start.checked_sub(*at)).map_or(count, |room| room / entry_bytes);
    let stored = bytes.get(*at..).unwrap_or_default();
    *at += count.min(room) * entry_bytes;
    stored
        .chunks_exact(entry_bytes)
        .take(count.min(room).min(most))
        .map(|entry| [entry[2], entry[1], entry[0]])
        .collect()
}

/// Reads a little-endian number of 2 or 4 bytes.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Returns the index of `bits` bits at `x`. The first is in the highest bits of a byte.
fn index(row: &[u8], x: usize, bits: usize) -> usize {
    let at = x * bits;
    usize::from(row[at / 8] >> (8 - bits - at % 8)) & ((1 << bits) - 1)
}

/// Returns the colour of an index; one without a palette entry is black.
fn color_of(palette: &[[u8; 3]], index: usize) -> [u8; 4] {
    let [r, g, b] = palette.get(index).copied().unwrap_or([0; 3]);
    [r, g, b, 255]
}

/// Extracts the bits of a mask, scaled to 0 to 255.
fn level(number: u32, mask: u32) -> u8 {
    if mask == 0 {
        return 0;
    }
    let (shift, most) = (mask.trailing_zeros(), u64::from(mask >> mask.trailing_zeros()));
    let value = u64::from((number & mask) >> shift);
    ((value * 255 + most / 2) / most) as u8
}

/// Returns the JPEG or PNG that a bitmap contains instead of pixels.
pub(super) fn embedded(bytes: &[u8]) -> Option<&[u8]> {
    let header = bytes.get(FILE_HEADER_BYTES..)?;
    if (word(header, 0) as usize) < INFO_BYTES || !matches!(word(header, 16), 4 | 5) {
        return None;
    }
    let data = bytes.get(word(bytes, 10) as usize..)?;
    (data.starts_with(b"\xFF\xD8\xFF") || data.starts_with(b"\x89PNG\r\n\x1A\n")).then_some(data)
}

/// Reads the header, and also the pixels if they may be transparent.
pub(super) fn measure(bytes: &[u8], limits: &RenderLimits) -> Result<Measured, RenderError> {
    let dib = Dib::of_file(bytes)?;
    check_max(Bound::Pixels, dib.size.area(), limits.pixels_max)?;
    let has_alpha = dib.has_alpha() && shown(&dib)?.iter().any(|pixel| pixel[3] != 255);
    Ok(Measured { size: dib.size, orientation: 1, has_alpha, frames: 1 })
}

/// Decodes a file that has been measured.
pub(super) fn decode(bytes: &[u8], cs: ColorSpace) -> Result<Decoded<'static>, RenderError> {
    let dib = Dib::of_file(bytes)?;
    dib.decoded(shown(&dib)?, cs)
}

/// Returns the pixels of a file. Makes them opaque if alpha is 0 everywhere: writers that do not mean alpha leave it at
/// 0.
fn shown(dib: &Dib<'_>) -> Result<Vec<[u8; 4]>, RenderError> {
    let (mut pixels, _) = dib.pixels()?;
    if pixels.iter().all(|pixel| pixel[3] == 0) {
        pixels.iter_mut().for_each(|pixel| pixel[3] = 255);
    }
    Ok(pixels)
}

#[cfg(test)]
mod tests;
