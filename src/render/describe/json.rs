//! `fm=json`: describes an original from its header (`rendering.md` 15.1). Never includes its location: GPS is omitted.

use crate::sniff::SourceFormat;
use serde_json::{Map, Value, json};

use crate::plan::Orient;
use crate::render::color::convert;
use crate::render::decode::{Foreign, Opened, exif_groups, gif_depth, iptc_fields};
use crate::render::faces::{self, Face};
use crate::units::Size;
use crate::vips::{SampleFormat, Space};

/// Millimetres in an inch.
const MM_PER_INCH: f64 = 25.4;
/// Conventional resolution for a file that states none.
const DPI_UNSTATED: u32 = 72;

/// Describes the original as it is stored: `PixelWidth` is the stored width, whatever `Orientation` says. `Orientation`
/// is 0 if the file states none.
#[must_use]
pub(in crate::render) fn describe(opened: &Opened<'_>, bytes: &[u8], faces: Option<&[Face]>) -> Value {
    let measured = opened.measured;
    let mut out = Map::new();
    out.insert("Content-Type".to_owned(), json!(opened.format.content_type()));
    out.insert("Content-Length".to_owned(), json!(bytes.len().to_string()));
    out.insert("PixelWidth".to_owned(), json!(measured.size.width));
    out.insert("PixelHeight".to_owned(), json!(measured.size.height));
    let orientation = opened.foreign().and_then(stated_orientation).unwrap_or(0);
    out.insert("Orientation".to_owned(), json!(orientation));
    match opened.foreign() {
        Some(foreign) => foreign_facts(&mut out, opened.format, foreign),
        None => {
            out.insert("ColorModel".to_owned(), json!("RGB"));
            let depth = if opened.format == SourceFormat::Gif { gif_depth(bytes) } else { 8 };
            out.insert("Depth".to_owned(), json!(depth));
            out.insert("DPIWidth".to_owned(), json!(DPI_UNSTATED));
            out.insert("DPIHeight".to_owned(), json!(DPI_UNSTATED));
        }
    }
    if opened.format == SourceFormat::Gif {
        out.insert("GIF".to_owned(), gif_facts(opened.stored.delays_ms.first().copied().unwrap_or(0)));
    }
    let frames = if measured.frames > 1 { json!({ "Frames": measured.frames }) } else { json!({}) };
    out.insert("Output".to_owned(), frames);
    if let Some(faces) = faces {
        let upright = faces::upright_size(Orient::Exif, measured);
        let sure = faces.iter().filter(|face| face.is_sure());
        out.insert("Faces".to_owned(), sure.map(|face| listed(face, upright)).collect());
    }
    Value::Object(out)
}

/// Returns how long the first frame is shown, as browsers do it and as the file states.
fn gif_facts(delay_ms: u32) -> Value {
    // Browsers show frames with a delay below 20 ms for 100 ms.
    let clamped_ms = if delay_ms < 20 { 100 } else { delay_ms };
    let seconds = |ms: u32| json!(f64::from(ms) / 1000.0);
    json!({ "DelayTime": seconds(clamped_ms), "UnclampedDelayTime": seconds(delay_ms) })
}

/// Describes a face in pixels of the upright image.
fn listed(face: &Face, upright: Size) -> Value {
    let hundredths = |value: f32, len: u32| (f64::from(value) * f64::from(len) * 100.0).round() / 100.0;
    let [left, top, right, bottom] = face.edges;
    let (x, y) = (hundredths(left, upright.width), hundredths(top, upright.height));
    let (width, height) = (hundredths(right - left, upright.width), hundredths(bottom - top, upright.height));
    json!({
        "bounds": { "x": number(x), "y": number(y), "width": number(width), "height": number(height) },
        "confidence": (face.confidence * 100.0).round() as u32,
    })
}

fn stated_orientation(foreign: &Foreign<'_>) -> Option<i32> {
    foreign.header().meta_int(c"orientation").filter(|value| (1..=8).contains(value))
}

fn foreign_facts(out: &mut Map<String, Value>, format: SourceFormat, foreign: &Foreign<'_>) {
    let header = foreign.header();
    let model = match header.space() {
        Space::Grey => "Gray",
        Space::Cmyk => "CMYK",
        Space::Rgb | Space::Light | Space::Unknown | Space::Other => "RGB",
    };
    out.insert("ColorModel".to_owned(), json!(model));
    let stated_depth = header.meta_int(c"bits-per-sample").filter(|bits| (1..=32).contains(bits));
    let held_depth = if header.depth() == SampleFormat::U16 { 16 } else { 8 };
    out.insert("Depth".to_owned(), json!(stated_depth.unwrap_or(held_depth)));
    if let Some(name) = header.meta_blob(c"icc-profile-data").as_deref().and_then(convert::profile_name) {
        out.insert("ProfileName".to_owned(), json!(name));
    }
    let (x, y) = header.resolution();
    let dpi = |per_mm: f64| (per_mm * MM_PER_INCH * 100.0).round() / 100.0;
    if x.is_finite() && y.is_finite() && x > 0.0 && y > 0.0 {
        // libvips reports 1 pixel per millimetre for a file that states no resolution.
        let stated = (x - 1.0).abs() > 1e-6 || (y - 1.0).abs() > 1e-6;
        out.insert("DPIWidth".to_owned(), if stated { number(dpi(x)) } else { json!(DPI_UNSTATED) });
        out.insert("DPIHeight".to_owned(), if stated { number(dpi(y)) } else { json!(DPI_UNSTATED) });
    }
    groups(out, format, foreign);
}

/// Adds the metadata groups: JFIF for JPEG, then EXIF and IPTC.
fn groups(out: &mut Map<String, Value>, format: SourceFormat, foreign: &Foreign<'_>) {
    if format == SourceFormat::Jpeg
        && let Some(jfif) = jfif(foreign.bytes())
    {
        out.insert("JFIF".to_owned(), jfif);
    }
    let exif = foreign.header().meta_blob(c"exif-data").unwrap_or_default();
    for (group, fields) in exif_groups(&exif) {
        if !fields.is_empty() {
            out.insert(group.to_owned(), Value::Object(fields));
        }
    }
    let iptc = iptc_fields(&foreign.header().meta_blob(c"iptc-data").unwrap_or_default());
    if !iptc.is_empty() {
        out.insert("IPTC".to_owned(), Value::Object(iptc));
    }
}

/// Writes a whole number without a decimal point, as in the documented examples.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e9 { json!(value as i64) } else { json!(value) }
}

/// Returns the JFIF segment if it is the first in the file (JFIF 1.02, "JFIF syntax").
fn jfif(bytes: &[u8]) -> Option<Value> {
    let segment = bytes.get(2..20)?;
    if !segment.starts_with(&[0xFF, 0xE0]) || segment.get(4..9)? != b"JFIF\0" {
        return None;
    }
    let short = |at: usize| u16::from_be_bytes([segment[at], segment[at + 1]]);
    Some(json!({
        "JFIFVersion": [segment[9], segment[10]],
        "DensityUnit": segment[11],
        "XDensity": short(12),
        "YDensity": short(14),
    }))
}
