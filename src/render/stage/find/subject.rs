//! Finds what stands out in an image, the subject for `crop=auto`, without a model.
//!
//! There are two clues, computed in Oklab on an image of at most [`SIDE_MAX`] cells per side. The first is how much the
//! colour has to change on the way from the nearest edge of the image (the minimum barrier distance of Zhang et al.,
//! "Minimum Barrier Salient Object Detection at 80 FPS", 2015), which is large inside an object that contrasts with its
//! surroundings. The second is how far the colour is from those along three of the four edges, so that a subject may
//! touch one of them.

use crate::pixels::oklab;
use crate::pixels::raster::Raster;
use crate::pixels::srgb::to_linear;
use crate::units::{Rect, Size};

/// Cells along the longer side.
const SIDE_MAX: u32 = 96;
/// Passes over the image in which barriers converge; further passes hardly change anything.
const ROUNDS: usize = 4;
/// Share of a side that counts as its edge.
const EDGE: f64 = 0.1;
/// Weight of Oklab's colour axes relative to lightness, whose range is three times as large.
const COLORS: f32 = 2.0;
/// Barriers in units of the full lightness range: below the first nothing stands out, and the second is high in any
/// image.
const BARRIERS: [f32; 2] = [0.06, 0.3];
/// The same for the distance from the edge colours, in standard deviations.
const STRANGE: [f32; 2] = [1.5, 4.0];
/// How much more than its share of an axis the window must hold for there to be a subject, relative to the maximum
/// possible. A third of a uniform image holds less, although its middle counts more.
const GAIN_MIN: f64 = 0.2;
/// Weight of a cell in the corner, relative to 1 in the middle.
const CORNER: f32 = 0.6;

/// Returns the window of `size` with the subject as close to its centre as the image allows, or `None` if nothing
/// stands out. The window must fit in the image, which has 8 or 16 bits.
pub(super) fn window(raster: &Raster, size: Size) -> Option<Rect> {
    let map = SaliencyMap::of(raster)?;
    let whole = raster.size;
    let (left, gain_across) = placed(&map.columns(), whole.width, size.width);
    let rows = map.rows(f64::from(left) / f64::from(whole.width), f64::from(size.width) / f64::from(whole.width));
    let (top, gain_down) = placed(&rows, whole.height, size.height);
    (gain_across.max(gain_down) >= GAIN_MIN).then_some(Rect { left, top, size })
}

/// Returns where a window of `len` of `total` pixels holds most, its middle counting more. Also returns how much it
/// holds beyond its share of the whole, relative to the maximum possible.
fn placed(line: &[f64], total: u32, len: u32) -> (u32, f64) {
    let sum: f64 = line.iter().sum();
    let spare = total.saturating_sub(len);
    if spare == 0 || sum <= 0.0 {
        return (spare / 2, 0.0);
    }
    let cell = f64::from(total) / line.len() as f64;
    let half = f64::from(len) / 2.0;
    let held = |left: u32, weight: fn(f64) -> f64| -> f64 {
        let middle = f64::from(left) + half;
        let share = |(index, value): (usize, &f64)| {
            let away = ((index as f64 + 0.5) * cell - middle).abs() / half;
            if away <= 1.0 { value * weight(away) } else { 0.0 }
        };
        line.iter().enumerate().map(share).sum()
    };
    // Among equal positions take the one nearest the middle. Half a cell is the finest step that matters.
    let step = (cell as u32 / 2).max(1) as usize;
    let centred = spare / 2;
    let places = (0..=spare).step_by(step).chain([spare, centred]);
    let score = |left: u32| held(left, |away| 1.0 - 0.7 * away * away);
    let best = places.map(|left| (left, score(left))).reduce(|best, next| {
        let nearer = next.0.abs_diff(centred) < best.0.abs_diff(centred);
        let slack = best.1.abs() * 1e-9;
        if next.1 > best.1 + slack || (nearer && next.1 >= best.1 - slack) { next } else { best }
    });
    let (left, _) = best.unwrap_or((centred, 0.0));
    let share = f64::from(len) / f64::from(total);
    (left, (held(left, |_| 1.0) / sum - share) / (1.0 - share))
}

