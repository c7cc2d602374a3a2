//! Converts floating-point samples, which occur in TIFF files, to 16 bits.
//!
//! 0 is black and 1 is white unless the file says otherwise. Values above white become white; values below black and
//! NaN become black. RGB without a profile is linear light, as Photoshop writes it and libvips reads it; grey is
//! gamma-encoded like any other grey, as most other software shows it. Grey without a stated range whose values are far
//! above 1 was never scaled to it; then the common full scale that contains the values is white. Source: TIFF 6.0
//! section 19 (`SampleFormat`, `SMinSampleValue`).

use crate::pixels::raster::{Raster, Samples};
use crate::pixels::srgb::to_encoded;
use crate::vips::{Image, VipsError};

/// The values that mean black and white.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::render) struct Range {
    pub(in crate::render) black: f32,
    pub(in crate::render) white: f32,
}

impl Range {
    const UNIT: Self = Self { black: 0.0, white: 1.0 };

    /// Returns the range if its width is usable as a divisor.
    pub(in crate::render) fn new(black: f64, white: f64) -> Option<Self> {
        let (black, white) = (black as f32, white as f32);
        (black.is_finite() && white.is_finite() && white - black > f32::MIN_POSITIVE).then_some(Self { black, white })
    }

    /// Guesses the range of grey that states none. Highlights of a scene may be several times white, but values in the
    /// hundreds are counts.
    fn guessed(brightest: f32) -> Self {
        const HIGHLIGHTS: f32 = 8.0;
        let white = [255.0, 65_535.0].into_iter().find(|white| brightest <= *white).unwrap_or(brightest);
        if brightest > HIGHLIGHTS { Self { black: 0.0, white } } else { Self::UNIT }
    }
}

/// Returns the first four channels of a floating-point image in 16 bits. With `is_light`, gamma-encodes the colours.
/// Alpha is the last of two or four channels and ranges from 0 to 1.
pub(in crate::render) fn raster(image: &Image<'_>, is_light: bool, range: Option<Range>) -> Result<Raster, VipsError> {
    let bands = image.bands() as usize;
    let samples = image.to_floats()?;
    let kept = match bands {
        1..=4 => bands,
        _ if image.has_alpha() => 4,
        _ => 3,
    };
    let samples = scaled(&samples, bands, kept, is_light, range);
    Ok(Raster { size: image.size(), channels: kept as u8, samples: Samples::U16(samples) })
}

fn scaled(samples: &[f32], bands: usize, kept: usize, is_light: bool, range: Option<Range>) -> Vec<u16> {
    let colours = kept - usize::from(kept.is_multiple_of(2));
    let range = range.unwrap_or_else(|| {
        let grey = samples.chunks_exact(bands).flat_map(|pixel| &pixel[..colours]).copied();
        if colours == 1 { Range::guessed(grey.filter(|v| v.is_finite()).fold(0.0, f32::max)) } else { Range::UNIT }
    });
    let table: Vec<u16> = if is_light { (0..=u16::MAX).map(encoded).collect() } else { Vec::new() };
    let color = |value: f32| {
        let level = level((value - range.black) / (range.white - range.black));
        if is_light { table[usize::from(level)] } else { level }
    };
    // The curve is steep in the shadows, so values there are computed exactly and not taken from the table.
    let exact = |value: f32| {
        let share = f64::from((value - range.black) / (range.white - range.black));
        if is_light && share > 0.0 && share < 0.02 { level(to_encoded(share) as f32) } else { color(value) }
    };
    let pixels = samples.chunks_exact(bands);
    pixels
        .flat_map(|pixel| (0..kept).map(move |at| (at, pixel[at])))
        .map(|(at, value)| if at < colours { exact(value) } else { level(value) })
        .collect()
}

/// Scales a share to 16 bits. The cast turns NaN into 0 and saturates at both ends.
fn level(share: f32) -> u16 {
    (share * f32::from(u16::MAX) + 0.5) as u16
}

fn encoded(light: u16) -> u16 {
    level(to_encoded(f64::from(light) / f64::from(u16::MAX)) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_white_and_not_a_number_is_black() {
        let values = [0.0, 0.5, 1.0, 2.0, -1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        assert_eq!(scaled(&values, 1, 1, false, None), [0, 32_768, 65_535, 65_535, 0, 0, 65_535, 0]);
        assert_eq!(scaled(&[0.5, 0.5], 2, 2, false, None), [32_768, 32_768], "alpha is 0 to 1");
        assert_eq!(scaled(&[0.5, 0.0, 1.0, 0.5], 4, 4, false, None), [32_768, 0, 65_535, 32_768]);
        assert_eq!(scaled(&[0.5, 0.0, 1.0, 0.5, 9.0], 5, 3, false, None), [32_768, 0, 65_535]);
    }

    #[test]
    fn light_is_encoded_and_alpha_is_not() {
        let shown = scaled(&[0.214_04, 0.001, 4.0, 0.5], 4, 4, true, None);
        assert!((i32::from(shown[0]) - 32_768).abs() < 20 && (i32::from(shown[1]) - 847).abs() < 4, "{shown:?}");
        assert_eq!(shown[2..], [65_535, 32_768]);
    }

    #[test]
    fn stated_and_guessed_ranges() {
        let stated = Range::new(-1.0, 1.0);
        assert_eq!(scaled(&[-1.0, 0.0, 1.0], 1, 1, false, stated), [0, 32_768, 65_535]);
        assert_eq!(scaled(&[0.0, 51.0, 255.0], 1, 1, false, None), [0, 13_107, 65_535]);
        assert_eq!(scaled(&[0.0, 13_107.0, 65_535.0], 1, 1, false, None), [0, 13_107, 65_535]);
        assert_eq!(scaled(&[0.5, 7.0], 1, 1, false, None), [32_768, 65_535], "a highlight");
        assert_eq!((Range::new(1.0, 1.0), Range::new(0.0, f64::NAN), Range::new(0.0, 1e300)), (None, None, None));
    }
}
