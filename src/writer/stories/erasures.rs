//! Erasure on a disk that fails and crashes: the real writer on the disk in memory, stopped before every call.
//!
//! A schedule drawn from a seed makes a salted trail with rotations, failed syncs, kills and erasures. The disk is copied
//! before every call that changes it, with what was erased by then. Of each copy crashes are drawn: none may look like
//! tampering, none may lose another record, what `erase` returned for is in no byte of any file, and after a start so is all
//! that the trail says was ordered. With mistakes planted, this must be found out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;
use crate::config::Retention;
use crate::key_line::KeyLine;
use crate::store::Slip;
use crate::trust::Trust;
use crate::writer::stories_keyed::{Lines, keyed};

/// What a test sees of an erasure.
#[derive(Clone, Debug, Default)]
struct Told {
    /// `seq` of each record that was acknowledged, by what it says.
    kept: BTreeMap<String, u64>,
    /// What was asked to be erased, and whether that had returned.
    erased: BTreeMap<String, bool>,
    /// Key lines given out.
    lines: usize,
}

#[derive(Debug, Default)]
struct Findings {
    frames: usize,
    states: usize,
    erasures: usize,
    wrong: Vec<String>,
}

impl Findings {
    fn wrong(&mut self, seed: u64, what: impl Into<String>) {
        self.wrong.push(format!("seed {seed}: {}", what.into()));
    }
}

struct Play {
    trust: Trust,
    slip: Option<Slip>,
    clock: Arc<Hand>,
    lines: Lines,
    disk: MemDisk,
    trail: Option<Trail>,
    told: Arc<std::sync::Mutex<Told>>,
    notes: Arc<std::sync::Mutex<Vec<Told>>>,
    frames: Arc<std::sync::Mutex<Vec<(MemDisk, u64)>>>,
    count: u64,
    erasures: usize,
}

impl Play {
    fn new(trust: Trust, slip: Option<Slip>) -> Play {
        Play {
            trust,
            slip,
            clock: Hand::at_noon(),
            lines: Lines::default(),
            disk: MemDisk::new(),
            trail: None,
            told: Arc::default(),
            notes: Arc::default(),
            frames: Arc::default(),
            count: 0,
            erasures: 0,
        }
    }

    fn begin(&mut self) {
        let (told, notes, lines) = (Arc::clone(&self.told), Arc::clone(&self.notes), Arc::clone(&self.lines));
        self.disk.tape(Some(Tape {
            frames: Arc::clone(&self.frames),
            witness: Arc::new(move || {
                let mut told = told.lock().unwrap().clone();
                told.lines = lines.lock().len();
                let mut notes = notes.lock().unwrap();
                notes.push(told);
                notes.len() as u64 - 1
            }),
        }));
        // A call that is to fail may fail the first attempt.
        self.trail = (0..4).find_map(|_| start(&self.disk, &self.clock, self.trust, &self.lines, self.slip).ok());
    }

    fn step(&mut self, dice: &mut Dice) {
        let Some(trail) = self.trail.clone() else { return };
        match dice.below(12) {
            0..4 => {
                for _ in 0..=dice.below(4) {
                    self.emit(&trail);
                }
            }
            4 | 5 => {
                self.clock.pass(Duration::from_secs(86_400));
                let _ = trail.flush();
            }
            6 => {
                self.disk.fail(self.disk.calls() + dice.below(6), io::ErrorKind::Other);
                self.emit(&trail);
                let _ = trail.sync();
            }
            7 => {
                let next = match dice.below(2) {
                    0 => self.disk.kill(),
                    _ => self.disk.crash(dice),
                };
                self.disk.tape(None);
                drop((trail, self.trail.take()));
                self.disk = next;
                self.begin();
            }
            _ => {
                if dice.below(4) == 0 {
                    self.disk.fail(self.disk.calls() + dice.below(24), io::ErrorKind::Other);
                }
                self.erase(&trail, dice);
            }
        }
    }

