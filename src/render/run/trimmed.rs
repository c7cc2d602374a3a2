//! Measures the trim box on decoded pixels for [`Found::trimmed`](crate::plan::Found).

use super::placer::Placer;
use crate::pixels::raster::Raster;
use crate::pixels::rows::RasterRows;
use crate::plan::{Read, Trim};
use crate::render::RenderError;
use crate::render::stage::trim;
use crate::units::{Rect, Size};

/// Measures what trimming leaves of `first`, the first decoded frame, and maps it back to the part of the original that
/// `read` describes, in pixels of the original. They differ if a vector was drawn larger.
///
/// # Errors
/// [`RenderError::Undecodable`] if the frame does not match the original.
pub(in crate::render) fn found(first: &Raster, trim: &Trim, read: &Read, placer: &Placer) -> Result<Rect, RenderError> {
    let shown = placer.read(Box::new(RasterRows::from(first.clone())))?;
    Ok(covering(trim::measure(&shown, trim), shown.size, read.size()))
}

/// Returns the smallest rectangle in an image of size `to` that covers all of `rect` in an image of size `from`.
fn covering(rect: Rect, from: Size, to: Size) -> Rect {
    let axis = |start: u32, len: u32, from: u32, to: u32| {
        let (start, end, from, to) =
            (u64::from(start), u64::from(start) + u64::from(len), u64::from(from), u64::from(to));
        let first = (start * to / from).min(to - 1);
        let last = (end * to).div_ceil(from).clamp(first + 1, to);
        // Both values are at most `to`.
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
