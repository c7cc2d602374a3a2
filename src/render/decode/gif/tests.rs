//! GIFs built here block by block. The expected results are what Chromium's `ImageDecoder` shows for the same bytes.

use crate::render::RenderError;
use weezl::encode::Encoder;

use super::*;

const LIMITS: RenderLimits = RenderLimits { pixels_max: 10_000, frames_max: 9, animation_pixels_max: 100_000 };
const NONE: [u8; 4] = [0; 4];
const BLACK: [u8; 4] = [0, 0, 0, 255];
const RED: [u8; 4] = [255, 0, 0, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];

/// Builds the header of a canvas with a palette of black, red, green and blue.
fn head(width: u16, height: u16) -> Vec<u8> {
    let colours = [BLACK, RED, GREEN, BLUE].map(|[r, g, b, _]| [r, g, b]);
    [b"GIF89a", &width.to_le_bytes()[..], &height.to_le_bytes(), &[0xF1, 3, 0], colours.as_flattened()].concat()
}

fn control(disposal: u8, transparent: Option<u8>) -> Vec<u8> {
    let flags = disposal << 2 | u8::from(transparent.is_some());
    vec![0x21, 0xF9, 4, flags, 10, 0, transparent.unwrap_or(0), 0]
}

fn loops(stored: u16) -> Vec<u8> {
    [b"\x21\xFF\x0BNETSCAPE2.0\x03\x01", &stored.to_le_bytes()[..], b"\0"].concat()
}

/// Builds a frame with these descriptor flags, palette and compressed data.
fn packed(rect: [u16; 4], flags: u8, palette: &[u8], bits: u8, data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x2C];
    out.extend(rect.iter().flat_map(|number| number.to_le_bytes()));
    out.push(flags);
    out.extend(palette);
    out.push(bits);
    for block in data.chunks(5) {
        out.push(block.len() as u8);
        out.extend(block);
    }
    out.push(0);
    out
}

fn lzw(indices: &[u8], bits: u8) -> Vec<u8> {
    Encoder::new(BitOrder::Lsb, bits).encode(indices).unwrap()
}

/// Builds a frame that uses the file's palette.
fn frame(rect: [u16; 4], indices: &[u8]) -> Vec<u8> {
    packed(rect, 0, &[], 2, &lzw(indices, 2))
}

/// Builds a frame in a single colour.
fn solid(rect: [u16; 4], index: u8) -> Vec<u8> {
    frame(rect, &vec![index; usize::from(rect[2]) * usize::from(rect[3])])
}

fn file(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), vec![0x3B]].concat()
}

/// Decodes all frames to RGBA.
#[track_caller]
fn played(bytes: &[u8]) -> (GifFacts, Vec<Vec<[u8; 4]>>) {
    let facts = measure(bytes, &LIMITS).unwrap();
    let frames = play(bytes, &facts.measured, 0..facts.measured.frames, &LIMITS).unwrap();
    let frames: Vec<Raster> = frames.map(Result::unwrap).collect();
    assert!(frames.iter().all(|frame| frame.size == facts.measured.size && frame.is_consistent()));
    let is_transparent = frames.iter().any(|frame| frame.clone().is_transparent());
    assert!(facts.measured.has_alpha || !is_transparent);
    let pixels = |frame: Raster| frame.into_rgba().into_bytes().as_chunks::<4>().0.to_vec();
    let count = frames.len();
    let frames: Vec<_> = frames.into_iter().map(pixels).collect();
    let last = count as u32 - 1;
    let alone: Vec<_> = play(bytes, &facts.measured, last..last + 1, &LIMITS).unwrap().collect();
    assert_eq!(pixels(alone.into_iter().next().unwrap().unwrap()), frames[count - 1], "frames before it are drawn too");
    (facts, frames)
}

