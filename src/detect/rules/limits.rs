//! Who runs into rate limits again and again.

use crate::detect::findings::{About, Charge, Findings};
use crate::detect::limit::Limit;
use crate::detect::seen::{Class, Seen};
use crate::detect::watch::{RATE_LIMITS, Watch};
use crate::detect::windows::Windows;
use crate::detect::{AlertType, Priority};

const KEYS: usize = 1 << 17;
const LISTS: usize = 1 << 20;

/// By address, or by user where there is none.
#[derive(Debug)]
pub(crate) struct Limits {
    windows: Windows,
    charge: Charge,
}

impl Limits {
    pub(crate) fn new(watch: &Watch) -> Option<Limits> {
        let limit = watch.limit(RATE_LIMITS)?;
        Some(Limits {
            windows: Windows::new(limit, Limit::NONE, KEYS, LISTS),
            charge: Charge::new(RATE_LIMITS, AlertType::RateLimit, Priority::Medium)
                .limit(limit, "hits of a rate limit"),
        })
    }

    pub(crate) fn judge(&mut self, seen: &Seen<'_>, found: &mut Findings) {
        if !seen.is(Class::LIMIT) {
            return;
        }
        let (hash, about) = match seen.from() {
            Some((hash, who)) => (hash, About::Who(who)),
            None => (0, About::Nobody),
        };
        let [verdict, _] = self.windows.add(hash, seen.occurred(), seen.time(), false);
        found.verdict(seen, &self.charge, verdict, about);
    }

    /// By what a record is looked up.
    #[inline]
    pub(crate) fn hash(&self, seen: &Seen<'_>) -> Option<u64> {
        seen.is(Class::LIMIT).then(|| seen.from())?.map(|(hash, _)| hash)
    }

    pub(crate) fn table(&self) -> &Windows {
        &self.windows
    }
}
