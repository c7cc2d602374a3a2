//! [`Plan`] + [`Measured`] -> [`Layout`]: the ops for one original, in the order of `rendering.md` 2.2.

use crate::param::{BlendMode, Fit, RotType, ShadowKind};
use crate::units::{Color, Rect, Size};

use super::effects::{BLUR_SIGMA_PX, Effects, Sharpen, Tone};
use super::geometry::{self, Placed, Placement};
use super::layers::{GradientPaint, Sides, px};
use super::op::{Extend, ExtendFill, GradientOp, HideFacesOp, Layout, Op, Pad, Resize, Rotate, TextOp, Window};
use super::read::Read;
use super::types::{Bars, Found, Measured, Orient, Plan, Sizing};
use super::{bound, overlay, shadow};

/// The steps for an original of these measures, before anything was found out about its pixels: [`layout_found`] with
/// nothing found.
#[must_use]
pub fn layout(plan: &Plan, measured: &Measured) -> Layout {
    layout_found(plan, measured, &Found::default())
}

/// The steps that turn an original of these measures into the picture the plan asks for, in its own pixels.
///
/// Pure and total: any plan, measures and findings give a layout whose rectangles lie inside the picture they are cut
/// from and whose output is within `sizing.side_max`. The numbers are those of the original at its full size; see
/// [`Layout::shrink_on_load`] for a decoder that shrinks on load.
///
/// A layout with a [`Read::trim`] is good up to that: it is measured what to keep, and the layout is worked out again with
/// [`Found::trimmed`].
#[must_use]
pub fn layout_found(plan: &Plan, measured: &Measured, found: &Found) -> Layout {
    let mut steps = Steps::new(plan, measured);
    steps.upright(plan.orient, measured.orientation);
    steps.source_rect();
    steps.trim(found);
    let faces = steps.faces(found);
    steps.place(&faces);
    steps.canvas();
    steps.turn();
    steps.stylize();
    if let Some(op) = plan.blend.as_ref().and_then(|blend| overlay::blend(plan, blend, found, steps.size)) {
        steps.transparent |= matches!(op.mode, BlendMode::DestinationOut | BlendMode::DestinationIn);
        steps.ops.push(Op::Blend(op));
    }
    steps.finish();
    steps.backdrop();
    let outline = steps.mask(found);
    if plan.data.is_some() {
        return steps.layout();
    }
    if let Some(border) = &plan.border {
        steps.transparent |= border.radii_px != [0; 4];
        steps.ops.push(Op::Border(overlay::border(border, outline, steps.dpr, steps.size)));
    }
    steps.pad();
    if let Some(op) = plan.mark.as_ref().and_then(|mark| overlay::mark(plan, mark, found, steps.size)) {
        steps.ops.push(Op::Mark(op));
    }
    if let Some(text) = &plan.text {
        steps.text(text);
    }
    if let Some(shadow) = &plan.shadow {
        steps.shadow(shadow);
    }
    steps.layout()
}

/// Ops so far, and the picture they leave.
struct Steps<'a> {
    plan: &'a Plan,
    dpr: f64,
    read: Read,
    on_original: Vec<Op>,
    place: Option<Resize>,
    ops: Vec<Op>,
    size: Size,
    /// Whether any pixel can be transparent.
    transparent: bool,
    /// Whether `bg` is under the picture already.
    backed: bool,
    /// Whether `bg` waits for the shadow, which a cut-out has only as long as nothing is under it.
    held: bool,
    /// What stands between placing and padding.
    canvas: Option<geometry::Canvas>,
    padding: Sides,
}

impl<'a> Steps<'a> {
    fn new(plan: &'a Plan, measured: &Measured) -> Self {
        Self {
            plan,
            dpr: plan.sizing.dpr.get(),
            read: Read::whole(measured.size),
            on_original: Vec::new(),
            place: None,
            ops: Vec::new(),
            size: measured.size,
            transparent: measured.has_alpha,
            backed: false,
            held: plan.padding == Sides::default()
                && plan.shadow.is_some_and(|shadow| shadow.kind != ShadowKind::Inset),
            canvas: None,
            padding: Sides::default(),
        }
    }

