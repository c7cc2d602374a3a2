//! The only mapping from an error to status, public sentence, lifetime and code.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::cache::coalesce::LeaderLost;
use crate::param::ParamError;
use crate::plan::Unsupported;
use crate::render::RenderError;
use crate::sign::SignError;
use crate::source::{Cause, SourceError};

/// Why a request gets no image. Cheap to clone: all requests that waited for one render get the same error.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The request line or a header is not acceptable.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The signature is missing or wrong.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// `expires` has passed.
    #[error("expired")]
    Expired,
    /// One of the few invalid parameters that are errors.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// The request asks for something that this server cannot make and must not replace with something else.
    #[error("unsupported output")]
    Unsupported(Unsupported),
    /// The original could not be fetched.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The original could not be rendered.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// An image is used inside itself, or too many images are.
    #[error("overlay loop")]
    OverlayLoop,
    /// The request asks to render something that is not an image, such as an HTML page.
    #[error("not renderable")]
    NotRenderable,
    /// A render panicked or was dropped; the requests that waited for it get this.
    #[error("internal failure")]
    Internal,
}

/// What is wrong with a request before its parameters are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The method is not GET, HEAD or OPTIONS.
    #[error("method not allowed")]
    Method,
    /// The target is longer than `limits.uri_bytes_max`.
    #[error("request target longer than {max} bytes")]
    UriTooLong {
        /// The limit.
        max: usize,
    },
    /// The target has bytes outside printable ASCII, or its decoded path is not UTF-8 or contains a NUL.
    #[error("malformed request target")]
    Target,
    /// All headers together are longer than `limits.header_bytes_max`.
    #[error("headers larger than {max} bytes")]
    HeadersTooLarge {
        /// The limit.
        max: usize,
    },
    /// There is no host, or it is not a host name.
    #[error("malformed host")]
    Host,
    /// No source serves this host.
    #[error("unknown host")]
    UnknownHost,
}

/// What a client and the access log see of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable code, for machines.
    pub code: &'static str,
    /// One plain sentence, for people. Never contains a URL, a path or text from an upstream.
    pub sentence: Cow<'static, str>,
    /// How long the answer may be kept.
    pub keep: Keep,
}

/// How long an error may be kept, by us and by caches in front of us (`delivery.md` 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Kept for the source's `error_ttl`, in our negative cache as well.
    ErrorTtl,
    /// Kept by us for this time, so that a broken upstream is not hammered; `no-store` for other caches.
    Moment(Duration),
    /// `no-store`; the client may try again after this long.
    RetryAfter(Duration),
    /// `no-store`.
    No,
}

/// How long we leave a broken upstream alone (`delivery.md` 4: 10 s), and an original whose render failed, took too
/// long or killed its worker. A busy period or another job's memory use may have been to blame, so the URL must work
/// again soon.
const UPSTREAM_PAUSE: Duration = Duration::from_secs(10);

impl Error {
    /// Returns why the original could not be fetched, for the operator, or `None` if something else went wrong.
    #[must_use]
    pub const fn cause(&self) -> Option<Cause> {
        if let Self::Source(error) = self { Some(error.cause()) } else { None }
    }

    /// Returns the public side of this error. `undecodable_is_421` is `render.undecodable_is_421`.
    #[must_use]
    pub fn answer(&self, undecodable_is_421: bool) -> ErrorAnswer {
        match self {
            Self::Request(e) => request(*e),
            Self::Sign(e) => sign(*e),
            Self::Expired => answer(404, "expired", "This URL has expired.", Keep::No),
            Self::Param(ParamError::InvalidBase64 { .. }) => answer(
                400,
                "param-base64-invalid",
                "The value of a parameter ending in 64 must be UTF-8 text in base64url without padding.",
                Keep::ErrorTtl,
            ),
            Self::Param(ParamError::Unreadable { .. }) => answer(
                422,
                "param-unreadable",
                "A parameter that hides something has an invalid value, so no image is sent. Correct the value.",
                Keep::ErrorTtl,
            ),
            Self::Unsupported(what) => unsupported(*what),
            Self::Source(e) => source(e),
            Self::Render(e) => render(e, undecodable_is_421),
            Self::OverlayLoop => answer(
                400,
                "overlay-loop",
                "An image is used as its own overlay, or too many overlays are nested.",
                Keep::ErrorTtl,
            ),
            Self::NotRenderable => {
                answer(422, "original-not-renderable", "The original is not an image.", Keep::ErrorTtl)
            }
            Self::Internal => answer(500, "internal", "The server failed to answer this request.", Keep::No),
        }
    }
}

