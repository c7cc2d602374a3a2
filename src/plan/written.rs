//! `~text`: image-only text (`rendering.md` 11.1). No original is fetched for it.

use crate::param::{FormatWord, Params, Parsed};
use crate::units::{Length, Size};

use super::anchor::Along;
use super::feature::text::{ImageOnlyText, TEXT_PAD_PX, Text, TextOverflow};
use super::feature::{Features, text};
use super::resolved::{Intent, Plan, Resolved, Unsupported};
use super::types::{Negotiation, Policy, VaryOn};
use super::{format, resolve};

/// The object that stands for image-only text and is not stored.
pub const TEXT_OBJECT: &str = "/~text";

/// Width of image-only text without `w`, in pixels.
const WIDTH_PX: f64 = 200.0;

/// Returns what the request for `object` means: the result of [`resolve`](super::resolve()), or image-only text for
/// [`TEXT_OBJECT`]. Everything that cannot apply to image-only text is ignored.
#[must_use]
pub fn resolve_object(object: &str, parsed: &Parsed, negotiation: &Negotiation, policy: &Policy) -> Resolved {
    if object != TEXT_OBJECT {
        return resolve::resolve(parsed, negotiation, policy);
    }
    let params = &parsed.params;
    let intent = intent(params, negotiation, policy);
    let vary = match intent {
        Intent::Render(_) => {
            let ch = params.format.ch;
            VaryOn { accept: params.format.auto.format, width: ch.width, dpr: ch.dpr, save_data: ch.save_data }
        }
        Intent::PassThrough | Intent::Unsupported(_) => VaryOn::default(),
    };
    Resolved { intent, vary, download: resolve::download(params) }
}

fn intent(params: &Params, negotiation: &Negotiation, policy: &Policy) -> Intent {
    if matches!(params.format.fm, Some(FormatWord::Mp4 | FormatWord::Webm)) {
        return Intent::Unsupported(Unsupported::Video);
    }
    let Some(text) = block(params) else { return Intent::Unsupported(Unsupported::NoText) };
    // Keeps the families that apply. Size and background of the text become those of the image.
    let mut kept = Params { blend: params.blend.clone(), mark: params.mark.clone(), ..Params::default() };
    kept.format = params.format.clone();
    kept.fill.bg = params.fill.bg;
    let unhinted = Negotiation { width_px: None, ..*negotiation };
    let plan =
        resolve::plan(&kept, format::output(&params.format, negotiation, policy.encode_time_max), &unhinted, policy);
    let written = Some(written(params, &text, negotiation, policy));
    Intent::Render(Box::new(Plan { written, features: Features { text: None, ..plan.features }, ..plan }))
}

/// Returns the text with the defaults of image-only text: it starts at the top, on the side where its script starts.
fn block(params: &Params) -> Option<Text> {
    let mut text = text::text(params).filter(|text| !text.text.trim().is_empty() && text.alpha > 0.0)?;
    // Only captions have these (`rendering.md` 11.1 and the parameters' own pages).
    (text.backing, text.stencil, text.height, text.degrees) = (None, None, None, 0.0);
    text.overflow = match text.overflow {
        // Lines are always broken.
        TextOverflow::Shrink | TextOverflow::WrapShrink => TextOverflow::Shrink,
        TextOverflow::Clip { .. } | TextOverflow::Wrap => TextOverflow::Wrap,
    };
    text.anchor.pad_px = params.text.pad.unwrap_or(TEXT_PAD_PX);
    if params.text.align.is_empty() {
        let start = if is_right_to_left(&text.text) { Along::Far } else { Along::Start };
        (text.anchor.horizontal, text.anchor.vertical) = (start, Along::Start);
    }
    Some(text)
}

/// Converts sizes to pixels. A fraction refers to the default width.
fn written(params: &Params, text: &Text, negotiation: &Negotiation, policy: &Policy) -> ImageOnlyText {
    let dpr = negotiation.dpr.or(params.size.dpr).unwrap_or_default().get();
    let pixels = |length: Length| match length {
        Length::Px(px) => px,
        Length::Fraction(share) => share * WIDTH_PX,
    };
    let side = |px: f64| ((px * dpr + 0.5).floor() as u32).clamp(1, policy.output_side_max);
    let width_px = side(match (negotiation.width_px, params.size.w) {
        (Some(hinted), _) => f64::from(hinted),
        (None, Some(w)) => pixels(w),
        (None, None) => text.width_px.map_or(WIDTH_PX, f64::from),
    });
    let height_px = params.size.h.map(|h| side(pixels(h)));
    let op = text.op(dpr, Size::new(width_px, height_px.unwrap_or(1)));
    ImageOnlyText {
        // A text as wide as the image still keeps its gaps.
        box_width_px: op.box_width_px.min(width_px.saturating_sub(2 * op.text.anchor.pad_px)).max(1),
        text: op.text,
        width_px,
        height_px,
        height_max_px: policy.output_side_max,
    }
}

