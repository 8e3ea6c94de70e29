//! The lines of the live branch that the chain proves, one after another, in bounded memory.

use std::cmp::Ordering;
use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::chain::{self, Head, Leaf};
use crate::error::{Error, ErrorKind};
use crate::io::{Disk, DiskFile};
use crate::reader::piece::{Piece, Pieces};
use crate::reader::{line, newest};
use crate::store::branch::{self, LiveFile};
use crate::store::content;
use crate::store::holes::{self, Lost, Readable};
use crate::store::names::{self, Form, Name};
use crate::store::{Cause, Home, Point, TrailId, Trust, lock};

/// How it is said that a file is not read on behind a line that does not fit.
pub(crate) const PASSED_OVER: &str = "the rest of this file is passed over";

pub(crate) const READ_ON: &str = "what is there is read; `tracing-audit verify` says more";

/// The same of who asks a question.
pub(crate) const GOES_ON: &str = "the answer goes on without it; `tracing-audit verify` says more";

/// Where a reader stands in a trail.
#[derive(Debug)]
pub(crate) struct Walk {
    disk: Arc<dyn Disk>,
    home: Home,
    trail: Option<TrailId>,
    todo: VecDeque<LiveFile>,
    /// The numbers of those among them before which a file is missing, until that was said.
    holes: BTreeSet<u64>,
    /// What is lost without a place, until that was said, and what was.
    lost: BTreeSet<Lost>,
    said: BTreeSet<Lost>,
    open: Option<Open>,
    /// Records below this number are passed over.
    from: u64,
    /// The directory at the last look, and whether it held files that may yet become part of the branch.
    names: Vec<Name>,
    unsettled: bool,
}

/// The file in hand.
#[derive(Debug)]
struct Open {
    live: LiveFile,
    file: Arc<dyn DiskFile>,
    pieces: Pieces,
    piece: Option<Piece>,
    /// Where the next line begins in the piece.
    at: usize,
    /// Where it begins in the file.
    offset: u64,
    /// Behind the last line that was proven.
    seq: u64,
    head: Head,
    line: u64,
}

/// What there is to read, for who trusts the places of lines and does not hash them.
#[derive(Debug)]
pub(crate) struct Stock {
    /// Oldest first, in the form that counts.
    pub(crate) files: Vec<LiveFile>,
    /// The numbers of those before which one is missing.
    pub(crate) holes: BTreeSet<u64>,
    /// What is lost besides.
    pub(crate) lost: BTreeSet<Lost>,
}

/// A line that fits the chain.
#[derive(Debug)]
pub(crate) struct Proven<'a> {
    pub(crate) seq: u64,
    #[cfg_attr(not(feature = "sign"), expect(dead_code, reason = "only proofs are made of leaves"))]
    pub(crate) leaf: Leaf,
    pub(crate) line: &'a [u8],
}

/// What the next bytes of a file are.
enum Next {
    /// A proven line.
    Line {
        seq: u64,
        leaf: Leaf,
        /// Of a tombstone there is only the leaf.
        erased: bool,
        /// Whether it ends in a seal, whatever that is worth.
        sealed: bool,
        bytes: Range<usize>,
    },
    /// What the next file replaced, or the end of the file.
    End,
    /// The end of a file, in the middle of a line.
    Half,
    Damage(String),
}

impl Walk {
    /// Begins at the oldest record there is. What is written from now on belongs to the next look.
    pub(crate) fn begin(disk: Arc<dyn Disk>, dir: &Path) -> Result<Walk, Error> {
        let home = Home::find(&*disk, dir, None)?;
        let mut walk = Walk {
            trail: None,
            todo: VecDeque::new(),
            holes: BTreeSet::new(),
            lost: BTreeSet::new(),
            said: BTreeSet::new(),
            open: None,
            from: 0,
            names: Vec::new(),
            unsettled: false,
            disk,
            home,
        };
        let files = walk.look()?;
        walk.trail = files.last().map(|newest| newest.header.trail);
        walk.todo = files.into();
        Ok(walk)
    }

