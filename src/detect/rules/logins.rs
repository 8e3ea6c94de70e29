//! Failed logins, by user and by address; and the success behind them.

use crate::detect::seen::{Class, Found, Seen};
use crate::detect::watch::{FAILED_LOGINS, SUCCESS_AFTER_FAILURES, Watch};
use crate::detect::windows::{Limit, Windows};
use crate::detect::{AlertType, Finding, Priority};

/// Keys of each of the two tables: a failed login costs whoever floods a request.
const KEYS: usize = 1 << 19;
const LISTS: usize = 3 << 20;

#[derive(Debug)]
pub(crate) struct Logins {
    failed: Option<Limit>,
    after: Option<Limit>,
    users: Windows,
    addresses: Windows,
}

impl Logins {
    pub(crate) fn new(watch: &Watch) -> Option<Logins> {
        let (failed, after) = (watch.limit(FAILED_LOGINS), watch.limit(SUCCESS_AFTER_FAILURES));
        if failed.is_none() && after.is_none() {
            return None;
        }
        // No failure counts for the second limit: it keeps them for its span.
        let table = || Windows::new(failed.unwrap_or(Limit::NONE), after.unwrap_or(Limit::NONE), KEYS, LISTS);
        Some(Logins {
            failed,
            after,
            users: table(),
            addresses: table(),
        })
    }

    pub(crate) fn judge(&mut self, seen: &Seen<'_>, found: &mut Vec<Found>) {
        if seen.is(Class::FAILED) {
            let limit = self.failed.unwrap_or(Limit::NONE);
            if let Some(user) = seen.user_hash() {
                let [verdict, _] = self.users.add(user, seen.occurred(), seen.time(), false);
                found.extend(seen.found(FAILED_LOGINS, verdict, |count| {
                    of_failures(count, limit, "of one user").key("user", &seen.user())
                }));
            }
            if let Some(address) = seen.ip_hash() {
                let [verdict, _] = self.addresses.add(address, seen.occurred(), seen.time(), false);
                found.extend(seen.found(FAILED_LOGINS, verdict, |count| {
                    of_failures(count, limit, "from one address").key("ip", &seen.ip())
                }));
            }
        } else if let (Some(limit), true) = (self.after, seen.is(Class::LOGIN)) {
            let count = |windows: &Windows, hash: Option<u64>| {
                hash.map_or(0, |hash| windows.count(hash, seen.occurred(), limit.span))
            };
            let of_user = count(&self.users, seen.user_hash());
            let of_address = count(&self.addresses, seen.ip_hash());
            let failures = of_user.max(of_address);
            if failures >= limit.count {
                let words = match of_user >= of_address {
                    true => "of this user",
                    false => "from this address",
                };
                let reason = format!("a login behind {failures} failed ones {words} within {}", limit.words());
                let finding = Finding::new(AlertType::Authentication, reason)
                    .priority(Priority::Critical)
                    .window(limit.span);
                let finding = match of_user >= of_address {
                    true => finding.key("user", &seen.user()),
                    false => finding.key("ip", &seen.ip()),
                };
                found.push(seen.fresh(SUCCESS_AFTER_FAILURES, limit.said(finding)));
            }
        }
    }

    pub(crate) fn tables(&self) -> [&Windows; 2] {
        [&self.users, &self.addresses]
    }
}

fn of_failures(count: u32, limit: Limit, whose: &str) -> Finding {
    let reason = format!("{count} failed logins {whose} within {}", limit.words());
    limit.said(Finding::new(AlertType::Authentication, reason).priority(Priority::High))
}
