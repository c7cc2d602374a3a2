//! Adjustments and effects in complete renders: what they leave unchanged, and what they work on.

use super::*;

/// An image of cells of 10 pixels, each cell with its own colour.
fn cells(channels: u8) -> Vec<u8> {
    let size = Size::new(60, 40);
    let cell = |i: u64| (i % 60 / 10, i / 60 / 10);
    let samples = (0..size.area())
        .flat_map(|i| {
            let (x, y) = cell(i);
            let rgba = [(40 + x * 35) as u8, (200 - y * 50) as u8, (20 + x * 10 + y * 40) as u8, (255 - x * 40) as u8];
            match channels {
                1 => vec![rgba[0]],
                3 => rgba[..3].to_vec(),
                _ => rgba.to_vec(),
            }
        })
        .collect();
    png(&Raster { size, channels, samples: Samples::U8(samples) })
}

pub(super) fn drawn(query: &str, source: &[u8]) -> Raster {
    pixels(rendered(&format!("{query}&fm=png"), source).body.as_slice())
}

/// Each parameter with a value that has a visible effect.
const EFFECTS: [&str; 24] = [
    "bri=30",
    "con=40",
    "exp=30",
    "gam=40",
    "high=-80",
    "shad=80",
    "sat=60",
    "vib=60",
    "hue=70",
    "invert=true",
    "auto=enhance",
    "nr=40&nrs=40",
    "sharp=80",
    "usm=80",
    "usm=80&usmrad=6",
    "sepia=80",
    "monochrome=ff336699",
    "duotone=000080,fa8072",
    "gradient-map=1a1a40,e0457b,ffd97a",
    "gradient-map=1a1a40,ffd97a&gradient-map-equalize=true",
    "px=7",
    "htn=6",
    "blur=60",
    "blur=400",
];

#[test]
fn each_effect_shows_and_its_default_does_not() {
    let source = cells(3);
    let plain = drawn("w=30", &source);
    for effect in EFFECTS {
        assert!(difference(&drawn(&format!("w=30&{effect}"), &source), &plain) > 0.05, "{effect}");
    }
    for default in [
        "bri=0",
        "con=0",
        "exp=0",
        "gam=0",
        "high=0",
        "shad=0",
        "sat=0",
        "vib=0",
        "hue=0",
        "hue=360",
        "invert=false",
        "sharp=0",
        "usm=0",
        "usmrad=9",
        "nr=0&nrs=0",
        "sepia=0",
        "px=0",
        "px=1",
        "htn=0",
        "monochrome=00ff0000",
        "duotone-alpha=50",
        "blur=0",
        "duotone=000,fff&duotone-alpha=0",
        "gradient-map=f00,00f&gradient-map-alpha=0",
        "gradient-map=f00",
        "gradient-map=f00,nonsense,00f",
        "gradient-map-equalize=true",
    ] {
        assert_eq!(drawn(&format!("w=30&{default}"), &source), plain, "{default}");
    }
}

#[test]
fn documented_end_points() {
    let source = cells(3);
    let grey = drawn("w=30&sat=-100", &source).into_rgba().into_bytes();
    assert!(grey.as_chunks::<4>().0.iter().all(|[r, g, b, _]| r == g && g == b));
    let black = drawn("bri=-100", &source).into_rgba().into_bytes();
    assert!(black.as_chunks::<4>().0.iter().all(|p| *p == [0, 0, 0, 255]));
    let white = drawn("bri=100", &source).into_rgba().into_bytes();
    assert!(white.as_chunks::<4>().0.iter().all(|p| *p == [255; 4]));
    let flat = drawn("con=-100", &source).into_rgba().into_bytes();
    assert!(flat.as_chunks::<4>().0.iter().all(|p| *p == [128, 128, 128, 255]));
    let negative = drawn("invert=true", &source);
    assert_eq!(drawn("invert=true", &png(&negative)).into_rgba(), pixels(&source).into_rgba());
}

#[test]
fn alpha_stays_as_it_was() {
    let source = cells(4);
    let alpha = |raster: Raster| raster.into_rgba().into_bytes().into_iter().skip(3).step_by(4).collect::<Vec<u8>>();
    let plain = alpha(drawn("w=30", &source));
    assert!(plain.iter().any(|a| *a < 255));
    // Blurs and blocks spread alpha.
    for effect in EFFECTS.iter().filter(|effect| !effect.starts_with("blur") && !effect.starts_with("px")) {
        assert_eq!(alpha(drawn(&format!("w=30&{effect}"), &source)), plain, "{effect}");
    }
}

