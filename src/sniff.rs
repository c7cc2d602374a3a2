//! Detects the format of an original from its first bytes. Does not ask libvips, because its detection tries every
//! loader that it has.

use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::blob::Blob;

/// The format of an original.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names of the formats")]
pub enum SourceFormat {
    Jpeg,
    /// PNG, including APNG.
    Png,
    Webp,
    Gif,
    Tiff,
    /// HEVC in HEIF, and HEIF without a brand that says otherwise.
    Heic,
    /// AV1 in HEIF.
    Avif,
    Jxl,
    /// JP2 file or bare codestream.
    Jp2,
    /// Plain or gzipped.
    Svg,
    /// PDF, including Illustrator files, which are PDF inside.
    Pdf,
    Bmp,
    /// Icons and cursors.
    Ico,
    Psd,
    Eps,
    /// JPEG XR.
    Jxr,
    /// Apple icons.
    Icns,
}

impl SourceFormat {
    /// Returns the short name for errors and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Gif => "gif",
            Self::Tiff => "tiff",
            Self::Heic => "heic",
            Self::Avif => "avif",
            Self::Jxl => "jxl",
            Self::Jp2 => "jp2",
            Self::Svg => "svg",
            Self::Pdf => "pdf",
            Self::Bmp => "bmp",
            Self::Ico => "ico",
            Self::Psd => "psd",
            Self::Eps => "eps",
            Self::Jxr => "jxr",
            Self::Icns => "icns",
        }
    }

    /// Returns the media type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Tiff => "image/tiff",
            Self::Heic => "image/heic",
            Self::Avif => "image/avif",
            Self::Jxl => "image/jxl",
            Self::Jp2 => "image/jp2",
            Self::Svg => "image/svg+xml",
            Self::Pdf => "application/pdf",
            Self::Bmp => "image/bmp",
            Self::Ico => "image/vnd.microsoft.icon",
            Self::Psd => "image/vnd.adobe.photoshop",
            Self::Eps => "application/postscript",
            Self::Jxr => "image/vnd.ms-photo",
            Self::Icns => "image/icns",
        }
    }

    /// Returns whether libvips reads animations of this format.
    #[must_use]
    pub const fn can_animate(self) -> bool {
        matches!(self, Self::Webp)
    }

    /// Returns whether files of this format have pages, of which `page` selects one.
    #[must_use]
    pub const fn has_pages(self) -> bool {
        matches!(self, Self::Pdf | Self::Tiff)
    }

    /// Returns whether this format is a HEIF container.
    #[must_use]
    pub const fn is_heif(self) -> bool {
        matches!(self, Self::Heic | Self::Avif)
    }

    /// Returns whether we must apply the orientation in the file's EXIF. The JPEG XL decoder applies it itself.
    #[must_use]
    pub const fn is_turned_by_exif(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Webp | Self::Tiff)
    }

    /// Returns whether decoders of this format are little used and so little tested: true for all but the four common
    /// formats of the web.
    #[must_use]
    pub const fn is_rare(self) -> bool {
        !matches!(self, Self::Jpeg | Self::Png | Self::Webp | Self::Gif)
    }

    /// Returns whether `rasterize-bypass` sends the original unchanged (`rendering.md` 16).
    #[must_use]
    pub const fn is_vector(self) -> bool {
        matches!(self, Self::Svg | Self::Pdf | Self::Eps)
    }
}

/// The bytes of an image with its known format, so that the format need not be detected again.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The bytes as they arrived.
    pub bytes: Blob,
    /// Their format.
    pub format: SourceFormat,
}

impl Encoded {
    /// Detects the format of `bytes`; returns `None` if they are not an image that this server knows.
    #[must_use]
    pub fn sniffed(bytes: Blob) -> Option<Self> {
        sniff(bytes.as_slice()).map(|format| Self { bytes, format })
    }
}

/// Returns whether a header of a bitmap can have this length.
#[must_use]
pub const fn is_bitmap_header(len: usize) -> bool {
    matches!(len, 12 | 16..=64 | 108 | 124) && len.is_multiple_of(2)
}

