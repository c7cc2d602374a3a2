//! [`Plan`] + [`Measured`] -> [`Layout`]: the ops for one original, in the order of `rendering.md` 2.2.

use crate::param::{Fit, RotType};
use crate::units::{Color, Rect, Size};

use super::geometry::{self, Placed};
use super::op::{Extend, ExtendFill, Layout, Op, Resize, Rotate, Window};
use super::types::{Bars, Measured, Orient, Plan};

/// Factors by which decoders can shrink while they load, largest first.
const SHRINK_FACTORS: [u32; 3] = [8, 4, 2];

/// The steps that turn an original of these measures into the picture the plan asks for.
///
/// Pure and total: any plan and any measures give a layout whose rectangles lie inside the picture they are cut from and
/// whose output is within `sizing.side_max`. The numbers are those of the original at its full size; see
/// [`Layout::shrink_max`] for a decoder that shrinks on load.
#[must_use]
pub fn layout(plan: &Plan, measured: &Measured) -> Layout {
    let mut steps = Steps { ops: Vec::new(), size: measured.size, transparent: measured.has_alpha, backed: false };
    steps.upright(plan.orient, measured.orientation);
    if let Some(region) = plan.rect.and_then(|rect| geometry::source_rect(&rect, steps.size)) {
        steps.crop(region);
    }
    steps.place(plan);
    if plan.mirror.horizontal {
        steps.ops.push(Op::MirrorHorizontal);
    }
    if plan.mirror.vertical {
        steps.ops.push(Op::MirrorVertical);
    }
    steps.rotate(plan);
    steps.background(plan);
    Layout { ops: steps.ops, output: steps.size }
}

/// Ops so far, and the picture they leave.
struct Steps {
    ops: Vec<Op>,
    size: Size,
    /// Whether any pixel can be transparent.
    transparent: bool,
    /// Whether the background is under the picture already.
    backed: bool,
}

impl Steps {
    fn upright(&mut self, orient: Orient, exif: u8) {
        let value = match orient {
            Orient::Exif => exif,
            Orient::Fixed(value) => value,
        };
        if (2..=8).contains(&value) {
            self.ops.push(Op::Orient(value));
        }
        if (5..=8).contains(&value) {
            self.size = self.size.transposed();
        }
    }

    /// Cuts `rect` out; two cuts in a row become one.
    fn crop(&mut self, rect: Rect) {
        debug_assert!(rect.is_inside(self.size), "{rect:?} outside {:?}", self.size);
        if rect == Rect::whole(self.size) {
            return;
        }
        self.size = rect.size;
        if let Some(Op::Crop(earlier)) = self.ops.last_mut() {
            earlier.left += rect.left;
            earlier.top += rect.top;
            earlier.size = rect.size;
        } else {
            self.ops.push(Op::Crop(rect));
        }
    }

    /// Resize, focal cross-hair and extension to the box.
    fn place(&mut self, plan: &Plan) {
        let frame = geometry::requested_box(&plan.sizing, self.size);
        let placement = geometry::place(&plan.sizing, frame, self.size);
        let whole = Rect::whole(placement.scaled);
        match placement.window {
            Placed::At(rect) if placement.scaled == self.size => self.crop(rect),
            Placed::At(rect) => {
                let window = if rect == whole { Window::Whole } else { Window::Fixed(rect) };
                self.ops.push(Op::Resize(Resize { scaled: placement.scaled, window }));
                self.size = rect.size;
            }
            Placed::By(finder, otherwise) => {
                let window = Window::Find { size: otherwise.size, finders: vec![finder], otherwise };
                self.ops.push(Op::Resize(Resize { scaled: placement.scaled, window }));
                self.size = otherwise.size;
            }
        }
        if let Some((x, y)) = placement.focal_px.filter(|_| plan.focal_debug) {
            self.ops.push(Op::FocalDebug { x, y });
        }
        if let Some(canvas) = placement.canvas {
            let fill = extend_fill(plan);
            // Bars in the colour of a translucent background would get it twice.
            if plan.background.is_some_and(|bg| fill == ExtendFill::Solid(bg)) {
                self.background(plan);
            }
            self.transparent |= matches!(fill, ExtendFill::Solid(color) if !color.is_opaque());
            self.ops.push(Op::Extend(Extend { canvas: canvas.size, left: canvas.left, top: canvas.top, fill }));
            self.size = canvas.size;
        }
    }

