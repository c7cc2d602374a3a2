//! Colours coded by numbers instead of a profile (`nclx` of HEIF and AVIF): wide and high-dynamic-range ones as sRGB.
//!
//! Diffuse white, 203 nits, stays near white, and what is brighter is rolled off up to 1,000 nits instead of clipped. The
//! roll-off scales red, green and blue alike, so that a bright colour keeps its hue. Colours outside sRGB are clipped to it.
//! Sources: ITU-T H.273 (the numbers), SMPTE ST 2084 (PQ), ITU-R BT.2100 (HLG), ITU-R BT.2408 (diffuse white).

use super::raster::{Raster, Samples};
use super::transfer::{to_encoded, to_linear};

/// Primaries and transfer characteristics as H.273 numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coding {
    pub(super) primaries: u16,
    pub(super) transfer: u16,
}

/// Nits of diffuse white, and of the brightest that is told from white.
const WHITE_NITS: f32 = 203.0;
const PEAK_NITS: f32 = 1000.0;
/// Linear light up to which nothing is rolled off.
const KNEE: f32 = 0.75;
/// Entries of the table back to sRGB, over the square root of linear light: even steps to the eye.
const ENCODED: usize = 4096;

type Matrix = [[f32; 3]; 3];
const SAME: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// Linear light of BT.2020 and of Display P3 to that of sRGB, all with the white of D65.
const FROM_BT2020: Matrix = [[1.6605, -0.5877, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1188]];
const FROM_P3: Matrix = [[1.2249, -0.2249, 0.0], [-0.0421, 1.0421, 0.0], [-0.0197, -0.0786, 1.0983]];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Curve {
    Srgb,
    Linear,
    Pq,
    Hlg,
}

/// The picture in sRGB: the same depth, size and channels. What is near enough to sRGB already is left alone.
pub(super) fn to_srgb(raster: Raster, coding: Coding) -> Raster {
    let curve = match coding.transfer {
        8 => Curve::Linear,
        16 => Curve::Pq,
        18 => Curve::Hlg,
        _ => Curve::Srgb,
    };
    let matrix = match coding.primaries {
        9 => FROM_BT2020,
        11 | 12 => FROM_P3,
        _ => SAME,
    };
    if curve == Curve::Srgb && matrix == SAME {
        return raster;
    }
    let Raster { size, channels, mut samples } = raster;
    let table = Encoded::new();
    match &mut samples {
        Samples::U8(samples) => {
            let decoded: Vec<f32> = (0..=255_u8).map(|v| decoded(curve, f32::from(v) / 255.0)).collect();
            for pixel in samples.chunks_exact_mut(usize::from(channels)) {
                let read = |v: u8| decoded[usize::from(v)];
                convert(pixel, curve, &matrix, read, |light| ((table.of(light) + 128) / 257) as u8);
            }
        }
        Samples::U16(samples) => {
            let decoded: Vec<f32> = (0..=65_535_u16).map(|v| decoded(curve, f32::from(v) / 65_535.0)).collect();
            for pixel in samples.chunks_exact_mut(usize::from(channels)) {
                let read = |v: u16| decoded[usize::from(v)];
                convert(pixel, curve, &matrix, read, |light| table.of(light) as u16);
            }
        }
    }
    Raster { size, channels, samples }
}

/// One pixel; alpha, and a grey value's missing company, are as they are.
fn convert<T: Copy>(pixel: &mut [T], curve: Curve, matrix: &Matrix, read: impl Fn(T) -> f32, write: impl Fn(f32) -> T) {
    match pixel {
        [grey] | [grey, _] => {
            let [light, ..] = rolled_off(displayed([read(*grey); 3], curve), curve);
            *grey = write(light);
        }
        [r, g, b, ..] => {
            let light = displayed([read(*r), read(*g), read(*b)], curve);
            let light = matrix.map(|[x, y, z]| (x * light[0] + y * light[1] + z * light[2]).max(0.0));
            [*r, *g, *b] = rolled_off(light, curve).map(write);
        }
        [] => {}
    }
}

