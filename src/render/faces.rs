//! Face detection, and what the detected faces mean to a layout.
//!
//! The network is YuNet. It found all 33 marked faces in the shared images at about 480 pixels, where SeetaFace (the
//! `rustface` crate) found 19 at 640; see `net` for its weights. It runs on a small upright copy of the image, so the
//! cost does not depend on the size of the original: about 40 ms in a release build.
//!
//! Detections have two grades. A *sure* face may be cropped to and listed. A *doubtful* one may be a face; it is only
//! used when faces must be hidden, because there a miss costs more than an unnecessary smudge.

mod doubt;
mod layers;
mod net;
mod patch;
mod search;

pub(super) use search::{search, upright_size};

use serde::{Deserialize, Serialize};

use std::f32::consts::{FRAC_PI_2, PI};

use self::doubt::Seen;
use self::net::{Candidate, NetInput};
use self::patch::Pyramid;
use super::RenderError;
use crate::pixels::raster::{Raster, Samples};
use crate::pixels::{background, orient, resample};
use crate::plan::{Found, HideFacesOp};
use crate::units::{Color, Rect, Size};

/// Side of a square with as many pixels as the copy that is searched. Finds faces from about a fortieth of the image
/// upwards.
const SIDE: u32 = 416;
/// Side for an additional coarse pass, which finds a face that fills the image.
const SIDE_FAR: u32 = 112;
/// Side for a fine pass where no face may be missed. Finds faces from about a hundredth of the side upwards.
const SIDE_NEAR: u32 = 1216;
/// Side for the passes that find sideways and upside-down faces, where no face may be missed.
const SIDE_TURNED: u32 = 512;
/// Minimum score of a sure face.
const SURE: f32 = 0.7;
/// Minimum score of a doubtful face.
const DOUBTFUL: f32 = 0.35;
/// Two boxes are the same face if their intersection exceeds this share of their union.
const OVERLAP: f32 = 0.45;
/// How many doubtful faces are verified, largest first. Hiding the smaller ones unverified costs little.
const ASKED_MAX: usize = 24;
/// Side of the box around an eye, as a share of the face's width.
const EYE: f32 = 0.22;
/// Maximum number of animation frames for searching each frame.
const FRAMES_MAX: usize = 60;
/// Limit on the pixels searched across all frames of an animation for small and rotated faces: about one and a half
/// seconds.
const LOOKED_AT_MAX: u64 = 36 * square(SIDE);
/// Maximum number of faces in one answer: far more than anyone needs, and few enough for an inter-process message.
pub const FACES_MAX: usize = 512;

/// A detected face. Coordinates are shares of the width and height of the upright image, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Face {
    /// Left, top, right, bottom: from brow to chin and from ear to ear.
    pub edges: [f32; 4],
    /// The two eyes as x, y. May lie outside the image.
    pub eyes: [[f32; 2]; 2],
    /// 0 to 1.
    pub confidence: f32,
}

impl Face {
    /// Returns whether this is certainly a face and not just possibly one.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        self.confidence >= SURE
    }

    /// Returns whether the coordinates and the confidence are in range. Data from another process is not trusted.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let [left, top, right, bottom] = self.edges;
        let within = |low: f32, high: f32| (0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high) && low < high;
        within(left, right) && within(top, bottom) && (0.0..=1.0).contains(&self.confidence)
    }

    /// Returns the face in pixels of an image of `size`.
    #[must_use]
    pub fn rect(&self, size: Size) -> Rect {
        rect_of(self.edges, size)
    }

    /// Returns the area as a share of the image.
    fn area(&self) -> f32 {
        let [left, top, right, bottom] = self.edges;
        (right - left) * (bottom - top)
    }
}

/// Converts `edges`, which are shares of `size`, to a rectangle inside it.
fn rect_of([left, top, right, bottom]: [f32; 4], size: Size) -> Rect {
    let axis = |low: f32, high: f32, len: u32| {
        let px = |share: f32| f64::from(share.clamp(0.0, 1.0)) * f64::from(len);
        let first = (px(low).floor() as u32).min(len - 1);
        let last = (px(high).ceil() as u32).clamp(first + 1, len);
        (first, last - first)
    };
    let (left, width) = axis(left, right, size.width);
    let (top, height) = axis(top, bottom, size.height);
    Rect { left, top, size: Size::new(width, height) }
}

