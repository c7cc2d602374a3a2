//! Tintype, an image rendering origin that speaks the imgix URL grammar.

pub mod app;
pub mod blob;
pub mod cache;
pub mod cli;
pub mod clock;
pub mod config;
pub mod error;
pub mod param;
pub mod plan;
pub mod render;
pub mod server;
pub mod sign;
pub mod source;
pub mod telemetry;
pub mod units;
pub mod vips;
