//! Strings that go from the call straight into the line.
//!
//! A call that has all its values at hand need not take them one by one: its strings stay where they are until the line is
//! written, in the order of the keys, and are looked through while they are copied. Only strings for a key that no other name
//! of the call means, and that need no cutting; all other values are taken into [`Fields`]. Where a string turns out to need
//! redaction or escaping, what was written of the line is void: that string and others like it are taken too, and the line
//! begins anew, with no look at those that are left.

use std::cell::Cell;

use crate::record::Key;
use crate::render::pen::CHUNK;
use crate::render::slot::Way;
use crate::render::{At, Fields, Given, How, Policy, Slot, To};

/// The slots of one call site, in the order of its values.
#[derive(Debug)]
pub(crate) struct Slots {
    all: Box<[Slot]>,
    /// In the order of the keys.
    ranks: Box<[Rank]>,
}

/// A slot whose strings may go straight from the call into the line: what writing one needs, side by side.
#[derive(Debug)]
pub(super) struct Rank {
    pub(super) head: [u8; CHUNK],
    pub(super) head_len: u8,
    /// The index of its key.
    pub(super) index: u8,
    /// The keys before it, a bit each.
    pub(super) below: u64,
    /// The number of its value.
    number: u16,
}

impl Slots {
    /// Finds out for each slot of a call site whether its strings may go this way.
    pub(crate) fn new(mut all: Box<[Slot]>) -> Slots {
        let keys: Vec<Key> = all.iter().filter_map(Slot::key).collect();
        let alone = |key: Key| keys.iter().filter(|known| **known == key).count() == 1;
        let mut ranks = Vec::new();
        for (slot, number) in all.iter_mut().zip(0_u16..) {
            if let Way::Text(key) = slot.way
                && alone(key)
            {
                slot.direct = 1 << key.index();
                ranks.push(Rank {
                    head: slot.head,
                    head_len: slot.head_len,
                    index: key.index() as u8,
                    below: slot.direct - 1,
                    number,
                });
            }
        }
        ranks.sort_by_key(|rank| rank.index);
        Slots {
            all,
            ranks: ranks.into(),
        }
    }
}

impl std::ops::Deref for Slots {
    type Target = [Slot];

    #[inline]
    fn deref(&self) -> &[Slot] {
        &self.all
    }
}

/// Bytes that a string for this slot adds to the line, with its quotes.
#[inline(always)]
fn added(slot: &Slot, text: &str) -> usize {
    usize::from(slot.head_len) + text.len() + 2
}

/// The strings of one call.
#[derive(Debug)]
pub(crate) struct Texts<'a> {
    slots: &'a [Slot],
    ranks: &'a [Rank],
    values: &'a [Given<'a>],
    policy: &'a Policy,
    /// The keys that have one, a bit each.
    keys: Cell<u64>,
    /// Bytes of their members.
    bytes: Cell<usize>,
    /// The keys whose strings were looked at and are plain.
    plain: Cell<u64>,
    /// The key whose string was found not to be.
    found: Cell<u64>,
}

