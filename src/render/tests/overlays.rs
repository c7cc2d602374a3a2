//! Images placed on other images, in complete renders.

use super::*;
use crate::plan::{Answer, Format, OverlayRole};
use crate::sniff::Encoded;

const RED: [u8; 3] = [255, 0, 0];
const BLUE: [u8; 4] = [0, 0, 255, 255];

#[track_caller]
fn with(query: &str, base: &[u8], overlays: &[(OverlayRole, &[u8])]) -> Rendered {
    let encoded = |bytes: &[u8]| Encoded::sniffed(Blob::copy_from(bytes).unwrap());
    let overlays = overlays.iter().filter_map(|(role, bytes)| Some((*role, encoded(bytes)?))).collect();
    render(&Job { overlays, ..job(query, base) }).unwrap_or_else(|error| panic!("{query}: {error:?}"))
}

/// Renders with `overlay` as the image that the query names, such as `mark=/m`, and returns the pixels.
#[track_caller]
fn laid(query: &str, base: &[u8], role: OverlayRole, overlay: &[u8]) -> Raster {
    let done = with(&format!("{query}&fm=png"), base, &[(role, overlay)]);
    assert!(!done.left_out, "{query}");
    pixels(done.body.as_slice())
}

/// Returns the rectangle of the pixels that are `color`: left, top, width, height. `None` unless they fill it.
fn extent(raster: &Raster, color: [u8; 3]) -> Option<[u32; 4]> {
    let width = raster.size.width;
    let is = |index: u32| raster.pixel_8(index as usize)[..3] == color;
    let found: Vec<(u32, u32)> =
        (0..raster.size.area() as u32).filter(|index| is(*index)).map(|index| (index % width, index / width)).collect();
    let (left, right) = (found.iter().map(|p| p.0).min()?, found.iter().map(|p| p.0).max()?);
    let (top, bottom) = (found.iter().map(|p| p.1).min()?, found.iter().map(|p| p.1).max()?);
    let filled = found.len() as u32 == (right - left + 1) * (bottom - top + 1);
    filled.then_some([left, top, right - left + 1, bottom - top + 1])
}

#[test]
fn watermarks_lie_and_measure_as_the_reference_says() {
    let (base, mark) = (solid(200, 100, &RED), solid(40, 20, &BLUE));
    let check = |query: &str, expected: [u32; 4]| {
        let found = extent(&laid(&format!("mark=/m&{query}"), &base, OverlayRole::Mark, &mark), [0, 0, 255]);
        assert_eq!(found, Some(expected), "{query}");
    };
    check("", [155, 75, 40, 20]);
    check("mark-pad=0", [160, 80, 40, 20]);
    check("mark-align=top,left", [5, 5, 40, 20]);
    check("mark-align=middle,center", [80, 40, 40, 20]);
    check("mark-x=-10&mark-y=30", [0, 30, 30, 20]);
    check("mark-x=50&mark-y=30&mark-anchor=center", [30, 20, 40, 20]);
    check("mark-x=50&mark-y=30&mark-anchor=1,0.5", [10, 20, 40, 20]);
    check("mark-x=50&mark-anchor=bottom,right&mark-w=20", [30, 85, 20, 10]);
    check("w=400&dpr=2&mark-x=50&mark-y=30&mark-anchor=middle", [60, 40, 80, 40]);
    check("mark-x=0.5&mark-y=0.25", [100, 25, 40, 20]);
    check("mark-x=-0.1&mark-y=1", [0, 1, 20, 20]);
    check("mark-w=20&mark-align=top,left", [5, 5, 20, 10]);
    check("mark-w=0.5&mark-align=top,left", [5, 5, 20, 10]);
    check("mark-h=40&mark-align=top,left", [5, 5, 80, 40]);
    check("mark-scale=50&mark-align=top,left", [5, 5, 100, 50]);
    check("mark-w=30&mark-h=30&mark-fit=crop&mark-align=top,left", [5, 5, 30, 30]);
    check("mark-w=30&mark-h=30&mark-fit=scale&mark-align=top,left", [5, 5, 30, 30]);
    check("mark-w=30&mark-h=30&mark-fit=max&mark-align=top,left", [5, 5, 30, 15]);
    check("mark-w=30&mark-h=30&mark-fit=fill&mark-align=top,left", [5, 12, 30, 15]);
    check("mark-rot=90&mark-align=top,left", [5, 5, 20, 40]);
    check("w=400&dpr=2&mark-align=top,left", [10, 10, 80, 40]);
    check("pad=50&mark-align=top,left", [5, 5, 40, 20]);
    check("mark-if-min-width=200&mark-if-min-height=100", [155, 75, 40, 20]);
    let mixed = laid("mark=/m&mark-alpha=50", &base, OverlayRole::Mark, &mark);
    assert_eq!(extent(&mixed, [127, 0, 128]), Some([155, 75, 40, 20]));
    let small = laid("mark=/m&mark-if-min-width=201", &base, OverlayRole::Mark, &mark);
    assert_eq!(extent(&small, RED), Some([0, 0, 200, 100]));
}

