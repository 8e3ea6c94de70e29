//! How fast somebody reads, and how much of the data somebody touches at all.

use crate::detect::findings::{About, Charge, Findings};
use crate::detect::limit::Limit;
use crate::detect::seen::{Class, Seen, Who};
use crate::detect::watch::{DATA_ACCESS, RAPID_READS, Watch};
use crate::detect::windows::Windows;
use crate::detect::{AlertType, Priority};

const KEYS: usize = 1 << 18;
const LISTS: usize = 6 << 20;

/// By user, or by address where nobody is named.
#[derive(Debug)]
pub(crate) struct Reads {
    windows: Windows,
    access: [Charge; 2],
    reads: [Charge; 2],
}

impl Reads {
    pub(crate) fn new(watch: &Watch) -> Option<Reads> {
        let (access, reads) = (watch.limit(DATA_ACCESS), watch.limit(RAPID_READS));
        if access.is_none() && reads.is_none() {
            return None;
        }
        let (access, reads) = (access.unwrap_or(Limit::NONE), reads.unwrap_or(Limit::NONE));
        let charges = |rule, priority, limit, what| {
            Who::each(|who| {
                Charge::new(rule, AlertType::DataAccess, priority)
                    .limit(limit, &format!("{what} by one {}", who.word()))
            })
        };
        Some(Reads {
            windows: Windows::new(access, reads, KEYS, LISTS),
            access: charges(DATA_ACCESS, Priority::High, access, "accesses to data"),
            reads: charges(RAPID_READS, Priority::Medium, reads, "reads"),
        })
    }

    pub(crate) fn judge(&mut self, seen: &Seen<'_>, found: &mut Findings) {
        if !seen.is(Class::ACCESS) {
            return;
        }
        let Some((hash, who)) = seen.who() else { return };
        let [all, reads] = self
            .windows
            .add(hash, seen.occurred(), seen.time(), seen.is(Class::READ));
        found.verdict(seen, who.of(&self.access), all, About::Who(who));
        found.verdict(seen, who.of(&self.reads), reads, About::Who(who));
    }

    /// By what a record is looked up.
    #[inline]
    pub(crate) fn hash(&self, seen: &Seen<'_>) -> Option<u64> {
        seen.is(Class::ACCESS).then(|| seen.who())?.map(|(hash, _)| hash)
    }

    pub(crate) fn table(&self) -> &Windows {
        &self.windows
    }
}
