//! What the trail says about itself, as far as the verifier weighs it (docs/FORMAT.md, "The writer's own records").

use serde_json::{Map, Value};

use crate::base64url;
use crate::chain::{Head, Leaf};
use crate::clock::Micros;
use crate::store::KeptFrom;
use crate::verify::header;

/// One of the trail's own records.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Own {
    /// The run ended cleanly; everything before this record had been synced.
    Stop,
    /// Everything up to this number had been synced when it was written; of a signed trail, what was signed.
    Checkpoint { seq: u64, signed: Option<Box<Signed>> },
    /// From this run on another key is used; of a signed trail, its public half.
    Rekeyed { first_run: u64, pk: Option<[u8; 32]> },
    /// Records were lost, this many.
    Gap { lost: u64 },
    /// An unclean end, as the start after it found it.
    Recover(Recover),
    /// Files that were removed.
    Prune(Prune),
    /// Records that were to be erased.
    Erase(Erase),
    /// The settings of a run: what it said of retention.
    Config(Retention),
    /// What a start found and could not explain by a crash, in its own words.
    Suspected { what: String },
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Recover {
    pub(crate) run: u64,
    pub(crate) last_seq: u64,
    pub(crate) at_most_bytes: Option<u64>,
    pub(crate) torn_bytes: u64,
    pub(crate) torn_sha256: Option<String>,
    pub(crate) torn_files: Vec<String>,
    /// The start had no state file to go by.
    pub(crate) state_missing: bool,
}

/// What a checkpoint of a signed trail says beside its number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Signed {
    pub(crate) file: u64,
    pub(crate) head: Head,
    pub(crate) root: [u8; 32],
    pub(crate) next: [u8; 32],
    pub(crate) sig: [u8; 64],
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Erase {
    /// Each record's number, and its leaf.
    pub(crate) records: Vec<(u64, Leaf)>,
}

/// What a setting says of retention by age.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Retention {
    pub(crate) days: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prune {
    pub(crate) time: Option<Micros>,
    pub(crate) files: Vec<u64>,
    pub(crate) kept_from: KeptFrom,
    /// The age in days that the writer says it applied; `None` for a limit by count or bytes.
    pub(crate) policy_days: Option<u64>,
    /// The time of the newest record removed.
    pub(crate) newest: Option<Micros>,
}

/// Names listed in one record that are looked at; a hostile record may have more.
const LISTED: usize = 4_096;

/// Records that one erasure may name: what a line of 16 MiB has room for.
const ERASED: usize = 1 << 19;

impl Own {
    /// Up to which number it states, as record `seq`, that all was synced.
    pub(crate) fn proof(&self, seq: u64) -> u64 {
        match self {
            Own::Checkpoint { seq, .. } => *seq,
            Own::Stop => seq - 1,
            _ => 0,
        }
    }

    /// Reads record `seq` with this name behind `AUDIT_`; `None` for those that prove nothing, and for those that are
    /// not as a trail writes them.
    pub(crate) fn read(name: &[u8], seq: u64, rest: &[u8]) -> Option<Own> {
        let weighed = matches!(
            name,
            b"STOP"
                | b"CHECKPOINT"
                | b"GAP"
                | b"RECOVER"
                | b"PRUNE"
                | b"ERASE"
                | b"KEY"
                | b"CONFIG"
                | b"TAMPER_SUSPECTED"
        );
        if !weighed {
            return None;
        }
        let record: Map<String, Value> = serde_json::from_slice(&[b"{", rest, b"}"].concat()).ok()?;
        let empty = Map::new();
        let said = record.get("metadata").and_then(Value::as_object).unwrap_or(&empty);
        Some(match name {
            b"STOP" => Own::Stop,
            // It states what had been synced before it was written, or nothing.
            b"CHECKPOINT" => match count(said, "seq").filter(|synced| *synced < seq) {
                Some(synced) => Own::Checkpoint {
                    seq: synced,
                    signed: signed(said).map(Box::new),
                },
                None => Own::Checkpoint { seq: 0, signed: None },
            },
            b"KEY" => Own::Rekeyed {
                first_run: count(said, "first_run").filter(|_| text(said, "what") == Some("rotated"))?,
                pk: text(said, "pk").and_then(|pk| base64url::parse(pk.as_bytes())),
            },
            b"GAP" => Own::Gap { lost: lost(said) },
            b"RECOVER" => Own::Recover(recover(said)),
            b"PRUNE" => Own::Prune(prune(&record, said)?),
            b"ERASE" => Own::Erase(erase(said)),
            b"CONFIG" => Own::Config(retention(said)?),
            _ => Own::Suspected {
                what: text(said, "what").unwrap_or("no reason given").to_owned(),
            },
        })
    }
}

