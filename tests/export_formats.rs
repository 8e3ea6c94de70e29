//! The formats of others: what they require, what they allow, and that any text comes back out of them.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tracing_audit::{EventType, Export, Format, Outcome, Severity, events};

use crate::export::{export, full, line, object};
use crate::readers::{is_formula, pictured, read_cef, read_syslog};

fn one(export_as: &Export, event: EventType, members: &[(&str, Value)]) -> String {
    let text = export(export_as, &[line(7, event, Outcome::Success, members)]);
    text.strip_suffix('\n').unwrap().to_owned()
}

/// What OCSF 1.8.0 requires of each class beside what it requires of all (schema.ocsf.io/1.8.0/classes/<name>), constraints
/// ("at least one") included as the one that records fill. `scripts/exports` holds the same events against the schema itself.
const REQUIRED: &[(u64, &[&str])] = &[
    (0, &[]),
    (
        1001,
        &[
            "actor",
            "device.hostname",
            "device.type_id",
            "file.name",
            "file.type_id",
        ],
    ),
    (1008, &["log_name"]),
    (2004, &["finding_info.uid"]),
    (3001, &["user"]),
    (3002, &["user", "service.name"]),
    (3004, &["entity"]),
    (4002, &["http_request"]),
    (6001, &["web_resources"]),
    (6002, &["app.name"]),
    (6003, &["actor", "api.operation", "src_endpoint"]),
    (6006, &["actor", "file.name", "file.type_id", "src_endpoint"]),
    (6008, &[]),
];

/// The same of every class, and of objects that may be there.
const ALWAYS: &[&str] = &[
    "activity_id",
    "category_uid",
    "class_uid",
    "severity_id",
    "time",
    "type_uid",
    "metadata.version",
    "metadata.product.name",
];

fn at<'v>(event: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    rest.split('.')
        .filter(|name| !name.is_empty())
        .try_fold(event.get(first)?, |value, name| value.get(name))
}

#[test]
fn ocsf_events_have_what_their_class_requires_whatever_the_record_lacks() {
    let mut classes = std::collections::BTreeSet::new();
    for event in EventType::all() {
        for members in [vec![], full()] {
            let made = object(Format::Ocsf, &line(1, event, Outcome::Failure, &members));
            let class = made["class_uid"].as_u64().unwrap();
            classes.insert(class);
            let (_, required) = REQUIRED
                .iter()
                .find(|(known, _)| *known == class)
                .expect("a class of the table");
            for path in ALWAYS.iter().chain(*required) {
                assert!(at(&made, path).is_some(), "{path} of {event}: {made:?}");
            }
            assert_eq!(made["type_uid"], class * 100 + made["activity_id"].as_u64().unwrap());
            assert_eq!(made["category_uid"], class / 1000);
            for (path, one_of) in [
                ("user", &["uid", "name"][..]),
                ("actor", &["user", "session", "app_name"]),
                ("actor.user", &["uid", "name"]),
                ("src_endpoint", &["ip", "name"]),
                ("entity", &["uid", "name"]),
                ("http_response", &["code"]),
                ("trace", &["uid"]),
            ] {
                if let Some(object) = at(&made, path) {
                    assert!(
                        one_of.iter().any(|name| object.get(name).is_some()),
                        "{path} of {event}: {made:?}"
                    );
                }
            }
        }
    }
    assert!(classes.len() > 10);
}

