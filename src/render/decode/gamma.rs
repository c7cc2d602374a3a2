//! PNGs that state a curve of their own (`gAMA`; PNG 3, 11.3.2.2) and no profile: browsers show them by it, and so must what
//! is made of them, which states none.
//!
//! A statement that means sRGB or nearly so is what most encoders write, and changes nothing. Primaries (`cHRM`) without
//! a profile are rare, and ignored.

use super::apng::chunks;
use crate::render::raster::{Raster, Samples};
use crate::render::transfer::to_encoded;

/// What `gAMA` counts in.
const UNIT: f64 = 100_000.0;
/// The power that sRGB is nearest to.
const SRGB: f64 = 0.454_55;
/// Share by which a power may differ from that and still mean it, as in libpng.
const TOLERANCE: f64 = 0.05;
/// Powers beyond these come from damaged files.
const SANE: std::ops::RangeInclusive<f64> = 0.05..=10.0;

/// The power by which the samples of a PNG were made from light, when it is the best that the file says and differs
/// from that of sRGB.
pub(super) fn stated(bytes: &[u8]) -> Option<f64> {
    let mut power = None;
    for (kind, data) in chunks(bytes) {
        match kind {
            b"gAMA" => power = data.first_chunk::<4>().map(|value| f64::from(u32::from_be_bytes(*value)) / UNIT),
            b"iCCP" | b"sRGB" | b"cICP" => return None,
            b"IDAT" => break,
            _ => {}
        }
    }
    power.filter(|power| SANE.contains(power) && (power / SRGB - 1.0).abs() > TOLERANCE)
}

/// Brings the colours of a picture whose samples are light to this power into sRGB. Alpha stays.
pub(super) fn to_srgb(mut raster: Raster, power: f64) -> Raster {
    let channels = usize::from(raster.channels);
    let colours = channels - usize::from(raster.has_alpha());
    let encoded = |share: f64| to_encoded(share.powf(1.0 / power));
    match &mut raster.samples {
        Samples::U8(samples) => {
            let table: [u8; 256] = std::array::from_fn(|v| (encoded(v as f64 / 255.0) * 255.0).round() as u8);
            let pixels = samples.chunks_exact_mut(channels);
            pixels.for_each(|pixel| pixel[..colours].iter_mut().for_each(|v| *v = table[usize::from(*v)]));
        }
        Samples::U16(samples) => {
            let full = f64::from(u16::MAX);
            let table: Vec<u16> =
                (0..=u16::MAX).map(|v| (encoded(f64::from(v) / full) * full).round() as u16).collect();
            let pixels = samples.chunks_exact_mut(channels);
            pixels.for_each(|pixel| pixel[..colours].iter_mut().for_each(|v| *v = table[usize::from(*v)]));
        }
    }
    raster
}

#[cfg(test)]
mod tests {
    use png::ScaledFloat;

    use super::*;
    use crate::param::ColorSpace;
    use crate::plan::Select;
    use crate::render::RenderLimits;
    use crate::render::decode::{Opened, Original, Wanted};

    /// A PNG of 5 pixels of grey and alpha.
    fn grey(samples: &[u8], depth: png::BitDepth, gamma: Option<f32>, is_srgb: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, 5, 1);
        encoder.set_color(png::ColorType::GrayscaleAlpha);
        encoder.set_depth(depth);
        if let Some(gamma) = gamma {
            encoder.set_source_gamma(ScaledFloat::new(gamma));
        }
        if is_srgb {
            encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
        }
        encoder.write_header().unwrap().write_image_data(samples).unwrap();
        out
    }

    fn decoded(bytes: &[u8]) -> Raster {
        crate::vips::init().unwrap();
        let limits = RenderLimits::from(&crate::config::Limits::default());
        let original = Original::new(bytes).unwrap();
        let opened = Opened::new(&original, &Select::default(), &limits).unwrap();
        let mut frames = opened.decode(&Wanted::first(ColorSpace::Origin), &limits).unwrap().into_frames();
        frames.next().unwrap().unwrap()
    }

    #[test]
    fn samples_of_another_curve_become_srgb() {
        let samples = [0, 9, 55, 99, 128, 128, 188, 200, 255, 255];
        let shown = |gamma, is_srgb| {
            let raster = decoded(&grey(&samples, png::BitDepth::Eight, gamma, is_srgb));
            raster.into_bytes().chunks_exact(2).map(|p| (p[0], p[1])).collect::<Vec<_>>()
        };
        let plain = [(0, 9), (55, 99), (128, 128), (188, 200), (255, 255)];
        assert_eq!(shown(None, false), plain);
        // Light itself: half of it is 188.
        assert_eq!(shown(Some(1.0), false), [(0, 9), (128, 99), (188, 128), (223, 200), (255, 255)]);
        // Darker than sRGB.
        let dark = shown(Some(0.35), false);
        assert!(dark[2].0 < 110 && dark[0].0 == 0 && dark[4] == (255, 255), "{dark:?}");
        // What means sRGB, says so better, or means nothing.
        for (gamma, is_srgb) in [(Some(0.454_55), false), (Some(0.46), false), (Some(1.0), true), (Some(0.0), false)] {
            assert_eq!(shown(gamma, is_srgb), plain, "{gamma:?}");
        }
    }

    #[test]
    fn deep_samples_keep_their_depth() {
        let samples: Vec<u8> =
            [0_u16, 1, 100, 2, 32_768, 3, 32_769, 4, 65_535, 5].iter().flat_map(|v| v.to_be_bytes()).collect();
        let Samples::U16(samples) = decoded(&grey(&samples, png::BitDepth::Sixteen, Some(1.0), false)).samples else {
            panic!("16 bits")
        };
        assert_eq!(samples.iter().skip(1).step_by(2).copied().collect::<Vec<_>>(), [1, 2, 3, 4, 5], "alpha stays");
        let colours: Vec<u16> = samples.iter().step_by(2).copied().collect();
        assert!(colours.is_sorted() && colours[0] == 0 && colours[4] == 65_535);
        assert!((48_100..48_300).contains(&colours[2]) && colours[1] > 1000, "{colours:?}");
    }

    #[test]
    fn damaged_chunks_say_nothing() {
        for bytes in [
            &b"\x89PNG\r\n\x1a\n"[..],
            b"\x89PNG\r\n\x1a\n\0\0\0\x02gAMA\0\0\0\0\0\0",
            b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffgAMA",
        ] {
            assert_eq!(stated(bytes), None);
        }
    }
}
