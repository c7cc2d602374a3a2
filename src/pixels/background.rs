//! Puts a colour behind an image's transparent parts.

use crate::pixels::paint;
use crate::pixels::raster::{Raster, Samples};
use crate::units::Color;

/// Composites the image over `color` (straight alpha, on sRGB-encoded values as in CSS; source-over of W3C compositing
/// level 1). Returns 8 bits, without alpha if the colour is opaque. An image without alpha is returned unchanged.
#[must_use]
pub fn apply(raster: Raster, color: Color) -> Raster {
    if !raster.has_alpha() {
        return raster;
    }
    let size = raster.size;
    let is_grey = raster.channels == 2 && color.r == color.g && color.g == color.b;
    if is_grey && color.is_opaque() {
        let samples = raster.into_bytes().as_chunks::<2>().0.iter().map(|&[v, a]| mix(v, color.r, a)).collect();
        return Raster { size, channels: 1, samples: Samples::U8(samples) };
    }
    let bytes = raster.into_rgba().into_bytes();
    let (pixels, _) = bytes.as_chunks::<4>();
    if color.is_opaque() {
        let flat = |&[r, g, b, a]: &[u8; 4]| [mix(r, color.r, a), mix(g, color.g, a), mix(b, color.b, a)];
        let samples = pixels.iter().flat_map(flat).collect();
        Raster { size, channels: 3, samples: Samples::U8(samples) }
    } else {
        let samples = pixels.iter().flat_map(|&pixel| paint::over(pixel, paint::pixel(color))).collect();
        Raster { size, channels: 4, samples: Samples::U8(samples) }
    }
}

/// Returns `top` for alpha 255, `under` for alpha 0, and a mixture in between.
fn mix(top: u8, under: u8, alpha: u8) -> u8 {
    let sum = u32::from(top) * u32::from(alpha) + u32::from(under) * (255 - u32::from(alpha));
    ((sum + 127) / 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    fn pixel(channels: u8, samples: &[u8]) -> Raster {
        Raster { size: Size::new(1, 1), channels, samples: Samples::U8(samples.to_vec()) }
    }

    #[test]
    fn opaque_colours_flatten() {
        let blue = Color { r: 0, g: 0, b: 255, a: 255 };
        assert_eq!(apply(pixel(4, &[255, 0, 0, 0]), blue), pixel(3, &[0, 0, 255]));
        assert_eq!(apply(pixel(4, &[255, 0, 0, 255]), blue), pixel(3, &[255, 0, 0]));
        assert_eq!(apply(pixel(4, &[255, 0, 0, 128]), blue), pixel(3, &[128, 0, 127]));
        assert_eq!(apply(pixel(2, &[10, 0]), blue), pixel(3, &[0, 0, 255]));
        assert_eq!(apply(pixel(2, &[10, 0]), Color::WHITE), pixel(1, &[255]));
        assert_eq!(apply(pixel(3, &[1, 2, 3]), blue), pixel(3, &[1, 2, 3]));
    }

    #[test]
    fn translucent_colours_leave_alpha() {
        let half = Color { r: 0, g: 0, b: 0, a: 128 };
        assert_eq!(apply(pixel(4, &[255, 255, 255, 0]), half), pixel(4, &[0, 0, 0, 128]));
        assert_eq!(apply(pixel(4, &[9, 8, 7, 255]), half), pixel(4, &[9, 8, 7, 255]));
        assert_eq!(apply(pixel(4, &[9, 8, 7, 0]), Color::TRANSPARENT_WHITE), pixel(4, &[9, 8, 7, 0]));
    }
}
