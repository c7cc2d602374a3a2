//! The filter: which source samples make up an output sample, and with what weights. One axis at a time.

use std::ops::Range;

/// Lobes of the Lanczos window on each side.
const LOBES: f64 = 3.0;

/// Describes how one axis of a window is computed from the source.
#[derive(Debug)]
pub(crate) struct Axis {
    /// Source samples that any output needs.
    pub(crate) source: Range<usize>,
    /// Maximum number of source samples per output sample, before the edges cut some off.
    pub(crate) reach: usize,
    /// For each output sample, its first source sample, counted from `source.start`.
    first: Vec<usize>,
    /// For each output sample, the index of its first weight, and one more index at the end.
    begin: Vec<usize>,
    /// All weights. Those of one output sample add up to 1.
    weights: Vec<f32>,
}

impl Axis {
    /// Computes the `length` output samples from `from` on, when `source_len` samples are scaled to `scaled_len`.
    ///
    /// All lengths are at least 1 and `from + length <= scaled_len`. Positions are computed on the whole scaled axis,
    /// so a window has the phase, and exactly the weights, of the whole.
    pub(crate) fn new(source_len: u32, scaled_len: u32, from: u32, length: u32) -> Self {
        let step = f64::from(source_len) / f64::from(scaled_len);
        let stretch = step.max(1.0);
        let mut axis = Self {
            source: 0..0,
            reach: (2.0 * LOBES * stretch).ceil() as usize,
            first: Vec::with_capacity(length as usize),
            begin: vec![0],
            weights: Vec::new(),
        };
        for at in from..from + length {
            if source_len == scaled_len {
                axis.push_copy(at);
            } else {
                axis.push((f64::from(at) + 0.5) * step - 0.5, stretch, source_len as usize);
            }
        }
        let start = axis.first.iter().copied().min().unwrap_or(0);
        let end = (0..axis.len()).map(|at| axis.first[at] + axis.weights(at).len()).max().unwrap_or(start);
        axis.first.iter_mut().for_each(|first| *first -= start);
        axis.source = start..end;
        axis
    }

    /// Returns the number of output samples.
    pub(crate) fn len(&self) -> usize {
        self.first.len()
    }

    /// Returns the first source sample of output `at`, counted from `source.start`.
    pub(crate) fn first(&self, at: usize) -> usize {
        self.first[at]
    }

    /// Returns the weights of output `at`, for consecutive source samples.
    pub(crate) fn weights(&self, at: usize) -> &[f32] {
        &self.weights[self.span(at)]
    }

    /// Returns where in [`Axis::all_weights`] the weights of output `at` are.
    pub(crate) fn span(&self, at: usize) -> Range<usize> {
        self.begin[at]..self.begin[at + 1]
    }

    /// Returns the weights of all outputs, one output after the other.
    pub(crate) fn all_weights(&self) -> &[f32] {
        &self.weights
    }

    /// Returns the index after the last source sample of output `at`, counted from `source.start`.
    pub(crate) fn end(&self, at: usize) -> usize {
        self.first[at] + self.weights(at).len()
    }

    /// Adds an output sample whose centre is at `centre`, in source samples.
    ///
    /// Both ends of the range that it reads move forward with `centre`, which the loops rely on.
    fn push(&mut self, centre: f64, stretch: f64, source_len: usize) {
        let support = LOBES * stretch;
        let low = (centre - support).floor().max(0.0) as usize + usize::from(centre >= support);
        let high = ((centre + support).ceil() as usize).min(source_len);
        let weights: Vec<f64> = (low..high).map(|at| lanczos((at as f64 - centre) / stretch)).collect();
        // The weight that the edge cuts off is distributed over the rest, so that a flat image stays flat up to its
        // edges.
        let sum: f64 = weights.iter().sum();
        self.first.push(low);
        self.weights.extend(weights.iter().map(|w| (w / sum) as f32));
        self.begin.push(self.weights.len());
    }

    /// Adds an output sample that copies source sample `at`.
    fn push_copy(&mut self, at: u32) {
        self.first.push(at as usize);
        self.weights.push(1.0);
        self.begin.push(self.weights.len());
    }
}

/// Evaluates the Lanczos kernel with [`LOBES`] lobes at `x`.
fn lanczos(x: f64) -> f64 {
    if x.abs() < 1e-9 {
        1.0
    } else if x.abs() >= LOBES {
        0.0
    } else {
        let turn = std::f64::consts::PI * x;
        LOBES * turn.sin() * (turn / LOBES).sin() / (turn * turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source_len: u32, scaled_len: u32) {
        let axis = Axis::new(source_len, scaled_len, 0, scaled_len);
        assert_eq!(axis.len(), scaled_len as usize);
        assert!(axis.source.end <= source_len as usize);
        for at in 0..axis.len() {
            let weights = axis.weights(at);
            assert!(!weights.is_empty() && weights.len() <= axis.reach, "{source_len} to {scaled_len}");
            assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            assert!(at == 0 || axis.first(at) >= axis.first(at - 1));
            assert!(at == 0 || axis.end(at) >= axis.end(at - 1));
        }
    }

    #[test]
    fn weights_add_up_and_move_forward() {
        for (source, scaled) in [
            (1, 1),
            (1, 9),
            (9, 1),
            (2, 3),
            (7, 7),
            (2048, 512),
            (100, 8192),
            (9999, 3),
            (513, 512),
            (9, 73),
            (3, 9),
            (90, 30),
        ] {
            check(source, scaled);
        }
    }

    #[test]
    fn a_ratio_of_one_copies() {
        let axis = Axis::new(10, 10, 0, 10);
        assert!((0..10).all(|at| axis.first(at) == at && axis.weights(at) == [1.0]));
    }

    #[test]
    fn a_window_has_the_weights_of_the_whole() {
        let whole = Axis::new(1000, 333, 0, 333);
        let part = Axis::new(1000, 333, 100, 20);
        for at in 0..20 {
            assert_eq!(part.source.start + part.first(at), whole.first(100 + at));
            assert_eq!(part.weights(at), whole.weights(100 + at));
        }
    }

    #[test]
    fn a_small_window_of_a_huge_axis_reads_little() {
        let axis = Axis::new(1000, 100_000, 50_000, 512);
        assert!(axis.source.len() < 14, "{:?}", axis.source);
    }
}
