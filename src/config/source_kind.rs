//! The kinds of sources: what each is configured with, and all that the rest of the program asks of a kind. A new kind is
//! a row of each list here, its keys, its file in `source/` and the arm that builds it.

use std::path::PathBuf;

use ipnet::IpNet;
use sha2::{Digest, Sha256};

use super::Secret;

/// Where the originals of a source are.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "named after their keys in config/reference.toml")]
pub enum SourceKind {
    Folder { root: PathBuf },
    WebFolder { base_url: url::Url, allow_private: Vec<IpNet> },
    WebProxy { allow_hosts: Vec<String>, allow_private: Vec<IpNet> },
    S3(S3Config),
}

/// An S3 bucket, or a bucket of a compatible service.
#[derive(Clone, Debug)]
pub struct S3Config {
    /// Bucket name.
    pub bucket: String,
    /// Prefix of the object path, without leading slash.
    pub prefix: String,
    /// Region; `None` leaves it to the AWS default chain.
    pub region: Option<String>,
    /// Base URL of a compatible service.
    pub endpoint: Option<url::Url>,
    /// Whether the bucket is in the path instead of the host name.
    pub path_style: bool,
    /// Access key and secret; `None` uses the AWS default chain.
    pub credentials: Option<(Secret, Secret)>,
}

impl SourceKind {
    /// Returns its name in configuration files and metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "folder",
            Self::WebFolder { .. } => "web-folder",
            Self::WebProxy { .. } => "web-proxy",
            Self::S3(_) => "s3",
        }
    }

    /// Returns whether requests name the whole URL of an original. Then strangers choose the upstream.
    #[must_use]
    pub const fn is_proxy(&self) -> bool {
        matches!(self, Self::WebProxy { .. })
    }

    /// Returns the secrets that it needs to fetch originals.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let pair = if let Self::S3(s3) = self { s3.credentials.as_ref() } else { None };
        pair.into_iter().flat_map(|(access, secret)| [access, secret])
    }

    /// Returns what decides which bytes an object has.
    pub(super) fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        fields.add(self.name());
        match self {
            Self::Folder { root } => fields.add_bytes(root.as_os_str().as_encoded_bytes()),
            Self::WebFolder { base_url, allow_private } => {
                fields.add(base_url);
                fields.add_all(allow_private);
            }
            Self::WebProxy { allow_hosts, allow_private } => {
                fields.add_all(allow_hosts);
                fields.add_all(allow_private);
            }
            Self::S3(S3Config { bucket, prefix, region, endpoint, path_style, credentials: _ }) => {
                fields.add_all(endpoint);
                fields.add(bucket);
                fields.add(prefix);
                fields.add_all(region);
                fields.add(path_style);
            }
        }
        fields
    }
}

/// Hashes fields, each after its length, and lists after their length, so that different fields never give the same
/// bytes.
#[derive(Default)]
pub(super) struct Fields(Sha256);

impl Fields {
    pub(super) fn add_bytes(&mut self, field: &[u8]) {
        self.0.update((field.len() as u64).to_be_bytes());
        self.0.update(field);
    }

    pub(super) fn add(&mut self, field: impl ToString) {
        self.add_bytes(field.to_string().as_bytes());
    }

    pub(super) fn add_all<T: ToString>(&mut self, fields: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>) {
        let fields = fields.into_iter();
        self.0.update((fields.len() as u64).to_be_bytes());
        fields.for_each(|field| self.add(field));
    }

    pub(super) fn hash(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
