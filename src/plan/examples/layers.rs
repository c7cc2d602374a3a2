//! Sections 6 to 12: the layers, in pixels.

use super::*;
use crate::param::GradientSpace;
use crate::plan::DataOutput;

fn plan_and(query: &str, source: &str, found: &Found) -> Layout {
    layout_found(&plan_of(query), &still(size(source)), found)
}

/// `Resize Pad Mark`
fn names(ops: &[Op]) -> String {
    let name = |op: &Op| format!("{op:?}").split('(').next().unwrap_or_default().to_owned();
    ops.iter().map(name).collect::<Vec<_>>().join(" ")
}

fn check_found(source: &str, query: &str, found: &Found, expected: &str) {
    assert_eq!(summary(&plan_and(query, source, found)), expected, "{source} {query}");
}

fn rect(left: u32, top: u32, width: u32, height: u32) -> Rect {
    Rect { left, top, size: Size::new(width, height) }
}

#[test]
fn padding_of_section_12() {
    check("400x300", "pad=20", "pad 20,20,20,20; -> 440x340");
    check("400x300", "w=400&h=300&fit=crop&pad=20", "resize 360x270 keep 0,5 360x260; pad 20,20,20,20; -> 400x300");
    check("400x300", "w=400&h=300&pad=20", "resize 347x260; pad 20,20,20,20; -> 387x300");
    check("400x300", "w=200&pad-left=50", "resize 150x113; pad 0,0,0,50; -> 200x113");
    // A single side beats `pad`, `dpr` multiplies, bars lie inside the padding.
    check("400x300", "pad=10&pad-top=0", "pad 0,10,10,10; -> 420x310");
    check("400x300", "w=100&pad=5&dpr=2", "resize 180x135; pad 10,10,10,10; -> 200x155");
    check("400x300", "w=100&h=100&fit=fill&pad=10", "resize 80x60; extend 80x80 at 0,10; pad 10,10,10,10; -> 100x100");
    // The cap applies to image and padding together.
    check("8192x8192", "pad=4096", "resize 4096x4096; pad 2048,2048,2048,2048; -> 8192x8192");
    // Padding that leaves no room still leaves one pixel.
    check("400x300", "w=30&h=30&fit=crop&pad=20", "resize 1x1; pad 20,20,20,20; -> 41x41");
}

#[test]
fn trimming_lays_out_again() {
    let found = |trimmed| Found { trimmed, ..Found::default() };
    let kept = Some(rect(100, 50, 200, 100));
    check_found("400x300", "trim=auto&w=100", &found(None), "trim; resize 100x75; -> 100x75");
    check_found("400x300", "trim=auto&w=100", &found(kept), "crop 100,50 200x100; resize 100x50; -> 100x50");
    check_found("400x300", "trim=auto&trim-pad=60", &found(kept), "crop 40,0 320x210; -> 320x210");
    check_found("400x300", "trim=alpha&trim-pad=60", &found(kept), "crop 100,50 200x100; -> 200x100");
    check_found("400x300", "trim=auto", &found(Some(rect(0, 0, 400, 300))), "-> 400x300");
    // Fractions refer to what is left, and successive cuts are merged.
    check_found(
        "500x400",
        "trim=auto&rect=50,50,400,300&w=0.5",
        &found(kept),
        "crop 150,100 200x100; resize 100x50; -> 100x50",
    );
}

