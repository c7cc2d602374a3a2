//! Blends a colour or an image over the image, by the formulas of W3C compositing and blending level 1.
//!
//! Colours are mixed as encoded, and alpha is straight. Where the image is transparent, the overlay shows unchanged in
//! every mode, so a colour covers the whole image (`rendering.md` 9). `destination-out` and `destination-in` change
//! only the opacity of the image, by the overlay's alpha; outside an overlay that is smaller than the image, that alpha
//! counts as transparent.

use crate::param::BlendMode;
use crate::pixels::blend_modes::{is_separable, mix};
use crate::pixels::paint::{self, Leaves, Pixel};
use crate::pixels::raster::{Raster, Samples};
use crate::plan::{BlendOp, BlendOpLayer};
use crate::render::{RenderError, Step};

/// Blends `op.layer` over the image. For [`BlendOpLayer::Image`], `image` is the overlay at its final size. Returns 8
/// bits; an alpha channel is added only by the two modes that cut.
///
/// # Errors
/// [`RenderError::Stage`] when the overlay is missing or its size differs from the op's.
pub fn apply(raster: Raster, op: &BlendOp, image: Option<&Raster>) -> Result<Raster, RenderError> {
    let cuts = matches!(op.mode, BlendMode::DestinationOut | BlendMode::DestinationIn);
    let alpha = op.alpha as f32 / 255.0;
    let leaves = |grey| Leaves { grey, opaque: !raster.has_alpha() && !cuts };
    match &op.layer {
        BlendOpLayer::Color(color) => {
            let leaves = leaves(paint::is_grey(*color) || cuts);
            let source = paint::pixel(*color);
            if !raster.has_alpha() && is_separable(op.mode) && !cuts {
                return Ok(by_table(raster, leaves, |v| composited([v, v, v, 255], source, alpha, op.mode)));
            }
            Ok(paint::rows(raster, leaves, |_, row| {
                for pixel in row {
                    *pixel = composited(*pixel, source, alpha, op.mode);
                }
            }))
        }
        BlendOpLayer::Image(overlay) => {
            let image = image.filter(|image| image.size == overlay.layout.output && image.is_consistent());
            let image = image.ok_or(RenderError::Stage(Step::Blend))?;
            let leaves = leaves(image.channels <= 2 || cuts);
            let under = |x: usize, y: u32| {
                let column = i64::try_from(x).ok()?.checked_sub(overlay.left)?;
                let row = i64::from(y).checked_sub(overlay.top)?;
                let inside = (0..i64::from(image.size.width)).contains(&column)
                    && (0..i64::from(image.size.height)).contains(&row);
                let at = row * i64::from(image.size.width) + column;
                if inside { usize::try_from(at).ok() } else { None }
            };
            Ok(paint::rows(raster, leaves, |y, row| {
                for (x, pixel) in row.iter_mut().enumerate() {
                    let source = under(x, y).map_or([0; 4], |at| image.pixel_8(at));
                    *pixel = composited(*pixel, source, alpha, op.mode);
                }
            }))
        }
    }
}

/// Blends one colour over opaque pixels, each channel separately: this takes 256 computations instead of one per pixel.
fn by_table(raster: Raster, leaves: Leaves, mut result: impl FnMut(u8) -> Pixel) -> Raster {
    let table: Vec<Pixel> = (0..=u8::MAX).map(&mut result).collect();
    let size = raster.size;
    if leaves.grey && raster.channels == 1 {
        let samples = raster.into_bytes().into_iter().map(|v| table[usize::from(v)][0]).collect();
        return Raster { size, channels: 1, samples: Samples::U8(samples) };
    }
    let raster = if raster.channels == 3 { raster } else { raster.into_rgba().without_alpha() };
    let mut bytes = raster.into_bytes();
    for [r, g, b] in bytes.as_chunks_mut::<3>().0 {
        [*r, *g, *b] = [table[usize::from(*r)][0], table[usize::from(*g)][1], table[usize::from(*b)][2]];
    }
    Raster { size, channels: 3, samples: Samples::U8(bytes) }
}

