//! File, environment and flags, resolved once into an immutable [`Config`].
//!
//! `raw` is what was written, this file what is meant; only [`Config`] is passed on.

pub mod limits;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

pub use limits::Limits;

/// Everything the server was told, with defaults filled in and every value checked.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named after their sections in config/reference.toml")]
pub struct Config {
    pub server: ServerConfig,
    pub render: RenderConfig,
    pub limits: Limits,
    pub cache: CacheConfig,
    pub log: LogConfig,
    pub sources: Vec<SourceConfig>,
}

/// `[server]`
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Address of the public listener.
    pub listen: SocketAddr,
    /// Address of health, metrics and administration.
    pub admin_listen: SocketAddr,
    /// How long SIGTERM waits for requests in flight.
    pub drain_timeout: Duration,
    /// Open connections at once on the public listener.
    pub connections_max: usize,
}

/// `[render]`
#[derive(Clone, Debug)]
pub struct RenderConfig {
    /// Worker processes, already resolved: never 0.
    pub workers: usize,
    /// Wall time of one job; then its worker is killed.
    pub timeout: Duration,
    /// Jobs that may wait for a worker; more are answered 503.
    pub queue_max: usize,
    /// A worker is replaced after this many jobs.
    pub worker_jobs_max: u64,
    /// A worker is replaced when its resident memory is above this after a job.
    pub worker_memory_bytes_max: u64,
    /// Whether workers confine themselves with Landlock and seccomp.
    pub sandbox: bool,
    /// Answer 421 instead of 422 for what cannot be decoded (`delivery.md` 4).
    pub undecodable_is_421: bool,
}

/// `[cache]`
#[derive(Clone, Debug)]
pub struct CacheConfig {
    /// Renditions in memory; 0 turns the tier off.
    pub memory_bytes_max: u64,
    /// Renditions on disk; `None` turns the tier off.
    pub disk_dir: Option<PathBuf>,
    /// Size of the disk tier.
    pub disk_bytes_max: u64,
    /// Originals in memory (default 64 MiB), so that several sizes of one picture fetch it once; 0 turns it off.
    pub originals_bytes_max: u64,
    /// How long an original is used without asking its source again (default 60 s).
    pub originals_ttl: Duration,
}

/// `[log]`
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// Where access logs go; `None` writes none.
    pub dir: Option<PathBuf>,
    /// Files older than this are deleted.
    pub retention: Duration,
    /// How much of a client's address is kept.
    pub client_ip: ClientIp,
}

/// `log.client_ip`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientIp {
    /// Cut to /24 (IPv4) or /48 (IPv6).
    Truncated,
    /// Whole.
    Full,
    /// Not at all.
    None,
}

/// One `[[source]]`.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// Unique; part of cache keys and of `hmac-sha256` signatures.
    pub name: String,
    /// Lower-case host names; empty serves every host that no other source claims.
    pub hosts: Vec<String>,
    /// Where originals are.
    pub kind: SourceKind,
    /// Default parameters, as a query string in the order written.
    pub default_params: Vec<(String, String)>,
    /// Lifetime sent with renditions, see `cache_ttl_mode`.
    pub cache_ttl: Duration,
    /// How it meets the upstream's own lifetime.
    pub cache_ttl_mode: TtlMode,
    /// Lifetime of errors.
    pub error_ttl: Duration,
    /// Signatures.
    pub signing: Signing,
    /// Send `X-Tintype-Params`.
    pub params_header: bool,
}

/// Where originals are.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named after their keys in config/reference.toml")]
pub enum SourceKind {
    Folder { root: PathBuf },
    WebFolder { base_url: url::Url, allow_private: Vec<IpNet> },
    WebProxy { allow_hosts: Vec<String>, allow_private: Vec<IpNet> },
    S3(S3Config),
}

/// An S3 or compatible bucket.
#[derive(Clone, Debug)]
pub struct S3Config {
    /// Bucket name.
    pub bucket: String,
    /// Put before the object path, without leading slash.
    pub prefix: String,
    /// Region; `None` lets the AWS chain decide.
    pub region: Option<String>,
    /// Base URL of a compatible service.
    pub endpoint: Option<url::Url>,
    /// Bucket in the path instead of the host name.
    pub path_style: bool,
    /// Access key and secret; `None` uses the AWS default chain.
    pub credentials: Option<(Secret, Secret)>,
}

/// `cache_ttl_mode`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TtlMode {
    /// The upstream's max-age, else `cache_ttl`.
    RespectOrigin,
    /// Always `cache_ttl`.
    Override,
    /// The larger of the two.
    Minimum,
}

/// `signing`
#[derive(Clone, Debug)]
pub struct Signing {
    /// Whether a valid signature is demanded.
    pub required: bool,
    /// Accepted schemes.
    pub schemes: Vec<SignScheme>,
    /// All are tried.
    pub keys: Vec<Secret>,
}

/// A signature scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignScheme {
    /// `s=`, MD5 over token, path and query.
    Imgix,
    /// `sig=`, HMAC-SHA256.
    HmacSha256,
}

/// A key or password. `Debug` shows nothing of it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Wraps the bytes of a secret.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, for the one computation that needs them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}
