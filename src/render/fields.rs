use std::fmt;

use crate::brief::Brief;
use crate::outcome::Outcome;
use crate::record::{Key, KeySet};
use crate::render::pen::{CHUNK, Text};
use crate::render::redaction::Class;
use crate::render::slot::Target;
use crate::render::{How, Sink, Slot};
use crate::severity::Severity;

/// Values already redacted and written as JSON, by key: a record being built, what a span gave, an `AuditContext`.
/// Reused, it allocates nothing once warm.
pub(crate) struct Fields {
    /// Members one after another, each `,"name":value`, in the order in which they came.
    pub(super) text: Text,
    /// Only those of present keys mean anything, so that clearing costs nothing.
    places: [Place; 64],
    present: KeySet,
    /// The members of `metadata`.
    pub(super) members: Vec<Member>,
    pub(super) notes: Vec<Note>,
    pub(super) cuts: Vec<Cut>,
    said: Said,
    event: String,
    /// `duration_ms` in microseconds, or [`Brief::NO_DURATION`].
    pub(super) duration_us: u32,
    /// Members of `metadata` that found no room.
    pub(super) crowded_out: u32,
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

/// Something of the owner's value was redacted: secrets of these classes, a bit each.
#[derive(Clone, Copy)]
pub(super) struct Note {
    pub(super) owner: Owner,
    pub(super) classes: u32,
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

/// A member whose value is being written.
#[derive(Clone, Copy)]
pub(super) struct Begun {
    at: usize,
    pub(super) owner: Owner,
    /// Bytes of the name.
    name: u16,
    /// Where the value begins.
    pub(super) value: usize,
}

/// See [`Fields::mark`].
#[derive(Clone, Copy)]
pub(super) struct Mark {
    text: usize,
    notes: usize,
    cuts: usize,
}

/// Members of `metadata` beyond this many are left out and counted as cut.
const MEMBERS: usize = 256;

/// Room that an idle `Fields` keeps.
const KEPT: usize = 64 * 1024;

impl Note {
    pub(super) fn classes(&self) -> impl Iterator<Item = Class> + Clone + use<> {
        let classes = self.classes;
        Class::ALL
            .iter()
            .copied()
            .filter(move |class| classes & class.bit() != 0)
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
            cuts: Vec::new(),
            said: Said::default(),
            event: String::new(),
            duration_us: Brief::NO_DURATION,
            crowded_out: 0,
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
        self.text.clear(KEPT);
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
        if slot.replaces && self.text.len() > KEPT {
            self.compact();
        }
        Sink::new(self, slot, how)
    }

