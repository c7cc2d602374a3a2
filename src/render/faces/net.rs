//! YuNet (W. Wu, H. Peng, S. Yu, 2023), the face detector of libfacedetection, as a plain function of an image.
//!
//! `yunet.bin` holds its weights as little-endian `f32`: the first layer, then the blocks in the order of [`Net`], each
//! as mix weights, mix bias, taps, bias. They come from `facedetectcnn-data.cpp` at commit acf7b25, with the mixes
//! transposed and the four heads of each level placed side by side. Their licence is the file LICENSE next to it.

use std::sync::LazyLock;

use super::layers::{Block, FeatureMap, LANES, Mix};

static WEIGHTS: &[u8] = include_bytes!("yunet.bin");
/// Parsed once per process.
static NET: LazyLock<Net> = LazyLock::new(|| Net::read(WEIGHTS));

/// Three 2 x 2 reductions and two strides of 2 separate the image from the coarsest map.
pub(super) const SIDE_MULTIPLE: usize = 32;
/// 3 x 3 pixels of 3 colours, padded to a multiple of the lanes.
const PATCH: usize = 32;

/// Offsets of the heads' values.
const CLASS: usize = 0;
const OBJECT: usize = 1;
const BOX: usize = 2;
const POINTS: usize = 6;

/// A face as the network reports it, in pixels of its input image. May extend beyond the edges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    /// 0 to 1.
    pub(super) score: f32,
    /// Left, top, right, bottom.
    pub(super) edges: [f32; 4],
    /// The two eyes as x, y.
    pub(super) eyes: [[f32; 2]; 2],
}

/// The layers.
#[derive(Debug)]
struct Net {
    /// The strided 3 x 3 convolution, computed as a mix of gathered patches.
    stem: Mix,
    /// Pairs of blocks: those up to the first map, then one pair for each further map.
    body: [Block; 11],
    /// The blocks that merge a map with the coarser ones, finest first.
    neck: [Block; 3],
    /// The blocks that read faces from a map, finest first.
    heads: [Block; 3],
}

impl Net {
    fn read(bytes: &[u8]) -> Self {
        let (floats, _) = bytes.as_chunks::<4>();
        let mut values = floats.iter().copied().map(f32::from_le_bytes);
        let stem = mix(&mut values, PATCH, LANES);
        let widths = [16, 16, 16, 32, 32, 64, 64, 64, 64, 64, 64, 64];
        let body = std::array::from_fn(|n| block(&mut values, widths[n], widths[n + 1]));
        let neck = std::array::from_fn(|_| block(&mut values, 64, 64));
        let heads = std::array::from_fn(|_| block(&mut values, 64, LANES));
        Self { stem, body, neck, heads }
    }

    /// Runs the network and returns the head outputs, finest map first.
    #[inline(always)]
    fn run(&self, image: &NetInput<'_>) -> [FeatureMap; 3] {
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10] = &self.body;
        let pair = |first: &Block, second: &Block, map: &FeatureMap| second.apply(&first.apply(map, true), true);
        let shallow = b0.apply(&self.stem(image), true).halved();
        let shallow = pair(b3, b4, &pair(b1, b2, &shallow)).halved();
        let mut fine = pair(b5, b6, &shallow);
        let mut middle = pair(b7, b8, &fine.halved());
        let coarse = pair(b9, b10, &middle.halved());
        let coarse = self.neck[2].apply(&coarse, true);
        middle.add_doubled(&coarse);
        let middle = self.neck[1].apply(&middle, true);
        fine.add_doubled(&middle);
        let fine = self.neck[0].apply(&fine, true);
        let [f, m, c] = &self.heads;
        [f.apply(&fine, false), m.apply(&middle, false), c.apply(&coarse, false)]
    }

    /// Mixes the 3 x 3 patch around every second pixel. Everything outside the image is 0.
    #[inline(always)]
    fn stem(&self, image: &NetInput<'_>) -> FeatureMap {
        let side = |len: usize| len.next_multiple_of(SIDE_MULTIPLE) / 2;
        let mut out = FeatureMap::zero(side(image.width), side(image.height), LANES);
        let mut patches = vec![0.0; out.width * PATCH];
        let row_len = out.width * LANES;
        for (y, row) in out.values.chunks_exact_mut(row_len.max(1)).enumerate() {
            patches.fill(0.0);
            for (x, patch) in patches.chunks_exact_mut(PATCH).enumerate() {
                image.patch(2 * x, 2 * y, patch);
            }
            self.stem.row(&patches, row);
            row.iter_mut().for_each(|value| *value = value.max(0.0));
        }
        out
    }
}

fn mix(values: &mut impl Iterator<Item = f32>, inputs: usize, outputs: usize) -> Mix {
    let weights = values.take(inputs * outputs).collect();
    Mix { inputs, outputs, weights, bias: values.take(outputs).collect() }
}

fn block(values: &mut impl Iterator<Item = f32>, inputs: usize, outputs: usize) -> Block {
    let mix = mix(values, inputs, outputs);
    let taps = values.take(9 * outputs).collect();
    Block { mix, taps, bias: values.take(outputs).collect() }
}

/// 8-bit RGB, row by row.
#[derive(Clone, Copy, Debug)]
pub(super) struct NetInput<'a> {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) rgb: &'a [u8],
}

impl NetInput<'_> {
    /// Gathers the 3 x 3 pixels around (x, y). Each is blue, green, red, the order the network was trained with.
    #[inline(always)]
    fn patch(&self, x: usize, y: usize, patch: &mut [f32]) {
        for (tap, values) in patch.chunks_exact_mut(3).take(9).enumerate() {
            // Covers (x - 1, y - 1) to (x + 1, y + 1), counted from 1 so that no coordinate is negative.
            let (px, py) = (x + tap % 3, y + tap / 3);
            if (1..=self.width).contains(&px) && (1..=self.height).contains(&py) {
                let at = ((py - 1) * self.width + px - 1) * 3;
                let pixel = &self.rgb[at..at + 3];
                values[0] = f32::from(pixel[2]);
                values[1] = f32::from(pixel[1]);
                values[2] = f32::from(pixel[0]);
            }
        }
    }
}

/// Returns all candidates with at least this score. One face usually appears several times.
pub(super) fn candidates(image: &NetInput<'_>, score_min: f32) -> Vec<Candidate> {
    let maps = pulp::Arch::new().dispatch(|| NET.run(image));
    let mut found = Vec::new();
    for (map, stride) in maps.iter().zip([8.0, 16.0, 32.0]) {
        for y in 0..map.height {
            for x in 0..map.width {
                let candidate = decode(map.at(x, y), x as f32 * stride, y as f32 * stride, stride);
                // The comparison is also false for NaN.
                if candidate.score >= score_min {
                    found.push(candidate);
                }
            }
        }
    }
    found
}

/// Decodes the head outputs at one point of a map.
fn decode(values: &[f32], x: f32, y: f32, stride: f32) -> Candidate {
    let sigmoid = |value: f32| 1.0 / (1.0 + (-value).exp());
    let point = |at: usize| [values[at] * stride + x, values[at + 1] * stride + y];
    let [across, down] = point(BOX);
    // Clamp the box size, because a hostile image can make the network output anything.
    let half = |value: f32| value.clamp(-10.0, 10.0).exp() * stride / 2.0;
    let (width, height) = (half(values[BOX + 2]), half(values[BOX + 3]));
    Candidate {
        score: (sigmoid(values[CLASS]) * sigmoid(values[OBJECT])).sqrt(),
        edges: [across - width, down - height, across + width, down + height],
        eyes: [point(POINTS), point(POINTS + 2)],
    }
}