    /// What there is to read, oldest first, the numbers of those files before which one is missing, and the names in the directory.
    pub(crate) fn ahead(&self) -> (&VecDeque<LiveFile>, &BTreeSet<u64>, &[Name]) {
        (&self.todo, &self.holes, &self.names)
    }

    /// The same from here on, for one more reader; of one that has read nothing.
    pub(crate) fn again(&self) -> Walk {
        Walk {
            disk: Arc::clone(&self.disk),
            home: self.home.clone(),
            trail: self.trail,
            todo: self.todo.clone(),
            holes: self.holes.clone(),
            lost: self.lost.clone(),
            said: self.said.clone(),
            open: None,
            from: self.from,
            names: self.names.clone(),
            unsettled: self.unsettled,
        }
    }

    /// Passes over what is below a number.
    pub(crate) fn skip_to(&mut self, seq: u64) {
        self.from = self.from.max(seq);
        let from = self.from;
        self.todo.retain(|live| live.live_to.is_none_or(|to| to >= from));
        self.forget_holes();
    }

    /// Those behind which nothing is wanted any more.
    fn forget_holes(&mut self) {
        let (from, todo) = (self.from, &self.todo);
        let wanted = |live: &LiveFile| live.header.prev.seq >= from.max(1);
        let wanted = |number: &u64| todo.iter().any(|live| live.number() == *number && wanted(live));
        self.holes.retain(wanted);
    }

    /// Passes over all but the newest records.
    pub(crate) fn skip_to_last(&mut self, count: u64) -> Result<(), Error> {
        if let Some(newest) = self.todo.back() {
            let last = newest::seq(&*self.disk, newest)?;
            self.skip_to(last.saturating_add(1).saturating_sub(count));
        }
        Ok(())
    }

    /// The number and the bytes of the next line, without its LF. Damage is an item of its own, and what follows it in its
    /// file is passed over.
    pub(crate) fn next(&mut self) -> Option<Result<(u64, &[u8]), Error>> {
        Some(self.step(false)?.map(|proven| (proven.seq, proven.line)))
    }

