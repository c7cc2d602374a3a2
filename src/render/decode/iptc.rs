//! IPTC metadata (IIM 4.2): inside a Photoshop resource block, as in JPEG, or bare, as in TIFF. Pure and total: hostile
//! lengths are ignored, and the limits below bound what is read.

use serde_json::{Map, Value};

/// Data sets of the application record that describe an image.
const DATA_SETS: &[(u8, &str)] = &[
    (5, "ObjectName"),
    (7, "EditStatus"),
    (10, "Urgency"),
    (15, "Category"),
    (20, "SuppCategory"),
    (22, "FixtureId"),
    (25, "Keywords"),
    (40, "SpecialInstructions"),
    (55, "DateCreated"),
    (60, "TimeCreated"),
    (65, "OriginatingProgram"),
    (70, "ProgramVersion"),
    (80, "Byline"),
    (85, "BylineTitle"),
    (103, "OriginalTransmissionReference"),
    (105, "Headline"),
    (110, "Credit"),
    (115, "Source"),
    (116, "CopyrightNotice"),
    (118, "Contact"),
    (120, "CaptionAbstract"),
    (122, "WriterEditor"),
];
/// Those that may be repeated. Their values are reported as a list.
const LISTS: [&str; 4] = ["SuppCategory", "Keywords", "Byline", "BylineTitle"];

const APPLICATION_RECORD: u8 = 2;
/// Longest text that is reported, in bytes.
const TEXT_MAX: usize = 2048;
/// Maximum number of data sets that are read.
const COUNT_MAX: usize = 256;

/// Returns the known fields of a block. Where a photo was taken (city, country, sublocation) is deliberately excluded.
#[must_use]
pub(in crate::render) fn fields(block: &[u8]) -> Map<String, Value> {
    let mut out = Map::new();
    let bytes = block.strip_prefix(b"Photoshop 3.0\0").map_or(Some(block), iim_resource).unwrap_or_default();
    for (record, number, value) in (DataSets { bytes }).take(COUNT_MAX) {
        let known = DATA_SETS.iter().find(|(known, _)| record == APPLICATION_RECORD && *known == number);
        let Some((_, name)) = known else { continue };
        let Some(text) = text(value) else { continue };
        if LISTS.contains(name) {
            let list = out.entry((*name).to_owned()).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(Value::String(text));
            }
        } else {
            out.entry((*name).to_owned()).or_insert(Value::String(text));
        }
    }
    out
}

/// Finds the resource 0x0404 among image resource blocks (Adobe Photoshop File Formats, "Image resource blocks").
fn iim_resource(mut bytes: &[u8]) -> Option<&[u8]> {
    const IIM: u16 = 0x0404;
    loop {
        let rest = bytes.strip_prefix(b"8BIM")?;
        let (id, rest) = rest.split_first_chunk::<2>()?;
        // The name is a Pascal string, padded to an even length including its length byte.
        let name = (usize::from(*rest.first()?) + 2) & !1;
        let (length, rest) = rest.get(name..)?.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        if u16::from_be_bytes(*id) == IIM {
            return rest.get(..length);
        }
        bytes = rest.get(length.checked_add(length & 1)?..)?;
    }
}

/// Iterates over the data sets (record, number and value), stopping at the end of the data.
struct DataSets<'a> {
    bytes: &'a [u8],
}

impl<'a> Iterator for DataSets<'a> {
    type Item = (u8, u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[marker, record, number, high, low], rest) = self.bytes.split_first_chunk::<5>()?;
        // An extended length (high bit set) is meant for video; no data set we use is that long.
        let length = usize::from(u16::from_be_bytes([high, low]));
        if marker != 0x1C || length > 0x7FFF {
            return None;
        }
        let value = rest.get(..length)?;
        self.bytes = &rest[length..];
        Some((record, number, value))
    }
}

/// Decodes text as UTF-8, falling back to Latin-1, and removes control characters.
fn text(value: &[u8]) -> Option<String> {
    let value = &value[..value.len().min(TEXT_MAX)];
    let text =
        std::str::from_utf8(value).map_or_else(|_| value.iter().copied().map(char::from).collect(), str::to_owned);
    let text: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn data_set(number: u8, value: &[u8]) -> Vec<u8> {
        [&[0x1C, 2, number, 0, value.len() as u8], value].concat()
    }

    fn resources(iim: &[u8]) -> Vec<u8> {
        let resource = |id: u16, data: &[u8]| {
            let pad: &[u8] = if data.len() % 2 == 1 { &[0] } else { &[] };
            let length = (data.len() as u32).to_be_bytes();
            [b"8BIM", &id.to_be_bytes()[..], &[0, 0], &length, data, pad].concat()
        };
        [b"Photoshop 3.0\0", &resource(0x03ED, b"odd")[..], &resource(0x0404, iim)].concat()
    }

    #[test]
    fn known_fields_are_named_and_repeated_ones_are_lists() {
        let iim = [
            data_set(120, "Ein Café".as_bytes()),
            data_set(25, b"one"),
            data_set(25, b"two"),
            data_set(90, b"Berlin"),
            data_set(80, b"J\xFCrgen"),
        ]
        .concat();
        let expected = json!({ "CaptionAbstract": "Ein Café", "Keywords": ["one", "two"], "Byline": ["Jürgen"] });
        assert_eq!(Value::Object(fields(&resources(&iim))), expected);
        assert_eq!(Value::Object(fields(&iim)), expected);
    }

    #[test]
    fn truncated_blocks_are_ignored() {
        let whole = resources(&data_set(120, b"caption"));
        for length in 0..whole.len() {
            assert!(fields(&whole[..length]).is_empty(), "cut at {length}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(tail in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = fields(&[b"Photoshop 3.0\08BIM\x04\x04\0\0", &tail[..]].concat());
            let _ = fields(&[&[0x1C, 2], &tail[..]].concat());
        }
    }
}
