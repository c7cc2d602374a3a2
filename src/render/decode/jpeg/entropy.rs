//! Reads the data of one scan of a JPEG, block by block, keeping only what later scans depend on.

use memchr::memchr;

use super::huffman::{Bits, Table};
use super::{Component, FrameHeader};

/// Returns how many bytes at the start of `data` belong to a scan. Restart markers do; other markers and a truncated
/// one do not.
pub(super) fn length(data: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memchr(0xFF, &data[at..]) {
        at += found;
        match data.get(at + 1) {
            Some(0 | 0xD0..=0xD7) => at += 2,
            // Any number of fill bytes may precede the actual marker.
            Some(0xFF) if matches!(data[at..].iter().find(|byte| **byte != 0xFF), Some(0xD0..=0xD7)) => at += 1,
            Some(_) | None => return at,
        }
    }
    data.len()
}

/// What a scan contains for each block.
pub(super) struct Scan {
    /// First and last coefficient in zigzag order.
    pub(super) first: u8,
    pub(super) last: u8,
    /// The lowest bit of the coefficients in earlier scans; 0 in the first scan of a coefficient.
    pub(super) high: u8,
    /// Units between two restart markers; 0 for none.
    pub(super) restart: u32,
}

/// A component of a scan: its index in the frame, and its tables.
pub(super) type Member = (usize, Option<Table>, Option<Table>);

impl Scan {
    /// Reads all units. Returns `None` if the data is incomplete.
    pub(super) fn read(&self, frame: &mut FrameHeader, members: &[Member], data: &[u8]) -> Option<()> {
        let [only] = members else { return self.interleaved(frame, members, data) };
        let (at, dc, ac) = only;
        let is_progressive = frame.is_progressive;
        let component = &mut frame.components[*at];
        let [across, down] = component.own;
        let mut units = Units::of(data, self.restart);
        for y in 0..down {
            for x in 0..across {
                let (bits, run) = units.next()?;
                self.block(component, [x, y], is_progressive, dc.as_ref(), ac.as_ref(), bits, run)?;
            }
        }
        Some(())
    }

    fn interleaved(&self, frame: &mut FrameHeader, members: &[Member], data: &[u8]) -> Option<()> {
        let (is_progressive, [across, down]) = (frame.is_progressive, frame.units);
        // In a progressive image only DC coefficients may be interleaved.
        if is_progressive && self.first > 0 {
            return None;
        }
        let mut units = Units::of(data, self.restart);
        for y in 0..down {
            for x in 0..across {
                let (bits, run) = units.next()?;
                for (at, dc, ac) in members {
                    let component = &mut frame.components[*at];
                    let [wide, high] = component.blocks;
                    for inside in 0..wide * high {
                        let block = [x * wide + inside % wide, y * high + inside / wide];
                        self.block(component, block, is_progressive, dc.as_ref(), ac.as_ref(), bits, run)?;
                    }
                }
            }
        }
        Some(())
    }

    #[expect(clippy::too_many_arguments, reason = "the state of the scan, of the component and of the data")]
    #[inline]
    fn block(
        &self,
        component: &mut Component,
        [x, y]: [u32; 2],
        is_progressive: bool,
        dc: Option<&Table>,
        ac: Option<&Table>,
        bits: &mut Bits<'_>,
        run: &mut u32,
    ) -> Option<()> {
        if !is_progressive {
            return sequential(dc?, ac?, bits);
        }
        if self.first == 0 {
            return if self.high == 0 { bits.symbol_and_value(dc?).map(|_| ()) } else { bits.number(1).map(|_| ()) };
        }
        let place = y as usize * component.padded[0] as usize + x as usize;
        let set = component.set.get_mut(place)?;
        if self.high == 0 { self.first_of(set, ac?, bits, run) } else { self.refined(set, ac?, bits, run) }
    }

