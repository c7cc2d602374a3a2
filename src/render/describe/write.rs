//! Writes the data outputs that replace an image: its palette as JSON or CSS, and its BlurHash (`rendering.md` 15.2,
//! 15.3).

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::plan::{Data, DataOutput};
use crate::units::Color;

use super::blurhash;
use super::palette::Palette;
use crate::pixels::raster::Raster;
use crate::render::{RenderError, Step};

/// Returns the text that describes an sRGB or grey image, and its format.
///
/// # Errors
/// [`RenderError`] when the image cannot be scaled.
pub(in crate::render) fn write(raster: Raster, output: &DataOutput) -> Result<(Data, String), RenderError> {
    Ok(match output {
        // `json` describes the original without rendering it.
        DataOutput::Json { .. } => return Err(RenderError::Stage(Step::Frames)),
        DataOutput::PaletteJson { colors } => {
            (Data::PaletteJson, json_of(&Palette::of(&raster, usize::from(*colors))).to_string())
        }
        DataOutput::PaletteCss { colors, prefix } => {
            (Data::PaletteCss, css_of(&Palette::of(&raster, usize::from(*colors)), prefix))
        }
        DataOutput::Blurhash => (Data::Blurhash, blurhash::encode(raster)?),
    })
}

fn hex(color: Color) -> String {
    format!("#{:02x}{:02x}{:02x}", color.r, color.g, color.b)
}

fn json_color(color: Color) -> Value {
    // Six digits distinguish all levels and keep the text short.
    let level = |v: u8| (f64::from(v) / 255.0 * 1e6).round() / 1e6;
    json!({ "red": level(color.r), "green": level(color.g), "blue": level(color.b), "hex": hex(color) })
}

fn json_of(palette: &Palette) -> Value {
    let dominant: Map<String, Value> =
        palette.dominant.named().map(|(name, color)| (name.to_owned(), json_color(color))).collect();
    json!({
        "colors": palette.colors.iter().map(|color| json_color(*color)).collect::<Vec<_>>(),
        "average_luminance": (palette.average_luminance * 1e6).round() / 1e6,
        "dominant_colors": dominant,
    })
}

/// Writes a pair of classes per colour: numbered ones by frequency, two for the extremes black and white, and named
/// ones with hyphens.
fn css_of(palette: &Palette, prefix: &str) -> String {
    let numbered = palette.colors.iter().enumerate().map(|(at, color)| ((at + 1).to_string(), *color));
    let extremes = [("ex-1".to_owned(), Color::BLACK), ("ex-2".to_owned(), Color::WHITE)];
    let named = palette.dominant.named().map(|(name, color)| (name.replace('_', "-"), color));
    let mut css = String::new();
    for (name, color) in numbered.chain(extremes).chain(named) {
        let hex = hex(color);
        writeln!(css, ".{prefix}-fg-{name} {{ color:{hex} !important; }}").expect("a String takes any text");
        writeln!(css, ".{prefix}-bg-{name} {{ background-color:{hex} !important; }}").expect("a String takes any text");
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::Samples;
    use crate::units::Size;

    fn image() -> Raster {
        let row = [[230, 30, 30].repeat(3), [120, 130, 140].to_vec()].concat();
        Raster { size: Size::new(4, 2), channels: 3, samples: Samples::U8(row.repeat(2)) }
    }

    #[test]
    fn json_has_the_documented_keys() {
        let (format, text) = write(image(), &DataOutput::PaletteJson { colors: 6 }).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(format, Data::PaletteJson);
        assert_eq!(value["colors"].as_array().unwrap().len(), 2);
        assert_eq!(
            value["colors"][0],
            json!({ "red": 0.901_961, "green": 0.117_647, "blue": 0.117_647, "hex": "#e61e1e" })
        );
        assert_eq!(value["dominant_colors"]["vibrant"]["hex"], "#e61e1e");
        assert_eq!(value["dominant_colors"]["muted"]["hex"], "#78828c");
        assert!(value["dominant_colors"].get("vibrant_light").is_none());
        assert!(value["average_luminance"].as_f64().unwrap() > 0.1);
    }

    #[test]
    fn css_has_two_classes_per_colour() {
        let (_, css) = write(image(), &DataOutput::PaletteCss { colors: 1, prefix: "hero".to_owned() }).unwrap();
        let lines: Vec<&str> = css.lines().collect();
        assert!(lines[0].starts_with(".hero-fg-1 { color:#") && lines[0].ends_with(" !important; }"), "{css}");
        assert!(lines[1].starts_with(".hero-bg-1 { background-color:#"), "{css}");
        assert!(css.contains(".hero-fg-ex-1 { color:#000000 !important; }"));
        assert!(css.contains(".hero-bg-ex-2 { background-color:#ffffff !important; }"));
        assert!(css.contains(".hero-fg-vibrant {") && !css.contains("hero-fg-2"));
    }

    #[test]
    fn blurhash_is_plain_text() {
        let (format, hash) = write(image(), &DataOutput::Blurhash).unwrap();
        assert_eq!((format, hash.len()), (Data::Blurhash, 28));
    }
}
