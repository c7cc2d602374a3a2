//! Print the picture as black dots on white: `htn`.
//!
//! A screen at 45 degrees whose dots are `dot_px` apart, so wide where they just touch. The screen is a product of
//! cosines, evened out such that on a grey of luminance Y just the share 1 - Y of the paper is black: means stay what they
//! were. Dots have edges one pixel soft. The result is grey in the channels the picture had (`rendering.md` 8 says "on
//! luminance").

use std::f32::consts::{SQRT_2, TAU};

use crate::render::points::{Sample, luma};
use crate::render::raster::{Raster, Samples};

/// Values of the screen that are told apart.
const STEPS: usize = 1024;

/// Draws any raster as dots; size, channels, depth and alpha stay.
#[must_use]
pub fn apply(mut raster: Raster, dot_px: u32) -> Raster {
    let width = raster.size.width as usize;
    let channels = raster.channels;
    let screen = Screen::new(dot_px, raster.size.width, raster.size.height);
    match &mut raster.samples {
        Samples::U8(samples) => dotted(samples, width, channels, &screen),
        Samples::U16(samples) => dotted(samples, width, channels, &screen),
    }
    raster
}

fn dotted<T: Sample>(samples: &mut [T], width: usize, channels: u8, screen: &Screen) {
    match channels {
        1 => rows::<T, 1, 1>(samples, width, screen),
        2 => rows::<T, 2, 1>(samples, width, screen),
        3 => rows::<T, 3, 3>(samples, width, screen),
        _ => rows::<T, 4, 3>(samples, width, screen),
    }
}

/// `N` channels, of which the first `COLORS` are colours.
fn rows<T: Sample, const N: usize, const COLORS: usize>(samples: &mut [T], width: usize, screen: &Screen) {
    let rows = samples.as_chunks_mut::<N>().0.chunks_exact_mut(width);
    for (row, down) in rows.zip(&screen.down) {
        for (pixel, across) in row.iter_mut().zip(&screen.across) {
            let light = luma(std::array::from_fn(|c| pixel[c.min(COLORS - 1)].value()));
            let paper = T::nearest(screen.paper(light, across * down));
            pixel[..COLORS].fill(paper);
        }
    }
}

struct Screen {
    /// Its factors at the columns and at the rows.
    across: Vec<f32>,
    down: Vec<f32>,
    /// Share of the screen that is at or below a value, by the value from -1 to 1.
    share: Vec<f32>,
    /// How much a share changes from black to white over one pixel.
    steepness: f32,
}

impl Screen {
    fn new(dot_px: u32, width: u32, height: u32) -> Self {
        // A square grid at 45 degrees: cos(u + v) + cos(u - v) = 2 cos u cos v turns it upright.
        let turn = TAU / (dot_px.max(1) as f32 * SQRT_2);
        // From the middle of a dot, not from its edge: the top left corner of a picture is as good as any.
        let line = |len: u32| (0..len).map(|at| (turn * (at as f32 + 0.5)).cos()).collect();
        // A dot's middle is this many pixels from the middle of the paper between.
        let reach = dot_px as f32 / SQRT_2;
        Self { across: line(width), down: line(height), share: shares(), steepness: reach.max(1.0) }
    }

    /// 0 is ink, 1 is paper.
    fn paper(&self, light: f32, value: f32) -> f32 {
        let at = ((value + 1.0) / 2.0 * (STEPS - 1) as f32 + 0.5) as usize;
        // Ends at 0 and 1 even where the edge is soft.
        let threshold = self.share[at.min(STEPS - 1)];
        if light <= 0.0 || light >= 1.0 { light } else { 0.5 + (light - threshold) * self.steepness }
    }
}

/// Counts how often the product of two cosines takes which value.
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
        // The middle of the step.
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
    fn as_much_paper_as_light_at_any_width() {
        for dot in [3, 4, 8, 20, 100] {
            for level in [20, 90, 128, 200, 240] {
                let bytes = apply(flat(400, 400, &[level]), dot).into_bytes();
                // A dot of three or four pixels has too few of them for every level.
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
        // Along a diagonal the dots of a dark line follow each other; count them by their edges.
        let side = 400;
        let bytes = apply(flat(side, side, &[200]), 10).into_bytes();
        let dark = |at: usize| bytes[at * side as usize + at] < 128;
        let dots = (1..side as usize).filter(|at| dark(*at) && !dark(at - 1)).count();
        // 400 pixels down the diagonal are 566 long.
        assert!((55..=58).contains(&dots), "{dots}");
    }

    #[test]
    fn colour_becomes_grey_and_alpha_stays() {
        let bytes = apply(flat(50, 50, &[200, 40, 90, 77]), 6).into_bytes();
        assert!(bytes.as_chunks::<4>().0.iter().all(|[r, g, b, a]| r == g && g == b && *a == 77));
        let deep = Raster { samples: Samples::U16(vec![30_000; 900]), ..flat(30, 30, &[0]) };
        assert!(matches!(apply(deep, 4).samples, Samples::U16(_)));
    }
}
