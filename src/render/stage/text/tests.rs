//! Captions and image-only text, checked by the pixels they change.

use super::*;
use crate::param::{Font, TextClip, TextStencil};
use crate::plan::{Along, Anchor, Backing};
use crate::units::{Color, Length, Rect};
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
        anchor: Anchor { horizontal: Along::Far, vertical: Along::Far, pad_px: 10, x: None, y: None, point: [0.0; 2] },
        width_px: None,
        overflow: TextOverflow::Clip { side: TextClip::End, ellipsis: false },
        outline: None,
        height: None,
        backing: None,
        alpha: 1.0,
        degrees: 0.0,
        shadow: 0.0,
        shadow_blur_px: None,
        stencil: None,
        lead_px: 0,
        track_px: 0,
    }
}

fn op(text: Text) -> TextOp {
    TextOp { box_width_px: text.width_px.unwrap_or(280), box_height_px: None, behind: None, text }
}

fn white(channels: u8) -> Raster {
    let count = CANVAS.area() as usize * usize::from(channels);
    Raster { size: CANVAS, channels, samples: Samples::U8(vec![255; count]) }
}

fn drawn(text: Text) -> Raster {
    apply(white(3), &op(text)).unwrap()
}

/// Returns the number of pixels for which `is` holds, and their bounding box.
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
    assert_eq!(at(|a| a.x = Some(Length::Px(33.0))).left, 33);
    let lower = at(|a| a.y = Some(Length::Px(50.0))).top - at(|a| a.y = Some(Length::Px(20.0))).top;
    assert_eq!(lower, 30);
    assert_eq!(right(at(|a| a.pad_px = 40)), CANVAS.width - 40);
}

#[test]
fn size_is_the_em_and_bold_is_heavier() {
    // Capitals in these fonts are 0.68 to 0.74 em high.
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
    let words = "a caption that is much too long for the drawing it is written on";
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
}

