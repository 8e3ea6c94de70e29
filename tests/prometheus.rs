//! `/metrics` says what the trail says, with and without a recorder.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use tracing_audit::{Outcome, Trail, events, prometheus};

const CHILD: &str = "TRACING_AUDIT_METRICS_CHILD";

fn fetch(address: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .ok()?;
    let mut page = String::new();
    stream.read_to_string(&mut page).ok()?;
    Some(page)
}

/// A recorder is for a whole process, so this test starts itself again in one of its own.
#[test]
fn one_line_serves_the_metrics_of_a_trail() {
    if std::env::var_os(CHILD).is_none() {
        let status = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "prometheus::one_line_serves_the_metrics_of_a_trail",
                "--nocapture",
            ])
            .env(CHILD, "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    prometheus::install(address).unwrap();
    let refused = prometheus::install(address).unwrap_err();
    assert!(refused.to_string().contains("; "), "{refused}");

    let dir = tempfile::tempdir().unwrap();
    let trail = Trail::builder(dir.path().join("logs")).detached().build().unwrap();
    for _ in 0..3 {
        trail
            .draft(events::AUTH_FAILED)
            .outcome(Outcome::Failure)
            .duration(Duration::from_millis(20))
            .emit();
    }
    trail.sync().unwrap();
    let wanted = r#"audit_events_total{event="AUTH_FAILED",category="auth",severity="medium",outcome="failure"} 3"#;
    assert!(trail.metrics().contains(wanted), "{}", trail.metrics());

    // The recorder gets the same figures from the writer's thread, a moment later.
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        trail.flush().unwrap();
        let page = fetch(address).unwrap_or_default();
        let counted = page
            .lines()
            .any(|line| line.contains("AUTH_FAILED") && line.starts_with("audit_events_total") && line.ends_with(" 3"));
        let buckets = page
            .lines()
            .any(|line| line.starts_with("audit_duration_seconds_bucket") && line.contains("le=\"0.025\""));
        if counted && buckets {
            break;
        }
        assert!(Instant::now() < deadline, "{page}");
        std::thread::yield_now();
    }
    trail.close().unwrap();
}

/// Whoever asks it for anything waits for ever.
struct Hangs;

impl metrics::Recorder for Hangs {
    fn describe_counter(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_gauge(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_histogram(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn register_counter(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        hang()
    }
    fn register_gauge(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        hang()
    }
    fn register_histogram(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Histogram {
        hang()
    }
}

fn hang() -> ! {
    loop {
        std::thread::park();
    }
}

#[test]
fn a_recorder_that_hangs_does_not_stop_the_file() {
    if std::env::var_os(CHILD).is_none() {
        let child = crate::child::run(
            "prometheus::a_recorder_that_hangs_does_not_stop_the_file",
            &[(CHILD, "1".as_ref())],
        );
        let ended = child.unwrap();
        assert!(ended.status.success(), "{ended:?}");
        return;
    }
    metrics::set_global_recorder(Hangs).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let trail = Trail::builder(dir.path().join("logs")).detached().build().unwrap();
    for _ in 0..5 {
        // Each asks for everything that is due, and so for the recorder.
        trail.draft(events::AUTH_FAILED).emit().synced().unwrap();
        trail.flush().unwrap();
    }
    trail.close().unwrap();
}

#[test]
fn the_text_names_and_describes_every_metric_once() {
    let dir = tempfile::tempdir().unwrap();
    let trail = Trail::builder(dir.path().join("logs")).detached().build().unwrap();
    trail.draft(events::AUTH_LOGIN).emit();
    trail.sync().unwrap();
    let text = trail.metrics();
    let mut described = std::collections::HashSet::new();
    for line in text.lines().filter(|line| line.starts_with("# HELP ")) {
        assert!(described.insert(line.split(' ').nth(2).unwrap().to_owned()), "{line}");
    }
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let name = line.split(['{', ' ']).next().unwrap();
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(name);
        assert!(described.contains(name) || described.contains(family), "{line}");
        let value: f64 = line.rsplit(' ').next().unwrap().parse().unwrap();
        // What nobody knows yet is no number.
        assert!(
            value.is_finite()
                || name == "audit_verify_ok"
                || name.starts_with("audit_host_")
                || name.starts_with("audit_process_")
        );
    }
    for metric in [
        "audit_events_total",
        "audit_lost_total",
        "audit_write_errors_total",
        "audit_queue_bytes",
        "audit_queue_high_water_bytes",
        "audit_commit_seconds",
        "audit_sync_seconds",
        "audit_log_bytes",
        "audit_retention_seconds",
        "audit_query_seconds",
        "audit_sessions_total",
        "audit_quota_violations_total",
        "audit_alerts_total",
        "audit_sink_lag_records",
        "audit_verify_ok",
        "audit_health",
        "audit_chain_seq",
        "audit_chain_head48",
        "audit_capture_ok",
        "audit_storage_ephemeral",
        "audit_last_commit_timestamp_seconds",
    ] {
        assert!(described.contains(metric), "{metric} is not in: {text}");
    }
}
