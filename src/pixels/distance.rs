//! Computes distances to the nearest edge of a shape (the distance transform of Felzenszwalb and Huttenlocher 2012),
//! for outlines and for shapes that grow.

/// Extends squared distances from the pixels of a shape to all pixels. The caller sets all other pixels to [`FAR`].
/// `squares` holds rows of `width`, which must not be 0.
pub(crate) fn spread(squares: &mut [f32], width: usize) {
    let height = squares.len() / width;
    let mut scratch = Scratch::new(width.max(height));
    let mut line = vec![0.0; height];
    for x in 0..width {
        for (line, row) in line.iter_mut().zip(squares.chunks_exact(width)) {
            *line = row[x];
        }
        scratch.transform(&mut line);
        for (row, line) in squares.chunks_exact_mut(width).zip(&line) {
            row[x] = *line;
        }
    }
    for row in squares.chunks_exact_mut(width) {
        scratch.transform(row);
    }
}

/// A squared distance greater than that of any edge.
pub(crate) const FAR: f32 = 1e12;

/// Working memory for one line.
struct Scratch {
    /// Positions of the parabolas that form the lower envelope, and where each starts to be the lowest.
    stands: Vec<usize>,
    begins: Vec<f32>,
    line: Vec<f32>,
}

impl Scratch {
    fn new(len: usize) -> Self {
        Self { stands: vec![0; len], begins: vec![0.0; len + 1], line: Vec::with_capacity(len) }
    }

    /// Replaces each value by the minimum, over all values, of the value plus the squared distance to it.
    fn transform(&mut self, line: &mut [f32]) {
        let Self { stands, begins, line: before } = self;
        before.clear();
        before.extend_from_slice(line);
        let meet = |p: usize, q: usize| {
            let (a, b) = (p as f32, q as f32);
            ((before[q] + b * b) - (before[p] + a * a)) / (2.0 * (b - a))
        };
        let mut last = 0;
        (stands[0], begins[0], begins[1]) = (0, f32::NEG_INFINITY, f32::INFINITY);
        for q in 1..before.len() {
            let mut at = meet(stands[last], q);
            while at <= begins[last] && last > 0 {
                last -= 1;
                at = meet(stands[last], q);
            }
            last += 1;
            (stands[last], begins[last], begins[last + 1]) = (q, at, f32::INFINITY);
        }
        let mut lowest = 0;
        for (q, out) in line.iter_mut().enumerate() {
            while begins[lowest + 1] < q as f32 {
                lowest += 1;
            }
            let way = q as f32 - stands[lowest] as f32;
            *out = way * way + before[stands[lowest]];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_straight() {
        let mut squares = vec![FAR; 7 * 5];
        squares[2 * 7 + 3] = 0.0;
        spread(&mut squares, 7);
        for (at, square) in squares.iter().enumerate() {
            let (dx, dy) = ((at % 7).abs_diff(3), (at / 7).abs_diff(2));
            assert!((square - (dx * dx + dy * dy) as f32).abs() < 1e-3, "{at}");
        }
    }
}
