//! Pools that run this executable, and jobs that carry orders.

use std::ffi::OsString;
use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};
use tintype::sniff::{Encoded, SourceFormat, sniff};

use tintype::blob::Blob;
use tintype::config::RenderConfig;
use tintype::limits::Limits;
use tintype::param;
use tintype::plan::{Intent, Negotiation, Plan, Policy, resolve};
use tintype::render::{Input, Job, RenderError, RenderLimits, Rendered};
use tintype::worker::{Pool, PoolConfig};

/// Returns the settings of one confined worker (and a spare) that follows orders. Each test changes what it is about.
pub(crate) fn config() -> PoolConfig {
    let render = RenderConfig {
        workers: 1,
        timeout: Duration::from_secs(10),
        queue_max: 64,
        worker_jobs_max: 10_000,
        worker_memory_bytes_max: 1 << 30,
        sandbox: true,
        undecodable_is_421: false,
    };
    PoolConfig::new(PoolConfig::this_program(), &render, &Limits::default())
}

/// Returns the same settings with a worker that behaves as `how` says while it starts.
pub(crate) fn config_starting(how: &str) -> PoolConfig {
    PoolConfig { arguments: vec![OsString::from("worker"), OsString::from(how)], ..config() }
}

pub(crate) fn start(config: PoolConfig) -> Pool {
    Pool::start(config).expect("this executable can be run")
}

/// Starts a pool and waits until its workers, including the spare, have started, so that the test is not about cold
/// starts.
pub(crate) async fn started(config: PoolConfig) -> Pool {
    let workers = config.workers as u64 + 1;
    let pool = start(config);
    eventually("all are ready", || pool.stats().idle.load(std::sync::atomic::Ordering::Relaxed) == workers).await;
    pool
}

pub(crate) fn plan(query: &str) -> Plan {
    let parsed = param::parse(query, &[]).unwrap();
    match resolve(&parsed, &Negotiation::default(), &Policy::default()).intent {
        Intent::Render(plan) => *plan,
        Intent::PassThrough | Intent::Unsupported(_) => panic!("{query} asks for an image"),
    }
}

pub(crate) fn job(order: &str) -> Job {
    let limits = RenderLimits { pixels_max: 1, frames_max: 1, animation_pixels_max: 1 };
    Job {
        plan: plan("w=300"),
        input: Input::Original(Encoded {
            bytes: Blob::copy_from(order.as_bytes()).unwrap(),
            format: sniff(order.as_bytes()).unwrap_or(SourceFormat::Jpeg),
        }),
        overlays: vec![],
        limits,
        faces: None,
    }
}

/// Returns the answer to an order.
pub(crate) async fn ask(pool: &Pool, order: &str) -> Result<Rendered, RenderError> {
    pool.render(job(order)).await
}

/// Returns the answer to an order as text.
pub(crate) async fn text(pool: &Pool, order: &str) -> String {
    let rendered = ask(pool, order).await.unwrap_or_else(|error| panic!("{order}: {error}"));
    String::from_utf8(rendered.body.as_slice().to_vec()).unwrap()
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Waits for `what`, at most 10 s.
pub(crate) async fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < Duration::from_secs(10), "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Returns whether a process is running; one that has ended but was not yet reaped is not.
pub(crate) fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
}
