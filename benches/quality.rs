//! SSIMULACRA2 of renditions against a linear-light Lanczos3 reference of their originals, so that every server is
//! measured by the same yardstick: `cargo bench --bench quality -- ORIGINAL RENDITION [ORIGINAL RENDITION ...]`.
//!
//! The reference is computed in `f64`, independently of the library's resampler. Orientation and colour profiles are
//! not applied: use upright sRGB photographs. 100 is identical; differences under 0.5 cannot be seen.

use std::ffi::CStr;
use std::path::Path;

use anyhow::{Context, Result, bail};
use fast_ssim2::{PixelDescriptor, PixelSlice, compute_ssimulacra2};
use tintype::pixels::raster::Samples;
use tintype::vips;

/// 8-bit RGB, rows without padding.
struct Image {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

fn main() -> Result<()> {
    let paths: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if paths.is_empty() || !paths.len().is_multiple_of(2) {
        eprintln!("usage: cargo bench --bench quality -- ORIGINAL RENDITION [ORIGINAL RENDITION ...]");
        return Ok(());
    }
    vips::init().context("libvips does not start")?;
    let (mut scores, mut bytes) = (Vec::new(), 0);
    for pair in paths.chunks_exact(2) {
        let (original, rendition) = (read(Path::new(&pair[0]))?, read(Path::new(&pair[1]))?);
        let score = score(&reference(&original, rendition.width, rendition.height), &rendition)?;
        let size = std::fs::metadata(&pair[1])?.len();
        println!("{}: {} x {}, {size} bytes, {score:.2}", pair[1], rendition.width, rendition.height);
        scores.push(score);
        bytes += size;
    }
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
    println!("{} images: mean {mean:.2}, least {least:.2}, mean {} bytes", scores.len(), bytes / scores.len() as u64);
    Ok(())
}

fn read(path: &Path) -> Result<Image> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let loader: &CStr = match bytes.as_slice() {
        [0xff, 0xd8, ..] => c"jpegload_buffer",
        [0x89, b'P', b'N', b'G', ..] => c"pngload_buffer",
        [b'R', b'I', b'F', b'F', ..] => c"webpload_buffer",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => c"heifload_buffer",
        _ => bail!("{}: not JPEG, PNG, WebP or AVIF", path.display()),
    };
    let raster = vips::Call::new(loader).bytes(c"buffer", &bytes).image_out()?.to_raster()?.into_8_bit();
    let Samples::U8(samples) = raster.samples else { bail!("{}: not 8 bits a sample", path.display()) };
    let rgb = match raster.channels {
        3 => samples,
        4 => samples.as_chunks::<4>().0.iter().flat_map(|p| [p[0], p[1], p[2]]).collect(),
        1 => samples.iter().flat_map(|&v| [v; 3]).collect(),
        n => bail!("{}: {n} channels", path.display()),
    };
    Ok(Image { width: raster.size.width as usize, height: raster.size.height as usize, rgb })
}

fn score(reference: &Image, distorted: &Image) -> Result<f64> {
    let rgb = PixelDescriptor::RGB8_SRGB;
    let [a, b] = [reference, distorted];
    let a = PixelSlice::new(&a.rgb, a.width as u32, a.height as u32, a.width * 3, rgb)?;
    let b = PixelSlice::new(&b.rgb, b.width as u32, b.height as u32, b.width * 3, rgb)?;
    Ok(compute_ssimulacra2(&a, &b)?)
}

/// Resizes with two passes of Lanczos3 in linear light.
fn reference(source: &Image, width: usize, height: usize) -> Image {
    let linear: Vec<f64> = (0..=255_u8).map(|v| to_linear(f64::from(v) / 255.0)).collect();
    let (across, down) = (weights(source.width, width), weights(source.height, height));
    let mut narrow = vec![0.0; width * source.height * 3];
    for (from, to) in source.rgb.chunks_exact(source.width * 3).zip(narrow.chunks_exact_mut(width * 3)) {
        for (pixel, (first, taps)) in to.as_chunks_mut::<3>().0.iter_mut().zip(&across) {
            for (channel, value) in pixel.iter_mut().enumerate() {
                let at = |tap: usize| linear[usize::from(from[(first + tap) * 3 + channel])];
                *value = taps.iter().enumerate().map(|(tap, weight)| weight * at(tap)).sum();
            }
        }
    }
    let row = width * 3;
    let mut rgb = Vec::with_capacity(row * height);
    for (first, taps) in &down {
        rgb.extend((0..row).map(|x| {
            let at = |tap: usize| narrow[(first + tap) * row + x];
            let value: f64 = taps.iter().enumerate().map(|(tap, weight)| weight * at(tap)).sum();
            (to_encoded(value.clamp(0.0, 1.0)) * 255.0).round() as u8
        }));
    }
    Image { width, height, rgb }
}

/// Returns for each pixel of `to` the first pixel of `from` that counts, and the weights from there on, which add up to
/// 1.
fn weights(from: usize, to: usize) -> Vec<(usize, Vec<f64>)> {
    let scale = from as f64 / to as f64;
    let stretch = scale.max(1.0);
    let lanczos = |x: f64| {
        let t = std::f64::consts::PI * x;
        if t == 0.0 { 1.0 } else { 3.0 * t.sin() * (t / 3.0).sin() / (t * t) }
    };
    let taps = |index: usize| {
        let center = (index as f64 + 0.5) * scale - 0.5;
        let first = (center - 3.0 * stretch).ceil().max(0.0) as usize;
        let last = ((center + 3.0 * stretch).floor() as usize).min(from - 1);
        let raw: Vec<f64> = (first..=last).map(|i| lanczos((i as f64 - center) / stretch)).collect();
        let sum: f64 = raw.iter().sum();
        (first, raw.into_iter().map(|weight| weight / sum).collect())
    };
    (0..to).map(taps).collect()
}

fn to_linear(v: f64) -> f64 {
    if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
}

fn to_encoded(v: f64) -> f64 {
    if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
}
