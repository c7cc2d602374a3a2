//! Interprets a failed request to an S3 service: decides whose fault it was, by the service's error code if there is
//! one.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::source::cause::{Cause, CredentialFault, Phase, Scope};
use crate::source::connection::chain;
use crate::source::{SourceError, http as web};

/// What a refusal means, as far as the answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultVerdict {
    /// The error is certain.
    Certain(SourceError),
    /// Access is denied, to this object or to all of them; the answer does not say which.
    Denied,
    /// The service failed but may succeed on a retry.
    Again(SourceError),
}

pub(super) fn judge<E: ProvideErrorMetadata + StdError + 'static>(error: &SdkError<E>) -> FaultVerdict {
    if let Some(response) = error.raw_response() {
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
        return refusal(response.status().as_u16(), code, &times(response));
    }
    FaultVerdict::Certain(unanswered(error))
}

/// Classifies a request that got no answer.
fn unanswered<E: StdError + 'static>(error: &SdkError<E>) -> SourceError {
    let mut no_credentials = false;
    for cause in chain(error) {
        // Our own connections know best what happened on them.
        match cause.downcast_ref::<SourceError>() {
            Some(failed) if !no_credentials => return *failed,
            Some(_) | None => no_credentials |= cause.is::<CredentialsError>(),
        }
    }
    match error {
        _ if no_credentials => SourceError::Misconfigured(Cause::Credentials(CredentialFault::Absent)),
        SdkError::TimeoutError(_) => SourceError::Timeout(Phase::FirstByte),
        SdkError::ConstructionFailure(_) => SourceError::Misconfigured(Cause::Settings),
        SdkError::DispatchFailure(_) | SdkError::ResponseError(_) | SdkError::ServiceError(_) | _ => {
            SourceError::Upstream(Cause::Protocol)
        }
    }
}

/// Classifies a refusal by `status`, the service's `code`, and the headers that say when to come back.
fn refusal(status: u16, code: Option<&str>, headers: &HeaderMap) -> FaultVerdict {
    let ours = |cause| FaultVerdict::Certain(SourceError::Misconfigured(cause));
    let credentials = |fault| ours(Cause::Credentials(fault));
    match (code.unwrap_or_default(), status) {
        ("NoSuchBucket" | "NoSuchAccessPoint", _) => ours(Cause::NotFound(Scope::Bucket)),
        ("SignatureDoesNotMatch", _) => credentials(CredentialFault::Signature),
        ("InvalidAccessKeyId" | "InvalidClientTokenId" | "UnrecognizedClientException", _) => {
            credentials(CredentialFault::Unknown)
        }
        ("ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" | "RequestExpired", _) => {
            credentials(CredentialFault::Expired)
        }
        (
            "InvalidToken"
            | "InvalidSecurity"
            | "AccountProblem"
            | "UserProjectAccountProblem"
            | "AllAccessDisabled"
            | "NotSignedUp"
            | "UnauthorizedAccess"
            | "Unauthorized"
            | "MissingSecurityHeader"
            | "MissingAuthenticationToken"
            | "CredentialsNotSupported",
            _,
        ) => credentials(CredentialFault::Refused),
        (
            "PermanentRedirect"
            | "TemporaryRedirect"
            | "Redirect"
            | "AuthorizationHeaderMalformed"
            | "IncorrectEndpoint"
            | "IllegalLocationConstraintException"
            | "WrongRegion",
            _,
        ) => ours(Cause::Region),
        ("RequestTimeTooSkewed", _) => ours(Cause::Clock),
        (
            "InvalidBucketName"
            | "MethodNotAllowed"
            | "NotImplemented"
            | "SignatureVersionNotSupported"
            | "InvalidRequest"
            | "InvalidURI"
            | "UserProjectMissing",
            _,
        ) => ours(Cause::Settings),
        (code, _) if code.starts_with("KMS.") => ours(Cause::EncryptionKey),
        (code, _) if is_busy(code) => FaultVerdict::Certain(web::busy(status, headers)),
        ("KeyTooLongError", _) => FaultVerdict::Certain(SourceError::Missing),
        ("InternalError", 500) => FaultVerdict::Again(web::refusal(status, headers)),
        // The object is archived: it exists but cannot be read.
        ("InvalidObjectState", _) => FaultVerdict::Certain(SourceError::Denied(Cause::Status(status))),
        (_, 401) => credentials(CredentialFault::Refused),
        (_, 403) => FaultVerdict::Denied,
        (_, 301 | 302 | 307 | 308) => ours(Cause::Region),
        (_, 405) => ours(Cause::Settings),
        (_, _) => FaultVerdict::Certain(web::refusal(status, headers)),
    }
}

