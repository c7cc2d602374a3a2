//! Errors worth remembering, so that a missing object or a broken upstream costs one attempt a lifetime.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use moka::sync::Cache;

use crate::clock::Clock;
use crate::error::{Keep, SharedError};
use crate::plan::VariantKey;

/// Entries are small and hold no bytes, so they are counted.
const ENTRIES_MAX: u64 = 20_000;

/// Remembered errors by what was asked for: an original or a variant.
#[derive(Debug)]
pub(super) struct Negative {
    clock: Arc<dyn Clock>,
    entries: Cache<VariantKey, (SharedError, SystemTime)>,
}

impl Negative {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, entries: Cache::new(ENTRIES_MAX) }
    }

    /// The error remembered for `key`, if its time has not run out.
    pub(super) fn get(&self, key: &VariantKey) -> Option<SharedError> {
        let (error, until) = self.entries.get(key)?;
        if self.clock.now() < until {
            return Some(error);
        }
        self.entries.invalidate(key);
        None
    }

    /// Remembers `error` for as long as its kind allows.
    pub(super) fn put(&self, key: VariantKey, error: &SharedError, error_ttl: Duration) {
        let keep = match error.answer(false).keep {
            Keep::ErrorTtl => error_ttl,
            Keep::Moment(time) => time.min(error_ttl),
            Keep::RetryAfter(_) | Keep::No => return,
        };
        self.entries.insert(key, (error.clone(), self.clock.now() + keep));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::error::Error;
    use crate::render::RenderError;
    use crate::source::{Cause, SourceError};

    #[test]
    fn errors_are_kept_as_long_as_their_kind_allows() {
        let clock = Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH));
        let negative = Negative::new(clock.clone());
        let key = |n: u8| VariantKey([n; 32]);
        let put = |n, error: Error| negative.put(key(n), &Arc::new(error), Duration::from_secs(300));
        put(1, SourceError::Missing.into());
        put(2, SourceError::Upstream(Cause::Dns).into());
        put(3, RenderError::QueueFull.into());
        put(4, SourceError::Misconfigured(Cause::Clock).into());
        put(5, SourceError::Busy { cause: Cause::Status(429), retry_after: Duration::from_secs(60) }.into());
        let known = || [1, 2, 3, 4, 5].map(|n| negative.get(&key(n)).is_some());
        assert_eq!(known(), [true, true, false, false, false]);
        clock.advance(Duration::from_secs(11));
        assert_eq!(known(), [true, false, false, false, false]);
        clock.advance(Duration::from_secs(300));
        assert_eq!(known(), [false; 5]);
    }
}
