//! The sRGB transfer function in both directions, through tables.

use std::sync::LazyLock;

use crate::pixels::raster::{Raster, Samples};
use crate::pixels::srgb::{to_encoded, to_linear};

/// Last index of the table back to sRGB. Where the curve is steepest, one 8-bit level spans 19.9 of the 65,536 entries,
/// so rounding to an entry moves a result by at most a 40th of a level.
const BACK_MAX: f32 = 65_535.0;

static LINEAR_8: LazyLock<Box<[f32; 256]>> =
    LazyLock::new(|| Box::new(std::array::from_fn(|v| to_linear(v as f64 / 255.0) as f32)));
static LINEAR_16: LazyLock<Vec<f32>> =
    LazyLock::new(|| (0..=u16::MAX).map(|v| to_linear(f64::from(v) / 65_535.0) as f32).collect());
static ENCODED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    (0..=u16::MAX).map(|v| (to_encoded(f64::from(v) / f64::from(BACK_MAX)) * 255.0).round() as u8).collect()
});

/// Rounds 16 bits to the nearest 8.
pub(crate) fn depth_8(sample: u16) -> u8 {
    ((u32::from(sample) + 128) / 257) as u8
}

/// Reads samples of `raster` from sample `from` on as linear light, 0 to 1, multiplied by alpha if there is any.
///
/// `from` must be the first channel of a pixel. As many samples are read as `out` holds.
pub(crate) fn read(raster: &Raster, from: usize, out: &mut [f32]) {
    let alpha = raster.has_alpha();
    match &raster.samples {
        Samples::U8(samples) => {
            let table = &**LINEAR_8;
            let samples = &samples[from..from + out.len()];
            let light = |v: u8| table[usize::from(v)];
            let opacity = |v: u8| f32::from(v) * (1.0 / 255.0);
            match (alpha, raster.channels) {
                (false, _) => read_opaque(samples, out, light),
                (true, 2) => read_alpha::<_, 2>(samples, out, light, opacity),
                (true, _) => read_alpha::<_, 4>(samples, out, light, opacity),
            }
        }
        Samples::U16(samples) => {
            let table = LINEAR_16.as_slice();
            let samples = &samples[from..from + out.len()];
            let light = |v: u16| table[usize::from(v)];
            let opacity = |v: u16| f32::from(v) * (1.0 / 65_535.0);
            match (alpha, raster.channels) {
                (false, _) => read_opaque(samples, out, light),
                (true, 2) => read_alpha::<_, 2>(samples, out, light, opacity),
                (true, _) => read_alpha::<_, 4>(samples, out, light, opacity),
            }
        }
    }
}

fn read_opaque<T: Copy>(samples: &[T], out: &mut [f32], light: impl Fn(T) -> f32) {
    for (sample, out) in samples.iter().zip(out) {
        *out = light(*sample);
    }
}

fn read_alpha<T: Copy, const N: usize>(
    samples: &[T],
    out: &mut [f32],
    light: impl Fn(T) -> f32,
    opacity: impl Fn(T) -> f32,
) {
    for (pixel, out) in samples.as_chunks::<N>().0.iter().zip(out.as_chunks_mut::<N>().0) {
        let a = opacity(pixel[N - 1]);
        for channel in 0..N - 1 {
            out[channel] = light(pixel[channel]) * a;
        }
        out[N - 1] = a;
    }
}

/// Converts a pixel of linear light back to 8-bit sRGB with straight alpha.
///
/// The first `CHANNELS` lanes are the channels; of two or four, the last is opacity. Overshoot of the filter is
/// clipped. A pixel whose opacity rounds to 0 loses its colour too.
#[inline(always)]
pub(crate) fn write<const CHANNELS: usize>(lanes: &[f32], out: &mut [u8; CHANNELS]) {
    let table = ENCODED.as_slice();
    // `as` saturates, so no negative number and no NaN gets through.
    let encode = |v: f32| table[usize::from((v * BACK_MAX + 0.5) as u16)];
    if !CHANNELS.is_multiple_of(2) {
        for (lane, out) in lanes.iter().zip(out) {
            *out = encode(*lane);
        }
        return;
    }
    let colours = CHANNELS - 1;
    let opacity = lanes[colours];
    out[colours] = (opacity * 255.0 + 0.5) as u8;
    if out[colours] == 0 {
        out[..colours].fill(0);
        return;
    }
    // Overshoot beyond full opacity must not darken the pixel, so colour is divided by the unclipped sum.
    for (lane, out) in lanes.iter().zip(&mut out[..colours]) {
        *out = encode(lane / opacity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_survives_the_round_trip() {
        for level in 0..=255_u8 {
            let mut out = [0];
            write(&[LINEAR_8[usize::from(level)]], &mut out);
            assert_eq!(out[0], level);
            write(&[LINEAR_16[usize::from(level) * 257]], &mut out);
            assert_eq!(out[0], level);
        }
    }

    #[test]
    fn overshoot_is_cut_and_half_light_is_188() {
        let mut out = [0; 3];
        write(&[-0.2, 1.3, 0.5], &mut out);
        assert_eq!(out, [0, 255, 188]);
    }

    #[test]
    fn colours_are_weighted_by_their_opacity() {
        let mut out = [9; 4];
        write(&[0.5, 0.5, 0.5, 0.001], &mut out);
        assert_eq!(out, [0; 4]);
        write(&[0.5, 0.25, 0.0, 0.5], &mut out);
        assert_eq!(out, [255, 188, 0, 128]);
    }
}
