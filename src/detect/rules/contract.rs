//! Requests and answers that are not what was agreed: each of them.

use crate::detect::findings::{About, Charge, Findings};
use crate::detect::seen::{Class, Seen};
use crate::detect::watch::{CONTRACT_VIOLATIONS, Watch};
use crate::detect::{AlertType, Priority};

#[derive(Debug)]
pub(crate) struct Contract(Charge);

impl Contract {
    pub(crate) fn new(watch: &Watch) -> Option<Contract> {
        let charge = || {
            Charge::new(CONTRACT_VIOLATIONS, AlertType::Contract, Priority::Critical).words("a contract was violated")
        };
        watch.has(CONTRACT_VIOLATIONS).then(|| Contract(charge()))
    }

    pub(crate) fn judge(&self, seen: &Seen<'_>, found: &mut Findings) {
        if !seen.is(Class::CONTRACT) {
            return;
        }
        let (Contract(charge), record) = (self, seen.record());
        let (kind, key) = match record.field("route").or_else(|| record.field("path")) {
            Some(route) => ("route", route),
            None => ("resource", record.resource().unwrap_or_default()),
        };
        found.fresh_of(seen, charge, About::Named(kind, &key), |text| charge.said(text));
    }
}
