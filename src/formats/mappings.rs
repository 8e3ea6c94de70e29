//! docs/MAPPINGS.md, from the code.
//!
//! `MAPPINGS=write cargo test --features export --lib mappings` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::event::{Category, EventType, events};
use crate::formats::ocsf::class::Activity;
use crate::formats::table::{self, Mapping};
use crate::formats::{Entry, Origin, cef, ecs, ocsf, syslog};
use crate::record::Key;
use crate::severity::Severity;

const WORDS: &str = include_str!("mappings.md");

/// A value that is found again, whatever a format makes of it: as JSON, and the other forms it may take.
fn mark(key: Key) -> (String, Vec<String>) {
    let same = |text: &str| (format!("\"{text}\""), vec![text.to_owned()]);
    match key {
        Key::Seq => ("4242".to_owned(), vec!["4242".to_owned()]),
        Key::Time => (
            "\"2026-11-20T08:15:30.123456Z\"".to_owned(),
            vec!["2026-11-20T08:15:30.123456Z".to_owned(), "1795162530123".to_owned()],
        ),
        Key::Occurred => (
            "\"2026-11-19T08:15:30.123456Z\"".to_owned(),
            vec!["2026-11-19T08:15:30.123456Z".to_owned(), "1795076130123".to_owned()],
        ),
        Key::Event => (
            "\"DATA_READ\"".to_owned(),
            vec!["DATA_READ".to_owned(), "data_read".to_owned()],
        ),
        Key::Ip => same("203.0.113.7"),
        Key::StatusCode | Key::RequestBytes | Key::ResponseBytes => ("42424".to_owned(), vec!["42424".to_owned()]),
        Key::DurationMs => (
            "42424.5".to_owned(),
            ["42424.5", "42424", "42424500000"].map(str::to_owned).to_vec(),
        ),
        Key::Method => same("PATCH"),
        Key::Mfa => ("\"totp\"".to_owned(), vec!["totp".to_owned(), "OTP".to_owned()]),
        Key::Flagged => ("true".to_owned(), vec!["true".to_owned()]),
        Key::Old | Key::New => same("a-mark"),
        Key::Metadata => ("{\"<name>\":\"a-mark\"}".to_owned(), vec!["a-mark".to_owned()]),
        Key::Truncated => (
            "{\"x\":4242}".to_owned(),
            vec!["4242".to_owned(), "{\"x\":4242}".to_owned()],
        ),
        Key::Redacted => ("[\"a-mark\"]".to_owned(), vec!["a-mark".to_owned()]),
        Key::Tag => (
            "\"-AAAAAAAAAAAAAAAAAAAAA\"".to_owned(),
            vec!["-AAAAAAAAAAAAAAAAAAAAA".to_owned()],
        ),
        Key::Seal => same(&"A".repeat(43)),
        _ => same("a-mark"),
    }
}

/// A line with this key, and what goes with it so that the key has its place.
fn line(event: EventType, key: Key) -> String {
    let mut line = "{".to_owned();
    for known in Key::ALL {
        let value = match known {
            Key::Category => format!("\"{}\"", event.category()),
            Key::Severity => format!("\"{}\"", event.severity()),
            Key::Outcome => "\"success\"".to_owned(),
            Key::Seq => if key == Key::Seq { "4242" } else { "1" }.to_owned(),
            Key::Event => format!("\"{event}\""),
            // A response has its code, a thing has its id.
            Key::StatusCode if key == Key::ResponseBytes => "200".to_owned(),
            Key::ResourceId if key == Key::ResourceType => "\"x\"".to_owned(),
            Key::Tag | Key::Time => mark(*known).0,
            known if *known == key => mark(key).0,
            _ => continue,
        };
        if line.len() > 1 {
            line.push(',');
        }
        let _ = write!(line, "\"{}\":{value}", known.as_str());
    }
    line + "}"
}

fn found(value: &Value, path: &str, marks: &[String], into: &mut Vec<String>) {
    let join = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, value)| found(value, &join(name), marks, into)),
        Value::Array(list) => list
            .iter()
            .for_each(|value| found(value, &format!("{path}[]"), marks, into)),
        other => {
            let text = match other {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if marks.contains(&text) {
                into.push(path.to_owned());
            }
        }
    }
}