/// Returns the format of an original, or `None` for bytes that are not an image this server knows; such bytes pass
/// through untouched.
#[must_use]
pub fn sniff(bytes: &[u8]) -> Option<SourceFormat> {
    by_signature(bytes).or_else(|| looks_like_svg(bytes).then_some(SourceFormat::Svg))
}

fn by_signature(bytes: &[u8]) -> Option<SourceFormat> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Some(SourceFormat::Jpeg),
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some(SourceFormat::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(SourceFormat::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(SourceFormat::Webp),
        // Classic and big TIFF, either byte order.
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(SourceFormat::Tiff),
        [b'I', b'I', 0xBC, ..] => Some(SourceFormat::Jxr),
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', 0x0D, 0x0A, 0x87, 0x0A, ..] => Some(SourceFormat::Jxl),
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', 0x0D, 0x0A, 0x87, 0x0A, ..] | [0xFF, 0x4F, 0xFF, 0x51, ..] => {
            Some(SourceFormat::Jp2)
        }
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => by_brand(bytes),
        [b'%', b'P', b'D', b'F', b'-', ..] | [0xEF, 0xBB, 0xBF, b'%', b'P', b'D', b'F', b'-', ..] => {
            Some(SourceFormat::Pdf)
        }
        // The length of the second header distinguishes a bitmap from a text that begins with "BM".
        [b'B', b'M', ..] => {
            let [len, 0, 0, 0] = *bytes.get(14..)?.first_chunk::<4>()? else { return None };
            is_bitmap_header(usize::from(len)).then_some(SourceFormat::Bmp)
        }
        // Type 1 is an icon, 2 a cursor. There is at least one entry, and its reserved byte is 0.
        [0, 0, 1 | 2, 0, low, high, _, _, _, 0, ..] if *low != 0 || *high != 0 => Some(SourceFormat::Ico),
        [b'8', b'B', b'P', b'S', 0, 1 | 2, ..] => Some(SourceFormat::Psd),
        [b'%', b'!', b'P', b'S', ..] | [0xC5, 0xD0, 0xD3, 0xC6, ..] => Some(SourceFormat::Eps),
        [b'i', b'c', b'n', b's', _, _, _, _, ..] => Some(SourceFormat::Icns),
        _ => None,
    }
}

/// Detects the format of a HEIF container by its brands (ISO 23008-12 annex B, AV1-ISOBMFF): AV1 if any brand says so,
/// else HEVC. Other families of the same container, mostly videos, are not images.
fn by_brand(bytes: &[u8]) -> Option<SourceFormat> {
    let length = u32::from_be_bytes(bytes.first_chunk::<4>().copied()?) as usize;
    // Major brand at 8, a version number at 12, compatible brands from 16 to the end of the box.
    let brands = bytes.get(8..length.clamp(16, 4096).min(bytes.len()))?;
    let mut heif = false;
    for (index, brand) in brands.chunks_exact(4).enumerate() {
        match brand {
            _ if index == 1 => {}
            b"avif" | b"avis" => return Some(SourceFormat::Avif),
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" | b"mif1" | b"mif2"
            | b"msf1" => {
                heif = true;
            }
            _ => {}
        }
    }
    heif.then_some(SourceFormat::Heic)
}

/// Returns whether the root element is `svg`, with any namespace prefix, after a prologue of at most `PROLOGUE_MAX`
/// bytes.
fn looks_like_svg(bytes: &[u8]) -> bool {
    const PROLOGUE_MAX: usize = 16 << 10;
    let head = &bytes[..bytes.len().min(PROLOGUE_MAX)];
    if head.starts_with(&[0x1F, 0x8B]) {
        let mut inflated = Vec::new();
        let outcome = flate2::read::GzDecoder::new(bytes).take(PROLOGUE_MAX as u64).read_to_end(&mut inflated);
        // A stream that was cut short still shows how it begins.
        return (outcome.is_ok() || !inflated.is_empty()) && root_is_svg(&inflated);
    }
    root_is_svg(head)
}

