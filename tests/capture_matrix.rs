//! Promise 1, and that other layers see what they would have seen without us: every stack, in a process of its own with
//! the global default.
//!
//! A case is a way to build a subscriber, with the layer and without. Both run the same small program in a child process
//! (this test binary again, named by an environment variable). The parent then compares what the other layers saw, and
//! looks at what was recorded.

use std::fmt::{self, Write as _};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Event, Metadata, Subscriber, debug, debug_span, error, info, info_span, trace, warn};
use tracing_audit::{Trail, audit, events};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::{EnvFilter, fmt as console, registry, reload};

use crate::child;

/// One row of the matrix.
struct Case {
    name: &'static str,
    /// The stack, with the layer or without.
    stack: fn(Option<&Trail>) -> Dispatch,
    /// What the program does.
    program: fn(),
    /// Whether an event under target `audit` is recorded, too; where a filter stands above all, none is.
    plain: bool,
    /// Whether records know the spans around them.
    context: bool,
    /// Whether the trail's status says that something is hidden from it.
    told: bool,
}

const fn case(name: &'static str, stack: fn(Option<&Trail>) -> Dispatch) -> Case {
    Case {
        name,
        stack,
        program,
        plain: true,
        context: true,
        told: false,
    }
}

impl Case {
    /// A filter above all keeps plain events away.
    const fn silenced(self) -> Case {
        Case {
            plain: false,
            told: true,
            ..self
        }
    }

    /// A filter above all keeps spans away.
    const fn blind(self) -> Case {
        Case {
            context: false,
            told: true,
            ..self
        }
    }

    /// The canary cannot know: nothing is hidden from the subscriber that the layer is in, or it is in none, or what
    /// hides it looks at single events.
    const fn untold(self) -> Case {
        Case { told: false, ..self }
    }

    const fn runs(self, program: fn()) -> Case {
        Case { program, ..self }
    }
}

/// The layers that stand below ours, ours, and those above it; without us the same without ours.
macro_rules! stack {
    ($root:expr $(; below $($below:expr),+)? ; ours $wrap:expr $(; above $($above:expr),+)?) => {
        |trail| match trail {
            Some(trail) => {
                let wrap: fn(&Trail) -> _ = $wrap;
                Dispatch::new($root $($(.with($below))+)? .with(wrap(trail)) $($(.with($above))+)?)
            }
            None => Dispatch::new($root $($(.with($below))+)? $($(.with($above))+)?),
        }
    };
}

fn env(directives: &str) -> EnvFilter {
    EnvFilter::new(directives)
}

fn filtered(trail: &Trail) -> impl Layer<Registry> + Send + Sync + use<> {
    trail.layer().with_filter(trail.filter())
}

