//! Icons and cursors of Windows: which of the pictures inside is meant.
//!
//! The largest, and of equal ones the deepest. One that is a whole PNG goes on to the decoder of PNG, which takes every
//! kind of them; `image` decodes the others, and is shown a file of that one only, because it would prefer the deepest.

use std::cmp::Reverse;

/// Bytes of the head and of an entry of the directory behind it.
const HEAD_BYTES: usize = 6;
const ENTRY_BYTES: usize = 16;
/// What byte 2 says.
const ICON: u8 = 1;
const CURSOR: u8 = 2;

/// The entry of the largest picture.
fn largest(bytes: &[u8]) -> Option<&[u8; ENTRY_BYTES]> {
    let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>()?;
    let count = usize::from(u16::from_le_bytes([head[4], head[5]]));
    let is_cursor = head[2] == CURSOR;
    // A side of 0 is 256 or more.
    let side = |stored: u8| if stored == 0 { 256 } else { u32::from(stored) };
    rest.as_chunks::<ENTRY_BYTES>()
        .0
        .iter()
        .take(count)
        .enumerate()
        .max_by_key(|(at, entry)| {
            // Of a cursor, the hot spot lies where an icon has its depth.
            let depth = if is_cursor { 0 } else { u16::from_le_bytes([entry[6], entry[7]]) };
            (side(entry[0]) * side(entry[1]), depth, Reverse(*at))
        })
        .map(|(_, entry)| entry)
}

/// The largest picture, if it is a PNG.
pub(super) fn embedded(bytes: &[u8]) -> Option<&[u8]> {
    let entry = largest(bytes)?;
    let number = |at: usize| u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]]) as usize;
    let (len, start) = (number(8), number(12));
    // Some writers state a length that reaches past the end.
    let data = bytes.get(start..)?;
    let data = data.get(..len).unwrap_or(data);
    data.starts_with(b"\x89PNG\r\n\x1A\n").then_some(data)
}

/// The same file as an icon that holds the largest picture only, without the hot spot of a cursor, which sits where an
/// icon has planes and depth (0: unspecified).
pub(super) fn alone(bytes: &[u8]) -> Vec<u8> {
    let mut icon = bytes.to_vec();
    let Some(entry) = largest(bytes) else { return icon };
    let mut entry = *entry;
    if bytes[2] == CURSOR {
        entry[4..8].fill(0);
    }
    icon[2] = ICON;
    [icon[4], icon[5]] = 1_u16.to_le_bytes();
    icon[HEAD_BYTES..HEAD_BYTES + ENTRY_BYTES].copy_from_slice(&entry);
    icon
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of pictures of these sides and depths, with their data.
    fn file(kind: u8, pictures: &[(u8, u8, &[u8])]) -> Vec<u8> {
        let mut out = vec![0, 0, kind, 0, pictures.len() as u8, 0];
        let mut start = HEAD_BYTES + ENTRY_BYTES * pictures.len();
        for (side, depth, data) in pictures {
            out.extend([*side, *side, 0, 0, 1, 0, *depth, 0]);
            out.extend((data.len() as u32).to_le_bytes());
            out.extend((start as u32).to_le_bytes());
            start += data.len();
        }
        out.extend(pictures.iter().flat_map(|(_, _, data)| *data));
        out
    }

    #[test]
    fn the_largest_counts_then_the_deepest() {
        let png = b"\x89PNG\r\n\x1A\nlarge";
        assert_eq!(embedded(&file(1, &[(16, 32, b"small"), (0, 8, png), (255, 32, b"a little less")])), Some(&png[..]));
        assert_eq!(embedded(&file(1, &[(32, 8, png), (32, 32, b"deeper")])), None);
        assert_eq!(embedded(&file(2, &[(32, 8, png), (32, 32, b"a hot spot")])), Some(&png[..]));
        assert_eq!(embedded(&file(1, &[])), None);
        let icon = file(1, &[(16, 32, png), (48, 8, png)]);
        for length in 0..icon.len() {
            assert!(embedded(&icon[..length]).is_none_or(|data| png.starts_with(data) || data == png));
            assert_eq!(alone(&icon[..length]).len(), length);
        }
    }

    #[test]
    fn the_others_are_hidden() {
        let alone = alone(&file(2, &[(16, 32, b"small"), (48, 8, b"large")]));
        assert_eq!(alone[..HEAD_BYTES], [0, 0, 1, 0, 1, 0]);
        assert_eq!(alone[HEAD_BYTES..][..8], [48, 48, 0, 0, 0, 0, 0, 0]);
        let start = u32::from_le_bytes(alone[HEAD_BYTES + 12..][..4].try_into().unwrap()) as usize;
        assert_eq!(&alone[start..], b"large");
    }
}