#[test]
fn faces_direct_crop_and_facearea() {
    let found = |faces: &[Rect]| Found { faces: Some(faces.to_vec()), ..Found::default() };
    let one = found(&[rect(300, 50, 40, 40)]);
    let square = "fit=crop&crop=faces,left&w=200&h=200";
    check_found("400x200", square, &one, "crop 200,0 200x200; -> 200x200");
    check_found("400x200", square, &found(&[]), "crop 0,0 200x200; -> 200x200");
    check_found("400x200", square, &Found::default(), "crop 0,0 200x200; -> 200x200");
    // Two faces that fit together; two that do not, the second chosen by index; one outside `rect`.
    let near = found(&[rect(100, 50, 40, 40), rect(200, 50, 40, 40)]);
    check_found("400x200", square, &near, "crop 70,0 200x200; -> 200x200");
    let far = found(&[rect(0, 50, 40, 40), rect(360, 50, 40, 40)]);
    check_found("400x200", square, &far, "crop 0,0 200x200; -> 200x200");
    check_found("400x200", &format!("{square}&faceindex=2"), &far, "crop 200,0 200x200; -> 200x200");
    // Two smaller faces near each other beat the largest one alone, unless an index asks for that.
    let crowd = found(&[rect(0, 50, 90, 90), rect(300, 50, 40, 40), rect(350, 50, 40, 40)]);
    check_found("400x200", square, &crowd, "crop 200,0 200x200; -> 200x200");
    check_found("400x200", &format!("{square}&faceindex=1"), &crowd, "crop 0,0 200x200; -> 200x200");
    check_found("800x200", &format!("{square}&rect=400,0,400,200"), &one, "crop 400,0 200x200; -> 200x200");

    let area = "fit=facearea&w=100&h=100";
    check_found("400x200", area, &one, "resize 1000x500 keep 750,125 100x100; -> 100x100");
    check_found("400x200", &format!("{area}&facepad=2"), &one, "resize 500x250 keep 350,38 100x100; -> 100x100");
    // Never beyond the image, however large the area.
    check_found("400x200", &format!("{area}&facepad=9"), &one, "resize 200x100 keep 100,0 100x100; -> 100x100");
    check_found("400x200", &format!("{area}&faceindex=2"), &far, "resize 1000x500 keep 900,125 100x100; -> 100x100");
    check_found("400x200", "fit=facearea,max&w=100&h=100", &found(&[]), "resize 100x50; -> 100x50");
}

#[test]
fn without_a_detector_everything_is_hidden() {
    let mut plan = plan_of("w=100");
    plan.hide_faces = Some(HideFaces { blur: 50, pixel: 0 });
    let hidden = |faces| {
        let layout = layout_found(&plan, &still(size("400x200")), &Found { faces, ..Found::default() });
        layout.on_original.into_iter().find_map(|op| if let Op::HideFaces(op) = op { Some(op.faces) } else { None })
    };
    let face = rect(300, 50, 40, 40);
    assert_eq!(hidden(None), Some(None));
    assert_eq!(hidden(Some(vec![])), None);
    assert_eq!(hidden(Some(vec![face])), Some(Some(vec![face])));
}

