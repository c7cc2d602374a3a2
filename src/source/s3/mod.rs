//! Originals from a bucket of AWS S3 or a compatible service.

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
use self::faults::Verdict;
use super::body::{Body, Coding};
use super::cause::{Cause, Phase, Place};
use super::connection::{Connections, broken_body};
use super::resolve::{self, GuardedResolver};
use super::{
    BuildError, FetchRequest, Fetched, OriginCaching, Original, Source, SourceError, Validators, facts, http, path,
};
use crate::config::S3Config;
use crate::limits::Limits;

/// Where a bucket is when nothing says so. Compatible services mostly ignore the region; AWS answers with a redirect
/// that we report as a wrong setting.
const REGION: &str = "us-east-1";

/// Before the second try that an internal error of the service is worth.
const BACKOFF: Duration = Duration::from_millis(50);

/// A bucket, with its credentials.
pub struct S3Source {
    client: Client,
    bucket: String,
    /// Empty, or with a slash at its end.
    prefix: String,
    bytes_max: u64,
    fetch_timeout: Duration,
    access: Access,
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
        let resolver = GuardedResolver::new(None, resolve::system());
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(transport::client(Connections::new(resolver, limits.connect_timeout)?))
            .app_name(AppName::new(http::OUR_NAME.replace('/', "-")).map_err(|_| BuildError::Tls)?)
            .timeout_config(timeouts)
            // Our own deadline is stricter, and it is told from a broken connection.
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
            // The SDK would ask a service again that is short of breath, and one that never answers. A connection that died
            // in the pool is replaced below it.
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
            Ok(Ok(Answer::Object(output))) => {
                let fetched = self.receive(*output, deadline).await;
                if fetched.is_ok() {
                    self.access.was_read(&key);
                }
                fetched
            }
            Ok(Ok(Answer::NotModified(caching))) => Ok(Fetched::NotModified(caching)),
            Ok(Err(error)) => Err(error),
            Err(_elapsed) => Err(SourceError::Timeout(Phase::Whole)),
        }
    }
}

/// What the service says to a request for an object.
enum Answer {
    Object(Box<GetObjectOutput>),
    NotModified(OriginCaching),
}

impl S3Source {
    async fn ask(&self, key: &str, held: Option<&Validators>) -> Result<Answer, SourceError> {
        let mut answer = self.ask_once(key, held).await;
        if matches!(answer, Err(Verdict::Again(_))) {
            tokio::time::sleep(BACKOFF).await;
            answer = self.ask_once(key, held).await;
        }
        match answer {
            Ok(answer) => Ok(answer),
            Err(Verdict::Certain(error) | Verdict::Again(error)) => Err(error),
            Err(Verdict::Denied) => {
                let bucket = Bucket { client: &self.client, name: &self.bucket, prefix: &self.prefix };
                Err(if self.access.is_open(bucket).await {
                    SourceError::Denied(Cause::Denied(Place::Object))
                } else {
                    SourceError::Misconfigured(Cause::Denied(Place::Bucket))
                })
            }
        }
    }

    async fn ask_once(&self, key: &str, held: Option<&Validators>) -> Result<Answer, Verdict> {
        let mut get = self.client.get_object().bucket(&self.bucket).key(key);
        match held {
            Some(Validators { etag: Some(etag), .. }) => get = get.if_none_match(etag),
            Some(Validators { etag: None, last_modified: Some(time) }) => {
                get = get.if_modified_since(DateTime::from(*time));
            }
            Some(Validators { etag: None, last_modified: None }) | None => {}
        }
        match get.send().await {
            Ok(output) => Ok(Answer::Object(Box::new(output))),
            Err(error) => match not_modified(&error) {
                Some(caching) if held.is_some() => Ok(Answer::NotModified(caching)),
                Some(_) | None => Err(faults::judge(&error)),
            },
        }
    }
}

/// The region given; else a fixed one for an endpoint of its own, which AWS' chain knows nothing of; else the chain's.
fn region(config: &S3Config) -> RegionProviderChain {
    match (&config.region, &config.endpoint) {
        (Some(region), _) => RegionProviderChain::first_try(Region::new(region.clone())),
        (None, Some(_)) => RegionProviderChain::first_try(Region::from_static(REGION)),
        (None, None) => RegionProviderChain::default_provider().or_else(Region::from_static(REGION)),
    }
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
