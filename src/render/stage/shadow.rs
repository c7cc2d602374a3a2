//! Draws a shadow of the image's own shape, as given by its transparency: behind it, on a floor, under it, or inside
//! it.
//!
//! Where the reference is silent: the foot of the subject is its lowest row that is at least half opaque. `float` puts
//! an oval below it, nine tenths as wide as the subject. A cast shadow is that of a flat card on a floor (see the
//! plan's `shadow`), and becomes softer and fainter with height.

use super::extend;
use crate::pixels::paint::{self, Leaves, Pixel};
use crate::pixels::raster::{Raster, Samples};
use crate::pixels::shape::Shape;
use crate::pixels::{distance, gaussian};
use crate::plan::{Cast, Copied, Extend, ExtendFill, ShadowOp, ShadowShape};
use crate::render::RenderError;
use crate::units::{Color, Size};

/// Width of the oval as a share of the subject's width.
const POOL_WIDTH: f64 = 0.9;
/// How far the centre of the oval is below the gap, as a share of its vertical radius.
const POOL_MIDDLE: f64 = 0.6;
/// Margin for an inset shadow beyond which blurring changes nothing.
const INSET_MARGIN_MAX: f64 = 1024.0;

/// Draws the shadow and places the image on `op.canvas` over it; an inset shadow is drawn over the image. Returns 8
/// bits, with alpha if the canvas grows; grey stays grey under a grey shadow.
///
/// # Errors
/// [`RenderError::Stage`] if the image is not inside the canvas.
pub fn apply(raster: Raster, op: &ShadowOp) -> Result<Raster, RenderError> {
    let subject = Silhouette::of(&raster, op.rows);
    let plane = match op.shape {
        ShadowShape::Inset(copied) => return Ok(inset(raster, &subject, copied, op.color)),
        ShadowShape::Flat(copied) => flat(&subject, copied, op),
        ShadowShape::Float { sigma_px, gap_px, flatness } => pool(&subject, sigma_px, gap_px, flatness, op),
        ShadowShape::Cast(cast) => thrown(&subject, cast, op),
    };
    let raster = if op.canvas == raster.size {
        raster
    } else {
        let fill = ExtendFill::Solid(Color::TRANSPARENT_WHITE);
        extend::apply(raster, &Extend { canvas: op.canvas, left: op.left, top: op.top, fill })?
    };
    let leaves = Leaves { grey: paint::is_grey(op.color), opaque: !raster.has_alpha() };
    let width = op.canvas.width as usize;
    Ok(paint::rows(raster, leaves, |y, row| {
        for (pixel, shade) in row.iter_mut().zip(&plane[y as usize * width..]) {
            if pixel[3] < 255 && *shade > 0 {
                *pixel = paint::over(*pixel, shaded(op.color, *shade));
            }
        }
    }))
}

fn shaded(color: Color, shade: u8) -> Pixel {
    let [r, g, b, a] = paint::pixel(color);
    [r, g, b, ((u32::from(a) * u32::from(shade) + 127) / 255) as u8]
}

/// The opacity of the image.
struct Silhouette {
    width: usize,
    /// Number of rows that cast a shadow.
    rows: usize,
    alpha: Vec<u8>,
}

impl Silhouette {
    fn of(raster: &Raster, rows: u32) -> Self {
        let (width, rows) = (raster.size.width as usize, rows.min(raster.size.height) as usize);
        let channels = usize::from(raster.channels);
        let alpha = if raster.has_alpha() {
            match &raster.samples {
                Samples::U8(samples) => {
                    samples.iter().skip(channels - 1).step_by(channels).take(width * rows).copied().collect()
                }
                // Convert to 8 bits, as everywhere.
                Samples::U16(samples) => {
                    let to_8 = |v: &u16| ((u32::from(*v) + 128) / 257) as u8;
                    samples.iter().skip(channels - 1).step_by(channels).take(width * rows).map(to_8).collect()
                }
            }
        } else {
            vec![255; width * rows]
        };
        Self { width, rows, alpha }
    }

    /// Returns the row below the lowest one that contains a pixel at least half opaque.
    fn foot(&self) -> Option<usize> {
        self.alpha.chunks_exact(self.width).rposition(|row| row.iter().any(|a| *a >= 128)).map(|row| row + 1)
    }

