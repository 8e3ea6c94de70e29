//! What a reader of a trail gets, and what it does not.

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use tracing_audit::{ErrorKind, Record};

use crate::hand::{Hand, Laid, three_files};

/// The numbers of the records, and the messages of what is no record, in their order.
fn read(laid: &Laid) -> (Vec<u64>, Vec<String>) {
    let mut seqs = Vec::new();
    let mut damage = Vec::new();
    for item in tracing_audit::read(&laid.dir).unwrap() {
        match item {
            Ok(record) => seqs.push(record.seq()),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Damaged);
                damage.push(error.to_string());
            }
        }
    }
    (seqs, damage)
}

#[test]
fn records_come_in_their_order_whatever_the_files_are_called() {
    let hand = three_files();
    let laid = hand.lay();
    fs::rename(laid.path("audit-2026-11-20.jsonl"), laid.path("audit-2027-01-01.jsonl")).unwrap();
    let (seqs, damage) = read(&laid);
    assert_eq!(seqs, (1..=hand.seq).collect::<Vec<_>>());
    assert_eq!(damage, [""; 0]);
    let first = tracing_audit::read(&laid.dir).unwrap().nth(1).unwrap().unwrap();
    assert_eq!(
        (first.event(), first.user_id(), first.message()),
        ("DATA_READ", Some("u2"), Some("read a book"))
    );
}

#[test]
fn lines_are_the_bytes_of_the_files_without_headers() {
    let hand = three_files();
    let laid = hand.lay();
    let lines: Vec<String> = tracing_audit::read(&laid.dir)
        .unwrap()
        .lines()
        .map(Result::unwrap)
        .collect();
    let mut expected = Vec::new();
    for name in hand.files.keys() {
        expected.extend(
            hand.lines(name)
                .into_iter()
                .skip(1)
                .map(|line| String::from_utf8(line).unwrap()),
        );
    }
    assert_eq!(lines, expected.iter().map(|line| line.trim_end()).collect::<Vec<_>>());
    let record: Record = lines[3].parse().unwrap();
    assert_eq!(record.seq(), 4);
    assert!("{\"seq\":1}".parse::<Record>().is_err());
}

#[test]
fn a_damaged_line_is_reported_once_and_reading_goes_on_with_the_next_file() {
    let hand = three_files();
    let laid = hand.lay();
    let mut lines = hand.lines("audit-2026-11-20.jsonl");
    lines[3][40] ^= 1;
    laid.put("audit-2026-11-20.jsonl", &lines.concat());
    let (seqs, damage) = read(&laid);
    assert_eq!(seqs, [1, 2].into_iter().chain(6..=hand.seq).collect::<Vec<_>>());
    assert_eq!(damage.len(), 1);
    assert!(
        damage[0].starts_with("damaged at line 4, where record 3 should be: the tag does not fit"),
        "{}",
        damage[0]
    );
    assert!(damage[0].contains("audit-2026-11-20.jsonl"), "{}", damage[0]);
    // A file that ends too early.
    let lines = hand.lines("audit-2026-11-20.jsonl");
    laid.put("audit-2026-11-20.jsonl", &lines[..4].concat());
    let (seqs, damage) = read(&laid);
    assert_eq!(seqs, [1, 2, 3].into_iter().chain(6..=hand.seq).collect::<Vec<_>>());
    assert!(damage[0].contains("records 4 to 5 are missing"), "{}", damage[0]);
}

