//! The resampler against the two crates that could have been used instead, all in linear light.
//!
//! `cargo bench --bench resample`. The image is generated here, so that nothing has to be fetched; the time does not
//! depend on its content. Quality is compared in `benches/README.md`.

use std::hint::black_box;
use std::sync::LazyLock;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fast_image_resize as fir;
use pic_scale::{ImageStore, ImageStoreMut, ResamplingFunction, Scaler};
use tintype::pixels::raster::{Raster, Samples};
use tintype::pixels::resample;
use tintype::units::{Rect, Size};

/// A photograph as phones and cameras export it for the web.
const SOURCE: Size = Size::new(2048, 1365);
const TARGET: Size = Size::new(512, 341);

static TO_LINEAR: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let light = |v: f64| if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) };
    (0..=255).map(|v| (light(f64::from(v) / 255.0) * 65_535.0).round() as u16).collect()
});
static TO_SRGB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let encoded = |v: f64| if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 };
    (0..=65_535).map(|v| (encoded(f64::from(v) / 65_535.0) * 255.0).round() as u8).collect()
});

fn image(channels: u8) -> Raster {
    let count = SOURCE.area() as usize * usize::from(channels);
    let samples = (0..count as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    Raster { size: SOURCE, channels, samples: Samples::U8(samples) }
}

fn bytes(raster: &Raster) -> &[u8] {
    match &raster.samples {
        Samples::U8(samples) => samples,
        Samples::U16(_) => &[],
    }
}

fn with_pic_scale(source: &[u8]) -> Vec<u8> {
    let linear: Vec<u16> = source.iter().map(|v| TO_LINEAR[usize::from(*v)]).collect();
    let (width, height) = (SOURCE.width as usize, SOURCE.height as usize);
    let source = ImageStore::<u16, 3>::from_slice(&linear, width, height).expect("size and samples agree");
    let mut target = ImageStoreMut::<u16, 3>::alloc_with_depth(TARGET.width as usize, TARGET.height as usize, 16);
    let scaler = Scaler::new(ResamplingFunction::Lanczos3);
    let plan = scaler.plan_rgb_resampling16(source.size(), target.size(), 16).expect("sizes are not zero");
    plan.resample(&source, &mut target).expect("the plan is for these sizes");
    target.as_bytes().iter().map(|v| TO_SRGB[usize::from(*v)]).collect()
}

fn with_fast_image_resize(source: &[u8]) -> Vec<u8> {
    let linear: Vec<u8> = source.iter().flat_map(|v| TO_LINEAR[usize::from(*v)].to_ne_bytes()).collect();
    let kind = fir::PixelType::U16x3;
    let source = fir::images::Image::from_vec_u8(SOURCE.width, SOURCE.height, linear, kind).expect("sizes agree");
    let mut target = fir::images::Image::new(TARGET.width, TARGET.height, kind);
    let lanczos = fir::ResizeAlg::Convolution(fir::FilterType::Lanczos3);
    fir::Resizer::new()
        .resize(&source, &mut target, &fir::ResizeOptions::new().resize_alg(lanczos))
        .expect("both images have the same type");
    target.buffer().as_chunks::<2>().0.iter().map(|v| TO_SRGB[usize::from(u16::from_ne_bytes(*v))]).collect()
}

fn reduce(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("2048x1365 to 512x341");
    group.throughput(Throughput::Elements(SOURCE.area()));
    for (name, channels) in [("grey", 1), ("rgb", 3), ("rgba", 4)] {
        let source = image(channels);
        // Copied, because `apply` takes ownership of its input; the copy costs well under a millisecond.
        group.bench_function(name, |bench| bench.iter(|| resample::scale_whole(black_box(source.clone()), TARGET)));
    }
    let source = image(3);
    group.bench_function("rgb, pic-scale", |bench| bench.iter(|| with_pic_scale(black_box(bytes(&source)))));
    group.bench_function("rgb, fast_image_resize", |bench| {
        bench.iter(|| with_fast_image_resize(black_box(bytes(&source))));
    });
    group.finish();
}

fn other_ratios(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rgb from 2048x1365");
    let source = image(3);
    for to in [Size::new(64, 43), Size::new(1024, 683), Size::new(1800, 1200), Size::new(4096, 2730)] {
        group.bench_function(format!("to {}x{}", to.width, to.height), |bench| {
            bench.iter(|| resample::scale_whole(black_box(source.clone()), to));
        });
    }
    // `fp-z=100`: the full scaled image would have 30 gigapixels.
    let window = Rect { left: 100_000, top: 68_000, size: Size::new(512, 341) };
    let scaled = Size::new(204_800, 136_500);
    group.bench_function("a window at 100x", |bench| {
        bench.iter(|| resample::apply(black_box(source.clone()), scaled, window))
    });
    group.finish();
}

criterion_group!(benches, reduce, other_ratios);
criterion_main!(benches);
