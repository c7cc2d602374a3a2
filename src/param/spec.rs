//! What a parameter is: [`ParamSpec`], one entry of [`PARAMS`](super::PARAMS), and the types that describe it.
//!
//! Parsing, dependency checks, the reference and the tests read nothing but these entries.

use super::{Kind, Params, Value};
use crate::nearest::nearest;

/// One parameter of the grammar.
///
/// Entries are written as `ParamSpec { name: "w", ..ParamSpec::base(Category::Size) }`.
#[derive(Clone, Copy, Debug)]
pub struct ParamSpec {
    /// Canonical name, as sent in a URL; case-sensitive.
    pub name: &'static str,
    /// Older spellings. The canonical name wins over them.
    pub aliases: &'static [&'static str],
    /// Group in the reference.
    pub category: Category,
    /// What it acts on.
    pub effect: Effect,
    /// What honouring it takes.
    pub tier: Tier,
    /// Forms that a value may have, tried in order; the first that parses wins.
    pub kinds: &'static [Kind],
    /// What absence means, written as a value. `None` where that depends on the image.
    pub default: Option<&'static str>,
    /// Conditions on other parameters; if they are unmet, this parameter is dropped.
    pub needs: Needs,
    /// What it does, for the reference: one or two sentences.
    pub summary: &'static str,
    /// An example query string in which it is honoured.
    pub example: &'static str,
    /// The image of `fixtures/photos` that shows the example best.
    pub photo: &'static str,
    /// Whether it has an effect yet.
    pub state: State,
    /// Words of a rendered parameter that are read but have no effect, because what they ask for needs a model.
    pub inert: &'static [&'static str],
    /// Whether `<name>64` (and `<alias>64`) carries the value in base64url (`rendering.md` 1.2).
    pub base64: bool,
    /// Whether repetitions and the source's default add up instead of replacing each other, as for `auto`.
    pub merges: bool,
    /// Whether the bare name, without a value, has a meaning, as for `dl`.
    pub bare: bool,
    /// Whether it hides something from viewers. If so, an unreadable value is an error wherever it appears, even an
    /// empty one, because dropping it would show what somebody asked to hide. A source's default for it also applies to
    /// the overlays of an image.
    pub protects: bool,
    /// Whether its value must not be logged.
    pub secret: bool,
    /// Whether a source may set it by default. Not where it needs the request's own opt-in, or applies to one URL.
    pub presettable: bool,
    /// Whether it is newer than the public list of parameters in `fixtures/parameters.json`.
    pub newer: bool,
    /// Stores a value that one of `kinds` parsed.
    pub set: fn(&mut Params, &Value),
}

impl ParamSpec {
    /// The entry that all others start from: core, accepted, with a base64 twin.
    pub(super) const fn base(category: Category) -> Self {
        Self {
            name: "",
            aliases: &[],
            category,
            effect: Effect::Pixels,
            tier: Tier::Core,
            kinds: &[],
            default: None,
            needs: Needs::Nothing,
            summary: "",
            example: "",
            photo: "rocket.jpg",
            state: State::Accepted,
            inert: &[],
            base64: true,
            merges: false,
            bare: false,
            protects: false,
            secret: false,
            presettable: true,
            newer: false,
            set: |_, _| {},
        }
    }

    /// Parses the value in the first form that fits, clamping numbers to their range. `None` means that the parameter
    /// is dropped.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<Value> {
        let value = self.kinds.iter().find_map(|kind| kind.parse(text))?;
        // Text of nothing but control characters is empty once they are removed.
        let empty = matches!(&value, Value::Text(text) if text.is_empty());
        (self.bare || !empty).then_some(value)
    }

    /// Returns whether `value` has an effect. For a parameter that is only accepted, a value that turns it off and the
    /// default count as having one, because what they ask for is what happens.
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

    /// Returns the unknown words of a list, each with the word that was probably meant. A request skips unknown words.
    #[must_use]
    pub fn unknown_words<'a>(&self, text: &'a str) -> Vec<(&'a str, Option<&'static str>)> {
        let unknown = self.kinds.iter().filter(|kind| !kind.words().is_empty()).flat_map(|kind| {
            kind.passed_over(text).into_iter().map(|item| (item, nearest(item, kind.words().iter().copied())))
        });
        // A value may have several forms, and a word that any of them accepts is known.
        unknown.filter(|(item, _)| self.parse(item).is_none()).collect()
    }

    /// Returns the value's grammar, with its forms joined by `|`.
    #[must_use]
    pub fn grammar(&self) -> String {
        self.kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
    }
}

/// What a parameter acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The image, or data about it: the original has to be decoded.
    Pixels,
    /// How the answer is delivered: its headers, its lifetime. The original's bytes stay as they are.
    Delivery,
    /// The request itself: signatures, the name of a client. Says nothing about the answer.
    Control,
    /// Nothing: it is read and checked, and the original stands in for what it asks.
    Ignored,
}

/// What a parameter depends on. A condition is `name` (present and valid) or `name=word` (its value contains that
/// word).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Works alone.
    Nothing,
    /// Every condition must hold.
    All(&'static [&'static str]),
    /// At least one condition must hold.
    Any(&'static [&'static str]),
    /// Shown in the reference, but never a reason to drop the parameter: the output format may still be decided by
    /// negotiation or by the original.
    Advisory(&'static [&'static str]),
}

impl Needs {
    /// Returns the conditions, however they are combined.
    #[must_use]
    pub const fn conditions(self) -> &'static [&'static str] {
        match self {
            Self::Nothing => &[],
            Self::All(conditions) | Self::Any(conditions) | Self::Advisory(conditions) => conditions,
        }
    }
}

/// Whether a parameter has an effect yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Has its effect.
    Rendered,
    /// Parsed and validated, without effect.
    Accepted,
}

impl State {
    /// Returns the name that `tintype params` prints.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rendered => "rendered",
            Self::Accepted => "accepted",
        }
    }
}

/// What honouring a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// An image origin must do this.
    Core,
    /// An image origin can do this without models.
    Extended,
    /// Needs a vision or generative model.
    Ai,
    /// Needs a video pipeline; parsed and ignored.
    Video,
}

impl Tier {
    /// Returns the name that `tintype params` prints.
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

/// Declares [`Category`] with its names and headings, so that the three cannot drift apart.
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

            /// Returns the name as the public list spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Returns the heading.
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
