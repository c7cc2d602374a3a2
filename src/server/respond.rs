//! Turns [`Handled`] into an HTTP response.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use http_body_util::Full;

use super::conditional::{Delivery, decide};
use super::outcome::{Handled, Success};
use super::{headers, timing};
use crate::app::{App, lifetime};
use crate::error::{Error, Keep};
use crate::param;

/// A body held in memory as a whole.
pub(super) type Body = Full<Bytes>;
/// An HTTP response.
pub(super) type Response = http::Response<Body>;

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const ACCEPT_CH: HeaderName = HeaderName::from_static("accept-ch");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const X_TINTYPE_PARAMS: HeaderName = HeaderName::from_static("x-tintype-params");

/// Maximum number of headers of a rendition, rounded up.
const HEADERS_MAX: usize = 20;

/// Builds the response to a GET or HEAD.
pub(super) fn to(app: &App, request: &HeaderMap, handled: &Handled, start: Instant) -> Response {
    let now = app.clock.now();
    let mut response = match &handled.result {
        Ok(success) => rendition(request, success, lifetime::sent(&success.rendition, handled.known.expires_at, now)),
        Err(error) => failure(app, handled, error, now),
    };
    let out = response.headers_mut();
    headers::common(out);
    if let Some(site) = &handled.known.site
        && site.config.params_header
        && let Ok(success) = &handled.result
    {
        let text = param::summary(&success.honoured, &success.ignored, param::SUMMARY_BYTES_MAX);
        let instead = param::instead(&success.honoured, &success.rendition.content_type);
        let text = text + &instead.unwrap_or_default();
        out.insert(X_TINTYPE_PARAMS, HeaderValue::from_str(&text).expect("a summary is visible ASCII"));
    }
    let timing = timing::header(handled.times, start);
    out.insert(SERVER_TIMING, HeaderValue::from_str(&timing).expect("names and digits are header text"));
    response
}

/// Builds the response to a CORS preflight, or to a plain OPTIONS.
pub(super) fn preflight() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let out = response.headers_mut();
    headers::common(out);
    out.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    out.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    out.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
    out.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

fn rendition(request: &HeaderMap, success: &Success, lifetime: Duration) -> Response {
    let rendition = &success.rendition;
    let length = rendition.body.len() as u64;
    let (status, body, range) = match decide(request, &rendition.etag, rendition.rendered_at, length) {
        Delivery::Whole => (StatusCode::OK, rendition.body.clone(), None),
        Delivery::NotModified => (StatusCode::NOT_MODIFIED, Bytes::new(), None),
        Delivery::PreconditionFailed => (StatusCode::PRECONDITION_FAILED, Bytes::new(), None),
        Delivery::Part(range) => {
            let part = usize::try_from(range.start).expect("inside a body in memory")
                ..usize::try_from(range.end).expect("inside a body in memory");
            let text = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            (StatusCode::PARTIAL_CONTENT, rendition.body.slice(part), Some(text))
        }
        Delivery::Unsatisfiable => (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new(), Some(format!("bytes */{length}"))),
    };
    let sent = body.len();
    let mut response = Response::new(Body::new(body));
    // Reserves room for all headers at once, because a map that grows hashes every name again.
    *response.headers_mut() = HeaderMap::with_capacity(HEADERS_MAX);
    *response.status_mut() = status;
    let out = response.headers_mut();
    let text =
        |value: &str| HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    if status != StatusCode::NOT_MODIFIED {
        out.insert(header::CONTENT_TYPE, text(&rendition.content_type));
        out.insert(header::CONTENT_LENGTH, HeaderValue::from(sent));
    }
    out.insert(header::ETAG, HeaderValue::from_str(&rendition.etag).expect("an etag is a quoted hexadecimal number"));
    let modified = httpdate::fmt_http_date(rendition.rendered_at);
    out.insert(header::LAST_MODIFIED, HeaderValue::from_str(&modified).expect("a date is header text"));
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    out.insert(X_CACHE, HeaderValue::from_static(success.outcome.as_str()));
    out.insert(header::CACHE_CONTROL, headers::cache_control(lifetime));
    if let Some(sentence) = refusal(status) {
        let sentence = Bytes::from_static(sentence);
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        out.insert(header::CONTENT_LENGTH, HeaderValue::from(sentence.len()));
        out.insert(header::CACHE_CONTROL, headers::cache_control(Duration::ZERO));
        *response.body_mut() = Body::new(sentence);
    }
    let out = response.headers_mut();
    if let Some(range) = range {
        out.insert(header::CONTENT_RANGE, HeaderValue::from_str(&range).expect("digits are header text"));
    }
    if let Some(vary) = headers::vary(success.vary) {
        out.insert(header::VARY, vary);
    }
    if let Some(hints) = headers::accept_ch(success.vary) {
        out.insert(ACCEPT_CH, hints);
    }
    if let Some(download) = &success.download {
        out.insert(header::CONTENT_DISPOSITION, headers::content_disposition(download, &success.object));
    }
    if headers::is_document(&rendition.content_type) {
        out.insert(header::CONTENT_SECURITY_POLICY, headers::DOCUMENT_CSP);
    }
    response
}

/// Returns the text sent instead of a body that the client's own conditions rule out.
fn refusal(status: StatusCode) -> Option<&'static [u8]> {
    match status {
        StatusCode::RANGE_NOT_SATISFIABLE => Some(b"The range lies outside the image. (range-unsatisfiable)\n"),
        StatusCode::PRECONDITION_FAILED => Some(b"The image does not match the precondition. (precondition-failed)\n"),
        _ => None,
    }
}

fn failure(app: &App, handled: &Handled, error: &Error, now: SystemTime) -> Response {
    let answer = error.answer(app.config.render.undecodable_is_421);
    let body = Bytes::from(format!("{} ({})\n", answer.sentence, answer.code));
    let length = body.len();
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = answer.status;
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    out.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    out.insert(HeaderName::from_static("x-tintype-error"), HeaderValue::from_static(answer.code));
    let error_ttl = handled.known.site.as_ref().map_or(DEFAULT_ERROR_TTL, |site| site.config.error_ttl);
    let lifetime = match answer.keep {
        Keep::ErrorTtl => error_ttl.min(lifetime::until(handled.known.expires_at, now)),
        Keep::Moment(_) | Keep::RetryAfter(_) | Keep::No => Duration::ZERO,
    };
    out.insert(header::CACHE_CONTROL, headers::cache_control(lifetime));
    if let Keep::RetryAfter(time) = answer.keep {
        out.insert(header::RETRY_AFTER, HeaderValue::from(time.as_secs().max(1)));
    }
    if answer.status == StatusCode::METHOD_NOT_ALLOWED {
        let allowed = [Method::GET, Method::HEAD, Method::OPTIONS].map(|m| m.to_string()).join(", ");
        out.insert(header::ALLOW, HeaderValue::from_str(&allowed).expect("method names are header text"));
    }
    response
}

/// Lifetime of an error when no source is known yet (`delivery.md` 2: 300 s).
const DEFAULT_ERROR_TTL: Duration = Duration::from_secs(300);
