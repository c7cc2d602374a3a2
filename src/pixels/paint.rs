//! Paints on images row by row, whatever their depth and channels; shared by the stages that draw.

use super::raster::{Raster, Samples};
use crate::units::Color;

/// What is known in advance about the painted image, so that it gets no more channels than it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaves {
    /// Only grey is painted, so a grey image stays grey.
    pub(crate) grey: bool,
    /// No pixel can be transparent afterwards.
    pub(crate) opaque: bool,
}

/// An 8-bit pixel with straight alpha.
pub(crate) type Pixel = [u8; 4];

/// Lets `paint` change the image row by row as 8-bit RGBA. `paint` also receives the row's distance from the top.
pub(crate) fn rows(raster: Raster, leaves: Leaves, mut paint: impl FnMut(u32, &mut [Pixel])) -> Raster {
    let stays_grey = leaves.grey && raster.channels <= 2;
    let size = raster.size;
    let mut bytes = raster.into_rgba().into_bytes();
    let (pixels, _) = bytes.as_chunks_mut::<4>();
    for (y, row) in (0..size.height).zip(pixels.chunks_exact_mut(size.width as usize)) {
        paint(y, row);
    }
    let samples = match (stays_grey, leaves.opaque) {
        (false, false) => bytes,
        (false, true) => without(&bytes, |[r, g, b, _]| [r, g, b]),
        (true, false) => without(&bytes, |[r, _, _, a]| [r, a]),
        (true, true) => without(&bytes, |[r, ..]| [r]),
    };
    let channels = if stays_grey { 1 } else { 3 } + u8::from(!leaves.opaque);
    Raster { size, channels, samples: Samples::U8(samples) }
}

fn without<const N: usize>(bytes: &[u8], keep: impl Fn(Pixel) -> [u8; N]) -> Vec<u8> {
    bytes.as_chunks::<4>().0.iter().flat_map(|pixel| keep(*pixel)).collect()
}

/// Returns whether a colour has no hue.
pub(crate) const fn is_grey(color: Color) -> bool {
    color.r == color.g && color.g == color.b
}

/// Converts a colour to a pixel.
pub(crate) const fn pixel(color: Color) -> Pixel {
    [color.r, color.g, color.b, color.a]
}

/// Returns the weighted sum of pixels, alpha premultiplied. Weights are at least 0 and add up to at most 1; the rest is
/// transparent.
pub(crate) fn mixed<const N: usize>(parts: [(Pixel, f32); N]) -> Pixel {
    let mut sum = [0.0_f32; 4];
    for ([r, g, b, a], weight) in parts {
        let alpha = f32::from(a) * weight;
        sum[0] += f32::from(r) * alpha;
        sum[1] += f32::from(g) * alpha;
        sum[2] += f32::from(b) * alpha;
        sum[3] += alpha;
    }
    if sum[3] < 0.5 {
        // Nothing is visible; white, so that a reader who ignores alpha sees paper.
        return [255, 255, 255, 0];
    }
    // Float to integer casts saturate.
    let channel = |value: f32| (value / sum[3] + 0.5) as u8;
    [channel(sum[0]), channel(sum[1]), channel(sum[2]), (sum[3] + 0.5) as u8]
}

/// Composites one pixel over another, both possibly translucent, straight alpha (source-over of W3C compositing level
/// 1).
pub(crate) fn over([r, g, b, a]: Pixel, under: Pixel) -> Pixel {
    let top_weight = u32::from(a) * 255;
    let under_weight = u32::from(under[3]) * (255 - u32::from(a));
    let total = top_weight + under_weight;
    if total == 0 {
        return [r, g, b, 0];
    }
    let channel = |top: u8, under: u8| {
        ((u32::from(top) * top_weight + u32::from(under) * under_weight + total / 2) / total) as u8
    };
    [channel(r, under[0]), channel(g, under[1]), channel(b, under[2]), ((total + 127) / 255) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    #[test]
    fn images_keep_the_channels_that_they_need() {
        let grey = Raster { size: Size::new(2, 1), channels: 1, samples: Samples::U16(vec![0, 65535]) };
        let painted = |grey_paint, opaque| {
            rows(grey.clone(), Leaves { grey: grey_paint, opaque }, |_, row| row[0] = [9, 9, 9, 128])
        };
        assert_eq!(painted(true, true).into_bytes(), [9, 255]);
        assert_eq!(painted(true, false).into_bytes(), [9, 128, 255, 255]);
        assert_eq!(painted(false, true).into_bytes(), [9, 9, 9, 255, 255, 255]);
        assert_eq!(painted(false, false).channels, 4);
    }

    #[test]
    fn mixing_weighs_colours_by_their_opacity() {
        let (red, clear_blue) = ([255, 0, 0, 255], [0, 0, 255, 0]);
        assert_eq!(mixed([(red, 0.5), (clear_blue, 0.5)]), [255, 0, 0, 128]);
        assert_eq!(mixed([(red, 0.5), ([0, 0, 255, 255], 0.5)]), [128, 0, 128, 255]);
        assert_eq!(mixed([(clear_blue, 1.0)]), [255, 255, 255, 0]);
        assert_eq!(over(red, clear_blue), red);
        assert_eq!(over([255, 255, 255, 128], [0, 0, 0, 255]), [128, 128, 128, 255]);
    }
}
