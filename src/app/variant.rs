//! [`Variant`]: one picture to be made with all the pictures that go into it, and its identity.

use std::sync::Arc;

use super::Site;
use crate::plan::{Intent, OverlayRole, PartKey, VariantKey};

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
        let key = own_key(&site, &object, &intent).with_parts(&keys);
        Self { site, object, intent, parts, key }
    }

    /// Identity of the original, shared by all its variants.
    pub(super) fn original_key(&self) -> VariantKey {
        own_key(&self.site, &self.object, &Intent::PassThrough)
    }
}

/// Identity of a variant without regard to what its overlays come to.
pub(super) fn own_key(site: &Site, object: &str, intent: &Intent) -> VariantKey {
    intent.key(&site.config.name, &site.version, object)
}

impl Part {
    fn key(&self) -> PartKey {
        match &self.origin {
            None => PartKey::Absent,
            Some(Origin::Stored(variant)) => PartKey::Stored(variant.key),
            // The time changes no byte, and the URL that states it is in the plan already.
            Some(Origin::Rendered(variant, _)) => PartKey::Rendered(variant.key),
        }
    }
}
