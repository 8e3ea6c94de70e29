//! Failed logins, by user and by address; and the success behind them.

use crate::detect::findings::{About, Charge, Findings};
use crate::detect::limit::Limit;
use crate::detect::seen::{Class, Seen, Who};
use crate::detect::watch::{FAILED_LOGINS, SUCCESS_AFTER_FAILURES, Watch};
use crate::detect::windows::Windows;
use crate::detect::{AlertType, Priority};

/// Keys of each of the two tables: a failed login costs whoever floods a request.
const KEYS: usize = 1 << 19;
const LISTS: usize = 3 << 20;

#[derive(Debug)]
pub(crate) struct Logins {
    users: Windows,
    addresses: Windows,
    failed: [Charge; 2],
    after: Option<(Limit, [Charge; 2])>,
}

impl Logins {
    pub(crate) fn new(watch: &Watch) -> Option<Logins> {
        let (failed, after) = (watch.limit(FAILED_LOGINS), watch.limit(SUCCESS_AFTER_FAILURES));
        if failed.is_none() && after.is_none() {
            return None;
        }
        let failed = failed.unwrap_or(Limit::NONE);
        // No failure counts for the second limit: it keeps them for its span.
        let table = || Windows::new(failed, after.unwrap_or(Limit::NONE), KEYS, LISTS);
        let success = |limit: Limit| {
            let charge = |who| {
                let whose = match who {
                    Who::User => "of this user",
                    Who::Ip => "from this address",
                };
                Charge::new(SUCCESS_AFTER_FAILURES, AlertType::Authentication, Priority::Critical)
                    .limit(limit, "")
                    .around(
                        "a login behind ",
                        format!(" failed ones {whose} within {}", limit.words()),
                    )
            };
            (limit, Who::each(charge))
        };
        Some(Logins {
            users: table(),
            addresses: table(),
            failed: Who::each(|who| {
                let what = match who {
                    Who::User => "failed logins of one user",
                    Who::Ip => "failed logins from one address",
                };
                Charge::new(FAILED_LOGINS, AlertType::Authentication, Priority::High).limit(failed, what)
            }),
            after: after.map(success),
        })
    }

    pub(crate) fn judge(&mut self, seen: &Seen<'_>, found: &mut Findings) {
        if seen.is(Class::FAILED) {
            let by = [
                (&mut self.users, seen.user_hash(), Who::User),
                (&mut self.addresses, seen.ip_hash(), Who::Ip),
            ];
            for (windows, hash, who) in by {
                let Some(hash) = hash else { continue };
                let [verdict, _] = windows.add(hash, seen.occurred(), seen.time(), false);
                found.verdict(seen, who.of(&self.failed), verdict, About::Who(who));
            }
        } else if let (Some((limit, charges)), true) = (&self.after, seen.is(Class::LOGIN)) {
            let count = |windows: &Windows, hash: Option<u64>| {
                hash.map_or(0, |hash| windows.count(hash, seen.occurred(), seen.time(), limit.span))
            };
            let of_user = count(&self.users, seen.user_hash()).max(count(&self.users, seen.name_hash()));
            let of_address = count(&self.addresses, seen.ip_hash());
            let failures = of_user.max(of_address);
            if failures >= limit.count {
                let who = if of_user >= of_address { Who::User } else { Who::Ip };
                let charge = who.of(charges);
                found.fresh_of(seen, charge, About::Who(who), |text| charge.say(failures, text));
            }
        }
    }

    /// By what a record is looked up.
    #[inline]
    pub(crate) fn hashes(&self, seen: &Seen<'_>) -> (Option<u64>, Option<u64>) {
        match seen.is(Class::FAILED) || (seen.is(Class::LOGIN) && self.after.is_some()) {
            true => (seen.user_hash(), seen.ip_hash()),
            false => (None, None),
        }
    }

    pub(crate) fn tables(&self) -> [&Windows; 2] {
        [&self.users, &self.addresses]
    }
}
