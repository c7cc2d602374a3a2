//! Reduces noise, then sharpens again: `nr` and `nrs`.
//!
//! `rendering.md` 7 does not prescribe the filter. This one is bilateral: a pixel becomes the weighted mean of its
//! neighbours within three pixels. Neighbours that are close in position and colour count most; those that differ by
//! more than the threshold are across an edge and do not count. `nr=20`, the default, is a threshold of a tenth of the
//! range, which removes noise with a standard deviation of about five levels; 100 is half of the range. At 0 and below
//! nothing is smoothed. `nrs` is the amount of an unsharp mask with sigma 1, in hundredths; below 0 it softens.

use crate::pixels::gaussian;
use crate::pixels::points::Sample;
use crate::pixels::raster::{Raster, Samples};
use crate::plan::Denoise;

/// Radius of the neighbourhood in pixels.
const RADIUS: usize = 3;

/// Rows and columns in the neighbourhood.
const SPAN: usize = 2 * RADIUS + 1;

/// Standard deviation of the spatial weight in pixels.
const SIGMA_PX: f32 = 2.0;

/// The `nr` value at which the threshold is the full range.
const THRESHOLD_FULL: f64 = 200.0;

/// Standard deviation of the sharpening in pixels.
const SHARPEN_SIGMA_PX: f64 = 1.0;

/// Smooths and sharpens the colours of any raster. Size, channels, depth and alpha stay. Transparent pixels do not
/// count as neighbours.
#[must_use]
pub fn apply(raster: Raster, op: Denoise) -> Raster {
    let smooth = if op.threshold > 0.0 { smoothed(&raster, (op.threshold / THRESHOLD_FULL) as f32) } else { raster };
    if op.sharpen == 0.0 { smooth } else { gaussian::unsharp(&smooth, SHARPEN_SIGMA_PX, op.sharpen / 100.0) }
}

fn smoothed(raster: &Raster, threshold: f32) -> Raster {
    let samples = match &raster.samples {
        Samples::U8(samples) => Samples::U8(bilateral(raster, samples, threshold)),
        Samples::U16(samples) => Samples::U16(bilateral(raster, samples, threshold)),
    };
    Raster { size: raster.size, channels: raster.channels, samples }
}

fn bilateral<T: Sample>(raster: &Raster, samples: &[T], threshold: f32) -> Vec<T> {
    pulp::Arch::new().dispatch(|| match raster.channels {
        1 => filter::<T, 1, 1>(raster, samples, threshold),
        2 => filter::<T, 2, 1>(raster, samples, threshold),
        3 => filter::<T, 3, 3>(raster, samples, threshold),
        _ => filter::<T, 4, 3>(raster, samples, threshold),
    })
}

/// A row with colours and alpha in separate planes, and `RADIUS` extra edge pixels on either side.
struct Row<const COLORS: usize> {
    colors: [Vec<f32>; COLORS],
    alpha: Vec<f32>,
}

impl<const COLORS: usize> Row<COLORS> {
    fn new(width: usize) -> Self {
        let line = || vec![0.0; width + 2 * RADIUS];
        // Without an alpha channel everything is opaque.
        Self { colors: std::array::from_fn(|_| line()), alpha: vec![1.0; width + 2 * RADIUS] }
    }

    #[inline(always)]
    fn read<T: Sample, const N: usize>(&mut self, pixels: &[[T; N]]) {
        for at in 0..pixels.len() + 2 * RADIUS {
            let pixel = &pixels[at.saturating_sub(RADIUS).min(pixels.len() - 1)];
            for (line, sample) in self.colors.iter_mut().zip(pixel) {
                line[at] = sample.value();
            }
            if N > COLORS {
                self.alpha[at] = pixel[N - 1].value();
            }
        }
    }
}

/// Filters pixels with `N` channels, of which the first `COLORS` are colours.
#[inline(always)]
fn filter<T: Sample, const N: usize, const COLORS: usize>(raster: &Raster, samples: &[T], threshold: f32) -> Vec<T> {
    let (width, height) = (raster.size.width as usize, raster.size.height as usize);
    let (pixels, _) = samples.as_chunks::<N>();
    let mut out = samples.to_vec();
    let mut ring: [Row<COLORS>; SPAN] = std::array::from_fn(|_| Row::new(width));
    let mut sums = Sums::<COLORS>::new(width);
    let mut read = 0;
    for y in 0..height {
        while read < (y + RADIUS + 1).min(height) {
            ring[read % SPAN].read(&pixels[read * width..][..width]);
            read += 1;
        }
        sums.clear();
        for line in 0..SPAN {
            let near = &ring[(y + line).saturating_sub(RADIUS).min(height - 1) % SPAN];
            for column in 0..SPAN {
                sums.add(&ring[y % SPAN], near, column, nearness(line, column), threshold);
            }
        }
        let row = out.as_chunks_mut::<N>().0[y * width..][..width].iter_mut().enumerate();
        for (x, pixel) in row {
            // The pixel itself always counts, unless it is transparent; then it may keep its colour.
            if sums.weight[x] > 0.0 {
                for (sample, line) in pixel.iter_mut().zip(&sums.colors) {
                    *sample = T::nearest(line[x] / sums.weight[x]);
                }
            }
        }
    }
    out
}

