//! Where alerts are handed out.

use std::fmt;
use std::io;
use std::time::Duration;

#[cfg(feature = "webhook")]
mod alertmanager;
mod callback;
mod console;
#[cfg(feature = "webhook")]
mod post;
#[cfg(feature = "webhook")]
mod webhook;

use super::Alert;

#[cfg(feature = "webhook")]
pub use alertmanager::Alertmanager;
pub(crate) use callback::Callback;
pub use console::Console;
#[cfg(feature = "webhook")]
pub use webhook::Webhook;

/// What fits the name of a channel.
#[cfg(feature = "webhook")]
fn short(name: &str) -> String {
    let fits = name.char_indices().map(|(at, letter)| at + letter.len_utf8());
    let end = fits.take_while(|end| *end <= 64).last().unwrap_or(0);
    name.get(..end).unwrap_or_default().to_owned()
}

/// What has happened to an [`Alert`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlertChange {
    /// It was raised. The one to act on, such as by locking an account.
    Raised,
    /// The same key was found again, often enough to be told: at every doubling of the count.
    Counted,
    /// Nobody has taken it on, and its [escalation](Alert::escalation) level rose.
    Escalated,
    /// Somebody took it on.
    Acknowledged,
    /// It is over.
    Resolved,
    /// Nothing; it is still open: for channels that [ask](Channel::repeat_every) to be told now and then, and for all of them at a
    /// start, once for each alert that an earlier run left open.
    Open,
}

impl AlertChange {
    /// `raised`, `counted`, `escalated`, `acknowledged`, `resolved` or `open`.
    pub const fn as_str(self) -> &'static str {
        match self {
            AlertChange::Raised => "raised",
            AlertChange::Counted => "counted",
            AlertChange::Escalated => "escalated",
            AlertChange::Acknowledged => "acknowledged",
            AlertChange::Resolved => "resolved",
            AlertChange::Open => "open",
        }
    }
}

impl fmt::Display for AlertChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where alerts are handed out: see [`Builder::channel`](crate::Builder::channel).
///
/// Each channel has a thread of its own, so that one that hangs holds up neither the trail nor another one. What it does not
/// take is tried again, with pauses that double from a quarter of a second to a minute, each shortened by chance by up to half, so
/// that many services do not come at once to a receiver that is back. Meanwhile what comes waits, and of one alert only what
/// was last said. Whether a channel works stands in [`Status::channels`](crate::Status::channels). Nothing is lost by a
/// channel that does not: alerts are records, and those still open are handed out again at the next start, as they are then: one that
/// somebody has taken on comes as [`Open`](AlertChange::Open) with [`acknowledged`](Alert::acknowledged) filled in.
///
/// A channel that is away over the end of the process does not hear that an alert was resolved before it: what waits for a channel is in memory, and no
/// record says what each has taken. A receiver that keeps alerts should let go of what it has not heard of for some time, and ask
/// for repeats (as [`repeat_every`](Channel::repeat_every) says; Alertmanager does), or ask the trail
/// ([`Alerts`](crate::Alerts)).
pub trait Channel: Send + 'static {
    /// What it is called in status and metrics, such as `webhook`: no secret, at most 64 bytes.
    fn name(&self) -> &str;

    /// Takes one piece of news. May block: time limits are its own.
    ///
    /// # Errors
    /// Whatever keeps it from that; said in the status, without secrets. It is tried again, unless the kind is
    /// [`InvalidInput`](io::ErrorKind::InvalidInput), [`InvalidData`](io::ErrorKind::InvalidData) or
    /// [`Unsupported`](io::ErrorKind::Unsupported): then this piece of news is counted as failed. So is one that panics.
    fn deliver(&mut self, change: AlertChange, alert: &Alert) -> io::Result<()>;

    /// How often alerts that are open are handed out again, as [`AlertChange::Open`]; for receivers that forget. Default: never.
    fn repeat_every(&self) -> Option<Duration> {
        None
    }
}
