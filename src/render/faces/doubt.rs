//! A second look at what may be a face: is it still one when it is shown alone, at several scales, upright and mirrored?
//!
//! What makes the network take a cat or an aurora for a face is the chance of one scale and one place on its grid: shown
//! again at five scales and mirrored, a face keeps its score in most, and they in few. The threshold grows with the part
//! of the image that would be hidden, so that what may be a face is left visible only where hiding it costs much. A second
//! look costs about as much as a first look at an image of 320 pixels square.

use super::net;
use super::patch::{Piece, Pyramid};
use super::{DOUBTFUL, Face, common_share};

/// How large the face is in the pieces that are looked at, in pixels, turned as it was found.
const AS_FOUND_PX: [f32; 3] = [24.0, 36.0, 56.0];
/// The same, its eyes level.
const LEVEL_PX: [f32; 2] = [30.0, 48.0];
/// Side of a piece, in faces.
const AROUND: f32 = 2.5;
/// A candidate is the same in a piece if the boxes share this part of their union.
const SAME: f32 = 0.3;
/// The least score that counts.
const SCORE_MIN: f32 = 0.02;
/// The part of a picture up to which a doubtful face is hidden without a second look.
const SMALL: f32 = 0.004;
/// What the score of a candidate above [`DOUBTFUL`] and the mean of its second looks must come to together at [`SMALL`].
const ENOUGH: f32 = 0.35;
/// How much more it takes for ten times the area.
const ENOUGH_MORE: f32 = 0.05;

/// Something that may be a face.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) face: Face,
    /// Radians clockwise by which the picture was turned back when it was seen: 0 for an upright face.
    pub(super) turn: f32,
    /// Whether it is beyond doubt, and not asked about again.
    pub(super) settled: bool,
}

impl Seen {
    /// Whether it is to be looked at again: it is neither settled nor small.
    pub(super) fn is_open(&self) -> bool {
        !self.settled && self.face.area() > SMALL
    }

    /// Whether what is seen in pieces of the picture, `size` pixels wide and high, bears it out.
    pub(super) fn holds(&self, pyramid: &Pyramid, size: [f32; 2]) -> bool {
        let wanted = ENOUGH + ENOUGH_MORE * (self.face.area() / SMALL).log10().max(0.0);
        self.evidence(pyramid, size) + self.face.confidence - DOUBTFUL >= wanted
    }

    /// Mean score of the pieces, 0 to 1.
    fn evidence(&self, pyramid: &Pyramid, [width, height]: [f32; 2]) -> f32 {
        let [[x0, y0], [x1, y1]] = self.face.eyes;
        let level = ((y1 - y0) * height).atan2((x1 - x0) * width);
        let looks = AS_FOUND_PX.map(|px| (px, self.turn)).into_iter().chain(LEVEL_PX.map(|px| (px, level)));
        let scores = looks.flat_map(|(px, turn)| [false, true].map(|mirrored| (px, turn, mirrored)));
        let sum: f32 =
            scores.map(|(px, turn, mirrored)| self.score(pyramid, [width, height], px, turn, mirrored)).sum();
        sum / (2 * (AS_FOUND_PX.len() + LEVEL_PX.len())) as f32
    }

    /// The best score at its place in a piece where it is `px` pixels large.
    fn score(&self, pyramid: &Pyramid, [width, height]: [f32; 2], px: f32, turn: f32, mirrored: bool) -> f32 {
        let [left, top, right, bottom] = self.face.edges;
        let (across, down) = ((right - left) * width, (bottom - top) * height);
        let scale = px / across.max(down).max(1.0);
        let side = (AROUND * px).ceil() as usize;
        let centre = [(left + right) / 2.0 * width, (top + bottom) / 2.0 * height];
        let cut = pyramid.cut(&Piece { centre, scale, turn, side, mirrored });
        // A box stands upright in the picture; in a piece that is turned by more than an eighth it lies.
        let (wide, tall) = if turn.sin().abs() > turn.cos().abs() { (down, across) } else { (across, down) };
        let (middle, wide, tall) = (side as f32 / 2.0, wide * scale / 2.0, tall * scale / 2.0);
        let expected = [middle - wide, middle - tall, middle + wide, middle + tall];
        let found = net::candidates(&cut.picture(), SCORE_MIN).into_iter();
        let same = found.filter(|candidate| common_share(candidate.edges, expected) > SAME);
        same.map(|candidate| candidate.score).fold(0.0, f32::max)
    }
}
