//! Makes faces unrecognisable: `face-blur`, `face-pixel` (`rendering.md` 18).
//!
//! The documentation of the two specifies only a strength of 0 to 100. Here the strength is relative to the face, and
//! even 1 hides it: a blur from an eighth of the face's height (1) to a quarter (100), or from eight cells per face (1)
//! down to three (100). Both together give blurred cells. The whole head is covered: an ellipse well around the
//! detector's box, with a soft edge outside it. If no detector ran, the whole image is treated as one face.

use crate::pixels::raster::{Raster, Samples};
use crate::plan::{HideFaces, HideFacesOp};
use crate::units::Rect;

/// The ellipse that is completely hidden, as a multiple of the one inscribed in the box. Above the square root of 2 it
/// includes the corners of the box.
const COVERED: f32 = 1.45;
/// The ellipse beyond which the image is unchanged.
const UNTOUCHED: f32 = 1.7;
/// A blur is computed on the means of cells with this share of its sigma as side; no finer detail remains.
const CELL_OF_SIGMA: f32 = 0.34;
/// Maximum number of cells across a region, to bound memory for any size.
const CELLS_MAX: usize = 512;

/// Hides the faces in `op`. Size, depth, channels and alpha stay.
#[must_use]
pub fn apply(mut raster: Raster, op: &HideFacesOp) -> Raster {
    let Some(faces) = &op.faces else {
        let whole = Region { left: 0, top: 0, width: raster.size.width as usize, height: raster.size.height as usize };
        hide(&mut raster, whole, op.how, whole.width.max(whole.height) as f32, |_, _| 1.0);
        return raster;
    };
    for face in faces {
        hide_one(&mut raster, *face, op.how);
    }
    raster
}

/// A part of the image in pixels; not empty.
#[derive(Clone, Copy, Debug)]
struct Region {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

fn hide_one(raster: &mut Raster, face: Rect, how: HideFaces) {
    let axis = |start: u32, len: u32, total: u32| {
        let (radius, middle) = (len as f32 / 2.0, start as f32 + len as f32 / 2.0);
        let reach = radius * UNTOUCHED + 1.0;
        let first = (middle - reach).max(0.0) as usize;
        let last = ((middle + reach).ceil() as usize).min(total as usize);
        (first, last.saturating_sub(first), middle, radius)
    };
    let (left, width, x, across) = axis(face.left, face.size.width, raster.size.width);
    let (top, height, y, down) = axis(face.top, face.size.height, raster.size.height);
    if width == 0 || height == 0 {
        return;
    }
    let distance = move |px: usize, py: usize| {
        let (dx, dy) = ((px as f32 + 0.5 - x) / across, (py as f32 + 0.5 - y) / down);
        (dx * dx + dy * dy).sqrt()
    };
    let weight = move |px: usize, py: usize| ((UNTOUCHED - distance(px, py)) / (UNTOUCHED - COVERED)).clamp(0.0, 1.0);
    hide(raster, Region { left, top, width, height }, how, face.size.height.max(face.size.width) as f32, weight);
}

/// Replaces a region by its means. `weight` states for each pixel of the image how far, 0 to 1.
fn hide(raster: &mut Raster, region: Region, how: HideFaces, face_px: f32, weight: impl Fn(usize, usize) -> f32) {
    let channels = usize::from(raster.channels);
    let row_len = raster.size.width as usize * channels;
    match &mut raster.samples {
        Samples::U8(samples) => {
            let means = Means::of(samples, row_len, channels, region, how, face_px);
            means.lay(samples, row_len, region, |v| v.round() as u8, weight);
        }
        Samples::U16(samples) => {
            let means = Means::of(samples, row_len, channels, region, how, face_px);
            means.lay(samples, row_len, region, |v| v.round() as u16, weight);
        }
    }
}

/// A coarse version of a region: colours weighted by alpha, then alpha (1 if the image has none).
#[derive(Debug)]
struct Means {
    /// Side of a cell in pixels.
    cell: usize,
    columns: usize,
    rows: usize,
    channels: usize,
    has_alpha: bool,
    values: Vec<f32>,
    /// Whether the cells are visible as blocks.
    blocky: bool,
}

impl Means {
    fn of<T: Copy + Into<f32>>(
        samples: &[T],
        row_len: usize,
        channels: usize,
        region: Region,
        how: HideFaces,
        face_px: f32,
    ) -> Self {
        let strength = |value: u32| value.min(100) as f32 / 100.0;
        let sigma = if how.blur > 0 { face_px * 0.125 * (1.0 + strength(how.blur)) } else { 0.0 };
        let block = if how.pixel > 0 { face_px / (8.0 - 5.0 * strength(how.pixel)) } else { 0.0 };
        let least = region.width.max(region.height).div_ceil(CELLS_MAX);
        let cell = (block.max(sigma * CELL_OF_SIGMA).ceil() as usize).max(least).max(1);
        let has_alpha = channels.is_multiple_of(2);
        let (columns, rows) = (region.width.div_ceil(cell), region.height.div_ceil(cell));
        let planes = if has_alpha { channels } else { channels + 1 };
        let mut means =
            Self { cell, columns, rows, channels: planes, has_alpha, values: Vec::new(), blocky: sigma == 0.0 };
        means.values = vec![0.0; columns * rows * planes];
        means.add(samples, row_len, channels, region);
        if sigma > 0.0 {
            means.blur(sigma / cell as f32);
        }
        means
    }

