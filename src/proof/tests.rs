//! Proofs of trails that are made here line by line, and of the format's vectors.

use std::path::{Path, PathBuf};

use super::make;
use super::sample::{DIR, Trail, key, sample};
use super::*;
use crate::io::mem::MemDisk;
use crate::io::{Disk as _, write_all};
use crate::store::{Header, Point};

impl Trail {
    fn include(&self, oldest: u64, seq: u64) -> Result<Proof, Error> {
        make::inclusion(self.on_disk(oldest).shared(), Path::new(DIR), seq)
    }

    fn grow(&self, oldest: u64, size: u64) -> Result<Proof, Error> {
        make::consistency(self.on_disk(oldest).shared(), Path::new(DIR), size)
    }
}

fn unproven(result: Result<Proof, Error>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unproven, "{error}");
    error.to_string()
}

#[test]
fn every_record_that_is_signed_can_be_proven_with_the_public_key_alone() {
    let trail = sample();
    let signed = trail.point.seq - 1;
    for seq in 1..=signed {
        let proof: Proof = trail.include(1, seq).unwrap().to_string().parse().unwrap();
        let proven = proof.verify(&key(0)).unwrap();
        assert_eq!(proven.root, trail.root(proven.size));
        let (leaf, rest) = trail.all[seq as usize - 1].clone();
        let json = Some(format!("{{\"seq\":{seq},{rest}}}"));
        assert_eq!(proven.fact, Fact::Record { seq, leaf, json });
        assert!(trail.notes.iter().any(|note| note == proof.checkpoint()));
        proven.agrees_with(proof.checkpoint()).unwrap();
        let closed: Proof = proof.without_content().to_string().parse().unwrap();
        assert!(!closed.to_string().contains("DATA_READ"));
        let fact = Fact::Record { seq, leaf, json: None };
        assert_eq!(closed.verify(&key(0)).unwrap().fact, fact);
    }
    assert!(unproven(trail.include(1, signed + 1)).contains("no signed checkpoint covers"));
    assert!(unproven(trail.include(1, signed + 99)).contains("no signed checkpoint covers"));
    assert!(unproven(trail.include(1, 0)).contains("no record 0"));
}

#[test]
fn the_checkpoint_that_takes_the_fewest_steps_is_taken() {
    let trail = sample();
    let steps = |seq| trail.include(1, seq).unwrap().notes.len();
    // Covered by the first of its file; by the second, but by the first of the next file, too; by the last there is.
    assert_eq!((steps(5), steps(6), steps(14)), (1, 1, 1));
    assert_eq!((steps(trail.point.seq - 7), steps(trail.point.seq - 1)), (1, 3));
}

#[test]
fn growth_is_proven_from_every_size_and_shown_beside_a_checkpoint_that_was_kept() {
    let trail = sample();
    for size in 0..trail.point.seq {
        let proof: Proof = trail.grow(1, size).unwrap().to_string().parse().unwrap();
        let proven = proof.verify(&key(0)).unwrap();
        let root = trail.root(size);
        assert_eq!(proven.fact, Fact::Growth { size, root });
        assert_eq!(
            (proven.size, proven.root),
            (trail.point.seq - 1, trail.root(trail.point.seq - 1))
        );
    }
    assert!(unproven(trail.grow(1, trail.point.seq)).contains("no signed checkpoint covers"));
    for note in &trail.notes {
        let size = Checkpoint::parse(note).unwrap().0.seq;
        let proven = trail.grow(1, size).unwrap().verify(&key(0)).unwrap();
        proven.agrees_with(note).unwrap();
        // A history of the same length in which one record was another.
        let mut other = Checkpoint::parse(note).unwrap().0;
        other.root[0] ^= 1;
        let other = other.note(&[0; 32], &[0; 64]);
        assert_eq!(proven.agrees_with(&other).unwrap_err().kind(), ErrorKind::Damaged);
    }
    let proven = trail.grow(1, 3).unwrap().verify(&key(0)).unwrap();
    assert_eq!(
        proven.agrees_with(&trail.notes[1]).unwrap_err().kind(),
        ErrorKind::Unproven
    );
    assert_eq!(proven.agrees_with("x").unwrap_err().kind(), ErrorKind::Unproven);
}

#[test]
fn what_retention_left_can_be_proven_and_the_rest_is_refused_in_plain_words() {
    let trail = sample();
    for oldest in [2, 3] {
        let header = &trail.files[oldest as usize - 1].1;
        let line = header.split(|byte| *byte == b'\n').next().unwrap();
        let before = Header::parse(line).unwrap().0.prev.seq;
        for seq in 1..trail.point.seq {
            match trail.include(oldest, seq) {
                Ok(proof) => {
                    assert!(seq > before);
                    proof.verify(&key(0)).unwrap();
                }
                refused => {
                    let why = format!(
                        "nothing about record {seq} can be proven: the records before {} were",
                        before + 1
                    );
                    assert!(unproven(refused).contains(&why) && seq <= before);
                }
            }
            match trail.grow(oldest, seq) {
                Ok(proof) => {
                    assert!(seq >= before);
                    assert_eq!(
                        proof.verify(&key(0)).unwrap().fact,
                        Fact::Growth {
                            size: seq,
                            root: trail.root(seq)
                        }
                    );
                }
                refused => {
                    let why = format!("nothing about the first {seq} records can be proven: ");
                    assert!(unproven(refused).contains(&why) && seq < before);
                }
            }
        }
    }
}

