//! Mirror the picture.

use crate::pixels::orient;
use crate::pixels::raster::Raster;

/// Mirrors left-right.
#[must_use]
pub fn horizontal(raster: Raster) -> Raster {
    orient::apply(raster, 2)
}

/// Mirrors top-bottom.
#[must_use]
pub fn vertical(raster: Raster) -> Raster {
    orient::apply(raster, 4)
}
