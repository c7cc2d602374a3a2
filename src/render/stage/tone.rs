//! Pixel-wise toning: `sepia`, `monochrome`, `duotone` by the formulas of `rendering.md` 8, `gradient-map` and the
//! `invert` that follows it, as a chain in one pass.

use crate::pixels::points::{self, Chain, Run, luma};
use crate::pixels::ramp;
use crate::pixels::raster::Raster;
use crate::plan::{ColorRamp, GradientMap, MappedTones, Tone};
use crate::units::Color;

/// Each row gives one output channel (red, green, blue) as weights of the input channels. This is the matrix of the CSS
/// filter (Filter Effects 1, `sepia()`).
const SEPIA: [[f32; 3]; 3] = [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]];

/// Entries for which a gradient map is computed: the levels of 8 bits, and fifteen between each two.
const MAPPED: usize = 255 * 16 + 1;

/// Levels in a histogram.
const LEVELS: usize = 256;

/// Tones the colours of any raster in the given order. Size, depth and alpha stay. Grey becomes RGB.
#[must_use]
pub fn apply(raster: Raster, chain: &[Tone]) -> Raster {
    points::tinted(raster, Steps(chain.iter().map(ToneStep::of).collect()))
}

/// Measures the tones of this image over which to spread a gradient map, where the plan requests that.
///
/// Each colour covers as many pixels, weighted by opacity, as its share of the map. The darkest pixel gets the first
/// colour and the lightest the last. An image with a single tone keeps its position between black and white.
pub fn settle(chain: &mut [Tone], raster: &Raster) {
    for tone in chain {
        if let Tone::GradientMap(map) = tone
            && map.tones == MappedTones::Present
        {
            map.tones = equalized(raster).map_or(MappedTones::All, MappedTones::Measured);
        }
    }
}

/// Returns for each level the share of pixels that are darker, or `None` when all are equal.
fn equalized(raster: &Raster) -> Option<Vec<f32>> {
    let mut counts = [0_u64; LEVELS];
    for index in 0..usize::try_from(raster.size.area()).ok()? {
        let [r, g, b, a] = raster.pixel_8(index);
        let light = luma([r, g, b].map(f32::from));
        counts[((light + 0.5) as usize).min(LEVELS - 1)] += u64::from(a);
    }
    let total: u64 = counts.iter().sum();
    let least = counts.iter().copied().find(|count| *count > 0)?;
    let spread = total.checked_sub(least).filter(|spread| *spread > 0)?;
    let mut sum = 0;
    let share = |count: &u64| {
        sum += count;
        (u64::saturating_sub(sum, least) as f64 / spread as f64) as f32
    };
    Some(counts.iter().map(share).collect())
}

/// A tone as numbers for the formulas.
enum ToneStep {
    Sepia(f32),
    Monochrome([f32; 3], f32),
    Duotone([[f32; 3]; 2], f32),
    /// Colours from black to white.
    Mapped(Vec<[f32; 3]>, f32),
    Invert,
}

impl ToneStep {
    fn of(tone: &Tone) -> Self {
        match tone {
            Tone::Sepia(share) => Self::Sepia(*share as f32),
            Tone::Monochrome(color) => Self::Monochrome(rgb(*color), f32::from(color.a) / 255.0),
            Tone::Duotone { colors, mix } => Self::Duotone(colors.map(rgb), *mix as f32),
            Tone::GradientMap(map) => {
                let GradientMap { colors, mix, tones } = &**map;
                Self::Mapped(mapped(colors, tones), *mix as f32)
            }
            Tone::Invert => Self::Invert,
        }
    }

    #[inline(always)]
    fn run(&self, run: &mut Run) {
        match self {
            Self::Sepia(share) => {
                run.each(|pixel| mix(pixel, SEPIA.map(|[r, g, b]| r * pixel[0] + g * pixel[1] + b * pixel[2]), *share));
            }
            Self::Monochrome(tint, share) => run.each(|pixel| {
                let light = luma(pixel);
                mix(pixel, tint.map(|v| v * light), *share)
            }),
            Self::Duotone([dark, light], share) => {
                run.each(|pixel| mix(pixel, mix(*dark, *light, luma(pixel)), *share));
            }
            Self::Mapped(colors, share) => run.each(|pixel| {
                // Float to integer casts saturate, and NaN becomes 0.
                let level = (luma(pixel) * (MAPPED - 1) as f32 + 0.5) as usize;
                mix(pixel, colors[level.min(MAPPED - 1)], *share)
            }),
            Self::Invert => run.each(|pixel| pixel.map(|v| 1.0 - v)),
        }
    }
}

fn mapped(colors: &ColorRamp, tones: &MappedTones) -> Vec<[f32; 3]> {
    match tones {
        MappedTones::Measured(places) if places.len() == LEVELS => ramp::levels(colors, MAPPED, |t| {
            let at = t.clamp(0.0, 1.0) * (LEVELS - 1) as f32;
            let (low, high) = (at.floor() as usize, at.ceil() as usize);
            places[low] + (places[high.min(LEVELS - 1)] - places[low]) * at.fract()
        }),
        MappedTones::All | MappedTones::Present | MappedTones::Measured(_) => ramp::levels(colors, MAPPED, |t| t),
    }
}

