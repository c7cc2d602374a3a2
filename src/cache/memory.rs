//! Renditions in memory, bounded by bytes. Those requested often stay, and those requested once do not displace them
//! (TinyLFU, by moka).

use std::sync::Arc;

use moka::future::Cache;
use moka::notification::RemovalCause;

use super::Rendition;
use super::key::VariantKey;
use crate::telemetry::{CacheTier, Metrics};

/// Bytes that an entry takes besides its body and strings: key, `Rendition`, hash-table slot, policy queues, allocator
/// slack.
const ENTRY_OVERHEAD_BYTES: usize = 512;

/// The memory tier.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    renditions: Cache<VariantKey, Rendition>,
    metrics: Arc<Metrics>,
}

impl Memory {
    /// Creates an empty tier of `bytes_max`; 0 keeps nothing.
    pub(super) fn new(bytes_max: u64, metrics: Arc<Metrics>) -> Self {
        let listener = metrics.clone();
        let renditions = Cache::builder()
            .max_capacity(bytes_max)
            .weigher(|_, rendition| weight(rendition))
            .eviction_listener(move |_, _, cause| {
                if cause == RemovalCause::Size {
                    listener.cache_evicted(CacheTier::Memory, 1);
                }
            })
            .build();
        Self { renditions, metrics }
    }

    /// Returns the rendition kept for `key`, however old it is.
    pub(super) async fn get(&self, key: &VariantKey) -> Option<Rendition> {
        self.renditions.get(key).await
    }

    /// Keeps a rendition. The tier is within its bound again when this returns.
    pub(super) async fn put(&self, key: VariantKey, rendition: Rendition) {
        self.renditions.insert(key, rendition).await;
        // On its own, moka evicts some time later, and a few dozen large renditions could exceed the bound until then.
        // An insertion follows a render or a read from disk, so this costs little in comparison.
        self.renditions.run_pending_tasks().await;
        self.metrics.cache_sized(CacheTier::Memory, self.bytes(), self.renditions.entry_count());
    }

    /// Returns the bytes that all entries take.
    pub(super) fn bytes(&self) -> u64 {
        self.renditions.weighted_size()
    }
}

/// Returns the bytes that an entry takes, at most 4 GiB; no sensible bound has room for a larger one anyway.
fn weight(rendition: &Rendition) -> u32 {
    let bytes = rendition.body.len() + rendition.content_type.len() + rendition.etag.len() + ENTRY_OVERHEAD_BYTES;
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use bytes::Bytes;

    use super::*;
    use crate::cache::ObjectKey;

    fn rendition(bytes: usize) -> Rendition {
        Rendition {
            body: Bytes::from(vec![1; bytes]),
            content_type: "image/png".to_owned(),
            etag: "\"e\"".to_owned(),
            rendered_at: SystemTime::UNIX_EPOCH,
            max_age_s: 1,
            objects: Arc::from([ObjectKey([9; 32])]),
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn bytes_stay_below_the_bound_under_load() {
        const MAX: u64 = 1 << 20;
        let memory = Memory::new(MAX, Arc::new(Metrics::new()));
        let tasks: Vec<_> = (0..4_u8)
            .map(|task| {
                let memory = memory.clone();
                tokio::spawn(async move {
                    for n in 0..100_u8 {
                        let key = VariantKey(std::array::from_fn(|i| if i == 0 { n } else { task }));
                        memory.put(key, rendition(usize::from(n) * 1000)).await;
                        assert!(memory.bytes() <= MAX);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let held: u64 = memory.renditions.iter().map(|(_, rendition)| u64::from(weight(&rendition))).sum();
        assert!(held <= MAX, "{held}");
        assert!(held > MAX / 2, "{held}: it does keep something");
        assert!(memory.metrics.render().contains(r#"tintype_cache_evictions_total{tier="memory"}"#));
    }

    #[tokio::test]
    async fn nothing_larger_than_the_tier_is_kept() {
        let memory = Memory::new(10_000, Arc::new(Metrics::new()));
        memory.put(VariantKey([1; 32]), rendition(1000)).await;
        memory.put(VariantKey([2; 32]), rendition(10_000)).await;
        assert!(memory.get(&VariantKey([1; 32])).await.is_some());
        assert!(memory.get(&VariantKey([2; 32])).await.is_none());
        let off = Memory::new(0, Arc::new(Metrics::new()));
        off.put(VariantKey([1; 32]), rendition(0)).await;
        assert!(off.get(&VariantKey([1; 32])).await.is_none());
    }
}
