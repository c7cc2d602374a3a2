//! Reduces to pure black and white: `threshold`, with or without dithering for the tones in between.

use crate::param::Dither;
use crate::pixels::points::luma;
use crate::pixels::raster::{Raster, Samples};
use crate::plan::Threshold;

/// Makes each pixel black or white by its luminance on encoded values. Size, channels and alpha stay. Returns 8 bits.
///
/// With a dither, the error is diffused to the neighbours, from the top left to the bottom right; fully transparent
/// pixels neither cause nor receive any. First the tones are remapped so that the cutoff is in the middle: there half
/// of the pixels become white, and at a cutoff of 0 or 1 the result is the same as without dithering.
#[must_use]
pub fn apply(raster: Raster, op: &Threshold) -> Raster {
    let light = light(&raster);
    let cutoff = op.cutoff as f32;
    let white: Vec<bool> = match op.dither {
        None => light.iter().map(|light| *light >= cutoff).collect(),
        Some(dither) => {
            let width = raster.size.width as usize;
            let tones = light.iter().map(|light| bent(*light, op.cutoff)).collect();
            let shows: Vec<bool> = (0..light.len()).map(|index| raster.pixel_8(index)[3] > 0).collect();
            dithered(tones, &shows, width, dither)
        }
    };
    let channels = usize::from(raster.channels);
    let colors = channels - usize::from(raster.has_alpha());
    let raster = raster.into_8_bit();
    let (size, channels_out) = (raster.size, raster.channels);
    let mut samples = raster.into_bytes();
    for (pixel, white) in samples.chunks_exact_mut(channels).zip(white) {
        pixel[..colors].fill(if white { 255 } else { 0 });
    }
    Raster { size, channels: channels_out, samples: Samples::U8(samples) }
}

/// Returns the luminance of each pixel, 0 to 1, at the depth of the image.
fn light(raster: &Raster) -> Vec<f32> {
    let channels = usize::from(raster.channels);
    let of = |pixel: [f32; 3], most: f32| luma(pixel) / most;
    match &raster.samples {
        Samples::U8(samples) => {
            samples.chunks_exact(channels).map(|pixel| of(rgb(pixel).map(f32::from), 255.0)).collect()
        }
        Samples::U16(samples) => {
            samples.chunks_exact(channels).map(|pixel| of(rgb(pixel).map(f32::from), 65_535.0)).collect()
        }
    }
}

fn rgb<T: Copy>(pixel: &[T]) -> [T; 3] {
    if let [r, g, b, ..] = *pixel { [r, g, b] } else { [pixel[0]; 3] }
}

/// Maps a tone along a curve through black, white and, at `cutoff`, the middle.
fn bent(light: f32, cutoff: f64) -> f32 {
    if cutoff <= 0.0 {
        return 1.0;
    }
    if cutoff >= 1.0 {
        return if light >= 1.0 { 1.0 } else { 0.0 };
    }
    f64::from(light.clamp(0.0, 1.0)).powf(0.5_f64.ln() / cutoff.ln()) as f32
}

/// Returns neighbours as offsets to the right and down, with their shares of an error.
const fn shares(dither: Dither) -> &'static [(isize, usize, f32)] {
    match dither {
        // Floyd and Steinberg, 1976.
        Dither::FloydSteinberg => &[(1, 0, 7.0 / 16.0), (-1, 1, 3.0 / 16.0), (0, 1, 5.0 / 16.0), (1, 1, 1.0 / 16.0)],
        // Bill Atkinson's, from the first Macintosh: a quarter of the error is dropped.
        Dither::Atkinson => {
            &[(1, 0, 0.125), (2, 0, 0.125), (-1, 1, 0.125), (0, 1, 0.125), (1, 1, 0.125), (0, 2, 0.125)]
        }
    }
}

