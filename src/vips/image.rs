//! [`Image`]: one owned reference to a libvips image.

use std::ffi::{CStr, c_int, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use super::sys::{self, fundamental};
use crate::units::Size;

/// A lazily evaluated image: one owned GObject reference, which borrows for `'a` the bytes that it will read from.
///
/// **Invariant:** every input that evaluation can reach lives for `'a`. An image can be sent to another thread, because
/// libvips locks what images share, but not shared between threads, because metadata is read without a lock. Not
/// `Clone`, so that the only reference to a fresh `Image::copy` is known to be ours.
pub struct Image<'a> {
    image: NonNull<sys::VipsImage>,
    input: PhantomData<&'a [u8]>,
}

// SAFETY: reference counts are atomic and libvips guards the regions and caches that images share; `&Image` never
// crosses threads because the type is not `Sync` (raw pointers are not).
unsafe impl Send for Image<'_> {}

/// Sample format of an image, as far as we distinguish formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleFormat {
    /// 8 bits.
    U8,
    /// 16 bits.
    U16,
    /// Floating point of 32 or 64 bits.
    Float,
    /// Anything else: wider, signed or complex.
    Other,
}

/// Colour space of an image, as far as we distinguish spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Grey, 8 or 16 bits.
    Grey,
    /// RGB, 8 or 16 bits, encoded as sRGB or as the profile says.
    Rgb,
    /// Four inks (CMYK).
    Cmyk,
    /// Linear RGB: primaries of sRGB, 1 is white.
    Light,
    /// No space is specified.
    Unknown,
    /// A space that libvips can convert from: Lab, XYZ ...
    Other,
}

impl<'a> Image<'a> {
    /// Takes ownership of a reference.
    ///
    /// # Safety
    /// `image` is a valid image, the caller owns the reference and gives it away, and everything that the image reads
    /// from lives for `'a`.
    pub(super) const unsafe fn from_owned(image: NonNull<sys::VipsImage>) -> Self {
        Self { image, input: PhantomData }
    }

    pub(super) const fn as_ptr(&self) -> *mut sys::VipsImage {
        self.image.as_ptr()
    }

