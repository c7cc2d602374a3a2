//! What lies over, around and in the picture's shape (`rendering.md` 5, 9 to 12), as a request says it: gradients,
//! checkerboard, blend, mask, border, padding, watermark, text. Lengths are as written; `dpr` is applied by the layout.

use serde::{Deserialize, Serialize};

use super::shadow::{Reflection, Shadow};
use crate::param::{
    AlignWord, BlendMode, CropWord, Fit, Font, GradientSpace, HuePath, Location, MaskShape, RadialReach, RadialShape,
    TextClip, TextStencil,
};
use crate::pixels::ramp::{ColorRamp, ColorStop};
use crate::units::{Color, Length, Size};

/// A place on one axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Along {
    /// Left or top.
    Start,
    /// The middle; of an odd number of spare pixels the smaller half goes first.
    #[default]
    Middle,
    /// Right or bottom.
    Far,
}

/// Where an overlay lies on its canvas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Anchor {
    /// `*-align`, horizontal word; the middle when only the other axis was named.
    pub horizontal: Along,
    /// `*-align`, vertical word.
    pub vertical: Along,
    /// `*-pad`: gap to the edge on an axis that is neither in the middle nor placed by `x` or `y`.
    pub pad_px: u32,
    /// `*-x`: from the left edge; overrides alignment and gap. A fraction refers to the width of the canvas.
    pub x: Option<Length>,
    /// `*-y`: from the top edge. A fraction refers to the height of the canvas.
    pub y: Option<Length>,
    /// `*-anchor`: which point of the item lies at `x`, `y`, as shares of its width and height, 0 to 1; 0 on an
    /// axis without either.
    pub point: [f64; 2],
}

impl Anchor {
    /// `words`, or `default` when there are none.
    pub(super) fn of(
        words: &[AlignWord],
        default: (Along, Along),
        pad: u32,
        x: Option<Length>,
        y: Option<Length>,
    ) -> Self {
        let (horizontal, vertical) = if words.is_empty() { default } else { along(words) };
        Self { horizontal, vertical, pad_px: pad, x, y, point: [0.0; 2] }
    }

    /// The same, held at another point than its top left.
    pub(super) fn held_at(self, point: Option<[f64; 2]>) -> Self {
        let [across, down] = point.unwrap_or_default();
        let share = |at: Option<Length>, share: f64| if at.is_some() { share + 0.0 } else { 0.0 };
        Self { point: [share(self.x, across), share(self.y, down)], ..self }
    }

    pub(super) fn scaled(self, dpr: f64) -> Self {
        let place = |length: Length| match length {
            Length::Px(px) => Length::Px((px * dpr + 0.5).floor()),
            Length::Fraction(_) => length,
        };
        Self { pad_px: px(self.pad_px, dpr), x: self.x.map(place), y: self.y.map(place), ..self }
    }

    /// `x` and `y` in pixels of `canvas`.
    pub(super) fn offsets(&self, canvas: Size) -> [Option<i64>; 2] {
        [(self.x, canvas.width), (self.y, canvas.height)].map(|(offset, side)| {
            offset.map(|length| match length {
                Length::Px(px) => px as i64,
                Length::Fraction(share) => (share * f64::from(side) + 0.5).floor() as i64,
            })
        })
    }

    /// Left and top edge on `canvas` of an item of size `item`; outside the canvas when it is larger or placed so.
    #[must_use]
    pub fn position(&self, canvas: Size, item: Size) -> (i64, i64) {
        let pad = i64::from(self.pad_px);
        let [x, y] = self.offsets(canvas);
        let place = |along: Along, fixed: Option<i64>, share: f64, canvas: u32, item: u32| {
            let spare = i64::from(canvas) - i64::from(item);
            match (fixed, along) {
                (Some(px), _) => px - (share * f64::from(item) + 0.5).floor() as i64,
                (None, Along::Start) => pad,
                (None, Along::Middle) => spare.div_euclid(2),
                (None, Along::Far) => spare - pad,
            }
        };
        (
            place(self.horizontal, x, self.point[0], canvas.width, item.width),
            place(self.vertical, y, self.point[1], canvas.height, item.height),
        )
    }
}

/// The first word on an axis wins; an axis without one is in the middle.
pub(super) fn along(words: &[AlignWord]) -> (Along, Along) {
    let (mut horizontal, mut vertical) = (None, None);
    for word in words {
        match word {
            AlignWord::Left => _ = horizontal.get_or_insert(Along::Start),
            AlignWord::Right => _ = horizontal.get_or_insert(Along::Far),
            AlignWord::Top => _ = vertical.get_or_insert(Along::Start),
            AlignWord::Bottom => _ = vertical.get_or_insert(Along::Far),
            // The middle of whichever axis no other word names, which is what absence means too.
            AlignWord::Center | AlignWord::Middle => {}
        }
    }
    (horizontal.unwrap_or_default(), vertical.unwrap_or_default())
}

