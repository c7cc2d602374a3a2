//! Applies pixel-wise operations, a whole chain of them in one pass. What acts on each channel separately becomes a
//! table with one entry per level; the rest runs over short stretches of pixels that stay in the first-level cache.
//!
//! Alpha is never touched. Images keep their depth.

use super::raster::{Raster, Samples};

/// Pixels per [`Run`]: three channels of them take 3 KiB. No more than the levels of 8-bit samples, which `grey_levels`
/// passes in whole runs.
pub(crate) const RUN: usize = 256;

/// A stretch of pixels, channel by channel: sRGB-encoded, 0 to 1, possibly beyond in the middle of a chain. All lanes
/// are always computed, so that the loops have a fixed length; lanes after the last pixel hold arbitrary numbers.
pub(crate) struct Run {
    /// Red.
    pub(crate) r: [f32; RUN],
    /// Green.
    pub(crate) g: [f32; RUN],
    /// Blue.
    pub(crate) b: [f32; RUN],
}

impl Run {
    const BLACK: Self = Self { r: [0.0; RUN], g: [0.0; RUN], b: [0.0; RUN] };

    /// Changes each pixel independently.
    #[inline(always)]
    pub(crate) fn each(&mut self, formula: impl Fn([f32; 3]) -> [f32; 3]) {
        let Self { r, g, b } = self;
        for lane in 0..RUN {
            [r[lane], g[lane], b[lane]] = formula([r[lane], g[lane], b[lane]]);
        }
    }
}

/// Returns the luma that the formulas of `rendering.md` 7 and 8 use.
#[inline(always)]
pub(crate) fn luma([r, g, b]: [f32; 3]) -> f32 {
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// Formulas that are applied one after the other to all pixels of a run.
pub(crate) trait Chain {
    /// Changes the pixels. Implementations must be inlined, so that they are compiled for the widest registers of the
    /// machine.
    fn run(&self, run: &mut Run);
}

/// Formulas that also depend on the position of a pixel.
pub(crate) trait PlacedChain {
    /// Called before the runs of row `y`.
    fn begin_row(&mut self, y: usize);

    /// Changes the pixels of the row from `x` on, a multiple of [`RUN`]. Must be inlined, like [`Chain::run`].
    fn run(&mut self, run: &mut Run, x: usize);
}

/// A sample that converts to a number from 0 to 1 and back.
pub(crate) trait Sample: Copy {
    /// Number of different sample values.
    const LEVELS: usize;

    /// Returns the level, 0 to `LEVELS - 1`.
    fn index(self) -> usize;

    /// Returns the nearest sample. Values outside 0 to 1 are clipped, and NaN becomes 0.
    fn nearest(value: f32) -> Self;

    /// Returns the sample as a number from 0 to 1.
    #[inline(always)]
    fn value(self) -> f32 {
        self.index() as f32 / (Self::LEVELS - 1) as f32
    }
}

impl Sample for u8 {
    const LEVELS: usize = 1 << 8;

    #[inline(always)]
    fn index(self) -> usize {
        usize::from(self)
    }

    // Float to integer casts saturate.
    #[inline(always)]
    fn nearest(value: f32) -> Self {
        (value * 255.0 + 0.5) as Self
    }
}

impl Sample for u16 {
    const LEVELS: usize = 1 << 16;

    #[inline(always)]
    fn index(self) -> usize {
        usize::from(self)
    }

    #[inline(always)]
    fn nearest(value: f32) -> Self {
        (value * 65_535.0 + 0.5) as Self
    }
}

/// Work done in place on samples of either depth.
trait PerDepth {
    fn run<T: Sample>(self, samples: &mut [T], channels: u8);
}

/// Applies to each colour channel its own curve, in one pass through tables. Grey uses the first.
pub(crate) fn curved(raster: Raster, curves: [&dyn Fn(f32) -> f32; 3]) -> Raster {
    with_samples(raster, Curved(curves))
}

/// Applies `curve` to every channel, then `chain` to runs of pixels, in one pass. Grey becomes the red that the chain
/// computes when all three channels hold that grey.
pub(crate) fn chained(raster: Raster, curve: &dyn Fn(f32) -> f32, chain: impl Chain) -> Raster {
    with_samples(raster, Chained { curve, chain })
}

/// Applies `curve` to every channel, then `chain` to runs of pixels of one row. Grey is passed as all three colours and
/// read back from red.
pub(crate) fn chained_in_place(raster: Raster, curve: &dyn Fn(f32) -> f32, chain: impl PlacedChain) -> Raster {
    let width = raster.size.width as usize;
    with_samples(raster, ChainedAt { curve, chain, width })
}

/// Applies `chain`, which gives colour to grey.
pub(crate) fn tinted(raster: Raster, chain: impl Chain) -> Raster {
    if raster.channels > 2 {
        return chained(raster, &|v| v, chain);
    }
    let (size, channels) = (raster.size, raster.channels);
    let samples = match raster.samples {
        Samples::U8(samples) => Samples::U8(tinted_grey(&samples, channels, &chain)),
        Samples::U16(samples) => Samples::U16(tinted_grey(&samples, channels, &chain)),
    };
    Raster { size, channels: channels + 2, samples }
}

fn with_samples(mut raster: Raster, work: impl PerDepth) -> Raster {
    let channels = raster.channels;
    match &mut raster.samples {
        Samples::U8(samples) => work.run(samples, channels),
        Samples::U16(samples) => work.run(samples, channels),
    };
    raster
}

/// Returns what `curve` makes of every level.
pub(crate) fn levels<T: Sample>(curve: &dyn Fn(f32) -> f32) -> Vec<f32> {
    (0..T::LEVELS).map(|level| curve(level as f32 / (T::LEVELS - 1) as f32)).collect()
}

/// Returns what `curve` and then `chain` make of grey of every level.
fn grey_levels<T: Sample>(curve: &dyn Fn(f32) -> f32, chain: &impl Chain) -> Vec<[T; 3]> {
    let mut run = Run::BLACK;
    let mut out = Vec::with_capacity(T::LEVELS);
    for levels in levels::<T>(curve).as_chunks::<RUN>().0 {
        (run.r, run.g, run.b) = (*levels, *levels, *levels);
        chain.run(&mut run);
        out.extend((0..RUN).map(|lane| [run.r[lane], run.g[lane], run.b[lane]].map(T::nearest)));
    }
    out
}

fn tinted_grey<T: Sample>(samples: &[T], channels: u8, chain: &impl Chain) -> Vec<T> {
    let levels = grey_levels::<T>(&|v| v, chain);
    if channels == 1 {
        return samples.iter().flat_map(|v| levels[v.index()]).collect();
    }
    let with_alpha = |&[v, a]: &[T; 2]| {
        let [r, g, b] = levels[v.index()];
        [r, g, b, a]
    };
    samples.as_chunks::<2>().0.iter().flat_map(with_alpha).collect()
}

struct Curved<'a>([&'a dyn Fn(f32) -> f32; 3]);

