//! Output size, crop, pixel density and focal point.

use crate::param::kind::{REQUEST_PX_MAX, SIDE_PX_MAX};
use crate::param::{Category, CropWord, Fit, Keyword, Kind, Needs, ParamSpec, Params, State, Tier, Value};
use crate::units::Dpr;

/// Entries of this group.
pub(super) const ENTRIES: &[ParamSpec] = &[
    ParamSpec {
        name: "w",
        aliases: &["width"],
        kinds: &[Kind::Length(REQUEST_PX_MAX)],
        summary: "Width of the output in pixels; a value of 1 or less is a fraction of the source width.",
        example: "w=400",
        state: State::Rendered,
        set: |p, v| p.size.w = v.length(),
        ..ParamSpec::base(Category::Size)
    },
    ParamSpec {
        name: "h",
        aliases: &["height"],
        kinds: &[Kind::Length(REQUEST_PX_MAX)],
        summary: "Height of the output in pixels; a value of 1 or less is a fraction of the source height.",
        example: "h=300",
        state: State::Rendered,
        set: |p, v| p.size.h = v.length(),
        ..ParamSpec::base(Category::Size)
    },
    ParamSpec {
        name: "fit",
        aliases: &["f"],
        kinds: &[Kind::Word(Fit::WORDS), Kind::FaceArea(Fit::WORDS)],
        default: Some("clip"),
        summary: "How the image is fitted to the box of `w` and `h`: inside it, covering it, stretched to it or padded \
            to it. `facearea` may be followed by the fit to use if there is no face.",
        example: "w=300&h=300&fit=crop",
        state: State::Rendered,
        set: set_fit,
        ..ParamSpec::base(Category::Size)
    },
    ParamSpec {
        name: "ar",
        kinds: &[Kind::AspectRatio],
        needs: Needs::Any(&["fit=crop", "fit=fill"]),
        summary: "Aspect ratio of the box, width to height; gives the side that `w` or `h` leaves open.",
        example: "w=400&ar=16:9&fit=crop",
        state: State::Rendered,
        set: |p, v| p.size.ar = v.ratio(),
        ..ParamSpec::base(Category::Size)
    },
    ParamSpec {
        name: "crop",
        kinds: &[Kind::Words(CropWord::WORDS)],
        default: Some("center"),
        needs: Needs::All(&["fit=crop"]),
        summary: "Which part `fit=crop` keeps: an edge, a corner, or the subject. Several ways to find the subject are \
            tried in order; `auto` looks for faces, then for what stands out, then for edges. A word for an object, \
            such as `car`, finds nothing, and the next word is tried. The centre is kept if absent.",
        example: "w=300&h=300&fit=crop&crop=top,left",
        photo: "astronaut.jpg",
        state: State::Rendered,
        set: |p, v| p.size.crop = v.words(),
        ..ParamSpec::base(Category::Size)
    },
    ParamSpec {
        name: "rect",
        kinds: &[Kind::Rect],
        summary: "Uses only a part of the source: left and top edge, width and height, in pixels, fractions or words.",
        example: "rect=100,50,400,300",
        state: State::Rendered,
        set: |p, v| p.size.rect = v.rect(),
        ..ParamSpec::base(Category::Size)
    },
    ParamSpec {
        name: "min-w",
        aliases: &["min-width"],
        kinds: &[Kind::Whole(1..=SIDE_PX_MAX)],
        needs: Needs::All(&["fit=crop"]),
        summary: "Smallest width if `w` is not given.",
        example: "h=200&fit=crop&min-w=300",
        state: State::Rendered,
        set: |p, v| p.size.min_w = v.whole(),
        ..ParamSpec::base(Category::Size)
    },
    ParamSpec {
        name: "max-w",
        aliases: &["max-width"],
        kinds: &[Kind::Whole(1..=SIDE_PX_MAX)],
        needs: Needs::All(&["fit=crop"]),
        summary: "Greatest width if `w` is not given; the rest is cut off.",
        example: "h=200&fit=crop&max-w=300",
        state: State::Rendered,
        set: |p, v| p.size.max_w = v.whole(),
        ..ParamSpec::base(Category::Size)
    },
    ParamSpec {
        name: "min-h",
        aliases: &["min-height"],
        kinds: &[Kind::Whole(1..=SIDE_PX_MAX)],
        needs: Needs::All(&["fit=crop"]),
        summary: "Smallest height if `h` is not given.",
        example: "w=200&fit=crop&min-h=300",
        state: State::Rendered,
        set: |p, v| p.size.min_h = v.whole(),
        ..ParamSpec::base(Category::Size)
    },
    ParamSpec {
        name: "max-h",
        aliases: &["max-height"],
        kinds: &[Kind::Whole(1..=SIDE_PX_MAX)],
        needs: Needs::All(&["fit=crop"]),
        summary: "Greatest height if `h` is not given; the rest is cut off.",
        example: "w=200&fit=crop&max-h=300",
        state: State::Rendered,
        set: |p, v| p.size.max_h = v.whole(),
        ..ParamSpec::base(Category::Size)
    },
    ParamSpec {
        name: "dpr",
        kinds: &[Kind::Factor(5.0)],
        default: Some("1"),
        summary: "Image pixels per pixel of the layout: multiplies every length given in pixels.",
        example: "w=200&dpr=2",
        state: State::Rendered,
        set: |p, v| p.size.dpr = v.number().and_then(Dpr::clamped),
        ..ParamSpec::base(Category::PixelDensity)
    },
    ParamSpec {
        name: "fp-x",
        kinds: &[Kind::Number(0.0..=1.0)],
        default: Some("0.5"),
        needs: Needs::Any(&["crop=focalpoint", "fit=min"]),
        summary: "The point to keep in view, from 0 at the left edge to 1 at the right. It also moves the crop of \
            `fit=min`.",
        example: "w=300&h=300&fit=crop&crop=focalpoint&fp-x=0.3",
        state: State::Rendered,
        set: |p, v| p.focal.x = v.number(),
        ..ParamSpec::base(Category::FocalPoint)
    },
    ParamSpec {
        name: "fp-y",
        kinds: &[Kind::Number(0.0..=1.0)],
        default: Some("0.5"),
        needs: Needs::Any(&["crop=focalpoint", "fit=min"]),
        summary: "The point to keep in view, from 0 at the top edge to 1 at the bottom. It also moves the crop of \
            `fit=min`.",
        example: "w=300&h=300&fit=crop&crop=focalpoint&fp-y=0.3",
        state: State::Rendered,
        set: |p, v| p.focal.y = v.number(),
        ..ParamSpec::base(Category::FocalPoint)
    },
    ParamSpec {
        name: "fp-z",
        kinds: &[Kind::Number(1.0..=100.0)],
        default: Some("1"),
        needs: Needs::All(&["fit=crop", "crop=focalpoint"]),
        summary: "Zooms towards the focal point; 2 shows half as much in each direction.",
        example: "w=300&h=300&fit=crop&crop=focalpoint&fp-z=2",
        state: State::Rendered,
        set: |p, v| p.focal.z = v.number(),
        ..ParamSpec::base(Category::FocalPoint)
    },
    ParamSpec {
        name: "fp-debug",
        tier: Tier::Extended,
        kinds: &[Kind::Bool],
        default: Some("false"),
        needs: Needs::All(&["fit=crop", "crop=focalpoint"]),
        summary: "Marks the focal point with a cross-hair.",
        example: "w=300&h=300&fit=crop&crop=focalpoint&fp-debug=true",
        state: State::Rendered,
        set: |p, v| p.focal.debug = v.bool(),
        ..ParamSpec::base(Category::FocalPoint)
    },
];

/// Stores `fit`. A second word is the fallback of `facearea`.
fn set_fit(params: &mut Params, value: &Value) {
    params.size.fit = value.word();
    params.size.fit_fallback = value.words().get(1).copied();
}
