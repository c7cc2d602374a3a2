//! The cause of a failed fetch, for the operator only: a metrics label, a field of the access log, and a line that says
//! what to do. Clients never see any of it.

use std::io;

use rustix::io::Errno;

/// What went wrong, as precisely as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The upstream's name has no address.
    Dns,
    /// The connection could not be made.
    Connect(io::ErrorKind),
    /// The TLS handshake failed.
    Tls(TlsFault),
    /// The upstream answered with this status.
    Status(u16),
    /// The connection ended before the answer did.
    Truncated,
    /// The answer is not HTTP, or its head is too large.
    Protocol,
    /// The body's content coding is broken, or is one that we neither asked for nor decode.
    Coding,
    /// A redirect without a usable target, or too many of them.
    Redirects,
    /// A redirect from https to http, or to any scheme other than these two.
    Downgrade,
    /// The upstream, or the provider of our credentials, does not accept them.
    Credentials(CredentialFault),
    /// The object, bucket or root does not exist.
    NotFound(Scope),
    /// It may not be read.
    Denied(Scope),
    /// The bucket is in another region, or behind another endpoint.
    Region,
    /// The service does not support what the settings of the source ask for.
    Settings,
    /// The encryption key of an object cannot be used.
    EncryptionKey,
    /// This machine's clock is wrong.
    Clock,
    /// The guard refuses the address.
    AddressRefused,
    /// The host is not in `allow_hosts`.
    HostUnlisted,
    /// The path is not an absolute URL.
    Url,
    /// The original is larger than `limits.original_bytes_max`.
    TooLarge,
    /// A phase of the fetch took too long.
    Timeout(Phase),
    /// The file was rewritten while we read it.
    Changed,
    /// This machine ran out of a resource, or its disk failed.
    Local(LocalFault),
}

/// What [`Cause::NotFound`] and [`Cause::Denied`] refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they say it")]
pub enum Scope {
    Object,
    Bucket,
    Root,
}

/// What is wrong with an upstream's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// It has expired, or is not valid yet.
    Expired,
    /// It is for another name.
    Name,
    /// It is invalid in another way; usually no authority that this machine trusts has signed it.
    Untrusted,
    /// TLS failed for any other reason.
    Other,
}

/// What is wrong with credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialFault {
    /// There are none, or their provider failed.
    Absent,
    /// The access key does not exist.
    Unknown,
    /// The secret key does not match the access key.
    Signature,
    /// The session token has expired.
    Expired,
    /// The account, or the user name and password, were refused.
    Refused,
}

/// The part of a fetch that took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the limits")]
pub enum Phase {
    Connect,
    FirstByte,
    Whole,
}

/// What this machine ran out of, or failed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalFault {
    /// File descriptors.
    Descriptors,
    /// Memory, or space for files in memory.
    Memory,
    /// Another operation failed.
    Io(io::ErrorKind),
}

impl LocalFault {
    /// Returns the shortage on this machine that a system error reports, or `None` if the error is about the other
    /// side.
    pub(super) fn shortage(error: &io::Error) -> Option<Self> {
        match Errno::from_io_error(error)? {
            Errno::MFILE | Errno::NFILE => Some(Self::Descriptors),
            Errno::NOMEM | Errno::NOBUFS | Errno::NOSPC | Errno::DQUOT => Some(Self::Memory),
            _ => None,
        }
    }
}

