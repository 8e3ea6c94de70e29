//! From the key line to each record, line by line.

use std::io::{self, BufRead as _, BufReader, Read};

use super::findings::{Findings, Origin};
use super::line::{self, Opening};
use crate::base64url;
use crate::key_line::KeyLine;
use crate::merkle::Hash;
use crate::merkle::paths::Known;
use crate::proof::Content;
use crate::proof::lead::{Flaw, Lead, Notes, is_record};
use crate::reader::line::plain;
use crate::reader::piece::LONGEST;
use crate::sign::PublicKey;
use crate::sign::certificate::Certificate;
use crate::sign::note::{Checkpoint, verifier_key};
use crate::store::Header;
use crate::verify::{Fault, FaultKind, Verdict};

pub(super) fn all(input: impl Read, keys: &[KeyLine]) -> io::Result<Findings> {
    let mut check = Check {
        lines: Lines {
            input: BufReader::new(input),
            line: Vec::new(),
            number: 0,
            ended: false,
        },
        keys,
        found: Findings::default(),
    };
    match check.follow() {
        Ok(()) => {}
        Err(Stop::Fault(fault)) => check.found.fault(*fault),
        Err(Stop::Failed(error)) => return Err(error),
    }
    Ok(check.found)
}

/// Why nothing more is read.
enum Stop {
    Fault(Box<Fault>),
    Failed(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Failed(error)
    }
}

fn stop(fault: Fault) -> Stop {
    Stop::Fault(Box::new(fault))
}

/// The lines of a bundle; one is in hand.
struct Lines<R> {
    input: BufReader<R>,
    line: Vec<u8>,
    number: u64,
    ended: bool,
}

impl<R: Read> Lines<R> {
    /// Takes the next line in hand, if there is one.
    fn advance(&mut self) -> Result<(), Stop> {
        self.line.clear();
        self.number += 1;
        let mut most = (&mut self.input).take(LONGEST as u64 + 1);
        most.read_until(b'\n', &mut self.line)?;
        match self.line.pop() {
            None => self.ended = true,
            Some(b'\n') => {}
            Some(_) if self.line.len() == LONGEST => {
                return Err(self.wrong(FaultKind::Line, "the line is longer than 16 MiB"));
            }
            Some(_) => return Err(self.wrong(FaultKind::Cut, "the file ends in the middle of a line")),
        }
        plain(&self.line).map_err(|flaw| self.wrong(FaultKind::Line, flaw.meaning()))
    }

    /// The line in hand, where one must stand.
    fn text(&self, what: &str) -> Result<&str, Stop> {
        if self.ended {
            return Err(self.wrong(FaultKind::Cut, &format!("the file ends where {what} should be")));
        }
        std::str::from_utf8(&self.line).map_err(|_| self.wrong(FaultKind::Line, "the line is not UTF-8"))
    }

    fn fault(&self, kind: FaultKind, why: &str) -> Fault {
        Fault::new(kind, Verdict::Tampered, why).line(self.number)
    }

    fn wrong(&self, kind: FaultKind, why: &str) -> Stop {
        stop(self.fault(kind, why))
    }

    fn flaw(&self, flaw: Flaw) -> Stop {
        match flaw.remedy {
            Some(remedy) => self.wrong(flaw.kind, &format!("{}; {remedy}", flaw.why)),
            None => self.wrong(flaw.kind, &flaw.why),
        }
    }
}

struct Check<'a, R> {
    lines: Lines<R>,
    keys: &'a [KeyLine],
    found: Findings,
}

