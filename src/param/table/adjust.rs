//! Adjustments, sharpening, noise reduction and effects.

use crate::param::{Category, Dither, GradientSpace, HuePath, Keyword, Kind, Needs, ParamSpec, State, Tier};

/// Greatest radius of the unsharp mask, in pixels. Beyond it the kernel is larger than most images.
const RADIUS_MAX: f64 = 500.0;

/// Entries of this group.
pub(super) const ENTRIES: &[ParamSpec] = &[
    ParamSpec {
        name: "bri",
        kinds: &[Kind::Whole(-100..=100)],
        default: Some("0"),
        summary: "Brightens or darkens the whole image.",
        example: "bri=20",
        state: State::Rendered,
        set: |p, v| p.adjust.bri = v.number(),
        ..ParamSpec::base(Category::Adjustment)
    },
    ParamSpec {
        name: "con",
        kinds: &[Kind::Whole(-100..=100)],
        default: Some("0"),
        summary: "Raises or lowers the contrast around mid-grey.",
        example: "con=20",
        state: State::Rendered,
        set: |p, v| p.adjust.con = v.number(),
        ..ParamSpec::base(Category::Adjustment)
    },
    ParamSpec {
        name: "exp",
        kinds: &[Kind::Whole(-100..=100)],
        default: Some("0"),
        summary: "Changes the exposure, like the aperture of a lens: 50 doubles the light.",
        example: "exp=25",
        state: State::Rendered,
        set: |p, v| p.adjust.exp = v.number(),
        ..ParamSpec::base(Category::Adjustment)
    },
    ParamSpec {
        name: "gam",
        kinds: &[Kind::Whole(-100..=100)],
        default: Some("0"),
        summary: "Gamma: brightens or darkens the middle tones; black and white stay.",
        example: "gam=25",
        state: State::Rendered,
        set: |p, v| p.adjust.gam = v.number(),
        ..ParamSpec::base(Category::Adjustment)
    },
    ParamSpec {
        name: "high",
        kinds: &[Kind::Whole(-100..=0)],
        default: Some("0"),
        summary: "Darkens bright areas to show their detail; black and white stay.",
        example: "high=-50",
        state: State::Rendered,
        set: |p, v| p.adjust.high = v.number(),
        ..ParamSpec::base(Category::Adjustment)
    },
    ParamSpec {
        name: "shad",
        kinds: &[Kind::Quantity(0.0..=100.0)],
        default: Some("0"),
        summary: "Lightens dark areas to show their detail; black and white stay.",
        example: "shad=50",
        state: State::Rendered,
        set: |p, v| p.adjust.shad = v.number(),
        ..ParamSpec::base(Category::Adjustment)
    },
    ParamSpec {
        name: "sat",
        kinds: &[Kind::Whole(-100..=100)],
        default: Some("0"),
        summary: "Saturation, from -100 (grey) to 100.",
        example: "sat=-100",
        state: State::Rendered,
        set: |p, v| p.adjust.sat = v.number(),
        ..ParamSpec::base(Category::Adjustment)
    },
    ParamSpec {
        name: "vib",
        kinds: &[Kind::Whole(-100..=100)],
        default: Some("0"),
        summary: "Changes the saturation of dull colours more than that of vivid ones.",
        example: "vib=50",
        state: State::Rendered,
        set: |p, v| p.adjust.vib = v.number(),
        ..ParamSpec::base(Category::Adjustment)
    },
    ParamSpec {
        name: "hue",
        kinds: &[Kind::WholeDegrees],
        default: Some("0"),
        summary: "Rotates every hue around the colour wheel, in degrees. Has no effect together with `hue-set`.",
        example: "hue=90",
        state: State::Rendered,
        set: |p, v| p.adjust.hue = v.number(),
        ..ParamSpec::base(Category::Adjustment)
    },
    ParamSpec {
        name: "hue-set",
        newer: true,
        tier: Tier::Extended,
        kinds: &[Kind::Degrees],
        summary: "Gives every colour the same hue and keeps its saturation and lightness: 0 is red, 120 green, 240 \
            blue. Grey stays grey.",
        example: "hue-set=200",
        photo: "coffee.jpg",
        state: State::Rendered,
        set: |p, v| p.adjust.hue_set = v.number(),
        ..ParamSpec::base(Category::Adjustment)
    },
    ParamSpec {
        name: "invert",
        aliases: &["inv"],
        kinds: &[Kind::Bool],
        default: Some("false"),
        summary: "Makes a negative. With `gradient-map`, the new colours are inverted.",
        example: "invert=true",
        state: State::Rendered,
        set: |p, v| p.adjust.invert = v.bool(),
        ..ParamSpec::base(Category::Adjustment)
    },
    ParamSpec {
        name: "sharp",
        kinds: &[Kind::Number(0.0..=100.0)],
        default: Some("0"),
        summary: "Sharpens the lightness and leaves the colours alone.",
        example: "w=400&sharp=20",
        state: State::Rendered,
        set: |p, v| p.adjust.sharp = v.number(),
        ..ParamSpec::base(Category::Adjustment)
    },
    ParamSpec {
        name: "usm",
        kinds: &[Kind::Whole(-100..=100)],
        default: Some("0"),
        summary: "Strength of the unsharp mask; values below 0 soften the image.",
        example: "w=400&usm=20",
        state: State::Rendered,
        set: |p, v| p.adjust.usm = v.number(),
        ..ParamSpec::base(Category::Adjustment)
    },
    ParamSpec {
        name: "usmrad",
        kinds: &[Kind::Number(0.0..=RADIUS_MAX)],
        default: Some("2.5"),
        needs: Needs::All(&["usm"]),
        summary: "Radius of the unsharp mask in pixels.",
        example: "w=400&usm=20&usmrad=4",
        state: State::Rendered,
        set: |p, v| p.adjust.usmrad = v.number(),
        ..ParamSpec::base(Category::Adjustment)
    },
    ParamSpec {
        name: "nr",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(-100..=100)],
        default: Some("20"),
        summary: "Smooths noise below this threshold.",
        example: "nr=40&nrs=10",
        state: State::Rendered,
        set: |p, v| p.adjust.nr = v.number(),
        ..ParamSpec::base(Category::NoiseReduction)
    },
    ParamSpec {
        name: "nrs",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(-100..=100)],
        default: Some("20"),
        summary: "Sharpens the image again after noise reduction.",
        example: "nr=40&nrs=30",
        state: State::Rendered,
        set: |p, v| p.adjust.nrs = v.number(),
        ..ParamSpec::base(Category::NoiseReduction)
    },
    ParamSpec {
        name: "blur",
        kinds: &[Kind::Whole(0..=2000)],
        default: Some("0"),
        summary: "Gaussian blur; at 2000 nothing can be recognised.",
        example: "blur=100",
        state: State::Rendered,
        set: |p, v| p.stylize.blur = v.number(),
        ..ParamSpec::base(Category::Stylize)
    },
    ParamSpec {
        name: "px",
        kinds: &[Kind::Whole(0..=100)],
        default: Some("0"),
        summary: "Turns the image into square blocks with sides of this many pixels.",
        example: "px=10",
        state: State::Rendered,
        set: |p, v| p.stylize.px = v.whole(),
        ..ParamSpec::base(Category::Stylize)
    },
    ParamSpec {
        name: "htn",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=100)],
        default: Some("0"),
        summary: "Draws the image as dots of this width, in its own colours on white.",
        example: "htn=8",
        state: State::Rendered,
        set: |p, v| p.stylize.htn = v.whole(),
        ..ParamSpec::base(Category::Stylize)
    },
    ParamSpec {
        name: "sepia",
        kinds: &[Kind::Whole(0..=100)],
        default: Some("0"),
        summary: "Tones the image brown, like an old print.",
        example: "sepia=80",
        state: State::Rendered,
        set: |p, v| p.stylize.sepia = v.number(),
        ..ParamSpec::base(Category::Stylize)
    },
    ParamSpec {
        name: "monochrome",
        aliases: &["mono"],
        kinds: &[Kind::Color],
        summary: "Tints the image with one colour; its alpha sets the strength.",
        example: "monochrome=80336699",
        state: State::Rendered,
        set: |p, v| p.stylize.monochrome = v.color(),
        ..ParamSpec::base(Category::Stylize)
    },
    ParamSpec {
        name: "duotone",
        tier: Tier::Extended,
        kinds: &[Kind::RgbPair],
        summary: "Shows the image in two colours, the first for shadows and the second for highlights.",
        example: "duotone=000080,fa8072",
        state: State::Rendered,
        set: |p, v| p.stylize.duotone = v.colors(),
        ..ParamSpec::base(Category::Stylize)
    },
    ParamSpec {
        name: "duotone-alpha",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=100)],
        default: Some("100"),
        needs: Needs::All(&["duotone"]),
        summary: "Strength of the duotone, as a share of the result.",
        example: "duotone=000080,fa8072&duotone-alpha=50",
        state: State::Rendered,
        set: |p, v| p.stylize.duotone_alpha = v.number(),
        ..ParamSpec::base(Category::Stylize)
    },
    ParamSpec {
        name: "gradient-map",
        tier: Tier::Extended,
        kinds: &[Kind::Colors],
        summary: "Replaces the colours of the image with those of a list, the first for the shadows and the last for \
            the highlights. Takes precedence over `duotone`. Alpha is ignored.",
        example: "gradient-map=1a1a40,e0457b,ffd97a",
        state: State::Rendered,
        set: |p, v| p.stylize.gradient_map = v.color_list(),
        ..ParamSpec::base(Category::Stylize)
    },
    ParamSpec {
        name: "gradient-map-stops",
        tier: Tier::Extended,
        kinds: &[Kind::Stops],
        needs: Needs::All(&["gradient-map"]),
        summary: "Position of each colour between black (0) and white (100); two colours at the same position make a \
            hard edge. The colours are spread evenly if the positions are absent, do not match the number of colours, \
            or decrease.",
        example: "gradient-map=1a1a40,e0457b,ffd97a&gradient-map-stops=0,20,100",
        state: State::Rendered,
        set: |p, v| p.stylize.gradient_map_stops = v.numbers(),
        ..ParamSpec::base(Category::Stylize)
    },
    ParamSpec {
        name: "gradient-map-cs",
        tier: Tier::Extended,
        kinds: &[Kind::Word(GradientSpace::WORDS)],
        default: Some("srgb"),
        needs: Needs::All(&["gradient-map"]),
        summary: "Colour space in which the colours between those of the list are computed.",
        example: "gradient-map=1a1a40,ffd97a&gradient-map-cs=oklch",
        state: State::Rendered,
        set: |p, v| p.stylize.gradient_map_cs = v.word(),
        ..ParamSpec::base(Category::Stylize)
    },
    ParamSpec {
        name: "gradient-map-hue",
        tier: Tier::Extended,
        kinds: &[Kind::Word(HuePath::WORDS)],
        default: Some("shorter"),
        needs: Needs::All(&["gradient-map"]),
        summary: "Direction around the colour wheel from one colour to the next, in `hsl`, `hsv`, `lch` and `oklch`.",
        example: "gradient-map=1a1a40,ffd97a&gradient-map-cs=oklch&gradient-map-hue=longer",
        state: State::Rendered,
        set: |p, v| p.stylize.gradient_map_hue = v.word(),
        ..ParamSpec::base(Category::Stylize)
    },
    ParamSpec {
        name: "gradient-map-alpha",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=100)],
        default: Some("100"),
        needs: Needs::All(&["gradient-map"]),
        summary: "Strength of the new colours, as a share of the result.",
        example: "gradient-map=1a1a40,e0457b,ffd97a&gradient-map-alpha=50",
        state: State::Rendered,
        set: |p, v| p.stylize.gradient_map_alpha = v.number(),
        ..ParamSpec::base(Category::Stylize)
    },
    ParamSpec {
        name: "gradient-map-equalize",
        tier: Tier::Extended,
        kinds: &[Kind::Bool],
        default: Some("false"),
        needs: Needs::All(&["gradient-map"]),
        summary: "Spreads the list over the tones that the image has, instead of from black to white.",
        example: "gradient-map=1a1a40,e0457b,ffd97a&gradient-map-equalize=true",
        state: State::Rendered,
        set: |p, v| p.stylize.gradient_map_equalize = v.bool(),
        ..ParamSpec::base(Category::Stylize)
    },
    ParamSpec {
        name: "threshold",
        newer: true,
        tier: Tier::Extended,
        kinds: &[Kind::Number(0.0..=100.0)],
        summary: "Makes the image pure black and white: white from this brightness in percent upwards. It is the last \
            effect, before anything is drawn on the image. Transparent parts stay transparent.",
        example: "threshold=50",
        photo: "astronaut.jpg",
        state: State::Rendered,
        set: |p, v| p.stylize.threshold = v.number(),
        ..ParamSpec::base(Category::Stylize)
    },
    ParamSpec {
        name: "threshold-dither",
        newer: true,
        tier: Tier::Extended,
        kinds: &[Kind::Word(Dither::WORDS), Kind::Synonym("true", "floydsteinberg")],
        needs: Needs::All(&["threshold"]),
        summary: "Shows the tones in between as dots: where the image has the brightness of `threshold`, half of the \
            pixels are white. `atkinson` keeps shadows and highlights clearer. Best with `fm=png` or `fm=webp`.",
        example: "threshold=50&threshold-dither=floydsteinberg&fm=png",
        photo: "astronaut.jpg",
        state: State::Rendered,
        set: |p, v| p.stylize.threshold_dither = v.word(),
        ..ParamSpec::base(Category::Stylize)
    },
];
