//! JPEG through jpegli, whose files need the fewest bytes of all that we measured.
//!
//! jpegli is linked into the executable under names of its own (`jpegli_*`), so that libvips goes on using the libjpeg
//! it was built with; a test keeps watch over that.

use jpegli::{ColorSpace, Compress, Marker};

use crate::param::ChromaSub;
use crate::pixels::raster::Raster;
use crate::plan::{Format, Output};
use crate::render::RenderError;

use super::jpeg_markers::{fits_markers, fits_one, jfif};
use super::{Attached, extent, failed, pixels};

/// Encodes 8-bit grey or RGB without alpha.
///
/// # Errors
/// [`RenderError::Encode`] when jpegli refuses.
pub(super) fn encode(raster: &Raster, output: &Output, attached: Attached<'_>) -> Result<Vec<u8>, RenderError> {
    // The library reports a fatal error by unwinding. Nothing known gets it there, and a worker contains the rest.
    std::panic::catch_unwind(|| write(raster, output, attached))
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| failed(Format::Jpeg))
}

fn write(raster: &Raster, output: &Output, attached: Attached<'_>) -> std::io::Result<Vec<u8>> {
    let (width, height) = extent(raster.size);
    let grey = raster.channels == 1;
    let mut jpeg = Compress::new(if grey { ColorSpace::JCS_GRAYSCALE } else { ColorSpace::JCS_RGB });
    jpeg.set_size(width, height);
    jpeg.set_quality(own_scale(output.quality.get()));
    if !grey {
        let block = match output.chroma {
            ChromaSub::Yuv444 => (1, 1),
            ChromaSub::Yuv422 => (2, 1),
            ChromaSub::Yuv420 => (2, 2),
        };
        jpeg.set_chroma_sampling_pixel_sizes(block, block);
    }
    // Tables of its own for every component, which jpegli makes when it optimises, are beyond the baseline process.
    jpeg.set_optimize_coding(output.progressive);
    if output.progressive {
        jpeg.set_progressive_mode();
    }
    let mut jpeg = jpeg.start_compress(Vec::with_capacity(width * height / 4))?;
    jpeg.write_marker(Marker::APP(0), &jfif(output.dpi));
    if let Some(profile) = attached.profile.filter(|profile| fits_markers(profile)) {
        jpeg.write_icc_profile(profile);
    }
    if let Some(iptc) = attached.iptc.filter(|iptc| fits_one(iptc)) {
        jpeg.write_marker(Marker::APP(13), iptc);
    }
    jpeg.write_scanlines(pixels::bytes(raster))?;
    jpeg.finish()
}

/// Quality as jpegli means it, which takes whole numbers only. At its own 80 it saves bytes by looking worse than other
/// encoders do at 80; at 84 it needs as many bytes as they do, and looks better than most (`benches/README.md`). 0 and 100
/// mean the same on both scales.
fn own_scale(quality: u8) -> f32 {
    const AT_80: f32 = 84.0;
    let quality = f32::from(quality);
    let scaled =
        if quality <= 80.0 { quality * AT_80 / 80.0 } else { AT_80 + (quality - 80.0) * (100.0 - AT_80) / 20.0 };
    // 0 is no quality of libjpeg's scale.
    scaled.round().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::own_scale;

    #[test]
    fn the_scale_rises_from_end_to_end() {
        let scale: Vec<f32> = (0..=100).map(own_scale).collect();
        assert!(scale.is_sorted());
        assert_eq!([0, 80, 100].map(|quality| own_scale(quality) as u8), [1, 84, 100]);
    }

    #[test]
    fn no_second_libjpeg_is_linked_into_the_executable() {
        // A `jpeg_*` of ours would be called by libvips instead of the one it was built with, whose structures differ.
        // All symbols of a statically linked library have their names in the file. Put together here, since a literal
        // would be found too.
        let executable = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let holds = |name: String| executable.windows(name.len()).any(|part| part == name.as_bytes());
        for name in ["CreateCompress", "start_compress", "read_header", "std_error"] {
            assert!(!holds(["\0jpeg", "_", name, "\0"].concat()), "{name}");
        }
        assert!(holds(["\0jpegli", "_", "CreateCompress", "\0"].concat()), "names are not found at all");
    }
}
