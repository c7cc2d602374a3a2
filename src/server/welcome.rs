//! Responses for a visitor who opens the server's address instead of an image: a page that says what this server is,
//! and the two files that browsers and crawlers request from every host.
//!
//! Objects of the source win: these responses only replace errors that a request for nothing in particular gets.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, StatusCode, Uri};

use super::headers;
use super::outcome::Handled;
use super::respond::{self, Body, Response};
use crate::app::App;
use crate::error::Error;
use crate::sign::SignError;
use crate::source::SourceError;

/// The icon: 32 x 32 pixels, made by `fixtures/make-icon.py`.
const ICON: &[u8] = include_bytes!("welcome/favicon.ico");
/// Lets search engines find images; the pages that embed them can forbid it.
const ROBOTS: &[u8] = b"User-agent: *\nAllow: /\n";
/// The page; `{version}` and `{documentation}` are placeholders.
const PAGE: &str = include_str!("welcome/page.html");
/// Policy of a page that runs nothing and loads nothing but its icon.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// Cache lifetime of these responses. Short, because the source may get an object of that name at any time.
const LIFETIME: Duration = Duration::from_secs(300);

/// Returns whether one of these responses may replace `error`. The request must name one of the three paths without a
/// query, and the error must mean that the source has nothing to serve there, or that the signature is missing, which a
/// visitor who types an address cannot know about.
pub(super) fn is_for(uri: &Uri, error: &Error) -> bool {
    let nothing_there = match error {
        Error::Source(error) => matches!(
            error,
            SourceError::Missing | SourceError::Rejected { .. } | SourceError::Denied(_) | SourceError::InvalidUrl
        ),
        Error::Sign(error) => matches!(error, SignError::Missing),
        Error::NotRenderable => true,
        Error::Request(_)
        | Error::Expired
        | Error::Param(_)
        | Error::Unsupported(_)
        | Error::Render(_)
        | Error::OverlayLoop
        | Error::Internal => false,
    };
    nothing_there && uri.query().is_none_or(str::is_empty) && matches!(uri.path(), "/" | "/favicon.ico" | "/robots.txt")
}

/// Builds the response to a request for which [`is_for`] is true. For `/`, a client that is not a browser gets the
/// error.
pub(super) fn instead<B>(request: &Request<B>, app: &App, handled: &Handled, start: Instant) -> Response {
    match request.uri().path() {
        "/favicon.ico" => found("image/x-icon", Bytes::from_static(ICON)),
        "/robots.txt" => found("text/plain; charset=utf-8", Bytes::from_static(ROBOTS)),
        _ => {
            let mut response = if wants_page(request.headers()) {
                let mut response = found("text/html; charset=utf-8", page());
                response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, CSP);
                response
            } else {
                respond::to(app, request.headers(), handled, start)
            };
            // A cache must not give the page to a program, or the error to a person.
            response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
            response
        }
    }
}

fn found(content_type: &'static str, body: Bytes) -> Response {
    let length = body.len();
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = StatusCode::OK;
    let out = response.headers_mut();
    headers::common(out);
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    out.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    out.insert(header::CACHE_CONTROL, headers::cache_control(LIFETIME));
    response
}

/// Returns whether the client wants the page. Browsers accept HTML by name when they open an address; programs, and
/// browsers that load an image, do not.
fn wants_page(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.split(',').any(|item| item.split(';').next().unwrap_or_default().trim() == "text/html"))
}

fn page() -> Bytes {
    let documentation = env!("CARGO_PKG_REPOSITORY");
    Bytes::from(PAGE.replace("{version}", env!("CARGO_PKG_VERSION")).replace("{documentation}", documentation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Cause;

    #[test]
    fn only_browsers_that_open_an_address_want_the_page() {
        let check = |accept: &'static str, expected| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(wants_page(&headers), expected, "{accept}");
        };
        check("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", true);
        check("image/avif,image/webp,*/*;q=0.8", false);
        check("*/*", false);
        assert!(!wants_page(&HeaderMap::new()));
    }

    #[test]
    fn the_page_is_shown_only_if_nothing_else_answers_the_address() {
        let check = |target: &str, error: Error, expected| {
            assert_eq!(is_for(&target.parse().unwrap(), &error), expected, "{target} {error}");
        };
        check("/", SourceError::Missing.into(), true);
        check("/?", SourceError::Missing.into(), true);
        check("/", SignError::Missing.into(), true);
        check("/favicon.ico", SourceError::Denied(Cause::Status(403)).into(), true);
        check("/robots.txt", SourceError::InvalidUrl.into(), true);
        check("/?w=300", SourceError::Missing.into(), false);
        check("/a.jpg", SourceError::Missing.into(), false);
        check("/", SourceError::Upstream(Cause::Truncated).into(), false);
        check("/", SignError::Invalid.into(), false);
        check("/", Error::Internal, false);
    }

    #[test]
    fn the_page_says_what_this_is_and_where_to_read_on() {
        let page = String::from_utf8(page().to_vec()).unwrap();
        assert!(page.contains(env!("CARGO_PKG_VERSION")) && page.contains(env!("CARGO_PKG_REPOSITORY")));
        assert!(!page.contains("{version}") && !page.contains("{documentation}"));
    }
}
