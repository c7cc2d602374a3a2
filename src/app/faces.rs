//! Remembers the faces that workers found, so that a detector searches an original once, however many renditions are
//! made of it, one after the other or at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use moka::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::sync::OwnedMutexGuard;

use crate::blob::Blob;
use crate::cache::ObjectKey;
use crate::plan::FaceSearch;
use crate::render::faces::Face;

/// Maximum bytes of all remembered answers: enough for about a hundred thousand portraits.
const BYTES_MAX: u64 = 16 << 20;
/// Bookkeeping bytes per answer, in addition to its faces.
const ENTRY_BYTES: usize = 160;

/// What was searched for, and where. A changed object has different bytes, so an answer never goes stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    /// The object, so that its answers can be forgotten.
    pub(super) object: ObjectKey,
    /// SHA-256 of the object's bytes.
    bytes: [u8; 32],
    search: FaceSearch,
}

/// Known answers, and searches in progress.
#[derive(Debug)]
pub(super) struct KnownFaces {
    kept: Cache<Place, Arc<Vec<Face>>>,
    /// Searches in progress. The task that searches holds the lock.
    under_way: Mutex<HashMap<Place, Weak<tokio::sync::Mutex<()>>>>,
}

/// Held while a task searches.
pub(super) type Search = OwnedMutexGuard<()>;

impl KnownFaces {
    pub(super) fn new() -> Self {
        let weigh = |_: &Place, faces: &Arc<Vec<Face>>| {
            u32::try_from(size_of_val(faces.as_slice()) + ENTRY_BYTES).unwrap_or(u32::MAX)
        };
        let kept = Cache::builder().max_capacity(BYTES_MAX).weigher(weigh).build();
        Self { kept, under_way: Mutex::default() }
    }

    /// Returns the known faces, after waiting for a search in progress, or else a guard that makes the caller search.
    /// Returns neither if the search that it waited for failed: each waiting task then goes on alone, because otherwise
    /// they would wait for each other in turn.
    pub(super) async fn get_or_search(&self, place: &Place) -> (Option<Vec<Face>>, Option<Search>) {
        if let Some(faces) = self.get(place) {
            return (Some(faces), None);
        }
        let lock = self.lock_of(place);
        if let Ok(search) = lock.clone().try_lock_owned() {
            // Another search may have ended between the two look-ups.
            let known = self.get(place);
            let search = known.is_none().then_some(search);
            return (known, search);
        }
        drop(lock.lock().await);
        (self.get(place), None)
    }

    fn lock_of(&self, place: &Place) -> Arc<tokio::sync::Mutex<()>> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = under_way.get(place).and_then(Weak::upgrade) {
            return lock;
        }
        under_way.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::default();
        under_way.insert(*place, Arc::downgrade(&lock));
        lock
    }

    pub(super) fn get(&self, place: &Place) -> Option<Vec<Face>> {
        self.kept.get(place).map(|faces| faces.to_vec())
    }

    pub(super) fn put(&self, place: Place, faces: Vec<Face>) {
        self.kept.insert(place, Arc::new(faces));
    }
}

/// Identifies an original by its bytes. Returns `None` only while the server is shutting down.
pub(super) async fn place(object: ObjectKey, original: Blob, search: FaceSearch) -> Option<Place> {
    // Hashing some hundred megabytes would block everything else on this thread.
    let digest = tokio::task::spawn_blocking(move || <[u8; 32]>::from(Sha256::digest(original.as_slice())));
    digest.await.ok().map(|bytes| Place { object, bytes, search })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Orient;

    const OBJECT: ObjectKey = ObjectKey([1; 32]);

    #[tokio::test]
    async fn stored_faces_depend_on_the_bytes_and_the_question() {
        let search = FaceSearch { page: 1, annotation: true, frame: None, orient: Orient::Exif, thorough: false };
        let blob = |bytes: &[u8]| Blob::copy_from(bytes).unwrap();
        let known = KnownFaces::new();
        let there = place(OBJECT, blob(b"one"), search).await.unwrap();
        known.put(there, Vec::new());
        assert_eq!(known.get(&place(OBJECT, blob(b"one"), search).await.unwrap()), Some(Vec::new()));
        assert_eq!(known.get(&place(OBJECT, blob(b"two"), search).await.unwrap()), None);
        assert_eq!(known.get(&place(ObjectKey([2; 32]), blob(b"one"), search).await.unwrap()), None);
        for other in [FaceSearch { thorough: true, ..search }, FaceSearch { annotation: false, ..search }] {
            assert_eq!(known.get(&place(OBJECT, blob(b"one"), other).await.unwrap()), None);
        }
    }

    #[tokio::test]
    async fn one_request_searches_and_the_others_wait() {
        let search = FaceSearch { page: 1, annotation: true, frame: None, orient: Orient::Exif, thorough: true };
        let there = place(OBJECT, Blob::copy_from(b"one").unwrap(), search).await.unwrap();
        let known = Arc::new(KnownFaces::new());
        let ask = || {
            let known = known.clone();
            tokio::spawn(async move { known.get_or_search(&there).await })
        };
        let (nothing, first) = known.get_or_search(&there).await;
        assert!(nothing.is_none() && first.is_some());
        let waiting = [ask(), ask()];
        tokio::task::yield_now().await;
        known.put(there, Vec::new());
        drop(first);
        for other in waiting {
            let (faces, search) = other.await.unwrap();
            assert!(faces.is_some() && search.is_none());
        }

        let known = Arc::new(KnownFaces::new());
        let (_, first) = known.get_or_search(&there).await;
        let other = tokio::spawn({
            let known = known.clone();
            async move { known.get_or_search(&there).await }
        });
        tokio::task::yield_now().await;
        drop(first);
        let (faces, search) = other.await.unwrap();
        assert!(faces.is_none() && search.is_none(), "followers do not repeat a failed search one by one");
        let (_, again) = known.get_or_search(&there).await;
        assert!(again.is_some(), "a later request searches again");
    }
}
