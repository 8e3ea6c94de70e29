//! Times as they are named on the command line.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, Time};

/// A moment: `2026-11-20T08:00:00Z` (without a zone in UTC, seconds or not), a day (`2026-11-20`, its beginning in UTC), `2h` (so long ago), `now`, `today`, `yesterday`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct When(pub(crate) SystemTime);

/// How moments are spelled, for help and complaints.
pub(crate) const SPELLINGS: &str = "a time such as 2026-11-20T08:00:00Z or 2026-11-20T08:00 (in UTC where no zone is named), a day such as 2026-11-20 or yesterday (in UTC), or how long ago: 90s, 15m, 2h, 7d, 4w";

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<When, String> {
        When::read(text, SystemTime::now()).ok_or_else(|| format!("{text:?} is not {SPELLINGS}"))
    }
}

impl When {
    fn read(text: &str, now: SystemTime) -> Option<When> {
        let text = text.trim();
        if text == "now" {
            return Some(When(now));
        }
        if let Some(day) = Day::read(text, now) {
            return Some(When(day.begin()));
        }
        if let Some(ago) = span(text.strip_suffix("ago").unwrap_or(text).trim()) {
            // Before 1970 there was nobody to record anything.
            let time = now.checked_sub(ago).filter(|time| *time >= SystemTime::UNIX_EPOCH);
            return time.map(When);
        }
        moment(text).map(|time| When(time.into()))
    }
}

/// A day and a time of it, as people shorten RFC 3339: a blank for the T, no seconds, no zone (UTC, as for days).
fn moment(text: &str) -> Option<OffsetDateTime> {
    let (day, rest) = text.split_at_checked(10)?;
    let clock = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, zone) = clock.split_at(clock.find(['Z', 'z', '+', '-']).unwrap_or(clock.len()));
    let seconds = if clock.len() == "10:00".len() { ":00" } else { "" };
    let zone = if zone.is_empty() { "Z" } else { zone };
    OffsetDateTime::parse(&format!("{day}T{clock}{seconds}{zone}"), &Rfc3339).ok()
}

/// A day in UTC: `2026-11-20`, `today`, `yesterday`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day(Date);

impl Day {
    fn read(text: &str, now: SystemTime) -> Option<Day> {
        let today = OffsetDateTime::from(now).date();
        let day = match text.trim() {
            "today" => Some(today),
            "yesterday" => today.previous_day(),
            text => date(text),
        };
        day.map(Day)
    }

    pub(crate) fn begin(self) -> SystemTime {
        self.0.with_time(Time::MIDNIGHT).assume_utc().into()
    }

    /// The first moment that is not of it.
    pub(crate) fn end(self) -> SystemTime {
        self.begin() + Duration::from_secs(86_400)
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Day, String> {
        Day::read(text, SystemTime::now())
            .ok_or_else(|| format!("{text:?} is no day such as 2026-11-20, today or yesterday (in UTC)"))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(f, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

/// `YYYY-MM-DD`.
fn date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let [year, month, day] = [parts.next()?, parts.next()?, parts.next()?];
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    let month = month.parse::<u8>().ok()?.try_into().ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}

/// `15m`, `1h30m`: numbers with a unit each.
pub(crate) fn span(text: &str) -> Option<Duration> {
    let mut seconds = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, unit) = rest.split_at(digits);
        let letters = unit.find(|letter: char| letter.is_ascii_digit()).unwrap_or(unit.len());
        let (unit, behind) = unit.split_at(letters);
        let each = match unit.trim() {
            "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 7 * 86_400,
            _ => return None,
        };
        seconds = number.parse::<u64>().ok()?.checked_mul(each)?.checked_add(seconds)?;
        rest = behind;
    }
    (!text.is_empty()).then(|| Duration::from_secs(seconds))
}

/// Arguments that contradict one another, and what to do.
#[derive(Debug)]
pub(crate) struct Contradiction(pub(crate) String);

/// Refuses an end that stands before the begin: nothing is between.
pub(crate) fn in_order(since: Option<When>, until: Option<When>) -> Result<(), Contradiction> {
    match (since, until) {
        (Some(When(since)), Some(When(until))) if since > until => Err(Contradiction(format!(
            "nothing is from {} on and before {}: --since is the later one",
            shown(since),
            shown(until)
        ))),
        _ => Ok(()),
    }
}

/// A time as the lines of a trail spell it, to the second.
pub(crate) fn shown(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let (hour, minute, second) = time.to_hms();
    format!("{} {hour:02}:{minute:02}:{second:02}Z", time.date())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T10:30:00Z.
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_170_600)
    }

    #[test]
    fn moments_are_read_as_people_say_them() {
        let read = |text| When::read(text, now()).map(|When(time)| shown(time));
        for (text, time) in [
            ("now", "2026-11-20 10:30:00Z"),
            ("today", "2026-11-20 00:00:00Z"),
            ("yesterday", "2026-11-19 00:00:00Z"),
            ("2026-02-28", "2026-02-28 00:00:00Z"),
            ("2h", "2026-11-20 08:30:00Z"),
            ("2h ago", "2026-11-20 08:30:00Z"),
            ("1h30m", "2026-11-20 09:00:00Z"),
            ("7d", "2026-11-13 10:30:00Z"),
            ("2 weeks ago", "2026-11-06 10:30:00Z"),
            ("2026-11-20T08:15:00+02:00", "2026-11-20 06:15:00Z"),
            ("2026-11-20T08:15:00.5Z", "2026-11-20 08:15:00Z"),
            ("2026-11-20T08:15", "2026-11-20 08:15:00Z"),
            ("2026-11-20 08:15", "2026-11-20 08:15:00Z"),
            ("2026-11-20T08:15:07", "2026-11-20 08:15:07Z"),
            ("2026-11-20 08:15:07.25", "2026-11-20 08:15:07Z"),
            ("2026-11-20 08:15:07Z", "2026-11-20 08:15:07Z"),
            ("2026-11-20T08:15Z", "2026-11-20 08:15:00Z"),
            ("2026-11-20 08:15-02:00", "2026-11-20 10:15:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(time), "{text}");
        }
        for wrong in [
            "",
            "h",
            "2",
            "2x",
            "2026-13-01",
            "2026-02-30",
            "26-02-03",
            "2026-2-3",
            "tomorrow",
            "2026-11-20T",
            "2026-11-20T8:15",
            "2026-11-20T24:15",
            "2026-11-20 1:000",
            "2026-11-20x08:15",
            "2026-11-2 008:15",
            "2026-11-20T08:15:",
            "99999999999999999999d",
            "9999999999w",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
