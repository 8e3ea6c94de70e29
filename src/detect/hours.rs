use std::fmt;
use std::time::Duration;

use crate::clock::Micros;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Hours of the day in which nobody should be there, in a time zone that is so many minutes ahead of UTC all year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hours {
    from: u8,
    to: u8,
    ahead: i16,
}

impl Hours {
    /// From one full hour to another, not the same; `None` where they are none, or the zone is more than 14 h from UTC.
    pub(super) fn new(from: u32, to: u32, ahead: i32) -> Option<Hours> {
        let fits = from < 24 && to < 24 && from != to && ahead.abs() <= 14 * 60;
        Some(Hours {
            from: u8::try_from(from).ok().filter(|_| fits)?,
            to: u8::try_from(to).ok()?,
            ahead: i16::try_from(ahead).ok()?,
        })
    }

    pub(super) fn include(self, at: Micros) -> bool {
        let second = (at.0.div_euclid(1_000_000) + i64::from(self.ahead) * 60).rem_euclid(DAY);
        let (from, to) = (i64::from(self.from) * HOUR, i64::from(self.to) * HOUR);
        match from < to {
            true => (from..to).contains(&second),
            false => second >= from || second < to,
        }
    }

    pub(super) fn length(self) -> Duration {
        let hours = (i64::from(self.to) - i64::from(self.from)).rem_euclid(24);
        Duration::from_secs((hours * HOUR) as u64)
    }

    pub(super) fn words(self) -> String {
        let zone = match self.ahead {
            0 => " UTC".to_owned(),
            _ => format!(" (UTC{})", Zone(self.ahead)),
        };
        format!("{:02}:00 and {:02}:00{zone}", self.from, self.to)
    }

    /// Reads `22-06`, `22-06+02:00` or `22-06-05:30`.
    pub(super) fn parse(text: &str) -> Option<Hours> {
        let (from, rest) = text.split_once('-')?;
        let (to, zone) = rest.split_at_checked(rest.find(['+', '-']).unwrap_or(rest.len()))?;
        let ahead = match zone.split_at_checked(1) {
            None => 0,
            Some((sign, zone)) => {
                let (hours, minutes) = zone.split_once(':').unwrap_or((zone, "0"));
                let minutes = number(hours)? * 60 + number(minutes).filter(|minutes| *minutes < 60)?;
                i32::try_from(minutes).ok()? * if sign == "-" { -1 } else { 1 }
            }
        };
        Hours::new(number(from)?, number(to)?, ahead)
    }
}

/// One or two digits.
fn number(text: &str) -> Option<u32> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}{}", self.from, self.to, Zone(self.ahead))
    }
}

struct Zone(i16);

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        write!(f, "{sign}{:02}:{:02}", self.0.abs() / 60, self.0.abs() % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_night_is_that_of_the_place() {
        let at = |text: &str| Micros::parse(text.as_bytes()).unwrap();
        let utc = Hours::parse("22-06").unwrap();
        for (time, night) in [
            ("2026-11-21T21:59:59.999999Z", false),
            ("2026-11-21T22:00:00.000000Z", true),
            ("2026-11-21T00:00:00.000000Z", true),
            ("2026-11-21T05:59:59.999999Z", true),
            ("2026-11-21T06:00:00.000000Z", false),
        ] {
            assert_eq!(utc.include(at(time)), night, "{time}");
        }
        let india = Hours::parse("22-06+05:30").unwrap();
        assert!(india.include(at("2026-11-21T16:30:00.000000Z")));
        assert!(!india.include(at("2026-11-21T00:30:00.000000Z")));
        let noon = Hours::parse("12-14-08:00").unwrap();
        assert!(noon.include(at("2026-11-21T20:00:00.000000Z")) && !noon.include(at("2026-11-21T22:00:00.000000Z")));
        assert_eq!(
            (utc.length(), noon.length()),
            (Duration::from_secs(8 * 3_600), Duration::from_secs(2 * 3_600))
        );
        for text in ["22-06+05:30", "00-05-08:00"] {
            assert_eq!(Hours::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "22",
            "22-24",
            "6-6",
            "22-06+15:00",
            "22-06+01:60",
            "a-b",
            "-1-3",
            "22-06+",
            "",
        ] {
            assert_eq!(Hours::parse(text), None, "{text}");
        }
    }
}
