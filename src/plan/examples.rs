//! The worked examples of `rendering.md` 3 to 6 and 12, all run by `check`, and the properties of every layout.

mod layers;
pub(super) mod properties;

use super::resolve::resolve_params;
use super::*;
use crate::param::{PARAMS, State, parse};
use crate::units::{Color, Rect, Size};

/// Size of every overlay in the tests.
const OVERLAY: Size = Size::new(40, 20);

/// Parses a size such as `300x200`.
fn size(text: &str) -> Size {
    let (width, height) = text.split_once('x').unwrap();
    Size::new(width.parse().unwrap(), height.parse().unwrap())
}

fn still(size: Size) -> Measured {
    Measured { size, orientation: 1, has_alpha: false, frames: 1 }
}

fn plan_of(query: &str) -> Plan {
    let parsed = parse(query, &[]).unwrap();
    match resolve_params(&parsed.params, true, &Negotiation::default(), &Policy::default()).intent {
        Intent::Render(plan) => *plan,
        other @ (Intent::PassThrough | Intent::Unsupported(_)) => panic!("{query}: {other:?}"),
    }
}

/// Writes a layout in one line: `crop L,T WxH; resize WxH keep L,T WxH; extend WxH at L,T; -> WxH`.
fn summary(layout: &Layout) -> String {
    let mut parts = steps(layout);
    parts.push(format!("-> {}", size_summary(layout.output)));
    parts.join("; ")
}

fn steps(layout: &Layout) -> Vec<String> {
    let Read { original: _, turn, cut, trim } = &layout.read;
    let orient = (*turn != 1).then(|| format!("orient {turn}"));
    let cut = cut.map(|rect| format!("crop {}", rect_summary(&rect)));
    let read = [orient, cut, trim.map(|_| "trim".to_owned())];
    let place = layout.place.as_ref().map(resize_summary);
    let on_original = layout.on_original.iter().map(op_summary);
    read.into_iter().flatten().chain(on_original).chain(place).chain(layout.ops.iter().map(op_summary)).collect()
}

fn resize_summary(Resize { scaled, window }: &Resize) -> String {
    let kept = match window {
        Window::Whole => String::new(),
        Window::Fixed(r) => format!(" keep {}", rect_summary(r)),
        Window::Find { finders, otherwise, .. } => {
            format!(" find {finders:?} else {}", rect_summary(otherwise))
        }
    };
    format!("resize {}{kept}", size_summary(*scaled))
}

fn size_summary(size: Size) -> String {
    format!("{}x{}", size.width, size.height)
}

fn rect_summary(r: &Rect) -> String {
    format!("{},{} {}", r.left, r.top, size_summary(r.size))
}

