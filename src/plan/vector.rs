//! How SVG and other originals without pixels of their own are treated (`rendering.md` 16): the whole policy.

use super::answer::{DataOutput, Format};
use super::feature::hide_faces::HideFaces;
use super::resolved::Plan;
use super::types::{Policy, Vectors};
use crate::param::{FormatWord, Params};
use crate::sniff::SourceFormat;

/// What a plan does with an original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It is decoded or described.
    Decode,
    /// It is sent unchanged.
    AsItIs,
    /// An SVG that stays SVG.
    Svg {
        /// Whether it loses what runs code or loads resources.
        sanitized: bool,
    },
    /// It is refused: it might show a face that has to be hidden, and no detector has examined it.
    Refuse,
}

impl Vectors {
    /// Sends an SVG as SVG, without what runs code or loads resources.
    pub(super) const SEND: Self = Self { bypass: false, sanitize: true, draw: false };

    pub(super) fn of(params: &Params, policy: &Policy) -> Self {
        let hides = HideFaces::of(params).is_some();
        Self {
            // Faces that must be hidden must not bypass rendering.
            bypass: params.format.rasterize_bypass.unwrap_or(false) && !hides,
            sanitize: params.format.svg_sanitize.unwrap_or(true),
            draw: policy.rasterize_svg || asks_for_pixels(params),
        }
    }
}

impl Plan {
    /// Returns how an original of this kind is treated.
    #[must_use]
    pub const fn treatment(&self, format: SourceFormat) -> Treatment {
        let is_svg = matches!(format, SourceFormat::Svg);
        match self.vectors {
            // Even with the bypass, compressed SVG has to be inflated, because no header declares the compression.
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

    /// Returns whether the plan only describes the original.
    const fn describes(&self) -> bool {
        matches!(self.data, Some(DataOutput::Json { .. }))
    }

    /// Returns whether an overlay of this kind is drawn: if SVG originals are not rasterized, SVG overlays are left out
    /// too.
    #[must_use]
    pub const fn draws(&self, format: SourceFormat) -> bool {
        self.vectors.draw || !matches!(format, SourceFormat::Svg)
    }
}

/// Returns whether the request itself asks for pixels, or for something computed from them: a raster format by name, a
/// palette, a blurhash. Negotiation (`auto=format`) does not count, because it is on every URL of many sites.
fn asks_for_pixels(params: &Params) -> bool {
    let named = params.format.fm.is_some_and(|word| {
        let is_drawn = matches!(word, FormatWord::Jxr | FormatWord::Blurhash | FormatWord::Spritesheet);
        is_drawn || Format::of_word(word).is_some()
    });
    named || params.palette.format.is_some()
}
