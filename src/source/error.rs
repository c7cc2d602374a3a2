//! What a fetch can come to besides an original: whose fault it was decides the answer, its cause is for the operator.

use std::io;
use std::time::Duration;

use super::cause::{Cause, LocalFault, Phase, Place};

/// Why there is no original. Variants follow the mapping of `delivery.md` 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// 404, 410, no such key or file, or a path that leaves the root.
    #[error("object missing")]
    Missing,
    /// 401, 403, access denied, for this object.
    #[error("access denied by the upstream")]
    Denied(Cause),
    /// Any other 4xx.
    #[error("upstream answered {status}")]
    Rejected {
        /// HTTP status.
        status: u16,
    },
    /// A web-proxy path that is no absolute URL, or a host that is not allowed by form.
    #[error("not an absolute http or https URL")]
    InvalidUrl,
    /// The host is outside the allow-list, or has an address that is not globally routable.
    #[error("address refused")]
    Forbidden(Cause),
    /// 408, 425, 429, 503: the upstream asks for patience.
    #[error("upstream busy")]
    Busy {
        /// The status.
        cause: Cause,
        /// How long to wait before the next request.
        retry_after: Duration,
    },
    /// Nothing can be had from this source until its operator mends a setting, a key or a permission.
    #[error("source misconfigured")]
    Misconfigured(Cause),
    /// 5xx, connection refused, DNS or TLS failure, a body cut short.
    #[error("upstream failed")]
    Upstream(Cause),
    /// Connect, first byte or whole body took too long.
    #[error("upstream timed out")]
    Timeout(Phase),
    /// More than `limits.original_bytes_max`.
    #[error("original over {max} bytes")]
    TooLarge {
        /// The cap.
        max: u64,
    },
    /// This machine has no descriptor or memory for it; the upstream is not to blame.
    #[error("out of resources")]
    Exhausted(LocalFault),
}

impl SourceError {
    /// What happened, for the operator.
    #[must_use]
    pub const fn cause(self) -> Cause {
        match self {
            Self::Missing => Cause::NotFound(Place::Object),
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

    /// Whether it says something to the operator. What does not exist, or was never allowed, is between client and URL.
    #[must_use]
    pub const fn concerns_operator(self) -> bool {
        !matches!(self, Self::Missing | Self::InvalidUrl | Self::Forbidden(Cause::HostUnlisted))
    }

    /// Whether it says that the source as a whole does not work, rather than one object of it.
    #[must_use]
    pub const fn concerns_source(self) -> bool {
        matches!(
            self,
            Self::Misconfigured(_) | Self::Upstream(_) | Self::Timeout(_) | Self::Busy { .. } | Self::Exhausted(_)
        )
    }

    /// An error of this machine's own files and memory.
    pub(super) fn local(error: &io::Error) -> Self {
        match LocalFault::shortage(error) {
            Some(fault) => Self::Exhausted(fault),
            None => Self::Upstream(Cause::Local(LocalFault::Io(error.kind()))),
        }
    }
}
