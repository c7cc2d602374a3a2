//! Draws a watermark, once or as tiles.

use crate::pixels::paint::{self, Pixel};
use crate::pixels::raster::{Raster, Samples};
use crate::plan::MarkOp;
use crate::render::{RenderError, Step};
use crate::units::Size;

/// Draws `image`, the watermark at its final size and rotation, over the image (source-over; `op.alpha` multiplies its
/// opacity). Anything outside is cut off. Returns 8 bits, in the same number of channels unless the watermark adds
/// colours.
///
/// # Errors
/// [`RenderError::Stage`] when the watermark is missing or its size differs from the op's.
pub fn apply(raster: Raster, op: &MarkOp, image: Option<&Raster>) -> Result<Raster, RenderError> {
    let image = image.filter(|image| image.size == op.overlay.layout.output && image.is_consistent());
    let image = image.ok_or(RenderError::Stage(Step::Mark))?;
    let (size, is_grey) = (raster.size, image.channels <= 2);
    let raster = match (raster.channels, is_grey) {
        (1, false) => raster.into_rgba().without_alpha(),
        (2, false) => raster.into_rgba(),
        _ => raster,
    };
    let channels = raster.channels;
    let mut bytes = raster.into_bytes();
    let mut base = Base { bytes: &mut bytes, size, channels: usize::from(channels) };
    let pixels = faded(image, op.alpha);
    for top in starts(op.overlay.top, op.tile.map(|tile| tile.step_y_px), size.height) {
        for left in starts(op.overlay.left, op.tile.map(|tile| tile.step_x_px), size.width) {
            base.draw(&pixels, image.size, left, top);
        }
    }
    Ok(Raster { size, channels, samples: Samples::U8(bytes) })
}

/// Returns where tiles start on one axis; only `first` if there is no step.
fn starts(first: i64, step: Option<u32>, side: u32) -> impl Iterator<Item = i64> {
    let step = step.map(|step| i64::from(step.max(1)));
    std::iter::successors(Some(first), move |at| at.checked_add(step?).filter(|next| *next < i64::from(side)))
}

fn faded(image: &Raster, alpha: f64) -> Vec<Pixel> {
    let mut bytes = image.clone().into_rgba().into_bytes();
    for [_, _, _, a] in bytes.as_chunks_mut::<4>().0 {
        *a = (f64::from(*a) * alpha + 0.5) as u8;
    }
    bytes.as_chunks::<4>().0.to_vec()
}

struct Base<'a> {
    bytes: &'a mut [u8],
    size: Size,
    channels: usize,
}

impl Base<'_> {
    fn draw(&mut self, pixels: &[Pixel], size: Size, left: i64, top: i64) {
        let (Some(columns), Some(rows)) =
            (overlap(left, size.width, self.size.width), overlap(top, size.height, self.size.height))
        else {
            return;
        };
        for y in 0..rows.len {
            let from = (rows.of_item + y) * size.width as usize + columns.of_item;
            let to = ((rows.of_base + y) * self.size.width as usize + columns.of_base) * self.channels;
            let under = self.bytes[to..to + columns.len * self.channels].chunks_exact_mut(self.channels);
            for (under, top) in under.zip(&pixels[from..from + columns.len]) {
                put(under, *top);
            }
        }
    }
}

/// The common part of two intervals.
struct Overlap {
    of_base: usize,
    of_item: usize,
    len: usize,
}

/// Returns the part of an item with length `item` at `start` that is on a base from 0 to `base`.
fn overlap(start: i64, item: u32, base: u32) -> Option<Overlap> {
    let end = start.checked_add(i64::from(item))?.min(i64::from(base));
    let first = start.max(0);
    let len = usize::try_from(end.checked_sub(first)?).ok().filter(|len| *len > 0)?;
    Some(Overlap {
        of_base: usize::try_from(first).ok()?,
        of_item: usize::try_from(first.checked_sub(start)?).ok()?,
        len,
    })
}

