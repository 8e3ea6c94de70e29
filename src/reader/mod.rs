//! Reading a trail back: the records of the live branch that the chain proves.

pub(crate) mod line;
mod newest;
pub(crate) mod piece;
pub(crate) mod walk;

use std::iter::FusedIterator;
use std::ops::ControlFlow;
use std::path::Path;
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::io::RealDisk;
use crate::parse::{self, ParseError, Parser};
use crate::reader::walk::Walk;
use crate::record::Record;
use crate::record::line::Line;

/// Reads the records of a trail, oldest first.
///
/// What is there at the call is read, whatever a writer adds meanwhile. Each line is held against the chain. Where one
/// does not fit, or a file is missing that retention did not remove, an item says so, and reading goes on with the next file:
/// every file that is there is read, those before a hole too. Memory is bounded, however long the trail is.
///
/// # Errors
/// The directory cannot be read, or holds files that this build cannot read.
///
/// # Examples
/// ```no_run
/// for record in tracing_audit::read("logs")? {
///     match record {
///         Ok(record) => println!("{record}"),
///         Err(damage) => eprintln!("{damage}"),
///     }
/// }
/// # Ok::<(), tracing_audit::Error>(())
/// ```
pub fn read(dir: impl AsRef<Path>) -> Result<Entries, Error> {
    Walk::begin(RealDisk::shared(), dir.as_ref()).map(Entries::of)
}

/// The records of a trail; see [`read`].
#[derive(Debug)]
#[must_use = "nothing is read until it is iterated"]
pub struct Entries(Lines);

impl Entries {
    pub(crate) fn of(walk: Walk) -> Entries {
        Entries(Lines { walk, ended: false })
    }

    /// Only the newest `count` records.
    ///
    /// # Errors
    /// The newest file cannot be read.
    pub fn last(mut self, count: u64) -> Result<Entries, Error> {
        self.0.walk.skip_to_last(count)?;
        Ok(self)
    }

    /// Only records from this number on.
    pub fn from_seq(mut self, seq: u64) -> Entries {
        self.0.walk.skip_to(seq);
        self
    }

    /// The lines as they stand in the files, instead of the records in them.
    pub fn lines(self) -> Lines {
        self.0
    }

    /// Gives each record as its line has it, without making one, until `take` has enough.
    pub(crate) fn each(mut self, mut take: impl FnMut(Result<&Line<'_>, Error>) -> ControlFlow<()>) {
        let mut parser = Parser::default();
        loop {
            let taken = self.0.advance(|seq, line| {
                Ok(match parser.line(line) {
                    Ok(line) => take(Ok(&line)),
                    Err(error) => take(Err(unreadable(seq, &error))),
                })
            });
            let goes_on = match taken {
                None => return,
                Some(Ok(goes_on)) => goes_on,
                Some(Err(damage)) => take(Err(damage)),
            };
            if goes_on.is_break() {
                return;
            }
        }
    }
}

impl Iterator for Entries {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0
            .advance(|seq, line| parse::record(line).map_err(|error| unreadable(seq, &error)))
    }
}

impl FusedIterator for Entries {}

/// The lines of a trail, without their line feeds; see [`Entries::lines`]. A [`Record`] can be parsed from each.
#[derive(Debug)]
#[must_use = "nothing is read until it is iterated"]
pub struct Lines {
    walk: Walk,
    ended: bool,
}

impl Lines {
    /// Goes on with what is written from here on, when what was there has been read.
    pub fn follow(self) -> Follow {
        Follow(self)
    }

    fn advance<T>(&mut self, take: impl FnOnce(u64, &[u8]) -> Result<T, Error>) -> Option<Result<T, Error>> {
        if self.ended {
            return None;
        }
        match self.walk.next() {
            Some(Ok((seq, line))) => return Some(take(seq, line)),
            Some(Err(error)) => return Some(Err(error)),
            None => self.ended = true,
        }
        self.walk.end_damage().map(Err)
    }
}

impl Iterator for Lines {
    type Item = Result<String, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance(|_, line| text(line))
    }
}

impl FusedIterator for Lines {}

/// A trail that is being written, line by line; see [`Lines::follow`].
#[derive(Debug)]
pub struct Follow(Lines);

/// How often a file is looked at while nothing comes.
const PAUSE: Duration = Duration::from_millis(100);

impl Follow {
    /// Whether the next line is there already, so that waiting for it would not wait.
    pub fn is_ready(&self) -> bool {
        self.0.walk.is_ready()
    }

    /// The next line, waiting for it no longer than `at_most`; `None` if none has come. Goes with the writer from file to
    /// file.
    ///
    /// # Errors
    /// Damage, as in [`read`], or a directory that cannot be read any more. The next call goes on behind it.
    pub fn wait(&mut self, at_most: Duration) -> Result<Option<String>, Error> {
        let begun = Instant::now();
        loop {
            match self.0.walk.next() {
                Some(Ok((_, line))) => return text(line).map(Some),
                Some(Err(error)) => return Err(error),
                None => {}
            }
            if self.0.walk.more()? {
                continue;
            }
            let left = at_most.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            thread::sleep(left.min(PAUSE));
        }
    }
}

fn unreadable(seq: u64, error: &ParseError) -> Error {
    Error::new(
        ErrorKind::Damaged,
        format!("record {seq} is not what a trail writes: {error}"),
    )
}

fn text(line: &[u8]) -> Result<String, Error> {
    // A line that fits the chain was found to be UTF-8 before.
    String::from_utf8(line.to_vec()).map_err(|_| Error::new(ErrorKind::Damaged, "a line is not UTF-8"))
}

/// A record from its line, as it stands in a file. Says nothing about whether the line is in its place.
impl FromStr for Record {
    type Err = Error;

    fn from_str(line: &str) -> Result<Record, Error> {
        let line = line.strip_suffix('\n').unwrap_or(line);
        parse::record(line.as_bytes())
            .map_err(|error| Error::new(ErrorKind::Damaged, format!("the line is no record: {error}")))
    }
}
