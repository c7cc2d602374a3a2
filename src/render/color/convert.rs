//! Colour spaces: how to interpret decoded samples, and what the output declares (`cs`, `rendering.md` 14).
//!
//! * `origin` keeps an RGB profile and the original's sample values if the profile consists of a matrix and curves near
//!   sRGB's (Display P3, Adobe RGB ...) and the output format can carry it. Resampling in "linear light by the sRGB
//!   curve" makes no visible difference then; colours in the request (letterbox, backgrounds) are converted to that
//!   space before they are drawn. A profile that *is* sRGB is dropped: it adds no information and costs 3 kB.
//!   Everything else (linear and other far curves, table profiles, grey profiles, CMYK, YCCK, Lab ...) becomes sRGB or
//!   sRGB-grey before anything is resampled.
//! * `srgb`, `tinysrgb` convert to sRGB and attach a minimal profile; `strip` converts and attaches none.
//! * `adobergb1998` converts to that space and attaches its profile.
//!
//! A profile that cannot be read or does not fit the image counts as absent. It never fails a request.

use std::ffi::CStr;

use moxcms::{ColorProfile, Layout, TransformOptions};

use super::floats;
use super::profile::{self, Reading};
use crate::param::ColorSpace;
use crate::pixels::raster::{Raster, Samples};
use crate::render::RenderError;
use crate::units::Color;
use crate::vips::{Call, Image, SampleFormat, Space, VipsError};

/// Suits photographs, because it keeps the relations between colours. Matrix and curve profiles support no other intent
/// anyway.
const INTENT: &CStr = c"perceptual";

/// Computes a freshly loaded image into memory and converts it as `cs` requires. Returns 8 or 16 bits, grey or RGB, and
/// the profile of the samples (`None` means sRGB). `range` states which floating-point values mean black and white, if
/// the file says so.
pub(in crate::render) fn decoded(
    image: Image<'_>,
    cs: ColorSpace,
    range: Option<floats::Range>,
) -> Result<(Raster, Option<Vec<u8>>), RenderError> {
    if image.depth() == SampleFormat::Float && image.space() != Space::Other && image.space() != Space::Cmyk {
        let reading = Reading::of(image.meta_blob(c"icc-profile-data").as_deref(), image.bands().min(4), cs);
        let is_light = image.space() == Space::Light && !reading.is_profiled;
        let raster = floats::raster(&image, is_light, range).map_err(|_| RenderError::Undecodable)?;
        return Ok((reading.apply(raster), reading.kept));
    }
    let (image, reading) = prepared(image, cs)?;
    let raster = image.to_raster().map_err(|_| RenderError::Undecodable)?;
    Ok((reading.apply(raster), reading.kept))
}

/// Works like [`decoded`] for an image from another decoder, with the profile passed separately.
pub(in crate::render) fn decoded_raster(
    raster: Raster,
    profile: Option<&[u8]>,
    cs: ColorSpace,
) -> (Raster, Option<Vec<u8>>) {
    let reading = Reading::of(profile, u32::from(raster.channels), cs);
    (reading.apply(raster), reading.kept)
}

/// Works like [`decoded_raster`] for CMYK.
pub(in crate::render) fn decoded_inks(
    inks: &Raster,
    profile: Option<&[u8]>,
    cs: ColorSpace,
) -> Result<(Raster, Option<Vec<u8>>), RenderError> {
    let image = Image::from_raster(inks)
        .and_then(|image| Call::new(c"copy").image(c"in", &image).nick(c"interpretation", c"cmyk").image_out())
        .and_then(|image| image.with_profile(profile));
    decoded(image.map_err(|_| RenderError::Undecodable)?, cs, None)
}

/// Works like [`decoded`] but computes nothing yet. The caller must apply the returned reading to the rasters.
pub(in crate::render) fn prepared(image: Image<'_>, cs: ColorSpace) -> Result<(Image<'_>, Reading), RenderError> {
    let profile = image.meta_blob(c"icc-profile-data");
    let (image, reading) = match image.space() {
        Space::Cmyk => (cmyk_to_srgb(&image, profile.as_deref()), Reading::default()),
        Space::Rgb | Space::Grey => {
            let reading = Reading::of(profile.as_deref(), image.bands().min(4), cs);
            (Ok(image), reading)
        }
        Space::Other | Space::Light => (other_to_srgb(image), Reading::default()),
        Space::Unknown => (Ok(image), Reading::default()),
    };
    Ok((image.and_then(representable).map_err(|_| RenderError::Undecodable)?, reading))
}

