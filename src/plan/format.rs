//! The choice of format (`rendering.md` 13 and 14): what the request decides, and what depends on the original.

use std::time::Duration;

use crate::param::{Auto, ColorSpace, FormatParams, FormatWord};
use crate::units::Quality;

use super::answer::Format;
use super::types::{FallbackFormat, Measured, Negotiation, Output};

/// Returns the encoding part of a plan.
pub(super) fn output(params: &FormatParams, negotiation: &Negotiation, encode_time_max: Duration) -> Output {
    let Auto { compress, format, .. } = params.auto;
    let mut preferred = Vec::new();
    if format && negotiation.avif {
        preferred.push(Format::Avif);
    }
    if format && negotiation.webp {
        preferred.push(Format::Webp);
    }
    let asked = asked(params.fm);
    let by_alpha = if format { FallbackFormat::ByAlphaSmall } else { FallbackFormat::ByAlpha };
    Output {
        preferred,
        fallback: if compress { by_alpha } else { asked },
        fallback_animated: asked,
        webp_for_avif: is_avif(params) && negotiation.webp,
        yields: format,
        encode_time_max,
        quality: quality(params, negotiation),
        lossless: params.lossless.unwrap_or(false),
        progressive: params.fm == Some(FormatWord::Pjpg) || params.jpg_progressive.unwrap_or(true),
        chroma: params.chromasub.unwrap_or_default(),
        colors_max: params.colorquant,
        // `auto=compress` strips the profile, and an explicit `cs` puts one back.
        color_space: params.cs.unwrap_or(if compress { ColorSpace::Strip } else { ColorSpace::Origin }),
        dpi: params.dpi,
        iptc: params.iptc_allow.unwrap_or(false) && !compress,
    }
}

/// Returns whether AVIF is asked for by name.
pub(super) fn is_avif(params: &FormatParams) -> bool {
    params.fm == Some(FormatWord::Avif)
}

/// Returns the encoding part of a plan whose answer is data about the image.
pub(super) fn unencoded() -> Output {
    // Colours given as text are sRGB, whatever the profile of the image.
    let color_space = ColorSpace::Srgb;
    Output { color_space, ..output(&FormatParams::default(), &Negotiation::default(), Duration::MAX) }
}

/// Returns the quality. An explicit `q` wins over the 45 of `auto=compress`. `Save-Data`, which counts only if the URL
/// opts into it, lowers either.
fn quality(params: &FormatParams, negotiation: &Negotiation) -> Quality {
    let base = params.q.unwrap_or(if params.auto.compress { Quality::COMPRESS } else { Quality::DEFAULT });
    if negotiation.save_data { base.min(Quality::COMPRESS) } else { base }
}

/// Returns what `fm` asks for when nothing overrides it.
fn asked(fm: Option<FormatWord>) -> FallbackFormat {
    let Some(word) = fm else { return FallbackFormat::Source };
    match Format::of_word(word) {
        Some(format) => FallbackFormat::Fixed(format),
        // A dead format falls back to JPEG or PNG (`rendering.md` 14), and so does a sprite sheet, which is a still
        // image.
        None if matches!(word, FormatWord::Jxr | FormatWord::Spritesheet) => FallbackFormat::ByAlpha,
        // Never reached: blurhash and JSON are data, video is refused.
        None => FallbackFormat::Source,
    }
}

