//! The one reader of time, and the one writer of times.

use std::fmt;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use time::OffsetDateTime;

/// Where a trail reads the time; replaced in tests by `testing::ManualClock`.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The wall clock. May step either way.
    fn now(&self) -> SystemTime;
    /// Time since some fixed point in this process; never goes back, never jumps.
    fn monotonic(&self) -> Duration;
    /// A number that no other start of the machine has, and the time since this one, sleep included; `None` where that is not
    /// known. A trail counts by it how old its files became between two runs.
    fn boot(&self) -> Option<(u128, Duration)> {
        None
    }
}

/// What clocks say that nobody can set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Elapsed {
    /// Since some point in this process.
    pub(crate) monotonic: Duration,
    pub(crate) boot: Option<Boot>,
}

/// A start of the machine, and how long ago it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Boot {
    pub(crate) id: u128,
    pub(crate) up: Duration,
}

impl Elapsed {
    /// The time since an earlier look in the same process.
    pub(crate) fn since(self, earlier: Elapsed) -> Duration {
        // Only the time since the boot counts how long the machine slept.
        match Boot::between(earlier.boot, self.boot) {
            Some(passed) => passed,
            None => self.monotonic.saturating_sub(earlier.monotonic),
        }
    }
}

impl Boot {
    /// The time between two looks, whatever process took them; `None` if the machine was started anew in between, or nobody
    /// knows.
    pub(crate) fn between(earlier: Option<Boot>, later: Option<Boot>) -> Option<Duration> {
        let (earlier, later) = earlier.zip(later)?;
        (earlier.id == later.id).then(|| later.up.saturating_sub(earlier.up))
    }
}

/// The clock in use: the system's, or an injected one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Time(Option<Arc<dyn Clock>>);

impl Time {
    pub(crate) fn injected(clock: Arc<dyn Clock>) -> Time {
        Time(Some(clock))
    }

    pub(crate) fn micros(&self) -> Micros {
        match &self.0 {
            None => system_time(),
            Some(clock) => Micros::from(clock.now()),
        }
    }

    pub(crate) fn monotonic(&self) -> Duration {
        match &self.0 {
            None => {
                static START: OnceLock<Instant> = OnceLock::new();
                START.get_or_init(Instant::now).elapsed()
            }
            Some(clock) => clock.monotonic(),
        }
    }

    pub(crate) fn elapsed(&self) -> Elapsed {
        Elapsed {
            monotonic: self.monotonic(),
            boot: match &self.0 {
                None => system_boot(),
                Some(clock) => clock.boot().map(|(id, up)| Boot { id, up }),
            },
        }
    }
}

/// `SystemTime` in a third of its instructions: it takes its epoch off in 128 bits.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(miri)))]
#[inline]
fn system_time() -> Micros {
    use rustix::time::{ClockId, clock_gettime};

    let now = clock_gettime(ClockId::Realtime);
    let micros = i64::from(u32::try_from(now.tv_nsec).unwrap_or(0) / 1_000);
    Micros(now.tv_sec.saturating_mul(SECOND).saturating_add(micros)).clamp(Micros::MIN, Micros::MAX)
}

#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(miri))))]
fn system_time() -> Micros {
    SystemTime::now().into()
}

#[cfg(all(any(target_os = "linux", target_os = "android"), not(miri)))]
fn system_boot() -> Option<Boot> {
    use rustix::time::{ClockId, clock_gettime};

    static ID: OnceLock<Option<u128>> = OnceLock::new();
    let id = (*ID.get_or_init(|| {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        u128::from_str_radix(&text.trim().replace('-', ""), 16).ok()
    }))?;
    let up = clock_gettime(ClockId::Boottime);
    let up = Duration::new(u64::try_from(up.tv_sec).ok()?, u32::try_from(up.tv_nsec).ok()?);
    Some(Boot { id, up })
}

#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(miri))))]
fn system_boot() -> Option<Boot> {
    None
}

/// Microseconds since 1970-01-01T00:00:00Z, within the years 0 to 9999.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Micros(pub(crate) i64);

