//! The one HTTP client that fetches originals: guarded, without environment, cookies, referrer or anything of the
//! client's request. Which URL an object has is left to `web`.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LOCATION,
};
use http::{StatusCode, header};
use reqwest::{Client, Response};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::body::{Body, Coding};
use super::guard::{Guard, HostPattern};
use super::resolve::{self, GuardedResolver, Lookup, Refused};
use super::{BuildError, Fetched, Original, SourceError, Validators, facts};
use crate::config::Limits;

/// What we call ourselves to upstreams.
pub const USER_AGENT: &str = concat!("tintype/", env!("CARGO_PKG_VERSION"));

/// Redirects followed (`delivery.md` 1.1).
const REDIRECTS_MAX: usize = 3;

/// Header fields of one answer. Their bytes are bounded by hyper's buffer of some 400 kB (HTTP/1) and by
/// [`HEADER_BYTES_MAX`] (HTTP/2).
const HEADER_FIELDS_MAX: usize = 100;
const HEADER_BYTES_MAX: u32 = 64 << 10;

const IDLE_CONNECTIONS_MAX: usize = 32;
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Fetches URLs that a [`Guard`] and a list of hosts let through.
#[derive(Debug)]
pub(super) struct HttpClient {
    client: Client,
    guard: Guard,
    /// `None` lets every host through; the guard still judges its addresses.
    allow_hosts: Option<Vec<HostPattern>>,
    bytes_max: u64,
    first_byte_timeout: Duration,
    fetch_timeout: Duration,
}

impl HttpClient {
    /// A client of its own connection pool.
    ///
    /// # Errors
    /// [`BuildError::Tls`] when TLS cannot be set up.
    pub(super) fn new(
        guard: Guard,
        allow_hosts: Option<Vec<HostPattern>>,
        limits: &Limits,
    ) -> Result<Self, BuildError> {
        Self::with_lookup(resolve::system(), guard, allow_hosts, limits)
    }

    fn with_lookup(
        lookup: Lookup,
        guard: Guard,
        allow_hosts: Option<Vec<HostPattern>>,
        limits: &Limits,
    ) -> Result<Self, BuildError> {
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .tls_backend_preconfigured(tls()?)
            .dns_resolver(Arc::new(GuardedResolver::new(guard.clone(), lookup)))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(limits.connect_timeout)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .http1_max_headers(HEADER_FIELDS_MAX)
            .http2_max_header_list_size(HEADER_BYTES_MAX)
            .http2_adaptive_window(true)
            .build()
            .map_err(|_| BuildError::Tls)?;
        Ok(Self {
            client,
            guard,
            allow_hosts,
            bytes_max: limits.original_bytes_max,
            first_byte_timeout: limits.first_byte_timeout,
            fetch_timeout: limits.fetch_timeout,
        })
    }

    /// Fetches `url`, following redirects, all within `limits.fetch_timeout`.
    ///
    /// # Errors
    /// As `delivery.md` 4 maps what happened.
    pub(super) async fn fetch(&self, url: Url, held: Option<&Validators>) -> Result<Fetched, SourceError> {
        let deadline = Instant::now() + self.fetch_timeout;
        let (response, conditional) = self.follow(url, held, deadline).await?;
        match response.status() {
            StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION => self.receive(response, deadline).await,
            StatusCode::NOT_MODIFIED if conditional => Ok(Fetched::NotModified(facts::caching(response.headers()))),
            status => Err(refusal(status.as_u16())),
        }
    }

    /// Asks hop by hop until an answer is no redirect. The second value says whether the request was conditional.
    async fn follow(
        &self,
        mut url: Url,
        held: Option<&Validators>,
        deadline: Instant,
    ) -> Result<(Response, bool), SourceError> {
        let conditions = conditions(held);
        for _ in 0..=REDIRECTS_MAX {
            self.check(&url)?;
            let request = self
                .client
                .get(url.clone())
                .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))
                .headers(conditions.clone());
            let first_byte = deadline.min(Instant::now() + self.first_byte_timeout);
            let response = timeout_at(first_byte, request.send())
                .await
                .map_err(|_elapsed| SourceError::Timeout)?
                .map_err(|e| classify(&e))?;
            match redirect(&url, &response)? {
                Some(next) => url = next,
                None => return Ok((response, !conditions.is_empty())),
            }
        }
        Err(SourceError::Upstream)
    }

    /// Judges one hop before a connection is thought of.
    fn check(&self, url: &Url) -> Result<(), SourceError> {
        self.guard.check_url(url)?;
        match &self.allow_hosts {
            Some(patterns) if !patterns.iter().any(|pattern| pattern.matches(url)) => Err(SourceError::Forbidden),
            Some(_) | None => Ok(()),
        }
    }

    async fn receive(&self, mut response: Response, deadline: Instant) -> Result<Fetched, SourceError> {
        let headers = response.headers();
        let coding = Coding::parse(joined(headers, CONTENT_ENCODING).as_deref())?;
        let declared = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
        let mut body = Body::new(declared, coding, self.bytes_max)?;
        let (content_type, validators) = (facts::content_type(headers), facts::validators(headers));
        let caching = facts::caching(headers);
        while let Some(piece) = timeout_at(deadline, response.chunk())
            .await
            .map_err(|_elapsed| SourceError::Timeout)?
            .map_err(|e| classify(&e))?
        {
            body.push(&piece)?;
        }
        let body = body.finish()?;
        Ok(Fetched::Original(Arc::new(Original { body, content_type, validators, caching })))
    }
}

