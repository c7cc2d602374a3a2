//! JPEG, and the markers that both encoders of it leave to us.
//!
//! jpegli needs the fewest bytes of all that we measured. It is a young crate of one author, so a build can do without
//! (`--no-default-features`): then the libjpeg-turbo that libvips was built with writes the same markers and
//! more bytes.

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
/// [`RenderError::Encode`] when the encoder refuses.
pub(super) fn encode(raster: &Raster, output: &Output, attached: Attached<'_>) -> Result<Vec<u8>, RenderError> {
    encoder::encode(raster, output, attached)
}
