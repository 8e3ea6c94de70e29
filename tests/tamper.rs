//! Whatever is changed in a trail is reported. Each story has a control: the trail untouched.

use std::fs;

use proptest::prelude::*;

use crate::hand::{Hand, Laid, three_files, verify};

/// Lays a trail that must be consistent as it is.
fn sound(hand: &Hand) -> Laid {
    let laid = hand.lay();
    let report = laid.verify();
    assert_eq!(report.exit_code(), 0, "the control: {report}");
    laid
}

/// Tries every change of a file's bytes that `changes` makes, and gives the ones for which `fits` does not hold.
fn misses(
    laid: &Laid,
    name: &str,
    changes: impl Iterator<Item = (String, Vec<u8>)>,
    fits: impl Fn(u8) -> bool,
) -> (usize, Vec<String>) {
    let whole = fs::read(laid.path(name)).unwrap();
    let mut tried = 0;
    let mut missed = Vec::new();
    for (what, bytes) in changes {
        assert_ne!(bytes, whole, "{what} changes nothing");
        laid.put(name, &bytes);
        let report = laid.verify();
        tried += 1;
        if !fits(report.exit_code()) {
            missed.push(format!("{name}, {what}: {}", report.exit_code()));
        }
    }
    laid.put(name, &whole);
    assert_eq!(laid.exit(), 0, "the control, afterwards");
    (tried, missed)
}

fn flips(bytes: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    (0..bytes.len() * 8).map(move |bit| {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        (format!("bit {} of byte {}", bit % 8, bit / 8), changed)
    })
}

#[test]
fn every_flipped_bit_is_tampering_below_the_mark_and_reported_everywhere() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(2);
    hand.open("rotate")
        .own("AUDIT_ROTATE", "\"file\":2,\"prev_file\":1")
        .record()
        .stop();
    hand.next_run().open("start").begin().record().stop().mark(true);
    let laid = sound(&hand);
    for (name, bytes) in &hand.files {
        let (tried, missed) = misses(&laid, name, flips(bytes), |exit| exit == 1);
        assert_eq!(tried, bytes.len() * 8);
        assert_eq!(missed, [""; 0], "with the state file");
    }
    laid.remove_state();
    let (name, bytes) = hand.files.last_key_value().unwrap();
    let (_, missed) = misses(&laid, name, flips(bytes), |exit| exit == 1 || exit == 2);
    assert_eq!(missed, [""; 0], "without");
}

#[test]
#[ignore = "minutes: for a release build, by scripts"]
fn every_flipped_bit_of_a_long_trail_is_tampering() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(220);
    hand.open("rotate")
        .own("AUDIT_ROTATE", "\"file\":2,\"prev_file\":1")
        .records(220)
        .stop()
        .mark(true);
    let laid = sound(&hand);
    let mut all = 0;
    for (name, bytes) in &hand.files {
        let (tried, missed) = misses(&laid, name, flips(bytes), |exit| exit == 1);
        assert_eq!(missed, [""; 0]);
        all += tried;
    }
    assert!(all > 800_000, "{all}");
}

#[test]
fn every_byte_left_out_or_put_in_is_tampering() {
    let hand = three_files();
    let laid = sound(&hand);
    for (name, bytes) in &hand.files {
        let left_out = (0..bytes.len()).map(|at| {
            let mut changed = bytes.clone();
            changed.remove(at);
            (format!("without byte {at}"), changed)
        });
        let (_, missed) = misses(&laid, name, left_out, |exit| exit == 1);
        assert_eq!(missed, [""; 0]);
        let put_in = (0..=bytes.len()).map(|at| {
            let mut changed = bytes.clone();
            changed.insert(at, b"\n \r\0,x\xff"[at % 7]);
            (format!("with a byte more at {at}"), changed)
        });
        let (_, missed) = misses(&laid, name, put_in, |exit| exit == 1);
        assert_eq!(missed, [""; 0]);
    }
}