/// Returns the formats to try, in order: the first that encodes is sent. Never empty.
///
/// `image` describes the image *as rendered*: `has_alpha` after masks, bars and padding, `frames` after the selection
/// of frames. `source` is the original's format if it is one we write, `None` for TIFF, BMP, PDF and the like.
#[must_use]
pub fn choose_formats(output: &Output, image: &Measured, source: Option<Format>) -> Vec<Format> {
    let animated = image.frames > 1;
    let still = |small| match (image.has_alpha, small) {
        (true, true) => Format::Png8,
        (true, false) => Format::Png,
        (false, _) => Format::Jpeg,
    };
    // Some browsers that accept AVIF show an animated one as a still (`rendering.md` 13).
    let mut formats: Vec<Format> =
        output.preferred.iter().copied().filter(|format| !(animated && *format == Format::Avif)).collect();
    match if animated { output.fallback_animated } else { output.fallback } {
        FallbackFormat::Source => {
            formats.extend(source);
            // The source's format was not asked for by name, so one that we cannot write gives way.
            formats.push(still(false));
        }
        FallbackFormat::Fixed(format) => {
            formats.push(format);
            formats.extend((format == Format::Avif && output.webp_for_avif).then_some(Format::Webp));
        }
        FallbackFormat::ByAlpha => formats.push(still(false)),
        FallbackFormat::ByAlphaSmall => formats.push(still(true)),
    }
    let mut seen = Vec::with_capacity(formats.len());
    formats.retain(|format| !seen.contains(format) && (seen.push(*format), true).1);
    formats
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    const STILL: Measured = Measured { size: Size::new(30, 20), orientation: 1, has_alpha: false, frames: 1 };
    const CLEAR: Measured = Measured { has_alpha: true, ..STILL };
    const MOVING: Measured = Measured { frames: 9, ..STILL };

    fn params(auto: &str, fm: Option<FormatWord>) -> FormatParams {
        let auto = Auto { format: auto.contains("format"), compress: auto.contains("compress"), ..Auto::default() };
        FormatParams { auto, fm, ..FormatParams::default() }
    }

    /// Checks the choice; `accept` holds the names of the accepted formats.
    fn check(auto: &str, fm: Option<FormatWord>, accept: &str, image: &Measured, source: Format, expected: &[Format]) {
        let negotiation =
            Negotiation { avif: accept.contains("avif"), webp: accept.contains("webp"), ..Negotiation::default() };
        let output = output(&params(auto, fm), &negotiation, Duration::MAX);
        assert_eq!(choose_formats(&output, image, Some(source)), expected, "auto={auto} {fm:?} {accept} {image:?}");
    }

    #[test]
    fn without_auto_fm_or_the_source_decides() {
        use Format::{Avif, Gif, Jpeg, Jxl, Png, Png8, Png32, Webp};
        check("", None, "avif,webp", &STILL, Jpeg, &[Jpeg]);
        check("", None, "", &CLEAR, Gif, &[Gif, Png]);
        check("", None, "", &STILL, Avif, &[Avif, Jpeg]);
        for (word, format) in [
            (FormatWord::Jpg, Jpeg),
            (FormatWord::Pjpg, Jpeg),
            (FormatWord::Png, Png),
            (FormatWord::Png8, Png8),
            (FormatWord::Png32, Png32),
            (FormatWord::Webp, Webp),
            (FormatWord::Jxl, Jxl),
            (FormatWord::Gif, Gif),
            (FormatWord::Jp2, Format::Jp2),
        ] {
            check("", Some(word), "avif", &CLEAR, Jpeg, &[format]);
        }
        check("", Some(FormatWord::Avif), "avif", &CLEAR, Jpeg, &[Avif]);
        check("", Some(FormatWord::Avif), "avif,webp", &MOVING, Jpeg, &[Avif, Webp]);
        check("", Some(FormatWord::Jxr), "", &STILL, Png, &[Jpeg]);
        check("", Some(FormatWord::Jxr), "", &CLEAR, Jpeg, &[Png]);
    }

    #[test]
    fn an_original_of_a_format_we_do_not_write_becomes_jpeg_or_png() {
        let output = output(&params("", None), &Negotiation::default(), Duration::MAX);
        assert_eq!(choose_formats(&output, &STILL, None), [Format::Jpeg]);
        assert_eq!(choose_formats(&output, &CLEAR, None), [Format::Png]);
    }

    #[test]
    fn auto_format_prefers_what_is_accepted() {
        use Format::{Avif, Gif, Jpeg, Png, Webp};
        check("format", None, "avif,webp", &STILL, Jpeg, &[Avif, Webp, Jpeg]);
        check("format", None, "webp", &CLEAR, Png, &[Webp, Png]);
        check("format", None, "", &STILL, Jpeg, &[Jpeg]);
        check("format", Some(FormatWord::Png), "avif", &STILL, Jpeg, &[Avif, Png]);
        check("format", Some(FormatWord::Webp), "webp", &STILL, Jpeg, &[Webp]);
        check("format", None, "avif,webp", &MOVING, Gif, &[Webp, Gif, Jpeg]);
        check("format", None, "avif", &MOVING, Gif, &[Gif, Jpeg]);
    }

    #[test]
    fn auto_compress_overrides_fm_for_stills() {
        use Format::{Avif, Gif, Jpeg, Png, Png8, Webp};
        check("compress", None, "avif", &STILL, Png, &[Jpeg]);
        check("compress", None, "", &CLEAR, Jpeg, &[Png]);
        check("compress", Some(FormatWord::Gif), "", &STILL, Jpeg, &[Jpeg]);
        check("compress", Some(FormatWord::Webp), "", &CLEAR, Jpeg, &[Png]);
        check("compress", Some(FormatWord::Webp), "", &MOVING, Gif, &[Webp]);
        check("compress", None, "", &MOVING, Gif, &[Gif, Jpeg]);
        check("compress,format", None, "avif,webp", &STILL, Png, &[Avif, Webp, Jpeg]);
        check("compress,format", None, "webp", &CLEAR, Png, &[Webp, Png8]);
        check("compress,format", None, "", &STILL, Png, &[Jpeg]);
        check("compress,format", Some(FormatWord::Png), "", &CLEAR, Png, &[Png8]);
        check("compress,format", None, "avif,webp", &MOVING, Gif, &[Webp, Gif, Jpeg]);
    }

    #[test]
    fn quality_follows_q_then_compress_then_save_data() {
        let check = |auto: &str, q: Option<i64>, save_data: bool, expected: u8| {
            let params = FormatParams { q: q.map(Quality::clamped), ..params(auto, None) };
            let negotiation = Negotiation { save_data, ..Negotiation::default() };
            assert_eq!(
                output(&params, &negotiation, Duration::MAX).quality.get(),
                expected,
                "{auto} {q:?} {save_data}"
            );
        };
        check("", None, false, 75);
        check("format", None, false, 75);
        check("compress", None, false, 45);
        check("compress", Some(80), false, 80);
        check("", Some(0), false, 0);
        check("", None, true, 45);
        check("", Some(80), true, 45);
        check("", Some(30), true, 30);
    }

    #[test]
    fn compress_strips_unless_cs_puts_a_profile_back() {
        let of = |auto: &str, cs| {
            let params = FormatParams { cs, iptc_allow: Some(true), ..params(auto, None) };
            let output = output(&params, &Negotiation::default(), Duration::MAX);
            (output.color_space, output.iptc)
        };
        assert_eq!(of("", None), (ColorSpace::Origin, true));
        assert_eq!(of("compress", None), (ColorSpace::Strip, false));
        assert_eq!(of("compress", Some(ColorSpace::Srgb)), (ColorSpace::Srgb, false));
    }

    #[test]
    fn pjpg_is_progressive_always() {
        let of = |fm, jpg_progressive| {
            let params = FormatParams { jpg_progressive, ..params("", fm) };
            output(&params, &Negotiation::default(), Duration::MAX).progressive
        };
        assert!(of(None, None));
        assert!(!of(Some(FormatWord::Jpg), Some(false)));
        assert!(of(Some(FormatWord::Pjpg), Some(false)));
    }
}