impl Cause {
    /// Returns its name in labels and logs, one of a fixed set.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect(_) => "connect",
            Self::Tls(TlsFault::Expired) => "tls-expired",
            Self::Tls(TlsFault::Name) => "tls-name",
            Self::Tls(TlsFault::Untrusted) => "tls-untrusted",
            Self::Tls(TlsFault::Other) => "tls",
            Self::Status(status) => status_label(status),
            Self::Truncated => "truncated",
            Self::Protocol => "protocol",
            Self::Coding => "coding",
            Self::Redirects => "redirects",
            Self::Downgrade => "downgrade",
            Self::Credentials(CredentialFault::Absent) => "credentials-absent",
            Self::Credentials(CredentialFault::Unknown) => "credentials-unknown",
            Self::Credentials(CredentialFault::Signature) => "credentials-signature",
            Self::Credentials(CredentialFault::Expired) => "credentials-expired",
            Self::Credentials(CredentialFault::Refused) => "credentials-refused",
            Self::NotFound(Scope::Object) => "object-missing",
            Self::NotFound(Scope::Bucket) => "bucket-missing",
            Self::NotFound(Scope::Root) => "root-missing",
            Self::Denied(Scope::Object) => "object-denied",
            Self::Denied(Scope::Bucket) => "bucket-denied",
            Self::Denied(Scope::Root) => "root-denied",
            Self::Region => "region",
            Self::Settings => "settings",
            Self::EncryptionKey => "encryption-key",
            Self::Clock => "clock",
            Self::AddressRefused => "address-refused",
            Self::HostUnlisted => "host-unlisted",
            Self::Url => "url",
            Self::TooLarge => "too-large",
            Self::Timeout(Phase::Connect) => "timeout-connect",
            Self::Timeout(Phase::FirstByte) => "timeout-first-byte",
            Self::Timeout(Phase::Whole) => "timeout-whole",
            Self::Changed => "changed",
            Self::Local(LocalFault::Descriptors) => "local-descriptors",
            Self::Local(LocalFault::Memory) => "local-memory",
            Self::Local(LocalFault::Io(_)) => "local-io",
        }
    }

    /// Returns what happened and what to do about it, as two clauses of one sentence.
    #[must_use]
    pub const fn advice(self) -> (&'static str, &'static str) {
        match self {
            Self::Dns => {
                ("the upstream's host name does not resolve", "check the host name and this machine's DNS resolver")
            }
            Self::Connect(io::ErrorKind::ConnectionRefused) => {
                ("the upstream refuses connections", "check that it is running, and its port")
            }
            Self::Connect(_) => ("the upstream cannot be reached", "check its address and port, and the network"),
            Self::Tls(fault) => tls_advice(fault),
            Self::Status(408 | 425 | 429 | 503) => {
                ("the upstream asks to come back later", "raise its limits, or cache images for longer")
            }
            Self::Status(500..) => ("the upstream answers with a server error", "check the upstream's log"),
            Self::Status(_) => ("the upstream refuses the request", "check the upstream's log"),
            Self::Truncated => ("the connection closed before the answer was complete", "check the upstream's log"),
            Self::Protocol => ("the upstream's answer is not valid HTTP", "check the scheme and port"),
            Self::Coding => {
                ("the content encoding of an original is invalid or unknown", "serve originals uncompressed")
            }
            Self::Redirects => ("a redirect is invalid, or there are too many", "configure the final address instead"),
            Self::Downgrade => ("a redirect goes from https to http", "change the redirect to https"),
            Self::Credentials(fault) => credential_advice(fault),
            Self::NotFound(Scope::Object) => ("an object does not exist", "nothing to do, unless it should exist"),
            Self::NotFound(Scope::Bucket) => ("the bucket does not exist", "check bucket, region and endpoint"),
            Self::NotFound(Scope::Root) => ("the folder does not exist", "check root, and that it is mounted"),
            Self::Denied(Scope::Object) => {
                ("an object cannot be read: access is denied", "check its permissions, if it should be served")
            }
            Self::Denied(Scope::Bucket) => {
                ("access to every object of the bucket is denied", "grant s3:GetObject to the access key")
            }
            Self::Denied(Scope::Root) => ("access to the folder is denied", "check the permissions of root"),
            Self::Region => ("the bucket is in another region", "check region and endpoint"),
            Self::Settings => {
                ("the service rejects the settings of this source", "check bucket, endpoint, region and path_style")
            }
            Self::EncryptionKey => ("an object's encryption key cannot be used", "check the key and its policy"),
            Self::Clock => {
                ("this machine's clock is wrong, so signatures are rejected", "set the clock, for example with NTP")
            }
            Self::AddressRefused => {
                ("the upstream's address is not public", "add it to allow_private, if it is intended")
            }
            Self::HostUnlisted => ("the host is not listed", "add it to allow_hosts, if it is intended"),
            Self::Url => ("a path is not an absolute URL", "nothing"),
            Self::TooLarge => ("an original is too large", "raise limits.original_bytes_max, if it should be served"),
            Self::Timeout(Phase::Connect) => {
                ("connecting took too long", "check the upstream, or raise limits.connect_timeout")
            }
            Self::Timeout(Phase::FirstByte) => {
                ("the upstream does not answer in time", "check the upstream, or raise limits.first_byte_timeout")
            }
            Self::Timeout(Phase::Whole) => {
                ("fetching took too long", "check the upstream, or raise limits.fetch_timeout")
            }
            Self::Changed => ("a file was rewritten while it was read", "write to a temporary file and rename it"),
            Self::Local(LocalFault::Descriptors) => {
                ("this machine has no file descriptors left", "raise the limit on open files (ulimit -n)")
            }
            Self::Local(LocalFault::Memory) => ("this machine has no memory left", "add memory, or lower the limits"),
            Self::Local(LocalFault::Io(_)) => ("this machine failed to read or write a file", "check the system log"),
        }
    }

    /// Returns the system's own error kind, if there is one.
    #[must_use]
    pub const fn detail(self) -> Option<io::ErrorKind> {
        if let Self::Connect(kind) | Self::Local(LocalFault::Io(kind)) = self { Some(kind) } else { None }
    }
}

const fn tls_advice(fault: TlsFault) -> (&'static str, &'static str) {
    match fault {
        TlsFault::Expired => {
            ("the upstream's certificate is expired or not yet valid", "renew it, or correct this machine's clock")
        }
        TlsFault::Name => ("the upstream's certificate is for another name", "use the host name in the certificate"),
        TlsFault::Untrusted => (
            "this machine does not trust the upstream's certificate",
            "install its certificate authority, or set SSL_CERT_FILE",
        ),
        TlsFault::Other => {
            ("TLS with the upstream fails", "check the scheme, the port and the upstream's TLS settings")
        }
    }
}

const fn credential_advice(fault: CredentialFault) -> (&'static str, &'static str) {
    match fault {
        CredentialFault::Absent => {
            ("there are no credentials", "set access_key and secret_key, or fix the AWS default chain")
        }
        CredentialFault::Unknown => ("the service does not know the access key", "check access_key and endpoint"),
        CredentialFault::Signature => ("the secret key does not match the access key", "check secret_key"),
        CredentialFault::Expired => ("the credentials have expired", "renew them"),
        CredentialFault::Refused => ("the upstream rejects the credentials", "check them and the account"),
    }
}

/// Returns the label of a status. Statuses that tell the operator something have their own label; the rest share one
/// per class, because an upstream may send any number of them.
#[expect(clippy::match_overlapping_arm, reason = "the ranges are what the statuses above them leave")]
const fn status_label(status: u16) -> &'static str {
    match status {
        401 => "status-401",
        403 => "status-403",
        408 => "status-408",
        425 => "status-425",
        429 => "status-429",
        500 => "status-500",
        502 => "status-502",
        503 => "status-503",
        504 => "status-504",
        400..=499 => "status-4xx",
        500..=599 => "status-5xx",
        _ => "status-other",
    }
}
