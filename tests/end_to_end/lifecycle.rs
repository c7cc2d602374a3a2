//! Startup, health, death of workers, shutdown.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process};

use crate::images::{measure, photos};
use crate::server::{Tintype, exchange, read_reply};
use crate::support::upstream::{Upstream, whole};

fn folder() -> String {
    format!("[[source]]\nname = \"photos\"\nkind = \"folder\"\nroot = \"{}\"\n", photos().display())
}

#[test]
fn only_the_admin_listener_shows_health_and_metrics() {
    let server = Tintype::start(&folder());
    assert_eq!((server.admin("/healthz").status, server.admin("/readyz").status), (200, 200));
    assert_eq!(server.get("/coffee.jpg?w=10").status, 200);
    assert_eq!(server.get("/none.jpg?w=10").status, 404);
    let metrics = server.admin("/metrics");
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    for line in [
        "tintype_requests_total{cache=\"miss\",status=\"200\"} 1",
        "tintype_workers{state=\"busy\"} 0",
        "tintype_cache_entries{tier=\"memory\"} 1",
        "tintype_origin_fetches_total{cause=\"none\",kind=\"folder\",outcome=\"ok\"} 1",
        "tintype_origin_fetches_total{cause=\"object-missing\",kind=\"folder\",outcome=\"missing\"} 1",
        "tintype_stage_duration_seconds_count{stage=\"encode\"} 1",
        "tintype_queue_jobs 0",
    ] {
        assert!(metrics.text().lines().any(|l| l == line), "{line} is not in\n{}", metrics.text());
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(server.get(path).status, 404, "{path} on the public listener is an object");
    }
    assert_eq!(server.admin("/nothing").status, 404);
    assert_eq!(
        exchange(server.admin_port, b"POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap().status,
        405
    );
}

#[test]
fn sigterm_lets_requests_in_flight_end_and_then_ends_with_success() {
    let image = fs::read(photos().join("coffee.jpg")).unwrap();
    let upstream = Upstream::start(move |_| {
        std::thread::sleep(Duration::from_secs(1));
        whole(200, "", &image)
    });
    let mut server = Tintype::start(&format!(
        "[[source]]\nname = \"web\"\nkind = \"web-folder\"\nbase_url = \"{}\"\nallow_private = [\"127.0.0.0/8\"]\n",
        upstream.url("/")
    ));
    let mut in_flight = server.begin("/coffee.jpg?w=33");
    std::thread::sleep(Duration::from_millis(300));
    let workers = server.children();
    assert!(!workers.is_empty());
    server.terminate();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(server.admin("/readyz").status, 503, "draining");
    assert!(
        exchange(server.port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").is_err(),
        "no new connections"
    );
    let reply = read_reply(&mut in_flight).unwrap();
    assert_eq!((reply.status, measure(&reply.body).1), (200, 33));
    assert!(server.wait().success());
    assert!(server.stderr().contains("draining"));
    for worker in workers {
        assert!(rustix::process::test_kill_process(worker).is_err(), "no worker is left behind");
    }
}

#[test]
fn meaningless_signals_are_ignored_and_logged() {
    let mut server = Tintype::start(&folder());
    assert_eq!(server.get("/coffee.jpg?w=21").status, 200);
    let workers = server.children();
    let ignored = [
        ("SIGHUP", Signal::HUP),
        ("SIGUSR1", Signal::USR1),
        ("SIGUSR2", Signal::USR2),
        ("SIGALRM", Signal::ALARM),
        ("SIGVTALRM", Signal::VTALARM),
        ("SIGPROF", Signal::PROF),
        ("SIGIO", Signal::IO),
        ("SIGPWR", Signal::POWER),
        ("SIGXFSZ", Signal::XFSZ),
    ];
    for (name, signal) in ignored {
        server.signal(signal);
        let line = format!("{name} ignored");
        let deadline = Instant::now() + Duration::from_secs(10);
        while !server.stderr().contains(&line) {
            assert!(Instant::now() < deadline, "{line} is not in\n{}", server.stderr());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    server.signal(Signal::PIPE);
    // A service manager sends some of these signals to every process of the service.
    for worker in &workers {
        for signal in [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP, Signal::USR1, Signal::USR2] {
            kill_process(*worker, signal).unwrap();
        }
    }
    assert_eq!(server.get("/coffee.jpg?w=22").status, 200);
    assert_eq!((server.children(), server.admin("/readyz").status), (workers, 200));
    server.stop();
}

#[test]
fn every_signal_to_stop_drains() {
    let image = fs::read(photos().join("coffee.jpg")).unwrap();
    let upstream = Upstream::start(move |_| {
        std::thread::sleep(Duration::from_millis(700));
        whole(200, "", &image)
    });
    for signal in [Signal::INT, Signal::QUIT] {
        let mut server = Tintype::start(&format!(
            "[[source]]\nname = \"web\"\nkind = \"web-folder\"\nbase_url = \"{}\"\nallow_private = [\"127.0.0.0/8\"]\n",
            upstream.url("/")
        ));
        let mut in_flight = server.begin("/coffee.jpg?w=33");
        std::thread::sleep(Duration::from_millis(300));
        server.signal(Signal::HUP);
        server.signal(signal);
        assert_eq!(read_reply(&mut in_flight).unwrap().status, 200, "{signal:?}");
        assert!(server.wait().success(), "{signal:?}");
    }
}

#[test]
fn killed_workers_fail_only_the_requests_they_were_serving() {
    let server = Tintype::start(&folder());
    assert_eq!(server.get("/coffee.jpg?w=20").status, 200);
    for round in 0..3 {
        for worker in server.children() {
            kill_process(worker, Signal::KILL).unwrap();
        }
        std::thread::sleep(Duration::from_millis(100));
        let statuses: Vec<_> =
            (0..4).map(|n| server.get(&format!("/rocket.jpg?w={}", 20 + 10 * round + n)).status).collect();
        assert!(statuses.iter().filter(|&&status| status == 200).count() >= 2, "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 422, 503].contains(status)), "{statuses:?}");
        assert_eq!(statuses.last(), Some(&200));
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    while server.admin("/readyz").status != 200 {
        assert!(Instant::now() < deadline, "ready again");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_second_server_on_the_same_cache_exits_with_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let first = Tintype::start_in(dir.path(), &folder());
    let other = tempfile::tempdir().unwrap();
    let sources = folder();
    // The second server has its own directory except for the cache.
    std::os::unix::fs::symlink(first.cache_dir(), other.path().join("cache")).unwrap();
    let mut second = Tintype::spawn_in(other.path(), &sources, &[]);
    assert_eq!(second.wait().code(), Some(1));
    assert!(second.stderr().contains("cache is in use by another process"), "{}", second.stderr());
    assert_eq!(first.get("/coffee.jpg?w=10").status, 200);
}

#[test]
fn a_server_that_is_killed_leaves_a_cache_that_the_next_one_uses() {
    let dir = tempfile::tempdir().unwrap();
    let first = Tintype::start_in(dir.path(), &folder());
    for width in 50..60 {
        assert_eq!(first.get(&format!("/coffee.jpg?w={width}")).status, 200);
    }
    drop(first); // SIGKILL
    fs::write(dir.path().join("cache/new/77"), "torn").unwrap();
    let second = Tintype::start_in(dir.path(), &folder());
    let outcomes: Vec<_> =
        (50..60).map(|width| second.get(&format!("/coffee.jpg?w={width}")).cache().to_owned()).collect();
    assert!(outcomes.iter().filter(|outcome| *outcome == "hit-disk").count() >= 8, "{outcomes:?}");
    assert!(!dir.path().join("cache/new/77").exists());
}

#[test]
fn a_worker_that_hangs_is_killed_with_its_job_and_a_full_queue_sheds() {
    let server = Tintype::start_with(&folder(), &["render.workers=1", "render.queue_max=1", "render.timeout=3s"]);
    assert_eq!(server.get("/coffee.jpg?w=20").status, 200);
    for worker in server.children() {
        kill_process(worker, Signal::STOP).unwrap();
    }
    // One job is with the worker and one in the queue; the others find the queue full. A job waits no longer than it
    // may run, so the later requests start some time after the first.
    let mut waiting = vec![server.begin("/coffee.jpg?w=30")];
    std::thread::sleep(Duration::from_millis(1500));
    waiting.extend((1..5).map(|n| server.begin(&format!("/coffee.jpg?w={}", 30 + n))));
    let replies: Vec<_> = waiting.iter_mut().map(|stream| read_reply(stream).unwrap()).collect();
    let with = |code: &str| replies.iter().filter(|reply| reply.text_if_any().contains(code)).collect::<Vec<_>>();
    let (late, shed) = (with("render-timeout"), with("render-queue-full"));
    // The queued job may go to the spare worker, which is stopped as well. Then it is late too, and the next job gets a
    // new worker.
    assert!((1..=2).contains(&late.len()), "{replies:?}");
    assert!(late.iter().all(|reply| reply.status == 422));
    assert_eq!(shed.len(), 3, "{replies:?}");
    for reply in shed {
        assert_eq!((reply.status, reply.header("cache-control")), (503, Some("no-store")));
        assert!(reply.header("retry-after").is_some());
    }
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 2 - late.len(), "{replies:?}");
    assert_eq!(server.metric("tintype_worker_events_total{event=\"killed\"}"), late.len() as f64);
    assert_eq!(server.get("/coffee.jpg?w=40").status, 200);
}

#[test]
fn log_files_past_their_retention_are_gone_when_the_server_is_ready() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    fs::create_dir(&log).unwrap();
    for name in ["access-20200131T07.jsonl", "access-20200131T08.jsonl", "notes.txt"] {
        fs::write(log.join(name), "{}\n").unwrap();
    }
    let mut server = Tintype::start_in(dir.path(), &folder());
    assert_eq!(server.get("/coffee.jpg").status, 200);
    server.stop();
    let mut names: Vec<_> =
        fs::read_dir(&log).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let [now, notes] = &names[..] else { panic!("{names:?}") };
    assert!(now.starts_with("access-20") && !now.starts_with("access-2020"), "{now}");
    assert_eq!(notes, "notes.txt");
}
