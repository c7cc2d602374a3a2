//! What fills the rest of the box under `fit=fill`, `fillmax` and `clamp` (`rendering.md` 5).

use serde::{Deserialize, Serialize};

use crate::param::{FillMode, Fit, GradientSpace, GradientType, HuePath, Params};
use crate::pixels::ramp::{ColorRamp, ColorStop, GradientCourse};
use crate::plan::anchor::{Along, along, length_px, visible};
use crate::plan::types::Sizing;
use crate::units::{Color, Length, Size};

use super::{Canvas, Feature, Op, Paints};

/// Default radii of a radial gradient, as fractions of the shorter side.
const GRADIENT_RADII: [Length; 2] = [Length::Fraction(0.125), Length::Fraction(0.5)];

/// What fills the bars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Bars {
    /// One colour; transparent white becomes white if the format has no alpha.
    Solid(Color),
    /// The edge pixels of the image, stretched outwards (`fit=clamp`).
    Edge,
    /// A blurred copy of the image.
    Blur,
    /// `fill=gradient`
    Gradient(Gradient),
}

/// `fill=gradient`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gradient {
    /// Opaque, at least two. `None` uses the dark and the light vibrant colour of the image's palette.
    pub colors: Option<Vec<ColorStop>>,
    /// Colour space for interpolation.
    pub space: GradientSpace,
    /// Hue interpolation method, for colour spaces that have a hue.
    pub hue: HuePath,
    /// Linear or radial.
    pub shape: GradientShape,
}

/// Direction or shape of a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum GradientShape {
    /// Towards an edge or corner.
    Linear {
        /// The horizontal end; `Middle` means no horizontal change.
        horizontal: Along,
        /// The vertical end; `Middle` means no vertical change.
        vertical: Along,
    },
    /// Around a point. A fraction of `x` refers to the width, of `y` to the height, and of a radius to the shorter
    /// side.
    Radial {
        /// Centre, from the left.
        x: Length,
        /// Centre, from the top.
        y: Length,
        /// The radii where the first colour ends and where the last one begins.
        radii: [Length; 2],
    },
}

/// A larger canvas around the image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extend {
    /// Size of the canvas.
    pub canvas: Size,
    /// Left edge of the image on the canvas.
    pub left: u32,
    /// Top edge of the image on the canvas.
    pub top: u32,
    /// What is shown around the image.
    pub fill: ExtendFill,
}

/// What is shown around the image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExtendFill {
    /// One colour.
    Solid(Color),
    /// The image, scaled to cover the canvas and blurred.
    Blur,
    /// The edge pixels of the image, stretched outwards (`fit=clamp`).
    Edge,
    /// A gradient over the whole canvas.
    Gradient(GradientFill),
}

/// A gradient in pixels of the canvas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradientFill {
    /// Opaque, at least two. `None` uses the dark and the light vibrant colour of the image's palette.
    pub colors: Option<Vec<ColorStop>>,
    /// Colour space for interpolation.
    pub space: GradientSpace,
    /// Hue interpolation method, for colour spaces that have a hue.
    pub hue: HuePath,
    /// Its course.
    pub course: GradientCourse,
}

impl Paints for Extend {
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        match &mut self.fill {
            ExtendFill::Solid(color) => vec![color],
            ExtendFill::Gradient(GradientFill { colors: Some(colors), .. }) => {
                colors.iter_mut().map(|stop| &mut stop.color).collect()
            }
            ExtendFill::Gradient(_) | ExtendFill::Blur | ExtendFill::Edge => Vec::new(),
        }
    }
}

