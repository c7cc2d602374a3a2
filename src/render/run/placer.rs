//! From a decoder's rows to the image at its final size: crops, rotates and scales.

use crate::pixels::raster::Raster;
use crate::pixels::rows::{self, Rows};
use crate::pixels::{crop, orient, resample};
use crate::plan::{Layout, Resize, Window};
use crate::render::RenderError;
use crate::render::stage::find;
use crate::units::{Rect, Size};

/// How to place every frame of one size.
#[derive(Clone, Debug)]
pub(in crate::render) struct Placer {
    /// The part of a frame to read, in stored orientation.
    cut: Rect,
    turn: u8,
    turns_last: bool,
    /// In pixels of the image at that point: not rotated yet if the rotation comes last.
    resize: Option<Resize>,
}

impl Placer {
    /// Prepares for frames that were decoded at `decoded`, by a decoder that was told to divide both sides by `shrink`.
    pub(in crate::render) fn new(layout: &Layout, decoded: Size, shrink: u32) -> Self {
        let (turn, turns_last) = (layout.read.turn, layout.turns_last());
        let resize = layout.place.clone();
        let resize = if turns_last { resize.map(|resize| stored(&resize, turn)) } else { resize };
        Self { cut: layout.read.stored_cut(decoded, shrink), turn, turns_last, resize }
    }

    /// Returns the size of the part that is read, upright.
    pub(in crate::render) const fn size(&self) -> Size {
        if self.turn >= 5 { self.cut.size.transposed() } else { self.cut.size }
    }

    /// Reads the needed part of a frame. The result is upright unless the rotation comes last, after scaling has made
    /// the image smaller.
    ///
    /// # Errors
    /// [`RenderError::Undecodable`] if the frame ends early.
    pub(in crate::render) fn read(&self, rows: Box<dyn Rows + '_>) -> Result<Raster, RenderError> {
        let raster = rows::cut(rows, self.cut)?;
        Ok(if self.turns_last { raster } else { orient::apply(raster, self.turn) })
    }

    /// Scales what was read. A window that must be found is searched in the first frame and then fixed for the
    /// following ones.
    ///
    /// # Errors
    /// [`RenderError::Stage`] if the raster does not match the layout.
    pub(in crate::render) fn scaled(&mut self, raster: Raster) -> Result<Raster, RenderError> {
        let raster = match &mut self.resize {
            None => raster,
            Some(resize) => resized(raster, resize)?,
        };
        Ok(if self.turns_last { orient::apply(raster, self.turn) } else { raster })
    }
}

fn resized(raster: Raster, resize: &mut Resize) -> Result<Raster, RenderError> {
    if let Window::Find { size, finders, otherwise } = &resize.window {
        let whole = resample::scale_whole(raster, resize.scaled)?;
        let rect = find::window(&whole, *size, finders, *otherwise);
        resize.window = Window::Fixed(rect);
        return Ok(crop::apply(whole, rect)?);
    }
    // A plain crop keeps the bit depth.
    if raster.size == resize.scaled && resize.kept() != Rect::whole(resize.scaled) {
        return Ok(crop::apply(raster, resize.kept())?);
    }
    Ok(resample::apply(raster, resize.scaled, resize.kept())?)
}

/// Converts a resize for an image that is rotated upright afterwards.
fn stored(resize: &Resize, turn: u8) -> Resize {
    let scaled = if turn >= 5 { resize.scaled.transposed() } else { resize.scaled };
    let window = match &resize.window {
        Window::Fixed(rect) => Window::Fixed(orient::stored_rect(*rect, resize.scaled, turn)),
        window @ (Window::Whole | Window::Find { .. }) => window.clone(),
    };
    Resize { scaled, window }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::Samples;
    use crate::pixels::rows::RasterRows;
    use crate::plan::{Op, Read};

    fn rect(left: u32, top: u32, width: u32, height: u32) -> Rect {
        Rect { left, top, size: Size::new(width, height) }
    }

    fn image() -> Raster {
        let size = Size::new(60, 40);
        Raster { size, channels: 1, samples: Samples::U8((0..2400).map(|n| (n * 7 % 256) as u8).collect()) }
    }

    /// Places the image with or without a step that prevents the rotation from coming last.
    fn placed(turn: u8, keep_order: bool) -> Raster {
        let read = Read { turn, cut: Some(rect(4, 2, 30, 24)), ..Read::whole(image().size) };
        let place = Some(Resize { scaled: Size::new(15, 12), window: Window::Fixed(rect(3, 1, 10, 9)) });
        let on_original = if keep_order { vec![Op::RedEye(Vec::new())] } else { Vec::new() };
        let layout = Layout { read, on_original, place, ops: Vec::new(), output: Size::new(10, 9), has_alpha: false };
        let mut placer = Placer::new(&layout, image().size, 1);
        assert_eq!(placer.turns_last, !keep_order);
        let raster = placer.read(Box::new(RasterRows::from(image()))).unwrap();
        placer.scaled(raster).unwrap()
    }

    #[test]
    fn rotation_may_come_last() {
        for turn in 1..=8 {
            assert_eq!(placed(turn, false), placed(turn, true), "{turn}");
            assert_eq!(placed(turn, false).size, Size::new(10, 9));
        }
    }
}