#[test]
fn ocsf_says_what_became_of_it_and_who_said_no() {
    let made = |event, outcome| object(Format::Ocsf, &line(1, event, outcome, &[("method", json!("DELETE"))]));
    let denied = made(events::SECURITY_PERMISSION_DENIED, Outcome::Denied);
    assert_eq!(denied["type_uid"], 600_304);
    assert_eq!(
        (&denied["status_id"], &denied["action_id"], &denied["disposition_id"]),
        (&json!(2), &json!(2), &json!(26))
    );
    assert_eq!(denied["metadata"]["profiles"], json!(["security_control"]));
    assert_eq!(
        made(events::SECURITY_RATE_LIMIT, Outcome::Blocked)["disposition_id"],
        25
    );
    let failed = made(events::AUTH_FAILED, Outcome::Failure);
    assert_eq!(
        (&failed["type_uid"], &failed["status_id"]),
        (&json!(300_201), &json!(2))
    );
    assert!(!failed.contains_key("action_id"));
    for (outcome, id) in [(Outcome::Success, 1), (Outcome::Cancelled, 99), (Outcome::Unknown, 0)] {
        assert_eq!(made(events::DATA_READ, outcome)["status_id"], id);
        // Of a finding it is not the outcome, but how far people are with it.
        assert_eq!(made(events::SECURITY_INCIDENT, outcome)["status_id"], 1);
        assert_eq!(made(events::ALERT_RESOLVED, outcome)["status_id"], 4);
    }
}

#[test]
fn all_records_of_one_alert_are_one_finding_of_ocsf() {
    let made = |event, count: Option<u64>| {
        let mut metadata = json!({"id": "3-7", "rule": "failed_logins"});
        if let Some(count) = count {
            metadata["count"] = count.into();
        }
        let members = [
            ("message", json!("5 failed logins of one user")),
            ("metadata", metadata),
        ];
        let made = object(Format::Ocsf, &line(1, event, Outcome::Success, &members));
        assert_eq!(made["finding_info"]["uid"], "3-7");
        assert_eq!(made["finding_info"]["analytic"]["name"], "failed_logins");
        (
            made["activity_id"].as_u64().unwrap(),
            made["finding_info"]["title"].clone(),
        )
    };
    let title = json!("5 failed logins of one user");
    assert_eq!(made(events::ALERT_RAISED, Some(1)), (1, title.clone()));
    assert_eq!(made(events::ALERT_RAISED, Some(16)), (2, title));
    assert_eq!(made(events::ALERT_ACKNOWLEDGED, None).0, 2);
    assert_eq!(made(events::ALERT_RESOLVED, None).0, 3);
}

#[test]
fn ocsf_carries_the_line_and_its_hash() {
    let line = line(1, events::DATA_READ, Outcome::Success, &full());
    let made = object(Format::Ocsf, &line);
    assert_eq!(made["raw_data"], line);
    let hash: String = Sha256::digest(&line).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        made["raw_data_hash"],
        json!({"algorithm_id": 3, "algorithm": "SHA-256", "value": hash})
    );
    // The leaf is what docs/FORMAT.md says, section 9.
    let rest = line.split_once(',').unwrap().1;
    let rest = &rest[..rest.len() - 32];
    let leaf = Sha256::new_with_prefix([0]).chain_update(rest).finalize();
    assert_eq!(made["unmapped"]["leaf"], crate::hand::base64url(&leaf));
    // A record that was parsed elsewhere has no line, and says nothing of one.
    let mut out = Vec::new();
    let record: tracing_audit::Record = line.parse().unwrap();
    Export::new(Format::Ocsf).write([Ok(record)], &mut out).unwrap();
    let made: Map<String, Value> = serde_json::from_slice(&out).unwrap();
    assert!(!made.contains_key("raw_data") && !made.contains_key("raw_data_hash"));
    assert_eq!(made["metadata"]["uid"], "1");
}

/// The fields of ECS 8.11 that records fill (elastic.co/guide/en/ecs/8.11/ecs-field-reference.html).
const FIELDS: &[&str] = &[
    "@timestamp",
    "ecs.version",
    "error.message",
    "event.action",
    "event.category",
    "event.code",
    "event.created",
    "event.duration",
    "event.hash",
    "event.id",
    "event.kind",
    "event.module",
    "event.outcome",
    "event.provider",
    "event.reason",
    "event.sequence",
    "event.severity",
    "event.type",
    "file.path",
    "host.name",
    "http.request.bytes",
    "http.request.id",
    "http.request.method",
    "http.response.bytes",
    "http.response.status_code",
    "log.level",
    "message",
    "organization.id",
    "process.pid",
    "related.ip",
    "related.user",
    "rule.name",
    "service.name",
    "service.version",
    "source.address",
    "source.ip",
    "source.port",
    "span.id",
    "trace.id",
    "url.original",
    "url.path",
    "url.query",
    "user.id",
    "user.name",
    "user.target.id",
    "user.target.name",
    "user_agent.original",
];