/// Converts faces to the findings a layout uses, in pixels of the upright image of `size`.
#[must_use]
pub fn found(faces: &[Face], size: Size) -> Found {
    let (sure, doubtful): (Vec<Face>, Vec<Face>) = faces.iter().partition(|face| face.is_sure());
    let eyes = sure.iter().flat_map(|face| face.eyes.map(|eye| (face, eye))).filter_map(|(face, [x, y])| {
        // Use the same distance in pixels horizontally and vertically.
        let half = (face.edges[2] - face.edges[0]) * EYE / 2.0;
        let tall = half * size.width as f32 / size.height as f32;
        let seen = (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y);
        seen.then(|| rect_of([x - half, y - tall, x + half, y + tall], size))
    });
    Found {
        eyes: eyes.collect(),
        faces: Some(sure.iter().map(|face| face.rect(size)).collect()),
        doubtful: doubtful.iter().map(|face| face.rect(size)).collect(),
        ..Found::default()
    }
}

/// Returns the largest factor of 8, 4, 2 and 1 by which a decoder may shrink the sides of an image before [`detect`]
/// sees it.
#[must_use]
pub fn shrink_on_load(size: Size, thorough: bool) -> u32 {
    let wanted = side(thorough);
    [8, 4, 2].into_iter().find(|by| size.area() / (by * by) >= square(wanted)).unwrap_or(1) as u32
}

/// Returns the factor by which to enlarge a vector image before [`detect`] sees it. A vector image can be drawn at any
/// size, and its small faces with it.
#[must_use]
fn enlargement(size: Size, thorough: bool, pixels_max: u64) -> f64 {
    let wanted = square(side(thorough)).min(pixels_max);
    (wanted as f64 / size.area().max(1) as f64).sqrt().max(1.0)
}

const fn side(thorough: bool) -> u32 {
    if thorough { SIDE_NEAR } else { SIDE }
}

const fn square(side: u32) -> u64 {
    side as u64 * side as u64
}

/// Detects the faces in an upright image: the sure ones first, each grade from the largest to the smallest.
///
/// Accepts any raster and treats its colours as sRGB. Transparent areas appear grey.
///
/// # Errors
/// [`RenderError::Stage`] if the raster's data does not match its description.
pub fn detect(upright: Raster, thorough: bool) -> Result<Vec<Face>, RenderError> {
    looked_for(upright, thorough, if thorough { ASKED_MAX } else { 0 })
}

/// Works like [`detect`], but verifies at most `asked_max` of the doubtful faces, largest first.
fn looked_for(upright: Raster, thorough: bool, asked_max: usize) -> Result<Vec<Face>, RenderError> {
    let near = rgb(scaled(upright, side(thorough))?);
    let middle = scaled(near.clone(), SIDE)?;
    let far = scaled(middle.clone(), SIDE_FAR)?;
    // A face that is listed or cropped to must also be hidden, so verification cannot reject it.
    let usual = [&middle, &far].into_iter().flat_map(faces_of);
    let mut all: Vec<Seen> = usual.map(|face| Seen { face, turn: 0.0, settled: face.is_sure() }).collect();
    let pyramid = pyramid_of(&near).filter(|_| thorough || asked_max > 0);
    if thorough {
        if near.size != middle.size {
            all.extend(faces_of(&near).into_iter().map(|face| Seen { face, turn: 0.0, settled: false }));
        }
        let small = scaled(near.clone(), SIDE_TURNED)?;
        for (value, turn) in [(6, -FRAC_PI_2), (3, PI), (8, FRAC_PI_2)] {
            let turned = orient::apply(small.clone(), value);
            let back = |face| Seen { face: turned_back(face, value), turn, settled: false };
            all.extend(faces_of(&turned).into_iter().map(back));
        }
    }
    let mut kept = chosen(all);
    if let Some(pyramid) = pyramid {
        let size = [near.size.width as f32, near.size.height as f32];
        let mut asked = 0;
        // The largest faces come first.
        kept.retain(|seen| {
            asked += usize::from(seen.is_open());
            !seen.is_open() || asked > asked_max || seen.holds(&pyramid, size)
        });
    }
    let mut faces: Vec<Face> = kept.into_iter().map(|seen| seen.face).collect();
    faces.sort_by_key(|face| !face.is_sure());
    Ok(faces)
}

/// Returns what to hide in one frame of an animation: everything hidden in the first frame, plus the faces found in
/// this one. Also searches for small and rotated faces unless that means too many pixels. If there are so many frames
/// that searching each would take too long, hides the whole frame.
///
/// # Errors
/// The same as [`detect`].
pub(super) fn moved(frame: &Raster, first: &HideFacesOp, frames: usize) -> Result<HideFacesOp, RenderError> {
    let Some(faces) = first.faces.as_ref().filter(|_| frames <= FRAMES_MAX) else {
        return Ok(HideFacesOp { faces: None, ..first.clone() });
    };
    let thorough = frames as u64 * thorough_pixels(frame.size) <= LOOKED_AT_MAX;
    let asked_max = (FRAMES_MAX / frames.max(1)).clamp(1, ASKED_MAX);
    let mut all = faces.clone();
    all.extend(looked_for(frame.clone(), thorough, asked_max)?.iter().map(|face| face.rect(frame.size)));
    Ok(HideFacesOp { faces: Some(all), ..first.clone() })
}