/// Returns whether `code` means that the service is overloaded, whatever the status is.
fn is_busy(code: &str) -> bool {
    // MinIO has SlowDownRead and SlowDownWrite.
    code.starts_with("SlowDown")
        || code.starts_with("Throttl")
        || matches!(
            code,
            "RequestTimeout"
                | "RequestTimeoutException"
                | "ServiceUnavailable"
                | "TooManyRequests"
                | "TooManyRequestsException"
                | "RequestLimitExceeded"
                | "BandwidthLimitExceeded"
                | "RequestThrottled"
                | "RequestThrottledException"
                | "Busy"
        )
}

/// Returns the headers of an answer that say when to come back.
fn times(response: &HttpResponse) -> HeaderMap {
    ["retry-after", "date"]
        .into_iter()
        .filter_map(|name| {
            let value = HeaderValue::from_str(response.headers().get(name)?).ok()?;
            Some((HeaderName::from_static(name), value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[track_caller]
    fn check(status: u16, code: &str, expected: FaultVerdict) {
        assert_eq!(refusal(status, Some(code).filter(|code| !code.is_empty()), &HeaderMap::new()), expected, "{code}");
    }

    #[test]
    fn faults_of_the_bucket_and_of_an_object_are_told_apart() {
        let ours = |cause| FaultVerdict::Certain(SourceError::Misconfigured(cause));
        let credentials = |fault| ours(Cause::Credentials(fault));
        check(403, "SignatureDoesNotMatch", credentials(CredentialFault::Signature));
        check(403, "InvalidAccessKeyId", credentials(CredentialFault::Unknown));
        check(400, "ExpiredToken", credentials(CredentialFault::Expired));
        check(400, "InvalidToken", credentials(CredentialFault::Refused));
        check(403, "AllAccessDisabled", credentials(CredentialFault::Refused));
        check(401, "", credentials(CredentialFault::Refused));
        check(404, "NoSuchBucket", ours(Cause::NotFound(Scope::Bucket)));
        check(301, "PermanentRedirect", ours(Cause::Region));
        check(301, "", ours(Cause::Region));
        check(400, "AuthorizationHeaderMalformed", ours(Cause::Region));
        check(403, "RequestTimeTooSkewed", ours(Cause::Clock));
        check(400, "InvalidBucketName", ours(Cause::Settings));
        check(405, "", ours(Cause::Settings));
        check(400, "KMS.DisabledException", ours(Cause::EncryptionKey));
        for code in ["AccessDenied", "", "Forbidden"] {
            check(403, code, FaultVerdict::Denied);
        }
        check(403, "InvalidObjectState", FaultVerdict::Certain(SourceError::Denied(Cause::Status(403))));
        for code in ["NoSuchKey", "", "NoSuchVersion"] {
            check(404, code, FaultVerdict::Certain(SourceError::Missing));
        }
        check(400, "KeyTooLongError", FaultVerdict::Certain(SourceError::Missing));
        check(400, "Other", FaultVerdict::Certain(SourceError::Rejected { status: 400 }));
    }

    #[test]
    fn a_busy_service_is_waited_for_whatever_its_status() {
        for (status, code) in [
            (503, "SlowDown"),
            (503, ""),
            (400, "RequestTimeout"),
            (429, "TooManyRequests"),
            (503, "ServiceUnavailable"),
            (503, "SlowDownRead"),
            (408, ""),
        ] {
            let busy = SourceError::Busy { cause: Cause::Status(status), retry_after: Duration::from_secs(5) };
            check(status, code, FaultVerdict::Certain(busy));
        }
        check(500, "InternalError", FaultVerdict::Again(SourceError::Upstream(Cause::Status(500))));
        check(500, "", FaultVerdict::Certain(SourceError::Upstream(Cause::Status(500))));
    }
}