    fn emit(&mut self, trail: &Trail) {
        let text = secret(self.count);
        self.count += 1;
        let receipt = trail.draft(events::DATA_READ).field("note", &text).emit();
        if receipt.synced().is_ok()
            && let Some(seq) = receipt.seq()
        {
            self.told.lock().unwrap().kept.insert(text, seq);
        }
    }

    fn erase(&mut self, trail: &Trail, dice: &mut Dice) {
        let chosen: Vec<(String, u64)> = {
            let mut told = self.told.lock().unwrap();
            let all: Vec<_> = told.kept.iter().map(|(text, seq)| (text.clone(), *seq)).collect();
            let chosen: Vec<_> = all.into_iter().filter(|_| dice.below(3) == 0).collect();
            for (text, _) in &chosen {
                told.erased.entry(text.clone()).or_default();
            }
            chosen
        };
        let done = trail.erase(chosen.iter().map(|(_, seq)| *seq), "a request", "the dpo");
        if done.is_ok() && !chosen.is_empty() {
            self.erasures += 1;
            let mut told = self.told.lock().unwrap();
            for (text, _) in chosen {
                told.erased.insert(text, true);
            }
        }
    }
}

fn secret(number: u64) -> String {
    format!("note number {number:06}")
}

fn start(disk: &MemDisk, clock: &Arc<Hand>, trust: Trust, lines: &Lines, slip: Option<Slip>) -> Result<Trail, Error> {
    started(disk, clock, trust, lines, slip, Retention::forever())
}

/// A salted trail that is begun or gone on with.
pub(super) fn started(
    disk: &MemDisk,
    clock: &Arc<Hand>,
    trust: Trust,
    lines: &Lines,
    slip: Option<Slip>,
    retention: Retention,
) -> Result<Trail, Error> {
    keyed(builder(disk.shared(), clock), trust, lines)
        .salted(true)
        .retention(retention)
        .wait_limit(Duration::from_secs(5))
        .slip(slip)
        .build()
}

/// What a crash left is no tampering; and after a start and a clean end all is well.
pub(super) fn judge_by_lines(
    disk: &MemDisk,
    clock: &Arc<Hand>,
    trust: Trust,
    given: &[KeyLine],
    retention: Retention,
    wrong: &mut dyn FnMut(String),
) {
    if let Ok(report) = report(disk, given)
        && report.verdict() == Verdict::Tampered
    {
        wrong(format!("as the crash left it: {report}"));
    }
    let more = Lines::default();
    let ended = started(disk, clock, trust, &more, None, retention).and_then(|trail| {
        emit(&trail).synced()?;
        trail.close()
    });
    if let Err(error) = ended {
        return wrong(format!("the start failed: {error}"));
    }
    let lines = [given, &more.lock()].concat();
    match report(disk, &lines) {
        Ok(report) if matches!(report.verdict(), Verdict::Consistent | Verdict::Verified) => {}
        Ok(report) => wrong(format!("after a start: {report}")),
        Err(error) => wrong(format!("after a start: {error}")),
    }
}

/// Whether any file of the trail has these bytes.
fn holds(disk: &MemDisk, text: &str) -> Option<PathBuf> {
    let tree = disk.tree();
    let mut ours = tree.iter().filter(|(path, _)| path.starts_with(LOGS));
    let found = ours.find(|(_, data)| memchr::memmem::find(data, text.as_bytes()).is_some());
    found.map(|(path, _)| path.clone())
}

fn report(disk: &MemDisk, lines: &[KeyLine]) -> Result<crate::verify::Report, Error> {
    let verify = Verify::new(LOGS).threads(1).chained_only(lines.is_empty());
    let verify = lines.iter().fold(verify, |verify, line| verify.key(line.clone()));
    verify.run_on(&disk.shared())
}

