//! What stands out of a picture: the subject that `crop=auto` looks for, without a model.
//!
//! Two clues, worked out on a picture of at most [`SIDE_MAX`] cells a side in Oklab: how much the colour has to change on
//! the way from the nearest edge of the picture (the minimum barrier distance of Zhang et al., "Minimum Barrier Salient
//! Object Detection at 80 FPS", 2015), which is large inside of what is set off from its surroundings; and how far the
//! colour is from those along three of the four edges, so that a subject may stand on one of them.

use crate::pixels::oklab;
use crate::pixels::raster::Raster;
use crate::pixels::srgb::to_linear;
use crate::units::{Rect, Size};

/// Cells along the longer side.
const SIDE_MAX: u32 = 96;
/// Rounds over the picture in which barriers settle; more change next to nothing.
const ROUNDS: usize = 4;
/// Share of a side that counts as its edge.
const EDGE: f64 = 0.1;
/// Colours of Oklab count this much more than its lightness, which reaches three times as far.
const COLORS: f32 = 2.0;
/// A barrier below which nothing stands out, of a whole lightness, and one that is high in any picture.
const BARRIERS: [f32; 2] = [0.06, 0.3];
/// The same for what is unlike the edges, in deviations.
const STRANGE: [f32; 2] = [1.5, 4.0];
/// Of what the window could hold beyond its share of an axis, the part that it must hold if there is to be a subject. A
/// third of what is alike everywhere holds less, although its middle counts more.
const GAIN_MIN: f64 = 0.2;
/// Share of a cell in the corner that counts, against 1 in the middle.
const CORNER: f32 = 0.6;

/// The window of `size` around the subject, as near its middle as the picture allows; `None` where nothing stands out of
/// its surroundings. The window fits into the picture, of 8 or 16 bits.
pub(super) fn window(raster: &Raster, size: Size) -> Option<Rect> {
    let map = Map::of(raster)?;
    let whole = raster.size;
    let (left, gain_across) = placed(&map.columns(), whole.width, size.width);
    let rows = map.rows(f64::from(left) / f64::from(whole.width), f64::from(size.width) / f64::from(whole.width));
    let (top, gain_down) = placed(&rows, whole.height, size.height);
    (gain_across.max(gain_down) >= GAIN_MIN).then_some(Rect { left, top, size })
}

/// Where a window of `len` of `total` pixels lies so that it holds most, what is in its middle counting more; and how
/// much it holds beyond its share of the whole, of what it could.
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
    // Of equal ones the nearest to the middle; a cell is the finest step that shows.
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
struct Map {
    width: usize,
    values: Vec<f32>,
}

impl Map {
    /// `None` where all is alike.
    fn of(raster: &Raster) -> Option<Self> {
        let cells = Cells::of(raster);
        let barriers = cells.barriers();
        let strange = cells.strangeness();
        let (highest, strangest) = (greatest(&barriers), greatest(&strange));
        // What is cut out stands out of nothing at all.
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
            // Squared, so that a wide calm background weighs little against a small subject.
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

    /// Sums of rows over the columns from `start` on, shares of the width.
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

/// A small copy of a picture.
struct Cells {
    width: usize,
    /// Oklab, its colours [`COLORS`] times.
    lab: Vec<[f32; 3]>,
    /// 0 to 1.
    opacity: Vec<f32>,
}

impl Cells {
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
                // A few pixels of each cell tell as much as all.
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

    /// Least barrier on the way from an edge: the greatest change of each channel along it, all three together.
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

    /// Distance of each colour from those along the edges, leaving out the edge from which it is farthest: a subject may
    /// stand on one.
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

/// A way from an edge of the picture.
#[derive(Clone, Copy)]
struct Path {
    cost: f32,
    high: [f32; 3],
    low: [f32; 3],
}

impl Path {
    /// The same, one cell on.
    fn through(self, lab: [f32; 3]) -> Self {
        let high: [f32; 3] = std::array::from_fn(|i| self.high[i].max(lab[i]));
        let low: [f32; 3] = std::array::from_fn(|i| self.low[i].min(lab[i]));
        // An edge that was never reached has nothing to pass on.
        let cost = if self.cost == f32::MAX { f32::MAX } else { (0..3).map(|i| high[i] - low[i]).sum() };
        Self { cost, high, low }
    }
}

/// Colours along one edge.
struct Edge {
    mean: [f32; 3],
    /// Of each channel; the more it varies there, the less a difference says.
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
        // A floor, so that a flat edge does not make everything infinitely strange.
        (0..3).map(|i| ((lab[i] - self.mean[i]) / (self.deviation[i] + 0.1)).powi(2)).sum::<f32>().sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::Samples;

    fn picture(size: Size, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Raster {
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
            let raster = picture(size, |x, y| {
                let grain = noise(x, y);
                if disc(x, y, at) { [210, 40, 40] } else { [60 + grain / 2, 120 + grain / 2, 60] }
            });
            let found = window(&raster, Size::new(120, 120)).unwrap();
            let wanted = at.saturating_sub(60).min(280);
            assert!(found.left.abs_diff(wanted) <= 12, "{at}: {found:?}");
        }
    }

    #[test]
    fn a_subject_may_stand_on_an_edge_and_in_a_tall_picture() {
        let raster = picture(Size::new(120, 400), |x, y| {
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
    fn nothing_stands_out_of_what_is_the_same_everywhere() {
        let flat = picture(Size::new(300, 100), |_, _| [120, 130, 140]);
        assert_eq!(window(&flat, Size::new(100, 100)), None);
        let grain = picture(Size::new(300, 100), |x, y| [noise(x, y) + 60; 3]);
        assert_eq!(window(&grain, Size::new(100, 100)), None);
        // As small as a picture can be.
        for size in [Size::new(1, 1), Size::new(2, 1), Size::new(1, 9), Size::new(500, 1)] {
            let one = picture(size, |x, y| [(x * 50) as u8, (y * 50) as u8, 0]);
            let kept = Size::new(1, 1);
            assert!(window(&one, kept).is_none_or(|rect| rect.is_inside(size)));
        }
    }
}