fn answer(status: u16, code: &'static str, sentence: impl Into<Cow<'static, str>>, keep: Keep) -> ErrorAnswer {
    let status = StatusCode::from_u16(status).expect("every status here is a literal in 400..=599");
    ErrorAnswer { status, code, sentence: sentence.into(), keep }
}

fn request(error: RequestError) -> ErrorAnswer {
    match error {
        RequestError::Method => answer(405, "method-not-allowed", "Only GET, HEAD and OPTIONS are served.", Keep::No),
        RequestError::UriTooLong { .. } => answer(414, "uri-too-long", "The URL is too long.", Keep::No),
        RequestError::Target => answer(400, "target-malformed", "The URL is malformed.", Keep::ErrorTtl),
        RequestError::HeadersTooLarge { .. } => {
            answer(431, "headers-too-large", "The headers of the request are too large.", Keep::No)
        }
        RequestError::Host => answer(400, "host-malformed", "The Host header is missing or malformed.", Keep::No),
        RequestError::UnknownHost => {
            answer(410, "host-unknown", "No source is configured for this host.", Keep::ErrorTtl)
        }
    }
}

fn unsupported(what: Unsupported) -> ErrorAnswer {
    match what {
        Unsupported::Video => {
            answer(422, "output-unsupported", "This server cannot write the requested format.", Keep::ErrorTtl)
        }
        Unsupported::Privacy => answer(
            422,
            "privacy-unsupported",
            "This server cannot hide what the URL asks to hide, so it sends nothing.",
            Keep::ErrorTtl,
        ),
        Unsupported::NoText => answer(400, "text-missing", "A text image needs a text: give txt.", Keep::ErrorTtl),
        Unsupported::Model => {
            answer(400, "model-unsupported", "This server has no model for the requested operation.", Keep::ErrorTtl)
        }
    }
}

fn sign(error: SignError) -> ErrorAnswer {
    match error {
        SignError::Missing => answer(403, "signature-missing", "The URL must be signed.", Keep::ErrorTtl),
        SignError::Invalid => answer(403, "signature-invalid", "The signature is not valid.", Keep::ErrorTtl),
        SignError::Malformed => answer(400, "target-malformed", "The URL is malformed.", Keep::ErrorTtl),
    }
}

fn source(error: &SourceError) -> ErrorAnswer {
    match error {
        SourceError::Missing | SourceError::Rejected { .. } => {
            answer(404, "original-missing", "The original does not exist.", Keep::ErrorTtl)
        }
        SourceError::Denied(_) => {
            answer(403, "original-denied", "This server is not allowed to read the original.", Keep::ErrorTtl)
        }
        SourceError::InvalidUrl => {
            answer(400, "original-url-invalid", "The path is not an absolute http or https URL.", Keep::ErrorTtl)
        }
        SourceError::Forbidden(_) => {
            answer(403, "original-forbidden", "The original's host is not allowed.", Keep::ErrorTtl)
        }
        SourceError::Busy { retry_after, .. } => answer(
            503,
            "upstream-busy",
            "The original's server is busy; try again shortly.",
            Keep::RetryAfter(*retry_after),
        ),
        SourceError::Misconfigured(_) => answer(
            502,
            "source-misconfigured",
            "The source is misconfigured; only the operator of this server can fix that.",
            Keep::No,
        ),
        SourceError::Upstream(_) => {
            answer(502, "upstream-failed", "The original's server failed.", Keep::Moment(UPSTREAM_PAUSE))
        }
        SourceError::Timeout(_) => {
            answer(504, "upstream-timeout", "The original's server took too long.", Keep::Moment(UPSTREAM_PAUSE))
        }
        SourceError::TooLarge { .. } => {
            answer(413, "original-too-large", "The original is larger than this server accepts.", Keep::ErrorTtl)
        }
        SourceError::Exhausted(_) => answer(
            503,
            "server-exhausted",
            "The server is short of resources; try again shortly.",
            Keep::RetryAfter(Duration::from_secs(1)),
        ),
    }
}