/// What the live records say, and which numbers they order to be erased.
fn read_back(disk: &MemDisk) -> (BTreeMap<u64, String>, BTreeSet<u64>) {
    let (mut said, mut ordered) = (BTreeMap::new(), BTreeSet::new());
    for record in records(disk) {
        if record.event() == "AUDIT_ERASE" {
            let seqs = record.metadata().unwrap()["seqs"].as_array().unwrap().clone();
            ordered.extend(seqs.iter().map(|seq| seq.as_u64().unwrap()));
        } else if let Some(note) = record.metadata().and_then(|members| members.get("note")?.as_str()) {
            said.insert(record.seq(), note.to_owned());
        }
    }
    (said, ordered)
}

fn play(trust: Trust, slip: Option<Slip>, seed: u64, findings: &mut Findings) {
    let mut dice = Dice(seed);
    let mut play = Play::new(trust, slip);
    play.begin();
    for _ in 0..6 + dice.below(8) {
        play.step(&mut dice);
    }
    play.disk.tape(None);
    drop(play.trail.take());
    findings.erasures += play.erasures;
    let lines = play.lines.lock().clone();
    let notes = std::mem::take(&mut *play.notes.lock().unwrap());
    let frames = std::mem::take(&mut *play.frames.lock().unwrap());
    findings.frames += frames.len();
    for (frame, note) in frames {
        if dice.below(3) == 0 {
            let crashed = match dice.below(3) {
                0 => frame.crash(&mut All),
                1 => frame.crash(&mut Nothing),
                _ => frame.crash(&mut dice),
            };
            judge(trust, seed, &crashed, &notes[note as usize], &lines, findings);
        }
    }
}

