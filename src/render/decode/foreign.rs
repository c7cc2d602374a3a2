//! Originals that libvips reads.

use std::ffi::CStr;

use super::{Decoded, SourceFormat, Wanted};
use super::{exif, heif};
use crate::param::FrameSelect;
use crate::plan::{Measured, Select};
use crate::render::RenderError;
use crate::render::color;
use crate::render::stage::crop;
use crate::units::{Rect, Size};
use crate::vips::{Call, Image, VipsError};

/// Delay of a frame that states none, milliseconds: what browsers use.
const DEFAULT_DELAY_MS: u32 = 100;

/// An original opened by libvips, header only.
pub struct Foreign<'a> {
    bytes: &'a [u8],
    format: SourceFormat,
    /// Page of a document or frame of an animation that the header is of, from 0.
    page: u32,
    /// Taken out of a HEIF file, to be done after decoding.
    transforms: heif::Transforms,
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
        let asked = match select.frame {
            _ if format == SourceFormat::Pdf => select.page,
            Some(FrameSelect::One(number)) if format.can_animate() => number,
            Some(FrameSelect::One(_) | FrameSelect::Span(_)) | None => 1,
        };
        let wanted = asked.saturating_sub(1).min(pages - 1);
        if wanted != page {
            page = wanted;
            header = load(bytes, format, page, 1, |call| call)?;
        }
        Ok(Self { bytes, format, page, transforms, header })
    }

    /// The header's numbers. The JPEG XL decoder turns the picture itself, so its own is always upright.
    pub(super) fn measure(&self) -> Measured {
        let frames = if self.format.can_animate() { count(&self.header, c"n-pages") } else { 1 };
        Measured {
            size: self.aperture().map_or(self.header.size(), |rect| rect.size),
            orientation: self.orientation(),
            has_alpha: self.header.has_alpha(),
            frames,
        }
    }

    /// The picture as libvips opened it.
    #[must_use]
    pub const fn header(&self) -> &Image<'a> {
        &self.header
    }

    /// The original's own bytes.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What is kept of the stored pixels, where not all is.
    fn aperture(&self) -> Option<Rect> {
        self.transforms.clap.and_then(|clap| clap.rect(self.header.size()))
    }

    /// HEIF's own turn wins over EXIF, which its standard calls informative; files that have only EXIF are turned by it.
    fn orientation(&self) -> u8 {
        if !self.format.is_turned_by_exif() {
            return 1;
        }
        let stored = if self.format.is_heif() {
            Some(self.transforms.orientation)
        } else {
            self.header.meta_int(c"orientation").and_then(|value| u8::try_from(value).ok())
        };
        let from_exif = || self.header.meta_blob(c"exif-data").map(|exif| exif::orientation(&exif));
        stored.filter(|value| (1..=8).contains(value)).or_else(from_exif).unwrap_or(1)
    }

    /// Decodes `count` frames from `first` on and converts their colours.
    pub(super) fn decode(self, first: u32, count: u32, wanted: &Wanted) -> Result<Decoded, RenderError> {
        let aperture = self.aperture();
        let image = self.pixels(first, count, wanted)?;
        if count <= 1 {
            let (raster, profile) = color::decoded(image, wanted.color_space)?;
            let raster = match aperture {
                Some(rect) => crop::apply(raster, rect)?,
                None => raster,
            };
            return Ok(Decoded::still(raster, profile));
        }
        let size = Size::new(image.width(), image.page_height());
        if size.height * count != image.height() {
            return Err(RenderError::Undecodable);
        }
        let delays_ms = delays(&image, first, count);
        let loop_count = image.meta_int(c"loop").and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        let (stack, profile) = color::decoded(image, wanted.color_space)?;
        Ok(Decoded { stack, size, delays_ms, loop_count, profile })
    }

    fn pixels(self, first: u32, count: u32, wanted: &Wanted) -> Result<Image<'a>, RenderError> {
        let Self { bytes, format, page, .. } = self;
        if format == SourceFormat::Jpeg && wanted.shrink > 1 {
            let shrink = i32::try_from(wanted.shrink).unwrap_or(1);
            return load(bytes, format, 0, 1, |call| call.int(c"shrink", shrink));
        }
        if format.is_vector() && (wanted.scale - 1.0).abs() > 1e-9 {
            return load(bytes, format, page, 1, |call| call.double(c"scale", wanted.scale));
        }
        if format.can_animate() && (count > 1 || first != page) {
            return load(bytes, format, first, count, |call| call);
        }
        Ok(self.header)
    }
}

/// Opens `count` pages from `page` on.
fn load<'a>(
    bytes: &'a [u8],
    format: SourceFormat,
    page: u32,
    count: u32,
    more: impl FnOnce(Call<'a>) -> Call<'a>,
) -> Result<Image<'a>, RenderError> {
    let unsupported = || RenderError::UnsupportedFormat { format: format.name().to_owned() };
    let loader = loader(format).ok_or_else(unsupported)?;
    let mut call = Call::new(loader).bytes(c"buffer", bytes).nick(c"access", c"sequential").nick(c"fail-on", c"error");
    if matches!(format, SourceFormat::Gif | SourceFormat::Webp | SourceFormat::Pdf) {
        let (page, count) = (i32::try_from(page).unwrap_or(0), i32::try_from(count).unwrap_or(1));
        call = call.int(c"page", page).int(c"n", count);
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
        SourceFormat::Gif => Some(c"gifload_buffer"),
        SourceFormat::Tiff => Some(c"tiffload_buffer"),
        SourceFormat::Heic | SourceFormat::Avif => Some(c"heifload_buffer"),
        SourceFormat::Jxl => Some(c"jxlload_buffer"),
        SourceFormat::Jp2 => Some(c"jp2kload_buffer"),
        SourceFormat::Svg => Some(c"svgload_buffer"),
        SourceFormat::Pdf => Some(c"pdfload_buffer"),
        SourceFormat::Bmp
        | SourceFormat::Ico
        | SourceFormat::Psd
        | SourceFormat::Eps
        | SourceFormat::Jxr
        | SourceFormat::Icns => None,
    }
}

/// A count from the metadata, at least 1.
fn count(image: &Image<'_>, name: &CStr) -> u32 {
    image.meta_int(name).and_then(|n| u32::try_from(n).ok()).unwrap_or(1).max(1)
}

/// The delays of the frames from `first` on. The header lists those of all frames, or of those loaded.
fn delays(image: &Image<'_>, first: u32, count: u32) -> Vec<u32> {
    let stored = image.meta_ints(c"delay").unwrap_or_default();
    let skip = if stored.len() > count as usize { first as usize } else { 0 };
    let stated = stored.into_iter().skip(skip).map(|ms| u32::try_from(ms).unwrap_or(DEFAULT_DELAY_MS));
    stated.chain(std::iter::repeat(DEFAULT_DELAY_MS)).take(count as usize).collect()
}