/// Where a key is in a format's object.
fn places(event: EventType, key: Key, of: fn(&Entry<'_>, &Origin) -> crate::formats::Object) -> String {
    let line = line(event, key);
    let record = crate::parse::record(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error}"));
    let mut object = of(&Entry::new(&record, Some(&line)), &Origin::default());
    // Beside what is observed there is the thing itself.
    object.remove("observables");
    let mut paths = Vec::new();
    found(&Value::Object(object), "", &mark(key).1, &mut paths);
    if key == Key::Flagged {
        paths.retain(|path| path.ends_with("flagged"));
    }
    paths.dedup();
    paths
        .iter()
        .map(|path| format!("`{path}`"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn cef_place(key: Key) -> String {
    let of = |list: &[(Key, &str)]| {
        list.iter()
            .find(|(known, _)| *known == key)
            .map(|(_, name)| (*name).to_owned())
    };
    if let Some(name) = of(cef::PLAIN) {
        return format!("`{name}`");
    }
    if let Some(name) = of(cef::LABELLED) {
        return format!("`{name}` labelled `{}`", key.as_str());
    }
    match key {
        Key::Seq => "`externalId`".to_owned(),
        Key::Time => "`rt`".to_owned(),
        Key::Occurred => "`start`".to_owned(),
        Key::Event => "signature id".to_owned(),
        Key::Category => "`cat`".to_owned(),
        Key::Severity => "severity".to_owned(),
        Key::Outcome => "`outcome`".to_owned(),
        Key::Ip => "`src` `spt`, `c6a2` of IPv6, `shost` of anything else".to_owned(),
        Key::Tag => "`flexString1` labelled `tag`".to_owned(),
        _ => format!("in `{}`", cef::OTHER),
    }
}

fn class(ocsf: (&ocsf::class::Class, Activity)) -> String {
    let (class, activity) = ocsf;
    match activity {
        Activity::Known(id, "") => format!("{} | its name | {}", class.caption, class.uid * 100 + u32::from(id)),
        Activity::Known(id, name) => format!("{} | {name} | {}", class.caption, class.uid * 100 + u32::from(id)),
        Activity::ByMethod => format!("{} | by the method | {}xx", class.caption, class.uid),
    }
}

fn row(name: &str, Mapping { ecs, ocsf }: Mapping) -> String {
    let categories = match ecs.categories {
        [] => "-".to_owned(),
        some => some.join(", "),
    };
    format!(
        "| `{name}` | {} | {categories} | {} | {} |\n",
        ecs.kind,
        ecs.types.join(", "),
        class(ocsf)
    )
}

fn generated() -> String {
    let heads = "| | kind | category | type | OCSF class | activity | `type_uid` |\n|---|---|---|---|---|---|---|\n";
    let mut types = heads.replacen("| |", "| Type |", 1);
    for event in EventType::all() {
        types += &row(event.name(), table::of_type(event).unwrap());
    }
    let mut categories = heads.replacen("| |", "| Category |", 1);
    for category in Category::ALL {
        categories += &row(category.as_str(), table::of_category(category));
    }
    let mut severities =
        "| Severity | ECS `event.severity` | OCSF `severity_id` | CEF | syslog |\n|---|---|---|---|---|\n".to_owned();
    for severity in Severity::ALL {
        let line = line(events::DATA_READ, Key::Seq).replace("\"low\"", &format!("\"{severity}\""));
        let record = crate::parse::record(line.as_bytes()).unwrap();
        let entry = Entry::new(&record, None);
        let ecs = ecs::document(&entry, &Origin::default());
        let ocsf = ocsf::event(&entry, &Origin::default());
        let _ = writeln!(
            severities,
            "| `{severity}` | {} | {} | {} | {} |",
            ecs["event"]["severity"],
            ocsf["severity_id"],
            cef::severity(severity),
            syslog::severity(severity)
        );
    }
    let mut keys = "| Key | ECS | OCSF, of API Activity | CEF |\n|---|---|---|---|\n".to_owned();
    for key in Key::ALL {
        let (ecs, ocsf) = match key {
            Key::Category => ("`tracing_audit.category`".to_owned(), "`unmapped.category`".to_owned()),
            Key::Severity => (
                "`event.severity` `log.level`".to_owned(),
                "`severity_id` `severity` `metadata.log_level`".to_owned(),
            ),
            Key::Outcome => (
                "`event.outcome` `tracing_audit.outcome`".to_owned(),
                "`status_id` `status` `action_id` `disposition_id` `unmapped.outcome`".to_owned(),
            ),
            key => (
                places(events::DATA_READ, *key, ecs::document),
                places(events::DATA_READ, *key, ocsf::event),
            ),
        };
        assert!(!ecs.is_empty() && !ocsf.is_empty(), "{key:?}");
        let _ = writeln!(keys, "| `{}` | {ecs} | {ocsf} | {} |", key.as_str(), cef_place(*key));
    }
    WORDS
        .replace("{types}\n", &types)
        .replace("{categories}\n", &categories)
        .replace("{severities}\n", &severities)
        .replace("{keys}\n", &keys)
        .replace("{ecs}", ecs::VERSION)
        .replace("{ocsf}", ocsf::VERSION)
        .replace("{enterprise}", &syslog::ENTERPRISE.to_string())
}

#[test]
fn the_document_of_mappings_is_what_the_code_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/MAPPINGS.md");
    let text = generated();
    if std::env::var_os("MAPPINGS").is_some_and(|what| what == "write") {
        std::fs::write(&path, &text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "docs/MAPPINGS.md is not what the code does; write it anew: MAPPINGS=write cargo test --features export --lib mappings"
    );
}
