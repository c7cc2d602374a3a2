//! [`Variant`]: one image to be made, with all the images that go into it, and its identity.

use std::sync::Arc;

use super::Site;
use crate::cache::{ObjectKey, PartKey, VariantKey};
use crate::plan::{Intent, OverlayRole};

/// One variant of one object: everything that the rendering task needs. Owned, because that task outlives the request
/// that started it.
///
/// A render reads only this struct and the configuration, and `key` covers everything in this struct. So nothing else
/// that a client sends, least of all the host it used, can influence what is cached for everyone.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Where the original is.
    pub site: Arc<Site>,
    /// Decoded path of the original.
    pub object: String,
    /// What to make of it.
    pub intent: Intent,
    /// The images that go into it, in the order of [`Plan::overlays`](crate::plan::Plan::overlays).
    pub(super) parts: Vec<Part>,
    /// Identity of the object.
    pub object_key: ObjectKey,
    /// Identity of the result.
    pub key: VariantKey,
}

/// An image that goes into another one.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Its role in the outer image.
    pub(super) role: OverlayRole,
    /// Where it comes from; `None` if its location names nothing that may be served.
    pub(super) origin: Option<Origin>,
}

/// Where a part comes from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// A stored object, unchanged.
    Stored(Variant),
    /// A rendition of one of our own sources, and the Unix second at which its URL expires.
    Rendered(Variant, Option<u64>),
}

impl Variant {
    /// Creates the variant that passes an original through unchanged.
    pub(super) fn stored(site: Arc<Site>, object: String) -> Self {
        Self::new(site, object, Intent::PassThrough, Vec::new())
    }

    /// Creates a variant and computes its keys.
    pub(super) fn new(site: Arc<Site>, object: String, intent: Intent, parts: Vec<Part>) -> Self {
        let keys: Vec<PartKey> = parts.iter().map(Part::key).collect();
        let object_key = site.object_key(&object);
        let key = VariantKey::new(&object_key, &intent).with_parts(&keys);
        Self { site, object, intent, parts, object_key, key }
    }

    /// Returns the objects that the result is made of: its own first, then those that go into it.
    pub(super) fn objects(&self) -> Vec<ObjectKey> {
        let parts = self.parts.iter().filter_map(|part| part.origin.as_ref());
        let inner = parts.flat_map(|(Origin::Stored(variant) | Origin::Rendered(variant, _))| variant.objects());
        std::iter::once(self.object_key).chain(inner).collect()
    }
}

impl Part {
    fn key(&self) -> PartKey {
        match &self.origin {
            None => PartKey::Absent,
            Some(Origin::Stored(variant)) => PartKey::Stored(variant.object_key),
            // The expiry time is not part of the key: it changes no byte, and the URL that states it is in the plan
            // already.
            Some(Origin::Rendered(variant, _)) => PartKey::Rendered(variant.key),
        }
    }
}
