use std::fmt;

use crate::brief::Brief;
use crate::outcome::Outcome;
use crate::record::{Key, KeySet};
use crate::render::pen::Text;
use crate::render::redaction::{Class, NAME, REDACTED, Verdict};
use crate::render::slot::Target;
use crate::render::{How, Sink, Slot};
use crate::severity::Severity;

/// Values already redacted and written as JSON, by key: a record being built, what a span gave, an `AuditContext`.
/// Reused, it allocates nothing once warm.
#[derive(Clone)]
pub(crate) struct Fields {
    /// Members one after another, each `,"name":value`, in the order in which they came.
    pub(super) text: Text,
    /// Only those of present keys mean anything, so that clearing costs nothing.
    places: [Place; 64],
    pub(super) present: KeySet,
    /// The members of `metadata`.
    pub(super) members: Vec<Member>,
    pub(super) notes: Vec<Note>,
    /// What `redacted` will list, entry after entry, each `,"name:class"`.
    pub(super) entries: Text,
    pub(super) cuts: Vec<Cut>,
    said: Said,
    event: String,
    /// `duration_ms` in microseconds, or [`Brief::NO_DURATION`].
    pub(super) duration_us: u32,
    /// Bytes of `text` that are those of replaced members.
    pub(super) dead: usize,
    /// Members of `metadata` that found no room.
    pub(super) crowded_out: u32,
    /// What the policy says of the name that a label's value was.
    pub(super) labelled: Option<Verdict>,
    /// Scratch: a value as its own code wrote it, before redaction. Empty between values.
    pub(super) raw: String,
    /// Scratch: the same behind redaction.
    pub(super) clean: String,
    /// Scratch: where the keys of the objects stand that a nested value has open.
    pub(super) keys: Vec<(u32, u32)>,
}

/// What the names that are no keys said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) severity: Option<Severity>,
    pub(crate) outcome: Option<Outcome>,
    /// Whether an event was named; [`Fields::event`] has its name.
    pub(crate) event: bool,
    /// Values whose own code panicked.
    pub(crate) panicked: u16,
}

/// One member of `metadata`: `,"name":value` at `at`.
#[derive(Clone, Copy)]
pub(super) struct Member {
    pub(super) at: u32,
    /// 0 for a member that was dropped by the policy: only its name is kept, for `redacted`.
    pub(super) len: u32,
    pub(super) name: u16,
}

/// Whose value it was: the index of a key, or [`Owner::METADATA`] and the index of a member of `metadata`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner(pub(super) u16);

/// A secret of this class was redacted in the owner's value. What is listed of it stands in `entries`.
#[derive(Clone, Copy)]
pub(super) struct Note {
    pub(super) owner: Owner,
    pub(super) class: Class,
    pub(super) at: u32,
    pub(super) len: u32,
}

/// The owner's value was cut; it had so many bytes.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub(super) owner: Owner,
    pub(super) bytes: u64,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) at: u32,
    pub(super) len: u32,
}

/// Members of `metadata` beyond this many are left out and counted as cut.
pub(super) const MEMBERS: usize = 256;

/// Bytes of an entry of `truncated`, with the longest name and the longest number.
const ENTRY: usize = 64 + NAME;

/// Room that an idle `Fields` keeps.
const KEPT: usize = 64 * 1024;

impl Member {
    /// Bytes of its text.
    pub(super) fn bytes(&self) -> usize {
        match self.len {
            0 => usize::from(self.name) + 4,
            len => len as usize,
        }
    }
}

impl Owner {
    pub(super) const METADATA: u16 = 64;

    pub(super) fn of(key: Key) -> Owner {
        Owner(key.index() as u16)
    }

    pub(super) fn key(self) -> Option<Key> {
        Key::ALL.get(usize::from(self.0)).copied()
    }

    pub(super) fn member(self) -> Option<usize> {
        self.0.checked_sub(Owner::METADATA).map(usize::from)
    }
}

impl Fields {
    pub(crate) fn new() -> Fields {
        Fields {
            text: Text::default(),
            places: [Place::default(); 64],
            present: KeySet::default(),
            members: Vec::new(),
            notes: Vec::new(),
            entries: Text::default(),
            cuts: Vec::new(),
            said: Said::default(),
            event: String::new(),
            duration_us: Brief::NO_DURATION,
            dead: 0,
            crowded_out: 0,
            labelled: None,
            raw: String::new(),
            clean: String::new(),
            keys: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        self.present = KeySet::default();
        self.said = Said::default();
        self.duration_us = Brief::NO_DURATION;
        self.crowded_out = 0;
        self.labelled = None;
        self.dead = 0;
        self.text.clear_to(KEPT);
        self.entries.clear();
        self.members.clear();
        self.notes.clear();
        self.cuts.clear();
    }

    /// Whether nothing was said at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.len() == 0 && self.said == Said::default() && self.notes.is_empty()
    }

