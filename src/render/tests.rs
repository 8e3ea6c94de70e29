//! What holds for every value and every line, whatever a caller does; and what the tests of the other files share.

use std::fmt;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::brief::Brief;
use crate::chain::Head;
use crate::clock::Micros;
use crate::event::{Category, events};
use crate::outcome::Outcome;
use crate::parse;
use crate::record::{Key, Kind, Record};
use crate::redact::{HashKey, Redaction, Treatment};
use crate::render::{Fields, How, Limits, Name, Policy, Sink, Slot, Text, What, rest};
use crate::secret::SecretBytes;
use crate::severity::Severity;

pub(super) fn policy() -> Policy {
    let redaction = Redaction::standard()
        .field("hash_me", Treatment::Hash)
        .field("prefix_me", Treatment::Prefix(8))
        .field("drop_me", Treatment::Drop);
    Policy::compile(&redaction, Some(HashKey::new(SecretBytes::new([7; 32]))))
}

/// What says nothing that matters.
pub(super) fn what() -> What<'static> {
    What {
        time: Micros(1_763_626_530_123_456),
        occurred: None,
        event: Name::Type(events::AUTH_LOGIN),
        category: events::AUTH_LOGIN.category(),
        severity: Severity::Low,
        outcome: Outcome::Success,
        texts: None,
    }
}

/// Fields being filled.
pub(super) struct Draft {
    pub(super) fields: Fields,
    pub(super) policy: Policy,
    pub(super) limits: Limits,
}

impl Draft {
    pub(super) fn new() -> Draft {
        Draft {
            fields: Fields::new(),
            policy: policy(),
            limits: Limits::default(),
        }
    }

    /// Gives one value for a field of an event.
    pub(super) fn put(&mut self, name: &str, value: impl FnOnce(Sink<'_>)) -> &mut Draft {
        let slot = Slot::for_event(name, &self.policy);
        self.put_slot(&slot, value)
    }

    /// Gives one value for a field of a span.
    pub(super) fn put_span(&mut self, name: &str, value: impl FnOnce(Sink<'_>)) -> &mut Draft {
        let slot = Slot::for_audit_span(name, &self.policy);
        self.put_slot(&slot, value)
    }

    pub(super) fn put_slot(&mut self, slot: &Slot, value: impl FnOnce(Sink<'_>)) -> &mut Draft {
        let how = How {
            policy: &self.policy,
            limits: self.limits,
        };
        value(self.fields.sink(slot, how));
        self
    }

    pub(super) fn str(&mut self, name: &str, value: &str) -> &mut Draft {
        self.put(name, |sink| sink.str(value))
    }

    pub(super) fn line(&self) -> Line {
        line(&self.fields, &[], self.limits)
    }

    /// The value of a member of the line, as it stands there; of `metadata`, as `metadata.name`.
    pub(super) fn shown(&self, name: &str) -> Option<String> {
        self.line().shown(name)
    }
}

pub(super) struct Line {
    pub(super) rest: Vec<u8>,
    pub(super) brief: Brief,
    pub(super) record: Record,
}

impl Line {
    pub(super) fn shown(&self, name: &str) -> Option<String> {
        let value = match name.split_once('.') {
            Some((_, name)) => self.record.metadata()?.get(name)?,
            None => self.record.get(name)?,
        };
        Some(value.to_string())
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.rest).unwrap()
    }

    pub(super) fn metadata(&self) -> Vec<&str> {
        let metadata = self.record.metadata();
        metadata.map_or(Vec::new(), |metadata| metadata.keys().map(String::as_str).collect())
    }

    pub(super) fn redacted(&self) -> Vec<&str> {
        self.record.redacted().collect()
    }

    pub(super) fn truncated(&self, name: &str) -> Option<u64> {
        self.record
            .get("truncated")?
            .get(name)
            .map(|bytes| bytes.as_u64().unwrap())
    }
}

/// Renders, and reads back; what every line must be is looked at here.
pub(super) fn line(fields: &Fields, contexts: &[&Fields], limits: Limits) -> Line {
    let mut out = Text::new();
    out.push(b"before");
    let mut brief = Brief::BLANK;
    rest(&mut out, &what(), fields, contexts, limits, &mut brief);
    let written = out.strip_prefix(b"before").unwrap().to_vec();
    let mut line = [b"{\"seq\":9007199254740991,", written.as_slice()].concat();
    Head::ZERO.push_frame(&mut line);
    assert!(line.len() < limits.line.max(4096), "{} bytes", line.len());
    let text = std::str::from_utf8(&line).unwrap();
    let wild =
        |letter: char| letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!text.contains(wild), "{text}");
    let record = parse::record(&line).unwrap_or_else(|error| panic!("{error}: {text}"));
    Line {
        rest: written,
        brief,
        record,
    }
}

/// The value that this JSON is.
pub(super) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A value, and the way it is given.
#[derive(Clone, Debug)]
enum Given {
    Str(String),
    Bytes(Vec<u8>),
    Integer(i128),
    Unsigned(u128),
    Float(f64),
    Bool(bool),
    Display(String),
    Debug(String),
    SpanDebug(String),
    Error(Vec<String>),
    Serialize(Value),
    Json(String),
    Pairs(Vec<(String, Value)>),
    Panics(String),
}

#[derive(Debug)]
struct Chain(String, Option<Box<Chain>>);

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Chain {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.1.as_deref().map(|cause| cause as _)
    }
}

