//! Processor time that each encoder takes per pixel, from which the estimates in `src/plan/cost.rs` are derived:
//! `cargo bench --bench encode [-- FORMAT ...]`.
//!
//! Photographs are assembled from those in `fixtures/photos`; noise is the worst case for a photograph. The figure is
//! nanoseconds of this process per pixel, the smaller of two runs, so that other work on the machine affects it little.

use tintype::param;
use tintype::pixels::raster::{Raster, Samples};
use tintype::plan::{Format, Intent, Negotiation, Output, Policy, resolve};
use tintype::render::encode::{Animation, Attached, detail, encode, encode_animation};
use tintype::units::Size;
use tintype::vips;

const PHOTOS: [&[u8]; 4] = [
    include_bytes!("../fixtures/photos/coffee.jpg"),
    include_bytes!("../fixtures/photos/cat.jpg"),
    include_bytes!("../fixtures/photos/rocket.jpg"),
    include_bytes!("../fixtures/photos/astronaut.jpg"),
];
const RUNS: usize = 2;
/// Length of a run, long enough that clock ticks are fine enough.
const AT_LEAST_S: f64 = 0.2;

/// Returns what `query` says about encoding.
fn output(query: &str) -> Output {
    let parsed = param::parse(query, &[]).expect("a query without base64 parses");
    let Intent::Render(plan) = resolve(&parsed, &Negotiation::default(), &Policy::default()).intent else {
        panic!("{query} renders nothing");
    };
    plan.output
}

/// Tiles the photographs side by side and in rows, repeated to fill `size`.
fn photograph(size: Size) -> Raster {
    let photos: Vec<Raster> = PHOTOS
        .iter()
        .map(|bytes| {
            let image = vips::Call::new(c"jpegload_buffer").bytes(c"buffer", bytes).image_out().expect("a JPEG");
            image.to_raster().expect("pixels").into_8_bit()
        })
        .collect();
    let (cell_width, cell_height) =
        photos.iter().fold((u32::MAX, u32::MAX), |(w, h), photo| (w.min(photo.size.width), h.min(photo.size.height)));
    let mut samples = Vec::new();
    for y in 0..size.height {
        for x in 0..size.width {
            let photo = &photos[(x / cell_width + y / cell_height * 3) as usize % photos.len()];
            let Samples::U8(of) = &photo.samples else { panic!("8 bits") };
            let at = ((y % cell_height * photo.size.width + x % cell_width) * 3) as usize;
            samples.extend_from_slice(&of[at..at + 3]);
        }
    }
    Raster { size, channels: 3, samples: Samples::U8(samples) }
}

/// Returns random samples, including alpha if there is any.
fn noise(size: Size, channels: u8) -> Raster {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let count = size.area() * u64::from(channels);
    Raster { size, channels, samples: Samples::U8((0..count).map(|_| next()).collect()) }
}

/// Returns a photograph as if taken in the dark: noise of up to 24 levels either way on every sample.
fn grainy(photo: &Raster) -> Raster {
    let (Samples::U8(samples), Samples::U8(noise)) = (&photo.samples, noise(photo.size, 3).samples) else {
        panic!("8 bits")
    };
    let grain = |noise: u8| i16::from(noise) * 49 / 256 - 24;
    let samples = samples.iter().zip(noise).map(|(&v, n)| (i16::from(v) + grain(n)).clamp(0, 255) as u8).collect();
    Raster { samples: Samples::U8(samples), ..photo.clone() }
}

/// Returns a photograph whose opacity rises from left to right.
fn translucent(photo: &Raster) -> Raster {
    let Samples::U8(samples) = &photo.samples else { panic!("8 bits") };
    let width = photo.size.width as usize;
    let with_alpha = |(at, rgb): (usize, &[u8])| [rgb[0], rgb[1], rgb[2], (at % width * 255 / width) as u8];
    let samples = samples.chunks_exact(3).enumerate().flat_map(with_alpha).collect();
    Raster { size: photo.size, channels: 4, samples: Samples::U8(samples) }
}

