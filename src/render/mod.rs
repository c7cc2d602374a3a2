//! Original + [`Plan`] -> encoded bytes. The same code runs in a worker process and, for the command line and tests,
//! in this one.

mod color;
pub mod decode;
pub mod describe;
pub mod encode;
pub mod faces;
mod run;
mod sanitize;
pub mod stage;

pub use run::render;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::faces::Face;
use crate::blob::Blob;
use crate::limits::Limits;
use crate::pixels::Misfit;
use crate::pixels::rows::Unreadable;
use crate::plan::{Format, OverlayRole, Plan};
use crate::units::Size;

/// One piece of work.
#[derive(Clone, Debug)]
pub struct Job {
    /// What to make.
    pub plan: Plan,
    /// What to make it from.
    pub original: Blob,
    /// Pictures that go into it, as far as they could be had; one without its picture is left out.
    pub overlays: Vec<(OverlayRole, Blob)>,
    /// Bounds on decoding.
    pub limits: RenderLimits,
    /// What an earlier job found for the same original and [`FaceSearch`](crate::plan::FaceSearch); `None` has the faces
    /// looked for where the plan needs them.
    pub faces: Option<Vec<Face>>,
}

/// What stands for the original of a picture that has none ([`Plan::written`]): a PNG of one pixel, which is never shown.
pub const NO_ORIGINAL: &[u8] = b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9BU\
    \0\0\0\nIDATx\xDAc\xF8\x0F\0\x01\x01\x01\0\x1C\xB0\x8C\x99\0\0\0\0IEND\xAEB`\x82";

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
    pub format: Format,
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

/// Why there is no picture. Holds facts, never libvips' text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum RenderError {
    /// The bytes are no picture that we read.
    #[error("not a picture")]
    NotAnImage,
    /// A picture of a kind that this server cannot read (codec absent, or never allowed).
    #[error("unsupported format {format}")]
    UnsupportedFormat {
        /// Short name of the format.
        format: String,
    },
    /// The decoder gave up.
    #[error("undecodable")]
    Undecodable,
    /// More pixels or frames than allowed.
    #[error("{what} {got} over the limit {max}")]
    TooLarge {
        /// `pixels`, `frames` or `animation pixels`.
        what: String,
        /// Found in the original.
        got: u64,
        /// Allowed.
        max: u64,
    },
    /// A stage failed: our fault, not the original's.
    #[error("stage {stage} failed")]
    Stage {
        /// Name of the stage.
        stage: String,
    },
    /// No encoder could write the picture.
    #[error("encoding {format} failed")]
    Encode {
        /// Name of the format.
        format: String,
    },
    /// Over `render.timeout`; the worker was killed.
    #[error("timed out")]
    Timeout,
    /// The worker died.
    #[error("worker crashed")]
    WorkerCrashed,
    /// The queue is full.
    #[error("queue full")]
    QueueFull,
    /// No worker can be started, or the server is stopping.
    #[error("no worker available")]
    Unavailable,
}

impl From<Misfit> for RenderError {
    fn from(misfit: Misfit) -> Self {
        Self::Stage { stage: misfit.operation.to_owned() }
    }
}

impl From<Unreadable> for RenderError {
    fn from(_: Unreadable) -> Self {
        Self::Undecodable
    }
}

#[cfg(test)]
mod tests;
