//! `flip` (`rendering.md` 6).

use serde::{Deserialize, Serialize};

use crate::param::Params;
use crate::plan::types::Sizing;

use super::{Canvas, Feature, Op, Paints};

/// `flip`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "two axes")]
pub struct Mirror {
    pub horizontal: bool,
    pub vertical: bool,
}

impl Paints for Mirror {}

impl Feature for Mirror {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let mirror = Self { horizontal: params.rotation.flip_h, vertical: params.rotation.flip_v };
        (mirror.horizontal || mirror.vertical).then_some(mirror)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        canvas.push(Op::Mirror(*self));
    }
}
