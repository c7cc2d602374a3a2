//! ICC profiles of originals: whether a profile fits its pixels, whether the pixels may keep it, and how to convert
//! them to sRGB.
//!
//! A profile fits if its class describes a device or a colour space (not a device link, an abstract or a named one) and
//! it has the same model and number of channels as the pixels. A profile that does not fit or cannot be read counts as
//! absent, because it would turn the pixels into noise. Source: ICC.1:2022 sections 7.2 (header) and 8 (required tags).

use std::sync::Arc;

use moxcms::{
    ColorProfile, DataColorSpace, Layout, ProfileClass, ToneCurveEvaluator, ToneReprCurve, TransferCharacteristics,
    TransformExecutor, TransformOptions,
};

use super::hdr::{self, Cicp};
use crate::param::ColorSpace;
use crate::pixels::raster::{Raster, Samples};
use crate::pixels::srgb::{to_encoded, to_linear};

/// Size in bytes of the largest profile that is kept. Images with a larger one are converted.
const KEPT_BYTES_MAX: usize = 64 << 10;
/// Difference in linear light up to which a curve counts as near sRGB's. A plain 2.2 differs by 0.008, and resampling
/// in "linear light by the sRGB curve" makes no visible difference; 2.4 differs by 0.024, 1.8 by 0.07, and linear light
/// by 0.29.
const NEAR: f32 = 0.02;
/// Difference up to which a curve counts as sRGB's. A plain gamma of 2.2 exceeds it, because it differs visibly in the
/// shadows.
const SAME: f32 = 0.002;

/// How a profile for RGB relates to sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProfileKind {
    /// sRGB, under any name.
    Srgb,
    /// Matrix and curves, with curves near sRGB's.
    Near,
    /// Anything else.
    Far,
}

/// How to interpret the samples of an original: unchanged, or converted to sRGB.
#[derive(Clone, Default)]
pub(in crate::render) struct Reading {
    /// The profile that the samples keep; `None` means sRGB.
    pub(in crate::render) kept: Option<Vec<u8>>,
    /// Whether a profile defines how to interpret the samples.
    pub(in crate::render) is_profiled: bool,
    step: Conversion,
}

#[derive(Clone, Default)]
enum Conversion {
    #[default]
    Nothing,
    /// Transforms of 16-bit RGB, without and with alpha.
    Rgb(Arc<dyn TransformExecutor<u16> + Send + Sync>, Arc<dyn TransformExecutor<u16> + Send + Sync>),
    /// A table with an entry for every 16-bit grey.
    Grey(Arc<Vec<u16>>),
    /// High dynamic range, whose highlights must be rolled off.
    Coded(hdr::RgbSpace),
}

impl Reading {
    /// Returns how to interpret pixels with `channels` channels (grey or RGB, with or without alpha) and this profile.
    pub(in crate::render) fn of(profile: Option<&[u8]>, channels: u32, cs: ColorSpace) -> Self {
        let is_grey = channels < 3;
        let model = if is_grey { DataColorSpace::Gray } else { DataColorSpace::Rgb };
        let Some((bytes, parsed)) = profile.and_then(|bytes| Some((bytes, fitting(bytes, model)?))) else {
            return Self::default();
        };
        let converted = |step| Self { kept: None, is_profiled: true, step };
        if let Some(space) = high_range(&parsed) {
            return converted(Conversion::Coded(space));
        }
        if is_grey {
            return converted(
                grey_table(&parsed).map_or(Conversion::Nothing, |table| Conversion::Grey(Arc::new(table))),
            );
        }
        let kind = classify(&parsed);
        let may_keep = matches!(cs, ColorSpace::Origin | ColorSpace::AdobeRgb1998) && bytes.len() <= KEPT_BYTES_MAX;
        match kind {
            ProfileKind::Srgb => converted(Conversion::Nothing),
            ProfileKind::Near if may_keep => Self { kept: Some(bytes.to_vec()), ..converted(Conversion::Nothing) },
            ProfileKind::Near | ProfileKind::Far => converted(rgb_step(&parsed).unwrap_or_default()),
        }
    }

    /// Converts the pixels to the space that `kept` states. Converted pixels become 16-bit, so that linear light
    /// reaches the resampler without losing shadows.
    pub(in crate::render) fn apply(&self, raster: Raster) -> Raster {
        match (&self.step, raster.channels) {
            (Conversion::Rgb(opaque, alpha), 3 | 4) => {
                let transform = if raster.channels == 3 { opaque } else { alpha };
                let Raster { size, channels, samples } = raster.into_16_bit();
                let Samples::U16(before) = samples else { unreachable!("made 16 bits above") };
                let mut after = vec![0; before.len()];
                // Fails only for a length that is not a whole number of pixels, which a raster cannot have.
                let done = transform.transform(&before, &mut after).is_ok();
                Raster { size, channels, samples: Samples::U16(if done { after } else { before }) }
            }
            (Conversion::Grey(table), 1 | 2) => {
                let mut raster = raster.into_16_bit();
                let step = usize::from(raster.channels);
                if let Samples::U16(samples) = &mut raster.samples {
                    samples.iter_mut().step_by(step).for_each(|v| *v = table[usize::from(*v)]);
                }
                raster
            }
            (Conversion::Coded(space), _) => hdr::to_srgb(raster, *space),
            (Conversion::Nothing | Conversion::Rgb(..) | Conversion::Grey(_), _) => raster,
        }
    }
}

/// Returns whether a profile describes pixels with `channels` channels (grey or RGB, with or without alpha).
pub(in crate::render) fn fits(bytes: &[u8], channels: u32) -> bool {
    fitting(bytes, if channels < 3 { DataColorSpace::Gray } else { DataColorSpace::Rgb }).is_some()
}