#[test]
fn marks_are_placed_on_the_finished_base() {
    let found = Found { mark: Some(OVERLAY), ..Found::default() };
    let check = |query: &str, expected: &str| check_found("400x300", &format!("mark=/m.png&{query}"), &found, expected);
    check("w=200", "resize 200x150; mark 40x20 at 155,125; -> 200x150");
    check("mark-align=top,left&mark-pad=0", "mark 40x20 at 0,0; -> 400x300");
    check("mark-align=center,middle", "mark 40x20 at 180,140; -> 400x300");
    check("mark-x=-10&mark-align=top", "mark 40x20 at -10,5; -> 400x300");
    check("mark-w=20", "mark resize 20x10: 20x10 at 375,285; -> 400x300");
    check("mark-w=0.5&w=800&dpr=1", "resize 800x600; mark resize 20x10: 20x10 at 775,585; -> 800x600");
    // Its own size, and fractions of it, grow with `dpr`, as lengths in pixels do; fractions of the base have grown
    // already.
    check("w=100&dpr=2", "resize 200x150; mark resize 80x40: 80x40 at 110,100; -> 200x150");
    check("w=400&dpr=0.5", "resize 200x150; mark resize 20x10: 20x10 at 177,137; -> 200x150");
    check("w=100&dpr=2&mark-w=0.5", "resize 200x150; mark 40x20 at 150,120; -> 200x150");
    check("w=100&dpr=2&mark-h=1", "resize 200x150; mark resize 80x40: 80x40 at 110,100; -> 200x150");
    check("w=100&dpr=2&mark-scale=50", "resize 200x150; mark resize 100x50: 100x50 at 90,90; -> 200x150");
    check("dpr=2", "mark 40x20 at 355,275; -> 400x300");
    // Decimals up to 1 are fractions of the finished base, and a whole number is pixels.
    check("mark-x=0.5&mark-y=0.25", "mark 40x20 at 200,75; -> 400x300");
    check("mark-x=1.0&mark-y=-0.1", "mark 40x20 at 400,-30; -> 400x300");
    check("mark-x=1&mark-y=1.5", "mark 40x20 at 1,2; -> 400x300");
    check("mark-x=0.5&mark-y=0.5&mark-anchor=center", "mark 40x20 at 180,140; -> 400x300");
    check("mark-x=0.5&mark-y=10&w=100&dpr=2&mark-w=20", "resize 200x150; mark 40x20 at 100,20; -> 200x150");
    check("mark-x=0.5&pad=50", "pad 50,50,50,50; mark 40x20 at 250,375; -> 500x400");
    // 20 at `dpr=2` is its natural 40.
    check("mark-w=20&w=100&dpr=2", "resize 200x150; mark 40x20 at 150,120; -> 200x150");
    check("mark-scale=50", "mark resize 200x100: 200x100 at 195,195; -> 400x300");
    check("mark-fit=crop&mark-w=10&mark-h=10", "mark resize 20x10 keep 5,0 10x10: 10x10 at 385,285; -> 400x300");
    check("mark-fit=max&mark-w=900&mark-h=900", "mark 40x20 at 355,275; -> 400x300");
    check("mark-tile=grid&mark-pad=7", "mark 40x20 at 0,0 every 47,27; -> 400x300");
    check("mark-tile=grid&mark-pad=0&mark-x=10&mark-y=50", "mark 40x20 at -30,-10 every 40,20; -> 400x300");
    // A coordinate positions the anchor point. An axis without one is aligned, and tiles have no anchor point.
    check("mark-x=100&mark-y=60&mark-anchor=center", "mark 40x20 at 80,50; -> 400x300");
    check("mark-x=100&mark-y=60&mark-anchor=bottom,right", "mark 40x20 at 60,40; -> 400x300");
    check("mark-x=100&mark-y=60&mark-anchor=top", "mark 40x20 at 80,60; -> 400x300");
    check("mark-x=100&mark-y=60&mark-anchor=0.25,7", "mark 40x20 at 90,40; -> 400x300");
    check("mark-x=100&mark-anchor=center", "mark 40x20 at 80,275; -> 400x300");
    check("mark-anchor=center", "mark 40x20 at 355,275; -> 400x300");
    check(
        "mark-rot=90&mark-x=100&mark-y=60&mark-anchor=bottom,right",
        "mark turn 90 on 20x40: 20x40 at 80,20; -> 400x300",
    );
    check(
        "mark-tile=grid&mark-pad=0&mark-x=10&mark-y=50&mark-anchor=center",
        "mark 40x20 at -30,-10 every 40,20; -> 400x300",
    );
    check("mark-rot=90&mark-align=top,left&mark-pad=0", "mark turn 90 on 20x40: 20x40 at 0,0; -> 400x300");
    check(
        "mark-fade=0.5&mark-rot=90&mark-align=top,left",
        "mark Fade(FadeOp { top: 10.0, right: 20.0, bottom: 10.0, left: 20.0 }): turn 90 on 20x40: 20x40 at 5,5; -> 400x300",
    );
    check("pad=10", "pad 10,10,10,10; mark 40x20 at 375,295; -> 420x320");
    check("mark-if-min-width=400", "mark 40x20 at 355,275; -> 400x300");
    check("mark-if-min-width=401", "-> 400x300");
    check("mark-alpha=0", "-> 400x300");
    check_found("400x300", "mark=/m.png", &Found::default(), "-> 400x300");
}

#[test]
fn blends_are_sized_by_the_resized_base() {
    let found = Found { blend: Some(OVERLAY), ..Found::default() };
    let check =
        |query: &str, expected: &str| check_found("400x300", &format!("blend=/b.png&{query}"), &found, expected);
    check("w=200", "resize 200x150; blend 40x20 at 80,65; -> 200x150");
    check("w=200&blend-w=0.5", "resize 200x150; blend resize 100x50: 100x50 at 50,50; -> 200x150");
    check("blend-w=50&blend-h=50&blend-fit=scale", "blend resize 50x50: 50x50 at 175,125; -> 400x300");
    check(
        "blend-w=50&blend-h=50&blend-fit=crop&blend-crop=right",
        "blend resize 100x50 keep 50,0 50x50: 50x50 at 175,125; -> 400x300",
    );
    check(
        "blend-w=50&blend-h=50&blend-fit=clamp",
        "blend resize 50x25: extend 50x50 at 0,12: 50x50 at 175,125; -> 400x300",
    );
    check("w=100&dpr=2", "resize 200x150; blend resize 80x40: 80x40 at 60,55; -> 200x150");
    check("blend-align=left", "blend 40x20 at 0,140; -> 400x300");
    check("blend-x=0&blend-y=0", "blend 40x20 at 0,0; -> 400x300");
    check("blend-x=-15", "blend 40x20 at -15,140; -> 400x300");
    check("blend-x=0.25&blend-y=0.5&blend-anchor=bottom,right", "blend 40x20 at 60,130; -> 400x300");
    check("blend-align=bottom,right&blend-pad=9", "blend 40x20 at 351,271; -> 400x300");
    check(
        "w=100&h=50&fit=crop&blend-size=inherit",
        "resize 100x75 keep 0,12 100x50; blend resize 100x50: 100x50 at 0,0; -> 100x50",
    );
    check_found("400x300", "blend=/b.png", &Found::default(), "-> 400x300");
}