/// Converts Lab, XYZ and other spaces to sRGB. Alpha of floating-point images is converted separately: decoders return
/// 0 to 1, and versions of libvips differ in which value they consider opaque.
fn other_to_srgb(image: Image<'_>) -> Result<Image<'_>, VipsError> {
    if !image.has_alpha() || image.depth() != SampleFormat::Float {
        return Call::new(c"colourspace").image(c"in", &image).nick(c"space", c"srgb").image_out();
    }
    let colours = i32::try_from(image.bands()).unwrap_or(i32::MAX) - 1;
    let part = |band, n| Call::new(c"extract_band").image(c"in", &image).int(c"band", band).int(c"n", n).image_out();
    let color = Call::new(c"colourspace").image(c"in", &part(0, colours)?).nick(c"space", c"srgb").image_out()?;
    let scaled = Call::new(c"linear").image(c"in", &part(colours, 1)?).doubles(c"a", &[255.0]).doubles(c"b", &[0.0]);
    let alpha = Call::new(c"cast").image(c"in", &scaled.image_out()?).nick(c"format", c"uchar").image_out()?;
    Call::new(c"bandjoin").images(c"in", &[&color, &alpha]).image_out()
}

/// Converts CMYK to sRGB, using the embedded profile if it is for CMYK, otherwise a common one for offset print.
fn cmyk_to_srgb<'a>(image: &Image<'a>, profile: Option<&[u8]>) -> Result<Image<'a>, VipsError> {
    let call =
        || Call::new(c"icc_transform").image(c"in", image).text(c"output-profile", c"srgb").nick(c"intent", INTENT);
    let by_own = || call().flag(c"embedded", true).text(c"input-profile", c"cmyk").image_out().ok();
    if let Some(converted) = profile.filter(|bytes| profile::fits_inks(bytes)).and_then(|_| by_own()) {
        return Ok(converted);
    }
    call()
        .flag(c"embedded", false)
        .text(c"input-profile", c"cmyk")
        .image_out()
        .or_else(|_| Call::new(c"colourspace").image(c"in", image).nick(c"space", c"srgb").image_out())
}

/// Converts to samples and channels that a raster can hold.
fn representable(image: Image<'_>) -> Result<Image<'_>, VipsError> {
    let image = if matches!(image.depth(), SampleFormat::Other | SampleFormat::Float) {
        Call::new(c"cast").image(c"in", &image).nick(c"format", c"uchar").flag(c"shift", true).image_out()?
    } else {
        image
    };
    let bands = match (image.bands(), image.space()) {
        // An image without a colour space is grey or RGB depending on its number of channels.
        (1..=4, _) => return Ok(image),
        (_, Space::Rgb) if image.has_alpha() => 4,
        (_, Space::Rgb | Space::Grey | Space::Cmyk | Space::Unknown | Space::Light | Space::Other) => 3,
    };
    Call::new(c"extract_band").image(c"in", &image).int(c"band", 0).int(c"n", bands).image_out()
}

/// Converts 8-bit samples from the space of `profile` to what `cs` requires. Returns them with the profile to attach.
///
/// `carries` states whether the output format can carry a profile. If not, the samples become sRGB whatever `cs` says.
pub(in crate::render) fn encoded(
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

/// Converts a colour in the request, which is sRGB, to the space of the image it is drawn on.
#[must_use]
pub(in crate::render) fn color_in(color: Color, profile: Option<&[u8]>) -> Color {
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

/// Converts an 8-bit sRGB image to the space of the image it is placed over. Grey images are unchanged.
#[must_use]
pub(in crate::render) fn image_in(raster: Raster, profile: Option<&[u8]>) -> Raster {
    let space = profile.and_then(|bytes| ColorProfile::new_from_slice(bytes).ok());
    match space.and_then(|space| converted(&raster, &ColorProfile::new_srgb(), &space)) {
        Some(samples) => Raster { samples: Samples::U8(samples), ..raster },
        None => raster,
    }
}

/// Returns the name of a profile as `fm=json` reports it.
#[must_use]
pub(in crate::render) fn profile_name(bytes: &[u8]) -> Option<String> {
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

/// Builds the smallest profile that declares sRGB.
fn srgb_profile() -> Option<Vec<u8>> {
    let mut profile = ColorProfile::new_srgb();
    profile.cicp = None;
    profile.copyright = None;
    written(&profile)
}

/// Encodes one of our profiles with a fixed date in the year 2000. The crate writes the current time, so no two renders
/// of an image would have the same bytes or the same `ETag`.
fn written(profile: &ColorProfile) -> Option<Vec<u8>> {
    const DATE: std::ops::Range<usize> = 24..36; // ICC.1:2022 7.2.1
    let mut bytes = profile.encode().ok()?;
    bytes.get_mut(DATE)?.copy_from_slice(&[0x07, 0xd0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    Some(bytes)
}

/// Converts 8-bit RGB or RGBA from one space to another. Returns `None` for grey, and if the colour engine cannot
/// convert.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Size;

    fn red() -> Raster {
        Raster { size: Size::new(1, 1), channels: 3, samples: Samples::U8(vec![255, 0, 0]) }
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
