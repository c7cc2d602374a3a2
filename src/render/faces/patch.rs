//! Square patches of an image at any scale and rotation, as input for the network.

use super::net::NetInput;

/// Copies of an image, each half as wide and high as the previous one, so that a patch is sampled from a copy less than
/// twice as large as needed.
#[derive(Debug)]
pub(super) struct Pyramid(Vec<Level>);

/// 8-bit RGB, row by row.
#[derive(Debug)]
struct Level {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

/// Which patch to cut out. Lengths are in pixels of the whole image unless stated otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// x, y.
    pub(super) centre: [f32; 2],
    /// Pixels of the patch per pixel of the image.
    pub(super) scale: f32,
    /// Radians clockwise by which the patch's upright direction is rotated in the image.
    pub(super) turn: f32,
    /// Side of the patch in its own pixels.
    pub(super) side: usize,
    /// Whether to swap left and right.
    pub(super) mirrored: bool,
}

impl Piece {
    /// Maps a point of the patch, in its own pixels, to the image.
    pub(super) fn place(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let middle = self.side as f32 / 2.0;
        let (dx, dy) = ((x - middle) / self.scale, (y - middle) / self.scale);
        let dx = if self.mirrored { -dx } else { dx };
        let (sin, cos) = self.turn.sin_cos();
        [self.centre[0] + dx * cos - dy * sin, self.centre[1] + dx * sin + dy * cos]
    }
}

/// A patch that has been cut out: 8-bit RGB, `side` by `side`.
#[derive(Debug)]
pub(super) struct Cut {
    side: usize,
    rgb: Vec<u8>,
}

impl Cut {
    pub(super) fn image(&self) -> NetInput<'_> {
        NetInput { width: self.side, height: self.side, rgb: &self.rgb }
    }
}

impl Pyramid {
    /// Builds the pyramid. `rgb` holds `width * height` pixels; both must be above 0.
    pub(super) fn new(width: usize, height: usize, rgb: Vec<u8>) -> Self {
        let mut levels = vec![Level { width, height, rgb }];
        while let Some(next) = levels.last().and_then(Level::halved) {
            levels.push(next);
        }
        Self(levels)
    }

    /// Cuts out a patch. Everything outside the image is black, as the network expects.
    pub(super) fn cut(&self, piece: &Piece) -> Cut {
        let smaller = (1.0 / piece.scale).max(1.0).log2() as usize;
        let level = &self.0[smaller.min(self.0.len() - 1)];
        // Halving drops an odd line, so the two directions may scale slightly differently.
        let across = level.width as f32 / self.0[0].width as f32;
        let down = level.height as f32 / self.0[0].height as f32;
        let mut rgb = Vec::with_capacity(piece.side * piece.side * 3);
        for y in 0..piece.side {
            for x in 0..piece.side {
                let [px, py] = piece.place([x as f32 + 0.5, y as f32 + 0.5]);
                rgb.extend(level.at(px * across - 0.5, py * down - 0.5));
            }
        }
        Cut { side: piece.side, rgb }
    }
}

impl Level {
    /// Averages 2 x 2 pixels. Returns `None` if the result would be smaller than any face.
    fn halved(&self) -> Option<Self> {
        let (width, height) = (self.width / 2, self.height / 2);
        if width.min(height) < 8 {
            return None;
        }
        let mut rgb = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            let row = |y: usize| &self.rgb[y * self.width * 3..][..width * 6];
            for (above, below) in row(2 * y).chunks_exact(6).zip(row(2 * y + 1).chunks_exact(6)) {
                let sum =
                    |c: usize| [above[c], above[c + 3], below[c], below[c + 3]].map(u16::from).iter().sum::<u16>();
                rgb.extend([0, 1, 2].map(|c| ((sum(c) + 2) / 4) as u8));
            }
        }
        Some(Self { width, height, rgb })
    }

    /// Samples with bilinear interpolation. Everything outside the image is black.
    fn at(&self, x: f32, y: f32) -> [u8; 3] {
        let within = |v: f32, len: usize| v >= -0.5 && v <= len as f32 - 0.5;
        if !(within(x, self.width) && within(y, self.height)) {
            return [0; 3];
        }
        let axis = |v: f32, len: usize| {
            let v = v.clamp(0.0, (len - 1) as f32);
            (v as usize, (v as usize + 1).min(len - 1), v.fract())
        };
        let ((left, right, dx), (upper, lower, dy)) = (axis(x, self.width), axis(y, self.height));
        let pixel = |x: usize, y: usize| &self.rgb[(y * self.width + x) * 3..][..3];
        let corners = [pixel(left, upper), pixel(right, upper), pixel(left, lower), pixel(right, lower)];
        [0, 1, 2].map(|c| {
            let [a, b, d, e] = corners.map(|corner| f32::from(corner[c]));
            let (above, below) = (a + (b - a) * dx, d + (e - d) * dx);
            (above + (below - above) * dy).round() as u8
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::{FRAC_PI_2, PI};

    /// 40 x 20, black except for a light square of side 4 at (30, 2).
    fn pyramid() -> Pyramid {
        let light = |at: usize| (30..34).contains(&(at % 40)) && (2..6).contains(&(at / 40));
        Pyramid::new(40, 20, (0..800).flat_map(|at| [if light(at) { 250 } else { 0 }; 3]).collect())
    }

    /// Returns the centre of the light square in a patch.
    fn light(cut: &Cut) -> [f32; 2] {
        let lit: Vec<usize> = (0..cut.side * cut.side).filter(|at| cut.rgb[at * 3] > 125).collect();
        assert!(!lit.is_empty());
        let mean = |value: &dyn Fn(usize) -> usize| {
            lit.iter().map(|at| value(*at) as f32 + 0.5).sum::<f32>() / lit.len() as f32
        };
        [mean(&|at| at % cut.side), mean(&|at| at / cut.side)]
    }

    #[test]
    fn a_piece_shows_what_is_there_and_tells_where_it_was() {
        for scale in [0.5, 1.0, 2.0] {
            for turn in [0.0, 0.6, FRAC_PI_2, PI, -2.0] {
                for mirrored in [false, true] {
                    let piece = Piece { centre: [20.0, 10.0], scale, turn, side: 96, mirrored };
                    let [x, y] = piece.place(light(&pyramid().cut(&piece)));
                    assert!((x - 32.0).abs() < 1.0 && (y - 4.0).abs() < 1.0, "{piece:?}: {x} {y}");
                }
            }
        }
    }

    #[test]
    fn lines_dots_and_places_far_outside_are_cut_too() {
        for (width, height) in [(1, 1), (1, 5000), (5000, 1), (17, 33)] {
            let pyramid = Pyramid::new(width, height, vec![9; width * height * 3]);
            for (centre, scale) in [([0.5, 0.5], 3.0), ([0.5, 0.5], 1e-6), ([1e9, -1e9], 1.0)] {
                let cut = pyramid.cut(&Piece { centre, scale, turn: 1.0, side: 32, mirrored: false });
                assert_eq!(cut.rgb.len(), 32 * 32 * 3);
            }
        }
    }
}