/// Checks how many pixels of each colour every frame has.
#[track_caller]
fn check(bytes: &[u8], size: (u32, u32), expected: &[&[([u8; 4], usize)]]) {
    let (facts, frames) = played(bytes);
    assert_eq!(facts.measured.size, Size::new(size.0, size.1));
    assert_eq!(frames.len(), expected.len());
    for (at, (frame, expected)) in frames.iter().zip(expected).enumerate() {
        let count = |colour: [u8; 4]| frame.iter().filter(|pixel| **pixel == colour).count();
        let found: Vec<_> = expected.iter().map(|(colour, _)| (*colour, count(*colour))).collect();
        assert_eq!(found, *expected, "frame {at}");
    }
}

#[test]
fn uncovered_parts_are_transparent_and_disposal_matches_browsers() {
    for (method, first, third) in [
        (0, vec![(NONE, 80), (GREEN, 16), (BLUE, 4)], vec![(RED, 80), (GREEN, 16), (BLUE, 4)]),
        (1, vec![(NONE, 80), (GREEN, 16), (BLUE, 4)], vec![(RED, 80), (GREEN, 16), (BLUE, 4)]),
        (2, vec![(NONE, 96), (BLUE, 4)], vec![(RED, 80), (NONE, 16), (BLUE, 4)]),
        (3, vec![(NONE, 96), (BLUE, 4)], vec![(RED, 96), (BLUE, 4)]),
        (4, vec![(NONE, 96), (BLUE, 4)], vec![(RED, 96), (BLUE, 4)]),
        (5, vec![(NONE, 80), (GREEN, 16), (BLUE, 4)], vec![(RED, 80), (GREEN, 16), (BLUE, 4)]),
    ] {
        let part = [control(method, None), solid([2, 2, 4, 4], 2), control(0, None), solid([8, 8, 2, 2], 3)].concat();
        check(&file(&[head(10, 10), part.clone()]), (10, 10), &[&[(NONE, 84), (GREEN, 16)], &first]);
        let all = file(&[head(10, 10), control(0, None), solid([0, 0, 10, 10], 1), part]);
        check(&all, (10, 10), &[&[(RED, 100)], &[(RED, 84), (GREEN, 16)], &third]);
    }
}

#[test]
fn a_first_frame_that_covers_all_is_disposed_of_too() {
    for method in [2, 3, 4] {
        let bytes = file(&[head(10, 10), control(method, None), solid([0, 0, 10, 10], 1), solid([0, 0, 5, 2], 3)]);
        check(&bytes, (10, 10), &[&[(RED, 100)], &[(NONE, 90), (BLUE, 10)]]);
    }
}

#[test]
fn the_canvas_reaches_as_far_as_the_first_frame_and_cuts_the_others() {
    let one = |width, height, rect| file(&[head(width, height), solid(rect, 1)]);
    check(&one(0, 0, [0, 0, 20, 10]), (20, 10), &[&[(RED, 200)]]);
    check(&one(0, 0, [5, 5, 20, 10]), (25, 15), &[&[(RED, 200), (NONE, 175)]]);
    check(&one(10, 10, [0, 0, 20, 20]), (20, 20), &[&[(RED, 400)]]);
    check(&one(40, 40, [30, 30, 20, 20]), (50, 50), &[&[(RED, 400), (NONE, 2100)]]);
    let later = |rect| file(&[head(10, 10), solid([0, 0, 10, 10], 1), solid(rect, 2), solid([20, 20, 6, 6], 3)]);
    check(&later([8, 8, 6, 6]), (10, 10), &[&[(RED, 100)], &[(RED, 96), (GREEN, 4)], &[(RED, 96), (GREEN, 4)]]);
    check(&later([0, 0, 20, 20]), (10, 10), &[&[(RED, 100)], &[(GREEN, 100)], &[(GREEN, 100)]]);
    check(&later([0, 0, 0, 0]), (10, 10), &[&[(RED, 100)], &[(RED, 100)], &[(RED, 100)]]);
    assert_eq!(measure(&one(0, 0, [0, 0, 0, 0]), &LIMITS), Err(RenderError::Undecodable));
}

