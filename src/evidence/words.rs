//! What a bundle proves, and what it does not, for people and as JSON.

use std::fmt::{self, Write as _};

use serde_json::{Value, json};

use super::Findings;
use super::findings::Origin;
use crate::base64url;
use crate::key;
use crate::proof::words::{BEHIND, THIEF};
use crate::verify::Verdict;
use crate::verify::report::{JsonFault, harmless, plural};

/// Rows that are named in one sentence; the JSON has them all.
const NAMED: usize = 20;

impl Findings {
    /// What this does not show, a sentence each.
    pub fn limits(&self) -> Vec<String> {
        let mut limits = Vec::new();
        let size = self.size().unwrap_or_default();
        let left_out = size.saturating_sub(self.records);
        // Behind a fault it would count what was not looked at.
        if left_out > 0 && self.faults().is_empty() {
            limits.push(format!(
                "Which records were chosen, and why, is not shown: of the {size}, {left_out} left out may say otherwise."
            ));
        }
        if self.closed > 0 {
            limits.push(format!(
                "{} by hash alone, erased or kept back: who has the content can hold it against the hash, and who guesses it, too.",
                match self.closed {
                    1 => "1 record is there".to_owned(),
                    closed => format!("{closed} records are there"),
                }
            ));
        }
        let known: u64 = self
            .by_file()
            .iter()
            .flat_map(|(_, rows)| rows)
            .map(|(from, to)| to - from + 1)
            .sum();
        if known < self.records {
            limits.push(format!(
                "From which run and host {} of the records come is not shown.",
                self.records - known
            ));
        }
        match self.before_keys {
            None => limits.push("Which records stood there before this key was used is not shown.".to_owned()),
            Some(before) if self.rows.first().is_some_and(|(first, _)| *first <= before) => limits.push(format!(
                "The first {before} records stood there before this key was used: that they had not been changed by then is not shown."
            )),
            Some(_) => {}
        }
        limits.extend(
            [
                "That what a record says is true, and that the clock was right, is not shown: only its place among the others is.",
                "That the trail still has these records is not shown: they may have been erased or removed since.",
                BEHIND,
                THIEF,
                "The key line is believed: take it from somebody you trust, and not from who gave you this file.",
            ]
            .map(str::to_owned),
        );
        limits
    }

    /// All of it as one JSON object on one line, hashes in base64url.
    pub fn to_json(&self) -> String {
        let faults: Vec<_> = match self.verdict() {
            Verdict::UnknownKey => vec![self.without_key()],
            _ => self.faults().to_vec(),
        };
        let files: Vec<Value> = self.by_file().iter().map(|(origin, rows)| origin.json(rows)).collect();
        json!({
            "verdict": self.verdict().as_str(),
            "exit_code": self.exit_code(),
            "trust": self.trust(),
            "trail": self.trail,
            "size": self.size(),
            "root": self.root().map(|root| base64url::text(&root)),
            "checkpoint_key": self.checkpoint_key,
            "key": self.key.map(|key| base64url::text(&key)),
            "key_id": self.key.map(|key| key::line_id(&key)),
            "count": self.records,
            "records": self.rows,
            "closed": self.closed,
            "files": files,
            "faults": faults.iter().map(JsonFault::from).collect::<Vec<_>>(),
            "limits": self.limits(),
        })
        .to_string()
    }

    fn headline(&self) -> String {
        let counted = plural(self.records, "record");
        let (trail, size) = (
            self.trail.as_deref().unwrap_or_default(),
            self.size().unwrap_or_default(),
        );
        match self.verdict() {
            Verdict::Verified => format!("verified: {counted} of the {size} that trail {trail} had signed"),
            Verdict::UnknownKey => format!("unknown key: {counted} that trail {trail} may have signed"),
            Verdict::Unreadable => "cannot be read: 1 reason".to_owned(),
            _ => format!("tampered: 1 fault; {counted} before it"),
        }
    }
}

impl Origin {
    fn json(&self, rows: &[(u64, u64)]) -> Value {
        let who = &self.who;
        json!({
            "file": self.file,
            "run": self.run,
            "opened": self.opened,
            "service": who.service,
            "version": who.version,
            "host": who.host,
            "pid": (who.pid > 0).then_some(who.pid),
            "records": rows,
        })
    }
}

/// The file, the run, and what its header says of them.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file {}, run {}, opened {}", self.file, self.run, self.opened)?;
        let who = &self.who;
        let named = [
            ("service", &who.service),
            ("version", &who.version),
            ("host", &who.host),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                write!(f, ", {name} {}", harmless(value))?;
            }
        }
        match who.pid {
            0 => Ok(()),
            pid => write!(f, ", pid {pid}"),
        }
    }
}

/// The first line is the verdict.
impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.headline())?;
        for fault in self.faults() {
            writeln!(f, "fault: {fault}")?;
        }
        match self.verdict() {
            Verdict::Unreadable => return Ok(()),
            Verdict::UnknownKey => writeln!(f, "fault: {}", self.without_key())?,
            _ => {}
        }
        writeln!(f, "trust mode: {}", self.trust())?;
        if !self.rows.is_empty() {
            let none_missing = match self.records > self.rows.len() as u64 {
                true => ", none left out within a row",
                false => "",
            };
            writeln!(f, "records: {}{none_missing}", named(&self.rows))?;
        }
        for (origin, rows) in self.by_file() {
            writeln!(f, "{origin}: {}", named(&rows))?;
        }
        if let Some(root) = self.root() {
            writeln!(f, "root: {}", base64url::text(&root))?;
        }
        if let Some(signed_by) = &self.checkpoint_key {
            writeln!(f, "signed by: {signed_by}")?;
        }
        if let Some(key) = &self.key {
            let whose = if self.known { "key" } else { "key that it names itself" };
            writeln!(f, "{whose}: {}, id {}", base64url::text(key), key::line_id(key))?;
        }
        self.limits().iter().try_for_each(|limit| writeln!(f, "- {limit}"))
    }
}

fn named(rows: &[(u64, u64)]) -> String {
    let mut text = String::new();
    for (place, (from, to)) in rows.iter().take(NAMED).enumerate() {
        let comma = if place > 0 { ", " } else { "" };
        // Writing to a text cannot fail.
        let _ = match from == to {
            true => write!(text, "{comma}{from}"),
            false => write!(text, "{comma}{from} to {to}"),
        };
    }
    match rows.len().checked_sub(NAMED + 1) {
        Some(more) => text + &format!(" and {}", plural(more as u64 + 1, "more row")),
        None => text,
    }
}
