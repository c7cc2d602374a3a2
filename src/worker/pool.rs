//! The render pool as the server uses it: a job in, an answer out, and bounds on everything between.
//!
//! A dropped [`Pool::render`] future takes nothing with it: a job that waits is forgotten, one that runs does so to its
//! end or its deadline, and its worker returns to the pool either way.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, eventfd};
use tokio::sync::{oneshot, watch};

use super::protocol::Packed;
use super::stats::Stats;
use super::supervisor::Supervisor;
use crate::config::{Limits, RenderConfig};
use crate::render::{Job, RenderError, Rendered};

/// Environment that a worker may see: where libraries and fonts are. Never credentials.
const ENVIRONMENT_KEPT: [&str; 3] = ["LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH"];

/// How workers are run.
#[derive(Clone, Debug)]
pub struct PoolConfig {
    /// What to execute: this program, unless a test has another.
    pub executable: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Directories a confined worker may read beside the system's own libraries and fonts.
    pub read_paths: Vec<PathBuf>,
    /// Jobs that run at once, at least 1. One process more is kept ready to take the place of one that ends.
    pub workers: usize,
    /// Wall time of one job, from when a worker has it.
    pub timeout: Duration,
    /// Time that a job may wait for a worker.
    pub queue_timeout: Duration,
    /// Time for a worker to become ready.
    pub start_timeout: Duration,
    /// Jobs that may wait.
    pub queue_max: usize,
    /// A worker is replaced after this many jobs.
    pub worker_jobs_max: u64,
    /// A worker is replaced when its resident memory is above this after a job.
    pub worker_memory_bytes_max: u64,
    /// Private memory a worker may have at all (`RLIMIT_DATA`); the job that needs more fails.
    pub worker_data_bytes_max: u64,
    /// Bytes of one rendition.
    pub output_bytes_max: u64,
    /// Whether workers confine themselves.
    pub sandbox: bool,
}

impl PoolConfig {
    /// This very program, even after its file was replaced by a newer one that might speak another protocol.
    #[must_use]
    pub fn this_program() -> PathBuf {
        PathBuf::from("/proc/self/exe")
    }

    /// The pool that `render` and `limits` describe, run by `executable worker`.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "only passes on where the system's libraries and fonts are")]
    pub fn new(executable: PathBuf, render: &RenderConfig, limits: &Limits) -> Self {
        let kept = ENVIRONMENT_KEPT.iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
        let kept: Vec<_> = kept.collect();
        let mut environment: Vec<(OsString, OsString)> = [
            ("LANG", "C.UTF-8"),
            // Threads of a codec would each keep freed memory in an arena of their own.
            ("MALLOC_ARENA_MAX", "2"),
            // A confined worker has no disk to put large pictures on; `RLIMIT_DATA` bounds the memory.
            ("VIPS_DISC_THRESHOLD", "4096g"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into();
        environment.extend(kept.iter().cloned());
        Self {
            executable,
            arguments: vec!["worker".into()],
            environment,
            read_paths: kept.iter().flat_map(|(_, paths)| std::env::split_paths(paths)).collect(),
            workers: render.workers.max(1),
            timeout: render.timeout,
            queue_timeout: render.timeout,
            start_timeout: Duration::from_secs(20),
            queue_max: render.queue_max,
            worker_jobs_max: render.worker_jobs_max.max(1),
            worker_memory_bytes_max: render.worker_memory_bytes_max,
            worker_data_bytes_max: data_bytes_max(limits),
            output_bytes_max: 512 << 20,
            sandbox: render.sandbox,
        }
    }
}

/// Libraries and stacks, and then either the largest still as 16-bit RGBA three times over (decoded, turned, in linear
/// light) or the largest animation as 8-bit RGBA twice.
fn data_bytes_max(limits: &Limits) -> u64 {
    let still = limits.pixels_max.saturating_mul(8 * 3);
    let animation = limits.animation_pixels_max.saturating_mul(4 * 2);
    still.max(animation).saturating_add(1 << 30)
}

/// Why no pool could be set up.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The executable cannot be run.
    #[error("cannot start a render worker: {0}")]
    Spawn(io::Error),
    /// No thread or descriptor to be had.
    #[error("cannot set up the render pool: {0}")]
    Resources(io::Error),
}

/// Worker processes and the queue before them. One a server; share it by reference.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    admission: Admission,
    /// Closed when the supervisor has ended.
    ended: watch::Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy, Debug)]
struct Admission {
    running_max: usize,
    queue_max: usize,
}

impl Admission {
    /// How many jobs may wait while `running` run: a job that can start at once takes no place in the queue.
    const fn room(self, running: usize) -> usize {
        self.queue_max + self.running_max.saturating_sub(running)
    }
}

/// What callers and the supervisor share.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) wake: OwnedFd,
    pub(super) stats: Stats,
    pub(super) ready: AtomicBool,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) queue: VecDeque<Waiting>,
    /// Jobs that a worker has.
    pub(super) running: usize,
    pub(super) phase: Phase,
}

