//! So many within so long, and what a window says of one more.

use std::time::Duration;

/// The most that a limit may ask for: joined marks hold as much.
pub(super) const MOST: u32 = 10_000;

/// So many within so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// 0 is never reached.
    pub(super) count: u32,
    pub(super) span: Duration,
}

impl Limit {
    /// A limit that nothing reaches.
    pub(super) const NONE: Limit = Limit {
        count: 0,
        span: Duration::ZERO,
    };

    /// The time as people say it.
    pub(super) fn words(self) -> String {
        words(self.span)
    }

    pub(super) fn millis(self) -> i64 {
        i64::try_from(self.span.as_millis()).unwrap_or(i64::MAX)
    }

    /// Half of it: below that, what was raised has calmed down.
    pub(super) fn half(self) -> u32 {
        self.count.div_ceil(2)
    }
}

/// A time as people say it: `15 min`.
pub(super) fn words(span: Duration) -> String {
    let seconds = span.as_secs();
    match (seconds, span.subsec_nanos()) {
        (0, _) | (_, 1..) => format!("{span:?}"),
        (seconds, _) if seconds % 3_600 == 0 => format!("{} h", seconds / 3_600),
        (seconds, _) if seconds % 60 == 0 => format!("{} min", seconds / 60),
        (seconds, _) => format!("{seconds} s"),
    }
}

/// What a window says of one more arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Less than the limit, or calm again.
    Calm,
    /// The limit is reached, by this one: so many.
    Reached(u32),
    /// It was reached, and there are still half as many.
    Still(u32),
}
