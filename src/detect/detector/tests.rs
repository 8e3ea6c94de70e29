use std::collections::BTreeSet;

use super::*;
use crate::brief::{EventId, Slice};
use crate::detect::Priority;
use crate::detect::limit::words;
use crate::event::{EventType, events};
use crate::outcome::Outcome;
use crate::severity::Severity;

fn brief(event: EventType, at: i64, user: &str, ip: &str) -> (brief::Brief, Vec<u8>) {
    // As in a line, no text begins at its first byte.
    let rest = format!("\"{user}\"{ip}\"").into_bytes();
    let slice = |at: usize, text: &str| Slice {
        at: at as u32,
        len: text.len() as u32,
    };
    let brief = brief::Brief {
        event: EventId::of(event),
        category: event.category(),
        severity: Severity::Low,
        outcome: match event == events::AUTH_FAILED {
            true => Outcome::Failure,
            false => Outcome::Success,
        },
        time: Micros(at),
        occurred: Micros(at),
        duration_us: brief::Brief::NO_DURATION,
        redactions: 0,
        name: Slice::default(),
        user: slice(1, user),
        ip: slice(2 + user.len(), ip),
        session: Slice::default(),
        resource: Slice::default(),
    };
    (brief, rest)
}

fn said(detector: &mut Detector) -> Vec<(String, String, String)> {
    let said = |said: Said<'_>| (said.rule.to_owned(), said.key.to_owned(), said.reason.to_owned());
    let all = detector.found().iter().map(said).collect();
    detector.found().clear();
    all
}

const SECOND: i64 = 1_000_000;