#[test]
fn where_a_file_is_missing_the_others_are_read_and_an_item_says_so_in_its_place() {
    let hand = three_files();
    let order = |laid: &Laid| -> Vec<Result<u64, String>> {
        let items = tracing_audit::read(&laid.dir).unwrap();
        items
            .map(|item| item.map(|record| record.seq()).map_err(|error| error.to_string()))
            .collect()
    };
    // The middle one.
    let laid = hand.lay();
    fs::remove_file(laid.path("audit-2026-11-20.part0002.jsonl")).unwrap();
    let items = order(&laid);
    let (before, rest) = items.split_at(5);
    assert_eq!(before, (1..=5).map(Ok).collect::<Vec<_>>());
    let said = rest[0].as_ref().unwrap_err();
    assert!(
        said.starts_with("file 2 is missing before this one, and with it records 6 to 11"),
        "{said}"
    );
    assert_eq!(rest[1..], (12..=hand.seq).map(Ok).collect::<Vec<_>>());
    // Who does not ask for what is missing is not told of it.
    let from = |seq| tracing_audit::read(&laid.dir).unwrap().from_seq(seq);
    assert!(from(12).all(|item| item.is_ok()));
    assert_eq!(from(11).filter(|item| item.is_err()).count(), 1);
    // Half of what stands before the hole is damaged as well.
    let mut lines = hand.lines("audit-2026-11-20.jsonl");
    lines[3][40] ^= 1;
    laid.put("audit-2026-11-20.jsonl", &lines.concat());
    let (seqs, damage) = read(&laid);
    assert_eq!(seqs, [1, 2].into_iter().chain(12..=hand.seq).collect::<Vec<_>>());
    assert_eq!(damage.len(), 2, "{damage:?}");
    // The first one, and a damaged header is no header.
    let laid = hand.lay();
    let mut lines = hand.lines("audit-2026-11-20.jsonl");
    lines[0][40] ^= 1;
    laid.put("audit-2026-11-20.jsonl", &lines.concat());
    let (seqs, damage) = read(&laid);
    assert_eq!(seqs, (6..=hand.seq).collect::<Vec<_>>());
    assert!(damage[0].starts_with("file 1 is missing"), "{damage:?}");
}

#[test]
fn what_was_superseded_is_not_read() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(2);
    let synced = hand.point();
    hand.records(2).open_at("resync", Some(synced)).records(3).stop();
    let laid = hand.lay();
    let (seqs, damage) = read(&laid);
    assert_eq!((seqs, damage.len()), ((1..=7).collect(), 0));
}

#[test]
fn the_newest_records_and_those_from_a_number_on_can_be_asked_for() {
    let hand = three_files();
    let laid = hand.lay();
    let entries = || tracing_audit::read(&laid.dir).unwrap();
    let seqs = |entries: tracing_audit::Entries| entries.map(|record| record.unwrap().seq()).collect::<Vec<_>>();
    assert_eq!(seqs(entries().last(3).unwrap()), [hand.seq - 2, hand.seq - 1, hand.seq]);
    assert_eq!(seqs(entries().last(0).unwrap()), [0; 0]);
    assert_eq!(seqs(entries().last(1_000).unwrap()), (1..=hand.seq).collect::<Vec<_>>());
    assert_eq!(
        seqs(entries().last(7).unwrap()),
        (hand.seq - 6..=hand.seq).collect::<Vec<_>>(),
        "over two files"
    );
    assert_eq!(seqs(entries().from_seq(9)), (9..=hand.seq).collect::<Vec<_>>());
    assert_eq!(seqs(entries().from_seq(99)), [0; 0]);
}

#[test]
fn a_newest_file_that_is_gone_or_has_lost_its_header_is_said_at_the_end_and_not_passed_over() {
    let hand = three_files();
    let newest = hand.files.keys().next_back().unwrap().clone();
    let before = hand.seq - hand.lines(&newest).len() as u64 + 1;
    let whole = (1..=before).collect::<Vec<_>>();
    let laid = hand.lay();
    laid.put(&newest, &hand.files[&newest][1..]);
    let (seqs, damage) = read(&laid);
    assert_eq!((&seqs, damage.len()), (&whole, 1), "{damage:?}");
    assert!(damage[0].contains(&newest) && damage[0].contains("nothing of it can be read"));
    fs::remove_file(laid.path(&newest)).unwrap();
    let (seqs, damage) = read(&laid);
    assert_eq!((&seqs, damage.len()), (&whole, 1), "{damage:?}");
    let missing = format!(
        "the newest files are missing: the state file says that file 3 was on the disk up to record {}",
        hand.seq
    );
    assert!(damage[0].contains(&missing), "{damage:?}");
    let mut follow = tracing_audit::read(&laid.dir)
        .unwrap()
        .from_seq(hand.seq)
        .lines()
        .follow();
    follow.wait(Duration::ZERO).unwrap_err();
    assert_eq!(
        follow.wait(Duration::from_millis(250)).unwrap(),
        None,
        "it is said once"
    );
}

