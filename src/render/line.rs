//! The rest of a line, put together from pieces.

use crate::brief::{Brief, EventId, Slice};
use crate::clock::Micros;
use crate::event::{Category, EventType};
use crate::outcome::Outcome;
use crate::record::Key;
use crate::render::fields::{Fields, Member, Owner};
use crate::render::pen::{CHUNK, Pen, padded};
use crate::render::{Limits, squeeze};
use crate::severity::Severity;

/// What the caller states; everything else comes from [`Fields`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct What<'a> {
    pub(crate) time: Micros,
    pub(crate) occurred: Option<Micros>,
    pub(crate) event: Name<'a>,
    pub(crate) category: Category,
    pub(crate) severity: Severity,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Name<'a> {
    Type(EventType),
    /// A name that came at run time; already `event::valid_name`.
    Text(&'a str),
}

/// Bytes of a line that are not the rest: `{"seq":N,` with the largest number, the frame and the LF.
pub(super) const AROUND: usize = 24 + crate::chain::FRAME + 1;

/// Entries of `redacted` and of `truncated` before the others are only counted.
pub(super) const LISTED: usize = 32;

/// Bytes before the first value, at most.
const HEAD: usize = 256;

/// Appends the rest of a record's line, `"time":"…",…` without `{"seq":N,` and without the frame.
///
/// The values of `fields` first, then those of the contexts in their order; the first that has a key gives it. A line
/// that would be longer than `limits.line` loses the ends of its longest values first, and says so in `truncated`.
pub(crate) fn rest(out: &mut Vec<u8>, what: &What<'_>, fields: &Fields, contexts: &[&Fields], limits: Limits) -> Brief {
    let sources = Sources { fields, contexts };
    let most = HEAD + sources.most();
    if most + AROUND > limits.line {
        return squeeze::rest(out, what, &sources, limits);
    }
    let from = out.len();
    out.resize(from + most + CHUNK, 0);
    let mut pen = Pen::new(out.get_mut(from..).unwrap_or_default());
    let mut brief = head(&mut pen, what);
    let mut starts = [0_u32; 64];
    let mut left = sources.present();
    while left != 0 {
        let index = left.trailing_zeros() as usize;
        left &= left - 1;
        let source = sources.of(index);
        let place = source.place_at(index);
        if let Some(start) = starts.get_mut(index & 63) {
            *start = pen.at() as u32;
        }
        pen.piece(source.text.piece(place.at as usize), place.len as usize);
    }
    members(&mut pen, &sources);
    let (truncated, redacted) = (sources.truncated(), sources.redacted());
    brief.redactions = lists(
        &mut |bytes| pen.put(bytes),
        truncated,
        sources.crowded_out(),
        redacted,
        LISTED,
    );
    let len = from + pen.at();
    out.truncate(len);
    sources.brief(&mut brief, |key| Slice {
        at: starts.get(key.index()).copied().unwrap_or_default(),
        len: sources.of(key.index()).place_at(key.index()).len,
    });
    brief
}

/// The values of a record: those of its own fields, and those of its contexts.
pub(super) struct Sources<'a> {
    pub(super) fields: &'a Fields,
    pub(super) contexts: &'a [&'a Fields],
}

impl<'a> Sources<'a> {
    pub(super) fn all(&self) -> impl Iterator<Item = &'a Fields> + Clone + use<'a> {
        std::iter::once(self.fields).chain(self.contexts.iter().copied())
    }

    /// The keys that somebody has, a bit each.
    #[inline]
    pub(super) fn present(&self) -> u64 {
        let contexts = self.contexts.iter();
        contexts.fold(self.fields.present().0, |keys, context| keys | context.present().0)
    }

