//! [`Params`] + [`Negotiation`] + [`Policy`] -> [`Resolved`]: fills in defaults and drops parameters with unmet
//! dependencies.
//!
//! A parameter that another one makes inert leaves no trace in the plan, so that it does not split the cache.

use crate::param::{
    CropWord, FillMode, Fit, FormatWord, PaletteFormat, Params, Parsed, RectEdge, RectExtent, RectParam,
};
use crate::units::{Dpr, Length};

use super::answer::DataOutput;
use super::feature::Features;
use super::feature::hide_faces::HideFaces;
use super::feature::trim::Trim;
use super::format;
use super::resolved::{Intent, Plan, Resolved, Unsupported};
use super::types::{Download, Focal, Negotiation, Orient, Output, Policy, Select, Sizing, VaryOn, Vectors};

/// Returns what the request means.
///
/// Never fails: what this origin cannot do becomes an [`Intent::Unsupported`], and what it should ignore leaves no
/// trace.
#[must_use]
pub fn resolve(parsed: &Parsed, negotiation: &Negotiation, policy: &Policy) -> Resolved {
    resolve_params(&parsed.params, parsed.renders, negotiation, policy)
}

/// Works like [`resolve`] on typed parameters; `renders` says whether any of them asks for rendering.
pub(crate) fn resolve_params(params: &Params, renders: bool, negotiation: &Negotiation, policy: &Policy) -> Resolved {
    let intent = intent(params, renders, negotiation, policy);
    Resolved { vary: vary(params, &intent), intent, download: download(params) }
}

impl Plan {
    /// Returns the plan for an SVG for which no parameter asks anything, but which must be sanitised before it is sent.
    #[must_use]
    pub fn of_svg(policy: &Policy) -> Self {
        let (params, none) = (Params::default(), Negotiation::default());
        let output = format::output(&params.format, &none, policy.encode_time_max);
        Self { vectors: Vectors::SEND, ..plan(&params, output, &none, policy) }
    }
}

fn intent(params: &Params, renders: bool, negotiation: &Negotiation, policy: &Policy) -> Intent {
    if let Some(reason) = unsupported(params, policy) {
        return Intent::Unsupported(reason);
    }
    // A hint that the URL opts into acts like its parameter. `dpr` has no effect without a width or height.
    if !renders && negotiation.width_px.is_none() && !negotiation.save_data {
        return Intent::PassThrough;
    }
    let plan = match palette(params) {
        Some(palette) => measured(params, palette, negotiation, policy),
        None if params.format.fm == Some(FormatWord::Json) => described(params, policy),
        None if params.format.fm == Some(FormatWord::Blurhash) => {
            measured(params, DataOutput::Blurhash, negotiation, policy)
        }
        None => plan(params, format::output(&params.format, negotiation, policy.encode_time_max), negotiation, policy),
    };
    Intent::Render(Box::new(plan))
}

/// Returns what must end in an error although every value is valid (`rendering.md` 14 and 18).
fn unsupported(params: &Params, policy: &Policy) -> Option<Unsupported> {
    let above_zero = |value: Option<u32>| value.is_some_and(|value| value > 0);
    let (faces, model) = (&params.faces, &params.model);
    if matches!(params.format.fm, Some(FormatWord::Mp4 | FormatWord::Webm)) {
        return Some(Unsupported::Video);
    }
    if above_zero(faces.lp_blur) && !policy.ignore_lp_blur {
        return Some(Unsupported::Privacy);
    }
    let must_succeed = |asked: bool, fallback: Option<bool>| asked && fallback == Some(false);
    let generates = params.fill.mode == Some(FillMode::Gen) && matches!(fit(params), Fit::Fill | Fit::FillMax);
    let failed = must_succeed(model.bg_remove, model.bg_remove_fallback)
        || must_succeed(model.bg_replace.is_some(), model.bg_replace_fallback)
        || must_succeed(model.upscale, model.upscale_fallback)
        || must_succeed(generates, model.fill_gen_fallback);
    failed.then_some(Unsupported::Model)
}

/// Plans `fm=json`, which describes the SOURCE image: no parameter that alters the image, and no negotiation, changes a
/// byte of it.
fn described(params: &Params, policy: &Policy) -> Plan {
    let none = Negotiation::default();
    let blank = Params::default();
    Plan {
        select: select(params),
        data: Some(DataOutput::Json { faces: params.faces.faces }),
        // Needed for originals that cannot be described and would otherwise be passed through unchanged.
        hide_faces: HideFaces::of(params),
        ..plan(&blank, format::unencoded(), &none, policy)
    }
}