fn render(error: &RenderError, undecodable_is_421: bool) -> ErrorAnswer {
    let undecodable = if undecodable_is_421 { 421 } else { 422 };
    match error {
        RenderError::NotAnImage => {
            answer(422, "original-not-renderable", "The original is not an image.", Keep::ErrorTtl)
        }
        RenderError::UnsupportedFormat(format) => {
            let sentence = format!("This server cannot read or write this format: {format}.");
            answer(422, "format-unsupported", sentence, Keep::ErrorTtl)
        }
        RenderError::Undecodable => {
            answer(undecodable, "original-undecodable", "The original cannot be decoded.", Keep::ErrorTtl)
        }
        RenderError::TooLarge { .. } => {
            answer(413, "original-dimensions", "The original has too many pixels or frames.", Keep::ErrorTtl)
        }
        RenderError::Stage(_) | RenderError::Encode(_) => {
            answer(500, "render-failed", "The image could not be rendered.", Keep::Moment(UPSTREAM_PAUSE))
        }
        RenderError::Timeout => {
            answer(422, "render-timeout", "Rendering took too long and was stopped.", Keep::Moment(UPSTREAM_PAUSE))
        }
        RenderError::WorkerCrashed => {
            answer(422, "render-crashed", "The decoder crashed on the original.", Keep::Moment(UPSTREAM_PAUSE))
        }
        RenderError::QueueFull => answer(
            503,
            "render-queue-full",
            "The server is busy; try again shortly.",
            Keep::RetryAfter(Duration::from_secs(1)),
        ),
        RenderError::Unavailable => answer(
            503,
            "render-unavailable",
            "The server cannot render at the moment; try again shortly.",
            Keep::RetryAfter(Duration::from_secs(1)),
        ),
    }
}

/// An error shared by all requests that waited for the same work.
pub type SharedError = Arc<Error>;

impl From<LeaderLost> for SharedError {
    fn from(lost: LeaderLost) -> Self {
        tracing::error!(%lost, "shared work ended without a result");
        Self::new(Error::Internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::cause::{LocalFault, Phase, Scope};

    fn check(error: impl Into<Error>, status: u16, code: &str) {
        let got = error.into().answer(false);
        assert_eq!((got.status.as_u16(), got.code), (status, code));
        assert!(got.sentence.ends_with('.') && !got.sentence.contains("http:"), "{}", got.sentence);
    }

    #[test]
    fn statuses_follow_the_delivery_specification() {
        check(RequestError::UnknownHost, 410, "host-unknown");
        check(RequestError::UriTooLong { max: 8000 }, 414, "uri-too-long");
        check(RequestError::HeadersTooLarge { max: 8000 }, 431, "headers-too-large");
        check(SignError::Invalid, 403, "signature-invalid");
        check(Error::Expired, 404, "expired");
        check(ParamError::InvalidBase64 { name: "txt" }, 400, "param-base64-invalid");
        check(ParamError::Unreadable { name: "face-blur" }, 422, "param-unreadable");
        check(SourceError::Missing, 404, "original-missing");
        check(SourceError::Denied(Cause::Denied(Scope::Object)), 403, "original-denied");
        check(SourceError::Misconfigured(Cause::Clock), 502, "source-misconfigured");
        let retry_after = Duration::from_secs(7);
        check(SourceError::Busy { cause: Cause::Status(429), retry_after }, 503, "upstream-busy");
        check(SourceError::Exhausted(LocalFault::Descriptors), 503, "server-exhausted");
        check(SourceError::Rejected { status: 418 }, 404, "original-missing");
        check(SourceError::Upstream(Cause::Dns), 502, "upstream-failed");
        check(SourceError::Timeout(Phase::Connect), 504, "upstream-timeout");
        check(SourceError::TooLarge { max: 1 }, 413, "original-too-large");
        check(RenderError::Undecodable, 422, "original-undecodable");
        check(RenderError::QueueFull, 503, "render-queue-full");
        assert_eq!(Error::from(RenderError::Undecodable).answer(true).status.as_u16(), 421);
    }
}
