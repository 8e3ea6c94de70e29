//! A trail written by hand, from docs/FORMAT.md alone: what the crate's own writer must not be asked when its reader is
//! tried.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tracing_audit::{Report, Verify};

pub(crate) type Head = [u8; 32];

pub(crate) fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let word = three.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for at in 0..=three.len() {
            text.push(LETTERS[(word >> (18 - 6 * at) & 63) as usize] as char);
        }
    }
    text
}

fn hash(parts: &[&[u8]]) -> Head {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

fn frame(head: &Head) -> String {
    format!(",\"tag\":\"{}\"}}\n", base64url(&head[..16]))
}

/// A writer without a disk.
#[derive(Clone)]
pub(crate) struct Hand {
    pub(crate) trail: [u8; 16],
    pub(crate) run: u64,
    pub(crate) file: u64,
    pub(crate) name: String,
    pub(crate) seq: u64,
    pub(crate) head: Head,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) state: Option<Vec<u8>>,
    /// Put into every header before `must`.
    pub(crate) kept_from: Option<String>,
    clock: u64,
}

impl Hand {
    pub(crate) fn new() -> Hand {
        Hand {
            trail: [0x10; 16],
            run: 1,
            file: 0,
            name: String::new(),
            seq: 0,
            head: [0; 32],
            files: BTreeMap::new(),
            state: None,
            kept_from: None,
            clock: 0,
        }
    }

    /// A millisecond later each time.
    fn time(&mut self) -> String {
        self.clock += 1;
        let (second, milli) = (self.clock / 1_000, self.clock % 1_000);
        let (minute, hour) = (second / 60, 8 + second / 3_600);
        format!(
            "2026-11-20T{hour:02}:{:02}:{:02}.{milli:03}000Z",
            minute % 60,
            second % 60
        )
    }

    pub(crate) fn point(&self) -> (u64, u64, Head) {
        (self.file, self.seq, self.head)
    }

    /// Begins the next file behind the point reached.
    pub(crate) fn open(&mut self, cause: &str) -> &mut Hand {
        let at = (self.file > 0).then(|| self.point());
        self.open_at(cause, at)
    }

    /// Begins the next file behind another point.
    pub(crate) fn open_at(&mut self, cause: &str, at: Option<(u64, u64, Head)>) -> &mut Hand {
        self.file += 1;
        let (prev, seq, head) = match at {
            Some((file, seq, head)) => (file.to_string(), seq, head),
            None => ("null".to_owned(), 0, [0; 32]),
        };
        let (trail, run_id) = (base64url(&self.trail), base64url(&[0x20 + self.run as u8; 16]));
        let (opened, clean) = (self.time(), cause != "recover");
        let kept = self
            .kept_from
            .as_ref()
            .map_or(String::new(), |kept| format!(",\"kept_from\":{kept}"));
        let body = format!(
            "{{\"tracing_audit\":1,\"trail\":\"{trail}\",\"run\":{},\"run_id\":\"{run_id}\",\"file\":{},\"cause\":\"{cause}\",\
             \"prev_file\":{prev},\"prev_seq\":{seq},\"prev_head\":\"{}\",\"clean\":{clean},\"trust\":\"chained\",\"commit\":0,\
             \"opened\":\"{opened}\"{kept},\"must\":[]",
            self.run,
            self.file,
            base64url(&head),
        );
        self.seq = seq;
        self.head = hash(&[&[0x03], &head, &hash(&[&[0x00], body.as_bytes()])]);
        self.name = match self.file {
            1 => "audit-2026-11-20.jsonl".to_owned(),
            file => format!("audit-2026-11-20.part{file:04}.jsonl"),
        };
        self.files
            .insert(self.name.clone(), (body + &frame(&self.head)).into_bytes());
        self
    }

    /// The next record's line, from its rest.
    pub(crate) fn put(&mut self, rest: &str) -> &mut Hand {
        self.seq += 1;
        let leaf = hash(&[&[0x00], rest.as_bytes()]);
        self.head = hash(&[&[0x02], &self.head, &self.seq.to_le_bytes(), &leaf]);
        let line = format!("{{\"seq\":{},{rest}{}", self.seq, frame(&self.head));
        self.files.get_mut(&self.name).unwrap().extend(line.as_bytes());
        self
    }

    pub(crate) fn rest(&mut self, event: &str, more: &str) -> String {
        let category = if event.starts_with("AUDIT_") { "audit" } else { "data" };
        let time = self.time();
        format!(
            "\"time\":\"{time}\",\"event\":\"{event}\",\"category\":\"{category}\",\"severity\":\"low\",\"outcome\":\"success\"{more}"
        )
    }

