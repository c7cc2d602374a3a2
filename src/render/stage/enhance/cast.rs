//! Detects a colour cast over a whole image, and computes gains that remove part of it.
//!
//! A cast is certain only if all tones show it: the most neutral quarter of the shadows, midtones and highlights is
//! tinted in the same direction, by about the same amount relative to its lightness, and nothing is neutral. Three
//! kinds of images are excluded: sunsets, whose shadows differ from their highlights; prints in one hue, which lack
//! colours on the other sides; and strong tints, which are intentional.

use crate::pixels::oklab;

/// Lightness of shadows, midtones and highlights.
const BANDS: [(f64, f64); 3] = [(0.25, 0.5), (0.5, 0.75), (0.75, 0.985)];

/// Minimum share of the pixels in every band.
const BAND_MIN: f64 = 0.08;

/// Tint relative to lightness. Below the first value nobody minds it; above the second somebody intended it.
const TINT: (f64, f64) = (0.018, 0.07);

/// Minimum cosine between the tint of a band and the overall tint.
const SAME_WAY: f64 = 0.94;

/// Share of the tint that is removed.
const REMOVED: f64 = 0.5;

/// Returns the factors for the linear light of the channels; all ones if no cast is certain.
pub(super) fn gains(labs: &[[f64; 3]], strength: f64) -> [f64; 3] {
    let Some([a, b]) = tint(labs) else { return [1.0; 3] };
    let light = |share: f64| oklab::to_linear([0.75, 0.75 * a * share, 0.75 * b * share]);
    let (now, then) = (light(1.0), light(1.0 - REMOVED * strength));
    std::array::from_fn(|c| (then[c] / now[c].max(1e-3)).clamp(0.8, 1.25))
}

/// Returns the cast if it is certain: `a` and `b` relative to lightness.
fn tint(labs: &[[f64; 3]]) -> Option<[f64; 2]> {
    let mut tints = [[0.0; 2]; 3];
    for ((from, to), tint) in BANDS.iter().zip(&mut tints) {
        let mut band: Vec<[f64; 2]> =
            labs.iter().filter(|[l, ..]| (*from..*to).contains(l)).map(|[l, a, b]| [a / l, b / l]).collect();
        if (band.len() as f64) < BAND_MIN * labs.len() as f64 || band.len() < 16 {
            return None;
        }
        band.sort_unstable_by(|x, y| x[0].hypot(x[1]).total_cmp(&y[0].hypot(y[1])));
        let neutral = &band[..band.len() / 4];
        *tint = [0, 1].map(|c| neutral.iter().map(|t| t[c]).sum::<f64>() / neutral.len() as f64);
    }
    let all = [0, 1].map(|c| tints.iter().map(|tint| tint[c]).sum::<f64>() / 3.0);
    let size = all[0].hypot(all[1]);
    let sizes = tints.map(|tint| tint[0].hypot(tint[1]));
    let alike = tints.iter().zip(sizes).all(|(tint, len)| {
        (0.6 * size..1.6 * size).contains(&len) && tint[0] * all[0] + tint[1] * all[1] > SAME_WAY * len * size
    });
    let certain = alike && (TINT.0..TINT.1).contains(&size) && is_colorful(labs, all, size);
    certain.then_some(all)
}

/// Returns whether there are colours on all four sides of the tint.
fn is_colorful(labs: &[[f64; 3]], tint: [f64; 2], size: f64) -> bool {
    const AWAY: f64 = 0.025;
    let mut sides = [0_usize; 4];
    for [lightness, a, b] in labs.iter().filter(|[l, ..]| *l > 0.2) {
        let (a, b) = (a / lightness - tint[0], b / lightness - tint[1]);
        let along = (a * tint[0] + b * tint[1]) / size;
        let beside = (b * tint[0] - a * tint[1]) / size;
        for (side, far) in sides.iter_mut().zip([along, -along, beside, -beside]) {
            *side += usize::from(far > AWAY);
        }
    }
    sides.iter().all(|side| *side as f64 > 0.02 * labs.len() as f64)
}
