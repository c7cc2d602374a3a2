//! Transformations of HEIF and AVIF pictures (crop, turn, mirror), taken out of the file and done by us.
//!
//! libheif 1.15 gives a turned picture one size in its header and another in its pixels, and libvips then refuses it.
//! So the properties are read here, and the decoder is shown a copy of the file in which they do nothing; that is also
//! what makes `orient` able to override them. Pure and total: a file that is not understood is left as it is.
//! Source: ISO/IEC 14496-12 section 8.11 (meta), ISO/IEC 23008-12 sections 6.5.9, 6.5.10, 6.5.12 (clap, irot, imir).

use std::borrow::Cow;
use std::ops::Range;

use crate::render::hdr::Coding;
use crate::render::stage::orient;
use crate::units::{Rect, Size};

/// What to do to the stored pixels, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Transforms {
    /// Clean aperture, still in the fractions of the file.
    pub(super) clap: Option<Clap>,
    /// Turn and mirror together, as an EXIF orientation; 0 when the file states neither.
    pub(super) orientation: u8,
    /// How colours are coded, where the file says so by numbers.
    pub(super) coding: Option<Coding>,
}

/// Width, height and offset of the centre, each a numerator and a denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clap([(i64, i64); 4]);

impl Clap {
    /// The rectangle to keep of a picture of `size`; `None` unless it lies on whole pixels inside it, as decoders agree
    /// to ignore it then.
    pub(super) fn rect(self, size: Size) -> Option<Rect> {
        let [width, height, across, down] = self.0;
        let (left, width) = axis(size.width, width, across)?;
        let (top, height) = axis(size.height, height, down)?;
        let rect = Rect { left, top, size: Size::new(width, height) };
        rect.is_inside(size).then_some(rect)
    }
}

/// Start and length along one side: the centre is the side's own plus the offset.
fn axis(side: u32, len: (i64, i64), offset: (i64, i64)) -> Option<(u32, u32)> {
    let (len_over, len_under) = len;
    if len_under <= 0 || offset.1 <= 0 || len_over % len_under != 0 {
        return None;
    }
    let len = u32::try_from(len_over / len_under).ok().filter(|len| *len > 0)?;
    // start = side / 2 + offset - len / 2, over the common denominator 2 * offset.1.
    let start = (i64::from(side) - i64::from(len)).checked_mul(offset.1)?.checked_add(offset.0.checked_mul(2)?)?;
    (start % (2 * offset.1) == 0).then_some(())?;
    Some((u32::try_from(start / (2 * offset.1)).ok()?, len))
}

/// The transformations of the primary picture, and a file without them.
pub(super) fn neutralised(bytes: &[u8]) -> (Cow<'_, [u8]>, Transforms) {
    let mut found = properties(bytes).unwrap_or_default();
    let mut transforms =
        Transforms { coding: found.iter().find_map(|one| coding(one, bytes)), ..Transforms::default() };
    found.retain(|property| matches!(&property.kind, b"clap" | b"irot" | b"imir"));
    if found.is_empty() {
        return (Cow::Borrowed(bytes), transforms);
    }
    let mut copy = bytes.to_vec();
    for Property { kind, at, payload } in found {
        let data = &bytes[payload.clone()];
        match &kind {
            b"clap" => transforms.clap = clap(data),
            b"irot" => transforms.turn([1, 8, 3, 6][usize::from(data.first().copied().unwrap_or(0) & 3)]),
            _ => transforms.turn(if data.first().copied().unwrap_or(0) & 1 == 0 { 4 } else { 2 }),
        }
        // A turn by nothing is the one property that every reader knows and that changes nothing.
        copy[at + 4..at + 8].copy_from_slice(b"irot");
        copy[payload].fill(0);
    }
    (Cow::Owned(copy), transforms)
}

impl Transforms {
    fn turn(&mut self, exif: u8) {
        self.orientation = if self.orientation == 0 { exif } else { orient::compose(self.orientation, exif) };
    }
}

