//! Verifies doubtful faces: is the detection still a face when shown alone, at several scales, upright and mirrored?
//!
//! When the network takes a cat or an aurora for a face, that is an accident of one scale and one position on its grid.
//! Shown again at five scales and mirrored, a real face keeps its score in most of them, a false one in few. The
//! threshold rises with the share of the image that would be hidden, so that a possible face stays visible only where
//! hiding it costs much. Verification costs about as much as a first pass over an image of 320 pixels square.

use super::net;
use super::patch::{Piece, Pyramid};
use super::{DOUBTFUL, Face, common_share};

/// Sizes of the face in the patches, in pixels, at the rotation at which it was detected.
const AS_FOUND_PX: [f32; 3] = [24.0, 36.0, 56.0];
/// Sizes of the face in the patches with the eyes level, in pixels.
const LEVEL_PX: [f32; 2] = [30.0, 48.0];
/// Side of a patch in multiples of the face size.
const AROUND: f32 = 2.5;
/// A candidate in a patch is the same face if the boxes share more than this part of their union.
const SAME: f32 = 0.3;
/// The lowest score that counts.
const SCORE_MIN: f32 = 0.02;
/// Share of the image up to which a doubtful face is hidden without verification.
const SMALL: f32 = 0.004;
/// Minimum of a candidate's score above [`DOUBTFUL`] plus its mean score in the patches, for a face of area [`SMALL`].
const ENOUGH: f32 = 0.35;
/// How much that minimum rises when the area grows tenfold.
const ENOUGH_MORE: f32 = 0.05;

/// A possible face.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) face: Face,
    /// Radians clockwise by which the image was turned back when the face was detected: 0 for an upright face.
    pub(super) turn: f32,
    /// Whether the face is certain and needs no verification.
    pub(super) settled: bool,
}

impl Seen {
    /// Returns whether to verify this face: it is not settled and not small.
    pub(super) fn is_open(&self) -> bool {
        !self.settled && self.face.area() > SMALL
    }

    /// Returns whether the patches confirm the face. `size` is the width and height of the image in pixels.
    pub(super) fn holds(&self, pyramid: &Pyramid, size: [f32; 2]) -> bool {
        let wanted = ENOUGH + ENOUGH_MORE * (self.face.area() / SMALL).log10().max(0.0);
        self.evidence(pyramid, size) + self.face.confidence - DOUBTFUL >= wanted
    }

    /// Returns the mean score across the patches, 0 to 1.
    fn evidence(&self, pyramid: &Pyramid, [width, height]: [f32; 2]) -> f32 {
        let [[x0, y0], [x1, y1]] = self.face.eyes;
        let level = ((y1 - y0) * height).atan2((x1 - x0) * width);
        let looks = AS_FOUND_PX.map(|px| (px, self.turn)).into_iter().chain(LEVEL_PX.map(|px| (px, level)));
        let scores = looks.flat_map(|(px, turn)| [false, true].map(|mirrored| (px, turn, mirrored)));
        let sum: f32 =
            scores.map(|(px, turn, mirrored)| self.score(pyramid, [width, height], px, turn, mirrored)).sum();
        sum / (2 * (AS_FOUND_PX.len() + LEVEL_PX.len())) as f32
    }

    /// Returns the best score at the face's position in a patch where the face is `px` pixels large.
    fn score(&self, pyramid: &Pyramid, [width, height]: [f32; 2], px: f32, turn: f32, mirrored: bool) -> f32 {
        let [left, top, right, bottom] = self.face.edges;
        let (across, down) = ((right - left) * width, (bottom - top) * height);
        let scale = px / across.max(down).max(1.0);
        let side = (AROUND * px).ceil() as usize;
        let centre = [(left + right) / 2.0 * width, (top + bottom) / 2.0 * height];
        let cut = pyramid.cut(&Piece { centre, scale, turn, side, mirrored });
        // The box is upright in the image. In a patch turned by more than 45 degrees its width and height swap.
        let (wide, tall) = if turn.sin().abs() > turn.cos().abs() { (down, across) } else { (across, down) };
        let (middle, wide, tall) = (side as f32 / 2.0, wide * scale / 2.0, tall * scale / 2.0);
        let expected = [middle - wide, middle - tall, middle + wide, middle + tall];
        let found = net::candidates(&cut.image(), SCORE_MIN).into_iter();
        let same = found.filter(|candidate| common_share(candidate.edges, expected) > SAME);
        same.map(|candidate| candidate.score).fold(0.0, f32::max)
    }
}
