//! Windows icons and cursors: selects one of the images inside.
//!
//! It is the largest image, and the deepest among equally large ones. A complete PNG goes to the PNG decoder, which
//! supports every kind; the others are bitmaps followed by a mask.

use std::cmp::Reverse;

use super::bitmap::Dib;
use super::{Decoded, check_max};
use crate::param::ColorSpace;
use crate::plan::Measured;
use crate::render::{Bound, RenderError, RenderLimits};

/// Bytes of the file header and of one directory entry.
const HEAD_BYTES: usize = 6;
const ENTRY_BYTES: usize = 16;
/// Value of byte 2 in a cursor file.
const CURSOR: u8 = 2;

/// Returns the directory entry of the largest image.
fn largest(bytes: &[u8]) -> Option<&[u8; ENTRY_BYTES]> {
    let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>()?;
    let count = usize::from(u16::from_le_bytes([head[4], head[5]]));
    let is_cursor = head[2] == CURSOR;
    // A stored side of 0 means 256 or more.
    let side = |stored: u8| if stored == 0 { 256 } else { u32::from(stored) };
    rest.as_chunks::<ENTRY_BYTES>()
        .0
        .iter()
        .take(count)
        .enumerate()
        .max_by_key(|(at, entry)| {
            // In a cursor, the hot spot takes the place of an icon's depth.
            let depth = if is_cursor { 0 } else { u16::from_le_bytes([entry[6], entry[7]]) };
            (side(entry[0]) * side(entry[1]), depth, Reverse(*at))
        })
        .map(|(_, entry)| entry)
}

fn number(entry: &[u8; ENTRY_BYTES], at: usize) -> usize {
    u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]) as usize
}

/// Returns where an entry's image begins.
fn start(entry: &[u8; ENTRY_BYTES]) -> usize {
    number(entry, 12)
}

/// Returns the largest image if it is a PNG.
pub(super) fn embedded(bytes: &[u8]) -> Option<&[u8]> {
    let entry = largest(bytes)?;
    // Some writers state a length that extends past the end.
    let data = bytes.get(start(entry)..)?;
    let data = data.get(..number(entry, 8)).unwrap_or(data);
    data.starts_with(b"\x89PNG\r\n\x1A\n").then_some(data)
}

/// Parses the bitmap of the largest image.
fn bitmap(bytes: &[u8]) -> Result<Dib<'_>, RenderError> {
    let entry = largest(bytes).ok_or(RenderError::Undecodable)?;
    // Use the size in the bitmap header. The directory has only 8 bits for it and is often wrong.
    Dib::of_icon(bytes.get(start(entry)..).ok_or(RenderError::Undecodable)?)
}

/// Returns the pixels of the largest image.
///
/// The alpha channel of 32-bit pixels takes precedence over the mask, unless it is 0 everywhere. A missing mask hides
/// nothing.
fn pixels(dib: &Dib<'_>) -> Result<Vec<[u8; 4]>, RenderError> {
    let (mut pixels, after) = dib.pixels()?;
    if pixels.iter().any(|pixel| pixel[3] != 0) && dib.has_alpha() {
        return Ok(pixels);
    }
    let mask = if after.is_empty() { None } else { Some(dib.mask(after).ok_or(RenderError::Undecodable)?) };
    for (at, pixel) in pixels.iter_mut().enumerate() {
        pixel[3] = if mask.as_ref().is_some_and(|mask| mask[at]) { 0 } else { 255 };
    }
    Ok(pixels)
}

/// Measures the largest image. Its pixels decide whether it is transparent.
pub(super) fn measure(bytes: &[u8], limits: &RenderLimits) -> Result<Measured, RenderError> {
    let dib = bitmap(bytes)?;
    check_max(Bound::Pixels, dib.size.area(), limits.pixels_max)?;
    let has_alpha = pixels(&dib)?.iter().any(|pixel| pixel[3] != 255);
    Ok(Measured { size: dib.size, orientation: 1, has_alpha, frames: 1 })
}

/// Decodes the largest image of a file that has been measured.
pub(super) fn decode(bytes: &[u8], cs: ColorSpace) -> Result<Decoded<'static>, RenderError> {
    let dib = bitmap(bytes)?;
    dib.decoded(pixels(&dib)?, cs)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds a file from images given as side, depth and data.
    fn file(kind: u8, images: &[(u8, u8, &[u8])]) -> Vec<u8> {
        let mut out = vec![0, 0, kind, 0, images.len() as u8, 0];
        let mut start = HEAD_BYTES + ENTRY_BYTES * images.len();
        for (side, depth, data) in images {
            out.extend([*side, *side, 0, 0, 1, 0, *depth, 0]);
            out.extend((data.len() as u32).to_le_bytes());
            out.extend((start as u32).to_le_bytes());
            start += data.len();
        }
        out.extend(images.iter().flat_map(|(_, _, data)| *data));
        out
    }

    #[test]
    fn the_largest_counts_then_the_deepest() {
        let png = b"\x89PNG\r\n\x1A\nlarge";
        assert_eq!(embedded(&file(1, &[(16, 32, b"small"), (0, 8, png), (255, 32, b"a little less")])), Some(&png[..]));
        assert_eq!(embedded(&file(1, &[(32, 8, png), (32, 32, b"deeper")])), None);
        assert_eq!(embedded(&file(2, &[(32, 8, png), (32, 32, b"a hot spot")])), Some(&png[..]));
        assert_eq!(embedded(&file(1, &[])), None);
        let icon = file(1, &[(16, 32, png), (48, 8, png)]);
        for length in 0..icon.len() {
            assert!(embedded(&icon[..length]).is_none_or(|data| png.starts_with(data) || data == png));
        }
    }
}
