//! Pixel-wise adjustments: the formulas of `rendering.md` 7, with a whole chain in one pass. `high` and `shad` also
//! depend on the surroundings of a pixel, see `local`.
//!
//! Between two adjustments values may leave the range 0 to 1; they are clamped only at the end of the chain. So
//! `exp=50&high=-100` still shows the detail in the highlights. Grey stays grey: `sat`, `vib` and `hue` have no effect
//! on it.

mod local;
#[cfg(test)]
mod local_tests;

use self::local::{Light, Relit};
use crate::pixels::guided::Guided;
use crate::pixels::points::{self, Chain, Run, Sample, luma};
use crate::pixels::raster::{Raster, Samples};
use crate::pixels::srgb::{to_encoded, to_linear};
use crate::plan::Adjust;

/// Adjusts the colours of any raster in the given order. Size, channels, depth and alpha stay.
#[must_use]
pub fn apply(raster: Raster, chain: &[Adjust]) -> Raster {
    // The leading adjustments that look at one channel only become a lookup table. In pipeline order that is half of
    // them.
    let split = chain.iter().position(|adjust| !is_curve(*adjust)).unwrap_or(chain.len());
    let (curves, rest) = chain.split_at(split);
    let curve = |v: f32| curves.iter().fold(v, |v, adjust| along_curve(*adjust, v));
    if rest.is_empty() {
        return points::curved(raster, [&curve; 3]);
    }
    let near = rest.iter().position(|adjust| is_local(*adjust)).unwrap_or(rest.len());
    let (before, rest) = rest.split_at(near);
    if rest.is_empty() {
        return points::chained(raster, &curve, Steps(before));
    }
    if !before.is_empty() {
        // A plan never gets here: in its order only curves precede `high` and `shad`.
        return apply(points::chained(raster, &curve, Steps(before)), rest);
    }
    relit(raster, &curve, rest)
}

/// Applies `curve`, the local adjustments at the start of `chain`, and the rest of it.
fn relit(raster: Raster, curve: &dyn Fn(f32) -> f32, chain: &[Adjust]) -> Raster {
    let (light, count) = Light::leading(chain);
    let (here, later) = chain[count..]
        .split_at(chain[count..].iter().position(|adjust| is_local(*adjust)).unwrap_or(chain.len() - count));
    let (guided, peak) = match &raster.samples {
        Samples::U8(samples) => surroundings(samples, &raster, curve),
        Samples::U16(samples) => surroundings(samples, &raster, curve),
    };
    let done =
        points::chained_in_place(raster, curve, Relit::new(light, peak, guided, |run: &mut Run| Steps(here).run(run)));
    if later.is_empty() { done } else { apply(done, later) }
}

/// Returns the surroundings of the pixels after `curve`, and the largest value then.
fn surroundings<T: Sample>(samples: &[T], raster: &Raster, curve: &dyn Fn(f32) -> f32) -> (Guided, f32) {
    let levels = points::levels::<T>(curve);
    let peak = levels.iter().copied().fold(0.0, f32::max);
    (Guided::new(samples, raster.size.width as usize, raster.channels, &levels), peak)
}

/// Returns whether the adjustment depends on the surroundings of a pixel.
const fn is_local(adjust: Adjust) -> bool {
    matches!(adjust, Adjust::Highlights(_) | Adjust::Shadows(_))
}

struct Steps<'a>(&'a [Adjust]);

impl Chain for Steps<'_> {
    #[inline(always)]
    fn run(&self, run: &mut Run) {
        for adjust in self.0 {
            step(*adjust, run);
        }
    }
}

/// Returns whether the adjustment treats each channel separately.
const fn is_curve(adjust: Adjust) -> bool {
    match adjust {
        Adjust::Invert | Adjust::Exposure(_) | Adjust::Gamma(_) | Adjust::Brightness(_) | Adjust::Contrast(_) => true,
        Adjust::Highlights(_)
        | Adjust::Shadows(_)
        | Adjust::Saturation(_)
        | Adjust::Vibrance(_)
        | Adjust::Hue(_)
        | Adjust::HueSet(_) => false,
    }
}

/// Adjusts one channel. Below 0 the curves of gamma and light are mirrored.
fn along_curve(adjust: Adjust, value: f32) -> f32 {
    let x = f64::from(value);
    let adjusted = match adjust {
        Adjust::Invert => 1.0 - x,
        Adjust::Exposure(v) => to_encoded(to_linear(x.abs()) * (v / 50.0).exp2()).copysign(x),
        Adjust::Gamma(v) => {
            let exponent = if v >= 0.0 { 1.0 / (1.0 + v / 100.0) } else { 1.0 - v / 100.0 };
            x.abs().powf(exponent).copysign(x)
        }
        Adjust::Brightness(v) => x + v / 100.0,
        Adjust::Contrast(v) => {
            let factor = if v <= 0.0 { 1.0 + v / 100.0 } else { 1.0 / (1.0 - v.min(99.0) / 100.0) };
            0.5 + (x - 0.5) * factor
        }
        Adjust::Highlights(_)
        | Adjust::Shadows(_)
        | Adjust::Saturation(_)
        | Adjust::Vibrance(_)
        | Adjust::Hue(_)
        | Adjust::HueSet(_) => x,
    };
    adjusted as f32
}

