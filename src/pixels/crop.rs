//! Cuts out a rectangle.

use super::Misfit;
use crate::pixels::raster::{Raster, Rearrange};
use crate::units::{Rect, Size};

/// Keeps `rect`, in pixels of the given image. Any depth and channels.
///
/// # Errors
/// [`Misfit`] if the rectangle is not inside the image.
pub fn apply(raster: Raster, rect: Rect) -> Result<Raster, Misfit> {
    if !rect.is_inside(raster.size) {
        return Err(Misfit::Crop);
    }
    Ok(if rect == Rect::whole(raster.size) { raster } else { raster.rearranged(&Cut(rect)) })
}

struct Cut(Rect);

impl Rearrange for Cut {
    fn run<P: Copy>(&self, pixels: &[P], size: Size) -> (Size, Vec<P>) {
        let Rect { left, top, size: kept } = self.0;
        let columns = left as usize..(left + kept.width) as usize;
        let rows = pixels.chunks_exact(size.width as usize).skip(top as usize).take(kept.height as usize);
        (kept, rows.flat_map(|row| &row[columns.clone()]).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::Samples;

    #[test]
    fn keeps_exactly_the_rectangle() {
        let raster = Raster { size: Size::new(4, 3), channels: 1, samples: Samples::U16((0..12).collect()) };
        let rect = Rect { left: 1, top: 1, size: Size::new(2, 2) };
        assert_eq!(apply(raster.clone(), rect).unwrap().samples, Samples::U16(vec![5, 6, 9, 10]));
        assert_eq!(apply(raster.clone(), Rect::whole(raster.size)).unwrap(), raster);
        assert!(apply(raster, Rect { left: 3, ..rect }).is_err());
    }
}
