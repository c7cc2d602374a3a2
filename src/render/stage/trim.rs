//! Measures what trimming leaves. The layout does the cropping, because sizes depend on it.
//!
//! `rendering.md` 6.1, and where that is silent:
//! * Tolerances are on the 8-bit scale. The distance of two colours is that of the channel that differs most.
//! * `trim=auto` examines rows first, then columns between the remaining rows. Every channel of a line must be uniform,
//!   including alpha. Colours are weighted by their opacity, so that hidden ones do not matter.
//! * In the colour modes without `trim-color` the border has the colour of the first pixel, left to right and top to
//!   bottom, that is not transparent; transparent pixels belong to the border.
//! * Pixels without any opacity are empty whatever `trim-alpha` says, so that `trim=alpha` alone has an effect.

use std::ops::Range;

use crate::pixels::points::Sample;
use crate::pixels::raster::{Raster, Samples};
use crate::plan::{Trim, TrimBy};
use crate::units::{Color, Rect, Size};

/// Returns the part of an image of any depth and channels that trimming leaves, without `pad_px`. Returns the whole
/// image when nothing can be trimmed, or when nothing would be left.
#[must_use]
pub fn measure(raster: &Raster, op: &Trim) -> Rect {
    let kept = match &raster.samples {
        Samples::U8(samples) => kept(&View::new(raster, samples), op.by),
        Samples::U16(samples) => kept(&View::new(raster, samples), op.by),
    };
    kept.and_then(rect).unwrap_or(Rect::whole(raster.size))
}

/// Columns and rows; both are non-empty.
type KeptRanges = (Range<usize>, Range<usize>);

fn rect((columns, rows): KeptRanges) -> Option<Rect> {
    let [left, top, width, height] = [columns.start, rows.start, columns.len(), rows.len()].map(u32::try_from);
    Some(Rect { left: left.ok()?, top: top.ok()?, size: Size::new(width.ok()?, height.ok()?) })
}

fn kept<T: Sample>(view: &View<'_, T>, by: TrimBy) -> Option<KeptRanges> {
    match by {
        TrimBy::Uniform { mean, deviation } => {
            let rows = between(view.height, |y| view.row_look(y), mean, deviation)?;
            let looks = view.column_looks(rows.clone());
            let columns = between(view.width, |x| looks[x].clone(), mean, deviation)?;
            Some((columns, rows))
        }
        TrimBy::Alpha { below, tolerance } => view.bounds(|pixel| {
            let alpha = view.alpha(pixel);
            alpha > 0.0 && alpha >= below + tolerance
        }),
        TrimBy::ColorUnlessAlpha { tolerance, .. } if view.has_alpha => {
            view.bounds(|pixel| view.alpha(pixel) > tolerance)
        }
        TrimBy::Color { color, tolerance } | TrimBy::ColorUnlessAlpha { color, tolerance } => {
            let is_visible = |pixel: &[T]| view.alpha(pixel) > tolerance;
            let border = match color {
                Some(color) => view.of_color(color),
                None => view.pixels().find(|pixel| is_visible(pixel)).map(|pixel| view.color(pixel))?,
            };
            view.bounds(|pixel| is_visible(pixel) && distance(view.color(pixel), border) > tolerance)
        }
    }
}

/// Converts a sample to the 8-bit scale without rounding.
fn level<T: Sample>(sample: T) -> f64 {
    (sample.index() * 255) as f64 / (T::LEVELS - 1) as f64
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// Mean and standard deviation of each channel of a line, with premultiplied colours, on the 8-bit scale.
#[derive(Clone, Default)]
struct Look {
    mean: [f64; 4],
    deviation: [f64; 4],
}

/// Sums and sums of squares of the channels of a line.
#[derive(Clone, Default)]
struct Sums {
    plain: [f64; 4],
    squared: [f64; 4],
}

impl Sums {
    fn add(&mut self, pixel: [f64; 4]) {
        for (channel, v) in pixel.into_iter().enumerate() {
            self.plain[channel] += v;
            self.squared[channel] += v * v;
        }
    }

    fn look(&self, count: usize) -> Look {
        let count = count.max(1) as f64;
        let mean = self.plain.map(|sum| sum / count);
        // Rounding may yield slightly less than 0.
        let variance = |channel: usize| (self.squared[channel] / count - mean[channel] * mean[channel]).max(0.0);
        Look { mean, deviation: std::array::from_fn(|channel| variance(channel).sqrt()) }
    }
}

/// Returns the lines between the borders at both ends of `count` lines.
fn between(count: usize, look: impl Fn(usize) -> Look, mean: f64, deviation: f64) -> Option<Range<usize>> {
    let border = |lines: &mut dyn Iterator<Item = usize>| {
        let mut before: Option<Look> = None;
        lines
            .take_while(|line| {
                let look = look(*line);
                let near = |before: &Look| before.mean.iter().zip(look.mean).all(|(a, b)| (a - b).abs() <= mean);
                let is_border = look.deviation.iter().all(|v| *v <= deviation) && before.as_ref().is_none_or(near);
                before = Some(look);
                is_border
            })
            .count()
    };
    let start = border(&mut (0..count));
    if start == count {
        return None;
    }
    // Line `start` is not a border, so this ends there at the latest, unless `start` only differs from the line before
    // it.
    let end = count - border(&mut (start..count).rev());
    (start < end).then_some(start..end)
}

/// An image as pixels on the 8-bit scale.
struct View<'a, T> {
    samples: &'a [T],
    width: usize,
    height: usize,
    channels: usize,
    has_alpha: bool,
}