#[test]
fn tiles_cover_the_image_with_their_gaps() {
    let (base, mark) = (solid(40, 30, &RED), solid(8, 6, &BLUE));
    let tiled = laid("mark=/m&mark-tile=grid&mark-pad=2", &base, OverlayRole::Mark, &mark);
    for (index, (x, y)) in (0..30_u32).flat_map(|y| (0..40_u32).map(move |x| (x, y))).enumerate() {
        let marked = x % 10 < 8 && y % 8 < 6;
        let expected = if marked { [0, 0, 255, 255] } else { [255, 0, 0, 255] };
        assert_eq!(tiled.pixel_8(index), expected, "{x} {y}");
    }
}

#[test]
fn blended_images_are_fitted_to_the_base() {
    let (base, over) = (solid(100, 50, &RED), solid(40, 40, &BLUE));
    let check = |query: &str, expected: [u32; 4]| {
        let raster = laid(&format!("blend=/b&blend-mode=normal&{query}"), &base, OverlayRole::Blend, &over);
        assert_eq!((raster.size, extent(&raster, [0, 0, 255])), (Size::new(100, 50), Some(expected)), "{query}");
    };
    check("", [30, 5, 40, 40]);
    check("blend-align=top,left", [0, 0, 40, 40]);
    check("blend-x=0.5&blend-y=-0.2", [50, 0, 40, 30]);
    check("blend-w=0.2", [40, 15, 20, 20]);
    check("blend-align=bottom,right&blend-pad=3", [57, 7, 40, 40]);
    check("blend-size=inherit&fit=scale&w=100&h=50", [0, 0, 100, 50]);
    check("blend-w=30&blend-h=20&blend-fit=crop&blend-x=9&blend-y=4", [9, 4, 30, 20]);
    check("blend-w=30&blend-h=20&blend-fit=clamp", [35, 15, 30, 20]);
    check("blend-w=30&blend-h=20&blend-fit=crop&blend-x=50&blend-y=50&blend-anchor=bottom", [35, 30, 30, 20]);
    check("blend-x=50&blend-anchor=0.5,0.5&blend-align=bottom", [30, 10, 40, 40]);
    check("blend-w=150&blend-h=10&blend-fit=scale", [0, 20, 100, 10]);
    // The default mode is `overlay`, in which blue over red stays red.
    let default = laid("blend=/b&blend-align=top,left", &base, OverlayRole::Blend, &over);
    assert_eq!(default.pixel_8(0), [255, 0, 0, 255]);
    let cut = laid("blend=/b&blend-mode=destination-out&blend-align=top,left", &base, OverlayRole::Blend, &over);
    assert_eq!((cut.pixel_8(0)[3], cut.pixel_8(99)), (0, [255, 0, 0, 255]));
}

