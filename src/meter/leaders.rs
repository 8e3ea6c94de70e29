//! Counts by name, for who asks for them: the busiest users, addresses, endpoints and reasons one by one, all others together.
//!
//! Names come from callers, so there may be any number of them. Which are busy a Space-Saving sketch says: of `n` records that
//! have a name, one that more than `n / (8 * most)` of them have is in it, whoever floods it. A name is listed while there is
//! room, and later when it has come twice as often as the least of those listed, one a minute at most; so a flood of names makes no
//! flood of series. What is listed is exact from then on; what came before stays with `other`, which never falls.
//!
//! A value that the redaction touched is never a name.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::brief::{Brief, EventId};
use crate::clock::Micros;
use crate::detect;
use crate::outcome::Outcome;

use super::{DURATION_BUCKETS, Histogram};

/// Slots of the sketch for each name that may be listed.
const SLOTS: usize = 8;

/// Longer names are counted with the others.
const LONGEST: usize = 256;

/// Kinds of records counted apart for one name; further ones share a cell.
const KINDS: usize = 64;

/// A name that comes when all places are taken must have come so often, and is looked at again each time it has so often more.
const LEAST: u64 = 16;

/// One name gives way to another once in so long: each new one is a series for whoever keeps the metrics, and names may be made up.
const PAUSE: Duration = Duration::from_secs(60);

/// Upper ends of the buckets of `audit_request_bytes` and `audit_response_bytes`.
pub(crate) const SIZE_BUCKETS: [f64; 11] = [
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
    268_435_456.0,
];

/// How many names of each kind are listed at most; 0 counts none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tops {
    pub(crate) users: usize,
    pub(crate) ips: usize,
    pub(crate) endpoints: usize,
    pub(crate) reasons: usize,
}

/// Records of one name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cells {
    /// By event and outcome; of endpoints by status code, which stands in place of the event.
    pub(super) counts: Vec<(Cell, u64)>,
    pub(super) durations: Histogram,
    /// The longest of them, in microseconds.
    pub(super) slowest: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Act(EventId, Outcome),
    /// 0 where the record has none.
    Status(u16),
}

impl Cells {
    fn add(&mut self, cell: Cell, brief: &Brief) {
        let cell = match self.counts.len() < KINDS || self.counts.iter().any(|(known, _)| *known == cell) {
            true => cell,
            false => match cell {
                Cell::Act(_, outcome) => Cell::Act(EventId::OTHER, outcome),
                Cell::Status(_) => Cell::Status(0),
            },
        };
        self.count(cell, 1);
        if brief.duration_us != Brief::NO_DURATION {
            self.durations
                .add(&DURATION_BUCKETS, f64::from(brief.duration_us) / 1e6);
            self.slowest = self.slowest.max(brief.duration_us);
        }
    }

    fn count(&mut self, cell: Cell, more: u64) {
        match self.counts.iter_mut().find(|(known, _)| *known == cell) {
            Some((_, count)) => *count += more,
            None => self.counts.push((cell, more)),
        }
    }

    fn merge(&mut self, other: &Cells) {
        for (cell, count) in &other.counts {
            self.count(*cell, *count);
        }
        self.durations.merge(&other.durations);
        self.slowest = self.slowest.max(other.slowest);
    }

    /// What came since `told`.
    pub(super) fn since(&self, told: &Cells) -> impl Iterator<Item = (Cell, u64)> {
        self.counts.iter().map(|(cell, count)| {
            let before = told.counts.iter().find(|(known, _)| known == cell);
            (*cell, count.saturating_sub(before.map_or(0, |(_, count)| *count)))
        })
    }
}

/// Names that may be busy: Space-Saving. A name that is new takes the place of the one that came least, and its count.
#[derive(Debug)]
struct Sketch {
    slots: Vec<Slot>,
    places: HashMap<Box<str>, usize>,
    /// By count, least first.
    order: BTreeSet<(u64, usize)>,
    room: usize,
}

#[derive(Debug)]
struct Slot {
    name: Box<str>,
    /// Never less than how often the name came.
    count: u64,
    /// What of it may have been others'.
    inherited: u64,
}

impl Sketch {
    fn new(room: usize) -> Sketch {
        Sketch {
            slots: Vec::new(),
            places: HashMap::new(),
            order: BTreeSet::new(),
            room,
        }
    }

    /// Counts a name; how often it came at least.
    fn add(&mut self, name: &str) -> u64 {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None if self.slots.len() < self.room => {
                let place = self.slots.len();
                self.slots.push(Slot {
                    name: name.into(),
                    count: 0,
                    inherited: 0,
                });
                self.places.insert(name.into(), place);
                place
            }
            None => {
                let Some((count, place)) = self.order.first().copied() else {
                    return 0;
                };
                if let Some(slot) = self.slots.get_mut(place) {
                    self.places.remove(&slot.name);
                    slot.name = name.into();
                    slot.inherited = count;
                    self.places.insert(name.into(), place);
                }
                place
            }
        };
        let Some(slot) = self.slots.get_mut(place) else {
            return 0;
        };
        self.order.remove(&(slot.count, place));
        slot.count += 1;
        self.order.insert((slot.count, place));
        slot.count - slot.inherited
    }

    /// How often it came at most; 0 where it is forgotten.
    fn count(&self, name: &str) -> u64 {
        let slot = self.places.get(name).and_then(|place| self.slots.get(*place));
        slot.map_or(0, |slot| slot.count)
    }
}

