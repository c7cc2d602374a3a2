//! Colours described by code points instead of a profile (`nclx` in HEIF and AVIF, `cICP`, `gAMA` and `cHRM` in PNG,
//! the encodings in JPEG XL): converts wide-gamut and high dynamic range images to sRGB.
//!
//! Whatever is brighter than diffuse white, 203 nits, is rolled off instead of clipped, as Chromium does on a screen
//! that cannot exceed white. The roll-off extends to 10,000 nits for PQ and 1,000 for HLG, so diffuse white becomes 187
//! and 191 of 255. It scales red, green and blue equally, so that a bright colour keeps its hue. Colours outside sRGB
//! are clipped.
//! Sources: ITU-T H.273 (the numbers), SMPTE ST 2084 (PQ), ITU-R BT.2100 (HLG), ITU-R BT.2408 (diffuse white).

use super::primaries::{Chromaticities, RgbMatrix, SAME};
use crate::pixels::raster::{Raster, Samples};
use crate::pixels::srgb::{to_encoded, to_linear};

/// Primaries and transfer characteristics as numbered in H.273.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::render) struct Cicp {
    pub(in crate::render) primaries: u16,
    pub(in crate::render) transfer: u16,
}

impl Cicp {
    /// Returns the colour space for these numbers, or `None` for reserved and unspecified ones and for curves that no
    /// image uses.
    pub(in crate::render) fn space(self) -> Option<RgbSpace> {
        let curve = match self.transfer {
            // The camera curves of television are treated as sRGB, as in browsers.
            1 | 6 | 7 | 11..=15 => TransferCurve::Srgb,
            4 => TransferCurve::Power(2.2),
            5 => TransferCurve::Power(2.8),
            8 => TransferCurve::Linear,
            16 => TransferCurve::Pq,
            17 => TransferCurve::Cinema,
            18 => TransferCurve::Hlg,
            _ => return None,
        };
        Some(RgbSpace::new(curve, Chromaticities::numbered(self.primaries)?))
    }
}

/// A colour space: a curve and primaries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::render) struct RgbSpace {
    curve: TransferCurve,
    matrix: RgbMatrix,
    /// Whether black is 16 and white 235 of 255.
    is_narrow: bool,
}

impl RgbSpace {
    /// Creates a space. Invalid primaries count as those of sRGB.
    pub(in crate::render) fn new(curve: TransferCurve, primaries: Chromaticities) -> Self {
        Self { curve, matrix: primaries.to_srgb().unwrap_or(SAME), is_narrow: false }
    }

    /// Returns the same space with narrow-range samples.
    pub(in crate::render) const fn narrow(self) -> Self {
        Self { is_narrow: true, ..self }
    }

    /// Returns whether this is exactly sRGB.
    fn is_srgb(&self) -> bool {
        self.curve == TransferCurve::Srgb && self.matrix == SAME && !self.is_narrow
    }
}

/// Nits of diffuse white, and of the peaks of HLG and PQ.
const WHITE_NITS: f32 = 203.0;
const HLG_NITS: f32 = 1000.0;
const PQ_NITS: f32 = 10_000.0;
/// Entries in the table that encodes to sRGB. It is indexed by the square root of linear light, which makes the steps
/// perceptually even.
const ENCODED: usize = 4096;

/// The transfer curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::render) enum TransferCurve {
    Srgb,
    Linear,
    /// Light is the sample to this power.
    Power(f32),
    /// SMPTE ST 428-1: a power of 2.6, with white below the maximum.
    Cinema,
    Pq,
    Hlg,
}

