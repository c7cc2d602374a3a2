//! Connections to upstreams, both web servers and buckets: guarded name resolution, TLS, a pool, and one retry when a
//! pooled connection turns out to be dead.

use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Extensions, Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{
    CaptureConnection, Connected, Connection, HttpConnector, capture_connection,
};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tower_service::Service;

use super::cause::{Cause, LocalFault, Phase, TlsFault};
use super::resolve::{GuardedResolver, Refused, Unresolved};
use super::{BuildError, SourceError};

/// Most header fields in one HTTP/1 answer. The bytes of the fields are bounded by hyper's buffer of some 400 kB
/// (HTTP/1) and by [`HEADER_BYTES_MAX`] (HTTP/2).
const HEADER_FIELDS_MAX: usize = 100;
const HEADER_BYTES_MAX: u32 = 64 << 10;

const IDLE_CONNECTIONS_MAX: usize = 64;
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

type PooledClient = Client<Connector, Full<Bytes>>;

/// A client with its own connection pool. Cheap to clone; clones share the pool.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    pooled: PooledClient,
    /// Keeps no connections. The retry uses it, so that it does not get another connection that died in the pool.
    fresh: PooledClient,
}

impl Connections {
    /// Creates a client whose names are resolved by `resolver`.
    ///
    /// # Errors
    /// Returns [`BuildError::Tls`] if TLS cannot be set up.
    pub(super) fn new(resolver: GuardedResolver, connect_timeout: Duration) -> Result<Self, BuildError> {
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // hyper divides this time among the addresses of a name.
        tcp.set_connect_timeout(Some(connect_timeout));
        let tls = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls()?);
        let https = tls.https_or_http().enable_all_versions().wrap_connector(tcp);
        let connector = Connector { https, timeout: connect_timeout };
        let pool = |idle_max: usize| {
            Client::builder(TokioExecutor::new())
                .timer(TokioTimer::new())
                .pool_timer(TokioTimer::new())
                .pool_max_idle_per_host(idle_max)
                .pool_idle_timeout(IDLE_TIMEOUT)
                .http1_max_headers(HEADER_FIELDS_MAX)
                .http2_max_header_list_size(HEADER_BYTES_MAX)
                .http2_adaptive_window(true)
                .build(connector.clone())
        };
        Ok(Self { pooled: pool(IDLE_CONNECTIONS_MAX), fresh: pool(0) })
    }

    /// Sends a request and waits for the head of the answer. Retries a GET or HEAD once, on a new connection, if the
    /// upstream closed a pooled connection before it sent a single byte of an answer: the upstream hung up on an idle
    /// client, and either never saw the request or refused to take it.
    ///
    /// # Errors
    /// Returns the [`SourceError`] of connecting, of the guard, or of HTTP itself.
    pub(super) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, SourceError> {
        let again = matches!(*request.method(), Method::GET | Method::HEAD).then(|| request.clone());
        match (exchange(&self.pooled, request).await, again) {
            (Ok(response), _) => Ok(response),
            (Err(Lost { is_stale: true, .. }), Some(again)) => {
                exchange(&self.fresh, again).await.map_err(|lost| lost.error)
            }
            (Err(lost), _) => Err(lost.error),
        }
    }
}

/// A request that got no answer.
struct Lost {
    error: SourceError,
    /// Whether the connection had answered before and then died without a byte of an answer to this request (over
    /// HTTP/2: without the head of one).
    is_stale: bool,
}

async fn exchange(pool: &PooledClient, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Lost> {
    let captured = capture_connection(&mut request);
    match pool.request(request).await {
        Ok(response) => {
            if let Some((line, _)) = line(&captured) {
                line.has_answered.store(true, Ordering::Relaxed);
            }
            Ok(response)
        }
        Err(error) => {
            let died_silent = |(line, is_h2): (Arc<Line>, bool)| {
                line.has_answered.load(Ordering::Relaxed) && (is_h2 || !line.has_spoken.load(Ordering::Relaxed))
            };
            let is_stale = !error.is_connect() && line(&captured).is_some_and(died_silent);
            Err(Lost { error: classify(&error), is_stale })
        }
    }
}

/// Returns the connection that carried a request, and whether it speaks HTTP/2.
fn line(captured: &CaptureConnection) -> Option<(Arc<Line>, bool)> {
    let mut extras = Extensions::new();
    let metadata = captured.connection_metadata();
    let connected = metadata.as_ref()?;
    connected.get_extras(&mut extras);
    Some((extras.get::<Arc<Line>>()?.clone(), connected.is_negotiated_h2()))
}

/// Classifies a failed exchange by the error types in its chain, never by their text.
fn classify(error: &legacy::Error) -> SourceError {
    let mut io = None;
    for cause in chain(error) {
        if cause.is::<Refused>() {
            return SourceError::Forbidden(Cause::AddressRefused);
        }
        if let Some(Unresolved(error)) = cause.downcast_ref() {
            return LocalFault::shortage(error).map_or(SourceError::Upstream(Cause::Dns), SourceError::Exhausted);
        }
        if cause.is::<ConnectTimeout>() {
            return SourceError::Timeout(Phase::Connect);
        }
        if let Some(error) = cause.downcast_ref::<rustls::Error>() {
            return SourceError::Upstream(Cause::Tls(tls_fault(error)));
        }
        if let Some(error) = cause.downcast_ref::<hyper::Error>()
            && error.is_parse()
        {
            return SourceError::Upstream(Cause::Protocol);
        }
        io = io.or_else(|| cause.downcast_ref::<io::Error>());
    }
    if let Some(fault) = io.and_then(LocalFault::shortage) {
        return SourceError::Exhausted(fault);
    }
    match io.map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) if error.is_connect() => SourceError::Timeout(Phase::Connect),
        Some(kind) if error.is_connect() => SourceError::Upstream(Cause::Connect(kind)),
        None if error.is_connect() => SourceError::Upstream(Cause::Connect(io::ErrorKind::Other)),
        Some(_) | None => SourceError::Upstream(Cause::Truncated),
    }
}

