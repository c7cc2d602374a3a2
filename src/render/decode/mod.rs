//! Decodes the bytes of an original to [`Decoded`]: sniffs the format, reads the header, checks it against the limits,
//! then decodes and converts colours.
//!
//! Corrupt input is rejected and not repaired: an image that is truncated, or whose data its decoder calls an error, is
//! [`RenderError::Undecodable`], because a truncated upload delivered as a good image would also be cached as one. What
//! a decoder only warns about (odd metadata, stray bytes, wrong ancillary checksums) is accepted.

mod annotations;
mod apng;
mod bitmap;
mod canvas;
mod exif;
mod foreign;
mod gif;
mod heif;
mod icns;
mod ico;
mod iptc;
mod jp2;
mod jpeg;
mod jxl;
mod png_color;
mod psd;
mod tiff_tags;

pub use exif::{groups as exif_groups, orientation as exif_orientation};
pub use foreign::Foreign;
pub(super) use gif::depth as gif_depth;
pub(super) use iptc::fields as iptc_fields;

use crate::render::{Bound, Codec};
use std::borrow::Cow;

use super::color::profile::Reading;
use super::{RenderError, RenderLimits};
use crate::param::ColorSpace;
use crate::pixels::raster::Raster;
use crate::pixels::rows::{RasterRows, Rows};
use crate::plan::{Measured, Select, StoredFrames};
use crate::sniff::{SourceFormat, sniff};
use crate::units::Size;
use crate::vips::Image;

/// An original whose format is known.
pub struct EncodedOriginal<'b> {
    format: SourceFormat,
    /// The bytes to pass to the decoder.
    bytes: Cow<'b, [u8]>,
    transforms: heif::Transforms,
    /// Whether the end marker of a JPEG was missing.
    lacked_end: bool,
}

impl<'b> EncodedOriginal<'b> {
    /// Sniffs the format of an original.
    ///
    /// # Errors
    /// [`RenderError::NotAnImage`] if the format is unknown.
    pub fn new(bytes: &'b [u8]) -> Result<Self, RenderError> {
        Self::known(bytes, sniff(bytes).ok_or(RenderError::NotAnImage)?)
    }

    /// Wraps an original whose format has been sniffed.
    ///
    /// # Errors
    /// [`RenderError::Undecodable`] if the file contains another file of unknown format.
    pub fn known(mut bytes: &'b [u8], mut format: SourceFormat) -> Result<Self, RenderError> {
        let embedded = if format == SourceFormat::Icns {
            icns::embedded(bytes)
        } else if format == SourceFormat::Ico {
            ico::embedded(bytes)
        } else if format == SourceFormat::Bmp {
            bitmap::embedded(bytes)
        } else {
            None
        };
        if let Some(inside) = embedded {
            bytes = inside;
            format = sniff(bytes).ok_or(RenderError::Undecodable)?;
        }
        let (mut bytes, transforms) = if format.is_heif() {
            heif::neutralised(bytes)
        } else {
            (Cow::Borrowed(bytes), heif::Transforms::default())
        };
        let ended = if format == SourceFormat::Jpeg { jpeg::ended(&bytes) } else { None };
        let lacked_end = ended.is_some();
        if let Some(ended) = ended {
            bytes = Cow::Owned(ended);
        }
        Ok(Self { format, bytes, transforms, lacked_end })
    }

    /// Applies the part of the selection that takes effect before decoding: removing the annotations of a PDF.
    #[must_use]
    pub fn selected(mut self, select: &Select) -> Self {
        if self.format == SourceFormat::Pdf && !select.annotation {
            self.bytes = Cow::Owned(annotations::removed(&self.bytes));
        }
        self
    }

    /// Returns the format. For an icon or bitmap that contains another file, that file's format.
    #[must_use]
    pub const fn format(&self) -> SourceFormat {
        self.format
    }
}

/// An original whose header has been read and checked. No pixels have been decoded.
pub struct Opened<'a> {
    /// The format.
    pub format: SourceFormat,
    /// Stored size, orientation, transparency and number of frames.
    pub measured: Measured,
    /// Timing of its frames; a still image has one frame.
    pub stored: StoredFrames,
    header: Header<'a>,
}