/// The counts of one kind of name.
#[derive(Debug)]
pub(super) struct List {
    most: usize,
    sketch: Sketch,
    listed: HashMap<Box<str>, Cells>,
    /// Of names while they were not listed.
    others: Cells,
    /// Of names while they were, and that are listed no more.
    gone: Cells,
    /// When a name gave way to another, last.
    changed: Option<Micros>,
}

impl List {
    fn new(most: usize) -> Option<List> {
        (most > 0).then(|| List {
            most,
            sketch: Sketch::new(most * SLOTS),
            listed: HashMap::new(),
            others: Cells::default(),
            gone: Cells::default(),
            changed: None,
        })
    }

    /// `None` is a name that may not be shown.
    fn add(&mut self, name: Option<&str>, cell: Cell, brief: &Brief) {
        let Some(name) = name.filter(|name| name.len() <= LONGEST && *name != OTHER) else {
            return self.others.add(cell, brief);
        };
        let came = self.sketch.add(name);
        if let Some(cells) = self.listed.get_mut(name) {
            return cells.add(cell, brief);
        }
        if !self.may_be_listed(came, brief.time) {
            return self.others.add(cell, brief);
        }
        let mut cells = Cells::default();
        cells.add(cell, brief);
        self.listed.insert(name.into(), cells);
    }

    /// Whether a name that came so often is to be listed; makes room for it.
    fn may_be_listed(&mut self, came: u64, now: Micros) -> bool {
        if self.listed.len() < self.most {
            return true;
        }
        let settled = self.changed.is_none_or(|changed| now.since(changed) >= PAUSE);
        // Now and then, for it takes a look at all that are listed.
        if !settled || came == 0 || !came.is_multiple_of(LEAST) {
            return false;
        }
        let least = self.listed.keys().map(|name| (self.sketch.count(name), name)).min();
        match least.map(|(count, name)| (count, name.clone())) {
            Some((count, name)) if count <= came / 2 => {
                self.changed = Some(now);
                if let Some(cells) = self.listed.remove(&name) {
                    self.gone.merge(&cells);
                }
                true
            }
            _ => false,
        }
    }

    fn snapshot(&self) -> Named {
        let mut names: Vec<(String, Cells)> = self
            .listed
            .iter()
            .map(|(name, cells)| (name.to_string(), cells.clone()))
            .collect();
        names.sort_by(|one, other| one.0.cmp(&other.0));
        Named {
            names,
            others: self.others.clone(),
            gone: self.gone.clone(),
        }
    }
}

/// One kind of name, as it is shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    pub(super) names: Vec<(String, Cells)>,
    pub(super) others: Cells,
    gone: Cells,
}

impl Named {
    /// All that no name is shown for.
    pub(super) fn other(&self) -> Cells {
        let mut other = self.others.clone();
        other.merge(&self.gone);
        other
    }
}

/// The label of all that have none of their own.
pub(super) const OTHER: &str = "other";

/// All kinds, as they are shown; `None` for those that nobody asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub(super) users: Option<Named>,
    pub(super) ips: Option<Named>,
    pub(super) reasons: Option<Named>,
    pub(super) endpoints: Option<Named>,
    /// Of requests and of answers.
    pub(super) sizes: [Histogram; 2],
}

/// The counts of all kinds that were asked for.
#[derive(Debug)]
pub(crate) struct Leaders {
    users: Option<List>,
    ips: Option<List>,
    reasons: Option<List>,
    endpoints: Option<List>,
    sizes: [Histogram; 2],
}

impl Leaders {
    /// `None` where nothing was asked for.
    pub(super) fn new(tops: Tops) -> Option<Leaders> {
        (tops != Tops::default()).then(|| Leaders {
            users: List::new(tops.users),
            ips: List::new(tops.ips),
            reasons: List::new(tops.reasons),
            endpoints: List::new(tops.endpoints),
            sizes: Default::default(),
        })
    }

