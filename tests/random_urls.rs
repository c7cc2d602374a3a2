//! Random URLs from the table of parameters: whatever a stranger asks for, the answer is an image of the size that the
//! layout announces, or an error that is not ours.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tintype::sniff::Encoded;

use tintype::blob::Blob;
use tintype::error::Error;
use tintype::limits::Limits;
use tintype::param::{Kind, PARAMS, ParamSpec};
use tintype::plan::{self, Answer, Found, Intent, Measured, Negotiation, Plan, Policy};
use tintype::render::decode::{EncodedOriginal, Opened};
use tintype::render::{self, Input, Job, RenderLimits, faces};

/// How many URLs one run tries.
const URLS: u64 = 3_000;
/// Keeps images small: the test is about what URLs ask for, not about how long large images take.
const SIDE_MAX: u32 = 160;

/// Pseudo-random numbers, the same on every machine (xorshift64*, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound.max(1)
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len() as u64) as usize]
    }
}

/// Values that nobody may have thought of.
const ODD: [&str; 12] =
    ["", "0", "-1", "1e9", "NaN", "inf", ",,,", "%00", "%F0%9F%98%80", "99999999999999999999", "true", "0.0000001"];

/// Returns a value that has, or nearly has, one of the forms of a parameter.
fn value(random: &mut Random, spec: &ParamSpec) -> String {
    let kind = &spec.kinds[random.below(spec.kinds.len() as u64) as usize];
    let number = |random: &mut Random, low: f64, high: f64| {
        let share = random.below(1_000) as f64 / 999.0;
        let beyond = if random.below(8) == 0 { 3.0 } else { 1.0 };
        format!("{:.3}", low + (high.min(low + 4_000.0) - low) * share * beyond)
    };
    match kind {
        Kind::Whole(range) => {
            let (low, high) = (*range.start() as f64, *range.end() as f64);
            number(random, low, high).split('.').next().unwrap_or_default().to_owned()
        }
        Kind::Number(range) | Kind::Quantity(range) => number(random, *range.start(), *range.end()),
        Kind::Factor(max) => number(random, 0.0, *max),
        Kind::Length(_) | Kind::Place(_) | Kind::Extent(_) | Kind::Offset(_) | Kind::Radius(_) => {
            if random.below(3) == 0 { number(random, 0.0, 1.0) } else { random.below(200).to_string() }
        }
        Kind::Word(words) | Kind::Words(words) | Kind::WordsAnyCase(words) | Kind::FaceArea(words) => {
            let first = random.of(words);
            if random.below(3) == 0 { format!("{first},{}", random.of(words)) } else { first.to_owned() }
        }
        Kind::Synonym(read, _) => (*read).to_owned(),
        Kind::Color | Kind::Rgb => format!("{:08x}", random.below(1 << 32)),
        Kind::Radii | Kind::CornerRadii => format!("{},{},0,900", random.below(60), random.below(60)),
        Kind::PlacePair(_) => format!("{},{}", random.below(90), number(random, 0.0, 1.0)),
        Kind::Amount(max) => number(random, -2.0, f64::from(*max)).split('.').next().unwrap_or_default().to_owned(),
        Kind::Shares => format!("{},{}", number(random, 0.0, 1.0), number(random, -1.0, 1.0)),
        Kind::Rect => format!("{},0.3,{},full", random.below(60), random.below(90)),
        Kind::Border(_) => format!("{},80{:06x}", random.below(80), random.below(1 << 24)),
        Kind::AspectRatio => format!("{}:{}", random.below(40), random.below(40)),
        Kind::Colors | Kind::RgbList => {
            let count = 1 + random.below(5);
            (0..count).map(|_| format!("{:08x}", random.below(1 << 32))).collect::<Vec<_>>().join(",")
        }
        Kind::ExtentPair(_) => format!("{},{}", random.below(90), number(random, 0.0, 1.0)),
        Kind::Degrees | Kind::WholeDegrees => number(random, -400.0, 400.0),
        Kind::Stops => format!("{},{}", random.below(60), random.below(130)),
        Kind::Text => "na\u{ef}ve+%D7%A9%D7%9C%D7%95%D7%9D+%26lt;b%3E".to_owned(),
        Kind::Bool
        | Kind::RgbPair
        | Kind::Grid
        | Kind::PixelRect
        | Kind::Location
        | Kind::Polygon
        | Kind::Span
        | Kind::Font
        | Kind::Identifier
        | Kind::UnixSeconds => example(spec),
    }
}

