use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::hours::Hours;
use super::limit::{Limit, MOST};
use crate::error::{Error, ErrorKind};

pub(super) const FAILED_LOGINS: &str = "failed_logins";
pub(super) const SUCCESS_AFTER_FAILURES: &str = "success_after_failures";
pub(super) const RAPID_READS: &str = "rapid_reads";
pub(super) const DATA_ACCESS: &str = "data_access";
pub(super) const BULK_DELETES: &str = "bulk_deletes";
pub(super) const OFF_HOURS_DELETES: &str = "off_hours_deletes";
pub(super) const SUSPICIOUS_IP: &str = "suspicious_ip";
pub(super) const ERROR_RATE: &str = "error_rate";
pub(super) const SLOW_RESPONSES: &str = "slow_responses";
pub(super) const SLOWER: &str = "slower";
pub(super) const RATE_LIMITS: &str = "rate_limits";
pub(super) const CONTRACT_VIOLATIONS: &str = "contract_violations";
pub(super) const TRAIL_FAILURES: &str = "trail_failures";

/// No window is longer: a key's times are few.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

/// Which of the standard rules are on, and from where on they find something.
///
#[doc = include_str!("../../docs/RULES.md")]
///
/// A setting is a word of `AUDIT_RULES`, with its default; in code the method of the same name takes its values, and
/// [`without`](Watch::without) takes a rule out.
///
/// "5 within 15 min" means that the fifth raises, by the records' own time, if the first was at most 15 minutes before it. Where
/// nobody is named, the address stands for the user. An address is the same one with a port and without, in brackets, and as an
/// IPv4 address within an IPv6 one (`10.0.0.1:4000`, `[::ffff:10.0.0.1]:80`); users are the same if they are spelled alike. At which hours nobody should delete anything depends on where people
/// are, so that rule is off until they are said. A failed login is an `AUTH_FAILED`, or an `AUTH_LOGIN` that did not
/// succeed; a read, a deletion and an access to data are what the [table of events](crate::EventType::all) calls so, and
/// types of your own in the categories data and file, by the last word of their names (`ORDER_DELETE`).
///
/// Windows are in memory. A start fills those of failed logins, of reads, accesses and deletions, and of rate limits from the newest
/// records, as far back as the longest of them reaches, up to an hour, 64 MiB of records, or 100,000 that count;
/// `suspicious_ip`, `error_rate` and `slower` begin anew.
///
/// All windows together take at most 64 MiB: they are kept of 524,288 users and as many addresses that failed to log in, of 262,144 who
/// read, of 131,072 who delete and as many who run into rate limits, and of 65,536 addresses about which something was found. Beyond
/// these, who was seen least and longest ago is forgotten, and counted ([`RuleStatus`](crate::RuleStatus)`::evicted`). Who
/// floods the trail with names that are used once pushes out such names alone. Of 500 attacks on single users, each spread over a
/// million records of others, 99 % of those with failed logins are found whether the others come once, twice or four times each, and
/// all of those with reads; of deletions 77 to 89 %, and none once 125,000 others come eight times each, one short of the attack
/// itself. `cargo bench --bench watch -- --recall` prints these.
///
/// ```
/// use std::time::Duration;
/// use tracing_audit::{Trail, Watch};
///
/// let watch = Watch::standard().failed_logins(3, Duration::from_secs(600)).off_hours_deletes(22, 6, 120);
/// assert_eq!(watch, "failed_logins=3/10m, off_hours_deletes=22-06+02:00".parse()?);
/// Trail::builder("logs").watch(watch);
/// # Ok::<(), tracing_audit::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "it counts once a builder has it"]
pub struct Watch {
    values: [Option<Value>; RULES.len()],
    /// A name that was to be left out and that no rule has.
    unknown: Option<String>,
}

/// What sets a rule.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Value {
    Limit(Limit),
    Hours(Hours),
    Share(Share),
    /// A percentage without a time.
    Percent(Share),
    Span(Duration),
    On,
}