/// How much each cell stands out.
struct SaliencyMap {
    width: usize,
    values: Vec<f32>,
}

impl SaliencyMap {
    /// Computes the map. Returns `None` for a uniform image.
    fn of(raster: &Raster) -> Option<Self> {
        let cells = SmallCopy::of(raster);
        let barriers = cells.barriers();
        let strange = cells.strangeness();
        let (highest, strangest) = (greatest(&barriers), greatest(&strange));
        // A cut-out stands out without any contrast.
        let is_cut_out = cells.opacity.iter().any(|opacity| *opacity < 0.5);
        if highest < BARRIERS[0] && strangest < STRANGE[0] && !is_cut_out {
            return None;
        }
        let (width, height) = (cells.width as f32, cells.height() as f32);
        let value = |index: usize| {
            let (x, y) = ((index % cells.width) as f32 + 0.5, (index / cells.width) as f32 + 0.5);
            let (u, v) = (x / width * 2.0 - 1.0, y / height * 2.0 - 1.0);
            let prior = 1.0 - (1.0 - CORNER) * (u * u + v * v) / 2.0;
            let seen = barriers[index] / highest.max(BARRIERS[1]) + strange[index] / strangest.max(STRANGE[1]);
            let stands = if is_cut_out { 1.0 + seen } else { seen };
            // Squared, so that a large calm background weighs little against a small subject.
            (stands * cells.opacity[index] * prior).powi(2)
        };
        let values: Vec<f32> = (0..cells.lab.len()).map(value).collect();
        Some(Self { width: cells.width, values })
    }

    fn columns(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.width];
        for row in self.values.chunks_exact(self.width) {
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        sums
    }

    /// Returns sums of rows over the columns from `start` on; `start` and `share` are shares of the width.
    fn rows(&self, start: f64, share: f64) -> Vec<f64> {
        let at = |share: f64| ((share * self.width as f64).round() as usize).min(self.width);
        let (first, last) = (at(start).min(self.width - 1), at(start + share));
        let last = last.max(first + 1);
        self.values.chunks_exact(self.width).map(|row| row[first..last].iter().copied().map(f64::from).sum()).collect()
    }
}

fn greatest(values: &[f32]) -> f32 {
    values.iter().copied().fold(0.0, f32::max)
}

/// A small copy of an image.
struct SmallCopy {
    width: usize,
    /// Oklab with its colour axes multiplied by [`COLORS`].
    lab: Vec<[f32; 3]>,
    /// 0 to 1.
    opacity: Vec<f32>,
}

impl SmallCopy {
    fn of(raster: &Raster) -> Self {
        let Size { width, height } = raster.size;
        let divisor = f64::from(width.max(height)).max(1.0) / f64::from(SIDE_MAX.min(width.max(height)));
        let side = |px: u32| ((f64::from(px) / divisor).round() as u32).clamp(1, px) as usize;
        let (across, down) = (side(width), side(height));
        let bounds = |index: usize, cells: usize, px: u32| {
            let at = |index: usize| (index as u64 * u64::from(px) / cells as u64) as usize;
            at(index)..at(index + 1).max(at(index) + 1)
        };
        let linear: Vec<f64> = (0..=255).map(|level| to_linear(f64::from(level) / 255.0)).collect();
        let mut cells =
            Self { width: across, lab: Vec::with_capacity(across * down), opacity: Vec::with_capacity(across * down) };
        for row in 0..down {
            for column in 0..across {
                let (mut sum, mut alpha, mut count) = ([0.0; 3], 0.0, 0.0);
                let (xs, ys) = (bounds(column, across, width), bounds(row, down, height));
                // A few pixels per cell are as informative as all of them.
                let every = (xs.len() / 8).max(1);
                for y in ys.step_by(every) {
                    for x in xs.clone().step_by(every) {
                        let [r, g, b, a] = raster.pixel_8(y * width as usize + x);
                        let opacity = f64::from(a) / 255.0;
                        for (sum, level) in sum.iter_mut().zip([r, g, b]) {
                            *sum += linear[usize::from(level)] * opacity;
                        }
                        (alpha, count) = (alpha + opacity, count + 1.0);
                    }
                }
                let mean = sum.map(|v| if alpha > 0.0 { v / alpha } else { 0.0 });
                let [l, a, b] = oklab::from_linear(mean).map(|v| v as f32);
                cells.lab.push([l, a * COLORS, b * COLORS]);
                cells.opacity.push((alpha / count) as f32);
            }
        }
        cells
    }