    /// The same with the leaf, and with the tombstones of erased records.
    #[cfg(feature = "sign")]
    pub(crate) fn next_leaf(&mut self) -> Option<Result<Proven<'_>, Error>> {
        self.step(true)
    }

    fn step(&mut self, tombstones: bool) -> Option<Result<Proven<'_>, Error>> {
        let (seq, leaf, bytes) = loop {
            if self.open.is_none() {
                let Some(live) = self.todo.pop_front() else {
                    return self.next_lost().map(Err);
                };
                if self.holes.remove(&live.number()) {
                    let hole = self.hole(&live);
                    self.todo.push_front(live);
                    return Some(Err(hole));
                }
                match self.open(live) {
                    Ok(open) => self.open = open,
                    Err(error) => return Some(Err(error)),
                }
                continue;
            }
            let last = self.todo.is_empty();
            let open = self.open.as_mut()?;
            match open.next() {
                Ok(Next::Line {
                    seq,
                    leaf,
                    erased,
                    bytes,
                    ..
                }) if seq >= self.from && (tombstones || !erased) => break (seq, leaf, bytes),
                Ok(Next::Line { .. }) => {}
                Ok(Next::End | Next::Half) if last => return self.next_lost().map(Err),
                Ok(Next::End | Next::Half) => {
                    let reached = (open.seq, open.head);
                    // Of a file that is missing more is said.
                    let next = self.todo.front().filter(|next| !self.holes.contains(&next.number()));
                    let damage = open.end_damage(reached, next);
                    self.open = None;
                    if let Some(damage) = damage {
                        return Some(Err(damage));
                    }
                }
                Ok(Next::Damage(what)) => {
                    let damage = open.damage(&what);
                    open.pass_over();
                    if !last {
                        self.open = None;
                    }
                    return Some(Err(damage));
                }
                Err(error) => {
                    let error = Error::io("read a file of the trail", &open.live.path, error);
                    open.pass_over();
                    if !last {
                        self.open = None;
                    }
                    return Some(Err(error));
                }
            }
        };
        self.from = seq + 1;
        let piece = self.open.as_ref()?.piece.as_ref()?;
        let line = piece.bytes.filled().get(bytes)?;
        Some(Ok(Proven { seq, leaf, line }))
    }

    /// At the end of everything: the next thing that is missing, or not to be read, once.
    fn next_lost(&mut self) -> Option<Error> {
        let lost = self.lost.pop_first()?;
        let error = Error::new(ErrorKind::Damaged, lost.what.clone())
            .at(&lost.path)
            .remedy(READ_ON);
        self.said.insert(lost);
        Some(error)
    }

    /// Whether a whole line, or a whole file, is at hand.
    pub(crate) fn is_ready(&self) -> bool {
        let in_hand = |open: &Open| {
            let piece = open.piece.as_ref().map_or(&[][..], |piece| piece.bytes.filled());
            piece.get(open.at..).is_some_and(|rest| rest.contains(&b'\n'))
        };
        !self.todo.is_empty() || self.open.as_ref().is_some_and(in_hand)
    }

    /// At the end of everything: what is wrong with the end, if no one is writing there.
    pub(crate) fn end_damage(&mut self) -> Option<Error> {
        let open = self.open.as_mut()?;
        let left = open.left();
        (left > 0 && !lock::is_held(&*self.disk, &self.home))
            .then(|| open.damage(&format!("the last line is not whole: {left} bytes without a line feed")))
    }

    /// At the end of everything: looks whether more has come, and makes it readable.
    pub(crate) fn more(&mut self) -> Result<bool, Error> {
        if let Some(open) = &mut self.open
            && open.grow()?
        {
            return Ok(true);
        }
        let names = names::list(&*self.disk, &self.home.dir)?;
        if names == self.names && !self.unsettled {
            return Ok(false);
        }
        let files = self.look()?;
        let place = self.open.as_mut().and_then(|open| {
            let place = files.iter().position(|live| live.number() == open.live.number())?;
            open.live.live_to = files.get(place)?.live_to;
            Some(place)
        });
        if let Some(place) = place {
            self.todo = files.into_iter().skip(place + 1).collect();
        } else {
            // Replaced as a whole, or removed: what is behind the last record read is in later files.
            let from = self.from;
            self.open = None;
            let ahead = |live: &LiveFile| live.live_to.is_none_or(|to| to >= from);
            self.todo = files.into_iter().filter(ahead).collect();
        }
        self.forget_holes();
        Ok(!self.todo.is_empty())
    }

    /// The files to read, oldest first.
    fn look(&mut self) -> Result<Vec<LiveFile>, Error> {
        // While retention removes files, a listing may lack what is missing and the record that says so. Look again, but not
        // for ever.
        let mut tries = 4;
        loop {
            tries -= 1;
            let state = holes::state(&*self.disk, &self.home);
            let names = names::list(&*self.disk, &self.home.dir)?;
            let branch = branch::read(&*self.disk, &self.home, self.trail)?;
            let lost = holes::lost(&self.home, &branch, state.as_ref());
            let unsettled = !branch.strays.is_empty();
            let Readable { files, holes } = holes::readable(&*self.disk, branch);
            if holes.is_empty() || tries == 0 || names::list(&*self.disk, &self.home.dir)? == names {
                (self.names, self.unsettled, self.holes) = (names, unsettled, holes);
                self.lost = lost.into_iter().filter(|lost| !self.said.contains(lost)).collect();
                return Ok(files);
            }
        }
    }

    /// What is missing before a file.
    fn hole(&self, next: &LiveFile) -> Error {
        let (first, last) = (self.from.max(1), next.header.prev.seq);
        let records = match first.cmp(&last) {
            Ordering::Less => format!(", and with it records {first} to {last}"),
            Ordering::Equal => format!(", and with it record {first}"),
            Ordering::Greater => String::new(),
        };
        let missing = next.header.prev_file.unwrap_or_default();
        Error::new(
            ErrorKind::Damaged,
            format!("file {missing} is missing before this one{records}"),
        )
        .at(&next.path)
        .remedy(READ_ON)
    }

    /// What there is to read, as one piece.
    pub(crate) fn into_stock(mut self) -> Result<Stock, Error> {
        let mut files = Vec::with_capacity(self.todo.len());
        while let Some(live) = self.todo.pop_front() {
            files.push(self.counting(live)?);
        }
        Ok(Stock {
            files,
            holes: self.holes,
            lost: self.lost,
        })
    }

    /// The form of a file that counts, where both are there.
    fn counting(&self, live: LiveFile) -> Result<LiveFile, Error> {
        let packed = live.name.with(Form::Gzip);
        let both = live.name.form == Form::Plain && self.names.binary_search(&packed).is_ok();
        if cfg!(feature = "gzip") && both && !self.is_whole(&live) {
            let packed = branch::packed(&*self.disk, &self.home, &live)?;
            if let Some(packed) = packed.filter(|packed| self.is_whole(packed)) {
                return Ok(packed);
            }
        }
        Ok(live)
    }

    /// Opens a file in the form that counts. `None` for a file that is gone: retention removes the oldest ones, also while they
    /// are read.
    fn open(&self, live: LiveFile) -> Result<Option<Open>, Error> {
        let live = self.counting(live)?;
        if !cfg!(feature = "gzip") {
            return self.open_form(live);
        }
        let elsewhere = live.in_other_form();
        match self.open_form(live)? {
            // Compressed since the look at the directory, or the other way round.
            None => self.open_form(elsewhere),
            open => Ok(open),
        }
    }

    /// Whether the part of a file that counts is all there and good, and nothing stands behind it that should not.
    fn is_whole(&self, live: &LiveFile) -> bool {
        let Ok(Some(mut open)) = self.open_form(live.clone()) else {
            return false;
        };
        let mut sealed = live.header.trust == Trust::Chained;
        loop {
            match open.next() {
                Ok(Next::Line { sealed: ends, .. }) => sealed |= ends,
                Ok(Next::End) => break,
                _ => return false,
            }
        }
        let reached = Point {
            seq: open.seq,
            head: open.head,
        };
        match self.todo.front().map(|next| &next.header) {
            None => sealed,
            Some(next) => {
                let supersedes = matches!(next.cause, Cause::Resync | Cause::Recover);
                next.prev == reached && (supersedes || open.offset == open.live.len)
            }
        }
    }

    /// Opens a file in this form; of a compressed one, all is read first, for of one that breaks a rule no line counts.
    fn open_form(&self, mut live: LiveFile) -> Result<Option<Open>, Error> {
        let opened = content::open(&*self.disk, &live.path, live.name.form).and_then(|file| {
            if live.name.form == Form::Gzip {
                live.len = content::packed_len(&*self.disk, &live.path)?;
            }
            Ok(file)
        });
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if live.name.form == Form::Gzip && content::is_bad(&error) => {
                return Err(Error::new(ErrorKind::Damaged, content::NO_MEMBER)
                    .at(&live.path)
                    .remedy("no line of this file is read; `tracing-audit verify` says more"));
            }
            Err(error) => return Err(Error::io("read a file of the trail", &live.path, error)),
        };
        Ok(Some(Open {
            pieces: Pieces::new(file.clone(), live.body_at, live.len),
            file,
            piece: None,
            at: 0,
            offset: live.body_at,
            seq: live.header.prev.seq,
            head: live.head,
            line: 1,
            live,
        }))
    }
}

