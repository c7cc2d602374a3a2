//! [`Kind`]: a form that a value may have, and the parser of each form.
//!
//! A parser takes the decoded text and returns a value inside its range, or `None` when the text does not have the
//! form. The parameter is then dropped (`rendering.md` 17). Numbers outside a range are clamped into it.

use std::fmt;
use std::ops::RangeInclusive;

use super::number::{decimal, round, rounded};
use super::{Expires, Font, FrameSpan, Location, RectEdge, RectExtent, RectParam, Value, color};
use crate::units::{Color, Length};

/// Longest side of an image in pixels (`rendering.md` 3.1). It bounds every length that has no bound of its own.
pub(super) const SIDE_PX_MAX: i64 = 8192;

/// Greatest `w` and `h` kept as asked.
///
/// Larger outputs are scaled down to [`SIDE_PX_MAX`] *in proportion* (`rendering.md` 3.1), so that bound cannot be
/// applied to one side here. This bound only keeps arithmetic within `u32` after multiplication by the greatest `dpr`.
pub(super) const REQUEST_PX_MAX: i64 = 100_000_000;

/// Greatest aspect ratio: that of the longest image one pixel wide.
const RATIO_MAX: f64 = SIDE_PX_MAX as f64;

/// Most colours in a list: as many as the grammar allows.
const COLORS_MAX: usize = 16;

/// A form that a value may have. Commas separate the items of a list; spaces around values and items are ignored.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A whole number; decimals are rounded.
    Whole(RangeInclusive<i64>),
    /// A decimal number.
    Number(RangeInclusive<f64>),
    /// A quantity for which only one sign makes sense: a negative one is dropped, not clamped (`rendering.md` 17).
    Quantity(RangeInclusive<f64>),
    /// A factor above 0, up to the bound; 0 and below are dropped.
    Factor(f64),
    /// A size: pixels (2 up to the bound, rounded) or, up to and including 1, a fraction; 0 and below are dropped.
    Length(i64),
    /// A position or radius: like a length, but 0 is legal and negatives become 0.
    Place(i64),
    /// Two positions.
    PlacePair(i64),
    /// A length as the newer parameters write it (`rendering.md` 1.5): a fraction if and only if it has a decimal point
    /// and is at most 1, otherwise pixels up to the bound. Negative ones are dropped.
    Extent(i64),
    /// The same as an extent, but negative values are legal.
    Offset(i64),
    /// One radius for both axes, in pixels, rounded. A fraction is dropped, because it is unclear which side it would
    /// refer to.
    Radius(i64),
    /// Two extents.
    ExtentPair(i64),
    /// An angle in degrees: any number, reduced to less than one turn.
    Degrees,
    /// An angle in whole degrees; decimals are rounded.
    WholeDegrees,
    /// Two shares, 0 to 1: across and down.
    Shares,
    /// A whole number from 0 up to the bound; decimals are rounded and a negative one is dropped.
    Amount(u32),
    /// `true`, `false`, `1`, `0`.
    Bool,
    /// One of the words, exactly. A word made of digits is a whole number, and decimals are rounded to it.
    Word(&'static [&'static str]),
    /// An alternative spelling: reads the first word and yields the second.
    Synonym(&'static str, &'static str),
    /// Some of the words; unknown ones are skipped.
    Words(&'static [&'static str]),
    /// Some of the words, in any case; unknown ones are skipped.
    WordsAnyCase(&'static [&'static str]),
    /// `facearea` followed by the fit to use when there is no face.
    FaceArea(&'static [&'static str]),
    /// A colour.
    Color,
    /// A colour whose alpha is ignored.
    Rgb,
    /// Two colours whose alpha is ignored.
    RgbPair,
    /// Like [`Kind::Colors`], but alpha is ignored.
    RgbList,
    /// Between 2 and 16 colours; one unreadable colour voids the list.
    Colors,
    /// Percentages, one for each colour of a colour list; one outside 0 to 100 voids the list.
    Stops,
    /// Two colours, or one that is paired with white.
    Grid,
    /// `W:H`, `WxH`, `W,H` or a decimal.
    AspectRatio,
    /// `x,y,w,h` of the source, in pixels, fractions or words.
    Rect,
    /// `x,y,w,h` in pixels.
    PixelRect,
    /// A thickness up to the bound, and a colour.
    Border(u32),
    /// One radius for all corners, or four radii clockwise from the top left.
    Radii,
    /// Like radii, but a single value of 0 or below is dropped, which leaves the default.
    CornerRadii,
    /// An absolute `http` or `https` URL, or a path in the same source.
    Location,
    /// `poly3` to `poly32`.
    Polygon,
    /// `a-b` counted from 1, either end optional.
    Span,
    /// A font family, then optionally `bold` and `italic`.
    Font,
    /// Any text; line breaks become spaces, and other control characters are removed.
    Text,
    /// Letters, digits, `-` and `_`.
    Identifier,
    /// Seconds since 1970, with fractions cut off. Never dropped: any other text is recorded as unparseable, so that
    /// the check can fail closed.
    UnixSeconds,
}

