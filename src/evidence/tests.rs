//! Bundles of trails that are made here line by line.

use std::collections::BTreeSet;

use super::*;
use crate::proof::sample::{DIR, TRAIL, Trail, key, sample};
use crate::proof::{Fact, make as proofs};
use crate::verify::{FaultKind, Verdict};

fn made(trail: &Trail, oldest: u64, evidence: impl FnOnce(Evidence) -> Evidence) -> Result<String, Error> {
    let mut out = Vec::new();
    let evidence = evidence(Evidence::of(DIR));
    let count = make::write(trail.on_disk(oldest).shared(), &evidence, &mut out)?;
    let text = String::from_utf8(out).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("{\"seq\":")).count();
    assert_eq!(count, lines as u64);
    Ok(text)
}

fn checked(text: &str) -> Findings {
    Evidence::verify(text.as_bytes(), &[key(0)]).unwrap()
}

/// The first fault of a bundle that must not hold.
fn fault(text: &str) -> (Option<u64>, Option<u64>, FaultKind) {
    let findings = checked(text);
    let fault = findings.faults().first().unwrap_or_else(|| panic!("it holds: {text}"));
    assert_eq!(
        (findings.verdict(), findings.exit_code()),
        (Verdict::Tampered, 1),
        "{fault}"
    );
    (fault.line_number(), fault.sequence(), fault.kind())
}

fn seqs(findings: &Findings) -> Vec<u64> {
    findings.records().flatten().collect()
}

/// The line of a bundle that begins so, counted from 1.
fn line_of(text: &str, begin: &str) -> u64 {
    let at = text.lines().position(|line| line.starts_with(begin));
    at.unwrap() as u64 + 1
}

#[test]
fn whatever_is_chosen_is_proven_with_the_public_key_line_alone() {
    let trail = sample();
    let signed = trail.point.seq - 1;
    for choice in 0..200_u64 {
        // Dense, sparse, and all.
        let chance = |seq: u64| ((seq * 0x9e37_79b9) ^ (choice * 0x85eb_ca6b)) >> 7 & 7;
        let chosen: BTreeSet<u64> = (1..=signed).filter(|seq| chance(*seq) <= choice % 8).collect();
        if chosen.is_empty() {
            continue;
        }
        let pick = |evidence| {
            chosen
                .iter()
                .fold(evidence, |evidence: Evidence, seq| evidence.record(*seq))
        };
        let text = made(&trail, 1, pick).unwrap();
        let findings = checked(&text);
        assert!(findings.faults().is_empty(), "{findings}");
        assert_eq!((findings.verdict(), findings.exit_code()), (Verdict::Verified, 0));
        assert_eq!(seqs(&findings), chosen.iter().copied().collect::<Vec<_>>());
        assert_eq!(findings.count(), chosen.len() as u64);
        assert_eq!(findings.root(), Some(trail.root(findings.size().unwrap())));
        // They stand there as they are in the trail, but for their frames.
        for seq in &chosen {
            let record = format!("\n{{\"seq\":{seq},{}}}\n", trail.all[*seq as usize - 1].1);
            assert_eq!(text.matches(&record).count(), 1);
        }
        let hidden = (1..=signed).filter(|seq| !chosen.contains(seq));
        for seq in hidden {
            assert!(!text.contains(&format!("{{\"seq\":{seq},")), "{seq} was not chosen");
        }
        // Each is known to come from the file that has it.
        let placed = findings.by_file();
        let from: Vec<u64> = placed
            .iter()
            .flat_map(|(_, rows)| rows)
            .flat_map(|(a, b)| *a..=*b)
            .collect();
        assert_eq!(from, seqs(&findings));
        for (origin, rows) in placed {
            let (_, bytes) = &trail.files[origin.file as usize - 1];
            for (from, to) in rows {
                for seq in from..=to {
                    let line = format!("\n{{\"seq\":{seq},");
                    assert!(
                        std::str::from_utf8(bytes).unwrap().contains(&line),
                        "{seq} in {}",
                        origin.file
                    );
                }
            }
        }
    }
}

