//! `txt*` (`rendering.md` 11).

use serde::{Deserialize, Serialize};

use crate::param::{Font, Params, TextClip, TextFit, TextParams, TextStencil};
use crate::plan::anchor::{Along, Anchor, BOTTOM_RIGHT, pixels, px, visible};
use crate::plan::types::Sizing;
use crate::units::{Color, Length, Size};

use super::{Canvas, Feature, Op, Paints};

pub(in crate::plan) const TEXT_PAD_PX: u32 = 10;

const TEXT_SIZE_PX: u32 = 12;

/// `txt` and the parameters of its family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// The text: one line, never markup.
    pub text: String,
    /// Font family and style; an unknown family falls back to sans-serif.
    pub font: Font,
    /// Font size in pixels.
    pub size_px: u32,
    /// Colour of the glyphs.
    pub color: Color,
    /// Position of the box.
    pub anchor: Anchor,
    /// `txt-width`: width of the box; `None` means the canvas less the gap on both sides.
    pub width_px: Option<u32>,
    /// How text that is wider than the box is handled.
    pub overflow: TextOverflow,
    /// Outline along the edge of the glyphs: thickness, colour. It lies inside them if enough of them remains,
    /// otherwise mostly outside.
    pub outline: Option<(u32, Color)>,
    /// `txt-h`: maximum height of the lines; only with a `txt-fit` that uses it.
    pub height: Option<Length>,
    /// `txt-bg`.
    pub backing: Option<Backing>,
    /// Opacity of the text as a whole, 0 <= v <= 1.
    pub alpha: f64,
    /// Rotation, clockwise about the centre of the lines, 0 <= v < 360.
    pub degrees: f64,
    /// `txt-shad`, 0 to 10.
    pub shadow: f64,
    /// `txt-shad-blur`: blur radius of a hard shadow that is `shadow` pixels away. `None`: a soft halo.
    pub shadow_blur_px: Option<u32>,
    /// `txt-blend-mode`: the text cuts the image instead of being drawn.
    pub stencil: Option<TextStencil>,
    /// `txt-lead`: added to the line height.
    pub lead_px: i32,
    /// `txt-track`: added between letters; may be negative.
    pub track_px: i32,
}

/// `txt-bg`: a box behind text.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backing {
    /// Never fully transparent.
    pub color: Color,
    /// `txt-pad`: space between the lines and the edges of the box.
    pub pad_px: u32,
    /// `txt-radius`: corner radius; a fraction refers to the font size.
    pub radius: Length,
}

/// How text that is wider than its box is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextOverflow {
    /// `txt-fit=max`: made smaller.
    Shrink,
    /// `txt-fit=wrap`: broken into lines; those beyond the height are cut.
    Wrap,
    /// `txt-fit=wrapmax`: broken into lines and made smaller until they fit the height.
    WrapShrink,
    /// Cut off.
    Clip {
        /// The side to cut.
        side: TextClip,
        /// Whether an ellipsis replaces what is cut.
        ellipsis: bool,
    },
}

/// Draws text. Its position depends on its size after shaping: [`Anchor::position`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextOp {
    /// Text, style and anchor in pixels.
    pub text: Text,
    /// Width of the box.
    pub box_width_px: u32,
    /// Maximum height of the lines.
    pub box_height_px: Option<u32>,
    /// Shown where text as a stencil cuts the image away; `None` means transparent.
    pub behind: Option<Color>,
}

/// `~text`: image-only text, in final pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageOnlyText {
    /// Text, style and position of the lines; `dpr` is applied.
    pub text: Text,
    /// Width at which lines break.
    pub box_width_px: u32,
    /// Width of the image.
    pub width_px: u32,
    /// Height of the image; `None` means the height that the lines need.
    pub height_px: Option<u32>,
    /// Maximum height of the image.
    pub height_max_px: u32,
}

impl Paints for TextOp {
    fn colors_mut(&mut self) -> Vec<&mut Color> {
        let Self { text, behind, .. } = self;
        let outline = text.outline.as_mut().map(|(_, color)| color);
        let backing = text.backing.as_mut().map(|backing| &mut backing.color);
        std::iter::once(&mut text.color).chain(outline).chain(backing).chain(behind).collect()
    }
}

