//! What becomes of SVG and other originals without pixels of their own (`rendering.md` 16): the whole policy.

use super::answer::{DataOutput, Format};
use super::feature::hide_faces::HideFaces;
use super::resolved::Plan;
use super::types::{Policy, Vectors};
use crate::param::{FormatWord, Params};
use crate::sniff::SourceFormat;

/// What a plan makes of an original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It is decoded, or described.
    Decode,
    /// It is sent as it is.
    AsItIs,
    /// An SVG that stays SVG.
    Svg {
        /// Whether it loses what runs or loads.
        sanitized: bool,
    },
    /// Nothing: it could hold what has to be hidden, and nobody has looked into it.
    Refuse,
}

impl Vectors {
    /// An SVG is sent as SVG, without what runs or loads.
    pub(super) const SEND: Self = Self { bypass: false, sanitize: true, draw: false };

    pub(super) fn of(params: &Params, policy: &Policy) -> Self {
        let hides = HideFaces::of(params).is_some();
        Self {
            // What must be hidden must not be passed by.
            bypass: params.format.rasterize_bypass.unwrap_or(false) && !hides,
            sanitize: params.format.svg_sanitize.unwrap_or(true),
            draw: policy.rasterize_svg || asks_for_pixels(params),
        }
    }
}

impl Plan {
    /// What is made of an original of this kind.
    #[must_use]
    pub const fn treatment(&self, format: SourceFormat) -> Treatment {
        let is_svg = matches!(format, SourceFormat::Svg);
        match self.vectors {
            // Compressed SVG has to be inflated all the same: no header says that it is compressed.
            Vectors { bypass: true, .. } if is_svg => Treatment::Svg { sanitized: false },
            Vectors { bypass: true, .. } if format.is_vector() => Treatment::AsItIs,
            Vectors { draw: false, sanitize, .. } if is_svg && !self.describes() => {
                if self.hide_faces.is_some() {
                    Treatment::Refuse
                } else {
                    Treatment::Svg { sanitized: sanitize }
                }
            }
            Vectors { .. } => Treatment::Decode,
        }
    }

    /// Whether it only describes the original.
    const fn describes(&self) -> bool {
        matches!(self.data, Some(DataOutput::Json { .. }))
    }

    /// Whether an overlay of this kind is drawn: where no SVG is drawn, none is drawn on images either.
    #[must_use]
    pub const fn draws(&self, format: SourceFormat) -> bool {
        self.vectors.draw || !matches!(format, SourceFormat::Svg)
    }
}

/// Whether the request itself says that it wants pixels, or something that is read off them: a raster format by name, a
/// palette, a blurhash. Negotiation (`auto=format`) is no such word: it is on every URL of many sites.
fn asks_for_pixels(params: &Params) -> bool {
    let named = params.format.fm.is_some_and(|word| {
        let is_drawn = matches!(word, FormatWord::Jxr | FormatWord::Blurhash | FormatWord::Spritesheet);
        is_drawn || Format::of_word(word).is_some()
    });
    named || params.palette.format.is_some()
}
