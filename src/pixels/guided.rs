//! A blurred lightness whose blur stops at edges. Photo editors use it as an estimate of the light that falls on a
//! place, so that they can change that light and leave the detail in it alone.
//!
//! It is the guided filter (He, Sun and Tang, 2010) of the luma with itself, in its fast form (He and Sun, 2015):
//! within a window the result is a line `slope * luma + offset`, with slope 1 across strong edges, which leaves no
//! halos, and near 0 in even areas. The lines are computed on a small grid by box sums, whose cost does not depend on
//! the radius, and interpolated for each pixel. All lengths are shares of the image, so an image gets the same result
//! at every size.

use super::points::{RUN, Sample, luma};

/// Maximum length of the grid's longer side, in cells.
const GRID_MAX: usize = 256;

/// Half the width of a window, as a share of the longer side.
const REACH: f32 = 0.05;

/// Variance of the luma at which the slope is one half: that of a step of a fifth of the range.
const EDGE_VARIANCE: f32 = 0.01;

/// The lines of all cells of the grid.
pub(crate) struct Guided {
    across: CellAxis,
    down: CellAxis,
    /// Slopes and offsets, row by row.
    lines: [Vec<f32>; 2],
    /// The lines of the pixels of one row, padded to whole runs.
    row: [Vec<f32>; 2],
    /// The lines of the cells of one row.
    cells: [Vec<f32>; 2],
}

impl Guided {
    /// Measures an image with rows of `width` pixels, in which `levels` maps each sample to its colour value. Luma is
    /// clipped to 0 and 1. Transparent pixels count in proportion to their opacity.
    pub(crate) fn new<T: Sample>(samples: &[T], width: usize, channels: u8, levels: &[f32]) -> Self {
        let height = samples.len() / usize::from(channels).max(1) / width.max(1);
        let factor = width.max(height).div_ceil(GRID_MAX).max(1);
        let (across, down) = (CellAxis::new(width, factor), CellAxis::new(height, factor));
        let sums = pulp::Arch::new().dispatch(|| match channels {
            1 => sums::<T, 1>(samples, width, &across, &down, |p| (levels[p[0].index()], 1.0)),
            2 => sums::<T, 2>(samples, width, &across, &down, |p| (levels[p[0].index()], p[1].value())),
            3 => sums::<T, 3>(samples, width, &across, &down, |p| (color_luma(p, levels), 1.0)),
            _ => sums::<T, 4>(samples, width, &across, &down, |p| (color_luma(p, levels), p[3].value())),
        });
        let reach = ((REACH * across.cells.max(down.cells) as f32).round() as usize).max(1);
        let lines = lines(sums, across.cells, reach);
        let padded = width.next_multiple_of(RUN);
        let (row, cells) = ([vec![0.0; padded], vec![0.0; padded]], [vec![0.0; across.cells], vec![0.0; across.cells]]);
        Self { across, down, lines, row, cells }
    }

    /// Computes the lines of the pixels of row `y`.
    pub(crate) fn begin_row(&mut self, y: usize) {
        let Self { across, down, lines, row, cells } = self;
        let (above, below, share) = down.at(y);
        for ((lines, cells), row) in lines.iter().zip(cells).zip(row) {
            let line = |cell: usize| &lines[cell * across.cells..][..across.cells];
            for ((cell, a), b) in cells.iter_mut().zip(line(above)).zip(line(below)) {
                *cell = a + (b - a) * share;
            }
            across.interpolate(cells, row);
        }
    }

    /// Returns slopes and offsets for a run of pixels in the current row, from `x` on, a multiple of [`RUN`].
    #[inline(always)]
    pub(crate) fn lines(&self, x: usize) -> [&[f32; RUN]; 2] {
        const ZEROES: [f32; RUN] = [0.0; RUN];
        self.row.each_ref().map(|row| row.get(x..).and_then(|row| row.first_chunk()).unwrap_or(&ZEROES))
    }
}

/// One axis of the image, divided into cells of `factor` pixels; the last may be narrower.
struct CellAxis {
    pixels: usize,
    factor: usize,
    cells: usize,
}

