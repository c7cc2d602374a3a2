//! Cuts the image to a shape.
//!
//! Edges are anti-aliased, or fade inwards over some pixels. The area that is cut away shows the mask's background. The
//! background replaces the image there and is not drawn under it, so transparency inside the shape stays. Inverted, the
//! shape is the hole, and a mask image hides where it is light. A polygon has its first corner on the right and is
//! stretched to touch all four sides.

use crate::pixels::paint::{self, Leaves, Pixel};
use crate::pixels::points::luma;
use crate::pixels::raster::Raster;
use crate::pixels::shape::Shape;
use crate::plan::{MaskOp, Outline};
use crate::render::{RenderError, Step};
use crate::units::Color;

/// Cuts to `op.outline`. For [`Outline::Image`], `image` is the mask image, already in the size of the raster: it keeps
/// what is under its light and opaque parts. Returns 8 bits; alpha is omitted if nothing in the result can be
/// transparent.
///
/// # Errors
/// [`RenderError::Stage`] when the mask image is missing or has another size.
pub fn apply(raster: Raster, op: &MaskOp, image: Option<&Raster>) -> Result<Raster, RenderError> {
    let background = op.background.unwrap_or(Color::TRANSPARENT_WHITE);
    let leaves = Leaves {
        grey: background.a == 0 || paint::is_grey(background),
        opaque: background.is_opaque() && !raster.has_alpha(),
    };
    let under = paint::pixel(background);
    let cut = |pixel: &mut Pixel, inside: f32| {
        let visible = if op.inverted { 1.0 - inside } else { inside };
        if visible < 1.0 {
            *pixel = paint::mixed([(*pixel, visible), (under, 1.0 - visible)]);
        }
    };
    if op.outline == Outline::Image {
        let image = image.filter(|image| image.size == raster.size && image.is_consistent());
        let image = image.ok_or(RenderError::Stage(Step::Mask))?;
        let width = image.size.width as usize;
        return Ok(paint::rows(raster, leaves, |y, row| {
            for (x, pixel) in row.iter_mut().enumerate() {
                cut(pixel, visibility(image.pixel_8(y as usize * width + x)));
            }
        }));
    }
    let shape = shape(op.outline, raster.size);
    Ok(paint::rows(raster, leaves, |y, row| {
        for (x, pixel) in (0..).zip(row) {
            cut(
                pixel,
                if op.feather_px == 0 { shape.coverage(x, y) } else { shape.feathered(x, y, op.feather_px as f32) },
            );
        }
    }))
}

fn shape(outline: Outline, size: crate::units::Size) -> Shape {
    match outline {
        Outline::Ellipse => Shape::ellipse(size, [0; 4]),
        Outline::Corners(radii) => Shape::rounded(size, [0; 4], radii),
        Outline::Polygon(sides) => Shape::polygon(size, sides, 0),
        Outline::Image => Shape::rounded(size, [0; 4], [0; 4]),
    }
}

