//! How long something that is kept counts, by the wall clock: renditions, originals, remembered errors.

use std::time::{Duration, Instant, SystemTime};

use moka::Expiry;

/// A span of time that begins when something was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// When it was made.
    pub since: SystemTime,
    /// How long it counts.
    pub lasts: Duration,
}

impl Freshness {
    /// Returns its age at `now`; zero if the clock was set back.
    #[must_use]
    pub fn age(self, now: SystemTime) -> Duration {
        now.duration_since(self.since).unwrap_or_default()
    }

    /// Returns whether it still counts at `now`. A span too long to compute never ends.
    #[must_use]
    pub fn holds(self, now: SystemTime) -> bool {
        self.since.checked_add(self.lasts).is_none_or(|end| now < end)
    }
}

/// A value that is kept for a while.
#[derive(Clone, Debug)]
pub struct Kept<V> {
    value: V,
    freshness: Freshness,
}

impl<V> Kept<V> {
    /// Wraps a value that was made at `since` and counts for `lasts`.
    #[must_use]
    pub const fn new(value: V, since: SystemTime, lasts: Duration) -> Self {
        Self { value, freshness: Freshness { since, lasts } }
    }

    /// Returns the value, even past its time.
    #[must_use]
    pub const fn value(&self) -> &V {
        &self.value
    }

    /// Returns the value and its age, if it still counts at `now`.
    #[must_use]
    pub fn at(self, now: SystemTime) -> Option<(V, Duration)> {
        self.freshness.holds(now).then(|| (self.value, self.freshness.age(now)))
    }
}

/// Makes a moka cache drop what is past its time, so that its memory is free before it is asked for again.
#[derive(Clone, Copy, Debug)]
pub struct UntilStale;

impl<K, V> Expiry<K, Kept<V>> for UntilStale {
    fn expire_after_create(&self, _: &K, kept: &Kept<V>, _: Instant) -> Option<Duration> {
        Some(kept.freshness.lasts)
    }

    fn expire_after_update(&self, _: &K, kept: &Kept<V>, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(kept.freshness.lasts)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn what_is_kept_counts_until_its_time_is_over() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let kept = Kept::new("value", at(100), Duration::from_secs(10));
        let age = |now| kept.clone().at(at(now)).map(|(_, age)| age.as_secs());
        assert_eq!([99, 100, 109, 110, 1000].map(age), [Some(0), Some(0), Some(9), None, None]);
        assert!(Kept::new((), at(0), Duration::MAX).at(at(1 << 40)).is_some());
    }
}
