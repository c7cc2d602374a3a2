//! Draw text: a caption on a picture, or a picture made of text alone (`~text`).
//!
//! Where the reference is silent: a caption is placed by its ink from left to right, and by its whole line from top to
//! bottom, so that captions with and without descenders stand on one height; `txt-width` is where a caption is cut or
//! shrunk, and does not move it; a caption is cut between letters, never inside one; `txt-shad` is black, soft, and falls
//! to the bottom right, a third of a pixel of blur a step; letters with colours of their own (emoji) have no outline and take
//! the opacity of `txt-color`; `txt-track` counts on captions too. A caption in lines has its lines where it stands itself
//! (at the right, to the right), and stands by its longest line. Its box reaches from the first line's height to the last
//! one's, and the shadow falls on it. Turned, a caption is drawn by interpolation, with all that belongs to it.

mod face;
mod lay;
mod paint;
mod shape;

use crate::pixels::raster::{Raster, Samples};
use crate::plan::{Text, TextOp, TextOverflow, Written};
use crate::render::{RenderError, Step};
use crate::units::Size;

use self::lay::{Laid, Lines};
use self::shape::{Inked, Style, Wrap};

/// Draws a caption.
///
/// Takes any raster; returns it in 8 bits, its size unchanged, in colour unless picture and text are grey. Alpha appears
/// only where text as a stencil leaves holes.
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

/// The line, or the lines, cut or shrunk to their box.
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
            // Lines break between words as long as the longest of them can be made to fit.
            let word = text.split_whitespace().max_by_key(|word| word.chars().count()).unwrap_or_default();
            let style = shape::shrunk_to_width(word, &style, width)?;
            shape::draw(&text, &shape::shrunk_to_height(&text, &style, wrap, height)?, wrap)
        }
    }
}

/// The picture that is text alone: transparent, as wide as asked for, as high as asked for or as its lines need, at most
/// `height_max_px`.
///
/// # Errors
/// As [`apply`].
pub fn written(op: &Written) -> Result<Raster, RenderError> {
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
