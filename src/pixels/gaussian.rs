//! Gaussian blur, row by row: of premultiplied sRGB-encoded samples, with the image's edges extended outwards, so that
//! nothing darkens there.
//!
//! Below a standard deviation of `REDUCED_FROM` the image is filtered directly. From there on it is reduced by an
//! integer factor, filtered, and enlarged with cubic B-splines, whose own blur is subtracted from the filter's: the
//! cost of the filter then does not grow with the blur. Only a few full-size rows are held in floating point at a time.

use super::points::{Sample, luma};
use super::raster::{Raster, Samples};

/// From this standard deviation on the image is reduced first, to a blur of about half of this.
const REDUCED_FROM: f64 = 4.0;

/// Maximum standard deviation in pixels: several times the largest possible image.
const SIGMA_MAX: f64 = 65_536.0;

/// Below this standard deviation the neighbours of a pixel have no weight.
const SIGMA_MIN: f64 = 0.01;

/// Variance of a cubic B-spline, in units of the squared knot distance.
const SPLINE_VARIANCE: f64 = 1.0 / 3.0;

/// Blurs an image and passes its rows to `each` from top to bottom: all channels, 0 to 1, colours multiplied by alpha.
pub(crate) fn rows(raster: &Raster, sigma_px: f64, each: impl FnMut(usize, &[f32])) {
    match &raster.samples {
        Samples::U8(samples) => blur(&Pixels { raster, samples }, sigma_px, each),
        Samples::U16(samples) => blur(&Pixels { raster, samples }, sigma_px, each),
    }
}

/// Adds to every colour `amount` times what a blur of `sigma_px` removes from it. Alpha stays.
pub(crate) fn unsharp(raster: &Raster, sigma_px: f64, amount: f64) -> Raster {
    let amount = amount as f32;
    merged(raster, sigma_px, |sharp, soft| std::array::from_fn(|c| sharp[c] + amount * (sharp[c] - soft[c])))
}

/// Adds to all colours alike `amount` times what a blur of `sigma_px` removes from the luma. Alpha stays.
pub(crate) fn unsharp_luma(raster: &Raster, sigma_px: f64, amount: f64) -> Raster {
    let amount = amount as f32;
    merged(raster, sigma_px, |sharp, soft| {
        let gain = amount * (luma(sharp) - luma(soft));
        sharp.map(|v| v + gain)
    })
}

/// Merges the colours of each pixel with those of the blurred image, both with straight alpha. Grey is passed as all
/// three colours.
fn merged(raster: &Raster, sigma_px: f64, merge: impl Fn([f32; 3], [f32; 3]) -> [f32; 3]) -> Raster {
    let samples = match &raster.samples {
        Samples::U8(samples) => Samples::U8(merged_samples(raster, samples, sigma_px, merge)),
        Samples::U16(samples) => Samples::U16(merged_samples(raster, samples, sigma_px, merge)),
    };
    Raster { size: raster.size, channels: raster.channels, samples }
}

fn merged_samples<T: Sample>(
    raster: &Raster,
    samples: &[T],
    sigma_px: f64,
    merge: impl Fn([f32; 3], [f32; 3]) -> [f32; 3],
) -> Vec<T> {
    let row_len = raster.size.width as usize * usize::from(raster.channels);
    let mut out = samples.to_vec();
    blur(&Pixels { raster, samples }, sigma_px, |y, soft| {
        let row = &mut out[y * row_len..][..row_len];
        match raster.channels {
            1 => merge_row::<T, 1, 1>(row, soft, &merge),
            2 => merge_row::<T, 2, 1>(row, soft, &merge),
            3 => merge_row::<T, 3, 3>(row, soft, &merge),
            _ => merge_row::<T, 4, 3>(row, soft, &merge),
        }
    });
    out
}

/// Merges a row of `N` channels, the first `COLORS` of which are colours.
fn merge_row<T: Sample, const N: usize, const COLORS: usize>(
    row: &mut [T],
    soft: &[f32],
    merge: &impl Fn([f32; 3], [f32; 3]) -> [f32; 3],
) {
    for (pixel, soft) in row.as_chunks_mut::<N>().0.iter_mut().zip(soft.as_chunks::<N>().0) {
        let per_alpha = if N > COLORS { 1.0 / soft[N - 1].max(f32::MIN_POSITIVE) } else { 1.0 };
        let channel = |c: usize| c.min(COLORS - 1);
        let sharp = std::array::from_fn(|c| pixel[channel(c)].value());
        let merged = merge(sharp, std::array::from_fn(|c| soft[channel(c)] * per_alpha));
        for (sample, v) in pixel[..COLORS].iter_mut().zip(merged) {
            *sample = T::nearest(v);
        }
    }
}

