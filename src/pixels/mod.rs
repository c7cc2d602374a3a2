//! Pixel work that is independent of plans: rasters, resampling, blurs, shapes, ramps and blending.
//!
//! Each function takes sizes, rectangles and colours, never an op: what a URL asks for is decided elsewhere.

pub mod background;
pub mod blend_modes;
pub mod crop;
pub mod distance;
pub mod extend;
pub mod gaussian;
pub mod guided;
pub mod k_means;
pub mod oklab;
pub mod orient;
pub mod paint;
pub mod points;
pub mod ramp;
pub mod raster;
pub mod resample;
pub mod rows;
pub mod sampling;
pub mod shape;
pub mod srgb;

/// A caller's mistake: a rectangle that is not inside the image, or an image with fewer samples than its size requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// While cutting out a rectangle.
    #[error("crop: the rectangle is not inside the image")]
    Crop,
    /// While scaling.
    #[error("resize: the rectangle is not inside the image")]
    Resize,
}
