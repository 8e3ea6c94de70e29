//! How a member gets into [`Fields`]: its name, its value piece by piece, and what is noted of it.

use crate::record::Key;
use crate::render::Policy;
use crate::render::Slot;
use crate::render::fields::{Cut, Fields, MEMBERS, Member, Note, Owner, keys};
use crate::render::pen::Text;
use crate::render::redaction::{Class, REDACTED};

/// A member whose value is being written.
#[derive(Clone, Copy)]
pub(super) struct Begun {
    pub(super) at: usize,
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
    entries: usize,
    cuts: usize,
}

/// Text of replaced values that is put up with.
const SPARE: usize = 4 * 1024;

impl Fields {
    /// Writes the name of a member; its value follows, and then [`keep`](Fields::keep) or
    /// [`drop_value`](Fields::drop_value).
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
            (Some(key), None) => {
                self.bury(key);
                self.set_place(key, begun.at as u32, len as u32);
            }
            (_, Some(index)) => self.set_member(index, begun, len),
            (None, None) => {}
        }
    }

    /// The key's former value, if it has one, is no longer.
    fn bury(&mut self, key: Key) {
        self.dead += self.place(key).map_or(0, |place| place.len as usize);
    }

    /// The value is left out, and only `redacted` names it.
    pub(super) fn drop_value(&mut self, begun: Begun) {
        self.text.truncate(begun.value);
        match (begun.owner.key(), begun.owner.member()) {
            (Some(key), None) => {
                self.text.truncate(begun.at);
                self.bury(key);
                self.present.remove(key);
            }
            (_, Some(index)) => self.set_member(index, begun, 0),
            (None, None) => {}
        }
    }

    /// Where things stand, for [`back_to`](Fields::back_to).
    pub(super) fn mark(&self) -> Mark {
        Mark {
            text: self.text.len(),
            notes: self.notes.len(),
            entries: self.entries.len(),
            cuts: self.cuts.len(),
        }
    }

    /// Forgets whatever was taken since. Values that were replaced since do not come back.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.text.truncate(mark.text);
        self.notes.truncate(mark.notes);
        self.entries.truncate(mark.entries);
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
    fn forget_notes(&mut self, owner: Owner) {
        self.cuts.retain(|cut| cut.owner != owner);
        if !self.notes.iter().any(|note| note.owner == owner) {
            return;
        }
        self.notes.retain(|note| note.owner != owner);
        let old = std::mem::take(&mut self.entries);
        for note in &mut self.notes {
            let at = self.entries.len() as u32;
            self.entries.push(old.get(note.at as usize, note.len as usize));
            note.at = at;
        }
    }

    /// Masks what a label beside it named: `old` and `new`, and members called `value` and the like. Once all values are here,
    /// for the label may come last.
    #[inline]
    pub(crate) fn hide_labelled(&mut self, policy: &Policy) {
        if let Some(verdict) = self.labelled.take() {
            self.hide_contents(verdict.class, policy);
        }
    }

    #[cold]
    fn hide_contents(&mut self, class: Class, policy: &Policy) {
        for key in [Key::Old, Key::New] {
            if self.present.has(key) {
                self.hide(Owner::of(key), key.member().as_bytes(), 0, class);
            }
        }
        for index in 0..self.members.len() {
            let Some(member) = self.members.get(index).filter(|member| member.len > 0) else {
                continue;
            };
            let name = self.name_of(member);
            let word = name.rsplit(|b| *b == b'.').next().unwrap_or(name);
            if policy.holds(word) {
                let head = [b",\"", name, b"\":"].concat();
                self.hide(Owner(Owner::METADATA + index as u16), &head, name.len(), class);
            }
        }
    }

    fn hide(&mut self, owner: Owner, head: &[u8], name: usize, class: Class) {
        self.forget_notes(owner);
        let at = self.text.len();
        self.text.push(head);
        let value = self.text.len();
        self.text.push(b"\"");
        self.text.push(REDACTED.as_bytes());
        self.text.push(b"\"");
        let begun = Begun {
            at,
            owner,
            name: name as u16,
            value,
        };
        self.note(begun, class.bit());
        self.keep(begun);
    }

    fn set_member(&mut self, index: usize, begun: Begun, len: usize) {
        let member = Member {
            at: begun.at as u32,
            len: len as u32,
            name: begun.name,
        };
        match self.members.get_mut(index) {
            Some(known) => {
                self.dead += known.bytes();
                *known = member;
            }
            None => self.members.push(member),
        }
    }

    /// Drops the text of values that were replaced. A span that lives for days can be recorded to without end.
    #[cold]
    pub(super) fn compact(&mut self) {
        if self.dead <= SPARE || self.dead <= self.text.len() / 2 {
            return;
        }
        self.dead = 0;
        let mut text = Text::default();
        for key in keys(self.present) {
            if let Some(place) = self.place(key) {
                let at = text.len() as u32;
                text.push(self.text.get(place.at as usize, place.len as usize));
                self.set_place(key, at, place.len);
            }
        }
        let old = std::mem::replace(&mut self.text, text);
        for member in &mut self.members {
            let bytes = member.bytes();
            let at = self.text.len();
            self.text.push(old.get(member.at as usize, bytes));
            member.at = at as u32;
        }
    }

    /// Notes that secrets of these classes were redacted in a value.
    pub(super) fn note(&mut self, of: Begun, classes: u32) {
        let found = Class::ALL.iter().filter(|class| classes & class.bit() != 0);
        for class in found.copied() {
            let known = self
                .notes
                .iter()
                .any(|note| note.owner == of.owner && note.class == class);
            if known {
                continue;
            }
            let at = self.entries.len();
            self.entries.push(b",\"");
            match of.owner.key() {
                Some(key) => self.entries.push(key.as_str().as_bytes()),
                None => {
                    self.entries.push(b"metadata.");
                    self.entries.push(self.text.get(of.at + 2, usize::from(of.name)));
                }
            }
            self.entries.push(b":");
            self.entries.push(class.as_str().as_bytes());
            self.entries.push(b"\"");
            self.notes.push(Note {
                owner: of.owner,
                class,
                at: at as u32,
                len: (self.entries.len() - at) as u32,
            });
        }
    }

    pub(super) fn note_cut(&mut self, of: Begun, bytes: usize) {
        self.cuts.push(Cut {
            owner: of.owner,
            bytes: bytes as u64,
        });
    }
}
