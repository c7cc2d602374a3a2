//! Numbers about the workers, for the metrics page.

use std::sync::atomic::{AtomicU64, Ordering};

/// Gauges and counters, written by the supervisor and read by anyone.
#[derive(Debug, Default)]
pub struct Stats {
    /// Gauge: workers with a job.
    pub busy: AtomicU64,
    /// Gauge: workers ready for one.
    pub idle: AtomicU64,
    /// Gauge: jobs that wait.
    pub queued: AtomicU64,
    /// Counter: processes started.
    pub spawned: AtomicU64,
    /// Counter: workers killed because a job was over its time.
    pub killed: AtomicU64,
    /// Counter: workers that died or misbehaved.
    pub crashed: AtomicU64,
    /// Counter: workers replaced for age or size.
    pub recycled: AtomicU64,
    /// Counter: jobs refused or given up while they waited.
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
