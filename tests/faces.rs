//! Faces as a client sees them: how many are found and how precisely, how crops use them, and that faces to be hidden
//! are hidden.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/corpus.rs"]
mod shared;

use std::path::Path;

use tintype::blob::Blob;
use tintype::limits::Limits;
use tintype::param::ColorSpace;
use tintype::plan::{self, Intent, Negotiation, Policy, Select};
use tintype::render::decode::{EncodedOriginal, Opened, Wanted};
use tintype::render::{self, Input, Job, RenderLimits, Rendered};

/// Smallest share of the marked faces that must be found.
const FOUND_MIN: f64 = 0.8;
/// In the crowds only the larger faces are marked, so faces found besides them are not mistakes.
const CROWDS: [&str; 4] =
    ["faces/group-concert.jpg", "faces/group-market.jpg", "faces/group-street-crowd.jpg", "faces/kodak-14.png"];

/// Left, top, width, height.
type Box = [f64; 4];

fn job(query: &str, original: &[u8]) -> Job {
    let limits = Limits::default();
    let parsed = tintype::param::parse(query, &[]).unwrap();
    let Intent::Render(plan) = plan::resolve(&parsed, &Negotiation::default(), &Policy::default()).intent else {
        panic!("{query} renders nothing")
    };
    let limits = RenderLimits::from(&limits);
    Job {
        plan: *plan,
        input: Input::sniffed(Blob::copy_from(original).unwrap()).unwrap(),
        limits,
        overlays: Vec::new(),
        faces: None,
    }
}

fn rendered(query: &str, original: &[u8]) -> Rendered {
    render::render(&job(query, original)).unwrap_or_else(|error| panic!("{query}: {error:?}"))
}

/// Returns the boxes that `fm=json&faces=1` lists.
fn listed(original: &[u8]) -> Vec<Box> {
    let body = rendered("fm=json&faces=1", original).body;
    let json: serde_json::Value = serde_json::from_slice(body.as_slice()).unwrap();
    let faces = json["Faces"].as_array().expect("a list of faces").iter();
    faces
        .map(|face| {
            let confidence = face["confidence"].as_u64().unwrap();
            assert!((50..=100).contains(&confidence), "{face}");
            ["x", "y", "width", "height"].map(|key| face["bounds"][key].as_f64().unwrap())
        })
        .collect()
}

/// Returns the intersection of two boxes as a share of their union.
fn overlap(a: Box, b: Box) -> f64 {
    let axis = |n: usize| ((a[n] + a[n + 2]).min(b[n] + b[n + 2]) - a[n].max(b[n])).max(0.0);
    let common = axis(0) * axis(1);
    common / (a[2] * a[3] + b[2] * b[3] - common)
}

fn portrait() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/photos/astronaut.jpg")).unwrap()
}

/// Where the face of the portrait is.
const PORTRAIT_FACE: Box = [180.0, 70.0, 85.0, 115.0];

/// An image with faces.
struct Marked {
    name: String,
    original: Vec<u8>,
    boxes: Vec<Box>,
}

