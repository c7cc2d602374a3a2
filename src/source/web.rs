//! Maps an object to its URL: below a base URL (web-folder), or the path itself (web-proxy).

use async_trait::async_trait;
use ipnet::IpNet;
use url::Url;

use super::guard::{Guard, HostPattern};
use super::http::HttpClient;
use super::{BuildError, FetchRequest, Fetched, Source, SourceError, path};
use crate::limits::Limits;

/// A source of originals below a base URL.
pub struct WebFolder {
    http: HttpClient,
    base: Url,
}

impl WebFolder {
    /// Creates a source of what is below `base_url`. A user name and password in it are sent as HTTP Basic, to that
    /// origin only.
    ///
    /// # Errors
    /// Returns [`BuildError::BaseUrl`] unless it is an http(s) URL without query and fragment; [`BuildError::Tls`] if
    /// TLS cannot be set up.
    pub fn new(base_url: Url, allow_private: Vec<IpNet>, limits: &Limits) -> Result<Self, BuildError> {
        let is_base = matches!(base_url.scheme(), "http" | "https")
            && base_url.has_host()
            && base_url.query().is_none()
            && base_url.fragment().is_none();
        if !is_base {
            return Err(BuildError::BaseUrl);
        }
        Ok(Self { http: HttpClient::new(Guard::new(allow_private), None, limits)?, base: base_url })
    }
}

impl std::fmt::Debug for WebFolder {
    /// Omits the base URL, because it may contain a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebFolder").finish_non_exhaustive()
    }
}

#[async_trait]
impl Source for WebFolder {
    async fn fetch(&self, request: FetchRequest<'_>) -> Result<Fetched, SourceError> {
        let url = below(&self.base, request.object).ok_or(SourceError::Missing)?;
        self.http.fetch(url, request.if_changed_from).await
    }
}

/// Returns the URL of `object`, or `None` if it would not be below `base`.
fn below(base: &Url, object: &str) -> Option<Url> {
    if !path::stays_below(object) {
        return None;
    }
    let object = object.strip_prefix('/').unwrap_or(object);
    let full = format!("{}/{}", base.path().trim_end_matches('/'), path::encode(object));
    let mut url = base.clone();
    url.set_path(&full);
    // `url` resolves dot segments in several spellings; if it had found one, the path would differ.
    (url.path() == full).then_some(url)
}

/// A source of originals whose absolute URL is the path (`signing.md` 2.1).
#[derive(Debug)]
pub struct WebProxy {
    http: HttpClient,
}

impl WebProxy {
    /// Creates a source of every URL whose host is in `allow_hosts`: exact names, `*.example.com` for all names below
    /// one, or `*`. An empty list permits nothing.
    ///
    /// # Errors
    /// Returns [`BuildError::AllowHosts`] for an entry that is not a host; [`BuildError::Tls`] if TLS cannot be set up.
    pub fn new(allow_hosts: &[String], allow_private: Vec<IpNet>, limits: &Limits) -> Result<Self, BuildError> {
        let patterns: Option<Vec<_>> = allow_hosts.iter().map(|entry| HostPattern::parse(entry)).collect();
        let patterns = patterns.ok_or(BuildError::AllowHosts)?;
        Ok(Self { http: HttpClient::new(Guard::new(allow_private), Some(patterns), limits)? })
    }
}

#[async_trait]
impl Source for WebProxy {
    async fn fetch(&self, request: FetchRequest<'_>) -> Result<Fetched, SourceError> {
        let url = absolute(request.object).ok_or(SourceError::InvalidUrl)?;
        self.http.fetch(url, request.if_changed_from).await
    }
}