/// Returns how many pixels [`detect`] processes when it is thorough.
fn thorough_pixels(size: Size) -> u64 {
    let area = size.area();
    area.min(square(SIDE_NEAR)) + area.min(square(SIDE)) + 3 * area.min(square(SIDE_TURNED))
}

/// Builds the image pyramid for verification. Returns `None` unless the raster is 8-bit RGB.
fn pyramid_of(raster: &Raster) -> Option<Pyramid> {
    let (width, height) = (raster.size.width as usize, raster.size.height as usize);
    let Samples::U8(rgb) = &raster.samples else { return None };
    let whole = raster.channels == 3 && !rgb.is_empty() && rgb.len() == width * height * 3;
    whole.then(|| Pyramid::new(width, height, rgb.clone()))
}

/// Scales the raster down to at most as many pixels as a square of this side, keeping its proportions.
fn scaled(raster: Raster, side: u32) -> Result<Raster, RenderError> {
    let size = raster.size;
    if size.area() <= square(side) {
        return Ok(raster.into_8_bit());
    }
    let share = (square(side) as f64 / size.area() as f64).sqrt();
    let fewer = |len: u32| ((f64::from(len) * share) as u32).max(1);
    // A one-pixel line would otherwise keep its full length.
    let most = |len: u32| len.min(16 * side);
    Ok(resample::scale_whole(raster, Size::new(most(fewer(size.width)), most(fewer(size.height))))?)
}

/// Converts to what the network expects: three channels without transparency.
fn rgb(raster: Raster) -> Raster {
    let grey = Color { r: 128, g: 128, b: 128, a: 255 };
    background::apply(raster.into_rgba(), grey)
}

/// Converts the network's candidates for an RGB image to faces, leaving out those outside the image.
fn faces_of(raster: &Raster) -> Vec<Face> {
    let Samples::U8(rgb) = &raster.samples else { return Vec::new() };
    let (width, height) = (raster.size.width as usize, raster.size.height as usize);
    if raster.channels != 3 || rgb.len() != width * height * 3 {
        return Vec::new();
    }
    let (across, down) = (width as f32, height as f32);
    let face = |candidate: Candidate| {
        let [left, top, right, bottom] = candidate.edges;
        Face {
            edges: [left / across, top / down, right / across, bottom / down].map(|share| share.clamp(0.0, 1.0)),
            eyes: candidate.eyes.map(|[x, y]| [x / across, y / down]),
            confidence: candidate.score,
        }
    };
    let candidates = net::candidates(&NetInput { width, height, rgb }, DOUBTFUL);
    candidates.into_iter().map(face).filter(Face::is_sound).collect()
}

/// Maps a face in an image that was rotated by EXIF value 3, 6 or 8 back to the image before rotation.
fn turned_back(face: Face, value: u8) -> Face {
    let back = |[x, y]: [f32; 2]| match value {
        3 => [1.0 - x, 1.0 - y],
        // After a clockwise rotation, the left edge is at the top.
        6 => [y, 1.0 - x],
        _ => [1.0 - y, x],
    };
    let [left, top, right, bottom] = face.edges;
    let ([x0, y0], [x1, y1]) = (back([left, top]), back([right, bottom]));
    Face { edges: [x0.min(x1), y0.min(y1), x0.max(x1), y0.max(y1)], eyes: face.eyes.map(back), ..face }
}

/// Merges duplicate detections, limits their number and sorts the largest first. A face stays settled if any of its
/// duplicates was.
fn chosen(mut all: Vec<Seen>) -> Vec<Seen> {
    all.sort_by(|a, b| b.face.confidence.total_cmp(&a.face.confidence));
    let mut kept: Vec<Seen> = Vec::new();
    for seen in all {
        let same = kept.iter().position(|other| common_share(seen.face.edges, other.face.edges) > OVERLAP);
        match same {
            Some(at) => kept[at].settled |= seen.settled,
            None if kept.len() < FACES_MAX => kept.push(seen),
            None => {}
        }
    }
    kept.sort_by(|a, b| b.face.area().total_cmp(&a.face.area()));
    kept
}

/// Returns the intersection of two boxes (left, top, right, bottom) as a share of their union.
fn common_share(a: [f32; 4], b: [f32; 4]) -> f32 {
    let area = |edges: [f32; 4]| (edges[2] - edges[0]) * (edges[3] - edges[1]);
    let width = (a[2].min(b[2]) - a[0].max(b[0])).max(0.0);
    let height = (a[3].min(b[3]) - a[1].max(b[1])).max(0.0);
    let common = width * height;
    common / (area(a) + area(b) - common)
}

#[cfg(test)]
mod tests;