/// So many percent of what there was within so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) percent: u32,
    pub(super) span: Duration,
}

const RULES: [&str; 13] = [
    FAILED_LOGINS,
    SUCCESS_AFTER_FAILURES,
    RAPID_READS,
    DATA_ACCESS,
    BULK_DELETES,
    OFF_HOURS_DELETES,
    SUSPICIOUS_IP,
    ERROR_RATE,
    SLOW_RESPONSES,
    SLOWER,
    RATE_LIMITS,
    CONTRACT_VIOLATIONS,
    TRAIL_FAILURES,
];

impl Watch {
    /// The names of the standard rules.
    pub const RULES: [&'static str; 13] = RULES;

    /// All of them, as the table has them, but `off_hours_deletes`.
    pub fn standard() -> Watch {
        Watch {
            values: RULES.map(|rule| standard(rule).filter(|_| rule != OFF_HOURS_DELETES)),
            unknown: None,
        }
    }

    /// None of them.
    pub fn none() -> Watch {
        Watch {
            values: [None; RULES.len()],
            unknown: None,
        }
    }

    /// Without the rule of this name, which is one of [`Watch::RULES`]. Another name is an error when the trail is built: whoever
    /// mistypes it would go on being told what nobody wants to hear. A [`Rule`](crate::Rule) of your own is left out by not adding it.
    pub fn without(mut self, rule: &str) -> Watch {
        if !RULES.contains(&rule) {
            self.unknown.get_or_insert_with(|| rule.to_owned());
        }
        self.put(rule, None);
        self
    }

    /// So many failed logins of one user or from one address, within so long.
    pub fn failed_logins(self, count: u32, within: Duration) -> Watch {
        self.with_limit(FAILED_LOGINS, count, within)
    }

    /// A login behind so many failed ones of the user or from the address, within so long.
    pub fn success_after_failures(self, count: u32, within: Duration) -> Watch {
        self.with_limit(SUCCESS_AFTER_FAILURES, count, within)
    }

    /// So many reads by one user within so long.
    pub fn rapid_reads(self, count: u32, within: Duration) -> Watch {
        self.with_limit(RAPID_READS, count, within)
    }

    /// So many accesses to data by one user within so long.
    pub fn data_access(self, count: u32, within: Duration) -> Watch {
        self.with_limit(DATA_ACCESS, count, within)
    }

    /// So many deletions by one user within so long.
    pub fn bulk_deletes(self, count: u32, within: Duration) -> Watch {
        self.with_limit(BULK_DELETES, count, within)
    }

    /// So many findings about one address within so long.
    pub fn suspicious_ip(self, count: u32, within: Duration) -> Watch {
        self.with_limit(SUSPICIOUS_IP, count, within)
    }

    /// So many hits of a rate limit from one address within so long.
    pub fn rate_limits(self, count: u32, within: Duration) -> Watch {
        self.with_limit(RATE_LIMITS, count, within)
    }

    /// Deletions from one full hour of the day to another, in a zone that is so many minutes ahead of UTC. Hours that are none
    /// are an error when the trail is built.
    pub fn off_hours_deletes(mut self, from: u32, to: u32, minutes_ahead: i32) -> Watch {
        // What cannot be is refused by `check`, with its name.
        let hours = Hours::new(from, to, minutes_ahead);
        self.put(OFF_HOURS_DELETES, Some(hours.map_or(Value::On, Value::Hours)));
        self
    }

    /// So many percent of errors among all records within so long.
    pub fn error_rate(mut self, percent: u32, within: Duration) -> Watch {
        self.put(ERROR_RATE, Some(Value::Share(Share { percent, span: within })));
        self
    }

    /// Records with a duration this long: 1 ms to 1 h. What took 4,294 s (71 min) or more is known to have taken so long, and not how much longer.
    pub fn slow_responses(mut self, over: Duration) -> Watch {
        self.put(SLOW_RESPONSES, Some(Value::Span(over)));
        self
    }

    /// Durations that became so many percent longer.
    pub fn slower(mut self, percent: u32) -> Watch {
        let span = Duration::ZERO;
        self.put(SLOWER, Some(Value::Percent(Share { percent, span })));
        self
    }

    fn with_limit(mut self, rule: &str, count: u32, span: Duration) -> Watch {
        self.put(rule, Some(Value::Limit(Limit { count, span })));
        self
    }

    fn put(&mut self, rule: &str, value: Option<Value>) {
        if let Some((_, place)) = RULES.iter().zip(&mut self.values).find(|(name, _)| **name == rule) {
            *place = value;
        }
    }

    fn value(&self, rule: &str) -> Option<Value> {
        let mut rules = RULES.iter().zip(self.values);
        rules.find(|(name, _)| **name == rule).and_then(|(_, value)| value)
    }

    pub(super) fn limit(&self, rule: &str) -> Option<Limit> {
        match self.value(rule) {
            Some(Value::Limit(limit)) => Some(limit),
            _ => None,
        }
    }

    pub(super) fn hours(&self) -> Option<Hours> {
        match self.value(OFF_HOURS_DELETES) {
            Some(Value::Hours(hours)) => Some(hours),
            _ => None,
        }
    }

    pub(super) fn share(&self, rule: &str) -> Option<Share> {
        match self.value(rule) {
            Some(Value::Share(share) | Value::Percent(share)) => Some(share),
            _ => None,
        }
    }

    pub(super) fn span(&self, rule: &str) -> Option<Duration> {
        match self.value(rule) {
            Some(Value::Span(span)) => Some(span),
            _ => None,
        }
    }

    /// The place of a rule among those of the standard.
    pub(super) fn number(rule: &str) -> u16 {
        RULES.iter().position(|name| *name == rule).unwrap_or(RULES.len()) as u16
    }

    pub(super) fn has(&self, rule: &str) -> bool {
        self.value(rule).is_some()
    }

    /// Whether each rule can work as it is set.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if let Some(name) = &self.unknown {
            let known = RULES.join(", ");
            return Err(
                Error::new(ErrorKind::Config, format!("there is no rule {name:?} to be left out"))
                    .remedy(&format!("the standard rules are {known}")),
            );
        }
        for (rule, value) in RULES.iter().zip(self.values) {
            let Some(value) = value else { continue };
            let span_fits = |span: Duration| span >= Duration::from_secs(1) && span <= LONGEST;
            let wrong = match value {
                Value::Limit(Limit { count, span }) => {
                    let fits = (1..=MOST).contains(&count) && span_fits(span);
                    (!fits).then_some("a limit is 1 to 10,000 within 1 s to 24 h")
                }
                Value::Share(Share { percent, span }) => {
                    let fits = (1..=100).contains(&percent) && span_fits(span);
                    (!fits).then_some("a share is 1 to 100 % within 1 s to 24 h")
                }
                Value::Percent(Share { percent, .. }) => {
                    (!(1..=10_000).contains(&percent)).then_some("it is 1 to 10,000 %")
                }
                Value::Span(span) => {
                    let fits = span >= Duration::from_millis(1) && span <= Duration::from_secs(3_600);
                    (!fits).then_some("a duration is 1 ms to 1 h")
                }
                Value::On if *rule == OFF_HOURS_DELETES => {
                    Some("hours are two different ones from 0 to 23, in a zone at most 14 h from UTC")
                }
                Value::Hours(_) | Value::On => None,
            };
            if let Some(wrong) = wrong {
                return Err(
                    Error::new(ErrorKind::Config, format!("the rule {rule} cannot work as it is set"))
                        .remedy(&format!("{wrong}; `without(\"{rule}\")` switches it off")),
                );
            }
        }
        Ok(())
    }
}