    /// Who gives the key of this index. Somebody has it.
    #[inline(always)]
    pub(super) fn of(&self, index: usize) -> &'a Fields {
        if self.fields.present().0 >> index & 1 == 1 {
            return self.fields;
        }
        let mut contexts = self.contexts.iter();
        let context = contexts.find(|context| context.present().0 >> index & 1 == 1);
        context.copied().unwrap_or(self.fields)
    }

    /// An upper bound of what is written behind the head.
    #[inline]
    fn most(&self) -> usize {
        let mut most = 0;
        for source in self.all() {
            most += source.text.len();
            if !source.members.is_empty() {
                most += 16;
            }
            for note in &source.notes {
                most += source.entry_len(note.owner) * note.classes.count_ones() as usize;
            }
            for cut in &source.cuts {
                most += source.entry_len(cut.owner);
            }
        }
        most
    }

    /// Members of `metadata` that are written: of two with one name the first.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'a Fields, usize, &'a Member)> + use<'a> {
        let (fields, contexts) = (self.fields, self.contexts);
        let own = fields
            .members
            .iter()
            .enumerate()
            .map(move |(index, member)| (fields, index, member));
        let inherited = contexts.iter().enumerate().flat_map(move |(number, context)| {
            let before = contexts.get(..number).unwrap_or_default();
            context.members.iter().enumerate().filter_map(move |(index, member)| {
                let name = context.name_of(member);
                let mut before = std::iter::once(fields).chain(before.iter().copied());
                let hidden = before.any(|before| before.member_named(name).is_some());
                (!hidden).then_some((*context, index, member))
            })
        });
        own.chain(inherited).filter(|(_, _, member)| member.len > 0)
    }

    /// Whether what is said of the owner's value concerns this record: it is written, or was dropped.
    fn concerns(&self, source: &Fields, owner: Owner) -> bool {
        if std::ptr::eq(source, self.fields) {
            return true;
        }
        match (owner.key(), owner.member()) {
            (Some(key), _) => {
                let given = self.present() >> key.index() & 1 == 1;
                !given || std::ptr::eq(self.of(key.index()), source)
            }
            (None, Some(index)) => {
                self.members()
                    .any(|(from, at, _)| std::ptr::eq(from, source) && at == index)
                    || source.members.get(index).is_some_and(|member| member.len == 0)
            }
            (None, None) => false,
        }
    }

    /// What `redacted` lists.
    pub(super) fn redacted(&self) -> impl Iterator<Item = (&'a Fields, Owner, &'static str)> + Clone {
        self.all()
            .flat_map(|source| source.notes.iter().map(move |note| (source, note)))
            .filter(|(source, note)| self.concerns(source, note.owner))
            .flat_map(|(source, note)| note.classes().map(move |class| (source, note.owner, class.as_str())))
    }

    /// What `truncated` lists.
    pub(super) fn truncated(&self) -> impl Iterator<Item = (&'a Fields, Owner, u64)> + Clone {
        self.all()
            .flat_map(|source| source.cuts.iter().map(move |cut| (source, cut)))
            .filter(|(source, cut)| self.concerns(source, cut.owner))
            .map(|(source, cut)| (source, cut.owner, cut.bytes))
    }

    pub(super) fn crowded_out(&self) -> u64 {
        self.all().map(|source| u64::from(source.crowded_out)).sum()
    }

    /// Says where the values stand that others need; `member` says where the member of a key stands, empty for nowhere.
    #[inline(always)]
    pub(super) fn brief(&self, brief: &mut Brief, member: impl Fn(Key) -> Slice) {
        let present = self.present();
        let slice = |key: Key| {
            let found = present >> key.index() & 1 == 1;
            let member = found.then(|| member(key)).filter(|member| member.len > 0)?;
            let head = key.member().len() as u32 + 1;
            Some(Slice {
                at: member.at + head,
                len: member.len.saturating_sub(head + 1),
            })
        };
        brief.user = slice(Key::UserId).or_else(|| slice(Key::Username)).unwrap_or_default();
        brief.ip = slice(Key::Ip).unwrap_or_default();
        brief.session = slice(Key::SessionId).unwrap_or_default();
        brief.resource = slice(Key::Resource).unwrap_or_default();
        if present >> Key::DurationMs.index() & 1 == 1 {
            brief.duration_us = self.of(Key::DurationMs.index()).duration_us;
        }
    }
}

impl Fields {
    /// The most that one entry of `redacted` or `truncated` takes.
    fn entry_len(&self, owner: Owner) -> usize {
        let member = owner.member().and_then(|index| self.members.get(index));
        64 + member.map_or(0, |member| usize::from(member.name))
    }
}

/// Writes from `"time"` to `"outcome"`.
pub(super) fn head(pen: &mut Pen<'_>, what: &What<'_>) -> Brief {
    pen.chunk(&padded::<8>("\"time\":\""), 8);
    pen.chunk(&what.time.text(), Micros::WIDTH);
    if let Some(occurred) = what.occurred {
        pen.chunk(&padded::<14>("\",\"occurred\":\""), 14);
        pen.chunk(&occurred.text(), Micros::WIDTH);
    }
    pen.chunk(&padded::<16>("\",\"event\":\""), 11);
    let (event, name) = match what.event {
        Name::Type(event) => (EventId::of(event), event.name()),
        Name::Text(name) => (EventId::OTHER, name),
    };
    let slice = Slice {
        at: pen.at() as u32,
        len: name.len() as u32,
    };
    pen.put(name.as_bytes());
    let (category, len) = CATEGORIES.get(what.category as usize).unwrap_or(&NOTHING);
    pen.chunk(category, usize::from(*len));
    let severities = SEVERITIES.get(what.severity.index());
    let (severity, len) = severities
        .and_then(|row| row.get(what.outcome.index()))
        .unwrap_or(&NOTHING);
    pen.chunk(severity, usize::from(*len));
    Brief {
        event,
        category: what.category,
        severity: what.severity,
        outcome: what.outcome,
        time: what.time,
        occurred: what.occurred.unwrap_or(what.time),
        duration_us: Brief::NO_DURATION,
        redactions: 0,
        name: slice,
        user: Slice::default(),
        ip: Slice::default(),
        session: Slice::default(),
        resource: Slice::default(),
    }
}

