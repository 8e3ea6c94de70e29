//! A line read back, strictly: keys in their order and of their kinds, no name twice at any depth.
//!
//! Keys that this version does not know are kept: a later one may have written them (docs/FORMAT.md, section 22).

use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::base64url;
use crate::clock::Micros;
use crate::event::{self, Category};
use crate::outcome::Outcome;
use crate::record::{Key, Kind, Record};
use crate::severity::Severity;

/// Why a line is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParseError {
    what: String,
}

/// Numbers of records are below this, so that readers whose numbers are binary64 can tell them apart.
const SEQ_END: u64 = 1 << 53;

/// Names that no record has.
const RESERVED: [&str; 4] = ["erased", "by", "enc", "sd"];

/// Reads a record's line, without its LF. Says nothing about the chain.
pub(crate) fn record(line: &[u8]) -> Result<Record, ParseError> {
    if !line.starts_with(b"{\"seq\":") {
        return Err(ParseError::new("it does not begin with its number"));
    }
    if is_spaced(line) {
        return Err(ParseError::new(
            "it has a control character, or white space between its parts",
        ));
    }
    let mut members = Members::of(line)?;
    if members.last_is("seal") {
        members.take("seal", |seal| {
            text(seal).and_then(|seal| base64url::parse::<32>(seal.as_bytes()))
        })?;
    }
    if !members.last_is("tag") {
        return Err(ParseError::new("it does not end with its tag"));
    }
    members.take("tag", |tag| {
        text(tag).and_then(|tag| base64url::parse::<16>(tag.as_bytes()))
    })?;
    members.check()?;
    let time = |value: &Value| text(value).and_then(|time| Micros::parse(time.as_bytes()));
    Ok(Record {
        seq: members.take("seq", |seq| seq.as_u64().filter(|seq| (1..SEQ_END).contains(seq)))?,
        time: members.take("time", time)?,
        occurred: match members.has("occurred") {
            true => Some(members.take("occurred", time)?),
            false => None,
        },
        event: members.take("event", |name| {
            text(name)
                .filter(|name| event::valid_name(name.as_bytes()))
                .map(str::to_owned)
        })?,
        category: members.take("category", |value| {
            exactly(value, Category::from_name, Category::as_str)
        })?,
        severity: members.take("severity", |value| {
            exactly(value, Severity::from_name, Severity::as_str)
        })?,
        outcome: members.take("outcome", |value| exactly(value, Outcome::from_name, Outcome::as_str))?,
        members: members.0,
    })
}

/// Whether there is a byte below the space, or a space outside of the strings.
fn is_spaced(line: &[u8]) -> bool {
    let (mut string, mut escaped) = (false, false);
    line.iter().any(|byte| {
        match byte {
            b'"' if !escaped => string = !string,
            b'\\' if string => {
                escaped = !escaped;
                return false;
            }
            _ => {}
        }
        escaped = false;
        *byte < b' ' || *byte == b' ' && !string
    })
}

fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

/// The thing of this name, by no other name.
fn exactly<T: Copy>(value: &Value, read: fn(&str) -> Option<T>, name: fn(T) -> &'static str) -> Option<T> {
    let text = value.as_str()?;
    read(text).filter(|thing| name(*thing) == text)
}

/// The members of a line, in its order.
struct Members(Vec<(String, Value)>);

impl Members {
    fn of(line: &[u8]) -> Result<Members, ParseError> {
        let mut parser = serde_json::Deserializer::from_slice(line);
        let members = ObjectSeed.deserialize(&mut parser).map_err(ParseError::json)?;
        parser.end().map_err(ParseError::json)?;
        Ok(Members(members))
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    fn last_is(&self, name: &str) -> bool {
        self.0.last().is_some_and(|(known, _)| known == name)
    }

    /// Takes out a member that must be there, and right.
    fn take<T>(&mut self, name: &'static str, read: impl FnOnce(&Value) -> Option<T>) -> Result<T, ParseError> {
        let wrong = || ParseError::of(name);
        let at = self.0.iter().position(|(known, _)| known == name).ok_or_else(wrong)?;
        let (_, value) = self.0.remove(at);
        read(&value).ok_or_else(wrong)
    }

    /// The order of all keys, and the kinds of those that are not taken out.
    fn check(&self) -> Result<(), ParseError> {
        let mut before = None;
        for (name, value) in &self.0 {
            if RESERVED.contains(&name.as_str()) {
                return Err(ParseError::of(name));
            }
            let Some(key) = Key::from_str(name) else { continue };
            if before >= Some(key) || !is_kind(key, value) {
                return Err(ParseError::of(name));
            }
            before = Some(key);
        }
        Ok(())
    }
}

fn is_kind(key: Key, value: &Value) -> bool {
    match (key, key.kind()) {
        (Key::Metadata | Key::Truncated, _) => value.as_object().is_some_and(|object| !object.is_empty()),
        (Key::Redacted, _) => value
            .as_array()
            .is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_string)),
        (Key::Flagged, _) => *value == Value::Bool(true),
        (Key::Salt | Key::SuspiciousReason | Key::Rule, _) | (_, Kind::Text) => value.is_string(),
        // What comes before them is looked at when it is taken; what comes behind cannot be here.
        (Key::Tag | Key::Seal, _) => false,
        (_, Kind::Own) => true,
        (_, Kind::Count) => value.is_u64(),
        (_, Kind::Number) => value.as_f64().is_some_and(|number| number >= 0.0),
        (_, Kind::Any) => !value.is_null(),
    }
}

