//! [`Variant`]: one picture to be made with all the pictures that go into it, and its identity.

use std::sync::Arc;

use super::Site;
use crate::cache::{ObjectKey, PartKey, VariantKey};
use crate::plan::{Intent, OverlayRole};

/// One variant of one object: everything a leader needs, owned, because it outlives the request that started it.
///
/// What a render reads is in here or in the configuration, and all that is in here is in `key`. So nothing that a client
/// said otherwise, the host it asked under least of all, can decide what is kept for everybody.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Where the original is.
    pub site: Arc<Site>,
    /// Its decoded path.
    pub object: String,
    /// What to make of it.
    pub intent: Intent,
    /// The pictures that go into it, in the order of [`Plan::overlays`](crate::plan::Plan::overlays).
    pub(super) parts: Vec<Part>,
    /// Identity of the object.
    pub object_key: ObjectKey,
    /// Identity of the result.
    pub key: VariantKey,
}

/// A picture that goes into another one.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// What for.
    pub(super) role: OverlayRole,
    /// Where it comes from; `None` when its location means nothing that may be served.
    pub(super) origin: Option<Origin>,
}

/// Where a part comes from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// A stored object, as it is.
    Stored(Variant),
    /// A picture of ours, and the Unix second from which on its URL is no longer good.
    Rendered(Variant, Option<u64>),
}

impl Variant {
    /// An original that is asked nothing of.
    pub(super) fn stored(site: Arc<Site>, object: String) -> Self {
        Self::new(site, object, Intent::PassThrough, Vec::new())
    }

    /// Names a variant.
    pub(super) fn new(site: Arc<Site>, object: String, intent: Intent, parts: Vec<Part>) -> Self {
        let keys: Vec<PartKey> = parts.iter().map(Part::key).collect();
        let object_key = site.object_key(&object);
        let key = VariantKey::new(&object_key, &intent).with_parts(&keys);
        Self { site, object, intent, parts, object_key, key }
    }

    /// The objects that the result is made of: its own first, then those that go into it.
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
            // The time changes no byte, and the URL that states it is in the plan already.
            Some(Origin::Rendered(variant, _)) => PartKey::Rendered(variant.key),
        }
    }
}