#[test]
fn every_line_left_out_doubled_or_swapped_is_tampering() {
    let hand = three_files();
    let laid = sound(&hand);
    for name in hand.files.keys() {
        let lines = hand.lines(name);
        let mut changes = Vec::new();
        for at in 0..lines.len() {
            let mut without = lines.clone();
            without.remove(at);
            changes.push((format!("without line {}", at + 1), without.concat()));
            let mut doubled = lines.clone();
            doubled.insert(at, lines[at].clone());
            changes.push((format!("line {} twice", at + 1), doubled.concat()));
            for other in at + 1..lines.len() {
                let mut swapped = lines.clone();
                swapped.swap(at, other);
                changes.push((format!("lines {} and {} swapped", at + 1, other + 1), swapped.concat()));
            }
        }
        let (tried, missed) = misses(&laid, name, changes.into_iter(), |exit| exit == 1);
        assert!(tried > 20);
        assert_eq!(missed, [""; 0]);
    }
}

#[test]
fn a_fault_is_named_by_file_line_and_number() {
    let hand = three_files();
    let laid = sound(&hand);
    let name = "audit-2026-11-20.part0002.jsonl";
    let lines = hand.lines(name);
    let expect = |lines: &[Vec<u8>], kind: &str, line: u64, seq: u64| {
        laid.put(name, &lines.concat());
        let report = laid.verify();
        let fault = &report.faults()[0];
        let found = (
            fault.file_name(),
            fault.kind().as_str(),
            fault.line_number(),
            fault.sequence(),
        );
        assert_eq!(found, (Some(name), kind, Some(line), Some(seq)), "{report}");
        assert_eq!(report.last_seq(), Some(seq - 1), "{report}");
    };
    // The header is line 1, seq 6 is line 2.
    let edited = String::from_utf8(lines[3].clone())
        .unwrap()
        .replace("u8", "u9")
        .into_bytes();
    expect(&[&lines[..3], &[edited], &lines[4..]].concat(), "content", 4, 8);
    expect(&[&lines[..3], &lines[4..]].concat(), "missing", 4, 8);
    expect(&[&lines[..4], &lines[3..]].concat(), "inserted", 5, 9);
    let mut retagged = lines[3].clone();
    let at = retagged.len() - 20;
    retagged[at] = if retagged[at] == b'A' { b'B' } else { b'A' };
    expect(&[&lines[..3], &[retagged], &lines[4..]].concat(), "tag", 4, 8);
    let mut bent = lines[3].clone();
    bent[1] = b'\'';
    expect(&[&lines[..3], &[bent], &lines[4..]].concat(), "line", 4, 8);
}

#[test]
fn a_file_removed_by_hand_is_tampering_wherever_it_stood() {
    let hand = three_files();
    for name in hand.files.keys() {
        let laid = sound(&hand);
        fs::remove_file(laid.path(name)).unwrap();
        assert_eq!(laid.exit(), 1, "{name}");
        laid.remove_state();
        // Without the mark, the newest file that is gone leaves the clean end of the run before: that is a miss, and said.
        let report = laid.verify();
        let newest = name.contains("part0003");
        assert_eq!(report.exit_code(), u8::from(!newest), "{name}");
        assert!(report.to_string().contains("There is no state file"), "{report}");
    }
    let laid = sound(&hand);
    for name in hand.files.keys() {
        fs::remove_file(laid.path(name)).unwrap();
    }
    assert_eq!(laid.exit(), 1, "all of them");
}

#[test]
fn a_cut_below_the_durable_mark_is_tampering_and_above_it_is_torn() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(2).mark(false);
    let marked = hand.files[&hand.name].len();
    hand.records(2);
    let whole = hand.files[&hand.name].clone();
    let laid = hand.lay();
    assert_eq!(laid.exit(), 2, "the control: an end that is open");
    for length in 1..=whole.len() {
        laid.put(&hand.name, &whole[..length]);
        let wanted = if length < marked { 1 } else { 2 };
        let report = laid.verify();
        assert_eq!(
            report.exit_code(),
            wanted,
            "{length} of {} bytes, marked {marked}: {report}",
            whole.len()
        );
    }
    laid.remove_state();
    laid.put(&hand.name, &whole[..marked - 1]);
    let report = laid.verify();
    assert_eq!(report.exit_code(), 2, "{report}");
    assert!(report.to_string().contains("There is no state file"), "{report}");
}