/// Returns the processor time of this process, all threads together: fields 14 and 15 of `/proc/self/stat`, in ticks of
/// 10 ms.
fn seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("procfs is mounted");
    let after_name = stat.rsplit(')').next().expect("a name in parentheses");
    let ticks: u64 =
        after_name.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().expect("ticks")).sum();
    ticks as f64 / 100.0
}

/// Returns the seconds that one run takes, and the bytes that it wrote.
fn least(mut run: impl FnMut() -> usize) -> (f64, usize) {
    let mut bytes = 0;
    let mut timed = || {
        let (start, mut runs) = (seconds(), 0.0);
        while seconds() - start < AT_LEAST_S {
            bytes = run();
            runs += 1.0;
        }
        (seconds() - start) / runs
    };
    let time = (0..RUNS).map(|_| timed()).fold(f64::INFINITY, f64::min);
    (time, bytes)
}

fn report(what: &str, raster: &Raster, frames: u32, (time, bytes): (f64, usize)) {
    let pixels = raster.size.area() as f64 * f64::from(frames);
    println!("{what:<44} {:>8.1} ns/px {:>7.2} bits/px", time * 1e9 / pixels, bytes as f64 * 8.0 / pixels);
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    vips::init().expect("libvips starts");
    let size = Size::new(900, 600);
    let photo = photograph(size);
    let contents = [
        ("photograph", photo.clone()),
        ("photograph, alpha", translucent(&photo)),
        ("photograph, grainy", grainy(&photo)),
        ("noise", noise(size, 3)),
        ("noise, alpha", noise(size, 4)),
    ];
    for (content, raster) in &contents {
        println!("{content:<44} {:>8.1} detail", detail(raster));
    }
    let formats = [
        ("jpg", Format::Jpeg, &["q=45", "q=75", "q=100", "q=75&jpg-progressive=false"][..]),
        ("webp", Format::Webp, &["q=45", "q=75", "q=100", "lossless=true"]),
        ("avif", Format::Avif, &["q=0", "q=45", "q=75", "q=100"]),
        ("png", Format::Png, &["q=75", "colorquant=64"]),
        ("png8", Format::Png8, &["q=75"]),
        ("gif", Format::Gif, &["q=75", "colorquant=64"]),
        ("jxl", Format::Jxl, &["q=45", "q=75", "q=100", "lossless=true"]),
        ("jp2", Format::Jp2, &["q=45", "q=75", "q=100", "lossless=true"]),
    ];
    for (name, format, queries) in formats.iter().filter(|(name, ..)| is_wanted(name)) {
        for query in *queries {
            let output = output(&format!("fm={name}&{query}"));
            for (content, raster) in &contents {
                let run = || encode(raster, *format, &output, Attached::default()).expect("it encodes").len();
                report(&format!("{name} {query} {content}"), raster, 1, least(run));
            }
        }
    }
    let frame = Size::new(480, 320);
    for (name, format) in [("webp", Format::Webp), ("gif", Format::Gif)] {
        if !is_wanted("animation") {
            continue;
        }
        for (content, raster) in [("photograph", photograph(frame)), ("noise, alpha", noise(frame, 4))] {
            let run = || {
                let frames: Vec<Raster> = (0..10).map(|at| shifted(&raster, at * 7)).collect();
                let animation = Animation { delays_ms: vec![40; frames.len()], frames, loops: 0 };
                encode_animation(animation, format, &output("fm=gif"), Attached::default()).expect("it encodes").len()
            };
            report(&format!("animated {name} {content}"), &raster, 10, least(run));
        }
    }
}

/// Returns the image shifted left by `by` pixels, wrapping around the edge.
fn shifted(raster: &Raster, by: usize) -> Raster {
    let Samples::U8(samples) = &raster.samples else { panic!("8 bits") };
    let mut samples = samples.clone();
    samples.rotate_left(by * usize::from(raster.channels));
    Raster { samples: Samples::U8(samples), ..raster.clone() }
}