impl<R: Read> Check<'_, R> {
    fn follow(&mut self) -> Result<(), Stop> {
        let opening = self.opening()?;
        self.found.trail = Some(base64url::text(&opening.trail));
        let (header, first) = self.keys_of_files(&opening)?;
        let signed = self.notes(&header, first)?;
        self.records(&opening, &signed)?;
        match self.lines.ended {
            true => Ok(()),
            false => Err(self.lines.wrong(
                FaultKind::Appended,
                "something stands behind the last record that it is to have",
            )),
        }
    }

    fn opening(&mut self) -> Result<Opening, Stop> {
        self.lines.advance()?;
        let text = self.lines.text("a bundle")?;
        if let Some(version) = Opening::other_version(text) {
            let why = format!("a bundle of version {version}, and this build knows version 1");
            return Err(stop(
                Fault::new(FaultKind::Unsupported, Verdict::Unreadable, why).line(1),
            ));
        }
        let opening = Opening::parse(text);
        opening.ok_or_else(|| self.lines.wrong(FaultKind::Line, "it does not begin as a bundle does"))
    }

    /// The header of the file of the checkpoints, and the key of the first of them.
    fn keys_of_files(&mut self, opening: &Opening) -> Result<(Header, PublicKey), Stop> {
        let mut lead: Option<Lead> = None;
        let mut header = None;
        let (mut bytes, mut files) = (0, 0);
        loop {
            self.lines.advance()?;
            let text = self.lines.text("the key of a file, its header or a checkpoint")?;
            match &mut lead {
                lead if text.starts_with("{\"file\":") => {
                    let line = Certificate::parse(text.as_bytes());
                    let line = line.ok_or_else(|| self.lines.wrong(FaultKind::Line, "it is no line of audit.keys"))?;
                    let lead = match lead {
                        Some(lead) => lead,
                        None => {
                            self.found.first_file = line.file;
                            lead.insert(Lead::new(opening.trail, self.root(opening, &line)?.as_ref()))
                        }
                    };
                    lead.key(&line).map_err(|flaw| self.lines.flaw(flaw))?;
                    header = None;
                    files += 1;
                }
                Some(lead) if text.starts_with("{\"tracing_audit\":") && header.is_none() => {
                    bytes += text.len();
                    if bytes > line::HEADERS {
                        return Err(self
                            .lines
                            .wrong(FaultKind::Line, "its headers are longer than 16 MiB together"));
                    }
                    let found = lead.header(text.as_bytes()).map_err(|flaw| self.lines.flaw(flaw))?;
                    self.found.before_keys = self.found.before_keys.or((files == 1).then_some(found.0.prev.seq));
                    self.found.origins.push(Origin::of(&found.0));
                    header = Some(found);
                }
                None => return Err(self.lines.wrong(FaultKind::Key, "the key of a file should stand here")),
                Some(_) => break,
            }
        }
        header.ok_or_else(|| {
            self.lines.wrong(
                FaultKind::Header,
                "the header of the last file with a key should stand here",
            )
        })
    }

    /// The root key: of the key lines given, one that certifies the first key of a file; if none does, the one that the bundle
    /// names. A line of the trail that does not certify it accuses nobody: keys are changed.
    fn root(&mut self, opening: &Opening, first: &Certificate) -> Result<Option<PublicKey>, Stop> {
        let trail = opening.trail;
        let of_trail: Vec<&KeyLine> = self.keys.iter().filter(|key| key.trail == trail).collect();
        let certifies = of_trail.iter().find(|key| first.is_under(key.key.expose(), &trail));
        self.found.key = opening.pk;
        let Some(root) = certifies.map(|key| *key.key.expose()) else {
            self.found.other_key = !of_trail.is_empty();
            return Ok(opening.pk);
        };
        if opening.pk.is_some_and(|pk| pk != root) {
            let why = "the key that it names is not the one that certifies the first key of a file";
            let fault = Fault::new(FaultKind::Key, Verdict::Tampered, why);
            return Err(stop(fault.line(1)));
        }
        (self.found.key, self.found.known) = (Some(root), true);
        Ok(self.found.key)
    }

    fn notes(&mut self, header: &Header, first: PublicKey) -> Result<Checkpoint, Stop> {
        let mut notes = Notes::of(header, first);
        while let Ok(text) = self.lines.text("a checkpoint")
            && text.starts_with(line::NOTE)
        {
            let note = line::parse_note(text).ok_or_else(|| {
                self.lines
                    .wrong(FaultKind::Line, "it is no checkpoint as a bundle has it")
            })?;
            notes.note(&note).map_err(|flaw| self.lines.flaw(flaw))?;
            self.lines.advance()?;
        }
        let (signed, signed_by) = notes.last().map_err(|flaw| self.lines.flaw(flaw))?;
        self.found.checkpoint_key = Some(verifier_key(&signed.trail, &signed_by));
        self.found.signed = Some((signed.seq, signed.root));
        Ok(signed)
    }

    fn records(&mut self, opening: &Opening, signed: &Checkpoint) -> Result<(), Stop> {
        let mut known = Known::of(signed.seq, signed.root);
        for seq in opening.rows.iter().flat_map(|(from, to)| *from..=*to) {
            let Some(steps) = known.turn_to(seq - 1) else {
                let why = format!("record {seq} is not among the {} that were signed", signed.seq);
                let fault = Fault::new(FaultKind::Unsigned, Verdict::Tampered, why);
                return Err(stop(fault.line(1).seq(seq)));
            };
            let path = self.path(seq, steps)?;
            let (content, is_sound) = self.record(seq)?;
            if !known.take(&content.leaf(), &path) {
                let why = "it is not the record that was signed at this place, or the path before it is not its own";
                return Err(self.not_record(FaultKind::Content, seq, why));
            }
            if !is_sound {
                return Err(self.not_record(FaultKind::Line, seq, "it is no record that a trail writes"));
            }
            self.found.take(seq, matches!(content, Content::Leaf(_)));
            self.lines.advance()?;
        }
        Ok(())
    }

    fn path(&mut self, seq: u64, steps: usize) -> Result<Vec<Hash>, Stop> {
        if steps == 0 {
            return Ok(Vec::new());
        }
        let text = self.lines.text(&format!("the path of record {seq}"))?;
        match line::parse_path(text, steps) {
            Some(path) => {
                self.lines.advance()?;
                Ok(path)
            }
            None if text.starts_with(line::PATH) => {
                Err(self.not_record(FaultKind::Line, seq, &format!("it is no path of {steps} hashes")))
            }
            None => Err(self.misplaced(seq, "the path of the record should stand here")),
        }
    }

    /// What the line in hand holds of a record, and whether it can be one.
    fn record(&self, seq: u64) -> Result<(Content, bool), Stop> {
        let text = self.lines.text(&format!("record {seq}"))?;
        let Some((_, rest)) = line::numbered(text).filter(|(number, _)| *number == seq) else {
            return Err(self.misplaced(seq, "the record should stand here"));
        };
        let content = line::content(rest)
            .ok_or_else(|| self.not_record(FaultKind::Line, seq, "it is no record that a trail writes"))?;
        let is_sound = match &content {
            Content::Rest(rest) => is_record(rest, text),
            Content::Leaf(_) => true,
        };
        Ok((content, is_sound))
    }

    /// Another line stands where a record or its path should.
    fn misplaced(&self, seq: u64, otherwise: &str) -> Stop {
        let number = std::str::from_utf8(&self.lines.line)
            .ok()
            .and_then(line::numbered)
            .map(|(number, _)| number);
        match number {
            Some(number) if number < seq => {
                self.not_record(FaultKind::Repeated, seq, &format!("record {number} stands here again"))
            }
            Some(number) if number > seq => {
                self.not_record(FaultKind::Missing, seq, &format!("record {number} stands in its place"))
            }
            None if self.lines.line.starts_with(line::PATH.as_bytes()) => self.not_record(
                FaultKind::Missing,
                seq,
                "the path of another record stands in its place",
            ),
            _ => self.not_record(FaultKind::Line, seq, otherwise),
        }
    }

    fn not_record(&self, kind: FaultKind, seq: u64, why: &str) -> Stop {
        stop(self.lines.fault(kind, why).seq(seq))
    }
}
