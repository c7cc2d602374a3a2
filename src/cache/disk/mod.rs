//! Renditions on disk: bounded by bytes, with the least recently used evicted first, and still there after a restart.
//!
//! Reads run on blocking threads. One thread of the tier does all writes, evictions and the scan at start. Whatever the
//! disk does, a reader gets either the rendition that was stored or nothing: faults are counted and cost a miss.

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

/// Most renditions that may wait to be written; further renditions are not kept on disk.
const PENDING_MAX: usize = 1024;
/// Most bytes that the waiting renditions may take together.
const PENDING_BYTES_MAX: u64 = 64 << 20;
/// Most entries read at once; further reads wait. Each read occupies a blocking thread and holds a whole entry in
/// memory.
const READS_MAX: usize = 32;

/// Bounds of the disk tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DiskOptions {
    /// Most bytes that all entries may take, including blocks, names and directories.
    pub(super) bytes_max: u64,
    /// Bytes to leave free on the file system for others; the tier shrinks rather than use them. `None` means 512 MiB,
    /// or a twentieth of the file system if it is too small for that.
    pub(super) free_bytes_min: Option<u64>,
}

/// The disk tier. If it is dropped, the writer finishes in the background; [`Disk::close`] waits for the writer.
#[derive(Debug)]
pub(super) struct Disk {
    shared: Arc<Shared>,
    messages: Mutex<Option<mpsc::Sender<Message>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    reads: Semaphore,
}

/// What readers and the writer share.
#[derive(Debug)]
struct Shared {
    files: Files,
    options: DiskOptions,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    index: Mutex<Index>,
    /// Whether the index holds everything that is on disk.
    scanned: AtomicBool,
    pending: Mutex<Pending>,
    /// Number of directories that exist below `entries/`.
    directories: AtomicU64,
}

/// Renditions that wait to be written. Readers find them as if they were on disk already.
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
    /// Answer once all earlier messages have been handled.
    Flush(oneshot::Sender<()>),
}

impl Disk {
    /// Locks `dir` and starts the writer, which first scans the directory. Returns at once.
    ///
    /// # Errors
    /// Returns a [`CacheError`] if another process owns the directory or it cannot be used.
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

    /// Returns the rendition stored for `key`, however old it is.
    pub(super) async fn get(&self, key: &VariantKey) -> Option<Rendition> {
        if let Some((_, rendition)) = lock(&self.shared.pending).renditions.get(key) {
            return Some(rendition.clone());
        }
        // Read this flag before the index, so that an entry that the scan finds in between is not missed.
        let scanned = self.shared.scanned.load(Ordering::Acquire);
        let used = lock(&self.shared.index).touch(key, self.shared.clock.unix_seconds());
        if used == Used::Unknown && scanned {
            return None;
        }
        let _permit = self.reads.acquire().await.ok()?;
        let (shared, key) = (self.shared.clone(), *key);
        tokio::task::spawn_blocking(move || shared.read(&key, used)).await.ok()?
    }

    /// Queues `rendition` to be written in the background, or drops it if too much is already waiting.
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

    /// Marks an entry as used although it was served from memory, so that disk does not evict first what memory keeps
    /// longest.
    pub(super) fn touch(&self, key: &VariantKey) {
        // No file is open, so the result is ignored. The time 0 makes the next read from disk update the file's time.
        lock(&self.shared.index).touch(key, 0);
    }

    /// Waits until everything queued so far is on disk or dropped.
    pub(super) async fn flush(&self) {
        let messages = lock(&self.messages).clone();
        let (done, written) = oneshot::channel();
        if let Some(messages) = messages
            && messages.send(Message::Flush(done)).await.is_ok()
        {
            // An error means that the writer has ended and dropped everything that waited.
            let _ = written.await;
        }
    }

    /// Writes what is waiting, ends the writer and releases the directory. Later renditions are dropped.
    pub(super) async fn close(&self) {
        self.flush().await;
        drop(lock(&self.messages).take());
        let writer = lock(&self.writer).take();
        if let Some(writer) = writer {
            // The writer's thread has already printed its panic, and the process is about to exit.
            let _ = tokio::task::spawn_blocking(move || writer.join()).await;
        }
    }
}

impl Shared {
    /// Reads and checks an entry. An entry that is not intact is removed.
    fn read(&self, key: &VariantKey, used: Used) -> Option<Rendition> {
        let (bytes, file) = match self.files.read(key, self.options.bytes_max) {
            Ok(read) => read,
            Err(error) => {
                let (missing, too_large) = (io::ErrorKind::NotFound, io::ErrorKind::FileTooLarge);
                if error.kind() != missing {
                    let corrupt = error.kind() == too_large;
                    self.metrics.disk_fault(if corrupt { DiskFault::Corrupt } else { DiskFault::Read });
                }
                // After any other error the entry may be fine; the process may be out of descriptors, for example.
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
            // A failure affects only the order of eviction after a restart.
            let _ = Files::stamp(&file, self.clock.now());
        }
        Some(rendition)
    }

    /// Removes an entry from disk and from the index under one lock, so that an entry that the writer puts in place at
    /// the same time is either removed or in the index.
    fn forget(&self, key: &VariantKey) {
        let mut index = lock(&self.index);
        index.remove(key);
        // A file that cannot be removed stays out of the index until the next scan finds it.
        let _ = self.remove_file(key);
        self.report(&index);
    }

    fn remove_file(&self, key: &VariantKey) -> io::Result<()> {
        if self.files.remove(key)? {
            self.directories.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Returns the bytes that the tier takes on the device.
    fn taken(&self, index: &Index) -> u64 {
        index.bytes() + self.directories.load(Ordering::Relaxed) * self.files.directory_charge()
    }

    fn report(&self, index: &Index) {
        self.metrics.cache_sized(CacheTier::Disk, self.taken(index), index.len() as u64);
    }
}

impl Pending {
    /// Adds a rendition and returns its number, or returns `None` if too much is waiting.
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

    /// Returns the rendition of this number, unless a later one has replaced it.
    fn get(&self, key: &VariantKey, number: u64) -> Option<Rendition> {
        self.renditions.get(key).filter(|(pending, _)| *pending == number).map(|(_, rendition)| rendition.clone())
    }

    /// Removes the rendition of this number, unless a later one has replaced it.
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
