//! Settings from the environment.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::config::{Retention, Rotation, Settings};
use crate::error::{Error, ErrorKind};
use crate::key::{KeySource, key_of};
use crate::status::Source;

/// A reader of variables: the process's, or a test's.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The process's variables.
pub(crate) fn process(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Every variable that has a meaning here or in `init`.
const KNOWN: &[&str] = &[
    "AUDIT_DIR",
    "AUDIT_LOGS_DIR",
    "AUDIT_APP_LOG",
    "AUDIT_RETENTION_DAYS",
    "AUDIT_MAX_FILE_BYTES",
    "AUDIT_QUEUE_BYTES",
    "AUDIT_MIRROR",
    "AUDIT_KEYS_DIR",
    "AUDIT_SERVICE",
    "AUDIT_TRUST",
    "AUDIT_SALTED",
    "AUDIT_RULES",
    "AUDIT_TOP_USERS",
    "AUDIT_TOP_IPS",
    "AUDIT_TOP_ENDPOINTS",
    "AUDIT_TOP_REASONS",
    STATE_KEY,
];

/// Holds the key for what the state file keeps secret.
const STATE_KEY: &str = "AUDIT_STATE_KEY";

/// What to say of each of these variables that looks like ours and has no meaning: a misspelt one must not pass for set.
/// It is no error, since another program's may begin alike.
pub(crate) fn unknown(names: impl Iterator<Item = OsString>) -> impl Iterator<Item = String> {
    names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with("AUDIT_") && !KNOWN.contains(&name.as_str()))
        .map(|name| {
            format!(
                "the environment variable {name} sets nothing; known are {}",
                KNOWN.join(", ")
            )
        })
}

/// Takes every variable that is set; an error names the variable.
pub(crate) fn read(settings: &mut Settings, lookup: Lookup<'_>) -> Result<(), Error> {
    const FROM: Source = Source::Environment;
    if let Some(days) = number(lookup, "AUDIT_RETENTION_DAYS", "a number of days from 1", |text| {
        text.parse().ok().filter(|days| *days > 0)
    })? {
        settings.retention.put(Retention::days(days), FROM);
    }
    if let Some(bytes) = number(lookup, "AUDIT_MAX_FILE_BYTES", BYTES, bytes)? {
        settings.rotation.put(Rotation::daily().max_bytes(bytes), FROM);
    }
    if let Some(bytes) = number(lookup, "AUDIT_QUEUE_BYTES", BYTES, |text| {
        usize::try_from(bytes(text)?).ok()
    })? {
        settings.queue_bytes.put(bytes, FROM);
    }
    if let Some(mirror) = number(lookup, "AUDIT_MIRROR", SWITCH, switch)? {
        settings.mirror.put(mirror, FROM);
    }
    if let Some(text) = text(lookup, "AUDIT_RULES")? {
        let rules = text.parse().map_err(|error| {
            Error::new(
                ErrorKind::Config,
                format!("the environment variable AUDIT_RULES is {text:?}: {error}"),
            )
        })?;
        settings.rules.put(rules, FROM);
    }
    if let Some(salted) = number(lookup, "AUDIT_SALTED", SWITCH, switch)? {
        settings.salted.put(Some(salted), FROM);
    }
    for (name, setting) in [
        ("AUDIT_TOP_USERS", &mut settings.top_users),
        ("AUDIT_TOP_IPS", &mut settings.top_ips),
        ("AUDIT_TOP_ENDPOINTS", &mut settings.top_endpoints),
        ("AUDIT_TOP_REASONS", &mut settings.top_reasons),
    ] {
        if let Some(most) = number(lookup, name, "a number of names, 0 for none", |text| text.parse().ok())? {
            setting.put(most, FROM);
        }
    }
    if let Some(trust) = number(lookup, "AUDIT_TRUST", "chained, sealed or signed", |text| {
        text.parse().ok()
    })? {
        settings.trust.put(Some(trust), FROM);
    }
    if let Some(key) = lookup(STATE_KEY) {
        // Whether this trail needs it or not: a trail that is keyed later must not find out then. An empty one is none, as is
        // what a deployment puts in that has lost its secret.
        key_of(STATE_KEY, key)?;
        settings.key_source.put(KeySource::environment(STATE_KEY), FROM);
    }
    if let Some(keys) = set(lookup, "AUDIT_KEYS_DIR") {
        settings.keys.put(Some(PathBuf::from(keys)), FROM);
    }
    for name in ["OTEL_SERVICE_NAME", "AUDIT_SERVICE"] {
        if let Some(service) = text(lookup, name)? {
            settings.service.put(Some(service), FROM);
        }
    }
    Ok(())
}

const SWITCH: &str = "1, 0, true, false, on or off";

const BYTES: &str = "a number of bytes, or of KiB, MiB or GiB with that unit behind it";

fn set(lookup: Lookup<'_>, name: &str) -> Option<OsString> {
    lookup(name).filter(|value| !value.is_empty())
}

