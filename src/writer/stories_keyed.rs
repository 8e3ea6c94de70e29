//! Modes `sealed` and `signed`: what the real writer leaves, held against a judge that has the key line.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::sample::*;
use crate::builder::Builder;
use crate::config::Rotation;
use crate::error::ErrorKind;
use crate::io::mem::{All, Dice, MemDisk};
use crate::key::KeySource;
use crate::key_line::KeyLine;
use crate::store::header::Header;
use crate::store::sample::judge_by;
use crate::store::{Cause, State, sample, state};
use crate::sync::Mutex;
use crate::trust::Trust;
use crate::verify::{Report, Verdict, Verify};

pub(super) type Lines = Arc<Mutex<Vec<KeyLine>>>;

/// A builder whose key lines are kept.
pub(super) fn keyed(builder: Builder, trust: Trust, lines: &Lines) -> Builder {
    let lines = Arc::clone(lines);
    builder
        .trust(trust)
        .key_line(move |line| lines.lock().push(line.clone()))
}

pub(super) fn sealed(disk: &MemDisk, clock: &Arc<Hand>, lines: &Lines) -> Builder {
    keyed(builder(disk.shared(), clock), Trust::Sealed, lines)
}

pub(super) fn headers(disk: &MemDisk) -> Vec<Header> {
    let mut headers: Vec<Header> = disk
        .tree()
        .into_iter()
        .filter(|(path, _)| path.starts_with(LOGS) && path.to_string_lossy().ends_with(".jsonl"))
        .filter_map(|(_, data)| Header::parse(data.split(|byte| *byte == b'\n').next().unwrap()).ok())
        .map(|(header, _)| header)
        .collect();
    headers.sort_by_key(|header| header.file);
    headers
}

fn state_of(disk: &MemDisk) -> State {
    match State::load(disk, &sample::home()).unwrap() {
        state::Found::State(state) => state,
        other => panic!("{other:?}"),
    }
}

fn seals(disk: &MemDisk) -> usize {
    let text = |data: Vec<u8>| String::from_utf8(data).unwrap();
    let files = disk.tree().into_iter().filter(|(path, _)| path.starts_with(LOGS));
    files
        .map(|(_, data)| text(data).matches("\",\"seal\":\"").count())
        .sum()
}

#[track_caller]
pub(super) fn assert_proven(disk: &MemDisk, lines: &[KeyLine]) {
    // A public key proves no seal.
    let signed = headers(disk).iter().any(|header| header.trust == Trust::Signed);
    let verdict = judge_by(disk, if signed { &[] } else { lines });
    assert!(verdict.tampered.is_empty() && verdict.clean, "{:?}", verdict.tampered);
    let report = report(disk, lines);
    assert_eq!(report.verdict(), Verdict::Verified, "{report}");
}

fn report(disk: &MemDisk, lines: &[KeyLine]) -> Report {
    let verify = Verify::new(LOGS).threads(1);
    let verify = lines.iter().fold(verify, |verify, line| verify.key(line.clone()));
    verify.run_on(&disk.shared()).unwrap()
}

#[test]
fn every_commit_of_a_sealed_trail_ends_in_a_seal_that_the_key_line_proves() {
    let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    for run in 1..=3 {
        let trail = sealed(&disk, &clock, &lines).build().unwrap();
        assert_eq!(trail.status().trust, Trust::Sealed);
        for _ in 0..5 {
            emit(&trail).written().unwrap();
        }
        emit(&trail).synced().unwrap();
        assert_eq!(
            trail.status().key_id.as_deref(),
            Some(state_of(&disk).keys.unwrap().kid.as_str())
        );
        trail.close().unwrap();
        assert!(seals(&disk) >= 8 * run, "a commit at least for each that waited");
    }
    let lines = lines.lock();
    assert_eq!((lines.len(), lines[0].first_run), (1, 1), "the key line is given once");
    assert_proven(&disk, &lines);
    // The controls: another key, and one changed letter of a seal.
    let other = KeyLine {
        key: crate::secret::SecretBytes::new([9; 32]),
        ..lines[0].clone()
    };
    assert!(!judge_by(&disk, &[other]).tampered.is_empty());
    let path = Path::new(LOGS).join("audit-2026-11-21.part0002.jsonl");
    let mut data = disk.get(&path).unwrap();
    let at = memchr::memmem::find(&data, b"\"seal\":\"").unwrap() + 20;
    data[at] = if data[at] == b'A' { b'B' } else { b'A' };
    disk.put(&path, &data);
    assert!(!judge_by(&disk, &lines).tampered.is_empty());
}

