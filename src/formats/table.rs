//! The one table of what an event type is in ECS and in OCSF. docs/MAPPINGS.md is generated from it.

use crate::event::{Category, EventType, events};
use crate::formats::ocsf::class::{self, Activity, Class};
use crate::record::Record;

/// What an event is elsewhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mapping {
    pub(super) ecs: Ecs,
    pub(super) ocsf: (&'static Class, Activity),
}

/// `event.kind`, `event.category` and `event.type`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ecs {
    pub(super) kind: &'static str,
    pub(super) categories: &'static [&'static str],
    pub(super) types: &'static [&'static str],
}

/// What a record is elsewhere: by its type, or by its category where the type is nobody's.
pub(super) fn of(record: &Record) -> Mapping {
    record
        .event_type()
        .and_then(of_type)
        .unwrap_or_else(|| of_category(record.head.category))
}

pub(super) fn of_type(event: EventType) -> Option<Mapping> {
    TABLE
        .iter()
        .find(|(known, _)| *known == event)
        .map(|(_, mapping)| *mapping)
}

const fn ecs(categories: &'static [&'static str], types: &'static [&'static str]) -> Ecs {
    Ecs {
        kind: "event",
        categories,
        types,
    }
}

const fn alert(categories: &'static [&'static str], types: &'static [&'static str]) -> Ecs {
    Ecs {
        kind: "alert",
        categories,
        types,
    }
}

/// An activity of the class, by its number and caption in the schema.
const fn known(class: &'static Class, id: u16, name: &'static str) -> (&'static Class, Activity) {
    (class, Activity::Known(id, name))
}

/// One that the class has no number for.
const fn other(class: &'static Class, name: &'static str) -> (&'static Class, Activity) {
    (class, Activity::Known(99, name))
}

const fn by_method(class: &'static Class) -> (&'static Class, Activity) {
    (class, Activity::ByMethod)
}

const AUTH: &[&str] = &["authentication"];
const SESSION: &[&str] = &["session"];
const IAM: &[&str] = &["iam"];
const API: &[&str] = &["api"];
const FILE: &[&str] = &["file"];
const CONFIG: &[&str] = &["configuration"];
const ATTACK: &[&str] = &["intrusion_detection"];
const NONE: &[&str] = &[];
const INFO: &[&str] = &["info"];
const USER_CHANGE: &[&str] = &["user", "change"];

/// What a type of somebody's own is, as far as its category says.
pub(super) fn of_category(category: Category) -> Mapping {
    let (ecs, ocsf) = match category {
        Category::Auth => (ecs(AUTH, INFO), other(&class::AUTHENTICATION, "")),
        Category::User => (ecs(IAM, &["user", "info"]), other(&class::ENTITY_MANAGEMENT, "")),
        Category::Data | Category::Quota | Category::Security => (ecs(API, INFO), other(&class::API_ACTIVITY, "")),
        Category::File => (ecs(FILE, INFO), other(&class::FILE_ACTIVITY, "")),
        Category::Code => (ecs(&["process"], INFO), other(&class::API_ACTIVITY, "")),
        Category::Admin => (ecs(API, &["admin"]), other(&class::API_ACTIVITY, "")),
        Category::Api => (ecs(API, INFO), by_method(&class::HTTP_ACTIVITY)),
        Category::System => (ecs(NONE, INFO), other(&class::APPLICATION_LIFECYCLE, "")),
        Category::Alert => (alert(ATTACK, INFO), other(&class::DETECTION_FINDING, "")),
        Category::Audit => (ecs(NONE, INFO), other(&class::EVENT_LOG, "")),
        Category::Custom => (ecs(NONE, INFO), other(&class::BASE_EVENT, "")),
    };
    Mapping { ecs, ocsf }
}

macro_rules! table {
    ($($name:ident $ecs:expr, $ocsf:expr;)*) => {
        static TABLE: &[(EventType, Mapping)] = &[$((events::$name, Mapping { ecs: $ecs, ocsf: $ocsf }),)*];
    };
}

