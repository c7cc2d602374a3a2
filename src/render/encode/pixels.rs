//! Pixel conversions that several encoders need.

use std::borrow::Cow;

use crate::pixels::raster::{Raster, Samples};
use crate::units::Size;

/// Returns the image with 8 bits per sample, rounded.
pub(super) fn depth_8(raster: &Raster) -> Cow<'_, Raster> {
    match &raster.samples {
        Samples::U8(_) => Cow::Borrowed(raster),
        Samples::U16(samples) => {
            let samples = samples.iter().map(|&v| ((u32::from(v) + 128) / 257) as u8).collect();
            Cow::Owned(Raster { size: raster.size, channels: raster.channels, samples: Samples::U8(samples) })
        }
    }
}

/// Returns the samples of an image that has passed through [`depth_8`]; empty for any other.
pub(super) fn bytes(raster: &Raster) -> &[u8] {
    match &raster.samples {
        Samples::U8(samples) => samples,
        Samples::U16(_) => &[],
    }
}

/// Returns whether every pixel of an image with alpha is opaque.
pub(super) fn is_opaque(raster: &Raster) -> bool {
    let channels = usize::from(raster.channels);
    bytes(raster).iter().skip(channels - 1).step_by(channels).all(|&a| a == 255)
}

/// Removes the alpha channel and keeps the colours unchanged.
pub(super) fn without_alpha(raster: &Raster) -> Raster {
    let channels = usize::from(raster.channels);
    let samples = bytes(raster).chunks_exact(channels).flat_map(|pixel| &pixel[..channels - 1]).copied().collect();
    Raster { size: raster.size, channels: raster.channels - 1, samples: Samples::U8(samples) }
}

/// Composites the image over white and removes the alpha channel.
///
/// This blends sRGB-encoded values, as a browser blends an image with the page, so that the flattened image looks like
/// the transparent one on a white page.
pub(super) fn flatten(raster: &Raster) -> Raster {
    let channels = usize::from(raster.channels);
    let mut samples = Vec::with_capacity(bytes(raster).len() / channels * (channels - 1));
    for pixel in bytes(raster).chunks_exact(channels) {
        let (colour, alpha) = pixel.split_at(channels - 1);
        let opacity = u32::from(alpha[0]);
        let over_white = |&v: &u8| ((u32::from(v) * opacity + 255 * (255 - opacity) + 127) / 255) as u8;
        samples.extend(colour.iter().map(over_white));
    }
    Raster { size: raster.size, channels: raster.channels - 1, samples: Samples::U8(samples) }
}

/// Iterates over the pixels as red, green, blue and alpha.
pub(super) fn rgba(raster: &Raster) -> impl Iterator<Item = [u8; 4]> + '_ {
    bytes(raster).chunks_exact(usize::from(raster.channels)).map(|pixel| match *pixel {
        [v] => [v, v, v, 255],
        [v, a] => [v, v, v, a],
        [r, g, b] => [r, g, b, 255],
        [r, g, b, a, ..] => [r, g, b, a],
        [] => [0; 4],
    })
}

/// Stacks all frames vertically in 8 bits. They must have the same size and channels. Each is dropped once it has been
/// copied.
pub(super) fn stack(frames: Vec<Raster>) -> Raster {
    let (size, channels) = frames.first().map_or((Size::new(1, 1), 1), |frame| (frame.size, frame.channels));
    let count = u32::try_from(frames.len()).unwrap_or(u32::MAX);
    let size = Size::new(size.width, size.height.saturating_mul(count));
    let mut samples = Vec::with_capacity(usize::try_from(size.area()).unwrap_or(0) * usize::from(channels));
    for frame in frames {
        samples.extend_from_slice(bytes(&depth_8(&frame)));
    }
    Raster { size, channels, samples: Samples::U8(samples) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raster(channels: u8, samples: &[u8]) -> Raster {
        let size = Size::new((samples.len() / usize::from(channels)) as u32, 1);
        Raster { size, channels, samples: Samples::U8(samples.to_vec()) }
    }

    #[test]
    fn flattening_mixes_with_white() {
        let flat = flatten(&raster(4, &[255, 0, 0, 255, 9, 9, 9, 0, 0, 0, 0, 128]));
        assert_eq!(flat, raster(3, &[255, 0, 0, 255, 255, 255, 127, 127, 127]));
        assert_eq!(flatten(&raster(2, &[0, 0, 100, 255])), raster(1, &[255, 100]));
    }

    #[test]
    fn opacity_is_seen() {
        assert!(is_opaque(&raster(2, &[0, 255, 0, 255])));
        assert!(!is_opaque(&raster(4, &[255, 255, 255, 254])));
        assert_eq!(without_alpha(&raster(4, &[1, 2, 3, 255, 4, 5, 6, 255])), raster(3, &[1, 2, 3, 4, 5, 6]));
    }

    #[test]
    fn sixteen_bits_are_rounded() {
        let deep = Raster { size: Size::new(4, 1), channels: 1, samples: Samples::U16(vec![0, 128, 129, 65_535]) };
        assert_eq!(bytes(&depth_8(&deep)), [0, 0, 1, 255]);
    }
}