    pub(crate) fn record(&mut self) -> &mut Hand {
        let more = format!(",\"user_id\":\"u{}\",\"message\":\"read a book\"", self.seq + 1);
        let rest = self.rest("DATA_READ", &more);
        self.put(&rest)
    }

    pub(crate) fn records(&mut self, count: u64) -> &mut Hand {
        for _ in 0..count {
            self.record();
        }
        self
    }

    pub(crate) fn own(&mut self, event: &str, metadata: &str) -> &mut Hand {
        let rest = self.rest(event, &format!(",\"metadata\":{{{metadata}}}"));
        self.put(&rest)
    }

    pub(crate) fn begin(&mut self) -> &mut Hand {
        let (run, file) = (self.run, self.file);
        self.own(
            "AUDIT_START",
            &format!("\"run\":{run},\"file\":{file},\"version\":\"0.1.0\",\"unclean\":false"),
        )
    }

    pub(crate) fn stop(&mut self) -> &mut Hand {
        self.own("AUDIT_STOP", "\"records\":1,\"lost\":0")
    }

    pub(crate) fn checkpoint(&mut self) -> &mut Hand {
        let (file, seq, head) = self.point();
        self.own(
            "AUDIT_CHECKPOINT",
            &format!("\"file\":{file},\"seq\":{seq},\"head\":\"{}\"", base64url(&head)),
        )
    }

    pub(crate) fn next_run(&mut self) -> &mut Hand {
        self.run += 1;
        self
    }

    /// The state file of this moment.
    pub(crate) fn mark(&mut self, clean: bool) -> &mut Hand {
        let (file, seq, head) = self.point();
        let time = self.time();
        let text = format!(
            "{{\"tracing_audit_state\":1,\"trail\":\"{}\",\"next_run\":{},\"durable\":{{\"file\":{file},\"seq\":{seq},\"head\":\"{}\"}},\
             \"clean\":{clean},\"max_clock\":\"{time}\",\"pruned\":null",
            base64url(&self.trail),
            self.run + 1,
            base64url(&head),
        );
        let check = base64url(&hash(&[&[0x06], text.as_bytes()]));
        self.state = Some(format!("{text},\"head_check\":\"{check}\"}}\n").into_bytes());
        self
    }

    pub(crate) fn lines(&self, name: &str) -> Vec<Vec<u8>> {
        self.files[name]
            .split_inclusive(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    }

    /// Puts the trail onto a disk.
    pub(crate) fn lay(&self) -> Laid {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("logs");
        fs::create_dir(&dir).unwrap();
        let laid = Laid { temp, dir };
        for (name, bytes) in &self.files {
            laid.put(name, bytes);
        }
        if let Some(state) = &self.state {
            laid.put_state(state);
        }
        laid
    }
}

/// A trail on a disk.
pub(crate) struct Laid {
    pub(crate) temp: TempDir,
    pub(crate) dir: PathBuf,
}

impl Laid {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        // Not cut to nothing first: some file systems then write to the disk at once, and there are thousands of these.
        let mut file = fs::File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path(name))
            .unwrap();
        file.write_all(bytes).unwrap();
        file.set_len(bytes.len() as u64).unwrap();
    }

    pub(crate) fn state_path(&self) -> PathBuf {
        self.temp.path().join("logs.keys/state")
    }

    pub(crate) fn put_state(&self, state: &[u8]) {
        let path = self.state_path();
        let _ = fs::create_dir(path.parent().unwrap());
        fs::write(path, state).unwrap();
    }

    pub(crate) fn remove_state(&self) {
        fs::remove_file(self.state_path()).unwrap();
    }

    pub(crate) fn verify(&self) -> Report {
        verify(&self.dir)
    }

    pub(crate) fn exit(&self) -> u8 {
        self.verify().exit_code()
    }
}

/// On one thread: trails here are small.
pub(crate) fn verify(dir: &Path) -> Report {
    Verify::new(dir).threads(1).run().unwrap()
}

/// Three files of two runs that ended cleanly.
pub(crate) fn three_files() -> Hand {
    let mut hand = Hand::new();
    hand.open("start").begin().records(4);
    hand.open("rotate")
        .own("AUDIT_ROTATE", "\"file\":2,\"prev_file\":1")
        .records(4)
        .stop();
    hand.next_run().open("start").begin().records(3).stop().mark(true);
    hand
}