/// A source of rows of floats.
trait FloatRows {
    fn width(&self) -> usize;
    fn height(&self) -> usize;
    fn channels(&self) -> usize;

    /// Reads row `y`, in the form that [`rows`] passes on.
    fn read(&self, y: usize, out: &mut [f32]);

    fn row_len(&self) -> usize {
        self.width() * self.channels()
    }
}

/// The samples of an image.
struct Pixels<'a, T> {
    raster: &'a Raster,
    samples: &'a [T],
}

impl<T: Sample> FloatRows for Pixels<'_, T> {
    fn width(&self) -> usize {
        self.raster.size.width as usize
    }

    fn height(&self) -> usize {
        self.raster.size.height as usize
    }

    fn channels(&self) -> usize {
        usize::from(self.raster.channels)
    }

    #[inline(always)]
    fn read(&self, y: usize, out: &mut [f32]) {
        let row_len = self.row_len();
        let samples = &self.samples[y * row_len..][..row_len];
        match self.raster.channels {
            2 => premultiplied::<T, 2>(samples, out),
            4 => premultiplied::<T, 4>(samples, out),
            _ => samples.iter().zip(out).for_each(|(sample, out)| *out = sample.value()),
        }
    }
}

#[inline(always)]
fn premultiplied<T: Sample, const N: usize>(samples: &[T], out: &mut [f32]) {
    for (pixel, out) in samples.as_chunks::<N>().0.iter().zip(out.as_chunks_mut::<N>().0) {
        let alpha = pixel[N - 1].value();
        for channel in 0..N - 1 {
            out[channel] = pixel[channel].value() * alpha;
        }
        out[N - 1] = alpha;
    }
}

/// An image in floating point.
struct Plane {
    width: usize,
    height: usize,
    channels: usize,
    samples: Vec<f32>,
}

impl FloatRows for Plane {
    fn width(&self) -> usize {
        self.width
    }

    fn height(&self) -> usize {
        self.height
    }

    fn channels(&self) -> usize {
        self.channels
    }

    fn read(&self, y: usize, out: &mut [f32]) {
        out.copy_from_slice(&self.samples[y * self.row_len()..][..out.len()]);
    }
}

fn blur(source: &impl FloatRows, sigma_px: f64, mut each: impl FnMut(usize, &[f32])) {
    let sigma = if sigma_px.is_finite() { sigma_px.clamp(0.0, SIGMA_MAX) } else { 0.0 };
    let arch = pulp::Arch::new();
    if sigma < REDUCED_FROM {
        let kernel = kernel(sigma);
        return arch.dispatch(|| filter(source, &kernel, each));
    }
    // At least 2.
    let factor = (sigma / (REDUCED_FROM / 2.0)) as usize;
    let whole = (factor * factor) as f64;
    let variance = (sigma * sigma - (whole - 1.0) / 12.0) / whole - SPLINE_VARIANCE;
    let kernel = kernel(variance.max(0.0).sqrt());
    let (across, down) = (Cells::new(source.width(), factor), Cells::new(source.height(), factor));
    arch.dispatch(|| {
        let cells = reduced(source, &across, &down);
        let mut samples = Vec::with_capacity(cells.samples.len());
        filter(&cells, &kernel, |_, row| samples.extend_from_slice(row));
        enlarged(&Plane { samples, ..cells }, &across, &down, &mut each);
    });
}

/// Returns half of a Gaussian of sum 1: the weight at 0, at 1, and so on.
fn kernel(sigma: f64) -> Vec<f32> {
    if sigma < SIGMA_MIN {
        return vec![1.0];
    }
    let radius = (sigma * 3.0).ceil() as usize;
    let weights: Vec<f64> = (0..=radius).map(|at| (-((at * at) as f64) / (2.0 * sigma * sigma)).exp()).collect();
    let total = weights[0] + 2.0 * weights[1..].iter().sum::<f64>();
    weights.iter().map(|weight| (weight / total) as f32).collect()
}