#[test]
fn a_half_line_is_nobodys_while_a_writer_is_there_and_damage_without_one() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(2);
    let laid = hand.lay();
    let whole = hand.files[&hand.name].clone();
    laid.put(&hand.name, &whole[..whole.len() - 5]);
    let (seqs, damage) = read(&laid);
    assert_eq!((seqs, damage.len()), (vec![1, 2], 1));
    assert!(damage[0].contains("the last line is not whole"), "{}", damage[0]);
    let lock = fs::File::create(laid.path(".lock")).unwrap();
    lock.lock().unwrap();
    let (seqs, damage) = read(&laid);
    assert_eq!((seqs, damage.len()), (vec![1, 2], 0));
}

#[test]
fn a_file_that_is_removed_while_it_is_read_does_not_stop_the_reader() {
    let hand = three_files();
    let laid = hand.lay();
    let mut entries = tracing_audit::read(&laid.dir).unwrap();
    assert_eq!(entries.next().unwrap().unwrap().seq(), 1);
    fs::remove_file(laid.path("audit-2026-11-20.jsonl")).unwrap();
    fs::remove_file(laid.path("audit-2026-11-20.part0002.jsonl")).unwrap();
    let rest: Vec<_> = entries.map(|record| record.unwrap().seq()).collect();
    // The first was open, the second was not.
    assert_eq!(rest, (2..=5).chain(12..=hand.seq).collect::<Vec<_>>());
}

#[cfg(feature = "gzip")]
mod compressed {
    use std::path::{Path, PathBuf};

    use super::*;

    pub(crate) fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    const FIRST: &str = "audit-2026-11-20.jsonl";
    const SECOND: &str = "audit-2026-11-20.part0002.jsonl";

    fn pack(laid: &Laid, name: &str, plain_too: bool) {
        let text = fs::read(laid.path(name)).unwrap();
        laid.put(&format!("{name}.gz"), &packed(&text));
        if !plain_too {
            fs::remove_file(laid.path(name)).unwrap();
        }
    }

    #[test]
    fn compressed_files_are_read_like_plain_ones() {
        let hand = three_files();
        let laid = hand.lay();
        let lines = || -> Vec<String> {
            let lines = tracing_audit::read(&laid.dir).unwrap().lines();
            lines.map(Result::unwrap).collect()
        };
        let plain = lines();
        let names: Vec<&String> = hand.files.keys().collect();
        for name in names {
            pack(&laid, name, false);
            assert_eq!(lines(), plain, "{name}");
            let entries = || tracing_audit::read(&laid.dir).unwrap();
            assert_eq!(entries().from_seq(9).count() as u64, hand.seq - 8);
            let newest = entries().last(3).unwrap().map(|record| record.unwrap().seq());
            assert_eq!(newest.collect::<Vec<_>>(), [hand.seq - 2, hand.seq - 1, hand.seq]);
        }
    }

    #[test]
    fn a_file_that_is_compressed_while_the_trail_is_read_is_read_all_the_same() {
        let hand = three_files();
        let laid = hand.lay();
        let mut entries = tracing_audit::read(&laid.dir).unwrap();
        assert_eq!(entries.next().unwrap().unwrap().seq(), 1);
        pack(&laid, FIRST, false);
        pack(&laid, SECOND, false);
        let rest: Vec<_> = entries.map(|record| record.unwrap().seq()).collect();
        assert_eq!(rest, (2..=hand.seq).collect::<Vec<_>>());
    }