/// A pixel length times `dpr`, rounded; 0 stays 0.
pub(super) fn px(length: u32, dpr: f64) -> u32 {
    (f64::from(length) * dpr + 0.5).floor() as u32
}

/// Pixels on the four sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the four sides")]
pub struct Sides {
    pub top: u32,
    pub right: u32,
    pub bottom: u32,
    pub left: u32,
}

impl Sides {
    pub(super) fn scaled(self, k: f64) -> Self {
        Self { top: px(self.top, k), right: px(self.right, k), bottom: px(self.bottom, k), left: px(self.left, k) }
    }
}

/// `fill=gradient`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gradient {
    /// Opaque, at least two; `None` takes the dark and the light vibrant colour of the picture's palette.
    pub colors: Option<Vec<ColorStop>>,
    /// Space the colours are mixed in.
    pub space: GradientSpace,
    /// Which way round the colour wheel, in the spaces that have one.
    pub hue: HuePath,
    /// Straight or round.
    pub shape: GradientShape,
}

/// Course of a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum GradientShape {
    /// Towards an edge or corner.
    Linear {
        /// `Middle`: no horizontal change.
        horizontal: Along,
        /// `Middle`: no vertical change.
        vertical: Along,
    },
    /// Around a point. A fraction of `x` refers to the width, of `y` to the height, of a radius to the shorter side.
    Radial {
        /// Centre, from the left.
        x: Length,
        /// Centre, from the top.
        y: Length,
        /// Where the first colour ends and where the last begins.
        radii: [Length; 2],
    },
}

/// What is done to a finished picture, or to a layer at its final size before it is turned and laid on one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Finish {
    /// `*gradient*`, before the fade.
    pub gradient: Option<Box<DrawnGradient>>,
    /// `*fade*`; `None` when no edge fades.
    pub fade: Option<Fade>,
}

/// A gradient over a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrawnGradient {
    /// From the start to the end; of a [`GradientPaint::Mask`] only alpha counts.
    pub colors: ColorRamp,
    /// Straight or round.
    pub shape: DrawnShape,
    /// What it does to the picture.
    pub paint: GradientPaint,
}

/// Course of a drawn gradient, by the rules of CSS Images 3.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum DrawnShape {
    /// Clockwise from upwards, 0 <= v < 360.
    Degrees(f64),
    /// To a side or corner.
    Towards(Along, Along),
    /// From a point outwards. A fraction of `x` refers to the width, of `y` to the height.
    Radial {
        /// Centre, from the left.
        x: Length,
        /// Centre, from the top.
        y: Length,
        /// Where the last colour lies.
        size: RadialExtent,
    },
}

/// Size of a radial gradient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum RadialExtent {
    /// As far as a side or corner, as a shape.
    Reach(RadialReach, RadialShape),
    /// These radii, across and down; a fraction refers to the width and the height.
    Radii([Length; 2]),
}

/// What a gradient does to the picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum GradientPaint {
    /// Colours what is there, which stays as opaque as it was.
    Over {
        /// Never one that cuts.
        mode: BlendMode,
        /// Opacity of the whole, 0 < v <= 1.
        alpha: f64,
    },
    /// Multiplies the opacity of the picture by its own.
    Mask,
}

/// Edges that fade to transparent. A fraction refers to the width on the left and right, to the height above and below.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the four sides")]
pub struct Fade {
    pub top: Length,
    pub right: Length,
    pub bottom: Length,
    pub left: Length,
}

/// `transparency=grid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    /// Top left first.
    pub colors: [Color; 2],
    /// Side of a square, at least 1.
    pub square_px: u32,
}

/// `blend`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blend {
    /// What is laid over.
    pub layer: BlendLayer,
    /// How.
    pub mode: BlendMode,
    /// Opacity, 0 < v <= 1.
    pub alpha: f64,
}

/// What is laid over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BlendLayer {
    /// A colour over the whole picture.
    Color(Color),
    /// A picture.
    Image(Box<BlendImage>),
}

/// A picture to blend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlendImage {
    /// Where it is.
    pub location: Location,
    /// Box; fractions refer to the resized base.
    pub size: BlendSize,
    /// How it meets the box.
    pub fit: Fit,
    /// For `fit=crop`.
    pub crop: Vec<CropWord>,
    /// Where it lies.
    pub anchor: Anchor,
    /// What is done to it at its size.
    pub finish: Finish,
}

/// Box of a blended picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum BlendSize {
    /// `blend-w`, `blend-h`; neither is the natural size.
    Own {
        /// Width.
        w: Option<Length>,
        /// Height.
        h: Option<Length>,
    },
    /// `blend-size=inherit`: as the base.
    Inherit,
}

