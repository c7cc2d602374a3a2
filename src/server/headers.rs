//! Computes header values from a rendition and its plan. Pure.

use std::time::Duration;

use http::HeaderValue;
use http::header::{self, HeaderMap, HeaderName};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::plan::{Download, VaryOn};

/// `Content-Security-Policy` for documents that a browser would otherwise run (`delivery.md` 3).
pub(super) const DOCUMENT_CSP: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// `attr-char` of RFC 8187.
const EXT_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Longest file name offered by `dl`, in characters.
const FILE_NAME_CHARS_MAX: usize = 200;

/// Adds the headers that every response carries, errors included.
pub(super) fn common(headers: &mut HeaderMap) {
    let fixed: [(HeaderName, &str); 5] = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("timing-allow-origin"), "*"),
        (header::SERVER, "tintype"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Returns `Cache-Control` for a lifetime; a zero lifetime gives `no-store`.
pub(super) fn cache_control(max_age: Duration) -> HeaderValue {
    match max_age.as_secs() {
        0 => HeaderValue::from_static("no-store"),
        // RFC 9111 1.2.2: recipients that can hold a value above 2^31 treat it as 2^31, others treat it as nonsense.
        seconds => {
            HeaderValue::from_str(&format!("public, max-age={}", seconds.min(1 << 31))).expect("digits are header text")
        }
    }
}

/// Returns `Vary`, if the result depends on any request header.
pub(super) fn vary(on: VaryOn) -> Option<HeaderValue> {
    let names: Vec<&str> = [
        (on.accept, "Accept"),
        (on.width, "Sec-CH-Width, Width"),
        (on.dpr, "Sec-CH-DPR, DPR"),
        (on.save_data, "Save-Data"),
    ]
    .into_iter()
    .filter_map(|(used, name)| used.then_some(name))
    .collect();
    (!names.is_empty()).then(|| HeaderValue::from_str(&names.join(", ")).expect("header names are header text"))
}

/// Returns `Accept-CH` with the hints that the URL opted into, so that a browser sends them to this host again.
pub(super) fn accept_ch(on: VaryOn) -> Option<HeaderValue> {
    let names: Vec<&str> = [
        (on.dpr, "DPR"),
        (on.width, "Width"),
        (on.save_data, "Save-Data"),
        (on.dpr, "Sec-CH-DPR"),
        (on.width, "Sec-CH-Width"),
    ]
    .into_iter()
    .filter_map(|(used, name)| used.then_some(name))
    .collect();
    (!names.is_empty()).then(|| HeaderValue::from_str(&names.join(", ")).expect("header names are header text"))
}

/// Returns `Content-Disposition` for `dl` (RFC 6266), with path separators, control characters and quotes removed from
/// the file name.
pub(super) fn content_disposition(download: &Download, object: &str) -> HeaderValue {
    let wanted = match download {
        Download::Named(name) => name.as_str(),
        Download::FromPath => object.rsplit('/').next().unwrap_or_default(),
    };
    let name: String = wanted
        .chars()
        .filter(|c| {
            !c.is_control() && !matches!(c, '/' | '\\' | '"' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}')
        })
        .take(FILE_NAME_CHARS_MAX)
        .collect();
    let name = match name.trim().trim_start_matches('.') {
        "" => "download",
        name => name,
    };
    let value = if name.is_ascii() {
        format!("attachment; filename=\"{name}\"")
    } else {
        let ascii: String = name.chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
        format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", utf8_percent_encode(name, EXT_VALUE))
    };
    HeaderValue::from_str(&value).expect("control characters were taken out and the rest is ASCII")
}

/// Returns whether a browser could run bytes of this type as a page.
pub(super) fn is_document(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "text/html" || kind.ends_with("xml") || kind == "image/svg+xml"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_harmless() {
        let check = |name: &str, expected: &str| {
            let got = content_disposition(&Download::Named(name.to_owned()), "/x");
            assert_eq!(got.to_str().unwrap(), expected);
        };
        check("cat.jpg", "attachment; filename=\"cat.jpg\"");
        check("../../etc/pass\"wd\r\nX: y", "attachment; filename=\"etcpasswdX: y\"");
        check("caf\u{e9}.jpg", "attachment; filename=\"caf_.jpg\"; filename*=UTF-8''caf%C3%A9.jpg");
        check("///", "attachment; filename=\"download\"");
        let from_path = content_disposition(&Download::FromPath, "/a/b c.png");
        assert_eq!(from_path.to_str().unwrap(), "attachment; filename=\"b c.png\"");
    }

    #[test]
    fn lifetimes_and_vary() {
        assert_eq!(cache_control(Duration::from_secs(60)), "public, max-age=60");
        assert_eq!(cache_control(Duration::ZERO), "no-store");
        assert_eq!(vary(VaryOn::default()), None);
        assert_eq!(vary(VaryOn { accept: true, save_data: true, ..VaryOn::default() }).unwrap(), "Accept, Save-Data");
    }

    #[test]
    fn documents_are_recognised() {
        for kind in ["text/html; charset=utf-8", "image/svg+xml", "application/xhtml+xml", "TEXT/XML"] {
            assert!(is_document(kind), "{kind}");
        }
        assert!(!is_document("image/png"));
    }
}
