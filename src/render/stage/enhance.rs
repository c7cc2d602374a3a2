//! Makes an image more vivid depending on its histogram: `auto=enhance`.
//!
//! A single luma curve sets black, white, middle and contrast. Colours follow it in proportion, which keeps their hue.
//! White balance corrects only a cast that all tones share (`cast`). Saturation is raised in Oklab, dull colours more
//! than vivid ones and skin least. Good images, night scenes and sunsets are hardly changed, drawings and screenshots
//! not at all.
//!
//! Measuring and drawing are separate, so that all frames of an animation are drawn like the first.

mod cast;
mod cube;
mod curve;
#[cfg(test)]
mod tests;

use self::cube::Cube;
use self::curve::ToneCurve;
use crate::pixels::oklab;
use crate::pixels::points::{self, Chain, Run, luma};
use crate::pixels::raster::Raster;
use crate::pixels::srgb::{to_encoded, to_linear};

/// Approximate number of pixels that are sampled.
const SEEN: usize = 1 << 16;

/// Share of the four most frequent colours at which an image starts to count as a drawing, and at which it fully does.
const DRAWN: [f64; 2] = [0.2, 0.5];

/// Mean chroma (Oklab) of an image that needs no saturation, and of one that gets all of [`SATURATION`].
const CHROMA: [f64; 2] = [0.11, 0.02];

/// The gain of dull colours in a dull image.
const SATURATION: f64 = 0.2;

/// Chroma from which a colour gains nothing.
const VIVID: f64 = 0.2;

/// How to enhance an image; `None` inside means not at all.
#[derive(Clone, Debug)]
pub struct Enhancement(Option<Cube>);

/// Measures what an image needs. Fully transparent pixels do not count.
#[must_use]
pub fn measure(raster: &Raster) -> Enhancement {
    let pixels = seen(raster);
    let strength = 1.0 - smoothstep(drawn(&pixels), DRAWN);
    if strength <= 0.0 {
        return Enhancement(None);
    }
    let labs: Vec<[f64; 3]> = pixels.iter().map(|pixel| oklab::from_linear(pixel.map(to_linear))).collect();
    let gains = cast::gains(&labs, strength);
    let chroma = labs.iter().map(|[_, a, b]| a.hypot(*b)).sum::<f64>() / labs.len() as f64;
    let more = SATURATION * strength * smoothstep(chroma, CHROMA);
    let curve = ToneCurve::of(pixels.iter().map(|pixel| luma64(*pixel)), strength);
    Enhancement(Some(Cube::of(|pixel| saturated(curve.apply(balanced(pixel, gains)), more))))
}

/// Enhances the colours of any raster. Size, channels, depth and alpha stay, and grey stays grey.
#[must_use]
pub fn apply(raster: Raster, enhancement: &Enhancement) -> Raster {
    match &enhancement.0 {
        Some(cube) => points::chained(raster, &|v| v, Through(cube)),
        None => raster,
    }
}

struct Through<'a>(&'a Cube);

impl Chain for Through<'_> {
    #[inline(always)]
    fn run(&self, run: &mut Run) {
        run.each(|pixel| self.0.at(pixel));
    }
}

/// Returns the colours of about [`SEEN`] evenly spread pixels, 0 to 1.
fn seen(raster: &Raster) -> Vec<[f64; 3]> {
    let count = usize::try_from(raster.size.area()).unwrap_or(usize::MAX);
    // An odd step avoids sampling the same columns again and again.
    let step = if count > 2 * SEEN { (count / SEEN) | 1 } else { 1 };
    let visible = (0..count).step_by(step).map(|at| raster.pixel_8(at)).filter(|[.., a]| *a > 0);
    visible.map(|[r, g, b, _]| [r, g, b].map(|v| f64::from(v) / 255.0)).collect()
}

/// Returns the share of the four most frequent colours; 1 if there are no pixels.
fn drawn(pixels: &[[f64; 3]]) -> f64 {
    if pixels.is_empty() {
        return 1.0;
    }
    let mut codes: Vec<[u8; 3]> = pixels.iter().map(|pixel| pixel.map(|v| (v * 255.0 + 0.5) as u8)).collect();
    codes.sort_unstable();
    let mut counts: Vec<usize> = codes.chunk_by(|a, b| a == b).map(<[_]>::len).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts.iter().take(4).sum::<usize>() as f64 / pixels.len() as f64
}

/// Rises smoothly from 0 at the first of `ends` to 1 at the second, with zero slope at both.
fn smoothstep(v: f64, [from, to]: [f64; 2]) -> f64 {
    let t = ((v - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

fn luma64(pixel: [f64; 3]) -> f64 {
    f64::from(luma(pixel.map(|v| v as f32)))
}

/// Multiplies the linear light of the channels.
fn balanced(pixel: [f64; 3], gains: [f64; 3]) -> [f64; 3] {
    if gains == [1.0; 3] {
        return pixel;
    }
    let light = pixel.map(to_linear);
    std::array::from_fn(|c| to_encoded((light[c] * gains[c]).min(1.0)))
}

/// Raises the chroma of a colour by up to `more`, within the sRGB gamut. Lightness and hue stay.
fn saturated(pixel: [f64; 3], more: f64) -> [f64; 3] {
    let [lightness, a, b] = oklab::from_linear(pixel.map(to_linear));
    let chroma = a.hypot(b);
    // The skin of all people is between red and yellow in hue and is rarely vivid.
    let skin =
        (1.0 - ((b.atan2(a).to_degrees() - 55.0) / 35.0).abs()).max(0.0) * (1.0 - smoothstep(chroma, [0.12, 0.2]));
    // Dark areas contain more noise than colour.
    let room = (1.0 - chroma / VIVID).max(0.0) * (1.0 - 0.6 * skin) * smoothstep(lightness, [0.05, 0.35]);
    let mut gain = more * room;
    for _ in 0..5 {
        let light = oklab::to_linear([lightness, a * (1.0 + gain), b * (1.0 + gain)]);
        if light.iter().all(|v| (-1e-6..=1.0 + 1e-6).contains(v)) {
            return light.map(|v| to_encoded(v.clamp(0.0, 1.0)));
        }
        gain /= 2.0;
    }
    pixel
}