/// Returns luminance times alpha of a mask pixel, 0 to 1 (weights of ITU-R BT.709 on encoded values).
fn visibility([r, g, b, a]: Pixel) -> f32 {
    let luminance = luma([r, g, b].map(f32::from));
    luminance * f32::from(a) / (255.0 * 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::Samples;
    use crate::units::Size;

    fn solid(channels: u8, width: u32, height: u32) -> Raster {
        let size = Size::new(width, height);
        let samples = Samples::U8([10, 20, 30, 255][4 - usize::from(channels)..].repeat(size.area() as usize));
        Raster { size, channels, samples }
    }

    fn op(outline: Outline, background: Option<Color>) -> MaskOp {
        MaskOp { outline, background, inverted: false, feather_px: 0 }
    }

    fn at(raster: &Raster, x: u32, y: u32) -> Pixel {
        raster.pixel_8((y * raster.size.width + x) as usize)
    }

    #[test]
    fn the_outside_is_transparent_and_the_inside_untouched() {
        let out = apply(solid(4, 40, 20), &op(Outline::Ellipse, None), None).unwrap();
        assert_eq!((out.size, out.channels), (Size::new(40, 20), 4));
        assert_eq!((at(&out, 20, 10), at(&out, 20, 1)), ([10, 20, 30, 255], [10, 20, 30, 255]));
        assert_eq!([at(&out, 0, 0)[3], at(&out, 39, 0)[3], at(&out, 0, 19)[3], at(&out, 39, 19)[3]], [0; 4]);
        let edge: Vec<u8> = (0..20).map(|x| at(&out, x, 3)[3]).filter(|a| (1..255).contains(a)).collect();
        assert!(!edge.is_empty(), "the edge is soft");
    }

    #[test]
    fn a_background_replaces_what_is_cut_away() {
        let blue = Color { r: 0, g: 0, b: 255, a: 255 };
        let rgb = Raster { size: Size::new(20, 20), channels: 3, samples: Samples::U8([10, 20, 30].repeat(400)) };
        let out = apply(rgb, &op(Outline::Corners([8, 0, 0, 0]), Some(blue)), None).unwrap();
        assert_eq!((out.channels, at(&out, 0, 0), at(&out, 19, 0)), (3, [0, 0, 255, 255], [10, 20, 30, 255]));
        // Transparency inside the shape stays transparent.
        let clear = Raster { size: Size::new(20, 20), channels: 4, samples: Samples::U8([1, 2, 3, 0].repeat(400)) };
        let out = apply(clear, &op(Outline::Ellipse, Some(blue)), None).unwrap();
        assert_eq!((at(&out, 10, 10)[3], at(&out, 0, 0)), (0, [0, 0, 255, 255]));
    }

    #[test]
    fn an_inverted_mask_is_one_minus_the_mask() {
        let inverted = |outline| MaskOp { inverted: true, ..op(outline, None) };
        for outline in [Outline::Ellipse, Outline::Corners([9, 3, 9, 3]), Outline::Polygon(5)] {
            let kept = apply(solid(4, 31, 22), &op(outline, None), None).unwrap();
            let hole = apply(solid(4, 31, 22), &inverted(outline), None).unwrap();
            for (x, y) in (0..22).flat_map(|y| (0..31).map(move |x| (x, y))) {
                let sum = u16::from(at(&kept, x, y)[3]) + u16::from(at(&hole, x, y)[3]);
                assert!((254..=256).contains(&sum), "{outline:?} {x} {y}: {sum}");
            }
            assert_eq!((at(&hole, 15, 11)[3], at(&hole, 0, 0)), (0, [10, 20, 30, 255]));
        }
        let light = Raster { size: Size::new(2, 1), channels: 1, samples: Samples::U8(vec![255, 0]) };
        let image = Raster { size: Size::new(2, 1), channels: 1, samples: Samples::U8(vec![9; 2]) };
        let out = apply(image, &inverted(Outline::Image), Some(&light)).unwrap();
        assert_eq!([at(&out, 0, 0)[3], at(&out, 1, 0)[3]], [0, 255]);
    }

    #[test]
    fn a_feathered_edge_fades_inwards_and_the_middle_stays() {
        for outline in [Outline::Ellipse, Outline::Corners([6; 4])] {
            let op = MaskOp { feather_px: 10, ..op(outline, None) };
            let out = apply(solid(4, 60, 40), &op, None).unwrap();
            let across: Vec<u8> = (0..30).map(|x| at(&out, x, 20)[3]).collect();
            assert!(across.is_sorted(), "{outline:?} {across:?}");
            assert!(across[0] < 26 && across[5].abs_diff(140) < 12 && across[11] == 255, "{outline:?} {across:?}");
            assert!(at(&out, 30, 5)[3].abs_diff(140) < 12 && at(&out, 30, 20)[3] == 255);
            assert_eq!(at(&out, 0, 0)[3], 0);
        }
    }

    #[test]
    fn grey_stays_grey() {
        let grey = Raster { size: Size::new(9, 9), channels: 1, samples: Samples::U16(vec![65535; 81]) };
        assert_eq!(apply(grey.clone(), &op(Outline::Polygon(3), None), None).unwrap().channels, 2);
        let black = apply(grey, &op(Outline::Polygon(3), Some(Color::BLACK)), None).unwrap();
        assert_eq!((black.channels, at(&black, 8, 0)[0], at(&black, 3, 4)[0]), (1, 0, 255));
    }

    #[test]
    fn an_image_mask_shows_where_it_is_light_and_opaque() {
        let mask = Samples::U8(vec![255, 255, 255, 0, 0, 255, 128, 255]);
        let mask = Raster { size: Size::new(4, 1), channels: 2, samples: mask };
        let image = Raster { size: Size::new(4, 1), channels: 1, samples: Samples::U8(vec![9; 4]) };
        let out = apply(image.clone(), &op(Outline::Image, None), Some(&mask)).unwrap();
        assert_eq!([0, 1, 2, 3].map(|x| at(&out, x, 0)[3]), [255, 0, 0, 128]);
        assert!(apply(image.clone(), &op(Outline::Image, None), None).is_err());
        assert!(apply(image, &op(Outline::Image, None), Some(&solid(4, 3, 1))).is_err());
    }
}
