//! `tintype sign URL`: prints the URL with its signature, made with the key of a configured source or a key given
//! directly.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Failure, print};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config, Environment, Secret, SignScheme, Signing, SourceConfig};
use crate::sign;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// URL, or path with query; percent-encoded as it will be sent.
    url: String,
    /// Configuration of the server; the URL's host selects the source, which gives key and scheme.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    config: Option<PathBuf>,
    /// Key: `env:NAME`, `file:PATH`, or the key itself (which other users of the machine can then see).
    #[arg(long, required_unless_present = "config")]
    key: Option<String>,
    /// Signature scheme that the source accepts; imgix by default.
    #[arg(long, value_enum)]
    scheme: Option<Scheme>,
    /// Name of the source; part of what hmac-sha256 signs. With --config: selects the source if the URL has no host.
    #[arg(long)]
    source: Option<String>,
    /// How long the URL is valid, such as `1h`; adds `expires`.
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
    let Signer { source, scheme, key } = signer(arguments, &config::process_environment())?;
    let expires = arguments.expires.map(|time| SystemClock.unix_seconds().saturating_add(time.as_secs()));
    let signed = sign_url(&arguments.url, expires, |target| sign::sign(target, &source, scheme, &key.expose()))?;
    print(&format!("{signed}\n"))
}

/// Everything that a signature needs besides the URL.
struct Signer {
    source: String,
    scheme: SignScheme,
    key: Secret,
}

fn signer(arguments: &Arguments, environment: &Environment) -> Result<Signer, Failure> {
    let asked = arguments.scheme.map(|scheme| match scheme {
        Scheme::Imgix => SignScheme::Imgix,
        Scheme::HmacSha256 => SignScheme::HmacSha256,
    });
    let Some(file) = &arguments.config else {
        let key = arguments.key.as_deref().unwrap_or_default();
        let key = config::read_secret(key, environment).map_err(Failure::Usage)?;
        let scheme = asked.unwrap_or(SignScheme::Imgix);
        if scheme == SignScheme::HmacSha256 && arguments.source.is_none() {
            return Err(Failure::Usage("--scheme hmac-sha256 needs --source, the name of the source".to_owned()));
        }
        return Ok(Signer { source: arguments.source.clone().unwrap_or_default(), scheme, key });
    };
    let config = config::load(Some(file), environment, &[]).map_err(Failure::Config)?;
    let source = find_source(&config, &arguments.url, arguments.source.as_deref())?;
    let Some((scheme, key)) = first_key(source) else {
        return Err(Failure::Usage(format!("the source {} needs no signature", source.name)));
    };
    if let Some(asked) = asked
        && !source.signing.schemes.contains(&asked)
    {
        return Err(Failure::Usage(format!("the source {} does not accept this scheme", source.name)));
    }
    Ok(Signer { source: source.name.clone(), scheme: asked.unwrap_or(scheme), key: key.clone() })
}

/// Returns the key that signs new URLs, and the scheme: imgix if it is accepted, because every client library supports
/// it.
pub(super) fn first_key(source: &SourceConfig) -> Option<(SignScheme, &Secret)> {
    let Signing { required: _, schemes, keys } = &source.signing;
    let scheme = schemes.iter().find(|scheme| **scheme == SignScheme::Imgix).or(schemes.first())?;
    Some((*scheme, keys.first()?))
}

/// Returns the source from which a server would serve `url`.
fn find_source<'a>(config: &'a Config, url: &str, named: Option<&str>) -> Result<&'a SourceConfig, Failure> {
    let sources = &config.sources;
    let names = || sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(name) = named {
        let found = sources.iter().find(|source| source.name == name);
        return found.ok_or_else(|| Failure::Usage(format!("there is no source {name}; the sources are {}", names())));
    }
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_ascii_lowercase));
    let Some(host) = host else {
        // A path alone does not select a source, but it need not if there is only one.
        return match sources.as_slice() {
            [only] => Ok(only),
            _ => Err(Failure::Usage(format!("give a URL with its host, or --source; the sources are {}", names()))),
        };
    };
    let host = host.trim_matches(['[', ']']).trim_end_matches('.');
    let claimed = |source: &&SourceConfig| source.hosts.iter().any(|name| name.trim_matches(['[', ']']) == host);
    let found = sources.iter().find(claimed).or_else(|| sources.iter().find(|source| source.hosts.is_empty()));
    found.ok_or_else(|| Failure::Usage(format!("no source answers to the host {host}; the sources are {}", names())))
}