    /// Counts a caller's record.
    pub(crate) fn add(&mut self, brief: &Brief, rest: &[u8]) {
        let act = Cell::Act(brief.event, brief.outcome);
        let record = detect::Brief::new(brief, rest);
        let redacted = match brief.redactions {
            0 => String::new(),
            _ => record.field("redacted").unwrap_or_default().into_owned(),
        };
        let may_show = |keys: &[&str]| !is_redacted(&redacted, brief.redactions, keys);
        if let (Some(list), Some(user)) = (&mut self.users, record.user()) {
            list.add(may_show(&["user_id", "username"]).then_some(&user), act, brief);
        }
        if let (Some(list), Some(ip)) = (&mut self.ips, record.ip()) {
            list.add(may_show(&["ip"]).then_some(&ip), act, brief);
        }
        if let Some(list) = &mut self.reasons
            && let Some(reason) = record.field("reason")
        {
            list.add(may_show(&["reason"]).then_some(&reason), act, brief);
        }
        let Some(list) = &mut self.endpoints else { return };
        if let Some(route) = record.field("route") {
            let status = record.field("status_code").and_then(|status| status.parse().ok());
            let method = record.field("method").unwrap_or_default();
            let name = format!("{method} {route}");
            let shown = may_show(&["route", "method"]).then_some(name.trim_start());
            list.add(shown, Cell::Status(status.unwrap_or(0)), brief);
        }
        for (sizes, name) in self.sizes.iter_mut().zip(["request_bytes", "response_bytes"]) {
            if let Some(bytes) = record.field(name).and_then(|bytes| bytes.parse().ok()) {
                sizes.add(&SIZE_BUCKETS, bytes);
            }
        }
    }

    pub(super) fn shown(&self) -> Shown {
        let show = |list: &Option<List>| list.as_ref().map(List::snapshot);
        Shown {
            users: show(&self.users),
            ips: show(&self.ips),
            reasons: show(&self.reasons),
            endpoints: show(&self.endpoints),
            sizes: self.sizes,
        }
    }
}

/// Entries of `redacted` before the others are only counted: then nobody knows.
const LISTED: u16 = 32;

/// Whether one of these members is, or may be, among what `redacted` lists.
fn is_redacted(list: &str, count: u16, keys: &[&str]) -> bool {
    count >= LISTED || keys.iter().any(|key| list.contains(&format!("\"{key}:")))
}

#[cfg(test)]
mod tests {
    use super::super::tests::brief;
    use super::*;
    use crate::event::events;
    use crate::severity::Severity;

    fn act() -> (Cell, Brief) {
        let brief = brief(events::DATA_READ, Severity::Low, Outcome::Success);
        (Cell::Act(brief.event, brief.outcome), brief)
    }

    fn sum(cells: &Cells) -> u64 {
        cells.counts.iter().map(|(_, count)| count).sum()
    }

    #[test]
    fn a_flood_of_names_hides_no_busy_one_and_takes_no_memory() {
        let (cell, mut brief) = act();
        let mut list = List::new(4).unwrap();
        let (mut other, mut all) = (0, 0);
        for number in 0..200_000_u32 {
            brief.time = Micros(i64::from(number) * 10_000);
            list.add(Some(&format!("x{number}")), cell, &brief);
            all += 1;
            // It comes when every place is taken.
            if number > 1_000 && number % 10 == 0 {
                list.add(Some("busy"), cell, &brief);
                all += 1;
            }
            if number % 1_000 == 0 {
                let now = sum(&list.snapshot().other());
                assert!(now >= other, "what others have never falls");
                other = now;
            }
        }
        assert!(list.sketch.slots.len() <= 4 * SLOTS && list.sketch.places.len() <= 4 * SLOTS);
        assert!(list.listed.len() <= 4);
        let shown = list.snapshot();
        let busy = shown
            .names
            .iter()
            .find(|(name, _)| name == "busy")
            .expect("it is listed");
        assert!(sum(&busy.1) > 19_000, "{}", sum(&busy.1));
        // Nothing is counted twice, and nothing left out.
        let listed: u64 = shown.names.iter().map(|(_, cells)| sum(cells)).sum();
        assert_eq!(listed + sum(&shown.other()), all);
    }

    #[test]
    fn names_that_are_made_up_and_repeated_become_one_series_a_minute() {
        let (cell, mut brief) = act();
        let mut list = List::new(4).unwrap();
        let mut ever = std::collections::BTreeSet::new();
        for number in 0..60_000_u32 {
            brief.time = Micros(i64::from(number) * 10_000);
            list.add(Some(&format!("x{}", number / 20)), cell, &brief);
            ever.extend(list.listed.keys().cloned());
        }
        // Ten minutes of them: 3,000 names.
        assert!(ever.len() <= 4 + 11, "{}", ever.len());
    }

    #[test]
    fn of_few_names_every_count_is_exact() {
        let (cell, brief) = act();
        let mut list = List::new(3).unwrap();
        for (name, times) in [("a", 3), ("b\n", 2), ("c", 1)] {
            for _ in 0..times {
                list.add(Some(name), cell, &brief);
            }
        }
        list.add(Some(&"x".repeat(LONGEST + 1)), cell, &brief);
        list.add(None, cell, &brief);
        let shown = list.snapshot();
        let names: Vec<(&str, u64)> = shown
            .names
            .iter()
            .map(|(name, cells)| (name.as_str(), sum(cells)))
            .collect();
        assert_eq!(names, [("a", 3), ("b\n", 2), ("c", 1)]);
        assert_eq!(sum(&shown.other()), 2);
    }

    #[test]
    fn what_was_redacted_is_no_name() {
        assert!(is_redacted(r#"["user_id:email","x:y"]"#, 2, &["user_id", "username"]));
        assert!(!is_redacted(r#"["metadata.user_id:email"]"#, 1, &["user_id"]));
        assert!(is_redacted("", LISTED, &["ip"]));
    }
}
