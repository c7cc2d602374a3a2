//! Query string to [`Params`]: the grammar. Pure: no clock, I/O or libvips.
//!
//! `spec` says what a parameter is, `table` lists them all once, `kind` parses one value of each form, `value` is the
//! result, `query` splits the query string and applies the rules on duplicates, aliases, base64 twins, defaults and
//! dependencies, `params`, `finish` and `output` are the typed outcome, `reference` writes the table down for people and
//! programs.

mod color;
mod finish;
mod keyword;
mod kind;
mod number;
mod output;
mod params;
mod parsed;
mod query;
pub mod reference;
mod shadow;
mod spec;
mod table;
mod text;
mod value;

#[cfg(test)]
mod tests;

pub use finish::*;
pub use keyword::Keyword;
pub use kind::Kind;
pub use output::*;
pub use params::*;
pub use parsed::{Honoured, Ignored, IgnoredWhy, ParamError, Parsed, SUMMARY_BYTES_MAX, instead, summary};
pub use query::{canonical, parse};
pub use shadow::*;
pub use spec::{Category, Needs, ParamSpec, State, Tier};
pub use table::{PARAMS, find, nearest_name, spelled};
pub use text::*;
pub use value::Value;

pub use crate::pixels::blend_modes::BlendMode;
pub use crate::pixels::ramp::{GradientSpace, HuePath};