#[test]
fn palettes_transparency_and_interlacing() {
    let shown = |bytes: &[u8]| played(bytes).1.remove(0);
    let four = [0, 0, 4, 1];
    assert_eq!(shown(&file(&[head(4, 1), frame(four, &[0, 1, 2, 3])])), [BLACK, RED, GREEN, BLUE]);
    let hidden = file(&[head(4, 1), control(0, Some(2)), frame(four, &[0, 1, 2, 3])]);
    assert_eq!(shown(&hidden), [BLACK, RED, NONE, BLUE]);
    let own = [9, 9, 9, 90, 90, 90];
    let local = packed(four, 0x80, &own, 2, &lzw(&[0, 1, 2, 3], 2));
    let expected = [[9, 9, 9, 255], [90, 90, 90, 255], BLACK, BLACK];
    assert_eq!(shown(&file(&[head(4, 1), local])), expected, "an index without a colour is black");
    let mut none = head(4, 1)[..13].to_vec();
    none[10] = 0x70;
    assert_eq!(shown(&file(&[none, frame(four, &[0, 1, 2, 3])])), [BLACK; 4]);
    // The stored order of rows is 0, 8, 4, 2, 6, 1, 3, 5, 7.
    let rows = [0, 2, 1, 2, 0, 1, 0, 2, 1];
    let interlaced = packed([0, 0, 1, 9], 0x40, &[], 2, &lzw(&rows, 2));
    let order = [0, 1, 2, 0, 1, 2, 0, 1, 2].map(|index| [BLACK, RED, GREEN][index]);
    assert_eq!(shown(&file(&[head(1, 9), interlaced])), order);
}

#[test]
fn opacity_is_known_before_decoding() {
    let has_alpha = |parts: &[Vec<u8>]| played(&file(parts)).0.measured.has_alpha;
    let whole = || solid([0, 0, 4, 4], 1);
    assert!(!has_alpha(&[head(4, 4), whole()]));
    assert!(!has_alpha(&[head(4, 4), control(2, None), whole()]), "disposed of after the last frame");
    assert!(has_alpha(&[head(4, 4), control(2, None), whole(), whole()]));
    assert!(has_alpha(&[head(4, 4), control(3, None), whole(), whole()]));
    assert!(!has_alpha(&[head(4, 4), whole(), control(3, None), whole(), whole()]));
    assert!(has_alpha(&[head(4, 4), control(0, Some(0)), whole()]));
    assert!(has_alpha(&[head(4, 4), solid([0, 0, 3, 4], 1)]));
}

#[test]
fn times_and_loops() {
    let two = || [solid([0, 0, 1, 1], 1), control(0, None), solid([0, 0, 1, 1], 2)].concat();
    let stored = |parts: &[Vec<u8>]| measure(&file(parts), &LIMITS).unwrap().stored;
    let times = vec![0, 100];
    assert_eq!(stored(&[head(1, 1), two()]), StoredFrames { delays_ms: times.clone(), plays: 1 });
    assert_eq!(stored(&[head(1, 1), loops(0), two()]), StoredFrames { delays_ms: times.clone(), plays: 0 });
    assert_eq!(stored(&[head(1, 1), loops(2), two()]), StoredFrames { delays_ms: times.clone(), plays: 3 });
    assert_eq!(stored(&[head(1, 1), loops(2), two(), loops(6)]), StoredFrames { delays_ms: times, plays: 7 });
    assert_eq!(depth(&file(&[head(1, 1), two()])), 2);
}

