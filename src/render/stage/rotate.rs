//! Rotates the image inside its frame, or entirely on a larger canvas.

use crate::param::RotType;
use crate::pixels::background;
use crate::pixels::raster::{Raster, Samples};
use crate::pixels::sampling::{bicubic, exact_sin_cos};
use crate::plan::{Rotate, TurnOp};
use crate::units::Size;

/// Rotates counter-clockwise about the centre, with Catmull-Rom interpolation of premultiplied samples.
///
/// `straighten` zooms in so that no corner is empty. `pivot` keeps the scale and shows the background in the corners of
/// its canvas.
/// Returns 8 bits, with an alpha channel if a corner can be transparent. Source: `rendering.md` 6.3.
#[must_use]
pub fn apply(raster: Raster, op: &Rotate) -> Raster {
    let opaque = !raster.has_alpha();
    let turned = Turn::new(raster.size, op).run(raster);
    match op.kind {
        RotType::Straighten if opaque => turned.without_alpha(),
        RotType::Straighten => turned,
        // This also fills the image's own transparency, with the same colour as the later background stage.
        RotType::Pivot => background::apply(turned, op.background),
    }
}

/// Rotates about the centre on a transparent canvas. Returns 8-bit RGBA.
#[must_use]
pub fn turned(raster: Raster, op: &TurnOp) -> Raster {
    let (sin, cos) = exact_sin_cos(op.degrees);
    Turn { size: raster.size, canvas: op.canvas, cos, sin, zoom: 1.0, extends: false }.run(raster)
}

struct Turn {
    /// Size of the input.
    size: Size,
    /// Size of the output.
    canvas: Size,
    cos: f64,
    sin: f64,
    zoom: f64,
    /// Whether samples outside the image repeat the nearest edge pixel (only rounding can cause any) or are
    /// transparent.
    extends: bool,
}

impl Turn {
    fn new(size: Size, op: &Rotate) -> Self {
        let (sin, cos) = exact_sin_cos(op.degrees);
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        let extends = op.kind == RotType::Straighten;
        let zoom = if extends {
            (cos.abs() + height / width * sin.abs()).max(cos.abs() + width / height * sin.abs())
        } else {
            1.0
        };
        Self { size, canvas: op.canvas, cos, sin, zoom, extends }
    }

    fn run(&self, raster: Raster) -> Raster {
        let bytes = raster.into_rgba().into_bytes();
        let (pixels, _) = bytes.as_chunks::<4>();
        let mut out = Vec::with_capacity(bytes.len());
        for y in 0..self.canvas.height {
            for x in 0..self.canvas.width {
                out.extend(self.pixel(pixels, x, y));
            }
        }
        Raster { size: self.canvas, channels: 4, samples: Samples::U8(out) }
    }

    /// Returns which point of the source the centre of an output pixel comes from, in pixel indices.
    fn origin(&self, x: u32, y: u32) -> (f64, f64) {
        let half = |size: Size| (f64::from(size.width) / 2.0, f64::from(size.height) / 2.0);
        let ((half_width, half_height), (middle, centre)) = (half(self.size), half(self.canvas));
        let dx = (f64::from(x) + 0.5 - middle) / self.zoom;
        let dy = (f64::from(y) + 0.5 - centre) / self.zoom;
        // The inverse of a counter-clockwise rotation, with y pointing down.
        let u = dx * self.cos - dy * self.sin;
        let v = dx * self.sin + dy * self.cos;
        (u + half_width - 0.5, v + half_height - 0.5)
    }

    fn pixel(&self, pixels: &[[u8; 4]], x: u32, y: u32) -> [u8; 4] {
        let (u, v) = self.origin(x, y);
        bicubic(pixels, self.size, [u, v], self.extends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Color;

    fn op(degrees: f64, kind: RotType) -> Rotate {
        sized(degrees, kind, Size::new(40, 20))
    }

    fn sized(degrees: f64, kind: RotType, canvas: Size) -> Rotate {
        Rotate { degrees, kind, canvas, background: Color { r: 0, g: 255, b: 0, a: 255 } }
    }

    #[test]
    fn quarter_turns_move_pixels_and_change_none() {
        // 1 2
        // 3 4
        let samples = [1, 2, 3, 4].into_iter().flat_map(|v| [v; 3]).collect();
        let raster = Raster { size: Size::new(2, 2), channels: 3, samples: Samples::U8(samples) };
        let turned = |degrees| apply(raster.clone(), &sized(degrees, RotType::Straighten, raster.size)).into_bytes();
        let at = |bytes: &[u8]| bytes.iter().step_by(3).copied().collect::<Vec<_>>();
        assert_eq!(at(&turned(90.0)), [2, 4, 1, 3], "counter-clockwise: the right side comes to the top");
        assert_eq!(at(&turned(180.0)), [4, 3, 2, 1]);
        assert_eq!(at(&turned(270.0)), [3, 1, 4, 2]);
    }

    #[test]
    fn a_larger_canvas_holds_the_whole_image() {
        let raster = Raster { size: Size::new(4, 2), channels: 3, samples: Samples::U8([9, 8, 7].repeat(8)) };
        let quarter = turned(raster.clone(), &TurnOp { degrees: 90.0, canvas: Size::new(2, 4) });
        assert_eq!((quarter.size, quarter.into_bytes()), (Size::new(2, 4), [9, 8, 7, 255].repeat(8)));
        let out = turned(raster, &TurnOp { degrees: 45.0, canvas: Size::new(5, 5) }).into_bytes();
        let opacity: u32 = out.iter().skip(3).step_by(4).map(|a| u32::from(*a)).sum();
        assert!((opacity / 255).abs_diff(8) <= 1 && out[3] == 0, "{opacity}");
    }

    #[test]
    fn straighten_leaves_no_corner_empty_and_pivot_shows_the_background() {
        let red = [255, 0, 0].repeat(40 * 20);
        let raster = Raster { size: Size::new(40, 20), channels: 3, samples: Samples::U8(red.clone()) };
        let straight = apply(raster.clone(), &op(30.0, RotType::Straighten));
        assert_eq!((straight.size, straight.channels), (raster.size, 3));
        assert_eq!(straight.into_bytes(), red);
        // The bounding box: 40 cos 30 + 20 sin 30 wide, 40 sin 30 + 20 cos 30 high.
        let canvas = Size::new(45, 37);
        let whole = sized(30.0, RotType::Pivot, canvas);
        let pivot = apply(raster.clone(), &whole);
        assert_eq!((pivot.size, pivot.channels), (canvas, 3));
        let bytes = pivot.into_bytes();
        assert_eq!(&bytes[..3], [0, 255, 0], "corner");
        assert_eq!(&bytes[(18 * 45 + 22) * 3..][..3], [255, 0, 0], "centre");
        let red: u64 = bytes.as_chunks::<3>().0.iter().map(|pixel| u64::from(pixel[0])).sum();
        assert!((red / 255).abs_diff(800) <= 8, "all of it is there: {}", red / 255);
        let clear = Rotate { background: Color::TRANSPARENT_WHITE, ..whole };
        let pivot = apply(raster, &clear);
        assert_eq!(pivot.channels, 4);
        assert_eq!(pivot.into_bytes()[3], 0);
    }
}
