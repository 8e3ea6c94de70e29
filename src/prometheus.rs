//! The way to Prometheus for programs that have none yet, and for those that have.
//!
//! - Nothing of the kind so far: [`install`] is one line, and `/metrics` is served.
//! - A recorder of your own, made with metrics-exporter-prometheus: pass its builder through [`configure`] and the trail's durations
//!   become histograms with useful buckets instead of summaries.
//! - A recorder of another make, or none: append [`Trail::metrics`](crate::Trail::metrics) to the page you serve. It needs neither.
//!
//! This module speaks the types of metrics-exporter-prometheus, and follows its versions.

use std::net::SocketAddr;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};

use crate::error::{Error, ErrorKind};
use crate::meter::{DISK_BUCKETS, DURATION_BUCKETS, QUERY_BUCKETS, SIZE_BUCKETS};

/// Installs a recorder for all metrics of the program, and serves them at `http://<address>/metrics` from a thread of its own.
///
/// ```no_run
/// let _trail = tracing_audit::init("logs")?;
/// tracing_audit::prometheus::install(([127, 0, 0, 1], 9464))?;
/// # Ok::<(), tracing_audit::Error>(())
/// ```
///
/// The page has no authentication: keep it on an address that only Prometheus reaches. Names of events and counts stand in it, no
/// values of records.
///
/// # Errors
/// When the program has a recorder already ([`Config`](ErrorKind::Config)): use [`configure`] where that one is built, or serve
/// [`Trail::metrics`](crate::Trail::metrics). When the address cannot be bound ([`Io`](ErrorKind::Io)).
pub fn install(address: impl Into<SocketAddr>) -> Result<(), Error> {
    let address = address.into();
    let builder = configure(PrometheusBuilder::new())?.with_http_listener(address);
    builder.install().map_err(|error| match error {
        BuildError::FailedToSetGlobalRecorder(_) => Error::new(
            ErrorKind::Config,
            "cannot install a metrics recorder, as the program has one already",
        )
        .remedy("build that one with tracing_audit::prometheus::configure, or serve Trail::metrics beside it"),
        other => Error::new(ErrorKind::Io, format!("cannot serve metrics at {address}: {other}"))
            .remedy("choose an address of this machine whose port is free"),
    })
}

/// Gives the trail's histograms their buckets: 5 ms to 10 s for the durations of events, 100 µs to 5 s for the disk, 1 ms to 60 s
/// for questions, 256 bytes to 256 MiB for requests and answers.
///
/// # Errors
/// None are known: the buckets are constants. The builder's own type of error is carried over.
pub fn configure(builder: PrometheusBuilder) -> Result<PrometheusBuilder, Error> {
    let buckets: [(&str, &[f64]); 7] = [
        ("audit_duration_seconds", &DURATION_BUCKETS),
        ("audit_endpoint_duration_seconds", &DURATION_BUCKETS),
        ("audit_query_seconds", &QUERY_BUCKETS),
        ("audit_request_bytes", &SIZE_BUCKETS),
        ("audit_response_bytes", &SIZE_BUCKETS),
        ("audit_commit_seconds", &DISK_BUCKETS),
        ("audit_sync_seconds", &DISK_BUCKETS),
    ];
    buckets.into_iter().try_fold(builder, |builder, (name, buckets)| {
        builder
            .set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets)
            .map_err(|error| Error::new(ErrorKind::Config, format!("cannot set the buckets of {name}: {error}")))
    })
}
