//! Originals that libvips decodes.

use std::ffi::CStr;

use super::png_color::{self, Stated};
use super::{Decoded, Frames, SourceFormat, Wanted, apng, exif, heif, jpeg, tiff_tags};
use crate::pixels::raster::Raster;
use crate::pixels::{background, crop};
use crate::plan::{Measured, Select, StoredFrames};
use crate::render::color::convert;
use crate::render::color::hdr::{self, Cicp};
use crate::render::color::profile::{self, Reading};
use crate::render::{Codec, RenderError};
use crate::units::{Color, Rect, Size};
use crate::vips::{self, Call, Image, VipsError};

/// Delay in milliseconds of a frame that states none. Browsers use the same.
const DEFAULT_DELAY_MS: u32 = 100;

/// An original that libvips has opened, header only.
pub struct Foreign<'a> {
    bytes: &'a [u8],
    format: SourceFormat,
    /// The document page or animation frame that the header describes, from 0.
    page: u32,
    /// Taken from a HEIF file and applied after decoding.
    transforms: heif::Transforms,
    /// Frames of an animated PNG. libvips itself shows only the default image.
    apng: Option<StoredFrames>,
    header: Image<'a>,
}

impl<'a> Foreign<'a> {
    /// Reads the header of the selected page.
    pub(super) fn open(
        bytes: &'a [u8],
        format: SourceFormat,
        select: &Select,
        transforms: heif::Transforms,
    ) -> Result<Self, RenderError> {
        let mut page = 0;
        let mut header = load(bytes, format, page, 1, |call| call)?;
        let pages = count(&header, c"n-pages");
        let asked = if format.has_pages() { select.page } else { 1 };
        let wanted = asked.saturating_sub(1).min(pages - 1);
        if wanted != page {
            page = wanted;
            header = load(bytes, format, page, 1, |call| call)?;
        }
        let apng = if format == SourceFormat::Png { apng::frames(bytes)? } else { None };
        Ok(Self { bytes, format, page, transforms, apng, header })
    }

    /// Returns the measures that the header states.
    pub(super) fn measure(&self) -> Measured {
        Measured {
            size: self.aperture().map_or(self.header.size(), |rect| rect.size),
            orientation: self.orientation(),
            // A page has a white background.
            has_alpha: self.format != SourceFormat::Pdf && (self.header.has_alpha() || self.apng.is_some()),
            frames: self.frames(),
        }
    }

    fn frames(&self) -> u32 {
        match &self.apng {
            Some(stored) => u32::try_from(stored.delays_ms.len()).unwrap_or(u32::MAX),
            None if self.format.can_animate() => count(&self.header, c"n-pages"),
            None => 1,
        }
    }

    /// Returns the timing of the frames, with one delay per frame.
    pub(super) fn stored_frames(&self) -> StoredFrames {
        if let Some(stored) = &self.apng {
            return stored.clone();
        }
        let stored = self.header.meta_ints(c"delay").unwrap_or_default();
        let stated = stored.into_iter().map(|ms| u32::try_from(ms).unwrap_or(DEFAULT_DELAY_MS));
        let delays_ms = stated.chain(std::iter::repeat(DEFAULT_DELAY_MS)).take(self.frames() as usize).collect();
        let plays = self.header.meta_int(c"loop").and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        StoredFrames { delays_ms, plays }
    }

