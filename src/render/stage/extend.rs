//! Places the image on a larger canvas.

use super::blur;
use crate::pixels::ramp::{self, Ramp};
use crate::pixels::raster::{Raster, Samples};
use crate::pixels::{extend, resample};
use crate::plan::{ColorRamp, ColorStop, Extend, ExtendFill, GradientFill};
use crate::render::describe::palette::gradient_colors;
use crate::render::{RenderError, Step};
use crate::units::{Rect, Size};

/// Places the image at `(op.left, op.top)` on a canvas of `op.canvas` and fills the rest. Returns 8 bits, with an alpha
/// channel if the fill is not opaque.
///
/// # Errors
/// [`RenderError::Stage`] if the image is not inside the canvas.
pub fn apply(raster: Raster, op: &Extend) -> Result<Raster, RenderError> {
    let placed = Rect { left: op.left, top: op.top, size: raster.size };
    if !placed.is_inside(op.canvas) {
        return Err(RenderError::Stage(Step::Extend));
    }
    match &op.fill {
        ExtendFill::Edge => Ok(extend::edge(raster, op.canvas, placed)),
        ExtendFill::Solid(color) => Ok(extend::solid(raster, op.canvas, placed, *color)),
        ExtendFill::Blur => blurred(raster, op.canvas, placed),
        ExtendFill::Gradient(gradient) => Ok(graded(raster, op.canvas, placed, gradient)),
    }
}

/// Places the image over a blurred copy of itself that covers the canvas.
fn blurred(raster: Raster, canvas: Size, placed: Rect) -> Result<Raster, RenderError> {
    /// Longest side of the copy that is blurred; the result has no finer detail.
    const BLURRED_SIDE: u32 = 128;
    /// Standard deviation of that blur in pixels: 4 % of the longest side of the canvas.
    const SIGMA_PX: f64 = 5.0;
    let longest = canvas.width.max(canvas.height);
    let divisor = f64::from(longest.div_ceil(BLURRED_SIDE).max(1));
    let side = |px: u32| ((f64::from(px) / divisor).round() as u32).max(1);
    let small = Size::new(side(canvas.width), side(canvas.height));
    let (scaled, window) = covering(raster.size, small);
    let copy = blur::apply(&resample::apply(raster.clone(), scaled, window)?, SIGMA_PX);
    let backdrop = resample::scale_whole(copy, canvas)?.into_rgba();
    let shows_through = raster.has_alpha();
    let result = extend::over_backdrop(raster, backdrop, placed);
    Ok(if shows_through { result } else { result.without_alpha() })
}

/// Returns the two strongest colours of an image as the ends of a gradient.
#[must_use]
pub fn own_colors(raster: &Raster) -> Vec<ColorStop> {
    let [dark, light] = gradient_colors(raster);
    vec![ColorStop { at: 0.0, color: dark }, ColorStop { at: 1.0, color: light }]
}

/// Places the image over a gradient, in its own two strongest colours unless others are given.
fn graded(raster: Raster, canvas: Size, placed: Rect, gradient: &GradientFill) -> Raster {
    let stops = gradient.colors.clone().unwrap_or_else(|| own_colors(&raster));
    let ramp = Ramp::new(&ColorRamp { stops, space: gradient.space, hue: gradient.hue });
    let mut backdrop = Vec::with_capacity(usize::try_from(canvas.area() * 4).unwrap_or_default());
    for y in 0..canvas.height {
        for x in 0..canvas.width {
            backdrop.extend(ramp.at(ramp::position(&gradient.course, x, y)));
        }
    }
    let backdrop = Raster { size: canvas, channels: 4, samples: Samples::U8(backdrop) };
    extend::over_backdrop(raster, backdrop, placed).without_alpha()
}

