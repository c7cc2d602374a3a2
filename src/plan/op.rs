//! [`Op`]: one step of a plan with the numbers filled in, a variant per stage.

use serde::{Deserialize, Serialize};

use crate::param::{CropWord, RotType};
use crate::units::{Color, Rect, Size};

/// The steps for one original, in order, and the size they end with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// In the order they are executed; holds only steps that do something.
    pub ops: Vec<Op>,
    /// Size of the rendered picture.
    pub output: Size,
}

/// One step. Sizes and rectangles are in pixels of the picture as it stands when the step begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Op {
    /// Turn upright by an EXIF value 2 to 8.
    Orient(u8),
    /// Cut out a rectangle.
    Crop(Rect),
    /// Scale, then keep a window.
    Resize(Resize),
    /// Put the picture on a larger canvas.
    Extend(Extend),
    /// Cross-hair of `fp-debug`, at a point in pixels.
    FocalDebug {
        /// From the left.
        x: u32,
        /// From the top.
        y: u32,
    },
    /// Mirror left-right.
    MirrorHorizontal,
    /// Mirror top-bottom.
    MirrorVertical,
    /// Turn inside the frame, whose size stays.
    Rotate(Rotate),
    /// Put a colour under the picture's transparency.
    Background(Color),
}

/// Scale the whole picture to `scaled`, then keep `window` of it. Linear light, premultiplied, Lanczos3.
///
/// A renderer may take only the part of the source that the window needs, when the pixels are the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resize {
    /// Size of the whole picture after scaling; a side may exceed the output when most of it is cut away.
    pub scaled: Size,
    /// What is kept.
    pub window: Window,
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

/// A larger canvas around the picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extend {
    /// Size of the canvas.
    pub canvas: Size,
    /// Left edge of the picture on it.
    pub left: u32,
    /// Top edge of the picture on it.
    pub top: u32,
    /// What shows around the picture.
    pub fill: ExtendFill,
}

/// What shows around the picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExtendFill {
    /// One colour.
    Solid(Color),
    /// The picture, scaled to cover the canvas and blurred.
    Blur,
    /// The picture's edge pixels, stretched outwards (`fit=clamp`).
    Edge,
}

/// Turn about the centre; the frame keeps its size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rotate {
    /// Counter-clockwise.
    pub degrees: f64,
    /// Zoomed so that no corner is empty, or not.
    pub kind: RotType,
    /// Shown in empty corners.
    pub background: Color,
}
