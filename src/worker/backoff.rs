//! Decides how long to wait before starting the next worker, after several have failed.

use std::time::{Duration, Instant};

/// Number of crashes in a row from which on replacements are delayed. Below it they start at once: one hostile original
/// costs one worker, and must not slow down other clients.
const CRASHES_FREE: u32 = 8;
const FIRST: Duration = Duration::from_millis(50);
const START_MAX: Duration = Duration::from_secs(5);
const CRASH_MAX: Duration = Duration::from_secs(1);

/// Counts failures in a row. Pure: callers pass in the time.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    /// Workers that could not be started, or failed before they were ready.
    starts: u32,
    /// Workers that died or misbehaved after that, with or without a job.
    crashes: u32,
    until: Option<Instant>,
}

impl Backoff {
    /// Records a failed start: nothing that a client sent is to blame.
    pub(super) fn start_failed(&mut self, now: Instant) {
        self.starts = self.starts.saturating_add(1);
        self.hold(now, doubled(self.starts - 1).min(START_MAX));
    }

    /// Records that a running worker died or misbehaved.
    pub(super) fn crashed(&mut self, now: Instant) {
        self.crashes = self.crashes.saturating_add(1);
        if let Some(over) = self.crashes.checked_sub(CRASHES_FREE) {
            self.hold(now, doubled(over).min(CRASH_MAX));
        }
    }

    /// Records an answer: whatever was wrong is over.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Returns when the next worker may be started, if that is later than `now`.
    pub(super) fn until(&self, now: Instant) -> Option<Instant> {
        self.until.filter(|until| *until > now)
    }

    /// Returns whether the last attempts to start a worker failed.
    pub(super) const fn is_failing(&self) -> bool {
        self.starts > 0
    }

    fn hold(&mut self, now: Instant, delay: Duration) {
        self.until = self.until.max(Some(now + delay));
    }
}

fn doubled(times: u32) -> Duration {
    FIRST * 2_u32.pow(times.min(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_starts_wait_ever_longer_up_to_a_bound() {
        let now = Instant::now();
        let mut backoff = Backoff::default();
        let mut waits = Vec::new();
        for _ in 0..12 {
            backoff.start_failed(now);
            waits.push((backoff.until(now).unwrap() - now).as_millis());
        }
        assert_eq!(waits[..4], [50, 100, 200, 400]);
        assert_eq!(waits[11], 5000);
        assert!(backoff.is_failing());
        assert_eq!(backoff.until(now + START_MAX), None);
        backoff.succeeded();
        assert!(!backoff.is_failing() && backoff.until(now).is_none());
    }

    #[test]
    fn a_few_crashes_cause_no_wait_and_many_cause_a_bounded_one() {
        let now = Instant::now();
        let mut backoff = Backoff::default();
        for _ in 1..CRASHES_FREE {
            backoff.crashed(now);
        }
        assert_eq!(backoff.until(now), None);
        for _ in 0..50 {
            backoff.crashed(now);
        }
        assert_eq!(backoff.until(now), Some(now + CRASH_MAX));
        assert!(!backoff.is_failing(), "jobs are to blame, not the start");
    }
}
