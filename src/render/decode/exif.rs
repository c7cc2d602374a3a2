//! EXIF blocks: the orientation, and the fields that describe an image. Pure and total: hostile offsets are ignored,
//! and the limits below bound what is read. Source: EXIF 2.32 sections 4.5 and 4.6.

use serde_json::{Map, Value, json};

/// Returns the orientation, 1 to 8, from an EXIF block with or without its `Exif\0\0` header. Any other value counts as
/// 1.
#[must_use]
pub fn orientation(exif: &[u8]) -> u8 {
    const ORIENTATION: u16 = 0x0112;
    let stated = Tiff::new(exif).and_then(|tiff| {
        let entry = tiff.entries(tiff.first_directory()?).find(|entry| entry.tag == ORIENTATION)?;
        (entry.kind == SHORT).then(|| tiff.short(entry.value))?
    });
    stated.and_then(|value| u8::try_from(value).ok()).filter(|value| (1..=8).contains(value)).unwrap_or(1)
}

/// Returns the known fields of the groups `TIFF` (first directory) and `Exif`. Location (GPS), maker notes, comments
/// and serial numbers are deliberately excluded.
#[must_use]
pub fn groups(exif: &[u8]) -> [(&'static str, Map<String, Value>); 2] {
    const EXIF_DIRECTORY: u16 = 0x8769;
    let Some(tiff) = Tiff::new(exif) else { return [("TIFF", Map::new()), ("Exif", Map::new())] };
    let first = tiff.first_directory();
    let second = first
        .and_then(|at| tiff.entries(at).find(|entry| entry.tag == EXIF_DIRECTORY))
        .and_then(|entry| tiff.long(entry.value));
    [("TIFF", tiff.named(first, TIFF_TAGS)), ("Exif", tiff.named(second, EXIF_TAGS))]
}

type Tags = &'static [(u16, &'static str)];

const TIFF_TAGS: Tags = &[
    (0x010E, "ImageDescription"),
    (0x010F, "Make"),
    (0x0110, "Model"),
    (0x0112, "Orientation"),
    (0x011A, "XResolution"),
    (0x011B, "YResolution"),
    (0x0128, "ResolutionUnit"),
    (0x0131, "Software"),
    (0x0132, "DateTime"),
    (0x013B, "Artist"),
    (0x8298, "Copyright"),
];

const EXIF_TAGS: Tags = &[
    (0x829A, "ExposureTime"),
    (0x829D, "FNumber"),
    (0x8822, "ExposureProgram"),
    (0x8827, "ISOSpeedRatings"),
    (0x9003, "DateTimeOriginal"),
    (0x9004, "DateTimeDigitized"),
    (0x9201, "ShutterSpeedValue"),
    (0x9202, "ApertureValue"),
    (0x9203, "BrightnessValue"),
    (0x9204, "ExposureBiasValue"),
    (0x9207, "MeteringMode"),
    (0x9208, "LightSource"),
    (0x9209, "Flash"),
    (0x920A, "FocalLength"),
    (0xA001, "ColorSpace"),
    (0xA002, "PixelXDimension"),
    (0xA003, "PixelYDimension"),
    (0xA217, "SensingMethod"),
    (0xA402, "ExposureMode"),
    (0xA403, "WhiteBalance"),
    (0xA405, "FocalLenIn35mmFilm"),
    (0xA406, "SceneCaptureType"),
    (0xA433, "LensMake"),
    (0xA434, "LensModel"),
];

const ASCII: u16 = 2;
const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;
const SIGNED_RATIONAL: u16 = 10;

/// Longest text that is reported, in bytes.
const TEXT_MAX: usize = 1024;

/// A TIFF structure in memory.
struct Tiff<'a> {
    bytes: &'a [u8],
    little: bool,
}

/// One field of a directory.
#[derive(Clone, Copy)]
struct Entry {
    tag: u16,
    kind: u16,
    count: usize,
    /// Offset of the four bytes that hold the value or the offset of the value.
    value: usize,
}

