//! Audits an OpenSSH log: every login, failure, invalid user, locked-out client and disconnect, with the event's own time.
//!
//! `cargo run --release --example sshd -- /var/log/auth.log` (or `-` for standard input). The trail goes to `AUDIT_LOGS_DIR`,
//! or `logs`. Syslog's own time has no year: `--year 2017` says it; without it the newest year is taken in which the first
//! line does not lie in the future.
//!
//! One message makes one record, and `message repeated N times: [ .. ]` makes N. Lines of other programs, and what PAM says
//! about the same login a second time, are no messages of this kind. The table at the end names the words that were counted,
//! so that `grep` can count them again.
//!
//! Behind it stand the addresses from which five or more logins failed within 15 minutes, as the trail's rules found them. Lines are
//! recorded in the order of their times, for logs of several hosts that were put together are in none. Each address is raised once
//! for as long as it goes on: when no further finding comes for 15 minutes, hours later say, the next five are another alert.
//! `scripts/sshd-alerts LOG` works the same out from the log's text alone.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a program of its own, that prints; its indices come from finds in the same text"
)]

use std::error::Error;
use std::fs::File;
use std::io::{self, Read as _};
use std::time::{Duration, SystemTime};

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};
use tracing_audit::{Alerts, Category, EventType, OnFull, Outcome, Severity, Trail, Watch, audit, events};

/// A name that no account has was tried. OpenSSH says so before it says that the login failed, so this is no failed login.
const INVALID_USER: EventType = EventType::new("SSHD_INVALID_USER", Category::Auth, Severity::Medium);

fn main() -> Result<(), Box<dyn Error>> {
    let Some(arguments) = Arguments::read() else {
        eprintln!("usage: sshd [--year YEAR] FILE|-");
        std::process::exit(2);
    };
    let mut log = Vec::new();
    match arguments.file.as_str() {
        "-" => io::stdin().lock().read_to_end(&mut log)?,
        path => File::open(path)
            .and_then(|mut file| file.read_to_end(&mut log))
            .map_err(|error| format!("cannot read {path}: {error}"))?,
    };
    let log = String::from_utf8_lossy(&log);

    let dir = std::env::var("AUDIT_LOGS_DIR").unwrap_or_else(|_| "logs".into());
    // The log says when each of these happened, and the rules go by that.
    let watch = Watch::none().failed_logins(5, Duration::from_secs(15 * 60));
    let mut builder = Trail::builder(&dir).service("sshd", "").mirror(false).watch(watch);
    for severity in Severity::ALL {
        // A file can wait: nothing is shed, however fast it is read.
        builder = builder.on_full(severity, OnFull::Block(Duration::from_secs(60)));
    }
    let trail = builder.build()?;

    let mut years = Years::new(arguments.year);
    let mut counts = [0_u64; Kind::ALL.len()];
    let mut unread = 0_u64;
    let mut entries = Vec::new();
    for line in log.lines().map(str::trim_end) {
        match Entry::parse(line, &mut years) {
            Some(entry) => entries.push(entry),
            None => unread += u64::from(line.contains("sshd") && parse_time(line, &mut years).is_none()),
        }
    }
    entries.sort_by_key(|entry| entry.occurred);
    for entry in &entries {
        for _ in 0..entry.times {
            entry.audit();
            counts[entry.message.kind as usize] += 1;
        }
    }
    trail.close()?;

    for (kind, count) in Kind::ALL.iter().zip(counts) {
        println!("{count:>8}  {:<12} {}", kind.event().name(), kind.words());
    }
    println!("{:>8}  records\n", counts.iter().sum::<u64>());
    if unread > 0 {
        eprintln!("{unread} lines name sshd and begin with no time that this reads (syslog's, or RFC 3339)");
    }
    let raised = Alerts::new().rule("failed_logins").limit(usize::MAX).entries(&dir)?;
    println!("Addresses with five or more failed logins within 15 minutes, and when the fifth came");
    let mut addresses = 0;
    for alert in raised.alerts.iter().rev().filter(|alert| alert.key_kind == "ip") {
        let time = |at: SystemTime| OffsetDateTime::from(at).format(&time::format_description::well_known::Rfc3339);
        println!("  raised {} {}", alert.key, time(alert.first)?);
        addresses += 1;
    }
    println!("{addresses:>8}  alerts\n");
    let report = tracing_audit::verify(&dir)?;
    println!("{report}");
    std::process::exit(report.exit_code().into());
}

