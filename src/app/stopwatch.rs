//! Where the time of one request went.

use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Durations of the stages of one request; all but `total` are zero when the work was done earlier or for another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageTimes {
    /// Fetching the original.
    pub fetch: Duration,
    /// Waiting for a worker.
    pub queue: Duration,
    /// Decoding and stages.
    pub render: Duration,
    /// Encoding.
    pub encode: Duration,
}

/// Filled in by whoever does the work, read by the request that started it.
#[derive(Clone, Debug, Default)]
pub struct Stopwatch(Arc<Mutex<StageTimes>>);

impl Stopwatch {
    /// Changes the recorded times.
    pub fn record(&self, change: impl FnOnce(&mut StageTimes)) {
        change(&mut self.0.lock().expect("no holder of this lock can panic"));
    }

    /// What has been recorded so far.
    #[must_use]
    pub fn read(&self) -> StageTimes {
        *self.0.lock().expect("no holder of this lock can panic")
    }
}
