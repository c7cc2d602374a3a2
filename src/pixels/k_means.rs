//! k-means: groups weighted points around means.

/// Pixels with nearly the same colour, in a space of `N` channels where distances are measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<const N: usize> {
    /// Their mean.
    pub(crate) mean: [f32; N],
    /// Their number.
    pub(crate) weight: f32,
}

/// Returns the square of the distance between two points.
pub(crate) fn distance<const N: usize>(a: [f32; N], b: [f32; N]) -> f32 {
    (0..N).map(|at| (a[at] - b[at]) * (a[at] - b[at])).sum()
}

/// Returns the index of the centre nearest to `point`, the first of several; 0 if there is none.
pub(crate) fn nearest<const N: usize>(centers: &[[f32; N]], point: [f32; N]) -> usize {
    let mut best = (f32::INFINITY, 0);
    for (at, &center) in centers.iter().enumerate() {
        let far = distance(center, point);
        if far < best.0 {
            best = (far, at);
        }
    }
    best.1
}

/// Moves each centre to the mean of the cells that are nearest to it, `rounds` times. A centre without cells stays.
/// Returns the weight of each centre in the last round.
pub(crate) fn refine<const N: usize>(cells: &[Cell<N>], centers: &mut [[f32; N]], rounds: usize) -> Vec<f32> {
    let mut weights = vec![0.0; centers.len()];
    if centers.is_empty() {
        return weights;
    }
    for _ in 0..rounds {
        let mut sums = vec![([0.0_f64; N], 0.0_f64); centers.len()];
        for cell in cells {
            let (sum, weight) = &mut sums[nearest(centers, cell.mean)];
            *weight += f64::from(cell.weight);
            for (sum, v) in sum.iter_mut().zip(cell.mean) {
                *sum += f64::from(v) * f64::from(cell.weight);
            }
        }
        for ((center, weight), (sum, total)) in centers.iter_mut().zip(&mut weights).zip(sums) {
            *weight = total as f32;
            if total > 0.0 {
                *center = sum.map(|v| (v / total) as f32);
            }
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centres_move_to_the_weighted_mean_of_their_cells() {
        let cell = |at: f32, weight| Cell { mean: [at, 0.0], weight };
        let cells = [cell(0.0, 1.0), cell(4.0, 3.0), cell(100.0, 1.0), cell(104.0, 1.0)];
        let mut centers = [[10.0, 0.0], [90.0, 0.0], [-500.0, 0.0]];
        assert_eq!(refine(&cells, &mut centers, 2), [4.0, 2.0, 0.0]);
        assert_eq!(centers, [[3.0, 0.0], [102.0, 0.0], [-500.0, 0.0]], "a centre without cells stays");
        assert_eq!(nearest(&centers, [60.0, 0.0]), 1);
        assert!(refine(&cells, &mut [], 3).is_empty());
    }
}
