//! The two kinds of layer in the network: mixing the channels of a pixel (a 1 x 1 convolution), and a separate 3 x 3
//! filter for each channel. Maps are rows of pixels with interleaved channels; channel counts are multiples of
//! [`LANES`].

/// Channels processed together. Every channel count in the network is a multiple of this.
pub(super) const LANES: usize = 16;
/// Pixels mixed together, so that each weight is read once for all of them.
const TILE: usize = 4;

/// A feature map.
#[derive(Clone, Debug)]
pub(super) struct FeatureMap {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) channels: usize,
    pub(super) values: Vec<f32>,
}

impl FeatureMap {
    pub(super) fn zero(width: usize, height: usize, channels: usize) -> Self {
        Self { width, height, channels, values: vec![0.0; width * height * channels] }
    }

    fn row(&self, y: usize) -> &[f32] {
        let len = self.width * self.channels;
        &self.values[y * len..][..len]
    }

    /// Returns the features of one pixel.
    pub(super) fn at(&self, x: usize, y: usize) -> &[f32] {
        &self.values[(y * self.width + x) * self.channels..][..self.channels]
    }

    /// Halves the map by max pooling over 2 x 2 pixels. Both sides must be even.
    #[inline(always)]
    pub(super) fn halved(&self) -> Self {
        let mut out = Self::zero(self.width / 2, self.height / 2, self.channels);
        let row_len = out.width * out.channels;
        for (y, out) in out.values.chunks_exact_mut(row_len.max(1)).enumerate() {
            let (upper, lower) = (self.row(2 * y), self.row(2 * y + 1));
            for (x, out) in out.chunks_exact_mut(self.channels).enumerate() {
                let (left, right) = (2 * x * self.channels, (2 * x + 1) * self.channels);
                for (c, out) in out.iter_mut().enumerate() {
                    let above = upper[left + c].max(upper[right + c]);
                    *out = above.max(lower[left + c].max(lower[right + c]));
                }
            }
        }
        out
    }

    /// Adds `coarse`, each of whose pixels covers 2 x 2 pixels of this map.
    #[inline(always)]
    pub(super) fn add_doubled(&mut self, coarse: &Self) {
        let (width, channels) = (self.width, self.channels);
        for (at, pixel) in self.values.chunks_exact_mut(channels).enumerate() {
            let (x, y) = (at % width, at / width);
            for (value, more) in pixel.iter_mut().zip(coarse.at(x / 2, y / 2)) {
                *value += more;
            }
        }
    }
}

/// Mixes the channels of each pixel: `out[o] = bias[o] + sum(in[i] * weights[i][o])`.
#[derive(Debug)]
pub(super) struct Mix {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// `inputs` rows of `outputs`.
    pub(super) weights: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

impl Mix {
    /// Mixes a row. `input` and `output` hold the same number of pixels.
    #[inline(always)]
    pub(super) fn row(&self, input: &[f32], output: &mut [f32]) {
        let tiles = output.chunks_mut(TILE * self.outputs).zip(input.chunks(TILE * self.inputs));
        for (output, input) in tiles {
            for block in (0..self.outputs).step_by(LANES) {
                if input.len() == TILE * self.inputs {
                    self.tile::<TILE>(input, output, block);
                } else {
                    let pixels = output.chunks_exact_mut(self.outputs).zip(input.chunks_exact(self.inputs));
                    pixels.for_each(|(output, input)| self.tile::<1>(input, output, block));
                }
            }
        }
    }

    #[inline(always)]
    fn tile<const N: usize>(&self, input: &[f32], output: &mut [f32], block: usize) {
        let mut sums = [lanes(&self.bias[block..]); N];
        let pixels: [&[f32]; N] = std::array::from_fn(|n| &input[n * self.inputs..][..self.inputs]);
        for (i, weights) in self.weights.chunks_exact(self.outputs).enumerate() {
            let weights = lanes(&weights[block..]);
            for (sums, pixel) in sums.iter_mut().zip(pixels) {
                let value = pixel[i];
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += value * weight;
                }
            }
        }
        for (n, sums) in sums.iter().enumerate() {
            output[n * self.outputs + block..][..LANES].copy_from_slice(sums);
        }
    }
}

#[inline(always)]
fn lanes(values: &[f32]) -> [f32; LANES] {
    std::array::from_fn(|n| values[n])
}

/// A [`Mix`] followed by a separate 3 x 3 filter for each channel, with zeros around the image.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) mix: Mix,
    /// Nine rows with one weight per channel, starting at the top left.
    pub(super) taps: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

impl Block {
    /// Applies the block. With `rectified`, negative results become 0.
    #[inline(always)]
    pub(super) fn apply(&self, input: &FeatureMap, rectified: bool) -> FeatureMap {
        let channels = self.mix.outputs;
        let mut out = FeatureMap::zero(input.width, input.height, channels);
        // Mixed rows above, at and below the current row, with one pixel of zeros on either side.
        let padded = (input.width + 2) * channels;
        let mut ring = vec![0.0; 3 * padded];
        let inner = channels..padded - channels;
        let row_len = input.width * channels;
        if row_len == 0 || input.height == 0 {
            return out;
        }
        self.mix.row(input.row(0), &mut ring[padded..][inner.clone()]);
        for (y, output) in out.values.chunks_exact_mut(row_len).enumerate() {
            let below = (y + 2) % 3 * padded;
            if y + 1 < input.height {
                self.mix.row(input.row(y + 1), &mut ring[below..][inner.clone()]);
            } else {
                ring[below..][..padded].fill(0.0);
            }
            let rows = [y, y + 1, y + 2].map(|row| &ring[row % 3 * padded..][..padded]);
            for block in (0..channels).step_by(LANES) {
                self.filter(rows, output, block, rectified);
            }
        }
        out
    }

    #[inline(always)]
    fn filter(&self, rows: [&[f32]; 3], output: &mut [f32], block: usize, rectified: bool) {
        let channels = self.mix.outputs;
        let taps: [[f32; LANES]; 9] = std::array::from_fn(|tap| lanes(&self.taps[tap * channels + block..]));
        let bias = lanes(&self.bias[block..]);
        let floor = if rectified { 0.0 } else { f32::MIN };
        for (x, output) in output.chunks_exact_mut(channels).enumerate() {
            let mut sums = bias;
            for (tap, weights) in taps.iter().enumerate() {
                let values = &rows[tap / 3][(x + tap % 3) * channels + block..][..LANES];
                for (sum, (value, weight)) in sums.iter_mut().zip(values.iter().zip(weights)) {
                    *sum += value * weight;
                }
            }
            for (out, sum) in output[block..block + LANES].iter_mut().zip(sums) {
                *out = sum.max(floor);
            }
        }
    }
}
