//! `gradient*`, `*-gradient*`: a gradient drawn over an image or layer (`rendering.md` 9).

use std::f64::consts::SQRT_2;

use serde::{Deserialize, Serialize};

use crate::param::{
    BlendMode, GradientAngle, GradientParams, GradientSpace, GradientType, HuePath, RadialReach, RadialShape,
    RadialSize,
};
use crate::pixels::ramp::{ColorRamp, GradientCourse};
use crate::plan::anchor::{Along, along, length_px};
use crate::units::{Color, Length, Size};

use super::Paints;

/// A gradient over an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrawnGradient {
    /// From start to end; for a [`GradientPaint::Mask`] only alpha counts.
    pub colors: ColorRamp,
    /// Linear or radial.
    pub shape: DrawnShape,
    /// What it does to the image.
    pub paint: GradientPaint,
}

/// Direction or shape of a drawn gradient, by the rules of CSS Images 3.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum DrawnShape {
    /// Direction, clockwise from straight up, 0 <= v < 360.
    Degrees(f64),
    /// To a side or corner.
    Towards(Along, Along),
    /// Outwards from a point. A fraction of `x` refers to the width, of `y` to the height.
    Radial {
        /// Centre, from the left.
        x: Length,
        /// Centre, from the top.
        y: Length,
        /// Extent, at which the last colour is reached.
        size: RadialExtent,
    },
}

/// Size of a radial gradient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum RadialExtent {
    /// Out to a side or corner, in this shape.
    Reach(RadialReach, RadialShape),
    /// These radii, horizontal and vertical; fractions refer to the width and the height.
    Radii([Length; 2]),
}

/// What a gradient does to the image.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum GradientPaint {
    /// Colours the image, whose opacity stays.
    Over {
        /// Never a mode that cuts.
        mode: BlendMode,
        /// Opacity of the whole gradient, 0 < v <= 1.
        alpha: f64,
    },
    /// Multiplies the opacity of the image by that of the gradient.
    Mask,
}

/// Draws a gradient over an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradientOp {
    /// Its colours.
    pub colors: ColorRamp,
    /// Its course.
    pub course: GradientCourse,
    /// What it does to the image.
    pub paint: GradientPaint,
}

impl Paints for GradientOp {
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        self.colors.stops.iter_mut().map(|stop| &mut stop.color).collect()
    }
}

impl DrawnGradient {
    pub(super) fn of(gradient: &GradientParams) -> Option<Self> {
        let masks = gradient.mask == Some(true);
        let alpha = if masks { 1.0 } else { gradient.alpha.unwrap_or(100.0) / 100.0 };
        if gradient.colors.is_empty() || alpha <= 0.0 {
            return None;
        }
        let (colors, paint) = if masks {
            // Only the alpha of the colours counts.
            let white: Vec<Color> = gradient.colors.iter().map(|color| Color { a: color.a, ..Color::WHITE }).collect();
            (ColorRamp::of(&white, &gradient.stops, GradientSpace::Srgb, HuePath::Shorter), GradientPaint::Mask)
        } else {
            let mode = gradient.mode.unwrap_or(BlendMode::Normal);
            let (space, hue) = (gradient.cs.unwrap_or_default(), gradient.hue.unwrap_or_default());
            (ColorRamp::of(&gradient.colors, &gradient.stops, space, hue), GradientPaint::Over { mode, alpha })
        };
        Some(Self { colors, shape: drawn_shape(gradient), paint })
    }

    pub(super) fn op(&self, dpr: f64, size: Size) -> GradientOp {
        GradientOp { colors: self.colors.clone(), course: course(self.shape, dpr, size), paint: self.paint }
    }
}

