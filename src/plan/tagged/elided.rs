//! Writes a value as tagged fields, in one pass: a field that is absent, false, 0 or empty is left out. No two values of a
//! type give the same bytes.

use serde::ser::{self, Serialize};

/// Marks in front of values.
mod mark {
    /// Plain bytes: length (8), bytes.
    pub(super) const ATOM: u8 = 0;
    /// Fields: length of the name (1), name, value; then a 0, because no name is empty.
    pub(super) const STRUCT: u8 = 1;
    /// Values, then the byte 255, which no value starts with.
    pub(super) const LIST: u8 = 2;
    /// Length of the name (1), name, value. If it contains nothing: length (8) of what follows, length of the name, name.
    pub(super) const VARIANT: u8 = 3;
    /// Length (8), which is 0.
    pub(super) const ABSENT: u8 = 4;
}

/// The error type that serde requires. Plans contain nothing that fails to serialize.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(String);

impl ser::Error for Refused {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Writes a name with its length.
pub(super) fn name(name: &str, out: &mut Vec<u8>) {
    out.push(u8::try_from(name.len()).expect("a name of our own is short"));
    out.extend_from_slice(name.as_bytes());
}

/// Begins a variant that contains something.
pub(super) fn variant(variant: &str, out: &mut Vec<u8>) {
    out.push(mark::VARIANT);
    name(variant, out);
}

/// Begins a structure, which [`end`] completes.
pub(super) fn begin(out: &mut Vec<u8>) {
    out.push(mark::STRUCT);
}

/// Completes a structure.
pub(super) fn end(out: &mut Vec<u8>) {
    out.push(0);
}

/// Writes a value.
pub(super) fn write(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    value.serialize(Elided { out }).expect("a plan holds nothing that cannot be written");
}

/// Writes one value. Serializing returns whether the value is what a field contains if it is not set.
struct Elided<'o> {
    out: &'o mut Vec<u8>,
}

impl Elided<'_> {
    fn atom(self, bytes: &[u8]) -> bool {
        self.out.push(mark::ATOM);
        self.out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.out.extend_from_slice(bytes);
        bytes.iter().all(|byte| *byte == 0)
    }

    fn absent(self) -> bool {
        self.out.push(mark::ABSENT);
        self.out.extend_from_slice(&0_u64.to_le_bytes());
        true
    }
}

/// A structure or list that is not complete yet.
struct Open<'o> {
    out: &'o mut Vec<u8>,
    /// Whether it can be left out: a list without elements.
    is_empty: bool,
    /// What marks its end.
    end: u8,
}

impl<'o> Open<'o> {
    fn list(out: &'o mut Vec<u8>) -> Self {
        out.push(mark::LIST);
        Self { out, is_empty: true, end: u8::MAX }
    }

    fn structure(out: &'o mut Vec<u8>) -> Self {
        out.push(mark::STRUCT);
        Self { out, is_empty: false, end: 0 }
    }

    fn element(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Refused> {
        self.is_empty = false;
        value.serialize(Elided { out: self.out }).map(drop)
    }

    fn field(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Refused> {
        let start = self.out.len();
        self::name(name, self.out);
        if value.serialize(Elided { out: self.out })? {
            self.out.truncate(start);
        }
        Ok(())
    }

    fn close(self) -> bool {
        self.out.push(self.end);
        self.is_empty
    }
}

macro_rules! atoms {
    ($($method:ident $type:ty),+ $(,)?) => {
        $(fn $method(self, value: $type) -> Result<bool, Refused> {
            Ok(self.atom(&value.to_le_bytes()))
        })+
    };
}

impl<'o> ser::Serializer for Elided<'o> {
    type Ok = bool;
    type Error = Refused;
    type SerializeSeq = Open<'o>;
    type SerializeTuple = Open<'o>;
    type SerializeTupleStruct = Open<'o>;
    type SerializeTupleVariant = Open<'o>;
    type SerializeMap = ser::Impossible<bool, Refused>;
    type SerializeStruct = Open<'o>;
    type SerializeStructVariant = Open<'o>;

    atoms!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_u8 u8, serialize_u16 u16,
        serialize_u32 u32, serialize_u64 u64, serialize_f32 f32, serialize_f64 f64);

    fn serialize_bool(self, value: bool) -> Result<bool, Refused> {
        Ok(self.atom(&[u8::from(value)]))
    }

    fn serialize_char(self, value: char) -> Result<bool, Refused> {
        self.serialize_u32(value.into())
    }

    fn serialize_str(self, value: &str) -> Result<bool, Refused> {
        Ok(self.atom(value.as_bytes()))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<bool, Refused> {
        Ok(self.atom(value))
    }

    fn serialize_none(self) -> Result<bool, Refused> {
        Ok(self.absent())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<bool, Refused> {
        self.serialize_newtype_variant("", 0, "some", value)
    }

    fn serialize_unit(self) -> Result<bool, Refused> {
        Ok(self.absent())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<bool, Refused> {
        Ok(self.absent())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<bool, Refused> {
        self.out.push(mark::VARIANT);
        self.out.extend_from_slice(&(1 + name.len() as u64).to_le_bytes());
        self::name(name, self.out);
        Ok(false)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<bool, Refused> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<bool, Refused> {
        variant(name, self.out);
        value.serialize(Elided { out: self.out }).map(|_| false)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'o>, Refused> {
        Ok(Open::list(self.out))
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'o>, Refused> {
        Ok(Open::list(self.out))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Open<'o>, Refused> {
        Ok(Open::list(self.out))
    }

    fn serialize_tuple_variant(self, _: &str, _: u32, name: &'static str, _: usize) -> Result<Open<'o>, Refused> {
        variant(name, self.out);
        Ok(Open { is_empty: false, ..Open::list(self.out) })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Refused> {
        Err(Refused("a plan holds no map".to_owned()))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'o>, Refused> {
        Ok(Open::structure(self.out))
    }

    fn serialize_struct_variant(self, _: &str, _: u32, name: &'static str, _: usize) -> Result<Open<'o>, Refused> {
        variant(name, self.out);
        Ok(Open::structure(self.out))
    }
}

macro_rules! elements {
    ($($trait:ident $method:ident),+ $(,)?) => {
        $(impl ser::$trait for Open<'_> {
            type Ok = bool;
            type Error = Refused;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
                self.element(value)
            }

            fn end(self) -> Result<bool, Refused> {
                Ok(self.close())
            }
        })+
    };
}
elements!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field);

macro_rules! fields {
    ($($trait:ident),+) => {
        $(impl ser::$trait for Open<'_> {
            type Ok = bool;
            type Error = Refused;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Refused> {
                self.field(name, value)
            }

            fn end(self) -> Result<bool, Refused> {
                Ok(self.close())
            }
        })+
    };
}
fields!(SerializeStruct, SerializeStructVariant);
