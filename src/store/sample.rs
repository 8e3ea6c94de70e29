//! Trails for tests: a writer as simple as the format allows, on the disk in memory, and a judge of what is left.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::header::Point;
use super::*;
use crate::chain::leaf;
use crate::chain::seal::{CommitKey, Seed};
use crate::io::DiskFile;
use crate::io::mem::MemDisk;
use crate::key_line::KeyLine;

/// Where tests keep their trail.
pub(crate) const DIR: &str = "/logs";

/// Writes a trail: one record is one commit.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) disk: MemDisk,
    pub(crate) opened: Opened,
    pub(crate) home: Home,
    pub(crate) segment: Segment,
    pub(crate) header: Header,
    pub(crate) point: Point,
    pub(crate) now: Micros,
    /// Up to where a sync covers.
    pub(crate) synced: Option<Mark>,
    /// The file before, until it is synced.
    before: Option<Arc<dyn DiskFile>>,
    /// In the keyed modes: of the next commit, and behind the last synced one.
    key: Option<CommitKey>,
    synced_key: Option<CommitKey>,
}

pub(crate) fn at(text: &str) -> Micros {
    Micros::parse(text.as_bytes()).unwrap()
}

pub(crate) fn noon() -> Micros {
    at("2026-11-20T12:00:00.000000Z")
}

pub(crate) fn opening(now: Micros) -> Opening {
    Opening {
        lock_wait: Duration::ZERO,
        now,
        boot: None,
        host: "host-a".into(),
        wish: Wish::default(),
    }
}

pub(crate) fn home() -> Home {
    Home {
        dir: DIR.into(),
        keys: "/logs.keys".into(),
    }
}

/// Opens the trail for writing, without writing.
pub(crate) fn start(disk: &MemDisk, now: Micros) -> Result<Opened, Error> {
    disk.set_now(now);
    let home = Home::create(disk, Path::new(DIR), None)?;
    open(disk.shared(), home, &opening(now))
}

impl Writer {
    /// Starts a run, as docs/FORMAT.md says.
    pub(crate) fn start(disk: &MemDisk, now: Micros) -> Result<Writer, Error> {
        Writer::start_as(disk, now, None)
    }

    /// The same with this trust.
    pub(crate) fn start_as(disk: &MemDisk, now: Micros, trust: Option<Trust>) -> Result<Writer, Error> {
        let mut wanted = opening(now);
        wanted.wish.trust = trust;
        Writer::start_with(disk, &wanted)
    }

    pub(crate) fn start_with(disk: &MemDisk, wanted: &Opening) -> Result<Writer, Error> {
        let now = wanted.now;
        disk.set_now(now);
        let opened = open(disk.shared(), Home::create(disk, Path::new(DIR), None)?, wanted)?;
        let keys = opened.keys.as_ref();
        let key = keys.map(|keys| keys.seed.first_key(&opened.trail.0, opened.run));
        let home = home();
        let mut header = opened.header(now, Identity::default());
        header.measured = opened.state.measured.map(|measured| measured::micros(measured.total));
        let (segment, head) = Segment::create(&disk.shared(), &home, &header, now.day(), names::Given::default())?;
        let point = Point { seq: opened.seq, head };
        let disk = disk.clone();
        let mut writer = Writer {
            disk,
            opened,
            home,
            segment,
            header,
            point,
            now,
            synced: None,
            before: None,
            synced_key: key.clone(),
            key,
        };
        let unclean = !writer.opened.clean;
        writer.own(
            "START",
            &format!("{{\"run\":{},\"unclean\":{unclean}}}", writer.opened.run),
        )?;
        for finding in writer.opened.found.clone() {
            let (name, members) = match finding {
                Finding::Recovered(recovered) => ("RECOVER", recovered.metadata(0)),
                Finding::TamperSuspected(suspicion) => ("TAMPER_SUSPECTED", suspicion.metadata()),
            };
            writer.own(name, &serde_json::Value::Object(members).to_string())?;
        }
        writer.sync()?;
        writer.mark(false)?;
        Ok(writer)
    }

