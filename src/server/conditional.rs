//! Evaluates validators and byte ranges (RFC 9110 sections 13 and 14). Pure.

use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use http::header::{self, HeaderMap};

/// How to send a stored body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// 200 with the whole body.
    Whole,
    /// 304.
    NotModified,
    /// 412: the client required another body than this one, or none.
    PreconditionFailed,
    /// 206 with these bytes; never empty.
    Part(Range<u64>),
    /// 416.
    Unsatisfiable,
}

/// Decides from the request's conditional headers, in the order of RFC 9110 13.2.2. `If-Match` beats
/// `If-Unmodified-Since`, and `If-None-Match` beats `If-Modified-Since`. A range counts only if the body would
/// otherwise be sent whole and `If-Range`, if present, still holds.
pub(super) fn decide(headers: &HeaderMap, etag: &str, modified: SystemTime, length: u64) -> Delivery {
    let is_wanted = if headers.contains_key(header::IF_MATCH) {
        names(headers, header::IF_MATCH, etag, Comparison::Strong)
    } else {
        // An unreadable date sets no condition.
        text(headers, header::IF_UNMODIFIED_SINCE)
            .is_none_or(|date| httpdate::parse_http_date(date).is_err() || not_after(modified, date))
    };
    if !is_wanted {
        return Delivery::PreconditionFailed;
    }
    let unchanged = if headers.contains_key(header::IF_NONE_MATCH) {
        names(headers, header::IF_NONE_MATCH, etag, Comparison::Weak)
    } else {
        text(headers, header::IF_MODIFIED_SINCE).is_some_and(|date| not_after(modified, date))
    };
    if unchanged {
        return Delivery::NotModified;
    }
    let Some(range) = text(headers, header::RANGE) else {
        return Delivery::Whole;
    };
    let same = match text(headers, header::IF_RANGE) {
        // Only strong comparison is allowed here (RFC 9110 13.1.5): a weak tag or a different date voids the range.
        Some(validator) => {
            validator == etag
                || httpdate::parse_http_date(validator).is_ok_and(|date| whole_seconds(date) == whole_seconds(modified))
        }
        None => true,
    };
    if same { parse_range(range, length) } else { Delivery::Whole }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}

/// How to compare tags: whether a weak tag can match a body (RFC 9110 8.8.3.2). Our own tags are strong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Strong,
    Weak,
}

/// Returns whether the tag lists under `name`, which may span several header lines, contain `etag`.
fn names(headers: &HeaderMap, name: header::HeaderName, etag: &str, comparison: Comparison) -> bool {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).any(|list| in_list(list, etag, comparison))
}

/// Returns whether one list of quoted tags contains `etag`. A tag may itself contain commas.
fn in_list(list: &str, etag: &str, comparison: Comparison) -> bool {
    let list = list.trim();
    if list == "*" {
        return true;
    }
    let mut rest = list;
    while let Some(start) = rest.find('"') {
        let Some(len) = rest[start + 1..].find('"') else {
            return false;
        };
        let end = start + 1 + len;
        let counts = comparison == Comparison::Weak || !rest[..start].ends_with("W/");
        if counts && &rest[start..=end] == etag {
            return true;
        }
        rest = &rest[end + 1..];
    }
    false
}

fn not_after(modified: SystemTime, date: &str) -> bool {
    httpdate::parse_http_date(date).is_ok_and(|date| whole_seconds(modified) <= whole_seconds(date))
}

