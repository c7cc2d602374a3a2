//! Originals from a bucket of AWS S3 or a compatible service.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::meta::region::RegionProviderChain;
use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    AppName, BehaviorVersion, Region, ResponseChecksumValidation, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_types::DateTime;
use tokio::time::{Instant, timeout_at};

use super::body::{Body, Coding};
use super::{BuildError, FetchRequest, Fetched, OriginCaching, Original, Source, SourceError, Validators};
use super::{facts, http, path};
use crate::config::{Limits, S3Config, Secret};

/// Where a bucket is when nothing says so. Compatible services mostly ignore the region; AWS answers with a redirect
/// that we report as the upstream's failure.
const REGION: &str = "us-east-1";

/// One try and one more, for a connection that went stale in the pool or a busy server. A body is never asked for twice.
const ATTEMPTS_MAX: u32 = 2;
const BACKOFF: Duration = Duration::from_millis(50);

const IDLE_CONNECTIONS_MAX: usize = 64;
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A bucket, with its credentials.
pub struct S3Source {
    client: Client,
    bucket: String,
    /// Empty, or with a slash at its end.
    prefix: String,
    bytes_max: u64,
    fetch_timeout: Duration,
}

impl std::fmt::Debug for S3Source {
    /// The client is left out, because it holds the credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Source").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

impl S3Source {
    /// A source on the bucket that `config` names. Credentials that are not given come from the AWS default chain
    /// (environment, profile, web identity, container, instance), asked when the first object is.
    ///
    /// # Errors
    /// [`BuildError::Credentials`] when a given key is no text.
    pub async fn new(config: &S3Config, limits: &Limits) -> Result<Self, BuildError> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(limits.connect_timeout)
            .operation_attempt_timeout(limits.first_byte_timeout)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(connections())
            .app_name(AppName::new(http::USER_AGENT.replace('/', "-")).map_err(|_| BuildError::Tls)?)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX).with_initial_backoff(BACKOFF))
            // Our own deadline is stricter, and it is told from a broken connection.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .region(region(config));
        if let Some((access, secret)) = &config.credentials {
            loader = loader.credentials_provider(Credentials::new(text(access)?, text(secret)?, None, None, "config"));
        }
        let shared = loader.load().await;
        let mut builder = aws_sdk_s3::config::Builder::from(&shared).force_path_style(config.path_style);
        builder.set_endpoint_url(
            config.endpoint.as_ref().map(ToString::to_string).or_else(|| shared.endpoint_url().map(str::to_owned)),
        );
        Ok(Self {
            client: Client::from_conf(builder.build()),
            bucket: config.bucket.clone(),
            prefix: normal_prefix(&config.prefix),
            bytes_max: limits.original_bytes_max,
            fetch_timeout: limits.fetch_timeout,
        })
    }

    /// The key of `object`; `None` for what could be read as leaving the prefix or the bucket, or names no key.
    ///
    /// A key with dot segments is legal, but servers and proxies that tidy paths would take it to another bucket.
    fn key(&self, object: &str) -> Option<String> {
        let name = object.strip_prefix('/').unwrap_or(object);
        (!name.is_empty() && path::stays_below(name)).then(|| format!("{}{name}", self.prefix))
    }

    async fn receive(&self, output: GetObjectOutput, deadline: Instant) -> Result<Fetched, SourceError> {
        let coding = Coding::parse(output.content_encoding())?;
        let declared = output.content_length().and_then(|n| u64::try_from(n).ok());
        let mut body = Body::new(declared, coding, self.bytes_max)?;
        let validators = Validators {
            etag: output.e_tag().map(str::to_owned),
            last_modified: output.last_modified().and_then(|time| (*time).try_into().ok()),
        };
        let caching = facts::caching_of(output.cache_control().into_iter(), 0);
        let content_type = output.content_type().map(str::to_owned);
        let mut stream = output.body;
        while let Some(piece) = timeout_at(deadline, stream.next()).await.map_err(|_elapsed| SourceError::Timeout)? {
            body.push(&piece.map_err(|_| SourceError::Upstream)?)?;
        }
        let body = body.finish()?;
        Ok(Fetched::Original(Arc::new(Original { body, content_type, validators, caching })))
    }
}

#[async_trait]
impl Source for S3Source {
    async fn fetch(&self, request: FetchRequest<'_>) -> Result<Fetched, SourceError> {
        let key = self.key(request.object).ok_or(SourceError::Missing)?;
        let deadline = Instant::now() + self.fetch_timeout;
        let mut get = self.client.get_object().bucket(&self.bucket).key(key);
        match request.if_changed_from {
            Some(Validators { etag: Some(etag), .. }) => get = get.if_none_match(etag),
            Some(Validators { etag: None, last_modified: Some(time) }) => {
                get = get.if_modified_since(DateTime::from(*time));
            }
            Some(Validators { etag: None, last_modified: None }) | None => {}
        }
        match timeout_at(deadline, get.send()).await.map_err(|_elapsed| SourceError::Timeout)? {
            Ok(output) => self.receive(output, deadline).await,
            Err(error) => match not_modified(&error) {
                Some(caching) if request.if_changed_from.is_some() => Ok(Fetched::NotModified(caching)),
                Some(_) | None => Err(classify(&error)),
            },
        }
    }
}

/// TLS by `ring`, and no proxy from the environment.
fn connections() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .build_https()
}

/// The region given; else a fixed one for an endpoint of its own, which AWS' chain knows nothing of; else the chain's.
fn region(config: &S3Config) -> RegionProviderChain {
    match (&config.region, &config.endpoint) {
        (Some(region), _) => RegionProviderChain::first_try(Region::new(region.clone())),
        (None, Some(_)) => RegionProviderChain::first_try(Region::from_static(REGION)),
        (None, None) => RegionProviderChain::default_provider().or_else(Region::from_static(REGION)),
    }
}

fn text(secret: &Secret) -> Result<&str, BuildError> {
    std::str::from_utf8(secret.expose()).map(str::trim).map_err(|_| BuildError::Credentials)
}

/// `photos`, `/photos` and `photos/` all mean the keys that start with `photos/`.
fn normal_prefix(prefix: &str) -> String {
    let prefix = prefix.trim_matches('/');
    if prefix.is_empty() { String::new() } else { format!("{prefix}/") }
}

/// The SDK reports 304 as an error without a name.
fn not_modified(error: &SdkError<GetObjectError>) -> Option<OriginCaching> {
    let response = error.raw_response().filter(|response| response.status().as_u16() == 304)?;
    Some(facts::caching_of(response.headers().get_all("cache-control"), 0))
}

fn classify(error: &SdkError<GetObjectError>) -> SourceError {
    match error {
        SdkError::TimeoutError(_) => SourceError::Timeout,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => SourceError::Timeout,
        SdkError::ServiceError(refused) => http::refusal(refused.raw().status().as_u16()),
        // Could not be built or sent, or no HTTP came back.
        SdkError::ConstructionFailure(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) | _ => {
            SourceError::Upstream
        }
    }
}
