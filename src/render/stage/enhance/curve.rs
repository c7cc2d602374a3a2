//! The curve of luma: where black, white and the middle are to be.

use super::{luma64, smoothstep};

/// Share of the pixels that may lie beyond black, and beyond white.
const BEYOND: f64 = 0.005;

/// Share of the way to a full range.
const REACH: f64 = 0.6;

/// Black, and the gap to white, move by no more than this.
const MOVED_MAX: [f64; 2] = [0.1, 0.2];

/// An image whose middle lies between these is exposed well.
const MIDDLE: [f64; 2] = [0.36, 0.62];

/// An image whose middle is darker than the first is meant to be dark; from the second on it may be underexposed.
const DARK: [f64; 2] = [0.06, 0.3];

/// Standard deviation of luma that needs no contrast.
const CONTRAST_ENOUGH: f64 = 0.22;

/// A curve from black to white; it never falls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Curve {
    black: f64,
    white: f64,
    exponent: f64,
    contrast: f64,
}

impl Curve {
    /// What an image of these lumas needs, by `strength` from 0 to 1.
    pub(super) fn of(lumas: impl Iterator<Item = f64>, strength: f64) -> Self {
        let mut lumas: Vec<f64> = lumas.collect();
        lumas.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| lumas.get(((lumas.len() as f64 * share) as usize).min(lumas.len().max(1) - 1));
        let (Some(&low), Some(&middle), Some(&high)) = (at(BEYOND), at(0.5), at(1.0 - BEYOND)) else {
            return Self { black: 0.0, white: 1.0, exponent: 1.0, contrast: 0.0 };
        };
        // What is dark as a whole is night, and stays so.
        let lit = strength * (0.25 + 0.75 * smoothstep(middle, DARK));
        let black = lit * REACH * low.min(MOVED_MAX[0]);
        let white = 1.0 - lit * REACH * (1.0 - high).min(MOVED_MAX[1]);
        let stretched = ((middle - black) / (white - black)).clamp(0.02, 0.98);
        let wanted = stretched.clamp(MIDDLE[0], MIDDLE[1]);
        let exponent = 1.0 + lit * (0.5 * (wanted.ln() / stretched.ln() - 1.0)).clamp(-0.15, 0.12);
        let count = lumas.len() as f64;
        let mean = lumas.iter().sum::<f64>() / count;
        let deviation = (lumas.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt() / (white - black);
        let contrast = 0.4 * lit * (1.0 - deviation / CONTRAST_ENOUGH).clamp(0.0, 1.0);
        Self { black, white, exponent, contrast }
    }

    /// The new luma.
    pub(super) fn value(self, luma: f64) -> f64 {
        let t = ((luma - self.black) / (self.white - self.black)).clamp(0.0, 1.0).powf(self.exponent);
        t + self.contrast * t * (1.0 - t) * (2.0 * t - 1.0)
    }

    /// A colour with its new luma: all channels multiplied by the same, as far as the largest allows.
    pub(super) fn apply(self, pixel: [f64; 3]) -> [f64; 3] {
        let luma = luma64(pixel);
        let most = pixel[0].max(pixel[1]).max(pixel[2]);
        if luma <= 0.0 || most <= 0.0 {
            return pixel;
        }
        let factor = (self.value(luma) / luma).min((1.0 / most).max(1.0));
        pixel.map(|v| v * factor)
    }
}
