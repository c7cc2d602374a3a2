//! Icons and cursors of Windows: which of the pictures inside is meant.
//!
//! The largest, and of equal ones the deepest. One that is a whole PNG goes on to the decoder of PNG, which takes every
//! kind of them; the others are bitmaps with a mask behind their pixels.

use std::cmp::Reverse;

use super::bitmap::Dib;
use super::{Decoded, check_max};
use crate::param::ColorSpace;
use crate::plan::Measured;
use crate::render::{Bound, RenderError, RenderLimits};

/// Bytes of the head and of an entry of the directory behind it.
const HEAD_BYTES: usize = 6;
const ENTRY_BYTES: usize = 16;
/// What byte 2 says of a cursor.
const CURSOR: u8 = 2;

/// The entry of the largest picture.
fn largest(bytes: &[u8]) -> Option<&[u8; ENTRY_BYTES]> {
    let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>()?;
    let count = usize::from(u16::from_le_bytes([head[4], head[5]]));
    let is_cursor = head[2] == CURSOR;
    // A side of 0 is 256 or more.
    let side = |stored: u8| if stored == 0 { 256 } else { u32::from(stored) };
    rest.as_chunks::<ENTRY_BYTES>()
        .0
        .iter()
        .take(count)
        .enumerate()
        .max_by_key(|(at, entry)| {
            // Of a cursor, the hot spot lies where an icon has its depth.
            let depth = if is_cursor { 0 } else { u16::from_le_bytes([entry[6], entry[7]]) };
            (side(entry[0]) * side(entry[1]), depth, Reverse(*at))
        })
        .map(|(_, entry)| entry)
}

fn number(entry: &[u8; ENTRY_BYTES], at: usize) -> usize {
    u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]) as usize
}

/// Where the picture of an entry begins.
fn start(entry: &[u8; ENTRY_BYTES]) -> usize {
    number(entry, 12)
}

/// The largest picture, if it is a PNG.
pub(super) fn embedded(bytes: &[u8]) -> Option<&[u8]> {
    let entry = largest(bytes)?;
    // Some writers state a length that reaches past the end.
    let data = bytes.get(start(entry)..)?;
    let data = data.get(..number(entry, 8)).unwrap_or(data);
    data.starts_with(b"\x89PNG\r\n\x1A\n").then_some(data)
}

/// The bitmap of the largest picture.
fn bitmap(bytes: &[u8]) -> Result<Dib<'_>, RenderError> {
    let entry = largest(bytes).ok_or(RenderError::Undecodable)?;
    // Its size is what its own header says; the directory has only 8 bits for it, and is often wrong.
    Dib::of_icon(bytes.get(start(entry)..).ok_or(RenderError::Undecodable)?)
}

/// The pixels of the largest picture.
///
/// The alpha of 32 bits wins over the mask behind the pixels, unless it is 0 everywhere; a mask that is not there hides
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

/// Measures the largest picture, whose pixels tell whether it is transparent.
pub(super) fn measure(bytes: &[u8], limits: &RenderLimits) -> Result<Measured, RenderError> {
    let dib = bitmap(bytes)?;
    check_max(Bound::Pixels, dib.size.area(), limits.pixels_max)?;
    let has_alpha = pixels(&dib)?.iter().any(|pixel| pixel[3] != 255);
    Ok(Measured { size: dib.size, orientation: 1, has_alpha, frames: 1 })
}

/// Decodes the largest picture of a file that has been measured.
pub(super) fn decode(bytes: &[u8], cs: ColorSpace) -> Result<Decoded<'static>, RenderError> {
    let dib = bitmap(bytes)?;
    dib.decoded(pixels(&dib)?, cs)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of pictures of these sides and depths, with their data.
    fn file(kind: u8, pictures: &[(u8, u8, &[u8])]) -> Vec<u8> {
        let mut out = vec![0, 0, kind, 0, pictures.len() as u8, 0];
        let mut start = HEAD_BYTES + ENTRY_BYTES * pictures.len();
        for (side, depth, data) in pictures {
            out.extend([*side, *side, 0, 0, 1, 0, *depth, 0]);
            out.extend((data.len() as u32).to_le_bytes());
            out.extend((start as u32).to_le_bytes());
            start += data.len();
        }
        out.extend(pictures.iter().flat_map(|(_, _, data)| *data));
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