fn dithered(mut tones: Vec<f32>, shows: &[bool], width: usize, dither: Dither) -> Vec<bool> {
    let mut white = Vec::with_capacity(tones.len());
    for index in 0..tones.len() {
        let tone = tones[index];
        let is_white = tone >= 0.5;
        white.push(is_white);
        if !shows[index] {
            continue;
        }
        let error = tone - f32::from(u8::from(is_white));
        let x = index % width;
        for (right, down, share) in shares(dither) {
            let Some(column) = x.checked_add_signed(*right).filter(|column| *column < width) else { continue };
            if let Some(neighbour) = tones.get_mut(index - x + column + down * width) {
                *neighbour += error * share;
            }
        }
    }
    white
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    const DITHERS: [Dither; 2] = [Dither::FloydSteinberg, Dither::Atkinson];

    fn op(cutoff: f64, dither: Option<Dither>) -> Threshold {
        Threshold { cutoff, dither }
    }

    fn grey(level: u8) -> Raster {
        Raster { size: Size::new(64, 64), channels: 1, samples: Samples::U8(vec![level; 64 * 64]) }
    }

    /// Returns the share of white pixels; all others must be black.
    fn white(raster: Raster) -> f64 {
        let bytes = raster.into_bytes();
        assert!(bytes.iter().all(|v| *v == 0 || *v == 255));
        bytes.iter().filter(|v| **v == 255).count() as f64 / bytes.len() as f64
    }

    #[test]
    fn brightness_at_the_cutoff_is_white_and_below_it_black() {
        let samples = vec![0, 0, 0, 9, 127, 127, 127, 255, 128, 128, 128, 0, 255, 0, 0, 255, 0, 255, 0, 255];
        let raster = Raster { size: Size::new(5, 1), channels: 4, samples: Samples::U8(samples) };
        let out = apply(raster.clone(), &op(0.5, None)).into_bytes();
        assert_eq!(out, [0, 0, 0, 9, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255, 255]);
        let levels = |cutoff, level| white(apply(grey(level), &op(cutoff, None))) > 0.5;
        assert!(levels(0.0, 0) && levels(1.0, 255) && !levels(1.0, 254) && !levels(0.01, 0));
        let deep = Raster { size: Size::new(2, 1), channels: 1, samples: Samples::U16(vec![32_767, 32_768]) };
        assert_eq!(apply(deep, &op(0.5, None)).samples, Samples::U8(vec![0, 255]));
    }

    #[test]
    fn dots_are_as_many_as_the_tone_is_light() {
        for dither in DITHERS {
            let share = |cutoff, level| white(apply(grey(level), &op(cutoff, Some(dither))));
            assert!((share(0.5, 128) - 0.5).abs() < 0.03, "{dither:?} {}", share(0.5, 128));
            // The tone at the cutoff is half black wherever the cutoff is, and lighter tones have more white.
            assert!((share(0.25, 64) - 0.5).abs() < 0.04 && (share(0.75, 191) - 0.5).abs() < 0.04);
            let tones: Vec<f64> = [0, 40, 90, 128, 170, 220, 255].map(|level| share(0.5, level)).to_vec();
            assert!(tones.is_sorted() && tones[0] == 0.0 && tones[6] == 1.0, "{tones:?}");
            assert!(share(0.3, 100) > share(0.5, 100) && share(0.5, 100) > share(0.7, 100));
            // The ends are the same as without dithering.
            assert_eq!((share(0.0, 0), share(1.0, 254), share(1.0, 255)), (1.0, 0.0, 1.0));
        }
        let fine = white(apply(grey(64), &op(0.5, Some(Dither::FloydSteinberg))));
        assert!((fine - 64.0 / 255.0).abs() < 0.02, "{fine}");
    }

    #[test]
    fn transparent_parts_stay_transparent_and_spread_nothing() {
        let row = |left: u8| [[left, 0], [left, 0], [100, 255], [100, 255]].concat();
        let raster = |left| Raster { size: Size::new(4, 1), channels: 2, samples: Samples::U8(row(left)) };
        for dither in DITHERS {
            let out = |left| apply(raster(left), &op(0.5, Some(dither))).into_bytes();
            assert_eq!(out(0)[4..], out(120)[4..], "{dither:?}");
            assert_eq!([out(0)[1], out(0)[5]], [0, 255]);
        }
    }
}
