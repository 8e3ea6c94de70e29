//! What is asked of a running trail beside recording: to erase, and to hold.

use std::time::Duration;

use super::{Errand, Trail, Why};
use crate::error::{Error, ErrorKind};

/// Files are copied meanwhile, which takes as long as it takes; a disk that refuses is told at once.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// Bytes of a reason, and of a name.
const REASON: usize = 1_024;
const NAME: usize = 256;

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

    fn change_hold(&self, what: Hold, begins: bool, reason: &str, by: &str) -> Result<(), Error> {
        let why = self.why(reason, by)?;
        self.core().send(Errand::Hold { what, begins, why }, PATIENCE)
    }

    fn why(&self, reason: &str, by: &str) -> Result<Why, Error> {
        for (text, most, what) in [(reason, REASON, "a reason"), (by, NAME, "who wants it")] {
            if text.trim().is_empty() || text.len() > most {
                return Err(
                    Error::new(ErrorKind::Config, format!("{what} has {} bytes", text.len()))
                        .remedy(&format!("say it in 1 to {most} bytes")),
                );
            }
        }
        Ok(Why {
            reason: self.core().redacted(reason),
            by: self.core().redacted(by),
        })
    }
}
