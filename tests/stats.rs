//! Statistics, activity, sessions: folds that answer exactly, however their records were split and stored.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use tracing_audit::{
    Activity, Outcome, Record, Sessions, Severity, Stats, Trail, admin_actions, events, read, sessions, suspicious,
    user_activity,
};

const TAG: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// 2026-11-20T00:00:00Z.
fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_132_800 + seconds)
}

/// A record as it stands in a file: `time` is what stands behind the month (`20T08:15:30.000000`), `more` further members.
fn record(time: &str, event: &str, category: &str, outcome: &str, more: &str) -> Record {
    let severity = if event == "USER_DELETE" { "high" } else { "low" };
    let more = if more.is_empty() {
        String::new()
    } else {
        format!(",{more}")
    };
    let line = format!(
        "{{\"seq\":1,\"time\":\"2026-11-{time}Z\",\"event\":\"{event}\",\"category\":\"{category}\",\"severity\":\"{severity}\",\
         \"outcome\":\"{outcome}\"{more},\"tag\":\"{TAG}\"}}"
    );
    line.parse().unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn some_record() -> impl Strategy<Value = Record> {
    let kind = prop_oneof![
        Just(("AUTH_LOGIN", "auth")),
        Just(("AUTH_FAILED", "auth")),
        Just(("USER_DELETE", "user")),
        Just(("API_REQUEST", "api")),
        Just(("AUDIT_GAP", "audit")),
    ];
    let who = (
        proptest::option::of("[ab]"),
        proptest::option::of("[cd]"),
        proptest::option::of("[x-z]"),
    );
    let request = (
        proptest::option::of("/[a-c]"),
        200_u64..600,
        proptest::option::of(0.0..5_000.0_f64),
    );
    let outcome = proptest::sample::select(Outcome::ALL.to_vec());
    ((20_u8..24, 0_u8..24), kind, outcome, who, request, any::<bool>(), 0_u64..9).prop_map(
        |((day, hour), (event, category), outcome, (id, name, ip), (route, status, ms), flagged, lost)| {
            let mut more = Vec::new();
            let mut put = |key: &str, value: Option<String>| more.extend(value.map(|value| format!("\"{key}\":{value}")));
            put("user_id", id.map(|id| format!("\"{id}\"")));
            put("username", name.map(|name| format!("\"{name}\"")));
            put("session_id", ip.clone().map(|ip| format!("\"s{ip}\"")));
            put("ip", ip.map(|ip| format!("\"{ip}\"")));
            put("method", route.is_some().then(|| "\"GET\"".to_owned()));
            put("route", route.map(|route| format!("\"{route}\"")));
            put("status_code", Some(status.to_string()));
            put("duration_ms", ms.map(|ms| format!("{ms:?}")));
            if event == "AUDIT_GAP" {
                let time = |minute| format!("\"2026-11-{day}T{hour:02}:{minute}:00.000000Z\"");
                put(
                    "metadata",
                    Some(format!(
                        "{{\"count\":{{\"low\":{lost},\"high\":1}},\"first\":{},\"last\":{},\"cause\":\"queue_full\"}}",
                        time(10),
                        time(20)
                    )),
                );
            }
            put("flagged", flagged.then(|| "true".to_owned()));
            record(&format!("{day}T{hour:02}:30:00.000000"), event, category, outcome.as_str(), &more.join(","))
        },
    )
}

proptest! {
    #[test]
    fn merged_statistics_are_those_of_all_records_in_any_split_and_stored_ones_are_the_same(
        records in proptest::collection::vec((some_record(), 0_usize..3), 0..60),
    ) {
        let whole: Stats = records.iter().map(|(record, _)| record.clone()).collect();
        let part = |wanted: usize| -> Stats {
            records.iter().filter(|(_, part)| *part == wanted).map(|(record, _)| record.clone()).collect()
        };
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            let mut merged = Stats::new();
            for wanted in order {
                // Each part through its stored form.
                let text = serde_json::to_string(&part(wanted)).unwrap();
                let read: Stats = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(&read, &part(wanted));
                merged.merge(read);
            }
            prop_assert_eq!(&merged, &whole);
            prop_assert_eq!(serde_json::to_string(&merged).unwrap(), serde_json::to_string(&whole).unwrap());
        }
        // Against a count by hand.
        let count = |wanted: &dyn Fn(&Record) -> bool| records.iter().filter(|(record, _)| wanted(record)).count() as u64;
        prop_assert_eq!(whole.records(), records.len() as u64);
        prop_assert_eq!(whole.own_records(), count(&|record| record.event() == "AUDIT_GAP"));
        prop_assert_eq!(whole.flagged(), count(&Record::flagged));
        for (user, counted) in whole.by_user().iter() {
            let theirs = |record: &Record| record.user_id().or(record.username()) == Some(*user);
            prop_assert_eq!(*counted, count(&theirs));
        }
        prop_assert_eq!(whole.by_severity().count("high"), count(&|record| record.severity() == Severity::High));
        prop_assert_eq!(whole.by_outcome().iter().map(|(_, count)| count).sum::<u64>(), whole.records());
        let days = whole.by_day();
        prop_assert_eq!(days.values().map(|day| day.records()).sum::<u64>(), whole.records());
        prop_assert!(days.values().all(|day| day.hours().iter().sum::<u64>() == day.records()));
        prop_assert_eq!(whole.durations().count(), count(&|record| record.duration_ms().is_some()));
    }

    #[test]
    fn sessions_and_activity_are_the_same_however_their_records_were_split(
        records in proptest::collection::vec(some_record(), 0..60), at in 0_usize..60,
    ) {
        let at = at.min(records.len());
        let (before, behind) = records.split_at(at);
        let fold = |records: &[Record]| {
            let mut sessions = Sessions::new();
            sessions.extend(records.to_vec());
            (sessions, user_activity(records.to_vec(), "a"))
        };
        let (whole_sessions, whole) = fold(&records);
        let (mut merged_sessions, mut merged) = fold(before);
        let (later_sessions, later) = fold(behind);
        merged_sessions.merge(later_sessions);
        merged.merge(later);
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(merged_sessions.list(), whole_sessions.list());
        let theirs = |record: &&Record| record.user_id() == Some("a") || record.username() == Some("a");
        prop_assert_eq!(whole.records(), records.iter().filter(theirs).count() as u64);
        let mut last: Vec<Record> = records.iter().filter(theirs).cloned().collect();
        last.drain(..last.len().saturating_sub(20));
        prop_assert_eq!(whole.recent().cloned().collect::<Vec<_>>(), last);
    }
}

