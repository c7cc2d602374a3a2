//! The file format of a rendition, and the checks that detect any file that is not exactly such a rendition.
//!
//! ```text
//! offset  bytes  what (integers are little-endian)
//!      0      8  magic
//!      8      4  version
//!     12      4  length of the metadata
//!     16      8  length of the body
//!     24     32  key of the variant; a file under another name is foreign
//!     56      4  reserved, zero
//!     60      4  CRC-32 of all other bytes of the file
//!     64      …  metadata: fields of tag (1), length (4), value
//!      …      …  body
//! ```
//!
//! Readers skip fields with unknown tags, so that a later version can add some (source, object path, purge generation,
//! stale limits) and the two versions can read each other's files.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::Rendition;
use super::key::{ObjectKey, VariantKey};

const MAGIC: [u8; 8] = *b"tintype\n";
const VERSION: u32 = 1;
/// Length of the fixed part; a shorter file is not an entry.
pub(super) const HEADER_BYTES: usize = 64;
const CHECKSUM_AT: usize = 60;

/// Tags of metadata fields. 17 to 31 are reserved for purging (source, object path, generation).
mod tag {
    pub(super) const CONTENT_TYPE: u8 = 1;
    pub(super) const ETAG: u8 = 2;
    /// Nanoseconds since 1970, as u64.
    pub(super) const RENDERED_AT: u8 = 3;
    /// Seconds, as u64.
    pub(super) const MAX_AGE: u8 = 4;
    /// Keys of the objects that the rendition was made from, 32 bytes each.
    pub(super) const OBJECTS: u8 = 16;
}

/// The bytes are not an entry for this key: truncated, corrupted, of another version, or not our file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an intact entry: {what}")]
pub(super) struct Damaged {
    /// The part that is wrong.
    pub(super) what: &'static str,
}

/// Encodes header and metadata of an entry; the body follows them in the file.
pub(super) fn encode_head(key: &VariantKey, rendition: &Rendition) -> Vec<u8> {
    let metadata = encode_metadata(rendition);
    let mut head = Vec::with_capacity(HEADER_BYTES + metadata.len());
    head.extend_from_slice(&MAGIC);
    head.extend_from_slice(&VERSION.to_le_bytes());
    head.extend_from_slice(&length_u32(&metadata).to_le_bytes());
    head.extend_from_slice(&(rendition.body.len() as u64).to_le_bytes());
    head.extend_from_slice(&key.0);
    head.extend_from_slice(&[0; 4]);
    let checksum = checksum(&head, &metadata, &rendition.body);
    head.extend_from_slice(&checksum.to_le_bytes());
    head.extend_from_slice(&metadata);
    head
}

/// Decodes the rendition in a complete file. Its body shares the memory of `file`.
///
/// # Errors
/// Returns [`Damaged`] unless every byte is as it was written, under this key.
pub(super) fn decode(key: &VariantKey, file: &Bytes) -> Result<Rendition, Damaged> {
    let damaged = |what| Damaged { what };
    let (header, rest) = file.split_at_checked(HEADER_BYTES).ok_or(damaged("length"))?;
    if header[..8] != MAGIC || u32_at(header, 8) != VERSION {
        return Err(damaged("magic or version"));
    }
    if header[24..56] != key.0 {
        return Err(damaged("key"));
    }
    let metadata_bytes = u64::from(u32_at(header, 12));
    let body_bytes = u64::from_le_bytes(header[16..24].try_into().expect("eight bytes"));
    if metadata_bytes.checked_add(body_bytes) != Some(rest.len() as u64) {
        return Err(damaged("length"));
    }
    let metadata_bytes = usize::try_from(metadata_bytes).map_err(|_| damaged("length"))?;
    let (metadata, body) = rest.split_at(metadata_bytes);
    if checksum(&header[..CHECKSUM_AT], metadata, body) != u32_at(header, CHECKSUM_AT) {
        return Err(damaged("checksum"));
    }
    decode_metadata(metadata, file.slice(HEADER_BYTES + metadata_bytes..)).ok_or(damaged("metadata"))
}

fn encode_metadata(rendition: &Rendition) -> Vec<u8> {
    let since_1970 = rendition.rendered_at.duration_since(UNIX_EPOCH).unwrap_or_default();
    // Sufficient until the year 2554.
    let nanoseconds = u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX);
    let mut out = Vec::with_capacity(128);
    let mut field = |tag: u8, value: &[u8]| {
        out.push(tag);
        out.extend_from_slice(&length_u32(value).to_le_bytes());
        out.extend_from_slice(value);
    };
    field(tag::CONTENT_TYPE, rendition.content_type.as_bytes());
    field(tag::ETAG, rendition.etag.as_bytes());
    field(tag::RENDERED_AT, &nanoseconds.to_le_bytes());
    field(tag::MAX_AGE, &rendition.max_age_s.to_le_bytes());
    let objects: Vec<u8> = rendition.objects.iter().flat_map(|object| object.0).collect();
    field(tag::OBJECTS, &objects);
    out
}

