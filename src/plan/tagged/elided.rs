//! Writes a value in the form of [`differing`](super::differing) without a default, in one pass: a field that is absent,
//! false, 0 or empty is left out.

use serde::ser::{self, Serialize};

use super::{Encoder, Refused, mark, variant};

/// Writes one value. Serializing returns whether the value is what a field contains if it is not set.
pub(super) struct Elided<'o> {
    pub(super) out: &'o mut Vec<u8>,
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
pub(super) struct Open<'o> {
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
        Encoder::name(self.out, name);
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
        Encoder::name(self.out, name);
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