#[test]
fn an_image_mask_is_stretched_to_the_base_and_uses_light_and_opacity() {
    let size = Size::new(2, 1);
    let mask = png(&Raster { size, channels: 2, samples: Samples::U8(vec![255, 255, 255, 0]) });
    let out = laid("mask=/m.png", &solid(40, 40, &RED), OverlayRole::Mask, &mask);
    assert_eq!((out.pixel_8(0), out.pixel_8(39)[3]), ([255, 0, 0, 255], 0));
    let on_blue = laid("mask=/m.png&mask-bg=00f", &solid(40, 40, &RED), OverlayRole::Mask, &mask);
    assert_eq!((on_blue.channels, on_blue.pixel_8(39)), (3, [0, 0, 255, 255]));
}

#[test]
fn unreadable_overlays_are_left_out_and_reported() {
    let base = solid(40, 40, &RED);
    let queries = [
        ("mark=/m", OverlayRole::Mark),
        ("blend=/m&blend-mode=normal", OverlayRole::Blend),
        ("mask=/m.png", OverlayRole::Mask),
    ];
    for (query, role) in queries {
        let query = format!("{query}&w=20&fm=png");
        let torn = solid(9, 9, &BLUE);
        for overlays in [vec![], vec![(role, &b"no image"[..])], vec![(role, &torn[..torn.len() / 2])]] {
            let done = with(&query, &base, &overlays);
            assert!(done.left_out, "{query}");
            assert_eq!(extent(&pixels(done.body.as_slice()), RED), Some([0, 0, 20, 20]), "{query}");
        }
    }
}

#[test]
fn grey_bases_and_other_spaces_take_coloured_marks() {
    let grey = laid("mark=/m&mark-pad=0", &solid(30, 30, &[90]), OverlayRole::Mark, &solid(10, 10, &BLUE));
    assert_eq!(extent(&grey, [0, 0, 255]), Some([20, 20, 10, 10]));
    let still_grey = laid("mark=/m", &solid(30, 30, &[90]), OverlayRole::Mark, &solid(10, 10, &[0]));
    assert_eq!(still_grey.channels, 1);
}

#[test]
fn frames_and_shapes_keep_their_size_in_whole_renders() {
    let base = solid(120, 80, &RED);
    let check = |query: &str, width: u32, height: u32, transparent: bool| {
        let raster = pixels(rendered(&format!("{query}&fm=png"), &base).body.as_slice());
        assert_eq!((raster.size, raster.is_transparent()), (Size::new(width, height), transparent), "{query}");
    };
    check("border=10,00f", 120, 80, false);
    check("border=10,00f&border-radius=20", 120, 80, true);
    check("pad=10", 140, 100, true);
    check("pad=10&bg=fff", 140, 100, false);
    check("w=60&h=60&pad=5", 60, 43, true);
    check("mask=ellipse", 120, 80, true);
    check("mask=corners&mask-bg=000", 120, 80, false);
    check("mask=poly7&border=4,fff&pad=3", 126, 86, true);
    check("w=100&h=100&fit=fill&fill=gradient", 100, 100, false);
    check("blend=80ff0000", 120, 80, false);
    check("pad=10&transparency=grid", 140, 100, true);
    let jpeg = rendered("mask=ellipse&fm=jpg", &base);
    assert!(pixels(jpeg.body.as_slice()).pixel_8(0)[1] > 250, "white outside where there is no alpha");
    assert_eq!(rendered("mask=ellipse&auto=compress", &base).answer, Answer::Image(Format::Png));
}

