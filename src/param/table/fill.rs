//! Background, letterbox bars and checkerboard.

use super::SEED_MAX;
use crate::param::kind::SIDE_PX_MAX;
use crate::param::{
    AlignWord, Category, FillMode, GradientSpace, GradientType, HuePath, Keyword, Kind, Needs, ParamSpec, State, Tier,
};

/// Entries of this group.
pub(super) const ENTRIES: &[ParamSpec] = &[
    ParamSpec {
        name: "bg",
        kinds: &[Kind::Color],
        default: Some("0fff"),
        summary: "Colour behind transparent parts and padding. In formats without alpha, a colour that is not opaque \
            is drawn on white.",
        example: "w=300&h=300&fit=fill&bg=336699",
        photo: "cup.png",
        state: State::Rendered,
        set: |p, v| p.fill.bg = v.color(),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill",
        kinds: &[Kind::Word(FillMode::WORDS), Kind::Synonym("generative", "gen")],
        inert: &["gen"],
        needs: Needs::Any(&["fit=fill", "fit=fillmax"]),
        summary: "What the letterbox of `fit=fill` and `fit=fillmax` shows: a colour, a blurred copy or a gradient; \
            `bg` if absent. There is no model for `gen`, which therefore leaves the letterbox out.",
        example: "w=300&h=300&fit=fill&fill=blur",
        state: State::Rendered,
        set: |p, v| p.fill.mode = v.word(),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-color",
        aliases: &["fillcolor"],
        kinds: &[Kind::Color],
        default: Some("0fff"),
        needs: Needs::All(&["fill=solid"]),
        summary: "Colour of the letterbox.",
        example: "w=300&h=300&fit=fill&fill=solid&fill-color=fc0",
        state: State::Rendered,
        set: |p, v| p.fill.color = v.color(),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-gradient-type",
        tier: Tier::Extended,
        kinds: &[Kind::Word(GradientType::WORDS)],
        default: Some("linear"),
        needs: Needs::All(&["fill=gradient"]),
        summary: "Linear or radial gradient.",
        example: "w=300&h=300&fit=fill&fill=gradient&fill-gradient-type=radial",
        state: State::Rendered,
        set: |p, v| p.fill.gradient_type = v.word(),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-gradient-cs",
        tier: Tier::Extended,
        kinds: &[Kind::Word(GradientSpace::WORDS)],
        default: Some("srgb"),
        needs: Needs::All(&["fill=gradient"]),
        summary: "Colour space in which the colours between those of the list are computed.",
        example: "w=300&h=300&fit=fill&fill=gradient&fill-gradient-cs=oklab",
        state: State::Rendered,
        set: |p, v| p.fill.gradient_cs = v.word(),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-gradient-hue",
        tier: Tier::Extended,
        kinds: &[Kind::Word(HuePath::WORDS)],
        default: Some("shorter"),
        needs: Needs::All(&["fill=gradient"]),
        summary: "Direction around the colour wheel from one colour to the next, in `hsl`, `hsv`, `lch` and `oklch`.",
        example: "w=300&h=300&fit=fill&fill=gradient&fill-gradient-linear=f00,00f&fill-gradient-cs=oklch&fill-gradient-hue=longer",
        state: State::Rendered,
        set: |p, v| p.fill.gradient_hue = v.word(),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-gradient-linear",
        tier: Tier::Extended,
        kinds: &[Kind::RgbList],
        needs: Needs::All(&["fill=gradient"]),
        summary: "Colours of a linear gradient from first to last; two colours of the image if absent.",
        example: "w=300&h=300&fit=fill&fill=gradient&fill-gradient-linear=036,e0457b,fc9",
        state: State::Rendered,
        set: |p, v| p.fill.gradient_linear = v.color_list(),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-gradient-stops",
        newer: true,
        tier: Tier::Extended,
        kinds: &[Kind::Stops],
        needs: Needs::Any(&["fill-gradient-linear", "fill-gradient-radial"]),
        summary: "Position of each colour of the list along the gradient, 0 to 100; two colours at the same position \
            make a hard edge. The colours are spread evenly if the positions are absent, do not match the number of \
            colours, or decrease.",
        example: "w=300&h=300&fit=fill&fill=gradient&fill-gradient-linear=036,e0457b,fc9&fill-gradient-stops=0,15,100",
        state: State::Rendered,
        set: |p, v| p.fill.gradient_stops = v.numbers(),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-gradient-linear-direction",
        tier: Tier::Extended,
        kinds: &[Kind::Words(&["top", "bottom", "left", "right"])],
        default: Some("bottom"),
        needs: Needs::All(&["fill=gradient"]),
        summary: "Side, or two sides for a corner, at which a linear gradient ends.",
        example: "w=300&h=300&fit=fill&fill=gradient&fill-gradient-linear-direction=bottom,right",
        state: State::Rendered,
        set: |p, v| p.fill.gradient_linear_direction = v.words(),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-gradient-radial",
        tier: Tier::Extended,
        kinds: &[Kind::RgbList],
        needs: Needs::All(&["fill=gradient"]),
        summary: "Colours of a radial gradient from the inside out; two colours of the image if absent.",
        example: "w=300&h=300&fit=fill&fill=gradient&fill-gradient-type=radial&fill-gradient-radial=036,fc9",
        state: State::Rendered,
        set: |p, v| p.fill.gradient_radial = v.color_list(),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-gradient-radial-radius",
        tier: Tier::Extended,
        kinds: &[Kind::PlacePair(SIDE_PX_MAX)],
        default: Some("0.125,0.5"),
        needs: Needs::All(&["fill=gradient"]),
        summary: "Radii at which a radial gradient begins and ends, in pixels or as a fraction of the shorter side.",
        example: "w=300&h=300&fit=fill&fill=gradient&fill-gradient-type=radial&fill-gradient-radial-radius=0.1,0.6",
        state: State::Rendered,
        set: |p, v| p.fill.gradient_radial_radius = v.lengths(),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-gradient-radial-x",
        tier: Tier::Extended,
        kinds: &[Kind::Place(SIDE_PX_MAX)],
        default: Some("0.5"),
        needs: Needs::All(&["fill=gradient"]),
        summary: "Distance of the centre of a radial gradient from the left edge, in pixels or as a fraction of the \
            width.",
        example: "w=300&h=300&fit=fill&fill=gradient&fill-gradient-type=radial&fill-gradient-radial-x=0.3",
        state: State::Rendered,
        set: |p, v| p.fill.gradient_radial_x = v.length(),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-gradient-radial-y",
        tier: Tier::Extended,
        kinds: &[Kind::Place(SIDE_PX_MAX)],
        default: Some("0.5"),
        needs: Needs::All(&["fill=gradient"]),
        summary: "Distance of the centre of a radial gradient from the top edge, in pixels or as a fraction of the \
            height.",
        example: "w=300&h=300&fit=fill&fill=gradient&fill-gradient-type=radial&fill-gradient-radial-y=0.3",
        state: State::Rendered,
        set: |p, v| p.fill.gradient_radial_y = v.length(),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-gen-fallback",
        aliases: &["fill-generative-fallback"],
        tier: Tier::Ai,
        kinds: &[Kind::Bool],
        default: Some("true"),
        needs: Needs::All(&["fit=fill", "fill=gen"]),
        summary: "What to send if no content can be generated: the image without a letterbox (true) or an error \
            (false).",
        example: "w=300&h=300&fit=fill&fill=gen&fill-gen-fallback=false",
        set: |p, v| p.model.fill_gen_fallback = v.bool(),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-gen-prompt",
        aliases: &["fill-generative-prompt"],
        tier: Tier::Ai,
        kinds: &[Kind::Text],
        needs: Needs::All(&["fit=fill", "fill=gen"]),
        summary: "What to generate in the letterbox.",
        example: "w=300&h=300&fit=fill&fill=gen&fill-gen-prompt=a+sandy+beach",
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-gen-neg-prompt",
        aliases: &["fill-generative-negative-prompt"],
        tier: Tier::Ai,
        kinds: &[Kind::Text],
        needs: Needs::All(&["fit=fill", "fill=gen"]),
        summary: "What to keep out of the letterbox.",
        example: "w=300&h=300&fit=fill&fill=gen&fill-gen-neg-prompt=people",
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-gen-pos",
        aliases: &["fill-generative-position"],
        tier: Tier::Ai,
        kinds: &[Kind::Words(AlignWord::WORDS)],
        default: Some("center,middle"),
        needs: Needs::All(&["fit=fill", "fill=gen"]),
        summary: "Where the image stands in the generated content.",
        example: "w=300&h=300&fit=fill&fill=gen&fill-gen-pos=left,middle",
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "fill-gen-seed",
        aliases: &["fill-generative-seed"],
        tier: Tier::Ai,
        kinds: &[Kind::Whole(0..=SEED_MAX)],
        needs: Needs::All(&["fit=fill", "fill=gen"]),
        summary: "Repeats an earlier generated result.",
        example: "w=300&h=300&fit=fill&fill=gen&fill-gen-seed=7",
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "transparency",
        tier: Tier::Extended,
        kinds: &[Kind::Word(&["grid"])],
        summary: "Shows a checkerboard where the image is transparent.",
        example: "transparency=grid",
        photo: "cup.png",
        state: State::Rendered,
        set: |p, v| p.fill.transparency_grid = v.has("grid"),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "grid-colors",
        tier: Tier::Extended,
        kinds: &[Kind::Grid],
        default: Some("d0d7dd,ffffff"),
        needs: Needs::All(&["transparency"]),
        summary: "Colours of the checkerboard; a single colour is paired with white.",
        example: "transparency=grid&grid-colors=ccc,999",
        photo: "cup.png",
        state: State::Rendered,
        set: |p, v| p.fill.grid_colors = v.colors(),
        ..ParamSpec::base(Category::Fill)
    },
    ParamSpec {
        name: "grid-size",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        default: Some("4"),
        needs: Needs::All(&["transparency"]),
        summary: "Side of the squares of the checkerboard, in pixels.",
        example: "transparency=grid&grid-size=8",
        photo: "cup.png",
        state: State::Rendered,
        set: |p, v| p.fill.grid_size = v.whole(),
        ..ParamSpec::base(Category::Fill)
    },
];
