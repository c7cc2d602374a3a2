//! What adjustments and effects add to a plain resize. `cargo bench --bench adjust`.
//!
//! The claim to hold: `w=800` with five adjustments takes at most 1.5 times as long as `w=800` alone. The first group
//! renders whole requests, from bytes to bytes, of a photograph of a coffee cup, enlarged to the size of a camera's
//! output. The second group times each stage on its own, on an image of 800 x 533.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tintype::blob::Blob;
use tintype::limits::Limits;
use tintype::param;
use tintype::pixels::raster::{Raster, Samples};
use tintype::plan::{self, Adjust, Denoise, Intent, Negotiation, Policy, Sharpen, Tone};
use tintype::render::stage::{adjust, blur, denoise, enhance, halftone, pixellate, sharpen, tone};
use tintype::render::{Input, Job, RenderLimits, render};
use tintype::units::{Color, Size};

const PHOTO: &[u8] = include_bytes!("../fixtures/photos/coffee.jpg");
const SIZE: Size = Size::new(800, 533);

fn job(query: &str, original: &Blob) -> Job {
    let limits = Limits::default();
    let parsed = param::parse(query, &[]).expect("a query without base64 parses");
    let Intent::Render(plan) = plan::resolve(&parsed, &Negotiation::default(), &Policy::default()).intent else {
        panic!("{query} renders nothing");
    };
    let limits = RenderLimits::from(&limits);
    Job {
        plan: *plan,
        input: Input::sniffed(original.clone()).expect("an image"),
        overlays: Vec::new(),
        limits,
        faces: None,
    }
}

fn requests(criterion: &mut Criterion) {
    let stored = Blob::copy_from(PHOTO).expect("memory for a photograph");
    let large = render(&job("w=2400&q=90&fm=jpg", &stored)).expect("the photograph renders").body;
    let mut group = criterion.benchmark_group("photograph of 2400 px");
    group.sample_size(30);
    for query in [
        "w=800",
        "w=800&bri=5&con=10&exp=5&gam=10&invert=true",
        "w=800&con=10&exp=5&high=-20&shad=20&sat=20",
        "w=800&high=-20&shad=20&sat=20&vib=20&hue=30",
        "w=800&sepia=80",
        "w=800&usm=20",
        "w=800&blur=100",
        "w=800&auto=enhance",
    ] {
        let job = job(query, &large);
        group.bench_function(query, |bench| bench.iter(|| render(black_box(&job))));
    }
    group.finish();
}

fn image(channels: u8) -> Raster {
    let count = SIZE.area() as u32 * u32::from(channels);
    let samples = (0..count).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    Raster { size: SIZE, channels, samples: Samples::U8(samples) }
}

fn stages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("800x533");
    group.throughput(Throughput::Elements(SIZE.area()));
    let colors = [Adjust::Highlights(-20.0), Adjust::Shadows(20.0), Adjust::Saturation(20.0), Adjust::Vibrance(20.0)];
    let dark = Color { r: 0, g: 0, b: 128, a: 255 };
    let duotone = [Tone::Duotone { colors: [dark, Color::WHITE], mix: 1.0 }];
    for channels in [1, 3, 4] {
        let source = image(channels);
        let mut stage = |name: &str, work: &dyn Fn(Raster) -> Raster| {
            let id = BenchmarkId::new(name, format!("{channels} channels"));
            // Copied, because a stage takes ownership of its input.
            group.bench_function(id, |bench| bench.iter(|| work(black_box(source.clone()))));
        };
        stage("curve", &|raster| adjust::apply(raster, &[Adjust::Contrast(20.0), Adjust::Brightness(5.0)]));
        stage("colours", &|raster| adjust::apply(raster, &colors));
        stage("hue", &|raster| adjust::apply(raster, &[Adjust::Hue(30.0)]));
        stage("enhance", &|raster| {
            let stretch = enhance::measure(&raster);
            enhance::apply(raster, &stretch)
        });
        stage("duotone", &|raster| tone::apply(raster, &duotone));
        stage("denoise", &|raster| denoise::apply(raster, Denoise { threshold: 20.0, sharpen: 20.0 }));
        stage("sharp", &|raster| sharpen::apply(&raster, Sharpen::Luminance(20.0)));
        stage("halftone", &|raster| halftone::apply(raster, 8));
        stage("pixellate", &|raster| pixellate::apply(&raster, 10));
        for sigma_px in [1.0, 3.9, 4.0, 20.0, 500.0] {
            stage(&format!("blur {sigma_px}"), &|raster| blur::apply(&raster, sigma_px));
        }
    }
    group.finish();
}

criterion_group!(benches, requests, stages);
criterion_main!(benches);
