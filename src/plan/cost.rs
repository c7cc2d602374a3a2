//! Estimates how long an encoder will take before it starts: an image whose format would be late is written in one that
//! is ready in time. Pure, so the same image always comes in the same format.

use std::time::Duration;

use super::answer::Format;
use super::types::Output;
use crate::units::Size;

/// What an encoder is given: one frame. An animation keeps its format, however long it takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// Size of the rendition.
    pub size: Size,
    /// Whether an alpha channel is written too.
    pub has_alpha: bool,
    /// Mean difference of neighbouring luma samples, 0 to 255: about 5 in photographs, 85 in noise.
    pub detail: f32,
}

/// Returns those of `formats` that will be ready in time, in the same order; never empty.
///
/// Of the formats that were asked for by name only AVIF gives way, as imgix' page on `fm` states; with `auto=format`
/// every format does. The replacement is WebP if it is accepted, otherwise JPEG, or PNG where JPEG cannot hold what was
/// asked for.
#[must_use]
pub fn in_time(formats: Vec<Format>, output: &Output, work: &Work) -> Vec<Format> {
    let yields = |format: Format| output.yields || format == Format::Avif;
    let is_late = |format: Format| yields(format) && estimate(format, output, work) > output.encode_time_max;
    let mut kept: Vec<Format> = formats.into_iter().filter(|&format| !is_late(format)).collect();
    if kept.is_empty() {
        kept.push(if work.has_alpha || output.lossless { Format::Png } else { Format::Jpeg });
    }
    kept
}

/// Estimates how long a slow encoder takes for `work`, on the safe side. Returns zero for the other encoders, because
/// no faster format could replace them.
fn estimate(format: Format, output: &Output, work: &Work) -> Duration {
    let quality = f32::from(output.quality.get());
    let per_pixel_ns = format.facts().encode_time.per_pixel_ns(quality, output.lossless, work.has_alpha, work.detail);
    let pixels = work.size.area() as f64;
    Duration::from_secs_f64((pixels * f64::from(per_pixel_ns) * 1e-9).min(1e6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::{Auto, FormatParams, FormatWord};
    use crate::plan::{Negotiation, format};
    use crate::units::Quality;

    const S: Duration = Duration::from_secs(1);

    fn output(auto_format: bool, fm: Option<FormatWord>, quality: u8, lossless: bool) -> Output {
        let auto = Auto { format: auto_format, ..Auto::default() };
        let params = FormatParams { auto, fm, lossless: Some(lossless), ..FormatParams::default() };
        let output = format::output(&params, &Negotiation::default(), 3 * S);
        Output { quality: Quality::clamped(quality.into()), ..output }
    }

    fn work(width: u32, height: u32, has_alpha: bool, detail: f32) -> Work {
        Work { size: Size::new(width, height), has_alpha, detail }
    }

    #[test]
    fn avif_goes_one_step_down_where_it_would_take_too_long() {
        use Format::{Avif, Gif, Jpeg, Jxl, Png, Webp};
        let check = |output: &Output, work: Work, from: &[Format], expected: &[Format]| {
            assert_eq!(in_time(from.to_vec(), output, &work), expected, "{from:?} {work:?}");
        };
        let auto = output(true, None, 75, false);
        let (small, large) = (work(1600, 1067, false, 6.0), work(8192, 5461, false, 6.0));
        check(&auto, small, &[Avif, Webp, Jpeg], &[Avif, Webp, Jpeg]);
        check(&auto, large, &[Avif, Webp, Jpeg], &[Webp, Jpeg]);
        check(&auto, large, &[Avif, Jpeg], &[Jpeg]);
        check(&auto, large, &[Avif, Gif], &[Jpeg]);
        check(&auto, work(8192, 5461, true, 6.0), &[Avif, Gif], &[Png]);
        check(&auto, work(8192, 8192, true, 90.0), &[Avif, Webp, Png], &[Png]);
        check(&output(true, None, 75, true), large, &[Avif, Webp, Jpeg], &[Jpeg]);
        check(&output(true, None, 75, true), large, &[Avif, Webp], &[Png]);
        check(&output(true, Some(FormatWord::Jxl), 75, false), large, &[Jxl], &[Jpeg]);
        // Asked for by name.
        check(&output(false, Some(FormatWord::Avif), 75, false), large, &[Avif], &[Jpeg]);
        check(&output(false, Some(FormatWord::Avif), 75, false), work(8192, 5461, true, 6.0), &[Avif], &[Png]);
        check(&output(false, Some(FormatWord::Avif), 75, false), small, &[Avif], &[Avif]);
        check(&output(false, Some(FormatWord::Gif), 75, false), large, &[Gif], &[Gif]);
    }

    #[test]
    fn estimates_rise_with_everything_that_makes_work() {
        let estimate_of = |quality, work| estimate(Format::Avif, &output(false, None, quality, false), &work);
        let base = work(1000, 1000, false, 6.0);
        for quality in 0..100 {
            assert!(estimate_of(quality, base) <= estimate_of(quality + 1, base), "{quality}");
        }
        for detail in 0..255_u8 {
            let of = |detail| estimate_of(75, Work { detail: f32::from(detail), ..base });
            assert!(of(detail) <= of(detail + 1), "{detail}");
        }
        assert!(estimate_of(75, Work { has_alpha: true, ..base }) > estimate_of(75, base));
        let _no_overflow = estimate_of(100, Work { size: Size::new(u32::MAX, u32::MAX), ..base });
        // Estimates lie between the measured figure and 5/4 of it, for a photograph, one in the dark, and noise.
        for (detail, measured_ns) in [(6.0, 1018), (20.0, 1574), (85.0, 2092)] {
            let estimated = estimate_of(75, Work { detail, ..base }).as_micros() / 1000;
            assert!((measured_ns..measured_ns * 5 / 4).contains(&(estimated)), "{detail}: {estimated} {measured_ns}");
        }
    }
}
