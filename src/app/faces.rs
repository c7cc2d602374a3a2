//! Remembers the faces that workers found, so that a detector searches an original once, however many renditions are
//! made of it, one after the other or at the same time.

use std::sync::Arc;

use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::blob::Blob;
use crate::cache::ObjectKey;
use crate::cache::coalesce::{Coalescer, Role};
use crate::error::SharedError;
use crate::plan::FaceSearch;
use crate::render::Rendered;
use crate::render::faces::Face;

/// Maximum bytes of all remembered answers: enough for about a hundred thousand portraits.
const BYTES_MAX: u64 = 16 << 20;
/// Bookkeeping bytes per answer, in addition to its faces.
const ENTRY_BYTES: usize = 160;

/// What was searched for, and where. A changed object has different bytes, so an answer never goes stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FaceQuery {
    /// The object, so that its answers can be forgotten.
    pub(super) object: ObjectKey,
    /// SHA-256 of the object's bytes.
    bytes: [u8; 32],
    search: FaceSearch,
}

/// Known answers, and searches in progress. A search is part of a render job: it ends with a rendition too.
#[derive(Debug)]
pub(super) struct KnownFaces {
    kept: Cache<FaceQuery, Arc<[Face]>>,
    searches: Coalescer<FaceQuery, Arc<Rendered>, SharedError>,
}

/// What [`KnownFaces::get_or_search`] came to.
#[derive(Debug)]
pub(super) enum Search {
    /// These faces were known, or another task found them.
    Known(Vec<Face>),
    /// This caller's own job, which searched.
    Rendered(Arc<Rendered>),
    /// The search of another task failed. Each waiting task then goes on alone, because otherwise they would wait for
    /// each other in turn.
    Failed,
}

impl KnownFaces {
    pub(super) fn new() -> Self {
        let weigh =
            |_: &FaceQuery, faces: &Arc<[Face]>| u32::try_from(size_of_val(&**faces) + ENTRY_BYTES).unwrap_or(u32::MAX);
        let kept = Cache::builder().max_capacity(BYTES_MAX).weigher(weigh).build();
        Self { kept, searches: Coalescer::new() }
    }

    /// Returns the known faces, or those that a search in progress finds, or else runs `job`, which searches, and
    /// remembers what it found.
    ///
    /// # Errors
    /// Returns the error of this caller's own job.
    pub(super) async fn get_or_search<F>(&self, query: FaceQuery, job: F) -> Result<Search, SharedError>
    where
        F: Future<Output = Result<Rendered, SharedError>> + Send + 'static,
    {
        if let Some(faces) = self.get(&query) {
            return Ok(Search::Known(faces));
        }
        let kept = self.kept.clone();
        let searching = async move {
            let rendered = job.await?;
            if let Some(faces) = &rendered.faces {
                kept.insert(query, faces.as_slice().into());
            }
            Ok(Arc::new(rendered))
        };
        match self.searches.run(query, searching).await {
            (own, Role::Leader) => own.map(Search::Rendered),
            (Ok(other), Role::Follower) => Ok(other.faces.clone().map_or(Search::Failed, Search::Known)),
            (Err(_), Role::Follower) => Ok(Search::Failed),
        }
    }

    pub(super) fn get(&self, query: &FaceQuery) -> Option<Vec<Face>> {
        self.kept.get(query).map(|faces| faces.to_vec())
    }
}

