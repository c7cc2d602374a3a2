//! What ops take from an original before they are performed: its colour space, and what the first frame shows.

use crate::pixels::raster::Raster;
use crate::plan::{Extend, ExtendFill, GradientFill, Op};
use crate::render::color::convert;
use crate::render::stage::{extend, tone};

/// Colours of the request are sRGB; the picture may not be.
pub(super) fn in_space(mut ops: Vec<Op>, profile: Option<&[u8]>) -> Vec<Op> {
    if profile.is_some() {
        for color in ops.iter_mut().flat_map(Op::colors_mut) {
            *color = convert::color_in(*color, profile);
        }
    }
    ops
}

/// Fills in what an op takes from the pixels of the first frame, for all frames alike.
pub(super) fn settle(op: &mut Op, raster: &Raster) {
    if let Op::Extend(Extend { fill: ExtendFill::Gradient(GradientFill { colors: colors @ None, .. }), .. }) = op {
        *colors = Some(extend::own_colors(raster));
    } else if let Op::Tone(chain) = op {
        tone::settle(chain, raster);
    }
}
