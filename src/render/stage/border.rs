//! Draws a frame over the edge of the image, whose size stays.
//!
//! The frame is the area between an outer edge (that of the image, rounded by `border-radius`, or that of the mask) and
//! a hole (the image minus the four thicknesses, rounded by `border-radius-inner`). Everything outside a rounded outer
//! edge is cut away. Under a mask the frame follows the mask's edge. The hole of an ellipse or rounded box has the same
//! shape, smaller by the thicknesses. The hole of a polygon has edges at the largest thickness from the outer ones. An
//! image mask has no shape to follow, so the frame is that of the image, drawn where something is visible.
//! `border-radius` applies only without a mask. A stroke is a line of its own colour along the outer edge, over the
//! frame.

use crate::pixels::paint::{self, Leaves, Pixel};
use crate::pixels::raster::Raster;
use crate::pixels::shape::Shape;
use crate::plan::{BorderOp, Outline};
use crate::units::Size;

/// Draws `op.border`. Returns 8 bits, with an alpha channel if corners are cut away.
#[must_use]
pub fn apply(raster: Raster, op: &BorderOp) -> Raster {
    let border = &op.border;
    let frame = BorderEdges::new(raster.size, op);
    let cuts = op.follows.is_none() && border.radii_px != [0; 4];
    let stroke = border.stroke.map(|(_, color)| color);
    let leaves = Leaves {
        grey: paint::is_grey(border.color) && stroke.is_none_or(paint::is_grey),
        opaque: !raster.has_alpha() && !cuts,
    };
    let color = paint::pixel(border.color);
    paint::rows(raster, leaves, |y, row| {
        for (x, pixel) in (0..).zip(row) {
            let outer = frame.outer.coverage(x, y);
            if cuts && outer < 1.0 {
                *pixel = paint::mixed([(*pixel, outer)]);
            }
            if outer <= 0.0 || (frame.clips && pixel[3] == 0) {
                continue;
            }
            *pixel = framed(*pixel, color, outer, frame.hole.coverage(x, y));
            if let (Some(hole), Some(stroke)) = (&frame.stroke_hole, stroke) {
                *pixel = framed(*pixel, paint::pixel(stroke), outer, hole.coverage(x, y));
            }
        }
    })
}

/// The edges of a frame.
struct BorderEdges {
    outer: Shape,
    hole: Shape,
    stroke_hole: Option<Shape>,
    /// Whether to draw only where the image is visible.
    clips: bool,
}

impl BorderEdges {
    fn new(size: Size, op: &BorderOp) -> Self {
        let border = &op.border;
        let sides = &border.sides;
        let sides = [sides.top, sides.right, sides.bottom, sides.left];
        let hole = |insets: [u32; 4], radii: [u32; 4]| match op.follows {
            Some(Outline::Ellipse) => Shape::ellipse(size, insets),
            Some(Outline::Polygon(count)) => Shape::polygon(size, count, insets.into_iter().max().unwrap_or(0)),
            Some(Outline::Corners(outer)) if radii == [0; 4] => Shape::rounded(size, insets, smaller(outer, insets)),
            Some(Outline::Corners(_) | Outline::Image) | None => Shape::rounded(size, insets, radii),
        };
        let outer = match op.follows {
            Some(Outline::Corners(radii)) => Shape::rounded(size, [0; 4], radii),
            Some(_) => hole([0; 4], [0; 4]),
            None => Shape::rounded(size, [0; 4], border.radii_px),
        };
        let stroke_hole = border.stroke.map(|(px, _)| match op.follows {
            None => Shape::rounded(size, [px; 4], smaller(border.radii_px, [px; 4])),
            Some(_) => hole([px; 4], [0; 4]),
        });
        Self { outer, hole: hole(sides, border.inner_radii_px), stroke_hole, clips: op.follows == Some(Outline::Image) }
    }
}

/// Returns the radii of a concentric box inside: minus the thicker of the two sides that meet in each corner.
fn smaller(radii: [u32; 4], [top, right, bottom, left]: [u32; 4]) -> [u32; 4] {
    let meeting = [top.max(left), top.max(right), bottom.max(right), bottom.max(left)];
    std::array::from_fn(|corner| radii[corner].saturating_sub(meeting[corner]))
}

