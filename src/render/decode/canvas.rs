//! The canvas of an animation, shared by GIF and APNG. Each frame draws its part over what the previous frames left,
//! then disposes of it as the file says.

use std::ops::Range;

use crate::pixels::paint;
use crate::pixels::raster::{Raster, Samples};
use crate::render::RenderError;
use crate::units::{Rect, Size};

/// Yields the frames `shown`, counted from 0. `advance` draws the animation frame by frame from the first on; its
/// argument says whether the frame will be used. The iterator stops after the first error.
pub(super) fn shown(
    shown: Range<u32>,
    mut advance: impl FnMut(bool) -> Result<Option<Raster>, RenderError>,
) -> impl Iterator<Item = Result<Raster, RenderError>> {
    let mut next = 0;
    std::iter::from_fn(move || {
        while next < shown.end {
            let is_shown = next >= shown.start;
            next += 1;
            match advance(is_shown) {
                Ok(Some(frame)) => return Some(Ok(frame)),
                Ok(None) => {}
                Err(error) => {
                    next = shown.end;
                    return Some(Err(error));
                }
            }
        }
        None
    })
}

/// How a part is combined with the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameBlend {
    /// The part replaces what is there, including opacity.
    Source,
    /// The part is composited over what is there.
    Over,
}

/// What happens to a part after its frame has been shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disposal {
    /// It stays.
    Keep,
    /// Its area becomes transparent. (GIF specifies a background colour, but no browser paints it.)
    Clear,
    /// Its area reverts to what it was before the frame.
    Restore,
}

/// What one frame draws.
pub(super) struct FramePart<'p> {
    /// Where it is placed; anything beyond the edge of the canvas is cut off.
    pub(super) rect: Rect,
    /// 8-bit RGBA of the whole rectangle, row by row, with straight alpha.
    pub(super) pixels: &'p [u8],
    pub(super) blend: FrameBlend,
    pub(super) disposal: Disposal,
}

/// 8-bit RGBA pixels, initially transparent.
pub(super) struct FrameCanvas {
    size: Size,
    pixels: Vec<u8>,
}

impl FrameCanvas {
    /// Creates a transparent canvas.
    pub(super) fn new(size: Size) -> Self {
        let bytes = usize::try_from(size.area() * 4).expect("a size within the limits fits in memory");
        Self { size, pixels: vec![0; bytes] }
    }

    /// Draws a part and then disposes of it. Returns the canvas as it looks in between if `is_shown`.
    pub(super) fn play(&mut self, part: &FramePart<'_>, is_shown: bool) -> Option<Raster> {
        let rows: Vec<Row> = self.rows(part.rect).collect();
        let before: Option<Vec<u8>> = (part.disposal == Disposal::Restore)
            .then(|| rows.iter().flat_map(|row| &self.pixels[row.at..row.at + row.len]).copied().collect());
        for row in &rows {
            let (under, top) = (&mut self.pixels[row.at..row.at + row.len], &part.pixels[row.from..row.from + row.len]);
            match part.blend {
                FrameBlend::Source => under.copy_from_slice(top),
                FrameBlend::Over => lay_over(under, top),
            }
        }
        let shown = is_shown.then(|| self.image());
        match (part.disposal, before) {
            (Disposal::Clear, _) => rows.iter().for_each(|row| self.pixels[row.at..row.at + row.len].fill(0)),
            (Disposal::Restore, Some(before)) => {
                let mut rest = before.as_slice();
                for row in &rows {
                    let (old, after) = rest.split_at(row.len);
                    self.pixels[row.at..row.at + row.len].copy_from_slice(old);
                    rest = after;
                }
            }
            (Disposal::Keep | Disposal::Restore, _) => {}
        }
        shown
    }

    /// Copies the current canvas.
    pub(super) fn image(&self) -> Raster {
        Raster { size: self.size, channels: 4, samples: Samples::U8(self.pixels.clone()) }
    }

