//! Round trips: encoded output is decoded again by libvips. GIF, JPEG XL and JPEG 2000 are decoded like originals.

use super::*;
use crate::param::{ChromaSub, ColorSpace};
use crate::pixels::raster::Samples;
use crate::plan::{FallbackFormat, Format, Select, StoredFrames};
use crate::render::RenderLimits;
use crate::render::decode::{EncodedOriginal, Opened, Wanted};
use crate::units::Quality;
use crate::vips::{Call, Image};

const ALL: [Format; 9] = [
    Format::Jpeg,
    Format::Png,
    Format::Png8,
    Format::Png32,
    Format::Webp,
    Format::Avif,
    Format::Jxl,
    Format::Gif,
    Format::Jp2,
];

fn output() -> Output {
    Output {
        preferred: Vec::new(),
        fallback: FallbackFormat::Source,
        fallback_animated: FallbackFormat::Source,
        quality: Quality::clamped(90),
        webp_for_avif: false,
        yields: false,
        encode_time_max: std::time::Duration::MAX,
        lossless: false,
        progressive: true,
        chroma: ChromaSub::Yuv420,
        colors_max: None,
        color_space: ColorSpace::Origin,
        dpi: None,
        iptc: false,
    }
}

/// A smooth image. Alpha, if any, falls from opaque on the left to transparent on the right.
fn raster(width: u32, height: u32, channels: u8) -> Raster {
    let mut samples = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let (across, down) = ((x * 255 / width) as u8, (y * 255 / height) as u8);
            let colour = if channels < 3 { vec![down] } else { vec![across, down, 128] };
            samples.extend(colour);
            if channels.is_multiple_of(2) {
                samples.push(255 - across);
            }
        }
    }
    Raster { size: Size::new(width, height), channels, samples: Samples::U8(samples) }
}

fn loader(format: Format) -> &'static std::ffi::CStr {
    match format {
        Format::Jpeg => c"jpegload_buffer",
        Format::Png | Format::Png8 | Format::Png32 => c"pngload_buffer",
        Format::Webp => c"webpload_buffer",
        Format::Avif => c"heifload_buffer",
        Format::Gif | Format::Jxl | Format::Jp2 => panic!("libvips reads no {format:?} here"),
    }
}

fn load(bytes: &[u8], format: Format) -> Image<'_> {
    crate::vips::init().unwrap();
    Call::new(loader(format)).bytes(c"buffer", bytes).image_out().unwrap()
}

/// Decodes the frames of an animation and their timing.
fn frames(bytes: &[u8]) -> (Vec<Raster>, StoredFrames) {
    let limits = RenderLimits { pixels_max: 1 << 20, frames_max: 9, animation_pixels_max: 1 << 20 };
    let original = EncodedOriginal::new(bytes).unwrap();
    let opened = Opened::new(&original, &Select::default(), &limits).unwrap();
    let stored = opened.stored.clone();
    let wanted = Wanted { count: opened.measured.frames, ..Wanted::first(ColorSpace::Origin) };
    let decoded = opened.decode(&wanted, &limits).unwrap();
    (decoded.into_frames().map(|frame| frame.unwrap().into_raster().unwrap()).collect(), stored)
}

fn encoded(raster: &Raster, format: Format, output: &Output) -> Vec<u8> {
    crate::vips::init().unwrap();
    encode(raster, format, output, Attached::default())
        .unwrap_or_else(|fault| panic!("{format:?} {:?}: {fault}", raster.size))
}

fn decoded(raster: &Raster, format: Format, output: &Output) -> Raster {
    let bytes = encoded(raster, format, output);
    let back = if matches!(format, Format::Gif | Format::Jxl | Format::Jp2) {
        pixels::depth_8(&frames(&bytes).0.remove(0)).into_owned()
    } else {
        pixels::depth_8(&load(&bytes, format).to_raster().unwrap()).into_owned()
    };
    assert_eq!(back.size, raster.size, "{format:?}");
    back
}

