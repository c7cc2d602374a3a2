//! BlurHash: a blurred image in 28 characters, following the public description of the format (woltapp/blurhash,
//! `Algorithm.md`), with 4 x 3 components (`rendering.md` 15.3).

use std::f64::consts::PI;

use crate::units::{Color, Size};

use crate::pixels::raster::Raster;
use crate::pixels::srgb::{to_encoded, to_linear};
use crate::pixels::{background, resample};
use crate::render::RenderError;

const COMPONENTS_X: usize = 4;
const COMPONENTS_Y: usize = 3;
/// Longest side of the image that is hashed. It has more detail than the components can express.
const SIDE_MAX: u32 = 64;
const DIGITS: &[u8; 83] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";

/// Returns the hash of an sRGB or grey image. Transparent areas are composited over white.
///
/// # Errors
/// [`RenderError`] when the image cannot be scaled.
pub(in crate::render) fn encode(raster: Raster) -> Result<String, RenderError> {
    let scaled = hashed_size(raster.size);
    let small = resample::scale_whole(raster, scaled)?;
    let size = small.size;
    let bytes = background::apply(small, Color::WHITE).into_rgba().into_bytes();
    let pixels: Vec<[f64; 3]> = bytes.chunks_exact(4).map(|p| [linear(p[0]), linear(p[1]), linear(p[2])]).collect();
    Ok(hash(&pixels, size))
}

fn hashed_size(size: Size) -> Size {
    let longest = u64::from(size.width.max(size.height).max(SIDE_MAX));
    let side = |v: u32| ((u64::from(v) * u64::from(SIDE_MAX) + longest / 2) / longest) as u32;
    if longest == u64::from(SIDE_MAX) { size } else { Size::new(side(size.width), side(size.height)) }
}

fn hash(pixels: &[[f64; 3]], size: Size) -> String {
    let factors: Vec<[f64; 3]> = (0..COMPONENTS_Y)
        .flat_map(|y| (0..COMPONENTS_X).map(move |x| (x, y)))
        .map(|(x, y)| component(pixels, size, x, y))
        .collect();
    let (dc, ac) = (factors[0], &factors[1..]);
    let largest = ac.iter().flatten().fold(0.0_f64, |max, v| max.max(v.abs()));
    let quantised = (largest * 166.0 - 0.5).floor().clamp(0.0, 82.0);
    let scale = (quantised + 1.0) / 166.0;
    let mut out = String::with_capacity(4 + 2 * factors.len());
    push(&mut out, (COMPONENTS_X - 1 + (COMPONENTS_Y - 1) * 9) as u32, 1);
    push(&mut out, quantised as u32, 1);
    push(&mut out, dc.into_iter().fold(0, |sum, v| sum << 8 | encoded(v)), 4);
    for factor in ac {
        let level = |v: f64| {
            let root = (v / scale).abs().sqrt().copysign(v);
            (root * 9.0 + 9.5).floor().clamp(0.0, 18.0) as u32
        };
        push(&mut out, factor.iter().fold(0, |sum, &v| sum * 19 + level(v)), 2);
    }
    out
}

/// Returns the mean of the image multiplied by a cosine wave.
fn component(pixels: &[[f64; 3]], size: Size, x: usize, y: usize) -> [f64; 3] {
    let (width, height) = (size.width as usize, size.height as usize);
    let wave = |k: usize, at: usize, length: usize| (PI * k as f64 * at as f64 / length as f64).cos();
    let across: Vec<f64> = (0..width).map(|i| wave(x, i, width)).collect();
    let mut sum = [0.0; 3];
    for (j, row) in pixels.chunks_exact(width).enumerate() {
        let down = wave(y, j, height);
        for (pixel, across) in row.iter().zip(&across) {
            for (sum, v) in sum.iter_mut().zip(pixel) {
                *sum += across * down * v;
            }
        }
    }
    let normal = if x == 0 && y == 0 { 1.0 } else { 2.0 };
    sum.map(|v| v * normal / (width * height) as f64)
}

fn push(out: &mut String, value: u32, digits: u32) {
    for place in (0..digits).rev() {
        out.push(char::from(DIGITS[(value / 83_u32.pow(place) % 83) as usize]));
    }
}

fn linear(v: u8) -> f64 {
    to_linear(f64::from(v) / 255.0)
}

fn encoded(v: f64) -> u32 {
    (to_encoded(v.clamp(0.0, 1.0)) * 255.0 + 0.5) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::Samples;

    fn filled(size: Size, color: [u8; 3]) -> Raster {
        Raster { size, channels: 3, samples: Samples::U8(color.repeat(size.area() as usize)) }
    }

    /// Decodes a number with `digits` digits at `from`.
    fn number(hash: &str, from: usize, digits: usize) -> u32 {
        let value = |c: u8| DIGITS.iter().position(|d| *d == c).unwrap() as u32;
        hash.as_bytes()[from..from + digits].iter().fold(0, |sum, &c| sum * 83 + value(c))
    }

    #[test]
    fn a_single_colour_is_encoded_exactly() {
        for size in [Size::new(1, 1), Size::new(200, 100), Size::new(3, 64)] {
            let hash = encode(filled(size, [200, 100, 50])).unwrap();
            assert_eq!((hash.len(), &hash[..1]), (28, "L"), "{size:?}");
            assert_eq!(number(&hash, 2, 4), 0x00c8_6432, "{size:?}");
        }
    }

    #[test]
    fn a_gradient_is_in_the_first_wave() {
        let size = Size::new(64, 64);
        let row: Vec<u8> = (0..64_u8).map(|x| 255 - x * 4).collect();
        let raster = Raster { size, channels: 1, samples: Samples::U8(row.repeat(64)) };
        let hash = encode(raster).unwrap();
        let level = |at: usize| number(&hash, 6 + 2 * at, 2) / 361;
        // The left is light, so the horizontal half wave is at its maximum and the vertical one is near zero.
        assert_eq!(level(0), 18);
        assert!((8..=10).contains(&level(3)), "{hash}");
    }

    #[test]
    fn the_longest_side_is_bounded() {
        assert_eq!(hashed_size(Size::new(6400, 10)), Size::new(64, 1));
        assert_eq!(hashed_size(Size::new(64, 20)), Size::new(64, 20));
        assert_eq!(hashed_size(Size::new(100, 300)), Size::new(21, 64));
        let clear = Raster { size: Size::new(1, 1), channels: 4, samples: Samples::U8(vec![0, 0, 0, 0]) };
        assert_eq!(number(&encode(clear).unwrap(), 2, 4), 0x00ff_ffff);
    }
}
