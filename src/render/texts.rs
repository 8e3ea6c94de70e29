//! Strings that go from the call straight into the line.
//!
//! A call that has all its values at hand need not take them one by one: its strings stay where they are until the line is
//! written, in the order of the keys. Only strings for a key that no other name of the call means, and that need neither
//! redaction nor escaping nor cutting; all other values are taken into [`Fields`].

use crate::record::{Key, Kind};
use crate::render::pen::CHUNK;
use crate::render::slot::Way;
use crate::render::{Fields, How, Slot};

/// Values of a call beyond this many are taken one by one.
const MOST: usize = 16;

/// Keys that hold text are less than this apart.
const APART: usize = 32;

const _: () = {
    let (mut first, mut last, mut keys) = (Key::COUNT, 0, Key::ALL);
    while let [key, rest @ ..] = keys {
        if matches!(key.kind(), Kind::Text) {
            last = key.index();
            if first > last {
                first = last;
            }
        }
        keys = rest;
    }
    assert!(last - first < APART);
};

/// The strings of one call.
#[derive(Debug)]
pub(crate) struct Texts<'a> {
    slots: &'a [Slot],
    /// By the number of the value.
    texts: [&'a str; MOST],
    /// The number of each key's value.
    numbers: [u8; APART],
    /// The keys that have one, a bit each.
    keys: u64,
    /// No less than the bytes of what they add to a line.
    most: usize,
}

/// Finds out for each slot of a call site whether its strings may go this way.
pub(crate) fn settle(slots: &mut [Slot]) {
    let keys: Vec<Key> = slots.iter().filter_map(Slot::key).collect();
    for slot in slots {
        let alone = |key: Key| keys.iter().filter(|known| **known == key).count() == 1;
        slot.direct = matches!(slot.way, Way::Text(key) if alone(key));
    }
}

impl<'a> Texts<'a> {
    pub(super) const NONE: &'static Texts<'static> = &Texts::of(&[]);

    /// For the values of these slots.
    #[inline(always)]
    pub(crate) const fn of(slots: &'a [Slot]) -> Texts<'a> {
        Texts {
            slots,
            texts: [""; MOST],
            numbers: [0; APART],
            keys: 0,
            most: 0,
        }
    }

    /// Takes the string of the slot with this number, if it can go this way.
    #[inline(always)]
    pub(crate) fn take(&mut self, number: usize, slot: &Slot, how: &How<'_>, text: &'a str) -> bool {
        if slot.direct
            && let (Some(place), Way::Text(key)) = (self.texts.get_mut(number), slot.way)
            && text.len() <= how.limits.value
            && how.policy.passes(text.as_bytes())
        {
            *place = text;
            if let Some(of_key) = self.numbers.get_mut(key.index() % APART) {
                *of_key = number as u8;
            }
            self.keys |= 1 << key.index();
            self.most += CHUNK + 1 + text.len();
            return true;
        }
        false
    }

    /// The keys that have one, a bit each.
    #[inline(always)]
    pub(super) fn keys(&self) -> u64 {
        self.keys
    }

    /// No less than the bytes of what they add to a line.
    #[inline(always)]
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// The string for the key of this index, which has one.
    #[inline(always)]
    pub(super) fn of_index(&self, index: usize) -> Option<(&'a Slot, &'a str)> {
        let number = usize::from(*self.numbers.get(index % APART)?);
        Some((self.slots.get(number)?, self.texts.get(number)?))
    }

    /// The string for a key.
    #[inline]
    pub(crate) fn get(&self, key: Key) -> Option<&'a str> {
        let index = key.index();
        (self.keys >> index & 1 == 1).then(|| self.of_index(index).map_or("", |(_, text)| text))
    }

    /// `fields` with these strings among them, for the way of a line that is too long.
    #[cold]
    pub(super) fn among(&self, fields: &Fields) -> Fields {
        let mut all = fields.clone();
        for key in Key::ALL {
            if self.keys >> key.index() & 1 == 1
                && let Some((slot, text)) = self.of_index(key.index())
            {
                all.put_key(slot, *key, text.as_bytes(), true);
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

    fn slots(draft: &Draft) -> Vec<Slot> {
        let mut slots: Vec<Slot> = NAMES.iter().map(|name| Slot::for_event(name, &draft.policy)).collect();
        settle(&mut slots);
        slots
    }

    /// The line of these values, with and without the short cut, and how many took it.
    fn lines(values: &[String], context: &Draft, limits: Limits) -> ([(String, Brief); 2], u32) {
        let [mut with, mut without] = [Draft::new(), Draft::new()];
        (with.limits, without.limits) = (limits, limits);
        let slots = slots(&with);
        let mut texts = Texts::of(&slots);
        for (number, (slot, value)) in slots.iter().zip(values).enumerate() {
            without.put_slot(slot, |sink| sink.str(value));
            let how = How {
                policy: &with.policy,
                limits,
            };
            if !texts.take(number, slot, &how, value) {
                with.fields.sink(slot, how).str(value);
            }
        }
        let line = |fields: &Fields, texts| {
            let mut line = Text::new();
            let what = What { texts, ..what() };
            let brief = rest(&mut line, &what, fields, &[&context.fields], limits);
            (String::from_utf8(line.to_vec()).unwrap(), brief)
        };
        let lines = [line(&with.fields, Some(&texts)), line(&without.fields, None)];
        (lines, texts.keys.count_ones())
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
        let values = ["u", "said", "1", "203.0.113.7", "v", "x", "a \"t\"", "{}", "/a"].map(str::to_owned);
        let ([with, without], taken) = lines(&values, &context(), Limits::default());
        assert_eq!(with, without);
        // The message, the address and the resource.
        assert_eq!(taken, 3);
        let (line, _) = with;
        assert!(
            line.contains(r#""user_id":"u","ip":"203.0.113.7","tenant":"a \"t\"","resource":"/a","#),
            "{line}"
        );
        assert!(!line.contains("198.51") && !line.contains("tenant:card"));
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
