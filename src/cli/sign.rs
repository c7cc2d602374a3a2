//! `tintype sign URL --key KEY`: the same URL with its signature.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Failure, print};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, SignScheme};
use crate::sign;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// A URL, or a path with its query; percent-encoded as it will be sent.
    url: String,
    /// The key: `env:NAME`, `file:PATH`, or the key itself (which other users of the machine can then see).
    #[arg(long)]
    key: String,
    /// What the source accepts.
    #[arg(long, value_enum, default_value = "imgix")]
    scheme: Scheme,
    /// Name of the source; part of what hmac-sha256 signs.
    #[arg(long, required_if_eq("scheme", "hmac-sha256"))]
    source: Option<String>,
    /// Valid for this long, such as `1h`; adds `expires`.
    #[arg(long, value_parser = humantime::parse_duration)]
    expires: Option<Duration>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Scheme {
    /// `s=`, MD5.
    Imgix,
    /// `sig=`, HMAC-SHA256.
    HmacSha256,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let key = config::read_secret(&arguments.key, &config::process_environment()).map_err(Failure::Usage)?;
    let expires = arguments.expires.map(|time| SystemClock.unix_seconds().saturating_add(time.as_secs()));
    let scheme = match arguments.scheme {
        Scheme::Imgix => SignScheme::Imgix,
        Scheme::HmacSha256 => SignScheme::HmacSha256,
    };
    let source = arguments.source.as_deref().unwrap_or_default();
    let signed = sign_url(&arguments.url, expires, |target| sign::sign(target, source, scheme, key.expose()))?;
    print(&format!("{signed}\n"))
}

/// Signs the path and query of `url`; scheme, host and fragment go around them unchanged.
fn sign_url(url: &str, expires: Option<u64>, sign: impl Fn(&str) -> String) -> Result<String, Failure> {
    // By hand, because a URL library would re-encode the bytes that are signed.
    let (url, fragment) = url.split_once('#').map_or((url, None), |(url, fragment)| (url, Some(fragment)));
    if !url.bytes().all(|b| (0x21..=0x7e).contains(&b)) {
        return Err(Failure::Usage("spaces and letters outside ASCII must be percent-encoded".to_owned()));
    }
    let host_len = match url.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => {
            scheme.len() + "://".len() + rest.find(['/', '?']).unwrap_or(rest.len())
        }
        _ if url.starts_with('/') => 0,
        _ => return Err(Failure::Usage("the URL must start with http://, https:// or /".to_owned())),
    };
    let (host, target) = url.split_at(host_len);
    let mut target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    if let Some(expires) = expires {
        let query = target.split_once('?').map(|(_, query)| query);
        if query.is_some_and(|query| query.split('&').any(|pair| pair.starts_with("expires="))) {
            return Err(Failure::Usage("the URL has an expires already".to_owned()));
        }
        let separator = match query {
            None => "?",
            Some("") => "",
            Some(_) => "&",
        };
        target = format!("{target}{separator}expires={expires}");
    }
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    Ok(format!("{host}{}{fragment}", sign(&target)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expires: Option<u64>, expected: Option<&str>) {
        assert_eq!(sign_url(url, expires, |target| format!("<{target}>")).ok().as_deref(), expected, "{url}");
    }

    #[test]
    fn path_and_query_are_signed_as_written() {
        check("/a.jpg", None, Some("</a.jpg>"));
        check("https://h/a%5B.jpg?b&c=#f", None, Some("https://h</a%5B.jpg?b&c=>#f"));
        check("https://h", None, Some("https://h</>"));
        check("http://h?w=1", None, Some("http://h</?w=1>"));
        check("/http://other/x.jpg", None, Some("</http://other/x.jpg>"));
        check("/a b.jpg", None, None);
        check("/ä.jpg", None, None);
        check("ftp://h/a.jpg", None, None);
        check("a.jpg", None, None);
    }

    #[test]
    fn expires_is_added_before_signing() {
        check("/a.jpg", Some(7), Some("</a.jpg?expires=7>"));
        check("/a.jpg?", Some(7), Some("</a.jpg?expires=7>"));
        check("/a.jpg?w=1", Some(7), Some("</a.jpg?w=1&expires=7>"));
        check("/a.jpg?expires=1", Some(7), None);
    }

    #[test]
    fn the_documented_vector_comes_out() {
        let sign = |target: &str| sign::sign(target, "", SignScheme::Imgix, b"FOO123bar");
        let signed = sign_url("https://my-social-network.imgix.net/users/1.png?w=400&h=300", None, sign).unwrap();
        assert_eq!(
            signed,
            "https://my-social-network.imgix.net/users/1.png?w=400&h=300&s=c7b86f666a832434dd38577e38cf86d1"
        );
    }
}

/// Compiles and runs the Rust example of README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
