//! Converts coverage to colour, with outline and shadow.

use crate::pixels::distance;
use crate::pixels::paint::over as over_pixel;
use crate::plan::Text;
use crate::units::{Color, Size};

use super::shape::Inked;

/// Opacity of the darkest shadow.
const SHADOW_OPACITY: f32 = 0.8;
/// Blur and offset of a shadow, in pixels per step of `txt-shad`.
const SHADOW_SIGMA_PX: f64 = 0.35;
const SHADOW_OFFSET_PX: f64 = 0.3;
/// Blurring takes most of the weight of thin strokes; this restores some of it.
const SHADOW_GAIN: f32 = 2.0;
/// Maximum number of pixels of a text with outline and shadow. Above it, outline and shadow reach less far.
const PIXELS_MAX: usize = 24 << 20;
/// Share of the letters that an outline must leave to be drawn inside them, and the share that the inner part leaves if
/// it does not.
const FITS: f64 = 0.35;
const KEPT: f64 = 0.7;
/// If the part inside the letters is thinner than this, the outline is drawn around them.
const INSIDE_MIN: f32 = 0.3;
/// Bisection steps to find the thickness that leaves that share, to a thousandth.
const BISECTIONS: usize = 10;

/// A small image to be placed on a larger one.
#[derive(Clone, Debug)]
pub(super) struct TextLayer {
    pub(super) size: Size,
    /// Left and top edges on the base; may be outside it.
    pub(super) left: i64,
    pub(super) top: i64,
    /// Pixels with straight alpha.
    pub(super) pixels: Vec<[u8; 4]>,
}

/// Returns the text in its colours, with its ink at `left` and `top` of the base.
pub(super) fn layer(inked: &Inked, text: &Text, left: i64, top: i64) -> TextLayer {
    let drawn = match text.outline {
        Some((line, color)) => outlined(inked, text, f32::from(u16::try_from(line).unwrap_or(u16::MAX)), color),
        None => painted(inked, text, &TextOutline::none(inked)),
    };
    let drawn = TextLayer { left: left + drawn.left, top: top + drawn.top, ..drawn };
    match TextShadow::of(text) {
        Some(shadow) => shadowed(&drawn, &shadow),
        None => drawn,
    }
}

/// The coverage of the letters and of the line along their edge.
struct TextOutline {
    size: Size,
    /// Pixels around the ink.
    margin: usize,
    /// Coverage without the line.
    fill: Vec<u8>,
    /// Coverage including the line.
    whole: Vec<u8>,
    color: Color,
}

impl TextOutline {
    fn none(inked: &Inked) -> Self {
        let fill = inked.letters.clone();
        Self { size: inked.size, margin: 0, whole: fill.clone(), fill, color: Color::BLACK }
    }
}

/// Draws the letters with a line of `width` pixels. The line is inside their edge if that leaves [`FITS`] of them,
/// otherwise mostly outside, so that it never replaces the letters.
fn outlined(inked: &Inked, text: &Text, width: f32, color: Color) -> TextLayer {
    let depths = depths(&inked.letters, inked.size);
    let area = |coverage: &[u8]| coverage.iter().map(|v| u64::from(*v)).sum::<u64>();
    let share = |share: f64| (area(&inked.letters) as f64 * share) as u64;
    let inset = |width: f32| inset(&inked.letters, &depths, width);
    let (mut inside, mut fill) = (width, inset(width));
    if area(&fill) < share(FITS) {
        let least = share(KEPT);
        let (mut low, mut high) = (0.0, width);
        for _ in 0..BISECTIONS {
            let middle = f32::midpoint(low, high);
            if area(&inset(middle)) < least { high = middle } else { low = middle }
        }
        inside = low;
        fill = inset(inside);
    }
    // So thin a line would merely look like blurred letters.
    if inside < INSIDE_MIN {
        (inside, fill) = (0.0, inked.letters.clone());
    }
    let outside = width - inside;
    if outside <= 0.0 {
        let (size, whole) = (inked.size, inked.letters.clone());
        return painted(inked, text, &TextOutline { size, margin: 0, fill, whole, color });
    }
    let mut margin = outside.ceil() as usize + 1;
    let (w, h) = (inked.size.width as usize, inked.size.height as usize);
    while margin > 1 && (w + 2 * margin).saturating_mul(h + 2 * margin) > PIXELS_MAX {
        margin /= 2;
    }
    let reach = outside.min(margin as f32);
    let size = Size::new((w + 2 * margin) as u32, (h + 2 * margin) as u32);
    let (fill, letters) = (widened(&fill, w, margin), widened(&inked.letters, w, margin));
    let whole = grown(&letters, size, reach);
    painted(inked, text, &TextOutline { size, margin, fill, whole, color })
}

