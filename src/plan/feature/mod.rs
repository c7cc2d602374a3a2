//! What can be drawn, one file per feature: what a request says about it, with defaults, and the resulting step with
//! its numbers filled in.
//!
//! [`Features`] and [`Op`] are declared once each, in this file. A new feature takes a file, a line in `features!` at
//! its place in the drawing order, and a line in `ops!`.

use serde::{Deserialize, Serialize};

use super::anchor::Sides;
use super::read::Read;
use super::resize::Resize;
use super::types::Sizing;
use crate::param::Params;
use crate::units::{Color, Rect, Size};

mod adjust;
mod background;
mod bars;
mod blend;
mod blur;
mod border;
mod canvas;
mod denoise;
mod enhance;
mod fade;
mod finish;
mod focal_debug;
mod gradient;
mod grid;
mod halftone;
pub(super) mod hide_faces;
mod mark;
mod mask;
mod mirror;
mod overlay;
pub(super) mod pad;
mod pixellate;
pub(super) mod rotate;
mod shadow;
mod sharpen;
pub(super) mod text;
mod threshold;
mod tone;
pub(super) mod trim;

pub use adjust::*;
pub use background::*;
pub use bars::*;
pub use blend::*;
pub use blur::*;
pub use border::*;
pub(super) use canvas::Canvas;
pub use denoise::*;
pub use enhance::*;
pub use fade::*;
pub use finish::*;
pub use focal_debug::*;
pub use gradient::*;
pub use grid::*;
pub use halftone::*;
pub use hide_faces::*;
pub use mark::*;
pub use mask::*;
pub use mirror::*;
pub use overlay::*;
pub use pad::*;
pub use pixellate::*;
pub use rotate::*;
pub use shadow::*;
pub use sharpen::*;
pub use text::*;
pub use threshold::*;
pub use tone::*;
pub use trim::*;

/// Something that a request can ask to be drawn.
pub(super) trait Feature: Sized {
    /// Returns what the request says about it, with defaults filled in; `None` if it draws nothing, so that it does not
    /// split the cache. Lengths are as written.
    fn of(params: &Params, sizing: &Sizing) -> Option<Self>;

    /// Adds its steps, with `dpr` applied and lengths in pixels of the canvas.
    fn draw(&self, canvas: &mut Canvas<'_>);
}

/// What a step provides besides its own numbers.
pub(crate) trait Paints {
    /// Returns the colours from the request that the step paints with. They are sRGB until they are converted.
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        Vec::new()
    }
}

/// Takes features one by one, each with its name.
pub(super) trait FieldSink {
    /// Takes a feature that is present.
    fn present(&mut self, name: &str, value: &impl Serialize);
}

