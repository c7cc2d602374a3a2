//! Every good image of the shared corpus renders, except those listed here with a reason.
//!
//! Renders in this process: `tests/worker` covers what the confined worker adds, and hostile files as well.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/corpus.rs"]
mod shared;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tintype::blob::Blob;
use tintype::limits::Limits;
use tintype::plan::{self, Intent, Negotiation, Plan, Policy};
use tintype::render::{self, Input, Job, RenderError, RenderLimits};
use tintype::sniff::{SourceFormat, sniff};

/// What a file does instead of rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instead {
    /// Of no kind that this server knows: passed through unchanged, 200.
    PassedThrough,
    /// Over a limit: 413.
    TooLarge,
    /// Found damaged by the decoder: 422.
    Damaged,
}

/// Files that never render, whatever the versions of the underlying libraries.
const REFUSED: [(&str, Instead, &str); 6] = [
    ("large/giant-image.jpg", Instead::TooLarge, "280 megapixels, over the limit of 100"),
    ("svg/giant.svg", Instead::TooLarge, "says that it is ten million pixels wide"),
    ("other/basic-test.qoi", Instead::PassedThrough, "QOI is not an input of the compatible service"),
    ("other/targa.tga", Instead::PassedThrough, "TGA is not an input of the compatible service"),
    ("apng/pillow-syntax_num_frames_zero.png", Instead::Damaged, "says that it is an animation without frames"),
    ("jpeg/mozjpeg-testorig12.jpg", Instead::Damaged, "12 bits per sample, which libjpeg is built without"),
];

/// Files that render with some versions of the underlying libraries but not with others: an error is as good as an
/// image.
const MAY_FAIL: [(&str, &str); 6] = [
    (
        "avif/star-8bpc-with-alpha.avifs",
        "an image sequence without a still image: libheif before 1.20 cannot read these",
    ),
    ("heic/rgb_generic_compressed_zlib.heif", "uncompressed HEIF behind zlib: libheif from 1.18 on"),
    ("jxl/cmyk_layers.jxl", "four inks and layers: libjxl from 0.8 on"),
    ("svg/librsvg-no-size.svg", "has no size and nothing to derive one from"),
    ("tiff/ojpeg-tile.tif", "JPEG in TIFF as of 1992, which libtiff is often built without"),
    ("tiff/subsampled.tif", "chroma at half size without JPEG, which libvips before 8.16 does not read"),
];

#[test]
fn every_valid_image_renders() {
    let Some(files) = good_files() else { return };
    assert!(files.len() >= 480, "{} files: the corpus is not whole", files.len());
    let (plan, limits) = request();
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(name) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(fault) = fault(name, &plan, limits) {
                        faults.lock().unwrap().push(format!("{name}: {fault}"));
                    }
                }
            });
        }
    });
    let mut faults = faults.into_inner().unwrap();
    faults.sort();
    assert!(faults.is_empty(), "{} of {} files:\n{}", faults.len(), files.len(), faults.join("\n"));
}

#[test]
fn every_svg_is_sent_as_svg_without_scripts_and_external_references() {
    let Some(files) = good_files() else { return };
    let (mut plan, limits) = request();
    plan.vectors.draw = false;
    for name in files.iter().filter(|name| name.starts_with("svg/")) {
        let original = Blob::copy_from(&std::fs::read(shared::root().join(name)).unwrap()).unwrap();
        let sent = render::render(&job(&plan, Input::sniffed(original).unwrap(), limits)).unwrap();
        let text = String::from_utf8(sent.body.as_slice().to_vec()).unwrap();
        assert_eq!(sniff(text.as_bytes()), Some(SourceFormat::Svg), "{name}");
        for word in ["<script", "javascript:", "onload=", "onclick=", "<!ENTITY", "<foreignObject", "<xi:include"] {
            assert!(!text.contains(word), "{name} holds {word}");
        }
    }
}

#[test]
fn exceptions_name_files_that_are_there() {
    let Some(files) = good_files() else { return };
    for name in REFUSED.iter().map(|(name, ..)| name).chain(MAY_FAIL.iter().map(|(name, _)| name)) {
        assert!(files.iter().any(|file| file == name), "{name}");
    }
}

/// Returns the files of the manifest, except hostile files and files that are expected results of other projects.
fn good_files() -> Option<Vec<String>> {
    let manifest = std::fs::read(shared::corpus()?.join("MANIFEST.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let names = manifest["entries"].as_array().unwrap().iter().map(|entry| entry["file"].as_str().unwrap());
    Some(names.filter(|name| !name.starts_with("hostile/") && !name.starts_with("peer/")).map(str::to_owned).collect())
}

fn request() -> (Plan, RenderLimits) {
    let limits = Limits::default();
    let parsed = tintype::param::parse("w=200&fm=png", &[]).unwrap();
    let intent = plan::resolve(&parsed, &Negotiation::default(), &Policy::default()).intent;
    let Intent::Render(plan) = intent else { panic!("a width asks for rendering") };
    (*plan, RenderLimits::from(&limits))
}

fn job(plan: &Plan, input: Input, limits: RenderLimits) -> Job {
    Job { plan: plan.clone(), input, overlays: Vec::new(), limits, faces: None }
}

/// Returns what is wrong with the outcome of a file, if anything.
fn fault(name: &str, plan: &Plan, limits: RenderLimits) -> Option<String> {
    let original = Blob::copy_from(&std::fs::read(shared::root().join(name)).unwrap()).unwrap();
    let expected = REFUSED.iter().find(|(refused, ..)| *refused == name).map(|(_, instead, _)| *instead);
    if expected == Some(Instead::PassedThrough) {
        return sniff(original.as_slice()).map(|format| format!("is taken for {format:?}"));
    }
    let outcome = Input::sniffed(original).and_then(|input| render::render(&job(plan, input, limits)));
    match (outcome, expected) {
        (Ok(rendered), None) => {
            let is_png = sniff(rendered.body.as_slice()) == Some(SourceFormat::Png);
            (!is_png || rendered.size.width != 200).then(|| format!("came out {:?}", rendered.size))
        }
        (Err(RenderError::TooLarge { .. }), Some(Instead::TooLarge)) => None,
        (Err(RenderError::Undecodable), Some(Instead::Damaged)) => None,
        (Err(_), None) if MAY_FAIL.iter().any(|(may_fail, _)| *may_fail == name) => None,
        (Ok(_), Some(expected)) => Some(format!("renders, but was expected to be {expected:?}")),
        (Err(error), _) => Some(format!("{error:?}")),
    }
}
