//! Parses raw request target and host into a [`Route`]. Pure. Nothing is normalised, because the signature covers the
//! bytes as sent.

use http::Uri;
use http::header::HeaderMap;

use crate::error::RequestError;

/// A request target split into its parts, still as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route<'a> {
    /// The part from the first `/` up to the `?`, still percent-encoded.
    pub(super) path: &'a str,
    /// The part after the `?`; `None` if there is no `?`.
    pub(super) query: Option<&'a str>,
}

impl<'a> Route<'a> {
    /// Splits a request target.
    ///
    /// # Errors
    /// [`RequestError::UriTooLong`] over `bytes_max`; [`RequestError::Target`] for bytes outside 0x21-0x7E
    /// (`signing.md` 5 says why) and for targets that are not a path (`OPTIONS *`, `CONNECT host:port`).
    pub(super) fn parse(uri: &'a Uri, bytes_max: usize) -> Result<Self, RequestError> {
        let target = uri.path_and_query().ok_or(RequestError::Target)?;
        let raw = target.as_str();
        if raw.len() > bytes_max {
            return Err(RequestError::UriTooLong { max: bytes_max });
        }
        if !raw.starts_with('/') || !raw.bytes().all(|b| (0x21..=0x7e).contains(&b)) {
            return Err(RequestError::Target);
        }
        Ok(match raw.split_once('?') {
            Some((path, query)) => Self { path, query: Some(query) },
            None => Self { path: raw, query: None },
        })
    }
}

/// Returns the host name that a request is for: lower case, without port and final dot. `:authority` or an absolute
/// target takes precedence over `Host`.
///
/// # Errors
/// [`RequestError::Host`] if there is no host, more than one, or one that is not a plain host name.
pub(super) fn host(uri: &Uri, headers: &HeaderMap) -> Result<String, RequestError> {
    let authority = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => {
            let mut hosts = headers.get_all(http::header::HOST).iter();
            let (first, second) = (hosts.next(), hosts.next());
            // With two `Host` headers, a proxy in front may have used the other one.
            first.filter(|_| second.is_none()).and_then(|v| v.to_str().ok()).ok_or(RequestError::Host)?
        }
    };
    // A bracketed IPv6 address contains colons, and may be the whole authority.
    let name = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':');
    if name.is_empty() || name.len() > 253 || !name.bytes().all(plain) {
        return Err(RequestError::Host);
    }
    Ok(name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(s: &str) -> Uri {
        s.parse().unwrap()
    }

    #[test]
    fn targets_are_not_rewritten() {
        let check = |target: &str, path: &str, query: Option<&str>| {
            let uri = uri(target);
            let route = Route::parse(&uri, 8000).unwrap();
            assert_eq!((route.path, route.query), (path, query));
        };
        check("/a.jpg", "/a.jpg", None);
        check("/a%20b+c.jpg?w=1&s=", "/a%20b+c.jpg", Some("w=1&s="));
        check("/a?", "/a", Some(""));
        check("//a/../b", "//a/../b", None);
        check("/%2e%2e%2fetc", "/%2e%2e%2fetc", None);
        check("/http%3A%2F%2Fx%2F%25D8.png", "/http%3A%2F%2Fx%2F%25D8.png", None);
        check("/http://h/p", "/http://h/p", None);
        check("http://img.example.com/a?b", "/a", Some("b"));
    }

    #[test]
    fn bad_targets_are_refused() {
        let check = |target: &str, expected| {
            let uri = uri(target);
            assert_eq!(Route::parse(&uri, 20), Err(expected), "{target}");
        };
        check("/aaaaaaaaaaaaaaaaaaaaa", RequestError::UriTooLong { max: 20 });
        check("/\u{e9}", RequestError::Target);
        check("*", RequestError::Target);
    }

    #[test]
    fn hosts_lose_case_port_and_dot() {
        let check = |value: &str, expected: Result<&str, RequestError>| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::HOST, value.parse().unwrap());
            assert_eq!(host(&uri("/"), &headers).as_deref().map_err(|e| *e), expected, "{value}");
        };
        check("Img.Example.com:8080", Ok("img.example.com"));
        check("img.example.com.", Ok("img.example.com"));
        check("[::1]:80", Ok("::1"));
        check("127.0.0.1", Ok("127.0.0.1"));
        check("", Err(RequestError::Host));
        check("a b", Err(RequestError::Host));
        check("evil\"host", Err(RequestError::Host));
        assert_eq!(host(&uri("/"), &HeaderMap::new()), Err(RequestError::Host));
        let mut two = HeaderMap::new();
        two.append(http::header::HOST, "a".parse().unwrap());
        two.append(http::header::HOST, "b".parse().unwrap());
        assert_eq!(host(&uri("/"), &two), Err(RequestError::Host));
        assert_eq!(host(&uri("http://A/"), &HeaderMap::new()).unwrap(), "a");
    }
}