/// Truncates to whole seconds, because HTTP dates have no fractions but render times do.
fn whole_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// Parses a `Range` header. Only a single byte range is honoured: several ranges, another unit, or nonsense get the
/// whole body (`delivery.md` 3).
fn parse_range(value: &str, length: u64) -> Delivery {
    let Some(spec) = value.trim().strip_prefix("bytes=") else {
        return Delivery::Whole;
    };
    let Some((first, last)) = spec.trim().split_once('-') else {
        return Delivery::Whole;
    };
    if spec.contains(',') {
        return Delivery::Whole;
    }
    let (first, last) = (first.trim(), last.trim());
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !digits(first) || !digits(last) || (first.is_empty() && last.is_empty()) {
        return Delivery::Whole;
    }
    // A number too large for `u64` lies beyond any body.
    let number = |s: &str| s.parse::<u64>().unwrap_or(u64::MAX);
    let range = if first.is_empty() {
        length.saturating_sub(number(last))..length
    } else if last.is_empty() {
        number(first)..length
    } else if number(last) < number(first) {
        return Delivery::Whole;
    } else {
        number(first)..number(last).saturating_add(1).min(length)
    };
    if range.start >= range.end { Delivery::Unsatisfiable } else { Delivery::Part(range) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const TAG: &str = "\"abc\"";

    fn check(given: &[(header::HeaderName, &str)], expected: Delivery) {
        let modified = UNIX_EPOCH + Duration::from_millis(784_111_777_500); // Sun, 06 Nov 1994 08:49:37 GMT and a half
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.insert(name, value.parse().unwrap());
        }
        assert_eq!(decide(&headers, TAG, modified, 100), expected, "{given:?}");
    }

    #[test]
    fn validators() {
        use header::{IF_MODIFIED_SINCE as IMS, IF_NONE_MATCH as INM};
        check(&[], Delivery::Whole);
        check(&[(INM, "\"abc\"")], Delivery::NotModified);
        check(&[(INM, "W/\"abc\"")], Delivery::NotModified);
        check(&[(INM, "\"x\", \"a,b\", \"abc\"")], Delivery::NotModified);
        check(&[(INM, "*")], Delivery::NotModified);
        check(&[(INM, "abc")], Delivery::Whole);
        check(&[(INM, "\"abc")], Delivery::Whole);
        check(&[(IMS, "Sun, 06 Nov 1994 08:49:37 GMT")], Delivery::NotModified);
        check(&[(IMS, "Sun, 06 Nov 1994 08:49:36 GMT")], Delivery::Whole);
        check(&[(IMS, "yesterday")], Delivery::Whole);
        check(&[(INM, "\"x\""), (IMS, "Sun, 06 Nov 1994 08:49:37 GMT")], Delivery::Whole);
    }

    #[test]
    fn a_precondition_must_still_hold() {
        use header::{IF_MATCH as IM, IF_NONE_MATCH as INM, IF_UNMODIFIED_SINCE as IUS, RANGE};
        const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
        check(&[(IM, TAG)], Delivery::Whole);
        check(&[(IM, "*")], Delivery::Whole);
        check(&[(IM, "\"x\", \"abc\"")], Delivery::Whole);
        for other in ["\"x\"", "W/\"abc\"", "abc", "", "\"abc"] {
            check(&[(IM, other)], Delivery::PreconditionFailed);
            check(&[(IM, other), (IUS, SAME)], Delivery::PreconditionFailed);
            check(&[(IM, other), (INM, TAG), (RANGE, "bytes=0-9")], Delivery::PreconditionFailed);
        }
        check(&[(IM, TAG), (INM, TAG)], Delivery::NotModified);
        check(&[(IM, TAG), (RANGE, "bytes=0-9")], Delivery::Part(0..10));
        check(&[(IM, TAG), (IUS, EARLIER)], Delivery::Whole);
        check(&[(IUS, SAME)], Delivery::Whole);
        check(&[(IUS, EARLIER)], Delivery::PreconditionFailed);
        check(&[(IUS, "yesterday")], Delivery::Whole);
        let mut lines = HeaderMap::new();
        lines.append(IM, "\"x\"".parse().unwrap());
        lines.append(IM, TAG.parse().unwrap());
        assert_eq!(decide(&lines, TAG, UNIX_EPOCH, 9), Delivery::Whole, "lists in two lines");
    }

    #[test]
    fn ranges() {
        use header::{IF_NONE_MATCH as INM, IF_RANGE, RANGE};
        check(&[(RANGE, "bytes=0-9")], Delivery::Part(0..10));
        check(&[(RANGE, "bytes=90-")], Delivery::Part(90..100));
        check(&[(RANGE, "bytes=90-500")], Delivery::Part(90..100));
        check(&[(RANGE, "bytes=-10")], Delivery::Part(90..100));
        check(&[(RANGE, "bytes=-1000")], Delivery::Part(0..100));
        check(&[(RANGE, "bytes=-0")], Delivery::Unsatisfiable);
        check(&[(RANGE, "bytes=100-")], Delivery::Unsatisfiable);
        check(&[(RANGE, "bytes=99999999999999999999999-")], Delivery::Unsatisfiable);
        check(&[(RANGE, "bytes=9-0")], Delivery::Whole);
        check(&[(RANGE, "bytes=0-1,5-6")], Delivery::Whole);
        check(&[(RANGE, "bytes=-")], Delivery::Whole);
        check(&[(RANGE, "bytes=a-b")], Delivery::Whole);
        check(&[(RANGE, "lines=0-9")], Delivery::Whole);
        check(&[(RANGE, "bytes=0-9"), (IF_RANGE, TAG)], Delivery::Part(0..10));
        check(&[(RANGE, "bytes=0-9"), (IF_RANGE, "\"old\"")], Delivery::Whole);
        check(&[(RANGE, "bytes=0-9"), (IF_RANGE, "Sun, 06 Nov 1994 08:49:37 GMT")], Delivery::Part(0..10));
        check(&[(RANGE, "bytes=0-9"), (INM, TAG)], Delivery::NotModified);
    }
}