/// Scales to cover `target` and crops around the centre.
fn covering(from: Size, target: Size) -> (Size, Rect) {
    let across = f64::from(target.width) / f64::from(from.width);
    let down = f64::from(target.height) / f64::from(from.height);
    let factor = across.max(down);
    let side = |px: u32, least: u32| ((f64::from(px) * factor).round() as u32).max(least);
    let scaled = Size::new(side(from.width, target.width), side(from.height, target.height));
    let rect = Rect { left: (scaled.width - target.width) / 2, top: (scaled.height - target.height) / 2, size: target };
    (scaled, rect)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::{GradientSpace, HuePath};
    use crate::plan::GradientCourse;
    use crate::units::Color;

    fn two_by_one() -> Raster {
        Raster { size: Size::new(2, 1), channels: 1, samples: Samples::U8(vec![10, 20]) }
    }

    fn extend(fill: ExtendFill) -> Extend {
        Extend { canvas: Size::new(4, 3), left: 1, top: 1, fill }
    }

    #[test]
    fn edges_are_stretched() {
        let out = apply(two_by_one(), &extend(ExtendFill::Edge)).unwrap();
        assert_eq!(out.into_bytes(), [10, 10, 20, 20].repeat(3));
        let outside = Extend { left: 3, ..extend(ExtendFill::Edge) };
        assert!(apply(two_by_one(), &outside).is_err());
    }

    #[test]
    fn letterbox_bars_use_as_few_channels_as_possible() {
        let grey = apply(two_by_one(), &extend(ExtendFill::Solid(Color::WHITE))).unwrap();
        assert_eq!((grey.channels, grey.into_bytes()[4..8].to_vec()), (1, vec![255, 10, 20, 255]));
        let red = Color { r: 255, g: 0, b: 0, a: 255 };
        let rgb = apply(two_by_one(), &extend(ExtendFill::Solid(red))).unwrap();
        assert_eq!((rgb.channels, rgb.into_bytes()[..3].to_vec()), (3, vec![255, 0, 0]));
        let clear = apply(two_by_one(), &extend(ExtendFill::Solid(Color::TRANSPARENT_WHITE))).unwrap();
        assert_eq!(clear.channels, 2);
        let alpha: Vec<u8> = clear.into_bytes().into_iter().skip(1).step_by(2).collect();
        assert_eq!(alpha, [0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn gradients_cover_the_whole_canvas_under_the_image() {
        let course = GradientCourse::Linear { from: [0.0, 0.0], to: [0.0, 3.0] };
        let [red, green, blue] = [[255, 0, 0], [0, 255, 0], [0, 0, 255]].map(|[r, g, b]| Color { r, g, b, a: 255 });
        let fill = |colors: Option<&[Color]>| {
            let stop = |(index, color): (usize, &Color)| ColorStop { at: index as f64 / 2.0, color: *color };
            let colors = colors.map(|colors| colors.iter().enumerate().map(stop).collect());
            ExtendFill::Gradient(GradientFill { colors, space: GradientSpace::Srgb, hue: HuePath::Shorter, course })
        };
        let out = apply(two_by_one(), &extend(fill(Some(&[red, green, blue])))).unwrap();
        assert_eq!((out.channels, out.pixel_8(5), out.pixel_8(6)), (3, [10, 10, 10, 255], [20, 20, 20, 255]));
        let (top, middle, bottom) = (out.pixel_8(0), out.pixel_8(4), out.pixel_8(8));
        assert!(top[0] > 150 && middle[1] > 250 && bottom[2] > 150, "{top:?} {middle:?} {bottom:?}");
        assert_eq!((out.pixel_8(1), out.pixel_8(3)), (top, top), "a row is of one colour");
        // Without colours, those of the image are used, which only has greys.
        let own = apply(two_by_one(), &extend(fill(None))).unwrap();
        let [dark, light] = [own.pixel_8(0), own.pixel_8(8)];
        assert!(dark[0] == dark[2] && light[0] == light[1] && dark[0] < light[0], "{dark:?} {light:?}");
        let clear = Raster { channels: 2, samples: Samples::U8(vec![10, 0, 20, 255]), ..two_by_one() };
        let shown = apply(clear, &extend(fill(Some(&[red, green, blue])))).unwrap();
        assert_eq!((shown.pixel_8(5), shown.pixel_8(6)), (middle, [20, 20, 20, 255]));
    }

    #[test]
    fn blurred_bars_continue_the_image_which_stays_sharp() {
        let size = Size::new(60, 20);
        let samples = (0..size.area()).flat_map(|i| if i % 60 < 30 { [200, 0, 0] } else { [0, 0, 200] }).collect();
        let raster = Raster { size, channels: 3, samples: Samples::U8(samples) };
        let op = Extend { canvas: Size::new(60, 60), left: 0, top: 20, fill: ExtendFill::Blur };
        let out = apply(raster.clone(), &op).unwrap();
        assert_eq!((out.size, out.channels), (op.canvas, 3));
        let bytes = out.into_bytes();
        let at = |x: usize, y: usize| &bytes[(y * 60 + x) * 3..][..3];
        assert_eq!(&bytes[20 * 60 * 3..40 * 60 * 3], raster.into_bytes());
        assert!(at(2, 2)[0] > 150 && at(57, 57)[2] > 150, "{:?} {:?}", at(2, 2), at(57, 57));
        assert!((40..200).contains(&at(29, 5)[0]) && (40..200).contains(&at(29, 5)[2]), "{:?}", at(29, 5));
    }
}
