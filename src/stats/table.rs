//! What is known by name (users, addresses, routes, event names), in bounded memory.
//!
//! Names come from outside, and may be as many as somebody likes. While they fit, each is kept with what belongs to it. When
//! they do not, those whose hash is smallest stay and the others are summed up in one place. A name that stays was never
//! left out before, for the smallest hashes only become fewer; so what is kept is exact, whatever the order in which the
//! records came and however they were split between tables that were merged. The greatest hash that is kept also says how many
//! different names there were (the estimate from the k smallest values: Bar-Yossef et al., "Counting distinct elements in a
//! data stream", 2002).
//!
//! Keeping the names that count most would need no luck to list them, but counts that are merged would then be bounds only.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use foldhash::fast::RandomState;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use super::packed::{Bytes, Packed, push_bytes, push_number};
use crate::floor::floor;

/// What a table keeps for a name.
pub(super) trait Tally: Clone + Default {
    /// Takes in what another one counted.
    fn absorb(&mut self, other: &Self);

    /// Bytes that it takes beyond its own size.
    fn weight(&self) -> usize {
        0
    }
}

impl Tally for u64 {
    fn absorb(&mut self, other: &u64) {
        *self = self.saturating_add(*other);
    }
}

/// At most so many names.
pub(crate) const NAMES: usize = 100_000;

/// At most so many bytes of names and what is kept for them.
pub(crate) const BYTES: usize = 16 << 20;

/// A longer name is cut, and told from others by its hash.
const LONGEST: usize = 256;

/// Bytes that a name takes besides its text.
const PER_NAME: usize = 64;

#[derive(Clone, Debug)]
pub(super) struct Table<T> {
    slots: HashMap<Box<str>, Slot<T>, RandomState>,
    /// Of all slots.
    weight: usize,
    /// Names with this hash or a greater one are left out; `None` while there are none.
    below: Option<u64>,
    /// The sum of those.
    other: T,
    limits: (usize, usize),
}

#[derive(Clone, Debug)]
struct Slot<T> {
    rank: u64,
    tally: T,
}

/// The names that a table stands by, in no order, and the rest.
pub(super) struct Kept<'a, T> {
    pub(super) names: Vec<(&'a str, &'a T)>,
    pub(super) other: T,
    below: Option<u64>,
}

impl<T: Tally> Default for Table<T> {
    fn default() -> Table<T> {
        Table::bounded(NAMES, BYTES)
    }
}

impl<T: Tally> Table<T> {
    /// No more than so many names, and so many bytes.
    pub(super) fn bounded(names: usize, bytes: usize) -> Table<T> {
        Table {
            slots: HashMap::default(),
            weight: 0,
            below: None,
            other: T::default(),
            limits: (names, bytes),
        }
    }

    /// Changes what belongs to a name, or what belongs to those that are left out.
    pub(super) fn change(&mut self, name: &str, change: impl FnOnce(&mut T)) {
        let name = shortened(name);
        if let Some(slot) = self.slots.get_mut(&*name) {
            let before = slot.tally.weight();
            change(&mut slot.tally);
            self.weight = (self.weight + slot.tally.weight()).saturating_sub(before);
        } else {
            let rank = rank(&name);
            if self.below.is_some_and(|below| rank >= below) {
                return change(&mut self.other);
            }
            let mut tally = T::default();
            change(&mut tally);
            self.put(name.into(), Slot { rank, tally });
        }
        self.prune();
    }

    /// Takes in what another table holds.
    pub(super) fn merge(&mut self, other: Table<T>) {
        if let Some(below) = other.below {
            self.cut(self.below.map_or(below, |own| own.min(below)));
        }
        for (name, slot) in other.slots {
            match self.slots.get_mut(&name) {
                Some(own) => {
                    let before = own.tally.weight();
                    own.tally.absorb(&slot.tally);
                    self.weight = (self.weight + own.tally.weight()).saturating_sub(before);
                }
                None if self.below.is_some_and(|below| slot.rank >= below) => self.other.absorb(&slot.tally),
                None => self.put(name, slot),
            }
        }
        self.other.absorb(&other.other);
        self.prune();
    }

