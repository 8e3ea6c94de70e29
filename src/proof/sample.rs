//! Signed trails that are made line by line, for the tests of what is made from them.

use std::path::Path;

use crate::base64url;
use crate::chain::{Head, leaf};
use crate::clock::Micros;
use crate::io::Disk as _;
use crate::io::mem::MemDisk;
use crate::key_line::KeyLine;
use crate::merkle::{Hash, Range};
use crate::secret::SecretBytes;
use crate::sign::SecretKey;
use crate::sign::certificate::Certificate;
use crate::sign::note::Checkpoint;
use crate::store::{Cause, Header, Point, TrailId, Trust};

pub(crate) const DIR: &str = "/logs";
pub(crate) const TRAIL: TrailId = TrailId([0x10; 16]);

pub(crate) fn secret(number: u64) -> SecretKey {
    let mut bytes = [0x77; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    SecretKey::from_bytes(&bytes)
}

/// A signed trail with numbered keys: the root is 0, files have 1000 and up, checkpoints 2000 and up.
pub(crate) struct Trail {
    pub(crate) files: Vec<(u64, Vec<u8>)>,
    pub(crate) header: Header,
    pub(crate) under: u64,
    row: u64,
    pub(crate) keys: String,
    tree: Range,
    pub(crate) point: Point,
    /// Every leaf and rest, by number.
    pub(crate) all: Vec<(Hash, String)>,
    pub(crate) notes: Vec<String>,
}

impl Trail {
    pub(crate) fn new() -> Trail {
        let header = Header {
            trail: TRAIL,
            opened: Micros::parse(b"2026-11-20T10:00:00.000000Z").unwrap(),
            ..Header::sample(Trust::Signed)
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

    pub(crate) fn rotate(&mut self) {
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
    pub(crate) fn new_root(&mut self, number: u64) {
        self.under = number;
    }

    pub(crate) fn record(&mut self, rest: &str) {
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

    pub(crate) fn records(&mut self, count: u64) {
        for _ in 0..count {
            let seq = self.point.seq + 1;
            self.record(&format!(
                "\"time\":\"2026-11-20T10:00:01.000000Z\",\"event\":\"DATA_READ\",\"category\":\"data\",\
                 \"severity\":\"low\",\"outcome\":\"success\",\"message\":\"\\\"{seq}\\\" \u{e9}\\u202e\""
            ));
        }
    }

    /// Signs what there is, as the record behind it.
    pub(crate) fn checkpoint(&mut self) {
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
    pub(crate) fn erase(&mut self, seq: u64) {
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
    pub(crate) fn on_disk(&self, oldest: u64) -> MemDisk {
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

    pub(crate) fn root(&self, size: u64) -> Hash {
        let mut range = Range::default();
        self.all[..size as usize].iter().for_each(|(leaf, _)| range.push(*leaf));
        range.root()
    }
}

pub(crate) fn key(root: u64) -> KeyLine {
    KeyLine {
        trail: TRAIL.0,
        first_run: 1,
        head: Head::ZERO,
        key: SecretBytes::new(secret(root).public()),
    }
}

/// Three files, checkpoints within them and before their ends, and records behind the last one.
pub(crate) fn sample() -> Trail {
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