#[test]
fn a_bundle_of_one_record_shows_what_a_proof_of_it_shows() {
    let trail = sample();
    for seq in [1, 7, 20] {
        let findings = checked(&made(&trail, 1, |evidence| evidence.record(seq)).unwrap());
        let proof = proofs::inclusion(trail.on_disk(1).shared(), Path::new(DIR), seq).unwrap();
        let proven = proof.verify(&key(0)).unwrap();
        assert_eq!(
            (findings.size(), findings.root()),
            (Some(proven.size), Some(proven.root))
        );
        assert!(matches!(proven.fact, Fact::Record { seq: shown, .. } if seqs(&findings) == [shown]));
    }
}

#[test]
fn a_row_is_one_range_and_an_open_one_goes_as_far_as_a_signature_does() {
    let trail = sample();
    let signed = trail.point.seq - 1;
    let text = made(&trail, 1, |evidence| evidence.record(9).records(4..8).records(6..=8)).unwrap();
    assert!(text.starts_with(&format!(
        "{{\"tracing_audit_bundle\":1,\"trail\":\"{TRAIL}\",\"records\":[[4,9]]}}\n"
    )));
    assert!(checked(&text).records().eq([4..=9]));
    let all = made(&trail, 1, |evidence| evidence.records(..)).unwrap();
    assert!(checked(&all).records().eq([1..=signed]));
    let tail = made(&trail, 1, |evidence| evidence.record(2).records(signed - 1..)).unwrap();
    assert!(checked(&tail).records().eq([2..=2, signed - 1..=signed]));
    // All of them cost one hash each, less one.
    let hashes: usize = all
        .lines()
        .filter(|line| line.starts_with("{\"path\""))
        .map(|line| line.matches("\",\"").count() + 1)
        .sum();
    assert_eq!(hashes as u64, signed - 1);
}

