//! Sealed trails, made by hand, and what is done to them.

use crate::chain::seal::{CommitKey, Seed};
use crate::chain::{Head, leaf};
use crate::io::mem::MemDisk;
use crate::key_line::KeyLine;
use crate::secret::SecretBytes;
use crate::store::sample::{DIR, noon};
use crate::store::{Cause, Header, Point, RunId, TrailId, Trust};
use crate::verify::{FaultKind, Report, Verdict, Verify};

const TRAIL: TrailId = TrailId([0x10; 16]);

/// Writes files of a sealed trail.
struct Sealer {
    disk: MemDisk,
    header: Header,
    key: CommitKey,
    point: Point,
    bytes: Vec<u8>,
    /// Behind the last sealed line.
    sealed: Point,
    text: String,
}

fn seed() -> Seed {
    Seed(SecretBytes::new([7; 32]))
}

fn key_line() -> KeyLine {
    KeyLine {
        trail: TRAIL.0,
        first_run: 1,
        head: Head::ZERO,
        key: seed().0.clone(),
    }
}

fn header(trust: Trust) -> Header {
    Header {
        trail: TRAIL,
        run_id: RunId([1; 16]),
        file: 1,
        opened: noon(),
        ..Header::sample(trust)
    }
}

impl Sealer {
    fn new() -> Sealer {
        let mut sealer = Sealer {
            disk: MemDisk::new(),
            header: header(Trust::Sealed),
            key: seed().first_key(&TRAIL.0, 1),
            point: Point::GENESIS,
            bytes: Vec::new(),
            sealed: Point::GENESIS,
            text: "audit-2026-11-20.jsonl".to_owned(),
        };
        sealer.begin();
        sealer
    }

    fn begin(&mut self) {
        let (line, head) = self.header.render();
        self.bytes = line;
        self.bytes.push(b'\n');
        self.point = Point {
            seq: self.header.prev.seq,
            head,
        };
    }

    fn line(&mut self, event: &str, metadata: &str, sealed: bool) {
        let rest = format!("\"time\":\"{}\",\"event\":\"{event}\",\"metadata\":{metadata}", noon());
        self.point.seq += 1;
        self.point.head = self.point.head.record(self.point.seq, &leaf(rest.as_bytes()));
        self.bytes
            .extend(format!("{{\"seq\":{},{rest}", self.point.seq).into_bytes());
        match sealed {
            true => {
                let seal = self.key.seal(&self.point.head);
                self.point.head.push_sealed_frame(&mut self.bytes, &seal);
                self.key.advance();
                self.sealed = self.point;
            }
            false => self.point.head.push_frame(&mut self.bytes),
        }
        self.bytes.push(b'\n');
    }

    /// A commit of so many records.
    fn commit(&mut self, records: u32) -> &mut Sealer {
        for left in (0..records).rev() {
            self.line("DATA_READ", "{\"n\":1}", left == 0);
        }
        self
    }

    fn put(&self) {
        self.disk.put(format!("{DIR}/{}", self.text), &self.bytes);
    }

    /// The next file, behind the last sealed line.
    fn next(&mut self, cause: Cause) -> &mut Sealer {
        self.put();
        let file = self.header.file + 1;
        if matches!(cause, Cause::Start | Cause::Recover) {
            self.header.run += 1;
            self.header.run_id = RunId([self.header.run as u8; 16]);
            let seed = (1..self.header.run).fold(seed(), |seed, _| seed.next());
            self.key = seed.first_key(&TRAIL.0, self.header.run);
        }
        self.header = Header {
            file,
            cause,
            clean: cause != Cause::Recover,
            prev_file: Some(file - 1),
            prev: self.sealed,
            commit: self.key.index(),
            ..self.header.clone()
        };
        self.text = format!("audit-2026-11-20.part{file:04}.jsonl");
        self.begin();
        self
    }

    fn stop(&mut self) -> MemDisk {
        self.line("AUDIT_STOP", "{}", true);
        self.put();
        self.disk.clone()
    }
}

fn check(disk: &MemDisk, keys: &[KeyLine]) -> Report {
    let verify = Verify::new(DIR).threads(1);
    let verify = keys.iter().cloned().fold(verify, Verify::key);
    verify.run_on(&disk.shared()).unwrap()
}

fn has(report: &Report, kind: FaultKind) -> bool {
    report.faults().iter().any(|fault| fault.kind() == kind)
}

