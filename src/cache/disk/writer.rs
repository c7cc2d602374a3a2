//! The one thread that changes the cache directory: it looks through it at start, then writes renditions and makes room
//! for them first, so that the tier is within its bounds at every moment.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;

use super::{Message, Shared, lock};
use crate::cache::key::VariantKey;
use crate::cache::{Rendition, entry};
use crate::telemetry::{CacheTier, DiskFault};

/// Floor of free room where the file system is large enough for it.
const FREE_BYTES_MIN: u64 = 512 << 20;

/// Entries taken into the index at once at start; requests wait for the lock meanwhile.
const SCAN_CHUNK: usize = 1000;

/// The thread's state.
pub(super) struct Writer {
    shared: Arc<Shared>,
    /// Held for as long as the thread may change the directory.
    _lock: File,
}

/// The rendition cannot be kept: it is too large, or there is no room even with everything evicted.
struct NoRoom;

impl Writer {
    pub(super) const fn new(shared: Arc<Shared>, lock: File) -> Self {
        Self { shared, _lock: lock }
    }

    /// Scans, then serves messages until all senders are gone.
    pub(super) fn run(self, mut messages: mpsc::Receiver<Message>) {
        self.scan();
        while let Some(message) = messages.blocking_recv() {
            match message {
                Message::Write(key, number) => self.write(&key, number),
                // Whoever asked may have gone.
                Message::Flush(done) => drop(done.send(())),
            }
        }
    }

    /// Fills the index. Until this is done readers try every file by its name, and renditions to write wait.
    fn scan(&self) {
        let shared = &self.shared;
        if shared.files.remove_leftovers().is_err() {
            shared.metrics.disk_fault(DiskFault::Write);
        }
        match shared.files.scan() {
            Ok((found, directories)) => {
                shared.directories.store(directories, Ordering::Relaxed);
                for part in found.chunks(SCAN_CHUNK) {
                    let mut index = lock(&shared.index);
                    for entry in part {
                        index.insert(entry.key, shared.files.charge(entry.file_bytes), seconds(entry.used_at));
                    }
                }
            }
            Err(error) => {
                tracing::warn!(dir = %shared.files.root().display(), kind = %error.kind(), "disk cache cannot be listed");
                shared.metrics.disk_fault(DiskFault::Read);
            }
        }
        shared.scanned.store(true, Ordering::Release);
        // The bound may have been lowered since the last run.
        let _ = self.make_room(0);
        shared.report(&lock(&shared.index));
    }

    fn write(&self, key: &VariantKey, number: u64) {
        let rendition = lock(&self.shared.pending).get(key, number);
        let Some(rendition) = rendition else { return };
        self.store(key, number, &rendition);
        // Only now, so that readers find the rendition in one place or the other.
        lock(&self.shared.pending).take(key, number);
        self.shared.report(&lock(&self.shared.index));
    }

    fn store(&self, key: &VariantKey, number: u64, rendition: &Rendition) {
        let shared = &self.shared;
        let head = entry::encode_head(key, rendition);
        let charge = shared.files.charge((head.len() + rendition.body.len()) as u64);
        let directory_charge = if shared.files.has_directory(key) { 0 } else { shared.files.directory_charge() };
        if self.make_room(charge + directory_charge).is_err() {
            return;
        }
        let now = shared.clock.now();
        match shared.files.write(key, number, &head, &rendition.body, now) {
            Ok(directory_created) => {
                if directory_created {
                    shared.directories.fetch_add(1, Ordering::Relaxed);
                }
                lock(&shared.index).insert(*key, charge, seconds(now));
            }
            Err(error) => {
                tracing::debug!(dir = %shared.files.root().display(), kind = %error.kind(), "disk cache entry not written");
                shared.metrics.disk_fault(DiskFault::Write);
            }
        }
    }

    /// Evicts until `bytes` more fit both the tier and the file system.
    fn make_room(&self, bytes: u64) -> Result<(), NoRoom> {
        let max = self.shared.options.bytes_max;
        if bytes > max {
            return Err(NoRoom);
        }
        self.evict_while(|taken| taken + bytes > max);
        let missing = self.missing_on_device(bytes);
        if missing == 0 {
            return Ok(());
        }
        self.shared.metrics.disk_fault(DiskFault::NoSpace);
        tracing::debug!(missing, "disk cache gives way: the file system is nearly full");
        let target = self.shared.taken(&lock(&self.shared.index)).saturating_sub(missing);
        self.evict_while(|taken| taken > target);
        if self.missing_on_device(bytes) == 0 { Ok(()) } else { Err(NoRoom) }
    }

    /// How many bytes the file system lacks to take `bytes` more and keep its floor.
    fn missing_on_device(&self, bytes: u64) -> u64 {
        // A system that does not tell has no floor to keep; the write itself will fail when it is full.
        let Ok((free, total)) = self.shared.files.room() else { return 0 };
        let floor = self.shared.options.free_bytes_min.unwrap_or(FREE_BYTES_MIN.min(total / 20));
        (floor + bytes).saturating_sub(free)
    }

    /// Removes the least recently used entries for as long as `too_much` says so of what the tier takes.
    fn evict_while(&self, too_much: impl Fn(u64) -> bool) {
        let mut evicted = 0;
        loop {
            let mut index = lock(&self.shared.index);
            if !too_much(self.shared.taken(&index)) {
                break;
            }
            let Some((key, _)) = index.pop_oldest() else { break };
            drop(index);
            if self.shared.remove_file(&key).is_err() {
                self.shared.metrics.disk_fault(DiskFault::Write);
            }
            evicted += 1;
        }
        if evicted > 0 {
            self.shared.metrics.cache_evicted(CacheTier::Disk, evicted);
        }
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
