//! Colour reduction: computes a palette with alpha and draws the image with it.
//!
//! The result is exact if the image has no more colours than allowed. Otherwise boxes of colours are split where their
//! spread is largest, a few rounds of k-means refine the palette, and Floyd-Steinberg dithering diffuses the remaining
//! error. All distances are between premultiplied colours, so that invisible differences do not count.

use std::collections::HashMap;

use crate::pixels::k_means::{Cell, nearest, refine};
use crate::pixels::raster::{Raster, Samples};
use crate::units::Size;

use super::pixels;

/// Bits per premultiplied colour channel and bits of alpha that distinguish the cells of the histogram.
const COLOUR_BITS: u32 = 5;
const ALPHA_BITS: u32 = 3;
const CELLS: usize = 1 << (3 * COLOUR_BITS + ALPHA_BITS);
/// Rounds of k-means; further rounds hardly change anything.
const ROUNDS: usize = 3;

/// An image drawn with a palette.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Indexed {
    pub(super) size: Size,
    channels: u8,
    /// Red, green, blue and straight alpha; at most 256 entries, the non-opaque ones first.
    pub(super) colors: Vec<[u8; 4]>,
    /// For each pixel an index into `colors`.
    pub(super) indices: Vec<u8>,
}

impl Indexed {
    /// Reduces an 8-bit image to at most `colors_max` colours, which is 2 to 256.
    pub(super) fn new(raster: &Raster, colors_max: u16) -> Self {
        let colors_max = usize::from(colors_max.clamp(2, 256));
        let pixels: Vec<[u8; 4]> = pixels::rgba(raster).map(|p| if p[3] == 0 { [0; 4] } else { p }).collect();
        let (mut colors, indices) = exact(&pixels, colors_max).unwrap_or_else(|| {
            let palette = settle(split(cells(&pixels), colors_max));
            let indices = draw(&pixels, raster.size.width as usize, &palette);
            (palette.iter().map(|&point| straight(point)).collect(), indices)
        });
        // Transparent entries come first, see `png`.
        let mut order: Vec<usize> = (0..colors.len()).collect();
        order.sort_by_key(|&at| colors[at][3]);
        let mut place = [0_u8; 256];
        for (to, &from) in order.iter().enumerate() {
            place[from] = to as u8;
        }
        colors.sort_by_key(|color| color[3]);
        let indices = indices.iter().map(|&index| place[usize::from(index)]).collect();
        Self { size: raster.size, channels: raster.channels, colors, indices }
    }

    /// Converts back to a raster with the original channels.
    pub(super) fn to_raster(&self) -> Raster {
        let mut samples = Vec::with_capacity(self.indices.len() * usize::from(self.channels));
        for &index in &self.indices {
            let [r, g, b, a] = self.colors[usize::from(index)];
            match self.channels {
                1 => samples.push(g),
                2 => samples.extend([g, a]),
                3 => samples.extend([r, g, b]),
                _ => samples.extend([r, g, b, a]),
            }
        }
        Raster { size: self.size, channels: self.channels, samples: Samples::U8(samples) }
    }
}

/// A colour in the space where distances are measured: premultiplied red, green, blue, and alpha, each 0 to 255.
type Point = [f32; 4];

fn premultiplied([r, g, b, a]: [u8; 4]) -> Point {
    let opacity = f32::from(a);
    let level = |v: u8| f32::from(v) * opacity / 255.0;
    [level(r), level(g), level(b), opacity]
}

fn straight([r, g, b, a]: Point) -> [u8; 4] {
    let opacity = a.round().clamp(0.0, 255.0);
    if opacity < 1.0 {
        return [0; 4];
    }
    let level = |v: f32| (v * 255.0 / a).round().clamp(0.0, 255.0) as u8;
    [level(r), level(g), level(b), opacity as u8]
}

