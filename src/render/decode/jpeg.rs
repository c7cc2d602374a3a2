//! Checks whether a JPEG has all of its data. The end marker does not prove it: some writers omit it, and repair tools
//! append one to a truncated file.
//!
//! This reads the data of every scan without computing any samples: it counts Huffman codes, block by block, until
//! every block of the image is accounted for. It takes a large part of the decoding time, so it runs only for files
//! without an end marker and for those that libjpeg has warned about.
//! Source: ITU-T T.81, annexes B (markers), F.2 and G.2 (decoding of sequential and progressive scans).

mod entropy;
mod huffman;

use entropy::Scan;
use huffman::Table;

use super::RenderError;

const SOI_BYTES: usize = 2;
const END: [u8; 2] = [0xFF, 0xD9];
/// Maximum number of scans, the same as in libvips.
const SCANS_MAX: usize = 100;
/// Coefficients per block.
const COEFFICIENTS: usize = 64;
/// Precision of a coefficient that no scan has contained yet.
const UNSEEN: u8 = u8::MAX;

/// Returns the file with an end marker after its last complete part, or `None` if it has an end marker.
pub(super) fn ended(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut parts = Parts::of(bytes);
    if parts.by_ref().any(|part| matches!(part, Part::End)) {
        return None;
    }
    let mut out = bytes[..parts.at].to_vec();
    out.extend(END);
    Some(out)
}

/// Returns the file with its sides rounded up to multiples of `shrink`, or `None` if they already are or if that would
/// add blocks.
///
/// The added pixels are in blocks that are stored anyway. libvips rounds down when it divides the sides, so it would
/// skip rows, and a missing block in those rows would go unnoticed.
pub(super) fn padded(bytes: &[u8], shrink: u32) -> Option<Vec<u8>> {
    let mut parts = Parts::of(bytes);
    let (code, data) = parts.by_ref().find_map(|part| match part {
        Part::Segment { code: code @ 0xC0..=0xC2, data } => Some((code, data)),
        Part::Segment { .. } | Part::Scan { .. } | Part::End => None,
    })?;
    let mut larger = data.to_vec();
    for side in larger.get_mut(1..5)?.as_chunks_mut::<2>().0 {
        let length = u32::from(u16::from_be_bytes(*side)).next_multiple_of(shrink);
        *side = u16::try_from(length).ok()?.to_be_bytes();
    }
    let (before, after) = (FrameHeader::read(code, data)?, FrameHeader::read(code, &larger)?);
    let same_blocks = before.components.iter().zip(&after.components).all(|(one, other)| one.own == other.own);
    if larger == data || before.units != after.units || !same_blocks {
        return None;
    }
    Some([&bytes[..parts.at - data.len()], &larger, &bytes[parts.at..]].concat())
}

/// How much of the data must be present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// Every scan in the file, and some data for every component: the file states where it ends.
    ScansAsStored,
    /// Every bit of every coefficient: the file may have been truncated between two scans.
    EveryBit,
}

/// Checks that all scans contain all their blocks.
///
/// `bytes` must have passed the limit on pixels, because a progressive image takes 8 bytes of memory per block.
///
/// # Errors
/// [`RenderError::Undecodable`] when a block is missing, a code is invalid, or the coding cannot be counted (arithmetic
/// coding).
pub(super) fn check_whole(bytes: &[u8], expected: Expected) -> Result<(), RenderError> {
    let mut file = JpegFile::default();
    let mut scans = 0;
    for part in Parts::of(bytes) {
        match part {
            Part::Segment { code, data } => file.segment(code, data).ok_or(RenderError::Undecodable)?,
            Part::Scan { header, data } => {
                scans += 1;
                let whole = (scans <= SCANS_MAX).then(|| file.scan(header, data)).flatten();
                whole.ok_or(RenderError::Undecodable)?;
            }
            Part::End => break,
        }
    }
    let frame = file.frame.ok_or(RenderError::Undecodable)?;
    let is_there = |component: &Component| match expected {
        Expected::ScansAsStored => component.precision[0] != UNSEEN,
        Expected::EveryBit => component.precision.iter().all(|low| *low == 0),
    };
    frame.components.iter().all(is_there).then_some(()).ok_or(RenderError::Undecodable)
}

/// A part of a file that matters here.
enum Part<'a> {
    Segment {
        code: u8,
        data: &'a [u8],
    },
    /// The data extends to the next marker that does not belong to the scan.
    Scan {
        header: &'a [u8],
        data: &'a [u8],
    },
    End,
}

/// The complete parts of a file in order.
struct Parts<'a> {
    bytes: &'a [u8],
    /// The end of the most recent part.
    at: usize,
}

impl<'a> Parts<'a> {
    const fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: SOI_BYTES }
    }

    /// Returns the code of the next marker and where it ends. Skips anything that is not a marker, as libjpeg does.
    fn marker(&self) -> Option<(u8, usize)> {
        let mut at = self.at;
        loop {
            at += self.bytes.get(at..)?.iter().position(|byte| *byte == 0xFF)?;
            at += self.bytes[at..].iter().position(|byte| *byte != 0xFF)?;
            let code = self.bytes[at];
            at += 1;
            if code != 0 {
                return Some((code, at));
            }
        }
    }

    /// Returns the data of a segment whose length field is at `at`, and where it ends.
    fn body(&self, at: usize) -> Option<(&'a [u8], usize)> {
        let length = usize::from(u16::from_be_bytes(*self.bytes.get(at..)?.first_chunk::<2>()?));
        Some((self.bytes.get(at + 2..at + length)?, at + length))
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let (code, at) = self.marker()?;
        match code {
            0xD9 => {
                self.at = at;
                Some(Part::End)
            }
            // Markers without data: a misplaced restart, a repeated start, and one for arithmetic coding.
            0x01 | 0xD0..=0xD8 => {
                self.at = at;
                Some(Part::Segment { code, data: &[] })
            }
            0xDA => {
                let (header, start) = self.body(at)?;
                let data = &self.bytes[start..][..entropy::length(&self.bytes[start..])];
                self.at = start + data.len();
                Some(Part::Scan { header, data })
            }
            _ => {
                let (data, end) = self.body(at)?;
                self.at = end;
                Some(Part::Segment { code, data })
            }
        }
    }
}