    fn height(&self) -> usize {
        self.lab.len() / self.width
    }

    /// Returns the lowest barrier on a path from an edge: the sum over the channels of their largest change along the
    /// path.
    fn barriers(&self) -> Vec<f32> {
        let (width, height) = (self.width, self.height());
        let edge = |index: usize| {
            let (x, y) = (index % width, index / width);
            x == 0 || y == 0 || x + 1 == width || y + 1 == height
        };
        let mut paths: Vec<Path> = self
            .lab
            .iter()
            .enumerate()
            .map(|(index, lab)| Path { cost: if edge(index) { 0.0 } else { f32::MAX }, high: *lab, low: *lab })
            .collect();
        for round in 0..ROUNDS {
            let forward = round % 2 == 0;
            for step in 0..paths.len() {
                let index = if forward { step } else { paths.len() - 1 - step };
                if edge(index) {
                    continue;
                }
                let neighbours = if forward { [index - 1, index - width] } else { [index + 1, index + width] };
                for neighbour in neighbours {
                    let longer = paths[neighbour].through(self.lab[index]);
                    if longer.cost < paths[index].cost {
                        paths[index] = longer;
                    }
                }
            }
        }
        paths.into_iter().map(|path| path.cost).collect()
    }

    /// Returns the distance of each colour from those along the edges, ignoring the edge from which it differs most,
    /// because a subject may touch an edge.
    fn strangeness(&self) -> Vec<f32> {
        let (width, height) = (self.width, self.height());
        let depth = |side: usize| ((side as f64 * EDGE).ceil() as usize).clamp(1, side);
        let (across, down) = (depth(width), depth(height));
        let strips: [Vec<usize>; 4] = [
            (0..width * down).collect(),
            (width * (height - down)..width * height).collect(),
            (0..width * height).filter(|index| index % width < across).collect(),
            (0..width * height).filter(|index| index % width >= width - across).collect(),
        ];
        let edges = strips.map(|strip| Edge::of(strip.iter().map(|index| self.lab[*index])));
        self.lab
            .iter()
            .map(|lab| {
                let distances = edges.each_ref().map(|edge| edge.distance(*lab));
                distances.iter().sum::<f32>() - greatest(&distances)
            })
            .collect()
    }
}

/// A path from an edge of the image.
#[derive(Clone, Copy)]
struct Path {
    cost: f32,
    high: [f32; 3],
    low: [f32; 3],
}

impl Path {
    /// Extends the path by one cell.
    fn through(self, lab: [f32; 3]) -> Self {
        let high: [f32; 3] = std::array::from_fn(|i| self.high[i].max(lab[i]));
        let low: [f32; 3] = std::array::from_fn(|i| self.low[i].min(lab[i]));
        // An unreached path has nothing to pass on.
        let cost = if self.cost == f32::MAX { f32::MAX } else { (0..3).map(|i| high[i] - low[i]).sum() };
        Self { cost, high, low }
    }
}

