//! The one table of event types: name, category, default severity, OWASP name, meaning.

use std::fmt;

use crate::severity::Severity;

/// What kind of thing a record tells of. Groups event types in statistics and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Category {
    /// Logging in and out, sessions, tokens, second factors.
    Auth,
    /// Accounts and their roles.
    User,
    /// Reading and changing data.
    Data,
    /// Files.
    File,
    /// Execution of code.
    Code,
    /// Quotas.
    Quota,
    /// Administration.
    Admin,
    /// Denials, limits, incidents, vulnerabilities.
    Security,
    /// Requests to an interface.
    Api,
    /// The service itself.
    System,
    /// Alerts and what people did about them.
    Alert,
    /// The trail about itself.
    Audit,
    /// Types of your own that fit nowhere else.
    Custom,
}

impl Category {
    /// All categories.
    pub const ALL: [Category; 13] = [
        Category::Auth,
        Category::User,
        Category::Data,
        Category::File,
        Category::Code,
        Category::Quota,
        Category::Admin,
        Category::Security,
        Category::Api,
        Category::System,
        Category::Alert,
        Category::Audit,
        Category::Custom,
    ];

    /// The spelling in a record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Category::Auth => "auth",
            Category::User => "user",
            Category::Data => "data",
            Category::File => "file",
            Category::Code => "code",
            Category::Quota => "quota",
            Category::Admin => "admin",
            Category::Security => "security",
            Category::Api => "api",
            Category::System => "system",
            Category::Alert => "alert",
            Category::Audit => "audit",
            Category::Custom => "custom",
        }
    }

    /// Reads a category by its name; case does not matter.
    pub fn from_name(name: &str) -> Option<Category> {
        Category::ALL
            .into_iter()
            .find(|category| category.as_str().eq_ignore_ascii_case(name))
    }

    /// The category of an event name nobody declared, by its first word: `PAYMENT_REFUND` is custom,
    /// `AUTH_PASSKEY` is auth, `SESSION_PINNED` is auth.
    pub(crate) fn of_name(name: &str) -> Category {
        let prefix = name.split('_').next().unwrap_or_default();
        match Category::from_name(prefix) {
            // A name cannot claim to be the trail's own.
            Some(Category::Audit) | None if prefix.eq_ignore_ascii_case("session") => Category::Auth,
            Some(Category::Audit) | None => Category::Custom,
            Some(category) => category,
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What happened: a name, a category and a default severity.
///
/// The types of [`events`] cover what most services do. Your own are constants:
///
/// ```
/// use tracing_audit::{Category, EventType, Severity};
/// const REFUND: EventType = EventType::new("PAYMENT_REFUND", Category::Data, Severity::High);
/// assert_eq!(REFUND.name(), "PAYMENT_REFUND");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventType {
    name: &'static str,
    category: Category,
    severity: Severity,
    /// Position in the table, or `CUSTOM`.
    index: u16,
}

/// The index of every type that is not in the table.
const CUSTOM: u16 = u16::MAX;

impl EventType {
    /// A type of your own.
    ///
    /// # Panics
    /// When the name is not 1 to 64 characters of `A-Z`, `0-9` and `_`, or begins with `AUDIT_` or `ALERT_`, which
    /// the trail keeps for itself. In a constant this is a compile error.
    pub const fn new(name: &'static str, category: Category, severity: Severity) -> EventType {
        assert!(
            valid_name(name.as_bytes()),
            "an event name is 1 to 64 characters of A-Z, 0-9 and _"
        );
        assert!(
            !own_name(name.as_bytes()),
            "names that begin with AUDIT_ or ALERT_ are the trail's own"
        );
        EventType {
            name,
            category,
            severity,
            index: CUSTOM,
        }
    }

    /// The name in the record, such as `AUTH_LOGIN`.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The category in the record.
    pub const fn category(self) -> Category {
        self.category
    }

    /// The severity of a record that states none.
    pub const fn severity(self) -> Severity {
        self.severity
    }

    /// The name in the OWASP logging vocabulary. Names with the prefix `x_` are ours, in the same style, where the
    /// vocabulary has none; `None` for types of your own.
    pub fn owasp(self) -> Option<&'static str> {
        self.row().map(|row| row.owasp)
    }

    /// One line of meaning; `None` for types of your own.
    pub fn meaning(self) -> Option<&'static str> {
        self.row().map(|row| row.meaning)
    }

    /// Every type of the table, in its order.
    pub fn all() -> impl ExactSizeIterator<Item = EventType> {
        TABLE.iter().map(|row| row.event)
    }

    /// The type of the table with this name, or with one of the names that other systems use for it
    /// (`login_failed`, `permission_denied`, `data_modify`, ...). Case and `-`, `.`, `_` do not matter.
    pub fn from_name(name: &str) -> Option<EventType> {
        TABLE
            .iter()
            .find(|row| same_name(row.event.name, name))
            .map(|row| row.event)
            .or_else(|| {
                ALIASES
                    .iter()
                    .find(|(alias, _)| same_name(alias, name))
                    .map(|&(_, event)| event)
            })
    }

    /// Position in the table; `None` for types of your own.
    pub(crate) fn index(self) -> Option<u16> {
        (self.index != CUSTOM).then_some(self.index)
    }

    /// How many types the table has.
    pub(crate) const COUNT: usize = TABLE.len();

    /// The type at this position of the table.
    pub(crate) fn at(index: u16) -> Option<EventType> {
        TABLE.get(usize::from(index)).map(|row| row.event)
    }

    /// The types of the table, when compiled.
    #[expect(clippy::indexing_slicing, reason = "at compile time")]
    pub(crate) const fn table() -> [EventType; EventType::COUNT] {
        let mut types = [TABLE[0].event; EventType::COUNT];
        let mut at = 0;
        while at < types.len() {
            types[at] = TABLE[at].event;
            at += 1;
        }
        types
    }

    fn row(self) -> Option<&'static Row> {
        self.index().and_then(|index| TABLE.get(usize::from(index)))
    }
}