/// Linear light of a sample: of the display (1 is diffuse white) or, for HLG, of the scene.
fn decoded(curve: Curve, value: f32) -> f32 {
    match curve {
        Curve::Srgb => to_linear(f64::from(value)) as f32,
        Curve::Linear => value,
        Curve::Pq => {
            let root = value.powf(1.0 / 78.843_75);
            let over = (root - 0.835_937_5).max(0.0);
            (over / (18.851_563 - 18.6875 * root)).powf(1.0 / 0.159_301_76) * 10_000.0 / WHITE_NITS
        }
        Curve::Hlg if value <= 0.5 => value * value / 3.0,
        Curve::Hlg => (((value - 0.559_910_7) / 0.178_832_77).exp() + 0.284_668_92) / 12.0,
    }
}

/// What a display of the peak makes of the scene's light (BT.2100, table 5); only HLG leaves that to the display.
fn displayed(light: [f32; 3], curve: Curve) -> [f32; 3] {
    if curve != Curve::Hlg {
        return light;
    }
    let luminance = 0.2627 * light[0] + 0.678 * light[1] + 0.0593 * light[2];
    let gain = luminance.max(1e-6).powf(0.2) * PEAK_NITS / WHITE_NITS;
    light.map(|v| v * gain)
}

/// At most 1, with a soft shoulder where there may be more.
fn rolled_off(light: [f32; 3], curve: Curve) -> [f32; 3] {
    let brightest = light[0].max(light[1]).max(light[2]);
    if matches!(curve, Curve::Srgb | Curve::Linear) || brightest <= KNEE {
        return light;
    }
    let over = (brightest - KNEE) / (1.0 - KNEE);
    let peak = (PEAK_NITS / WHITE_NITS - KNEE) / (1.0 - KNEE);
    let shoulder = (over * (1.0 + over / (peak * peak)) / (1.0 + over)).min(1.0);
    let gain = (KNEE + (1.0 - KNEE) * shoulder) / brightest;
    light.map(|v| v * gain)
}

/// Linear light to sRGB, 0 to 65535.
struct Encoded(Vec<u32>);

impl Encoded {
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
        let coding = Coding { primaries, transfer };
        let shallow = pixel(Samples::U8(value.map(|v| (v * 255.0).round() as u8).to_vec()));
        let deep = pixel(Samples::U16(value.map(|v| (v * 65_535.0).round() as u16).to_vec()));
        for raster in [shallow, deep] {
            let got = to_srgb(raster.clone(), coding).into_bytes();
            assert!(got.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 3), "{raster:?}: {got:?}, not {expected:?}");
        }
    }

    #[test]
    fn srgb_is_left_alone() {
        for transfer in [1, 2, 6, 13, 14] {
            let raster = pixel(Samples::U8(vec![1, 2, 3]));
            assert_eq!(to_srgb(raster.clone(), Coding { primaries: 1, transfer }), raster);
        }
    }

    #[test]
    fn wide_colours_become_those_of_srgb() {
        check(12, 13, [0.5; 3], [128; 3]);
        check(12, 13, [0.0, 1.0, 0.0], [0, 255, 0]);
        // Red of sRGB in Display P3.
        check(12, 13, [0.9175, 0.2003, 0.1386], [255, 0, 0]);
        check(1, 8, [0.2140; 3], [128; 3]);
    }

    #[test]
    fn high_dynamic_range_keeps_its_middle_and_rolls_off_its_lights() {
        // Black, 18 % grey of 26 nits, diffuse white and the peak, in PQ and in HLG.
        for (transfer, grey, white, peak) in [(16, 0.3761, 0.5806, 0.7518), (18, 0.3769, 0.75, 1.0)] {
            check(9, transfer, [0.0; 3], [0; 3]);
            check(9, transfer, [grey; 3], [100; 3]);
            check(9, transfer, [white; 3], [240; 3]);
            check(9, transfer, [peak; 3], [255; 3]);
        }
        check(9, 16, [1.0; 3], [255; 3]);
    }

    #[test]
    fn alpha_and_grey() {
        let coding = Coding { primaries: 9, transfer: 16 };
        let with = |channels, samples: &[u8]| Raster {
            size: Size::new(1, 1),
            channels,
            samples: Samples::U8(samples.to_vec()),
        };
        assert_eq!(to_srgb(with(4, &[255, 255, 255, 7]), coding), with(4, &[255, 255, 255, 7]));
        assert_eq!(to_srgb(with(2, &[255, 9]), coding), with(2, &[255, 9]));
    }
}
