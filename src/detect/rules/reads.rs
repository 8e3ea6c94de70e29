//! How fast somebody reads, and how much of the data somebody touches at all.

use crate::detect::seen::{Class, Found, Seen};
use crate::detect::watch::{DATA_ACCESS, RAPID_READS, Watch};
use crate::detect::windows::{Limit, Windows};
use crate::detect::{AlertType, Finding, Priority};

const KEYS: usize = 1 << 18;
const LISTS: usize = 6 << 20;

/// By user, or by address where nobody is named.
#[derive(Debug)]
pub(crate) struct Reads {
    access: Limit,
    reads: Limit,
    windows: Windows,
}

impl Reads {
    pub(crate) fn new(watch: &Watch) -> Option<Reads> {
        let (access, reads) = (watch.limit(DATA_ACCESS), watch.limit(RAPID_READS));
        if access.is_none() && reads.is_none() {
            return None;
        }
        let (access, reads) = (access.unwrap_or(Limit::NONE), reads.unwrap_or(Limit::NONE));
        Some(Reads {
            access,
            reads,
            windows: Windows::new(access, reads, KEYS, LISTS),
        })
    }

    pub(crate) fn judge(&mut self, seen: &Seen<'_>, found: &mut Vec<Found>) {
        let (Some((hash, who)), true) = (seen.who(), seen.is(Class::ACCESS)) else {
            return;
        };
        let [all, reads] = self
            .windows
            .add(hash, seen.occurred(), seen.time(), seen.is(Class::READ));
        found.extend(seen.found(DATA_ACCESS, all, |count| {
            let reason = format!(
                "{count} accesses to data by one {} within {}",
                who.word(),
                self.access.words()
            );
            let finding = Finding::new(AlertType::DataAccess, reason).priority(Priority::High);
            self.access.said(finding).key(who.kind(), &seen.named(who))
        }));
        found.extend(seen.found(RAPID_READS, reads, |count| {
            let reason = format!("{count} reads by one {} within {}", who.word(), self.reads.words());
            let finding = Finding::new(AlertType::DataAccess, reason).priority(Priority::Medium);
            self.reads.said(finding).key(who.kind(), &seen.named(who))
        }));
    }

    pub(crate) fn tables(&self) -> [&Windows; 1] {
        [&self.windows]
    }
}
