//! Maps a [`VariantKey`] to its [`Rendition`]: from memory, from disk, or by one render for all callers that wait.
//!
//! Errors are never kept here, and a rendition past its lifetime counts as a miss.

pub mod coalesce;
mod disk;
mod entry;
pub mod freshness;
mod key;
mod memory;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::clock::Clock;
use crate::config::CacheConfig;
use crate::telemetry::Metrics;

use coalesce::{Coalescer, LeaderLost, Role};
use disk::{Disk, DiskOptions};
use freshness::Freshness;
use memory::Memory;

pub use key::{ObjectKey, PartKey, VariantKey};

/// One memory hit in this many counts as a use of the copy on disk. Counting all of them would put a lock on the
/// fastest path, and a popular rendition is hit often enough to be counted anyway.
const MEMORY_HITS_PER_TOUCH: u64 = 16;

/// A variant's encoded bytes with type, validators and lifetime. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendition {
    /// The encoded bytes.
    pub body: Bytes,
    /// `Content-Type` of the bytes.
    pub content_type: String,
    /// Strong entity tag of the bytes, quotes included.
    pub etag: String,
    /// When it was rendered; sent as `Last-Modified`.
    pub rendered_at: SystemTime,
    /// Lifetime granted when it was made, in seconds from `rendered_at`.
    pub max_age_s: u64,
    /// The objects that it was made from: its own first, then those used inside it.
    pub objects: Arc<[ObjectKey]>,
}

impl Rendition {
    /// Returns whether it is still within its lifetime at `now`. A lifetime too long to compute never ends.
    #[must_use]
    pub fn is_fresh(&self, now: SystemTime) -> bool {
        self.freshness().holds(now)
    }

    /// Returns since when and for how long it counts.
    #[must_use]
    pub const fn freshness(&self) -> Freshness {
        Freshness { since: self.rendered_at, lasts: Duration::from_secs(self.max_age_s) }
    }
}

/// Where a rendition came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was in memory.
    HitMemory,
    /// It was on disk.
    HitDisk,
    /// It was rendered for this request.
    Miss,
    /// It was already being rendered for another request.
    Coalesced,
}

impl Outcome {
    /// Returns the name used in `X-Cache`, metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HitMemory => "hit-memory",
            Self::HitDisk => "hit-disk",
            Self::Miss => "miss",
            Self::Coalesced => "coalesced",
        }
    }
}

/// Why the cache cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CacheError {
    /// Another process uses the directory.
    #[error("cache.disk_dir: {} is in use by another process", .dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// The directory cannot be created, written or locked.
    #[error("cache.disk_dir: {} cannot be used: {kind}", .dir.display())]
    Unusable {
        /// The directory.
        dir: PathBuf,
        /// The system's reason.
        kind: io::ErrorKind,
    },
}

/// Both tiers and the running renders. `E` is the error of a render, shared by all callers that wait for it.
#[derive(Debug)]
pub struct Cache<E> {
    tiers: Arc<Tiers>,
    renders: Coalescer<VariantKey, (Rendition, Outcome), E>,
}

#[derive(Debug)]
struct Tiers {
    memory: Memory,
    disk: Option<Disk>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    memory_hits: AtomicU64,
}