    pub(super) fn kept(&self) -> Kept<'_, T> {
        let cut = self.limit();
        let below = cut.or(self.below);
        let (mut names, mut other) = (Vec::with_capacity(self.slots.len()), self.other.clone());
        for (name, slot) in &self.slots {
            match cut.is_some_and(|cut| slot.rank >= cut) {
                true => other.absorb(&slot.tally),
                false => names.push((&**name, &slot.tally)),
            }
        }
        Kept { names, other, below }
    }

    /// What is known of one name; nothing where it may have been left out.
    #[cfg(test)]
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        Some(&self.slots.get(&*shortened(name))?.tally)
    }

    pub(super) fn distinct(&self) -> Distinct {
        self.kept().distinct()
    }

    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    fn put(&mut self, name: Box<str>, slot: Slot<T>) {
        self.weight += PER_NAME + name.len() + slot.tally.weight();
        self.slots.insert(name, slot);
    }

    /// Leaves out what passes the limits, once it does by a quarter, so that it is rare. Where exactly the limit lies is the
    /// same whenever it is looked for.
    fn prune(&mut self) {
        let (names, bytes) = self.limits;
        if (self.slots.len() > names + names / 4 || self.weight > bytes + bytes / 4)
            && let Some(below) = self.limit()
        {
            self.cut(below);
        }
    }

    /// The smallest hash that does not fit; `None` if all do.
    fn limit(&self) -> Option<u64> {
        let (names, bytes) = self.limits;
        if self.slots.len() <= names && self.weight <= bytes {
            return None;
        }
        let mut ranks = Vec::with_capacity(self.slots.len());
        for (name, slot) in &self.slots {
            ranks.push((slot.rank, PER_NAME + name.len() + slot.tally.weight()));
        }
        ranks.sort_unstable();
        let mut sum = 0_usize;
        ranks.into_iter().enumerate().find_map(|(place, (rank, weight))| {
            sum = sum.saturating_add(weight);
            (place >= names || sum > bytes).then_some(rank)
        })
    }

    fn cut(&mut self, below: u64) {
        let (mut gone, other) = (0, &mut self.other);
        self.slots.retain(|name, slot| {
            let stays = slot.rank < below;
            if !stays {
                gone += PER_NAME + name.len() + slot.tally.weight();
                other.absorb(&slot.tally);
            }
            stays
        });
        self.weight = self.weight.saturating_sub(gone);
        self.below = Some(below);
    }
}

impl<T> Kept<'_, T> {
    pub(super) fn distinct(&self) -> Distinct {
        let kept = self.names.len() as f64;
        match self.below {
            None => Distinct {
                count: self.names.len() as u64,
                exact: true,
            },
            // As many as fit below this hash, and evenly so above it.
            Some(below) => Distinct {
                count: (kept / (below.max(1) as f64 / 2_f64.powi(64))).round() as u64,
                exact: false,
            },
        }
    }
}

impl<T: Tally + PartialEq> PartialEq for Table<T> {
    fn eq(&self, other: &Table<T>) -> bool {
        let (mut own, mut others) = (self.kept(), other.kept());
        own.names.sort_unstable_by_key(|(name, _)| *name);
        others.names.sort_unstable_by_key(|(name, _)| *name);
        own.below == others.below && own.other == others.other && own.names == others.names
    }
}

/// How many different ones there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Distinct {
    /// How many.
    pub count: u64,
    /// Whether it was counted. Else there were more than were kept, and the number is an estimate with a standard error below
    /// 0.6 %.
    pub exact: bool,
}

impl fmt::Display for Distinct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exact {
            true => write!(f, "{}", self.count),
            false => write!(f, "about {}", self.count),
        }
    }
}

/// A name as it is kept.
fn shortened(name: &str) -> Cow<'_, str> {
    if name.len() <= LONGEST {
        return Cow::Borrowed(name);
    }
    let begin = floor(name, LONGEST - 20);
    Cow::Owned(format!("{begin}…{:016x}", rank(name)))
}

/// Eight bytes at a time, multiplied and folded, and at the end mixed by the finalizer of MurmurHash3. The same in every build, since
/// tables are stored; without a key, so whoever chooses names can choose which of too many stay.
fn rank(name: &str) -> u64 {
    let add = |sum: u64, bytes: &[u8]| {
        let mut word = [0; 8];
        word.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        let sum = (sum ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        sum ^ sum >> 32
    };
    let sum = name.as_bytes().chunks(8).fold(name.len() as u64, add);
    let mixed = (sum ^ sum >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ mixed >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ mixed >> 33
}

/// The order in which names are listed: the largest first, then by name.
pub(super) fn by_count<T>(names: &mut [(&str, T)], count: impl Fn(&T) -> u64) {
    names.sort_unstable_by(|(one, a), (two, b)| count(b).cmp(&count(a)).then_with(|| one.cmp(two)));
}

impl<T: Tally + Serialize + AsCount> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        struct Names<'a, T>(&'a [(&'a str, &'a T)]);
        impl<T: Serialize> Serialize for Names<'_, T> {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                let mut map = out.serialize_map(Some(self.0.len()))?;
                for (name, tally) in self.0 {
                    map.serialize_entry(name, tally)?;
                }
                map.end()
            }
        }
        let mut kept = self.kept();
        by_count(&mut kept.names, |tally| tally.as_count());
        let distinct = kept.distinct();
        let mut table = out.serialize_struct("Table", 5)?;
        table.serialize_field("distinct", &distinct.count)?;
        table.serialize_field("exact", &distinct.exact)?;
        if let Some(below) = kept.below {
            table.serialize_field("below", &below)?;
        }
        table.serialize_field("other", &kept.other)?;
        table.serialize_field("names", &Names(&kept.names))?;
        table.end()
    }
}

