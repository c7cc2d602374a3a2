//! Any text is a request target: verifying it never panics, never succeeds without the key, and whatever is signed
//! verifies.
//!
//! `cargo +nightly fuzz run signature`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype::config::{Secret, SignScheme, Signing};
use tintype::sign::{SignError, Target, sign, verify};

const KEY: &[u8] = b"0123456789abcdef";

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let schemes = [SignScheme::Imgix, SignScheme::HmacSha256];
    let signing = Signing { required: true, schemes: schemes.to_vec(), keys: vec![Secret::new(KEY.to_vec())] };
    // The corpus contains no signature made with the key, and nobody finds one by chance.
    assert!(verify(&Target::split(&text), "photos", &signing).is_err());
    for scheme in schemes {
        let signed = sign(&text, "photos", scheme, KEY);
        let well_formed = signed.starts_with('/') && signed.bytes().all(|byte| (0x21..=0x7E).contains(&byte));
        let expected = if well_formed { Ok(()) } else { Err(SignError::Malformed) };
        assert_eq!(verify(&Target::split(&signed), "photos", &signing), expected, "{signed}");
    }
});