/// The numbers of a colour property (ISO/IEC 14496-12, 12.1.5).
fn coding(property: &Property, bytes: &[u8]) -> Option<Coding> {
    let data = bytes.get(property.payload.clone()).filter(|_| &property.kind == b"colr")?;
    match data.strip_prefix(b"nclx")? {
        [a, b, c, d, ..] => {
            Some(Coding { primaries: u16::from_be_bytes([*a, *b]), transfer: u16::from_be_bytes([*c, *d]) })
        }
        _ => None,
    }
}

fn clap(data: &[u8]) -> Option<Clap> {
    let words: Vec<i64> = data.as_chunks::<4>().0.iter().map(|word| i64::from(i32::from_be_bytes(*word))).collect();
    match words.as_slice() {
        [a, b, c, d, e, f, g, h, ..] => Some(Clap([(*a, *b), (*c, *d), (*e, *f), (*g, *h)])),
        _ => None,
    }
}

/// One property of the picture.
struct Property {
    kind: [u8; 4],
    /// Where its box begins.
    at: usize,
    payload: Range<usize>,
}

/// A box: its type, where it begins and what it holds.
#[derive(Clone)]
struct Child {
    kind: [u8; 4],
    at: usize,
    payload: Range<usize>,
}

/// The boxes inside `range`, as far as they make sense.
fn children(bytes: &[u8], range: Range<usize>) -> Vec<Child> {
    /// More than any picture has; a bound on hostile nesting.
    const CHILDREN_MAX: usize = 65_536;
    let mut found = Vec::new();
    let mut at = range.start;
    while found.len() < CHILDREN_MAX {
        let Some(&[a, b, c, d, kind @ ..]) = bytes.get(at..range.end).and_then(|rest| rest.first_chunk::<8>()) else {
            break;
        };
        let (header, len) = match u32::from_be_bytes([a, b, c, d]) {
            0 => (8, range.end - at),
            1 => match bytes.get(at + 8..range.end).and_then(|rest| rest.first_chunk::<8>()) {
                Some(long) => (16, usize::try_from(u64::from_be_bytes(*long)).unwrap_or(usize::MAX)),
                None => break,
            },
            len => (8, len as usize),
        };
        let Some(end) = at.checked_add(len).filter(|end| *end <= range.end && len >= header) else { break };
        found.push(Child { kind, at, payload: at + header..end });
        at = end;
    }
    found
}

fn child(bytes: &[u8], range: Range<usize>, kind: &[u8; 4]) -> Option<Child> {
    children(bytes, range).into_iter().find(|child| &child.kind == kind)
}

/// The properties of the primary item, in the order they apply.
fn properties(bytes: &[u8]) -> Option<Vec<Property>> {
    let meta = child(bytes, 0..bytes.len(), b"meta")?.payload;
    // Version and flags come before the children.
    let meta = meta.start + 4..meta.end.max(meta.start + 4);
    let primary = primary_item(bytes, child(bytes, meta.clone(), b"pitm")?.payload)?;
    let iprp = child(bytes, meta, b"iprp")?.payload;
    let all = children(bytes, child(bytes, iprp.clone(), b"ipco")?.payload);
    let indices = children(bytes, iprp)
        .into_iter()
        .filter(|child| &child.kind == b"ipma")
        .find_map(|child| associations(bytes, child.payload, primary))?;
    let of_primary = indices.into_iter().filter_map(|index| all.get(index.checked_sub(1)?));
    Some(
        of_primary
            .map(|Child { kind, at, payload }| Property { kind: *kind, at: *at, payload: payload.clone() })
            .collect(),
    )
}

fn primary_item(bytes: &[u8], payload: Range<usize>) -> Option<u32> {
    let mut reader = Reader(bytes.get(payload)?);
    let version = reader.number(4)? >> 24;
    reader.number(if version == 0 { 2 } else { 4 })
}

/// Indices, from 1, of the properties of one item (`ipma`).
fn associations(bytes: &[u8], payload: Range<usize>, item: u32) -> Option<Vec<usize>> {
    let mut reader = Reader(bytes.get(payload)?);
    let head = reader.number(4)?;
    let (version, wide) = (head >> 24, head & 1 == 1);
    for _ in 0..reader.number(4)? {
        let id = reader.number(if version < 1 { 2 } else { 4 })?;
        let count = reader.number(1)?;
        let mut indices = Vec::new();
        for _ in 0..count {
            // The top bit says that a reader must know the property.
            let index = if wide { reader.number(2)? & 0x7FFF } else { reader.number(1)? & 0x7F };
            indices.push(index as usize);
        }
        if id == item {
            return Some(indices);
        }
    }
    None
}

