//! Maps the frames that a decoder yields in order to those of a sequence, which may skip some and run backwards.

use crate::pixels::raster::Raster;
use crate::plan::Sequence;
use crate::render::{Bound, RenderError, RenderLimits};
use crate::units::Size;

/// Returns the first frame to decode, from 0, and the number of frames from there on; at least one.
pub(in crate::render) fn decoded(sequence: &Sequence) -> (u32, u32) {
    let indices = || sequence.frames.iter().map(|frame| frame.index);
    let (first, last) = (indices().min().unwrap_or(0), indices().max().unwrap_or(0));
    (first, last.saturating_sub(first).saturating_add(1))
}

/// Checks frames times pixels against the limit, because all drawn frames stay in memory until they are encoded.
///
/// # Errors
/// [`RenderError::TooLarge`] above the limit for animations.
pub(in crate::render) fn check_drawn(
    sequence: &Sequence,
    output: Size,
    limits: &RenderLimits,
) -> Result<(), RenderError> {
    let (got, max) = (sequence.frames.len() as u64 * output.area(), limits.animation_pixels_max);
    if sequence.frames.len() > 1 && got > max {
        return Err(RenderError::TooLarge { what: Bound::AnimationPixels, got, max });
    }
    Ok(())
}

/// Draws the frames that the sequence shows and returns them in its order. `all` starts at the first frame of
/// [`decoded`].
///
/// # Errors
/// The first error of a frame; [`RenderError::Undecodable`] when there are too few frames.
pub(in crate::render) fn drawn<T>(
    all: impl Iterator<Item = Result<T, RenderError>>,
    sequence: &Sequence,
    mut draw: impl FnMut(T) -> Result<Raster, RenderError>,
) -> Result<Vec<Raster>, RenderError> {
    let (first, _) = decoded(sequence);
    // Positions in the sequence, sorted by frame index. A sequence contains no frame twice.
    let mut order: Vec<usize> = (0..sequence.frames.len().max(1)).collect();
    let index_of = |at: usize| sequence.frames.get(at).map_or(0, |frame| frame.index);
    order.sort_by_key(|&at| index_of(at));
    let mut wanted = order.into_iter().peekable();
    let mut frames: Vec<Option<Raster>> = vec![None; wanted.len()];
    for (frame, index) in all.zip(first..) {
        let frame = frame?;
        if let Some(at) = wanted.next_if(|&at| index_of(at) == index) {
            frames[at] = Some(draw(frame)?);
        }
    }
    frames.into_iter().collect::<Option<Vec<_>>>().ok_or(RenderError::Undecodable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::raster::Samples;
    use crate::plan::Frame;

    fn raster(value: u8) -> Raster {
        Raster { size: Size::new(1, 1), channels: 1, samples: Samples::U8(vec![value]) }
    }

    fn sequence(indices: &[u32]) -> Sequence {
        Sequence { frames: indices.iter().map(|&index| Frame { index, delay_ms: 9 }).collect(), plays: 0 }
    }

    #[test]
    fn frames_are_put_in_order() {
        let check = |indices: &[u32], span, expected: &[u8]| {
            let sequence = sequence(indices);
            assert_eq!(decoded(&sequence), span, "{indices:?}");
            let all = (0..9).skip(span.0 as usize).take(span.1 as usize).map(|value| Ok(raster(value)));
            let drawn = drawn(all, &sequence, |frame| Ok(raster(frame.into_bytes()[0] + 10))).unwrap();
            assert_eq!(drawn.into_iter().flat_map(Raster::into_bytes).collect::<Vec<_>>(), expected);
        };
        check(&[0], (0, 1), &[10]);
        check(&[2, 3, 4], (2, 3), &[12, 13, 14]);
        check(&[8, 5, 2], (2, 7), &[18, 15, 12]);
        check(&[], (0, 1), &[10]);
    }

    #[test]
    fn a_selection_of_missing_frames_is_not_an_animation() {
        let all = (0..2).map(|value| Ok(raster(value)));
        assert_eq!(drawn(all, &sequence(&[0, 1, 2]), Ok), Err(RenderError::Undecodable));
    }

    #[test]
    fn the_frames_held_in_memory_are_bounded() {
        let limits = RenderLimits { pixels_max: 100, frames_max: 9, animation_pixels_max: 50 };
        assert!(check_drawn(&sequence(&[0, 1]), Size::new(5, 5), &limits).is_ok());
        assert!(check_drawn(&sequence(&[0, 1]), Size::new(5, 6), &limits).is_err());
        assert!(check_drawn(&sequence(&[0]), Size::new(9, 9), &limits).is_ok());
    }
}
