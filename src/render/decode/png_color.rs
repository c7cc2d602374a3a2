//! The colour information of a PNG outside its profile (`cICP`, `sRGB`, `gAMA`, `cHRM`). Browsers honour it when they
//! show the original, so it must be applied here, because our output carries none of it.
//!
//! The best statement wins: `cICP`, then a profile, then `sRGB`, then `gAMA` with `cHRM`. A statement that makes no
//! sense is ignored. A `gAMA` that means sRGB, exactly or nearly, is what most encoders write; it changes nothing.
//! Source: PNG specification, third edition, sections 4.3 (colour spaces), 11.3.2 (the chunks) and 12.4 (precedence).

use super::apng::chunks;
use crate::render::color::hdr::{Cicp, RgbSpace, TransferCurve};
use crate::render::color::primaries::Chromaticities;

/// `gAMA` and `cHRM` store values multiplied by this.
const UNIT: f64 = 100_000.0;
/// The `gAMA` value that approximates sRGB.
const SRGB: f64 = 0.454_55;
/// Relative deviation up to which a `gAMA` still counts as sRGB, as in libpng.
const TOLERANCE: f64 = 0.05;
/// Values outside this range come from damaged files.
const SANE: std::ops::RangeInclusive<f64> = 0.05..=10.0;

/// How to interpret the samples of a PNG.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stated {
    /// As the profile says if there is one that fits, otherwise as sRGB.
    Profile,
    /// In this space, whatever a profile says.
    Space(RgbSpace),
}

/// Reads the chunks. `has_profile` states whether there is a profile that fits the pixels.
pub(super) fn stated(bytes: &[u8], has_profile: bool) -> Stated {
    let (mut coded, mut is_srgb, mut power, mut primaries) = (None, false, None, None);
    for (kind, data) in chunks(bytes) {
        match kind {
            b"cICP" => coded = cicp(data),
            b"sRGB" => is_srgb = true,
            b"gAMA" => power = gamma(data),
            b"cHRM" => primaries = chromaticities(data),
            b"IDAT" => break,
            _ => {}
        }
    }
    match coded {
        Some(space) => Stated::Space(space),
        None if has_profile || is_srgb => Stated::Profile,
        None => by_gamma(power, primaries).map_or(Stated::Profile, Stated::Space),
    }
}

/// Reads primaries, transfer, matrix and range. A PNG can only store RGB, matrix 0.
fn cicp(data: &[u8]) -> Option<RgbSpace> {
    let &[primaries, transfer, 0, range] = data else { return None };
    let space = Cicp { primaries: u16::from(primaries), transfer: u16::from(transfer) }.space()?;
    match range {
        0 => Some(space.narrow()),
        1 => Some(space),
        _ => None,
    }
}

fn gamma(data: &[u8]) -> Option<f64> {
    let power = f64::from(u32::from_be_bytes(*data.first_chunk::<4>()?)) / UNIT;
    SANE.contains(&power).then_some(power)
}

/// Reads white, red, green and blue.
fn chromaticities(data: &[u8]) -> Option<Chromaticities> {
    let numbers: Vec<f64> =
        data.as_chunks::<4>().0.iter().map(|word| f64::from(i32::from_be_bytes(*word)) / UNIT).collect();
    let &[wx, wy, rx, ry, gx, gy, bx, by] = numbers.as_slice() else { return None };
    let stated = Chromaticities { red: (rx, ry), green: (gx, gy), blue: (bx, by), white: (wx, wy) };
    stated.to_srgb().map(|_| stated)
}

/// Returns the space that the older chunks describe. If one is missing, sRGB provides its part.
fn by_gamma(power: Option<f64>, primaries: Option<Chromaticities>) -> Option<RgbSpace> {
    let near = |power: f64| (power / SRGB - 1.0).abs() <= TOLERANCE;
    let primaries = primaries.filter(|stated| *stated != Chromaticities::SRGB);
    let curve = match power {
        Some(power) if !near(power) => TransferCurve::Power((1.0 / power) as f32),
        Some(_) | None => TransferCurve::Srgb,
    };
    let is_srgb = curve == TransferCurve::Srgb && primaries.is_none();
    (!is_srgb).then(|| RgbSpace::new(curve, primaries.unwrap_or(Chromaticities::SRGB)))
}

