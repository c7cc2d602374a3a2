//! Checks what hyper does not check in a request head: the size of HTTP/1 headers, and a `#` in the target. Hyper's
//! parser takes the `#` for the start of a fragment and drops it with everything after it. The shortened target differs
//! from the one that a proxy in front saw, so the proxy would cache the result under the wrong URL.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use http::header::{CONNECTION, CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use http::{Request, Version};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::respond::Response;
use crate::error::RequestError;

/// Bytes of a header line in addition to name and value: colon, space, line end.
const LINE_OVERHEAD: usize = 4;

/// Marks a request on whose connection a target with a `#` was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct FragmentSeen;

/// Checks the parts of a request head that hyper did not check. Hyper limits the size of HTTP/2 headers itself, by its
/// own measure.
///
/// # Errors
/// [`RequestError::HeadersTooLarge`] over `header_bytes_max`, [`RequestError::Target`] for a `#`.
pub(super) fn check<B>(request: &Request<B>, header_bytes_max: usize) -> Result<(), RequestError> {
    if request.extensions().get::<FragmentSeen>().is_some() {
        return Err(RequestError::Target);
    }
    let bytes = |(name, value): (&http::HeaderName, &HeaderValue)| name.as_str().len() + value.len() + LINE_OVERHEAD;
    if is_http1(request) && request.headers().iter().map(bytes).sum::<usize>() > header_bytes_max {
        return Err(RequestError::HeadersTooLarge { max: header_bytes_max });
    }
    Ok(())
}

/// Closes an HTTP/1 connection after a request that announced a body, which nothing here reads, and after one with a
/// `#`: [`WatchedHead`] does not look at anything that follows.
pub(super) fn close_where_unclear<B>(request: &Request<B>, response: &mut Response) {
    let announces_body = [CONTENT_LENGTH, TRANSFER_ENCODING].iter().any(|name| request.headers().contains_key(name));
    let is_unclear = announces_body || request.extensions().get::<FragmentSeen>().is_some();
    if is_http1(request) && is_unclear {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

fn is_http1<B>(request: &Request<B>) -> bool {
    request.version() < Version::HTTP_2
}

/// Tells whether the reader of the connection has seen a target with a `#`.
#[derive(Clone, Debug, Default)]
pub(super) struct Fragment(Arc<AtomicBool>);

impl Fragment {
    /// Returns whether a `#` was seen in the target of this request or, if requests are pipelined, of a later one.
    pub(super) fn was_seen(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A stream that inspects HTTP/1 request heads as they are read. It changes no byte and holds none back.
#[derive(Debug)]
pub(super) struct WatchedHead<S> {
    inner: S,
    place: HeadPart,
    fragment: Fragment,
}

/// Position of the next byte in a sequence of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeadPart {
    /// Before a request line, where empty lines are skipped (RFC 9112 2.2).
    Before,
    /// In a request line.
    Target,
    /// In the name of a header line, `at` bytes from its start. `length` and `encoding` tell whether the bytes so far
    /// match `content-length:` and `transfer-encoding:`, which announce a body.
    Name { at: usize, length: bool, encoding: bool },
    /// In the rest of a header line.
    Value,
    /// After the head of a request with a body, after a `#`, or in HTTP/2: nothing more is inspected.
    Beyond,
}

impl<S> WatchedHead<S> {
    /// Wraps a connection; `looks` is false if it does not speak HTTP/1.
    pub(super) fn new(inner: S, looks: bool) -> (Self, Fragment) {
        let fragment = Fragment::default();
        let place = if looks { HeadPart::Before } else { HeadPart::Beyond };
        (Self { inner, place, fragment: fragment.clone() }, fragment)
    }

    fn look(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.place == HeadPart::Beyond {
                return;
            }
            if self.place == HeadPart::Target && byte == b'#' {
                self.fragment.0.store(true, Ordering::Relaxed);
                self.place = HeadPart::Beyond;
            }
            self.place = self.place.after(byte);
        }
    }
}

impl HeadPart {
    const LINE_START: Self = Self::Name { at: 0, length: true, encoding: true };

    fn after(self, byte: u8) -> Self {
        let continues = |name: &[u8], at: usize| name.get(at).is_some_and(|&own| own == byte.to_ascii_lowercase());
        match self {
            Self::Beyond => Self::Beyond,
            Self::Before if matches!(byte, b'\r' | b'\n') => Self::Before,
            Self::Target | Self::Value if byte == b'\n' => Self::LINE_START,
            Self::Before | Self::Target => Self::Target,
            Self::Value => Self::Value,
            Self::Name { at: 0, .. } if byte == b'\r' => Self::LINE_START,
            Self::Name { at: 0, .. } if byte == b'\n' => Self::Before,
            Self::Name { .. } if byte == b'\n' => Self::LINE_START,
            Self::Name { at, length, encoding } => {
                const LENGTH: &[u8] = b"content-length:";
                const ENCODING: &[u8] = b"transfer-encoding:";
                let length = length && continues(LENGTH, at);
                let encoding = encoding && continues(ENCODING, at);
                if (length && at + 1 == LENGTH.len()) || (encoding && at + 1 == ENCODING.len()) {
                    Self::Beyond
                } else if length || encoding {
                    Self::Name { at: at + 1, length, encoding }
                } else {
                    Self::Value
                }
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedHead<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.inner).poll_read(cx, buf);
        if matches!(polled, Poll::Ready(Ok(()))) {
            this.look(buf.filled().get(before..).unwrap_or_default());
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedHead<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str, step: usize) -> bool {
        let (mut watched, fragment) = WatchedHead::new((), true);
        for piece in text.as_bytes().chunks(step) {
            watched.look(piece);
        }
        fragment.was_seen()
    }

    #[test]
    fn fragments_are_refused_in_targets_only() {
        let check = |text: &str, expected: bool| {
            for step in [1, 2, 7, 1000] {
                assert_eq!(seen(text, step), expected, "{text:?} in steps of {step}");
            }
        };
        check("GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", true);
        check("\r\nGET /a?w=1# HTTP/1.1\r\n\r\n", true);
        check("\r\n\r\nGET /a?w=1# HTTP/1.1\r\n\r\n", true);
        check("GET http://x/# HTTP/1.1\n\n", true);
        check("GET /a%23b HTTP/1.1\r\nHost: x\r\nReferer: http://x/#y\r\n# \r\n\r\n", false);
        check("GET /a HTTP/1.1\r\nC: #\r\nco#: 1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", false);
        check("GET /a HTTP/1.1\r\n\r\nGET /b#c HTTP/1.1\r\n\r\n", true);
        check("GET /a HTTP/1.1\nHost: x\n\nGET /b#c HTTP/1.1\n\n", true);
        check("POST / HTTP/1.1\r\ncontent-LENGTH: 9\r\n\r\n#########", false);
        check("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n#\r\n0\r\n\r\n", false);
        check("GET / HTTP/1.1\r\nContent-Lengths: 1\r\n\r\nGET /# HTTP/1.1\r\n", true);
    }

    #[test]
    fn headers_are_counted_as_sent() {
        let request = |version: Version| {
            Request::builder().version(version).header("host", "x").header("a", "b".repeat(90)).body(()).unwrap()
        };
        let lines = "host: x\r\n".len() + "a: \r\n".len() + 90;
        assert_eq!(check(&request(Version::HTTP_11), lines), Ok(()));
        let max = lines - 1;
        assert_eq!(check(&request(Version::HTTP_11), max), Err(RequestError::HeadersTooLarge { max }));
        assert_eq!(check(&request(Version::HTTP_2), max), Ok(()));
    }
}
