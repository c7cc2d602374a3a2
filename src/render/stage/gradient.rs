//! Draws a gradient over the image, or fades the image with it: `gradient*`, on the image or on a layer.
//!
//! The course is that of CSS Images 3. Unlike there, transparent pixels stay transparent, so that a gradient can be
//! drawn on a cut-out. Colours are mixed as encoded.

use crate::param::BlendMode;
use crate::pixels::blend_modes::mix;
use crate::pixels::paint::{self, Leaves, Pixel};
use crate::pixels::ramp::{Ramp, position};
use crate::pixels::raster::Raster;
use crate::plan::{GradientOp, GradientPaint};

/// Draws `op` over the whole image. Returns 8 bits, with alpha if it fades, and in colour if the gradient has colours.
#[must_use]
pub fn apply(raster: Raster, op: &GradientOp) -> Raster {
    let ramp = Ramp::new(&op.colors);
    let at = |x: u32, y: u32| ramp.at(position(&op.course, x, y));
    match op.paint {
        GradientPaint::Mask => paint::rows(raster, Leaves { grey: true, opaque: false }, |y, row| {
            for (x, pixel) in (0..).zip(row) {
                let [.., alpha] = at(x, y);
                pixel[3] = ((u32::from(pixel[3]) * u32::from(alpha) + 127) / 255) as u8;
            }
        }),
        GradientPaint::Over { mode, alpha } => {
            let grey = op.colors.stops.iter().all(|stop| paint::is_grey(stop.color));
            let leaves = Leaves { grey, opaque: !raster.has_alpha() };
            let alpha = alpha as f32 / 255.0;
            paint::rows(raster, leaves, |y, row| {
                for (x, pixel) in (0..).zip(row) {
                    *pixel = tinted(*pixel, at(x, y), alpha, mode);
                }
            })
        }
    }
}

/// Blends `color` over a pixel and keeps the pixel's alpha. `alpha` is the opacity of the gradient divided by 255.
#[inline]
fn tinted(pixel: Pixel, color: Pixel, alpha: f32, mode: BlendMode) -> Pixel {
    let share = f32::from(color[3]) * alpha;
    if share <= 0.0 {
        return pixel;
    }
    let rgb = |pixel: Pixel| [pixel[0], pixel[1], pixel[2]].map(|v| f32::from(v) / 255.0);
    let (below, over) = (rgb(pixel), rgb(color));
    let mixed = mix(mode, below, over);
    // Float to integer casts saturate.
    let channel = |i: usize| ((below[i] + (mixed[i] - below[i]) * share) * 255.0 + 0.5) as u8;
    [channel(0), channel(1), channel(2), pixel[3]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::{GradientSpace, HuePath};
    use crate::pixels::raster::Samples;
    use crate::plan::{ColorRamp, ColorStop, GradientCourse};
    use crate::units::{Color, Size};

    const RED: Color = Color { r: 255, g: 0, b: 0, a: 255 };
    const CLEAR: Color = Color { r: 0, g: 0, b: 0, a: 0 };
    const OVER: GradientPaint = GradientPaint::Over { mode: BlendMode::Normal, alpha: 1.0 };

    /// From left to right across 4 pixels.
    fn op(colors: [Color; 2], paint: GradientPaint) -> GradientOp {
        let stops = vec![ColorStop { at: 0.0, color: colors[0] }, ColorStop { at: 1.0, color: colors[1] }];
        GradientOp {
            colors: ColorRamp { stops, space: GradientSpace::Srgb, hue: HuePath::Shorter },
            course: GradientCourse::Linear { from: [0.0, 0.0], to: [4.0, 0.0] },
            paint,
        }
    }

    fn row(pixel: &[u8]) -> Raster {
        Raster { size: Size::new(4, 1), channels: pixel.len() as u8, samples: Samples::U8(pixel.repeat(4)) }
    }

    #[test]
    fn colours_come_in_by_their_opacity() {
        let out = apply(row(&[0, 0, 255]), &op([CLEAR, RED], OVER));
        assert_eq!(out.into_bytes(), [32, 0, 223, 96, 0, 159, 159, 0, 96, 223, 0, 32]);
        let half = GradientPaint::Over { mode: BlendMode::Normal, alpha: 0.5 };
        assert_eq!(apply(row(&[0, 0, 255]), &op([RED, RED], half)).into_bytes()[..3], [128, 0, 128]);
        let multiplied = GradientPaint::Over { mode: BlendMode::Multiply, alpha: 1.0 };
        assert_eq!(apply(row(&[100, 100, 100]), &op([RED, RED], multiplied)).into_bytes()[..3], [100, 0, 0]);
    }

    #[test]
    fn transparent_parts_stay_transparent() {
        let out = apply(row(&[9, 9, 9, 0]), &op([RED, RED], OVER));
        assert_eq!(out.into_bytes()[3], 0);
        let out = apply(row(&[9, 9, 9, 100]), &op([RED, RED], OVER));
        assert_eq!(out.into_bytes()[..4], [255, 0, 0, 100]);
    }

    #[test]
    fn a_mask_takes_opacity_and_draws_nothing() {
        let out = apply(row(&[10, 20, 30]), &op([RED, CLEAR], GradientPaint::Mask));
        let expected = [[10, 20, 30, 223], [10, 20, 30, 159], [10, 20, 30, 96], [10, 20, 30, 32]];
        assert_eq!(out.into_bytes(), expected.concat());
        assert_eq!(apply(row(&[9]), &op([RED, CLEAR], GradientPaint::Mask)).channels, 2);
    }

    #[test]
    fn grey_stays_grey_unless_colours_come_in() {
        assert_eq!(apply(row(&[9]), &op([Color::BLACK, Color::WHITE], OVER)).into_bytes(), [32, 96, 159, 223]);
        assert_eq!(apply(row(&[9, 5]), &op([RED, RED], OVER)).channels, 4);
    }
}