/// Two runs, three files, one of them by a rotation.
fn trail() -> MemDisk {
    let mut sealer = Sealer::new();
    sealer.commit(2).commit(1).commit(3);
    sealer.next(Cause::Rotate).commit(2).commit(2);
    sealer.stop();
    sealer.next(Cause::Start).commit(1).commit(2);
    sealer.stop()
}

#[test]
fn a_sealed_trail_is_verified_with_its_key_line_and_unknown_without() {
    let disk = trail();
    let report = check(&disk, &[key_line()]);
    assert_eq!(
        (report.verdict(), report.mode()),
        (Verdict::Verified, "sealed"),
        "{report}"
    );
    assert_eq!(report.records(), 15);
    assert!(report.to_string().starts_with("verified: 3 files"), "{report}");
    assert_eq!(check(&disk, &[]).verdict(), Verdict::UnknownKey);
    let chained = Verify::new(DIR).threads(1).chained_only(true);
    let report = chained.run_on(&disk.shared()).unwrap();
    assert_eq!(
        (report.verdict(), report.mode()),
        (Verdict::Consistent, "chained"),
        "{report}"
    );
}

#[test]
fn a_wrong_key_line_never_passes() {
    let disk = trail();
    let wrong = |change: &dyn Fn(&mut KeyLine)| {
        let mut line = key_line();
        change(&mut line);
        check(&disk, &[line])
    };
    let seed = wrong(&|line| line.key = SecretBytes::new([8; 32]));
    assert!(
        seed.verdict() == Verdict::Tampered && has(&seed, FaultKind::Seal),
        "{seed}"
    );
    let trail = wrong(&|line| line.trail = [0x11; 16]);
    assert!(
        trail.verdict() == Verdict::Tampered && has(&trail, FaultKind::Key),
        "{trail}"
    );
    let head = wrong(&|line| line.head = Head([1; 32]));
    assert!(
        head.verdict() == Verdict::Tampered && has(&head, FaultKind::Trust),
        "{head}"
    );
}

#[test]
fn an_empty_directory_or_a_later_beginning_is_tampering_for_whoever_has_the_key_line() {
    let empty = MemDisk::new();
    empty.put(format!("{DIR}/.lock"), b"");
    assert_eq!(check(&empty, &[]).verdict(), Verdict::Open);
    assert_eq!(check(&empty, &[key_line()]).verdict(), Verdict::Tampered);
    let mut fresh = Sealer::new();
    fresh.header.run = 2;
    fresh.key = seed().next().first_key(&TRAIL.0, 2);
    fresh.begin();
    let report = check(&fresh.commit(2).stop(), &[key_line()]);
    assert!(has(&report, FaultKind::Trust), "{report}");
}

#[test]
fn a_run_that_left_nothing_does_not_hide_where_its_key_line_says_that_it_began() {
    let mut sealer = Sealer::new();
    sealer.commit(2);
    sealer.stop();
    let end = sealer.sealed.head;
    // Run 2 took its number, and a crash left no file of it.
    sealer.header.run = 2;
    sealer.next(Cause::Start).commit(2);
    let disk = sealer.stop();
    let line = |head| KeyLine {
        first_run: 2,
        head,
        key: seed().next().0,
        ..key_line()
    };
    let report = check(&disk, &[line(end)]);
    assert_eq!(report.verdict(), Verdict::Verified, "{report}");
    let report = check(&disk, &[line(Head([1; 32]))]);
    assert!(
        report.verdict() == Verdict::Tampered && has(&report, FaultKind::Trust),
        "{report}"
    );
}

#[test]
fn lines_without_a_seal_at_the_end_are_an_open_end_and_with_a_false_one_tampering() {
    for (sealed, verdict, kind) in [
        (false, Verdict::Open, FaultKind::Unsealed),
        (true, Verdict::Tampered, FaultKind::Seal),
    ] {
        let mut sealer = Sealer::new();
        sealer.commit(2).commit(1);
        if sealed {
            sealer.key = Seed(SecretBytes::new([9; 32])).first_key(&TRAIL.0, 1);
        }
        sealer.line("DATA_READ", "{}", sealed);
        sealer.put();
        let report = check(&sealer.disk, &[key_line()]);
        assert_eq!(report.verdict(), verdict, "{report}");
        assert!(has(&report, kind) && report.records() == 3, "{report}");
    }
}