    /// The keys that have a value.
    #[inline]
    pub(crate) fn present(&self) -> KeySet {
        self.present
    }

    /// The value of a key, as it will stand in the line.
    pub(crate) fn json(&self, key: Key) -> Option<&[u8]> {
        let place = self.place(key)?;
        self.text
            .get(place.at as usize, place.len as usize)
            .get(key.member().len()..)
    }

    pub(crate) fn said(&self) -> &Said {
        &self.said
    }

    /// The name that an `event` field gave, redacted, otherwise as given.
    pub(crate) fn event(&self) -> Option<&str> {
        self.said.event.then_some(self.event.as_str())
    }

    /// Takes one value for `slot`.
    #[inline]
    pub(crate) fn sink<'a>(&'a mut self, slot: &'a Slot, how: How<'a>) -> Sink<'a> {
        Sink::new(self, slot, how)
    }

    /// Takes what `parent` has and this has not. An event's name is nobody else's.
    pub(crate) fn copy_missing_from(&mut self, parent: &Fields) {
        let missing = KeySet(parent.present.0 & !self.present.0);
        for key in keys(missing) {
            if let Some(place) = parent.place(key) {
                let at = self.text.len() as u32;
                self.text.push(parent.text.get(place.at as usize, place.len as usize));
                self.set_place(key, at, place.len);
                self.copy_notes(parent, Owner::of(key), Owner::of(key));
            }
        }
        if missing.has(Key::DurationMs) {
            self.duration_us = parent.duration_us;
        }
        for (index, member) in parent.members.iter().enumerate() {
            let name = parent.name_of(member);
            if self.members.len() < MEMBERS && self.member_named(name).is_none() {
                let at = self.text.len();
                let bytes = member.bytes();
                self.text.push(parent.text.get(member.at as usize, bytes));
                let owner = Owner(Owner::METADATA + self.members.len() as u16);
                self.members.push(Member {
                    at: at as u32,
                    ..*member
                });
                self.copy_notes(parent, Owner(Owner::METADATA + index as u16), owner);
            }
        }
        self.said.severity = self.said.severity.or(parent.said.severity);
        self.said.outcome = self.said.outcome.or(parent.said.outcome);
    }

    #[inline]
    fn copy_notes(&mut self, parent: &Fields, from: Owner, to: Owner) {
        if !parent.notes.is_empty() || !parent.cuts.is_empty() {
            self.copy_notes_of(parent, from, to);
        }
    }

    fn copy_notes_of(&mut self, parent: &Fields, from: Owner, to: Owner) {
        for note in parent.notes.iter().filter(|note| note.owner == from) {
            let at = self.entries.len() as u32;
            self.entries
                .push(parent.entries.get(note.at as usize, note.len as usize));
            self.notes.push(Note { owner: to, at, ..*note });
        }
        for cut in parent.cuts.iter().filter(|cut| cut.owner == from) {
            self.cuts.push(Cut { owner: to, ..*cut });
        }
    }

    #[inline(always)]
    pub(super) fn place(&self, key: Key) -> Option<Place> {
        let place = self.places.get(key.index()).copied();
        place.filter(|_| self.present.has(key))
    }

    #[inline(always)]
    pub(super) fn place_at(&self, index: usize) -> Place {
        self.places.get(index & 63).copied().unwrap_or_default()
    }

    #[inline(always)]
    pub(super) fn set_place(&mut self, key: Key, at: u32, len: u32) {
        if let Some(place) = self.places.get_mut(key.index()) {
            *place = Place { at, len };
            self.present.insert(key);
        }
    }

    /// The name of a member of `metadata`, escaped.
    pub(super) fn name_of(&self, member: &Member) -> &[u8] {
        self.text.get(member.at as usize + 2, usize::from(member.name))
    }

    #[inline]
    pub(super) fn member_named(&self, name: &[u8]) -> Option<usize> {
        self.members
            .iter()
            .position(|member| usize::from(member.name) == name.len() && self.name_of(member) == name)
    }

    pub(super) fn said_mut(&mut self) -> &mut Said {
        &mut self.said
    }

    /// Somebody else keeps the event's name, which is the first.
    #[inline]
    pub(crate) fn event_is_kept(&mut self) {
        self.event.clear();
        self.said.event = true;
    }

    /// The short way of a harmless name. Says whether it was the first.
    #[inline]
    pub(super) fn put_event(&mut self, name: &str) -> bool {
        let first = !self.said.event;
        if first {
            self.set_event(name);
        }
        first
    }

    /// The short way of an outcome in our own spelling. Says whether it was one, and the first.
    #[inline]
    pub(super) fn put_outcome(&mut self, name: &str) -> bool {
        let outcome = match name {
            "success" => Outcome::Success,
            "failure" => Outcome::Failure,
            "denied" => Outcome::Denied,
            _ => return false,
        };
        let first = self.said.outcome.is_none();
        if first {
            self.said.outcome = Some(outcome);
        }
        first
    }

    pub(super) fn set_event(&mut self, name: &str) {
        self.event.clear();
        self.event.push_str(name);
        self.said.event = true;
    }

    /// No less than the bytes of what all this adds to a line.
    #[inline(always)]
    pub(super) fn most(&self) -> usize {
        self.text.len() - self.dead + self.entries.len() + self.cuts.len() * ENTRY
    }

    /// Every secret that was redacted, by its class.
    pub(crate) fn redactions(&self) -> impl Iterator<Item = Class> {
        self.notes.iter().map(|note| note.class)
    }

    /// The short way of a value that needs neither redaction nor escaping nor cutting: name and value in one go.
    /// Says whether it could.
    #[inline(always)]
    pub(super) fn put_key(&mut self, slot: &Slot, key: Key, value: &[u8], quoted: bool) -> bool {
        if self.present.has(key) {
            return false;
        }
        let at = self.text.len() as u32;
        let len = self.text.put_member(&slot.head, slot.head_len, value, quoted);
        self.set_place(key, at, len);
        true
    }

    /// Whether a value that writes itself can write to where it will stand.
    #[inline]
    pub(super) fn takes_straight(&self, slot: &Slot, key: Key) -> bool {
        !slot.replaces && !self.present.has(key)
    }

    /// Writes a member up to the first quote of its value, and says where it begins.
    #[inline]
    pub(super) fn begin_straight(&mut self, slot: &Slot) -> usize {
        let at = self.text.len();
        self.text.put_head(&slot.head, slot.head_len);
        at
    }

    /// The value is written.
    #[inline]
    pub(super) fn end_straight(&mut self, at: usize, key: Key) {
        self.text.push(b"\"");
        let len = self.text.len() - at;
        self.set_place(key, at as u32, len as u32);
    }

    /// The same for a member of `metadata`.
    #[inline(always)]
    pub(super) fn put_metadata(&mut self, slot: &Slot, value: &[u8], quoted: bool) -> bool {
        let free =
            slot.head_len != 0 && self.members.len() < MEMBERS && self.member_named(slot.name.as_bytes()).is_none();
        if free {
            let at = self.text.len() as u32;
            let len = self.text.put_member(&slot.head, slot.head_len, value, quoted);
            self.members.push(Member {
                at,
                len,
                name: slot.name.len() as u16,
            });
        }
        free
    }

    /// The same for a value that is masked.
    #[inline]
    pub(super) fn put_masked(&mut self, slot: &Slot) -> bool {
        let (owner, done) = match slot.target {
            Target::Key(key) => (Owner::of(key), self.put_key(slot, key, REDACTED.as_bytes(), true)),
            _ => (
                Owner(Owner::METADATA + self.members.len() as u16),
                self.put_metadata(slot, REDACTED.as_bytes(), true),
            ),
        };
        if !done {
            return false;
        }
        if let Some(Verdict { class, .. }) = slot.verdict {
            // The place was free, so nothing was noted for it.
            self.notes.push(Note {
                owner,
                class,
                at: self.entries.len() as u32,
                len: slot.entry.len() as u32,
            });
            self.entries.push(&slot.entry);
        }
        true
    }
}