/// Classifies the error that interrupted a body.
pub(super) fn broken_body(error: &(dyn StdError + 'static)) -> SourceError {
    let is_parse = |cause: &(dyn StdError + 'static)| cause.downcast_ref().is_some_and(hyper::Error::is_parse);
    let cause = if chain(error).any(is_parse) { Cause::Protocol } else { Cause::Truncated };
    SourceError::Upstream(cause)
}

/// Iterates over an error and all its causes, including those that an [`io::Error`] carries but does not return as its
/// source.
pub(super) fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let carried = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        carried.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| error.source())
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "rustls has dozens, and may gain more")]
fn tls_fault(error: &rustls::Error) -> TlsFault {
    use rustls::CertificateError as Fault;
    match error {
        rustls::Error::InvalidCertificate(
            Fault::Expired | Fault::ExpiredContext { .. } | Fault::NotValidYet | Fault::NotValidYetContext { .. },
        ) => TlsFault::Expired,
        rustls::Error::InvalidCertificate(Fault::NotValidForName | Fault::NotValidForNameContext { .. }) => {
            TlsFault::Name
        }
        rustls::Error::InvalidCertificate(_) => TlsFault::Untrusted,
        _ => TlsFault::Other,
    }
}

/// Configures TLS with `ring` and the certificates that this machine trusts, including `SSL_CERT_FILE` and
/// `SSL_CERT_DIR`.
fn tls() -> Result<ClientConfig, BuildError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (usable, _unusable) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        tracing::warn!(
            "no trusted certificates on this machine, so https upstreams will fail; install ca-certificates"
        );
    }
    // The connector adds the protocols that it supports.
    Ok(ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| BuildError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Connects within a time limit, TLS included, and watches the connection.
#[derive(Clone)]
struct Connector {
    https: HttpsConnector<HttpConnector<GuardedResolver>>,
    timeout: Duration,
}

/// Connecting exceeded the time limit.
#[derive(Debug, thiserror::Error)]
#[error("connect timed out")]
struct ConnectTimeout;

type Stream = TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>;

impl Service<Uri> for Connector {
    type Response = TokioIo<Watched<Stream>>;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.https.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = tokio::time::timeout(self.timeout, self.https.call(uri));
        Box::pin(async move {
            let stream = connecting.await.map_err(|_elapsed| ConnectTimeout)??;
            Ok(TokioIo::new(Watched { stream: TokioIo::new(stream), line: Arc::default() }))
        })
    }
}

/// What we know about one connection.
#[derive(Debug, Default)]
struct Line {
    /// The connection has carried an answer.
    has_answered: AtomicBool,
    /// Bytes have been received since bytes were last sent.
    has_spoken: AtomicBool,
}

/// A connection that records its traffic, above TLS.
struct Watched<S> {
    stream: S,
    line: Arc<Line>,
}

impl<S: Unpin> Watched<S> {
    fn wrote(
        self: Pin<&mut Self>,
        write: impl FnOnce(Pin<&mut S>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = write(Pin::new(&mut this.stream));
        if matches!(polled, Poll::Ready(Ok(1..))) {
            this.line.has_spoken.store(false, Ordering::Relaxed);
        }
        polled
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            this.line.has_spoken.store(true, Ordering::Relaxed);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.wrote(|stream| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.wrote(|stream| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl<S: Connection> Connection for Watched<S> {
    fn connected(&self) -> Connected {
        self.stream.connected().extra(self.line.clone())
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}
