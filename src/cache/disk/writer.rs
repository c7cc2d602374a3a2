//! The only thread that adds and evicts entries. It scans the directory at start, then writes renditions. It makes room
//! before each write, so that the tier never exceeds its bounds. Readers only remove damaged entries and update times.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;

use super::{Message, Shared, lock};
use crate::cache::key::VariantKey;
use crate::cache::{Rendition, entry};
use crate::telemetry::{CacheTier, DiskFault};

/// Bytes kept free on a file system that is large enough for that.
const FREE_BYTES_MIN: u64 = 512 << 20;

/// Number of entries added to the index under one lock at start; requests wait for that lock.
const SCAN_CHUNK: usize = 1000;

/// The state of the writer thread.
pub(super) struct Writer {
    shared: Arc<Shared>,
    /// Held as long as the thread may change the directory.
    _lock: File,
}

/// The rendition cannot be kept: it is too large, or there is no room even after evicting everything.
struct NoRoom;

impl Writer {
    pub(super) const fn new(shared: Arc<Shared>, lock: File) -> Self {
        Self { shared, _lock: lock }
    }

    /// Scans the directory, then handles messages until all senders are gone.
    pub(super) fn run(self, mut messages: mpsc::Receiver<Message>) {
        self.scan();
        while let Some(message) = messages.blocking_recv() {
            match message {
                Message::Write(key, number) => self.write(&key, number),
                // The caller may have given up; ignoring the send error is correct.
                Message::Flush(done) => drop(done.send(())),
            }
        }
    }

    /// Fills the index. Until it is filled, readers try to open every file by name, and renditions wait to be written.
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
        // Removed only after the write, so that readers always find the rendition in one place or the other.
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

    /// Evicts entries until `bytes` more fit into both the tier and the file system.
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
        tracing::debug!(missing, "disk cache removes renditions: the file system is nearly full");
        let target = self.shared.taken(&lock(&self.shared.index)).saturating_sub(missing);
        self.evict_while(|taken| taken > target);
        if self.missing_on_device(bytes) == 0 { Ok(()) } else { Err(NoRoom) }
    }

    /// Returns how many bytes the file system lacks to hold `bytes` more and keep its floor free.
    fn missing_on_device(&self, bytes: u64) -> u64 {
        // If the system does not report its free space, there is no floor; on a full device the write itself fails.
        let Ok((free, total)) = self.shared.files.room() else { return 0 };
        let floor = self.shared.options.free_bytes_min.unwrap_or(FREE_BYTES_MIN.min(total / 20));
        (floor + bytes).saturating_sub(free)
    }

    /// Evicts the least recently used entries as long as `too_much` returns true for the bytes that the tier takes.
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
