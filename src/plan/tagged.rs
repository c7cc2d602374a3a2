//! [`Intent::tagged`]: writes an intent as tagged fields, without those that have their default. Cache keys are made of
//! this form.
//!
//! A field is identified by its name, not by its position, and is left out if it has its default. So a parameter that
//! is added later keeps all stored renditions that do not use it, and a word that is added to an enumeration cannot
//! give an old rendition to a new plan.

mod elided;

use std::sync::LazyLock;

use serde::ser::{self, Serialize};

use super::feature::FieldSink;
use super::resolve::resolve_params;
use super::resolved::{Intent, Plan};
use super::types::{Negotiation, Policy};
use crate::param::Params;
use elided::Elided;

/// Raised when the same plan gives other pixels or bytes than before, so that stored renditions are no longer used.
pub const PLAN_REVISION: u32 = 2;

/// Initial capacities, which most plans fit into: of the tagged form, and of one encoded field.
const ROOM: usize = 512;
const FIELD_ROOM: usize = 1 << 10;

/// The plan of a request that asks for nothing in particular. It holds the default of each field of a plan.
static DEFAULT: LazyLock<(Plan, Vec<u8>)> = LazyLock::new(|| {
    let intent = resolve_params(&Params::default(), true, &Negotiation::default(), &Policy::default()).intent;
    let Intent::Render(plan) = intent else { unreachable!("asked for rendering") };
    let encoded = encoded(&plan);
    (*plan, encoded)
});

impl Intent {
    /// Returns the fields that differ from their default, each with its name. Different intents never give the same
    /// bytes.
    ///
    /// A field inside something that the default plan does not have at all (a text, a border) counts as different if it
    /// is not absent, false, 0 or empty.
    #[must_use]
    pub fn tagged(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(ROOM);
        match self {
            Self::Render(plan) => {
                variant("Render", &mut out);
                plan.tagged(&mut out);
            }
            Self::PassThrough | Self::Unsupported(_) => differing(EncodedValue::read(&encoded(self)).0, None, &mut out),
        }
        out
    }
}

impl Plan {
    /// Compares before it encodes: most fields of most plans have their default.
    fn tagged(&self, out: &mut Vec<u8>) {
        let (default, encoded) = &*DEFAULT;
        let mut fields = TaggedFields::open(out, Some(EncodedValue::read(encoded).0));
        /// Names every field, so that none can be forgotten.
        macro_rules! each {
            ($($field:ident),+) => {{
                let Self { features: _, $($field),+ } = self;
                $(if *$field != default.$field {
                    fields.field(stringify!($field), $field);
                })+
            }};
        }
        each!(select, orient, rect, trim, hide_faces, redeye, sizing, data, written, vectors, sheet, output);
        if self.features != default.features {
            let mut inner = fields.within("features");
            self.features.each_present(&mut inner);
            inner.close();
        }
        fields.close();
    }
}

/// A structure of which only the fields that differ from their default are written.
struct TaggedFields<'o> {
    out: &'o mut Vec<u8>,
    default: Option<EncodedValue<'static>>,
    /// Room for one encoded field.
    encoded: Vec<u8>,
}

impl<'o> TaggedFields<'o> {
    fn open(out: &'o mut Vec<u8>, default: Option<EncodedValue<'static>>) -> Self {
        out.push(mark::STRUCT);
        Self { out, default, encoded: Vec::new() }
    }

    fn name(&mut self, name: &str) {
        Encoder::name(self.out, name);
    }

    /// Writes a field that is known to differ.
    fn field(&mut self, name: &str, value: &impl Serialize) {
        self.name(name);
        let default = self.default.and_then(|default| default.named(name.as_bytes()));
        self.value(value, default);
    }

    fn value(&mut self, value: &impl Serialize, default: Option<EncodedValue<'_>>) {
        self.encoded.clear();
        self.encoded.reserve(FIELD_ROOM);
        encode(value, &mut self.encoded);
        differing(EncodedValue::read(&self.encoded).0, default, self.out);
    }

