//! Faces that workers found, so that a detector looks at an original once however many renditions are made of it.

use std::sync::Arc;

use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::blob::Blob;
use crate::plan::FaceSearch;
use crate::render::faces::Face;

/// Bytes of all that is remembered: the answers about some hundred thousand portraits.
const BYTES_MAX: u64 = 16 << 20;
/// Book-keeping of one answer beside its faces.
const ENTRY_BYTES: usize = 160;

/// What was looked for, and in which bytes. A changed object has other bytes, so nothing here ever goes stale.
pub(super) type Place = ([u8; 32], FaceSearch);

/// Answers by what was asked.
#[derive(Debug)]
pub(super) struct KnownFaces {
    kept: Cache<Place, Arc<Vec<Face>>>,
}

impl KnownFaces {
    pub(super) fn new() -> Self {
        let weigh = |_: &Place, faces: &Arc<Vec<Face>>| {
            u32::try_from(size_of_val(faces.as_slice()) + ENTRY_BYTES).unwrap_or(u32::MAX)
        };
        Self { kept: Cache::builder().max_capacity(BYTES_MAX).weigher(weigh).build() }
    }

    pub(super) fn get(&self, place: &Place) -> Option<Vec<Face>> {
        self.kept.get(place).map(|faces| faces.to_vec())
    }

    pub(super) fn put(&self, place: Place, faces: Vec<Face>) {
        self.kept.insert(place, Arc::new(faces));
    }
}

/// Names an original by its bytes. `None` only while the server stops.
pub(super) async fn place(original: Blob, search: FaceSearch) -> Option<Place> {
    // Some hundred megabytes would hold up everybody else on this thread.
    let digest = tokio::task::spawn_blocking(move || <[u8; 32]>::from(Sha256::digest(original.as_slice())));
    digest.await.ok().map(|digest| (digest, search))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Orient;

    #[tokio::test]
    async fn answers_are_told_apart_by_bytes_and_question() {
        let search = FaceSearch { page: 1, frame: None, orient: Orient::Exif, thorough: false };
        let blob = |bytes: &[u8]| Blob::copy_from(bytes).unwrap();
        let known = KnownFaces::new();
        let there = place(blob(b"one"), search).await.unwrap();
        known.put(there, Vec::new());
        assert_eq!(known.get(&place(blob(b"one"), search).await.unwrap()), Some(Vec::new()));
        assert_eq!(known.get(&place(blob(b"two"), search).await.unwrap()), None);
        let thorough = FaceSearch { thorough: true, ..search };
        assert_eq!(known.get(&place(blob(b"one"), thorough).await.unwrap()), None);
    }
}
