//! What earlier runs saw, as far back as windows reach: a restart makes nobody's failures undone.

use std::time::Duration;

use super::seen::Class;
use crate::brief::{Brief, EventId, Slice};
use crate::clock::Micros;
use crate::record::Record;
use crate::severity::Severity;

/// Arrivals kept: those of a longer past are fewer than a flood of now.
const MOST: usize = 100_000;

/// Text read, about.
const MOST_BYTES: usize = 64 << 20;

/// No further back than this, however long a window is.
const FURTHEST: Duration = Duration::from_secs(3_600);

/// Records of earlier runs that count in windows, the newest first.
#[derive(Debug)]
pub(crate) struct Past {
    since: Micros,
    seen: usize,
    pub(super) arrivals: Vec<Arrival>,
    /// Users and addresses, spelled as they stand in a line.
    pub(super) text: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) brief: Brief,
    pub(super) class: Class,
    /// A rule has found something of it already.
    pub(super) flagged: bool,
}

impl Past {
    /// Of a run that begins now, with windows that reach back so far.
    pub(super) fn new(now: Micros, reach: Duration) -> Past {
        Past {
            since: Micros(now.0 - reach.min(FURTHEST).as_micros() as i64),
            seen: 0,
            arrivals: Vec::new(),
            text: Vec::new(),
        }
    }

    /// Takes a record, the one before the last that was given; whether the next one is of use. `spell` appends a string, in quotes.
    pub(crate) fn take(&mut self, record: &Record, spell: fn(&mut Vec<u8>, &str)) -> bool {
        let time = Micros::from(record.time());
        if time < self.since || self.seen > MOST_BYTES || self.arrivals.len() >= MOST {
            return false;
        }
        self.seen += record.weight();
        let outcome = record.outcome();
        let class = Class::by(Class::of(record.event(), record.category()), outcome);
        if !class.counts() {
            return true;
        }
        let mut slice = |text: Option<&str>| {
            let Some(text) = text else { return Slice::default() };
            let at = self.text.len() + 1;
            spell(&mut self.text, text);
            Slice {
                at: at as u32,
                len: (self.text.len() - 1 - at) as u32,
            }
        };
        let brief = Brief {
            event: EventId::OTHER,
            category: record.category(),
            severity: Severity::Low,
            outcome,
            time,
            occurred: record.occurred().map_or(time, Micros::from),
            duration_us: Brief::NO_DURATION,
            redactions: 0,
            name: Slice::default(),
            user: slice(record.user_id().or(record.username())),
            ip: slice(record.ip()),
            session: Slice::default(),
            resource: Slice::default(),
        };
        self.arrivals.push(Arrival {
            brief,
            class,
            flagged: record.flagged(),
        });
        true
    }
}
