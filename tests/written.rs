//! The attacks of `tamper` on a trail that the real writer wrote: restarts, midnights, size parts, retention.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tracing_audit::testing::ManualClock;
use tracing_audit::{Retention, Rotation, Severity, Trail, events};

use crate::hand::Laid;

const DAY: Duration = Duration::from_secs(86_400);

struct Service {
    temp: TempDir,
    clock: Arc<ManualClock>,
    count: usize,
}

impl Service {
    fn new() -> Service {
        let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_400);
        Service {
            temp: tempfile::tempdir().unwrap(),
            clock: Arc::new(ManualClock::new(noon)),
            count: 0,
        }
    }

    fn dir(&self) -> std::path::PathBuf {
        self.temp.path().join("logs")
    }

    fn start(&self) -> Trail {
        Trail::builder(self.dir())
            .detached()
            .clock(self.clock.clone())
            .host("host-a")
            .line_bytes(4 << 10)
            .value_bytes(2 << 10)
            .rotation(Rotation::daily().max_bytes(12 << 10))
            .retention(Retention::files(4))
            .build()
            .unwrap()
    }

    fn record(&mut self, trail: &Trail, records: usize, message: &str) {
        for _ in 0..records {
            self.count += 1;
            let severity = if self.count.is_multiple_of(3) {
                Severity::High
            } else {
                Severity::Low
            };
            trail
                .draft(events::DATA_READ)
                .severity(severity)
                .user_id("alice")
                .field("number", &self.count)
                .field("password", &"hunter2")
                .message(message)
                .emit();
        }
        trail.sync().unwrap();
    }

    /// Six files of three runs, of which retention has left four.
    fn history(mut self) -> Service {
        let trail = self.start();
        self.record(&trail, 3, "the first day");
        self.clock.advance(DAY);
        trail.flush().unwrap();
        self.record(&trail, 2, "the second day");
        trail.close().unwrap();
        let trail = self.start();
        self.record(&trail, 1, "behind a restart");
        // More than a part holds.
        self.record(&trail, 7, &"long ".repeat(350));
        trail.close().unwrap();
        let trail = self.start();
        self.clock.advance(DAY);
        self.record(&trail, 2, "é \"quoted\" \n\u{202e}");
        trail.close().unwrap();
        self
    }

    /// As it stands now, elsewhere.
    fn copy(&self) -> Laid {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("logs");
        fs::create_dir(&dir).unwrap();
        let laid = Laid { temp, dir };
        for (name, bytes) in files(&self.dir()) {
            laid.put(&name, &bytes);
        }
        laid.put_state(&fs::read(self.temp.path().join("logs.keys/state")).unwrap());
        laid
    }
}

/// The trail's files, oldest first.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(u64, String, Vec<u8>)> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "jsonl"))
        .map(|entry| {
            let bytes = fs::read(entry.path()).unwrap();
            let header: serde_json::Value =
                serde_json::from_slice(bytes.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
            let name = entry.file_name().into_string().unwrap();
            (header["file"].as_u64().unwrap(), name, bytes)
        })
        .collect();
    files.sort();
    files.into_iter().map(|(_, name, bytes)| (name, bytes)).collect()
}

/// A trail that ended cleanly, and that has everything in it that this is about.
fn closed() -> Laid {
    let laid = Service::new().history().copy();
    let report = laid.verify();
    assert_eq!(report.exit_code(), 0, "the control: {report}");
    let files = files(&laid.dir);
    let text: String = files
        .iter()
        .map(|(_, bytes)| std::str::from_utf8(bytes).unwrap())
        .collect();
    assert_eq!(files.len(), 4);
    assert!(!text.contains("\"file\":1,\"cause\""), "retention took the first file");
    for wanted in [
        "AUDIT_PRUNE",
        "\"cause\":\"start\"",
        "\"cause\":\"rotate\"",
        "kept_from",
        "[redacted]",
        "AUDIT_STOP",
    ] {
        assert!(text.contains(wanted), "{wanted} in\n{text}");
    }
    let days: std::collections::BTreeSet<&str> = files.iter().map(|(name, _)| &name[..16]).collect();
    assert!(
        days.len() > 1 && files.iter().any(|(name, _)| name.contains(".part")),
        "{days:?}"
    );
    laid
}

/// Every change of a file that `changes` gives must be tampering.
fn all_seen(laid: &Laid, name: &str, whole: &[u8], changes: impl Iterator<Item = (String, Vec<u8>)>) -> usize {
    let mut tried = 0;
    for (what, bytes) in changes {
        laid.put(name, &bytes);
        assert_eq!(laid.exit(), 1, "{name}, {what}");
        tried += 1;
    }
    laid.put(name, whole);
    assert_eq!(laid.exit(), 0, "the control, afterwards");
    tried
}

fn flipped(whole: &[u8], bits: impl Iterator<Item = usize>) -> impl Iterator<Item = (String, Vec<u8>)> {
    bits.map(move |bit| {
        let mut bytes = whole.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        (format!("bit {} of byte {}", bit % 8, bit / 8), bytes)
    })
}

fn flip_all(which: impl Fn(&[u8], usize) -> bool + Sync) -> usize {
    let laid = closed();
    let files = files(&laid.dir);
    // Each thread has a copy of its own.
    std::thread::scope(|scope| {
        let halves: Vec<_> = (0..2)
            .map(|half| {
                let (files, which) = (&files, &which);
                let own = tempfile::tempdir().unwrap();
                let dir = own.path().join("logs");
                fs::create_dir(&dir).unwrap();
                let own = Laid { temp: own, dir };
                files.iter().for_each(|(name, bytes)| own.put(name, bytes));
                own.put_state(&fs::read(laid.state_path()).unwrap());
                scope.spawn(move || {
                    let each = files.iter().map(|(name, bytes)| {
                        let bits = (0..bytes.len() * 8).filter(|bit| bit % 2 == half && which(bytes, *bit));
                        all_seen(&own, name, bytes, flipped(bytes, bits))
                    });
                    each.sum::<usize>()
                })
            })
            .collect();
        halves.into_iter().map(|half| half.join().unwrap()).sum()
    })
}