/// Signs the path and query of `url`, and keeps scheme, host and fragment unchanged.
fn sign_url(url: &str, expires: Option<u64>, sign: impl Fn(&str) -> String) -> Result<String, Failure> {
    // Splits by hand, because a URL library would re-encode the bytes that are signed.
    let (url, fragment) = url.split_once('#').map_or((url, None), |(url, fragment)| (url, Some(fragment)));
    if !url.bytes().all(|b| (0x21..=0x7e).contains(&b)) {
        return Err(Failure::Usage("percent-encode the spaces and non-ASCII letters of the URL".to_owned()));
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
            return Err(Failure::Usage("the URL already has an expires parameter".to_owned()));
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

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    const TWO_SOURCES: &str = r#"
[[source]]
name = "open"
kind = "folder"
root = "x"
[[source]]
name = "photos"
hosts = ["img.example.com"]
kind = "folder"
root = "x"
signing = { mode = "required", keys = ["env:NEW", "env:OLD"] }
[[source]]
name = "strict"
hosts = ["strict.example.com"]
kind = "folder"
root = "x"
signing = { mode = "required", schemes = ["hmac-sha256"], keys = ["env:OLD"] }
"#;

    /// Checks the source's name, the scheme and the key; `None` if they cannot be determined.
    #[track_caller]
    fn check_signer(words: &[&str], expected: Option<(&str, SignScheme, &str)>) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("t.toml");
        std::fs::write(&file, TWO_SOURCES).unwrap();
        let words = ["sign", "--config", file.to_str().unwrap()].into_iter().chain(words.iter().copied());
        let arguments = <Line as clap::Parser>::try_parse_from(words).unwrap().arguments;
        let secrets = [("NEW", "0123456789abcdef"), ("OLD", "fedcba9876543210")];
        let environment = secrets.iter().map(|(name, key)| ((*name).to_owned(), (*key).to_owned())).collect();
        let found = signer(&arguments, &environment).ok();
        let found = found.map(|s| (s.source, s.scheme, String::from_utf8(s.key.expose().to_vec()).unwrap()));
        assert_eq!(found, expected.map(|(name, scheme, key)| (name.to_owned(), scheme, key.to_owned())));
    }

    #[test]
    fn a_configuration_knows_source_scheme_and_key() {
        let (new, old) = ("0123456789abcdef", "fedcba9876543210");
        let photos = Some(("photos", SignScheme::Imgix, new));
        check_signer(&["https://img.example.com/a.jpg?w=4"], photos);
        check_signer(&["http://IMG.example.com:8080/a.jpg"], photos);
        check_signer(&["/a.jpg", "--source", "photos"], photos);
        check_signer(
            &["https://img.example.com/a.jpg", "--scheme", "hmac-sha256"],
            Some(("photos", SignScheme::HmacSha256, new)),
        );
        check_signer(&["https://strict.example.com/a.jpg"], Some(("strict", SignScheme::HmacSha256, old)));
        check_signer(&["https://strict.example.com/a.jpg", "--scheme", "imgix"], None);
        check_signer(&["https://elsewhere.example.com/a.jpg"], None);
        check_signer(&["/a.jpg"], None);
        check_signer(&["/a.jpg", "--source", "none"], None);
    }

    #[test]
    fn without_a_configuration_sign_needs_a_key_and_hmac_needs_a_source() {
        let parsed = |words: &[&str]| <Line as clap::Parser>::try_parse_from(words.iter().copied());
        assert!(parsed(&["sign", "/a.jpg"]).is_err());
        assert!(parsed(&["sign", "/a.jpg", "--key", "k", "--config", "t"]).is_err());
        let hmac = parsed(&["sign", "/a.jpg", "--key", "k", "--scheme", "hmac-sha256"]).unwrap().arguments;
        assert!(signer(&hmac, &Environment::new()).is_err());
        let plain = parsed(&["sign", "/a.jpg", "--key", "k"]).unwrap().arguments;
        assert_eq!(signer(&plain, &Environment::new()).unwrap().scheme, SignScheme::Imgix);
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