#[test]
fn ops_keep_the_order_of_the_pipeline() {
    let found = Found { blend: Some(OVERLAY), mark: Some(OVERLAY), mask: true, ..Found::default() };
    let query = "w=100&h=100&fit=fill&fill=blur&rect=0,0,300,200&orient=2&flip=hv&rot=10&bg=80ff0000\
        &bri=5&con=5&nr=20&sharp=5&usm=5&sepia=5&htn=5&px=5&blur=5&blend=/b&blend-mode=destination-out\
        &gradient=f00,00f&fade=9&transparency=grid&mask=/m&border=2,f00\
        &pad=1&mark=/m&txt=x&auto=enhance&trim=auto";
    let layout = plan_and(query, "400x300", &found);
    assert!(layout.read.turn == 2 && layout.read.cut.is_some() && layout.read.trim.is_some() && layout.place.is_some());
    assert_eq!(
        names(&layout.ops),
        "Enhance Adjust Denoise Sharpen Sharpen Extend Mirror \
         Rotate Tone Halftone Pixellate Blur Blend Gradient Fade Background Grid Mask Border Pad Mark Text"
    );
}

#[test]
fn a_palette_sees_nothing_of_border_padding_and_marks() {
    let busy = plan_of("w=100&palette=json&colors=3&border=2,f00&pad=9&mark=/m&txt=x&q=3&auto=format");
    assert_eq!(busy, plan_of("w=100&palette=json&colors=3"));
    let layout = layout(&busy, &still(size("400x300")));
    assert_eq!(layout.ops, []);
    assert_eq!(busy.data, Some(DataOutput::PaletteJson { colors: 3 }));
    assert_eq!(plan_of("fm=blurhash").data, Some(DataOutput::Blurhash));
    assert_eq!(plan_of("palette=css").data, Some(DataOutput::PaletteCss { colors: 6, prefix: "image".to_owned() }),);
}

#[test]
fn gradients_run_as_in_css() {
    let course = |query: &str| match layout(&plan_of(&format!("gradient=f00,00f&{query}")), &still(size("400x300")))
        .ops
        .last()
    {
        Some(Op::Gradient(op)) => op.course,
        other => panic!("{query}: {other:?}"),
    };
    let near = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).abs() < 1e-9 && (a[1] - b[1]).abs() < 1e-9;
    let linear = |query: &str, expected: [[f64; 2]; 2]| {
        let GradientCourse::Linear { from, to } = course(query) else { panic!("{query} is not straight") };
        assert!(near(from, expected[0]) && near(to, expected[1]), "{query}: {from:?} {to:?}");
    };
    for down in [
        "",
        "gradient-angle=180",
        "gradient-angle=-180",
        "gradient-angle=900",
        "gradient-angle=x",
        "gradient-angle=bottom",
    ] {
        linear(down, [[200.0, 0.0], [200.0, 300.0]]);
    }
    linear("gradient-angle=0", [[200.0, 300.0], [200.0, 0.0]]);
    linear("gradient-angle=90", [[0.0, 150.0], [400.0, 150.0]]);
    linear("gradient-angle=right", [[0.0, 150.0], [400.0, 150.0]]);
    linear("gradient-angle=45", [[25.0, 325.0], [375.0, -25.0]]);
    linear("gradient-angle=top,right", [[56.0, 342.0], [344.0, -42.0]]);
    linear("gradient-angle=right,top", [[56.0, 342.0], [344.0, -42.0]]);
    let radial = |query: &str, at: [f64; 2], reach: [f64; 2]| {
        let course = course(&format!("gradient-type=radial&{query}"));
        let GradientCourse::Elliptic { center, radii } = course else { panic!("{query} is not round") };
        assert!(near(center, at) && near(radii, reach), "{query}: {center:?} {radii:?}");
    };
    let corner = std::f64::consts::SQRT_2;
    radial("", [200.0, 150.0], [200.0 * corner, 150.0 * corner]);
    radial("gradient-radial-shape=circle", [200.0, 150.0], [250.0; 2]);
    radial("gradient-radial-size=closest-side", [200.0, 150.0], [200.0, 150.0]);
    radial("gradient-radial-size=closest-side&gradient-radial-shape=circle", [200.0, 150.0], [150.0; 2]);
    radial("gradient-radial-size=farthest-side&gradient-radial-shape=circle", [200.0, 150.0], [200.0; 2]);
    radial("gradient-radial-size=farthest-side&gradient-radial-x=0.25", [100.0, 150.0], [300.0, 150.0]);
    radial(
        "gradient-radial-size=closest-corner&gradient-radial-x=100&gradient-radial-shape=circle",
        [100.0, 150.0],
        [100_f64.hypot(150.0); 2],
    );
    radial("gradient-radial-size=80&gradient-radial-x=1&gradient-radial-y=-0.5", [1.0, -150.0], [80.0; 2]);
    radial("gradient-radial-size=0.5,60", [200.0, 150.0], [200.0, 60.0]);
    radial("gradient-radial-size=0.5", [200.0, 150.0], [200.0 * corner, 150.0 * corner]);
    radial("w=200&dpr=2&gradient-radial-size=80&gradient-radial-x=10", [20.0, 150.0], [160.0; 2]);
}