impl<'a, T: Sample> View<'a, T> {
    fn new(raster: &Raster, samples: &'a [T]) -> Self {
        Self {
            samples,
            width: raster.size.width as usize,
            height: raster.size.height as usize,
            channels: usize::from(raster.channels),
            has_alpha: raster.has_alpha(),
        }
    }

    fn pixels(&self) -> impl Iterator<Item = &'a [T]> {
        self.samples.chunks_exact(self.channels)
    }

    fn row(&self, y: usize) -> impl DoubleEndedIterator<Item = &'a [T]> + ExactSizeIterator {
        let row_len = self.width * self.channels;
        self.samples[y * row_len..][..row_len].chunks_exact(self.channels)
    }

    fn alpha(&self, pixel: &[T]) -> f64 {
        if self.has_alpha { level(pixel[self.channels - 1]) } else { 255.0 }
    }

    /// Returns red, green and blue.
    fn color(&self, pixel: &[T]) -> [f64; 3] {
        if self.channels < 3 { [level(pixel[0]); 3] } else { [level(pixel[0]), level(pixel[1]), level(pixel[2])] }
    }

    fn of_color(&self, color: Color) -> [f64; 3] {
        [color.r, color.g, color.b].map(f64::from)
    }

    fn premultiplied(&self, pixel: &[T]) -> [f64; 4] {
        let alpha = self.alpha(pixel);
        let [r, g, b] = self.color(pixel).map(|v| v * alpha / 255.0);
        [r, g, b, alpha]
    }

    fn row_look(&self, y: usize) -> Look {
        let mut sums = Sums::default();
        self.row(y).for_each(|pixel| sums.add(self.premultiplied(pixel)));
        sums.look(self.width)
    }

    fn column_looks(&self, rows: Range<usize>) -> Vec<Look> {
        let mut sums = vec![Sums::default(); self.width];
        for y in rows.clone() {
            for (sums, pixel) in sums.iter_mut().zip(self.row(y)) {
                sums.add(self.premultiplied(pixel));
            }
        }
        sums.iter().map(|sums| sums.look(rows.len())).collect()
    }

    /// Returns the smallest part of the image that contains all pixels for which `is_content` holds, or `None` if there
    /// are none.
    fn bounds(&self, is_content: impl Fn(&[T]) -> bool) -> Option<KeptRanges> {
        let mut found: Option<KeptRanges> = None;
        for y in 0..self.height {
            let Some(first) = self.row(y).position(&is_content) else { continue };
            let end = self.row(y).rposition(&is_content).map_or(first, |last| last) + 1;
            found = Some(match found {
                None => (first..end, y..y + 1),
                Some((columns, rows)) => (columns.start.min(first)..columns.end.max(end), rows.start..y + 1),
            });
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: [u8; 4] = [255, 255, 255, 255];
    const CLEAR: [u8; 4] = [9, 200, 9, 0];

    /// An RGBA image of 20 x 16: `inner` in columns 3 to 12 and rows 5 to 13, `outer` elsewhere, both as functions of
    /// position.
    fn framed(outer: impl Fn(u32, u32) -> [u8; 4], inner: impl Fn(u32, u32) -> [u8; 4]) -> Raster {
        let inside = |x: u32, y: u32| (3..13).contains(&x) && (5..14).contains(&y);
        let at = |i: u32| if inside(i % 20, i / 20) { inner(i % 20, i / 20) } else { outer(i % 20, i / 20) };
        Raster { size: Size::new(20, 16), channels: 4, samples: Samples::U8((0..320).flat_map(at).collect()) }
    }

    fn busy(x: u32, y: u32) -> [u8; 4] {
        if (x + y).is_multiple_of(2) { [200, 30, 90, 255] } else { [10, 220, 40, 255] }
    }

    fn inner() -> Rect {
        Rect { left: 3, top: 5, size: Size::new(10, 9) }
    }

    #[track_caller]
    fn check(raster: &Raster, by: TrimBy, expected: Rect) {
        let op = Trim { by, pad_px: 0 };
        assert_eq!(measure(raster, &op), expected, "{by:?}");
        // The result is the same in other depths and channels.
        let deep = raster.clone().into_bytes().into_iter().map(|v| u16::from(v) * 257).collect();
        assert_eq!(measure(&Raster { samples: Samples::U16(deep), ..raster.clone() }, &op), expected, "{by:?} deep");
        if !raster.is_transparent() {
            assert_eq!(measure(&raster.clone().without_alpha(), &op), expected, "{by:?} without alpha");
        }
    }

    const AUTO: TrimBy = TrimBy::Uniform { mean: 11.0, deviation: 10.0 };

    const fn color(color: Option<Color>, tolerance: f64) -> TrimBy {
        TrimBy::Color { color, tolerance }
    }

    #[test]
    fn auto_takes_uniform_lines_that_change_slowly() {
        check(&framed(|_, _| WHITE, busy), AUTO, inner());
        // Grain within the deviation, and slow shading from top to bottom.
        check(&framed(|x, y| [230 - (y * 3) as u8 - (x % 2) as u8 * 9, 200, 200, 255], busy), AUTO, inner());
        check(&framed(|_, _| CLEAR, busy), AUTO, inner());
        let whole = Rect::whole(Size::new(20, 16));
        check(&framed(busy, busy), AUTO, whole);
        check(&framed(|_, _| WHITE, |_, _| WHITE), AUTO, whole);
        let strict = TrimBy::Uniform { mean: 11.0, deviation: 1.0 };
        check(&framed(|x, y| [200 + ((x + y) % 2) as u8 * 9, 0, 0, 255], busy), strict, whole);
    }

    #[test]
    fn auto_stops_at_a_sudden_change_unless_the_tolerance_allows_it() {
        // Two stripes of 3 and 2 rows at the top, then the content.
        let stripes = framed(|_, y| if y < 3 { WHITE } else { [200, 200, 200, 255] }, busy);
        let below = Rect { left: 3, top: 3, size: Size::new(10, 11) };
        check(&stripes, AUTO, below);
        check(&stripes, TrimBy::Uniform { mean: 60.0, deviation: 10.0 }, inner());
    }

    #[test]
    fn colour_is_given_or_that_of_the_first_pixel() {
        let near = framed(|x, _| [250 + (x % 3) as u8, 250, 250, 255], busy);
        check(&near, color(None, 2.0), inner());
        check(&near, color(Some(Color::WHITE), 5.0), inner());
        check(&near, color(Some(Color::WHITE), 4.0), Rect::whole(near.size));
        check(&near, color(Some(Color::BLACK), 4.0), Rect::whole(near.size));
        check(&framed(|_, _| WHITE, |_, _| WHITE), color(None, 0.0), Rect::whole(near.size));
        // Grey on a grey border.
        check(&framed(|_, _| [90, 90, 90, 255], |_, _| [99, 99, 99, 255]), color(None, 8.0), inner());
    }

    #[test]
    fn colour_takes_transparency_first() {
        let round = |x: u32, y: u32| if x == 0 || y == 0 { CLEAR } else { WHITE };
        check(&framed(round, busy), color(None, 0.0), inner());
        check(&framed(|_, _| CLEAR, busy), color(Some(Color::BLACK), 0.0), inner());
        let faint = framed(|_, _| [0, 0, 0, 40], busy);
        check(&faint, color(Some(Color::WHITE), 39.0), Rect::whole(faint.size));
        check(&faint, color(Some(Color::WHITE), 40.0), inner());
    }

    #[test]
    fn alpha_below_a_level() {
        let faint = framed(|_, _| [9, 9, 9, 40], busy);
        let alpha = |below, tolerance| TrimBy::Alpha { below, tolerance };
        let whole = Rect::whole(faint.size);
        check(&faint, alpha(0.0, 0.0), whole);
        check(&faint, alpha(40.0, 0.0), whole);
        check(&faint, alpha(41.0, 0.0), inner());
        check(&faint, alpha(30.0, 11.0), inner());
        check(&framed(|_, _| CLEAR, busy), alpha(0.0, 0.0), inner());
        check(&framed(|_, _| CLEAR, |_, _| CLEAR), alpha(0.0, 0.0), whole);
        check(&framed(|_, _| WHITE, busy), alpha(255.0, 0.0), whole);
    }

    #[test]
    fn colour_unless_alpha_looks_at_one_of_them() {
        let by = |tolerance| TrimBy::ColorUnlessAlpha { color: None, tolerance };
        check(&framed(|_, _| CLEAR, busy), by(0.0), inner());
        let white = framed(|_, _| WHITE, busy);
        let op = Trim { by: by(0.0), pad_px: 0 };
        assert_eq!(measure(&white, &op), Rect::whole(white.size), "there is an alpha channel");
        assert_eq!(measure(&white.without_alpha(), &op), inner());
        check(&framed(|_, _| [0, 0, 0, 7], busy), by(7.0), inner());
    }

    #[test]
    fn a_single_pixel_is_something() {
        let dot = |x, y| if (x, y) == (7, 8) { [0, 0, 0, 255] } else { WHITE };
        let only = Rect { left: 7, top: 8, size: Size::new(1, 1) };
        check(&framed(|_, _| WHITE, dot), color(None, 0.0), only);
        let lone = Raster { size: Size::new(1, 1), channels: 1, samples: Samples::U8(vec![3]) };
        assert_eq!(measure(&lone, &Trim { by: AUTO, pad_px: 9 }), Rect::whole(lone.size));
    }
}