/// Parses the decoded path of a web-proxy as an absolute URL. One slash after the scheme is enough, because some HTTP
/// stacks merge two.
pub(crate) fn absolute(object: &str) -> Option<Url> {
    let text = object.strip_prefix('/').unwrap_or(object);
    let (scheme, rest) = text.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https") {
        return None;
    }
    let rest = rest.strip_prefix("//").or_else(|| rest.strip_prefix('/'))?;
    // `url` accepts what makes two parsers disagree about the host: more slashes, backslashes, tabs, user names.
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = !authority.is_empty()
        && !authority.contains(['\\', '@', '%'])
        && !rest.contains(|c: char| c.is_control())
        && !authority.contains(char::is_whitespace);
    if !is_plain {
        return None;
    }
    let mut url = Url::parse(&format!("{scheme}://{rest}")).ok()?;
    url.set_fragment(None);
    url.has_host().then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_below(base: &str, object: &str, expected: Option<&str>) {
        let url = below(&Url::parse(base).unwrap(), object);
        assert_eq!(url.as_ref().map(Url::as_str), expected, "{base} {object:?}");
    }

    #[test]
    fn objects_are_always_below_the_base() {
        check_below("http://h", "/a.jpg", Some("http://h/a.jpg"));
        check_below("http://h/base", "/a.jpg", Some("http://h/base/a.jpg"));
        check_below("http://h/base/", "/a.jpg", Some("http://h/base/a.jpg"));
        check_below("http://h/b%20c/", "/a b+ü?#%2F.jpg", Some("http://h/b%20c/a%20b%2B%C3%BC%3F%23%252F.jpg"));
        check_below("http://h/base", "//a", Some("http://h/base//a"));
        check_below("http://h/base", "/http://evil.com/", Some("http://h/base/http%3A//evil.com/"));
        check_below("http://h", "//evil.com/x", Some("http://h//evil.com/x"));
        check_below("http://u:p@h/", "/@evil.com/x", Some("http://u:p@h/%40evil.com/x"));
        for object in ["/../x", "/a/..", "/%2e%2e/x", "/.%2E/x", "/..%2fx", "/..\\x", "/a\\..\\..\\x", "/./x", "/a\0b"]
        {
            check_below("http://h/base", object, None);
        }
    }

    #[track_caller]
    fn check_absolute(object: &str, expected: Option<&str>) {
        assert_eq!(absolute(object).as_ref().map(Url::as_str), expected, "{object:?}");
    }

    #[test]
    fn a_proxy_path_is_an_absolute_url() {
        check_absolute("/http://avatars.com/john-smith.png", Some("http://avatars.com/john-smith.png"));
        check_absolute("/http:/avatars.com/a.png", Some("http://avatars.com/a.png"));
        check_absolute("/HTTPS://Example.com:444/a", Some("https://example.com:444/a"));
        check_absolute("/https://h/avatar icon.png?some=chill&p=1", Some("https://h/avatar%20icon.png?some=chill&p=1"));
        check_absolute("/http://avatars.com/での.png", Some("http://avatars.com/%E3%81%A7%E3%81%AE.png"));
        check_absolute("/http://h/%D8%B3.jpg", Some("http://h/%D8%B3.jpg"));
        check_absolute("/http://h/a%2520b?c=%26", Some("http://h/a%2520b?c=%26"));
        check_absolute("/http://h/a+b#frag", Some("http://h/a+b"));
        for object in [
            "/a.jpg",
            "/",
            "",
            "/http",
            "/http:",
            "/http:/",
            "/http://",
            "/http:///h/x",
            "/http:h/x",
            "/ftp://h/x",
            "/file:///etc/passwd",
            "/javascript:alert(1)",
            "//http://h/x",
            "/http%3A%2F%2Fh/x",
            "/http://u@h/x",
            "/http://u:p@h/x",
            "/http://h\\@e/x",
            "/http://h%2e/x",
            "/http://a b/x",
            "/http://h:99999/x",
            "/http://h/\n",
            "/\thttp://h/x",
            "/http://[::1/x",
            "/ http://h/x",
            "/http://?x",
            "/http://:80/",
        ] {
            check_absolute(object, None);
        }
    }
}
