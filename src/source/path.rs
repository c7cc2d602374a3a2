//! Object paths: which are refused before any upstream sees them, and how the rest are written in a URL. Pure.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Characters to encode: all but the unreserved ones of RFC 3986 2.3. A reserved character that is data must be
/// encoded, and some object stores read `+` as a space.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns whether the path stays below its start: it has no NUL and no `.` or `..` segment, whatever the separator, as
/// it is or after an upstream wrongly decodes it once more.
pub(super) fn stays_below(object: &str) -> bool {
    let again = percent_decode_str(object).decode_utf8_lossy();
    [object, again.as_ref()]
        .into_iter()
        .all(|path| !path.contains('\0') && path.split(['/', '\\']).all(|segment| !matches!(segment, "." | "..")))
}

/// Percent-encodes the object path for a URL and keeps its slashes.
pub(super) fn encode(object: &str) -> String {
    let mut encoded = String::with_capacity(object.len() + object.len() / 4);
    for (i, segment) in object.split('/').enumerate() {
        if i > 0 {
            encoded.push('/');
        }
        encoded.extend(utf8_percent_encode(segment, SEGMENT));
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_segments_are_recognised_in_every_spelling() {
        for bad in [
            "/..",
            "/../a",
            "/a/../b",
            "/a/..",
            "/./a",
            "/a/.",
            "/..\\a",
            "/a\\..\\b",
            "/%2e%2e/a",
            "/%2E./a",
            "/a%2f..%2fb",
            "/a%5c..",
            "/a\0b",
            "/a%00b",
        ] {
            assert!(!stays_below(bad), "{bad:?}");
        }
        for good in ["/", "/a", "/a..b", "/...", "/a/.b", "/..a/b", "/a%20b", "/100%", "/a\\b", "//a", "/%252e%252e/a"]
        {
            assert!(stays_below(good), "{good:?}");
        }
    }

    #[test]
    fn reserved_characters_are_data() {
        assert_eq!(encode("/a b/ü+%2F?#&;=.jpg"), "/a%20b/%C3%BC%2B%252F%3F%23%26%3B%3D.jpg");
        assert_eq!(encode("//x/~a-b_c."), "//x/~a-b_c.");
    }

    proptest::proptest! {
        #[test]
        fn one_decode_restores_what_was_encoded(object in "/\\PC{0,40}") {
            let encoded = encode(&object);
            proptest::prop_assert_eq!(percent_decode_str(&encoded).decode_utf8().unwrap(), object);
            let url = url::Url::parse(&format!("http://h{encoded}")).unwrap();
            proptest::prop_assert_eq!(url.query(), None);
            proptest::prop_assert_eq!(url.host_str(), Some("h"));
        }
    }
}
