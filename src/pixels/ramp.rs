//! Interpolates two or more colours along a line in the requested colour space, and maps the pixels of a canvas to that
//! line.

use super::oklab::{self, Matrix, times};
use super::paint::Pixel;
use super::srgb::{to_encoded, to_linear};
use crate::units::Color;
use serde::{Deserialize, Serialize};

/// `fill-gradient-cs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documented words")]
pub enum GradientSpace {
    #[default]
    Srgb,
    Linear,
    Oklab,
    Hsl,
    Lch,
    Oklch,
    Hsv,
}

/// `*-hue`: hue interpolation method (CSS Color 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documented words")]
pub enum HuePath {
    #[default]
    Shorter,
    Longer,
    Increasing,
    Decreasing,
}

/// Colours along a line, with stops.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColorRamp {
    /// At least two, in ascending order.
    pub stops: Vec<ColorStop>,
    /// Space in which the colours between them are computed.
    pub space: GradientSpace,
    /// Hue interpolation method, in the spaces that have a hue.
    pub hue: HuePath,
}

impl ColorRamp {
    /// Builds a ramp of `colors` at `percent`, or evenly spaced if the two differ in number. A stop that lies before
    /// its predecessor is moved up to it. In a space without a hue, the hue interpolation method is always the default.
    pub(crate) fn of(colors: &[Color], percent: &[f64], space: GradientSpace, hue: HuePath) -> Self {
        let mut reached = 0.0_f64;
        let mut place = |index: usize| {
            let even = index as f64 / colors.len().saturating_sub(1).max(1) as f64;
            let at =
                if percent.len() == colors.len() { percent.get(index).map_or(even, |at| at / 100.0) } else { even };
            reached = reached.max(at.clamp(0.0, 1.0));
            reached
        };
        Self {
            stops: colors
                .iter()
                .enumerate()
                .map(|(index, color)| ColorStop { at: place(index), color: *color })
                .collect(),
            space,
            hue: hue_interpolation(space, hue),
        }
    }
}

/// One colour of a [`ColorRamp`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColorStop {
    /// Position, 0 to 1.
    pub at: f64,
    /// Colour at this position.
    pub color: Color,
}

/// Geometry of a gradient, in pixels. Outside it the nearer colour continues.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum GradientCourse {
    /// First colour at `from`, last at `to`.
    Linear {
        /// x, y
        from: [f64; 2],
        /// x, y
        to: [f64; 2],
    },
    /// First colour up to `radii[0]`, last from `radii[1]` on. The first radius is never larger; equal radii give a
    /// hard edge.
    Radial {
        /// x, y
        center: [f64; 2],
        /// Inner, outer.
        radii: [f64; 2],
        /// Whether the colours run the other way, because the radii were given in descending order.
        swapped: bool,
    },
    /// First colour at the centre, last on an ellipse with these radii.
    Elliptic {
        /// x, y
        center: [f64; 2],
        /// Horizontal, vertical; 0 is as thin as possible.
        radii: [f64; 2],
    },
}

/// Steps of a whole ramp: finer than 8 bits per channel can show on the longest canvas.
const STEPS: usize = 2048;
/// Minimum steps per segment when there are many colours: no fewer than the levels between two colours.
const STEPS_MIN: usize = 256;

/// Sampled colours from the first stop to the last.
#[derive(Debug)]
pub(crate) struct Ramp {
    line: Line,
    /// The colours of each segment; `ends` are those before and after all of them.
    colors: Vec<Vec<Pixel>>,
    ends: [Pixel; 2],
}

impl Ramp {
    /// Samples the colours. Alpha is interpolated linearly and weighs the colours where it differs.
    ///
    /// A colour without a hue takes the hue of the other. Intermediate colours outside sRGB are clipped.
    pub(crate) fn new(colors: &ColorRamp) -> Self {
        let line = Line::new(colors);
        let steps = STEPS.div_ceil(line.segments.len().max(1)).max(STEPS_MIN);
        let pixel = |[r, g, b, a]: [f64; 4]| [r, g, b, a].map(|v| (v * 255.0 + 0.5) as u8);
        let sampled = |segment: &Segment| {
            (0..steps).map(|step| pixel(segment.color(step as f64 / (steps - 1) as f64, line.space))).collect()
        };
        Self {
            colors: line.segments.iter().map(sampled).collect(),
            ends: line.ends.map(|color| [color.r, color.g, color.b, color.a]),
            line,
        }
    }