    pub(crate) fn record(&mut self, what: &str) -> Result<u64, Error> {
        let rest = format!(
            "\"time\":\"{}\",\"event\":\"DATA_READ\",\"resource\":\"{what}\"",
            self.now
        );
        self.rest(&rest)
    }

    pub(crate) fn own(&mut self, name: &str, metadata: &str) -> Result<u64, Error> {
        let rest = format!(
            "\"time\":\"{}\",\"event\":\"AUDIT_{name}\",\"metadata\":{metadata}",
            self.now
        );
        self.rest(&rest)
    }

    fn rest(&mut self, rest: &str) -> Result<u64, Error> {
        let seq = self.point.seq + 1;
        let head = self.point.head.record(seq, &leaf(rest.as_bytes()));
        let mut line = format!("{{\"seq\":{seq},{rest}").into_bytes();
        match &self.key {
            None => head.push_frame(&mut line),
            Some(key) => head.push_sealed_frame(&mut line, &key.seal(&head)),
        }
        line.push(b'\n');
        self.segment.write(&line)?;
        if let Some(key) = &mut self.key {
            key.advance();
        }
        self.point = Point { seq, head };
        Ok(seq)
    }

    /// Makes everything durable, in the order that the format asks for.
    pub(crate) fn sync(&mut self) -> Result<(), Error> {
        let failed = |error| Error::io("sync", DIR, error);
        if let Some(before) = self.before.take() {
            before.sync_data().map_err(failed)?;
        }
        self.segment.sync_handle().sync_data().map_err(failed)?;
        self.disk.sync_dir(&self.home.dir).map_err(failed)?;
        self.synced_key = self.key.clone();
        self.synced = Some(Mark {
            file: self.header.file,
            point: self.point,
        });
        Ok(())
    }

    pub(crate) fn mark(&mut self, clean: bool) -> Result<(), Error> {
        let state = &mut self.opened.state;
        state.durable = self.synced;
        state.clean = clean;
        state.store(&self.disk, &self.home)
    }

    pub(crate) fn checkpoint(&mut self) -> Result<(), Error> {
        self.sync()?;
        let (file, Point { seq, head }) = (self.header.file, self.point);
        self.own(
            "CHECKPOINT",
            &format!("{{\"file\":{file},\"seq\":{seq},\"head\":\"{}\"}}", head.text()),
        )?;
        self.mark(false)
    }

    /// Goes on in another file. The new one's first lines are written before the old one is synced; but no file is left
    /// whose first lines were not synced, so that there is one open seam at most.
    pub(crate) fn rotate(&mut self, now: Micros) -> Result<(), Error> {
        if self.synced.is_none_or(|synced| synced.file != self.header.file) {
            self.sync()?;
        }
        self.before = Some(self.segment.sync_handle());
        let end = Mark {
            file: self.header.file,
            point: self.point,
        };
        self.go_on(now, Cause::Rotate, end)?;
        let old = self.header.prev_file.unwrap_or_default();
        self.own("ROTATE", &format!("{{\"prev_file\":{old}}}"))?;
        Ok(())
    }

    /// Goes on from the last synced point, as after a failed sync. The rests are not written again: a test's loss.
    pub(crate) fn resync(&mut self) -> Result<(), Error> {
        self.before = None;
        self.key = self.synced_key.clone();
        self.go_on(self.now, Cause::Resync, self.synced.unwrap())?;
        if self.key.is_some() {
            // A header alone is no commit that could be sealed.
            return self.own("GAP", "{}").map(drop);
        }
        self.segment.write(b"")
    }

    fn go_on(&mut self, now: Micros, cause: Cause, prev: Mark) -> Result<(), Error> {
        (self.now, self.disk) = (now, self.disk.clone());
        self.disk.set_now(now);
        let old = self.header.file;
        self.header = Header {
            file: old + 1,
            cause,
            prev_file: Some(prev.file),
            prev: prev.point,
            clean: true,
            commit: self.key.as_ref().map_or(0, CommitKey::index),
            opened: now,
            ..self.header.clone()
        };
        let (segment, head) = Segment::create(
            &self.disk.shared(),
            &self.home,
            &self.header,
            now.day(),
            self.segment.given(),
        )?;
        self.segment = segment;
        self.point = Point {
            seq: prev.point.seq,
            head,
        };
        Ok(())
    }

