//! From the root key to a signed checkpoint, step by step: what proofs and evidence have in common.

use crate::chain::Head;
use crate::error::{Error, ErrorKind};
use crate::reader::line;
use crate::sign::PublicKey;
use crate::sign::certificate::Certificate;
use crate::sign::note::{Checkpoint, key_id};
use crate::store::{Header, Trust};
use crate::verify::FaultKind;

/// Something that does not follow from what stands before it.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) kind: FaultKind,
    pub(crate) why: String,
    pub(crate) remedy: Option<&'static str>,
}

impl Flaw {
    pub(crate) fn new(kind: FaultKind, why: impl Into<String>) -> Flaw {
        let why = why.into();
        Flaw {
            kind,
            why,
            remedy: None,
        }
    }
}

/// Says the same of a whole proof.
impl From<Flaw> for Error {
    fn from(flaw: Flaw) -> Error {
        let error = Error::new(ErrorKind::Damaged, format!("the proof does not hold: {}", flaw.why));
        match flaw.remedy {
            Some(remedy) => error.remedy(remedy),
            None => error,
        }
    }
}

/// The keys of files, each one certified by the one before.
#[derive(Debug)]
pub(crate) struct Lead {
    trail: [u8; 16],
    /// Without a root the first key is taken for true: whoever makes a proof has no key line.
    under: Option<PublicKey>,
    file: u64,
    head: Head,
}

impl Lead {
    pub(crate) fn new(trail: [u8; 16], root: Option<&PublicKey>) -> Lead {
        Lead {
            trail,
            under: root.copied(),
            file: 0,
            head: Head::ZERO,
        }
    }

    /// The next line of `audit.keys`.
    pub(crate) fn key(&mut self, line: &Certificate) -> Result<(), Flaw> {
        let wrong = |why: String| Flaw::new(FaultKind::Key, why);
        if line.file <= self.file {
            return Err(wrong(
                "its keys of files are not in the order of their files".to_owned(),
            ));
        }
        if self.under.is_some_and(|under| !line.is_under(&under, &self.trail)) {
            return Err(wrong(match self.file {
                0 => "its first key of a file is not certified by the root key that it names".to_owned(),
                _ => format!("the key of file {} is not certified by the one before it", line.file),
            }));
        }
        (self.under, self.file, self.head) = (Some(line.pk), line.file, line.head);
        Ok(())
    }

    /// The header of the file whose key came last, if this is it, and the first of its checkpoint keys.
    pub(crate) fn header(&self, text: &[u8]) -> Result<(Header, PublicKey), Flaw> {
        let wrong = |why: &str| Flaw::new(FaultKind::Header, why);
        if self.file == 0 {
            return Err(Flaw::new(FaultKind::Key, "it has no keys of files"));
        }
        let (header, head) = Some(text)
            .filter(|text| line::plain(text).is_ok())
            .and_then(|text| Header::parse(text).ok())
            .ok_or_else(|| wrong("its header is none of version 1"))?;
        if head != self.head || header.file != self.file || header.trail.0 != self.trail {
            return Err(wrong("its header is not the one that the last key of a file is for"));
        }
        match header.pk {
            Some(pk) if header.trust == Trust::Signed => Ok((header, pk)),
            _ => Err(wrong("its header is not of mode signed")),
        }
    }
}

/// The checkpoints of a file, in their order.
#[derive(Debug)]
pub(crate) struct Notes {
    trail: [u8; 16],
    file: u64,
    size: u64,
    count: u64,
    /// Signs the next one.
    key: PublicKey,
    last: Option<(Checkpoint, PublicKey)>,
}

impl Notes {
    /// Of the file with this header.
    pub(crate) fn of(header: &Header, first: PublicKey) -> Notes {
        Notes {
            trail: header.trail.0,
            file: header.file,
            size: header.prev.seq,
            count: 0,
            key: first,
            last: None,
        }
    }

    pub(crate) fn note(&mut self, note: &str) -> Result<(), Flaw> {
        self.count += 1;
        let count = self.count;
        let wrong = |why: &str| Flaw::new(FaultKind::Signature, format!("its checkpoint {count} {why}"));
        let (checkpoint, id, signature) =
            Checkpoint::parse(note).ok_or_else(|| wrong("is no note as a trail writes it"))?;
        if checkpoint.trail != self.trail || checkpoint.file != self.file {
            return Err(Flaw {
                kind: FaultKind::Foreign,
                ..wrong("is of another trail or file")
            });
        }
        if checkpoint.seq < self.size {
            return Err(wrong("is of fewer records than what stands before it"));
        }
        if id != key_id(&checkpoint.origin(), &self.key) || !checkpoint.is_signed(&self.key, &signature) {
            return Err(wrong("is not signed by the key whose turn it is"));
        }
        let signed_by = self.key;
        (self.key, self.size) = (checkpoint.next, checkpoint.seq);
        self.last = Some((checkpoint, signed_by));
        Ok(())
    }

    /// The last one, and the key that signed it.
    pub(crate) fn last(self) -> Result<(Checkpoint, PublicKey), Flaw> {
        self.last
            .ok_or_else(|| Flaw::new(FaultKind::Signature, "it has no checkpoint"))
    }
}

/// What to say where no key line that was given certifies the first key of a file: the one of that file, in this run.
pub(crate) fn other_line(file: u64, run: Option<u64>) -> String {
    let when = match run {
        Some(run) => format!("file {file}, in run {run}"),
        None => format!("file {file}"),
    };
    format!(
        "no key line that was given certifies its first key, that of {when}: the trail's key was changed, or somebody else made this; \
         give the line that held when that file was begun (its fourth word is the first run that a line is for)"
    )
}

/// Whether a record's rest is one that a trail writes. What was signed is signed; but it may be none.
pub(crate) fn is_record(rest: &str, json: &str) -> bool {
    rest.starts_with("\"time\":\"")
        && line::plain(rest.as_bytes()).is_ok()
        && serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok()
}