/// Writes something and then panics.
struct Panics(String);

impl fmt::Display for Panics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)?;
        std::panic::resume_unwind(Box::new(self.0.clone()))
    }
}

/// A map that says its names as they come, also twice.
struct Pairs<'a>(&'a [(String, Value)]);

impl serde::Serialize for Pairs<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Given {
    fn put(&self, sink: Sink<'_>) {
        match self {
            Given::Str(text) => sink.str(text),
            Given::Bytes(bytes) => sink.bytes(bytes),
            Given::Integer(value) => sink.i128(*value),
            Given::Unsigned(value) => sink.u128(*value),
            Given::Float(value) => sink.f64(*value),
            Given::Bool(value) => sink.bool(*value),
            Given::Display(text) => sink.display(text),
            Given::Debug(text) => sink.debug(text),
            Given::SpanDebug(text) => sink.span_debug(text),
            Given::Error(texts) => {
                let chain = texts
                    .iter()
                    .rev()
                    .fold(None, |cause, text| Some(Box::new(Chain(text.clone(), cause))));
                if let Some(chain) = chain {
                    sink.error(&*chain);
                }
            }
            Given::Serialize(value) => sink.serialize(value),
            Given::Json(text) => sink.json(text),
            Given::Pairs(pairs) => sink.serialize(&Pairs(pairs)),
            Given::Panics(text) => sink.display(&Panics(text.clone())),
        }
    }
}

/// Text with everything that lines and terminals stumble over.
fn hostile() -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        8 => any::<char>(),
        8 => proptest::char::range(' ', '~'),
        4 => proptest::char::range('\0', '\x1f'),
        2 => proptest::char::range('\u{7f}', '\u{a0}'),
        2 => proptest::char::range('\u{2020}', '\u{2070}'),
        2 => prop::sample::select(vec!['"', '\\', '\'', '{', '}', '[', ']', ':', ',', '\u{feff}', '\u{fffd}', '\u{10ffff}']),
    ];
    vec(letter, 0..60).prop_map(String::from_iter)
}

fn nested() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        hostile().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            btree_map(hostile(), inner, 0..8).prop_map(|map| Value::from(Map::from_iter(map))),
        ]
    })
}

fn given() -> impl Strategy<Value = Given> {
    prop_oneof![
        hostile().prop_map(Given::Str),
        vec(any::<u8>(), 0..60).prop_map(Given::Bytes),
        any::<i128>().prop_map(Given::Integer),
        any::<i64>().prop_map(|value| Given::Integer(value.into())),
        any::<u128>().prop_map(Given::Unsigned),
        any::<u32>().prop_map(|value| Given::Unsigned(value.into())),
        any::<f64>().prop_map(Given::Float),
        any::<bool>().prop_map(Given::Bool),
        hostile().prop_map(Given::Display),
        hostile().prop_map(Given::Debug),
        hostile().prop_map(Given::SpanDebug),
        vec(hostile(), 0..30).prop_map(Given::Error),
        nested().prop_map(Given::Serialize),
        nested().prop_map(|value| Given::Json(value.to_string())),
        hostile().prop_map(Given::Json),
        vec((hostile(), nested()), 0..6).prop_map(|mut pairs| {
            pairs.extend(pairs.clone());
            Given::Pairs(pairs)
        }),
        hostile().prop_map(Given::Panics),
    ]
}

fn name() -> impl Strategy<Value = String> {
    let known = Key::ALL.iter().map(|key| key.as_str()).chain([
        "event",
        "status",
        "outcome",
        "user.id",
        "userId",
        "password",
        "drop_me",
        "hash_me",
        "a",
        "a",
        "b",
        "a_2",
        "",
        "metadata",
        "metadata.a",
    ]);
    let known: Vec<String> = known.map(str::to_owned).collect();
    prop_oneof![4 => prop::sample::select(known), 1 => hostile()]
}

