//! Primaries given as chromaticities, and the conversion of their linear light to sRGB's.
//!
//! Sources: ITU-T H.273 table 2 (the numbered ones), ICC.1:2022 annex E (Bradford adaptation of the white).

/// Rows of a linear transform of red, green and blue.
pub(in crate::render) type RgbMatrix = [[f32; 3]; 3];
pub(in crate::render) const SAME: RgbMatrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

type Wide = [[f64; 3]; 3];

/// Red, green, blue and white, each as CIE 1931 x and y.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::render) struct Chromaticities {
    pub(in crate::render) red: (f64, f64),
    pub(in crate::render) green: (f64, f64),
    pub(in crate::render) blue: (f64, f64),
    pub(in crate::render) white: (f64, f64),
}

const D65: (f64, f64) = (0.3127, 0.3290);
const C: (f64, f64) = (0.310, 0.316);

const BRADFORD: Wide = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]];

impl Chromaticities {
    pub(in crate::render) const SRGB: Self = Self::of((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65);

    const fn of(red: (f64, f64), green: (f64, f64), blue: (f64, f64), white: (f64, f64)) -> Self {
        Self { red, green, blue, white }
    }

    /// Returns the primaries with this number in H.273, or `None` for reserved and unspecified ones.
    pub(in crate::render) const fn numbered(number: u16) -> Option<Self> {
        Some(match number {
            1 => Self::SRGB,
            4 => Self::of((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), C),
            5 => Self::of((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), D65),
            6 | 7 => Self::of((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
            8 => Self::of((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), C),
            9 => Self::of((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65),
            10 => Self::of((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), (1.0 / 3.0, 1.0 / 3.0)),
            11 => Self::of((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
            12 => Self::of((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),
            22 => Self::of((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), D65),
            _ => return None,
        })
    }

    /// Returns the matrix from linear light in these primaries to that in sRGB, adapting the white point. Returns
    /// `None` for primaries that span no colours, or whose white is not a mixture of them.
    pub(in crate::render) fn to_srgb(self) -> Option<RgbMatrix> {
        if self.is_near(&Self::SRGB) {
            return Some(SAME);
        }
        let adapted = times(&adaptation(self.white, D65)?, &self.to_xyz()?);
        let map = times(&inverse(&Self::SRGB.to_xyz()?)?, &adapted);
        let map = map.map(|row| row.map(|v| v as f32));
        map.iter().flatten().all(|v| v.is_finite() && v.abs() < 100.0).then_some(map)
    }

    /// Returns whether all chromaticities agree. Rounding in files causes differences in the thousandths.
    fn is_near(&self, other: &Self) -> bool {
        let near = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 0.0025 && (a.1 - b.1).abs() < 0.0025;
        near(self.red, other.red)
            && near(self.green, other.green)
            && near(self.blue, other.blue)
            && near(self.white, other.white)
    }

    fn to_xyz(self) -> Option<Wide> {
        let [red, green, blue] = [self.red, self.green, self.blue].map(|(x, y)| [x, y, 1.0 - x - y]);
        let columns = transposed(&[red, green, blue]);
        let scale = apply(&inverse(&columns)?, white_xyz(self.white)?);
        // A primary that contributes nothing to white is invalid.
        scale.iter().all(|v| *v > 1e-6).then(|| columns.map(|row| [0, 1, 2].map(|i| row[i] * scale[i])))
    }
}

/// Converts a white point to XYZ with luminance 1.
fn white_xyz((x, y): (f64, f64)) -> Option<[f64; 3]> {
    (x > 0.0 && y > 1e-3 && x + y < 1.0).then(|| [x / y, 1.0, (1.0 - x - y) / y])
}

fn adaptation(from: (f64, f64), to: (f64, f64)) -> Option<Wide> {
    let (from, to) = (apply(&BRADFORD, white_xyz(from)?), apply(&BRADFORD, white_xyz(to)?));
    let scaled = [0, 1, 2].map(|i| BRADFORD[i].map(|v| v * to[i] / from[i]));
    Some(times(&inverse(&BRADFORD)?, &scaled))
}

fn apply(map: &Wide, v: [f64; 3]) -> [f64; 3] {
    map.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

fn transposed(map: &Wide) -> Wide {
    [0, 1, 2].map(|i| [map[0][i], map[1][i], map[2][i]])
}

fn times(a: &Wide, b: &Wide) -> Wide {
    let columns = transposed(b);
    a.map(|row| columns.map(|column| row[0] * column[0] + row[1] * column[1] + row[2] * column[2]))
}

fn inverse(m: &Wide) -> Option<Wide> {
    let cofactor = |r: usize, c: usize| {
        let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    let determinant: f64 = (0..3).map(|c| m[0][c] * cofactor(0, c)).sum();
    if !determinant.is_finite() || determinant.abs() < 1e-6 {
        return None;
    }
    Some([0, 1, 2].map(|r| [0, 1, 2].map(|c| cofactor(c, r) / determinant)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: u16, expected: RgbMatrix) {
        let map = Chromaticities::numbered(number).unwrap().to_srgb().unwrap();
        let off = map.iter().flatten().zip(expected.iter().flatten()).map(|(a, b)| (a - b).abs());
        assert!(off.fold(0.0, f32::max) < 0.001, "{number}: {map:?}");
    }

    #[test]
    fn published_matrices() {
        check(1, SAME);
        check(9, [[1.6605, -0.5877, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1188]]);
        check(12, [[1.2249, -0.2249, 0.0], [-0.0421, 1.0421, 0.0], [-0.0197, -0.0786, 1.0983]]);
    }

    #[test]
    fn white_stays_white() {
        for number in (0..=30).filter(|number| Chromaticities::numbered(*number).is_some()) {
            let map = Chromaticities::numbered(number).unwrap().to_srgb().unwrap();
            assert!(map.iter().all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 0.001), "{number}: {map:?}");
        }
    }

    #[test]
    fn degenerate_primaries_are_refused() {
        let srgb = Chromaticities::SRGB;
        let on_a_line = Chromaticities { blue: (0.47, 0.465), ..srgb };
        let nowhere = Chromaticities { red: (0.0, 0.0), green: (0.0, 0.0), blue: (0.0, 0.0), white: (0.0, 0.0) };
        let outside = Chromaticities { white: (0.7, 0.2), ..srgb };
        for primaries in [on_a_line, nowhere, outside, Chromaticities { white: (0.3, 0.0), ..srgb }] {
            assert_eq!(primaries.to_srgb(), None, "{primaries:?}");
        }
    }
}