    /// Puts `bg` under the picture, once.
    fn background(&mut self, plan: &Plan) {
        if let Some(color) = plan.background.filter(|_| self.transparent && !self.backed) {
            self.ops.push(Op::Background(color));
        }
        self.backed = true;
    }

    fn rotate(&mut self, plan: &Plan) {
        let Some(rotation) = plan.rotation else { return };
        let background = plan.background.unwrap_or(Color::TRANSPARENT_WHITE);
        if rotation.kind == RotType::Pivot {
            self.background(plan);
        }
        self.transparent |= rotation.kind == RotType::Pivot && !background.is_opaque();
        self.ops.push(Op::Rotate(Rotate { degrees: rotation.degrees, kind: rotation.kind, background }));
    }
}

fn extend_fill(plan: &Plan) -> ExtendFill {
    match (plan.sizing.fit, plan.bars) {
        (Fit::Clamp, _) => ExtendFill::Edge,
        (_, Bars::Solid(color)) => ExtendFill::Solid(color),
        (_, Bars::Blur) => ExtendFill::Blur,
    }
}

impl Layout {
    /// The largest of 8, 4, 2, 1 by which the decoder may divide both sides of the original (rounding up) so that every
    /// resize still *reduces* by at least `headroom`, and [`Layout::shrunk`] stays exact. 1 when there is no resize.
    ///
    /// Quality falls when the decoder's box filter does most of the reduction: `headroom` is 1 for "never enlarge what
    /// was shrunk", 2 or more to leave the last octaves to the resampler.
    #[must_use]
    pub fn shrink_max(&self, original: Size, headroom: f64) -> u32 {
        SHRINK_FACTORS.into_iter().find(|factor| self.can_shrink(original, *factor, headroom)).unwrap_or(1)
    }

    fn can_shrink(&self, original: Size, factor: u32, headroom: f64) -> bool {
        let mut size = original;
        let mut turned = false;
        let on_both = original.width.is_multiple_of(factor) && original.height.is_multiple_of(factor);
        for op in &self.ops {
            match op {
                Op::Orient(value) => {
                    turned = true;
                    size = if *value >= 5 { size.transposed() } else { size };
                }
                // Turning moves a partial last pixel to the front, and with it the whole grid.
                Op::Crop(_) if turned && !on_both => return false,
                Op::Crop(rect) => {
                    // An edge off the grid of the shrunk picture would move the content by a part of a pixel.
                    let on_grid = |start: u32, len: u32, total: u32| {
                        start.is_multiple_of(factor) && (len.is_multiple_of(factor) || start + len == total)
                    };
                    if !on_grid(rect.left, rect.size.width, size.width)
                        || !on_grid(rect.top, rect.size.height, size.height)
                    {
                        return false;
                    }
                    size = rect.size;
                }
                Op::Resize(resize) => {
                    let spare = |from: u32, to: u32| f64::from(from / factor) >= f64::from(to) * headroom;
                    return spare(size.width, resize.scaled.width) && spare(size.height, resize.scaled.height);
                }
                Op::Extend(_)
                | Op::FocalDebug { .. }
                | Op::MirrorHorizontal
                | Op::MirrorVertical
                | Op::Rotate(_)
                | Op::Background(_) => return false,
            }
        }
        false
    }

    /// The same layout for an original decoded at `1/factor` of its size (sides rounded up), with the same output.
    ///
    /// Only rectangles cut out before the first resize are in pixels of the original, so only they change. `factor` must
    /// come from [`Layout::shrink_max`].
    #[must_use]
    pub fn shrunk(&self, factor: u32) -> Self {
        let mut shrunk = self.clone();
        for op in &mut shrunk.ops {
            match op {
                Op::Crop(rect) => {
                    rect.left /= factor;
                    rect.top /= factor;
                    rect.size =
                        Size { width: rect.size.width.div_ceil(factor), height: rect.size.height.div_ceil(factor) };
                }
                Op::Resize(_) => break,
                Op::Orient(_)
                | Op::Extend(_)
                | Op::FocalDebug { .. }
                | Op::MirrorHorizontal
                | Op::MirrorVertical
                | Op::Rotate(_)
                | Op::Background(_) => {}
            }
        }
        shrunk
    }
}