#[test]
fn a_checkpoint_in_the_trail_is_a_mark_as_well() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(2).checkpoint().record();
    let laid = hand.lay();
    assert_eq!(laid.exit(), 2);
    let lines = hand.lines(&hand.name);
    let mut spoilt = lines.clone();
    spoilt[2].fill(0);
    *spoilt[2].last_mut().unwrap() = b'\n';
    laid.put(&hand.name, &spoilt.concat());
    assert_eq!(laid.exit(), 1, "below the checkpoint");
    let mut spoilt = lines;
    spoilt[5].fill(0);
    laid.put(&hand.name, &spoilt.concat());
    assert_eq!(laid.exit(), 2, "above it");
}

#[test]
fn a_splice_from_another_trail_is_tampering() {
    let hand = three_files();
    let mut other = Hand::new();
    other.trail = [0x77; 16];
    other.open("start").begin().records(4);
    other
        .open("rotate")
        .own("AUDIT_ROTATE", "\"file\":2,\"prev_file\":1")
        .records(4)
        .stop();
    for name in other.files.keys() {
        let laid = sound(&hand);
        laid.put(name, &other.files[name]);
        assert_eq!(laid.exit(), 1, "{name} replaced");
        let laid = sound(&hand);
        laid.put("audit-2026-11-21.jsonl", &other.files[name]);
        assert_eq!(laid.exit(), 1, "{name} beside the others");
        // One line of it, in its own place.
        let laid = sound(&hand);
        let mut lines = hand.lines(name);
        lines[2] = other.lines(name)[2].clone();
        laid.put(name, &lines.concat());
        assert_eq!(laid.exit(), 1, "a line of {name}");
    }
    // Another trail of the same id: the same machine, copied.
    let mut twin = Hand::new();
    twin.open("start").begin().records(5);
    let laid = sound(&hand);
    laid.put(&twin.name, &twin.files[&twin.name]);
    assert_eq!(laid.exit(), 1, "a file of a twin");
}

#[test]
fn renamed_files_and_moved_directories_still_verify() {
    let hand = three_files();
    let laid = sound(&hand);
    let names: Vec<&String> = hand.files.keys().collect();
    fs::rename(laid.path(names[0]), laid.path("audit-2027-01-01.jsonl")).unwrap();
    fs::rename(laid.path(names[1]), laid.path("audit-2025-01-01.part0009.jsonl")).unwrap();
    assert_eq!(laid.exit(), 0);
    let moved = laid.temp.path().join("elsewhere");
    fs::rename(&laid.dir, &moved).unwrap();
    assert_eq!(verify(&moved).exit_code(), 0, "without its state file");
    fs::rename(
        laid.temp.path().join("logs.keys"),
        laid.temp.path().join("elsewhere.keys"),
    )
    .unwrap();
    assert_eq!(verify(&moved).exit_code(), 0);
    // A name outside of the pattern is not the trail's: the file is missing.
    fs::rename(moved.join("audit-2027-01-01.jsonl"), moved.join("old.jsonl")).unwrap();
    assert_eq!(verify(&moved).exit_code(), 1);
}

#[test]
fn a_changed_state_file_is_tampering() {
    let hand = three_files();
    let laid = sound(&hand);
    let state = hand.state.clone().unwrap();
    for (what, changed) in flips(&state) {
        laid.put_state(&changed);
        assert_eq!(laid.exit(), 1, "{what}");
    }
    for length in 0..state.len() {
        laid.put_state(&state[..length]);
        assert_eq!(laid.exit(), 1, "cut to {length}");
    }
    let mut other = Hand::new();
    other.trail = [0x77; 16];
    other.open("start").begin().records(11).stop().mark(true);
    laid.put_state(other.state.as_ref().unwrap());
    assert_eq!(laid.exit(), 1, "of another trail");
    let mut twin = three_files();
    twin.head[0] ^= 1;
    twin.mark(true);
    laid.put_state(twin.state.as_ref().unwrap());
    assert_eq!(laid.exit(), 1, "another head");
    laid.put_state(&state);
    assert_eq!(laid.exit(), 0, "the control, afterwards");
}

