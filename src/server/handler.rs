//! The request path, readable from top to bottom. Each step above the cache is pure and tested without a server.

use std::sync::Arc;

use http::Request;

use super::head;
use super::outcome::{Known, Success};
use super::route::{self, Route};
use crate::app::{App, Stopwatch};
use crate::error::{Error, RequestError, SharedError};
use crate::plan::VaryOn;
use crate::sign::Target;

pub(super) async fn serve<B>(
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
    // Anything that is not an image was passed through, whatever the browser accepts.
    let vary = if rendition.content_type.starts_with("image/") { admitted.vary } else { VaryOn::default() };
    let (honoured, ignored) = (admitted.honoured, admitted.ignored);
    Ok(Success { rendition, outcome, vary, download: admitted.download, honoured, ignored, object })
}