    /// Takes what `parent` has and this has not. An event's name is nobody else's.
    pub(crate) fn copy_missing_from(&mut self, parent: &Fields) {
        let missing = KeySet(parent.present.0 & !self.present.0);
        for key in keys(missing) {
            if let Some(place) = parent.place(key) {
                let at = self.text.len();
                self.text.push(parent.text.get(place.at as usize, place.len as usize));
                self.set_place(key, at, place.len as usize);
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
                let bytes = if member.len == 0 {
                    dropped_len(member)
                } else {
                    member.len as usize
                };
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

    fn copy_notes(&mut self, parent: &Fields, from: Owner, to: Owner) {
        for note in parent.notes.iter().filter(|note| note.owner == from) {
            self.notes.push(Note { owner: to, ..*note });
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
    pub(super) fn set_place(&mut self, key: Key, at: usize, len: usize) {
        if let Some(place) = self.places.get_mut(key.index()) {
            *place = Place {
                at: at as u32,
                len: len as u32,
            };
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

    pub(super) fn set_event(&mut self, name: &str) {
        self.event.clear();
        self.event.push_str(name);
        self.said.event = true;
    }

    pub(super) fn note(&mut self, owner: Owner, classes: u32) {
        match self.notes.iter_mut().find(|note| note.owner == owner) {
            Some(note) => note.classes |= classes,
            None => self.notes.push(Note { owner, classes }),
        }
    }

    /// Every class of secret that was redacted in a value.
    pub(crate) fn redactions(&self) -> impl Iterator<Item = Class> {
        self.notes.iter().flat_map(Note::classes)
    }

    pub(super) fn note_cut(&mut self, owner: Owner, bytes: usize) {
        self.cuts.push(Cut {
            owner,
            bytes: bytes as u64,
        });
    }

    /// Writes the name of a member; its value follows, and then [`keep`](Fields::keep) or
    /// [`drop_value`](Fields::drop_value) or [`abandon`](Fields::abandon).
    ///
    /// A value that fits `slot`'s key goes there if nobody was there before; all others become members of `metadata`,
    /// under the name as it was given and, if that is taken, with a number behind it. `None` if there are too many.
    pub(super) fn begin(&mut self, slot: &Slot, fits: Option<Key>) -> Option<Begun> {
        let at = self.text.len();
        if let Some(key) = fits.filter(|key| slot.replaces || !self.present.has(*key)) {
            if self.present.has(key) {
                self.forget_notes(Owner::of(key));
            }
            self.text.push(key.member().as_bytes());
            return Some(Begun {
                at,
                owner: Owner::of(key),
                name: 0,
                value: self.text.len(),
            });
        }
        let taken = self.member_named(slot.name.as_bytes());
        let index = taken.filter(|_| slot.replaces).unwrap_or(self.members.len());
        if index >= MEMBERS {
            self.crowded_out += 1;
            return None;
        }
        if index < self.members.len() {
            self.forget_notes(Owner(Owner::METADATA + index as u16));
        }
        self.text.push(b",\"");
        self.text.push(slot.name.as_bytes());
        if taken.is_some() && index == self.members.len() {
            self.number_name(at, slot.name.len());
        }
        let name = (self.text.len() - at - 2) as u16;
        self.text.push(b"\":");
        Some(Begun {
            at,
            owner: Owner(Owner::METADATA + index as u16),
            name,
            value: self.text.len(),
        })
    }

    /// Appends `_2`, `_3`, … to the name at the end of the text, until no member has it.
    fn number_name(&mut self, at: usize, name: usize) {
        let mut digits = itoa::Buffer::new();
        for number in 2_u32.. {
            self.text.truncate(at + 2 + name);
            self.text.push(b"_");
            self.text.push(digits.format(number).as_bytes());
            let name = self.text.from(at + 2);
            if self.member_named(name).is_none() {
                break;
            }
        }
    }

    /// The value is written.
    pub(super) fn keep(&mut self, begun: Begun) {
        let len = self.text.len() - begun.at;
        match (begun.owner.key(), begun.owner.member()) {
            (Some(key), None) => self.set_place(key, begun.at, len),
            (_, Some(index)) => self.set_member(index, begun, len),
            (None, None) => {}
        }
    }

    /// The value is left out, and only `redacted` names it.
    pub(super) fn drop_value(&mut self, begun: Begun) {
        self.text.truncate(begun.value);
        match (begun.owner.key(), begun.owner.member()) {
            (Some(key), None) => {
                self.text.truncate(begun.at);
                self.present.remove(key);
            }
            (_, Some(index)) => self.set_member(index, begun, 0),
            (None, None) => {}
        }
    }

    /// As if it had not begun.
    pub(super) fn abandon(&mut self, begun: Begun) {
        self.text.truncate(begun.at);
        self.forget_notes(begun.owner);
    }

    /// Where things stand, for [`back_to`](Fields::back_to).
    pub(super) fn mark(&self) -> Mark {
        Mark {
            text: self.text.len(),
            notes: self.notes.len(),
            cuts: self.cuts.len(),
        }
    }

    /// Forgets whatever was taken since.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.text.truncate(mark.text);
        self.notes.truncate(mark.notes);
        self.cuts.truncate(mark.cuts);
        self.keys.clear();
        for key in keys(self.present) {
            if self.place_at(key.index()).at as usize >= mark.text {
                self.present.remove(key);
            }
        }
        for member in &mut self.members {
            if member.at as usize >= mark.text {
                *member = Member { at: 0, len: 0, name: 0 };
            }
        }
    }

    /// Before a value replaces an owner's former one.
    pub(super) fn forget_notes(&mut self, owner: Owner) {
        self.notes.retain(|note| note.owner != owner);
        self.cuts.retain(|cut| cut.owner != owner);
    }

    fn set_member(&mut self, index: usize, begun: Begun, len: usize) {
        let member = Member {
            at: begun.at as u32,
            len: len as u32,
            name: begun.name,
        };
        match self.members.get_mut(index) {
            Some(known) => *known = member,
            None => self.members.push(member),
        }
    }

    /// Drops the text of values that were replaced. A span that lives for days can be recorded to without end.
    #[cold]
    fn compact(&mut self) {
        let mut text = Text::default();
        for key in keys(self.present) {
            if let Some(place) = self.place(key) {
                let at = text.len();
                text.push(self.text.get(place.at as usize, place.len as usize));
                self.set_place(key, at, place.len as usize);
            }
        }
        let old = std::mem::replace(&mut self.text, text);
        for member in &mut self.members {
            let bytes = if member.len == 0 {
                dropped_len(member)
            } else {
                member.len as usize
            };
            let at = self.text.len();
            self.text.push(old.get(member.at as usize, bytes));
            member.at = at as u32;
        }
    }

    /// The fast way of a value that needs neither redaction nor escaping nor cutting: name and value in one go.
    /// Says whether it could.
    #[inline(always)]
    pub(super) fn put_plain(&mut self, slot: &Slot, value: &[u8], quoted: bool) -> bool {
        let at = self.text.len();
        let head = usize::from(slot.head_len) + usize::from(quoted);
        let free = match slot.target {
            Target::Key(key) => !self.present.has(key),
            _ => {
                slot.head_len != 0 && self.members.len() < MEMBERS && self.member_named(slot.name.as_bytes()).is_none()
            }
        };
        if !free {
            return false;
        }
        let mut pen = self.text.pen(CHUNK + value.len() + 1);
        pen.chunk(&slot.head, head);
        pen.put(value);
        if quoted {
            pen.byte(b'"');
        }
        let len = pen.at();
        self.text.wrote(len);
        match slot.target {
            Target::Key(key) => self.set_place(key, at, len),
            _ => self.members.push(Member {
                at: at as u32,
                len: len as u32,
                name: slot.name.len() as u16,
            }),
        }
        true
    }
}

/// Bytes of `,"name":`.
fn dropped_len(member: &Member) -> usize {
    usize::from(member.name) + 4
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
