//! Measures where the time of one request goes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Durations of the stages of one request. A stage is zero if its work was done earlier or for another request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageTimes {
    /// Fetching the original.
    pub fetch: Duration,
    /// Waiting for a worker.
    pub queue: Duration,
    /// Decoding and processing.
    pub render: Duration,
    /// Encoding.
    pub encode: Duration,
}

/// Stage times that are filled in by the code that does the work and read by the request that started it.
#[derive(Clone, Debug, Default)]
pub struct Stopwatch(Arc<Mutex<StageTimes>>);

impl Stopwatch {
    /// Changes the recorded times.
    pub fn record(&self, change: impl FnOnce(&mut StageTimes)) {
        change(&mut self.0.lock().expect("no holder of this lock can panic"));
    }

    /// Returns the times recorded so far.
    #[must_use]
    pub fn read(&self) -> StageTimes {
        *self.0.lock().expect("no holder of this lock can panic")
    }
}
