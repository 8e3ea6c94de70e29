//! The serializer: a value's `Serialize` into a [`Nested`].

use std::fmt::{self, Write as _};

use serde::Serialize;
use serde::ser;

use crate::render::nested::{Fate, Nested, Stop, not_finite};
use crate::render::redaction::{Class, MARK_DROP, MARK_HASH, MARK_MASK, REDACTED, Treatment, Verdict, window};
use crate::render::written::Bounded;

/// One value.
pub(super) struct Value<'n, 'a>(pub(super) &'n mut Nested<'a>);

/// The members or elements of a value, up to its closing bracket.
pub(super) struct Compound<'n, 'a> {
    nested: &'n mut Nested<'a>,
    /// Brackets open when it began, its own among them.
    level: u32,
    /// The content of an enum's variant stands in an object of its own.
    variant: bool,
    /// The policy hides the variant, and with it its content.
    hidden: bool,
    /// What becomes of the value of the name before.
    fate: Fate,
    /// A map's key came, and not its value.
    keyed: bool,
}

/// The name of a map's entry.
struct Name<'n, 'a>(&'n mut Nested<'a>);

impl<'n, 'a> Value<'n, 'a> {
    fn open(self, object: bool) -> Result<Compound<'n, 'a>, Stop> {
        self.0.open(object)?;
        Ok(Compound {
            level: self.0.level(),
            nested: self.0,
            variant: false,
            hidden: false,
            fate: Fate::Write,
            keyed: false,
        })
    }

