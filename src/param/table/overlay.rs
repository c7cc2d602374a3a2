//! Blending, watermark and mask.

use crate::param::kind::SIDE_PX_MAX;
use crate::param::{AlignWord, BlendMode, Category, Keyword, Kind, Needs, ParamSpec, State, Tier};

/// Entries of this group.
pub(super) const ENTRIES: &[ParamSpec] = &[
    ParamSpec {
        name: "blend",
        aliases: &["b"],
        tier: Tier::Extended,
        kinds: &[Kind::Color, Kind::Location],
        summary: "Lays a colour or another image over this one.",
        example: "blend=80ff6600",
        state: State::Rendered,
        set: |p, v| p.blend.source = v.blend(),
        ..ParamSpec::base(Category::Blending)
    },
    ParamSpec {
        name: "blend-color",
        aliases: &["blend-clr", "blendclr", "blendcolor"],
        tier: Tier::Extended,
        kinds: &[Kind::Color],
        summary: "Lays a colour over the image, with or without `blend`.",
        example: "blend-color=80ff6600",
        state: State::Rendered,
        set: |p, v| p.blend.color = v.color(),
        ..ParamSpec::base(Category::Blending)
    },
    ParamSpec {
        name: "blend-mode",
        aliases: &["blendmode", "bm"],
        tier: Tier::Extended,
        kinds: &[
            Kind::Word(BlendMode::WORDS),
            Kind::Synonym("soft-light", "softlight"),
            Kind::Synonym("hard-light", "hardlight"),
            Kind::Synonym("color-dodge", "dodge"),
            Kind::Synonym("color-burn", "burn"),
        ],
        default: Some("overlay"),
        needs: Needs::Any(&["blend", "blend-color"]),
        summary: "How the overlay is mixed with the image.",
        example: "blend=ff6600&blend-mode=multiply",
        state: State::Rendered,
        set: |p, v| p.blend.mode = v.word(),
        ..ParamSpec::base(Category::Blending)
    },
    ParamSpec {
        name: "blend-alpha",
        aliases: &["balph", "blendalpha"],
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=100)],
        default: Some("100"),
        needs: Needs::Any(&["blend", "blend-color"]),
        summary: "Opacity of the overlay.",
        example: "blend=ff6600&blend-alpha=40",
        state: State::Rendered,
        set: |p, v| p.blend.alpha = v.number(),
        ..ParamSpec::base(Category::Blending)
    },
    ParamSpec {
        name: "blend-fit",
        aliases: &["bf", "blendfit"],
        tier: Tier::Extended,
        kinds: &[Kind::Word(&["clip", "clamp", "crop", "max", "scale"])],
        default: Some("clip"),
        needs: Needs::All(&["blend"]),
        summary: "How the overlay is fitted to the box of `blend-w` and `blend-h`.",
        example: "blend=/cup.png&blend-w=200&blend-h=200&blend-fit=crop",
        state: State::Rendered,
        set: |p, v| p.blend.fit = v.word(),
        ..ParamSpec::base(Category::Blending)
    },
    ParamSpec {
        name: "blend-crop",
        aliases: &["bc", "blendcrop"],
        tier: Tier::Extended,
        kinds: &[Kind::Words(&["top", "bottom", "left", "right", "faces"])],
        needs: Needs::All(&["blend"]),
        summary: "Which part of the overlay `blend-fit=crop` keeps.",
        example: "blend=/cup.png&blend-w=200&blend-h=200&blend-fit=crop&blend-crop=top",
        state: State::Rendered,
        set: |p, v| p.blend.crop = v.words(),
        ..ParamSpec::base(Category::Blending)
    },
    ParamSpec {
        name: "blend-align",
        aliases: &["ba", "blendalign"],
        tier: Tier::Extended,
        kinds: &[Kind::Words(AlignWord::WORDS)],
        default: Some("center,middle"),
        needs: Needs::All(&["blend"]),
        summary: "Side or corner at which the overlay lies.",
        example: "blend=/cup.png&blend-align=bottom,right",
        state: State::Rendered,
        set: |p, v| p.blend.align = v.words(),
        ..ParamSpec::base(Category::Blending)
    },
    ParamSpec {
        name: "blend-pad",
        aliases: &["blendpad", "bp"],
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        default: Some("0"),
        needs: Needs::All(&["blend"]),
        summary: "Pixels between the overlay and the edge of the image.",
        example: "blend=/cup.png&blend-align=bottom,right&blend-pad=10",
        state: State::Rendered,
        set: |p, v| p.blend.pad = v.whole(),
        ..ParamSpec::base(Category::Blending)
    },
    ParamSpec {
        name: "blend-size",
        aliases: &["blendsize", "bs"],
        tier: Tier::Extended,
        kinds: &[Kind::Word(&["inherit"])],
        needs: Needs::All(&["blend"]),
        summary: "Gives the overlay the size, fit and crop of the image.",
        example: "blend=/cup.png&w=400&blend-size=inherit",
        state: State::Rendered,
        set: |p, v| p.blend.inherit_size = v.has("inherit"),
        ..ParamSpec::base(Category::Blending)
    },
    ParamSpec {
        name: "blend-w",
        aliases: &["blendw", "bw"],
        tier: Tier::Extended,
        kinds: &[Kind::Length(SIDE_PX_MAX)],
        needs: Needs::All(&["blend"]),
        summary: "Width of the overlay in pixels, or as a fraction of the resized image.",
        example: "blend=/cup.png&blend-w=0.5",
        state: State::Rendered,
        set: |p, v| p.blend.w = v.length(),
        ..ParamSpec::base(Category::Blending)
    },
    ParamSpec {
        name: "blend-h",
        aliases: &["bh", "blendh"],
        tier: Tier::Extended,
        kinds: &[Kind::Length(SIDE_PX_MAX)],
        needs: Needs::All(&["blend"]),
        summary: "Height of the overlay in pixels, or as a fraction of the resized image.",
        example: "blend=/cup.png&blend-h=0.5",
        state: State::Rendered,
        set: |p, v| p.blend.h = v.length(),
        ..ParamSpec::base(Category::Blending)
    },
    ParamSpec {
        name: "blend-x",
        aliases: &["blendx", "bx"],
        tier: Tier::Extended,
        kinds: &[Kind::Offset(SIDE_PX_MAX)],
        needs: Needs::All(&["blend"]),
        summary: "Distance of the overlay from the left edge, in pixels or as a share of the width; overrides the \
            alignment.",
        example: "blend=/cup.png&blend-x=20",
        state: State::Rendered,
        set: |p, v| p.blend.x = v.length(),
        ..ParamSpec::base(Category::Blending)
    },
    ParamSpec {
        name: "blend-y",
        aliases: &["blendy", "by"],
        tier: Tier::Extended,
        kinds: &[Kind::Offset(SIDE_PX_MAX)],
        needs: Needs::All(&["blend"]),
        summary: "Distance of the overlay from the top edge, in pixels or as a share of the height; overrides the \
            alignment.",
        example: "blend=/cup.png&blend-y=20",
        state: State::Rendered,
        set: |p, v| p.blend.y = v.length(),
        ..ParamSpec::base(Category::Blending)
    },
    ParamSpec {
        name: "blend-anchor",
        tier: Tier::Extended,
        kinds: &[Kind::Words(AlignWord::WORDS), Kind::Shares],
        default: Some("top,left"),
        needs: Needs::All(&["blend"]),
        summary: "Which point of the overlay lands on `blend-x` and `blend-y`, in words or as shares of its width and \
            height. It has no effect on an axis without a position.",
        example: "blend=/cup.png&blend-mode=normal&blend-w=100&blend-x=120&blend-y=80&blend-anchor=center",
        state: State::Rendered,
        set: |p, v| p.blend.anchor = v.point(),
        ..ParamSpec::base(Category::Blending)
    },
    ParamSpec {
        name: "mark",
        aliases: &["m"],
        kinds: &[Kind::Location],
        summary: "Puts another image on this one; by default at its own size times `dpr`.",
        example: "mark=/cup.png",
        state: State::Rendered,
        set: |p, v| p.mark.source = v.location(),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mark-base",
        aliases: &["markbase", "mb"],
        kinds: &[Kind::Location],
        needs: Needs::All(&["mark"]),
        summary: "Base that is put before the value of `mark`; meant for the default parameters of a source.",
        example: "mark-base=/&mark=cup.png",
        state: State::Rendered,
        set: |p, v| p.mark.base = v.text(),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mark-align",
        aliases: &["ma", "markalign"],
        kinds: &[Kind::Words(AlignWord::WORDS)],
        default: Some("bottom,right"),
        needs: Needs::All(&["mark"]),
        summary: "Side or corner at which the watermark lies.",
        example: "mark=/cup.png&mark-align=top,left",
        state: State::Rendered,
        set: |p, v| p.mark.align = v.words(),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mark-alpha",
        aliases: &["malph", "markalpha"],
        kinds: &[Kind::Whole(0..=100)],
        default: Some("100"),
        needs: Needs::All(&["mark"]),
        summary: "Opacity of the watermark.",
        example: "mark=/cup.png&mark-alpha=50",
        state: State::Rendered,
        set: |p, v| p.mark.alpha = v.number(),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mark-fit",
        aliases: &["markfit", "mf"],
        kinds: &[Kind::Word(&["clip", "crop", "fill", "max", "scale"])],
        default: Some("clip"),
        needs: Needs::All(&["mark", "mark-w", "mark-h"]),
        summary: "How the watermark is fitted to the box of `mark-w` and `mark-h`.",
        example: "mark=/cup.png&mark-w=80&mark-h=80&mark-fit=crop",
        state: State::Rendered,
        set: |p, v| p.mark.fit = v.word(),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mark-w",
        aliases: &["markw", "mw"],
        kinds: &[Kind::Length(SIDE_PX_MAX)],
        needs: Needs::All(&["mark"]),
        summary: "Width of the watermark in pixels, or as a fraction of its own width.",
        example: "mark=/cup.png&mark-w=120",
        state: State::Rendered,
        set: |p, v| p.mark.w = v.length(),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mark-h",
        aliases: &["markh", "mh"],
        kinds: &[Kind::Length(SIDE_PX_MAX)],
        needs: Needs::All(&["mark"]),
        summary: "Height of the watermark in pixels, or as a fraction of its own height.",
        example: "mark=/cup.png&mark-h=60",
        state: State::Rendered,
        set: |p, v| p.mark.h = v.length(),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mark-pad",
        aliases: &["markpad", "mp"],
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        default: Some("5"),
        needs: Needs::All(&["mark"]),
        summary: "Pixels between the watermark and the edges, or between tiles.",
        example: "mark=/cup.png&mark-pad=20",
        state: State::Rendered,
        set: |p, v| p.mark.pad = v.whole(),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mark-rot",
        tier: Tier::Extended,
        kinds: &[Kind::Degrees],
        default: Some("0"),
        needs: Needs::All(&["mark"]),
        summary: "Rotates the watermark, or each tile of it, counter-clockwise by this many degrees.",
        example: "mark=/cup.png&mark-rot=30",
        state: State::Rendered,
        set: |p, v| p.mark.rot = v.number(),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mark-scale",
        aliases: &["markscale", "ms"],
        kinds: &[Kind::Whole(0..=100)],
        needs: Needs::All(&["mark"]),
        summary: "Width of the watermark as a percentage of the image width.",
        example: "mark=/cup.png&mark-scale=25",
        state: State::Rendered,
        set: |p, v| p.mark.scale = v.number(),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mark-tile",
        aliases: &["marktile", "mtile"],
        tier: Tier::Extended,
        kinds: &[Kind::Word(&["grid"])],
        needs: Needs::All(&["mark"]),
        summary: "Repeats the watermark over the whole image.",
        example: "mark=/cup.png&mark-tile=grid",
        state: State::Rendered,
        set: |p, v| p.mark.tile = v.has("grid"),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mark-x",
        aliases: &["markx", "mx"],
        kinds: &[Kind::Offset(SIDE_PX_MAX)],
        needs: Needs::All(&["mark"]),
        summary: "Distance of the watermark from the left edge, in pixels or as a share of the width; overrides \
            `mark-align` and `mark-pad`.",
        example: "mark=/cup.png&mark-x=20",
        state: State::Rendered,
        set: |p, v| p.mark.x = v.length(),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mark-y",
        aliases: &["marky", "my"],
        kinds: &[Kind::Offset(SIDE_PX_MAX)],
        needs: Needs::All(&["mark"]),
        summary: "Distance of the watermark from the top edge, in pixels or as a share of the height; overrides \
            `mark-align` and `mark-pad`.",
        example: "mark=/cup.png&mark-y=20",
        state: State::Rendered,
        set: |p, v| p.mark.y = v.length(),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mark-anchor",
        tier: Tier::Extended,
        kinds: &[Kind::Words(AlignWord::WORDS), Kind::Shares],
        default: Some("top,left"),
        needs: Needs::All(&["mark"]),
        summary: "Which point of the watermark, as drawn, lands on `mark-x` and `mark-y`, in words or as shares of its \
            width and height. It has no effect on tiles or on an axis without a position.",
        example: "mark=/cup.png&mark-w=100&mark-x=120&mark-y=80&mark-anchor=center",
        state: State::Rendered,
        set: |p, v| p.mark.anchor = v.point(),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mark-if-min-width",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        needs: Needs::All(&["mark"]),
        summary: "Leaves the watermark off images that are narrower than this.",
        example: "mark=/cup.png&mark-if-min-width=300",
        state: State::Rendered,
        set: |p, v| p.mark.if_min_width = v.whole(),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mark-if-min-height",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        needs: Needs::All(&["mark"]),
        summary: "Leaves the watermark off images that are lower than this.",
        example: "mark=/cup.png&mark-if-min-height=300",
        state: State::Rendered,
        set: |p, v| p.mark.if_min_height = v.whole(),
        ..ParamSpec::base(Category::Watermark)
    },
    ParamSpec {
        name: "mask",
        kinds: &[Kind::Word(&["ellipse", "corners"]), Kind::Polygon, Kind::Location],
        summary: "Shows only what is inside a shape, or where another image is light and opaque.",
        example: "mask=ellipse",
        state: State::Rendered,
        set: |p, v| p.mask.shape = v.mask(),
        ..ParamSpec::base(Category::Mask)
    },
    ParamSpec {
        name: "mask-bg",
        aliases: &["maskbg"],
        kinds: &[Kind::Color],
        default: Some("0fff"),
        needs: Needs::All(&["mask"]),
        summary: "Colour of the parts that the mask hides; white in formats without alpha.",
        example: "mask=ellipse&mask-bg=000",
        state: State::Rendered,
        set: |p, v| p.mask.bg = v.color(),
        ..ParamSpec::base(Category::Mask)
    },
    ParamSpec {
        name: "corner-radius",
        kinds: &[Kind::CornerRadii],
        needs: Needs::All(&["mask=corners"]),
        summary: "Radius of the corners in pixels: one for all, or four clockwise from the top left. A fifth of the \
            shorter side if absent.",
        example: "mask=corners&corner-radius=20",
        state: State::Rendered,
        set: |p, v| p.mask.corner_radius = v.four(),
        ..ParamSpec::base(Category::Mask)
    },
    ParamSpec {
        name: "mask-invert",
        tier: Tier::Extended,
        kinds: &[Kind::Bool],
        default: Some("false"),
        needs: Needs::All(&["mask"]),
        summary: "Cuts away what the mask would keep, and keeps the rest.",
        example: "mask=ellipse&mask-invert=true",
        state: State::Rendered,
        set: |p, v| p.mask.invert = v.bool(),
        ..ParamSpec::base(Category::Mask)
    },
];
