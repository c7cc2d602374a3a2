//! The same operations as in other projects' suites, compared with the images those projects expect
//! (`../shared/fixtures/peer/CASES.json`). Gating cases must agree. Every other case must agree too, or be listed in
//! [`DIFFERENT`] with the reason.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "support/corpus.rs"]
mod shared;

use std::path::{Path, PathBuf};
use std::process::Command;

use tintype::pixels::raster::{Raster, Samples};
use tintype::vips::{self, Call};

/// How many of 64 bits the hashes of a non-gating case may differ in and still count as the same image.
const BITS_MAX: u32 = 5;

/// Queries for cases where `CASES.json` has no number for the suite's own value: expected image and query.
const QUERIES: &[(&str, &str)] = &[
    ("duotone.jpg", "w=320&h=240&fit=crop&duotone=C83658,D8E74F"),
    ("mask-circle.png", "w=320&h=240&fit=crop&mask=ellipse&fm=png"),
    ("blur-1.jpg", "w=320&h=240&fit=crop&blur=20"),
    ("blur-10.jpg", "w=320&h=240&fit=crop&blur=200"),
    ("sharpen-mild.jpg", "w=320&h=240&fit=crop&sharp=40"),
    ("tint-sepia.jpg", "w=320&h=240&fit=crop&sepia=100"),
    ("blur.jpg", "blur=40"),
    ("brightness.jpg", "bri=20"),
    ("contrast.jpg", "con=20"),
    ("watermarkCenter.jpg", "mark=/watermark.png&mark-align=center,middle&mark-alpha=40"),
    ("watermarkRepeat.jpg", "mark=/watermark.png&mark-tile=grid&mark-pad=0&mark-alpha=30"),
    ("watermarkCenterX.jpg", "mark=/watermark.png&mark-align=center,top&mark-y=40&mark-alpha=80"),
    ("watermarkSimple.jpg", "mark=/watermark.png&mark-x=30&mark-align=bottom&mark-pad=50&mark-alpha=40"),
];

/// Cases that are meant to differ, by expected image, and why ours is right.
const DIFFERENT: &[(&str, &str)] = &[
    ("crop-strategy-attention.jpg", "skin and saturation draw that strategy, contours draw `crop=edges`"),
    ("mask-circle.png", "the grammar has no circle: `mask=ellipse` touches all four sides"),
    (
        "rotate-solid-bg.jpg",
        "`rot` turns counter-clockwise inside a frame that keeps its size; theirs turns clockwise and grows it",
    ),
    ("gamma-0.0.jpg", "resized in encoded light; ours is linear light, and agrees with gamma-2.2.jpg"),
    ("embedgravitybird-a3-ne.png", "bars are shared out evenly on both sides (`rendering.md` 3.2), never put on one"),
    ("embedgravitybird-a7-sw.png", "as embedgravitybird-a3-ne.png"),
    ("svg72.png", "shows a corner of the drawing; `w=40` is the whole of it, 40 pixels wide"),
    ("svg1200.png", "as svg72.png"),
    ("truncated.jpg", "an original that ends in the middle is refused with 422, not served grey below"),
];

struct Case {
    source: String,
    expected: String,
    query: String,
    compare: String,
}