    fn layout(self) -> Layout {
        let Self { read, on_original, place, ops, size, transparent, .. } = self;
        Layout { read, on_original, place, ops, output: size, has_alpha: transparent }
    }

    fn upright(&mut self, orient: Orient, exif: u8) {
        let value = match orient {
            Orient::Exif => exif,
            Orient::Fixed(value) => value,
        };
        if (2..=8).contains(&value) {
            self.read.turn = value;
        }
        self.size = self.read.upright();
    }

    fn source_rect(&mut self) {
        if let Some(rect) = self.plan.rect.and_then(|rect| geometry::source_rect(&rect, self.size)) {
            self.crop(rect);
        }
    }

    /// Cuts `rect` out of what is read.
    fn crop(&mut self, rect: Rect) {
        debug_assert!(rect.is_inside(self.size), "{rect:?} outside {:?}", self.size);
        if rect == Rect::whole(self.size) {
            return;
        }
        self.size = rect.size;
        let region = self.region();
        self.read.cut = Some(Rect { left: region.left + rect.left, top: region.top + rect.top, size: rect.size });
    }

    /// The part of the upright original that is read so far.
    fn region(&self) -> Rect {
        self.read.cut.unwrap_or(Rect::whole(self.read.upright()))
    }

    fn trim(&mut self, found: &Found) {
        let Some(trim) = self.plan.trim else { return };
        match found.trimmed {
            None => self.read.trim = Some(trim),
            Some(rect) if rect.is_inside(self.size) => self.crop(geometry::grown(rect, trim.pad_px, self.size)),
            // Measured on another picture: nothing can be trusted, so nothing is trimmed.
            Some(_) => {}
        }
    }

    /// The faces inside what is left of the picture, in its pixels, with what is done to them before they are scaled.
    fn faces(&mut self, found: &Found) -> Vec<Rect> {
        let region = self.region();
        let part = |all: &[Rect]| -> Vec<Rect> {
            all.iter().filter_map(|rect| geometry::part_inside(*rect, region)).collect()
        };
        let inside = part(found.faces.as_deref().unwrap_or_default());
        let eyes = part(&found.eyes);
        if self.plan.redeye && !eyes.is_empty() {
            self.on_original.push(Op::RedEye(eyes));
        }
        if let Some(how) = self.plan.hide_faces {
            let faces = found.faces.as_ref().map(|_| [inside.as_slice(), &part(&found.doubtful)].concat());
            if found.moving || faces.as_ref().is_none_or(|faces| !faces.is_empty()) {
                self.on_original.push(Op::HideFaces(HideFacesOp { faces, how }));
            }
        }
        inside
    }

    /// Where the picture goes, small enough that its turn and its padding leave it within the longest side of an output.
    fn placement(&self, faces: &[Rect]) -> (Placement, Sides) {
        let Plan { sizing, padding, rotation, .. } = self.plan;
        let pivots = rotation.filter(|rotation| rotation.kind == RotType::Pivot);
        let place = |side_max: u32| {
            let sizing = Sizing { side_max, ..sizing.clone() };
            let placed = geometry::place(&sizing, *padding, self.size, faces);
            let size = padded(placed.0.size(), placed.1);
            (placed, size)
        };
        match pivots {
            None => place(sizing.side_max).0,
            Some(rotation) => bound::within(sizing.side_max, place, |(placement, sides), _| {
                padded(overlay::turned(placement.size(), rotation.degrees), *sides)
            }),
        }
    }

    /// Whether nothing has looked at the pixels of what is read, so that less may be read.
    fn is_untouched(&self) -> bool {
        self.on_original.is_empty() && self.read.trim.is_none()
    }

