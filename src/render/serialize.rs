//! The serializer: a value's `Serialize` into a [`Nested`].

use std::fmt::{self, Write as _};

use serde::Serialize;
use serde::ser;

use crate::render::nested::{Fate, Nested, Stop, not_finite};
use crate::render::redaction::{Class, MARK_DROP, MARK_HASH, MARK_MASK, REDACTED, Treatment, Verdict, window};
use crate::render::sink::Bounded;

/// One value.
pub(super) struct Value<'n, 'a>(pub(super) &'n mut Nested<'a>);

/// The members or elements of a value, up to its closing bracket.
pub(super) struct Compound<'n, 'a> {
    nested: &'n mut Nested<'a>,
    /// The content of an enum's variant stands in an object of its own.
    variant: bool,
    /// The policy hides the variant, and with it its content.
    hidden: bool,
    /// What becomes of the value of the name before.
    fate: Fate,
}

/// The name of a map's entry.
struct Name<'n, 'a>(&'n mut Nested<'a>);

impl<'n, 'a> Value<'n, 'a> {
    fn open(self, object: bool) -> Result<Compound<'n, 'a>, Stop> {
        self.0.open(object)?;
        Ok(Compound {
            nested: self.0,
            variant: false,
            hidden: false,
            fate: Fate::Write,
        })
    }

    fn open_variant(self, variant: &str, object: bool) -> Result<Compound<'n, 'a>, Stop> {
        let mut compound = self.open(true)?;
        let hidden = match compound.nested.name(variant) {
            Fate::Write => {
                compound.nested.open(object)?;
                compound.variant = true;
                return Ok(compound);
            }
            Fate::Skip => None,
            // The content comes in parts, and has no text of its own.
            Fate::Treat(verdict) => Some(Verdict {
                treatment: Treatment::Mask,
                ..verdict
            }),
        };
        if let Some(verdict) = hidden {
            compound.nested.treated(verdict, "");
        }
        compound.hidden = true;
        Ok(compound)
    }

    fn treated<T: Serialize + ?Sized>(nested: &mut Nested<'a>, verdict: Verdict, value: &T) {
        let text = match verdict.treatment {
            Treatment::Mask => String::new(),
            _ => text_of(value),
        };
        match nested.whole() {
            Some(mut sink) => sink.judge(verdict, &text),
            None => nested.treated(verdict, &text),
        }
    }
}

/// A scalar: the whole value, or one within it.
macro_rules! scalar {
    ($($method:ident $type:ty, $whole:ident, |$nested:ident, $value:ident| $within:expr;)*) => {
        $(
            #[inline]
            fn $method(self, $value: $type) -> Result<(), Stop> {
                match self.0.whole() {
                    Some(sink) => sink.$whole($value.into()),
                    None => {
                        let $nested = self.0;
                        $within;
                    }
                }
                Ok(())
            }
        )*
    };
}

impl<'n, 'a> ser::Serializer for Value<'n, 'a> {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Compound<'n, 'a>;
    type SerializeTuple = Compound<'n, 'a>;
    type SerializeTupleStruct = Compound<'n, 'a>;
    type SerializeTupleVariant = Compound<'n, 'a>;
    type SerializeMap = Compound<'n, 'a>;
    type SerializeStruct = Compound<'n, 'a>;
    type SerializeStructVariant = Compound<'n, 'a>;

