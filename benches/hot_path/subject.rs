//! What is measured: a subscriber, and the way a record is made with it.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber, debug, debug_span, info, info_span};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_audit::{Builder, OnFull, Outcome, Severity, Trail, Watch, audit, events};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;
use tracing_subscriber::{fmt, registry};

use crate::workload::{Pool, Values};

pub(crate) struct Subject {
    way: Way,
    trail: Option<Trail>,
    guard: Option<WorkerGuard>,
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Event,
    Macro,
    /// As `Macro`, and all of them succeed.
    Quiet,
}

impl Subject {
    /// Makes the subject the global subscriber of this process.
    pub(crate) fn install(name: &str, dir: &Path) -> Subject {
        let (mut trail, mut guard) = (None, None);
        let way = match name {
            "macro" | "watched" => Way::Macro,
            "quiet" | "quiet+watched" => Way::Quiet,
            _ => Way::Event,
        };
        match name {
            "json" => {
                let (layer, worker) = json(dir);
                guard = Some(worker);
                registry().with(layer).init();
            }
            "layer" | "macro" | "quiet" => registry().with(trail.insert(open(dir)).layer()).init(),
            "watched" | "quiet+watched" => {
                let watched = builder(dir).watch(Watch::standard()).build().expect("a trail");
                registry().with(trail.insert(watched).layer()).init();
            }
            "other" => registry().with(Other).with(LevelFilter::INFO).init(),
            "other+layer" => registry()
                .with(Other)
                .with(trail.insert(open(dir)).layer())
                .with(LevelFilter::INFO)
                .init(),
            "other+json" => {
                let (layer, worker) = json(dir);
                guard = Some(worker);
                registry()
                    .with(Other)
                    .with(layer.with_filter(only_audit()))
                    .with(LevelFilter::INFO)
                    .init();
            }
            "filtered" => registry().with(Other.with_filter(LevelFilter::INFO)).init(),
            "filtered+filter" => {
                let trail = trail.insert(open(dir));
                registry()
                    .with(Other.with_filter(LevelFilter::INFO))
                    .with(trail.layer().with_filter(trail.filter()))
                    .init();
            }
            other => panic!("no subject {other}"),
        }
        Subject { way, trail, guard }
    }

    #[inline(always)]
    pub(crate) fn call(&self, pool: &Pool, at: u64) {
        let Values {
            user_id,
            username,
            ip,
            session_id,
            resource,
            action,
            outcome,
            duration_ms,
            password,
        } = pool.at(at);
        match self.way {
            Way::Event => info!(
                target: "audit",
                event = "AUTH_LOGIN",
                user_id = user_id.as_str(),
                username = username.as_str(),
                ip = ip.as_str(),
                session_id = session_id.as_str(),
                resource = resource.as_str(),
                action = *action,
                outcome = *outcome,
                duration_ms = *duration_ms,
                password = password.as_str(),
                "a user logged in"
            ),
            Way::Macro | Way::Quiet => {
                let outcome = match self.way {
                    Way::Quiet => Outcome::Success,
                    _ => Outcome::from(*outcome),
                };
                audit!(
                    events::AUTH_LOGIN,
                    user_id = user_id.as_str(),
                    username = username.as_str(),
                    ip = ip.as_str(),
                    session_id = session_id.as_str(),
                    resource = resource.as_str(),
                    action = *action,
                    outcome = outcome,
                    duration_ms = *duration_ms,
                    password = password.as_str(),
                    "a user logged in"
                );
            }
        }
    }

    /// Everything called for is in the file when this returns.
    pub(crate) fn written(&mut self) {
        if let Some(trail) = &self.trail {
            trail.flush().expect("a file that takes it");
        }
        // The peer's worker flushes when its guard goes.
        self.guard = None;
    }

    /// Ends it; of the trail, everything is on the disk when this returns.
    pub(crate) fn finish(self) {
        if let Some(trail) = self.trail {
            trail.close().expect("a clean end");
        }
        drop(self.guard);
    }
}

fn open(dir: &Path) -> Trail {
    builder(dir).build().expect("a trail")
}

fn builder(dir: &Path) -> Builder {
    let mut builder = Trail::builder(dir);
    for severity in Severity::ALL {
        // The peer blocks when its queue is full, and so does ours.
        builder = builder.on_full(severity, OnFull::Block(Duration::from_secs(60)));
    }
    builder
}

type Json<S> = fmt::Layer<
    S,
    fmt::format::JsonFields,
    fmt::format::Format<fmt::format::Json>,
    tracing_appender::non_blocking::NonBlocking,
>;

fn json<S>(dir: &Path) -> (Json<S>, WorkerGuard)
where
    S: Subscriber + for<'a> registry::LookupSpan<'a>,
{
    let appender = tracing_appender::rolling::daily(dir, "peer.jsonl");
    let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(appender);
    (fmt::layer().json().with_writer(writer), guard)
}

fn only_audit() -> tracing_subscriber::filter::Targets {
    tracing_subscriber::filter::Targets::new().with_target("audit", LevelFilter::INFO)
}

/// A layer that takes what it is given and does nothing with it.
struct Other;

impl<S: Subscriber> Layer<S> for Other {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        black_box(event.metadata());
    }
}

/// Nanoseconds of a call that is none of the trail's business.
pub(crate) fn not_audited(measure: &str, calls: u64) -> f64 {
    let mut rounds: Vec<f64> = (0..7)
        .map(|_| {
            let start = Instant::now();
            for at in 0..calls / 7 {
                match measure {
                    "info" => info!(at, "for another layer"),
                    "debug" => debug!(at, "for nobody"),
                    "debug_span" => drop(black_box(debug_span!("nobody", at)).entered()),
                    _ => drop(black_box(info_span!("captured", user_id = "alice", request_id = at)).entered()),
                }
            }
            start.elapsed().as_nanos() as f64 / (calls / 7) as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[3]
}
