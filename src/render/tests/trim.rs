//! Trimming in complete renders: the measurement on the pixels, and the layout that follows from it.

use super::*;

/// Makes an image of 100 x 80 with a border: 20 pixels on the left, 10 at the top, 30 on the right, 8 at the bottom.
/// The inside is a checkerboard of black with red (above) and blue (below), so that no line of it is uniform.
fn bordered(border: &[u8]) -> Raster {
    let size = Size::new(100, 80);
    let alpha = border.len() == 4;
    let samples = (0..size.area() as u32).flat_map(|i| {
        let (x, y) = (i % 100, i / 100);
        if !(20..70).contains(&x) || !(10..72).contains(&y) {
            return border.to_vec();
        }
        let mut pixel = match ((x / 5 + y / 5) % 2, y < 41) {
            (0, _) => vec![0, 0, 0],
            (_, true) => vec![255, 0, 0],
            (_, false) => vec![0, 0, 255],
        };
        pixel.extend(alpha.then_some(255));
        pixel
    });
    Raster { size, channels: border.len() as u8, samples: Samples::U8(samples.collect()) }
}

fn size_of(query: &str, source: &[u8]) -> (u32, u32) {
    let Size { width, height } = rendered(&format!("{query}&fm=png"), source).size;
    (width, height)
}

#[test]
fn every_mode_finds_the_image() {
    let white = png(&bordered(&[255, 255, 255]));
    let clear = png(&bordered(&[7, 8, 9, 0]));
    let inside = (50, 62);
    assert_eq!(size_of("trim=auto", &white), inside);
    assert_eq!(size_of("trim=color", &white), inside);
    assert_eq!(size_of("trim=color&trim-color=fff", &white), inside);
    assert_eq!(size_of("trim=color&trim-color=f00", &white), (100, 80));
    assert_eq!(size_of("trim=color&trim-color=f8f8f8", &white), (100, 80));
    assert_eq!(size_of("trim=color&trim-color=f8f8f8&trim-tol=7", &white), inside);
    assert_eq!(size_of("trim=colorunlessalpha", &white), inside);
    assert_eq!(size_of("trim=alpha", &white), (100, 80));
    for query in ["trim=auto", "trim=color", "trim=alpha", "trim=colorunlessalpha"] {
        assert_eq!(size_of(query, &clear), inside, "{query}");
    }
    assert_eq!(size_of("trim=auto", &solid(9, 7, &[1, 2, 3])), (9, 7), "never to nothing");
}

#[test]
fn the_pixels_are_those_inside() {
    let raster = bordered(&[255, 255, 255]);
    let got = pixels(rendered("trim=auto&fm=png", &png(&raster)).body.as_slice());
    let rect = crate::units::Rect { left: 20, top: 10, size: Size::new(50, 62) };
    assert_eq!(got, crate::pixels::crop::apply(raster, rect).unwrap());
}

#[test]
fn sizes_are_computed_from_the_trimmed_image() {
    let white = png(&bordered(&[255, 255, 255]));
    assert_eq!(size_of("trim=auto&w=25", &white), (25, 31));
    assert_eq!(size_of("trim=auto&w=0.5", &white), (25, 31));
    assert_eq!(size_of("trim=auto&w=40&h=40&fit=crop", &white), (40, 40));
    assert_eq!(size_of("trim=auto&trim-pad=4", &white), (58, 70));
    // Not beyond the edges of the image.
    assert_eq!(size_of("trim=color&trim-pad=200", &white), (100, 80));
    assert_eq!(size_of("trim=colorunlessalpha&trim-pad=4", &white), (50, 62), "pads count with two modes");
    // With a part of the image, and rotated.
    assert_eq!(size_of("trim=auto&rect=0,0,60,80", &white), (40, 62));
    assert_eq!(size_of("trim=auto&orient=6", &white), (62, 50));
    assert_eq!(size_of("trim=auto&orient=6&w=31", &white), (31, 25));
    assert_eq!(size_of("trim=auto&orient=6&rect=0,0,80,50", &white), (62, 30));
}

#[test]
fn originals_that_could_be_shrunk_on_load_are_trimmed_as_they_are() {
    let size = Size::new(1600, 1200);
    let samples = (0..size.area() as u32).flat_map(|i| {
        let (x, y) = (i % 1600, i / 1600);
        let inside = (203..1411).contains(&x) && (101..900).contains(&y);
        if inside && (x / 64 + y / 64).is_multiple_of(2) {
            [30, 90, 200]
        } else if inside {
            [10, 20, 30]
        } else {
            [255; 3]
        }
    });
    let raster = Raster { size, channels: 3, samples: Samples::U8(samples.collect()) };
    let jpeg = rendered("q=95&fm=jpg", &png(&raster));
    let done = rendered("trim=auto&fm=png", jpeg.body.as_slice());
    assert!(done.size.width.abs_diff(1208) <= 4 && done.size.height.abs_diff(799) <= 4, "{:?}", done.size);
    let small = rendered("trim=auto&w=100&fm=png", jpeg.body.as_slice());
    assert_eq!(small.size, Size::new(100, 66));
    let bytes = pixels(small.body.as_slice()).into_rgba().into_bytes();
    assert!(bytes.as_chunks::<4>().0.iter().all(|[r, ..]| *r < 80), "no border is left");
}

#[test]
fn vectors_and_animations_are_trimmed_too() {
    let svg = br##"<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><path fill="#0a0" d="M20 30h40v20h-40z"/></svg>"##;
    assert_eq!(size_of("trim=alpha", svg), (40, 20));
    assert_eq!(size_of("trim=alpha&w=400", svg), (400, 200));
    let Some(source) = fixture("gif/rotating-squares.gif") else { return };
    let done = rendered("trim=color&fm=gif", &source);
    let (all, ..) = frames(done.body.as_slice());
    assert!(all.len() > 1 && all.iter().all(|frame| frame.size == done.size));
}
