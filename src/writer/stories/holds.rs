//! Legal hold on a disk that fails and crashes: what was held when `hold` returned stays, whatever retention and a crash do.

use std::path::PathBuf;

use super::erasures::{judge_by_lines, started};
use super::*;
use crate::config::Retention;
use crate::store::Slip;
use crate::trail::Hold;
use crate::trust::Trust;
use crate::writer::stories_keyed::Lines;

/// What is held, by name, with its bytes when it was closed; and the trail itself. Only what was acknowledged.
#[derive(Clone, Debug, Default)]
struct Told {
    files: BTreeSet<String>,
    trail: Option<BTreeSet<PathBuf>>,
    lines: usize,
}

#[derive(Debug, Default)]
struct Findings {
    states: usize,
    holds: usize,
    pruned: usize,
    wrong: Vec<String>,
}

fn ours(disk: &MemDisk) -> BTreeSet<PathBuf> {
    let tree = disk.tree();
    let ours = tree
        .keys()
        .filter(|path| path.starts_with(LOGS) && path.to_string_lossy().ends_with(".jsonl"));
    ours.cloned().collect()
}

fn start(disk: &MemDisk, clock: &Arc<Hand>, trust: Trust, lines: &Lines, slip: Option<Slip>) -> Result<Trail, Error> {
    started(disk, clock, trust, lines, slip, Retention::days(1))
}

fn play(trust: Trust, slip: Option<Slip>, seed: u64, findings: &mut Findings) {
    let mut dice = Dice(seed);
    let (clock, lines) = (Hand::at_noon(), Lines::default());
    let told = Arc::new(std::sync::Mutex::new(Told::default()));
    let notes = Arc::new(std::sync::Mutex::new(Vec::<Told>::new()));
    let frames = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut disk = MemDisk::new();
    for _ in 0..=dice.below(3) {
        disk.tape(Some(Tape {
            frames: Arc::clone(&frames),
            witness: {
                let (told, notes, lines) = (Arc::clone(&told), Arc::clone(&notes), Arc::clone(&lines));
                Arc::new(move || {
                    let mut told = told.lock().unwrap().clone();
                    told.lines = lines.lock().len();
                    let mut notes = notes.lock().unwrap();
                    notes.push(told);
                    notes.len() as u64 - 1
                })
            },
        }));
        let Some(trail) = (0..4).find_map(|_| start(&disk, &clock, trust, &lines, slip).ok()) else {
            break;
        };
        for _ in 0..4 + dice.below(6) {
            if dice.below(6) == 0 {
                disk.fail(disk.calls() + dice.below(16), io::ErrorKind::Other);
            }
            match dice.below(8) {
                0..5 => {
                    clock.pass(Duration::from_secs(86_400));
                    emit(&trail);
                    let _ = trail.sync();
                }
                5 | 6 => {
                    let files: Vec<_> = ours(&disk).into_iter().collect();
                    let file = &files[dice.below(files.len() as u64) as usize];
                    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
                    let begins = !told.lock().unwrap().files.contains(&name);
                    if begins && trail.hold(Hold::File(name.clone()), "case", "legal").is_ok() {
                        told.lock().unwrap().files.insert(name);
                        findings.holds += 1;
                    } else if !begins {
                        // From the moment that it is asked for, it may go.
                        told.lock().unwrap().files.remove(&name);
                        let _ = trail.release(Hold::File(name), "over", "legal");
                    }
                }
                _ => {
                    let begins = told.lock().unwrap().trail.is_none();
                    if begins && trail.hold(Hold::Trail, "case", "legal").is_ok() {
                        told.lock().unwrap().trail = Some(ours(&disk));
                    } else if !begins {
                        told.lock().unwrap().trail = None;
                        let _ = trail.release(Hold::Trail, "over", "legal");
                    }
                }
            }
        }
        let prunes = |data: &Vec<u8>| memchr::memmem::find(data, b"\"AUDIT_PRUNE\"").is_some();
        findings.pruned += usize::from(disk.tree().values().any(prunes));
        let next = disk.kill();
        disk.tape(None);
        drop(trail);
        disk = next;
    }
    let lines = lines.lock().clone();
    let notes = std::mem::take(&mut *notes.lock().unwrap());
    for (frame, note) in std::mem::take(&mut *frames.lock().unwrap()) {
        if dice.below(8) > 0 {
            continue;
        }
        findings.states += 1;
        let (crashed, told) = (frame.crash(&mut dice), &notes[note as usize]);
        let mut wrong = |what: String| findings.wrong.push(format!("seed {seed}: {what}"));
        // What a failed sync superseded may have nothing left: all that it had is in the file that goes on in its place.
        let emptied: BTreeSet<PathBuf> = crashed
            .tree()
            .into_iter()
            .filter_map(|(path, data)| data.is_empty().then_some(path))
            .collect();
        // Long after, when all that is not held is due.
        let later = Hand::at_noon();
        later.pass(Duration::from_secs(40 * 86_400));
        judge_by_lines(
            &crashed,
            &later,
            trust,
            &lines[..told.lines],
            Retention::days(1),
            &mut wrong,
        );
        let left = ours(&crashed);
        for name in &told.files {
            if !left.iter().any(|path| path.ends_with(name)) {
                wrong(format!("{name} was held, and is gone: {left:?}"));
            }
        }
        let gone = |path: &&PathBuf| !left.contains(*path) && !emptied.contains(*path);
        if let Some(gone) = told.trail.iter().flatten().find(gone) {
            wrong(format!("{} was held with the whole trail, and is gone", gone.display()));
        }
    }
}

fn crash(trust: Trust, slip: Option<Slip>, states: usize) -> Findings {
    let mut findings = Findings::default();
    let mut seed = 1;
    while findings.states < states && findings.wrong.is_empty() {
        play(trust, slip, seed, &mut findings);
        seed += 1;
    }
    findings
}

#[test]
fn what_is_held_stays_whatever_retention_and_a_crash_do() {
    for (trust, states) in [(Trust::Chained, 250), (Trust::Sealed, 120)] {
        let findings = crash(trust, None, states);
        assert!(findings.wrong.is_empty(), "{:#?}", findings.wrong);
        assert!(findings.holds > 3 && findings.pruned > 1, "{findings:?}");
    }
}

#[test]
fn retention_that_does_not_ask_what_is_held_is_found() {
    let findings = crash(Trust::Chained, Some(Slip::PruneHeld), 3_000);
    assert!(!findings.wrong.is_empty(), "{findings:?}");
}
