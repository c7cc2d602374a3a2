//! Stretch each channel by its histogram: `auto=enhance`.
//!
//! From the first to the last hundredth of the visible pixels a channel is stretched over all levels, and that is mixed
//! half and half with the picture as it was (`rendering.md` 7). Measuring and stretching are apart, so that all frames of
//! an animation can be stretched as the first.

use crate::render::points::{self, Sample};
use crate::render::raster::{Raster, Samples};

/// Share of the pixels that may become black, and white.
const CLIPPED: f64 = 0.01;

/// Share of the stretched picture in the result.
const MIX: f32 = 0.5;

/// Bins of a histogram; 16 bits are counted in 8.
const BINS: usize = 256;

/// Levels that become 0 and 1, for each colour channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch([(f32, f32); 3]);

/// Finds out how to stretch a picture; grey has its levels three times. What is wholly transparent does not count.
#[must_use]
pub fn measure(raster: &Raster) -> Stretch {
    let counts = match &raster.samples {
        Samples::U8(samples) => histograms(samples, raster.channels),
        Samples::U16(samples) => histograms(samples, raster.channels),
    };
    Stretch(counts.map(|counts| range(&counts)))
}

/// Stretches the colours of any raster; size, channels, depth and alpha stay. A channel of one level stays too.
#[must_use]
pub fn apply(raster: Raster, stretch: &Stretch) -> Raster {
    let curve = |channel: usize| {
        let (low, high) = stretch.0[channel];
        let scale = if high > low { 1.0 / (high - low) } else { 0.0 };
        move |v: f32| {
            if scale == 0.0 { v } else { v + MIX * (((v - low) * scale).clamp(0.0, 1.0) - v) }
        }
    };
    points::curved(raster, [&curve(0), &curve(1), &curve(2)])
}

/// How many visible pixels are at each level, for red, green and blue.
fn histograms<T: Sample>(samples: &[T], channels: u8) -> [[u64; BINS]; 3] {
    let mut counts = [[0; BINS]; 3];
    let bin = |sample: T| sample.index() * (BINS - 1) / (T::LEVELS - 1);
    match channels {
        1 => samples.iter().for_each(|v| counts[0][bin(*v)] += 1),
        2 => {
            for [v, a] in samples.as_chunks::<2>().0 {
                counts[0][bin(*v)] += u64::from(a.index() > 0);
            }
        }
        3 => {
            for pixel in samples.as_chunks::<3>().0 {
                for (counts, v) in counts.iter_mut().zip(pixel) {
                    counts[bin(*v)] += 1;
                }
            }
        }
        _ => {
            for [r, g, b, a] in samples.as_chunks::<4>().0 {
                for (counts, v) in counts.iter_mut().zip([r, g, b]) {
                    counts[bin(*v)] += u64::from(a.index() > 0);
                }
            }
        }
    }
    if channels <= 2 {
        counts = [counts[0]; 3];
    }
    counts
}

/// The levels with [`CLIPPED`] of the pixels below and above them, 0 to 1.
fn range(counts: &[u64; BINS]) -> (f32, f32) {
    let clipped = counts.iter().sum::<u64>() as f64 * CLIPPED;
    let beyond = |below: &mut u64, count: u64| {
        *below += count;
        *below as f64 > clipped
    };
    let (mut below, mut above) = (0, 0);
    let low = counts.iter().position(|count| beyond(&mut below, *count)).unwrap_or(0);
    let high = counts.iter().rposition(|count| beyond(&mut above, *count)).unwrap_or(BINS - 1);
    let level = |bin: usize| bin as f32 / (BINS - 1) as f32;
    (level(low), level(high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    fn raster(channels: u8, samples: Vec<u8>) -> Raster {
        let width = samples.len() as u32 / u32::from(channels);
        Raster { size: Size::new(width, 1), channels, samples: Samples::U8(samples) }
    }

    fn enhanced(picture: Raster) -> Raster {
        let stretch = measure(&picture);
        apply(picture, &stretch)
    }

    #[test]
    fn half_of_the_way_to_the_full_range() {
        let ramp: Vec<u8> = (0..1000).map(|i| 100 + (i / 20) as u8).collect();
        let bytes = enhanced(raster(1, ramp)).into_bytes();
        // 100 to 149 become 0 to 255, and half of that is added to half of what was.
        assert_eq!((bytes[0], bytes[999]), (50, 202));
        assert!(bytes.is_sorted());
    }

    #[test]
    fn outliers_do_not_count_and_a_full_range_stays() {
        let mut samples = vec![100; 500];
        samples.extend([150; 490]);
        samples.extend([255; 5]);
        samples.extend([0; 5]);
        let bytes = enhanced(raster(1, samples)).into_bytes();
        assert_eq!((bytes[0], bytes[600], bytes[992], bytes[999]), (50, 203, 255, 0));
        let full = raster(1, (0..=255).cycle().take(25_600).collect());
        let bytes = enhanced(full.clone()).into_bytes();
        assert!(bytes.iter().zip(full.into_bytes()).all(|(a, b)| a.abs_diff(b) <= 2));
        assert_eq!(enhanced(raster(3, [9, 80, 200].repeat(9))), raster(3, [9, 80, 200].repeat(9)));
    }

    #[test]
    fn channels_are_stretched_apart_and_transparency_is_not_looked_at() {
        let seen = [[100, 0, 50, 255], [150, 255, 50, 128]].concat().repeat(50);
        let hidden = [0, 128, 255, 0].repeat(50);
        let bytes = enhanced(raster(4, [seen, hidden].concat())).into_bytes();
        assert_eq!(&bytes[..8], [50, 0, 50, 255, 203, 255, 50, 128]);
        let deep = Raster { samples: Samples::U16(vec![25_700, 38_550]), ..raster(1, vec![0; 2]) };
        assert_eq!(enhanced(deep).samples, Samples::U16(vec![12_850, 52_043]));
    }
}
