//! Tests of the whole disk tier on a real file system.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tempfile::TempDir;

use super::*;
use crate::cache::ObjectKey;
use crate::clock::ManualClock;

struct Setup {
    dir: TempDir,
    clock: Arc<ManualClock>,
    metrics: Arc<Metrics>,
    options: DiskOptions,
}

impl Setup {
    fn new(bytes_max: u64) -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            clock: Arc::new(ManualClock::new(UNIX_EPOCH + Duration::from_secs(1_000_000))),
            metrics: Arc::new(Metrics::new()),
            options: DiskOptions { bytes_max, free_bytes_min: Some(0) },
        }
    }

    async fn open(&self) -> Disk {
        let disk = Disk::open(self.dir.path(), self.options, self.clock.clone(), self.metrics.clone()).unwrap();
        disk.flush().await; // the scan is over
        disk
    }

    fn entry(&self, key: &VariantKey) -> PathBuf {
        let name = key.to_string();
        self.dir.path().join("entries").join(&name[..2]).join(name)
    }

    /// Returns the bytes that all entries take on the device, without names: the blocks of files and directories.
    fn device_bytes(&self) -> u64 {
        let mut sum = 0;
        for shard in fs::read_dir(self.dir.path().join("entries")).unwrap() {
            // A directory may be removed, and an entry evicted, between listing it and reading its metadata.
            let Ok(files) = fs::read_dir(shard.unwrap().path()) else { continue };
            sum += 4096;
            for file in files {
                sum += file.unwrap().metadata().map_or(0, |m| m.len().div_ceil(4096) * 4096);
            }
        }
        sum
    }

    fn counts(&self, line: &str) -> bool {
        self.metrics.render().lines().any(|l| l == line)
    }
}

fn key(n: u64) -> VariantKey {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    VariantKey(bytes)
}

fn rendition(n: u64, bytes: usize) -> Rendition {
    Rendition {
        body: Bytes::from(vec![n as u8; bytes]),
        content_type: "image/avif".to_owned(),
        etag: format!("\"{n}\""),
        rendered_at: SystemTime::UNIX_EPOCH + Duration::from_secs(n),
        max_age_s: 60,
        objects: Arc::from([ObjectKey([9; 32])]),
    }
}

#[tokio::test]
async fn entries_and_their_order_of_use_survive_a_restart() {
    let setup = Setup::new(1 << 20);
    let disk = setup.open().await;
    for n in 0..10 {
        disk.put(key(n), rendition(n, 50_000));
        setup.clock.advance(Duration::from_secs(1));
    }
    disk.flush().await;
    setup.clock.advance(Duration::from_secs(100));
    assert_eq!(disk.get(&key(0)).await, Some(rendition(0, 50_000)), "used last of all");
    disk.close().await;
    disk.put(key(99), rendition(99, 1));
    assert!(setup.counts("tintype_cache_writes_dropped_total 1"), "after the end nothing is kept");

    let disk = setup.open().await;
    for n in 0..10 {
        assert_eq!(disk.get(&key(n)).await, Some(rendition(n, 50_000)));
    }
    disk.close().await;

    // Leaves room for about five entries; the bound is enforced at start. Of the reads above, only that of entry 0 came
    // less than a minute after the last update of its file's time.
    let mut smaller = setup;
    smaller.options.bytes_max = 300_000;
    let disk = smaller.open().await;
    assert!(smaller.device_bytes() <= 300_000);
    let mut held = Vec::new();
    for n in 0..10 {
        if disk.get(&key(n)).await.is_some() {
            held.push(n);
        }
    }
    assert!((2..=5).contains(&held.len()), "{held:?}");
}