fn fill(draft: &mut Draft, values: &[(String, Given)], span: bool) {
    for (name, value) in values {
        match span {
            true => draft.put_span(name, |sink| value.put(sink)),
            false => draft.put(name, |sink| value.put(sink)),
        };
    }
}

fn slices_are_right(line: &Line) {
    let text = |slice: crate::brief::Slice| std::str::from_utf8(&line.rest[slice.range()]).unwrap().to_owned();
    let member = |name: &str| line.shown(name).map(|shown| shown.len()).is_some();
    assert_eq!(text(line.brief.name), line.record.event());
    for (slice, names) in [
        (line.brief.user, ["user_id", "username"]),
        (line.brief.ip, ["ip", "ip"]),
        (line.brief.session, ["session_id", "session_id"]),
        (line.brief.resource, ["resource", "resource"]),
    ] {
        let known = names.into_iter().find(|name| member(name));
        let expected = known.and_then(|name| line.record.get(name)).and_then(Value::as_str);
        let found: String = serde_json::from_str(&format!("\"{}\"", text(slice))).unwrap();
        assert_eq!(found, expected.unwrap_or_default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// One line of JSON with no name twice, within its limit, that reads back; whatever was given.
    #[test]
    fn any_input_is_one_line_of_strict_json(
        own in vec((name(), given()), 0..24),
        context in vec((name(), given()), 0..12),
        outer in vec((name(), given()), 0..12),
        value in prop::sample::select(vec![16_usize, 100, 8192]),
        line_limit in prop::sample::select(vec![0_usize, 4096, 5000, 65536]),
    ) {
        let mut drafts = [Draft::new(), Draft::new(), Draft::new()];
        for (draft, (values, span)) in drafts.iter_mut().zip([(&own, false), (&context, true), (&outer, true)]) {
            draft.limits = Limits { value, line: line_limit };
            fill(draft, values, span);
        }
        let [own, mut context, outer] = drafts;
        let shown = line(&own.fields, &[&context.fields, &outer.fields], own.limits);
        slices_are_right(&shown);
        // Merged first, they say the same.
        context.fields.copy_missing_from(&outer.fields);
        let merged = line(&own.fields, &[&context.fields], own.limits);
        if line_limit == 65536 {
            prop_assert_eq!(shown.record.members(), merged.record.members());
        }
        // Used again, nothing of before is left.
        let mut again = own;
        again.fields.clear();
        let empty = line(&again.fields, &[], again.limits);
        prop_assert_eq!(empty.record.members(), []);
    }

    #[test]
    fn what_is_rendered_reads_back_as_it_was(record in record()) {
        let mut fields = Draft::new();
        fields.policy = Policy::compile(&Redaction::none(), None);
        for (name, value) in record.members() {
            match value {
                Value::Object(metadata) if name == "metadata" => {
                    for (name, value) in metadata {
                        fields.put(name, |sink| sink.serialize(value));
                    }
                }
                value => {
                    fields.put(name, |sink| sink.serialize(value));
                }
            }
        }
        let (read, _) = render(&record, &fields.fields);
        prop_assert_eq!(&read, &record);
    }
}

fn render(record: &Record, fields: &Fields) -> (Record, String) {
    let what = What {
        time: record.head.time,
        occurred: record.head.occurred,
        event: Name::Text(record.event()),
        category: record.head.category,
        severity: record.head.severity,
        outcome: record.head.outcome,
        texts: None,
    };
    let mut out = Text::new();
    out.push(format!("{{\"seq\":{},", record.head.seq).as_bytes());
    rest(&mut out, &what, fields, &[], Limits::default(), &mut { Brief::BLANK });
    let mut line = out.to_vec();
    Head::ZERO.push_frame(&mut line);
    let text = String::from_utf8(line).unwrap();
    (parse::record(text.as_bytes()).unwrap(), text)
}

fn record() -> impl Strategy<Value = Record> {
    let value = |key: Key| -> BoxedStrategy<Value> {
        match key.kind() {
            _ if key == Key::BodySha256 => "[0-9a-f]{64}".prop_map(Value::from).boxed(),
            Kind::Text => harmless().prop_map(Value::from).boxed(),
            Kind::Count => any::<u64>().prop_map(Value::from).boxed(),
            Kind::Number => prop_oneof![(0.0..1e18).prop_map(Value::from), any::<u32>().prop_map(Value::from),].boxed(),
            _ => tree().prop_filter("null is no value", |value| !value.is_null()).boxed(),
        }
    };
    let keys: Vec<_> = Key::ALL
        .iter()
        .filter(|key| key.kind() != Kind::Own)
        .map(|key| prop::option::of(value(*key)).prop_map(|value| Some((key.as_str().to_owned(), value?))))
        .collect();
    let metadata = btree_map("x[a-z]{0,40}", tree(), 0..5).prop_map(|map| {
        let map: Map<String, Value> = map.into_iter().filter(|(_, value)| !value.is_null()).collect();
        (!map.is_empty()).then(|| ("metadata".to_owned(), Value::from(map)))
    });
    let time = || (Micros::MIN.0..=Micros::MAX.0).prop_map(Micros);
    let head = (
        1..1_u64 << 53,
        time(),
        prop::option::of(time()),
        "[A-Z0-9_]{1,64}",
        prop::sample::select(Category::ALL.to_vec()),
        prop::sample::select(Severity::ALL.to_vec()),
        prop::sample::select(Outcome::ALL.to_vec()),
    );
    (head, keys, metadata).prop_map(|(head, keys, metadata)| {
        let (seq, time, occurred, event, category, severity, outcome) = head;
        let mut line = format!("{{\"seq\":{seq},\"time\":\"{time}\"");
        if let Some(occurred) = occurred {
            line += &format!(",\"occurred\":\"{occurred}\"");
        }
        line += &format!(
            ",\"event\":\"{event}\",\"category\":\"{category}\",\"severity\":\"{severity}\",\"outcome\":\"{outcome}\""
        );
        for (name, value) in keys.into_iter().chain([metadata]).flatten() {
            line += &format!(",{}:{value}", Value::from(name));
        }
        line += ",\"tag\":\"AAAAAAAAAAAAAAAAAAAAAA\"}";
        parse::record(line.as_bytes()).unwrap()
    })
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        harmless().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 30, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            btree_map("x[a-z\"\\\\\u{202e}é]{0,9}", inner, 0..5).prop_map(|map| Value::from(Map::from_iter(map))),
        ]
    })
}

