//! Requests and answers that are not what was agreed: each of them.

use crate::detect::seen::{Class, Found, Seen};
use crate::detect::watch::{CONTRACT_VIOLATIONS, Watch};
use crate::detect::{AlertType, Finding, Priority};

#[derive(Debug)]
pub(crate) struct Contract(());

impl Contract {
    pub(crate) fn new(watch: &Watch) -> Option<Contract> {
        watch.has(CONTRACT_VIOLATIONS).then_some(Contract(()))
    }

    pub(crate) fn judge(&self, seen: &Seen<'_>, found: &mut Vec<Found>) {
        if !seen.is(Class::CONTRACT) {
            return;
        }
        let finding = Finding::new(AlertType::Contract, "a contract was violated").priority(Priority::Critical);
        let record = seen.record();
        let finding = match record.field("route").or_else(|| record.field("path")) {
            Some(route) => finding.key("route", &route),
            None => finding.key("resource", &record.resource().unwrap_or_default()),
        };
        found.push(seen.fresh(CONTRACT_VIOLATIONS, finding));
    }
}
