//! What a check found.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::store::Trust;
use crate::verify::memory::Memory;

/// The result of a check in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Everything fits together and the end is clean, or the trail is being written and nothing is missing.
    Consistent,
    /// The same of a keyed trail, with its seals or signatures held against the key.
    Verified,
    /// The bytes contradict each other, or what is known to have been on the disk.
    Tampered,
    /// All is good up to a point; behind it the end is open, torn or unfinished, as after a crash.
    Open,
    /// The trail is sealed and its key was not given.
    UnknownKey,
    /// Something could not be read: a missing feature, a later version, no permission, not a trail.
    Unreadable,
}

impl Verdict {
    /// The exit code of `tracing-audit verify`.
    pub fn exit_code(self) -> u8 {
        match self {
            Verdict::Consistent | Verdict::Verified => 0,
            Verdict::Tampered => 1,
            Verdict::Open => 2,
            Verdict::UnknownKey => 3,
            Verdict::Unreadable => 4,
        }
    }

    /// `consistent`, `verified`, `tampered`, `open`, `unknown_key` or `unreadable`.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Consistent => "consistent",
            Verdict::Verified => "verified",
            Verdict::Tampered => "tampered",
            Verdict::Open => "open",
            Verdict::UnknownKey => "unknown_key",
            Verdict::Unreadable => "unreadable",
        }
    }

    /// Which one stands where several hold.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Verdict::Tampered => 4,
            Verdict::UnknownKey => 3,
            Verdict::Unreadable => 2,
            Verdict::Open => 1,
            Verdict::Consistent | Verdict::Verified => 0,
        }
    }

    /// Whether nothing is wrong: [`Consistent`](Verdict::Consistent) or [`Verified`](Verdict::Verified).
    pub fn is_good(self) -> bool {
        self.exit_code() == 0
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

macro_rules! kinds {
    ($($(#[$meta:meta])* $kind:ident $word:literal;)*) => {
        /// The kinds of [`Fault`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FaultKind { $($(#[$meta])* $kind,)* }

        impl FaultKind {
            /// The kind in one word, as in the JSON report.
            pub fn as_str(self) -> &'static str {
                match self { $(FaultKind::$kind => $word,)* }
            }
        }
    };
}

kinds! {
    /// A line whose bytes cannot be a record's.
    Line "line";
    /// A line whose tag does not fit what it says, or what came before it.
    Content "content";
    /// A line of which only the tag was changed.
    Tag "tag";
    /// Records are left out.
    Missing "missing";
    /// A record that stands again, or out of its place.
    Repeated "repeated";
    /// Lines that do not belong: the chain goes on without them.
    Inserted "inserted";
    /// Lines behind the point at which the next file goes on.
    Beyond "beyond";
    /// A file that does not go on where the one before it ended.
    Link "link";
    /// A file is gone.
    MissingFile "missing_file";
    /// Two files have one number.
    Duplicate "duplicate";
    /// A file of another trail.
    Foreign "foreign";
    /// Two runs with one number, or one run with two names: a clone.
    Fork "fork";
    /// A file without a valid header.
    Header "header";
    /// The end lies before a point that is known to have been on the disk.
    Cut "cut";
    /// The chain holds and a seal does not: whoever wrote the line had no key.
    Seal "seal";
    /// Whole lines that no seal covers.
    Unsealed "unsealed";
    /// A file with less trust than one before it, or than the key line demands.
    Trust "trust";
    /// A checkpoint whose signature, root or head does not fit, or a tree that does not go on.
    Signature "signature";
    /// Records behind the last signed checkpoint at an end that was clean.
    Unsigned "unsigned";
    /// The key line does not belong to the trail, or a key is not certified.
    Key "key";
    /// The trail is keyed, and its key line was not given.
    UnknownKey "unknown_key";
    /// An anchor, or what an earlier check remembers, is not on the chain.
    Anchor "anchor";
    /// The durable mark is not on the branch.
    Mark "mark";
    /// A record that was erased, and not by order.
    Erased "erased";
    /// A record that says what it says as no trail writes it (with `deep`).
    Spelling "spelling";
    /// The state file is damaged, or of another trail.
    State "state";
    /// Something stands behind a clean end.
    Appended "appended";
    /// The trail itself found, at a start, what no crash explains.
    Suspected "suspected";
    /// The last line is half there.
    Torn "torn";
    /// The last run did not end, or has not ended.
    Unfinished "unfinished";
    /// An earlier end that was not clean (with `strict`).
    Seam "seam";
    /// Files were removed before their time (with `strict`).
    EarlyPrune "early_prune";
    /// A feature of the format that this build lacks.
    Unsupported "unsupported";
    /// A file that cannot be read.
    Unreadable "unreadable";
    /// Nothing that could be checked.
    Empty "empty";
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something that is not as it should be, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u64>,
    pub(crate) seq: Option<u64>,
    pub(crate) kind: FaultKind,
    pub(crate) verdict: Verdict,
    pub(crate) detail: String,
}

impl Fault {
    pub(crate) fn new(kind: FaultKind, verdict: Verdict, detail: impl AsRef<str>) -> Fault {
        Fault {
            file: None,
            line: None,
            seq: None,
            kind,
            verdict,
            detail: harmless(detail.as_ref()),
        }
    }

    pub(crate) fn file(mut self, name: &str) -> Fault {
        self.file = Some(harmless(name));
        self
    }

    pub(crate) fn line(mut self, line: u64) -> Fault {
        self.line = Some(line);
        self
    }

    pub(crate) fn seq(mut self, seq: u64) -> Fault {
        self.seq = Some(seq);
        self
    }

    /// The name of the file within the directory.
    pub fn file_name(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The line, the header being line 1.
    pub fn line_number(&self) -> Option<u64> {
        self.line
    }

    /// The record's number that was expected there.
    pub fn sequence(&self) -> Option<u64> {
        self.seq
    }

    /// What kind of fault it is.
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// What it makes of the whole.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What was found, in a sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}: ")?;
        }
        match (self.line, self.seq) {
            (Some(line), Some(seq)) => write!(f, "line {line}, seq {seq}: ")?,
            (Some(line), None) => write!(f, "line {line}: ")?,
            (None, Some(seq)) => write!(f, "seq {seq}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.detail)
    }
}

/// What [`verify`](crate::verify()) found.
///
/// `Display` is for people: the verdict first, then every fault, what else is worth knowing, and what the check cannot
/// exclude.
#[derive(Clone, Debug)]
#[must_use]
pub struct Report {
    pub(crate) verdict: Verdict,
    pub(crate) dir: PathBuf,
    pub(crate) trail: Option<String>,
    pub(crate) trust: &'static str,
    pub(crate) files: u64,
    pub(crate) records: u64,
    pub(crate) first_seq: Option<u64>,
    pub(crate) last_seq: Option<u64>,
    pub(crate) bytes: u64,
    pub(crate) superseded_lines: u64,
    pub(crate) unproven_bytes: u64,
    pub(crate) live: bool,
    pub(crate) mark: Mark,
    /// The highest number known to have been on the disk.
    pub(crate) durable_seq: u64,
    pub(crate) lost: u64,
    /// What was proven: seals or signatures of the newest file were held against a key, or the chain alone was followed.
    pub(crate) proven: Trust,
    /// The end of what was proven.
    pub(crate) end: Option<Memory>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) fault_count: u64,
    pub(crate) notes: Vec<String>,
}

/// What the state file said of the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// There is no state file.
    NoState,
    Damaged,
    /// Nothing had been synced yet.
    None,
    At {
        seq: u64,
        clean: bool,
    },
}

impl Report {
    /// The result in one word.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// 0 consistent, 1 tampered, 2 open or torn, 3 unknown key, 4 cannot read.
    pub fn exit_code(&self) -> u8 {
        self.verdict.exit_code()
    }

    /// The directory that was checked.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The trail's id, if there is a file with a valid header.
    pub fn trail(&self) -> Option<&str> {
        self.trail.as_deref()
    }

    /// What was proven: `sealed` or `signed` where seals or signatures were held against a key, else `chained`.
    pub fn mode(&self) -> &'static str {
        self.proven.as_str()
    }

    /// The trust mode of the newest file: `chained`, `sealed` or `signed`.
    pub fn trust(&self) -> &'static str {
        self.trust
    }

    /// Files of the live branch.
    pub fn files(&self) -> u64 {
        self.files
    }

    /// Records proven, from the oldest file that is kept up to the first fault or the end.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The number of the first record proven.
    pub fn first_seq(&self) -> Option<u64> {
        self.first_seq
    }

    /// The number of the last record proven.
    pub fn last_seq(&self) -> Option<u64> {
        self.last_seq
    }

    /// Bytes read.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Lines that a later file replaced after a failed sync or a crash. They do not count, and are not judged.
    pub fn superseded_lines(&self) -> u64 {
        self.superseded_lines
    }

    /// Bytes of live files behind the last record proven.
    pub fn unproven_bytes(&self) -> u64 {
        self.unproven_bytes
    }

    /// Records that the trail says it lost, in its `AUDIT_GAP` records.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Whether a process holds the trail and may be writing to it.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// The faults, oldest file first. No more than a thousand are listed.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// How many faults there are, listed or not.
    pub fn fault_count(&self) -> u64 {
        self.fault_count
    }

    /// What is worth knowing and no fault: earlier unclean ends, superseded lines, losses declared.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The report as one JSON object on one line.
    pub fn to_json(&self) -> String {
        // Strings and numbers only: this cannot fail.
        serde_json::to_string(&Json::from(self)).unwrap_or_default()
    }

    /// What this result does not exclude.
    pub(crate) fn limits(&self) -> Vec<String> {
        let mut limits = Vec::new();
        if self.mark == Mark::NoState {
            limits.push(
                "There is no state file, so no durable mark: a cut of the newest records cannot be told from a crash or \
                 an end."
                    .to_owned(),
            );
        }
        limits.push(format!(
            "Records after the last durable point known here (seq {}) could have been cut after a crash, and that would \
             look the same.",
            self.durable_seq
        ));
        limits.push(
            match self.proven {
                Trust::Chained => {
                    "Mode chained finds accidents and naive edits: whoever can write the files can also make them \
                     consistent."
                }
                Trust::Sealed => {
                    "Whoever has the key line can make seals. A thief of the live key can end the run early, and what he \
                     writes from then on is his."
                }
                Trust::Signed => {
                    "What stands behind the last signed checkpoint, AUDIT_STOP too, is chained only. A thief of the live key can end the \
                     run early, and what he writes from then on is his."
                }
            }
            .to_owned(),
        );
        limits
    }

    fn headline(&self) -> String {
        let range = match (self.first_seq, self.last_seq) {
            (Some(first), Some(last)) if self.records > 0 => format!(" (seq {first} to {last})"),
            _ => String::new(),
        };
        let counted = format!(
            "{}, {}{range}",
            plural(self.files, "file"),
            plural(self.records, "record")
        );
        match self.verdict {
            good @ (Verdict::Consistent | Verdict::Verified) => match self.live {
                true => format!("{good}: {counted}, still being written"),
                false => format!("{good}: {counted}, a clean end"),
            },
            Verdict::Tampered => format!(
                "tampered: {}; {} that hold{range}",
                plural(self.fault_count, "fault"),
                plural(self.records, "record"),
            ),
            Verdict::Open => format!("open: {counted}; what follows is torn or not finished"),
            Verdict::UnknownKey => format!("unknown key: {counted}"),
            Verdict::Unreadable => format!("cannot be read: {}", plural(self.fault_count, "reason")),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 20;
        writeln!(f, "{}", self.headline())?;
        write!(f, "  {}", harmless(&self.dir.display().to_string()))?;
        if let Some(trail) = &self.trail {
            write!(f, ", trail {trail}, mode {}", self.trust)?;
        }
        match self.mark {
            Mark::NoState => write!(f, ", no state file")?,
            Mark::Damaged => write!(f, ", damaged state file")?,
            Mark::None => write!(f, ", nothing synced yet")?,
            Mark::At { seq, .. } => write!(f, ", durable mark at seq {seq}")?,
        }
        for fault in self.faults.iter().take(SHOWN) {
            write!(f, "\n  fault: {fault}")?;
        }
        let more = self.fault_count - self.faults.len().min(SHOWN) as u64;
        if more > 0 {
            write!(f, "\n  and {}", plural(more, "more fault"))?;
        }
        for note in self.notes.iter().take(SHOWN) {
            write!(f, "\n  note: {note}")?;
        }
        let more = self.notes.len().saturating_sub(SHOWN) as u64;
        if more > 0 {
            write!(f, "\n  and {}", plural(more, "more note"))?;
        }
        for limit in self.limits() {
            write!(f, "\n  {limit}")?;
        }
        Ok(())
    }
}

