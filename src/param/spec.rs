//! What a parameter is: [`ParamSpec`], one entry of [`PARAMS`](super::PARAMS), and the words that describe it.
//!
//! Parsing, dependency checks, the reference and the tests read nothing but these entries.

use super::{Kind, Params, Value};
use crate::nearest::nearest;

/// One parameter of the grammar.
///
/// Entries are written as `ParamSpec { name: "w", ..ParamSpec::base(Category::Size) }`.
#[derive(Clone, Copy, Debug)]
pub struct ParamSpec {
    /// Canonical name, as sent in a URL; matched case-sensitively.
    pub name: &'static str,
    /// Older spellings. The canonical name wins over them.
    pub aliases: &'static [&'static str],
    /// Group in the reference.
    pub category: Category,
    /// What it takes to honour it.
    pub tier: Tier,
    /// Forms a value may have, tried in order; the first that parses is taken.
    pub kinds: &'static [Kind],
    /// What absence means, written as a value, where that does not depend on the picture.
    pub default: Option<&'static str>,
    /// Other parameters without which this one is dropped.
    pub needs: Needs,
    /// What it does, for the reference: one or two sentences.
    pub summary: &'static str,
    /// A query string in which it is honoured.
    pub example: &'static str,
    /// The picture of `fixtures/photos` on which the example shows.
    pub picture: &'static str,
    /// Whether it has an effect yet.
    pub state: State,
    /// Words that are read and have no effect, of a parameter that is rendered: what they ask for needs a model.
    pub inert: &'static [&'static str],
    /// Whether `<name>64` (and `<alias>64`) carries the value in base64url (`rendering.md` 1.2).
    pub base64: bool,
    /// Whether repetitions, and the source's default, add up instead of replacing each other: `auto`.
    pub merges: bool,
    /// Whether the name without a value means something: `dl`.
    pub bare: bool,
    /// Whether it is there to keep something from being seen. Then a value that cannot be read is an error wherever it
    /// stands, the empty one too: to drop it would show what somebody asked to hide. A default of the source holds for
    /// the parts of a picture as well.
    pub protects: bool,
    /// Stores a value that one of `kinds` parsed.
    pub set: fn(&mut Params, &Value),
}

impl ParamSpec {
    /// The entry that others are written as a difference from: core, accepted, with a base64 twin.
    pub(super) const fn base(category: Category) -> Self {
        Self {
            name: "",
            aliases: &[],
            category,
            tier: Tier::Core,
            kinds: &[],
            default: None,
            needs: Needs::Nothing,
            summary: "",
            example: "",
            picture: "rocket.jpg",
            state: State::Accepted,
            inert: &[],
            base64: true,
            merges: false,
            bare: false,
            protects: false,
            set: |_, _| {},
        }
    }

    /// The value in the first form that fits, with numbers clamped to their range; `None` means "drop the parameter".
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<Value> {
        let value = self.kinds.iter().find_map(|kind| kind.parse(text))?;
        // Text may consist of nothing but control characters, which go.
        let empty = matches!(&value, Value::Text(text) if text.is_empty());
        (self.bare || !empty).then_some(value)
    }

    /// Whether honouring this parameter means decoding the original.
    ///
    /// Control parameters, `dl` (a header), `ch` (an opt-in) and what is parsed and ignored leave the original's bytes
    /// alone: the video parameters, and those whose model is absent, for which the original stands in.
    #[must_use]
    pub fn asks_for_rendering(&self) -> bool {
        let control = matches!(self.category, Category::Control | Category::Expiration);
        let ignored = matches!(
            self.category,
            Category::VideoRendering
                | Category::Background
                | Category::ObjectManipulation
                | Category::SuperResolution
                | Category::LicensePlateDetection
        );
        !control && !ignored && self.name != "dl" && self.name != "ch"
    }

    /// Whether `value` has an effect. Of a parameter that is only accepted, those have one that ask for nothing and the
    /// default: what they say is done.
    #[must_use]
    pub fn has_effect(&self, value: &Value) -> bool {
        match self.state {
            State::Rendered => !self.inert.iter().any(|word| value.has(word)),
            State::Accepted => {
                let is_off = self.default != Some("true") && (value.has("false") || value.has("off"));
                is_off || self.default.and_then(|default| self.parse(default)).as_ref() == Some(value)
            }
        }
    }

