//! A secret that the policy names reaches no byte of any output: file, mirror, metrics, status, panic text, `Debug`.

use std::fmt::{self, Write as _};
use std::io;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use serde::Serialize;
use tracing::{info, info_span, instrument};
use tracing_audit::{AuditContext, Hashed, Masked, Outcome, Secret, Trail, audit, events};
use tracing_subscriber::prelude::*;

/// Everything the console and other layers were given.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<u8>>>);

impl io::Write for Seen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs `work` with a trail and a console, and returns every byte that came out anywhere.
fn outputs(work: impl FnOnce(&Trail)) -> String {
    let dir = tempfile::tempdir().unwrap();
    let logs = dir.path().join("logs");
    let trail = Trail::builder(&logs)
        .detached()
        .top_users(100)
        .top_ips(100)
        .top_endpoints(100)
        .top_reasons(100)
        .build()
        .unwrap();
    let (console, json) = (Seen::default(), Seen::default());
    let (console_writer, json_writer) = (console.clone(), json.clone());
    let mirrored = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(move || console_writer.clone())
        // The host's own `info!(target: "audit", password = ..)` is the host's business; what we mirror is ours.
        .with_filter(tracing_subscriber::filter::filter_fn(|metadata| {
            metadata.name() == "tracing_audit::mirror"
        }));
    let mirrored_json = tracing_subscriber::fmt::layer()
        .json()
        .with_writer(move || json_writer.clone())
        .with_filter(tracing_subscriber::filter::filter_fn(|metadata| {
            metadata.name() == "tracing_audit::mirror"
        }));
    let subscriber = tracing_subscriber::registry()
        .with(trail.layer())
        .with(mirrored)
        .with(mirrored_json);
    tracing::subscriber::with_default(subscriber, || work(&trail));
    trail.flush().unwrap();
    let mut all = String::new();
    for line in trail.recent() {
        writeln!(all, "{line}").unwrap();
    }
    writeln!(all, "{:?} {:?} {}", trail, trail.status(), trail.metrics()).unwrap();
    writeln!(all, "{:?} {}", trail.health(), trail.health().to_json()).unwrap();
    trail.close().unwrap();
    for entry in walk(dir.path()) {
        all.push_str(&String::from_utf8_lossy(&std::fs::read(entry).unwrap()));
    }
    for seen in [console, json] {
        let bytes = seen.0.lock().unwrap();
        assert!(!bytes.is_empty(), "the mirror showed something");
        all.push_str(&String::from_utf8_lossy(&bytes));
    }
    all
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path))
        } else {
            files.push(path)
        }
    }
    files
}

#[derive(Clone, Debug, Serialize)]
struct Account {
    name: String,
    password: String,
    keys: Vec<Key>,
}

#[derive(Clone, Debug, Serialize)]
struct Key {
    #[serde(rename = "apiKey")]
    api_key: String,
}

#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot connect to postgres://app:{}@db.internal/app", self.0)
    }
}

impl std::error::Error for Refused {}

#[instrument(fields(audit = "USER_UPDATE", user.id = "alice"), err)]
fn rename(account: Account) -> Result<(), Refused> {
    Err(Refused(account.password))
}