    /// Returns the width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        // SAFETY: a getter on a live image.
        unsafe { sys::vips_image_get_width(self.as_ptr()) }.unsigned_abs()
    }

    /// Returns the height in pixels, of all pages together.
    #[must_use]
    pub fn height(&self) -> u32 {
        // SAFETY: as above.
        unsafe { sys::vips_image_get_height(self.as_ptr()) }.unsigned_abs()
    }

    /// Returns width and height.
    #[must_use]
    pub fn size(&self) -> Size {
        Size::new(self.width(), self.height())
    }

    /// Returns the height of one page if the image is a stack of pages; a divisor of the height.
    #[must_use]
    pub fn page_height(&self) -> u32 {
        // SAFETY: as above; the library returns the full height if the recorded one makes no sense.
        unsafe { sys::vips_image_get_page_height(self.as_ptr()) }.unsigned_abs()
    }

    /// Returns the number of channels, alpha included.
    #[must_use]
    pub fn bands(&self) -> u32 {
        // SAFETY: as above.
        unsafe { sys::vips_image_get_bands(self.as_ptr()) }.unsigned_abs()
    }

    /// Returns whether the last channel is alpha.
    #[must_use]
    pub fn has_alpha(&self) -> bool {
        // SAFETY: as above.
        unsafe { sys::vips_image_hasalpha(self.as_ptr()) != 0 }
    }

    /// Returns the sample format.
    #[must_use]
    pub fn depth(&self) -> SampleFormat {
        // SAFETY: as above.
        match unsafe { sys::vips_image_get_format(self.as_ptr()) } {
            sys::FORMAT_UCHAR => SampleFormat::U8,
            sys::FORMAT_USHORT => SampleFormat::U16,
            sys::FORMAT_FLOAT | sys::FORMAT_DOUBLE => SampleFormat::Float,
            _ => SampleFormat::Other,
        }
    }

    /// Returns the colour space.
    #[must_use]
    pub fn space(&self) -> Space {
        // SAFETY: as above.
        match unsafe { sys::vips_image_get_interpretation(self.as_ptr()) } {
            sys::SPACE_B_W | sys::SPACE_GREY16 => Space::Grey,
            sys::SPACE_SRGB | sys::SPACE_RGB | sys::SPACE_RGB16 => Space::Rgb,
            sys::SPACE_CMYK => Space::Cmyk,
            sys::SPACE_SCRGB => Space::Light,
            sys::SPACE_MULTIBAND | sys::SPACE_HISTOGRAM => Space::Unknown,
            _ => Space::Other,
        }
    }

    /// Returns the horizontal and vertical resolution in pixels per millimetre.
    #[must_use]
    pub fn resolution(&self) -> (f64, f64) {
        // SAFETY: getters on a live image.
        unsafe { (sys::vips_image_get_xres(self.as_ptr()), sys::vips_image_get_yres(self.as_ptr())) }
    }

    /// Returns the distance from the origin of the operation that made the image to its left edge, and to its top edge.
    #[must_use]
    pub fn offset(&self) -> (i32, i32) {
        // SAFETY: getters on a live image.
        unsafe { (sys::vips_image_get_xoffset(self.as_ptr()), sys::vips_image_get_yoffset(self.as_ptr())) }
    }

    /// Returns an integer from the metadata.
    #[must_use]
    pub fn meta_int(&self, name: &CStr) -> Option<i32> {
        if self.meta_type(name) != fundamental::INT {
            return None;
        }
        let mut out: c_int = 0;
        // SAFETY: the field exists with this type; `out` is written on success.
        let failed = unsafe { sys::vips_image_get_int(self.as_ptr(), name.as_ptr(), &raw mut out) } != 0;
        (!failed).then_some(out)
    }

    /// Returns an array of integers from the metadata.
    #[must_use]
    pub fn meta_ints(&self, name: &CStr) -> Option<Vec<i32>> {
        let mut data: *mut c_int = ptr::null_mut();
        let mut count: c_int = 0;
        // SAFETY: the type is checked first; the array belongs to the image and is copied at once.
        unsafe {
            if self.meta_type(name) != sys::vips_array_int_get_type()
                || sys::vips_image_get_array_int(self.as_ptr(), name.as_ptr(), &raw mut data, &raw mut count) != 0
                || data.is_null()
            {
                return None;
            }
            Some(std::slice::from_raw_parts(data, usize::try_from(count).ok()?).to_vec())
        }
    }

    /// Returns a block of bytes from the metadata, such as `icc-profile-data` or `exif-data`.
    #[must_use]
    pub fn meta_blob(&self, name: &CStr) -> Option<Vec<u8>> {
        let mut data: *const c_void = ptr::null();
        let mut length: sys::gsize = 0;
        // SAFETY: the type is checked first; the block belongs to the image and is copied at once.
        unsafe {
            if self.meta_type(name) != sys::vips_blob_get_type()
                || sys::vips_image_get_blob(self.as_ptr(), name.as_ptr(), &raw mut data, &raw mut length) != 0
                || data.is_null()
            {
                return None;
            }
            Some(std::slice::from_raw_parts(data.cast::<u8>(), usize::try_from(length).ok()?).to_vec())
        }
    }

    fn meta_type(&self, name: &CStr) -> sys::GType {
        // SAFETY: a getter on a live image and a NUL-terminated name; 0 if there is no such field.
        unsafe { sys::vips_image_get_typeof(self.as_ptr(), name.as_ptr()) }
    }
}

impl Drop for Image<'_> {
    fn drop(&mut self) {
        // SAFETY: the one reference we own.
        unsafe { sys::g_object_unref(self.as_ptr().cast()) };
    }
}
