//! What the sieve and the pieces promise, tried with what nobody would write by hand.

use std::ops::Range;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use super::pieces::{self, Piece, Pieces};
use super::sieve::Sieve;
use super::{Order, Query};
use crate::event::Category;
use crate::io::Disk as _;
use crate::io::mem::MemDisk;
use crate::outcome::Outcome;
use crate::parse;
use crate::reader::line;
use crate::reader::piece::{LONGEST, PIECE};
use crate::severity::Severity;
use crate::store::push_string;

/// A value, spelled as docs/FORMAT.md has it.
fn spell(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::String(text) => push_string(out, text),
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                spell(item, out);
            }
            out.push(b']');
        }
        Value::Object(members) => {
            out.push(b'{');
            for (at, (name, item)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                push_string(out, name);
                out.push(b':');
                spell(item, out);
            }
            out.push(b'}');
        }
        other => out.extend_from_slice(other.to_string().as_bytes()),
    }
}

/// Few texts, so that questions find something, and such that escapes and members within values meet them.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "a", "u-1", "\"", "\\", "\\\"", "user_id", "\"user_id\":\"a\"", "\u{2028}", "é", "a\tb", "\u{7f}", "", "7", "2.5", "-0",
            "0", "true", "12", "1e3", "AUTH_FAILED", "high", "\\u0061", "\n", "日本", "/", "\",\"ip\":\"a", "10.0.0.7", "[::ffff:10.0.0.7]:443",
        ])
        .prop_map(str::to_owned),
        1 => "[a-c\"\\\\\u{80}]{0,3}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        text().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        (-3_i64..15).prop_map(Value::from),
        prop::sample::select(vec![-0.0, 0.0, 2.5, 7.0, 12.0, 1e3, 1e16, 0.1]).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..3).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Names of text members, in their order.
const TEXTS: [&str; 9] = [
    "user_id",
    "username",
    "session_id",
    "ip",
    "tenant",
    "resource",
    "resource_type",
    "resource_id",
    "route",
];

/// Lines, each a record, with their numbers from 1.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let members = prop::collection::vec(prop::option::weighted(0.4, text()), TEXTS.len());
    let status = prop::option::of(prop::sample::select(vec![7_u64, 12, 200, 0]));
    let metadata = prop::collection::btree_map(text(), value(), 0..4);
    let record = (
        0_u32..40,
        0_usize..3,
        0_usize..4,
        0_usize..3,
        members,
        status,
        text(),
        metadata,
        any::<bool>(),
    );
    prop::collection::vec(record, 1..12).prop_map(|records| {
        let mut lines = Vec::new();
        for (at, (second, event, severity, outcome, members, status, message, metadata, flagged)) in records.into_iter().enumerate() {
            let event = ["AUTH_FAILED", "DATA_READ", "X_7"][event];
            let (severity, outcome) = (Severity::ALL[severity], [Outcome::Success, Outcome::Denied, Outcome::Unknown][outcome]);
            let category = Category::ALL[at % 3];
            lines.extend_from_slice(
                format!(
                    "{{\"seq\":{},\"time\":\"2026-11-20T08:15:{second:02}.000000Z\",\"event\":\"{event}\",\"category\":\"{category}\",\
                     \"severity\":\"{severity}\",\"outcome\":\"{outcome}\"",
                    at + 1
                )
                .as_bytes(),
            );
            let mut member = |name: &str, value: &Value| {
                lines.push(b',');
                push_string(&mut lines, name);
                lines.push(b':');
                spell(value, &mut lines);
            };
            for (name, text) in TEXTS.iter().zip(&members) {
                if let Some(text) = text {
                    member(name, &text.as_str().into());
                }
            }
            if let Some(status) = status {
                member("status_code", &status.into());
            }
            member("message", &message.into());
            if !metadata.is_empty() {
                member("metadata", &metadata.into_iter().collect());
            }
            if flagged {
                member("flagged", &true.into());
            }
            lines.extend_from_slice(b",\"tag\":\"AAAAAAAAAAAAAAAAAAAAAA\"}\n");
        }
        lines
    })
}