/// Returns the same coverage with `margin` empty pixels around it.
fn widened(coverage: &[u8], width: usize, margin: usize) -> Vec<u8> {
    let wide = width + 2 * margin;
    let mut out = vec![0; wide * (coverage.len() / width.max(1) + 2 * margin)];
    for (to, from) in out.chunks_exact_mut(wide).skip(margin).zip(coverage.chunks_exact(width.max(1))) {
        to[margin..margin + width].copy_from_slice(from);
    }
    out
}

/// Returns the coverage with a band of `reach` pixels around its edge. Distances are as in [`depths`].
fn grown(coverage: &[u8], size: Size, reach: f32) -> Vec<u8> {
    let from = |&v: &u8| if v == 0 { distance::FAR } else { (0.5 - f32::from(v) / 255.0).max(0.0).powi(2) };
    let mut squares: Vec<f32> = coverage.iter().map(from).collect();
    distance::spread(&mut squares, size.width as usize);
    let cover = |(square, before): (&f32, &u8)| {
        // A hard edge is half a pixel closer than the centre of the pixel inside it; a soft one is where it is
        // measured. Use a value in between.
        let outside = (reach - square.sqrt() + 0.75).clamp(0.0, 1.0);
        ((outside * 255.0).round() as u8).max(*before)
    };
    squares.iter().zip(coverage).map(cover).collect()
}

/// Draws line, letters and emoji in their colours.
fn painted(inked: &Inked, text: &Text, outline: &TextOutline) -> TextLayer {
    let (wide, width) = (outline.size.width as usize, inked.size.width as usize);
    let inner = |at: usize| {
        let (x, y) = ((at % wide).checked_sub(outline.margin)?, (at / wide).checked_sub(outline.margin)?);
        (x < width).then_some(y * width + x)
    };
    let pixels = outline.whole.iter().zip(&outline.fill).enumerate().map(|(at, (&whole, &fill))| {
        let mut out = Premultiplied::default();
        out.add(text.color, f32::from(fill) / 255.0);
        out.add(outline.color, f32::from(whole.saturating_sub(fill)) / 255.0);
        let emoji = inked.emoji.as_ref().and_then(|emoji| emoji.get(inner(at)?));
        if let Some(emoji) = emoji {
            out.add_own(*emoji, f32::from(text.color.a) / 255.0);
        }
        out.straight()
    });
    let pixels = pixels.collect();
    let shift = -i64::try_from(outline.margin).unwrap_or(0);
    TextLayer { size: outline.size, left: shift, top: shift, pixels }
}

/// Accumulates the colour of a pixel.
#[derive(Clone, Copy, Default)]
struct Premultiplied {
    rgb: [f32; 3],
    alpha: f32,
}

impl Premultiplied {
    /// Adds a colour that covers its own part of the pixel.
    fn add(&mut self, color: Color, coverage: f32) {
        let alpha = coverage * f32::from(color.a) / 255.0;
        for (sum, v) in self.rgb.iter_mut().zip([color.r, color.g, color.b]) {
            *sum += f32::from(v) * alpha;
        }
        self.alpha += alpha;
    }

    /// Adds a colour that is already premultiplied.
    fn add_own(&mut self, [r, g, b, a]: [u8; 4], opacity: f32) {
        for (sum, v) in self.rgb.iter_mut().zip([r, g, b]) {
            *sum += f32::from(v) * opacity;
        }
        self.alpha += f32::from(a) / 255.0 * opacity;
    }

    fn straight(self) -> [u8; 4] {
        if self.alpha <= 0.0 {
            return [0; 4];
        }
        let [r, g, b] = self.rgb.map(|v| (v / self.alpha).round().clamp(0.0, 255.0) as u8);
        [r, g, b, (self.alpha * 255.0).round().clamp(0.0, 255.0) as u8]
    }
}

/// Returns for each pixel how far it is inside the coverage, in pixels.
///
/// Distances are exact to a fraction of a pixel, because a partially covered pixel reveals where the edge passes
/// through it (distance transform of Felzenszwalb and Huttenlocher 2012, from anti-aliased coverage).
fn depths(coverage: &[u8], size: Size) -> Vec<f32> {
    // There is nothing outside the ink, so the edge also runs along its border.
    let (width, w, h) = (size.width as usize, size.width as usize + 2, size.height as usize + 2);
    let mut squares = vec![0.0_f32; w * h];
    for (to, from) in squares.chunks_exact_mut(w).skip(1).zip(coverage.chunks_exact(width)) {
        for (to, &from) in to[1..].iter_mut().zip(from) {
            *to = if from == 255 { distance::FAR } else { (f32::from(from) / 255.0 - 0.5).max(0.0).powi(2) };
        }
    }
    distance::spread(&mut squares, w);
    squares
        .chunks_exact(w)
        .skip(1)
        .take(size.height as usize)
        .flat_map(|row| &row[1..=width])
        .map(|v| v.sqrt())
        .collect()
}