    #[test]
    fn of_two_forms_the_whole_one_is_read_and_once() {
        let hand = three_files();
        let all: Vec<u64> = (1..=hand.seq).collect();
        for name in hand.files.keys() {
            let laid = hand.lay();
            pack(&laid, name, true);
            assert_eq!(read(&laid), (all.clone(), vec![]), "both good");
            let whole = fs::read(laid.path(name)).unwrap();
            let mut flipped = whole.clone();
            let at = flipped.len() - 60;
            flipped[at] ^= 1;
            let second_line = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            let cut = &whole[..whole.len() - 9];
            for damaged in [&flipped[..], cut, b"", b"hello\n", &whole[..second_line - 1]] {
                laid.put(name, damaged);
                assert_eq!(
                    read(&laid),
                    (all.clone(), vec![]),
                    "{name}: plain of {} bytes",
                    damaged.len()
                );
                assert!(laid.verify().verdict().is_good(), "{name}: the verifier agrees");
            }
            // The control: with neither good, the plain one is the file.
            laid.put(name, &flipped);
            laid.put(&format!("{name}.gz"), &packed(cut));
            let (seqs, damage) = read(&laid);
            assert!(seqs.len() < all.len() && !damage.is_empty(), "{name}");
        }
    }

    #[test]
    fn of_what_is_not_one_whole_member_no_line_is_read() {
        let hand = three_files();
        let good = packed(&hand.files[FIRST]);
        let mut wrong_sum = good.clone();
        let at = wrong_sum.len() - 8;
        wrong_sum[at] ^= 1;
        for bad in [
            [&good[..], b"x"].concat(),
            [&good[..], &good[..]].concat(),
            good[..good.len() - 1].to_vec(),
            wrong_sum,
        ] {
            let laid = hand.lay();
            fs::remove_file(laid.path(FIRST)).unwrap();
            laid.put(&format!("{FIRST}.gz"), &bad);
            let (seqs, damage) = read(&laid);
            assert_eq!((seqs, damage.len()), ((6..=hand.seq).collect::<Vec<_>>(), 1));
            assert!(
                damage[0].contains("gzip member") && damage[0].contains(FIRST),
                "{}",
                damage[0]
            );
        }
    }

    /// A link is followed neither plain nor compressed.
    #[test]
    fn what_is_no_file_is_refused_compressed_too() {
        let hand = three_files();
        let laid = hand.lay();
        let elsewhere: PathBuf = laid.temp.path().join("elsewhere.gz");
        fs::write(&elsewhere, packed(&hand.files[FIRST])).unwrap();
        fs::remove_file(laid.path(FIRST)).unwrap();
        std::os::unix::fs::symlink(&elsewhere, laid.path(&format!("{FIRST}.gz"))).unwrap();
        assert!(tracing_audit::read(&laid.dir).is_err());
        assert_eq!(laid.verify().exit_code(), 4);
    }

    #[test]
    fn the_vectors_with_compressed_files_are_read_as_they_are_judged() {
        let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/vectors");
        let verdicts = fs::read_to_string(vectors.join("verdicts.json")).unwrap();
        let verdicts: serde_json::Value = serde_json::from_str(&verdicts).unwrap();
        let mut seen = 0;
        for (name, verdict) in verdicts.as_object().unwrap() {
            if !name.starts_with("gz-") {
                continue;
            }
            let items: Vec<bool> = tracing_audit::read(vectors.join(name))
                .unwrap()
                .map(|item| item.is_ok())
                .collect();
            let good = items.iter().all(|good| *good);
            assert_eq!(good, verdict["exit"] == 0, "{name}");
            if good {
                assert_eq!(items.len() as u64, verdict["records"].as_u64().unwrap(), "{name}");
            }
            seen += 1;
        }
        assert_eq!(seen, 9);
    }
}

