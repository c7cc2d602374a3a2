//! `trim*`: what is cut off the edges before anything is scaled (`rendering.md` 6.1).

use serde::{Deserialize, Serialize};

use crate::param::{Params, TrimMode};
use crate::units::Color;

/// Default of `trim-md`.
const TRIM_MEAN: f64 = 11.0;

/// Default of `trim-sd`.
const TRIM_DEVIATION: f64 = 10.0;

/// `trim`: what is cut off the edges; the stage measures it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trim {
    /// What counts as edge.
    pub by: TrimBy,
    /// Source pixels to keep around what remains, as far as the image extends.
    pub pad_px: u32,
}

/// What counts as edge (`rendering.md` 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum TrimBy {
    /// Lines whose standard deviation is at most `deviation` and whose mean differs from that of the line before by at
    /// most `mean`, on the 8-bit scale.
    Uniform {
        /// `trim-md`
        mean: f64,
        /// `trim-sd`
        deviation: f64,
    },
    /// Transparent pixels and pixels of one colour; `None` means the colour of the first pixel that is not transparent.
    Color {
        /// The colour; opaque.
        color: Option<Color>,
        /// `trim-tol`
        tolerance: f64,
    },
    /// Pixels with no alpha, or with less than `below` plus `tolerance`.
    Alpha {
        /// `trim-alpha`, 0 to 255.
        below: f64,
        /// `trim-tol`
        tolerance: f64,
    },
    /// Transparent pixels if there is an alpha channel, otherwise pixels of one colour.
    ColorUnlessAlpha {
        /// The colour; opaque.
        color: Option<Color>,
        /// `trim-tol`
        tolerance: f64,
    },
}

impl Trim {
    pub(in crate::plan) fn of(params: &Params) -> Option<Self> {
        let trim = &params.trim;
        let color = trim.color.map(|color| Color { a: 255, ..color });
        let tolerance = trim.tol.unwrap_or(0.0) + 0.0;
        let (by, pads) = match trim.mode? {
            TrimMode::Auto => {
                let mean = trim.md.unwrap_or(TRIM_MEAN) + 0.0;
                (TrimBy::Uniform { mean, deviation: trim.sd.unwrap_or(TRIM_DEVIATION) + 0.0 }, true)
            }
            TrimMode::Color => (TrimBy::Color { color, tolerance }, true),
            TrimMode::Alpha => (TrimBy::Alpha { below: trim.alpha.unwrap_or(0.0) + 0.0, tolerance }, false),
            TrimMode::ColorUnlessAlpha => (TrimBy::ColorUnlessAlpha { color, tolerance }, false),
        };
        // `trim-pad` applies to `auto` and `color` only (`rendering.md` 6.1).
        Some(Self { by, pad_px: trim.pad.filter(|_| pads).unwrap_or(0) })
    }
}
