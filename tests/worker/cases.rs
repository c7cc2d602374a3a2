//! The pool: what callers get when workers work, crash, hang, lie, grow or are too few.

use std::collections::HashSet;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tintype::sniff::Encoded;

use futures_util::future::join_all;
use rustix::process::Signal;
use tintype::blob::Blob;
use tintype::plan::OverlayRole;
use tintype::render::{Job, RenderError, Step};
use tintype::worker::{Pool, PoolConfig, PoolStartError};

use crate::rogue::first_line;
use crate::support::{ask, block_on, config, config_starting, eventually, is_running, job, start, started, text};

pub(crate) const ALL: &[(&str, fn())] = &[
    ("a_job_comes_back_with_its_facts", a_job_comes_back_with_its_facts),
    ("a_crash_fails_one_job", a_crash_fails_one_job),
    ("an_invalid_message_fails_one_job", an_invalid_message_fails_one_job),
    ("a_panic_is_an_error_and_replaces_the_worker", a_panic_is_an_error_and_replaces_the_worker),
    ("a_hanging_worker_is_killed_in_time", a_hanging_worker_is_killed_in_time),
    ("no_job_waits_for_a_new_worker_to_start", no_job_waits_for_a_new_worker_to_start),
    ("a_worker_killed_while_idle_fails_no_job", a_worker_killed_while_idle_fails_no_job),
    ("workers_ignore_signals_meant_for_the_server", workers_ignore_signals_meant_for_the_server),
    ("many_jobs_at_once_all_come_back", many_jobs_at_once_all_come_back),
    ("a_full_queue_is_reported_at_once", a_full_queue_is_reported_at_once),
    ("waiting_ends_after_the_queue_timeout", waiting_ends_after_the_queue_timeout),
    ("jobs_are_served_in_order", jobs_are_served_in_order),
    ("a_dropped_future_leaves_the_pool_intact", a_dropped_future_leaves_the_pool_intact),
    ("a_dropped_future_gives_back_its_place_in_the_queue", a_dropped_future_gives_back_its_place_in_the_queue),
    ("workers_are_recycled_after_their_jobs", workers_are_recycled_after_their_jobs),
    ("rare_images_get_a_worker_that_has_seen_none", rare_images_get_a_worker_that_has_seen_none),
    ("workers_are_recycled_when_they_grow", workers_are_recycled_when_they_grow),
    ("freed_memory_does_not_count", freed_memory_does_not_count),
    ("a_drain_finishes_accepted_jobs", a_drain_finishes_accepted_jobs),
    ("dropping_the_pool_ends_its_workers", dropping_the_pool_ends_its_workers),
    ("no_worker_outlives_a_killed_server", no_worker_outlives_a_killed_server),
    ("a_missing_executable_is_an_error", a_missing_executable_is_an_error),
    ("workers_that_never_start_are_tried_ever_more_slowly", workers_that_never_start_are_tried_ever_more_slowly),
    ("a_worker_hanging_at_its_start_is_replaced", a_worker_hanging_at_its_start_is_replaced),
    ("nothing_leaks", nothing_leaks),
];

fn count(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn a_job_comes_back_with_its_facts() {
    block_on(async {
        let pool = start(config());
        let rendered = ask(&pool, "echo image").await.unwrap();
        assert_eq!(rendered.body.as_slice(), b"image");
        assert_eq!((rendered.size.width, rendered.size.height), (4, 3));
        assert!(rendered.timings.render < Duration::from_secs(10), "the worker claims an hour");
        assert_eq!(ask(&pool, "undecodable").await.unwrap_err(), RenderError::Undecodable);
        assert!(pool.is_ready());
        assert_eq!(count(&pool.stats().crashed), 0);
    });
}

fn a_crash_fails_one_job() {
    block_on(async {
        let pool = start(config());
        for (n, order) in ["segv", "abort", "exit"].into_iter().enumerate() {
            let before = text(&pool, "pid").await;
            assert_eq!(ask(&pool, order).await.unwrap_err(), RenderError::WorkerCrashed, "{order}");
            assert_ne!(text(&pool, "pid").await, before, "a fresh worker after {order}");
            assert_eq!(count(&pool.stats().crashed), n as u64 + 1);
        }
    });
}

fn an_invalid_message_fails_one_job() {
    let lies = [
        "garbage",
        "oversized",
        "empty",
        "no-body",
        "two-bodies",
        "body-with-error",
        "trailing",
        "unsealed",
        "pipe",
        "many-fds",
        "nothing",
    ];
    block_on(async {
        let pool = start(PoolConfig { sandbox: false, ..config() });
        for lie in lies {
            let before = text(&pool, "pid").await;
            assert_eq!(ask(&pool, lie).await.unwrap_err(), RenderError::WorkerCrashed, "{lie}");
            eventually("the liar is gone", || !is_running(&before)).await;
            assert_eq!(text(&pool, "echo on").await, "on");
        }
        // The first answer is honest. The second was not asked for, and ends the worker before it could be taken for
        // the answer to another job.
        let before = text(&pool, "pid").await;
        assert_eq!(text(&pool, "twice").await, "x");
        eventually("the liar is gone", || !is_running(&before)).await;
        assert_eq!(text(&pool, "echo on").await, "on");
    });
}

fn a_panic_is_an_error_and_replaces_the_worker() {
    block_on(async {
        let pool = start(config());
        let before = text(&pool, "pid").await;
        assert_eq!(ask(&pool, "panic").await.unwrap_err(), RenderError::Stage(Step::Panic));
        assert_ne!(text(&pool, "pid").await, before);
        assert_eq!((count(&pool.stats().crashed), count(&pool.stats().recycled)), (0, 1));
    });
}

fn a_hanging_worker_is_killed_in_time() {
    block_on(async {
        let pool = started(PoolConfig { timeout: Duration::from_millis(300), ..config() }).await;
        let before = text(&pool, "pid").await;
        let start = Instant::now();
        assert_eq!(ask(&pool, "hang").await.unwrap_err(), RenderError::Timeout);
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(3), "{took:?}");
        assert_ne!(text(&pool, "pid").await, before);
        eventually("the hanging worker is gone", || !is_running(&before)).await;
        assert_eq!((count(&pool.stats().killed), count(&pool.stats().crashed)), (1, 0));
    });
}