    /// The words of a list that mean nothing, each with the word that may have been meant. A request passes over them.
    #[must_use]
    pub fn unknown_words<'a>(&self, text: &'a str) -> Vec<(&'a str, Option<&'static str>)> {
        let unknown = self.kinds.iter().filter(|kind| !kind.words().is_empty()).flat_map(|kind| {
            kind.passed_over(text).into_iter().map(|item| (item, nearest(item, kind.words().iter().copied())))
        });
        // A value may have several forms, and what one of them takes is known.
        unknown.filter(|(item, _)| self.parse(item).is_none()).collect()
    }

    /// The value's grammar, its forms joined by `|`.
    #[must_use]
    pub fn grammar(&self) -> String {
        self.kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
    }
}

/// What a parameter depends on. A condition is `name` (present and valid) or `name=word` (its value has that word).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Works alone.
    Nothing,
    /// Every condition.
    All(&'static [&'static str]),
    /// At least one of them.
    Any(&'static [&'static str]),
    /// Written in the reference, never a reason to drop: the output format may still be decided by negotiation or by
    /// the original.
    Advisory(&'static [&'static str]),
}

impl Needs {
    /// The conditions, however they are joined.
    #[must_use]
    pub const fn conditions(self) -> &'static [&'static str] {
        match self {
            Self::Nothing => &[],
            Self::All(conditions) | Self::Any(conditions) | Self::Advisory(conditions) => conditions,
        }
    }
}

/// Whether a parameter does something yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Has its effect.
    Rendered,
    /// Parsed and validated, without effect.
    Accepted,
}

impl State {
    /// As written by `tintype params`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rendered => "rendered",
            Self::Accepted => "accepted",
        }
    }
}

/// What it takes to honour a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// An image origin must do this.
    Core,
    /// An image origin can do this without models.
    Extended,
    /// Needs a vision or generative model.
    Ai,
    /// Needs a video pipeline: parsed and ignored.
    Video,
}

impl Tier {
    /// As written by `tintype params`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Extended => "extended",
            Self::Ai => "ai",
            Self::Video => "video",
        }
    }
}

/// Declares [`Category`] with its names and headings, so that the three cannot drift.
macro_rules! categories {
    ($($variant:ident $name:literal $heading:literal,)+) => {
        /// Groups of the public parameter list, in the order of the reference.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the names are the documented words")]
        pub enum Category {
            $($variant,)+
        }

        impl Category {
            /// Every group, in the order of the reference.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// As the public list spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// As a heading.
            #[must_use]
            pub const fn heading(self) -> &'static str {
                match self {
                    $(Self::$variant => $heading,)+
                }
            }
        }
    };
}

categories! {
    Size "size" "Size and crop",
    PixelDensity "pixel-density" "Pixel density",
    FocalPoint "focalpoint-crop" "Focal point",
    Rotation "rotation" "Rotation and mirroring",
    Trim "trim" "Trimming",
    Fill "fill" "Background and fill",
    Adjustment "adjustment" "Adjustments",
    NoiseReduction "noise-reduction" "Noise reduction",
    Stylize "stylize" "Effects",
    Blending "blending" "Blending",
    GradientOverlay "gradient-overlay" "Gradient and fade",
    Watermark "watermark" "Watermark",
    Mask "mask" "Masks",
    BorderAndPadding "border-and-padding" "Border and padding",
    DropShadow "drop-shadow" "Drop shadows",
    Text "text" "Text",
    Typesetting "typesetting" "Typesetting",
    Auto "auto" "Automatic",
    Format "format" "Format and encoding",
    Misc "misc" "Passing through",
    ColorPalette "color-palette" "Colour palette",
    Animation "animation" "Animation",
    Pdf "pdf" "Documents",
    FaceDetection "face-detection" "Face detection",
    LicensePlateDetection "license-plate-detection" "Licence plates",
    Background "background" "Background models",
    ObjectManipulation "object-manipulation" "Object removal",
    SuperResolution "super-resolution" "Super resolution",
    VideoRendering "video-rendering" "Video",
    Expiration "expiration" "Expiry",
    Control "control" "Control",
}
