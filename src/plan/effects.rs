//! What steps 8, 9 and 12 of the pipeline do to the pixels (`rendering.md` 7 and 8), as far as a request says it.
//! Anything at its identity value is absent.

use serde::{Deserialize, Serialize};

use crate::param::{AdjustParams, Dither, Params, StylizeParams};
use crate::pixels::ramp::ColorRamp;
use crate::units::Color;

/// One pixel-wise adjustment, by the formula of `rendering.md` 7. Values are those of the parameter, never its identity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Adjust {
    /// `invert`
    Invert,
    /// `exp`, -100 to 100, in linear light.
    Exposure(f64),
    /// `gam`, -100 to 100.
    Gamma(f64),
    /// `bri`, -100 to 100.
    Brightness(f64),
    /// `con`, -100 to 99: 100 would divide by 0.
    Contrast(f64),
    /// `high`, -100 to 0.
    Highlights(f64),
    /// `shad`, 0 to 100.
    Shadows(f64),
    /// `sat`, -100 to 100.
    Saturation(f64),
    /// `vib`, -100 to 100.
    Vibrance(f64),
    /// `hue`, degrees, 0 < v < 360.
    Hue(f64),
    /// `hue-set`, degrees, 0 <= v < 360.
    HueSet(f64),
}

/// `nr` and `nrs`, together because either one turns both on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Denoise {
    /// `nr`, -100 to 100, 20 when only `nrs` was given.
    pub threshold: f64,
    /// `nrs`, -100 to 100, 20 when only `nr` was given.
    pub sharpen: f64,
}

/// A way to sharpen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Sharpen {
    /// `sharp`, 0 to 100: unsharp on lightness, sigma 1 px, amount v/50.
    Luminance(f64),
    /// `usm` and `usmrad`: x + (amount/100) * (x - gauss(x)).
    Unsharp {
        /// -100 to 100.
        amount: f64,
        /// Gaussian sigma in pixels.
        sigma_px: f64,
    },
}

/// One pixel-wise effect (`rendering.md` 8).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Tone {
    /// Share of the sepia matrix, 0 to 1.
    Sepia(f64),
    /// Luminance times this colour, mixed in by its alpha.
    Monochrome(Color),
    /// Luminance from the first colour (shadows) to the second; the alpha of both is ignored.
    Duotone {
        /// Shadows, highlights; opaque.
        colors: [Color; 2],
        /// Share of the effect, 0 to 1.
        mix: f64,
    },
    /// Luminance through a list of colours.
    GradientMap(Box<GradientMap>),
    /// `invert`, where a list of colours comes before it.
    Invert,
}

/// `gradient-map`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradientMap {
    /// From shadows to highlights; opaque.
    pub colors: ColorRamp,
    /// Share of the effect, 0 to 1.
    pub mix: f64,
    /// Which tones are the first and the last colour.
    pub tones: MappedTones,
}

/// The tones over which a list of colours is spread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MappedTones {
    /// From black to white.
    All,
    /// Those of the picture, each colour for as many pixels; of an animation those of the first frame.
    Present,
    /// The same, measured: the place on the ramp of each of 256 levels.
    Measured(Vec<f32>),
}

impl Tone {
    /// The colours that it is drawn with.
    pub fn colors_mut(&mut self) -> Vec<&mut Color> {
        match self {
            Self::Sepia(_) | Self::Invert => Vec::new(),
            Self::Monochrome(color) => vec![color],
            Self::Duotone { colors, .. } => colors.iter_mut().collect(),
            Self::GradientMap(map) => map.colors.stops.iter_mut().map(|stop| &mut stop.color).collect(),
        }
    }

    /// Whether the pixels have to be looked at first.
    pub(super) fn is_measured(&self) -> bool {
        matches!(self, Self::GradientMap(map) if map.tones == MappedTones::Present)
    }
}

/// `threshold`: pure black and white.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// Luminance from which on it is white, 0 to 1.
    pub cutoff: f64,
    /// `threshold-dither`.
    pub dither: Option<Dither>,
}

/// Everything of steps 8, 9 and 12. Lengths are as written; `dpr` is applied by the layout.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Effects {
    /// `auto=enhance`, before the adjustments.
    pub enhance: bool,
    /// In the order they are applied.
    pub adjust: Vec<Adjust>,
    /// `nr`, `nrs`.
    pub denoise: Option<Denoise>,
    /// In the order they are applied; `sigma_px` before `dpr`.
    pub sharpen: Vec<Sharpen>,
    /// In the order they are applied.
    pub tones: Vec<Tone>,
    /// `htn`: width of a dot.
    pub halftone_px: Option<u32>,
    /// `px`: side of a block, at least 2.
    pub block_px: Option<u32>,
    /// `blur`, 0 < v <= 2000, on the parameter's own scale.
    pub blur: Option<f64>,
    /// `threshold*`, after all of them.
    pub threshold: Option<Threshold>,
}

