//! Hits, misses, coalescing, and what survives a restart or a damaged disk.

use std::fs;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::images::photos;
use crate::server::{Reply, Tintype, read_reply};
use crate::support::upstream::{Upstream, whole};

fn folder() -> String {
    format!("[[source]]\nname = \"photos\"\nkind = \"folder\"\nroot = \"{}\"\n", photos().display())
}

/// An upstream that holds its answers back until the gate opens.
struct Gated {
    upstream: Upstream,
    gate: Arc<(Mutex<bool>, Condvar)>,
}

impl Gated {
    fn new() -> Self {
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        let image = fs::read(photos().join("coffee.jpg")).unwrap();
        let closed = gate.clone();
        let upstream = Upstream::start(move |request| {
            let (open, changed) = &*closed;
            drop(changed.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
            match request.target.as_str() {
                "/broken.jpg" => whole(500, "", b"secret upstream text"),
                _image => whole(200, "Content-Type: image/jpeg\r\nCache-Control: max-age=600\r\n", &image),
            }
        });
        Self { upstream, gate }
    }

    fn open(&self) {
        *self.gate.0.lock().unwrap() = true;
        self.gate.1.notify_all();
    }

    fn source(&self) -> String {
        format!(
            "[[source]]\nname = \"web\"\nkind = \"web-folder\"\nbase_url = \"{}\"\nallow_private = [\"127.0.0.0/8\"]\n",
            self.upstream.url("/")
        )
    }
}

/// Starts requests for all targets, lets the upstream answer once all are waiting, and returns the answers.
fn together(server: &Tintype, gated: &Gated, targets: &[String]) -> Vec<Reply> {
    let mut waiting: Vec<_> = targets.iter().map(|target| server.begin(target)).collect();
    // Each needs a moment to find the fetch under way. A late one is a hit, which the caller allows for.
    std::thread::sleep(Duration::from_millis(500));
    gated.open();
    waiting.iter_mut().map(|stream| read_reply(stream).unwrap()).collect()
}

#[test]
fn a_second_request_hits_memory_and_after_a_restart_disk() {
    let dir = tempfile::tempdir().unwrap();
    let target = "/coffee.jpg?w=80&fm=webp";
    let mut first = Tintype::start_in(dir.path(), &folder());
    let made = first.get(target);
    assert_eq!((made.status, made.cache()), (200, "miss"));
    // Other spellings of the same plan: order, aliases, base64, unknown names, signatures.
    for same in [target, "/coffee.jpg?fm=webp&w=80", "/coffee.jpg?fm=webp&w64=ODA", "/coffee.jpg?w=80&fm=webp&x=1&s=0"]
    {
        let hit = first.get(same);
        assert_eq!((hit.cache(), &hit.body), ("hit-memory", &made.body), "{same}");
        assert_eq!(hit.header("etag"), made.header("etag"));
        assert_eq!(hit.header("last-modified"), made.header("last-modified"));
    }
    assert_eq!(first.get("/coffee.jpg?w=81&fm=webp").cache(), "miss");
    assert_eq!(first.metric("tintype_requests_total{cache=\"hit-memory\",status=\"200\"}"), 4.0);
    first.stop();

    let mut second = Tintype::start_in(dir.path(), &folder());
    let stored = second.get(target);
    assert_eq!((stored.cache(), &stored.body), ("hit-disk", &made.body));
    assert_eq!(
        stored.header("last-modified"),
        made.header("last-modified"),
        "the time of the render, not of the restart"
    );
    assert_eq!(second.get(target).cache(), "hit-memory");
    second.stop();
}

#[test]
fn damaged_entries_are_rendered_again() {
    let dir = tempfile::tempdir().unwrap();
    let target = "/coffee.jpg?w=80&fm=png";
    let mut first = Tintype::start_in(dir.path(), &folder());
    let made = first.get(target);
    first.stop();
    let entries = || -> Vec<_> {
        let shards = fs::read_dir(first.cache_dir().join("entries")).unwrap();
        shards.flat_map(|shard| fs::read_dir(shard.unwrap().path()).unwrap()).map(|file| file.unwrap().path()).collect()
    };
    let [entry] = &entries()[..] else { panic!("{:?}", entries()) };
    let good = fs::read(entry).unwrap();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for bad in [&good[..good.len() - 1], &good[..10], b"", &flipped] {
        fs::write(entry, bad).unwrap();
        let mut server = Tintype::start_in(dir.path(), &folder());
        let again = server.get(target);
        assert_eq!((again.status, again.cache(), &again.body), (200, "miss", &made.body));
        assert_eq!(server.get(target).cache(), "hit-memory");
        server.stop();
        assert_eq!(fs::read(entry).unwrap().len(), good.len(), "stored anew");
    }
}

#[test]
fn identical_requests_render_once_and_different_ones_fetch_once() {
    let gated = Gated::new();
    let server = Tintype::start(&gated.source());
    let same: Vec<_> = (0..12).map(|n| format!("/coffee.jpg?w=70&n={n}")).collect();
    let other: Vec<_> = (0..4).map(|n| format!("/coffee.jpg?w={}", 71 + n)).collect();
    let replies = together(&server, &gated, &[same.clone(), other].concat());
    assert!(replies.iter().all(|reply| reply.status == 200));
    let outcomes: Vec<_> = replies[..same.len()].iter().map(Reply::cache).collect();
    assert_eq!(outcomes.iter().filter(|&&outcome| outcome == "miss").count(), 1, "{outcomes:?}");
    assert!(outcomes.iter().filter(|&&outcome| outcome == "coalesced").count() >= 6, "{outcomes:?}");
    assert!(replies[1..same.len()].iter().all(|reply| reply.body == replies[0].body));
    assert_eq!(gated.upstream.seen().len(), 1, "one original, one fetch");
    assert_eq!(server.metric("tintype_stage_duration_seconds_count{stage=\"render\"}"), 5.0);
}

#[test]
fn a_failed_fetch_is_reported_to_all_waiters_and_cached_briefly() {
    let gated = Gated::new();
    let server = Tintype::start(&gated.source());
    let targets: Vec<_> = (0..6).map(|n| format!("/broken.jpg?w=70&n={n}")).collect();
    for reply in together(&server, &gated, &targets) {
        assert_eq!(reply.status, 502);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert!(!reply.text().contains("secret"), "{}", reply.text());
    }
    assert_eq!(server.get("/broken.jpg?w=71").status, 502);
    assert_eq!(gated.upstream.seen().len(), 1, "a broken upstream is not asked again at once");
}

#[test]
fn a_client_that_hangs_up_does_not_stop_the_render_others_wait_for() {
    let gated = Gated::new();
    let server = Tintype::start(&gated.source());
    let first = server.begin("/coffee.jpg?w=90");
    std::thread::sleep(Duration::from_millis(200));
    let mut second = server.begin("/coffee.jpg?w=90");
    std::thread::sleep(Duration::from_millis(200));
    drop(first);
    std::thread::sleep(Duration::from_millis(200));
    gated.open();
    let reply = read_reply(&mut second).unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(gated.upstream.seen().len(), 1);
    assert_eq!(server.get("/coffee.jpg?w=90").cache(), "hit-memory");
}

#[test]
fn renditions_in_memory_do_not_exhaust_descriptors() {
    let dir = tempfile::tempdir().unwrap();
    let image = fs::read(photos().join("cup.png")).unwrap();
    for n in 0..300 {
        fs::write(dir.path().join(format!("{n}.png")), &image[..image.len() - n]).unwrap();
    }
    fs::copy(photos().join("galaxies.jpg"), dir.path().join("large.jpg")).unwrap();
    let root = dir.path().display();
    let source = format!("[[source]]\nname = \"many\"\nkind = \"folder\"\nroot = \"{root}\"\n");
    // Room for everything, because a full cache may refuse a new entry.
    let server = Tintype::start_with(&source, &["cache.memory_bytes_max=1GiB"]);
    for n in 0..300 {
        assert_eq!(server.get(&format!("/{n}.png")).status, 200, "original {n}");
    }
    let before = server.descriptors();
    for n in 0..8 {
        let large = server.get(&format!("/large.jpg?fm=png&w={}", 900 + n));
        assert_eq!(large.status, 200);
        assert!(large.body.len() > 512 << 10, "{}", large.body.len());
        assert_eq!(server.get(&format!("/large.jpg?fm=png&w={}", 900 + n)).cache(), "hit-memory");
    }
    let after = server.descriptors();
    assert!(after <= before + 4, "a rendition keeps its bytes, not its file: {before} then {after}");
}
