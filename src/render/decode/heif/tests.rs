//! Files built here box by box.

use super::boxes::boxed;
use super::*;

/// Builds a file with one item that has these properties.
fn file(properties: &[Vec<u8>]) -> Vec<u8> {
    let indices: Vec<u8> = (1..=properties.len() as u8).collect();
    let ipma = [&[0, 0, 0, 0, 0, 0, 0, 1, 0, 7, properties.len() as u8][..], &indices].concat();
    let iprp = [boxed(b"ipco", &properties.concat()), boxed(b"ipma", &ipma)].concat();
    let meta = [&[0; 4][..], &boxed(b"pitm", &[0, 0, 0, 0, 0, 7]), &boxed(b"iprp", &iprp)].concat();
    [boxed(b"ftyp", b"avif"), boxed(b"meta", &meta), boxed(b"mdat", b"irot")].concat()
}

#[test]
fn turns_and_mirrors_become_one_orientation() {
    let check = |properties: &[(&[u8; 4], u8)], expected| {
        let boxes: Vec<_> = properties.iter().map(|(kind, value)| boxed(kind, &[*value])).collect();
        let bytes = file(&boxes);
        let (copy, transforms) = neutralised(&bytes);
        assert_eq!(transforms, Transforms { orientation: expected, ..Transforms::default() }, "{properties:?}");
        let nothing: Vec<_> = properties.iter().map(|_| boxed(b"irot", &[0])).collect();
        assert_eq!(copy, if properties.is_empty() { bytes.clone() } else { file(&nothing) });
    };
    check(&[], 0);
    check(&[(b"irot", 0)], 1);
    check(&[(b"irot", 1)], 8);
    check(&[(b"irot", 2)], 3);
    check(&[(b"irot", 3)], 6);
    check(&[(b"imir", 0)], 4);
    check(&[(b"imir", 1)], 2);
    check(&[(b"irot", 2), (b"imir", 1)], 4);
    check(&[(b"irot", 1), (b"imir", 1)], 7);
}

#[test]
fn apertures_are_kept_on_whole_pixels_only() {
    let check = |size, clap, expected| assert_eq!(Clap(clap).rect(size), expected);
    let inside = Rect { left: 0, top: 0, size: Size::new(29, 100) };
    check(Size::new(64, 100), [(29, 1), (100, 1), (-35, 2), (0, 2)], Some(inside));
    check(Size::new(722, 1024), [(385, 1), (330, 1), (103, 1), (-308, 1)], None);
    check(Size::new(10, 10), [(20, 1), (10, 1), (0, 1), (0, 1)], None);
    check(Size::new(10, 10), [(4, 0), (4, 1), (0, 1), (0, 1)], None);
    check(Size::new(10, 10), [(4, 1), (4, 1), (i64::from(i32::MAX), 1), (0, 1)], None);
}

#[test]
fn coded_colours_are_found() {
    let nclx = [&b"nclx"[..], &[0, 9, 0, 16, 0, 9, 0x80]].concat();
    let coding = |properties: &[Vec<u8>]| neutralised(&file(properties)).1.coding;
    assert_eq!(coding(&[boxed(b"colr", &nclx)]), Some(Cicp { primaries: 9, transfer: 16 }));
    let both = [boxed(b"colr", b"profsRGB"), boxed(b"irot", &[1]), boxed(b"colr", &nclx)];
    assert_eq!(coding(&both), Some(Cicp { primaries: 9, transfer: 16 }));
    assert_eq!(coding(&[boxed(b"colr", b"nclx\0")]), None);
}

#[test]
fn truncated_files_are_left_alone() {
    let whole = file(&[boxed(b"irot", &[1])]);
    for length in 0..whole.len() {
        let (copy, transforms) = neutralised(&whole[..length]);
        assert!(transforms == Transforms::default() || transforms.orientation == 8, "cut at {length}");
        assert_eq!(copy.len(), length);
    }
}

