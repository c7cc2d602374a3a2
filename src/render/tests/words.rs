//! Outputs that are text: palette, BlurHash and description. Also the metadata that may be kept.

use crate::plan::{Answer, Data};
use serde_json::Value;

use super::*;

fn text(done: &Rendered) -> String {
    String::from_utf8(done.body.as_slice().to_vec()).unwrap()
}

/// Makes an image whose left third is red and the rest blue.
fn two_colors() -> Vec<u8> {
    let row = [[230, 30, 30].repeat(30), [20, 40, 200].repeat(60)].concat();
    png(&Raster { size: Size::new(90, 60), channels: 3, samples: Samples::U8(row.repeat(60)) })
}

#[test]
fn a_palette_describes_the_rendered_image() {
    let hexes = |query: &str| {
        let done = rendered(query, &two_colors());
        assert_eq!(done.answer, Answer::Data(Data::PaletteJson));
        let value: Value = serde_json::from_str(&text(&done)).unwrap();
        let colors = value["colors"].as_array().unwrap().iter();
        colors.map(|color| color["hex"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(hexes("palette=json"), ["#1428c8", "#e61e1e"]);
    assert_eq!(hexes("palette=json&colors=1&rect=0,0,30,60"), ["#e61e1e"]);
    assert_eq!(hexes("palette=json&rect=0,0,30,60&w=60&h=60&fit=fill&fill=solid&fill-color=0f0").len(), 2);
    assert_eq!(hexes("palette=json&colors=0"), [""; 0]);
    assert_eq!(hexes("palette=json&fm=webp&auto=format&pad=40&bg=0f0"), ["#1428c8", "#e61e1e"]);
}

#[test]
fn a_style_sheet_has_its_prefix() {
    let done = rendered("palette=css&prefix=hero&colors=2", &two_colors());
    assert_eq!((done.answer, done.answer.content_type()), (Answer::Data(Data::PaletteCss), "text/css; charset=utf-8"));
    let css = text(&done);
    assert!(css.contains(".hero-fg-1 { color:#1428c8 !important; }"), "{css}");
    assert!(css.contains(".hero-bg-2 { background-color:#e61e1e !important; }"), "{css}");
    assert!(text(&rendered("palette=css", &two_colors())).contains(".image-fg-ex-1 { color:"));
}

#[test]
fn a_wide_profile_is_converted_before_colours_are_named() {
    let Some(source) = fixture("jpeg/icc-display-p3.jpg") else { return };
    let palette = |query: &str| text(&rendered(query, &source));
    assert_eq!(palette("palette=json"), palette("palette=json&cs=srgb"));
}

#[test]
fn a_blurhash_is_text_of_fixed_length() {
    let done = rendered("w=40&fm=blurhash", &two_colors());
    assert_eq!((done.answer, text(&done).len()), (Answer::Data(Data::Blurhash), 28));
    assert_eq!(done.answer.content_type(), "text/plain; charset=utf-8");
    let Some(moving) = fixture("gif/rotating-squares.gif") else { return };
    assert_eq!(text(&rendered("fm=blurhash", &moving)).len(), 28);
    assert_eq!(rendered("palette=json", &moving).answer, Answer::Data(Data::PaletteJson));
}

/// Makes a JPEG with an IPTC caption.
fn captioned() -> Vec<u8> {
    let jpeg = rendered("fm=jpg", &two_colors()).body.as_slice().to_vec();
    let iim = b"\x1C\x02\x78\x00\x05Hello";
    let block = [b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0a".as_slice(), iim].concat();
    let segment = [&[0xFF, 0xED], &(block.len() as u16 + 2).to_be_bytes()[..], &block].concat();
    // After the JFIF segment, which is the first.
    let at = 4 + usize::from(u16::from_be_bytes([jpeg[4], jpeg[5]]));
    [&jpeg[..at], &segment, &jpeg[at..]].concat()
}

#[test]
fn iptc_passes_from_jpeg_to_jpeg_when_allowed() {
    let source = captioned();
    let keeps = |query: &str| rendered(query, &source).body.as_slice().windows(5).any(|w| w == b"Hello");
    assert!(keeps("w=20&iptc=allow"));
    assert!(!keeps("w=20") && !keeps("w=20&iptc=block") && !keeps("w=20&iptc=allow&fm=png"));
    assert!(!keeps("w=20&iptc=allow&auto=compress"), "which strips metadata");
}

#[test]
fn descriptions_have_every_group() {
    let value = |source: &[u8]| -> Value { serde_json::from_str(&text(&rendered("fm=json", source))).unwrap() };
    let found = value(&captioned());
    assert_eq!(found["IPTC"]["CaptionAbstract"], "Hello");
    for key in ["Content-Type", "Content-Length", "ColorModel"] {
        assert!(found[key].is_string(), "{key}: {found}");
    }
    for key in ["PixelWidth", "PixelHeight", "Orientation", "Depth", "DPIWidth", "DPIHeight"] {
        assert!(found[key].is_number(), "{key}: {found}");
    }
    assert_eq!((&found["Depth"], &found["Output"]), (&8.into(), &serde_json::json!({})));
    assert_eq!(found["JFIF"]["JFIFVersion"].as_array().map(Vec::len), Some(2));
    let Some(moving) = fixture("gif/rotating-squares.gif") else { return };
    let found = value(&moving);
    assert!(found["Output"]["Frames"].as_u64() > Some(1) && found["GIF"]["DelayTime"].is_number(), "{found}");
    let Some(wide) = fixture("jpeg/icc-display-p3.jpg") else { return };
    assert!(value(&wide)["ProfileName"].is_string());
}
