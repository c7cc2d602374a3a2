//! What a watermark and a search for faces add to a request. `cargo bench --bench overlay`.
//!
//! The claim to hold: a watermark original is decoded once per worker while it is hot, so a hot one costs little more
//! than placing it. A cold one has bytes that the worker has not seen.

use std::hint::black_box;
use tintype::sniff::Encoded;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use tintype::blob::Blob;
use tintype::limits::Limits;
use tintype::param::{self, ColorSpace};
use tintype::pixels::raster::Raster;
use tintype::plan::{self, Intent, Negotiation, OverlayRole, Policy, Select};
use tintype::render::decode::{EncodedOriginal, Opened, Wanted};
use tintype::render::{Input, Job, RenderLimits, faces, render};

const PHOTO: &[u8] = include_bytes!("../fixtures/photos/coffee.jpg");
/// 360 x 328 pixels with transparency.
const MARK: &[u8] = include_bytes!("../fixtures/photos/cup.png");
const PORTRAIT: &[u8] = include_bytes!("../fixtures/photos/astronaut.jpg");

fn blob(bytes: &[u8]) -> Blob {
    Blob::copy_from(bytes).expect("memory for an image")
}

fn job(query: &str, original: &Blob, mark: Option<&Blob>) -> Job {
    let limits = Limits::default();
    let parsed = param::parse(query, &[]).expect("a query without base64 parses");
    let Intent::Render(plan) = plan::resolve(&parsed, &Negotiation::default(), &Policy::default()).intent else {
        panic!("{query} renders nothing");
    };
    let overlays =
        mark.and_then(|mark| Some((OverlayRole::Mark, Encoded::sniffed(mark.clone())?))).into_iter().collect();
    Job {
        plan: *plan,
        input: Input::sniffed(original.clone()).expect("an image"),
        overlays,
        limits: RenderLimits::from(&limits),
        faces: None,
    }
}

fn watermarks(criterion: &mut Criterion) {
    let large = render(&job("w=2400&q=90&fm=jpg", &blob(PHOTO), None)).expect("the photograph renders").body;
    let mut group = criterion.benchmark_group("w=800 of 2400 px");
    group.sample_size(30);
    let plain = job("w=800", &large, None);
    group.bench_function("no watermark", |bench| bench.iter(|| render(black_box(&plain))));
    let query = "w=800&mark=/cup.png&mark-w=200";
    let hot = job(query, &large, Some(&blob(MARK)));
    group.bench_function("a hot watermark", |bench| bench.iter(|| render(black_box(&hot))));
    let mut seen: u64 = 0;
    let mut unseen = || {
        seen += 1;
        // Bytes after the end of a PNG are not part of the image, but make it one that the worker has not seen.
        job(query, &large, Some(&blob(&[MARK, &seen.to_be_bytes()].concat())))
    };
    group.bench_function("a cold watermark", |bench| {
        bench.iter_batched(&mut unseen, |job| render(&job), BatchSize::PerIteration)
    });
    group.finish();
}

/// Returns the photograph as a detector receives it.
fn portrait() -> Raster {
    let limits = RenderLimits::from(&Limits::default());
    let original = EncodedOriginal::new(PORTRAIT).expect("a JPEG");
    let opened = Opened::new(&original, &Select::default(), &limits).expect("its header");
    let decoded = opened.decode(&Wanted::first(ColorSpace::Srgb), &limits).expect("its pixels");
    decoded.into_first().expect("its pixels")
}

fn looks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("faces of a portrait of 512 px");
    group.sample_size(20);
    let portrait = portrait();
    for (name, thorough) in [("to crop by", false), ("to hide", true)] {
        let look = |raster| faces::detect(raster, thorough);
        group.bench_function(name, |bench| bench.iter_batched(|| portrait.clone(), look, BatchSize::LargeInput));
    }
    let original = blob(PORTRAIT);
    for (name, query) in [("crop=faces", "w=200&h=80&fit=crop&crop=faces"), ("face-blur", "w=200&face-blur=50")] {
        let first = job(query, &original, None);
        group.bench_function(format!("{name}, first"), |bench| bench.iter(|| render(black_box(&first))));
        let found = render(&first).expect("the portrait renders").faces;
        let later = Job { faces: found, ..first };
        group.bench_function(format!("{name}, later"), |bench| bench.iter(|| render(black_box(&later))));
    }
    group.finish();
}

criterion_group!(benches, watermarks, looks);
criterion_main!(benches);
