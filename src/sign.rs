//! Creates and verifies URL signatures. Pure: no clock and no I/O; the caller supplies `now` to check expiry.
//!
//! Both schemes authenticate the request target *as sent*: nothing is decoded, sorted or normalised before it is
//! hashed, because official clients disagree on encodings and because decoding first would allow length extension of
//! MD5 (`signing.md` 1.2 and 5). For the same reason, bytes outside 0x21 to 0x7E are forbidden.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::config::{Secret, SignScheme, Signing};
use crate::param::{self, Expires};

/// First line of the text that `hmac-sha256` authenticates, so that a key shared with another program cannot be used to
/// sign for it.
const HMAC_LABEL: &[u8] = b"tintype-v1\n";

/// A request target as it arrived, split at its first `?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// From the first slash after the host up to the query, still percent-encoded.
    pub path: &'a str,
    /// What follows the first `?`; `None` if there is none.
    pub query: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// Splits a raw path and query.
    #[must_use]
    pub fn split(path_and_query: &'a str) -> Self {
        match path_and_query.split_once('?') {
            Some((path, query)) => Self { path, query: Some(query) },
            None => Self { path: path_and_query, query: None },
        }
    }

    /// Returns whether the target starts with a slash and contains only printable ASCII. Without the slash, token `ab`
    /// with path `c/x` and token `abc` with path `/x` would share a signature. Without the byte range, MD5 padding
    /// could be sent raw.
    fn is_well_formed(&self) -> bool {
        let printable = |text: &str| text.bytes().all(|byte| (0x21..=0x7E).contains(&byte));
        self.path.starts_with('/') && printable(self.path) && self.query.is_none_or(printable)
    }
}

/// Why a request target is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// A signature is required, and there is none that the source accepts.
    #[error("signature missing")]
    Missing,
    /// The signature is wrong, has another length or alphabet, is there twice, or is not the last parameter.
    #[error("signature invalid")]
    Invalid,
    /// The target has bytes outside 0x21 to 0x7E, or no leading slash: a mistake of the client, whatever the signature
    /// is.
    #[error("request target malformed")]
    Malformed,
}

/// Verifies the signature of `target` for the source named `source`.
///
/// If signatures are off, `s` and `sig` are ignored and only the form of the target is checked. If both schemes are
/// allowed, the last parameter decides which one applies. Every key is tried, without early exit.
///
/// # Errors
/// Returns a [`SignError`]. Expiry is checked afterwards, with [`time_left`].
pub fn verify(target: &Target<'_>, source: &str, signing: &Signing) -> Result<(), SignError> {
    if !target.is_well_formed() {
        return Err(SignError::Malformed);
    }
    if !signing.required {
        return Ok(());
    }
    let query = target.query.unwrap_or_default();
    let (rest, last) = query.rsplit_once('&').unwrap_or(("", query));
    let allowed = || signing.schemes.iter().copied();
    let Some((scheme, given)) = allowed().find_map(|scheme| Some((scheme, value_of(last, scheme)?))) else {
        let misplaced = allowed().any(|scheme| holds_signature(query, scheme));
        return Err(if misplaced { SignError::Invalid } else { SignError::Missing });
    };
    if holds_signature(rest, scheme) {
        return Err(SignError::Invalid);
    }
    if matches_any_key(given, target.path, rest, source, scheme, &signing.keys).into() {
        Ok(())
    } else {
        Err(SignError::Invalid)
    }
}

/// Signs a raw path and query and returns them with the signature as the last parameter. Replaces an earlier signature
/// of the same scheme, and drops a `?` with nothing after it.
#[must_use]
pub fn sign(path_and_query: &str, source: &str, scheme: SignScheme, key: &[u8]) -> String {
    let target = Target::split(path_and_query);
    let kept: Vec<&str> =
        target.query.unwrap_or_default().split('&').filter(|piece| !holds_signature(piece, scheme)).collect();
    let query = kept.join("&");
    let signature = signature(target.path, &query, source, scheme, key);
    let joint = if query.is_empty() { "" } else { "&" };
    format!("{path}?{query}{joint}{name}={signature}", path = target.path, name = parameter(scheme))
}

/// The URL has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the URL has expired")]
pub struct Expired;