/// Composites one pixel. `alpha` is the opacity of the overlay divided by 255, which saves that division here.
#[inline]
fn composited(backdrop: Pixel, source: Pixel, alpha: f32, mode: BlendMode) -> Pixel {
    let (over, under) = (f32::from(source[3]) * alpha, f32::from(backdrop[3]) / 255.0);
    let [r, g, b, a] = backdrop;
    let scaled = |share: f32| (f32::from(a) * share + 0.5) as u8;
    if mode == BlendMode::DestinationOut {
        return [r, g, b, scaled(1.0 - over)];
    }
    if mode == BlendMode::DestinationIn {
        return [r, g, b, scaled(over)];
    }
    if over <= 0.0 {
        return backdrop;
    }
    let rgb = |pixel: Pixel| [pixel[0], pixel[1], pixel[2]].map(|v| f32::from(v) / 255.0);
    let (cb, cs) = (rgb(backdrop), rgb(source));
    let mixed = mix(mode, cb, cs);
    let total = over + under * (1.0 - over);
    let channel = |i: usize| {
        let value = over * (1.0 - under) * cs[i] + over * under * mixed[i] + (1.0 - over) * under * cb[i];
        // Float to integer casts saturate.
        (value / total * 255.0 + 0.5) as u8
    };
    [channel(0), channel(1), channel(2), (total * 255.0 + 0.5) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Layout;
    use crate::plan::Overlay;
    use crate::units::{Color, Size};

    fn op(rgb: [u8; 4], mode: BlendMode) -> BlendOp {
        let [r, g, b, a] = rgb;
        BlendOp { layer: BlendOpLayer::Color(Color { r, g, b, a }), mode, alpha: 1.0 }
    }

    fn one(pixel: &[u8]) -> Raster {
        Raster { size: Size::new(1, 1), channels: pixel.len() as u8, samples: Samples::U8(pixel.to_vec()) }
    }

    fn blended(image: &[u8], color: [u8; 4], mode: BlendMode) -> Vec<u8> {
        apply(one(image), &op(color, mode), None).unwrap().into_bytes()
    }

    /// (200, 100, 50) over (40, 120, 200): the formulas in the specification, computed by hand.
    #[test]
    fn every_mode_gives_what_its_formula_says() {
        for (mode, expected) in [
            (BlendMode::Normal, [200, 100, 50]),
            (BlendMode::Multiply, [31, 47, 39]),
            (BlendMode::Screen, [209, 173, 211]),
            (BlendMode::Overlay, [63, 94, 167]),
            (BlendMode::Darken, [40, 100, 50]),
            (BlendMode::Lighten, [200, 120, 200]),
            (BlendMode::Dodge, [185, 197, 249]),
            (BlendMode::Burn, [0, 0, 0]),
            (BlendMode::HardLight, [162, 94, 78]),
            (BlendMode::SoftLight, [73, 106, 174]),
            (BlendMode::Difference, [160, 20, 150]),
            (BlendMode::Exclusion, [177, 126, 172]),
            (BlendMode::Luminosity, [60, 140, 220]),
            (BlendMode::Color, [180, 80, 30]),
            (BlendMode::Hue, [185, 79, 25]),
            (BlendMode::Saturation, [44, 119, 194]),
        ] {
            let found = blended(&[40, 120, 200], [200, 100, 50, 255], mode);
            let near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1);
            assert!(near, "{mode:?}: {found:?}, not {expected:?}");
        }
    }

    #[test]
    fn opacity_mixes_and_transparency_shows_the_overlay() {
        let half = |mode| apply(one(&[0, 0, 0]), &BlendOp { alpha: 0.5, ..op([255; 4], mode) }, None).unwrap();
        assert_eq!(half(BlendMode::Normal).into_bytes(), [128; 3]);
        assert_eq!(half(BlendMode::Multiply).into_bytes(), [0; 3]);
        assert_eq!(blended(&[0, 0, 0, 0], [9, 8, 7, 255], BlendMode::Multiply), [9, 8, 7, 255]);
        assert_eq!(blended(&[1, 2, 3, 4], [9, 8, 7, 0], BlendMode::Normal), [1, 2, 3, 4]);
        assert_eq!(blended(&[200, 100, 0, 255], [0, 0, 0, 128], BlendMode::DestinationOut), [200, 100, 0, 127]);
        assert_eq!(blended(&[200, 100, 0], [0, 0, 0, 128], BlendMode::DestinationIn), [200, 100, 0, 128]);
    }

    #[test]
    fn the_table_and_the_formula_agree() {
        let samples: Vec<u8> = (0..=255).flat_map(|v| [v, 255 - v, v / 2]).collect();
        let rgb = Raster { size: Size::new(16, 16), channels: 3, samples: Samples::U8(samples) };
        let rgba = Raster { samples: Samples::U8(rgb.clone().into_rgba().into_bytes()), channels: 4, ..rgb };
        for mode in [BlendMode::Overlay, BlendMode::SoftLight, BlendMode::Burn, BlendMode::Dodge] {
            let op = op([30, 160, 220, 77], mode);
            let short = apply(rgb.clone(), &op, None).unwrap();
            assert_eq!(short.channels, 3);
            assert_eq!(short, apply(rgba.clone(), &op, None).unwrap().without_alpha(), "{mode:?}");
        }
        let grey = Raster { size: Size::new(1, 1), channels: 1, samples: Samples::U16(vec![32_768]) };
        let white = apply(grey.clone(), &op([255; 4], BlendMode::Normal), None).unwrap();
        assert_eq!((white.channels, white.into_bytes()), (1, vec![255]));
        assert_eq!(apply(grey, &op([255, 0, 0, 255], BlendMode::Color), None).unwrap().channels, 3);
    }

    #[test]
    fn an_image_lies_where_it_was_placed() {
        let base = Raster { size: Size::new(3, 2), channels: 1, samples: Samples::U8(vec![10; 6]) };
        let image = Raster { size: Size::new(2, 2), channels: 1, samples: Samples::U8(vec![1, 2, 3, 4]) };
        let placed = |left, top, mode| {
            let layer = BlendOpLayer::Image(Overlay { layout: Layout::as_it_is(image.size), left, top });
            apply(base.clone(), &BlendOp { layer, mode, alpha: 1.0 }, Some(&image)).unwrap().into_bytes()
        };
        assert_eq!(placed(1, 1, BlendMode::Normal), [10, 10, 10, 10, 1, 2]);
        assert_eq!(placed(-1, -1, BlendMode::Normal), [4, 10, 10, 10, 10, 10]);
        assert_eq!(placed(i64::MIN, i64::MAX, BlendMode::Normal), [10; 6]);
        assert_eq!(placed(1, 1, BlendMode::DestinationOut), [10, 255, 10, 255, 10, 255, 10, 255, 10, 0, 10, 0]);
        let layer = BlendOpLayer::Image(Overlay { layout: Layout::as_it_is(Size::new(9, 9)), left: 0, top: 0 });
        assert!(apply(base, &BlendOp { layer, mode: BlendMode::Normal, alpha: 1.0 }, Some(&image)).is_err());
    }
}
