//! The files of the disk tier: where they are, how they are written atomically, and how they are found at start.
//!
//! ```text
//! <disk_dir>/lock                 held by the process that owns the directory
//! <disk_dir>/new/<number>         being written; leftovers are removed at start
//! <disk_dir>/entries/7f/7f03…     one entry per file, named by its key, in 256 directories
//! ```
//!
//! Entries are not synced to the device: an entry that a power cut truncates fails its checksum and is rendered again,
//! which costs less than a flush for every rendition.

use crate::cache::key::VariantKey;

use std::fs::{self, DirBuilder, File, FileTimes, OpenOptions};
use std::io::{self, IoSlice, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;

/// Bytes that the name of an entry takes in its directory: a record of 72 bytes, in directories that are three quarters
/// full.
const NAME_BYTES: u64 = 96;

/// The paths inside one cache directory.
#[derive(Clone, Debug)]
pub(super) struct Files {
    root: PathBuf,
    block_bytes: u64,
}

/// An entry found at start.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FoundEntry {
    pub(super) key: VariantKey,
    pub(super) file_bytes: u64,
    pub(super) used_at: SystemTime,
}

impl Files {
    /// Creates the missing parts of the directory and locks it for this process. The lock lasts as long as the returned
    /// file.
    ///
    /// # Errors
    /// Returns `WouldBlock` if another process holds the lock, and other errors as the system reports them.
    pub(super) fn open(root: &Path) -> io::Result<(Self, File)> {
        for directory in [root.to_owned(), root.join("new"), root.join("entries")] {
            create_directory(&directory)?;
        }
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(root.join("lock"))?;
        lock.try_lock()?;
        let block_bytes = rustix::fs::statvfs(root)?.f_frsize.clamp(512, 1 << 20);
        Ok((Self { root: root.to_owned(), block_bytes }, lock))
    }

    /// Returns the cache directory.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the bytes that a file of `file_bytes` takes on the device: whole blocks, and its name.
    pub(super) const fn charge(&self, file_bytes: u64) -> u64 {
        file_bytes.div_ceil(self.block_bytes) * self.block_bytes + NAME_BYTES
    }

    /// Returns the bytes that a directory takes, apart from the names in it.
    pub(super) const fn directory_charge(&self) -> u64 {
        self.block_bytes
    }

    /// Returns the free and the total bytes of the file system.
    pub(super) fn room(&self) -> io::Result<(u64, u64)> {
        let room = rustix::fs::statvfs(&self.root)?;
        Ok((room.f_bavail.saturating_mul(room.f_frsize), room.f_blocks.saturating_mul(room.f_frsize)))
    }