fn decode_metadata(mut fields: &[u8], body: Bytes) -> Option<Rendition> {
    let (mut content_type, mut etag, mut rendered_at, mut max_age_s, mut objects) = (None, None, None, None, None);
    while let Some((&tag, rest)) = fields.split_first() {
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        fields = rest;
        let text = || String::from_utf8(value.to_vec()).ok();
        let number = || Some(u64::from_le_bytes(value.try_into().ok()?));
        match tag {
            tag::CONTENT_TYPE => content_type = Some(text()?),
            tag::ETAG => etag = Some(text()?),
            tag::RENDERED_AT => rendered_at = Some(number()?),
            tag::MAX_AGE => max_age_s = Some(number()?),
            tag::OBJECTS => {
                let (keys, []) = value.as_chunks::<32>() else { return None };
                objects = Some(keys.iter().copied().map(ObjectKey).collect());
            }
            _newer => {}
        }
    }
    Some(Rendition {
        body,
        content_type: content_type?,
        etag: etag?,
        rendered_at: SystemTime::checked_add(&UNIX_EPOCH, Duration::from_nanos(rendered_at?))?,
        max_age_s: max_age_s?,
        objects: objects?,
    })
}

fn checksum(header: &[u8], metadata: &[u8], body: &[u8]) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(header);
    hash.update(metadata);
    hash.update(body);
    hash.finalize()
}

fn length_u32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("types and validators are far shorter than 4 GiB")
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    const KEY: VariantKey = VariantKey([7; 32]);

    fn rendition(body: &[u8]) -> Rendition {
        Rendition {
            body: Bytes::copy_from_slice(body),
            content_type: "image/webp".to_owned(),
            etag: "\"abc\"".to_owned(),
            rendered_at: UNIX_EPOCH + Duration::from_secs(1_700_000_000),
            max_age_s: 60,
            objects: Arc::from([ObjectKey([9; 32])]),
        }
    }

    fn encoded(key: &VariantKey, rendition: &Rendition) -> Vec<u8> {
        let mut file = encode_head(key, rendition);
        file.extend_from_slice(&rendition.body);
        file
    }

    fn check(file: Vec<u8>, expected: Result<Rendition, &'static str>) {
        assert_eq!(decode(&KEY, &Bytes::from(file)).map_err(|damaged| damaged.what), expected);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let file = encoded(&KEY, &rendition(b"body"));
        check(file.clone(), Ok(rendition(b"body")));
        for bit in 0..file.len() * 8 {
            let mut flipped = file.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&KEY, &Bytes::from(flipped)).is_err(), "bit {bit}");
        }
        for length in 0..file.len() {
            assert!(decode(&KEY, &Bytes::from(file[..length].to_vec())).is_err(), "{length} bytes");
        }
        check([&file[..], b"x"].concat(), Err("length"));
    }

    #[test]
    fn an_entry_under_another_name_is_foreign() {
        check(encoded(&VariantKey([8; 32]), &rendition(b"body")), Err("key"));
    }

    #[test]
    fn unknown_fields_are_skipped_and_missing_ones_are_not() {
        let with_metadata = |metadata: &[u8]| {
            let mut file = encode_head(&KEY, &rendition(b""))[..CHECKSUM_AT].to_vec();
            file[12..16].copy_from_slice(&length_u32(metadata).to_le_bytes());
            file.extend_from_slice(&checksum(&file, metadata, b"").to_le_bytes());
            file.extend_from_slice(metadata);
            file
        };
        let known = encode_metadata(&rendition(b""));
        check(with_metadata(&[&known[..], &[17, 2, 0, 0, 0, 1, 2]].concat()), Ok(rendition(b"")));
        check(with_metadata(&known[..known.len() - 13]), Err("metadata"));
        check(with_metadata(&[&known[..], &[17, 2, 0, 0, 0, 1]].concat()), Err("metadata"));
        check(with_metadata(b""), Err("metadata"));
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes(key: [u8; 32], body: Vec<u8>, content_type: String, etag: String,
                                   at_ns: u64, max_age_s: u64, objects: Vec<[u8; 32]>) {
            let key = VariantKey(key);
            let rendered_at = UNIX_EPOCH + Duration::from_nanos(at_ns);
            let objects = objects.into_iter().map(ObjectKey).collect();
            let rendition = Rendition { body: body.into(), content_type, etag, rendered_at, max_age_s, objects };
            prop_assert_eq!(decode(&key, &encoded(&key, &rendition).into()), Ok(rendition));
        }

        #[test]
        fn no_file_panics(file: Vec<u8>, tail: Vec<u8>) {
            prop_assert!(decode(&KEY, &Bytes::from(file)).is_err());
            let mut near = encoded(&KEY, &rendition(b"body"));
            near.truncate(HEADER_BYTES);
            near.extend_from_slice(&tail);
            prop_assert!(decode(&KEY, &Bytes::from(near)).is_err());
        }
    }
}