#[test]
fn a_run_leaves_the_next_seed_in_the_state_and_its_own_nowhere() {
    let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    sealed(&disk, &clock, &lines).build().unwrap().close().unwrap();
    let mut seed = crate::chain::seal::Seed(lines.lock()[0].key.clone());
    for _ in 0..3 {
        let before = seed.clone();
        seed = seed.next();
        let text = String::from_utf8(disk.get("/logs.keys/state").unwrap()).unwrap();
        assert!(text.contains(&crate::base64url::text(seed.0.expose())));
        assert!(!text.contains(&crate::base64url::text(before.0.expose())));
        assert!(!text.contains("untold"));
        builder(disk.shared(), &clock).build().unwrap().close().unwrap();
    }
}

#[test]
fn seals_go_on_over_rotations_kills_and_crashes() {
    let (mut disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    for seed in 0..12 {
        let trail = sealed(&disk, &clock, &lines)
            .rotation(Rotation::daily().max_bytes(80 << 10))
            .build()
            .unwrap();
        for _ in 0..40 {
            emit(&trail);
            if seed % 2 == 0 {
                let _ = trail.flush();
            }
        }
        emit(&trail).synced().unwrap();
        clock.pass(Duration::from_secs(86_400));
        emit(&trail).written().unwrap();
        let next = match seed % 3 {
            0 => {
                trail.close().unwrap();
                disk.kill()
            }
            1 => disk.kill(),
            _ => disk.crash(&mut Dice(seed)),
        };
        disk = next;
    }
    let trail = sealed(&disk, &clock, &lines).build().unwrap();
    emit(&trail);
    trail.close().unwrap();
    let causes: Vec<Cause> = headers(&disk).iter().map(|header| header.cause).collect();
    for cause in [Cause::Start, Cause::Rotate, Cause::Recover] {
        assert!(causes.contains(&cause), "{causes:?}");
    }
    let lines = lines.lock();
    assert_eq!(lines.len(), 1);
    assert_proven(&disk, &lines);
}

#[test]
fn a_resync_seals_again_from_the_key_of_the_last_synced_commit() {
    let (disk, clock, lines) = (Moody::new(), Hand::at_noon(), Lines::default());
    let trail = keyed(builder(disk.shared(), &clock), Trust::Sealed, &lines)
        .build()
        .unwrap();
    emit(&trail).synced().unwrap();
    for _ in 0..4 {
        emit(&trail).written().unwrap();
    }
    disk.syncs(Mood::Fails(std::io::ErrorKind::Other));
    let receipt = emit(&trail);
    receipt.written().unwrap();
    let _ = trail.status();
    let failed = disk.moods.syncs.load(Ordering::Relaxed);
    clock.pass(Duration::from_secs(2));
    wait_until(|| disk.moods.syncs.load(Ordering::Relaxed) > failed + 1);
    disk.syncs(Mood::Works);
    receipt.synced().unwrap();
    emit(&trail).synced().unwrap();
    trail.close().unwrap();
    let headers = headers(&disk.disk);
    let resync = headers.iter().find(|header| header.cause == Cause::Resync).unwrap();
    assert!(resync.commit > 0);
    assert_proven(&disk.disk, &lines.lock());
}

#[test]
fn a_trail_rises_to_sealed_at_a_new_run_and_its_past_stays_chained() {
    let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    for _ in 0..2 {
        let trail = builder(disk.shared(), &clock).build().unwrap();
        emit(&trail);
        assert_eq!((trail.status().trust, trail.status().key_id), (Trust::Chained, None));
        trail.close().unwrap();
    }
    let end = state_of(&disk).durable.unwrap();
    sealed(&disk, &clock, &lines).build().unwrap().close().unwrap();
    // Nothing is said: the trail keeps what it has.
    let trail = builder(disk.shared(), &clock).build().unwrap();
    let setting = trail
        .status()
        .settings
        .into_iter()
        .find(|setting| setting.name == "trust")
        .unwrap();
    assert_eq!(
        (setting.value.as_str(), setting.source),
        ("sealed", crate::status::Source::Default)
    );
    trail.close().unwrap();
    let lines = lines.lock();
    assert_eq!((lines.len(), lines[0].first_run, lines[0].head), (1, 3, end.point.head));
    assert_proven(&disk, &lines);
    let trusts: Vec<Trust> = headers(&disk).iter().map(|header| header.trust).collect();
    assert_eq!(trusts, [Trust::Chained, Trust::Chained, Trust::Sealed, Trust::Sealed]);
}

#[test]
fn trust_is_never_lowered_but_another_trail_may_be_begun_in_its_place() {
    let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    let trail = sealed(&disk, &clock, &lines).build().unwrap();
    let old = trail.id();
    trail.close().unwrap();
    let end = state_of(&disk).durable.unwrap();
    let chained = || builder(disk.shared(), &clock).trust(Trust::Chained);
    let error = chained().build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    for word in ["chained", "sealed", "only rises", "replace"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(state_of(&disk).durable, Some(end), "nothing was done");

    for _ in 0..2 {
        let trail = chained().replace(true).build().unwrap();
        emit(&trail).synced().unwrap();
        assert_ne!(trail.id(), old);
        trail.close().unwrap();
    }
    let headers: Vec<Header> = headers(&disk);
    let new: Vec<&Header> = headers
        .iter()
        .filter(|header| header.trail.to_string() != old)
        .collect();
    assert_eq!(
        new.iter().map(|header| (header.file, header.run)).collect::<Vec<_>>(),
        [(1, 1), (2, 2)]
    );
    let replaces = new[0].replaces.unwrap();
    assert_eq!(
        (replaces.trail.to_string(), replaces.file, replaces.end),
        (old, end.file, end.point)
    );
    assert_eq!(new[1].replaces, None);
    assert!(records(&disk).len() > 5, "a reader follows the new trail");
    assert!(
        !records(&disk)
            .iter()
            .any(|record| record.event() == "AUDIT_TAMPER_SUSPECTED")
    );
    assert!(!records(&disk).iter().any(|record| record.event() == "AUDIT_RECOVER"));
}

#[test]
fn a_replacement_that_crashes_at_any_call_is_gone_on_with() {
    let (whole, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    sealed(&whole, &clock, &lines).build().unwrap().close().unwrap();
    let old = state_of(&whole).trail;
    let apart = format!("/logs/replaced-{old}");
    let judge = |disk: &MemDisk, dir: &str, key: Option<KeyLine>| {
        let verify = key
            .into_iter()
            .fold(Verify::new(dir).threads(1), |verify, key| verify.key(key));
        verify.run_on(&disk.shared()).unwrap()
    };
    for death in 0..40 {
        for seed in 0..6 {
            let disk = whole.kill();
            disk.die_after(death);
            let mut opening = sample::opening(sample::noon());
            opening.wish.trust = Some(Trust::Chained);
            opening.wish.replace = true;
            let opened = crate::store::open(disk.shared(), sample::home(), &opening);
            drop(opened);
            let disk = disk.crash(&mut Dice(seed));
            let trail = builder(disk.shared(), &clock)
                .trust(Trust::Chained)
                .replace(true)
                .build()
                .unwrap();
            emit(&trail).synced().unwrap();
            trail.close().unwrap();
            assert!(
                !records(&disk)
                    .iter()
                    .any(|record| record.event() == "AUDIT_TAMPER_SUSPECTED")
            );
            let headers = headers(&disk);
            let new = headers.iter().find(|header| header.trail != old).unwrap();
            assert_eq!(new.replaces.unwrap().trail, old);
            let report = judge(&disk, "/logs", None);
            assert!(report.verdict().is_good(), "call {death}, seed {seed}: {report}");
            let key = lines.lock()[0].clone();
            let report = judge(&disk, &apart, Some(key));
            assert_eq!(
                report.verdict(),
                Verdict::Verified,
                "call {death}, seed {seed}: {report}"
            );
        }
    }
}

#[test]
fn a_sealed_trail_without_its_state_refuses_to_start() {
    let (whole, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    sealed(&whole, &clock, &lines).build().unwrap().close().unwrap();
    let old = state_of(&whole).trail;
    for damaged in [false, true] {
        let disk = whole.kill();
        match damaged {
            true => disk.put("/logs.keys/state", b"{}\n"),
            false => disk.remove("/logs.keys/state"),
        }
        let before = disk.tree();
        let error = builder(disk.shared(), &clock).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Key);
        assert!(
            error.to_string().contains("state file") && error.to_string().contains("replace"),
            "{error}"
        );
        let trail_files = |tree: std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>| -> Vec<_> {
            tree.into_iter()
                .filter(|(path, _)| path.to_string_lossy().ends_with(".jsonl"))
                .collect()
        };
        assert_eq!(trail_files(disk.tree()), trail_files(before));
        // The operator's decision: the mode stays, the trail is another one, and it has a key line of its own.
        let again = Lines::default();
        let trail = keyed(builder(disk.shared(), &clock), Trust::Sealed, &again)
            .replace(true)
            .build()
            .unwrap();
        emit(&trail).synced().unwrap();
        trail.close().unwrap();
        let new = state_of(&disk);
        assert_eq!(new.replaces.unwrap().trail, old);
        assert_eq!(again.lock().len(), 1);
        let only = disk.kill();
        for (path, data) in disk.tree() {
            let ours = data.windows(22).any(|part| part == new.trail.to_string().as_bytes());
            if path.to_string_lossy().ends_with(".jsonl") && !ours {
                only.remove(path);
            }
        }
        assert_proven(&only, &again.lock());
    }
}

#[test]
fn lines_without_a_seal_are_set_aside_at_a_start() {
    let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    let trail = sealed(&disk, &clock, &lines).build().unwrap();
    emit(&trail).synced().unwrap();
    let (seq, head) = (trail.status().chain_seq, trail.status().chain_head);
    let path = trail.status().file;
    let disk = disk.kill();
    drop(trail);
    // Rightly chained, as anyone can who has the files.
    let rest = "\"time\":\"2026-11-21T12:00:00.000000Z\",\"event\":\"DATA_READ\",\"resource\":\"forged\"";
    let mut data = disk.get(&path).unwrap();
    data.extend_from_slice(format!("{{\"seq\":{},{rest}", seq + 1).as_bytes());
    let head = crate::chain::Head::parse(&head).unwrap();
    head.record(seq + 1, &crate::chain::leaf(rest.as_bytes()))
        .push_frame(&mut data);
    data.push(b'\n');
    disk.put(&path, &data);
    let trail = sealed(&disk, &clock, &lines).build().unwrap();
    trail.close().unwrap();
    assert!(!disk.get(&path).unwrap().ends_with(b"forged"));
    let torn = disk.get(crate::io::with_suffix(&path, ".torn")).unwrap();
    assert!(torn.windows(6).any(|part| part == b"forged"));
    assert!(records(&disk).iter().any(|record| record.event() == "AUDIT_RECOVER"));
    assert_proven(&disk, &lines.lock());
}

#[test]
fn a_key_line_that_nobody_was_given_is_given_by_the_next_start() {
    let (whole, clock) = (MemDisk::new(), Hand::at_noon());
    let mut both = 0;
    for death in 0..40 {
        let (disk, lines) = (whole.kill(), Lines::default());
        disk.die_after(death);
        // Without threads, which would wait for a disk that is gone.
        let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sealed(&disk, &clock, &lines).build()));
        drop(built);
        let disk = disk.crash(&mut All);
        let trail = sealed(&disk, &clock, &lines).build().unwrap();
        emit(&trail).synced().unwrap();
        trail.close().unwrap();
        let lines = lines.lock();
        assert!(!lines.is_empty(), "somebody has a key line");
        assert_proven(&disk, &lines);
        both += usize::from(lines.len() > 1);
        assert_eq!(state_of(&disk).keys.unwrap().untold, None);
    }
    assert!(both > 0, "a crash between giving it and noting that is among them");
}

#[test]
fn secrets_in_the_state_may_be_wrapped_and_a_wrong_key_is_an_error() {
    let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    let flip = |mask: u8| move |bytes: &[u8]| Ok(bytes.iter().map(|byte| byte ^ mask).collect());
    let with = |mask: u8| KeySource::wrapped(flip(mask), flip(mask));
    // A trail that was begun without goes on with it.
    sealed(&disk, &clock, &lines).build().unwrap().close().unwrap();
    for _ in 0..2 {
        let trail = sealed(&disk, &clock, &lines).key_source(with(0x55)).build().unwrap();
        let text = String::from_utf8(disk.get("/logs.keys/state").unwrap()).unwrap();
        assert!(text.contains("\"wrapped\":\"") && !text.contains("\"seed\""));
        trail.close().unwrap();
    }
    let error = builder(disk.shared(), &clock).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Key);
    let broken = KeySource::wrapped(|_| Err("no".into()), |_| Err("the service is down".into()));
    let error = builder(disk.shared(), &clock).key_source(broken).build().unwrap_err();
    assert!(
        error.kind() == ErrorKind::Key && error.to_string().contains("the service is down"),
        "{error}"
    );
    assert_proven(&disk, &lines.lock());
}

