//! Boxes of ISO base media files.

use std::ops::Range;

/// A box: its type, where it begins, and its payload.
#[derive(Clone, Debug)]
pub(super) struct Child {
    pub(super) kind: [u8; 4],
    pub(super) at: usize,
    pub(super) payload: Range<usize>,
}

/// Returns the boxes inside `range`, stopping at the first malformed one.
pub(super) fn children(bytes: &[u8], range: Range<usize>) -> Vec<Child> {
    /// More than any real file has; bounds the work on a hostile file.
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

/// Returns the first box of this type inside `range`.
pub(super) fn child(bytes: &[u8], range: Range<usize>, kind: &[u8; 4]) -> Option<Child> {
    children(bytes, range).into_iter().find(|child| &child.kind == kind)
}

/// Returns the payload after the version and flags.
pub(super) const fn behind_version(payload: &Range<usize>) -> Range<usize> {
    let start = payload.start + 4;
    start..if payload.end < start { start } else { payload.end }
}

/// Finds length fields of top-level boxes, and of boxes inside `meta`, that not every reader supports: 0 for "up to the
/// end", or 64 bits. Returns where they are and what to write there. The replacement moves nothing.
pub(super) fn plain_lengths(bytes: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let top = children(bytes, 0..bytes.len());
    let meta = top.iter().find(|child| &child.kind == b"meta");
    let inside = meta.map(|meta| children(bytes, behind_version(&meta.payload))).unwrap_or_default();
    let plain = |child: &Child| {
        let (len, header) = (child.payload.end - child.at, child.payload.start - child.at);
        let len = u32::try_from(len).ok()?;
        if header == 16 {
            // An empty box, followed by what is left of the header.
            let rest = (len - 8).to_be_bytes();
            return Some((child.at, [&[0, 0, 0, 8][..], b"free", &rest, &child.kind].concat()));
        }
        let is_open = bytes.get(child.at..child.at + 4) == Some(&[0; 4]);
        is_open.then(|| (child.at, len.to_be_bytes().to_vec()))
    };
    top.iter().chain(&inside).filter_map(plain).collect()
}

/// Builds a box with this payload.
pub(super) fn boxed(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len() + 8).unwrap_or(u32::MAX);
    [&len.to_be_bytes()[..], kind, payload].concat()
}

/// Reads big-endian numbers in sequence.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    /// Reads a number of up to 4 bytes.
    pub(super) fn number(&mut self, len: usize) -> Option<u32> {
        u32::try_from(self.long(len)?).ok()
    }

    /// Reads a number of up to 8 bytes.
    pub(super) fn long(&mut self, len: usize) -> Option<u64> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }
}
