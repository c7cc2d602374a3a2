//! Answers one request, whatever its method.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use http::header::{self, HeaderMap};
use http::{Method, Request};

use super::handler::serve;
use super::outcome::{Handled, Known};
use super::respond::{self, Body, Response};
use super::welcome;
use crate::app::{App, Stopwatch};
use crate::error::{RequestError, SharedError};

/// Answers one request. Never fails: every error has a response.
pub(super) async fn answer<B>(app: &Arc<App>, request: &Request<B>) -> (Response, Handled) {
    let start = Instant::now();
    let watch = Stopwatch::default();
    let mut known = Known::default();
    let result = match *request.method() {
        Method::OPTIONS => {
            return (respond::preflight(), Handled { known, result: Err(options()), times: watch.read() });
        }
        Method::GET | Method::HEAD => serve(app, request, &mut known, &watch).await,
        _ => Err(Arc::new(RequestError::Method.into())),
    };
    let handled = Handled { known, result, times: watch.read() };
    let is_head = request.method() == Method::HEAD;
    let mut response = match &handled.result {
        Err(error) if welcome::is_for(request.uri(), error) => welcome::instead(request, app, &handled, start),
        Ok(_) | Err(_) => respond::to(app, &conditions(request.headers(), is_head), &handled, start),
    };
    if is_head {
        *response.body_mut() = Body::default();
    }
    (response, handled)
}

/// Returns the headers that decide how a rendition is delivered. Ranges are for GET only (RFC 9110 14.2), so HEAD drops
/// them.
fn conditions(headers: &HeaderMap, is_head: bool) -> Cow<'_, HeaderMap> {
    if !is_head || !headers.contains_key(header::RANGE) {
        return Cow::Borrowed(headers);
    }
    let mut whole = headers.clone();
    whole.remove(header::RANGE);
    Cow::Owned(whole)
}

/// Returns the result to record for `OPTIONS`, which has no rendition. The method distinguishes its log line.
fn options() -> SharedError {
    Arc::new(RequestError::Method.into())
}
