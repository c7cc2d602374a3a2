//! Original bytes -> [`Decoded`]: sniff, read the header, check it against the limits, then decode and convert colours.
//!
//! Corrupt input is refused rather than repaired: a picture cut short, or with data that its decoder calls an error, is
//! [`RenderError::Undecodable`], because a torn upload served as a good picture would be cached as one. What a decoder
//! only warns of (odd metadata, stray bytes, wrong ancillary checksums) is let through.

mod bitmap;
mod exif;
mod foreign;
mod heif;
mod iptc;
mod sniff;

pub use exif::{groups as exif_groups, orientation as exif_orientation};
pub use foreign::Foreign;
pub(super) use iptc::fields as iptc_fields;
pub use sniff::{SourceFormat, sniff};

use std::borrow::Cow;

use super::raster::{Raster, Samples};
use super::{RenderError, RenderLimits};
use crate::param::{ColorSpace, FrameSelect, FrameSpan};
use crate::plan::{Measured, Select};
use crate::units::Size;

/// An original whose kind is known.
pub struct Original<'b> {
    format: SourceFormat,
    /// As a decoder is to see it.
    bytes: Cow<'b, [u8]>,
    transforms: heif::Transforms,
}

impl<'b> Original<'b> {
    /// Sniffs an original.
    ///
    /// # Errors
    /// [`RenderError::NotAnImage`] for bytes of no known kind.
    pub fn new(bytes: &'b [u8]) -> Result<Self, RenderError> {
        let format = sniff(bytes).ok_or(RenderError::NotAnImage)?;
        let (bytes, transforms) = if format.is_heif() {
            heif::neutralised(bytes)
        } else {
            (Cow::Borrowed(bytes), heif::Transforms::default())
        };
        Ok(Self { format, bytes, transforms })
    }
}

/// An original whose header has been read and checked; no pixel has been decoded.
pub struct Opened<'a> {
    /// What it is.
    pub format: SourceFormat,
    /// Its stored size, orientation, transparency and frames.
    pub measured: Measured,
    header: Header<'a>,
}

enum Header<'a> {
    Foreign(Box<Foreign<'a>>),
    Bitmap(&'a [u8]),
}

/// Decoded pixels: one picture, or the frames of an animation one below the other.
#[derive(Clone, Debug)]
pub struct Decoded {
    stack: Raster,
    /// Extent of one frame.
    size: Size,
    /// How long each frame is shown, milliseconds; empty for a still.
    pub delays_ms: Vec<u32>,
    /// How often an animation plays; 0 is for ever.
    pub loop_count: u32,
    /// ICC profile of the samples; `None` is sRGB.
    pub profile: Option<Vec<u8>>,
}

impl Decoded {
    /// One picture.
    fn still(raster: Raster, profile: Option<Vec<u8>>) -> Self {
        Self { size: raster.size, stack: raster, delays_ms: Vec::new(), loop_count: 0, profile }
    }

    /// Size of each frame, which is not the original's when it was scaled on load.
    #[must_use]
    pub const fn size(&self) -> Size {
        self.size
    }

    /// The frames in order, at least one. Each is copied out when it is asked for, so that the stack is never held twice.
    pub fn into_frames(self) -> impl Iterator<Item = Raster> {
        let (size, channels) = (self.size, self.stack.channels);
        let count = self.stack.size.height / size.height;
        let mut whole = Some(self.stack);
        let samples = usize::try_from(size.area()).expect("a frame in memory") * usize::from(channels);
        (0..count.max(1) as usize).map(move |index| {
            let range = index * samples..(index + 1) * samples;
            let frame = match &whole {
                Some(stack) if count > 1 => match &stack.samples {
                    Samples::U8(all) => Some(Samples::U8(all[range].to_vec())),
                    Samples::U16(all) => Some(Samples::U16(all[range].to_vec())),
                },
                Some(_) | None => None,
            };
            match frame {
                Some(samples) => Raster { size, channels, samples },
                None => whole.take().expect("a single picture is taken once"),
            }
        })
    }
}

/// How to decode.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// All selected frames, or only the first.
    pub animated: bool,
    /// Frames selected by the request.
    pub frame: Option<FrameSelect>,
    /// Divide both sides by this while loading; only for formats of [`Opened::shrinks_on_load`], else 1.
    pub shrink: u32,
    /// Multiply both sides by this while rasterising; only for [`Opened::is_vector`], else 1.
    pub scale: f64,
    /// Whether the original's profile and its pixels may be kept.
    pub color_space: ColorSpace,
}

