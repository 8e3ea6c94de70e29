//! What is removed: many things in quick succession, or at an hour at which nobody should be there.

use crate::detect::findings::{About, Charge, Context, Findings};
use crate::detect::hours::Hours;
use crate::detect::limit::Limit;
use crate::detect::seen::{Class, Seen, Who};
use crate::detect::watch::{BULK_DELETES, OFF_HOURS_DELETES, Watch};
use crate::detect::windows::Windows;
use crate::detect::{AlertType, Priority};

const KEYS: usize = 1 << 17;
const LISTS: usize = 1 << 20;

/// By user, or by address where nobody is named.
#[derive(Debug)]
pub(crate) struct Deletes {
    bulk: Option<(Windows, [Charge; 2])>,
    hours: Option<(Hours, Charge)>,
}

impl Deletes {
    pub(crate) fn new(watch: &Watch) -> Option<Deletes> {
        let bulk = |limit| {
            let charge = |who: Who| {
                Charge::new(BULK_DELETES, AlertType::Deletion, Priority::High)
                    .limit(limit, &format!("deletions by one {}", who.word()))
            };
            (Windows::new(limit, Limit::NONE, KEYS, LISTS), Who::each(charge))
        };
        let night = |hours: Hours| {
            let charge = Charge::new(OFF_HOURS_DELETES, AlertType::Deletion, Priority::Medium)
                .words(format!("a deletion between {}", hours.words()))
                .window(hours.length())
                .context(Context::Hours(hours));
            (hours, charge)
        };
        let deletes = Deletes {
            bulk: watch.limit(BULK_DELETES).map(bulk),
            hours: watch.hours().map(night),
        };
        (deletes.bulk.is_some() || deletes.hours.is_some()).then_some(deletes)
    }

    pub(crate) fn judge(&mut self, seen: &Seen<'_>, found: &mut Findings) {
        if !seen.is(Class::DELETE) {
            return;
        }
        self.count(seen, found);
        if let Some((hours, charge)) = &self.hours
            && hours.include(seen.occurred())
        {
            let about = seen.who().map_or(About::Nobody, |(_, who)| About::Who(who));
            found.fresh_of(seen, charge, about, |text| charge.said(text));
        }
    }

    /// Notes that there are so many, whatever the hour is.
    pub(crate) fn count(&mut self, seen: &Seen<'_>, found: &mut Findings) {
        if let (Some((windows, charges)), Some((hash, who))) = (&mut self.bulk, seen.who()) {
            let [verdict, _] = windows.add(hash, seen.occurred(), seen.time(), false);
            found.verdict(seen, who.of(charges), verdict, About::Who(who));
        }
    }

    /// By what a record is looked up.
    #[inline]
    pub(crate) fn hash(&self, seen: &Seen<'_>) -> Option<u64> {
        self.bulk.as_ref()?;
        seen.is(Class::DELETE).then(|| seen.who())?.map(|(hash, _)| hash)
    }

    pub(crate) fn table(&self) -> Option<&Windows> {
        self.bulk.as_ref().map(|(windows, _)| windows)
    }
}