fn no_job_waits_for_a_new_worker_to_start() {
    block_on(async {
        let pool = started(config_starting("slow")).await;
        assert_eq!(ask(&pool, "abort").await.unwrap_err(), RenderError::WorkerCrashed);
        assert!(pool.is_ready(), "the spare is there");
        let start = Instant::now();
        assert_eq!(text(&pool, "echo on").await, "on");
        assert!(start.elapsed() < Duration::from_millis(1000), "a start takes 2 s: {:?}", start.elapsed());
    });
}

fn a_worker_killed_while_idle_fails_no_job() {
    block_on(async {
        let pool = start(config());
        for _ in 0..5 {
            let pid = text(&pool, "pid").await;
            let number = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
            rustix::process::kill_process(number, Signal::KILL).unwrap();
            eventually("it is gone", || !is_running(&pid)).await;
            assert_eq!(text(&pool, "echo on").await, "on");
        }
    });
}

fn workers_ignore_signals_meant_for_the_server() {
    block_on(async {
        let pool = started(config()).await;
        let pid = text(&pool, "pid").await;
        let number = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
        assert_eq!(rustix::process::getpgid(Some(number)).unwrap(), number, "out of reach of the terminal");
        for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
            rustix::process::kill_process(number, signal).unwrap();
        }
        assert_eq!(text(&pool, "pid").await, pid);
    });
}

fn many_jobs_at_once_all_come_back() {
    block_on(async {
        let pool = start(PoolConfig { workers: 4, queue_max: 500, ..config() });
        let orders: Vec<String> = (0..500).map(|n| format!("echo {n}")).collect();
        let answers = join_all(orders.iter().map(|order| text(&pool, order))).await;
        for (n, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer, n.to_string(), "every caller gets its own image");
        }
        let pids: HashSet<String> = join_all((0..8).map(|_| async {
            text(&pool, "sleep 50").await;
            text(&pool, "pid").await
        }))
        .await
        .into_iter()
        .collect();
        assert!(pids.len() >= 2, "{pids:?}");
    });
}

