//! Finds the interesting part of an image: the finders of `crop` (`rendering.md` 4).

mod subject;

use crate::param::CropWord;
use crate::pixels::points::luma;
use crate::pixels::raster::Raster;
use crate::units::{Rect, Size};

/// Luminance levels that entropy distinguishes; fewer than 256, so that noise does not count as detail.
const LEVELS: usize = 32;

/// Returns the window of `size` placed by the first finder that finds something, otherwise `otherwise`.
///
/// `entropy` is the window with the highest luminance entropy, `edges` the one with the highest gradient energy. Both
/// always find a window; among equals it is the one nearest the centre. `auto` is the subject, or `edges` if there is
/// none. Faces and directions are the layout's responsibility and are never found here. Accepts 8 or 16 bits.
#[must_use]
pub fn window(raster: &Raster, size: Size, finders: &[CropWord], otherwise: Rect) -> Rect {
    if size.width > raster.size.width || size.height > raster.size.height {
        return otherwise;
    }
    for finder in finders {
        match finder {
            CropWord::Auto => {
                let edges = || best(&Luminance::of(raster), size, edges_line);
                return subject::window(raster, size).unwrap_or_else(edges);
            }
            CropWord::Entropy => return best(&Luminance::of(raster), size, entropy_line),
            CropWord::Edges => return best(&Luminance::of(raster), size, edges_line),
            // The layout places faces, directions and focal points; here they are skipped.
            CropWord::Faces
            | CropWord::Top
            | CropWord::Bottom
            | CropWord::Left
            | CropWord::Right
            | CropWord::Center
            | CropWord::FocalPoint => {}
        }
    }
    otherwise
}

/// Luminance, 0 to 255, of a part of an image.
struct Luminance {
    width: usize,
    values: Vec<u8>,
}

impl Luminance {
    fn of(raster: &Raster) -> Self {
        let bytes = raster.clone().into_bytes();
        let pixels = bytes.chunks_exact(usize::from(raster.channels));
        // Transparent pixels are dark.
        let seen = |luma: u8, alpha: u8| (u32::from(luma) * u32::from(alpha) / 255) as u8;
        let rgb = |p: &[u8]| luma([p[0], p[1], p[2]].map(f32::from)) as u8;
        let values = match raster.channels {
            1 => bytes,
            2 => pixels.map(|p| seen(p[0], p[1])).collect(),
            3 => pixels.map(rgb).collect(),
            _ => pixels.map(|p| seen(rgb(p), p[3])).collect(),
        };
        Self { width: raster.size.width as usize, values }
    }

