//! Statistics for people.

use std::fmt;

use super::ranking::Ranking;
use super::{Gaps, Stats};
use crate::severity::Severity;
use crate::verify::report::{harmless, plural};

/// So many lines of each list.
const LISTED: usize = 10;

impl fmt::Display for Stats {
    /// A table: the ten largest of each kind. Nothing in it moves a terminal, whatever the records say.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", plural(self.0.records, "record"))?;
        if let (Some(first), Some(last)) = (self.0.first, self.0.last) {
            write!(f, ", {first} to {last}")?;
        }
        write!(
            f,
            "\n{} of the trail's own, {} flagged, {}, {}",
            self.0.own_records,
            self.0.flagged,
            plural(self.0.failures, "failure"),
            plural(self.0.failed_logins, "failed login"),
        )?;
        let (users, ips) = (self.users(), self.ips());
        write!(f, "\nusers {users}, addresses {ips}")?;
        if self.0.durations.count() > 0 {
            write!(
                f,
                "\n{}: {}",
                plural(self.0.durations.count(), "duration"),
                self.0.durations
            )?;
        }
        if self.0.gaps.lost() > 0 {
            write!(f, "\nnot whole: {}", lost(&self.0.gaps))?;
        }
        self.0.skipped.show(f)?;
        list(f, "severity", self.by_severity())?;
        list(f, "outcome", self.by_outcome())?;
        list(f, "category", self.by_category())?;
        list(f, "event", self.by_event())?;
        list(f, "user", self.by_user())?;
        list(f, "address", self.by_ip())?;
        self.routes(f)?;
        self.days(f)
    }
}

impl Stats {
    fn routes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes = self.by_route().top(LISTED);
        if routes.is_empty() {
            return Ok(());
        }
        write!(f, "\n\nroute")?;
        let other = routes.other();
        for route in routes.iter().chain(&other) {
            let name = match &route.method {
                Some(method) => format!("{method} {}", route.route),
                None => route.route.clone(),
            };
            row(f, &name, route.count)?;
            write!(f, "  {}", plural(route.errors, "error"))?;
            if route.durations.count() > 0 {
                write!(f, ", {}", route.durations)?;
            }
        }
        Ok(())
    }

    fn days(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.by_day();
        if days.is_empty() {
            return Ok(());
        }
        write!(f, "\n\nday, the latest last")?;
        for (day, stats) in days.iter().skip(days.len().saturating_sub(LISTED)) {
            row(f, day, stats.records())?;
            write!(
                f,
                "  {} flagged, {}",
                stats.flagged(),
                plural(stats.failures(), "failure")
            )?;
        }
        Ok(())
    }
}

pub(super) fn list(f: &mut fmt::Formatter<'_>, title: &str, ranking: Ranking<'_>) -> fmt::Result {
    if ranking.is_empty() {
        return Ok(());
    }
    write!(f, "\n\n{title}")?;
    let ranking = ranking.top(LISTED);
    for (name, count) in ranking.iter() {
        row(f, name, *count)?;
    }
    if ranking.other() > 0 {
        row(f, "other", ranking.other())?;
    }
    Ok(())
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, count: u64) -> fmt::Result {
    const WIDTH: usize = 40;
    let mut name = harmless(name);
    if name.chars().count() > WIDTH {
        name = name.chars().take(WIDTH - 1).chain(['…']).collect();
    }
    write!(f, "\n  {name:WIDTH$} {count:>12}")
}

fn lost(gaps: &Gaps) -> String {
    let by_severity: Vec<String> = Severity::ALL
        .into_iter()
        .map(|severity| (severity, gaps.of_severity(severity)))
        .filter(|(_, lost)| *lost > 0)
        .map(|(severity, lost)| format!("{lost} {severity}"))
        .collect();
    format!("{} lost ({})", plural(gaps.lost(), "record"), by_severity.join(", "))
}
