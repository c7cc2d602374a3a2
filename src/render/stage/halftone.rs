//! Prints the image as dots in its own colours on white: `htn`.
//!
//! A screen at 45 degrees whose dots are `dot_px` apart, which is also their width when they just touch. The screen is
//! a product of cosines, equalised so that a threshold covers exactly the wanted share of the paper. That share is one
//! minus the smallest channel of the colour around a pixel, and the ink is the colour that restores the mean: black for
//! every grey. So the means are preserved in every channel. Dots have edges one pixel soft.

use std::f32::consts::{SQRT_2, TAU};

use crate::pixels::gaussian;
use crate::pixels::points::Sample;
use crate::pixels::raster::{Raster, Samples};

/// Number of distinct screen values.
const STEPS: usize = 1024;

/// Standard deviation, in dots, of the blur that yields the colour around a pixel. A dot has nearly one colour.
const AROUND: f64 = 0.25;

/// A level this close to black or white is all ink or all paper.
const END: f32 = 1e-3;

/// Draws any raster as dots. Size, channels, depth and alpha stay. Transparent pixels do not contribute to colours.
#[must_use]
pub fn apply(raster: Raster, dot_px: u32) -> Raster {
    let screen = Screen::new(dot_px, raster.size.width, raster.size.height);
    let around = f64::from(dot_px) * AROUND;
    let samples = match &raster.samples {
        Samples::U8(samples) => Samples::U8(dotted(&raster, samples, around, &screen)),
        Samples::U16(samples) => Samples::U16(dotted(&raster, samples, around, &screen)),
    };
    Raster { samples, ..raster }
}

fn dotted<T: Sample>(raster: &Raster, samples: &[T], around_px: f64, screen: &Screen) -> Vec<T> {
    let row_len = raster.size.width as usize * usize::from(raster.channels);
    let mut out = samples.to_vec();
    gaussian::rows(raster, around_px, |y, soft| {
        let (row, down) = (&mut out[y * row_len..][..row_len], screen.down[y]);
        match raster.channels {
            1 => print::<T, 1, 1>(row, soft, down, screen),
            2 => print::<T, 2, 1>(row, soft, down, screen),
            3 => print::<T, 3, 3>(row, soft, down, screen),
            _ => print::<T, 4, 3>(row, soft, down, screen),
        }
    });
    out
}

/// Prints a row with `N` channels, of which the first `COLORS` are colours; those in `soft` are premultiplied by alpha.
fn print<T: Sample, const N: usize, const COLORS: usize>(row: &mut [T], soft: &[f32], down: f32, screen: &Screen) {
    let pixels = row.as_chunks_mut::<N>().0.iter_mut().zip(soft.as_chunks::<N>().0);
    for ((pixel, soft), across) in pixels.zip(&screen.across) {
        let per_alpha = if N > COLORS { 1.0 / soft[N - 1].max(f32::MIN_POSITIVE) } else { 1.0 };
        let color: [f32; COLORS] = std::array::from_fn(|c| (soft[c] * per_alpha).clamp(0.0, 1.0));
        let least = color.iter().copied().fold(1.0, f32::min);
        let least = if least > 1.0 - END {
            1.0
        } else if least < END {
            0.0
        } else {
            least
        };
        let paper = screen.paper(least, across * down).clamp(0.0, 1.0);
        let per_ink = 1.0 / (1.0 - least).max(f32::MIN_POSITIVE);
        for (sample, v) in pixel.iter_mut().zip(color) {
            let ink = ((v - least) * per_ink).clamp(0.0, 1.0);
            *sample = T::nearest(ink + (1.0 - ink) * paper);
        }
    }
}

struct Screen {
    /// The screen's factors for the columns and for the rows.
    across: Vec<f32>,
    down: Vec<f32>,
    /// For a screen value from -1 to 1, the share of the screen that is at or below it.
    share: Vec<f32>,
    /// How much a share changes from black to white over one pixel.
    steepness: f32,
}

impl Screen {
    fn new(dot_px: u32, width: u32, height: u32) -> Self {
        // A square grid at 45 degrees: cos(u + v) + cos(u - v) = 2 cos u cos v makes it separable along the axes.
        let turn = TAU / (dot_px.max(1) as f32 * SQRT_2);
        // The top left corner of the image is the centre of a dot, not its edge; any origin would do.
        let line = |len: u32| (0..len).map(|at| (turn * (at as f32 + 0.5)).cos()).collect();
        // Distance in pixels from the centre of a dot to the centre of the paper between dots.
        let reach = dot_px as f32 / SQRT_2;
        Self { across: line(width), down: line(height), share: shares(), steepness: reach.max(1.0) }
    }

    /// Returns 0 for ink and 1 for paper.
    fn paper(&self, light: f32, value: f32) -> f32 {
        let at = ((value + 1.0) / 2.0 * (STEPS - 1) as f32 + 0.5) as usize;
        // Stays exactly 0 and 1 at the ends, even though the edge is soft.
        let threshold = self.share[at.min(STEPS - 1)];
        if light <= 0.0 || light >= 1.0 { light } else { 0.5 + (light - threshold) * self.steepness }
    }
}