/// Returns the palette and indices of an image that has at most `colors_max` colours, or `None` if it has more.
fn exact(pixels: &[[u8; 4]], colors_max: usize) -> Option<(Vec<[u8; 4]>, Vec<u8>)> {
    let mut known: HashMap<[u8; 4], u8> = HashMap::new();
    let mut colors = Vec::new();
    let mut indices = Vec::with_capacity(pixels.len());
    for &pixel in pixels {
        let index = match known.get(&pixel) {
            Some(&index) => index,
            None if colors.len() == colors_max => return None,
            None => {
                let index = colors.len() as u8;
                known.insert(pixel, index);
                colors.push(pixel);
                index
            }
        };
        indices.push(index);
    }
    Some((colors, indices))
}

/// Returns the cell of a colour.
fn cell_of(point: Point) -> usize {
    let part = |v: f32, bits: u32| (v.clamp(0.0, 255.0) as usize) >> (8 - bits);
    let [r, g, b, a] = point;
    let colour = part(r, COLOUR_BITS) << (2 * COLOUR_BITS) | part(g, COLOUR_BITS) << COLOUR_BITS | part(b, COLOUR_BITS);
    colour << ALPHA_BITS | part(a, ALPHA_BITS)
}

/// Returns all cells that contain pixels.
fn cells(pixels: &[[u8; 4]]) -> Vec<Cell<4>> {
    let mut place = vec![u32::MAX; CELLS];
    let mut sums: Vec<([f64; 4], f64)> = Vec::new();
    for &pixel in pixels {
        let point = premultiplied(pixel);
        let at = &mut place[cell_of(point)];
        if *at == u32::MAX {
            *at = sums.len() as u32;
            sums.push(([0.0; 4], 0.0));
        }
        let (sum, count) = &mut sums[*at as usize];
        *count += 1.0;
        for (sum, v) in sum.iter_mut().zip(point) {
            *sum += f64::from(v);
        }
    }
    sums.into_iter().map(|(sum, n)| Cell { mean: sum.map(|v| (v / n) as f32), weight: n as f32 }).collect()
}

/// Cells that share a palette entry.
struct Group {
    cells: Vec<Cell<4>>,
    mean: Point,
    /// The channel with the largest spread of the cells, and the spread times the number of pixels.
    axis: usize,
    spread: f32,
}

impl Group {
    fn new(cells: Vec<Cell<4>>) -> Self {
        let total: f32 = cells.iter().map(|cell| cell.weight).sum();
        let mean = std::array::from_fn(|at| cells.iter().map(|c| c.mean[at] * c.weight).sum::<f32>() / total);
        let spread = |at: usize| cells.iter().map(|c| (c.mean[at] - mean[at]).powi(2) * c.weight).sum::<f32>();
        let spreads: [f32; 4] = std::array::from_fn(spread);
        let axis = (0..4).max_by(|&a, &b| spreads[a].total_cmp(&spreads[b])).unwrap_or(0);
        Self { cells, mean, axis, spread: spreads[axis] }
    }
}

/// Groups cells by repeatedly splitting the group with the largest spread at its mean, until there are enough groups.
fn split(cells: Vec<Cell<4>>, colors_max: usize) -> Vec<Group> {
    let mut groups = vec![Group::new(cells)];
    while groups.len() < colors_max {
        let Some(widest) = (0..groups.len()).max_by(|&a, &b| groups[a].spread.total_cmp(&groups[b].spread)) else {
            break;
        };
        if groups[widest].cells.len() < 2 || groups[widest].spread <= 0.0 {
            break;
        }
        let Group { cells, mean, axis, .. } = groups.swap_remove(widest);
        let (low, high): (Vec<_>, Vec<_>) = cells.into_iter().partition(|cell| cell.mean[axis] <= mean[axis]);
        if low.is_empty() || high.is_empty() {
            // Rounding has moved the mean to the edge, so there is nothing left to distinguish here.
            let mut group = Group::new(if low.is_empty() { high } else { low });
            group.spread = 0.0;
            groups.push(group);
            continue;
        }
        groups.push(Group::new(low));
        groups.push(Group::new(high));
    }
    groups
}

