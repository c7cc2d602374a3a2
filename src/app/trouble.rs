//! Reports failing sources to the operator: logs at most one line per minute for each source and cause, and remembers
//! which sources are failing now.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use super::Site;
use crate::clock::Clock;
use crate::source::{Cause, SourceError};

/// Minimum time between two lines about the same source and cause.
const QUIET: Duration = Duration::from_secs(60);

/// Failures by source. Bounded by the number of sources and of causes, which only the operator and this program define.
#[derive(Debug)]
pub(super) struct Troubles {
    clock: Arc<dyn Clock>,
    by_source: Mutex<BTreeMap<String, Trouble>>,
}

#[derive(Debug, Default)]
struct Trouble {
    /// Cause of the last fetch's failure, if it shows that the source as a whole does not work.
    failing: Option<Cause>,
    lines: HashMap<&'static str, Line>,
}

/// The last line logged about one cause.
#[derive(Clone, Copy, Debug)]
struct Line {
    at: SystemTime,
    /// Failures since then that were not logged.
    untold: u64,
}

impl Troubles {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, by_source: Mutex::default() }
    }

    /// Records how a fetch ended, and logs a failure if a line is due.
    pub(super) fn fetched(&self, site: &Site, failure: Option<SourceError>) {
        let label = site.label();
        if let Some(untold) = self.note(&label, has_one_upstream(site), failure)
            && let Some(cause) = failure.map(SourceError::cause)
        {
            let (what, remedy) = cause.advice();
            let detail = cause.detail().map(tracing::field::debug);
            tracing::warn!(cause = cause.label(), detail, untold, "source {label}: {what}; {remedy}");
        }
    }

    /// Records the outcome. If a line is due, returns how many failures went unreported before this one.
    fn note(&self, source: &str, has_one_upstream: bool, failure: Option<SourceError>) -> Option<u64> {
        let mut by_source = self.by_source.lock().expect(UNPOISONED);
        let Some(error) = failure.filter(|error| error.concerns_operator()) else {
            if let Some(trouble) = by_source.get_mut(source) {
                trouble.failing = None;
            }
            return None;
        };
        if !by_source.contains_key(source) {
            by_source.insert(source.to_owned(), Trouble::default());
        }
        let trouble = by_source.get_mut(source)?;
        trouble.failing = Some(error.cause()).filter(|_| has_one_upstream && error.concerns_source());
        let now = self.clock.now();
        match trouble.lines.get_mut(error.cause().label()) {
            // A clock that was set back must not silence a cause for long.
            Some(line) if now.duration_since(line.at).is_ok_and(|since| since < QUIET) => {
                line.untold += 1;
                None
            }
            Some(line) => {
                let untold = line.untold;
                *line = Line { at: now, untold: 0 };
                Some(untold)
            }
            None => {
                trouble.lines.insert(error.cause().label(), Line { at: now, untold: 0 });
                Some(0)
            }
        }
    }

    /// Returns the sources, by name, whose last fetch failed for a reason that concerns the source and not just the
    /// object.
    pub(super) fn failing(&self) -> Vec<(String, Cause)> {
        let by_source = self.by_source.lock().expect(UNPOISONED);
        by_source.iter().filter_map(|(source, trouble)| Some((source.clone(), trouble.failing?))).collect()
    }
}

/// Returns whether the operator names the upstream. Where strangers name it, a failing upstream says nothing about the
/// source.
fn has_one_upstream(site: &Site) -> bool {
    !site.config.kind.is_proxy()
}

const UNPOISONED: &str = "no holder of this lock can panic";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn each_source_and_cause_is_logged_once_per_minute() {
        let clock = Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH));
        let troubles = Troubles::new(clock.clone());
        let note = |source: &str, cause| troubles.note(source, true, Some(SourceError::Upstream(cause)));
        assert_eq!(note("a", Cause::Dns), Some(0));
        assert_eq!(note("a", Cause::Dns), None);
        assert_eq!(note("a", Cause::Status(500)), Some(0), "another cause");
        assert_eq!(note("b", Cause::Dns), Some(0), "another source");
        clock.advance(Duration::from_secs(59));
        assert_eq!(note("a", Cause::Dns), None);
        clock.advance(Duration::from_secs(1));
        assert_eq!(note("a", Cause::Dns), Some(2));
        assert_eq!(note("a", Cause::Dns), None);
    }

    #[test]
    fn a_source_is_failing_until_a_fetch_succeeds() {
        let troubles = Troubles::new(Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH)));
        let failing = || troubles.failing();
        troubles.note("a", true, None);
        troubles.note("a", true, Some(SourceError::Missing));
        troubles.note("proxy", false, Some(SourceError::Upstream(Cause::Dns)));
        assert_eq!(failing(), []);
        troubles.note("a", true, Some(SourceError::Misconfigured(Cause::Clock)));
        troubles.note("b", true, Some(SourceError::Upstream(Cause::Truncated)));
        assert_eq!(failing(), [("a".to_owned(), Cause::Clock), ("b".to_owned(), Cause::Truncated)]);
        // An upstream that reports a missing object works.
        troubles.note("a", true, Some(SourceError::Missing));
        troubles.note("b", true, Some(SourceError::TooLarge { max: 1 }));
        assert_eq!(failing(), []);
    }
}