    /// Reads the first bits of coefficients.
    fn first_of(&self, set: &mut u64, table: &Table, bits: &mut Bits<'_>, run: &mut u32) -> Option<()> {
        if *run > 0 {
            *run -= 1;
            return Some(());
        }
        let mut at = u32::from(self.first);
        while at <= u32::from(self.last) {
            let symbol = bits.symbol_and_value(table)?;
            let zeros = u32::from(symbol >> 4);
            match symbol & 15 {
                0 if zeros < 15 => {
                    *run = (1 << zeros) - 1 + bits.number(zeros)?;
                    return Some(());
                }
                0 => at += 16,
                _ => {
                    at += zeros;
                    *set |= 1_u64.checked_shl(at).unwrap_or(0);
                    at += 1;
                }
            }
        }
        Some(())
    }

    /// Reads one more bit of each coefficient that is not zero, and the coefficients that become non-zero (T.81,
    /// G.1.2.3).
    fn refined(&self, set: &mut u64, table: &Table, bits: &mut Bits<'_>, run: &mut u32) -> Option<()> {
        let last = u32::from(self.last);
        let mut at = u32::from(self.first);
        while *run == 0 && at <= last {
            let symbol = bits.symbol(table)?;
            let (mut zeros, is_new) = (u32::from(symbol >> 4), symbol & 15 != 0);
            if is_new {
                bits.number(1)?;
            } else if zeros < 15 {
                *run = (1 << zeros) + bits.number(zeros)?;
                break;
            }
            while at <= last {
                if *set >> at & 1 != 0 {
                    bits.number(1)?;
                } else if zeros == 0 {
                    break;
                } else {
                    zeros -= 1;
                }
                at += 1;
            }
            if is_new && at <= last {
                *set |= 1 << at;
            }
            at += 1;
        }
        if *run > 0 {
            *run -= 1;
            for at in at..=last {
                bits.number(u32::from(*set >> at & 1 != 0))?;
            }
        }
        Some(())
    }
}

/// Reads a block of a sequential scan.
#[inline]
fn sequential(dc: &Table, ac: &Table, bits: &mut Bits<'_>) -> Option<()> {
    bits.symbol_and_value(dc)?;
    let mut at = 1;
    while at < 64 {
        let symbol = bits.symbol_and_value(ac)?;
        match symbol {
            0xF0 => at += 16,
            // The end of the block.
            _ if symbol & 15 == 0 => break,
            _ => at += u32::from(symbol >> 4) + 1,
        }
    }
    Some(())
}

/// The data split at its restart markers, unit by unit.
struct Units<'a> {
    rest: &'a [u8],
    restart: u32,
    /// Units left before the next marker.
    left: u32,
    /// Number of the next marker.
    number: u8,
    bits: Bits<'a>,
    /// Blocks that the current end-of-block run still covers.
    run: u32,
}

impl<'a> Units<'a> {
    fn of(data: &'a [u8], restart: u32) -> Self {
        let (first, rest) = split(data);
        Self { rest, restart, left: restart, number: 0, bits: Bits::of(first), run: 0 }
    }

    /// Returns the bits of the next unit, or `None` if the expected restart marker is missing.
    #[inline]
    fn next(&mut self) -> Option<(&mut Bits<'a>, &mut u32)> {
        if self.restart > 0 {
            if self.left == 0 {
                let (&code, rest) = self.rest.split_first()?;
                if code != 0xD0 | self.number {
                    return None;
                }
                let (stretch, rest) = split(rest);
                (self.rest, self.bits, self.run) = (rest, Bits::of(stretch), 0);
                (self.left, self.number) = (self.restart, (self.number + 1) & 7);
            }
            self.left -= 1;
        }
        Some((&mut self.bits, &mut self.run))
    }
}

/// Splits the data at the next restart marker. The second part starts at the marker's code.
fn split(data: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    while let Some(found) = memchr(0xFF, &data[at..]) {
        at += found;
        match data.get(at + 1) {
            Some(0) => at += 2,
            Some(_) => {
                let code = data[at..].iter().position(|byte| *byte != 0xFF).map_or(data.len(), |fill| at + fill);
                return (&data[..at], &data[code..]);
            }
            None => return (&data[..at], &[]),
        }
    }
    (data, &[])
}
