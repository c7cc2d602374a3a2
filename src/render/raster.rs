//! Decoded pixels in memory: what resampling, pixel loops and encoders work on.

use crate::units::Size;

/// Interleaved pixels, row after row without padding; alpha, when present, is the last channel and straight.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    /// Extent in pixels.
    pub size: Size,
    /// 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA.
    pub channels: u8,
    /// `size.width * size.height * channels` samples.
    pub samples: Samples,
}

/// Samples of one depth, sRGB-encoded unless the profile beside them says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// 0 to 255.
    U8(Vec<u8>),
    /// 0 to 65535.
    U16(Vec<u16>),
}

impl Raster {
    /// Whether there is an alpha channel.
    #[must_use]
    pub const fn has_alpha(&self) -> bool {
        matches!(self.channels, 2 | 4)
    }
}