fn rotate_and_go_on(trust: Trust) -> (MemDisk, Vec<KeyLine>, KeyLine) {
    let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    for _ in 0..2 {
        let trail = keyed(builder(disk.shared(), &clock), trust, &lines).build().unwrap();
        emit(&trail).synced().unwrap();
        trail.close().unwrap();
    }
    let before = state_of(&disk).keys.unwrap().kid;
    let mut new = None;
    keyed(builder(disk.shared(), &clock), trust, &lines)
        .rotate_key(|line| {
            new = Some(line.clone());
            Ok(())
        })
        .unwrap();
    let new = new.unwrap();
    let end = state_of(&disk).durable.unwrap();
    assert_eq!((new.first_run, new.head), (4, end.point.head));
    let keys = state_of(&disk).keys.unwrap();
    assert!(keys.kid != before && keys.untold.is_none(), "{keys:?}");
    let said = records(&disk);
    let said = said.iter().rfind(|record| record.event() == "AUDIT_KEY").unwrap();
    let metadata = said.metadata().unwrap();
    assert_eq!(metadata["what"], "rotated");
    assert_eq!(
        (metadata["kid"].as_str(), metadata["prev_kid"].as_str()),
        (Some(&*keys.kid), Some(&*before))
    );
    assert_eq!(metadata["first_run"], 4);
    for _ in 0..2 {
        let trail = keyed(builder(disk.shared(), &clock), trust, &lines).build().unwrap();
        emit(&trail).synced().unwrap();
        trail.close().unwrap();
    }
    let lines = lines.lock().clone();
    assert_eq!(lines.len(), 1, "the new line is the caller's of rotate_key");
    (disk, lines, new)
}

