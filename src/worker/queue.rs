//! What the pool and its supervisor share: the jobs that wait, and how far the end has come.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;

use super::protocol::Packed;
use super::stats::Stats;
use crate::render::{RenderError, Rendered};

/// What callers and the supervisor share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
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

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // What is behind the lock is whole between any two statements, so a panic elsewhere spoils nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wake(&self) {
        // Fails only when the counter is full, and then the supervisor has been woken.
        let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }
}
