//! Identities: [`ObjectKey`] of an original, [`VariantKey`] of a rendition.
//!
//! Originals, renditions, faces and remembered errors share one notion of what they belong to, so that all that was made of
//! an object can be found.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::plan::{Intent, PLAN_REVISION};

/// Keeps the hashes of each kind apart from those of the others and from any other use of SHA-256.
const OBJECT: &[u8] = b"tintype-object";
const VARIANT: &[u8] = b"tintype-variant";
const PARTS: &[u8] = b"tintype-parts";

/// SHA-256 over a source, the fingerprint of its settings and a decoded path.
///
/// `Display` is 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(pub [u8; 32]);

/// SHA-256 over an [`ObjectKey`] and what is made of the object.
///
/// `Display` is 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariantKey(pub [u8; 32]);

/// What an image that goes into another one comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKey {
    /// Nothing that may be served: its signature is wrong, or its time is over.
    Absent,
    /// The bytes of an original.
    Stored(ObjectKey),
    /// A rendition.
    Rendered(VariantKey),
}

impl ObjectKey {
    /// `source` is the name of the source and `fingerprint` that of its settings; `path` is decoded.
    #[must_use]
    pub fn new(source: &str, fingerprint: &[u8; 32], path: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(OBJECT);
        // Every field carries its length, so that no two sets of fields run together.
        for field in [source.as_bytes(), fingerprint, path.as_bytes()] {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        Self(hash.finalize().into())
    }
}

impl VariantKey {
    /// The key of `intent` for one object.
    ///
    /// Equal intents give equal keys: an intent is resolved, so order, aliases, `dl`, `expires`, `ixlib` and signatures left
    /// no trace in it, and the outcome of negotiation did. Fields with their default do not count ([`Intent::tagged`]).
    #[must_use]
    pub fn new(object: &ObjectKey, intent: &Intent) -> Self {
        let mut hash = Sha256::new();
        hash.update(VARIANT);
        hash.update(PLAN_REVISION.to_be_bytes());
        hash.update(object.0);
        intent.tagged(|bytes| hash.update(bytes));
        Self(hash.finalize().into())
    }

    /// The key of the same image with others in it, in the order that its plan names them.
    ///
    /// A plan holds where they are, not what is there: which hosts are ours, the defaults and the keys of other sources.
    #[must_use]
    pub fn with_parts(self, parts: &[PartKey]) -> Self {
        if parts.is_empty() {
            return self;
        }
        let mut hash = Sha256::new();
        hash.update(PARTS);
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

fn write_hexadecimal(bytes: &[u8; 32], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hexadecimal(&self.0, f)
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectKey({self})")
    }
}

impl fmt::Display for VariantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hexadecimal(&self.0, f)
    }
}

impl fmt::Debug for VariantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VariantKey({self})")
    }
}

#[cfg(test)]
mod tests;
