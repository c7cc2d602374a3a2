//! Shadows and reflections: as the request states them, and in pixels.
//!
//! The floor of a cast shadow is seen from above: at an angle of 25 degrees for a subject seen from the front (`pose`
//! 90), and of 90 degrees for a lying one (`pose` 0). The subject is a card that stands on its lowest opaque row.

use serde::{Deserialize, Serialize};

use crate::param::{Params, ShadowKind, ShadowParams};
use crate::plan::types::Sizing;
use crate::units::{Color, Length, Size};

use super::{Canvas, Feature, Op, Paints};

/// Default of `drop-shadow-color`.
const COLOR: Color = Color { a: 0xBF, ..Color::BLACK };
/// Defaults for the light of a cast shadow.
const AZIMUTH: f64 = 215.0;
const ELEVATION: f64 = 45.0;
const SOFTNESS: f64 = 50.0;
/// Smallest angle at which the floor is seen from above, in degrees.
const FLOOR_TILT: f64 = 25.0;
/// Height of a lying subject, as a fraction of its longer side.
const LYING_HEIGHT: f64 = 0.04;
/// A cast shadow is never thinner than this fraction of its subject's height.
const THINNEST: f64 = 0.08;
/// Standard deviation of the blur at the far end of a shadow, per pixel of its length and at full softness; and its
/// upper bound.
const SOFT_SHARE: f64 = 0.06;
const SIGMA_PX_MAX: f64 = 300.0;
/// Half the height of the oval of `float`, as a fraction of its subject's width.
const POOL_HEIGHT: f64 = 0.07;

/// A shadow, before `dpr`. Fields that its kind does not use are 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub struct Shadow {
    pub kind: ShadowKind,
    /// Standard deviation of the blur.
    pub sigma_px: f64,
    pub x: Length,
    pub y: Length,
    /// Never fully transparent.
    pub color: Color,
    pub spread_px: i32,
    /// Degrees.
    pub pose: f64,
    /// Degrees, 0 <= v < 360.
    pub azimuth: f64,
    /// Degrees.
    pub elevation: f64,
    /// 0 to 1.
    pub softness: f64,
    /// 0 to 1.
    pub falloff: f64,
}

impl Shadow {
    pub(super) fn from_params(params: &ShadowParams) -> Option<Self> {
        let kind = params.kind.unwrap_or_default();
        let color = Some(params.color.unwrap_or(COLOR)).filter(|color| color.a > 0)?;
        let none = Length::Px(0.0);
        let blank = Self {
            kind,
            sigma_px: params.blur? + 0.0,
            x: none,
            y: none,
            color,
            spread_px: 0,
            pose: 0.0,
            azimuth: 0.0,
            elevation: 0.0,
            softness: 0.0,
            falloff: 0.0,
        };
        let [x, y] = [params.x, params.y].map(|length| length.unwrap_or(none));
        let share = |percent: Option<f64>, default: f64| percent.unwrap_or(default) / 100.0 + 0.0;
        Some(match kind {
            ShadowKind::Flat | ShadowKind::Inset => Self { x, y, spread_px: params.spread.unwrap_or(0), ..blank },
            ShadowKind::Float => Self { y, ..blank },
            ShadowKind::Cast => Self {
                pose: params.pose.unwrap_or(90.0),
                azimuth: params.azimuth.unwrap_or(AZIMUTH).rem_euclid(360.0) + 0.0,
                elevation: params.elevation.unwrap_or(ELEVATION),
                softness: share(params.softness, SOFTNESS),
                falloff: share(params.falloff, 0.0),
                ..blank
            },
        })
    }

    /// Returns the shadow of the upper `rows` of an image of `size` pixels. The sides of its canvas are at most
    /// `side_max`, unless those of the image are longer.
    pub(super) fn op(&self, dpr: f64, size: Size, rows: u32, side_max: u32) -> ShadowOp {
        let (w, h) = (f64::from(size.width), f64::from(rows));
        let offset = |length: Length, side: f64| match length {
            Length::Px(px) => px * dpr,
            Length::Fraction(share) => share * side,
        };
        let whole = |px: f64| (px + 0.5).floor() as i32;
        let (x, y) = (whole(offset(self.x, w)), whole(offset(self.y, h)));
        let sigma_px = self.sigma_px * dpr;
        let reach = 3.0 * sigma_px;
        let copied = Copied { sigma_px, x_px: x, y_px: y, spread_px: whole(f64::from(self.spread_px) * dpr) };
        // How far it extends beyond the image: top, right, bottom, left.
        let (shape, beyond) = match self.kind {
            ShadowKind::Flat => {
                let margin = reach + f64::from(copied.spread_px);
                let (x, y) = (f64::from(x), f64::from(y));
                (ShadowShape::Flat(copied), [margin - y, margin + x, margin + y, margin - x])
            }
            ShadowKind::Inset => (ShadowShape::Inset(copied), [0.0; 4]),
            ShadowKind::Float => {
                let below = reach + f64::from(y) + 2.0 * POOL_HEIGHT * w;
                let shape = ShadowShape::Float { sigma_px, gap_px: y, flatness: POOL_HEIGHT };
                (shape, [reach, reach, below, reach])
            }
            ShadowKind::Cast => {
                let cast = cast(self, sigma_px, w, h);
                (ShadowShape::Cast(cast), cast.beyond(h))
            }
        };
        let [top, right, bottom, left] = beyond.map(|px| px.ceil().max(0.0) as u32);
        let (left, right) = within(size.width, left, right, side_max);
        let (top, bottom) =
            within(size.height, top, bottom.saturating_sub(size.height - rows.min(size.height)), side_max);
        let canvas = Size { width: size.width + left + right, height: size.height + top + bottom };
        ShadowOp { shape, color: self.color, canvas, left, top, rows }
    }
}