#[test]
fn an_outline_leaves_the_letters_their_fill_at_any_size() {
    for size_px in [9, 12, 16, 24, 48, 80] {
        let plain = drawn(Text { size_px, ..text("Hamburg") });
        // On white: measures what is left of the letters if their outline is white, and of the outline if the letters
        // are.
        let red = |raster: &Raster| {
            raster.clone().into_bytes().iter().skip(1).step_by(3).map(|g| 255 - u64::from(*g)).sum::<u64>()
        };
        for line in [1, 2, 4, 9, 50] {
            let lined =
                |color, outline| drawn(Text { size_px, color, outline: Some((line, outline)), ..text("Hamburg") });
            let kept = red(&lined(RED, Color::WHITE)) as f64 / red(&plain) as f64;
            assert!(kept > 0.34 && kept < 1.01, "{size_px} px, line {line}: {kept}");
            let around = lined(Color::WHITE, BLUE);
            let drawn = red(&around) as f64 / red(&plain) as f64;
            assert!(drawn > 0.25, "{size_px} px, line {line}: {drawn} of the line");
            // As wide as requested: what does not fit inside is around the letters, as far as the image reaches.
            if line == 4 && size_px <= 16 {
                let (line, letters) = (ink(&around).size.height, ink(&plain).size.height);
                assert!((letters + 6..=letters + 10).contains(&line), "{size_px} px: {line} around {letters}");
            }
        }
    }
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
fn grey_and_transparent_images_keep_their_kind() {
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
    // Arabic letters join: shaped together they are narrower than separately.
    let joined = ink(&drawn(text("ببببب"))).size.width;
    let apart = ink(&drawn(text("ب\u{200C}ب\u{200C}ب\u{200C}ب\u{200C}ب"))).size.width;
    assert!(joined < apart, "{joined} {apart}");
    // Right to left: the full stop, last in the text, is on the left.
    let (_, mark) = found(&drawn(text("שלום.")), |p| p[1] < 200);
    let plain = ink(&drawn(text("שלום")));
    assert!(mark.size.width > plain.size.width && right(mark) == right(plain));
}

fn block(words: &str, width_px: u32) -> ImageOnlyText {
    let anchor =
        Anchor { horizontal: Along::Start, vertical: Along::Start, pad_px: 10, x: None, y: None, point: [0.0; 2] };
    ImageOnlyText {
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
fn text_alone_makes_an_image_that_grows() {
    let one = written(&block("Hello", 200)).unwrap();
    let many = written(&block("Hello to everybody who reads these many words", 200)).unwrap();
    assert_eq!((one.channels, one.size.width, many.size.width), (4, 200, 200));
    assert!((44..60).contains(&one.size.height), "{:?}", one.size);
    assert!(many.size.height > one.size.height + 40, "{:?}", many.size);
    let area = visible(&many);
    assert!(area.left >= 9 && right(area) <= 191 && area.top >= 10, "{area:?}");
    let led = written(&ImageOnlyText {
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
    let mut low = ImageOnlyText { height_px: Some(300), ..block("Hi", 200) };
    low.text.anchor.vertical = Along::Far;
    let done = written(&low).unwrap();
    assert_eq!(done.size, Size::new(200, 300));
    assert!(visible(&done).top > 250);
}

#[test]
fn a_text_image_shrinks_to_its_height_and_has_a_greatest_height() {
    let words = "Hello to everybody who reads these many words";
    let mut tight = ImageOnlyText { height_px: Some(60), ..block(words, 200) };
    tight.text.overflow = TextOverflow::Shrink;
    let area = visible(&written(&tight).unwrap());
    assert!(area.top + area.size.height <= 52, "{area:?}");
    let high = ImageOnlyText { height_max_px: 100, ..block(&words.repeat(40), 200) };
    assert_eq!(written(&high).unwrap().size, Size::new(200, 100));
}

const MIDDLE: Anchor =
    Anchor { horizontal: Along::Middle, vertical: Along::Middle, pad_px: 0, x: None, y: None, point: [0.0; 2] };
const WORDS: &str = "one two three four five six seven eight";

fn middle(words: &str) -> Text {
    Text { anchor: MIDDLE, ..text(words) }
}

fn is_blue(p: [u8; 4]) -> bool {
    p == [0, 0, 255, 255]
}

#[test]
fn a_box_lies_behind_the_text_with_its_room() {
    let boxed = |pad_px, radius| {
        let backing = Some(Backing { color: BLUE, pad_px, radius: Length::Px(radius) });
        drawn(Text { backing, ..middle("Hello") })
    };
    let plain = ink(&drawn(middle("Hello")));
    let (_, tight) = found(&boxed(0, 0.0), is_blue);
    assert_eq!((tight.left, tight.size.width), (plain.left, plain.size.width));
    assert!(tight.size.height > plain.size.height, "as high as a line");
    let (many, wide) = found(&boxed(7, 0.0), is_blue);
    assert_eq!((wide.left + 7, wide.top + 7), (tight.left, tight.top));
    assert_eq!(wide.size, Size::new(tight.size.width + 14, tight.size.height + 14));
    let round = boxed(7, 12.0);
    assert_eq!(round.pixel_8((wide.top * CANVAS.width + wide.left) as usize), [255; 4]);
    assert!(found(&round, is_blue).0 < many - 100);
    assert!(found(&round, |p| p == [255, 0, 0, 255]).0 > 50, "the letters are on the box");
}

#[test]
fn a_box_larger_than_the_image_covers_it() {
    let backing = Some(Backing { color: BLUE, pad_px: 40_960, radius: Length::Px(0.0) });
    for degrees in [0.0, 33.0] {
        let all = drawn(Text { backing, degrees, ..middle("x") });
        assert_eq!([0, 299, 60_000 - 1].map(|at| all.pixel_8(at)), [[0, 0, 255, 255]; 3], "{degrees}");
    }
}

#[test]
fn all_of_it_fades_together() {
    let backing = Some(Backing { color: BLUE, pad_px: 9, radius: Length::Px(0.0) });
    let faded = drawn(Text { backing, alpha: 0.4, size_px: 60, ..middle("Hello") });
    // Four tenths of blue, red and white on white, with nothing of the box visible through the letters.
    let (_, area) = found(&faded, |p| p == [153, 153, 255, 255]);
    assert!(area.size.width > 60);
    assert!(found(&faded, |p| p[0] > 250 && p[1].abs_diff(153) < 2 && p[2].abs_diff(153) < 2).0 > 3);
    let grey = Text { alpha: 0.5, color: Color::BLACK, ..middle("Hello") };
    let grey = apply(white(1), &op(grey)).unwrap();
    assert_eq!(grey.channels, 1);
    assert!(found(&grey, |p| p[0] == 127).0 > 20);
}

#[test]
fn a_turned_caption_keeps_its_centre() {
    let at = |degrees| ink(&drawn(Text { degrees, ..middle("HHHHHH") }));
    let (level, upside) = (at(0.0), at(180.0));
    assert_eq!(level.size, upside.size);
    let [down, up] = [at(90.0), at(270.0)];
    assert!(down.size.width.abs_diff(level.size.height) <= 1 && down.size.height.abs_diff(level.size.width) <= 1);
    assert!(up.size.height.abs_diff(down.size.height) <= 1);
    for turned in [at(30.0), down, up] {
        assert!((turned.left * 2 + turned.size.width).abs_diff(CANVAS.width) <= 12, "{turned:?}");
    }
    // Clockwise: the dots after the broad letter move down.
    let (_, dash) = found(&drawn(Text { degrees: 90.0, ..middle("H......") }), |p| p[1] < 200);
    let heavy = |raster: &Raster, rows: std::ops::Range<u32>| {
        rows.flat_map(|y| (0..300).map(move |x| (y * 300 + x) as usize))
            .filter(|at| raster.pixel_8(*at)[1] < 128)
            .count()
    };
    let turned = drawn(Text { degrees: 90.0, ..middle("H......") });
    let half = dash.top + dash.size.height / 2;
    assert!(heavy(&turned, 0..half) > 3 * heavy(&turned, half..200));
    // The box rotates with the text.
    let backing = Some(Backing { color: BLUE, pad_px: 4, radius: Length::Px(0.0) });
    let (_, boxed) = found(&drawn(Text { degrees: 90.0, backing, ..middle("HHHHHH") }), is_blue);
    assert!(boxed.size.height > 2 * boxed.size.width, "{boxed:?}");
}

#[test]
fn a_stencil_cuts_holes_or_leaves_only_letters() {
    let cut = |stencil, behind, raster| {
        let op = TextOp { behind, ..op(Text { stencil: Some(stencil), ..middle("HH") }) };
        apply(raster, &op).unwrap()
    };
    let (letters, area) = found(&drawn(middle("HH")), |p| p == [255, 0, 0, 255]);
    let holes = cut(TextStencil::Out, None, white(3));
    assert_eq!((holes.channels, found(&holes, |p| p[3] == 0)), (4, (letters, area)));
    let kept = cut(TextStencil::In, None, white(1));
    assert_eq!((kept.channels, found(&kept, |p| p == [255; 4])), (2, (letters, area)));
    assert_eq!(kept.pixel_8(0)[3], 0);
    let filled = cut(TextStencil::Out, Some(BLUE), white(3));
    assert_eq!((filled.channels, found(&filled, is_blue)), (3, (letters, area)));
    // Invisible text covers nothing, and transparent pixels stay transparent.
    let blank = |stencil| apply(white(3), &op(Text { stencil: Some(stencil), ..middle(" ") })).unwrap();
    assert!(!blank(TextStencil::Out).is_transparent());
    assert!(found(&blank(TextStencil::In), |p| p[3] == 0).0 == CANVAS.area() as usize);
    let clear = Raster { samples: Samples::U8(vec![0; CANVAS.area() as usize * 4]), ..white(4) };
    assert!(found(&cut(TextStencil::Out, Some(BLUE), clear), |p| p[3] == 0).0 == CANVAS.area() as usize);
    let half = op(Text { stencil: Some(TextStencil::Out), alpha: 0.5, ..middle("HH") });
    assert_eq!(found(&apply(white(3), &half).unwrap(), |p| p[3] == 127 || p[3] == 128), (letters, area));
}

fn in_lines(overflow: TextOverflow, width: u32, height: Option<u32>) -> TextOp {
    let text = Text { overflow, ..middle(WORDS) };
    TextOp { box_width_px: width, box_height_px: height, ..op(text) }
}

#[test]
fn a_caption_wraps_and_is_cut_or_made_smaller() {
    let of = |op: &TextOp| ink(&apply(white(3), op).unwrap());
    let line = ink(&drawn(middle("one two"))).size.height;
    let all = of(&in_lines(TextOverflow::Wrap, 120, None));
    assert!(all.size.width <= 121 && all.size.height > 3 * line, "{all:?}");
    assert!((all.left * 2 + all.size.width).abs_diff(CANVAS.width) <= 1);
    let cut = of(&in_lines(TextOverflow::Wrap, 120, Some(70)));
    assert!(cut.size.height <= 70 && cut.size.height > line, "{cut:?}");
    let nothing = apply(white(3), &in_lines(TextOverflow::Wrap, 120, Some(5))).unwrap();
    assert_eq!(nothing, white(3));
    let small = of(&in_lines(TextOverflow::WrapShrink, 120, Some(50)));
    assert!(small.size.height <= 50 && small.size.width <= 121, "{small:?}");
    let one = of(&in_lines(TextOverflow::Shrink, 280, Some(12)));
    assert!(one.size.height <= 12 && one.size.width > 60, "{one:?}");
    // A word that is too long is shrunk and not broken, as long as the text may be shrunk.
    let word = Text { overflow: TextOverflow::WrapShrink, size_px: 60, ..middle("Extraordinary") };
    let word = of(&TextOp { box_width_px: 100, box_height_px: Some(190), ..op(word) });
    assert!(word.size.width > 80 && word.size.height < 30, "{word:?}");
}

#[test]
fn a_hard_shadow_is_black_and_offset_by_its_strength() {
    let base = Text { size_px: 80, ..middle("I") };
    let shaded = |shadow_blur_px| drawn(Text { shadow: 6.0, shadow_blur_px, ..base.clone() });
    let (_, letter) = found(&drawn(base.clone()), |p| p == [255, 0, 0, 255]);
    let (_, hard) = found(&shaded(Some(0)), |p| p == [0, 0, 0, 255]);
    assert_eq!((right(hard), hard.top + hard.size.height), (right(letter) + 6, letter.top + letter.size.height + 6));
    let soft = ink(&shaded(Some(8)));
    assert!(right(soft) > right(hard) + 3 && soft.left < letter.left);
}
