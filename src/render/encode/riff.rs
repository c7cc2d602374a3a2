//! The container of a WebP file (RFC 9649, section 2): removes all metadata and adds a colour profile.
//!
//! This is done here because libvips before 8.15 always writes an EXIF block, whatever its options say, and cannot keep
//! just the profile.

use crate::units::Size;

/// Flags of the `VP8X` chunk.
const HAS_PROFILE: u8 = 0x20;
const HAS_ALPHA: u8 = 0x10;
const HAS_ANIMATION: u8 = 0x02;
/// Bytes of a chunk header: name and length.
const CHUNK_HEADER: usize = 8;

/// Rewrites a WebP file to contain only the pixels and `profile`. Returns `None` if `webp` is not a WebP file.
///
/// `canvas` is the size of the image. `clear_canvas` states that an animation is transparent where no frame paints;
/// libwebp does not record that when every frame is opaque. The file is as short as possible: the extended header is
/// present only if needed.
pub(super) fn rewrite(webp: &[u8], profile: Option<&[u8]>, canvas: Size, clear_canvas: bool) -> Option<Vec<u8>> {
    let mut rest = webp.strip_prefix(b"RIFF")?.get(4..)?.strip_prefix(b"WEBP")?;
    let mut flags = if profile.is_some() { HAS_PROFILE } else { 0 };
    let mut pixels = Vec::with_capacity(webp.len());
    while !rest.is_empty() {
        let (name, data, next) = next_chunk(rest)?;
        match name {
            b"VP8X" => flags |= data.first()? & (HAS_ALPHA | HAS_ANIMATION),
            b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ANMF" => put_chunk(&mut pixels, name, data)?,
            _ => {}
        }
        rest = next;
    }
    let mut body = b"WEBP".to_vec();
    if clear_canvas && flags & HAS_ANIMATION != 0 {
        flags |= HAS_ALPHA;
    }
    // A lossless image on its own states whether it has alpha: in the 29th bit after the signature byte, following both
    // sides.
    let alone = pixels.starts_with(b"VP8L");
    if alone && pixels.get(CHUNK_HEADER + 4)? & 0x10 != 0 {
        flags |= HAS_ALPHA;
    }
    if flags & !HAS_ALPHA != 0 || (flags != 0 && !alone) {
        put_chunk(&mut body, b"VP8X", &extended_header(flags, canvas))?;
    }
    if let Some(profile) = profile {
        put_chunk(&mut body, b"ICCP", profile)?;
    }
    body.extend_from_slice(&pixels);
    let mut file = Vec::with_capacity(body.len() + CHUNK_HEADER);
    put_chunk(&mut file, b"RIFF", &body)?;
    Some(file)
}

/// Splits off the first chunk. Returns its name, its data and the rest.
fn next_chunk(bytes: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let (name, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let data = rest.get(..length)?;
    // A chunk of odd length is followed by a padding byte.
    Some((name, data, rest.get(length + length % 2..).unwrap_or_default()))
}

fn put_chunk(out: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) -> Option<()> {
    out.extend_from_slice(name);
    out.extend_from_slice(&u32::try_from(data.len()).ok()?.to_le_bytes());
    out.extend_from_slice(data);
    out.extend(std::iter::repeat_n(0, data.len() % 2));
    Some(())
}

/// Builds the data of a `VP8X` chunk: flags, three unused bytes, and both sides minus one in 24 bits each.
fn extended_header(flags: u8, canvas: Size) -> [u8; 10] {
    let [w0, w1, w2, _] = (canvas.width - 1).to_le_bytes();
    let [h0, h1, h2, _] = (canvas.height - 1).to_le_bytes();
    [flags, 0, 0, 0, w0, w1, w2, h0, h1, h2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let (mut body, mut file) = (b"WEBP".to_vec(), Vec::new());
        for (name, data) in chunks {
            put_chunk(&mut body, name, data).unwrap();
        }
        put_chunk(&mut file, b"RIFF", &body).unwrap();
        file
    }

    fn check(chunks: &[(&[u8; 4], &[u8])], profile: Option<&[u8]>, expected: &[(&[u8; 4], &[u8])]) {
        assert_eq!(rewrite(&file(chunks), profile, Size::new(300, 2), false), Some(file(expected)));
    }

    #[test]
    fn a_clear_canvas_is_said_of_animations_only() {
        let header = |flags| extended_header(flags, Size::new(300, 2));
        let moving = |flags| file(&[(b"VP8X", &header(flags)), (b"ANIM", b"a"), (b"ANMF", b"b")]);
        assert_eq!(rewrite(&moving(0x02), None, Size::new(300, 2), true), Some(moving(0x12)));
        assert_eq!(rewrite(&moving(0x02), None, Size::new(300, 2), false), Some(moving(0x02)));
        let still = file(&[(b"VP8 ", b"pixels")]);
        assert_eq!(rewrite(&still, None, Size::new(300, 2), true), Some(still));
    }

    #[test]
    fn bytes_that_are_not_webp_are_refused() {
        for bytes in
            [&b""[..], b"RIFF", b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0WEBPVP8X", b"RIFF\0\0\0\0WEBPVP8L\x09\0\0\0"]
        {
            assert_eq!(rewrite(bytes, Some(b"profile"), Size::new(1, 1), false), None, "{bytes:?}");
        }
    }

    #[test]
    fn metadata_is_removed_and_the_profile_is_added() {
        let plain = (b"VP8 ", &b"pixels"[..]);
        let header = |flags| extended_header(flags, Size::new(300, 2));
        check(&[plain], None, &[plain]);
        check(&[(b"VP8X", &header(0x2c)), (b"ICCP", b"old"), plain, (b"EXIF", b"x"), (b"XMP ", b"y")], None, &[plain]);
        check(&[plain], Some(b"odd"), &[(b"VP8X", &header(0x20)), (b"ICCP", b"odd"), plain]);
        let both = [(b"VP8X", &header(0x18)[..]), (b"ALPH", b"a"), plain, (b"EXIF", b"x")];
        check(&both, None, &[(b"VP8X", &header(0x10)), (b"ALPH", b"a"), plain]);
        let lossless = (b"VP8L", &[0x2f, 0, 0, 0, 0x10][..]);
        check(&[lossless], None, &[lossless]);
        check(&[lossless], Some(b"even"), &[(b"VP8X", &header(0x30)), (b"ICCP", b"even"), lossless]);
        assert_eq!(header(0)[4..], [43, 1, 0, 1, 0, 0]);
    }
}
