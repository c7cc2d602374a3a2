//! The colours of an image: the most frequent ones, and six named ones (`rendering.md` 15.2).
//!
//! Colours are grouped by k-means in Oklab, where equal distances look equally different. The named ones are chosen
//! among sixteen groups by how close their saturation and lightness are to an ideal, and by their number of pixels. A
//! name for which no colour qualifies is absent. Pixels that are mostly transparent do not count.

use crate::units::Color;

use crate::pixels::k_means::{Cell, distance, refine};
use crate::pixels::oklab;
use crate::pixels::points::luma;
use crate::pixels::raster::{Raster, Samples};
use crate::pixels::srgb::{to_encoded, to_linear};

/// Maximum number of pixels sampled, evenly spread. The palette of a large image is that of its thumbnail.
const PIXELS_MAX: u64 = 1 << 18;
/// Bits per channel that distinguish the cells of the histogram.
const BITS: u32 = 5;
/// Rounds of k-means; further rounds hardly change anything.
const ROUNDS: usize = 8;
/// Number of groups from which the named colours are chosen.
const GROUPS: usize = 16;
/// Minimum alpha of a pixel that counts.
const ALPHA_MIN: u8 = 128;

/// The colours of one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Palette {
    /// Most frequent first. Fewer than requested if the image has no more.
    pub colors: Vec<Color>,
    /// The named colours.
    pub dominant: Dominant,
    /// Mean relative luminance, 0 to 1; 0 if nothing is opaque.
    pub average_luminance: f64,
}

/// The named colours. An image need not have any of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after their keys")]
pub struct Dominant {
    pub vibrant: Option<Color>,
    pub vibrant_dark: Option<Color>,
    pub vibrant_light: Option<Color>,
    pub muted: Option<Color>,
    pub muted_dark: Option<Color>,
    pub muted_light: Option<Color>,
}

impl Dominant {
    /// Iterates over the colours that were found, with their keys.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, Color)> {
        let all = [
            ("vibrant", self.vibrant),
            ("vibrant_dark", self.vibrant_dark),
            ("vibrant_light", self.vibrant_light),
            ("muted", self.muted),
            ("muted_dark", self.muted_dark),
            ("muted_light", self.muted_light),
        ];
        all.into_iter().filter_map(|(name, color)| Some((name, color?)))
    }
}

impl Palette {
    /// Computes the palette of an sRGB or grey image of any depth, with at most `count` frequent colours.
    #[must_use]
    pub fn of(raster: &Raster, count: usize) -> Self {
        let (cells, average_luminance) = histogram(raster);
        let colors = if count == 0 { Vec::new() } else { groups(&cells, count) };
        Self {
            colors: colors.iter().map(|group| group.color).collect(),
            dominant: dominant(&groups(&cells, GROUPS)),
            average_luminance,
        }
    }
}

/// Returns the dark and the light colour that a gradient takes from an image: the dark-vibrant and light-vibrant ones,
/// or the closest colours the image has, darkened or lightened.
#[must_use]
pub fn gradient_colors(raster: &Raster) -> [Color; 2] {
    let Palette { colors, dominant: found, .. } = Palette::of(raster, 1);
    let any = found.vibrant.or(found.muted).or_else(|| colors.first().copied()).unwrap_or(Color::BLACK);
    let dark = found.vibrant_dark.or(found.muted_dark).unwrap_or_else(|| towards(any, 0));
    let light = found.vibrant_light.or(found.muted_light).unwrap_or_else(|| towards(any, 255));
    [dark, light]
}

/// Returns the colour half-way to a grey level.
fn towards(color: Color, level: u8) -> Color {
    let half = |v: u8| u16::midpoint(u16::from(v), u16::from(level)) as u8;
    Color { r: half(color.r), g: half(color.g), b: half(color.b), a: 255 }
}

/// Returns all cells that contain pixels, and the mean luminance.
fn histogram(raster: &Raster) -> (Vec<Cell<3>>, f64) {
    let mut sums = vec![([0_u32; 3], 0_u32); 1 << (3 * BITS)];
    let linear: Vec<f32> = (0..=255).map(|v: u8| to_linear(f64::from(v) / 255.0) as f32).collect();
    let (mut luminance, mut count) = (0.0_f64, 0_u32);
    sampled(raster, |[r, g, b]| {
        let cell = [r, g, b].into_iter().fold(0, |at, v| at << BITS | usize::from(v >> (8 - BITS)));
        let (sum, weight) = &mut sums[cell];
        for (sum, v) in sum.iter_mut().zip([r, g, b]) {
            *sum += u32::from(v);
        }
        *weight += 1;
        let level = |v: u8| linear[usize::from(v)];
        luminance += f64::from(luma([r, g, b].map(level)));
        count += 1;
    });
    let cells = sums.into_iter().filter(|(_, weight)| *weight > 0).map(|(sum, weight)| Cell {
        mean: oklab(sum.map(|v| v as f32 / weight as f32 / 255.0)),
        weight: weight as f32,
    });
    (cells.collect(), luminance / f64::from(count.max(1)))
}

