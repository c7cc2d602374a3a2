//! What a visitor finds who opens the address of a server instead of an image: a page that says what this is, and the two
//! files that browsers and crawlers ask every host for.
//!
//! Objects of the source win: these answers stand in only for errors that a request for nothing in particular gets.

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

/// 32 x 32 pixels, made by `fixtures/make-icon.py`.
const ICON: &[u8] = include_bytes!("welcome/favicon.ico");
/// Images may be found by search engines: whoever embeds them can say otherwise.
const ROBOTS: &[u8] = b"User-agent: *\nAllow: /\n";
/// `{version}` and `{documentation}` are filled in.
const PAGE: &str = include_str!("welcome/page.html");
/// The page runs nothing and loads nothing but its icon.
const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// The source may get an object of that name at any time.
const LIFETIME: Duration = Duration::from_secs(300);

/// Whether one of these answers may stand in for `error`: the source has no such object, or nothing that the visitor knows
/// of could have told it which.
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

/// The answer to a request that [`is_for`] is true of. A client that is no browser gets the error for `/`.
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
            // A cache must not give the page to a program, nor the error to a person.
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

/// Browsers name HTML when they open an address; programs, and browsers that want an image, do not.
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
    fn it_stands_in_for_what_is_not_there_and_for_nothing_else() {
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
