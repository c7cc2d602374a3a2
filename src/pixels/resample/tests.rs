//! Properties of every pixel that a resize produces.

use proptest::prelude::*;

use super::*;

fn raster(width: u32, height: u32, channels: u8, pixel: impl Fn(u32, u32) -> Vec<u8>) -> Raster {
    let samples: Vec<u8> =
        (0..height).flat_map(|y| (0..width).flat_map(move |x| [(x, y)])).flat_map(|(x, y)| pixel(x, y)).collect();
    Raster { size: Size::new(width, height), channels, samples: Samples::U8(samples) }
}

fn bytes(raster: &Raster) -> &[u8] {
    match &raster.samples {
        Samples::U8(samples) => samples,
        Samples::U16(_) => panic!("a resize returns 8 bits"),
    }
}

fn scaled(source: &Raster, width: u32, height: u32) -> Raster {
    let out = scale_whole(source.clone(), Size::new(width, height)).unwrap();
    assert_eq!(out.size, Size::new(width, height));
    assert_eq!(out.channels, source.channels);
    assert_eq!(bytes(&out).len() as u64, out.size.area() * u64::from(out.channels));
    out
}

/// Sizes on both sides of every switch: unchanged, tiny, up, down, far down, one axis only.
const SIZES: [(u32, u32); 10] =
    [(40, 30), (1, 1), (80, 60), (20, 15), (13, 29), (5, 2), (39, 31), (400, 3), (40, 1), (7, 300)];

#[test]
fn solid_colours_stay_exactly_solid() {
    for pixel in
        [vec![0], vec![1], vec![254], vec![77, 255], vec![10, 128, 200], vec![1, 2, 3], vec![200, 100, 50, 128]]
    {
        let source = raster(40, 30, pixel.len() as u8, |_, _| pixel.clone());
        for (width, height) in SIZES {
            let out = scaled(&source, width, height);
            assert!(bytes(&out).chunks(pixel.len()).all(|p| p == pixel), "{pixel:?} at {width}x{height}");
        }
    }
}

#[test]
fn a_checkerboard_halves_to_linear_grey() {
    let source = raster(64, 64, 3, |x, y| vec![if (x + y) % 2 == 0 { 255 } else { 0 }; 3]);
    let out = scaled(&source, 32, 32);
    for y in 4..28 {
        for x in 4..28 {
            assert_eq!(bytes(&out)[(y * 32 + x) * 3], 188, "at {x},{y}");
        }
    }
}

#[test]
fn a_disc_on_any_hidden_colour_shows_no_halo_over_white() {
    let disc = |hidden: [u8; 3]| {
        raster(96, 96, 4, move |x, y| {
            let (dx, dy) = (f64::from(x) - 47.5, f64::from(y) - 47.5);
            if dx * dx + dy * dy < 900.0 { vec![255, 0, 0, 255] } else { [hidden.as_slice(), &[0]].concat() }
        })
    };
    let reference = scaled(&disc([255, 0, 0]), 37, 37);
    for hidden in [[0, 0, 0], [255, 255, 255], [0, 255, 255], [12, 200, 7]] {
        let out = scaled(&disc(hidden), 37, 37);
        assert_eq!(bytes(&out), bytes(&reference), "hidden {hidden:?} leaked");
    }
    for pixel in bytes(&reference).chunks(4) {
        let expected: &[u8] = if pixel[3] == 0 { &[0, 0, 0] } else { &[255, 0, 0] };
        assert_eq!(&pixel[..3], expected, "opacity {}", pixel[3]);
    }
}

#[test]
fn sixteen_bits_are_resampled_whole() {
    // A level that 8 bits would truncate: 128.5 of 255 and its neighbour average to a whole level.
    let source = Raster {
        size: Size::new(64, 64),
        channels: 1,
        samples: Samples::U16(
            (0..64 * 64).map(|at| if at % 2 == 0 { 128 * 257 + 128 } else { 129 * 257 + 129 }).collect(),
        ),
    };
    let out = scaled(&source, 16, 16);
    assert!(bytes(&out)[5 * 16 + 5..5 * 16 + 10].iter().all(|&v| v == 129));
    let same = scaled(&source, 64, 64);
    assert_eq!(bytes(&same)[..2], [128, 130]);
}

#[test]
fn a_sloping_line_keeps_its_position() {
    // The centre of mass of a bright column keeps its position relative to the width.
    for (width, at) in [(100_u32, 31_u32), (640, 517)] {
        let source = raster(width, 8, 1, |x, _| vec![if x == at { 255 } else { 0 }]);
        for to in [width / 3, width * 2, width * 7 / 5] {
            let out = scaled(&source, to, 8);
            let (mut mass, mut moment) = (0.0, 0.0);
            for (x, &v) in bytes(&out)[..to as usize].iter().enumerate() {
                let light = (f64::from(v) / 255.0).powf(2.2);
                mass += light;
                moment += light * (x as f64 + 0.5);
            }
            let expected = (f64::from(at) + 0.5) * f64::from(to) / f64::from(width);
            assert!((moment / mass - expected).abs() < 0.08, "{width} to {to}: {} for {expected}", moment / mass);
        }
    }
}