impl CellAxis {
    fn new(pixels: usize, factor: usize) -> Self {
        Self { pixels, factor, cells: pixels.div_ceil(factor).max(1) }
    }

    /// Returns the cells whose centres are on either side of a pixel, and its position between the first centre and the
    /// second, 0 to 1.
    #[inline(always)]
    fn at(&self, pixel: usize) -> (usize, usize, f32) {
        let place = ((pixel as f32 + 0.5) / self.factor as f32 - 0.5).max(0.0);
        let first = (place as usize).min(self.cells - 1);
        (first, (first + 1).min(self.cells - 1), (place - first as f32).min(1.0))
    }

    fn interpolate(&self, cells: &[f32], pixels: &mut [f32]) {
        for (x, out) in pixels.iter_mut().enumerate().take(self.pixels) {
            let (left, right, share) = self.at(x);
            *out = cells[left] + (cells[right] - cells[left]) * share;
        }
    }
}

#[inline(always)]
fn color_luma<T: Sample, const N: usize>(pixel: &[T; N], levels: &[f32]) -> f32 {
    luma([levels[pixel[0].index()], levels[pixel[1].index()], levels[pixel[2].index()]])
}

/// Returns, for each cell, the sum of its pixels' weights (opacities), the sum of luma times weight, and the square of
/// the mean luma times the weight.
///
/// The mean is squared, not each pixel, because anything finer than a cell is detail and not an edge.
#[inline(always)]
fn sums<T: Sample, const N: usize>(
    samples: &[T],
    width: usize,
    across: &CellAxis,
    down: &CellAxis,
    pixel: impl Fn(&[T; N]) -> (f32, f32),
) -> [Vec<f32>; 3] {
    let count = across.cells * down.cells;
    let (mut weights, mut lights) = (vec![0.0_f32; count], vec![0.0_f32; count]);
    for (y, row) in samples.as_chunks::<N>().0.chunks_exact(width.max(1)).enumerate() {
        let first = y / down.factor * across.cells;
        let cells = weights[first..].iter_mut().zip(&mut lights[first..]);
        for ((weight, light), pixels) in cells.zip(row.chunks(across.factor)) {
            let (mut sum, mut lit) = (0.0, 0.0);
            for (luma, alpha) in pixels.iter().map(&pixel) {
                sum += alpha;
                lit += alpha * luma.clamp(0.0, 1.0);
            }
            *weight += sum;
            *light += lit;
        }
    }
    let squares = weights.iter().zip(&lights).map(|(w, l)| if *w > 0.0 { l * l / w } else { 0.0 }).collect();
    [weights, lights, squares]
}

/// Computes slopes and offsets from the result of [`sums`].
fn lines(sums: [Vec<f32>; 3], width: usize, reach: usize) -> [Vec<f32>; 2] {
    let [weights, lights, squares] = sums.each_ref().map(|plane| box_sums(plane, width, reach));
    let (mut slopes, mut offsets) = (vec![0.0; weights.len()], vec![0.0; weights.len()]);
    for at in 0..weights.len() {
        // A window in which nothing is visible has no line.
        if weights[at] > 0.0 {
            let mean = lights[at] / weights[at];
            let variance = (squares[at] / weights[at] - mean * mean).max(0.0);
            let slope = variance / (variance + EDGE_VARIANCE);
            // Weighted like the pixels of the windows.
            slopes[at] = slope * sums[0][at];
            offsets[at] = mean * (1.0 - slope) * sums[0][at];
        }
    }
    [slopes, offsets].map(|plane| {
        let sums = box_sums(&plane, width, reach);
        sums.iter().zip(&weights).map(|(sum, weight)| if *weight > 0.0 { sum / weight } else { 0.0 }).collect()
    })
}

