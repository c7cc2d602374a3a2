//! The request path, readable top to bottom. Each step above the cache is pure, and tested without a server.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use http::header::{self, HeaderMap};
use http::{Method, Request};

use super::head;
use super::respond::{self, Body, Response};
use super::route::{self, Route};
use super::welcome;
use crate::app::{App, Site, StageTimes, Stopwatch};
use crate::cache::{Outcome, Rendition};
use crate::error::{Error, RequestError, SharedError};
use crate::param::{Honoured, Ignored};
use crate::plan::{Download, VaryOn};
use crate::sign::Target;

/// What one request came to, for the answer, the access log and the metrics alike.
pub(super) struct Handled {
    /// What is known of it, whether it came to a picture or not.
    pub(super) known: Known,
    /// How it ended.
    pub(super) result: Result<Success, SharedError>,
    /// Where the time went.
    pub(super) times: StageTimes,
}

/// What is found out about a request on its way.
#[derive(Clone, Default)]
pub(super) struct Known {
    /// The source that serves it.
    pub(super) site: Option<Arc<Site>>,
    /// The Unix second from which on its URL is no longer good: nothing that is said of it may be kept beyond.
    pub(super) expires_at: Option<u64>,
}

/// A rendition and what its answer depends on beside it.
pub(super) struct Success {
    pub(super) rendition: Rendition,
    pub(super) outcome: Outcome,
    pub(super) vary: VaryOn,
    pub(super) download: Option<Download>,
    pub(super) honoured: Vec<Honoured>,
    pub(super) ignored: Vec<Ignored>,
    pub(super) object: String,
}

/// Answers one request. Never fails: every error has an answer.
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

/// The headers that decide how a rendition is delivered: ranges are for GET only (RFC 9110 14.2).
fn conditions(headers: &HeaderMap, is_head: bool) -> Cow<'_, HeaderMap> {
    if !is_head || !headers.contains_key(header::RANGE) {
        return Cow::Borrowed(headers);
    }
    let mut whole = headers.clone();
    whole.remove(header::RANGE);
    Cow::Owned(whole)
}

/// `OPTIONS` has no rendition; its log line is told apart by its method.
fn options() -> SharedError {
    Arc::new(RequestError::Method.into())
}

async fn serve<B>(
    app: &Arc<App>,
    request: &Request<B>,
    known: &mut Known,
    watch: &Stopwatch,
) -> Result<Success, SharedError> {
    let limits = &app.config.limits;
    head::check(request, limits.header_bytes_max).map_err(Error::from)?;
    let route = Route::parse(request.uri(), limits.uri_bytes_max).map_err(Error::from)?;
    let host = route::host(request.uri(), request.headers()).map_err(Error::from)?;
    let site = app.sites.get(&host).ok_or(Error::from(RequestError::UnknownHost))?.clone();
    known.site = Some(site.clone());

    let target = Target { path: route.path, query: route.query };
    let admitted = app.door().admit(&site, &target, request.headers())?;
    known.expires_at = admitted.expires_at;
    let object = admitted.variant.object.clone();
    let (rendition, outcome) = app.rendition(admitted.variant, watch).await?;
    // What is no picture was passed through, whatever the browser accepts.
    let vary = if rendition.content_type.starts_with("image/") { admitted.vary } else { VaryOn::default() };
    let (honoured, ignored) = (admitted.honoured, admitted.ignored);
    Ok(Success { rendition, outcome, vary, download: admitted.download, honoured, ignored, object })
}