/// Plans a palette or blurhash. Both are computed from the image before border, padding, watermark, text and shadow
/// (`rendering.md` 2.2) and are written without an encoder.
fn measured(params: &Params, data: DataOutput, negotiation: &Negotiation, policy: &Policy) -> Plan {
    let plan = plan(params, format::unencoded(), negotiation, policy);
    let features = Features { border: None, padding: None, mark: None, text: None, shadow: None, ..plan.features };
    Plan { data: Some(data), features, ..plan }
}

/// Defaults of `colors` and `prefix`.
const PALETTE_COLORS: u8 = 6;
const PALETTE_PREFIX: &str = "image";

fn palette(params: &Params) -> Option<DataOutput> {
    let palette = &params.palette;
    let colors = palette.colors.unwrap_or(PALETTE_COLORS);
    Some(match palette.format? {
        PaletteFormat::Json => DataOutput::PaletteJson { colors },
        PaletteFormat::Css => DataOutput::PaletteCss {
            colors,
            prefix: palette.prefix.clone().unwrap_or_else(|| PALETTE_PREFIX.to_owned()),
        },
    })
}

pub(super) fn plan(params: &Params, output: Output, negotiation: &Negotiation, policy: &Policy) -> Plan {
    let sizing = sizing(params, negotiation, policy);
    // The IPTC block may contain a small copy of the unaltered image.
    let output = Output { iptc: output.iptc && HideFaces::of(params).is_none(), ..output };
    Plan {
        select: select(params),
        orient: params.rotation.orient.map_or(Orient::Exif, |value| Orient::Fixed(value.clamp(1, 8))),
        rect: params.size.rect.map(canonical_rect),
        trim: Trim::of(params),
        hide_faces: HideFaces::of(params),
        redeye: params.format.auto.redeye,
        features: Features::of(params, &sizing),
        sizing,
        data: None,
        written: None,
        vectors: Vectors::of(params, policy),
        sheet: params.format.fm == Some(FormatWord::Spritesheet),
        output,
    }
}

pub(super) fn select(params: &Params) -> Select {
    let animation = &params.animation;
    Select {
        page: params.document.page.unwrap_or(1).max(1),
        annotation: params.document.annotation.unwrap_or(true),
        frame: animation.frame,
        // `interval=1` keeps every frame and `skip=1` would leave none, so both are ignored.
        interval: animation.interval.filter(|n| *n > 1),
        skip: animation.skip.filter(|n| *n > 1),
        reverse: animation.reverse.unwrap_or(false),
        fps: animation.fps.filter(|fps| *fps > 0),
        plays: animation.loop_count,
    }
}

/// Returns the fit when no face is found; `facearea` itself has its own field (`rendering.md` 3.6).
fn fit(params: &Params) -> Fit {
    match params.size.fit.unwrap_or_default() {
        Fit::FaceArea => match params.size.fit_fallback {
            None | Some(Fit::FaceArea) => Fit::Crop,
            Some(other) => other,
        },
        fit @ (Fit::Clip | Fit::Clamp | Fit::Crop | Fit::Fill | Fit::FillMax | Fit::Max | Fit::Min | Fit::Scale) => fit,
    }
}

fn sizing(params: &Params, negotiation: &Negotiation, policy: &Policy) -> Sizing {
    let size = &params.size;
    let asked = fit(params);
    let generates = params.fill.mode == Some(FillMode::Gen) && matches!(asked, Fit::Fill | Fit::FillMax);
    let fit = if generates { Fit::Clip } else { asked };
    let crops = fit == Fit::Crop;
    let w = negotiation.width_px.map(|px| Length::Px(f64::from(px))).or(size.w);
    let dpr = negotiation.dpr.or(size.dpr).unwrap_or_default();
    // `facearea` without a face and without a fallback crops at the centre, whatever `crop` says.
    let by_words = crops && (size.fit == Some(Fit::Crop) || size.fit_fallback == Some(Fit::Crop));
    let at_point = fit == Fit::Min && params.focal.is_given();
    let crop = if by_words {
        chain(&usable_words(params))
    } else if at_point {
        vec![CropWord::FocalPoint]
    } else {
        Vec::new()
    };
    let focal = if crop.contains(&CropWord::FocalPoint) { focal(params) } else { Focal { x: 0.5, y: 0.5, z: 1.0 } };
    // `fit=min` never enlarges, so the point only moves the cut.
    let focal = if at_point { Focal { z: 1.0, ..focal } } else { focal };
    let bound = |value: Option<u32>, given: bool| value.filter(|_| crops && !given);
    let facearea = (size.fit == Some(Fit::FaceArea)).then(|| canonical(params.faces.pad.unwrap_or(1.0)).max(1.0));
    let by_faces = facearea.is_some() || crop.iter().any(CropWord::looks_for_faces);
    Sizing {
        w,
        h: size.h,
        // With both sides given the shape is settled.
        ar: size.ar.filter(|_| (crops || fit == Fit::Fill) && !(w.is_some() && size.h.is_some())),
        dpr: if w.is_some() || size.h.is_some() { dpr } else { Dpr::ONE },
        fit,
        facearea,
        face_index: params.faces.index.filter(|index| by_faces && *index > 0),
        crop,
        focal,
        min_w: bound(size.min_w, w.is_some()),
        max_w: bound(size.max_w, w.is_some()),
        min_h: bound(size.min_h, size.h.is_some()),
        max_h: bound(size.max_h, size.h.is_some()),
        side_max: policy.output_side_max,
    }
}

