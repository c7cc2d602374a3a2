//! Bytes in sealed shared memory: an original sent to a worker, or a rendition sent back.
//!
//! Contains the only `unsafe` outside `vips/` and the sandbox: it maps a memfd. That is sound because the file is
//! sealed against shrinking and writing before it is mapped, and the kernel enforces the seals for every process that
//! holds the file.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use bytes::Bytes;
use memmap2::Mmap;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, memfd_create};

const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::WRITE).union(SealFlags::SEAL);

/// Immutable bytes in a sealed memfd, mapped into this process. Cheap to clone.
#[derive(Clone)]
pub struct Blob(Arc<Inner>);

struct Inner {
    file: OwnedFd,
    /// `None` if there are no bytes, because an empty range cannot be mapped.
    map: Option<Mmap>,
}

/// A memfd that is still being written.
#[derive(Debug)]
pub struct BlobWriter {
    file: File,
    len: u64,
}

impl BlobWriter {
    /// Creates an empty memfd.
    ///
    /// # Errors
    /// Returns an error if the kernel has no memory or descriptor left.
    pub fn new() -> io::Result<Self> {
        let fd = memfd_create("tintype", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        Ok(Self { file: File::from(fd), len: 0 })
    }

    /// Returns the number of bytes written so far.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Returns whether nothing has been written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Seals what was written and maps it.
    ///
    /// # Errors
    /// Returns an error if sealing or mapping fails.
    pub fn finish(self) -> io::Result<Blob> {
        fcntl_add_seals(&self.file, SEALS)?;
        Blob::from_sealed(OwnedFd::from(self.file))
    }
}

impl Write for BlobWriter {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.file.write(buf)?;
        self.len += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Blob {
    /// Copies `bytes` into a new sealed memfd.
    ///
    /// # Errors
    /// Returns the errors of [`BlobWriter::new`] and [`BlobWriter::finish`].
    pub fn copy_from(bytes: &[u8]) -> io::Result<Self> {
        let mut writer = BlobWriter::new()?;
        writer.write_all(bytes)?;
        writer.finish()
    }

    /// Maps a memfd that another process wrote and sealed.
    ///
    /// # Errors
    /// Returns `InvalidData` if the seals are missing: without them the other side could change or truncate the bytes
    /// while we read them.
    pub fn from_sealed(file: OwnedFd) -> io::Result<Self> {
        let seals = fcntl_get_seals(&file)?;
        if !seals.contains(SealFlags::SHRINK | SealFlags::WRITE) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "shared memory is not sealed"));
        }
        let len = rustix::fs::fstat(&file)?.st_size;
        let map = if len > 0 {
            // SAFETY: the seals checked above forbid, in every process, any later write to or shrinking of the file, so
            // the mapped bytes neither change nor vanish for as long as the mapping lives.
            Some(unsafe { Mmap::map(&file) }?)
        } else {
            None
        };
        Ok(Self(Arc::new(Inner { file, map })))
    }

    /// Does the same as [`Blob::from_sealed`] for at most `bytes_max` bytes, so that what a worker sends is mapped only
    /// after its length is known.
    ///
    /// # Errors
    /// Returns `FileTooLarge` above the bound, and otherwise the errors of [`Blob::from_sealed`].
    pub fn from_sealed_within(file: OwnedFd, bytes_max: u64) -> io::Result<Self> {
        // GROW is checked as well, because only with it is the length final.
        if !fcntl_get_seals(&file)?.contains(SEALS.difference(SealFlags::SEAL)) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "shared memory is not sealed"));
        }
        match u64::try_from(rustix::fs::fstat(&file)?.st_size) {
            Ok(len) if len <= bytes_max => Self::from_sealed(file),
            Ok(_) | Err(_) => Err(io::Error::from(io::ErrorKind::FileTooLarge)),
        }
    }

    /// Returns the bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.0.map.as_deref().unwrap_or_default()
    }

    /// Returns the number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Returns whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.map.is_none()
    }

    /// Returns the same bytes for an HTTP body, which may be kept for a long time. Copies small ones to the heap,
    /// because a process may hold only some 65,000 mappings. Large ones stay in the shared memory, but their descriptor
    /// is closed if no clone uses it, because a process may have far fewer descriptors.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        const COPY_BELOW: usize = 256 * 1024;
        if self.len() < COPY_BELOW {
            return Bytes::copy_from_slice(self.as_slice());
        }
        match Arc::try_unwrap(self.0) {
            Ok(Inner { file: _closed, map: Some(map) }) => Bytes::from_owner(map),
            Ok(Inner { map: None, .. }) => Bytes::new(),
            Err(shared) => Bytes::from_owner(Self(shared)),
        }
    }
}

impl AsRef<[u8]> for Blob {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl AsFd for Blob {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.file.as_fd()
    }
}

impl std::fmt::Debug for Blob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blob").field("len", &self.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_bytes_come_back_and_the_file_is_sealed() {
        let blob = Blob::copy_from(b"abc").unwrap();
        assert_eq!(blob.as_slice(), b"abc");
        let again = Blob::from_sealed(rustix::io::dup(&blob).unwrap()).unwrap();
        assert_eq!(again.as_slice(), b"abc");
        assert!(rustix::io::write(&blob, b"x").is_err(), "a sealed file refuses writes");
        assert!(Blob::copy_from(b"").unwrap().is_empty());
    }

    #[test]
    fn unsealed_memory_is_refused() {
        let fd = memfd_create("t", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
        assert_eq!(Blob::from_sealed(fd).unwrap_err().kind(), io::ErrorKind::InvalidData);
        let ordinary = OwnedFd::from(File::open("/dev/null").unwrap());
        assert!(Blob::from_sealed(ordinary).is_err(), "only a memfd has seals");
    }

    #[test]
    fn the_limit_applies_to_the_final_length() {
        let check = |bytes_max| {
            let blob = Blob::copy_from(b"four").unwrap();
            Blob::from_sealed_within(rustix::io::dup(&blob).unwrap(), bytes_max).map(|b| b.len()).map_err(|e| e.kind())
        };
        assert_eq!(check(4), Ok(4));
        assert_eq!(check(3), Err(io::ErrorKind::FileTooLarge));

        let growable = memfd_create("t", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
        fcntl_add_seals(&growable, SealFlags::SHRINK | SealFlags::WRITE).unwrap();
        assert_eq!(Blob::from_sealed_within(growable, 9).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