#[test]
fn a_gradient_is_no_more_than_what_is_seen_of_it() {
    let stops = |query: &str| match layout(&plan_of(query), &still(size("400x300"))).ops.pop() {
        Some(Op::Gradient(op)) => op.colors.stops.iter().map(|stop| stop.at).collect::<Vec<_>>(),
        other => panic!("{query}: {other:?}"),
    };
    assert_eq!(stops("gradient=f00,0f0,00f"), [0.0, 0.5, 1.0]);
    assert_eq!(stops("gradient=f00,0f0,00f&gradient-stops=10,60,30"), [0.1, 0.6, 0.6]);
    assert_eq!(stops("gradient=f00,0f0,00f&gradient-stops=10,60"), [0.0, 0.5, 1.0]);
    // Parameters that a gradient mask or a linear gradient does not read leave no trace.
    let mask = "gradient=ffff0000,00ff0000&gradient-mask=true";
    for inert in
        ["gradient-cs=lch", "gradient-hue=longer", "gradient-mode=screen", "gradient-alpha=5", "gradient-radial-x=9"]
    {
        assert_eq!(plan_of(&format!("{mask}&{inert}")), plan_of(mask), "{inert}");
    }
    assert_eq!(plan_of("gradient=fff,0fff&gradient-mask=true"), plan_of(mask));
    assert_eq!(plan_of("gradient=f00,00f&gradient-cs=srgb&gradient-hue=longer"), plan_of("gradient=f00,00f"));
    let bars = "w=9&h=9&fit=fill&fill=gradient&fill-gradient-linear=f00,00f";
    assert_eq!(plan_of(&format!("{bars}&fill-gradient-hue=longer")), plan_of(bars));
    let round = format!("{bars}&fill-gradient-cs=hsl");
    assert_ne!(plan_of(&format!("{round}&fill-gradient-hue=longer")), plan_of(&round));
    assert_eq!(plan_of("blend=f00&blend-mode=color-burn"), plan_of("blend=f00&blend-mode=burn"));
    assert_eq!(
        plan_of("gradient=f00,00f&gradient-mode=soft-light"),
        plan_of("gradient=f00,00f&gradient-mode=softlight")
    );
}