#[cfg(test)]
mod tests {
    use png::ScaledFloat;

    use super::*;
    use crate::param::ColorSpace;
    use crate::pixels::raster::{Raster, Samples};
    use crate::plan::Select;
    use crate::render::RenderLimits;
    use crate::render::decode::{EncodedOriginal, Opened, Wanted};

    /// Encodes 5 pixels of grey and alpha as PNG.
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
        decoded_with_profile(bytes).0
    }

    fn decoded_with_profile(bytes: &[u8]) -> (Raster, Option<Vec<u8>>) {
        crate::vips::init().unwrap();
        let limits = RenderLimits::from(&crate::limits::Limits::default());
        let original = EncodedOriginal::new(bytes).unwrap();
        let opened = Opened::new(&original, &Select::default(), &limits).unwrap();
        let decoded = opened.decode(&Wanted::first(ColorSpace::Origin), &limits).unwrap();
        let profile = decoded.profile.clone();
        (decoded.into_first().unwrap(), profile)
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
        // Linear light: half of it is 188.
        assert_eq!(shown(Some(1.0), false), [(0, 9), (128, 99), (188, 128), (223, 200), (255, 255)]);
        // Darker than sRGB.
        let dark = shown(Some(0.35), false);
        assert!(dark[2].0 < 110 && dark[0].0 == 0 && dark[4] == (255, 255), "{dark:?}");
        // Values that mean sRGB, are overridden by `sRGB`, or make no sense.
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

    /// Encodes one row of RGB pixels as PNG, with these chunks before its data.
    fn with_chunks(pixels: &[[u8; 3]], chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, pixels.len() as u32, 1);
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header().unwrap();
        for (kind, data) in chunks {
            writer.write_chunk(png::chunk::ChunkType(**kind), data).unwrap();
        }
        writer.write_image_data(pixels.as_flattened()).unwrap();
        writer.finish().unwrap();
        out
    }

    fn words(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_be_bytes()).collect()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(bytes).unwrap();
        zlib.finish().unwrap()
    }

    /// A profile with red and green swapped, so that its use is obvious.
    fn swapped() -> Vec<u8> {
        let mut profile = moxcms::ColorProfile::new_srgb();
        profile.cicp = None;
        std::mem::swap(&mut profile.red_colorant, &mut profile.green_colorant);
        [&b"swapped\0\0"[..], &zlib(&profile.encode().unwrap())].concat()
    }

    const P3: [u8; 4] = [12, 13, 0, 1];
    const PIXEL: [u8; 3] = [200, 100, 100];
    const PIXEL_OF_P3: [u8; 3] = [215, 93, 97];
    /// White, red, green and blue of Display P3.
    const CHRM_P3: [u32; 8] = [31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000];

    fn shown(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let (raster, profile) = decoded_with_profile(&with_chunks(&[PIXEL], chunks));
        let space = profile.as_deref().map(|bytes| moxcms::ColorProfile::new_from_slice(bytes).unwrap());
        let bytes = raster.into_bytes();
        let Some(space) = space else { return bytes };
        let (rgb, srgb) = (moxcms::Layout::Rgb, moxcms::ColorProfile::new_srgb());
        let mut out = vec![0; bytes.len()];
        let transform = space.create_transform_8bit(rgb, &srgb, rgb, moxcms::TransformOptions::default()).unwrap();
        transform.transform(&bytes, &mut out).unwrap();
        out
    }

    fn near(got: &[u8], expected: [u8; 3]) -> bool {
        got.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1)
    }

    #[test]
    fn the_best_statement_wins() {
        let (profile, chrm) = (swapped(), words(&CHRM_P3));
        let cicp: (&[u8; 4], &[u8]) = (b"cICP", &P3);
        let iccp: (&[u8; 4], &[u8]) = (b"iCCP", &profile);
        let srgb: (&[u8; 4], &[u8]) = (b"sRGB", &[0]);
        let gama: (&[u8; 4], &[u8]) = (b"gAMA", &[0, 0, 0x27, 0x10]);
        let chrm: (&[u8; 4], &[u8]) = (b"cHRM", &chrm);
        let [by_cicp, by_iccp, by_srgb, by_gama] = [cicp, iccp, srgb, gama].map(|chunk| shown(&[chunk]));
        assert!(near(&by_cicp, PIXEL_OF_P3), "{by_cicp:?}");
        assert!(by_iccp[1] > by_iccp[0], "red and green are exchanged: {by_iccp:?}");
        assert_eq!(by_srgb, PIXEL);
        assert!(by_gama != by_srgb && by_gama != by_cicp, "{by_gama:?}");
        assert_eq!(shown(&[cicp, iccp, srgb, gama, chrm]), by_cicp);
        assert_eq!(shown(&[chrm, gama, srgb, cicp]), by_cicp, "whatever their order");
        assert_eq!(shown(&[iccp, gama, chrm]), by_iccp);
        assert_eq!(shown(&[srgb, gama, chrm]), by_srgb);
    }

    #[test]
    fn primaries_with_and_without_a_curve() {
        let chrm = words(&CHRM_P3);
        assert!(near(&shown(&[(b"cHRM", &chrm)]), PIXEL_OF_P3));
        assert!(near(&shown(&[(b"gAMA", &words(&[45_455])), (b"cHRM", &chrm)]), PIXEL_OF_P3));
        let srgb = words(&[31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000]);
        assert_eq!(shown(&[(b"gAMA", &words(&[45_455])), (b"cHRM", &srgb)]), PIXEL);
        let swapped = words(&[31_270, 32_900, 26_500, 69_000, 68_000, 32_000, 15_000, 6_000]);
        let shown = shown(&[(b"gAMA", &words(&[45_455])), (b"cHRM", &swapped)]);
        assert!(shown[1] > shown[0], "{shown:?}");
    }

    #[test]
    fn meaningless_colour_chunks_are_ignored() {
        for coded in [
            &[12, 2, 0, 1][..], // unspecified curve
            &[2, 13, 0, 1],     // unspecified primaries
            &[12, 13, 1, 1],    // not RGB
            &[12, 13, 0, 2],    // no range
            &[12, 200, 0, 1],   // reserved
            &[12, 13, 0],       // cut
            &[12, 13, 0, 1, 0], // too long
        ] {
            assert_eq!(shown(&[(b"cICP", coded)]), PIXEL, "{coded:?}");
        }
        let degenerate = [0; 8];
        let on_a_line = [31_270, 32_900, 30_000, 30_000, 30_000, 30_000, 30_000, 30_000];
        for primaries in [degenerate, on_a_line] {
            assert_eq!(shown(&[(b"cHRM", &words(&primaries))]), PIXEL, "{primaries:?}");
        }
        // A grey profile on a colour image is ignored, so the curve applies.
        let grey = moxcms::ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        let grey = [&b"grey\0\0"[..], &zlib(&grey)].concat();
        let light = words(&[100_000]);
        assert_eq!(shown(&[(b"iCCP", &grey)]), PIXEL);
        assert_eq!(shown(&[(b"iCCP", &grey), (b"gAMA", &light)]), shown(&[(b"gAMA", &light)]));
    }

    #[test]
    fn narrow_range_and_high_dynamic_range() {
        let narrow = with_chunks(&[[16; 3], [235; 3]], &[(b"cICP", &[1, 13, 0, 0])]);
        assert_eq!(decoded(&narrow).into_bytes(), [0, 0, 0, 255, 255, 255]);
        for (transfer, white, expected) in [(16, 148, 187), (18, 191, 191)] {
            let bytes = with_chunks(&[[0; 3], [white; 3], [255; 3]], &[(b"cICP", &[9, transfer, 0, 1])]);
            let shown = decoded(&bytes).into_bytes();
            assert!(shown[3].abs_diff(expected) <= 1 && shown[0] == 0 && shown[8] >= 254, "{transfer}: {shown:?}");
        }
    }

    #[test]
    fn damaged_chunks_are_ignored() {
        for bytes in [
            &b"\x89PNG\r\n\x1a\n"[..],
            b"\x89PNG\r\n\x1a\n\0\0\0\x02gAMA\0\0\0\0\0\0",
            b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffgAMA",
        ] {
            assert_eq!(stated(bytes, false), Stated::Profile);
        }
    }
}