impl ParseError {
    fn new(what: &str) -> ParseError {
        ParseError { what: what.to_owned() }
    }

    /// The member of this name is missing, twice there, out of place, or not what it must be.
    fn of(name: &str) -> ParseError {
        ParseError {
            what: format!("{name:?} is missing or not as it must be"),
        }
    }

    fn json(error: serde_json::Error) -> ParseError {
        ParseError {
            what: error.to_string(),
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no record: {}", self.what)
    }
}

impl std::error::Error for ParseError {}

/// An object whose names are all different, in its order.
struct ObjectSeed;

impl<'de> DeserializeSeed<'de> for ObjectSeed {
    type Value = Vec<(String, Value)>;

    fn deserialize<D: de::Deserializer<'de>>(self, parser: D) -> Result<Self::Value, D::Error> {
        parser.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ObjectSeed {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut read: Vec<(String, Value)> = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            if read.iter().any(|(known, _)| *known == name) {
                return Err(de::Error::custom(format_args!("{name:?} stands twice")));
            }
            read.push((name, members.next_value_seed(Strict)?));
        }
        Ok(read)
    }
}

/// Any value, in which no object has a name twice.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, parser: D) -> Result<Value, D::Error> {
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(element) = elements.next_element_seed(Strict)? {
            read.push(element);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Strict)?;
            if read.contains_key(&name) {
                return Err(de::Error::custom(format_args!("{name:?} stands twice")));
            }
            read.insert(name, value);
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = r#","tag":"AAAAAAAAAAAAAAAAAAAAAA"}"#;
    const HEAD: &str = r#"{"seq":7,"time":"2026-11-20T08:15:30.123456Z","event":"AUTH_LOGIN","category":"auth","severity":"low","outcome":"success""#;

    fn read(middle: &str) -> Result<Record, ParseError> {
        record(format!("{HEAD}{middle}{TAG}").as_bytes())
    }

    #[test]
    fn a_record_reads_back_with_its_members_in_their_order() {
        let found =
            read(r#","user_id":"7","resource":"a \\\\\" b","status_code":200,"metadata":{"b":1,"a":[{"x":null}]},"later":true"#).unwrap();
        assert_eq!(found.seq(), 7);
        assert_eq!(found.user_id(), Some("7"));
        assert_eq!(found.status_code(), Some(200));
        assert_eq!(found.outcome(), Outcome::Success);
        assert_eq!(found.get("later"), Some(&Value::Bool(true)));
        let names: Vec<&str> = found.members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["user_id", "resource", "status_code", "metadata", "later"]);
    }

    #[test]
    fn a_seal_may_stand_behind_the_tag_and_nothing_else() {
        let seal = "A".repeat(43);
        let tagged = format!("{HEAD}{}", TAG.trim_end_matches('}'));
        assert!(record(format!("{tagged},\"seal\":\"{seal}\"}}").as_bytes()).is_ok());
        assert!(record(format!("{tagged},\"seal\":\"{seal}A\"}}").as_bytes()).is_err());
        assert!(record(format!("{tagged},\"more\":1}}").as_bytes()).is_err());
        assert!(record(format!("{HEAD}}}").as_bytes()).is_err());
    }

    #[test]
    fn what_the_trail_did_not_write_is_refused() {
        for middle in [
            r#","user_id":7"#,
            r#","user_id":null"#,
            r#","status_code":-1"#,
            r#","status_code":"200""#,
            r#","duration_ms":-0.5"#,
            r#","old":null"#,
            r#","metadata":{}"#,
            r#","metadata":[1]"#,
            r#","redacted":[]"#,
            r#","redacted":[1]"#,
            r#","flagged":false"#,
            r#","ip":"a","user_id":"b""#,
            r#","ip":"a","ip":"b""#,
            r#","metadata":{"a":1,"a":2}"#,
            r#","metadata":{"a":[{"b":1,"b":2}]}"#,
            r#","later":1,"later":2"#,
            r#","seq":8"#,
            r#","by":"x""#,
            r#","erased":"x""#,
            ",\"ip\":\"a\tb\"",
            r#","ip":"\ud800""#,
            r#","duration_ms":1e999"#,
        ] {
            assert!(read(middle).is_err(), "{middle}");
        }
        let good = format!("{HEAD}{TAG}");
        assert!(record(good.as_bytes()).is_ok());
        for (from, to) in [
            ("\"seq\":7", "\"seq\":0"),
            ("\"seq\":7", "\"seq\":07"),
            ("\"seq\":7", "\"seq\":9007199254740992"),
            ("auth", "Auth"),
            ("low", "info"),
            ("success", "ok"),
            ("AUTH_LOGIN", "auth_login"),
            ("30.123456Z", "30.123Z"),
            ("AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAB"),
            ("{\"seq\"", " {\"seq\""),
            ("AA\"}", "AA\"} "),
            ("AA\"}", "AA\"}{}"),
            (":7,", ": 7,"),
            (",\"event", ", \"event"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good);
            assert!(record(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(record(&[good.as_bytes(), b"\xff"].concat()).is_err());
        assert!(record(b"").is_err());
    }
}
