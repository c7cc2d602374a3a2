//! Files that other readers get wrong, each with the correct result, read in place (`../shared/fixtures`).
//!
//! Each file is rendered by its own process, as a server's workers do with rare formats.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/corpus.rs"]
mod shared;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tintype::sniff::{SourceFormat, sniff};

/// A folder for output, removed when the value is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tintype-faults-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Returns what `tintype render` makes of a file, or the reason it gives. `perturb` fills memory when it is allocated
/// or freed.
fn rendered(file: &Path, query: &str, out: &Path, perturb: Option<u8>) -> Result<Vec<u8>, String> {
    let _ = std::fs::remove_file(out);
    // A server kills a worker that takes too long; here nothing else would.
    let mut command = Command::new("timeout");
    command.args(["10", env!("CARGO_BIN_EXE_tintype"), "render"]).arg(file).arg(query).arg(out);
    if let Some(byte) = perturb {
        command.env("MALLOC_PERTURB_", byte.to_string());
    }
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    match (done.status.success(), std::fs::read(out)) {
        (true, Ok(bytes)) => Ok(bytes),
        (true, Err(error)) => panic!("{}: success without a file: {error}, {said}", file.display()),
        (false, _) => Err(said),
    }
}

/// One of our PNGs as 8-bit RGBA.
struct Image {
    size: (u32, u32),
    pixels: Vec<[u8; 4]>,
}

impl Image {
    fn of(png: &[u8]) -> Self {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
        decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        let bytes = &bytes[..info.buffer_size()];
        let pixels = match info.color_type {
            png::ColorType::GrayscaleAlpha => bytes.as_chunks::<2>().0.iter().map(|&[v, a]| [v, v, v, a]).collect(),
            png::ColorType::Rgba => bytes.as_chunks::<4>().0.to_vec(),
            other @ (png::ColorType::Grayscale | png::ColorType::Rgb | png::ColorType::Indexed) => {
                panic!("{other:?} in spite of the transformations")
            }
        };
        Self { size: (info.width, info.height), pixels }
    }

    fn at(&self, x: u32, y: u32) -> [u8; 4] {
        self.pixels[(y * self.size.0 + x) as usize]
    }

    /// Returns the means of red, green, blue and alpha.
    fn mean(&self) -> [f64; 4] {
        let sum = |at: usize| self.pixels.iter().map(|pixel| u64::from(pixel[at])).sum::<u64>();
        [0, 1, 2, 3].map(|at| sum(at) as f64 / self.pixels.len() as f64)
    }
}

