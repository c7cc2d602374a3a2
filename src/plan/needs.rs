//! What is needed before a plan can be laid out: faces and other images.

use serde::{Deserialize, Serialize};

use crate::param::{CropWord, FrameSelect, Location};

use super::answer::DataOutput;
use super::feature::{Blend, Features, Mask};
use super::resolved::Plan;
use super::types::Orient;

/// The role of another image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub enum OverlayRole {
    Blend,
    Mask,
    Mark,
}

/// What a face detector has to examine, and how thoroughly. Plans that agree in this share one result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FaceSearch {
    /// Page of a document, counted from 1.
    pub page: u32,
    /// Whether the annotations of the page count: a face can be one.
    pub annotation: bool,
    /// The selected frames; the first of them is examined.
    pub frame: Option<FrameSelect>,
    /// How the original is rotated upright.
    pub orient: Orient,
    /// Whether to look for small and lying faces too, because missing one would show what must be hidden.
    pub thorough: bool,
}

impl Plan {
    /// Returns what a detector has to do for [`Found::faces`](super::Found::faces), or `None` if the plan needs no
    /// faces.
    #[must_use]
    pub fn face_search(&self) -> Option<FaceSearch> {
        // A description shows nothing that might have to be hidden.
        let describes = matches!(self.data, Some(DataOutput::Json { .. }));
        let hides = self.hide_faces.is_some() && !describes;
        let asked = hides
            || self.redeye
            || self.data == Some(DataOutput::Json { faces: true })
            || self.sizing.facearea.is_some()
            || self.sizing.crop.iter().any(CropWord::looks_for_faces);
        asked.then_some(FaceSearch {
            page: self.select.page,
            annotation: self.select.annotation,
            frame: self.select.frame,
            orient: self.orient,
            thorough: hides,
        })
    }

    /// Returns the other images that go into this one, in the order they are used. The rules for fetching originals
    /// apply to them.
    #[must_use]
    pub fn overlays(&self) -> Vec<(OverlayRole, &Location)> {
        let Features { blend, mask, mark, .. } = &self.features;
        let blend = blend.as_ref().and_then(Blend::image).map(|location| (OverlayRole::Blend, location));
        let mask = mask.as_ref().and_then(Mask::image).map(|location| (OverlayRole::Mask, location));
        let mark = mark.as_ref().map(|mark| (OverlayRole::Mark, &mark.location));
        [blend, mask, mark].into_iter().flatten().collect()
    }
}