    /// Builds a ramp from the first colour at 0 to the second at 1.
    #[cfg(test)]
    fn between([first, last]: [Color; 2], space: GradientSpace, hue: HuePath) -> Self {
        let stops = vec![ColorStop { at: 0.0, color: first }, ColorStop { at: 1.0, color: last }];
        Self::new(&ColorRamp { stops, space, hue })
    }

    /// Returns the colour at `t`: outside the stops the nearer end, and where two stops coincide the later one.
    pub(crate) fn at(&self, t: f32) -> Pixel {
        match self.line.place(f64::from(t)) {
            RampPosition::Before => self.ends[0],
            RampPosition::Behind => self.ends[1],
            RampPosition::In(index, share) => {
                let colors = &self.colors[index];
                let step = (share as f32 * (colors.len() - 1) as f32 + 0.5) as usize;
                colors[step.min(colors.len() - 1)]
            }
        }
    }
}

/// Returns red, green and blue, 0 to 1, at `count` evenly spaced positions from 0 to 1, which are first mapped by
/// `curve`.
pub(crate) fn levels(colors: &ColorRamp, count: usize, curve: impl Fn(f32) -> f32) -> Vec<[f32; 3]> {
    let line = Line::new(colors);
    let rgb = |color: Color| [color.r, color.g, color.b].map(|v| f32::from(v) / 255.0);
    let level = |index: usize| {
        let t = curve(index as f32 / count.saturating_sub(1).max(1) as f32);
        match line.place(f64::from(t)) {
            RampPosition::Before => rgb(line.ends[0]),
            RampPosition::Behind => rgb(line.ends[1]),
            RampPosition::In(index, share) => {
                let [r, g, b, _] = line.segments[index].color(share, line.space);
                [r as f32, g as f32, b as f32]
            }
        }
    };
    (0..count).map(level).collect()
}

/// The path through the colour space, without segments of length 0.
#[derive(Debug)]
struct Line {
    space: GradientSpace,
    segments: Vec<Segment>,
    /// Positions of the first and the last colour.
    reach: [f64; 2],
    ends: [Color; 2],
}

/// A position on a [`Line`].
enum RampPosition {
    Before,
    Behind,
    /// Index of the segment, and the position along it, 0 to 1.
    In(usize, f64),
}

impl Line {
    fn new(colors: &ColorRamp) -> Self {
        let ColorRamp { stops, space, hue } = colors;
        let end = |stop: Option<&ColorStop>| stop.map_or((0.0, Color::TRANSPARENT_WHITE), |stop| (stop.at, stop.color));
        let ((from, first), (to, last)) = (end(stops.first()), end(stops.last()));
        let segments = stops.windows(2).filter_map(|pair| {
            let [from, to] = pair else { return None };
            (from.at < to.at).then(|| Segment::new(*from, *to, *space, *hue))
        });
        Self { space: *space, segments: segments.collect(), reach: [from, to], ends: [first, last] }
    }

    fn place(&self, t: f64) -> RampPosition {
        if t < self.reach[0] {
            return RampPosition::Before;
        }
        match self.segments.iter().enumerate().rev().find(|(_, segment)| segment.from <= t) {
            Some((index, segment)) if t < self.reach[1] => {
                RampPosition::In(index, (t - segment.from) / (segment.to - segment.from))
            }
            Some(_) | None => RampPosition::Behind,
        }
    }
}

/// The part of a [`Line`] between two colours.
#[derive(Debug)]
struct Segment {
    from: f64,
    to: f64,
    /// The two colours in the colour space, with hues adjusted so that linear interpolation goes the right way.
    ends: [[f64; 3]; 2],
    alphas: [f64; 2],
    hue: Option<usize>,
}

impl Segment {
    fn new(from: ColorStop, to: ColorStop, space: GradientSpace, hue: HuePath) -> Self {
        Self {
            from: from.at,
            to: to.at,
            ends: ends(from.color, to.color, space, hue),
            alphas: [from.color.a, to.color.a].map(|a| f64::from(a) / 255.0),
            hue: hue_and_colorfulness(space).map(|(hue, _)| hue),
        }
    }

