//! Original + [`Plan`] -> encoded bytes. The same code runs in a worker process and, for the command line and tests,
//! in this one.

mod color;
pub mod decode;
pub mod describe;
pub mod encode;
mod error;
pub mod faces;
mod run;
mod sanitize;
pub mod stage;

pub use error::{Bound, Codec, Feature, RenderError, Step};
pub use run::render;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::faces::Face;
use crate::blob::Blob;
use crate::limits::Limits;
use crate::plan::{Answer, OverlayRole, Plan};
use crate::sniff::Encoded;
use crate::units::Size;

/// One piece of work.
#[derive(Clone, Debug)]
pub struct Job {
    /// What to make.
    pub plan: Plan,
    /// What to make it from.
    pub input: Input,
    /// Images that go into it, as far as they could be had; one without its image is left out.
    pub overlays: Vec<(OverlayRole, Encoded)>,
    /// Bounds on decoding.
    pub limits: RenderLimits,
    /// What an earlier job found for the same original and [`FaceSearch`](crate::plan::FaceSearch); `None` has the faces
    /// looked for where the plan needs them.
    pub faces: Option<Vec<Face>>,
}

/// What an image is made from.
#[derive(Clone, Debug)]
pub enum Input {
    /// An original.
    Original(Encoded),
    /// Nothing: it consists of text alone ([`Plan::written`]).
    Nothing,
}

impl Input {
    /// An original whose kind is still to be found out.
    ///
    /// # Errors
    /// [`RenderError::NotAnImage`] for bytes of no known kind.
    pub fn sniffed(bytes: Blob) -> Result<Self, RenderError> {
        Encoded::sniffed(bytes).map(Self::Original).ok_or(RenderError::NotAnImage)
    }
}

/// Bounds that hold inside the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderLimits {
    /// Pixels of one frame of the original.
    pub pixels_max: u64,
    /// Frames of an animation.
    pub frames_max: u32,
    /// Frames times pixels of an animation.
    pub animation_pixels_max: u64,
}

impl From<&Limits> for RenderLimits {
    fn from(limits: &Limits) -> Self {
        let &Limits { pixels_max, frames_max, animation_pixels_max, .. } = limits;
        Self { pixels_max, frames_max, animation_pixels_max }
    }
}

/// Encoded bytes and what they are.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The encoded picture (or JSON).
    pub body: Blob,
    /// What was written.
    pub answer: Answer,
    /// Size in pixels of the picture.
    pub size: Size,
    /// A picture that should go into it could not be had or read, and is left out.
    pub left_out: bool,
    /// Where the time went.
    pub timings: Timings,
    /// The faces, where they had to be looked for.
    pub faces: Option<Vec<Face>>,
}

/// Time per part of a render.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// Waiting for a worker.
    pub queue: Duration,
    /// Decoding and stages.
    pub render: Duration,
    /// Encoding.
    pub encode: Duration,
}

#[cfg(test)]
mod tests;