struct Arguments {
    file: String,
    year: Option<i32>,
}

impl Arguments {
    fn read() -> Option<Arguments> {
        let (mut file, mut year) = (None, None);
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--year" => year = Some(words.next()?.parse().ok()?),
                _ if file.is_none() => file = Some(word),
                _ => return None,
            }
        }
        Some(Arguments { file: file?, year })
    }
}

/// One line of the log that is about a login or its end.
struct Entry<'a> {
    occurred: SystemTime,
    host: &'a str,
    pid: Option<u32>,
    times: u32,
    message: Message<'a>,
}

impl<'a> Entry<'a> {
    fn parse(line: &'a str, years: &mut Years) -> Option<Entry<'a>> {
        let (occurred, rest) = parse_time(line, years)?;
        let (host, rest) = rest.split_once(' ')?;
        let (program, text) = rest.split_once(": ")?;
        let (name, pid) = match program.split_once('[') {
            Some((name, pid)) => (name, pid.trim_end_matches(']').parse().ok()),
            None => (program, None),
        };
        // Since version 9.8 the sessions are a program of their own.
        if !matches!(name, "sshd" | "sshd-session" | "sshd-auth") {
            return None;
        }
        let (times, text) = match text.strip_prefix("message repeated ") {
            Some(repeated) => {
                let (times, message) = repeated.split_once(" times: [ ")?;
                (
                    times.parse().ok()?,
                    message.strip_suffix(']').unwrap_or(message).trim_end(),
                )
            }
            None => (1, text),
        };
        Some(Entry {
            occurred,
            host,
            pid,
            times,
            message: Message::parse(text)?,
        })
    }

    fn audit(&self) {
        let Message {
            kind,
            user,
            ip,
            port,
            method,
            reason,
        } = self.message;
        audit!(
            kind.event(),
            occurred = self.occurred,
            outcome = kind.outcome(),
            username = user,
            ip = ip,
            reason = reason,
            source.port = port,
            method = method.map(|method| format!("ssh-{method}")),
            sshd.host = self.host,
            sshd.pid = self.pid,
        );
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Accepted,
    Failed,
    InvalidUser,
    TooMany,
    ReceivedDisconnect,
    Disconnected,
    Disconnecting,
    Closed,
    Reset,
}

impl Kind {
    const ALL: [Kind; 9] = [
        Kind::Accepted,
        Kind::Failed,
        Kind::InvalidUser,
        Kind::TooMany,
        Kind::ReceivedDisconnect,
        Kind::Disconnected,
        Kind::Disconnecting,
        Kind::Closed,
        Kind::Reset,
    ];

    /// The words a message of this kind begins with, an `error: ` before them apart.
    fn words(self) -> &'static str {
        match self {
            Kind::Accepted => "Accepted ",
            Kind::Failed => "Failed ",
            Kind::InvalidUser => "Invalid user ",
            Kind::TooMany => "maximum authentication attempts exceeded for ",
            Kind::ReceivedDisconnect => "Received disconnect from ",
            Kind::Disconnected => "Disconnected from ",
            Kind::Disconnecting => "Disconnecting",
            Kind::Closed => "Connection closed by ",
            Kind::Reset => "Connection reset by ",
        }
    }

    fn event(self) -> EventType {
        match self {
            Kind::Accepted => events::AUTH_LOGIN,
            Kind::Failed => events::AUTH_FAILED,
            Kind::InvalidUser => INVALID_USER,
            Kind::TooMany => events::AUTH_LOCKED,
            _ => events::SESSION_END,
        }
    }

    fn outcome(self) -> Outcome {
        match self {
            Kind::Failed => Outcome::Failure,
            Kind::InvalidUser => Outcome::Denied,
            Kind::TooMany | Kind::Disconnecting => Outcome::Blocked,
            Kind::Closed | Kind::Reset => Outcome::Cancelled,
            Kind::Accepted | Kind::ReceivedDisconnect | Kind::Disconnected => Outcome::Success,
        }
    }
}

/// What a message says.
#[derive(Clone, Copy)]
struct Message<'a> {
    kind: Kind,
    user: Option<&'a str>,
    ip: Option<&'a str>,
    port: Option<u16>,
    method: Option<&'a str>,
    reason: Option<&'a str>,
}

