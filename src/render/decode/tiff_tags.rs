//! Information about the samples of a TIFF that its decoder does not expose. Pure and total: a malformed file yields
//! nothing. Source: TIFF 6.0 sections 2 (structure) and 19 (`SMinSampleValue`, `SMaxSampleValue`), BigTIFF's design
//! notes.

use crate::render::FileFeature;
use crate::render::color::floats::Range;

const BITS_PER_SAMPLE: u16 = 258;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const PLANES: u16 = 284;
const TILE_WIDTH: u16 = 322;
const SAMPLE_FORMAT: u16 = 339;
const S_MIN_SAMPLE_VALUE: u16 = 340;
const S_MAX_SAMPLE_VALUE: u16 = 341;
const YCBCR_SUBSAMPLING: u16 = 530;
/// Values of `PHOTOMETRIC` and `SAMPLE_FORMAT`.
const YCBCR: u32 = 6;
const FLOATING: u32 = 3;
/// Maximum number of entries searched in one directory.
const ENTRIES_MAX: u64 = 4096;

/// Returns the values that represent black and white on page `page`, counted from 0, if the file states both.
pub(super) fn range(bytes: &[u8], page: u32) -> Option<Range> {
    let directory = Directory::of(bytes, page)?;
    Range::new(directory.value(S_MIN_SAMPLE_VALUE)?, directory.value(S_MAX_SAMPLE_VALUE)?)
}

/// Returns the feature that prevents page `page` from being read, or `None` if the reason is something else. libvips
/// 8.14 supports none of these.
pub(super) fn unread(bytes: &[u8], page: u32) -> Option<FileFeature> {
    let directory = Directory::of(bytes, page)?;
    let value = |tag, default| directory.value(tag).map_or(default, |value: f64| value as u32);
    let (compression, bits) = (value(COMPRESSION, 1), value(BITS_PER_SAMPLE, 1));
    let is_tiled = directory.value(TILE_WIDTH).is_some();
    let is_subsampled = value(PHOTOMETRIC, 1) == YCBCR && value(YCBCR_SUBSAMPLING, 2) != 1;
    Some(match (compression, bits) {
        (6, _) => FileFeature::OldStyleJpeg,
        (32_809, _) => FileFeature::ThunderScan,
        (1..=5 | 7 | 8 | 32_773 | 32_946 | 34_887 | 50_000 | 50_001, _) => match bits {
            16 if value(SAMPLE_FORMAT, 1) == FLOATING => FileFeature::HalfFloats,
            1 | 2 | 4 | 8 | 16 | 32 | 64 if is_tiled && value(PLANES, 1) == 2 => FileFeature::PlanarTiles,
            1 | 2 | 4 | 8 | 16 | 32 | 64 if is_subsampled && compression != 7 => FileFeature::SubsampledYcbcr,
            1 | 2 | 4 | 8 | 16 | 32 | 64 => return None,
            _ => FileFeature::Bits(bits),
        },
        _ => FileFeature::Compression(compression),
    })
}

/// The entries of one page.
struct Directory<'b> {
    file: TiffFile<'b>,
    count: u64,
    entries: u64,
}

impl<'b> Directory<'b> {
    fn of(bytes: &'b [u8], page: u32) -> Option<Self> {
        let file = TiffFile::of(bytes)?;
        let mut at = file.first()?;
        for _ in 0..page {
            let (count, entries) = file.directory(at)?;
            at = file.offset(entries.checked_add(count.checked_mul(file.entry_len())?)?)?;
        }
        let (count, entries) = file.directory(at)?;
        Some(Self { file, count: count.min(ENTRIES_MAX), entries })
    }

    /// Returns the first value of a tag.
    fn value(&self, tag: u16) -> Option<f64> {
        let mut entries = (0..self.count).map_while(|index| self.entries.checked_add(index * self.file.entry_len()));
        let entry = entries.find(|entry| self.file.number(*entry, 2) == Some(u64::from(tag)))?;
        self.file.value(entry)
    }
}

struct TiffFile<'b> {
    bytes: &'b [u8],
    is_little: bool,
    is_big: bool,
}

impl<'b> TiffFile<'b> {
    fn of(bytes: &'b [u8]) -> Option<Self> {
        let is_little = bytes.starts_with(b"II");
        let mut file = TiffFile { bytes, is_little, is_big: false };
        file.is_big = file.number(2, 2)? == 43;
        Some(file)
    }

