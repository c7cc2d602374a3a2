//! The luma curve: where to place black, white and the middle.

use super::{luma64, smoothstep};

/// Share of the pixels that may be beyond black, and beyond white.
const BEYOND: f64 = 0.005;

/// How much of the way to the full range to go.
const REACH: f64 = 0.6;

/// Limits on how far black, and white, move.
const MOVED_MAX: [f64; 2] = [0.1, 0.2];

/// An image whose median is between these is well exposed.
const MIDDLE: [f64; 2] = [0.36, 0.62];

/// An image whose median is below the first value is meant to be dark; above the second it may be underexposed.
const DARK: [f64; 2] = [0.06, 0.3];

/// Standard deviation of luma that needs no additional contrast.
const CONTRAST_ENOUGH: f64 = 0.22;

/// A non-decreasing curve from black to white.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ToneCurve {
    black: f64,
    white: f64,
    exponent: f64,
    contrast: f64,
}

impl ToneCurve {
    /// Returns the curve for an image with these lumas, scaled by `strength` from 0 to 1.
    pub(super) fn of(lumas: impl Iterator<Item = f64>, strength: f64) -> Self {
        let mut lumas: Vec<f64> = lumas.collect();
        lumas.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| lumas.get(((lumas.len() as f64 * share) as usize).min(lumas.len().max(1) - 1));
        let (Some(&low), Some(&middle), Some(&high)) = (at(BEYOND), at(0.5), at(1.0 - BEYOND)) else {
            return Self { black: 0.0, white: 1.0, exponent: 1.0, contrast: 0.0 };
        };
        // An image that is dark as a whole is a night scene and stays dark.
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

    /// Returns the new luma.
    pub(super) fn value(self, luma: f64) -> f64 {
        let t = ((luma - self.black) / (self.white - self.black)).clamp(0.0, 1.0).powf(self.exponent);
        t + self.contrast * t * (1.0 - t) * (2.0 * t - 1.0)
    }

    /// Returns a colour with its new luma: multiplies all channels by the same factor, as far as the largest allows.
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
