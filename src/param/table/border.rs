//! Border and padding.

use crate::param::kind::SIDE_PX_MAX;
use crate::param::{Category, Kind, Needs, ParamSpec, State, Tier};

/// Entries of this group.
pub(super) const ENTRIES: &[ParamSpec] = &[
    ParamSpec {
        name: "border",
        kinds: &[Kind::Border(100)],
        summary: "Draws a frame of this thickness and colour over the edge of the image. The size stays the same.",
        example: "border=10,336699",
        state: State::Rendered,
        set: |p, v| p.border.border = v.border(),
        ..ParamSpec::base(Category::BorderAndPadding)
    },
    ParamSpec {
        name: "border-top",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=100)],
        needs: Needs::All(&["border"]),
        summary: "Thickness of the frame at the top.",
        example: "border=10,336699&border-top=30",
        state: State::Rendered,
        set: |p, v| p.border.top = v.whole(),
        ..ParamSpec::base(Category::BorderAndPadding)
    },
    ParamSpec {
        name: "border-right",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=100)],
        needs: Needs::All(&["border"]),
        summary: "Thickness of the frame at the right.",
        example: "border=10,336699&border-right=30",
        state: State::Rendered,
        set: |p, v| p.border.right = v.whole(),
        ..ParamSpec::base(Category::BorderAndPadding)
    },
    ParamSpec {
        name: "border-bottom",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=100)],
        needs: Needs::All(&["border"]),
        summary: "Thickness of the frame at the bottom.",
        example: "border=10,336699&border-bottom=30",
        state: State::Rendered,
        set: |p, v| p.border.bottom = v.whole(),
        ..ParamSpec::base(Category::BorderAndPadding)
    },
    ParamSpec {
        name: "border-left",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=100)],
        needs: Needs::All(&["border"]),
        summary: "Thickness of the frame at the left.",
        example: "border=10,336699&border-left=30",
        state: State::Rendered,
        set: |p, v| p.border.left = v.whole(),
        ..ParamSpec::base(Category::BorderAndPadding)
    },
    ParamSpec {
        name: "border-radius",
        kinds: &[Kind::Radii],
        needs: Needs::All(&["border"]),
        summary: "Radius of the outer corners of the frame: one for all or four clockwise from the top left.",
        example: "border=10,336699&border-radius=20",
        state: State::Rendered,
        set: |p, v| p.border.radius = v.four(),
        ..ParamSpec::base(Category::BorderAndPadding)
    },
    ParamSpec {
        name: "border-radius-inner",
        tier: Tier::Extended,
        kinds: &[Kind::Radii],
        needs: Needs::All(&["border"]),
        summary: "Radius of the inner corners of the frame: one for all or four clockwise from the top left.",
        example: "border=10,336699&border-radius-inner=10",
        state: State::Rendered,
        set: |p, v| p.border.radius_inner = v.four(),
        ..ParamSpec::base(Category::BorderAndPadding)
    },
    ParamSpec {
        name: "border-stroke-size",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=100)],
        default: Some("0"),
        summary: "Thickness of a line along the edge of the frame.",
        example: "border=10,336699&border-stroke-size=2",
        state: State::Rendered,
        set: |p, v| p.border.stroke_size = v.whole(),
        ..ParamSpec::base(Category::BorderAndPadding)
    },
    ParamSpec {
        name: "border-stroke-color",
        tier: Tier::Extended,
        kinds: &[Kind::Color],
        default: Some("0fff"),
        needs: Needs::All(&["border-stroke-size"]),
        summary: "Colour of that line.",
        example: "border=10,336699&border-stroke-size=2&border-stroke-color=fff",
        state: State::Rendered,
        set: |p, v| p.border.stroke_color = v.color(),
        ..ParamSpec::base(Category::BorderAndPadding)
    },
    ParamSpec {
        name: "pad",
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        default: Some("0"),
        summary: "Margin on all sides in pixels, inside the box of `w` and `h` if there is one. It shows `bg`.",
        example: "pad=20&bg=fff",
        state: State::Rendered,
        set: |p, v| p.border.pad = v.whole(),
        ..ParamSpec::base(Category::BorderAndPadding)
    },
    ParamSpec {
        name: "pad-top",
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        default: Some("0"),
        summary: "Margin at the top, instead of `pad`.",
        example: "pad-top=40&bg=fff",
        state: State::Rendered,
        set: |p, v| p.border.pad_top = v.whole(),
        ..ParamSpec::base(Category::BorderAndPadding)
    },
    ParamSpec {
        name: "pad-right",
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        default: Some("0"),
        summary: "Margin at the right, instead of `pad`.",
        example: "pad-right=40&bg=fff",
        state: State::Rendered,
        set: |p, v| p.border.pad_right = v.whole(),
        ..ParamSpec::base(Category::BorderAndPadding)
    },
    ParamSpec {
        name: "pad-bottom",
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        default: Some("0"),
        summary: "Margin at the bottom, instead of `pad`.",
        example: "pad-bottom=40&bg=fff",
        state: State::Rendered,
        set: |p, v| p.border.pad_bottom = v.whole(),
        ..ParamSpec::base(Category::BorderAndPadding)
    },
    ParamSpec {
        name: "pad-left",
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        default: Some("0"),
        summary: "Margin at the left, instead of `pad`.",
        example: "pad-left=40&bg=fff",
        state: State::Rendered,
        set: |p, v| p.border.pad_left = v.whole(),
        ..ParamSpec::base(Category::BorderAndPadding)
    },
];
