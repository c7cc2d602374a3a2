//! Colour spaces: what decoded samples mean, and what the encoder is told of them (`cs`, `rendering.md` 14).
//!
//! * `origin` keeps an RGB profile and the original's own numbers when the profile is made of a matrix and curves
//!   (Display P3, Adobe RGB, ProPhoto ...) and the output format can carry it. Such spaces are near enough to sRGB in
//!   their curve that resampling in "linear light by the sRGB curve" shows no difference; colours of the request (bars,
//!   backgrounds) are converted into the space before they are drawn. A profile that *is* sRGB is dropped: it says
//!   nothing and costs 3 kB. All else (table profiles, grey profiles, CMYK, YCCK, Lab ...) becomes sRGB or sRGB-grey.
//! * `srgb`, `tinysrgb` convert to sRGB and attach a minimal profile; `strip` converts and attaches none.
//! * `adobergb1998` converts to that space and attaches its profile.
//!
//! A profile that cannot be read or does not fit the picture counts as absent; it never fails a request.

use std::ffi::CStr;

use moxcms::{ColorProfile, DataColorSpace, Layout, ToneCurveEvaluator, ToneReprCurve, TransformOptions};

use super::RenderError;
use super::raster::{Raster, Samples};
use super::transfer::to_linear;
use crate::param::ColorSpace;
use crate::units::Color;
use crate::vips::{Call, Depth, Image, Space, VipsError};

/// Bytes of the largest profile that is kept; larger ones are converted from.
const KEPT_BYTES_MAX: usize = 64 << 10;

/// Photographs keep the relations of their colours; profiles of matrix and curves know no other intent anyway.
const INTENT: &CStr = c"perceptual";

/// What a profile means for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// sRGB under any name.
    Srgb,
    /// RGB by matrix and curves.
    Matrix,
    /// Readable by the colour engine at best.
    Other,
}

/// Computes a freshly loaded picture into memory, converted as `cs` asks: 8 or 16 bits, grey or RGB, and the profile
/// that its numbers are in (`None` is sRGB).
pub(super) fn decoded(image: Image<'_>, cs: ColorSpace) -> Result<(Raster, Option<Vec<u8>>), RenderError> {
    let (image, kept) = prepared(image, cs)?;
    Ok((image.to_raster().map_err(|_| RenderError::Undecodable)?, kept))
}

/// As [`decoded`], of a picture that another decoder made and whose profile is beside it.
pub(super) fn decoded_raster(
    raster: &Raster,
    profile: Option<&[u8]>,
    cs: ColorSpace,
) -> Result<(Raster, Option<Vec<u8>>), RenderError> {
    let image = Image::from_raster(raster).and_then(|image| image.with_profile(profile));
    decoded(image.map_err(|_| RenderError::Undecodable)?, cs)
}

/// As [`decoded_raster`], of four inks.
pub(super) fn decoded_inks(
    inks: &Raster,
    profile: Option<&[u8]>,
    cs: ColorSpace,
) -> Result<(Raster, Option<Vec<u8>>), RenderError> {
    let image = Image::from_raster(inks)
        .and_then(|image| Call::new(c"copy").image(c"in", &image).nick(c"interpretation", c"cmyk").image_out())
        .and_then(|image| image.with_profile(profile));
    decoded(image.map_err(|_| RenderError::Undecodable)?, cs)
}

/// As [`decoded`], without computing anything yet.
pub(super) fn prepared(image: Image<'_>, cs: ColorSpace) -> Result<(Image<'_>, Option<Vec<u8>>), RenderError> {
    let profile = image.meta_blob(c"icc-profile-data");
    let (image, kept) = match (image.space(), profile.as_deref().map(classify)) {
        (Space::Cmyk, _) => (cmyk_to_srgb(&image), None),
        (Space::Rgb, _) if image.bands() >= 3 && kept(profile.as_deref(), cs) => (Ok(image), profile),
        (Space::Rgb | Space::Grey, Some(Kind::Matrix | Kind::Other)) => (Ok(icc_to_srgb(image)), None),
        (Space::Other, _) => (other_to_srgb(image), None),
        (Space::Rgb | Space::Grey | Space::Unknown, _) => (Ok(image), None),
    };
    Ok((image.and_then(representable).map_err(|_| RenderError::Undecodable)?, kept))
}

/// Whether an RGB picture with this profile keeps its numbers.
pub(super) fn kept(profile: Option<&[u8]>, cs: ColorSpace) -> bool {
    matches!(cs, ColorSpace::Origin | ColorSpace::AdobeRgb1998)
        && profile.is_some_and(|bytes| bytes.len() <= KEPT_BYTES_MAX && classify(bytes) == Kind::Matrix)
}

