//! Data instead of an image: what `fm=json`, `fm=blurhash` and `palette` answer with.

pub(super) mod blurhash;
pub(super) mod json;
pub mod palette;
pub(super) mod write;