fn lost(said: &Map<String, Value>) -> u64 {
    let by_severity = said.get("count").and_then(Value::as_object);
    let counts = by_severity.into_iter().flat_map(Map::values).filter_map(Value::as_u64);
    counts.fold(0, u64::saturating_add)
}

fn recover(said: &Map<String, Value>) -> Recover {
    let names = said.get("torn_files").and_then(Value::as_array).into_iter().flatten();
    Recover {
        run: count(said, "run").unwrap_or(0),
        last_seq: count(said, "last_seq").unwrap_or(0),
        at_most_bytes: count(said, "at_most_bytes"),
        torn_bytes: count(said, "torn_bytes").unwrap_or(0),
        torn_sha256: text(said, "torn_sha256").map(str::to_owned),
        torn_files: names
            .filter_map(Value::as_str)
            .take(LISTED)
            .map(str::to_owned)
            .collect(),
        state_missing: text(said, "state") == Some("missing"),
    }
}

fn prune(record: &Map<String, Value>, said: &Map<String, Value>) -> Option<Prune> {
    let files = said.get("files").and_then(Value::as_array).into_iter().flatten();
    Some(Prune {
        time: time(record, "time"),
        files: files.filter_map(Value::as_u64).take(LISTED).collect(),
        kept_from: header::kept_from(said.get("kept_from")?)?,
        policy_days: count(said, "policy_days"),
        newest: time(said, "newest"),
    })
}

fn signed(said: &Map<String, Value>) -> Option<Signed> {
    let hash = |key: &str| base64url::parse(text(said, key)?.as_bytes());
    Some(Signed {
        file: count(said, "file")?,
        head: Head::parse(text(said, "head")?)?,
        root: hash("root")?,
        next: hash("next")?,
        sig: base64url::parse(text(said, "sig")?.as_bytes())?,
    })
}

/// Numbers without a leaf at the same place, and leaves without a number, order nothing.
fn erase(said: &Map<String, Value>) -> Erase {
    let list = |key: &str| said.get(key).and_then(Value::as_array).into_iter().flatten();
    let leaf = |text: &Value| base64url::parse::<32>(text.as_str()?.as_bytes());
    let both = list("seqs").zip(list("leaves")).take(ERASED);
    Erase {
        records: both
            .filter_map(|(seq, text)| Some((header::number(seq)?, leaf(text)?)))
            .collect(),
    }
}

/// What the settings say of retention, if they name it: days, `<N> days`, or no age.
fn retention(said: &Map<String, Value>) -> Option<Retention> {
    let setting = said.get("settings")?.get("retention")?;
    let days = || {
        let days = setting.get("value")?.as_str()?.strip_suffix(" days")?;
        let plain = (1..10).contains(&days.len()) && days.bytes().all(|byte| byte.is_ascii_digit());
        days.parse().ok().filter(|_| plain)
    };
    Some(Retention { days: days() })
}

fn count(said: &Map<String, Value>, key: &str) -> Option<u64> {
    said.get(key).and_then(header::number)
}

fn text<'a>(said: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    said.get(key).and_then(Value::as_str)
}

fn time(said: &Map<String, Value>, key: &str) -> Option<Micros> {
    Micros::parse(text(said, key)?.as_bytes())
}