#[test]
fn adjustments_leave_bars_and_paddings_alone() {
    let source = cells(3);
    let adjustments = EFFECTS.iter().take_while(|effect| !effect.starts_with("sepia"));
    for effect in adjustments {
        let query = format!("w=30&h=40&fit=fill&fill=solid&fill-color=3366cc&{effect}");
        let bytes = drawn(&query, &source).into_rgba().into_bytes();
        let rows = bytes.as_chunks::<4>().0.chunks_exact(30);
        let bars = rows.enumerate().filter(|(y, _)| !(10..30).contains(y)).flat_map(|(_, row)| row);
        assert_eq!(bars.filter(|p| **p != [0x33, 0x66, 0xcc, 255]).count(), 0, "{effect}");
    }
    // Effects come after the bars.
    let sepia = drawn("w=30&h=40&fit=fill&fill=solid&fill-color=fff&sepia=100", &source).into_rgba().into_bytes();
    assert_eq!(&sepia[..4], [255, 255, 239, 255]);
}

#[test]
fn grey_becomes_colour_only_where_there_is_some() {
    let source = cells(1);
    for effect in EFFECTS {
        let colored = ["sepia", "monochrome", "duotone", "gradient-map"].iter().any(|name| effect.starts_with(name));
        assert_eq!(drawn(&format!("w=30&{effect}"), &source).channels, if colored { 3 } else { 1 }, "{effect}");
    }
}

#[test]
fn an_image_that_is_not_resized_keeps_its_depth_until_encoding() {
    // In 8 bits the ramp would have four levels, and stretching it would show steps.
    let size = Size::new(256, 1);
    let ramp = Samples::U16((0..256).map(|i| 32_768 + i * 4).collect());
    let deep = png(&Raster { size, channels: 1, samples: ramp });
    let bytes = drawn("con=98", &deep).into_bytes();
    assert!(bytes.is_sorted() && bytes.windows(2).all(|pair| pair[1] - pair[0] <= 1), "{bytes:?}");
    assert!(bytes[255] - bytes[0] > 120);
}

#[test]
fn effects_apply_to_the_resized_image() {
    // A blur of the same strength reaches as many pixels in a small rendition as in a large one, and `dpr` scales it.
    let source = cells(3);
    let softness = |query: &str| {
        let (soft, sharp) = (drawn(&format!("{query}&blur=40"), &source), drawn(query, &source));
        difference(&soft, &sharp)
    };
    assert!(softness("w=30") > 1.5 * softness("w=120"));
    let twice = drawn("w=30&dpr=2&blur=40", &source);
    assert!(difference(&twice, &drawn("w=60&blur=80", &source)) < 0.01);
}

#[test]
fn colours_are_those_asked_for_in_a_wide_space_too() {
    let Some(source) = fixture("jpeg/icc-display-p3.jpg") else { return };
    // Everything becomes this red, in sRGB.
    for all_red in ["duotone=c02020,c02020", "gradient-map=c02020,c02020,c02020", "gradient=c02020,c02020"] {
        let red = drawn(&format!("w=20&{all_red}&cs=srgb"), &source).into_rgba().into_bytes();
        let is_red = |[r, g, b, _]: &[u8; 4]| r.abs_diff(0xc0) <= 2 && g.abs_diff(0x20) <= 2 && b.abs_diff(0x20) <= 2;
        assert!(red.as_chunks::<4>().0.iter().all(is_red), "{all_red}");
    }
}

#[test]
fn a_list_of_colours_beats_duotone_where_it_is_valid() {
    let source = cells(3);
    let (duotone, map) = ("w=30&duotone=000080,fa8072", "gradient-map=060,ff0,fff");
    assert_eq!(drawn(&format!("{duotone}&{map}"), &source), drawn(&format!("w=30&{map}"), &source));
    assert_eq!(drawn(&format!("{duotone}&{map},nonsense"), &source), drawn(duotone, &source));
    let too_many = vec!["f00"; 17].join(",");
    assert_eq!(drawn(&format!("{duotone}&gradient-map={too_many}"), &source), drawn(duotone, &source));
    // Two colours give the same result either way, and invalid stops count as evenly spread ones.
    assert!(difference(&drawn("w=30&gradient-map=000080,fa8072", &source), &drawn(duotone, &source)) < 0.3);
    for stops in ["0,50", "0,60,50", "0,50,101", "x"] {
        let query = format!("w=30&{map}&gradient-map-stops={stops}");
        assert_eq!(drawn(&query, &source), drawn(&format!("w=30&{map}"), &source), "{stops}");
    }
}

