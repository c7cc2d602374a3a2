//! Fetches originals from a bucket of AWS S3 or a compatible service.

mod access;
mod credentials;
mod faults;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::meta::region::RegionProviderChain;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    AppName, BehaviorVersion, IdentityCache, Region, ResponseChecksumValidation, StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_smithy_types::DateTime;
use tokio::time::{Instant, timeout_at};

use self::access::{Access, Bucket};
use self::credentials::KeyPair;
use self::faults::FaultVerdict;
use super::body::{CappedBody, ContentCoding};
use super::cause::{Cause, Phase, Scope};
use super::connection::{Connections, broken_body};
use super::resolve::{self, GuardedResolver};
use super::{
    BuildError, FetchRequest, Fetched, OriginCaching, Original, Source, SourceError, Validators, facts, http, path,
};
use crate::config::S3Config;
use crate::limits::Limits;

/// Region of a bucket if nothing else gives one. Compatible services mostly ignore the region; AWS answers with a
/// redirect, which we report as a wrong setting.
const REGION: &str = "us-east-1";

/// Wait before the single retry after an internal error of the service.
const BACKOFF: Duration = Duration::from_millis(50);

/// A bucket with its credentials.
pub struct S3Source {
    client: Client,
    bucket: String,
    /// Empty, or ends with a slash.
    prefix: String,
    bytes_max: u64,
    fetch_timeout: Duration,
    access: Access,
}

impl std::fmt::Debug for S3Source {
    /// Omits the client, which holds the credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Source").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

impl S3Source {
    /// Creates a source on the bucket that `config` names. If `config` has no credentials, they come from the AWS
    /// default chain (environment, profile, web identity, container, instance), which is queried at the first fetch.
    ///
    /// # Errors
    /// Returns [`BuildError::Credentials`] if a configured key is not text.
    pub async fn new(config: &S3Config, limits: &Limits) -> Result<Self, BuildError> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(limits.connect_timeout)
            .operation_attempt_timeout(limits.first_byte_timeout)
            .build();
        let resolver = GuardedResolver::new(None, resolve::system());
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(transport::client(Connections::new(resolver, limits.connect_timeout)?))
            .app_name(AppName::new(http::OUR_NAME.replace('/', "-")).map_err(|_| BuildError::Tls)?)
            .timeout_config(timeouts)
            // Our own deadline is stricter, and its error differs from that of a broken connection.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .region(region(config));
        if let Some((access, secret)) = &config.credentials {
            loader =
                loader.credentials_provider(KeyPair::new(access, secret)?).identity_cache(IdentityCache::no_cache());
        }
        let shared = loader.load().await;
        let mut builder = aws_sdk_s3::config::Builder::from(&shared)
            .force_path_style(config.path_style)
            // The SDK would retry a service that is overloaded, and one that never answers. `Connections` already
            // replaces a connection that died in the pool.
            .retry_config(RetryConfig::disabled());
        builder.set_endpoint_url(
            config.endpoint.as_ref().map(ToString::to_string).or_else(|| shared.endpoint_url().map(str::to_owned)),
        );
        Ok(Self {
            client: Client::from_conf(builder.build()),
            bucket: config.bucket.clone(),
            prefix: normal_prefix(&config.prefix),
            bytes_max: limits.original_bytes_max,
            fetch_timeout: limits.fetch_timeout,
            access: Access::default(),
        })
    }

    /// Returns the key of `object`, or `None` if it has no name or could be read as leaving the prefix or the bucket.
    ///
    /// A key with dot segments is legal, but servers and proxies that normalise paths would resolve it to another
    /// bucket.
    fn key(&self, object: &str) -> Option<String> {
        let name = object.strip_prefix('/').unwrap_or(object);
        (!name.is_empty() && path::stays_below(name)).then(|| format!("{}{name}", self.prefix))
    }

    async fn receive(&self, output: GetObjectOutput, deadline: Instant) -> Result<Fetched, SourceError> {
        let coding = ContentCoding::parse(output.content_encoding())?;
        let declared = output.content_length().and_then(|n| u64::try_from(n).ok());
        let mut body = CappedBody::new(declared, coding, self.bytes_max)?;
        let validators = Validators {
            etag: output.e_tag().map(str::to_owned),
            last_modified: output.last_modified().and_then(|time| (*time).try_into().ok()),
        };
        let caching = facts::caching_of(output.cache_control().into_iter(), 0);
        let content_type = output.content_type().map(str::to_owned);
        let mut stream = output.body;
        while let Some(piece) =
            timeout_at(deadline, stream.next()).await.map_err(|_elapsed| SourceError::Timeout(Phase::Whole))?
        {
            body.push(&piece.map_err(|e| broken_body(&e))?)?;
        }
        let body = body.finish()?;
        Ok(Fetched::Original(Arc::new(Original::new(body, content_type, validators, caching))))
    }
}