/// Where a redirect leads; `None` for any other answer.
fn redirect(from: &Url, response: &Response) -> Result<Option<Url>, SourceError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(LOCATION).ok_or(SourceError::Upstream)?;
    let location = std::str::from_utf8(location.as_bytes()).map_err(|_| SourceError::Upstream)?;
    let mut to = from.join(location).map_err(|_| SourceError::Upstream)?;
    let has_other_scheme = !matches!(to.scheme(), "http" | "https");
    // What was asked for over TLS is not taken from whoever sits on the wire.
    if has_other_scheme || (from.scheme() == "https" && to.scheme() == "http") {
        return Err(SourceError::Forbidden);
    }
    // A password goes to the origin it was configured for, and none is taken from an answer.
    let (user, password) = if to.origin() == from.origin() { (from.username(), from.password()) } else { ("", None) };
    if to.set_username(user).is_err() || to.set_password(password).is_err() {
        return Err(SourceError::Upstream);
    }
    to.set_fragment(None);
    Ok(Some(to))
}

/// `If-None-Match` when there is an entity tag, else `If-Modified-Since`; both would be read as the first alone.
fn conditions(held: Option<&Validators>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let Some(held) = held else { return headers };
    if let Some(etag) = held.etag.as_deref().and_then(|tag| HeaderValue::from_str(tag).ok()) {
        headers.insert(IF_NONE_MATCH, etag);
    } else if let Some(date) = held.last_modified.and_then(facts::http_date) {
        headers.extend(HeaderValue::from_str(&date).ok().map(|date| (IF_MODIFIED_SINCE, date)));
    }
    headers
}

/// What a status other than success means (`delivery.md` 4).
pub(super) const fn refusal(status: u16) -> SourceError {
    match status {
        404 | 410 => SourceError::Missing,
        401 | 403 => SourceError::Denied,
        400..=499 => SourceError::Rejected { status },
        _ => SourceError::Upstream,
    }
}

/// Says what a failed exchange was, by the types in its chain and never by its text.
fn classify(error: &reqwest::Error) -> SourceError {
    if error.is_timeout() {
        return SourceError::Timeout;
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<Refused>() {
            return SourceError::Forbidden;
        }
        cause = inner.source();
    }
    SourceError::Upstream
}

fn joined(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).iter().map(|v| v.to_str().unwrap_or("unreadable")).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// TLS with `ring` and the certificates this machine trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` count).
fn tls() -> Result<ClientConfig, BuildError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (usable, _unusable) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        tracing::warn!("no trusted certificates on this machine; https upstreams will fail");
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| BuildError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Mutex;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Answers the n-th question with the n-th list; an empty script is a panic, so every question is counted.
    fn scripted(answers: &[&[&str]]) -> Lookup {
        let parse = |list: &&[&str]| list.iter().map(|ip| ip.parse().unwrap()).collect();
        let script: Mutex<Vec<Vec<IpAddr>>> = Mutex::new(answers.iter().rev().map(parse).collect());
        Arc::new(move |_name| {
            let answer = script.lock().unwrap().pop().expect("asked more often than the script says");
            Box::pin(async move { Ok(answer) })
        })
    }

    #[tokio::test]
    async fn a_name_that_changes_its_address_is_refused_the_moment_it_does() {
        // Listens on every address of the machine, so that a connection to a wrong one would be answered.
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let reached = tokio::spawn(async move {
            let mut reached = Vec::new();
            while reached.len() < 2 {
                let (mut stream, _) = listener.accept().await.unwrap();
                reached.push(stream.local_addr().unwrap().ip().to_string());
                let _head = stream.read(&mut [0; 2048]).await.unwrap();
                stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
            }
            reached
        });
        let lookup = scripted(&[&["127.0.0.1"], &["127.0.0.9"], &["127.0.0.9", "10.0.0.1", "::1", "127.0.0.1"], &[]]);
        let guard = Guard::new(vec!["127.0.0.1/32".parse().unwrap()]);
        let client = HttpClient::with_lookup(lookup, guard, None, &Limits::default()).unwrap();
        let url = Url::parse(&format!("http://rebinding.example:{port}/a")).unwrap();
        let mut outcomes = Vec::new();
        for _ in 0..4 {
            outcomes.push(client.fetch(url.clone(), None).await.map(drop));
        }
        let refused = || Err(SourceError::Forbidden);
        assert_eq!(outcomes, [Ok(()), refused(), Ok(()), refused()]);
        assert_eq!(reached.await.unwrap(), ["127.0.0.1", "127.0.0.1"]);
    }

    #[test]
    fn statuses_map_as_documented() {
        for (status, expected) in [
            (404, SourceError::Missing),
            (410, SourceError::Missing),
            (401, SourceError::Denied),
            (403, SourceError::Denied),
            (400, SourceError::Rejected { status: 400 }),
            (429, SourceError::Rejected { status: 429 }),
            (500, SourceError::Upstream),
            (503, SourceError::Upstream),
            (204, SourceError::Upstream),
            (304, SourceError::Upstream),
            (305, SourceError::Upstream),
        ] {
            assert_eq!(refusal(status), expected);
        }
    }

    #[test]
    fn an_entity_tag_is_preferred_and_an_odd_date_is_left_out() {
        let at = |s| Some(std::time::UNIX_EPOCH + Duration::from_secs(s));
        let both = Validators { etag: Some("\"x\"".into()), last_modified: at(0) };
        let sent = conditions(Some(&both));
        assert_eq!((sent.len(), &sent[IF_NONE_MATCH]), (1, &HeaderValue::from_static("\"x\"")));
        let date = conditions(Some(&Validators { etag: None, last_modified: at(784_111_777) }));
        assert_eq!(date[IF_MODIFIED_SINCE], "Sun, 06 Nov 1994 08:49:37 GMT");
        assert!(
            conditions(Some(&Validators { etag: Some("a\nb".into()), last_modified: at(u64::MAX >> 2) })).is_empty()
        );
    }
}
