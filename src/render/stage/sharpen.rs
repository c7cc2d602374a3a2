//! Sharpens: `sharp` acts on lightness only, which avoids coloured fringes, and `usm` on every channel.

use crate::pixels::gaussian;
use crate::pixels::raster::Raster;
use crate::plan::Sharpen;

/// Standard deviation of `sharp` in pixels.
const LUMINANCE_SIGMA_PX: f64 = 1.0;

/// Sharpens the colours of any raster by the formulas of `rendering.md` 7. Size, channels, depth and alpha stay.
/// Transparent pixels do not count as neighbours. A negative amount softens.
#[must_use]
pub fn apply(raster: &Raster, op: Sharpen) -> Raster {
    match op {
        Sharpen::Unsharp { amount, sigma_px } => gaussian::unsharp(raster, sigma_px, amount / 100.0),
        Sharpen::Luminance(amount) => gaussian::unsharp_luma(raster, LUMINANCE_SIGMA_PX, amount / 50.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::Samples;
    use crate::units::Size;

    /// A step in the middle of a row.
    fn step(left: &[u8], right: &[u8]) -> Raster {
        let samples = [left.repeat(20), right.repeat(20)].concat();
        Raster { size: Size::new(40, 1), channels: left.len() as u8, samples: Samples::U8(samples) }
    }

    /// Returns the pixels on either side of the step.
    fn at_step(raster: Raster) -> (Vec<u8>, Vec<u8>) {
        let channels = usize::from(raster.channels);
        let bytes = raster.into_bytes();
        (bytes[19 * channels..20 * channels].to_vec(), bytes[20 * channels..21 * channels].to_vec())
    }

    const USM: Sharpen = Sharpen::Unsharp { amount: 100.0, sigma_px: 2.5 };

    #[test]
    fn steps_become_steeper_or_with_a_negative_amount_softer() {
        let (dark, light) = at_step(apply(&step(&[100], &[150]), USM));
        assert!(dark[0] < 90 && light[0] > 160, "{dark:?} {light:?}");
        let softened = Sharpen::Unsharp { amount: -100.0, sigma_px: 2.5 };
        let (dark, light) = at_step(apply(&step(&[100], &[150]), softened));
        assert!(dark[0] > 110 && light[0] < 140, "{dark:?} {light:?}");
        let flat = step(&[7, 8, 9, 100], &[7, 8, 9, 100]);
        assert_eq!(apply(&flat, USM), flat);
        assert_eq!(apply(&flat, Sharpen::Luminance(100.0)), flat);
    }

    #[test]
    fn sharp_moves_all_channels_by_the_same() {
        let (left, right) = at_step(apply(&step(&[100, 60, 90, 7], &[140, 60, 70, 9]), Sharpen::Luminance(100.0)));
        let moved: Vec<i32> = [100, 60, 90].iter().zip(&left).map(|(a, b)| i32::from(*b) - a).collect();
        assert!(moved[0] < 0 && moved.iter().all(|v| (v - moved[0]).abs() <= 1), "{moved:?}");
        assert_eq!((left[3], right[3]), (7, 9));
        assert!(right[0] > 140);
        let (left, _) = at_step(apply(&step(&[100, 60, 90], &[140, 60, 70]), USM));
        assert_eq!(left[1], 60, "usm goes by channel");
    }

    #[test]
    fn radius_reaches_as_far_as_it_says() {
        let op = |sigma_px| Sharpen::Unsharp { amount: 100.0, sigma_px };
        let far = |sigma_px| apply(&step(&[100], &[200]), op(sigma_px)).into_bytes()[12];
        assert_eq!(far(1.0), 100);
        assert!(far(6.0) < 95);
    }
}
