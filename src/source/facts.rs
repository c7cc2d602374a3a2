//! Reads what an upstream's headers say about an object: validators, caching, type. Pure.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use http::header::{AGE, AsHeaderName, CACHE_CONTROL, CONTENT_TYPE, DATE, ETAG, LAST_MODIFIED, RETRY_AFTER};

use super::{OriginCaching, Validators};

/// Longest `ETag` or `Content-Type` that we keep; a longer one is dropped so that it is not stored with every object.
const VALUE_BYTES_MAX: usize = 1024;

/// Longest lifetime that we accept, about 68 years (RFC 9111 1.2.2).
const SECONDS_MAX: u64 = (1 << 31) - 1;

/// Bounds on how long a busy upstream can make clients wait, and the default for an upstream that gives no time.
const RETRY_AFTER_MIN: Duration = Duration::from_secs(1);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);
const RETRY_AFTER_DEFAULT: Duration = Duration::from_secs(5);

/// Reads `Retry-After` (RFC 9110 10.2.3) in both its forms and clamps it. A date is compared to the upstream's own
/// `Date`, because it was set by that clock, or to `now` if there is none.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Duration {
    let date = |text: &String| httpdate::parse_http_date(text).ok();
    let wanted = text(headers, RETRY_AFTER).and_then(|value| match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        // A number too long to parse means a very long time.
        Err(_) if value.bytes().all(|byte| byte.is_ascii_digit()) => Some(RETRY_AFTER_MAX),
        Err(_) => {
            let now = text(headers, DATE).as_ref().and_then(date).unwrap_or(now);
            date(&value).map(|at| at.duration_since(now).unwrap_or_default())
        }
    });
    wanted.unwrap_or(RETRY_AFTER_DEFAULT).clamp(RETRY_AFTER_MIN, RETRY_AFTER_MAX)
}

/// Reads `ETag` and `Last-Modified`.
pub(super) fn validators(headers: &HeaderMap) -> Validators {
    Validators {
        etag: text(headers, ETAG),
        last_modified: text(headers, LAST_MODIFIED).and_then(|v| httpdate::parse_http_date(&v).ok()),
    }
}

/// Reads all `Cache-Control` lines and subtracts `Age`.
pub(super) fn caching(headers: &HeaderMap) -> OriginCaching {
    let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
    caching_of(lines, text(headers, AGE).and_then(|age| age.parse().ok()).unwrap_or(0))
}

/// Reads `Content-Type` as sent.
pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    text(headers, CONTENT_TYPE)
}

/// Reads the directives of RFC 9111 5.2.2 that `delivery.md` 2 uses; `age` is in seconds.
///
/// `private="x"` and `no-cache="x"` apply to single headers, and we pass none of those on, so we ignore them.
pub(super) fn caching_of<'a>(lines: impl Iterator<Item = &'a str>, age: u64) -> OriginCaching {
    let (mut shared, mut max, mut uncacheable) = (None, None, false);
    for directive in lines.flat_map(|line| line.split(',')) {
        let (name, value) = match directive.split_once('=') {
            Some((name, value)) => (name, Some(value.trim().trim_matches('"'))),
            None => (directive, None),
        };
        let seconds = || value.map(seconds_of);
        match (name.trim().to_ascii_lowercase().as_str(), value) {
            ("s-maxage", _) => shared = shared.or_else(seconds),
            ("max-age", _) => max = max.or_else(seconds),
            ("private" | "no-store" | "no-cache", None) => uncacheable = true,
            (_, _) => {}
        }
    }
    let max_age = shared.or(max).map(|s| Duration::from_secs(s.min(SECONDS_MAX).saturating_sub(age)));
    OriginCaching { max_age, uncacheable }
}

/// Parses a lifetime. A number too large to hold becomes the maximum (RFC 9111 1.2.2). An invalid value counts as stale
/// (RFC 9111 4.2.1), because an upstream that tries to set a lifetime does not mean a year.
fn seconds_of(text: &str) -> u64 {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().unwrap_or(SECONDS_MAX) } else { 0 }
}

/// Formats a time as an HTTP date if it is from 1970 to 9999.
pub(super) fn http_date(time: SystemTime) -> Option<String> {
    const YEAR_10000: u64 = 253_402_300_800;
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    (seconds < YEAR_10000).then(|| httpdate::fmt_http_date(time))
}

fn text(headers: &HeaderMap, name: impl AsHeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty() && value.len() <= VALUE_BYTES_MAX).then(|| value.to_owned())
}