const SECOND: i64 = 1_000_000;
pub(crate) const DAY: i64 = 86_400 * SECOND;

impl Micros {
    /// 0000-01-01T00:00:00.000000Z.
    pub(crate) const MIN: Micros = Micros(-62_167_219_200 * SECOND);
    /// 9999-12-31T23:59:59.999999Z.
    pub(crate) const MAX: Micros = Micros(253_402_300_800 * SECOND - 1);
    /// Bytes of the written form.
    pub(crate) const WIDTH: usize = 27;

    pub(crate) fn day(self) -> Day {
        Day(self.0.div_euclid(DAY) as i32)
    }

    pub(crate) fn plus(self, span: Duration) -> Micros {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Micros(self.0.saturating_add(micros)).clamp(Micros::MIN, Micros::MAX)
    }

    /// `self - earlier`; zero if `earlier` is later.
    pub(crate) fn since(self, earlier: Micros) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0).max(0) as u64)
    }

    /// RFC 3339 in UTC with six digits: always 27 bytes, so that text order is time order.
    #[inline]
    pub(crate) fn text(self) -> [u8; Micros::WIDTH] {
        thread_local! {
            // The second changes rarely; the six digits are cheap.
            static LAST: std::cell::Cell<(i64, [u8; Micros::WIDTH])> =
                const { std::cell::Cell::new((i64::MIN, [0; Micros::WIDTH])) };
        }
        #[cold]
        #[inline(never)]
        fn another(second: i64) -> [u8; Micros::WIDTH] {
            let text = second_text(second);
            let _ = LAST.try_with(|last| last.set((second, text)));
            text
        }
        let second = self.0.div_euclid(SECOND);
        let micros = (self.0 - second * SECOND) as u32;
        let (known, mut text) = LAST
            .try_with(std::cell::Cell::get)
            .unwrap_or((i64::MIN, [0; Micros::WIDTH]));
        if known != second {
            text = another(second);
        }
        [text[20], text[21]] = two_digits(micros / 10_000);
        [text[22], text[23]] = two_digits(micros / 100 % 100);
        [text[24], text[25]] = two_digits(micros % 100);
        text
    }

    /// Reads exactly what [`text`](Micros::text) writes.
    pub(crate) fn parse(text: &[u8]) -> Option<Micros> {
        let text: &[u8; Micros::WIDTH] = text.try_into().ok()?;
        let digits = |from: usize, count: usize| -> Option<i64> {
            text.get(from..from + count)?.iter().try_fold(0_i64, |sum, digit| {
                digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))
            })
        };
        let month = time::Month::try_from(u8::try_from(digits(5, 2)?).ok()?).ok()?;
        let date = time::Date::from_calendar_date(digits(0, 4)? as i32, month, digits(8, 2)? as u8).ok()?;
        let clock = time::Time::from_hms(digits(11, 2)? as u8, digits(14, 2)? as u8, digits(17, 2)? as u8).ok()?;
        let micros = Micros(date.with_time(clock).assume_utc().unix_timestamp() * SECOND + digits(20, 6)?);
        // The punctuation, and anything lenient above, is checked by writing it again.
        (micros.text() == *text).then_some(micros)
    }
}

/// A number below 100 in two digits.
#[inline]
pub(crate) fn two_digits(number: u32) -> [u8; 2] {
    DIGITS.get(number as usize).copied().unwrap_or(*b"00")
}

/// The numbers below 100 in two digits each.
static DIGITS: [[u8; 2]; 100] = digits();

#[expect(clippy::indexing_slicing, reason = "at compile time")]
const fn digits() -> [[u8; 2]; 100] {
    let mut table = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        table[number] = [b'0' + number as u8 / 10, b'0' + number as u8 % 10];
        number += 1;
    }
    table
}

fn second_text(second: i64) -> [u8; Micros::WIDTH] {
    use std::io::Write as _;
    let mut text = *b"0000-01-01T00:00:00.000000Z";
    if let Ok(at) = OffsetDateTime::from_unix_timestamp(second) {
        let mut out: &mut [u8] = &mut text;
        // Cannot fail: the years are within 0 to 9999, so the text has its width.
        let _ = write!(
            out,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.000000Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
        );
    }
    text
}

