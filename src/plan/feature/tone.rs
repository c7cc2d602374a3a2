//! `sepia`, `monochrome`, `duotone*`, `gradient-map*`: luminance to colours, pixel by pixel (`rendering.md` 8).

use serde::{Deserialize, Serialize};

use crate::param::{Params, StylizeParams};
use crate::pixels::ramp::ColorRamp;
use crate::plan::types::Sizing;
use crate::units::Color;

use super::{Canvas, Feature, Op, Step};

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
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        match self {
            Self::Sepia(_) | Self::Invert => Vec::new(),
            Self::Monochrome(color) => vec![color],
            Self::Duotone { colors, .. } => colors.iter_mut().collect(),
            Self::GradientMap(map) => map.colors.stops.iter_mut().map(|stop| &mut stop.color).collect(),
        }
    }

    /// Whether the pixels have to be looked at first.
    fn is_measured(&self) -> bool {
        matches!(self, Self::GradientMap(map) if map.tones == MappedTones::Present)
    }
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

impl Step for Vec<Tone> {
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        self.iter_mut().flat_map(Tone::colors_mut).collect()
    }
}

impl Feature for Vec<Tone> {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let all = chain(&params.stylize, params.adjust.invert == Some(true));
        (!all.is_empty()).then_some(all)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        // What is measured is the picture as it stands then.
        let measured = self.iter().position(Tone::is_measured).unwrap_or(0);
        let (before, after) = self.split_at(measured);
        for chain in [before, after].into_iter().filter(|chain| !chain.is_empty()) {
            canvas.push(Op::Tone(chain.to_vec()));
        }
    }
}

/// Whether `invert` is applied here, after a list of colours, and not among the adjustments.
pub(super) fn inverts(params: &Params) -> bool {
    chain(&params.stylize, params.adjust.invert == Some(true)).contains(&Tone::Invert)
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
    // A list of colours beats `duotone`, even where it is not seen.
    let mapped = if params.gradient_map.is_empty() { duotone } else { gradient_map(params) };
    // Inverted first, the list would only be read from its other end.
    let inverted = (inverts && matches!(mapped, Some(Tone::GradientMap(_)))).then_some(Tone::Invert);
    [sepia, monochrome, mapped, inverted].into_iter().flatten().collect()
}
