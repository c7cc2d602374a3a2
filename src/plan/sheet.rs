//! `fm=spritesheet`: the frames of an animation, side by side.

use crate::units::Size;

use super::bound;
use super::feature::Layout;
use super::layout::layout_found;
use super::resolved::Plan;
use super::types::{Found, Measured};

/// A grid of cells, filled from left to right and from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Number of cells in a row.
    pub columns: u32,
    /// Number of rows.
    pub rows: u32,
}

impl Sheet {
    /// Returns the grid for this many frames of size `tile` whose longer side is shortest; if several are equal, the
    /// one with the most columns.
    #[must_use]
    pub fn of(frames: u32, tile: Size) -> Self {
        let frames = frames.max(1);
        let longest = |columns: u32| {
            let across = u64::from(columns) * u64::from(tile.width);
            across.max(u64::from(frames.div_ceil(columns)) * u64::from(tile.height))
        };
        let columns = (1..=frames).min_by_key(|&columns| (longest(columns), std::cmp::Reverse(columns))).unwrap_or(1);
        // Removes columns that the rows do not need: seven frames in rows of five make two rows, and so they do in rows
        // of four.
        let rows = frames.div_ceil(columns);
        Self { columns: frames.div_ceil(rows), rows }
    }

    /// Returns the size of the sheet with cells of size `tile`, saturating at 32 bits.
    #[must_use]
    pub const fn size(self, tile: Size) -> Size {
        Size::new(self.columns.saturating_mul(tile.width), self.rows.saturating_mul(tile.height))
    }
}

/// Returns the layout of each of `frames` frames: that of [`layout_found`], or for a sheet one in cells small enough
/// that no side of the sheet exceeds `sizing.side_max`. A cell is never smaller than one pixel.
#[must_use]
pub fn layout_frames(plan: &Plan, measured: &Measured, found: &Found, frames: u32) -> Layout {
    if !plan.sheet || frames <= 1 {
        return layout_found(plan, measured, found);
    }
    let place = |side_max: u32| {
        let mut smaller = plan.clone();
        smaller.sizing.side_max = side_max;
        let layout = layout_found(&smaller, measured, found);
        let size = layout.output;
        (layout, size)
    };
    bound::within(plan.sizing.side_max, place, |_, tile| Sheet::of(frames, tile).size(tile))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::parse;
    use crate::plan::{Intent, Negotiation, Policy, resolve};

    #[test]
    fn sheets_are_nearly_square() {
        let check = |frames, width, height, columns, rows| {
            assert_eq!(
                Sheet::of(frames, Size::new(width, height)),
                Sheet { columns, rows },
                "{frames} {width}x{height}"
            );
        };
        check(1, 10, 10, 1, 1);
        check(2, 10, 10, 2, 1);
        check(4, 10, 10, 2, 2);
        check(5, 10, 10, 3, 2);
        check(7, 10, 10, 3, 3);
        check(12, 10, 10, 4, 3);
        check(12, 160, 90, 3, 4);
        check(12, 90, 160, 4, 3);
        check(9, 1000, 10, 1, 9);
        check(9, 10, 1000, 9, 1);
        check(0, 10, 10, 1, 1);
    }

    fn tile(query: &str, width: u32, height: u32, frames: u32) -> (Size, Size) {
        let parsed = parse(query, &[]).unwrap();
        let Intent::Render(plan) = resolve(&parsed, &Negotiation::default(), &Policy::default()).intent else {
            panic!("{query} renders nothing")
        };
        let measured = Measured { size: Size::new(width, height), orientation: 1, has_alpha: false, frames };
        let tile = layout_frames(&plan, &measured, &Found::default(), frames).output;
        (tile, Sheet::of(frames, tile).size(tile))
    }

    #[test]
    fn cells_have_the_size_that_is_asked_for_as_long_as_the_sheet_can_hold_them() {
        let size = Size::new;
        assert_eq!(tile("fm=spritesheet", 100, 50, 8), (size(100, 50), size(200, 200)));
        assert_eq!(tile("fm=spritesheet&w=50&h=50&fit=crop", 100, 50, 9), (size(50, 50), size(150, 150)));
        assert_eq!(tile("fm=spritesheet&w=50&dpr=2&pad=5", 100, 50, 1).0, size(100, 60));
        // A sheet of 10 x 10 cells would be 10000 wide.
        let (cell, sheet) = tile("fm=spritesheet", 1000, 1000, 100);
        assert_eq!((cell, sheet), (size(819, 819), size(8190, 8190)));
        let (cell, sheet) = tile("fm=spritesheet&w=3000", 1600, 900, 77);
        assert!(sheet.width <= 8192 && sheet.height <= 8192 && sheet.width > 7900, "{cell:?} {sheet:?}");
        // One frame is not a sheet, and other formats do not shrink.
        assert_eq!(tile("fm=spritesheet", 1000, 1000, 1).0, size(1000, 1000));
        assert_eq!(tile("fm=webp", 1000, 1000, 100).0, size(1000, 1000));
    }

    proptest::proptest! {
        #[test]
        fn no_sheet_is_over_the_limit(frames in 2_u32..3000, width in 1_u32..3000, height in 1_u32..3000) {
            let (_, sheet) = tile("fm=spritesheet&pad=3", width, height, frames);
            proptest::prop_assert!(sheet.width <= 8192 && sheet.height <= 8192, "{:?}", sheet);
        }
    }
}
