//! Decodes a small upright copy of an original just for the detector. The render itself may need another scale, section
//! or rotation, and those may depend on the faces.

use super::{Face, detect, enlargement, shrink_on_load};
use crate::param::ColorSpace;
use crate::pixels::orient;
use crate::plan::{FaceSearch, Measured, Orient, Select};
use crate::render::decode::{EncodedOriginal, Opened, Wanted};
use crate::render::run::frames;
use crate::render::{RenderError, RenderLimits};
use crate::units::Size;

/// Returns the faces of an original in the order of [`detect`].
///
/// # Errors
/// The same as for rendering the original: it cannot be decoded or exceeds the limits.
pub(in crate::render) fn search(
    original: &EncodedOriginal<'_>,
    search: FaceSearch,
    limits: &RenderLimits,
) -> Result<Vec<Face>, RenderError> {
    let select = Select { page: search.page, frame: search.frame, ..Select::default() };
    let opened = Opened::new(original, &select, limits)?;
    let measured = opened.measured;
    let shrink = if opened.shrinks_on_load() { shrink_on_load(measured.size, search.thorough) } else { 1 };
    let (first, _) = frames::decoded(&select.sequence(&opened.stored));
    let scale = if opened.is_vector() { enlargement(measured.size, search.thorough, limits.pixels_max) } else { 1.0 };
    let wanted = Wanted { first, shrink, scale, ..Wanted::first(ColorSpace::Srgb) };
    let frame = opened.decode(&wanted, limits)?.into_first()?;
    detect(orient::apply(frame, turn(search.orient, measured)), search.thorough)
}

/// Returns the EXIF orientation value that makes an original upright.
const fn turn(orient: Orient, measured: Measured) -> u8 {
    match orient {
        Orient::Exif => measured.orientation,
        Orient::Fixed(value) => value,
    }
}

/// Returns the size of the upright image.
#[must_use]
pub(in crate::render) const fn upright_size(orient: Orient, measured: Measured) -> Size {
    if matches!(turn(orient, measured), 5..=8) { measured.size.transposed() } else { measured.size }
}
