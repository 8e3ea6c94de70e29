//! Mode `signed`: the keys of the files, certified one by the other from the root, and the checkpoints they signed over
//! the Merkle tree (docs/FORMAT.md, "Trust modes").

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use memchr::memmem;

use crate::io::{Disk, DiskFile, FileKind};
use crate::key_line::KeyLine;
use crate::reader::line;
use crate::reader::piece::{Buffer, Pieces};
use crate::sign::certificate::Certificate;
use crate::sign::note::Checkpoint;
use crate::sign::{PublicKey, Signature};
use crate::store::Trust;
use crate::verify::branch::Branch;
use crate::verify::fold::{Folded, Root, Saying};
use crate::verify::judge::{Case, End, Judgement};
use crate::verify::own::{Own, Signed};
use crate::verify::report::{Fault, FaultKind, Verdict};
use crate::verify::survey::{self, Found};

/// Where the keys of the files stand.
const NAME: &str = "audit.keys";

/// Checkpoints that are looked at; a trail has one every ten seconds of activity.
const TARGETS: usize = 1 << 22;

/// What is looked for while the files are read, and what is known before.
#[derive(Debug)]
pub(crate) struct Signatures {
    roots: Vec<PublicKey>,
    /// Numbers of records at which the root is needed, in order.
    pub(crate) targets: Arc<[u64]>,
    /// Keys of live files that the roots certify.
    keys: BTreeMap<u64, Certificate>,
    faults: Vec<Fault>,
    /// The first line that no root certifies, until one is: a root that is newer certifies later ones.
    uncertified: Option<u64>,
    /// A line that is no certificate, and the last one as yet.
    torn: Option<u64>,
    lines: u64,
}

impl Signatures {
    /// Reads `audit.keys`, and looks for checkpoints. `None` if no live file is signed, or no public key is at hand.
    pub(crate) fn of(
        disk: &dyn Disk,
        dir: &Path,
        branch: &Branch<'_>,
        keys: &[KeyLine],
        more_roots: &BTreeSet<PublicKey>,
    ) -> io::Result<Option<Signatures>> {
        let signed = || branch.live.iter().filter(|found| found.header.trust == Trust::Signed);
        let Some(trail) = branch.trail.filter(|_| signed().next().is_some()) else {
            return Ok(None);
        };
        let ours = keys.iter().filter(|line| line.trail == trail.0);
        let mut roots: Vec<PublicKey> = ours.map(|line| *line.key.expose()).collect();
        if roots.is_empty() {
            return Ok(None);
        }
        roots.extend(more_roots);
        let mut signatures = Signatures {
            roots,
            targets: Arc::default(),
            keys: BTreeMap::new(),
            faults: Vec::new(),
            uncertified: None,
            torn: None,
            lines: 0,
        };
        let live: BTreeSet<u64> = signed().map(|found| found.header.file).collect();
        signatures.read(disk, dir, &trail.0, &live)?;
        let mut targets = BTreeSet::new();
        for found in signed() {
            look_for_checkpoints(survey::open(disk, &found.path, found.form)?, found, &mut targets)?;
        }
        signatures.targets = targets.into_iter().collect();
        Ok(Some(signatures))
    }