impl Default for Watch {
    fn default() -> Watch {
        Watch::standard()
    }
}

fn standard(rule: &str) -> Option<Value> {
    let limit = |count, seconds| {
        Some(Value::Limit(Limit {
            count,
            span: Duration::from_secs(seconds),
        }))
    };
    match rule {
        FAILED_LOGINS | SUCCESS_AFTER_FAILURES => limit(5, 900),
        RAPID_READS => limit(100, 60),
        DATA_ACCESS => limit(1_000, 60),
        BULK_DELETES | RATE_LIMITS => limit(10, 60),
        SUSPICIOUS_IP => limit(3, 3_600),
        OFF_HOURS_DELETES => Hours::new(22, 6, 0).map(Value::Hours),
        ERROR_RATE => Some(Value::Share(Share {
            percent: 5,
            span: Duration::from_secs(300),
        })),
        SLOW_RESPONSES => Some(Value::Span(Duration::from_secs(5))),
        SLOWER => Some(Value::Percent(Share {
            percent: 20,
            span: Duration::ZERO,
        })),
        CONTRACT_VIOLATIONS | TRAIL_FAILURES => Some(Value::On),
        _ => None,
    }
}

/// `failed_logins=5/15m, slow_responses=5s, ..`: the rules that are on; `none` where none is. Reads back as the same.
impl fmt::Display for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = RULES
            .iter()
            .zip(self.values)
            .filter_map(|(rule, value)| Some((rule, value?)));
        f.write_str("none")?;
        for (rule, value) in on {
            write!(f, ", {rule}")?;
            match value {
                Value::Limit(Limit { count, span }) => write!(f, "={count}/{}", Short(span))?,
                Value::Share(Share { percent, span }) => write!(f, "={percent}%/{}", Short(span))?,
                Value::Percent(Share { percent, .. }) => write!(f, "={percent}%")?,
                Value::Hours(hours) => write!(f, "={hours}")?,
                Value::Span(span) => write!(f, "={}", Short(span))?,
                Value::On => {}
            }
        }
        Ok(())
    }
}