    /// Resize and focal cross-hair.
    fn place(&mut self, faces: &[Rect]) {
        let (placement, padding) = self.placement(faces);
        let whole = Rect::whole(placement.scaled);
        match placement.window {
            Placed::At(rect) if placement.scaled == self.size && (rect == whole || self.is_untouched()) => {
                self.crop(rect)
            }
            Placed::At(rect) => {
                let window = if rect == whole { Window::Whole } else { Window::Fixed(rect) };
                self.place = Some(Resize { scaled: placement.scaled, window });
                self.size = rect.size;
            }
            Placed::By(finder, otherwise) => {
                let window = Window::Find { size: otherwise.size, finders: vec![finder], otherwise };
                self.place = Some(Resize { scaled: placement.scaled, window });
                self.size = otherwise.size;
            }
        }
        if let Some((x, y)) = placement.focal_px.filter(|_| self.plan.focal_debug) {
            self.ops.push(Op::FocalDebug { x, y });
        }
        (self.canvas, self.padding) = (placement.canvas, padding);
        self.adjust();
    }

    /// Steps 8 and 9: before the bars, whose colours they must not alter.
    fn adjust(&mut self) {
        let Effects { enhance, adjust, denoise, sharpen, .. } = &self.plan.effects;
        if *enhance {
            self.ops.push(Op::Enhance);
        }
        if !adjust.is_empty() {
            self.ops.push(Op::Adjust(adjust.clone()));
        }
        self.ops.extend(denoise.map(Op::Denoise));
        self.ops.extend(sharpen.iter().map(|sharpen| {
            Op::Sharpen(match *sharpen {
                Sharpen::Luminance(amount) => Sharpen::Luminance(amount),
                Sharpen::Unsharp { amount, sigma_px } => Sharpen::Unsharp { amount, sigma_px: sigma_px * self.dpr },
            })
        }));
    }

    fn canvas(&mut self) {
        let Some(canvas) = self.canvas else { return };
        let fill = match (self.plan.sizing.fit, &self.plan.bars) {
            (Fit::Clamp, _) => ExtendFill::Edge,
            (_, Bars::Solid(color)) => ExtendFill::Solid(*color),
            (_, Bars::Blur) => ExtendFill::Blur,
            (_, Bars::Gradient(gradient)) => ExtendFill::Gradient(overlay::gradient(gradient, self.dpr, canvas.size)),
        };
        // Bars in the colour of a translucent background would get it twice.
        if self.plan.background.is_some_and(|bg| fill == ExtendFill::Solid(bg)) {
            self.background();
        }
        self.transparent |= matches!(fill, ExtendFill::Solid(color) if !color.is_opaque());
        self.ops.push(Op::Extend(Extend { canvas: canvas.size, left: canvas.left, top: canvas.top, fill }));
        self.size = canvas.size;
    }

    fn turn(&mut self) {
        if self.plan.mirror.horizontal {
            self.ops.push(Op::MirrorHorizontal);
        }
        if self.plan.mirror.vertical {
            self.ops.push(Op::MirrorVertical);
        }
        let Some(rotation) = self.plan.rotation else { return };
        let mut background = Color::TRANSPARENT_WHITE;
        let mut canvas = self.size;
        if rotation.kind == RotType::Pivot {
            self.background();
            // What waits for the shadow waits in the corners too.
            background = self.plan.background.filter(|_| !self.held).unwrap_or(background);
            canvas = overlay::turned(self.size, rotation.degrees);
            self.transparent |= !background.is_opaque();
        }
        self.ops.push(Op::Rotate(Rotate { degrees: rotation.degrees, kind: rotation.kind, canvas, background }));
        self.size = canvas;
    }