    /// Returns encoded red, green, blue and alpha, 0 to 1.
    fn color(&self, t: f64, space: GradientSpace) -> [f64; 4] {
        let ([first, last], [from, to]) = (self.ends, self.alphas);
        let alpha = from * (1.0 - t) + to * t;
        // The share of the second colour if both are premultiplied, as all components but hues are (CSS Color 4, 12.3).
        let share = if alpha > 0.0 { to * t / alpha } else { t };
        let mixed: [f64; 3] =
            std::array::from_fn(|i| first[i] + (last[i] - first[i]) * if self.hue == Some(i) { t } else { share });
        let [r, g, b] = to_srgb(mixed, space).map(|v| v.clamp(0.0, 1.0));
        [r, g, b, alpha]
    }
}

/// Returns the position on the ramp of the centre of pixel `(x, y)`; below 0 and above 1 outside.
pub(crate) fn position(course: &GradientCourse, x: u32, y: u32) -> f32 {
    let (x, y) = (f64::from(x) + 0.5, f64::from(y) + 0.5);
    let t = match *course {
        GradientCourse::Linear { from, to } => {
            let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
            let length = dx * dx + dy * dy;
            if length > 0.0 { ((x - from[0]) * dx + (y - from[1]) * dy) / length } else { 1.0 }
        }
        GradientCourse::Radial { center, radii: [inner, outer], swapped } => {
            let distance = (x - center[0]).hypot(y - center[1]);
            // An edge is never harder than the pixels allow.
            let width = (outer - inner).max(1.0);
            let t = (distance - f64::midpoint(inner, outer)) / width + 0.5;
            if swapped { 1.0 - t } else { t }
        }
        GradientCourse::Elliptic { center, radii } => {
            // A radius of 0 leaves a line as thin as this.
            let [across, down] = radii.map(|radius| radius.max(1e-6));
            let (u, v) = ((x - center[0]) / across, (y - center[1]) / down);
            (u * u + v * v).sqrt()
        }
    };
    t as f32
}

/// Returns both colours in `space`, with hues adjusted so that a straight line between them follows the hue
/// interpolation method (CSS Color 4, section 12.4).
fn ends(from: Color, to: Color, space: GradientSpace, path: HuePath) -> [[f64; 3]; 2] {
    let read = |color: Color| from_srgb([color.r, color.g, color.b].map(|v| f64::from(v) / 255.0), space);
    let [mut first, mut last] = [read(from), read(to)];
    let Some((hue, colorfulness)) = hue_and_colorfulness(space) else { return [first, last] };
    let is_grey = |color: &[f64; 3]| color[colorfulness] < 1e-3;
    if is_grey(&first) {
        first[hue] = last[hue];
    } else if is_grey(&last) {
        last[hue] = first[hue];
    }
    let way = last[hue] - first[hue];
    let upwards = way.rem_euclid(360.0);
    let shorter = way - (way / 360.0).round() * 360.0;
    last[hue] = first[hue]
        + match path {
            HuePath::Shorter => shorter,
            HuePath::Longer if shorter > 0.0 => shorter - 360.0,
            HuePath::Longer => shorter + 360.0,
            HuePath::Increasing => upwards,
            HuePath::Decreasing if upwards > 0.0 => upwards - 360.0,
            HuePath::Decreasing => 0.0,
        };
    [first, last]
}

/// Returns which component is an angle in degrees, and which component tells whether that angle means anything.
const fn hue_and_colorfulness(space: GradientSpace) -> Option<(usize, usize)> {
    match space {
        GradientSpace::Srgb | GradientSpace::Linear | GradientSpace::Oklab => None,
        GradientSpace::Hsl | GradientSpace::Hsv => Some((0, 1)),
        GradientSpace::Lch | GradientSpace::Oklch => Some((2, 1)),
    }
}

fn from_srgb(rgb: [f64; 3], space: GradientSpace) -> [f64; 3] {
    match space {
        GradientSpace::Srgb => rgb,
        GradientSpace::Linear => rgb.map(to_linear),
        GradientSpace::Oklab => oklab::from_linear(rgb.map(to_linear)),
        GradientSpace::Oklch => polar(oklab::from_linear(rgb.map(to_linear))),
        GradientSpace::Lch => polar(lab(rgb.map(to_linear))),
        GradientSpace::Hsl => hexcone(rgb, |most, least| {
            let lightness = f64::midpoint(most, least);
            let reach = 1.0 - (2.0 * lightness - 1.0).abs();
            (if reach > 0.0 { (most - least) / reach } else { 0.0 }, lightness)
        }),
        GradientSpace::Hsv => hexcone(rgb, |most, least| (if most > 0.0 { (most - least) / most } else { 0.0 }, most)),
    }
}