/// Builds a file with an image (item 7) and its alpha (item 8) that have these properties, references and data. The
/// data is in `idat`.
fn pair(color: &[Vec<u8>], alpha: &[Vec<u8>], references: &[u8], data: [&[u8]; 2]) -> Vec<u8> {
    let number = |len: usize| (len as u32).to_be_bytes();
    let places =
        |first: usize, count: usize| (first + 1..=first + count).map(|index| index as u8 | 0x80).collect::<Vec<u8>>();
    let ipma = [
        &[0, 0, 0, 0, 0, 0, 0, 2, 0, 7, color.len() as u8][..],
        &places(0, color.len()),
        &[0, 8, alpha.len() as u8],
        &places(color.len(), alpha.len()),
    ]
    .concat();
    let iprp = [boxed(b"ipco", &[color.concat(), alpha.concat()].concat()), boxed(b"ipma", &ipma)].concat();
    let iloc = [
        &[1, 0, 0, 0, 0x44, 0, 0, 2, 0, 7, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0][..],
        &number(data[0].len()),
        &[0, 8, 0, 1, 0, 0, 0, 1],
        &number(data[0].len()),
        &number(data[1].len()),
    ]
    .concat();
    let meta = [
        &[0; 4][..],
        &boxed(b"pitm", &[0, 0, 0, 0, 0, 7]),
        &boxed(b"iloc", &iloc),
        &boxed(b"iref", &[&[0; 4], references].concat()),
        &boxed(b"iprp", &iprp),
        &boxed(b"idat", &data.concat()),
    ]
    .concat();
    [boxed(b"ftyp", b"avif"), boxed(b"meta", &meta)].concat()
}

fn auxiliary() -> Vec<u8> {
    boxed(b"auxC", b"\0\0\0\0urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")
}

/// Sequence headers of monochrome stills. The range bit is 0x40 of the last byte.
const NARROW: [u8; 11] = [0x0A, 9, 0x18, 0x19, 0xBF, 0xFF, 0xE1, 0x80, 0x86, 0x84, 0x90];
const FULL: [u8; 11] = [0x0A, 9, 0x18, 0x19, 0xBF, 0xFF, 0xE1, 0x80, 0x86, 0x84, 0xD0];

#[test]
fn narrow_range_is_removed_from_every_box_that_states_it() {
    let mono = |stream: &[u8]| boxed(b"av1C", &[&[0x81, 0, 0x1C, 0], stream].concat());
    let link = boxed(b"auxl", &[0, 8, 0, 1, 0, 7]);
    for (color, alpha) in [(NARROW, FULL), (FULL, NARROW), (NARROW, NARROW), (FULL, FULL)] {
        for in_config in [true, false] {
            let config = |stream: &[u8]| mono(if in_config { stream } else { &[] });
            let file = |color: &[u8], alpha: &[u8]| {
                pair(&[config(color)], &[config(alpha), auxiliary()], &link, [color, alpha])
            };
            let bytes = file(&color, &alpha);
            let (copy, transforms) = neutralised(&bytes);
            assert_eq!(transforms.is_narrow, [color == NARROW, alpha == NARROW]);
            assert_eq!(copy, file(&FULL, &FULL), "no reader is left to think that it is narrow");
        }
    }
    let nclx = |flag: u8| boxed(b"colr", &[&b"nclx\0\x01\0\x0D\0\x06"[..], &[flag]].concat());
    let numbered = |flag| pair(&[mono(&[]), nclx(flag)], &[mono(&[]), auxiliary()], &link, [&[], &[]]);
    let bytes = numbered(0);
    let (copy, transforms) = neutralised(&bytes);
    assert_eq!((copy.as_ref(), transforms.is_narrow), (numbered(0x80).as_slice(), [true, false]));
    let colored = pair(&[boxed(b"av1C", &[0x81, 0, 0x0C, 0]), nclx(0)], &[mono(&[]), auxiliary()], &link, [&[], &[]]);
    assert_eq!(neutralised(&colored).1.is_narrow, [false; 2], "decoders do this well for colours");
}