fn nearness(line: usize, column: usize) -> f32 {
    let (x, y) = (column as f32 - RADIUS as f32, line as f32 - RADIUS as f32);
    (-(x * x + y * y) / (2.0 * SIGMA_PX * SIGMA_PX)).exp()
}

/// Weighted sums for every pixel of a row.
struct Sums<const COLORS: usize> {
    colors: [Vec<f32>; COLORS],
    weight: Vec<f32>,
}

impl<const COLORS: usize> Sums<COLORS> {
    fn new(width: usize) -> Self {
        Self { colors: std::array::from_fn(|_| vec![0.0; width]), weight: vec![0.0; width] }
    }

    fn clear(&mut self) {
        self.colors.iter_mut().for_each(|line| line.fill(0.0));
        self.weight.fill(0.0);
    }

    /// Adds, for every pixel of the row, the neighbour at `column` in one row of the neighbourhood.
    #[inline(always)]
    fn add(&mut self, own: &Row<COLORS>, near: &Row<COLORS>, column: usize, nearness: f32, threshold: f32) {
        let len = self.weight.len();
        let own: [&[f32]; COLORS] = std::array::from_fn(|c| &own.colors[c][RADIUS..][..len]);
        let colors: [&[f32]; COLORS] = std::array::from_fn(|c| &near.colors[c][column..][..len]);
        let alpha = &near.alpha[column..][..len];
        let weights = &mut self.weight[..len];
        let sums = self.colors.each_mut().map(|line| &mut line[..len]);
        let per_threshold = 1.0 / (threshold * threshold);
        for x in 0..len {
            let mut distance = 0.0;
            for c in 0..COLORS {
                let difference = colors[c][x] - own[c][x];
                distance += difference * difference;
            }
            // Tukey's biweight: similar to a Gaussian, and 0 beyond the threshold.
            let likeness = (1.0 - distance * per_threshold).max(0.0);
            let weight = likeness * likeness * nearness * alpha[x];
            for c in 0..COLORS {
                sums[c][x] += colors[c][x] * weight;
            }
            weights[x] += weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    const PLAIN: Denoise = Denoise { threshold: 20.0, sharpen: 0.0 };

    /// A step from dark to light with noise of `noise` levels.
    fn noisy_step(channels: u8, noise: u32) -> Raster {
        let size = Size::new(40, 30);
        let at = |i: u32| {
            let random = i.wrapping_mul(2_654_435_761) >> 16;
            let base = if i % 40 < 20 { 60 } else { 190 };
            (base + random % (2 * noise + 1) - noise) as u8
        };
        let samples = (0..size.area() as u32).flat_map(|i| (0..channels).map(move |_| at(i))).collect();
        Raster { size, channels, samples: Samples::U8(samples) }
    }

    /// Returns the standard deviation in the dark half.
    fn noise_left(raster: &Raster) -> f64 {
        let channels = usize::from(raster.channels);
        let bytes = raster.clone().into_bytes();
        let dark: Vec<f64> = bytes
            .chunks_exact(40 * channels)
            .flat_map(|row| row[..18 * channels].iter().step_by(channels))
            .map(|v| f64::from(*v))
            .collect();
        let mean = dark.iter().sum::<f64>() / dark.len() as f64;
        (dark.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / dark.len() as f64).sqrt()
    }

    #[test]
    fn noise_goes_and_edges_stay() {
        for channels in [1, 3] {
            let noisy = noisy_step(channels, 6);
            let clean = apply(noisy.clone(), PLAIN);
            assert!(noise_left(&clean) < noise_left(&noisy) / 2.5, "{} {}", noise_left(&clean), noise_left(&noisy));
            let bytes = clean.into_bytes();
            let middle = 15 * 40 * usize::from(channels);
            let (dark, light) =
                (bytes[middle + 19 * usize::from(channels)], bytes[middle + 20 * usize::from(channels)]);
            assert!(dark < 70 && light > 180, "{dark} {light}");
        }
    }

    #[test]
    fn more_is_stronger_and_none_is_nothing() {
        let noisy = noisy_step(1, 20);
        let left = |threshold| noise_left(&apply(noisy.clone(), Denoise { threshold, ..PLAIN }));
        assert!(left(100.0) < left(40.0) && left(40.0) < left(10.0));
        for threshold in [0.0, -100.0] {
            assert_eq!(apply(noisy.clone(), Denoise { threshold, sharpen: 0.0 }), noisy);
        }
    }

    #[test]
    fn sharpening_follows_noise_reduction() {
        let contrast = |sharpen| {
            let bytes = apply(noisy_step(1, 0), Denoise { sharpen, ..PLAIN }).into_bytes();
            i32::from(bytes[20]) - i32::from(bytes[19])
        };
        assert_eq!(contrast(0.0), 130);
        assert!(contrast(50.0) > 150 && contrast(-50.0) < 110);
    }

    #[test]
    fn alpha_stays_and_hidden_colours_do_not_show() {
        let samples: Vec<u8> = (0..20).flat_map(|x| if x < 10 { [100, 9] } else { [110, 0] }).collect();
        let raster = Raster { size: Size::new(20, 1), channels: 2, samples: Samples::U8(samples) };
        let bytes = apply(raster.clone(), PLAIN).into_bytes();
        assert!(bytes[..20].iter().step_by(2).all(|v| *v == 100));
        assert!(bytes.iter().skip(1).step_by(2).eq(raster.into_bytes().iter().skip(1).step_by(2)));
    }
}
