//! A function of colour as a three-dimensional lookup table.

/// Nodes along an edge. Two nodes are fifteen 8-bit levels apart.
const NODES: usize = 18;

/// Results at the nodes; red varies slowest.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cube(Vec<[f32; 3]>);

impl Cube {
    /// Evaluates a function of encoded colours, 0 to 1, at every node.
    pub(super) fn of(function: impl Fn([f64; 3]) -> [f64; 3]) -> Self {
        let place = |at: usize| at as f64 / (NODES - 1) as f64;
        let node = |at: usize| [at / (NODES * NODES), at / NODES % NODES, at % NODES].map(place);
        Self((0..NODES.pow(3)).map(|at| function(node(at)).map(|v| v as f32)).collect())
    }

    /// Interpolates between the nodes, linearly in each of the six tetrahedra along the diagonal from black to white,
    /// so that grey stays grey. Clamps the input to 0 to 1.
    #[inline(always)]
    pub(super) fn at(&self, pixel: [f32; 3]) -> [f32; 3] {
        const STEPS: [usize; 3] = [NODES * NODES, NODES, 1];
        let place = pixel.map(|v| v.clamp(0.0, 1.0) * (NODES - 1) as f32);
        let node = place.map(|v| (v as usize).min(NODES - 2));
        let [r, g, b] = std::array::from_fn(|c| place[c] - node[c] as f32);
        let first = node[0] * STEPS[0] + node[1] * STEPS[1] + node[2];
        // Move along the axes from the largest share to the smallest.
        let (shares, near, far) = if r >= g {
            if g >= b {
                ([r, g, b], STEPS[0], STEPS[0] + STEPS[1])
            } else if r >= b {
                ([r, b, g], STEPS[0], STEPS[0] + STEPS[2])
            } else {
                ([b, r, g], STEPS[2], STEPS[2] + STEPS[0])
            }
        } else if r >= b {
            ([g, r, b], STEPS[1], STEPS[1] + STEPS[0])
        } else if g >= b {
            ([g, b, r], STEPS[1], STEPS[1] + STEPS[2])
        } else {
            ([b, g, r], STEPS[2], STEPS[2] + STEPS[1])
        };
        let last = first + STEPS.iter().sum::<usize>();
        let corners = [first, first + near, first + far, last].map(|at| self.0[at]);
        let weights = [1.0 - shares[0], shares[0] - shares[1], shares[1] - shares[2], shares[2]];
        std::array::from_fn(|c| (0..4).map(|at| corners[at][c] * weights[at]).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_functions_come_out_exactly() {
        let cube = Cube::of(|[r, g, b]| [r, 0.5 * g + 0.25 * b, 1.0 - b]);
        for at in 0..2000_u32 {
            let pixel = [7, 77, 177].map(|by| (at * by % 256) as f32 / 255.0);
            let [r, g, b] = pixel;
            let found = cube.at(pixel);
            for (found, wanted) in found.into_iter().zip([r, 0.5 * g + 0.25 * b, 1.0 - b]) {
                assert!((found - wanted).abs() < 1e-5, "{pixel:?}");
            }
        }
        assert_eq!(cube.at([2.0, -1.0, 0.0]), [1.0, 0.0, 1.0]);
    }
}