impl Paints for ShadowOp {
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        vec![&mut self.color]
    }
}

impl Paints for ReflectOp {}

impl Feature for Shadow {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        Self::from_params(&params.shadow)
    }

    /// Adds the last step, which sees everything that is drawn. `bg` is put under the shadow too, so it also fills what
    /// the canvas gained.
    fn draw(&self, canvas: &mut Canvas<'_>) {
        let op = self.op(canvas.dpr, canvas.size, canvas.size.height, canvas.sizing.side_max);
        canvas.transparent |= op.canvas != canvas.size;
        canvas.size = op.canvas;
        canvas.push(Op::Shadow(op));
        if self.kind != ShadowKind::Inset {
            (canvas.held, canvas.backed) = (false, false);
            canvas.put_background();
        }
    }
}

/// `mark-reflection`: opacity at the start, and the share of it that is lost at the end, each 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the two shares")]
pub struct Reflection {
    pub opacity: f64,
    pub falloff: f64,
}

impl Reflection {
    /// Returns the reflection of an image of `size` pixels: as high as the image, unless both together exceed
    /// `side_max`.
    pub(super) fn op(self, size: Size, side_max: u32) -> ReflectOp {
        let height = size.height.saturating_mul(2).min(side_max).max(size.height);
        ReflectOp { reflection: self, canvas: Size { height, ..size } }
    }
}

/// Draws a shadow behind an image, or inside it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShadowOp {
    /// The form of the shadow.
    pub shape: ShadowShape,
    /// The colour; its alpha is the maximum darkness.
    pub color: Color,
    /// Size of the image with its shadow.
    pub canvas: Size,
    /// Left edge of the image on that canvas.
    pub left: u32,
    /// Top edge of the image on that canvas.
    pub top: u32,
    /// Number of rows, from the top, that cast a shadow: the rows below are the reflection.
    pub rows: u32,
}

/// The form of a shadow, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ShadowShape {
    /// A copy behind the image.
    Flat(Copied),
    /// A copy of the surroundings of the image, inside it.
    Inset(Copied),
    /// An oval below the image.
    Float {
        /// Standard deviation of the blur.
        sigma_px: f64,
        /// Distance from the lowest opaque row to the oval.
        gap_px: i32,
        /// Half the height of the oval, as a fraction of the subject's width.
        flatness: f64,
    },
    /// A shadow on the floor.
    Cast(Cast),
}

/// A copy of a silhouette.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "in pixels; `spread_px` is how far it is grown")]
pub struct Copied {
    pub sigma_px: f64,
    pub x_px: i32,
    pub y_px: i32,
    pub spread_px: i32,
}

/// Where the points of a standing subject cast their shadow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cast {
    /// Standard deviation of the blur at the subject's foot.
    pub near_sigma_px: f64,
    /// Standard deviation of the blur at the end of the shadow.
    pub far_sigma_px: f64,
    /// Share of the opacity that is lost at its end, 0 to 1.
    pub falloff: f64,
    /// Pixels to the right per pixel of height.
    pub across: f64,
    /// Pixels down per pixel of height; never 0.
    pub down: f64,
    /// Pixels to the right and down, for every point.
    pub shift: [f64; 2],
}

/// Draws a mirror image below an image.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReflectOp {
    /// Its opacity.
    pub reflection: Reflection,
    /// Size with the reflection: higher, with the image at the top.
    pub canvas: Size,
}

/// Returns the margins, cut in proportion so that they and `len` together do not exceed `max`.
fn within(len: u32, before: u32, after: u32, max: u32) -> (u32, u32) {
    let (asked, room) = (u64::from(before) + u64::from(after), u64::from(max.saturating_sub(len)));
    if asked <= room {
        return (before, after);
    }
    // Smaller than `before`, so it fits `u32`.
    let kept = (u64::from(before) * room / asked) as u32;
    (kept, room as u32 - kept)
}