const CASES: &[Case] = &[
    // Nobody filters: the others see everything, and still do.
    case("unfiltered neighbour below", stack!(registry(); below Seen("a"); ours Trail::layer)),
    case("unfiltered neighbour above", stack!(registry(); ours Trail::layer; above Seen("a"))),
    case("unfiltered neighbours around", stack!(registry(); below Seen("a"); ours Trail::layer; above Seen("b"))),
    case("alone", stack!(registry(); ours Trail::layer)),
    // A global EnvFilter.
    case("EnvFilter off, after", stack!(registry(); below Seen("a"); ours Trail::layer; above env("off"))).silenced().blind(),
    case("EnvFilter off, before", stack!(registry(); below env("off"), Seen("a"); ours Trail::layer)).silenced().blind(),
    case("EnvFilter warn, after", stack!(registry(); below Seen("a"); ours Trail::layer; above env("warn"))).silenced().blind(),
    case("EnvFilter warn, before", stack!(registry(); below env("warn"), Seen("a"); ours Trail::layer)).silenced().blind(),
    case("EnvFilter myapp=info, after", stack!(registry(); below Seen("a"); ours Trail::layer; above env("myapp=info"))).silenced(),
    case("EnvFilter myapp=info, before", stack!(registry(); below env("myapp=info"), Seen("a"); ours Trail::layer)).silenced(),
    case("EnvFilter info", stack!(registry(); below env("info"), Seen("a"); ours Trail::layer; above Seen("b"))),
    case("EnvFilter debug", stack!(registry(); below env("debug"), Seen("a"); ours Trail::layer; above Seen("b"))),
    case("EnvFilter by span", stack!(registry(); below env("info,[request]=trace"), Seen("a"); ours Trail::layer)),
    // A global level.
    case("LevelFilter OFF, after", stack!(registry(); below Seen("a"); ours Trail::layer; above LevelFilter::OFF)).silenced().blind(),
    case("LevelFilter OFF, before", stack!(registry(); below LevelFilter::OFF, Seen("a"); ours Trail::layer)).silenced().blind(),
    case("LevelFilter WARN, between", stack!(registry(); below Seen("a"), LevelFilter::WARN; ours Trail::layer; above Seen("b"))).silenced().blind(),
    // A subscriber that is no registry of its own.
    case("fmt().finish()", stack!(text(LevelFilter::INFO); ours Trail::layer)),
    case("fmt().finish() at WARN", stack!(text(LevelFilter::WARN); ours Trail::layer)).silenced().blind(),
    case("fmt().finish() at TRACE", stack!(text(LevelFilter::TRACE); ours Trail::layer; above Seen("a"))),
    // A foreign layer that vetoes.
    case("a veto, after", stack!(registry(); below Seen("a"); ours Trail::layer; above Veto)).silenced().blind(),
    case("a veto, before", stack!(registry(); below Veto, Seen("a"); ours Trail::layer)).silenced().blind(),
    case("a veto of single events", stack!(registry(); below Seen("a"); ours Trail::layer; above VetoEvents)).silenced().untold(),
    // Wrapped.
    case("reload", stack!(registry(); below Seen("a"); ours |trail| reload::Layer::new(trail.layer()).0; above Seen("b"))),
    case("Box", stack!(registry(); below Seen("a"); ours |trail| trail.layer().boxed(); above Seen("b"))),
    case("Option", stack!(registry(); below Seen("a"); ours |trail| Some(trail.layer()); above Seen("b"))),
    case("Vec", stack!(registry(); below Seen("a"); ours |trail| vec![trail.layer()]; above Seen("b"))),
    case("Vec of boxes with a neighbour", |trail| {
        let mut layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> = vec![Box::new(Seen("a"))];
        layers.extend(trail.map(|trail| trail.layer().boxed()));
        Dispatch::new(registry().with(layers))
    }),
    case("and_then", |trail| match trail {
        Some(trail) => Dispatch::new(registry().with(Seen("a").and_then(trail.layer()).and_then(Seen("b")))),
        None => Dispatch::new(registry().with(Seen("a").and_then(Seen("b")))),
    }),
    // Behind somebody's filter: what it hides is hidden, audit! is not.
    case("behind a filter that lets nothing pass", stack!(registry(); below Seen("a"); ours |trail| trail.layer().with_filter(LevelFilter::OFF); above Seen("b"))).silenced().blind(),
    // Neighbours with filters of their own.
    case("filtered neighbour below, WARN", stack!(registry(); below Seen("a").with_filter(LevelFilter::WARN); ours Trail::layer)),
    case("filtered neighbour above, WARN", stack!(registry(); ours Trail::layer; above Seen("a").with_filter(LevelFilter::WARN))),
    case("filtered neighbours, one of everything", stack!(registry(); below Seen("a").with_filter(LevelFilter::OFF), Seen("b"); ours Trail::layer; above Seen("c").with_filter(env("warn,myapp=debug")), Seen("d"))),
    case("filtered neighbours around, unfiltered innermost", stack!(registry(); below Seen("a"); ours Trail::layer; above Seen("b").with_filter(LevelFilter::WARN))),
    case("innermost, unfiltered and filtered above", stack!(registry(); ours Trail::layer; above Seen("a"), Seen("b").with_filter(LevelFilter::WARN))),
    case("neighbour with DEBUG for some", stack!(registry(); below Seen("a").with_filter(env("info,myapp=debug")); ours Trail::layer; above Seen("b").with_filter(LevelFilter::ERROR))),
    case("filter(), neighbour with DEBUG for some", stack!(registry(); below Seen("a").with_filter(env("info,myapp=debug")); ours filtered_above)),
    case("filter(), innermost", stack!(registry(); ours filtered; above Seen("a").with_filter(env("warn")), Seen("b"))),
    case("filter(), alone", stack!(registry(); ours filtered)),
    // Other dispatchers around the calls.
    case("a foreign scoped dispatcher", stack!(registry(); below Seen("a"); ours Trail::layer)).silenced().runs(|| {
        tracing::subscriber::with_default(registry().with(Seen("scoped")), program);
    }).blind().untold(),
    case("an empty scoped dispatcher", stack!(registry(); below Seen("a"); ours Trail::layer)).silenced().runs(|| {
        tracing::subscriber::with_default(NoSubscriber::default(), program);
    }).blind().untold(),
    case("a foreign global dispatcher", |_| Dispatch::new(registry().with(Seen("a")))).silenced().blind().untold(),
    case("no dispatcher", |_| Dispatch::none()).silenced().blind().untold(),
    // Values whose own code does things.
    case("values that log", stack!(registry(); below Seen("a"); ours Trail::layer; above Seen("b"))).runs(|| with_values(|| Value::Logs)),
    case("values that panic", stack!(registry(); below Numb("a"); ours Trail::layer; above Numb("b"))).runs(|| with_values(|| Value::Panics)),
    case("values that record", stack!(registry(); below Numb("a"); ours Trail::layer; above Numb("b"))).runs(|| with_values(|| Value::Records)),
    case("values that record, others filtered", stack!(registry(); below Numb("a").with_filter(LevelFilter::WARN); ours Trail::layer; above Numb("b").with_filter(env("info")))).runs(|| with_values(|| Value::Records)),
    case("values that record, others filtered above", stack!(registry(); below Numb("a").with_filter(env("info")); ours Trail::layer; above Numb("b").with_filter(LevelFilter::WARN))).runs(|| with_values(|| Value::Records)),
    case("values that log, others filtered", stack!(registry(); below Numb("a").with_filter(env("info")), Numb("b").with_filter(LevelFilter::WARN); ours Trail::layer)).runs(|| with_values(|| Value::Logs)),
    case("values that record themselves", stack!(registry(); below Numb("a"); ours Trail::layer; above Numb("b"))).runs(|| with_values(|| Value::Recurses)),
    // Layers that do things.
    case("a layer that logs what it sees", stack!(registry(); below Seen("a"), Echo; ours Trail::layer; above Seen("b"))),
    case("a layer that records what it sees", stack!(registry(); below Seen("a"); ours Trail::layer; above Recorder)),
];