enum Header<'a> {
    Foreign(Box<Foreign<'a>>),
    Gif(&'a [u8]),
    Bitmap(&'a [u8]),
}

/// Decoded pixels: one image, or the frames of an animation, each decoded on demand.
pub struct Decoded<'a> {
    frames: Frames<'a>,
    size: Size,
    /// ICC profile of the samples; `None` means sRGB.
    pub profile: Option<Vec<u8>>,
}

/// One decoded image, read row by row.
pub type FrameRows<'a> = Box<dyn Rows + 'a>;

fn rows<'a>(raster: Raster) -> FrameRows<'a> {
    Box::new(RasterRows::from(raster))
}

/// The source of the frames.
enum Frames<'a> {
    Still(Raster),
    /// Stacked vertically in an image that is read from top to bottom.
    Stack {
        stack: Image<'a>,
        reading: Reading,
    },
    /// Decoded or drawn one after the other.
    Each(Box<dyn Iterator<Item = Result<Raster, RenderError>> + 'a>),
}

impl<'a> Decoded<'a> {
    /// Wraps a single image.
    pub(super) fn still(raster: Raster, profile: Option<Vec<u8>>) -> Self {
        Self { size: raster.size, frames: Frames::Still(raster), profile }
    }

    /// Returns the size of each frame. It differs from the original's if the image was scaled on load.
    #[must_use]
    pub const fn size(&self) -> Size {
        self.size
    }

    /// Returns the first frame.
    ///
    /// # Errors
    /// The same as [`Decoded::into_frames`].
    pub fn into_first(self) -> Result<Raster, RenderError> {
        Ok(self.into_frames().next().unwrap_or(Err(RenderError::Undecodable))?.into_raster()?)
    }

    /// Lets `look` inspect the first frame without consuming it.
    ///
    /// # Errors
    /// The same as [`Decoded::into_frames`].
    pub fn with_first<T>(mut self, look: impl FnOnce(&Raster) -> T) -> Result<(Self, T), RenderError> {
        let (size, profile) = (self.size, self.profile.take());
        let mut rest = self.into_frames();
        let first = rest.next().unwrap_or(Err(RenderError::Undecodable))?.into_raster()?;
        let seen = look(&first);
        let rest = rest.map(|frame| Ok(frame?.into_raster()?));
        let frames = Frames::Each(Box::new(std::iter::once(Ok(first)).chain(rest)));
        Ok((Self { frames, size, profile }, seen))
    }

    /// Iterates over the frames in order, at least one. Holds at most one of them at a time.
    ///
    /// # Errors
    /// An item is [`RenderError::Undecodable`] if the decoder fails on that frame.
    pub fn into_frames(self) -> Box<dyn Iterator<Item = Result<FrameRows<'a>, RenderError>> + 'a> {
        let size = self.size;
        match self.frames {
            Frames::Still(raster) => Box::new(std::iter::once(Ok(rows(raster)))),
            Frames::Stack { stack, reading } => {
                let count = stack.height() / size.height;
                let frame = move |index| Ok(rows(reading.apply(foreign::frame(&stack, size, index)?)));
                Box::new((0..count).map(frame))
            }
            Frames::Each(frames) => Box::new(frames.map(|frame| frame.map(rows))),
        }
    }
}

/// How to decode.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// First frame to decode, from 0.
    pub first: u32,
    /// Number of frames, at least 1.
    pub count: u32,
    /// Divides both sides by this while loading; must be 1 unless [`Opened::shrinks_on_load`].
    pub shrink: u32,
    /// Multiplies both sides by this while rasterising; must be 1 unless [`Opened::is_vector`].
    pub scale: f64,
    /// Whether to keep the original's profile and its pixel values.
    pub color_space: ColorSpace,
}

impl Wanted {
    /// Requests a single image at its full size.
    #[must_use]
    pub const fn first(color_space: ColorSpace) -> Self {
        Self { first: 0, count: 1, shrink: 1, scale: 1.0, color_space }
    }
}

