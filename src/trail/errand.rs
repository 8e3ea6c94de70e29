//! What is asked of a running trail beside recording: to erase.

use std::time::Duration;

use super::{Errand, Trail, Why};
use crate::error::{Error, ErrorKind};

/// Files are copied meanwhile, which takes as long as it takes; a disk that refuses is told at once.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// Bytes of a reason, and of a name.
const REASON: usize = 1_024;
const NAME: usize = 256;

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
