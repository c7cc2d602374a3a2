//! `sepia`, `monochrome`, `duotone*`, `gradient-map*`: map luminance to colours, pixel by pixel (`rendering.md` 8).

use serde::{Deserialize, Serialize};

use crate::param::{Params, StylizeParams};
use crate::pixels::ramp::ColorRamp;
use crate::plan::types::Sizing;
use crate::units::Color;

use super::{Canvas, Feature, Op, Paints};

/// One pixel-wise effect (`rendering.md` 8).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Tone {
    /// Strength of the sepia matrix, 0 to 1.
    Sepia(f64),
    /// Luminance times this colour, mixed in by the colour's alpha.
    Monochrome(Color),
    /// Luminance mapped from the first colour (shadows) to the second; the alpha of both is ignored.
    Duotone {
        /// Colours of shadows and highlights; opaque.
        colors: [Color; 2],
        /// Strength of the effect, 0 to 1.
        mix: f64,
    },
    /// Luminance mapped through a list of colours.
    GradientMap(Box<GradientMap>),
    /// `invert`, if a gradient map comes before it.
    Invert,
}

/// `gradient-map`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradientMap {
    /// Colours from shadows to highlights; opaque.
    pub colors: ColorRamp,
    /// Strength of the effect, 0 to 1.
    pub mix: f64,
    /// The tones that the first and the last colour stand for.
    pub tones: MappedTones,
}

/// The tones over which a list of colours is spread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MappedTones {
    /// From black to white.
    All,
    /// The tones of the image, spread so that each colour covers the same number of pixels; in an animation, the tones
    /// of the first frame.
    Present,
    /// `Present` after measuring: the position on the ramp of each of 256 levels.
    Measured(Vec<f32>),
}

impl Tone {
    /// Returns the colours that it is drawn with.
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        match self {
            Self::Sepia(_) | Self::Invert => Vec::new(),
            Self::Monochrome(color) => vec![color],
            Self::Duotone { colors, .. } => colors.iter_mut().collect(),
            Self::GradientMap(map) => map.colors.stops.iter_mut().map(|stop| &mut stop.color).collect(),
        }
    }

    /// Returns whether the pixels have to be measured first.
    fn is_measured(&self) -> bool {
        matches!(self, Self::GradientMap(map) if map.tones == MappedTones::Present)
    }
}

fn gradient_map(params: &StylizeParams) -> Option<Tone> {
    let mix = map_share(params);
    let rises = params.gradient_map_stops.is_sorted();
    let stops: &[f64] = if rises { &params.gradient_map_stops } else { &[] };
    let colors: Vec<Color> = params.gradient_map.iter().map(|color| Color { a: 255, ..*color }).collect();
    let space = params.gradient_map_cs.unwrap_or_default();
    let colors = ColorRamp::of(&colors, stops, space, params.gradient_map_hue.unwrap_or_default());
    let tones = if params.gradient_map_equalize == Some(true) { MappedTones::Present } else { MappedTones::All };
    (mix > 0.0).then(|| Tone::GradientMap(Box::new(GradientMap { colors, mix, tones })))
}

impl Paints for Vec<Tone> {
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        self.iter_mut().flat_map(Tone::colors_mut).collect()
    }
}

impl Feature for Vec<Tone> {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let all = chain(&params.stylize, inverts(params));
        (!all.is_empty()).then_some(all)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        // Starts a new step at the tone that is measured, because it measures the image as it is then.
        let measured = self.iter().position(Tone::is_measured).unwrap_or(0);
        let (before, after) = self.split_at(measured);
        for chain in [before, after].into_iter().filter(|chain| !chain.is_empty()) {
            canvas.push(Op::Tone(chain.to_vec()));
        }
    }
}

/// Returns whether `invert` is applied here, after a gradient map, and not among the adjustments.
pub(super) fn inverts(params: &Params) -> bool {
    let shows_map = !params.stylize.gradient_map.is_empty() && map_share(&params.stylize) > 0.0;
    params.adjust.invert == Some(true) && shows_map
}

/// Returns the share of the gradient map, 0 to 1.
fn map_share(params: &StylizeParams) -> f64 {
    params.gradient_map_alpha.unwrap_or(100.0) / 100.0
}

fn chain(params: &StylizeParams, inverts: bool) -> Vec<Tone> {
    let opaque = |color: Color| Color { a: 255, ..color };
    let sepia = params.sepia.filter(|v| *v > 0.0).map(|v| Tone::Sepia(v / 100.0));
    let monochrome = params.monochrome.filter(|color| color.a > 0).map(Tone::Monochrome);
    let mix = params.duotone_alpha.unwrap_or(100.0) / 100.0;
    let duotone = params
        .duotone
        .filter(|_| mix > 0.0)
        .map(|[dark, light]| Tone::Duotone { colors: [opaque(dark), opaque(light)], mix });
    // A gradient map beats `duotone`, even if it is invisible.
    let mapped = if params.gradient_map.is_empty() { duotone } else { gradient_map(params) };
    // If the image were inverted first, the gradient map would merely be reversed.
    let inverted = inverts.then_some(Tone::Invert);
    [sepia, monochrome, mapped, inverted].into_iter().flatten().collect()
}
