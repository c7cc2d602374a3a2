//! What `shad` and `high` guarantee, at every value.

use super::*;
use crate::units::Size;

const SHADOWS: fn(f64) -> Adjust = Adjust::Shadows;
const HIGHLIGHTS: fn(f64) -> Adjust = Adjust::Highlights;

fn grey(width: u32, samples: Vec<u8>) -> Raster {
    let height = samples.len() as u32 / width;
    Raster { size: Size::new(width, height), channels: 1, samples: Samples::U8(samples) }
}

/// All levels from left to right, each as a column of this many pixels.
fn ramp(step: u32) -> Raster {
    let row: Vec<u8> = (0..=255).flat_map(|v| vec![v; step as usize]).collect();
    grey(256 * step, row.repeat(40))
}

/// Returns what an adjustment makes of a uniform image in this colour.
fn even(chain: &[Adjust], color: [u8; 3]) -> [u8; 3] {
    let raster = Raster { size: Size::new(4, 4), channels: 3, samples: Samples::U8(color.repeat(16)) };
    let bytes = apply(raster, chain).into_bytes();
    [bytes[0], bytes[1], bytes[2]]
}

fn row(raster: Raster) -> Vec<u8> {
    let width = raster.size.width as usize;
    raster.into_bytes()[20 * width..21 * width].to_vec()
}

#[test]
fn tones_stay_in_order_between_a_fixed_black_and_a_fixed_white_at_every_value() {
    for v in -100..=100 {
        for make in [SHADOWS, HIGHLIGHTS] {
            for step in [1, 4] {
                let out = row(apply(ramp(step), &[make(f64::from(v))]));
                // Within a step of equal pixels the surroundings still change, which may affect rounding.
                let slack = u8::from(step > 1);
                let in_order = out.windows(2).all(|pair| pair[1].saturating_add(slack) >= pair[0]);
                assert!(in_order, "{:?} of step {step}", make(f64::from(v)));
                assert_eq!((out[0], out[out.len() - 1]), (0, 255), "{:?}", make(f64::from(v)));
            }
            for end in [0, 255] {
                assert_eq!(even(&[make(f64::from(v))], [end; 3]), [end; 3]);
            }
        }
    }
    assert_eq!(apply(ramp(2), &[SHADOWS(0.0), HIGHLIGHTS(0.0)]), ramp(2));
}

#[test]
fn both_together_keep_tones_in_order_too() {
    for v in [-100.0, -50.0, 50.0, 100.0] {
        for w in [-100.0, -50.0, 50.0, 100.0] {
            assert!(row(apply(ramp(1), &[HIGHLIGHTS(v), SHADOWS(w)])).is_sorted(), "{v} {w}");
        }
    }
}

#[test]
fn stronger_values_do_more_and_each_works_at_its_end_of_the_range() {
    for level in [8_u8, 25, 60, 100, 140, 200, 240] {
        let at = |make: fn(f64) -> Adjust| -> Vec<u8> {
            (-100..=100).map(|v| even(&[make(f64::from(v))], [level; 3])[0]).collect()
        };
        let (shadows, highlights) = (at(SHADOWS), at(HIGHLIGHTS));
        assert!(shadows.is_sorted() && highlights.is_sorted(), "{level}");
        assert_eq!((shadows[100], highlights[100]), (level, level));
        assert_eq!(shadows[200] > level, level < 180, "shad at {level}");
        assert_eq!(highlights[0] < level, level > 100, "high at {level}");
    }
    // Strong but not hazy: near-black stays dark.
    let opened = |level| even(&[SHADOWS(100.0)], [level; 3])[0];
    assert!((40..70).contains(&opened(25)) && opened(5) < 14, "{} {}", opened(25), opened(5));
    let taken = |level| even(&[HIGHLIGHTS(-100.0)], [level; 3])[0];
    assert!((185..215).contains(&taken(230)) && taken(252) > 235, "{} {}", taken(230), taken(252));
    // The full range is useful: a quarter of the range has a visible effect, and so does the last quarter.
    assert!(even(&[SHADOWS(25.0)], [40; 3])[0] > 48 && opened(40) > even(&[SHADOWS(75.0)], [40; 3])[0] + 4);
}

#[test]
fn hue_and_order_of_the_channels_stay() {
    for color in [[60, 20, 10], [10, 40, 90], [230, 200, 180], [255, 220, 40], [3, 200, 90], [0, 0, 255], [40, 41, 40]]
    {
        for v in (-100..=100).step_by(5) {
            for make in [SHADOWS, HIGHLIGHTS] {
                let out = even(&[make(f64::from(v))], color);
                let most = f64::from(color.into_iter().max().unwrap());
                let factor = f64::from(out.into_iter().max().unwrap()) / most;
                for (before, after) in color.into_iter().zip(out) {
                    let wanted = f64::from(before) * factor;
                    assert!((f64::from(after) - wanted).abs() <= 1.01, "{color:?} {v}: {out:?}");
                }
            }
        }
    }
}

