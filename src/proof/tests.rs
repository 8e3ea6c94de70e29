//! Proofs of trails that are made here line by line, and of the format's vectors.

use std::path::{Path, PathBuf};

use super::make;
use super::*;
use crate::chain::{Head, leaf};
use crate::clock::Micros;
use crate::io::mem::MemDisk;
use crate::io::{Disk, write_all};
use crate::merkle::Range;
use crate::secret::SecretBytes;
use crate::sign::SecretKey;
use crate::store::{Cause, Header, Identity, Point, RunId, TrailId, Trust};

const DIR: &str = "/logs";
const TRAIL: TrailId = TrailId([0x10; 16]);

fn secret(number: u64) -> SecretKey {
    let mut bytes = [0x77; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    SecretKey::from_bytes(&bytes)
}

/// A signed trail with numbered keys: the root is 0, files have 1000 and up, checkpoints 2000 and up.
struct Trail {
    files: Vec<(u64, Vec<u8>)>,
    header: Header,
    under: u64,
    row: u64,
    keys: String,
    tree: Range,
    point: Point,
    /// Every leaf and rest, by number.
    all: Vec<(Hash, String)>,
    notes: Vec<String>,
}

impl Trail {
    fn new() -> Trail {
        let header = Header {
            trail: TRAIL,
            run: 1,
            run_id: RunId([0x20; 16]),
            file: 0,
            cause: Cause::Start,
            prev_file: None,
            prev: Point::GENESIS,
            clean: true,
            trust: Trust::Signed,
            commit: 0,
            opened: Micros::parse(b"2026-11-20T10:00:00.000000Z").unwrap(),
            who: Identity::default(),
            kept_from: None,
            held: Vec::new(),
            hold: false,
            salted: false,
            tree: None,
            pk: None,
            replaces: None,
            measured: None,
        };
        let mut trail = Trail {
            files: Vec::new(),
            header,
            under: 0,
            row: 2000,
            keys: String::new(),
            tree: Range::default(),
            point: Point::GENESIS,
            all: Vec::new(),
            notes: Vec::new(),
        };
        trail.rotate();
        trail
    }

    fn rotate(&mut self) {
        let file = self.header.file + 1;
        self.row += 100;
        let header = Header {
            file,
            cause: if file == 1 { Cause::Start } else { Cause::Rotate },
            prev_file: (file > 1).then_some(file - 1),
            prev: self.point,
            tree: Some(self.tree.peaks().to_vec()),
            pk: Some(secret(self.row).public()),
            ..self.header.clone()
        };
        let (mut line, head) = header.render();
        line.push(b'\n');
        self.point.head = head;
        self.files.push((file, line));
        let key = secret(1000 + file);
        let line = Certificate::sign(&secret(self.under), &TRAIL.0, file, head, key.public());
        self.keys += &format!("{}\n", line.text());
        self.under = 1000 + file;
        self.header = header;
    }

    /// From the next file on, another root certifies.
    fn new_root(&mut self, number: u64) {
        self.under = number;
    }

    fn record(&mut self, rest: &str) {
        let leaf = leaf(rest.as_bytes());
        let seq = self.point.seq + 1;
        let head = self.point.head.record(seq, &leaf);
        self.line(seq, rest, head);
        self.tree.push(leaf);
        self.point = Point { seq, head };
        self.all.push((leaf, rest.to_owned()));
    }

    fn line(&mut self, seq: u64, rest: &str, head: Head) {
        let bytes = &mut self.files.last_mut().unwrap().1;
        bytes.extend_from_slice(format!("{{\"seq\":{seq},{rest}").as_bytes());
        head.push_frame(bytes);
        bytes.push(b'\n');
    }

    fn records(&mut self, count: u64) {
        for _ in 0..count {
            let seq = self.point.seq + 1;
            self.record(&format!(
                "\"time\":\"2026-11-20T10:00:01.000000Z\",\"event\":\"DATA_READ\",\"category\":\"data\",\
                 \"severity\":\"low\",\"outcome\":\"success\",\"message\":\"\\\"{seq}\\\" \u{e9}\\u202e\""
            ));
        }
    }

    /// Signs what there is, as the record behind it.
    fn checkpoint(&mut self) {
        let checkpoint = Checkpoint {
            trail: TRAIL.0,
            seq: self.point.seq,
            root: self.tree.root(),
            file: self.header.file,
            head: self.point.head,
            next: secret(self.row + 1).public(),
        };
        let sig = checkpoint.sign(&secret(self.row));
        self.notes.push(checkpoint.note(&secret(self.row).public(), &sig));
        self.row += 1;
        self.record(&format!(
            "\"time\":\"2026-11-20T10:00:02.000000Z\",\"event\":\"AUDIT_CHECKPOINT\",\"category\":\"audit\",\
             \"severity\":\"low\",\"outcome\":\"success\",\"metadata\":{{\"file\":{},\"seq\":{},\"head\":\"{}\",\
             \"root\":\"{}\",\"next\":\"{}\",\"sig\":\"{}\"}}",
            checkpoint.file,
            checkpoint.seq,
            checkpoint.head.text(),
            base64url::text(&checkpoint.root),
            base64url::text(&checkpoint.next),
            base64url::text(&sig)
        ));
    }

    /// Replaces what stands in a record by its tombstone.
    fn erase(&mut self, seq: u64) {
        let (leaf, rest) = &self.all[seq as usize - 1];
        let tombstone = format!("\"erased\":\"{}\",\"by\":99", base64url::text(leaf));
        for (_, bytes) in &mut self.files {
            let text = String::from_utf8(bytes.clone()).unwrap();
            *bytes = text
                .replace(
                    &format!("{{\"seq\":{seq},{rest}"),
                    &format!("{{\"seq\":{seq},{tombstone}"),
                )
                .into();
        }
    }

    /// The disk with it, without files below a number.
    fn on_disk(&self, oldest: u64) -> MemDisk {
        let disk = MemDisk::new();
        disk.create_dir(Path::new(DIR)).unwrap();
        for (file, bytes) in self.files.iter().filter(|(file, _)| *file >= oldest) {
            let part = if *file == 1 {
                String::new()
            } else {
                format!(".part{file:04}")
            };
            disk.put(format!("{DIR}/audit-2026-11-20{part}.jsonl"), bytes);
        }
        disk.put(format!("{DIR}/audit.keys"), self.keys.as_bytes());
        disk
    }

    fn include(&self, oldest: u64, seq: u64) -> Result<Proof, Error> {
        make::inclusion(self.on_disk(oldest).shared(), Path::new(DIR), seq)
    }

    fn grow(&self, oldest: u64, size: u64) -> Result<Proof, Error> {
        make::consistency(self.on_disk(oldest).shared(), Path::new(DIR), size)
    }

    fn root(&self, size: u64) -> Hash {
        let mut range = Range::default();
        self.all[..size as usize].iter().for_each(|(leaf, _)| range.push(*leaf));
        range.root()
    }
}

fn key(root: u64) -> KeyLine {
    KeyLine {
        trail: TRAIL.0,
        first_run: 1,
        head: Head::ZERO,
        key: SecretBytes::new(secret(root).public()),
    }
}

/// Three files, checkpoints within them and before their ends, and records behind the last one.
fn sample() -> Trail {
    let mut trail = Trail::new();
    for count in [5, 7, 4] {
        trail.records(count);
        trail.checkpoint();
        trail.records(3);
        trail.checkpoint();
        trail.records(1);
        trail.checkpoint();
        if count != 4 {
            trail.records(2);
            trail.rotate();
        }
    }
    trail
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
                refused => assert!(unproven(refused).contains("were removed") && seq <= before),
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
                refused => assert!(unproven(refused).contains("were removed") && seq < before),
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
            error.to_string().contains("not certified by the key of the key line"),
            "{error}"
        );
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
