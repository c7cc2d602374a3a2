//! Puts a checkerboard under the transparent parts of the image.

use crate::pixels::paint::{self, Leaves};
use crate::pixels::raster::Raster;
use crate::plan::Grid;

/// Composites the image over squares of `op.square_px` in the two colours, the first at the top left. Returns 8 bits;
/// alpha is dropped if both colours are opaque. An image without alpha is unchanged.
#[must_use]
pub fn apply(raster: Raster, op: &Grid) -> Raster {
    if !raster.has_alpha() {
        return raster;
    }
    let leaves = Leaves {
        grey: op.colors.iter().all(|color| paint::is_grey(*color)),
        opaque: op.colors.iter().all(|color| color.is_opaque()),
    };
    let colors = op.colors.map(paint::pixel);
    let side = op.square_px.max(1);
    paint::rows(raster, leaves, |y, row| {
        for (x, pixel) in (0_u32..).zip(row) {
            if pixel[3] < u8::MAX {
                *pixel = paint::over(*pixel, colors[((x / side + y / side) % 2) as usize]);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::Samples;
    use crate::units::{Color, Size};

    fn clear(width: u32, height: u32, alpha: u8) -> Raster {
        let size = Size::new(width, height);
        Raster { size, channels: 2, samples: Samples::U8([7, alpha].repeat(size.area() as usize)) }
    }

    #[test]
    fn squares_alternate_from_the_top_left_and_show_only_through() {
        let red = Color { r: 255, g: 0, b: 0, a: 255 };
        let op = Grid { colors: [red, Color::WHITE], square_px: 2 };
        let out = apply(clear(5, 3, 0), &op);
        assert_eq!(out.channels, 3);
        let is_red = |x: u32, y: u32| out.pixel_8((y * 5 + x) as usize) == [255, 0, 0, 255];
        let row = |y: u32| [0, 1, 2, 3, 4].map(|x| is_red(x, y));
        assert_eq!(row(0), [true, true, false, false, true]);
        assert_eq!((row(1), row(2)), (row(0), row(0).map(|red| !red)));
        assert_eq!(apply(clear(2, 2, 255), &op).pixel_8(3), [7, 7, 7, 255]);
        let opaque = Raster { size: Size::new(1, 1), channels: 1, samples: Samples::U16(vec![3]) };
        assert_eq!(apply(opaque.clone(), &op), opaque);
    }

    #[test]
    fn grey_squares_keep_grey_grey_and_translucent_ones_keep_alpha() {
        let op = Grid { colors: [Color::BLACK, Color::WHITE], square_px: 1 };
        assert_eq!(apply(clear(2, 1, 0), &op).into_bytes(), [0, 255]);
        let half = Color { a: 128, ..Color::BLACK };
        let out = apply(clear(2, 1, 0), &Grid { colors: [half, half], square_px: 1 });
        assert_eq!(out.into_bytes(), [0, 128, 0, 128]);
    }
}