impl PerDepth for Curved<'_> {
    fn run<T: Sample>(self, samples: &mut [T], channels: u8) {
        let tables = self.0.map(|curve| levels::<T>(curve).into_iter().map(T::nearest).collect::<Vec<T>>());
        through(samples, channels, &tables);
    }
}

/// Looks up every colour in the table of its channel.
fn through<T: Sample>(samples: &mut [T], channels: u8, tables: &[Vec<T>; 3]) {
    let [r, g, b] = tables;
    match channels {
        1 => samples.iter_mut().for_each(|v| *v = r[v.index()]),
        2 => samples.as_chunks_mut::<2>().0.iter_mut().for_each(|[v, _]| *v = r[v.index()]),
        3 => colors(samples.as_chunks_mut::<3>().0, [r, g, b]),
        _ => colors(samples.as_chunks_mut::<4>().0, [r, g, b]),
    }
}

fn colors<T: Sample, const N: usize>(pixels: &mut [[T; N]], [r, g, b]: [&[T]; 3]) {
    for pixel in pixels {
        pixel[0] = r[pixel[0].index()];
        pixel[1] = g[pixel[1].index()];
        pixel[2] = b[pixel[2].index()];
    }
}

struct Chained<'a, C> {
    curve: &'a dyn Fn(f32) -> f32,
    chain: C,
}

impl<C: Chain> PerDepth for Chained<'_, C> {
    fn run<T: Sample>(self, samples: &mut [T], channels: u8) {
        let Self { curve, chain } = self;
        if channels <= 2 {
            let table: Vec<T> = grey_levels::<T>(curve, &chain).into_iter().map(|[v, ..]| v).collect();
            through(samples, channels, &[table, Vec::new(), Vec::new()]);
            return;
        }
        let levels = levels::<T>(curve);
        pulp::Arch::new().dispatch(|| match channels {
            3 => in_runs::<T, 3, 3>(samples.as_chunks_mut().0, &levels, |run, _| chain.run(run)),
            _ => in_runs::<T, 4, 3>(samples.as_chunks_mut().0, &levels, |run, _| chain.run(run)),
        });
    }
}

struct ChainedAt<'a, C> {
    curve: &'a dyn Fn(f32) -> f32,
    chain: C,
    width: usize,
}

impl<C: PlacedChain> PerDepth for ChainedAt<'_, C> {
    fn run<T: Sample>(mut self, samples: &mut [T], channels: u8) {
        let levels = levels::<T>(self.curve);
        pulp::Arch::new().dispatch(|| match channels {
            1 => self.in_rows::<T, 1, 1>(samples, &levels),
            2 => self.in_rows::<T, 2, 1>(samples, &levels),
            3 => self.in_rows::<T, 3, 3>(samples, &levels),
            _ => self.in_rows::<T, 4, 3>(samples, &levels),
        });
    }
}