struct Steps(Vec<ToneStep>);

impl Chain for Steps {
    #[inline(always)]
    fn run(&self, run: &mut Run) {
        for step in &self.0 {
            step.run(run);
        }
    }
}

fn rgb(color: Color) -> [f32; 3] {
    [color.r, color.g, color.b].map(|v| f32::from(v) / 255.0)
}

/// Interpolates linearly: `from` at 0, `to` at 1.
#[inline(always)]
fn mix(from: [f32; 3], to: [f32; 3], share: f32) -> [f32; 3] {
    std::array::from_fn(|channel| from[channel] + (to[channel] - from[channel]) * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::{GradientSpace, HuePath};
    use crate::pixels::raster::Samples;
    use crate::plan::ColorStop;
    use crate::units::Size;

    const NAVY: Color = Color { r: 0, g: 0, b: 128, a: 255 };
    const SALMON: Color = Color { r: 250, g: 128, b: 114, a: 255 };

    fn pixel(samples: &[u8]) -> Raster {
        Raster { size: Size::new(1, 1), channels: samples.len() as u8, samples: Samples::U8(samples.to_vec()) }
    }

    #[track_caller]
    fn check(tone: Tone, from: &[u8], to: &[u8]) {
        let found = apply(pixel(from), std::slice::from_ref(&tone));
        assert_eq!(found, pixel(to), "{tone:?}");
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
        // With light first and dark second, the result is a negative.
        check(duotone([Color::WHITE, Color::BLACK], 1.0), &[30], &[225, 225, 225]);
        check(duotone([NAVY, SALMON], 0.5), &[0, 0, 0], &[0, 0, 64]);
    }

    fn map(colors: &[u32], percent: &[f64], mix: f64, tones: MappedTones) -> Tone {
        let at = |index: usize| percent.get(index).map_or(index as f64 / (colors.len() - 1) as f64, |at| at / 100.0);
        let stop = |(index, rgb): (usize, &u32)| {
            let [_, r, g, b] = rgb.to_be_bytes();
            ColorStop { at: at(index), color: Color { r, g, b, a: 255 } }
        };
        let stops = colors.iter().enumerate().map(stop).collect();
        let colors = ColorRamp { stops, space: GradientSpace::Srgb, hue: HuePath::Shorter };
        Tone::GradientMap(Box::new(GradientMap { colors, mix, tones }))
    }

    #[test]
    fn a_list_of_colours_from_shadows_to_highlights() {
        let three = |mix| map(&[0x00_0080, 0xff_0000, 0xff_ff00], &[], mix, MappedTones::All);
        check(three(1.0), &[0, 0, 0], &[0, 0, 128]);
        check(three(1.0), &[255, 255, 255, 7], &[255, 255, 0, 7]);
        check(three(1.0), &[64], &[128, 0, 64]);
        check(three(1.0), &[191, 9], &[255, 127, 0, 9]);
        check(three(0.5), &[0, 0, 0], &[0, 0, 64]);
        // Two colours are a duotone.
        let two = map(&[0x00_0080, 0xfa_8072], &[], 1.0, MappedTones::All);
        check(two, &[0, 255, 0], &[179, 92, 118]);
    }

    #[test]
    fn two_stops_at_one_place_make_two_flat_tones() {
        let poster = || map(&[0, 0, 0xff_ffff, 0xff_ffff], &[0.0, 50.0, 50.0, 100.0], 1.0, MappedTones::All);
        for (level, expected) in [(0, 0), (100, 0), (127, 0), (128, 255), (200, 255), (255, 255)] {
            check(poster(), &[level], &[expected; 3]);
        }
    }

    #[test]
    fn equalizing_uses_the_whole_list_for_the_tones_there_are() {
        let samples = Samples::U8(vec![100, 110, 120, 110]);
        let image = Raster { size: Size::new(4, 1), channels: 1, samples };
        let mut chain = [map(&[0, 0xff_ffff], &[], 1.0, MappedTones::Present)];
        settle(&mut chain, &image);
        // Of the three pixels lighter than the darkest, two are at or below 110 and all at or below 120.
        let out = apply(image, &chain).into_bytes();
        assert_eq!(out, [[0; 3], [170; 3], [255; 3], [170; 3]].concat());
        // A single tone cannot be spread, and transparent pixels do not count.
        let flat = Raster { size: Size::new(2, 1), channels: 2, samples: Samples::U8(vec![90, 255, 9, 0]) };
        let mut chain = [map(&[0, 0xff_ffff], &[], 1.0, MappedTones::Present)];
        settle(&mut chain, &flat);
        assert_eq!(apply(flat, &chain).into_bytes(), [90, 90, 90, 255, 9, 9, 9, 0]);
    }

    #[test]
    fn tones_follow_one_another() {
        let chain = [Tone::Sepia(1.0), Tone::Monochrome(Color { r: 0, g: 255, b: 0, a: 255 })];
        let alone = apply(apply(pixel(&[100, 50, 20]), &chain[..1]), &chain[1..]).into_bytes();
        let both = apply(pixel(&[100, 50, 20]), &chain).into_bytes();
        assert!(both[1].abs_diff(alone[1]) <= 1 && both[0] == 0 && both[2] == 0, "{both:?} {alone:?}");
    }
}