/// Calls `see` with evenly spread pixels that are not mostly transparent.
fn sampled(raster: &Raster, mut see: impl FnMut([u8; 3])) {
    let (width, channels) = (raster.size.width as usize, usize::from(raster.channels));
    let step = (raster.size.area().div_ceil(PIXELS_MAX) as f64).sqrt().ceil().max(1.0) as usize;
    let mut pixel = |at: usize, level: &dyn Fn(usize) -> u8| {
        let from = at * channels;
        let (rgb, alpha) = match channels {
            1 | 2 => ([level(from); 3], channels == 2),
            _ => ([level(from), level(from + 1), level(from + 2)], channels == 4),
        };
        if !alpha || level(from + channels - 1) >= ALPHA_MIN {
            see(rgb);
        }
    };
    for y in (0..raster.size.height as usize).step_by(step) {
        for x in (0..width).step_by(step) {
            match &raster.samples {
                Samples::U8(samples) => pixel(y * width + x, &|at| samples[at]),
                Samples::U16(samples) => pixel(y * width + x, &|at| (samples[at] >> 8) as u8),
            }
        }
    }
}

/// Colours that belong together.
#[derive(Clone, Copy)]
struct Group {
    color: Color,
    /// Share of the pixels, 0 to 1.
    share: f32,
}

/// Returns at most `count` groups of cells, the largest first.
fn groups(cells: &[Cell<3>], count: usize) -> Vec<Group> {
    let mut centers = seeds(cells, count);
    let weights = refine(cells, &mut centers, ROUNDS);
    let total: f32 = weights.iter().sum();
    let found = centers.iter().zip(&weights).filter(|(_, weight)| **weight > 0.0);
    let mut groups: Vec<Group> =
        found.map(|(&center, weight)| Group { color: srgb(center), share: weight / total }).collect();
    groups.sort_by(|a, b| b.share.total_cmp(&a.share));
    groups
}

/// Returns the initial centres: the fullest cell, then repeatedly the cell that is both full and far from all previous
/// ones.
fn seeds(cells: &[Cell<3>], count: usize) -> Vec<[f32; 3]> {
    let mut far = vec![1.0_f32; cells.len()];
    let mut seeds = Vec::with_capacity(count);
    while seeds.len() < count.min(cells.len()) {
        let worth = |at: usize| far[at] * cells[at].weight;
        let Some(best) = (0..cells.len()).max_by(|&a, &b| worth(a).total_cmp(&worth(b))) else { break };
        if worth(best) <= 0.0 {
            break;
        }
        let seed = cells[best].mean;
        for (far, cell) in far.iter_mut().zip(cells) {
            *far = if seeds.is_empty() { distance(cell.mean, seed) } else { far.min(distance(cell.mean, seed)) };
        }
        seeds.push(seed);
    }
    seeds
}

/// The target of a named colour and its permitted range: saturation and lightness of HSL, 0 to 1.
struct Ideal {
    saturation: f32,
    saturations: std::ops::RangeInclusive<f32>,
    lightness: f32,
    lightnesses: std::ops::RangeInclusive<f32>,
}

/// Chooses the named colours among `groups`; none is used twice.
fn dominant(groups: &[Group]) -> Dominant {
    let mut free: Vec<(Group, f32, f32)> = groups
        .iter()
        .map(|group| {
            let (saturation, lightness) = hsl(group.color);
            (*group, saturation, lightness)
        })
        .collect();
    let fullest = groups.iter().map(|group| group.share).fold(f32::MIN_POSITIVE, f32::max);
    let mut take = |vivid: bool, lightness: f32, lightnesses| {
        let (saturation, saturations) = if vivid { (1.0, 0.35..=1.0) } else { (0.3, 0.0..=0.4) };
        let ideal = Ideal { saturation, saturations, lightness, lightnesses };
        let best = (0..free.len())
            .filter_map(|at| {
                let (group, saturation, lightness) = free[at];
                let fits = ideal.saturations.contains(&saturation) && ideal.lightnesses.contains(&lightness);
                let score = 0.24 * (1.0 - (saturation - ideal.saturation).abs())
                    + 0.52 * (1.0 - (lightness - ideal.lightness).abs())
                    + 0.24 * group.share / fullest;
                fits.then_some((at, score))
            })
            .max_by(|(_, a), (_, b)| a.total_cmp(b))?;
        Some(free.swap_remove(best.0).0.color)
    };
    Dominant {
        vibrant: take(true, 0.5, 0.3..=0.7),
        vibrant_light: take(true, 0.74, 0.55..=1.0),
        vibrant_dark: take(true, 0.26, 0.0..=0.45),
        muted: take(false, 0.5, 0.3..=0.7),
        muted_light: take(false, 0.74, 0.55..=1.0),
        muted_dark: take(false, 0.26, 0.0..=0.45),
    }
}

