//! [`Value`]: one parsed value, on its way from the grammar to its field in `Params`.

use std::fmt;

use super::{
    AlignWord, BlendSource, Expires, Font, FrameSelect, FrameSpan, GradientAngle, Keyword, Location, MaskShape,
    RadialSize, RectEdge, RectExtent, RectParam, color,
};
use crate::units::{Color, Length};

/// A value inside its range, in the shape that the [`Kind`](super::Kind) that parsed it promises.
///
/// `Display` writes the canonical text, which the same kind parses back to the same value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Whole(i64),
    /// A decimal number, never NaN or infinite.
    Number(f64),
    /// `true`, `false`, `1`, `0`.
    Bool(bool),
    /// One word of a fixed set.
    Word(&'static str),
    /// Distinct words of a fixed set, in the order sent; at least one.
    Words(Vec<&'static str>),
    /// A colour.
    Color(Color),
    /// Two colours.
    Colors([Color; 2]),
    /// Two or more colours.
    ColorList(Vec<Color>),
    /// Decimal numbers, never NaN or infinite.
    Numbers(Vec<f64>),
    /// Pixels or a fraction.
    Length(Length),
    /// Pixels or a fraction, written so that the two cannot be confused.
    Literal(Length),
    /// Two literal lengths.
    Literals([Length; 2]),
    /// Two lengths.
    Lengths([Length; 2]),
    /// Two shares, each 0 to 1.
    Shares([f64; 2]),
    /// A width and a height, both above 0.
    Ratio([f64; 2]),
    /// A source rectangle.
    Rect(RectParam),
    /// Four whole numbers.
    Four([u32; 4]),
    /// A thickness in pixels and a colour.
    Border(u32, Color),
    /// Where an image is.
    Location(Location),
    /// The number of sides of a regular polygon.
    Polygon(u8),
    /// Frames, or seconds of a video.
    Span(FrameSpan),
    /// A typeface.
    Font(Font),
    /// Free text without control characters.
    Text(String),
    /// Seconds since 1970, or a mark that the text was not a time.
    Expires(Expires),
}

/// Accessors for setters. Each returns `None` when the value has another shape, which the table's tests rule out.
#[expect(clippy::wildcard_enum_match_arm, reason = "each asks for a shape or two and refuses all others")]
impl Value {
    /// Returns the whole number in the integer type of the field.
    pub(super) fn whole<T: TryFrom<i64>>(&self) -> Option<T> {
        if let Self::Whole(value) = self { T::try_from(*value).ok() } else { None }
    }

    /// Returns the number, whole or not.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            // Whole numbers of the table are far below 2^53.
            Self::Whole(value) => Some(*value as f64),
            Self::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the truth value.
    pub(super) fn bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// Returns the keyword: the word itself, or the first of several.
    pub(super) fn word<T: Keyword>(&self) -> Option<T> {
        match self {
            Self::Word(word) => T::of(word),
            Self::Words(words) => words.first().and_then(|word| T::of(word)),
            _ => None,
        }
    }

    /// Returns the words that are a `T`, in order.
    pub(super) fn words<T: Keyword>(&self) -> Vec<T> {
        match self {
            Self::Word(word) => T::of(word).into_iter().collect(),
            Self::Words(words) => words.iter().filter_map(|word| T::of(word)).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns whether the value is `word`, contains it, or is the truth value spelled that way. Dependencies ask this.
    pub(super) fn has(&self, word: &str) -> bool {
        match self {
            Self::Word(own) => *own == word,
            Self::Words(own) => own.contains(&word),
            Self::Bool(own) => word == if *own { "true" } else { "false" },
            _ => false,
        }
    }

    pub(super) fn color(&self) -> Option<Color> {
        if let Self::Color(value) = self { Some(*value) } else { None }
    }

    pub(super) fn colors(&self) -> Option<[Color; 2]> {
        if let Self::Colors(value) = self { Some(*value) } else { None }
    }

    /// Returns the list of colours, or an empty list for any other shape.
    pub(super) fn color_list(&self) -> Vec<Color> {
        if let Self::ColorList(value) = self { value.clone() } else { Vec::new() }
    }

    /// Returns the list of numbers, or an empty list for any other shape.
    pub(super) fn numbers(&self) -> Vec<f64> {
        if let Self::Numbers(value) = self { value.clone() } else { Vec::new() }
    }

    pub(super) fn length(&self) -> Option<Length> {
        match self {
            Self::Length(value) | Self::Literal(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn lengths(&self) -> Option<[Length; 2]> {
        if let Self::Lengths(value) = self { Some(*value) } else { None }
    }

    /// Returns the point that `*-anchor` names, as shares across and down. An axis that no word names is centred.
    pub(super) fn point(&self) -> Option<[f64; 2]> {
        if let Self::Shares(shares) = self {
            return Some(*shares);
        }
        let words = self.words::<AlignWord>();
        let share = |start: AlignWord, end: AlignWord| {
            let named = words.iter().find(|word| **word == start || **word == end);
            named.map_or(0.5, |word| if *word == start { 0.0 } else { 1.0 })
        };
        let named = [share(AlignWord::Left, AlignWord::Right), share(AlignWord::Top, AlignWord::Bottom)];
        (!words.is_empty()).then_some(named)
    }

    /// Returns the width divided by the height.
    pub(super) fn ratio(&self) -> Option<f64> {
        if let Self::Ratio([width, height]) = self { Some(width / height) } else { None }
    }

    pub(super) fn rect(&self) -> Option<RectParam> {
        if let Self::Rect(value) = self { Some(*value) } else { None }
    }

    pub(super) fn four(&self) -> Option<[u32; 4]> {
        if let Self::Four(value) = self { Some(*value) } else { None }
    }

    pub(super) fn border(&self) -> Option<(u32, Color)> {
        if let Self::Border(size, color) = self { Some((*size, *color)) } else { None }
    }

    pub(super) fn location(&self) -> Option<Location> {
        if let Self::Location(value) = self { Some(value.clone()) } else { None }
    }

    pub(super) fn font(&self) -> Option<Font> {
        if let Self::Font(value) = self { Some(value.clone()) } else { None }
    }

    /// Returns the text, or the text of a location.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) | Self::Location(Location::Url(text) | Location::Path(text)) => Some(text.clone()),
            _ => None,
        }
    }

    pub(super) fn expires(&self) -> Option<Expires> {
        if let Self::Expires(value) = self { Some(*value) } else { None }
    }

    /// Returns the source that `blend` names: a colour or an image.
    pub(super) fn blend(&self) -> Option<BlendSource> {
        self.color().map(BlendSource::Color).or_else(|| self.location().map(BlendSource::Image))
    }

    /// Returns the shape that `mask` names: a shape word, a polygon or an image.
    pub(super) fn mask(&self) -> Option<MaskShape> {
        match self {
            Self::Word("ellipse") => Some(MaskShape::Ellipse),
            Self::Word("corners") => Some(MaskShape::Corners),
            Self::Polygon(sides) => Some(MaskShape::Polygon(*sides)),
            Self::Location(location) => Some(MaskShape::Image(location.clone())),
            _ => None,
        }
    }

    /// Returns the direction that `gradient-angle` gives: degrees, or a side or corner.
    pub(super) fn gradient_angle(&self) -> Option<GradientAngle> {
        match self {
            Self::Number(degrees) => Some(GradientAngle::Degrees(*degrees)),
            Self::Words(_) => Some(GradientAngle::Towards(self.words())),
            _ => None,
        }
    }

    /// Returns the size that `gradient-radial-size` gives: a word, a radius in pixels or two radii.
    pub(super) fn radial_size(&self) -> Option<RadialSize> {
        match self {
            Self::Word(_) => self.word().map(RadialSize::Reach),
            Self::Whole(_) => self.whole().map(RadialSize::Radius),
            Self::Literals(radii) => Some(RadialSize::Radii(*radii)),
            _ => None,
        }
    }

    /// Returns the frames that `frame` selects: one frame or a span.
    pub(super) fn frames(&self) -> Option<FrameSelect> {
        match self {
            Self::Whole(_) => self.whole().map(FrameSelect::One),
            Self::Span(span) => Some(FrameSelect::Span(*span)),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(value) => write!(out, "{value}"),
            Self::Number(value) => write!(out, "{value}"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Word(word) => out.write_str(word),
            Self::Words(words) => out.write_str(&words.join(",")),
            Self::Color(value) => out.write_str(&color::write(*value)),
            Self::Colors([first, second]) => write!(out, "{},{}", color::write(*first), color::write(*second)),
            Self::ColorList(colors) => out.write_str(&joined(colors, |value| color::write(*value))),
            Self::Numbers(numbers) => out.write_str(&joined(numbers, f64::to_string)),
            Self::Length(length) => out.write_str(&length_text(*length)),
            Self::Literal(length) => out.write_str(&literal_text(*length)),
            Self::Literals([first, second]) => write!(out, "{},{}", literal_text(*first), literal_text(*second)),
            Self::Lengths([first, second]) => write!(out, "{},{}", length_text(*first), length_text(*second)),
            Self::Shares([across, down]) => write!(out, "{across},{down}"),
            Self::Ratio([width, height]) => write!(out, "{width}:{height}"),
            Self::Rect(rect) => out.write_str(&rect_text(*rect)),
            Self::Four([a, b, c, d]) => write!(out, "{a},{b},{c},{d}"),
            Self::Border(size, value) => write!(out, "{size},{}", color::write(*value)),
            Self::Location(Location::Url(text) | Location::Path(text)) | Self::Text(text) => out.write_str(text),
            Self::Polygon(sides) => write!(out, "poly{sides}"),
            Self::Span(FrameSpan { first, last }) => {
                let end = |end: &Option<u32>| end.map(|at| at.to_string()).unwrap_or_default();
                write!(out, "{}-{}", end(first), end(last))
            }
            Self::Font(Font { family, bold, italic }) => {
                write!(out, "{family}{}{}", if *bold { ",bold" } else { "" }, if *italic { ",italic" } else { "" })
            }
            Self::Expires(Expires::At(seconds)) => write!(out, "{seconds}"),
            Self::Expires(Expires::Unparseable) => out.write_str("unparseable"),
        }
    }
}

fn joined<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(",")
}

fn length_text(length: Length) -> String {
    match length {
        Length::Px(value) | Length::Fraction(value) => value.to_string(),
    }
}

/// Writes a length literally: a fraction always has a decimal point, pixels never do.
fn literal_text(length: Length) -> String {
    match length {
        Length::Fraction(value) if value.fract() == 0.0 => format!("{value:.1}"),
        Length::Px(_) | Length::Fraction(_) => length_text(length),
    }
}

fn rect_text(RectParam { x, y, w, h }: RectParam) -> String {
    let edge = |edge, [start, middle, end]: [&str; 3]| match edge {
        // `1.0` keeps its decimal point, because a bare 1 means one pixel here.
        RectEdge::At(Length::Fraction(value)) => format!("{value:?}"),
        RectEdge::At(Length::Px(value)) => value.to_string(),
        RectEdge::Start => start.to_owned(),
        RectEdge::Middle => middle.to_owned(),
        RectEdge::End => end.to_owned(),
    };
    let extent = |extent| match extent {
        RectExtent::Of(length) => length_text(length),
        RectExtent::Full => "full".to_owned(),
    };
    let x = edge(x, ["left", "center", "right"]);
    let y = edge(y, ["top", "middle", "bottom"]);
    format!("{x},{y},{},{}", extent(w), extent(h))
}