    fn stylize(&mut self) {
        let effects = &self.plan.effects;
        // What is measured is the picture as it stands then.
        let measured = effects.tones.iter().position(Tone::is_measured).unwrap_or(0);
        let (before, after) = effects.tones.split_at(measured);
        self.ops.extend([before, after].iter().filter(|chain| !chain.is_empty()).map(|chain| Op::Tone(chain.to_vec())));
        let scaled = |length: Option<u32>| length.map(|length| px(length, self.dpr).max(1));
        self.ops.extend(scaled(effects.halftone_px).map(|dot_px| Op::Halftone { dot_px }));
        self.ops.extend(scaled(effects.block_px).filter(|block| *block > 1).map(|block_px| Op::Pixellate { block_px }));
        self.ops.extend(effects.blur.map(|blur| Op::Blur { sigma_px: blur * BLUR_SIGMA_PX * self.dpr }));
        // Last, so that what comes out has no other tones.
        self.ops.extend(effects.threshold.map(Op::Threshold));
    }

    fn finish(&mut self) {
        for op in overlay::finish(&self.plan.finish, self.dpr, self.size) {
            // What fades, fades into `bg`, even where that was under the picture before.
            let fades = matches!(op, Op::Fade(_) | Op::Gradient(GradientOp { paint: GradientPaint::Mask, .. }));
            self.transparent |= fades;
            self.backed &= !fades;
            self.ops.push(op);
        }
    }

    /// Puts `bg` under the picture, once.
    fn background(&mut self) {
        if self.held {
            return;
        }
        if let Some(color) = self.plan.background.filter(|_| self.transparent && !self.backed) {
            self.ops.push(Op::Background(color));
            self.transparent = !color.is_opaque();
        }
        self.backed = true;
    }

    /// What shows under the picture's own transparency.
    fn backdrop(&mut self) {
        self.background();
        self.checkerboard();
    }

    fn checkerboard(&mut self) {
        if let Some(grid) = self.plan.grid.filter(|_| self.transparent) {
            self.ops.push(Op::Grid(overlay::grid(grid, self.dpr)));
            self.transparent = !grid.colors.iter().all(|color| color.is_opaque());
        }
    }

    fn mask(&mut self, found: &Found) -> Option<super::op::Outline> {
        let op = self.plan.mask.as_ref().and_then(|mask| overlay::mask(mask, found, self.dpr, self.size))?;
        self.transparent |= !op.background.is_some_and(Color::is_opaque);
        self.ops.push(Op::Mask(op));
        Some(op.outline)
    }

    /// Holes that text cuts show `bg`, else the checkerboard, else transparency.
    fn text(&mut self, text: &super::layers::Text) {
        let behind = self.plan.background.filter(|_| text.stencil.is_some() && !self.held);
        self.ops.push(Op::Text(TextOp { behind, ..overlay::text(text, self.dpr, self.size) }));
        if text.stencil.is_some() && !behind.is_some_and(Color::is_opaque) {
            self.transparent = true;
            self.checkerboard();
        }
    }

    /// The last step: sees all that is drawn, and shows `bg` where the canvas grows.
    fn shadow(&mut self, shadow: &super::shadow::Shadow) {
        let op = shadow::op(shadow, self.dpr, self.size, self.size.height, self.plan.sizing.side_max);
        self.transparent |= op.canvas != self.size;
        self.size = op.canvas;
        self.ops.push(Op::Shadow(op));
        if shadow.kind != ShadowKind::Inset {
            (self.held, self.backed) = (false, false);
            self.background();
        }
    }

    /// Padding shows `bg`, else transparency.
    fn pad(&mut self) {
        let sides = self.padding;
        if sides == Sides::default() {
            return;
        }
        let color = self.plan.background.unwrap_or(Color::TRANSPARENT_WHITE);
        self.transparent |= !color.is_opaque();
        self.size = padded(self.size, sides);
        self.ops.push(Op::Pad(Pad { sides, color }));
    }
}

fn padded(size: Size, sides: Sides) -> Size {
    Size { width: size.width + sides.left + sides.right, height: size.height + sides.top + sides.bottom }
}
