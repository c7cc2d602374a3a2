//! Text and typesetting.

use crate::param::kind::SIDE_PX_MAX;
use crate::param::{
    AlignWord, Category, Keyword, Kind, Needs, ParamSpec, Params, State, TextClip, TextFit, TextStencil, Tier, Value,
};

/// Entries of this group.
pub(super) const ENTRIES: &[ParamSpec] = &[
    ParamSpec {
        name: "txt",
        aliases: &["t"],
        tier: Tier::Extended,
        kinds: &[Kind::Text],
        summary: "Writes a line of text on the image. On the path `/~text`, makes an image of the text alone, in as \
            many lines as it needs.",
        example: "txt=Hello,+World!",
        state: State::Rendered,
        set: |p, v| p.text.txt = v.text(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-align",
        aliases: &["ta", "txtalign"],
        tier: Tier::Extended,
        kinds: &[Kind::Words(AlignWord::WORDS)],
        default: Some("bottom,right"),
        needs: Needs::All(&["txt"]),
        summary: "Side or corner at which the text stands.",
        example: "txt=Hello&txt-size=32&txt-color=fff&txt-align=top,center",
        state: State::Rendered,
        set: |p, v| p.text.align = v.words(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-clip",
        aliases: &["tcl", "txtclip"],
        tier: Tier::Extended,
        kinds: &[Kind::Words(&["start", "middle", "end", "ellipsis"])],
        default: Some("end"),
        needs: Needs::All(&["txt"]),
        summary: "Where a text that is too long is cut, and whether dots mark the cut.",
        example: "txt=A+caption+longer+than+its+box&txt-size=24&txt-color=fff&txt-clip=end,ellipsis",
        state: State::Rendered,
        set: set_clip,
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-color",
        aliases: &["tc", "txt-clr", "txtclr", "txtcolor"],
        tier: Tier::Extended,
        kinds: &[Kind::Color],
        default: Some("000"),
        needs: Needs::All(&["txt"]),
        summary: "Colour of the text.",
        example: "txt=Hello&txt-size=32&txt-color=f90",
        state: State::Rendered,
        set: |p, v| p.text.color = v.color(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-fit",
        aliases: &["txtfit"],
        tier: Tier::Extended,
        kinds: &[Kind::Word(TextFit::WORDS)],
        needs: Needs::All(&["txt"]),
        summary: "What to do with a line that is too long, instead of cutting it: `max` makes it smaller, `wrap` \
            breaks it into lines, `wrapmax` does both until the lines fit `txt-h` or the image. On `~text`, `max` and \
            `wrapmax` make the lines fit `h`.",
        example: "txt=A+caption+of+several+words&txt-fit=wrap&txt-width=120&txt-size=20",
        state: State::Rendered,
        set: |p, v| p.text.fit = v.word(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-h",
        tier: Tier::Extended,
        kinds: &[Kind::Extent(SIDE_PX_MAX)],
        needs: Needs::All(&["txt", "txt-fit"]),
        summary: "Greatest height of the text in pixels, or as a share of the image. A higher text is made smaller, or \
            cut with dots if `txt-fit=wrap`.",
        example: "txt=A+caption+of+several+words&txt-fit=wrapmax&txt-width=120&txt-size=40&txt-h=0.25",
        state: State::Rendered,
        set: |p, v| p.text.h = v.length(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-bg",
        tier: Tier::Extended,
        kinds: &[Kind::Color],
        needs: Needs::All(&["txt"]),
        summary: "Colour of a box behind the text. `txt-pad` becomes the space inside the box, 0 if absent; the box \
            reaches the edges of the image at which the text stands. Not on `~text`.",
        example: "txt=Hello&txt-size=32&txt-color=fff&txt-bg=263e65&txt-pad=12&txt-align=middle,center",
        state: State::Rendered,
        set: |p, v| p.text.bg = v.color(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-radius",
        tier: Tier::Extended,
        kinds: &[Kind::Extent(SIDE_PX_MAX)],
        default: Some("0"),
        needs: Needs::All(&["txt-bg"]),
        summary: "Radius of the corners of that box in pixels, or as a share of `txt-size`.",
        example: "txt=Hello&txt-size=32&txt-color=fff&txt-bg=263e65&txt-pad=12&txt-align=middle,center&txt-radius=0.6",
        state: State::Rendered,
        set: |p, v| p.text.radius = v.length(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-alpha",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=100)],
        default: Some("100"),
        needs: Needs::All(&["txt"]),
        summary: "Opacity of the text together with its outline, shadow and box.",
        example: "txt=Hello&txt-size=48&txt-align=middle,center&txt-line=2&txt-alpha=45",
        state: State::Rendered,
        set: |p, v| p.text.alpha = v.number(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-rotate",
        tier: Tier::Extended,
        kinds: &[Kind::Number(0.0..=360.0)],
        default: Some("0"),
        needs: Needs::All(&["txt"]),
        summary: "Rotates the text, with its outline, shadow and box, clockwise by this many degrees around its \
            centre. Not on `~text`.",
        example: "txt=Hello&txt-size=48&txt-align=middle,center&txt-rotate=30",
        state: State::Rendered,
        set: |p, v| p.text.rotate = v.number(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-blend-mode",
        tier: Tier::Extended,
        kinds: &[Kind::Word(TextStencil::WORDS)],
        needs: Needs::All(&["txt"]),
        summary: "Instead of drawing the text, cuts it out of everything drawn before it, or cuts away everything \
            else. The cut parts show `bg`, and are white in formats without alpha.",
        example: "txt=Hello&txt-size=64&txt-font=sans-serif,bold&txt-align=middle,center&txt-blend-mode=destination-out&fm=png",
        state: State::Rendered,
        set: |p, v| p.text.blend_mode = v.word(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-font",
        aliases: &["tf", "txtfont"],
        tier: Tier::Extended,
        kinds: &[Kind::Font],
        default: Some("Helvetica"),
        needs: Needs::All(&["txt"]),
        summary: "Typeface: a family, a PostScript name, or `serif`, `sans-serif`, `monospace`, `cursive` or \
            `fantasy`. A typeface that is not installed is replaced by sans-serif.",
        example: "txt=Hello&txt-size=32&txt-color=fff&txt-font=serif,bold",
        state: State::Rendered,
        set: |p, v| p.text.font = v.font(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-line",
        aliases: &["tl", "txtline"],
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        default: Some("0"),
        needs: Needs::All(&["txt"]),
        summary: "Thickness of the outline in pixels. It is drawn inside the letters, or mostly around them if they \
            are too thin.",
        example: "txt=Hello&txt-size=64&txt-font=sans-serif,bold&txt-color=f90&txt-line=2",
        state: State::Rendered,
        set: |p, v| p.text.line = v.whole(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-line-color",
        aliases: &["txt-line-clr", "txtlineclr", "txtlinecolor"],
        tier: Tier::Extended,
        kinds: &[Kind::Color],
        default: Some("fff"),
        needs: Needs::All(&["txt", "txt-line"]),
        summary: "Colour of the outline.",
        example: "txt=Hello&txt-size=64&txt-font=sans-serif,bold&txt-color=f90&txt-line=2&txt-line-color=000",
        state: State::Rendered,
        set: |p, v| p.text.line_color = v.color(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-pad",
        aliases: &["tp", "txtpad"],
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        default: Some("10"),
        needs: Needs::All(&["txt"]),
        summary: "Pixels between the text and the edges.",
        example: "txt=Hello&txt-size=32&txt-color=fff&txt-pad=40",
        state: State::Rendered,
        set: |p, v| p.text.pad = v.whole(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-shad",
        aliases: &["tsh", "txtshad"],
        tier: Tier::Extended,
        kinds: &[Kind::Quantity(0.0..=10.0)],
        default: Some("0"),
        needs: Needs::All(&["txt"]),
        summary: "Strength of a shadow behind the text.",
        example: "txt=Hello&txt-size=32&txt-color=fff&txt-shad=5",
        state: State::Rendered,
        set: |p, v| p.text.shad = v.number(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-shad-blur",
        tier: Tier::Extended,
        kinds: &[Kind::Amount(100)],
        needs: Needs::All(&["txt", "txt-shad"]),
        summary: "Makes the shadow opaque, black and blurred by this radius in pixels; `txt-shad` then gives its \
            distance down and to the right.",
        example: "txt=Hello&txt-size=48&txt-color=fff&txt-align=middle,center&txt-shad=4&txt-shad-blur=0",
        state: State::Rendered,
        set: |p, v| p.text.shad_blur = v.whole(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-size",
        aliases: &["tsz", "txtsize"],
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        default: Some("12"),
        needs: Needs::All(&["txt"]),
        summary: "Size of the letters in pixels.",
        example: "txt=Hello&txt-color=fff&txt-size=48",
        state: State::Rendered,
        set: |p, v| p.text.size = v.whole(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-width",
        aliases: &["txtwidth"],
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        needs: Needs::All(&["txt"]),
        summary: "Width of the box that the text stands in, in pixels.",
        example: "txt=A+caption+of+several+words&txt-size=24&txt-color=fff&txt-fit=max&txt-width=120",
        state: State::Rendered,
        set: |p, v| p.text.width = v.whole(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-x",
        aliases: &["txtx"],
        tier: Tier::Extended,
        kinds: &[Kind::Offset(SIDE_PX_MAX)],
        needs: Needs::All(&["txt"]),
        summary: "Distance of the text from the left edge, in pixels or as a share of the width; overrides the \
            alignment.",
        example: "txt=Hello&txt-size=32&txt-color=fff&txt-x=40",
        state: State::Rendered,
        set: |p, v| p.text.x = v.length(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-y",
        aliases: &["txty"],
        tier: Tier::Extended,
        kinds: &[Kind::Offset(SIDE_PX_MAX)],
        needs: Needs::All(&["txt"]),
        summary: "Distance of the text from the top edge, in pixels or as a share of the height; overrides the \
            alignment.",
        example: "txt=Hello&txt-size=32&txt-color=fff&txt-y=40",
        state: State::Rendered,
        set: |p, v| p.text.y = v.length(),
        ..ParamSpec::base(Category::Text)
    },
    ParamSpec {
        name: "txt-lead",
        aliases: &["txtlead"],
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=SIDE_PX_MAX)],
        default: Some("0"),
        needs: Needs::All(&["txt"]),
        summary: "Pixels added between the lines of `~text`.",
        example: "txt=A+caption+of+several+words&txt-size=20&txt-color=fff&txt-fit=wrap&txt-width=120&txt-lead=12",
        state: State::Rendered,
        set: |p, v| p.text.lead = v.whole(),
        ..ParamSpec::base(Category::Typesetting)
    },
    ParamSpec {
        name: "txt-track",
        aliases: &["tt", "txttrack"],
        tier: Tier::Extended,
        kinds: &[Kind::Whole(-4..=SIDE_PX_MAX)],
        default: Some("0"),
        needs: Needs::All(&["txt"]),
        summary: "Pixels added between the letters.",
        example: "txt=Hello&txt-size=32&txt-color=fff&txt-track=4",
        state: State::Rendered,
        set: |p, v| p.text.track = v.whole(),
        ..ParamSpec::base(Category::Typesetting)
    },
];

/// Stores `txt-clip`. `ellipsis` is a separate word beside the side that is cut.
fn set_clip(params: &mut Params, value: &Value) {
    params.text.clip = value.words::<TextClip>().first().copied();
    params.text.clip_ellipsis = value.has("ellipsis");
}
