//! Originals for a short while: several sizes of one picture asked for together fetch it once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
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

/// Never longer than the upstream allows, lest a rendition made from it look fresher than it is.
#[derive(Debug)]
struct Lifetime {
    longest: Duration,
}

impl Expiry<VariantKey, Arc<Original>> for Lifetime {
    fn expire_after_create(&self, _: &VariantKey, original: &Arc<Original>, _: Instant) -> Option<Duration> {
        Some(original.caching.max_age.map_or(self.longest, |age| age.min(self.longest)))
    }
}

impl Originals {
    /// `descriptors` is how many files this process may have open. Each original kept has one, so a quarter of them bounds
    /// their number: small originals weigh more than their bytes.
    pub(super) fn new(config: &CacheConfig, descriptors: u64) -> Self {
        let weight_min = config.originals_bytes_max / (descriptors / 4).max(1);
        let weigh = move |_: &VariantKey, original: &Arc<Original>| {
            let bytes = (original.body.len() + ENTRY_OVERHEAD_BYTES) as u64;
            u32::try_from(bytes.max(weight_min)).unwrap_or(u32::MAX)
        };
        let kept = Cache::builder()
            .max_capacity(config.originals_bytes_max)
            .weigher(weigh)
            .expire_after(Lifetime { longest: config.originals_ttl })
            .build();
        Self { kept, in_flight: Coalescer::new() }
    }

    /// The original, if it is kept.
    pub(super) async fn get(&self, key: &VariantKey) -> Option<Arc<Original>> {
        self.kept.get(key).await
    }

    pub(super) async fn put(&self, key: VariantKey, original: Arc<Original>) {
        if !original.caching.uncacheable && original.caching.max_age != Some(Duration::ZERO) {
            self.kept.insert(key, original).await;
        }
    }
}