impl fmt::Debug for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventType({}, {}, {})", self.name, self.category, self.severity)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

/// The type of a record whose own name may not stand in it, or that has none.
pub(crate) const UNDECLARED: EventType = EventType::new("CUSTOM", Category::Custom, Severity::Medium);

/// Whether a name may stand in a record as it is: 1 to 64 characters of `A-Z`, `0-9` and `_`.
pub(crate) const fn valid_name(name: &[u8]) -> bool {
    if name.is_empty() || name.len() > 64 {
        return false;
    }
    let mut rest = name;
    while let [first, tail @ ..] = rest {
        if !(first.is_ascii_uppercase() || first.is_ascii_digit() || *first == b'_') {
            return false;
        }
        rest = tail;
    }
    true
}

/// Whether a name is one that only the trail itself may write.
pub(crate) const fn own_name(name: &[u8]) -> bool {
    matches!(
        name,
        [b'A', b'U', b'D', b'I', b'T', b'_', ..] | [b'A', b'L', b'E', b'R', b'T', b'_', ..]
    )
}

fn same_name(known: &str, given: &str) -> bool {
    known.len() == given.len()
        && known.bytes().zip(given.bytes()).all(|(known, given)| match given {
            b'-' | b'.' | b'_' => known == b'_',
            letter => known == letter.to_ascii_uppercase(),
        })
}

struct Row {
    event: EventType,
    owasp: &'static str,
    meaning: &'static str,
}

