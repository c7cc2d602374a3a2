//! [`VipsError`]: which call failed. The library's own text is thrown away: it quotes the input and must reach neither
//! client nor log.

use std::ffi::CStr;

use super::sys;

/// A call that did not work. Holds only names that are constants of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VipsError {
    /// This build of the library has no such operation.
    #[error("libvips has no operation {operation}")]
    UnknownOperation {
        /// Nickname of the operation.
        operation: &'static str,
    },
    /// The operation has no such option, or one of another type: our mistake.
    #[error("libvips operation {operation} has no option {option} of that type")]
    UnknownOption {
        /// Nickname of the operation.
        operation: &'static str,
        /// Name of the option.
        option: &'static str,
    },
    /// The operation refused its arguments, or reading the picture failed.
    #[error("libvips operation {operation} failed")]
    Failed {
        /// Nickname of the operation.
        operation: &'static str,
    },
    /// The samples are of a depth or number of channels that [`crate::pixels::raster::Raster`] cannot hold.
    #[error("picture of {bands} bands cannot be held")]
    Unrepresentable {
        /// Channels found.
        bands: i32,
    },
}

/// Empties the process-wide error buffer, so that the text of one job's failure is never seen by the next.
pub fn discard_text() {
    // SAFETY: takes no argument and locks the buffer itself.
    unsafe { sys::vips_error_clear() };
}

/// Whether a codec has complained since the error buffer was last emptied, in this process; empties it.
///
/// libvips writes what libjpeg warns of there, and looks at the warnings themselves only before it reads on: those about
/// the last rows of an image are otherwise lost.
#[must_use]
pub fn has_complained() -> bool {
    // SAFETY: takes no argument, locks the buffer itself and hands out a copy that is ours to free, never null.
    let text = unsafe { sys::vips_error_buffer_copy() };
    // SAFETY: a C string that is valid until the next line.
    let is_empty = unsafe { *text } == 0;
    // SAFETY: allocated by GLib for us, and not used again.
    unsafe { sys::g_free(text.cast()) };
    !is_empty
}

/// The text of a name literal.
pub(super) const fn name(name: &'static CStr) -> &'static str {
    match name.to_str() {
        Ok(text) => text,
        Err(_) => "?",
    }
}
