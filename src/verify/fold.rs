//! The links of one file, in order: where the chain holds, where it breaks, and what lies behind a break.

use std::sync::Arc;

use crate::chain::Head;
use crate::chain::seal::CommitKey;
use crate::merkle::Range;
use crate::reader::line::{Flaw, Sealed as Sealing};
use crate::store::Point;
use crate::verify::anchor::Anchor;
use crate::verify::folded::{Break, Folded, Ordered, Root, Said, Saying, Sealed, SignedAt, Tombstone, What};
use crate::verify::own::{Erase, Own};
use crate::verify::scan::{Flawed, Scan, Scanned};

/// How much of a file counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Until {
    /// The point at which the next file of the branch goes on.
    pub(crate) point: Point,
    /// Whether lines behind it are superseded; if not, they should not be there.
    pub(crate) supersedes: bool,
}

/// What the seals of a file are held against.
#[derive(Clone, Debug)]
pub(crate) enum Seals {
    /// The file is chained: it has none.
    None,
    /// Whatever it has says nothing: no key is at hand or asked for, or other things prove the file.
    Any,
    /// It is keyed, and its seals are counted, whatever they are.
    Unchecked,
    /// The key of its first commit.
    Key(CommitKey),
}

/// Follows the chain through a file whose header is good.
#[derive(Debug)]
pub(crate) struct Fold {
    seq: u64,
    head: Head,
    /// Where the chain stands if of the line that broke it only the tag is wrong.
    behind_bad_tag: Option<(u64, Head)>,
    /// The number last seen behind a break, whatever it is worth.
    seen: u64,
    broken: bool,
    /// The chain was broken once, whether or not it goes on behind.
    hurt: bool,
    /// `unproven` before the break in hand.
    unproven_before: u64,
    superseded: bool,
    loose: bool,
    /// Lines before the piece in hand.
    lines: u64,
    /// Where the line before the one in hand ends.
    line_end: u64,
    until: Option<Until>,
    wanted: Option<u64>,
    anchors: Arc<[Anchor]>,
    seals: Seals,
    tree: Option<Growing>,
    /// The number before the first record.
    start: u64,
    out: Folded,
}

/// A tree that grows with the records.
#[derive(Debug)]
struct Growing {
    range: Range,
    targets: Arc<[u64]>,
}

/// Breaks listed for a file; the rest is counted.
const LISTED: usize = 256;

/// Tombstones kept for a file; a file of nothing else would hold more.
const BURIED: usize = 1 << 18;

/// Erasures of single records kept for a file: more than one of the usual size has room for, each ordered on its own.
const ORDERED: usize = 1 << 19;

/// Sayings kept for a file: a trail has few, a hostile file may have many.
const SAYINGS: usize = 10_000;

impl Fold {
    /// `start` is behind the header, which ends at byte `body_at`. `wanted` is a record whose head is asked for.
    pub(crate) fn new(start: Point, body_at: u64, until: Option<Until>, wanted: Option<u64>, seals: Seals) -> Fold {
        Fold {
            seq: start.seq,
            head: start.head,
            behind_bad_tag: None,
            seen: start.seq,
            broken: false,
            hurt: false,
            unproven_before: 0,
            superseded: false,
            loose: false,
            lines: 1,
            line_end: body_at,
            until,
            wanted,
            anchors: Arc::default(),
            seals,
            tree: None,
            start: start.seq,
            out: Folded {
                intact: 0,
                end: start,
                intact_to: body_at,
                breaks: Vec::new(),
                more_breaks: 0,
                unproven: 0,
                superseded_lines: 0,
                live_bytes: body_at,
                tail: 0,
                is_short: false,
                lines: 1,
                bytes: body_at,
                proof: 0,
                tombstones: Vec::new(),
                more_tombstones: 0,
                erasures: Vec::new(),
                more_erasures: None,
                stop: None,
                gaps: 0,
                lost: 0,
                said: Vec::new(),
                wanted: None,
                is_sealed_by_rule: false,
                sealed: None,
                checkpoints: Vec::new(),
                roots: Vec::new(),
                tree: None,
                odd: Vec::new(),
                more_odd: 0,
                anchored: Vec::new(),
            },
        }
    }

    /// Looks for the records that these are of.
    pub(crate) fn look_for(mut self, anchors: &Arc<[Anchor]>) -> Fold {
        self.anchors = Arc::clone(anchors);
        // The head behind the header counts for the record before it.
        self.meet_anchors(self.seq, self.head);
        self
    }

