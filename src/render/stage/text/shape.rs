//! Converts text to coverage: shaping, measuring, cutting. Pango does the work, called through libvips.
//!
//! The input of Pango's markup parser is built here from escaped text, so nothing in a request is ever interpreted as
//! markup. Everything that a request could make large is bounded: characters, pixels, and how often a text is laid out
//! to find where to cut it.

use std::ffi::CString;

use unicode_segmentation::UnicodeSegmentation;

use crate::param::TextClip;
use crate::pixels::raster::Samples;
use crate::plan::{Along, is_right_to_left};
use crate::render::{RenderError, Step};
use crate::units::Size;
use crate::vips::{Call, Image, VipsError};

/// Longest text that is drawn: in letters as people count them, and in characters, because one letter may consist of
/// many.
const LETTERS_MAX: usize = 2000;
const CHARS_MAX: usize = 8000;
/// Maximum number of pixels of a drawn text.
const PIXELS_MAX: f64 = (16 << 20) as f64;
/// Longest side that Cairo can draw.
const SIDE_MAX: f64 = 32_000.0;
/// Largest font size in pixels at which a text is measured. A larger text scales in proportion.
const MEASURED_SIZE_MAX: f64 = 48.0;
/// Smallest font size at which to measure a text that is too long for larger sizes.
const MEASURED_SIZE_MIN: f64 = 0.7;
/// Stands for a side beyond all limits.
const TOO_LARGE: f64 = 1e9;
/// Number of letters that are drawn to decide whether there is any ink.
const PART_LETTERS: usize = 50;
const ELLIPSIS: &str = "\u{2026}";

/// Appearance and spacing of letters.
#[derive(Clone, Debug)]
pub(super) struct Style {
    /// A font description from `face`, without the size.
    pub(super) font: String,
    /// Height of the em in pixels.
    pub(super) size_px: f64,
    /// Additional space between letters.
    pub(super) track_px: f64,
    /// Additional space between lines, at least 0.
    pub(super) lead_px: f64,
}

impl Style {
    /// Returns the style scaled by `k`.
    fn scaled(&self, k: f64) -> Self {
        Self {
            size_px: self.size_px * k,
            track_px: self.track_px * k,
            lead_px: self.lead_px * k,
            font: self.font.clone(),
        }
    }
}

/// Wraps text into lines of at most this width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wrap {
    /// Maximum width in pixels.
    pub(super) width_px: f64,
    /// Alignment of shorter lines.
    pub(super) align: Along,
}

impl Wrap {
    fn scaled(self, k: f64) -> Self {
        Self { width_px: self.width_px * k, ..self }
    }
}

/// Drawn text.
#[derive(Clone, Debug)]
pub(super) struct Inked {
    /// Size of the ink, which is never empty.
    pub(super) size: Size,
    /// Offset from the left of the line to the ink.
    pub(super) left: i32,
    /// Offset from the top of the first line to the ink.
    pub(super) top: i32,
    /// Height of all lines, with or without ink.
    pub(super) height: u32,
    /// Coverage of each pixel by letters in the text colour.
    pub(super) letters: Vec<u8>,
    /// Letters with their own colours, premultiplied.
    pub(super) emoji: Option<Vec<[u8; 4]>>,
}

/// Limits the length of the text and replaces white space by spaces. The parameter parser has already removed line
/// breaks.
pub(super) fn bounded(text: &str) -> String {
    let spaced = |c: char| if c.is_whitespace() { ' ' } else { c };
    let kept = text.chars().map(spaced).filter(|c| !c.is_control()).take(CHARS_MAX).collect::<String>();
    kept.trim().graphemes(true).take(LETTERS_MAX).collect()
}

/// Returns one line no wider than `width_px`, cut on `side` if necessary.
pub(super) fn cut_to(
    text: &str,
    style: &Style,
    width_px: f64,
    side: TextClip,
    dots: bool,
) -> Result<String, RenderError> {
    let fits = |line: &str| Ok::<bool, RenderError>(measured(line, style, None)?.is_none_or(|e| e.width <= width_px));
    if fits(text)? {
        return Ok(text.to_owned());
    }
    let letters: Vec<&str> = text.graphemes(true).collect();
    let (mut kept, mut too_many) = (0, letters.len());
    while too_many - kept > 1 {
        let middle = usize::midpoint(kept, too_many);
        if fits(&without(&letters, middle, side, dots))? {
            kept = middle;
        } else {
            too_many = middle;
        }
    }
    // Always show one letter, or the ellipsis alone. Anything outside the image is cut off there.
    Ok(without(&letters, if dots { kept } else { kept.max(1) }, side, dots))
}