/// The keys of a set, in their order.
pub(super) fn keys(mut set: KeySet) -> impl Iterator<Item = Key> {
    std::iter::from_fn(move || {
        let key = Key::ALL.get(set.0.trailing_zeros() as usize).copied()?;
        set.0 &= set.0 - 1;
        Some(key)
    })
}

impl Default for Fields {
    fn default() -> Fields {
        Fields::new()
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for key in keys(self.present) {
            let value = self.json(key).unwrap_or_default();
            map.entry(&key.as_str(), &String::from_utf8_lossy(value));
        }
        for member in self.members.iter().filter(|member| member.len > 0) {
            let text = self.text.get(member.at as usize, member.len as usize);
            map.entry(&"metadata", &String::from_utf8_lossy(text));
        }
        map.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tests::{Draft, line};

    #[test]
    fn a_child_keeps_its_own_and_gets_what_it_has_not() {
        let mut parent = Draft::new();
        parent
            .str("user_id", "alice")
            .str("ip", "192.0.2.1")
            .str("event", "X")
            .str("outcome", "denied");
        parent
            .str("severity", "high")
            .str("password", "x")
            .put("duration_ms", |sink| sink.u64(7));
        parent
            .str("book", "1")
            .str("drop_me", "x")
            .str("reason", &"r".repeat(10_000));
        let mut child = Draft::new();
        child.str("user_id", "bob").str("outcome", "success").str("book", "2");
        child.fields.copy_missing_from(&parent.fields);
        let line = child.line();
        assert_eq!(line.shown("user_id").unwrap(), "\"bob\"");
        assert_eq!(line.shown("ip").unwrap(), "\"192.0.2.1\"");
        assert_eq!(line.shown("metadata.book").unwrap(), "\"2\"");
        assert_eq!(line.shown("metadata.password").unwrap(), "\"[redacted]\"");
        assert_eq!(
            line.redacted(),
            ["metadata.password:credential", "metadata.drop_me:custom"]
        );
        assert_eq!(line.truncated("reason"), Some(10_000));
        assert_eq!(line.brief.duration_us, 7_000);
        assert_eq!(child.fields.event(), None);
        assert_eq!(child.fields.said().outcome, Some(Outcome::Success));
        assert_eq!(child.fields.said().severity, Some(Severity::High));
        // Twice is once.
        let before = child.fields.text.len();
        child.fields.copy_missing_from(&parent.fields);
        assert_eq!(child.fields.text.len(), before);
    }

    #[test]
    fn a_value_is_shown_as_it_will_stand() {
        let mut draft = Draft::new();
        draft.str("message", "a \"b\"").put("status_code", |sink| sink.u64(200));
        assert_eq!(draft.fields.json(Key::Message), Some(&b"\"a \\\"b\\\"\""[..]));
        assert_eq!(draft.fields.json(Key::StatusCode), Some(&b"200"[..]));
        assert_eq!(draft.fields.json(Key::UserId), None);
        assert!(draft.fields.present().has(Key::Message) && !draft.fields.is_empty());
        draft.fields.clear();
        assert_eq!(draft.fields.json(Key::Message), None);
        assert!(draft.fields.is_empty());
    }

    #[test]
    fn debug_shows_nothing_that_the_line_does_not() {
        let mut draft = Draft::new();
        draft
            .str("password", "hunter2")
            .str("user_id", "alice")
            .put("x", |sink| sink.display(&"hunter3 token=hunter3"));
        let shown = format!("{:?}", draft.fields);
        assert!(
            shown.contains("alice") && !shown.contains("hunter2") && !shown.contains("token=hunter3"),
            "{shown}"
        );
    }

    #[test]
    fn members_beyond_the_room_are_counted() {
        let mut draft = Draft::new();
        for number in 0..MEMBERS + 44 {
            draft.put(&format!("m{number}"), |sink| sink.u64(1));
        }
        draft.str("m1", "again").str("password", "x");
        draft
            .put("n", |sink| sink.serialize(&[["x"], ["y"]]))
            .put("old", |sink| sink.serialize(&["z"]));
        let shown = line(&draft.fields, &[], draft.limits);
        assert_eq!(shown.metadata().len(), MEMBERS);
        assert_eq!(shown.truncated("+"), Some(47));
        assert_eq!(shown.shown("old").unwrap(), "[\"z\"]");
    }

    #[test]
    fn emptied_it_gives_back_room_that_one_large_record_took() {
        let mut draft = Draft::new();
        for key in [
            "message", "reason", "error", "action", "resource", "path", "route", "mfa", "method", "tenant",
        ] {
            draft.str(key, &"\u{1}".repeat(8_000));
        }
        assert!(draft.fields.text.len() > 4 * KEPT);
        draft.fields.clear();
        draft.str("message", "x");
        assert_eq!(draft.shown("message").unwrap(), "\"x\"");
    }
}