#[test]
fn looking_ahead_changes_nothing_whether_or_not_what_was_looked_at_comes() {
    let kinds = [
        events::AUTH_FAILED,
        events::DATA_READ,
        events::DATA_DELETE,
        events::SECURITY_RATE_LIMIT,
    ];
    let records: Vec<_> = (0..4_000_u64)
        .map(|at| {
            let chance = (at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize;
            let (user, ip) = (format!("user-{}", chance % 37), format!("10.0.0.{}", chance % 11));
            brief(kinds[chance % 4], at as i64 * SECOND / 8, &user, &ip)
        })
        .collect();
    let run = |ahead: bool| {
        let mut detector = Detector::new(&Watch::standard(), Vec::new()).unwrap();
        let mut flagged = Vec::new();
        for (ticket, (brief, rest)) in (0..).zip(&records) {
            // Sometimes others come than those that were looked at.
            if ahead && ticket % 97 != 0 && !detector.knows(ticket) {
                let coming = records[ticket as usize..].iter();
                detector.look_ahead(ticket, coming.map(|(brief, rest)| (brief, rest.as_slice())));
                assert!(detector.knows(ticket));
            }
            if detector.judge(ticket, brief, rest) {
                flagged.push((ticket, said(&mut detector)));
            }
        }
        flagged
    };
    let without = run(false);
    assert!(without.len() > 1_000);
    assert_eq!(run(true), without);
}

#[test]
fn what_earlier_runs_saw_completes_what_this_one_saw_before_it_was_known() {
    let mut detector = Detector::new(&Watch::standard(), Vec::new()).unwrap();
    let past = |times: &[i64], flagged: bool, detector: &Detector| {
        let mut past = detector.past(Micros(0)).unwrap();
        for at in times.iter().rev() {
            let (mut brief, rest) = brief(events::AUTH_FAILED, at * SECOND, "alice", "10.0.0.1");
            let begin = past.text.len() as u32;
            past.text.extend_from_slice(&rest);
            (brief.user.at, brief.ip.at) = (brief.user.at + begin, brief.ip.at + begin);
            past.arrivals.push(super::super::past::Arrival {
                brief,
                class: Class::FAILED,
                flagged,
            });
        }
        past
    };
    for at in [10, 20] {
        let (brief, rest) = brief(events::AUTH_FAILED, at * SECOND, "alice", "10.0.0.2");
        assert!(!detector.judge(0, &brief, &rest));
    }
    detector.recall(&past(&[-30, -20], false, &detector));
    assert_eq!(said(&mut detector), []);
    detector.recall(&past(&[-10], false, &detector));
    let [(rule, key, reason)] = said(&mut detector).try_into().unwrap();
    assert_eq!((rule.as_str(), key.as_str()), ("failed_logins", "alice"));
    assert_eq!(reason, "5 failed logins of one user within 15 min");
    // What an earlier run said itself is not said again; it counts.
    detector.recall(&past(&[-9, -8], true, &detector));
    assert_eq!(said(&mut detector), []);
    let (brief, rest) = brief(events::AUTH_FAILED, 30 * SECOND, "", "10.0.0.1");
    assert!(detector.judge(0, &brief, &rest));
    let [(_, key, reason)] = said(&mut detector).try_into().unwrap();
    assert_eq!((key.as_str(), &reason[..1]), ("10.0.0.1", "6"));
}

#[test]
fn an_address_counts_as_one_however_it_is_spelled_and_over_a_restart() {
    let mut detector = Detector::new(&Watch::standard(), Vec::new()).unwrap();
    let began = std::time::SystemTime::now();
    let at = |second: i64| Micros::from(began).0 + second * SECOND;
    let failed = |second: i64, ip: &str| brief(events::AUTH_FAILED, at(second), "", ip);
    for (second, ip) in (0..).zip(["203.0.113.7:4000", "[::ffff:203.0.113.7]:4001"]) {
        let (brief, rest) = failed(second, ip);
        assert!(!detector.judge(0, &brief, &rest));
    }
    let mut past = detector.past(Micros::from(began)).unwrap();
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let trail = crate::Trail::builder(&dir).detached().mirror(false).build().unwrap();
    for ip in ["203.0.113.7", "::ffff:203.0.113.7"] {
        crate::audit!(in: &trail, events::AUTH_FAILED, ip = ip);
    }
    trail.close().unwrap();
    for record in crate::read(&dir).unwrap() {
        assert!(past.take(&record.unwrap(), crate::store::push_string));
    }
    assert_eq!(past.arrivals.len(), 2);
    detector.recall(&past);
    assert_eq!(said(&mut detector), []);
    let (other, rest) = failed(2, "203.0.113.8:4000");
    assert!(!detector.judge(0, &other, &rest));
    let (fifth, rest) = failed(3, "203.0.113.7:4002");
    assert!(detector.judge(0, &fifth, &rest));
    let [(rule, key, reason)] = said(&mut detector).try_into().unwrap();
    assert_eq!((rule.as_str(), key.as_str()), ("failed_logins", "203.0.113.7"));
    assert_eq!(reason, "5 failed logins from one address within 15 min");
    // And a login from there is one behind failures.
    let (brief, rest) = brief(events::AUTH_LOGIN, at(4), "alice", "[::FFFF:CB00:7107]:9");
    assert!(detector.judge(0, &brief, &rest));
    assert_eq!(said(&mut detector)[0].1, "203.0.113.7");
}

#[test]
fn a_duration_beyond_what_a_record_keeps_is_said_to_be_more_and_not_as_a_number() {
    let mut detector = Detector::new(&Watch::standard(), Vec::new()).unwrap();
    for (micros, expected) in [
        (5_250_000, "an answer took 5.2 s, and 5 s are too long"),
        (
            brief::Brief::NO_DURATION - 1,
            "an answer took more than 4294 s, and 5 s are too long",
        ),
    ] {
        let (mut brief, rest) = brief(events::API_REQUEST, 0, "alice", "10.0.0.1");
        brief.duration_us = micros;
        assert!(detector.judge(0, &brief, &rest));
        assert_eq!(said(&mut detector)[0].2, expected);
    }
}

/// The kinds of the keys and the priorities of what was found since the last time.
fn taken(detector: &mut Detector) -> Vec<(String, Priority)> {
    let found = detector.found();
    let all = found.iter().map(|said| (said.key_kind().to_owned(), said.priority()));
    let all = all.collect();
    found.clear();
    all
}

/// Everything that a rule may find something of, at eleven in the evening, by somebody who is named like that: findings of one rule
/// as the kinds of their keys and their priorities.
fn storm(detector: &mut Detector, members: &str) -> BTreeSet<(String, Priority)> {
    const HOUR: i64 = 3_600 * SECOND;
    let rest = members.as_bytes();
    let place = |name: &str| {
        let begin = format!("\"{name}\":\"");
        let at = members.find(&begin).map(|at| at + begin.len());
        at.map_or(Slice::default(), |at| Slice {
            at: at as u32,
            len: members[at..].find('"').unwrap() as u32,
        })
    };
    let mut kinds = BTreeSet::new();
    let mut show = |event: EventType, times: i64, at: i64, outcome: Outcome, millis: u32| {
        for _ in 0..times {
            let (mut brief, _) = brief(event, at, "", "");
            (brief.user, brief.ip, brief.resource) = (place("user_id"), place("ip"), place("resource"));
            (brief.outcome, brief.duration_us) = (outcome, millis * 1_000);
            detector.judge(0, &brief, rest);
            kinds.extend(taken(detector));
        }
    };
    use Outcome::{Error, Failure, Success};
    show(events::API_REQUEST, 300, 23 * HOUR - 10 * 60 * SECOND, Success, 100);
    for (event, times, outcome) in [
        (events::AUTH_FAILED, 5, Failure),
        (events::AUTH_LOGIN, 1, Success),
        (events::DATA_READ, 1_000, Success),
        (events::DATA_DELETE, 10, Success),
        (events::SECURITY_RATE_LIMIT, 10, Success),
        (events::SECURITY_CONTRACT_VALIDATION, 1, Failure),
        (events::SECURITY_SUSPICIOUS_ACTIVITY, 3, Success),
        (events::API_ERROR, 200, Error),
    ] {
        show(event, times, 23 * HOUR, outcome, 1);
    }
    show(events::API_REQUEST, 64, 23 * HOUR, Success, 6_000);
    let mut figures = Figures::at(Micros(23 * HOUR).into());
    for write_errors in [0, 1] {
        (figures.lost, figures.write_errors) = (1, write_errors);
        detector.tick(&figures);
        kinds.extend(taken(detector));
    }
    kinds
}

#[test]
fn the_table_of_rules_says_what_the_rules_do() {
    let table = include_str!("../../../docs/RULES.md");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(2)
        .map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let names: Vec<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(names, Watch::RULES);
    for row in rows {
        let [name, finds, keys, threshold, window, priorities, setting] = row.try_into().unwrap();
        let (name, setting) = (name.trim_matches('`'), setting.trim_matches('`'));
        assert!(!finds.is_empty(), "{name}");
        // What stands there is what the name alone switches on.
        let watch: Watch = format!("none,{name}").parse().unwrap();
        assert_eq!(watch.to_string(), format!("none, {setting}"));
        assert_eq!(Watch::standard().has(name), !finds.contains("off until"), "{name}");
        let (count, span) = match (watch.limit(name), watch.share(name), watch.span(name)) {
            (Some(limit), ..) => (limit.count.to_string(), limit.words()),
            (_, Some(share), _) if share.span.is_zero() => (format!("{} %", share.percent), "5 min".to_owned()),
            (_, Some(share), _) => (format!("{} %", share.percent), words(share.span)),
            (.., Some(span)) => (words(span), String::new()),
            _ => match watch.hours() {
                Some(hours) => (hours.words().replace("and", "to"), String::new()),
                None => ("each".to_owned(), String::new()),
            },
        };
        assert_eq!((threshold, window), (count.as_str(), span.as_str()), "{name}");
        let mut found = BTreeSet::new();
        for members in [
            r#""user_id":"alice","ip":"203.0.113.7","route":"/a","resource":"b""#,
            r#""user_id":"alice","resource":"b""#,
            r#""ip":"203.0.113.7""#,
        ] {
            found.extend(storm(&mut Detector::new(&watch, Vec::new()).unwrap(), members));
        }
        let kinds: BTreeSet<&str> = found.iter().map(|(kind, _)| kind.as_str()).collect();
        let named = keys.split('`').skip(1).step_by(2);
        let expected: BTreeSet<&str> = if keys.contains('`') {
            named.collect()
        } else {
            [""].into()
        };
        assert_eq!(kinds, expected, "{name}");
        let told: BTreeSet<&str> = found.iter().map(|(_, priority)| priority.as_str()).collect();
        assert_eq!(told, priorities.split(", ").collect(), "{name}");
    }
}

/// Of the allocator, for a detector lives on one thread.
#[test]
fn whatever_keys_come_all_rules_keep_their_memory_below_64_mib() {
    // Somewhat more than the tables have places for, and than there is room for lists.
    let kinds = [
        (events::AUTH_FAILED, 600_000),
        (events::DATA_READ, 300_000),
        (events::DATA_DELETE, 80_000),
        (events::SECURITY_RATE_LIMIT, 80_000),
    ];
    let mut remembered = 0;
    let measured = allocation_counter::measure(|| {
        let mut detector = Detector::new(&Watch::standard(), Vec::new()).unwrap();
        for (event, users) in kinds {
            // All of them once; then some again, until each has a list.
            for at in (0..users).chain((0..80_000).flat_map(|at| [at; 3])) {
                let (brief, rest) = brief(event, 0, &format!("user-{at}"), &format!("address-{at}"));
                detector.judge(0, &brief, &rest);
            }
        }
        assert!(detector.found().is_empty());
        remembered = detector.figures().map(|figures| figures.bytes).sum();
        let evicted: u64 = detector.figures().map(|figures| figures.evicted).sum();
        assert!(evicted > 100_000, "the tables are full, and the lists: {evicted}");
    });
    let mib = |bytes: f64| bytes / f64::from(1 << 20);
    println!(
        "all rules: {:.1} MiB at most, {:.1} MiB by their own account",
        mib(measured.bytes_max as f64),
        mib(remembered as f64)
    );
    assert!(measured.bytes_max < 64 << 20, "{}", measured.bytes_max);
    assert!(remembered < 64 << 20 && remembered > 32 << 20, "{remembered}");
}
