//! Packed bitmaps: runs of one colour, stretches as they are, and jumps.

use super::color_of;
use crate::render::RenderError;
use crate::units::Size;

const BLACK: [u8; 4] = [0, 0, 0, 255];

/// Unpacks indices of 4 or 8 bits or colours of 24 into RGBA from the top, and says what follows the data.
///
/// The data may end without its end mark once a pixel of the last row has been drawn or jumped to; before that it is cut.
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
            // No end mark, but all rows.
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
                // A stretch ends at an even place.
                rest.take(len % 2);
            }
            (count, code) => {
                let more = if bits == 24 { rest.take(2).ok_or(RenderError::Undecodable)? } else { &[] };
                let stored = [code, more.first().copied().unwrap_or(0), more.get(1).copied().unwrap_or(0)];
                // The two indices of a byte take turns.
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

/// Where the next pixel goes, rows counted from the bottom.
struct Pen<'p> {
    pixels: &'p mut [[u8; 4]],
    width: usize,
    height: usize,
    x: usize,
    y: usize,
}

impl Pen<'_> {
    /// Draws a pixel, if it is inside; a row does not go on in the next.
    fn draw(&mut self, pixel: [u8; 4]) {
        if self.x < self.width && self.y < self.height {
            self.pixels[(self.height - 1 - self.y) * self.width + self.x] = pixel;
        }
        self.x += 1;
    }
}

/// What has not been read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }
}