    /// Returns the image as libvips opened it.
    #[must_use]
    pub const fn header(&self) -> &Image<'a> {
        &self.header
    }

    /// Returns the bytes of the original.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the selected page, from 1.
    pub(super) const fn page(&self) -> u32 {
        self.page.saturating_add(1)
    }

    /// Returns the part of the stored pixels to keep, unless it is all of them.
    fn aperture(&self) -> Option<Rect> {
        self.transforms.clap.and_then(|clap| clap.rect(self.header.size()))
    }

    /// Returns the orientation. In HEIF only the file's own properties count, never EXIF.
    fn orientation(&self) -> u8 {
        if self.format.is_heif() {
            return self.transforms.orientation.max(1);
        }
        if !self.format.is_turned_by_exif() {
            return 1;
        }
        let stored = self.header.meta_int(c"orientation").and_then(|value| u8::try_from(value).ok());
        let from_exif = || self.header.meta_blob(c"exif-data").map(|exif| exif::orientation(&exif));
        stored.filter(|value| (1..=8).contains(value)).or_else(from_exif).unwrap_or(1)
    }

    /// Decodes the wanted frames and converts their colours.
    pub(super) fn decode(self, wanted: &Wanted) -> Result<Decoded<'a>, RenderError> {
        if self.apng.is_some() {
            return self.play(wanted);
        }
        if self.format == SourceFormat::Jpeg {
            return decode_jpeg(self.bytes, wanted);
        }
        let (aperture, page, transforms) = (self.aperture(), self.page, self.transforms);
        let range = (self.format == SourceFormat::Tiff).then(|| tiff_tags::range(self.bytes, page)).flatten();
        let (format, stated) = (self.format, self.stated());
        let image = self.pixels(wanted)?;
        let image =
            if stated.is_some() { image.with_profile(None).map_err(|_| RenderError::Undecodable)? } else { image };
        if wanted.count <= 1 {
            let (raster, profile) = if transforms.corrects() {
                let raster = image.to_raster().map_err(|_| RenderError::Undecodable)?;
                let profile = image.meta_blob(c"icc-profile-data");
                convert::decoded_raster(transforms.corrected(raster), profile.as_deref(), wanted.color_space)
            } else {
                convert::decoded(image, wanted.color_space, range)?
            };
            let raster = match stated {
                Some(space) => hdr::to_srgb(raster, space),
                None => raster,
            };
            let raster = match aperture {
                Some(rect) => crop::apply(raster, rect)?,
                None => raster,
            };
            let raster = if format == SourceFormat::Pdf { background::apply(raster, Color::WHITE) } else { raster };
            return Ok(Decoded::still(raster, profile));
        }
        let size = Size::new(image.width(), image.page_height());
        if size.height.checked_mul(wanted.count) != Some(image.height()) {
            return Err(RenderError::Undecodable);
        }
        let (stack, reading) = convert::prepared(image, wanted.color_space)?;
        let profile = reading.kept.clone();
        Ok(Decoded { frames: Frames::Stack { stack, reading }, size, profile })
    }

    /// Returns the colour space that the file states by numbers, where that overrides the profile or there is no
    /// profile.
    fn stated(&self) -> Option<hdr::RgbSpace> {
        let profile = self.header.meta_blob(c"icc-profile-data");
        let has_profile = || profile.as_deref().is_some_and(|bytes| profile::fits(bytes, self.header.bands()));
        if self.format == SourceFormat::Png {
            return match png_color::stated(self.bytes, has_profile()) {
                Stated::Space(space) => Some(space),
                Stated::Profile => None,
            };
        }
        self.transforms.coding.and_then(Cicp::space).filter(|_| !has_profile())
    }

    fn play(self, wanted: &Wanted) -> Result<Decoded<'a>, RenderError> {
        let shown = wanted.first..wanted.first.saturating_add(wanted.count);
        let player = apng::play(self.bytes, shown)?;
        let stated = self.stated();
        let profile = self.header.meta_blob(c"icc-profile-data").filter(|_| stated.is_none());
        let (size, reading) = (self.header.size(), Reading::of(profile.as_deref(), 4, wanted.color_space));
        let profile = reading.kept.clone();
        let frames = player.map(move |frame| {
            let frame = reading.apply(frame?);
            Ok(match stated {
                Some(space) => hdr::to_srgb(frame, space),
                None => frame,
            })
        });
        Ok(Decoded { frames: Frames::Each(Box::new(frames)), size, profile })
    }

    fn pixels(self, wanted: &Wanted) -> Result<Image<'a>, RenderError> {
        let Self { bytes, format, page, .. } = self;
        if format.is_vector() && (wanted.scale - 1.0).abs() > 1e-9 {
            return load(bytes, format, page, 1, |call| call.double(c"scale", wanted.scale));
        }
        if format.can_animate() && (wanted.count > 1 || wanted.first != page) {
            return load(bytes, format, wanted.first, wanted.count, |call| call);
        }
        Ok(self.header)
    }
}

/// Names the missing feature in the error where it is known. `page` counts from 1.
pub(super) fn explained(error: RenderError, format: SourceFormat, bytes: &[u8], page: u32) -> RenderError {
    if error != RenderError::Undecodable || format != SourceFormat::Tiff {
        return error;
    }
    match tiff_tags::unread(bytes, page.saturating_sub(1)) {
        Some(feature) => RenderError::UnsupportedFormat(Codec::Feature(format, feature)),
        None => error,
    }
}

