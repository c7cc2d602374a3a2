//! `mark*`: a watermark (`rendering.md` 10).

use serde::{Deserialize, Serialize};

use crate::param::{Fit, Location, MarkParams, Params, ShadowKind};
use crate::plan::anchor::{Along, Anchor, BOTTOM_RIGHT, pixels};
use crate::plan::extent::Extent;
use crate::plan::types::Sizing;
use crate::units::{Length, Size};

use super::finish::Finish;
use super::overlay::{self, Overlay, fitted, grown, overlay_fit};
use super::shadow::{Reflection, Shadow};
use super::{Canvas, Feature, Op, Paints, rotate};

/// Default of `mark-pad` in the reference, in pixels.
const MARK_PAD_PX: u32 = 5;

const TOP_LEFT: (Along, Along) = (Along::Start, Along::Start);

/// `mark`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Where it is stored, with `mark-base` already prepended.
    pub location: Location,
    /// Its size.
    pub size: MarkSize,
    /// How it is fitted to the box.
    pub fit: Fit,
    /// Opacity, 0 < v <= 1.
    pub alpha: f64,
    /// Gradient and fade, applied at its final size before it is rotated.
    pub finish: Finish,
    /// Rotation, counter-clockwise, 0 <= v < 360.
    pub degrees: f64,
    /// `mark-drop-shadow*`.
    pub shadow: Option<Shadow>,
    /// `mark-reflection*`.
    pub reflection: Option<Reflection>,
    /// Its position. If it is tiled, `pad_px` is the gap between tiles.
    pub anchor: Anchor,
    /// `mark-tile=grid`.
    pub tile: bool,
    /// Drawn only on images at least this wide.
    pub min_width_px: u32,
    /// Drawn only on images at least this high.
    pub min_height_px: u32,
}

/// Size of a watermark.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum MarkSize {
    /// `mark-w`, `mark-h`; fractions refer to the watermark's own size. Without both, the natural size.
    Own {
        /// Width.
        w: Option<Length>,
        /// Height.
        h: Option<Length>,
    },
    /// `mark-scale`: width as a fraction of the base's width, 0 < v <= 1.
    OfBase(f64),
}

/// Draws a watermark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarkOp {
    /// The watermark, placed.
    pub overlay: Overlay,
    /// Opacity, 0 < v <= 1.
    pub alpha: f64,
    /// Repeats the watermark at these distances, to the right and down, over the whole base. `left` and `top` then
    /// belong to the first visible tile: at most 0, or above 0 if a gap lies at the edge.
    pub tile: Option<Tile>,
}

/// Distances between tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tile {
    /// From one left edge to the next, at least 1.
    pub step_x_px: u32,
    /// From one top edge to the next, at least 1.
    pub step_y_px: u32,
}

/// Rotates about the centre, onto a transparent canvas.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TurnOp {
    /// Rotation, counter-clockwise, 0 < v < 360.
    pub degrees: f64,
    /// Size after rotation.
    pub canvas: Size,
}

impl Paints for MarkOp {}

impl Paints for TurnOp {}

impl Mark {
    /// Returns the watermark on a base of `base` pixels; `None` if it is not available or the base is too small for it.
    fn op(&self, sizing: &Sizing, natural: Option<Size>, base: Size) -> Option<MarkOp> {
        let natural = natural?;
        if base.width < self.min_width_px || base.height < self.min_height_px {
            return None;
        }
        let dpr = sizing.dpr.get();
        let (w, h) = match self.size {
            MarkSize::Own { w: None, h: None } => grown(natural, dpr).into(),
            // The watermark's own size is in pixels, so `dpr` multiplies it and its fractions too.
            MarkSize::Own { w, h } => {
                let own = Extent::of(natural).times(dpr);
                (pixels(w, own.width, dpr), pixels(h, own.height, dpr))
            }
            MarkSize::OfBase(share) => (Some((share * f64::from(base.width)).max(1.0)), None),
        };
        let fit = overlay_fit(self.fit, w.is_some() && h.is_some());
        let mut layout = fitted(&overlay::sizing(sizing, w, h, fit), natural);
        let (ops, size) = (&mut layout.ops, layout.output);
        ops.extend(self.finish.ops(dpr, size));
        let turned = rotate::turned(size, self.degrees);
        if self.degrees != 0.0 {
            ops.push(Op::Turn(TurnOp { degrees: self.degrees, canvas: turned }));
        }
        let anchor = self.anchor.scaled(dpr);
        // Tiles start in their corner; the gap lies between them.
        let placed = if self.tile { Anchor { pad_px: 0, ..anchor } } else { anchor };
        let (left, top) = placed.position(base, turned);
        // Shadow and reflection do not move the watermark.
        let (drawn, before) = self.standing(sizing, turned, ops);
        let (left, top) = (left - i64::from(before[0]), top - i64::from(before[1]));
        let (tile, left, top) = if self.tile {
            let tile = Tile {
                step_x_px: turned.width.saturating_add(anchor.pad_px),
                step_y_px: turned.height.saturating_add(anchor.pad_px),
            };
            (Some(tile), first_tile(left, tile.step_x_px, drawn.width), first_tile(top, tile.step_y_px, drawn.height))
        } else {
            (None, left, top)
        };
        layout.output = drawn;
        Some(MarkOp { overlay: Overlay { layout, left, top }, alpha: self.alpha, tile })
    }

