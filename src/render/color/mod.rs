//! Colours of an original: its profile, its gamma, its primaries, high dynamic range; and what the output carries.

pub(super) mod convert;
pub(super) mod floats;
pub(super) mod hdr;
pub(super) mod primaries;
pub(super) mod profile;
