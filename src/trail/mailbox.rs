//! What handles ask of the writer, and its answers.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::errand::Hold;
use crate::alerts::Act;
use crate::error::{Error, ErrorKind};
use crate::sync::{Condvar, Home, Instant, Mutex, lock};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Everything accepted so far in the file, and whatever the clock says is due done.
    Write,
    /// And a new file begun.
    Reopen,
    /// And on the disk.
    Sync,
    /// And something done that the request says.
    Errand,
    /// And the clean end noted; the trail may go on.
    Rest,
    /// And the directory let go.
    Close,
}

/// What is to be done beside writing.
#[derive(Clone, Debug)]
pub(crate) enum Errand {
    /// These records are to be erased.
    Erase { seqs: BTreeSet<u64>, why: Why },
    /// Somebody did something about an alert.
    Alert { act: Act, id: String, why: Why },
    /// The hold of this begins, or ends.
    Hold { what: Hold, begins: bool, why: Why },
}

/// Who asks for it, and for what reason: as it goes into a record.
#[derive(Clone, Debug)]
pub(crate) struct Why {
    pub(crate) reason: String,
    pub(crate) by: String,
}

/// One question, with the place for its answer.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) ask: Ask,
    pub(crate) errand: Option<Errand>,
    /// The last ticket at the time.
    pub(crate) ticket: u64,
    /// For the writer: the record that must be on the disk.
    pub(crate) target: Option<u64>,
    answer: Arc<Answer>,
}

#[derive(Debug, Default)]
struct Answer {
    given: Mutex<Option<Result<(), Error>>>,
    changed: Condvar,
}

impl Request {
    pub(crate) fn answer(self, answer: Result<(), Error>) {
        *self.answer.given.lock() = Some(answer);
        self.answer.changed.notify_all();
    }
}

/// Questions that the writer has not seen yet.
#[derive(Debug)]
pub(crate) struct Mailbox {
    state: Mutex<State>,
    home: Home,
}

#[derive(Debug, Default)]
struct State {
    requests: Vec<Request>,
    /// The writer has ended; whether cleanly.
    ended: Option<bool>,
}

impl Mailbox {
    pub(crate) fn new() -> Mailbox {
        Mailbox {
            state: Mutex::default(),
            home: Home::here(),
        }
    }

    /// Puts a question in, and waits for its answer; `ring` wakes the writer.
    pub(crate) fn ask(&self, ask: Ask, ticket: u64, until: Instant, ring: impl FnOnce()) -> Result<(), Error> {
        self.send(ask, None, ticket, until, ring)
    }

    /// The same with something to do.
    pub(crate) fn send(
        &self,
        ask: Ask,
        errand: Option<Errand>,
        ticket: u64,
        until: Instant,
        ring: impl FnOnce(),
    ) -> Result<(), Error> {
        let answer = Arc::new(Answer::default());
        {
            let state = lock(&self.state, self.home).filter(|_| !self.home.is_elsewhere());
            let Some(mut state) = state else { return Err(ended()) };
            match (state.ended, ask) {
                (Some(true), Ask::Rest | Ask::Close) => return Ok(()),
                (Some(_), _) => return Err(ended()),
                (None, _) => {}
            }
            state.requests.push(Request {
                ask,
                errand,
                ticket,
                target: None,
                answer: Arc::clone(&answer),
            });
        }
        ring();
        let mut given = answer.given.lock();
        loop {
            if let Some(answer) = given.take() {
                return answer;
            }
            if answer.changed.wait_until(&mut given, until).timed_out() && given.is_none() {
                return Err(Error::new(
                    ErrorKind::Timeout,
                    "the trail was not done within the limit",
                ));
            }
        }
    }

    /// What was asked since the last look.
    pub(crate) fn take(&self, into: &mut Vec<Request>) {
        into.append(&mut self.state.lock().requests);
    }

    /// No question will be seen any more.
    pub(crate) fn close(&self, cleanly: bool) -> Vec<Request> {
        let mut state = self.state.lock();
        state.ended = Some(cleanly);
        std::mem::take(&mut state.requests)
    }

    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.state, self.home).is_none_or(|state| state.ended.is_some())
    }
}

pub(crate) fn ended() -> Error {
    Error::new(ErrorKind::Closed, "the trail has ended")
}
