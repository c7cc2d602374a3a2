//! WebP, GIF, JPEG XL and JPEG 2000 using libvips.

use crate::pixels::raster::Raster;
use crate::plan::{Format, Output};
use crate::render::{Codec, RenderError};
use crate::units::Size;
use crate::vips::{Call, Image, VipsError};

use super::{failed, riff};

/// libwebp's `method`, 0 (fastest) to 6, chosen by measurement.
const WEBP_EFFORT: i32 = 2;
/// libjxl's effort for lossy files, 3 to 9.
const JXL_EFFORT: i32 = 5;
/// libwebp's and libjxl's effort for lossless files.
const LOSSLESS_EFFORT: i32 = 3;

/// Encodes WebP, lossy or lossless.
pub(super) fn webp(raster: &Raster, output: &Output, profile: Option<&[u8]>) -> Result<Vec<u8>, RenderError> {
    let save = || webp_call(&Image::from_raster(raster)?, output);
    let bytes = save().map_err(|fault| refused(Format::Webp, fault))?;
    webp_finish(&bytes, profile, raster.size, false)
}

fn webp_call(image: &Image<'_>, output: &Output) -> Result<Vec<u8>, VipsError> {
    let call = Call::new(c"webpsave_buffer").image(c"in", image);
    let call = if output.lossless {
        call.flag(c"lossless", true).int(c"effort", LOSSLESS_EFFORT)
    } else {
        call.int(c"Q", i32::from(output.quality.get())).int(c"effort", WEBP_EFFORT)
    };
    call.strip().bytes_out()
}

/// Removes what libvips adds to the file and adds the profile.
fn webp_finish(bytes: &[u8], profile: Option<&[u8]>, canvas: Size, clear_canvas: bool) -> Result<Vec<u8>, RenderError> {
    riff::rewrite(bytes, profile, canvas, clear_canvas).ok_or_else(|| failed(Format::Webp))
}

/// Encodes GIF; libvips computes the palette.
pub(super) fn gif(raster: &Raster, output: &Output) -> Result<Vec<u8>, RenderError> {
    let save = || gif_call(&Image::from_raster(raster)?, output);
    save().map_err(|fault| refused(Format::Gif, fault))
}

fn gif_call(image: &Image<'_>, output: &Output) -> Result<Vec<u8>, VipsError> {
    let call = Call::new(c"gifsave_buffer").image(c"in", image).int(c"effort", 5);
    // If the colours have already been reduced, dithering would change them.
    let call = if output.colors_max.is_some() { call.double(c"dither", 0.0) } else { call };
    call.strip().bytes_out()
}

/// Encodes JPEG XL, lossy or lossless.
pub(super) fn jxl(raster: &Raster, output: &Output, profile: Option<&[u8]>) -> Result<Vec<u8>, RenderError> {
    let save = || {
        let image = Image::from_raster(raster)?.with_profile(profile)?;
        let call = Call::new(c"jxlsave_buffer").image(c"in", &image);
        let call = if output.lossless {
            call.flag(c"lossless", true).int(c"effort", LOSSLESS_EFFORT)
        } else {
            call.double(c"distance", jxl_distance(output.quality.get())).int(c"effort", JXL_EFFORT)
        };
        // Stripping would remove the profile too. There is no other metadata to remove.
        if profile.is_some() { call.bytes_out() } else { call.strip().bytes_out() }
    };
    save().map_err(|fault| refused(Format::Jxl, fault))
}

/// Converts a quality on the JPEG scale to libjxl's distance, by the formula of libjxl's own tools.
///
/// libvips' own conversion is not used: below quality 10 its formula exceeds 15, the maximum of its own option.
fn jxl_distance(quality: u8) -> f64 {
    let quality = f64::from(quality);
    if quality >= 30.0 {
        (100.0 - quality).mul_add(0.09, 0.1)
    } else {
        (53.0 / 3000.0 * quality).mul_add(quality, (-23.0 / 20.0_f64).mul_add(quality, 25.0)).min(15.0)
    }
}

/// Encodes JPEG 2000.
pub(super) fn jp2(raster: &Raster, output: &Output) -> Result<Vec<u8>, RenderError> {
    let save = || {
        let image = Image::from_raster(raster)?;
        let call = Call::new(c"jp2ksave_buffer").image(c"in", &image);
        let call = if output.lossless {
            call.flag(c"lossless", true)
        } else {
            call.int(c"Q", i32::from(output.quality.get().max(1)))
        };
        call.strip().bytes_out()
    };
    save().map_err(|fault| refused(Format::Jp2, fault))
}

/// The size and timing of an animation.
pub(super) struct Timing<'a> {
    /// Size of a frame.
    pub(super) frame: Size,
    /// Milliseconds per frame.
    pub(super) delays_ms: &'a [u32],
    /// Number of plays; 0 means forever.
    pub(super) loops: u32,
}

/// Encodes the frames in `stack` as WebP or GIF.
pub(super) fn animation(
    stack: &Raster,
    timing: &Timing<'_>,
    format: Format,
    output: &Output,
    profile: Option<&[u8]>,
) -> Result<Vec<u8>, RenderError> {
    let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    let delays: Vec<i32> = timing.delays_ms.iter().copied().map(number).collect();
    let save = || {
        let image = Image::from_raster(stack)?
            .with_int(c"page-height", number(timing.frame.height))?
            .with_int(c"loop", number(timing.loops))?
            .with_ints(c"delay", &delays)?;
        if format == Format::Gif { gif_call(&image, output) } else { webp_call(&image, output) }
    };
    let bytes = save().map_err(|fault| refused(format, fault))?;
    if format == Format::Gif { Ok(bytes) } else { webp_finish(&bytes, profile, timing.frame, stack.has_alpha()) }
}

/// Converts an error of libvips. A missing operation means that this build of libvips lacks the codec.
fn refused(format: Format, fault: VipsError) -> RenderError {
    match fault {
        VipsError::UnknownOperation { .. } => RenderError::UnsupportedFormat(Codec::Writer(format)),
        VipsError::UnknownOption { .. } | VipsError::Failed { .. } | VipsError::Unrepresentable { .. } => {
            failed(format)
        }
    }
}