    /// Returns the first and last columns that contain a pixel at least half opaque.
    fn sides(&self) -> Option<(usize, usize)> {
        let has = |x: &usize| self.alpha.iter().skip(*x).step_by(self.width).any(|a| *a >= 128);
        Some(((0..self.width).find(has)?, (0..self.width).rev().find(has)?))
    }

    /// Returns a plane of `size` with the silhouette at `left`, `top`, cut at its edges and mapped by `each`.
    fn placed(&self, size: Size, left: i64, top: i64, filled: u8, each: impl Fn(u8) -> u8) -> Vec<u8> {
        let (width, height) = (size.width as usize, size.height as usize);
        let mut plane = vec![filled; width * height];
        for (y, row) in (top..).zip(self.alpha.chunks_exact(self.width)) {
            let Some(y) = usize::try_from(y).ok().filter(|y| *y < height) else { continue };
            let skipped = usize::try_from(-left).unwrap_or(0).min(row.len());
            let start = usize::try_from(left).unwrap_or(0).min(width);
            let to = &mut plane[y * width + start..(y + 1) * width];
            for (to, from) in to.iter_mut().zip(&row[skipped..]) {
                *to = each(*from);
            }
        }
        plane
    }
}

fn flat(subject: &Silhouette, copied: Copied, op: &ShadowOp) -> Vec<u8> {
    let (left, top) = (i64::from(op.left) + i64::from(copied.x_px), i64::from(op.top) + i64::from(copied.y_px));
    // A silhouette shrinks from its own edges, which may be outside the canvas.
    let beyond = copied.spread_px.min(0).unsigned_abs();
    let wide = Size::new(op.canvas.width + 2 * beyond, op.canvas.height + 2 * beyond);
    let plane = subject.placed(wide, left + i64::from(beyond), top + i64::from(beyond), 0, |a| a);
    let plane = spread(plane, wide, copied.spread_px);
    let plane = if beyond == 0 { plane } else { inner(&plane, wide, op.canvas, beyond as usize) };
    blurred(plane, op.canvas, copied.sigma_px)
}

/// Crops the margin from a plane.
fn inner(plane: &[u8], from: Size, to: Size, margin: usize) -> Vec<u8> {
    let rows = plane.chunks_exact(from.width as usize).skip(margin).take(to.height as usize);
    rows.flat_map(|row| &row[margin..margin + to.width as usize]).copied().collect()
}

/// Grows the silhouette by this many pixels, or shrinks it if negative.
fn spread(plane: Vec<u8>, size: Size, by_px: i32) -> Vec<u8> {
    let most = plane.iter().copied().max().unwrap_or(0);
    if by_px == 0 || most == 0 {
        return plane;
    }
    if by_px > 0 {
        return grown(plane, size, by_px as f32, most);
    }
    let around = plane.iter().map(|a| most - a).collect();
    grown(around, size, -(by_px as f32), most).into_iter().map(|a| most - a).collect()
}

fn grown(plane: Vec<u8>, size: Size, by_px: f32, most: u8) -> Vec<u8> {
    let share = |a: u8| f32::from(a) / f32::from(most);
    // An edge passes through partially covered pixels.
    let mut squares: Vec<f32> =
        plane.iter().map(|a| if *a == 0 { distance::FAR } else { (1.0 - share(*a)).powi(2) }).collect();
    distance::spread(&mut squares, size.width as usize);
    let cover = |square: f32| ((by_px + 1.0 - square.sqrt()).clamp(0.0, 1.0) * f32::from(most) + 0.5) as u8;
    plane.into_iter().zip(squares).map(|(a, square)| a.max(cover(square))).collect()
}

fn blurred(plane: Vec<u8>, size: Size, sigma_px: f64) -> Vec<u8> {
    if sigma_px <= 0.0 {
        return plane;
    }
    let raster = Raster { size, channels: 1, samples: Samples::U8(plane) };
    let mut out = Vec::with_capacity(raster.size.width as usize * raster.size.height as usize);
    // Float to integer casts saturate.
    gaussian::rows(&raster, sigma_px, |_, row| out.extend(row.iter().map(|v| (v * 255.0 + 0.5) as u8)));
    out
}

