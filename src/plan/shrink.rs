//! Layouts for originals that were decoded at a fraction of their size.

use crate::units::{Rect, Size};

use super::op::{Layout, Op};

/// Factors by which decoders can shrink while they load, largest first.
const FACTORS: [u32; 3] = [8, 4, 2];

impl Layout {
    /// The largest of 8, 4, 2, 1 by which the decoder may divide both sides of the original (rounding up) so that the
    /// resize still *reduces* by at least `headroom`, and [`Layout::shrunk`] stays exact. 1 when there is no resize, or
    /// when something before it has to see every pixel.
    ///
    /// Quality falls when the decoder's box filter does most of the reduction: `headroom` is 1 for "never enlarge what
    /// was shrunk", 2 or more to leave the last octaves to the resampler.
    #[must_use]
    pub fn shrink_max(&self, original: Size, headroom: f64) -> u32 {
        FACTORS.into_iter().find(|factor| self.can_shrink(original, *factor, headroom)).unwrap_or(1)
    }

    fn can_shrink(&self, original: Size, factor: u32, headroom: f64) -> bool {
        let mut size = original;
        let mut turned = false;
        let whole = original.width.is_multiple_of(factor) && original.height.is_multiple_of(factor);
        for op in &self.ops {
            match op {
                Op::Orient(value) => {
                    turned = true;
                    size = if *value >= 5 { size.transposed() } else { size };
                }
                // Turning moves a partial last pixel to the front, and with it the whole grid.
                Op::Crop(_) if turned && !whole => return false,
                Op::Crop(rect) => {
                    if !on_grid(*rect, size, factor) {
                        return false;
                    }
                    size = rect.size;
                }
                Op::Resize(resize) => {
                    let spare = |from: u32, to: u32| f64::from(from / factor) >= f64::from(to) * headroom;
                    return spare(size.width, resize.scaled.width) && spare(size.height, resize.scaled.height);
                }
                Op::Trim(_)
                | Op::HideFaces(_)
                | Op::RedEye(_)
                | Op::FocalDebug { .. }
                | Op::Enhance
                | Op::Adjust(_)
                | Op::Denoise(_)
                | Op::Sharpen(_)
                | Op::Extend(_)
                | Op::MirrorHorizontal
                | Op::MirrorVertical
                | Op::Rotate(_)
                | Op::Tone(_)
                | Op::Halftone { .. }
                | Op::Pixellate { .. }
                | Op::Blur { .. }
                | Op::Threshold(_)
                | Op::Blend(_)
                | Op::Gradient(_)
                | Op::Fade(_)
                | Op::Turn(_)
                | Op::Background(_)
                | Op::Grid(_)
                | Op::Mask(_)
                | Op::Tap(_)
                | Op::Border(_)
                | Op::Pad(_)
                | Op::Mark(_)
                | Op::Text(_)
                | Op::Reflect(_)
                | Op::Shadow(_) => return false,
            }
        }
        false
    }

    /// The same layout for an original decoded at `1/factor` of its size (sides rounded up), with the same output.
    ///
    /// Only rectangles cut out before the resize are in pixels of the original, so only they change. `factor` must come
    /// from [`Layout::shrink_max`].
    #[must_use]
    pub fn shrunk(&self, factor: u32) -> Self {
        let mut shrunk = self.clone();
        for op in shrunk.ops.iter_mut().take_while(|op| !matches!(op, Op::Resize(_))) {
            if let Op::Crop(rect) = op {
                *rect = divided(*rect, factor);
            }
        }
        shrunk
    }
}

/// An edge off the grid of the shrunk picture would move the content by a part of a pixel.
fn on_grid(rect: Rect, size: Size, factor: u32) -> bool {
    let axis = |start: u32, len: u32, total: u32| {
        start.is_multiple_of(factor) && (len.is_multiple_of(factor) || start + len == total)
    };
    axis(rect.left, rect.size.width, size.width) && axis(rect.top, rect.size.height, size.height)
}

fn divided(rect: Rect, factor: u32) -> Rect {
    Rect {
        left: rect.left / factor,
        top: rect.top / factor,
        size: Size { width: rect.size.width.div_ceil(factor), height: rect.size.height.div_ceil(factor) },
    }
}