/// Converts the image to sRGB, keeping size and channels. Samples already in sRGB are unchanged. Samples with another
/// curve become 16-bit to preserve detail in the shadows.
pub(in crate::render) fn to_srgb(raster: Raster, space: RgbSpace) -> Raster {
    let RgbSpace { curve, matrix, is_narrow } = space;
    if space.is_srgb() {
        return raster;
    }
    let raster = if curve == TransferCurve::Srgb { raster } else { raster.into_16_bit() };
    let range = |value: f32| if is_narrow { ((value - 16.0 / 255.0) * (255.0 / 219.0)).clamp(0.0, 1.0) } else { value };
    let Raster { size, channels, mut samples } = raster;
    let table = SrgbTable::new();
    match &mut samples {
        Samples::U8(samples) => {
            let decoded: Vec<f32> = (0..=255_u8).map(|v| decoded(curve, range(f32::from(v) / 255.0))).collect();
            for pixel in samples.chunks_exact_mut(usize::from(channels)) {
                let read = |v: u8| decoded[usize::from(v)];
                convert(pixel, curve, &matrix, read, |light| ((table.of(light) + 128) / 257) as u8);
            }
        }
        Samples::U16(samples) => {
            let decoded: Vec<f32> = (0..=65_535_u16).map(|v| decoded(curve, range(f32::from(v) / 65_535.0))).collect();
            for pixel in samples.chunks_exact_mut(usize::from(channels)) {
                let read = |v: u16| decoded[usize::from(v)];
                convert(pixel, curve, &matrix, read, |light| table.of(light) as u16);
            }
        }
    }
    Raster { size, channels, samples }
}

/// Converts one pixel. Alpha is unchanged, and grey stays grey.
fn convert<T: Copy>(
    pixel: &mut [T],
    curve: TransferCurve,
    matrix: &RgbMatrix,
    read: impl Fn(T) -> f32,
    write: impl Fn(f32) -> T,
) {
    match pixel {
        [grey] | [grey, _] => {
            let [light, ..] = rolled_off(displayed([read(*grey); 3], curve), curve);
            *grey = write(light);
        }
        [r, g, b, ..] => {
            let light = rolled_off(displayed([read(*r), read(*g), read(*b)], curve), curve);
            let light = matrix.map(|[x, y, z]| (x * light[0] + y * light[1] + z * light[2]).max(0.0));
            [*r, *g, *b] = light.map(write);
        }
        [] => {}
    }
}

/// Returns the linear light of a sample: of the display, where 1 is diffuse white, or of the scene for HLG.
fn decoded(curve: TransferCurve, value: f32) -> f32 {
    match curve {
        TransferCurve::Srgb => to_linear(f64::from(value)) as f32,
        TransferCurve::Linear => value,
        TransferCurve::Power(power) => value.powf(power),
        TransferCurve::Cinema => value.powf(2.6) * (52.37 / 48.0),
        TransferCurve::Pq => {
            let root = value.powf(1.0 / 78.843_75);
            let over = (root - 0.835_937_5).max(0.0);
            (over / (18.851_563 - 18.6875 * root)).powf(1.0 / 0.159_301_76) * PQ_NITS / WHITE_NITS
        }
        TransferCurve::Hlg if value <= 0.5 => value * value / 3.0,
        TransferCurve::Hlg => (((value - 0.559_910_7) / 0.178_832_77).exp() + 0.284_668_92) / 12.0,
    }
}

/// Converts scene light to what a display with the peak luminance shows (BT.2100, table 5). Only HLG leaves this to the
/// display.
fn displayed(light: [f32; 3], curve: TransferCurve) -> [f32; 3] {
    if curve != TransferCurve::Hlg {
        return light;
    }
    let luminance = 0.2627 * light[0] + 0.678 * light[1] + 0.0593 * light[2];
    let gain = luminance.max(1e-6).powf(0.2) * HLG_NITS / WHITE_NITS;
    light.map(|v| v * gain)
}

/// Compresses light to at most 1, with a curve that ends at the peak (Reinhard's with a white point).
fn rolled_off(light: [f32; 3], curve: TransferCurve) -> [f32; 3] {
    let peak = match curve {
        TransferCurve::Pq => PQ_NITS / WHITE_NITS,
        TransferCurve::Hlg => HLG_NITS / WHITE_NITS,
        TransferCurve::Srgb | TransferCurve::Linear | TransferCurve::Power(_) | TransferCurve::Cinema => return light,
    };
    let brightest = light[0].max(light[1]).max(light[2]);
    let gain = (1.0 + brightest / (peak * peak)) / (1.0 + brightest);
    light.map(|v| v * gain)
}

/// A table from linear light to sRGB, 0 to 65535.
struct SrgbTable(Vec<u32>);

impl SrgbTable {
    fn new() -> Self {
        let encode = |at: usize| {
            let light = (at as f64 / (ENCODED - 1) as f64).powi(2);
            (to_encoded(light) * 65_535.0 + 0.5) as u32
        };
        Self((0..ENCODED).map(encode).collect())
    }