    fn add<T: Copy + Into<f32>>(&mut self, samples: &[T], row_len: usize, channels: usize, region: Region) {
        let mut counts = vec![0.0_f32; self.columns * self.rows];
        for y in 0..region.height {
            let row = &samples[(region.top + y) * row_len + region.left * channels..][..region.width * channels];
            for (x, pixel) in row.chunks_exact(channels).enumerate() {
                let at = y / self.cell * self.columns + x / self.cell;
                let sums = &mut self.values[at * self.channels..][..self.channels];
                let alpha: f32 = if self.has_alpha { pixel[channels - 1].into() } else { 1.0 };
                for (sum, value) in sums.iter_mut().zip(pixel).take(self.channels - 1) {
                    *sum += (*value).into() * alpha;
                }
                sums[self.channels - 1] += alpha;
                counts[at] += 1.0;
            }
        }
        for (sums, count) in self.values.chunks_exact_mut(self.channels).zip(counts) {
            sums.iter_mut().for_each(|sum| *sum /= count.max(1.0));
        }
    }

    /// Blurs with a Gaussian whose sigma is in cells, repeating the edges.
    fn blur(&mut self, sigma: f32) {
        let reach = (sigma * 3.0).ceil() as usize;
        let kernel: Vec<f32> = (0..=2 * reach)
            .map(|at| {
                let distance = (at as f32 - reach as f32) / sigma;
                (-distance * distance / 2.0).exp()
            })
            .collect();
        let total: f32 = kernel.iter().sum();
        for across in [true, false] {
            let old = self.values.clone();
            for y in 0..self.rows {
                for x in 0..self.columns {
                    let out = &mut self.values[(y * self.columns + x) * self.channels..][..self.channels];
                    out.fill(0.0);
                    for (at, share) in kernel.iter().enumerate() {
                        let moved = |from: usize, len: usize| (from + at).saturating_sub(reach).min(len - 1);
                        let (x, y) = if across { (moved(x, self.columns), y) } else { (x, moved(y, self.rows)) };
                        let near = &old[(y * self.columns + x) * self.channels..][..self.channels];
                        out.iter_mut().zip(near).for_each(|(out, value)| *out += value * share / total);
                    }
                }
            }
        }
    }

    /// Draws the coarse version over the region; alpha stays.
    fn lay<T: Copy + Into<f32>>(
        &self,
        samples: &mut [T],
        row_len: usize,
        region: Region,
        sample: impl Fn(f32) -> T,
        weight: impl Fn(usize, usize) -> f32,
    ) {
        let channels = if self.has_alpha { self.channels } else { self.channels - 1 };
        let mut mean = vec![0.0; self.channels];
        for y in 0..region.height {
            let row = &mut samples[(region.top + y) * row_len + region.left * channels..][..region.width * channels];
            for (x, pixel) in row.chunks_exact_mut(channels).enumerate() {
                let share = weight(region.left + x, region.top + y);
                if share <= 0.0 {
                    continue;
                }
                self.at(x, y, &mut mean);
                let alpha = mean[self.channels - 1];
                for (value, mean) in pixel.iter_mut().zip(&mean).take(self.channels - 1) {
                    let hidden = if alpha > 0.0 { mean / alpha } else { 0.0 };
                    let old: f32 = (*value).into();
                    *value = sample(old + (hidden - old) * share);
                }
            }
        }
    }