    fn meet_anchors(&mut self, seq: u64, head: Head) {
        for (place, anchor) in self.anchors.iter().enumerate() {
            if self.out.breaks.is_empty()
                && anchor.holds(seq, &head)
                && !self.out.anchored.iter().any(|(known, _)| *known == place)
            {
                self.out.anchored.push((place, seq));
            }
        }
    }

    /// Grows the tree from the one at its begin, behind which the head is `before`, and notes it where checkpoints speak
    /// of it.
    pub(crate) fn grow(mut self, tree: Range, before: Head, targets: &Arc<[u64]>) -> Fold {
        if targets.binary_search(&tree.size()).is_ok() {
            self.out.roots.push(Root {
                seq: tree.size(),
                root: tree.root(),
                head: before,
            });
        }
        self.tree = Some(Growing {
            range: tree,
            targets: Arc::clone(targets),
        });
        self
    }

    /// For a file without a valid header: nothing in it can be proven, but it may hold proof that something was synced.
    pub(crate) fn loose() -> Fold {
        Fold {
            loose: true,
            broken: true,
            hurt: true,
            lines: 0,
            ..Fold::new(Point::GENESIS, 0, None, None, Seals::Unchecked)
        }
    }

    /// The next piece of the file.
    pub(crate) fn take(&mut self, scan: Scan) {
        let mut flawed = scan.flawed.iter().peekable();
        let mut own = scan.own.into_iter().peekable();
        let mut seals = scan.seals.iter().peekable();
        let mut odd = scan.odd.into_iter().peekable();
        for record in &scan.records {
            while let Some(flaw) = flawed.next_if(|flaw| flaw.line < record.line) {
                self.flaw(flaw);
                self.line_end = scan.at + flaw.end;
            }
            let said = own.next_if(|(line, _)| *line == record.line).map(|(_, own)| own);
            let seal = seals.next_if(|(line, _)| *line == record.line).map(|(_, seal)| seal);
            match (seal, &self.seals) {
                (Some(_), Seals::None) => self.flaw(&Flawed {
                    line: record.line,
                    count: 1,
                    flaw: Flaw::Sealed,
                    end: u64::from(record.end),
                    seq: record.seq,
                    proof: said.map_or(0, |own| own.proof(record.seq)),
                }),
                (seal, _) => self.record(record, scan.at, said, seal),
            }
            if let Some((_, why)) = odd.next_if(|(line, _)| *line == record.line)
                && self.seq == record.seq
            {
                self.note_oddity(u64::from(record.line), why);
            }
            self.line_end = scan.at + u64::from(record.end);
        }
        for flaw in flawed {
            self.flaw(flaw);
            self.line_end = scan.at + flaw.end;
        }
        self.lines += u64::from(scan.lines);
        self.out.bytes += scan.bytes;
        self.out.tail = scan.tail;
    }

    /// Whether a sealed line was reached; `None` while neither that nor damage was met.
    pub(crate) fn reaches_a_seal(&self) -> Option<bool> {
        match (self.out.sealed, self.out.breaks.is_empty()) {
            (Some(_), _) => Some(true),
            (None, false) => Some(false),
            (None, true) => None,
        }
    }

    pub(crate) fn finish(mut self) -> Folded {
        let cut = self
            .until
            .is_some_and(|until| until.supersedes && until.point.seq <= self.seq);
        if self.superseded {
            self.out.tail = 0;
        } else if cut && !self.hurt {
            self.out.live_bytes = self.line_end;
            self.out.tail = 0;
        } else {
            self.out.live_bytes = self.out.bytes;
        }
        self.out.end = Point {
            seq: self.seq,
            head: self.head,
        };
        self.out.is_short = self.until.is_some_and(|until| self.seq < until.point.seq);
        self.out.lines = self.lines;
        self.out.tree = self.tree.take().map(|tree| tree.range);
        if matches!(self.seals, Seals::Unchecked | Seals::Key(_)) && !self.loose {
            self.out.is_sealed_by_rule = true;
            self.go_back_to_the_seal();
        }
        self.out
    }

    /// Of a keyed file nothing counts that no seal covers.
    fn go_back_to_the_seal(&mut self) {
        let (line, records, end, seq) = match self.out.sealed {
            Some(sealed) => (sealed.line, sealed.records, sealed.end, sealed.point.seq),
            // Nothing proves the header either.
            None => (1, 0, 0, self.start),
        };
        if self.out.intact > records || (self.out.sealed.is_none() && self.out.breaks.is_empty()) {
            let unsealed = Break {
                line: line + 1,
                to: line + (self.out.intact - records).max(1),
                seq: seq + 1,
                what: What::Unsealed,
            };
            self.out.breaks.insert(0, unsealed);
        }
        self.out.intact = records;
        self.out.intact_to = end;
    }

