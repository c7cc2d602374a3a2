//! Accepts connections, limits their number, and stops gracefully.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use super::head::{self, FragmentSeen, WatchedHead};
use super::signals::Signals;
use super::{admin, exchange, record};
use crate::app::{App, StartError};
use crate::clock::SystemClock;
use crate::config::{Config, KeyFiles};
use crate::limits::Limits;

/// Smallest buffer that hyper accepts for a request head.
const HEAD_BYTES_MIN: usize = 8192;
/// Longest request target that hyper accepts. The buffer has room for it in addition to the headers, so that a long
/// target is answered 414, not 431.
const TARGET_BYTES_MAX: usize = 64 << 10;
/// Pause between two looks at a connection that began like HTTP/2 and then went quiet.
const PREFACE_PAUSE: Duration = Duration::from_millis(20);
/// Maximum number of HTTP/2 streams served at once per connection.
const STREAMS_MAX: u32 = 128;
/// Pause after a failed accept, so that running out of descriptors does not cause a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Reasons why the server cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A part cannot be built.
    #[error(transparent)]
    Start(#[from] StartError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system reported.
        error: std::io::Error,
    },
}

/// A server with both sockets bound.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    public: TcpListener,
    admin: TcpListener,
}

impl Server {
    /// Builds every part and binds both addresses.
    ///
    /// # Errors
    /// [`ServeError`] if an address cannot be bound or a part cannot be built.
    pub async fn start(config: Config, executable: PathBuf) -> Result<Self, ServeError> {
        // Bind first: a port that is taken should not cost the start of a pool.
        let public = bind(config.server.listen).await?;
        let admin = bind(config.server.admin_listen).await?;
        let app = App::build(config, Arc::new(SystemClock), executable).await?;
        Ok(Self { app, public, admin })
    }

    /// Returns the address of the public listener, with the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.public.local_addr().expect("a bound socket has an address")
    }

    /// Returns the address of the admin listener.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.admin.local_addr().expect("a bound socket has an address")
    }

    /// Serves until `stop` completes, then drains: readiness turns false, no connection is accepted, requests in flight
    /// finish or run into `server.drain_timeout`, and stored renditions and log lines are written.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let (draining, is_draining) = watch::channel(false);
        let admin = tokio::spawn(admin::serve(self.app.clone(), self.admin, is_draining.clone()));
        let key_files = tokio::spawn(follow(KeyFiles::of(&self.app.config)));
        let connections = GracefulShutdown::new();
        let permits = Arc::new(Semaphore::new(self.app.config.server.connections_max));
        tokio::select! {
            () = accept(&self.app, &self.public, &connections, &permits) => {}
            () = stop => {}
        }
        drop(self.public);
        draining.send_replace(true);
        let limit = self.app.config.server.drain_timeout;
        if tokio::time::timeout(limit, connections.shutdown()).await.is_err() {
            tracing::warn!(limit_s = limit.as_secs(), "requests still in flight were aborted");
        }
        self.app.pool.drain().await;
        self.app.cache.close().await;
        self.app.access_log.close().await;
        key_files.abort();
        admin.abort();
    }
}

/// Watches the key files for changes for as long as the server runs.
async fn follow(mut files: KeyFiles) {
    while !files.is_empty() {
        tokio::time::sleep(KeyFiles::PAUSE).await;
        let looked = tokio::task::spawn_blocking(move || {
            files.look();
            files
        });
        match looked.await {
            Ok(looked_at) => files = looked_at,
            Err(error) => {
                tracing::error!(%error, "key files are no longer watched");
                return;
            }
        }
    }
}

/// Serves `config` until a stop signal arrives (SIGTERM, SIGINT or SIGQUIT). Calls `ready` once both addresses are
/// bound.
///
/// # Errors
/// [`ServeError`] if an address cannot be bound or a part cannot be built.
pub async fn run(config: Config, executable: PathBuf, ready: impl FnOnce(&Server)) -> Result<(), ServeError> {
    // Listen before doing anything slow, so that no signal meets its default action.
    let mut signals = Signals::listen();
    let server = tokio::select! {
        server = Server::start(config, executable) => server?,
        () = signals.stop() => return Ok(()),
    };
    tracing::info!(listen = %server.address(), admin = %server.admin_address(), "serving");
    ready(&server);
    server.serve(signals.stop()).await;
    Ok(())
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listener = match TcpListener::bind(address).await {
        // `:8080` means every address of the machine. Where IPv6 is switched off, only IPv4 addresses are left.
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && !matches!(error.kind(), ErrorKind::AddrInUse) => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await
        }
        bound => bound,
    };
    listener.map_err(|error| ServeError::Listen { address, error })
}

/// Accepts connections forever. Over the limit, new connections wait in the system's own queue.
async fn accept(app: &Arc<App>, listener: &TcpListener, connections: &GracefulShutdown, permits: &Arc<Semaphore>) {
    let limits = &app.config.limits;
    let builders = Arc::new((builder(limits).http1_only(), builder(limits).http2_only()));
    let patience = limits.header_timeout;
    loop {
        let permit = permits.clone().acquire_owned().await.expect("the semaphore is never closed");
        let (stream, peer) = match listener.accept().await {
            // On a dual-stack socket, IPv4 clients appear with IPv6 addresses.
            Ok((stream, peer)) => (stream, SocketAddr::new(peer.ip().to_canonical(), peer.port())),
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // A response is one write of headers and body; waiting to fill a segment only adds latency.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
        let (app, builders, watcher) = (app.clone(), builders.clone(), connections.watcher());
        tokio::spawn(async move {
            // The time-outs of the protocol start with its first byte. A client that sends none must not occupy a
            // place.
            let Ok(Ok(http2)) = tokio::time::timeout(patience, speaks_http2(&stream)).await else { return };
            let builder = if http2 { &builders.1 } else { &builders.0 };
            let (stream, fragment) = WatchedHead::new(stream, !http2);
            let service = service_fn(move |mut request: Request<Incoming>| {
                if fragment.was_seen() {
                    request.extensions_mut().insert(FragmentSeen);
                }
                let app = app.clone();
                async move { Ok::<_, Infallible>(one(&app, peer, request).await) }
            });
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            // A client that goes away mid-request is not worth a log line.
            let _closed = watcher.watch(connection).await;
            drop(permit);
        });
    }
}

/// Returns whether a connection opens with the HTTP/2 preface (RFC 9113 3.4). Consumes no bytes.
async fn speaks_http2(stream: &TcpStream) -> std::io::Result<bool> {
    const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut first = [0; PREFACE.len()];
    loop {
        let got = stream.peek(&mut first).await?;
        if got == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if first[..got] != PREFACE[..got] {
            return Ok(false);
        }
        if got == PREFACE.len() {
            return Ok(true);
        }
        // Peeking does not wait for more bytes than have arrived.
        tokio::time::sleep(PREFACE_PAUSE).await;
    }
}

async fn one(app: &Arc<App>, peer: SocketAddr, request: Request<Incoming>) -> super::respond::Response {
    let recorder = record::Recorder::begin(app, peer, &request);
    let (mut response, handled) = exchange::answer(app, &request).await;
    head::close_where_unclear(&request, &mut response);
    recorder.end(&response, &handled);
    response
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_bytes_max.max(HEAD_BYTES_MIN) + TARGET_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(u32::try_from(limits.header_bytes_max).unwrap_or(u32::MAX))
        .keep_alive_interval(Some(limits.header_timeout));
    builder
}