#[test]
fn an_unsealed_file_decides_nothing_about_the_ones_before_it() {
    let mut sealer = Sealer::new();
    sealer.commit(2);
    let early = sealer.sealed;
    sealer.commit(3);
    sealer.next(Cause::Recover);
    sealer.header.prev = early;
    sealer.begin();
    sealer.line("DATA_READ", "{}", false);
    sealer.put();
    let report = check(&sealer.disk, &[key_line()]);
    assert_eq!((report.verdict(), report.records()), (Verdict::Open, 5), "{report}");
    // With a seal it would supersede; without the key, the seal is false.
    sealer.key = Seed(SecretBytes::new([9; 32])).first_key(&TRAIL.0, 2);
    sealer.line("DATA_READ", "{}", true);
    sealer.put();
    assert_eq!(check(&sealer.disk, &[key_line()]).verdict(), Verdict::Tampered);
}

#[test]
fn less_trust_than_before_is_tampering_with_and_without_the_key() {
    let mut sealer = Sealer::new();
    sealer.commit(2).next(Cause::Start);
    sealer.header.trust = Trust::Chained;
    sealer.begin();
    sealer.line("AUDIT_STOP", "{}", false);
    sealer.put();
    for keys in [&[][..], &[key_line()]] {
        let report = check(&sealer.disk, keys);
        assert!(
            report.verdict() == Verdict::Tampered && has(&report, FaultKind::Trust),
            "{report}"
        );
    }
}

#[test]
fn a_commit_that_was_left_out_shows_by_its_index() {
    let mut sealer = Sealer::new();
    sealer.commit(2);
    sealer.key.advance();
    sealer.commit(2);
    let report = check(&sealer.stop(), &[key_line()]);
    assert!(has(&report, FaultKind::Seal), "{report}");
    for commit in [0, 2, 9, u64::MAX >> 12] {
        let mut sealer = Sealer::new();
        sealer.commit(2).next(Cause::Rotate);
        sealer.header.commit = commit;
        sealer.begin();
        let report = check(&sealer.commit(1).stop(), &[key_line()]);
        assert!(report.verdict() == Verdict::Tampered, "{commit}: {report}");
    }
}

#[test]
fn a_commit_that_no_line_can_have_ended_is_tampering_and_no_work() {
    // More than the keys that would ever be derived.
    const FAR: u64 = 1 << 40;
    for cause in [Cause::Resync, Cause::Rotate] {
        let mut sealer = Sealer::new();
        sealer.commit(2).next(cause);
        sealer.header.commit = FAR;
        // As if as many records stood before it.
        sealer.header.prev.seq = FAR;
        sealer.begin();
        sealer.commit(1).next(Cause::Rotate);
        sealer.header.commit = FAR + 1;
        sealer.begin();
        let disk = sealer.commit(1).stop();
        let report = check(&disk, &[key_line()]);
        assert_eq!(report.verdict(), Verdict::Tampered, "{report}");
        assert!(!has(&report, FaultKind::Unsupported), "{report}");
    }
    // The file before it is gone: a number above that of the records is no commit's.
    let mut sealer = Sealer::new();
    sealer.commit(2).next(Cause::Rotate);
    sealer.header.commit = 3;
    sealer.begin();
    let disk = sealer.commit(1).stop();
    disk.remove(format!("{DIR}/audit-2026-11-20.jsonl"));
    let report = check(&disk, &[key_line()]);
    assert!(report.to_string().contains("commit 2 at most"), "{report}");
}

/// A trail cut back to an earlier clean end, which nothing on its host tells from an honest one.
fn cut_back() -> (MemDisk, Point, MemDisk) {
    let mut sealer = Sealer::new();
    sealer.commit(2);
    let early = sealer.stop();
    let early_bytes = early.get(format!("{DIR}/audit-2026-11-20.jsonl")).unwrap();
    sealer.next(Cause::Start).commit(2).commit(1);
    let whole = sealer.stop();
    let end = sealer.sealed;
    let cut = MemDisk::new();
    cut.put(format!("{DIR}/audit-2026-11-20.jsonl"), &early_bytes);
    (whole, end, cut)
}

