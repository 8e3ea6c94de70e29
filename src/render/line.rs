//! The rest of a line, put together from pieces.

use crate::brief::{Brief, Slice};
use crate::clock::Micros;
use crate::event::{Category, EventType};
use crate::outcome::Outcome;
use crate::record::Key;
use crate::render::fields::{Fields, Member, Owner};
use crate::render::head::head;
use crate::render::pen::{Pen, SHORT, Text, padded};
use crate::render::{Limits, Texts, squeeze};
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
    /// Values that are not among the fields.
    pub(crate) texts: Option<&'a Texts<'a>>,
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

/// Appends the rest of a record's line, `"time":"…",…` without `{"seq":N,` and without the frame, and says in `brief`
/// what is in it.
///
/// The values of `fields` first, then those of the contexts in their order; the first that has a key gives it. A line
/// that would be longer than `limits.line` loses the ends of its longest values first, and says so in `truncated`.
///
/// `false`, and nothing written, if there may be something to redact or to escape among `what.texts`: they are to be handed
/// over first.
///
/// By itself, and in parts that are called: in one piece with its callers it has more values in hand than a processor has
/// registers, and moves them to and fro half of the time.
#[inline(never)]
pub(crate) fn rest(
    out: &mut Text,
    what: &What<'_>,
    fields: &Fields,
    contexts: &[&Fields],
    limits: Limits,
    brief: &mut Brief,
) -> bool {
    let (direct, bytes) = what.texts.map_or((0, 0), |texts| (texts.keys(), texts.most()));
    let (sources, sums) = Sources::new(fields, contexts, direct);
    let most = HEAD + sums.most + bytes;
    if most + AROUND > limits.line {
        return too_long(out, what, fields, contexts, limits, brief);
    }
    let mut pen = out.pen(most + SHORT);
    head(&mut pen, what, brief);
    let mut spots = Spots::default();
    let written = match what.texts {
        Some(texts) if texts.are_plain() => values::<false>(pen, &sources, texts, &mut spots),
        Some(texts) => values::<true>(pen, &sources, texts, &mut spots),
        None => Some(pieces(pen, &sources, &mut spots)),
    };
    let Some(mut pen) = written else { return false };
    members(&mut pen, &sources, sums.inherited);
    brief.redactions = match (fields.notes.len(), sums.listed) {
        (0, 0) => 0,
        (1..=LISTED, 0) => {
            pen.chunk(const { &padded::<16>(",\"redacted\":[") }, 13);
            // Without the first comma.
            pen.piece(&fields.entries, 1, fields.entries.len() as u32 - 1);
            pen.byte(b']');
            fields.notes.len() as u16
        }
        _ => all_lists(&mut pen, &sources),
    };
    let len = pen.at();
    out.wrote(len);
    sources.brief(brief, &spots);
    true
}

/// Writes the values of the keys, those in `texts` among them if they are plain; unless `LOOKS`, that is known.
#[inline(never)]
fn values<'a, const LOOKS: bool>(
    pen: Pen<'a>,
    sources: &Sources<'_>,
    texts: &Texts<'_>,
    spots: &mut Spots,
) -> Option<Pen<'a>> {
    let mut pen = pen.taken();
    let policy = texts.policy();
    let mut left = sources.present & !sources.direct;
    for (rank, text) in texts.iter() {
        let before = left & rank.below;
        if before != 0 {
            pen = pieces_of(pen, sources, before, spots).taken();
            left ^= before;
        }
        spots.note(
            rank.index.into(),
            pen.at() + u32::from(rank.head_len) + 1,
            text.len() as u32,
        );
        let value = text.as_bytes();
        match (value.first_chunk(), value.last_chunk()) {
            (Some(first), Some(last)) if value.len() <= 16 => {
                if LOOKS && !policy.passes_halves(first, last, value) {
                    texts.plain_before(rank);
                    return None;
                }
                pen.halves_member(&rank.head, rank.head_len, (*first, *last), value.len());
            }
            _ => {
                if LOOKS && !policy.passes(value) {
                    texts.plain_before(rank);
                    return None;
                }
                pen.text_member(&rank.head, rank.head_len, value);
            }
        }
    }
    Some(match left {
        0 => pen,
        _ => pieces_of(pen, sources, left, spots),
    })
}