#[test]
fn what_cannot_be_shown_is_refused_in_plain_words() {
    let trail = sample();
    let refused = |oldest, evidence: fn(Evidence) -> Evidence| made(&trail, oldest, evidence).unwrap_err();
    for (oldest, evidence, kind, why) in [
        (
            1,
            (|evidence| evidence) as fn(Evidence) -> Evidence,
            ErrorKind::Config,
            "no record is chosen",
        ),
        (
            1,
            |evidence| evidence.records(5..5),
            ErrorKind::Config,
            "no record is chosen",
        ),
        (1, |evidence| evidence.record(0), ErrorKind::Unproven, "no record 0"),
        (
            1,
            |evidence| evidence.record(3).record(999),
            ErrorKind::Unproven,
            "no signed checkpoint covers record 999",
        ),
        (
            1,
            |evidence| evidence.records(999..),
            ErrorKind::Unproven,
            "no signed checkpoint covers record 999",
        ),
        (
            1,
            |evidence| evidence.record(u64::MAX),
            ErrorKind::Unproven,
            "no signed checkpoint covers",
        ),
        (
            2,
            |evidence| evidence.record(3).record(20),
            ErrorKind::Unproven,
            "nothing about record 3 can be proven: the records before ",
        ),
        (
            1,
            |evidence| evidence.record(3).key(key(5)),
            ErrorKind::Key,
            "is the one that these records are proven with",
        ),
    ] {
        let error = refused(oldest, evidence);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
    let text = made(&trail, 2, |evidence| evidence.records(20..)).unwrap();
    assert!(checked(&text).faults().is_empty(), "what retention left can be shown");
}

#[test]
fn a_key_line_is_held_against_the_trail_and_named_in_the_bundle() {
    let trail = sample();
    let text = made(&trail, 1, |evidence| evidence.records(2..=3).key(key(0))).unwrap();
    assert!(text.lines().next().unwrap().contains(",\"pk\":\""));
    let findings = checked(&text);
    assert_eq!(findings.verdict(), Verdict::Verified);
    // Without the key line from elsewhere it proves nothing, and says which key to ask for.
    for keys in [
        &[][..],
        &[KeyLine {
            trail: [0x11; 16],
            ..key(0)
        }],
    ] {
        let findings = Evidence::verify(text.as_bytes(), keys).unwrap();
        assert_eq!((findings.verdict(), findings.exit_code()), (Verdict::UnknownKey, 3));
        let said = findings.to_string();
        assert!(
            said.starts_with("unknown key: ") && said.contains("key that it names itself: "),
            "{said}"
        );
        assert!(said.contains(&crate::key::line_id(key(0).key.expose())), "{said}");
    }
    let unnamed = made(&trail, 1, |evidence| evidence.records(2..=3)).unwrap();
    assert_eq!(Evidence::verify(unnamed.as_bytes(), &[]).unwrap().exit_code(), 3);
    // A fault is a fault for who has no key, too.
    let broken = unnamed.replacen("\"outcome\":\"success\"", "\"outcome\":\"failure\"", 1);
    assert_eq!(Evidence::verify(broken.as_bytes(), &[]).unwrap().exit_code(), 1);
    let found = made(&trail, 1, |evidence| evidence.records(2..=3).key(key(5)).key(key(0))).unwrap();
    assert_eq!(found, text);
    // Of several lines the one that certifies counts.
    let lines = [key(5), key(0)];
    assert_eq!(Evidence::verify(text.as_bytes(), &lines).unwrap().exit_code(), 0);
    // Another line of the trail proves nothing, and accuses nobody.
    for text in [&text, &unnamed] {
        let other = Evidence::verify(text.as_bytes(), &lines[..1]).unwrap();
        assert_eq!((other.exit_code(), other.faults().len()), (3, 0), "{other}");
        assert!(other.to_string().contains("give the line that held when"), "{other}");
    }
    assert_eq!(Evidence::verify(broken.as_bytes(), &lines[..1]).unwrap().exit_code(), 1);
    // A bundle that names a key which does not certify it contradicts itself.
    let named = text.replacen(&pk_of(&key(0)), &pk_of(&key(5)), 1);
    for keys in [&lines[..], &lines[..1], &[]] {
        let wrong = Evidence::verify(named.as_bytes(), keys).unwrap();
        assert_eq!((wrong.exit_code(), wrong.faults()[0].kind()), (1, FaultKind::Key));
    }
}

fn pk_of(key: &KeyLine) -> String {
    crate::base64url::text(key.key.expose())
}

#[test]
fn behind_a_change_of_the_root_key_the_new_one_vouches_for_what_was_there_and_says_so() {
    let mut trail = Trail::new();
    trail.records(4);
    trail.checkpoint();
    trail.new_root(1);
    trail.rotate();
    trail.records(3);
    trail.checkpoint();
    let text = made(&trail, 1, |evidence| evidence.records(2..=7)).unwrap();
    let findings = Evidence::verify(text.as_bytes(), &[key(0), key(1)]).unwrap();
    assert_eq!(findings.exit_code(), 0, "{findings}");
    let said = findings.to_string();
    assert!(
        said.contains("The first 5 records stood there before this key was used"),
        "{said}"
    );
    assert!(
        said.contains("From which run and host 4 of the records come is not shown"),
        "{said}"
    );
    // The old line alone is none of this bundle's, and no sign that anybody changed it.
    let old = Evidence::verify(text.as_bytes(), &[key(0)]).unwrap();
    assert_eq!(old.verdict(), Verdict::UnknownKey);
    let hint = format!("that of file {}, in run 1:", trail.header.file);
    assert!(
        old.to_string().contains(&hint) && old.to_json().contains(&hint),
        "{old}"
    );
    // Before the change the old one vouches, if its checkpoints reach so far.
    let text = made(&trail, 1, |evidence| evidence.record(2)).unwrap();
    assert_eq!(Evidence::verify(text.as_bytes(), &[key(0)]).unwrap().exit_code(), 0);
    assert_eq!(Evidence::verify(text.as_bytes(), &[key(1)]).unwrap().exit_code(), 3);
}

#[test]
fn an_erased_record_and_one_that_is_kept_back_are_shown_by_their_hash() {
    let mut trail = sample();
    trail.erase(4);
    let text = made(&trail, 1, |evidence| evidence.records(3..=5)).unwrap();
    assert!(text.contains("\n{\"seq\":4,\"leaf\":\""));
    let findings = checked(&text);
    assert_eq!((findings.exit_code(), findings.count(), findings.closed()), (0, 3, 1));
    assert!(
        findings
            .limits()
            .iter()
            .any(|limit| limit.contains("1 record is there by hash alone"))
    );
    let text = made(&trail, 1, |evidence| evidence.records(3..=5).without_content()).unwrap();
    assert!(!text.contains("DATA_READ"));
    assert_eq!((checked(&text).exit_code(), checked(&text).closed()), (0, 3));
}

const KINDS: [&str; 6] = [
    "{\"file\"",
    "{\"tracing_audit\"",
    "{\"note\"",
    "{\"path\"",
    "{\"seq\"",
    "{\"seq\":2,\"leaf\"",
];

fn with_every_kind(text: String) -> String {
    for kind in KINDS {
        assert!(text.contains(&format!("\n{kind}")), "no {kind} in it");
    }
    assert_eq!(checked(&text).exit_code(), 0);
    text
}

/// A bundle with every kind of line in it, and as little else as can be.
fn tiny() -> String {
    let mut trail = Trail::new();
    trail.records(3);
    trail.checkpoint();
    trail.records(1);
    trail.erase(2);
    with_every_kind(made(&trail, 1, |evidence| evidence.records(1..=2).key(key(0))).unwrap())
}

/// The same over several files, with two checkpoints.
fn small() -> String {
    let mut trail = Trail::new();
    trail.records(2);
    trail.rotate();
    trail.records(3);
    trail.checkpoint();
    trail.records(1);
    trail.rotate();
    trail.checkpoint();
    trail.checkpoint();
    trail.records(1);
    trail.erase(2);
    with_every_kind(made(&trail, 1, |evidence| evidence.records(2..=4).record(8).key(key(0))).unwrap())
}

#[test]
fn no_bit_of_a_bundle_can_be_changed() {
    let text = tiny();
    let mut changed = text.clone().into_bytes();
    for at in 0..changed.len() {
        for bit in 0..8 {
            changed[at] ^= 1 << bit;
            let findings = Evidence::verify(&*changed, &[key(0)]).unwrap();
            assert!(
                matches!(findings.exit_code(), 1 | 3 | 4)
                    && (findings.exit_code() == 1 || at < text.find('\n').unwrap()),
                "bit {bit} of byte {at}: {findings}"
            );
            changed[at] ^= 1 << bit;
        }
    }
}

#[test]
fn no_byte_of_a_bundle_can_be_taken_out_or_put_in_and_no_prefix_holds() {
    let text = small().into_bytes();
    for at in 0..text.len() {
        let holds = |bytes: &[u8]| Evidence::verify(bytes, &[key(0)]).unwrap().exit_code() == 0;
        assert!(!holds(&text[..at]), "a prefix of {at}");
        let mut changed = text.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(!holds(&changed), "a bit of byte {at}");
        let mut changed = text.clone();
        changed.remove(at);
        assert!(!holds(&changed), "without byte {at}");
        let mut changed = text.clone();
        changed.insert(at, text[at]);
        assert!(!holds(&changed), "byte {at} twice");
    }
}

/// Lines left out, twice there, or in another order. A header may be missing: then less is shown.
#[test]
fn no_line_of_a_bundle_can_be_moved_and_one_that_is_left_out_shows_less_or_nothing() {
    let text = small();
    let lines: Vec<&str> = text.lines().collect();
    let joined = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let mut fewer = 0;
    for at in 0..lines.len() {
        let mut changed = lines.clone();
        let line = changed.remove(at);
        let findings = checked(&joined(&changed));
        match line.starts_with("{\"tracing_audit\":") && findings.exit_code() == 0 {
            true => fewer += 1,
            false => assert_eq!(findings.exit_code(), 1, "without line {}: {findings}", at + 1),
        }
        changed.insert(at, line);
        changed.insert(at, line);
        assert_eq!(checked(&joined(&changed)).exit_code(), 1, "line {} twice", at + 1);
        if at > 0 {
            let mut changed = lines.clone();
            changed.swap(at - 1, at);
            assert_eq!(checked(&joined(&changed)).exit_code(), 1, "lines {at} and {}", at + 1);
        }
    }
    assert_eq!(fewer, 2, "the headers of the first two files");
}

#[test]
fn each_fault_is_named_with_its_line_and_kind() {
    let trail = sample();
    let text = made(&trail, 1, |evidence| evidence.records(3..=6).record(14)).unwrap();
    let line = |begin: &str| Some(line_of(&text, begin));
    let fifth = line("{\"seq\":5,").unwrap();
    let without = |lines: &[u64]| -> String {
        let kept = text
            .lines()
            .enumerate()
            .filter(|(at, _)| !lines.contains(&(*at as u64 + 1)));
        kept.map(|(_, line)| format!("{line}\n")).collect()
    };
    // An altered record.
    let altered = text.replacen("\\\"5\\\"", "\\\"9\\\"", 1);
    assert_eq!(fault(&altered), (Some(fifth), Some(5), FaultKind::Content));
    assert_eq!(seqs(&checked(&altered)), [3, 4], "what stands before it holds");
    // One that is left out, with or without its path.
    let fourth = line("{\"seq\":4,").unwrap();
    assert_eq!(fault(&without(&[fourth])), (Some(fourth), Some(4), FaultKind::Missing));
    assert_eq!(fault(&without(&[fifth])).2, FaultKind::Missing);
    // One that stands twice.
    let again: String = text
        .lines()
        .enumerate()
        .map(|(at, line)| format!("{line}\n").repeat(if at as u64 + 1 == fourth { 2 } else { 1 }))
        .collect();
    assert_eq!(fault(&again), (Some(fourth + 1), Some(5), FaultKind::Repeated));
    // More, or less, than was promised.
    let end = text.lines().count() as u64;
    assert_eq!(
        fault(&format!("{text}{{}}\n")),
        (Some(end + 1), None, FaultKind::Appended)
    );
    assert_eq!(fault(&format!("{text}x")).2, FaultKind::Cut);
    assert_eq!(fault(&without(&[end])), (Some(end), None, FaultKind::Cut));
    assert_eq!(fault(""), (Some(1), None, FaultKind::Cut));
    assert_eq!(fault("{}\n"), (Some(1), None, FaultKind::Line));
    let promised = text.replacen("[14,14]", "[14,99]", 1);
    assert_eq!(fault(&promised).2, FaultKind::Cut);
    let promised = text.replacen("[14,14]", "[999,999]", 1);
    assert_eq!(fault(&promised), (Some(1), Some(999), FaultKind::Unsigned));
    // Checkpoints and keys.
    let note = text.lines().find(|line| line.starts_with("{\"note\"")).unwrap();
    let foreign = text.replacen(note, &super::line::note(&trail.notes[0]), 1);
    assert_eq!(fault(&foreign), (line("{\"note\""), None, FaultKind::Foreign));
    let none = text.replacen(&format!("{note}\n"), "", 1);
    assert_eq!(fault(&none), (line("{\"note\""), None, FaultKind::Signature));
    let witness = text.replacen("\"}\n{\"path\"", "\u{2014} w AAAA\\n\"}\n{\"path\"", 1);
    assert_ne!(witness, text);
    assert_eq!(fault(&witness).2, FaultKind::Line);
    let other = text.replacen("\"pk\":\"", "\"pk\":\"A", 1);
    assert_eq!(fault(&other), (Some(2), None, FaultKind::Line));
    // A later version is none that this build could judge.
    let later = checked(&text.replacen(":1,", ":2,", 1));
    assert_eq!(
        (later.verdict(), later.faults()[0].kind()),
        (Verdict::Unreadable, FaultKind::Unsupported)
    );
}

/// An endless file of one kind of byte.
struct Endless<'a>(&'a [u8], &'a [u8], u64);

impl io::Read for Endless<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let from = if self.0.is_empty() { self.1 } else { self.0 };
        let count = from.len().min(buf.len());
        buf[..count].copy_from_slice(&from[..count]);
        if self.0.is_empty() {
            self.2 += count as u64;
            assert!(self.2 < 1 << 26, "it reads on and on");
        } else {
            self.0 = &self.0[count..];
        }
        Ok(count)
    }
}

