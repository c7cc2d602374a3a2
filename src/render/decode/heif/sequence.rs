//! Image sequences without a still image: converts the first frame to a file with one image.
//!
//! Sources: ISO/IEC 14496-12 sections 8.4 to 8.7 (tracks), ISO/IEC 23008-12 section 7 (image sequences).

use std::ops::Range;

use super::boxes::{Reader, behind_version, boxed, child, children};

/// Bytes of a visual sample entry before its boxes.
const ENTRY_BYTES: usize = 78;

/// The first frame of a track.
struct FirstFrame<'a> {
    /// The coding type, which items name in the same way.
    coding: [u8; 4],
    size: [u8; 4],
    /// Boxes that items have too: decoder configuration, colours, aperture.
    properties: Vec<Vec<u8>>,
    data: &'a [u8],
    is_premultiplied: bool,
}

/// Returns a file with the first frame and its alpha if it has one, or `None` if there is no sequence.
pub(super) fn still(bytes: &[u8]) -> Option<Vec<u8>> {
    let moov = child(bytes, 0..bytes.len(), b"moov")?.payload;
    let tracks = || children(bytes, moov.clone()).into_iter().filter(|child| &child.kind == b"trak");
    let color = tracks().find_map(|track| frame(bytes, track.payload, b"pict"))?;
    let alpha = tracks().find_map(|track| frame(bytes, track.payload, b"auxv"));
    Some(file(&color, alpha.as_ref()))
}

fn frame<'a>(bytes: &'a [u8], track: Range<usize>, handler: &[u8; 4]) -> Option<FirstFrame<'a>> {
    let mdia = child(bytes, track.clone(), b"mdia")?.payload;
    let hdlr = child(bytes, mdia.clone(), b"hdlr")?.payload;
    if bytes.get(hdlr.start + 8..hdlr.start + 12)? != handler {
        return None;
    }
    let minf = child(bytes, mdia, b"minf")?.payload;
    let table = child(bytes, minf, b"stbl")?.payload;
    let inside = |kind| Some(behind_version(&child(bytes, table.clone(), kind)?.payload));
    let stsd = inside(b"stsd")?;
    // The entries follow a count.
    let entry = children(bytes, stsd.start + 4..stsd.end).into_iter().next()?;
    let fields = bytes.get(entry.payload.clone())?;
    let kept = |kind: &[u8; 4]| matches!(kind, b"av1C" | b"hvcC" | b"colr" | b"clap" | b"irot" | b"imir");
    let boxes = children(bytes, entry.payload.start + ENTRY_BYTES..entry.payload.end);
    let properties = boxes.iter().filter(|child| kept(&child.kind));
    let mut sizes = Reader(bytes.get(inside(b"stsz")?)?);
    let len = match sizes.number(4)? {
        0 => sizes.number(4).and_then(|_| sizes.number(4))?,
        len => len,
    };
    let start = match (inside(b"stco"), inside(b"co64")) {
        (Some(chunks), _) => Reader(bytes.get(chunks.start + 4..chunks.end)?).long(4)?,
        (None, Some(chunks)) => Reader(bytes.get(chunks.start + 4..chunks.end)?).long(8)?,
        (None, None) => return None,
    };
    let start = usize::try_from(start).ok()?;
    let is_premultiplied =
        child(bytes, track, b"tref").is_some_and(|references| child(bytes, references.payload, b"prem").is_some());
    Some(FirstFrame {
        coding: entry.kind,
        size: *fields.get(24..)?.first_chunk::<4>()?,
        properties: properties.map(|child| bytes[child.at..child.payload.end].to_vec()).collect(),
        data: bytes.get(start..start.checked_add(len as usize)?)?,
        is_premultiplied,
    })
}

/// Builds a file with one image that has these frames as its items 1 and 2.
fn file(color: &FirstFrame<'_>, alpha: Option<&FirstFrame<'_>>) -> Vec<u8> {
    let brand: &[u8] = if &color.coding == b"av01" { b"avif\0\0\0\0avifmif1" } else { b"heic\0\0\0\0heicmif1" };
    let ftyp = boxed(b"ftyp", brand);
    let frames: Vec<&FirstFrame<'_>> = std::iter::once(color).chain(alpha).collect();
    // The length of `meta` does not depend on the offsets in it.
    let start = ftyp.len() + meta(&frames, color.is_premultiplied, 0).len() + 8;
    let data: Vec<u8> = frames.iter().flat_map(|frame| frame.data).copied().collect();
    [ftyp, meta(&frames, color.is_premultiplied, start), boxed(b"mdat", &data)].concat()
}

fn meta(frames: &[&FirstFrame<'_>], is_premultiplied: bool, start: usize) -> Vec<u8> {
    let versioned = |kind: &[u8; 4], payload: &[u8]| boxed(kind, &[&[0; 4], payload].concat());
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX).to_be_bytes();
    let count = frames.len() as u8;
    let (mut infos, mut locations) = (vec![0, count], vec![0x44, 0, 0, count]);
    let (mut properties, mut associations, mut index) = (Vec::new(), vec![0, 0, 0, count], 0);
    let mut at = start;
    for (id, frame) in (1_u8..).zip(frames) {
        infos.extend(boxed(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0][..], &frame.coding, b"\0"].concat()));
        locations.extend([0, id, 0, 0, 0, 1]);
        locations.extend([number(at), number(frame.data.len())].concat());
        at += frame.data.len();
        let [w1, w2, h1, h2] = frame.size;
        let mut own = vec![versioned(b"ispe", &[0, 0, w1, w2, 0, 0, h1, h2])];
        own.extend(frame.properties.iter().cloned());
        if id == 2 {
            own.push(versioned(b"auxC", b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"));
        }
        own.truncate(usize::from(u8::MAX / 4));
        associations.extend([0, id, own.len() as u8]);
        associations.extend((0..own.len()).map(|_| {
            index += 1;
            index
        }));
        properties.extend(own.concat());
    }
    let iprp = [boxed(b"ipco", &properties), versioned(b"ipma", &associations)].concat();
    let handler = versioned(b"hdlr", &[&[0; 4][..], b"pict", &[0; 13]].concat());
    let mut boxes =
        vec![handler, versioned(b"pitm", &[0, 1]), versioned(b"iloc", &locations), versioned(b"iinf", &infos)];
    if frames.len() > 1 {
        let mut references = boxed(b"auxl", &[0, 2, 0, 1, 0, 1]);
        if is_premultiplied {
            references.extend(boxed(b"prem", &[0, 1, 0, 1, 0, 2]));
        }
        boxes.push(versioned(b"iref", &references));
    }
    boxes.push(boxed(b"iprp", &iprp));
    versioned(b"meta", &boxes.concat())
}