#[test]
fn fades_in_pixels() {
    let fade = |query: &str| match layout(&plan_of(query), &still(size("400x300"))).ops.last() {
        Some(Op::Fade(fade)) => [fade.top, fade.right, fade.bottom, fade.left],
        other => panic!("{query}: {other:?}"),
    };
    assert_eq!(fade("fade=20"), [20.0; 4]);
    assert_eq!(fade("fade=1"), [1.0; 4]);
    assert_eq!(fade("fade=0.1"), [30.0, 40.0, 30.0, 40.0]);
    assert_eq!(fade("fade=20&fade-left=0&fade-top=0.5"), [150.0, 20.0, 20.0, 0.0]);
    assert_eq!(fade("w=200&dpr=2&fade=20&fade-right=0.25"), [40.0, 100.0, 40.0, 40.0]);
    // Opposite fades meet but do not overlap.
    assert_eq!(fade("fade=1.0"), [150.0, 200.0, 150.0, 200.0]);
    assert_eq!(fade("fade-left=300&fade-right=500"), [0.0, 250.0, 0.0, 150.0]);
    let mask = |query: &str| match layout(&plan_of(query), &still(size("400x300"))).ops.as_slice() {
        [Op::Mask(mask)] => mask.feather_px,
        other => panic!("{query}: {other:?}"),
    };
    assert_eq!(mask("mask=ellipse&fade=20"), 20);
    assert_eq!(mask("mask=corners&fade=0.2"), 60);
    assert_eq!(mask("mask=corners&fade=999"), 150);
    let both = layout(&plan_of("mask=ellipse&fade=20&fade-top=7"), &still(size("400x300"))).ops;
    assert!(matches!(
        both.as_slice(),
        [Op::Fade(FadeOp { top: 7.0, right: 0.0, .. }), Op::Mask(MaskOp { feather_px: 20, .. })]
    ));
    let polygon = layout(&plan_of("mask=poly5&fade=20"), &still(size("400x300"))).ops;
    assert!(matches!(polygon.as_slice(), [Op::Fade(FadeOp { top: 20.0, .. }), Op::Mask(MaskOp { feather_px: 0, .. })]));
}

#[test]
fn identity_values_leave_no_op() {
    for query in [
        "gradient=f00,00f&gradient-alpha=0",
        "gradient=f00&gradient-mask=true",
        "gradient=f00,oops,00f&gradient-angle=90",
        "fade=0&fade-left=-5&fade-top=x&fade-right=0.0",
        "bri=0&con=0&exp=0&gam=0&high=0&shad=0&sat=0&vib=0&hue=0&invert=false&sharp=0&usm=0&usmrad=9",
        "sepia=0&px=1&htn=0&blur=0&monochrome=0fff&duotone=000,fff&duotone-alpha=0",
        "blend=f00&blend-alpha=0",
        "pad=0",
        "txt=%20",
        "threshold-dither=atkinson",
    ] {
        check("400x300", query, "-> 400x300");
    }
    assert_eq!(plan_of("hue=360"), plan_of("hue=0"));
}

#[test]
fn effects_scale_with_dpr() {
    let ops = |query: &str| layout(&plan_of(query), &still(size("400x300"))).ops;
    assert!(ops("w=400&dpr=2&blur=100&px=3&htn=4&usm=10").ends_with(&[
        Op::Sharpen(Sharpen::Unsharp { amount: 10.0, sigma_px: 5.0 }),
        Op::Halftone(Halftone { dot_px: 8 }),
        Op::Pixellate(Pixellate { block_px: 6 }),
        Op::Blur(Blur { sigma_px: 10.0 }),
    ]));
    assert_eq!(ops("con=100"), [Op::Adjust(vec![Adjust::Contrast(99.0)])]);
}

#[test]
fn alpha_follows_the_layers() {
    let has_alpha = |query: &str| layout(&plan_of(query), &still(size("400x300"))).has_alpha;
    assert!(!has_alpha("w=100"));
    assert!(has_alpha("w=100&h=100&fit=fill"));
    assert!(!has_alpha("w=100&h=100&fit=fill&bg=fff"));
    assert!(has_alpha("mask=ellipse"));
    assert!(has_alpha("mask=ellipse&bg=fff"), "bg lies under the image, the mask cuts both");
    assert!(!has_alpha("mask=ellipse&mask-bg=fff"));
    assert!(has_alpha("pad=1"));
    assert!(!has_alpha("pad=1&bg=f00"));
    assert!(has_alpha("rot=45&rot-type=pivot"));
    assert!(!has_alpha("rot=45"));
    assert!(!has_alpha("w=100&h=100&fit=fill&transparency=grid"));
}