#[test]
fn an_older_state_file_demands_extension_only() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(3).mark(false);
    let older = hand.state.clone();
    hand.records(3).stop();
    hand.next_run().open("start").begin().stop().mark(true);
    hand.state = older;
    // Not 0: a state file that is not clean cannot say that the end is.
    let report = hand.lay().verify();
    assert_eq!(report.exit_code(), 2, "{report}");
    assert!(report.to_string().contains("a copy from another time"), "{report}");
}

#[test]
fn nothing_is_never_green() {
    let laid = Hand::new().lay();
    assert_eq!(laid.exit(), 4, "an empty directory");
    laid.put("notes.txt", b"nothing of a trail");
    laid.put("old.jsonl", b"{\"a\":1}\n");
    assert_eq!(laid.exit(), 4, "files of somebody else");
    laid.put(".lock", b"");
    assert_eq!(laid.exit(), 2, "a writer was there, and wrote nothing");
    laid.put("audit-2026-11-20.jsonl", b"");
    assert_eq!(laid.exit(), 2, "an empty file");
    let marked = three_files();
    laid.put_state(marked.state.as_ref().unwrap());
    assert_eq!(laid.exit(), 1, "and a mark");
}

#[test]
fn what_is_added_at_the_end_is_reported() {
    let hand = three_files();
    let junk: [&[u8]; 8] = [
        b"x",
        b"\n",
        b"{}\n",
        b"\0",
        b"\0\0\0\0\n",
        b" ",
        b"\xef\xbb\xbf",
        b"{\"seq\":16,\"a\":1}\n",
    ];
    for name in hand.files.keys() {
        for junk in junk {
            let laid = sound(&hand);
            laid.put(name, &[&hand.files[name], junk].concat());
            assert_eq!(laid.exit(), 1, "{junk:?} behind {name}");
            laid.remove_state();
            assert_ne!(laid.exit(), 0, "{junk:?} behind {name}, no state file");
        }
    }
    let mut longer = hand.clone();
    longer.record();
    let laid = longer.lay();
    assert_eq!(laid.exit(), 1, "a record that chains, behind a clean end");
    laid.remove_state();
    assert_eq!(laid.exit(), 2);
}

#[test]
fn a_forged_header_is_tampering() {
    let hand = three_files();
    let laid = sound(&hand);
    let names: Vec<&String> = hand.files.keys().collect();
    let lines = hand.lines(names[1]);
    for header in [hand.lines(names[0])[0].clone(), hand.lines(names[2])[0].clone()] {
        laid.put(names[1], &[&[header], &lines[1..]].concat().concat());
        assert_eq!(laid.exit(), 1, "the header of another file");
    }
    // Headers whose tags are right, and which do not belong.
    let at = |seq: u64| {
        let mut shorter = Hand::new();
        shorter.open("start").begin().records(seq - 1);
        shorter.point()
    };
    for (what, cause, point, run) in [
        ("another head", "rotate", Some((1, 5, [9; 32])), 1),
        ("behind an earlier record", "rotate", Some(at(3)), 1),
        ("another run", "rotate", Some(at(5)), 2),
        ("a genesis", "start", None, 1),
        ("the run before", "start", Some(at(5)), 1),
        ("a point that is not there", "rotate", Some((1, 9, [9; 32])), 1),
    ] {
        let mut forged = Hand::new();
        (forged.file, forged.run) = (1, run);
        forged.open_at(cause, point);
        laid.put(
            names[1],
            &[&[forged.lines(&forged.name)[0].clone()], &lines[1..]]
                .concat()
                .concat(),
        );
        assert_eq!(laid.exit(), 1, "{what}");
    }
}

#[test]
fn a_resync_that_supersedes_below_the_mark_is_tampering_and_above_it_is_none() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(2).mark(false);
    let synced = hand.point();
    hand.records(2);
    let later = hand.clone();
    hand.open_at("resync", Some(synced)).records(3).stop();
    hand.mark(true);
    let laid = sound(&hand);
    assert_eq!(laid.verify().superseded_lines(), 2);
    // What is superseded is not judged.
    let mut spoilt = later.files["audit-2026-11-20.jsonl"].clone();
    spoilt.truncate(spoilt.len() - 30);
    laid.put("audit-2026-11-20.jsonl", &spoilt);
    assert_eq!(laid.exit(), 0);
    // The same over records that the mark covers.
    let mut forged = later;
    forged.mark(false);
    let state = forged.state.clone();
    forged.open_at("resync", Some(synced)).records(1).stop();
    forged.state = state;
    assert_eq!(forged.lay().exit(), 1);
}

