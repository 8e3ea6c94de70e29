//! `tracing-audit demo`: a trail to try the other commands on.

mod story;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::Args;
use tracing_audit::testing::ManualClock;
use tracing_audit::{Clock as _, OnFull, Retention, Severity, Trail, Watch};

use crate::out::{self, Failure};
use crate::when;
use story::Story;

/// Make a trail of a service that does not exist: users with habits, an attack, an outage.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The directory to make it in; it must be new or empty
    dir: PathBuf,
    /// How many records; the trail's own come on top
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    records: u64,
    /// Over how many days, the last of which is today
    #[arg(long, value_name = "D", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=3_650))]
    days: u16,
    /// The moment at which it ends, in place of now
    #[arg(long, value_name = "WHEN")]
    until: Option<when::When>,
    /// Another seed tells the same story otherwise
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let dir = &arguments.dir;
    if let Ok(mut entries) = std::fs::read_dir(dir)
        && entries.next().is_some()
    {
        let there = std::io::Error::new(
            std::io::ErrorKind::AlreadyExists,
            "the directory is not empty; name a new one",
        );
        return Err(Failure::Written(dir.clone(), there));
    }
    let end = arguments.until.map_or_else(SystemTime::now, |when::When(time)| time);
    let last = midnight(end);
    let first = last - DAY * u32::from(arguments.days - 1);
    let clock = Arc::new(ManualClock::new(first));
    let block = OnFull::Block(Duration::from_secs(60));
    let builder = Trail::builder(dir)
        .service("demo", env!("CARGO_PKG_VERSION"))
        .host("demo.example")
        .retention(Retention::forever())
        .mirror(false)
        .clock(clock.clone())
        .watch(rules())
        .detached();
    let builder = Severity::ALL
        .into_iter()
        .fold(builder, |builder, severity| builder.on_full(severity, block));
    let trail = builder.build()?;
    let mut story = Story::new(arguments.seed, arguments.records, arguments.days.into());
    let mut told = 0_u64;
    for day in 0..arguments.days {
        let begins = first + DAY * u32::from(day);
        let left = end.duration_since(begins).unwrap_or_default();
        for event in story.day(day.into(), left.clamp(MINUTE, DAY)) {
            let at = begins + event.at;
            clock.advance(at.duration_since(clock.now()).unwrap_or_default());
            // An alert bears the time at which the writer looked, and the same story is to make the same trail.
            let alone = event.may_be_found();
            if alone {
                trail.flush()?;
            }
            event.emit(&trail).accepted()?;
            if alone {
                trail.flush()?;
            }
            told += 1;
        }
        // A file is named by the day on which its lines are written.
        trail.flush()?;
    }
    trail.close()?;
    out::note(&format_args!(
        "{told} records over {} days; now try: tracing-audit alerts {}",
        arguments.days,
        dir.display()
    ));
    Ok(0)
}

/// What people do. States that pass end whenever the writer looks again, which is another moment each time.
fn rules() -> Watch {
    let passing = ["error_rate", "slow_responses", "slower", "trail_failures"];
    passing.into_iter().fold(Watch::standard(), Watch::without)
}

fn midnight(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs() / DAY.as_secs() * DAY.as_secs())
}