/// `mark`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Where it is, `mark-base` already joined on.
    pub location: Location,
    /// How large it is drawn.
    pub size: MarkSize,
    /// How it meets the box.
    pub fit: Fit,
    /// Opacity, 0 < v <= 1.
    pub alpha: f64,
    /// What is done to it at its size, before it is turned.
    pub finish: Finish,
    /// Counter-clockwise, 0 <= v < 360.
    pub degrees: f64,
    /// `mark-drop-shadow*`.
    pub shadow: Option<Shadow>,
    /// `mark-reflection*`.
    pub reflection: Option<Reflection>,
    /// Where it lies. When tiled, `pad_px` is the gap between tiles.
    pub anchor: Anchor,
    /// `mark-tile=grid`.
    pub tile: bool,
    /// Drawn only on a picture at least this wide.
    pub min_width_px: u32,
    /// Drawn only on a picture at least this high.
    pub min_height_px: u32,
}

/// Size of a watermark.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum MarkSize {
    /// `mark-w`, `mark-h`; fractions refer to the watermark's own size, neither is the natural size.
    Own {
        /// Width.
        w: Option<Length>,
        /// Height.
        h: Option<Length>,
    },
    /// `mark-scale`: width as a share of the base's, 0 < v <= 1.
    OfBase(f64),
}

/// `mask`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mask {
    /// Shape or picture.
    pub shape: MaskShape,
    /// `corner-radius` from the top left, clockwise; `None` is 20 % of the shorter side.
    pub radii_px: Option<[u32; 4]>,
    /// `mask-bg`; `None` leaves the outside transparent.
    pub background: Option<Color>,
    /// `mask-invert`.
    pub inverted: bool,
    /// `fade` on an ellipse or rounded corners: how far the edge fades inwards; a fraction refers to the shorter side.
    pub feather: Length,
}

/// `border*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Border {
    /// Thickness.
    pub sides: Sides,
    /// Of the frame.
    pub color: Color,
    /// Rounding outside, from the top left, clockwise.
    pub radii_px: [u32; 4],
    /// Rounding of the hole.
    pub inner_radii_px: [u32; 4],
    /// `border-stroke-size`, `border-stroke-color`: a line along the frame's edge.
    pub stroke: Option<(u32, Color)>,
}

/// `txt` and its family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// One line, never markup.
    pub text: String,
    /// Family and style; an unknown family falls back to sans-serif.
    pub font: Font,
    /// Height of the font.
    pub size_px: u32,
    /// Of the glyphs.
    pub color: Color,
    /// Where the box lies.
    pub anchor: Anchor,
    /// `txt-width`: width of the box; `None` is the canvas less the gap on both sides.
    pub width_px: Option<u32>,
    /// What happens to text wider than the box.
    pub overflow: TextOverflow,
    /// Outline along the edge of the glyphs: thickness, colour. Inside where it leaves enough of them, else mostly outside.
    pub outline: Option<(u32, Color)>,
    /// `txt-h`: most height of the lines; never without a `txt-fit` that reads it.
    pub height: Option<Length>,
    /// `txt-bg`.
    pub backing: Option<Backing>,
    /// Opacity of all of it together, 0 <= v <= 1.
    pub alpha: f64,
    /// Clockwise about the centre of the lines, 0 <= v < 360.
    pub degrees: f64,
    /// `txt-shad`, 0 to 10.
    pub shadow: f64,
    /// `txt-shad-blur`: the shadow is hard, `shadow` pixels away, with this radius of blur. `None`: a soft halo.
    pub shadow_blur_px: Option<u32>,
    /// `txt-blend-mode`: cuts instead of being drawn.
    pub stencil: Option<TextStencil>,
    /// Added to the line height.
    pub lead_px: i32,
    /// Added between letters, may be negative.
    pub track_px: i32,
}

/// `~text`: a picture made of text alone, in final pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Written {
    /// Text, style, and where its lines stand; `dpr` is applied.
    pub text: Text,
    /// Where lines break.
    pub box_width_px: u32,
    /// Width of the picture.
    pub width_px: u32,
    /// Height of the picture; `None` is what the lines need.
    pub height_px: Option<u32>,
    /// Most height of the picture.
    pub height_max_px: u32,
}

/// `txt-bg`: a box behind text.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backing {
    /// Visible.
    pub color: Color,
    /// `txt-pad`: room between the lines and the edges of the box.
    pub pad_px: u32,
    /// `txt-radius`: of the corners; a fraction refers to the size of the font.
    pub radius: Length,
}

/// What happens to text wider than its box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextOverflow {
    /// `txt-fit=max`: drawn smaller.
    Shrink,
    /// `txt-fit=wrap`: broken into lines, those beyond the height cut.
    Wrap,
    /// `txt-fit=wrapmax`: broken into lines, drawn smaller until they fit the height.
    WrapShrink,
    /// Cut.
    Clip {
        /// Where.
        side: TextClip,
        /// Dots in its place.
        ellipsis: bool,
    },
}