/// Gaussian sigma in pixels of one unit of `blur` at `dpr=1` (`rendering.md` 8: v * 0.1 * dpr / 2).
pub(super) const BLUR_SIGMA_PX: f64 = 0.05;

/// Default of `usmrad`.
const UNSHARP_SIGMA_PX: f64 = 2.5;

/// Default of `nr` and `nrs` when the other one is given.
const DENOISE_DEFAULT: f64 = 20.0;

impl Effects {
    pub(super) fn of(params: &Params) -> Self {
        let stylize = &params.stylize;
        let tones = tones(stylize, params.adjust.invert == Some(true));
        Self {
            enhance: params.format.auto.enhance,
            adjust: adjustments(&params.adjust, tones.contains(&Tone::Invert)),
            denoise: denoise(&params.adjust),
            sharpen: sharpening(&params.adjust),
            tones,
            halftone_px: stylize.htn.filter(|v| *v > 0),
            block_px: stylize.px.filter(|v| *v > 1),
            blur: stylize.blur.filter(|v| *v > 0.0),
            threshold: stylize
                .threshold
                .map(|percent| Threshold { cutoff: percent / 100.0 + 0.0, dither: stylize.threshold_dither }),
        }
    }
}

/// In the order of `rendering.md` 2.2, step 8; a negative that is made later is not made here.
fn adjustments(params: &AdjustParams, inverts_later: bool) -> Vec<Adjust> {
    let moved = |value: Option<f64>| value.filter(|v| *v != 0.0);
    [
        (params.invert == Some(true) && !inverts_later).then_some(Adjust::Invert),
        moved(params.exp).map(Adjust::Exposure),
        moved(params.gam).map(Adjust::Gamma),
        moved(params.bri).map(Adjust::Brightness),
        moved(params.con).map(|v| Adjust::Contrast(v.min(99.0))),
        moved(params.high).map(Adjust::Highlights),
        moved(params.shad).map(Adjust::Shadows),
        moved(params.sat).map(Adjust::Saturation),
        moved(params.vib).map(Adjust::Vibrance),
        // The one hue takes the place of every turned one.
        moved(params.hue.map(|v| v.rem_euclid(360.0)).filter(|_| params.hue_set.is_none())).map(Adjust::Hue),
        params.hue_set.map(|v| Adjust::HueSet(v.rem_euclid(360.0) + 0.0)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn denoise(params: &AdjustParams) -> Option<Denoise> {
    (params.nr.is_some() || params.nrs.is_some()).then(|| Denoise {
        threshold: params.nr.unwrap_or(DENOISE_DEFAULT) + 0.0,
        sharpen: params.nrs.unwrap_or(DENOISE_DEFAULT) + 0.0,
    })
}

fn sharpening(params: &AdjustParams) -> Vec<Sharpen> {
    let luminance = params.sharp.filter(|v| *v > 0.0).map(Sharpen::Luminance);
    let unsharp = params.usm.filter(|v| *v != 0.0).map(|amount| Sharpen::Unsharp {
        amount,
        sigma_px: params.usmrad.filter(|v| *v > 0.0).unwrap_or(UNSHARP_SIGMA_PX),
    });
    luminance.into_iter().chain(unsharp).collect()
}

fn tones(params: &StylizeParams, inverts: bool) -> Vec<Tone> {
    let opaque = |color: Color| Color { a: 255, ..color };
    let sepia = params.sepia.filter(|v| *v > 0.0).map(|v| Tone::Sepia(v / 100.0));
    let monochrome = params.monochrome.filter(|color| color.a > 0).map(Tone::Monochrome);
    let mix = params.duotone_alpha.unwrap_or(100.0) / 100.0;
    let duotone = params
        .duotone
        .filter(|_| mix > 0.0)
        .map(|[dark, light]| Tone::Duotone { colors: [opaque(dark), opaque(light)], mix });
    // A list of colours beats `duotone`, even where it is not seen.
    let mapped = if params.gradient_map.is_empty() { duotone } else { gradient_map(params) };
    // Inverted first, the list would only be read from its other end.
    let inverted = (inverts && matches!(mapped, Some(Tone::GradientMap(_)))).then_some(Tone::Invert);
    [sepia, monochrome, mapped, inverted].into_iter().flatten().collect()
}

fn gradient_map(params: &StylizeParams) -> Option<Tone> {
    let mix = params.gradient_map_alpha.unwrap_or(100.0) / 100.0;
    let rises = params.gradient_map_stops.is_sorted();
    let stops: &[f64] = if rises { &params.gradient_map_stops } else { &[] };
    let colors: Vec<Color> = params.gradient_map.iter().map(|color| Color { a: 255, ..*color }).collect();
    let space = params.gradient_map_cs.unwrap_or_default();
    let colors = ColorRamp::of(&colors, stops, space, params.gradient_map_hue.unwrap_or_default());
    let tones = if params.gradient_map_equalize == Some(true) { MappedTones::Present } else { MappedTones::All };
    (mix > 0.0).then(|| Tone::GradientMap(Box::new(GradientMap { colors, mix, tones })))
}
