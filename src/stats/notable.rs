//! Records that somebody should look at, and what administrators did.

use crate::event::Category;
use crate::record::Record;

/// Beside what a rule flagged.
const SUSPICIOUS: [&str; 6] = [
    "SECURITY_SUSPICIOUS_ACTIVITY",
    "SECURITY_INCIDENT",
    "AUTH_LOCKED",
    "ALERT_RAISED",
    "AUDIT_TAMPER_SUSPECTED",
    "AUDIT_GAP",
];

/// Beside the category `admin`.
const ADMIN: [&str; 8] = [
    "USER_ROLE_CHANGE",
    "USER_SUSPEND",
    "USER_ACTIVATE",
    "SYSTEM_CONFIG_CHANGE",
    "AUDIT_CONFIG",
    "AUDIT_ERASE",
    "AUDIT_HOLD",
    "AUDIT_KEY",
];

/// The records that somebody should look at: what a rule flagged, and, flagged or not, `SECURITY_SUSPICIOUS_ACTIVITY`,
/// `SECURITY_INCIDENT`, `AUTH_LOCKED`, `ALERT_RAISED`, `AUDIT_TAMPER_SUSPECTED` and `AUDIT_GAP`.
///
/// Single denials, failed logins and rate limits are not among them: they are what a rule counts before it flags one.
///
/// # Examples
/// ```no_run
/// let records = tracing_audit::read("logs")?.filter_map(|record| record.inspect_err(|damage| eprintln!("{damage}")).ok());
/// for record in tracing_audit::suspicious(records) {
///     println!("{record}");
/// }
/// # Ok::<(), tracing_audit::Error>(())
/// ```
pub fn suspicious(records: impl IntoIterator<Item = Record>) -> impl Iterator<Item = Record> {
    let wanted = |record: &Record| record.flagged() || SUSPICIOUS.contains(&record.event());
    records.into_iter().filter(wanted)
}

/// What was done with an administrator's rights: the category `admin` (`ADMIN_ACTION`, `ADMIN_OVERRIDE` and types of your own),
/// `USER_ROLE_CHANGE`, `USER_SUSPEND`, `USER_ACTIVATE`, `SYSTEM_CONFIG_CHANGE`, and of the trail's own records those that tell
/// what was done to the trail: `AUDIT_CONFIG`, `AUDIT_ERASE`, `AUDIT_HOLD` and `AUDIT_KEY`.
///
/// `USER_CREATE`, `USER_UPDATE` and `USER_DELETE` are not among them, for users do these to their own accounts.
pub fn admin_actions(records: impl IntoIterator<Item = Record>) -> impl Iterator<Item = Record> {
    let wanted = |record: &Record| record.category() == Category::Admin || ADMIN.contains(&record.event());
    records.into_iter().filter(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventType;

    /// A name that is misspelled would never be found.
    #[test]
    fn every_name_in_the_lists_is_one_of_the_table_and_of_the_documents() {
        let source = include_str!("notable.rs");
        for name in SUSPICIOUS.iter().chain(&ADMIN) {
            assert_eq!(EventType::from_name(name).map(EventType::name), Some(*name));
            let documented = source.lines().filter(|line| line.starts_with("///"));
            assert!(
                documented.clone().any(|line| line.contains(&format!("`{name}`"))),
                "{name}"
            );
        }
    }
}