fn drawn_shape(gradient: &GradientParams) -> DrawnShape {
    let half = Length::Fraction(0.5);
    match (gradient.kind.unwrap_or_default(), &gradient.angle) {
        (GradientType::Radial, _) => DrawnShape::Radial {
            x: gradient.radial_x.unwrap_or(half),
            y: gradient.radial_y.unwrap_or(half),
            size: match gradient.radial_size.unwrap_or(RadialSize::Reach(RadialReach::default())) {
                RadialSize::Reach(reach) => RadialExtent::Reach(reach, gradient.radial_shape.unwrap_or_default()),
                RadialSize::Radius(px) => RadialExtent::Radii([Length::Px(f64::from(px)); 2]),
                RadialSize::Radii(radii) => RadialExtent::Radii(radii),
            },
        },
        (GradientType::Linear, Some(GradientAngle::Towards(words))) => match along(words) {
            (Along::Middle, Along::Start) => DrawnShape::Degrees(0.0),
            (Along::Far, Along::Middle) => DrawnShape::Degrees(90.0),
            (Along::Middle, Along::Far | Along::Middle) => DrawnShape::Degrees(180.0),
            (Along::Start, Along::Middle) => DrawnShape::Degrees(270.0),
            (horizontal, vertical) => DrawnShape::Towards(horizontal, vertical),
        },
        (GradientType::Linear, Some(GradientAngle::Degrees(degrees))) => DrawnShape::Degrees(*degrees),
        (GradientType::Linear, None) => DrawnShape::Degrees(180.0),
    }
}

/// Returns the course in pixels, by CSS Images 3, sections 3.1 and 3.2.
fn course(shape: DrawnShape, dpr: f64, size: Size) -> GradientCourse {
    let (w, h) = (f64::from(size.width), f64::from(size.height));
    match shape {
        DrawnShape::Degrees(degrees) => {
            let (sin, cos) = degrees.to_radians().sin_cos();
            linear_through([sin, -cos], w, h)
        }
        // The line through the two other corners has the middle colour.
        DrawnShape::Towards(horizontal, vertical) => {
            let sign = |along: Along| match along {
                Along::Start => -1.0,
                Along::Middle => 0.0,
                Along::Far => 1.0,
            };
            linear_through([sign(horizontal) * h / w.hypot(h), sign(vertical) * w / w.hypot(h)], w, h)
        }
        DrawnShape::Radial { x, y, size } => {
            let center = [length_px(x, w, dpr), length_px(y, h, dpr)];
            let radii = match size {
                RadialExtent::Radii([across, down]) => [length_px(across, w, dpr), length_px(down, h, dpr)],
                RadialExtent::Reach(reach, shape) => reached(reach, shape, center, [w, h]),
            };
            GradientCourse::Elliptic { center, radii }
        }
    }
}

/// Returns the line through the centre in this direction, whose perpendiculars at both ends pass through a corner.
fn linear_through([x, y]: [f64; 2], w: f64, h: f64) -> GradientCourse {
    let half = f64::midpoint((w * x).abs(), (h * y).abs());
    GradientCourse::Linear {
        from: [w / 2.0 - x * half, h / 2.0 - y * half],
        to: [w / 2.0 + x * half, h / 2.0 + y * half],
    }
}

/// Returns the radii that reach a side or corner.
fn reached(reach: RadialReach, shape: RadialShape, center: [f64; 2], sides: [f64; 2]) -> [f64; 2] {
    let [across, down] = [0, 1].map(|axis| {
        let (start, end) = (center[axis].abs(), (sides[axis] - center[axis]).abs());
        match reach {
            RadialReach::ClosestCorner | RadialReach::ClosestSide => start.min(end),
            RadialReach::FarthestCorner | RadialReach::FarthestSide => start.max(end),
        }
    });
    let to_corner = matches!(reach, RadialReach::ClosestCorner | RadialReach::FarthestCorner);
    match (shape, to_corner) {
        (RadialShape::Circle, true) => [across.hypot(down); 2],
        (RadialShape::Circle, false) if reach == RadialReach::ClosestSide => [across.min(down); 2],
        (RadialShape::Circle, false) => [across.max(down); 2],
        (RadialShape::Ellipse, false) => [across, down],
        // Like the ellipse to the sides, but enlarged until it passes through the corner.
        (RadialShape::Ellipse, true) => [across * SQRT_2, down * SQRT_2],
    }
}