    /// Reads an entry and keeps the file open so that its mtime can be updated.
    pub(super) fn read(&self, key: &VariantKey, bytes_max: u64) -> io::Result<(Bytes, File)> {
        let mut file = File::open(self.entry(key))?;
        let length = file.metadata()?.len();
        if length > bytes_max {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0).saturating_add(1));
        // Reads one byte more than expected, to detect a file that has grown.
        (&mut file).take(length + 1).read_to_end(&mut bytes)?;
        Ok((Bytes::from(bytes), file))
    }

    /// Records the time of an entry's use as the mtime of its file, so that the order of use survives a restart.
    pub(super) fn stamp(file: &File, now: SystemTime) -> io::Result<()> {
        file.set_times(FileTimes::new().set_modified(now))
    }

    /// Puts an entry in place atomically and returns whether that created a directory. `number` is unique among the
    /// writes in progress.
    pub(super) fn write(
        &self,
        key: &VariantKey,
        number: u64,
        head: &[u8],
        body: &[u8],
        now: SystemTime,
    ) -> io::Result<bool> {
        let temporary = self.root.join("new").join(number.to_string());
        let written = write_new(&temporary, head, body, now).and_then(|()| self.rename(&temporary, key));
        if written.is_err() {
            // Report the first error. A temporary file that cannot be removed is removed at the next start.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// Removes an entry, and its directory if that is then empty; returns whether the directory was removed. An entry
    /// that is already gone is not an error.
    pub(super) fn remove(&self, key: &VariantKey) -> io::Result<bool> {
        let entry = self.entry(key);
        match fs::remove_file(&entry) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
            // The system refuses this while the directory has other entries, which is nearly always the case.
            Ok(()) => Ok(entry.parent().is_some_and(|directory| fs::remove_dir(directory).is_ok())),
        }
    }

    /// Removes the half-written files of earlier processes.
    pub(super) fn remove_leftovers(&self) -> io::Result<()> {
        for file in fs::read_dir(self.root.join("new"))?.flatten() {
            if file.file_type().is_ok_and(|kind| kind.is_file()) {
                fs::remove_file(file.path())?;
            }
        }
        Ok(())
    }

    /// Returns all entries, least recently used first, and the number of their directories. Leaves files alone whose
    /// names are not ours, and skips unreadable ones.
    pub(super) fn scan(&self) -> io::Result<(Vec<FoundEntry>, u64)> {
        let mut found = Vec::new();
        let mut directories = 0;
        for shard in fs::read_dir(self.root.join("entries"))?.flatten() {
            let Ok(files) = fs::read_dir(shard.path()) else { continue };
            directories += 1;
            found.extend(files.flatten().filter_map(|file| entry_at(&shard.file_name().to_string_lossy(), &file)));
        }
        found.sort_unstable_by_key(|entry| entry.used_at);
        Ok((found, directories))
    }

    /// Returns whether the directory of an entry exists.
    pub(super) fn has_directory(&self, key: &VariantKey) -> bool {
        self.entry(key).parent().is_some_and(Path::is_dir)
    }

    fn rename(&self, temporary: &Path, key: &VariantKey) -> io::Result<bool> {
        let entry = self.entry(key);
        let directory = entry.parent().expect("entries are inside a directory");
        let mut created = false;
        loop {
            match fs::rename(temporary, &entry) {
                Ok(()) => return Ok(created),
                Err(error) if error.kind() == io::ErrorKind::NotFound && !created => {
                    create_directory(directory)?;
                    created = true;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn entry(&self, key: &VariantKey) -> PathBuf {
        let name = key.to_string();
        self.root.join("entries").join(&name[..2]).join(name)
    }
}

/// Creates a directory that other users of the machine cannot read, because renditions may be of private images.
fn create_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn write_new(path: &Path, head: &[u8], body: &[u8], now: SystemTime) -> io::Result<()> {
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
    // One call writes both parts in nearly all cases.
    let written = file.write_vectored(&[IoSlice::new(head), IoSlice::new(body)])?;
    file.write_all(head.get(written..).unwrap_or_default())?;
    file.write_all(body.get(written.saturating_sub(head.len())..).unwrap_or_default())?;
    Files::stamp(&file, now)
}

fn entry_at(shard: &str, file: &fs::DirEntry) -> Option<FoundEntry> {
    let key = key_named(file.file_name().to_str()?)?;
    let metadata = file.metadata().ok().filter(fs::Metadata::is_file)?;
    let used_at = metadata.modified().ok()?;
    key.to_string().starts_with(shard).then_some(FoundEntry { key, file_bytes: metadata.len(), used_at })
}

/// Parses the key in a file name: 64 lower-case hexadecimal digits.
fn key_named(name: &str) -> Option<VariantKey> {
    let digits = name.as_bytes();
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _other => None,
    };
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let mut key = [0; 32];
    if pairs.len() != key.len() {
        return None;
    }
    for (byte, [high, low]) in key.iter_mut().zip(pairs) {
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(VariantKey(key))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn only_file_names_that_are_keys_are_accepted() {
        let key = VariantKey(std::array::from_fn(|n| n as u8 * 7));
        assert_eq!(key_named(&key.to_string()), Some(key));
        let hex = key.to_string();
        for name in ["", "lock", &hex[1..], &format!("{hex}0"), &hex.to_uppercase(), &hex.replace('0', "g")] {
            assert_eq!(key_named(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_written_is_found_again_oldest_use_first() {
        let dir = tempfile::tempdir().unwrap();
        let (files, _lock) = Files::open(dir.path()).unwrap();
        for (n, used) in [(1, 30), (2, 10), (3, 20)] {
            files.write(&VariantKey([n; 32]), u64::from(n), b"head", &[n; 10], at(used)).unwrap();
        }
        let (bytes, file) = files.read(&VariantKey([1; 32]), 100).unwrap();
        assert_eq!(&bytes[..6], b"head\x01\x01");
        Files::stamp(&file, at(15)).unwrap();
        assert_eq!(files.read(&VariantKey([1; 32]), 13).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        // Files of others survive, leftovers do not.
        fs::write(dir.path().join("entries/01/notes.txt"), "mine").unwrap();
        fs::write(dir.path().join("entries/readme"), "mine").unwrap();
        fs::write(dir.path().join("new/9"), "torn").unwrap();
        files.remove_leftovers().unwrap();
        assert_eq!(fs::read_dir(dir.path().join("new")).unwrap().count(), 0);
        let (found, directories) = files.scan().unwrap();
        assert_eq!(directories, 3);
        let order: Vec<_> = found.iter().map(|entry| (entry.key.0[0], entry.file_bytes, entry.used_at)).collect();
        assert_eq!(order, [(2, 14, at(10)), (1, 14, at(15)), (3, 14, at(20))]);
        assert!(!files.remove(&VariantKey([1; 32])).unwrap(), "somebody's notes are still there");
        assert!(!files.remove(&VariantKey([1; 32])).unwrap(), "it is gone");
        assert!(files.remove(&VariantKey([2; 32])).unwrap());
        let (found, directories) = files.scan().unwrap();
        assert_eq!((found.len(), directories), (1, 2));
        assert!(dir.path().join("entries/01/notes.txt").exists());
    }

    #[test]
    fn a_directory_has_one_owner() {
        let dir = tempfile::tempdir().unwrap();
        let (_files, lock) = Files::open(dir.path()).unwrap();
        assert_eq!(Files::open(dir.path()).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(lock);
        Files::open(dir.path()).unwrap();
    }
}
