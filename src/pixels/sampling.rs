//! Interpolates between pixels, for the stages that rotate.

use super::paint::Pixel;
use crate::units::Size;

/// Returns the colour at a position in pixel indices, by Catmull-Rom interpolation of premultiplied samples. Outside
/// the image it is transparent or, if the image `extends`, repeats the nearest edge pixel.
#[inline]
pub(crate) fn bicubic(pixels: &[Pixel], size: Size, [u, v]: [f64; 2], extends: bool) -> Pixel {
    let (left, top) = (u.floor(), v.floor());
    let weights_x = catmull_rom((u - left) as f32);
    let weights_y = catmull_rom((v - top) as f32);
    // Float to integer casts saturate.
    let (left, top) = ((left as i64).saturating_sub(1), (top as i64).saturating_sub(1));
    let mut sum = [0.0_f32; 4];
    for (row, weight_y) in (top..).zip(weights_y) {
        for (column, weight_x) in (left..).zip(weights_x) {
            let Some([r, g, b, a]) = source(pixels, size, column, row, extends) else { continue };
            let weight = weight_x * weight_y;
            let alpha = f32::from(a) / 255.0 * weight;
            sum[0] += f32::from(r) * alpha;
            sum[1] += f32::from(g) * alpha;
            sum[2] += f32::from(b) * alpha;
            sum[3] += alpha;
        }
    }
    let alpha = sum[3].clamp(0.0, 1.0);
    if alpha < 0.5 / 255.0 {
        return [0; 4];
    }
    let channel = |value: f32| (value / sum[3] + 0.5) as u8;
    [channel(sum[0]), channel(sum[1]), channel(sum[2]), (alpha * 255.0 + 0.5) as u8]
}

#[inline]
fn source(pixels: &[Pixel], size: Size, column: i64, row: i64, extends: bool) -> Option<Pixel> {
    let (right, bottom) = (i64::from(size.width) - 1, i64::from(size.height) - 1);
    let inside = (0..=right).contains(&column) && (0..=bottom).contains(&row);
    if !inside && !extends {
        return None;
    }
    let at = row.clamp(0, bottom) * (right + 1) + column.clamp(0, right);
    pixels.get(usize::try_from(at).ok()?).copied()
}

/// Returns sine and cosine, exact for quarter turns, so that those move pixels without changing any.
pub(crate) fn exact_sin_cos(degrees: f64) -> (f64, f64) {
    let quarters = degrees / 90.0;
    if quarters.fract() != 0.0 {
        return degrees.to_radians().sin_cos();
    }
    match quarters.rem_euclid(4.0) as u8 {
        0 => (0.0, 1.0),
        1 => (1.0, 0.0),
        2 => (0.0, -1.0),
        _ => (-1.0, 0.0),
    }
}

/// Returns the weights of the four samples around a point at `t` between the second and third.
fn catmull_rom(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [-0.5 * t + t2 - 0.5 * t3, 1.0 - 2.5 * t2 + 1.5 * t3, 0.5 * t + 2.0 * t2 - 1.5 * t3, -0.5 * t2 + 0.5 * t3]
}
