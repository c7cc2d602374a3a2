//! Resolves file, environment and flags once into an immutable [`Config`].
//!
//! `raw` holds what was written, this file holds what it means. Only [`Config`] is passed on.

use crate::limits::Limits;

mod fault;
mod inspect;
mod key_files;
mod keys;
mod places;
mod raw;
pub mod reference;
mod resolve;
mod secret;
mod source_kind;
mod sources;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

pub use fault::{Fault, Place};
pub use inspect::{Inspection, inspect};
pub use key_files::KeyFiles;

use places::WrittenPlaces;
use raw::{Raw, SourceText};
pub use secret::{Secret, read_secret};
pub use source_kind::{S3Config, SourceKind};

/// The environment variables, captured once.
pub type Environment = BTreeMap<String, String>;

/// A key set by a command-line flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The flag to name in faults: `--listen`.
    pub flag: String,
    /// The key: `server.listen`.
    pub key: String,
    /// The value as text; list items are separated by commas.
    pub value: String,
}

/// Returns the environment of this process. Leaves out variables that are not UTF-8.
#[must_use]
pub fn process_environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Loads the file, applies the environment over it and then the flags, and checks everything.
///
/// # Errors
/// Returns every fault, not only the first.
pub fn load(file: Option<&Path>, environment: &Environment, overrides: &[Override]) -> Result<Config, Vec<Fault>> {
    load_with_places(file, environment, overrides).map(|(config, _)| config)
}

/// Does the same as [`load`] and also returns where each key was written.
fn load_with_places(
    file: Option<&Path>,
    environment: &Environment,
    overrides: &[Override],
) -> Result<(Config, WrittenPlaces), Vec<Fault>> {
    let Some(path) = file else { return parse_with_places("", "", environment, overrides) };
    let name = path.display().to_string();
    match std::fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => parse_with_places(&name, &text, environment, overrides),
        Ok(Err(_)) => Err(vec![Fault::new(Place::File(name), "", "is not UTF-8")]),
        Err(error) => Err(vec![Fault::new(Place::File(name), "", format!("cannot be read: {}", error.kind()))]),
    }
}

/// Does the same as [`load`] for text in memory. Faults name `name` as the file, and relative paths start from its
/// folder.
///
/// # Errors
/// Returns the same faults as [`load`].
pub fn parse(name: &str, text: &str, environment: &Environment, overrides: &[Override]) -> Result<Config, Vec<Fault>> {
    parse_with_places(name, text, environment, overrides).map(|(config, _)| config)
}

fn parse_with_places(
    name: &str,
    text: &str,
    environment: &Environment,
    overrides: &[Override],
) -> Result<(Config, WrittenPlaces), Vec<Fault>> {
    let file = SourceText { name, text };
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut raw = Raw::default();
    for error in errors {
        let place = error.span().map_or_else(|| Place::File(name.to_owned()), |at| file.place(&at));
        // The parser's message may span several lines.
        raw.faults.push(Fault::new(place, "", error.message().lines().collect::<Vec<_>>().join("; ")));
    }
    raw.add_file(file, root.get_ref());
    raw.add_environment(environment);
    raw.add_overrides(overrides);
    resolve::resolve(raw, file, environment)
}

/// The complete configuration, with defaults filled in and every value checked.
///
/// `Default` gives the documented defaults and no source; [`load`] starts from it.
#[derive(Clone, Debug, Default)]
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
    /// Address of the listener for health, metrics and administration.
    pub admin_listen: SocketAddr,
    /// How long shutdown after SIGTERM waits for requests in flight.
    pub drain_timeout: Duration,
    /// Most connections that may be open at once on the public listener.
    pub connections_max: usize,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            admin_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)),
            drain_timeout: Duration::from_secs(20),
            connections_max: 4096,
        }
    }
}

/// `[render]`
#[derive(Clone, Debug)]
pub struct RenderConfig {
    /// Number of worker processes. Only the defaults have 0, which [`load`] replaces with the number of cores.
    pub workers: usize,
    /// Wall time allowed for one job; after that its worker is killed.
    pub timeout: Duration,
    /// Most jobs that may wait for a worker; further jobs are answered 503.
    pub queue_max: usize,
    /// Number of jobs after which a worker is replaced.
    pub worker_jobs_max: u64,
    /// A worker is replaced when its resident memory exceeds this after a job.
    pub worker_memory_bytes_max: u64,
    /// Whether workers sandbox themselves with Landlock and seccomp.
    pub sandbox: bool,
    /// Whether an original that cannot be decoded is answered 421 instead of 422 (`delivery.md` 4).
    pub undecodable_is_421: bool,
}

impl Default for RenderConfig {
    fn default() -> Self {
        Self {
            workers: 0,
            timeout: Duration::from_secs(10),
            queue_max: 256,
            worker_jobs_max: 1_000,
            worker_memory_bytes_max: 256 << 20,
            sandbox: true,
            undecodable_is_421: false,
        }
    }
}