impl Open {
    fn next(&mut self) -> io::Result<Next> {
        if self.live.live_to == Some(self.seq) {
            return Ok(Next::End);
        }
        loop {
            let Some(piece) = &self.piece else {
                match self.pieces.next(Default::default())? {
                    None => return Ok(Next::End),
                    Some(piece) => {
                        self.at = 0;
                        self.piece = Some(piece);
                    }
                }
                continue;
            };
            if piece.too_long > 0 {
                self.line += 1;
                return Ok(Next::Damage(line::Flaw::TooLong.meaning().to_owned()));
            }
            let rest = piece.bytes.filled().get(self.at..).unwrap_or_default();
            let Some(length) = memchr::memchr(b'\n', rest) else {
                if piece.last {
                    return Ok(if rest.is_empty() { Next::End } else { Next::Half });
                }
                let spent = self.piece.take().map(|piece| piece.bytes);
                self.piece = self.pieces.next(spent.unwrap_or_default())?;
                self.at = 0;
                if self.piece.is_none() {
                    return Ok(Next::End);
                }
                continue;
            };
            self.line += 1;
            let bytes = rest.get(..length).unwrap_or_default();
            let range = self.at..self.at + length;
            let cut = match line::cut_unchecked(bytes) {
                Ok(cut) => cut,
                Err(flaw) => return Ok(Next::Damage(flaw.meaning().to_owned())),
            };
            if cut.seq != self.seq + 1 {
                return Ok(Next::Damage(format!(
                    "record {} where record {} should be",
                    cut.seq,
                    self.seq + 1
                )));
            }
            let erased = line::tombstone(cut.rest).map(|(leaf, _)| leaf);
            let leaf = erased.unwrap_or_else(|| chain::leaf(cut.rest));
            let head = self.head.record(cut.seq, &leaf);
            if head.tag() != cut.tag {
                return Ok(Next::Damage("the tag does not fit".to_owned()));
            }
            (self.seq, self.head) = (cut.seq, head);
            self.at += length + 1;
            self.offset += length as u64 + 1;
            return Ok(Next::Line {
                seq: cut.seq,
                leaf,
                erased: erased.is_some(),
                sealed: cut.seal.is_some(),
                bytes: range,
            });
        }
    }

