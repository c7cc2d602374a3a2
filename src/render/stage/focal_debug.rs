//! The crosshair of `fp-debug`.

use crate::pixels::raster::{Raster, Samples};
use crate::plan::FocalDebugOp;

/// Half the length of the arms, as a fraction of the shorter side.
const ARM: f64 = 0.08;

/// Draws an opaque white cross with a black edge, centred on the pixel (x, y). Returns 8-bit RGBA of the same size.
#[must_use]
pub fn apply(raster: Raster, FocalDebugOp { x, y }: FocalDebugOp) -> Raster {
    let size = raster.size;
    let mut bytes = raster.into_rgba().into_bytes();
    let arm = ((f64::from(size.width.min(size.height)) * ARM) as i64).max(4);
    let half = (arm / 12).max(1);
    let (cx, cy) = (i64::from(x), i64::from(y));
    let mut bar = |across: i64, along: i64, color: [u8; 4]| {
        for (dx, dy) in [(across, along), (along, across)] {
            for py in (cy - dy).max(0)..=(cy + dy).min(i64::from(size.height) - 1) {
                for px in (cx - dx).max(0)..=(cx + dx).min(i64::from(size.width) - 1) {
                    let at = (py * i64::from(size.width) + px) as usize * 4;
                    bytes[at..at + 4].copy_from_slice(&color);
                }
            }
        }
    };
    bar(half + 1, arm + 1, [0, 0, 0, 255]);
    bar(half, arm, [255, 255, 255, 255]);
    Raster { size, channels: 4, samples: Samples::U8(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    #[test]
    fn the_cross_is_centred_and_stays_inside() {
        let grey = Raster { size: Size::new(20, 10), channels: 1, samples: Samples::U8(vec![9; 200]) };
        let drawn = apply(grey.clone(), FocalDebugOp { x: 10, y: 5 }).into_bytes();
        let at = |x: usize, y: usize| drawn[(y * 20 + x) * 4];
        assert_eq!(at(10, 5), 255, "centre");
        assert_eq!(at(14, 5), 255, "arm");
        assert_eq!(at(13, 8), 9, "between the arms");
        for (x, y) in [(0, 0), (19, 9), (500, 500)] {
            assert_eq!(apply(grey.clone(), FocalDebugOp { x, y }).size, grey.size);
        }
    }
}