#[inline(always)]
fn step(adjust: Adjust, run: &mut Run) {
    match adjust {
        Adjust::Invert | Adjust::Exposure(_) | Adjust::Gamma(_) | Adjust::Brightness(_) | Adjust::Contrast(_) => {
            run.each(|pixel| pixel.map(|x| along_curve(adjust, x)))
        }
        // Already applied, see `relit`.
        Adjust::Highlights(_) | Adjust::Shadows(_) => {}
        Adjust::Saturation(v) => {
            let factor = (1.0 + v / 100.0) as f32;
            run.each(|pixel| saturated(pixel, factor));
        }
        Adjust::Vibrance(v) => {
            let amount = (v / 100.0) as f32;
            run.each(|pixel| saturated(pixel, 1.0 + amount * (1.0 - saturation(pixel))));
        }
        Adjust::Hue(degrees) => {
            let sixths = (degrees / 60.0) as f32;
            run.each(|pixel| turned(pixel, sixths));
        }
        Adjust::HueSet(degrees) => {
            let sixths = (degrees / 60.0) as f32;
            run.each(|pixel| hued(pixel, sixths));
        }
    }
}

#[inline(always)]
fn saturated(pixel: [f32; 3], factor: f32) -> [f32; 3] {
    let grey = luma(pixel);
    pixel.map(|x| grey + (x - grey) * factor)
}

/// Returns the saturation in HSV, 0 to 1.
#[inline(always)]
fn saturation([r, g, b]: [f32; 3]) -> f32 {
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    ((most - least) / most.max(f32::MIN_POSITIVE)).clamp(0.0, 1.0)
}

/// Shifts the hue by sixths of the colour wheel in HSL and keeps lightness and saturation: the largest and the smallest
/// channel keep their values but change places. Branch-free so that it can be vectorised.
#[inline(always)]
fn turned(pixel: [f32; 3], sixths: f32) -> [f32; 3] {
    // HSL has no lightness outside 0 to 1.
    let [r, g, b] = pixel.map(|x| x.clamp(0.0, 1.0));
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    let chroma = most - least;
    // On grey all differences are 0, whatever the divisor.
    let per_chroma = 1.0 / chroma.max(f32::MIN_POSITIVE);
    let green_or_blue = if most == g { 2.0 + (b - r) * per_chroma } else { 4.0 + (r - g) * per_chroma };
    let hue = if most == r { (g - b) * per_chroma } else { green_or_blue } + sixths;
    of_hue(hue, most, least)
}

/// Sets the hue and keeps lightness and saturation.
#[inline(always)]
fn hued(pixel: [f32; 3], sixths: f32) -> [f32; 3] {
    let [r, g, b] = pixel.map(|x| x.clamp(0.0, 1.0));
    of_hue(sixths, r.max(g).max(b), r.min(g).min(b))
}

