//! Small value types shared by all layers above.

use serde::{Deserialize, Serialize};

/// Width and height in pixels; both are at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Size {
    /// Width in pixels, at least 1.
    pub width: u32,
    /// Height in pixels, at least 1.
    pub height: u32,
}

impl Size {
    /// Creates a size, with each side raised to at least 1 pixel.
    #[must_use]
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width: if width == 0 { 1 } else { width }, height: if height == 0 { 1 } else { height } }
    }

    /// Returns the size with its sides exchanged, as after a quarter turn.
    #[must_use]
    pub const fn transposed(self) -> Self {
        Self { width: self.height, height: self.width }
    }

    /// Returns the number of pixels.
    #[must_use]
    pub const fn area(self) -> u64 {
        self.width as u64 * self.height as u64
    }
}

/// A rectangle in pixels, with the origin at the top left; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rect {
    /// Distance from the left edge of the image.
    pub left: u32,
    /// Distance from the top edge of the image.
    pub top: u32,
    /// Size of the rectangle.
    pub size: Size,
}

impl Rect {
    /// Returns the rectangle that covers an image of `size`.
    #[must_use]
    pub const fn whole(size: Size) -> Self {
        Self { left: 0, top: 0, size }
    }

    /// Returns whether the rectangle lies inside an image of `size`.
    #[must_use]
    pub const fn is_inside(self, size: Size) -> bool {
        self.left as u64 + self.size.width as u64 <= size.width as u64
            && self.top as u64 + self.size.height as u64 <= size.height as u64
    }
}

/// A colour, sRGB-encoded with straight (not premultiplied) alpha; alpha 255 is opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Color {
    /// Red.
    pub r: u8,
    /// Green.
    pub g: u8,
    /// Blue.
    pub b: u8,
    /// Alpha; 255 is opaque.
    pub a: u8,
}

impl Color {
    /// Opaque white.
    pub const WHITE: Self = Self { r: 255, g: 255, b: 255, a: 255 };
    /// Opaque black.
    pub const BLACK: Self = Self { r: 0, g: 0, b: 0, a: 255 };
    /// Fully transparent white: `0fff`, the documented default of `bg` and `fill-color`.
    pub const TRANSPARENT_WHITE: Self = Self { r: 255, g: 255, b: 255, a: 0 };

    /// Returns whether nothing shows through.
    #[must_use]
    pub const fn is_opaque(self) -> bool {
        self.a == 255
    }
}

/// A length as written: pixels, or a fraction of a side that the parameter names.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Length {
    /// Pixels before `dpr` is applied; negative only if the parameter allows it.
    Px(f64),
    /// A fraction of the reference side, 0 < v <= 1; 0 and below only if the parameter allows it.
    Fraction(f64),
}

/// An encoder quality, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Quality(u8);

impl Quality {
    /// Default of `q` (`rendering.md` 13).
    pub const DEFAULT: Self = Self(75);
    /// Default of `q` under `auto=compress` and `Save-Data` (`rendering.md` 13, `delivery.md` 6.3).
    pub const COMPRESS: Self = Self(45);

    /// Returns the nearest quality in 0..=100.
    #[must_use]
    pub const fn clamped(value: i64) -> Self {
        Self(if value < 0 {
            0
        } else if value > 100 {
            100
        } else {
            value as u8
        })
    }

    /// Returns the number, 0 to 100.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// A device pixel ratio, 0 < v <= 5.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dpr(f64);

impl Dpr {
    /// One image pixel per layout pixel.
    pub const ONE: Self = Self(1.0);

    /// Returns the value capped at 5, or `None` unless it is positive and finite.
    #[must_use]
    pub fn clamped(value: f64) -> Option<Self> {
        (value > 0.0 && value.is_finite()).then(|| Self(value.min(5.0)))
    }

    /// Returns the factor.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Default for Dpr {
    fn default() -> Self {
        Self::ONE
    }
}
