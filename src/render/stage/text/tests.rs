//! Captions and text pictures, by the pixels they change.

use super::*;
use crate::param::{Font, TextClip};
use crate::plan::{Along, Anchor};
use crate::units::{Color, Rect};
use crate::vips::init;

const RED: Color = Color { r: 255, g: 0, b: 0, a: 255 };
const BLUE: Color = Color { r: 0, g: 0, b: 255, a: 255 };
const CANVAS: Size = Size::new(300, 200);

fn text(words: &str) -> Text {
    init().unwrap();
    Text {
        text: words.to_owned(),
        font: Font { family: "Helvetica".to_owned(), bold: false, italic: false },
        size_px: 24,
        color: RED,
        anchor: Anchor {
            horizontal: Along::Far,
            vertical: Along::Far,
            pad_px: 10,
            x_px: None,
            y_px: None,
            point: [0.0; 2],
        },
        width_px: None,
        overflow: TextOverflow::Clip { side: TextClip::End, ellipsis: false },
        outline: None,
        shadow: 0.0,
        lead_px: 0,
        track_px: 0,
    }
}

fn op(text: Text) -> TextOp {
    TextOp { box_width_px: text.width_px.unwrap_or(280), text }
}

fn white(channels: u8) -> Raster {
    let count = CANVAS.area() as usize * usize::from(channels);
    Raster { size: CANVAS, channels, samples: Samples::U8(vec![255; count]) }
}

fn drawn(text: Text) -> Raster {
    apply(white(3), &op(text)).unwrap()
}

/// Pixels for which `is` holds, and the box around them.
fn found(raster: &Raster, is: impl Fn([u8; 4]) -> bool) -> (usize, Rect) {
    let bytes = raster.clone().into_rgba().into_bytes();
    let width = raster.size.width;
    let (mut count, mut left, mut top, mut right, mut bottom) = (0, u32::MAX, u32::MAX, 0, 0);
    for (at, pixel) in (0_u32..).zip(bytes.as_chunks::<4>().0) {
        if is(*pixel) {
            let (x, y) = (at % width, at / width);
            (left, top, right, bottom) = (left.min(x), top.min(y), right.max(x), bottom.max(y));
            count += 1;
        }
    }
    assert!(count > 0, "nothing found");
    (count, Rect { left, top, size: Size::new(right - left + 1, bottom - top + 1) })
}

fn ink(raster: &Raster) -> Rect {
    found(raster, |[r, g, b, _]| [r, g, b] != [255; 3]).1
}

fn right(rect: Rect) -> u32 {
    rect.left + rect.size.width
}

#[test]
fn a_caption_stands_at_the_bottom_right_with_its_gap() {
    let area = ink(&drawn(text("Hello")));
    assert_eq!(right(area), CANVAS.width - 10);
    let below = CANVAS.height - (area.top + area.size.height);
    assert!((11..20).contains(&below), "the gap and the room for descenders: {below}");
    let deep = ink(&drawn(text("Hpqgy")));
    assert_eq!(deep.top, area.top, "descenders change no height");
    assert!(CANVAS.height - (deep.top + deep.size.height) >= 10);
    let (count, _) = found(&drawn(text("Hello")), |p| p == [255, 0, 0, 255]);
    assert!(count > 50, "opaque red inside the letters");
}

#[test]
fn alignment_offsets_and_gap_place_it() {
    let at = |set: fn(&mut Anchor)| {
        let mut text = text("Hello");
        set(&mut text.anchor);
        ink(&drawn(text))
    };
    let top_left = at(|a| (a.horizontal, a.vertical) = (Along::Start, Along::Start));
    assert_eq!(top_left.left, 10);
    assert!((10..20).contains(&top_left.top));
    let middle = at(|a| (a.horizontal, a.vertical) = (Along::Middle, Along::Middle));
    let centre = middle.left * 2 + middle.size.width;
    assert!(centre.abs_diff(CANVAS.width) <= 1, "{middle:?}");
    assert_eq!(at(|a| a.x_px = Some(33)).left, 33);
    let lower = at(|a| a.y_px = Some(50)).top - at(|a| a.y_px = Some(20)).top;
    assert_eq!(lower, 30);
    assert_eq!(right(at(|a| a.pad_px = 40)), CANVAS.width - 40);
}

