//! [`Resize`]: the size to which the part that is read is scaled, and the window of it that is kept.

use serde::{Deserialize, Serialize};

use crate::param::CropWord;
use crate::units::{Rect, Size};

/// Scales everything that is read to `scaled`, then keeps `window` of it. In linear light, premultiplied, with
/// Lanczos3.
///
/// A renderer may resample only the part of the source that the window needs, provided that the pixels are the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resize {
    /// Size of the whole image after scaling; a side may exceed the output if most of it is cut away.
    pub scaled: Size,
    /// The part that is kept.
    pub window: Window,
}

impl Resize {
    /// Returns the kept rectangle of the scaled image. For a window that must be found, this is `otherwise`.
    #[must_use]
    pub fn kept(&self) -> Rect {
        match &self.window {
            Window::Whole => Rect::whole(self.scaled),
            Window::Fixed(rect) => *rect,
            Window::Find { otherwise, .. } => *otherwise,
        }
    }
}

/// A part of a scaled image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Window {
    /// All of it.
    Whole,
    /// This rectangle.
    Fixed(Rect),
    /// A rectangle of `size`, placed by the first finder that succeeds and otherwise at `otherwise`.
    Find {
        /// Size of the window.
        size: Size,
        /// `entropy`, `edges` or `auto`, in the order asked for.
        finders: Vec<CropWord>,
        /// Its place if nothing is found.
        otherwise: Rect,
    },
}
