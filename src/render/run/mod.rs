//! Runs one job from an opened original and its plan to an encoded answer: which frames, which overlays, and in which
//! order the ops run.

pub(super) mod frames;
mod overlays;
mod pipeline;
mod placer;
mod settle;
mod trimmed;

pub use pipeline::render;
