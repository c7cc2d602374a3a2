//! Formats one request as one line of JSON. `redact` decides what a line may contain.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::redact;
use crate::config::ClientIp;

/// Bounds on the text from a client that one line may hold.
const PATH_BYTES_MAX: usize = 1024;
const QUERY_BYTES_MAX: usize = 1024;
const TEXT_BYTES_MAX: usize = 256;

/// A finished request as it was sent. Secrets are removed when its line is written.
#[derive(Clone, Debug, Default)]
pub struct AccessRecord {
    /// The client's address; written according to `log.client_ip`.
    pub client: Option<IpAddr>,
    /// Request method.
    pub method: &'static str,
    /// Name of the source, if known.
    pub source: Option<String>,
    /// Requested host.
    pub host: String,
    /// Raw path.
    pub path: String,
    /// Raw query.
    pub query: Option<String>,
    /// Status of the answer.
    pub status: u16,
    /// Body bytes of the answer.
    pub bytes: u64,
    /// Cache outcome; empty if the cache was not asked.
    pub cache: &'static str,
    /// `Content-Type` of the answer.
    pub content_type: Option<String>,
    /// Stable code of the error, if the answer is one.
    pub error: Option<&'static str>,
    /// Why the original could not be fetched, if that was the error: the label of a `source::Cause`.
    pub cause: Option<&'static str>,
    /// Time from receiving the request's headers to having the answer's head.
    pub took: Duration,
    /// The part of `took` spent fetching the original.
    pub fetch: Duration,
    /// The part of `took` spent waiting for a worker.
    pub queue: Duration,
    /// The part of `took` spent on decoding and stages.
    pub render: Duration,
    /// The part of `took` spent encoding.
    pub encode: Duration,
    /// `User-Agent` as sent.
    pub user_agent: Option<String>,
    /// `Referer` as sent; only its origin is written.
    pub referer: Option<String>,
}

/// The members of a line, in this order.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<IpAddr>,
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<&'a str>,
    status: u16,
    bytes: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    cache: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
    #[serde(serialize_with = "milliseconds")]
    duration_ms: Duration,
    #[serde(serialize_with = "milliseconds", skip_serializing_if = "Duration::is_zero")]
    fetch_ms: Duration,
    #[serde(serialize_with = "milliseconds", skip_serializing_if = "Duration::is_zero")]
    queue_ms: Duration,
    #[serde(serialize_with = "milliseconds", skip_serializing_if = "Duration::is_zero")]
    render_ms: Duration,
    #[serde(serialize_with = "milliseconds", skip_serializing_if = "Duration::is_zero")]
    encode_ms: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referer: Option<&'a str>,
}

/// Appends the line of a request that ended at `now`, including the newline.
pub(super) fn write(out: &mut Vec<u8>, record: &AccessRecord, now: SystemTime, client_ip: ClientIp) {
    let path = redact::path(&record.path);
    let query = record.query.as_deref().and_then(redact::query);
    let referer = record.referer.as_deref().and_then(redact::referer);
    let text = |text: &'_ Option<String>| text.as_deref().map(|text| redact::bounded(text, TEXT_BYTES_MAX).to_owned());
    let (user_agent, content_type) = (record.user_agent.as_deref().map(redact::agent), text(&record.content_type));
    let line = Line {
        time: timestamp(now),
        client: record.client.and_then(|client| redact::client(client, client_ip)),
        method: record.method,
        source: record.source.as_deref(),
        host: redact::host(&record.host).filter(|host| !host.is_empty()),
        path: redact::bounded(&path, PATH_BYTES_MAX),
        query: query.as_deref().map(|query| redact::bounded(query, QUERY_BYTES_MAX)),
        status: record.status,
        bytes: record.bytes,
        cache: record.cache,
        format: content_type.as_deref(),
        error: record.error,
        cause: record.cause,
        duration_ms: record.took,
        fetch_ms: record.fetch,
        queue_ms: record.queue,
        render_ms: record.render,
        encode_ms: record.encode,
        user_agent: user_agent.as_deref().map(|agent| redact::bounded(agent, TEXT_BYTES_MAX)),
        referer: referer.as_deref().map(|referer| redact::bounded(referer, TEXT_BYTES_MAX)),
    };
    serde_json::to_writer(&mut *out, &line).expect("strings and numbers always make JSON, and a Vec takes all of it");
    out.push(b'\n');
}

/// Formats a time as RFC 3339 in UTC with milliseconds; a time before 1970 becomes 1970.
fn timestamp(now: SystemTime) -> String {
    // Neither a clock before 1970 nor one past the year 9999 may break the log.
    let time = Timestamp::try_from(now.max(UNIX_EPOCH)).unwrap_or(Timestamp::MAX);
    format!("{time:.3}")
}

/// Serializes a duration in milliseconds, with microseconds as decimals.
fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    let microseconds = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    serializer.serialize_f64(f64::from(microseconds) / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_happened_and_no_secret() {
        let record = AccessRecord {
            client: Some("203.0.113.77".parse().unwrap()),
            method: "GET",
            source: Some("photos".to_owned()),
            host: "img.example.com".to_owned(),
            path: "/a\"b.jpg".to_owned(),
            query: Some("w=300&expires=1700000000&s=SECRET".to_owned()),
            status: 200,
            bytes: 27_000,
            cache: "miss",
            content_type: Some("image/webp".to_owned()),
            took: Duration::from_micros(52_340),
            fetch: Duration::from_millis(3),
            render: Duration::from_millis(40),
            user_agent: Some("x".repeat(5000)),
            referer: Some("https://shop.example/cart?session=SECRET".to_owned()),
            ..AccessRecord::default()
        };
        let mut out = Vec::new();
        let now = UNIX_EPOCH + Duration::from_millis(1_706_684_523_045);
        write(&mut out, &record, now, ClientIp::Truncated);
        let expected = format!(
            "{}{}{}\n",
            r#"{"time":"2024-01-31T07:02:03.045Z","client":"203.0.113.0","method":"GET","source":"photos","#,
            r#""host":"img.example.com","path":"/a\"b.jpg","query":"w=300","status":200,"bytes":27000,"cache":"miss","#,
            format_args!(
                r#""format":"image/webp","duration_ms":52.34,"fetch_ms":3.0,"render_ms":40.0,"user_agent":"{}","referer":"https://shop.example"}}"#,
                "x".repeat(256)
            ),
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn no_client_input_makes_a_line_too_long_or_splits_it() {
        let junk = "\n\"\u{1}".repeat(4000);
        let record = AccessRecord {
            host: junk.clone(),
            path: junk.clone(),
            query: Some(format!("txt={junk}")),
            user_agent: Some(junk.clone()),
            referer: Some(junk.clone()),
            content_type: Some(junk),
            took: Duration::MAX,
            ..AccessRecord::default()
        };
        let mut out = Vec::new();
        write(&mut out, &record, UNIX_EPOCH - Duration::from_secs(1), ClientIp::None);
        assert!(out.len() < 20_000, "{}", out.len());
        assert_eq!(out.iter().filter(|&&byte| byte == b'\n').count(), 1);
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(value["time"], "1970-01-01T00:00:00.000Z");
    }
}
