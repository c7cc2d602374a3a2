//! Statistics about the workers, for the metrics page.

use std::sync::atomic::{AtomicU64, Ordering};

/// Gauges and counters, written by the supervisor and read by anyone.
#[derive(Debug, Default)]
pub struct Stats {
    /// Gauge: workers with a job.
    pub busy: AtomicU64,
    /// Gauge: workers ready for a job.
    pub idle: AtomicU64,
    /// Gauge: waiting jobs.
    pub queued: AtomicU64,
    /// Counter: processes started.
    pub spawned: AtomicU64,
    /// Counter: workers killed because a job ran out of time.
    pub killed: AtomicU64,
    /// Counter: workers that died, misbehaved or failed to start.
    pub crashed: AtomicU64,
    /// Counter: workers replaced for age or size, after a panic, or to have an unused one for rare jobs.
    pub recycled: AtomicU64,
    /// Counter: jobs refused by a full queue or timed out in it.
    pub shed: AtomicU64,
}

impl Stats {
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn set(gauge: &AtomicU64, value: usize) {
        gauge.store(value as u64, Ordering::Relaxed);
    }
}