#[test]
fn a_negative_is_made_of_what_a_list_of_colours_gives() {
    let source = cells(3);
    for map in
        ["gradient-map=060,ff0,fff", "gradient-map=1a1a40,ffd97a&gradient-map-alpha=40&gradient-map-equalize=true"]
    {
        for more in ["", "&sepia=50", "&con=20&sat=-30"] {
            let mapped = png(&drawn(&format!("{map}{more}"), &source));
            let wanted = drawn("invert=true", &mapped);
            let found = drawn(&format!("{map}{more}&invert=true"), &source);
            assert!(difference(&found, &wanted) < 0.6, "{map}{more}: {}", difference(&found, &wanted));
        }
    }
    // An invisible gradient map does not move `invert`.
    let unseen = drawn("sepia=50&gradient-map=f00,00f&gradient-map-alpha=0&invert=true", &source);
    assert_eq!(unseen, drawn("sepia=50&invert=true", &source));
}

#[test]
fn the_tones_are_those_before_the_list_of_colours() {
    let source = cells(3);
    // Equalizing measures the image after `sepia`, on which the map itself works too.
    let sepia = png(&drawn("sepia=100", &source));
    let map = "gradient-map=060,ff0,fff&gradient-map-equalize=true";
    assert!(difference(&drawn(&format!("sepia=100&{map}"), &source), &drawn(map, &sepia)) < 1.0);
}

/// An animated PNG of three frames, each with its own colours and transparency.
fn animation() -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, 60, 40);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_animated(3, 0).unwrap();
    encoder.set_blend_op(png::BlendOp::Source).unwrap();
    let mut writer = encoder.write_header().unwrap();
    let frame = pixels(&cells(4)).into_rgba().into_bytes();
    for turn in 0..3 {
        let moved: Vec<u8> =
            frame.chunks_exact(4).flat_map(|p| [p[turn], p[(turn + 1) % 3], p[(turn + 2) % 3], p[3]]).collect();
        writer.write_image_data(&moved).unwrap();
    }
    writer.finish().unwrap();
    out
}

#[test]
fn every_frame_of_an_animation_is_worked_on_as_if_it_were_alone() {
    let source = animation();
    let shown = |query: &str| frames(rendered(&format!("{query}&fm=webp&lossless=true"), &source).body.as_slice()).0;
    let plain = shown("w=30");
    assert_eq!(plain.len(), 3);
    // The skipped effects take their measure from the first frame, so that an animation does not flicker.
    let measured = |effect: &&&str| effect.contains("enhance") || effect.contains("equalize");
    for effect in EFFECTS.iter().filter(|effect| !measured(effect)) {
        let all = shown(&format!("w=30&{effect}"));
        assert_eq!(all.len(), 3, "{effect}");
        for (index, frame) in all.iter().enumerate() {
            let alone = drawn(&format!("w=30&frame={}&{effect}", index + 1), &source);
            assert!(difference(frame, &alone) < 0.02, "{effect}, frame {index}: {}", difference(frame, &alone));
            assert!(difference(frame, &plain[index]) > 0.05, "{effect} leaves frame {index} alone");
        }
    }
    for default in ["bri=0&con=0&exp=0", "sat=0&hue=0&usm=0", "sepia=0&px=1&blur=0&htn=0"] {
        assert_eq!(shown(&format!("w=30&{default}")), plain, "{default}");
    }
}

#[test]
fn transparent_parts_stay_transparent_under_blurs_and_blocks() {
    let source = solid(40, 40, &[10, 200, 10, 0]);
    for effect in EFFECTS {
        let bytes = drawn(&format!("w=20&{effect}"), &source).into_rgba().into_bytes();
        assert!(bytes.chunks_exact(4).all(|p| p[3] == 0), "{effect}");
    }
    // Colours do not bleed out of invisible pixels: half green, half transparent red.
    let size = Size::new(40, 20);
    let halves = (0..size.area()).flat_map(|i| if i % 40 < 20 { [10, 200, 10, 255] } else { [250, 0, 0, 0] });
    let source = png(&Raster { size, channels: 4, samples: Samples::U8(halves.collect()) });
    for effect in ["blur=80", "px=7", "blur=400", "htn=6"] {
        let bytes = drawn(effect, &source).into_rgba().into_bytes();
        let seen = bytes.chunks_exact(4).filter(|p| p[3] > 8);
        assert!(seen.clone().count() > 300 && seen.clone().all(|p| p[0] <= p[1]), "{effect}");
    }
}

#[test]
fn frames_are_stretched_alike() {
    let Some(source) = fixture("gif/rotating-squares.gif") else { return };
    for query in [
        "w=20&fm=gif&auto=enhance",
        "w=20&fm=gif&gradient-map=000,f00&gradient-map-equalize=1",
        "w=20&fm=webp&bri=20&sepia=50&blur=20",
        "w=20&fm=webp&gradient=f00,8000ff00&fade=3",
    ] {
        let done = rendered(query, &source);
        let (after, ..) = frames(done.body.as_slice());
        assert!(after.len() > 1 && after.iter().all(|frame| frame.size == done.size), "{query}");
    }
}
