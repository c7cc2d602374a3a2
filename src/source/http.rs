//! The HTTP client for originals from web servers: guarded, and without proxy variables, cookies, referrer or anything
//! from the client's request. `web` decides the URL of an object.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION, USER_AGENT,
};
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::body::{CappedBody, ContentCoding};
use super::cause::{Cause, CredentialFault, Phase};
use super::connection::{Connections, broken_body};
use super::guard::{Guard, HostPattern};
use super::resolve::{self, GuardedResolver, Lookup};
use super::{BuildError, Fetched, Original, SourceError, Validators, facts};
use crate::clock::{Clock as _, SystemClock};
use crate::limits::Limits;

/// Our name, sent to upstreams.
pub const OUR_NAME: &str = concat!("tintype/", env!("CARGO_PKG_VERSION"));

/// Most redirects that we follow (`delivery.md` 1.1).
const REDIRECTS_MAX: usize = 3;

/// Fetches URLs that a [`Guard`] and a list of hosts permit.
#[derive(Debug)]
pub(super) struct HttpClient {
    connections: Connections,
    guard: Guard,
    /// Hosts that may be fetched from. `None` if the operator wrote the URL, apart from redirects: every host is then
    /// permitted, and the guard still checks its addresses.
    allow_hosts: Option<Vec<HostPattern>>,
    bytes_max: u64,
    first_byte_timeout: Duration,
    fetch_timeout: Duration,
}

