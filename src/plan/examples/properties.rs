//! Properties of every plan and every original.

use proptest::prelude::*;

use super::*;
use crate::param::{
    Auto, BlendSource, CropWord, Fit, Location, MaskShape, Params, RectEdge, RectExtent, RectParam, RotType,
    ShadowKind, TrimMode,
};
use crate::units::{Dpr, Length};

fn lengths() -> impl Strategy<Value = Option<Length>> {
    prop_oneof![
        Just(None),
        (1_u32..=12_000).prop_map(|v| Some(Length::Px(f64::from(v)))),
        (0.0001_f64..=1.0).prop_map(|v| Some(Length::Fraction(v))),
    ]
}

fn rects() -> impl Strategy<Value = Option<RectParam>> {
    let length =
        || prop_oneof![(-100.0_f64..30_000.0).prop_map(Length::Px), (0.0001_f64..=1.0).prop_map(Length::Fraction)];
    let edge = move || {
        prop_oneof![length().prop_map(RectEdge::At), Just(RectEdge::Start), Just(RectEdge::Middle), Just(RectEdge::End)]
    };
    let extent = move || prop_oneof![length().prop_map(RectExtent::Of), Just(RectExtent::Full)];
    proptest::option::of((edge(), edge(), extent(), extent()).prop_map(|(x, y, w, h)| RectParam { x, y, w, h }))
}

fn any_fit() -> impl Strategy<Value = Option<Fit>> {
    use Fit::{Clamp, Clip, Crop, FaceArea, Fill, FillMax, Max, Min, Scale};
    proptest::option::of(proptest::sample::select(vec![Clip, Clamp, Crop, FaceArea, Fill, FillMax, Max, Min, Scale]))
}

fn words() -> impl Strategy<Value = Vec<CropWord>> {
    use CropWord::{Auto, Bottom, Center, Edges, Entropy, Faces, FocalPoint, Left, Right, Top};
    let word =
        proptest::sample::select(vec![Top, Bottom, Left, Right, Center, Faces, Auto, Entropy, Edges, FocalPoint]);
    proptest::collection::vec(word, 0..4)
}

prop_compose! {
    pub(crate) fn any_params()(
        (w, h, fit, fit_fallback) in (lengths(), lengths(), any_fit(), any_fit()),
        (rect, crop) in (rects(), words()),
        ar in proptest::option::of(prop_oneof![0.01_f64..100.0, Just(1e-300), Just(1e300)]),
        dpr in proptest::option::of(0.001_f64..5.0),
        bounds in proptest::array::uniform4(proptest::option::of(1_u32..10_000)),
        focal in (0.0_f64..=1.0, 0.0_f64..=1.0, 1.0_f64..=100.0),
        (rot, pivot, orient) in (proptest::option::of(0.0_f64..360.0), any::<bool>(), proptest::option::of(0_u8..=8)),
        flip in any::<(bool, bool)>(),
        auto in any::<(bool, bool)>(),
        layers in any_layers(),
    ) -> Params {
        let mut p = layers;
        let [min_w, max_w, min_h, max_h] = bounds;
        p.size = crate::param::SizeParams {
            w, h, ar, dpr: dpr.and_then(Dpr::clamped), fit, fit_fallback, crop, rect, min_w, max_w, min_h, max_h,
        };
        p.focal = crate::param::FocalParams {
            x: Some(focal.0), y: Some(focal.1), z: Some(focal.2), debug: Some(true),
        };
        p.rotation.rot = rot;
        p.rotation.rot_type = pivot.then_some(RotType::Pivot);
        p.rotation.orient = orient;
        (p.rotation.flip_h, p.rotation.flip_v) = flip;
        p.format.auto = Auto { format: auto.0, compress: auto.1, ..p.format.auto };
        p
    }
}

