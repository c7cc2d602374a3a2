//! Palette, animation and documents.

use crate::param::{Category, Keyword, Kind, Needs, PaletteFormat, ParamSpec, State, Tier};

/// Frames and seconds: as many as the field can hold. The number of frames of an original is bounded elsewhere.
const FRAME_MAX: i64 = u32::MAX as i64;
/// Greatest value of a GIF's loop field.
const LOOP_MAX: i64 = 65_535;
/// Page of a document: more than any document that is rendered on demand has.
const PAGE_MAX: i64 = 100_000;

/// Entries of this group.
pub(super) const ENTRIES: &[ParamSpec] = &[
    ParamSpec {
        name: "palette",
        tier: Tier::Extended,
        kinds: &[Kind::Word(PaletteFormat::WORDS)],
        summary: "Answers with the colours of the rendered image, as a style sheet or as JSON.",
        example: "palette=json",
        state: State::Rendered,
        set: |p, v| p.palette.format = v.word(),
        ..ParamSpec::base(Category::ColorPalette)
    },
    ParamSpec {
        name: "colors",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=16)],
        default: Some("6"),
        needs: Needs::All(&["palette"]),
        summary: "Number of colours in the palette.",
        example: "palette=json&colors=8",
        state: State::Rendered,
        set: |p, v| p.palette.colors = v.whole(),
        ..ParamSpec::base(Category::ColorPalette)
    },
    ParamSpec {
        name: "prefix",
        tier: Tier::Extended,
        kinds: &[Kind::Identifier],
        default: Some("image"),
        needs: Needs::All(&["palette=css"]),
        summary: "Prefix of the class names in the style sheet.",
        example: "palette=css&prefix=hero",
        state: State::Rendered,
        set: |p, v| p.palette.prefix = v.text(),
        ..ParamSpec::base(Category::ColorPalette)
    },
    ParamSpec {
        name: "frame",
        tier: Tier::Extended,
        kinds: &[Kind::Span, Kind::Whole(1..=FRAME_MAX)],
        summary: "One frame of an animation, counted from 1, or a range of frames: `2-5`, `3-`, `-4`. A still format \
            shows the first of them.",
        example: "frame=1",
        photo: "dial.gif",
        state: State::Rendered,
        set: |p, v| p.animation.frame = v.frames(),
        ..ParamSpec::base(Category::Animation)
    },
    ParamSpec {
        name: "fps",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(1..=60)],
        summary: "Frames per second, instead of the stored delays.",
        example: "fps=12",
        photo: "dial.gif",
        state: State::Rendered,
        set: |p, v| p.animation.fps = v.whole(),
        ..ParamSpec::base(Category::Animation)
    },
    ParamSpec {
        name: "loop",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=LOOP_MAX)],
        summary: "How often an animation plays; 0 means forever. If absent, the original decides.",
        example: "loop=2",
        photo: "dial.gif",
        state: State::Rendered,
        set: |p, v| p.animation.loop_count = v.whole(),
        ..ParamSpec::base(Category::Animation)
    },
    ParamSpec {
        name: "interval",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(1..=FRAME_MAX)],
        summary: "Keeps the first frame and then every n-th frame after it.",
        example: "interval=2",
        photo: "dial.gif",
        state: State::Rendered,
        set: |p, v| p.animation.interval = v.whole(),
        ..ParamSpec::base(Category::Animation)
    },
    ParamSpec {
        name: "skip",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(1..=FRAME_MAX)],
        summary: "Drops the first frame and then every n-th frame after it.",
        example: "skip=3",
        photo: "dial.gif",
        state: State::Rendered,
        set: |p, v| p.animation.skip = v.whole(),
        ..ParamSpec::base(Category::Animation)
    },
    ParamSpec {
        name: "reverse",
        tier: Tier::Extended,
        kinds: &[Kind::Bool],
        default: Some("false"),
        summary: "Plays an animation backwards.",
        example: "reverse=true",
        photo: "dial.gif",
        state: State::Rendered,
        set: |p, v| p.animation.reverse = v.bool(),
        ..ParamSpec::base(Category::Animation)
    },
    ParamSpec {
        name: "page",
        tier: Tier::Extended,
        kinds: &[Kind::Whole(1..=PAGE_MAX)],
        default: Some("1"),
        summary: "Page of a PDF or TIFF, counted from 1; the last page if there are fewer.",
        example: "page=2",
        photo: "leaflet.pdf",
        state: State::Rendered,
        set: |p, v| p.document.page = v.whole(),
        ..ParamSpec::base(Category::Pdf)
    },
    ParamSpec {
        name: "pdf-annotation",
        aliases: &["annotation"],
        tier: Tier::Extended,
        kinds: &[Kind::Bool],
        default: Some("true"),
        summary: "Whether annotations of a PDF are drawn.",
        example: "page=1&pdf-annotation=false",
        photo: "leaflet.pdf",
        state: State::Rendered,
        set: |p, v| p.document.annotation = v.bool(),
        ..ParamSpec::base(Category::Pdf)
    },
];
