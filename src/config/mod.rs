//! File, environment and flags, resolved once into an immutable [`Config`].
//!
//! `raw` is what was written, this file what is meant; only [`Config`] is passed on.

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
mod sources;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use sha2::{Digest, Sha256};
use toml::de::DeTable;

pub use fault::{Fault, Place};
pub use inspect::{Inspection, inspect};
pub use key_files::KeyFiles;

use places::Written;
use raw::{Raw, Text};
pub use secret::{Secret, read_secret};

/// The environment's variables, taken once.
pub type Environment = BTreeMap<String, String>;

/// A key set by a flag of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The flag, for faults: `--listen`.
    pub flag: String,
    /// The key: `server.listen`.
    pub key: String,
    /// Its value as text; lists are separated by commas.
    pub value: String,
}

/// The environment of this process. Variables that are not UTF-8 are left out.
#[must_use]
pub fn process_environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Reads the file, lays environment and flags over it (flags win), and checks everything.
///
/// # Errors
/// Every fault there is, not only the first.
pub fn load(file: Option<&Path>, environment: &Environment, overrides: &[Override]) -> Result<Config, Vec<Fault>> {
    load_with_places(file, environment, overrides).map(|(config, _)| config)
}

/// As [`load`], with the places where the keys were written.
fn load_with_places(
    file: Option<&Path>,
    environment: &Environment,
    overrides: &[Override],
) -> Result<(Config, Written), Vec<Fault>> {
    let Some(path) = file else { return parse_with_places("", "", environment, overrides) };
    let name = path.display().to_string();
    match std::fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => parse_with_places(&name, &text, environment, overrides),
        Ok(Err(_)) => Err(vec![Fault::new(Place::File(name), "", "is not UTF-8")]),
        Err(error) => Err(vec![Fault::new(Place::File(name), "", format!("cannot be read: {}", error.kind()))]),
    }
}

/// As [`load`], for text at hand; `name` stands for the file in faults, and relative paths start from its folder.
///
/// # Errors
/// As [`load`].
pub fn parse(name: &str, text: &str, environment: &Environment, overrides: &[Override]) -> Result<Config, Vec<Fault>> {
    parse_with_places(name, text, environment, overrides).map(|(config, _)| config)
}

fn parse_with_places(
    name: &str,
    text: &str,
    environment: &Environment,
    overrides: &[Override],
) -> Result<(Config, Written), Vec<Fault>> {
    let file = Text { name, text };
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut raw = Raw::default();
    for error in errors {
        let place = error.span().map_or_else(|| Place::File(name.to_owned()), |at| file.place(&at));
        // The parser's own explanation may run over several lines.
        raw.faults.push(Fault::new(place, "", error.message().lines().collect::<Vec<_>>().join("; ")));
    }
    raw.add_file(file, root.get_ref());
    raw.add_environment(environment);
    raw.add_overrides(overrides);
    resolve::resolve(raw, file, environment)
}

/// Everything the server was told, with defaults filled in and every value checked.
///
/// `Default` has the documented defaults and no source; [`load`] starts from it.
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
    /// Address of health, metrics and administration.
    pub admin_listen: SocketAddr,
    /// How long SIGTERM waits for requests in flight.
    pub drain_timeout: Duration,
    /// Open connections at once on the public listener.
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
    /// Worker processes. 0 in the defaults only: [`load`] puts the number of cores there.
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
    /// Where access logs go; `None` writes none.
    pub dir: Option<PathBuf>,
    /// Files older than this are deleted.
    pub retention: Duration,
    /// How much of a client's address is kept.
    pub client_ip: ClientIp,
    /// Messages on standard error.
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
    /// Cut to /24 (IPv4) or /48 (IPv6).
    Truncated,
    /// Whole.
    Full,
    /// Not at all.
    None,
}

/// `log.level`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// What an operator has to act on.
    Error,
    /// And what may become that.
    Warn,
    /// And what happens at start and stop.
    Info,
    /// And more, for those who look for something.
    Debug,
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
    /// Hosts, beside those of the sources, from which overlays may be fetched, as patterns; `None` is those that originals
    /// may come from where they have hosts, else every public one.
    pub overlay_hosts: Option<Vec<String>>,
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
    /// Draw SVG originals instead of sending them sanitised.
    pub rasterize_svg: bool,
    /// Whether `lp-blur`, which cannot be honoured, is ignored instead of answered with an error.
    pub ignore_lp_blur: bool,
    /// Send `X-Tintype-Params`.
    pub params_header: bool,
}

impl SourceConfig {
    /// A hash of where originals and overlays come from, and from where they may: renditions made under other settings are
    /// not found under these.
    ///
    /// Leaves out what changes no bytes (hosts, lifetimes, signing), what the plan holds already (default parameters and
    /// how SVG and `lp-blur` are treated) and secrets.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        // Every field by name, so that a new one is decided on.
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
        let mut fields = Fields::default();
        match kind {
            SourceKind::Folder { root } => {
                fields.add("folder");
                fields.add_bytes(root.as_os_str().as_encoded_bytes());
            }
            SourceKind::WebFolder { base_url, allow_private } => {
                fields.add("web-folder");
                fields.add(base_url);
                fields.add_all(allow_private);
            }
            SourceKind::WebProxy { allow_hosts, allow_private } => {
                fields.add("web-proxy");
                fields.add_all(allow_hosts);
                fields.add_all(allow_private);
            }
            SourceKind::S3(S3Config { bucket, prefix, region, endpoint, path_style, credentials: _ }) => {
                fields.add("s3");
                fields.add_all(endpoint);
                fields.add(bucket);
                fields.add(prefix);
                fields.add_all(region);
                fields.add(path_style);
            }
        }
        fields.add(overlay_hosts.is_some());
        fields.add_all(overlay_hosts.as_deref().unwrap_or_default());
        fields.0.finalize().into()
    }
}

/// A hash of fields, each behind its length, and lists behind theirs, so that no two run together to the same bytes.
#[derive(Default)]
struct Fields(Sha256);

impl Fields {
    fn add_bytes(&mut self, field: &[u8]) {
        self.0.update((field.len() as u64).to_be_bytes());
        self.0.update(field);
    }

    fn add(&mut self, field: impl ToString) {
        self.add_bytes(field.to_string().as_bytes());
    }

    fn add_all<T: ToString>(&mut self, fields: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>) {
        let fields = fields.into_iter();
        self.0.update((fields.len() as u64).to_be_bytes());
        fields.for_each(|field| self.add(field));
    }
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
