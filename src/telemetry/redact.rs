//! What of a request may be written down: no signature, no token, no `expires`, no password.
//!
//! Parameters are let through by name, from the table, because no list of names that look secret is ever complete.
//! Values and paths can be URLs of other servers, encoded any number of times or in base64; of those the log keeps scheme,
//! host and path.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;

use crate::config::ClientIp;
use crate::param;

/// Of the control parameters only this one says something worth keeping: which client library made the URL.
const SECRET: [&str; 3] = ["s", "sig", "expires"];

/// Rounds of decoding before a value counts as one that hides something.
const DECODINGS_MAX: usize = 8;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The query with only what may be written down, or `None` when that is nothing. Base64 twins are written decoded, under
/// their plain name.
pub(super) fn query(raw: &str) -> Option<String> {
    let pieces: Vec<String> = raw.split('&').filter_map(parameter).collect();
    (!pieces.is_empty()).then(|| pieces.join("&"))
}

/// The path; of a proxied URL without user, password, query and fragment.
pub(super) fn path(raw: &str) -> Cow<'_, str> {
    match scrubbed(raw) {
        Scrubbed::Untouched => Cow::Borrowed(raw),
        Scrubbed::Cut(rest) => Cow::Owned(rest),
    }
}

/// The client's address, as much of it as the operator wants to keep.
pub(super) fn client(address: IpAddr, keep: ClientIp) -> Option<IpAddr> {
    // Otherwise the last four bytes of ::ffff:a.b.c.d would survive as IPv6.
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

/// Scheme, host and port of a referring page; its path and query may be private.
pub(super) fn referer(raw: &str) -> Option<String> {
    let origin = url::Url::parse(raw).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

/// A host name as sent, if it is one.
pub(super) fn host(raw: &str) -> Option<&str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    (raw.len() <= 255 && raw.bytes().all(allowed)).then_some(raw)
}

/// Cuts text to at most `bytes_max`, between characters.
pub(super) fn bounded(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// One `&`-separated piece, unless its name is unknown or its value not for writing down.
fn parameter(piece: &str) -> Option<String> {
    let (name, value) = match piece.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (piece, None),
    };
    let name = percent_decode_str(name).decode_utf8().ok()?;
    let (spec, is_base64) = param::spelled(&name)?;
    if SECRET.contains(&spec.name) {
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
    /// Nothing in it can be a secret of another server.
    Untouched,
    /// This is left of it, decoded.
    Cut(String),
}

/// Takes user, password, query and fragment out of what may be a URL, at every level of percent-encoding: what is
/// escaped at one level (a slash in a password) is structure at the next.
fn scrubbed(raw: &str) -> Scrubbed {
    let mut text = raw.to_owned();
    let mut is_cut = false;
    for _ in 0..DECODINGS_MAX {
        let end = text.find(['?', '#']).unwrap_or(text.len());
        let kept = without_userinfo(&text[..end]);
        is_cut |= kept != text;
        let next = percent_decode_str(&kept).decode_utf8_lossy().into_owned();
        if next == kept {
            return if is_cut { Scrubbed::Cut(kept) } else { Scrubbed::Untouched };
        }
        text = next;
    }
    Scrubbed::Cut(String::new())
}

/// Removes `user:password@` behind a scheme, wherever URL parsers would see one: they take any number of slashes, either
/// way round, and ignore tabs and line ends.
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

/// Length of a leading `http:` or `https:`, which need not be followed by a slash.
fn scheme_len(segment: &str) -> usize {
    let is = |scheme: &&str| segment.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    ["http:", "https:"].iter().find(|scheme| is(scheme)).map_or(0, |scheme| scheme.len())
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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
    }

    proptest! {
        #[test]
        fn no_secret_survives_any_number_of_encodings(rounds in 0_usize..12, single_slash: bool, in_value: bool, base64: bool) {
            let mut text = format!("https:/{}ann:SECRET@host.example/a.png?sig=SECRET#SECRET", if single_slash { "" } else { "/" });
            if base64 && in_value {
                text = URL_SAFE_NO_PAD.encode(&text);
            }
            for _ in 0..rounds {
                text = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
            }
            let name = if base64 { "blend64" } else { "blend" };
            let logged = if in_value { query(&format!("{name}={text}")).unwrap_or_default() } else {
                path(text.split('?').next().unwrap()).into_owned()
            };
            prop_assert!(!logged.contains("SECRET"), "{}", logged);
        }

        #[test]
        fn nothing_panics(text: String) {
            let _ = (query(&text), path(&text), referer(&text), host(&text), bounded(&text, 7));
        }
    }
}