#[test]
fn an_anchor_finds_the_cut_that_nothing_on_the_host_can_tell() {
    let (whole, end, cut) = cut_back();
    assert!(check(&cut, &[key_line()]).verdict().is_good(), "the control");
    let [a, b, c, d, e, f, ..] = end.head.0;
    let head48 = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    let good = [
        format!("{}:{}", end.seq, end.head.text()),
        format!("{}:{head48}", end.seq),
        // The two gauges were read at different moments.
        format!("{}:{head48}", end.seq + 100_000),
    ];
    let with = |disk: &MemDisk, anchor: &str| {
        let verify = Verify::new(DIR)
            .threads(1)
            .key(key_line())
            .anchor(anchor.parse().unwrap());
        verify.run_on(&disk.shared()).unwrap()
    };
    for anchor in &good {
        assert!(with(&whole, anchor).verdict().is_good(), "{anchor}");
        let report = with(&cut, anchor);
        assert!(
            report.verdict() == Verdict::Tampered && has(&report, FaultKind::Anchor),
            "{report}"
        );
    }
    for wrong in [
        format!("{}:{}", end.seq - 1, end.head.text()),
        format!("{}:{}", end.seq, head48 ^ 1),
        format!("{}:{head48}", end.seq + 200_000),
    ] {
        assert_eq!(with(&whole, &wrong).verdict(), Verdict::Tampered, "{wrong}");
    }
    let empty = MemDisk::new();
    empty.put(format!("{DIR}/.lock"), b"");
    assert_eq!(with(&empty, &good[0]).verdict(), Verdict::Tampered);
}

#[test]
fn a_trail_must_extend_what_an_earlier_check_remembers() {
    let (whole, end, cut) = cut_back();
    let check = |disk: &MemDisk| {
        let verify = Verify::new(DIR)
            .threads(1)
            .key(key_line())
            .remember("/elsewhere/memory");
        verify.run_on(&disk.shared()).unwrap()
    };
    let carry = |from: &MemDisk, to: &MemDisk| {
        to.put("/elsewhere/memory", &from.get("/elsewhere/memory").unwrap());
    };
    // It grows with the trail, and is never lowered.
    cut.put("/elsewhere/x", b"");
    whole.put("/elsewhere/x", b"");
    assert!(check(&cut).verdict().is_good());
    carry(&cut, &whole);
    assert!(check(&whole).verdict().is_good());
    let said = whole.get("/elsewhere/memory").unwrap();
    assert!(String::from_utf8(said.clone()).unwrap().contains(&end.head.text()));
    carry(&whole, &cut);
    let report = check(&cut);
    assert!(
        report.verdict() == Verdict::Tampered && has(&report, FaultKind::Anchor),
        "{report}"
    );
    assert_eq!(cut.get("/elsewhere/memory").unwrap(), said);
    // Nothing, and another trail, are no extension either.
    let empty = MemDisk::new();
    empty.put(format!("{DIR}/.lock"), b"");
    carry(&whole, &empty);
    assert_eq!(check(&empty).verdict(), Verdict::Tampered);
    cut.put("/elsewhere/memory", b"{\"tracing_audit_verifier\":1}\n");
    let verify = Verify::new(DIR).remember("/elsewhere/memory");
    assert!(verify.run_on(&cut.shared()).is_err(), "to go on would be to forget");
}

/// Every single bit and every single byte, with the key at hand.
#[test]
fn no_flipped_bit_and_no_missing_byte_of_a_sealed_trail_passes() {
    let disk = trail();
    let paths: Vec<_> = disk.tree().into_iter().filter(|(_, bytes)| !bytes.is_empty()).collect();
    let keys = [key_line()];
    let mut tried = 0;
    for (path, bytes) in &paths {
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            disk.overwrite(path, &changed);
            let report = check(&disk, &keys);
            assert!(
                !report.verdict().is_good(),
                "{}, bit of byte {at}: {report}",
                path.display()
            );
            let mut changed = bytes.clone();
            changed.remove(at);
            disk.overwrite(path, &changed);
            let report = check(&disk, &keys);
            assert!(
                !report.verdict().is_good(),
                "{}, without byte {at}: {report}",
                path.display()
            );
            tried += 2;
        }
        disk.overwrite(path, bytes);
    }
    assert!(check(&disk, &keys).verdict().is_good(), "the control");
    assert!(tried > 6_000, "{tried}");
}

