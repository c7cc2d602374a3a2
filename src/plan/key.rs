//! [`VariantKey`]: the identity of a rendition, a hash of what decides its bytes.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::types::Intent;

/// Raised whenever the same plan would give other pixels or bytes than before, so that stored renditions retire.
pub const PLAN_REVISION: u32 = 2;

/// Keeps these hashes apart from any other use of SHA-256.
const DOMAIN: &[u8] = b"tintype-variant";
/// The same for keys of pictures that others go into.
const DOMAIN_PARTS: &[u8] = b"tintype-parts";

/// SHA-256 over source, source version, object and resolved intent.
///
/// `Display` is 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VariantKey(pub [u8; 32]);

impl fmt::Display for VariantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for VariantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VariantKey({self})")
    }
}

/// What a picture that goes into another one comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKey {
    /// Nothing that may be served: its signature is wrong, its time is over.
    Absent,
    /// The bytes of an original.
    Stored(VariantKey),
    /// A rendition.
    Rendered(VariantKey),
}

impl VariantKey {
    /// The key of the same picture with others in it, in the order that its plan names them.
    ///
    /// A plan holds where they are, not what is there: which hosts are ours, the defaults and the keys of other sources.
    #[must_use]
    pub fn with_parts(self, parts: &[PartKey]) -> Self {
        if parts.is_empty() {
            return self;
        }
        let mut hash = Sha256::new();
        hash.update(DOMAIN_PARTS);
        hash.update(self.0);
        // Each has the same length, so that no two lists run together.
        for part in parts {
            let (tag, key) = match part {
                PartKey::Absent => (0, [0; 32]),
                PartKey::Stored(key) => (1, key.0),
                PartKey::Rendered(key) => (2, key.0),
            };
            hash.update([tag]);
            hash.update(key);
        }
        Self(hash.finalize().into())
    }
}

impl Intent {
    /// The key of this intent for one object.
    ///
    /// `source_version` is a digest of what the source's configuration contributes to the bytes; `object` is the decoded
    /// path. Equal intents give equal keys: an intent is resolved, so order, aliases, `dl`, `expires`, `ixlib` and
    /// signatures left no trace in it, and the outcome of negotiation did. Every field carries its length, so that no
    /// two sets of fields run together.
    #[must_use]
    pub fn key(&self, source: &str, source_version: &[u8; 32], object: &str) -> VariantKey {
        let intent = postcard::to_stdvec(self).expect("a plan holds nothing that postcard cannot write");
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        hash.update(PLAN_REVISION.to_be_bytes());
        for field in [source.as_bytes(), source_version, object.as_bytes(), &intent] {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        VariantKey(hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::Limits;
    use crate::plan::examples::properties::any_params;
    use crate::plan::resolve::resolve_params;
    use crate::plan::{Negotiation, resolve};

    const VERSION: [u8; 32] = [7; 32];

    fn intent(params: &crate::param::Params, negotiation: &Negotiation) -> Intent {
        resolve_params(params, true, negotiation, &Limits::default()).intent
    }

    #[test]
    fn fields_do_not_run_together() {
        let key = |source: &str, object: &str| Intent::PassThrough.key(source, &VERSION, object);
        assert_eq!(key("a", "/b"), key("a", "/b"));
        assert_ne!(key("a", "/b"), key("a/", "b"));
        assert_ne!(key("a", "/b"), key("a", "/c"));
        assert_ne!(key("a", "/b"), Intent::PassThrough.key("a", &[8; 32], "/b"));
    }

    #[test]
    fn every_part_counts_and_its_place() {
        use PartKey::{Absent, Rendered, Stored};
        let (base, part) = (VariantKey([1; 32]), VariantKey([2; 32]));
        let lists: [&[PartKey]; 7] = [
            &[],
            &[Absent],
            &[Stored(part)],
            &[Rendered(part)],
            &[Rendered(base)],
            &[Absent, Stored(part)],
            &[Stored(part), Absent],
        ];
        let keys: std::collections::BTreeSet<_> = lists.iter().map(|parts| base.with_parts(parts)).collect();
        assert_eq!(keys.len(), lists.len());
        assert_eq!(base.with_parts(&[]), base);
    }

    #[test]
    fn display_is_hexadecimal() {
        let mut bytes = [0; 32];
        (bytes[0], bytes[31]) = (0xab, 1);
        assert_eq!(VariantKey(bytes).to_string(), format!("ab{}01", "0".repeat(60)));
    }

    #[test]
    fn only_the_outcome_of_negotiation_counts() {
        let mut params = crate::param::Params::default();
        params.format.auto.format = true;
        let key = |negotiation| intent(&params, &negotiation).key("s", &VERSION, "/o");
        let webp = Negotiation { webp: true, ..Negotiation::default() };
        let avif = Negotiation { avif: true, ..webp };
        assert_ne!(key(webp), key(avif));
        assert_ne!(key(webp), key(Negotiation::default()));
        params.format.auto.format = false;
        params.format.dl = Some("name.jpg".to_owned());
        let named = intent(&params, &avif).key("s", &VERSION, "/o");
        params.format.dl = None;
        params.control.expires = Some(crate::param::Expires::At(1));
        assert_eq!(named, intent(&params, &Negotiation::default()).key("s", &VERSION, "/o"));
    }

    #[test]
    fn spelling_order_and_delivery_do_not_count() {
        let key = |query: &str| {
            let parsed = crate::param::parse(query, &[]).unwrap();
            resolve(&parsed, &Negotiation::default(), &Limits::default()).intent.key("s", &VERSION, "/o")
        };
        let plain = key("w=300&fit=crop&bg=f00");
        for same in [
            "bg=f00&fit=crop&w=300",
            "width=300&fit=crop&bg=ffff0000",
            "w64=MzAw&fit=crop&bg=red",
            "w=300&fit=crop&bg=f00&dl=a.jpg&ixlib=x&unknown=1",
            "w=300&fit=crop&bg=f00&expires=99&s=0123456789abcdef0123456789abcdef",
            "w=7&w=300&fit=crop&bg=%23FF0000&fp-x=0.2&dpr=1&q=75",
        ] {
            assert_eq!(key(same), plain, "{same}");
        }
        for other in ["w=301&fit=crop&bg=f00", "w=300&bg=f00", "w=300&fit=crop", "w=300&fit=crop&bg=f00&q=74"] {
            assert_ne!(key(other), plain, "{other}");
        }
    }

    proptest! {
        #[test]
        fn keys_are_equal_iff_plans_are(a in any_params(), b in any_params(), swap in any::<bool>()) {
            // Two independent draws are seldom equal: half the time only what is outside the plan differs.
            let mut c = if swap { b } else { a.clone() };
            c.format.dl_bare = true;
            c.control.expires = Some(crate::param::Expires::Unparseable);
            let none = Negotiation::default();
            let (a, c) = (intent(&a, &none), intent(&c, &none));
            let same = a.key("s", &VERSION, "/o") == c.key("s", &VERSION, "/o");
            prop_assert_eq!(same, a == c);
            if !swap {
                prop_assert!(same);
            }
        }

        #[test]
        fn plans_survive_the_worker_protocol(params in any_params()) {
            let intent = intent(&params, &Negotiation::default());
            let bytes = postcard::to_stdvec(&intent).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Intent>(&bytes).unwrap(), intent);
        }
    }
}
