//! The request path, readable top to bottom. Each step above the cache is pure, and tested without a server.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{self, HeaderMap};
use http::{Method, Request};

use super::respond::{self, Body, Response};
use super::route::{self, Route};
use super::welcome;
use crate::app::{App, Site, StageTimes, Stopwatch, Variant};
use crate::cache::{Outcome, Rendition};
use crate::error::{Error, RequestError, SharedError};
use crate::param::Honoured;
use crate::plan::{self, Download, Negotiation, VaryOn};
use crate::sign::{self, Expired, Target};

/// What one request came to, for the answer, the access log and the metrics alike.
pub(super) struct Handled {
    /// The source that served it, once known.
    pub(super) site: Option<Arc<Site>>,
    /// How it ended.
    pub(super) result: Result<Success, SharedError>,
    /// Where the time went.
    pub(super) times: StageTimes,
}

/// A rendition and what its answer depends on beside it.
pub(super) struct Success {
    pub(super) rendition: Rendition,
    pub(super) outcome: Outcome,
    pub(super) vary: VaryOn,
    pub(super) download: Option<Download>,
    pub(super) honoured: Vec<Honoured>,
    pub(super) object: String,
    /// Replaces the rendition's lifetime: the time left until `expires`.
    pub(super) expires_in: Option<Duration>,
}

/// Answers one request. Never fails: every error has an answer.
pub(super) async fn answer<B>(app: &Arc<App>, request: &Request<B>) -> (Response, Handled) {
    let start = Instant::now();
    let watch = Stopwatch::default();
    let mut site = None;
    let result = match *request.method() {
        Method::OPTIONS => {
            return (respond::preflight(), Handled { site, result: Err(options()), times: watch.read() });
        }
        Method::GET | Method::HEAD => serve(app, request, &mut site, &watch).await,
        _ => Err(Arc::new(RequestError::Method.into())),
    };
    let handled = Handled { site, result, times: watch.read() };
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
    site_out: &mut Option<Arc<Site>>,
    watch: &Stopwatch,
) -> Result<Success, SharedError> {
    let route = Route::parse(request.uri(), app.config.limits.uri_bytes_max).map_err(Error::from)?;
    let host = route::host(request.uri(), request.headers()).map_err(Error::from)?;
    let site = app.sites.get(&host).ok_or(Error::from(RequestError::UnknownHost))?.clone();
    *site_out = Some(site.clone());

    // Verified before it is interpreted: nothing below sees a byte that a forger chose.
    let target = Target { path: route.path, query: route.query };
    sign::verify(&target, &site.config.name, &site.config.signing).map_err(Error::from)?;
    let parsed = site.parse(route.query.unwrap_or_default()).map_err(Error::from)?;
    let expires_in = sign::time_left(parsed.params.control.expires, app.clock.unix_seconds(), &site.config.signing)
        .map_err(|Expired| Error::Expired)?;

    let object = route.object().map_err(Error::from)?;
    let negotiation = Negotiation::of(request.headers(), &parsed.params);
    let resolved = plan::resolve_object(&object, &parsed, &negotiation, &app.config.limits);
    let intent = resolved.intent.with_svg_drawn(site.config.rasterize_svg);
    let variant = Variant { host: Some(host), ..Variant::new(site, object.clone(), intent) };
    let (rendition, outcome) = app.rendition(variant, watch).await?;
    // What is no picture was passed through, whatever the browser accepts.
    let vary = if rendition.content_type.starts_with("image/") { resolved.vary } else { VaryOn::default() };
    Ok(Success { rendition, outcome, vary, download: resolved.download, honoured: parsed.honoured, object, expires_in })
}