fn filtered_above<S>(trail: &Trail) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    trail.layer().with_filter(trail.filter())
}

/// What the cases run: something of everything, and after each call another event, which nobody may lose.
fn program() {
    let request = info_span!(target: "myapp", "request", user_id = "alice").entered();
    info!(target: "myapp", "one");
    warn!(target: "myapp", "two");
    debug!(target: "myapp", "three");
    trace!(target: "other", "four");
    error!(target: "other", "five");
    let inner = debug_span!(target: "other", "inner").entered();
    info!(target: "other", "six");
    drop(inner);
    info!(target: "audit", event = "DATA_READ", "seven");
    warn!(target: "other", "eight");
    let quiet = info_span!(target: "other", "quiet").entered();
    audit!(events::AUTH_LOGIN, n = 1);
    info!(target: "myapp", "nine");
    warn!(target: "other", "ten");
    drop(quiet);
    audit!(events::USER_ROLE_CHANGE, n = 2);
    debug!(target: "myapp", "eleven");
    warn!(target: "other", "twelve");
    drop(request);
    error!(target: "other", "thirteen");
}

fn with_values(value: fn() -> Value) {
    let request = info_span!(target: "myapp", "request", user_id = "alice", session_id = ?value()).entered();
    info!(target: "myapp", "one");
    audit!(events::AUTH_LOGIN, n = 1, value = ?value());
    warn!(target: "other", "two");
    info!(target: "audit", event = "DATA_READ", value = ?value(), "three");
    warn!(target: "other", "four");
    request.record("session_id", tracing::field::debug(value()));
    audit!(events::USER_ROLE_CHANGE, n = 2);
    warn!(target: "other", "five");
    drop(request);
    error!(target: "other", "six");
}