#[test]
fn a_file_without_end_is_given_up_in_bounded_memory() {
    let text = small();
    let opening = &text[..=text.find('\n').unwrap()];
    for (begin, more) in [
        ("", &b"x"[..]),
        ("", b"\n"),
        ("", &[0]),
        (opening, b"y"),
        (opening, b"{\"file\":1}\n"),
        (&text, b" "),
        (&text[..text.find("{\"seq\"").unwrap()], b"{\"seq\":2,"),
    ] {
        let findings = Evidence::verify(Endless(begin.as_bytes(), &more.repeat(4096), 0), &[key(0)]).unwrap();
        assert_eq!(findings.exit_code(), 1, "{findings}");
    }
}

#[test]
fn headers_beyond_all_measure_are_refused() {
    let mut trail = Trail::new();
    trail.header.who.service = Some("s".repeat(1 << 20));
    for _ in 0..17 {
        trail.records(1);
        trail.rotate();
    }
    trail.records(1);
    trail.checkpoint();
    let error = made(&trail, 1, |evidence| evidence.records(..)).unwrap_err();
    assert!(
        error.kind() == ErrorKind::Config && error.to_string().contains("make several"),
        "{error}"
    );
    assert!(made(&trail, 1, |evidence| evidence.record(3)).is_ok());
}