/// Mean difference as seen on white.
fn difference(a: &Raster, b: &Raster) -> f64 {
    let shown = |raster: &Raster| -> Vec<u8> {
        let over_white = |v: u8, o: u8| ((u32::from(v) * u32::from(o) + 255 * (255 - u32::from(o))) / 255) as u8;
        pixels::rgba(raster).flat_map(|[r, g, b, o]| [r, g, b].map(|v| over_white(v, o))).collect()
    };
    let (a, b) = (shown(a), shown(b));
    a.iter().zip(&b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
}

#[test]
fn every_format_keeps_the_image() {
    for format in ALL {
        for channels in 1..=4 {
            let source = raster(64, 48, channels);
            let back = decoded(&source, format, &output());
            let mean = difference(&source, &back);
            // A GIF only has full or no opacity; a PNG8 has 256 entries for about 3000 combinations of alpha and grey.
            let few = format == Format::Png8 || format == Format::Gif;
            let allowed = if !few {
                6.0
            } else if format == Format::Gif {
                60.0
            } else {
                10.0
            };
            assert!(mean < allowed, "{format:?} with {channels} channels is {mean} off");
            let expected = format == Format::Png32 || format.facts().keeps_alpha && channels % 2 == 0;
            assert!(format == Format::Gif || back.has_alpha() == expected, "{format:?}, {channels} channels");
        }
    }
}

#[test]
fn alpha_is_kept_where_there_is_room() {
    let source = raster(64, 48, 4);
    for format in ALL.into_iter().filter(|&format| format.facts().keeps_alpha) {
        let back = decoded(&source, format, &output());
        let opacity: Vec<u8> = pixels::rgba(&back).map(|pixel| pixel[3]).take(64).collect();
        assert!(opacity[1] > 240 && opacity[62] < 15, "{format:?}: {opacity:?}");
        if format != Format::Gif {
            assert!((100..160).contains(&opacity[32]), "{format:?}: {opacity:?}");
        }
    }
}

#[test]
fn odd_sizes_work() {
    let sizes = [(1, 1), (1, 9), (9, 1), (3, 2), (15, 15), (17, 31)];
    for format in ALL {
        for (width, height) in sizes {
            for channels in 1..=4 {
                decoded(&raster(width, height, channels), format, &output());
            }
        }
    }
}

#[test]
fn long_thin_images_work() {
    for format in [Format::Jpeg, Format::Png, Format::Webp, Format::Avif, Format::Gif] {
        decoded(&raster(3, 8192, 3), format, &output());
    }
}

#[test]
fn every_quality_works_and_more_is_larger() {
    let source = raster(80, 80, 3);
    for format in [Format::Jpeg, Format::Webp, Format::Avif, Format::Jxl, Format::Jp2] {
        let size = |quality| encoded(&source, format, &Output { quality: Quality::clamped(quality), ..output() }).len();
        let sizes = [0, 1, 50, 100].map(size);
        assert!(sizes[0] < sizes[3] && sizes[2] < sizes[3], "{format:?}: {sizes:?}");
    }
}

#[test]
fn png_is_exact_and_lossless_webp_too() {
    for channels in 1..=4 {
        let source = raster(40, 30, channels);
        assert_eq!(decoded(&source, Format::Png, &output()), source);
        let as_rgba: Vec<u8> = pixels::rgba(&source).flatten().collect();
        assert_eq!(pixels::bytes(&decoded(&source, Format::Png32, &output())), as_rgba);
        let webp = decoded(&source, Format::Webp, &Output { lossless: true, ..output() });
        assert!(difference(&source, &webp) < 1e-9, "{channels} channels");
    }
}

#[test]
fn unused_alpha_is_dropped_except_from_png32() {
    let mut source = raster(20, 20, 4);
    if let Samples::U8(samples) = &mut source.samples {
        samples.iter_mut().skip(3).step_by(4).for_each(|a| *a = 255);
    }
    for format in ALL {
        let back = decoded(&source, format, &output());
        assert_eq!(back.has_alpha(), format == Format::Png32, "{format:?}");
    }
}

/// Returns the contents of a PNG or WebP chunk, and everything after it.
fn chunk<'a>(bytes: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let at = bytes.windows(name.len()).position(|part| part == name)?;
    bytes.get(at + name.len()..)
}

#[test]
fn colours_are_limited_in_every_format_that_is_exact() {
    let source = raster(64, 64, 4);
    for colors in [2, 5, 16, 100] {
        let limited = Output { colors_max: Some(colors), lossless: true, ..output() };
        for format in [Format::Png, Format::Png8, Format::Png32, Format::Webp, Format::Gif] {
            let back = decoded(&source, format, &limited);
            let found = pixels::rgba(&back).collect::<std::collections::HashSet<_>>().len();
            assert!(found <= usize::from(colors), "{format:?}: {found} for {colors}");
        }
    }
    let header = |format| encoded(&source, format, &output())[25];
    assert_eq!((header(Format::Png8), header(Format::Png32), header(Format::Png)), (3, 6, 6), "colour types");
}

#[test]
fn small_palettes_are_packed() {
    for width in [1, 2, 3, 7, 8, 9] {
        for colors in [2, 4, 16] {
            let samples = (0..width * 3).map(|at| (at % colors * 10) as u8).collect();
            let source = Raster { size: Size::new(width, 3), channels: 1, samples: Samples::U8(samples) };
            assert!(difference(&source, &decoded(&source, Format::Png8, &output())) < 1e-9, "{width} wide, {colors}");
        }
    }
}

