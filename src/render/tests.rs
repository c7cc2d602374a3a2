//! Complete renders in this process, on images made here and on the shared fixtures.

mod effects;
mod overlays;
mod pages;
#[path = "../../tests/support/corpus.rs"]
mod shared;
mod sheets;
mod tones;
mod trim;
mod words;

use crate::render::{Bound, Codec, Input};
use crate::sniff::SourceFormat;
use std::path::Path;

use super::decode::{EncodedOriginal, Opened, Wanted};
use super::{Job, RenderError, RenderLimits, Rendered, encode, render};
use crate::blob::Blob;
use crate::limits::Limits;
use crate::param::ColorSpace;
use crate::pixels::raster::{Raster, Samples};
use crate::plan::{self, Answer, Data, Format, Intent, Negotiation, Policy, Select};
use crate::units::Size;
use crate::vips::{Call, Image, init};

fn limits() -> RenderLimits {
    RenderLimits::from(&Limits::default())
}

fn job(query: &str, bytes: &[u8]) -> Job {
    let parsed = crate::param::parse(query, &[]).unwrap();
    let policy = Policy { rasterize_svg: true, ..Policy::default() };
    let Intent::Render(plan) = plan::resolve(&parsed, &Negotiation::default(), &policy).intent else {
        panic!("{query} renders nothing")
    };
    Job {
        plan: *plan,
        input: Input::sniffed(Blob::copy_from(bytes).unwrap()).unwrap_or(Input::Nothing),
        overlays: Vec::new(),
        limits: limits(),
        faces: None,
    }
}

#[track_caller]
fn rendered(query: &str, bytes: &[u8]) -> Rendered {
    render(&job(query, bytes)).unwrap_or_else(|error| panic!("{query}: {error:?}"))
}

/// Decodes all frames of a rendition or a fixture. Also returns the delays and the colour profile.
fn frames(bytes: &[u8]) -> (Vec<Raster>, Vec<u32>, Option<Vec<u8>>) {
    init().unwrap();
    let original = EncodedOriginal::new(bytes).unwrap();
    let select = Select::default();
    let opened = Opened::new(&original, &select, &limits()).unwrap();
    let delays = opened.stored.delays_ms.clone();
    let wanted = Wanted { count: opened.measured.frames, ..Wanted::first(ColorSpace::Origin) };
    let decoded = opened.decode(&wanted, &limits()).unwrap();
    let profile = decoded.profile.clone();
    (decoded.into_frames().map(|frame| frame.unwrap().into_raster().unwrap()).collect(), delays, profile)
}

fn pixels(bytes: &[u8]) -> Raster {
    frames(bytes).0.remove(0)
}

fn png(raster: &Raster) -> Vec<u8> {
    init().unwrap();
    let image = Image::from_raster(raster).unwrap();
    Call::new(c"pngsave_buffer").image(c"in", &image).bytes_out().unwrap()
}

fn solid(width: u32, height: u32, pixel: &[u8]) -> Vec<u8> {
    let size = Size::new(width, height);
    let samples = Samples::U8(pixel.repeat(size.area() as usize));
    png(&Raster { size, channels: pixel.len() as u8, samples })
}