impl<C: PlacedChain> ChainedAt<'_, C> {
    #[inline(always)]
    fn in_rows<T: Sample, const N: usize, const COLORS: usize>(&mut self, samples: &mut [T], levels: &[f32]) {
        for (y, row) in samples.as_chunks_mut::<N>().0.chunks_exact_mut(self.width).enumerate() {
            self.chain.begin_row(y);
            in_runs::<T, N, COLORS>(row, levels, |run, x| self.chain.run(run, x));
        }
    }
}

/// Processes pixels of `N` channels, the first `COLORS` of which are colours. `each` also receives the index of the
/// first pixel.
#[inline(always)]
fn in_runs<T: Sample, const N: usize, const COLORS: usize>(
    pixels: &mut [[T; N]],
    levels: &[f32],
    mut each: impl FnMut(&mut Run, usize),
) {
    let channel = |c: usize| c.min(COLORS - 1);
    let mut run = Run::BLACK;
    for (index, pixels) in pixels.chunks_mut(RUN).enumerate() {
        for (lane, pixel) in pixels.iter().enumerate() {
            run.r[lane] = levels[pixel[channel(0)].index()];
            run.g[lane] = levels[pixel[channel(1)].index()];
            run.b[lane] = levels[pixel[channel(2)].index()];
        }
        each(&mut run, index * RUN);
        for (lane, pixel) in pixels.iter_mut().enumerate() {
            // For grey, all three write the same sample; red comes last and wins.
            pixel[channel(2)] = T::nearest(run.b[lane]);
            pixel[channel(1)] = T::nearest(run.g[lane]);
            pixel[channel(0)] = T::nearest(run.r[lane]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::rows as raster;

    struct By<F>(F);

    impl<F: Fn(&mut Run)> Chain for By<F> {
        fn run(&self, run: &mut Run) {
            (self.0)(run);
        }
    }

    fn by<F: Fn(&mut Run)>(formula: F) -> By<F> {
        By(formula)
    }

    /// Builds a row longer than a run, and not a multiple of one.
    fn every_level(channels: u8) -> Raster {
        let samples = (0..600_u32 * u32::from(channels)).map(|v| (v * 7 % 256) as u8).collect();
        raster(600, channels, samples)
    }

    #[test]
    fn neutral_settings_change_nothing_at_any_depth() {
        for channels in 1..=4 {
            let image = every_level(channels);
            assert_eq!(curved(image.clone(), [&|v| v; 3]), image);
            assert_eq!(chained(image.clone(), &|v| v, by(|_| {})), image);
            let deep = Samples::U16((0..u16::from(channels) * 600).map(|v| v.wrapping_mul(997)).collect());
            let deep = Raster { samples: deep, ..image };
            assert_eq!(chained(deep.clone(), &|v| v, by(|_| {})), deep);
        }
    }

    #[test]
    fn channels_change_separately_and_alpha_stays() {
        let curves: [&dyn Fn(f32) -> f32; 3] = [&|_| 0.0, &|v| v, &|_| 7.0];
        assert_eq!(curved(raster(1, 4, vec![9, 9, 9, 9]), curves), raster(1, 4, vec![0, 9, 255, 9]));
        let swapped =
            chained(raster(2, 4, vec![1, 2, 3, 4, 5, 6, 7, 8]), &|v| v, by(|run| run.each(|[r, g, b]| [b, g, r])));
        assert_eq!(swapped, raster(2, 4, vec![3, 2, 1, 4, 7, 6, 5, 8]));
        assert_eq!(chained(raster(1, 2, vec![40, 9]), &|v| 2.0 * v, by(|_| {})), raster(1, 2, vec![80, 9]));
    }

    #[test]
    fn only_tinting_gives_colour_to_grey() {
        let red = || by(|run: &mut Run| run.each(|[r, _, _]| [r, 0.0, 0.0]));
        assert_eq!(tinted(raster(2, 1, vec![9, 200]), red()), raster(2, 3, vec![9, 0, 0, 200, 0, 0]));
        assert_eq!(tinted(raster(1, 2, vec![9, 5]), red()), raster(1, 4, vec![9, 0, 0, 5]));
        assert_eq!(tinted(raster(1, 3, vec![9, 8, 7]), red()), raster(1, 3, vec![9, 0, 0]));
        let deep = Raster { samples: Samples::U16(vec![65_535]), ..raster(1, 1, Vec::new()) };
        assert_eq!(tinted(deep, red()).samples, Samples::U16(vec![65_535, 0, 0]));
    }
}