impl<E: Clone + From<LeaderLost> + Send + Sync + 'static> Cache<E> {
    /// Opens both tiers. Entries that an earlier process left on disk are served at once, even while they are still
    /// being listed.
    ///
    /// # Errors
    /// Returns a [`CacheError`] if a disk tier is configured but cannot be used.
    pub async fn open(
        config: &CacheConfig,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
    ) -> Result<Arc<Self>, CacheError> {
        let options = DiskOptions { bytes_max: config.disk_bytes_max, free_bytes_min: None };
        let disk = match config.disk_dir.clone() {
            Some(dir) => {
                let (clock, metrics) = (clock.clone(), metrics.clone());
                let unusable = CacheError::Unusable { dir: dir.clone(), kind: io::ErrorKind::Other };
                let opening = move || Disk::open(&dir, options, clock, metrics);
                Some(tokio::task::spawn_blocking(opening).await.map_err(|_panic| unusable)??)
            }
            None => None,
        };
        let memory = Memory::new(config.memory_bytes_max, metrics.clone());
        let tiers = Tiers { memory, disk, clock, metrics, memory_hits: AtomicU64::new(0) };
        Ok(Arc::new(Self { tiers: Arc::new(tiers), renders: Coalescer::new() }))
    }

    /// Returns the fresh rendition kept for `key`, with the tier it was found in. Starts nothing.
    #[cfg(test)]
    async fn get(&self, key: &VariantKey) -> Option<(Rendition, Outcome)> {
        self.tiers.get(key).await
    }

    /// Returns the fresh rendition kept for `key` in memory. Starts nothing.
    pub async fn in_memory(&self, key: &VariantKey) -> Option<Rendition> {
        self.tiers.in_memory(key).await
    }

    /// Returns the rendition kept for `key`, or else runs `make` and keeps its result. Callers that request the same
    /// key at the same time share one `make`. It continues if they stop waiting, and it is dropped without being polled
    /// if it is not needed.
    ///
    /// Call after [`Cache::in_memory`] returned `None`.
    ///
    /// # Errors
    /// Returns the error of `make` to every caller that waited, or [`LeaderLost`] as an `E` if `make` panicked. Errors
    /// are not kept.
    pub async fn get_or_render<F>(&self, key: VariantKey, make: F) -> Result<(Rendition, Outcome), E>
    where
        F: Future<Output = Result<Rendition, E>> + Send + 'static,
    {
        let tiers = self.tiers.clone();
        let shared = async move {
            // Looks in memory too, although the caller has done so: another leader may have ended since.
            if let Some(found) = tiers.get(&key).await {
                return Ok(found);
            }
            let rendition = make.await?;
            tiers.put(key, &rendition).await;
            Ok((rendition, Outcome::Miss))
        };
        let (result, role) = self.renders.run(key, shared).await;
        self.tiers.metrics.coalesced("render", role.as_str());
        result.map(|(rendition, outcome)| match (role, outcome) {
            (Role::Follower, Outcome::Miss) => (rendition, Outcome::Coalesced),
            (Role::Follower | Role::Leader, outcome) => (rendition, outcome),
        })
    }

    /// Waits until all renditions made so far are on disk or dropped.
    pub async fn flush(&self) {
        if let Some(disk) = &self.tiers.disk {
            disk.flush().await;
        }
    }

    /// Writes what is waiting and releases the disk directory. Later renditions are kept in memory only.
    pub async fn close(&self) {
        if let Some(disk) = &self.tiers.disk {
            disk.close().await;
        }
    }

    /// Returns the number of running renders.
    #[must_use]
    pub fn renders_in_flight(&self) -> usize {
        self.renders.in_flight()
    }
}

impl Tiers {
    async fn get(&self, key: &VariantKey) -> Option<(Rendition, Outcome)> {
        if let Some(rendition) = self.in_memory(key).await {
            return Some((rendition, Outcome::HitMemory));
        }
        let rendition = self.disk.as_ref()?.get(key).await.filter(|rendition| self.is_fresh(rendition))?;
        self.memory.put(*key, rendition.clone()).await;
        Some((rendition, Outcome::HitDisk))
    }

    async fn in_memory(&self, key: &VariantKey) -> Option<Rendition> {
        let rendition = self.memory.get(key).await.filter(|rendition| self.is_fresh(rendition))?;
        if let Some(disk) = &self.disk
            && self.memory_hits.fetch_add(1, Ordering::Relaxed).is_multiple_of(MEMORY_HITS_PER_TOUCH)
        {
            disk.touch(key);
        }
        Some(rendition)
    }

    /// Keeps a rendition unless its lifetime is zero: in memory before any caller gets it, on disk later.
    async fn put(&self, key: VariantKey, rendition: &Rendition) {
        if rendition.max_age_s == 0 {
            return;
        }
        self.memory.put(key, rendition.clone()).await;
        if let Some(disk) = &self.disk {
            disk.put(key, rendition.clone());
        }
    }

    fn is_fresh(&self, rendition: &Rendition) -> bool {
        rendition.is_fresh(self.clock.now())
    }
}

#[cfg(test)]
mod tests;