/// One component of the image.
struct Component {
    id: u8,
    /// Blocks per interleaved unit, across and down.
    blocks: [u32; 2],
    /// Blocks across and down: those that contain its samples, and those in whole interleaved units.
    own: [u32; 2],
    padded: [u32; 2],
    /// The lowest bit of each coefficient that the scans have contained so far.
    precision: [u8; COEFFICIENTS],
    /// Which coefficients of each block are not zero. Only for progressive images.
    set: Vec<u64>,
}

/// The contents of a frame header.
struct FrameHeader {
    is_progressive: bool,
    /// Interleaved units across and down.
    units: [u32; 2],
    components: Vec<Component>,
}

impl FrameHeader {
    fn read(code: u8, data: &[u8]) -> Option<Self> {
        // Baseline, extended and progressive, all with Huffman codes.
        let is_progressive = match code {
            0xC0 | 0xC1 => false,
            0xC2 => true,
            _ => return None,
        };
        let (head, rest) = data.split_first_chunk::<6>()?;
        let sides =
            [u32::from(u16::from_be_bytes([head[3], head[4]])), u32::from(u16::from_be_bytes([head[1], head[2]]))];
        let stored = rest.get(..usize::from(head[5]) * 3)?.as_chunks::<3>().0;
        let sampling = |factors: u8| [u32::from(factors >> 4), u32::from(factors & 15)];
        let most = |axis: usize| stored.iter().map(|[_, factors, _]| sampling(*factors)[axis]).max();
        let most = [most(0)?, most(1)?];
        let fits = stored.iter().all(|[_, factors, _]| sampling(*factors).iter().all(|n| (1..=4).contains(n)));
        if !fits || sides.contains(&0) || stored.len() > 4 {
            return None;
        }
        let units = [0, 1].map(|axis: usize| sides[axis].div_ceil(8 * most[axis]));
        let components = stored.iter().map(|[id, factors, _]| {
            let blocks = sampling(*factors);
            let own = [0, 1].map(|axis: usize| (sides[axis] * blocks[axis]).div_ceil(most[axis]).div_ceil(8));
            let padded = [0, 1].map(|axis: usize| units[axis] * blocks[axis]);
            let len = if is_progressive { padded[0] as usize * padded[1] as usize } else { 0 };
            Component { id: *id, blocks, own, padded, precision: [UNSEEN; COEFFICIENTS], set: vec![0; len] }
        });
        Some(Self { is_progressive, units, components: components.collect() })
    }
}

/// What the segments read so far say.
#[derive(Default)]
struct JpegFile {
    frame: Option<FrameHeader>,
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
    /// Units between two restart markers; 0 for none.
    restart: u32,
}

impl JpegFile {
    fn segment(&mut self, code: u8, data: &[u8]) -> Option<()> {
        match code {
            0xC4 => self.tables(data)?,
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                // libjpeg rejects a file with a second frame header.
                if self.frame.is_some() {
                    return None;
                }
                self.frame = Some(FrameHeader::read(code, data)?);
            }
            0xDD => self.restart = u32::from(u16::from_be_bytes(*data.first_chunk::<2>()?)),
            _ => {}
        }
        Some(())
    }

    fn tables(&mut self, mut data: &[u8]) -> Option<()> {
        while let Some((&place, rest)) = data.split_first() {
            let (table, rest) = Table::read(rest)?;
            let of = if place & 0x10 == 0 { &mut self.dc } else { &mut self.ac };
            *of.get_mut(usize::from(place & 15))? = Some(table);
            data = rest;
        }
        Some(())
    }

    /// Reads a scan. Returns `None` if it is incomplete.
    fn scan(&mut self, header: &[u8], data: &[u8]) -> Option<()> {
        let frame = self.frame.as_mut()?;
        let (&count, rest) = header.split_first()?;
        let (stored, rest) = rest.split_at_checked(usize::from(count) * 2)?;
        let &[start, end, bits, ..] = rest else { return None };
        let mut parts: Vec<entropy::Member> = Vec::new();
        for [id, tables] in stored.as_chunks::<2>().0 {
            let at = frame.components.iter().position(|component| component.id == *id)?;
            if parts.iter().any(|(other, ..)| *other == at) {
                return None;
            }
            let table = |of: &'_ [Option<Table>; 4], place: u8| of.get(usize::from(place)).cloned().flatten();
            parts.push((at, table(&self.dc, tables >> 4), table(&self.ac, tables & 15)));
        }
        let (first, last, high, low) =
            if frame.is_progressive { (start, end, bits >> 4, bits & 15) } else { (0, 63, 0, 0) };
        if first > last || last > 63 || parts.is_empty() || (first == 0 && last > 0 && frame.is_progressive) {
            return None;
        }
        Scan { first, last, high, restart: self.restart }.read(frame, &parts, data)?;
        for (at, ..) in &parts {
            frame.components[*at].precision[usize::from(first)..=usize::from(last)].fill(low);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
