//! JPEG XL, using a decoder that can output the colour space we need.
//!
//! libvips is not used: for a lossy image whose profile libjxl cannot convert to, it accepts linear light in 8 bits,
//! and it does not know the range of floating-point samples. Here such an image is decoded to sRGB, a high dynamic
//! range image to its own curve with the highlights rolled off, and everything else keeps its profile. The decoder
//! rotates the image itself. Only the first frame of an animation is shown, but all are read to detect a truncated
//! file. Source: ISO/IEC 18181-1 and -2.

use crate::sniff::SourceFormat;
use jxl::api::{
    AlphaMode, Endianness, Event, ExtraChannel, JxlBasicInfo, JxlBitDepth, JxlColorEncoding, JxlColorProfile,
    JxlColorType, JxlDataFormat, JxlDecoder, JxlDecoderOptions, JxlOutputBuffer, JxlPixelFormat, JxlPrimaries,
    JxlTransferFunction, JxlWhitePoint, ProfileLevel,
};

use super::Decoded;
use crate::param::ColorSpace;
use crate::pixels::raster::{Raster, Samples};
use crate::plan::Measured;
use crate::render::color::convert;
use crate::render::color::hdr::{self, TransferCurve};
use crate::render::color::primaries::Chromaticities;
use crate::render::{Codec, RenderError, RenderLimits};
use crate::units::Size;

/// A decoder that has read the header.
struct OpenedJxl<'b> {
    decoder: JxlDecoder,
    rest: &'b [u8],
    info: JxlBasicInfo,
}

fn open<'b>(bytes: &'b [u8], limits: &RenderLimits) -> Result<OpenedJxl<'b>, RenderError> {
    let mut options = JxlDecoderOptions::default();
    options.alpha_mode = AlphaMode::Unpremultiplied;
    options.max_profile_level = ProfileLevel::Main10;
    // Allows for colours, alpha, black and as many extra channels again; a frame may be larger than its visible part.
    options.sample_limit = usize::try_from(limits.pixels_max.saturating_mul(8)).ok();
    let mut decoder = JxlDecoder::new(options);
    let mut rest = bytes;
    advance(&mut decoder, &mut rest, None, Event::BasicInfo)?;
    let info = decoder.basic_info().ok_or(RenderError::Undecodable)?.clone();
    Ok(OpenedJxl { decoder, rest, info })
}

/// Runs the decoder until `event`.
fn advance(
    decoder: &mut JxlDecoder,
    rest: &mut &[u8],
    mut into: Option<&mut [JxlOutputBuffer<'_>]>,
    event: Event,
) -> Result<(), RenderError> {
    loop {
        let got = decoder.process(rest, into.as_deref_mut(), None).map_err(|_| RenderError::Undecodable)?;
        let is_frame = |event| matches!(event, Event::FrameComplete { .. });
        match got {
            got if got == event || (is_frame(got) && is_frame(event)) => return Ok(()),
            // The decoder has already received the whole file.
            Event::NeedMoreInput { .. } | Event::Complete => return Err(RenderError::Undecodable),
            Event::BasicInfo | Event::FrameHeader | Event::FrameComplete { .. } => {}
        }
    }
}

impl OpenedJxl<'_> {
    fn size(&self) -> Result<Size, RenderError> {
        match (u32::try_from(self.info.size.0), u32::try_from(self.info.size.1)) {
            (Ok(width @ 1..), Ok(height @ 1..)) => Ok(Size { width, height }),
            _ => Err(RenderError::Undecodable),
        }
    }

    fn has(&self, kind: ExtraChannel) -> bool {
        self.info.extra_channels.iter().any(|channel| channel.ec_type == kind)
    }

    fn color_type(&self) -> Result<JxlColorType, RenderError> {
        let embedded = self.decoder.embedded_color_profile().ok_or(RenderError::Undecodable)?;
        let has_alpha = self.has(ExtraChannel::Alpha);
        Ok(match (embedded.channels(), has_alpha) {
            (4, _) if self.has(ExtraChannel::Black) => JxlColorType::Cmyk,
            (1, false) => JxlColorType::Grayscale,
            (1, true) => JxlColorType::GrayscaleAlpha,
            (3, false) => JxlColorType::Rgb,
            (3, true) => JxlColorType::Rgba,
            _ => return Err(RenderError::UnsupportedFormat(Codec::Reader(SourceFormat::Jxl))),
        })
    }

    /// Returns whether to decode to 16 bits: the samples have more than 8 bits, or a curve for which 8 bits are too
    /// few.
    fn is_deep(&self) -> bool {
        let is_fine = match self.info.bit_depth {
            JxlBitDepth::Int { bits_per_sample } => bits_per_sample > 8,
            JxlBitDepth::Float { .. } => true,
        };
        let curve = self.decoder.embedded_color_profile().and_then(JxlColorProfile::transfer_function);
        is_fine || curve.is_some_and(|curve| !matches!(curve, JxlTransferFunction::SRGB | JxlTransferFunction::BT709))
    }
}

