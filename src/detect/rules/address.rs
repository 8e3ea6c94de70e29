//! An address of which several things were found.

use crate::detect::findings::{About, Charge, Findings};
use crate::detect::limit::Limit;
use crate::detect::seen::{Class, Seen, Who};
use crate::detect::watch::{SUSPICIOUS_IP, Watch};
use crate::detect::windows::Windows;
use crate::detect::{AlertType, Priority};

const KEYS: usize = 1 << 16;
const LISTS: usize = 1 << 20;

/// Counts what the other rules found anew, and what the program itself calls suspicious.
#[derive(Debug)]
pub(crate) struct Address {
    windows: Windows,
    charge: Charge,
}

impl Address {
    pub(crate) fn new(watch: &Watch) -> Option<Address> {
        let limit = watch.limit(SUSPICIOUS_IP)?;
        Some(Address {
            windows: Windows::new(limit, Limit::NONE, KEYS, LISTS),
            charge: Charge::new(SUSPICIOUS_IP, AlertType::Suspicious, Priority::High)
                .limit(limit, "findings about one address"),
        })
    }

    /// Behind all other rules.
    pub(crate) fn judge(&mut self, seen: &Seen<'_>, found: &mut Findings) {
        let anew = found.fresh() + usize::from(seen.is(Class::SUSPICIOUS));
        if anew == 0 {
            return;
        }
        let Some(hash) = seen.ip_hash() else { return };
        for _ in 0..anew {
            let [verdict, _] = self.windows.add(hash, seen.occurred(), seen.time(), false);
            found.verdict(seen, &self.charge, verdict, About::Who(Who::Ip));
        }
    }

    pub(crate) fn table(&self) -> &Windows {
        &self.windows
    }
}
