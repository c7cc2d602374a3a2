//! What has to be had before a plan can be laid out: faces, and other pictures.

use serde::{Deserialize, Serialize};

use crate::param::{CropWord, Location, MaskShape};

use super::layers::BlendLayer;
use super::types::Plan;

/// What another picture is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub enum OverlayRole {
    Blend,
    Mask,
    Mark,
}

impl Plan {
    /// Whether a detector has to look at the upright original, for [`Found::faces`](super::Found::faces).
    #[must_use]
    pub fn needs_faces(&self) -> bool {
        self.hide_faces.is_some()
            || self.redeye
            || self.describe_faces
            || self.sizing.facearea.is_some()
            || self.sizing.crop.contains(&CropWord::Faces)
    }

    /// The other pictures that go into this one, in the order they are used. To be fetched under the rules of originals.
    #[must_use]
    pub fn overlays(&self) -> Vec<(OverlayRole, &Location)> {
        let blend = self.blend.as_ref().and_then(|blend| match &blend.layer {
            BlendLayer::Image(image) => Some((OverlayRole::Blend, &image.location)),
            BlendLayer::Color(_) => None,
        });
        let mask = self.mask.as_ref().and_then(|mask| match &mask.shape {
            MaskShape::Image(location) => Some((OverlayRole::Mask, location)),
            MaskShape::Ellipse | MaskShape::Corners | MaskShape::Polygon(_) => None,
        });
        let mark = self.mark.as_ref().map(|mark| (OverlayRole::Mark, &mark.location));
        [blend, mask, mark].into_iter().flatten().collect()
    }
}