enum Value {
    Logs,
    Panics,
    Records,
    Recurses,
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Logs => info!(target: "inner", "a value logs"),
            Value::Panics => panic!("a value panics, as planned"),
            Value::Records => {
                audit!(events::DATA_EXPORT);
            }
            Value::Recurses => {
                audit!(events::DATA_EXPORT, value = ?Value::Recurses);
            }
        }
        f.write_str("value")
    }
}

// ---- the other layers -------------------------------------------------------------------------------------------------

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn seen() -> MutexGuard<'static, Vec<String>> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(line: String) {
    seen().push(line);
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    // The mirror apart; and what values log while they are written, which depends on who writes them.
    metadata.name() == "tracing_audit::mirror" || metadata.target() == "inner"
}

/// Notes events with their text and spans, and spans as they open, record and close.
struct Seen(&'static str);

#[derive(Default)]
struct Text(String);

impl tracing::field::Visit for Text {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Seen {
    fn on_new_span(&self, attributes: &tracing::span::Attributes<'_>, _: &tracing::span::Id, _: Context<'_, S>) {
        let mut text = Text::default();
        attributes.record(&mut text);
        note(format!("{} opens {}{}", self.0, attributes.metadata().name(), text.0));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if is_ours(event.metadata()) {
            return;
        }
        let mut text = Text::default();
        event.record(&mut text);
        let spans: Vec<_> = context
            .event_scope(event)
            .into_iter()
            .flatten()
            .map(|span| span.name())
            .collect();
        note(format!(
            "{} sees {}{} in {spans:?}",
            self.0,
            event.metadata().level(),
            text.0
        ));
    }

    fn on_close(&self, id: tracing::span::Id, context: Context<'_, S>) {
        note(format!(
            "{} closes {:?}",
            self.0,
            context.span(&id).map(|span| span.name())
        ));
    }
}

/// As `Seen`, without looking at the values.
struct Numb(&'static str);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Numb {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if !is_ours(event.metadata()) {
            let spans: Vec<_> = context
                .event_scope(event)
                .into_iter()
                .flatten()
                .map(|span| span.name())
                .collect();
            let line = event.metadata().line().unwrap_or_default();
            note(format!(
                "{} sees {} of line {line} in {spans:?}",
                self.0,
                event.metadata().level()
            ));
        }
    }
}

/// Wants nothing, and takes it from everybody.
struct Veto;

impl<S: Subscriber> Layer<S> for Veto {
    fn enabled(&self, _: &Metadata<'_>, _: Context<'_, S>) -> bool {
        false
    }

    fn register_callsite(&self, _: &'static Metadata<'static>) -> tracing::subscriber::Interest {
        tracing::subscriber::Interest::sometimes()
    }
}

/// Takes every event from everybody, at the last moment.
struct VetoEvents;

impl<S: Subscriber> Layer<S> for VetoEvents {
    fn event_enabled(&self, _: &Event<'_>, _: Context<'_, S>) -> bool {
        false
    }
}

/// Sends an event for every event it sees but its own.
struct Echo;

impl<S: Subscriber> Layer<S> for Echo {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "inner" {
            info!(target: "inner", "an echo");
        }
    }
}

/// Records every event it sees, whichever it is.
struct Recorder;

impl<S: Subscriber> Layer<S> for Recorder {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        audit!(events::API_REQUEST);
    }
}