/// Returns whether the first letter of the text belongs to a script that runs from right to left.
#[must_use]
pub fn is_right_to_left(text: &str) -> bool {
    let first = text.chars().find(|c| c.is_alphabetic()).map_or(0, u32::from);
    matches!(first, 0x0590..=0x08FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFC | 0x1_0800..=0x1_0FFF | 0x1_E800..=0x1_EFFF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::parse;
    use crate::plan::{Background, Format, choose_formats, layout};
    use crate::units::{Color, Dpr};

    fn resolved(query: &str) -> Resolved {
        resolve_object(TEXT_OBJECT, &parse(query, &[]).unwrap(), &Negotiation::default(), &Policy::default())
    }

    fn plan_of(query: &str) -> Plan {
        let Intent::Render(plan) = resolved(query).intent else { panic!("{query} is no image") };
        *plan
    }

    fn written_of(query: &str) -> ImageOnlyText {
        plan_of(query).written.unwrap()
    }

    #[test]
    fn width_is_200_and_height_what_the_lines_need() {
        let plain = written_of("txt=Hi");
        assert_eq!((plain.width_px, plain.height_px, plain.box_width_px), (200, None, 180));
        let sized = written_of("txt=Hi&w=300&h=90&txt-pad=0&dpr=2&txt-size=20");
        assert_eq!((sized.width_px, sized.height_px, sized.box_width_px), (600, Some(180), 600));
        assert_eq!(sized.text.size_px, 40);
        assert_eq!(written_of("txt=Hi&txt-width=500&txt-pad=0").width_px, 500);
        assert_eq!(written_of("txt=Hi&w=99999").width_px, 8192);
        assert_eq!(written_of("txt=Hi&w=0.5").width_px, 100);
        assert_eq!(written_of("txt=Hi&w=5").box_width_px, 1);
    }

    #[test]
    fn lines_begin_where_their_script_does() {
        let horizontal = |query: &str| written_of(query).text.anchor.horizontal;
        assert_eq!(horizontal("txt=Hello+%D7%A9"), Along::Start);
        assert_eq!(horizontal("txt=1.+%D7%A9%D7%9C"), Along::Far);
        assert_eq!(horizontal("txt=%D9%85&txt-align=left"), Along::Start);
        assert_eq!(horizontal("txt=Hello&txt-align=center"), Along::Middle);
    }

    #[test]
    fn only_what_applies_is_kept() {
        let plain = plan_of("txt=Hi&w=300");
        let busy =
            plan_of("txt=Hi&w=300&rect=0,0,5,5&sepia=50&border=3,f00&pad=9&palette=json&rot=30&orient=6&fit=crop");
        assert_eq!(busy, plain);
        assert_eq!(
            plan_of("txt=Hi&bg=f00").features.background,
            Some(Background(Color { r: 255, g: 0, b: 0, a: 255 }))
        );
        assert!(plan_of("txt=Hi&blend-color=80ff0000").features.blend.is_some() && plain.features.text.is_none());
        let measured = crate::plan::Measured { size: Size::new(300, 40), orientation: 1, has_alpha: true, frames: 1 };
        assert_eq!(layout(&plain, &measured).ops, []);
        assert_eq!(choose_formats(&plain.output, &measured, Some(Format::Png)), [Format::Png]);
    }

    #[test]
    fn a_text_is_needed_and_films_are_refused() {
        assert_eq!(resolved("w=300").intent, Intent::Unsupported(Unsupported::NoText));
        assert_eq!(resolved("txt=x&fm=mp4").intent, Intent::Unsupported(Unsupported::Video));
        assert_eq!(resolved("txt=x&dl=a.png").download.map(|_| ()), Some(()));
    }

    #[test]
    fn hints_count_and_objects_are_objects() {
        let parsed = parse("txt=Hi&ch=width,dpr", &[]).unwrap();
        let hinted = Negotiation { width_px: Some(328), dpr: Dpr::clamped(2.0), ..Negotiation::default() };
        let resolved = resolve_object(TEXT_OBJECT, &parsed, &hinted, &Policy::default());
        assert!(resolved.vary.width && resolved.vary.dpr && !resolved.vary.accept);
        let Intent::Render(plan) = resolved.intent else { panic!("no image") };
        assert_eq!(plan.written.map(|written| written.width_px), Some(656));
        let other = resolve_object("/x/~text", &parsed, &Negotiation::default(), &Policy::default());
        assert_eq!(other, resolve::resolve(&parsed, &Negotiation::default(), &Policy::default()));
    }
}