/// Where the pool is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Takes jobs.
    Open,
    /// Takes none, finishes those it took, then ends.
    Draining,
    /// Ends at once.
    Stopping,
}

/// A job that waits, or runs.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) packed: Packed,
    pub(super) reply: oneshot::Sender<Result<Rendered, RenderError>>,
    pub(super) since: Instant,
}

/// Leaves nobody waiting when the supervisor ends, even if by a panic.
struct Ending {
    shared: Arc<Shared>,
    _alive: watch::Sender<()>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.phase = Phase::Stopping;
        // Dropping their senders answers them.
        state.queue.clear();
        self.shared.ready.store(false, Ordering::Release);
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // What is behind the lock is whole between any two statements, so a panic elsewhere spoils nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        // Fails only when the counter is full, and then the supervisor has been woken.
        let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }
}

impl Pool {
    /// Starts the workers. Returns before they are ready; jobs wait for the first one.
    ///
    /// # Errors
    /// When `executable` cannot be run at all, or the system is out of threads or descriptors.
    pub fn start(config: PoolConfig) -> Result<Self, StartError> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|errno| StartError::Resources(errno.into()))?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State { queue: VecDeque::new(), running: 0, phase: Phase::Open }),
            wake,
            stats: Stats::default(),
            ready: AtomicBool::new(false),
        });
        let (alive, ended) = watch::channel(());
        let (started_tx, started) = std::sync::mpsc::sync_channel(1);
        let admission = Admission { running_max: config.workers.max(1), queue_max: config.queue_max };
        let supervised = Arc::clone(&shared);
        // One thread starts every worker and lives as long as they do, see `Worker::spawn`.
        let thread = std::thread::Builder::new()
            .name("render-pool".into())
            .spawn(move || {
                let _ending = Ending { shared: Arc::clone(&supervised), _alive: alive };
                let (supervisor, first) = Supervisor::start(config, supervised);
                let failed = first.is_err();
                let _ = started_tx.send(first);
                if !failed {
                    supervisor.run();
                }
            })
            .map_err(StartError::Resources)?;
        match started.recv() {
            Ok(Ok(())) => Ok(Self { shared, admission, ended, thread: Some(thread) }),
            Ok(Err(error)) => Err(StartError::Spawn(error)),
            Err(_) => Err(StartError::Resources(io::Error::other("the supervisor ended"))),
        }
    }

    /// Renders in a worker process.
    ///
    /// `timings.queue` of the answer is the time before a worker had the job. Dropping the future is allowed at any time.
    ///
    /// # Errors
    /// What the worker reports, and [`RenderError::QueueFull`] (at once, or after `queue_timeout` in the queue),
    /// [`RenderError::Timeout`], [`RenderError::WorkerCrashed`], [`RenderError::Unavailable`] while draining.
    pub async fn render(&self, job: Job) -> Result<Rendered, RenderError> {
        let packed = Packed::new(job).map_err(|_| RenderError::Stage { stage: "transport".to_owned() })?;
        let (reply, answer) = oneshot::channel();
        self.submit(Waiting { packed, reply, since: Instant::now() })?;
        // The sender is dropped unused only when the pool ends first.
        answer.await.unwrap_or(Err(RenderError::Unavailable))
    }

    fn submit(&self, waiting: Waiting) -> Result<(), RenderError> {
        let mut state = self.shared.lock();
        if state.phase != Phase::Open {
            return Err(RenderError::Unavailable);
        }
        let room = self.admission.room(state.running);
        if state.queue.len() >= room {
            state.queue.retain(|waiting| !waiting.reply.is_closed());
        }
        if state.queue.len() >= room {
            drop(state);
            Stats::add(&self.shared.stats.shed);
            return Err(RenderError::QueueFull);
        }
        state.queue.push_back(waiting);
        drop(state);
        self.shared.wake();
        Ok(())
    }

    /// Whether a job would meet a worker: false until the first is ready, while none can be started, and from the
    /// begin of a drain.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shared.ready.load(Ordering::Acquire)
    }

    /// Numbers for the metrics.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.shared.stats
    }

    /// Takes no more jobs, finishes those taken (each within its deadlines), then ends the workers.
    pub async fn drain(&self) {
        self.enter(Phase::Draining);
        let mut ended = self.ended.clone();
        // An error is what is waited for: the supervisor's end closes the channel.
        while ended.changed().await.is_ok() {}
    }

    fn enter(&self, phase: Phase) {
        let mut state = self.shared.lock();
        if state.phase == Phase::Open || phase == Phase::Stopping {
            state.phase = phase;
        }
        drop(state);
        self.shared.ready.store(false, Ordering::Release);
        self.shared.wake();
    }
}

impl Drop for Pool {
    /// Ends the workers at once and waits until they are gone, which takes milliseconds.
    fn drop(&mut self) {
        self.enter(Phase::Stopping);
        if let Some(thread) = self.thread.take() {
            // It panicked, or it did not: the workers are gone either way.
            let _ = thread.join();
        }
    }
}