    pub(crate) fn stop(mut self) -> Result<MemDisk, Error> {
        self.sync()?;
        self.own("STOP", "{\"records\":0,\"lost\":0}")?;
        self.sync()?;
        self.mark(true)?;
        Ok(self.disk.clone())
    }

    /// The process dies. Its lock goes with it, and nothing else is lost.
    pub(crate) fn kill(self) -> MemDisk {
        self.disk.kill()
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.segment.path().to_owned()
    }
}

/// The verdict on a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Why it is tampered; empty if it is not.
    pub(crate) tampered: Vec<String>,
    /// Proven, with a clean end.
    pub(crate) clean: bool,
    /// The rests of the proven records, by their seq from the oldest header's on.
    pub(crate) records: Vec<(u64, String)>,
}

/// Judges a directory by sections 10, 12 and 16 of docs/FORMAT.md, in mode `chained` and with the state file; written from
/// the text and sharing nothing with recovery but headers, so that one can be held against the other.
pub(crate) fn judge(disk: &MemDisk) -> Verdict {
    judge_by(disk, &[])
}

/// The same with key lines, in the keyed modes.
pub(crate) fn judge_by(disk: &MemDisk, keys: &[KeyLine]) -> Verdict {
    let mut tampered = Vec::new();
    let files: Vec<(String, Vec<u8>)> = disk
        .tree()
        .into_iter()
        .filter(|(path, data)| path.parent() == Some(Path::new(DIR)) && !data.is_empty())
        .map(|(path, data)| (path.file_name().unwrap().to_str().unwrap().to_owned(), data))
        .filter(|(name, _)| names::Name::parse(name).is_some_and(|name| name.form == names::Form::Plain))
        .collect();
    let state = match State::load(disk, &home()).unwrap() {
        state::Found::State(state) => Some(state),
        state::Found::Missing => None,
        state::Found::Damaged => {
            tampered.push("the state file does not check".into());
            None
        }
    };
    let mut headers = std::collections::BTreeMap::new();
    let mut unreadable = Vec::new();
    for (name, data) in &files {
        let line = data.iter().position(|byte| *byte == b'\n').map(|end| &data[..end]);
        match line.map(Header::parse) {
            Some(Ok((header, head))) => {
                if headers
                    .insert(header.file, (header, head, line.unwrap().len() + 1, data))
                    .is_some()
                {
                    tampered.push(format!("{name} has a number twice"));
                }
            }
            _ => unreadable.push(data),
        }
    }
    let trails: std::collections::BTreeSet<_> = headers.values().map(|(header, ..)| header.trail).collect();
    let stated = state.as_ref().map(|state| state.trail);
    if trails.len() > 1 || stated.is_some_and(|stated| trails.iter().any(|trail| *trail != stated)) {
        tampered.push("another trail".into());
    }
    let mut live = Vec::new();
    let mut next = headers.keys().next_back().copied();
    while let Some(file) = next.and_then(|number| headers.get(&number)) {
        live.push(file);
        next = file.0.prev_file;
    }
    live.reverse();
    let missing = if live.is_empty() { None } else { next };
    let durable = |line: &[u8]| -> Option<u64> {
        let line = std::str::from_utf8(line)
            .ok()
            .filter(|line| !line.bytes().any(|byte| byte < 0x20))?;
        let (seq, rest) = line.strip_prefix("{\"seq\":")?.split_once(',')?;
        let event = rest.get(36..)?.strip_prefix(",\"event\":\"AUDIT_")?;
        let value: serde_json::Value = serde_json::from_str(line).ok()?;
        let seq: u64 = seq.parse().ok()?;
        match event.split('"').next()? {
            "STOP" => Some(seq - 1),
            "CHECKPOINT" => value["metadata"]["seq"].as_u64().filter(|stated| *stated < seq),
            _ => None,
        }
    };
    let mut d = state
        .as_ref()
        .and_then(|state| state.durable)
        .map_or(0, |mark| mark.point.seq);
    for data in &unreadable {
        d = d.max(data.split(|byte| *byte == b'\n').filter_map(durable).max().unwrap_or(0));
    }
    let (mut records, mut end, mut walking, mut unproven) = (Vec::new(), None, true, 0);
    let (mut kept, mut suspected, mut stopped, mut mark_ok) = (None, false, false, None);
    // The seals by the point that they stand at: run and index.
    let mut seals = std::collections::BTreeMap::new();
    let mut trust = Trust::Chained;
    let mark = state.as_ref().and_then(|state| state.durable);
    for (at, (header, head, body_at, data)) in live.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &live[before].0);
        d = d.max(match (header.cause, before) {
            (Cause::Rotate, Some(before)) => before.prev.seq,
            (Cause::Rotate, None) => 0,
            _ => header.prev.seq,
        });
        let next = live.get(at + 1).map(|next| &next.0);
        if walking {
            match end {
                None => end = Some(header.prev),
                Some(end) if end == header.prev => {}
                Some(_) => {
                    tampered.push(format!("file {} does not go on where the one before ends", header.file));
                    walking = false;
                }
            }
        }
        if before.is_some_and(|before| header.prev_file != Some(before.file)) {
            tampered.push("the branch is broken".into());
        }
        let mut point = Point {
            seq: header.prev.seq,
            head: *head,
        };
        let keyed = header.trust.is_keyed();
        if header.trust < trust {
            tampered.push(format!("file {} has less trust than one before", header.file));
        }
        trust = header.trust;
        let mut index = header.commit;
        if keyed {
            let at_prev = seals.get(&(header.prev_file, header.prev.seq)).copied();
            let right = match header.cause {
                Cause::Start | Cause::Recover => Some(0),
                Cause::Rotate => at_prev.map(|(_, index)| index + 1),
                Cause::Resync => match at_prev {
                    Some((run, index)) if run == header.run => Some(index + 1),
                    _ => Some(0),
                },
            };
            // What stands before the oldest file left nobody knows.
            if right.is_some_and(|right| right != index) && (at > 0 || header.prev_file.is_none()) {
                tampered.push(format!(
                    "file {} begins with commit {index}, and not {right:?}",
                    header.file
                ));
            }
        }
        let proven_before = walking;
        let mut see = |point: Point| {
            if mark.is_some_and(|mark| mark.file == header.file && mark.point.seq == point.seq) {
                mark_ok = Some(mark.unwrap().point.head == point.head);
            }
        };
        let (mut rest, mut good) = (&data[*body_at..], *body_at);
        // Of a keyed file, what is to be believed once a seal follows.
        let (mut open_kept, mut open_suspected, mut open_records) = (header.kept_from, false, Vec::new());
        if walking && !keyed {
            see(point);
            end = Some(point);
            (kept, stopped) = (header.kept_from, false);
        }
        let mut read = good;
        if keyed {
            good = 0;
        }
        while let Some(len) = rest.iter().position(|byte| *byte == b'\n') {
            if next.is_some_and(|next| walking && next.prev.seq == point.seq) {
                break;
            }
            let line = &rest[..len];
            d = d.max(durable(line).unwrap_or(0));
            if walking {
                match chained(line, point, keyed) {
                    Some((behind, text, seal)) => {
                        point = behind;
                        read += len + 1;
                        let event = text.get(36..).unwrap_or_default();
                        let stop = event.starts_with(",\"event\":\"AUDIT_STOP\"");
                        open_suspected |= event.starts_with(",\"event\":\"AUDIT_TAMPER_SUSPECTED\"");
                        if event.starts_with(",\"event\":\"AUDIT_PRUNE\"") {
                            let value: serde_json::Value = serde_json::from_slice(line).unwrap();
                            open_kept = KeptFrom::from_json(&value["metadata"]["kept_from"]);
                        }
                        open_records.push((point.seq, text));
                        if keyed && let Some(seal) = seal {
                            seals.insert((Some(header.file), point.seq), (header.run, index));
                            for key in keys.iter().filter(|key| key.first_run <= header.run) {
                                if seal != expected_seal(key, header.run, index, &point.head) {
                                    tampered.push(format!("the seal at {} is not of commit {index}", point.seq));
                                }
                            }
                            index += 1;
                        }
                        if !keyed || seal.is_some() {
                            good = read;
                            see(point);
                            (end, kept, stopped) = (Some(point), open_kept, stop);
                            suspected |= open_suspected;
                            records.append(&mut open_records);
                        }
                    }
                    None => walking = false,
                }
            }
            rest = &rest[len + 1..];
        }
        let reached = next.is_none_or(|next| next.prev.seq == point.seq);
        walking &= reached;
        let cut_off = walking && next.is_some_and(|next| matches!(next.cause, Cause::Resync | Cause::Recover));
        if proven_before && !cut_off {
            unproven += data.len() - good;
            if next.is_some() && walking && good < data.len() {
                tampered.push(format!("file {} goes on behind its end", header.file));
            }
        }
    }
    let end = end.unwrap_or(Point::GENESIS);
    if let Some(missing) = missing {
        let right = kept.is_some_and(|kept| {
            live.iter()
                .any(|(header, ..)| header.file == kept.file && header.prev == kept.prev)
        });
        if !right {
            tampered.push(format!("file {missing} is missing"));
        }
    }
    if d > end.seq {
        tampered.push(format!("{d} was durable, and {} is the end", end.seq));
    }
    let oldest = live.first().map_or(0, |(header, ..)| header.file);
    if mark.is_some_and(|mark| mark.point.seq <= end.seq && mark.file >= oldest) && mark_ok != Some(true) {
        tampered.push("the mark is not on the branch".into());
    }
    if suspected {
        tampered.push("the trail says so itself".into());
    }
    let closed = state.as_ref().is_some_and(|state| state.clean);
    if closed && (mark.is_none_or(|mark| mark.point != end) || unproven > 0) {
        tampered.push("something follows a clean end".into());
    }
    Verdict {
        tampered,
        clean: stopped && unproven == 0 && state.is_none_or(|state| state.clean),
        records,
    }
}