    /// Adds reflection and shadow to a watermark of `size` pixels. Returns its size with them, and how far they extend
    /// to the left and above.
    fn standing(&self, sizing: &Sizing, size: Size, ops: &mut Vec<Op>) -> (Size, [u32; 2]) {
        let Sizing { dpr, side_max, .. } = *sizing;
        let shadow = |it: &Shadow, drawn: Size| it.op(dpr.get(), drawn, size.height, side_max);
        // An inset shadow is reflected with the watermark, one behind it is not.
        let (inside, behind) = match &self.shadow {
            Some(it) if it.kind == ShadowKind::Inset => (Some(it), None),
            other => (None, other.as_ref()),
        };
        ops.extend(inside.map(|it| Op::Shadow(shadow(it, size))));
        let mut drawn = size;
        if let Some(reflection) = self.reflection {
            let op = reflection.op(size, side_max);
            drawn = op.canvas;
            ops.push(Op::Reflect(op));
        }
        let Some(behind) = behind else { return (drawn, [0; 2]) };
        let op = shadow(behind, drawn);
        ops.push(Op::Shadow(op));
        (op.canvas, [op.left, op.top])
    }
}

impl Feature for Mark {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let mark = &params.mark;
        let alpha = mark.alpha.unwrap_or(100.0) / 100.0;
        let source = mark.source.clone().filter(|_| alpha > 0.0)?;
        let size = match (mark.w, mark.h, mark.scale) {
            (None, None, Some(percent)) if percent > 0.0 => MarkSize::OfBase((percent / 100.0).min(1.0)),
            // 0 % leaves nothing to draw.
            (None, None, Some(_)) => return None,
            (w, h, _) => MarkSize::Own { w, h },
        };
        let default = if mark.tile { TOP_LEFT } else { BOTTOM_RIGHT };
        Some(Self {
            location: joined(mark, source),
            size,
            fit: mark.fit.unwrap_or_default(),
            alpha,
            finish: Finish::of_layer(&mark.finish),
            degrees: mark.rot.unwrap_or(0.0).rem_euclid(360.0) + 0.0,
            anchor: Anchor::of(&mark.align, default, mark.pad.unwrap_or(MARK_PAD_PX), mark.x, mark.y)
                .held_at(mark.anchor.filter(|_| !mark.tile)),
            shadow: Shadow::from_params(&mark.shadow),
            reflection: mark.reflection.filter(|percent| *percent > 0.0).map(|percent| Reflection {
                opacity: percent / 100.0,
                falloff: mark.reflection_falloff.unwrap_or(100.0) / 100.0 + 0.0,
            }),
            tile: mark.tile,
            min_width_px: mark.if_min_width.unwrap_or(0),
            min_height_px: mark.if_min_height.unwrap_or(0),
        })
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        if let Some(op) = self.op(canvas.sizing, canvas.found.mark, canvas.size) {
            canvas.push(Op::Mark(op));
        }
    }
}

/// Returns the edge of the first visible tile of a grid that has a tile starting at `start`. It is at most 0 unless a
/// gap lies at the edge.
fn first_tile(start: i64, step: u32, len: u32) -> i64 {
    let at = start.rem_euclid(i64::from(step.max(1)));
    // Earlier tiles are visible if they extend past the edge; with their shadows they may be wider than a step.
    at - (at + i64::from(len) - 1) / i64::from(step.max(1)) * i64::from(step)
}

/// Puts `mark-base` in front of a relative `mark`, with one slash between them. An absolute `mark` needs no base.
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
