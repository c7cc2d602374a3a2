//! Converts the font in a request to a Pango font description.
//!
//! A name may be a family (`Avenir Next`), a PostScript name (`AvenirNext-DemiBoldItalic`, `ArialMT`) or a generic
//! family. The description lists the name as a family, followed by substitutes: fonts of the same kind if it is known
//! to be a serif or monospaced family, otherwise a sans-serif with the metrics of Helvetica. Fontconfig uses the first
//! one that is installed, and other fonts for missing letters.

use crate::param::Font;

/// Longest family name that is passed on, in characters.
const NAME_CHARS_MAX: usize = 80;

const SANS: &str = "Helvetica,Liberation Sans,Arial,sans-serif";
const SERIF: &str = "Times,Liberation Serif,serif";
const MONOSPACE: &str = "Courier,Liberation Mono,monospace";

/// Prefixes of the names of well-known serif families, without spaces and in lower case.
const SERIFS: [&str; 31] = [
    "americantypewriter",
    "athelas",
    "baskerville",
    "batang",
    "bigcaslon",
    "bodoni",
    "bookantiqua",
    "bookman",
    "cambria",
    "century",
    "charter",
    "cochin",
    "didot",
    "garamond",
    "georgia",
    "hiramin",
    "hoefler",
    "iowan",
    "librebaskerville",
    "lucidabright",
    "merriweather",
    "newyork",
    "palatino",
    "playfair",
    "ptserif",
    "rockwell",
    "songti",
    "stsong",
    "superclarendon",
    "times",
    "yumin",
];
/// The same for monospaced families.
const MONOSPACES: [&str; 12] = [
    "andale",
    "consolas",
    "courier",
    "firacode",
    "inconsolata",
    "lucidaconsole",
    "menlo",
    "monaco",
    "osaka-mono",
    "ptmono",
    "sfmono",
    "sourcecode",
];

/// Weights in PostScript names, with Pango's names for them. Longer words precede those they contain.
const WEIGHTS: [(&str, &str); 17] = [
    ("ultralight", "Ultra-Light"),
    ("extralight", "Ultra-Light"),
    ("demibold", "Semi-Bold"),
    ("semibold", "Semi-Bold"),
    ("extrabold", "Ultra-Bold"),
    ("ultrabold", "Ultra-Bold"),
    ("extrablack", "Ultra-Heavy"),
    ("thin", "Thin"),
    ("hairline", "Thin"),
    ("light", "Light"),
    ("medium", "Medium"),
    ("heavy", "Heavy"),
    ("black", "Heavy"),
    ("bold", "Bold"),
    ("demi", "Semi-Bold"),
    ("w6", "Semi-Bold"),
    ("w3", "Light"),
];

/// Returns families and style without the size: `"<family>,<family>, Bold Italic"`.
pub(super) fn description(font: &Font) -> String {
    let name: String =
        font.family.chars().filter(|c| c.is_alphanumeric() || " -_.".contains(*c)).take(NAME_CHARS_MAX).collect();
    let (family, style) = split(name.trim());
    let lower = style.to_ascii_lowercase();
    let weight = WEIGHTS.iter().find(|(word, _)| lower.contains(word)).map(|(_, weight)| *weight);
    let weight = if font.bold { weight.filter(|_| lower.contains("black")).or(Some("Bold")) } else { weight };
    let slanted = font.italic || ["italic", "oblique"].iter().any(|word| lower.contains(word));
    let narrow = lower.contains("cond") || lower.contains("narrow");
    let mut out = families(family);
    out.push(',');
    for word in [weight, slanted.then_some("Italic"), narrow.then_some("Condensed")].into_iter().flatten() {
        out.push(' ');
        out.push_str(word);
    }
    out
}

/// Splits a PostScript name into family and style. Any other name is all family.
fn split(name: &str) -> (&str, &str) {
    let (family, style) = match name.rsplit_once('-') {
        Some((family, style)) if !name.contains(' ') && !family.is_empty() && is_style(style) => (family, style),
        _ => (name, ""),
    };
    // Foundry suffixes: `ArialMT`, `TimesNewRomanPS-BoldMT`.
    let family = family.strip_suffix("MT").filter(|rest| !rest.is_empty() && !name.contains(' ')).unwrap_or(family);
    let family = family.strip_suffix("PS").filter(|rest| !rest.is_empty() && !name.contains(' ')).unwrap_or(family);
    (family, style)
}

fn is_style(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let others = ["italic", "oblique", "regular", "roman", "book", "cond", "narrow"];
    WEIGHTS.iter().map(|(word, _)| *word).chain(others).any(|known| lower.contains(known))
}

/// Returns the family as sent and with its words separated, followed by its substitutes.
fn families(family: &str) -> String {
    let lower: String = family.chars().filter(|c| *c != ' ').flat_map(char::to_lowercase).collect();
    match lower.as_str() {
        "" | "sans-serif" | "sansserif" | "sans" | "helvetica" | "arial" | "helveticaneue" => return SANS.to_owned(),
        "serif" => return SERIF.to_owned(),
        "monospace" | "mono" => return MONOSPACE.to_owned(),
        _ => {}
    }
    let stand_in = if SERIFS.iter().any(|known| lower.starts_with(known)) {
        SERIF
    } else if MONOSPACES.iter().any(|known| lower.starts_with(known)) {
        MONOSPACE
    } else {
        SANS
    };
    let spaced = spaced(family);
    if spaced == family { format!("{family},{stand_in}") } else { format!("{spaced},{family},{stand_in}") }
}

/// Separates words: `AvenirNext` becomes `Avenir Next`.
fn spaced(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut before = ' ';
    for c in name.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            out.push(' ');
        }
        out.push(c);
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(family: &str, bold: bool, italic: bool, expected: &str) {
        let font = Font { family: family.to_owned(), bold, italic };
        assert_eq!(description(&font), expected, "{family}");
    }

    #[test]
    fn names_become_families_and_styles() {
        check("Helvetica", false, false, &format!("{SANS},"));
        check("serif", true, true, &format!("{SERIF}, Bold Italic"));
        check("monospace", false, false, &format!("{MONOSPACE},"));
        check("cursive", false, true, &format!("cursive,{SANS}, Italic"));
        check("HelveticaNeue-BoldItalic", false, false, &format!("{SANS}, Bold Italic"));
        check("AvenirNext-DemiBold", false, false, &format!("Avenir Next,AvenirNext,{SANS}, Semi-Bold"));
        check("ArialMT", false, false, &format!("{SANS},"));
        check("TimesNewRomanPS-BoldMT", false, false, &format!("Times New Roman,TimesNewRoman,{SERIF}, Bold"));
        check("Futura-CondensedMedium", false, false, &format!("Futura,{SANS}, Medium Condensed"));
        check("Menlo-Regular", false, false, &format!("Menlo,{MONOSPACE},"));
        check("Noto Sans CJK JP", false, false, &format!("Noto Sans CJK JP,{SANS},"));
        check("Avenir-Black", true, false, &format!("Avenir,{SANS}, Heavy"));
        check("Foo-Light", true, false, &format!("Foo,{SANS}, Bold"));
    }

    #[test]
    fn other_characters_do_not_get_into_a_description() {
        check("Foo 900px, <b> @wght=9 #liga", false, false, &format!("Foo 900px b wght9 liga,{SANS},"));
        check(",", false, false, &format!("{SANS},"));
        check(&"x".repeat(500), false, false, &format!("{},{SANS},", "x".repeat(NAME_CHARS_MAX)));
    }
}