impl Kind {
    /// Parses `text`, which is already percent-decoded and may have spaces around it, as a value of this form.
    #[must_use]
    pub fn parse(&self, untrimmed: &str) -> Option<Value> {
        let text = untrimmed.trim_matches(' ');
        match self {
            Self::Whole(range) => clamped_whole(text, range).map(Value::Whole),
            Self::Number(range) => clamped(text, range).map(Value::Number),
            Self::Quantity(range) => {
                decimal(text).filter(|value| *value >= 0.0).and(clamped(text, range)).map(Value::Number)
            }
            Self::Factor(max) => decimal(text).filter(|value| *value > 0.0).map(|value| Value::Number(value.min(*max))),
            Self::Length(max) => length(text, *max).map(Value::Length),
            Self::Place(max) => place(text, *max).map(Value::Length),
            Self::PlacePair(max) => pair(text, |text| place(text, *max)).map(Value::Lengths),
            Self::Extent(max) => extent(text, *max).map(Value::Literal),
            Self::Offset(max) => offset(text, *max).map(Value::Literal),
            Self::Radius(max) => match offset(text, *max)? {
                Length::Px(px) => Some(Value::Whole(px.max(0.0) as i64)),
                Length::Fraction(_) => None,
            },
            Self::ExtentPair(max) => pair(text, |text| extent(text, *max)).map(Value::Literals),
            Self::Degrees => degrees(text).map(Value::Number),
            Self::WholeDegrees => rounded(text).map(|degrees| Value::Whole(degrees.rem_euclid(360))),
            Self::Shares => pair(text, |text| clamped(text, &(0.0..=1.0))).map(Value::Shares),
            Self::Amount(max) => amount(text, *max).map(Value::Whole),
            Self::Bool => match text {
                "true" | "1" => Some(Value::Bool(true)),
                "false" | "0" => Some(Value::Bool(false)),
                _ => None,
            },
            Self::Word(words) => words.iter().find(|word| is_word(text, word)).map(|word| Value::Word(word)),
            Self::Synonym(read, meant) => is_word(text, read).then_some(Value::Word(meant)),
            Self::Words(words) => some_words(text, words, |word, item| word == item),
            Self::WordsAnyCase(words) => some_words(text, words, str::eq_ignore_ascii_case),
            Self::FaceArea(words) => face_area(text, words),
            Self::Color => color::parse(text).map(Value::Color),
            Self::Rgb => rgb(text).map(Value::Color),
            Self::RgbPair => pair(text, rgb).map(Value::Colors),
            Self::RgbList => colors(text, rgb).map(Value::ColorList),
            Self::Colors => colors(text, color::parse).map(Value::ColorList),
            Self::Stops => stops(text).map(Value::Numbers),
            Self::Grid => {
                let [first, second] = members(text).unwrap_or([text, "fff"]);
                Some(Value::Colors([color::parse(first)?, color::parse(second)?]))
            }
            Self::AspectRatio => ratio(text).map(Value::Ratio),
            Self::Rect => rect(text).map(Value::Rect),
            Self::PixelRect => pixel_rect(text).map(Value::Four),
            Self::Border(max) => {
                let [size, paint] = members(text)?;
                Some(Value::Border(pixels(size, 1..=i64::from(*max))?, color::parse(paint)?))
            }
            Self::Radii => radii(text).map(Value::Four),
            Self::CornerRadii if rounded(text).is_some_and(|single| single <= 0) => None,
            Self::CornerRadii => radii(text).map(Value::Four),
            Self::Location => location(text).map(Value::Location),
            Self::Polygon => {
                let digits = text.strip_prefix("poly")?;
                let sides: u8 = digits.parse().ok()?;
                // The digits must match exactly: `poly06` names an image, as `poly6.png` does.
                ((3..=32).contains(&sides) && digits == sides.to_string()).then_some(Value::Polygon(sides))
            }
            Self::Span => span(text).map(Value::Span),
            Self::Font => font(text).map(Value::Font),
            Self::Text => Some(Value::Text(one_line(untrimmed))),
            Self::Identifier => {
                let allowed = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
                (!text.is_empty() && text.chars().all(allowed)).then(|| Value::Text(text.to_owned()))
            }
            Self::UnixSeconds => Some(Value::Expires(unix_seconds(text))),
        }
    }
}