#[test]
fn after_a_rotation_of_the_key_both_lines_prove_their_runs() {
    let (disk, old, new) = rotate_and_go_on(Trust::Sealed);
    let both = [old[0].clone(), new.clone()];
    let proven = report(&disk, &both);
    assert_eq!(proven.verdict(), Verdict::Verified, "{proven}");
    let proven = report(&disk, std::slice::from_ref(&new));
    assert_eq!(proven.verdict(), Verdict::Verified, "{proven}");
    // The old line alone says nothing of what came later, and calls nobody a liar.
    let proven = report(&disk, &old);
    assert_eq!(proven.verdict(), Verdict::UnknownKey, "{proven}");
    let wrong = KeyLine {
        key: old[0].key.clone(),
        ..new
    };
    assert_eq!(report(&disk, &[wrong]).verdict(), Verdict::Tampered);
}

#[cfg(feature = "sign")]
#[test]
fn after_a_rotation_of_a_signed_trails_key_files_are_certified_by_the_new_root() {
    let (disk, old, new) = rotate_and_go_on(Trust::Signed);
    for lines in [vec![old[0].clone(), new.clone()], vec![new], old] {
        let proven = report(&disk, &lines);
        assert_eq!(proven.verdict(), Verdict::Verified, "{proven}");
    }
}

