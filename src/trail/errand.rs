//! What is asked of a running trail beside recording: to erase, to hold, and to note what was done about an alert.

use std::time::Duration;

use super::{Errand, Trail, Why};
use crate::alerts::{Act, Alert};
use crate::error::{Error, ErrorKind};
use crate::sync::{Instant, end};

/// Files are copied meanwhile, which takes as long as it takes; a disk that refuses is told at once.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// Bytes of a reason, and of a name.
const REASON: usize = 1_024;
const NAME: usize = 256;

/// Bytes of a note about an alert.
const NOTE: usize = 1_024;

/// What is under legal hold: see [`Trail::hold`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hold {
    /// All of it: retention removes nothing.
    Trail,
    /// One file, by its name in the trail's directory, such as `audit-2026-11-21.jsonl`: retention removes files around it.
    File(String),
}

impl Trail {
    /// Erases these records: of each its place, its hash and its tag stay, so that the trail proves what it proved, and of
    /// what it said nothing. `reason` and `by` (who wants it) go into the `AUDIT_ERASE` that the trail keeps of it; both are
    /// redacted like any other value.
    ///
    /// Returns when all is done: the order is on the disk, and every file that had one of the records or a copy of one was
    /// replaced, `recent` too. The writer copies each of these files whole, syncs the copy, and writes no records meanwhile;
    /// they wait in the queue. A process that dies before the end leaves the rest to the next start. Copies of the files
    /// elsewhere, backups and what other layers were shown are not the trail's to erase. A record that is erased already is left
    /// as it is. [`read`](fn@crate::read) passes over erased records, and [`verify`](fn@crate::verify) counts them.
    ///
    /// ```no_run
    /// # let trail = tracing_audit::Trail::builder("logs").salted(true).build()?;
    /// trail.erase([4711, 4712], "request 2026-17, article 17", "dpo@example.org")?;
    /// # Ok::<(), tracing_audit::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) with the number of a record that cannot be erased: it is not there, it has no salt (see
    /// [`Builder::salted`](crate::Builder::salted)), or it is the trail's own; and for a reason or a name that is empty or
    /// longer than 1,024 and 256 bytes. Nothing is erased then. [`Damaged`](ErrorKind::Damaged) if the chain does not reach a
    /// record. [`Io`](ErrorKind::Io) if the disk refused: the erasure is then ordered, and the writer tries again every hour,
    /// and the next start. [`Closed`](ErrorKind::Closed) and [`WouldDeadlock`](ErrorKind::WouldDeadlock) as
    /// [`flush`](Trail::flush).
    pub fn erase(&self, seqs: impl IntoIterator<Item = u64>, reason: &str, by: &str) -> Result<(), Error> {
        let errand = Errand::Erase {
            seqs: seqs.into_iter().collect(),
            why: self.why(reason, by)?,
        };
        self.core().send(errand, PATIENCE)
    }

    /// Puts the trail or a file of it under legal hold: retention does not remove it, and nothing of it is erased, until it is
    /// [released](Trail::release), by whatever run. `reason` and `by` go into an `AUDIT_HOLD`, redacted like any other value;
    /// what is held stands in the header of the next file, which begins at once. The open file is closed first. With a file
    /// whose records were erased those files are held that have the orders for it. A hold that holds already changes nothing.
    ///
    /// It keeps the trail itself from removing files, and nobody else. What is held stands in [`Status`](crate::Status).
    ///
    /// ```no_run
    /// use tracing_audit::Hold;
    ///
    /// # let trail = tracing_audit::Trail::builder("logs").build()?;
    /// trail.hold(Hold::File("audit-2026-11-21.jsonl".into()), "case 2026-9", "legal@example.org")?;
    /// # Ok::<(), tracing_audit::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if there is no such file, or more are held than a header has room for, or while an erasure
    /// is under way; and for a reason or a name as in [`erase`](Trail::erase). [`Io`](ErrorKind::Io) if the disk refused.
    /// [`Closed`](ErrorKind::Closed) and [`WouldDeadlock`](ErrorKind::WouldDeadlock) as [`flush`](Trail::flush).
    pub fn hold(&self, what: Hold, reason: &str, by: &str) -> Result<(), Error> {
        self.change_hold(what, true, reason, by)
    }

    /// Ends a hold. What retention has kept for it goes when it is next asked, at the latest within an hour, or with the next
    /// start.
    ///
    /// # Errors
    /// As [`hold`](Trail::hold); also [`Config`](ErrorKind::Config) if nothing holds it, and for a file with the orders for what
    /// was erased in another that is held.
    pub fn release(&self, what: Hold, reason: &str, by: &str) -> Result<(), Error> {
        self.change_hold(what, false, reason, by)
    }