fn a_full_queue_is_reported_at_once() {
    block_on(async {
        let pool = started(PoolConfig { workers: 2, queue_max: 1, ..config() }).await;
        // The scheduler decides which of them is too late.
        let timed = async |order: &str| {
            let start = Instant::now();
            (ask(&pool, order).await, start.elapsed())
        };
        let start = Instant::now();
        let outcomes = join_all((0..4).map(|_| timed("sleep 400"))).await;
        assert!(start.elapsed() >= Duration::from_millis(800), "two at a time");
        let (done, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(|(outcome, _)| outcome.is_ok());
        assert_eq!((done.len(), refused.len()), (3, 1), "two run, one waits");
        for (refusal, took) in refused {
            assert_eq!(refusal.unwrap_err(), RenderError::QueueFull);
            assert!(took < Duration::from_millis(300), "refused without waiting: {took:?}");
        }
        assert_eq!(count(&pool.stats().shed), 1);
    });
}

fn waiting_ends_after_the_queue_timeout() {
    block_on(async {
        let pool = started(PoolConfig { queue_timeout: Duration::from_millis(100), ..config() }).await;
        let (slow, (waiting, took)) = tokio::join!(ask(&pool, "sleep 1000"), async {
            let start = Instant::now();
            (ask(&pool, "echo").await, start.elapsed())
        });
        assert!(slow.is_ok(), "a job that runs is not bound by it");
        assert_eq!(waiting.unwrap_err(), RenderError::QueueFull);
        assert!(took >= Duration::from_millis(100) && took < Duration::from_millis(900), "{took:?}");
    });
}

fn jobs_are_served_in_order() {
    block_on(async {
        let pool = started(config()).await;
        let done = std::sync::Mutex::new(Vec::new());
        join_all((0..20).map(|n| {
            let (pool, done) = (&pool, &done);
            async move {
                let rendered = ask(pool, "sleep 2").await.unwrap();
                done.lock().unwrap().push((n, rendered.timings.queue));
            }
        }))
        .await;
        let done = done.into_inner().unwrap();
        assert!(done.is_sorted(), "first come, first served, and the later the longer the wait: {done:?}");
        assert!(done[19].1 >= Duration::from_millis(19 * 2));
    });
}

fn a_dropped_future_leaves_the_pool_intact() {
    block_on(async {
        let pool = start(config());
        let pid = text(&pool, "pid").await;
        let start = Instant::now();
        let dropped = tokio::time::timeout(Duration::from_millis(100), ask(&pool, "sleep 400")).await;
        assert!(dropped.is_err());
        assert_eq!(count(&pool.stats().busy), 1, "the slot is still in use");
        assert_eq!(text(&pool, "pid").await, pid, "the worker came back, unharmed");
        assert!(start.elapsed() >= Duration::from_millis(400), "not before its job was done");
        assert_eq!((count(&pool.stats().killed), count(&pool.stats().crashed)), (0, 0));
    });
    // When the abandoned job never ends, its deadline ends it.
    block_on(async {
        let pool = start(PoolConfig { timeout: Duration::from_millis(200), ..config() });
        text(&pool, "echo").await;
        assert!(tokio::time::timeout(Duration::from_millis(50), ask(&pool, "hang")).await.is_err());
        assert_eq!(text(&pool, "echo on").await, "on");
        assert_eq!(count(&pool.stats().killed), 1);
    });
}

fn a_dropped_future_gives_back_its_place_in_the_queue() {
    block_on(async {
        let pool = started(PoolConfig { queue_max: 1, ..config() }).await;
        let (first, second) = tokio::join!(ask(&pool, "sleep 300"), async {
            let given_up = tokio::time::timeout(Duration::from_millis(50), ask(&pool, "abort")).await;
            assert!(given_up.is_err(), "it was waiting");
            ask(&pool, "echo").await
        });
        assert!(first.is_ok() && second.is_ok(), "{second:?}");
        assert_eq!(count(&pool.stats().crashed), 0, "a job that nobody waits for is not started");
    });
}

fn workers_are_recycled_after_their_jobs() {
    block_on(async {
        let pool = start(PoolConfig { worker_jobs_max: 3, ..config() });
        let mut pids = Vec::new();
        for _ in 0..9 {
            pids.push(text(&pool, "pid").await);
        }
        assert!(pids.chunks(3).all(|three| three.iter().all(|pid| *pid == three[0])), "{pids:?}");
        assert_eq!(pids.iter().collect::<HashSet<_>>().len(), 3);
        eventually("the third is recycled", || count(&pool.stats().recycled) == 3).await;
        assert_eq!(count(&pool.stats().crashed), 0);
    });
}

fn rare_images_get_a_worker_that_has_seen_none() {
    block_on(async {
        for workers in [1, 2] {
            let pool = start(PoolConfig { workers, ..config() });
            let mut seen = HashSet::new();
            let by_overlay = || {
                let rare = Encoded::sniffed(Blob::copy_from(b"%PDF-1.7\n").unwrap()).unwrap();
                Job { overlays: vec![(OverlayRole::Mark, rare)], ..job("pid") }
            };
            for round in 0..6 {
                // Enough simultaneous common jobs to occupy every worker.
                let common = (0..3).map(|_| text(&pool, "pid"));
                seen.extend(join_all(common).await);
                let rare = match round % 2 {
                    0 => text(&pool, "%PDF-1.7\npid").await,
                    _ => {
                        let rendered = pool.render(by_overlay()).await.unwrap();
                        String::from_utf8(rendered.body.as_slice().to_vec()).unwrap()
                    }
                };
                assert!(seen.insert(rare), "round {round} of {workers}");
            }
            // Several rare ones at once, mixed with common ones.
            let orders = ["%PDF-1.7\npid", "pid", "%PDF-1.7\npid", "pid", "%PDF-1.7\npid"];
            let pids = join_all(orders.map(|order| text(&pool, order))).await;
            assert_eq!(HashSet::from([&pids[0], &pids[2], &pids[4]]).len(), 3);
            assert!([0, 2, 4].into_iter().all(|at| !seen.contains(&pids[at])), "{pids:?}");
            assert_eq!(count(&pool.stats().crashed), 0);
        }
    });
}

fn workers_are_recycled_when_they_grow() {
    block_on(async {
        let pool = start(PoolConfig { worker_memory_bytes_max: 96 << 20, ..config() });
        let first = text(&pool, "pid").await;
        assert_eq!(text(&pool, "keep 10").await, "kept");
        assert_eq!(text(&pool, "pid").await, first, "10 MiB are no reason");
        assert_eq!(text(&pool, "keep 100").await, "kept");
        assert_ne!(text(&pool, "pid").await, first);
        assert_eq!(count(&pool.stats().recycled), 1);
    });
}

fn freed_memory_does_not_count() {
    block_on(async {
        let pool = start(PoolConfig { worker_memory_bytes_max: 96 << 20, ..config() });
        let first = text(&pool, "pid").await;
        for _ in 0..3 {
            assert_eq!(text(&pool, "drop 200").await, "dropped");
        }
        assert_eq!(text(&pool, "pid").await, first);
    });
}

fn a_drain_finishes_accepted_jobs() {
    block_on(async {
        let pool = start(config());
        let pid = text(&pool, "pid").await;
        let start = Instant::now();
        let (running, waiting, (), refused) =
            tokio::join!(ask(&pool, "sleep 300"), ask(&pool, "echo"), pool.drain(), async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                assert!(!pool.is_ready());
                ask(&pool, "echo").await
            });
        assert!(running.is_ok() && waiting.is_ok(), "{waiting:?}");
        assert_eq!(refused.unwrap_err(), RenderError::Unavailable);
        assert!(start.elapsed() >= Duration::from_millis(300));
        assert!(!is_running(&pid), "drained means gone");
        assert_eq!((count(&pool.stats().busy), count(&pool.stats().idle)), (0, 0));
    });
}