/// Filters along rows into a ring of rows, and down the ring.
#[inline(always)]
fn filter(source: &impl FloatRows, kernel: &[f32], mut each: impl FnMut(usize, &[f32])) {
    let (radius, height, row_len, channels) = (kernel.len() - 1, source.height(), source.row_len(), source.channels());
    let slots = (2 * radius + 1).min(height);
    let mut ring = vec![0.0; slots * row_len];
    let mut padded = vec![0.0; row_len + 2 * radius * channels];
    let mut out = vec![0.0; row_len];
    let mut read = 0;
    for y in 0..height {
        while read < (y + radius + 1).min(height) {
            let inner = radius * channels..radius * channels + row_len;
            source.read(read, &mut padded[inner.clone()]);
            extend_edges(&mut padded, inner, channels);
            along(&padded, kernel, channels, &mut ring[read % slots * row_len..][..row_len]);
            read += 1;
        }
        let row = |y: usize| &ring[y % slots * row_len..][..row_len];
        out.iter_mut().zip(row(y)).for_each(|(out, v)| *out = v * kernel[0]);
        for (distance, weight) in kernel.iter().enumerate().skip(1) {
            add_pair(&mut out, row(y.saturating_sub(distance)), row((y + distance).min(height - 1)), *weight);
        }
        each(y, &out);
    }
}

/// Copies the first and the last pixel of the `inner` part outwards.
#[inline(always)]
fn extend_edges(padded: &mut [f32], inner: std::ops::Range<usize>, channels: usize) {
    let (first, last) = (inner.start, inner.end - channels);
    for at in (0..first).step_by(channels) {
        padded.copy_within(first..first + channels, at);
    }
    for at in (inner.end..padded.len()).step_by(channels) {
        padded.copy_within(last..last + channels, at);
    }
}

#[inline(always)]
fn along(padded: &[f32], kernel: &[f32], channels: usize, out: &mut [f32]) {
    let middle = (kernel.len() - 1) * channels;
    out.iter_mut().zip(&padded[middle..]).for_each(|(out, v)| *out = v * kernel[0]);
    for (distance, weight) in kernel.iter().enumerate().skip(1) {
        let step = distance * channels;
        add_pair(out, &padded[middle - step..], &padded[middle + step..], *weight);
    }
}

#[inline(always)]
fn add_pair(out: &mut [f32], a: &[f32], b: &[f32], weight: f32) {
    let len = out.len();
    let (a, b) = (&a[..len], &b[..len]);
    for at in 0..len {
        out[at] += (a[at] + b[at]) * weight;
    }
}

/// One axis divided into cells of `factor` pixels. The first and the last cell lie outside the image, as may part of
/// their neighbours, with the excess split evenly between both sides. The edge pixels of the image fill them.
struct Cells {
    len: usize,
    factor: usize,
    count: usize,
    /// Number of pixels before the image.
    before: usize,
}

impl Cells {
    const fn new(len: usize, factor: usize) -> Self {
        let count = len.div_ceil(factor) + 2;
        Self { len, factor, count, before: (count * factor - len) / 2 }
    }

    /// Returns the pixels of the image that lie in a cell.
    const fn inside(&self, cell: usize) -> std::ops::Range<usize> {
        let start = (cell * self.factor).saturating_sub(self.before);
        let end = ((cell + 1) * self.factor).saturating_sub(self.before);
        if end < self.len { start..end } else { (if start < self.len { start } else { self.len })..self.len }
    }

    /// Returns how many times the first and the last pixel count in a cell, in addition to the pixels inside it.
    const fn outside(&self, cell: usize) -> (usize, usize) {
        let (start, end) = (cell * self.factor, (cell + 1) * self.factor);
        let first = (if end < self.before { end } else { self.before }).saturating_sub(start);
        let after = self.before + self.len;
        (first, end.saturating_sub(if start > after { start } else { after }))
    }

    /// Returns the four cells around pixel `at` and their weights of a cubic B-spline.
    fn spline(&self, at: usize) -> ([usize; 4], [f32; 4]) {
        let position = ((at + self.before) as f64 + 0.5) / self.factor as f64 - 0.5;
        let t = (position - position.floor()) as f32;
        let first = position.floor() as isize - 1;
        let cell = |k: isize| (first + k).clamp(0, self.count as isize - 1) as usize;
        let s = 1.0 - t;
        let inner = |t: f32| (4.0 + t * t * (3.0 * t - 6.0)) / 6.0;
        ([cell(0), cell(1), cell(2), cell(3)], [s * s * s / 6.0, inner(t), inner(s), t * t * t / 6.0])
    }
}