/// Returns the line with `kept` of its letters.
fn without(letters: &[&str], kept: usize, side: TextClip, dots: bool) -> String {
    let dots = if dots { ELLIPSIS } else { "" };
    let (before, after) = match side {
        TextClip::End => (kept, 0),
        TextClip::Start => (0, kept),
        TextClip::Middle => (kept.div_ceil(2), kept / 2),
    };
    let before: String = letters[..before].concat();
    let after: String = letters[letters.len() - after..].concat();
    format!("{}{dots}{}", before.trim_end(), after.trim_start())
}

/// Returns the style with the size at which the line is no wider than `width_px`: that of `style`, or smaller.
pub(super) fn shrunk_to_width(text: &str, style: &Style, width_px: f64) -> Result<Style, RenderError> {
    let Some(extent) = measured(text, style, None)? else { return Ok(style.clone()) };
    let ratio = width_px / extent.width;
    let mut shrunk = style.scaled(ratio.min(1.0));
    // Small letters are aligned to whole pixels, so their widths do not shrink in proportion.
    for _ in 0..4 {
        if ratio >= 1.0 || shrunk.size_px <= 2.0 || measured(text, &shrunk, None)?.is_none_or(|e| e.width <= width_px) {
            break;
        }
        shrunk = shrunk.scaled(0.95);
    }
    Ok(Style { size_px: shrunk.size_px.max(1.0), ..shrunk })
}

/// Returns the style with the size at which all lines together are no higher than `height_px`: that of `style`, or
/// smaller.
pub(super) fn shrunk_to_height(
    text: &str,
    style: &Style,
    wrap: Option<Wrap>,
    height_px: Option<f64>,
) -> Result<Style, RenderError> {
    let Some(height_px) = height_px else { return Ok(style.clone()) };
    let (mut fits, mut too_large) = (1.0 / style.size_px.max(1.0), 1.0);
    if lines_height(text, style, wrap)? <= height_px {
        return Ok(style.clone());
    }
    for _ in 0..7 {
        let middle = f64::midpoint(fits, too_large);
        if lines_height(text, &style.scaled(middle), wrap)? <= height_px { fits = middle } else { too_large = middle }
    }
    Ok(style.scaled(fits))
}

/// Returns as much of the text as fits in `height_px`, with an ellipsis if it was cut, or `None` if not even the
/// ellipsis fits.
pub(super) fn cut_to_height(
    text: String,
    style: &Style,
    wrap: Option<Wrap>,
    height_px: Option<f64>,
) -> Result<Option<String>, RenderError> {
    let Some(height_px) = height_px else { return Ok(Some(text)) };
    // Heights are whole lines, measured to a fraction of a pixel.
    let fits = |text: &str| Ok::<bool, RenderError>(lines_height(text, style, wrap)? <= height_px + 0.5);
    if fits(&text)? {
        return Ok(Some(text));
    }
    if !fits(ELLIPSIS)? {
        return Ok(None);
    }
    let letters: Vec<&str> = text.graphemes(true).collect();
    let (mut kept, mut too_many) = (0, letters.len());
    while too_many - kept > 1 {
        let middle = usize::midpoint(kept, too_many);
        if fits(&without(&letters, middle, TextClip::End, true))? {
            kept = middle;
        } else {
            too_many = middle;
        }
    }
    Ok(Some(without(&letters, kept, TextClip::End, true)))
}

/// Draws a text. Returns `None` if it has no ink. A text that would be too large is cut at its end, then made smaller.
pub(super) fn draw(text: &str, style: &Style, wrap: Option<Wrap>) -> Result<Option<Inked>, RenderError> {
    let (text, style) = affordable(text, style, wrap)?;
    let Some(image) = laid_out(&text, &style, wrap, Ink::Coverage)? else { return Ok(None) };
    let (left, top) = image.offset();
    let height = lines_height(&text, &style, wrap)?.round().max(1.0) as u32;
    let size = image.size();
    let (letters, emoji) =
        if may_be_coloured(&text) { colours_apart(&text, &style, wrap)? } else { (bytes(&image)?, None) };
    Ok(Some(Inked { size, left, top, height, letters, emoji }))
}