/// Text that is neither JSON nor looks like it.
fn harmless() -> impl Strategy<Value = String> {
    vec(
        any::<char>().prop_filter("no JSON", |letter| !matches!(letter, '{' | '[' | '"')),
        0..40,
    )
    .prop_map(String::from_iter)
}

#[test]
fn the_head_of_a_line_says_what_was_stated() {
    let mut out = Text::new();
    let stated = What {
        occurred: Some(Micros(0)),
        severity: Severity::Critical,
        outcome: Outcome::Cancelled,
        ..what()
    };
    let mut brief = Brief::BLANK;
    rest(&mut out, &stated, &Fields::new(), &[], Limits::default(), &mut brief);
    assert_eq!(
        String::from_utf8(out.to_vec()).unwrap(),
        r#""time":"2025-11-20T08:15:30.123456Z","occurred":"1970-01-01T00:00:00.000000Z","event":"AUTH_LOGIN","category":"auth","severity":"critical","outcome":"cancelled""#
    );
    assert_eq!(brief.occurred, Micros(0));
    assert_eq!(brief.event.label(), events::AUTH_LOGIN.name());
}

#[test]
fn a_key_of_an_owner_that_nobody_knows_goes_from_a_field_by_its_value() {
    let key = "q7Kd0ZxMv2Rt9LpWc4Hs8YbN";
    let mut draft = Draft::new();
    draft
        .str("acme_key", key)
        .str("binance_api", key)
        .str("sort_key", key)
        .str("acme_id", key)
        .str("globex_key", "created_at")
        .put("hooli.key", |sink| sink.display(&key))
        .put("nested", |sink| {
            sink.serialize(&serde_json::json!({"acme_key": key, "b": {"cache_key": key, "acmeKey": "users.email"}}))
        });
    let line = draft.line();
    let shown = |name: &str| line.shown(name).unwrap();
    for name in ["metadata.acme_key", "metadata.binance_api", "metadata.hooli.key"] {
        assert_eq!(shown(name), "\"[redacted]\"", "{name}");
    }
    for name in ["metadata.sort_key", "metadata.acme_id"] {
        assert_eq!(shown(name), format!("\"{key}\""), "{name}");
    }
    assert_eq!(shown("metadata.globex_key"), "\"created_at\"");
    assert_eq!(
        shown("metadata.nested"),
        format!("{{\"acme_key\":\"[redacted]\",\"b\":{{\"acmeKey\":\"users.email\",\"cache_key\":\"{key}\"}}}}")
    );
}
