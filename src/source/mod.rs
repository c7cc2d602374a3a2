//! Sources of originals: one trait, four kinds, one conformance suite.

mod body;
pub mod cause;
pub mod conformance;
mod connection;
mod error;
mod facts;
pub mod folder;
pub mod guard;
pub mod http;
mod path;
mod resolve;
pub mod s3;
pub mod web;

use crate::sniff::{Encoded, SourceFormat, sniff};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

pub use cause::Cause;
pub use error::SourceError;

use crate::blob::Blob;
use crate::config::{SourceConfig, SourceKind};
use crate::limits::Limits;

/// A configured place from which originals are fetched.
///
/// Every implementation enforces the byte cap while bytes arrive, forwards no client header, and never returns text
/// from the upstream.
#[async_trait]
pub trait Source: Send + Sync + std::fmt::Debug + 'static {
    /// Fetches one whole object.
    ///
    /// `request.object` is the path after the host, percent-decoded exactly once, with its leading slash.
    ///
    /// # Errors
    /// Returns a [`SourceError`] that says whose fault it was.
    async fn fetch(&self, request: FetchRequest<'_>) -> Result<Fetched, SourceError>;
}

/// Creates the source that `config` describes. Fetches nothing yet, because an upstream may start later than we do.
///
/// # Errors
/// Returns a [`BuildError`] for a configuration that could never work.
pub async fn build(config: &SourceConfig, limits: &Limits) -> Result<Arc<dyn Source>, BuildError> {
    Ok(match &config.kind {
        SourceKind::Folder { root } => Arc::new(folder::FolderSource::new(root.clone(), limits)?),
        SourceKind::WebFolder { base_url, allow_private } => {
            Arc::new(web::WebFolder::new(base_url.clone(), allow_private.clone(), limits)?)
        }
        SourceKind::WebProxy { allow_hosts, allow_private } => {
            Arc::new(web::WebProxy::new(allow_hosts, allow_private.clone(), limits)?)
        }
        SourceKind::S3(s3) => Arc::new(s3::S3Source::new(s3, limits).await?),
    })
}

/// Why a source cannot be created. The operator sees it at start-up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// `root` is not a directory that can be opened.
    #[error("root: {} cannot be opened: {kind}", .path.display())]
    Root {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        kind: io::ErrorKind,
    },
    /// `base_url` is not an http(s) URL, or has a query or fragment.
    #[error("base_url must be an http or https URL without a query or a fragment")]
    BaseUrl,
    /// An entry of `allow_hosts` is not a host.
    #[error("allow_hosts must contain names such as \"example.com\" or \"*.example.com\"")]
    AllowHosts,
    /// `access_key` or `secret_key` is not text.
    #[error("access_key and secret_key must be text")]
    Credentials,
    /// TLS could not be set up.
    #[error("TLS cannot be set up")]
    Tls,
}

/// What to fetch.
#[derive(Clone, Copy, Debug)]
pub struct FetchRequest<'a> {
    /// Decoded object path with its leading slash.
    pub object: &'a str,
    /// Validators of the copy that we hold, for a conditional request.
    pub if_changed_from: Option<&'a Validators>,
}

/// The outcome of a fetch.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// The object.
    Original(Arc<Original>),
    /// The copy whose validators were sent is still current. Holds the new caching facts.
    NotModified(OriginCaching),
}

/// A fetched original.
#[derive(Clone, Debug)]
pub struct Original {
    /// Its bytes.
    pub body: Blob,
    /// Image format detected from the bytes; `None` if this server does not know it.
    pub format: Option<SourceFormat>,
    /// Media type from the upstream or from the file name's extension; never trusted for decoding.
    pub content_type: Option<String>,
    /// Validators for a later conditional request.
    pub validators: Validators,
    /// What the upstream said about caching.
    pub caching: OriginCaching,
}

impl Original {
    /// Creates an original and detects its format from the bytes.
    #[must_use]
    pub fn new(body: Blob, content_type: Option<String>, validators: Validators, caching: OriginCaching) -> Self {
        Self { format: sniff(body.as_slice()), body, content_type, validators, caching }
    }

    /// Returns the bytes with their image format, or `None` if the format is unknown.
    #[must_use]
    pub fn encoded(&self) -> Option<Encoded> {
        self.format.map(|format| Encoded { bytes: self.body.clone(), format })
    }
}

/// `ETag` and `Last-Modified` of an original.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// The entity tag as sent, quotes included.
    pub etag: Option<String>,
    /// Time of the last change.
    pub last_modified: Option<SystemTime>,
}

/// The parts of the upstream's `Cache-Control` that we use (`delivery.md` 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OriginCaching {
    /// `s-maxage`, or else `max-age`, minus `Age`.
    pub max_age: Option<Duration>,
    /// Whether `private`, `no-store` or `no-cache` was given.
    pub uncacheable: bool,
}