impl Kind {
    /// Returns the items of `text` that a list of words skips; empty for other forms.
    pub(super) fn passed_over<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let any_case = matches!(self, Self::WordsAnyCase(_));
        let is_word =
            |item: &&str| self.words().iter().any(|word| word == item || (any_case && word.eq_ignore_ascii_case(item)));
        let items = text.split(',').map(|item| item.trim_matches(' '));
        items.filter(|item| !self.words().is_empty() && !is_word(item)).collect()
    }

    /// Returns the words of a list of words; empty for other forms.
    pub(super) const fn words(&self) -> &'static [&'static str] {
        if let Self::Words(words) | Self::WordsAnyCase(words) = self { words } else { &[] }
    }
}

fn clamped_whole(text: &str, range: &RangeInclusive<i64>) -> Option<i64> {
    rounded(text).map(|value| value.clamp(*range.start(), *range.end()))
}

fn amount(text: &str, max: u32) -> Option<i64> {
    rounded(text).filter(|value| *value >= 0).map(|value| value.min(i64::from(max)))
}

/// Returns whether `text` is `word`, or rounds to it where the word is a whole number.
fn is_word(text: &str, word: &str) -> bool {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    text == word || is_number && text.contains('.') && rounded(text).is_some_and(|value| value.to_string() == word)
}

fn clamped(text: &str, range: &RangeInclusive<f64>) -> Option<f64> {
    decimal(text).map(|value| value.clamp(*range.start(), *range.end()))
}

/// Parses a whole number of pixels, clamped to a range that fits `u32`.
fn pixels(text: &str, range: RangeInclusive<i64>) -> Option<u32> {
    clamped_whole(text, &range).and_then(|value| u32::try_from(value).ok())
}

/// Splits `text` into exactly `N` items separated by commas.
fn members<const N: usize>(text: &str) -> Option<[&str; N]> {
    let mut items = text.split(',').map(|item| item.trim_matches(' '));
    let mut found = [""; N];
    for member in &mut found {
        *member = items.next()?;
    }
    items.next().is_none().then_some(found)
}

fn length(text: &str, max: i64) -> Option<Length> {
    let value = decimal(text).filter(|value| *value > 0.0)?;
    // A bare 1 is the whole side (`rendering.md` 1.5), so pixel values start at 2.
    Some(if value <= 1.0 { Length::Fraction(value) } else { Length::Px(round(value).clamp(2.0, max as f64)) })
}

fn place(text: &str, max: i64) -> Option<Length> {
    let value = decimal(text)?;
    if value > 0.0 { length(text, max) } else { Some(Length::Px(0.0)) }
}

/// Parses two items of one form.
fn pair<T>(text: &str, item: impl Fn(&str) -> Option<T>) -> Option<[T; 2]> {
    let [first, second] = members(text)?;
    Some([item(first)?, item(second)?])
}

fn extent(text: &str, max: i64) -> Option<Length> {
    decimal(text).filter(|value| *value >= 0.0).and_then(|_| offset(text, max))
}

fn offset(text: &str, max: i64) -> Option<Length> {
    let value = decimal(text)?;
    let is_fraction = text.contains('.') && value.abs() <= 1.0;
    let px = || Length::Px(round(value).clamp(-max as f64, max as f64));
    Some(if is_fraction { Length::Fraction(value) } else { px() })
}

fn degrees(text: &str) -> Option<f64> {
    let degrees = decimal(text).filter(|value| value.is_finite())?.rem_euclid(360.0);
    // A tiny negative number rounds up to a whole turn.
    Some(if degrees < 360.0 { degrees + 0.0 } else { 0.0 })
}

