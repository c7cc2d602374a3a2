//! JPEG using libvips and the libjpeg it was built with, for builds without jpegli.

use crate::param::ChromaSub;
use crate::pixels::raster::Raster;
use crate::plan::{Format, Output};
use crate::render::RenderError;
use crate::vips::{Call, Image};

use super::jpeg_markers::{ICC_PART, fits_markers, fits_one, jfif};
use super::{Attached, failed};

const SOI: [u8; 2] = [0xFF, 0xD8];
const APP0: u8 = 0xE0;
const APP2: u8 = 0xE2;
const APP13: u8 = 0xED;

/// Encodes 8-bit grey or RGB without alpha. libvips cannot write 4:2:2, so that keeps full chroma resolution.
///
/// # Errors
/// [`RenderError::Encode`] when libvips fails.
pub(super) fn encode(raster: &Raster, output: &Output, attached: Attached<'_>) -> Result<Vec<u8>, RenderError> {
    let subsample = match output.chroma {
        ChromaSub::Yuv420 => c"on",
        ChromaSub::Yuv422 | ChromaSub::Yuv444 => c"off",
    };
    let save = || {
        Call::new(c"jpegsave_buffer")
            .image(c"in", &Image::from_raster(raster)?)
            .int(c"Q", i32::from(output.quality.get()).max(1))
            .flag(c"optimize-coding", output.progressive)
            .flag(c"interlace", output.progressive)
            .nick(c"subsample-mode", subsample)
            .strip()
            .bytes_out()
    };
    let plain = save().map_err(|_| failed(Format::Jpeg))?;
    with_markers(&plain, output, attached).ok_or_else(|| failed(Format::Jpeg))
}

/// Replaces the encoder's JFIF marker with our markers.
fn with_markers(plain: &[u8], output: &Output, attached: Attached<'_>) -> Option<Vec<u8>> {
    let mut rest = plain.strip_prefix(&SOI)?;
    while let [0xFF, APP0, high, low, ..] = *rest {
        rest = rest.get(2 + usize::from(u16::from_be_bytes([high, low]))..)?;
    }
    let mut out = Vec::with_capacity(plain.len() + attached.profile.map_or(0, <[u8]>::len) + 64);
    out.extend_from_slice(&SOI);
    push_marker(&mut out, APP0, &[&jfif(output.dpi)])?;
    if let Some(profile) = attached.profile.filter(|profile| fits_markers(profile)) {
        let parts = profile.chunks(ICC_PART);
        let count = u8::try_from(parts.len()).ok()?;
        for (number, part) in (1..=count).zip(parts) {
            push_marker(&mut out, APP2, &[b"ICC_PROFILE\0", &[number, count], part])?;
        }
    }
    if let Some(iptc) = attached.iptc.filter(|iptc| fits_one(iptc)) {
        push_marker(&mut out, APP13, &[iptc])?;
    }
    out.extend_from_slice(rest);
    Some(out)
}

fn push_marker(out: &mut Vec<u8>, marker: u8, payload: &[&[u8]]) -> Option<()> {
    let length = 2 + payload.iter().map(|part| part.len()).sum::<usize>();
    out.extend_from_slice(&[0xFF, marker]);
    out.extend_from_slice(&u16::try_from(length).ok()?.to_be_bytes());
    payload.iter().for_each(|part| out.extend_from_slice(part));
    Some(())
}