/// Words with commas between them, each on top of those before: `standard` and `none` set all rules, a name or `+name` switches
/// a rule on as the table has it, `-name` switches it off, and `name=..` sets it: `5/15m` (times in `ms`, `s`, `m` or `h`),
/// `22-06+02:00`, `5%/5m`, `20%`, `5s`. Begins with the standard.
impl FromStr for Watch {
    type Err = Error;

    /// # Errors
    /// [`Config`](ErrorKind::Config) with the word that cannot be read.
    fn from_str(text: &str) -> Result<Watch, Error> {
        let mut watch = Watch::standard();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            watch = watch.told(word).ok_or_else(|| {
                Error::new(ErrorKind::Config, format!("{word:?} sets no rule")).remedy(&format!(
                    "say standard, none, NAME, -NAME, or NAME=VALUE as in {}, with a name of {}",
                    "failed_logins=5/15m, off_hours_deletes=22-06+02:00, error_rate=5%/5m or slow_responses=5s",
                    RULES.join(", ")
                ))
            })?;
        }
        watch.check()?;
        Ok(watch)
    }
}

impl Watch {
    fn told(mut self, word: &str) -> Option<Watch> {
        match word.to_ascii_lowercase().as_str() {
            "standard" | "on" => return Some(Watch::standard()),
            "none" | "off" => return Some(Watch::none()),
            _ => {}
        }
        let known = |name: &str| RULES.into_iter().find(|rule| *rule == name);
        if let Some(name) = word.strip_prefix('-') {
            let rule = known(name)?;
            self.put(rule, None);
            return Some(self);
        }
        let Some((name, value)) = word.split_once('=') else {
            let rule = known(word.strip_prefix('+').unwrap_or(word))?;
            self.put(rule, standard(rule));
            return Some(self);
        };
        let rule = known(name.trim())?;
        let value = value.trim();
        let read = match standard(rule)? {
            Value::Limit(_) => {
                let (count, span) = value.split_once('/')?;
                Value::Limit(Limit {
                    count: count.trim().parse().ok()?,
                    span: span_of(span)?,
                })
            }
            Value::Share(_) => {
                let (percent, span) = value.split_once('/')?;
                Value::Share(Share {
                    percent: percent_of(percent)?,
                    span: span_of(span)?,
                })
            }
            Value::Percent(_) => Value::Percent(Share {
                percent: percent_of(value)?,
                span: Duration::ZERO,
            }),
            Value::Hours(_) => Value::Hours(Hours::parse(value)?),
            Value::Span(_) => Value::Span(span_of(value)?),
            Value::On => return None,
        };
        self.put(rule, Some(read));
        Some(self)
    }
}

