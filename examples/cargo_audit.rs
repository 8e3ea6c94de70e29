//! Records what `cargo audit` finds: each vulnerability once when it appears, and once more when it is gone.
//!
//! `cargo audit --json | cargo run --example cargo_audit` (or with a file's name). The trail goes to `AUDIT_LOGS_DIR`, or `logs`.
//! Run it every night: what the trail says of earlier nights tells what is new (`SECURITY_VULNERABILITY`) and what an updated
//! dependency has mended (`SECURITY_PATCH`), and `DEPENDENCY_SCAN` says that somebody looked, also when nothing was found.
//! `audit_events_total` counts all three for Prometheus. It ends with 1 while a vulnerability is open, so that a job can fail.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it does")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{self, Read as _};

use serde::Deserialize;
use tracing_audit::{Category, EventType, Order, Outcome, Severity, Trail, audit, events};

/// Somebody looked, and this is how many there were.
const DEPENDENCY_SCAN: EventType = EventType::new("DEPENDENCY_SCAN", Category::Security, Severity::Low);

/// The kind of resource that all records of this program are about.
const CRATE: &str = "crate";

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "-".to_owned());
    let report = Report::read(&path).map_err(|error| format!("cannot read the report in {path}: {error}"))?;
    let dir = std::env::var("AUDIT_LOGS_DIR").unwrap_or_else(|_| "logs".into());
    let trail = Trail::builder(&dir).service("cargo-audit", "").mirror(false).build()?;

    let before = open_before(&trail)?;
    let now = report.findings();
    let scan = audit!(
        in: &trail,
        DEPENDENCY_SCAN,
        outcome = Outcome::Success,
        dependencies = report.lockfile.dependency_count,
        findings = now.len(),
        advisories_of = report.database.last_updated.as_deref(),
    );
    for (place, finding) in now.iter().filter(|(place, _)| !before.contains_key(*place)) {
        println!("found    {place}: {}", finding.title);
        audit!(
            in: &trail,
            events::SECURITY_VULNERABILITY,
            severity = finding.severity,
            resource.type = CRATE,
            resource.id = &*place.package,
            reason = &*place.advisory,
            url = finding.url.as_deref(),
            cvss = finding.cvss.as_deref(),
            patched = &finding.patched,
            "{}",
            finding.title,
        );
    }
    for (place, title) in before.iter().filter(|(place, _)| !now.contains_key(*place)) {
        println!("mended   {place}: {title}");
        audit!(
            in: &trail,
            events::SECURITY_PATCH,
            outcome = Outcome::Success,
            resource.type = CRATE,
            resource.id = &*place.package,
            reason = &*place.advisory,
            "{title}",
        );
    }
    // A scan that is not on the disk was not made.
    scan.synced()?;
    trail.close()?;
    println!("{} open, recorded in {dir}", now.len());
    std::process::exit(i32::from(
        now.values().any(|finding| finding.severity >= Severity::High),
    ));
}

/// What is found of which package, as the records name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// `name@version`.
    package: String,
    /// `RUSTSEC-..`, or the word for what is no advisory.
    advisory: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {}", self.advisory, self.package)
    }
}

/// What earlier runs found and no later one saw mended, with its title. The trail records that it was asked.
fn open_before(trail: &Trail) -> Result<BTreeMap<Place, String>, Box<dyn Error>> {
    let question = trail
        .query("cargo-audit")
        .event(events::SECURITY_VULNERABILITY.name())
        .event(events::SECURITY_PATCH.name())
        .resource_type(CRATE)
        .order(Order::Oldest)
        .unlimited();
    let mut open = BTreeMap::new();
    for record in question.entries()? {
        let record = record?;
        let (Some(package), Some(advisory)) = (record.resource_id(), record.reason()) else {
            continue;
        };
        let place = Place {
            package: package.to_owned(),
            advisory: advisory.to_owned(),
        };
        if record.event_type() == Some(events::SECURITY_PATCH) {
            open.remove(&place);
        } else {
            open.insert(place, record.message().unwrap_or_default().to_owned());
        }
    }
    Ok(open)
}

/// What `cargo audit --json` prints, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Report {
    #[serde(default)]
    database: Database,
    #[serde(default)]
    lockfile: Lockfile,
    vulnerabilities: Vulnerabilities,
    /// By kind: `unmaintained`, `unsound`, `notice`, `yanked`.
    #[serde(default)]
    warnings: BTreeMap<String, Vec<Item>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Database {
    last_updated: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Lockfile {
    dependency_count: u64,
}

#[derive(Debug, Deserialize)]
struct Vulnerabilities {
    list: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    package: Package,
    /// None where a version was yanked.
    advisory: Option<Advisory>,
    versions: Option<Versions>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
}

#[derive(Debug, Deserialize)]
struct Advisory {
    id: String,
    title: String,
    url: Option<String>,
    cvss: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Versions {
    patched: Vec<String>,
}

/// One of them, as it is recorded.
struct Finding {
    severity: Severity,
    title: String,
    url: Option<String>,
    cvss: Option<String>,
    patched: Vec<String>,
}

impl Report {
    fn read(path: &str) -> Result<Report, Box<dyn Error>> {
        let mut text = String::new();
        match path {
            "-" => io::stdin().lock().read_to_string(&mut text)?,
            path => File::open(path)?.read_to_string(&mut text)?,
        };
        Ok(serde_json::from_str(&text)?)
    }

    /// Vulnerabilities are high; what is unsound, unmaintained or yanked is less.
    fn findings(&self) -> BTreeMap<Place, Finding> {
        let vulnerabilities = self.vulnerabilities.list.iter().map(|item| ("vulnerability", item));
        let warnings = self.warnings.iter();
        let warnings = warnings.flat_map(|(kind, items)| items.iter().map(move |item| (kind.as_str(), item)));
        let all = vulnerabilities.chain(warnings).map(|(kind, item)| {
            let advisory = item.advisory.as_ref();
            let place = Place {
                package: format!("{}@{}", item.package.name, item.package.version),
                advisory: advisory.map_or_else(|| kind.to_owned(), |advisory| advisory.id.clone()),
            };
            let finding = Finding {
                severity: match kind {
                    "vulnerability" => Severity::High,
                    "unsound" => Severity::Medium,
                    _ => Severity::Low,
                },
                title: advisory.map_or_else(|| format!("the version is {kind}"), |advisory| advisory.title.clone()),
                url: advisory.and_then(|advisory| advisory.url.clone()),
                cvss: advisory.and_then(|advisory| advisory.cvss.clone()),
                patched: item
                    .versions
                    .as_ref()
                    .map_or_else(Vec::new, |versions| versions.patched.clone()),
            };
            (place, finding)
        });
        all.collect()
    }
}