#[test]
fn a_file_truncated_inside_a_frame_is_an_error() {
    let parts = [
        head(6, 6),
        loops(0),
        control(0, None),
        solid([0, 0, 6, 6], 1),
        control(0, None),
        packed([1, 1, 3, 3], 0x80, &[7; 6], 2, &lzw(&[1; 9], 2)),
    ];
    let whole = file(&parts);
    let ends: Vec<usize> =
        [4, 6].map(|count| parts[..count].iter().map(Vec::len).sum()).into_iter().chain([whole.len()]).collect();
    for length in 0..=whole.len() {
        let outcome = measure(&whole[..length], &LIMITS);
        assert_eq!(outcome.is_ok(), ends.contains(&length), "cut at {length} of {}", whole.len());
        assert!(outcome.is_ok() || outcome == Err(RenderError::Undecodable));
    }
    for stray in [&b"\0\0"[..], b"w", b"no block"] {
        let bytes = [&whole[..whole.len() - 1], stray].concat();
        assert_eq!(played(&bytes).1.len(), 2, "stray bytes end the file");
    }
}

#[test]
fn too_few_pixels_in_a_frame_are_an_error_and_extra_ones_are_ignored() {
    let whole = solid([0, 0, 10, 10], 1);
    let with = |data: &[u8]| file(&[head(10, 10), whole.clone(), packed([0, 0, 10, 10], 0, &[], 2, data)]);
    let outcomes = |bytes: &[u8]| -> Vec<bool> {
        let facts = measure(bytes, &LIMITS).unwrap();
        play(bytes, &facts.measured, 0..2, &LIMITS).unwrap().map(|frame| frame.is_ok()).collect()
    };
    assert_eq!(outcomes(&with(&lzw(&[2; 100], 2))), [true, true]);
    assert_eq!(outcomes(&with(&lzw(&[2; 150], 2))), [true, true]);
    for short in [&lzw(&[2; 99], 2)[..], &lzw(&[2; 1], 2), b"", b"\xFF\xFF\xFF"] {
        assert_eq!(outcomes(&with(short)), [true, false], "{short:?}");
    }
    for bits in [0, 9, 12, 13, 255] {
        let bytes = file(&[head(10, 10), packed([0, 0, 10, 10], 0, &[], bits, &lzw(&[1; 100], 2))]);
        let facts = measure(&bytes, &LIMITS).unwrap();
        assert!(play(&bytes, &facts.measured, 0..1, &LIMITS).unwrap().all(|frame| frame.is_err()), "{bits}");
    }
    for bits in 1..=8 {
        let indices: Vec<u8> = (0..100_u32).map(|at| (at % (1 << bits.min(2))) as u8).collect();
        played(&file(&[head(10, 10), packed([0, 0, 10, 10], 0, &[], bits, &lzw(&indices, bits))]));
    }
}

#[test]
fn parts_are_bounded_like_the_canvas() {
    let bytes = file(&[head(10, 10), solid([0, 0, 10, 10], 1), packed([0, 0, 65_535, 65_535], 0, &[], 2, &[])]);
    assert!(matches!(measure(&bytes, &LIMITS), Err(RenderError::TooLarge { .. })));
    let large = [0, 0, 100, 100];
    let bytes = file(&[vec![head(10, 10)], vec![solid([0, 0, 10, 10], 1)], vec![solid(large, 1); 12]].concat());
    let facts = measure(&bytes, &LIMITS).unwrap();
    let last = play(&bytes, &facts.measured, 0..13, &LIMITS).unwrap().last().unwrap();
    assert!(matches!(last, Err(RenderError::TooLarge { .. })), "more than the canvas, again and again");
}

#[test]
fn no_bytes_make_it_panic() {
    let whole = file(&[head(6, 6), loops(3), control(3, Some(1)), solid([1, 2, 6, 6], 1), solid([0, 0, 3, 3], 2)]);
    for at in 6..whole.len() {
        for value in [0, 1, 0x21, 0x2C, 0x7F, 0xFF] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            if let Ok(facts) = measure(&bytes, &LIMITS) {
                let frames = play(&bytes, &facts.measured, 0..facts.measured.frames, &LIMITS).unwrap();
                frames.filter_map(Result::ok).for_each(|frame| assert!(frame.is_consistent()));
            }
        }
    }
}
