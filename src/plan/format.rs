//! The choice of format (`rendering.md` 13 and 14): what the request settles, and what is left to the original.

use crate::param::{Auto, ColorSpace, FormatParams, FormatWord};
use crate::units::Quality;

use super::types::{FallbackFormat, Format, Measured, Negotiation, Output};

/// The encoding part of a plan.
pub(super) fn output(params: &FormatParams, negotiation: &Negotiation) -> Output {
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

/// An explicit `q` wins over the 45 of `auto=compress`. `Save-Data` is a header that the URL asked to be followed, and
/// lowers whatever there is.
fn quality(params: &FormatParams, negotiation: &Negotiation) -> Quality {
    let base = params.q.unwrap_or(if params.auto.compress { Quality::COMPRESS } else { Quality::DEFAULT });
    if negotiation.save_data { base.min(Quality::COMPRESS) } else { base }
}

/// What `fm` asks for when nothing overrides it.
fn asked(fm: Option<FormatWord>) -> FallbackFormat {
    let Some(word) = fm else { return FallbackFormat::Source };
    match word {
        FormatWord::Gif => FallbackFormat::Fixed(Format::Gif),
        FormatWord::Jpg | FormatWord::Pjpg => FallbackFormat::Fixed(Format::Jpeg),
        FormatWord::Jp2 => FallbackFormat::Fixed(Format::Jp2),
        FormatWord::Json => FallbackFormat::Fixed(Format::Json),
        FormatWord::Jxl => FallbackFormat::Fixed(Format::Jxl),
        FormatWord::Png => FallbackFormat::Fixed(Format::Png),
        FormatWord::Png8 => FallbackFormat::Fixed(Format::Png8),
        FormatWord::Png32 => FallbackFormat::Fixed(Format::Png32),
        FormatWord::Webp => FallbackFormat::Fixed(Format::Webp),
        FormatWord::Avif => FallbackFormat::Fixed(Format::Avif),
        // A dead format: falls back to JPEG or PNG (`rendering.md` 14).
        FormatWord::Jxr => FallbackFormat::ByAlpha,
        // Not made yet (blurhash) or refused before this (video): as if absent.
        FormatWord::Blurhash | FormatWord::Mp4 | FormatWord::Webm => FallbackFormat::Source,
    }
}

/// The formats to try, in order: the first that encodes is sent. Never empty.
///
/// `picture` describes the picture *as rendered*: `has_alpha` after masks, bars and padding, `frames` after the selection
/// of frames. `source` is the original's format when it is one we write, `None` for TIFF, BMP, PDF and the like.
#[must_use]
pub fn choose_formats(output: &Output, picture: &Measured, source: Option<Format>) -> Vec<Format> {
    let animated = picture.frames > 1;
    let still = |small| match (picture.has_alpha, small) {
        (true, true) => Format::Png8,
        (true, false) => Format::Png,
        (false, _) => Format::Jpeg,
    };
    // Animated AVIF is shown as a still by some browsers that accept AVIF (`rendering.md` 13).
    let mut formats: Vec<Format> =
        output.preferred.iter().copied().filter(|format| !(animated && *format == Format::Avif)).collect();
    match if animated { output.fallback_animated } else { output.fallback } {
        FallbackFormat::Source => {
            formats.extend(source.filter(|format| *format != Format::Json));
            // Nobody asked for the source's format by name, so one that we cannot write gives way.
            formats.push(still(false));
        }
        FallbackFormat::Fixed(format) => formats.push(format),
        FallbackFormat::ByAlpha => formats.push(still(false)),
        FallbackFormat::ByAlphaSmall => formats.push(still(true)),
    }
    let mut seen = Vec::with_capacity(formats.len());
    formats.retain(|format| !seen.contains(format) && (seen.push(*format), true).1);
    formats
}