#[test]
fn what_counts_as_user_failure_failed_login_and_error_is_as_documented() {
    let time = "20T08:00:00.000000";
    let stats: Stats = [
        record(
            time,
            "AUTH_LOGIN",
            "auth",
            "success",
            r#""user_id":"7","username":"alice","ip":"192.0.2.1""#,
        ),
        record(
            time,
            "AUTH_LOGIN",
            "auth",
            "denied",
            r#""username":"alice","ip":"192.0.2.1""#,
        ),
        record(time, "AUTH_FAILED", "auth", "unknown", r#""username":"bob""#),
        record(time, "DATA_READ", "data", "cancelled", r#""user_id":"7""#),
        record(
            time,
            "API_REQUEST",
            "api",
            "error",
            r#""method":"GET","route":"/books","path":"/books/1","status_code":200,"duration_ms":10.0"#,
        ),
        record(
            time,
            "API_REQUEST",
            "api",
            "failure",
            r#""method":"GET","route":"/books","status_code":503,"duration_ms":30.0"#,
        ),
        record(
            time,
            "API_REQUEST",
            "api",
            "failure",
            r#""path":"/books/2","status_code":404"#,
        ),
        record("21T23:59:59.999999", "SYSTEM_STOP", "system", "success", ""),
    ]
    .into_iter()
    .collect();
    assert_eq!((stats.failures(), stats.failed_logins()), (4, 2));
    assert_eq!(stats.by_user().to_vec(), [("7", 2), ("alice", 1), ("bob", 1)]);
    assert_eq!(stats.by_ip().to_vec(), [("192.0.2.1", 2)]);
    assert_eq!(
        stats.by_category().to_vec(),
        [("api", 3), ("auth", 3), ("data", 1), ("system", 1)]
    );
    let routes = stats.by_route();
    assert_eq!(
        (
            routes[0].method.as_deref(),
            &*routes[0].route,
            routes[0].count,
            routes[0].errors
        ),
        (Some("GET"), "/books", 2, 2)
    );
    assert_eq!(
        (routes[0].durations.avg(), routes[0].durations.max()),
        (Some(20.0), Some(30.0))
    );
    assert_eq!(
        (routes[1].method.as_deref(), &*routes[1].route, routes[1].errors),
        (None, "/books/2", 0)
    );
    let top = routes.top(1);
    assert_eq!((top.len(), top.other().map(|other| other.count)), (1, Some(1)));
    assert_eq!(stats.by_event().top(1).other(), 5);
    let days = stats.by_day();
    assert_eq!(days.keys().collect::<Vec<_>>(), ["2026-11-20", "2026-11-21"]);
    assert_eq!((days["2026-11-20"].hours()[8], days["2026-11-21"].hours()[23]), (7, 1));
    assert_eq!(
        (stats.first(), stats.last()),
        (Some(at(8 * 3_600)), Some(at(2 * 86_400) - Duration::from_micros(1)))
    );
    assert!(stats.is_whole());
}

#[test]
fn gaps_say_what_is_missing() {
    let gap = r#""metadata":{"count":{"low":5,"critical":1},"first":"2026-11-20T07:00:00.000000Z","last":"2026-11-20T07:00:01.000000Z","cause":"disk_full"}"#;
    let stats: Stats = [
        record("20T08:00:00.000000", "AUDIT_GAP", "audit", "failure", gap),
        // What is not as it should be says nothing.
        record(
            "20T08:00:00.000000",
            "AUDIT_GAP",
            "audit",
            "failure",
            r#""metadata":{"count":{"low":-5,"high":"9"},"first":7}"#,
        ),
        record("20T08:00:00.000000", "AUDIT_GAP", "audit", "failure", ""),
    ]
    .into_iter()
    .collect();
    let gaps = stats.gaps();
    assert_eq!((gaps.records(), gaps.lost()), (3, 6));
    assert_eq!(
        (gaps.of_severity(Severity::Low), gaps.of_severity(Severity::Critical)),
        (5, 1)
    );
    assert_eq!(gaps.by_cause().to_vec(), [("disk_full", 6)]);
    assert_eq!(
        (gaps.first(), gaps.last()),
        (Some(at(7 * 3_600)), Some(at(7 * 3_600 + 1)))
    );
    assert!(!stats.is_whole());
    assert!(
        stats.to_string().contains("6 records lost (5 low, 1 critical)"),
        "{stats}"
    );
}

#[test]
fn statistics_of_a_damaged_trail_are_those_of_what_is_left_and_say_so() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("trail");
    for _ in 0..2 {
        let trail = Trail::builder(&dir).detached().build().unwrap();
        for n in 0..5 {
            trail.draft(events::DATA_READ).field("user.id", &format!("u{n}")).emit();
        }
        trail.close().unwrap();
    }
    let whole = Stats::of(&dir).unwrap();
    assert_eq!((whole.by_event().count("DATA_READ"), whole.users().count), (10, 5));
    assert_eq!(whole.by_event().count("AUDIT_START"), 2);
    assert_eq!(whole.records(), whole.own_records() + 10);
    assert!(whole.is_whole());
    let mut names: Vec<_> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.retain(|path| path.extension().is_some_and(|end| end == "jsonl"));
    names.sort_by_key(|path| path.file_name().unwrap().len());
    let text = std::fs::read_to_string(&names[0]).unwrap();
    std::fs::write(&names[0], text.replacen("\"u2\"", "\"v2\"", 1)).unwrap();
    let stats = Stats::of(&dir).unwrap();
    assert_eq!(stats.by_event().count("DATA_READ"), 7);
    assert!(!stats.is_whole() && stats.skipped().count() == 1);
    assert!(
        stats.skipped().what()[0].contains("the tag does not fit"),
        "{:?}",
        stats.skipped()
    );
    // Folds of the same kind say so, too.
    let activity = user_activity(read(&dir).unwrap(), "u1");
    let mut sessions = Sessions::new();
    sessions.extend(read(&dir).unwrap());
    assert_eq!((activity.records(), activity.skipped()), (2, stats.skipped()));
    assert_eq!(sessions.skipped(), stats.skipped());
    assert!(
        activity.to_string().contains("not whole: damaged at line"),
        "{activity}"
    );
}

#[test]
fn a_table_for_people_moves_no_terminal() {
    let evil = r#""user_id":"\u001b[2Jeve\u202e","session_id":"\u001b]0;x","ip":"\u0007","method":"GE\nT","route":"/\r\u009b""#;
    let records = [record("20T08:00:00.000000", "API_REQUEST", "api", "success", evil)];
    let stats: Stats = records.iter().cloned().collect();
    let activity = user_activity(records.clone(), "\u{1b}[2Jeve\u{202e}");
    assert_eq!(activity.records(), 1);
    let session = sessions(records).remove(0);
    for text in [stats.to_string(), activity.to_string(), session.to_string()] {
        assert!(text.contains("eve"), "{text:?}");
        assert!(
            !text
                .chars()
                .any(|letter| letter.is_control() && letter != '\n' || letter == '\u{202e}'),
            "{text:?}"
        );
    }
}

#[test]
fn an_activity_finds_a_user_by_id_and_by_name() {
    let time = "20T08:00:00.000000";
    let records = [
        record(
            time,
            "AUTH_FAILED",
            "auth",
            "failure",
            r#""username":"alice","ip":"192.0.2.1""#,
        ),
        record(
            "20T09:00:00.000000",
            "AUTH_LOGIN",
            "auth",
            "success",
            r#""user_id":"7","username":"alice","session_id":"s","ip":"192.0.2.2""#,
        ),
        record(
            time,
            "AUTH_LOGIN",
            "auth",
            "success",
            r#""user_id":"8","username":"bob""#,
        ),
        record(
            "20T10:00:00.000000",
            "DATA_READ",
            "data",
            "success",
            r#""user_id":"7","ip":"192.0.2.2""#,
        ),
    ];
    let alice = user_activity(records.clone(), "alice");
    assert_eq!((alice.records(), alice.failures()), (2, 1));
    assert_eq!(
        (alice.first(), alice.last()),
        (Some(at(8 * 3_600)), Some(at(9 * 3_600)))
    );
    let mut seven = Activity::new("7").keep(1);
    seven.extend(records);
    assert_eq!(seven.records(), 2);
    assert_eq!(seven.by_event().to_vec(), [("AUTH_LOGIN", 1), ("DATA_READ", 1)]);
    assert_eq!(
        (seven.ips().to_vec(), seven.sessions().to_vec()),
        (vec![("192.0.2.2", 2)], vec![("s", 1)])
    );
    assert_eq!(seven.recent().map(Record::event).collect::<Vec<_>>(), ["DATA_READ"]);
    let json = serde_json::to_value(&seven).unwrap();
    assert_eq!(
        (&json["by_outcome"]["success"], &json["user"]),
        (&2.into(), &"7".into())
    );
}

#[test]
fn sessions_begin_and_end_with_their_records() {
    let of = |time: &str, event: &str, outcome: &str, more: &str| {
        record(&format!("20T{time}:00.000000"), event, "auth", outcome, more)
    };
    let records = [
        of(
            "08:00",
            "SESSION_START",
            "success",
            r#""session_id":"one","user_agent":"curl""#,
        ),
        of(
            "08:01",
            "DATA_READ",
            "denied",
            r#""user_id":"7","session_id":"one","ip":"192.0.2.1""#,
        ),
        of(
            "07:00",
            "DATA_READ",
            "success",
            r#""username":"bob","session_id":"two""#,
        ),
        of("08:02", "DATA_READ", "success", r#""user_id":"9""#),
        of("08:03", "SESSION_END", "cancelled", r#""session_id":"one""#),
        of("08:04", "AUTH_LOGOUT", "success", r#""session_id":"three""#),
        of("08:05", "SESSION_START", "success", r#""session_id":"three""#),
    ];
    let list = sessions(records);
    let ids: Vec<&str> = list.iter().map(|session| &*session.id).collect();
    assert_eq!(ids, ["two", "one", "three"]);
    let one = &list[1];
    assert_eq!(
        (one.start, one.begun, one.end, one.last),
        (at(28_800), true, Some(at(28_980)), at(28_980))
    );
    assert_eq!((one.records, one.failures, one.outcome), (3, 1, Outcome::Cancelled));
    assert_eq!(
        (one.user_id.as_deref(), one.ip.as_deref(), one.user_agent.as_deref()),
        (Some("7"), Some("192.0.2.1"), Some("curl"))
    );
    assert_eq!(
        (list[0].begun, list[0].end, list[0].outcome),
        (false, None, Outcome::Unknown)
    );
    assert_eq!(list[0].user_id.as_deref(), Some("bob"));
    // Opened again.
    assert_eq!((list[2].end, list[2].begun, list[2].records), (None, true, 2));
    assert_eq!(serde_json::to_value(one).unwrap()["end"], "2026-11-20T08:03:00.000000Z");
}

#[test]
fn what_is_suspicious_and_what_administrators_did_is_found_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("trail");
    let trail = Trail::builder(&dir).detached().build().unwrap();
    for event in tracing_audit::EventType::all() {
        trail.draft(event).emit();
    }
    trail
        .draft(tracing_audit::EventType::new(
            "ADMIN_PASSKEY",
            tracing_audit::Category::Admin,
            Severity::High,
        ))
        .emit();
    trail.close().unwrap();
    let records = || read(&dir).unwrap().map(Result::unwrap);
    let names = |records: &mut dyn Iterator<Item = Record>| -> Vec<String> {
        let mut names: Vec<String> = records.map(|record| record.event().to_owned()).collect();
        names.sort();
        names.dedup();
        names
    };
    assert_eq!(
        names(&mut suspicious(records())),
        ["AUTH_LOCKED", "SECURITY_INCIDENT", "SECURITY_SUSPICIOUS_ACTIVITY"]
    );
    assert_eq!(
        names(&mut admin_actions(records())),
        [
            "ADMIN_ACTION",
            "ADMIN_OVERRIDE",
            "ADMIN_PASSKEY",
            "AUDIT_CONFIG",
            "AUDIT_KEY",
            "SYSTEM_CONFIG_CHANGE",
            "USER_ACTIVATE",
            "USER_ROLE_CHANGE",
            "USER_SUSPEND"
        ]
    );
    let flagged = record(
        "20T08:00:00.000000",
        "DATA_READ",
        "data",
        "success",
        r#""flagged":true"#,
    );
    let alert = record("20T08:00:00.000000", "ALERT_RAISED", "alert", "success", "");
    let plain = record("20T08:00:00.000000", "DATA_READ", "data", "success", "");
    assert_eq!(suspicious([flagged, plain, alert]).count(), 2);
}

/// What a program that looks at it is given stays short, however many names there are.
#[test]
fn the_top_of_statistics_lists_so_many_names_and_adds_up_the_others() {
    let records = (0..300_u64).map(|n| {
        let more = format!(
            "\"user_id\":\"u{}\",\"ip\":\"192.0.2.{}\",\"method\":\"GET\",\"route\":\"/r{}\",\"duration_ms\":{}.5",
            n.min(n % 40),
            n % 3,
            n % 30,
            n
        );
        record("20T08:15:30.000000", "API_REQUEST", "api", "success", &more)
    });
    let stats: Stats = records.collect();
    let all = serde_json::to_value(&stats).unwrap();
    let top = serde_json::to_value(stats.top(20)).unwrap();
    for name in ["by_user", "by_route", "by_ip"] {
        let (listed, known) = (&top[name]["names"].as_object().unwrap(), &all[name]["names"]);
        assert_eq!(listed.len(), known.as_object().unwrap().len().min(20), "{name}");
        assert_eq!(top[name]["distinct"], all[name]["distinct"]);
    }
    let sum = |counts: &serde_json::Value| -> u64 {
        let listed = counts["names"].as_object().unwrap().values();
        listed.map(|count| count.as_u64().unwrap()).sum::<u64>() + counts["other"].as_u64().unwrap()
    };
    assert_eq!(sum(&top["by_user"]), 300);
    let (name, count) = stats.by_user()[0];
    assert_eq!(top["by_user"]["names"][name], count);
    let route = &top["by_route"]["names"]["GET /r1"];
    assert_eq!(
        (&route["count"], &route["durations"]["count"]),
        (&10.into(), &10.into())
    );
    assert_eq!(top["by_route"]["other"]["count"], 100);
    for name in [
        "records",
        "first",
        "last",
        "by_category",
        "by_severity",
        "by_outcome",
        "by_day",
        "gaps",
        "skipped",
    ] {
        assert_eq!(top[name], all[name], "{name}");
    }
    assert_eq!(top["durations"]["p95_ms"], all["durations"]["p95_ms"]);
    assert!(!top.to_string().contains("buckets"));
    assert_eq!(
        serde_json::to_value(stats.top(1_000)).unwrap()["by_user"],
        all["by_user"]
    );
}
