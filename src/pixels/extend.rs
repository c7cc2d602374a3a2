//! Puts an image on a larger canvas.

use super::paint;
use super::raster::{Raster, Rearrange, Samples};
use crate::units::{Color, Rect, Size};

/// Puts the image at `placed` on a larger canvas and repeats its edge pixels outwards.
#[must_use]
pub fn edge(raster: Raster, canvas: Size, placed: Rect) -> Raster {
    raster.rearranged(&Stretch { canvas, placed })
}

/// Repeats the edge pixels outwards.
struct Stretch {
    canvas: Size,
    placed: Rect,
}

impl Rearrange for Stretch {
    fn run<P: Copy>(&self, pixels: &[P], size: Size) -> (Size, Vec<P>) {
        let nearest = |at: u32, start: u32, len: u32| at.saturating_sub(start).min(len - 1) as usize;
        let columns: Vec<usize> = (0..self.canvas.width).map(|x| nearest(x, self.placed.left, size.width)).collect();
        let rows = (0..self.canvas.height).map(|y| nearest(y, self.placed.top, size.height));
        let out = rows.flat_map(|y| {
            let row = &pixels[y * size.width as usize..][..size.width as usize];
            columns.iter().map(|x| row[*x])
        });
        (self.canvas, out.collect())
    }
}

/// Puts the image at `placed` on a canvas of one colour. Returns 8 bits, with an alpha channel added if the colour is
/// not opaque.
#[must_use]
pub fn solid(raster: Raster, canvas: Size, placed: Rect, color: Color) -> Raster {
    let raster = raster.into_8_bit();
    let is_grey = color.r == color.g && color.g == color.b;
    let wants_alpha = raster.has_alpha() || !color.is_opaque();
    let (raster, fill): (Raster, Vec<u8>) = match (raster.channels, wants_alpha) {
        (1, false) if is_grey => (raster, vec![color.r]),
        (1, true) if is_grey => (with_opaque_alpha(raster), vec![color.r, color.a]),
        (2, true) if is_grey => (raster, vec![color.r, color.a]),
        (3, false) => (raster, vec![color.r, color.g, color.b]),
        (_, false) => (raster.into_rgba().without_alpha(), vec![color.r, color.g, color.b]),
        (_, true) => (raster.into_rgba(), vec![color.r, color.g, color.b, color.a]),
    };
    let channels = raster.channels;
    let count = usize::try_from(canvas.area()).expect("a canvas within the output limit");
    let mut out = fill.repeat(count);
    let row_len = raster.size.width as usize * usize::from(channels);
    let bytes = raster.into_bytes();
    for (index, row) in bytes.chunks_exact(row_len).enumerate() {
        let y = placed.top as usize + index;
        let at = (y * canvas.width as usize + placed.left as usize) * usize::from(channels);
        out[at..at + row_len].copy_from_slice(row);
    }
    Raster { size: canvas, channels, samples: Samples::U8(out) }
}

/// Adds an opaque alpha channel to grey.
fn with_opaque_alpha(grey: Raster) -> Raster {
    let size = grey.size;
    let samples = grey.into_bytes().into_iter().flat_map(|v| [v, 255]).collect();
    Raster { size, channels: 2, samples: Samples::U8(samples) }
}

/// Draws the image at `placed` over an RGBA backdrop.
#[must_use]
pub fn over_backdrop(raster: Raster, backdrop: Raster, placed: Rect) -> Raster {
    let canvas = backdrop.size;
    let mut out = backdrop.into_bytes();
    let bytes = raster.into_rgba().into_bytes();
    for (index, row) in bytes.chunks_exact(placed.size.width as usize * 4).enumerate() {
        let at = ((placed.top as usize + index) * canvas.width as usize + placed.left as usize) * 4;
        for (under, top) in out[at..].as_chunks_mut::<4>().0.iter_mut().zip(row.as_chunks::<4>().0) {
            *under = paint::over(*top, *under);
        }
    }
    Raster { size: canvas, channels: 4, samples: Samples::U8(out) }
}