/// Returns the coverage without a band of `width` pixels inside its edge.
fn inset(coverage: &[u8], depths: &[f32], width: f32) -> Vec<u8> {
    let cover = |(depth, &before): (&f32, &u8)| {
        // A hard edge is half a pixel closer than the centre of the pixel beyond it; a soft one is where it is
        // measured. Use a value in between.
        let inside = (depth - width + 0.25).clamp(0.0, 1.0);
        ((inside * 255.0).round() as u8).min(before)
    };
    depths.iter().zip(coverage).map(cover).collect()
}

/// A black copy under a layer.
#[derive(Clone, Copy, Debug)]
struct TextShadow {
    /// Offset down and to the right.
    shift_px: usize,
    /// Standard deviation of its blur.
    sigma_px: f64,
    /// Factor for the blurred coverage before it is clamped to full coverage.
    gain: f32,
    opacity: f32,
}

impl TextShadow {
    fn of(text: &Text) -> Option<Self> {
        let shift = |px: f64| px.round().max(1.0) as usize;
        (text.shadow > 0.0).then(|| match text.shadow_blur_px {
            None => Self {
                shift_px: shift(text.shadow * SHADOW_OFFSET_PX),
                sigma_px: text.shadow * SHADOW_SIGMA_PX,
                gain: SHADOW_GAIN,
                opacity: SHADOW_OPACITY,
            },
            // A blur radius is two standard deviations (CSS Backgrounds and Borders 3, section 6.1.1).
            Some(blur) => {
                Self { shift_px: shift(text.shadow), sigma_px: f64::from(blur) / 2.0, gain: 1.0, opacity: 1.0 }
            }
        })
    }

    /// Returns the radius of each of the three boxes that together approximate this deviation: 3 * ((2r+1)^2 - 1) / 12
    /// = sigma^2. Limited by memory for a layer of this size.
    fn radius(&self, size: Size) -> usize {
        if self.sigma_px <= 0.0 {
            return 0;
        }
        let mut radius = (((4.0 * self.sigma_px * self.sigma_px + 1.0).sqrt() - 1.0) / 2.0).round().max(1.0) as usize;
        let area = |radius: usize| (size.width as usize + 6 * radius).saturating_mul(size.height as usize + 6 * radius);
        while radius > 1 && area(radius) > PIXELS_MAX {
            radius /= 2;
        }
        radius
    }
}

/// Composites the layer over a blurred, black, shifted copy of itself.
fn shadowed(layer: &TextLayer, shadow: &TextShadow) -> TextLayer {
    let (radius, shift) = (shadow.radius(layer.size), shadow.shift_px);
    let margin = 3 * radius;
    let (w, h) = (layer.size.width as usize, layer.size.height as usize);
    let (wide, high) = (w + 2 * margin + shift, h + 2 * margin + shift);
    let mut shade = vec![0.0_f32; wide * high];
    for (y, row) in layer.pixels.chunks_exact(w).enumerate() {
        let start = (y + margin + shift) * wide + margin + shift;
        for (to, pixel) in shade[start..].iter_mut().zip(row) {
            *to = f32::from(pixel[3]);
        }
    }
    for _ in 0..if radius > 0 { 3 } else { 0 } {
        box_rows(&mut shade, wide, radius);
        box_columns(&mut shade, wide, radius);
    }
    let mut pixels: Vec<[u8; 4]> = shade
        .iter()
        .map(|v| [0, 0, 0, ((v * shadow.gain).min(255.0) * shadow.opacity).round().max(0.0) as u8])
        .collect();
    for (y, row) in layer.pixels.chunks_exact(w).enumerate() {
        let start = (y + margin) * wide + margin;
        for (to, pixel) in pixels[start..].iter_mut().zip(row) {
            *to = over_pixel(*pixel, *to);
        }
    }
    let size = Size::new(u32::try_from(wide).unwrap_or(u32::MAX), u32::try_from(high).unwrap_or(u32::MAX));
    let margin = i64::try_from(margin).unwrap_or(0);
    TextLayer { size, left: layer.left - margin, top: layer.top - margin, pixels }
}

/// Averages `2 * radius + 1` values along each row; values beyond its ends are 0.
fn box_rows(values: &mut [f32], width: usize, radius: usize) {
    let mut before = vec![0.0; width];
    for row in values.chunks_exact_mut(width) {
        before.copy_from_slice(row);
        let mut sum: f32 = before.iter().take(radius).sum();
        for (x, out) in row.iter_mut().enumerate() {
            sum += before.get(x + radius).copied().unwrap_or(0.0);
            sum -= x.checked_sub(radius + 1).map_or(0.0, |gone| before[gone]);
            *out = sum / (2 * radius + 1) as f32;
        }
    }
}