/// Milliseconds, for `duration_ms`: the float nearest to the nanoseconds, which is written with no more digits than they
/// have. Seconds times 1,000 is not.
pub(crate) fn millis(span: Duration) -> f64 {
    span.as_nanos() as f64 / 1e6
}

impl From<SystemTime> for Micros {
    fn from(at: SystemTime) -> Micros {
        let micros = match at.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
        };
        Micros(micros).clamp(Micros::MIN, Micros::MAX)
    }
}

impl From<Micros> for SystemTime {
    fn from(at: Micros) -> SystemTime {
        let distance = Duration::from_micros(at.0.unsigned_abs());
        if at.0 >= 0 {
            SystemTime::UNIX_EPOCH + distance
        } else {
            SystemTime::UNIX_EPOCH - distance
        }
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

/// A day in UTC, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(pub(crate) i32);

impl Day {
    /// The first microsecond of the day.
    pub(crate) fn start(self) -> Micros {
        Micros(i64::from(self.0) * DAY)
    }

    /// Reads `2026-11-20`.
    pub(crate) fn parse(text: &str) -> Option<Day> {
        let day = Micros::parse(format!("{text}T00:00:00.000000Z").as_bytes())?.day();
        Some(day)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.start().text();
        f.write_str(
            text.get(..10)
                .and_then(|day| std::str::from_utf8(day).ok())
                .unwrap_or_default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_time_reads_back_from_its_text(micros in Micros::MIN.0..=Micros::MAX.0) {
            let at = Micros(micros);
            prop_assert_eq!(Micros::parse(&at.text()), Some(at));
            prop_assert_eq!(Micros::from(SystemTime::from(at)), at);
            prop_assert_eq!(Day::parse(&at.day().to_string()), Some(at.day()));
        }

        #[test]
        fn text_order_is_time_order(a in Micros::MIN.0..=Micros::MAX.0, b in Micros::MIN.0..=Micros::MAX.0) {
            prop_assert_eq!(Micros(a).text().cmp(&Micros(b).text()), a.cmp(&b));
        }
    }

    #[test]
    fn time_between_two_looks_counts_where_the_machine_stayed_on() {
        let look = |id, seconds| {
            let up = Duration::from_secs(seconds);
            Elapsed {
                monotonic: up / 2,
                boot: Some(Boot { id, up }),
            }
        };
        let ago = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(Boot::between(look(1, 10).boot, look(1, 70).boot), ago(60));
        assert_eq!(Boot::between(look(1, 70).boot, look(1, 10).boot), ago(0));
        assert_eq!(Boot::between(look(1, 10).boot, look(2, 70).boot), None);
        assert_eq!(Boot::between(None, look(2, 70).boot), None);
        // It slept for half of it, which the monotonic clock does not count.
        assert_eq!(look(1, 70).since(look(1, 10)), Duration::from_secs(60));
        assert_eq!(look(2, 70).since(look(1, 10)), Duration::from_secs(30));
        // The system's own, where it has one.
        let (first, second) = (Time::default().elapsed(), Time::default().elapsed());
        assert_eq!(first.boot.map(|boot| boot.id), second.boot.map(|boot| boot.id));
        if cfg!(target_os = "linux") && std::path::Path::new("/proc/sys/kernel/random/boot_id").exists() {
            assert!(first.boot.is_some_and(|boot| boot.id != 0 && boot.up > Duration::ZERO));
        }
    }

    #[test]
    fn only_the_written_form_is_read() {
        assert_eq!(
            Micros::parse(b"2026-11-20T08:15:30.123456Z").unwrap().to_string(),
            "2026-11-20T08:15:30.123456Z"
        );
        for bad in [
            "2026-11-20T08:15:30.12345Z",
            "2026-11-20 08:15:30.123456Z",
            "2026-02-30T08:15:30.123456Z",
            "2026-11-20T08:15:60.123456Z",
            "2026-11-20T08:15:30.123456z",
            "2026-11-20T08:15:30.+23456Z",
        ] {
            assert_eq!(Micros::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
