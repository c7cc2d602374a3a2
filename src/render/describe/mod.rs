//! Data outputs instead of an image: the answers to `fm=json`, `fm=blurhash` and `palette`.

pub(super) mod blurhash;
pub(super) mod json;
pub mod palette;
pub(super) mod write;
