//! Query string to [`Params`]: the grammar. Pure: no clock, I/O or libvips.
//!
//! `spec` says what a parameter is, `table` lists them all once, `value` parses one value of each kind, `query` splits
//! the query string and applies the rules on duplicates, aliases and base64 twins, `params` is the typed result.

mod params;

pub use params::*;