    fn of(&self, light: f32) -> u32 {
        let at = light.clamp(0.0, 1.0).sqrt() * (ENCODED - 1) as f32;
        let (below, part) = (at as usize, at.fract());
        let (low, high) = (self.0[below] as f32, self.0[(below + 1).min(ENCODED - 1)] as f32);
        (low + (high - low) * part + 0.5) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    fn pixel(samples: Samples) -> Raster {
        Raster { size: Size::new(1, 1), channels: 3, samples }
    }

    #[track_caller]
    fn check(primaries: u16, transfer: u16, value: [f32; 3], expected: [u8; 3]) {
        let coding = Cicp { primaries, transfer };
        let shallow = pixel(Samples::U8(value.map(|v| (v * 255.0).round() as u8).to_vec()));
        let deep = pixel(Samples::U16(value.map(|v| (v * 65_535.0).round() as u16).to_vec()));
        for raster in [shallow, deep] {
            let got = to_srgb(raster.clone(), coding.space().unwrap()).into_bytes();
            assert!(got.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 3), "{raster:?}: {got:?}, not {expected:?}");
        }
    }

    #[test]
    fn srgb_is_left_alone() {
        for transfer in [1, 6, 13, 14] {
            let raster = pixel(Samples::U8(vec![1, 2, 3]));
            assert_eq!(to_srgb(raster.clone(), Cicp { primaries: 1, transfer }.space().unwrap()), raster);
        }
    }

    #[test]
    fn wide_colours_become_those_of_srgb() {
        check(12, 13, [0.5; 3], [128; 3]);
        check(12, 13, [0.0, 1.0, 0.0], [0, 255, 0]);
        // The red of sRGB in Display P3.
        check(12, 13, [0.9175, 0.2003, 0.1386], [255, 0, 0]);
        check(1, 8, [0.2140; 3], [128; 3]);
    }

    #[test]
    fn high_dynamic_range_keeps_midtones_and_compresses_highlights() {
        // Black, 18 % grey of 26 nits, diffuse white and 1,000 nits, in PQ and in HLG.
        for (transfer, [grey, white, bright], expected) in
            [(16, [0.3761, 0.5806, 0.7518], [95, 187, 235]), (18, [0.3769, 0.75, 1.0], [95, 191, 255])]
        {
            check(9, transfer, [0.0; 3], [0; 3]);
            check(9, transfer, [grey; 3], [expected[0]; 3]);
            check(9, transfer, [white; 3], [expected[1]; 3]);
            check(9, transfer, [bright; 3], [expected[2]; 3]);
        }
        check(9, 16, [1.0; 3], [255; 3]);
    }

    #[test]
    fn alpha_and_grey() {
        let space = Cicp { primaries: 9, transfer: 16 }.space().unwrap();
        let with = |channels, samples: &[u8]| Raster {
            size: Size::new(1, 1),
            channels,
            samples: Samples::U8(samples.to_vec()),
        };
        assert_eq!(to_srgb(with(4, &[255, 255, 255, 7]), space).into_8_bit(), with(4, &[255, 255, 255, 7]));
        assert_eq!(to_srgb(with(2, &[255, 9]), space).into_8_bit(), with(2, &[255, 9]));
    }

    #[test]
    fn numbers_without_a_meaning_mean_nothing() {
        for (primaries, transfer) in [(1, 0), (1, 2), (1, 3), (1, 9), (1, 19), (0, 13), (2, 13), (3, 13), (999, 13)] {
            assert_eq!(Cicp { primaries, transfer }.space(), None, "{primaries} {transfer}");
        }
    }

    #[test]
    fn narrow_range_is_stretched() {
        let space = Cicp { primaries: 1, transfer: 13 }.space().unwrap().narrow();
        let raster = Raster { channels: 4, samples: Samples::U8(vec![16, 235, 126, 99]), ..pixel(Samples::U8(vec![])) };
        assert_eq!(to_srgb(raster, space).into_bytes(), [0, 255, 128, 99], "alpha is always full range");
    }

    #[test]
    fn powers_and_cinema() {
        check(1, 4, [0.5; 3], [128; 3]);
        check(1, 5, [0.6085; 3], [137; 3]);
        check(12, 17, [0.96702; 3], [255; 3]);
    }
}