    scalar! {
        serialize_bool bool, bool, |nested, value| nested.raw(if value { "true" } else { "false" });
        serialize_i8 i8, i64, |nested, value| nested.integer(itoa::Buffer::new().format(value));
        serialize_i16 i16, i64, |nested, value| nested.integer(itoa::Buffer::new().format(value));
        serialize_i32 i32, i64, |nested, value| nested.integer(itoa::Buffer::new().format(value));
        serialize_i64 i64, i64, |nested, value| nested.integer(itoa::Buffer::new().format(value));
        serialize_u8 u8, u64, |nested, value| nested.integer(itoa::Buffer::new().format(value));
        serialize_u16 u16, u64, |nested, value| nested.integer(itoa::Buffer::new().format(value));
        serialize_u32 u32, u64, |nested, value| nested.integer(itoa::Buffer::new().format(value));
        serialize_u64 u64, u64, |nested, value| nested.integer(itoa::Buffer::new().format(value));
        serialize_i128 i128, i128, |nested, value| match (u64::try_from(value), i64::try_from(value)) {
            (Err(_), Err(_)) => nested.string(itoa::Buffer::new().format(value)),
            _ => nested.integer(itoa::Buffer::new().format(value)),
        };
        serialize_u128 u128, u128, |nested, value| match u64::try_from(value) {
            Err(_) => nested.string(itoa::Buffer::new().format(value)),
            Ok(_) => nested.integer(itoa::Buffer::new().format(value)),
        };
        serialize_f32 f32, f32, |nested, value| match value.is_finite() {
            true => nested.float(zmij::Buffer::new().format_finite(value)),
            false => nested.string(not_finite(value.into())),
        };
        serialize_f64 f64, f64, |nested, value| match value.is_finite() {
            true => nested.float(zmij::Buffer::new().format_finite(value)),
            false => nested.string(not_finite(value)),
        };
        serialize_str &str, str, |nested, value| nested.string(value);
        serialize_bytes &[u8], bytes, |nested, value| {
            let seen = value.get(..window(nested.how.limits.value)).unwrap_or(value);
            match std::str::from_utf8(value) {
                Ok(text) => nested.string(text),
                Err(_) => nested.string_cut(&String::from_utf8_lossy(seen), value.len()),
            }
        };
    }