/// `[cache]`
#[derive(Clone, Debug)]
pub struct CacheConfig {
    /// Size of the memory tier for renditions; 0 turns it off.
    pub memory_bytes_max: u64,
    /// Folder of the disk tier for renditions; `None` turns it off.
    pub disk_dir: Option<PathBuf>,
    /// Size limit of the disk tier.
    pub disk_bytes_max: u64,
    /// Size of the memory cache for originals (default 64 MiB), so that several sizes of one image need one fetch; 0
    /// turns it off.
    pub originals_bytes_max: u64,
    /// How long an original is used without asking its source again (default 60 s).
    pub originals_ttl: Duration,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            memory_bytes_max: 256 << 20,
            disk_dir: None,
            disk_bytes_max: 10 << 30,
            originals_bytes_max: 64 << 20,
            originals_ttl: Duration::from_secs(60),
        }
    }
}

/// `[log]`
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// Folder for access logs; `None` writes none.
    pub dir: Option<PathBuf>,
    /// Log files older than this are deleted.
    pub retention: Duration,
    /// How much of a client's address is logged.
    pub client_ip: ClientIp,
    /// Level of the messages on standard error.
    pub level: LogLevel,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            dir: None,
            retention: Duration::from_secs(24 * 3600),
            client_ip: ClientIp::Truncated,
            level: LogLevel::Info,
        }
    }
}

/// `log.client_ip`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientIp {
    /// Truncated to /24 (IPv4) or /48 (IPv6).
    Truncated,
    /// The whole address.
    Full,
    /// No address.
    None,
}

/// `log.level`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// What an operator must act on.
    Error,
    /// Also what may become an error.
    Warn,
    /// Also what happens at start and stop.
    Info,
    /// Also details, for troubleshooting.
    Debug,
}

/// One `[[source]]`.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// Unique name; part of cache keys and of `hmac-sha256` signatures.
    pub name: String,
    /// Lower-case host names. Empty means every host that no other source claims.
    pub hosts: Vec<String>,
    /// Where the originals are.
    pub kind: SourceKind,
    /// Patterns for the hosts, besides those of the sources, from which overlays may be fetched. `None` means the hosts
    /// that originals may come from, or every public host if originals have no hosts.
    pub overlay_hosts: Option<Vec<String>>,
    /// Default parameters, as the pairs of a query string in the order written.
    pub default_params: Vec<(String, String)>,
    /// Lifetime sent with renditions; see `cache_ttl_mode`.
    pub cache_ttl: Duration,
    /// How `cache_ttl` combines with the upstream's own lifetime.
    pub cache_ttl_mode: TtlMode,
    /// Lifetime sent with errors.
    pub error_ttl: Duration,
    /// Whether and how requests must be signed.
    pub signing: Signing,
    /// Whether SVG originals are always drawn. If not, they are sent sanitised, unless the URL names a raster format or
    /// asks for colours.
    pub rasterize_svg: bool,
    /// Whether `lp-blur`, which cannot be honoured, is ignored instead of answered with an error.
    pub ignore_lp_blur: bool,
    /// Whether `X-Tintype-Params` is sent.
    pub params_header: bool,
}

impl SourceConfig {
    /// Returns a hash of where originals and overlays come from and where they may come from. Renditions made under
    /// other settings are not found under these.
    ///
    /// Leaves out what does not change bytes (hosts, lifetimes, signing), what the plan already contains (default
    /// parameters, and how SVG and `lp-blur` are treated), and secrets.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        // Names every field, so that a new field forces a decision.
        let Self {
            kind,
            overlay_hosts,
            name: _,
            hosts: _,
            default_params: _,
            cache_ttl: _,
            cache_ttl_mode: _,
            error_ttl: _,
            signing: _,
            rasterize_svg: _,
            ignore_lp_blur: _,
            params_header: _,
        } = self;
        let mut fields = kind.fields();
        fields.add(overlay_hosts.is_some());
        fields.add_all(overlay_hosts.as_deref().unwrap_or_default());
        fields.hash()
    }
}

/// `cache_ttl_mode`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TtlMode {
    /// The upstream's max-age, or `cache_ttl` if there is none.
    RespectOrigin,
    /// Always `cache_ttl`.
    Override,
    /// The larger of the two.
    Minimum,
}

/// `signing`
#[derive(Clone, Debug)]
pub struct Signing {
    /// Whether a request needs a valid signature.
    pub required: bool,
    /// Accepted schemes.
    pub schemes: Vec<SignScheme>,
    /// Keys; a signature is checked against each of them.
    pub keys: Vec<Secret>,
}

/// A signature scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignScheme {
    /// `s=`, MD5 of token, path and query.
    Imgix,
    /// `sig=`, HMAC-SHA256.
    HmacSha256,
}
