//! Parses a query string into [`Params`]: the URL grammar. Pure: no clock, I/O or libvips.
//!
//! `spec` defines what a parameter is, and `table` lists every parameter once. `kind` parses one value of each form
//! into a `value`. `query` splits the query string and applies the rules on duplicates, aliases, base64 twins, defaults
//! and dependencies. `params`, `finish_params`, `shadow_params`, `text_params` and `output` hold the typed result.
//! `reference` prints the table for people and for programs.

mod color;
mod finish_params;
mod keyword;
mod kind;
mod number;
mod output;
mod params;
mod parsed;
mod query;
pub mod reference;
mod shadow_params;
mod spec;
mod table;
mod text_params;
mod value;

#[cfg(test)]
mod tests;

pub use finish_params::*;
pub use keyword::Keyword;
pub use kind::Kind;
pub use output::*;
pub use params::*;
pub use parsed::{Honoured, Ignored, IgnoredWhy, ParamError, Parsed, SUMMARY_BYTES_MAX, instead, summary};
pub use query::{canonical, parse};
pub use shadow_params::*;
pub use spec::{Category, Effect, Needs, ParamSpec, State, Tier};
pub use table::{FORMAT, HMAC_SIGNATURE, IMGIX_SIGNATURE, PARAMS, find, nearest_name, spelled};
pub use text_params::*;
pub use value::Value;

pub use crate::pixels::blend_modes::BlendMode;
pub use crate::pixels::ramp::{GradientSpace, HuePath};