fn to_srgb(color: [f64; 3], space: GradientSpace) -> [f64; 3] {
    let [hue, saturation, last] = color;
    // CSS Color 4, section 7.1, and its counterpart for HSV: the same formula with a different reach.
    let turned = |shift: f64| (shift + hue / 30.0).rem_euclid(12.0);
    match space {
        GradientSpace::Srgb => color,
        GradientSpace::Linear => color.map(to_encoded),
        GradientSpace::Oklab => oklab::to_linear(color).map(to_encoded),
        GradientSpace::Oklch => oklab::to_linear(cartesian(color)).map(to_encoded),
        GradientSpace::Lch => lab_back(cartesian(color)).map(to_encoded),
        GradientSpace::Hsl => {
            let reach = saturation * last.min(1.0 - last);
            [0.0, 8.0, 4.0].map(|shift| {
                let k = turned(shift);
                last - reach * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0)
            })
        }
        GradientSpace::Hsv => [10.0, 6.0, 2.0].map(|shift| {
            let k = turned(shift) / 2.0;
            last - last * saturation * k.min(4.0 - k).clamp(0.0, 1.0)
        }),
    }
}

/// Returns the hue in degrees, and what `rest` computes from the greatest and the least channel.
fn hexcone([r, g, b]: [f64; 3], rest: impl Fn(f64, f64) -> (f64, f64)) -> [f64; 3] {
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    let chroma = most - least;
    let sextant = if chroma <= 0.0 {
        0.0
    } else if most <= r {
        ((g - b) / chroma).rem_euclid(6.0)
    } else if most <= g {
        (b - r) / chroma + 2.0
    } else {
        (r - g) / chroma + 4.0
    };
    let (saturation, last) = rest(most, least);
    [sextant * 60.0, saturation, last]
}

/// Converts lightness, a, b to lightness, chroma, hue in degrees.
fn polar([l, a, b]: [f64; 3]) -> [f64; 3] {
    [l, a.hypot(b), b.atan2(a).to_degrees()]
}

fn cartesian([l, chroma, hue]: [f64; 3]) -> [f64; 3] {
    let (sin, cos) = hue.to_radians().sin_cos();
    [l, chroma * cos, chroma * sin]
}

/// White point of CIE Lab as CSS Color 4 uses it: D50.
const D50: [f64; 3] = [0.964_295_676_4, 1.0, 0.825_104_602_5];
/// Constants of the CIE: (6 / 29)^3 and (29 / 3)^3.
const EPSILON: f64 = 216.0 / 24_389.0;
const KAPPA: f64 = 24_389.0 / 27.0;