/// Identifies an original by its bytes. Returns `None` only while the server is shutting down.
pub(super) async fn query(object: ObjectKey, original: Blob, search: FaceSearch) -> Option<FaceQuery> {
    // Hashing some hundred megabytes would block everything else on this thread.
    let digest = tokio::task::spawn_blocking(move || <[u8; 32]>::from(Sha256::digest(original.as_slice())));
    digest.await.ok().map(|bytes| FaceQuery { object, bytes, search })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::plan::{Answer, Format, Orient};
    use crate::render::{RenderError, Timings};
    use crate::units::Size;

    const OBJECT: ObjectKey = ObjectKey([1; 32]);
    const SEARCH: FaceSearch =
        FaceSearch { page: 1, annotation: true, frame: None, orient: Orient::Exif, thorough: false };

    async fn place_of(object: ObjectKey, bytes: &[u8], search: FaceSearch) -> FaceQuery {
        query(object, Blob::copy_from(bytes).unwrap(), search).await.unwrap()
    }

    fn rendered() -> Rendered {
        Rendered {
            body: Blob::copy_from(b"image").unwrap(),
            answer: Answer::Image(Format::Png),
            size: Size::new(1, 1),
            left_out: false,
            timings: Timings::default(),
            faces: Some(Vec::new()),
        }
    }

    #[tokio::test]
    async fn answers_differ_by_object_bytes_and_question() {
        let known = KnownFaces::new();
        let there = place_of(OBJECT, b"one", SEARCH).await;
        let own = known.get_or_search(there, async { Ok(rendered()) }).await.unwrap();
        assert!(matches!(own, Search::Rendered(_)), "{own:?}");
        assert_eq!(known.get(&place_of(OBJECT, b"one", SEARCH).await), Some(Vec::new()));
        assert_eq!(known.get(&place_of(OBJECT, b"two", SEARCH).await), None);
        assert_eq!(known.get(&place_of(ObjectKey([2; 32]), b"one", SEARCH).await), None);
        for other in [FaceSearch { thorough: true, ..SEARCH }, FaceSearch { annotation: false, ..SEARCH }] {
            assert_eq!(known.get(&place_of(OBJECT, b"one", other).await), None);
        }
    }

    #[tokio::test]
    async fn one_task_searches_and_the_others_wait() {
        let known = Arc::new(KnownFaces::new());
        let there = place_of(OBJECT, b"one", SEARCH).await;
        let (end, ended) = tokio::sync::oneshot::channel::<Result<Rendered, SharedError>>();
        let ask = |job| {
            let known = known.clone();
            tokio::spawn(async move { known.get_or_search(there, job).await })
        };
        let first = ask(Box::pin(async move { ended.await.unwrap() }) as futures_util::future::BoxFuture<'static, _>);
        tokio::task::yield_now().await;
        let waiting = [(); 2].map(|()| ask(Box::pin(async { panic!("a second search") })));
        tokio::task::yield_now().await;
        end.send(Ok(rendered())).unwrap();
        assert!(matches!(first.await.unwrap().unwrap(), Search::Rendered(_)));
        for other in waiting {
            assert!(matches!(other.await.unwrap().unwrap(), Search::Known(faces) if faces.is_empty()));
        }
        let later = known.get_or_search(there, async { panic!("a search for what is known") }).await;
        assert!(matches!(later, Ok(Search::Known(_))));
    }

    #[tokio::test]
    async fn a_failed_search_is_not_repeated_in_turn() {
        let known = Arc::new(KnownFaces::new());
        let there = place_of(OBJECT, b"one", SEARCH).await;
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let first = tokio::spawn({
            let known = known.clone();
            let fails = async move {
                ended.await.unwrap();
                Err(Arc::new(Error::from(RenderError::Timeout)))
            };
            async move { known.get_or_search(there, fails).await }
        });
        tokio::task::yield_now().await;
        let other = tokio::spawn({
            let known = known.clone();
            async move { known.get_or_search(there, async { panic!("a second search") }).await }
        });
        tokio::task::yield_now().await;
        end.send(()).unwrap();
        first.await.unwrap().unwrap_err();
        assert!(matches!(other.await.unwrap(), Ok(Search::Failed)));
        let again = known.get_or_search(there, async { Ok(rendered()) }).await.unwrap();
        assert!(matches!(again, Search::Rendered(_)), "a later request searches again");
    }
}