    fn record(&mut self, record: &Scanned, at: u64, own: Option<Own>, seal: Option<&Sealing>) {
        if self.loose {
            self.unproven(record, own.as_ref());
            return;
        }
        let expected = self.seq + 1;
        if self.is_behind_the_end(record.seq) {
            self.beyond(u64::from(record.line), 1);
            return;
        }
        if record.seq == expected {
            let head = self.head.record(record.seq, &record.leaf);
            if same(&head, &record.tag) {
                if self.broken {
                    self.heal(What::Inserted, u64::from(record.line));
                }
                self.advance(record, head, at, own, seal);
                return;
            }
            if !self.broken {
                self.break_here(u64::from(record.line), What::Content);
                self.behind_bad_tag = Some((record.seq, head));
                self.unproven(record, own.as_ref());
                return;
            }
        }
        if let Some((seq, head)) = self.behind_bad_tag
            && record.seq == seq + 1
        {
            let head = head.record(record.seq, &record.leaf);
            if same(&head, &record.tag) {
                self.heal(What::Tag, u64::from(record.line));
                self.advance(record, head, at, own, seal);
                return;
            }
        }
        let (expected, found) = (if self.broken { self.seen + 1 } else { expected }, record.seq);
        let line = u64::from(record.line);
        if found > expected {
            self.break_here(line, What::Missing { expected, found });
        } else if found < expected {
            self.break_here(line, What::Repeated { expected, found });
        }
        self.unproven(record, own.as_ref());
    }

    /// The line is what was written.
    fn advance(&mut self, record: &Scanned, head: Head, at: u64, own: Option<Own>, seal: Option<&Sealing>) {
        if let Some(seal) = seal
            && !self.unseal(record, &head, at, seal)
        {
            self.list(self.lines + u64::from(record.line) + 1, What::Seal);
        }
        self.seq = record.seq;
        self.head = head;
        if self.out.breaks.is_empty() {
            self.out.intact += 1;
            self.out.intact_to = at + u64::from(record.end);
        }
        if let Some(tree) = self.tree.as_mut().filter(|_| self.out.breaks.is_empty()) {
            tree.range.push(record.leaf);
            if tree.targets.binary_search(&record.seq).is_ok() {
                self.out.roots.push(Root {
                    seq: record.seq,
                    root: tree.range.root(),
                    head,
                });
            }
        }
        self.meet_anchors(record.seq, head);
        if self.wanted == Some(record.seq) {
            self.out.wanted = Some(head);
        }
        if record.erased > 0 {
            self.bury(record);
        }
        if let Some(own) = own {
            self.hear(own, u64::from(record.line), record.seq);
        }
    }

    fn note_oddity(&mut self, line: u64, why: String) {
        match self.out.odd.len() < LISTED {
            true => self.out.odd.push((self.lines + line + 1, self.seq, why)),
            false => self.out.more_odd += 1,
        }
    }

    fn bury(&mut self, record: &Scanned) {
        match self.out.tombstones.len() < BURIED {
            true => self.out.tombstones.push(Tombstone {
                seq: record.seq,
                line: self.lines + u64::from(record.line) + 1,
                leaf: record.leaf,
                by: record.erased,
            }),
            false => self.out.more_tombstones += 1,
        }
    }

    /// Nothing is kept of an order but its number and what it is for.
    fn order(&mut self, by: u64, erase: &Erase) {
        let room = ORDERED - self.out.erasures.len();
        let records = erase.records.iter().map(|&(seq, leaf)| Ordered { by, seq, leaf });
        self.out.erasures.extend(records.take(room));
        if erase.records.len() > room {
            self.out.more_erasures.get_or_insert(by);
        }
    }

    /// Takes note of the end of a commit; false if the seal is not of the one that has the key.
    fn unseal(&mut self, record: &Scanned, head: &Head, at: u64, seal: &Sealing) -> bool {
        if self.broken || !self.out.breaks.is_empty() {
            // Behind damage a seal proves nothing of what stands before it.
            return true;
        }
        match (&mut self.seals, seal) {
            (Seals::Key(key), Some(seal)) if key.fits(head, seal) => key.advance(),
            // A seal has one spelling.
            (Seals::Key(_), _) | (Seals::Unchecked, None) => return false,
            _ => {}
        }
        self.out.sealed = Some(Sealed {
            point: Point {
                seq: record.seq,
                head: *head,
            },
            count: self.out.sealed.map_or(0, |sealed| sealed.count) + 1,
            line: self.lines + u64::from(record.line) + 1,
            records: self.out.intact + 1,
            end: at + u64::from(record.end),
        });
        true
    }