/// What a table is sorted by.
pub(super) trait AsCount {
    fn as_count(&self) -> u64;
}

impl AsCount for u64 {
    fn as_count(&self) -> u64 {
        *self
    }
}

/// A table as it was stored, its names still in the text: to be taken into another one, in which most of them are.
#[derive(Debug, serde::Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>, 'de: 'a"))]
pub(super) struct Loaded<'a, T> {
    below: Option<u64>,
    other: T,
    #[serde(borrow)]
    names: Names<'a, T>,
}

#[derive(Debug)]
struct Names<'a, T>(Vec<(Cow<'a, str>, T)>);

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Names<'a, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Names<'a, T>, D::Error> {
        #[derive(serde::Deserialize)]
        struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
        struct Reader<'a, T>(PhantomData<(&'a str, T)>);
        impl<'de: 'a, 'a, T: Deserialize<'de>> Visitor<'de> for Reader<'a, T> {
            type Value = Names<'a, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names with what was counted")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names<'a, T>, A::Error> {
                let mut names = Vec::new();
                while let Some((Name(name), tally)) = map.next_entry()? {
                    names.push((name, tally));
                }
                Ok(Names(names))
            }
        }
        from.deserialize_map(Reader(PhantomData))
    }
}

impl<T: Tally> Table<T> {
    /// Takes in what a stored table holds. A name that stands there twice counts as the sum.
    pub(super) fn load(&mut self, stored: Loaded<'_, T>) {
        if let Some(below) = stored.below {
            self.cut(self.below.map_or(below, |own| own.min(below)));
        }
        for (name, tally) in stored.names.0 {
            let name = shortened(&name);
            if let Some(slot) = self.slots.get_mut(&*name) {
                let before = slot.tally.weight();
                slot.tally.absorb(&tally);
                self.weight = (self.weight + slot.tally.weight()).saturating_sub(before);
                continue;
            }
            let rank = rank(&name);
            match self.below.is_some_and(|below| rank >= below) {
                true => self.other.absorb(&tally),
                false => self.put(Box::from(&*name), Slot { rank, tally }),
            }
        }
        self.other.absorb(&stored.other);
        self.prune();
    }
}

impl<T: Tally + Packed> Table<T> {
    /// As bytes, in the order of the hashes.
    pub(super) fn pack(&self, out: &mut Vec<u8>) {
        let Kept { names, other, below } = self.kept();
        push_number(out, u64::from(below.is_some()));
        push_number(out, below.unwrap_or_default());
        other.pack(out);
        let mut names: Vec<(u64, &str, &T)> = names
            .into_iter()
            .map(|(name, tally)| (rank(name), name, tally))
            .collect();
        names.sort_unstable_by_key(|(rank, name, _)| (*rank, *name));
        push_number(out, names.len() as u64);
        for (_, name, tally) in names {
            push_bytes(out, name.as_bytes());
            tally.pack(out);
        }
    }

