//! Renditions on disk: bounded by bytes, the least recently used evicted first, warm after a restart.
//!
//! Reading happens on blocking threads, all writing, evicting and the scan at start on one thread of the tier's own.
//! Whatever the disk does, a reader gets the rendition that was stored or none: faults are counted and cost a miss.

mod files;
mod index;
mod writer;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use tokio::sync::{Semaphore, mpsc, oneshot};

use super::{CacheError, Rendition, entry};
use crate::cache::key::VariantKey;
use crate::clock::Clock;
use crate::telemetry::{CacheTier, DiskFault, Metrics};

use files::Files;
use index::{Index, Used};

/// Renditions that may wait to be written; more are not kept on disk.
const PENDING_MAX: usize = 1024;
/// What they may hold together.
const PENDING_BYTES_MAX: u64 = 64 << 20;
/// Entries read at once; more wait. Each holds a blocking thread and a whole entry in memory.
const READS_MAX: usize = 32;

/// Bounds of the tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DiskOptions {
    /// What all entries may take, blocks, names and directories included.
    pub(super) bytes_max: u64,
    /// Room to leave on the file system for others: the tier shrinks rather than take it. `None`: 512 MiB, or a
    /// twentieth of a file system too small for that.
    pub(super) free_bytes_min: Option<u64>,
}

/// The tier. Dropping it lets the writer finish in the background; [`Disk::close`] waits for it.
#[derive(Debug)]
pub(super) struct Disk {
    shared: Arc<Shared>,
    messages: Mutex<Option<mpsc::Sender<Message>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    reads: Semaphore,
}

/// What readers and the writer have in common.
#[derive(Debug)]
struct Shared {
    files: Files,
    options: DiskOptions,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    index: Mutex<Index>,
    /// Set once the index holds everything that is on disk.
    scanned: AtomicBool,
    pending: Mutex<Pending>,
    /// Directories that exist below `entries/`.
    directories: AtomicU64,
}

/// Renditions on their way to disk, found by readers as if they were there already.
#[derive(Debug, Default)]
struct Pending {
    renditions: HashMap<VariantKey, (u64, Rendition)>,
    bytes: u64,
    last_number: u64,
}

#[derive(Debug)]
enum Message {
    /// Write the pending rendition of this key and number.
    Write(VariantKey, u64),
    /// Answer once everything before has been written.
    Flush(oneshot::Sender<()>),
}

