//! Bitmaps built here field by field.

use super::*;
use crate::render::RenderError;
use crate::render::decode::ico;

const LIMITS: RenderLimits = RenderLimits { pixels_max: 1000, frames_max: 1, animation_pixels_max: 1000 };
const BLACK: [u8; 4] = [0, 0, 0, 255];
const RED: [u8; 4] = [255, 0, 0, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];
const NONE: [u8; 4] = [0; 4];

/// Builds a header of this length, without what follows it.
fn header(len: usize, width: i32, height: i32, bits: u16, coding: u32) -> Vec<u8> {
    let mut out = (len as u32).to_le_bytes().to_vec();
    if len == CORE_BYTES {
        out.extend([width as u16, height as u16, 1, bits].iter().flat_map(|v| v.to_le_bytes()));
        return out;
    }
    out.extend([width, height].iter().flat_map(|v| v.to_le_bytes()));
    out.extend([1, bits].iter().flat_map(|v| v.to_le_bytes()));
    out.extend(coding.to_le_bytes());
    out.resize(len.max(20), 0);
    out.truncate(len);
    out
}

/// Builds a file from a header, what follows it, and the pixels.
fn file(header: &[u8], between: &[u8], data: &[u8]) -> Vec<u8> {
    let start = (FILE_HEADER_BYTES + header.len() + between.len()) as u32;
    [b"BM\0\0\0\0\0\0\0\0", &start.to_le_bytes()[..], header, between, data].concat()
}

fn drawn(bytes: &[u8]) -> Result<Vec<[u8; 4]>, RenderError> {
    crate::vips::init().unwrap();
    let measured = measure(bytes, &LIMITS)?;
    let raster = decode(bytes, ColorSpace::Origin)?.into_first()?;
    assert_eq!((raster.size, raster.has_alpha()), (measured.size, measured.has_alpha));
    Ok(raster.into_rgba().into_bytes().as_chunks::<4>().0.to_vec())
}

#[track_caller]
fn check(bytes: &[u8], expected: &[[u8; 4]]) {
    assert_eq!(drawn(bytes).unwrap(), expected);
    assert_eq!(crate::sniff::sniff(bytes), Some(crate::sniff::SourceFormat::Bmp));
    for length in 0..bytes.len() - 3 {
        assert!(drawn(&bytes[..length]).is_err(), "cut at {length} of {}", bytes.len());
    }
}

/// Black, red, green and blue, with this many bytes each.
fn palette(entry_bytes: usize) -> Vec<u8> {
    let colours = [BLACK, RED, GREEN, BLUE].map(|[r, g, b, _]| [b, g, r, 0]);
    let mut out: Vec<u8> = colours.iter().flat_map(|entry| entry[..entry_bytes].to_vec()).collect();
    out.resize(entry_bytes * 256, 0);
    out
}

#[test]
fn every_header_and_depth_of_indices() {
    for len in [12, 16, 20, 40, 42, 46, 48, 52, 56, 60, 64, 108, 124] {
        let entry = if len == 12 { 3 } else { 4 };
        for (bits, stored) in [(1, 0b0100_0000), (2, 0b0001_1000), (4, 0x12)] {
            let colours = &palette(entry)[..entry << bits];
            let expected = if bits < 4 { [BLACK, RED] } else { [RED, GREEN] };
            check(&file(&header(len, 2, 1, bits, 0), colours, &[stored, 0, 0, 0]), &expected);
        }
        let rows = [1, 2, 0, 0, 3, 0, 0, 0];
        check(&file(&header(len, 2, 2, 8, 0), &palette(entry), &rows), &[BLUE, BLACK, RED, GREEN]);
        if len > 12 {
            check(&file(&header(len, 2, -2, 8, 0), &palette(entry), &rows), &[RED, GREEN, BLUE, BLACK]);
        }
    }
}

