//! Converts between images and rasters, and copies images with other metadata.

use std::ffi::{CStr, c_int, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use super::call::Call;
use super::error::{self, VipsError};
use super::image::{Image, SampleFormat};
use super::sys;
use crate::pixels::raster::{Raster, Samples};
use crate::units::Size;

impl<'a> Image<'a> {
    /// Wraps the samples of a raster as an image, without a copy: sRGB or grey.
    ///
    /// # Errors
    /// [`VipsError`] if libvips refuses the size.
    pub fn from_raster(raster: &'a Raster) -> Result<Self, VipsError> {
        let (data, bytes, format) = match &raster.samples {
            Samples::U8(samples) => (samples.as_ptr().cast::<c_void>(), samples.len(), sys::FORMAT_UCHAR),
            Samples::U16(samples) => (samples.as_ptr().cast::<c_void>(), samples.len() * 2, sys::FORMAT_USHORT),
        };
        let space = match (raster.channels, &raster.samples) {
            (1 | 2, Samples::U8(_)) => c"b-w",
            (1 | 2, Samples::U16(_)) => c"grey16",
            (_, Samples::U8(_)) => c"srgb",
            (_, Samples::U16(_)) => c"rgb16",
        };
        let bands = c_int::from(raster.channels);
        // SAFETY: `data` points to `bytes` readable bytes that live for 'a; nothing writes to an image made this way
        // unless it is the target of a write, and this one never is.
        let memory: Self = unsafe { wrap_memory(data.cast_mut(), bytes, raster.size, bands, format) }?;
        Call::new(c"copy").image(c"in", &memory).nick(c"interpretation", space).image_out()
    }

    /// Returns the same image with this ICC profile attached, or with none.
    ///
    /// # Errors
    /// [`VipsError`] if the image cannot be copied.
    pub fn with_profile(self, profile: Option<&[u8]>) -> Result<Self, VipsError> {
        let copy = self.copy()?;
        // SAFETY: a fresh copy whose metadata nobody else reads; the library copies the block.
        unsafe {
            match profile {
                Some(bytes) => sys::vips_image_set_blob_copy(
                    copy.as_ptr(),
                    c"icc-profile-data".as_ptr(),
                    bytes.as_ptr().cast(),
                    bytes.len() as sys::gsize,
                ),
                None => {
                    sys::vips_image_remove(copy.as_ptr(), c"icc-profile-data".as_ptr());
                }
            }
        }
        Ok(copy)
    }

    /// Returns the same image with an integer added to its metadata.
    ///
    /// # Errors
    /// As [`Image::with_profile`].
    pub fn with_int(self, name: &CStr, value: i32) -> Result<Self, VipsError> {
        let copy = self.copy()?;
        // SAFETY: as in `with_profile`.
        unsafe { sys::vips_image_set_int(copy.as_ptr(), name.as_ptr(), value) };
        Ok(copy)
    }

    /// Returns the same image with an array of integers added to its metadata.
    ///
    /// # Errors
    /// As [`Image::with_profile`].
    pub fn with_ints(self, name: &CStr, values: &[i32]) -> Result<Self, VipsError> {
        let copy = self.copy()?;
        let count = c_int::try_from(values.len()).unwrap_or(c_int::MAX);
        // SAFETY: as in `with_profile`; `count` is at most the length of the slice.
        unsafe { sys::vips_image_set_array_int(copy.as_ptr(), name.as_ptr(), values.as_ptr(), count) };
        Ok(copy)
    }

    /// Returns a new image with the same pixels and its own metadata.
    fn copy(&self) -> Result<Self, VipsError> {
        Call::new(c"copy").image(c"in", self).image_out()
    }

    /// Computes the image into memory.
    ///
    /// # Errors
    /// [`VipsError::Unrepresentable`] for more than four channels or samples other than 8 and 16 bits; otherwise
    /// [`VipsError::Failed`] if decoding or computing fails.
    pub fn to_raster(&self) -> Result<Raster, VipsError> {
        let (size, bands) = (self.size(), self.bands());
        let unrepresentable = VipsError::Unrepresentable { bands: c_int::try_from(bands).unwrap_or(c_int::MAX) };
        let Ok(channels @ 1..=4) = u8::try_from(bands) else { return Err(unrepresentable) };
        let samples = match self.depth() {
            SampleFormat::U8 => Samples::U8(self.samples()?),
            SampleFormat::U16 => Samples::U16(self.samples()?),
            SampleFormat::Float | SampleFormat::Other => return Err(unrepresentable),
        };
        Ok(Raster { size, channels, samples })
    }

    /// Computes a floating-point image into memory and converts 64 bits to 32. Returns its samples row by row, with as
    /// many channels as [`Image::bands`] says.
    ///
    /// # Errors
    /// [`VipsError::Unrepresentable`] for samples other than floating point; otherwise as [`Image::to_raster`].
    pub fn to_floats(&self) -> Result<Vec<f32>, VipsError> {
        if self.depth() != SampleFormat::Float {
            return Err(VipsError::Unrepresentable { bands: c_int::try_from(self.bands()).unwrap_or(c_int::MAX) });
        }
        Call::new(c"cast").image(c"in", self).nick(c"format", c"float").image_out()?.samples()
    }

    /// Returns all samples, computed strip by strip on this thread. The library's own way starts a thread that computes
    /// while this one waits, and takes a tenth longer for a thumbnail.
    fn samples<T: VipsSample>(&self) -> Result<Vec<T>, VipsError> {
        let Size { width, height } = self.size();
        let row_len = width as usize * self.bands() as usize;
        let mut region = Region::new(self)?;
        let mut samples: Vec<T> = Vec::with_capacity(row_len * height as usize);
        for top in (0..height).step_by(STRIP_ROWS as usize) {
            let rows = STRIP_ROWS.min(height - top);
            region.prepare(top, rows, width)?;
            for row in top..top + rows {
                let used = samples.len();
                let spare = &mut samples.spare_capacity_mut()[..row_len];
                // SAFETY: the region holds whole rows of this image from `top` on, each of `row_len` samples, which are
                // of type T by `to_raster`'s match on the depth and `to_floats`' cast; the spare room is as long, and
                // separate from the library's memory. The samples are copied as bytes, so alignment plays no part, and
                // any bytes are a T.
                unsafe {
                    let to = spare.as_mut_ptr().cast::<u8>();
                    ptr::copy_nonoverlapping(region.row(row), to, row_len * size_of::<T>());
                    samples.set_len(used + row_len);
                }
            }
        }
        Ok(samples)
    }
}

/// Rows computed at a time: for most images they fit a second-level cache.
const STRIP_ROWS: u32 = 32;

/// A sample as the library stores it. Any bytes are a valid value.
trait VipsSample: Copy {}

impl VipsSample for u8 {}

impl VipsSample for u16 {}

impl VipsSample for f32 {}

/// A window on an image's pixels that moves from top to bottom, as sequential loaders require.
struct Region<'i> {
    region: NonNull<sys::VipsRegion>,
    image: PhantomData<&'i ()>,
}