    /// Nothing behind the damage is read, whatever comes.
    fn pass_over(&mut self) {
        self.live.live_to = Some(self.seq);
    }

    /// Bytes of a line that has no end.
    fn left(&self) -> u64 {
        let open = self.live.live_to.is_none();
        let left = self.piece.as_ref().filter(|piece| piece.last && open);
        left.map_or(0, |piece| piece.bytes.filled().len().saturating_sub(self.at) as u64)
    }

    /// Whether the file has bytes behind the last whole line that were not there before.
    fn grow(&mut self) -> Result<bool, Error> {
        if self.live.name.form == Form::Gzip {
            return Ok(false);
        }
        let failed = |error| Error::io("look at a file of the trail", &self.live.path, error);
        let len = self.file.stat().map_err(failed)?.len;
        if self.live.live_to.is_some() || len == self.live.len {
            return Ok(false);
        }
        if len < self.offset {
            // Cut back behind a failed write: the lines that stood there were not acknowledged. Read it again.
            self.offset = self.live.body_at;
            (self.seq, self.head, self.line) = (self.live.header.prev.seq, self.live.head, 1);
        }
        self.live.len = len;
        self.pieces = Pieces::new(self.file.clone(), self.offset, len);
        self.piece = None;
        Ok(true)
    }

    fn damage(&self, what: &str) -> Error {
        Error::new(
            ErrorKind::Damaged,
            format!(
                "damaged at line {}, where record {} should be: {what}",
                self.line,
                self.seq + 1
            ),
        )
        .at(&self.live.path)
        .remedy(&format!("{PASSED_OVER}; `tracing-audit verify` says more"))
    }

    /// What is wrong with the end of a file that another one follows.
    fn end_damage(&self, (seq, head): (u64, Head), next: Option<&LiveFile>) -> Option<Error> {
        let passed_over = self.live.live_to != next.map(|next| next.header.prev.seq);
        let next = next.filter(|_| !passed_over)?;
        if seq < next.header.prev.seq {
            let missing = format!("records {} to {} are missing", seq + 1, next.header.prev.seq);
            return Some(self.damage(&missing));
        }
        (head != next.header.prev.head).then(|| {
            Error::new(
                ErrorKind::Damaged,
                "it does not go on from where the file before it ends",
            )
            .at(&next.path)
            .remedy("it is read all the same; `tracing-audit verify` says more")
        })
    }
}