/// `fmt().finish()`, line by line into what was seen.
fn text(level: LevelFilter) -> impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync {
    struct Lines;
    impl std::io::Write for Lines {
        fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
            let line = String::from_utf8_lossy(line);
            // The mirror, in the only way this one shows it.
            if !line.contains("outcome=") {
                note(line.trim_end().to_owned());
            }
            Ok(line.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    console()
        .with_max_level(level)
        .without_time()
        .with_ansi(false)
        .with_writer(|| Lines)
        .finish()
}

// ---- the child --------------------------------------------------------------------------------------------------------

const CASE: &str = "TRACING_AUDIT_MATRIX_CASE";
const DIR: &str = "TRACING_AUDIT_MATRIX_DIR";

/// Does nothing unless it is run as a child: see [`run`].
#[test]
fn child() {
    let Ok(name) = std::env::var(CASE) else { return };
    let case = CASES.iter().chain(CONTROLS).find(|case| case.name == name).unwrap();
    let trail = std::env::var_os(DIR).map(|dir| Trail::builder(dir).build().unwrap());
    (case.stack)(trail.as_ref())
        .pipe(tracing::dispatcher::set_global_default)
        .unwrap();
    (case.program)();
    let mut out = std::io::stdout().lock();
    for line in seen().drain(..) {
        writeln!(out, "\nSEEN {line}").unwrap();
    }
    if let Some(trail) = trail {
        trail.flush().unwrap();
        for line in trail.recent() {
            writeln!(out, "\nRECORD {}", line.trim_end()).unwrap();
        }
        // The writer asks the canary after a commit, hence before the next one.
        audit!(events::SYSTEM_STOP);
        trail.flush().unwrap();
        for what in trail.status().capture {
            writeln!(out, "\nTOLD {what}").unwrap();
        }
    }
    writeln!(out, "\nDONE").unwrap();
    out.flush().unwrap();
    // Not through the harness's own end: `exit` is what most programs do, too.
    std::process::exit(0);
}

trait Pipe: Sized {
    fn pipe<R>(self, f: impl FnOnce(Self) -> R) -> R {
        f(self)
    }
}

impl Pipe for Dispatch {}

// ---- the parent -------------------------------------------------------------------------------------------------------

#[derive(Debug)]
struct Output {
    seen: Vec<String>,
    told: Vec<String>,
    records: Vec<serde_json::Value>,
}

impl Output {
    fn read(text: &str) -> Output {
        let lines = |mark| text.lines().filter_map(move |line| line.strip_prefix(mark));
        Output {
            seen: lines("SEEN ").map(str::to_owned).collect(),
            told: lines("TOLD ").map(str::to_owned).collect(),
            records: lines("RECORD ")
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
        }
    }

    fn of(&self, event: &str) -> Vec<&serde_json::Value> {
        self.records.iter().filter(|record| record["event"] == event).collect()
    }
}

fn run(case: &Case, with_us: bool) -> Result<Output, String> {
    let dir = tempfile::tempdir().unwrap();
    let trail = dir.path().join("trail");
    let mut variables = vec![(CASE, case.name.as_ref())];
    if with_us {
        variables.push((DIR, trail.as_os_str()));
    }
    let child::Ended { status, stdout, stderr } = child::run("capture_matrix::child", &variables)?;
    if !status.success() || !stdout.contains("\nDONE") {
        return Err(format!("it ended with {status}:\n{stdout}\n{stderr}"));
    }
    Ok(Output::read(&stdout))
}

/// What is wrong with a case.
fn judge(case: &Case) -> Vec<String> {
    let (with, without) = match (run(case, true), run(case, false)) {
        (Ok(with), Ok(without)) => (with, without),
        (Err(why), _) => return vec![format!("with us, {why}")],
        (_, Err(why)) => return vec![format!("without us, {why}")],
    };
    let mut wrong = Vec::new();
    if with.seen != without.seen {
        wrong.push(format!(
            "the others see\n  {}\ninstead of\n  {}",
            with.seen.join("\n  "),
            without.seen.join("\n  ")
        ));
    }
    for (event, n) in [("AUTH_LOGIN", 1), ("USER_ROLE_CHANGE", 2)] {
        let recorded = with.of(event);
        if recorded.len() != 1 || recorded[0]["metadata"]["n"] != n {
            wrong.push(format!("audit! of {event} is recorded as {recorded:?}"));
        }
        let known = recorded.iter().all(|record| record["user_id"] == "alice");
        if known != case.context {
            wrong.push(format!(
                "the span around {event} is {}known",
                if known { "" } else { "not " }
            ));
        }
    }
    if (with.of("DATA_READ").len() == 1) != case.plain {
        wrong.push(format!(
            "the plain event is recorded {} times",
            with.of("DATA_READ").len()
        ));
    }
    if with.told.is_empty() == case.told {
        wrong.push(format!("the trail's status says {:?}", with.told));
    }
    wrong
}

#[test]
fn audit_is_recorded_in_every_stack_and_nobody_else_notices() {
    let mut wrong = Vec::new();
    std::thread::scope(|scope| {
        let workers: Vec<_> = CASES
            .chunks(CASES.len().div_ceil(4))
            .map(|cases| scope.spawn(move || cases.iter().map(|case| (case.name, judge(case))).collect::<Vec<_>>()))
            .collect();
        for (name, found) in workers.into_iter().flat_map(|worker| worker.join().unwrap()) {
            wrong.extend(found.into_iter().map(|what| format!("[{name}] {what}")));
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A static maximum level, which any dependency can set for the whole program, compiles events and spans away.
#[test]
fn audit_is_recorded_where_tracing_is_compiled_away() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixture = source.join("tests/fixtures/max_level_off");
    // A copy, with our lock file: it then needs no more than what this test was built from.
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("max_level_off");
    fs::create_dir_all(copy.join("src")).unwrap();
    let manifest = fs::read_to_string(fixture.join("Cargo.toml")).unwrap();
    let path = format!("path = {:?}", source.to_str().unwrap());
    assert!(manifest.contains("path = \"../../..\""));
    fs::write(copy.join("Cargo.toml"), manifest.replace("path = \"../../..\"", &path)).unwrap();
    fs::copy(fixture.join("src/main.rs"), copy.join("src/main.rs")).unwrap();
    fs::copy(source.join("Cargo.lock"), copy.join("Cargo.lock")).unwrap();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--offline", "--quiet", "--target-dir", "target"])
        .current_dir(&copy)
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let dir = tempfile::tempdir().unwrap();
    let ran = Command::new(copy.join(format!("target/debug/max-level-off{}", std::env::consts::EXE_SUFFIX)))
        .arg(dir.path().join("trail"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let output = Output::read(&String::from_utf8(ran.stdout).unwrap());
    for (event, n) in [("AUTH_LOGIN", 1), ("USER_ROLE_CHANGE", 2)] {
        let recorded = output.of(event);
        assert_eq!(recorded.len(), 1);
        assert_eq!(recorded[0]["metadata"]["n"], n);
        // Spans are gone, too; a context is not.
        assert_eq!(recorded[0]["user_id"], "alice");
    }
    // The control: what is not `audit!` is gone.
    assert!(output.of("DATA_READ").is_empty());
}

/// The controls: a matrix that finds nothing wrong must be able to.
#[test]
fn the_matrix_notices_what_is_taken_from_others_and_what_is_not_recorded() {
    for case in CONTROLS {
        let wrong = judge(case);
        assert!(
            wrong.iter().any(|what| what.starts_with(case.name)),
            "{}: {wrong:?}",
            case.name
        );
    }
}

/// Each is named after how what is wrong with it begins.
const CONTROLS: &[Case] = &[
    case(
        "the others see",
        stack!(registry(); below Seen("a"); ours |trail| trail.layer().and_then(LevelFilter::WARN)),
    )
    .silenced()
    .blind(),
    case(
        "the plain event is recorded 0 times",
        stack!(registry(); below Seen("a"); ours Trail::layer; above env("off")),
    )
    .blind(),
    case(
        "the span around AUTH_LOGIN is not known",
        stack!(registry(); below Seen("a"); ours Trail::layer; above env("off")),
    )
    .silenced(),
    case(
        "with us, it ended",
        stack!(registry(); below Seen("a"); ours Trail::layer),
    )
    .runs(|| std::process::abort()),
];
