//! Colours of an original (profile, gamma, primaries, high dynamic range), and what the output declares.

pub(super) mod convert;
pub(super) mod floats;
pub(super) mod hdr;
pub(super) mod primaries;
pub(super) mod profile;