/// Four files, of which retention took the first and the third, and a hold kept the second.
fn with_a_held_file(change: impl FnOnce(&mut Vec<u8>)) -> Report {
    let mut sealer = Sealer::new();
    sealer.commit(2);
    sealer.next(Cause::Rotate).commit(2);
    let (begin, end) = (sealer.header.prev, sealer.sealed);
    sealer.next(Cause::Rotate).commit(2);
    sealer.next(Cause::Start);
    sealer.header.held = vec![crate::store::header::Held {
        file: 2,
        prev: begin,
        end,
    }];
    sealer.header.kept_from = Some(crate::store::KeptFrom {
        file: 4,
        prev: sealer.header.prev,
    });
    sealer.begin();
    sealer.commit(1);
    let disk = sealer.stop();
    let held = format!("{DIR}/audit-2026-11-20.part0002.jsonl");
    let mut bytes = disk.get(&held).unwrap();
    disk.remove(format!("{DIR}/audit-2026-11-20.jsonl"));
    disk.remove(format!("{DIR}/audit-2026-11-20.part0003.jsonl"));
    change(&mut bytes);
    match bytes.is_empty() {
        true => disk.remove(&held),
        false => disk.overwrite(&held, &bytes),
    }
    check(&disk, &[key_line()])
}

#[test]
fn a_held_file_stands_alone_between_both_of_its_ends() {
    let fine = with_a_held_file(|_| {});
    assert_eq!((fine.verdict(), fine.records()), (Verdict::Verified, 2), "{fine}");
    assert!(fine.to_string().contains("legal hold"), "{fine}");
    let gone = with_a_held_file(Vec::clear);
    assert!(has(&gone, FaultKind::MissingFile), "{gone}");
    for at in [100, 450, 600] {
        let changed = with_a_held_file(|bytes| bytes[at] ^= 1);
        assert_eq!(changed.verdict(), Verdict::Tampered, "{at}: {changed}");
    }
    let cut = with_a_held_file(|bytes| {
        let line = bytes[..bytes.len() - 1]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .unwrap();
        bytes.truncate(line + 1);
    });
    assert_eq!(cut.verdict(), Verdict::Tampered, "{cut}");
}

/// The first file compressed, as the writer does with closed files.
#[cfg(feature = "gzip")]
#[test]
fn a_compressed_file_is_read_like_the_plain_one_and_counts_once() {
    use std::io::Write as _;
    let (disk, plain) = (trail(), format!("{DIR}/audit-2026-11-20.jsonl"));
    let bytes = disk.get(&plain).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&bytes).unwrap();
    let packed = encoder.finish().unwrap();
    let good = |disk: &MemDisk| {
        let report = check(disk, &[key_line()]);
        (report.verdict() == Verdict::Verified && report.records() == 15 && report.files() == 3)
            .then_some(())
            .ok_or(report.to_string())
    };
    disk.put(format!("{plain}.gz"), &packed);
    good(&disk).expect("both are there");
    let mut spoilt = bytes.clone();
    spoilt[600] ^= 1;
    disk.overwrite(&plain, &spoilt);
    good(&disk).expect("the compressed one is good where the plain one is not");
    disk.overwrite(&plain, b"half a header");
    good(&disk).expect("nor has a header");
    disk.remove(&plain);
    good(&disk).expect("the compressed one alone");
    disk.overwrite(format!("{plain}.gz"), &[&packed[..], b"more"].concat());
    let report = check(&disk, &[key_line()]);
    assert_eq!(report.verdict(), Verdict::Tampered, "{report}");
}

/// A record erased by order, in a file that is closed; the order stands in the next. `change` alters what is left.
fn erased(change: impl FnOnce(&mut String), order: impl FnOnce(&mut String)) -> Report {
    erased_behind(&[], change, order)
}