/// Lab, XYZ, linear RGB and so on to sRGB. Alpha of floating-point pictures goes its own way: decoders give 0 to 1, and
/// versions of libvips differ in what they take for opaque.
fn other_to_srgb(image: Image<'_>) -> Result<Image<'_>, VipsError> {
    if !image.has_alpha() || image.depth() != Depth::Other {
        return Call::new(c"colourspace").image(c"in", &image).nick(c"space", c"srgb").image_out();
    }
    let colours = i32::try_from(image.bands()).unwrap_or(i32::MAX) - 1;
    let part = |band, n| Call::new(c"extract_band").image(c"in", &image).int(c"band", band).int(c"n", n).image_out();
    let color = Call::new(c"colourspace").image(c"in", &part(0, colours)?).nick(c"space", c"srgb").image_out()?;
    let scaled = Call::new(c"linear").image(c"in", &part(colours, 1)?).doubles(c"a", &[255.0]).doubles(c"b", &[0.0]);
    let alpha = Call::new(c"cast").image(c"in", &scaled.image_out()?).nick(c"format", c"uchar").image_out()?;
    Call::new(c"bandjoin").images(c"in", &[&color, &alpha]).image_out()
}

/// Four inks to sRGB by the embedded profile, else by a common one for offset print.
fn cmyk_to_srgb<'a>(image: &Image<'a>) -> Result<Image<'a>, VipsError> {
    let call =
        || Call::new(c"icc_transform").image(c"in", image).text(c"output-profile", c"srgb").nick(c"intent", INTENT);
    let by_profile = call().flag(c"embedded", true).text(c"input-profile", c"cmyk").image_out();
    by_profile
        .or_else(|_| call().flag(c"embedded", false).text(c"input-profile", c"cmyk").image_out())
        .or_else(|_| Call::new(c"colourspace").image(c"in", image).nick(c"space", c"srgb").image_out())
}

