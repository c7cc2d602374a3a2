//! Pixel work that knows no plan: rasters, resampling, blurs, shapes, ramps and blending.

pub mod background;
pub mod blend_modes;
pub mod crop;
pub mod distance;
pub mod gaussian;
pub mod guided;
pub mod oklab;
pub mod orient;
pub mod paint;
pub mod points;
pub mod ramp;
pub mod raster;
pub mod resample;
pub mod sampling;
pub mod shape;
pub mod srgb;