/// Returns whether a profile claims to describe CMYK. Reads only the header; the colour engine reads the rest.
pub(in crate::render) fn fits_inks(bytes: &[u8]) -> bool {
    let field = |at: usize| bytes.get(at..at + 4);
    field(16) == Some(b"CMYK") && matches!(field(12), Some(b"prtr" | b"scnr" | b"mntr" | b"spac"))
}

/// Parses a profile. Returns it if it describes pixels of this model and has all the tags it needs.
fn fitting(bytes: &[u8], model: DataColorSpace) -> Option<ColorProfile> {
    let profile = ColorProfile::new_from_slice(bytes).ok()?;
    let describes = match profile.profile_class {
        ProfileClass::InputDevice
        | ProfileClass::DisplayDevice
        | ProfileClass::OutputDevice
        | ProfileClass::ColorSpace => true,
        ProfileClass::DeviceLink | ProfileClass::Abstract | ProfileClass::Named => false,
    };
    let connects = matches!(profile.pcs, DataColorSpace::Xyz | DataColorSpace::Lab);
    let has_curves = [&profile.red_trc, &profile.green_trc, &profile.blue_trc].iter().all(|curve| curve.is_some());
    let is_complete = if model == DataColorSpace::Gray {
        profile.gray_trc.is_some()
    } else {
        has_tables(&profile) || (has_curves && has_colorants(&profile))
    };
    (describes && connects && is_complete && profile.color_space == model).then_some(profile)
}

fn has_tables(profile: &ColorProfile) -> bool {
    profile.lut_a_to_b_perceptual.is_some()
        || profile.lut_a_to_b_colorimetric.is_some()
        || profile.lut_a_to_b_saturation.is_some()
}

/// Returns whether the three primaries span any colours and add up to something like white. In a broken file they do
/// not.
fn has_colorants(profile: &ColorProfile) -> bool {
    let (r, g, b) = (profile.red_colorant, profile.green_colorant, profile.blue_colorant);
    let volume = r.x * (g.y * b.z - g.z * b.y) - g.x * (r.y * b.z - r.z * b.y) + b.x * (r.y * g.z - r.z * g.y);
    let white = r.y + g.y + b.y;
    volume.abs() > 1e-4 && (0.5..2.0).contains(&white)
}

/// Returns the space of a profile that declares PQ or HLG by number (`cicp`, ICC.1:2022 9.2.17). The curves of such a
/// profile cannot express how bright white is.
fn high_range(profile: &ColorProfile) -> Option<hdr::RgbSpace> {
    let cicp = profile.cicp.as_ref()?;
    let transfer = cicp.transfer_characteristics;
    if !matches!(transfer, TransferCharacteristics::Smpte2084 | TransferCharacteristics::Hlg) {
        return None;
    }
    Cicp { primaries: cicp.color_primaries as u16, transfer: transfer as u16 }.space()
}

fn rgb_step(profile: &ColorProfile) -> Option<Conversion> {
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions { allow_use_cicp_transfer: false, ..TransformOptions::default() };
    let transform = |layout| profile.create_transform_16bit(layout, &srgb, layout, options).ok();
    Some(Conversion::Rgb(transform(Layout::Rgb)?, transform(Layout::Rgba)?))
}

/// Builds a table from grey to sRGB. If the profile connects through Lab, its curve yields lightness instead of light
/// (ICC.1:2022 F.2).
fn grey_table(profile: &ColorProfile) -> Option<Vec<u16>> {
    let curve = evaluator(profile.gray_trc.as_ref()?)?;
    let by_lightness = profile.pcs == DataColorSpace::Lab;
    let full = f32::from(u16::MAX);
    let encoded = |v: u16| {
        let value = f64::from(curve.evaluate_value(f32::from(v) / full)).clamp(0.0, 1.0);
        let light = if by_lightness { lightness_to_light(value * 100.0) } else { value };
        (to_encoded(light) * f64::from(full)).round() as u16
    };
    Some((0..=u16::MAX).map(encoded).collect())
}

/// Converts CIE 1976 L*, 0 to 100, to luminance, 0 to 1.
fn lightness_to_light(lightness: f64) -> f64 {
    if lightness > 8.0 { ((lightness + 16.0) / 116.0).powi(3) } else { lightness / 903.3 }
}

fn classify(profile: &ColorProfile) -> ProfileKind {
    if has_tables(profile) {
        return ProfileKind::Far;
    }
    let curves = [&profile.red_trc, &profile.green_trc, &profile.blue_trc];
    let Some(curves) = curves.map(|curve| curve.as_ref().and_then(evaluator)).into_iter().collect::<Option<Vec<_>>>()
    else {
        return ProfileKind::Far;
    };
    let all_within = |tolerance| curves.iter().all(|curve| is_srgb_curve(curve.as_ref(), tolerance));
    match () {
        () if has_srgb_primaries(profile) && all_within(SAME) => ProfileKind::Srgb,
        () if all_within(NEAR) => ProfileKind::Near,
        () => ProfileKind::Far,
    }
}

fn evaluator(curve: &ToneReprCurve) -> Option<Box<dyn ToneCurveEvaluator + Send + Sync>> {
    curve.make_linear_evaluator().ok()
}

/// Returns whether the primaries are those of sRGB. Rounding in files and two methods of adaptation cause differences
/// of some thousandths; Display P3 differs by tenths.
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

fn is_srgb_curve(curve: &dyn ToneCurveEvaluator, tolerance: f32) -> bool {
    (1_u8..16).all(|step| {
        let encoded = f32::from(step) / 16.0;
        (curve.evaluate_value(encoded) - to_linear(f64::from(encoded)) as f32).abs() < tolerance
    })
}

#[cfg(test)]
mod tests;
