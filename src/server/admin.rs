//! Serves health, readiness and metrics on a separate listener.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::respond::{Body, Response};
use crate::app::App;
use crate::source::Cause;

/// Serves administration requests until aborted. Outlives the public listener, so that draining can be observed.
pub(super) async fn serve(app: Arc<App>, listener: TcpListener, draining: watch::Receiver<bool>) {
    loop {
        let Ok((stream, _peer)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let (app, draining) = (app.clone(), draining.clone());
        tokio::spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let response = answer(&app, *draining.borrow(), request.method(), request.uri().path());
                async move { Ok::<_, Infallible>(response) }
            });
            let mut builder = hyper::server::conn::http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(app.config.limits.header_timeout);
            let _closed = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn answer(app: &App, draining: bool, method: &Method, path: &str) -> Response {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are served\n");
    }
    match path {
        "/healthz" => text(StatusCode::OK, "alive\n"),
        "/readyz" if draining => text(StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
        "/readyz" if !app.pool.is_ready() => text(StatusCode::SERVICE_UNAVAILABLE, "no worker\n"),
        "/readyz" => text(StatusCode::OK, ready(&app.failing_sources())),
        "/metrics" => {
            app.refresh_gauges();
            let mut response = text(StatusCode::OK, app.metrics.render());
            let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        _ => text(StatusCode::NOT_FOUND, "not found; this listener serves /healthz, /readyz and /metrics\n"),
    }
}

/// Returns the readiness text, which names failing sources. A node with a failing source stays ready: it has stored
/// renditions and perhaps other sources. Every other node has the same settings, so taking it out would turn a partial
/// failure into a complete one.
fn ready(failing: &[(String, Cause)]) -> String {
    let lines = failing.iter().map(|(source, cause)| format!("source {source} fails: {}\n", cause.label()));
    std::iter::once("ready\n".to_owned()).chain(lines).collect()
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Body::new(body.into()));
    *response.status_mut() = status;
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
