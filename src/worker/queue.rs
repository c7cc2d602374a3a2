//! State shared by the pool and its supervisor: the waiting jobs, and the phase of the pool.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;

use super::protocol::Packed;
use super::stats::Stats;
use crate::render::{RenderError, Rendered};

/// State shared by callers and the supervisor.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) state: Mutex<QueueState>,
    pub(super) wake: OwnedFd,
    pub(super) stats: Stats,
    pub(super) ready: AtomicBool,
}

#[derive(Debug)]
pub(super) struct QueueState {
    pub(super) queue: VecDeque<Waiting>,
    /// Number of jobs that workers have.
    pub(super) running: usize,
    pub(super) phase: PoolPhase,
}

/// Phase of the pool's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PoolPhase {
    /// Accepts jobs.
    Open,
    /// Accepts no jobs, finishes those it has, then ends.
    Draining,
    /// Ends at once.
    Stopping,
}

/// A waiting or running job.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) packed: Packed,
    pub(super) reply: oneshot::Sender<Result<Rendered, RenderError>>,
    pub(super) since: Instant,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, QueueState> {
        // The locked state is consistent after every statement, so a panic elsewhere does no harm.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wake(&self) {
        // Fails only if the counter is full, and then the supervisor has been woken already.
        let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }
}