fn fields(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) if !matches!(path, "labels" | "tracing_audit") => {
            for (name, value) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                fields(value, &path, found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

#[test]
fn ecs_documents_have_fields_of_ecs_alone_and_what_is_ours_under_one_name() {
    let mut all = std::collections::BTreeSet::new();
    for event in EventType::all() {
        let export = Export::new(Format::Ecs).host("h").service("s", "1").pid(5);
        let document: Value = serde_json::from_str(&one(&export, event, &full())).unwrap();
        let mut found = Vec::new();
        fields(&document, "", &mut found);
        all.extend(found.clone());
        for field in found {
            let known = FIELDS.contains(&field.as_str()) || matches!(field.as_str(), "labels" | "tracing_audit");
            assert!(known, "{field} of {event}");
        }
        assert_eq!(
            document["labels"],
            json!({"rows": "109", "a_b": "meta-113", "a_b_2": "[\"meta-127\"]"})
        );
        assert_eq!(document["event"]["duration"], 12_500_000);
        assert_eq!(
            document["url"],
            json!({"original": "/path-71?q=73", "path": "/path-71", "query": "q=73"})
        );
        // One type a field, whatever the value was.
        assert_eq!(document["tracing_audit"]["old"], r#"{"title":"old-59"}"#);
    }
    assert!(
        FIELDS
            .iter()
            .all(|field| all.contains(*field) || *field == "source.port"),
        "{all:?}"
    );
}

#[test]
fn an_address_is_an_address_only_where_it_is_one() {
    for (ip, address, port) in [
        ("203.0.113.7", Some("203.0.113.7"), None),
        ("2001:db8::1", Some("2001:db8::1"), None),
        ("203.0.113.7:443", Some("203.0.113.7"), Some(443)),
        ("[2001:db8::1]:443", Some("2001:db8::1"), Some(443)),
        ("hmac:abcdef:AAAAAAAAAAAAAAAAAAAAAA", None, None),
        ("203.0.113.777", None, None),
    ] {
        let line = line(1, events::AUTH_LOGIN, Outcome::Success, &[("ip", json!(ip))]);
        let ecs = object(Format::Ecs, &line);
        assert_eq!(ecs["source"]["address"], ip);
        assert_eq!(ecs["source"].get("ip"), address.map(|ip| json!(ip)).as_ref());
        assert_eq!(ecs["source"].get("port"), port.map(|port| json!(port)).as_ref());
        let ocsf = object(Format::Ocsf, &line);
        assert_eq!(ocsf["src_endpoint"].get("ip"), address.map(|ip| json!(ip)).as_ref());
        assert_eq!(ocsf["src_endpoint"].get("name").is_some(), address.is_none());
        let cef = export(&Export::new(Format::Cef), &[line]);
        let key = match address {
            Some(address) if address.contains(':') => format!(" c6a2={address} c6a2Label=Source IPv6 Address"),
            Some(address) => format!(" src={address}"),
            None => format!(" shost={ip}"),
        };
        assert!(cef.contains(&key), "{cef}");
    }
}

#[test]
fn a_header_says_host_service_and_process() {
    let of = |format| Export::new(format).host("web-1").service("book|shop", "1.2").pid(99);
    let cef = one(&of(Format::Cef), events::AUTH_FAILED, &[]);
    assert!(
        cef.starts_with(
            "CEF:0|tracing-audit|book\\|shop|1.2|AUTH_FAILED|A login failed|5|rt=1795162530123 externalId=7 cat=auth "
        ),
        "{cef}"
    );
    assert!(cef.contains(" dvchost=web-1 dvcpid=99"), "{cef}");
    let syslog = one(
        &of(Format::Syslog),
        events::AUTH_FAILED,
        &[("message", json!("wrong\npassword"))],
    );
    let head = "<108>1 2026-11-20T08:15:30.123456Z web-1 book|shop 99 AUTH_FAILED [tracing-audit@32473 seq=\"7\" event=\"AUTH_FAILED\" ";
    assert!(syslog.starts_with(head), "{syslog}");
    assert!(
        syslog.ends_with("[meta sequenceId=\"7\"] \u{feff}AUTH_FAILED success: wrong password"),
        "{syslog}"
    );
    let other = one(
        &Export::new(Format::Syslog).enterprise_number(12),
        events::AUTH_FAILED,
        &[],
    );
    assert!(
        other.starts_with("<108>1 2026-11-20T08:15:30.123456Z - tracing-audit - AUTH_FAILED [tracing-audit@12 "),
        "{other}"
    );
    let ocsf: Value = serde_json::from_str(&one(&of(Format::Ocsf), events::AUTH_FAILED, &[])).unwrap();
    assert_eq!(ocsf["metadata"]["product"]["name"], "book|shop");
    assert_eq!(
        (&ocsf["device"]["hostname"], &ocsf["metadata"]["profiles"]),
        (&json!("web-1"), &json!(["host"]))
    );
}

#[test]
fn severities_stand_on_the_scale_of_each_format() {
    let of = |format, severity: Severity| {
        let low = line(1, events::DATA_READ, Outcome::Success, &[]);
        export(
            &Export::new(format),
            &[low.replace("\"low\"", &format!("\"{severity}\""))],
        )
    };
    let scales = [
        ("<110>1 ", "|3|", 21, 2),
        ("<108>1 ", "|5|", 47, 3),
        ("<107>1 ", "|8|", 73, 4),
        ("<106>1 ", "|10|", 99, 5),
    ];
    for (severity, (syslog, cef, ecs, ocsf)) in Severity::ALL.into_iter().zip(scales) {
        assert!(of(Format::Syslog, severity).starts_with(syslog));
        assert!(of(Format::Cef, severity).contains(cef));
        assert!(of(Format::Ecs, severity).contains(&format!("\"severity\":{ecs}")));
        assert!(of(Format::Ocsf, severity).contains(&format!("\"severity_id\":{ocsf}")));
    }
}

/// Texts with everything that means something to one of the formats.
fn any_text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(
        "\"'=+-@|]\\,;\n\r\t\0\u{1b}\u{7f}\u{85}\u{2028}\u{202e} \u{feff}＝n"
            .chars()
            .collect::<Vec<_>>(),
    );
    let letter = prop_oneof![4 => special, 1 => any::<char>(), 1 => prop::char::range('a', 'z')];
    prop::collection::vec(letter, 0..24).prop_map(|letters| letters.into_iter().collect())
}

proptest! {
    #[test]
    fn any_text_comes_back_out_of_a_table(user in any_text(), message in any_text(), name in any_text(), inner in any_text()) {
        let members = [("user_id", json!(user)), ("message", json!(message)), ("metadata", json!({name.clone(): inner}))];
        let lines = [line(1, events::DATA_READ, Outcome::Success, &members)];
        let text = export(&Export::new(Format::Csv), &lines);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().unwrap().clone();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        prop_assert_eq!(rows.len(), 1);
        let cell = |column: &str| {
            let cell = rows[0].get(names.iter().position(|name| name == column).unwrap()).unwrap();
            cell.strip_prefix('\'').unwrap_or(cell).to_owned()
        };
        prop_assert_eq!(cell("user_id"), pictured(&user));
        prop_assert_eq!(cell("message"), pictured(&message));
        prop_assert_eq!(serde_json::from_str::<Value>(&cell("metadata")).unwrap(), json!({name: inner}));
        prop_assert_eq!(rows[0].iter().find(|cell| is_formula(cell)), None);
    }

    #[test]
    fn any_text_comes_back_out_of_cef(user in any_text(), message in any_text(), resource in any_text(), name in any_text(), inner in any_text()) {
        let members = [
            ("user_id", json!(user)), ("resource", json!(resource)), ("message", json!(message)), ("metadata", json!({name.clone(): inner})),
        ];
        let export = Export::new(Format::Cef).service(user.clone() + "x", message.clone() + "y");
        let line = one(&export, events::DATA_READ, &members);
        prop_assert!(!line.contains(['\n', '\r', '\0', '\u{1b}']), "{}", line);
        let (header, values) = read_cef(&line);
        let flat = |text: &str| pictured(text).replace(['\n', '\r'], " ");
        let expected = [
            "CEF:0".to_owned(), "tracing-audit".to_owned(), flat(&(user.clone() + "x")), flat(&(message.clone() + "y")),
            "DATA_READ".to_owned(), "Data were read".to_owned(), "3".to_owned(),
        ];
        prop_assert_eq!(header, expected.to_vec());
        let other: Value = values.get("cs6").map_or(json!({}), |text| serde_json::from_str(text.as_str().unwrap()).unwrap());
        for (key, own, text) in [("suid", "user_id", user), ("cs4", "resource", resource), ("msg", "message", message)] {
            // An empty text goes to the others.
            match text.is_empty() {
                true => prop_assert_eq!(&other[own], ""),
                false => prop_assert_eq!(&values[key], &pictured(&text)),
            }
        }
        let metadata: Value = serde_json::from_str(values["cs5"].as_str().unwrap()).unwrap();
        prop_assert_eq!(metadata, json!({name: inner}));
    }

    #[test]
    fn any_text_comes_back_out_of_syslog(user in any_text(), message in any_text(), later in "[ -~]{1,40}", inner in any_text()) {
        prop_assume!(!["seal", "tag", "erased", "by", "enc", "sd"].contains(&&*later));
        let members = [("user_id", json!(user)), ("message", json!(message)), ("metadata", json!({"m": inner})), (&*later, json!(inner))];
        let line = one(&Export::new(Format::Syslog), events::DATA_READ, &members);
        prop_assert!(!line.contains(|letter: char| letter.is_control()), "{}", line);
        let values = read_syslog(&line);
        prop_assert_eq!(&values["user_id"], &user);
        prop_assert_eq!(&values["message"], &message);
        let json = |text: &Value| serde_json::from_str::<Value>(text.as_str().unwrap()).unwrap();
        prop_assert_eq!(json(&values["metadata"]), json!({"m": inner}));
        match values.get("other") {
            Some(other) => prop_assert_eq!(json(other), json!({later: inner})),
            None => prop_assert_eq!(&values[&later], &inner),
        }
    }

    #[test]
    fn any_text_stands_in_one_line_of_json(user in any_text(), inner in any_text()) {
        let members = [("user_id", json!(user)), ("metadata", json!({"m": inner}))];
        let line = line(1, events::DATA_READ, Outcome::Success, &members);
        for format in [Format::Ecs, Format::Ocsf, Format::JsonLines] {
            let text = export(&Export::new(format), std::slice::from_ref(&line));
            prop_assert_eq!(text.matches('\n').count(), 1);
            serde_json::from_str::<Value>(&text).unwrap();
        }
        if !user.is_empty() {
            prop_assert_eq!(&object(Format::Ecs, &line)["user"]["id"], &user);
            prop_assert_eq!(&object(Format::Ocsf, &line)["actor"]["user"]["uid"], &user);
        }
        prop_assert_eq!(&object(Format::Ecs, &line)["labels"]["m"], &inner);
        prop_assert_eq!(&object(Format::Ocsf, &line)["unmapped"]["metadata"]["m"], &inner);
    }
}
