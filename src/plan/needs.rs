//! What has to be had before a plan can be laid out: faces, and other pictures.

use serde::{Deserialize, Serialize};

use crate::param::{CropWord, FrameSelect, Location};

use super::answer::DataOutput;
use super::feature::{Blend, Features, Mask};
use super::resolved::Plan;
use super::types::Orient;

/// What another picture is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after their parameters")]
pub enum OverlayRole {
    Blend,
    Mask,
    Mark,
}

/// What a detector of faces has to look at, and how hard. Plans that agree in it share one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FaceSearch {
    /// Page of a document, from 1.
    pub page: u32,
    /// Whether its annotations are part of it: a face can be one.
    pub annotation: bool,
    /// Which frames; the first of them is looked at.
    pub frame: Option<FrameSelect>,
    /// What upright is.
    pub orient: Orient,
    /// Look for small and lying faces too, because missing one would show what must be hidden.
    pub thorough: bool,
}

impl Plan {
    /// What a detector has to do for [`Found::faces`](super::Found::faces), if anything.
    #[must_use]
    pub fn face_search(&self) -> Option<FaceSearch> {
        // A description shows nothing that could be hidden.
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

    /// The other pictures that go into this one, in the order they are used. To be fetched under the rules of originals.
    #[must_use]
    pub fn overlays(&self) -> Vec<(OverlayRole, &Location)> {
        let Features { blend, mask, mark, .. } = &self.features;
        let blend = blend.as_ref().and_then(Blend::image).map(|location| (OverlayRole::Blend, location));
        let mask = mask.as_ref().and_then(Mask::image).map(|location| (OverlayRole::Mask, location));
        let mark = mark.as_ref().map(|mark| (OverlayRole::Mark, &mark.location));
        [blend, mask, mark].into_iter().flatten().collect()
    }
}
