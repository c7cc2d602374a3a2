//! Removes from a request what must not be logged: signatures, tokens, `expires`, passwords.
//!
//! Parameters are allowed by name, from the table, because no list of secret-looking names is ever complete. Values and
//! paths may be URLs of other servers, encoded any number of times or in base64; the log keeps only their scheme, host
//! and path.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;

use crate::config::ClientIp;
use crate::param;

/// Rounds of decoding after which a value counts as hiding something.
const DECODINGS_MAX: usize = 8;

/// Shortest base64 to decode; less cannot hold a name, `=` and a secret.
const BASE64_BYTES_MIN: usize = 8;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Returns the query with only what may be logged, or `None` if nothing is left. Base64 variants are written decoded,
/// under their plain name.
pub(super) fn query(raw: &str) -> Option<String> {
    let pieces: Vec<String> = raw.split('&').filter_map(parameter).collect();
    (!pieces.is_empty()).then(|| pieces.join("&"))
}

/// Returns the path; a proxied URL loses its user, password, query and fragment.
pub(super) fn path(raw: &str) -> Cow<'_, str> {
    match scrubbed(raw) {
        Scrubbed::Untouched => Cow::Borrowed(raw),
        Scrubbed::Cut(rest) => Cow::Owned(rest),
    }
}

/// Returns as much of the client's address as the operator wants to keep.
pub(super) fn client(address: IpAddr, keep: ClientIp) -> Option<IpAddr> {
    // Without this, the last four bytes of ::ffff:a.b.c.d would survive as IPv6.
    let address = address.to_canonical();
    match (keep, address) {
        (ClientIp::None, _) => None,
        (ClientIp::Full, address) => Some(address),
        (ClientIp::Truncated, IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            Some(Ipv4Addr::new(a, b, c, 0).into())
        }
        (ClientIp::Truncated, IpAddr::V6(v6)) => {
            let [a, b, c, ..] = v6.segments();
            Some(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into())
        }
    }
}

/// Returns scheme, host and port of a referring page. Omits path and query, which may be private.
pub(super) fn referer(raw: &str) -> Option<String> {
    let origin = url::Url::parse(raw).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// Redacts a user agent word by word, because its words may be URLs.
pub(super) fn agent(raw: &str) -> String {
    let kept = |word| match scrubbed(word) {
        Scrubbed::Untouched => word.to_owned(),
        Scrubbed::Cut(rest) => rest,
    };
    raw.split(' ').map(kept).collect::<Vec<_>>().join(" ")
}

/// Returns a host name as sent, or `None` if it cannot be one.
pub(super) fn host(raw: &str) -> Option<&str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    (raw.len() <= 255 && raw.bytes().all(allowed)).then_some(raw)
}

/// Cuts text to at most `bytes_max`, between characters.
pub(super) fn bounded(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// Returns one `&`-separated piece, or `None` if its name is unknown or its value must not be logged.
fn parameter(piece: &str) -> Option<String> {
    let (name, value) = match piece.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (piece, None),
    };
    let name = percent_decode_str(name).decode_utf8().ok()?;
    let (spec, is_base64) = param::spelled(&name)?;
    if spec.secret {
        return None;
    }
    let Some(value) = value else { return Some(name.into_owned()) };
    let decoded;
    let value = if is_base64 {
        decoded = String::from_utf8(BASE64.decode(value).ok()?).ok()?;
        &decoded
    } else {
        value
    };
    let name = if is_base64 { spec.name } else { &name };
    Some(match scrubbed(value) {
        Scrubbed::Untouched => format!("{name}={value}"),
        Scrubbed::Cut(rest) => format!("{name}={rest}"),
    })
}

enum Scrubbed {
    /// It cannot contain a secret of another server.
    Untouched,
    /// What is left of it, decoded.
    Cut(String),
}

