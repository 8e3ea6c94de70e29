//! Mode `signed`: the keys of the files, certified one by the other from the root, and the checkpoints they signed over
//! the Merkle tree (docs/FORMAT.md, "Trust modes").

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use memchr::memmem;

use crate::chain::Head;
use crate::io::{Disk, DiskFile};
use crate::key_line::KeyLine;
use crate::reader::line;
use crate::reader::piece::{Buffer, Pieces};
use crate::sign::certificate::Certificate;
use crate::sign::note::Checkpoint;
use crate::sign::{PublicKey, Signature};
use crate::store::{Trust, content};
use crate::verify::branch::Branch;
use crate::verify::folded::{Folded, Root, Saying};
use crate::verify::header::Header;
use crate::verify::judge::{Case, End, Judgement};
use crate::verify::own::{Own, Signed};
use crate::verify::report::{Fault, FaultKind, Verdict};
use crate::verify::survey::Found;

/// Where the keys of the files stand.
const NAME: &str = "audit.keys";

/// Checkpoints that are looked at; a trail has one every ten seconds of activity.
const TARGETS: usize = 1 << 22;

/// Lines of `audit.keys` that are looked at: a line a file, so that a trail of centuries has fewer.
const LINES: usize = 1 << 18;

/// The lines of `audit.keys`, as far as they are good: the first that is not so ends the file.
pub(crate) fn certificates(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<Certificate>> {
    let mut certificates: Vec<Certificate> = Vec::new();
    let file = match disk.open_read(&dir.join(NAME)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(certificates),
        Err(error) => return Err(error),
    };
    let stat = file.stat()?;
    let mut pieces = Pieces::new(file, 0, stat.len);
    let mut buffer = Buffer::default();
    while let Some(piece) = pieces.next(buffer)? {
        for line in piece.bytes.filled().split_inclusive(|byte| *byte == b'\n') {
            let certificate = line.strip_suffix(b"\n").and_then(Certificate::parse);
            let follows = |next: &Certificate| certificates.last().is_none_or(|last| last.file < next.file);
            match certificate.filter(follows) {
                Some(certificate) if certificates.len() < LINES => certificates.push(certificate),
                _ => return Ok(certificates),
            }
        }
        if piece.too_long > 0 {
            break;
        }
        buffer = piece.bytes;
    }
    Ok(certificates)
}

/// The keys among these that certify one of the lines: the public ones. The others are seeds.
pub(crate) fn public_keys(certificates: &[Certificate], trail: &[u8; 16], keys: &[&KeyLine]) -> BTreeSet<PublicKey> {
    let mut before: Option<&Certificate> = None;
    let mut public = BTreeSet::new();
    for certificate in certificates {
        // Where the key changed, or at the begin.
        if !before.is_some_and(|before| certificate.is_under(&before.pk, trail)) {
            let candidates = keys.iter().map(|line| line.key.expose());
            public.extend(candidates.filter(|key| certificate.is_under(key, trail)));
            if public.len() == keys.len() {
                break;
            }
        }
        before = Some(certificate);
    }
    public
}

/// What is looked for while the files are read, and what is known before.
#[derive(Debug)]
pub(crate) struct Signatures {
    /// Numbers of records at which the root is needed, in order.
    pub(crate) targets: Arc<[u64]>,
    /// The key lines and heads of live files that a root certifies.
    keys: BTreeMap<u64, Head>,
    /// Files whose lines stand before the one that the first of the given keys certifies: it proves nothing of them.
    earlier: BTreeSet<u64>,
    /// The key line is a root's. Else it is a seed, which proves the headers by their seals.
    public: bool,
}

impl Signatures {
    /// Follows the certificates, and looks for checkpoints.
    pub(crate) fn of(
        disk: &dyn Disk,
        branch: &Branch<'_>,
        certificates: &[Certificate],
        roots: &BTreeSet<PublicKey>,
        public: bool,
    ) -> io::Result<Signatures> {
        let signed = || branch.live.iter().filter(|found| found.header.trust == Trust::Signed);
        let trail = branch.trail.map_or([0; 16], |trail| trail.0);
        let (mut keys, mut earlier) = (BTreeMap::new(), BTreeSet::new());
        let mut before: Option<&Certificate> = None;
        for (place, certificate) in certificates.iter().enumerate() {
            let follows = before.is_some_and(|before| certificate.is_under(&before.pk, &trail));
            // A seed says nothing of the first.
            let begins = (!public && place == 0) || roots.iter().any(|root| certificate.is_under(root, &trail));
            match (follows || begins, before) {
                (true, _) => {
                    keys.insert(certificate.file, certificate.head);
                    before = Some(certificate);
                }
                // Before the key that was given was made.
                (false, None) => {
                    earlier.insert(certificate.file);
                }
                (false, Some(_)) => break,
            }
        }
        let mut targets = BTreeSet::new();
        for found in signed() {
            look_for_checkpoints(content::open(disk, &found.path, found.form)?, found, &mut targets)?;
        }
        Ok(Signatures {
            targets: targets.into_iter().collect(),
            keys,
            earlier,
            public,
        })
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
        let proven = || self.branch.live.iter().zip(&self.folds).take(end.files);
        self.judge_headers(signatures, end, judgement);
        let roots: BTreeMap<u64, &Root> = proven()
            .flat_map(|(_, fold)| &fold.roots)
            .map(|root| (root.seq, root))
            .collect();
        // Below this number files were removed.
        let oldest = self.branch.live.first().map(|found| &found.header);
        let pruned = oldest.map_or(0, |oldest| oldest.prev_file.map_or(0, |_| oldest.file));
        let mut rows: BTreeMap<u64, Row<'_>> = BTreeMap::new();
        let mut signed: Option<u64> = None;
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
                    if signed_by.file < pruned {
                        continue;
                    }
                    judgement.faults.push(fault(
                        FaultKind::Signature,
                        "the checkpoint is of a file that is not there",
                    ));
                    continue;
                };
                if signatures.earlier.contains(&signed_by.file) && !signatures.keys.is_empty() {
                    continue;
                }
                if signatures.keys.get(&signed_by.file) != Some(&row.found.header.head) {
                    let detail = "the key of its file is not in audit.keys, certified from the key that was given";
                    judgement.faults.push(fault(FaultKind::Key, detail));
                    // A seed proves the header by its seal, and so the row; a root does not.
                    if signatures.public {
                        continue;
                    }
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
                        signed = Some(checkpoint.stated);
                    }
                }
            }
        }
        if let Some((found, line, seq)) = unsigned {
            let detail = "a checkpoint of a signed file has no signature";
            let fault = Fault::new(FaultKind::Signature, Verdict::Tampered, detail);
            judgement.faults.push(fault.file(&found.name).line(line).seq(seq));
        }
        let stated = signed.unwrap_or(0);
        for said in proven()
            .flat_map(|(_, fold)| &fold.said)
            .filter(|said| said.seq <= stated)
        {
            if let Saying::Rekeyed { pk: Some(pk), .. } = said.what {
                judgement.roots.insert(pk);
            }
        }
        if signatures.public {
            self.judge_signed_end(signed, end, judgement);
        }
    }

    /// The tree that a header states must be the one that the file before it ends with, and the header the one that
    /// `audit.keys` knows.
    fn judge_headers(&self, signatures: &Signatures, end: &End, judgement: &mut Judgement) {
        let mut before: Option<&Folded> = None;
        for (found, fold) in self.branch.live.iter().zip(&self.folds).take(end.headers) {
            let certified = signatures.keys.get(&found.header.file);
            if found.header.trust == Trust::Signed && certified.is_some_and(|head| *head != found.header.head) {
                let detail = "its header is not the one that audit.keys knows";
                let fault = Fault::new(FaultKind::Key, Verdict::Tampered, detail);
                judgement.faults.push(fault.file(&found.name).line(1));
            }
            let Header { prev, tree, pk, .. } = &found.header;
            let whole = tree
                .as_ref()
                .is_some_and(|tree| tree.len() == prev.seq.count_ones() as usize);
            if found.header.trust == Trust::Signed && !(whole && pk.is_some()) {
                let detail = "its header has no checkpoint key, or no tree of the right size";
                let fault = Fault::new(FaultKind::Signature, Verdict::Tampered, detail);
                judgement.faults.push(fault.file(&found.name).line(1));
            }
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
    fn judge_signed_end(&self, signed: Option<u64>, end: &End, judgement: &mut Judgement) {
        let newest = self.branch.live.get(end.files.saturating_sub(1));
        let Some(newest) = newest.filter(|newest| newest.header.trust == Trust::Signed) else {
            return;
        };
        let stated = signed.unwrap_or(0);
        judgement.notes.push(match signed {
            Some(_) => format!("signed up to seq {stated}; what stands behind it is chained only"),
            None => "no checkpoint is signed yet: all of it is chained only".to_owned(),
        });
        // The checkpoint itself and AUDIT_STOP.
        if !self.live && end.proven > stated + 2 {
            let detail = format!(
                "{} records stand behind the last signed checkpoint, and behind the one of a clean end there is but AUDIT_STOP",
                end.proven - stated - 1
            );
            let fault = Fault::new(FaultKind::Unsigned, Verdict::Open, detail);
            judgement.faults.push(fault.file(&newest.name).seq(stated + 1));
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
