//! JPEG, using one of two encoders.
//!
//! jpegli needs the fewest bytes of all encoders that we measured. It is a young crate by a single author, so a build
//! can omit it (`--no-default-features`). Then the libjpeg-turbo that libvips was built with writes the same markers
//! and larger files.

use crate::pixels::raster::Raster;
use crate::plan::Output;
use crate::render::RenderError;

use super::Attached;
#[cfg(feature = "jpegli")]
use super::jpegli as encoder;
#[cfg(not(feature = "jpegli"))]
use super::turbo as encoder;

/// Encodes 8-bit grey or RGB without alpha.
///
/// # Errors
/// [`RenderError::Encode`] when the encoder fails.
pub(super) fn encode(raster: &Raster, output: &Output, attached: Attached<'_>) -> Result<Vec<u8>, RenderError> {
    encoder::encode(raster, output, attached)
}
