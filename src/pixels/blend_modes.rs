//! The formulas of W3C compositing and blending level 1 for blending one colour with another.

use serde::{Deserialize, Serialize};

/// How a layer is blended with what is below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documented words")]
pub enum BlendMode {
    Color,
    Burn,
    Dodge,
    Darken,
    Difference,
    Exclusion,
    HardLight,
    Hue,
    Lighten,
    Luminosity,
    Multiply,
    #[default]
    Overlay,
    Saturation,
    Screen,
    SoftLight,
    Normal,
    DestinationOut,
    DestinationIn,
}

type Rgb = [f32; 3];

/// Returns whether each channel is blended independently.
pub(crate) const fn is_separable(mode: BlendMode) -> bool {
    !matches!(mode, BlendMode::Hue | BlendMode::Saturation | BlendMode::Color | BlendMode::Luminosity)
}

/// Returns B(cb, cs) of the specification, sections 10.1 and 10.2: `cb` is the backdrop, `cs` the layer over it, each 0
/// to 1.
pub(crate) fn mix(mode: BlendMode, cb: Rgb, cs: Rgb) -> Rgb {
    let each = |formula: fn(f32, f32) -> f32| std::array::from_fn(|i| formula(cb[i], cs[i]));
    match mode {
        BlendMode::Normal | BlendMode::DestinationOut | BlendMode::DestinationIn => cs,
        BlendMode::Multiply => each(|b, s| b * s),
        BlendMode::Screen => each(screen),
        BlendMode::Overlay => each(|b, s| hard_light(s, b)),
        BlendMode::Darken => each(f32::min),
        BlendMode::Lighten => each(f32::max),
        BlendMode::Dodge => each(dodge),
        BlendMode::Burn => each(burn),
        BlendMode::HardLight => each(hard_light),
        BlendMode::SoftLight => each(soft_light),
        BlendMode::Difference => each(|b, s| (b - s).abs()),
        BlendMode::Exclusion => each(|b, s| b + s - 2.0 * b * s),
        BlendMode::Hue => with_luminosity(with_saturation(cs, saturation(cb)), luminosity(cb)),
        BlendMode::Saturation => with_luminosity(with_saturation(cb, saturation(cs)), luminosity(cb)),
        BlendMode::Color => with_luminosity(cs, luminosity(cb)),
        BlendMode::Luminosity => with_luminosity(cb, luminosity(cs)),
    }
}

fn screen(b: f32, s: f32) -> f32 {
    b + s - b * s
}

fn hard_light(b: f32, s: f32) -> f32 {
    if s <= 0.5 { b * 2.0 * s } else { screen(b, 2.0 * s - 1.0) }
}

fn dodge(b: f32, s: f32) -> f32 {
    if b <= 0.0 {
        0.0
    } else if s >= 1.0 {
        1.0
    } else {
        (b / (1.0 - s)).min(1.0)
    }
}

fn burn(b: f32, s: f32) -> f32 {
    if b >= 1.0 {
        1.0
    } else if s <= 0.0 {
        0.0
    } else {
        1.0 - ((1.0 - b) / s).min(1.0)
    }
}

fn soft_light(b: f32, s: f32) -> f32 {
    if s <= 0.5 {
        b - (1.0 - 2.0 * s) * b * (1.0 - b)
    } else {
        let d = if b <= 0.25 { ((16.0 * b - 12.0) * b + 4.0) * b } else { b.sqrt() };
        b + (2.0 * s - 1.0) * (d - b)
    }
}

fn luminosity([r, g, b]: Rgb) -> f32 {
    0.3 * r + 0.59 * g + 0.11 * b
}

fn saturation([r, g, b]: Rgb) -> f32 {
    r.max(g).max(b) - r.min(g).min(b)
}

/// Implements `SetLum` with `ClipColor`.
fn with_luminosity(color: Rgb, wanted: f32) -> Rgb {
    let shift = wanted - luminosity(color);
    let color = color.map(|v| v + shift);
    let l = luminosity(color);
    let (least, most) = (color[0].min(color[1]).min(color[2]), color[0].max(color[1]).max(color[2]));
    let color = if least < 0.0 { color.map(|v| l + (v - l) * l / (l - least)) } else { color };
    if most > 1.0 { color.map(|v| l + (v - l) * (1.0 - l) / (most - l)) } else { color }
}

/// Implements `SetSat`: the least channel becomes 0 and the greatest becomes the saturation.
fn with_saturation(color: Rgb, wanted: f32) -> Rgb {
    let (least, spread) = (color[0].min(color[1]).min(color[2]), saturation(color));
    if spread <= 0.0 { [0.0; 3] } else { color.map(|v| (v - least) * wanted / spread) }
}