fn judge(trust: Trust, seed: u64, disk: &MemDisk, told: &Told, lines: &[KeyLine], findings: &mut Findings) {
    findings.states += 1;
    let done = || told.erased.iter().filter(|(_, done)| **done).map(|(text, _)| text);
    for text in done() {
        if let Some(path) = holds(disk, text) {
            findings.wrong(seed, format!("{text} was erased, and {} has it", path.display()));
        }
    }
    let given = &lines[..told.lines];
    let mut wrong = |what: String| findings.wrong(seed, what);
    judge_by_lines(disk, &Hand::at_noon(), trust, given, Retention::forever(), &mut wrong);
    let (said, ordered) = read_back(disk);
    for (text, seq) in &told.kept {
        let there = said.get(seq).is_some_and(|said| said == text);
        match (ordered.contains(seq), told.erased.get(text)) {
            (true, _) => {
                if let Some(path) = holds(disk, text) {
                    findings.wrong(seed, format!("{text} is to be erased, and {} has it", path.display()));
                }
            }
            (false, Some(true)) => findings.wrong(seed, format!("{text} was erased, and nothing says so")),
            (false, _) if !there => findings.wrong(seed, format!("{text} is gone")),
            (false, _) => {}
        }
    }
    if disk.tree().keys().any(|path| path.to_string_lossy().contains(".tmp")) || disk.get("/logs/.erase").is_some() {
        findings.wrong(seed, "a start leaves something half done");
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

#[track_caller]
fn holds_up(trust: Trust, states: usize) {
    let more = std::env::var("CRASH_STATES")
        .ok()
        .and_then(|states| states.parse().ok());
    let findings = crash(trust, None, more.unwrap_or(states));
    assert!(findings.wrong.is_empty(), "{:#?}", findings.wrong);
    assert!(findings.erasures > 2, "{findings:?}");
}

/// A record that stands in two files, in what a recovery set aside, and compressed beside its file.
#[test]
fn an_erased_record_is_in_no_file_and_not_among_the_recent_ones() {
    let (moody, clock) = (Moody::new(), Hand::at_noon());
    let disk = moody.disk.clone();
    let trail = builder(moody.shared(), &clock).salted(true).build().unwrap();
    let emit = |text: &str| trail.draft(events::DATA_READ).field("note", text).emit();
    emit("stays").synced().unwrap();
    let (twice, also) = (emit("twice"), emit("also twice"));
    // The sync fails, and both lines are written again into other files.
    moody.syncs(Mood::Fails(io::ErrorKind::Other));
    trail.flush().unwrap();
    wait_until(|| trail.status().fault.is_some());
    moody.syncs(Mood::Works);
    let seqs = [twice.synced().unwrap(), also.synced().unwrap()];
    let files = |text: &str| {
        let tree = disk.tree();
        let with = tree
            .iter()
            .filter(|(_, data)| memchr::memmem::find(data, text.as_bytes()).is_some());
        with.map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    assert!(files("\"twice").len() > 1, "{:?}", disk.tree().keys());
    let (first, second) = (files("\"twice")[0].clone(), files("\"twice")[1].clone());
    let line = |path: &PathBuf, text: &str| {
        let data = String::from_utf8(disk.get(path).unwrap()).unwrap();
        data.lines().find(|line| line.contains(text)).unwrap().to_owned()
    };
    let (whole, stays) = (line(&second, "\"twice"), line(&second, "also twice"));
    let half = &stays[..stays.len() - 50];
    let other = stays.replace("also twice", "another one");
    let torn = format!("{whole}\n{other}\n\0\0\0{half}\n{half}");
    disk.put(crate::io::with_suffix(&first, ".torn"), torn.as_bytes());
    disk.put(crate::io::with_suffix(&second, ".gz"), b"twice, compressed");
    assert_eq!(trail.recent().iter().filter(|line| line.contains("twice")).count(), 2);

    trail.erase(seqs, "a request", "the dpo").unwrap();
    assert_eq!(files("twice"), [] as [PathBuf; 0]);
    assert_eq!(files("stays").len(), 1);
    // A whole line of another record that had the number is no copy.
    assert_eq!(files("another one").len(), 1);
    assert!(trail.recent().iter().all(|line| !line.contains("twice")));
    assert!(trail.recent().iter().any(|line| line.contains("stays")));
    // Once more is no harm, and orders nothing.
    trail.erase(seqs, "a request", "the dpo").unwrap();
    trail.close().unwrap();
    let (said, ordered) = read_back(&disk);
    assert_eq!((said.len(), ordered), (1, BTreeSet::from(seqs)));
    assert_eq!(count(&records(&disk), "AUDIT_ERASE"), 1);
    assert_consistent(&disk);
}

#[test]
fn a_disk_that_refuses_is_told_at_once_and_the_next_start_goes_on() {
    let (disk, clock, lines) = (Moody::new(), Hand::at_noon(), Lines::default());
    let open = || {
        let builder = keyed(builder(disk.shared(), &clock), Trust::Sealed, &lines);
        builder.salted(true).build().unwrap()
    };
    let trail = open();
    let receipt = trail.draft(events::DATA_READ).field("note", "a secret").emit();
    let seq = receipt.synced().unwrap();
    trail.reopen().unwrap();
    // No copy can be made.
    disk.disk.limit(Some(disk.disk.used() + 1_500));
    let error = trail.erase([seq], "a request", "the dpo").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(error.to_string().contains("next start"), "{error}");
    assert!(holds(&disk.disk, "a secret").is_some());
    disk.disk.limit(None);
    trail.close().unwrap();
    open().close().unwrap();
    assert_eq!(holds(&disk.disk, "a secret"), None);
    assert_eq!(report(&disk.disk, &lines.lock()).unwrap().verdict(), Verdict::Verified);
}

/// Whichever call of the disk fails: the note of what is under way is gone with the try that succeeds, and by then no crash
/// brings the record back.
#[test]
fn an_erasure_that_succeeds_at_a_later_try_leaves_no_note_and_is_durable() {
    let mut failed = 0;
    for call in 0..200 {
        let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
        let trail = start(&disk, &clock, Trust::Chained, &lines, None).unwrap();
        let receipt = trail.draft(events::DATA_READ).field("note", "a secret").emit();
        let seq = receipt.synced().unwrap();
        trail.reopen().unwrap();
        let file = holds(&disk, "a secret").unwrap();
        disk.put(
            crate::io::with_suffix(&file, ".torn"),
            format!("{{\"seq\":{seq},\"a secret").as_bytes(),
        );
        disk.put(crate::io::with_suffix(&file, ".gz"), b"a secret, compressed");
        disk.fail(disk.calls() + call, io::ErrorKind::Other);
        let first = trail.erase([seq], "a request", "the dpo");
        failed += usize::from(first.is_err());
        let is_done = first.is_ok() || (0..10).any(|_| trail.erase([seq], "a request", "the dpo").is_ok());
        assert!(is_done, "call {call}: {first:?}");
        assert_eq!(disk.get("/logs/.erase"), None, "call {call}");
        for left in [
            disk.clone(),
            disk.kill(),
            disk.crash(&mut Nothing),
            disk.crash(&mut Dice(call)),
        ] {
            assert_eq!(holds(&left, "a secret"), None, "call {call}");
        }
        let end = disk.has_faults();
        trail.close().unwrap();
        if end {
            break;
        }
    }
    assert!(failed > 5, "{failed}");
}

#[test]
fn what_cannot_be_erased_is_refused_with_the_number_and_the_remedy() {
    let (disk, clock, lines) = (MemDisk::new(), Hand::at_noon(), Lines::default());
    let plain = builder(disk.shared(), &clock).build().unwrap();
    let unsalted = emit(&plain).synced().unwrap();
    plain.close().unwrap();
    let trail = start(&disk, &clock, Trust::Chained, &lines, None).unwrap();
    let salted = trail.draft(events::DATA_READ).field("note", "a secret").emit();
    let salted = salted.synced().unwrap();
    let refused = |seq: u64, why: &str| {
        // With one that could be erased: nothing is.
        let error = trail.erase([seq, salted], "a request", "the dpo").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let said = error.to_string();
        assert!(
            said.contains(&format!("record {seq}")) && said.contains(why) && said.contains("; "),
            "{said}"
        );
    };
    refused(unsalted, "no salt");
    refused(salted + 1_000, "no such record");
    refused(0, "no such record");
    let own = records(&disk)
        .iter()
        .rev()
        .find(|record| record.event() == "AUDIT_CONFIG")
        .unwrap()
        .seq();
    refused(own, "about itself");
    for (reason, by) in [("", "the dpo"), ("a request", " "), (&*"x".repeat(1_025), "the dpo")] {
        let error = trail.erase([salted], reason, by).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
    assert!(holds(&disk, "a secret").is_some());
    trail.close().unwrap();
    assert_eq!(count(&records(&disk), "AUDIT_ERASE"), 0);
    assert_eq!(disk.get("/logs/.erase"), None);
    assert_consistent(&disk);
}

#[test]
fn whatever_a_crash_leaves_of_an_erasure_is_no_tampering_and_the_next_start_ends_it() {
    holds_up(Trust::Chained, 400);
}

#[test]
fn the_same_holds_of_erasures_in_a_sealed_trail() {
    holds_up(Trust::Sealed, 200);
}

#[cfg(feature = "sign")]
#[test]
fn the_same_holds_of_erasures_in_a_signed_trail() {
    holds_up(Trust::Signed, 200);
}

#[test]
fn tombstones_before_their_order_is_synced_are_found() {
    let findings = crash(Trust::Chained, Some(Slip::EraseBeforeSynced), 3_000);
    let tampered = |said: &String| said.contains("tampered");
    assert!(findings.wrong.iter().any(tampered), "{findings:?}");
}

#[test]
fn an_erasure_that_no_start_hears_of_is_found() {
    let findings = crash(Trust::Chained, Some(Slip::ForgetErasure), 3_000);
    let left = |said: &String| said.contains("is to be erased");
    assert!(findings.wrong.iter().any(left), "{findings:?}");
}