#[test]
fn a_new_key_line_that_nobody_took_is_given_by_the_next_start() {
    let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    sealed(&disk, &clock, &lines).build().unwrap().close().unwrap();
    let rotating = sealed(&disk, &clock, &lines);
    let failed = rotating
        .rotate_key(|_| Err(std::io::ErrorKind::StorageFull.into()))
        .unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Key);
    let disk = disk.crash(&mut crate::io::mem::Nothing);
    let trail = sealed(&disk, &clock, &lines).build().unwrap();
    emit(&trail).synced().unwrap();
    trail.close().unwrap();
    let lines = lines.lock().clone();
    assert_eq!(lines.len(), 2);
    assert_eq!(report(&disk, &lines).verdict(), Verdict::Verified);
}

#[test]
fn a_rotation_of_the_key_that_crashes_anywhere_leaves_the_old_key_or_gives_the_new_one() {
    let (whole, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    sealed(&whole, &clock, &lines).build().unwrap().close().unwrap();
    let (mut olds, mut news) = (0, 0);
    for death in 4..70 {
        for seed in 0..1 {
            let disk = whole.kill();
            let given = Lines::default();
            disk.die_after(death);
            let mut taken = None;
            let rotated = sealed(&disk, &clock, &given).rotate_key(|line| {
                taken = Some(line.clone());
                Ok(())
            });
            assert!(rotated.is_ok() || taken.is_none());
            let disk = disk.crash(&mut Dice(seed));
            let trail = sealed(&disk, &clock, &given).build().unwrap();
            emit(&trail).synced().unwrap();
            trail.close().unwrap();
            let mut known = lines.lock().clone();
            known.extend(taken);
            known.extend(given.lock().drain(..));
            match known.len() {
                1 => olds += 1,
                _ => news += 1,
            }
            let newest = known.iter().max_by_key(|line| line.first_run).unwrap();
            let judged = judge_by(&disk, std::slice::from_ref(newest));
            assert!(judged.tampered.is_empty(), "death {death}: {known:?} {judged:?}");
            assert!(headers(&disk).last().unwrap().run >= newest.first_run);
            assert_ne!(report(&disk, &known).verdict(), Verdict::Tampered);
        }
    }
    assert!(olds > 0 && news > 0, "{olds} {news}");
}

#[test]
fn a_chained_trail_has_no_key_to_change() {
    let (disk, clock) = (MemDisk::new(), Hand::at_noon());
    let error = builder(disk.shared(), &clock).rotate_key(|_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("chained"), "{error}");
}