/// Draws the frame over a pixel. `outer` is the coverage at the outer edge and `hole` that of the hole.
fn framed(pixel: Pixel, color: Pixel, outer: f32, hole: f32) -> Pixel {
    let share = outer - hole.min(outer);
    if share <= 0.0 {
        return pixel;
    }
    // Where a mask or a rounded corner has made the image as transparent as the frame's own edge, the frame replaces
    // the image and does not add to it.
    let alpha = f32::from(pixel[3]) / 255.0;
    let covered = share / alpha.max(outer);
    let opacity = f32::from(color[3]) / 255.0;
    paint::mixed([(color, share), (pixel, 1.0 - covered * opacity)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::Samples;
    use crate::plan::{Border, Sides};
    use crate::units::Color;

    const RED: Color = Color { r: 255, g: 0, b: 0, a: 255 };
    const FRAME: Pixel = [255, 0, 0, 255];
    const INSIDE: Pixel = [10, 20, 30, 255];

    fn image(width: u32, height: u32) -> Raster {
        let size = Size::new(width, height);
        Raster { size, channels: 3, samples: Samples::U8([10, 20, 30].repeat(size.area() as usize)) }
    }

    fn border(sides: [u32; 4]) -> Border {
        let [top, right, bottom, left] = sides;
        let sides = Sides { top, right, bottom, left };
        Border { sides, color: RED, radii_px: [0; 4], inner_radii_px: [0; 4], stroke: None }
    }

    fn at(raster: &Raster, x: u32, y: u32) -> Pixel {
        raster.pixel_8((y * raster.size.width + x) as usize)
    }

    #[test]
    fn each_side_has_its_own_thickness_and_the_size_stays() {
        let out = apply(image(12, 10), &BorderOp { border: border([1, 2, 3, 4]), follows: None });
        assert_eq!((out.size, out.channels), (Size::new(12, 10), 3));
        for (x, y) in (0..10).flat_map(|y| (0..12).map(move |x| (x, y))) {
            let inside = (4..10).contains(&x) && (1..7).contains(&y);
            assert_eq!(at(&out, x, y), if inside { INSIDE } else { FRAME }, "{x} {y}");
        }
        let thick = apply(image(4, 4), &BorderOp { border: border([4, 4, 4, 4]), follows: None });
        assert_eq!(thick.into_bytes(), [255, 0, 0].repeat(16), "nothing is left of the image");
    }

    #[test]
    fn radii_round_the_outside_and_the_hole() {
        let rounded = Border { radii_px: [10; 4], inner_radii_px: [6, 0, 0, 0], ..border([4; 4]) };
        let out = apply(image(40, 40), &BorderOp { border: rounded, follows: None });
        assert_eq!((out.channels, at(&out, 0, 0)[3], at(&out, 20, 0), at(&out, 20, 20)), (4, 0, FRAME, INSIDE));
        assert_eq!((at(&out, 4, 4), at(&out, 35, 4)), (FRAME, INSIDE), "one corner of the hole is round");
        // A border without thickness still rounds the image.
        let bare = Border { radii_px: [10; 4], ..border([0; 4]) };
        let out = apply(image(40, 40), &BorderOp { border: bare, follows: None });
        assert_eq!((at(&out, 0, 0)[3], at(&out, 20, 0)), (0, INSIDE));
    }

    #[test]
    fn translucent_frames_show_the_image() {
        let half = Border { color: Color { a: 128, ..RED }, ..border([2; 4]) };
        let out = apply(image(10, 10), &BorderOp { border: half, follows: None });
        assert_eq!(at(&out, 0, 0), [133, 10, 15, 255]);
        let clear = Raster { size: Size::new(10, 10), channels: 4, samples: Samples::U8(vec![0; 400]) };
        let out = apply(clear, &BorderOp { border: half, follows: None });
        assert_eq!((at(&out, 0, 0), at(&out, 5, 5)[3]), ([255, 0, 0, 128], 0));
    }

    #[test]
    fn a_frame_follows_the_edge_of_the_mask() {
        for (follows, radius) in [(Outline::Ellipse, 20.0_f32), (Outline::Corners([20; 4]), 20.0)] {
            let out = apply(image(40, 40), &BorderOp { border: border([5; 4]), follows: Some(follows) });
            assert_eq!((at(&out, 0, 0), at(&out, 20, 20)), (INSIDE, INSIDE), "outside the mask nothing is drawn");
            let middle = radius - 2.5;
            let on = |angle: f32| at(&out, (20.0 + middle * angle.cos()) as u32, (20.0 + middle * angle.sin()) as u32);
            for step in 0..16_u8 {
                assert_eq!(on(f32::from(step) * std::f32::consts::TAU / 16.0), FRAME, "{follows:?} {step}");
            }
        }
        let out = apply(image(40, 40), &BorderOp { border: border([5; 4]), follows: Some(Outline::Polygon(4)) });
        assert_eq!(
            (at(&out, 0, 0), at(&out, 20, 2), at(&out, 20, 20), at(&out, 11, 11)),
            (INSIDE, FRAME, INSIDE, FRAME)
        );
    }

    #[test]
    fn a_stroke_runs_along_the_outer_edge() {
        let stroked = Border { stroke: Some((1, Color::BLACK)), ..border([4; 4]) };
        let out = apply(image(20, 20), &BorderOp { border: stroked, follows: None });
        assert_eq!([at(&out, 0, 9), at(&out, 1, 9), at(&out, 4, 9)], [[0, 0, 0, 255], FRAME, INSIDE]);
    }

    #[test]
    fn grey_frames_keep_grey_grey() {
        let grey = Raster { size: Size::new(4, 4), channels: 1, samples: Samples::U16(vec![0; 16]) };
        let white = Border { color: Color::WHITE, ..border([1; 4]) };
        let out = apply(grey, &BorderOp { border: white, follows: None });
        assert_eq!((out.channels, out.into_bytes()[..6].to_vec()), (1, vec![255, 255, 255, 255, 255, 0]));
    }
}