#[test]
fn layers_fade_at_their_own_edges_before_they_are_turned_and_repeated() {
    let (base, mark) = (solid(60, 40, &RED), solid(20, 10, &BLUE));
    let blue = |raster: &Raster, x: u32, y: u32| raster.pixel_8((y * raster.size.width + x) as usize)[2];
    let once = laid("mark=/m&mark-align=top,left&mark-pad=0&mark-fade-left=10", &base, OverlayRole::Mark, &mark);
    assert_eq!([0, 5, 10, 19, 20].map(|x| blue(&once, x, 5)), [13, 140, 255, 255, 0]);
    // After a quarter turn, the left edge is at the bottom.
    let turned =
        laid("mark=/m&mark-align=top,left&mark-pad=0&mark-rot=90&mark-fade-left=10", &base, OverlayRole::Mark, &mark);
    assert_eq!([0, 9, 14, 19].map(|y| blue(&turned, 5, y)), [255, 255, 140, 13]);
    let tiles = laid("mark=/m&mark-tile=grid&mark-pad=0&mark-fade-left=10", &base, OverlayRole::Mark, &mark);
    assert_eq!([0, 20, 40].map(|x| blue(&tiles, x, 35)), [13; 3]);
    let faint =
        laid("mark=/m&mark-align=top,left&mark-pad=0&mark-alpha=50&mark-fade-left=10", &base, OverlayRole::Mark, &mark);
    assert_eq!([0, 5, 10].map(|x| blue(&faint, x, 5)), [7, 70, 128]);
    // A mask of the base does not affect `mark-fade`.
    let masked = laid("mask=ellipse&mark=/m&mark-align=center,middle&mark-fade=5", &base, OverlayRole::Mark, &mark);
    assert_eq!((blue(&masked, 20, 20), blue(&masked, 30, 20)), (23, 230));
    let blended =
        laid("blend=/b&blend-mode=normal&blend-align=top,left&blend-fade-top=0.5", &base, OverlayRole::Blend, &mark);
    assert_eq!([0, 4, 5, 9, 10].map(|y| blue(&blended, 10, y)), [26, 230, 255, 255, 0]);
}

#[test]
fn a_faded_image_shows_what_lies_under_it() {
    let base = solid(40, 20, &RED);
    let at = |query: &str, x: u32| {
        pixels(rendered(&format!("{query}&fm=png"), &base).body.as_slice()).pixel_8((10 * 40 + x) as usize)
    };
    assert_eq!((at("fade-left=10", 0), at("fade-left=10", 10)), ([255, 0, 0, 13], [255, 0, 0, 255]));
    assert_eq!(at("fade-left=10&bg=00f", 0), [13, 0, 242, 255]);
    // The background that was put under the image earlier shows again.
    assert_eq!(at("rot=180&rot-type=pivot&bg=00f&fade-left=10", 0)[2], 242);
    let jpeg = pixels(rendered("fade-left=10&fm=jpg", &base).body.as_slice()).pixel_8(400);
    assert!(jpeg[1] > 225 && jpeg[2] > 225, "white where there is no alpha: {jpeg:?}");
    let grey = pixels(rendered("fade=5&fm=png", &solid(40, 20, &[90])).body.as_slice());
    assert_eq!(grey.channels, 2);
}

#[test]
fn gradients_colour_the_image_or_only_one_layer() {
    let base = solid(40, 20, &[255, 255, 255]);
    let at = |raster: &Raster, x: u32, y: u32| raster.pixel_8((y * raster.size.width + x) as usize);
    let drawn = |query: &str| pixels(rendered(&format!("{query}&fm=png"), &base).body.as_slice());
    let down = drawn("gradient=f00,00f");
    assert_eq!((at(&down, 9, 0), at(&down, 30, 0)), ([249, 0, 6, 255], [249, 0, 6, 255]));
    let scrim = drawn("gradient=00000000,ff000000&gradient-angle=right&gradient-stops=50,100");
    assert_eq!((at(&scrim, 19, 3), at(&scrim, 39, 3)), ([255; 4], [6, 6, 6, 255]));
    // It covers bars too, lies under the border, and is faded afterwards.
    let bars = drawn("w=40&h=40&fit=fill&bg=0f0&gradient=f00,f00&border=2,00f");
    assert_eq!((at(&bars, 20, 3), at(&bars, 20, 0)), ([255, 0, 0, 255], [0, 0, 255, 255]));
    let faded = drawn("gradient=f00,f00&fade-left=10");
    assert_eq!(at(&faded, 0, 9), [255, 0, 0, 13]);
    let masked = drawn("gradient=fff,0fff&gradient-mask=true&bg=00f");
    assert_eq!((at(&masked, 3, 0), at(&masked, 3, 19)), ([249, 249, 255, 255], [6, 6, 255, 255]));
    let mark = laid(
        "mark=/m&mark-align=top,left&mark-pad=0&mark-gradient=f00,f00&mark-alpha=50",
        &base,
        OverlayRole::Mark,
        &solid(9, 9, &BLUE),
    );
    assert_eq!((at(&mark, 4, 4), at(&mark, 12, 4)), ([255, 127, 127, 255], [255; 4]));
    let clear = laid(
        "mark=/m&mark-align=top,left&mark-pad=0&mark-gradient=f00,f00",
        &base,
        OverlayRole::Mark,
        &solid(9, 9, &[0, 0, 0, 0]),
    );
    assert_eq!(at(&clear, 4, 4), [255; 4]);
    let blend = laid(
        "blend=/b&blend-mode=multiply&blend-align=top,left&blend-gradient=0f0,0f0",
        &base,
        OverlayRole::Blend,
        &solid(9, 9, &BLUE),
    );
    assert_eq!((at(&blend, 4, 4), at(&blend, 12, 4)), ([0, 255, 0, 255], [255; 4]));
}