    /// Opens a field that is a structure itself, and whose fields are absent by default.
    fn within(&mut self, name: &str) -> TaggedFields<'_> {
        self.name(name);
        TaggedFields::open(self.out, None)
    }

    fn close(self) {
        // No name is empty.
        self.out.push(0);
    }
}

impl FieldSink for TaggedFields<'_> {
    fn present(&mut self, name: &str, value: &impl Serialize) {
        self.name(name);
        variant("some", self.out);
        value.serialize(Elided { out: self.out }).expect(WRITABLE);
    }
}

/// Marks of the encoded form, in which every value can be skipped and every field can be found by its name.
mod mark {
    /// Plain bytes: length (4), bytes.
    pub(super) const ATOM: u8 = 0;
    /// Length (4), then fields: length of the name (1), name, value.
    pub(super) const STRUCT: u8 = 1;
    /// Length (4), then values.
    pub(super) const LIST: u8 = 2;
    /// Length (4), then length of the name (1), name, and a value or nothing.
    pub(super) const VARIANT: u8 = 3;
    /// Length (4), which is 0.
    pub(super) const ABSENT: u8 = 4;
}

const WRITABLE: &str = "a plan holds nothing that cannot be written";

/// Number of bytes before the content of a value.
const HEAD: usize = 5;

/// One encoded value.
#[derive(Clone, Copy, PartialEq, Eq)]
struct EncodedValue<'a> {
    mark: u8,
    content: &'a [u8],
}

impl<'a> EncodedValue<'a> {
    /// Reads the value at the start, and returns what follows it too.
    fn read(bytes: &'a [u8]) -> (Self, &'a [u8]) {
        let length = bytes[1..HEAD].try_into().map_or(0, |length| u32::from_le_bytes(length) as usize);
        (Self { mark: bytes[0], content: &bytes[HEAD..HEAD + length] }, &bytes[HEAD + length..])
    }

    /// Returns whether this is what a field contains if it is not set.
    fn is_empty(&self) -> bool {
        match self.mark {
            mark::ATOM => self.content.iter().all(|byte| *byte == 0),
            mark::LIST | mark::ABSENT => self.content.is_empty(),
            _ => false,
        }
    }

    /// Returns the field of this name in a structure, or what the variant of this name contains.
    fn named(&self, name: &[u8]) -> Option<Self> {
        let mut rest = self.content;
        while !rest.is_empty() {
            let (own, value, after) = field(rest)?;
            if own == name {
                return Some(value);
            }
            rest = after;
        }
        None
    }
}

/// Splits off a name and its value, and returns the rest too. `None` if nothing follows the name, as in a variant that
/// contains nothing.
fn field(bytes: &[u8]) -> Option<(&[u8], EncodedValue<'_>, &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(length))?;
    if rest.is_empty() {
        return None;
    }
    let (value, rest) = EncodedValue::read(rest);
    Some((name, value, rest))
}

fn whole(value: EncodedValue<'_>, out: &mut Vec<u8>) {
    out.push(value.mark);
    out.extend_from_slice(&(value.content.len() as u64).to_le_bytes());
    out.extend_from_slice(value.content);
}

/// Begins a variant that contains something.
fn variant(name: &str, out: &mut Vec<u8>) {
    out.push(mark::VARIANT);
    Encoder::name(out, name);
}

