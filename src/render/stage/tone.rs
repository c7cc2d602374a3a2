//! Tone pixel by pixel: `sepia`, `monochrome`, `duotone` by the formulas of `rendering.md` 8, a chain in one pass.

use crate::plan::Tone;
use crate::render::points::{self, Chain, Run, luma};
use crate::render::raster::Raster;
use crate::units::Color;

/// Rows for red, green and blue of the print, of red, green and blue of the picture: the matrix of old prints that CSS
/// filters have (Filter Effects 1, `sepia()`).
const SEPIA: [[f32; 3]; 3] = [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]];

/// Tones the colours of any raster in the order given; size, depth and alpha stay. Grey becomes RGB.
#[must_use]
pub fn apply(raster: Raster, chain: &[Tone]) -> Raster {
    points::tinted(raster, Steps(chain))
}

/// The colours that a tone is drawn with.
pub fn colors(tone: &mut Tone) -> &mut [Color] {
    match tone {
        Tone::Sepia(_) => &mut [],
        Tone::Monochrome(color) => std::slice::from_mut(color),
        Tone::Duotone { colors, .. } => colors,
    }
}

struct Steps<'a>(&'a [Tone]);

impl Chain for Steps<'_> {
    #[inline(always)]
    fn run(&self, run: &mut Run) {
        for tone in self.0 {
            step(*tone, run);
        }
    }
}

#[inline(always)]
fn step(tone: Tone, run: &mut Run) {
    match tone {
        Tone::Sepia(share) => {
            let share = share as f32;
            run.each(|pixel| mix(pixel, SEPIA.map(|[r, g, b]| r * pixel[0] + g * pixel[1] + b * pixel[2]), share));
        }
        Tone::Monochrome(color) => {
            let (tint, share) = (rgb(color), f32::from(color.a) / 255.0);
            run.each(|pixel| {
                let light = luma(pixel);
                mix(pixel, tint.map(|v| v * light), share)
            });
        }
        Tone::Duotone { colors: [dark, light], mix: share } => {
            let (dark, light, share) = (rgb(dark), rgb(light), share as f32);
            run.each(|pixel| mix(pixel, mix(dark, light, luma(pixel)), share));
        }
    }
}

fn rgb(color: Color) -> [f32; 3] {
    [color.r, color.g, color.b].map(|v| f32::from(v) / 255.0)
}

/// From the one at 0 to the other at 1.
#[inline(always)]
fn mix(from: [f32; 3], to: [f32; 3], share: f32) -> [f32; 3] {
    std::array::from_fn(|channel| from[channel] + (to[channel] - from[channel]) * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::raster::Samples;
    use crate::units::Size;

    const NAVY: Color = Color { r: 0, g: 0, b: 128, a: 255 };
    const SALMON: Color = Color { r: 250, g: 128, b: 114, a: 255 };

    fn pixel(samples: &[u8]) -> Raster {
        Raster { size: Size::new(1, 1), channels: samples.len() as u8, samples: Samples::U8(samples.to_vec()) }
    }

    #[track_caller]
    fn check(tone: Tone, from: &[u8], to: &[u8]) {
        assert_eq!(apply(pixel(from), &[tone]), pixel(to), "{tone:?}");
    }

    #[test]
    fn sepia_from_nothing_to_a_brown_print() {
        check(Tone::Sepia(0.0), &[10, 200, 30, 9], &[10, 200, 30, 9]);
        check(Tone::Sepia(1.0), &[100, 100, 100], &[135, 120, 94]);
        check(Tone::Sepia(1.0), &[255, 255, 255], &[255, 255, 239]);
        check(Tone::Sepia(1.0), &[0, 0, 0], &[0, 0, 0]);
        check(Tone::Sepia(0.5), &[100, 100, 100], &[118, 110, 97]);
        check(Tone::Sepia(1.0), &[100], &[135, 120, 94]);
        check(Tone::Sepia(1.0), &[100, 7], &[135, 120, 94, 7]);
    }

    #[test]
    fn monochrome_is_strong_by_its_alpha() {
        let red = |a| Tone::Monochrome(Color { r: 255, g: 0, b: 0, a });
        check(red(255), &[255, 255, 255], &[255, 0, 0]);
        check(red(255), &[0, 0, 255], &[18, 0, 0]);
        check(red(255), &[128], &[128, 0, 0]);
        check(red(51), &[100, 100, 100, 5], &[100, 80, 80, 5]);
    }

    #[test]
    fn duotone_from_shadows_to_highlights() {
        let duotone = |colors, mix| Tone::Duotone { colors, mix };
        check(duotone([NAVY, SALMON], 1.0), &[0, 0, 0], &[0, 0, 128]);
        check(duotone([NAVY, SALMON], 1.0), &[255, 255, 255, 3], &[250, 128, 114, 3]);
        check(duotone([NAVY, SALMON], 1.0), &[0, 255, 0], &[179, 92, 118]);
        // Light first, dark second: a negative.
        check(duotone([Color::WHITE, Color::BLACK], 1.0), &[30], &[225, 225, 225]);
        check(duotone([NAVY, SALMON], 0.5), &[0, 0, 0], &[0, 0, 64]);
    }

    #[test]
    fn tones_follow_one_another() {
        let chain = [Tone::Sepia(1.0), Tone::Monochrome(Color { r: 0, g: 255, b: 0, a: 255 })];
        let alone = apply(apply(pixel(&[100, 50, 20]), &chain[..1]), &chain[1..]).into_bytes();
        let both = apply(pixel(&[100, 50, 20]), &chain).into_bytes();
        assert!(both[1].abs_diff(alone[1]) <= 1 && both[0] == 0 && both[2] == 0, "{both:?} {alone:?}");
    }
}