impl<'a> Opened<'a> {
    /// Reads the header of an original and checks its size.
    ///
    /// # Errors
    /// [`RenderError::UnsupportedFormat`] for a kind that we cannot read, [`RenderError::TooLarge`] by the numbers in the
    /// header, [`RenderError::Undecodable`] for the rest.
    pub fn new(original: &'a Original<'_>, select: &Select, limits: &RenderLimits) -> Result<Self, RenderError> {
        let (format, bytes) = (original.format, original.bytes.as_ref());
        let (header, measured) = match format {
            SourceFormat::Bmp | SourceFormat::Ico => (Header::Bitmap(bytes), bitmap::measure(bytes, format, limits)?),
            SourceFormat::Psd | SourceFormat::Eps | SourceFormat::Jxr | SourceFormat::Icns => {
                return Err(RenderError::UnsupportedFormat { format: format.name().to_owned() });
            }
            SourceFormat::Jpeg
            | SourceFormat::Png
            | SourceFormat::Webp
            | SourceFormat::Gif
            | SourceFormat::Tiff
            | SourceFormat::Heic
            | SourceFormat::Avif
            | SourceFormat::Jxl
            | SourceFormat::Jp2
            | SourceFormat::Svg
            | SourceFormat::Pdf => {
                let foreign = Foreign::open(bytes, format, select, original.transforms)?;
                let measured = foreign.measure();
                (Header::Foreign(Box::new(foreign)), measured)
            }
        };
        check_max("pixels", measured.size.area(), limits.pixels_max)?;
        Ok(Self { format, measured, header })
    }

    /// Whether the kind has no pixels of its own.
    #[must_use]
    pub const fn is_vector(&self) -> bool {
        matches!(self.format, SourceFormat::Svg | SourceFormat::Pdf)
    }

    /// Whether the decoder can divide the sides by 2, 4 or 8 cheaply.
    #[must_use]
    pub const fn shrinks_on_load(&self) -> bool {
        matches!(self.format, SourceFormat::Jpeg)
    }

    /// The header as libvips read it, for descriptions; `None` for kinds that it does not read.
    #[must_use]
    pub const fn foreign(&self) -> Option<&Foreign<'a>> {
        match &self.header {
            Header::Foreign(foreign) => Some(foreign),
            Header::Bitmap(_) => None,
        }
    }

    /// Number of the first frame to decode, from 0, and how many.
    #[must_use]
    pub fn frame_range(&self, frame: Option<FrameSelect>, animated: bool) -> (u32, u32) {
        let last = self.measured.frames.saturating_sub(1);
        let (first, end) = match frame {
            None => (0, last),
            Some(FrameSelect::One(number)) => (number.saturating_sub(1).min(last), number.saturating_sub(1).min(last)),
            Some(FrameSelect::Span(FrameSpan { first, last: end })) => (
                first.unwrap_or(1).saturating_sub(1).min(last),
                end.map_or(last, |end| end.saturating_sub(1).min(last)),
            ),
        };
        (first, if animated && end > first { end - first + 1 } else { 1 })
    }

    /// Decodes the wanted frames and converts their colours.
    ///
    /// # Errors
    /// [`RenderError::TooLarge`] for more frames than allowed, [`RenderError::Undecodable`] when the decoder gives up.
    pub fn decode(self, wanted: &Wanted, limits: &RenderLimits) -> Result<Decoded, RenderError> {
        let (first, count) = self.frame_range(wanted.frame, wanted.animated);
        check_max("frames", u64::from(count), u64::from(limits.frames_max))?;
        if count > 1 {
            let pixels = u64::from(count) * self.measured.size.area();
            check_max("animation pixels", pixels, limits.animation_pixels_max)?;
        }
        match self.header {
            Header::Foreign(foreign) => foreign.decode(first, count, wanted),
            Header::Bitmap(bytes) => bitmap::decode(bytes, self.format, limits),
        }
    }
}

fn check_max(what: &str, got: u64, max: u64) -> Result<(), RenderError> {
    if got > max { Err(RenderError::TooLarge { what: what.to_owned(), got, max }) } else { Ok(()) }
}

/// The size of a picture whose sides a decoder divided by `factor`, rounding up.
#[must_use]
pub const fn shrunk_size(size: Size, factor: u32) -> Size {
    Size::new(size.width.div_ceil(factor), size.height.div_ceil(factor))
}