#[test]
fn an_erased_record_is_proven_by_its_hash_and_hides_no_other() {
    let mut trail = sample();
    let leaf = trail.all[3].0;
    trail.erase(4);
    let proven = trail.include(1, 4).unwrap().verify(&key(0)).unwrap();
    assert_eq!(
        proven.fact,
        Fact::Record {
            seq: 4,
            leaf,
            json: None
        }
    );
    for seq in [1, 3, 5, 20] {
        trail.include(1, seq).unwrap().verify(&key(0)).unwrap();
    }
    assert!(trail.grow(1, 2).unwrap().verify(&key(0)).is_ok());
}

#[test]
fn a_proof_leads_to_the_root_that_certified_its_file() {
    let mut trail = Trail::new();
    trail.records(2);
    trail.checkpoint();
    trail.new_root(1);
    trail.rotate();
    trail.records(2);
    trail.checkpoint();
    trail.rotate();
    trail.records(2);
    trail.checkpoint();
    for (seq, root, keys) in [(1, 0, 1), (5, 1, 1), (8, 1, 2)] {
        let proof = trail.include(1, seq).unwrap();
        assert_eq!(proof.keys.len(), keys);
        assert!(proof.verify(&key(root)).is_ok());
        let error = proof.verify(&key(1 - root)).unwrap_err();
        assert!(
            error.kind() == ErrorKind::Key && error.to_string().contains("give the line that held when"),
            "{error}"
        );
        // What does not fit together is damaged under any line.
        let mut changed = proof.clone();
        changed.path.push([0; 32]);
        assert_eq!(changed.verify(&key(1 - root)).unwrap_err().kind(), ErrorKind::Damaged);
    }
    let other = KeyLine {
        trail: [0x11; 16],
        ..key(0)
    };
    let error = trail.include(1, 1).unwrap().verify(&other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Key);
}

/// A bit changed in any of its letters, and parts of it taken away, added or moved.
#[test]
fn no_changed_proof_holds() {
    let trail = sample();
    let (record, growth) = (
        trail.include(1, trail.point.seq - 3).unwrap(),
        trail.grow(1, 6).unwrap(),
    );
    assert!(record.notes.len() > 1 && record.keys.len() > 1 && record.path.len() > 2);
    for proof in [record.clone(), record.without_content(), growth] {
        let text = proof.to_string();
        let proven = proof.verify(&key(0)).unwrap();
        let mut read = 0;
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << (at % 7);
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            let Ok(changed) = changed.parse::<Proof>() else {
                continue;
            };
            read += 1;
            assert!(changed.verify(&key(0)).is_err(), "at {at}: {changed}");
        }
        // Most changes are seen by the keys alone.
        assert!(read > 1_000, "{read}");
        for change in [
            |proof: &mut Proof| proof.keys.rotate_left(1),
            |proof: &mut Proof| proof.keys = proof.keys.split_off(1),
            |proof: &mut Proof| proof.keys.truncate(proof.keys.len() - 1),
            |proof: &mut Proof| proof.keys.swap(0, 1),
            |proof: &mut Proof| proof.notes = proof.notes.split_off(1),
            |proof: &mut Proof| proof.notes.swap(0, 1),
            |proof: &mut Proof| proof.notes.clear(),
            |proof: &mut Proof| proof.notes.truncate(proof.notes.len() - 1),
            |proof: &mut Proof| proof.path.push([0; 32]),
            |proof: &mut Proof| proof.path.truncate(proof.path.len() - 1),
            |proof: &mut Proof| proof.path.swap(0, 1),
        ] {
            let mut changed = proof.clone();
            change(&mut changed);
            assert!(changed.verify(&key(0)).is_err());
        }
        assert_eq!(text.parse::<Proof>().unwrap().verify(&key(0)).unwrap(), proven);
    }
}

/// The control of the one above: the root key decides.
#[test]
fn another_row_of_keys_makes_a_proof_that_holds_for_its_own_root_alone() {
    let mut forged = Trail::new();
    forged.under = 5;
    forged.keys.clear();
    forged.files.clear();
    forged.header.file = 0;
    forged.point = Point::GENESIS;
    forged.rotate();
    forged.records(3);
    forged.checkpoint();
    let proof = forged.include(1, 2).unwrap();
    assert!(proof.verify(&key(5)).is_ok());
    assert!(proof.verify(&key(0)).is_err());
}