fn root_is_svg(text: &[u8]) -> bool {
    let mut rest = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    loop {
        rest = rest.trim_ascii_start();
        rest = if let Some(inside) = rest.strip_prefix(b"<?") {
            after(inside, b"?>")
        } else if let Some(inside) = rest.strip_prefix(b"<!--") {
            after(inside, b"-->")
        } else if let Some(inside) = rest.strip_prefix(b"<!") {
            after_doctype(inside)
        } else {
            break;
        };
    }
    let Some(tag) = rest.strip_prefix(b"<") else { return false };
    let end = tag.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/')).unwrap_or(tag.len());
    let name = &tag[..end];
    name == b"svg" || name.ends_with(b":svg")
}

fn after<'t>(text: &'t [u8], end: &[u8]) -> &'t [u8] {
    text.windows(end.len()).position(|window| window == end).map_or(&[], |at| &text[at + end.len()..])
}

/// Skips a document type declaration, whose internal subset in brackets may contain `>`.
fn after_doctype(text: &[u8]) -> &[u8] {
    let close = text.iter().position(|&b| b == b'>').unwrap_or(text.len());
    match text.iter().position(|&b| b == b'[') {
        Some(open) if open < close => after(after(&text[open..], b"]"), b">"),
        Some(_) | None => after(text, b">"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: Option<SourceFormat>) {
        assert_eq!(sniff(bytes), expected, "{}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn signatures() {
        check(b"", None);
        check(b"\xFF\xD8\xFF\xE0....", Some(SourceFormat::Jpeg));
        check(b"\x89PNG\r\n\x1a\n....", Some(SourceFormat::Png));
        check(b"GIF89a", Some(SourceFormat::Gif));
        check(b"GIF88a", None);
        check(b"RIFF\x10\0\0\0WEBPVP8 ", Some(SourceFormat::Webp));
        check(b"RIFF\x10\0\0\0WAVEfmt ", None);
        check(b"II*\0", Some(SourceFormat::Tiff));
        check(b"MM\0+", Some(SourceFormat::Tiff));
        check(b"II\xBC\x01", Some(SourceFormat::Jxr));
        check(b"\xFF\x0A\0", Some(SourceFormat::Jxl));
        check(b"%PDF-1.7", Some(SourceFormat::Pdf));
        check(b"%!PS-Adobe-3.0 EPSF", Some(SourceFormat::Eps));
        check(b"8BPS\0\x01", Some(SourceFormat::Psd));
        check(b"BM is how this text begins", None);
        check(b"BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0", Some(SourceFormat::Bmp));
        check(b"\0\0\x01\0\x01\0\x10\x10\0\0", Some(SourceFormat::Ico));
        check(b"\0\0\x01\0\0\0\x10\x10\0\0", None);
    }

    #[test]
    fn brands_tell_heif_from_films() {
        check(b"\0\0\0\x18ftypavif\0\0\0\0mif1miaf", Some(SourceFormat::Avif));
        check(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", Some(SourceFormat::Avif));
        check(b"\0\0\0\x14ftypheic\0\0\0\0mif1", Some(SourceFormat::Heic));
        check(b"\0\0\0\x14ftypisom\0\0\0\0mp42", None);
        check(b"\0\0\0\x14ftypisom\0\0\0\0mp42avif", None);
        check(b"\xFF\xFF\xFF\xFFftyp", None);
    }

    #[test]
    fn svg_is_found_behind_its_prologue() {
        check(b"<svg/>", Some(SourceFormat::Svg));
        check(
            b"\xEF\xBB\xBF <?xml version='1.0'?><!-- > --><!DOCTYPE svg [<!ENTITY a '>'>]>\n<svg:svg>",
            Some(SourceFormat::Svg),
        );
        check(b"<html><svg/></html>", None);
        check(b"<svgfoo>", None);
        check(b"<?xml version='1.0'", None);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"<?xml version='1.0'?><svg></svg>").unwrap();
        check(&gzip.finish().unwrap(), Some(SourceFormat::Svg));
        check(b"\x1F\x8Bno stream", None);
    }
}
