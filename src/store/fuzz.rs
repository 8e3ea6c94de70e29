//! Any history, any crash, any change: what recovery must keep true whatever happened.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;

use super::retain::Keep;
use super::sample::*;
use super::*;
use crate::clock::Elapsed;
use crate::io::mem::{Dice, MemDisk};

/// What a process does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Record,
    Sync,
    Mark,
    Checkpoint,
    Rotate,
    Resync,
    /// Keeps two files.
    Prune,
    /// Stops, and starts again.
    Restart,
    /// Is killed, and starts again.
    Kill,
    /// The machine goes down with this luck, and starts again.
    Crash(u64),
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Record),
        2 => Just(Step::Sync),
        1 => Just(Step::Mark),
        2 => Just(Step::Checkpoint),
        2 => Just(Step::Rotate),
        1 => Just(Step::Resync),
        1 => Just(Step::Prune),
        1 => Just(Step::Restart),
        1 => Just(Step::Kill),
        2 => any::<u64>().prop_map(Step::Crash),
    ]
}

/// A trail in the making, and what it has promised.
pub(crate) struct History {
    pub(crate) writer: Option<Writer>,
    /// What the writer died upon.
    pub(crate) disk: MemDisk,
    /// Records that were acknowledged as synced.
    acknowledged: BTreeMap<u64, String>,
    /// Written, and not yet synced.
    written: BTreeMap<u64, String>,
    count: usize,
}

impl History {
    pub(crate) fn new() -> History {
        let disk = MemDisk::new();
        let writer = Writer::start(&disk, noon()).unwrap();
        History {
            writer: Some(writer),
            disk,
            acknowledged: BTreeMap::new(),
            written: BTreeMap::new(),
            count: 0,
        }
    }

    /// Does one step; `false` if the process died of it.
    pub(crate) fn step(&mut self, step: Step) -> bool {
        let Some(mut writer) = self.writer.take() else {
            return false;
        };
        self.disk = writer.disk.clone();
        let alive = match step {
            Step::Record => {
                self.count += 1;
                let text = format!("r{}", self.count);
                let written = writer.record(&text);
                if let Ok(seq) = written {
                    self.written.insert(seq, text);
                }
                written.is_ok()
            }
            Step::Sync => self.sync(&mut writer),
            Step::Mark => writer.mark(false).is_ok(),
            Step::Checkpoint => self.sync(&mut writer) && writer.checkpoint().is_ok(),
            Step::Rotate => writer.rotate(noon()).is_ok(),
            Step::Resync => {
                self.written.clear();
                writer.resync().is_ok() && self.sync(&mut writer)
            }
            Step::Prune => self.sync(&mut writer) && self.prune(&mut writer).is_ok(),
            Step::Restart => {
                let stopped = self.sync(&mut writer).then(|| writer.stop().ok()).flatten();
                return self.start(stopped);
            }
            Step::Kill => return self.start(Some(writer.kill())),
            Step::Crash(luck) => return self.start(Some(writer.disk.crash(&mut Dice(luck)))),
        };
        if alive {
            self.writer = Some(writer);
        }
        alive
    }

    fn sync(&mut self, writer: &mut Writer) -> bool {
        let synced = writer.sync().is_ok();
        if synced {
            self.acknowledged.append(&mut self.written);
        }
        synced
    }

    fn prune(&mut self, writer: &mut Writer) -> Result<(), Error> {
        let (disk, home, trail) = (writer.disk.clone(), writer.home.clone(), writer.opened.trail);
        let (mut calendar, _) = Calendar::start(&writer.opened.state, noon(), Elapsed::default());
        let keep = Keep {
            files: Some(2),
            ..Keep::default()
        };
        while let Some(due) = retain::due(&disk, &home, trail, &keep, &calendar, &Holds::default())? {
            self.acknowledged.retain(|seq, _| *seq > due.last_seq);
            writer.own("PRUNE", &serde_json::Value::Object(due.metadata()).to_string())?;
            writer.header.kept_from = Some(due.kept_from);
            writer.sync()?;
            retain::prune(&disk, &home, trail, &mut calendar, &due, &Holds::default())?;
        }
        Ok(())
    }

    fn start(&mut self, disk: Option<MemDisk>) -> bool {
        let Some(disk) = disk else {
            return false;
        };
        // What was only written may be there or not; it is the trail's to say.
        self.written.clear();
        self.disk = disk;
        self.check(&judge(&self.disk.kill()));
        self.writer = Writer::start(&self.disk, noon()).ok();
        self.writer.is_some()
    }

    fn check(&self, verdict: &Verdict) {
        assert_eq!(
            verdict.tampered,
            Vec::<String>::new(),
            "a crash was taken for tampering"
        );
        let records: BTreeMap<u64, &str> = verdict
            .records
            .iter()
            .map(|(seq, rest)| (*seq, rest.as_str()))
            .collect();
        for (seq, text) in &self.acknowledged {
            let there = records.get(seq).copied().unwrap_or_default();
            assert!(
                there.contains(&format!("\"resource\":\"{text}\"")),
                "{seq} was acknowledged: {text}; found {there}"
            );
        }
    }
}

/// Starts until it works, dying after so many changes each time.
fn recover(mut disk: MemDisk, deaths: &[(u64, u64)]) -> Writer {
    for (death, luck) in deaths {
        disk.die_after(*death);
        drop(Writer::start(&disk, noon()));
        disk = disk.crash(&mut Dice(*luck));
        assert_eq!(
            judge(&disk).tampered,
            Vec::<String>::new(),
            "a crash in recovery was taken for tampering"
        );
    }
    Writer::start(&disk, noon()).unwrap()
}

