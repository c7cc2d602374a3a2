//! Original bytes -> [`Frames`](super::raster::Frames).

mod sniff;

pub use sniff::{SourceFormat, sniff};