impl<'i> Region<'i> {
    fn new(image: &'i Image<'_>) -> Result<Self, VipsError> {
        // SAFETY: a live image, to which the region takes its own reference; it stays on this thread.
        let region = unsafe {
            let readable = sys::vips_image_pio_input(image.as_ptr()) == 0;
            if readable { sys::vips_region_new(image.as_ptr()) } else { ptr::null_mut() }
        };
        let Some(region) = NonNull::new(region) else {
            error::discard_text();
            return Err(VipsError::Failed { operation: "region" });
        };
        Ok(Self { region, image: PhantomData })
    }

    /// Computes `rows` rows of `width` pixels from `top` on.
    fn prepare(&mut self, top: u32, rows: u32, width: u32) -> Result<(), VipsError> {
        let side = |v: u32| c_int::try_from(v).unwrap_or(c_int::MAX);
        let rect = sys::VipsRect { left: 0, top: side(top), width: side(width), height: side(rows) };
        // SAFETY: a live region, and a rectangle inside its image.
        if unsafe { sys::vips_region_prepare(self.region.as_ptr(), &raw const rect) } != 0 {
            error::discard_text();
            return Err(VipsError::Failed { operation: "read" });
        }
        Ok(())
    }

    /// Returns a pointer to the first byte of a row, valid until the next `prepare`.
    ///
    /// # Safety
    /// `row` was part of the last successful `prepare`, which took the full width.
    unsafe fn row(&self, row: u32) -> *const u8 {
        // SAFETY: the layout of these fields has not changed since libvips 7; by the caller's promise `data` points to
        // the first pixel of row `valid.top`, and the rows that follow are `bpl` bytes apart.
        unsafe {
            let region = self.region.as_ref();
            let below = isize::try_from(i64::from(row) - i64::from(region.valid.top)).unwrap_or(0);
            region.data.offset(below * region.bpl as isize).cast_const()
        }
    }
}