/// Returns the palette of the groups after several rounds of k-means.
fn settle(groups: Vec<Group>) -> Vec<Point> {
    let mut palette: Vec<Point> = groups.iter().map(|group| group.mean).collect();
    let cells: Vec<Cell<4>> = groups.into_iter().flat_map(|group| group.cells).collect();
    refine(&cells, &mut palette, ROUNDS);
    // The output has whole levels.
    palette.into_iter().map(|point| premultiplied(straight(point))).collect()
}

/// Returns the index of each pixel, diffusing the colour error to its neighbours.
///
/// Alpha is not diffused, because grain in it would be visible on any background.
fn draw(pixels: &[[u8; 4]], width: usize, palette: &[Point]) -> Vec<u8> {
    const UNKNOWN: u16 = u16::MAX;
    let mut known = vec![UNKNOWN; CELLS];
    let mut indices = Vec::with_capacity(pixels.len());
    // Errors of this row and the next, with a spare pixel at either end.
    let mut debts = [vec![[0.0_f32; 3]; width + 2], vec![[0.0_f32; 3]; width + 2]];
    for row in pixels.chunks_exact(width) {
        for (x, &pixel) in row.iter().enumerate() {
            let mut point = premultiplied(pixel);
            if pixel[3] > 0 {
                for (v, debt) in point.iter_mut().zip(debts[0][x + 1]) {
                    *v = (*v + debt).clamp(0.0, 255.0);
                }
            }
            let slot = &mut known[cell_of(point)];
            if *slot == UNKNOWN {
                *slot = nearest(palette, point) as u16;
            }
            let index = *slot as u8;
            indices.push(index);
            for channel in 0..3 {
                let missing = (point[channel] - palette[usize::from(index)][channel]) / 16.0;
                debts[0][x + 2][channel] += missing * 7.0;
                debts[1][x][channel] += missing * 3.0;
                debts[1][x + 1][channel] += missing * 5.0;
                debts[1][x + 2][channel] += missing;
            }
        }
        debts.swap(0, 1);
        debts[1].fill([0.0; 3]);
    }
    indices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raster(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Raster {
        let samples =
            (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| pixel(x, y)).collect();
        Raster { size: Size::new(width, height), channels: 4, samples: Samples::U8(samples) }
    }

    fn colors(raster: &Raster) -> usize {
        pixels::rgba(raster).collect::<std::collections::HashSet<_>>().len()
    }

    #[test]
    fn few_colours_are_kept_exactly() {
        let source = raster(8, 8, |x, y| [(x * 30) as u8, (y * 30) as u8, 7, 255]);
        assert_eq!(Indexed::new(&source, 64).to_raster(), source);
    }

    #[test]
    fn no_more_colours_than_asked_for() {
        let source = raster(64, 64, |x, y| [(x * 4) as u8, (y * 4) as u8, ((x + y) * 2) as u8, 255]);
        for limit in [2, 3, 10, 100, 256] {
            let drawn = Indexed::new(&source, limit);
            assert!(drawn.colors.len() <= usize::from(limit));
            assert!(colors(&drawn.to_raster()) <= usize::from(limit));
        }
    }

    #[test]
    fn two_hundred_and_fifty_six_colours_are_close() {
        let source = raster(96, 96, |x, y| [(x * 2) as u8, (y * 2) as u8, 100, 255]);
        let drawn = Indexed::new(&source, 256).to_raster();
        let error: u64 = pixels::bytes(&source)
            .iter()
            .zip(pixels::bytes(&drawn))
            .map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2))
            .sum();
        let mean = error as f64 / (96.0 * 96.0 * 3.0);
        assert!(mean < 40.0, "mean square error {mean}");
    }

    #[test]
    fn opacity_survives_and_comes_first() {
        let source = raster(64, 64, |x, y| [(x * 4) as u8, (y * 4) as u8, 50, if x < 20 { 0 } else { (x * 4) as u8 }]);
        let drawn = Indexed::new(&source, 256);
        assert!(drawn.colors.is_sorted_by_key(|color| color[3]));
        for (from, to) in pixels::rgba(&source).zip(pixels::rgba(&drawn.to_raster())) {
            assert!(from[3].abs_diff(to[3]) < 40, "{from:?} became {to:?}");
            assert!(from[3] > 0 || to == [0; 4]);
        }
    }
}
