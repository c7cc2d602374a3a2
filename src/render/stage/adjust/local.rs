//! Lifts shadows and lowers highlights depending on the surroundings: `shad` and `high`.
//!
//! The gain of a pixel depends on the light of its surroundings ([`Guided`]), so that detail keeps its contrast. The
//! gain `g` applies to dark pixels; towards white it bends along `m -> g m / (1 + (g - 1) m)`, where `m` is the largest
//! channel. Black and white are fixed points of this curve, so tones keep their order and nothing is clipped. All three
//! channels are multiplied by the same number, which preserves hue and saturation.

use crate::pixels::guided::Guided;
use crate::pixels::points::{PlacedChain, RUN, Run, luma};
use crate::plan::Adjust;

/// `shad=100` multiplies the deepest usable shadows by one plus this.
const SHADOWS_GAIN: f32 = 2.2;

/// Light above which nothing counts as shadow.
const SHADOWS_END: f32 = 0.75;

/// Light below which a shadow is so deep that it contains little but noise.
const DEEP_END: f32 = 0.15;

/// Share of the gain that remains at black.
const DEEP_SHARE: f32 = 0.5;

/// `high=-100` divides the brightest light by one plus this.
const HIGHLIGHTS_GAIN: f32 = 1.8;

/// Light above which an area counts as a highlight.
const HIGHLIGHTS_START: f32 = 0.35;

/// Encoded values above this are not distinguished. It is about five times the light of white.
const WHITE_MAX: f32 = 2.0;

/// `shad` and `high` combined, -1 to 1; negative values darken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Light {
    pub(super) shadows: f32,
    pub(super) highlights: f32,
}

impl Light {
    /// Returns the adjustments at the start of a chain that this module handles, and their number.
    pub(super) fn leading(chain: &[Adjust]) -> (Self, usize) {
        let mut light = Self::default();
        for (index, adjust) in chain.iter().enumerate() {
            #[expect(clippy::wildcard_enum_match_arm, reason = "all others are done elsewhere")]
            match adjust {
                Adjust::Highlights(v) => light.highlights += (v / 100.0) as f32,
                Adjust::Shadows(v) => light.shadows += (v / 100.0) as f32,
                _ => return (light, index),
            }
        }
        (light, chain.len())
    }

    /// Returns the gain of dark pixels for the light `base` of their surroundings, 0 to 1.
    #[inline(always)]
    fn gain(self, base: f32) -> f32 {
        let base = base.clamp(0.0, 1.0);
        let under = (1.0 - base / SHADOWS_END).max(0.0);
        let deep = (base / DEEP_END).min(1.0);
        let shadow = under * under * (DEEP_SHARE + (1.0 - DEEP_SHARE) * deep * (2.0 - deep));
        let over = ((base - HIGHLIGHTS_START) / (1.0 - HIGHLIGHTS_START)).max(0.0);
        ratio(SHADOWS_GAIN * shadow, self.shadows) * ratio(HIGHLIGHTS_GAIN * over * over, self.highlights)
    }
}

/// Returns `1 + gain` at amount 1, 1 at 0, and the inverse of `1 + gain` at -1.
#[inline(always)]
fn ratio(gain: f32, amount: f32) -> f32 {
    let most = 1.0 + gain * amount.abs();
    if amount < 0.0 { 1.0 / most } else { most }
}

/// Applies the local adjustments, then `rest`.
pub(super) struct Relit<F> {
    light: Light,
    /// The inverse of the value that becomes white.
    per_white: f32,
    guided: Guided,
    rest: F,
}

impl<F: Fn(&mut Run)> Relit<F> {
    /// Creates the chain. `peak` is the largest value that a channel can have.
    pub(super) fn new(light: Light, peak: f32, guided: Guided, rest: F) -> Self {
        // Values lifted beyond white return to the range as far as highlights are lowered.
        let beyond = (peak.min(WHITE_MAX) - 1.0).max(0.0);
        let per_white = 1.0 / (1.0 + beyond * (-light.highlights).clamp(0.0, 1.0));
        Self { light, per_white, guided, rest }
    }
}

impl<F: Fn(&mut Run)> PlacedChain for Relit<F> {
    fn begin_row(&mut self, y: usize) {
        self.guided.begin_row(y);
    }

    #[inline(always)]
    fn run(&mut self, run: &mut Run, x: usize) {
        let [slopes, offsets] = self.guided.lines(x);
        let (light, per_white) = (self.light, self.per_white);
        let Run { r, g, b } = run;
        for lane in 0..RUN {
            let pixel = [r[lane], g[lane], b[lane]];
            let gain = light.gain(slopes[lane] * luma(pixel).clamp(0.0, 1.0) + offsets[lane]);
            let most = pixel[0].max(pixel[1]).max(pixel[2]).clamp(0.0, WHITE_MAX);
            let factor = gain / (1.0 + (gain - per_white) * most).max(0.05);
            [r[lane], g[lane], b[lane]] = pixel.map(|v| v * factor);
        }
        (self.rest)(run);
    }
}
