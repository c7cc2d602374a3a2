//! The frames of an animation that are shown, in which order and for how long (`rendering.md` 16).

use serde::{Deserialize, Serialize};

use crate::param::FrameSelect;

use super::types::Select;

/// What a container says about its frames.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFrames {
    /// How long each frame is shown, in milliseconds; one entry per frame.
    pub delays_ms: Vec<u32>,
    /// Number of plays, 0 for endless.
    pub plays: u32,
}

/// One frame to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Index of the frame in the original, from 0.
    pub index: u32,
    /// How long it is shown, in milliseconds.
    pub delay_ms: u32,
}

/// The frames of a rendition, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// Empty only if the original has no frame.
    pub frames: Vec<Frame>,
    /// Number of plays, 0 for endless.
    pub plays: u32,
}

impl Select {
    /// Returns the frames of `stored` that this selection shows. `frame`, `interval`, `skip` and `reverse` apply in
    /// this order, each to the result of the one before; `fps` replaces the delays.
    ///
    /// Every frame keeps its own delay, whatever was dropped around it. A step that would leave nothing is ignored, and
    /// so is an `interval` that is not below the number of frames. A frame number past the end means the last frame. A
    /// still format uses the first frame of the result.
    #[must_use]
    pub fn sequence(&self, stored: &StoredFrames) -> Sequence {
        let count = u32::try_from(stored.delays_ms.len()).unwrap_or(u32::MAX);
        let mut indices: Vec<u32> = span(self.frame, count).collect();
        if let Some(every) = self.interval.filter(|n| (*n as usize) < indices.len()) {
            indices = nth(&indices, every, true);
        }
        if let Some(every) = self.skip {
            let kept = nth(&indices, every, false);
            indices = if kept.is_empty() { indices } else { kept };
        }
        if self.reverse {
            indices.reverse();
        }
        // 1000 / fps, rounded, but never 0: some viewers take 0 as "a default of 100 ms".
        let fixed = self.fps.filter(|fps| *fps > 0).map(|fps| ((1000 + fps / 2) / fps).max(1));
        let delay = |index: u32| stored.delays_ms.get(index as usize).copied().unwrap_or(0);
        let frames =
            indices.into_iter().map(|index| Frame { index, delay_ms: fixed.unwrap_or_else(|| delay(index)) }).collect();
        Sequence { frames, plays: self.plays.unwrap_or(stored.plays) }
    }
}

/// Returns the indices that `frame` selects, from 0.
fn span(frame: Option<FrameSelect>, count: u32) -> std::ops::Range<u32> {
    match frame {
        None => 0..count,
        Some(FrameSelect::One(number)) => {
            let index = number.saturating_sub(1).min(count.saturating_sub(1));
            index..(index + 1).min(count)
        }
        Some(FrameSelect::Span(span)) => {
            let first = span.first.unwrap_or(1).max(1) - 1;
            let last = span.last.unwrap_or(count).min(count);
            // A span outside the animation, or one that runs backwards, would select nothing and is ignored.
            if first < last { first..last } else { 0..count }
        }
    }
}

/// Returns every `every`th index, starting with the first, or all others if `kept` is false.
fn nth(indices: &[u32], every: u32, kept: bool) -> Vec<u32> {
    let every = every.max(1) as usize;
    indices.iter().enumerate().filter(|(i, _)| (i % every == 0) == kept).map(|(_, index)| *index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(query: &str) -> Select {
        super::super::resolve::select(&crate::param::parse(query, &[]).unwrap().params)
    }

    /// Checks which of five frames stay, counted from 1 as in URLs, and that they keep their delays of 10, 20 ... 50
    /// ms.
    fn check(query: &str, expected: &[u32]) {
        let stored = StoredFrames { delays_ms: vec![10, 20, 30, 40, 50], plays: 3 };
        let shown = select(query).sequence(&stored);
        assert_eq!(shown.frames.iter().map(|f| f.index + 1).collect::<Vec<_>>(), expected, "{query}");
        assert!(shown.frames.iter().all(|f| f.delay_ms == (f.index + 1) * 10), "{query}");
        assert_eq!(shown.plays, 3);
    }

    #[test]
    fn frames_are_selected_thinned_and_reversed() {
        check("", &[1, 2, 3, 4, 5]);
        check("frame=2", &[2]);
        check("frame=9", &[5]);
        check("frame=2-4", &[2, 3, 4]);
        check("frame=3-", &[3, 4, 5]);
        check("frame=-2", &[1, 2]);
        check("frame=4-2", &[1, 2, 3, 4, 5]);
        check("interval=2", &[1, 3, 5]);
        check("interval=4", &[1, 5]);
        check("interval=5", &[1, 2, 3, 4, 5]);
        check("interval=1", &[1, 2, 3, 4, 5]);
        check("skip=2", &[2, 4]);
        check("skip=3", &[2, 3, 5]);
        check("skip=1", &[1, 2, 3, 4, 5]);
        check("reverse=true", &[5, 4, 3, 2, 1]);
        check("frame=2-5&interval=2&reverse=true", &[4, 2]);
        check("interval=2&skip=2", &[3]);
    }

    #[test]
    fn fps_and_loop_replace_what_is_stored() {
        let stored = StoredFrames { delays_ms: vec![70, 90], plays: 2 };
        let shown = select("fps=25&loop=0").sequence(&stored);
        assert_eq!(shown.frames.iter().map(|f| f.delay_ms).collect::<Vec<_>>(), [40, 40]);
        assert_eq!(shown.plays, 0);
        assert_eq!(select("fps=30").sequence(&stored).frames[0].delay_ms, 33);
        assert_eq!(select("loop=7").sequence(&stored).plays, 7);
    }

    #[test]
    fn nothing_comes_of_nothing() {
        let empty = StoredFrames::default();
        for query in ["", "frame=3", "skip=2", "interval=2&reverse=true"] {
            assert_eq!(select(query).sequence(&empty).frames, [], "{query}");
        }
    }
}
