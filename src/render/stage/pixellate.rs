//! Replaces the image by square blocks: `px`.

use crate::pixels::points::Sample;
use crate::pixels::raster::{Raster, Samples};

/// Gives every block of `block_px` pixels, counted from the top left, the mean of its pixels. Blocks at the right and
/// at the bottom may be smaller. Colours are weighted by their opacity. Accepts any raster; size, channels and depth
/// stay.
#[must_use]
pub fn apply(raster: &Raster, block_px: u32) -> Raster {
    let samples = match &raster.samples {
        Samples::U8(samples) => Samples::U8(blocks(raster, samples, block_px)),
        Samples::U16(samples) => Samples::U16(blocks(raster, samples, block_px)),
    };
    Raster { size: raster.size, channels: raster.channels, samples }
}

fn blocks<T: Sample>(raster: &Raster, samples: &[T], block_px: u32) -> Vec<T> {
    match raster.channels {
        1 => averaged::<T, 1, false>(raster, samples, block_px),
        2 => averaged::<T, 2, true>(raster, samples, block_px),
        3 => averaged::<T, 3, false>(raster, samples, block_px),
        _ => averaged::<T, 4, true>(raster, samples, block_px),
    }
}

fn averaged<T: Sample, const N: usize, const ALPHA: bool>(raster: &Raster, samples: &[T], block_px: u32) -> Vec<T> {
    let (width, block) = (raster.size.width as usize, (block_px as usize).max(1));
    let mut out = Vec::with_capacity(samples.len());
    let mut sums = vec![[0_u64; N]; width.div_ceil(block)];
    let mut row = Vec::with_capacity(width * N);
    for band in samples.chunks(block * width * N) {
        let height = band.len() / (width * N);
        sums.fill([0; N]);
        for pixels in band.chunks_exact(width * N) {
            for (sum, block) in sums.iter_mut().zip(pixels.chunks(block * N)) {
                block.as_chunks::<N>().0.iter().for_each(|pixel| add::<T, N, ALPHA>(sum, pixel));
            }
        }
        row.clear();
        for (index, sum) in sums.iter().enumerate() {
            let across = block.min(width - index * block);
            let mean = mean::<T, N, ALPHA>(sum, (across * height) as u64);
            row.extend(std::iter::repeat_n(mean, across).flatten());
        }
        (0..height).for_each(|_| out.extend_from_slice(&row));
    }
    out
}

/// Adds a pixel to the sums. No sum can overflow: samples and alpha have 16 bits each, and the number of pixels has 32.
fn add<T: Sample, const N: usize, const ALPHA: bool>(sum: &mut [u64; N], pixel: &[T; N]) {
    let weight = if ALPHA { pixel[N - 1].index() as u64 } else { 1 };
    for (channel, (sum, sample)) in sum.iter_mut().zip(pixel).enumerate() {
        *sum += if ALPHA && channel == N - 1 { weight } else { sample.index() as u64 * weight };
    }
}

fn mean<T: Sample, const N: usize, const ALPHA: bool>(sum: &[u64; N], count: u64) -> [T; N] {
    let weight = if ALPHA { sum[N - 1] } else { count };
    let level = |sum: u64, of: u64| {
        let mean = if of == 0 { 0.0 } else { sum as f64 / of as f64 };
        T::nearest((mean / (T::LEVELS - 1) as f64) as f32)
    };
    std::array::from_fn(|channel| level(sum[channel], if ALPHA && channel == N - 1 { count } else { weight }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::rows as raster;

    #[test]
    fn blocks_begin_at_the_top_left_and_may_be_cut() {
        let grey = raster(3, 1, vec![10, 20, 5, 30, 40, 15, 1, 2, 99]);
        assert_eq!(apply(&grey, 2), raster(3, 1, vec![25, 25, 10, 25, 25, 10, 2, 2, 99]));
        assert_eq!(apply(&grey, 1), grey);
        assert_eq!(apply(&grey, 500).into_bytes(), [25; 9]);
    }

    #[test]
    fn channels_stay_apart_and_transparency_weighs_nothing() {
        let rgb = raster(2, 3, vec![0, 100, 200, 100, 200, 0]);
        assert_eq!(apply(&rgb, 2), raster(2, 3, [50, 150, 100].repeat(2)));
        let clear = raster(2, 4, vec![200, 100, 0, 255, 0, 0, 255, 0]);
        assert_eq!(apply(&clear, 2), raster(2, 4, [200, 100, 0, 128].repeat(2)));
        assert_eq!(apply(&raster(2, 2, vec![7, 0, 9, 0]), 2), raster(2, 2, vec![0; 4]));
        let deep = Raster { samples: Samples::U16(vec![1000, 3000]), ..raster(2, 1, vec![0; 2]) };
        assert_eq!(apply(&deep, 2).samples, Samples::U16(vec![2000; 2]));
    }
}