/// Writes a structure, list or variant without the fields that are the same in `default`.
fn differing(value: EncodedValue<'_>, default: Option<EncodedValue<'_>>, out: &mut Vec<u8>) {
    match value.mark {
        mark::STRUCT => {
            out.push(mark::STRUCT);
            let default = default.filter(|default| default.mark == mark::STRUCT);
            let (mut rest, mut usual_rest) = (value.content, default.map_or(&[][..], |default| default.content));
            while let Some((name, own, after)) = field(rest) {
                rest = after;
                // A default of the same type has the same fields in the same order.
                let usual = match field(usual_rest) {
                    Some((usual_name, usual, after)) if usual_name == name => {
                        usual_rest = after;
                        Some(usual)
                    }
                    _ => default.and_then(|default| default.named(name)),
                };
                if usual.map_or_else(|| own.is_empty(), |usual| usual == own) {
                    continue;
                }
                out.push(name.len() as u8);
                out.extend_from_slice(name);
                differing(own, usual, out);
            }
            // Marks the end: no name is empty.
            out.push(0);
        }
        mark::VARIANT => {
            let Some((name, own, _)) = field(value.content) else { return whole(value, out) };
            out.extend_from_slice(&[mark::VARIANT, name.len() as u8]);
            out.extend_from_slice(name);
            differing(own, default.filter(|default| default.mark == mark::VARIANT).and_then(|d| d.named(name)), out);
        }
        mark::LIST => {
            let mut rest = value.content;
            out.push(mark::LIST);
            while !rest.is_empty() {
                let (own, after) = EncodedValue::read(rest);
                differing(own, None, out);
                rest = after;
            }
            // Marks the end: no value starts with this byte.
            out.push(u8::MAX);
        }
        _ => whole(value, out),
    }
}

fn encode(value: &impl Serialize, out: &mut Vec<u8>) {
    value.serialize(&mut Encoder { out }).expect(WRITABLE);
}

fn encoded(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    encode(value, &mut out);
    out
}

/// Writes the encoded form.
struct Encoder<'o> {
    out: &'o mut Vec<u8>,
}

/// A value that is not complete yet.
struct Open<'o> {
    out: &'o mut Vec<u8>,
    /// Where the open values start. A variant with fields opens two.
    starts: [Option<usize>; 2],
}

/// The error type that serde requires. Plans contain nothing that fails to serialize.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

impl ser::Error for Refused {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl Encoder<'_> {
    fn begin(out: &mut Vec<u8>, mark: u8) -> usize {
        let start = out.len();
        out.extend_from_slice(&[mark, 0, 0, 0, 0]);
        start
    }

    fn end(out: &mut [u8], start: usize) {
        let length = u32::try_from(out.len() - start - HEAD).unwrap_or(u32::MAX);
        out[start + 1..start + HEAD].copy_from_slice(&length.to_le_bytes());
    }

    fn name(out: &mut Vec<u8>, name: &str) {
        out.push(u8::try_from(name.len()).expect("a name of our own is short"));
        out.extend_from_slice(name.as_bytes());
    }

    fn atom(self, bytes: &[u8]) -> Result<(), Refused> {
        let start = Self::begin(self.out, mark::ATOM);
        self.out.extend_from_slice(bytes);
        Self::end(self.out, start);
        Ok(())
    }
}

impl<'o> Open<'o> {
    fn new(out: &'o mut Vec<u8>, mark: u8) -> Self {
        let start = Encoder::begin(out, mark);
        Self { out, starts: [Some(start), None] }
    }

    /// Opens a variant that contains fields or values.
    fn within(out: &'o mut Vec<u8>, variant: &str, mark: u8) -> Self {
        let outer = Encoder::begin(out, mark::VARIANT);
        Encoder::name(out, variant);
        let inner = Encoder::begin(out, mark);
        Self { out, starts: [Some(inner), Some(outer)] }
    }

    fn element(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Refused> {
        value.serialize(&mut Encoder { out: self.out })
    }

    fn close(self) {
        for start in self.starts.into_iter().flatten() {
            Encoder::end(self.out, start);
        }
    }
}

macro_rules! atoms {
    ($($method:ident $type:ty),+ $(,)?) => {
        $(fn $method(self, value: $type) -> Result<(), Refused> {
            Encoder { out: self.out }.atom(&value.to_le_bytes())
        })+
    };
}

impl<'e> ser::Serializer for &'e mut Encoder<'_> {
    type Ok = ();
    type Error = Refused;
    type SerializeSeq = Open<'e>;
    type SerializeTuple = Open<'e>;
    type SerializeTupleStruct = Open<'e>;
    type SerializeTupleVariant = Open<'e>;
    type SerializeMap = Open<'e>;
    type SerializeStruct = Open<'e>;
    type SerializeStructVariant = Open<'e>;

