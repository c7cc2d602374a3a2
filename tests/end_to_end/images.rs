//! Images of our own to serve, and a reader that takes size and format from the first bytes of an answer.

use std::path::{Path, PathBuf};

/// The photographs of this repository.
pub fn photos() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/photos")
}

/// Returns format, width and height.
pub fn measure(bytes: &[u8]) -> (&'static str, u32, u32) {
    let be = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let be16 = |at: usize| u32::from(u16::from_be_bytes(bytes[at..at + 2].try_into().unwrap()));
    let le24 = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], 0]);
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => ("png", be(16), be(20)),
        [b'R', b'I', b'F', b'F', ..] if bytes[8..12] == *b"WEBP" => match &bytes[12..16] {
            b"VP8X" => ("webp", le24(24) + 1, le24(27) + 1),
            b"VP8 " => ("webp", le24(26) & 0x3FFF, (le24(28) & 0x3FFF)),
            _lossless => {
                let bits = u32::from_le_bytes(bytes[21..25].try_into().unwrap());
                ("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
            }
        },
        [0xFF, 0xD8, ..] => {
            let mut at = 2;
            loop {
                let marker = bytes[at + 1];
                if matches!(marker, 0xC0..=0xC2) {
                    return ("jpeg", be16(at + 7), be16(at + 5));
                }
                at += 2 + be16(at + 2) as usize;
            }
        }
        _ if bytes.get(4..12) == Some(b"ftypavif") => {
            let at = bytes.windows(4).position(|window| window == b"ispe").unwrap();
            ("avif", be(at + 8), be(at + 12))
        }
        [b'G', b'I', b'F', ..] => {
            ("gif", u32::from(bytes[6]) | u32::from(bytes[7]) << 8, u32::from(bytes[8]) | u32::from(bytes[9]) << 8)
        }
        _ => ("unknown", 0, 0),
    }
}