fn cast(shadow: &Shadow, sigma_px: f64, w: f64, h: f64) -> Cast {
    let length = 1.0 / shadow.elevation.to_radians().tan();
    let upright = shadow.pose.to_radians().sin();
    let tilt = FLOOR_TILT + (90.0 - shadow.pose) / 90.0 * (90.0 - FLOOR_TILT);
    let (sin, cos) = shadow.azimuth.to_radians().sin_cos();
    // The direction away from the light, per pixel of height: right, then down.
    let away = [-sin * length, cos * length * tilt.to_radians().sin()];
    let lying = (1.0 - upright) * LYING_HEIGHT * w.max(h);
    let down = away[1] * upright - (1.0 - upright);
    let down = if down.abs() >= THINNEST { down } else { THINNEST.copysign(if down == 0.0 { -1.0 } else { down }) };
    let way = away[0].hypot(away[1]) * (upright * h + lying);
    Cast {
        near_sigma_px: sigma_px,
        far_sigma_px: (sigma_px + shadow.softness * SOFT_SHARE * way).clamp(sigma_px, SIGMA_PX_MAX.max(sigma_px)),
        falloff: shadow.falloff,
        across: away[0] * upright,
        down,
        shift: away.map(|step| step * lying),
    }
}

impl Cast {
    /// Returns how far the shadow of an image of this height extends beyond it: top, right, bottom, left.
    fn beyond(&self, h: f64) -> [f64; 4] {
        let mut beyond = [0.0_f64; 4];
        for (height, sigma) in [(0.0, self.near_sigma_px), (h, self.far_sigma_px)] {
            let (dx, dy) = (self.across * height + self.shift[0], self.down * height + self.shift[1]);
            let reach = [-(h + dy), dx, dy, -dx].map(|px| px + 3.0 * sigma);
            beyond = std::array::from_fn(|side| beyond[side].max(reach[side]));
        }
        beyond
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shadow(params: ShadowParams) -> ShadowOp {
        let shadow = Shadow::from_params(&ShadowParams { blur: Some(10.0), ..params }).unwrap();
        shadow.op(1.0, Size::new(500, 400), 400, 8192)
    }

    #[test]
    fn the_canvas_grows_by_three_times_the_blur_and_the_offset() {
        let plain = shadow(ShadowParams::default());
        assert_eq!((plain.canvas, plain.left, plain.top), (Size::new(560, 460), 30, 30));
        let moved = shadow(ShadowParams {
            x: Some(Length::Px(20.0)),
            y: Some(Length::Fraction(-0.1)),
            ..ShadowParams::default()
        });
        assert_eq!((moved.canvas, moved.left, moved.top), (Size::new(560, 470), 10, 70));
        let far = shadow(ShadowParams { x: Some(Length::Px(100.0)), spread: Some(5), ..ShadowParams::default() });
        assert_eq!((far.canvas.width, far.left), (635, 0));
        let inset = shadow(ShadowParams { kind: Some(ShadowKind::Inset), ..ShadowParams::default() });
        assert_eq!((inset.canvas, inset.left), (Size::new(500, 400), 0));
        let hidden = ShadowParams { blur: Some(1.0), color: Some(Color::TRANSPARENT_WHITE), ..ShadowParams::default() };
        assert_eq!((Shadow::from_params(&hidden), Shadow::from_params(&ShadowParams::default())), (None, None));
    }

    #[test]
    fn nothing_grows_beyond_the_longest_side() {
        assert_eq!(within(8000, 300, 100, 8192), (144, 48));
        assert_eq!(within(9000, 300, 100, 8192), (0, 0));
        assert_eq!(within(10, 0, u32::MAX, 8192), (0, 8182));
    }

    #[test]
    fn a_light_throws_shadows_away_from_itself() {
        let at = |azimuth: f64, elevation: f64| {
            let params = ShadowParams {
                kind: Some(ShadowKind::Cast),
                azimuth: Some(azimuth),
                elevation: Some(elevation),
                softness: Some(0.0),
                ..ShadowParams::default()
            };
            let ShadowShape::Cast(cast) = shadow(params).shape else { panic!("not cast") };
            cast
        };
        assert!(at(0.0, 45.0).down > 0.0 && at(180.0, 45.0).down < 0.0);
        assert!(at(90.0, 45.0).across < -0.9 && at(270.0, 45.0).across > 0.9 && at(-90.0, 45.0).across > 0.9);
        assert!(at(270.0, 20.0).across > 2.0 * at(270.0, 45.0).across && at(270.0, 90.0).across.abs() < 1e-9);
        assert!(at(270.0, 90.0).down.abs() >= THINNEST);
        let low = ShadowParams {
            kind: Some(ShadowKind::Cast),
            elevation: Some(5.0),
            azimuth: Some(270.0),
            ..ShadowParams::default()
        };
        assert!(shadow(low).canvas.width > 4000 && shadow(low).canvas.width <= 8192);
    }
}
