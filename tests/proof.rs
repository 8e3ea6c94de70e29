//! Proofs of a trail that was written as any program writes one, checked with what was given out and nothing else.

use std::path::Path;
use std::sync::{Arc, Mutex};

use signed_note::{Note, StandardVerifier, VerifierList};
use tempfile::TempDir;
use tracing_audit::{ErrorKind, Fact, KeyLine, Proof, Rotation, Trail, Trust, events, read};

/// Runs a program on the trail, and gives the key line if one was given.
fn run(dir: &Path, message: &str, records: u32) -> Option<KeyLine> {
    let given = Arc::new(Mutex::new(None));
    let take = given.clone();
    let trail = Trail::builder(dir)
        .trust(Trust::Signed)
        .line_bytes(4 << 10)
        .value_bytes(1 << 10)
        .rotation(Rotation::daily().max_bytes(12 << 10))
        .key_line(move |line| *take.lock().unwrap() = Some(line.clone()))
        .build()
        .unwrap();
    for number in 0..records {
        let draft = trail.draft(events::DATA_READ).message(format!("{message} {number}"));
        draft.emit().synced().unwrap();
    }
    drop(trail);
    given.lock().unwrap().take()
}

fn trail() -> (TempDir, std::path::PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("logs");
    (temp, dir)
}

/// The number of the record with this message.
fn seq_of(dir: &Path, message: &str) -> u64 {
    let record = read(dir)
        .unwrap()
        .map(Result::unwrap)
        .find(|record| record.message() == Some(message));
    record.unwrap().seq()
}

#[test]
fn a_record_is_proven_far_from_its_trail_with_the_public_key_line() {
    let (_temp, dir) = trail();
    let key = run(&dir, "first", 9).unwrap();
    let early = Proof::inclusion(&dir, 2).unwrap();
    assert!(run(&dir, "second", 9).is_none());
    for message in ["first 0", "first 8", "second 3", "second 8"] {
        let seq = seq_of(&dir, message);
        let text = Proof::inclusion(&dir, seq).unwrap().to_string();
        let proven = text.parse::<Proof>().unwrap().verify(&key).unwrap();
        let Fact::Record {
            seq: proven_seq, json, ..
        } = &proven.fact
        else {
            panic!("{proven:?}")
        };
        assert_eq!(
            (*proven_seq, json.as_ref().unwrap().contains(&format!("\"{message}\""))),
            (seq, true)
        );
    }
    // What was shown once can be held against what is shown later.
    let size = early.verify(&key).unwrap().size;
    let grown = Proof::consistency(&dir, size).unwrap().verify(&key).unwrap();
    grown.agrees_with(early.checkpoint()).unwrap();
    let last = read(&dir).unwrap().last(1).unwrap().next().unwrap().unwrap().seq();
    assert!(grown.size >= last - 2, "{} of {last}", grown.size);
}

#[test]
fn another_trail_with_the_same_messages_proves_nothing_about_this_one() {
    let (_first, one) = trail();
    let (_second, two) = trail();
    let (key, other) = (run(&one, "m", 3).unwrap(), run(&two, "m", 3).unwrap());
    let proof = Proof::inclusion(&two, 3).unwrap();
    assert!(proof.verify(&other).is_ok());
    assert_eq!(proof.verify(&key).unwrap_err().kind(), ErrorKind::Key);
}

#[test]
fn behind_a_change_of_keys_the_new_line_proves_and_before_it_the_old_one() {
    let (_temp, dir) = trail();
    let old = run(&dir, "before", 5).unwrap();
    let mut new = None;
    Trail::builder(&dir)
        .rotate_key(|line| {
            new = Some(line.clone());
            Ok(())
        })
        .unwrap();
    let new = new.unwrap();
    run(&dir, "after", 5);
    let proof = |message| Proof::inclusion(&dir, seq_of(&dir, message)).unwrap();
    assert!(proof("before 1").verify(&old).is_ok() && proof("before 1").verify(&new).is_err());
    assert!(proof("after 1").verify(&new).is_ok() && proof("after 1").verify(&old).is_err());
    // Growth over the change is signed by the new keys.
    assert!(Proof::consistency(&dir, 3).unwrap().verify(&new).is_ok());
}