/// The same with other erasures before that order.
fn erased_behind(others: &[String], change: impl FnOnce(&mut String), order: impl FnOnce(&mut String)) -> Report {
    let mut sealer = Sealer::new();
    sealer.commit(3);
    let text = String::from_utf8(sealer.bytes.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let second = lines[2];
    let rest = second.strip_prefix("{\"seq\":2,").unwrap();
    let frame = rest.find(",\"tag\":").unwrap();
    let leaf = crate::base64url::text(&leaf(&rest.as_bytes()[..frame]));
    let mut tombstone = format!("{{\"seq\":2,\"erased\":\"{leaf}\",\"by\":5{}", &rest[frame..]);
    change(&mut tombstone);
    let left = text.replace(second, &tombstone);
    sealer.next(Cause::Rotate).commit(1);
    let mut metadata = format!("{{\"seqs\":[1,2],\"leaves\":[\"{}\",\"{leaf}\"]}}", "A".repeat(43));
    order(&mut metadata);
    for other in others {
        sealer.line("AUDIT_ERASE", other, true);
    }
    sealer.line("AUDIT_ERASE", &metadata, true);
    let disk = sealer.stop();
    disk.overwrite(format!("{DIR}/audit-2026-11-20.jsonl"), left.as_bytes());
    check(&disk, &[key_line()])
}

#[test]
fn a_tombstone_holds_only_by_a_proven_order_for_that_record_and_content() {
    let fine = erased(|_| {}, |_| {});
    assert!(fine.verdict() == Verdict::Verified && fine.records() == 6, "{fine}");
    let unordered = erased(|_| {}, |order| *order = order.replace("[1,2]", "[1,3]"));
    assert!(has(&unordered, FaultKind::Erased), "{unordered}");
    let other = erased(|_| {}, |order| *order = order.replace("[1,2]", "[2,1]"));
    assert!(has(&other, FaultKind::Erased), "{other}");
    for by in ["\"by\":4", "\"by\":1", "\"by\":6", "\"by\":2"] {
        let report = erased(|left| *left = left.replace("\"by\":5", by), |_| {});
        assert!(has(&report, FaultKind::Erased), "{by}: {report}");
    }
    let forged = erased(
        |left| *left = left.replacen("\"erased\":\"", "\"erased\":\"A", 1),
        |_| {},
    );
    assert_eq!(forged.verdict(), Verdict::Tampered, "{forged}");
}

#[test]
fn erasures_are_believed_however_many_stand_in_one_file() {
    const MANY: u64 = 10_001;
    let mut sealer = Sealer::new();
    let mut left = sealer.bytes.clone();
    let mut leaves = Vec::new();
    for n in 1..=MANY {
        let at = sealer.bytes.len();
        sealer.line("DATA_READ", &format!("{{\"n\":{n}}}"), n == MANY);
        let line = std::str::from_utf8(&sealer.bytes[at..]).unwrap();
        let (seq, rest) = line.split_at(line.find(',').unwrap() + 1);
        let (rest, frame) = rest.split_at(rest.find(",\"tag\":").unwrap());
        let leaf = crate::base64url::text(&leaf(rest.as_bytes()));
        left.extend(format!("{seq}\"erased\":\"{leaf}\",\"by\":{}{frame}", MANY + n).into_bytes());
        leaves.push(leaf);
    }
    sealer.next(Cause::Rotate);
    for (n, leaf) in (1..).zip(&leaves) {
        let order = format!("{{\"seqs\":[{n}],\"leaves\":[\"{leaf}\"]}}");
        sealer.line("AUDIT_ERASE", &order, n == MANY);
    }
    let disk = sealer.stop();
    disk.overwrite(format!("{DIR}/audit-2026-11-20.jsonl"), &left);
    let report = check(&disk, &[key_line()]);
    assert_eq!(report.verdict(), Verdict::Verified, "{report}");
}

#[test]
fn an_erasure_behind_more_than_is_kept_is_not_judged_and_no_tampering() {
    const EACH: usize = 200_000;
    let leaf = format!("\"{}\"", "A".repeat(43));
    let leaves = vec![leaf.as_str(); EACH].join(",");
    let other = format!("{{\"seqs\":[{}],\"leaves\":[{leaves}]}}", vec!["1"; EACH].join(","));
    let others = [other.clone(), other.clone(), other];
    let by_the_last = |left: &mut String| *left = left.replace("\"by\":5", "\"by\":8");
    let report = erased_behind(&others, by_the_last, |_| {});
    assert_eq!(report.verdict(), Verdict::Unreadable, "{report}");
    let report = erased_behind(&others, |_| {}, |_| {});
    assert!(has(&report, FaultKind::Erased), "what was kept is judged: {report}");
}

#[test]
fn a_change_of_keys_that_a_crash_ended_leaves_the_old_key_in_force() {
    let told = "{\"what\":\"rotated\",\"kid\":\"abcdef\",\"prev_kid\":\"ABCDEF\",\"first_run\":2}";
    let mut sealer = Sealer::new();
    sealer.commit(2).line("AUDIT_KEY", told, true);
    let report = check(&sealer.next(Cause::Recover).commit(1).stop(), &[key_line()]);
    assert_eq!(report.verdict(), Verdict::Verified, "{report}");
    // Where the key was changed, the one that is at hand says nothing of the run.
    let mut sealer = Sealer::new();
    sealer.commit(2).line("AUDIT_KEY", told, true);
    sealer.next(Cause::Recover);
    sealer.key = Seed(SecretBytes::new([8; 32])).first_key(&TRAIL.0, 2);
    let report = check(&sealer.commit(1).stop(), &[key_line()]);
    assert_eq!(report.verdict(), Verdict::UnknownKey, "{report}");
}