/// Returns the images of the corpus that have faces, and where the marked faces are; `None` without a corpus.
fn marked() -> Option<Vec<Marked>> {
    let root = shared::corpus()?;
    let manifest = std::fs::read(root.join("MANIFEST.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let entries = manifest["entries"].as_array().unwrap().iter();
    let entries = entries.filter(|entry| entry["file"].as_str().unwrap().starts_with("faces/"));
    let image = |entry: &serde_json::Value| {
        let name = entry["file"].as_str().unwrap();
        let boxes = entry["faces"].as_array().map_or(&[][..], Vec::as_slice).iter();
        let boxes = boxes.map(|edges| std::array::from_fn(|n| edges[n].as_f64().unwrap())).collect();
        Marked { name: name.to_owned(), original: std::fs::read(root.join(name)).unwrap(), boxes }
    };
    Some(entries.map(image).collect())
}

#[test]
fn marked_faces_are_found_and_few_others() {
    let Some(corpus) = marked() else { return };
    let (mut all, mut found, mut wrong, mut images) = (0, 0, Vec::new(), 0);
    for Marked { name, original, boxes } in corpus {
        let faces = listed(&original);
        all += boxes.len();
        found += boxes.iter().filter(|marked| faces.iter().any(|face| overlap(**marked, *face) > 0.4)).count();
        if !CROWDS.contains(&name.as_str()) {
            images += 1;
            let strange = faces.iter().filter(|face| boxes.iter().all(|marked| overlap(*marked, **face) < 0.2));
            wrong.extend(strange.map(|face| format!("{name}: {face:?}")));
        }
    }
    assert!(all >= 33 && images >= 11);
    assert!(found as f64 >= FOUND_MIN * all as f64, "{found} of {all}");
    assert!(wrong.len() <= images / 10, "{wrong:?}");
}

/// Returns the share of pixels that `face-blur` changes, inside `part` of the image.
fn hidden_share(original: &[u8], more: &str, part: Option<Box>) -> f64 {
    let [plain, hidden] =
        ["", "&face-blur=100"].map(|hide| decoded(rendered(&format!("fm=png{more}{hide}"), original).body.as_slice()));
    let (width, height) = plain.0;
    let [x, y, w, h] = part.unwrap_or([0.0, 0.0, width as f64, height as f64]).map(|v| v.max(0.0) as usize);
    let places = (y..(y + h).min(height)).flat_map(|y| (x..(x + w).min(width)).map(move |x| (y * width + x) * 3));
    let (mut all, mut changed) = (0_u32, 0_u32);
    for at in places {
        all += 1;
        changed += u32::from(plain.1[at..at + 3] != hidden.1[at..at + 3]);
    }
    f64::from(changed) / f64::from(all)
}

/// Width of the images that the tests below hide faces in: a debug build needs seconds per search.
const LOOKED_AT_PX: f64 = 300.0;

#[test]
fn every_portrait_is_hidden_even_upside_down() {
    let Some(corpus) = marked() else { return };
    let mut left = Vec::new();
    for Marked { name, original, boxes } in corpus.iter().filter(|marked| !CROWDS.contains(&marked.name.as_str())) {
        let full = rendered("fm=json", original).size;
        let scale = LOOKED_AT_PX / f64::from(full.width);
        let height = f64::from(full.height) * scale;
        for turn in ["", "&orient=3"] {
            // Resized first, then searched: the face must be found in what is left of it.
            let made = rendered(&format!("fm=png&w={LOOKED_AT_PX}{turn}"), original);
            for [x, y, w, h] in boxes.iter().map(|edges| edges.map(|v| v * scale)) {
                let part = if turn.is_empty() { [x, y, w, h] } else { [LOOKED_AT_PX - x - w, height - y - h, w, h] };
                let share = hidden_share(made.body.as_slice(), "", Some(part));
                if share < 0.6 {
                    left.push(format!("{name}{turn}: {part:?} {share:.2}"));
                }
            }
        }
    }
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn little_is_hidden_in_photographs_without_faces() {
    let photos = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/photos");
    // With a single pass of the network, 99 % of the cat and 48 % of the coffee were hidden.
    for name in ["cat.jpg", "coffee.jpg", "cup.png", "galaxies.jpg", "rocket.jpg"] {
        let original = std::fs::read(photos.join(name)).unwrap();
        let share = hidden_share(&original, &format!("&w={LOOKED_AT_PX}"), None);
        assert!(share < 0.08, "{name}: {share}");
    }
}

#[test]
fn a_portrait_is_cropped_around_its_face() {
    let portrait = portrait();
    let [face] = listed(&portrait)[..] else { panic!("one face") };
    assert!(overlap(face, PORTRAIT_FACE) > 0.5, "{face:?}");
    // Searched again in the crop: the face is in the middle and as large as requested.
    let close = rendered("fit=facearea&facepad=2&w=200&h=200&fm=png", &portrait);
    assert_eq!((close.size.width, close.size.height), (200, 200));
    let [x, y, width, height] = listed(close.body.as_slice())[0];
    assert!((x + width / 2.0 - 100.0).abs() < 12.0 && (y + height / 2.0 - 100.0).abs() < 12.0, "{x} {y}");
    assert!((80.0..125.0).contains(&height), "{height}");
    // The face is left of and above the middle, so a centred strip would miss it.
    for query in ["fit=crop&crop=faces&w=512&h=160&fm=png", "fit=crop&crop=faces&w=160&h=512&fm=png"] {
        let strip = rendered(query, &portrait);
        assert_eq!(listed(strip.body.as_slice()).len(), 1, "{query}");
    }
}

/// Returns the mean difference between neighbouring samples inside a box: how much detail is visible.
fn detail(image: &Rendered, [x, y, width, height]: Box) -> f64 {
    let original = EncodedOriginal::new(image.body.as_slice()).unwrap();
    let limits = RenderLimits::from(&Limits::default());
    let opened = Opened::new(&original, &Select::default(), &limits).unwrap();
    let decoded = opened.decode(&Wanted::first(ColorSpace::Origin), &limits).unwrap();
    let raster = decoded.into_first().unwrap();
    let (row, step) = (raster.size.width as usize * usize::from(raster.channels), usize::from(raster.channels));
    let bytes = raster.into_bytes();
    let (left, right) = (x as usize * step, (x + width) as usize * step);
    let rows = bytes.chunks_exact(row).skip(y as usize).take(height as usize);
    let differences: Vec<u8> = rows.flat_map(|row| (left..right).map(|at| row[at].abs_diff(row[at - step]))).collect();
    differences.iter().map(|v| f64::from(*v)).sum::<f64>() / differences.len() as f64
}

#[test]
fn nothing_is_left_of_a_hidden_face() {
    let portrait = portrait();
    for (query, more) in [
        ("face-blur=1", "&w=300"),
        ("face-blur=100", "&orient=2"),
        ("face-pixel=1", "&rect=100,20,300,300"),
        ("face-pixel=100", "&fit=facearea&facepad=3&w=200&h=200"),
        ("face-blur=1&face-pixel=1", ""),
    ] {
        let plain = rendered(&format!("fm=png{more}"), &portrait);
        let face = listed(plain.body.as_slice())[0];
        let (before, after) =
            (detail(&plain, face), detail(&rendered(&format!("{query}{more}&fm=png"), &portrait), face));
        assert!(after < before * 0.45, "{query}{more}: {before} {after}");
    }
    // Nothing else in the image changes: this is the corner with the flag.
    let corner = "rect=0,300,120,200&fm=png";
    let [plain, hidden] =
        [corner.to_owned(), format!("{corner}&face-blur=60")].map(|query| rendered(&query, &portrait));
    assert_eq!(plain.body.as_slice(), hidden.body.as_slice());
}

#[test]
fn a_face_is_hidden_in_an_image_on_its_side() {
    // The pixels themselves are turned, without a tag that says so.
    let portrait = portrait();
    let face = listed(&portrait)[0];
    let lying = rendered("orient=6&fm=png", &portrait);
    let hidden = rendered("face-blur=20&fm=png", lying.body.as_slice());
    let [plain, hidden] = [lying, hidden].map(|lying| rendered("orient=8&fm=png", lying.body.as_slice()));
    assert!(detail(&hidden, face) < detail(&plain, face) * 0.45);
}

#[test]
fn found_faces_are_returned_and_can_be_passed_in() {
    let portrait = portrait();
    let mut job = job("fit=crop&crop=faces&w=100&h=200&fm=png", &portrait);
    let first = render::render(&job).unwrap();
    let faces = first.faces.expect("they had to be looked for");
    assert!(faces.iter().any(render::faces::Face::is_sure));
    job.faces = Some(faces);
    let again = render::render(&job).unwrap();
    assert!(again.faces.is_none() && again.body.as_slice() == first.body.as_slice());
    // Faces that are handed in are trusted.
    job.faces = Some(Vec::new());
    assert_ne!(render::render(&job).unwrap().body.as_slice(), first.body.as_slice());
    assert!(rendered("w=100", &portrait).faces.is_none());
}

#[test]
fn an_image_without_a_face_stays_as_it_is() {
    let photo = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/photos/rocket.jpg")).unwrap();
    assert_eq!(listed(&photo), [[0.0; 4]; 0]);
    let check = |with: &str, without: &str| {
        let [with, without] = [with, without].map(|query| rendered(query, &photo));
        assert!(with.body.as_slice() == without.body.as_slice());
    };
    check("face-blur=50&w=100&fm=png", "w=100&fm=png");
    check("fit=facearea&w=90&h=90&fm=png", "fit=crop&w=90&h=90&fm=png");
    check("fit=facearea,fill&w=90&h=90&fm=png", "fit=fill&w=90&h=90&fm=png");
    check("crop=faces,left&fit=crop&w=90&h=90&fm=png", "crop=left&fit=crop&w=90&h=90&fm=png");
}

#[test]
fn red_pupils_of_a_face_are_darkened_and_nothing_else() {
    let (size, mut pixels) = decoded(rendered("fm=png", &portrait()).body.as_slice());
    let at = |x: f64, y: f64| (y as usize * size.0 + x as usize) * 3;
    let face = listed(&portrait())[0];
    // Where the eyes of this face are, as shares of its box.
    let eyes = [(0.3, 0.42), (0.7, 0.42)].map(|(x, y)| (face[0] + face[2] * x, face[1] + face[3] * y));
    // Two pupils, and a red button on the suit that is not a pupil.
    let button = (300.0, 420.0);
    let disc = |(x, y): (f64, f64)| {
        (-4..=4_i32)
            .flat_map(move |dy| (-4..=4_i32).map(move |dx| (dx, dy)))
            .filter(|(dx, dy)| dx * dx + dy * dy <= 16)
            .map(move |(dx, dy)| at(x + f64::from(dx), y + f64::from(dy)))
    };
    for pixel in eyes.into_iter().chain([button]).flat_map(disc) {
        pixels[pixel..pixel + 3].copy_from_slice(&[215, 30, 40]);
    }
    let mut flashed = Vec::new();
    let mut encoder = png::Encoder::new(&mut flashed, size.0 as u32, size.1 as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();

    let (_, calmed) = decoded(rendered("auto=redeye&fm=png", &flashed).body.as_slice());
    let red =
        |pixels: &[u8], place| disc(place).map(|at| f64::from(pixels[at])).sum::<f64>() / disc(place).count() as f64;
    for eye in eyes {
        assert!((red(&pixels, eye), red(&calmed, eye) < 90.0) == (215.0, true), "{}", red(&calmed, eye));
    }
    assert!((red(&calmed, button) - 215.0).abs() < 1.0);
    let near =
        |x: usize, y: usize| eyes.iter().any(|eye| (x as f64 - eye.0).abs() < 20.0 && (y as f64 - eye.1).abs() < 20.0);
    let elsewhere = (0..size.0 * size.1).filter(|at| !near(at % size.0, at / size.0));
    assert_eq!(elsewhere.filter(|at| pixels[at * 3..at * 3 + 3] != calmed[at * 3..at * 3 + 3]).count(), 0);
    // Without the word nothing happens.
    assert!(decoded(rendered("fm=png", &flashed).body.as_slice()).1 == pixels);
}

/// Returns the width, the height and the RGB pixels of an image.
fn decoded(bytes: &[u8]) -> ((usize, usize), Vec<u8>) {
    let original = EncodedOriginal::new(bytes).unwrap();
    let limits = RenderLimits::from(&Limits::default());
    let opened = Opened::new(&original, &Select::default(), &limits).unwrap();
    let decoded = opened.decode(&Wanted::first(ColorSpace::Srgb), &limits).unwrap();
    let raster = decoded.into_first().unwrap().without_alpha();
    ((raster.size.width as usize, raster.size.height as usize), raster.into_bytes())
}
