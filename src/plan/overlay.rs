//! Layers -> ops with the numbers filled in: where blend and watermark lie, shapes, frames, gradients in pixels.

use std::f64::consts::SQRT_2;

use super::extent::{Extent, side};
use crate::param::{Fit, MaskShape, RadialReach, RadialShape, ShadowKind};
use crate::pixels::ramp::GradientCourse;
use crate::units::{Length, Rect, Size};

use super::compose;
use super::geometry::{self, Placed};
use super::layers::{
    self, Along, Backing, Blend, BlendImage, BlendLayer, BlendSize, Border, DrawnGradient, DrawnShape, Fade, Finish,
    Gradient, GradientShape, Grid, Mark, MarkSize, Mask, RadialExtent, Text, TextOverflow, px,
};
use super::op::{
    BlendOp, BlendOpLayer, BorderOp, Extend, ExtendFill, FadeOp, GradientFill, GradientOp, Layout, MarkOp, MaskOp, Op,
    Outline, Overlay, Resize, TextOp, Tile, TurnOp, Window,
};
use super::read::Read;
use super::shadow::{self, Shadow};
use super::types::{Found, Plan, Sizing};
use crate::units::{Color, Dpr};

/// Share of the shorter side that `mask=corners` rounds without `corner-radius`.
const CORNER_SHARE: f64 = 0.2;

/// The blend on a base of `base` pixels; `None` when its picture could not be had.
pub(super) fn blend(plan: &Plan, blend: &Blend, found: &Found, base: Size) -> Option<BlendOp> {
    let layer = match &blend.layer {
        BlendLayer::Color(color) => BlendOpLayer::Color(*color),
        BlendLayer::Image(image) => BlendOpLayer::Image(blend_image(plan, image, found.blend?, base)),
    };
    Some(BlendOp { layer, mode: blend.mode, alpha: blend.alpha })
}

fn blend_image(plan: &Plan, image: &BlendImage, natural: Size, base: Size) -> Overlay {
    let dpr = plan.sizing.dpr.get();
    let (w, h, fit, crop) = match image.size {
        BlendSize::Own { w: None, h: None } => {
            let [w, h] = grown(natural, dpr);
            (w, h, image.fit, &image.crop)
        }
        BlendSize::Own { w, h } => {
            let base = Extent::of(base);
            (pixels(w, base.width, dpr), pixels(h, base.height, dpr), image.fit, &image.crop)
        }
        // The base's size is what its own w, h and fit came to.
        BlendSize::Inherit => {
            (Some(f64::from(base.width)), Some(f64::from(base.height)), plan.sizing.fit, &plan.sizing.crop)
        }
    };
    let fit = compose::overlay_fit(fit, w.is_some() && h.is_some());
    let sizing = Sizing { crop: crop.clone(), ..sizing(plan, w, h, fit) };
    let mut layout = fitted(&sizing, natural);
    layout.ops.extend(finish(&image.finish, dpr, layout.output));
    let (left, top) = image.anchor.scaled(dpr).position(base, layout.output);
    Overlay { layout, left, top }
}

/// The watermark on a base of `base` pixels; `None` when it could not be had or the base is too small for it.
pub(super) fn mark(plan: &Plan, mark: &Mark, found: &Found, base: Size) -> Option<MarkOp> {
    let natural = found.mark?;
    if base.width < mark.min_width_px || base.height < mark.min_height_px {
        return None;
    }
    let dpr = plan.sizing.dpr.get();
    let (w, h) = match mark.size {
        MarkSize::Own { w: None, h: None } => grown(natural, dpr).into(),
        // Its own size is one in pixels too, and its fractions with it.
        MarkSize::Own { w, h } => {
            let own = Extent::of(natural).times(dpr);
            (pixels(w, own.width, dpr), pixels(h, own.height, dpr))
        }
        MarkSize::OfBase(share) => (Some((share * f64::from(base.width)).max(1.0)), None),
    };
    let fit = compose::overlay_fit(mark.fit, w.is_some() && h.is_some());
    let mut layout = fitted(&sizing(plan, w, h, fit), natural);
    let (ops, size) = (&mut layout.ops, layout.output);
    ops.extend(finish(&mark.finish, dpr, size));
    let turned = turned(size, mark.degrees);
    if mark.degrees != 0.0 {
        ops.push(Op::Turn(TurnOp { degrees: mark.degrees, canvas: turned }));
    }
    let anchor = mark.anchor.scaled(dpr);
    // Tiles start in their corner; the gap lies between them.
    let placed = if mark.tile { layers::Anchor { pad_px: 0, ..anchor } } else { anchor };
    let (left, top) = placed.position(base, turned);
    // What lies around the watermark moves nothing.
    let (drawn, before) = standing(mark, plan, turned, ops);
    let (left, top) = (left - i64::from(before[0]), top - i64::from(before[1]));
    let (tile, left, top) = if mark.tile {
        let tile = Tile {
            step_x_px: turned.width.saturating_add(anchor.pad_px),
            step_y_px: turned.height.saturating_add(anchor.pad_px),
        };
        (Some(tile), first_tile(left, tile.step_x_px, drawn.width), first_tile(top, tile.step_y_px, drawn.height))
    } else {
        (None, left, top)
    };
    layout.output = drawn;
    Some(MarkOp { overlay: Overlay { layout, left, top }, alpha: mark.alpha, tile })
}

