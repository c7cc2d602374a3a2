//! Params -> layers: the parts of a plan that lie over, around and in the shape of the picture, with their defaults
//! (`rendering.md` 5, 9 to 12).

use crate::param::{
    BlendMode, BlendSource, FadeParams, FinishParams, Fit, Font, GradientAngle, GradientParams, GradientSpace,
    GradientType, HuePath, Location, MarkParams, MaskShape, PaletteFormat, Params, RadialReach, RadialSize, TextClip,
    TextFit, TextParams, TextStencil, TrimMode,
};
use crate::pixels::ramp::ColorRamp;
use crate::units::{Color, Length};

use super::answer::DataOutput;
use super::layers::{
    Along, Anchor, Backing, Blend, BlendImage, BlendLayer, BlendSize, Border, DrawnGradient, DrawnShape, Fade, Finish,
    Gradient, GradientPaint, GradientShape, Grid, Mark, MarkSize, Mask, RadialExtent, Sides, Text, TextOverflow, along,
};
use super::shadow::{Reflection, Shadow};
use super::types::{Trim, TrimBy};

/// Defaults of the reference, in pixels.
const MARK_PAD_PX: u32 = 5;
pub(super) const TEXT_PAD_PX: u32 = 10;
const TEXT_SIZE_PX: u32 = 12;
const GRID_SQUARE_PX: u32 = 4;
const GRID_COLORS: [Color; 2] = [Color { r: 0xd0, g: 0xd7, b: 0xdd, a: 255 }, Color::WHITE];
/// Defaults of `trim-md`, `trim-sd`.
const TRIM_MEAN: f64 = 11.0;
const TRIM_DEVIATION: f64 = 10.0;
/// Defaults of the radii of a radial gradient: shares of the shorter side.
const GRADIENT_RADII: [Length; 2] = [Length::Fraction(0.125), Length::Fraction(0.5)];
/// Defaults of `colors` and `prefix`.
const PALETTE_COLORS: u8 = 6;
const PALETTE_PREFIX: &str = "image";

const BOTTOM_RIGHT: (Along, Along) = (Along::Far, Along::Far);
const TOP_LEFT: (Along, Along) = (Along::Start, Along::Start);
const CENTERED: (Along, Along) = (Along::Middle, Along::Middle);

/// A colour of no opacity paints nothing, whatever its red, green and blue.
pub(super) fn visible(color: Option<Color>) -> Option<Color> {
    color.filter(|color| color.a > 0)
}

pub(super) fn trim(params: &Params) -> Option<Trim> {
    let trim = &params.trim;
    let color = trim.color.map(|color| Color { a: 255, ..color });
    let tolerance = trim.tol.unwrap_or(0.0) + 0.0;
    let (by, pads) = match trim.mode? {
        TrimMode::Auto => {
            let mean = trim.md.unwrap_or(TRIM_MEAN) + 0.0;
            (TrimBy::Uniform { mean, deviation: trim.sd.unwrap_or(TRIM_DEVIATION) + 0.0 }, true)
        }
        TrimMode::Color => (TrimBy::Color { color, tolerance }, true),
        TrimMode::Alpha => (TrimBy::Alpha { below: trim.alpha.unwrap_or(0.0) + 0.0, tolerance }, false),
        TrimMode::ColorUnlessAlpha => (TrimBy::ColorUnlessAlpha { color, tolerance }, false),
    };
    // `trim-pad` counts with `auto` and `color` only (`rendering.md` 6.1).
    Some(Trim { by, pad_px: trim.pad.filter(|_| pads).unwrap_or(0) })
}