impl<'a> Opened<'a> {
    /// Reads the header of an original and checks its size.
    ///
    /// # Errors
    /// [`RenderError::UnsupportedFormat`] for a format that we cannot read, [`RenderError::TooLarge`] if the header
    /// exceeds the limits, [`RenderError::Undecodable`] otherwise.
    pub fn new(original: &'a EncodedOriginal<'_>, select: &Select, limits: &RenderLimits) -> Result<Self, RenderError> {
        let (format, bytes) = (original.format, original.bytes.as_ref());
        let (header, measured, stored) = match format {
            SourceFormat::Bmp => still(bytes, bitmap::measure(bytes, limits)?),
            SourceFormat::Ico => still(bytes, ico::measure(bytes, limits)?),
            SourceFormat::Gif => {
                let gif::GifFacts { measured, stored } = gif::measure(bytes, limits)?;
                (Header::Gif(bytes), measured, stored)
            }
            SourceFormat::Psd => still(bytes, psd::measure(bytes, limits)?),
            SourceFormat::Icns => still(bytes, icns::measure(bytes)?),
            SourceFormat::Jxl => still(bytes, jxl::measure(bytes, limits)?),
            SourceFormat::Jp2 => still(bytes, jp2::measure(bytes)?),
            SourceFormat::Eps | SourceFormat::Jxr => {
                return Err(RenderError::UnsupportedFormat(Codec::Reader(format)));
            }
            SourceFormat::Jpeg
            | SourceFormat::Png
            | SourceFormat::Webp
            | SourceFormat::Tiff
            | SourceFormat::Heic
            | SourceFormat::Avif
            | SourceFormat::Svg
            | SourceFormat::Pdf => {
                let foreign = Foreign::open(bytes, format, select, original.transforms);
                let foreign = foreign.map_err(|error| foreign::explained(error, format, bytes, select.page))?;
                let (measured, stored) = (foreign.measure(), foreign.stored_frames());
                (Header::Foreign(Box::new(foreign)), measured, stored)
            }
        };
        check_max(Bound::Pixels, measured.size.area(), limits.pixels_max)?;
        if original.lacked_end {
            jpeg::check_whole(bytes, jpeg::Expected::EveryBit)?;
        }
        Ok(Self { format, measured, stored, header })
    }

    /// Returns whether this is a vector format.
    #[must_use]
    pub const fn is_vector(&self) -> bool {
        matches!(self.format, SourceFormat::Svg | SourceFormat::Pdf)
    }

    /// Returns whether the decoder can cheaply divide the sides by 2, 4 or 8.
    #[must_use]
    pub const fn shrinks_on_load(&self) -> bool {
        matches!(self.format, SourceFormat::Jpeg)
    }

    /// Returns the header as libvips read it, for descriptions, or `None` for formats that libvips does not read.
    #[must_use]
    pub const fn foreign(&self) -> Option<&Foreign<'a>> {
        match &self.header {
            Header::Foreign(foreign) => Some(foreign),
            Header::Gif(_) | Header::Bitmap(_) => None,
        }
    }

    /// Decodes the wanted frames and converts their colours.
    ///
    /// # Errors
    /// [`RenderError::TooLarge`] for more frames than allowed, [`RenderError::Undecodable`] if the decoder fails.
    pub fn decode(self, wanted: &Wanted, limits: &RenderLimits) -> Result<Decoded<'a>, RenderError> {
        check_max(Bound::Frames, u64::from(wanted.count), u64::from(limits.frames_max))?;
        // Each frame is drawn over the previous ones, so skipped frames cost as much as the wanted ones.
        let drawn = u64::from(wanted.first) + u64::from(wanted.count);
        if drawn > 1 {
            check_max(Bound::AnimationPixels, drawn * self.measured.size.area(), limits.animation_pixels_max)?;
        }
        match self.header {
            Header::Foreign(foreign) => {
                let (format, bytes, page) = (self.format, foreign.bytes(), foreign.page());
                foreign.decode(wanted).map_err(|error| foreign::explained(error, format, bytes, page))
            }
            Header::Gif(bytes) => {
                let shown = wanted.first..wanted.first.saturating_add(wanted.count);
                let frames = gif::play(bytes, &self.measured, shown, limits)?;
                Ok(Decoded { frames: Frames::Each(Box::new(frames)), size: self.measured.size, profile: None })
            }
            Header::Bitmap(bytes) if self.format == SourceFormat::Psd => psd::decode(bytes, wanted.color_space),
            Header::Bitmap(bytes) if self.format == SourceFormat::Icns => icns::decode(bytes),
            Header::Bitmap(bytes) if self.format == SourceFormat::Ico => ico::decode(bytes, wanted.color_space),
            Header::Bitmap(bytes) if self.format == SourceFormat::Jxl => jxl::decode(bytes, wanted.color_space, limits),
            Header::Bitmap(bytes) if self.format == SourceFormat::Jp2 => jp2::decode(bytes, wanted.color_space),
            Header::Bitmap(bytes) => bitmap::decode(bytes, wanted.color_space),
        }
    }
}

/// Builds the header of a still image that our own code decodes.
fn still(bytes: &[u8], measured: Measured) -> (Header<'_>, Measured, StoredFrames) {
    (Header::Bitmap(bytes), measured, StoredFrames { delays_ms: vec![0], plays: 0 })
}

fn check_max(what: Bound, got: u64, max: u64) -> Result<(), RenderError> {
    if got > max { Err(RenderError::TooLarge { what, got, max }) } else { Ok(()) }
}