#[cfg(not(feature = "gzip"))]
#[test]
fn a_compressed_file_is_refused_by_name_and_feature() {
    let hand = three_files();
    let laid = hand.lay();
    fs::rename(
        laid.path("audit-2026-11-20.jsonl"),
        laid.path("audit-2026-11-20.jsonl.gz"),
    )
    .unwrap();
    let error = tracing_audit::read(&laid.dir).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(
        error.to_string().contains("`gzip`") && error.to_string().contains("audit-2026-11-20.jsonl.gz"),
        "{error}"
    );
}

#[test]
fn a_line_that_is_too_long_is_no_line() {
    let mut hand = Hand::new();
    hand.open("start").begin();
    let laid = hand.lay();
    let mut file = fs::File::options().append(true).open(laid.path(&hand.name)).unwrap();
    for _ in 0..17 {
        file.write_all(&[b'x'; 1 << 20]).unwrap();
    }
    file.write_all(b"\n").unwrap();
    let (seqs, damage) = read(&laid);
    assert_eq!((seqs, damage.len()), (vec![1], 1));
    assert!(damage[0].contains("longer than 16 MiB"), "{}", damage[0]);
    let report = laid.verify();
    assert_eq!(
        (report.exit_code(), report.faults()[0].line_number()),
        (2, Some(3)),
        "{report}"
    );
}

/// A hand whose trail on the disk grows with it.
struct Growing {
    hand: Hand,
    laid: Laid,
}

impl Growing {
    /// Appends what the hand wrote since, `keep` bytes of it apart.
    fn write(&self, keep: usize) {
        for (name, bytes) in &self.hand.files {
            let path = self.laid.path(name);
            let there = fs::metadata(&path).map_or(0, |meta| meta.len()) as usize;
            let to = bytes.len() - if *name == self.hand.name { keep } else { 0 };
            let mut file = fs::File::options().append(true).create(true).open(path).unwrap();
            file.write_all(&bytes[there..to]).unwrap();
        }
    }
}

#[test]
fn following_goes_on_through_half_lines_rotations_and_resyncs() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(2);
    let mut growing = Growing { laid: hand.lay(), hand };
    let mut lines = tracing_audit::read(&growing.laid.dir).unwrap().last(1).unwrap().lines();
    let first: Vec<_> = lines
        .by_ref()
        .map(|line| line.unwrap().parse::<Record>().unwrap().seq())
        .collect();
    assert_eq!(first, [3]);
    let mut follow = lines.follow();
    let mut next = || {
        let line = follow.wait(Duration::from_millis(1)).unwrap();
        line.map(|line| line.parse::<Record>().unwrap().seq())
    };
    assert_eq!(next(), None);
    growing.hand.records(2);
    growing.write(10);
    assert_eq!((next(), next()), (Some(4), None), "half of the second line");
    growing.write(0);
    assert_eq!((next(), next()), (Some(5), None));
    let synced = growing.hand.point();
    growing.hand.record();
    growing.write(0);
    growing
        .hand
        .open("rotate")
        .own("AUDIT_ROTATE", "\"file\":2,\"prev_file\":1")
        .record();
    growing.write(0);
    assert_eq!(
        (next(), next(), next(), next()),
        (Some(6), Some(7), Some(8), None),
        "a rotation"
    );
    // Seq 6 to 8 are written again, and have been read.
    growing.hand.open_at("resync", Some(synced)).records(3);
    growing.write(0);
    assert_eq!(next(), None, "what was read is not read again");
    growing.hand.record();
    growing.write(0);
    assert_eq!((next(), next()), (Some(9), None), "a resync");
    fs::write(growing.laid.path("audit-2026-11-21.jsonl"), b"").unwrap();
    assert_eq!(next(), None, "a file that has only been made");
    growing.hand.record();
    growing.write(0);
    assert_eq!((next(), next()), (Some(10), None));
}
