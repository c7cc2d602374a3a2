//! The items of a HEIF file: which one is the image, its properties, the items related to it, and where its data is.
//! Source: ISO/IEC 14496-12 section 8.11, ISO/IEC 23008-12 sections 6.5 and 9.3.

use std::ops::Range;

use super::boxes::{Child, Reader, behind_version, child, children};

/// Values of `auxC` that mark an item as the alpha of another.
const ALPHA: [&[u8]; 2] = [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0"];

/// The contents of `meta`.
pub(super) struct Items<'a> {
    bytes: &'a [u8],
    /// Identifier of the primary image.
    pub(super) primary: u32,
    properties: Vec<Child>,
    associations: Vec<Association>,
    references: Vec<Reference>,
    locations: Vec<(u32, Vec<Range<usize>>)>,
}

/// Links a property to an item.
struct Association {
    item: u32,
    /// Index of the property, from 1.
    index: usize,
    /// Offset of the byte whose top bit marks the property as essential.
    at: usize,
}

/// One property of an item.
#[derive(Clone)]
pub(super) struct Property {
    pub(super) kind: [u8; 4],
    /// Start of its box.
    pub(super) at: usize,
    pub(super) payload: Range<usize>,
    /// Start of its association. The top bit there means "essential".
    pub(super) association_at: usize,
}

/// Links an item to others.
struct Reference {
    kind: [u8; 4],
    /// Start of its box.
    at: usize,
    from: u32,
    to: Vec<u32>,
}

impl<'a> Items<'a> {
    /// Reads `meta`. Returns `None` if it names no image with properties.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let meta = behind_version(&child(bytes, 0..bytes.len(), b"meta")?.payload);
        let primary = primary(bytes, child(bytes, meta.clone(), b"pitm")?.payload)?;
        let iprp = child(bytes, meta.clone(), b"iprp")?.payload;
        let properties = children(bytes, child(bytes, iprp.clone(), b"ipco")?.payload);
        let lists = children(bytes, iprp).into_iter().filter(|child| &child.kind == b"ipma");
        let associations = lists.filter_map(|list| associations(bytes, list.payload)).flatten().collect();
        let references = child(bytes, meta.clone(), b"iref").map(|list| references(bytes, &list.payload));
        let idat = child(bytes, meta.clone(), b"idat").map(|data| data.payload);
        let locations = child(bytes, meta, b"iloc").and_then(|list| locations(bytes, list.payload, idat));
        Some(Self {
            bytes,
            primary,
            properties,
            associations,
            references: references.unwrap_or_default(),
            locations: locations.unwrap_or_default(),
        })
    }

    /// Returns the properties of an item in the order in which they apply.
    pub(super) fn properties(&self, item: u32) -> Vec<Property> {
        let own = self.associations.iter().filter(|association| association.item == item);
        own.filter_map(|association| {
            let Child { kind, at, payload } = self.properties.get(association.index.checked_sub(1)?)?.clone();
            Some(Property { kind, at, payload, association_at: association.at })
        })
        .collect()
    }

    /// Returns the item that holds the alpha of another.
    pub(super) fn alpha(&self, of: u32) -> Option<u32> {
        let is_alpha = |item: u32| {
            self.properties(item).iter().any(|property| {
                let text = self.bytes.get(behind_version(&property.payload)).unwrap_or_default();
                &property.kind == b"auxC" && ALPHA.iter().any(|name| text.starts_with(name))
            })
        };
        let auxiliary = self.references.iter().filter(|reference| &reference.kind == b"auxl");
        auxiliary
            .filter(|reference| reference.to.contains(&of))
            .map(|reference| reference.from)
            .find(|from| is_alpha(*from))
    }

    /// Returns the start of the box that declares an item premultiplied by its alpha.
    pub(super) fn premultiplied(&self, item: u32) -> Option<usize> {
        let mut all = self.references.iter();
        all.find(|reference| &reference.kind == b"prem" && reference.from == item).map(|reference| reference.at)
    }

    /// Returns the pieces of the file that hold the data of an item.
    pub(super) fn data(&self, item: u32) -> &[Range<usize>] {
        self.locations.iter().find(|(id, _)| *id == item).map_or(&[], |(_, pieces)| pieces)
    }
}

fn primary(bytes: &[u8], payload: Range<usize>) -> Option<u32> {
    let mut reader = Reader(bytes.get(payload)?);
    let version = reader.number(4)? >> 24;
    reader.number(if version == 0 { 2 } else { 4 })
}

/// Reads `ipma`.
fn associations(bytes: &[u8], payload: Range<usize>) -> Option<Vec<Association>> {
    let end = payload.end;
    let mut reader = Reader(bytes.get(payload)?);
    let head = reader.number(4)?;
    let (version, wide) = (head >> 24, head & 1 == 1);
    let mut found = Vec::new();
    for _ in 0..reader.number(4)? {
        let item = reader.number(if version < 1 { 2 } else { 4 })?;
        for _ in 0..reader.number(1)? {
            let at = end - reader.0.len();
            let index = if wide { reader.number(2)? & 0x7FFF } else { reader.number(1)? & 0x7F };
            found.push(Association { item, index: index as usize, at });
        }
    }
    Some(found)
}

/// Reads `iref`.
fn references(bytes: &[u8], payload: &Range<usize>) -> Vec<Reference> {
    let version = bytes.get(payload.start).copied().unwrap_or(0);
    let width = if version == 0 { 2 } else { 4 };
    let read = |Child { kind, at, payload }: Child| {
        let mut reader = Reader(bytes.get(payload)?);
        let from = reader.number(width)?;
        let count = reader.number(2)?;
        let to = (0..count).map_while(|_| reader.number(width)).collect();
        Some(Reference { kind, at, from, to })
    };
    children(bytes, behind_version(payload)).into_iter().filter_map(read).collect()
}

/// Reads `iloc`, keeping only data in this file.
fn locations(bytes: &[u8], payload: Range<usize>, idat: Option<Range<usize>>) -> Option<Vec<(u32, Vec<Range<usize>>)>> {
    let mut reader = Reader(bytes.get(payload)?);
    let version = reader.number(4)? >> 24;
    let widths = reader.number(2)?;
    let nibble = |shift: u32| (widths >> shift & 15) as usize;
    let (offset_len, length_len, base_len) = (nibble(12), nibble(8), nibble(4));
    let index_len = if version > 0 { nibble(0) } else { 0 };
    if [offset_len, length_len, base_len, index_len].iter().any(|len| *len > 8) {
        return None;
    }
    let id_len = if version < 2 { 2 } else { 4 };
    let mut found = Vec::new();
    for _ in 0..reader.number(id_len)? {
        let item = reader.number(id_len)?;
        let method = if version > 0 { reader.number(2)? & 15 } else { 0 };
        let is_here = reader.number(2)? == 0;
        let base = reader.long(base_len)?;
        let room = match method {
            0 => Some(0..bytes.len()),
            1 => idat.clone(),
            _ => None,
        };
        let mut pieces = Vec::new();
        for _ in 0..reader.number(2)? {
            reader.long(index_len)?;
            let (offset, length) = (reader.long(offset_len)?, reader.long(length_len)?);
            let piece = room.as_ref().filter(|_| is_here).and_then(|room| {
                let start = room.start.checked_add(usize::try_from(base.checked_add(offset)?).ok()?)?;
                // A length of 0 means everything to the end.
                let end = if length == 0 { room.end } else { start.checked_add(usize::try_from(length).ok()?)? };
                (start <= end && end <= room.end).then_some(start..end)
            });
            pieces.extend(piece);
        }
        found.push((item, pieces));
    }
    Some(found)
}