/// Declares [`Features`] in drawing order.
macro_rules! features {
    ($($(#[$doc:meta])* $field:ident: $feature:ty,)+) => {
        /// Everything that a request asks to be drawn, in drawing order (`rendering.md` 2.2, from step 7).
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        pub struct Features {
            $($(#[$doc])* pub $field: Option<$feature>,)+
        }

        impl Features {
            pub(super) fn of(params: &Params, sizing: &Sizing) -> Self {
                Self { $($field: Feature::of(params, sizing),)+ }
            }

            /// Passes every feature that there is to `sink`.
            pub(super) fn each_present(&self, sink: &mut impl FieldSink) {
                $(if let Some(feature) = &self.$field {
                    sink.present(stringify!($field), feature);
                })+
            }

            /// Adds the steps of every feature to the canvas.
            pub(super) fn draw(&self, canvas: &mut Canvas<'_>) {
                $(if let Some(feature) = &self.$field {
                    feature.draw(canvas);
                })+
            }
        }
    };
}

features! {
    /// `fp-debug`.
    focal_debug: FocalDebug,
    /// `auto=enhance`.
    enhance: Enhance,
    /// `bri con exp ...`, in the order they are applied.
    adjust: Vec<Adjust>,
    /// `nr`, `nrs`.
    denoise: Denoise,
    /// `sharp`, `usm`, in the order they are applied.
    sharpen: Vec<Sharpen>,
    /// `fill*`: after the adjustments, which must not change the colours of bars.
    bars: Bars,
    /// `flip`.
    mirror: Mirror,
    /// `rot`.
    rotation: Rotation,
    /// `sepia`, `monochrome`, `duotone`, `gradient-map`, in the order they are applied.
    tones: Vec<Tone>,
    /// `htn`.
    halftone: Halftone,
    /// `px`.
    pixellate: Pixellate,
    /// `blur`.
    blur: Blur,
    /// `threshold*`: the last effect, so that its result has no other tones.
    threshold: Threshold,
    /// `blend*`.
    blend: Blend,
    /// `gradient*`, `fade*`.
    finish: Finish,
    /// `bg`: shown under the image's own transparency.
    background: Background,
    /// `transparency=grid`.
    grid: Grid,
    /// `mask*`.
    mask: Mask,
    /// `border*`.
    border: Border,
    /// `pad*`, before `dpr`: inside the box if there is one, otherwise around the image.
    padding: Sides,
    /// `mark*`.
    mark: Mark,
    /// `txt*`.
    text: Text,
    /// `drop-shadow*`.
    shadow: Shadow,
}

/// Declares [`Op`].
macro_rules! ops {
    ($($(#[$doc:meta])* $step:ident($numbers:ty),)+) => {
        /// One step. Sizes and rectangles are in pixels of the image as it is when the step begins; `dpr` is applied.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum Op {
            $($(#[$doc])* $step($numbers),)+
        }

        impl Op {
            /// Returns the colours from the request that the step paints with. They are sRGB until they are converted.
            pub fn colors_mut(&mut self) -> Vec<&mut Color> {
                match self {
                    $(Self::$step(numbers) => numbers.colors_mut(),)+
                }
            }
        }
    };
}

ops! {
    /// Makes faces unrecognisable. Only in [`Layout::on_original`].
    HideFaces(HideFacesOp),
    /// Removes red from the eyes in these boxes. Only in [`Layout::on_original`].
    RedEye(Vec<Rect>),
    /// Draws the cross-hair of `fp-debug`.
    FocalDebug(FocalDebugOp),
    /// Adjusts exposure, contrast and saturation according to the histogram.
    Enhance(Enhance),
    /// Adjusts pixels, in this order and in one pass.
    Adjust(Vec<Adjust>),
    /// Reduces noise.
    Denoise(Denoise),
    /// Sharpens.
    Sharpen(Sharpen),
    /// Puts the image on a larger canvas.
    Extend(Extend),
    /// Mirrors left-right, then top-bottom.
    Mirror(Mirror),
    /// Rotates inside the frame, or onto a larger canvas.
    Rotate(Rotate),
    /// Tones pixels, in this order and in one pass.
    Tone(Vec<Tone>),
    /// Draws a screen of dots.
    Halftone(Halftone),
    /// Averages square blocks.
    Pixellate(Pixellate),
    /// Blurs.
    Blur(Blur),
    /// Converts to pure black and white.
    Threshold(Threshold),
    /// Blends a colour or image over the image.
    Blend(BlendOp),
    /// Draws a gradient over the image, or fades the image with it.
    Gradient(GradientOp),
    /// Lets the edges fade to transparent.
    Fade(FadeOp),
    /// Puts a colour under the image's transparency.
    Background(Background),
    /// Puts a checkerboard under the image's transparency.
    Grid(Grid),
    /// Cuts to a shape.
    Mask(MaskOp),
    /// Draws a frame over the edge.
    Border(BorderOp),
    /// Adds a margin.
    Pad(Pad),
    /// Draws a watermark.
    Mark(MarkOp),
    /// Draws text.
    Text(TextOp),
    /// Draws a mirror image below. Only on a watermark, before it is placed.
    Reflect(ReflectOp),
    /// Draws a shadow.
    Shadow(ShadowOp),
    /// Rotates about the centre, onto another canvas. Only in an [`Overlay`].
    Turn(TurnOp),
}

/// The steps for one original, in order, and the resulting size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// The part of the original to read, and how to rotate it.
    pub read: Read,
    /// Steps on the original's own pixels, upright and cut, because the boxes of faces and eyes refer to them.
    pub on_original: Vec<Op>,
    /// The size to which that is scaled; `None` keeps its size.
    pub place: Option<Resize>,
    /// The remaining steps, in the order they are executed; contains only steps that change something.
    pub ops: Vec<Op>,
    /// Size of the rendered image.
    pub output: Size,
    /// Whether any pixel of it can be transparent.
    pub has_alpha: bool,
}

impl Layout {
    /// Returns a layout that leaves an upright image of this size unchanged.
    #[must_use]
    pub const fn as_it_is(size: Size) -> Self {
        Self {
            read: Read::whole(size),
            on_original: Vec::new(),
            place: None,
            ops: Vec::new(),
            output: size,
            has_alpha: true,
        }
    }
}