#[test]
fn jpeg_says_what_was_asked_for() {
    let source = raster(64, 64, 3);
    let has = |bytes: &[u8], marker: u8| bytes.windows(2).any(|pair| pair == [0xff, marker]);
    let progressive = encoded(&source, Format::Jpeg, &output());
    assert!(has(&progressive, 0xc2) && !has(&progressive, 0xc0));
    let baseline = encoded(&source, Format::Jpeg, &Output { progressive: false, ..output() });
    assert!(has(&baseline, 0xc0) && !has(&baseline, 0xc2));
    for (chroma, factors) in [(ChromaSub::Yuv444, 0x11), (ChromaSub::Yuv422, 0x21), (ChromaSub::Yuv420, 0x22)] {
        let bytes = encoded(&source, Format::Jpeg, &Output { chroma, ..output() });
        let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc2]).unwrap();
        assert_eq!(bytes[frame + 11], factors, "{chroma:?}");
    }
    let grey = encoded(&raster(64, 64, 1), Format::Jpeg, &output());
    let frame = grey.windows(2).position(|pair| pair == [0xff, 0xc2]).unwrap();
    assert_eq!(grey[frame + 9], 1, "components");
}

#[test]
fn iptc_goes_into_a_jpeg_alone() {
    let iptc = b"Photoshop 3.0\0 8BIM some caption".as_slice();
    for format in [Format::Jpeg, Format::Png, Format::Webp] {
        let bytes = encode(&raster(8, 8, 3), format, &output(), Attached { profile: None, iptc: Some(iptc) }).unwrap();
        assert_eq!(chunk(&bytes, iptc).is_some(), format == Format::Jpeg, "{format:?}");
    }
    let huge = vec![0; 70_000];
    assert!(encode(&raster(8, 8, 3), Format::Jpeg, &output(), Attached { profile: None, iptc: Some(&huge) }).is_ok());
}

#[test]
fn resolution_is_written() {
    let at_300 = Output { dpi: Some(300), ..output() };
    let jpeg = encoded(&raster(8, 8, 3), Format::Jpeg, &at_300);
    assert_eq!(jpeg[13..18], [1, 300_u16.to_be_bytes()[0], 300_u16.to_be_bytes()[1], 1, 44], "JFIF density");
    let png = encoded(&raster(8, 8, 3), Format::Png, &at_300);
    assert_eq!(chunk(&png, b"pHYs").unwrap()[..9], [0, 0, 0x2e, 0x23, 0, 0, 0x2e, 0x23, 1], "11811 a metre");
    let wide = Output { dpi: Some(u32::MAX), ..output() };
    encoded(&raster(8, 8, 3), Format::Jpeg, &wide);
    encoded(&raster(8, 8, 3), Format::Png, &wide);
}

/// Builds a profile with just the fields that libraries check.
fn profile(len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..len).map(|at| if at < 132 { 0 } else { (at * 31 % 251) as u8 }).collect();
    bytes[..4].copy_from_slice(&(len as u32).to_be_bytes());
    bytes[12..24].copy_from_slice(b"mntrRGB XYZ ");
    bytes[36..40].copy_from_slice(b"acsp");
    // D50, which the profile connection space requires. No tags follow.
    bytes[68..80].copy_from_slice(&[0, 0, 0xf6, 0xd6, 0, 1, 0, 0, 0, 0, 0xd3, 0x2d]);
    bytes
}

#[test]
fn profiles_are_attached_and_nothing_else() {
    for len in [500, 150_000] {
        let profile = profile(len);
        for format in [Format::Jpeg, Format::Png, Format::Png8, Format::Webp] {
            let bytes = encode(&raster(16, 16, 3), format, &output(), Attached { profile: Some(&profile), iptc: None })
                .unwrap();
            let found = load(&bytes, format).meta_blob(c"icc-profile-data");
            assert!(found.as_deref() == Some(profile.as_slice()), "{format:?}");
            assert!(
                chunk(&bytes, b"EXIF").or(chunk(&bytes, b"Exif")).or(chunk(&bytes, b"XMP ")).is_none(),
                "{format:?}"
            );
        }
    }
    for format in ALL {
        let bytes = encoded(&raster(16, 16, 3), format, &output());
        for word in [b"Exif", b"EXIF", b"eXIf", b"XMP ", b"ICCP", b"iCCP", b"ICC_"] {
            assert!(chunk(&bytes, word).is_none(), "{format:?} holds {:?}", String::from_utf8_lossy(word));
        }
    }
}

#[test]
fn profiles_leave_webp_readable() {
    let profile = profile(501);
    for channels in 1..=4 {
        for lossless in [false, true] {
            let (source, output) = (raster(16, 9, channels), Output { lossless, ..output() });
            let attached = Attached { profile: Some(&profile), iptc: None };
            let bytes = encode(&source, Format::Webp, &output, attached).unwrap();
            let back = load(&bytes, Format::Webp);
            assert_eq!((back.size(), back.has_alpha()), (source.size, channels % 2 == 0), "{channels}, {lossless}");
            let back = pixels::depth_8(&back.to_raster().unwrap()).into_owned();
            assert!(difference(&source, &back) < 6.0);
        }
    }
}

