//! What the metrics say, to whom, and what they never say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing_audit::{Outcome, Redaction, Trail, Treatment, audit, events, verify};

/// Name and labels of each sample, to its value.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            (sample.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// The sum of a metric over everything else, of samples that have this in their labels.
fn sum(text: &str, name: &str, label: &str) -> f64 {
    let all = samples(text);
    let own = all
        .iter()
        .filter(|(sample, _)| sample.split('{').next() == Some(name) && sample.contains(label));
    own.map(|(_, value)| value).sum()
}

fn trail(home: &tempfile::TempDir) -> tracing_audit::Builder {
    Trail::builder(home.path().join("logs")).detached().mirror(false)
}

#[test]
fn no_name_is_a_label_unless_somebody_asked() {
    let home = tempfile::tempdir().unwrap();
    let trail = trail(&home).build().unwrap();
    audit!(in: &trail, events::AUTH_FAILED, user.id = "alice-7", ip = "192.0.2.55", reason = "nope-3")
        .synced()
        .unwrap();
    let text = trail.metrics();
    for name in [
        "alice-7",
        "192.0.2.55",
        "nope-3",
        "audit_user_events_total",
        "audit_request_bytes",
    ] {
        assert!(!text.contains(name), "{name} is in: {text}");
    }
}

#[test]
fn whoever_asks_gets_the_busiest_by_name_and_all_others_together() {
    let home = tempfile::tempdir().unwrap();
    let trail = trail(&home).top_users(3).top_ips(2).top_reasons(2).build().unwrap();
    for number in 0..2_000_u32 {
        audit!(in: &trail, events::DATA_READ, user.id = format!("once-{number}"), ip = "192.0.2.1");
        audit!(in: &trail, events::DATA_READ, user.id = "busy\"\\\n", outcome = Outcome::Denied, reason = "closed");
    }
    trail.sync().unwrap();
    let text = trail.metrics();
    let name = "audit_user_events_total";
    let busy = r#"audit_user_events_total{user="busy\"\\\n",event="DATA_READ",outcome="denied"}"#;
    assert!(samples(&text)[busy] >= 1_900.0, "{text}");
    assert_eq!(
        sum(&text, name, ""),
        4_000.0,
        "every record with a user is in one series"
    );
    let listed = samples(&text)
        .into_keys()
        .filter(|sample| sample.starts_with(name) && !sample.contains("\"other\""));
    assert!(listed.count() <= 3);
    assert_eq!(sum(&text, "audit_ip_events_total", "ip=\"192.0.2.1\""), 2_000.0);
    assert_eq!(sum(&text, "audit_reason_events_total", "reason=\"closed\""), 2_000.0);
}

#[test]
fn a_value_that_was_redacted_never_becomes_a_label() {
    let home = tempfile::tempdir().unwrap();
    let redaction = Redaction::standard()
        .field("user_id", Treatment::Hash)
        .field("ip", Treatment::Mask);
    let trail = trail(&home)
        .redaction(redaction)
        .top_users(5)
        .top_ips(5)
        .top_reasons(5)
        .build()
        .unwrap();
    for number in 0..40 {
        audit!(in: &trail, events::DATA_READ, user.id = "carol", ip = "192.0.2.9", reason = format!("card 4111 1111 1111 1111 {number}"));
    }
    trail.sync().unwrap();
    let text = trail.metrics();
    for secret in ["carol", "192.0.2.9", "4111", "hmac:", "redacted]"] {
        assert!(!text.contains(secret), "{secret} is in: {text}");
    }
    for (name, label) in [("user", "user"), ("ip", "ip"), ("reason", "reason")] {
        let name = format!("audit_{name}_events_total");
        assert_eq!(sum(&text, &name, &format!("{label}=\"other\"")), 40.0, "{text}");
    }
}

