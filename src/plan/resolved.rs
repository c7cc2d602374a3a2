//! [`Resolved`]: what a request means, independent of the original.

use serde::{Deserialize, Serialize};

use crate::param::RectParam;

use super::answer::DataOutput;
use super::feature::Features;
use super::feature::hide_faces::HideFaces;
use super::feature::text::ImageOnlyText;
use super::feature::trim::Trim;
use super::types::{Download, Orient, Output, Select, Sizing, VaryOn, Vectors};

/// Everything a request resolved to.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// What to send.
    pub intent: Intent,
    /// The request headers that the choice depends on.
    pub vary: VaryOn,
    /// For `Content-Disposition`. Not part of the cache key, because one render serves requests with and without it.
    pub download: Option<Download>,
}

/// What to send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Intent {
    /// The original's own bytes: no rendering parameter was given. (`rasterize-bypass` depends on the type of the
    /// original, so it is part of the [`Plan`].)
    PassThrough,
    /// A rendered image, or data about one.
    Render(Box<Plan>),
    /// Something that this origin cannot make and must not replace with something else.
    Unsupported(Unsupported),
}

/// Why a well-formed request has no answer here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unsupported {
    /// `fm=mp4`, `fm=webm`: answered 422 (`rendering.md` 14).
    Video,
    /// `lp-blur`, for which there is no detector: answered 422, because serving the image without the blur would show
    /// what the URL asks to hide (`rendering.md` 18).
    Privacy,
    /// A generative model with its `*-fallback=false`: answered 400 (`rendering.md` 18).
    Model,
    /// `~text` without a text: answered 400.
    NoText,
}

/// The resolved meaning of a request, independent of the original. Equal plans make equal images from equal originals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The selected page or frames.
    pub select: Select,
    /// How to rotate the stored pixels upright.
    pub orient: Orient,
    /// The part of the upright original to start from.
    pub rect: Option<RectParam>,
    /// `trim*`.
    pub trim: Option<Trim>,
    /// `face-blur`, `face-pixel`.
    pub hide_faces: Option<HideFaces>,
    /// `auto=redeye`.
    pub redeye: bool,
    /// The output box and how the image is fitted to it.
    pub sizing: Sizing,
    /// Everything that is drawn.
    pub features: Features,
    /// Data that is sent instead of the image. Steps that come after measuring it are not in the plan.
    pub data: Option<DataOutput>,
    /// `~text`: there is no original, and the image is this text.
    pub written: Option<ImageOnlyText>,
    /// How originals without pixels of their own are treated.
    pub vectors: Vectors,
    /// `fm=spritesheet`: all frames of an animation side by side, as a still image.
    pub sheet: bool,
    /// How to encode.
    pub output: Output,
}