/// Returns the words of `crop`, without a `focalpoint` for which no point is given. If no word follows such a
/// `focalpoint`, it stays and means the centre.
fn usable_words(params: &Params) -> Vec<CropWord> {
    let (words, focal) = (&params.size.crop, &params.focal);
    let is_given = focal.x.is_some() || focal.y.is_some() || focal.z.is_some();
    let others: Vec<CropWord> = words.iter().copied().filter(|word| *word != CropWord::FocalPoint).collect();
    let after = words.iter().skip_while(|word| **word != CropWord::FocalPoint).nth(1);
    if is_given || after.is_none() { words.clone() } else { others }
}

/// Returns the words of `crop` up to the first one that cannot fail, each once.
fn chain(words: &[CropWord]) -> Vec<CropWord> {
    let mut kept: Vec<CropWord> = Vec::new();
    for word in words {
        match word {
            CropWord::Faces if kept.is_empty() => kept.push(*word),
            CropWord::Faces => {}
            CropWord::Auto | CropWord::Entropy | CropWord::Edges | CropWord::FocalPoint => {
                // After directional words this word is never reached, because they always succeed.
                if kept.iter().all(|word| *word == CropWord::Faces) {
                    // `auto` looks for faces itself.
                    kept.retain(|_| *word != CropWord::Auto);
                    kept.push(*word);
                }
                return kept;
            }
            // The centre is what absence means.
            CropWord::Center => {}
            CropWord::Top | CropWord::Bottom | CropWord::Left | CropWord::Right => {
                if !kept.contains(word) {
                    kept.push(*word);
                }
            }
        }
    }
    kept
}

fn focal(params: &Params) -> Focal {
    let focal = &params.focal;
    Focal {
        x: canonical(focal.x.unwrap_or(0.5)).clamp(0.0, 1.0),
        y: canonical(focal.y.unwrap_or(0.5)).clamp(0.0, 1.0),
        z: canonical(focal.z.unwrap_or(1.0)).clamp(1.0, 100.0),
    }
}

/// Turns -0 into 0, so that equal plans have equal bytes. Also turns values that are not finite into 0; a request
/// cannot contain any.
fn canonical(value: f64) -> f64 {
    if value.is_finite() { value + 0.0 } else { 0.0 }
}

fn canonical_rect(rect: RectParam) -> RectParam {
    let length = |length| match length {
        Length::Px(v) => Length::Px(canonical(v)),
        Length::Fraction(v) => Length::Fraction(canonical(v)),
    };
    let edge = |edge| match edge {
        RectEdge::At(at) => RectEdge::At(length(at)),
        RectEdge::Start | RectEdge::Middle | RectEdge::End => edge,
    };
    let extent = |extent| match extent {
        RectExtent::Of(of) => RectExtent::Of(length(of)),
        RectExtent::Full => RectExtent::Full,
    };
    RectParam { x: edge(rect.x), y: edge(rect.y), w: extent(rect.w), h: extent(rect.h) }
}

/// Returns the headers that the result depends on, whether or not they were sent.
fn vary(params: &Params, intent: &Intent) -> VaryOn {
    let ch = params.format.ch;
    match intent {
        Intent::Unsupported(_) => VaryOn::default(),
        // These hints would have turned the request into a render.
        Intent::PassThrough => VaryOn { width: ch.width, save_data: ch.save_data, ..VaryOn::default() },
        Intent::Render(plan) if plan.data.is_some() => VaryOn::default(),
        Intent::Render(plan) => VaryOn {
            accept: params.format.auto.format || format::is_avif(&params.format),
            width: ch.width,
            // Without a width or height there is nothing to multiply. A hinted width counts as one.
            dpr: ch.dpr && (plan.sizing.w.is_some() || plan.sizing.h.is_some()),
            save_data: ch.save_data,
        },
    }
}