/// The edge of the first tile that shows, for a grid of which one tile starts at `start`; at most 0 unless the gap
/// itself lies at the edge.
fn first_tile(start: i64, step: u32, len: u32) -> i64 {
    let at = start.rem_euclid(i64::from(step.max(1)));
    // Tiles before this one show when they reach past the edge; with their shadows they may be wider than a step.
    at - (at + i64::from(len) - 1) / i64::from(step.max(1)) * i64::from(step)
}

/// Gives a watermark of `size` pixels its reflection and its shadow: its size then, and what lies left of it and above.
fn standing(mark: &Mark, plan: &Plan, size: Size, ops: &mut Vec<Op>) -> (Size, [u32; 2]) {
    let Sizing { dpr, side_max, .. } = plan.sizing;
    let shadow = |it: &Shadow, drawn: Size| shadow::op(it, dpr.get(), drawn, size.height, side_max);
    // A shadow inside is reflected with the watermark, one behind it is not.
    let (inside, behind) = match &mark.shadow {
        Some(it) if it.kind == ShadowKind::Inset => (Some(it), None),
        other => (None, other.as_ref()),
    };
    ops.extend(inside.map(|it| Op::Shadow(shadow(it, size))));
    let mut drawn = size;
    if let Some(reflection) = mark.reflection {
        let op = shadow::reflect(reflection, size, side_max);
        drawn = op.canvas;
        ops.push(Op::Reflect(op));
    }
    let Some(behind) = behind else { return (drawn, [0; 2]) };
    let op = shadow(behind, drawn);
    ops.push(Op::Shadow(op));
    (op.canvas, [op.left, op.top])
}

/// The box around a picture turned by `degrees`.
pub(super) fn turned(size: Size, degrees: f64) -> Size {
    if degrees == 0.0 {
        return size;
    }
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (w, h) = (f64::from(size.width), f64::from(size.height));
    Size { width: side(w * cos.abs() + h * sin.abs()), height: side(w * sin.abs() + h * cos.abs()) }
}

/// The natural size of an overlay, which `dpr` multiplies as every length in pixels; nothing where that changes nothing.
fn grown(natural: Size, dpr: f64) -> [Option<f64>; 2] {
    let Extent { width, height } = Extent::of(natural).times(dpr);
    [width, height].map(|side| (dpr != 1.0).then_some(side.max(1.0)))
}

fn pixels(length: Option<Length>, reference: f64, dpr: f64) -> Option<f64> {
    length.map(|length| match length {
        Length::Px(v) => (v * dpr).max(1.0),
        Length::Fraction(f) => (f * reference).max(1.0),
    })
}

/// A box for an overlay: already in pixels, no bounds, no focal point.
fn sizing(plan: &Plan, w: Option<f64>, h: Option<f64>, fit: Fit) -> Sizing {
    Sizing {
        w: w.map(Length::Px),
        h: h.map(Length::Px),
        ar: None,
        dpr: Dpr::ONE,
        fit,
        facearea: None,
        crop: Vec::new(),
        min_w: None,
        max_w: None,
        min_h: None,
        max_h: None,
        ..plan.sizing.clone()
    }
}

