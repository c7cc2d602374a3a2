//! [`Resolved`]: what a request means, whatever the original.

use serde::{Deserialize, Serialize};

use crate::param::RectParam;

use super::answer::DataOutput;
use super::feature::Features;
use super::feature::hide_faces::HideFaces;
use super::feature::text::Written;
use super::feature::trim::Trim;
use super::types::{Download, Orient, Output, Select, Sizing, VaryOn, Vectors};

/// Everything a request resolved to.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// What to send.
    pub intent: Intent,
    /// What the choice depended on.
    pub vary: VaryOn,
    /// `Content-Disposition`, outside the cache key because one render serves both.
    pub download: Option<Download>,
}

/// What to send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Intent {
    /// The original's own bytes: no rendering parameter was given. (`rasterize-bypass` depends on the original's type
    /// and is a field of [`Plan`].)
    PassThrough,
    /// A picture made from it.
    Render(Box<Plan>),
    /// Something this origin cannot make and must not replace by something else.
    Unsupported(Unsupported),
}

/// Why a well-formed request has no picture here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unsupported {
    /// `fm=mp4`, `fm=webm`: answered 422 (`rendering.md` 14).
    Video,
    /// `lp-blur`, for which there is no detector: answered 422, because serving the picture without the blur would show
    /// what the URL asks to hide (`rendering.md` 18).
    Privacy,
    /// A generative model with its `*-fallback=false`: answered 400 (`rendering.md` 18).
    Model,
    /// `~text` without a text: answered 400.
    NoText,
}

/// The resolved, original-independent meaning of a request. Equal plans make equal pictures from equal originals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Which page or frames.
    pub select: Select,
    /// How to turn the stored pixels upright.
    pub orient: Orient,
    /// Part of the upright original to start from.
    pub rect: Option<RectParam>,
    /// `trim*`.
    pub trim: Option<Trim>,
    /// `face-blur`, `face-pixel`.
    pub hide_faces: Option<HideFaces>,
    /// `auto=redeye`.
    pub redeye: bool,
    /// The output box and how the image meets it.
    pub sizing: Sizing,
    /// What is drawn.
    pub features: Features,
    /// Data that is sent instead of the image. What comes after the image is measured is not in the plan.
    pub data: Option<DataOutput>,
    /// `~text`: there is no original, the picture is this text.
    pub written: Option<Written>,
    /// What becomes of originals without pixels of their own.
    pub vectors: Vectors,
    /// `fm=spritesheet`: all frames of an animation side by side, as a still.
    pub sheet: bool,
    /// How to encode.
    pub output: Output,
}
