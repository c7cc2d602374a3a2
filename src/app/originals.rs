//! Originals for a short while: several sizes of one picture asked for together fetch it once.

use std::sync::Arc;

use moka::future::Cache;

use crate::cache::coalesce::Coalescer;
use crate::config::CacheConfig;
use crate::error::SharedError;
use crate::plan::VariantKey;
use crate::source::Original;

/// Book-keeping of one entry beside its bytes.
const ENTRY_OVERHEAD_BYTES: usize = 512;

/// Originals in memory, bounded by bytes and age, and fetches in flight.
#[derive(Debug)]
pub(super) struct Originals {
    kept: Cache<VariantKey, Arc<Original>>,
    pub(super) in_flight: Coalescer<VariantKey, Arc<Original>, SharedError>,
}

impl Originals {
    pub(super) fn new(config: &CacheConfig) -> Self {
        let weigh = |_: &VariantKey, original: &Arc<Original>| {
            u32::try_from(original.body.len() + ENTRY_OVERHEAD_BYTES).unwrap_or(u32::MAX)
        };
        let kept = Cache::builder()
            .max_capacity(config.originals_bytes_max)
            .weigher(weigh)
            .time_to_live(config.originals_ttl)
            .build();
        Self { kept, in_flight: Coalescer::new() }
    }

    pub(super) async fn get(&self, key: &VariantKey) -> Option<Arc<Original>> {
        self.kept.get(key).await
    }

    pub(super) async fn put(&self, key: VariantKey, original: Arc<Original>) {
        if !original.caching.uncacheable {
            self.kept.insert(key, original).await;
        }
    }
}
