//! Gradients over, and fading edges of, the image, the watermark and the blended image.

use crate::param::kind::SIDE_PX_MAX;
use crate::param::{
    Category, GradientSpace, GradientType, HuePath, Keyword, Kind, Needs, ParamSpec, RadialReach, RadialShape, State,
    Tier,
};

/// Builds the fade family under one prefix: `$params` holds its values, and its examples begin with `$before`.
macro_rules! fade {
    ($prefix:literal, $category:ident, $needs:expr, $what:literal, $note:literal, $before:literal, |$p:ident| $params:expr) => {
        &[
            fade!(side $prefix, "", $category, $needs, concat!("How far all edges of ", $what, " fade to transparent, in \
                pixels or as a fraction of the width or height. ", $note), $before, |$p| $params.all),
            fade!(side $prefix, "-top", $category, $needs, concat!("How far the top edge of ", $what, " fades; \
                overrides `", $prefix, "fade`."), $before, |$p| $params.top),
            fade!(side $prefix, "-right", $category, $needs, concat!("How far the right edge of ", $what, " fades; \
                overrides `", $prefix, "fade`."), $before, |$p| $params.right),
            fade!(side $prefix, "-bottom", $category, $needs, concat!("How far the bottom edge of ", $what, " fades; \
                overrides `", $prefix, "fade`."), $before, |$p| $params.bottom),
            fade!(side $prefix, "-left", $category, $needs, concat!("How far the left edge of ", $what, " fades; \
                overrides `", $prefix, "fade`."), $before, |$p| $params.left),
        ]
    };
    (side $prefix:literal, $side:literal, $category:ident, $needs:expr, $summary:expr, $before:literal, |$p:ident| $field:expr) => {
        ParamSpec {
            name: concat!($prefix, "fade", $side),
            tier: Tier::Extended,
            kinds: &[Kind::Extent(SIDE_PX_MAX)],
            default: if $side.is_empty() { Some("0") } else { None },
            needs: $needs,
            summary: $summary,
            example: concat!($before, $prefix, "fade", $side, "=0.3"),
            state: State::Rendered,
            set: |$p, v| $field = v.length(),
            ..ParamSpec::base(Category::$category)
        }
    };
}

/// Fades of the image.
pub(super) const FADE: &[ParamSpec] = fade!(
    "",
    GradientOverlay,
    Needs::Nothing,
    "the image",
    "With `mask=ellipse` and `mask=corners`, the edge of the mask fades inwards instead.",
    "",
    |p| p.finish.fade
);

/// Fades of the watermark.
pub(super) const MARK_FADE: &[ParamSpec] = fade!(
    "mark-",
    Watermark,
    Needs::All(&["mark"]),
    "the watermark, or of each tile of it,",
    "It turns with `mark-rot`.",
    "mark=/cat.jpg&mark-w=120&",
    |p| p.mark.finish.fade
);

/// Fades of the blended image.
pub(super) const BLEND_FADE: &[ParamSpec] = fade!(
    "blend-",
    Blending,
    Needs::All(&["blend"]),
    "the blended image",
    "A colour has no edges.",
    "blend=/cat.jpg&blend-mode=normal&blend-w=0.7&blend-align=middle,center&",
    |p| p.blend.finish.fade
);

/// Modes of `gradient-mode`: those of `blend-mode` that do not cut, accepted in the CSS spelling as well.
const MODES: &[Kind] = &[
    Kind::Word(&[
        "normal",
        "darken",
        "multiply",
        "burn",
        "lighten",
        "screen",
        "dodge",
        "overlay",
        "softlight",
        "hardlight",
        "difference",
        "exclusion",
        "color",
        "hue",
        "saturation",
        "luminosity",
    ]),
    Kind::Synonym("soft-light", "softlight"),
    Kind::Synonym("hard-light", "hardlight"),
    Kind::Synonym("color-dodge", "dodge"),
    Kind::Synonym("color-burn", "burn"),
];

