//! The parts of AV1 that say how to interpret its samples: the sequence header, and the layers of an image.
//! Source: AV1 Bitstream & Decoding Process Specification, sections 5.3 (units), 5.5 (sequence header), 6.4.2
//! (colours).

use std::ops::Range;

/// Unit types.
const SEQUENCE_HEADER: u8 = 1;
pub(super) const PADDING: u8 = 15;

/// A unit ("OBU") of a stream.
pub(super) struct Unit {
    kind: u8,
    /// Start of its header.
    pub(super) at: usize,
    /// Temporal and spatial layer; a unit with `None` belongs to all layers.
    layer: Option<(u8, u8)>,
    payload: Range<usize>,
}

/// Returns the units inside `range`, stopping at the first malformed one.
pub(super) fn units(bytes: &[u8], range: Range<usize>) -> Vec<Unit> {
    /// More than any real image has.
    const UNITS_MAX: usize = 4096;
    let mut found = Vec::new();
    let mut at = range.start;
    while found.len() < UNITS_MAX {
        let Some(unit) = unit(bytes, at, range.end) else { break };
        at = unit.payload.end;
        found.push(unit);
    }
    found
}

fn unit(bytes: &[u8], at: usize, end: usize) -> Option<Unit> {
    let mut rest = bytes.get(at..end)?.iter();
    let header = *rest.next()?;
    let layer = if header & 4 == 0 { None } else { rest.next().map(|byte| (byte >> 5, byte >> 3 & 3)) };
    let len = if header & 2 == 0 {
        None
    } else {
        let mut len = 0_usize;
        for shift in 0..8 {
            let byte = *rest.next()?;
            len |= usize::from(byte & 0x7F).checked_shl(shift * 7)?;
            if byte & 0x80 == 0 {
                break;
            }
        }
        Some(len)
    };
    let start = end - rest.len();
    let stop = len.map_or(Some(end), |len| start.checked_add(len)).filter(|stop| *stop <= end)?;
    Some(Unit { kind: header >> 3 & 15, at, layer, payload: start..stop })
}

impl Unit {
    /// Returns whether the unit is part of what an operating point shows.
    pub(super) fn is_in(&self, operating_point: u16) -> bool {
        self.layer.is_none_or(|(temporal, spatial)| {
            operating_point == 0 || (operating_point >> temporal & 1 == 1 && operating_point >> (8 + spatial) & 1 == 1)
        })
    }
}

/// The contents of a sequence header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SequenceHeader {
    /// The layers that each operating point shows, as a bit mask.
    pub(super) operating_points: Vec<u16>,
    /// Whether the samples are full range, so that black is 0.
    pub(super) is_full: bool,
    /// Byte and mask of the bit that states the range, or `None` where the colours imply it.
    pub(super) range_bit: Option<(usize, u8)>,
}

/// Reads the first sequence header among the units.
pub(super) fn sequence(bytes: &[u8], units: &[Unit]) -> Option<SequenceHeader> {
    let unit = units.iter().find(|unit| unit.kind == SEQUENCE_HEADER)?;
    read(Bits { bytes: bytes.get(..unit.payload.end)?, at: unit.payload.start * 8 })
}

fn read(mut bits: Bits<'_>) -> Option<SequenceHeader> {
    let profile = bits.number(3)?;
    bits.number(1)?;
    let is_reduced = bits.flag()?;
    let operating_points = if is_reduced { bits.number(5).map(|_| vec![0])? } else { operating_points(&mut bits)? };
    let (width_bits, height_bits) = (bits.number(4)? + 1, bits.number(4)? + 1);
    bits.number(width_bits)?;
    bits.number(height_bits)?;
    if !is_reduced && bits.flag()? {
        bits.number(7)?;
    }
    bits.number(3)?;
    if !is_reduced {
        tools(&mut bits)?;
    }
    bits.number(3)?;
    let is_deep = bits.flag()?;
    if profile == 2 && is_deep {
        bits.flag()?;
    }
    let is_mono = profile != 1 && bits.flag()?;
    let colours = if bits.flag()? { bits.number(24)? } else { 0x02_0202 };
    // sRGB primaries and transfer without a matrix mean full-range RGB.
    if !is_mono && colours == 0x01_0D00 {
        return Some(SequenceHeader { operating_points, is_full: true, range_bit: None });
    }
    let range_bit = Some((bits.at / 8, 0x80 >> (bits.at % 8)));
    Some(SequenceHeader { operating_points, is_full: bits.flag()?, range_bit })
}

fn operating_points(bits: &mut Bits<'_>) -> Option<Vec<u16>> {
    let mut delay_bits = None;
    if bits.flag()? {
        bits.number(32)?;
        bits.number(32)?;
        if bits.flag()? {
            let mut zeros = 0;
            while !bits.flag()? {
                zeros += 1;
            }
            bits.number(zeros)?;
        }
        if bits.flag()? {
            delay_bits = Some(bits.number(5)? + 1);
            bits.number(32)?;
            bits.number(10)?;
        }
    }
    let has_display_delay = bits.flag()?;
    let count = bits.number(5)? + 1;
    let mut found = Vec::new();
    for _ in 0..count {
        found.push(bits.number(12)? as u16);
        if bits.number(5)? > 7 {
            bits.flag()?;
        }
        if let Some(delay_bits) = delay_bits
            && bits.flag()?
        {
            bits.number(delay_bits)?;
            bits.number(delay_bits)?;
            bits.flag()?;
        }
        if has_display_delay && bits.flag()? {
            bits.number(4)?;
        }
    }
    Some(found)
}

/// Skips the tools that only sequences of frames use.
fn tools(bits: &mut Bits<'_>) -> Option<()> {
    bits.number(4)?;
    let has_order = bits.flag()?;
    if has_order {
        bits.number(2)?;
    }
    let chooses_screen_content = bits.flag()?;
    let may_be_screen_content = chooses_screen_content || bits.flag()?;
    if may_be_screen_content && !bits.flag()? {
        bits.flag()?;
    }
    if has_order {
        bits.number(3)?;
    }
    Some(())
}

/// A bit reader, highest bit of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    /// Position in bits.
    at: usize,
}

impl Bits<'_> {
    fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// Reads a number of up to 32 bits.
    fn number(&mut self, len: u32) -> Option<u32> {
        let mut value = 0_u32;
        for _ in 0..len.min(32) {
            value = value << 1 | u32::from(self.flag()?);
        }
        Some(value)
    }
}
