//! Remembers errors, so that a missing object or a broken upstream costs one attempt per TTL.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use super::variant::Variant;
use crate::cache::freshness::{Kept, UntilStale};
use crate::cache::{ObjectKey, VariantKey};
use crate::clock::Clock;
use crate::error::{Keep, SharedError};

/// Entries are small and hold no image bytes, so they are limited by number.
const ENTRIES_MAX: u64 = 20_000;

/// What failed: an original, or a rendition of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FailedSubject {
    /// The requested object.
    pub(super) object: ObjectKey,
    /// The rendition; `None` means the object itself.
    pub(super) variant: Option<VariantKey>,
}

impl FailedSubject {
    pub(super) const fn original(object: ObjectKey) -> Self {
        Self { object, variant: None }
    }

    pub(super) const fn rendition(variant: &Variant) -> Self {
        Self { object: variant.object_key, variant: Some(variant.key) }
    }
}

/// Remembered errors by subject.
#[derive(Debug)]
pub(super) struct Negative {
    clock: Arc<dyn Clock>,
    entries: Cache<FailedSubject, Kept<SharedError>>,
}

impl Negative {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, entries: Cache::builder().max_capacity(ENTRIES_MAX).expire_after(UntilStale).build() }
    }

    /// Returns the error remembered for `subject`, if it has not expired.
    pub(super) fn get(&self, subject: &FailedSubject) -> Option<SharedError> {
        let (error, _age) = self.entries.get(subject)?.at(self.clock.now())?;
        Some(error)
    }

    /// Remembers `error` for as long as its kind allows.
    pub(super) fn put(&self, subject: FailedSubject, error: &SharedError, error_ttl: Duration) {
        let keep = match error.answer(false).keep {
            Keep::ErrorTtl => error_ttl,
            Keep::Moment(time) => time.min(error_ttl),
            Keep::RetryAfter(_) | Keep::No => return,
        };
        self.entries.insert(subject, Kept::new(error.clone(), self.clock.now(), keep));
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::clock::ManualClock;
    use crate::error::Error;
    use crate::render::RenderError;
    use crate::source::{Cause, SourceError};

    #[test]
    fn errors_are_kept_as_long_as_their_kind_allows() {
        let clock = Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH));
        let negative = Negative::new(clock.clone());
        let key = |n: u8| FailedSubject::original(ObjectKey([n; 32]));
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

    #[test]
    fn a_failed_rendition_does_not_count_as_a_failed_original() {
        let negative = Negative::new(Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH)));
        let original = FailedSubject::original(ObjectKey([1; 32]));
        let rendition = FailedSubject { variant: Some(VariantKey([1; 32])), ..original };
        negative.put(rendition, &Arc::new(RenderError::Undecodable.into()), Duration::from_secs(300));
        assert!(negative.get(&rendition).is_some() && negative.get(&original).is_none());
    }
}