prop_compose! {
    fn any_layers()(
        pads in proptest::array::uniform5(proptest::option::of(prop_oneof![0_u32..50, 0_u32..=20_000])),
        (trim, tile, inherit, facearea) in any::<(bool, bool, bool, bool)>(),
        (overlay_w, overlay_h, overlay_fit) in (lengths(), lengths(), any_fit()),
        scale in proptest::option::of(0.0_f64..=100.0),
        (x, y, pad) in proptest::option::of((-9000_i32..9000, -1.0_f64..=1.0, 0_u32..9000)).prop_map(|at| {
            at.map_or((None, None, None), |(x, y, pad)| {
                (Some(Length::Px(f64::from(x))), Some(Length::Fraction(y)), Some(pad))
            })
        }),
        degrees in proptest::option::of(0.0_f64..360.0),
        radii in proptest::option::of(proptest::array::uniform4(0_u32..20_000)),
        px in proptest::option::of(0_u32..20_000),
        fades in proptest::array::uniform3(lengths()),
        (angle, at, stops) in (
            proptest::option::of(0.0_f64..360.0),
            lengths(),
            proptest::collection::vec(0.0_f64..=100.0, 0..4),
        ),
        (face_pad, face_index) in (proptest::option::of(0.0_f64..50.0), proptest::option::of(0_u32..4)),
    ) -> Params {
        let mut p = Params::default();
        [p.border.pad, p.border.pad_top, p.border.pad_right, p.border.pad_bottom, p.border.pad_left] = pads;
        p.trim.mode = trim.then_some(TrimMode::Auto);
        p.trim.pad = px;
        p.mark.source = Some(Location::Path("/m".to_owned()));
        (p.mark.w, p.mark.h, p.mark.fit, p.mark.scale) = (overlay_w, overlay_h, overlay_fit, scale);
        (p.mark.x, p.mark.y, p.mark.pad, p.mark.rot, p.mark.tile) = (x, y, pad, degrees, tile);
        p.blend.source = Some(BlendSource::Image(Location::Path("/b".to_owned())));
        (p.blend.w, p.blend.h, p.blend.fit, p.blend.inherit_size) = (overlay_h, overlay_w, overlay_fit, inherit);
        (p.blend.x, p.blend.y, p.blend.pad) = (y, x, pad);
        (p.mask.shape, p.mask.corner_radius) = (Some(MaskShape::Corners), radii);
        p.border.border = px.map(|px| (px, Color::BLACK));
        p.border.radius = radii;
        p.stylize.px = px;
        p.shadow.blur = px.map(|px| f64::from(px.min(100)));
        (p.shadow.x, p.shadow.y, p.shadow.kind) = (overlay_w, overlay_h, inherit.then_some(ShadowKind::Cast));
        (p.mark.shadow, p.mark.reflection) = (p.shadow, degrees);
        p.text.txt = Some("x".to_owned());
        p.text.pad = px;
        let [all, top, right] = fades;
        p.finish.fade = crate::param::FadeParams { all, top, right, ..Default::default() };
        p.finish.gradient = crate::param::GradientParams {
            colors: vec![Color::BLACK, Color::WHITE, Color::TRANSPARENT_WHITE],
            stops,
            kind: angle.is_none().then_some(crate::param::GradientType::Radial),
            angle: angle.map(crate::param::GradientAngle::Degrees),
            radial_x: at,
            radial_size: at.map(|at| crate::param::RadialSize::Radii([at; 2])),
            mask: Some(tile),
            ..Default::default()
        };
        (p.mark.finish, p.blend.finish) = (p.finish.clone(), p.finish.clone());
        p.faces.pad = face_pad;
        p.faces.index = face_index;
        p.format.auto.redeye = facearea;
        p
    }
}

fn any_found() -> impl Strategy<Value = Found> {
    let rect = || {
        (0_u32..20_000, 0_u32..20_000, 1_u32..20_000, 1_u32..20_000).prop_map(|(left, top, width, height)| Rect {
            left,
            top,
            size: Size { width, height },
        })
    };
    let faces = proptest::option::of(proptest::collection::vec(rect(), 0..4));
    (proptest::option::of(rect()), faces, any::<bool>()).prop_map(|(trimmed, faces, overlays)| Found {
        trimmed,
        doubtful: faces.clone().unwrap_or_default(),
        eyes: faces.clone().unwrap_or_default(),
        moving: overlays,
        faces,
        blend: overlays.then_some(OVERLAY),
        mask: overlays,
        mark: overlays.then_some(OVERLAY),
    })
}