/// What brings an overlay of size `natural` to its box.
fn fitted(sizing: &Sizing, natural: Size) -> Layout {
    let (placement, _) = geometry::place(sizing, layers::Sides::default(), natural, &[]);
    let (mut read, mut place, mut ops) = (Read::whole(natural), None, Vec::new());
    let (window, kept) = match placement.window {
        Placed::At(rect) if rect == Rect::whole(placement.scaled) => (Window::Whole, rect.size),
        Placed::At(rect) => (Window::Fixed(rect), rect.size),
        Placed::By(finder, otherwise) => {
            (Window::Find { size: otherwise.size, finders: vec![finder], otherwise }, otherwise.size)
        }
    };
    match window {
        Window::Whole if placement.scaled == natural => {}
        Window::Fixed(rect) if placement.scaled == natural => read.cut = Some(rect),
        window @ (Window::Whole | Window::Fixed(_) | Window::Find { .. }) => {
            place = Some(Resize { scaled: placement.scaled, window });
        }
    }
    let mut output = kept;
    if let Some(canvas) = placement.canvas {
        let fill =
            if sizing.fit == Fit::Clamp { ExtendFill::Edge } else { ExtendFill::Solid(Color::TRANSPARENT_WHITE) };
        ops.push(Op::Extend(Extend { canvas: canvas.size, left: canvas.left, top: canvas.top, fill }));
        output = canvas.size;
    }
    // Whether it is transparent is of no interest: it is laid over something.
    Layout { read, place, ops, output, ..Layout::as_it_is(natural) }
}

/// What gives a picture or layer of `size` pixels its look, in the order it is done.
pub(super) fn finish(finish: &Finish, dpr: f64, size: Size) -> Vec<Op> {
    let gradient = finish.gradient.as_ref().map(|gradient| {
        let DrawnGradient { colors, shape, paint } = &**gradient;
        Op::Gradient(GradientOp { colors: colors.clone(), course: course(*shape, dpr, size), paint: *paint })
    });
    gradient.into_iter().chain(finish.fade.map(|fade| Op::Fade(fade_op(fade, dpr, size)))).collect()
}

/// CSS Images 3, sections 3.1 and 3.2.
fn course(shape: DrawnShape, dpr: f64, size: Size) -> GradientCourse {
    let (w, h) = (f64::from(size.width), f64::from(size.height));
    match shape {
        DrawnShape::Degrees(degrees) => {
            let (sin, cos) = degrees.to_radians().sin_cos();
            linear_through([sin, -cos], w, h)
        }
        // The line through the two other corners has the colour of the middle.
        DrawnShape::Towards(horizontal, vertical) => {
            let sign = |along: Along| match along {
                Along::Start => -1.0,
                Along::Middle => 0.0,
                Along::Far => 1.0,
            };
            linear_through([sign(horizontal) * h / w.hypot(h), sign(vertical) * w / w.hypot(h)], w, h)
        }
        DrawnShape::Radial { x, y, size } => {
            let center = [extent(x, w, dpr), extent(y, h, dpr)];
            let radii = match size {
                RadialExtent::Radii([across, down]) => [extent(across, w, dpr), extent(down, h, dpr)],
                RadialExtent::Reach(reach, shape) => reached(reach, shape, center, [w, h]),
            };
            GradientCourse::Elliptic { center, radii }
        }
    }
}

/// Both ends lie where a corner is straight beside them.
fn linear_through([x, y]: [f64; 2], w: f64, h: f64) -> GradientCourse {
    let half = f64::midpoint((w * x).abs(), (h * y).abs());
    GradientCourse::Linear {
        from: [w / 2.0 - x * half, h / 2.0 - y * half],
        to: [w / 2.0 + x * half, h / 2.0 + y * half],
    }
}

/// Radii that reach as far as a side or corner.
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
        // As that to the sides, grown until it goes through the corner.
        (RadialShape::Ellipse, true) => [across * SQRT_2, down * SQRT_2],
    }
}

/// Opposite fades that are wider than the picture shrink to fit, so that its middle never goes.
fn fade_op(fade: Fade, dpr: f64, size: Size) -> FadeOp {
    let pair = |first: Length, second: Length, side: u32| {
        let side = f64::from(side);
        let [first, second] = [first, second].map(|length| extent(length, side, dpr));
        let shrunk = side / (first + second).max(side);
        (first * shrunk, second * shrunk)
    };
    let (top, bottom) = pair(fade.top, fade.bottom, size.height);
    let (left, right) = pair(fade.left, fade.right, size.width);
    FadeOp { top, right, bottom, left }
}

/// A length in pixels of the output.
fn extent(length: Length, side: f64, dpr: f64) -> f64 {
    match length {
        Length::Px(px) => px * dpr,
        Length::Fraction(share) => share * side,
    }
}