/// Returns the colour with this hue, in sixths of the colour wheel, and this largest and smallest channel.
#[inline(always)]
fn of_hue(hue: f32, most: f32, least: f32) -> [f32; 3] {
    let (lightness, half) = ((most + least) / 2.0, (most - least) / 2.0);
    // CSS Color 4, section 7.1, `hslToRgb`.
    [0.0, 8.0, 4.0].map(|n| {
        let k = n + 2.0 * hue;
        let k = k - 12.0 * (k / 12.0).floor();
        lightness - half * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    #[test]
    fn one_hue_for_all_leaves_lightness_saturation_and_grey() {
        let set = |degrees, from: &[u8]| apply(pixel(from), &[Adjust::HueSet(degrees)]).into_bytes();
        // Red, green and blue. Pale and dark colours stay pale and dark.
        assert_eq!(set(0.0, &[10, 200, 30]), [200, 10, 10]);
        assert_eq!(set(120.0, &[200, 10, 30]), [10, 200, 10]);
        assert_eq!(set(240.0, &[255, 255, 0, 7]), [0, 0, 255, 7]);
        assert_eq!(set(60.0, &[100, 90, 80]), [100, 100, 80]);
        for grey in [[0; 3], [77; 3], [255; 3]] {
            assert_eq!(set(200.0, &grey), grey);
        }
        assert_eq!(set(200.0, &[77]), [77]);
    }

    fn pixel(samples: &[u8]) -> Raster {
        Raster { size: Size::new(1, 1), channels: samples.len() as u8, samples: Samples::U8(samples.to_vec()) }
    }

    #[track_caller]
    fn check(chain: &[Adjust], from: [u8; 3], to: [u8; 3]) {
        let [r, g, b] = from;
        let adjusted = apply(pixel(&[r, g, b, 77]), chain).into_bytes();
        assert_eq!(adjusted, [to[0], to[1], to[2], 77], "{chain:?}");
    }

    #[test]
    fn the_formulas_at_points_worked_out_by_hand() {
        check(&[Adjust::Invert], [0, 100, 255], [255, 155, 0]);
        // 50 doubles the light; 188 is half of it.
        check(&[Adjust::Exposure(50.0)], [188, 0, 255], [255, 0, 255]);
        check(&[Adjust::Exposure(-50.0)], [255, 0, 188], [188, 0, 137]);
        check(&[Adjust::Gamma(100.0)], [0, 64, 255], [0, 128, 255]);
        check(&[Adjust::Gamma(-100.0)], [0, 128, 255], [0, 64, 255]);
        check(&[Adjust::Brightness(20.0)], [0, 100, 250], [51, 151, 255]);
        check(&[Adjust::Brightness(-100.0)], [0, 100, 255], [0, 0, 0]);
        check(&[Adjust::Contrast(-100.0)], [0, 100, 255], [128, 128, 128]);
        check(&[Adjust::Contrast(50.0)], [64, 128, 191], [1, 129, 255]);
        check(&[Adjust::Contrast(99.0)], [126, 127, 129], [0, 78, 255]);
        check(&[Adjust::Saturation(-100.0)], [255, 0, 0], [54, 54, 54]);
        check(&[Adjust::Saturation(-100.0)], [0, 255, 0], [182, 182, 182]);
        check(&[Adjust::Saturation(100.0)], [110, 100, 90], [119, 99, 79]);
        check(&[Adjust::Vibrance(-100.0)], [255, 0, 0], [255, 0, 0]);
        check(&[Adjust::Hue(120.0)], [255, 0, 0], [0, 255, 0]);
        check(&[Adjust::Hue(240.0)], [200, 100, 50], [100, 50, 200]);
        check(&[Adjust::Hue(60.0)], [200, 50, 50], [200, 200, 50]);
        check(&[Adjust::Hue(180.0)], [10, 20, 255], [255, 245, 10]);
    }

    #[test]
    fn every_parameter_moves_the_way_it_says() {
        let level = |chain: &[Adjust], v: u8| apply(pixel(&[v]), chain).into_bytes()[0];
        for v in [30_u8, 100, 200] {
            assert!(level(&[Adjust::Brightness(10.0)], v) > v && level(&[Adjust::Brightness(-10.0)], v) < v);
            assert!(level(&[Adjust::Exposure(10.0)], v) > v && level(&[Adjust::Exposure(-10.0)], v) < v);
            assert!(level(&[Adjust::Gamma(10.0)], v) > v && level(&[Adjust::Gamma(-10.0)], v) < v);
        }
        assert!(level(&[Adjust::Contrast(10.0)], 60) < 60 && level(&[Adjust::Contrast(10.0)], 190) > 190);
        let spread = |v: f64, color: [u8; 3]| {
            let bytes = apply(pixel(&color), &[Adjust::Vibrance(v)]).into_bytes();
            i32::from(bytes[0]) - i32::from(bytes[2])
        };
        assert!(spread(100.0, [120, 110, 100]) > 30 && spread(-100.0, [120, 110, 100]) < 10);
        // Already saturated colours gain less: 20 of 120 nearly doubles, 150 of 200 grows by a quarter.
        assert!(spread(100.0, [200, 100, 50]) < 190);
    }

    #[test]
    fn grey_stays_grey_at_any_depth() {
        let chain = [Adjust::Invert, Adjust::Saturation(50.0), Adjust::Vibrance(50.0), Adjust::Hue(90.0)];
        assert_eq!(apply(pixel(&[10]), &chain), pixel(&[245]));
        assert_eq!(apply(pixel(&[10, 20]), &chain), pixel(&[245, 20]));
        let deep = Raster { samples: Samples::U16(vec![1000, 2000, 3000]), ..pixel(&[0; 3]) };
        let inverted = Raster { samples: Samples::U16(vec![64_535, 63_535, 62_535]), ..pixel(&[0; 3]) };
        assert_eq!(apply(deep.clone(), &[Adjust::Invert]), inverted);
        assert_eq!(apply(inverted, &[Adjust::Invert]), deep);
    }

    #[test]
    fn a_chain_is_cut_off_at_its_end_only() {
        check(
            &[Adjust::Brightness(50.0), Adjust::Saturation(0.0), Adjust::Brightness(-50.0)],
            [9, 99, 250],
            [9, 99, 250],
        );
    }

    #[test]
    fn a_turn_of_the_wheel_in_steps_comes_back() {
        for color in [[200, 30, 60], [12, 250, 3], [0, 0, 255], [90, 91, 90]] {
            let once = apply(pixel(&color), &[Adjust::Hue(120.0)]);
            let twice = apply(once, &[Adjust::Hue(120.0)]);
            assert_eq!(apply(twice, &[Adjust::Hue(120.0)]), pixel(&color));
        }
    }
}