    atoms!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_u8 u8, serialize_u16 u16,
        serialize_u32 u32, serialize_u64 u64, serialize_f32 f32, serialize_f64 f64);

    fn serialize_bool(self, value: bool) -> Result<(), Refused> {
        Encoder { out: self.out }.atom(&[u8::from(value)])
    }

    fn serialize_char(self, value: char) -> Result<(), Refused> {
        self.serialize_u32(value.into())
    }

    fn serialize_str(self, value: &str) -> Result<(), Refused> {
        Encoder { out: self.out }.atom(value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Refused> {
        Encoder { out: self.out }.atom(value)
    }

    fn serialize_none(self) -> Result<(), Refused> {
        Encoder::begin(self.out, mark::ABSENT);
        Ok(())
    }

    /// Distinguishes a present value from an absent one, even if it is empty or 0.
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Refused> {
        self.serialize_newtype_variant("", 0, "some", value)
    }

    fn serialize_unit(self) -> Result<(), Refused> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Refused> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Refused> {
        let start = Encoder::begin(self.out, mark::VARIANT);
        Encoder::name(self.out, variant);
        Encoder::end(self.out, start);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Refused> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Refused> {
        let start = Encoder::begin(self.out, mark::VARIANT);
        Encoder::name(self.out, variant);
        value.serialize(&mut Encoder { out: self.out })?;
        Encoder::end(self.out, start);
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'e>, Refused> {
        Ok(Open::new(self.out, mark::LIST))
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'e>, Refused> {
        Ok(Open::new(self.out, mark::LIST))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Open<'e>, Refused> {
        Ok(Open::new(self.out, mark::LIST))
    }

    fn serialize_tuple_variant(self, _: &str, _: u32, variant: &'static str, _: usize) -> Result<Open<'e>, Refused> {
        Ok(Open::within(self.out, variant, mark::LIST))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'e>, Refused> {
        Ok(Open::new(self.out, mark::LIST))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'e>, Refused> {
        Ok(Open::new(self.out, mark::STRUCT))
    }

    fn serialize_struct_variant(self, _: &str, _: u32, variant: &'static str, _: usize) -> Result<Open<'e>, Refused> {
        Ok(Open::within(self.out, variant, mark::STRUCT))
    }
}

macro_rules! elements {
    ($($trait:ident $method:ident),+ $(,)?) => {
        $(impl ser::$trait for Open<'_> {
            type Ok = ();
            type Error = Refused;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
                self.element(value)
            }

            fn end(self) -> Result<(), Refused> {
                self.close();
                Ok(())
            }
        })+
    };
}
elements!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field);

macro_rules! fields {
    ($($trait:ident),+) => {
        $(impl ser::$trait for Open<'_> {
            type Ok = ();
            type Error = Refused;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Refused> {
                Encoder::name(self.out, name);
                self.element(value)
            }

            fn end(self) -> Result<(), Refused> {
                self.close();
                Ok(())
            }
        })+
    };
}
fields!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Open<'_> {
    type Ok = ();
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refused> {
        self.element(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        self.element(value)
    }

    fn end(self) -> Result<(), Refused> {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;
    use crate::param;
    use crate::plan::examples::properties::any_params;
    use crate::plan::resolve;

    fn tagged_against(value: &impl Serialize, default: Option<&[u8]>) -> Vec<u8> {
        let (own, mut out) = (encoded(value), Vec::new());
        differing(EncodedValue::read(&own).0, default.map(|default| EncodedValue::read(default).0), &mut out);
        out
    }

    #[derive(Serialize)]
    struct Before {
        width: u32,
        fit: Word,
        text: Option<Inner>,
    }

    /// The same with an additional field, an additional inner field and an additional word, and with the words in
    /// another order.
    #[derive(Serialize)]
    struct After {
        width: u32,
        quality: u32,
        fit: MoreWords,
        text: Option<MoreInner>,
    }

    #[derive(Serialize)]
    enum Word {
        Clip,
        Crop,
    }

    #[derive(Serialize)]
    enum MoreWords {
        #[expect(dead_code, reason = "the word that is new")]
        Cover,
        Clip,
        Crop,
    }

    #[derive(Serialize)]
    struct Inner {
        size: f64,
    }

    #[derive(Serialize)]
    struct MoreInner {
        size: f64,
        outline: Option<u8>,
    }

    #[test]
    fn new_fields_and_words_keep_what_was_tagged_before() {
        let before = encoded(&Before { width: 0, fit: Word::Clip, text: None });
        let after = encoded(&After { width: 0, quality: 75, fit: MoreWords::Clip, text: None });
        let old = Before { width: 300, fit: Word::Crop, text: Some(Inner { size: 12.0 }) };
        let text = |outline| Some(MoreInner { size: 12.0, outline });
        let new = |quality, outline| After { width: 300, quality, fit: MoreWords::Crop, text: text(outline) };
        assert_eq!(tagged_against(&old, Some(&before)), tagged_against(&new(75, None), Some(&after)));
        assert_ne!(tagged_against(&old, Some(&before)), tagged_against(&new(80, None), Some(&after)));
        assert_ne!(tagged_against(&old, Some(&before)), tagged_against(&new(75, Some(0)), Some(&after)));
    }

    #[test]
    fn what_is_there_differs_from_what_is_not() {
        #[derive(Serialize)]
        struct One {
            list: Vec<Option<u32>>,
            text: Option<String>,
        }
        let one = |list: &[Option<u32>], text: Option<&str>| {
            tagged_against(&One { list: list.to_vec(), text: text.map(str::to_owned) }, None)
        };
        let all = [
            one(&[], None),
            one(&[], Some("")),
            one(&[], Some("a")),
            one(&[None], None),
            one(&[Some(0)], None),
            one(&[None, None], None),
            one(&[Some(1), Some(2)], None),
            one(&[Some(1), None, Some(2)], None),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn a_request_for_nothing_has_no_fields() {
        let plain = |query: &str| {
            let parsed = param::parse(query, &[]).unwrap();
            resolve(&parsed, &Negotiation::default(), &Policy::default()).intent.tagged()
        };
        let (bare, one) = (plain("fit=clip"), plain("w=300"));
        let has = |bytes: &[u8], name: &str| bytes.windows(name.len()).any(|window| window == name.as_bytes());
        assert!(has(&one, "sizing") && !has(&one, "output") && !has(&one, "effects"));
        assert!(bare.len() < 16 && one.len() < 64, "{} and {} bytes", bare.len(), one.len());
    }

    proptest! {
        #[test]
        fn one_pass_gives_the_same_bytes_as_two(params in any_params()) {
            let intent = resolve_params(&params, true, &Negotiation::default(), &Policy::default()).intent;
            let mut out = Vec::new();
            intent.serialize(Elided { out: &mut out }).unwrap();
            prop_assert_eq!(out, tagged_against(&intent, None));
        }

        #[test]
        fn different_intents_have_different_tags(a in any_params(), b in any_params()) {
            let intent = |params| resolve_params(params, true, &Negotiation::default(), &Policy::default()).intent;
            let (a, b) = (intent(&a), intent(&b));
            prop_assert_eq!(a == b, a.tagged() == b.tagged(), "{:?}\n{:?}", a, b);
        }

        #[test]
        fn plans_survive_the_worker_protocol(params in any_params()) {
            let intent = resolve_params(&params, true, &Negotiation::default(), &Policy::default()).intent;
            let bytes = postcard::to_stdvec(&intent).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Intent>(&bytes).unwrap(), intent);
        }
    }
}