/// Cuts or shrinks the text as far as necessary to be drawn.
fn affordable(text: &str, style: &Style, wrap: Option<Wrap>) -> Result<(String, Style), RenderError> {
    let mut text = text.to_owned();
    let mut style = style.clone();
    // 11 halvings reduce 2000 letters to one.
    for _ in 0..16 {
        let Some(InkExtent { width, height, .. }) = measured(&text, &style, wrap)? else { break };
        if width * height <= PIXELS_MAX && width.max(height) <= SIDE_MAX {
            break;
        }
        let letters: Vec<&str> = text.graphemes(true).collect();
        if letters.len() > 1 && wrap.is_some() {
            text = letters[..letters.len() / 2].concat();
        } else {
            let ratio = (PIXELS_MAX / (width * height)).sqrt().min(SIDE_MAX / width.max(height)).max(0.1);
            style = style.scaled(ratio * 0.95);
        }
    }
    Ok((text, style))
}

/// Extent of the ink in pixels.
#[derive(Clone, Copy, Debug)]
struct InkExtent {
    width: f64,
    height: f64,
    /// Distance from the top of the first line to the bottom of the ink.
    bottom: f64,
}

/// Measures a text at a size at which that is cheap and possible. Returns `None` if it has no ink.
fn measured(text: &str, style: &Style, wrap: Option<Wrap>) -> Result<Option<InkExtent>, RenderError> {
    let at = |k: f64| extent(text, &style.scaled(k), wrap.map(|wrap| wrap.scaled(k)));
    let whole = |extent: InkExtent, k: f64| InkExtent {
        width: extent.width / k,
        height: extent.height / k,
        bottom: extent.bottom / k,
    };
    let mut k = (MEASURED_SIZE_MAX / style.size_px).min(1.0);
    while style.size_px * k >= MEASURED_SIZE_MIN {
        if let Some(extent) = at(k)? {
            return Ok(Some(whole(extent, k)));
        }
        k /= 4.0;
    }
    // There is either nothing to see, or more than fits in an image at any size. A part of the text shows which.
    let part: String = text.graphemes(true).take(PART_LETTERS).collect();
    let some = extent(&part, &style.scaled(k * 4.0), None)?;
    Ok(some.filter(|_| part.len() < text.len()).map(|_| InkExtent {
        width: TOO_LARGE,
        height: TOO_LARGE,
        bottom: TOO_LARGE,
    }))
}

fn extent(text: &str, style: &Style, wrap: Option<Wrap>) -> Result<Option<InkExtent>, RenderError> {
    Ok(laid_out(text, style, wrap, Ink::Coverage)?.map(|image| {
        let (width, height) = (f64::from(image.width()), f64::from(image.height()));
        InkExtent { width, height, bottom: f64::from(image.offset().1) + height }
    }))
}

/// Returns the height of all lines. libvips does not report it, so this measures how much further down a letter is on
/// an additional line below them.
fn lines_height(text: &str, style: &Style, wrap: Option<Wrap>) -> Result<f64, RenderError> {
    const PROBE: &str = "H";
    let mut k = (MEASURED_SIZE_MAX / style.size_px).min(1.0);
    while style.size_px * k >= MEASURED_SIZE_MIN {
        let (small, narrow) = (style.scaled(k), wrap.map(|wrap| wrap.scaled(k)));
        let below = extent(&format!("{text}\n{PROBE}"), &small, narrow)?;
        if let (Some(below), Some(alone)) = (below, extent(PROBE, &small, None)?) {
            // The additional line adds one more space between lines.
            let lead = if wrap.is_some() { small.lead_px.round() } else { 0.0 };
            return Ok(((below.bottom - alone.bottom - lead) / k).max(1.0));
        }
        k /= 4.0;
    }
    Ok(style.size_px)
}