#[test]
fn files_removed_by_retention_are_not_missed_and_others_are() {
    let mut hand = Hand::new();
    hand.open("start").begin().records(2);
    let (file, seq, head) = hand.point();
    let kept = format!(
        "{{\"file\":2,\"prev_seq\":{seq},\"prev_head\":\"{}\"}}",
        crate::hand::base64url(&head)
    );
    hand.open("rotate")
        .own("AUDIT_ROTATE", "\"file\":2,\"prev_file\":1")
        .record();
    hand.open("rotate")
        .own("AUDIT_ROTATE", "\"file\":3,\"prev_file\":2")
        .record();
    let prune = format!(
        "\"files\":[{file}],\"first_seq\":1,\"last_seq\":{seq},\"heads\":[],\"kept_from\":{kept},\"policy_days\":1,\"undelivered\":{{}}"
    );
    hand.own("AUDIT_PRUNE", &prune).stop().mark(true);
    let laid = sound(&hand);
    fs::remove_file(laid.path("audit-2026-11-20.jsonl")).unwrap();
    assert_eq!(laid.exit(), 0, "as the prune says");
    // A run later the header says it.
    hand.kept_from = Some(kept);
    hand.next_run().open("start").begin().stop().mark(true);
    hand.files.remove("audit-2026-11-20.jsonl");
    let laid = sound(&hand);
    fs::remove_file(laid.path("audit-2026-11-20.part0002.jsonl")).unwrap();
    assert_eq!(laid.exit(), 1, "one file more than the prune says");
}

#[test]
fn what_this_build_cannot_read_is_left_alone_and_no_tampering() {
    let hand = three_files();
    let laid = sound(&hand);
    fs::rename(
        laid.path("audit-2026-11-20.jsonl"),
        laid.path("audit-2026-11-20.jsonl.gz"),
    )
    .unwrap();
    let report = laid.verify();
    // A build that reads compressed files sees that this is none.
    let (exit, said) = match cfg!(feature = "gzip") {
        true => (1, "gzip member"),
        false => (4, "`gzip`"),
    };
    assert_eq!(report.exit_code(), exit, "{report}");
    assert!(report.to_string().contains(said), "{report}");
    laid.put("audit-2026-11-20.jsonl", &hand.files["audit-2026-11-20.jsonl"]);
    assert_eq!(laid.exit(), 0, "both forms are there: the plain one is the file");
    // Tampering is said first.
    fs::remove_file(laid.path("audit-2026-11-20.jsonl")).unwrap();
    let name = "audit-2026-11-20.part0002.jsonl";
    let mut lines = hand.lines(name);
    lines.swap(2, 3);
    laid.put(name, &lines.concat());
    assert_eq!(laid.exit(), 1);
}

#[cfg(unix)]
#[test]
fn a_link_under_a_files_name_is_not_followed() {
    let hand = three_files();
    let laid = sound(&hand);
    let name = "audit-2026-11-20.part0002.jsonl";
    fs::rename(laid.path(name), laid.path("moved")).unwrap();
    std::os::unix::fs::symlink(laid.path("moved"), laid.path(name)).unwrap();
    assert_eq!(laid.exit(), 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_change_of_several_places_at_once_goes_unseen(
        changes in proptest::collection::vec((0_usize..3, any::<proptest::sample::Index>(), any::<u8>(), 0_u8..4), 1..6),
    ) {
        let hand = three_files();
        let laid = hand.lay();
        let names: Vec<&String> = hand.files.keys().collect();
        let mut files: Vec<Vec<u8>> = hand.files.values().cloned().collect();
        for (file, at, byte, what) in changes {
            let bytes = &mut files[file];
            let at = at.index(bytes.len());
            match what {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at + 1),
            }
        }
        let same = hand.files.values().eq(files.iter());
        for (name, bytes) in names.iter().zip(&files) {
            laid.put(name, bytes);
        }
        prop_assert_eq!(laid.exit(), u8::from(!same));
    }
}