fn put(under: &mut [u8], top: Pixel) {
    if top[3] == 0 {
        return;
    }
    match under {
        [v] => *v = paint::over(top, [*v, 0, 0, 255])[0],
        [v, a] => {
            let [grey, _, _, alpha] = paint::over(top, [*v, 0, 0, *a]);
            (*v, *a) = (grey, alpha);
        }
        [r, g, b] => {
            let over = paint::over(top, [*r, *g, *b, 255]);
            (*r, *g, *b) = (over[0], over[1], over[2]);
        }
        [r, g, b, a] => [*r, *g, *b, *a] = paint::over(top, [*r, *g, *b, *a]),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Layout;
    use crate::plan::{Overlay, Tile};

    fn grey(width: u32, height: u32, value: u8) -> Raster {
        let size = Size::new(width, height);
        Raster { size, channels: 1, samples: Samples::U8(vec![value; size.area() as usize]) }
    }

    fn op(image: &Raster, left: i64, top: i64, tile: Option<[u32; 2]>) -> MarkOp {
        let tile = tile.map(|[step_x_px, step_y_px]| Tile { step_x_px, step_y_px });
        let overlay = Overlay { layout: Layout::as_it_is(image.size), left, top };
        MarkOp { overlay, alpha: 1.0, tile }
    }

    #[test]
    fn a_mark_lies_where_it_should_and_is_cut_at_the_edges() {
        let image = Raster { samples: Samples::U8(vec![1, 2, 3, 4]), ..grey(2, 2, 0) };
        let drawn = |left, top| apply(grey(3, 2, 9), &op(&image, left, top, None), Some(&image)).unwrap().into_bytes();
        assert_eq!(drawn(1, 0), [9, 1, 2, 9, 3, 4]);
        assert_eq!(drawn(-1, -1), [4, 9, 9, 9, 9, 9]);
        assert_eq!(drawn(2, 1), [9, 9, 9, 9, 9, 1]);
        for (left, top) in [(3, 0), (-2, 0), (0, -2), (i64::MAX, 0), (i64::MIN, i64::MIN)] {
            assert_eq!(drawn(left, top), [9; 6], "{left} {top}");
        }
    }

    #[test]
    fn tiles_repeat_over_the_whole_image() {
        let image = grey(1, 1, 1);
        let tiled = |left, top, step| {
            apply(grey(5, 3, 0), &op(&image, left, top, Some(step)), Some(&image)).unwrap().into_bytes()
        };
        assert_eq!(tiled(0, 0, [2, 2]), [1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1]);
        assert_eq!(tiled(-1, 1, [3, 9]), [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(tiled(0, 0, [0, 0]), [1; 15], "a step is at least a pixel");
    }

    #[test]
    fn opacity_and_channels() {
        let red = Raster { size: Size::new(1, 1), channels: 4, samples: Samples::U8(vec![255, 0, 0, 255]) };
        let half = MarkOp { alpha: 0.5, ..op(&red, 0, 0, None) };
        let check = |base: Raster, expected: &[u8]| {
            assert_eq!(apply(base, &half, Some(&red)).unwrap().into_bytes(), expected);
        };
        let base = |pixel: &[u8]| Raster {
            channels: pixel.len() as u8,
            samples: Samples::U8(pixel.to_vec()),
            ..grey(1, 1, 0)
        };
        check(base(&[0]), &[128, 0, 0]);
        check(base(&[0, 0]), &[255, 0, 0, 128]);
        check(base(&[0, 0, 255]), &[128, 0, 127]);
        check(base(&[9, 9, 9, 0]), &[255, 0, 0, 128]);
        let deep = Raster { samples: Samples::U16(vec![65535]), ..grey(1, 1, 0) };
        check(deep, &[255, 127, 127]);
        assert!(apply(grey(1, 1, 0), &half, None).is_err());
        assert!(apply(grey(1, 1, 0), &half, Some(&grey(2, 1, 0))).is_err());
    }
}