/// What to render for each pixel.
#[derive(Clone, Copy, Debug)]
enum Ink {
    /// Coverage.
    Coverage,
    /// Colours, with this one for letters that have none.
    Colours(&'static str),
}

/// Lays out a text. Returns `None` if nothing is visible.
fn laid_out(text: &str, style: &Style, wrap: Option<Wrap>, ink: Ink) -> Result<Option<Image<'static>>, RenderError> {
    let failed = || RenderError::Stage(Step::Text);
    let foreground = if let Ink::Colours(name) = ink { format!(" foreground=\"{name}\"") } else { String::new() };
    // Pango's units are 1024ths of a pixel at 72 dpi.
    let tracking = match (style.track_px * 1024.0).round() as i32 {
        0 => String::new(),
        units => format!(" letter_spacing=\"{units}\""),
    };
    let markup = format!("<span insert_hyphens=\"no\"{foreground}{tracking}>{}</span>", escaped(text));
    let markup = CString::new(markup).map_err(|_| failed())?;
    let font = CString::new(format!("{} {:.3}px", style.font, style.size_px)).map_err(|_| failed())?;
    let mut call = Call::new(c"text").text(c"text", &markup).text(c"font", &font).int(c"dpi", 72);
    if let Ink::Colours(_) = ink {
        call = call.flag(c"rgba", true);
    }
    if let Some(wrap) = wrap {
        // For Pango, left is where a line begins.
        let align = match (wrap.align, is_right_to_left(text)) {
            (Along::Start, false) | (Along::Far, true) => c"low",
            (Along::Middle, _) => c"centre",
            (Along::Far, false) | (Along::Start, true) => c"high",
        };
        let width = wrap.width_px.round().clamp(1.0, SIDE_MAX) as i32;
        call = call.int(c"width", width).nick(c"align", align).nick_if_present(c"wrap", c"word-char");
        call = call.int(c"spacing", style.lead_px.round().clamp(0.0, SIDE_MAX) as i32);
    }
    match call.image_out() {
        Ok(image) => Ok(Some(image)),
        // Only spaces and the like: libvips creates no image without ink.
        Err(VipsError::Failed { .. }) => Ok(None),
        Err(_) => Err(failed()),
    }
}

/// Escapes a text for the markup parser.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\0' => {}
            c => out.push(c),
        }
    }
    out
}

fn bytes(image: &Image<'_>) -> Result<Vec<u8>, RenderError> {
    let raster = image.to_raster().map_err(|_| RenderError::Stage(Step::Text))?;
    match raster.samples {
        Samples::U8(samples) => Ok(samples),
        Samples::U16(_) => Err(RenderError::Stage(Step::Text)),
    }
}

/// Returns whether any character may be an emoji: symbols, in and beyond the basic plane, but no scripts.
fn may_be_coloured(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(u32::from(c), 0x203C | 0x2049 | 0x20E3 | 0x2122..=0x2BFF | 0x3030 | 0x303D | 0x3297 | 0x3299 | 0xFE0F)
            || (0x1F000..0x20000).contains(&u32::from(c))
    })
}

