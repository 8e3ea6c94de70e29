//! One line for a new program: the trail, and a subscriber that shows the rest on the console.

use std::path::{Path, PathBuf};

use tracing_core::{Dispatch, LevelFilter, dispatcher};
use tracing_log::{AsLog as _, LogTracer};
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

use crate::builder::Builder;
use crate::error::{Error, ErrorKind};
use crate::trail::Trail;

/// Starts the trail of a new program, and installs a subscriber: the trail's layer, and a console.
///
/// ```no_run
/// fn main() -> Result<(), tracing_audit::Error> {
///     let _trail = tracing_audit::init("logs")?;
///     tracing_audit::audit!(tracing_audit::events::SYSTEM_START);
///     Ok(())
/// }
/// ```
///
/// Keep what it returns until the end of `main`, in `_trail` and not in `_`: when it is dropped, everything is written
/// and synced.
///
/// - The environment may set what [`Builder::env`] reads; `AUDIT_DIR` or `AUDIT_LOGS_DIR` takes the place of `dir`.
/// - The console is on standard error, filtered by `RUST_LOG` (default `info`), which the trail does not heed. Without
///   the feature `subscriber` there is none.
/// - `AUDIT_APP_LOG=<directory>` adds a log of what the console shows, a file a day (`app.2026-11-20.log`). It is an
///   ordinary log and best effort; the audit trail is apart from it.
/// - Records of the `log` crate come as events, unless the program has a logger already.
///
/// # Errors
/// As [`Builder::build`]; and if the program has a global subscriber already: then build the trail with
/// [`Trail::builder`], and add [`Trail::layer`] to that subscriber.
pub fn init(dir: impl Into<PathBuf>) -> Result<Trail, Error> {
    let dir = named("AUDIT_DIR")
        .or_else(|| named("AUDIT_LOGS_DIR"))
        .unwrap_or_else(|| dir.into());
    let shown = Shown::new(named("AUDIT_APP_LOG").as_deref(), &dir)?;
    start(Trail::builder(dir).env(), shown)
}

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .filter(|dir| !dir.is_empty())
        .map(PathBuf::from)
}

impl Builder {
    /// Builds the trail and installs a subscriber, as [`init`] does; of the environment only `RUST_LOG` is read.
    ///
    /// # Errors
    /// As [`init`].
    pub fn init(self) -> Result<Trail, Error> {
        start(self, Shown::new(None, Path::new(""))?)
    }
}

/// The trail comes last of what can fail: a start that fails leaves no trace in it.
fn start(builder: Builder, shown: Shown) -> Result<Trail, Error> {
    refuse_second()?;
    let trail = builder.build()?;
    let hint = shown.hint.max(LevelFilter::INFO);
    dispatcher::set_global_default(shown.over(&trail)).map_err(|_| taken())?;
    // A program that has a logger of its own keeps it.
    let _ = LogTracer::builder().with_max_level(hint.as_log()).init();
    Ok(trail)
}

fn refuse_second() -> Result<(), Error> {
    // Only a fresh thread sees the global subscriber, whatever this one is scoped to.
    let look = || dispatcher::get_default(|dispatch| !dispatch.is::<tracing_core::subscriber::NoSubscriber>());
    match std::thread::spawn(look).join() {
        Ok(true) => Err(taken()),
        _ => Ok(()),
    }
}

fn taken() -> Error {
    Error::new(ErrorKind::Config, "the program has a global tracing subscriber already")
        .remedy("build the trail with Trail::builder(..).build() and add trail.layer() to that subscriber")
}

/// What is shown of the program's own events, beside the trail.
struct Shown {
    /// Each with a filter of its own, so that none filters the trail.
    #[cfg(feature = "subscriber")]
    layers: Vec<Box<dyn tracing_subscriber::Layer<tracing_subscriber::Registry> + Send + Sync>>,
    /// The most verbose level that any of them opens somewhere.
    hint: LevelFilter,
}

#[cfg(not(feature = "subscriber"))]
impl Shown {
    fn new(app_log: Option<&Path>, _: &Path) -> Result<Shown, Error> {
        match app_log {
            Some(dir) => Err(Error::new(
                ErrorKind::Unsupported,
                "an application log needs the feature `subscriber`",
            )
            .at(dir)),
            None => Ok(Shown { hint: LevelFilter::OFF }),
        }
    }

    /// The layer stands alone; the filter then keeps call sites cheap that nobody wants.
    fn over(self, trail: &Trail) -> Dispatch {
        Dispatch::new(registry().with(trail.layer().with_filter(trail.filter())))
    }
}

#[cfg(feature = "subscriber")]
impl Shown {
    fn new(app_log: Option<&Path>, trail: &Path) -> Result<Shown, Error> {
        use std::io::IsTerminal as _;
        use tracing_subscriber::fmt;

        let colours = std::io::stderr().is_terminal() && named("NO_COLOR").is_none();
        let (filter, hint) = console_filter();
        let console = fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(colours)
            // It would complain to the stderr that it cannot write to, and panic.
            .log_internal_errors(false)
            .with_filter(filter);
        let mut layers = vec![console.boxed()];
        if let Some(dir) = app_log {
            let file = fmt::layer().with_writer(app_log_in(dir, trail)?);
            let file = file.with_ansi(false).log_internal_errors(false);
            layers.push(file.with_filter(console_filter().0).boxed());
        }
        Ok(Shown { layers, hint })
    }

    fn over(self, trail: &Trail) -> Dispatch {
        let stack = registry().with(self.layers);
        if self.hint > LevelFilter::INFO {
            Dispatch::new(stack.with(trail.layer().with_filter(trail.filter())))
        } else {
            Dispatch::new(stack.with(trail.layer()))
        }
    }
}

/// `RUST_LOG`, or `info`; and the most verbose level that it opens anywhere.
#[cfg(feature = "subscriber")]
fn console_filter() -> (tracing_subscriber::EnvFilter, LevelFilter) {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .from_env_lossy();
    let hint = filter.max_level_hint().unwrap_or(LevelFilter::TRACE);
    (filter, hint)
}

/// Written at the call, without a worker that could lose the last lines.
#[cfg(feature = "subscriber")]
fn app_log_in(dir: &Path, trail: &Path) -> Result<tracing_appender::rolling::RollingFileAppender, Error> {
    use tracing_appender::rolling::{self, Rotation};

    let real = |path: &Path| std::fs::canonicalize(path).ok();
    if dir == trail || (real(dir).is_some() && real(dir) == real(trail)) {
        return Err(Error::new(
            ErrorKind::Config,
            "the application log cannot be in the trail's directory",
        )
        .at(dir)
        .remedy("give AUDIT_APP_LOG a directory of its own"));
    }
    rolling::Builder::new()
        .rotation(Rotation::DAILY)
        .filename_prefix("app")
        .filename_suffix("log")
        .build(dir)
        .map_err(|error| {
            Error::new(ErrorKind::Io, format!("cannot open the application log: {error}"))
                .at(dir)
                .remedy("give AUDIT_APP_LOG a directory that the program may write to")
        })
}