/// Returns the value of a parameter in its own example.
fn example(spec: &ParamSpec) -> String {
    let own = spec.example.split('&').find_map(|pair| pair.split_once('=').filter(|(name, _)| *name == spec.name));
    own.map_or_else(|| "true".to_owned(), |(_, value)| value.to_owned())
}

fn query(random: &mut Random) -> String {
    let mut pairs = Vec::new();
    for _ in 0..=random.below(5) {
        let spec = &PARAMS[random.below(PARAMS.len() as u64) as usize];
        match random.below(10) {
            0 => pairs.push(format!("{}={}", spec.name, random.of(&ODD))),
            // An example includes what the parameter depends on.
            1..=4 => pairs.push(spec.example.to_owned()),
            _ => {
                pairs.push(spec.example.to_owned());
                pairs.push(format!("{}={}", spec.name, value(random, spec)));
            }
        }
    }
    // The slow encoders have tests of their own.
    if random.below(12) > 0 {
        pairs.push(format!("fm={}", random.of(&["png", "png", "png", "jpg", "webp", "gif", "png8"])));
    }
    pairs.join("&")
}

fn limits() -> (Policy, RenderLimits) {
    let limits = Limits { output_side_max: SIDE_MAX, ..Limits::default() };
    let render_limits = RenderLimits::from(&limits);
    (Policy::new(&limits, false, false), render_limits)
}

/// Returns a few tiny originals: colour, grey, transparency, 16 bits, an orientation, one pixel, several frames.
fn originals() -> Vec<(&'static str, Vec<u8>)> {
    let photo = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/photos").join(name);
        std::fs::read(path).unwrap()
    };
    let small = |name: &str, query: &str| {
        let Intent::Render(plan) = resolved(query, &Policy::default()) else { panic!("{query}") };
        let job = Job {
            plan: *plan,
            input: Input::sniffed(Blob::copy_from(&photo(name)).unwrap()).unwrap(),
            limits: limits().1,
            overlays: Vec::new(),
            faces: None,
        };
        render::render(&job).unwrap().body.as_slice().to_vec()
    };
    let png = |size: (u32, u32), color: png::ColorType, depth: png::BitDepth, data: &[u8]| {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, size.0, size.1);
        encoder.set_color(color);
        encoder.set_depth(depth);
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        out
    };
    let ramp = |len: u32| (0..len).map(|at| (at * 37 % 251) as u8).collect::<Vec<u8>>();
    let gif = {
        // Two frames of 4 x 3 pixels, written by hand; the second is partly transparent.
        let mut out = b"GIF89a\x04\0\x03\0\xf0\0\0\xff\0\0\0\0\xff".to_vec();
        for delay in [5_u8, 9] {
            out.extend([0x21, 0xf9, 4, 1, delay, 0, 1, 0, 0x2c, 0, 0, 0, 0, 4, 0, 3, 0, 0]);
            // Codes of 3 bits with a clear before each pair: clear, 0, 1, ... end.
            out.extend([2, 5, 0x84, 0x1d, 0x81, 0x7a, 0x50, 0]);
        }
        out.push(0x3b);
        out
    };
    vec![
        ("portrait", small("astronaut.jpg", "w=64&fm=jpg")),
        ("cup", small("cup.png", "w=48&fm=png")),
        ("sideways", small("cat-sideways.jpg", "orient=0&w=40&fm=webp")),
        ("deep", png((24, 16), png::ColorType::Rgb, png::BitDepth::Sixteen, &ramp(24 * 16 * 6))),
        ("grey", png((9, 31), png::ColorType::GrayscaleAlpha, png::BitDepth::Eight, &ramp(9 * 31 * 2))),
        ("dot", png((1, 1), png::ColorType::Rgba, png::BitDepth::Eight, &[9, 8, 7, 100])),
        ("frames", gif),
    ]
}

fn resolved(query: &str, policy: &Policy) -> Intent {
    tintype::param::parse(query, &[])
        .map_or(Intent::PassThrough, |parsed| plan::resolve(&parsed, &Negotiation::default(), policy).intent)
}

/// How one URL ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Nothing is rendered, the answer is a data output, or the size is not known here.
    Unmeasured,
    /// An error that is not ours.
    Refused,
    /// An image of the announced size.
    Measured {
        /// Another image is part of it.
        overlaid: bool,
    },
}

