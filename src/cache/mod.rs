//! [`VariantKey`] -> [`Rendition`]: memory, then disk, then one render for all who wait.
//!
//! Errors are never kept here, and a rendition past its lifetime is a miss.

pub mod coalesce;
mod disk;
mod entry;
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
use memory::Memory;

pub use key::{ObjectKey, PartKey, VariantKey};

/// One memory hit in this many counts as use of the copy on disk. Counting all of them would put a lock on the fastest
/// path; what is hot is hit often enough to be counted anyway.
const MEMORY_HITS_PER_TOUCH: u64 = 16;

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
    /// The objects that it was made of: its own first, then those that went into it.
    pub objects: Arc<[ObjectKey]>,
}

impl Rendition {
    /// Whether its lifetime lasts at `now`. A lifetime too long to compute does.
    #[must_use]
    pub fn is_fresh(&self, now: SystemTime) -> bool {
        self.rendered_at.checked_add(Duration::from_secs(self.max_age_s)).is_none_or(|end| now < end)
    }
}

/// Where a rendition came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was in memory.
    HitMemory,
    /// It was on disk.
    HitDisk,
    /// It was made for this request.
    Miss,
    /// It was being made for another request.
    Coalesced,
}

impl Outcome {
    /// As in `X-Cache`, metrics and logs.
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
        /// What the system says.
        kind: io::ErrorKind,
    },
}

/// Both tiers and the renders under way. `E` is the error of a render, shared by all who wait for it.
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
    /// Opens both tiers. What an earlier process left on disk is served at once, while it is still being listed.
    ///
    /// # Errors
    /// [`CacheError`] when the disk tier is asked for and cannot be had.
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

    /// The fresh rendition kept for `key`, with the tier it was found in. Starts nothing.
    #[cfg(test)]
    async fn get(&self, key: &VariantKey) -> Option<(Rendition, Outcome)> {
        self.tiers.get(key).await
    }

    /// The fresh rendition kept for `key` in memory. Starts nothing.
    pub async fn in_memory(&self, key: &VariantKey) -> Option<Rendition> {
        self.tiers.in_memory(key).await
    }

    /// The rendition kept for `key`, or else what `make` returns, which is then kept. All who ask for one key at the same
    /// time share one `make`; it goes on when they stop waiting, and is dropped unpolled when it is not needed.
    ///
    /// For those whom [`Cache::in_memory`] left with nothing: whoever is in a hurry has asked that before.
    ///
    /// # Errors
    /// What `make` returned, to everyone who waited; [`LeaderLost`] as an `E` when it panicked. Not kept.
    pub async fn get_or_render<F>(&self, key: VariantKey, make: F) -> Result<(Rendition, Outcome), E>
    where
        F: Future<Output = Result<Rendition, E>> + Send + 'static,
    {
        let tiers = self.tiers.clone();
        let shared = async move {
            // Memory too, although the caller has asked it: another leader may have ended since.
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

    /// Waits until all renditions made so far are on disk.
    pub async fn flush(&self) {
        if let Some(disk) = &self.tiers.disk {
            disk.flush().await;
        }
    }

    /// Writes what waits and releases the disk directory; later renditions are kept in memory only.
    pub async fn close(&self) {
        if let Some(disk) = &self.tiers.disk {
            disk.close().await;
        }
    }

    /// Renders under way.
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

    /// Keeps a rendition, unless it has no lifetime. In memory before anybody is told of it, on disk later.
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