macro_rules! table {
    ($($name:ident $category:ident $severity:ident $owasp:literal $meaning:literal;)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "one variant a name, only for its position")]
        #[repr(u16)]
        enum Position { $($name,)* }

        const TABLE: &[Row] = &[$(Row { event: events::$name, owasp: $owasp, meaning: $meaning },)*];

        /// The event types every trail knows.
        pub mod events {
            use super::{Category, EventType, Position, Severity};

            $(
                #[doc = $meaning]
                #[doc = ""]
                #[doc = concat!("Category `", stringify!($category), "`, severity `", stringify!($severity), "`, OWASP `", $owasp, "`.")]
                pub const $name: EventType = EventType {
                    name: stringify!($name),
                    category: Category::$category,
                    severity: Severity::$severity,
                    index: Position::$name as u16,
                };
            )*
        }
    };
}

table! {
    AUTH_LOGIN Auth Low "authn_login_success" "Someone logged in; with a failure outcome it counts as a failed login.";
    AUTH_LOGOUT Auth Low "session_expired" "Someone logged out.";
    AUTH_FAILED Auth Medium "authn_login_fail" "A login failed.";
    AUTH_LOCKED Auth High "authn_login_lock" "An account was locked.";
    AUTH_TOKEN_REFRESH Auth Low "session_renewed" "A token or session was renewed.";
    AUTH_TOKEN_VALIDATION Auth Low "x_authn_token_validation" "A token was checked.";
    AUTH_PASSWORD_CHANGE Auth Medium "authn_password_change" "A password was changed.";
    AUTH_2FA_ENABLE Auth Medium "x_authn_mfa_enabled" "A second factor was switched on.";
    AUTH_2FA_DISABLE Auth High "x_authn_mfa_disabled" "A second factor was switched off.";
    AUTH_AGENT Auth Low "x_authn_agent" "A program acting for someone identified itself.";
    SESSION_START Auth Low "session_created" "A session began.";
    SESSION_END Auth Low "session_expired" "A session ended.";
    USER_CREATE User Medium "user_created" "An account was made.";
    USER_UPDATE User Medium "user_updated" "An account was changed.";
    USER_DELETE User High "user_deleted" "An account was deleted.";
    USER_ROLE_CHANGE User High "authz_change" "Someone's role or rights were changed.";
    USER_SUSPEND User High "authn_login_lock" "An account was suspended.";
    USER_ACTIVATE User Medium "x_user_activated" "An account was activated or unlocked.";
    DATA_READ Data Low "sensitive_read" "Data were read.";
    DATA_CREATE Data Low "sensitive_create" "Data were made.";
    DATA_UPDATE Data Medium "sensitive_update" "Data were changed.";
    DATA_DELETE Data High "sensitive_delete" "Data were deleted.";
    DATA_EXPORT Data Medium "x_data_export" "Data left the system.";
    DATA_CONSENT Data Medium "x_data_consent" "A consent was given or taken back.";
    DATA_VALIDATION Data Low "input_validation_fail" "Input was validated; the name fits when it failed.";
    DATA_SANITIZATION Data Low "x_data_sanitization" "Input was sanitized.";
    FILE_READ File Low "x_file_read" "A file was read.";
    FILE_WRITE File Low "x_file_write" "A file was written.";
    FILE_DELETE File Medium "upload_delete" "A file was deleted.";
    FILE_UPLOAD File Low "upload_complete" "A file was uploaded.";
    CODE_EXECUTE Code Medium "x_code_execute" "Code was executed for someone.";
    QUOTA_EXCEEDED Quota Medium "x_quota_exceeded" "A quota was used up.";
    ADMIN_ACTION Admin Medium "authz_admin" "An administrator acted.";
    ADMIN_OVERRIDE Admin High "authz_admin" "An administrator set a rule aside.";
    SECURITY_PERMISSION_DENIED Security Medium "authz_fail" "Someone was refused for lack of rights.";
    SECURITY_ACCESS_VALIDATION Security Low "x_authz_check" "An access was checked.";
    SECURITY_RATE_LIMIT Security Medium "excess_rate_limit_exceeded" "Someone came too often.";
    SECURITY_SUSPICIOUS_ACTIVITY Security High "malicious_extraneous" "Something looks like an attack.";
    SECURITY_API_KEY_USED Security Low "x_authn_api_key_used" "An API key was used.";
    SECURITY_CONTRACT_VALIDATION Security Low "input_validation_fail" "A request was checked against its contract; the name fits when it failed.";
    SECURITY_VULNERABILITY Security High "x_vulnerability_found" "A vulnerability was found.";
    SECURITY_PATCH Security Medium "x_patch_applied" "A patch or an updated dependency was put in.";
    SECURITY_INCIDENT Security Critical "x_security_incident" "A security incident.";
    API_REQUEST Api Low "x_api_request" "A request was served.";
    API_ERROR Api Medium "x_api_error" "A request failed in the service.";
    SYSTEM_START System Medium "sys_startup" "The service started.";
    SYSTEM_STOP System Medium "sys_shutdown" "The service stopped.";
    SYSTEM_ERROR System High "sys_crash" "The service failed at something.";
    SYSTEM_WARNING System Medium "x_sys_warning" "The service warns of something.";
    SYSTEM_CONFIG_CHANGE System High "authz_admin" "A setting was changed.";
    SYSTEM_BACKUP System Low "x_sys_backup" "A backup was made.";
    ALERT_RAISED Alert High "x_alert_raised" "A rule raised an alert.";
    ALERT_ACKNOWLEDGED Alert Medium "x_alert_acknowledged" "Someone took an alert on.";
    ALERT_RESOLVED Alert Medium "x_alert_resolved" "An alert was resolved.";
    AUDIT_START Audit Medium "sys_monitor_enabled" "The trail started.";
    AUDIT_STOP Audit Medium "sys_monitor_disabled" "The trail ended, cleanly.";
    AUDIT_ROTATE Audit Low "x_audit_rotate" "The trail went on in a new file.";
    AUDIT_CHECKPOINT Audit Low "x_audit_checkpoint" "A point that is known to be on the disk.";
    AUDIT_GAP Audit High "x_audit_gap" "Records were lost, and how many.";
    AUDIT_RECOVER Audit High "sys_crash" "The run before ended uncleanly, and what was found.";
    AUDIT_PRUNE Audit Medium "x_audit_prune" "Files past their retention were removed.";
    AUDIT_ERASE Audit High "x_audit_erase" "Records were erased, leaving their leaves.";
    AUDIT_HOLD Audit High "x_audit_hold" "A legal hold began or ended.";
    AUDIT_CONFIG Audit Medium "x_audit_config" "The settings in force, and where they come from.";
    AUDIT_READ Audit Low "x_audit_read" "Someone read the trail.";
    AUDIT_EXPORT Audit Medium "x_audit_export" "Someone exported the trail.";
    AUDIT_TAMPER_SUSPECTED Audit Critical "x_audit_tamper_suspected" "The files are not as the trail left them.";
    AUDIT_DISK Audit High "x_audit_disk" "The disk has little room left, or enough again.";
    AUDIT_CLOCK_STEP Audit Medium "x_audit_clock_step" "The wall clock jumped.";
    AUDIT_KEY Audit Medium "x_audit_key" "A key was made, changed or found missing.";
}