impl HttpClient {
    /// Creates a client with its own connection pool.
    ///
    /// # Errors
    /// Returns [`BuildError::Tls`] if TLS cannot be set up.
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
        let resolver = GuardedResolver::new(Some(guard.clone()), lookup);
        Ok(Self {
            connections: Connections::new(resolver, limits.connect_timeout)?,
            guard,
            allow_hosts,
            bytes_max: limits.original_bytes_max,
            first_byte_timeout: limits.first_byte_timeout,
            fetch_timeout: limits.fetch_timeout,
        })
    }

    /// Fetches `url` and follows redirects, all within `limits.fetch_timeout`.
    ///
    /// # Errors
    /// Returns what happened, mapped as in `delivery.md` 4.
    pub(super) async fn fetch(&self, url: Url, held: Option<&Validators>) -> Result<Fetched, SourceError> {
        let deadline = Instant::now() + self.fetch_timeout;
        let (response, sent) = self.follow(url, held, deadline).await?;
        match response.status() {
            StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION => self.receive(response, deadline).await,
            StatusCode::NOT_MODIFIED if sent.conditions => Ok(Fetched::NotModified(facts::caching(response.headers()))),
            StatusCode::UNAUTHORIZED if sent.password => {
                Err(SourceError::Misconfigured(Cause::Credentials(CredentialFault::Refused)))
            }
            status => Err(refusal(status.as_u16(), response.headers())),
        }
    }

    /// Sends one request per hop until an answer is not a redirect.
    async fn follow(
        &self,
        mut url: Url,
        held: Option<&Validators>,
        deadline: Instant,
    ) -> Result<(Response<Incoming>, Sent), SourceError> {
        let conditions = conditions(held);
        for hop in 0..=REDIRECTS_MAX {
            self.check(&url).map_err(|error| self.blamed(error, hop))?;
            let request = request(&url, &conditions)?;
            let first_byte = deadline.min(Instant::now() + self.first_byte_timeout);
            let response = timeout_at(first_byte, self.connections.send(request))
                .await
                .map_err(|_elapsed| SourceError::Timeout(Phase::FirstByte))?
                .map_err(|error| self.blamed(error, hop))?;
            match redirect(&url, &response).map_err(|error| self.blamed(error, hop + 1))? {
                Some(next) => url = next,
                None => {
                    let sent = Sent { conditions: !conditions.is_empty(), password: has_userinfo(&url) };
                    return Ok((response, sent));
                }
            }
        }
        Err(SourceError::Upstream(Cause::Redirects))
    }

    /// Decides whose fault it is that hop `hop` leads to a forbidden place. If clients choose the URLs, it is theirs.
    /// Otherwise it is the operator's, who named the first host, or the upstream's, which redirected to another.
    fn blamed(&self, error: SourceError, hop: usize) -> SourceError {
        let SourceError::Forbidden(cause) = error else { return error };
        match (self.allow_hosts.is_some(), hop) {
            (true, _) => error,
            (false, 0) => SourceError::Misconfigured(cause),
            (false, _) => SourceError::Upstream(cause),
        }
    }

    /// Checks the URL of one hop before connecting.
    fn check(&self, url: &Url) -> Result<(), SourceError> {
        self.guard.check_url(url)?;
        match &self.allow_hosts {
            Some(patterns) if !patterns.iter().any(|pattern| pattern.matches(url)) => {
                Err(SourceError::Forbidden(Cause::HostUnlisted))
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn receive(&self, mut response: Response<Incoming>, deadline: Instant) -> Result<Fetched, SourceError> {
        let headers = response.headers();
        let coding = ContentCoding::parse(joined(headers, CONTENT_ENCODING).as_deref())?;
        let declared = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
        let mut body = CappedBody::new(declared, coding, self.bytes_max)?;
        let (content_type, validators) = (facts::content_type(headers), facts::validators(headers));
        let caching = facts::caching(headers);
        while let Some(frame) = timeout_at(deadline, response.body_mut().frame())
            .await
            .map_err(|_elapsed| SourceError::Timeout(Phase::Whole))?
        {
            let frame = frame.map_err(|e| broken_body(&e))?;
            if let Some(piece) = frame.data_ref() {
                body.push(piece)?;
            }
        }
        let body = body.finish()?;
        Ok(Fetched::Original(Arc::new(Original::new(body, content_type, validators, caching))))
    }
}

/// What a request contained besides its URL.
struct Sent {
    conditions: bool,
    password: bool,
}

/// Builds the GET for one hop. A user name and password in the URL become HTTP Basic.
fn request(url: &Url, conditions: &HeaderMap) -> Result<Request<Full<Bytes>>, SourceError> {
    let mut plain = url.clone();
    plain.set_fragment(None);
    if plain.set_username("").is_err() || plain.set_password(None).is_err() {
        return Err(SourceError::InvalidUrl);
    }
    let uri: Uri = plain.as_str().parse().map_err(|_| SourceError::InvalidUrl)?;
    let mut request = Request::new(Full::default());
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(USER_AGENT, HeaderValue::from_static(OUR_NAME));
    if has_userinfo(url) {
        headers.insert(AUTHORIZATION, basic(url));
    }
    headers.extend(conditions.clone());
    Ok(request)
}

fn has_userinfo(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Builds the HTTP Basic header (RFC 7617).
fn basic(url: &Url) -> HeaderValue {
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
    let pair = [decoded(url.username()), decoded(url.password().unwrap_or_default())].join(&b':');
    let text = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    let mut value = HeaderValue::from_str(&text).expect("base64 is header text");
    value.set_sensitive(true);
    value
}

/// Returns the target of a redirect, or `None` for any other answer.
fn redirect(from: &Url, response: &Response<Incoming>) -> Result<Option<Url>, SourceError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    const NOWHERE: SourceError = SourceError::Upstream(Cause::Redirects);
    let location = response.headers().get(LOCATION).ok_or(NOWHERE)?;
    let location = std::str::from_utf8(location.as_bytes()).map_err(|_| NOWHERE)?;
    let mut to = from.join(location).map_err(|_| NOWHERE)?;
    let has_other_scheme = !matches!(to.scheme(), "http" | "https");
    // A request over TLS must not continue in plain text, which an attacker on the network could forge.
    if has_other_scheme || (from.scheme() == "https" && to.scheme() == "http") {
        return Err(SourceError::Forbidden(Cause::Downgrade));
    }
    // A password goes only to the origin it was configured for, and never comes from an answer.
    let (user, password) = if to.origin() == from.origin() { (from.username(), from.password()) } else { ("", None) };
    if to.set_username(user).is_err() || to.set_password(password).is_err() {
        return Err(NOWHERE);
    }
    to.set_fragment(None);
    Ok(Some(to))
}

/// Builds `If-None-Match` if there is an entity tag, else `If-Modified-Since`. A server that gets both ignores the
/// second.
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

/// Returns the error for a status other than success (`delivery.md` 4).
pub(super) fn refusal(status: u16, headers: &HeaderMap) -> SourceError {
    let cause = Cause::Status(status);
    match status {
        404 | 410 => SourceError::Missing,
        401 | 403 => SourceError::Denied(cause),
        408 | 425 | 429 | 503 => busy(status, headers),
        400..=499 => SourceError::Rejected { status },
        _ => SourceError::Upstream(cause),
    }
}

/// Returns the error for an upstream that asks to come back later, with the time that it gives.
pub(super) fn busy(status: u16, headers: &HeaderMap) -> SourceError {
    SourceError::Busy { cause: Cause::Status(status), retry_after: facts::retry_after(headers, SystemClock.now()) }
}

fn joined(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).iter().map(|v| v.to_str().unwrap_or("unreadable")).collect();
    (!values.is_empty()).then(|| values.join(","))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Mutex;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Answers the n-th query with the n-th list. Panics once the script is empty, so every query is counted.
    fn scripted(answers: &[&[&str]]) -> Lookup {
        let parse = |list: &&[&str]| list.iter().map(|ip| ip.parse().unwrap()).collect();
        let script: Mutex<Vec<Vec<IpAddr>>> = Mutex::new(answers.iter().rev().map(parse).collect());
        Arc::new(move |_name| {
            let answer = script.lock().unwrap().pop().expect("asked more often than the script says");
            Box::pin(async move { Ok(answer) })
        })
    }

    #[tokio::test]
    async fn a_name_that_moves_to_a_private_address_is_refused_at_once() {
        // Listens on every address of the machine, so that a connection to a wrong address would also be answered.
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
        let refused = || Err(SourceError::Misconfigured(Cause::AddressRefused));
        let nameless = Err(SourceError::Upstream(Cause::Dns));
        assert_eq!(outcomes, [Ok(()), refused(), Ok(()), nameless]);
        assert_eq!(reached.await.unwrap(), ["127.0.0.1", "127.0.0.1"]);
    }

    #[test]
    fn statuses_map_as_documented() {
        let failed = |status| SourceError::Upstream(Cause::Status(status));
        let busy = |status| SourceError::Busy { cause: Cause::Status(status), retry_after: Duration::from_secs(5) };
        for (status, expected) in [
            (404, SourceError::Missing),
            (410, SourceError::Missing),
            (401, SourceError::Denied(Cause::Status(401))),
            (403, SourceError::Denied(Cause::Status(403))),
            (400, SourceError::Rejected { status: 400 }),
            (408, busy(408)),
            (425, busy(425)),
            (429, busy(429)),
            (503, busy(503)),
            (500, failed(500)),
            (204, failed(204)),
            (304, failed(304)),
            (305, failed(305)),
        ] {
            assert_eq!(refusal(status, &HeaderMap::new()), expected);
        }
    }

    #[test]
    fn a_password_is_sent_decoded_and_taken_out_of_the_url() {
        let url = Url::parse("http://us%40er:p%3Aa%20ss@h.example/a").unwrap();
        let request = request(&url, &HeaderMap::new()).unwrap();
        assert_eq!(request.uri(), "http://h.example/a");
        assert_eq!(request.headers()[AUTHORIZATION], "Basic dXNAZXI6cDphIHNz");
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
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