fn pool(subject: &Silhouette, sigma_px: f64, gap_px: i32, flatness: f64, op: &ShadowOp) -> Vec<u8> {
    let mut plane = vec![0; op.canvas.width as usize * op.canvas.height as usize];
    let (Some(foot), Some((first, last))) = (subject.foot(), subject.sides()) else { return plane };
    let wide = (last + 1 - first) as f64;
    let radii = [(wide * POOL_WIDTH / 2.0).max(1.0), (subject.width as f64 * flatness).max(1.0)];
    let center = [
        f64::from(op.left) + first as f64 + wide / 2.0,
        f64::from(op.top) + foot as f64 + f64::from(gap_px) + radii[1] * POOL_MIDDLE,
    ];
    let shape = Shape::Ellipse { center: center.map(|v| v as f32), radii: radii.map(|v| v as f32) };
    for (y, row) in (0..).zip(plane.chunks_exact_mut(op.canvas.width as usize)) {
        for (x, to) in (0..).zip(row) {
            *to = (shape.coverage(x, y) * 255.0 + 0.5) as u8;
        }
    }
    // Soft throughout: the oval has no visible edge.
    blurred(plane, op.canvas, sigma_px.hypot(radii[1] / 3.0))
}

fn thrown(subject: &Silhouette, cast: Cast, op: &ShadowOp) -> Vec<u8> {
    let (width, height) = (op.canvas.width as usize, op.canvas.height as usize);
    let mut plane = vec![0_u8; width * height];
    let Some(foot) = subject.foot() else { return plane };
    // Each row of the canvas shows one height of the subject.
    let height_at = |y: usize| (y as f64 + 0.5 - f64::from(op.top) - foot as f64 - cast.shift[1]) / cast.down;
    for (y, row) in plane.chunks_exact_mut(width).enumerate() {
        let at = height_at(y);
        let from = foot as f64 - at - 0.5;
        if at < 0.0 || from < -1.0 {
            continue;
        }
        let start = -f64::from(op.left) - cast.across * at - cast.shift[0];
        for (x, to) in row.iter_mut().enumerate() {
            *to = subject.between(x as f64 + start, from, foot);
        }
    }
    let share = |y: usize| (height_at(y) / foot as f64).clamp(0.0, 1.0);
    let softest = cast.far_sigma_px - cast.near_sigma_px;
    let levels: &[f64] = if softest < 0.5 { &[0.0] } else { &[0.0, 0.25, 0.5, 1.0] };
    let mut out = vec![0_u8; width * height];
    for (index, level) in levels.iter().enumerate() {
        let soft = blurred(plane.clone(), op.canvas, cast.near_sigma_px + softest * level);
        for y in 0..height {
            let weight = weight(levels, index, share(y)) * (1.0 - cast.falloff * share(y));
            if weight > 0.0 {
                let row = y * width..(y + 1) * width;
                for (to, v) in out[row.clone()].iter_mut().zip(&soft[row]) {
                    *to = to.saturating_add((f64::from(*v) * weight + 0.5) as u8);
                }
            }
        }
    }
    out
}

/// Returns how much a blur level contributes at a height between levels.
fn weight(levels: &[f64], index: usize, at: f64) -> f64 {
    let own = levels[index];
    let (before, after) = (index.checked_sub(1).map(|i| levels[i]), levels.get(index + 1));
    match (before, after) {
        (Some(before), _) if at < own => ((at - before) / (own - before)).max(0.0),
        (_, Some(after)) if at > own => ((after - at) / (after - own)).max(0.0),
        _ => 1.0,
    }
}

impl Silhouette {
    /// Returns the opacity at a point, in pixel indices, interpolated between four pixels; 0 below `foot`.
    fn between(&self, x: f64, y: f64, foot: usize) -> u8 {
        let (left, top) = (x.floor(), y.floor());
        let at = |column: f64, row: f64| {
            if column < 0.0 || row < 0.0 || column >= self.width as f64 || row >= foot as f64 {
                return 0.0;
            }
            f64::from(self.alpha[row as usize * self.width + column as usize])
        };
        let (u, v) = (x - left, y - top);
        let mixed = |row: f64| at(left, row) * (1.0 - u) + at(left + 1.0, row) * u;
        (mixed(top) * (1.0 - v) + mixed(top + 1.0) * v + 0.5) as u8
    }
}