/// Computes the cumulative distribution of the product of two cosines.
fn shares() -> Vec<f32> {
    const PHASES: usize = 512;
    let cosines: Vec<f32> = (0..PHASES).map(|at| (TAU / 2.0 * (at as f32 + 0.5) / PHASES as f32).cos()).collect();
    let mut counts = vec![0_u32; STEPS];
    for a in &cosines {
        for b in &cosines {
            counts[((a * b + 1.0) / 2.0 * (STEPS - 1) as f32 + 0.5) as usize] += 1;
        }
    }
    let mut below = 0;
    let share = |count: &u32| {
        below += count;
        // Use the middle of the step.
        (below as f32 - *count as f32 / 2.0) / (PHASES * PHASES) as f32
    };
    counts.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    fn flat(width: u32, height: u32, pixel: &[u8]) -> Raster {
        let size = Size::new(width, height);
        Raster { size, channels: pixel.len() as u8, samples: Samples::U8(pixel.repeat(size.area() as usize)) }
    }

    fn mean(bytes: &[u8]) -> f64 {
        bytes.iter().map(|v| f64::from(*v)).sum::<f64>() / bytes.len() as f64
    }

    #[test]
    fn the_share_of_paper_equals_the_brightness_at_any_width() {
        for dot in [3, 4, 8, 20, 100] {
            for level in [20, 90, 128, 200, 240] {
                let bytes = apply(flat(400, 400, &[level]), dot).into_bytes();
                // A dot of three or four pixels cannot reproduce every level.
                let allowed = if dot < 5 { 10.0 } else { 5.0 };
                assert!((mean(&bytes) - f64::from(level)).abs() < allowed, "{dot} {level}: {}", mean(&bytes));
            }
        }
    }

    #[test]
    fn ink_and_paper_with_little_between() {
        let bytes = apply(flat(200, 200, &[128]), 20).into_bytes();
        let between = bytes.iter().filter(|v| (16..240).contains(*v)).count();
        assert!(between * 5 < bytes.len(), "{between} of {}", bytes.len());
        for end in [0, 255] {
            assert_eq!(apply(flat(30, 30, &[end, end, end]), 7), flat(30, 30, &[end, end, end]));
        }
    }

    #[test]
    fn dots_are_as_far_apart_as_asked() {
        // Along a diagonal the dots of a dark line follow one another; count them by their edges.
        let side = 400;
        let bytes = apply(flat(side, side, &[200]), 10).into_bytes();
        let dark = |at: usize| bytes[at * side as usize + at] < 128;
        let dots = (1..side as usize).filter(|at| dark(*at) && !dark(at - 1)).count();
        // 400 pixels down the diagonal are 566 pixels long.
        assert!((55..=58).contains(&dots), "{dots}");
    }

    #[test]
    fn colours_stay_on_the_mean_and_alpha_as_it_was() {
        for color in [[200, 40, 90], [224, 172, 138], [90, 150, 220], [10, 200, 10], [250, 240, 30], [30, 30, 60]] {
            let bytes = apply(flat(400, 400, &color), 9).into_bytes();
            for (channel, wanted) in color.into_iter().enumerate() {
                let found: Vec<u8> = bytes.iter().skip(channel).step_by(3).copied().collect();
                assert!((mean(&found) - f64::from(wanted)).abs() < 6.0, "{color:?} {channel}: {}", mean(&found));
            }
            // Ink of that hue on white paper, without any black.
            let saturated = bytes.as_chunks::<3>().0.iter().filter(|p| p.iter().min().is_some_and(|v| *v < 8)).count();
            assert!(saturated * 10 > 400 * 400, "{color:?}: {saturated}");
        }
        let bytes = apply(flat(50, 50, &[200, 40, 90, 77]), 6).into_bytes();
        assert!(bytes.as_chunks::<4>().0.iter().all(|[r, g, b, a]| r >= b && b >= g && *a == 77));
        let deep = Raster { samples: Samples::U16(vec![30_000; 900]), ..flat(30, 30, &[0]) };
        assert!(matches!(apply(deep, 4).samples, Samples::U16(_)));
    }

    #[test]
    fn a_dot_has_the_colour_of_its_place() {
        let halves: Vec<u8> =
            (0..200 * 100).flat_map(|at| if at % 200 < 100 { [200, 60, 60] } else { [60, 60, 200] }).collect();
        let raster = Raster { size: Size::new(200, 100), channels: 3, samples: Samples::U8(halves) };
        let bytes = apply(raster, 10).into_bytes();
        for (at, [r, _, b]) in bytes.as_chunks::<3>().0.iter().enumerate() {
            match at % 200 {
                0..90 => assert!(r >= b, "{at}"),
                110.. => assert!(b >= r, "{at}"),
                _ => {}
            }
        }
    }
}