    fn height(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    fn transposed(&self) -> Self {
        let height = self.height();
        let values = (0..self.width).flat_map(|x| (0..height).map(move |y| self.values[y * self.width + x])).collect();
        Self { width: height, values }
    }

    fn columns(&self, from: usize, count: usize) -> Self {
        let rows = self.values.chunks_exact(self.width);
        Self { width: count, values: rows.flat_map(|row| &row[from..from + count]).copied().collect() }
    }
}

/// Scores all windows of `len` rows. The result is indexed by first row.
type Score = fn(&Luminance, usize) -> Vec<f64>;

/// Returns the best window, one axis after the other. Normally only one axis has any room.
fn best(image: &Luminance, size: Size, score: Score) -> Rect {
    let (width, height) = (size.width as usize, size.height as usize);
    let left = if width < image.width { greatest(&score(&image.transposed(), width)) } else { 0 };
    let top = if height < image.height() { greatest(&score(&image.columns(left, width), height)) } else { 0 };
    Rect { left: left as u32, top: top as u32, size }
}

/// Returns the index of the largest score; among scores equal up to rounding, the one nearest the middle.
fn greatest(scores: &[f64]) -> usize {
    let top = scores.iter().copied().fold(f64::MIN, f64::max);
    let slack = top.abs() * 1e-9;
    let middle = scores.len().saturating_sub(1) / 2;
    let near = scores.iter().enumerate().filter(|(_, score)| **score >= top - slack);
    near.map(|(index, _)| index).min_by_key(|index| index.abs_diff(middle)).unwrap_or(middle)
}

/// Returns the entropy in bits of the luminance histogram of `len` rows.
fn entropy_line(image: &Luminance, len: usize) -> Vec<f64> {
    let bin = |value: u8| usize::from(value) * LEVELS / 256;
    let rows: Vec<&[u8]> = image.values.chunks_exact(image.width).collect();
    let mut histogram = [0_i64; LEVELS];
    let count = |histogram: &mut [i64; LEVELS], row: &[u8], by: i64| {
        for &value in row {
            histogram[bin(value)] += by;
        }
    };
    rows[..len].iter().for_each(|row| count(&mut histogram, row, 1));
    let total = (len * image.width) as f64;
    let entropy = |histogram: &[i64; LEVELS]| -> f64 {
        let shares = histogram.iter().filter(|n| **n > 0).map(|n| *n as f64 / total);
        shares.map(|share| -share * share.log2()).sum()
    };
    let mut scores = vec![entropy(&histogram)];
    for first in 1..=rows.len() - len {
        count(&mut histogram, rows[first - 1], -1);
        count(&mut histogram, rows[first + len - 1], 1);
        scores.push(entropy(&histogram));
    }
    scores
}

/// Returns the sum of squared differences to the right and lower neighbours over `len` rows.
fn edges_line(image: &Luminance, len: usize) -> Vec<f64> {
    let rows: Vec<&[u8]> = image.values.chunks_exact(image.width).collect();
    let square = |a: u8, b: u8| u64::from(a.abs_diff(b)).pow(2);
    let energy = |index: usize| -> u64 {
        let row = rows[index];
        let along: u64 = row.windows(2).map(|pair| square(pair[0], pair[1])).sum();
        let down: u64 = rows.get(index + 1).map_or(0, |next| row.iter().zip(*next).map(|(a, b)| square(*a, *b)).sum());
        along + down
    };
    let energies: Vec<u64> = (0..rows.len()).map(energy).collect();
    let mut sum: u64 = energies[..len].iter().sum();
    let mut scores = vec![sum as f64];
    for first in 1..=rows.len() - len {
        sum = sum + energies[first + len - 1] - energies[first - 1];
        scores.push(sum as f64);
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::Samples;

    /// Flat grey with a noisy square at `(left, top)`.
    fn image(size: Size, left: u32, top: u32) -> Raster {
        let mut samples = vec![128_u8; size.area() as usize * 3];
        for y in top..top + 20 {
            for x in left..left + 20 {
                let at = (y * size.width + x) as usize * 3;
                samples[at..at + 3].fill(((x * 7919 + y * 104_729) % 251) as u8);
            }
        }
        Raster { size, channels: 3, samples: Samples::U8(samples) }
    }

    #[track_caller]
    fn check(finder: CropWord, raster: &Raster, size: Size, expected: impl Fn(Rect) -> bool) {
        let centre = Rect { left: 0, top: 0, size };
        let found = window(raster, size, &[CropWord::Faces, finder], centre);
        assert!(found.is_inside(raster.size) && found.size == size && expected(found), "{finder:?}: {found:?}");
    }

    #[test]
    fn detail_is_found_on_either_axis() {
        for finder in [CropWord::Entropy, CropWord::Edges, CropWord::Auto] {
            let wide = image(Size::new(200, 30), 150, 5);
            check(finder, &wide, Size::new(40, 30), |rect| (130..=150).contains(&rect.left));
            let tall = image(Size::new(30, 200), 5, 20);
            check(finder, &tall, Size::new(30, 40), |rect| rect.top <= 20);
            let both = image(Size::new(200, 200), 160, 10);
            check(finder, &both, Size::new(40, 40), |rect| (140..=160).contains(&rect.left) && rect.top <= 10);
        }
    }

    #[test]
    fn a_single_colour_image_is_cropped_at_the_centre() {
        let flat = Raster { size: Size::new(101, 10), channels: 1, samples: Samples::U8(vec![7; 1010]) };
        for finder in [CropWord::Entropy, CropWord::Edges, CropWord::Auto] {
            check(finder, &flat, Size::new(11, 10), |rect| rect.left == 45);
            check(finder, &flat, Size::new(101, 10), |rect| rect.left == 0);
        }
    }

    #[test]
    fn without_a_finder_that_works_the_window_stays() {
        let raster = image(Size::new(200, 30), 150, 5);
        let otherwise = Rect { left: 3, top: 0, size: Size::new(40, 30) };
        assert_eq!(window(&raster, otherwise.size, &[CropWord::Faces], otherwise), otherwise);
        assert_eq!(window(&raster, Size::new(400, 30), &[CropWord::Edges], otherwise), otherwise);
    }
}