    /// The alerts that are open, the newest first; from memory, so it may be asked as often as one likes. Alerts that earlier runs
    /// left open are among them once they have been read, moments after the start.
    /// [`alert_history`](Trail::alert_history) has those that are over.
    ///
    /// ```
    /// use tracing_audit::{Alerts, Priority, audit, events};
    ///
    /// # let home = tempfile::tempdir().unwrap();
    /// # let trail = tracing_audit::Trail::builder(home.path().join("logs")).detached().build()?;
    /// for _ in 0..5 {
    ///     audit!(in: &trail, events::AUTH_FAILED, user_id = "alice");
    /// }
    /// trail.flush()?;
    /// let grave = Alerts::new().at_least(Priority::High);
    /// for alert in trail.alerts().iter().filter(|alert| grave.matches(alert)) {
    ///     assert_eq!((alert.rule.as_str(), alert.key.as_str()), ("failed_logins", "alice"));
    ///     trail.acknowledge(&alert.id, "bob@example.org", "calling her")?;
    ///     trail.resolve(&alert.id, "bob@example.org", "she had forgotten her password")?;
    /// }
    /// assert!(trail.alerts().is_empty());
    /// # Ok::<(), tracing_audit::Error>(())
    /// ```
    pub fn alerts(&self) -> Vec<Alert> {
        self.core().alerts.alerts()
    }

    /// Notes that somebody takes an alert on: it escalates no further. Returns when the `ALERT_ACKNOWLEDGED` is on the disk;
    /// `by` and `note` stand in it, redacted like any other value.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if no such alert is open, or somebody has taken it on, with who and when; and for a name that
    /// is empty or longer than 256 bytes, or a note longer than 1,024. Nothing is changed then. [`Io`](ErrorKind::Io) if the disk
    /// refused: it is recorded once the disk works. [`Timeout`](ErrorKind::Timeout) if it is not yet known what earlier runs left
    /// open. [`Closed`](ErrorKind::Closed) and [`WouldDeadlock`](ErrorKind::WouldDeadlock) as [`flush`](Trail::flush).
    pub fn acknowledge(&self, id: &str, by: &str, note: &str) -> Result<(), Error> {
        self.respond(Act::Acknowledge, id, by, note)
    }

    /// Notes that an alert is over, whether or not somebody took it on. Returns when the `ALERT_RESOLVED` is on the disk. What its
    /// rule finds from here on raises another alert.
    ///
    /// # Errors
    /// As [`acknowledge`](Trail::acknowledge).
    pub fn resolve(&self, id: &str, by: &str, note: &str) -> Result<(), Error> {
        self.respond(Act::Resolve, id, by, note)
    }

    fn respond(&self, act: Act, id: &str, by: &str, note: &str) -> Result<(), Error> {
        crate::receipt::refuse_own_thread()?;
        let core = self.core();
        let why = Why {
            reason: core.redacted(fitting(note, NOTE, "a note")?),
            by: core.redacted(fitting(by, NAME, "who does it").and_then(said)?),
        };
        let patience = core.progress.wait_limit();
        if !core.alerts.await_earlier(end(Instant::now(), patience)) {
            return Err(Error::new(
                ErrorKind::Timeout,
                "what alerts are open from earlier runs is still being read",
            ));
        }
        let id = id.to_owned();
        core.send(Errand::Alert { act, id, why }, PATIENCE)
    }

    fn change_hold(&self, what: Hold, begins: bool, reason: &str, by: &str) -> Result<(), Error> {
        let why = self.why(reason, by)?;
        self.core().send(Errand::Hold { what, begins, why }, PATIENCE)
    }

    fn why(&self, reason: &str, by: &str) -> Result<Why, Error> {
        for (text, most, what) in [(reason, REASON, "a reason"), (by, NAME, "who wants it")] {
            fitting(text, most, what).and_then(said)?;
        }
        Ok(Why {
            reason: self.core().redacted(reason),
            by: self.core().redacted(by),
        })
    }
}

fn fitting<'a>(text: &'a str, most: usize, what: &str) -> Result<&'a str, Error> {
    match text.len() > most {
        true => Err(
            Error::new(ErrorKind::Config, format!("{what} has {} bytes", text.len()))
                .remedy(&format!("say it in 1 to {most} bytes")),
        ),
        false => Ok(text),
    }
}

fn said(text: &str) -> Result<&str, Error> {
    match text.trim().is_empty() {
        true => Err(Error::new(ErrorKind::Config, "who, or why, is not said").remedy("say it in at least 1 byte")),
        false => Ok(text),
    }
}
