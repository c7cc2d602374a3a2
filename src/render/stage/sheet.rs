//! Arranges the frames of an animation in a grid: `fm=spritesheet`.

use crate::pixels::raster::{Raster, Samples};
use crate::plan::Sheet;
use crate::render::{RenderError, Step};
use crate::units::Color;

/// Combines all `frames`, which have the same size, from left to right and from top to bottom.
///
/// Unused cells show `background`; without one, they are white if all frames are opaque, otherwise transparent. Returns
/// 8 bits.
///
/// # Errors
/// [`RenderError::Stage`] when there is no frame or the sizes differ.
pub fn apply(frames: Vec<Raster>, background: Option<Color>) -> Result<Raster, RenderError> {
    let failed = || RenderError::Stage(Step::Sheet);
    let first = frames.first().ok_or_else(failed)?;
    let (tile, channels) = (first.size, first.channels);
    if frames.iter().any(|frame| frame.size != tile || !frame.is_consistent()) {
        return Err(failed());
    }
    let count = u32::try_from(frames.len()).map_err(|_| failed())?;
    let sheet = Sheet::of(count, tile);
    if count == 1 {
        return frames.into_iter().next().map(Raster::into_8_bit).ok_or_else(failed);
    }
    let clear = frames.iter().any(Raster::is_transparent);
    let empty = background.unwrap_or(if clear { Color::TRANSPARENT_WHITE } else { Color::WHITE });
    // Grey frames stay grey if nothing else has to be shown.
    let greys = frames.iter().all(|frame| frame.channels == channels) && channels <= 2 && background.is_none();
    let alpha = clear || !empty.is_opaque();
    let fill: &[u8] = match (greys, alpha) {
        (true, false) => &[empty.r],
        (true, true) => &[empty.r, empty.a],
        (false, false) => &[empty.r, empty.g, empty.b],
        (false, true) => &[empty.r, empty.g, empty.b, empty.a],
    };
    let size = sheet.size(tile);
    let pixels = usize::try_from(size.area()).map_err(|_| failed())?;
    let mut out = fill.repeat(pixels);
    for (index, frame) in (0..).zip(frames) {
        let bytes = shaped(frame, fill.len());
        let (column, row) = (index % sheet.columns as usize, index / sheet.columns as usize);
        let line = tile.width as usize * fill.len();
        for (y, from) in bytes.chunks_exact(line).enumerate() {
            let at = (row * tile.height as usize + y) * size.width as usize + column * tile.width as usize;
            out[at * fill.len()..][..line].copy_from_slice(from);
        }
    }
    Ok(Raster { size, channels: fill.len() as u8, samples: Samples::U8(out) })
}

/// Returns the samples of a frame in this number of channels, which must be enough for it.
fn shaped(frame: Raster, channels: usize) -> Vec<u8> {
    match (usize::from(frame.channels), channels) {
        (own, wanted) if own == wanted => frame.into_bytes(),
        (1, 2) => frame.into_bytes().into_iter().flat_map(|grey| [grey, 255]).collect(),
        (2, 1) => frame.without_alpha().into_bytes(),
        (_, 3) => frame.into_rgba().without_alpha().into_bytes(),
        (_, _) => frame.into_rgba().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    fn frame(channels: u8, value: u8) -> Raster {
        let count = 6 * usize::from(channels);
        let mut samples = vec![value; count];
        if matches!(channels, 2 | 4) {
            samples.iter_mut().skip(usize::from(channels) - 1).step_by(usize::from(channels)).for_each(|a| *a = 255);
        }
        Raster { size: Size::new(3, 2), channels, samples: Samples::U8(samples) }
    }

    #[test]
    fn frames_run_from_left_to_right_and_from_top_to_bottom() {
        let sheet = apply((0..5).map(|v| frame(1, v * 10)).collect(), None).unwrap();
        // Three rows of two cells of 3 x 2.
        assert_eq!((sheet.size, sheet.channels), (Size::new(6, 6), 1));
        let at = |x: usize, y: usize| sheet.pixel_8(y * 6 + x)[0];
        let cells = [at(0, 0), at(5, 1), at(0, 2), at(5, 3), at(2, 5), at(3, 4)];
        assert_eq!(cells, [0, 10, 20, 30, 40, 255], "the cell that is left over is white");
    }

    #[test]
    fn cells_left_over_show_the_background_or_nothing() {
        let red = Color { r: 255, g: 0, b: 0, a: 255 };
        let filled = apply(vec![frame(1, 9), frame(3, 9), frame(4, 9)], Some(red)).unwrap();
        assert_eq!(filled.channels, 3);
        assert_eq!(filled.pixel_8(filled.size.area() as usize - 1)[..3], [255, 0, 0]);
        let clear = Raster { samples: Samples::U8([9, 9, 9, 0].repeat(6)), ..frame(4, 9) };
        let open = apply(vec![frame(1, 9), clear.clone(), frame(3, 9), frame(2, 9), frame(3, 9)], None).unwrap();
        assert_eq!((open.channels, open.pixel_8(0)), (4, [9, 9, 9, 255]));
        assert_eq!(open.pixel_8(open.size.area() as usize - 1)[3], 0);
        let deep = Raster { samples: Samples::U16(vec![65_535; 6]), ..frame(1, 0) };
        assert_eq!(apply(vec![deep], None).unwrap().samples, Samples::U8(vec![255; 6]));
        assert!(apply(Vec::new(), None).is_err());
        assert!(apply(vec![frame(1, 0), Raster { size: Size::new(2, 3), ..frame(1, 0) }], None).is_err());
    }
}
