//! Starts libvips once and blocks everything that we do not use.

use std::ffi::{CStr, c_int};
use std::sync::OnceLock;

use super::{error, sys};

/// What this build of libvips can do, for the start-up log and for clear error messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Version of the loaded library (not the one compiled against): major, minor, micro.
    pub version: (u32, u32, u32),
    /// Short names of formats that can be decoded.
    pub readable: Vec<&'static str>,
    /// Short names of formats that can be encoded.
    pub writable: Vec<&'static str>,
}

impl Capabilities {
    /// Returns whether the format with this short name can be decoded.
    #[must_use]
    pub fn reads(&self, format: &str) -> bool {
        self.readable.contains(&format)
    }

    /// Returns whether the format with this short name can be encoded.
    #[must_use]
    pub fn writes(&self, format: &str) -> bool {
        self.writable.contains(&format)
    }
}

/// libvips could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InitError {
    /// `vips_init` failed.
    #[error("libvips could not be initialised")]
    Failed,
    /// The library is older than we support.
    #[error("libvips {major}.{minor} is too old; install 8.14 or newer")]
    TooOld {
        /// Major version found.
        major: u32,
        /// Minor version found.
        minor: u32,
    },
}

/// Format, nickname of the operation, and class to unblock. Buffer variants only: nothing may open a file.
type VipsCodec = (&'static str, &'static CStr, &'static CStr);

/// JPEG 2000, JPEG XL and GIF are omitted on purpose: they are decoded elsewhere.
const LOADERS: [VipsCodec; 7] = [
    ("jpeg", c"jpegload_buffer", c"VipsForeignLoadJpegBuffer"),
    ("png", c"pngload_buffer", c"VipsForeignLoadPngBuffer"),
    ("webp", c"webpload_buffer", c"VipsForeignLoadWebpBuffer"),
    ("tiff", c"tiffload_buffer", c"VipsForeignLoadTiffBuffer"),
    ("heif", c"heifload_buffer", c"VipsForeignLoadHeifBuffer"),
    ("svg", c"svgload_buffer", c"VipsForeignLoadSvgBuffer"),
    ("pdf", c"pdfload_buffer", c"VipsForeignLoadPdfBuffer"),
];

const SAVERS: [VipsCodec; 8] = [
    ("jpeg", c"jpegsave_buffer", c"VipsForeignSaveJpegBuffer"),
    // One nickname, two implementations: libspng since 8.13, libpng where that is absent.
    ("png", c"pngsave_buffer", c"VipsForeignSaveSpngBuffer"),
    ("png", c"pngsave_buffer", c"VipsForeignSavePngBuffer"),
    ("webp", c"webpsave_buffer", c"VipsForeignSaveWebpBuffer"),
    ("gif", c"gifsave_buffer", c"VipsForeignSaveCgifBuffer"),
    ("jxl", c"jxlsave_buffer", c"VipsForeignSaveJxlBuffer"),
    ("jp2", c"jp2ksave_buffer", c"VipsForeignSaveJp2kBuffer"),
    ("avif", c"heifsave_buffer", c"VipsForeignSaveHeifBuffer"),
];

/// Starts libvips in this process. Later calls, from any thread, return what the first one found.
///
/// Everything under `VipsForeignLoad` and `VipsForeignSave` is blocked, then the buffer loaders and savers of the
/// supported formats are allowed again. Operations are not cached. Each image is computed on one thread, because jobs
/// run in parallel in separate workers. The library's warnings, which quote input, are dropped.
///
/// # Errors
/// [`InitError`] if the library cannot start or is older than 8.14.
pub fn init() -> Result<Capabilities, InitError> {
    static STARTED: OnceLock<Result<Capabilities, InitError>> = OnceLock::new();
    STARTED.get_or_init(start).clone()
}

fn start() -> Result<Capabilities, InitError> {
    silence_glib();
    // SAFETY: the argument is a NUL-terminated constant; `OnceLock` ensures that this runs once.
    let failed = unsafe { sys::vips_init(c"tintype".as_ptr()) } != 0;
    if failed {
        error::discard_text();
        return Err(InitError::Failed);
    }
    let version = version();
    if (version.0, version.1) < (8, 14) {
        return Err(InitError::TooOld { major: version.0, minor: version.1 });
    }
    block(c"VipsForeignLoad", true);
    block(c"VipsForeignSave", true);
    for (_, _, class) in LOADERS.iter().chain(&SAVERS) {
        block(class, false);
    }
    // SAFETY: plain setters; 0 means that no operation is kept.
    unsafe {
        sys::vips_cache_set_max(0);
        sys::vips_cache_set_max_mem(0);
        sys::vips_cache_set_max_files(0);
        sys::vips_concurrency_set(1);
    }
    Ok(Capabilities {
        version,
        readable: present(c"VipsForeignLoad", &LOADERS),
        writable: present(c"VipsForeignSave", &SAVERS),
    })
}

fn block(class: &CStr, state: bool) {
    // SAFETY: a NUL-terminated name; the library ignores classes that this build lacks.
    unsafe { sys::vips_operation_block_set(class.as_ptr(), c_int::from(state)) };
}

fn present(base: &CStr, codecs: &[VipsCodec]) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = Vec::new();
    for (format, nickname, _) in codecs {
        // SAFETY: two NUL-terminated names; returns 0 if there is no such type.
        let exists = unsafe { sys::vips_type_find(base.as_ptr(), nickname.as_ptr()) } != 0;
        if exists && !found.contains(format) {
            found.push(format);
        }
    }
    found
}

