//! What the benchmarks of reading have in common.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tracing_audit::{Builder, OnFull, Severity};

/// Whether it was asked for a short run.
pub(crate) fn is_short() -> bool {
    std::env::args().any(|argument| argument == "--quick" || argument == "--test")
}

/// A trail that waits for room and loses nothing, however fast records come.
pub(crate) fn patient(builder: Builder) -> Builder {
    let wait = || OnFull::Block(Duration::from_secs(60));
    let builder = builder.detached().mirror(false);
    Severity::ALL
        .into_iter()
        .fold(builder, |builder, severity| builder.on_full(severity, wait()))
}

/// Seconds by the clock, and on the processors for all threads.
#[derive(Clone, Copy)]
pub(crate) struct Took {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
}

pub(crate) fn took<T>(work: impl FnOnce() -> T) -> (Took, T) {
    let on_processors = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let (begun, before) = (Instant::now(), on_processors());
    let done = work();
    let took = Took {
        wall: begun.elapsed().as_secs_f64(),
        cpu: on_processors() - before,
    };
    (took, done)
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