impl Disk {
    /// Takes possession of `dir` and starts the writer, which first looks through what is there. Returns at once.
    ///
    /// # Errors
    /// [`CacheError`] when another process owns the directory or it cannot be used.
    pub(super) fn open(
        dir: &Path,
        options: DiskOptions,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, CacheError> {
        let (files, lock) = Files::open(dir).map_err(|error| {
            let kind = error.kind();
            let dir = dir.to_owned();
            if kind == io::ErrorKind::WouldBlock {
                CacheError::Locked { dir }
            } else {
                CacheError::Unusable { dir, kind }
            }
        })?;
        let shared = Arc::new(Shared {
            files,
            options,
            clock,
            metrics,
            index: Mutex::default(),
            scanned: AtomicBool::new(false),
            pending: Mutex::default(),
            directories: AtomicU64::new(0),
        });
        let (sender, receiver) = mpsc::channel(PENDING_MAX);
        let writer = writer::Writer::new(shared.clone(), lock);
        let writer = std::thread::Builder::new()
            .name("disk-cache".to_owned())
            .spawn(move || writer.run(receiver))
            .map_err(|error| CacheError::Unusable { dir: dir.to_owned(), kind: error.kind() })?;
        Ok(Self {
            shared,
            messages: Mutex::new(Some(sender)),
            writer: Mutex::new(Some(writer)),
            reads: Semaphore::new(READS_MAX),
        })
    }

    /// The rendition stored for `key`, however old.
    pub(super) async fn get(&self, key: &VariantKey) -> Option<Rendition> {
        if let Some((_, rendition)) = lock(&self.shared.pending).renditions.get(key) {
            return Some(rendition.clone());
        }
        // Read before the index, so that an entry found by the scan in between is not missed.
        let scanned = self.shared.scanned.load(Ordering::Acquire);
        let used = lock(&self.shared.index).touch(key, self.shared.clock.unix_seconds());
        if used == Used::Unknown && scanned {
            return None;
        }
        let _permit = self.reads.acquire().await.ok()?;
        let (shared, key) = (self.shared.clone(), *key);
        tokio::task::spawn_blocking(move || shared.read(&key, used)).await.ok()?
    }

    /// Has `rendition` written in the background, or drops it when too much waits already.
    pub(super) fn put(&self, key: VariantKey, rendition: Rendition) {
        let messages = lock(&self.messages).clone();
        let Some(number) = lock(&self.shared.pending).add(key, rendition) else {
            return self.shared.metrics.cache_write_dropped();
        };
        let sent = messages.is_some_and(|messages| messages.try_send(Message::Write(key, number)).is_ok());
        if !sent {
            lock(&self.shared.pending).take(&key, number);
            self.shared.metrics.cache_write_dropped();
        }
    }

    /// Notes that an entry is in use though it was served from memory, so that what memory holds longest is not what
    /// disk evicts first.
    pub(super) fn touch(&self, key: &VariantKey) {
        // The answer asks for a stamp now and then; without an open file that waits for the next read.
        lock(&self.shared.index).touch(key, 0);
    }

    /// Waits until everything put so far is on disk or dropped.
    pub(super) async fn flush(&self) {
        let messages = lock(&self.messages).clone();
        let (done, written) = oneshot::channel();
        if let Some(messages) = messages
            && messages.send(Message::Flush(done)).await.is_ok()
        {
            // An error means that the writer has ended, and with it everything that waited.
            let _ = written.await;
        }
    }

    /// Writes what waits, ends the writer and releases the directory. Later renditions are dropped.
    pub(super) async fn close(&self) {
        self.flush().await;
        drop(lock(&self.messages).take());
        let writer = lock(&self.writer).take();
        if let Some(writer) = writer {
            // A panic of the writer has been printed by its thread, and the process is on its way out.
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
    }
}

impl Shared {
    /// Reads and checks an entry; one that is not intact is removed.
    fn read(&self, key: &VariantKey, used: Used) -> Option<Rendition> {
        let (bytes, file) = match self.files.read(key, self.options.bytes_max) {
            Ok(read) => read,
            Err(error) => {
                let (missing, too_large) = (io::ErrorKind::NotFound, io::ErrorKind::FileTooLarge);
                if error.kind() != missing {
                    let corrupt = error.kind() == too_large;
                    self.metrics.disk_fault(if corrupt { DiskFault::Corrupt } else { DiskFault::Read });
                }
                // On any other error the entry may be fine, and the process out of descriptors.
                if error.kind() == missing || error.kind() == too_large {
                    self.forget(key);
                }
                return None;
            }
        };
        let Ok(rendition) = entry::decode(key, &bytes) else {
            self.metrics.disk_fault(DiskFault::Corrupt);
            self.forget(key);
            return None;
        };
        if used != Used::Known {
            // Only the order of eviction after a restart depends on it.
            let _ = Files::stamp(&file, self.clock.now());
        }
        Some(rendition)
    }

    /// Removes an entry's file and what the index knows of it, under one lock, so that an entry the writer puts in place
    /// meanwhile is either gone or known.
    fn forget(&self, key: &VariantKey) {
        let mut index = lock(&self.index);
        index.remove(key);
        // A file that cannot be removed stays unknown: the next scan finds it again.
        let _ = self.remove_file(key);
        self.report(&index);
    }

    fn remove_file(&self, key: &VariantKey) -> io::Result<()> {
        if self.files.remove(key)? {
            self.directories.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// What the tier takes on the device.
    fn taken(&self, index: &Index) -> u64 {
        index.bytes() + self.directories.load(Ordering::Relaxed) * self.files.directory_charge()
    }

    fn report(&self, index: &Index) {
        self.metrics.cache_sized(CacheTier::Disk, self.taken(index), index.len() as u64);
    }
}

impl Pending {
    /// Takes a rendition in and gives it a number, unless there are too many.
    fn add(&mut self, key: VariantKey, rendition: Rendition) -> Option<u64> {
        let bytes = rendition.body.len() as u64;
        if self.renditions.len() >= PENDING_MAX || self.bytes + bytes > PENDING_BYTES_MAX {
            return None;
        }
        self.last_number += 1;
        self.bytes += bytes;
        if let Some((_, replaced)) = self.renditions.insert(key, (self.last_number, rendition)) {
            self.bytes -= replaced.body.len() as u64;
        }
        Some(self.last_number)
    }

    /// The rendition of this number, if a later one has not taken its place.
    fn get(&self, key: &VariantKey, number: u64) -> Option<Rendition> {
        self.renditions.get(key).filter(|(pending, _)| *pending == number).map(|(_, rendition)| rendition.clone())
    }

    /// Removes the rendition of this number.
    fn take(&mut self, key: &VariantKey, number: u64) {
        if let Some(rendition) = self.get(key, number) {
            self.renditions.remove(key);
            self.bytes -= rendition.body.len() as u64;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder of this lock can panic")
}

#[cfg(test)]
mod tests;