/// Returns how long a URL with this `expires` is still valid at `now_unix` (seconds since 1970); `None` means forever.
///
/// A value that is not a number counts as expired if the URL must be signed, because the signature shows that it was
/// intended (`signing.md` 3). On an unsigned URL it is only an invalid parameter.
///
/// # Errors
/// Returns [`Expired`] from the second that `expires` names.
pub const fn time_left(
    expires: Option<Expires>,
    now_unix: u64,
    signing: &Signing,
) -> Result<Option<Duration>, Expired> {
    match expires {
        Some(Expires::At(end)) if now_unix >= end => Err(Expired),
        Some(Expires::At(end)) => Ok(Some(Duration::from_secs(end - now_unix))),
        Some(Expires::Unparseable) if signing.required => Err(Expired),
        Some(Expires::Unparseable) | None => Ok(None),
    }
}

/// Returns the name of the parameter that carries a scheme's signature.
#[must_use]
pub const fn parameter(scheme: SignScheme) -> &'static str {
    match scheme {
        SignScheme::Imgix => param::IMGIX_SIGNATURE,
        SignScheme::HmacSha256 => param::HMAC_SIGNATURE,
    }
}

/// Returns the signature in `piece`, or `None` if it is not the parameter of `scheme`.
fn value_of(piece: &str, scheme: SignScheme) -> Option<&str> {
    piece.strip_prefix(parameter(scheme))?.strip_prefix('=')
}

/// Returns whether any `&`-separated piece of `query` is the scheme's parameter, with or without a value.
fn holds_signature(query: &str, scheme: SignScheme) -> bool {
    query.split('&').any(|piece| piece == parameter(scheme) || value_of(piece, scheme).is_some())
}

/// Compares the signature as text, not as decoded bytes, so that upper-case hex, padding and stray trailing bits fail
/// without a separate rule. The length is public; the rest is compared in constant time.
fn matches_any_key(given: &str, path: &str, query: &str, source: &str, scheme: SignScheme, keys: &[Secret]) -> Choice {
    keys.iter().map(Secret::expose).fold(Choice::from(0), |matched, key| {
        let expected = signature(path, query, source, scheme, &key);
        // An empty key would let anyone sign. The configuration refuses it, and so does this code.
        let usable = Choice::from(u8::from(!key.is_empty()));
        matched | (usable & expected.as_bytes().ct_eq(given.as_bytes()))
    })
}