    /// Returns the mean at a pixel: that of its cell, or interpolated between the nearest four.
    fn at(&self, x: usize, y: usize, mean: &mut [f32]) {
        let cell = |x: usize, y: usize| &self.values[(y * self.columns + x) * self.channels..][..self.channels];
        if self.blocky {
            mean.copy_from_slice(cell(x / self.cell, y / self.cell));
            return;
        }
        let axis = |px: usize, len: usize| {
            let place = ((px as f32 + 0.5) / self.cell as f32 - 0.5).clamp(0.0, (len - 1) as f32);
            (place as usize, (place as usize + 1).min(len - 1), place.fract())
        };
        let ((left, right, dx), (upper, lower, dy)) = (axis(x, self.columns), axis(y, self.rows));
        let corners = [cell(left, upper), cell(right, upper), cell(left, lower), cell(right, lower)];
        for (n, out) in mean.iter_mut().enumerate() {
            let [a, b, c, d] = corners.map(|corner| corner[n]);
            let (above, below) = (a + (b - a) * dx, c + (d - c) * dx);
            *out = above + (below - above) * dy;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    /// Black and white stripes of one pixel: the finest possible detail.
    fn stripes(width: u32, height: u32, channels: u8) -> Raster {
        let size = Size::new(width, height);
        let pixel = |at: u64| {
            let value = if (at % u64::from(width)).is_multiple_of(2) { 0 } else { 255 };
            (0..channels).map(move |c| if channels.is_multiple_of(2) && c == channels - 1 { 200 } else { value })
        };
        Raster { size, channels, samples: Samples::U8((0..size.area()).flat_map(pixel).collect()) }
    }

    fn face(left: u32, top: u32, width: u32, height: u32) -> Rect {
        Rect { left, top, size: Size::new(width, height) }
    }

    fn hidden(raster: &Raster, faces: Option<Vec<Rect>>, blur: u32, pixel: u32) -> Vec<u8> {
        apply(raster.clone(), &HideFacesOp { faces, how: HideFaces { blur, pixel } }).into_bytes()
    }

    /// Returns the largest difference between neighbours within the box of a face.
    fn detail(bytes: &[u8], width: u32, channels: u8, face: Rect) -> u8 {
        let at = |x: u32, y: u32| bytes[((y * width + x) * u32::from(channels)) as usize];
        let rows = face.top..face.top + face.size.height;
        let columns = face.left..face.left + face.size.width - 1;
        rows.flat_map(|y| columns.clone().map(move |x| at(x, y).abs_diff(at(x + 1, y)))).max().unwrap()
    }

    #[test]
    fn nothing_is_left_in_the_box_and_nothing_changes_far_from_it() {
        for channels in 1..=4 {
            let raster = stripes(200, 160, channels);
            let before = raster.clone().into_bytes();
            let there = face(80, 50, 40, 50);
            for (blur, pixel) in [(1, 0), (100, 0), (0, 1), (0, 100), (50, 50)] {
                let after = hidden(&raster, Some(vec![there]), blur, pixel);
                let left = detail(&after, 200, channels, there);
                assert!(left < 40, "{blur} {pixel}: {left}");
                let row = 200 * usize::from(channels);
                assert_eq!((&after[..row], &after[159 * row..]), (&before[..row], &before[159 * row..]));
                if channels.is_multiple_of(2) {
                    let step = usize::from(channels);
                    assert!(after.iter().skip(step - 1).step_by(step).all(|alpha| *alpha == 200));
                }
            }
        }
    }

    #[test]
    fn without_a_detector_everything_is_hidden() {
        let raster = stripes(90, 60, 3);
        for (blur, pixel) in [(1, 0), (0, 1)] {
            let after = hidden(&raster, None, blur, pixel);
            assert!(detail(&after, 90, 3, face(0, 0, 90, 60)) < 40);
        }
        assert_eq!(hidden(&raster, Some(Vec::new()), 100, 100), raster.into_bytes());
    }

    #[test]
    fn depth_stays_and_faces_at_the_edges_are_hidden_too() {
        let size = Size::new(50, 40);
        let deep = (0..2000).map(|at| if at % 2 == 0 { 0 } else { 65535 }).collect();
        let deep = Raster { size, channels: 1, samples: Samples::U16(deep) };
        let corner = face(40, 30, 10, 10);
        let op = HideFacesOp { faces: Some(vec![corner]), how: HideFaces { blur: 30, pixel: 0 } };
        let after = apply(deep, &op);
        assert!(matches!(after.samples, Samples::U16(_)));
        assert!(detail(&after.into_bytes(), 50, 1, corner) < 40);
        let tiny = Raster { size: Size::new(1, 1), channels: 4, samples: Samples::U8(vec![9, 8, 7, 0]) };
        let after = hidden(&tiny, Some(vec![face(0, 0, 1, 1)]), 100, 100);
        assert_eq!(after, [0, 0, 0, 0], "what is under transparency is hidden too");
    }

    #[test]
    fn stronger_hides_more() {
        // A ramp: a stronger blur flattens it more.
        let size = Size::new(200, 100);
        let ramp = (0..size.area()).map(|at| (at % 200 * 255 / 199) as u8).collect();
        let ramp = Raster { size, channels: 1, samples: Samples::U8(ramp) };
        let there = face(80, 25, 40, 50);
        let step = |blur, pixel| detail(&hidden(&ramp, Some(vec![there]), blur, pixel), 200, 1, there);
        assert!(step(0, 100) > step(0, 1), "cells grow");
    }
}