    /// Reads an unsigned number of up to 8 bytes.
    fn number(&self, at: u64, len: usize) -> Option<u64> {
        let at = usize::try_from(at).ok()?;
        let bytes = self.bytes.get(at..at.checked_add(len)?)?;
        let add = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if self.is_little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) })
    }

    fn offset(&self, at: u64) -> Option<u64> {
        self.number(at, if self.is_big { 8 } else { 4 })
    }

    fn first(&self) -> Option<u64> {
        self.offset(if self.is_big { 8 } else { 4 })
    }

    const fn entry_len(&self) -> u64 {
        if self.is_big { 20 } else { 12 }
    }

    /// Returns how many entries the directory at `at` has, and where they begin.
    fn directory(&self, at: u64) -> Option<(u64, u64)> {
        let len = if self.is_big { 8 } else { 2 };
        Some((self.number(at, len)?, at.checked_add(len as u64)?))
    }

    /// Returns the first value of an entry of any numeric type.
    fn value(&self, entry: u64) -> Option<f64> {
        let kind = self.number(entry.checked_add(2)?, 2)?;
        let len: usize = match kind {
            1 | 6 => 1,
            3 | 8 => 2,
            4 | 9 | 11 => 4,
            12 => 8,
            _ => return None,
        };
        let count = self.number(entry.checked_add(4)?, if self.is_big { 8 } else { 4 })?;
        let (inline, room) = if self.is_big { (entry.checked_add(12)?, 8) } else { (entry.checked_add(8)?, 4) };
        let fits = count.checked_mul(len as u64)? <= room;
        let at = if fits { inline } else { self.offset(inline)? };
        let bits = self.number(at, len)?;
        Some(match kind {
            6 => f64::from(bits as u8 as i8),
            8 => f64::from(bits as u16 as i16),
            9 => f64::from(bits as u32 as i32),
            11 => f64::from(f32::from_bits(bits as u32)),
            12 => f64::from_bits(bits),
            _ => bits as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Encodes an entry with an inline value.
    fn entry(tag: u16, kind: u16, value: [u8; 4]) -> Vec<u8> {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &1_u32.to_le_bytes(), &value].concat()
    }

    /// Builds a little-endian file with these directories.
    fn file(directories: &[&[Vec<u8>]]) -> Vec<u8> {
        let mut out = [&b"II*\0"[..], &8_u32.to_le_bytes()].concat();
        for (index, entries) in directories.iter().enumerate() {
            let len = 2 + entries.len() * 12 + 4;
            let next = if index + 1 < directories.len() { out.len() + len } else { 0 };
            out.extend((entries.len() as u16).to_le_bytes());
            out.extend(entries.concat());
            out.extend((next as u32).to_le_bytes());
        }
        out
    }

    #[test]
    fn ranges_of_each_page() {
        let floats = [entry(340, 11, (-2.0_f32).to_le_bytes()), entry(341, 11, 6.0_f32.to_le_bytes())];
        let shorts = [entry(340, 8, [0xFF, 0xFF, 0, 0]), entry(341, 3, [100, 0, 0, 0])];
        let bytes = file(&[&floats, &shorts, &[entry(340, 11, [0; 4])]]);
        assert_eq!(range(&bytes, 0), Range::new(-2.0, 6.0));
        assert_eq!(range(&bytes, 1), Range::new(-1.0, 100.0));
        assert_eq!((range(&bytes, 2), range(&bytes, 3)), (None, None));
        for length in 0..bytes.len() {
            let _ = range(&bytes[..length], 1);
        }
    }

    #[test]
    fn unsupported_features_are_named() {
        let check = |entries: &[(u16, u16)], expected: Option<FileFeature>| {
            let entries: Vec<_> =
                entries.iter().map(|(tag, v)| entry(*tag, 3, [*v as u8, (*v >> 8) as u8, 0, 0])).collect();
            assert_eq!(unread(&file(&[&entries]), 0), expected, "{entries:?}");
        };
        check(&[(258, 8), (259, 5)], None);
        check(&[(258, 8), (259, 6)], Some(FileFeature::OldStyleJpeg));
        check(&[(258, 4), (259, 32_809)], Some(FileFeature::ThunderScan));
        check(&[(258, 8), (259, 34_712)], Some(FileFeature::Compression(34_712)));
        check(&[(258, 12)], Some(FileFeature::Bits(12)));
        check(&[(258, 16), (339, 3)], Some(FileFeature::HalfFloats));
        check(&[(258, 8), (284, 2)], None);
        check(&[(258, 8), (284, 2), (322, 16)], Some(FileFeature::PlanarTiles));
        check(&[(258, 8), (259, 5), (262, 6)], Some(FileFeature::SubsampledYcbcr));
        check(&[(258, 8), (259, 5), (262, 6), (530, 1)], None);
        check(&[(258, 8), (259, 7), (262, 6), (530, 2)], None);
    }

    #[test]
    fn values_outside_the_directory_and_directories_in_a_loop() {
        let mut bytes = file(&[&[entry(340, 12, 100_u32.to_le_bytes()), entry(341, 12, 108_u32.to_le_bytes())]]);
        bytes.resize(100, 0);
        bytes.extend([0.25_f64.to_le_bytes(), 0.75_f64.to_le_bytes()].concat());
        assert_eq!(range(&bytes, 0), Range::new(0.25, 0.75));
        let ring = [&b"II*\0"[..], &8_u32.to_le_bytes(), &[0, 0], &8_u32.to_le_bytes()].concat();
        assert_eq!(range(&ring, 60_000), None);
    }
}