fn version() -> (u32, u32, u32) {
    // SAFETY: a pure getter for 0, 1 and 2.
    let part = |flag: c_int| unsafe { sys::vips_version(flag) }.unsigned_abs();
    (part(0), part(1), part(2))
}

/// Drops the warnings that libraries below libvips print: they quote the input, which must not reach a log.
fn silence_glib() {
    unsafe extern "C" fn ignore(
        _: *const std::ffi::c_char,
        _: sys::GLogLevelFlags,
        _: *const std::ffi::c_char,
        _: *mut std::ffi::c_void,
    ) {
    }
    unsafe extern "C" fn ignore_structured(
        _: sys::GLogLevelFlags,
        _: *const sys::GLogField,
        _: sys::gsize,
        _: *mut std::ffi::c_void,
    ) -> sys::GLogWriterOutput {
        1 // G_LOG_WRITER_HANDLED
    }
    // SAFETY: both functions have the expected signature, use none of their arguments and live forever.
    unsafe {
        sys::g_log_set_default_handler(Some(ignore), std::ptr::null_mut());
        sys::g_log_set_writer_func(Some(ignore_structured), std::ptr::null_mut(), None);
    }
}

/// Returns the number of live allocations that libvips tracks. A render that leaks nothing leaves it unchanged.
#[must_use]
pub fn tracked_allocations() -> i32 {
    // SAFETY: a getter that takes the library's own lock.
    unsafe { sys::vips_tracked_get_allocs() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vips::{Call, VipsError};

    #[test]
    fn starts_once_and_reads_the_common_formats() {
        let first = init().unwrap();
        assert_eq!(first, init().unwrap());
        assert!(first.version >= (8, 14, 0));
        assert!(first.writes("gif") && !first.reads("gif"), "read by code of our own");
        for format in ["jpeg", "png", "webp"] {
            assert!(first.reads(format) && first.writes(format), "{format}");
        }
        assert!(!first.reads("magick"));
    }

    #[test]
    fn loaders_outside_the_list_are_blocked() {
        init().unwrap();
        // Formats that libvips reads without another library: they would load if they were not blocked.
        let blocked: [(&CStr, &[u8]); 2] = [
            (c"radload_buffer", b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\nabcd"),
            (c"magickload_buffer", b"P5 1 1 255 a"),
        ];
        for (loader, bytes) in blocked {
            assert!(Call::new(loader).bytes(c"buffer", bytes).image_out().is_err(), "{loader:?}");
        }
        let svg = br#"<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>"#;
        let by_file = Call::new(c"svgload").text(c"filename", c"/nonexistent").image_out().err();
        assert!(matches!(by_file, Some(VipsError::Failed { .. } | VipsError::UnknownOperation { .. })));
        assert!(
            !init().unwrap().reads("svg") || Call::new(c"svgload_buffer").bytes(c"buffer", svg).image_out().is_ok()
        );
    }
}
