//! [`VariantKey`](crate::plan::VariantKey) -> [`Rendition`]: memory, then disk, then one render for all who wait.

pub mod coalesce;

use std::time::SystemTime;

use bytes::Bytes;

/// A variant's encoded bytes with type, size and validators. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendition {
    /// The bytes sent.
    pub body: Bytes,
    /// `Content-Type` of the bytes.
    pub content_type: String,
    /// Strong, quotes included, over the bytes.
    pub etag: String,
    /// When it was rendered: `Last-Modified`.
    pub rendered_at: SystemTime,
    /// Freshness granted when it was made, in seconds from `rendered_at`.
    pub max_age_s: u64,
}