#[inline(never)]
fn pieces<'a>(pen: Pen<'a>, sources: &Sources<'_>, spots: &mut Spots) -> Pen<'a> {
    pieces_of(pen, sources, sources.present, spots)
}

/// Writes the values of these keys, which somebody has.
#[inline(always)]
fn pieces_of<'a>(pen: Pen<'a>, sources: &Sources<'_>, mut keys: u64, spots: &mut Spots) -> Pen<'a> {
    let mut pen = pen.taken();
    while keys != 0 {
        let index = keys.trailing_zeros() as usize;
        keys &= keys - 1;
        let source = sources.of(index);
        let place = source.place_at(index);
        spots.note_member(index, pen.at(), place.len);
        pen.piece(&source.text, place.at, place.len);
    }
    pen
}

#[cold]
#[inline(never)]
fn too_long(
    out: &mut Text,
    what: &What<'_>,
    fields: &Fields,
    contexts: &[&Fields],
    limits: Limits,
    brief: &mut Brief,
) -> bool {
    let all = match what.texts {
        Some(texts) if !texts.are_plain() => return false,
        texts => texts.map(|texts| texts.among(fields)),
    };
    let (sources, _) = Sources::new(all.as_ref().unwrap_or(fields), contexts, 0);
    squeeze::rest(out, what, &sources, limits, brief);
    true
}

/// The values of a record: those of its own fields, and those of its contexts.
pub(super) struct Sources<'a> {
    pub(super) fields: &'a Fields,
    pub(super) contexts: &'a [&'a Fields],
    /// The keys that somebody has, a bit each.
    pub(super) present: u64,
    /// Those among them whose values are neither in the fields nor in the contexts.
    direct: u64,
}

/// What is known of all sources together.
struct Sums {
    /// No less than the bytes behind the head.
    most: usize,
    /// What there is to be listed beside the redactions in the fields.
    listed: usize,
    /// Whether contexts have members of `metadata`.
    inherited: bool,
}