/// Returns the mean of each cell.
#[inline(always)]
fn reduced(source: &impl FloatRows, across: &Cells, down: &Cells) -> Plane {
    let channels = source.channels();
    let cell_row = across.count * channels;
    let mut samples = vec![0.0; cell_row * down.count];
    let mut row = vec![0.0; source.row_len()];
    let mut sums = vec![0.0; cell_row];
    let share = 1.0 / (across.factor as f32 * down.factor as f32);
    for (cell, totals) in samples.chunks_exact_mut(cell_row).enumerate() {
        let (rows, (first, last)) = (down.inside(cell), down.outside(cell));
        let outside = [(0, first), (down.len - 1, last)].into_iter().filter(|(_, times)| *times > 0);
        for (y, times) in rows.map(|y| (y, 1)).chain(outside) {
            source.read(y, &mut row);
            match channels {
                1 => sum_cells::<1>(&row, across, &mut sums),
                2 => sum_cells::<2>(&row, across, &mut sums),
                3 => sum_cells::<3>(&row, across, &mut sums),
                _ => sum_cells::<4>(&row, across, &mut sums),
            }
            let weight = times as f32 * share;
            totals.iter_mut().zip(&sums).for_each(|(total, sum)| *total += sum * weight);
        }
    }
    Plane { width: across.count, height: down.count, channels, samples }
}

#[inline(always)]
fn sum_cells<const N: usize>(row: &[f32], across: &Cells, sums: &mut [f32]) {
    let pixels = row.as_chunks::<N>().0;
    for (cell, sum) in sums.as_chunks_mut::<N>().0.iter_mut().enumerate() {
        let (first, last) = across.outside(cell);
        *sum = std::array::from_fn(|c| pixels[0][c] * first as f32 + pixels[across.len - 1][c] * last as f32);
        for pixel in &pixels[across.inside(cell)] {
            for (sum, v) in sum.iter_mut().zip(pixel) {
                *sum += v;
            }
        }
    }
}

/// Interpolates the image between the centres of the cells, row by row.
#[inline(always)]
fn enlarged(small: &Plane, across: &Cells, down: &Cells, each: &mut impl FnMut(usize, &[f32])) {
    let taps: Vec<([usize; 4], [f32; 4])> = (0..across.len).map(|x| across.spline(x)).collect();
    let row_len = across.len * small.channels;
    // Four rows at full width; a row of cells is widened when it is first needed.
    let mut ring = vec![0.0; 4 * row_len];
    let mut out = vec![0.0; row_len];
    let mut widened = 0;
    for y in 0..down.len {
        let (cells, weights) = down.spline(y);
        while widened <= cells[3] {
            let row = &small.samples[widened * small.row_len()..][..small.row_len()];
            let wide = &mut ring[widened % 4 * row_len..][..row_len];
            match small.channels {
                1 => widen::<1>(row, &taps, wide),
                2 => widen::<2>(row, &taps, wide),
                3 => widen::<3>(row, &taps, wide),
                _ => widen::<4>(row, &taps, wide),
            }
            widened += 1;
        }
        let [a, b, c, d] = cells.map(|cell| &ring[cell % 4 * row_len..][..row_len]);
        for at in 0..row_len {
            out[at] = a[at] * weights[0] + b[at] * weights[1] + c[at] * weights[2] + d[at] * weights[3];
        }
        each(y, &out);
    }
}