/// Converts linear sRGB to CIE Lab, via XYZ adapted to D50 (Bradford).
fn lab(rgb: [f64; 3]) -> [f64; 3] {
    const XYZ: Matrix = [
        [0.436_065_742_8, 0.385_151_479_6, 0.143_078_450_0],
        [0.222_493_193_8, 0.716_887_012_2, 0.060_619_793_0],
        [0.013_923_922_5, 0.097_081_266_4, 0.714_099_378_6],
    ];
    let xyz = times(&XYZ, rgb);
    let f = |i: usize| {
        let v = xyz[i] / D50[i];
        if v > EPSILON { v.cbrt() } else { (KAPPA * v + 16.0) / 116.0 }
    };
    let (x, y, z) = (f(0), f(1), f(2));
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn lab_back([l, a, b]: [f64; 3]) -> [f64; 3] {
    const RGB: Matrix = [
        [3.134_186_354_2, -1.617_209_059_5, -0.490_694_141_8],
        [-0.978_749_510_7, 1.916_130_157_9, 0.033_433_481_5],
        [0.071_963_928_9, -0.228_993_968_6, 1.405_386_021_2],
    ];
    let y = (l + 16.0) / 116.0;
    let f = |v: f64| if v * v * v > EPSILON { v * v * v } else { (116.0 * v - 16.0) / KAPPA };
    let light = if l > KAPPA * EPSILON { y * y * y } else { l / KAPPA };
    times(&RGB, [f(y + a / 500.0) * D50[0], light * D50[1], f(y - b / 200.0) * D50[2]])
}

/// Returns the hue interpolation method that applies. Spaces without a hue always have the default.
fn hue_interpolation(space: GradientSpace, hue: HuePath) -> HuePath {
    match space {
        GradientSpace::Hsl | GradientSpace::Hsv | GradientSpace::Lch | GradientSpace::Oklch => hue,
        GradientSpace::Srgb | GradientSpace::Linear | GradientSpace::Oklab => HuePath::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACES: [GradientSpace; 7] = [
        GradientSpace::Srgb,
        GradientSpace::Linear,
        GradientSpace::Oklab,
        GradientSpace::Hsl,
        GradientSpace::Lch,
        GradientSpace::Oklch,
        GradientSpace::Hsv,
    ];

    fn color(rgb: u32) -> Color {
        let [_, r, g, b] = rgb.to_be_bytes();
        Color { r, g, b, a: 255 }
    }

    #[test]
    fn every_space_goes_both_ways() {
        for space in SPACES {
            for rgb in [0xff_0000, 0x00_ff00, 0x00_00ff, 0xff_ffff, 0x00_0000, 0x80_8080, 0x12_34ab, 0xfe_dc01] {
                let ramp = Ramp::between([color(rgb), color(0x33_6699)], space, HuePath::Shorter);
                assert_eq!(ramp.at(0.0), super::super::paint::pixel(color(rgb)), "{space:?}");
                assert_eq!(ramp.at(2.0), [0x33, 0x66, 0x99, 255], "{space:?}");
            }
        }
    }

    /// Compares midpoints with the numbers of CSS Color 4 (`color-mix(in <space>, red, blue)`).
    #[test]
    fn midpoints_are_computed_in_the_chosen_space() {
        let check = |space, from, to, [r, g, b]: [u8; 3]| {
            let [mr, mg, mb, a] = Ramp::between([color(from), color(to)], space, HuePath::Shorter).at(0.5);
            let near = |a: u8, b: u8| a.abs_diff(b) <= 2;
            assert!(near(mr, r) && near(mg, g) && near(mb, b) && a == 255, "{space:?}: {mr} {mg} {mb}");
        };
        check(GradientSpace::Srgb, 0xff_0000, 0x00_00ff, [128, 0, 128]);
        check(GradientSpace::Linear, 0xff_0000, 0x00_00ff, [188, 0, 188]);
        check(GradientSpace::Oklab, 0xff_0000, 0x00_00ff, [140, 83, 162]);
        check(GradientSpace::Hsl, 0xff_0000, 0x00_00ff, [255, 0, 255]);
        check(GradientSpace::Hsv, 0xff_0000, 0x00_00ff, [255, 0, 255]);
        check(GradientSpace::Hsl, 0xff_ff00, 0x00_ffff, [0, 255, 0]);
        check(GradientSpace::Oklch, 0xff_0000, 0x00_00ff, [186, 0, 194]);
        check(GradientSpace::Lch, 0xff_0000, 0x00_00ff, [245, 0, 134]);
        // White has no hue, so the interpolation never leaves red.
        check(GradientSpace::Hsl, 0xff_ffff, 0xff_0000, [223, 160, 160]);
    }

    #[test]
    fn alpha_weighs_the_colours() {
        let clear_blue = Color { r: 0, g: 0, b: 255, a: 0 };
        let ramp = Ramp::between([color(0xff_0000), clear_blue], GradientSpace::Srgb, HuePath::Shorter);
        let [r, g, b, a] = ramp.at(0.5);
        assert!((r, g, b) == (255, 0, 0) && a.abs_diff(128) <= 1, "{r} {g} {b} {a}");
    }

    fn ramp(stops: &[(f64, u32)], hue: HuePath, space: GradientSpace) -> Ramp {
        let stops = stops.iter().map(|&(at, rgb)| ColorStop { at, color: color(rgb) }).collect();
        Ramp::new(&ColorRamp { stops, space, hue })
    }

    #[test]
    fn many_colours_lie_at_their_stops() {
        let stops = [(0.1, 0xff_0000), (0.4, 0x00_ff00), (0.4, 0x00_00ff), (0.8, 0xff_ffff)];
        let ramp = ramp(&stops, HuePath::Shorter, GradientSpace::Srgb);
        let check = |t, [r, g, b]: [u8; 3]| {
            let [fr, fg, fb, a] = ramp.at(t);
            let near = |a: u8, b: u8| a.abs_diff(b) <= 1;
            assert!(near(fr, r) && near(fg, g) && near(fb, b) && a == 255, "{t}: {fr} {fg} {fb}");
        };
        check(-1.0, [255, 0, 0]);
        check(0.1, [255, 0, 0]);
        check(0.25, [128, 128, 0]);
        check(0.399_99, [0, 255, 0]);
        check(0.400_01, [0, 0, 255]);
        check(0.6, [128, 128, 255]);
        check(0.8, [255, 255, 255]);
        check(7.0, [255, 255, 255]);
    }

    #[test]
    fn all_stops_at_one_place_are_an_edge() {
        let edge = ramp(&[(0.5, 0xff_0000), (0.5, 0x00_00ff)], HuePath::Shorter, GradientSpace::Srgb);
        assert_eq!((edge.at(0.49), edge.at(0.5), edge.at(1.0)), ([255, 0, 0, 255], [0, 0, 255, 255], [0, 0, 255, 255]));
    }

    /// From red at 0 degrees to green at 120, the midpoint is yellow one way and blue the other.
    #[test]
    fn hues_go_the_way_asked_for() {
        let middle = |from, to, hue| {
            let ramp = ramp(&[(0.0, from), (1.0, to)], hue, GradientSpace::Hsl);
            let [r, g, b, _] = ramp.at(0.5);
            [r, g, b].map(|v| (u32::from(v) + 64) / 128)
        };
        let (red, green, yellow, blue) = (0xff_0000, 0x00_ff00, [2, 2, 0], [0, 0, 2]);
        assert_eq!(middle(red, green, HuePath::Shorter), yellow);
        assert_eq!(middle(red, green, HuePath::Longer), blue);
        assert_eq!(middle(red, green, HuePath::Increasing), yellow);
        assert_eq!(middle(red, green, HuePath::Decreasing), blue);
        assert_eq!(middle(green, red, HuePath::Shorter), yellow);
        assert_eq!(middle(green, red, HuePath::Longer), blue);
        assert_eq!(middle(green, red, HuePath::Increasing), blue);
        assert_eq!(middle(green, red, HuePath::Decreasing), yellow);
        // The same colour twice gives one full turn of the wheel.
        assert_eq!(middle(red, red, HuePath::Longer), [0, 2, 2]);
    }

    #[test]
    fn levels_match_the_ramp() {
        let stops = [(0.0, 0x00_0000), (0.5, 0xff_0000), (1.0, 0xff_ffff)];
        let stops = stops.iter().map(|&(at, rgb)| ColorStop { at, color: color(rgb) }).collect();
        let colors = ColorRamp { stops, space: GradientSpace::Srgb, hue: HuePath::Shorter };
        let near = |a: [f32; 3], b: [f32; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
        let all = levels(&colors, 5, |t| t);
        assert!(near(all[1], [0.5, 0.0, 0.0]) && near(all[2], [1.0, 0.0, 0.0]) && near(all[4], [1.0; 3]), "{all:?}");
        assert!(near(levels(&colors, 5, |t| 1.0 - t)[4], [0.0; 3]));
    }

    #[test]
    fn positions_follow_the_line_or_the_circles_of_a_gradient() {
        let down = GradientCourse::Linear { from: [50.0, 0.0], to: [50.0, 100.0] };
        let close = |a: f32, b: f32| (a - b).abs() < 1e-6;
        assert!(close(position(&down, 0, 0), 0.005) && close(position(&down, 99, 99), 0.995));
        let corner = GradientCourse::Linear { from: [0.0, 0.0], to: [100.0, 50.0] };
        assert!(position(&corner, 0, 0) < 0.01 && position(&corner, 99, 49) > 0.99);
        let radial = |radii, swapped| GradientCourse::Radial { center: [50.0, 50.0], radii, swapped };
        let ring = radial([10.0, 30.0], false);
        assert!(position(&ring, 50, 50) < 0.0 && close(position(&ring, 69, 50), 0.475 + 0.000_32));
        assert!(position(&radial([10.0, 30.0], true), 50, 50) > 1.0);
        let disc = radial([20.0, 20.0], false);
        assert!(position(&disc, 68, 50) <= 0.0 && position(&disc, 71, 50) >= 1.0);
    }
}