#[test]
fn outputs_of_other_projects() {
    let Some(folder) = shared::corpus() else { return };
    let text = std::fs::read(folder.join("peer/CASES.json")).unwrap();
    vips::init().unwrap();
    let cases = read_cases(&text);
    assert_eq!(cases.iter().filter(|case| case.compare.starts_with("dhash64<=")).count(), 32, "gating cases");
    let out = tempfile::tempdir().unwrap();
    let faults: Vec<String> = cases.iter().filter_map(|case| fault(case, &folder, out.path())).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

fn read_cases(text: &[u8]) -> Vec<Case> {
    let json: serde_json::Value = serde_json::from_slice(text).unwrap();
    let string = |case: &serde_json::Value, key: &str| case[key].as_str().unwrap_or_default().to_owned();
    let cases = json["cases"].as_array().unwrap().iter().map(|case| {
        let expected = string(case, "expected");
        let ours = QUERIES.iter().find(|(name, _)| expected.ends_with(&format!("/{name}")));
        let query = ours.map_or_else(|| string(case, "suggested_query"), |(_, query)| (*query).to_owned());
        Case { source: string(case, "source"), expected, query, compare: string(case, "compare") }
    });
    cases.collect()
}

/// Returns what is wrong with a case, if anything.
fn fault(case: &Case, folder: &Path, out: &Path) -> Option<String> {
    let approved = decoded(&folder.join(&case.expected));
    let name = case.expected.rsplit('/').next().unwrap_or_default();
    let listed = DIFFERENT.iter().any(|(known, _)| *known == name);
    let now = match rendered(case, folder, out) {
        Ok(image) => image,
        Err(error) => return (!listed).then(|| format!("{} {}: {error}", case.source, case.query)),
    };
    let bits = (hash(&approved) ^ hash(&now)).count_ones();
    let found = match case.compare.split([' ', ';', ':']).next().unwrap_or_default() {
        "dhash64<=5" => (bits > 5).then(|| format!("{bits} bits")),
        "dhash64<=8" => (bits > 8).then(|| format!("{bits} bits")),
        "alpha" => {
            Some(mean_difference(&approved, &now, 3)).filter(|d| *d >= 0.03 * 255.0).map(|d| format!("alpha {d:.1}"))
        }
        "dimensions" if approved.size != now.size => Some(format!("{:?}, not {:?}", now.size, approved.size)),
        "dimensions" => Some((0..3).map(|c| mean_difference(&approved, &now, c)).sum::<f64>() / 3.0)
            .filter(|d| *d >= 4.0)
            .map(|d| format!("{d:.1} in the mean")),
        _ => {
            let differs = bits > BITS_MAX;
            return (differs != listed).then(|| {
                format!(
                    "{}: {} bits, though {}listed as different",
                    case.expected,
                    bits,
                    if listed { "" } else { "not " }
                )
            });
        }
    };
    found.map(|what| format!("{}: {what} ({})", case.expected, case.query))
}

/// Renders a case with the program itself, as JPEG where the case expects JPEG and as PNG otherwise.
fn rendered(case: &Case, folder: &Path, out: &Path) -> Result<Raster, String> {
    let extension = if case.expected.ends_with(".jpg") { "jpg" } else { "png" };
    let path: PathBuf = out.join(format!("rendition.{extension}"));
    let mut query = case.query.clone();
    if query.is_empty() {
        query.push_str("q=90");
    }
    let run = Command::new(env!("CARGO_BIN_EXE_tintype"))
        .arg("render")
        .args([folder.join(&case.source).as_os_str(), query.as_ref(), path.as_os_str()])
        .output()
        .map_err(|error| error.to_string())?;
    if run.status.success() { Ok(decoded(&path)) } else { Err(String::from_utf8_lossy(&run.stderr).into_owned()) }
}

fn decoded(path: &Path) -> Raster {
    let bytes = std::fs::read(path).unwrap();
    let loader = match bytes.as_slice() {
        [0xff, ..] => c"jpegload_buffer",
        [b'R', ..] => c"webpload_buffer",
        _ => c"pngload_buffer",
    };
    let raster = Call::new(loader).bytes(c"buffer", &bytes).image_out().unwrap().to_raster().unwrap();
    raster.into_8_bit().into_rgba()
}

fn pixels(raster: &Raster) -> &[[u8; 4]] {
    let Samples::U8(samples) = &raster.samples else { panic!("8 bits were asked for") };
    samples.as_chunks::<4>().0
}

/// Returns the difference hash: nine by eight luminance means on grey, and whether each is darker than its right
/// neighbour.
fn hash(raster: &Raster) -> u64 {
    let (width, height) = (raster.size.width as usize, raster.size.height as usize);
    let mean = |column: usize, row: usize| {
        let (left, right) = (column * width / 9, ((column + 1) * width / 9).max(column * width / 9 + 1));
        let (top, bottom) = (row * height / 8, ((row + 1) * height / 8).max(row * height / 8 + 1));
        let mut sum = 0.0;
        for line in pixels(raster).chunks_exact(width).take(bottom.min(height)).skip(top) {
            sum += line[left..right.min(width)].iter().map(luminance).sum::<f64>();
        }
        sum / ((right - left) * (bottom - top)) as f64
    };
    let mut bits = 0;
    for row in 0..8 {
        for column in 0..8 {
            bits = bits << 1 | u64::from(mean(column, row) < mean(column + 1, row));
        }
    }
    bits
}

/// Returns the luminance on mid-grey, 0 to 255.
fn luminance(&[r, g, b, a]: &[u8; 4]) -> f64 {
    let value = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    let alpha = f64::from(a) / 255.0;
    value * alpha + 128.0 * (1.0 - alpha)
}

fn mean_difference(a: &Raster, b: &Raster, channel: usize) -> f64 {
    if a.size != b.size {
        return f64::INFINITY;
    }
    let differences = pixels(a).iter().zip(pixels(b)).map(|(a, b)| f64::from(a[channel].abs_diff(b[channel])));
    differences.sum::<f64>() / pixels(a).len() as f64
}