/// Builds the gradient family under one prefix: `$params` holds its values, and its examples begin with `$before`.
macro_rules! gradient {
    ($prefix:literal, $category:ident, $needs:expr, $what:literal, $before:literal, |$p:ident| $params:expr) => {{
        const NAME: &str = concat!($prefix, "gradient");
        const BASE: ParamSpec = ParamSpec {
            tier: Tier::Extended,
            needs: Needs::All(&[NAME]),
            state: State::Rendered,
            ..ParamSpec::base(Category::$category)
        };
        const RADIAL: Needs = Needs::All(&[NAME, concat!($prefix, "gradient-type=radial")]);
        macro_rules! example {
            ($colors:literal, $text:literal) => {
                concat!($before, $prefix, "gradient=", $colors, "&", $prefix, "gradient-", $text)
            };
            (radial $text:literal) => {
                concat!($before, $prefix, "gradient=00000000,cc000000&", $prefix, "gradient-type=radial&", $prefix, "gradient-", $text)
            };
        }
        &[
            ParamSpec {
                name: NAME,
                kinds: &[Kind::Colors],
                needs: $needs,
                summary: concat!("Draws a gradient of colours over ", $what, ", downwards by default. Transparent \
                    parts stay transparent."),
                example: concat!($before, $prefix, "gradient=00000000,cc000000"),
                set: |$p, v| $params.colors = v.color_list(),
                ..BASE
            },
            ParamSpec {
                name: concat!($prefix, "gradient-type"),
                kinds: &[Kind::Word(GradientType::WORDS)],
                default: Some("linear"),
                summary: "Linear or radial gradient.",
                example: example!("00000000,cc000000", "type=radial"),
                set: |$p, v| $params.kind = v.word(),
                ..BASE
            },
            ParamSpec {
                name: concat!($prefix, "gradient-angle"),
                kinds: &[Kind::Degrees, Kind::Words(&["top", "bottom", "left", "right"])],
                default: Some("180"),
                summary: "Direction of a linear gradient in degrees, clockwise from upwards as in CSS: 90 is to the \
                    right. Or the side, or the two sides of the corner, at which it ends.",
                example: example!("00000000,cc000000", "angle=90"),
                set: |$p, v| $params.angle = v.gradient_angle(),
                ..BASE
            },
            ParamSpec {
                name: concat!($prefix, "gradient-stops"),
                kinds: &[Kind::Stops],
                summary: "Position of each colour along the gradient, 0 to 100; a position below the previous one is \
                    raised to it. The colours are spread evenly if the positions are absent or do not match the number \
                    of colours.",
                example: example!("00000000,cc000000", "stops=55,100"),
                set: |$p, v| $params.stops = v.numbers(),
                ..BASE
            },
            ParamSpec {
                name: concat!($prefix, "gradient-cs"),
                kinds: &[Kind::Word(GradientSpace::WORDS)],
                default: Some("srgb"),
                summary: "Colour space in which the colours between those of the list are computed.",
                example: example!("80ff0000,800000ff", "cs=oklch"),
                set: |$p, v| $params.cs = v.word(),
                ..BASE
            },
            ParamSpec {
                name: concat!($prefix, "gradient-hue"),
                kinds: &[Kind::Word(HuePath::WORDS)],
                default: Some("shorter"),
                summary: "Direction around the colour wheel from one colour to the next, in `hsl`, `hsv`, `lch` and \
                    `oklch`.",
                example: concat!($before, $prefix, "gradient=80ff0000,800000ff&", $prefix, "gradient-cs=oklch&", $prefix,
                    "gradient-hue=longer"),
                set: |$p, v| $params.hue = v.word(),
                ..BASE
            },
            ParamSpec {
                name: concat!($prefix, "gradient-mode"),
                kinds: MODES,
                default: Some("normal"),
                summary: "Blend mode of the gradient: one of the modes of `blend-mode` that do not cut.",
                example: example!("ff4400,0044ff", "mode=softlight"),
                set: |$p, v| $params.mode = v.word(),
                ..BASE
            },
            ParamSpec {
                name: concat!($prefix, "gradient-alpha"),
                kinds: &[Kind::Whole(0..=100)],
                default: Some("100"),
                summary: "Opacity of the whole gradient.",
                example: example!("ff4400,0044ff", "alpha=40"),
                set: |$p, v| $params.alpha = v.number(),
                ..BASE
            },
            ParamSpec {
                name: concat!($prefix, "gradient-mask"),
                kinds: &[Kind::Bool],
                default: Some("false"),
                summary: concat!("Draws nothing, but makes ", $what, " as transparent as the gradient is."),
                example: example!("fff,0fff", "mask=true"),
                set: |$p, v| $params.mask = v.bool(),
                ..BASE
            },
            ParamSpec {
                name: concat!($prefix, "gradient-radial-shape"),
                kinds: &[Kind::Word(RadialShape::WORDS)],
                default: Some("ellipse"),
                needs: RADIAL,
                summary: concat!("Whether a radial gradient is round or has the proportions of what it is drawn \
                    over. Ignored if `", $prefix, "gradient-radial-size` gives radii."),
                example: example!(radial "radial-shape=circle"),
                set: |$p, v| $params.radial_shape = v.word(),
                ..BASE
            },
            ParamSpec {
                name: concat!($prefix, "gradient-radial-size"),
                kinds: &[Kind::Word(RadialReach::WORDS), Kind::Radius(SIDE_PX_MAX), Kind::ExtentPair(SIDE_PX_MAX)],
                default: Some("farthest-corner"),
                needs: RADIAL,
                summary: "Where a radial gradient reaches its last colour: at a corner or side, or at a radius in \
                    pixels, or at two radii.",
                example: example!(radial "radial-size=closest-side"),
                set: |$p, v| $params.radial_size = v.radial_size(),
                ..BASE
            },
            ParamSpec {
                name: concat!($prefix, "gradient-radial-x"),
                kinds: &[Kind::Offset(SIDE_PX_MAX)],
                default: Some("0.5"),
                summary: "Distance of the centre of a radial gradient from the left edge, in pixels or as a fraction \
                    of the width; it may lie outside.",
                example: example!(radial "radial-x=0.2"),
                set: |$p, v| $params.radial_x = v.length(),
                ..BASE
            },
            ParamSpec {
                name: concat!($prefix, "gradient-radial-y"),
                kinds: &[Kind::Offset(SIDE_PX_MAX)],
                default: Some("0.5"),
                summary: "Distance of the centre of a radial gradient from the top edge, in pixels or as a fraction of \
                    the height; it may lie outside.",
                example: example!(radial "radial-y=0.2"),
                set: |$p, v| $params.radial_y = v.length(),
                ..BASE
            },
        ]
    }};
}

/// Gradients over the image.
pub(super) const GRADIENT: &[ParamSpec] =
    gradient!("", GradientOverlay, Needs::Nothing, "the image", "", |p| p.finish.gradient);

/// Gradients over the watermark.
pub(super) const MARK_GRADIENT: &[ParamSpec] = gradient!(
    "mark-",
    Watermark,
    Needs::All(&["mark"]),
    "the watermark, or each tile of it",
    "mark=/cat.jpg&mark-w=120&",
    |p| p.mark.finish.gradient
);

/// Gradients over the blended image.
pub(super) const BLEND_GRADIENT: &[ParamSpec] = gradient!(
    "blend-",
    Blending,
    Needs::All(&["blend"]),
    "the blended image (not over a colour)",
    "blend=/cat.jpg&blend-mode=normal&blend-w=0.7&blend-align=middle,center&",
    |p| p.blend.finish.gradient
);
