//! What is removed: many things in quick succession, or at an hour at which nobody should be there.

use crate::detect::hours::Hours;
use crate::detect::seen::{Class, Found, Seen};
use crate::detect::watch::{BULK_DELETES, OFF_HOURS_DELETES, Watch};
use crate::detect::windows::{Limit, Windows};
use crate::detect::{AlertType, Finding, Priority};

const KEYS: usize = 1 << 16;
const LISTS: usize = 1 << 20;

/// By user, or by address where nobody is named.
#[derive(Debug)]
pub(crate) struct Deletes {
    bulk: Option<(Limit, Windows)>,
    hours: Option<Hours>,
}

impl Deletes {
    pub(crate) fn new(watch: &Watch) -> Option<Deletes> {
        let bulk = watch.limit(BULK_DELETES);
        let hours = watch.hours();
        (bulk.is_some() || hours.is_some()).then(|| Deletes {
            bulk: bulk.map(|limit| (limit, Windows::new(limit, Limit::NONE, KEYS, LISTS))),
            hours,
        })
    }

    pub(crate) fn judge(&mut self, seen: &Seen<'_>, found: &mut Vec<Found>) {
        if !seen.is(Class::DELETE) {
            return;
        }
        let who = seen.who();
        if let (Some((limit, windows)), Some((hash, who))) = (&mut self.bulk, who) {
            let [verdict, _] = windows.add(hash, seen.occurred(), seen.time(), false);
            found.extend(seen.found(BULK_DELETES, verdict, |count| {
                let reason = format!("{count} deletions by one {} within {}", who.word(), limit.words());
                let finding = Finding::new(AlertType::Deletion, reason).priority(Priority::High);
                limit.said(finding).key(who.kind(), &seen.named(who))
            }));
        }
        if let Some(hours) = self.hours.filter(|hours| hours.include(seen.occurred())) {
            let finding = Finding::new(AlertType::Deletion, format!("a deletion between {}", hours.words()))
                .priority(Priority::Medium)
                .window(hours.length())
                .context("hours", hours.to_string());
            let finding = match who {
                Some((_, who)) => finding.key(who.kind(), &seen.named(who)),
                None => finding,
            };
            found.push(seen.fresh(OFF_HOURS_DELETES, finding));
        }
    }

    pub(crate) fn tables(&self) -> Option<&Windows> {
        self.bulk.as_ref().map(|(_, windows)| windows)
    }
}