#[test]
fn a_watermark_has_a_shadow_and_a_reflection() {
    let (base, mark) = (solid(200, 100, &[255, 255, 255]), solid(40, 20, &BLUE));
    let hard = "mark=/m&mark-align=top,left&mark-drop-shadow=0&mark-drop-shadow-color=000";
    let laid_at = |query: &str| laid(&format!("{hard}&{query}"), &base, OverlayRole::Mark, &mark);
    let shaded = laid_at("mark-drop-shadow-x=6&mark-drop-shadow-y=0.5");
    assert_eq!((shaded.size, extent(&shaded, [0, 0, 255])), (Size::new(200, 100), Some([5, 5, 40, 20])));
    let at = |raster: &Raster, x: u32, y: u32| raster.pixel_8((y * 200 + x) as usize);
    assert_eq!([at(&shaded, 48, 30), at(&shaded, 51, 30), at(&shaded, 48, 35)], [[0, 0, 0, 255], [255; 4], [255; 4]]);
    let half = laid_at("mark-drop-shadow-x=6&mark-alpha=50");
    assert!(at(&half, 48, 15)[0].abs_diff(127) <= 1, "{:?}", at(&half, 48, 15));
    let mirrored = laid(
        "mark=/m&mark-align=top,left&mark-reflection=50&mark-reflection-falloff=0",
        &base,
        OverlayRole::Mark,
        &mark,
    );
    assert_eq!(extent(&mirrored, [0, 0, 255]), Some([5, 5, 40, 20]));
    assert!(
        extent(&mirrored, [127, 127, 255]) == Some([5, 25, 40, 20]) || extent(&mirrored, [128, 128, 255]).is_some()
    );
    // At the bottom edge the reflection is cut off.
    let low = laid("mark=/m&mark-reflection=50", &base, OverlayRole::Mark, &mark);
    assert_eq!((low.size, extent(&low, [0, 0, 255])), (Size::new(200, 100), Some([155, 75, 40, 20])));
}

#[test]
fn a_shadow_enlarges_the_image_and_is_flattened_without_alpha() {
    let base = solid(40, 20, &RED);
    let of = |query: &str| pixels(rendered(query, &base).body.as_slice());
    let plain = of("drop-shadow=4&fm=png");
    assert_eq!((plain.size, plain.has_alpha(), plain.pixel_8(0)[3]), (Size::new(64, 44), true, 0));
    assert_eq!(extent(&plain, RED), Some([12, 12, 40, 20]));
    let flat = of("drop-shadow=4&fm=jpg&q=100&chromasub=444");
    assert!((flat.size, flat.channels) == (Size::new(64, 44), 3) && flat.pixel_8(0)[0] > 250);
    let backed = of("drop-shadow=4&bg=00f&fm=png");
    assert!((backed.pixel_8(0), backed.has_alpha()) == ([0, 0, 255, 255], false));
    assert_eq!(rendered("drop-shadow=4&auto=compress", &base).answer, Answer::Image(Format::Png));
    let grey = solid(40, 20, &[90]);
    assert_eq!(pixels(rendered("drop-shadow=4&fm=png", &grey).body.as_slice()).size, Size::new(64, 44));
}