/// What an attacker, an operator or a broken disk does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Flip,
    Cut,
    Zero,
    Remove,
    Copy,
    Swap,
    Junk,
    Again,
    OldState,
    NoState,
}

pub(crate) fn change() -> impl Strategy<Value = (Change, u64)> {
    let change = prop_oneof![
        4 => Just(Change::Flip),
        3 => Just(Change::Cut),
        1 => Just(Change::Zero),
        1 => Just(Change::Remove),
        1 => Just(Change::Copy),
        1 => Just(Change::Swap),
        1 => Just(Change::Junk),
        1 => Just(Change::Again),
        1 => Just(Change::OldState),
        1 => Just(Change::NoState),
    ];
    (change, any::<u64>())
}

/// What these steps leave, and what then happens to it: `luck` is that of a crash, without it the trail ended well.
pub(crate) fn spoiled(steps: &[Step], luck: Option<u64>, changes: &[(Change, u64)]) -> MemDisk {
    let mut history = History::new();
    let (before, after) = steps.split_at(steps.len() / 2);
    for step in before {
        assert!(history.step(*step));
    }
    let old_state = history.writer.as_ref().unwrap().disk.get("/logs.keys/state");
    for step in after {
        assert!(history.step(*step));
    }
    let writer = history.writer.take().unwrap();
    let disk = match luck {
        Some(luck) => writer.disk.crash(&mut Dice(luck)),
        None => writer.stop().unwrap(),
    };
    for (change, seed) in changes {
        alter(&disk, old_state.as_deref(), *change, *seed);
    }
    disk
}

fn alter(disk: &MemDisk, old_state: Option<&[u8]>, change: Change, seed: u64) {
    let mut dice = Dice(seed);
    let state = PathBuf::from("/logs.keys/state");
    let ours = |path: &PathBuf| path.to_str().unwrap().ends_with(".jsonl") || *path == state;
    let files: Vec<(PathBuf, Vec<u8>)> = disk.tree().into_iter().filter(|(path, _)| ours(path)).collect();
    let Some((path, mut data)) = files.get(dice.below(files.len() as u64) as usize).cloned() else {
        return;
    };
    let at = dice.below(data.len() as u64) as usize;
    let mut lines: Vec<Vec<u8>> = data
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    match change {
        Change::Flip if !data.is_empty() => data[at] ^= 1 << dice.below(8),
        Change::Cut => data.truncate(at),
        Change::Zero => {
            let end = data.len().min(at + 1 + dice.below(2000) as usize);
            data[at..end].fill(0);
        }
        Change::Remove => return disk.remove(path),
        Change::Copy if path != state => return disk.put("/logs/audit-2026-11-25.part0007.jsonl", &data),
        Change::Swap if lines.len() > 2 => {
            let (a, b) = (
                dice.below(lines.len() as u64) as usize,
                dice.below(lines.len() as u64) as usize,
            );
            lines.swap(a, b);
            data = lines.concat();
        }
        Change::Junk => data.extend_from_slice(b"{\"seq\":77,\"junk\":true}\n"),
        Change::Again if !lines.is_empty() => {
            let line = lines[dice.below(lines.len() as u64) as usize].clone();
            data.extend_from_slice(&line);
        }
        Change::OldState => {
            if let Some(old) = old_state {
                disk.put(state, old);
            }
            return;
        }
        Change::NoState => return disk.remove(state),
        _ => return,
    }
    disk.put(path, &data);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_crash_loses_what_was_acknowledged_or_looks_like_tampering(
        steps in prop::collection::vec(step(), 0..40),
        death in 0_u64..60,
        luck: u64,
        deaths in prop::collection::vec((0_u64..24, any::<u64>()), 0..4),
    ) {
        let mut history = History::new();
        let (before, last) = steps.split_at(steps.len() / 2);
        for step in before {
            prop_assert!(history.step(*step));
        }
        // From here on the process has so many changes to live.
        history.writer.as_ref().unwrap().disk.die_after(death);
        let _ = last.iter().all(|step| history.step(*step));
        drop(history.writer.take());
        let disk = history.disk.crash(&mut Dice(luck));
        history.check(&judge(&disk));
        let writer = recover(disk, &deaths);
        let verdict = judge(&writer.stop().unwrap());
        history.check(&verdict);
        prop_assert!(verdict.clean);
    }

    #[test]
    fn a_start_makes_nothing_look_tampered_and_hides_no_tampering(
        steps in prop::collection::vec(step(), 0..30),
        luck in prop::option::of(any::<u64>()),
        changes in prop::collection::vec(change(), 1..3),
    ) {
        let disk = spoiled(&steps, luck, &changes);
        let found = judge(&disk);
        let writer = match Writer::start(&disk, noon()) {
            Ok(writer) => writer,
            // A file or a state of another version: a start that refuses hides nothing.
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::Unsupported, "{}", error);
                return Ok(());
            }
        };
        let after = judge(&writer.stop().unwrap());
        prop_assert!(after.tampered.is_empty() || !found.tampered.is_empty(), "made up: {:?}", after.tampered);
        prop_assert!(found.tampered.is_empty() || !after.tampered.is_empty(), "hidden: {:?}", found.tampered);
    }
}