fn text(lookup: Lookup<'_>, name: &str) -> Result<Option<String>, Error> {
    set(lookup, name)
        .map(|value| value.into_string())
        .transpose()
        .map_err(|value| wrong(name, &value.to_string_lossy(), "UTF-8 text"))
}

fn number<T>(
    lookup: Lookup<'_>,
    name: &str,
    what: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Error> {
    let Some(value) = text(lookup, name)? else {
        return Ok(None);
    };
    parse(value.trim()).map(Some).ok_or_else(|| wrong(name, &value, what))
}

fn wrong(name: &str, value: &str, what: &str) -> Error {
    Error::new(
        ErrorKind::Config,
        format!("the environment variable {name} is {value:?}"),
    )
    .remedy(&format!("set it to {what}, or unset it"))
}

fn bytes(text: &str) -> Option<u64> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "on" | "yes" => Some(true),
        "0" | "false" | "off" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(vars: &[(&str, &str)]) -> Result<Settings, Error> {
        let mut settings = Settings::new();
        let lookup = |name: &str| {
            vars.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| OsString::from(value))
        };
        read(&mut settings, &lookup).map(|()| settings)
    }

    #[test]
    fn a_state_key_that_is_none_is_an_error_that_does_not_show_it() {
        for key in ["hunter2-hunter2", ""] {
            let error = with(&[("AUDIT_STATE_KEY", key)]).unwrap_err().to_string();
            assert!(
                error.contains("AUDIT_STATE_KEY") && error.contains("base64url"),
                "{error}"
            );
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn every_variable_sets_its_setting() {
        let settings = with(&[
            ("AUDIT_RETENTION_DAYS", "90"),
            ("AUDIT_MAX_FILE_BYTES", "10 MiB"),
            ("AUDIT_QUEUE_BYTES", "1048576"),
            ("AUDIT_MIRROR", "off"),
            ("AUDIT_KEYS_DIR", "/run/keys"),
            ("OTEL_SERVICE_NAME", "shop"),
            ("AUDIT_SERVICE", "shop-audit"),
            ("AUDIT_TOP_IPS", "20"),
            ("AUDIT_TRUST", "sealed"),
            ("AUDIT_RULES", "none,failed_logins=3/10m"),
            ("AUDIT_STATE_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ])
        .unwrap();
        assert_eq!(settings.retention.value, Retention::days(90));
        assert_eq!(settings.rotation.value.max_bytes, 10 << 20);
        assert_eq!(settings.queue_bytes.value, 1 << 20);
        assert!(!settings.mirror.value);
        assert_eq!((settings.top_ips.value, settings.top_users.value), (20, 0));
        assert_eq!(settings.keys.value, Some(PathBuf::from("/run/keys")));
        assert_eq!(settings.service.value.as_deref(), Some("shop-audit"));
        assert_eq!(settings.trust.value, Some(crate::trust::Trust::Sealed));
        assert_eq!(settings.rules.value.to_string(), "none, failed_logins=3/10m");
        assert!(!format!("{settings:?}").contains("AAAA"), "the key itself is nowhere");
        assert_eq!(
            with(&[("AUDIT_MIRROR", ""), ("AUDIT_SERVICE", "")]).unwrap().list(),
            Settings::new().list()
        );
    }

    #[test]
    fn a_misspelt_variable_is_named_with_those_that_are_known() {
        let names = [
            "AUDIT_RETENTION_DAY",
            "AUDIT_MIRROR",
            "AUDITOR",
            "PATH",
            "OTEL_SERVICE_NAME",
        ];
        let said: Vec<String> = unknown(names.iter().map(OsString::from)).collect();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("AUDIT_RETENTION_DAY sets nothing") && said[0].contains("AUDIT_RETENTION_DAYS"));
        // Whatever is read is known.
        let asked = std::cell::RefCell::new(Vec::new());
        read(&mut Settings::new(), &|name| {
            asked.borrow_mut().push(name.to_owned());
            None
        })
        .unwrap();
        let asked = asked.into_inner();
        assert!(asked.len() > 5);
        for name in asked.iter().filter(|name| name.starts_with("AUDIT_")) {
            assert!(KNOWN.contains(&name.as_str()), "{name}");
        }
    }

    #[test]
    fn a_wrong_value_is_refused_by_the_name_of_its_variable() {
        for (name, value) in [
            ("AUDIT_RETENTION_DAYS", "0"),
            ("AUDIT_RETENTION_DAYS", "two weeks"),
            ("AUDIT_MAX_FILE_BYTES", "-1"),
            ("AUDIT_MAX_FILE_BYTES", "10 parsecs"),
            ("AUDIT_QUEUE_BYTES", "99999999999g"),
            ("AUDIT_MIRROR", "maybe"),
            ("AUDIT_TRUST", "full"),
            ("AUDIT_RULES", "failed_logins=many"),
        ] {
            let error = with(&[(name, value)]).expect_err("this must be refused");
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(
                error.to_string().contains(name) && error.to_string().contains(value),
                "{error}"
            );
        }
    }
}
