//! Tests on generated images; those on photographs are in `render/tests/tones.rs`.

use super::*;
use crate::pixels::raster::Samples;
use crate::units::Size;

fn raster(width: u32, channels: u8, samples: Vec<u8>) -> Raster {
    let height = samples.len() as u32 / width / u32::from(channels);
    Raster { size: Size::new(width, height), channels, samples: Samples::U8(samples) }
}

fn enhanced(image: &Raster) -> Raster {
    apply(image.clone(), &measure(image))
}

/// 200 x 200 with many colours around grey, whose lumas range from `low` to `high`.
fn scene(low: f64, high: f64) -> Raster {
    let pixel = |at: u32| {
        let (x, y) = (f64::from(at % 200), f64::from(at / 200));
        let level = low + (high - low) * x / 199.0;
        let turn = y / 7.0;
        [0.0, 2.1, 4.2]
            .map(|phase| (level * (1.0 + 0.35 * (y / 199.0).powi(5) * (turn + phase).sin())).clamp(0.0, 255.0) as u8)
    };
    raster(200, 3, (0..40_000).flat_map(pixel).collect())
}

fn levels(image: &Raster) -> (u8, u8) {
    let bytes = image.clone().into_bytes();
    (bytes.iter().copied().min().unwrap(), bytes.iter().copied().max().unwrap())
}

#[test]
fn a_dull_image_gains_range_and_chroma() {
    let dull = scene(60.0, 170.0);
    let (before, after) = (levels(&dull), levels(&enhanced(&dull)));
    assert!(after.0 + 6 < before.0 && after.1 > before.1 + 10 && after.0 > 20, "{before:?} {after:?}");
    let chroma = |image: &Raster| {
        let of = |p: &[f64; 3]| oklab::from_linear(p.map(to_linear)).iter().skip(1).map(|v| v.abs()).sum::<f64>();
        seen(image).iter().map(of).sum::<f64>()
    };
    assert!(chroma(&enhanced(&dull)) > 1.05 * chroma(&dull));
}

#[test]
fn a_full_range_is_left_nearly_alone() {
    let full = scene(0.0, 255.0);
    let bytes = enhanced(&full).into_bytes();
    let mean =
        bytes.iter().zip(full.into_bytes()).map(|(a, b)| f64::from(a.abs_diff(b))).sum::<f64>() / bytes.len() as f64;
    assert!(mean < 4.0, "{mean}");
}

#[test]
fn drawings_stay_as_they_are() {
    let flat = raster(20, 3, [9, 80, 200].repeat(400));
    assert_eq!(enhanced(&flat), flat);
    let screen: Vec<u8> =
        (0..40_000_u32).flat_map(|at| if at % 7 == 0 { [20, 20, 30] } else { [240, 240, 245] }).collect();
    let screen = raster(200, 3, screen);
    assert_eq!(enhanced(&screen), screen);
    let clear = raster(20, 4, [9, 80, 200, 0].repeat(400));
    assert_eq!(enhanced(&clear), clear);
}

#[test]
fn grey_stays_grey_in_order_and_depth_and_alpha_stay() {
    let ramp = raster(256, 1, (0..256 * 40).map(|at| 70 + (at % 256 / 3) as u8).collect());
    let out = enhanced(&ramp);
    assert_eq!(out.channels, 1);
    let row = &out.into_bytes()[..256];
    assert!(row.is_sorted() && row[0] < 65 && row[255] > 165, "{} {}", row[0], row[255]);
    let as_color = raster(256, 3, ramp.into_bytes().into_iter().flat_map(|v| [v; 3]).collect());
    assert!(enhanced(&as_color).into_bytes().as_chunks::<3>().0.iter().all(|[r, g, b]| r == g && g == b));
    let seen = scene(60.0, 170.0).into_rgba();
    let mut bytes = seen.clone().into_bytes();
    for (at, pixel) in bytes.chunks_exact_mut(4).enumerate() {
        pixel[3] = if at % 2 == 0 { 0 } else { 200 };
        if at % 2 == 0 {
            pixel[..3].fill(255);
        }
    }
    let half = raster(200, 4, bytes.clone());
    let out = enhanced(&half).into_bytes();
    assert!(out.iter().skip(3).step_by(4).eq(bytes.iter().skip(3).step_by(4)));
    // Invisible white does not count as a highlight.
    assert!(out.chunks_exact(4).any(|p| p[3] > 0 && p[0] > 190));
    let deep =
        Raster { samples: Samples::U16((0..10_000).map(|v| 20_000 + v * 2).collect()), ..raster(100, 1, vec![0; 100]) };
    let deep = Raster { size: Size::new(100, 100), ..deep };
    assert!(matches!(enhanced(&deep).samples, Samples::U16(_)));
}

#[test]
fn only_a_colour_cast_on_everything_is_halved() {
    let labs = |light: [f64; 3]| -> Vec<[f64; 3]> {
        let cast = |p: &[f64; 3]| oklab::from_linear(std::array::from_fn(|c| to_linear(p[c]) * light[c]));
        seen(&scene(10.0, 235.0)).iter().map(cast).collect()
    };
    assert_eq!(cast::gains(&labs([1.0; 3]), 1.0), [1.0; 3]);
    let [r, g, b] = cast::gains(&labs([1.1, 1.0, 0.85]), 1.0);
    assert!(r < 1.0 && b > 1.0 && (0.9..1.1).contains(&g) && r > 0.9 && b < 1.2, "{r} {g} {b}");
    // A sunset: warm highlights, cool shadows.
    let mut sunset = labs([1.1, 1.0, 0.85]);
    for lab in sunset.iter_mut().filter(|lab| lab[0] < 0.5) {
        lab[2] = -lab[2];
    }
    assert_eq!(cast::gains(&sunset, 1.0), [1.0; 3]);
    // A print in one hue.
    let sepia: Vec<[f64; 3]> = (0..5000).map(|v| f64::from(v) / 5000.0).map(|l| [l, 0.01 * l, 0.04 * l]).collect();
    assert_eq!(cast::gains(&sepia, 1.0), [1.0; 3]);
}

#[test]
fn the_curve_never_falls_whatever_the_histogram() {
    for low in [0.0, 0.1, 0.3, 0.6] {
        for spread in [0.05, 0.2, 0.4] {
            for bend in [0.3, 1.0, 3.0] {
                let lumas = (0..2000).map(|v| low + spread * (f64::from(v) / 2000.0).powf(bend));
                let curve = ToneCurve::of(lumas, 1.0);
                let values: Vec<f64> = (0..=1000).map(|v| curve.value(f64::from(v) / 1000.0)).collect();
                assert!(values.is_sorted() && values[0] >= 0.0 && values[1000] <= 1.0, "{low} {spread} {bend}");
            }
        }
    }
}