#[test]
fn a_window_of_an_enormous_enlargement_is_cheap() {
    let source = raster(1500, 1000, 3, |x, y| vec![(x % 251) as u8, (y % 241) as u8, 9]);
    let window = Rect { left: 74_900, top: 49_900, size: Size::new(300, 200) };
    let out = apply(source, Size::new(150_000, 100_000), window).unwrap();
    assert_eq!(out.size, window.size);
}

#[test]
fn a_thin_image_can_be_enlarged_and_reduced() {
    let source = raster(1, 500, 3, |_, y| vec![(y / 2) as u8; 3]);
    for (width, height) in [(1, 1), (300, 500), (1, 8192), (8192, 1)] {
        scaled(&source, width, height);
    }
    let source = raster(3, 8192, 4, |x, y| vec![(y % 256) as u8, (x * 80) as u8, 0, (y / 32) as u8]);
    for (width, height) in [(1, 1), (1, 4096), (3, 64), (30, 8191)] {
        scaled(&source, width, height);
    }
}

#[test]
fn a_window_outside_is_refused() {
    let source = raster(10, 10, 1, |_, _| vec![0]);
    let window = Rect { left: 1, top: 0, size: Size::new(5, 5) };
    assert!(apply(source, Size::new(5, 5), window).is_err());
    let lying = Raster { size: Size::new(10, 10), channels: 3, samples: Samples::U8(vec![0; 10]) };
    assert!(scale_whole(lying, Size::new(5, 5)).is_err());
}

/// Computes the plain two-dimensional sum in 64 bits, for one channel.
fn reference(source: &[u8], size: (u32, u32), to: (u32, u32)) -> Vec<u8> {
    let columns = Axis::new(size.0, to.0, 0, to.0);
    let rows = Axis::new(size.1, to.1, 0, to.1);
    let linear = |v: u8| {
        let v = f64::from(v) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    let encoded = |v: f64| if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 };
    let mut out = Vec::new();
    for y in 0..rows.len() {
        for x in 0..columns.len() {
            let mut sum = 0.0;
            for (j, wy) in rows.weights(y).iter().enumerate() {
                for (i, wx) in columns.weights(x).iter().enumerate() {
                    let row = rows.source.start + rows.first(y) + j;
                    let column = columns.source.start + columns.first(x) + i;
                    sum += f64::from(*wy) * f64::from(*wx) * linear(source[row * size.0 as usize + column]);
                }
            }
            out.push((encoded(sum.clamp(0.0, 1.0)) * 255.0).round() as u8);
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn resampling_equals_the_plain_weighted_sum(
        (width, height) in (1_u32..40, 1_u32..60),
        (to_width, to_height) in (1_u32..60, 1_u32..40),
        seed in any::<u32>(),
    ) {
        let noise = |x: u32, y: u32| (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503) ^ seed).wrapping_mul(2_246_822_519) >> 24;
        let source = raster(width, height, 1, |x, y| vec![noise(x, y) as u8]);
        let out = scaled(&source, to_width, to_height);
        if (width, height) == (to_width, to_height) {
            prop_assert_eq!(&out, &source);
        }
        let expected = reference(bytes(&source), (width, height), (to_width, to_height));
        for (a, b) in bytes(&out).iter().zip(&expected) {
            prop_assert!(a.abs_diff(*b) <= 1);
        }
        // The same image with two, three and four channels, opaque, gives the same result in each channel.
        for channels in [2, 3, 4] {
            let wide = raster(width, height, channels, |x, y| {
                let mut pixel = vec![noise(x, y) as u8; usize::from(channels)];
                if channels % 2 == 0 { pixel[usize::from(channels) - 1] = 255 }
                pixel
            });
            let wide = scaled(&wide, to_width, to_height);
            for (pixel, level) in bytes(&wide).chunks(usize::from(channels)).zip(bytes(&out)) {
                prop_assert!(pixel[0].abs_diff(*level) <= 1, "{pixel:?} for {level}");
            }
        }
    }

    #[test]
    fn a_window_is_cut_from_the_whole(
        (width, height, channels) in (1_u32..80, 1_u32..80, 1_u8..=4),
        (to_width, to_height) in (1_u32..90, 1_u32..90),
        (left, top, right, bottom) in (0.0..1.0_f64, 0.0..1.0_f64, 0.0..1.0_f64, 0.0..1.0_f64),
    ) {
        let source = raster(width, height, channels, |x, y| {
            (0..u32::from(channels)).map(|c| ((x * 37 + y * 91 + c * 53) * (x + 3) % 256) as u8).collect()
        });
        let span = |a: f64, b: f64, len: u32| {
            let from = (a * f64::from(len)) as u32;
            (from, 1 + (b * f64::from(len - from - 1)) as u32)
        };
        let ((x, w), (y, h)) = (span(left, right, to_width), span(top, bottom, to_height));
        let window = Rect { left: x, top: y, size: Size::new(w, h) };
        let part = apply(source.clone(), Size::new(to_width, to_height), window).unwrap();
        prop_assert_eq!(part, cut(scaled(&source, to_width, to_height), window));
    }
}
