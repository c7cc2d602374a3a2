//! The loops: first source rows are summed column by column, then each summed row is filtered along its length.
//!
//! Rows are summed first because that runs along memory and reads each source row once. Sums are made in a fixed order;
//! `pulp` only lets the compiler use wider registers, and fused multiply-add, where the machine has them.

use crate::pixels::raster::Raster;

use super::kernel::Axis;
use super::light;

/// Rows added at once: enough to hide the cost of loading and storing sums, few enough to stay in cache.
const BATCH: usize = 8;
/// Floats of a row handled at once: in `BATCH` rows they take 16 KiB, half of a first-level cache.
const BLOCK: usize = 512;
/// Lanes of the sums along a row. Each stride that `RowSink::along` uses divides it.
const LANES: usize = 16;
/// From this many source rows per output row, sums are kept instead of rows (see [`reduce`]).
const REDUCE_REACH_MIN: usize = 18;

/// Computes the output samples of the window that `columns` and `rows` span.
pub(crate) fn resample(raster: &Raster, columns: &Axis, rows: &Axis) -> Vec<u8> {
    let mut output = RowSink::new(raster, columns, rows.len());
    let source = LightRows { raster, columns, rows };
    let arch = pulp::Arch::new();
    // Without the instruction, fused multiply-add is a call into the C library, hundreds of times slower.
    let fused = cfg!(target_arch = "aarch64") || !matches!(arch, pulp::Arch::Scalar);
    match (rows.reach < REDUCE_REACH_MIN, fused) {
        (true, true) => arch.dispatch(|| enlarge::<true>(&source, &mut output)),
        (true, false) => arch.dispatch(|| enlarge::<false>(&source, &mut output)),
        (false, true) => arch.dispatch(|| reduce::<true>(&source, &mut output)),
        (false, false) => arch.dispatch(|| reduce::<false>(&source, &mut output)),
    }
    output.samples
}

/// Reads source rows as linear light.
struct LightRows<'a> {
    raster: &'a Raster,
    columns: &'a Axis,
    rows: &'a Axis,
}

impl LightRows<'_> {
    /// Returns the number of floats per row.
    fn row_len(&self) -> usize {
        self.columns.source.len() * usize::from(self.raster.channels)
    }

    /// Reads row `at`, counted from the first row needed.
    #[inline(always)]
    fn read(&self, at: usize, out: &mut [f32]) {
        let pixel = (self.rows.source.start + at) * self.raster.size.width as usize + self.columns.source.start;
        light::read(self.raster, pixel * usize::from(self.raster.channels), out);
    }
}

/// Computes one output row at a time from a ring of source rows: for enlarging and small reductions.
///
/// Keeps `rows.reach` source rows in memory.
#[inline(always)]
fn enlarge<const FUSED: bool>(source: &LightRows<'_>, output: &mut RowSink<'_>) {
    let row_len = source.row_len();
    let slots = source.rows.reach;
    let mut ring = vec![0.0; slots * row_len];
    let mut sums = vec![0.0; row_len];
    let mut read = 0;
    for at in 0..source.rows.len() {
        let first = source.rows.first(at);
        while read < source.rows.end(at) {
            source.read(read, &mut ring[read % slots * row_len..][..row_len]);
            read += 1;
        }
        for (batch, weights) in source.rows.weights(at).chunks(BATCH).enumerate() {
            let mut padded = [0.0; BATCH];
            padded[..weights.len()].copy_from_slice(weights);
            // A row beyond the batch has weight 0, so any finite row will do.
            let rows = std::array::from_fn(|k| {
                let row = first + batch * BATCH + k.min(weights.len() - 1);
                &ring[row % slots * row_len..][..row_len]
            });
            if batch == 0 {
                accumulate::<FUSED, true>(&mut sums, rows, padded);
            } else {
                accumulate::<FUSED, false>(&mut sums, rows, padded);
            }
        }
        output.push::<FUSED>(&sums);
    }
}

/// Adds one batch of source rows at a time to the sums of all output rows that it touches: for larger reductions.
///
/// Keeps `BATCH` source rows and about ten sums in memory, whatever the ratio, and reads each source row once.
#[inline(always)]
fn reduce<const FUSED: bool>(source: &LightRows<'_>, output: &mut RowSink<'_>) {
    let (rows, row_len) = (source.rows, source.row_len());
    let mut batch = vec![0.0; BATCH * row_len];
    let mut sums: Vec<Sum> = Vec::new();
    let mut done = 0;
    for top in (0..rows.source.len()).step_by(BATCH) {
        let bottom = (top + BATCH).min(rows.source.len());
        for at in top..bottom {
            source.read(at, &mut batch[(at - top) * row_len..][..row_len]);
        }
        let touched = (done..rows.len()).take_while(|&at| rows.first(at) < bottom).count();
        while sums.len() < touched {
            sums.push(Sum { values: vec![0.0; row_len], is_new: true });
        }
        let weights: Vec<[f32; BATCH]> = (done..done + touched).map(|at| batch_weights(rows, at, top)).collect();
        for block in (0..row_len).step_by(BLOCK) {
            let span = block..(block + BLOCK).min(row_len);
            for (sum, weights) in sums.iter_mut().zip(&weights) {
                let lines = std::array::from_fn(|k| &batch[k * row_len..][span.clone()]);
                let values = &mut sum.values[span.clone()];
                if sum.is_new {
                    accumulate::<FUSED, true>(values, lines, *weights);
                } else {
                    accumulate::<FUSED, false>(values, lines, *weights);
                }
            }
        }
        for sum in &mut sums[..touched] {
            sum.is_new = false;
        }
        let complete = (done..done + touched).take_while(|&at| rows.end(at) <= bottom).count();
        for sum in &mut sums[..complete] {
            output.push::<FUSED>(&sum.values);
            sum.is_new = true;
        }
        sums.rotate_left(complete);
        done += complete;
    }
}