pub(super) fn gradient(params: &Params) -> Gradient {
    let fill = &params.fill;
    let kind = fill.gradient_type.unwrap_or_default();
    let (colors, shape) = match kind {
        GradientType::Linear => {
            let words = &fill.gradient_linear_direction;
            // Words that name no edge (`center`) are as good as none: downwards.
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
    Gradient { colors: (!colors.is_empty()).then_some(ramp.stops), space: ramp.space, hue: ramp.hue, shape }
}

/// An opaque `bg` wins over the checkerboard (`rendering.md` 5).
pub(super) fn grid(params: &Params) -> Option<Grid> {
    let fill = &params.fill;
    let shows = fill.transparency_grid && !fill.bg.is_some_and(Color::is_opaque);
    shows.then(|| Grid {
        colors: fill.grid_colors.unwrap_or(GRID_COLORS),
        square_px: fill.grid_size.filter(|size| *size > 0).unwrap_or(GRID_SQUARE_PX),
    })
}

pub(super) fn blend(params: &Params) -> Option<Blend> {
    let blend = &params.blend;
    let alpha = blend.alpha.unwrap_or(100.0) / 100.0;
    let layer = match &blend.source {
        Some(BlendSource::Color(color)) => BlendLayer::Color(visible(Some(*color))?),
        Some(BlendSource::Image(location)) => BlendLayer::Image(Box::new(BlendImage {
            location: location.clone(),
            size: if blend.inherit_size { BlendSize::Inherit } else { BlendSize::Own { w: blend.w, h: blend.h } },
            fit: blend.fit.unwrap_or_default(),
            crop: blend.crop.clone(),
            anchor: Anchor::of(&blend.align, CENTERED, blend.pad.unwrap_or(0), blend.x, blend.y).held_at(blend.anchor),
            finish: layer_finish(&blend.finish),
        })),
        None => BlendLayer::Color(visible(blend.color)?),
    };
    (alpha > 0.0).then(|| Blend { layer, mode: blend.mode.unwrap_or_default(), alpha })
}

/// Whether `fade` without a side is about the mask.
fn feathers(params: &Params) -> bool {
    matches!(params.mask.shape, Some(MaskShape::Ellipse | MaskShape::Corners))
}

/// Of the picture itself.
pub(super) fn finish(params: &Params) -> Finish {
    let own = &params.finish.fade;
    let fade = if feathers(params) { FadeParams { all: None, ..own.clone() } } else { own.clone() };
    layer_finish(&FinishParams { fade, gradient: params.finish.gradient.clone() })
}

/// Of a layer, whose edges are always its own.
fn layer_finish(finish: &FinishParams) -> Finish {
    Finish { gradient: drawn_gradient(&finish.gradient).map(Box::new), fade: fade(&finish.fade) }
}

fn drawn_gradient(gradient: &GradientParams) -> Option<DrawnGradient> {
    let masks = gradient.mask == Some(true);
    let alpha = if masks { 1.0 } else { gradient.alpha.unwrap_or(100.0) / 100.0 };
    if gradient.colors.is_empty() || alpha <= 0.0 {
        return None;
    }
    let (colors, paint) = if masks {
        // Only their alpha counts.
        let white: Vec<Color> = gradient.colors.iter().map(|color| Color { a: color.a, ..Color::WHITE }).collect();
        (ColorRamp::of(&white, &gradient.stops, GradientSpace::Srgb, HuePath::Shorter), GradientPaint::Mask)
    } else {
        let mode = gradient.mode.unwrap_or(BlendMode::Normal);
        let (space, hue) = (gradient.cs.unwrap_or_default(), gradient.hue.unwrap_or_default());
        (ColorRamp::of(&gradient.colors, &gradient.stops, space, hue), GradientPaint::Over { mode, alpha })
    };
    Some(DrawnGradient { colors, shape: drawn_shape(gradient), paint })
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

fn fade(fade: &FadeParams) -> Option<Fade> {
    let none = Length::Px(0.0);
    let side = |own: Option<Length>| {
        own.or(fade.all).filter(|length| !matches!(length, Length::Px(0.0) | Length::Fraction(0.0))).unwrap_or(none)
    };
    let fade = Fade { top: side(fade.top), right: side(fade.right), bottom: side(fade.bottom), left: side(fade.left) };
    (fade != Fade { top: none, right: none, bottom: none, left: none }).then_some(fade)
}

pub(super) fn mask(params: &Params) -> Option<Mask> {
    let mask = &params.mask;
    let shape = mask.shape.clone()?;
    // No radius, or one of 0, keeps the default of 20 % (`rendering.md` 12).
    let feather = params.finish.fade.all.filter(|_| feathers(params)).unwrap_or(Length::Px(0.0));
    let radii_px = mask.corner_radius.filter(|radii| shape == MaskShape::Corners && *radii != [0; 4]);
    Some(Mask { shape, radii_px, background: visible(mask.bg), inverted: mask.invert.unwrap_or(false), feather })
}

pub(super) fn border(params: &Params) -> Option<Border> {
    let border = &params.border;
    let stroke_color = visible(border.stroke_color);
    let stroke = border.stroke_size.filter(|size| *size > 0).zip(stroke_color);
    let (sides, color) = match border.border {
        Some((size, color)) => {
            let side = |own: Option<u32>| own.unwrap_or(size);
            let sides = Sides {
                top: side(border.top),
                right: side(border.right),
                bottom: side(border.bottom),
                left: side(border.left),
            };
            (sides, color)
        }
        None => (Sides::default(), Color::TRANSPARENT_WHITE),
    };
    let border = Border {
        sides,
        color,
        radii_px: border.radius.unwrap_or_default(),
        inner_radii_px: border.radius_inner.unwrap_or_default(),
        stroke,
    };
    // A frame of no thickness still rounds the corners of the picture.
    let draws = border.sides != Sides::default() || border.radii_px != [0; 4] || border.stroke.is_some();
    draws.then_some(border)
}

pub(super) fn padding(params: &Params) -> Sides {
    let border = &params.border;
    let side = |own: Option<u32>| own.or(border.pad).unwrap_or(0);
    Sides {
        top: side(border.pad_top),
        right: side(border.pad_right),
        bottom: side(border.pad_bottom),
        left: side(border.pad_left),
    }
}

pub(super) fn mark(params: &Params) -> Option<Mark> {
    let mark = &params.mark;
    let alpha = mark.alpha.unwrap_or(100.0) / 100.0;
    let source = mark.source.clone().filter(|_| alpha > 0.0)?;
    let size = match (mark.w, mark.h, mark.scale) {
        (None, None, Some(percent)) if percent > 0.0 => MarkSize::OfBase((percent / 100.0).min(1.0)),
        // 0 % of anything is nothing.
        (None, None, Some(_)) => return None,
        (w, h, _) => MarkSize::Own { w, h },
    };
    let default = if mark.tile { TOP_LEFT } else { BOTTOM_RIGHT };
    Some(Mark {
        location: joined(mark, source),
        size,
        fit: mark.fit.unwrap_or_default(),
        alpha,
        finish: layer_finish(&mark.finish),
        degrees: mark.rot.unwrap_or(0.0).rem_euclid(360.0) + 0.0,
        anchor: Anchor::of(&mark.align, default, mark.pad.unwrap_or(MARK_PAD_PX), mark.x, mark.y)
            .held_at(mark.anchor.filter(|_| !mark.tile)),
        shadow: Shadow::of(&mark.shadow),
        reflection: mark.reflection.filter(|percent| *percent > 0.0).map(|percent| Reflection {
            opacity: percent / 100.0,
            falloff: mark.reflection_falloff.unwrap_or(100.0) / 100.0 + 0.0,
        }),
        tile: mark.tile,
        min_width_px: mark.if_min_width.unwrap_or(0),
        min_height_px: mark.if_min_height.unwrap_or(0),
    })
}

/// `mark-base` in front of a relative `mark`, with one slash between them. An absolute `mark` needs no base.
fn joined(mark: &MarkParams, source: Location) -> Location {
    match (&mark.base, source) {
        (Some(base), Location::Path(path)) => {
            let whole = format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/'));
            let absolute = ["http://", "https://"]
                .iter()
                .any(|scheme| whole.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
            if absolute { Location::Url(whole) } else { Location::Path(whole) }
        }
        (_, source) => source,
    }
}

pub(super) fn text(params: &Params) -> Option<Text> {
    let text = &params.text;
    let alpha = text.alpha.unwrap_or(100.0) / 100.0;
    // Nothing to see draws nothing; but to keep what is under nothing is to keep nothing.
    let shows = |txt: &String| !txt.trim().is_empty() && alpha > 0.0 || text.blend_mode == Some(TextStencil::In);
    let txt = text.txt.clone().filter(shows)?;
    let backing = backing(text);
    let font = Font { family: "Helvetica".to_owned(), bold: false, italic: false };
    let overflow = match text.fit {
        Some(TextFit::Max) => TextOverflow::Shrink,
        Some(TextFit::Wrap) => TextOverflow::Wrap,
        Some(TextFit::WrapMax) => TextOverflow::WrapShrink,
        None => TextOverflow::Clip { side: text.clip.unwrap_or(TextClip::End), ellipsis: text.clip_ellipsis },
    };
    // The gap around the text is the room inside its box when it has one; and lines from `txt-x` begin there.
    let pad = if backing.is_some() { 0 } else { text.pad.unwrap_or(TEXT_PAD_PX) };
    let align = if text.x.is_some() { (Along::Start, Along::Far) } else { BOTTOM_RIGHT };
    let outline = text.line.filter(|px| *px > 0).map(|px| (px, text.line_color.unwrap_or(Color::WHITE)));
    Some(Text {
        text: txt,
        font: text.font.clone().unwrap_or(font),
        size_px: text.size.filter(|size| *size > 0).unwrap_or(TEXT_SIZE_PX),
        color: text.color.unwrap_or(Color::BLACK),
        anchor: Anchor::of(&text.align, align, pad, text.x, text.y),
        width_px: text.width.filter(|width| *width > 0),
        overflow,
        outline: outline.filter(|(_, color)| color.a > 0),
        height: text
            .h
            .filter(|height| text.fit.is_some() && !matches!(height, Length::Px(0.0) | Length::Fraction(0.0))),
        backing,
        alpha,
        degrees: text.rotate.unwrap_or(0.0).rem_euclid(360.0) + 0.0,
        shadow: text.shad.unwrap_or(0.0) + 0.0,
        shadow_blur_px: text.shad_blur.filter(|_| text.shad.is_some_and(|shadow| shadow > 0.0)),
        stencil: text.blend_mode,
        lead_px: text.lead.unwrap_or(0),
        track_px: text.track.unwrap_or(0),
    })
}

fn backing(text: &TextParams) -> Option<Backing> {
    let color = visible(text.bg)?;
    Some(Backing { color, pad_px: text.pad.unwrap_or(0), radius: text.radius.unwrap_or(Length::Px(0.0)) })
}

pub(super) fn palette(params: &Params) -> Option<DataOutput> {
    let palette = &params.palette;
    let colors = palette.colors.unwrap_or(PALETTE_COLORS);
    Some(match palette.format? {
        PaletteFormat::Json => DataOutput::PaletteJson { colors },
        PaletteFormat::Css => DataOutput::PaletteCss {
            colors,
            prefix: palette.prefix.clone().unwrap_or_else(|| PALETTE_PREFIX.to_owned()),
        },
    })
}

/// `blend-fit` and `mark-fit` as a fit that does not need `blend-crop` or both sides.
pub(super) fn overlay_fit(fit: Fit, both_sides: bool) -> Fit {
    match fit {
        // Needs both sizes (`rendering.md` 10); with one of them the overlay keeps its shape anyway.
        Fit::Crop | Fit::Scale | Fit::Fill | Fit::FillMax | Fit::Clamp if !both_sides => Fit::Clip,
        Fit::FaceArea => Fit::Crop,
        Fit::Clip | Fit::Max | Fit::Min | Fit::Crop | Fit::Scale | Fit::Fill | Fit::FillMax | Fit::Clamp => fit,
    }
}
