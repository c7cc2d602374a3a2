//! Mirror the picture.

use super::orient;
use crate::render::raster::Raster;

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