#[test]
fn a_proof_with_a_key_that_is_unknown_twice_there_or_null_is_refused() {
    let text = sample().include(1, 3).unwrap().to_string();
    assert!(
        text.replace(',', ",\n ").parse::<Proof>().is_err(),
        "within strings nothing may change"
    );
    let spaced: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(serde_json::to_string_pretty(&spaced).unwrap().parse::<Proof>().is_ok());
    for (from, to) in [
        ("\"seq\":3", "\"seq\":3,\"seq\":3"),
        ("\"seq\":3", "\"seq\":3,\"leaf\":null"),
        ("\"seq\":3", "\"seq\":3,\"more\":1"),
        ("\"seq\":3", "\"seq\":3.0"),
        ("\"seq\":3", "\"seq\":9007199254740992"),
        ("\"seq\":3,", ""),
        ("\"inclusion\"", "\"consistency\""),
        ("\"inclusion\"", "\"other\""),
        ("{\"file\":1", "{\"file\":0"),
        ("{\"file\":1", "{\"more\":0,\"file\":1"),
        ("\"trail\":\"EBAQ", "\"trail\":\"EBA"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        assert_eq!(changed.parse::<Proof>().unwrap_err().kind(), ErrorKind::Damaged, "{to}");
    }
    let later = text.replacen("_proof\":1", "_proof\":2", 1);
    assert_eq!(later.parse::<Proof>().unwrap_err().kind(), ErrorKind::Unsupported);
}

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/vectors")
}

/// Trails that another implementation wrote, and the proofs that stand beside them.
#[test]
fn the_vectors_of_the_format_can_be_proven() {
    let verdicts = std::fs::read_to_string(vectors().join("verdicts.json")).unwrap();
    let verdicts: serde_json::Value = serde_json::from_str(&verdicts).unwrap();
    let key: KeyLine = verdicts["signed-clean"]["key"].as_str().unwrap().parse().unwrap();
    for (name, first, last) in [("signed-clean", 1, 7), ("signed-resync", 1, 5), ("signed-pruned", 4, 0)] {
        let dir = vectors().join(name);
        let mut proven = 0;
        for seq in 1..20 {
            match Proof::inclusion(&dir, seq) {
                Ok(proof) => {
                    proof.verify(&key).unwrap();
                    Proof::consistency(&dir, seq).unwrap().verify(&key).unwrap();
                    assert!(seq >= first && (last == 0 || seq <= last), "{name} {seq}");
                    proven += 1;
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unproven, "{name} {seq}: {error}"),
            }
        }
        assert!(
            proven > 2 && (last == 0 || proven == last + 1 - first),
            "{name}: {proven}"
        );
    }
    for name in ["signed-bad-note", "signed-missing-line"] {
        let proofs = || (1..20).filter_map(|seq| Proof::inclusion(vectors().join(name), seq).ok());
        assert!(proofs().all(|proof| proof.verify(&key).is_ok()), "{name}");
        assert!(proofs().count() < 7, "{name}");
    }
}

/// What another implementation made of the same trails, by the definitions, comes out here byte for byte; and what it broke
/// is refused.
#[test]
fn the_proofs_of_the_vectors_are_the_ones_that_stand_beside_them() {
    let verdicts = std::fs::read_to_string(vectors().join("proofs.json")).unwrap();
    let verdicts: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&verdicts).unwrap();
    let key: KeyLine = verdicts["key"].as_str().unwrap().parse().unwrap();
    let mut made = 0;
    for (name, verdict) in verdicts.iter().filter(|(name, _)| *name != "key") {
        let text = std::fs::read_to_string(vectors().join(format!("proofs/{name}.json"))).unwrap();
        let proven = text.parse::<Proof>().and_then(|proof| proof.verify(&key));
        assert_eq!(
            proven.is_ok(),
            verdict["holds"].as_bool().unwrap(),
            "{name}: {proven:?}"
        );
        let Some(of) = verdict["of"].as_str().map(|of| vectors().join(of)) else {
            continue;
        };
        let again = match (verdict["seq"].as_u64(), verdict["size"].as_u64()) {
            (Some(seq), _) => Proof::inclusion(of, seq),
            (None, size) => Proof::consistency(of, size.unwrap()),
        };
        assert_eq!(format!("{}\n", again.unwrap()), text, "{name}");
        made += 1;
    }
    assert_eq!(made, 6);
}

#[test]
fn a_trail_that_is_not_signed_proves_nothing() {
    for name in ["one-file", "sealed-clean", "empty-file"] {
        let error = unproven(Proof::inclusion(vectors().join(name), 1));
        assert!(error.contains("signed") || error.contains("no trail"), "{error}");
    }
    let disk = MemDisk::new();
    disk.create_dir(Path::new(DIR)).unwrap();
    unproven(make::inclusion(disk.shared(), Path::new(DIR), 1));
    let file = disk.open_new(Path::new("/logs/x")).unwrap();
    write_all(&*file, b"y").unwrap();
    unproven(make::inclusion(disk.shared(), Path::new(DIR), 1));
}