#[test]
fn animations_keep_frames_delays_and_loops() {
    crate::vips::init().unwrap();
    for format in [Format::Gif, Format::Webp] {
        for channels in [3, 4] {
            let drawn: Vec<Raster> = (1..=3_u8)
                .map(|at| {
                    let mut frame = raster(20, 12, channels);
                    if let Samples::U8(samples) = &mut frame.samples {
                        samples.iter_mut().step_by(usize::from(channels)).for_each(|v| *v = at * 80);
                    }
                    frame
                })
                .collect();
            let animation = Animation { frames: drawn, delays_ms: vec![40, 100, 250], loops: 2 };
            let bytes = encode_animation(animation, format, &output(), Attached::default()).unwrap();
            let (back, stored) = frames(&bytes);
            assert!(back.iter().all(|frame| frame.size == Size::new(20, 12)), "{format:?}");
            assert_eq!(stored, StoredFrames { delays_ms: vec![40, 100, 250], plays: 2 }, "{format:?}");
        }
    }
}

#[test]
fn unlike_frames_and_still_formats_are_refused() {
    let two = |a, b| Animation { frames: vec![a, b], delays_ms: vec![10, 10], loops: 0 };
    let unlike = two(raster(4, 4, 3), raster(5, 4, 3));
    assert!(encode_animation(unlike, Format::Gif, &output(), Attached::default()).is_err());
    let alike = two(raster(4, 4, 3), raster(4, 4, 3));
    assert!(encode_animation(alike, Format::Jpeg, &output(), Attached::default()).is_err());
    let empty = Animation { frames: Vec::new(), delays_ms: Vec::new(), loops: 0 };
    assert!(encode_animation(empty, Format::Webp, &output(), Attached::default()).is_err());
}

#[test]
fn images_that_a_format_cannot_hold_are_refused() {
    assert!(encode(&raster(16_384, 1, 1), Format::Webp, &output(), Attached::default()).is_err());
    assert!(encode(&raster(65_501, 1, 1), Format::Jpeg, &output(), Attached::default()).is_err());
}

#[test]
fn a_build_without_jpegli_writes_the_same_kind_of_file() {
    let profile = profile(150_000);
    let iptc = b"Photoshop 3.0\0 8BIM some caption".as_slice();
    let attached = Attached { profile: Some(&profile), iptc: Some(iptc) };
    for (channels, progressive) in [(1, true), (3, true), (3, false)] {
        let source = raster(64, 48, channels);
        let output = Output { progressive, dpi: Some(300), ..output() };
        let bytes = turbo::encode(&source, &output, attached).unwrap();
        let image = load(&bytes, Format::Jpeg);
        assert!(image.meta_blob(c"icc-profile-data").as_deref() == Some(profile.as_slice()));
        assert_eq!(bytes[..4], [0xff, 0xd8, 0xff, 0xe0]);
        assert_eq!(bytes[13..18], [1, 1, 44, 1, 44], "JFIF density");
        assert!(chunk(&bytes, iptc).is_some() && chunk(&bytes, b"Exif").is_none());
        let has = |marker: u8| bytes.windows(2).any(|pair| pair == [0xff, marker]);
        assert_eq!((has(0xc2), has(0xc0)), (progressive, !progressive));
        let ours = image.to_raster().unwrap();
        assert_eq!(ours.size, source.size);
        let usual = load(&encode(&source, Format::Jpeg, &output, attached).unwrap(), Format::Jpeg).to_raster().unwrap();
        let (Samples::U8(ours), Samples::U8(usual)) = (&ours.samples, &usual.samples) else { panic!("8 bits") };
        let apart: u32 = ours.iter().zip(usual).map(|(&a, &b)| u32::from(a.abs_diff(b))).sum();
        assert!(f64::from(apart) / (ours.len() as f64) < 2.0, "{channels} {apart}");
    }
    for (chroma, factors) in [(ChromaSub::Yuv444, 0x11), (ChromaSub::Yuv422, 0x11), (ChromaSub::Yuv420, 0x22)] {
        let bytes = turbo::encode(&raster(64, 64, 3), &Output { chroma, ..output() }, Attached::default()).unwrap();
        let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc2]).unwrap();
        assert_eq!(bytes[frame + 11], factors, "{chroma:?}");
    }
    let huge = vec![0; 70_000];
    let attached = Attached { profile: Some(&huge), iptc: Some(&huge) };
    assert!(turbo::encode(&raster(8, 8, 3), &output(), attached).is_ok());
}