pub(super) fn download(params: &Params) -> Option<Download> {
    match &params.format.dl {
        Some(name) => Some(Download::Named(name.clone())),
        None => params.format.dl_bare.then_some(Download::FromPath),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::{Auto, ClientHints, FrameSelect};
    use crate::plan::Bars;
    use crate::units::Color;

    fn with(set: impl FnOnce(&mut Params)) -> Params {
        let mut params = Params::default();
        set(&mut params);
        params
    }

    fn resolved(params: &Params) -> Resolved {
        resolve_params(params, true, &Negotiation::default(), &Policy::default())
    }

    fn plan_of(params: &Params) -> Plan {
        match resolved(params).intent {
            Intent::Render(plan) => *plan,
            other @ (Intent::PassThrough | Intent::Unsupported(_)) => panic!("{other:?}"),
        }
    }

    fn auto_format(params: &mut Params) {
        params.format.auto = Auto { format: true, ..Auto::default() };
    }

    fn all_hints(params: &mut Params) {
        params.format.ch = ClientHints { width: true, dpr: true, save_data: true };
    }

    #[test]
    fn inert_parameters_leave_no_trace() {
        let plain = plan_of(&Params::default());
        let check = |what: &str, set: fn(&mut Params)| assert_eq!(plan_of(&with(set)), plain, "{what}");
        check("dpr without a side", |p| p.size.dpr = Dpr::clamped(2.0));
        check("ar with fit=clip", |p| p.size.ar = Some(2.0));
        check("bounds with fit=clip", |p| (p.size.min_w, p.size.max_h) = (Some(9), Some(9)));
        check("crop without fit=crop", |p| p.size.crop = vec![CropWord::Entropy]);
        check("focal point without crop=focalpoint", |p| (p.focal.x, p.focal.debug) = (Some(0.1), Some(true)));
        check("fill without bars", |p| p.fill.mode = Some(FillMode::Blur));
        check("rot=0", |p| p.rotation.rot = Some(-0.0));
        check("bg of no opacity", |p| p.fill.bg = Some(Color { r: 1, g: 2, b: 3, a: 0 }));
        check("page=1", |p| p.document.page = Some(1));
        check("dl", |p| p.format.dl = Some("x.png".to_owned()));
        check("q=75", |p| p.format.q = Some(crate::units::Quality::DEFAULT));
        check("face-blur=0", |p| p.faces.blur = Some(0));
    }

    #[test]
    fn both_sides_beat_ar_and_bounds() {
        let plan = plan_of(&with(|p| {
            (p.size.w, p.size.h, p.size.fit) = (Some(Length::Px(3.0)), Some(Length::Px(3.0)), Some(Fit::Crop));
            (p.size.ar, p.size.min_w, p.size.max_h) = (Some(2.0), Some(9), Some(1));
        }));
        assert_eq!((plan.sizing.ar, plan.sizing.min_w, plan.sizing.max_h), (None, None, None));
    }

    #[test]
    fn bars_take_bg_unless_filled() {
        let red = Color { r: 255, g: 0, b: 0, a: 255 };
        let bars = |mode, color| {
            plan_of(&with(|p| {
                (p.size.fit, p.fill.mode, p.fill.color, p.fill.bg) = (Some(Fit::Fill), mode, color, Some(Color::BLACK));
            }))
            .features
            .bars
        };
        assert_eq!(bars(None, Some(red)), Some(Bars::Solid(Color::BLACK)));
        assert_eq!(bars(Some(FillMode::Solid), Some(red)), Some(Bars::Solid(red)));
        assert_eq!(bars(Some(FillMode::Solid), None), Some(Bars::Solid(Color::TRANSPARENT_WHITE)));
        assert_eq!(bars(Some(FillMode::Blur), None), Some(Bars::Blur));
    }

    #[test]
    fn nothing_to_render_passes_through() {
        let params = with(|p| p.format.dl_bare = true);
        let found = resolve_params(&params, false, &Negotiation::default(), &Policy::default());
        assert_eq!(found.intent, Intent::PassThrough);
        assert_eq!(found.vary, VaryOn::default());
        assert_eq!(found.download, Some(Download::FromPath));
    }

    #[test]
    fn hints_stand_for_their_parameters() {
        let params = with(|p| {
            all_hints(p);
            (p.size.w, p.size.dpr) = (Some(Length::Px(50.0)), Dpr::clamped(3.0));
        });
        let hints = Negotiation { width_px: Some(328), dpr: Dpr::clamped(2.0), ..Negotiation::default() };
        let sizing = |negotiation| match resolve_params(&params, true, &negotiation, &Policy::default()).intent {
            Intent::Render(plan) => (plan.sizing.w, plan.sizing.dpr.get()),
            other @ (Intent::PassThrough | Intent::Unsupported(_)) => panic!("{other:?}"),
        };
        assert_eq!(sizing(hints), (Some(Length::Px(328.0)), 2.0));
        assert_eq!(sizing(Negotiation::default()), (Some(Length::Px(50.0)), 3.0));
        // `ch` alone renders if a hint was sent, and in either case the answer depends on it.
        let alone = with(all_hints);
        let came = resolve_params(&alone, false, &hints, &Policy::default());
        let absent = resolve_params(&alone, false, &Negotiation::default(), &Policy::default());
        assert!(matches!(came.intent, Intent::Render(_)) && came.vary.width);
        assert!(absent.intent == Intent::PassThrough && absent.vary.width && absent.vary.save_data);
    }

    #[test]
    fn vary_names_what_the_choice_used() {
        let accept = VaryOn { accept: true, ..VaryOn::default() };
        let check = |set: fn(&mut Params), expected| assert_eq!(resolved(&with(set)).vary, expected);
        check(|p| p.size.w = Some(Length::Px(9.0)), VaryOn::default());
        check(auto_format, accept);
        check(
            |p| {
                auto_format(p);
                p.format.fm = Some(FormatWord::Png);
            },
            accept,
        );
        check(|p| p.format.fm = Some(FormatWord::Webp), VaryOn::default());
        // The AVIF may be late, and its replacement is negotiated.
        check(|p| p.format.fm = Some(FormatWord::Avif), accept);
        let json = |p: &mut Params| {
            auto_format(p);
            all_hints(p);
            p.format.fm = Some(FormatWord::Json);
        };
        check(json, VaryOn::default());
        check(all_hints, VaryOn { width: true, save_data: true, ..VaryOn::default() });
        check(
            |p| {
                all_hints(p);
                p.size.h = Some(Length::Px(9.0));
            },
            VaryOn { width: true, dpr: true, save_data: true, accept: false },
        );
        check(
            |p| {
                auto_format(p);
                p.format.fm = Some(FormatWord::Mp4);
            },
            VaryOn::default(),
        );
    }

    #[test]
    fn json_describes_the_source_whatever_else_is_asked() {
        let plain = plan_of(&with(|p| p.format.fm = Some(FormatWord::Json)));
        let busy = plan_of(&with(|p| {
            p.format.fm = Some(FormatWord::Json);
            p.format.auto = Auto { format: true, compress: true, ..Auto::default() };
            p.size.w = Some(Length::Px(9.0));
            p.rotation.flip_h = true;
        }));
        assert_eq!(plain, busy);
        assert_eq!(plain.data, Some(DataOutput::Json { faces: false }));
        let framed = plan_of(&with(|p| {
            p.format.fm = Some(FormatWord::Json);
            p.animation.frame = Some(FrameSelect::One(2));
        }));
        assert_ne!(plain, framed);
    }

    #[test]
    fn what_cannot_be_made_is_refused() {
        let check = |set: fn(&mut Params), expected| {
            // Refused even if nothing else asks for rendering.
            let intent = resolve_params(&with(set), false, &Negotiation::default(), &Policy::default()).intent;
            assert_eq!(intent, Intent::Unsupported(expected));
        };
        check(|p| p.format.fm = Some(FormatWord::Mp4), Unsupported::Video);
        check(|p| p.format.fm = Some(FormatWord::Webm), Unsupported::Video);
        check(|p| (p.faces.lp_blur, p.format.rasterize_bypass) = (Some(9), Some(true)), Unsupported::Privacy);
        check(|p| p.faces.lp_blur = Some(50), Unsupported::Privacy);
        check(|p| (p.model.bg_remove, p.model.bg_remove_fallback) = (true, Some(false)), Unsupported::Model);
        check(
            |p| {
                (p.size.fit, p.fill.mode, p.model.fill_gen_fallback) =
                    (Some(Fit::Fill), Some(FillMode::Gen), Some(false))
            },
            Unsupported::Model,
        );
    }
}
