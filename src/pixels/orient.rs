//! Turns stored pixels upright.

use crate::pixels::raster::{Raster, Rearrange, Samples};
use crate::units::{Rect, Size};

/// Rotates and mirrors according to the EXIF orientation `value` (1 to 8). Any other value does nothing.
///
/// Works for any depth and channels; 5 to 8 exchange width and height. Source: EXIF 2.32 section 4.6.4, tag 0x0112, and
/// `rendering.md` 6.2.
#[must_use]
pub fn apply(raster: Raster, value: u8) -> Raster {
    if (2..=8).contains(&value) { raster.rearranged(&Turn(value)) } else { raster }
}

/// Returns the orientation that has the effect of `first` followed by `second`.
#[must_use]
pub fn compose(first: u8, second: u8) -> u8 {
    // Six pixels with different values distinguish all eight orientations.
    let probe = Raster { size: Size::new(3, 2), channels: 1, samples: Samples::U8(vec![1, 2, 3, 4, 5, 6]) };
    let both = apply(apply(probe.clone(), first), second);
    (1..=8).find(|value| apply(probe.clone(), *value) == both).unwrap_or(1)
}

/// Returns where a rectangle of the upright image lies in the stored image. `upright` is the size of the upright image.
#[must_use]
pub fn stored_rect(rect: Rect, upright: Size, value: u8) -> Rect {
    let Rect { left, top, size } = rect;
    // Distances from the right and bottom edges.
    let (right, bottom) = (upright.width - left - size.width, upright.height - top - size.height);
    let (left, top) = match value {
        2 => (right, top),
        3 => (right, bottom),
        4 => (left, bottom),
        5 => (top, left),
        6 => (top, right),
        7 => (bottom, right),
        8 => (bottom, left),
        _ => (left, top),
    };
    Rect { left, top, size: if (5..=8).contains(&value) { size.transposed() } else { size } }
}

struct Turn(u8);

/// Side of the square tiles in which pixels are moved, so that both the rows read and the rows written stay in the
/// cache.
const TILE: usize = 16;

impl Rearrange for Turn {
    fn run<P: Copy>(&self, pixels: &[P], size: Size) -> (Size, Vec<P>) {
        let (width, height) = (size.width as usize, size.height as usize);
        if pixels.is_empty() {
            return (size, Vec::new());
        }
        let rows = || pixels.chunks_exact(width);
        match self.0 {
            2 => (size, rows().flat_map(|row| row.iter().rev()).copied().collect()),
            3 => (size, pixels.iter().rev().copied().collect()),
            4 => (size, rows().rev().flatten().copied().collect()),
            value => {
                // New pixel (x, y) comes from old column y and old row x, each possibly counted from the other end.
                let (flip_column, flip_row) = (matches!(value, 7 | 8), matches!(value, 6 | 7));
                let mut out = vec![pixels[0]; pixels.len()];
                for tile_y in (0..width).step_by(TILE) {
                    for tile_x in (0..height).step_by(TILE) {
                        for y in tile_y..(tile_y + TILE).min(width) {
                            let column = if flip_column { width - 1 - y } else { y };
                            for x in tile_x..(tile_x + TILE).min(height) {
                                let row = if flip_row { height - 1 - x } else { x };
                                out[y * height + x] = pixels[row * width + column];
                            }
                        }
                    }
                }
                (size.transposed(), out)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::crop;

    #[track_caller]
    fn check(value: u8, size: (u32, u32), expected: [u8; 6]) {
        // 1 2 3
        // 4 5 6
        let stored = Raster { size: Size::new(3, 2), channels: 1, samples: Samples::U8(vec![1, 2, 3, 4, 5, 6]) };
        let turned = apply(stored, value);
        assert_eq!(turned.size, Size::new(size.0, size.1), "orientation {value}");
        assert_eq!(turned.into_bytes(), expected, "orientation {value}");
    }

    #[test]
    fn the_eight_orientations() {
        check(1, (3, 2), [1, 2, 3, 4, 5, 6]);
        check(2, (3, 2), [3, 2, 1, 6, 5, 4]);
        check(3, (3, 2), [6, 5, 4, 3, 2, 1]);
        check(4, (3, 2), [4, 5, 6, 1, 2, 3]);
        check(5, (2, 3), [1, 4, 2, 5, 3, 6]);
        check(6, (2, 3), [4, 1, 5, 2, 6, 3]);
        check(7, (2, 3), [6, 3, 5, 2, 4, 1]);
        check(8, (2, 3), [3, 6, 2, 5, 1, 4]);
        check(9, (3, 2), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn orientations_compose() {
        for value in 1..=8 {
            assert_eq!((compose(1, value), compose(value, 1)), (value, value));
        }
        assert_eq!((compose(6, 6), compose(6, 8), compose(2, 3), compose(8, 2)), (3, 1, 4, 7));
    }

    #[test]
    fn cropping_before_or_after_rotating_is_the_same() {
        let samples = Samples::U8((0..30).collect());
        let stored = Raster { size: Size::new(6, 5), channels: 1, samples };
        for value in 1..=8 {
            let upright = apply(stored.clone(), value);
            let rect = Rect { left: 1, top: 2, size: Size::new(3, 2) };
            let before = crop::apply(stored.clone(), stored_rect(rect, upright.size, value)).unwrap();
            assert_eq!(apply(before, value), crop::apply(upright, rect).unwrap(), "orientation {value}");
        }
    }

    #[test]
    fn four_quarter_turns_restore_an_image_larger_than_a_tile() {
        let samples: Vec<u16> = (0..37 * 41 * 3).collect();
        let raster = Raster { size: Size::new(37, 41), channels: 3, samples: Samples::U16(samples) };
        let turned = (0..4).fold(raster.clone(), |raster, _| apply(raster, 6));
        assert_eq!(turned, raster);
        assert_eq!(apply(apply(raster.clone(), 7), 7), raster);
    }
}