impl<'a> Tiff<'a> {
    fn new(exif: &'a [u8]) -> Option<Self> {
        let bytes = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
        match bytes.first_chunk::<4>()? {
            b"II*\0" => Some(Self { bytes, little: true }),
            b"MM\0*" => Some(Self { bytes, little: false }),
            _ => None,
        }
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..)?.first_chunk::<2>().copied()?;
        Some(if self.little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn long(&self, at: usize) -> Option<usize> {
        let bytes = self.bytes.get(at..)?.first_chunk::<4>().copied()?;
        let value = if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) };
        usize::try_from(value).ok()
    }

    fn first_directory(&self) -> Option<usize> {
        self.long(4)
    }

    /// Returns the fields of the directory at `at`, stopping at the end of the data.
    fn entries(&self, at: usize) -> impl Iterator<Item = Entry> {
        let count = usize::from(self.short(at).unwrap_or(0));
        (0..count).map_while(move |index| {
            let entry = at.checked_add(2 + index * 12)?;
            Some(Entry {
                tag: self.short(entry)?,
                kind: self.short(entry + 2)?,
                count: self.long(entry + 4)?,
                value: entry + 8,
            })
        })
    }

    fn named(&self, directory: Option<usize>, tags: Tags) -> Map<String, Value> {
        let Some(at) = directory else { return Map::new() };
        let name = |tag| tags.iter().find(|(known, _)| *known == tag).map(|(_, name)| (*name).to_owned());
        self.entries(at).filter_map(|entry| Some((name(entry.tag)?, self.value(entry)?))).collect()
    }

    fn value(&self, entry: Entry) -> Option<Value> {
        match entry.kind {
            ASCII => self.text(entry).map(Value::String),
            SHORT => self.short(entry.value).map(|v| json!(v)),
            LONG => self.long(entry.value).map(|v| json!(v)),
            RATIONAL | SIGNED_RATIONAL => {
                let at = self.long(entry.value)?;
                let (over, under) = (self.long(at)?, self.long(at.checked_add(4)?)?);
                let signed = |v: usize| if entry.kind == RATIONAL { v as f64 } else { f64::from(v as u32 as i32) };
                (under != 0).then(|| json!(signed(over) / signed(under)))
            }
            _ => None,
        }
    }

    fn text(&self, entry: Entry) -> Option<String> {
        let at = if entry.count <= 4 { entry.value } else { self.long(entry.value)? };
        let bytes = self.bytes.get(at..at.checked_add(entry.count.min(TEXT_MAX))?)?;
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        let text = String::from_utf8_lossy(&bytes[..end]).trim().to_owned();
        (!text.is_empty()).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(little: bool, tag: u16, kind: u16, value: u16) -> Vec<u8> {
        let short = |v: u16| if little { v.to_le_bytes() } else { v.to_be_bytes() };
        let long = |v: u32| if little { v.to_le_bytes() } else { v.to_be_bytes() };
        let mut out = if little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
        out.extend(long(8));
        out.extend(short(1));
        out.extend(short(tag));
        out.extend(short(kind));
        out.extend(long(1));
        out.extend(short(value));
        out.extend([0, 0]);
        out
    }

    #[test]
    fn orientations_1_to_8_are_read_and_other_values_are_1() {
        for value in 1..=8 {
            assert_eq!(orientation(&block(true, 0x112, 3, value)), value as u8);
            assert_eq!(orientation(&[b"Exif\0\0".to_vec(), block(false, 0x112, 3, value)].concat()), value as u8);
        }
        for odd in [block(true, 0x112, 3, 0), block(true, 0x112, 3, 9), block(true, 0x112, 3, 0x106)] {
            assert_eq!(orientation(&odd), 1);
        }
        assert_eq!(orientation(&block(true, 0x113, 3, 6)), 1, "another tag");
        assert_eq!(orientation(&block(true, 0x112, 4, 6)), 1, "another type");
    }

    #[test]
    fn truncated_and_hostile_blocks_are_ignored() {
        let whole = block(true, 0x112, 3, 6);
        // The last two bytes are padding; the value itself takes two more.
        for length in 0..whole.len() - 3 {
            assert_eq!(orientation(&whole[..length]), 1, "cut at {length}");
            assert!(groups(&whole[..length])[0].1.is_empty(), "cut at {length}");
        }
        let mut far = whole.clone();
        far[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(orientation(&far), 1);
        let mut many = whole;
        many[8..10].copy_from_slice(&u16::MAX.to_le_bytes());
        many[10] = 0;
        assert_eq!(orientation(&many), 1);
    }

    #[test]
    fn known_fields_are_named() {
        let [(name, tiff), (_, exif)] = groups(&block(false, 0x112, 3, 6));
        assert_eq!((name, tiff.get("Orientation")), ("TIFF", Some(&json!(6))));
        assert!(exif.is_empty());
        let [(_, place), _] = groups(&block(true, 0x8825, 3, 6));
        assert!(place.is_empty(), "GPS is not shown");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(tail in proptest::collection::vec(proptest::num::u8::ANY, 0..200), little: bool) {
            let head: &[u8] = if little { b"II*\0" } else { b"MM\0*" };
            let block = [head, &tail].concat();
            assert!((1..=8).contains(&orientation(&block)));
            let _ = groups(&block);
        }
    }
}