    fn serialize_char(self, value: char) -> Result<(), Stop> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    /// Nothing as a whole value is no value, and the field is left out.
    fn serialize_none(self) -> Result<(), Stop> {
        if self.0.whole().is_none() {
            self.0.raw("null");
        }
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Stop> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Stop> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Stop> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), Stop> {
        let Some(treatment) = marked(name) else {
            return value.serialize(self);
        };
        let verdict = Verdict {
            treatment,
            class: Class::Type,
        };
        match (treatment, self.0.whole()) {
            (Treatment::Drop, Some(mut sink)) => sink.judge(verdict, ""),
            (Treatment::Drop, None) => self.0.dropped(verdict.class),
            _ => Self::treated(self.0, verdict, value),
        }
        Ok(())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Stop> {
        let mut compound = self.open(true)?;
        compound.member(variant, value)?;
        compound.close()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'n, 'a>, Stop> {
        self.open(false)
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'n, 'a>, Stop> {
        self.open(false)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'n, 'a>, Stop> {
        self.open(false)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'n, 'a>, Stop> {
        self.open_variant(variant, false)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'n, 'a>, Stop> {
        self.open(true)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'n, 'a>, Stop> {
        self.open(true)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'n, 'a>, Stop> {
        self.open_variant(variant, true)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Stop> {
        match self.0.whole() {
            Some(sink) => sink.display(&value),
            None => {
                let window = window(self.0.how.limits.value);
                let mut raw = std::mem::take(&mut self.0.fields.raw);
                raw.clear();
                let mut out = Bounded::new(&mut raw, window);
                let _ = write!(out, "{value}");
                let bytes = out.bytes();
                self.0.string_cut(&raw, bytes);
                raw.clear();
                self.0.fields.raw = raw;
            }
        }
        Ok(())
    }
}

/// The text of a value whose treatment needs it: a string as it is, anything else as JSON.
pub(super) fn text_of<T: Serialize + ?Sized>(value: &T) -> String {
    // Not one of our serializers, so wrapped values within it stay closed.
    let json = serde_json::to_string(value).unwrap_or_default();
    serde_json::from_str::<String>(&json).unwrap_or(json)
}

/// What a wrapper's name asks for.
fn marked(name: &str) -> Option<Treatment> {
    match name {
        MARK_DROP => Some(Treatment::Drop),
        MARK_MASK => Some(Treatment::Mask),
        MARK_HASH => Some(Treatment::Hash),
        _ => None,
    }
}

impl Compound<'_, '_> {
    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Stop> {
        if self.hidden {
            return Ok(());
        }
        self.fate = self.nested.name(name);
        self.value(value)
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        match std::mem::replace(&mut self.fate, Fate::Write) {
            _ if self.hidden => {}
            Fate::Skip => {}
            Fate::Write => value.serialize(Value(self.nested))?,
            Fate::Treat(verdict) => Value::treated(self.nested, verdict, value),
        }
        self.nested.check()
    }

    fn close(self) -> Result<(), Stop> {
        self.nested.close();
        if self.variant {
            self.nested.close();
        }
        Ok(())
    }
}

/// Elements are values without a name.
macro_rules! elements {
    ($($trait:ident $method:ident;)*) => {
        $(
            impl ser::$trait for Compound<'_, '_> {
                type Ok = ();
                type Error = Stop;

                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
                    self.value(value)
                }

                fn end(self) -> Result<(), Stop> {
                    self.close()
                }
            }
        )*
    };
}

elements! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

macro_rules! fields {
    ($($trait:ident)*) => {
        $(
            impl ser::$trait for Compound<'_, '_> {
                type Ok = ();
                type Error = Stop;

                fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Stop> {
                    self.member(name, value)
                }

                fn end(self) -> Result<(), Stop> {
                    self.close()
                }
            }
        )*
    };
}

fields! { SerializeStruct SerializeStructVariant }

impl ser::SerializeMap for Compound<'_, '_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), Stop> {
        if !self.hidden {
            self.fate = match name.serialize(Name(self.nested)) {
                // Neither text nor number: its JSON is the name.
                Err(Stop::NoName) => self
                    .nested
                    .name(&serde_json::to_string(name).map_err(ser::Error::custom)?),
                fate => fate?,
            };
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.value(value)
    }

    fn end(self) -> Result<(), Stop> {
        self.close()
    }
}

macro_rules! names {
    ($($method:ident $type:ty, |$value:ident| $text:expr;)*) => {
        $(
            fn $method(self, $value: $type) -> Result<Fate, Stop> {
                Ok(self.0.name($text))
            }
        )*
    };
}

impl ser::Serializer for Name<'_, '_> {
    type Ok = Fate;
    type Error = Stop;
    type SerializeSeq = ser::Impossible<Fate, Stop>;
    type SerializeTuple = ser::Impossible<Fate, Stop>;
    type SerializeTupleStruct = ser::Impossible<Fate, Stop>;
    type SerializeTupleVariant = ser::Impossible<Fate, Stop>;
    type SerializeMap = ser::Impossible<Fate, Stop>;
    type SerializeStruct = ser::Impossible<Fate, Stop>;
    type SerializeStructVariant = ser::Impossible<Fate, Stop>;

    names! {
        serialize_bool bool, |value| if value { "true" } else { "false" };
        serialize_i8 i8, |value| itoa::Buffer::new().format(value);
        serialize_i16 i16, |value| itoa::Buffer::new().format(value);
        serialize_i32 i32, |value| itoa::Buffer::new().format(value);
        serialize_i64 i64, |value| itoa::Buffer::new().format(value);
        serialize_i128 i128, |value| itoa::Buffer::new().format(value);
        serialize_u8 u8, |value| itoa::Buffer::new().format(value);
        serialize_u16 u16, |value| itoa::Buffer::new().format(value);
        serialize_u32 u32, |value| itoa::Buffer::new().format(value);
        serialize_u64 u64, |value| itoa::Buffer::new().format(value);
        serialize_u128 u128, |value| itoa::Buffer::new().format(value);
        serialize_f32 f32, |value| zmij::Buffer::new().format(value);
        serialize_f64 f64, |value| zmij::Buffer::new().format(value);
        serialize_char char, |value| value.encode_utf8(&mut [0; 4]);
        serialize_str &str, |value| value;
        serialize_bytes &[u8], |value| &String::from_utf8_lossy(value);
    }

    fn serialize_none(self) -> Result<Fate, Stop> {
        Ok(self.0.name("null"))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Fate, Stop> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Fate, Stop> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Fate, Stop> {
        Ok(self.0.name(name))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Fate, Stop> {
        Ok(self.0.name(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<Fate, Stop> {
        if marked(name).is_none() {
            return value.serialize(self);
        }
        self.0.note(Class::Type);
        Ok(self.0.name(REDACTED))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Fate, Stop> {
        Err(Stop::NoName)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Stop> {
        Err(Stop::NoName)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Stop> {
        Err(Stop::NoName)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Stop> {
        Err(Stop::NoName)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Stop> {
        Err(Stop::NoName)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Stop> {
        Err(Stop::NoName)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Stop> {
        Err(Stop::NoName)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Stop> {
        Err(Stop::NoName)
    }
}