#[inline(always)]
fn widen<const N: usize>(row: &[f32], taps: &[([usize; 4], [f32; 4])], out: &mut [f32]) {
    let row = row.as_chunks::<N>().0;
    for ((cells, weights), out) in taps.iter().zip(out.as_chunks_mut::<N>().0) {
        *out = [0.0; N];
        for (cell, weight) in cells.iter().zip(weights) {
            for (out, v) in out.iter_mut().zip(&row[*cell]) {
                *out += v * weight;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    fn grey(width: u32, height: u32, at: impl Fn(u32, u32) -> u8) -> Raster {
        let samples = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| at(x, y)).collect();
        Raster { size: Size::new(width, height), channels: 1, samples: Samples::U8(samples) }
    }

    fn blurred(raster: &Raster, sigma: f64) -> Vec<f32> {
        let mut out = Vec::new();
        rows(raster, sigma, |y, row| {
            assert_eq!(y * row.len(), out.len());
            out.extend_from_slice(row);
        });
        out
    }

    /// Blurs by the definition, with the edges extended without end.
    fn by_definition(raster: &Raster, sigma: f64) -> Vec<f64> {
        let (width, height) = (raster.size.width as i64, raster.size.height as i64);
        let bytes = raster.clone().into_bytes();
        let radius = (sigma * 4.0).ceil() as i64;
        let weight = |d: i64| (-((d * d) as f64) / (2.0 * sigma * sigma)).exp();
        let total: f64 = (-radius..=radius).map(weight).sum();
        let pass = |from: Vec<f64>, step: fn(i64, i64, i64) -> (i64, i64)| -> Vec<f64> {
            let at = |x: i64, y: i64| from[(y.clamp(0, height - 1) * width + x.clamp(0, width - 1)) as usize];
            (0..width * height)
                .map(|i| {
                    let sum = |d: i64| {
                        let (x, y) = step(i % width, i / width, d);
                        at(x, y) * weight(d)
                    };
                    (-radius..=radius).map(sum).sum::<f64>() / total
                })
                .collect()
        };
        let across = pass(bytes.iter().map(|v| f64::from(*v) / 255.0).collect(), |x, y, d| (x + d, y));
        pass(across, |x, y, d| (x, y + d))
    }

    #[test]
    fn the_blur_is_close_to_its_definition_at_any_strength() {
        let image = grey(97, 60, |x, y| if (x / 16 + y / 20).is_multiple_of(2) { 230 } else { (x * 2) as u8 });
        for sigma in [0.5, 1.0, 2.5, 3.9, 4.0, 5.0, 7.7, 12.0, 20.0] {
            let (got, expected) = (blurred(&image, sigma), by_definition(&image, sigma));
            let greatest = got.iter().zip(&expected).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
            // Two levels of 255 if the image was reduced first.
            let allowed = if sigma < REDUCED_FROM { 0.002 } else { 0.008 };
            assert!(greatest < allowed, "sigma {sigma}: off by {greatest}");
        }
    }

    #[test]
    fn a_single_colour_stays_and_edges_do_not_darken() {
        for (width, height) in [(1, 1), (2, 9), (50, 1), (33, 47)] {
            for sigma in [0.01, 0.7, 3.0, 4.0, 9.3, 100.0, 1e9, f64::NAN] {
                let flat = grey(width, height, |_, _| 77);
                let got = blurred(&flat, sigma);
                assert_eq!(got.len(), (width * height) as usize);
                assert!(got.iter().all(|v| (v * 255.0 - 77.0).abs() < 0.01), "{width}x{height} {sigma}");
            }
        }
    }

    #[test]
    fn a_mirrored_image_gives_a_mirrored_blur() {
        let image = grey(50, 3, |x, _| (x * 5) as u8);
        let mirrored = grey(50, 3, |x, _| ((49 - x) * 5) as u8);
        for sigma in [2.0, 6.0, 15.0, 60.0, 400.0] {
            let (a, b) = (blurred(&image, sigma), blurred(&mirrored, sigma));
            let same = (0..50).all(|x| (a[x] - b[49 - x]).abs() < 0.005);
            assert!(same, "sigma {sigma}");
        }
    }

    #[test]
    fn transparent_pixels_do_not_colour_their_neighbours() {
        let samples = (0..40).flat_map(|x| if x < 20 { [255, 0, 0, 255] } else { [0, 255, 0, 0] }).collect();
        let image = Raster { size: Size::new(40, 1), channels: 4, samples: Samples::U8(samples) };
        for sigma in [2.0, 8.0] {
            let got = blurred(&image, sigma);
            let pixels = got.as_chunks::<4>().0;
            assert!(pixels.iter().all(|[r, g, b, a]| *g == 0.0 && *b == 0.0 && (r - a).abs() < 1e-5));
            assert!(pixels[19][3] > 0.4 && pixels[20][3] < 0.6 && pixels[20][3] > 0.3, "{:?}", &pixels[19..21]);
        }
    }

    #[test]
    fn merging_leaves_alpha_and_depth() {
        let samples = (0..40_u16).flat_map(|x| [if x < 20 { 10_000 } else { 50_000 }, 30_000]).collect();
        let image = Raster { size: Size::new(40, 1), channels: 2, samples: Samples::U16(samples) };
        let sharper = unsharp(&image, 2.0, 1.0);
        let Samples::U16(samples) = &sharper.samples else { panic!("depth") };
        assert!(samples.iter().skip(1).step_by(2).all(|a| *a == 30_000));
        assert!(samples[19 * 2] < 3_000 && samples[20 * 2] > 57_000 && samples[0].abs_diff(10_000) < 2);
        assert_eq!(unsharp(&image, 2.0, 0.0), image);
    }
}
