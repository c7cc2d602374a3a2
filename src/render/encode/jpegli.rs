//! JPEG using jpegli, which needs the fewest bytes of all encoders that we measured.
//!
//! jpegli is linked into the executable under its own symbol names (`jpegli_*`), so that libvips continues to use the
//! libjpeg it was built with. A test verifies this.

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
/// [`RenderError::Encode`] when jpegli fails.
pub(super) fn encode(raster: &Raster, output: &Output, attached: Attached<'_>) -> Result<Vec<u8>, RenderError> {
    // The library reports a fatal error by unwinding. We know of no input that triggers it, and the worker contains any
    // other failure.
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
    // When jpegli optimises, it creates separate tables for every component, which the baseline process does not allow.
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

/// Converts a quality to jpegli's scale, which only has whole numbers. At its own 80 jpegli saves bytes by looking
/// worse than other encoders do at 80. At 84 it needs as many bytes as they do and looks better than most
/// (`benches/README.md`). 0 and 100 mean the same on both scales.
fn own_scale(quality: u8) -> f32 {
    const AT_80: f32 = 84.0;
    let quality = f32::from(quality);
    let scaled =
        if quality <= 80.0 { quality * AT_80 / 80.0 } else { AT_80 + (quality - 80.0) * (100.0 - AT_80) / 20.0 };
    // libjpeg's scale starts at 1.
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
        // libvips would call a `jpeg_*` symbol of ours instead of the libjpeg it was built with, whose structures
        // differ. The names of all symbols of a statically linked library are in the file. They are assembled here,
        // because the test would find a literal too.
        let executable = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let holds = |name: String| executable.windows(name.len()).any(|part| part == name.as_bytes());
        for name in ["CreateCompress", "start_compress", "read_header", "std_error"] {
            assert!(!holds(["\0jpeg", "_", name, "\0"].concat()), "{name}");
        }
        assert!(holds(["\0jpegli", "_", "CreateCompress", "\0"].concat()), "names are not found at all");
    }
}
