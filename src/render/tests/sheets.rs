//! `fm=spritesheet`: complete renders of animations as one still image.

use super::*;
use crate::plan::{Answer, Format};

/// Reads an animation of twelve frames of 160 x 160.
fn dial() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/photos/dial.gif")).unwrap()
}

/// Returns the pixels of one cell of a sheet.
fn cell(sheet: &Raster, side: u32, column: u32, row: u32) -> Vec<[u8; 4]> {
    let at = |x: u32, y: u32| sheet.pixel_8(((row * side + y) * sheet.size.width + column * side + x) as usize);
    (0..side).flat_map(|y| (0..side).map(move |x| (x, y))).map(|(x, y)| at(x, y)).collect()
}

#[test]
fn a_sheet_shows_every_frame_in_order() {
    let done = rendered("fm=spritesheet&w=40", &dial());
    assert_eq!(
        (done.answer, done.size),
        (Answer::Image(Format::Png), Size::new(160, 120)),
        "its corners are transparent"
    );
    let sheet = pixels(done.body.as_slice());
    for index in 0..12 {
        let frame = pixels(rendered(&format!("fm=png&w=40&frame={}", index + 1), &dial()).body.as_slice());
        assert_eq!(cell(&sheet, 40, index % 4, index / 4), cell(&frame, 40, 0, 0), "frame {}", index + 1);
    }
}

#[test]
fn selection_size_and_format_are_those_of_any_still() {
    let check = |query: &str, format: Format, width: u32, height: u32| {
        let done = rendered(&format!("fm=spritesheet&{query}"), &dial());
        let measured = Opened::new(&EncodedOriginal::new(done.body.as_slice()).unwrap(), &Select::default(), &limits())
            .unwrap()
            .measured;
        assert_eq!(
            (done.answer, done.size, measured.size),
            (Answer::Image(format), Size::new(width, height), done.size),
            "{query}"
        );
        assert_eq!(measured.frames, 1, "{query}");
    };
    check("w=40&bg=fff", Format::Jpeg, 160, 120);
    check("w=40&frame=2-4&reverse=true", Format::Png, 80, 80);
    check("w=40&interval=3", Format::Png, 80, 80);
    check("w=40&frame=5", Format::Png, 40, 40);
    check("w=40&h=20&fit=crop&pad=2", Format::Png, 120, 80);
    check("trim=alpha&w=30", Format::Png, 120, 90);
    check("w=3000&bg=fff&q=10", Format::Jpeg, 8192, 6144);
    // A still image is a sheet of one cell.
    let one = rendered(
        "fm=spritesheet",
        &png(&Raster { size: Size::new(7, 5), channels: 1, samples: Samples::U8(vec![9; 35]) }),
    );
    assert_eq!((one.answer, one.size), (Answer::Image(Format::Jpeg), Size::new(7, 5)));
}

#[test]
fn a_sheet_is_negotiated_as_a_still() {
    let parsed = crate::param::parse("fm=spritesheet&w=40&auto=format", &[]).unwrap();
    let accepts = Negotiation { avif: true, webp: true, ..Negotiation::default() };
    let resolved = plan::resolve(&parsed, &accepts, &Policy::default());
    assert!(resolved.vary.accept);
    let Intent::Render(plan) = resolved.intent else { panic!("no image") };
    let done = render(&Job { plan: *plan, ..job("w=40", &dial()) }).unwrap();
    assert_eq!((done.answer, done.size), (Answer::Image(Format::Avif), Size::new(160, 120)));
}