#[test]
fn colours_multiplied_by_alpha_are_divided_once() {
    let link = [boxed(b"prem", &[0, 7, 0, 1, 0, 8]), boxed(b"auxl", &[0, 8, 0, 1, 0, 7])].concat();
    let mono = || boxed(b"av1C", &[0x81, 0, 0x1C, 0]);
    let bytes = pair(&[mono()], &[mono(), auxiliary()], &link, [&[], &[]]);
    let (copy, transforms) = neutralised(&bytes);
    assert!(transforms.is_premultiplied && !copy.windows(4).any(|word| word == b"prem"));
    let raster = |samples: &[u8]| Raster { size: Size::new(4, 1), channels: 2, samples: Samples::U8(samples.to_vec()) };
    let corrected = transforms.corrected(raster(&[50, 255, 50, 100, 200, 100, 9, 0]));
    assert_eq!(corrected, raster(&[50, 255, 128, 100, 255, 100, 9, 0]));
    let narrow = Transforms { is_narrow: [true, true], ..Transforms::default() };
    assert_eq!(
        narrow.corrected(raster(&[16, 16, 235, 235, 0, 255, 126, 126])),
        raster(&[0, 0, 255, 255, 0, 255, 128, 128])
    );
    let deep = |samples: &[u16]| Raster { size: Size::new(2, 1), channels: 1, samples: Samples::U16(samples.to_vec()) };
    assert_eq!(narrow.corrected(deep(&[64 << 6, 940 << 6])), deep(&[0, 65_535]));
}

#[test]
fn alpha_is_rotated_with_its_image() {
    let turned = || boxed(b"irot", &[1]);
    let link = boxed(b"auxl", &[0, 8, 0, 1, 0, 7]);
    let still = || boxed(b"irot", &[0]);
    let bytes = pair(&[turned()], &[turned(), auxiliary()], &link, [&[], &[]]);
    let (copy, transforms) = neutralised(&bytes);
    assert_eq!(transforms.orientation, 8);
    assert_eq!(copy, pair(&[still()], &[still(), auxiliary()], &link, [&[], &[]]));
}

#[test]
fn rarely_supported_lengths_are_rewritten_in_place() {
    let plain = file(&[boxed(b"irot", &[1])]);
    let expected = neutralised(&plain).1;
    let at = plain.windows(4).position(|word| word == b"meta").unwrap() - 4;
    let len = u32::from_be_bytes(plain[at..at + 4].try_into().unwrap());
    let open = [&plain[..at], &[0; 4], &plain[at + 4..at + len as usize]].concat();
    let (copy, transforms) = neutralised(&open);
    assert_eq!((transforms, copy.len()), (expected, open.len()));
    assert_eq!(copy[at..at + 4], len.to_be_bytes());
    let long = [&plain[..at], &[0, 0, 0, 1], b"meta", &u64::from(len + 8).to_be_bytes(), &plain[at + 8..]].concat();
    let (copy, transforms) = neutralised(&long);
    assert_eq!((transforms, copy.len()), (expected, long.len()));
    assert_eq!(copy[at..at + 16], [&[0, 0, 0, 8][..], b"free", &len.to_be_bytes(), b"meta"].concat());
}

#[test]
fn changing_any_byte_does_not_panic() {
    let link = [boxed(b"prem", &[0, 7, 0, 1, 0, 8]), boxed(b"auxl", &[0, 8, 0, 1, 0, 7])].concat();
    let config = boxed(b"av1C", &[&[0x81, 0, 0x1C, 0], &NARROW[..]].concat());
    let layers = [boxed(b"a1op", &[0]), boxed(b"lsel", &[255, 255])];
    let color = [std::slice::from_ref(&config), &layers[..]].concat();
    let whole = pair(&color, &[config, auxiliary()], &link, [&NARROW, &NARROW]);
    for at in 0..whole.len() {
        for value in [0, 1, 0x7F, 0x80, 0xFF] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            assert_eq!(neutralised(&bytes).0.len(), bytes.len(), "{at} = {value}");
        }
        neutralised(&whole[..at]);
    }
}