    /// Follows the certificates from a root on.
    fn read(&mut self, disk: &dyn Disk, dir: &Path, trail: &[u8; 16], live: &BTreeSet<u64>) -> io::Result<()> {
        let file = match disk.open_read(&dir.join(NAME)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let stat = file.stat()?;
        if stat.kind != FileKind::File {
            return Err(crate::io::not_a_file(stat.kind));
        }
        let mut before: Option<Certificate> = None;
        let mut pieces = Pieces::new(file, 0, stat.len);
        let mut buffer = Buffer::default();
        while let Some(piece) = pieces.next(buffer)? {
            if piece.too_long > 0 {
                self.lines += 1;
                self.fault(self.lines, "the line is no certificate".to_owned());
            }
            // What follows the last LF is a line that a crash cut short; a start writes it again.
            let bytes = piece.bytes.filled();
            let whole = memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
            for line in bytes
                .get(..whole)
                .unwrap_or_default()
                .split_inclusive(|byte| *byte == b'\n')
            {
                self.lines += 1;
                self.take(line.strip_suffix(b"\n").unwrap_or(line), trail, live, &mut before);
            }
            buffer = piece.bytes;
        }
        if let Some(line) = self.uncertified {
            self.fault(
                line,
                "no line from here on is certified by the key that was given".to_owned(),
            );
        }
        Ok(())
    }

    fn take(&mut self, line: &[u8], trail: &[u8; 16], live: &BTreeSet<u64>, before: &mut Option<Certificate>) {
        // The last one may be what a crash left of it: no checkpoint stands on it, and a start cuts it off.
        if let Some(torn) = self.torn.take() {
            self.fault(torn, "the line is no certificate".to_owned());
        }
        let Some(certificate) = Certificate::parse(line) else {
            self.torn = Some(self.lines);
            return;
        };
        let follows = before
            .as_ref()
            .is_some_and(|before| certificate.is_under(&before.pk, trail));
        let rooted = !follows && self.roots.iter().any(|root| certificate.is_under(root, trail));
        match (follows || rooted, before.is_some()) {
            (true, _) => {
                self.uncertified = None;
                if before.as_ref().is_some_and(|before| before.file >= certificate.file) {
                    self.fault(
                        self.lines,
                        format!("file {} stands again, or out of order", certificate.file),
                    );
                }
                if live.contains(&certificate.file) {
                    self.keys.insert(certificate.file, certificate.clone());
                }
                *before = Some(certificate);
            }
            (false, true) => {
                let detail = format!(
                    "the key of file {} is not certified by the one before it",
                    certificate.file
                );
                self.fault(self.lines, detail);
            }
            // Before the key that was given was made; or it is not this trail's.
            (false, false) => self.uncertified = self.uncertified.or(Some(self.lines)),
        }
    }

    fn fault(&mut self, line: u64, detail: String) {
        const LISTED: usize = 64;
        if self.faults.len() < LISTED {
            let fault = Fault::new(FaultKind::Key, Verdict::Tampered, detail);
            self.faults.push(fault.file(NAME).line(line));
        }
    }
}

/// Notes the numbers that a file's checkpoints state.
fn look_for_checkpoints(file: Arc<dyn DiskFile>, found: &Found, targets: &mut BTreeSet<u64>) -> io::Result<()> {
    let finder = memmem::Finder::new(b"\"event\":\"AUDIT_CHECKPOINT\"");
    let mut pieces = Pieces::new(file, found.body_at, found.len);
    let mut buffer = Buffer::default();
    while let Some(piece) = pieces.next(buffer)? {
        let bytes = piece.bytes.filled();
        for at in finder.find_iter(bytes) {
            let begin = bytes
                .get(..at)
                .and_then(|before| memchr::memrchr(b'\n', before))
                .map_or(0, |lf| lf + 1);
            let Some(end) = bytes.get(at..).and_then(|behind| memchr::memchr(b'\n', behind)) else {
                continue;
            };
            let line = bytes.get(begin..at + end).unwrap_or_default();
            let own = line::cut_unchecked(line).ok().and_then(|cut| {
                let name = line::own_name(cut.rest)?;
                Own::read(name, cut.seq, cut.rest)
            });
            if let Some(Own::Checkpoint { seq, .. }) = own
                && targets.len() < TARGETS
            {
                targets.insert(seq);
            }
        }
        buffer = piece.bytes;
    }
    Ok(())
}

/// The checkpoint that is to be signed next in a file.
#[derive(Debug)]
struct Row<'a> {
    found: &'a Found,
    key: PublicKey,
}

