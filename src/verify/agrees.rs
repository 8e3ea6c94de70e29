//! The verifier against crashes, recovery, and another judge: one written from the text of docs/FORMAT.md for the tests
//! of recovery, sharing no line with this one.

use proptest::prelude::*;

use super::*;
use crate::io::mem::{Dice, MemDisk};
use crate::store::fuzz::{Change, History, Step, change, spoiled, step};
use crate::store::sample::{self, Writer, noon};

fn verify_on(disk: &MemDisk) -> Report {
    Verify::new(sample::DIR).threads(1).run_on(&disk.shared()).unwrap()
}

/// Both judges on one disk.
fn agree(disk: &MemDisk) -> Result<Report, TestCaseError> {
    let other = sample::judge(disk);
    let report = verify_on(disk);
    prop_assert_eq!(
        report.verdict == Verdict::Tampered,
        !other.tampered.is_empty(),
        "{:?}\n{}",
        other.tampered,
        report
    );
    prop_assert!(report.verdict != Verdict::Consistent || other.clean, "{}", report);
    let apart = |fault: &Fault| matches!(fault.kind, FaultKind::Duplicate | FaultKind::Foreign);
    if report.faults.iter().any(apart) {
        // Which of two files with one number is read is not laid down.
        return Ok(report);
    }
    prop_assert_eq!(report.records, other.records.len() as u64, "{}", report);
    prop_assert_eq!(report.last_seq, other.records.last().map(|(seq, _)| *seq), "{}", report);
    Ok(report)
}

/// Judges a history with these changes before and after a start: `luck` is that of a crash, without it the trail ended well.
fn judged_alike(steps: &[Step], luck: Option<u64>, changes: &[(Change, u64)]) -> Result<(), TestCaseError> {
    let disk = spoiled(steps, luck, changes);
    let before = verify_on(&disk);
    if before.verdict == Verdict::Unreadable {
        return Ok(());
    }
    let _ = agree(&disk)?;
    if let Ok(writer) = Writer::start(&disk, noon()) {
        let after = agree(&writer.stop().unwrap())?;
        prop_assert!(
            after.verdict != Verdict::Tampered || before.verdict == Verdict::Tampered,
            "made up: {}",
            after
        );
    }
    Ok(())
}

#[test]
fn a_changed_prune_is_tampering_though_a_header_behind_the_damage_still_speaks_of_it() {
    use Step::{Prune, Record, Restart, Rotate};
    let steps = [
        Rotate, Restart, Restart, Rotate, Prune, Restart, Rotate, Prune, Record, Prune, Record, Record, Record, Rotate,
        Record,
    ];
    let flip = [(Change::Flip, 17_313_501_823_984_366_610)];
    judged_alike(&steps, Some(10_870_089_380_810_739_540), &flip).unwrap();
}

#[test]
fn a_line_too_many_behind_damage_that_a_crash_explains_is_no_tampering() {
    use Step::{Record, Rotate, Sync};
    let steps = [Rotate, Rotate, Record, Record, Record, Rotate, Sync];
    let changes = [
        (Change::NoState, 12_276_630_033_212_014_762),
        (Change::Again, 10_504_293_336_721_097_770),
        (Change::Flip, 1_991_903_696_897_745_808),
    ];
    judged_alike(&steps, Some(279_204_390_116_939_653), &changes).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_crash_is_called_tampering_and_what_is_recovered_is_consistent(
        steps in prop::collection::vec(step(), 0..40),
        death in 0_u64..60,
        luck: u64,
    ) {
        let mut history = History::new();
        let (before, last) = steps.split_at(steps.len() / 2);
        for step in before {
            prop_assert!(history.step(*step));
        }
        history.writer.as_ref().unwrap().disk.die_after(death);
        let _ = last.iter().all(|step| history.step(*step));
        drop(history.writer.take());
        let disk = history.disk.crash(&mut Dice(luck));
        let report = agree(&disk)?;
        prop_assert!(matches!(report.exit_code(), 0 | 2), "{}", report);
        let disk = Writer::start(&disk, noon()).unwrap().stop().unwrap();
        let report = agree(&disk)?;
        prop_assert_eq!(report.exit_code(), 0, "{}", report);
    }

    #[test]
    fn a_changed_trail_is_judged_as_the_other_judge_does_before_and_after_a_start(
        steps in prop::collection::vec(step(), 0..30),
        luck in prop::option::of(any::<u64>()),
        changes in prop::collection::vec(change(), 1..4),
    ) {
        judged_alike(&steps, luck, &changes)?;
    }
}

/// The vectors of docs/FORMAT.md: a start never turns what is a crash into tampering, nor the other way round.
#[test]
fn every_vector_keeps_its_verdict_over_a_start() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/vectors");
    let verdicts: serde_json::Value =
        serde_json::from_slice(&std::fs::read(root.join("verdicts.json")).unwrap()).unwrap();
    // What recovery has no part in.
    let judged = |name: &str| !["erased-", "held-", "gz-"].iter().any(|part| name.starts_with(part));
    let vectors = verdicts.as_object().unwrap().iter().filter(|(name, _)| judged(name));
    for (name, verdict) in vectors {
        let disk = MemDisk::new();
        let _ = crate::store::Home::create(&disk, Path::new(sample::DIR), None).unwrap();
        let keys = root.join(format!("{name}.keys"));
        for (from, to) in [(root.join(name), sample::DIR), (keys.clone(), "/logs.keys")] {
            for entry in std::fs::read_dir(from).into_iter().flatten() {
                let entry = entry.unwrap();
                disk.put(
                    Path::new(to).join(entry.file_name()),
                    &std::fs::read(entry.path()).unwrap(),
                );
            }
        }
        let exit = verdict
            .get("exit_with_state")
            .filter(|_| keys.exists())
            .unwrap_or(&verdict["exit"]);
        let exit = exit.as_u64().unwrap();
        let before = disk.tree();
        let started = Writer::start(&disk, noon());
        let text = |data: &Vec<u8>| String::from_utf8_lossy(data).contains("\"trust\":\"s");
        let keyed = before.values().any(text);
        if keyed && !keys.exists() {
            // Without its seed nobody may go on with a keyed trail, whatever else is wrong.
            let error = started.unwrap_err();
            assert!(
                matches!(error.kind(), ErrorKind::Key | ErrorKind::Unsupported),
                "{name}: {error}"
            );
            assert!(
                before
                    .iter()
                    .all(|(path, data)| path.ends_with(".lock") || disk.get(path).as_ref() == Some(data))
            );
            continue;
        }
        let writer = match started {
            Ok(writer) => writer,
            Err(error) => {
                // Whoever knows less than all of it touches nothing.
                assert!(exit == 4 || exit == 1, "{name}: {error}");
                assert_eq!(error.kind(), ErrorKind::Unsupported, "{name}");
                continue;
            }
        };
        assert_ne!(exit, 4, "{name}");
        if verdict["part"] == "signed" {
            // The writer of these tests signs nothing.
            continue;
        }
        let key = verdict["key"].as_str().filter(|_| keyed);
        let mut verify = Verify::new(sample::DIR).threads(1);
        if let Some(key) = key {
            verify = verify.key(key.parse().unwrap());
        }
        let after = verify.run_on(&writer.stop().unwrap().shared()).unwrap();
        let tampered = after.verdict == Verdict::Tampered;
        assert_eq!(tampered, exit == 1, "{name}: {after}");
        assert!(tampered || after.verdict.is_good(), "{name}: {after}");
    }
}