pub(crate) fn plural(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// Text from a file or a name, with nothing in it that a terminal would obey.
pub(crate) fn harmless(text: &str) -> String {
    let hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match hidden(letter) {
            true => out.extend(letter.escape_unicode()),
            false => out.push(letter),
        }
    }
    out
}

/// The report's JSON, its keys in this order.
#[derive(Serialize)]
struct Json<'a> {
    verdict: &'static str,
    exit_code: u8,
    mode: &'static str,
    dir: String,
    trail: Option<&'a str>,
    trust: &'static str,
    files: u64,
    records: u64,
    first_seq: Option<u64>,
    last_seq: Option<u64>,
    bytes: u64,
    superseded_lines: u64,
    unproven_bytes: u64,
    lost: u64,
    live: bool,
    state: &'static str,
    durable_seq: u64,
    fault_count: u64,
    faults: Vec<JsonFault<'a>>,
    notes: &'a [String],
    limits: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct JsonFault<'a> {
    file: Option<&'a str>,
    line: Option<u64>,
    seq: Option<u64>,
    kind: &'static str,
    verdict: &'static str,
    detail: &'a str,
}

impl<'a> From<&'a Report> for Json<'a> {
    fn from(report: &'a Report) -> Json<'a> {
        Json {
            verdict: report.verdict.as_str(),
            exit_code: report.exit_code(),
            mode: report.proven.as_str(),
            dir: harmless(&report.dir.display().to_string()),
            trail: report.trail.as_deref(),
            trust: report.trust,
            files: report.files,
            records: report.records,
            first_seq: report.first_seq,
            last_seq: report.last_seq,
            bytes: report.bytes,
            superseded_lines: report.superseded_lines,
            unproven_bytes: report.unproven_bytes,
            lost: report.lost,
            live: report.live,
            state: match report.mark {
                Mark::NoState => "missing",
                Mark::Damaged => "damaged",
                Mark::None => "no_mark",
                Mark::At { clean: true, .. } => "clean",
                Mark::At { clean: false, .. } => "marked",
            },
            durable_seq: report.durable_seq,
            fault_count: report.fault_count,
            faults: report.faults.iter().map(JsonFault::from).collect(),
            notes: &report.notes,
            limits: report.limits(),
        }
    }
}

impl<'a> From<&'a Fault> for JsonFault<'a> {
    fn from(fault: &'a Fault) -> JsonFault<'a> {
        JsonFault {
            file: fault.file.as_deref(),
            line: fault.line,
            seq: fault.seq,
            kind: fault.kind.as_str(),
            verdict: fault.verdict.as_str(),
            detail: &fault.detail,
        }
    }
}
