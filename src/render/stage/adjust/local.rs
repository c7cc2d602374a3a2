//! Open shadows and take back highlights by place: `shad` and `high`.
//!
//! How much a pixel gains follows from the light on its surroundings ([`Guided`]), so that detail keeps its contrast. The
//! gain `g` holds for dark pixels; towards white it bends along `m -> g m / (1 + (g - 1) m)`, of which black and white are
//! fixed points, `m` being the largest channel. So tones stay in order and nothing is cut off. All three channels are
//! multiplied by the same number, which keeps hue and saturation.

use crate::pixels::guided::Guided;
use crate::pixels::points::{PlacedChain, RUN, Run, luma};
use crate::plan::Adjust;

/// `shad=100` multiplies what lies in the deepest usable shadow by one more than this.
const SHADOWS_GAIN: f32 = 2.2;

/// Light from which on nothing is in the shadow.
const SHADOWS_END: f32 = 0.75;

/// Light up to which a shadow is too deep to hold more than noise.
const DEEP_END: f32 = 0.15;

/// Share of the gain that is left in black.
const DEEP_SHARE: f32 = 0.5;

/// `high=-100` divides what lies in the brightest light by one more than this.
const HIGHLIGHTS_GAIN: f32 = 1.8;

/// Light from which on a place is a highlight.
const HIGHLIGHTS_START: f32 = 0.35;

/// Encoded values above this are not told apart: four times the light of white.
const WHITE_MAX: f32 = 2.0;

/// `shad` and `high` together, -1 to 1; below 0 they darken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Light {
    pub(super) shadows: f32,
    pub(super) highlights: f32,
}

impl Light {
    /// The adjustments at the start of a chain that this module does, and how many they are.
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

    /// Gain of dark pixels under this light, 0 to 1.
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

/// From `1 + gain` at 1 over 1 at 0 to its inverse at -1.
#[inline(always)]
fn ratio(gain: f32, amount: f32) -> f32 {
    let most = 1.0 + gain * amount.abs();
    if amount < 0.0 { 1.0 / most } else { most }
}

/// The light, then what `rest` does to a run.
pub(super) struct Relit<F> {
    light: Light,
    /// One over what becomes white.
    per_white: f32,
    guided: Guided,
    rest: F,
}

impl<F: Fn(&mut Run)> Relit<F> {
    /// `peak` is the largest value that a channel can have.
    pub(super) fn new(light: Light, peak: f32, guided: Guided, rest: F) -> Self {
        // What was lifted beyond white comes back as far as highlights are taken back.
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
