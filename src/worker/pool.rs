//! The render pool from the server's side: a job in, an answer out, and bounds on everything in between.
//!
//! Dropping a [`Pool::render`] future is harmless: a waiting job is forgotten, a running one runs to its end or its
//! deadline, and its place in the pool is free again either way.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::event::{EventfdFlags, eventfd};
use tokio::sync::{oneshot, watch};

use super::config::PoolConfig;
use super::protocol::Packed;
use super::queue::{PoolPhase, QueueState, Shared, Waiting};
use super::stats::Stats;
use super::supervisor::Supervisor;
use crate::render::{Job, RenderError, Rendered, Step};

/// Reasons why no pool could be set up.
#[derive(Debug, thiserror::Error)]
pub enum PoolStartError {
    /// The executable cannot be run.
    #[error("cannot start a render worker: {0}")]
    Spawn(io::Error),
    /// The system is out of threads or descriptors.
    #[error("cannot set up the render pool: {0}")]
    Resources(io::Error),
}

/// Worker processes and the queue in front of them. There is one pool per server; share it by reference.
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
    /// Returns how many jobs may wait while `running` run. A job that can start at once takes no place in the queue.
    const fn room(self, running: usize) -> usize {
        self.queue_max + self.running_max.saturating_sub(running)
    }
}

/// Releases all waiting callers when the supervisor ends, even after a panic.
struct Ending {
    shared: Arc<Shared>,
    _alive: watch::Sender<()>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.phase = PoolPhase::Stopping;
        // Dropping the senders answers the callers.
        state.queue.clear();
        self.shared.ready.store(false, Ordering::Release);
    }
}

impl Pool {
    /// Starts the workers. Returns before they are ready; jobs wait for the first one.
    ///
    /// # Errors
    /// Fails if `executable` cannot be run at all, or if the system is out of threads or descriptors.
    pub fn start(config: PoolConfig) -> Result<Self, PoolStartError> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|errno| PoolStartError::Resources(errno.into()))?;
        let shared = Arc::new(Shared {
            state: Mutex::new(QueueState { queue: VecDeque::new(), running: 0, phase: PoolPhase::Open }),
            wake,
            stats: Stats::default(),
            ready: AtomicBool::new(false),
        });
        let (alive, ended) = watch::channel(());
        let (started_tx, started) = std::sync::mpsc::sync_channel(1);
        let admission = Admission { running_max: config.workers.max(1), queue_max: config.queue_max };
        let supervised = Arc::clone(&shared);
        // One thread starts every worker and lives as long as they do; see `Worker::spawn`.
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
            .map_err(PoolStartError::Resources)?;
        match started.recv() {
            Ok(Ok(())) => Ok(Self { shared, admission, ended, thread: Some(thread) }),
            Ok(Err(error)) => Err(PoolStartError::Spawn(error)),
            Err(_) => Err(PoolStartError::Resources(io::Error::other("the supervisor has ended"))),
        }
    }

    /// Renders a job in a worker process.
    ///
    /// In the answer, `timings.queue` is the time before a worker had the job. The future may be dropped at any time.
    ///
    /// # Errors
    /// Errors that the worker reports, and [`RenderError::QueueFull`] (at once, or after `queue_timeout` in the queue),
    /// [`RenderError::Timeout`], [`RenderError::WorkerCrashed`], and [`RenderError::Unavailable`] while draining.
    pub async fn render(&self, job: Job) -> Result<Rendered, RenderError> {
        let packed = Packed::new(job).map_err(|_| RenderError::Stage(Step::Transport))?;
        let (reply, answer) = oneshot::channel();
        self.submit(Waiting { packed, reply, since: Instant::now() })?;
        // The sender is dropped unused only if the pool ends first.
        answer.await.unwrap_or(Err(RenderError::Unavailable))
    }

    fn submit(&self, waiting: Waiting) -> Result<(), RenderError> {
        let mut state = self.shared.lock();
        if state.phase != PoolPhase::Open {
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

    /// Returns whether a job would get a worker: false until the first is ready, while none can be started, and from
    /// the start of a drain.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shared.ready.load(Ordering::Acquire)
    }

    /// Returns the statistics for the metrics.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.shared.stats
    }

    /// Accepts no more jobs, finishes those already accepted (each within its deadlines), then ends the workers.
    pub async fn drain(&self) {
        self.enter(PoolPhase::Draining);
        let mut ended = self.ended.clone();
        // Wait for the error: the channel closes when the supervisor ends.
        while ended.changed().await.is_ok() {}
    }

    fn enter(&self, phase: PoolPhase) {
        let mut state = self.shared.lock();
        if state.phase == PoolPhase::Open || phase == PoolPhase::Stopping {
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
        self.enter(PoolPhase::Stopping);
        if let Some(thread) = self.thread.take() {
            // The workers are gone, whether or not the thread panicked.
            let _ = thread.join();
        }
    }
}