    /// The line may be what was written; only what it says about the disk is kept.
    fn unproven(&mut self, record: &Scanned, own: Option<&Own>) {
        self.seen = record.seq;
        self.out.unproven += 1;
        self.prove(own, record.seq);
    }

    fn prove(&mut self, own: Option<&Own>, seq: u64) {
        self.out.proof = self.out.proof.max(own.map_or(0, |own| own.proof(seq)));
    }

    fn hear(&mut self, own: Own, line: u64, seq: u64) {
        self.prove(Some(&own), seq);
        let what = match own {
            Own::Stop => {
                self.out.stop = Some(seq);
                return;
            }
            Own::Checkpoint { seq: stated, signed } => {
                // Only where signatures are held against a key: a trail has many.
                if self.tree.is_some() && self.out.breaks.is_empty() {
                    self.out.checkpoints.push(SignedAt {
                        seq,
                        line: self.lines + line + 1,
                        stated,
                        says: signed,
                    });
                }
                return;
            }
            Own::Rekeyed { first_run, pk } => Saying::Rekeyed { first_run, pk },
            Own::Gap { lost } => {
                self.out.gaps += 1;
                self.out.lost = self.out.lost.saturating_add(lost);
                return;
            }
            Own::Erase(erase) => {
                self.order(seq, &erase);
                return;
            }
            Own::Recover(recover) => Saying::Recover(recover),
            Own::Prune(prune) => Saying::Prune(prune),
            Own::Config(retention) => Saying::Config(retention),
            Own::Suspected { what } => Saying::Suspected(what),
        };
        if self.out.said.len() < SAYINGS {
            let line = self.lines + line + 1;
            self.out.said.push(Said { line, seq, what });
        }
    }

    fn flaw(&mut self, flawed: &Flawed) {
        let (line, count) = (u64::from(flawed.line), u64::from(flawed.count));
        if self.is_behind_the_end(flawed.seq) {
            self.beyond(line, count);
            return;
        }
        self.out.proof = self.out.proof.max(flawed.proof);
        if self.loose {
            return;
        }
        self.break_here(line, What::Flaw(flawed.flaw));
        if let Some(last) = self.out.breaks.last_mut() {
            last.to = last.to.max(last.line + count - 1);
        }
    }

    /// Whether a record of this number stands behind the point at which the next file goes on.
    fn is_behind_the_end(&self, seq: u64) -> bool {
        let behind = |until: Until| match self.hurt {
            // Where the lines before are in doubt, only a number can say so, and only of what a later file replaced.
            true => until.supersedes && seq > until.point.seq,
            false => self.seq >= until.point.seq,
        };
        self.superseded || self.until.is_some_and(behind)
    }

    fn beyond(&mut self, line: u64, count: u64) {
        if self.until.is_some_and(|until| until.supersedes) {
            if !self.superseded {
                self.superseded = true;
                self.out.live_bytes = self.line_end;
            }
            self.out.superseded_lines += count;
        } else {
            self.list(self.lines + line + 1, What::Beyond);
        }
    }

    fn break_here(&mut self, line: u64, what: What) {
        let line = self.lines + line + 1;
        self.hurt = true;
        if !self.broken {
            self.broken = true;
            self.unproven_before = self.out.unproven;
        }
        self.list(line, what);
    }

    fn list(&mut self, line: u64, what: What) {
        if let Some(last) = self.out.breaks.last_mut()
            && last.to + 1 == line
            && last.what == what
        {
            last.to = line;
        } else if self.out.breaks.len() < LISTED {
            self.out.breaks.push(Break {
                line,
                to: line,
                seq: self.seq + 1,
                what,
            });
        } else {
            self.out.more_breaks += 1;
        }
    }

    /// The chain goes on at this line, so the lines since the break are no more than what `what` says.
    fn heal(&mut self, what: What, line: u64) {
        self.broken = false;
        self.behind_bad_tag = None;
        self.out.unproven = self.unproven_before;
        let seq = self.seq + 1;
        let since = self.out.breaks.iter().position(|found| found.seq == seq);
        if let Some(first) = since
            && self.out.more_breaks == 0
        {
            self.out.breaks.truncate(first + 1);
            if let Some(found) = self.out.breaks.last_mut() {
                found.what = what;
                found.to = self.lines + line;
            }
        }
    }
}

fn same(head: &Head, tag: &[u8; 16]) -> bool {
    head.tag() == tag
}
