//! Files written by libjpeg and truncated in many places, with and without an end marker appended.

use super::*;
use crate::param::ColorSpace;
use crate::pixels::raster::{Raster, Samples};
use crate::plan::Select;
use crate::render::decode::{EncodedOriginal, Opened, Wanted};
use crate::render::{RenderError, RenderLimits};
use crate::units::Size;
use crate::vips::{Call, Image};

const LIMITS: RenderLimits = RenderLimits { pixels_max: 1 << 20, frames_max: 1, animation_pixels_max: 1 << 20 };

/// How a file is written.
#[derive(Clone, Copy, Debug)]
struct Style {
    size: (u32, u32),
    channels: u8,
    is_progressive: bool,
    subsampling: &'static std::ffi::CStr,
    restart: i32,
}

const STYLES: [Style; 9] = {
    const fn style(size: (u32, u32), channels: u8, is_progressive: bool, halves: bool, restart: i32) -> Style {
        Style { size, channels, is_progressive, subsampling: if halves { c"on" } else { c"off" }, restart }
    }
    [
        style((37, 41), 3, false, false, 0),
        style((37, 33), 3, false, true, 0),
        style((64, 48), 3, false, true, 3),
        style((64, 48), 1, false, false, 1),
        style((8, 8), 1, false, false, 0),
        style((37, 41), 3, true, false, 0),
        style((37, 33), 3, true, true, 0),
        style((64, 48), 3, true, true, 2),
        style((33, 50), 1, true, false, 0),
    ]
};

/// Encodes noise, so that every block has codes.
fn written(style: Style) -> Vec<u8> {
    crate::vips::init().unwrap();
    let (width, height) = style.size;
    let noise = |at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8;
    let samples = (0..width * height * u32::from(style.channels)).map(noise).collect();
    let raster = Raster { size: Size::new(width, height), channels: style.channels, samples: Samples::U8(samples) };
    let image = Image::from_raster(&raster).unwrap();
    Call::new(c"jpegsave_buffer")
        .image(c"in", &image)
        .int(c"Q", 80)
        .flag(c"interlace", style.is_progressive)
        .nick(c"subsample-mode", style.subsampling)
        .int(c"restart-interval", style.restart)
        .bytes_out()
        .unwrap()
}

fn drawn(bytes: &[u8], shrink: u32) -> Result<Raster, RenderError> {
    let original = EncodedOriginal::new(bytes)?;
    let opened = Opened::new(&original, &Select::default(), &LIMITS)?;
    opened.decode(&Wanted { shrink, ..Wanted::first(ColorSpace::Origin) }, &LIMITS)?.into_first()
}

/// Returns where the data of the first scan begins.
fn data_start(bytes: &[u8]) -> usize {
    let mut parts = Parts::of(bytes);
    while let Some(part) = parts.next() {
        if let Part::Scan { data, .. } = part {
            return parts.at - data.len();
        }
    }
    panic!("no scan")
}

#[test]
fn a_complete_file_is_drawn_with_or_without_its_end() {
    for style in STYLES {
        let whole = written(style);
        for shrink in [1, 8] {
            let expected = drawn(&whole, shrink).unwrap();
            for missing in 1..=2 {
                let found = drawn(&whole[..whole.len() - missing], shrink).unwrap();
                assert_eq!(found.clone().into_bytes(), expected.clone().into_bytes(), "{style:?} less {missing}");
            }
            let with_thumbnail = [&whole[..], &whole].concat();
            assert!(drawn(&with_thumbnail, shrink).is_ok(), "what follows the end is not ours");
        }
        assert_eq!(check_whole(&whole, Expected::EveryBit), Ok(()), "{style:?}");
    }
}

#[test]
fn a_truncated_file_is_refused_even_with_an_end_marker() {
    for style in STYLES {
        let whole = written(style);
        let (start, end) = (data_start(&whole), whole.len() - 2);
        let step = (end - start) / 150 + 1;
        let near_the_end = end.saturating_sub(40).max(start)..end;
        for length in (start..end).step_by(step).chain(near_the_end) {
            let cut = &whole[..length];
            let closed = [cut, &END].concat();
            assert!(check_whole(&closed, Expected::EveryBit).is_err(), "{style:?} cut at {length} of {end}");
            for shrink in [1, 2, 4, 8] {
                assert!(drawn(cut, shrink).is_err(), "{style:?} cut at {length} of {end}");
            }
        }
    }
}

#[test]
fn a_lost_stretch_between_restarts_is_refused() {
    let whole = written(STYLES[2]);
    let start = data_start(&whole);
    let marker = |number: u8| {
        let found = whole[start..].windows(2).position(|pair| pair == [0xFF, 0xD0 + number]).unwrap();
        start + found
    };
    let without = [&whole[..marker(0)], &whole[marker(1)..]].concat();
    assert!(drawn(&without, 1).is_err());
    let without_marker = [&whole[..marker(0)], &whole[marker(0) + 2..]].concat();
    assert!(drawn(&without_marker, 1).is_err());
}

#[test]
fn files_that_libjpeg_only_warns_about_are_accepted() {
    for style in STYLES {
        let whole = written(style);
        let expected = drawn(&whole, 1).unwrap().into_bytes();
        // Stray bytes before a marker.
        let end = whole.len() - 2;
        let stray = [&whole[..end], &[0xFF, 0, 7, 7], &END].concat();
        assert_eq!(drawn(&stray, 1).unwrap().into_bytes(), expected, "{style:?}");
    }
}

#[test]
fn no_bytes_make_it_panic() {
    for style in STYLES {
        let whole = written(style);
        for at in 2..whole.len() {
            for value in [0, 1, 0x3F, 0x11, 0xC4, 0xDA, 0xFF] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                // A side in the header may have become large; the pixel limit has to catch that first.
                if (data_start(&whole) - 200..).contains(&at) || !(0..200).contains(&at) {
                    let _ = check_whole(&bytes, Expected::ScansAsStored);
                }
                let _ = ended(&bytes[..at]);
            }
        }
    }
    for bytes in [&b""[..], b"\xFF", b"\xFF\xD8", b"\xFF\xD8\xFF\xDA", b"\xFF\xD8\xFF\xC0\0\x11\x08"] {
        assert!(check_whole(bytes, Expected::EveryBit).is_err());
    }
}
#[test]
fn a_file_is_padded_to_whole_pixels_of_what_is_read_of_it() {
    for style in STYLES {
        let whole = written(style);
        let (width, height) = style.size;
        for shrink in [1, 2, 4, 8] {
            let is_whole = width % shrink == 0 && height % shrink == 0;
            assert_eq!(padded(&whole, shrink).is_none(), is_whole, "{style:?} 1:{shrink}");
            let size = drawn(&whole, shrink).unwrap().size;
            assert_eq!(size, Size::new(width.div_ceil(shrink), height.div_ceil(shrink)), "{style:?} 1:{shrink}");
        }
    }
    for bytes in [&b""[..], b"\xFF\xD8", b"\xFF\xD8\xFF\xC0\0\x02", b"\xFF\xD8\xFF\xC0\0\x08\x08\0\x09\0\x09\x03"] {
        assert_eq!(padded(bytes, 8), None);
    }
}