/// Names that other systems use, in the spelling of the table.
static ALIASES: &[(&str, EventType)] = &[
    ("LOGIN", events::AUTH_LOGIN),
    ("LOGIN_SUCCESS", events::AUTH_LOGIN),
    ("LOGOUT", events::AUTH_LOGOUT),
    ("LOGIN_FAILED", events::AUTH_FAILED),
    ("LOGIN_FAILURE", events::AUTH_FAILED),
    ("AUTH_LOGIN_FAILED", events::AUTH_FAILED),
    ("AUTH_FAILURE", events::AUTH_FAILED),
    ("AUTH_LOCKOUT", events::AUTH_LOCKED),
    ("ACCOUNT_LOCKED", events::AUTH_LOCKED),
    ("TOKEN_REFRESH", events::AUTH_TOKEN_REFRESH),
    ("TOKEN_VALIDATION", events::AUTH_TOKEN_VALIDATION),
    ("PASSWORD_CHANGE", events::AUTH_PASSWORD_CHANGE),
    ("PASSWORD_CHANGED", events::AUTH_PASSWORD_CHANGE),
    ("AUTH_MFA_ENABLE", events::AUTH_2FA_ENABLE),
    ("AUTH_MFA_DISABLE", events::AUTH_2FA_DISABLE),
    ("AGENT_AUTH", events::AUTH_AGENT),
    ("SESSION_CREATED", events::SESSION_START),
    ("SESSION_ENDED", events::SESSION_END),
    ("USER_CREATED", events::USER_CREATE),
    ("USER_UPDATED", events::USER_UPDATE),
    ("USER_DELETED", events::USER_DELETE),
    ("ROLE_CHANGE", events::USER_ROLE_CHANGE),
    ("USER_SUSPENDED", events::USER_SUSPEND),
    ("USER_ACTIVATED", events::USER_ACTIVATE),
    ("DATA_ACCESS", events::DATA_READ),
    ("DATA_MODIFY", events::DATA_UPDATE),
    ("DATA_MODIFIED", events::DATA_UPDATE),
    ("DATA_CREATED", events::DATA_CREATE),
    ("DATA_DELETED", events::DATA_DELETE),
    ("CODE_EXECUTION", events::CODE_EXECUTE),
    ("PERMISSION_DENIED", events::SECURITY_PERMISSION_DENIED),
    ("ACCESS_DENIED", events::SECURITY_PERMISSION_DENIED),
    ("ACCESS_VALIDATION", events::SECURITY_ACCESS_VALIDATION),
    ("RATE_LIMIT", events::SECURITY_RATE_LIMIT),
    ("RATE_LIMIT_EXCEEDED", events::SECURITY_RATE_LIMIT),
    ("SUSPICIOUS_ACTIVITY", events::SECURITY_SUSPICIOUS_ACTIVITY),
    ("API_KEY_USED", events::SECURITY_API_KEY_USED),
    ("CONTRACT_VALIDATION", events::SECURITY_CONTRACT_VALIDATION),
    ("API_REQUEST_ERROR", events::API_ERROR),
    ("SYSTEM_STARTUP", events::SYSTEM_START),
    ("SYSTEM_SHUTDOWN", events::SYSTEM_STOP),
    ("CONFIG_CHANGE", events::SYSTEM_CONFIG_CHANGE),
    ("BACKUP", events::SYSTEM_BACKUP),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_stands_at_its_own_place_and_reads_back_from_its_name() {
        for (place, event) in EventType::all().enumerate() {
            assert_eq!(event.index(), Some(place as u16));
            assert_eq!(EventType::from_name(event.name()), Some(event));
            assert_eq!(
                EventType::from_name(&event.name().to_lowercase().replace('_', "-")),
                Some(event)
            );
            assert!(valid_name(event.name().as_bytes()));
            assert!(event.owasp().is_some() && event.meaning().is_some());
            assert_eq!(
                own_name(event.name().as_bytes()),
                matches!(event.category(), Category::Audit | Category::Alert)
            );
        }
        assert_eq!(EventType::all().len(), 70);
    }

    #[test]
    fn an_alias_never_hides_a_type_of_the_table() {
        for (alias, event) in ALIASES {
            assert!(TABLE.iter().all(|row| row.event.name != *alias), "{alias}");
            assert_eq!(EventType::from_name(alias), Some(*event));
        }
    }

    #[test]
    fn an_undeclared_name_gets_its_category_from_its_first_word() {
        assert_eq!(Category::of_name("AUTH_PASSKEY"), Category::Auth);
        assert_eq!(Category::of_name("SESSION_PINNED"), Category::Auth);
        assert_eq!(Category::of_name("PAYMENT_REFUND"), Category::Custom);
        assert_eq!(Category::of_name("AUDIT_STOP_NOW"), Category::Custom);
    }
}