prop_compose! {
    fn any_measured()(
        width in prop_oneof![1_u32..=20_000, 1_u32..=8],
        height in prop_oneof![1_u32..=20_000, 1_u32..=8],
        orientation in 0_u8..=9,
        has_alpha in any::<bool>(),
    ) -> Measured {
        Measured { size: Size { width, height }, orientation, has_alpha, frames: 1 }
    }
}

fn rendered(params: &Params, policy: &Policy) -> Plan {
    match resolve_params(params, true, &Negotiation::default(), policy).intent {
        Intent::Render(plan) => *plan,
        other @ (Intent::PassThrough | Intent::Unsupported(_)) => panic!("{other:?}"),
    }
}

/// Follows the steps as a renderer would on an original that is decoded at `decoded`, checks every rectangle, and
/// returns the final size.
fn walk(layout: &Layout, decoded: Size, shrink: u32) -> Size {
    let Read { original, turn, cut, .. } = layout.read;
    assert!((1..=8).contains(&turn));
    assert!(
        cut.is_none_or(|rect| rect.is_inside(layout.read.upright()) && rect.size != layout.read.upright()),
        "{layout:?}"
    );
    let cut = layout.read.stored_cut(decoded, shrink);
    assert!(cut.is_inside(decoded), "{layout:?}");
    let read = if turn >= 5 { cut.size.transposed() } else { cut.size };
    assert!(decoded != original || read == layout.read.size(), "{layout:?}");
    assert_eq!(layout.on_read(read).iter().fold(read, |now, op| after(op, now, layout)), read);
    let placed = layout.place.as_ref().map_or(read, |Resize { scaled, window }| {
        assert!(*scaled != read || *window != Window::Whole, "{layout:?}");
        match window {
            Window::Whole => *scaled,
            Window::Fixed(rect) => {
                assert!(rect.is_inside(*scaled), "{layout:?}");
                rect.size
            }
            Window::Find { size, otherwise, .. } => {
                assert!(otherwise.is_inside(*scaled) && otherwise.size == *size, "{layout:?}");
                *size
            }
        }
    });
    layout.ops.iter().fold(placed, |now, op| after(op, now, layout))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most steps change no size")]
fn after(op: &Op, mut now: Size, layout: &Layout) -> Size {
    match op {
        Op::Extend(e) => {
            assert!(Rect { left: e.left, top: e.top, size: now }.is_inside(e.canvas) && e.canvas != now);
            now = e.canvas;
        }
        Op::FocalDebug(cross) => assert!(cross.x < now.width && cross.y < now.height, "{layout:?}"),
        Op::Pad(Pad { sides: s, .. }) => {
            now = Size { width: now.width + s.left + s.right, height: now.height + s.top + s.bottom };
        }
        Op::Blend(BlendOp { layer: BlendOpLayer::Image(o), .. }) => {
            assert_eq!(walk(&o.layout, OVERLAY, 1), o.layout.output);
        }
        Op::Mark(MarkOp { overlay: o, tile, .. }) => {
            assert_eq!(walk(&o.layout, OVERLAY, 1), o.layout.output);
            assert!(tile.is_none_or(|tile| tile.step_x_px > 0 && tile.step_y_px > 0));
        }
        Op::Gradient(gradient) => {
            let finite = match gradient.course {
                GradientCourse::Linear { from, to } => [from, to].as_flattened().iter().all(|v| v.is_finite()),
                GradientCourse::Elliptic { center, radii } => {
                    center.iter().all(|v| v.is_finite()) && radii.iter().all(|v| v.is_finite() && *v >= 0.0)
                }
                GradientCourse::Radial { .. } => false,
            };
            assert!(finite && gradient.colors.stops.is_sorted_by_key(|stop| stop.at), "{gradient:?}");
        }
        Op::Fade(fade) => {
            let fits = |first: f64, second: f64, side: u32| {
                first >= 0.0 && second >= 0.0 && first + second <= f64::from(side) * 1.000_001
            };
            assert!(fits(fade.left, fade.right, now.width) && fits(fade.top, fade.bottom, now.height), "{fade:?}");
        }
        Op::Turn(turn) => now = turn.canvas,
        Op::Rotate(rotate) => now = rotate.canvas,
        Op::Reflect(reflect) => now = reflect.canvas,
        Op::Shadow(shadow) => {
            assert!(Rect { left: shadow.left, top: shadow.top, size: now }.is_inside(shadow.canvas), "{shadow:?}");
            now = shadow.canvas;
        }
        Op::HideFaces(HideFacesOp { faces: Some(faces), .. }) | Op::RedEye(faces) => {
            assert!(faces.iter().all(|face| face.is_inside(now)), "{layout:?}");
        }
        Op::Mask(MaskOp { outline: Outline::Corners(radii), .. }) => {
            assert!(radii.iter().all(|radius| *radius <= now.width.min(now.height) / 2));
        }
        Op::Border(BorderOp { border, .. }) => {
            assert!(border.sides.left <= now.width && border.sides.top <= now.height);
        }
        _ => {}
    }
    now
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_layout_stays_inside(
        params in any_params(), measured in any_measured(), found in any_found(), side_max in 1_u32..=9000,
    ) {
        let policy = Policy { output_side_max: side_max, ..Policy::default() };
        let layout = layout_found(&rendered(&params, &policy), &measured, &found);
        prop_assert_eq!(walk(&layout, measured.size, 1), layout.output);
        prop_assert!(layout.output.width >= 1 && layout.output.height >= 1);
        prop_assert!(layout.output.width <= side_max && layout.output.height <= side_max);
    }

    #[test]
    fn a_shrunk_decode_lands_on_the_same_size(
        mut params in any_params(), measured in any_measured(), headroom in 1.0_f64..3.0,
    ) {
        // Steps before the resize that need every pixel prevent shrinking.
        params.trim.mode = None;
        let layout = layout(&rendered(&params, &Policy::default()), &measured);
        let factor = layout.shrink_on_load(headroom);
        let decoded =
            Size { width: measured.size.width.div_ceil(factor), height: measured.size.height.div_ceil(factor) };
        prop_assert_eq!(walk(&layout, decoded, factor), layout.output);
    }

    #[test]
    fn exact_fits_are_exact(
        w in 1_u32..=8192, h in 1_u32..=8192, measured in any_measured(),
        fit in proptest::sample::select(vec![Fit::Crop, Fit::Scale, Fit::Fill, Fit::FillMax, Fit::Clamp]),
        crop in words(),
    ) {
        let mut params = Params::default();
        params.size.w = Some(Length::Px(f64::from(w)));
        params.size.h = Some(Length::Px(f64::from(h)));
        params.size.fit = Some(fit);
        params.size.crop = crop;
        let layout = layout(&rendered(&params, &Policy::default()), &measured);
        prop_assert_eq!(layout.output, Size { width: w, height: h });
    }

    #[test]
    fn clip_and_max_keep_the_shape(
        w in 1_u32..=8192, h in 1_u32..=8192, sw in 1_u32..=20_000, sh in 1_u32..=20_000, max in any::<bool>(),
    ) {
        let mut params = Params::default();
        params.size.w = Some(Length::Px(f64::from(w)));
        params.size.h = Some(Length::Px(f64::from(h)));
        params.size.fit = max.then_some(Fit::Max);
        let source = Size { width: sw, height: sh };
        let out = layout(&rendered(&params, &Policy::default()), &still(source)).output;
        prop_assert!(out.width <= w && out.height <= h);
        prop_assert!(!max || (out.width <= sw && out.height <= sh));
        // One side determines the scale; the other is within half a pixel of the same scale.
        let k = (f64::from(w) / f64::from(sw)).min(f64::from(h) / f64::from(sh));
        let k = if max { k.min(1.0) } else { k };
        for (side, from) in [(out.width, sw), (out.height, sh)] {
            prop_assert!((f64::from(side) - f64::from(from) * k).abs() <= 0.5 + 1e-6 || side == 1);
        }
    }
}
