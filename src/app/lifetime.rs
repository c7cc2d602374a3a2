//! How long an image may be cached (`delivery.md` 2). Pure. Where several limits apply, the smallest wins: nothing here
//! extends what a source allowed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::cache::Rendition;
use crate::config::{SourceConfig, TtlMode};
use crate::source::OriginCaching;

/// Returns how many seconds a rendition may be cached, given what the upstream said about its original; 0 means "do not
/// cache".
pub(super) fn granted_s(source: &SourceConfig, origin: OriginCaching) -> u64 {
    let own = source.cache_ttl;
    match source.cache_ttl_mode {
        TtlMode::RespectOrigin if origin.uncacheable => 0,
        TtlMode::RespectOrigin => origin.max_age.unwrap_or(own).as_secs(),
        TtlMode::Override => own.as_secs(),
        TtlMode::Minimum => origin.max_age.unwrap_or_default().max(own).as_secs(),
    }
}

/// Returns the lifetime to announce to clients and other caches at `now`: the rendition's remaining time, cut off where
/// the URL expires. Zero means "do not cache".
#[must_use]
pub fn sent(rendition: &Rendition, expires_at: Option<u64>, now: SystemTime) -> Duration {
    Duration::from_secs(left_s(rendition, now)).min(until(expires_at, now))
}

/// Returns the rendition's remaining time in whole seconds. If the clock was set back, that is the whole time.
pub(super) fn left_s(rendition: &Rendition, now: SystemTime) -> u64 {
    rendition.max_age_s.saturating_sub(rendition.freshness().age(now).as_secs())
}

/// Returns the whole seconds until the Unix second `end`, rounded down so that nothing is kept beyond it. Without an
/// end the answer is [`Duration::MAX`].
#[must_use]
pub fn until(end: Option<u64>, now: SystemTime) -> Duration {
    let Some(end) = end else { return Duration::MAX };
    // An end that `SystemTime` cannot represent is as good as none.
    let Some(end) = UNIX_EPOCH.checked_add(Duration::from_secs(end)) else { return Duration::MAX };
    Duration::from_secs(end.duration_since(now).unwrap_or_default().as_secs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::{self, Environment};

    const T0: u64 = 1_700_000_000;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn source(mode: &str, ttl_s: u64) -> SourceConfig {
        let text = format!(
            "[[source]]\nname = \"x\"\nkind = \"folder\"\nroot = \"/x\"\ncache_ttl_mode = \"{mode}\"\ncache_ttl = \"{ttl_s}s\"\n"
        );
        config::parse("test", &text, &Environment::new(), &[]).unwrap().sources.remove(0)
    }

    fn rendition(max_age_s: u64) -> Rendition {
        let (body, content_type, etag, objects) = Default::default();
        Rendition { body, content_type, etag, rendered_at: at(T0), max_age_s, objects }
    }

    #[test]
    fn modes_are_as_documented() {
        let check = |mode: &str, max_age: Option<u64>, uncacheable: bool, expected: u64| {
            let caching = OriginCaching { max_age: max_age.map(Duration::from_secs), uncacheable };
            assert_eq!(granted_s(&source(mode, 600), caching), expected, "{mode} {caching:?}");
        };
        for (max_age, respected, minimum) in
            [(None, 600, 600), (Some(60), 60, 600), (Some(6000), 6000, 6000), (Some(0), 0, 600)]
        {
            check("respect-origin", max_age, false, respected);
            check("respect-origin", max_age, true, 0);
            for uncacheable in [false, true] {
                check("override", max_age, uncacheable, 600);
                check("minimum", max_age, uncacheable, minimum);
            }
        }
    }

    #[test]
    fn the_remaining_lifetime_that_is_sent_is_the_smaller_one() {
        let check = |max_age_s: u64, age_s: u64, expires_in: Option<u64>, expected: u64| {
            let expires_at = expires_in.map(|left| T0 + age_s + left);
            let sent = sent(&rendition(max_age_s), expires_at, at(T0 + age_s));
            assert_eq!(sent.as_secs(), expected, "{max_age_s} {age_s} {expires_in:?}");
        };
        check(3600, 0, None, 3600);
        check(3600, 0, Some(86_400), 3600);
        check(3600, 0, Some(60), 60);
        check(3600, 3599, None, 1);
        check(3600, 3599, Some(60), 1);
        check(3600, 4000, None, 0);
        check(60, 50, Some(30), 10);
        // If the source forbids caching, the expiry of the URL cannot allow it.
        check(0, 0, Some(86_400), 0);
        check(0, 0, None, 0);
        check(3600, 0, Some(0), 0);
        check(3600, 0, Some(u64::MAX / 4), 3600);
        assert_eq!(sent(&rendition(60), Some(u64::MAX), at(T0)).as_secs(), 60);
        // Half a second before the end, no whole second is left.
        let half = Duration::from_millis(500);
        assert_eq!(until(Some(T0 + 10), at(T0 + 1) - half), Duration::from_secs(9));
        assert_eq!(until(Some(T0 + 10), at(T0 + 10) - half), Duration::ZERO);
        // A clock that was set back gives no more than the original lifetime.
        assert_eq!(sent(&rendition(60), None, at(T0 - 1000)).as_secs(), 60);
    }

    proptest! {
        #[test]
        fn no_lifetime_exceeds_a_limit(
            mode in prop::sample::select(vec!["respect-origin", "override", "minimum"]),
            ttl_s in 0_u64..5000, max_age in prop::option::of(0_u64..5000), uncacheable: bool,
            age_ms in 0_u64..6_000_000, expires_at in prop::option::of(0_u64..10_000),
        ) {
            let caching = OriginCaching { max_age: max_age.map(Duration::from_secs), uncacheable };
            let granted = granted_s(&source(mode, ttl_s), caching);
            let now = at(T0) + Duration::from_millis(age_ms);
            let expires_at = expires_at.map(|after| T0 + after);
            let sent = sent(&rendition(granted), expires_at, now);
            prop_assert!(sent.as_secs() <= granted);
            if let Some(end) = expires_at {
                prop_assert!(sent.is_zero() || now + sent <= at(end));
            }
            if !sent.is_zero() {
                // Less than one second beyond the limit, because ages are counted in whole seconds.
                prop_assert!(now + sent < at(T0 + granted + 1));
            }
            if mode == "respect-origin" && uncacheable {
                prop_assert!(sent.is_zero());
            }
        }
    }
}
