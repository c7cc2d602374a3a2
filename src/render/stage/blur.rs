//! Gaussian blur of the whole image: `blur`.

use crate::pixels::gaussian;
use crate::pixels::points::Sample;
use crate::pixels::raster::{Raster, Samples};

/// Blurs any raster, extending its edges so that they do not darken. Colours are weighted by their opacity, and alpha
/// is blurred too. Size, channels and depth stay. The cost does not grow with `sigma_px`, the standard deviation in
/// pixels.
#[must_use]
pub fn apply(raster: &Raster, sigma_px: f64) -> Raster {
    let samples = match &raster.samples {
        Samples::U8(_) => Samples::U8(blurred(raster, sigma_px)),
        Samples::U16(_) => Samples::U16(blurred(raster, sigma_px)),
    };
    Raster { size: raster.size, channels: raster.channels, samples }
}

fn blurred<T: Sample>(raster: &Raster, sigma_px: f64) -> Vec<T> {
    let channels = usize::from(raster.channels);
    let row_len = raster.size.width as usize * channels;
    let mut out = Vec::with_capacity(row_len * raster.size.height as usize);
    gaussian::rows(raster, sigma_px, |_, row| match raster.channels {
        2 => straight::<T, 2>(row, &mut out),
        4 => straight::<T, 4>(row, &mut out),
        _ => out.extend(row.iter().map(|v| T::nearest(*v))),
    });
    out
}

/// Divides colours by alpha. A pixel without opacity has no colour.
fn straight<T: Sample, const N: usize>(row: &[f32], out: &mut Vec<T>) {
    for pixel in row.as_chunks::<N>().0 {
        let alpha = T::nearest(pixel[N - 1]);
        let per_alpha = if alpha.index() == 0 { 0.0 } else { 1.0 / pixel[N - 1] };
        out.extend(pixel[..N - 1].iter().map(|v| T::nearest(v * per_alpha)));
        out.push(alpha);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::rows as raster;

    #[test]
    fn a_tiny_blur_does_nothing_and_colours_spread_evenly() {
        let dot = raster(9, 3, (0..81).flat_map(|at| if at == 40 { [255, 128, 0] } else { [0; 3] }).collect());
        assert_eq!(apply(&dot, 0.05), dot);
        let bytes = apply(&dot, 1.0).into_bytes();
        let at = |x: usize, y: usize| [bytes[(y * 9 + x) * 3], bytes[(y * 9 + x) * 3 + 1]];
        // The centre keeps 1 / (2 pi) of 255, and pixels at the same distance are equal on all sides.
        assert_eq!(at(4, 4), [41, 20]);
        assert_eq!([at(3, 4), at(5, 4), at(4, 3), at(4, 5)], [[25, 12]; 4]);
        assert!(bytes.iter().skip(2).step_by(3).all(|blue| *blue == 0));
    }

    #[test]
    fn nothing_is_left_to_recognise_at_the_top_of_the_range() {
        let stripes = raster(64, 1, (0..64 * 40).map(|at| if at / 4 % 2 == 0 { 20 } else { 220 }).collect());
        let bytes = apply(&stripes, 100.0).into_bytes();
        // Rises from the dark left edge to the light right edge without any detail in between.
        assert!(
            bytes[..64].is_sorted() && bytes[..64].windows(2).all(|pair| pair[1] - pair[0] <= 1),
            "{:?}",
            &bytes[..64]
        );
    }

    #[test]
    fn transparency_is_blurred_and_stains_nothing() {
        let half: Vec<u8> = (0..40).flat_map(|x| if x < 20 { [200, 10, 90, 255] } else { [0, 255, 0, 0] }).collect();
        for sigma in [2.0, 9.0] {
            let bytes = apply(&raster(40, 4, half.clone()), sigma).into_bytes();
            for [r, g, b, a] in bytes.as_chunks::<4>().0 {
                let untouched = r.abs_diff(200) <= 1 && g.abs_diff(10) <= 1 && b.abs_diff(90) <= 1;
                assert!(*a == 0 || untouched, "{r} {g} {b} {a}");
            }
            assert!((100..156).contains(&bytes[20 * 4 - 1]), "{}", bytes[20 * 4 - 1]);
        }
    }

    #[test]
    fn sixteen_bits_stay() {
        let deep = Raster { samples: Samples::U16(vec![1000; 30]), ..raster(10, 1, vec![0; 30]) };
        assert_eq!(apply(&deep, 3.0), deep);
    }
}