#[test]
fn size_is_the_em_and_bold_is_heavier() {
    // Capitals of the fonts in question are 0.68 to 0.74 em high.
    for size_px in [20, 60, 120] {
        let high = ink(&drawn(Text { size_px, ..text("H") })).size.height;
        let share = f64::from(high) / f64::from(size_px);
        assert!((0.65..0.80).contains(&share), "{size_px}: {share}");
    }
    let area = |bold, italic| {
        let font = Font { family: "Helvetica".to_owned(), bold, italic };
        found(&drawn(Text { font, size_px: 60, ..text("HIL") }), |p| p[1] < 128).0
    };
    assert!(area(true, false) as f64 > 1.2 * area(false, false) as f64);
    let slanted = Font { family: "serif".to_owned(), bold: false, italic: true };
    assert_ne!(drawn(Text { font: slanted, ..text("HIL") }), drawn(text("HIL")));
}

#[test]
fn unknown_fonts_fall_back_to_sans_serif() {
    let with = |family: &str| {
        let font = Font { family: family.to_owned(), bold: false, italic: false };
        drawn(Text { font, ..text("Quick") })
    };
    assert_eq!(with("No Such Font 123"), with("sans-serif"));
    assert_ne!(with("monospace"), with("sans-serif"));
}

#[test]
fn long_captions_are_cut_or_shrunk_to_the_box() {
    let words = "a caption that is much too long for the picture it is written on";
    let of = |overflow, width_px| ink(&drawn(Text { overflow, width_px, ..text(words) }));
    for side in [TextClip::Start, TextClip::Middle, TextClip::End] {
        for ellipsis in [false, true] {
            let area = of(TextOverflow::Clip { side, ellipsis }, None);
            assert!(area.left >= 10 && (240..=280).contains(&area.size.width), "{side:?} {ellipsis} {area:?}");
        }
    }
    let narrow = of(TextOverflow::Clip { side: TextClip::End, ellipsis: false }, Some(100));
    assert!((70..=100).contains(&narrow.size.width), "{narrow:?}");
    let small = of(TextOverflow::Shrink, Some(150));
    assert!((125..=152).contains(&small.size.width) && small.size.height < 12, "{small:?}");
}

#[test]
fn an_outline_is_inside_the_letters() {
    let plain = drawn(Text { size_px: 80, ..text("HO") });
    let lined = drawn(Text { size_px: 80, outline: Some((2, BLUE)), ..text("HO") });
    assert_eq!(ink(&lined), ink(&plain));
    let (blue, area) = found(&lined, |p| p == [0, 0, 255, 255]);
    let (red, inner) = found(&lined, |p| p == [255, 0, 0, 255]);
    assert!(blue > 200 && red > 200, "{blue} {red}");
    assert!(inner.left > area.left && inner.top > area.top && right(inner) < right(area), "{area:?} {inner:?}");
    let (whole, _) = found(&drawn(Text { outline: Some((50, BLUE)), ..text("HO") }), |p| p == [0, 0, 255, 255]);
    assert!(whole > 20, "all outline");
}

#[test]
fn a_shadow_is_dark_around_the_letters() {
    let clear = Raster { samples: Samples::U8([255, 255, 255, 0].repeat(60_000)), ..white(4) };
    let alpha = |shadow| {
        let done = apply(clear.clone(), &op(Text { shadow, color: Color::WHITE, size_px: 60, ..text("HO") })).unwrap();
        found(&done, |[r, _, _, a]| a > 0 && r < 100).0
    };
    assert!(alpha(8.0) > alpha(3.0) && alpha(3.0) > 500);
}

#[test]
fn grey_and_transparent_pictures_keep_their_kind() {
    let black = op(Text { color: Color::BLACK, ..text("Hello") });
    assert_eq!(apply(white(1), &black).unwrap().channels, 1);
    assert_eq!(apply(white(1), &op(text("Hello"))).unwrap().channels, 3);
    let deep = Raster { samples: Samples::U16(vec![65_535; 60_000]), ..white(1) };
    assert_eq!(apply(deep, &black).unwrap(), apply(white(1), &black).unwrap());
    let clear = Raster { samples: Samples::U8(vec![0; 240_000]), ..white(4) };
    let done = apply(clear, &op(text("Hello"))).unwrap();
    let (count, area) = found(&done, |p| p[3] > 0);
    assert!(count > 50 && right(area) == CANVAS.width - 10);
    let half = Color { a: 128, ..RED };
    let (count, _) = found(&drawn(Text { color: half, ..text("Hello") }), |p| p == [255, 127, 127, 255]);
    assert!(count > 50, "half red over white");
    assert_eq!(apply(white(3), &op(text(" \u{200B} "))).unwrap(), white(3));
}