impl<'a> Texts<'a> {
    /// Takes all values of a call: those that may go this way, and the others into `fields`.
    #[inline(always)]
    pub(crate) fn take(fields: &mut Fields, slots: &'a Slots, how: How<'a>, values: &'a [Given<'a>]) -> Texts<'a> {
        let (mut keys, mut bytes) = (0, 0);
        for (slot, value) in slots.all.iter().zip(values) {
            match *value {
                // Most values are strings, and most of those stay where they are until the line is written.
                Given::Text(text) if slot.direct != 0 && text.len() <= how.limits.value => {
                    keys |= slot.direct;
                    bytes += added(slot, text);
                }
                Given::Text(text) => fields.sink(slot, how).str(text),
                Given::Value(value) => value.put(To(fields, &how), At(slot)),
            }
        }
        Texts {
            slots: &slots.all,
            ranks: &slots.ranks,
            values,
            policy: how.policy,
            keys: Cell::new(keys),
            bytes: Cell::new(bytes),
            plain: Cell::new(0),
            found: Cell::new(0),
        }
    }

    /// Takes those into `fields` after all that need redaction or escaping. The others are known to be plain from here on.
    #[cold]
    pub(crate) fn hand_over(&self, fields: &mut Fields, how: How<'_>) {
        let (mut keys, mut bytes) = (self.keys.get(), self.bytes.get());
        let (known, found) = (self.plain.get(), self.found.take());
        for (slot, value) in self.slots.iter().zip(self.values) {
            if let Given::Text(text) = value
                && keys & slot.direct & !known != 0
                && (found & slot.direct != 0 || !self.policy.passes(text.as_bytes()))
            {
                keys ^= slot.direct;
                bytes -= added(slot, text);
                fields.sink(slot, how).str_not_plain(text);
            }
        }
        self.keys.set(keys);
        self.bytes.set(bytes);
        self.plain.set(keys);
    }

    /// Notes that the string for this key is not plain, and that those for the keys before it are.
    #[cold]
    pub(super) fn plain_before(&self, rank: &Rank) {
        self.plain.set(self.keys() & rank.below);
        self.found.set(rank.below + 1);
    }

    /// Whether all are known to need neither redaction nor escaping.
    #[inline(always)]
    pub(super) fn are_plain(&self) -> bool {
        self.plain.get() == self.keys()
    }

    /// The policy that says which of them are plain.
    #[inline(always)]
    pub(super) fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// The keys that have one, a bit each.
    #[inline(always)]
    pub(super) fn keys(&self) -> u64 {
        self.keys.get()
    }

    /// No less than the bytes of what they add to a line.
    #[inline(always)]
    pub(super) fn most(&self) -> usize {
        match self.keys() {
            0 => 0,
            _ => self.bytes.get(),
        }
    }

    /// Them all, in the order of the keys.
    #[inline(always)]
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&'a Rank, &'a str)> {
        let keys = self.keys();
        let taken = move |rank: &&Rank| keys >> rank.index & 1 == 1;
        self.ranks
            .iter()
            .filter(taken)
            .filter_map(|rank| match self.values.get(usize::from(rank.number)) {
                Some(Given::Text(text)) => Some((rank, *text)),
                _ => None,
            })
    }

    /// The string for a key.
    #[inline]
    pub(crate) fn get(&self, key: Key) -> Option<&'a str> {
        let index = key.index();
        if self.keys() >> index & 1 == 0 {
            return None;
        }
        // The message, which is asked for, is among the last.
        self.iter()
            .rev()
            .find_map(|(rank, text)| (usize::from(rank.index) == index).then_some(text))
    }

    /// `fields` with these strings among them, for the way of a line that is too long.
    #[cold]
    pub(super) fn among(&self, fields: &Fields) -> Fields {
        let mut all = fields.clone();
        for (rank, text) in self.iter() {
            if let Some(slot) = self.slots.get(usize::from(rank.number))
                && let Some(key) = slot.key()
            {
                all.put_key(slot, key, text.as_bytes(), true);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::brief::Brief;
    use crate::render::tests::{Draft, what};
    use crate::render::{Limits, Text, What, rest};

    /// `user.id` stands twice, under two names.
    const NAMES: [&str; 9] = [
        "user.id",
        "message",
        "book",
        "ip",
        "enduser.id",
        "password",
        "tenant",
        "old",
        "resource",
    ];

    fn slots(draft: &Draft) -> Slots {
        Slots::new(NAMES.iter().map(|name| Slot::for_event(name, &draft.policy)).collect())
    }

    /// The line of these values, with and without the short cut, and how many took it.
    fn lines(values: &[String], context: &Draft, limits: Limits) -> ([(String, Brief); 2], u32) {
        let [mut with, mut without] = [Draft::new(), Draft::new()];
        (with.limits, without.limits) = (limits, limits);
        let slots = slots(&with);
        let given: Vec<Given<'_>> = values.iter().map(|value| Given::Text(value)).collect();
        let how = How {
            policy: &with.policy,
            limits,
        };
        let texts = Texts::take(&mut with.fields, &slots, how, &given);
        for (slot, value) in slots.iter().zip(values) {
            without.put_slot(slot, |sink| sink.str(value));
        }
        let line = |fields: &mut Fields, texts: Option<&Texts<'_>>| {
            let mut line = Text::new();
            let what = What { texts, ..what() };
            let mut brief = Brief::BLANK;
            if !rest(&mut line, &what, fields, &[&context.fields], limits, &mut brief) {
                texts.unwrap().hand_over(fields, how);
                assert!(rest(&mut line, &what, fields, &[&context.fields], limits, &mut brief));
            }
            (in_order(std::str::from_utf8(&line).unwrap()), brief)
        };
        let lines = [line(&mut with.fields, Some(&texts)), line(&mut without.fields, None)];
        (lines, texts.keys().count_ones())
    }

    /// A line whose list of redactions, which has no order, is in one.
    fn in_order(line: &str) -> String {
        let Some((before, listed)) = line.split_once(",\"redacted\":[") else {
            return line.to_owned();
        };
        let mut listed: Vec<&str> = listed.trim_end_matches(']').split(',').collect();
        listed.sort_unstable();
        format!("{before} redacted {}", listed.join(","))
    }

    fn context() -> Draft {
        let mut context = Draft::new();
        context
            .str("ip", "198.51.100.7")
            .str("path", "/p")
            .str("tenant", "card 4111111111111111");
        context
    }

    #[test]
    fn plain_strings_for_keys_of_their_own_go_straight_into_the_line_and_no_others() {
        let values = ["u", "said", "1", "203.0.113.7", "v", "x", "a t", "{}", "/a"].map(str::to_owned);
        let ([with, without], taken) = lines(&values, &context(), Limits::default());
        assert_eq!(with, without);
        // The message, the address, the tenant and the resource.
        assert_eq!(taken, 4);
        let (line, _) = with;
        assert!(
            line.contains(r#""user_id":"u","ip":"203.0.113.7","tenant":"a t","resource":"/a","#),
            "{line}"
        );
        assert!(!line.contains("198.51") && !line.contains("tenant:card"));
    }

    #[test]
    fn where_one_of_them_is_not_plain_the_others_go_straight() {
        for (said, shown) in [
            ("a \"t\"", r#""a \"t\"""#),
            ("pin: 4111111111111111", r#""pin: [redacted]""#),
        ] {
            let values = ["u", said, "1", "203.0.113.7", "v", "x", "t", "{}", "/a"].map(str::to_owned);
            let ([with, without], taken) = lines(&values, &context(), Limits::default());
            assert_eq!(with, without);
            assert_eq!(taken, 3);
            assert!(with.0.contains(&format!("\"message\":{shown}")), "{}", with.0);
        }
    }

    proptest! {
        #[test]
        fn a_line_is_the_same_whichever_way_its_strings_take(
            values in vec(prop_oneof!["[a-z0-9./-]{0,80}", any::<String>(), Just("token=abcdefgh".to_owned()), "[a-z]{900}"], 9),
            value in prop_oneof![Just(8), Just(32), Just(8192)],
            line in prop_oneof![Just(0_usize), Just(4096), Just(65536)],
        ) {
            let ([with, without], _) = lines(&values, &context(), Limits { value, line });
            prop_assert_eq!(with, without);
        }
    }
}
