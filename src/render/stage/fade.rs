//! Fades the edges to transparent: `fade*`, on the image or on a layer.
//!
//! Opacity rises linearly from 0 at the edge; where two edges meet, the fades multiply. Colours stay, so that whatever
//! is under the image shows through.

use crate::pixels::paint::{self, Leaves};
use crate::pixels::raster::Raster;
use crate::plan::FadeOp;

/// Multiplies the opacity. Returns 8 bits with alpha; grey stays grey.
#[must_use]
pub fn apply(raster: Raster, op: &FadeOp) -> Raster {
    let (across, down) = (shares(raster.size.width, op.left, op.right), shares(raster.size.height, op.top, op.bottom));
    paint::rows(raster, Leaves { grey: true, opaque: false }, |y, row| {
        let down = down.get(y as usize).copied().unwrap_or(1.0);
        for (pixel, across) in row.iter_mut().zip(&across) {
            pixel[3] = (f32::from(pixel[3]) * down * across + 0.5) as u8;
        }
    })
}

/// Returns the opacity factor of each row or column, measured at its centre.
fn shares(side: u32, start: f64, end: f64) -> Vec<f32> {
    let share = |distance: f64, width: f64| if width > distance { distance / width } else { 1.0 };
    let at = |index: u32| {
        let middle = f64::from(index) + 0.5;
        (share(middle, start) * share(f64::from(side) - middle, end)) as f32
    };
    (0..side).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::Samples;
    use crate::units::Size;

    const NONE: FadeOp = FadeOp { top: 0.0, right: 0.0, bottom: 0.0, left: 0.0 };

    fn grey(width: u32, height: u32) -> Raster {
        let size = Size::new(width, height);
        Raster { size, channels: 1, samples: Samples::U16(vec![65535; size.area() as usize]) }
    }

    fn alphas(raster: &Raster) -> Vec<u8> {
        (0..raster.size.area() as usize).map(|index| raster.pixel_8(index)[3]).collect()
    }

    #[test]
    fn each_side_fades_in_a_straight_line() {
        let faded = |op: FadeOp, width, height| alphas(&apply(grey(width, height), &op));
        assert_eq!(faded(FadeOp { left: 4.0, ..NONE }, 6, 1), [32, 96, 159, 223, 255, 255]);
        assert_eq!(faded(FadeOp { right: 2.5, ..NONE }, 4, 1), [255, 255, 153, 51]);
        assert_eq!(faded(FadeOp { top: 2.0, ..NONE }, 1, 3), [64, 191, 255]);
        assert_eq!(faded(FadeOp { bottom: 2.0, ..NONE }, 1, 3), [255, 191, 64]);
        assert_eq!(faded(NONE, 2, 2), [255; 4]);
        // In the corner both fades apply.
        assert_eq!(faded(FadeOp { left: 2.0, top: 2.0, ..NONE }, 2, 2), [16, 48, 48, 143]);
    }

    #[test]
    fn colours_and_transparent_parts_stay() {
        let samples = Samples::U8(vec![10, 20, 30, 100, 40, 50, 60, 0]);
        let image = Raster { size: Size::new(2, 1), channels: 4, samples };
        let out = apply(image, &FadeOp { left: 1.0, ..NONE });
        assert_eq!(out.into_bytes(), [10, 20, 30, 50, 40, 50, 60, 0]);
        assert_eq!(apply(grey(3, 3), &NONE).channels, 2);
    }
}