/// RGB or grey to sRGB by the embedded profile; grey stays grey; unchanged when the profile does not fit.
fn icc_to_srgb(image: Image<'_>) -> Image<'_> {
    let depth = if image.depth() == Depth::U16 { 16 } else { 8 };
    let converted = Call::new(c"icc_transform")
        .image(c"in", &image)
        .flag(c"embedded", true)
        .text(c"output-profile", c"srgb")
        .nick(c"intent", INTENT)
        .int(c"depth", depth)
        .image_out();
    match converted {
        Ok(converted) if image.space() == Space::Grey => {
            let grey = if depth == 16 { c"grey16" } else { c"b-w" };
            Call::new(c"colourspace").image(c"in", &converted).nick(c"space", grey).image_out().unwrap_or(converted)
        }
        Ok(converted) => converted,
        Err(_) => image,
    }
}

/// The picture with samples and channels that a raster can hold.
fn representable(image: Image<'_>) -> Result<Image<'_>, VipsError> {
    let image = if image.depth() == Depth::Other {
        Call::new(c"cast").image(c"in", &image).nick(c"format", c"uchar").flag(c"shift", true).image_out()?
    } else {
        image
    };
    let bands = match (image.bands(), image.space()) {
        // A picture without a colour space is grey or RGB by its number of channels.
        (1..=4, _) => return Ok(image),
        (_, Space::Rgb) if image.has_alpha() => 4,
        (_, Space::Rgb | Space::Grey | Space::Cmyk | Space::Unknown | Space::Other) => 3,
    };
    Call::new(c"extract_band").image(c"in", &image).int(c"band", 0).int(c"n", bands).image_out()
}

/// 8-bit samples from the space of `profile` to what `cs` asks for, and the profile to attach.
///
/// `carries` says whether the output format can hold a profile: if not, the samples become sRGB whatever `cs` says.
pub(super) fn encoded(
    raster: Raster,
    profile: Option<Vec<u8>>,
    cs: ColorSpace,
    carries: bool,
) -> (Raster, Option<Vec<u8>>) {
    let source = profile.as_deref().and_then(|bytes| ColorProfile::new_from_slice(bytes).ok());
    match cs {
        ColorSpace::Origin if carries => (raster, profile),
        ColorSpace::AdobeRgb1998 if carries && raster.channels >= 3 => {
            let adobe = ColorProfile::new_adobe_rgb();
            let from = source.unwrap_or_else(ColorProfile::new_srgb);
            match converted(&raster, &from, &adobe) {
                Some(samples) => (Raster { samples: Samples::U8(samples), ..raster }, written(&adobe)),
                None => (raster, None),
            }
        }
        ColorSpace::Srgb | ColorSpace::TinySrgb if carries && raster.channels >= 3 => {
            (to_srgb(raster, source.as_ref()), srgb_profile())
        }
        ColorSpace::Origin | ColorSpace::AdobeRgb1998 | ColorSpace::Srgb | ColorSpace::TinySrgb | ColorSpace::Strip => {
            (to_srgb(raster, source.as_ref()), None)
        }
    }
}

/// A colour of the request, which is sRGB, in the space of the picture it is drawn on.
#[must_use]
pub(super) fn color_in(color: Color, profile: Option<&[u8]>) -> Color {
    let space = profile.and_then(|bytes| ColorProfile::new_from_slice(bytes).ok());
    let pixel = Raster {
        size: crate::units::Size::new(1, 1),
        channels: 3,
        samples: Samples::U8(vec![color.r, color.g, color.b]),
    };
    match space.and_then(|space| converted(&pixel, &ColorProfile::new_srgb(), &space)).as_deref() {
        Some(&[r, g, b]) => Color { r, g, b, a: color.a },
        Some(_) | None => color,
    }
}

/// An sRGB picture of 8 bits in the space of the picture it is laid over; grey becomes no other grey.
#[must_use]
pub(super) fn picture_in(raster: Raster, profile: Option<&[u8]>) -> Raster {
    let space = profile.and_then(|bytes| ColorProfile::new_from_slice(bytes).ok());
    match space.and_then(|space| converted(&raster, &ColorProfile::new_srgb(), &space)) {
        Some(samples) => Raster { samples: Samples::U8(samples), ..raster },
        None => raster,
    }
}

/// Name of a profile, as `fm=json` shows it.
#[must_use]
pub(super) fn profile_name(bytes: &[u8]) -> Option<String> {
    use moxcms::ProfileText;

    let text = match ColorProfile::new_from_slice(bytes).ok()?.description? {
        ProfileText::PlainString(text) => text,
        ProfileText::Localizable(texts) => texts.into_iter().next()?.value,
        ProfileText::Description(text) if text.ascii_string.is_empty() => text.unicode_string,
        ProfileText::Description(text) => text.ascii_string,
    };
    let text = text.trim_matches(['\0', ' ']);
    (!text.is_empty()).then(|| text.to_owned())
}

fn to_srgb(raster: Raster, source: Option<&ColorProfile>) -> Raster {
    match source.and_then(|source| converted(&raster, source, &ColorProfile::new_srgb())) {
        Some(samples) => Raster { samples: Samples::U8(samples), ..raster },
        None => raster,
    }
}

/// The smallest profile that says sRGB.
fn srgb_profile() -> Option<Vec<u8>> {
    let mut profile = ColorProfile::new_srgb();
    profile.cicp = None;
    profile.copyright = None;
    written(&profile)
}

/// The bytes of a profile of ours. Its date is that of the millennium: the crate writes the time of day, and with it no
/// two renders of one picture would have the same bytes, nor the same `ETag`.
fn written(profile: &ColorProfile) -> Option<Vec<u8>> {
    const DATE: std::ops::Range<usize> = 24..36; // ICC.1:2022 7.2.1
    let mut bytes = profile.encode().ok()?;
    bytes.get_mut(DATE)?.copy_from_slice(&[0x07, 0xd0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    Some(bytes)
}

/// 8-bit RGB or RGBA from one space to another; `None` when the engine cannot, or for grey.
fn converted(raster: &Raster, from: &ColorProfile, to: &ColorProfile) -> Option<Vec<u8>> {
    let layout = match raster.channels {
        3 => Layout::Rgb,
        4 => Layout::Rgba,
        _ => return None,
    };
    let Samples::U8(samples) = &raster.samples else { return None };
    let transform = from.create_transform_8bit(layout, to, layout, TransformOptions::default()).ok()?;
    let mut out = vec![0; samples.len()];
    transform.transform(samples, &mut out).ok()?;
    Some(out)
}

fn classify(bytes: &[u8]) -> Kind {
    let Ok(profile) = ColorProfile::new_from_slice(bytes) else { return Kind::Other };
    let has_tables = profile.lut_a_to_b_perceptual.is_some()
        || profile.lut_a_to_b_colorimetric.is_some()
        || profile.lut_a_to_b_saturation.is_some();
    if profile.color_space != DataColorSpace::Rgb || has_tables {
        return Kind::Other;
    }
    let curves = [&profile.red_trc, &profile.green_trc, &profile.blue_trc];
    let Some(curves) = curves.map(|curve| curve.as_ref().and_then(evaluator)).into_iter().collect::<Option<Vec<_>>>()
    else {
        return Kind::Other;
    };
    let is_srgb = has_srgb_primaries(&profile) && curves.iter().all(|curve| is_srgb_curve(curve.as_ref()));
    if is_srgb { Kind::Srgb } else { Kind::Matrix }
}

fn evaluator(curve: &ToneReprCurve) -> Option<Box<dyn ToneCurveEvaluator + Send + Sync>> {
    curve.make_linear_evaluator().ok()
}

/// Rounding in files and two methods of adaptation make some thousandths; Display P3 differs by tenths.
fn has_srgb_primaries(profile: &ColorProfile) -> bool {
    const TOLERANCE: f64 = 0.005;
    let srgb = ColorProfile::new_srgb();
    let pairs = [
        (profile.red_colorant, srgb.red_colorant),
        (profile.green_colorant, srgb.green_colorant),
        (profile.blue_colorant, srgb.blue_colorant),
    ];
    pairs
        .iter()
        .all(|(a, b)| (a.x - b.x).abs() < TOLERANCE && (a.y - b.y).abs() < TOLERANCE && (a.z - b.z).abs() < TOLERANCE)
}

/// A plain gamma of 2.2 differs from sRGB by up to 0.008 in linear light, and visibly in the shadows.
fn is_srgb_curve(curve: &dyn ToneCurveEvaluator) -> bool {
    const TOLERANCE: f32 = 0.002;
    (1_u8..16).all(|step| {
        let encoded = f32::from(step) / 16.0;
        (curve.evaluate_value(encoded) - to_linear(f64::from(encoded)) as f32).abs() < TOLERANCE
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    fn red() -> Raster {
        Raster { size: Size::new(1, 1), channels: 3, samples: Samples::U8(vec![255, 0, 0]) }
    }

    #[test]
    fn profiles_are_told_apart() {
        let check = |profile: ColorProfile, expected| assert_eq!(classify(&profile.encode().unwrap()), expected);
        check(ColorProfile::new_srgb(), Kind::Srgb);
        check(ColorProfile::new_display_p3(), Kind::Matrix);
        check(ColorProfile::new_adobe_rgb(), Kind::Matrix);
        check(ColorProfile::new_gray_with_gamma(2.2), Kind::Other);
        assert_eq!(classify(b"no profile"), Kind::Other);
        assert_eq!(classify(&srgb_profile().unwrap()), Kind::Srgb);
    }

    #[test]
    fn origin_keeps_a_wide_profile_only_where_it_can_be_carried() {
        let p3 = ColorProfile::new_display_p3().encode().unwrap();
        let (kept, profile) = encoded(red(), Some(p3.clone()), ColorSpace::Origin, true);
        assert_eq!((kept, profile.as_ref()), (red(), Some(&p3)));
        let half = Raster { samples: Samples::U8(vec![128, 100, 100]), ..red() };
        let (converted, profile) = encoded(half, Some(p3.clone()), ColorSpace::Origin, false);
        assert_eq!(profile, None);
        let bytes = converted.into_bytes();
        assert!(bytes[0] > 128 && bytes[1] < 100, "the same colour needs a stronger red in sRGB: {bytes:?}");
        let color = color_in(Color { r: 255, g: 0, b: 0, a: 9 }, Some(&p3));
        assert!(color.r < 245 && color.g > 40 && color.a == 9, "{color:?}");
        assert_eq!(color_in(Color::WHITE, Some(&p3)), Color::WHITE);
    }

    #[test]
    fn adobe_rgb_and_tagged_srgb() {
        let (raster, profile) = encoded(red(), None, ColorSpace::AdobeRgb1998, true);
        let bytes = raster.into_bytes();
        // sRGB red is (219, 0, 0) in Adobe RGB (1998).
        assert!((217..=221).contains(&bytes[0]) && bytes[1] < 3, "{bytes:?}");
        assert_eq!(profile_name(&profile.unwrap()).as_deref(), Some("Adobe RGB 1998"));
        let (raster, profile) = encoded(red(), None, ColorSpace::TinySrgb, true);
        assert_eq!(raster, red());
        let profile = profile.unwrap();
        assert!(profile.len() < 700, "{} bytes", profile.len());
        assert_eq!(encoded(red(), None, ColorSpace::Strip, true).1, None);
    }
}