fn dropping_the_pool_ends_its_workers() {
    block_on(async {
        let pool = start(config());
        let pid = text(&pool, "pid").await;
        let hanging = pool.render(job("hang"));
        assert!(tokio::time::timeout(Duration::from_millis(50), hanging).await.is_err());
        drop(pool);
        assert!(!is_running(&pid));
    });
}

fn no_worker_outlives_a_killed_server() {
    let executable = std::env::current_exe().unwrap();
    let mut server = Command::new(executable).arg("server").stdout(Stdio::piped()).spawn().unwrap();
    let pid = first_line(server.stdout.take().unwrap());
    assert!(is_running(&pid), "its worker");
    std::thread::sleep(Duration::from_millis(100)); // the worker is in an endless loop and reads no socket
    server.kill().unwrap();
    server.wait().unwrap();
    block_on(eventually("the worker died with its server", || !is_running(&pid)));
}

fn a_missing_executable_is_an_error() {
    let missing = Pool::start(PoolConfig { executable: "/nowhere/tintype".into(), ..config() });
    assert!(matches!(missing, Err(PoolStartError::Spawn(_))), "{missing:?}");
}

fn workers_that_never_start_are_tried_ever_more_slowly() {
    for how in ["exit", "fail"] {
        block_on(async {
            let pool = start(PoolConfig { queue_timeout: Duration::from_millis(1000), ..config_starting(how) });
            assert_eq!(ask(&pool, "echo").await.unwrap_err(), RenderError::QueueFull);
            assert!(!pool.is_ready());
            let spawned = count(&pool.stats().spawned);
            assert!((2..20).contains(&spawned), "{how}: {spawned} starts in a second");
        });
    }
}

fn a_worker_hanging_at_its_start_is_replaced() {
    block_on(async {
        let pool = start(PoolConfig { start_timeout: Duration::from_millis(100), ..config_starting("hang") });
        eventually("another is tried", || count(&pool.stats().spawned) > 2).await;
        assert!(!pool.is_ready());
    });
}

fn nothing_leaks() {
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    // The runtime opens some descriptors once per process, to learn of children that end; these stay open.
    block_on(async { drop(started(config()).await) });
    let before = open();
    block_on(async {
        let pool = start(PoolConfig { sandbox: false, ..config() });
        text(&pool, "echo").await;
        for _ in 0..5 {
            for order in ["echo x", "undecodable", "abort", "two-bodies", "body-with-error", "many-fds"] {
                let _ = ask(&pool, order).await;
            }
        }
    });
    assert_eq!(open(), before, "descriptors");
    let children = std::fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
    assert_eq!(children, "", "processes");
}