fn query() -> impl Strategy<Value = Query> {
    let name = prop_oneof![
        text(),
        prop::sample::select(TEXTS.to_vec()).prop_map(str::to_owned),
        prop::sample::select(vec![
            "status_code",
            "seq",
            "time",
            "event",
            "category",
            "severity",
            "outcome",
            "tag"
        ])
        .prop_map(str::to_owned),
    ];
    let one = prop_oneof![
        text().prop_map(|text| Query::new().user(text)),
        text().prop_map(|text| Query::new().ip(text)),
        Just(Query::new().ip("[::ffff:10.0.0.7]:443")),
        text().prop_map(|text| Query::new().session(text)),
        text().prop_map(|text| Query::new().resource(text)),
        text().prop_map(|text| Query::new().resource_id(text)),
        text().prop_map(|text| Query::new().tenant(text)),
        text().prop_map(|text| Query::new().text(text)),
        (text(), text()).prop_map(|(one, two)| Query::new().text(one).text(two)),
        (name, text()).prop_map(|(name, value)| Query::new().field(name, value)),
        any::<bool>().prop_map(|flagged| Query::new().flagged(flagged)),
        Just(Query::new().event("login-failed")),
        Just(Query::new().event("x.7").event("DATA_READ").category(Category::Auth)),
        prop::sample::select(Severity::ALL.to_vec()).prop_map(|least| Query::new().at_least(least)),
        prop::sample::select(Severity::ALL.to_vec())
            .prop_map(|severity| Query::new().severity(severity).outcome(Outcome::Denied)),
    ];
    (
        one,
        prop::option::of(0_u64..40),
        prop::option::of((0_u64..40, 0_u32..2)),
        prop::option::weighted(0.3, text()),
    )
        .prop_map(|(query, since, until, user)| {
            let at = |second: u64| std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_795_162_500 + second);
            let query = since.map_or(query.clone(), |since| query.since(at(since)));
            let query = until.map_or(query.clone(), |(until, nanos)| {
                query.until(at(until) + std::time::Duration::from_nanos(nanos.into()))
            });
            user.map_or(query.clone(), |user| query.user(user))
        })
}

/// The numbers of the lines that a sieve lets through and that match.
fn asked(query: &Query, sieve: &Sieve, bytes: &[u8]) -> Vec<u64> {
    let mut found = Vec::new();
    sieve.lines(bytes, &mut found);
    let records = found.into_iter().map(|range| parse::record(&bytes[range]).unwrap());
    records
        .filter(|record| query.matches(record))
        .map(|record| record.seq())
        .collect()
}

#[test]
fn times_of_the_questions_and_of_the_records_meet() {
    let record = "{\"seq\":1,\"time\":\"2026-11-20T08:15:00.000000Z\",\"event\":\"X\",\"category\":\"auth\",\"severity\":\"low\",\"outcome\":\"success\",\"tag\":\"AAAAAAAAAAAAAAAAAAAAAA\"}";
    let record = parse::record(record.as_bytes()).unwrap();
    assert_eq!(
        record.time(),
        std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_795_162_500)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]
    #[test]
    fn the_sieve_loses_no_record_that_matches(lines in lines(), query in query()) {
        let all = asked(&query, &Sieve::open(), &lines);
        prop_assert_eq!(asked(&query, &Sieve::of(&query), &lines), all);
    }
}

/// The control: literals that are wrong in one letter's spelling lose records in the same trial.
#[test]
fn a_sieve_that_spells_otherwise_is_found_out() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut lost = 0;
    for _ in 0..500 {
        let lines = lines().new_tree(&mut runner).unwrap().current();
        let query = Query::new().text("\"");
        let unescaped = Sieve::of(&Query::new().text("\\\""));
        lost += usize::from(asked(&query, &unescaped, &lines) != asked(&query, &Sieve::open(), &lines));
    }
    assert!(lost > 50, "{lost}");
}

#[test]
fn the_sieve_keeps_away_what_cannot_match() {
    let line = |user: &str| format!("{{\"seq\":1,\"user_id\":\"{user}\",\"message\":\"u-1 u-12\"}}\n");
    let bytes = format!("{}{}{}", line("u-12"), line("u-1"), line("xu-1"));
    let mut found = Vec::new();
    Sieve::of(&Query::new().user("u-1")).lines(bytes.as_bytes(), &mut found);
    let begin = line("u-12").len();
    assert_eq!(found, vec![begin..begin + line("u-1").len() - 1; 1]);
}

