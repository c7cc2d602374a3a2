//! [`Rows`]: an image that is read row by row, so that it never has to be in memory as a whole.

use super::raster::{Raster, Samples};
use crate::units::{Rect, Size};

/// Number of bits per sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// 0 to 255.
    Eight,
    /// 0 to 65535.
    Sixteen,
}

/// The image ended early or cannot be read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the image cannot be read to its end")]
pub struct Unreadable;

/// An image whose rows are read once, from top to bottom.
pub trait Rows {
    /// Returns the size in pixels.
    fn size(&self) -> Size;

    /// Returns the number of channels: 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA.
    fn channels(&self) -> u8;

    /// Returns the depth of all samples.
    fn depth(&self) -> Depth;

    /// Returns the next rows, at least one and at most `count`: whole rows with the width of [`Rows::size`], the
    /// [`Rows::channels`] and the [`Rows::depth`]. `None` after the last row.
    ///
    /// # Errors
    /// [`Unreadable`]; no rows can be read after that.
    fn next_rows(&mut self, count: u32) -> Result<Option<Samples>, Unreadable>;

    /// Returns the whole image. Call before any row has been read.
    ///
    /// # Errors
    /// [`Unreadable`], also if rows have been read already.
    fn into_raster(self: Box<Self>) -> Result<Raster, Unreadable>;
}

/// Reads `part` of an image. Outside the part, only a few rows are held at a time.
///
/// # Errors
/// [`Unreadable`], also if the part is not inside the image.
pub fn cut(mut rows: Box<dyn Rows + '_>, part: Rect) -> Result<Raster, Unreadable> {
    /// Rows per band: few, but enough that the cost of a call is negligible compared with its pixels.
    const BAND: u32 = 64;
    let (size, channels) = (rows.size(), rows.channels());
    if part == Rect::whole(size) {
        return rows.into_raster();
    }
    if !part.is_inside(size) {
        return Err(Unreadable);
    }
    let mut kept = match rows.depth() {
        Depth::Eight => Samples::U8(Vec::new()),
        Depth::Sixteen => Samples::U16(Vec::new()),
    };
    let (row_len, first) = (size.width as usize * usize::from(channels), part.left as usize * usize::from(channels));
    let columns = first..first + part.size.width as usize * usize::from(channels);
    let (mut at, end) = (0, part.top + part.size.height);
    while at < end {
        // A band ends where the part begins and where it ends.
        let until = if at < part.top { part.top } else { end };
        let band = rows.next_rows(BAND.min(until - at))?.ok_or(Unreadable)?;
        let height = band.len() / row_len;
        if at >= part.top {
            match (&mut kept, &band) {
                (Samples::U8(kept), Samples::U8(band)) => append(kept, band, row_len, columns.clone()),
                (Samples::U16(kept), Samples::U16(band)) => append(kept, band, row_len, columns.clone()),
                (Samples::U8(_), Samples::U16(_)) | (Samples::U16(_), Samples::U8(_)) => return Err(Unreadable),
            }
        }
        at += u32::try_from(height).ok().filter(|height| *height > 0).ok_or(Unreadable)?;
    }
    // Rows after the part are not read; the decoder has checked them or will.
    let raster = Raster { size: part.size, channels, samples: kept };
    if raster.is_consistent() { Ok(raster) } else { Err(Unreadable) }
}

fn append<T: Copy>(kept: &mut Vec<T>, band: &[T], row_len: usize, columns: std::ops::Range<usize>) {
    for row in band.chunks_exact(row_len) {
        kept.extend_from_slice(&row[columns.clone()]);
    }
}

/// The rows of an image that is already in memory.
#[derive(Debug)]
pub struct RasterRows {
    raster: Raster,
    /// Number of rows already returned.
    given: u32,
}

impl From<Raster> for RasterRows {
    fn from(raster: Raster) -> Self {
        Self { raster, given: 0 }
    }
}

impl Rows for RasterRows {
    fn size(&self) -> Size {
        self.raster.size
    }

    fn channels(&self) -> u8 {
        self.raster.channels
    }

    fn depth(&self) -> Depth {
        match self.raster.samples {
            Samples::U8(_) => Depth::Eight,
            Samples::U16(_) => Depth::Sixteen,
        }
    }

    fn next_rows(&mut self, count: u32) -> Result<Option<Samples>, Unreadable> {
        let Size { width, height } = self.raster.size;
        let count = count.max(1).min(height - self.given);
        if count == 0 {
            return Ok(None);
        }
        let row_len = width as usize * usize::from(self.raster.channels);
        let span = self.given as usize * row_len..(self.given + count) as usize * row_len;
        let band = match &self.raster.samples {
            Samples::U8(samples) => samples.get(span).map(|band| Samples::U8(band.to_vec())),
            Samples::U16(samples) => samples.get(span).map(|band| Samples::U16(band.to_vec())),
        };
        self.given += count;
        band.map(Some).ok_or(Unreadable)
    }

    fn into_raster(self: Box<Self>) -> Result<Raster, Unreadable> {
        if self.given == 0 { Ok(self.raster) } else { Err(Unreadable) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::crop;

    fn raster(width: u32, height: u32, channels: u8) -> Raster {
        let size = Size::new(width, height);
        let count = size.area() as u32 * u32::from(channels);
        Raster { size, channels, samples: Samples::U8((0..count).map(|n| (n % 251) as u8).collect()) }
    }

    #[test]
    fn rows_come_once_each_and_in_order() {
        let mut rows = RasterRows::from(raster(2, 5, 3));
        let mut seen = Vec::new();
        while let Some(band) = rows.next_rows(2).unwrap() {
            let Samples::U8(band) = band else { panic!() };
            assert!(band.len() == 12 || band.len() == 6);
            seen.extend(band);
        }
        assert_eq!(Samples::U8(seen), raster(2, 5, 3).samples);
        assert_eq!(rows.next_rows(1), Ok(None));
        assert_eq!(Box::new(rows).into_raster(), Err(Unreadable), "not all of it any more");
    }

    #[test]
    fn a_part_is_what_cropping_gives() {
        let (image, whole) = (raster(7, 200, 4), Rect::whole(Size::new(7, 200)));
        for part in [
            whole,
            Rect { left: 2, top: 0, size: Size::new(5, 1) },
            Rect { left: 0, top: 63, size: Size::new(3, 66) },
            Rect { left: 6, top: 199, size: Size::new(1, 1) },
        ] {
            let rows = Box::new(RasterRows::from(image.clone()));
            assert_eq!(cut(rows, part).unwrap(), crop::apply(image.clone(), part).unwrap(), "{part:?}");
        }
        let deep = Raster { samples: Samples::U16((0..7 * 200 * 4).collect()), ..image.clone() };
        let part = Rect { left: 1, top: 3, size: Size::new(4, 80) };
        assert_eq!(cut(Box::new(RasterRows::from(deep.clone())), part).unwrap(), crop::apply(deep, part).unwrap());
        let outside = Rect { left: 3, top: 0, size: Size::new(5, 1) };
        assert_eq!(cut(Box::new(RasterRows::from(image)), outside), Err(Unreadable));
    }
}