fn chained(line: &[u8], from: Point, keyed: bool) -> Option<(Point, String, Option<[u8; 32]>)> {
    let text = std::str::from_utf8(line)
        .ok()
        .filter(|line| !line.bytes().any(|byte| byte < 0x20))?;
    let seq = from.seq + 1;
    let rest = text.strip_prefix(&format!("{{\"seq\":{seq},"))?;
    let cut = |frame: usize| rest.get(..rest.len().checked_sub(frame)?);
    let framed = |rest: &str, behind: &str| {
        let head = from.head.record(seq, &leaf(rest.as_bytes()));
        let whole = format!(
            "{{\"seq\":{seq},{rest},\"tag\":\"{}\"{behind}}}",
            crate::base64url::text(head.tag())
        );
        (whole.as_bytes() == line).then(|| (Point { seq, head }, rest.to_owned()))
    };
    if let Some((point, rest)) = cut(32).and_then(|rest| framed(rest, "")) {
        return Some((point, rest, None));
    }
    let seal = text
        .get(text.len().checked_sub(45)?..text.len() - 2)
        .filter(|_| keyed)?;
    let bytes = crate::base64url::parse(seal.as_bytes())?;
    let (point, rest) = framed(cut(85)?, &format!(",\"seal\":\"{seal}\""))?;
    Some((point, rest, Some(bytes)))
}

fn expected_seal(key: &KeyLine, run: u64, index: u64, head: &Head) -> [u8; 32] {
    let seed = (key.first_run..run).fold(Seed(key.key.clone()), |seed, _| seed.next());
    let mut key = seed.first_key(&key.trail, run);
    (0..index).for_each(|_| key.advance());
    key.seal(head)
}
