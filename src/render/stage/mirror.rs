//! Mirrors the image.

use crate::pixels::orient;
use crate::pixels::raster::Raster;

/// Mirrors left to right.
#[must_use]
pub fn horizontal(raster: Raster) -> Raster {
    orient::apply(raster, 2)
}

/// Mirrors top to bottom.
#[must_use]
pub fn vertical(raster: Raster) -> Raster {
    orient::apply(raster, 4)
}