fn some_words(text: &str, words: &[&'static str], same: fn(&str, &str) -> bool) -> Option<Value> {
    let mut found: Vec<&'static str> = Vec::new();
    for item in text.split(',').map(|item| item.trim_matches(' ')) {
        // A repeated word is kept once, which also bounds the list.
        if let Some(word) = words.iter().find(|word| same(word, item)).filter(|word| !found.contains(word)) {
            found.push(word);
        }
    }
    (!found.is_empty()).then_some(Value::Words(found))
}

fn face_area(text: &str, words: &[&'static str]) -> Option<Value> {
    let [face_area, fallback] = members(text)?;
    if face_area != "facearea" {
        return None;
    }
    let fallback = words.iter().find(|word| **word == fallback && **word != "facearea");
    Some(Value::Words(std::iter::once("facearea").chain(fallback.copied()).collect()))
}

fn rgb(text: &str) -> Option<Color> {
    color::parse(text).map(|color| Color { a: 255, ..color })
}

fn colors(text: &str, parse: fn(&str) -> Option<Color>) -> Option<Vec<Color>> {
    // Reading one item beyond the limit is enough to detect that there are too many.
    let items = text.split(',').map(|item| parse(item.trim_matches(' '))).take(COLORS_MAX + 1);
    items.collect::<Option<Vec<_>>>().filter(|colors| (2..=COLORS_MAX).contains(&colors.len()))
}

fn stops(text: &str) -> Option<Vec<f64>> {
    let stop = |item: &str| decimal(item.trim_matches(' ')).filter(|value| (0.0..=100.0).contains(value));
    let items = text.split(',').map(stop).take(COLORS_MAX + 1);
    items.collect::<Option<Vec<_>>>().filter(|stops| (2..=COLORS_MAX).contains(&stops.len()))
}

fn ratio(text: &str) -> Option<[f64; 2]> {
    let (width, height) = text.split_once([':', 'x', ',']).unwrap_or((text, "1"));
    let side = |side: &str| decimal(side.trim_matches(' ')).filter(|value| *value > 0.0 && value.is_finite());
    let sides = [side(width)?, side(height)?];
    let ratio = sides[0] / sides[1];
    let clamped = ratio.clamp(1.0 / RATIO_MAX, RATIO_MAX);
    Some(if ratio == clamped { sides } else { [clamped, 1.0] })
}

fn rect(text: &str) -> Option<RectParam> {
    let [x, y, w, h] = members(text)?;
    Some(RectParam {
        x: rect_edge(x, ["left", "center", "right"])?,
        y: rect_edge(y, ["top", "middle", "bottom"])?,
        w: rect_extent(w)?,
        h: rect_extent(h)?,
    })
}

/// Parses an edge. Unlike elsewhere, a bare `1` is one pixel: as a fraction it would put the rectangle outside the
/// image.
fn rect_edge(text: &str, words: [&str; 3]) -> Option<RectEdge> {
    let [start, middle, end] = words;
    match text {
        word if word == start => Some(RectEdge::Start),
        word if word == middle => Some(RectEdge::Middle),
        word if word == end => Some(RectEdge::End),
        "1" => Some(RectEdge::At(Length::Px(1.0))),
        _ => place(text, REQUEST_PX_MAX).map(RectEdge::At),
    }
}

fn rect_extent(text: &str) -> Option<RectExtent> {
    if text == "full" { Some(RectExtent::Full) } else { length(text, REQUEST_PX_MAX).map(RectExtent::Of) }
}

fn pixel_rect(text: &str) -> Option<[u32; 4]> {
    let [x, y, w, h] = members(text)?;
    let (edge, extent) = (0..=REQUEST_PX_MAX, 1..=REQUEST_PX_MAX);
    Some([pixels(x, edge.clone())?, pixels(y, edge)?, pixels(w, extent.clone())?, pixels(h, extent)?])
}

fn radii(text: &str) -> Option<[u32; 4]> {
    let radius = |text| pixels(text, 0..=SIDE_PX_MAX);
    if let Some(all) = radius(text) {
        return Some([all; 4]);
    }
    let [a, b, c, d] = members(text)?;
    Some([radius(a)?, radius(b)?, radius(c)?, radius(d)?])
}

/// Parses a URL or a path. A URL is recognised by its scheme, which must be `http` or `https`; everything else is a
/// path. Control characters are refused in both.
fn location(text: &str) -> Option<Location> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return None;
    }
    let Some((scheme, _)) = text.split_once("://").filter(|(before, _)| is_scheme(before)) else {
        return Some(Location::Path(text.to_owned()));
    };
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let has_host = web && url::Url::parse(text).is_ok_and(|url| url.has_host());
    has_host.then(|| Location::Url(text.to_owned()))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn span(text: &str) -> Option<FrameSpan> {
    let (first, last) = text.split_once('-')?;
    let end = |text: &str| match text.trim_matches(' ') {
        "" => Some(None),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
            pixels(digits, 1..=i64::from(u32::MAX)).map(Some)
        }
        _ => None,
    };
    let span = FrameSpan { first: end(first)?, last: end(last)? };
    match span {
        FrameSpan { first: None, last: None } => None,
        FrameSpan { first: Some(first), last: Some(last) } if first > last => None,
        FrameSpan { .. } => Some(span),
    }
}

