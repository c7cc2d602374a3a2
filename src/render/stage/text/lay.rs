//! Composites text over an image: with its box, rotated, faded, drawn or used as a stencil.
//!
//! The box is computed per pixel of the image, so that its size needs no memory.

use crate::param::TextStencil;
use crate::pixels::paint::{self, Leaves, Pixel, over as over_pixel};
use crate::pixels::raster::{Raster, Samples};
use crate::pixels::sampling::{bicubic, exact_sin_cos};
use crate::pixels::shape::Shape;
use crate::plan::{Backing, TextOp};
use crate::units::{Color, Length, Rect, Size};

use super::paint::TextLayer;

/// Widest padding of the box; beyond this a larger one makes no difference.
const PAD_PX_MAX: u32 = 1 << 17;

/// Position of a text's lines on the image.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines {
    pub(super) left: i64,
    pub(super) top: i64,
    pub(super) size: Size,
}

/// A layer together with everything that applies to it as a whole.
#[derive(Debug)]
pub(super) struct Laid<'a> {
    layer: &'a TextLayer,
    backing: Option<Backed>,
    turn: Option<Turn>,
    /// Opacity, 0 to 1.
    alpha: f32,
}

#[derive(Debug)]
struct Backed {
    shape: Shape,
    color: Color,
    left: f64,
    top: f64,
    size: Size,
}

/// A clockwise rotation about a point of the image.
#[derive(Debug)]
struct Turn {
    center: [f64; 2],
    sin: f64,
    cos: f64,
}

impl<'a> Laid<'a> {
    /// Wraps a layer with just an opacity, 0 to 1.
    pub(super) const fn plain(layer: &'a TextLayer, alpha: f32) -> Self {
        Self { layer, backing: None, turn: None, alpha }
    }

    pub(super) fn new(layer: &'a TextLayer, lines: Lines, op: &TextOp) -> Self {
        let center = [
            lines.left as f64 + f64::from(lines.size.width) / 2.0,
            lines.top as f64 + f64::from(lines.size.height) / 2.0,
        ];
        let turn = (op.text.degrees != 0.0).then(|| {
            let (sin, cos) = exact_sin_cos(op.text.degrees);
            Turn { center, sin, cos }
        });
        let backing = op.text.backing.map(|backing| Backed::new(backing, lines));
        Self { layer, backing, turn, alpha: op.text.alpha as f32 }
    }

    /// Returns the part of an image of `size` outside which nothing is visible.
    fn extent(&self, size: Size) -> Option<Rect> {
        let layer = [self.layer.left as f64, self.layer.top as f64];
        let end = [layer[0] + f64::from(self.layer.size.width), layer[1] + f64::from(self.layer.size.height)];
        let (mut start, mut end) = (layer, end);
        if let Some(Backed { left, top, size, .. }) = &self.backing {
            start = [start[0].min(*left), start[1].min(*top)];
            end = [end[0].max(left + f64::from(size.width)), end[1].max(top + f64::from(size.height))];
        }
        if let Some(turn) = &self.turn {
            let corners = [start, [end[0], start[1]], end, [start[0], end[1]]].map(|corner| turn.forth(corner));
            let least = |axis: usize| corners.iter().map(|corner| corner[axis]).fold(f64::MAX, f64::min);
            let most = |axis: usize| corners.iter().map(|corner| corner[axis]).fold(f64::MIN, f64::max);
            // Interpolation reaches one pixel further.
            (start, end) = ([least(0) - 1.0, least(1) - 1.0], [most(0) + 1.0, most(1) + 1.0]);
        }
        let inside = |value: f64, side: u32| value.clamp(0.0, f64::from(side)) as u32;
        let (left, right) = (inside(start[0].floor(), size.width), inside(end[0].ceil(), size.width));
        let (top, bottom) = (inside(start[1].floor(), size.height), inside(end[1].ceil(), size.height));
        (left < right && top < bottom).then(|| Rect { left, top, size: Size::new(right - left, bottom - top) })
    }