fn overlay_summary(o: &Overlay) -> String {
    let steps: Vec<String> = steps(&o.layout).into_iter().map(|step| format!("{step}: ")).collect();
    format!("{}{} at {},{}", steps.concat(), size_summary(o.layout.output), o.left, o.top)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the rest is compared with its numbers")]
fn op_summary(op: &Op) -> String {
    match op {
        Op::Extend(e) => format!("extend {} at {},{}", size_summary(e.canvas), e.left, e.top),
        Op::FocalDebug(cross) => format!("cross {},{}", cross.x, cross.y),
        Op::Mirror(mirror) => {
            let axes = [(mirror.horizontal, "mirror-h"), (mirror.vertical, "mirror-v")];
            axes.iter().filter(|(is_on, _)| *is_on).map(|(_, axis)| *axis).collect::<Vec<_>>().join("; ")
        }
        Op::Rotate(r) => format!("rotate {}", r.degrees),
        Op::Pad(Pad { sides: s, .. }) => format!("pad {},{},{},{}", s.top, s.right, s.bottom, s.left),
        Op::Shadow(s) => format!("shadow {} at {},{}", size_summary(s.canvas), s.left, s.top),
        Op::Reflect(reflect) => format!("reflect {}", size_summary(reflect.canvas)),
        Op::Turn(turn) => format!("turn {} on {}", turn.degrees, size_summary(turn.canvas)),
        Op::Mark(mark) => {
            let tile = mark.tile.map(|t| format!(" every {},{}", t.step_x_px, t.step_y_px));
            format!("mark {}{}", overlay_summary(&mark.overlay), tile.unwrap_or_default())
        }
        Op::Blend(BlendOp { layer: BlendOpLayer::Image(overlay), .. }) => {
            format!("blend {}", overlay_summary(overlay))
        }
        _ => format!("{op:?}"),
    }
}

fn check(source: &str, query: &str, expected: &str) {
    let layout = layout(&plan_of(query), &still(size(source)));
    assert_eq!(summary(&layout), expected, "{source} {query}");
}

/// Checks that the longest side is the limit, or up to three pixels less, because the image is scaled by whole pixels.
fn check_sizes(source: &str, query: &str, longest: u32) {
    let output = layout(&plan_of(query), &still(size(source))).output;
    let found = output.width.max(output.height);
    assert!((longest - 3..=longest).contains(&found), "{source} {query}: {output:?}");
}

#[test]
fn fit_examples_of_section_3_2() {
    check("300x200", "w=100&h=100", "resize 100x67; -> 100x67"); // 1
    check("300x200", "w=600&h=600", "resize 600x400; -> 600x400"); // 2
    check("300x200", "w=100", "resize 100x67; -> 100x67"); // 3
    check("300x200", "h=100", "resize 150x100; -> 150x100"); // 4
    check("300x200", "w=0.5", "resize 150x100; -> 150x100"); // 5
    check("300x200", "w=1", "-> 300x200"); // 6
    check("300x200", "w=0.5&h=0.5&fit=scale", "resize 150x100; -> 150x100"); // 7
    check("300x200", "fit=max&w=100&h=100", "resize 100x67; -> 100x67"); // 8
    check("300x200", "fit=max&w=600&h=600", "-> 300x200"); // 9
    check("300x200", "fit=max&w=250&h=1000", "resize 250x167; -> 250x167"); // 10
    check("300x200", "fit=crop&w=300&h=100", "crop 0,50 300x100; -> 300x100"); // 11
    check("300x200", "fit=crop&w=200&h=200", "crop 50,0 200x200; -> 200x200"); // 12
    check("300x200", "fit=crop&w=100&h=100", "resize 150x100 keep 25,0 100x100; -> 100x100"); // 13
    check("300x200", "fit=crop&w=600&h=600", "resize 900x600 keep 150,0 600x600; -> 600x600"); // 14
    check("300x200", "fit=crop&w=120", "resize 120x80; -> 120x80"); // 15
    check("300x200", "fit=scale&w=100&h=100", "resize 100x100; -> 100x100"); // 16
    check("300x200", "fit=fill&w=400&h=400", "resize 400x267; extend 400x400 at 0,66; -> 400x400"); // 17
    check("300x200", "fit=fillmax&w=400&h=400", "extend 400x400 at 50,100; -> 400x400"); // 18
    check("300x200", "fit=fillmax&w=150&h=150", "resize 150x100; extend 150x150 at 0,25; -> 150x150"); // 19
    check("300x200", "fit=clamp&w=400&h=300", "resize 400x267; extend 400x300 at 0,16; -> 400x300"); // 20
    check("300x200", "fit=min&w=150&h=100", "resize 150x100; -> 150x100"); // 21
    check("300x200", "fit=min&w=500&h=200", "crop 0,40 300x120; -> 300x120"); // 22
    check("300x200", "fit=min&w=200&h=400", "crop 100,0 100x200; -> 100x200"); // 23
    check("300x200", "fit=min&w=600&h=400", "-> 300x200"); // 24
    check("300x200", "fit=min&w=400&h=100", "crop 0,62 300x75; -> 300x75"); // 25
    check("300x200", "w=100&dpr=2", "resize 200x133; -> 200x133"); // 26
    check("300x200", "fit=max&w=200&dpr=2", "-> 300x200"); // 27
    check("300x200", "dpr=2", "-> 300x200"); // 28
    check("1000x600", "fit=crop&w=500&h=300&dpr=3", "resize 1500x900; -> 1500x900"); // 29
    check("300x200", "w=100&dpr=0.75", "resize 75x50; -> 75x50"); // 30
    check("200x300", "w=100&h=100", "resize 67x100; -> 67x100"); // 31
    check("4000x3000", "w=800&h=800", "resize 800x600; -> 800x600"); // 32
}

#[test]
fn outputs_are_capped_proportionally() {
    check("5000x3000", "w=5000&h=3000&dpr=2&fit=crop", "resize 8192x4915; -> 8192x4915");
    check("300x200", "w=9000&h=100&fit=scale", "resize 8192x91; -> 8192x91");
    check("300x200", "w=9000&h=9000", "resize 8192x5461; -> 8192x5461");
    // The box exceeds the cap, but the image in it does not.
    check("300x200", "w=9000&h=100", "resize 150x100; -> 150x100");
    check("10000x100", "flip=h", "resize 8192x82; mirror-h; -> 8192x82");
    check("20000x20000", "fit=max&w=20000", "resize 8192x8192; -> 8192x8192");
}

#[test]
fn ar_examples_of_section_3_3() {
    check("900x270", "ar=9:1&fit=crop", "crop 0,85 900x100; -> 900x100");
    check("900x270", "w=280&ar=2:1&fit=crop", "resize 467x140 keep 93,0 280x140; -> 280x140");
    check("900x270", "h=200&ar=3:2&fit=crop", "resize 667x200 keep 183,0 300x200; -> 300x200");
    check("3000x2000", "h=800&ar=3:2&fit=crop&dpr=2", "resize 2400x1600; -> 2400x1600");
    check("900x270", "ar=1:1&fit=crop", "crop 315,0 270x270; -> 270x270");
    check("900x270", "ar=9:3&fit=fill", "extend 900x300 at 0,15; -> 900x300");
    check("900x270", "w=320&h=320&ar=2:1&fit=crop", "resize 1067x320 keep 373,0 320x320; -> 320x320");
    // Other fits ignore it.
    check("900x270", "w=90&ar=1:1", "resize 90x27; -> 90x27");
    check("900x270", "w=90&ar=1:1&fit=fillmax", "resize 90x27; -> 90x27");
}

#[test]
fn bound_examples_of_section_3_4() {
    check("3000x500", "fit=crop&h=200&max-w=1500", "resize 1200x200; -> 1200x200");
    check("3000x500", "fit=crop&h=200&max-w=200", "resize 1200x200 keep 500,0 200x200; -> 200x200");
    check("500x3000", "fit=crop&h=200&min-w=100", "resize 100x600 keep 0,200 100x200; -> 100x200");
    check("500x3000", "fit=crop&w=200&max-h=400", "resize 200x1200 keep 0,400 200x400; -> 200x400");
    check("3000x500", "fit=crop&w=600&min-h=300", "resize 1800x300 keep 600,0 600x300; -> 600x300");
    // A bound is inert on a side that was given or with another fit; the minimum beats the maximum; `dpr` multiplies
    // bounds.
    check("300x200", "fit=crop&w=100&max-w=50", "resize 100x67; -> 100x67");
    check("300x200", "w=100&max-h=50", "resize 100x67; -> 100x67");
    check("300x200", "fit=crop&w=100&min-h=80&max-h=50", "resize 120x80 keep 10,0 100x80; -> 100x80");
    check("300x200", "fit=crop&w=100&max-h=50&dpr=2", "resize 200x133 keep 0,16 200x100; -> 200x100");
    check("300x200", "fit=crop&max-w=100", "crop 100,0 100x200; -> 100x200");
}

#[test]
fn rect_examples_of_section_3_5() {
    check("1000x800", "rect=100,50,400,300", "crop 100,50 400x300; -> 400x300");
    check("1000x800", "rect=center,middle,400,300", "crop 300,250 400x300; -> 400x300");
    check("1000x800", "rect=right,bottom,400,300", "crop 600,500 400x300; -> 400x300");
    check("1000x800", "rect=0.5,0.5,0.5,0.5", "crop 500,400 500x400; -> 500x400");
    check("1000x800", "rect=0,0,full,0.5", "crop 0,0 1000x400; -> 1000x400");
    check("1000x800", "rect=100,50,400,300&w=200", "crop 100,50 400x300; resize 200x150; -> 200x150");
    check("1000x800", "rect=900,700,400,300", "crop 900,700 100x100; -> 100x100");
    // In the data file the range of both edges starts at 0, so the parser clamps lower values.
    check("1000x800", "rect=-50,-60,100,100", "crop 0,0 100x100; -> 100x100");
    check("1000x800", "rect=1000,0,10,10", "-> 1000x800");
    check("1000x800", "rect=center,middle,4000,300", "crop 0,250 1000x300; -> 1000x300");
    // Successive cuts are merged.
    check("1000x800", "rect=100,50,400,300&fit=crop&w=400&h=100", "crop 100,150 400x100; -> 400x100");
}

#[test]
fn crop_words_of_section_4() {
    let square = "fit=crop&w=100&h=100";
    for (words, left) in [
        ("top", 25),
        ("left", 0),
        ("right", 50),
        ("center", 25),
        ("top,left", 0),
        ("bottom,right", 50),
        ("faces", 25),
        ("faces,top,right", 50),
    ] {
        check(
            "300x200",
            &format!("{square}&crop={words}"),
            &format!("resize 150x100 keep {left},0 100x100; -> 100x100"),
        );
    }
    for (words, top) in [("top", 0), ("bottom", 50), ("left", 25), ("bottom,left", 50)] {
        check(
            "200x300",
            &format!("{square}&crop={words}"),
            &format!("resize 100x150 keep 0,{top} 100x100; -> 100x100"),
        );
    }
    check(
        "300x200",
        &format!("{square}&crop=faces,entropy,top"),
        "resize 150x100 find [Entropy] else 25,0 100x100; -> 100x100",
    );
    for words in ["auto", "faces,auto", "car,auto,top", "auto,left"] {
        check("300x200", &format!("{square}&crop={words}"), "resize 150x100 find [Auto] else 25,0 100x100; -> 100x100");
    }
    // Words that find nothing fall through to the next word.
    check("300x200", &format!("{square}&crop=car,faces,right"), "resize 150x100 keep 50,0 100x100; -> 100x100");
    check("300x200", &format!("{square}&crop=car"), "resize 150x100 keep 25,0 100x100; -> 100x100");
    for (words, place) in
        [("focalpoint,right", 50), ("focalpoint,top,left", 0), ("focalpoint", 25), ("left,focalpoint", 0)]
    {
        let expected = format!("resize 150x100 keep {place},0 100x100; -> 100x100");
        check("300x200", &format!("{square}&crop={words}"), &expected);
    }
    check(
        "300x200",
        &format!("{square}&crop=focalpoint,edges"),
        "resize 150x100 find [Edges] else 25,0 100x100; -> 100x100",
    );
    for point in ["fp-x=0", "fp-y=0&fp-x=0", "fp-z=1&fp-x=0"] {
        let query = format!("{square}&crop=focalpoint,edges&{point}");
        check("300x200", &query, "resize 150x100 keep 0,0 100x100; -> 100x100");
    }
    check("300x200", &format!("{square}&crop=left,edges"), "resize 150x100 keep 0,0 100x100; -> 100x100");
    // Nothing to place, so no finder runs.
    check("300x200", "fit=crop&w=150&h=100&crop=edges", "resize 150x100; -> 150x100");
    // `crop` needs fit=crop.
    check("300x200", "fit=min&w=100&h=200&crop=left", "crop 100,0 100x200; -> 100x200");
}

#[test]
fn focal_point_of_section_4() {
    let focal = "fit=crop&crop=focalpoint&w=400&h=400&fp-x=0.825&fp-y=0.35";
    check("1000x600", &format!("{focal}&fp-z=2"), "resize 1333x800 keep 900,80 400x400; -> 400x400");
    check(
        "1000x600",
        &format!("{focal}&fp-z=2&fp-debug=true"),
        "resize 1333x800 keep 900,80 400x400; cross 200,200; -> 400x400",
    );
    // The window is moved back inside the image; the point stays where it was.
    check(
        "1000x600",
        "fit=crop&crop=focalpoint&w=400&h=400&fp-x=1&fp-y=0&fp-debug=true",
        "resize 667x400 keep 267,0 400x400; cross 399,0; -> 400x400",
    );
    // With `fit=min` the point moves the cut, whether `crop` names it or not, and has no other effect: nothing is
    // enlarged.
    for crop in ["crop=focalpoint", "crop=faces,focalpoint", "fp-z=5"] {
        let at = |x: f64, y: f64| format!("fit=min&w=100&h=200&{crop}&fp-x={x}&fp-y={y}");
        check("300x200", &at(0.0, 0.5), "crop 0,0 100x200; -> 100x200");
        check("300x200", &at(0.4, 0.5), "crop 70,0 100x200; -> 100x200");
        check("300x200", &at(1.0, 0.0), "crop 200,0 100x200; -> 100x200");
    }
    check("300x200", "fit=min&w=600&h=200&fp-y=1", "crop 0,100 300x100; -> 300x100");
    check("300x200", "fit=min&w=100&h=200&crop=focalpoint", "crop 100,0 100x200; -> 100x200");
    // Inert without crop=focalpoint.
    check("1000x600", "fit=crop&w=400&h=400&fp-z=2&fp-debug=true", "resize 667x400 keep 133,0 400x400; -> 400x400");
}

#[test]
fn facearea_and_gen_without_models() {
    check("300x200", "fit=facearea&w=100&h=100&crop=left", "resize 150x100 keep 25,0 100x100; -> 100x100");
    check("300x200", "fit=facearea,fill&w=100&h=100", "resize 100x67; extend 100x100 at 0,16; -> 100x100");
    check("300x200", "fit=fill&fill=gen&w=100&h=100", "resize 100x67; -> 100x67");
}

#[test]
fn orientation_comes_first_and_swaps_sides() {
    let turned = |query: &str, orientation| {
        let measured = Measured { orientation, ..still(size("400x300")) };
        summary(&layout(&plan_of(query), &measured))
    };
    assert_eq!(turned("w=150", 6), "orient 6; resize 150x200; -> 150x200");
    assert_eq!(turned("w=200", 3), "orient 3; resize 200x150; -> 200x150");
    assert_eq!(turned("orient=8", 6), "orient 8; -> 300x400");
    assert_eq!(turned("orient=0", 6), "-> 400x300");
    assert_eq!(turned("rect=0,0,300,100", 5), "orient 5; crop 0,0 300x100; -> 300x100");
    assert_eq!(turned("flip=hv", 0), "mirror-h; mirror-v; -> 400x300");
    // `rot` keeps the size of the frame, and angles wrap.
    assert_eq!(turned("rot=90", 1), "rotate 90; -> 400x300");
    assert_eq!(turned("rot=-30", 1), "rotate 330; -> 400x300");
    assert_eq!(turned("rot=360", 1), "-> 400x300");
    assert_eq!(turned("rot=0", 9), "-> 400x300");
}

#[test]
fn a_pivot_shows_the_whole_image_on_a_larger_canvas() {
    let check = |query: &str, expected: &str| check("400x300", &format!("rot-type=pivot&{query}"), expected);
    check("rot=90", "rotate 90; -> 300x400");
    check("rot=180", "rotate 180; -> 400x300");
    check("rot=30", "rotate 30; -> 496x460");
    check("rot=-330", "rotate 30; -> 496x460");
    check("rot=0", "-> 400x300");
    // `w`, `h` and `dpr` set the size of the image, not of the canvas; this is true of every fit.
    check("rot=90&w=200", "resize 200x150; rotate 90; -> 150x200");
    check("rot=90&w=100&dpr=2", "resize 200x150; rotate 90; -> 150x200");
    check("rot=90&w=200&h=100&fit=crop", "resize 200x150 keep 0,25 200x100; rotate 90; -> 100x200");
    check("rot=90&w=200&h=100&fit=fill", "resize 133x100; extend 200x100 at 33,0; rotate 90; -> 100x200");
    check("rot=45&w=100&h=100&fit=scale", "resize 100x100; rotate 45; -> 141x141");
    // Mask and border follow the rotated canvas. Padding lies around it, and inside the box that sets the size of the
    // image.
    check("rot=90&pad=10", "rotate 90; pad 10,10,10,10; -> 320x420");
    check("rot=90&w=200&pad=10", "resize 180x135; rotate 90; pad 10,10,10,10; -> 155x200");
    // Canvas and padding are scaled together to fit the limit.
    check_sizes("8192x8192", "rot-type=pivot&rot=45", 8192);
    check_sizes("6000x6000", "rot-type=pivot&rot=45&pad=100", 8192);
    check_sizes("300x200", "rot-type=pivot&rot=30&w=8192&h=8192&fit=crop", 8192);
}

#[test]
fn backgrounds_only_where_something_shows_through() {
    let red = Color { r: 255, g: 0, b: 0, a: 255 };
    let ops = |query: &str, bg: Option<Color>, has_alpha| {
        let mut plan = plan_of(query);
        plan.features.background = bg.map(Background);
        let measured = Measured { has_alpha, ..still(size("300x200")) };
        layout(&plan, &measured).ops.contains(&Op::Background(Background(red)))
    };
    assert!(ops("w=100", Some(red), true));
    assert!(!ops("w=100", Some(red), false));
    assert!(!ops("w=100", None, true));
    assert!(ops("fit=fill&w=100&h=100", Some(red), false), "transparent bars");
    assert!(!ops("fit=fill&fill=blur&w=100&h=100", Some(red), false));
}

#[test]
fn pieces_off_the_grid_are_not_shrunk_on_load() {
    let check = |source: &str, query: &str, headroom: f64, expected: u32| {
        let source = size(source);
        assert_eq!(layout(&plan_of(query), &still(source)).shrink_on_load(headroom), expected, "{query}");
    };
    check("4000x3000", "w=500", 1.0, 8);
    check("4000x3000", "w=501", 1.0, 4);
    check("4000x3000", "w=500", 2.0, 4);
    check("4000x3000", "w=4000", 1.0, 1);
    check("4000x3000", "flip=h", 1.0, 1);
    check("4000x3000", "rect=8,16,1600,1200&w=200", 1.0, 8);
    check("4000x3000", "rect=4,16,1600,1200&w=200", 1.0, 4);
    check("4000x3000", "rect=3,16,1600,1200&w=200", 1.0, 1);
    // `fit=crop` scales the whole image: from 4000 to 267 wide.
    check("4000x3000", "fit=crop&w=100&h=200", 1.0, 8);
}

/// Parameters without a stage: the decoder, the encoder or the server reads them directly from the plan, whether or not
/// they have an effect yet.
const WITHOUT_STAGE: [&str; 5] = ["frame", "iptc", "page", "pdf-annotation", "rasterize-bypass"];

/// Returns the intent of a query, with `parsed.renders` set so that it is always a plan.
fn intent(query: &str) -> Intent {
    let mut parsed = parse(query, &[]).unwrap();
    parsed.renders = true;
    resolve(&parsed, &Negotiation::default(), &Policy::default()).intent
}

#[test]
fn an_accepted_parameter_changes_no_plan() {
    let mut changed = Vec::new();
    for spec in PARAMS.iter().filter(|spec| spec.state == State::Accepted && !WITHOUT_STAGE.contains(&spec.name)) {
        let is_it = |pair: &&str| pair.split('=').next() == Some(spec.name);
        let without: Vec<&str> = spec.example.split('&').filter(|pair| !is_it(pair)).collect();
        let found = intent(spec.example);
        // Requests that must be refused are refused long before they could be rendered.
        if !matches!(found, Intent::Unsupported(_)) && found != intent(&without.join("&")) {
            changed.push(spec.name);
        }
    }
    assert_eq!(changed, Vec::<&str>::new());
}

/// What the table calls a default is what absence means: written out, it changes nothing.
#[test]
fn a_default_written_out_is_the_same_plan() {
    let intent = |query: &str| {
        let parsed = parse(query, &[]).unwrap();
        resolve_params(&parsed.params, true, &Negotiation::default(), &Policy::default()).intent
    };
    let name_of = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let (mut walked, mut differing) = (0, Vec::new());
    for spec in PARAMS {
        let Some(default) = spec.default else { continue };
        // In the company that the parameter needs to be honoured, and in another shape.
        let mut company: Vec<&str> = spec.example.split('&').collect();
        for more in ["w=300", "h=200", "fit=crop"] {
            let is_new = company.iter().all(|pair| name_of(pair) != name_of(more));
            company.extend(is_new.then_some(more));
        }
        company.retain(|pair| name_of(pair) != spec.name);
        let without = company.join("&");
        let with = format!("{without}&{}={default}", spec.name);
        if intent(&with) != intent(&without) {
            differing.push(with);
        }
        walked += 1;
    }
    assert_eq!(differing, [""; 0], "say something else than absence");
    assert!(walked > 100, "only {walked} parameters have a default");
}
