//! What a request costs before the cache is asked: parse, verify, plan, key. `cargo bench --bench request`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use tintype::cache::{ObjectKey, VariantKey};
use tintype::config::{Secret, SignScheme, Signing};
use tintype::param;
use tintype::plan::{self, Intent, Measured, Negotiation, Policy};
use tintype::sign::{self, Target};
use tintype::units::Size;

/// Name and query: a thumbnail, what a client library builds for an art-directed image, and a query with everything.
const QUERIES: [(&str, &str); 3] = [
    ("thumbnail", "w=400&h=300&fit=crop"),
    ("usual", "auto=format%2Ccompress&fit=crop&crop=faces%2Centropy&w=800&h=450&dpr=2&q=60&ixlib=js-3.8.0"),
    (
        "everything",
        "w=800&h=600&fit=fill&fill=blur&bri=5&con=5&sat=10&sharp=10&blur=5&flip=h&rot=3&pad=10&bg=336699&border=2,fff\
         &mask=corners&corner-radius=20&mark64=L2N1cC5wbmc&mark-w=120&mark-align=top,left&txt64=SGVsbG8sIFdvcmxk\
         &txt-size=32&txt-color=fff&txt-align=bottom,center&trim=auto&fm=webp&q=70&auto=enhance&dl=a.webp",
    ),
];

const KEY: &[u8] = b"0123456789abcdef";

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for (name, query) in QUERIES {
        group.bench_function(name, |bencher| bencher.iter(|| param::parse(black_box(query), &[])));
    }
}

fn verify(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    let keys = vec![Secret::new(KEY.to_vec())];
    for scheme in [SignScheme::Imgix, SignScheme::HmacSha256] {
        let signing = Signing { required: true, schemes: vec![scheme], keys: keys.clone() };
        let signed = sign::sign(&format!("/photos/coffee.jpg?{}", QUERIES[1].1), "photos", scheme, KEY);
        let target = Target::split(&signed);
        assert!(sign::verify(&target, "photos", &signing).is_ok(), "the signature is good");
        group.bench_function(format!("{scheme:?}"), |bencher| {
            bencher.iter(|| sign::verify(black_box(&target), "photos", &signing));
        });
    }
}

fn plan(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    let negotiation = Negotiation { avif: true, webp: true, ..Negotiation::default() };
    let measured = Measured { size: Size::new(4000, 3000), orientation: 6, has_alpha: false, frames: 1 };
    for (name, query) in QUERIES {
        let parsed = param::parse(query, &[]).expect("the base64 in it is good");
        group.bench_function(format!("resolve and key, {name}"), |bencher| {
            bencher.iter(|| {
                let intent = plan::resolve(black_box(&parsed), &negotiation, &Policy::default()).intent;
                VariantKey::new(&ObjectKey::new("photos", &[0; 32], "/coffee.jpg"), &intent)
            });
        });
        let Intent::Render(plan) = plan::resolve(&parsed, &negotiation, &Policy::default()).intent else {
            panic!("{query} renders nothing");
        };
        group.bench_function(format!("layout, {name}"), |bencher| {
            bencher.iter(|| plan::layout(black_box(&plan), &measured));
        });
    }
}

criterion_group!(benches, parse, verify, plan);
criterion_main!(benches);