/// What pieces of a file hold, in the order of the file, and how many lines were too long.
fn read(bytes: &[u8], order: Order, from: u64) -> (Vec<u8>, usize) {
    let disk = MemDisk::new();
    disk.put("/f", bytes);
    let mut pieces = Pieces::new(
        disk.open_read(Path::new("/f")).unwrap(),
        order,
        from,
        bytes.len() as u64,
    );
    let (mut parts, mut long, mut leave): (Vec<Vec<u8>>, usize, bool) = (Vec::new(), 0, false);
    loop {
        match pieces.next(std::mem::take(&mut leave)).unwrap() {
            Piece::Lines(range) => {
                let lines = pieces.bytes(range);
                assert!(lines.ends_with(b"\n"));
                parts.push(lines.to_vec());
            }
            // Asked again with leave.
            Piece::Wide => leave = true,
            Piece::TooLong => long += 1,
            Piece::End => break,
        }
        assert!(
            pieces.held() <= LONGEST + 3 * PIECE.max(pieces::WIDE),
            "{}",
            pieces.held()
        );
    }
    if order == Order::Newest {
        parts.reverse();
    }
    (parts.concat(), long)
}

/// Both ends of a file that begins with a header and has lines of these lengths, and half a line behind.
fn holds(lengths: &[usize], half: usize) {
    let mut bytes = b"header\n".to_vec();
    let (from, mut expected) = (bytes.len(), Vec::new());
    for (at, length) in lengths.iter().enumerate() {
        let begin = bytes.len();
        bytes.extend_from_slice(&vec![b'a' + (at % 26) as u8; *length]);
        bytes.push(b'\n');
        if *length <= LONGEST {
            expected.extend_from_slice(&bytes[begin..]);
        }
    }
    bytes.extend_from_slice(&vec![b'x'; half]);
    for order in [Order::Oldest, Order::Newest] {
        let (mut lines, mut long) = read(&bytes, order, from as u64);
        // One that is too long and read whole before that is known is for the caller to refuse.
        let longest = lines.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
        if longest > Some(LONGEST) {
            long += lengths.iter().filter(|length| **length > LONGEST).count();
            lines = lines
                .split_inclusive(|byte| *byte == b'\n')
                .filter(|line| line.len() <= LONGEST + 1)
                .collect::<Vec<_>>()
                .concat();
        }
        assert!(lines == expected, "{order:?}: {lengths:?}");
        assert_eq!(
            long,
            lengths.iter().filter(|length| **length > LONGEST).count(),
            "{order:?}: {lengths:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn pieces_from_either_end_hold_every_whole_line_once(
        lengths in prop::collection::vec(prop_oneof![
            60 => 0_usize..3_000,
            4 => PIECE - 3..PIECE + 3,
            1 => pieces::WIDE - 3..pieces::WIDE + 3,
        ], 0..200),
        half in 0_usize..70_000,
    ) {
        holds(&lengths, half);
    }
}

#[test]
fn lines_that_are_too_long_are_passed_over_from_either_end() {
    let long = LONGEST + 3 * pieces::WIDE;
    holds(&[long], 0);
    holds(&[10, LONGEST, 20, 30, long, 40, 50, long, 60], 5);
}

#[test]
fn the_places_around_a_number_miss_no_line_and_hold_few() {
    let mut bytes = b"{\"tracing_audit\":1}\n".to_vec();
    let from = bytes.len() as u64;
    let mut begins = Vec::new();
    for seq in 1..20_000_u64 {
        begins.push(bytes.len() as u64);
        let more = "x".repeat((seq * 37 % 211) as usize);
        bytes.extend_from_slice(format!("{{\"seq\":{seq},\"{more}\"}}\n").as_bytes());
    }
    let disk = MemDisk::new();
    disk.put("/f", &bytes);
    let file = disk.open_read(Path::new("/f")).unwrap();
    let begin_of = |seq: u64| begins.get(seq as usize - 1).copied().unwrap_or(bytes.len() as u64);
    for seq in (1..20_000).step_by(331).chain([1, 19_999, 50_000]) {
        let Range { start, end } = pieces::around(&*file, from, bytes.len() as u64, seq);
        assert!(start <= begin_of(seq + 1) && end >= begin_of(seq + 1), "{seq}");
        assert!(end - start <= 128 << 10, "{}", end - start);
        assert_eq!(bytes[start as usize - 1], b'\n');
        assert_eq!(bytes[end as usize - 1], b'\n');
        assert!(line::seq(&bytes[start as usize..]).is_some());
    }
    // Of garbage nothing is said.
    let garbage = vec![b'x'; 1 << 20];
    disk.put("/g", &garbage);
    assert_eq!(
        pieces::around(&*disk.open_read(Path::new("/g")).unwrap(), 5, 1 << 20, 7),
        5..1 << 20
    );
}
