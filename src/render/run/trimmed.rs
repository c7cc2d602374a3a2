//! From what a layout with an [`Op::Trim`] sees of the decoded pixels to what [`Found::trimmed`](crate::plan::Found)
//! wants to know.

use crate::pixels::raster::Raster;
use crate::pixels::{crop, orient};
use crate::plan::{Layout, Op, Trim};
use crate::render::RenderError;
use crate::render::stage::trim;
use crate::units::{Rect, Size};

/// What trimming leaves of `first`, the first decoded frame, in pixels of an original of its nominal size; `None` when
/// the layout does not trim.
///
/// `layout` is the one for the nominal size, `fitted` the same for the frame, which may be a vector drawn larger.
///
/// # Errors
/// [`RenderError::Stage`] if the layout does not fit the frame.
pub(in crate::render) fn found(
    first: &Raster,
    nominal: Size,
    layout: &Layout,
    fitted: &Layout,
) -> Result<Option<Rect>, RenderError> {
    let Some(op) = trim_of(layout) else { return Ok(None) };
    let before: Vec<&Op> = fitted.ops.iter().take_while(|op| !matches!(op, Op::Trim(_))).collect();
    let (kept, drawn) = if before.is_empty() {
        (trim::measure(first, &op), first.size)
    } else {
        let raster = before.into_iter().try_fold(first.clone(), turned_or_cut)?;
        (trim::measure(&raster, &op), raster.size)
    };
    Ok(Some(covering(kept, drawn, size_at_trim(nominal, layout))))
}

fn trim_of(layout: &Layout) -> Option<Trim> {
    layout.ops.iter().find_map(|op| if let Op::Trim(trim) = op { Some(*trim) } else { None })
}

/// Nothing else comes before a trim.
fn turned_or_cut(raster: Raster, op: &Op) -> Result<Raster, RenderError> {
    if let Op::Orient(value) = op {
        Ok(orient::apply(raster, *value))
    } else if let Op::Crop(rect) = op {
        Ok(crop::apply(raster, *rect)?)
    } else {
        Err(RenderError::Stage { stage: op.name().to_owned() })
    }
}

/// Size of the picture when the trim begins.
fn size_at_trim(original: Size, layout: &Layout) -> Size {
    layout.ops.iter().take_while(|op| !matches!(op, Op::Trim(_))).fold(original, |size, op| {
        if let Op::Orient(5..=8) = op {
            size.transposed()
        } else if let Op::Crop(rect) = op {
            rect.size
        } else {
            size
        }
    })
}

/// The least rectangle of a picture of size `to` that covers all of `rect` in one of size `from`.
fn covering(rect: Rect, from: Size, to: Size) -> Rect {
    let axis = |start: u32, len: u32, from: u32, to: u32| {
        let (start, end, from, to) =
            (u64::from(start), u64::from(start) + u64::from(len), u64::from(from), u64::from(to));
        let first = (start * to / from).min(to - 1);
        let last = (end * to).div_ceil(from).clamp(first + 1, to);
        // Both are at most `to`.
        (first as u32, (last - first) as u32)
    };
    let (left, width) = axis(rect.left, rect.size.width, from.width, to.width);
    let (top, height) = axis(rect.top, rect.size.height, from.height, to.height);
    Rect { left, top, size: Size::new(width, height) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_grow_rather_than_cut() {
        let rect = Rect { left: 7, top: 9, size: Size::new(6, 1) };
        let small = covering(rect, Size::new(20, 10), Size::new(10, 5));
        assert_eq!(small, Rect { left: 3, top: 4, size: Size::new(4, 1) });
        assert_eq!(covering(rect, Size::new(20, 10), Size::new(20, 10)), rect);
        let whole = Rect::whole(Size::new(20, 10));
        assert_eq!(covering(whole, whole.size, Size::new(7, 3)), Rect::whole(Size::new(7, 3)));
    }
}
