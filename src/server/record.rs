//! Records each request in the metrics and the access log, on every path, including cancelled requests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderMap, Method, Request, header};
use hyper::body::Body as _;

use super::outcome::Handled;
use super::respond::Response;
use crate::app::{App, StageTimes};
use crate::source::Cause;
use crate::telemetry::{AccessRecord, StageName};

/// Status code, made customary by nginx, for a client that went away before the response.
const CLIENT_CLOSED: u16 = 499;

/// Records one request when it ends. A request that is dropped half-way is recorded as abandoned by the client.
pub(super) struct Recorder {
    app: Arc<App>,
    start: Instant,
    record: Option<AccessRecord>,
}

impl Recorder {
    /// Starts a record with what is known about the request.
    pub(super) fn begin<B>(app: &Arc<App>, peer: SocketAddr, request: &Request<B>) -> Self {
        let record = if app.access_log.is_enabled() { asked(peer, request) } else { AccessRecord::default() };
        Self { app: app.clone(), start: Instant::now(), record: Some(record) }
    }

    /// Completes and writes the record.
    pub(super) fn end(mut self, response: &Response, handled: &Handled) {
        let Some(mut record) = self.record.take() else { return };
        if self.app.access_log.is_enabled() {
            record.source = handled.known.site.as_ref().map(|site| site.config.name.clone());
            record.content_type = text(response.headers(), header::CONTENT_TYPE);
        }
        record.status = response.status().as_u16();
        record.bytes = response.body().size_hint().exact().unwrap_or_default();
        match &handled.result {
            Ok(success) => record.cache = success.outcome.as_str(),
            Err(error) if !response.status().is_success() => {
                record.error = Some(error.answer(self.app.config.render.undecodable_is_421).code);
                record.cause = error.cause().map(Cause::label);
            }
            Err(_) => {}
        }
        self.finish(record, handled.times);
    }

    fn finish(&self, mut record: AccessRecord, times: StageTimes) {
        let took = self.start.elapsed();
        let metrics = &self.app.metrics;
        let stages = [
            (StageName::Fetch, times.fetch),
            (StageName::Queue, times.queue),
            (StageName::Render, times.render),
            (StageName::Encode, times.encode),
        ];
        for (stage, time) in stages {
            if !time.is_zero() {
                metrics.stage_finished(stage, time);
            }
        }
        let cache = if record.cache.is_empty() { "none" } else { record.cache };
        metrics.request_finished(record.status, cache, record.bytes, took);
        record.took = took;
        (record.fetch, record.queue) = (times.fetch, times.queue);
        (record.render, record.encode) = (times.render, times.encode);
        self.app.access_log.record(record);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if let Some(mut record) = self.record.take() {
            record.status = CLIENT_CLOSED;
            self.finish(record, StageTimes::default());
        }
    }
}

/// Copies what the log says about the request. Called only if there is a log.
fn asked<B>(peer: SocketAddr, request: &Request<B>) -> AccessRecord {
    let text = |name| text(request.headers(), name);
    AccessRecord {
        client: Some(peer.ip()),
        method: method(request.method()),
        host: text(header::HOST).or_else(|| request.uri().host().map(str::to_owned)).unwrap_or_default(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().map(str::to_owned),
        user_agent: text(header::USER_AGENT),
        referer: text(header::REFERER),
        ..AccessRecord::default()
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned)
}

/// Returns the method's name if we answer it, and "other" if not: a client may invent any number of methods.
const fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
