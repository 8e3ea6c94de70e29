//! One pass over a line decides as the rule does, which is stated here once more, with `serde_json`, and slowly.

use std::fmt;

use proptest::prelude::*;
use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{Parser, RESERVED, SEQ_END, record};
use crate::base64url;
use crate::clock::Micros;
use crate::event::{self, Category};
use crate::outcome::Outcome;
use crate::record::{Key, Kind};
use crate::severity::Severity;

/// What a line says, by the rule: a JSON object as `serde_json` reads it, in the order of the line.
#[derive(Debug, PartialEq)]
struct Said {
    seq: u64,
    time: Micros,
    occurred: Option<Micros>,
    event: String,
    category: Category,
    severity: Severity,
    outcome: Outcome,
    members: Vec<(String, Value)>,
}

fn by_the_rule(line: &[u8]) -> Result<Said, String> {
    if !line.starts_with(b"{\"seq\":") || is_spaced(line) {
        return Err("begin or space".to_owned());
    }
    let mut members = Members::of(line)?;
    if members.last_is("seal") {
        members.take("seal", |seal| {
            text(seal).and_then(|seal| base64url::parse::<32>(seal.as_bytes()))
        })?;
    }
    if !members.last_is("tag") {
        return Err("tag".to_owned());
    }
    members.take("tag", |tag| {
        text(tag).and_then(|tag| base64url::parse::<16>(tag.as_bytes()))
    })?;
    members.check()?;
    let time = |value: &Value| text(value).and_then(|time| Micros::parse(time.as_bytes()));
    Ok(Said {
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
        category: members.take("category", |value| one_of(&Category::ALL, value, Category::as_str))?,
        severity: members.take("severity", |value| one_of(&Severity::ALL, value, Severity::as_str))?,
        outcome: members.take("outcome", |value| one_of(&Outcome::ALL, value, Outcome::as_str))?,
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

fn one_of<T: Copy>(all: &[T], value: &Value, name: fn(T) -> &'static str) -> Option<T> {
    let text = value.as_str()?;
    all.iter().find(|thing| name(**thing) == text).copied()
}

/// The members of a line, in its order.
struct Members(Vec<(String, Value)>);

impl Members {
    fn of(line: &[u8]) -> Result<Members, String> {
        let mut parser = serde_json::Deserializer::from_slice(line);
        let members = ObjectSeed.deserialize(&mut parser).map_err(|error| error.to_string())?;
        parser.end().map_err(|error| error.to_string())?;
        Ok(Members(members))
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    fn last_is(&self, name: &str) -> bool {
        self.0.last().is_some_and(|(known, _)| known == name)
    }

    /// Takes out a member that must be there, and right.
    fn take<T>(&mut self, name: &'static str, read: impl FnOnce(&Value) -> Option<T>) -> Result<T, String> {
        let wrong = || name.to_string();
        let at = self.0.iter().position(|(known, _)| known == name).ok_or_else(wrong)?;
        let (_, value) = self.0.remove(at);
        read(&value).ok_or_else(wrong)
    }

    /// The order of all keys, and the kinds of those that are not taken out.
    fn check(&self) -> Result<(), String> {
        let mut before = None;
        for (name, value) in &self.0 {
            if RESERVED.contains(&name.as_str()) {
                return Err(name.to_string());
            }
            let Some(key) = Key::from_str(name) else { continue };
            if before >= Some(key) || !is_kind(key, value) {
                return Err(name.to_string());
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

/// Both decide alike, and where it is a record, it says the same.
fn agree(line: &[u8]) -> Result<bool, TestCaseError> {
    let rule = by_the_rule(line);
    let read = record(line);
    prop_assert_eq!(
        read.is_ok(),
        rule.is_ok(),
        "{}: {:?}, {:?}",
        String::from_utf8_lossy(line),
        rule,
        read.as_ref().err()
    );
    let (Ok(rule), Ok(read)) = (rule, read) else {
        return Ok(false);
    };
    prop_assert_eq!(
        read.status_code(),
        by_name(&rule, "status_code").and_then(Value::as_u64)
    );
    prop_assert_eq!(
        read.duration_ms(),
        by_name(&rule, "duration_ms").and_then(Value::as_f64)
    );
    prop_assert_eq!(read.flagged(), by_name(&rule, "flagged").is_some());
    prop_assert_eq!(read.user_id(), by_name(&rule, "user_id").and_then(Value::as_str));
    prop_assert_eq!(read.message(), by_name(&rule, "message").and_then(Value::as_str));
    for (name, value) in &rule.members {
        let member = read.line().named(name).map(|member| member.value(read.line().text));
        prop_assert_eq!(member.as_ref(), Some(value));
    }
    let said = Said {
        seq: read.seq(),
        time: read.head.time,
        occurred: read.head.occurred,
        event: read.event().to_owned(),
        category: read.category(),
        severity: read.severity(),
        outcome: read.outcome(),
        members: read.members().to_vec(),
    };
    prop_assert_eq!(said, rule);
    Ok(true)
}

fn by_name<'a>(said: &'a Said, name: &str) -> Option<&'a Value> {
    said.members
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

/// Values as somebody might spell them, right, odd and wrong.
const VALUES: &[&str] = &[
    "1",
    "0",
    "-0",
    "-1",
    "01",
    "1.",
    ".5",
    "1.5",
    "-0.0",
    "1e3",
    "1E-3",
    "1e+",
    "1e400",
    "-1e400",
    "-1e-400",
    "1e999999999999",
    "0e999999999999",
    "18446744073709551615",
    "18446744073709551616",
    "00",
    "-",
    "+1",
    "0x1",
    "1e5.",
    "NaN",
    "true",
    "false",
    "null",
    "tru",
    "nulL",
    "truee",
    "\"\"",
    "\"a\"",
    "\"a b\"",
    "\"\\n\"",
    "\"\\u0041\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\ude00\"",
    "\"\\ud83d\\u0041\"",
    "\"\\x\"",
    "\"\\u00g0\"",
    "\"\\u00\"",
    "\"\\",
    "\"a",
    "\"\u{7f}\u{80}\u{2028}\"",
    "\"\t\"",
    "\"é日本😀\"",
    "\"a long text, of more than sixteen bytes\\\"\\\\\"",
    "[]",
    "[1]",
    "[1,]",
    "[,1]",
    "[\"a\"]",
    "[\"a\",\"b\"]",
    "[\"a\",1]",
    "[\"a\",[\"b\"]]",
    "[\"a\"",
    "[[],{}]",
    "{}",
    "{\"a\":1}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":1,\"\\u0061\":2}",
    "{\"a\":{\"b\":1},\"b\":{\"b\":1}}",
    "{\"a\":1,}",
    "{a:1}",
    "{\"a\"}",
    "{\"a\":}",
    "{1:2}",
    "{\"a\" :1}",
    "{\"a\": 1}",
    "[1 ,2]",
    "{\"\":\"\"}",
    "{\"a\":[{\"b\":1,\"c\":2,\"b\":3}]}",
    "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":0,\"k\":1,\"l\":2,\"m\":3}",
    "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":0,\"k\":1,\"l\":2,\"a\":3}",
    "\"2026-11-20T08:15:30.123456Z\"",
    "\"2026-02-30T08:15:30.123456Z\"",
    "\"2026-11-20T24:00:00.000000Z\"",
    "\"2026-11-20T23:59:60.000000Z\"",
    "\"2026-11-20t08:15:30.123456Z\"",
    "\"0000-01-01T00:00:00.000000Z\"",
    "\"9999-12-31T23:59:59.999999Z\"",
    "\"2026-11-20T08:15:30.12345Z\"",
    "\"AUTH_LOGIN\"",
    "\"auth\"",
    "\"Auth\"",
    "\"AUTH\\u005fLOGIN\"",
    "\"AUTH\\u006cOGIN\"",
    "\"l\\u006fw\"",
    "\"low\"",
    "\"success\"",
    "\"ok\"",
    "\"AAAAAAAAAAAAAAAAAAAAAA\"",
    "\"AAAAAAAAAAAAAAAAAAAAAB\"",
    "\"AAAAAAAAAAAAAAAAAAAA\\u0041A\"",
];

/// Names, those of the table among them, and other spellings of these.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(Key::ALL.to_vec()).prop_map(|key| key.as_str().to_owned()),
        1 => prop::sample::select(Key::ALL.to_vec()).prop_map(|key| format!("\\u{:04x}{}", key.as_str().as_bytes()[0], &key.as_str()[1..])),
        2 => prop::sample::select(vec!["later", "zz", "lat\\u0065r", "", "by", "enc", "sd", "erased", "b\\u0079", "\\\"", "\\ud800"]).prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop::sample::select(VALUES.to_vec()).prop_map(str::to_owned)
}

/// A line in which most is right, so that what is not decides: members in their order, each with a value that often fits.
fn line() -> impl Strategy<Value = String> {
    let fitting = |key: Key| -> &'static [&'static str] {
        match (key, key.kind()) {
            (Key::Metadata | Key::Truncated, _) => &["{\"a\":1}", "{\"a\":[{\"b\":null}],\"c\":\"\\u00e9\"}"],
            (Key::Redacted, _) => &["[\"a\"]", "[\"a:b\",\"\\n\"]"],
            (Key::Flagged, _) => &["true"],
            (_, Kind::Count) => &["0", "200", "18446744073709551615"],
            (_, Kind::Number) => &["0", "1.5", "1e3", "-0"],
            (_, Kind::Any) => &["1", "[1,{}]", "\"a\"", "{}"],
            _ => &[
                "\"\"",
                "\"a\"",
                "\"\\\"\\\\ \\u00e9\"",
                "\"198.51.100.7, and more than sixteen bytes\"",
            ],
        }
    };
    let body: Vec<_> = Key::ALL
        .iter()
        .copied()
        .filter(|key| !matches!(*key as usize, 0..7 | 42..))
        .collect();
    let member = move |key: Key| {
        let values =
            prop_oneof![12 => prop::sample::select(fitting(key).to_vec()).prop_map(str::to_owned), 1 => value()];
        prop::option::weighted(
            0.3,
            values.prop_map(move |value| format!(",\"{}\":{value}", key.as_str())),
        )
    };
    let body: Vec<_> = body.into_iter().map(member).collect();
    let odd = prop::option::weighted(0.4, (name(), value(), any::<prop::sample::Index>()));
    (
        body,
        odd,
        prop::option::weighted(0.2, Just(",\"seal\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"")),
    )
        .prop_map(|(members, odd, seal)| {
            let mut parts: Vec<String> = [
                "\"seq\":7",
                ",\"time\":\"2026-11-20T08:15:30.123456Z\"",
                ",\"event\":\"AUTH_LOGIN\"",
                ",\"category\":\"auth\"",
                ",\"severity\":\"low\"",
                ",\"outcome\":\"success\"",
            ]
            .map(str::to_owned)
            .into();
            parts.extend(members.into_iter().flatten());
            parts.push(",\"tag\":\"AAAAAAAAAAAAAAAAAAAAAA\"".to_owned());
            parts.extend(seal.map(str::to_owned));
            if let Some((name, value, at)) = odd {
                let at = at.index(parts.len()) + 1;
                parts.insert(at, format!(",\"{name}\":{value}"));
            }
            format!("{{{}}}", parts.concat())
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]
    #[test]
    fn one_pass_decides_as_the_rule_does(line in line()) {
        agree(line.as_bytes())?;
    }

    #[test]
    fn one_pass_decides_as_the_rule_does_of_lines_in_which_bytes_were_changed(
        line in line(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(prop_oneof![any::<u8>(), prop::sample::select(b"\"\\{}[],:0u\n ".to_vec())]), 0_usize..3), 1..4),
    ) {
        let mut bytes = line.into_bytes();
        for (at, byte, how) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match (byte, how) {
                (Some(byte), 0) => bytes.insert(at, byte),
                (Some(byte), _) => bytes[at] = byte,
                (None, 0) => bytes.truncate(at.max(1)),
                (None, 1) => { bytes.remove(at); }
                (None, _) => bytes.extend_from_slice(&bytes.clone()[at..]),
            }
        }
        agree(&bytes)?;
    }
}

/// As somebody would write one who wants a reader to run out of stack, memory or time.
#[test]
fn hostile_lines_end_in_the_same_decision() {
    let whole = |middle: &str| {
        format!(
            "{{\"seq\":7,\"time\":\"2026-11-20T08:15:30.123456Z\",\"event\":\"AUTH_LOGIN\",\"category\":\"auth\",\"severity\":\"low\",\
             \"outcome\":\"success\"{middle},\"tag\":\"AAAAAAAAAAAAAAAAAAAAAA\"}}"
        )
    };
    let mut good = 0;
    for depth in [1, 100, 120, 124, 125, 126, 127, 128, 129, 200, 100_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
            let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for name in ["old", "later", "metadata"] {
                good += usize::from(agree(whole(&format!(",\"{name}\":{nested}")).as_bytes()).unwrap());
            }
            agree(whole(&format!(",\"old\":{}", open.repeat(depth))).as_bytes()).unwrap();
        }
    }
    assert!(good > 20, "{good}");
    let digits = |count: usize| "9".repeat(count);
    for number in [
        digits(299),
        digits(308),
        digits(309),
        digits(310),
        format!("0.{}", digits(5_000)),
        format!("{}e-5000", digits(5_000)),
        format!("-{}", digits(310)),
    ] {
        agree(whole(&format!(",\"old\":{number}")).as_bytes()).unwrap();
        agree(whole(&format!(",\"duration_ms\":{number}")).as_bytes()).unwrap();
    }
    // Many names, of which the last is the first once more, spelled otherwise.
    for count in [3, 12, 13, 14, 20_000] {
        let names: Vec<String> = (0..count).map(|n| format!("\"n{n}\":{n}")).collect();
        for last in ["\"m\":1", "\"n0\":1", "\"\\u006e0\":1"] {
            agree(whole(&format!(",\"metadata\":{{{},{last}}}", names.join(","))).as_bytes()).unwrap();
        }
    }
    let unknown: Vec<String> = (0..600).map(|n| format!(",\"n{n}\":{n}")).collect();
    for last in ["", ",\"n5\":1", ",\"\\u006e5\":1"] {
        agree(whole(&format!("{}{last}", unknown.concat())).as_bytes()).unwrap();
    }
}

/// What was kept for one line changes nothing about the next.
#[test]
fn a_parser_that_is_used_again_reads_as_a_new_one() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut parser = Parser::default();
    let mut good = 0;
    for _ in 0..2_000 {
        let line = line().new_tree(&mut runner).unwrap().current();
        let again = parser.line(line.as_bytes()).map(crate::record::Record::from);
        assert_eq!(again, record(line.as_bytes()), "{line}");
        good += usize::from(again.is_ok());
    }
    assert!((200..1_900).contains(&good), "{good}");
}

/// The control: a decision that is made otherwise is found in the same trial.
#[test]
fn the_trial_sees_both_decisions() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut good, mut bad) = (0, 0);
    for _ in 0..2_000 {
        match agree(line().new_tree(&mut runner).unwrap().current().as_bytes()).unwrap() {
            true => good += 1,
            false => bad += 1,
        }
    }
    assert!(good > 300 && bad > 300, "{good} {bad}");
}
