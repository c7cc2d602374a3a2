//! Originals that libvips reads.

use std::ffi::CStr;

use super::{Decoded, Frames, SourceFormat, Wanted, apng, exif, gamma, heif};
use crate::plan::{Measured, Select, StoredFrames};
use crate::render::raster::Raster;
use crate::render::stage::crop;
use crate::render::{RenderError, color, hdr};
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
    /// Frames of an animated PNG, which libvips shows the default image of.
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

    /// The header's numbers. The JPEG XL decoder turns the picture itself, so its own is always upright.
    pub(super) fn measure(&self) -> Measured {
        Measured {
            size: self.aperture().map_or(self.header.size(), |rect| rect.size),
            orientation: self.orientation(),
            has_alpha: self.header.has_alpha() || self.apng.is_some(),
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

    /// Times of the frames, one for each.
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

    /// Decodes the wanted frames and converts their colours.
    pub(super) fn decode(self, wanted: &Wanted) -> Result<Decoded<'a>, RenderError> {
        if self.apng.is_some() {
            return self.play(wanted);
        }
        let (aperture, coding) = (self.aperture(), self.transforms.coding);
        let power = (self.format == SourceFormat::Png).then(|| gamma::stated(self.bytes)).flatten();
        let image = self.pixels(wanted)?;
        if wanted.count <= 1 {
            let has_profile = image.meta_blob(c"icc-profile-data").is_some();
            let (raster, profile) = color::decoded(image, wanted.color_space)?;
            let raster = match coding {
                Some(coding) if !has_profile => hdr::to_srgb(raster, coding),
                Some(_) | None => raster,
            };
            let raster = match power {
                Some(power) => gamma::to_srgb(raster, power),
                None => raster,
            };
            let raster = match aperture {
                Some(rect) => crop::apply(raster, rect)?,
                None => raster,
            };
            return Ok(Decoded::still(raster, profile));
        }
        let size = Size::new(image.width(), image.page_height());
        if size.height.checked_mul(wanted.count) != Some(image.height()) {
            return Err(RenderError::Undecodable);
        }
        let (stack, profile) = color::prepared(image, wanted.color_space)?;
        Ok(Decoded { frames: Frames::Stack(stack), size, profile })
    }

    fn play(self, wanted: &Wanted) -> Result<Decoded<'a>, RenderError> {
        let shown = wanted.first..wanted.first.saturating_add(wanted.count);
        let player = apng::play(self.bytes, shown)?;
        let (size, profile) = (self.header.size(), self.header.meta_blob(c"icc-profile-data"));
        let kept = color::kept(profile.as_deref(), wanted.color_space).then(|| profile.clone()).flatten();
        let color_space = wanted.color_space;
        let frames = player.map(move |frame| Ok(color::decoded_raster(&frame?, profile.as_deref(), color_space)?.0));
        Ok(Decoded { frames: Frames::Each(Box::new(frames)), size, profile: kept })
    }

    fn pixels(self, wanted: &Wanted) -> Result<Image<'a>, RenderError> {
        let Self { bytes, format, page, .. } = self;
        if format == SourceFormat::Jpeg && wanted.shrink > 1 {
            let shrink = i32::try_from(wanted.shrink).unwrap_or(1);
            return load(bytes, format, 0, 1, |call| call.int(c"shrink", shrink));
        }
        if format.is_vector() && (wanted.scale - 1.0).abs() > 1e-9 {
            return load(bytes, format, page, 1, |call| call.double(c"scale", wanted.scale));
        }
        if format.can_animate() && (wanted.count > 1 || wanted.first != page) {
            return load(bytes, format, wanted.first, wanted.count, |call| call);
        }
        Ok(self.header)
    }
}

/// Cuts one frame out of a stack. They have to be asked for from top to bottom, as the decoder goes.
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
    if format.can_animate() || format.has_pages() {
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
        SourceFormat::Tiff => Some(c"tiffload_buffer"),
        SourceFormat::Heic | SourceFormat::Avif => Some(c"heifload_buffer"),
        SourceFormat::Jxl => Some(c"jxlload_buffer"),
        SourceFormat::Jp2 => Some(c"jp2kload_buffer"),
        SourceFormat::Svg => Some(c"svgload_buffer"),
        SourceFormat::Pdf => Some(c"pdfload_buffer"),
        SourceFormat::Gif
        | SourceFormat::Bmp
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