#[test]
fn colours_of_two_to_four_bytes() {
    check(&file(&header(40, 1, 1, 24, 0), b"", &[1, 2, 3, 0]), &[[3, 2, 1, 255]]);
    let five = 31_u16 << 10 | 16 << 5 | 1;
    check(&file(&header(40, 1, 1, 16, 0), b"", &[&five.to_le_bytes()[..], &[0, 0]].concat()), &[[255, 132, 8, 255]]);
    let words = |masks: &[u32]| masks.iter().flat_map(|mask| mask.to_le_bytes()).collect::<Vec<u8>>();
    let rgb = [0xF800, 0x7E0, 0x1F];
    check(&file(&header(40, 2, 1, 16, 3), &words(&rgb), &[0, 0xF8, 0xE0, 7]), &[RED, GREEN]);
    // The fourth byte is alpha where the header says so.
    let bytes = [10, 20, 30, 40];
    check(&file(&header(40, 1, 1, 32, 0), b"", &bytes), &[[30, 20, 10, 255]]);
    let masks = [0xFF_0000, 0xFF00, 0xFF, 0xFF00_0000];
    check(&file(&header(40, 1, 1, 32, 3), &words(&masks[..3]), &bytes), &[[30, 20, 10, 255]]);
    check(&file(&header(40, 1, 1, 32, 6), &words(&masks), &bytes), &[[30, 20, 10, 40]]);
    check(&file(&header(40, 1, 1, 32, 6), &words(&masks), &[10, 20, 30, 0]), &[[30, 20, 10, 255]]);
    for len in [56, 108, 124] {
        for coding in [0, 3] {
            let mut newer = header(len, 1, 1, 32, coding);
            newer[40..56].copy_from_slice(&words(&masks));
            check(&file(&newer, b"", &bytes), &[[30, 20, 10, 40]]);
        }
    }
    // Ten bits each.
    let deep = (1023_u32 | 512 << 10).to_le_bytes();
    check(&file(&header(40, 1, 1, 32, 3), &words(&[1023, 1023 << 10, 1023 << 20]), &deep), &[[255, 128, 0, 255]]);
}

#[test]
fn runs_stretches_and_jumps() {
    let eight = |data: &[u8]| file(&header(40, 3, 2, 8, 1), &palette(4), data);
    // The padding byte of the stretch is omitted, because a cut after its last pixel loses nothing.
    check(&eight(&[3, 1, 0, 0, 0, 3, 1, 2, 3, 0, 0, 1]), &[RED, GREEN, BLUE, RED, RED, RED]);
    let jumped = eight(&[1, 1, 0, 2, 1, 1, 1, 2, 0, 1]);
    assert_eq!(drawn(&jumped).unwrap(), [BLACK, BLACK, GREEN, RED, BLACK, BLACK]);
    let four = file(&header(40, 3, 1, 4, 2), &palette(4)[..64], &[3, 0x12, 0, 1]);
    assert_eq!(drawn(&four).unwrap(), [RED, GREEN, RED]);
    let three = file(&header(64, 2, 2, 24, 4), b"", &[2, 0, 0, 255, 0, 0, 1, 255, 0, 0, 1, 0, 255, 0, 0, 1]);
    assert_eq!(drawn(&three).unwrap(), [BLUE, GREEN, RED, RED]);
    // Beyond the edge, and without an end mark.
    assert_eq!(drawn(&eight(&[200, 1, 0, 0, 3, 2])).unwrap()[..3], [GREEN; 3]);
    for cut in [&[3, 1, 0, 0, 2, 2][..], &[3, 1, 0, 0], &[3, 1], &[], &[0, 4, 1, 1], &[0, 2, 1]] {
        assert!(drawn(&eight(cut)).is_err(), "{cut:?}");
    }
    assert!(drawn(&file(&header(40, 3, -2, 8, 1), &palette(4), &[3, 1, 0, 0, 3, 1, 0, 1])).is_err(), "top down");
}

#[test]
fn unsupported_features_are_named() {
    let refused = |bytes: &[u8]| match measure(bytes, &LIMITS) {
        Err(RenderError::UnsupportedFormat(codec)) => codec.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&file(&header(64, 8, 1, 1, 3), &palette(4)[..8], &[0; 8])), "bmp with Huffman coding");
    assert_eq!(refused(&file(&header(40, 8, 1, 0, 4), b"", &[0; 8])), "bmp with a JPEG missing inside");
    assert!(measure(&file(&header(40, 1001, 1, 8, 0), &palette(4), &[0; 8]), &LIMITS).is_err(), "too large");
    let jpeg = b"\xFF\xD8\xFF\xE0";
    assert_eq!(embedded(&file(&header(124, 8, 1, 0, 4), b"", jpeg)), Some(&jpeg[..]));
    assert_eq!(embedded(&file(&header(124, 8, 1, 8, 0), b"", jpeg)), None);
}