#[tokio::test]
async fn the_least_recently_used_is_evicted_and_memory_hits_count_as_use() {
    let setup = Setup::new(200_000);
    let disk = setup.open().await;
    for n in 0..3 {
        disk.put(key(n), rendition(n, 50_000));
    }
    disk.flush().await;
    assert!(disk.get(&key(0)).await.is_some());
    disk.touch(&key(1));
    disk.put(key(3), rendition(3, 50_000));
    disk.flush().await;
    let mut held = Vec::new();
    for n in 0..4 {
        held.push(disk.get(&key(n)).await.is_some());
    }
    assert_eq!(held, [true, true, false, true]);
    assert!(setup.counts(r#"tintype_cache_evictions_total{tier="disk"} 1"#));
    assert!(setup.counts(r#"tintype_cache_entries{tier="disk"} 3"#));
    // Three files of 13 blocks each, with their names and directories.
    assert!(setup.counts(&format!(r#"tintype_cache_bytes{{tier="disk"}} {}"#, 3 * (13 * 4096 + 96 + 4096))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_bound_holds_at_every_moment_under_load() {
    const MAX: u64 = 2 << 20;
    let setup = Arc::new(Setup::new(MAX));
    let disk = Arc::new(setup.open().await);
    let tasks: Vec<_> = (0..4)
        .map(|task| {
            let (setup, disk) = (setup.clone(), disk.clone());
            tokio::spawn(async move {
                for n in 0..60 {
                    let n = task * 1000 + n;
                    let bytes = usize::try_from(n * 7919 % 120_000).unwrap();
                    disk.put(key(n), rendition(n, bytes));
                    if n % 5 == 0 {
                        disk.flush().await;
                        assert!(setup.device_bytes() <= MAX);
                    }
                    let read = disk.get(&key(n)).await;
                    assert!(read.is_none_or(|read| read == rendition(n, bytes)));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    disk.flush().await;
    let taken = setup.device_bytes();
    assert!(taken > MAX / 2 && taken <= MAX, "{taken}");
    assert_eq!(fs::read_dir(setup.dir.path().join("new")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_reader_of_a_damaged_file_gets_the_whole_rendition_or_none() {
    let setup = Setup::new(1 << 20);
    let disk = setup.open().await;
    let (key, good) = (key(1), rendition(1, 20));
    disk.put(key, good.clone());
    disk.flush().await;
    let file = fs::read(setup.entry(&key)).unwrap();
    let mut harmed: Vec<Vec<u8>> = (0..file.len()).map(|length| file[..length].to_vec()).collect();
    harmed.extend((0..file.len()).map(|at| {
        let mut flipped = file.clone();
        flipped[at] ^= 0x41;
        flipped
    }));
    harmed.push([&file[..], b"more"].concat());
    harmed.push(vec![0; 2 << 20]); // more than the tier may hold
    let faults = harmed.len();
    for bytes in harmed {
        disk.put(key, good.clone());
        disk.flush().await;
        assert_eq!(disk.get(&key).await.as_ref(), Some(&good));
        fs::write(setup.entry(&key), &bytes).unwrap();
        assert_eq!(disk.get(&key).await, None, "{} bytes", bytes.len());
        assert!(!setup.entry(&key).exists(), "dropped");
    }
    assert!(setup.counts(&format!(r#"tintype_cache_disk_faults_total{{fault="corrupt"}} {faults}"#)));
    assert!(setup.counts(r#"tintype_cache_entries{tier="disk"} 0"#));
}

#[tokio::test]
async fn a_foreign_entry_and_leftovers_of_a_crash_are_dropped_after_a_restart() {
    let setup = Setup::new(1 << 20);
    let disk = setup.open().await;
    disk.put(key(1), rendition(1, 20));
    disk.close().await;
    let foreign = setup.entry(&key(2));
    fs::create_dir_all(foreign.parent().unwrap()).unwrap();
    fs::copy(setup.entry(&key(1)), &foreign).unwrap();
    fs::write(setup.dir.path().join("new/17"), "half an ent").unwrap();
    let disk = setup.open().await;
    assert!(!setup.dir.path().join("new/17").exists());
    assert_eq!(disk.get(&key(2)).await, None);
    assert!(!foreign.exists());
    assert_eq!(disk.get(&key(1)).await, Some(rendition(1, 20)));
}

#[tokio::test]
async fn a_file_removed_by_others_is_a_miss_and_is_no_longer_counted() {
    let setup = Setup::new(1 << 20);
    let disk = setup.open().await;
    disk.put(key(1), rendition(1, 20));
    disk.flush().await;
    fs::remove_file(setup.entry(&key(1))).unwrap();
    assert_eq!(disk.get(&key(1)).await, None);
    assert!(setup.counts(r#"tintype_cache_entries{tier="disk"} 0"#));
}

#[tokio::test]
async fn a_vanished_directory_only_loses_writes() {
    let setup = Setup::new(1 << 20);
    let disk = setup.open().await;
    fs::remove_dir_all(setup.dir.path().join("new")).unwrap();
    disk.put(key(1), rendition(1, 20));
    disk.flush().await;
    assert_eq!(disk.get(&key(1)).await, None);
    assert!(setup.counts(r#"tintype_cache_disk_faults_total{fault="write"} 1"#));
    fs::create_dir(setup.dir.path().join("new")).unwrap();
    disk.put(key(1), rendition(1, 20));
    disk.flush().await;
    assert!(disk.get(&key(1)).await.is_some(), "and it recovers");
}

#[tokio::test]
async fn a_full_file_system_shrinks_the_tier_to_nothing() {
    let mut setup = Setup::new(1 << 20);
    let disk = setup.open().await;
    disk.put(key(1), rendition(1, 20));
    disk.close().await;
    setup.options.free_bytes_min = Some(u64::MAX / 2);
    let disk = setup.open().await;
    disk.put(key(2), rendition(2, 20));
    disk.flush().await;
    assert_eq!((disk.get(&key(1)).await, disk.get(&key(2)).await), (None, None));
    assert!(setup.metrics.render().contains(r#"tintype_cache_disk_faults_total{fault="no-space"}"#));
}

#[tokio::test]
async fn writes_beyond_the_queue_are_dropped_and_counted() {
    let setup = Setup::new(1 << 30);
    let disk = setup.open().await;
    let held = lock(&disk.shared.index); // the writer stops at the first entry
    for n in 0..5 {
        disk.put(key(n), rendition(n, 16 << 20));
    }
    assert!(setup.counts("tintype_cache_writes_dropped_total 1"));
    assert_eq!(lock(&disk.shared.pending).bytes, 64 << 20);
    drop(held);
    disk.flush().await;
    assert_eq!(lock(&disk.shared.pending).bytes, 0);
    assert!(disk.get(&key(3)).await.is_some());
    assert!(disk.get(&key(4)).await.is_none());
}

#[tokio::test]
async fn an_entry_larger_than_the_tier_evicts_nothing() {
    let setup = Setup::new(100_000);
    let disk = setup.open().await;
    disk.put(key(1), rendition(1, 20));
    disk.put(key(2), rendition(2, 100_000));
    disk.flush().await;
    assert!(disk.get(&key(1)).await.is_some());
    assert!(disk.get(&key(2)).await.is_none());
}

#[tokio::test]
async fn directories_do_not_use_up_a_small_tier() {
    let setup = Setup::new(100_000);
    let disk = setup.open().await;
    for n in 0..500 {
        disk.put(key(n), rendition(n, 5000));
        if n % 10 == 0 {
            disk.flush().await;
            assert!(setup.device_bytes() <= 100_000);
        }
    }
    disk.flush().await;
    assert!(setup.device_bytes() > 80_000);
    assert!(disk.get(&key(499)).await.is_some());
    assert!(disk.get(&key(495)).await.is_some());
}