fn font(text: &str) -> Option<Font> {
    let mut items = text.split(',').map(|item| item.trim_matches(' ')).peekable();
    let styled = |item: &str| item == "bold" || item == "italic";
    let family = items.next_if(|item| !styled(item)).unwrap_or("Helvetica");
    if family.is_empty() || family.chars().any(char::is_control) {
        return None;
    }
    let mut font = Font { family: family.to_owned(), bold: false, italic: false };
    for item in items {
        font.bold |= item == "bold";
        font.italic |= item == "italic";
    }
    Some(font)
}

/// Puts text on one line (`rendering.md` 11) and removes control characters, which nothing downstream wants.
fn one_line(text: &str) -> String {
    let spaced = text.replace("\r\n", " ").replace(['\n', '\r', '\t', '\u{2028}', '\u{2029}'], " ");
    spaced.chars().filter(|c| !c.is_control()).collect()
}

fn unix_seconds(text: &str) -> Expires {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // A fraction is cut off rather than rounded, so that no URL outlives its stated expiry.
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    match seconds.parse() {
        Ok(end) if is_number(seconds) && is_number(fraction) => Expires::At(end),
        Ok(_) | Err(_) => Expires::Unparseable,
    }
}

impl fmt::Display for Kind {
    /// Writes the grammar as the reference shows it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(range) => write!(out, "<int {}>", bounds(*range.start() as f64, *range.end() as f64)),
            Self::Number(range) | Self::Quantity(range) => {
                write!(out, "<number {}>", bounds(*range.start(), *range.end()))
            }
            Self::Factor(max) => write!(out, "<number above 0, up to {max}>"),
            Self::Length(_) => out.write_str("<px from 2> | <fraction up to 1>"),
            Self::Place(_) => out.write_str("<px> | <fraction 0..1>"),
            Self::PlacePair(_) => out.write_str("(<px> | <fraction 0..1>),(<px> | <fraction 0..1>)"),
            Self::Extent(_) => out.write_str("<px> | <fraction with a decimal point, 0.0..1.0>"),
            Self::Offset(_) => out.write_str("<px> | <fraction with a decimal point, -1.0..1.0>"),
            Self::Radius(_) => out.write_str("<px>"),
            Self::ExtentPair(_) => out.write_str("<px or fraction across>,<px or fraction down>"),
            Self::Degrees => out.write_str("<degrees>"),
            Self::WholeDegrees => out.write_str("<whole degrees>"),
            Self::Shares => out.write_str("<0..1>,<0..1>"),
            Self::Amount(max) => write!(out, "<int 0..{max}>"),
            Self::Bool => out.write_str("true|false|1|0"),
            Self::Word(words) => out.write_str(&words.join("|")),
            Self::Synonym(read, _) => out.write_str(read),
            Self::Words(words) => write!(out, "({})[,...]", words.join("|")),
            Self::WordsAnyCase(words) => write!(out, "({})[,...] in any case", words.join("|")),
            Self::FaceArea(_) => out.write_str("facearea,<fit without a face>"),
            Self::Color => out.write_str("<colour>"),
            Self::Rgb => out.write_str("<opaque colour>"),
            Self::RgbPair => out.write_str("<opaque colour>,<opaque colour>"),
            Self::RgbList => write!(out, "<opaque colour>,<opaque colour>[,...], 2 to {COLORS_MAX}"),
            Self::Colors => write!(out, "<colour>,<colour>[,...], 2 to {COLORS_MAX}"),
            Self::Stops => out.write_str("<0..100>,<0..100>[,...]"),
            Self::Grid => out.write_str("<colour>[,<colour>]"),
            Self::AspectRatio => out.write_str("<w>:<h> | <w>x<h> | <w>,<h> | <w over h>"),
            Self::Rect => out.write_str(
                "(<px>|<fraction>|left|center|right),(<px>|<fraction>|top|middle|bottom),\
                 (<px>|<fraction>|full),(<px>|<fraction>|full)",
            ),
            Self::PixelRect => out.write_str("<x px>,<y px>,<w px>,<h px>"),
            Self::Border(max) => write!(out, "<int 1..{max}>,<colour>"),
            Self::Radii | Self::CornerRadii => out.write_str("<px> | <px>,<px>,<px>,<px>"),
            Self::Location => out.write_str("<http(s) URL> | <path>"),
            Self::Polygon => out.write_str("poly3..poly32"),
            Self::Span => out.write_str("<from>-<to>"),
            Self::Font => out.write_str("<font>[,bold][,italic]"),
            Self::Text => out.write_str("<text>"),
            Self::Identifier => out.write_str("<letters, digits, - and _>"),
            Self::UnixSeconds => out.write_str("<unix seconds>"),
        }
    }
}

fn bounds(from: f64, to: f64) -> String {
    format!("{from}..{to}")
}