    fn open_variant(self, variant: &str, object: bool) -> Result<Compound<'n, 'a>, Stop> {
        let mut compound = self.open(true)?;
        let hidden = match compound.nested.name(variant) {
            Fate::Write => {
                compound.nested.open(object)?;
                compound.level = compound.nested.level();
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
        let marked = marked(name).map(|treatment| Verdict {
            treatment,
            class: Class::Type,
        });
        // A type may have a name that a field would be redacted for.
        let Some(verdict) = marked.or_else(|| self.0.how.policy.name(name)) else {
            return value.serialize(self);
        };
        match (verdict.treatment, self.0.whole()) {
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
        self.nested.back_to(self.level);
        self.fate = self.nested.name(name);
        self.value(value)
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        self.nested.back_to(self.level);
        match std::mem::replace(&mut self.fate, Fate::Write) {
            _ if self.hidden => {}
            Fate::Skip => {}
            Fate::Write => value.serialize(Value(self.nested))?,
            Fate::Treat(verdict) => Value::treated(self.nested, verdict, value),
        }
        self.nested.check()
    }

    fn close(self) -> Result<(), Stop> {
        self.nested.back_to(self.level);
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
        self.keyed = true;
        self.nested.back_to(self.level);
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
        // Nobody could say what it is, and it would be no JSON.
        if !std::mem::take(&mut self.keyed) {
            return Err(ser::Error::custom("a map's value came without its key"));
        }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::ser::SerializeMap;

    use super::*;
    use crate::render::tests::Draft;
    use crate::secret::{Hashed, Masked, Secret};

    fn given(value: &(impl Serialize + ?Sized)) -> Draft {
        let mut draft = Draft::new();
        draft.put("old", |sink| sink.serialize(value));
        draft
    }

    /// As it stands in the line.
    fn written(draft: &Draft) -> String {
        let line = draft.line();
        let value = line.text().split_once("\"old\":").unwrap().1;
        let end = value
            .find(",\"metadata\":")
            .or(value.find(",\"truncated\":"))
            .or(value.find(",\"redacted\":"));
        value[..end.unwrap_or(value.len())].to_owned()
    }

    #[test]
    fn a_map_that_breaks_its_protocol_breaks_no_line_and_hides_nothing_from_the_policy() {
        struct Broken(&'static [&'static str]);
        impl Serialize for Broken {
            fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                for step in self.0 {
                    match step.strip_prefix("key ") {
                        Some(key) => map.serialize_key(key)?,
                        None => map.serialize_value(step)?,
                    }
                }
                map.end()
            }
        }
        for steps in [
            &["S3CRET"] as &[&str],
            &["key x", "1", "S3CRET"],
            &["key password", "1", "S3CRET"],
            &["S3CRET", "key y", "1"],
        ] {
            let text = given(&Broken(steps)).line().text().to_owned();
            assert!(!text.contains("S3CRET"), "{text}");
            assert!(text.contains("<failed: a map's value came without its key>"), "{text}");
        }
        assert_eq!(written(&given(&Broken(&["key x", "key y"]))), r#"{"x":null,"y":null}"#);
    }

    #[test]
    fn a_type_named_like_a_secret_is_one() {
        #[derive(Serialize)]
        struct Password(&'static str);
        #[derive(Serialize)]
        struct Meters(u8);
        for text in [
            given(&Password("S3CRET")).line().text().to_owned(),
            given(&[Password("S3CRET")]).line().text().to_owned(),
            given(&Some(Password("S3CRET"))).line().text().to_owned(),
        ] {
            assert!(!text.contains("S3CRET") && text.contains("[redacted]"), "{text}");
        }
        assert_eq!(written(&given(&[Meters(3)])), "[3]");
    }

    #[derive(Serialize)]
    struct User<'a> {
        name: &'a str,
        #[serde(rename = "apiKey")]
        key: &'a str,
        nested: Inner<'a>,
        none: Option<u8>,
    }

    #[derive(Serialize)]
    struct Inner<'a> {
        password: Vec<&'a str>,
        text: &'a str,
        drop_me: u8,
        hash_me: (u8, u8),
    }

    #[test]
    fn names_within_a_value_are_redacted_like_fields() {
        let user = User {
            name: "alice",
            key: "k",
            nested: Inner {
                password: vec!["hunter2"; 2],
                text: "card 4111 1111 1111 1111",
                drop_me: 1,
                hash_me: (1, 2),
            },
            none: None,
        };
        let draft = given(&user);
        let hash = written(&draft).split("hmac:").nth(1).unwrap()[..29].to_owned();
        assert_eq!(
            written(&draft),
            format!(
                r#"{{"name":"alice","apiKey":"[redacted]","nested":{{"password":"[redacted]","text":"card [redacted]","hash_me":"hmac:{hash}"}},"none":null}}"#
            )
        );
        let line = draft.line();
        assert_eq!(line.redacted(), ["old:key", "old:credential", "old:card", "old:custom"]);
        assert_eq!(line.brief.redactions, 4);
    }

    #[derive(Serialize)]
    enum Kind {
        Unit,
        Newtype(u8),
        Tuple(u8, u8),
        Struct { x: u8 },
        Password(&'static str),
        Secret(u8, u8),
        HashMe { x: u8 },
        DropMe(u8, u8),
    }

    #[derive(Serialize)]
    struct Unit;

    #[test]
    fn every_shape_of_value_has_its_json() {
        for (value, json) in [
            (given(&Kind::Unit), r#""Unit""#),
            (given(&Kind::Newtype(1)), r#"{"Newtype":1}"#),
            (given(&Kind::Tuple(1, 2)), r#"{"Tuple":[1,2]}"#),
            (given(&Kind::Struct { x: 1 }), r#"{"Struct":{"x":1}}"#),
            (given(&Kind::Password("x")), r#"{"Password":"[redacted]"}"#),
            (given(&Kind::Secret(1, 2)), r#"{"Secret":"[redacted]"}"#),
            (given(&Kind::HashMe { x: 1 }), r#"{"HashMe":"[redacted]"}"#),
            (given(&Kind::DropMe(1, 2)), "{}"),
            (
                given(&(1, 'é', true, (), Unit, 1.5_f32, -0.0)),
                r#"[1,"é",true,null,null,1.5,-0.0]"#,
            ),
            (
                given(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
                r#"["NaN","Infinity","-Infinity"]"#,
            ),
            (
                given(&(u128::MAX, i128::MIN, 1_u128, -1_i128)),
                r#"["340282366920938463463374607431768211455","-170141183460469231731687303715884105728",1,-1]"#,
            ),
            (given(&[Some(1), None]), "[1,null]"),
            (given(&Vec::<u8>::new()), "[]"),
            (given(&BTreeMap::<u8, u8>::new()), "{}"),
            (given(&serde_json::json!({"b": [], "a": {}})), r#"{"a":{},"b":[]}"#),
            (given("x"), r#""x""#),
            (given(&7), "7"),
        ] {
            assert_eq!(written(&value), json);
        }
    }

    #[test]
    fn names_that_are_no_strings_are_spelt_out_and_none_repeats() {
        let map = BTreeMap::from([((1, "a"), 1), ((2, "b"), 2)]);
        assert_eq!(written(&given(&map)), r#"{"[1,\"a\"]":1,"[2,\"b\"]":2}"#);
        assert_eq!(written(&given(&BTreeMap::from([(1, 1), (2, 2)]))), r#"{"1":1,"2":2}"#);
        assert_eq!(written(&given(&BTreeMap::from([(Some(true), 1)]))), r#"{"true":1}"#);

        /// The same name for everything.
        struct Same;
        impl Serialize for Same {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                for value in 0..3 {
                    map.serialize_entry("a", &value)?;
                }
                map.serialize_entry("b", &serde_json::json!({"a": 1}))?;
                map.serialize_entry("a_2", &3)?;
                map.end()
            }
        }
        assert_eq!(
            written(&given(&Same)),
            r#"{"a":0,"a_2":1,"a_3":2,"b":{"a":1},"a_2_2":3}"#
        );
    }

    #[test]
    fn a_serializer_used_in_the_wrong_order_still_gives_json() {
        struct Odd;
        impl Serialize for Odd {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_key("a")?;
                map.serialize_key("b")?;
                map.serialize_value(&1)?;
                map.serialize_key("c")?;
                map.end()
            }
        }
        assert_eq!(written(&given(&Odd)), r#"{"a":null,"b":1,"c":null}"#);
    }

    #[test]
    fn what_a_wrapper_hides_stays_hidden_wherever_it_stands() {
        #[derive(Serialize)]
        struct Wrapped {
            a: Secret<&'static str>,
            b: Masked<Vec<u8>>,
            c: Hashed<&'static str>,
            d: [Secret<u8>; 2],
            e: Option<Secret<u8>>,
        }
        let wrapped = || Wrapped {
            a: Secret("x"),
            b: Masked(vec![1]),
            c: Hashed("bob"),
            d: [Secret(1), Secret(2)],
            e: Some(Secret(3)),
        };
        let draft = given(&wrapped());
        let shown = written(&draft);
        assert!(
            shown.starts_with(r#"{"b":"[redacted]","c":"hmac:"#) && shown.ends_with(r#"","d":[]}"#),
            "{shown}"
        );
        assert_eq!(draft.line().redacted(), ["old:type"]);

        let mut draft = Draft::new();
        draft
            .put("a", |sink| sink.serialize(&Secret("x")))
            .put("b", |sink| sink.serialize(&Masked("x")));
        draft
            .put("user_id", |sink| sink.serialize(&Hashed("bob")))
            .put("c", |sink| sink.serialize(&Hashed(wrapped())));
        draft.put("d", |sink| sink.serialize(&BTreeMap::from([("k", Secret("x"))])));
        draft
            .put("e", |sink| sink.display(&Secret("x")))
            .put("f", |sink| sink.debug(&Some(Secret("x"))));
        let line = draft.line();
        assert_eq!(line.metadata(), ["b", "c", "d", "e", "f"]);
        assert_eq!(line.shown("metadata.d").unwrap(), "{}");
        assert!(line.shown("user_id").unwrap().starts_with("\"hmac:"));
        // Equal values have equal hashes, in whatever way they come.
        let mut again = Draft::new();
        again.str("hash_me", "bob");
        assert_eq!(again.shown("metadata.hash_me"), line.shown("user_id"));
        assert!(!line.text().contains("\"x\""), "{}", line.text());
        let listed = line.redacted();
        assert_eq!(
            listed,
            [
                "metadata.a:type",
                "metadata.b:type",
                "user_id:type",
                "metadata.c:type",
                "metadata.d:type"
            ]
        );
    }

    #[test]
    fn a_value_that_fails_says_why_and_leaves_nothing_else() {
        struct Fails;
        impl Serialize for Fails {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("password", "x")?;
                Err(ser::Error::custom("no: password=hunter2"))
            }
        }
        let draft = given(&Fails);
        assert_eq!(written(&draft), r#""<failed: no: password=[redacted]>""#);
        assert_eq!(draft.line().redacted(), ["old:credential"]);
    }

    /// A value that gives up at any place, held by ones that go on as if nothing were.
    #[derive(Clone, Debug)]
    enum Careless {
        Leaf,
        Fails,
        List(Vec<Careless>, bool),
        Map(Vec<Careless>, bool),
        Variant(Vec<Careless>, bool),
    }

    impl Serialize for Careless {
        fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use ser::{SerializeSeq as _, SerializeTupleVariant as _};
            let failed = || Err(ser::Error::custom("given up"));
            match self {
                Careless::Leaf => serializer.serialize_str("leaf"),
                Careless::Fails => failed(),
                Careless::List(parts, ends) => {
                    let mut list = serializer.serialize_seq(None)?;
                    parts.iter().for_each(|part| drop(list.serialize_element(part)));
                    if *ends { list.end() } else { failed() }
                }
                Careless::Map(parts, ends) => {
                    let mut map = serializer.serialize_map(None)?;
                    for (name, part) in parts.iter().enumerate() {
                        let _ = map.serialize_entry(&name, part);
                    }
                    if *ends { map.end() } else { failed() }
                }
                Careless::Variant(parts, ends) => {
                    let mut variant = serializer.serialize_tuple_variant("E", 0, "V", parts.len())?;
                    parts.iter().for_each(|part| drop(variant.serialize_field(part)));
                    if *ends { variant.end() } else { failed() }
                }
            }
        }
    }

    fn careless() -> impl Strategy<Value = Careless> {
        let leaf = prop_oneof![Just(Careless::Leaf), Just(Careless::Fails)];
        leaf.prop_recursive(5, 40, 4, |inner| {
            let parts = prop::collection::vec(inner, 0..4);
            prop_oneof![
                (parts.clone(), any::<bool>()).prop_map(|(parts, ends)| Careless::List(parts, ends)),
                (parts.clone(), any::<bool>()).prop_map(|(parts, ends)| Careless::Map(parts, ends)),
                (parts, any::<bool>()).prop_map(|(parts, ends)| Careless::Variant(parts, ends)),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_failure_that_the_value_itself_passes_over_leaves_json(value in careless()) {
            let draft = given(&value);
            let line = draft.line();
            let read: Result<serde_json::Value, _> = serde_json::from_str(&format!("{{{}}}", line.text()));
            prop_assert!(read.is_ok(), "{}", line.text());
        }
    }

    #[test]
    fn what_a_failed_element_left_open_is_closed_before_the_next() {
        let half = Careless::List(vec![Careless::Leaf], false);
        let batch = Careless::Map(vec![half, Careless::Leaf], true);
        assert_eq!(written(&given(&batch)), r#"{"0":["leaf"],"1":"leaf"}"#);
    }
}