enum Right {
    /// This size, and these channel means within 3 levels.
    Mean((u32, u32), [u8; 4]),
    /// This size, and these pixels within 3 levels.
    Pixels((u32, u32), &'static [((u32, u32), [u8; 4])]),
    /// Refused with a message that contains these words.
    Refused(&'static str),
}

use Right::{Mean, Pixels, Refused};

const GREEN: [u8; 4] = [0, 255, 0, 255];
const RED: [u8; 4] = [255, 0, 0, 255];
const NONE: [u8; 4] = [0; 4];

/// The cases, each with its query and the correct result. The means are those that two independent decoders show.
const CASES: &[(&str, &str, Right)] = &[
    ("01-j2k-offset-leaks-heap.j2k", "", Mean((2592, 1944), [118, 118, 122, 255])),
    ("01-own-j2k-offset-150-300.j2k", "", Mean((1400, 1000), [159, 86, 52, 255])),
    ("02-real-manga-grey-icc.webp", "", Mean((766, 1100), [151, 151, 151, 255])),
    ("02-rgb-jpeg-with-grey-icc.jpg", "", Mean((300, 200), [158, 86, 52, 255])),
    ("02-rgb-webp-with-grey-icc.webp", "", Mean((300, 200), [159, 86, 52, 255])),
    ("02-rgba-webp-with-cmyk-icc.webp", "", Mean((300, 200), [158, 86, 51, 127])),
    ("03-linear-profile-checker.png", "&w=32", Pixels((32, 32), &[((5, 5), [188, 188, 188, 255])])),
    ("03-lossy-jxl-with-icc-linear.jxl", "", Mean((1600, 1096), [28, 33, 39, 255])),
    ("04-grey-float.jxl", "", Mean((40, 50), [193, 193, 193, 255])),
    ("04-grey-float.tif", "", Mean((20, 20), [200, 200, 200, 255])),
    ("05-cicp-p3.png", "", Mean((32, 32), [215, 93, 97, 255])),
    ("05-cicp-p3-over-iccp.png", "", Mean((32, 32), [215, 93, 97, 255])),
    ("05-cicp-pq.png", "", Mean((32, 32), [187, 187, 187, 255])),
    ("05-chrm-p3.png", "", Mean((32, 32), [216, 93, 97, 255])),
    ("05-chrm-swapped.png", "", Mean((64, 64), [113, 75, 55, 255])),
    ("06-mono-limited.avif", "", Pixels((128, 128), &[((64, 64), [239, 239, 239, 255])])),
    ("07-premultiplied.avif", "", Mean((451, 300), [148, 111, 87, 138])),
    ("08-exif6-no-irot.avif", "", Pixels((64, 48), &[((0, 0), RED)])),
    ("08-exif6-no-irot.heic", "", Pixels((64, 48), &[((0, 0), RED)])),
    ("09-border_touching_layers.gif", "", Pixels((100, 100), &[((0, 0), NONE), ((50, 50), RED)])),
    ("09-dispose-background.gif", "&frame=3", Pixels((40, 40), &[((20, 20), NONE), ((39, 39), RED)])),
    ("09-dispose-previous-first.gif", "&frame=2", Pixels((40, 40), &[((39, 39), NONE)])),
    ("09-partial-canvas.gif", "", Pixels((40, 40), &[((0, 0), NONE), ((20, 20), RED)])),
    ("10-torn-animation.gif", "", Refused("undecodable")),
    ("11-apng-single_frame_default.png", "", Pixels((128, 64), &[((64, 32), GREEN)])),
    ("11-apng-split_fdat.png", "", Pixels((128, 64), &[((64, 32), GREEN)])),
    ("11-apng-split_fdat_zero_chunk.png", "", Pixels((128, 64), &[((64, 32), GREEN)])),
    ("12-page-with-blend-group.pdf", "", Mean((315, 437), [249, 90, 133, 255])),
    ("13-cur-1bit.cur", "", Pixels((1, 4), &[((0, 0), [0, 0, 0, 255]), ((0, 2), NONE)])),
    ("13-ico-32bpp-and-mask.ico", "", Mean((16, 16), [0, 0, 255, 128])),
    ("13-ico-entry-size-mismatch.ico", "", Mean((16, 16), [43, 31, 47, 255])),
    ("13-ico-no-and-mask.ico", "", Mean((64, 64), [0, 0, 255, 255])),
    ("14-bmp-alphabitfields.bmp", "", Pixels((127, 64), &[((0, 0), RED), ((63, 32), [255, 0, 0, 0])])),
    ("14-bmp-icc-ignored.bmp", "&cs=srgb", Pixels((127, 64), &[((0, 0), RED)])),
    ("14-bmp-os2v2.bmp", "", Mean((127, 64), [119, 117, 121, 255])),
    ("14-bmp-os2v2-16.bmp", "", Mean((127, 64), [119, 117, 121, 255])),
    ("14-bmp-rle24.bmp", "", Mean((127, 64), [119, 117, 121, 255])),
    ("15-tiff-12bit.tiff", "", Refused("tiff with 12-bit samples")),
    ("15-tiff-4bpp-grey.tiff", "", Refused("tiff with ThunderScan")),
    ("15-tiff-ojpeg.tif", "", Refused("tiff with old-style JPEG")),
    ("15-tiff-planar-tiled.tif", "", Refused("tiff with planar tiles")),
    ("15-tiff-subsampled-ycbcr.tif", "", Refused("tiff with subsampled YCbCr")),
    ("16-avis-only.avif", "", Mean((480, 270), [83, 87, 88, 255])),
    ("16-layered-op2.avif", "", Mean((360, 182), [82, 73, 76, 255])),
    ("16-meta-size-0.avif", "", Mean((33, 11), [124, 0, 130, 215])),
    ("17-complete-but-no-eoi.jpg", "", Mean((300, 200), [158, 86, 52, 255])),
];

/// Runs `check` for every item on two threads, and panics with the faults it reports.
fn for_each<T: Sync>(items: &[T], check: impl Fn(usize, &T) -> Option<String> + Sync) {
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (next, faults, check) = (&next, &faults, &check);
            scope.spawn(move || {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(fault) = check(thread, item) {
                        faults.lock().unwrap().push(fault);
                    }
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), items.len(), faults.join("\n"));
}

fn is_near(found: [u8; 4], expected: [u8; 4]) -> bool {
    // Transparent pixels have no colour to compare.
    (found[3] == 0 && expected[3] == 0) || found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 3)
}

#[test]
fn every_case_is_drawn_as_it_should_be_or_refused_by_name() {
    let Some(root) = shared::corpus() else { return };
    let scratch = Scratch::new("cases");
    for_each(CASES, |thread, (name, query, right)| {
        let out = scratch.0.join(format!("{thread}.png"));
        let outcome = rendered(&root.join("cases").join(name), &format!("fm=png{query}"), &out, None);
        let image = match (&outcome, right) {
            (Err(said), Refused(words)) => return (!said.contains(words)).then(|| format!("{name}: {said}")),
            (Err(said), _) => return Some(format!("{name}: {said}")),
            (Ok(_), Refused(_)) => return Some(format!("{name}: is drawn")),
            (Ok(png), _) => Image::of(png),
        };
        match right {
            Mean(size, expected) => {
                let mean = image.mean();
                let is_right = mean.iter().zip(expected).all(|(a, b)| (a - f64::from(*b)).abs() <= 3.0);
                (image.size != *size || !is_right).then(|| format!("{name}: {:?}, mean {mean:.0?}", image.size))
            }
            Pixels(size, points) if image.size == *size => {
                let mut points = points.iter().map(|((x, y), expected)| (image.at(*x, *y), *expected));
                points.find(|(found, expected)| !is_near(*found, *expected)).map(|pair| format!("{name}: {pair:?}"))
            }
            Pixels(..) | Refused(_) => Some(format!("{name}: {:?}", image.size)),
        }
    });
}

#[test]
fn no_case_is_left_out() {
    let Some(root) = shared::corpus() else { return };
    let stored = std::fs::read_dir(root.join("cases")).unwrap().map(|entry| entry.unwrap().file_name());
    let stored = stored.map(|name| name.into_string().unwrap()).filter(|name| name != "CASES.md");
    let missing: Vec<_> = stored.filter(|name| !CASES.iter().any(|(case, ..)| case == name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Returns every file under `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Memory that a decoder returns without having written it shows up as a difference.
#[test]
fn rare_images_show_nothing_that_the_file_does_not_describe() {
    let Some(root) = shared::corpus() else { return };
    let scratch = Scratch::new("memory");
    let is_rare = |path: &PathBuf| sniff(&std::fs::read(path).unwrap()).is_some_and(SourceFormat::is_rare);
    let rare: Vec<PathBuf> = files(&root).into_iter().filter(is_rare).collect();
    assert!(rare.len() > 150, "{} files: the corpus is not whole", rare.len());
    for_each(&rare, |thread, path| {
        // In full where it is small. Scaling makes a difference smaller but does not hide it.
        let shown = |byte: u8| {
            rendered(path, "fm=png&fit=max&w=512&h=512", &scratch.0.join(format!("{thread}.png")), Some(byte)).ok()
        };
        (shown(0x55) != shown(0xAA)).then(|| format!("{} differs", path.display()))
    });
}

/// A truncated JPEG with an end marker after the cut. libjpeg only warns about it, sometimes not before the last rows.
#[test]
fn a_truncated_jpeg_is_refused_even_with_an_end_marker() {
    let Some(root) = shared::corpus() else { return };
    let scratch = Scratch::new("cut");
    let is_small = |path: &PathBuf| (2_000..120_000).contains(&path.metadata().unwrap().len());
    let mut whole: Vec<PathBuf> = files(&root.join("jpeg")).into_iter().chain(files(&root.join("photos"))).collect();
    // libjpeg does not notice the truncation with arithmetic coding.
    let is_arithmetic = |path: &PathBuf| path.to_string_lossy().ends_with("ari.jpg");
    whole.retain(|path| is_small(path) && !is_arithmetic(path));
    whole.truncate(24);
    assert!(whole.len() >= 10, "{} files", whole.len());
    for_each(&whole, |thread, path| {
        let (cut, out) = (scratch.0.join(format!("{thread}.jpg")), scratch.0.join(format!("{thread}.png")));
        for query in ["fm=png", "fm=png&w=24"] {
            if rendered(path, query, &out, None).is_err() {
                return None;
            }
            let bytes = std::fs::read(path).unwrap();
            let end = bytes.windows(2).rposition(|pair| pair == [0xFF, 0xD9]).unwrap_or(bytes.len());
            for missing in [12, 40, 400] {
                std::fs::write(&cut, [&bytes[..end.saturating_sub(missing)], &[0xFF, 0xD9]].concat()).unwrap();
                if rendered(&cut, query, &out, None).is_ok() {
                    return Some(format!("{} without {missing} bytes is drawn for {query}", path.display()));
                }
            }
        }
        None
    });
}