    /// Returns what is visible at a pixel of the image.
    fn at(&self, x: u32, y: u32) -> Pixel {
        let letters = &self.layer;
        let mut place = [f64::from(x) + 0.5, f64::from(y) + 0.5];
        let mut shown = if let Some(turn) = &self.turn {
            place = turn.back(place);
            let at = [place[0] - letters.left as f64 - 0.5, place[1] - letters.top as f64 - 0.5];
            bicubic(&letters.pixels, letters.size, at, false)
        } else {
            letters.at(i64::from(x), i64::from(y))
        };
        if let Some(backing) = &self.backing {
            shown = over_pixel(shown, backing.at(place));
        }
        if self.alpha < 1.0 {
            shown[3] = (f32::from(shown[3]) * self.alpha + 0.5) as u8;
        }
        shown
    }

    fn is_grey(&self) -> bool {
        let letters = self.layer.pixels.iter().all(|[r, g, b, a]| *a == 0 || (r == g && g == b));
        letters && self.backing.as_ref().is_none_or(|backing| paint::is_grey(backing.color))
    }
}

impl TextLayer {
    fn at(&self, x: i64, y: i64) -> Pixel {
        let (x, y) = (x - self.left, y - self.top);
        let (width, height) = (i64::from(self.size.width), i64::from(self.size.height));
        if !(0..width).contains(&x) || !(0..height).contains(&y) {
            return [0; 4];
        }
        usize::try_from(y * width + x).ok().and_then(|at| self.pixels.get(at)).copied().unwrap_or_default()
    }
}

impl Backed {
    fn new(backing: Backing, lines: Lines) -> Self {
        // Larger than any image, and still exact in single precision.
        let pad = backing.pad_px.min(PAD_PX_MAX);
        let side = |len: u32| len.saturating_add(pad.saturating_mul(2));
        let size = Size::new(side(lines.size.width), side(lines.size.height));
        let (Length::Px(radius) | Length::Fraction(radius)) = backing.radius;
        Self {
            // Float to integer casts saturate.
            shape: Shape::rounded(size, [0; 4], [(radius + 0.5) as u32; 4]),
            color: backing.color,
            left: lines.left as f64 - f64::from(pad),
            top: lines.top as f64 - f64::from(pad),
            size,
        }
    }

    fn at(&self, [x, y]: [f64; 2]) -> Pixel {
        let covered = self.shape.coverage_at((x - self.left) as f32, (y - self.top) as f32);
        let [r, g, b, a] = paint::pixel(self.color);
        [r, g, b, (f32::from(a) * covered + 0.5) as u8]
    }
}

impl Turn {
    fn forth(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let (dx, dy) = (x - self.center[0], y - self.center[1]);
        [self.center[0] + dx * self.cos - dy * self.sin, self.center[1] + dx * self.sin + dy * self.cos]
    }

    fn back(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let (dx, dy) = (x - self.center[0], y - self.center[1]);
        [self.center[0] + dx * self.cos + dy * self.sin, self.center[1] - dx * self.sin + dy * self.cos]
    }
}

/// Composites the layer over the image in 8 bits (straight alpha, sRGB-encoded values as in CSS). Grey stays grey under
/// a grey layer.
pub(super) fn over(raster: Raster, laid: &Laid<'_>) -> Raster {
    let mut raster = if raster.channels < 3 && laid.is_grey() { raster.into_8_bit() } else { coloured(raster) };
    let channels = usize::from(raster.channels);
    let (size, extent) = (raster.size, laid.extent(raster.size));
    let (Samples::U8(samples), Some(extent)) = (&mut raster.samples, extent) else { return raster };
    for y in extent.top..extent.top + extent.size.height {
        let start = (y as usize * size.width as usize + extent.left as usize) * channels;
        let row = &mut samples[start..start + extent.size.width as usize * channels];
        for (x, under) in (extent.left..).zip(row.chunks_exact_mut(channels)) {
            blend(under, laid.at(x, y));
        }
    }
    raster
}

