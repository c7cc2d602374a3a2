//! Tests of both tiers together with coalescing.

use std::path::Path;
use std::sync::atomic::AtomicUsize;
use std::time::UNIX_EPOCH;

use super::*;
use crate::clock::ManualClock;

#[derive(Clone, Debug, PartialEq)]
enum Failure {
    NoSuchObject,
    Lost(LeaderLost),
}

impl From<LeaderLost> for Failure {
    fn from(lost: LeaderLost) -> Self {
        Self::Lost(lost)
    }
}

const KEY: VariantKey = VariantKey([1; 32]);

struct Setup {
    clock: Arc<ManualClock>,
    cache: Arc<Cache<Failure>>,
    renders: Arc<AtomicUsize>,
}

impl Setup {
    async fn new(memory_bytes_max: u64, disk_dir: Option<&Path>) -> Self {
        let clock = Arc::new(ManualClock::new(UNIX_EPOCH + Duration::from_secs(1_000_000)));
        let config = CacheConfig {
            memory_bytes_max,
            disk_dir: disk_dir.map(Path::to_owned),
            disk_bytes_max: 16 << 20,
            originals_bytes_max: 0,
            originals_ttl: Duration::ZERO,
        };
        let cache = Cache::open(&config, clock.clone(), Arc::new(Metrics::new())).await.unwrap();
        Self { clock, cache, renders: Arc::default() }
    }

    /// Returns a render that takes a moment and is counted once it runs.
    fn render(&self, max_age_s: u64) -> impl Future<Output = Result<Rendition, Failure>> + Send + 'static {
        let (renders, clock) = (self.renders.clone(), self.clock.clone());
        async move {
            renders.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Ok(Rendition {
                body: Bytes::from_static(b"body"),
                content_type: "image/jpeg".to_owned(),
                etag: "\"tag\"".to_owned(),
                rendered_at: clock.now(),
                max_age_s,
                objects: Arc::from([ObjectKey([9; 32])]),
            })
        }
    }

    async fn check(&self, max_age_s: u64, expected: Outcome) {
        let (rendition, outcome) = self.cache.get_or_render(KEY, self.render(max_age_s)).await.unwrap();
        assert_eq!(outcome, expected);
        assert_eq!(rendition.body, "body");
    }

    fn renders(&self) -> usize {
        self.renders.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_rendition_is_made_once_then_found_in_memory_and_after_a_restart_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let first = Setup::new(1 << 20, Some(dir.path())).await;
    assert_eq!(first.cache.get(&KEY).await, None);
    first.check(60, Outcome::Miss).await;
    first.check(60, Outcome::HitMemory).await;
    assert_eq!(first.cache.get(&KEY).await.unwrap().1, Outcome::HitMemory);
    first.cache.close().await;
    let second = Setup::new(1 << 20, Some(dir.path())).await;
    second.check(60, Outcome::HitDisk).await;
    second.check(60, Outcome::HitMemory).await;
    assert_eq!((first.renders(), second.renders()), (1, 0));
}

#[tokio::test]
async fn without_memory_the_disk_tier_serves_entries_still_being_written() {
    let dir = tempfile::tempdir().unwrap();
    let setup = Setup::new(0, Some(dir.path())).await;
    setup.check(60, Outcome::Miss).await;
    setup.check(60, Outcome::HitDisk).await;
    setup.cache.flush().await;
    setup.check(60, Outcome::HitDisk).await;
    assert_eq!(setup.cache.get(&KEY).await.unwrap().1, Outcome::HitDisk);
}

#[tokio::test]
async fn an_expired_rendition_is_a_miss_in_both_tiers() {
    for memory in [1 << 20, 0] {
        let dir = tempfile::tempdir().unwrap();
        let setup = Setup::new(memory, Some(dir.path())).await;
        setup.check(60, Outcome::Miss).await;
        setup.clock.advance(Duration::from_secs(59));
        assert!(setup.cache.get(&KEY).await.is_some());
        setup.clock.advance(Duration::from_secs(1));
        assert_eq!(setup.cache.get(&KEY).await, None);
        setup.check(60, Outcome::Miss).await;
        assert!(setup.cache.get(&KEY).await.is_some());
    }
}

#[tokio::test]
async fn a_rendition_without_a_lifetime_is_not_stored() {
    let dir = tempfile::tempdir().unwrap();
    let setup = Setup::new(1 << 20, Some(dir.path())).await;
    setup.check(0, Outcome::Miss).await;
    setup.cache.flush().await;
    setup.check(0, Outcome::Miss).await;
}

#[tokio::test]
async fn errors_and_panics_are_shared_but_not_kept() {
    let setup = Setup::new(1 << 20, None).await;
    let failed = setup.cache.get_or_render(KEY, async { Err(Failure::NoSuchObject) }).await;
    assert_eq!(failed, Err(Failure::NoSuchObject));
    let panicked = setup.cache.get_or_render(KEY, async { panic!("a bug") }).await;
    assert_eq!(panicked, Err(Failure::Lost(LeaderLost::Panicked)));
    setup.check(60, Outcome::Miss).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_simultaneous_requests_cause_one_render() {
    let dir = tempfile::tempdir().unwrap();
    let setup = Arc::new(Setup::new(1 << 20, Some(dir.path())).await);
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let setup = setup.clone();
            tokio::spawn(async move { setup.cache.get_or_render(KEY, setup.render(60)).await.unwrap().1 })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    assert_eq!(setup.renders(), 1);
    assert_eq!(outcomes.iter().filter(|&&outcome| outcome == Outcome::Miss).count(), 1);
    assert!(!outcomes.contains(&Outcome::HitDisk), "{outcomes:?}");
}

#[tokio::test]
async fn a_render_is_stored_even_if_its_client_has_gone() {
    let setup = Arc::new(Setup::new(1 << 20, None).await);
    let (go, gate) = tokio::sync::oneshot::channel::<()>();
    let (asking, render) = (setup.clone(), setup.render(60));
    let request = tokio::spawn(async move {
        let slow = async move {
            gate.await.unwrap();
            render.await
        };
        asking.cache.get_or_render(KEY, slow).await
    });
    while setup.cache.renders_in_flight() == 0 {
        tokio::task::yield_now().await;
    }
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    go.send(()).unwrap();
    while setup.cache.renders_in_flight() > 0 {
        tokio::task::yield_now().await;
    }
    setup.check(60, Outcome::HitMemory).await;
}

#[tokio::test]
async fn a_directory_in_use_or_unusable_is_an_error_at_start() {
    let dir = tempfile::tempdir().unwrap();
    let _owner = Setup::new(0, Some(dir.path())).await;
    let open = |path: std::path::PathBuf| async move {
        let config = CacheConfig {
            memory_bytes_max: 0,
            disk_dir: Some(path),
            disk_bytes_max: 1 << 20,
            originals_bytes_max: 0,
            originals_ttl: Duration::ZERO,
        };
        let clock = Arc::new(ManualClock::new(UNIX_EPOCH));
        Cache::<Failure>::open(&config, clock, Arc::new(Metrics::new())).await.map(|_| ())
    };
    assert_eq!(open(dir.path().to_owned()).await, Err(CacheError::Locked { dir: dir.path().to_owned() }));
    std::fs::write(dir.path().join("file"), "").unwrap();
    assert!(matches!(open(dir.path().join("file")).await, Err(CacheError::Unusable { .. })));
}
