use super::*;
use crate::pixels::raster::Samples;

fn face(edges: [f32; 4], confidence: f32) -> Face {
    Face { edges, eyes: [[0.4, 0.4], [0.6, 0.4]], confidence }
}

#[test]
fn faces_become_rectangles_inside_the_image() {
    let size = Size::new(200, 100);
    let found = found(&[face([0.25, 0.1, 0.75, 1.0], 0.9), face([0.0, 0.0, 0.001, 0.001], 0.5)], size);
    let rect = |left, top, width, height| Rect { left, top, size: Size::new(width, height) };
    assert_eq!(found.faces, Some(vec![rect(50, 10, 100, 90)]));
    assert_eq!(found.doubtful, [rect(0, 0, 1, 1)]);
    // 22 pixels wide around (80, 40) and (120, 40), within one pixel of rounding.
    for (eye, x) in found.eyes.iter().zip([80, 120]) {
        assert!((68..=70).contains(&(eye.left + 80 - x)) && (22..=24).contains(&eye.size.width), "{eye:?}");
        assert!((28..=29).contains(&eye.top) && (22..=24).contains(&eye.size.height), "{eye:?}");
    }
    for edges in [[0.9, 0.9, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0], [0.9999, 0.0, 1.0, 1e-9]] {
        assert!(face(edges, 1.0).is_sound() && face(edges, 1.0).rect(size).is_inside(size));
    }
    for edges in [[0.5, 0.0, 0.5, 1.0], [0.0, -0.1, 1.0, 1.0], [0.0, 0.0, f32::NAN, 1.0], [0.0, 0.0, 1.0, 1.1]] {
        assert!(!face(edges, 1.0).is_sound(), "{edges:?}");
    }
    assert!(!face([0.0, 0.0, 1.0, 1.0], f32::NAN).is_sound());
}

#[test]
fn one_face_is_counted_once_and_large_ones_come_first() {
    let all = vec![
        face([0.0, 0.0, 0.2, 0.2], 0.95),
        face([0.01, 0.0, 0.21, 0.2], 0.9),
        face([0.5, 0.5, 0.9, 0.9], 0.8),
        face([0.4, 0.0, 1.0, 0.4], 0.5),
    ];
    let seen = |face: Face| Seen { face, turn: 0.0, settled: face.confidence == 0.9 };
    let one_each = chosen(all.into_iter().map(seen).collect());
    let kept: Vec<(f32, bool)> = one_each.iter().map(|seen| (seen.face.confidence, seen.settled)).collect();
    assert_eq!(kept, [(0.5, false), (0.8, false), (0.95, true)]);
    let many =
        (0..2000).map(|n| face([n as f32 / 2001.0, 0.0, (n as f32 + 0.9) / 2001.0, 1.0], 0.5)).map(seen).collect();
    assert_eq!(chosen(many).len(), FACES_MAX);
}

#[test]
fn faces_of_a_rotated_image_keep_their_place() {
    // The only light pixel in each image stands for a face.
    for value in [3, 6, 8] {
        let size = Size::new(4, 2);
        let mut samples = vec![0; 8];
        samples[1] = 255;
        let turned = orient::apply(Raster { size, channels: 1, samples: Samples::U8(samples) }, value);
        let (width, height) = (turned.size.width as f32, turned.size.height as f32);
        let at = turned.clone().into_bytes().iter().position(|v| *v == 255).unwrap();
        let (x, y) = ((at % turned.size.width as usize) as f32, (at / turned.size.width as usize) as f32);
        let found = face([x / width, y / height, (x + 1.0) / width, (y + 1.0) / height], 1.0);
        assert_eq!(turned_back(found, value).edges, [0.25, 0.0, 0.5, 0.5], "{value}");
    }
}

#[test]
fn images_of_any_shape_and_kind_are_searched() {
    for (width, height, channels) in [(1, 1, 1), (1, 5000, 3), (9000, 1, 4), (33, 65, 2), (700, 500, 3)] {
        let size = Size::new(width, height);
        let samples = (0..size.area() * u64::from(channels)).map(|at| ((at * 2_654_435_761) >> 7) as u8).collect();
        let raster = Raster { size, channels, samples: Samples::U8(samples) };
        let faces = detect(raster, false).unwrap();
        assert!(faces.iter().all(|face| face.is_sound() && !face.is_sure()), "{width} x {height}: {faces:?}");
    }
}

#[test]
fn a_decoder_does_not_shrink_too_far() {
    let check = |width, height, thorough, expected| {
        assert_eq!(shrink_on_load(Size::new(width, height), thorough), expected, "{width} x {height}");
    };
    check(6000, 4000, false, 8);
    check(6000, 4000, true, 4);
    check(2000, 1365, false, 2);
    check(640, 480, false, 1);
    check(1, 1, true, 1);
}