/// Removes from the image what the layer covers, or everything else (Porter and Duff 1984). A `laid` of `None` covers
/// nothing. The removed area shows `behind`. Returns 8 bits, with alpha unless everything is opaque.
pub(super) fn cut(raster: Raster, laid: Option<&Laid<'_>>, stencil: TextStencil, behind: Option<Color>) -> Raster {
    let behind = behind.unwrap_or(Color::TRANSPARENT_WHITE);
    let leaves =
        Leaves { grey: behind.a == 0 || paint::is_grey(behind), opaque: behind.is_opaque() && !raster.has_alpha() };
    let extent = laid.and_then(|laid| Some((laid, laid.extent(raster.size)?)));
    paint::rows(raster, leaves, |y, row| {
        for (x, pixel) in (0..).zip(row) {
            let covered = match extent {
                Some((laid, Rect { left, top, size }))
                    if (left..left + size.width).contains(&x) && (top..top + size.height).contains(&y) =>
                {
                    laid.at(x, y)[3]
                }
                _ => 0,
            };
            let gone = f32::from(if stencil == TextStencil::Out { covered } else { 255 - covered }) / 255.0;
            if gone > 0.0 {
                // Where the image was transparent, nothing is uncovered.
                let alpha = (u32::from(behind.a) * u32::from(pixel[3]) + 127) / 255;
                let under = [behind.r, behind.g, behind.b, alpha as u8];
                *pixel = paint::mixed([(*pixel, 1.0 - gone), (under, gone)]);
            }
        }
    })
}

fn blend(under: &mut [u8], top: [u8; 4]) {
    if top[3] == 0 {
        return;
    }
    match under {
        [v] => *v = over_pixel(top, [*v, *v, *v, 255])[0],
        [v, a] => [*v, _, _, *a] = over_pixel(top, [*v, *v, *v, *a]),
        [r, g, b] => [*r, *g, *b, _] = over_pixel(top, [*r, *g, *b, 255]),
        [r, g, b, a] => [*r, *g, *b, *a] = over_pixel(top, [*r, *g, *b, *a]),
        _ => {}
    }
}

/// Converts the image to 8-bit RGB or RGBA.
fn coloured(raster: Raster) -> Raster {
    if raster.channels != 1 {
        return if raster.channels == 2 { raster.into_rgba() } else { raster.into_8_bit() };
    }
    let size = raster.size;
    let samples = raster.into_bytes().iter().flat_map(|&v| [v; 3]).collect();
    Raster { size, channels: 3, samples: Samples::U8(samples) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_cut_at_the_edges() {
        let red = TextLayer { size: Size::new(3, 3), left: -1, top: -2, pixels: vec![[255, 0, 0, 255]; 9] };
        let base = Raster { size: Size::new(4, 2), channels: 1, samples: Samples::U8(vec![9; 8]) };
        let done = over(base.clone(), &Laid::plain(&red, 1.0));
        assert_eq!(done.channels, 3);
        let bytes = done.into_bytes();
        assert_eq!(&bytes[..9], [255, 0, 0, 255, 0, 0, 9, 9, 9]);
        assert!(bytes[12..].iter().all(|v| *v == 9));
        for (left, top) in [(9, 0), (-9, 0), (0, 9), (0, -9), (i64::from(i32::MAX), i64::from(i32::MIN))] {
            let away = TextLayer { left, top, ..red.clone() };
            assert!(over(base.clone(), &Laid::plain(&away, 1.0)).into_bytes().iter().all(|v| *v == 9), "{left} {top}");
        }
    }

    #[test]
    fn grey_and_transparency_survive() {
        let white = TextLayer { size: Size::new(1, 1), left: 0, top: 0, pixels: vec![[255, 255, 255, 128]] };
        let grey = over(
            Raster { size: Size::new(2, 1), channels: 1, samples: Samples::U16(vec![0; 2]) },
            &Laid::plain(&white, 1.0),
        );
        assert_eq!((grey.channels, grey.into_bytes()), (1, vec![128, 0]));
        let clear = Raster { size: Size::new(1, 1), channels: 2, samples: Samples::U8(vec![7, 0]) };
        assert_eq!(over(clear, &Laid::plain(&white, 1.0)).into_bytes(), [255, 128]);
        let clear = Raster { size: Size::new(1, 1), channels: 4, samples: Samples::U8(vec![7, 7, 7, 0]) };
        assert_eq!(over(clear, &Laid::plain(&white, 1.0)).into_bytes(), [255, 255, 255, 128]);
    }
}
