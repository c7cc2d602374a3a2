//! Mirrors the image.

use crate::pixels::orient;
use crate::pixels::raster::Raster;
use crate::plan::Mirror;

/// Mirrors left to right, then top to bottom. Same size and channels.
#[must_use]
pub fn apply(raster: Raster, mirror: Mirror) -> Raster {
    let raster = if mirror.horizontal { orient::apply(raster, 2) } else { raster };
    if mirror.vertical { orient::apply(raster, 4) } else { raster }
}
