//! Profiles of every class, space and curve, applied to grey and RGB pixels.

use super::*;
use crate::units::Size;

fn raster(channels: u8, samples: &[u8]) -> Raster {
    Raster {
        size: Size::new((samples.len() / usize::from(channels)) as u32, 1),
        channels,
        samples: Samples::U8(samples.to_vec()),
    }
}

fn linear() -> Vec<u8> {
    let mut profile = ColorProfile::new_srgb();
    let curve = Some(ToneReprCurve::Lut(Vec::new()));
    (profile.red_trc, profile.green_trc, profile.blue_trc) = (curve.clone(), curve.clone(), curve);
    profile.cicp = None;
    profile.encode().unwrap()
}

fn read(profile: &[u8], channels: u32, cs: ColorSpace) -> Reading {
    Reading::of(Some(profile), channels, cs)
}

/// Returns the converted pixel in 8 bits.
fn shown(reading: &Reading, channels: u8, pixel: &[u8]) -> Vec<u8> {
    reading.apply(raster(channels, pixel)).into_8_bit().into_bytes()
}

#[test]
fn srgb_says_nothing_and_is_dropped() {
    let srgb = ColorProfile::new_srgb().encode().unwrap();
    for cs in [ColorSpace::Origin, ColorSpace::Srgb, ColorSpace::Strip] {
        let reading = read(&srgb, 3, cs);
        assert_eq!(reading.kept, None);
        assert_eq!(shown(&reading, 3, &[1, 200, 77]), [1, 200, 77]);
    }
}

#[test]
fn near_curves_are_kept_where_asked_and_converted_elsewhere() {
    for (profile, red) in [(ColorProfile::new_display_p3(), [255, 0, 0]), (ColorProfile::new_adobe_rgb(), [255, 0, 0])]
    {
        let bytes = profile.encode().unwrap();
        let kept = read(&bytes, 3, ColorSpace::Origin);
        assert_eq!(kept.kept.as_deref(), Some(bytes.as_slice()));
        assert_eq!(shown(&kept, 3, &[200, 100, 50]), [200, 100, 50]);
        let converted = read(&bytes, 3, ColorSpace::Srgb);
        assert_eq!(converted.kept, None);
        assert_eq!(shown(&converted, 3, &[255, 0, 0]), red, "clipped");
        assert_ne!(shown(&converted, 3, &[200, 100, 50]), [200, 100, 50]);
        assert!(shown(&converted, 3, &[128, 128, 128]).iter().all(|v| v.abs_diff(128) <= 1), "greys are grey in both");
    }
}

#[test]
fn far_curves_are_converted_at_16_bits_whatever_is_asked() {
    let linear = linear();
    for cs in [ColorSpace::Origin, ColorSpace::Srgb] {
        let reading = read(&linear, 4, cs);
        assert_eq!(reading.kept, None);
        assert_eq!(shown(&reading, 4, &[128, 55, 0, 9]), [188, 128, 0, 9]);
        let deep = reading.apply(raster(4, &[1, 2, 3, 4]));
        let Samples::U16(samples) = deep.samples else { panic!("the shadows of light need 16 bits") };
        assert!(samples[0] < samples[1] && samples[1] < samples[2], "{samples:?}");
    }
}

#[test]
fn profiles_that_do_not_fit_count_as_absent() {
    let is_ignored = |profile: &[u8], channels: u8| {
        let reading = read(profile, u32::from(channels), ColorSpace::Origin);
        let pixel: Vec<u8> = (0..channels).map(|at| 40 + at * 50).collect();
        !reading.is_profiled && reading.kept.is_none() && shown(&reading, channels, &pixel) == pixel
    };
    let srgb = ColorProfile::new_display_p3().encode().unwrap();
    let grey = ColorProfile::new_gray_with_gamma(1.8).encode().unwrap();
    for channels in 1..=4 {
        let other = if channels < 3 { &srgb } else { &grey };
        assert!(is_ignored(other, channels), "of the other model, {channels} channels");
        let own = if channels < 3 { &grey } else { &srgb };
        assert!(!is_ignored(own, channels), "{channels}");
        // Device links, abstract and named profiles; colour spaces that our pixels never have; invalid connection
        // spaces.
        for (at, word) in [
            (12, b"link"),
            (12, b"abst"),
            (12, b"nmcl"),
            (16, b"CMYK"),
            (16, b"Lab "),
            (16, b"XYZ "),
            (16, b"YCbr"),
            (16, b"HSV "),
            (16, b"6CLR"),
            (20, b"CMYK"),
            (20, b"RGB "),
            (36, b"none"),
        ] {
            let mut changed = own.clone();
            changed[at..at + 4].copy_from_slice(word);
            assert!(is_ignored(&changed, channels), "{} at {at}, {channels}", String::from_utf8_lossy(word));
        }
        for length in [0, 4, 128, 132, 200] {
            assert!(is_ignored(&own[..length.min(own.len())], channels), "cut at {length}");
        }
    }
    assert!(!fits_inks(&srgb) && !fits_inks(b""));
}

#[test]
fn grey_profiles_change_grey_alone() {
    let reading = read(&ColorProfile::new_gray_with_gamma(1.0).encode().unwrap(), 2, ColorSpace::Origin);
    assert_eq!((shown(&reading, 2, &[128, 7]), reading.kept), (vec![188, 7], None));
    let near = read(&ColorProfile::new_gray_with_gamma(2.2).encode().unwrap(), 1, ColorSpace::Origin);
    assert!(shown(&near, 1, &[128])[0].abs_diff(128) <= 1);
}

#[test]
fn no_bytes_of_a_profile_make_it_panic_or_lose_the_alpha() {
    for profile in [ColorProfile::new_display_p3().encode().unwrap(), linear()] {
        for at in (0..profile.len()).step_by(7) {
            for value in [0, 0x7F] {
                let mut changed = profile.clone();
                changed[at] = value;
                let found = shown(&read(&changed, 4, ColorSpace::Srgb), 4, &[10, 128, 250, 99]);
                assert!(found.len() == 4 && found[3] == 99, "{at} = {value}");
            }
        }
    }
}
