//! JSON text into a [`Nested`]: the same values, by the same rules, in our spelling.

use std::fmt;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::render::nested::{Fate, Nested};

/// Copies `text`; false if it is not exactly one JSON value, and then some of it may be written.
pub(super) fn text(text: &str, nested: &mut Nested<'_>) -> bool {
    let mut parser = serde_json::Deserializer::from_str(text);
    Value(nested).deserialize(&mut parser).is_ok() && parser.end().is_ok()
}

struct Value<'n, 'a>(&'n mut Nested<'a>);

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, parser: D) -> Result<(), D::Error> {
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        match self.0.whole() {
            Some(sink) => sink.bool(value),
            None => self.0.raw(if value { "true" } else { "false" }),
        }
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        match self.0.whole() {
            Some(sink) => sink.i64(value),
            None => self.0.integer(itoa::Buffer::new().format(value)),
        }
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        match self.0.whole() {
            Some(sink) => sink.u64(value),
            None => self.0.integer(itoa::Buffer::new().format(value)),
        }
        Ok(())
    }

    /// The parser gives finite numbers only.
    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        match self.0.whole() {
            Some(sink) => sink.f64(value),
            None => self.0.float(zmij::Buffer::new().format_finite(value)),
        }
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        match self.0.whole() {
            // Not looked at for JSON again: it is a string because it was one.
            Some(sink) => sink.verbatim(value),
            None => self.0.string(value),
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        if self.0.whole().is_none() {
            self.0.raw("null");
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        // Beyond what is followed the text is still read to its end, to know whether it is JSON.
        let _ = self.0.open(false);
        while elements.next_element_seed(Value(&mut *self.0))?.is_some() {}
        self.0.close();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let _ = self.0.open(true);
        while let Some(fate) = members.next_key_seed(Name(&mut *self.0))? {
            match fate {
                Fate::Write => members.next_value_seed(Value(&mut *self.0))?,
                Fate::Skip => drop(members.next_value::<IgnoredAny>()?),
                Fate::Treat(verdict) => {
                    let value = members.next_value::<serde_json::Value>()?;
                    match value.as_str() {
                        Some(text) => self.0.treated(verdict, text),
                        None => self.0.treated(verdict, &value.to_string()),
                    }
                }
            }
        }
        self.0.close();
        Ok(())
    }
}

struct Name<'n, 'a>(&'n mut Nested<'a>);

impl<'de> DeserializeSeed<'de> for Name<'_, '_> {
    type Value = Fate;

    fn deserialize<D: de::Deserializer<'de>>(self, parser: D) -> Result<Fate, D::Error> {
        parser.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_, '_> {
    type Value = Fate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Fate, E> {
        Ok(self.0.name(name))
    }
}
