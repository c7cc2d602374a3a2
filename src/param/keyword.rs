//! The words of each enumerated parameter, next to the variant that each stands for.

use super::{
    AlignWord, BlendMode, ChromaSub, ColorSpace, CropWord, Dither, FillMode, Fit, FormatWord, GradientSpace,
    GradientType, HuePath, PaletteFormat, RadialReach, RadialShape, RotType, ShadowKind, TextClip, TextFit,
    TextStencil, TrimMode,
};

/// A type whose values are written as single words.
pub trait Keyword: Copy + 'static {
    /// The words, in the order of the reference.
    const WORDS: &'static [&'static str];
    /// The value of each word, in the same order.
    const VALUES: &'static [Self];

    /// Returns the value written exactly as `word`.
    fn of(word: &str) -> Option<Self> {
        let at = Self::WORDS.iter().position(|known| *known == word)?;
        Self::VALUES.get(at).copied()
    }
}

macro_rules! keywords {
    ($type:ident: $($word:literal $variant:ident),+ $(,)?) => {
        impl Keyword for $type {
            const WORDS: &'static [&'static str] = &[$($word),+];
            const VALUES: &'static [Self] = &[$(Self::$variant),+];
        }
    };
}

keywords!(Fit: "clip" Clip, "clamp" Clamp, "crop" Crop, "facearea" FaceArea, "fill" Fill, "fillmax" FillMax, "max" Max,
    "min" Min, "scale" Scale);
keywords!(CropWord: "top" Top, "bottom" Bottom, "left" Left, "right" Right, "center" Center, "faces" Faces,
    "auto" Auto, "entropy" Entropy, "edges" Edges, "focalpoint" FocalPoint);
keywords!(AlignWord: "top" Top, "middle" Middle, "bottom" Bottom, "left" Left, "center" Center, "right" Right);
keywords!(RotType: "straighten" Straighten, "pivot" Pivot);
keywords!(TrimMode: "auto" Auto, "color" Color, "alpha" Alpha, "colorunlessalpha" ColorUnlessAlpha);
keywords!(FillMode: "solid" Solid, "blur" Blur, "gradient" Gradient, "gen" Gen);
keywords!(GradientType: "linear" Linear, "radial" Radial);
keywords!(GradientSpace: "srgb" Srgb, "linear" Linear, "oklab" Oklab, "hsl" Hsl, "lch" Lch, "oklch" Oklch, "hsv" Hsv);
keywords!(HuePath: "shorter" Shorter, "longer" Longer, "increasing" Increasing, "decreasing" Decreasing);
keywords!(RadialShape: "ellipse" Ellipse, "circle" Circle);
keywords!(RadialReach: "farthest-corner" FarthestCorner, "farthest-side" FarthestSide, "closest-corner" ClosestCorner,
    "closest-side" ClosestSide);
keywords!(BlendMode: "normal" Normal, "darken" Darken, "multiply" Multiply, "burn" Burn, "lighten" Lighten,
    "screen" Screen, "dodge" Dodge, "overlay" Overlay, "softlight" SoftLight, "hardlight" HardLight,
    "difference" Difference, "exclusion" Exclusion, "color" Color, "hue" Hue, "saturation" Saturation,
    "luminosity" Luminosity, "destination-out" DestinationOut, "destination-in" DestinationIn);
keywords!(TextClip: "start" Start, "middle" Middle, "end" End);
keywords!(ShadowKind: "flat" Flat, "cast" Cast, "float" Float, "inset" Inset);
keywords!(TextFit: "max" Max, "wrap" Wrap, "wrapmax" WrapMax);
keywords!(TextStencil: "destination-out" Out, "destination-in" In);
keywords!(PaletteFormat: "css" Css, "json" Json);
keywords!(FormatWord: "jpg" Jpg, "pjpg" Pjpg, "png" Png, "png8" Png8, "png32" Png32, "webp" Webp, "avif" Avif,
    "gif" Gif, "jxl" Jxl, "jp2" Jp2, "jxr" Jxr, "json" Json, "blurhash" Blurhash, "mp4" Mp4, "webm" Webm,
    "spritesheet" Spritesheet);
keywords!(Dither: "floydsteinberg" FloydSteinberg, "atkinson" Atkinson);
keywords!(ChromaSub: "420" Yuv420, "422" Yuv422, "444" Yuv444);
keywords!(ColorSpace: "origin" Origin, "srgb" Srgb, "adobergb1998" AdobeRgb1998, "tinysrgb" TinySrgb, "strip" Strip);
