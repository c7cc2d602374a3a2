//! `bg` under the image's own transparency (`rendering.md` 5).

use serde::{Deserialize, Serialize};

use crate::param::Params;
use crate::plan::anchor::visible;
use crate::plan::types::Sizing;
use crate::units::Color;

use super::{Canvas, Feature, Paints};

/// A visible colour, shown under the image's own transparency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Background(pub Color);

impl Paints for Background {
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        vec![&mut self.0]
    }
}

impl Feature for Background {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        visible(params.fill.bg).map(Self)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        canvas.put_background();
    }
}
