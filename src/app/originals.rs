//! Keeps originals for a short while, so that several sizes of one image requested together fetch it once.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use moka::future::Cache;

use crate::cache::ObjectKey;
use crate::cache::coalesce::Coalescer;
use crate::cache::freshness::{Kept, UntilStale};
use crate::config::CacheConfig;
use crate::error::SharedError;
use crate::source::Original;

/// Bookkeeping bytes per entry, in addition to the body.
const ENTRY_OVERHEAD_BYTES: usize = 512;

/// Originals in memory, bounded by bytes and age, and fetches in flight.
#[derive(Debug)]
pub(super) struct Originals {
    kept: Cache<ObjectKey, Kept<Arc<Original>>>,
    /// How long an original is kept at most.
    lasts_max: Duration,
    pub(super) in_flight: Coalescer<ObjectKey, Arc<Original>, SharedError>,
}

impl Originals {
    /// Creates the store. `descriptors` is the number of files this process may have open. Each original kept holds one
    /// of them, so its minimum weight limits originals to a quarter of the descriptors: a small original costs more
    /// than its bytes.
    pub(super) fn new(config: &CacheConfig, descriptors: u64) -> Self {
        let weight_min = config.originals_bytes_max / (descriptors / 4).max(1);
        let weigh = move |_: &ObjectKey, kept: &Kept<Arc<Original>>| {
            let bytes = (kept.value().body.len() + ENTRY_OVERHEAD_BYTES) as u64;
            u32::try_from(bytes.max(weight_min)).unwrap_or(u32::MAX)
        };
        let kept =
            Cache::builder().max_capacity(config.originals_bytes_max).weigher(weigh).expire_after(UntilStale).build();
        Self { kept, lasts_max: config.originals_ttl, in_flight: Coalescer::new() }
    }

    /// Returns the original, if it is kept, with the part of its upstream's lifetime that is left at `now`: a rendition
    /// made from it later must not last longer.
    pub(super) async fn get(&self, key: &ObjectKey, now: SystemTime) -> Option<Arc<Original>> {
        let (original, age) = self.kept.get(key).await?.at(now)?;
        let age = Duration::from_secs(age.as_secs());
        match original.caching.max_age {
            Some(max_age) if !age.is_zero() => {
                let mut aged = (*original).clone();
                aged.caching.max_age = Some(max_age.saturating_sub(age));
                Some(Arc::new(aged))
            }
            Some(_) | None => Some(original),
        }
    }

    /// Keeps an original, never longer than the upstream allows, so that a rendition made from it does not look fresher
    /// than it is.
    pub(super) async fn put(&self, key: ObjectKey, original: Arc<Original>, fetched_at: SystemTime) {
        if !original.caching.uncacheable && original.caching.max_age != Some(Duration::ZERO) {
            let lasts = original.caching.max_age.map_or(self.lasts_max, |age| age.min(self.lasts_max));
            self.kept.insert(key, Kept::new(original, fetched_at, lasts)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::blob::Blob;
    use crate::source::OriginCaching;

    #[tokio::test]
    async fn a_stored_original_expires() {
        let originals = Originals::new(&CacheConfig::default(), 1024);
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let put = async |n: u8, max_age: Option<u64>| {
            let caching = OriginCaching { max_age: max_age.map(Duration::from_secs), uncacheable: false };
            let body = Blob::copy_from(b"x").unwrap();
            let original = Original::new(body, None, Default::default(), caching);
            originals.put(ObjectKey([n; 32]), Arc::new(original), at(100)).await;
        };
        put(1, Some(50)).await;
        put(2, None).await;
        put(3, Some(0)).await;
        let left = async |n: u8, now| {
            let original = originals.get(&ObjectKey([n; 32]), at(now)).await;
            original.map(|original| original.caching.max_age.map(|age| age.as_secs()))
        };
        for (now, expected) in [(90, 50), (100, 50), (101, 49), (149, 1)] {
            assert_eq!(left(1, now).await, Some(Some(expected)), "{now}");
        }
        assert_eq!(left(1, 150).await, None, "past what the upstream allows");
        assert_eq!([left(2, 159).await, left(2, 160).await], [Some(None), None], "past `originals_ttl`");
        assert_eq!(left(3, 100).await, None, "nothing to keep");
    }
}