table! {
    AUTH_LOGIN ecs(AUTH, &["start"]), known(&class::AUTHENTICATION, 1, "Logon");
    AUTH_LOGOUT ecs(&["authentication", "session"], &["end"]), known(&class::AUTHENTICATION, 2, "Logoff");
    AUTH_FAILED ecs(AUTH, &["start"]), known(&class::AUTHENTICATION, 1, "Logon");
    AUTH_LOCKED ecs(IAM, USER_CHANGE), known(&class::ACCOUNT_CHANGE, 9, "Lock");
    AUTH_TOKEN_REFRESH ecs(SESSION, INFO), known(&class::AUTHENTICATION, 5, "Service Ticket Renew");
    AUTH_TOKEN_VALIDATION ecs(AUTH, INFO), other(&class::AUTHENTICATION, "Token Validation");
    AUTH_PASSWORD_CHANGE ecs(IAM, USER_CHANGE), known(&class::ACCOUNT_CHANGE, 3, "Password Change");
    AUTH_2FA_ENABLE ecs(IAM, USER_CHANGE), known(&class::ACCOUNT_CHANGE, 10, "MFA Factor Enable");
    AUTH_2FA_DISABLE ecs(IAM, USER_CHANGE), known(&class::ACCOUNT_CHANGE, 11, "MFA Factor Disable");
    AUTH_AGENT ecs(AUTH, INFO), other(&class::AUTHENTICATION, "Agent");
    SESSION_START ecs(SESSION, &["start"]), other(&class::AUTHENTICATION, "Session Start");
    SESSION_END ecs(SESSION, &["end"]), other(&class::AUTHENTICATION, "Session End");
    USER_CREATE ecs(IAM, &["user", "creation"]), known(&class::ACCOUNT_CHANGE, 1, "Create");
    USER_UPDATE ecs(IAM, USER_CHANGE), known(&class::ENTITY_MANAGEMENT, 3, "Update");
    USER_DELETE ecs(IAM, &["user", "deletion"]), known(&class::ACCOUNT_CHANGE, 6, "Delete");
    USER_ROLE_CHANGE ecs(IAM, USER_CHANGE), other(&class::ACCOUNT_CHANGE, "Role Change");
    USER_SUSPEND ecs(IAM, USER_CHANGE), known(&class::ACCOUNT_CHANGE, 5, "Disable");
    USER_ACTIVATE ecs(IAM, USER_CHANGE), known(&class::ACCOUNT_CHANGE, 2, "Enable");
    DATA_READ ecs(API, &["access"]), known(&class::API_ACTIVITY, 2, "Read");
    DATA_CREATE ecs(API, &["creation"]), known(&class::API_ACTIVITY, 1, "Create");
    DATA_UPDATE ecs(API, &["change"]), known(&class::API_ACTIVITY, 3, "Update");
    DATA_DELETE ecs(API, &["deletion"]), known(&class::API_ACTIVITY, 4, "Delete");
    DATA_EXPORT ecs(API, &["access"]), known(&class::WEB_RESOURCES, 7, "Export");
    DATA_CONSENT ecs(API, &["change"]), other(&class::API_ACTIVITY, "Consent");
    DATA_VALIDATION ecs(API, INFO), other(&class::API_ACTIVITY, "Input Validation");
    DATA_SANITIZATION ecs(API, INFO), other(&class::API_ACTIVITY, "Input Sanitization");
    FILE_READ ecs(FILE, &["access"]), known(&class::FILE_ACTIVITY, 2, "Read");
    FILE_WRITE ecs(FILE, &["change"]), known(&class::FILE_ACTIVITY, 3, "Update");
    FILE_DELETE ecs(FILE, &["deletion"]), known(&class::FILE_ACTIVITY, 4, "Delete");
    FILE_UPLOAD ecs(FILE, &["creation"]), known(&class::FILE_HOSTING, 1, "Upload");
    CODE_EXECUTE ecs(&["process"], &["start"]), other(&class::API_ACTIVITY, "Code Execution");
    QUOTA_EXCEEDED ecs(API, INFO), other(&class::API_ACTIVITY, "Quota Exceeded");
    ADMIN_ACTION ecs(API, &["admin"]), other(&class::API_ACTIVITY, "Administration");
    ADMIN_OVERRIDE ecs(API, &["admin"]), other(&class::API_ACTIVITY, "Override");
    SECURITY_PERMISSION_DENIED ecs(API, &["denied"]), by_method(&class::API_ACTIVITY);
    SECURITY_ACCESS_VALIDATION ecs(API, INFO), other(&class::API_ACTIVITY, "Access Validation");
    SECURITY_RATE_LIMIT ecs(API, &["denied"]), by_method(&class::API_ACTIVITY);
    SECURITY_SUSPICIOUS_ACTIVITY alert(ATTACK, INFO), known(&class::DETECTION_FINDING, 1, "Create");
    SECURITY_API_KEY_USED ecs(AUTH, INFO), by_method(&class::API_ACTIVITY);
    SECURITY_CONTRACT_VALIDATION ecs(API, INFO), other(&class::API_ACTIVITY, "Contract Validation");
    SECURITY_VULNERABILITY ecs(&["vulnerability"], INFO), known(&class::DETECTION_FINDING, 1, "Create");
    SECURITY_PATCH ecs(&["package"], &["change"]), known(&class::APPLICATION_LIFECYCLE, 8, "Update");
    SECURITY_INCIDENT alert(ATTACK, INFO), known(&class::DETECTION_FINDING, 1, "Create");
    API_REQUEST ecs(&["web"], &["access"]), by_method(&class::HTTP_ACTIVITY);
    API_ERROR ecs(&["web"], &["error"]), by_method(&class::HTTP_ACTIVITY);
    SYSTEM_START ecs(&["process"], &["start"]), known(&class::APPLICATION_LIFECYCLE, 3, "Start");
    SYSTEM_STOP ecs(&["process"], &["end"]), known(&class::APPLICATION_LIFECYCLE, 4, "Stop");
    SYSTEM_ERROR ecs(NONE, &["error"]), known(&class::APPLICATION_ERROR, 1, "General Error");
    SYSTEM_WARNING ecs(NONE, INFO), other(&class::APPLICATION_ERROR, "Warning");
    SYSTEM_CONFIG_CHANGE ecs(CONFIG, &["change"]), known(&class::ENTITY_MANAGEMENT, 3, "Update");
    SYSTEM_BACKUP ecs(NONE, INFO), other(&class::APPLICATION_LIFECYCLE, "Backup");
    ALERT_RAISED alert(ATTACK, INFO), known(&class::DETECTION_FINDING, 1, "Create");
    ALERT_ACKNOWLEDGED ecs(ATTACK, INFO), known(&class::DETECTION_FINDING, 2, "Update");
    ALERT_RESOLVED ecs(ATTACK, INFO), known(&class::DETECTION_FINDING, 3, "Close");
    AUDIT_START ecs(NONE, &["start"]), known(&class::EVENT_LOG, 6, "Start");
    AUDIT_STOP ecs(NONE, &["end"]), known(&class::EVENT_LOG, 7, "Stop");
    AUDIT_ROTATE ecs(FILE, &["creation"]), known(&class::EVENT_LOG, 5, "Rotate");
    AUDIT_CHECKPOINT ecs(NONE, INFO), other(&class::EVENT_LOG, "Checkpoint");
    AUDIT_GAP ecs(NONE, &["error"]), other(&class::EVENT_LOG, "Gap");
    AUDIT_RECOVER ecs(NONE, INFO), other(&class::EVENT_LOG, "Recovery");
    AUDIT_PRUNE ecs(FILE, &["deletion"]), known(&class::EVENT_LOG, 2, "Delete");
    AUDIT_ERASE ecs(FILE, &["change"]), known(&class::EVENT_LOG, 2, "Delete");
    AUDIT_HOLD ecs(CONFIG, &["change"]), other(&class::EVENT_LOG, "Legal Hold");
    AUDIT_CONFIG ecs(CONFIG, INFO), other(&class::EVENT_LOG, "Configuration");
    AUDIT_READ ecs(FILE, &["access"]), other(&class::EVENT_LOG, "Read");
    AUDIT_EXPORT ecs(FILE, &["access"]), known(&class::EVENT_LOG, 3, "Export");
    AUDIT_TAMPER_SUSPECTED alert(ATTACK, INFO), known(&class::DETECTION_FINDING, 1, "Create");
    AUDIT_DISK ecs(&["host"], INFO), other(&class::EVENT_LOG, "Disk Space");
    AUDIT_CLOCK_STEP ecs(&["host"], &["change"]), other(&class::EVENT_LOG, "Clock Step");
    AUDIT_KEY ecs(CONFIG, &["change"]), other(&class::EVENT_LOG, "Key");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The allowed values of ECS 8.11 (`event.category` with its expected `event.type`s; elastic.co/guide/en/ecs/8.11,
    /// "ECS categorization fields").
    const EXPECTED: &[(&str, &str)] = &[
        (
            "api",
            "access admin allowed change creation deletion denied end info start user",
        ),
        ("authentication", "start end info"),
        ("configuration", "access change creation deletion info"),
        ("database", "access change info error"),
        ("driver", "change end info start"),
        ("email", "info"),
        ("file", "access change creation deletion info"),
        ("host", "access change end info start"),
        ("iam", "admin change creation deletion group info user"),
        ("intrusion_detection", "allowed denied info"),
        ("library", "start"),
        ("malware", "info"),
        ("network", "access allowed connection denied end info protocol start"),
        ("package", "access change deletion info installation start"),
        ("process", "access change end info start"),
        ("registry", "access change creation deletion"),
        ("session", "start end info"),
        ("threat", "indicator"),
        ("vulnerability", "info"),
        ("web", "access error info"),
    ];
    const TYPES: &str = "access admin allowed change connection creation deletion denied end error group indicator info installation protocol start user";

    fn all() -> impl Iterator<Item = (String, Mapping)> {
        let types = EventType::all().map(|event| {
            let mapping = of_type(event);
            (
                event.name().to_owned(),
                mapping.unwrap_or_else(|| panic!("{event} is not mapped")),
            )
        });
        types.chain(Category::ALL.map(|category| (category.to_string(), of_category(category))))
    }

    #[test]
    fn every_event_type_is_mapped_once_and_in_the_order_of_the_table() {
        let mapped: Vec<EventType> = TABLE.iter().map(|(event, _)| *event).collect();
        assert_eq!(mapped, EventType::all().collect::<Vec<_>>());
    }

    #[test]
    fn ecs_categories_and_types_are_allowed_ones_that_go_together() {
        for (name, Mapping { ecs, .. }) in all() {
            assert!(["event", "alert"].contains(&ecs.kind), "{name}");
            assert!(!ecs.types.is_empty(), "{name}");
            for category in ecs.categories {
                let (_, expected) = EXPECTED.iter().find(|(known, _)| known == category).expect(category);
                for kind in ecs.types {
                    assert!(
                        expected.split(' ').any(|allowed| allowed == *kind),
                        "{name}: {kind} in {category}"
                    );
                }
            }
            for kind in ecs.types {
                assert!(TYPES.split(' ').any(|allowed| allowed == *kind), "{name}: {kind}");
            }
        }
    }

    #[test]
    fn only_activities_of_the_schema_have_a_number_of_their_own() {
        for (
            name,
            Mapping {
                ocsf: (class, activity),
                ..
            },
        ) in all()
        {
            match activity {
                Activity::Known(99, _) => {}
                Activity::Known(id, caption) => {
                    assert_eq!(class.activity(id), Some(caption), "{name}");
                }
                Activity::ByMethod => assert!(class.by_method.is_some(), "{name}"),
            }
        }
    }
}
