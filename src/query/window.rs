//! What one pass over a compressed file keeps: the last of what it finds.

use std::collections::VecDeque;

use super::scan::Item;

/// Bytes, about, without leave to hold much and with it.
const KEPT: usize = 1 << 20;
const KEPT_WITH_LEAVE: usize = 8 << 20;

/// The last of what was found, as much as there is room for.
pub(super) struct Window {
    /// Each with its spot.
    pub(super) kept: VecDeque<(u64, Item)>,
    pub(super) records: u64,
    weight: usize,
    room: usize,
    most: u64,
    /// What was found and is not kept.
    pub(super) lost: u64,
}

impl Window {
    pub(super) fn new(leave: bool, most: u64) -> Window {
        Window {
            kept: VecDeque::new(),
            records: 0,
            weight: 0,
            room: if leave { KEPT_WITH_LEAVE } else { KEPT },
            most,
            lost: 0,
        }
    }

    pub(super) fn push(&mut self, place: u64, item: Item) {
        self.weight += item.weight();
        let is_damage = matches!(item, Item::Damage(_));
        self.records += u64::from(!is_damage);
        self.kept.push_back((spot(place, is_damage), item));
        // One item there always is, whatever its size.
        while self.kept.len() > 1 && (self.weight > self.room || self.records > self.most) {
            let Some((_, first)) = self.kept.pop_front() else {
                return;
            };
            self.weight -= first.weight();
            self.records -= u64::from(!matches!(first, Item::Damage(_)));
            self.lost += 1;
        }
    }

    /// Whether it holds as many records as are wanted.
    pub(super) fn is_full(&self) -> bool {
        self.records >= self.most
    }
}

/// Where a record, or a damaged line behind it, stands in the order of a file.
pub(super) fn spot(place: u64, is_damage: bool) -> u64 {
    place.saturating_mul(2).saturating_add(u64::from(is_damage))
}
