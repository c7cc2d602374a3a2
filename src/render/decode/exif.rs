//! The orientation in a block of EXIF. Pure and total: hostile offsets lead nowhere.

/// Orientation 1 to 8 from an EXIF block, with or without its `Exif\0\0` header; anything else in it is 1.
///
/// Source: EXIF 2.32 section 4.6.2 (TIFF header and directories) and 4.6.4, tag 0x0112.
#[must_use]
pub fn orientation(exif: &[u8]) -> u8 {
    find(exif).and_then(|value| u8::try_from(value).ok()).filter(|value| (1..=8).contains(value)).unwrap_or(1)
}

fn find(exif: &[u8]) -> Option<u16> {
    const ORIENTATION: u16 = 0x0112;
    const SHORT: u16 = 3;
    let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    let little = match tiff.first_chunk::<4>()? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = tiff.get(at..)?.first_chunk::<2>().copied()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = tiff.get(at..)?.first_chunk::<4>().copied()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) } as usize)
    };
    let directory = long(4)?;
    let entries = usize::from(short(directory)?);
    (0..entries)
        .map(|index| directory.checked_add(2 + index * 12))
        .map_while(|entry| Some((entry?, short(entry?)?)))
        .find(|(entry, tag)| *tag == ORIENTATION && short(entry + 2) == Some(SHORT))
        .and_then(|(entry, _)| short(entry + 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(little: bool, tag: u16, kind: u16, value: u16) -> Vec<u8> {
        let short = |v: u16| if little { v.to_le_bytes() } else { v.to_be_bytes() };
        let long = |v: u32| if little { v.to_le_bytes() } else { v.to_be_bytes() };
        let mut out = if little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
        out.extend(long(8));
        out.extend(short(1));
        out.extend(short(tag));
        out.extend(short(kind));
        out.extend(long(1));
        out.extend(short(value));
        out.extend([0, 0]);
        out
    }

    #[test]
    fn values_1_to_8_are_read_and_all_else_is_1() {
        for value in 1..=8 {
            assert_eq!(orientation(&block(true, 0x112, 3, value)), value as u8);
            assert_eq!(orientation(&[b"Exif\0\0".to_vec(), block(false, 0x112, 3, value)].concat()), value as u8);
        }
        for odd in [block(true, 0x112, 3, 0), block(true, 0x112, 3, 9), block(true, 0x112, 3, 0x106)] {
            assert_eq!(orientation(&odd), 1);
        }
        assert_eq!(orientation(&block(true, 0x113, 3, 6)), 1, "another tag");
        assert_eq!(orientation(&block(true, 0x112, 4, 6)), 1, "another type");
    }

    #[test]
    fn cut_and_hostile_blocks_lead_nowhere() {
        let whole = block(true, 0x112, 3, 6);
        for length in 0..whole.len() - 3 {
            assert_eq!(orientation(&whole[..length]), 1, "cut at {length}");
        }
        let mut far = whole.clone();
        far[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(orientation(&far), 1);
        let mut many = whole;
        many[8..10].copy_from_slice(&u16::MAX.to_le_bytes());
        many[10] = 0;
        assert_eq!(orientation(&many), 1);
    }
}