/// Returns the media type for the extension of a file name.
pub(super) fn type_of_name(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" | "jpe" | "jfif" | "pjpg" | "pjpeg" => "image/jpeg",
        "png" => "image/png",
        "apng" => "image/apng",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "heic" => "image/heic",
        "heif" => "image/heif",
        "jxl" => "image/jxl",
        "jp2" | "j2k" | "jpf" => "image/jp2",
        "tif" | "tiff" => "image/tiff",
        "svg" => "image/svg+xml",
        "bmp" => "image/bmp",
        "ico" => "image/x-icon",
        "psd" => "image/vnd.adobe.photoshop",
        "pdf" => "application/pdf",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        "mov" => "video/quicktime",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "txt" => "text/plain; charset=utf-8",
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "json" => "application/json",
        "xml" => "application/xml",
        "zip" => "application/zip",
        "wasm" => "application/wasm",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&str], age: u64, max_age: Option<u64>, uncacheable: bool) {
        let expected = OriginCaching { max_age: max_age.map(Duration::from_secs), uncacheable };
        assert_eq!(caching_of(lines.iter().copied(), age), expected, "{lines:?}");
    }

    #[test]
    fn cache_control_is_read_as_the_rules_say() {
        check(&[], 0, None, false);
        check(&["max-age=60"], 0, Some(60), false);
        check(&["public, Max-Age=\"60\""], 10, Some(50), false);
        check(&["max-age=60", "s-maxage=30"], 0, Some(30), false);
        check(&["s-maxage=30,max-age=60"], 40, Some(0), false);
        check(&["max-age"], 0, None, false);
        check(&["max-age=-1"], 0, Some(0), false);
        check(&["max-age=1.5"], 0, Some(0), false);
        check(&["max-age="], 0, Some(0), false);
        check(&["s-maxage=x, max-age=60"], 0, Some(0), false);
        check(&["max-age=99999999999999999999"], 0, Some(SECONDS_MAX), false);
        check(&["max-age=99999999999"], 0, Some(SECONDS_MAX), false);
        check(&["private, max-age=5"], 0, Some(5), true);
        check(&["NO-STORE"], 0, None, true);
        check(&["no-cache"], 0, None, true);
        check(&["no-cache=\"set-cookie\", max-age=9"], 0, Some(9), false);
        check(&["x-private, not-no-store"], 0, None, false);
    }

    #[test]
    fn validators_are_kept_as_sent_and_dates_are_parsed() {
        let mut headers = HeaderMap::new();
        headers.insert(ETAG, " W/\"a\" ".parse().unwrap());
        headers.insert(LAST_MODIFIED, "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap());
        let v = validators(&headers);
        assert_eq!(v.etag.as_deref(), Some("W/\"a\""));
        assert_eq!(v.last_modified.and_then(http_date).as_deref(), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
        headers.insert(ETAG, "x".repeat(2000).parse().unwrap());
        headers.insert(LAST_MODIFIED, "yesterday".parse().unwrap());
        assert_eq!(validators(&headers), Validators::default());
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_bounded() {
        let at = |second| http_date(UNIX_EPOCH + Duration::from_secs(second)).unwrap();
        let check = |value: &str, date: Option<String>, expected: u64| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().unwrap());
            headers.extend(date.map(|date| (DATE, date.parse().unwrap())));
            let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
            assert_eq!(retry_after(&headers, now), Duration::from_secs(expected), "{value}");
        };
        check("17", None, 17);
        check("0", None, 1);
        check("86400", None, 60);
        check("99999999999999999999999", None, 60);
        check("-3", None, 5);
        check("soon", None, 5);
        check(&at(1_000_020), None, 20);
        check(&at(999_000), None, 1);
        check(&at(2_000_000), None, 60);
        // The clock of this upstream is an hour slow.
        check(&at(996_420), Some(at(996_400)), 20);
        assert_eq!(retry_after(&HeaderMap::new(), UNIX_EPOCH), Duration::from_secs(5));
    }

    #[test]
    fn times_that_are_not_http_dates_are_left_out() {
        assert_eq!(http_date(UNIX_EPOCH - Duration::from_secs(1)), None);
        assert_eq!(http_date(UNIX_EPOCH + Duration::from_secs(400_000_000_000)), None);
    }

    #[test]
    fn types_follow_the_last_extension() {
        assert_eq!(type_of_name("/a.b/c.JPG"), Some("image/jpeg"));
        assert_eq!(type_of_name("/a.png/c"), None);
        assert_eq!(type_of_name("/archive.tar.unknown"), None);
    }
}
