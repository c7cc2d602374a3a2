//! The errors of a fetch. Whose fault it was decides the answer to the client; the cause is for the operator.

use std::io;
use std::time::Duration;

use super::cause::{Cause, LocalFault, Phase, Scope};

/// Why there is no original. The variants follow the mapping of `delivery.md` 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// 404 or 410, no such key or file, or a path that leaves the root.
    #[error("object missing")]
    Missing,
    /// 401 or 403: access to this object was denied.
    #[error("access denied by the upstream")]
    Denied(Cause),
    /// Any other 4xx.
    #[error("upstream answered {status}")]
    Rejected {
        /// HTTP status.
        status: u16,
    },
    /// A web-proxy path that is not an absolute http or https URL, or whose host is written in a form that we refuse.
    #[error("not an absolute http or https URL")]
    InvalidUrl,
    /// The host is not on the allow-list, or has an address that is not globally routable.
    #[error("address refused")]
    Forbidden(Cause),
    /// 408, 425, 429 or 503: the upstream asks to come back later.
    #[error("upstream busy")]
    Busy {
        /// The status that the upstream answered.
        cause: Cause,
        /// How long to wait before the next request.
        retry_after: Duration,
    },
    /// The source cannot work until its operator fixes a setting, a key or a permission.
    #[error("source misconfigured")]
    Misconfigured(Cause),
    /// 5xx, connection refused, DNS or TLS failure, or a body cut short.
    #[error("upstream failed")]
    Upstream(Cause),
    /// Connecting, the first byte, or the whole body took too long.
    #[error("upstream timed out")]
    Timeout(Phase),
    /// The original is larger than `limits.original_bytes_max`.
    #[error("original larger than {max} bytes")]
    TooLarge {
        /// The cap.
        max: u64,
    },
    /// This machine ran out of descriptors or memory; the upstream is not to blame.
    #[error("out of resources")]
    Exhausted(LocalFault),
}

impl SourceError {
    /// Returns what happened, for the operator.
    #[must_use]
    pub const fn cause(self) -> Cause {
        match self {
            Self::Missing => Cause::NotFound(Scope::Object),
            Self::Rejected { status } => Cause::Status(status),
            Self::InvalidUrl => Cause::Url,
            Self::Denied(cause)
            | Self::Forbidden(cause)
            | Self::Busy { cause, .. }
            | Self::Misconfigured(cause)
            | Self::Upstream(cause) => cause,
            Self::Timeout(phase) => Cause::Timeout(phase),
            Self::TooLarge { .. } => Cause::TooLarge,
            Self::Exhausted(fault) => Cause::Local(fault),
        }
    }

    /// Returns whether the operator should know. Objects that do not exist, or were never allowed, are the client's
    /// concern.
    #[must_use]
    pub const fn concerns_operator(self) -> bool {
        !matches!(self, Self::Missing | Self::InvalidUrl | Self::Forbidden(Cause::HostUnlisted))
    }

    /// Returns whether the source as a whole does not work, rather than one of its objects.
    #[must_use]
    pub const fn concerns_source(self) -> bool {
        matches!(
            self,
            Self::Misconfigured(_) | Self::Upstream(_) | Self::Timeout(_) | Self::Busy { .. } | Self::Exhausted(_)
        )
    }

    /// Converts an error of this machine's own files or memory.
    pub(super) fn local(error: &io::Error) -> Self {
        match LocalFault::shortage(error) {
            Some(fault) => Self::Exhausted(fault),
            None => Self::Upstream(Cause::Local(LocalFault::Io(error.kind()))),
        }
    }
}