#[test]
fn scripts_and_emoji_are_drawn() {
    let missing = drawn(text("\u{10FFFD}"));
    for words in ["Ελλάδα", "Привет", "שלום", "مرحبا", "日本語", "한국어", "สวัสดี", "नमस्ते"]
    {
        let area = ink(&drawn(text(words)));
        assert!(area.size.width > 30 && area.size.height > 10, "{words} {area:?}");
        assert_ne!(ink(&missing), area);
    }
    // Arabic letters join: shaped together they are narrower than apart.
    let joined = ink(&drawn(text("ببببب"))).size.width;
    let apart = ink(&drawn(text("ب\u{200C}ب\u{200C}ب\u{200C}ب\u{200C}ب"))).size.width;
    assert!(joined < apart, "{joined} {apart}");
    // Right to left: the exclamation mark, last in the text, stands on the left.
    let (_, mark) = found(&drawn(text("שלום.")), |p| p[1] < 200);
    let plain = ink(&drawn(text("שלום")));
    assert!(mark.size.width > plain.size.width && right(mark) == right(plain));
}

fn block(words: &str, width_px: u32) -> Written {
    let anchor = Anchor {
        horizontal: Along::Start,
        vertical: Along::Start,
        pad_px: 10,
        x_px: None,
        y_px: None,
        point: [0.0; 2],
    };
    Written {
        text: Text { anchor, ..text(words) },
        box_width_px: width_px - 20,
        width_px,
        height_px: None,
        height_max_px: 8192,
    }
}

fn visible(raster: &Raster) -> Rect {
    found(raster, |p| p[3] > 0).1
}

#[test]
fn text_alone_makes_a_picture_that_grows() {
    let one = written(&block("Hello", 200)).unwrap();
    let many = written(&block("Hello to everybody who reads these many words", 200)).unwrap();
    assert_eq!((one.channels, one.size.width, many.size.width), (4, 200, 200));
    assert!((44..60).contains(&one.size.height), "{:?}", one.size);
    assert!(many.size.height > one.size.height + 40, "{:?}", many.size);
    let area = visible(&many);
    assert!(area.left >= 9 && right(area) <= 191 && area.top >= 10, "{area:?}");
    let led = written(&Written {
        text: Text { lead_px: 20, ..block("x", 200).text },
        ..block("Hello to everybody who reads these many words", 200)
    });
    assert_eq!(led.unwrap().channels, 4);
}

#[test]
fn lines_stand_where_they_are_aligned() {
    let at = |horizontal| {
        let mut block = block("Hi", 200);
        block.text.anchor.horizontal = horizontal;
        visible(&written(&block).unwrap())
    };
    assert!((10..14).contains(&at(Along::Start).left));
    assert!((186..=190).contains(&right(at(Along::Far))));
    for (align, expected) in [(Along::Start, 10..16), (Along::Far, 140..175)] {
        let mut block = block("\u{5e9}\u{5dc}", 200);
        block.text.anchor.horizontal = align;
        let left = visible(&written(&block).unwrap()).left;
        assert!(expected.contains(&left), "right to left, {align:?}: {left}");
    }
    let middle = at(Along::Middle);
    assert!((middle.left * 2 + middle.size.width).abs_diff(200) <= 3, "{middle:?}");
    let mut low = Written { height_px: Some(300), ..block("Hi", 200) };
    low.text.anchor.vertical = Along::Far;
    let done = written(&low).unwrap();
    assert_eq!(done.size, Size::new(200, 300));
    assert!(visible(&done).top > 250);
}

#[test]
fn a_text_picture_shrinks_to_its_height_and_has_a_highest() {
    let words = "Hello to everybody who reads these many words";
    let mut tight = Written { height_px: Some(60), ..block(words, 200) };
    tight.text.overflow = TextOverflow::Shrink;
    let area = visible(&written(&tight).unwrap());
    assert!(area.top + area.size.height <= 52, "{area:?}");
    let high = Written { height_max_px: 100, ..block(&words.repeat(40), 200) };
    assert_eq!(written(&high).unwrap().size, Size::new(200, 100));
}
