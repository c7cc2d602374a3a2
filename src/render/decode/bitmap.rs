//! BMP and ICO, which no safe libvips loader reads, through the `image` crate under its own limits.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::codecs::ico::IcoDecoder;
use image::{DynamicImage, ImageDecoder, Limits};

use super::{Decoded, SourceFormat, check_max, ico};
use crate::plan::Measured;
use crate::render::raster::{Raster, Samples};
use crate::render::{RenderError, RenderLimits};
use crate::units::Size;

/// Reads the header. Checked here too, since these decoders allocate as soon as they are asked for pixels.
pub(super) fn measure(bytes: &[u8], format: SourceFormat, limits: &RenderLimits) -> Result<Measured, RenderError> {
    let icon;
    let decoder: Box<dyn ImageDecoder> = if format == SourceFormat::Ico {
        icon = ico::alone(bytes);
        Box::new(IcoDecoder::new(Cursor::new(&icon)).map_err(|_| RenderError::Undecodable)?)
    } else {
        Box::new(BmpDecoder::new(Cursor::new(bytes)).map_err(|_| RenderError::Undecodable)?)
    };
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(RenderError::Undecodable);
    }
    let size = Size::new(width, height);
    check_max("pixels", size.area(), limits.pixels_max)?;
    Ok(Measured { size, orientation: 1, has_alpha: decoder.color_type().has_alpha(), frames: 1 })
}

/// Decodes the picture; of an icon, the largest.
pub(super) fn decode(
    bytes: &[u8],
    format: SourceFormat,
    limits: &RenderLimits,
) -> Result<Decoded<'static>, RenderError> {
    let icon;
    let image = if format == SourceFormat::Ico {
        icon = ico::alone(bytes);
        into_image(IcoDecoder::new(Cursor::new(&icon)).map_err(|_| RenderError::Undecodable)?, limits)?
    } else {
        into_image(BmpDecoder::new(Cursor::new(bytes)).map_err(|_| RenderError::Undecodable)?, limits)?
    };
    let size = Size::new(image.width(), image.height());
    let (channels, samples) =
        if image.color().has_alpha() { (4, image.into_rgba8().into_raw()) } else { (3, image.into_rgb8().into_raw()) };
    let raster = Raster { size, channels, samples: Samples::U8(samples) };
    Ok(Decoded::still(raster, None))
}

fn into_image(mut decoder: impl ImageDecoder, limits: &RenderLimits) -> Result<DynamicImage, RenderError> {
    let mut bounds = Limits::default();
    // RGBA, and as much again for what the decoder keeps beside it.
    bounds.max_alloc = Some(limits.pixels_max.saturating_mul(8));
    decoder.set_limits(bounds).map_err(|_| RenderError::Undecodable)?;
    DynamicImage::from_decoder(decoder).map_err(|_| RenderError::Undecodable)
}