/// Builds an icon with one entry.
fn icon(kind: u8, side: u8, inside: &[u8]) -> Vec<u8> {
    let head = [0, 0, kind, 0, 1, 0, side, side, 0, 0, 1, 0, 32, 0];
    [&head[..], &(inside.len() as u32).to_le_bytes(), &22_u32.to_le_bytes(), inside].concat()
}

#[track_caller]
fn check_icon(bytes: &[u8], expected: &[[u8; 4]]) {
    crate::vips::init().unwrap();
    let measured = ico::measure(bytes, &LIMITS).unwrap();
    let raster = ico::decode(bytes, ColorSpace::Origin).unwrap().into_first().unwrap();
    assert_eq!((raster.size, raster.has_alpha()), (measured.size, measured.has_alpha));
    assert_eq!(raster.into_rgba().into_bytes().as_chunks::<4>().0, expected);
}

#[test]
fn the_alpha_of_an_icon_wins_over_its_mask_unless_it_is_0_everywhere() {
    let inside = |alphas: [u8; 2], mask: &[u8]| {
        let pixels = [0, 0, 255, alphas[0], 0, 255, 0, alphas[1]];
        [&header(40, 2, 2, 32, 0)[..], &pixels, mask].concat()
    };
    let second = [0x40, 0, 0, 0];
    for kind in [1, 2] {
        // Whatever size the directory states.
        for side in [2, 16, 0] {
            check_icon(&icon(kind, side, &inside([255, 128], &second)), &[RED, [0, 255, 0, 128]]);
            check_icon(&icon(kind, side, &inside([255, 255], &second)), &[RED, GREEN]);
            check_icon(&icon(kind, side, &inside([255, 0], b"")), &[RED, [0, 255, 0, 0]]);
            check_icon(&icon(kind, side, &inside([0, 0], &second)), &[RED, [0, 255, 0, 0]]);
            check_icon(&icon(kind, side, &inside([0, 0], b"")), &[RED, GREEN]);
        }
    }
}

#[test]
fn icons_of_fewer_bits_have_their_mask() {
    for bits in [1, 4, 8] {
        let colours = &palette(4)[..4 << bits];
        let row = [
            if bits == 1 {
                0x40
            } else if bits == 4 {
                0x01
            } else {
                0
            },
            u8::from(bits == 8),
            0,
            0,
        ];
        let with = |mask: &[u8]| icon(2, 2, &[&header(40, 2, 2, bits, 0)[..], colours, &row, mask].concat());
        check_icon(&with(&[0x80, 0, 0, 0]), &[NONE, RED]);
        check_icon(&with(&[0; 4]), &[BLACK, RED]);
        check_icon(&with(b""), &[BLACK, RED]);
    }
    let colour = icon(1, 1, &[&header(40, 1, 2, 24, 0)[..], &[0, 0, 255, 0], &[0; 4]].concat());
    check_icon(&colour, &[RED]);
    let cut = icon(1, 1, &[&header(40, 1, 2, 24, 0)[..], &[0, 0]].concat());
    assert_eq!(ico::measure(&cut, &LIMITS), Err(RenderError::Undecodable));
}

#[test]
fn no_bytes_make_it_panic() {
    crate::vips::init().unwrap();
    let files = [
        file(&header(40, 3, 2, 8, 1), &palette(4), &[3, 1, 0, 0, 0, 3, 1, 2, 3, 0, 0, 2, 1, 1, 0, 1]),
        file(&header(124, 3, 2, 32, 3), b"", &[77; 24]),
        file(&header(12, 3, 2, 4, 0), &palette(3)[..48], &[0x12; 8]),
        file(&header(64, 2, 2, 24, 4), b"", &[2, 0, 0, 255, 0, 0, 1, 255, 0, 0, 1, 0, 255, 0, 0, 1]),
    ];
    for whole in &files {
        for at in 0..whole.len().min(160) {
            for value in [0, 1, 2, 3, 6, 31, 32, 0x7F, 0x80, 0xFF] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                let _ = drawn(&bytes);
                let inside = icon(1, 2, &bytes[FILE_HEADER_BYTES..]);
                if ico::measure(&inside, &LIMITS).is_ok() {
                    ico::decode(&inside, ColorSpace::Origin).unwrap();
                }
            }
        }
    }
}