#[test]
fn masks_and_borders_in_pixels() {
    let op = |query: &str| layout(&plan_of(query), &still(size("400x300"))).ops.pop();
    let corners = |radii| {
        Some(Op::Mask(MaskOp { outline: Outline::Corners(radii), background: None, inverted: false, feather_px: 0 }))
    };
    assert_eq!(op("mask=corners"), corners([60; 4]));
    assert_eq!(op("mask=corners&corner-radius=0"), corners([60; 4]));
    assert_eq!(op("mask=corners&corner-radius=10,20,30,999"), corners([10, 20, 30, 150]));
    assert_eq!(op("mask=corners&corner-radius=10&w=400&dpr=1.5"), corners([15; 4]));
    let Some(Op::Border(BorderOp { border, follows })) = op("mask=ellipse&border=5,f00&border-top=9&border-radius=7")
    else {
        panic!("no border");
    };
    assert_eq!(border.sides, Sides { top: 9, right: 5, bottom: 5, left: 5 });
    assert_eq!((border.radii_px, follows), ([7; 4], Some(Outline::Ellipse)));
}

#[test]
fn gradients_in_pixels() {
    let course = |query: &str| {
        let plan = plan_of(&format!("w=400&h=400&fit=fill&fill=gradient&{query}"));
        layout(&plan, &still(size("400x200"))).ops.iter().find_map(|op| {
            if let Op::Extend(Extend { fill: ExtendFill::Gradient(fill), .. }) = op { Some(fill.clone()) } else { None }
        })
    };
    let linear = |from, to| Some(GradientCourse::Linear { from, to });
    let of = |query: &str| course(query).map(|fill| fill.course);
    assert_eq!(of(""), linear([200.0, 0.0], [200.0, 400.0]));
    assert_eq!(of("fill-gradient-linear-direction=top,left"), linear([400.0, 400.0], [0.0, 0.0]));
    assert_eq!(of("fill-gradient-linear-direction=right"), linear([0.0, 200.0], [400.0, 200.0]));
    let radial = |center, radii, swapped| Some(GradientCourse::Radial { center, radii, swapped });
    assert_eq!(of("fill-gradient-type=radial"), radial([200.0, 200.0], [50.0, 200.0], false));
    assert_eq!(
        of("fill-gradient-type=radial&fill-gradient-radial-radius=100,20&fill-gradient-radial-x=0.25"),
        radial([100.0, 200.0], [20.0, 100.0], true),
    );
    let fill = course("fill-gradient-linear=80ff0000,00f&fill-gradient-cs=oklab").unwrap();
    assert_eq!(fill.space, GradientSpace::Oklab);
    let stop = |at, r, g, b| ColorStop { at, color: Color { r, g, b, a: 255 } };
    assert_eq!(fill.colors, Some(vec![stop(0.0, 255, 0, 0), stop(1.0, 0, 0, 255)]));
    let stops = |query: &str| {
        course(query).and_then(|fill| fill.colors).map(|colors| colors.iter().map(|stop| stop.at).collect())
    };
    let three = "fill-gradient-linear=f00,0f0,00f&fill-gradient-radial=f00,0f0,00f";
    for radial in ["", "&fill-gradient-type=radial"] {
        let stops = |query: &str| -> Option<Vec<f64>> { stops(&format!("{three}{radial}&{query}")) };
        assert_eq!(stops(""), Some(vec![0.0, 0.5, 1.0]));
        assert_eq!(stops("fill-gradient-stops=0,15,100"), Some(vec![0.0, 0.15, 1.0]));
        assert_eq!(stops("fill-gradient-stops=20,20,60"), Some(vec![0.2, 0.2, 0.6]));
        // Stops count if there are as many as colours, none lower than the one before, and all in range; otherwise
        // colours are spread evenly.
        for bad in ["0,100", "0,60,50", "0,50,101", "0,x,100", "0,10,20,100"] {
            assert_eq!(stops(&format!("fill-gradient-stops={bad}")), Some(vec![0.0, 0.5, 1.0]), "{bad}");
        }
    }
    // The colours of the image itself ignore stops.
    assert_eq!(of("fill-gradient-stops=10,20"), of(""));
}

