//! Parameters that need a vision or generative model: faces, plates, backgrounds, removal, upscaling.

use super::SEED_MAX;
use crate::param::{Category, Effect, Kind, Needs, ParamSpec, State, Tier, Value};

/// Most faces in one image.
const FACE_MAX: i64 = 10_000;

/// How strongly to hide. Any value above 0 hides, fractions included. Only 0 and these words turn it off, so a negative
/// number is not a value.
const HIDING: [Kind; 2] = [Kind::Quantity(0.0..=100.0), Kind::Word(&["false", "off"])];

/// Returns the strength, rounded up so that even the smallest one hides something.
fn hiding(value: &Value) -> Option<u32> {
    Some(value.number().map_or(0, |strength| strength.ceil() as u32))
}

/// Entries of this group.
pub(super) const ENTRIES: &[ParamSpec] = &[
    ParamSpec {
        name: "faces",
        tier: Tier::Ai,
        state: State::Rendered,
        kinds: &[Kind::Word(&["1"])],
        needs: Needs::All(&["fm=json"]),
        summary: "Adds `Faces` to `fm=json`: for each face its box, in pixels of the upright image, and the confidence \
            in percent.",
        example: "fm=json&faces=1",
        photo: "astronaut.jpg",
        set: |p, v| p.faces.faces = v.has("1"),
        ..ParamSpec::base(Category::FaceDetection)
    },
    ParamSpec {
        name: "faceindex",
        tier: Tier::Ai,
        state: State::Rendered,
        kinds: &[Kind::Whole(1..=FACE_MAX)],
        needs: Needs::Any(&["fit=facearea", "crop=faces", "crop=auto"]),
        summary: "Which of several faces to use, counted from 1 for the largest; as many as fit into the crop if \
            absent.",
        example: "w=200&h=200&fit=facearea&faceindex=1",
        photo: "astronaut.jpg",
        set: |p, v| p.faces.index = v.whole(),
        ..ParamSpec::base(Category::FaceDetection)
    },
    ParamSpec {
        name: "facepad",
        tier: Tier::Ai,
        state: State::Rendered,
        kinds: &[Kind::Number(1.0..=10.0)],
        default: Some("1"),
        needs: Needs::All(&["fit=facearea"]),
        summary: "Space around the face, as a multiple of its size.",
        example: "w=200&h=200&fit=facearea&facepad=2",
        photo: "astronaut.jpg",
        set: |p, v| p.faces.pad = v.number(),
        ..ParamSpec::base(Category::FaceDetection)
    },
    ParamSpec {
        name: "face-blur",
        tier: Tier::Ai,
        state: State::Rendered,
        kinds: &HIDING,
        protects: true,
        default: Some("0"),
        summary: "Blurs faces, from unrecognisable (1) to a smear (100), and also anything that might be a face. An \
                  image without faces stays as it is.",
        example: "face-blur=50",
        photo: "astronaut.jpg",
        set: |p, v| p.faces.blur = hiding(v),
        ..ParamSpec::base(Category::FaceDetection)
    },
    ParamSpec {
        name: "face-pixel",
        aliases: &["face-pixelate"],
        tier: Tier::Ai,
        state: State::Rendered,
        kinds: &HIDING,
        protects: true,
        default: Some("0"),
        summary: "Turns faces into squares, from eight across (1) to three across (100), and also anything that might \
                  be a face. An image without faces stays as it is.",
        example: "face-pixel=20",
        photo: "astronaut.jpg",
        set: |p, v| p.faces.pixel = hiding(v),
        ..ParamSpec::base(Category::FaceDetection)
    },
    ParamSpec {
        name: "lp-blur",
        aliases: &["license-plate-blur"],
        tier: Tier::Ai,
        kinds: &HIDING,
        protects: true,
        default: Some("0"),
        summary: "Blurs licence plates. This server cannot detect them, so a value above 0 is answered with an error, \
            422.",
        example: "lp-blur=50",
        set: |p, v| p.faces.lp_blur = hiding(v),
        effect: Effect::Ignored,
        ..ParamSpec::base(Category::LicensePlateDetection)
    },
    ParamSpec {
        name: "bg-remove",
        aliases: &["background-remove"],
        tier: Tier::Ai,
        kinds: &[Kind::Bool],
        default: Some("false"),
        summary: "Removes the background of the subject.",
        example: "bg-remove=true",
        set: |p, v| p.model.bg_remove = v.has("true"),
        effect: Effect::Ignored,
        ..ParamSpec::base(Category::Background)
    },
    ParamSpec {
        name: "bg-remove-fallback",
        tier: Tier::Ai,
        kinds: &[Kind::Bool],
        default: Some("true"),
        summary: "What to send if the background cannot be removed: the image as it is (true) or an error (false).",
        example: "bg-remove=true&bg-remove-fallback=false",
        set: |p, v| p.model.bg_remove_fallback = v.bool(),
        effect: Effect::Ignored,
        ..ParamSpec::base(Category::Background)
    },
    ParamSpec {
        name: "bg-remove-fg-type",
        tier: Tier::Ai,
        kinds: &[Kind::Words(&["auto", "car"])],
        default: Some("auto"),
        needs: Needs::All(&["bg-remove=true"]),
        summary: "Kind of subject to keep.",
        example: "bg-remove=true&bg-remove-fg-type=car",
        effect: Effect::Ignored,
        ..ParamSpec::base(Category::Background)
    },
    ParamSpec {
        name: "bg-remove-semi-transparency",
        aliases: &["background-removal-semi-transparency"],
        tier: Tier::Ai,
        kinds: &[Kind::Bool],
        default: Some("true"),
        summary: "Keeps glass, hair and similar parts semi-transparent.",
        example: "bg-remove=true&bg-remove-semi-transparency=false",
        effect: Effect::Ignored,
        ..ParamSpec::base(Category::Background)
    },
    ParamSpec {
        name: "bg-remove-transparency-threshold",
        tier: Tier::Ai,
        kinds: &[Kind::Number(0.0..=1.0)],
        default: Some("0.2"),
        summary: "Leaves an image alone if more than this share of it is transparent.",
        example: "bg-remove=true&bg-remove-transparency-threshold=0.5",
        effect: Effect::Ignored,
        ..ParamSpec::base(Category::Background)
    },
    ParamSpec {
        name: "bg-replace",
        aliases: &["background-replace"],
        tier: Tier::Ai,
        kinds: &[Kind::Text],
        summary: "Generates a new background from a description.",
        example: "bg-replace=a+sandy+beach",
        set: |p, v| p.model.bg_replace = v.text(),
        effect: Effect::Ignored,
        ..ParamSpec::base(Category::Background)
    },
    ParamSpec {
        name: "bg-replace-fallback",
        tier: Tier::Ai,
        kinds: &[Kind::Bool],
        default: Some("true"),
        summary: "What to send if no background can be generated: the image as it is (true) or an error (false).",
        example: "bg-replace=a+beach&bg-replace-fallback=false",
        set: |p, v| p.model.bg_replace_fallback = v.bool(),
        effect: Effect::Ignored,
        ..ParamSpec::base(Category::Background)
    },
    ParamSpec {
        name: "bg-replace-neg-prompt",
        aliases: &["background-replace-negative-prompt"],
        tier: Tier::Ai,
        kinds: &[Kind::Text],
        summary: "What to keep out of the generated background.",
        example: "bg-replace=a+beach&bg-replace-neg-prompt=people",
        effect: Effect::Ignored,
        ..ParamSpec::base(Category::Background)
    },
    ParamSpec {
        name: "object-removal-rect",
        tier: Tier::Ai,
        kinds: &[Kind::PixelRect],
        summary: "Paints over this rectangle of the source.",
        example: "object-removal-rect=100,100,50,50",
        set: |p, v| p.model.object_removal_rect = v.four(),
        effect: Effect::Ignored,
        ..ParamSpec::base(Category::ObjectManipulation)
    },
    ParamSpec {
        name: "object-removal-prompt",
        tier: Tier::Ai,
        kinds: &[Kind::Text],
        needs: Needs::All(&["object-removal-rect"]),
        summary: "What to paint there.",
        example: "object-removal-rect=100,100,50,50&object-removal-prompt=grass",
        effect: Effect::Ignored,
        ..ParamSpec::base(Category::ObjectManipulation)
    },
    ParamSpec {
        name: "object-removal-negative-prompt",
        tier: Tier::Ai,
        kinds: &[Kind::Text],
        needs: Needs::All(&["object-removal-rect"]),
        summary: "What not to paint there.",
        example: "object-removal-rect=100,100,50,50&object-removal-negative-prompt=people",
        effect: Effect::Ignored,
        ..ParamSpec::base(Category::ObjectManipulation)
    },
    ParamSpec {
        name: "object-removal-seed",
        tier: Tier::Ai,
        kinds: &[Kind::Whole(-SEED_MAX..=SEED_MAX)],
        needs: Needs::All(&["object-removal-rect", "object-removal-prompt"]),
        summary: "Repeats an earlier result.",
        example: "object-removal-rect=100,100,50,50&object-removal-prompt=grass&object-removal-seed=7",
        effect: Effect::Ignored,
        ..ParamSpec::base(Category::ObjectManipulation)
    },
    ParamSpec {
        name: "upscale",
        tier: Tier::Ai,
        kinds: &[Kind::Bool],
        default: Some("false"),
        summary: "Enlarges small images with a model.",
        example: "upscale=true",
        set: |p, v| p.model.upscale = v.has("true"),
        effect: Effect::Ignored,
        ..ParamSpec::base(Category::SuperResolution)
    },
    ParamSpec {
        name: "upscale-fallback",
        tier: Tier::Ai,
        kinds: &[Kind::Bool],
        default: Some("true"),
        summary: "What to send if the image cannot be enlarged: the image as it is (true) or an error (false).",
        example: "upscale=true&upscale-fallback=false",
        set: |p, v| p.model.upscale_fallback = v.bool(),
        effect: Effect::Ignored,
        ..ParamSpec::base(Category::SuperResolution)
    },
];
