//! An address of which several things were found.

use crate::detect::seen::{Class, Found, Seen};
use crate::detect::watch::{SUSPICIOUS_IP, Watch};
use crate::detect::windows::{Limit, Windows};
use crate::detect::{AlertType, Finding, Priority};

const KEYS: usize = 1 << 16;
const LISTS: usize = 1 << 20;

/// Counts what the other rules found anew, and what the program itself calls suspicious.
#[derive(Debug)]
pub(crate) struct Address {
    limit: Limit,
    windows: Windows,
}

impl Address {
    pub(crate) fn new(watch: &Watch) -> Option<Address> {
        let limit = watch.limit(SUSPICIOUS_IP)?;
        Some(Address {
            limit,
            windows: Windows::new(limit, Limit::NONE, KEYS, LISTS),
        })
    }

    /// Behind all other rules.
    pub(crate) fn judge(&mut self, seen: &Seen<'_>, found: &mut Vec<Found>) {
        let anew = found.iter().filter(|found| found.fresh).count() + usize::from(seen.is(Class::SUSPICIOUS));
        let (Some(hash), 1..) = (seen.ip_hash(), anew) else {
            return;
        };
        for _ in 0..anew {
            let [verdict, _] = self.windows.add(hash, seen.occurred(), seen.time(), false);
            found.extend(seen.found(SUSPICIOUS_IP, verdict, |count| {
                let reason = format!("{count} findings about one address within {}", self.limit.words());
                let finding = Finding::new(AlertType::Suspicious, reason).priority(Priority::High);
                self.limit.said(finding).key("ip", &seen.ip())
            }));
        }
    }

    pub(crate) fn tables(&self) -> [&Windows; 1] {
        [&self.windows]
    }
}