#[test]
fn a_trail_in_place_of_a_longer_one_is_proven_by_its_own_key() {
    let (_temp, dir) = trail();
    let old = run(&dir, "old", 90).unwrap();
    let files = std::fs::read_to_string(dir.join("audit.keys")).unwrap().lines().count();
    assert!(
        files > 2,
        "the new trail has fewer files than the {files} of the old one"
    );
    // The state is lost, and with it what the next run would seal with.
    std::fs::remove_dir_all(dir.with_file_name("logs.keys")).unwrap();
    let given = Arc::new(Mutex::new(None));
    let take = given.clone();
    let trail = Trail::builder(&dir)
        .trust(Trust::Signed)
        .replace(true)
        .key_line(move |line| *take.lock().unwrap() = Some(line.clone()))
        .build()
        .unwrap();
    trail.draft(events::DATA_READ).message("new").emit().synced().unwrap();
    drop(trail);
    let key = given.lock().unwrap().take().unwrap();
    let proof = Proof::inclusion(&dir, seq_of(&dir, "new")).unwrap();
    assert!(proof.verify(&key).is_ok() && proof.verify(&old).is_err());
}

#[cfg(feature = "gzip")]
#[test]
fn proofs_are_made_of_compressed_files_as_of_plain_ones() {
    use std::io::Write as _;
    let (_temp, dir) = trail();
    let key = run(&dir, "m", 60).unwrap();
    let seqs = [1, 4, seq_of(&dir, "m 30"), seq_of(&dir, "m 59")];
    let all = || -> Vec<String> {
        let records = seqs.iter().map(|seq| Proof::inclusion(&dir, *seq).unwrap());
        let grown = seqs.iter().map(|seq| Proof::consistency(&dir, *seq).unwrap());
        records.chain(grown).map(|proof| proof.to_string()).collect()
    };
    let plain = all();
    let mut packed = 0;
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "jsonl") {
            let to = std::fs::File::create(path.with_extension("jsonl.gz")).unwrap();
            let mut encoder = flate2::write::GzEncoder::new(to, flate2::Compression::fast());
            encoder.write_all(&std::fs::read(&path).unwrap()).unwrap();
            encoder.finish().unwrap();
            std::fs::remove_file(path).unwrap();
            packed += 1;
        }
    }
    assert!(packed > 1, "{packed}");
    let proofs = all();
    assert_eq!(proofs, plain);
    assert!(
        proofs
            .iter()
            .all(|text| text.parse::<Proof>().unwrap().verify(&key).is_ok())
    );
}

/// `signed_note` is an implementation of C2SP `signed-note` by others.
#[test]
fn a_checkpoint_is_read_and_verified_by_an_independent_parser_and_a_changed_one_is_not() {
    let (_temp, dir) = trail();
    let key = run(&dir, "m", 9).unwrap();
    let proof = Proof::inclusion(&dir, 3).unwrap();
    let proven = proof.verify(&key).unwrap();
    let known = |key: &str| VerifierList::new(vec![Box::new(StandardVerifier::new(key).unwrap())]);
    let note = proof.checkpoint();
    let read = Note::from_bytes(note.as_bytes()).unwrap();
    let text = str::from_utf8(read.text()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], proven.size.to_string(), "{text}");
    let (signed, unknown) = read.verify(&known(&proven.checkpoint_key)).unwrap();
    assert_eq!((signed.len(), unknown.len()), (1, 0));
    assert_eq!(signed[0].name(), lines[0], "{text}");
    assert!(
        read.verify(&known(&key.witness_key())).is_err(),
        "checkpoints have keys of their own"
    );
    for at in 0..text.len() {
        let mut changed = note.as_bytes().to_vec();
        changed[at] ^= 1;
        let judged = Note::from_bytes(&changed).map(|note| note.verify(&known(&proven.checkpoint_key)).is_ok());
        assert_ne!(judged.ok(), Some(true), "byte {at}");
    }
}