/// Big-endian numbers one after the other.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self, len: usize) -> Option<u32> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
        let len = u32::try_from(payload.len() + 8).unwrap();
        [&len.to_be_bytes()[..], kind, payload].concat()
    }

    /// A file of one item with these properties, all its own.
    fn file(properties: &[Vec<u8>]) -> Vec<u8> {
        let indices: Vec<u8> = (1..=properties.len() as u8).collect();
        let ipma = [&[0, 0, 0, 0, 0, 0, 0, 1, 0, 7, properties.len() as u8][..], &indices].concat();
        let iprp = [boxed(b"ipco", &properties.concat()), boxed(b"ipma", &ipma)].concat();
        let meta = [&[0; 4][..], &boxed(b"pitm", &[0, 0, 0, 0, 0, 7]), &boxed(b"iprp", &iprp)].concat();
        [boxed(b"ftyp", b"avif"), boxed(b"meta", &meta), boxed(b"mdat", b"irot")].concat()
    }

    #[test]
    fn turns_and_mirrors_become_one_orientation() {
        let check = |properties: &[(&[u8; 4], u8)], expected| {
            let boxes: Vec<_> = properties.iter().map(|(kind, value)| boxed(kind, &[*value])).collect();
            let bytes = file(&boxes);
            let (copy, transforms) = neutralised(&bytes);
            assert_eq!(transforms, Transforms { orientation: expected, ..Transforms::default() }, "{properties:?}");
            let nothing: Vec<_> = properties.iter().map(|_| boxed(b"irot", &[0])).collect();
            assert_eq!(copy, if properties.is_empty() { bytes.clone() } else { file(&nothing) });
        };
        check(&[], 0);
        check(&[(b"irot", 0)], 1);
        check(&[(b"irot", 1)], 8);
        check(&[(b"irot", 2)], 3);
        check(&[(b"irot", 3)], 6);
        check(&[(b"imir", 0)], 4);
        check(&[(b"imir", 1)], 2);
        check(&[(b"irot", 2), (b"imir", 1)], 4);
        check(&[(b"irot", 1), (b"imir", 1)], 7);
    }

    #[test]
    fn apertures_are_kept_on_whole_pixels_only() {
        let check = |size, clap, expected| assert_eq!(Clap(clap).rect(size), expected);
        let inside = Rect { left: 0, top: 0, size: Size::new(29, 100) };
        check(Size::new(64, 100), [(29, 1), (100, 1), (-35, 2), (0, 2)], Some(inside));
        check(Size::new(722, 1024), [(385, 1), (330, 1), (103, 1), (-308, 1)], None);
        check(Size::new(10, 10), [(20, 1), (10, 1), (0, 1), (0, 1)], None);
        check(Size::new(10, 10), [(4, 0), (4, 1), (0, 1), (0, 1)], None);
        check(Size::new(10, 10), [(4, 1), (4, 1), (i64::from(i32::MAX), 1), (0, 1)], None);
    }

    #[test]
    fn coded_colours_are_found() {
        let nclx = [&b"nclx"[..], &[0, 9, 0, 16, 0, 9, 0x80]].concat();
        let coding = |properties: &[Vec<u8>]| neutralised(&file(properties)).1.coding;
        assert_eq!(coding(&[boxed(b"colr", &nclx)]), Some(Coding { primaries: 9, transfer: 16 }));
        let both = [boxed(b"colr", b"profsRGB"), boxed(b"irot", &[1]), boxed(b"colr", &nclx)];
        assert_eq!(coding(&both), Some(Coding { primaries: 9, transfer: 16 }));
        assert_eq!(coding(&[boxed(b"colr", b"nclx\0")]), None);
    }

    #[test]
    fn cut_files_are_left_alone() {
        let whole = file(&[boxed(b"irot", &[1])]);
        for length in 0..whole.len() {
            let (copy, transforms) = neutralised(&whole[..length]);
            assert!(transforms == Transforms::default() || transforms.orientation == 8, "cut at {length}");
            assert_eq!(copy.len(), length);
        }
    }
}