#[test]
fn a_flipped_bit_of_a_written_trail_is_tampering_wherever_it_is() {
    // All bits of the shorter files' headers and of what the trail says of itself; of the rest one bit in each byte.
    let tried = flip_all(|bytes, bit| {
        let (at, own) = (bit / 8, b"AUDIT_PRUNE");
        let line = bytes[..at]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let prune = || bytes[line..].windows(own.len()).take(90).any(|window| window == own);
        bit % 8 == at % 8 || (bytes.len() < 4_000 && line == 0) || prune()
    });
    assert!(tried > 10_000, "{tried}");
}

#[test]
#[ignore = "a minute: for a release build"]
fn every_flipped_bit_of_a_written_trail_is_tampering() {
    let tried = flip_all(|_, _| true);
    println!("{tried} flips");
    assert!(tried > 120_000, "{tried}");
}

#[test]
fn every_line_of_a_written_trail_left_out_doubled_or_swapped_is_tampering() {
    let laid = closed();
    for (name, whole) in files(&laid.dir) {
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        let mut changes = Vec::new();
        for at in 0..lines.len() {
            let mut without = lines.clone();
            without.remove(at);
            changes.push((format!("without line {}", at + 1), without.concat()));
            let mut doubled = lines.clone();
            doubled.insert(at, lines[at]);
            changes.push((format!("line {} twice", at + 1), doubled.concat()));
            for other in at + 1..lines.len() {
                let mut swapped = lines.clone();
                swapped.swap(at, other);
                changes.push((format!("lines {} and {} swapped", at + 1, other + 1), swapped.concat()));
            }
        }
        let least = lines.len() * 2;
        assert!(all_seen(&laid, &name, &whole, changes.into_iter()) >= least);
    }
}

#[test]
fn every_file_of_a_written_trail_removed_cut_or_swapped_is_tampering() {
    let laid = closed();
    let files = files(&laid.dir);
    for (name, whole) in &files {
        fs::remove_file(laid.path(name)).unwrap();
        assert_eq!(laid.exit(), 1, "without {name}");
        let cuts = (0..whole.len())
            .step_by(7)
            .map(|len| (format!("cut to {len}"), whole[..len].to_vec()));
        all_seen(&laid, name, whole, cuts);
        for (other, bytes) in files.iter().filter(|(other, _)| other != name) {
            all_seen(
                &laid,
                name,
                whole,
                [(format!("with the bytes of {other}"), bytes.clone())].into_iter(),
            );
        }
    }
    // Both in each other's place are the same files under other names, and names prove nothing.
    laid.put(&files[0].0, &files[1].1);
    laid.put(&files[1].0, &files[0].1);
    assert_eq!(laid.exit(), 0);
    // A file of another trail that did the same.
    let other = closed();
    let others = self::files(&other.dir);
    let laid = closed();
    for ((name, whole), (_, bytes)) in self::files(&laid.dir).iter().zip(&others) {
        all_seen(
            &laid,
            name,
            whole,
            [("of another trail".to_owned(), bytes.clone())].into_iter(),
        );
    }
}

#[test]
fn every_change_of_a_written_state_file_is_tampering() {
    let laid = closed();
    let whole = fs::read(laid.state_path()).unwrap();
    for (what, bytes) in flipped(&whole, 0..whole.len() * 8) {
        laid.put_state(&bytes);
        assert_eq!(laid.exit(), 1, "{what}");
    }
    for len in 0..whole.len() {
        laid.put_state(&whole[..len]);
        assert_eq!(laid.exit(), 1, "cut to {len}");
    }
    laid.put_state(&whole);
    assert_eq!(laid.exit(), 0, "the control, afterwards");
}

#[test]
fn a_cut_of_a_killed_trail_is_tampering_below_its_mark_and_torn_above() {
    let mut service = Service::new();
    let trail = service.start();
    service.record(&trail, 3, "before the mark");
    // A checkpoint, and the mark behind it.
    service.clock.advance(Duration::from_secs(11));
    trail.flush().unwrap();
    trail.sync().unwrap();
    service.record(&trail, 3, "behind it");
    // As a kill would leave it.
    let laid = service.copy();
    trail.close().unwrap();
    let report = laid.verify();
    assert_eq!(report.exit_code(), 2, "the control: an open end: {report}");
    let state: serde_json::Value = serde_json::from_slice(&fs::read(laid.state_path()).unwrap()).unwrap();
    let mark = state["durable"]["seq"].as_u64().unwrap();
    let [(name, whole)] = &files(&laid.dir)[..] else {
        panic!("one file")
    };
    let mut proven = 0;
    let mut seen = std::collections::BTreeMap::new();
    for len in 1..=whole.len() {
        if whole[len - 1] == b'\n' {
            proven += 1;
        }
        // The checkpoint in the trail says it too, for as long as that is there.
        laid.put(name, &whole[..len]);
        // The header is the first line.
        let below = proven < mark + 1;
        assert_eq!(
            laid.exit(),
            if below { 1 } else { 2 },
            "{len} bytes, {proven} lines, mark {mark}"
        );
        *seen.entry(below).or_insert(0) += 1;
    }
    assert!(seen[&true] > 500 && seen[&false] > 300, "{seen:?}");
}