/// The colours along one edge.
struct Edge {
    mean: [f32; 3],
    /// Standard deviation of each channel. The more a channel varies, the less a difference means.
    deviation: [f32; 3],
}

impl Edge {
    fn of(colors: impl Iterator<Item = [f32; 3]>) -> Self {
        let (mut sum, mut squares, mut count) = ([0.0; 3], [0.0; 3], 0.0_f32);
        for lab in colors {
            for i in 0..3 {
                sum[i] += lab[i];
                squares[i] += lab[i] * lab[i];
            }
            count += 1.0;
        }
        let count = count.max(1.0);
        let mean = sum.map(|v| v / count);
        let deviation = std::array::from_fn(|i| (squares[i] / count - mean[i] * mean[i]).max(0.0).sqrt());
        Self { mean, deviation }
    }

    fn distance(&self, lab: [f32; 3]) -> f32 {
        // The constant keeps a uniform edge from making everything infinitely distant.
        (0..3).map(|i| ((lab[i] - self.mean[i]) / (self.deviation[i] + 0.1)).powi(2)).sum::<f32>().sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::Samples;

    fn image(size: Size, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Raster {
        let samples = (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y)));
        let samples = samples.flat_map(|(x, y)| pixel(x, y)).collect();
        Raster { size, channels: 3, samples: Samples::U8(samples) }
    }

    fn noise(x: u32, y: u32) -> u8 {
        (((x * 7919 + y * 104_729) ^ (x * y * 31)) % 97) as u8
    }

    #[test]
    fn a_smooth_disc_on_a_busy_ground_is_the_subject_and_lies_in_the_middle() {
        let size = Size::new(400, 120);
        let disc = |x: u32, y: u32, at: u32| x.abs_diff(at).pow(2) + y.abs_diff(60).pow(2) < 30 * 30;
        for at in [60, 130, 300, 350] {
            let raster = image(size, |x, y| {
                let grain = noise(x, y);
                if disc(x, y, at) { [210, 40, 40] } else { [60 + grain / 2, 120 + grain / 2, 60] }
            });
            let found = window(&raster, Size::new(120, 120)).unwrap();
            let wanted = at.saturating_sub(60).min(280);
            assert!(found.left.abs_diff(wanted) <= 12, "{at}: {found:?}");
        }
    }

    #[test]
    fn a_subject_may_stand_at_an_edge_or_in_a_tall_image() {
        let raster = image(Size::new(120, 400), |x, y| {
            if x.abs_diff(60) < 25 && y > 290 { [240, 220, 40] } else { [40, 60, 110 + (y / 8) as u8] }
        });
        let found = window(&raster, Size::new(120, 120)).unwrap();
        assert!(found.top >= 250, "{found:?}");
    }

    #[test]
    fn a_cut_out_is_a_subject_whatever_its_colours() {
        let size = Size::new(300, 100);
        let samples = (0..size.area()).flat_map(|i| [90, 90, 90, if i % 300 > 200 { 255 } else { 0 }]).collect();
        let raster = Raster { size, channels: 4, samples: Samples::U8(samples) };
        assert!(window(&raster, Size::new(100, 100)).unwrap().left > 180);
    }

    #[test]
    fn a_uniform_image_has_no_subject() {
        let flat = image(Size::new(300, 100), |_, _| [120, 130, 140]);
        assert_eq!(window(&flat, Size::new(100, 100)), None);
        let grain = image(Size::new(300, 100), |x, y| [noise(x, y) + 60; 3]);
        assert_eq!(window(&grain, Size::new(100, 100)), None);
        // The smallest possible images.
        for size in [Size::new(1, 1), Size::new(2, 1), Size::new(1, 9), Size::new(500, 1)] {
            let one = image(size, |x, y| [(x * 50) as u8, (y * 50) as u8, 0]);
            let kept = Size::new(1, 1);
            assert!(window(&one, kept).is_none_or(|rect| rect.is_inside(size)));
        }
    }
}