fn inset(raster: Raster, subject: &Silhouette, copied: Copied, color: Color) -> Raster {
    let margin = (3.0 * copied.sigma_px + f64::from(copied.spread_px.max(0)) + 1.0).min(INSET_MARGIN_MAX).ceil() as u32;
    let size = Size::new(raster.size.width + 2 * margin, subject.rows as u32 + 2 * margin);
    let (left, top) = (i64::from(margin) + i64::from(copied.x_px), i64::from(margin) + i64::from(copied.y_px));
    let around = spread(subject.placed(size, left, top, 255, |a| 255 - a), size, copied.spread_px);
    let around = blurred(around, size, copied.sigma_px);
    let leaves = Leaves { grey: paint::is_grey(color), opaque: !raster.has_alpha() };
    let rows = subject.rows as u32;
    paint::rows(raster, leaves, |y, row| {
        if y >= rows {
            return;
        }
        let start = (y + margin) as usize * size.width as usize + margin as usize;
        for (pixel, shade) in row.iter_mut().zip(&around[start..]) {
            let [r, g, b, a] = *pixel;
            let [r, g, b, _] = paint::over(shaded(color, *shade), [r, g, b, 255]);
            *pixel = [r, g, b, a];
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: Color = Color::BLACK;

    fn square(side: u32, channels: u8) -> Raster {
        let size = Size::new(side, side);
        let pixel = if channels == 4 { vec![200, 200, 200, 255] } else { vec![200; usize::from(channels)] };
        Raster { size, channels, samples: Samples::U8(pixel.repeat(size.area() as usize)) }
    }

    fn op(shape: ShadowShape, canvas: Size, left: u32, top: u32, rows: u32) -> ShadowOp {
        ShadowOp { shape, color: BLACK, canvas, left, top, rows }
    }

    fn copied(sigma_px: f64, x_px: i32, y_px: i32, spread_px: i32) -> Copied {
        Copied { sigma_px, x_px, y_px, spread_px }
    }

    fn at(raster: &Raster, x: u32, y: u32) -> Pixel {
        raster.pixel_8((y * raster.size.width + x) as usize)
    }

    #[test]
    fn a_hard_shadow_lies_behind_the_image() {
        let shadow = op(ShadowShape::Flat(copied(0.0, 3, 2, 0)), Size::new(13, 12), 0, 0, 10);
        for channels in [1, 3] {
            let out = apply(square(10, channels), &shadow).unwrap();
            assert_eq!((out.size, out.channels), (Size::new(13, 12), channels + 1));
            for (x, y) in (0..12).flat_map(|y| (0..13).map(move |x| (x, y))) {
                let expected = if x < 10 && y < 10 {
                    [200, 200, 200, 255]
                } else if x >= 3 && y >= 2 {
                    [0, 0, 0, 255]
                } else {
                    [0; 4]
                };
                let found = at(&out, x, y);
                assert!(found == expected || found[3] == 0 && expected[3] == 0, "{x} {y}: {found:?}");
            }
        }
    }

    #[test]
    fn a_blurred_copy_fades_and_its_colour_has_an_opacity() {
        let shape = ShadowShape::Flat(copied(4.0, 0, 0, 0));
        let shadow =
            ShadowOp { color: Color { r: 255, g: 0, b: 0, a: 128 }, ..op(shape, Size::new(64, 64), 12, 12, 40) };
        let out = apply(square(40, 1), &shadow).unwrap();
        assert_eq!(out.channels, 4);
        let [near, far, out_of_reach] = [11, 4, 0].map(|x| at(&out, x, 32)[3]);
        assert!((45..66).contains(&near) && far < 12 && far > 0 && out_of_reach <= 1, "{near} {far} {out_of_reach}");
        assert_eq!(at(&out, 11, 32)[..3], [255, 0, 0]);
        assert_eq!(at(&out, 32, 11)[3], near);
        assert_eq!(at(&out, 32, 32), [200, 200, 200, 255]);
    }

    #[test]
    fn shapes_grow_round_and_shrink() {
        let grown = op(ShadowShape::Flat(copied(0.0, 0, 0, 5)), Size::new(30, 30), 10, 10, 10);
        let out = apply(square(10, 3), &grown).unwrap();
        assert_eq!([at(&out, 5, 15)[3], at(&out, 4, 15)[3]], [255, 0]);
        assert_eq!([at(&out, 5, 5)[3], at(&out, 7, 7)[3]], [0, 255], "corners are round");
        let shrunk = op(ShadowShape::Flat(copied(0.0, 10, 0, -2)), Size::new(30, 30), 10, 10, 10);
        let out = apply(square(10, 3), &shrunk).unwrap();
        let black: Vec<u32> = (20..30).filter(|x| at(&out, *x, 15)[3] == 255).collect();
        assert_eq!(black, (22..28).collect::<Vec<_>>());
    }

    #[test]
    fn inset_darkens_the_edge_and_keeps_the_size() {
        let shadow = op(ShadowShape::Inset(copied(2.0, 0, 4, 0)), Size::new(40, 40), 0, 0, 40);
        let out = apply(square(40, 3), &shadow).unwrap();
        assert_eq!((out.size, out.channels), (Size::new(40, 40), 3));
        assert!(at(&out, 20, 0)[0] < 20 && at(&out, 20, 20) == [200, 200, 200, 255]);
        assert!(at(&out, 20, 39)[0] > 150 && at(&out, 0, 20)[0] < 130, "offset down");
        let clear = Raster { samples: Samples::U8([9, 9, 9, 0].repeat(1600)), ..square(40, 4) };
        assert!(apply(clear, &shadow).unwrap().into_bytes().iter().skip(3).step_by(4).all(|a| *a == 0));
    }

    #[test]
    fn a_pool_lies_below_and_only_there() {
        let shape = ShadowShape::Float { sigma_px: 1.0, gap_px: 6, flatness: 0.07 };
        let out = apply(square(100, 3), &op(shape, Size::new(106, 126), 3, 3, 100)).unwrap();
        assert!(at(&out, 53, 113)[3] > 150, "{:?}", at(&out, 53, 113));
        let around = [(53, 1), (1, 113), (53, 103), (53, 125)].map(|(x, y)| at(&out, x, y)[3]);
        assert!(around[0] == 0 && around.iter().all(|a| *a < 60), "{around:?}");
    }

    #[test]
    fn a_cast_shadow_leans_away_and_fades() {
        let cast = |falloff| {
            let cast =
                Cast { near_sigma_px: 0.0, far_sigma_px: 0.0, falloff, across: 1.0, down: -0.5, shift: [0.0; 2] };
            let out = apply(square(20, 3), &op(ShadowShape::Cast(cast), Size::new(45, 25), 0, 5, 20)).unwrap();
            // To the right of the image, at the level where the top of the subject falls.
            [at(&out, 30, 16)[3], at(&out, 27, 20)[3], at(&out, 22, 23)[3], at(&out, 41, 24)[3], at(&out, 30, 8)[3]]
        };
        let even = cast(0.0);
        assert_eq!(even, [255, 255, 255, 0, 0]);
        let fading = cast(1.0);
        assert!(fading[0] < fading[1] && fading[1] < fading[2] && fading[2] > 180, "{fading:?}");
    }

    #[test]
    fn nothing_opaque_has_no_shadow() {
        let clear = Raster { samples: Samples::U8(vec![0; 1600]), ..square(20, 4) };
        let cast =
            Cast { near_sigma_px: 1.0, far_sigma_px: 9.0, falloff: 0.0, across: 1.0, down: 0.5, shift: [0.0; 2] };
        for shape in [
            ShadowShape::Cast(cast),
            ShadowShape::Float { sigma_px: 1.0, gap_px: 0, flatness: 0.1 },
            ShadowShape::Flat(copied(3.0, 500, -500, 9)),
            ShadowShape::Flat(copied(3.0, 0, 0, -9)),
        ] {
            let out = apply(clear.clone(), &op(shape, Size::new(40, 30), 7, 5, 20)).unwrap();
            assert!(out.into_bytes().iter().skip(3).step_by(4).all(|a| *a == 0), "{shape:?}");
        }
        let tight = op(ShadowShape::Flat(copied(3.0, 0, 0, 0)), Size::new(10, 10), 0, 0, 20);
        assert!(apply(clear, &tight).is_err());
    }

    #[test]
    fn the_weights_of_the_levels_add_up_everywhere() {
        let levels = [0.0, 0.25, 0.5, 1.0];
        for at in [0.0, 0.1, 0.25, 0.4, 0.7, 1.0] {
            let sum: f64 = (0..4).map(|index| weight(&levels, index, at)).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{at}: {sum}");
        }
        assert_eq!(weight(&[0.0], 0, 0.7), 1.0);
    }
}
