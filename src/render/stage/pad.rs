//! Adds a margin around the image.

use super::extend;
use crate::pixels::raster::Raster;
use crate::plan::{Extend, ExtendFill, Pad};
use crate::render::{RenderError, Step};
use crate::units::Size;

/// Places the image on a canvas that is larger by `op.sides`, in `op.color`. Returns 8 bits, with an alpha channel if
/// the colour is not opaque. The margin has the colour of `bg`; the image's own transparency stays (`rendering.md` 12).
///
/// # Errors
/// [`RenderError::Stage`] if the result would be larger than an image can be.
pub fn apply(raster: Raster, op: &Pad) -> Result<Raster, RenderError> {
    let longer = |side: u32, a: u32, b: u32| side.checked_add(a)?.checked_add(b);
    let width = longer(raster.size.width, op.sides.left, op.sides.right);
    let height = longer(raster.size.height, op.sides.top, op.sides.bottom);
    let (Some(width), Some(height)) = (width, height) else {
        return Err(RenderError::Stage(Step::Pad));
    };
    let canvas = Extend {
        canvas: Size::new(width, height),
        left: op.sides.left,
        top: op.sides.top,
        fill: ExtendFill::Solid(op.color),
    };
    extend::apply(raster, &canvas)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::Samples;
    use crate::plan::Sides;
    use crate::units::Color;

    #[test]
    fn the_padding_surrounds_the_image_and_leaves_it_alone() {
        let raster = Raster { size: Size::new(1, 1), channels: 1, samples: Samples::U8(vec![7]) };
        let sides = Sides { top: 1, right: 2, bottom: 0, left: 1 };
        let padded = apply(raster.clone(), &Pad { sides, color: Color::WHITE }).unwrap();
        assert_eq!((padded.size, padded.into_bytes()), (Size::new(4, 2), vec![255, 255, 255, 255, 255, 7, 255, 255]));
        let clear = apply(raster.clone(), &Pad { sides, color: Color::TRANSPARENT_WHITE }).unwrap();
        assert_eq!((clear.channels, clear.pixel_8(5), clear.pixel_8(0)[3]), (2, [7, 7, 7, 255], 0));
        let absurd = Sides { left: u32::MAX, ..sides };
        assert!(apply(raster, &Pad { sides: absurd, color: Color::WHITE }).is_err());
    }
}