/// Removes possible secrets from a path or value: user and password, query, fragment, what follows a `=`, and base64
/// that contains any of these. Does so at every level of percent-encoding, because what is escaped at one level (a
/// slash in a password) is structure at the next.
fn scrubbed(raw: &str) -> Scrubbed {
    let mut text = raw.to_owned();
    let mut is_cut = false;
    for _ in 0..DECODINGS_MAX {
        let end = text.find(['?', '#']).unwrap_or(text.len());
        let kept = without_hidden(&without_assignments(&without_userinfo(&text[..end])));
        is_cut |= kept != text;
        let next = percent_decode_str(&kept).decode_utf8_lossy().into_owned();
        if next == kept {
            return if is_cut { Scrubbed::Cut(kept) } else { Scrubbed::Untouched };
        }
        text = next;
    }
    Scrubbed::Cut(String::new())
}

/// Cuts each segment of a path where it assigns a value to a name, unless that is a parameter whose value may be
/// logged. `/cat.jpg&w=300&s=0123` is a mistyped URL, and some servers use `;jsessionid=`.
fn without_assignments(text: &str) -> String {
    let kept = |segment: &str| {
        let mut from = 0;
        while let Some(at) = segment[from..].find('=').map(|at| from + at) {
            let name_at = segment[..at]
                .rfind(|c: char| !is_of_name(c))
                .map_or(0, |before| before + segment[before..].chars().next().map_or(0, char::len_utf8));
            let is_harmless =
                param::spelled(&segment[name_at..at]).is_some_and(|(spec, is_base64)| !is_base64 && !spec.secret);
            if !is_harmless {
                return segment[..name_at].trim_end_matches(['&', ';', ',', ' ']).to_owned();
            }
            from = at + 1;
        }
        segment.to_owned()
    };
    text.split('/').map(kept).collect::<Vec<_>>().join("/")
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '~' | '%' | '[' | ']' | '$')
}

/// Removes the segments of a path that are base64 of text with something to remove.
fn without_hidden(text: &str) -> String {
    let hides = |segment: &&str| {
        let decoded = (segment.len() >= BASE64_BYTES_MIN).then(|| decoded_base64(segment)).flatten();
        decoded.is_some_and(|decoded| matches!(scrubbed(&decoded), Scrubbed::Cut(_)))
    };
    // One of the base64 alphabets contains a slash.
    if hides(&text) {
        return String::new();
    }
    text.split('/').map(|segment| if hides(&segment) { "" } else { segment }).collect::<Vec<_>>().join("/")
}

/// Decodes base64 of either alphabet; returns `None` unless the result is text without control characters.
fn decoded_base64(text: &str) -> Option<String> {
    let text = text.replace('+', "-").replace('/', "_");
    let decoded = String::from_utf8(BASE64.decode(text).ok()?).ok()?;
    (!decoded.chars().any(char::is_control)).then_some(decoded)
}

/// Removes `user:password@` after a scheme, wherever a URL parser would see it: parsers accept any number of slashes of
/// either kind, and ignore tabs and line ends.
fn without_userinfo(text: &str) -> String {
    let text = text.replace(['\t', '\n', '\r'], "");
    let mut out = String::with_capacity(text.len());
    let mut before = "";
    for part in text.split_inclusive(['/', '\\']) {
        let segment = part.trim_end_matches(['/', '\\']);
        let scheme_bytes = scheme_len(segment);
        let is_authority = before.ends_with(':') || scheme_bytes > 0 || out == "//";
        match segment.rfind('@') {
            Some(at) if is_authority => {
                out.push_str(&segment[..scheme_bytes]);
                out.push_str(&part[at + 1..]);
            }
            Some(_) | None => out.push_str(part),
        }
        before = if segment.is_empty() { before } else { segment };
    }
    out
}

