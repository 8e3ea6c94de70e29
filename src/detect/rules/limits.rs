//! Who runs into rate limits again and again.

use crate::detect::seen::{Class, Found, Seen};
use crate::detect::watch::{RATE_LIMITS, Watch};
use crate::detect::windows::{Limit, Windows};
use crate::detect::{AlertType, Finding, Priority};

const KEYS: usize = 1 << 16;
const LISTS: usize = 1 << 20;

/// By address, or by user where there is none.
#[derive(Debug)]
pub(crate) struct Limits {
    limit: Limit,
    windows: Windows,
}

impl Limits {
    pub(crate) fn new(watch: &Watch) -> Option<Limits> {
        let limit = watch.limit(RATE_LIMITS)?;
        Some(Limits {
            limit,
            windows: Windows::new(limit, Limit::NONE, KEYS, LISTS),
        })
    }

    pub(crate) fn judge(&mut self, seen: &Seen<'_>, found: &mut Vec<Found>) {
        if !seen.is(Class::LIMIT) {
            return;
        }
        let who = seen.from();
        let [verdict, _] = self
            .windows
            .add(who.map_or(0, |(hash, _)| hash), seen.occurred(), seen.time(), false);
        found.extend(seen.found(RATE_LIMITS, verdict, |count| {
            let reason = format!("{count} hits of a rate limit within {}", self.limit.words());
            let finding = self
                .limit
                .said(Finding::new(AlertType::RateLimit, reason).priority(Priority::Medium));
            match who {
                Some((_, who)) => finding.key(who.kind(), &seen.named(who)),
                None => finding,
            }
        }));
    }

    pub(crate) fn tables(&self) -> [&Windows; 1] {
        [&self.windows]
    }
}