impl Case<'_> {
    /// Holds every checkpoint of the proven part against the key whose turn it is, the root and the head.
    pub(crate) fn judge_signatures(&self, end: &End, judgement: &mut Judgement) {
        let Some(signatures) = &self.signatures else { return };
        for fault in &signatures.faults {
            judgement.faults.push(fault.clone());
        }
        let proven = || self.branch.live.iter().zip(&self.folds).take(end.files);
        self.judge_trees(end, judgement);
        let roots: BTreeMap<u64, &Root> = proven()
            .flat_map(|(_, fold)| &fold.roots)
            .map(|root| (root.seq, root))
            .collect();
        let mut rows: BTreeMap<u64, Row<'_>> = BTreeMap::new();
        let mut signed: Option<(u64, u64)> = None;
        let mut unsigned: Option<(&Found, u64, u64)> = None;
        for (found, fold) in proven() {
            if let (Trust::Signed, Some(key)) = (found.header.trust, found.header.pk) {
                rows.insert(found.header.file, Row { found, key });
            }
            for checkpoint in fold
                .checkpoints
                .iter()
                .filter(|checkpoint| checkpoint.seq <= end.proven)
            {
                let Some(signed_by) = checkpoint.says.as_ref().filter(|_| found.header.trust == Trust::Signed) else {
                    if found.header.trust == Trust::Signed {
                        unsigned = Some((found, checkpoint.line, checkpoint.seq));
                    }
                    continue;
                };
                let fault = |kind, detail: &str| {
                    Fault::new(kind, Verdict::Tampered, detail)
                        .file(&found.name)
                        .line(checkpoint.line)
                        .seq(checkpoint.seq)
                };
                // A resync may have carried it into another file than the one that it speaks of.
                let Some(row) = rows.get_mut(&signed_by.file) else {
                    judgement.faults.push(fault(
                        FaultKind::Signature,
                        "the checkpoint is of a file that is not there",
                    ));
                    continue;
                };
                let certified = signatures.keys.get(&signed_by.file);
                let certified = certified.filter(|certificate| certificate.head == row.found.header.head);
                if certified.is_none() {
                    let detail = "the key of its file is not in audit.keys, certified from the key that was given";
                    judgement.faults.push(fault(FaultKind::Key, detail));
                    continue;
                }
                if checkpoint.stated + 1 < judgement.first_seq {
                    // The tree at that size went with the files that retention removed.
                    row.key = signed_by.next;
                    continue;
                }
                match mismatch(
                    checkpoint.stated,
                    signed_by,
                    row,
                    roots.get(&checkpoint.stated).copied(),
                ) {
                    Some(detail) => judgement.faults.push(fault(FaultKind::Signature, detail)),
                    None => {
                        row.key = signed_by.next;
                        signed = Some((checkpoint.stated, checkpoint.seq));
                    }
                }
            }
        }
        if let Some((found, line, seq)) = unsigned {
            let detail = "a checkpoint of a signed file has no signature";
            let fault = Fault::new(FaultKind::Signature, Verdict::Tampered, detail);
            judgement.faults.push(fault.file(&found.name).line(line).seq(seq));
        }
        let stated = signed.map_or(0, |(stated, _)| stated);
        for said in proven()
            .flat_map(|(_, fold)| &fold.said)
            .filter(|said| said.seq <= stated)
        {
            if let Saying::Rekeyed { pk: Some(pk), .. } = said.what {
                judgement.roots.insert(pk);
            }
        }
        self.judge_signed_end(signed, end, judgement);
    }

    /// The tree that a header states must be the one that the file before it ends with.
    fn judge_trees(&self, end: &End, judgement: &mut Judgement) {
        let mut before: Option<&Folded> = None;
        for (found, fold) in self.branch.live.iter().zip(&self.folds).take(end.files) {
            let grown = before.and_then(|before| before.tree.as_ref());
            if let (Some(grown), Some(stated)) = (grown, &found.header.tree)
                && grown.size() == found.header.prev.seq
                && grown.peaks() != stated.as_slice()
            {
                let detail = "the tree in its header is not the one that the file before it ends with";
                let fault = Fault::new(FaultKind::Signature, Verdict::Tampered, detail);
                judgement.faults.push(fault.file(&found.name).line(1));
            }
            before = Some(fold);
        }
    }

    /// What stands behind the last checkpoint has no signature: at a clean end that is the checkpoint and `AUDIT_STOP`.
    fn judge_signed_end(&self, signed: Option<(u64, u64)>, end: &End, judgement: &mut Judgement) {
        let newest = self.branch.live.get(end.files.saturating_sub(1));
        let Some(newest) = newest.filter(|newest| newest.header.trust == Trust::Signed) else {
            return;
        };
        let (stated, record) = signed.unwrap_or((0, 0));
        judgement.notes.push(match signed {
            Some(_) => format!("signed up to seq {stated}; what stands behind it is chained only"),
            None => "no checkpoint is signed yet: all of it is chained only".to_owned(),
        });
        if !self.live && end.proven > record + 1 {
            let detail = format!(
                "{} records stand behind the last signed checkpoint, and at an end that was clean there is but AUDIT_STOP",
                end.proven - record
            );
            let fault = Fault::new(FaultKind::Unsigned, Verdict::Open, detail);
            judgement.faults.push(fault.file(&newest.name).seq(record + 1));
        }
    }
}

/// Why a checkpoint is not what its key would have signed; `None` if it is.
fn mismatch(stated: u64, signed: &Signed, row: &Row<'_>, root: Option<&Root>) -> Option<&'static str> {
    let Some(Root { root, head, .. }) = root else {
        return Some("the checkpoint is of a record that is not there");
    };
    if *root != signed.root {
        return Some("the Merkle root is not the one of the records before it");
    }
    if *head != signed.head {
        return Some("the head is not the one behind the record that it states");
    }
    let checkpoint = Checkpoint {
        trail: row.found.header.trail.0,
        seq: stated,
        root: signed.root,
        file: signed.file,
        head: signed.head,
        next: signed.next,
    };
    let signature: &Signature = &signed.sig;
    (!checkpoint.is_signed(&row.key, signature)).then_some("the signature is not one of the key whose turn it is")
}
