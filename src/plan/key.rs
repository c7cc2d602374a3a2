//! [`VariantKey`]: the identity of a rendition, a hash of what decides its bytes.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::types::Intent;

/// Raised whenever the same plan would give other pixels or bytes than before, so that stored renditions retire.
pub const PLAN_REVISION: u32 = 1;

/// Keeps these hashes apart from any other use of SHA-256.
const DOMAIN: &[u8] = b"tintype-variant";

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
