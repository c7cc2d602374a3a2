//! `blend*`: a colour or another image blended over the image (`rendering.md` 10).

use serde::{Deserialize, Serialize};

use crate::param::{BlendMode, BlendSource, CropWord, Fit, Location, Params};
use crate::plan::anchor::{Along, Anchor, pixels, visible};
use crate::plan::extent::Extent;
use crate::plan::types::Sizing;
use crate::units::{Color, Length, Size};

use super::finish::Finish;
use super::overlay::{Overlay, fitted, grown, overlay_fit, sizing};
use super::{Canvas, Feature, Op, Paints};

const CENTERED: (Along, Along) = (Along::Middle, Along::Middle);

/// `blend`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blend {
    /// What is blended over the image.
    pub layer: BlendLayer,
    /// Blend mode.
    pub mode: BlendMode,
    /// Opacity, 0 < v <= 1.
    pub alpha: f64,
}

/// What is blended over the image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BlendLayer {
    /// A colour over the whole image.
    Color(Color),
    /// An image.
    Image(Box<BlendImage>),
}

/// An image to blend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlendImage {
    /// Where it is stored.
    pub location: Location,
    /// Size of its box; fractions refer to the resized base.
    pub size: BlendSize,
    /// How it is fitted to the box.
    pub fit: Fit,
    /// `blend-crop`, for `blend-fit=crop`.
    pub crop: Vec<CropWord>,
    /// Its position.
    pub anchor: Anchor,
    /// Gradient and fade, applied at its final size.
    pub finish: Finish,
}

/// Size of the box of a blended image.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum BlendSize {
    /// `blend-w`, `blend-h`; without both, the natural size.
    Own {
        /// Width.
        w: Option<Length>,
        /// Height.
        h: Option<Length>,
    },
    /// `blend-size=inherit`: the size of the base.
    Inherit,
}

/// Blends a colour or image over the image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlendOp {
    /// The layer.
    pub layer: BlendOpLayer,
    /// Blend mode.
    pub mode: BlendMode,
    /// Opacity, 0 < v <= 1.
    pub alpha: f64,
}

/// What is blended over the image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BlendOpLayer {
    /// A colour over the whole image.
    Color(Color),
    /// The image of `blend`, placed.
    Image(Overlay),
}

impl Paints for BlendOp {
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        match &mut self.layer {
            BlendOpLayer::Color(color) => vec![color],
            // Its layout is drawn in sRGB.
            BlendOpLayer::Image(_) => Vec::new(),
        }
    }
}

impl Blend {
    /// Returns the location of the blended image, if the layer is an image.
    pub(in crate::plan) const fn image(&self) -> Option<&Location> {
        match &self.layer {
            BlendLayer::Image(image) => Some(&image.location),
            BlendLayer::Color(_) => None,
        }
    }

    /// Returns the blend on a base of `base` pixels; `None` if its image is not available.
    fn op(&self, sizing: &Sizing, natural: Option<Size>, base: Size) -> Option<BlendOp> {
        let layer = match &self.layer {
            BlendLayer::Color(color) => BlendOpLayer::Color(*color),
            BlendLayer::Image(image) => BlendOpLayer::Image(image.placed(sizing, natural?, base)),
        };
        Some(BlendOp { layer, mode: self.mode, alpha: self.alpha })
    }
}

impl BlendImage {
    fn placed(&self, base_sizing: &Sizing, natural: Size, base: Size) -> Overlay {
        let dpr = base_sizing.dpr.get();
        let (w, h, fit, crop) = match self.size {
            BlendSize::Own { w: None, h: None } => {
                let [w, h] = grown(natural, dpr);
                (w, h, self.fit, &self.crop)
            }
            BlendSize::Own { w, h } => {
                let base = Extent::of(base);
                (pixels(w, base.width, dpr), pixels(h, base.height, dpr), self.fit, &self.crop)
            }
            // The size of the base results from its own `w`, `h` and `fit`.
            BlendSize::Inherit => {
                (Some(f64::from(base.width)), Some(f64::from(base.height)), base_sizing.fit, &base_sizing.crop)
            }
        };
        let fit = overlay_fit(fit, w.is_some() && h.is_some());
        let sizing = Sizing { crop: crop.clone(), ..sizing(base_sizing, w, h, fit) };
        let mut layout = fitted(&sizing, natural);
        layout.ops.extend(self.finish.ops(dpr, layout.output));
        let (left, top) = self.anchor.scaled(dpr).position(base, layout.output);
        Overlay { layout, left, top }
    }
}

impl Feature for Blend {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        let blend = &params.blend;
        let alpha = blend.alpha.unwrap_or(100.0) / 100.0;
        let layer = match &blend.source {
            Some(BlendSource::Color(color)) => BlendLayer::Color(visible(Some(*color))?),
            Some(BlendSource::Image(location)) => BlendLayer::Image(Box::new(BlendImage {
                location: location.clone(),
                size: if blend.inherit_size { BlendSize::Inherit } else { BlendSize::Own { w: blend.w, h: blend.h } },
                fit: blend.fit.unwrap_or_default(),
                crop: blend.crop.clone(),
                anchor: Anchor::of(&blend.align, CENTERED, blend.pad.unwrap_or(0), blend.x, blend.y)
                    .held_at(blend.anchor),
                finish: Finish::of_layer(&blend.finish),
            })),
            None => BlendLayer::Color(visible(blend.color)?),
        };
        (alpha > 0.0).then(|| Self { layer, mode: blend.mode.unwrap_or_default(), alpha })
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        if let Some(op) = self.op(canvas.sizing, canvas.found.blend, canvas.size) {
            canvas.transparent |= matches!(op.mode, BlendMode::DestinationOut | BlendMode::DestinationIn);
            canvas.push(Op::Blend(op));
        }
    }
}
