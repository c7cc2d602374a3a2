//! Fixes what ops derive from an original before they are applied: its colour space, and what its first frame shows.

use crate::pixels::raster::Raster;
use crate::plan::{Extend, ExtendFill, GradientFill, Op};
use crate::render::color::convert;
use crate::render::stage::{extend, tone};

/// Converts the colours in the ops to the image's space. Colours in a request are sRGB; the image may not be.
pub(super) fn in_space(mut ops: Vec<Op>, profile: Option<&[u8]>) -> Vec<Op> {
    if profile.is_some() {
        for color in ops.iter_mut().flat_map(Op::colors_mut) {
            *color = convert::color_in(*color, profile);
        }
    }
    ops
}

/// Fills in what an op derives from the pixels of the first frame, so that it is the same for all frames.
pub(super) fn settle(op: &mut Op, raster: &Raster) {
    if let Op::Extend(Extend { fill: ExtendFill::Gradient(GradientFill { colors: colors @ None, .. }), .. }) = op {
        *colors = Some(extend::own_colors(raster));
    } else if let Op::Tone(chain) = op {
        tone::settle(chain, raster);
    }
}