/// Returns how the answer to one URL ends, or what is wrong with it. `overlay` stands for every other image that the
/// URL names.
fn end(query: &str, original: &[u8], overlay: &[u8]) -> Result<End, String> {
    let (policy, render_limits) = limits();
    let Intent::Render(plan) = resolved(query, &policy) else { return Ok(End::Unmeasured) };
    let overlay = Encoded::sniffed(Blob::copy_from(overlay).unwrap()).unwrap();
    let job = Job {
        overlays: plan.overlays().into_iter().map(|(role, _)| (role, overlay.clone())).collect(),
        plan: *plan,
        input: Input::sniffed(Blob::copy_from(original).unwrap()).unwrap(),
        limits: render_limits,
        faces: None,
    };
    let done = match render::render(&job) {
        Ok(done) => done,
        Err(error) => {
            let answer = Error::from(error.clone()).answer(false);
            let is_ours = answer.status.as_u16() >= 500;
            return if is_ours { Err(format!("{}: {error:?}", answer.status)) } else { Ok(End::Refused) };
        }
    };
    if done.left_out {
        return Err("an overlay that was available is left out".to_owned());
    }
    let plan = &job.plan;
    let is_image = matches!(done.answer, Answer::Image(_));
    // What trimming finds is not known here.
    if !is_image || plan.trim.is_some() {
        return Ok(End::Unmeasured);
    }
    let faces = done.faces.as_deref();
    let expected = expected_size(plan, original, faces, &render_limits).ok_or("an original without a size")?;
    let unread = |what: &str| format!("{what} cannot be read: {:?}", done.answer);
    // An answer that this crate cannot decode is a fault, because no other reader would decode it either.
    let written = EncodedOriginal::new(done.body.as_slice()).map_err(|_| unread("the answer"))?;
    let opened = Opened::new(&written, &plan::Select::default(), &render_limits).map_err(|_| unread("its header"))?;
    if (expected, expected) != (done.size, opened.measured.size) {
        return Err(format!("{:?}, in the file {:?}, announced {expected:?}", done.size, opened.measured.size));
    }
    Ok(End::Measured { overlaid: !job.overlays.is_empty() })
}

fn expected_size(
    plan: &Plan,
    original: &[u8],
    faces: Option<&[faces::Face]>,
    limits: &RenderLimits,
) -> Option<tintype::units::Size> {
    let original = EncodedOriginal::new(original).ok()?;
    let measured: Measured = Opened::new(&original, &plan.select, limits).ok()?.measured;
    let found = faces.map_or_else(Found::default, |faces| faces::found(faces, measured.size));
    Some(plan::layout_found(plan, &measured, &found).output)
}

#[test]
fn random_urls_get_the_planned_size_or_a_client_error() {
    let originals = originals();
    let (next, faults, ends) = (AtomicU64::new(0), Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= URLS {
                        break;
                    }
                    let mut random = Random::new(seed);
                    let (name, original) = &originals[random.below(originals.len() as u64) as usize];
                    let query = query(&mut random);
                    let (of, overlay) = &originals[random.below(originals.len() as u64) as usize];
                    let outcome = std::panic::catch_unwind(|| end(&query, original, overlay));
                    match outcome.unwrap_or_else(|_| Err("a panic".to_owned())) {
                        Ok(end) => ends.lock().unwrap().push(end),
                        Err(fault) => faults.lock().unwrap().push(format!("{name} with {of}?{query}: {fault}")),
                    }
                }
            });
        }
    });
    let mut faults = faults.into_inner().unwrap();
    faults.sort();
    assert!(faults.is_empty(), "{} of {URLS}:\n{}", faults.len(), faults.join("\n"));

    // Keeps the test from becoming empty unnoticed.
    let ends = ends.into_inner().unwrap();
    let count = |is: fn(&End) -> bool| ends.iter().filter(|end| is(end)).count();
    let measured = count(|end| matches!(end, End::Measured { .. }));
    let overlaid = count(|end| matches!(end, End::Measured { overlaid: true }));
    let refused = count(|end| *end == End::Refused);
    println!("of {URLS} URLs {measured} are measured, {overlaid} of them with an overlay; {refused} are refused");
    assert!(measured * 3 > ends.len() * 2 && overlaid * 6 > ends.len(), "{measured} and {overlaid}");
}