/// Texture of +-10 % on two base levels, left and right.
fn textured(dark: f64, light: f64) -> Raster {
    let level = |at: u32| {
        let ground = if at % 400 < 200 { dark } else { light };
        (ground * if (at % 400 / 3 + at / 1200).is_multiple_of(2) { 1.1 } else { 0.9 }).round() as u8
    };
    grey(400, (0..400 * 300).map(level).collect())
}

/// Returns the contrast of the texture and the base level between two columns.
fn contrast(row: &[u8], columns: std::ops::Range<usize>) -> (f64, f64) {
    let part = &row[columns];
    let (low, high) = (f64::from(*part.iter().min().unwrap()), f64::from(*part.iter().max().unwrap()));
    ((high - low) / (high + low), f64::midpoint(high, low))
}

#[test]
fn local_contrast_is_kept_and_edges_get_no_halo() {
    let source = textured(40.0, 200.0);
    let before = row(source.clone());
    for (chain, columns) in [([SHADOWS(100.0)], 20..180), ([HIGHLIGHTS(-100.0)], 220..380)] {
        let after = row(apply(source.clone(), &chain));
        let ((was, _), (is, _)) = (contrast(&before, columns.clone()), contrast(&after, columns.clone()));
        assert!(is > 0.75 * was, "{chain:?}: {was} became {is}");
        // Near the edge the base level is the same as far from it.
        let far = contrast(&after, columns.start + 40..columns.end - 40).1;
        let near = contrast(&after, if columns.start < 200 { 184..199 } else { 201..216 }).1;
        assert!((far - near).abs() < 0.12 * far, "{chain:?}: {far} far, {near} near");
    }
}

#[test]
fn values_lifted_beyond_white_come_back() {
    let chain = [Adjust::Exposure(50.0), HIGHLIGHTS(-100.0)];
    let levels: Vec<u8> = (120..=255).map(|v| even(&chain, [v; 3])[0]).collect();
    assert!(levels.is_sorted() && levels[135] == 255);
    // Without `high` everything from 188 upwards is white.
    let detail = |v: usize| levels[v - 120];
    assert!(detail(250) < 255 && detail(230) < detail(250) && detail(200) + 6 < detail(230), "{levels:?}");
}

#[test]
fn depth_channels_and_alpha_stay() {
    let wide: Vec<u16> = (0..300 * 20).map(|at| (at % 300 * 218) as u16).collect();
    let deep = Raster { size: Size::new(300, 20), channels: 1, samples: Samples::U16(wide) };
    let Samples::U16(out) = apply(deep.clone(), &[SHADOWS(60.0)]).samples else { panic!("depth changed") };
    assert!(out[..300].is_sorted() && out[60] > 60 * 218 && out[0] == 0);
    let with_alpha: Vec<u8> = (0..300 * 20_u32).flat_map(|at| [40, 30, 20, (at % 256) as u8]).collect();
    let raster = Raster { size: Size::new(300, 20), channels: 4, samples: Samples::U8(with_alpha.clone()) };
    let out = apply(raster, &[SHADOWS(60.0)]).into_bytes();
    let alpha = |bytes: &[u8]| bytes.iter().skip(3).step_by(4).copied().collect::<Vec<u8>>();
    assert_eq!(alpha(&out), alpha(&with_alpha));
    assert!(out.chunks_exact(4).all(|p| p[0] > 60 && p[0] < 120));
}

#[test]
fn the_result_does_not_depend_on_the_size() {
    // The same scene in two sizes has the same tones.
    let scene = |side: u32| {
        let level = |at: u32| {
            let (x, y) = (f64::from(at % side) / f64::from(side), f64::from(at / side) / f64::from(side));
            if (x - 0.5).hypot(y - 0.5) < 0.3 { 40 } else { (200.0 * x) as u8 }
        };
        grey(side, (0..side * side).map(level).collect())
    };
    let (small, large) = (apply(scene(150), &[SHADOWS(80.0)]), apply(scene(900), &[SHADOWS(80.0)]));
    let at = |raster: &Raster, x: f64, y: f64| {
        let side = f64::from(raster.size.width);
        raster.pixel_8((y * side) as usize * raster.size.width as usize + (x * side) as usize)[0]
    };
    for (x, y) in [(0.5, 0.5), (0.05, 0.5), (0.5, 0.9), (0.3, 0.3), (0.95, 0.1), (0.24, 0.5)] {
        let (a, b) = (at(&small, x, y), at(&large, x, y));
        assert!(a.abs_diff(b) <= 6, "{x} {y}: {a} {b}");
    }
}