/// A row being summed.
struct Sum {
    values: Vec<f32>,
    /// Nothing has been added yet: `values` still holds an earlier row.
    is_new: bool,
}

/// Returns the weights of output row `at` for the source rows `top..top + BATCH`.
fn batch_weights(rows: &Axis, at: usize, top: usize) -> [f32; BATCH] {
    let (first, weights) = (rows.first(at), rows.weights(at));
    std::array::from_fn(|k| (top + k).checked_sub(first).and_then(|tap| weights.get(tap)).copied().unwrap_or(0.0))
}

/// Computes `sums += rows * weights`, or `=` if `NEW`. Adds in the order of the rows, so the result does not depend on
/// how they are batched.
#[inline(always)]
fn accumulate<const FUSED: bool, const NEW: bool>(sums: &mut [f32], rows: [&[f32]; BATCH], weights: [f32; BATCH]) {
    let len = sums.len();
    let [a, b, c, d, e, f, g, h] = rows.map(|row| &row[..len]);
    for (at, sum) in sums.iter_mut().enumerate() {
        let mut total = if NEW { 0.0 } else { *sum };
        total = add_product::<FUSED>(total, a[at], weights[0]);
        total = add_product::<FUSED>(total, b[at], weights[1]);
        total = add_product::<FUSED>(total, c[at], weights[2]);
        total = add_product::<FUSED>(total, d[at], weights[3]);
        total = add_product::<FUSED>(total, e[at], weights[4]);
        total = add_product::<FUSED>(total, f[at], weights[5]);
        total = add_product::<FUSED>(total, g[at], weights[6]);
        total = add_product::<FUSED>(total, h[at], weights[7]);
        *sum = total;
    }
}

#[inline(always)]
fn add_product<const FUSED: bool>(sum: f32, a: f32, b: f32) -> f32 {
    if FUSED { a.mul_add(b, sum) } else { sum + a * b }
}

/// The second pass and the image that it fills.
struct RowSink<'a> {
    columns: &'a Axis,
    channels: usize,
    /// The summed row. Each pixel takes `stride` lanes: three channels take four, so that a register holds whole
    /// pixels.
    padded: Vec<f32>,
    /// The weights of `columns`, each repeated `stride` times.
    weights: Vec<f32>,
    samples: Vec<u8>,
}

impl<'a> RowSink<'a> {
    fn new(raster: &Raster, columns: &'a Axis, rows: usize) -> Self {
        let channels = usize::from(raster.channels);
        let stride = if channels == 3 { 4 } else { channels };
        Self {
            columns,
            channels,
            padded: vec![0.0; columns.source.len() * stride],
            weights: columns.all_weights().iter().flat_map(|&w| std::iter::repeat_n(w, stride)).collect(),
            samples: Vec::with_capacity(columns.len() * rows * channels),
        }
    }

    /// Filters a summed row along its length and appends it to the image.
    #[inline(always)]
    fn push<const FUSED: bool>(&mut self, sums: &[f32]) {
        if self.channels == 3 {
            for (pixel, sum) in self.padded.as_chunks_mut::<4>().0.iter_mut().zip(sums.as_chunks::<3>().0) {
                *pixel = [sum[0], sum[1], sum[2], 0.0];
            }
        } else {
            self.padded.copy_from_slice(sums);
        }
        match self.channels {
            1 => self.along::<FUSED, 1, 1>(),
            2 => self.along::<FUSED, 2, 2>(),
            3 => self.along::<FUSED, 4, 3>(),
            _ => self.along::<FUSED, 4, 4>(),
        }
    }

    #[inline(always)]
    fn along<const FUSED: bool, const STRIDE: usize, const CHANNELS: usize>(&mut self) {
        let start = self.samples.len();
        self.samples.resize(start + self.columns.len() * CHANNELS, 0);
        for (at, pixel) in self.samples[start..].as_chunks_mut::<CHANNELS>().0.iter_mut().enumerate() {
            let taps = self.columns.span(at);
            let weights = &self.weights[taps.start * STRIDE..taps.end * STRIDE];
            let row = &self.padded[self.columns.first(at) * STRIDE..][..weights.len()];
            let lanes = dot::<FUSED, STRIDE>(row, weights);
            light::write::<CHANNELS>(&lanes, pixel);
        }
    }
}

/// Returns the sum of products for each of `STRIDE` interleaved channels.
#[inline(always)]
fn dot<const FUSED: bool, const STRIDE: usize>(row: &[f32], weights: &[f32]) -> [f32; STRIDE] {
    let mut sums = [0.0_f32; LANES];
    let (rows, row_rest) = row.as_chunks::<LANES>();
    let (taps, tap_rest) = weights.as_chunks::<LANES>();
    for (row, taps) in rows.iter().zip(taps) {
        for lane in 0..LANES {
            sums[lane] = add_product::<FUSED>(sums[lane], row[lane], taps[lane]);
        }
    }
    for (lane, (row, tap)) in row_rest.iter().zip(tap_rest).enumerate() {
        sums[lane] += row * tap;
    }
    // Without this, the compiler sees that the fourth lane of three channels is never used, and shuffles for each
    // product to leave it out.
    let sums = std::hint::black_box(sums);
    let mut total = [0.0; STRIDE];
    for pixel in sums.as_chunks::<STRIDE>().0 {
        for (total, sum) in total.iter_mut().zip(pixel) {
            *total += sum;
        }
    }
    total
}