/// Separates letters in the text colour from those with their own colours. The text is drawn in black and in white: the
/// former differ by their coverage, the latter not at all.
#[expect(clippy::type_complexity, reason = "the two halves of one image")]
fn colours_apart(
    text: &str,
    style: &Style,
    wrap: Option<Wrap>,
) -> Result<(Vec<u8>, Option<Vec<[u8; 4]>>), RenderError> {
    let drawn = |name| match laid_out(text, style, wrap, Ink::Colours(name))? {
        Some(image) => bytes(&image),
        None => Ok(Vec::new()),
    };
    let (black, white) = (drawn("black")?, drawn("white")?);
    let mut any = false;
    let (letters, emoji) = black
        .as_chunks::<4>()
        .0
        .iter()
        .zip(white.as_chunks::<4>().0)
        .map(|(&[r, g, b, a], &[wr, wg, wb, wa])| {
            let premultiplied = |v: u8, a: u8| ((u16::from(v) * u16::from(a) + 127) / 255) as u8;
            let dark = [r, g, b].map(|v| premultiplied(v, a));
            let light = [wr, wg, wb].map(|v| premultiplied(v, wa));
            let differs = dark.iter().zip(light).map(|(dark, light)| light.saturating_sub(*dark));
            let letter = differs.min().unwrap_or(0);
            let own = a.saturating_sub(letter);
            // Rounding leaves traces at the edges of letters.
            if own <= 6 {
                return (a, [0; 4]);
            }
            any = true;
            (letter, [dark[0].min(own), dark[1].min(own), dark[2].min(own), own])
        })
        .unzip();
    Ok((letters, any.then_some(emoji)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vips::init;

    fn style(size_px: f64) -> Style {
        init().unwrap();
        Style { font: "sans-serif,".to_owned(), size_px, track_px: 0.0, lead_px: 0.0 }
    }

    fn width(text: &str, style: &Style) -> f64 {
        extent(text, style, None).unwrap().unwrap().width
    }

    #[test]
    fn the_em_has_the_size_asked_for() {
        // An em dash is one em wide in the fonts of these tests, apart from the space around its ink.
        for size in [12.0, 48.0, 200.0] {
            let lines = lines_height("Hg", &style(size), None).unwrap();
            assert!((1.0..1.6).contains(&(lines / size)), "{size}: {lines}");
            let wide = width("\u{2014}", &style(size));
            assert!((0.8..1.15).contains(&(wide / size)), "{size}: {wide}");
        }
    }

    #[test]
    fn markup_is_text() {
        let style = style(20.0);
        let tagged = width("<b>x</b>&amp;&lt;", &style);
        assert!(tagged > 6.0 * width("x", &style), "{tagged}");
        for odd in ["</span>", "<span size=\"900000\">", "&", "&#0;", "a\0b", "]]>", "<!--", "\u{FFFE}", "\u{202E}x"] {
            assert!(extent(odd, &style, None).unwrap().is_some(), "{odd:?}");
        }
        assert_eq!(escaped("<a href='\"&"), "&lt;a href=&#39;&quot;&amp;");
    }

    #[test]
    fn cuts_fall_where_they_are_asked_for() {
        let style = style(20.0);
        let text = "abcdefghijklmnopqrstuvwxyz";
        let cut = |side, dots| cut_to(text, &style, 100.0, side, dots).unwrap();
        let plain = cut(TextClip::End, false);
        assert!(text.starts_with(&plain) && plain.len() > 3 && width(&plain, &style) <= 100.0, "{plain}");
        assert!(text.ends_with(&cut(TextClip::Start, false)));
        let dots = cut(TextClip::Middle, true);
        let (before, after) = dots.split_once(ELLIPSIS).unwrap();
        assert!(text.starts_with(before) && text.ends_with(after) && !before.is_empty() && !after.is_empty(), "{dots}");
        assert!(width(&dots, &style) <= 100.0);
        assert_eq!(cut_to("ab", &style, 100.0, TextClip::End, true).unwrap(), "ab");
        assert_eq!(cut_to("WW", &style, 1.0, TextClip::End, false).unwrap(), "W");
        assert_eq!(cut_to("WW", &style, 1.0, TextClip::End, true).unwrap(), ELLIPSIS);
        // Never cuts inside a letter: a family, a flag, an accent.
        let family = "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}";
        let cut = cut_to(&family.repeat(9), &style, 70.0, TextClip::End, false).unwrap();
        assert_eq!(cut.len() % family.len(), 0);
    }

    #[test]
    fn text_shrinks_to_its_box() {
        let text = "a rather long caption";
        for size in [14.0, 60.0, 900.0] {
            let shrunk = shrunk_to_width(text, &style(size), 80.0).unwrap();
            assert!(shrunk.size_px <= size && width(text, &shrunk) <= 82.0, "{size}: {}", shrunk.size_px);
            assert!(width(text, &shrunk) > 60.0, "{size}: {}", shrunk.size_px);
        }
        assert_eq!(shrunk_to_width("a", &style(14.0), 80.0).unwrap().size_px, 14.0);
        let wrap = Wrap { width_px: 200.0, align: Along::Start };
        let shrunk = shrunk_to_height(text, &style(80.0), Some(wrap), Some(60.0)).unwrap();
        let height = lines_height(text, &shrunk, Some(wrap)).unwrap();
        assert!(height <= 64.0 && shrunk.size_px > 10.0, "{height} {}", shrunk.size_px);
    }

    #[test]
    fn lines_wrap_and_lead() {
        let text = "one two three four five six seven";
        let wrap = Some(Wrap { width_px: 100.0, align: Along::Start });
        let one = lines_height("one", &style(20.0), wrap).unwrap();
        let many = lines_height(text, &style(20.0), wrap).unwrap();
        assert!(many >= 3.0 * one - 3.0, "{many} {one}");
        let led = Style { lead_px: 10.0, ..style(20.0) };
        assert!(lines_height(text, &led, wrap).unwrap() >= many + 20.0);
        assert_eq!(lines_height("one", &led, wrap).unwrap(), one);
        let word = "x".repeat(100);
        assert!(extent(&word, &style(20.0), wrap).unwrap().unwrap().width <= 101.0, "long words break");
    }

    #[test]
    fn endless_lines_are_cut_and_shrunk_too() {
        for letter in ["W", "\u{FDFD}", "\u{1F600}", "word "] {
            let text = bounded(&letter.repeat(6000));
            let cut = cut_to(&text, &style(100.0), 380.0, TextClip::Middle, true).unwrap();
            assert!(cut.contains(ELLIPSIS) && cut.graphemes(true).count() < 40, "{letter}: {cut}");
            assert!(draw(&cut, &style(100.0), None).unwrap().is_some(), "{letter}");
            let shrunk = shrunk_to_width(&text, &style(100.0), 4000.0).unwrap();
            let drawn = draw(&text, &shrunk, None).unwrap().unwrap();
            assert!(drawn.size.width < 32_000, "{letter}: {:?} at {}", drawn.size, shrunk.size_px);
            let wrap = Wrap { width_px: 300.0, align: Along::Start };
            assert!(draw(&text, &style(200.0), Some(wrap)).unwrap().is_some(), "{letter}");
        }
    }

    #[test]
    fn broken_words_get_no_hyphens() {
        let ink = |wrap| {
            let drawn = draw("IIIIIIIIIIIIIIII", &style(20.0), wrap).unwrap().unwrap();
            (drawn.height, drawn.letters.iter().map(|v| f64::from(*v)).sum::<f64>())
        };
        let (one, whole) = ink(None);
        let (many, broken) = ink(Some(Wrap { width_px: 30.0, align: Along::Start }));
        assert!(many >= 3 * one - 3 && (broken / whole - 1.0).abs() < 0.03, "{many} {one} {}", broken / whole);
    }

    #[test]
    fn tracking_widens_and_narrows() {
        let tracked = |track_px| width("tracking", &Style { track_px, ..style(20.0) });
        assert!(tracked(5.0) >= tracked(0.0) + 30.0 && tracked(-2.0) < tracked(0.0) - 8.0);
    }

    #[test]
    fn nothing_to_see_is_nothing() {
        assert!(draw(" ", &style(20.0), None).unwrap().is_none());
        assert!(draw("\u{200B}", &style(20.0), None).unwrap().is_none());
        assert_eq!(bounded(" a\tb\u{7}\u{2028}c "), "a b c");
        assert_eq!(bounded(&"e\u{301}".repeat(5000)).graphemes(true).count(), LETTERS_MAX);
    }

    #[test]
    fn size_and_length_are_bounded() {
        let huge = draw("W", &style(40_000.0), None).unwrap().unwrap();
        assert!(huge.size.area() as f64 <= PIXELS_MAX * 1.1, "{:?}", huge.size);
        let wrap = Some(Wrap { width_px: 8000.0, align: Along::Middle });
        let long = draw(&"word ".repeat(400), &style(500.0), wrap).unwrap().unwrap();
        assert!(long.size.area() as f64 <= PIXELS_MAX * 1.1, "{:?}", long.size);
    }

    #[test]
    fn letters_and_emoji_are_told_apart() {
        let plain = draw("Hello", &style(24.0), None).unwrap().unwrap();
        assert!(plain.emoji.is_none() && plain.letters.iter().any(|v| *v > 200));
        assert_eq!(plain.letters.len() as u64, plain.size.area());
        let arrow = draw("\u{2190} H", &style(24.0), None).unwrap().unwrap();
        assert_eq!(arrow.letters.len() as u64, arrow.size.area());
        let mixed = draw("H \u{1F600}", &style(24.0), None).unwrap().unwrap();
        // Without a colour emoji font there is an outline glyph, or a box.
        if let Some(emoji) = mixed.emoji {
            assert!(emoji.iter().any(|[r, _, b, a]| *a == 255 && *r > 200 && *b < 120), "yellow");
            assert!(mixed.letters.iter().any(|v| *v > 200));
        }
    }
}
