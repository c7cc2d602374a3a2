//! Cache keys: [`ObjectKey`] identifies an original, [`VariantKey`] a rendition.
//!
//! Originals, renditions, faces and remembered errors all refer to their object by the same key, so that everything
//! made from an object can be found.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::plan::{Intent, PLAN_REVISION};

/// Prefixes that separate the hashes of each kind from those of the others and from any other use of SHA-256.
const OBJECT: &[u8] = b"tintype-object";
const VARIANT: &[u8] = b"tintype-variant";
const PARTS: &[u8] = b"tintype-parts";

/// SHA-256 of a source, the fingerprint of its settings and a decoded path.
///
/// `Display` prints 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(pub [u8; 32]);

/// SHA-256 of an [`ObjectKey`] and what is made from the object.
///
/// `Display` prints 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariantKey(pub [u8; 32]);

/// What an image used inside another one resolves to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKey {
    /// Nothing that may be served: its signature is wrong, or it has expired.
    Absent,
    /// The bytes of an original.
    Stored(ObjectKey),
    /// A rendition.
    Rendered(VariantKey),
}

impl ObjectKey {
    /// Hashes the name of a source, the `fingerprint` of its settings, and a decoded `path`.
    #[must_use]
    pub fn new(source: &str, fingerprint: &[u8; 32], path: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(OBJECT);
        // Every field is preceded by its length, so that different fields never give the same bytes.
        for field in [source.as_bytes(), fingerprint, path.as_bytes()] {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        Self(hash.finalize().into())
    }
}

impl VariantKey {
    /// Returns the key of `intent` for one object.
    ///
    /// Equal intents give equal keys. An intent is resolved, so the order of parameters, aliases, `dl`, `expires`,
    /// `ixlib` and signatures leave no trace in it, but the outcome of negotiation does. Fields that have their default
    /// do not count ([`Intent::tagged`]).
    #[must_use]
    pub fn new(object: &ObjectKey, intent: &Intent) -> Self {
        let mut hash = Sha256::new();
        hash.update(VARIANT);
        hash.update(PLAN_REVISION.to_be_bytes());
        hash.update(object.0);
        hash.update(intent.tagged());
        Self(hash.finalize().into())
    }

    /// Returns the key of the same image with other images in it, in the order in which its plan names them.
    ///
    /// A plan says where the other images are, not what is there: that depends on our hosts, the defaults and the keys
    /// of other sources.
    #[must_use]
    pub fn with_parts(self, parts: &[PartKey]) -> Self {
        if parts.is_empty() {
            return self;
        }
        let mut hash = Sha256::new();
        hash.update(PARTS);
        hash.update(self.0);
        // All parts have the same length, so that different lists never give the same bytes.
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