/// Returns saturation and lightness, 0 to 1.
fn hsl(color: Color) -> (f32, f32) {
    let levels = [color.r, color.g, color.b].map(|v| f32::from(v) / 255.0);
    let (max, min) = (levels.into_iter().fold(0.0, f32::max), levels.into_iter().fold(1.0, f32::min));
    let lightness = f32::midpoint(max, min);
    let room = 1.0 - (2.0 * lightness - 1.0).abs();
    (if room > 0.0 { ((max - min) / room).min(1.0) } else { 0.0 }, lightness)
}

/// Converts sRGB-encoded values, 0 to 1, to Oklab.
fn oklab(rgb: [f32; 3]) -> [f32; 3] {
    oklab::from_linear(rgb.map(|v| to_linear(f64::from(v)))).map(|v| v as f32)
}

/// Converts Oklab to the nearest colour.
fn srgb(lab: [f32; 3]) -> Color {
    let level = |v: f64| (to_encoded(v.clamp(0.0, 1.0)) * 255.0).round() as u8;
    let [r, g, b] = oklab::to_linear(lab.map(f64::from)).map(level);
    Color { r, g, b, a: 255 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    const fn color(r: u8, g: u8, b: u8) -> Color {
        Color { r, g, b, a: 255 }
    }

    /// Draws columns with these widths and colours, 10 pixels high.
    fn columns(columns: &[(usize, Color)]) -> Raster {
        let row: Vec<u8> = columns.iter().flat_map(|(n, c)| [c.r, c.g, c.b, c.a].repeat(*n)).collect();
        let size = Size::new((row.len() / 4) as u32, 10);
        Raster { size, channels: 4, samples: Samples::U8(row.repeat(10)) }
    }

    #[test]
    fn colours_come_in_order_of_their_area() {
        let (red, blue, grey) = (color(200, 30, 40), color(20, 60, 180), color(128, 128, 128));
        let clear = Color { r: 0, g: 255, b: 0, a: 10 };
        let palette = Palette::of(&columns(&[(10, blue), (40, red), (5, grey), (90, clear)]), 6);
        assert_eq!(palette.colors, [red, blue, grey]);
        assert_eq!(Palette::of(&columns(&[(10, blue), (40, red)]), 1).colors.len(), 1);
        assert!(Palette::of(&columns(&[(10, blue)]), 0).colors.is_empty());
    }

    #[test]
    fn names_go_to_colours_of_their_character() {
        let (vivid, light, dark) = (color(230, 30, 30), color(150, 190, 250), color(10, 70, 20));
        let muted = color(120, 130, 140);
        let found = Palette::of(&columns(&[(10, vivid), (10, light), (10, dark), (10, muted)]), 6).dominant;
        assert_eq!((found.vibrant, found.vibrant_light, found.vibrant_dark), (Some(vivid), Some(light), Some(dark)));
        assert_eq!((found.muted, found.muted_light, found.muted_dark), (Some(muted), None, None));
        assert_eq!(found.named().count(), 4);
        let white = Palette::of(&columns(&[(9, Color::WHITE)]), 6);
        assert_eq!(white.dominant.vibrant, None);
    }

    #[test]
    fn luminance_is_relative() {
        let of = |color| Palette::of(&columns(&[(4, color)]), 0).average_luminance;
        assert_eq!((of(Color::BLACK), of(Color::TRANSPARENT_WHITE)), (0.0, 0.0));
        assert!((of(Color::WHITE) - 1.0).abs() < 1e-5);
        assert!((of(color(0, 255, 0)) - 0.7152).abs() < 1e-4);
    }

    #[test]
    fn any_depth_and_channels_give_a_palette() {
        let grey = Raster { size: Size::new(2, 1), channels: 1, samples: Samples::U16(vec![0x8080; 2]) };
        assert_eq!(Palette::of(&grey, 6).colors, [color(128, 128, 128)]);
        let faint = Raster { size: Size::new(1, 1), channels: 2, samples: Samples::U8(vec![9, 0]) };
        assert!(Palette::of(&faint, 6).colors.is_empty());
        assert_eq!(gradient_colors(&faint), [Color::BLACK, color(127, 127, 127)]);
    }

    #[test]
    fn a_gradient_goes_from_dark_to_light() {
        let (dark, light) = (color(10, 70, 20), color(150, 190, 250));
        assert_eq!(gradient_colors(&columns(&[(3, light), (9, dark)])), [dark, light]);
    }

    #[test]
    fn large_images_are_sampled() {
        let size = Size::new(3000, 2000);
        let raster = Raster { size, channels: 3, samples: Samples::U8([90, 100, 110].repeat(6_000_000)) };
        let mut seen = 0_u64;
        sampled(&raster, |_| seen += 1);
        assert!(seen <= PIXELS_MAX && seen > PIXELS_MAX / 4, "{seen}");
        assert_eq!(Palette::of(&raster, 6).colors, [color(90, 100, 110)]);
    }
}