    /// Returns the rows of a part that are on the canvas.
    fn rows(&self, rect: Rect) -> impl Iterator<Item = Row> + use<> {
        let Size { width, height } = self.size;
        let visible = rect.size.width.min(width.saturating_sub(rect.left)) as usize * 4;
        let visible_rows = rect.size.height.min(height.saturating_sub(rect.top)) as usize;
        let count = if visible == 0 { 0 } else { visible_rows };
        let (stride, own_stride) = (width as usize * 4, rect.size.width as usize * 4);
        let start = rect.top as usize * stride + rect.left as usize * 4;
        (0..count).map(move |y| Row { at: start + y * stride, from: y * own_stride, len: visible })
    }
}

/// One row of a part, in bytes.
struct Row {
    /// Start on the canvas, and start in the part.
    at: usize,
    from: usize,
    len: usize,
}

fn lay_over(under: &mut [u8], top: &[u8]) {
    for (under, top) in under.as_chunks_mut::<4>().0.iter_mut().zip(top.as_chunks::<4>().0) {
        match top[3] {
            0 => {}
            255 => *under = *top,
            _ => *under = paint::over(*top, *under),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: [u8; 4] = [255, 0, 0, 255];
    const BLUE: [u8; 4] = [0, 0, 255, 255];
    const NONE: [u8; 4] = [0; 4];

    fn rect(left: u32, top: u32, width: u32, height: u32) -> Rect {
        Rect { left, top, size: Size::new(width, height) }
    }

    /// Plays a part on a canvas of 2 x 2 that is red on the left. Checks what is shown and what is left.
    #[track_caller]
    fn check(part: &FramePart<'_>, shown: [[u8; 4]; 4], left: [[u8; 4]; 4]) {
        let mut canvas = FrameCanvas::new(Size::new(2, 2));
        let half = [RED; 2].concat();
        let red =
            FramePart { rect: rect(0, 0, 1, 2), pixels: &half, blend: FrameBlend::Source, disposal: Disposal::Keep };
        assert!(canvas.play(&red, false).is_none());
        assert_eq!(canvas.play(part, true).unwrap().into_bytes(), shown.concat());
        assert_eq!(canvas.pixels, left.concat());
    }

    #[test]
    fn parts_are_disposed_of() {
        let blues = [BLUE; 2].concat();
        let part = |disposal| FramePart { rect: rect(0, 0, 2, 1), pixels: &blues, blend: FrameBlend::Over, disposal };
        let shown = [BLUE, BLUE, RED, NONE];
        check(&part(Disposal::Keep), shown, shown);
        check(&part(Disposal::Clear), shown, [NONE, NONE, RED, NONE]);
        check(&part(Disposal::Restore), shown, [RED, NONE, RED, NONE]);
    }

    #[test]
    fn transparent_pixels_replace_or_show_what_is_below() {
        let pixels = [[0, 0, 255, 0], [0, 0, 255, 128]].concat();
        let part = |blend| FramePart { rect: rect(0, 0, 1, 2), pixels: &pixels, blend, disposal: Disposal::Keep };
        let replaced = [[0, 0, 255, 0], NONE, [0, 0, 255, 128], NONE];
        check(&part(FrameBlend::Source), replaced, replaced);
        let mixed = [RED, NONE, [127, 0, 128, 255], NONE];
        check(&part(FrameBlend::Over), mixed, mixed);
    }

    #[test]
    fn parts_outside_the_canvas_are_cut_off() {
        let pixels: Vec<u8> = (0..16).flat_map(|index| [index, 0, 0, 255]).collect();
        let part = |rect| FramePart { rect, pixels: &pixels, blend: FrameBlend::Over, disposal: Disposal::Restore };
        let start = [RED, NONE, RED, NONE];
        check(&part(rect(1, 1, 4, 4)), [RED, NONE, RED, [0, 0, 0, 255]], start);
        check(&part(rect(0, 0, 4, 4)), [[0, 0, 0, 255], [1, 0, 0, 255], [4, 0, 0, 255], [5, 0, 0, 255]], start);
        for outside in [rect(2, 0, 4, 4), rect(0, 2, 4, 4), rect(u32::MAX, u32::MAX, 4, 4)] {
            check(&part(outside), start, start);
        }
    }
}