/// Cuts one frame out of a stack. Frames must be requested from top to bottom, in the decoder's order.
pub(super) fn frame(stack: &Image<'_>, size: Size, index: u32) -> Result<Raster, RenderError> {
    let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    let cut = Call::new(c"extract_area")
        .image(c"input", stack)
        .int(c"left", 0)
        .int(c"top", number(index.saturating_mul(size.height)))
        .int(c"width", number(size.width))
        .int(c"height", number(size.height));
    cut.image_out().and_then(|frame| frame.to_raster()).map_err(|_| RenderError::Undecodable)
}

/// Decodes a JPEG with its sides divided by `shrink` and rounded up. Most warnings of libjpeg are harmless, but one
/// means that data is missing, so after a warning the data is checked for completeness.
fn decode_jpeg<'a>(bytes: &[u8], wanted: &Wanted) -> Result<Decoded<'a>, RenderError> {
    let padded = jpeg::padded(bytes, wanted.shrink);
    let read = padded.as_deref().unwrap_or(bytes);
    let decoded = |fail_on| {
        jpeg_pixels(read, wanted.shrink, fail_on).and_then(|image| convert::decoded(image, wanted.color_space, None))
    };
    vips::discard_text();
    let strict = decoded(c"warning");
    if vips::has_complained() || strict.is_err() {
        jpeg::check_whole(bytes, jpeg::Expected::ScansAsStored)?;
    }
    let (raster, profile) = strict.or_else(|_| decoded(c"error"))?;
    Ok(Decoded::still(raster, profile))
}

/// Opens a JPEG with its sides divided by `shrink`.
fn jpeg_pixels<'a>(bytes: &'a [u8], shrink: u32, fail_on: &CStr) -> Result<Image<'a>, RenderError> {
    let shrink = i32::try_from(shrink).unwrap_or(1);
    load(bytes, SourceFormat::Jpeg, 0, 1, |call| call.int(c"shrink", shrink).nick(c"fail-on", fail_on))
}

/// Opens `count` pages starting at `page`.
fn load<'a>(
    bytes: &'a [u8],
    format: SourceFormat,
    page: u32,
    count: u32,
    more: impl FnOnce(Call<'a>) -> Call<'a>,
) -> Result<Image<'a>, RenderError> {
    let unsupported = || RenderError::UnsupportedFormat(Codec::Reader(format));
    let loader = loader(format).ok_or_else(unsupported)?;
    let mut call = Call::new(loader).bytes(c"buffer", bytes).nick(c"access", c"sequential").nick(c"fail-on", c"error");
    if format.can_animate() || format.has_pages() {
        let (page, count) = (i32::try_from(page).unwrap_or(0), i32::try_from(count).unwrap_or(1));
        call = call.int(c"page", page).int(c"n", count);
    }
    if format == SourceFormat::Pdf {
        // If a page asks for a transparency group, Poppler draws the group and composites it without regard to the
        // background, so on a white background the page is lost. Render on transparency and add white afterwards.
        call = call.doubles(c"background", &[0.0; 4]);
    }
    more(call).image_out().map_err(|error| match error {
        VipsError::UnknownOperation { .. } => unsupported(),
        VipsError::UnknownOption { .. } | VipsError::Failed { .. } | VipsError::Unrepresentable { .. } => {
            RenderError::Undecodable
        }
    })
}

const fn loader(format: SourceFormat) -> Option<&'static CStr> {
    match format {
        SourceFormat::Jpeg => Some(c"jpegload_buffer"),
        SourceFormat::Png => Some(c"pngload_buffer"),
        SourceFormat::Webp => Some(c"webpload_buffer"),
        SourceFormat::Tiff => Some(c"tiffload_buffer"),
        SourceFormat::Heic | SourceFormat::Avif => Some(c"heifload_buffer"),
        SourceFormat::Svg => Some(c"svgload_buffer"),
        SourceFormat::Pdf => Some(c"pdfload_buffer"),
        SourceFormat::Gif
        | SourceFormat::Jxl
        | SourceFormat::Jp2
        | SourceFormat::Bmp
        | SourceFormat::Ico
        | SourceFormat::Psd
        | SourceFormat::Eps
        | SourceFormat::Jxr
        | SourceFormat::Icns => None,
    }
}

/// Reads a count from the metadata; at least 1.
fn count(image: &Image<'_>, name: &CStr) -> u32 {
    image.meta_int(name).and_then(|n| u32::try_from(n).ok()).unwrap_or(1).max(1)
}