#[test]
fn the_words_name_the_trust_mode_and_what_is_not_proven() {
    let findings = checked(&small());
    let said = findings.to_string();
    for part in [
        "verified: 4 records of the 8 that trail EBAQEBAQEBAQEBAQEBAQEA had signed\n",
        "trust mode: signed\n",
        "records: 2 to 4, 8, none left out within a row\n",
        "file 2, run 1, opened 2026-11-20T10:00:00.000000Z: 3 to 4\n",
        "- Which records were chosen, and why, is not shown: of the 8, 4 left out may say otherwise",
        "- 1 record is there by hash alone",
        "clock",
        "erased or removed since",
        "A thief of the keys",
        "The key line is believed",
    ] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    assert!(!said.contains("stood there before this key"), "{said}");
    let json: serde_json::Value = serde_json::from_str(&findings.to_json()).unwrap();
    assert_eq!(
        (&json["verdict"], &json["trust"], &json["count"]),
        (&"verified".into(), &"signed".into(), &4.into())
    );
    assert_eq!(json["records"], serde_json::json!([[2, 4], [8, 8]]));
    assert_eq!(json["files"][1]["records"], serde_json::json!([[3, 4]]));
    assert!(json["faults"].as_array().unwrap().is_empty() && json["limits"].as_array().unwrap().len() > 5);
    // What a header says makes no lines of its own.
    let mut trail = Trail::new();
    trail.header.who.host = Some("a\nverified: b\u{202e}".to_owned());
    trail.rotate();
    trail.records(1);
    trail.checkpoint();
    let said = checked(&made(&trail, 1, |evidence| evidence.record(1)).unwrap()).to_string();
    assert!(said.contains("host a\\u{a}verified: b\\u{202e}"), "{said}");
}