/// Reads a shared fixture. Outside the project's own machines the fixtures are missing; tests that need one then report
/// it and pass.
fn fixture(name: &str) -> Option<Vec<u8>> {
    let root = shared::corpus()?;
    Some(std::fs::read(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// Mean absolute difference of two images of the same size, in levels of 255, on a white background.
fn difference(a: &Raster, b: &Raster) -> f64 {
    assert_eq!(a.size, b.size);
    let flat = |raster: &Raster| {
        let white = crate::units::Color::WHITE;
        crate::pixels::background::apply(raster.clone().into_rgba(), white).into_bytes()
    };
    let (a, b) = (flat(a), flat(b));
    let sum: u64 = a.iter().zip(&b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.len() as f64
}

#[test]
fn sizes_and_formats_follow_the_request() {
    let source = solid(300, 200, &[200, 30, 30]);
    let check = |query: &str, format: Format, width: u32, height: u32| {
        let done = rendered(query, &source);
        assert_eq!((done.answer, done.size), (Answer::Image(format), Size::new(width, height)), "{query}");
        assert_eq!(pixels(done.body.as_slice()).size, done.size, "{query}");
    };
    check("w=100", Format::Png, 100, 67);
    check("w=100&h=100&fit=crop&fm=jpg", Format::Jpeg, 100, 100);
    check("w=400&h=400&fit=fill&fill=solid&fill-color=f00&fm=webp", Format::Webp, 400, 400);
    check("w=60&h=60&fit=crop&crop=entropy&fm=gif", Format::Gif, 60, 60);
    check("orient=6&fm=png", Format::Png, 200, 300);
    check("rot=30&w=90&fm=png8", Format::Png8, 90, 60);
    check("rect=100,50,50,40&fm=png32", Format::Png32, 50, 40);
    check("w=40&fm=avif", Format::Avif, 40, 27);
}

#[test]
fn colours_survive_the_way_through() {
    let source = solid(30, 20, &[200, 30, 30]);
    for query in
        ["w=15&fm=png", "w=90&fm=png", "w=30&h=30&fit=fill&fill=blur&fm=png", "rot=45&fm=png", "cs=srgb&fm=png"]
    {
        let raster = pixels(rendered(query, &source).body.as_slice());
        assert!(raster.into_rgba().into_bytes().chunks_exact(4).all(|p| p == [200, 30, 30, 255]), "{query}");
    }
    let bars = pixels(rendered("w=30&h=40&fit=fill&fill=solid&fill-color=00f&fm=png", &source).body.as_slice());
    let bytes = bars.into_rgba().into_bytes();
    assert_eq!((&bytes[..4], &bytes[20 * 30 * 4..][..4]), (&[0, 0, 255, 255][..], &[200, 30, 30, 255][..]));
}

#[test]
fn grey_stays_grey_and_transparency_is_kept_or_flattened() {
    let grey = pixels(rendered("w=20&fm=png", &solid(40, 40, &[90])).body.as_slice());
    assert_eq!(grey.channels, 1);
    let clear = solid(40, 40, &[10, 200, 10, 0]);
    assert_eq!(rendered("w=20&auto=compress", &clear).answer, Answer::Image(Format::Png));
    assert!(pixels(rendered("w=20&fm=png", &clear).body.as_slice()).is_transparent());
    let flat = pixels(rendered("w=20&fm=jpg", &clear).body.as_slice());
    assert!(flat.into_bytes().iter().all(|v| *v >= 254), "transparent becomes white in JPEG");
    let on_red = pixels(rendered("w=20&bg=f00&fm=png", &clear).body.as_slice());
    assert_eq!(&on_red.into_bytes()[..3], [255, 0, 0]);
}

#[test]
fn sixteen_bits_reach_the_resampler() {
    // The two levels are equal in 8 bits, but their mean rounds up to a third level.
    let size = Size::new(64, 64);
    let samples = Samples::U16((0..size.area()).map(|i| if i % 2 == 0 { 25_700 } else { 25_956 }).collect());
    let deep = png(&Raster { size, channels: 1, samples });
    let raster = pixels(&deep);
    assert!(matches!(raster.samples, Samples::U16(_)));
    let half = pixels(rendered("w=32&fm=png", &deep).body.as_slice());
    assert!(half.into_bytes().iter().all(|v| (100..=101).contains(v)));
}

#[test]
fn animations_keep_their_frames_and_delays() {
    let Some(source) = fixture("gif/rotating-squares.gif") else { return };
    let (before, delays, _) = frames(&source);
    assert!(before.len() > 1);
    for query in ["w=20&fm=gif", "w=20&h=10&fit=crop&crop=edges&fm=webp"] {
        let done = rendered(query, &source);
        let (after, kept, _) = frames(done.body.as_slice());
        // Encoders may merge two equal frames into one with the combined duration.
        assert_eq!(kept.iter().sum::<u32>(), delays.iter().sum::<u32>(), "{query}");
        assert!(after.len() > before.len() / 4, "{query}: {} frames", after.len());
        assert!(after.iter().all(|frame| frame.size == done.size), "{query}");
    }
    let still = rendered("w=20&fm=png", &source);
    assert_eq!((still.answer, frames(still.body.as_slice()).0.len()), (Answer::Image(Format::Png), 1));
    let third = frames(rendered("frame=3&fm=png", &source).body.as_slice()).0;
    assert_eq!(third.len(), 1);
    assert!(difference(&third[0], &before[2]) < 1.0);
}

/// Five frames of 30 x 20, each in a single colour, shown for 100, 200 ... 500 ms and played three times.
fn five_frames(format: Format) -> Vec<u8> {
    init().unwrap();
    let size = Size::new(30, 20);
    let frame = |red: u8| Raster { size, channels: 3, samples: Samples::U8([red, 100, 50].repeat(600)) };
    let frames = (1..=5).map(|number| frame(number * 50)).collect();
    let animation = encode::Animation { frames, delays_ms: (1..=5).map(|number| number * 100).collect(), loops: 3 };
    let job = job("lossless=true&w=1", b"");
    encode::encode_animation(animation, format, &job.plan.output, encode::Attached::default()).unwrap()
}

#[test]
fn frames_are_selected_in_order_and_timed() {
    /// Checks the number and duration of each output frame, and the play count.
    fn check(query: &str, shown: &[(u8, u32)], plays: u32) {
        for (format, fm) in [(Format::Gif, "fm=gif"), (Format::Webp, "fm=webp&lossless=true"), (Format::Gif, "fm=webp")]
        {
            let done = rendered(&format!("{query}&{fm}"), &five_frames(format));
            let (frames, delays, _) = frames(done.body.as_slice());
            let number = |raster: &Raster| ((u32::from(raster.clone().into_bytes()[0]) + 25) / 50) as u8;
            let got: Vec<_> = frames.iter().map(number).zip(delays).collect();
            let original = EncodedOriginal::new(done.body.as_slice()).unwrap();
            let opened = Opened::new(&original, &Select::default(), &limits()).unwrap();
            assert_eq!((got.as_slice(), opened.stored.plays), (shown, plays), "{query}&{fm}");
            assert!(frames.iter().all(|frame| frame.size == done.size), "{query}&{fm}");
        }
    }
    let all = [(1, 100), (2, 200), (3, 300), (4, 400), (5, 500)];
    check("w=10", &all, 3);
    check("w=10&frame=2-4", &all[1..4], 3);
    check("frame=4-&loop=0", &all[3..], 0);
    check("w=10&interval=2&loop=7", &[(1, 100), (3, 300), (5, 500)], 7);
    check("skip=2&h=7", &[(2, 200), (4, 400)], 3);
    check("reverse=true&w=60", &[(5, 500), (4, 400), (3, 300), (2, 200), (1, 100)], 3);
    check("frame=2-&interval=2&reverse=true", &[(4, 400), (2, 200)], 3);
    check("fps=20", &[(1, 50), (2, 50), (3, 50), (4, 50), (5, 50)], 3);
}

#[test]
fn a_still_format_shows_the_first_frame_of_the_selection() {
    let source = five_frames(Format::Gif);
    for (query, number) in
        [("w=9", 1), ("frame=3", 3), ("frame=9", 5), ("frame=2-4", 2), ("reverse=true", 5), ("skip=2", 2)]
    {
        for fm in ["png", "avif", "webp&frame=1&frame=4"] {
            let done = rendered(&format!("{query}&fm={fm}"), &source);
            let (shown, _, _) = frames(done.body.as_slice());
            assert_eq!(shown.len(), 1, "{query} {fm}");
            let expected = if fm.contains("frame") { 4 } else { number };
            let red = shown[0].clone().into_bytes()[0];
            assert!(red.abs_diff(expected * 50) < 6, "{query} {fm}: {red}");
        }
    }
}

#[test]
fn animations_are_never_negotiated_to_avif() {
    let job = job("w=10&auto=format", &five_frames(Format::Gif));
    let parsed = crate::param::parse("w=10&auto=format", &[]).unwrap();
    let both = Negotiation { avif: true, webp: true, ..Negotiation::default() };
    let Intent::Render(plan) = plan::resolve(&parsed, &both, &Policy::default()).intent else { panic!() };
    let done = render(&Job { plan: *plan, ..job.clone() }).unwrap();
    assert_eq!((done.answer, frames(done.body.as_slice()).0.len()), (Answer::Image(Format::Webp), 5));
    assert_eq!(render(&job).unwrap().answer, Answer::Image(Format::Gif));
}

#[test]
fn animations_are_bounded_coming_in_and_going_out() {
    let with = |query: &str, change: fn(&mut RenderLimits)| {
        let mut job = job(query, &five_frames(Format::Gif));
        change(&mut job.limits);
        render(&job).map(|_| ())
    };
    let too_large = |outcome| matches!(outcome, Err(RenderError::TooLarge { .. }));
    assert!(too_large(with("w=10", |limits| limits.frames_max = 4)));
    assert!(with("w=10&frame=1-4", |limits| limits.frames_max = 4).is_ok());
    assert!(with("w=10&fm=png", |limits| limits.frames_max = 4).is_ok());
    assert!(too_large(with("w=10", |limits| limits.animation_pixels_max = 2999)));
    assert!(with("w=10", |limits| limits.animation_pixels_max = 3000).is_ok());
    assert!(too_large(with("w=31", |limits| limits.animation_pixels_max = 3000)));
}

#[test]
fn every_orientation_comes_out_upright() {
    for (kind, of) in [("jpeg", "Landscape_N.jpg"), ("jpeg", "Portrait_N.jpg"), ("webp", "hopper_orientation_N.webp")] {
        let name = |value: u8| format!("{kind}/orientation/{}", of.replace('N', &value.to_string()));
        // The WebP set starts at 2.
        let Some(upright) = fixture(&name(if kind == "webp" { 2 } else { 1 })) else { return };
        let expected = pixels(rendered("w=64&fm=png", &upright).body.as_slice());
        for value in 2..=8 {
            let Some(source) = fixture(&name(value)) else { return };
            let got = pixels(rendered("w=64&fm=png", &source).body.as_slice());
            assert!(difference(&got, &expected) < 6.0, "{}: {}", name(value), difference(&got, &expected));
        }
    }
}

#[test]
fn png_and_avif_are_turned_once() {
    // One stored image under eight orientation tags. The file named 1 has the tag 3, as its eXIf chunk shows.
    let Some(stored) = fixture("png/orientation/orientation-0.png") else { return };
    for value in [2, 4, 5, 6, 7, 8] {
        let Some(source) = fixture(&format!("png/orientation/orientation-{value}.png")) else { return };
        let expected = crate::pixels::orient::apply(pixels(&stored), value);
        assert!(difference(&pixels(rendered("fm=png", &source).body.as_slice()), &expected) < 0.5, "{value}");
    }
    let Some(upright) = fixture("avif/kimono.avif") else { return };
    let expected = pixels(rendered("w=64&fm=png", &upright).body.as_slice());
    for name in ["rotate90", "rotate270", "mirror-horizontal", "mirror-vertical.rotate270.crop"] {
        let Some(source) = fixture(&format!("avif/kimono.{name}.avif")) else { return };
        let got = pixels(rendered("w=64&fm=png", &source).body.as_slice());
        assert!(difference(&got, &expected) < 3.0, "{name}");
    }
}

#[test]
fn profiles_are_kept_or_converted_as_asked() {
    let Some(source) = fixture("jpeg/icc-display-p3.jpg") else { return };
    let (_, _, origin) = frames(rendered("w=64&fm=png", &source).body.as_slice());
    assert!(origin.is_some(), "a wide profile is kept");
    let (_, _, stripped) = frames(rendered("w=64&cs=strip&fm=png", &source).body.as_slice());
    assert_eq!(stripped, None);
    // AVIF is written without a profile, so its values must already be sRGB.
    let converted = pixels(rendered("w=64&cs=srgb&fm=png", &source).body.as_slice());
    let avif = pixels(rendered("w=64&q=100&fm=avif", &source).body.as_slice());
    // Chroma subsampling alone causes a difference of three levels at this size; the wrong primaries would cause ten.
    assert!(difference(&avif, &converted) < 5.0, "{}", difference(&avif, &converted));
    let Some(inks) = fixture("jpeg/pil_sample_cmyk.jpg") else { return };
    let rgb = pixels(rendered("fm=png", &inks).body.as_slice());
    assert_eq!(rgb.channels, 3);
    assert!(rgb.into_bytes()[0] > 200, "a red corner stays red");
}

#[test]
fn errors_say_whose_fault_it_is() {
    let check = |bytes: &[u8], expected: RenderError| {
        assert_eq!(render(&job("w=20&fm=png", bytes)).map(|done| done.size), Err(expected));
    };
    check(b"just text", RenderError::NotAnImage);
    check(b"8BPS\0\x01......", RenderError::Undecodable);
    check(b"%!PS-Adobe-3.0 EPSF-3.0\n", RenderError::UnsupportedFormat(Codec::Reader(SourceFormat::Eps)));
    check(b"II\xbc\x01\x20\0\0\0", RenderError::UnsupportedFormat(Codec::Reader(SourceFormat::Jxr)));
    check(b"\xFF\xD8\xFF\xE0cut", RenderError::Undecodable);
    let whole = solid(400, 300, &[1, 2, 3]);
    check(&whole[..whole.len() / 2], RenderError::Undecodable);
    let mut small = job("w=20&fm=png", &whole);
    small.limits.pixels_max = 1000;
    let too_large = RenderError::TooLarge { what: Bound::Pixels, got: 120_000, max: 1000 };
    assert_eq!(render(&small).map(|done| done.size), Err(too_large));
}

#[test]
fn descriptions_are_of_the_original() {
    let Some(source) = fixture("jpeg/gps-full-metadata.jpg") else { return };
    let done = rendered("w=10&fm=json", &source);
    assert_eq!(done.answer, Answer::Data(Data::Json));
    let value: serde_json::Value = serde_json::from_slice(done.body.as_slice()).unwrap();
    assert_eq!(value["Content-Type"], "image/jpeg");
    assert_eq!(value["Content-Length"], source.len().to_string());
    assert_eq!(value["PixelWidth"], done.size.width);
    assert!(value["Exif"].is_object() && value["Output"].is_object());
    assert!(!done.body.as_slice().windows(3).any(|w| w == b"GPS"), "{value}");
}

#[test]
fn no_metadata_survives() {
    let Some(source) = fixture("jpeg/gps-full-metadata.jpg") else { return };
    for query in ["w=64", "w=64&fm=webp", "w=64&fm=png", "w=64&fm=avif", "w=64&fm=jxl"] {
        let done = rendered(query, &source);
        for mark in [&b"Exif"[..], b"eXIf", b"EXIF", b"http://ns.adobe.com/xap", b"photoshop", b"GPS"] {
            assert!(!done.body.as_slice().windows(mark.len()).any(|w| w == mark), "{query}");
        }
    }
}

#[test]
fn vectors_are_drawn_at_the_size_asked_for() {
    let svg = br##"<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><path d="M0 0h5v10h-5z"/></svg>"##;
    let done = rendered("w=200&fm=png", svg);
    assert_eq!(done.size, Size::new(200, 200));
    let bytes = pixels(done.body.as_slice()).into_rgba().into_bytes();
    let alpha_at = |x: usize| bytes[(100 * 200 + x) * 4 + 3];
    assert_eq!((alpha_at(98), alpha_at(101)), (255, 0), "a sharp edge, not an enlarged one");
}

#[test]
fn nothing_is_left_behind() {
    init().unwrap();
    let png = solid(64, 64, &[1, 2, 3]);
    let jpeg = rendered("w=64&fm=jpg", &png).body;
    // Other tests run in parallel, so the count must stay bounded, not constant.
    let before = crate::vips::tracked_allocations();
    for _ in 0..50 {
        rendered("w=20&fm=webp", &png);
        rendered("w=20&fm=webp", jpeg.as_slice());
    }
    let after = crate::vips::tracked_allocations();
    assert!(after < before + 40, "{before} -> {after}");
}