/// Returns the signature as text: 32 lower-case hex digits, or 43 characters of base64url without padding.
fn signature(path: &str, query: &str, source: &str, scheme: SignScheme, key: &[u8]) -> String {
    let mark: &[u8] = if query.is_empty() { b"" } else { b"?" };
    let target = [path.as_bytes(), mark, query.as_bytes()];
    match scheme {
        SignScheme::Imgix => {
            let mut hash = Md5::new();
            hash.update(key);
            target.iter().for_each(|part| hash.update(part));
            hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
        }
        SignScheme::HmacSha256 => {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
            mac.update(HMAC_LABEL);
            mac.update(source.as_bytes());
            mac.update(b"\n");
            target.iter().for_each(|part| mac.update(part));
            URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Token, unsigned path and query, signature: the vectors of `signing.md` 4, from official clients' tests.
    #[rustfmt::skip]
    const VECTORS: &[(&str, &str, &str)] = &[
        // no query: sign token + path
        ("FOO123bar", "/users/1.png", "6797c24146142d5b40bde3141fd3600c"),
        // order as sent, not sorted
        ("FOO123bar", "/users/1.png?w=400&h=300", "c7b86f666a832434dd38577e38cf86d1"),
        // web proxy, encoded form is signed
        ("FOO123bar", "/http%3A%2F%2Favatars.com%2Fjohn-smith.png", "493a52f008c91416351f8b33d4883135"),
        // web proxy with query
        ("FOO123bar", "/http%3A%2F%2Favatars.com%2Fjohn-smith.png?h=300&w=400", "a201fe1a3caef4944dcb40f6ce99e746"),
        // web proxy, non-ASCII origin path
        ("FOO123bar", "/http%3A%2F%2Favatars.com%2F%E3%81%A7%E3%81%AE%E3%83%91.png", "8e04a5dd9a659a6a540d7c817d3df1d3"),
        // one parameter
        ("10adc394", "/images/demo.png?w=200", "da421114ca238d1f4a927b889f67c34e"),
        // parameter without =; do not add one
        ("10adc394", "/images/demo.png?mark", "6ca2720a15de7ec9862650cca69ad96d"),
        // encoded brackets
        ("10adc394", "/%5Bimages%5D/demo.png", "270832685733a36ba02bd8ab9fd72df5"),
        // space, brackets, literal percent
        ("10adc394", "/%20%3C%3E%5B%5D%7B%7D%7C%5C%5E%25.jpg?h=200&w=200", "1731846fd046c84270d052b1152b0cfa"),
        // host and scheme play no part: same signature on demo.imgix.net
        ("test1234", "/bridge.png?h=100&w=100", "bb8f3a2ab832e35997456823272103a4"),
        // the origin URL has its own query, inside the path
        ("test1234", "/https%3A%2F%2Fmy-demo-site.com%2Ffiles%2F133467012%2Favatar%20icon.png%3Fsome%3Dchill%26params%3D1", "bbc73c61ebc739337b852ff8423a1da9"),
        // literal + in the path, pre-encoded
        ("abcde1234", "/file+with%20some+crazy%20things.jpg", "4aadfc1a58f27729a41d05831c52116f"),
        // double encoding must survive
        ("qN5VOqaLGQUFzETO", "/http%3A%2F%2Ffiles.paulstraw.com%2F%25D8%25B3%25D8%25A7%25D9%2586%25D8%25AF%25D9%2588%25DB%258C%25DA%2586.jpg", "aaecb132495341b884a0d8e35a51ae11"),
        // mixed-case token
        ("aaAAbbBB11223344", "/gaiman.jpg?w=500&h=1000", "fc4afbc39b6741560717142aeada876c"),
        // mixed-case token
        ("EHFQXiZhxP4wA2c4", "/dog.jpg?bri=50", "3b293930d9c288fb788657fd9ed8164f"),
        // encoded colon in a value
        ("my-token", "/bridge.png?ar=3%3A2&dpr=1&fit=crop&h=200", "4c79373f535df7e2594a8f6622ec6631"),
    ];

    fn signing(schemes: &[SignScheme], keys: &[&str]) -> Signing {
        let keys = keys.iter().map(|key| Secret::new(key.as_bytes().to_vec())).collect();
        Signing { required: true, schemes: schemes.to_vec(), keys }
    }

    fn check_with(signing: &Signing, url: &str, expected: Result<(), SignError>) {
        assert_eq!(verify(&Target::split(url), "photos", signing), expected, "{url}");
    }

    /// Verifies `url` against scheme `imgix` with the token of the published examples.
    fn check(url: &str, expected: Result<(), SignError>) {
        check_with(&signing(&[SignScheme::Imgix], &["FOO123bar"]), url, expected);
    }

    #[test]
    fn every_published_vector_is_made_and_verified() {
        for (token, url, s) in VECTORS {
            let signed = sign(url, "any", SignScheme::Imgix, token.as_bytes());
            let separator = if url.contains('?') { '&' } else { '?' };
            assert_eq!(signed, format!("{url}{separator}s={s}"));
            check_with(&signing(&[SignScheme::Imgix], &["another", token, "a third"]), &signed, Ok(()));
            check_with(&signing(&[SignScheme::Imgix], &["another"]), &signed, Err(SignError::Invalid));
        }
    }

    #[test]
    fn any_change_to_a_signed_url_is_refused() {
        const S: &str = "c7b86f666a832434dd38577e38cf86d1";
        let invalid = Err(SignError::Invalid);
        check(&format!("/users/1.png?w=400&h=300&s={S}"), Ok(()));
        // another order, an edited value, another path
        check(&format!("/users/1.png?h=300&w=400&s={S}"), invalid);
        check(&format!("/users/1.png?w=401&h=300&s={S}"), invalid);
        check(&format!("/users/2.png?w=400&h=300&s={S}"), invalid);
        // not last, doubled, bare
        check(&format!("/users/1.png?s={S}&w=400&h=300"), invalid);
        check(&format!("/users/1.png?w=400&s={S}&h=300"), invalid);
        check(&format!("/users/1.png?w=400&h=300&s={S}&s={S}"), invalid);
        check(&format!("/users/1.png?w=400&h=300&s={S}&s"), invalid);
        check(&format!("/users/1.png?w=400&h=300&s={S}&"), invalid);
        // another text for the same digest
        check(&format!("/users/1.png?w=400&h=300&s={}", S.to_uppercase()), invalid);
        check(&format!("/users/1.png?w=400&h=300&s={}", &S[..31]), invalid);
        check(&format!("/users/1.png?w=400&h=300&s={S}0"), invalid);
        check(&format!("/users/1.png?w=400&h=300&s={S}%20"), invalid);
        check("/users/1.png?w=400&h=300&s=", invalid);
        check("/users/1.png?w=400&h=300&s=c7b86f666a832434dd38577e38cf86d0", invalid);
        // none, or under another name
        check("/users/1.png?w=400&h=300", Err(SignError::Missing));
        check("/users/1.png", Err(SignError::Missing));
        check("/users/1.png?", Err(SignError::Missing));
        check(&format!("/users/1.png?w=400&h=300&S={S}"), Err(SignError::Missing));
        check(&format!("/users/1.png?w=400&h=300&%73={S}"), Err(SignError::Missing));
        check(&format!("/users/1.png?w=400&h=300&ss={S}"), Err(SignError::Missing));
    }

    #[test]
    fn equivalent_spellings_are_not_equivalent() {
        // `=` added to a bare name, an escape decoded, a question mark hashed for an empty query
        check_with(
            &signing(&[SignScheme::Imgix], &["10adc394"]),
            "/images/demo.png?mark=&s=6ca2720a15de7ec9862650cca69ad96d",
            Err(SignError::Invalid),
        );
        check_with(
            &signing(&[SignScheme::Imgix], &["10adc394"]),
            "/[images]/demo.png?s=270832685733a36ba02bd8ab9fd72df5",
            Err(SignError::Invalid),
        );
        let with_mark: String =
            Md5::digest(b"FOO123bar/users/1.png?").iter().map(|byte| format!("{byte:02x}")).collect();
        check(&format!("/users/1.png?s={with_mark}"), Err(SignError::Invalid));
        // the stale sample of imgix-java's README
        check_with(
            &signing(&[SignScheme::Imgix], &["my-token"]),
            "/bridge.png?w=7401&s=503e3ba04588f1c301863c9a5d84fe91",
            Err(SignError::Invalid),
        );
    }

    #[test]
    fn bytes_that_could_carry_md5_padding_are_malformed_even_unsigned() {
        let off = Signing { required: false, schemes: vec![SignScheme::Imgix], keys: vec![] };
        for target in
            ["/a\u{80}b.png", "/a.png?w=1\0", "/a b.png", "/a.png?w=\u{7f}", "/\u{e9}.png", "a.png", "", "?s=1"]
        {
            check(target, Err(SignError::Malformed));
            check_with(&off, target, Err(SignError::Malformed));
        }
    }

    #[test]
    fn length_extension_needs_bytes_that_are_refused() {
        // An attacker can compute the digest of message || padding || suffix. Sent raw, that is malformed; sent
        // percent-encoded, the escapes are hashed, which is another message.
        let escaped = "/users/1.png?w=400%80%00%00%00%00%00%00%00&w=5000&s=c7b86f666a832434dd38577e38cf86d1";
        check(escaped, Err(SignError::Invalid));
        let raw = "/users/1.png?w=400\u{80}\0\0&w=5000&s=c7b86f666a832434dd38577e38cf86d1";
        check(raw, Err(SignError::Malformed));
    }

    #[test]
    fn hmac_covers_label_source_path_and_query() {
        let hmac = signing(&[SignScheme::HmacSha256], &["old", "0123456789abcdef"]);
        // printf 'tintype-v1\nphotos\n/a/b.jpg?w=300' | openssl dgst -sha256 -hmac 0123456789abcdef -binary | basenc --base64url
        let url = "/a/b.jpg?w=300&sig=02yrBmT25IwwfJQvZ97kLPJj9fNSaPo7TNHO6G7AoCw";
        check_with(&hmac, url, Ok(()));
        check_with(&hmac, "/a/b.jpg?sig=bNFtpqfX11GLs7m6CTzD_CGMpEJK2mTCE-aZUJtus9s", Ok(()));
        assert_eq!(sign("/a/b.jpg?w=300", "photos", SignScheme::HmacSha256, b"0123456789abcdef"), url);
        assert_eq!(verify(&Target::split(url), "other", &hmac), Err(SignError::Invalid), "bound to its source");
        check_with(&hmac, &format!("{url}="), Err(SignError::Invalid));
        check_with(&hmac, &url.replace("w=300", "w=301"), Err(SignError::Invalid));
        check_with(&hmac, &url.replace("?w=300&sig", "?sig"), Err(SignError::Invalid));
        check_with(&hmac, "/a/b.jpg?w=300&s=6ca2720a15de7ec9862650cca69ad96d", Err(SignError::Missing));
    }

    #[test]
    fn with_both_schemes_the_last_parameter_decides() {
        let both = signing(&[SignScheme::Imgix, SignScheme::HmacSha256], &["0123456789abcdef"]);
        let key = b"0123456789abcdef";
        let by_md5 = sign("/a.jpg?w=1", "photos", SignScheme::Imgix, key);
        let by_hmac = sign("/a.jpg?w=1", "photos", SignScheme::HmacSha256, key);
        check_with(&both, &by_md5, Ok(()));
        check_with(&both, &by_hmac, Ok(()));
        check_with(&both, &sign(&by_md5, "photos", SignScheme::HmacSha256, key), Ok(()));
        check_with(&both, &format!("{by_hmac}&s=6ca2720a15de7ec9862650cca69ad96d"), Err(SignError::Invalid));
        check_with(&signing(&[SignScheme::HmacSha256], &["0123456789abcdef"]), &by_md5, Err(SignError::Missing));
        check_with(&signing(&[SignScheme::Imgix], &["0123456789abcdef"]), &by_hmac, Err(SignError::Missing));
    }

    #[test]
    fn off_ignores_signatures_and_no_usable_key_accepts_none() {
        let off = Signing { required: false, schemes: vec![SignScheme::Imgix], keys: vec![] };
        check_with(&off, "/a.jpg?s=nonsense&w=1&sig=more", Ok(()));
        for keys in [&[][..], &[""]] {
            let url = sign("/a.jpg", "photos", SignScheme::Imgix, b"");
            check_with(&signing(&[SignScheme::Imgix], keys), &url, Err(SignError::Invalid));
        }
    }

    #[test]
    fn signing_again_replaces_the_signature() {
        let once = sign("/a.jpg?w=1", "photos", SignScheme::Imgix, b"key");
        assert_eq!(sign(&once, "photos", SignScheme::Imgix, b"key"), once);
        let bare = sign("/a.jpg?", "photos", SignScheme::Imgix, b"key");
        assert_eq!(bare, sign("/a.jpg", "photos", SignScheme::Imgix, b"key"));
    }

    #[test]
    fn a_url_expires_at_the_second_it_names() {
        let signed = signing(&[SignScheme::Imgix], &["0123456789abcdef"]);
        let unsigned = Signing { required: false, ..signed.clone() };
        let left = |expires, now| time_left(Some(expires), now, &signed);
        let seconds = |count| Ok(Some(Duration::from_secs(count)));
        assert_eq!(left(Expires::At(100), 99), seconds(1));
        assert_eq!(left(Expires::At(100), 100), Err(Expired));
        assert_eq!(left(Expires::At(0), 0), Err(Expired));
        assert_eq!(left(Expires::At(u64::MAX), u64::MAX - 1), seconds(1));
        assert_eq!(left(Expires::Unparseable, 0), Err(Expired));
        assert_eq!(time_left(Some(Expires::Unparseable), 0, &unsigned), Ok(None));
        assert_eq!(time_left(Some(Expires::At(5)), 5, &unsigned), Err(Expired));
        assert_eq!(time_left(None, 0, &signed), Ok(None));
    }

    fn schemes() -> impl Strategy<Value = SignScheme> {
        prop_oneof![Just(SignScheme::Imgix), Just(SignScheme::HmacSha256)]
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies(path in "/[!->@-~]{0,40}", query in proptest::option::of("[!-~]{0,60}"),
                                   key in "[ -~]{1,24}", scheme in schemes()) {
            let url = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
            let signed = sign(&url, "photos", scheme, key.as_bytes());
            let signing = signing(&[SignScheme::Imgix, SignScheme::HmacSha256], &["wrong", &key]);
            prop_assert_eq!(verify(&Target::split(&signed), "photos", &signing), Ok(()));
        }

        #[test]
        fn any_changed_byte_fails(path in "/[!->@-~]{0,20}", query in "([a-z]=[0-9a-z&%.]{0,9}){0,4}", scheme in schemes(),
                                  at in any::<proptest::sample::Index>(), byte in 0_u8..0x80) {
            let signed = sign(&format!("{path}?{query}"), "photos", scheme, b"key");
            let mut changed = signed.clone().into_bytes();
            let at = at.index(changed.len());
            prop_assume!(changed[at] != byte);
            changed[at] = byte;
            let changed = String::from_utf8(changed).expect("ASCII");
            let signing = signing(&[SignScheme::Imgix, SignScheme::HmacSha256], &["key"]);
            prop_assert!(verify(&Target::split(&changed), "photos", &signing).is_err(), "{}", changed);
        }

        #[test]
        fn no_target_panics(target in any::<String>()) {
            let signing = signing(&[SignScheme::Imgix, SignScheme::HmacSha256], &["key"]);
            prop_assert!(verify(&Target::split(&target), "photos", &signing).is_err());
        }
    }
}