/// Returns, for each cell, the sum over all existing cells up to `reach` away in both directions.
fn box_sums(plane: &[f32], width: usize, reach: usize) -> Vec<f32> {
    let height = plane.len() / width;
    let mut along = vec![0.0; plane.len()];
    let mut total = vec![0.0_f64; width + 1];
    for (row, out) in plane.chunks_exact(width).zip(along.chunks_exact_mut(width)) {
        for (x, value) in row.iter().enumerate() {
            total[x + 1] = total[x] + f64::from(*value);
        }
        for (x, out) in out.iter_mut().enumerate() {
            *out = (total[(x + reach + 1).min(width)] - total[x.saturating_sub(reach)]) as f32;
        }
    }
    let mut column = vec![0.0_f64; width];
    let mut out = Vec::with_capacity(plane.len());
    let row = |y: usize| &along[y * width..][..width];
    for y in 0..reach.min(height) {
        column.iter_mut().zip(row(y)).for_each(|(sum, v)| *sum += f64::from(*v));
    }
    for y in 0..height {
        if y + reach < height {
            column.iter_mut().zip(row(y + reach)).for_each(|(sum, v)| *sum += f64::from(*v));
        }
        if y > reach {
            column.iter_mut().zip(row(y - reach - 1)).for_each(|(sum, v)| *sum -= f64::from(*v));
        }
        out.extend(column.iter().map(|sum| sum.max(0.0) as f32));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Filters 8-bit grey rows.
    fn filtered(samples: &[u8], width: usize) -> Vec<f32> {
        let levels: Vec<f32> = (0..256).map(|v| v as f32 / 255.0).collect();
        let mut guided = Guided::new(samples, width, 1, &levels);
        let mut out = Vec::new();
        for (y, row) in samples.chunks_exact(width).enumerate() {
            guided.begin_row(y);
            for (x, v) in row.iter().enumerate() {
                let [slopes, offsets] = guided.lines(x / RUN * RUN);
                out.push(slopes[x % RUN] * levels[usize::from(*v)] + offsets[x % RUN]);
            }
        }
        out
    }

    #[test]
    fn boxes_are_cut_off_at_the_sides() {
        let plane: Vec<f32> = (0..12).map(|v| v as f32).collect();
        // 0 1 2 3 / 4 5 6 7 / 8 9 10 11
        let sums = box_sums(&plane, 4, 1);
        assert_eq!((sums[0], sums[5], sums[11]), (10.0, 45.0, 34.0));
        assert_eq!(box_sums(&plane, 4, 9), [66.0; 12]);
    }

    #[test]
    fn flat_areas_stay_and_fine_texture_is_flattened() {
        assert!(filtered(&[77; 900 * 40], 900).iter().all(|v| (v - 77.0 / 255.0).abs() < 1e-3));
        let texture: Vec<u8> =
            (0..600 * 300).map(|at| if (at % 600 / 2 + at / 1200) % 2 == 0 { 90 } else { 110 }).collect();
        let flat = filtered(&texture, 600);
        assert!(flat.iter().all(|v| (v - 100.0 / 255.0).abs() < 0.012), "{:?}", &flat[..8]);
    }

    #[test]
    fn an_edge_stays_where_it_is_and_has_no_halo() {
        let edge: Vec<u8> = (0..600 * 300).map(|at| if at % 600 < 300 { 30 } else { 220 }).collect();
        let row = &filtered(&edge, 600)[150 * 600..151 * 600];
        let (dark, light) = (30.0 / 255.0, 220.0 / 255.0);
        assert!(row[..300].iter().all(|v| (v - dark).abs() < 0.06), "{:?}", &row[270..300]);
        assert!(row[300..].iter().all(|v| (v - light).abs() < 0.06), "{:?}", &row[300..330]);
    }

    #[test]
    fn transparent_pixels_do_not_count() {
        let samples: Vec<u8> = (0..80 * 80).flat_map(|at| if at % 80 < 40 { [60, 255] } else { [250, 0] }).collect();
        let levels: Vec<f32> = (0..256).map(|v| v as f32 / 255.0).collect();
        let mut guided = Guided::new(&samples, 80, 2, &levels);
        guided.begin_row(40);
        let [slopes, offsets] = guided.lines(0);
        for x in 0..40 {
            assert!((slopes[x] * 60.0 / 255.0 + offsets[x] - 60.0 / 255.0).abs() < 1e-3);
        }
        // The smallest possible images, and the thinnest.
        for (width, count) in [(1, 1), (1, 5000), (5000, 5000)] {
            assert!(filtered(&vec![9; count], width).iter().all(|v| (v - 9.0 / 255.0).abs() < 1e-3));
        }
    }
}