fn percent_of(text: &str) -> Option<u32> {
    text.trim().strip_suffix('%')?.trim_end().parse().ok()
}

fn span_of(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, unit) = text.split_at_checked(text.find(|letter: char| !letter.is_ascii_digit())?)?;
    let number: u64 = number.parse().ok()?;
    match unit.trim_start() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" | "min" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3_600).map(Duration::from_secs),
        _ => None,
    }
}

struct Short(Duration);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        match millis {
            _ if millis.is_multiple_of(3_600_000) => write!(f, "{}h", millis / 3_600_000),
            _ if millis.is_multiple_of(60_000) => write!(f, "{}m", millis / 60_000),
            _ if millis.is_multiple_of(1_000) => write!(f, "{}s", millis / 1_000),
            _ => write!(f, "{millis}ms"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_set_reads_back_as_it_is_written() {
        let watch = Watch::standard()
            .failed_logins(3, Duration::from_secs(90))
            .off_hours_deletes(20, 7, -330)
            .slow_responses(Duration::from_millis(1_500))
            .slower(50)
            .without("suspicious_ip");
        for watch in [watch, Watch::standard(), Watch::none()] {
            assert_eq!(watch.to_string().parse::<Watch>().unwrap(), watch, "{watch}");
        }
        assert_eq!("".parse::<Watch>().unwrap(), Watch::standard());
        let few: Watch = "none, failed_logins, rate_limits = 3 / 30s".parse().unwrap();
        assert_eq!(few.to_string(), "none, failed_logins=5/15m, rate_limits=3/30s");
    }

    #[test]
    fn what_sets_no_rule_or_cannot_work_is_refused_by_its_name() {
        for text in [
            "failed_login",
            "failed_logins=5",
            "failed_logins=0/15m",
            "failed_logins=5/15",
            "failed_logins=5/25h",
            "rapid_reads=10001/1m",
            "error_rate=5/5m",
            "error_rate=101%/5m",
            "slower=20",
            "slow_responses=0s",
            "off_hours_deletes=22-25",
            "contract_violations=1",
            "-",
        ] {
            let error = text.parse::<Watch>().expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(text.split('=').next().unwrap()), "{error}");
        }
        let error = Watch::standard().off_hours_deletes(6, 6, 0).check().unwrap_err();
        assert!(error.to_string().contains("off_hours_deletes"), "{error}");
    }

    #[test]
    fn leaving_out_a_rule_that_does_not_exist_is_refused_with_the_names_of_those_that_do() {
        let watch = Watch::standard().without("failed_login").without("slower");
        for error in [
            watch.check().unwrap_err(),
            crate::Trail::builder("nowhere").watch(watch).build().unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Config);
            let said = error.to_string();
            assert!(said.contains("\"failed_login\""), "{said}");
            assert!(RULES.iter().all(|rule| said.contains(rule)), "{said}");
        }
        assert!(!std::path::Path::new("nowhere").exists());
        for rule in RULES {
            Watch::standard().without(rule).check().unwrap();
        }
    }
}