#[test]
fn endpoints_have_their_statuses_durations_and_sizes() {
    let home = tempfile::tempdir().unwrap();
    let trail = trail(&home).top_endpoints(10).build().unwrap();
    for (status, ms) in [(200, 3), (200, 700), (503, 20)] {
        audit!(
            in: &trail,
            events::API_REQUEST,
            method = "GET",
            route = "/books/{id}",
            path = "/books/secret-id",
            status_code = status,
            duration_ms = Duration::from_millis(ms),
            request_bytes = 300,
            response_bytes = 5_000
        );
    }
    trail.sync().unwrap();
    let text = trail.metrics();
    let all = samples(&text);
    let endpoint = r#"endpoint="GET /books/{id}""#;
    assert_eq!(
        all[&format!(r#"audit_endpoint_requests_total{{{endpoint},status="200"}}"#)],
        2.0
    );
    assert_eq!(
        all[&format!(r#"audit_endpoint_requests_total{{{endpoint},status="503"}}"#)],
        1.0
    );
    assert_eq!(
        all[&format!(r#"audit_endpoint_duration_seconds_bucket{{{endpoint},le="0.025"}}"#)],
        2.0
    );
    assert_eq!(all[&format!("audit_endpoint_slowest_seconds{{{endpoint}}}")], 0.7);
    assert_eq!(all["audit_request_bytes_bucket{le=\"1024\"}"], 3.0);
    assert_eq!(all["audit_request_bytes_bucket{le=\"256\"}"], 0.0);
    assert_eq!(all["audit_response_bytes_sum"], 15_000.0);
    assert!(!text.contains("secret-id"), "a path is no label");
}

#[test]
fn sessions_quotas_questions_and_verifications_are_counted() {
    let home = tempfile::tempdir().unwrap();
    let trail = trail(&home).build().unwrap();
    for _ in 0..3 {
        audit!(in: &trail, events::SESSION_START, user.id = "alice");
    }
    audit!(in: &trail, events::QUOTA_EXCEEDED, user.id = "alice");
    trail.sync().unwrap();
    assert!(
        samples(&trail.metrics())["audit_verify_ok"].is_nan(),
        "nobody has verified it"
    );
    assert!(trail.query("auditor").entries().unwrap().count() >= 4);
    trail.verified(&verify(trail.dir()).unwrap()).unwrap();
    let all = samples(&trail.metrics());
    assert_eq!(all["audit_sessions_total"], 3.0);
    assert_eq!(all["audit_quota_violations_total"], 1.0);
    assert_eq!(all["audit_query_seconds_count"], 1.0);
    assert_eq!(all["audit_verify_ok"], 1.0);
    assert!(all["audit_verify_timestamp_seconds"] > 1e9);
    assert_eq!(all["audit_retention_seconds"], 14.0 * 86_400.0);
    assert_eq!(all["audit_health"], 0.0);
}

#[test]
fn the_report_of_another_trail_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let one = trail(&home).build().unwrap();
    let other = Trail::builder(home.path().join("other")).detached().build().unwrap();
    let error = one.verified(&verify(other.dir()).unwrap()).unwrap_err();
    assert!(error.to_string().contains(&other.id()), "{error}");
    assert!(samples(&one.metrics())["audit_verify_ok"].is_nan());
}

/// Everything that a recorder is told.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<BTreeMap<String, f64>>>);

struct Cell(Heard, String);

impl Cell {
    fn change(&self, change: impl FnOnce(&mut f64)) {
        change(self.0.0.lock().unwrap().entry(self.1.clone()).or_default());
    }
}

impl metrics::CounterFn for Cell {
    fn increment(&self, more: u64) {
        self.change(|value| *value += more as f64);
    }
    fn absolute(&self, now: u64) {
        self.change(|value| *value = now as f64);
    }
}

impl metrics::GaugeFn for Cell {
    fn increment(&self, more: f64) {
        self.change(|value| *value += more);
    }
    fn decrement(&self, less: f64) {
        self.change(|value| *value -= less);
    }
    fn set(&self, now: f64) {
        self.change(|value| *value = now);
    }
}

impl metrics::HistogramFn for Cell {
    fn record(&self, _: f64) {
        self.change(|count| *count += 1.0);
    }
}

impl Heard {
    fn cell(&self, key: &metrics::Key) -> Arc<Cell> {
        let labels: Vec<String> = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        Arc::new(Cell(self.clone(), format!("{}{{{}}}", key.name(), labels.join(","))))
    }

    fn described(&self, name: &metrics::KeyName) {
        self.0.lock().unwrap().insert(format!("about {}", name.as_str()), 1.0);
    }
}

impl metrics::Recorder for Heard {
    fn describe_counter(&self, name: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {
        self.described(&name);
    }
    fn describe_gauge(&self, name: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {
        self.described(&name);
    }
    fn describe_histogram(&self, name: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {
        self.described(&name);
    }
    fn register_counter(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        metrics::Counter::from_arc(self.cell(key))
    }
    fn register_gauge(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        metrics::Gauge::from_arc(self.cell(key))
    }
    fn register_histogram(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Histogram {
        metrics::Histogram::from_arc(self.cell(key))
    }
}

const CHILD: &str = "TRACING_AUDIT_RECORDER_CHILD";

/// A recorder is for a whole process, so this test starts itself again in one of its own.
#[test]
fn a_recorder_is_told_what_the_text_says_and_nothing_twice() {
    if std::env::var_os(CHILD).is_none() {
        let child = crate::child::run(
            "metrics::a_recorder_is_told_what_the_text_says_and_nothing_twice",
            &[(CHILD, "1".as_ref())],
        );
        let ended = child.unwrap();
        assert!(ended.status.success(), "{ended:?}");
        return;
    }
    let heard = Heard::default();
    metrics::set_global_recorder(heard.clone()).unwrap();
    let home = tempfile::tempdir().unwrap();
    let trail = trail(&home).top_users(2).top_endpoints(2).build().unwrap();
    let busy = |times: u32, user: &str| {
        for _ in 0..times {
            audit!(in: &trail, events::API_REQUEST, user.id = user, method = "GET", route = "/x", status_code = 200, duration_ms = 2.0, request_bytes = 10);
        }
        trail.sync().unwrap();
        trail.flush().unwrap();
    };
    busy(3, "a");
    busy(2, "b");
    audit!(in: &trail, events::SESSION_START, user.id = "a");
    for round in 0..5 {
        busy(40, &format!("c{round}"));
    }
    trail.clone().close().unwrap();
    let heard = heard.0.lock().unwrap().clone();
    let of = |name: &str| -> f64 {
        let own = heard.iter().filter(|(key, _)| key.split('{').next() == Some(name));
        own.map(|(_, value)| value).sum()
    };
    assert_eq!(of("audit_user_events_total"), 206.0, "{heard:#?}");
    assert_eq!(of("audit_endpoint_requests_total"), 205.0);
    assert_eq!(of("audit_endpoint_duration_seconds"), 205.0);
    assert_eq!(of("audit_request_bytes"), 205.0);
    assert_eq!(of("audit_sessions_total"), 1.0);
    assert_eq!(
        heard["audit_user_events_total{user=a,event=API_REQUEST,outcome=unknown}"],
        3.0
    );
    assert_eq!(heard["audit_health{}"], 0.0);
    for key in heard.keys().filter(|key| !key.starts_with("about ")) {
        let name = key.split('{').next().unwrap();
        assert!(heard.contains_key(&format!("about {name}")), "{name} is not described");
    }
}