fn plant(secret: &str) -> String {
    let account = Account {
        name: "alice".into(),
        password: secret.into(),
        keys: vec![Key { api_key: secret.into() }],
    };
    outputs(|trail| {
        let _span = info_span!("request", request_id = "r-1", authorization = secret, password = secret).entered();
        let _context = AuditContext::new().user_id("alice").enter();
        audit!(events::AUTH_FAILED, password = secret, client_secret = %secret, "Authorization: Bearer {secret}");
        audit!(events::USER_UPDATE, old = &account, new = &account, debug = ?account);
        audit!(
            events::DATA_READ,
            query = format!("user=alice&password={secret}&page=2")
        );
        audit!(
            events::DATA_READ,
            body = format!("{{\"user\":\"alice\",\"password\":\"{secret}\"}}")
        );
        audit!(
            events::DATA_READ,
            url = format!("https://alice:{secret}@example.org/path")
        );
        audit!(
            events::DATA_READ,
            sql = format!("INSERT INTO users (name, password) VALUES ('alice', '{secret}')")
        );
        audit!(
            events::DATA_READ,
            refused = format!("{{\"loc\":[\"body\",\"password\"],\"msg\":\"too short\",\"input\":\"{secret}\"}}")
        );
        audit!(
            events::DATA_READ,
            xml = format!("<name>db.password</name>\n<value>{secret}</value>")
        );
        audit!(events::DATA_READ, csv = format!("id,password\n1,{secret}\n2,{secret}"));
        audit!(events::DATA_READ, пароль = secret, contraseña = secret);
        audit!(
            events::DATA_READ,
            one = Secret(secret),
            two = Masked(secret),
            three = Hashed(secret)
        );
        audit!(
            events::API_ERROR,
            outcome = Outcome::Error,
            error = &Refused(secret.into())
        );
        info!(target: "audit", event = "AUTH_LOGIN", token = secret, "password: {secret}");
        info!(target: "audit", event = "AUTH_LOGIN", account = ?account, header = format!("Cookie: sid={secret}; theme=dark"));
        let _ = rename(account.clone());
        trail
            .draft(events::DATA_UPDATE)
            .field("db_password", &secret)
            .field("nested", &account)
            .emit();
        let caught = std::panic::catch_unwind(|| audit!(events::DATA_READ, value = ?Panics(secret.to_owned())));
        assert!(caught.is_ok(), "a panic in Debug stays inside");
    })
}

struct Panics(String);

impl fmt::Debug for Panics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)?;
        panic!("in Debug")
    }
}

#[test]
fn a_planted_secret_reaches_no_output() {
    for secret in [
        "Tr0ub4dor-and-3",
        "correct.horse+battery/staple",
        "p4ss~wörd",
        "s3cr3t_VALUE!x",
    ] {
        let all = plant(secret);
        assert!(
            all.contains("[redacted]") && all.contains("alice"),
            "something was recorded"
        );
        if let Some(at) = all.find(secret) {
            let from = all.floor_char_boundary(at.saturating_sub(300));
            panic!(
                "{secret} stands in: {}",
                &all[from..all.ceil_char_boundary((at + 100).min(all.len()))]
            );
        }
    }
}

/// The control: a name that is no secret's is kept.
#[test]
fn what_is_no_secret_is_kept() {
    let all = outputs(|_| {
        audit!(events::DATA_READ, author = "Tr0ub4dor-and-3", token_count = 42);
    });
    assert!(all.contains("Tr0ub4dor-and-3") && all.contains("\"token_count\":42"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]
    #[test]
    fn no_planted_secret_survives(secret in "[A-Za-z0-9_~+.-]{4}[0-9][A-Za-z][A-Za-z0-9_~+.-]{6,20}[A-Za-z0-9]") {
        prop_assert!(!plant(&secret).contains(&secret));
    }
}

/// Whichever comes first, and however the values are given.
#[test]
fn a_field_that_names_a_secret_hides_what_stands_beside_it() {
    let audit = tracing_audit::testing::capture().unwrap();
    let trail = audit.trail();
    audit!(in: trail, events::DATA_UPDATE, key = "password", value = "S3CRET1");
    audit!(in: trail, events::DATA_UPDATE, value = "S3CRET1", key = %"password");
    audit!(in: trail, events::DATA_UPDATE, setting.name = "smtp_password", setting.value = "S3CRET1");
    audit!(in: trail, events::DATA_UPDATE, field = "password", old = "S3CRET0", new = "S3CRET1");
    audit!(in: trail, events::DATA_UPDATE, field = "api_key", old = ["S3CRET0"], new = ["S3CRET1"]);
    trail
        .draft(events::DATA_UPDATE)
        .field("name", "db_password")
        .old("S3CRET0")
        .new("S3CRET1")
        .emit();
    for record in audit.records() {
        let text = record.to_string();
        assert!(!text.contains("S3CRET"), "{text}");
        assert!(text.contains("[redacted]") && text.contains("redacted=["), "{text}");
    }
    audit!(in: trail, events::DATA_UPDATE, field = "title", old = "a", new = "b", value = "c");
    let text = audit.records().last().unwrap().to_string();
    for kept in ["old=a", "new=b", "\"value\":\"c\"", "title"] {
        assert!(text.contains(kept), "{text}");
    }
    assert!(!text.contains("redacted"), "{text}");
}