#[test]
fn text_takes_the_free_width() {
    let text = |query: &str| match layout(&plan_of(query), &still(size("400x300"))).ops.pop() {
        Some(Op::Text(op)) => op,
        other => panic!("{other:?}"),
    };
    let plain = text("txt=hi");
    assert_eq!((plain.box_width_px, plain.text.size_px, plain.text.color), (380, 12, Color::BLACK));
    assert_eq!(plain.text.anchor.position(size("400x300"), size("50x10")), (340, 280));
    // A fraction of the width gives the same position as that many pixels.
    for x in ["100", "0.25"] {
        let placed = text(&format!("txt=hi&txt-x={x}&txt-y=0.5"));
        assert_eq!(placed.box_width_px, 290, "{x}");
        assert_eq!(placed.text.anchor.position(size("400x300"), size("50x10")), (100, 150), "{x}");
    }
    let scaled = text("txt=hi&w=400&dpr=2&txt-width=100&txt-size=20&txt-line=1&txt-fit=max");
    assert_eq!((scaled.box_width_px, scaled.text.size_px), (200, 40));
    assert_eq!(scaled.text.outline, Some((2, Color::WHITE)));
    assert_eq!(scaled.text.overflow, TextOverflow::Shrink);
}

#[test]
fn overlays_and_faces_are_asked_for() {
    let plan = plan_of("blend=/b.png&mask=https%3A%2F%2Fx.test%2Fm&mark=m.png&mark-base=%2Fbase%2F");
    let names: Vec<String> = plan.overlays().iter().map(|(role, at)| format!("{role:?} {at:?}")).collect();
    assert_eq!(names, [r#"Blend Path("/b.png")"#, r#"Mask Url("https://x.test/m")"#, r#"Mark Path("/base/m.png")"#],);
    assert_eq!(plan_of("blend=f00&mask=ellipse").overlays(), []);
    assert!(plan_of("fit=crop&crop=entropy,faces").overlays().is_empty());
    let search = |query: &str| plan_of(query).face_search();
    assert_eq!(search("fit=crop&crop=entropy,faces&w=9"), None);
    let plain = search("fit=crop&crop=faces&w=9").unwrap();
    assert!(!plain.thorough && search("face-blur=1").unwrap().thorough);
    assert_eq!(search("fit=facearea&w=20&face-pixel=0"), Some(plain));
    assert_eq!(search("fm=json&faces=1"), Some(plain));
    assert_eq!(search("fm=json"), None);
}

#[test]
fn a_shadow_is_the_last_step_and_grows_the_canvas() {
    check("500x400", "drop-shadow=10", "shadow 560x460 at 30,30; -> 560x460");
    check("500x400", "w=250&dpr=2&drop-shadow=10&drop-shadow-x=5", "shadow 620x520 at 50,60; -> 620x520");
    check("500x400", "drop-shadow=10&drop-shadow-type=inset&pad=5", "pad 5,5,5,5; shadow 510x410 at 0,0; -> 510x410");
    check("500x400", "drop-shadow-x=10", "-> 500x400");
    let has_alpha = |query: &str| layout(&plan_of(query), &still(size("500x400"))).has_alpha;
    assert!(has_alpha("drop-shadow=10") && !has_alpha("drop-shadow=10&bg=fff") && !has_alpha("drop-shadow=0"));
    // A cut-out has its own shadow, on the background; in coloured padding the shadow is that of the whole.
    let ops = |query: &str| {
        let measured = Measured { has_alpha: true, ..still(size("500x400")) };
        layout(&plan_of(query), &measured).ops
    };
    assert_eq!(names(&ops("drop-shadow=10&bg=fff")), "Shadow Background");
    assert_eq!(names(&ops("drop-shadow=10&bg=fff&pad=5")), "Background Pad Shadow Background");
    assert_eq!(names(&ops("drop-shadow=10&drop-shadow-type=inset&bg=fff")), "Background Shadow");
}

#[test]
fn what_lies_around_a_watermark_moves_nothing() {
    let found = Found { mark: Some(OVERLAY), ..Found::default() };
    let check = |query: &str, expected: &str| check_found("400x300", &format!("mark=/m.png&{query}"), &found, expected);
    check("mark-drop-shadow=2", "mark shadow 52x32 at 6,6: 52x32 at 349,269; -> 400x300");
    check("mark-reflection=50", "mark reflect 40x40: 40x40 at 355,275; -> 400x300");
    check(
        "mark-reflection=50&mark-drop-shadow=2",
        "mark reflect 40x40: shadow 52x46 at 6,6: 52x46 at 349,269; -> 400x300",
    );
    // The tiles to the left of the first one and above it show their shadows.
    check(
        "mark-tile=grid&mark-pad=0&mark-drop-shadow=2",
        "mark shadow 52x32 at 6,6: 52x32 at -46,-26 every 40,20; -> 400x300",
    );
}
