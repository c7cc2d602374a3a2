//! [`Resize`]: to what size the part that is read is scaled, and what of that is kept.

use serde::{Deserialize, Serialize};

use crate::param::CropWord;
use crate::units::{Rect, Size};

/// Scale the whole of what is read to `scaled`, then keep `window` of it. Linear light, premultiplied, Lanczos3.
///
/// A renderer may take only the part of the source that the window needs, when the pixels are the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resize {
    /// Size of the whole picture after scaling; a side may exceed the output when most of it is cut away.
    pub scaled: Size,
    /// What is kept.
    pub window: Window,
}

impl Resize {
    /// The rectangle of the scaled image that is kept, as long as no finder has looked.
    #[must_use]
    pub fn kept(&self) -> Rect {
        match &self.window {
            Window::Whole => Rect::whole(self.scaled),
            Window::Fixed(rect) => *rect,
            Window::Find { otherwise, .. } => *otherwise,
        }
    }
}

/// Part of a scaled picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Window {
    /// All of it.
    Whole,
    /// This rectangle.
    Fixed(Rect),
    /// A rectangle of `size` placed by the first finder that succeeds, else at `otherwise`.
    Find {
        /// Size of the window.
        size: Size,
        /// `entropy`, `edges`, `faces` in the order asked.
        finders: Vec<CropWord>,
        /// Where it goes when nothing is found.
        otherwise: Rect,
    },
}