    /// Takes in what was packed.
    pub(super) fn add_packed(&mut self, from: &mut Bytes<'_>) -> Option<()> {
        let cut = from.number()? == 1;
        let below = from.number()?;
        if cut {
            self.cut(self.below.map_or(below, |own| own.min(below)));
        }
        self.other.absorb_packed(from)?;
        let many = from.number()?;
        // Whatever it says.
        let room = usize::try_from(many).ok()?.min(self.limits.0);
        self.slots.reserve(room.saturating_sub(self.slots.len()));
        // Names that were packed together are different ones.
        let fresh = self.slots.is_empty();
        for _ in 0..many {
            let name = shortened(from.text()?);
            let known = (!fresh).then(|| self.slots.get_mut(&*name)).flatten();
            if let Some(slot) = known {
                let before = slot.tally.weight();
                slot.tally.absorb_packed(from)?;
                self.weight = (self.weight + slot.tally.weight()).saturating_sub(before);
                continue;
            }
            let rank = rank(&name);
            if self.below.is_some_and(|below| rank >= below) {
                self.other.absorb_packed(from)?;
                continue;
            }
            let mut tally = T::default();
            tally.absorb_packed(from)?;
            self.put(name.into(), Slot { rank, tally });
            self.prune();
        }
        self.prune();
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(names: usize, bytes: usize, of: &[String]) -> Table<u64> {
        let mut table = Table::bounded(names, bytes);
        for name in of {
            table.change(name, |count| *count += 1);
        }
        table
    }

    fn sum(table: &Table<u64>) -> u64 {
        let kept = table.kept();
        kept.other + kept.names.iter().map(|(_, count)| **count).sum::<u64>()
    }

    proptest! {
        /// Also far beyond the limits: names, counts, the rest and the estimate.
        #[test]
        fn a_merged_table_is_the_one_of_all_in_any_split_and_any_order(
            names in proptest::collection::vec("[a-h]{0,3}", 0..400),
            parts in proptest::collection::vec(0_usize..4, 400),
            (cap, bytes) in (1_usize..40, 60_usize..4_000),
        ) {
            let whole = table(cap, bytes, &names);
            let mut merged = Table::bounded(cap, bytes);
            for part in 0..4 {
                let of: Vec<String> = names.iter().zip(&parts).filter(|(_, of)| **of == part).map(|(name, _)| name.clone()).collect();
                merged.merge(table(cap, bytes, &of));
            }
            prop_assert!(merged == whole, "{merged:?} {whole:?}");
            prop_assert_eq!(sum(&merged), names.len() as u64);
            // Whoever is kept has all that is theirs.
            for (name, count) in whole.kept().names {
                prop_assert_eq!(*count as usize, names.iter().filter(|other| *other == name).count());
            }
            let kept = whole.kept();
            prop_assert!(kept.names.len() <= cap);
            prop_assert_eq!(kept.below.is_none(), kept.other == 0);
        }
    }

    #[test]
    fn a_table_stays_within_its_limits_however_many_names_come() {
        let mut table = Table::<u64>::default();
        for name in 0..260_000 {
            table.change(&format!("user-{name}"), |count| *count += 1);
            assert!(table.slots.len() <= NAMES + NAMES / 4 && table.weight <= BYTES + BYTES / 4);
        }
        assert_eq!(sum(&table), 260_000);
        assert!(!table.distinct().exact);
        let mut long = Table::<u64>::default();
        for name in 0..80_000 {
            long.change(&format!("{name:01000}"), |count| *count += 1);
            assert!(long.weight <= BYTES + BYTES / 4);
        }
        assert_eq!(sum(&long), 80_000);
        let kept = long.kept();
        assert!(kept.names.iter().all(|(name, _)| name.len() <= LONGEST));
        assert!(kept.names.len() > 40_000, "{}", kept.names.len());
    }

    /// Three standard errors of 0.6 %, for names that differ in little.
    #[test]
    fn how_many_names_there_were_is_known_within_two_in_a_hundred() {
        let forms: [fn(u32) -> String; 4] = [
            |n| format!("{n}"),
            |n| format!("user-{n:06}@example.org"),
            |n| format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255),
            |n| format!("{n:0200}"),
        ];
        for form in forms {
            for total in [99_000_u32, 220_000] {
                let mut table = Table::<u64>::default();
                for n in 0..total {
                    table.change(&form(n), |count| *count += 1);
                }
                let Distinct { count, exact } = table.distinct();
                let off = (count as f64 / f64::from(total) - 1.0).abs();
                assert!(if exact { off == 0.0 } else { off < 0.018 }, "{total}: {count}");
            }
        }
    }

    #[test]
    fn long_names_that_differ_at_the_end_are_told_apart() {
        let mut table = Table::<u64>::default();
        for end in ["x", "y", "y"] {
            table.change(&("ä".repeat(5_000) + end), |count| *count += 1);
        }
        assert_eq!(table.distinct(), Distinct { count: 2, exact: true });
        assert_eq!(table.get(&("ä".repeat(5_000) + "y")), Some(&2));
    }

    #[test]
    fn a_stored_table_is_read_back_as_it_was() {
        let names: Vec<String> = (0..500).map(|n| format!("n\"{}", n % 90)).collect();
        for (cap, exact) in [(100, true), (40, false)] {
            let table = table(cap, 1 << 20, &names);
            let text = serde_json::to_string(&table).unwrap();
            let mut read = Table::default();
            read.load(serde_json::from_str(&text).unwrap());
            assert!(read == table && read.distinct().exact == exact, "{text}");
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
            // Into one that has names already.
            read.load(serde_json::from_str(&text).unwrap());
            let mut twice = table.clone();
            twice.merge(table);
            assert!(read == twice);
        }
    }
}
