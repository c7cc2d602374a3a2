//! The conformance suite for [`Source`]: what every kind must do. All kinds run it (`tests/sources`).
//!
//! For tests only: it fails by panicking, and the server never calls it.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use futures_util::future::join_all;

use super::{FetchRequest, Fetched, Original, Source, SourceError, Validators};
use crate::limits::Limits;

/// Byte cap of the sources under test; see [`limits`].
pub const BYTES_MAX: u64 = 1 << 20;

/// Number of fetches in flight at once.
const PARALLEL: usize = 96;

/// An object that the upstream under test must hold.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its name, not encoded and without leading slash.
    pub name: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The media type that it is stored with, or that its extension implies.
    pub content_type: &'static str,
}

/// A source under test, with the mapping from names to object paths.
pub struct Subject<'a> {
    /// The source, built with [`limits`] on an upstream that holds [`objects`].
    pub source: Arc<dyn Source>,
    /// Returns the object path of a name.
    pub locate: &'a (dyn Fn(&str) -> String + Send + Sync),
}

/// Returns the limits for sources under test: a small cap, and timeouts that hold even on a busy machine.
#[must_use]
pub fn limits() -> Limits {
    Limits { original_bytes_max: BYTES_MAX, ..Limits::default() }
}

/// Returns the objects that the upstream must hold: sizes from empty to just past the cap, and names that are easy to
/// get wrong.
#[must_use]
pub fn objects() -> Vec<Object> {
    let small = |name, content_type| Object { name, bytes: noise(name, 3000), content_type };
    vec![
        small("plain.jpg", "image/jpeg"),
        small("dir/sub/x.svg", "image/svg+xml"),
        small("with space.png", "image/png"),
        small("plus+plus.gif", "image/gif"),
        small("100%.jpg", "image/jpeg"),
        small("escaped%2Fslash.jpg", "image/jpeg"),
        small("escaped%20space.jpg", "image/jpeg"),
        small("what?w=1.png", "image/png"),
        small("sharp#1.png", "image/png"),
        small("q&a=1;b,c'd(e)!*@:$~[f].jpg", "image/jpeg"),
        small("grün/写真 での.webp", "image/webp"),
        small("..hidden..jpg", "image/jpeg"),
        Object { name: "empty.png", bytes: Vec::new(), content_type: "image/png" },
        Object { name: "full.png", bytes: noise("full", BYTES_MAX), content_type: "image/png" },
        Object { name: "over.png", bytes: noise("over", BYTES_MAX + 1), content_type: "image/png" },
    ]
}

/// Returns pseudo-random bytes that depend on the name.
fn noise(name: &str, len: u64) -> Vec<u8> {
    let mut state =
        name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        })
        .collect()
}

impl Subject<'_> {
    /// Checks everything that holds for all kinds.
    ///
    /// # Panics
    /// Panics if a check fails.
    pub async fn conforms(&self) {
        self.objects_come_back_byte_for_byte().await;
        self.absence_and_size_are_told().await;
        self.validators_spare_the_body().await;
        self.parallel_fetches_do_not_mix().await;
    }

    /// Checks what holds for kinds whose objects are below a root, a base URL or a prefix.
    ///
    /// # Panics
    /// Panics if a path is served that should not be.
    pub async fn is_confined(&self) {
        for path in [
            "/../plain.jpg",
            "/dir/../plain.jpg",
            "/dir/sub/../../../plain.jpg",
            "/%2e%2e/plain.jpg",
            "/%2E%2E/plain.jpg",
            "/..%2fplain.jpg",
            "/..\\plain.jpg",
            "/./plain.jpg",
            "/dir/..",
            "/..",
            "/plain.jpg\0",
            "/\0/plain.jpg",
        ] {
            let outcome = self.source.fetch(FetchRequest { object: path, if_changed_from: None }).await;
            assert_eq!(outcome.err(), Some(SourceError::Missing), "{path:?}");
        }
    }

    async fn objects_come_back_byte_for_byte(&self) {
        for object in objects().iter().filter(|object| object.bytes.len() as u64 <= BYTES_MAX) {
            let original = self.original(object.name).await;
            assert!(original.body.as_slice() == object.bytes, "bytes of {:?} differ", object.name);
            assert_eq!(original.content_type.as_deref(), Some(object.content_type), "{:?}", object.name);
        }
    }

    async fn absence_and_size_are_told(&self) {
        for missing in
            ["missing.jpg", "plain.jp", "dir/missing/x.svg", "plain.jpg.png", "with+space.png", "plus plus.gif"]
        {
            assert_eq!(self.fetch(missing, None).await.err(), Some(SourceError::Missing), "{missing}");
        }
        assert_eq!(self.fetch("over.png", None).await.err(), Some(SourceError::TooLarge { max: BYTES_MAX }));
    }

    async fn validators_spare_the_body(&self) {
        let first = self.original("plain.jpg").await;
        let held = &first.validators;
        assert!(held.etag.is_some() && held.last_modified.is_some(), "{held:?}");
        let date_alone = Validators { etag: None, ..held.clone() };
        for current in [held, &date_alone] {
            let outcome = self.fetch("plain.jpg", Some(current)).await;
            assert!(matches!(outcome, Ok(Fetched::NotModified(_))), "{current:?}");
        }
        let other_tag = Validators { etag: Some("\"other\"".to_owned()), ..held.clone() };
        let older_date = Validators { etag: None, last_modified: Some(UNIX_EPOCH + Duration::from_secs(86_400)) };
        for stale in [&other_tag, &older_date, &Validators::default()] {
            let outcome = self.fetch("plain.jpg", Some(stale)).await;
            let Ok(Fetched::Original(again)) = outcome else { panic!("{stale:?} is not current") };
            assert!(again.body.as_slice() == first.body.as_slice());
        }
    }

    async fn parallel_fetches_do_not_mix(&self) {
        let objects: Vec<_> = objects().into_iter().filter(|object| object.bytes.len() as u64 <= BYTES_MAX).collect();
        let fetches = objects.iter().cycle().take(PARALLEL).map(|object| async move {
            let original = self.original(object.name).await;
            assert!(original.body.as_slice() == object.bytes, "bytes of {:?} differ", object.name);
        });
        assert_eq!(join_all(fetches).await.len(), PARALLEL);
    }

    async fn fetch(&self, name: &str, held: Option<&Validators>) -> Result<Fetched, SourceError> {
        let object = (self.locate)(name);
        self.source.fetch(FetchRequest { object: &object, if_changed_from: held }).await
    }

    async fn original(&self, name: &str) -> Arc<Original> {
        match self.fetch(name, None).await {
            Ok(Fetched::Original(original)) => original,
            Ok(Fetched::NotModified(_)) => panic!("{name:?}: not modified, but nothing was held"),
            Err(error) => panic!("{name:?}: {error}"),
        }
    }
}