/// Reads the header.
pub(super) fn measure(bytes: &[u8], limits: &RenderLimits) -> Result<Measured, RenderError> {
    let opened = open(bytes, limits)?;
    let color_type = opened.color_type()?;
    Ok(Measured { size: opened.size()?, orientation: 1, has_alpha: color_type.has_alpha(), frames: 1 })
}

/// Decodes an image that has been measured, so its size is within the limits.
pub(super) fn decode(
    bytes: &[u8],
    color_space: ColorSpace,
    limits: &RenderLimits,
) -> Result<Decoded<'static>, RenderError> {
    let mut opened = open(bytes, limits)?;
    let (size, color_type) = (opened.size()?, opened.color_type()?);
    let is_inks = color_type == JxlColorType::Cmyk;
    let is_deep = opened.is_deep() && !is_inks;
    let format = if is_deep {
        JxlDataFormat::U16 { endianness: Endianness::native(), bit_depth: 16 }
    } else {
        JxlDataFormat::U8 { bit_depth: 8 }
    };
    let pixel_format = JxlPixelFormat {
        color_type,
        color_data_format: Some(format),
        extra_channel_format: vec![None; opened.info.extra_channels.len()],
    };
    opened.decoder.set_pixel_format(pixel_format).map_err(|_| RenderError::Undecodable)?;
    let channels = color_type.samples_per_pixel();
    let samples = pixels(&mut opened, size, channels, is_deep)?;
    let raster = Raster { size, channels: channels as u8, samples };
    let output = opened.decoder.output_color_profile().ok_or(RenderError::Undecodable)?;
    let (raster, profile) = if is_inks {
        // The file stores the remaining light, which is the inverse of ink.
        let inks = raster.into_bytes().into_iter().map(|light| 255 - light).collect();
        let inks = Raster { size, channels: 4, samples: Samples::U8(inks) };
        convert::decoded_inks(&inks, output.try_as_icc().as_deref().map(Vec::as_slice), color_space)?
    } else if let Some(space) = high_range(output) {
        (hdr::to_srgb(raster, space), None)
    } else {
        convert::decoded_raster(raster, output.try_as_icc().as_deref().map(Vec::as_slice), color_space)
    };
    Ok(Decoded::still(raster, profile))
}

/// Decodes the samples of the first frame.
fn pixels(opened: &mut OpenedJxl<'_>, size: Size, channels: usize, is_deep: bool) -> Result<Samples, RenderError> {
    let width = if is_deep { 2 } else { 1 };
    let row = size.width as usize * channels * width;
    let height = size.height as usize;
    let len = row.checked_mul(height).ok_or(RenderError::Undecodable)?;
    // Rows of 16-bit samples must start at even addresses.
    let mut bytes = vec![0_u8; len + 1];
    let start = if is_deep { bytes.as_ptr().align_offset(2).min(1) } else { 0 };
    let OpenedJxl { decoder, rest, .. } = opened;
    advance(decoder, rest, None, Event::FrameHeader)?;
    let mut buffer = [JxlOutputBuffer::new(&mut bytes[start..start + len], height, row)];
    advance(decoder, rest, Some(&mut buffer), Event::FrameComplete { has_more_frames: false })?;
    advance(decoder, rest, None, Event::Complete)?;
    bytes.truncate(start + len);
    bytes.drain(..start);
    Ok(if is_deep {
        Samples::U16(bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_ne_bytes(*pair)).collect())
    } else {
        Samples::U8(bytes)
    })
}

/// Returns the colour space of PQ and HLG images, whose white is far below the maximum.
fn high_range(profile: &JxlColorProfile) -> Option<hdr::RgbSpace> {
    let JxlColorProfile::Simple(encoding) = profile else { return None };
    let curve = match profile.transfer_function()? {
        JxlTransferFunction::PQ => TransferCurve::Pq,
        JxlTransferFunction::HLG => TransferCurve::Hlg,
        JxlTransferFunction::BT709
        | JxlTransferFunction::Linear
        | JxlTransferFunction::SRGB
        | JxlTransferFunction::DCI
        | JxlTransferFunction::Gamma(_) => return None,
    };
    let primaries = match encoding {
        JxlColorEncoding::RgbColorSpace { white_point, primaries, .. } => chromaticities(white_point, primaries),
        JxlColorEncoding::GrayscaleColorSpace { .. } | JxlColorEncoding::XYB { .. } => Chromaticities::SRGB,
    };
    Some(hdr::RgbSpace::new(curve, primaries))
}

fn chromaticities(white: &JxlWhitePoint, primaries: &JxlPrimaries) -> Chromaticities {
    let wide = |(x, y): (f32, f32)| (f64::from(x), f64::from(y));
    let [red, green, blue] = primaries.to_xy_coords().map(wide);
    Chromaticities { red, green, blue, white: wide(white.to_xy_coords()) }
}