#[async_trait]
impl Source for S3Source {
    async fn fetch(&self, request: FetchRequest<'_>) -> Result<Fetched, SourceError> {
        let key = self.key(request.object).ok_or(SourceError::Missing)?;
        let deadline = Instant::now() + self.fetch_timeout;
        match timeout_at(deadline, self.ask(&key, request.if_changed_from)).await {
            Ok(Ok(S3Answer::Object(output))) => {
                let fetched = self.receive(*output, deadline).await;
                if fetched.is_ok() {
                    self.access.was_read(&key);
                }
                fetched
            }
            Ok(Ok(S3Answer::NotModified(caching))) => Ok(Fetched::NotModified(caching)),
            Ok(Err(error)) => Err(error),
            Err(_elapsed) => Err(SourceError::Timeout(Phase::Whole)),
        }
    }
}

/// The service's answer to a request for an object.
enum S3Answer {
    Object(Box<GetObjectOutput>),
    NotModified(OriginCaching),
}

impl S3Source {
    async fn ask(&self, key: &str, held: Option<&Validators>) -> Result<S3Answer, SourceError> {
        let mut answer = self.ask_once(key, held).await;
        if matches!(answer, Err(FaultVerdict::Again(_))) {
            tokio::time::sleep(BACKOFF).await;
            answer = self.ask_once(key, held).await;
        }
        match answer {
            Ok(answer) => Ok(answer),
            Err(FaultVerdict::Certain(error) | FaultVerdict::Again(error)) => Err(error),
            Err(FaultVerdict::Denied) => {
                let bucket = Bucket { client: &self.client, name: &self.bucket, prefix: &self.prefix };
                Err(if self.access.is_open(bucket).await {
                    SourceError::Denied(Cause::Denied(Scope::Object))
                } else {
                    SourceError::Misconfigured(Cause::Denied(Scope::Bucket))
                })
            }
        }
    }

    async fn ask_once(&self, key: &str, held: Option<&Validators>) -> Result<S3Answer, FaultVerdict> {
        let mut get = self.client.get_object().bucket(&self.bucket).key(key);
        match held {
            Some(Validators { etag: Some(etag), .. }) => get = get.if_none_match(etag),
            Some(Validators { etag: None, last_modified: Some(time) }) => {
                get = get.if_modified_since(DateTime::from(*time));
            }
            Some(Validators { etag: None, last_modified: None }) | None => {}
        }
        match get.send().await {
            Ok(output) => Ok(S3Answer::Object(Box::new(output))),
            Err(error) => match not_modified(&error) {
                Some(caching) if held.is_some() => Ok(S3Answer::NotModified(caching)),
                Some(_) | None => Err(faults::judge(&error)),
            },
        }
    }
}

/// Returns the configured region; or a fixed one for a custom endpoint, which the AWS chain knows nothing about; or the
/// region of the chain.
fn region(config: &S3Config) -> RegionProviderChain {
    match (&config.region, &config.endpoint) {
        (Some(region), _) => RegionProviderChain::first_try(Region::new(region.clone())),
        (None, Some(_)) => RegionProviderChain::first_try(Region::from_static(REGION)),
        (None, None) => RegionProviderChain::default_provider().or_else(Region::from_static(REGION)),
    }
}

/// Normalises a prefix: `photos`, `/photos` and `photos/` all mean the keys that start with `photos/`.
fn normal_prefix(prefix: &str) -> String {
    let prefix = prefix.trim_matches('/');
    if prefix.is_empty() { String::new() } else { format!("{prefix}/") }
}

/// Detects a 304, which the SDK reports as an error without a name.
fn not_modified(error: &SdkError<GetObjectError>) -> Option<OriginCaching> {
    let response = error.raw_response().filter(|response| response.status().as_u16() == 304)?;
    Some(facts::caching_of(response.headers().get_all("cache-control"), 0))
}
