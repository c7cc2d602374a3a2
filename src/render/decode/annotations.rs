//! Removes the annotations from a PDF. Neither libvips nor the PDF library beneath it has an option for that.
//!
//! The entry `/Annots` of every page is overwritten with spaces in place, so that no offset in the file moves. This
//! happens in the file itself and in compressed object streams, which are decompressed, blanked and compressed again.
//! Spaces compress well, so the new stream usually fits where the old one was. A stream that does not fit, or that is
//! encrypted, keeps its annotations.
//! Source: ISO 32000-1, 7.5.7 (object streams), 7.7.3.3 (page objects), 12.5.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

/// Limits on the decompressed bytes of one object stream and of all of them.
const STREAM_BYTES_MAX: u64 = 16 << 20;
const STREAMS_BYTES_MAX: u64 = 128 << 20;
/// How far behind its type name a stream may begin.
const DICTIONARY_BYTES_MAX: usize = 1024;

/// Returns a copy of the file with the annotations of its pages removed.
pub(super) fn removed(pdf: &[u8]) -> Vec<u8> {
    let mut out = pdf.to_vec();
    let mut budget = STREAMS_BYTES_MAX;
    let mut at = 0;
    while let Some(found) = find(&out[at..], b"/ObjStm") {
        at += found + 7;
        if let Some((start, packed, inflated)) = stream(&out, at) {
            let Some(rest) = budget.checked_sub(inflated.len() as u64) else { break };
            budget = rest;
            if let Some(repacked) = repacked(inflated, packed) {
                out[start..start + packed].copy_from_slice(&repacked);
            }
            at = start + packed;
        }
    }
    // This comes last: a stream may be stored uncompressed and followed by a checksum.
    blank(&mut out);
    out
}

/// Returns where the stream behind `at` begins, its compressed length, and its decompressed data.
fn stream(pdf: &[u8], at: usize) -> Option<(usize, usize, Vec<u8>)> {
    let near = &pdf[at..pdf.len().min(at + DICTIONARY_BYTES_MAX)];
    let mut start = at + find(near, b"stream")? + 6;
    start += usize::from(pdf.get(start) == Some(&b'\r'));
    start += usize::from(pdf.get(start) == Some(&b'\n'));
    let mut decoder = ZlibDecoder::new(pdf.get(start..)?);
    let mut inflated = Vec::new();
    decoder.by_ref().take(STREAM_BYTES_MAX).read_to_end(&mut inflated).ok()?;
    let packed = usize::try_from(decoder.total_in()).ok()?;
    (inflated.len() as u64 != STREAM_BYTES_MAX && start + packed <= pdf.len()).then_some((start, packed, inflated))
}

/// Blanks the stream and compresses it to exactly `len` bytes. Returns `None` when there is nothing to blank or the
/// result does not fit.
fn repacked(mut inflated: Vec<u8>, len: usize) -> Option<Vec<u8>> {
    if !blank(&mut inflated) {
        return None;
    }
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(len), Compression::best());
    encoder.write_all(&inflated).ok()?;
    let mut packed = encoder.finish().ok()?;
    // Readers ignore what follows the end of a compressed stream.
    (packed.len() <= len).then(|| {
        packed.resize(len, b'\n');
        packed
    })
}

/// Overwrites every `/Annots` and its value (a list or a reference) with spaces. Returns whether there was any.
fn blank(bytes: &mut [u8]) -> bool {
    let (mut at, mut any) = (0, false);
    while let Some(found) = find(&bytes[at..], b"/Annots") {
        let start = at + found;
        at = start + 7;
        if let Some(length) = value_len(&bytes[at..]) {
            bytes[start..at + length].fill(b' ');
            any = true;
        }
    }
    any
}

/// Returns the length of the value that follows the name: a list, or two numbers and an `R`.
fn value_len(rest: &[u8]) -> Option<usize> {
    let skip = |from: usize, keep: fn(&u8) -> bool| from + rest[from..].iter().take_while(|b| keep(b)).count();
    let start = skip(0, u8::is_ascii_whitespace);
    if rest.get(start) == Some(&b'[') {
        let mut depth = 0_usize;
        let end = rest[start..].iter().position(|byte| {
            depth = depth.saturating_add(usize::from(*byte == b'[')).saturating_sub(usize::from(*byte == b']'));
            depth == 0
        })?;
        return Some(start + end + 1);
    }
    let object = skip(start, u8::is_ascii_digit);
    let between = skip(object, u8::is_ascii_whitespace);
    let generation = skip(between, u8::is_ascii_digit);
    let end = skip(generation, u8::is_ascii_whitespace);
    (start > 0 && object > start && between > object && generation > between && rest.get(end) == Some(&b'R'))
        .then_some(end + 1)
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    let first = *word.first()?;
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|byte| *byte == first) {
        at += next;
        if bytes[at..].starts_with(word) {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_is_blanked_in_place() {
        let check = |before: &str, after: &str| {
            assert_eq!(String::from_utf8(removed(before.as_bytes())).unwrap(), after);
        };
        check("<</Annots [1 0 R 2 0 R]/Type/Page>>", &format!("<<{}/Type/Page>>", " ".repeat(21)));
        check("<</Annots 12 0 R /A 1>>", &format!("<<{} /A 1>>", " ".repeat(14)));
        check("<</Annots[[1] 2]>>", &format!("<<{}>>", " ".repeat(14)));
        for kept in ["<</AnnotsX [1]>>", "<</Annots>>", "<</Annots [1", "/Annots", "<</Annots 12 0 obj"] {
            check(kept, kept);
        }
    }

    #[test]
    fn object_streams_are_blanked_too() {
        let page = b"<</Type/Page/Annots[4 0 R 5 0 R 6 0 R 7 0 R 8 0 R]/Parent 1 0 R>>";
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(page).unwrap();
        let packed = zlib.finish().unwrap();
        let head = format!("5 0 obj<</Type/ObjStm/N 1/First 0/Length {}>>stream\r\n", packed.len());
        let pdf = [head.as_bytes(), &packed, b"\nendstream"].concat();
        let out = removed(&pdf);
        assert_eq!(out.len(), pdf.len());
        let (_, _, inflated) = stream(&out, 20).unwrap();
        assert_eq!((inflated.len(), find(&inflated, b"/Annots")), (page.len(), None));
        assert!(out.ends_with(b"\nendstream") && find(&inflated, b"/Parent 1 0 R").is_some());
        for length in 0..pdf.len() {
            assert_eq!(removed(&pdf[..length]).len(), length);
        }
    }
}