/// The mask on a picture of `size` pixels; `None` when its picture could not be had.
pub(super) fn mask(mask: &Mask, found: &Found, dpr: f64, size: Size) -> Option<MaskOp> {
    let outline = match mask.shape {
        MaskShape::Ellipse => Outline::Ellipse,
        MaskShape::Corners => Outline::Corners(match mask.radii_px {
            Some(radii) => radii.map(|radius| px(radius, dpr).min(radius_max(size))),
            None => [(CORNER_SHARE * f64::from(size.width.min(size.height)) + 0.5).floor() as u32; 4],
        }),
        MaskShape::Polygon(sides) => Outline::Polygon(sides),
        MaskShape::Image(_) if found.mask => Outline::Image,
        MaskShape::Image(_) => return None,
    };
    let shorter = f64::from(size.width.min(size.height));
    let feather_px = (extent(mask.feather, shorter, dpr) + 0.5).floor() as u32;
    Some(MaskOp {
        outline,
        background: mask.background,
        inverted: mask.inverted,
        feather_px: feather_px.min(radius_max(size)),
    })
}

/// No radius is larger than half the shorter side (`rendering.md` 12).
fn radius_max(size: Size) -> u32 {
    size.width.min(size.height) / 2
}

/// The frame on a picture of `size` pixels; no side is thicker than the picture.
pub(super) fn border(border: &Border, follows: Option<Outline>, dpr: f64, size: Size) -> BorderOp {
    let sides = border.sides.scaled(dpr);
    let radii = |radii: [u32; 4]| radii.map(|radius| px(radius, dpr).min(radius_max(size)));
    let border = Border {
        sides: layers::Sides {
            top: sides.top.min(size.height),
            bottom: sides.bottom.min(size.height),
            left: sides.left.min(size.width),
            right: sides.right.min(size.width),
        },
        color: border.color,
        radii_px: radii(border.radii_px),
        inner_radii_px: radii(border.inner_radii_px),
        stroke: border.stroke.map(|(stroke, color)| (px(stroke, dpr).max(1), color)),
    };
    BorderOp { border, follows }
}

pub(super) fn grid(grid: Grid, dpr: f64) -> Grid {
    Grid { square_px: px(grid.square_px, dpr).max(1), ..grid }
}

pub(super) fn text(text: &Text, dpr: f64, canvas: Size) -> TextOp {
    let signed = |length: i32| (f64::from(length) * dpr + 0.5).floor() as i32;
    let text = Text {
        size_px: px(text.size_px, dpr).max(1),
        anchor: text.anchor.scaled(dpr),
        width_px: text.width_px.map(|width| px(width, dpr).max(1)),
        outline: text.outline.map(|(line, color)| (px(line, dpr).max(1), color)),
        backing: text.backing.map(|backing| Backing {
            pad_px: px(backing.pad_px, dpr),
            radius: Length::Px(match backing.radius {
                Length::Px(radius) => radius * dpr,
                Length::Fraction(share) => share * f64::from(px(text.size_px, dpr)),
            }),
            ..backing
        }),
        shadow: text.shadow * dpr,
        shadow_blur_px: text.shadow_blur_px.map(|blur| px(blur, dpr)),
        lead_px: signed(text.lead_px),
        track_px: signed(text.track_px),
        ..text.clone()
    };
    // From the gap, or from where the text begins, to the gap on the right.
    let [x, y] = text.anchor.offsets(canvas);
    let left = x.map_or(text.anchor.pad_px, |x| u32::try_from(x).unwrap_or(0));
    let free = canvas.width.saturating_sub(text.anchor.pad_px.saturating_add(left)).max(1);
    let top = y.map_or(text.anchor.pad_px, |y| u32::try_from(y).unwrap_or(0));
    let below = canvas.height.saturating_sub(text.anchor.pad_px.saturating_add(top)).max(1);
    let asked = pixels(text.height, f64::from(canvas.height), dpr).map(|height| (height + 0.5).floor() as u32);
    TextOp {
        box_width_px: text.width_px.unwrap_or(free),
        // Lines that are made smaller to fit fit the picture at least.
        box_height_px: asked.or((text.overflow == TextOverflow::WrapShrink).then_some(below)),
        behind: None,
        text,
    }
}

/// A gradient on a canvas of `size` pixels.
pub(super) fn gradient(gradient: &Gradient, dpr: f64, size: Size) -> GradientFill {
    let (w, h) = (f64::from(size.width), f64::from(size.height));
    let length = |length: Length, reference: f64| extent(length, reference, dpr);
    let course = match gradient.shape {
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
            GradientCourse::Radial { center: [length(x, w), length(y, h)], radii: [a.min(b), a.max(b)], swapped: a > b }
        }
    };
    GradientFill { colors: gradient.colors.clone(), space: gradient.space, hue: gradient.hue, course }
}