impl Text {
    /// Returns the text on a canvas of `canvas` pixels.
    pub(in crate::plan) fn op(&self, dpr: f64, canvas: Size) -> TextOp {
        let signed = |length: i32| (f64::from(length) * dpr + 0.5).floor() as i32;
        let text = Self {
            size_px: px(self.size_px, dpr).max(1),
            anchor: self.anchor.scaled(dpr),
            width_px: self.width_px.map(|width| px(width, dpr).max(1)),
            outline: self.outline.map(|(line, color)| (px(line, dpr).max(1), color)),
            backing: self.backing.map(|backing| Backing {
                pad_px: px(backing.pad_px, dpr),
                radius: Length::Px(match backing.radius {
                    Length::Px(radius) => radius * dpr,
                    Length::Fraction(share) => share * f64::from(px(self.size_px, dpr)),
                }),
                ..backing
            }),
            shadow: self.shadow * dpr,
            shadow_blur_px: self.shadow_blur_px.map(|blur| px(blur, dpr)),
            lead_px: signed(self.lead_px),
            track_px: signed(self.track_px),
            ..self.clone()
        };
        // The free width extends from the gap, or from where the text starts, to the gap on the right.
        let [x, y] = text.anchor.offsets(canvas);
        let left = x.map_or(text.anchor.pad_px, |x| u32::try_from(x).unwrap_or(0));
        let free = canvas.width.saturating_sub(text.anchor.pad_px.saturating_add(left)).max(1);
        let top = y.map_or(text.anchor.pad_px, |y| u32::try_from(y).unwrap_or(0));
        let below = canvas.height.saturating_sub(text.anchor.pad_px.saturating_add(top)).max(1);
        let asked = pixels(text.height, f64::from(canvas.height), dpr).map(|height| (height + 0.5).floor() as u32);
        TextOp {
            box_width_px: text.width_px.unwrap_or(free),
            // Without `txt-h`, lines that shrink to fit must fit the image.
            box_height_px: asked.or((text.overflow == TextOverflow::WrapShrink).then_some(below)),
            behind: None,
            text,
        }
    }
}

impl Feature for Text {
    fn of(params: &Params, _: &Sizing) -> Option<Self> {
        text(params)
    }

    /// Adds the text. Where it cuts the image, `bg` shows, or else the checkerboard, or else transparency.
    fn draw(&self, canvas: &mut Canvas<'_>) {
        let cuts = self.stencil.is_some();
        let behind = canvas.background().filter(|_| cuts && !canvas.held);
        canvas.push(Op::Text(TextOp { behind, ..self.op(canvas.dpr, canvas.size) }));
        if cuts && !behind.is_some_and(Color::is_opaque) {
            canvas.transparent = true;
            canvas.put_grid();
        }
    }
}

/// Returns the text that the request asks for; `None` if nothing would be visible.
pub(in crate::plan) fn text(params: &Params) -> Option<Text> {
    let text = &params.text;
    let alpha = text.alpha.unwrap_or(100.0) / 100.0;
    // Invisible text draws nothing, except as a stencil that keeps only what is under the text: that keeps nothing.
    let shows = |txt: &String| !txt.trim().is_empty() && alpha > 0.0 || text.blend_mode == Some(TextStencil::In);
    let txt = text.txt.clone().filter(shows)?;
    let backing = backing(text);
    let font = Font { family: "Helvetica".to_owned(), bold: false, italic: false };
    let overflow = match text.fit {
        Some(TextFit::Max) => TextOverflow::Shrink,
        Some(TextFit::Wrap) => TextOverflow::Wrap,
        Some(TextFit::WrapMax) => TextOverflow::WrapShrink,
        None => TextOverflow::Clip { side: text.clip.unwrap_or(TextClip::End), ellipsis: text.clip_ellipsis },
    };
    // With a box, `txt-pad` is the space inside the box instead of the gap around the text. Text with `txt-x` starts at
    // that position.
    let pad = if backing.is_some() { 0 } else { text.pad.unwrap_or(TEXT_PAD_PX) };
    let align = if text.x.is_some() { (Along::Start, Along::Far) } else { BOTTOM_RIGHT };
    let outline = text.line.filter(|px| *px > 0).map(|px| (px, text.line_color.unwrap_or(Color::WHITE)));
    Some(Text {
        text: txt,
        font: text.font.clone().unwrap_or(font),
        size_px: text.size.filter(|size| *size > 0).unwrap_or(TEXT_SIZE_PX),
        color: text.color.unwrap_or(Color::BLACK),
        anchor: Anchor::of(&text.align, align, pad, text.x, text.y),
        width_px: text.width.filter(|width| *width > 0),
        overflow,
        outline: outline.filter(|(_, color)| color.a > 0),
        height: text
            .h
            .filter(|height| text.fit.is_some() && !matches!(height, Length::Px(0.0) | Length::Fraction(0.0))),
        backing,
        alpha,
        degrees: text.rotate.unwrap_or(0.0).rem_euclid(360.0) + 0.0,
        shadow: text.shad.unwrap_or(0.0) + 0.0,
        shadow_blur_px: text.shad_blur.filter(|_| text.shad.is_some_and(|shadow| shadow > 0.0)),
        stencil: text.blend_mode,
        lead_px: text.lead.unwrap_or(0),
        track_px: text.track.unwrap_or(0),
    })
}

fn backing(text: &TextParams) -> Option<Backing> {
    let color = visible(text.bg)?;
    Some(Backing { color, pad_px: text.pad.unwrap_or(0), radius: text.radius.unwrap_or(Length::Px(0.0)) })
}
