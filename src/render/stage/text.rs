//! Draws text: a caption on an image, or image-only text (`~text`).
//!
//! Where the reference is silent: horizontally a caption is positioned by its ink, vertically by its whole line, so
//! that captions with and without descenders align. `txt-width` is where a caption is cut or shrunk; it does not move
//! it. A caption is cut between letters, never inside one. `txt-shad` is black and soft, falls to the bottom right, and
//! is blurred by a third of a pixel per step. Letters with their own colours (emoji) have no outline and take the
//! opacity of `txt-color`. `txt-track` applies to captions too. The lines of a multi-line caption are aligned like the
//! caption itself (on the right, to the right), and its longest line determines its position. Its box extends from the
//! top of the first line to the bottom of the last, and the shadow falls on it. A rotated caption is drawn by
//! interpolation together with everything that belongs to it.

mod face;
mod lay;
mod paint;
mod shape;

use crate::pixels::raster::{Raster, Samples};
use crate::plan::{ImageOnlyText, Text, TextOp, TextOverflow};
use crate::render::{RenderError, Step};
use crate::units::Size;

use self::lay::{Laid, Lines};
use self::shape::{Inked, Style, Wrap};

/// Draws a caption.
///
/// Accepts any raster. Returns it in 8 bits at the same size, in colour unless both image and text are grey. Alpha is
/// added only if text used as a stencil leaves holes.
///
/// # Errors
/// [`RenderError::Stage`] when libvips cannot draw text at all. A text without ink draws nothing.
pub fn apply(raster: Raster, op: &TextOp) -> Result<Raster, RenderError> {
    let Some(inked) = caption(op)? else {
        return Ok(match op.text.stencil {
            Some(stencil) => lay::cut(raster, None, stencil, op.behind),
            None => raster,
        });
    };
    let item = Size::new(inked.size.width, inked.height);
    let (left, top) = op.text.anchor.position(raster.size, item);
    let layer = paint::layer(&inked, &op.text, left, top + i64::from(inked.top));
    let laid = Laid::new(&layer, Lines { left, top, size: item }, op);
    Ok(match op.text.stencil {
        Some(stencil) => lay::cut(raster, Some(&laid), stencil, op.behind),
        None => lay::over(raster, &laid),
    })
}

fn style(text: &Text) -> Style {
    Style {
        font: face::description(&text.font),
        size_px: f64::from(text.size_px.max(1)),
        track_px: f64::from(text.track_px),
        lead_px: f64::from(text.lead_px.max(0)),
    }
}

/// Returns the line or lines, cut or shrunk to their box.
fn caption(op: &TextOp) -> Result<Option<Inked>, RenderError> {
    let text = shape::bounded(&op.text.text);
    let (style, width) = (style(&op.text), f64::from(op.box_width_px));
    let height = op.box_height_px.map(f64::from);
    let wrap = Some(Wrap { width_px: width, align: op.text.anchor.horizontal });
    match op.text.overflow {
        TextOverflow::Clip { side, ellipsis } => {
            let line = shape::cut_to(&text, &style, width, side, ellipsis)?;
            shape::draw(&line, &style, None)
        }
        TextOverflow::Shrink => {
            let style = shape::shrunk_to_width(&text, &style, width)?;
            shape::draw(&text, &shape::shrunk_to_height(&text, &style, None, height)?, None)
        }
        TextOverflow::Wrap => {
            let Some(lines) = shape::cut_to_height(text, &style, wrap, height)? else { return Ok(None) };
            shape::draw(&lines, &style, wrap)
        }
        TextOverflow::WrapShrink => {
            // Lines break between words as long as the longest word can be made to fit.
            let word = text.split_whitespace().max_by_key(|word| word.chars().count()).unwrap_or_default();
            let style = shape::shrunk_to_width(word, &style, width)?;
            shape::draw(&text, &shape::shrunk_to_height(&text, &style, wrap, height)?, wrap)
        }
    }
}

/// Draws image-only text: transparent, with the requested width and the requested height, or the height its lines need;
/// at most `height_max_px`.
///
/// # Errors
/// The same as [`apply`].
pub fn written(op: &ImageOnlyText) -> Result<Raster, RenderError> {
    let text = shape::bounded(&op.text.text);
    let pad = op.text.anchor.pad_px;
    let wrap = Some(Wrap { width_px: f64::from(op.box_width_px.max(1)), align: op.text.anchor.horizontal });
    let mut style = style(&op.text);
    if let (TextOverflow::Shrink, Some(height)) = (op.text.overflow, op.height_px) {
        let room = f64::from(height.saturating_sub(pad.saturating_mul(2)).max(1));
        style = shape::shrunk_to_height(&text, &style, wrap, Some(room))?;
    }
    let inked = shape::draw(&text, &style, wrap)?;
    let lines = inked.as_ref().map_or(0, |inked| inked.height);
    let height = op.height_px.unwrap_or_else(|| lines.saturating_add(pad.saturating_mul(2)));
    let size = Size::new(op.width_px, height.min(op.height_max_px));
    let pixels = usize::try_from(size.area()).map_err(|_| RenderError::Stage(Step::Text))?;
    let blank = Raster { size, channels: 4, samples: Samples::U8([255, 255, 255, 0].repeat(pixels)) };
    let Some(inked) = inked else { return Ok(blank) };
    let (left, top) = op.text.anchor.position(size, Size::new(op.box_width_px, inked.height));
    let layer = paint::layer(&inked, &op.text, left + i64::from(inked.left), top + i64::from(inked.top));
    Ok(lay::over(blank, &Laid::plain(&layer, op.text.alpha as f32)))
}

#[cfg(test)]
mod tests;