impl Drop for Region<'_> {
    fn drop(&mut self) {
        // SAFETY: the one reference we own.
        unsafe { sys::g_object_unref(self.region.as_ptr().cast()) };
    }
}

/// # Safety
/// `data` points to `bytes` bytes that live for `'m`, and are writable if the image becomes the target of a write.
unsafe fn wrap_memory<'m>(
    data: *mut c_void,
    bytes: usize,
    size: Size,
    bands: c_int,
    format: sys::VipsBandFormat,
) -> Result<Image<'m>, VipsError> {
    let failed = VipsError::Failed { operation: "memory" };
    let (Ok(width), Ok(height)) = (c_int::try_from(size.width), c_int::try_from(size.height)) else {
        return Err(failed);
    };
    // SAFETY: by the caller's promise; the library checks `bytes` against the size and keeps no copy.
    let image = unsafe { sys::vips_image_new_from_memory(data, bytes as sys::gsize, width, height, bands, format) };
    match NonNull::new(image) {
        // SAFETY: a fresh reference, and the input lives for 'm.
        Some(image) => Ok(unsafe { Image::from_owned(image) }),
        None => {
            error::discard_text();
            Err(failed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vips::{Space, init};

    fn gradient(channels: u8) -> Raster {
        let size = Size::new(5, 4);
        let count = size.area() as usize * usize::from(channels);
        Raster { size, channels, samples: Samples::U8((0..count).map(|i| (i * 3 % 256) as u8).collect()) }
    }

    #[test]
    fn rasters_survive_the_round_trip() {
        init().unwrap();
        for channels in 1..=4 {
            let raster = gradient(channels);
            let image = Image::from_raster(&raster).unwrap();
            assert_eq!(image.has_alpha(), raster.has_alpha(), "{channels} channels");
            assert_eq!(image.to_raster().unwrap(), raster);
        }
        let deep = Raster { size: Size::new(2, 1), channels: 3, samples: Samples::U16(vec![0, 65535, 7, 1, 2, 256]) };
        let image = Image::from_raster(&deep).unwrap();
        assert_eq!((image.depth(), image.space()), (SampleFormat::U16, Space::Rgb));
        assert_eq!(image.to_raster().unwrap(), deep);
    }

    #[test]
    fn metadata_is_typed_and_belongs_to_the_copy() {
        init().unwrap();
        let raster = gradient(3);
        let image = Image::from_raster(&raster).unwrap();
        let marked = image.copy().unwrap().with_int(c"loop", 3).unwrap().with_ints(c"delay", &[40, 50]).unwrap();
        assert_eq!(marked.meta_int(c"loop"), Some(3));
        assert_eq!(marked.meta_ints(c"delay"), Some(vec![40, 50]));
        assert_eq!(marked.meta_blob(c"loop"), None, "another type");
        assert_eq!(image.meta_int(c"loop"), None, "the original is untouched");
        let tagged = marked.with_profile(Some(b"profile")).unwrap();
        assert_eq!(tagged.meta_blob(c"icc-profile-data").as_deref(), Some(&b"profile"[..]));
        assert_eq!(tagged.with_profile(None).unwrap().meta_blob(c"icc-profile-data"), None);
    }

    #[test]
    fn an_image_can_be_sent_to_another_thread() {
        init().unwrap();
        let raster = gradient(3);
        let image = Image::from_raster(&raster).unwrap();
        let back = std::thread::scope(|scope| scope.spawn(move || image.to_raster()).join().unwrap()).unwrap();
        assert_eq!(back, raster);
    }
}