impl<'a> Message<'a> {
    fn parse(text: &'a str) -> Option<Message<'a>> {
        let text = text.strip_prefix("error: ").unwrap_or(text);
        let kind = Kind::ALL.into_iter().find(|kind| text.starts_with(kind.words()))?;
        let rest = &text[kind.words().len()..];
        let mut message = Message {
            kind,
            user: None,
            ip: None,
            port: None,
            method: None,
            reason: None,
        };
        match kind {
            // "password for invalid user admin from 192.0.2.1 port 22 ssh2: RSA .."
            Kind::Accepted | Kind::Failed => {
                let (method, rest) = rest.split_once(" for ")?;
                message.method = Some(method);
                message.user_from(rest)?;
            }
            Kind::InvalidUser | Kind::TooMany => message.user_from(rest)?,
            // "192.0.2.1 port 22:11: Bye Bye [preauth]", "192.0.2.1: 11: Bye Bye"
            Kind::ReceivedDisconnect => {
                let rest = message.address(rest);
                message.reason = Some(rest.trim_start_matches([':', ' ']));
            }
            // "user alice 192.0.2.1 port 22", "invalid user x 192.0.2.1 port 22 [preauth]", "192.0.2.1 port 22"
            Kind::Disconnected | Kind::Closed | Kind::Reset => {
                let words = ["authenticating user ", "invalid user ", "user "];
                match words.into_iter().find_map(|words| rest.strip_prefix(words)) {
                    Some(named) => {
                        let at = named.rfind(" port ").map_or(named, |port| &named[..port]);
                        let (user, _) = at.rsplit_once(' ').unwrap_or(("", at));
                        message.user = Some(user);
                        message.address(named.get(user.len()..).unwrap_or_default().trim_start());
                    }
                    None => {
                        message.address(rest);
                    }
                }
            }
            // ": Too many authentication failures [preauth]", " authenticating user root 192.0.2.1 port 22: Too many .."
            Kind::Disconnecting => match rest.strip_prefix(':') {
                Some(reason) => message.reason = Some(reason.trim_start()),
                None => {
                    let named = rest.trim_start();
                    let (who, reason) = named.rsplit_once(": ").unwrap_or((named, ""));
                    let who = ["authenticating user ", "invalid user ", "user "]
                        .into_iter()
                        .find_map(|words| who.strip_prefix(words))
                        .unwrap_or(who);
                    let at = who.rfind(" port ").map_or(who, |port| &who[..port]);
                    if let Some((user, _)) = at.rsplit_once(' ') {
                        message.user = Some(user);
                        message.address(who.get(user.len()..).unwrap_or_default().trim_start());
                    }
                    message.reason = Some(reason);
                }
            },
        }
        message.user = message.user.filter(|user| !user.is_empty());
        message.reason = message.reason.filter(|reason| !reason.is_empty());
        Some(message)
    }

    /// "invalid user admin from 192.0.2.1 port 22 ssh2". A client chooses the user's name, so it may itself hold
    /// " from 198.51.100.9 port 1": only the last " from " was written by the server.
    fn user_from(&mut self, rest: &'a str) -> Option<()> {
        let (user, from) = match rest.rsplit_once(" from ") {
            Some(parts) => parts,
            // "Invalid user  from .." of a client that sent no name
            None => ("", rest.strip_prefix("from ")?),
        };
        self.user = Some(match user.strip_prefix("invalid user ") {
            Some(user) => {
                self.reason = Some("invalid user");
                user
            }
            None => user,
        });
        self.address(from);
        Some(())
    }

    /// Takes "192.0.2.1 port 22" from the front and gives back what follows.
    fn address(&mut self, text: &'a str) -> &'a str {
        let text = text.trim_start();
        // An IPv6 address has colons of its own; the one that ends an address is followed by a blank.
        let end = text.find([' ', '[']).unwrap_or(text.len());
        let (ip, mut rest) = text.split_at(end);
        let bare = ip.trim_end_matches(':');
        self.ip = Some(bare).filter(|ip| !ip.is_empty());
        if let Some(port) = rest.strip_prefix(" port ") {
            let digits = port.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(port.len());
            self.port = port[..digits].parse().ok();
            rest = &port[digits..];
        }
        rest
    }
}

/// The year of times that have none.
struct Years {
    given: Option<i32>,
    last: Option<(i32, Month)>,
}

impl Years {
    fn new(given: Option<i32>) -> Years {
        Years { given, last: None }
    }

    /// Lines follow one another in time: a December before a January ends a year.
    fn of(&mut self, month: Month, day: u8, clock: Time) -> i32 {
        let year = match self.last {
            Some((year, Month::December)) if month == Month::January => year + 1,
            Some((year, Month::January)) if month == Month::December => year - 1,
            Some((year, _)) => year,
            None => self.given.unwrap_or_else(|| {
                let now = OffsetDateTime::now_utc();
                let past = |year: &i32| {
                    let date = Date::from_calendar_date(*year, month, day);
                    date.is_ok_and(|date| PrimitiveDateTime::new(date, clock).assume_utc() <= now)
                };
                // Of eight years in a row one has a 29th of February.
                (now.year() - 8..=now.year()).rev().find(past).unwrap_or(now.year())
            }),
        };
        self.last = Some((year, month));
        year
    }
}

/// "Mar 27 13:06:56" (taken as UTC) or an RFC 3339 time, and what follows.
fn parse_time<'a>(line: &'a str, years: &mut Years) -> Option<(SystemTime, &'a str)> {
    if line.starts_with(|first: char| first.is_ascii_digit()) {
        let (stamp, rest) = line.split_once(' ')?;
        let at = OffsetDateTime::parse(stamp, &time::format_description::well_known::Rfc3339).ok()?;
        return Some((at.into(), rest));
    }
    let (stamp, rest) = line.split_at_checked(15)?;
    let month = match stamp.get(..3)? {
        "Jan" => Month::January,
        "Feb" => Month::February,
        "Mar" => Month::March,
        "Apr" => Month::April,
        "May" => Month::May,
        "Jun" => Month::June,
        "Jul" => Month::July,
        "Aug" => Month::August,
        "Sep" => Month::September,
        "Oct" => Month::October,
        "Nov" => Month::November,
        "Dec" => Month::December,
        _ => return None,
    };
    let day: u8 = stamp.get(4..6)?.trim().parse().ok()?;
    let mut parts = stamp.get(7..15)?.split(':').map(str::parse::<u8>);
    let mut part = || parts.next()?.ok();
    let clock = Time::from_hms(part()?, part()?, part()?.min(59)).ok()?;
    let date = Date::from_calendar_date(years.of(month, day, clock), month, day).ok()?;
    let at = PrimitiveDateTime::new(date, clock).assume_utc();
    Some((at.into(), rest.strip_prefix(' ')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (&'static str, Option<&str>, Option<&str>, Option<u16>) {
        let message = Message::parse(text).expect(text);
        (message.kind.event().name(), message.user, message.ip, message.port)
    }

    #[test]
    fn every_kind_of_message_is_read() {
        for (text, wanted) in [
            (
                "Accepted publickey for alice from 192.0.2.1 port 54259 ssh2: RSA SHA256:abc",
                ("AUTH_LOGIN", Some("alice"), Some("192.0.2.1"), Some(54259)),
            ),
            (
                "Failed password for root from 2001:db8::7 port 22 ssh2",
                ("AUTH_FAILED", Some("root"), Some("2001:db8::7"), Some(22)),
            ),
            (
                "Failed password for invalid user  from 192.0.2.1 port 22 ssh2",
                ("AUTH_FAILED", None, Some("192.0.2.1"), Some(22)),
            ),
            (
                "Failed none for invalid user a from 198.51.100.9 port 1 ssh2 from 192.0.2.1 port 22 ssh2",
                (
                    "AUTH_FAILED",
                    Some("a from 198.51.100.9 port 1 ssh2"),
                    Some("192.0.2.1"),
                    Some(22),
                ),
            ),
            (
                "Invalid user  from 192.0.2.1",
                ("SSHD_INVALID_USER", None, Some("192.0.2.1"), None),
            ),
            (
                "Invalid user webmaster from 192.0.2.1 port 38926",
                ("SSHD_INVALID_USER", Some("webmaster"), Some("192.0.2.1"), Some(38926)),
            ),
            (
                "error: maximum authentication attempts exceeded for invalid user x from 192.0.2.1 port 22 ssh2 [preauth]",
                ("AUTH_LOCKED", Some("x"), Some("192.0.2.1"), Some(22)),
            ),
            (
                "Received disconnect from 192.0.2.1: 11: Bye Bye [preauth]",
                ("SESSION_END", None, Some("192.0.2.1"), None),
            ),
            (
                "error: Received disconnect from 192.0.2.1: 3: com.jcraft.jsch.JSchException: Auth fail [preauth]",
                ("SESSION_END", None, Some("192.0.2.1"), None),
            ),
            (
                "Received disconnect from 192.0.2.1 port 22:11: disconnected by user",
                ("SESSION_END", None, Some("192.0.2.1"), Some(22)),
            ),
            (
                "Disconnected from user alice 192.0.2.1 port 22",
                ("SESSION_END", Some("alice"), Some("192.0.2.1"), Some(22)),
            ),
            (
                "Disconnected from invalid user a b 192.0.2.1 port 22 [preauth]",
                ("SESSION_END", Some("a b"), Some("192.0.2.1"), Some(22)),
            ),
            (
                "Connection closed by 192.0.2.1 [preauth]",
                ("SESSION_END", None, Some("192.0.2.1"), None),
            ),
            (
                "Connection reset by authenticating user root 192.0.2.1 port 22 [preauth]",
                ("SESSION_END", Some("root"), Some("192.0.2.1"), Some(22)),
            ),
            (
                "Disconnecting: Too many authentication failures [preauth]",
                ("SESSION_END", None, None, None),
            ),
            (
                "Disconnecting authenticating user root 192.0.2.1 port 22: Too many authentication failures [preauth]",
                ("SESSION_END", Some("root"), Some("192.0.2.1"), Some(22)),
            ),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
        assert!(Message::parse("pam_unix(sshd:auth): authentication failure; rhost=192.0.2.1").is_none());
    }

    #[test]
    fn a_repeated_message_counts_as_often_as_it_says() {
        let line = "Mar 29 10:42:02 host sshd[7]: message repeated 5 times: [ Failed password for root from 192.0.2.1 port 9 ssh2]";
        let entry = Entry::parse(line, &mut Years::new(Some(2017))).unwrap();
        assert_eq!((entry.times, entry.pid, entry.message.port), (5, Some(7), Some(9)));
    }

    #[test]
    fn a_year_ends_between_december_and_january() {
        let mut years = Years::new(Some(2020));
        let (before, _) = parse_time("Dec 31 23:59:59 h ", &mut years).unwrap();
        let (after, _) = parse_time("Jan  1 00:00:01 h ", &mut years).unwrap();
        assert_eq!(after.duration_since(before).unwrap(), Duration::from_secs(2));
        let (zoned, _) = parse_time("2021-01-01T01:00:01+01:00 h ", &mut years).unwrap();
        assert_eq!(zoned, after);
    }
}
