//! Tones and colours of photographs: measures what `auto=enhance`, `shad` and `high` change.

use super::effects::drawn;
use super::*;
use crate::pixels::oklab;
use crate::pixels::srgb::to_linear;

/// Photographs of all kinds: portraits, streets, night, water, flowers, paint.
const PHOTOS: [&str; 18] = [
    "photos/cid22-1028637.png",
    "photos/cid22-1129482.png",
    "photos/cid22-1454613116.png",
    "photos/cid22-1536017106.png",
    "photos/cid22-1938351.png",
    "photos/kodak-05.png",
    "photos/kodak-08.png",
    "photos/kodak-13.png",
    "photos/kodak-23.png",
    "faces/kodak-04.png",
    "faces/kodak-14.png",
    "faces/group-concert.jpg",
    "faces/group-street-crowd.jpg",
    "faces/portrait-close-left.jpg",
    "faces/portrait-dark-skin-low-key.jpg",
    "faces/portrait-headscarf.jpg",
    "faces/portrait-off-centre-dark.jpg",
    "faces/no_face.jpg",
];

fn labs(raster: Raster) -> Vec<[f64; 3]> {
    let bytes = raster.into_rgba().into_bytes();
    let lab = |p: &[u8; 4]| oklab::from_linear([p[0], p[1], p[2]].map(|v| to_linear(f64::from(v) / 255.0)));
    bytes.as_chunks::<4>().0.iter().map(lab).collect()
}

/// Returns the mean change of hue in degrees over the pixels that have a hue, weighted by chroma.
fn hue_shift(before: &[[f64; 3]], after: &[[f64; 3]]) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (x, y) in before.iter().zip(after) {
        let (from, to) = (x[1].hypot(x[2]), y[1].hypot(y[2]));
        if from > 0.03 && to > 0.01 {
            let turn = (x[1] * y[1] + x[2] * y[2]) / (from * to);
            sum += from * turn.clamp(-1.0, 1.0).acos().to_degrees();
            weight += from;
        }
    }
    if weight > 0.0 { sum / weight } else { 0.0 }
}

fn mean(labs: &[[f64; 3]], of: impl Fn(&[f64; 3]) -> f64) -> f64 {
    labs.iter().map(of).sum::<f64>() / labs.len() as f64
}

/// Returns the share of samples that are 0 or 255.
fn clipped(raster: &Raster) -> f64 {
    let bytes = raster.clone().without_alpha().into_bytes();
    bytes.iter().filter(|v| matches!(v, 0 | 255)).count() as f64 / bytes.len() as f64
}

#[test]
fn enhancing_keeps_hues_and_mood_and_clips_nothing() {
    for name in PHOTOS {
        let Some(source) = fixture(name) else { return };
        let (before, after) = (drawn("w=200", &source), drawn("w=200&auto=enhance", &source));
        let more_clipped = clipped(&after) - clipped(&before);
        let (old, new) = (labs(before), labs(after));
        let hue = hue_shift(&old, &new);
        let lighter = mean(&new, |lab| lab[0]) - mean(&old, |lab| lab[0]);
        let chroma = |labs: &[[f64; 3]]| mean(labs, |lab| lab[1].hypot(lab[2]));
        let colorful = chroma(&new) / chroma(&old);
        println!("{name}: hue {hue:.2} lighter {lighter:+.3} chroma x{colorful:.2} clipped {more_clipped:+.4}");
        assert!(hue < 3.0, "{name}: hues turn by {hue:.2}");
        assert!(more_clipped < 0.01, "{name}: {more_clipped:.4} more is clipped");
        assert!(lighter.abs() < 0.06, "{name}: {lighter:+.3} lighter");
        assert!((0.9..1.3).contains(&colorful), "{name}: chroma times {colorful:.2}");
        // Dark areas stay dark.
        let (dark, still) =
            (mean(&old, |lab| f64::from(u8::from(lab[0] < 0.3))), mean(&new, |lab| f64::from(u8::from(lab[0] < 0.36))));
        assert!(still > 0.85 * dark, "{name}: {dark:.2} was dark, {still:.2} is");
    }
}

#[test]
fn shadows_and_highlights_keep_hues_at_every_value() {
    for name in PHOTOS {
        let Some(source) = fixture(name) else { return };
        let before = drawn("w=120", &source);
        let (clipped_before, old) = (clipped(&before), labs(before));
        let mut last = mean(&old, |lab| lab[0]);
        for v in [20, 60, 100] {
            let (opened, taken) =
                (drawn(&format!("w=120&shad={v}"), &source), drawn(&format!("w=120&high=-{v}"), &source));
            assert!(clipped(&opened) - clipped_before < 0.004, "{name}: shad={v} clips");
            assert!(clipped(&taken) - clipped_before < 0.004, "{name}: high=-{v} clips");
            let (opened, taken) = (labs(opened), labs(taken));
            for (new, what) in [(&opened, "shad="), (&taken, "high=-")] {
                let hue = hue_shift(&old, new);
                assert!(hue < 4.0, "{name}: {what}{v} turns hues by {hue:.2}");
            }
            let light = mean(&opened, |lab| lab[0]);
            assert!(light > last, "{name}: shad={v}");
            last = light;
            // Detail stays: the differences between neighbours are kept on the whole.
            let detail = |labs: &[[f64; 3]]| labs.windows(2).map(|pair| (pair[1][0] - pair[0][0]).abs()).sum::<f64>();
            assert!(detail(&opened) > 0.8 * detail(&old), "{name}: shad={v} flattens");
            assert!(detail(&taken) > 0.8 * detail(&old), "{name}: high=-{v} flattens");
        }
    }
}
