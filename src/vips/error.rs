//! [`VipsError`]: which call failed. The library's own error text is discarded, because it quotes the input and must
//! reach neither client nor log.

use std::ffi::CStr;

use super::sys;

/// A failed call. Contains only names that are constants of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VipsError {
    /// This build of the library has no such operation.
    #[error("libvips has no operation {operation}")]
    UnknownOperation {
        /// Nickname of the operation.
        operation: &'static str,
    },
    /// The operation has no such option, or has it with another type: a bug on our side.
    #[error("libvips operation {operation} has no option {option} of that type")]
    UnknownOption {
        /// Nickname of the operation.
        operation: &'static str,
        /// Name of the option.
        option: &'static str,
    },
    /// The operation refused its arguments, or reading the image failed.
    #[error("libvips operation {operation} failed")]
    Failed {
        /// Nickname of the operation.
        operation: &'static str,
    },
    /// The samples have a depth or number of channels that [`crate::pixels::raster::Raster`] cannot hold.
    #[error("an image of {bands} bands is not supported")]
    Unrepresentable {
        /// Number of channels found.
        bands: i32,
    },
}

/// Empties the process-wide error buffer, so that the next job never sees the text of this one's failure.
pub fn discard_text() {
    // SAFETY: takes no argument and locks the buffer itself.
    unsafe { sys::vips_error_clear() };
}

/// Returns whether a codec has complained since this process last emptied the error buffer, and empties it.
///
/// libvips writes libjpeg's warnings there, but looks at them only before it reads on: warnings about the last rows of
/// an image would otherwise be lost.
#[must_use]
pub fn has_complained() -> bool {
    // SAFETY: takes no argument, locks the buffer itself and returns a copy that is ours to free, never null.
    let text = unsafe { sys::vips_error_buffer_copy() };
    // SAFETY: a C string that is valid until freed below.
    let is_empty = unsafe { *text } == 0;
    // SAFETY: GLib allocated it for us, and it is not used again.
    unsafe { sys::g_free(text.cast()) };
    !is_empty
}

/// Returns the text of a name literal.
pub(super) const fn name(name: &'static CStr) -> &'static str {
    match name.to_str() {
        Ok(text) => text,
        Err(_) => "?",
    }
}