/// Returns the length of a leading `http:` or `https:`, which needs no slash after it.
fn scheme_len(segment: &str) -> usize {
    let is = |scheme: &&str| segment.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    ["http:", "https:"].iter().find(|scheme| is(scheme)).map_or(0, |scheme| scheme.len())
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn check_query(raw: &str, expected: Option<&str>) {
        assert_eq!(query(raw).as_deref(), expected, "{raw}");
    }

    fn check_path(raw: &str, expected: &str) {
        assert_eq!(path(raw), expected, "{raw}");
    }

    #[test]
    fn only_known_harmless_parameters_are_kept() {
        check_query("w=400&h=300&s=c7b86f666a832434dd38577e38cf86d1", Some("w=400&h=300"));
        check_query("w=400&sig=abc&expires=1700000000&s=1", Some("w=400"));
        check_query("expires64=MTcwMA&s64=YQ&sig64=YQ&%73=1&%65xpires=1", None);
        check_query("token=abc&api_key=1&X-Amz-Signature=2&utm_source=x&secret", None);
        check_query("ixlib=js-3.8.0&w=1&dl", Some("ixlib=js-3.8.0&w=1&dl"));
        check_query("txt=Tom%20%26%20J&txt-color=f00", Some("txt=Tom%20%26%20J&txt-color=f00"));
        check_query("txt=Who%3F&txt64=V2hvPw", Some("txt=Who&txt=Who"));
        check_query("w=400%26s%3D0123&h=5", Some("w=400&h=5"));
        check_query("mark-x=5&w=400%26h%3D5", Some("mark-x=5&w=400%26h%3D5"));
        check_query("", None);
        check_query("w64=NDAw&h=%zz", Some("w=400&h=%zz"));
    }

    #[test]
    fn urls_in_values_lose_credentials_and_queries() {
        let secret = "https://ann:pw@logos.example/a.png?s=0123&token=t";
        let kept = Some("mark=https://logos.example/a.png");
        let once = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string();
        let twice = percent_encoding::utf8_percent_encode(&once, percent_encoding::NON_ALPHANUMERIC).to_string();
        check_query(&format!("mark={once}"), kept);
        check_query(&format!("mark={twice}"), kept);
        check_query(&format!("mark64={}", URL_SAFE_NO_PAD.encode(secret)), kept);
        check_query(&format!("mark64={}", URL_SAFE_NO_PAD.encode(&once)), kept);
        check_query(&format!("mark={secret}"), kept);
        check_query("mark=%2Flogo.png%3Fs%3D0123", Some("mark=/logo.png"));
        check_query("mark64=***", None);
    }

    #[test]
    fn proxied_urls_lose_credentials_and_queries() {
        check_path("/http%3A%2F%2Fann%3Apw%40host.example%2Fa.png%3Ftoken%3Dt", "/http://host.example/a.png");
        check_path("/http%253A%252F%252Fann%253Apw%2540host.example%252Fa.png%253Ftoken", "/http://host.example/a.png");
        check_path("/https://ann:pw@host.example/a.png", "/https://host.example/a.png");
        check_path("/https:/ann:p@w@host.example/a.png", "/https:/host.example/a.png");
        check_path("/HTTPS%3A%5C%5Cann%3Apw%40host.example", "/HTTPS:\\\\host.example");
        check_path("/http%3Aann%3Apw%40host.example%2Fa", "/http:host.example/a");
        check_path("/ht%09tp%3A%2F%2Fann%3Apw%40host.example%2Fa", "/http://host.example/a");
        check_path("/http%3A%2F%2Fann%3Ap%252Fw%253Fx%40host.example%2Fa", "/http://host.example/a");
        check_path(
            "/http%3A%2F%2Fone.example%2Fhttp%3A%2F%2Fann%3Apw%40two.example",
            "/http://one.example/http://two.example",
        );
        check_path(&format!("/{}", "%25".repeat(3) + &"25".repeat(20) + "40"), "");
        check_path("/http%3A%2F%2Fhost.example%2Fa.png", "/http%3A%2F%2Fhost.example%2Fa.png");
        check_path("/users/me@home/1.png", "/users/me@home/1.png");
        check_path("/a%3Ftoken%3D1", "/a");
        check_path("/cat.jpg&w=300&s=0123", "/cat.jpg&w=300");
        check_path("/a;jsessionid=0123/b.png", "/a/b.png");
        check_path("/w=400,h=300/cat.jpg", "/w=400,h=300/cat.jpg");
    }

    #[test]
    fn addresses_are_cut_as_configured() {
        let check = |address: &str, keep, expected: Option<&str>| {
            assert_eq!(client(address.parse().unwrap(), keep).map(|kept| kept.to_string()).as_deref(), expected);
        };
        check("203.0.113.77", ClientIp::Truncated, Some("203.0.113.0"));
        check("2001:db8:1:2:3:4:5:6", ClientIp::Truncated, Some("2001:db8:1::"));
        check("::ffff:203.0.113.77", ClientIp::Truncated, Some("203.0.113.0"));
        check("203.0.113.77", ClientIp::Full, Some("203.0.113.77"));
        check("2001:db8::1", ClientIp::None, None);
    }

    #[test]
    fn referers_are_origins_and_hosts_are_hosts() {
        assert_eq!(referer("https://u:p@shop.example:8443/cart?id=1").as_deref(), Some("https://shop.example:8443"));
        assert_eq!(referer("data:text/plain,secret"), None);
        assert_eq!(referer("not a url"), None);
        assert_eq!(host("img.example.com:8080"), Some("img.example.com:8080"));
        assert_eq!(host("ann:pw@img.example.com"), None);
        assert_eq!(bounded("aé", 2), "a");
        let bot = "Mozilla/5.0 (X11; rv:9.0) bot/1 (+http://bot.example/?id=0123)";
        assert_eq!(agent(bot), "Mozilla/5.0 (X11; rv:9.0) bot/1 (+http://bot.example/");
        assert_eq!(agent("curl/8 token=0123 x"), "curl/8  x");
    }

    proptest! {
        #[test]
        fn no_secret_survives_any_place_in_any_encodings(
            secret in prop::sample::select(&[
                "http://ann:SECRET@host.example/a.png",
                "https:/host.example/a.png?sig=SECRET#SECRET",
                "/a.png?SECRET",
                "/a.png&w=1&s=SECRET",
                "/a/token=SECRET/b.png",
                "/b.png;jsessionid=SECRET",
                "400&s=SECRET",
                "400&amp;sig=SECRET",
                "400 X-Amz-Signature=SECRET",
                "a,w=4,s64=SECRET",
            ][..]),
            encodings in prop::collection::vec(0..4, 0..10),
            place in 0..4,
        ) {
            let mut text = secret.to_owned();
            let mut is_base64 = false;
            for encoding in encodings {
                // Nobody encodes base64 twice by mistake, and any text is base64 of something.
                text = match encoding {
                    0 if !is_base64 => URL_SAFE_NO_PAD.encode(&text),
                    1 if !is_base64 => STANDARD.encode(&text),
                    _ => percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string(),
                };
                is_base64 |= encoding < 2;
            }
            let logged = match place {
                0 => path(text.split('?').next().unwrap()).into_owned(),
                1 => path(&format!("/x/{}", text.split('?').next().unwrap())).into_owned(),
                2 => query(&format!("blend={text}")).unwrap_or_default(),
                _ => query(&format!("h=5&blend64={}&w=3", URL_SAFE_NO_PAD.encode(&text))).unwrap_or_default(),
            };
            let hidden = [URL_SAFE_NO_PAD.encode(secret), STANDARD.encode(secret)];
            prop_assert!(!logged.contains("SECRET"), "{}", logged);
            prop_assert!(hidden.iter().all(|hidden| !logged.contains(hidden.trim_end_matches('='))), "{}", logged);
        }

        #[test]
        fn nothing_panics(text: String) {
            let _ = (query(&text), path(&text), referer(&text), host(&text), agent(&text), bounded(&text, 7));
        }
    }
}
