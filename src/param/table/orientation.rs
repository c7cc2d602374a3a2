//! Rotation, mirroring and trim: what happens to the frame of the source.

use crate::param::{Category, Keyword, Kind, Needs, ParamSpec, Params, RotType, State, Tier, TrimMode, Value};

/// Bound of trim's open-ended tuning values; colours differ by at most 255 per channel.
const TUNING_MAX: f64 = 65_535.0;

/// Entries of this group.
pub(super) const ENTRIES: &[ParamSpec] = &[
    ParamSpec {
        name: "orient",
        aliases: &["or"],
        kinds: &[
            Kind::Word(&["0", "1", "2", "3", "4", "5", "6", "7", "8"]),
            Kind::Synonym("90", "6"),
            Kind::Synonym("180", "3"),
            Kind::Synonym("270", "8"),
        ],
        summary: "Replaces the EXIF orientation: an EXIF value from 1 to 8, a clockwise turn of 90, 180 or 270 \
            degrees, or 0 for the pixels as stored.",
        example: "orient=6",
        photo: "cat-sideways.jpg",
        state: State::Rendered,
        set: set_orient,
        ..ParamSpec::base(Category::Rotation)
    },
    ParamSpec {
        name: "flip",
        kinds: &[Kind::Word(&["h", "v", "hv"])],
        summary: "Mirrors left to right (`h`), top to bottom (`v`), or both.",
        example: "flip=h",
        state: State::Rendered,
        set: set_flip,
        ..ParamSpec::base(Category::Rotation)
    },
    ParamSpec {
        name: "rot",
        kinds: &[Kind::Degrees],
        default: Some("0"),
        summary: "Rotates the image counter-clockwise by this many degrees, inside a frame that keeps its size or on a \
            larger canvas: see `rot-type`.",
        example: "rot=5",
        state: State::Rendered,
        set: |p, v| p.rotation.rot = v.number(),
        ..ParamSpec::base(Category::Rotation)
    },
    ParamSpec {
        name: "rot-type",
        aliases: &["rott", "rottype"],
        tier: Tier::Extended,
        kinds: &[Kind::Word(RotType::WORDS)],
        default: Some("straighten"),
        summary: "Whether a rotated image is zoomed until no corner of its frame is empty (`straighten`), or shown \
            whole on a canvas that grows beyond `w` and `h` and shows `bg` in its corners (`pivot`).",
        example: "rot=5&rot-type=pivot&bg=f90",
        state: State::Rendered,
        set: |p, v| p.rotation.rot_type = v.word(),
        ..ParamSpec::base(Category::Rotation)
    },
    ParamSpec {
        name: "trim",
        kinds: &[Kind::Word(TrimMode::WORDS)],
        summary: "Cuts away a uniform border before resizing; finds it by its look, its colour or its transparency.",
        example: "trim=auto",
        photo: "cup.png",
        state: State::Rendered,
        set: |p, v| p.trim.mode = v.word(),
        ..ParamSpec::base(Category::Trim)
    },
    ParamSpec {
        name: "trim-alpha",
        tier: Tier::Extended,
        kinds: &[Kind::Number(0.0..=255.0)],
        needs: Needs::All(&["trim=alpha"]),
        summary: "Alpha below which a pixel counts as empty.",
        example: "trim=alpha&trim-alpha=10",
        photo: "cup.png",
        state: State::Rendered,
        set: |p, v| p.trim.alpha = v.number(),
        ..ParamSpec::base(Category::Trim)
    },
    ParamSpec {
        name: "trim-color",
        aliases: &["trimcolor"],
        kinds: &[Kind::Rgb],
        needs: Needs::Any(&["trim=color", "trim=colorunlessalpha"]),
        summary: "Colour of the border; the colour of the top left pixel if absent.",
        example: "trim=color&trim-color=fff",
        photo: "cup.png",
        state: State::Rendered,
        set: |p, v| p.trim.color = v.color(),
        ..ParamSpec::base(Category::Trim)
    },
    ParamSpec {
        name: "trim-md",
        aliases: &["trimmd"],
        kinds: &[Kind::Number(0.0..=TUNING_MAX)],
        default: Some("11"),
        needs: Needs::All(&["trim=auto"]),
        summary: "Greatest difference between the mean colours of neighbouring lines of the border.",
        example: "trim=auto&trim-md=20",
        photo: "cup.png",
        state: State::Rendered,
        set: |p, v| p.trim.md = v.number(),
        ..ParamSpec::base(Category::Trim)
    },
    ParamSpec {
        name: "trim-sd",
        aliases: &["trimsd"],
        kinds: &[Kind::Number(0.0..=TUNING_MAX)],
        default: Some("10"),
        needs: Needs::All(&["trim=auto"]),
        summary: "Greatest standard deviation at which a line still counts as border.",
        example: "trim=auto&trim-sd=20",
        photo: "cup.png",
        state: State::Rendered,
        set: |p, v| p.trim.sd = v.number(),
        ..ParamSpec::base(Category::Trim)
    },
    ParamSpec {
        name: "trim-tol",
        aliases: &["trimtol"],
        kinds: &[Kind::Number(0.0..=TUNING_MAX)],
        default: Some("0"),
        needs: Needs::Any(&["trim=color", "trim=alpha", "trim=colorunlessalpha"]),
        summary: "How much a pixel may differ from the border colour and still be trimmed.",
        example: "trim=color&trim-tol=10",
        photo: "cup.png",
        state: State::Rendered,
        set: |p, v| p.trim.tol = v.number(),
        ..ParamSpec::base(Category::Trim)
    },
    ParamSpec {
        name: "trim-pad",
        aliases: &["trimpad"],
        tier: Tier::Extended,
        kinds: &[Kind::Whole(0..=200)],
        default: Some("0"),
        needs: Needs::All(&["trim"]),
        summary: "Pixels of border to keep around the content.",
        example: "trim=auto&trim-pad=10",
        photo: "cup.png",
        state: State::Rendered,
        set: |p, v| p.trim.pad = v.whole(),
        ..ParamSpec::base(Category::Trim)
    },
];

/// Stores `orient`. The word is already the EXIF number.
fn set_orient(params: &mut Params, value: &Value) {
    params.rotation.orient = (0..=8).find(|number: &u8| value.has(&number.to_string()));
}

fn set_flip(params: &mut Params, value: &Value) {
    params.rotation.flip_h = value.has("h") || value.has("hv");
    params.rotation.flip_v = value.has("v") || value.has("hv");
}