fn members(pen: &mut Pen<'_>, sources: &Sources<'_>) {
    let mut any = false;
    for (source, _, member) in sources.members() {
        let (at, len) = (member.at as usize, member.len as usize);
        if any {
            pen.piece(source.text.piece(at), len);
        } else {
            pen.chunk(&padded::<16>(",\"metadata\":{"), 13);
            // Without its comma.
            pen.piece(source.text.piece(at + 1), len - 1);
            any = true;
        }
    }
    if any {
        pen.byte(b'}');
    }
}

/// Writes `truncated` and `redacted`, each with at most `listed` entries, and counts what was redacted.
pub(super) fn lists<'a>(
    put: &mut impl FnMut(&[u8]),
    truncated: impl Iterator<Item = (&'a Fields, Owner, u64)> + Clone,
    crowded_out: u64,
    redacted: impl Iterator<Item = (&'a Fields, Owner, &'static str)> + Clone,
    listed: usize,
) -> u16 {
    // The last entry says how many are not listed.
    let count = truncated.clone().count();
    let shown = if count > listed || crowded_out > 0 {
        count.min(listed - 1)
    } else {
        count
    };
    let more = (count - shown) as u64 + crowded_out;
    for (number, (source, owner, bytes)) in truncated.take(shown).enumerate() {
        put(if number > 0 { b",\"" } else { b",\"truncated\":{\"" });
        put_owner(put, source, owner);
        put(b"\":");
        put(itoa::Buffer::new().format(bytes).as_bytes());
    }
    if more > 0 {
        put(if shown > 0 {
            b",\"+\":"
        } else {
            b",\"truncated\":{\"+\":"
        });
        put(itoa::Buffer::new().format(more).as_bytes());
    }
    if shown > 0 || more > 0 {
        put(b"}");
    }

    let count = redacted.clone().count();
    let shown = if count > listed { listed - 1 } else { count };
    for (number, (source, owner, class)) in redacted.take(shown).enumerate() {
        put(if number > 0 { b",\"" } else { b",\"redacted\":[\"" });
        put_owner(put, source, owner);
        put(b":");
        put(class.as_bytes());
        put(b"\"");
    }
    if count > shown {
        put(b",\"+");
        put(itoa::Buffer::new().format(count - shown).as_bytes());
        put(b"\"");
    }
    if count > 0 {
        put(b"]");
    }
    u16::try_from(count).unwrap_or(u16::MAX)
}

fn put_owner(put: &mut impl FnMut(&[u8]), source: &Fields, owner: Owner) {
    match (owner.key(), owner.member().and_then(|index| source.members.get(index))) {
        (Some(key), _) => put(key.as_str().as_bytes()),
        (None, Some(member)) => {
            put(b"metadata.");
            put(source.name_of(member));
        }
        (None, None) => {}
    }
}

/// A piece in a chunk, and its length.
type Piece = ([u8; 48], u8);

const NOTHING: Piece = ([0; 48], 0);

#[expect(clippy::indexing_slicing, reason = "at compile time")]
const fn piece(parts: &[&str]) -> Piece {
    let (mut chunk, mut len) = NOTHING;
    let mut part = 0;
    while part < parts.len() {
        let bytes = parts[part].as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            chunk[len as usize] = bytes[at];
            len += 1;
            at += 1;
        }
        part += 1;
    }
    (chunk, len)
}

static CATEGORIES: [Piece; Category::ALL.len()] = categories();

#[expect(clippy::indexing_slicing, reason = "at compile time")]
const fn categories() -> [Piece; Category::ALL.len()] {
    let mut table = [NOTHING; Category::ALL.len()];
    let mut at = 0;
    while at < table.len() {
        let category = Category::ALL[at];
        table[category as usize] = piece(&["\",\"category\":\"", category.as_str(), "\""]);
        at += 1;
    }
    table
}

/// `,"severity":"…","outcome":"…"` for each of both.
static SEVERITIES: [[Piece; Outcome::ALL.len()]; Severity::ALL.len()] = severities();

#[expect(clippy::indexing_slicing, reason = "at compile time")]
const fn severities() -> [[Piece; Outcome::ALL.len()]; Severity::ALL.len()] {
    let mut table = [[NOTHING; Outcome::ALL.len()]; Severity::ALL.len()];
    let mut row = 0;
    while row < Severity::ALL.len() {
        let severity = Severity::ALL[row];
        let mut at = 0;
        while at < Outcome::ALL.len() {
            let outcome = Outcome::ALL[at];
            let parts = [
                ",\"severity\":\"",
                severity.as_str(),
                "\",\"outcome\":\"",
                outcome.as_str(),
                "\"",
            ];
            table[severity.index()][outcome.index()] = piece(&parts);
            at += 1;
        }
        row += 1;
    }
    table
}
