//! Run-length encoded bitmaps: runs of one colour, literal stretches, and jumps.

use super::color_of;
use crate::render::RenderError;
use crate::units::Size;

const BLACK: [u8; 4] = [0, 0, 0, 255];

/// Decompresses indices of 4 or 8 bits or colours of 24 bits to RGBA from the top. Returns the data after the bitmap.
///
/// The end mark may be missing if the pen has reached the end of the last row. Otherwise the bitmap is truncated.
pub(super) fn unpack<'a>(
    data: &'a [u8],
    size: Size,
    bits: usize,
    palette: &[[u8; 3]],
    pixels: &mut Vec<[u8; 4]>,
) -> Result<&'a [u8], RenderError> {
    let (width, height) = (size.width as usize, size.height as usize);
    pixels.resize(width.checked_mul(height).ok_or(RenderError::Undecodable)?, BLACK);
    let mut pen = Pen { pixels, width, height, x: 0, y: 0 };
    let mut rest = Rest(data);
    loop {
        let [count, code] = match rest.take(2) {
            Some(&[count, code]) => [count, code],
            // All rows are complete; only the end mark is missing.
            _ if pen.y >= height || (pen.y + 1 == height && pen.x >= width) => return Ok(rest.0),
            _ => return Err(RenderError::Undecodable),
        };
        match (count, code) {
            (0, 0) => (pen.x, pen.y) = (0, pen.y + 1),
            (0, 1) => return Ok(rest.0),
            (0, 2) => {
                let &[right, up] = rest.take(2).ok_or(RenderError::Undecodable)? else {
                    return Err(RenderError::Undecodable);
                };
                (pen.x, pen.y) = (pen.x + usize::from(right), pen.y + usize::from(up));
            }
            (0, count) => {
                let count = usize::from(count);
                let len = (count * bits).div_ceil(8);
                let stored = rest.take(len).ok_or(RenderError::Undecodable)?;
                (0..count).for_each(|at| pen.draw(pixel(stored, at, bits, palette)));
                // A literal stretch is padded to an even length.
                rest.take(len % 2);
            }
            (count, code) => {
                let more = if bits == 24 { rest.take(2).ok_or(RenderError::Undecodable)? } else { &[] };
                let stored = [code, more.first().copied().unwrap_or(0), more.get(1).copied().unwrap_or(0)];
                // The two indices in a byte alternate.
                (0..usize::from(count))
                    .for_each(|at| pen.draw(pixel(&stored, if bits == 4 { at % 2 } else { 0 }, bits, palette)));
            }
        }
    }
}

fn pixel(stored: &[u8], at: usize, bits: usize, palette: &[[u8; 3]]) -> [u8; 4] {
    match bits {
        24 => [stored[at * 3 + 2], stored[at * 3 + 1], stored[at * 3], 255],
        bits => color_of(palette, super::index(stored, at, bits)),
    }
}

/// Position of the next pixel, with rows counted from the bottom.
struct Pen<'p> {
    pixels: &'p mut [[u8; 4]],
    width: usize,
    height: usize,
    x: usize,
    y: usize,
}

impl Pen<'_> {
    /// Draws a pixel if it is inside the image. A row does not continue in the next one.
    fn draw(&mut self, pixel: [u8; 4]) {
        if self.x < self.width && self.y < self.height {
            self.pixels[(self.height - 1 - self.y) * self.width + self.x] = pixel;
        }
        self.x += 1;
    }
}

/// The data that has not been read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }
}
