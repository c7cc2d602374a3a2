//! Shadows of the image and of the watermark, and the watermark's reflection.

use crate::param::kind::SIDE_PX_MAX;
use crate::param::{Category, Keyword, Kind, Needs, ParamSpec, ShadowKind, State, Tier};

/// Builds the shadow family of one name: `$params` holds its values, its examples begin with `$before` and use
/// `$photo`, and `$grows` says what happens to the canvas.
macro_rules! shadow {
    ($name:literal, $category:ident, $needs:expr, $what:literal, $grows:literal, $photo:literal, $before:literal, |$p:ident| $params:expr) => {
        &[
            ParamSpec {
                name: $name,
                kinds: &[Kind::Quantity(0.0..=100.0)],
                needs: $needs,
                summary: concat!("Gives ", $what, " a shadow with this blur, a standard deviation in pixels. ", $grows),
                example: concat!($before, $name, "=8&fm=png"),
                set: |$p, v| $params.blur = v.number(),
                ..shadow!(base $category, $photo)
            },
            ParamSpec {
                name: concat!($name, "-type"),
                kinds: &[Kind::Word(ShadowKind::WORDS)],
                default: Some("flat"),
                needs: Needs::All(&[$name]),
                summary: "`flat`: a soft copy behind it. `cast`: cast on the floor by a light. `float`: an oval pool \
                    under it. `inset`: an inner shadow, drawn over it.",
                example: concat!($before, $name, "=8&", $name, "-type=cast&fm=png"),
                set: |$p, v| $params.kind = v.word(),
                ..shadow!(base $category, $photo)
            },
            shadow!(offset $name, "-x", $category, $photo, $before, "How far the shadow lies to the right, in pixels or as a \
                share of the width (`flat`, `inset`).", |$p| $params.x),
            shadow!(offset $name, "-y", $category, $photo, $before, "How far the shadow lies down, in pixels or as a share of \
                the height (`flat`, `inset`), or the gap above the pool (`float`).", |$p| $params.y),
            ParamSpec {
                name: concat!($name, "-color"),
                kinds: &[Kind::Color],
                default: Some("BF000000"),
                needs: Needs::All(&[$name]),
                summary: "Colour of the shadow; its alpha sets the darkness.",
                example: concat!($before, $name, "=8&", $name, "-color=c00040ff&fm=png"),
                set: |$p, v| $params.color = v.color(),
                ..shadow!(base $category, $photo)
            },
            ParamSpec {
                name: concat!($name, "-spread"),
                kinds: &[Kind::Whole(-100..=100)],
                default: Some("0"),
                needs: Needs::All(&[$name]),
                summary: "Pixels by which the shape of the shadow grows (with rounded corners) or shrinks before it is \
                    blurred (`flat`, `inset`).",
                example: concat!($before, $name, "=4&", $name, "-spread=10&fm=png"),
                set: |$p, v| $params.spread = v.whole(),
                ..shadow!(base $category, $photo)
            },
            shadow!(light $name, "-softness", "80", 0.0..=100.0, Some("50"), $category, $photo, $before, "Size of the light: \
                how much softer the shadow gets with distance (`cast`).", |$p| $params.softness),
            shadow!(light $name, "-falloff", "80", 0.0..=100.0, Some("0"), $category, $photo, $before, "How much of the shadow \
                is gone at its far end (`cast`).", |$p| $params.falloff),
            shadow!(light $name, "-elevation", "25", 5.0..=90.0, None, $category, $photo, $before, "Height of the \
                light in degrees: the lower it is, the longer the shadow (`cast`). 45 if absent.",
                |$p| $params.elevation),
            shadow!(light $name, "-azimuth", "90", -3600.0..=3600.0, Some("215"), $category, $photo, $before, "Where the light \
                stands, in degrees: 0 behind, 90 on the right, 180 in front, 270 on the left (`cast`).",
                |$p| $params.azimuth),
            shadow!(light $name, "-pose", "30", 0.0..=90.0, Some("90"), $category, $photo, $before, "How the subject \
                was seen: 90 is standing, from the front; 0 is lying, from above (`cast`).", |$p| $params.pose),
        ]
    };
    (offset $name:literal, $axis:literal, $category:ident, $photo:literal, $before:literal, $summary:literal, |$p:ident| $field:expr) => {
        ParamSpec {
            name: concat!($name, $axis),
            kinds: &[Kind::Offset(SIDE_PX_MAX)],
            default: Some("0"),
            needs: Needs::All(&[$name]),
            summary: $summary,
            example: concat!($before, $name, "=8&", $name, $axis, "=12&fm=png"),
            set: |$p, v| $field = v.length(),
            ..shadow!(base $category, $photo)
        }
    };
    (light $name:literal, $part:literal, $value:literal, $range:expr, $default:expr, $category:ident, $photo:literal, $before:literal, $summary:literal, |$p:ident| $field:expr) => {
        ParamSpec {
            name: concat!($name, $part),
            kinds: &[Kind::Number($range)],
            default: $default,
            needs: Needs::All(&[$name]),
            summary: $summary,
            example: concat!($before, $name, "=2&", $name, "-type=cast&", $name, $part, "=", $value, "&fm=png"),
            set: |$p, v| $field = v.number(),
            ..shadow!(base $category, $photo)
        }
    };
    (base $category:ident, $photo:literal) => {
        ParamSpec {
            tier: Tier::Extended,
            state: State::Rendered,
            photo: $photo,
            ..ParamSpec::base(Category::$category)
        }
    };
}

/// Shadow of the image.
pub(super) const SHADOW: &[ParamSpec] = shadow!(
    "drop-shadow",
    DropShadow,
    Needs::Nothing,
    "the finished image",
    "The canvas grows on every side by three times the blur, the offset and the spread; it shows `bg` if there is one.",
    "cup.png",
    "",
    |p| p.shadow
);

/// Shadow of the watermark.
pub(super) const MARK_SHADOW: &[ParamSpec] = shadow!(
    "mark-drop-shadow",
    Watermark,
    Needs::All(&["mark"]),
    "the watermark, or each tile of it,",
    "The canvas does not grow.",
    "coffee.jpg",
    "mark=/cup.png&mark-w=120&mark-align=middle,center&",
    |p| p.mark.shadow
);

/// Reflection of the watermark.
pub(super) const MARK_REFLECTION: &[ParamSpec] = &[
    ParamSpec {
        name: "mark-reflection",
        kinds: &[Kind::Number(0.0..=100.0)],
        needs: Needs::All(&["mark"]),
        summary: "Opacity of a reflection below the watermark, at its top edge. The canvas does not grow.",
        example: "mark=/cup.png&mark-w=120&mark-align=middle,center&mark-reflection=60",
        set: |p, v| p.mark.reflection = v.number(),
        ..shadow!(base Watermark, "coffee.jpg")
    },
    ParamSpec {
        name: "mark-reflection-falloff",
        kinds: &[Kind::Number(0.0..=100.0)],
        default: Some("100"),
        needs: Needs::All(&["mark-reflection"]),
        summary: "How much of the reflection is gone at its far end.",
        example: "mark=/cup.png&mark-w=120&mark-align=middle,center&mark-reflection=60&mark-reflection-falloff=0",
        set: |p, v| p.mark.reflection_falloff = v.number(),
        ..shadow!(base Watermark, "coffee.jpg")
    },
];
