//! What is sent: an image in one of the formats that we write, data about an image, or an SVG that stays SVG. Contains
//! the only table of facts about formats.

use serde::{Deserialize, Serialize};

use super::encode_time::EncodeTime;
use crate::param::FormatWord;
use crate::sniff::SourceFormat;

/// What an answer consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Answer {
    /// An encoded image.
    Image(Format),
    /// Words or numbers about an image.
    Data(Data),
    /// An SVG original that stays SVG.
    Svg,
}

impl Answer {
    /// Returns the registered media type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Image(format) => format.facts().content_type,
            Self::Data(data) => data.content_type(),
            Self::Svg => SourceFormat::Svg.content_type(),
        }
    }
}

/// A form of data about an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Data {
    /// The description of `rendering.md` 15.1.
    Json,
    /// A palette as JSON.
    PaletteJson,
    /// A palette as a style sheet.
    PaletteCss,
    /// A BlurHash, plain text.
    Blurhash,
}

impl Data {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Json | Self::PaletteJson => "application/json",
            Self::PaletteCss => "text/css; charset=utf-8",
            Self::Blurhash => "text/plain; charset=utf-8",
        }
    }
}

/// Data that is sent instead of an image (`rendering.md` 15).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DataOutput {
    /// A description of the original: `fm=json`.
    Json {
        /// Whether the faces are listed.
        faces: bool,
    },
    /// `palette=json`
    PaletteJson {
        /// Number of colours, 0 to 16.
        colors: u8,
    },
    /// `palette=css`
    PaletteCss {
        /// Number of colours, 0 to 16.
        colors: u8,
        /// Prefix of the class names: letters, digits, `-` and `_`.
        prefix: String,
    },
    /// `fm=blurhash`
    Blurhash,
}

/// What code other than the encoders has to know about a format.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Our name for it, for errors.
    pub name: &'static str,
    /// Registered media type.
    pub content_type: &'static str,
    /// File name extension, which is also a word of `fm`.
    pub extension: &'static str,
    /// The words of `fm` that ask for it.
    pub words: &'static [FormatWord],
    /// The format of originals that are written back in this format.
    pub source: Option<SourceFormat>,
    /// Whether it can hold transparency.
    pub keeps_alpha: bool,
    /// Whether we can attach a colour profile to it. If not, the pixels have to be sRGB.
    pub keeps_profile: bool,
    /// Whether we can write animations in it.
    pub is_animated: bool,
    /// Whether its encoder reduces the number of colours itself.
    pub has_palette: bool,
    /// Longest side that it can hold, in pixels.
    pub side_max: u32,
    /// How long its encoder takes.
    pub encode_time: EncodeTime,
}

/// The facts that most formats share.
const COMMON: Facts = Facts {
    name: "",
    content_type: "",
    extension: "",
    words: &[],
    source: None,
    keeps_alpha: true,
    keeps_profile: false,
    is_animated: false,
    has_palette: false,
    side_max: i32::MAX as u32,
    encode_time: EncodeTime::NEVER_LATE,
};

const PNG: Facts = Facts {
    name: "png",
    content_type: "image/png",
    extension: "png",
    keeps_profile: true,
    source: Some(SourceFormat::Png),
    has_palette: true,
    ..COMMON
};

/// Declares [`Format`] together with the facts about each format.
macro_rules! formats {
    ($($(#[$doc:meta])* $format:ident => $facts:expr,)+) => {
        /// An image format that we write.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "the names of the formats")]
        pub enum Format {
            $($(#[$doc])* $format,)+
        }

        impl Format {
            /// All formats.
            pub const ALL: &'static [Self] = &[$(Self::$format,)+];

            /// Returns the facts about this format.
            #[must_use]
            pub const fn facts(self) -> &'static Facts {
                match self {
                    $(Self::$format => &$facts,)+
                }
            }
        }
    };
}

formats! {
    Jpeg => Facts {
        words: &[FormatWord::Jpg, FormatWord::Pjpg],
        name: "jpeg",
        content_type: "image/jpeg",
        extension: "jpg",
        source: Some(SourceFormat::Jpeg),
        keeps_alpha: false,
        keeps_profile: true,
        // The limit of libjpeg, which every later JPEG library kept.
        side_max: 65_500,
        ..COMMON
    },
    Png => Facts { words: &[FormatWord::Png], ..PNG },
    /// At most 256 colours.
    Png8 => Facts { words: &[FormatWord::Png8], name: "png8", extension: "png8", source: None, ..PNG },
    /// Always RGBA.
    Png32 => Facts {
        words: &[FormatWord::Png32],
        name: "png32",
        extension: "png32",
        source: None,
        has_palette: false,
        ..PNG
    },
    Webp => Facts {
        words: &[FormatWord::Webp],
        name: "webp",
        content_type: "image/webp",
        extension: "webp",
        source: Some(SourceFormat::Webp),
        keeps_profile: true,
        is_animated: true,
        // RFC 9649 section 2.6 allows 16384 in the extended header only; a VP8 key frame has 14 bits per side.
        side_max: 16_383,
        encode_time: EncodeTime::WEBP,
        ..COMMON
    },
    Avif => Facts {
        words: &[FormatWord::Avif],
        name: "avif",
        content_type: "image/avif",
        extension: "avif",
        source: Some(SourceFormat::Avif),
        side_max: 65_535,
        encode_time: EncodeTime::AVIF,
        ..COMMON
    },
    Jxl => Facts {
        words: &[FormatWord::Jxl],
        name: "jxl",
        content_type: "image/jxl",
        extension: "jxl",
        source: Some(SourceFormat::Jxl),
        keeps_profile: true,
        encode_time: EncodeTime::JXL,
        ..COMMON
    },
    Gif => Facts {
        words: &[FormatWord::Gif],
        name: "gif",
        content_type: "image/gif",
        extension: "gif",
        source: Some(SourceFormat::Gif),
        is_animated: true,
        side_max: 65_535,
        encode_time: EncodeTime::GIF,
        ..COMMON
    },
    Jp2 => Facts {
        words: &[FormatWord::Jp2],
        name: "jp2",
        content_type: "image/jp2",
        extension: "jp2",
        source: Some(SourceFormat::Jp2),
        encode_time: EncodeTime::JP2,
        ..COMMON
    },
}

impl Format {
    /// Returns the format that a word of `fm` asks for, if we write it.
    #[must_use]
    pub fn of_word(word: FormatWord) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.facts().words.contains(&word))
    }

    /// Returns the format in which an original of this kind is written back, if we write it.
    #[must_use]
    pub fn of_source(source: SourceFormat) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.facts().source == Some(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_in_the_table_once() {
        let names: std::collections::BTreeSet<_> = Format::ALL.iter().map(|format| format.facts().name).collect();
        assert_eq!(names.len(), Format::ALL.len());
        for format in Format::ALL.iter().copied() {
            assert!(format.facts().content_type.starts_with("image/"), "{format:?}");
        }
        assert_eq!(Format::of_source(SourceFormat::Png), Some(Format::Png));
        assert_eq!(Format::of_source(SourceFormat::Tiff), None);
    }
}