/// Does the same along each column, all columns at once.
fn box_columns(values: &mut [f32], width: usize, radius: usize) {
    let before = values.to_vec();
    let row = |y: usize| before.get(y * width..(y + 1) * width);
    let mut sums = vec![0.0_f32; width];
    for y in 0..radius {
        sums.iter_mut().zip(row(y).unwrap_or_default()).for_each(|(sum, v)| *sum += v);
    }
    for (y, out) in values.chunks_exact_mut(width).enumerate() {
        sums.iter_mut().zip(row(y + radius).unwrap_or_default()).for_each(|(sum, v)| *sum += v);
        if let Some(gone) = y.checked_sub(radius + 1).and_then(row) {
            sums.iter_mut().zip(gone).for_each(|(sum, v)| *sum -= v);
        }
        out.iter_mut().zip(&sums).for_each(|(out, sum)| *out = sum / (2 * radius + 1) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(side: u32) -> (Vec<u8>, Size) {
        (vec![255; (side * side) as usize], Size::new(side, side))
    }

    #[test]
    fn an_inset_takes_a_band_off_the_inside() {
        let (whole, size) = square(20);
        for width in [1.0, 3.0, 5.0] {
            let inner = inset(&whole, &depths(&whole, size), width);
            let area: f32 = inner.iter().map(|v| f32::from(*v) / 255.0).sum();
            let side = area.sqrt();
            assert!((side - (20.0 - 2.0 * width)).abs() < 0.8, "{width}: {side}");
            assert_eq!(inner[10 * 20 + 10], 255);
            assert!(inner[0] <= 64, "{}", inner[0]);
        }
        assert!(inset(&whole, &depths(&whole, size), 50.0).iter().all(|v| *v == 0));
        // A soft edge: half a pixel further inside for the full ones.
        let soft: Vec<u8> = (0..400).map(|i| if i % 20 == 0 { 128 } else { 255 }).collect();
        let row = inset(&soft, &depths(&soft, size), 2.0)[10 * 20..11 * 20].to_vec();
        assert!(row[1] < 10 && (10..200).contains(&row[2]) && row[4] == 255, "{row:?}");
    }

    #[test]
    fn a_band_around_the_outside_is_as_wide_as_asked() {
        let (whole, _) = square(10);
        for reach in [1.0, 2.5, 4.0] {
            let wide = widened(&whole, 10, 6);
            let out = grown(&wide, Size::new(22, 22), reach);
            let row: f32 = out[11 * 22..12 * 22].iter().map(|v| f32::from(*v) / 255.0).sum();
            assert!((row - (10.0 + 2.0 * reach)).abs() < 0.6, "{reach}: {row}");
            assert!(out.iter().zip(&wide).all(|(out, before)| out >= before));
        }
    }

    #[test]
    fn a_shadow_reaches_beyond_and_keeps_the_letters() {
        let pixels = vec![[255, 255, 255, 255]; 100];
        let flat = TextLayer { size: Size::new(10, 10), left: 50, top: 60, pixels };
        let soft = TextShadow { shift_px: 2, sigma_px: 1.75, gain: SHADOW_GAIN, opacity: SHADOW_OPACITY };
        let shaded = shadowed(&flat, &soft);
        assert!(shaded.left < 50 && shaded.top < 60 && shaded.size.width > 16);
        let at = |x: i64, y: i64| {
            shaded.pixels[((y - shaded.top) * i64::from(shaded.size.width) + x - shaded.left) as usize]
        };
        assert_eq!(at(50, 60), [255; 4]);
        assert!(at(61, 65)[3] > 60 && at(61, 65)[0] == 0, "{:?}", at(61, 65));
        assert!(at(61, 65)[3] > at(48, 65)[3], "the light comes from the top left");
    }

    #[test]
    fn a_hard_shadow_is_a_black_copy() {
        let flat = TextLayer { size: Size::new(4, 4), left: 7, top: 9, pixels: vec![[255, 255, 255, 255]; 16] };
        let hard = TextShadow { shift_px: 3, sigma_px: 0.0, gain: 1.0, opacity: 1.0 };
        let shaded = shadowed(&flat, &hard);
        assert_eq!((shaded.left, shaded.top, shaded.size), (7, 9, Size::new(7, 7)));
        for (index, pixel) in shaded.pixels.iter().enumerate() {
            let (x, y) = (index % 7, index / 7);
            let expected = if x < 4 && y < 4 {
                [255; 4]
            } else if x >= 3 && y >= 3 {
                [0, 0, 0, 255]
            } else {
                [0; 4]
            };
            assert_eq!(*pixel, expected, "{x} {y}");
        }
        let long = Size::new(32_000, 500);
        let wide = TextShadow { sigma_px: 250.0, ..hard };
        assert!((10..250).contains(&wide.radius(long)) && wide.radius(Size::new(300, 50)) > 240);
    }
}