/// Bundles that another implementation made by the definitions come out here byte for byte; and what it broke is refused.
#[test]
fn the_bundles_of_the_vectors_are_judged_as_they_should_be() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/vectors");
    let verdicts = std::fs::read_to_string(vectors.join("bundles.json")).unwrap();
    let verdicts: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&verdicts).unwrap();
    let key_of = |verdict: &serde_json::Value| -> Option<KeyLine> { Some(verdict["key"].as_str()?.parse().unwrap()) };
    let key: KeyLine = verdicts["key"].as_str().unwrap().parse().unwrap();
    let mut made = 0;
    for (name, verdict) in verdicts.iter().filter(|(name, _)| *name != "key") {
        let text = std::fs::read_to_string(vectors.join(format!("bundles/{name}.jsonl"))).unwrap();
        let given = key_of(verdict).unwrap_or_else(|| key.clone());
        let findings = Evidence::verify(text.as_bytes(), &[given]).unwrap();
        assert_eq!(
            u64::from(findings.exit_code()),
            verdict["exit"].as_u64().unwrap(),
            "{name}: {findings}"
        );
        if let Some(code) = verdict["exit_without_key"].as_u64() {
            let findings = Evidence::verify(text.as_bytes(), &[]).unwrap();
            assert_eq!(u64::from(findings.exit_code()), code, "{name}: {findings}");
        }
        let Some(of) = verdict["of"].as_str() else { continue };
        let rows: Vec<(u64, u64)> = serde_json::from_value(verdict["records"].clone()).unwrap();
        assert_eq!(findings.rows, rows, "{name}");
        let mut evidence = Evidence::of(vectors.join(of));
        for (from, to) in rows {
            evidence = evidence.records(from..=to);
        }
        if verdict["pk"] == true {
            evidence = evidence.key(key.clone());
        }
        let mut again = Vec::new();
        evidence.write(&mut again).unwrap();
        assert_eq!(String::from_utf8(again).unwrap(), text, "{name}");
        made += 1;
    }
    assert_eq!(made, 5);
}

#[test]
fn no_bundle_is_made_of_a_trail_that_is_not_signed() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/vectors");
    for (name, why) in [
        ("one-file", "of mode chained"),
        ("sealed-clean", "of mode sealed"),
        ("empty-file", "no trail"),
    ] {
        let error = Evidence::of(vectors.join(name))
            .record(1)
            .write(io::sink())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unproven);
        assert!(error.to_string().contains(why), "{error}");
    }
}
