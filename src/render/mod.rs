//! Renders an original and a [`Plan`] to encoded bytes. The same code runs in a worker process and, for the command
//! line and tests, in the current process.

mod color;
pub mod decode;
pub mod describe;
pub mod encode;
pub mod faces;
mod failure;
mod run;
mod sanitize;
pub mod stage;

pub use failure::{Bound, Codec, FileFeature, RenderError, Step};
pub use run::render;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::faces::Face;
use crate::blob::Blob;
use crate::limits::Limits;
use crate::plan::{Answer, OverlayRole, Plan};
use crate::sniff::Encoded;
use crate::units::Size;

/// One render job.
#[derive(Clone, Debug)]
pub struct Job {
    /// What to render.
    pub plan: Plan,
    /// What to render it from.
    pub input: Input,
    /// The overlay images that are available; an overlay missing here is left out of the result.
    pub overlays: Vec<(OverlayRole, Encoded)>,
    /// Limits on decoding.
    pub limits: RenderLimits,
    /// The faces that an earlier job found for the same original and [`FaceSearch`](crate::plan::FaceSearch). With
    /// `None`, the job detects them itself if the plan needs them.
    pub faces: Option<Vec<Face>>,
}

/// What an image is rendered from.
#[derive(Clone, Debug)]
pub enum Input {
    /// An original.
    Original(Encoded),
    /// No original: the image is image-only text ([`Plan::written`]).
    Nothing,
}

impl Input {
    /// Wraps an original after detecting its format from the bytes.
    ///
    /// # Errors
    /// [`RenderError::NotAnImage`] if the format is unknown.
    pub fn sniffed(bytes: Blob) -> Result<Self, RenderError> {
        Encoded::sniffed(bytes).map(Self::Original).ok_or(RenderError::NotAnImage)
    }
}

/// Limits that the worker enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderLimits {
    /// Pixels in one frame of the original.
    pub pixels_max: u64,
    /// Frames in an animation.
    pub frames_max: u32,
    /// Frames times pixels in an animation.
    pub animation_pixels_max: u64,
}

impl From<&Limits> for RenderLimits {
    fn from(limits: &Limits) -> Self {
        let &Limits { pixels_max, frames_max, animation_pixels_max, .. } = limits;
        Self { pixels_max, frames_max, animation_pixels_max }
    }
}

/// Encoded bytes and what they contain.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The encoded image, or the data output.
    pub body: Blob,
    /// What the body contains.
    pub answer: Answer,
    /// Size of the image in pixels.
    pub size: Size,
    /// Whether an overlay was unavailable or undecodable and has been left out.
    pub left_out: bool,
    /// Where the time went.
    pub timings: Timings,
    /// The faces, if this job had to detect them.
    pub faces: Option<Vec<Face>>,
}

/// Time per part of a render.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// Waiting for a worker.
    pub queue: Duration,
    /// Decoding and running the stages.
    pub render: Duration,
    /// Encoding.
    pub encode: Duration,
}

#[cfg(test)]
mod tests;