impl Feature for Bars {
    /// Without `fill`, bars have the colour of `bg` (`rendering.md` 5). Returns `None` for fits without bars.
    fn of(params: &Params, sizing: &Sizing) -> Option<Self> {
        let solid = |color: Option<Color>| Self::Solid(visible(color).unwrap_or(Color::TRANSPARENT_WHITE));
        match (sizing.fit, params.fill.mode) {
            (Fit::Clamp, _) => Some(Self::Edge),
            (Fit::Fill | Fit::FillMax, mode) => Some(match mode {
                Some(FillMode::Solid) => solid(params.fill.color),
                Some(FillMode::Blur) => Self::Blur,
                Some(FillMode::Gradient) => Self::Gradient(Gradient::of(params)),
                None | Some(FillMode::Gen) => solid(params.fill.bg),
            }),
            (Fit::Clip | Fit::Crop | Fit::FaceArea | Fit::Max | Fit::Min | Fit::Scale, _) => None,
        }
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        let Some(placed) = canvas.extended else { return };
        let fill = match self {
            Self::Edge => ExtendFill::Edge,
            Self::Solid(color) => ExtendFill::Solid(*color),
            Self::Blur => ExtendFill::Blur,
            Self::Gradient(gradient) => ExtendFill::Gradient(gradient.op(canvas.dpr, placed.size)),
        };
        // Puts the background under the image now; otherwise bars in its colour would get it twice if it is
        // translucent.
        if canvas.background().is_some_and(|bg| fill == ExtendFill::Solid(bg)) {
            canvas.put_background();
        }
        canvas.transparent |= matches!(fill, ExtendFill::Solid(color) if !color.is_opaque());
        canvas.push(Op::Extend(Extend { canvas: placed.size, left: placed.left, top: placed.top, fill }));
        canvas.size = placed.size;
    }
}

impl Gradient {
    fn of(params: &Params) -> Self {
        let fill = &params.fill;
        let kind = fill.gradient_type.unwrap_or_default();
        let (colors, shape) = match kind {
            GradientType::Linear => {
                let words = &fill.gradient_linear_direction;
                // Words that name no edge (`center`) count as none, which means downwards.
                let (horizontal, vertical) = match along(words) {
                    (Along::Middle, Along::Middle) => (Along::Middle, Along::Far),
                    named => named,
                };
                (&fill.gradient_linear, GradientShape::Linear { horizontal, vertical })
            }
            GradientType::Radial => {
                let half = Length::Fraction(0.5);
                let shape = GradientShape::Radial {
                    x: fill.gradient_radial_x.unwrap_or(half),
                    y: fill.gradient_radial_y.unwrap_or(half),
                    radii: fill.gradient_radial_radius.unwrap_or(GRADIENT_RADII),
                };
                (&fill.gradient_radial, shape)
            }
        };
        let colors: Vec<Color> = colors.iter().map(|color| Color { a: 255, ..*color }).collect();
        let stops: &[f64] = if fill.gradient_stops.is_sorted() { &fill.gradient_stops } else { &[] };
        let ramp =
            ColorRamp::of(&colors, stops, fill.gradient_cs.unwrap_or_default(), fill.gradient_hue.unwrap_or_default());
        Self { colors: (!colors.is_empty()).then_some(ramp.stops), space: ramp.space, hue: ramp.hue, shape }
    }

    /// Returns the gradient on a canvas of `size` pixels.
    fn op(&self, dpr: f64, size: Size) -> GradientFill {
        let (w, h) = (f64::from(size.width), f64::from(size.height));
        let length = |length: Length, reference: f64| length_px(length, reference, dpr);
        let course = match self.shape {
            GradientShape::Linear { horizontal, vertical } => {
                let ends = |along: Along, total: f64| match along {
                    Along::Start => (total, 0.0),
                    Along::Middle => (total / 2.0, total / 2.0),
                    Along::Far => (0.0, total),
                };
                let ((x0, x1), (y0, y1)) = (ends(horizontal, w), ends(vertical, h));
                GradientCourse::Linear { from: [x0, y0], to: [x1, y1] }
            }
            GradientShape::Radial { x, y, radii } => {
                let [a, b] = radii.map(|radius| length(radius, w.min(h)));
                GradientCourse::Radial {
                    center: [length(x, w), length(y, h)],
                    radii: [a.min(b), a.max(b)],
                    swapped: a > b,
                }
            }
        };
        GradientFill { colors: self.colors.clone(), space: self.space, hue: self.hue, course }
    }
}