impl<'a> Sources<'a> {
    #[inline(always)]
    fn new(fields: &'a Fields, contexts: &'a [&'a Fields], direct: u64) -> (Sources<'a>, Sums) {
        let mut present = fields.present().0 | direct;
        let mut sums = Sums {
            most: fields.most(),
            listed: fields.cuts.len() + fields.crowded_out as usize,
            inherited: false,
        };
        for context in contexts {
            present |= context.present().0;
            sums.most += context.most();
            sums.listed += context.notes.len() + context.cuts.len() + context.crowded_out as usize;
            sums.inherited |= !context.members.is_empty();
        }
        let sources = Sources {
            fields,
            contexts,
            present,
            direct,
        };
        (sources, sums)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &'a Fields> + Clone + use<'a> {
        std::iter::once(self.fields).chain(self.contexts.iter().copied())
    }

    /// Who gives the key of this index. Somebody has it; what goes straight into the line counts as the record's own.
    #[inline(always)]
    pub(super) fn of(&self, index: usize) -> &'a Fields {
        if (self.fields.present().0 | self.direct) >> index & 1 == 1 {
            return self.fields;
        }
        let mut contexts = self.contexts.iter();
        let context = contexts.find(|context| context.present().0 >> index & 1 == 1);
        context.copied().unwrap_or(self.fields)
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
                let given = self.present >> key.index() & 1 == 1;
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

    /// What `redacted` lists, each entry with a comma before it.
    pub(super) fn redacted(&self) -> impl Iterator<Item = &'a [u8]> + Clone {
        self.all()
            .flat_map(|source| source.notes.iter().map(move |note| (source, note)))
            .filter(|(source, note)| self.concerns(source, note.owner))
            .map(|(source, note)| source.entries.get(note.at as usize, note.len as usize))
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

    /// Says where the values stand that others need.
    #[inline(always)]
    pub(super) fn brief(&self, brief: &mut Brief, spots: &Spots) {
        let user = spots.of(Key::UserId);
        brief.user = if user.at > 0 { user } else { spots.of(Key::Username) };
        brief.ip = spots.of(Key::Ip);
        brief.session = spots.of(Key::SessionId);
        brief.resource = spots.of(Key::Resource);
        brief.duration_us = match self.present >> Key::DurationMs.index() & 1 {
            1 => self.of(Key::DurationMs.index()).duration_us,
            _ => Brief::NO_DURATION,
        };
    }
}

/// Where the strings of the first keys stand in the line, without their quotes.
#[derive(Default)]
pub(super) struct Spots([Slice; SPOTS]);

const SPOTS: usize = 16;

const _: () = assert!(Key::Resource.index() < SPOTS && Key::Username.index() < SPOTS && Key::Ip.index() < SPOTS);

/// Bytes before the string of each of these keys.
static HEADS: [u8; SPOTS] = {
    let mut heads = [0; SPOTS];
    let (mut keys, mut left): (&[Key], &mut [u8]) = (Key::ALL, &mut heads);
    while let ([key, keys_rest @ ..], [head, heads_rest @ ..]) = (keys, left) {
        *head = key.member().len() as u8 + 1;
        (keys, left) = (keys_rest, heads_rest);
    }
    heads
};

impl Spots {
    #[inline(always)]
    fn of(&self, key: Key) -> Slice {
        self.0.get(key.index()).copied().unwrap_or(Slice::NONE)
    }

    #[inline(always)]
    fn note(&mut self, index: usize, at: u32, len: u32) {
        if let Some(spot) = self.0.get_mut(index) {
            *spot = Slice { at, len };
        }
    }

    /// Of a whole member.
    #[inline(always)]
    pub(super) fn note_member(&mut self, index: usize, at: u32, len: u32) {
        if let (Some(spot), Some(head)) = (self.0.get_mut(index), HEADS.get(index)) {
            let head = u32::from(*head);
            *spot = Slice {
                at: at + head,
                len: len.saturating_sub(head + 1),
            };
        }
    }
}

/// Writes `metadata`.
#[inline(always)]
fn members(pen: &mut Pen<'_>, sources: &Sources<'_>, inherited: bool) {
    if inherited {
        return merged_members(pen, sources);
    }
    let mut open = false;
    for member in sources.fields.members.iter().filter(|member| member.len > 0) {
        push_member(pen, sources.fields, member, &mut open);
    }
    if open {
        pen.byte(b'}');
    }
}

/// The same where contexts have some, too.
#[cold]
#[inline(never)]
fn merged_members(pen: &mut Pen<'_>, sources: &Sources<'_>) {
    let mut open = false;
    for (source, _, member) in sources.members() {
        push_member(pen, source, member, &mut open);
    }
    if open {
        pen.byte(b'}');
    }
}

#[inline(always)]
fn push_member(pen: &mut Pen<'_>, source: &Fields, member: &Member, open: &mut bool) {
    let comma = u32::from(!*open);
    if !*open {
        pen.chunk(const { &padded::<16>(",\"metadata\":{") }, 13);
        *open = true;
    }
    pen.piece(&source.text, member.at + comma, member.len - comma);
}

#[cold]
#[inline(never)]
fn all_lists(pen: &mut Pen<'_>, sources: &Sources<'_>) -> u16 {
    let (truncated, redacted) = (sources.truncated(), sources.redacted());
    lists(
        &mut |bytes| pen.put(bytes),
        truncated,
        sources.crowded_out(),
        redacted,
        LISTED,
    )
}

/// Writes `truncated` and `redacted`, each with at most `listed` entries, and counts what was redacted.
pub(super) fn lists<'a>(
    put: &mut impl FnMut(&[u8]),
    truncated: impl Iterator<Item = (&'a Fields, Owner, u64)> + Clone,
    crowded_out: u64,
    redacted: impl Iterator<Item = &'a [u8]> + Clone,
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
    for (number, entry) in redacted.take(shown).enumerate() {
        if number == 0 {
            put(b",\"redacted\":[");
            put(entry.get(1..).unwrap_or_default());
        } else {
            put(entry);
        }
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

#[cfg(test)]
mod tests {
    use crate::render::tests::{Draft, line};

    #[test]
    fn keys_stand_in_the_order_of_the_table_whatever_the_order_they_came_in() {
        let mut draft = Draft::new();
        draft
            .str("error", "e")
            .str("zzz", "z")
            .str("path", "/p")
            .str("user_id", "u")
            .str("aaa", "a");
        draft
            .put("status_code", |sink| sink.u64(200))
            .str("password", "x")
            .str("message", &"m".repeat(9_000));
        let shown = line(&draft.fields, &[], draft.limits);
        let text = shown.text();
        let places = [
            "\"outcome\"",
            "\"user_id\"",
            "\"path\"",
            "\"status_code\"",
            "\"message\"",
            "\"error\"",
            "\"metadata\":{\"zzz\":\"z\",\"aaa\"",
            "\"truncated\"",
            "\"redacted\"",
        ];
        let at: Vec<usize> = places.iter().map(|part| text.find(part).unwrap()).collect();
        assert!(at.is_sorted(), "{at:?} {text}");
    }

    #[test]
    fn the_first_that_has_a_key_gives_it_with_what_is_said_of_it() {
        let [mut own, mut inner, mut outer] = [Draft::new(), Draft::new(), Draft::new()];
        own.str("user_id", "own").str("m", "own");
        inner
            .str("user_id", "card 4111111111111111")
            .str("ip", "inner")
            .str("m", "token=abcdefgh")
            .str("n", "inner");
        outer
            .str("ip", "card 4111111111111111")
            .str("tenant", "card 4111111111111111")
            .str("n", &"x".repeat(9_000))
            .str("o", "outer");
        let shown = line(&own.fields, &[&inner.fields, &outer.fields], own.limits);
        assert_eq!(shown.shown("user_id").unwrap(), "\"own\"");
        assert_eq!(shown.shown("ip").unwrap(), "\"inner\"");
        assert_eq!(shown.shown("tenant").unwrap(), "\"card [redacted]\"");
        assert_eq!(shown.metadata(), ["m", "n", "o"]);
        assert_eq!(shown.shown("metadata.n").unwrap(), "\"inner\"");
        assert_eq!(shown.redacted(), ["tenant:card"]);
        assert_eq!(shown.record.get("truncated"), None);
    }

    #[test]
    fn more_than_can_be_listed_is_counted() {
        for (values, listed, more) in [
            (31, 31, None),
            (32, 32, None),
            (33, 31, Some("+2")),
            (100, 31, Some("+69")),
        ] {
            let mut draft = Draft::new();
            for number in 0..values {
                draft.put(&format!("password{number}"), |sink| sink.u64(number));
                draft.str(&format!("m{number}"), &"x".repeat(9_000));
            }
            draft.limits.line = 1 << 21;
            let shown = line(&draft.fields, &[], draft.limits);
            let entries = shown.redacted();
            assert_eq!(entries.len(), listed + more.iter().len());
            assert_eq!(entries.last().copied().filter(|last| last.starts_with('+')), more);
            assert_eq!(u64::from(shown.brief.redactions), values);
            let truncated = shown.record.get("truncated").unwrap().as_object().unwrap();
            assert_eq!(truncated.len(), listed + more.iter().len());
            assert_eq!(shown.truncated("+").map(|more| format!("+{more}")).as_deref(), more);
        }
    }
}
