//! Where the writer, the handles and the channels meet over alerts.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::ledger::{Act, Entry, Fold, Ledger, News};
use super::outlets::Outlets;
use super::{Alert, Alerts, Channel};
use crate::clock::Micros;
use crate::detect::{Findings, Past};
use crate::error::{Error, ErrorKind};
use crate::query::Query;
use crate::status::{ChannelStatus, complain};
use crate::store::push_string;
use crate::sync::{self, Condvar, Home, Instant, Mutex, lock};

/// The alerts of one trail.
#[derive(Debug)]
pub(crate) struct Desk {
    shared: Arc<Shared>,
    outlets: Outlets,
    home: Home,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    ledger: Ledger,
    /// What earlier runs left open, once it is read.
    earlier: Option<Fold>,
    /// Whether that is still being read.
    reading: bool,
    /// What windows are to be filled with, once it is read.
    past: Option<Past>,
}

impl Desk {
    pub(crate) fn new(channels: Vec<Box<dyn Channel>>) -> Desk {
        Desk {
            shared: Arc::new(Shared {
                state: Mutex::new(State {
                    ledger: Ledger::default(),
                    earlier: None,
                    reading: false,
                    past: None,
                }),
                changed: Condvar::new(),
            }),
            outlets: Outlets::new(channels),
            home: Home::here(),
        }
    }

    /// A run begins. Where there are records before it, what they left open is read on a thread of its own, then what windows
    /// want to know of them, and `ready` called each time.
    pub(crate) fn begin(
        &self,
        run: u64,
        before: u64,
        dir: Option<&Path>,
        past: Option<Past>,
        ready: impl Fn() + Send + 'static,
    ) {
        let dir = dir.filter(|_| before > 0).map(Path::to_owned);
        {
            let mut state = self.shared.state.lock();
            state.ledger = Ledger::new(run, dir.is_some());
            state.reading = dir.is_some();
        }
        let Some(dir) = dir else { return };
        let shared = Arc::clone(&self.shared);
        let read = sync::spawn("audit-alerts", move || {
            let fold = earlier(&dir, before).unwrap_or_else(|error| {
                complain(&format_args!("what alerts are open from before is not known: {error}"));
                Fold::default()
            });
            shared.read(fold);
            ready();
            if let Some(past) = past.and_then(|past| recent(&dir, before, past).ok()) {
                shared.state.lock().past = Some(past);
                ready();
            }
        });
        if let Err(error) = read {
            complain(&format_args!("what alerts are open from before is not known: {error}"));
            self.shared.read(Fold::default());
        }
    }

    /// The same trail goes on in another run.
    pub(crate) fn go_on(&self, run: u64) {
        self.shared.state.lock().ledger.go_on(run);
    }

    /// Takes what rules found; what is to be recorded goes to `record`.
    pub(crate) fn found(&self, found: &Findings, now: Micros, record: &mut dyn FnMut(Entry, &Alert)) {
        let mut state = self.shared.state.lock();
        self.load(&mut state, record);
        for said in found.iter() {
            state.ledger.found(said, now, &mut |news| self.tell(news, record));
        }
    }

    /// Looks after what is open.
    pub(crate) fn tick(&self, now: Micros, record: &mut dyn FnMut(Entry, &Alert)) {
        let mut state = self.shared.state.lock();
        self.load(&mut state, record);
        state.ledger.tick(now, &mut |news| self.tell(news, record));
    }

    fn load(&self, state: &mut State, record: &mut dyn FnMut(Entry, &Alert)) {
        if let Some(earlier) = state.earlier.take() {
            state.ledger.loaded(earlier, &mut |news| self.tell(news, record));
        }
    }

    fn tell(&self, News { entry, change, alert }: News, record: &mut dyn FnMut(Entry, &Alert)) {
        if let Some(entry) = entry {
            record(entry, &alert);
        }
        self.outlets.tell(change, &alert);
    }

    /// Notes what somebody did about an alert.
    pub(crate) fn respond(&self, act: Act, id: &str, by: &str, note: &str, now: Micros) -> Result<Entry, Error> {
        let mut recorded = None;
        let mut state = self.shared.state.lock();
        let news = state.ledger.respond(act, id, by, note, now)?;
        self.tell(news, &mut |entry, _| recorded = Some(entry));
        recorded.ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                format!("there is nothing to be said of alert {id:?}"),
            )
        })
    }

    /// Waits until what earlier runs left open has been read; whether it has.
    pub(crate) fn await_earlier(&self, until: Instant) -> bool {
        let Some(mut state) = lock(&self.shared.state, self.home) else {
            return false;
        };
        while state.reading {
            if self.shared.changed.wait_until(&mut state, until).timed_out() {
                return !state.reading;
            }
        }
        true
    }

    /// Whether something of earlier runs was read and nobody has looked.
    pub(crate) fn has_earlier(&self) -> bool {
        let state = self.shared.state.lock();
        state.earlier.is_some() || state.past.is_some()
    }

    /// What windows are to be filled with, once.
    pub(crate) fn take_past(&self) -> Option<Past> {
        self.shared.state.lock().past.take()
    }

    /// Those that are open, the newest first.
    pub(crate) fn alerts(&self) -> Vec<Alert> {
        lock(&self.shared.state, self.home).map_or_else(Vec::new, |state| state.ledger.alerts())
    }

    /// How many are open and not taken on, by priority.
    pub(crate) fn active(&self) -> [u64; 4] {
        lock(&self.shared.state, self.home).map_or([0; 4], |state| state.ledger.active())
    }

    /// When there is something to be looked after.
    pub(crate) fn due(&self) -> Option<Micros> {
        self.shared.state.lock().ledger.due()
    }

    pub(crate) fn channels(&self) -> Vec<ChannelStatus> {
        self.outlets.status()
    }

    /// When a channel wants to hear again of what is open, if anything is.
    pub(crate) fn repeat_at(&self) -> Option<Instant> {
        let at = self.outlets.repeat_at()?;
        (!self.shared.state.lock().ledger.is_empty()).then_some(at)
    }

    /// Tells channels that want to hear of it again what is open, if it is time.
    pub(crate) fn repeat(&self) {
        if self.repeat_at().is_some_and(|at| at <= Instant::now()) {
            self.outlets.repeat(&self.alerts());
        }
    }

    /// Waits for what earlier runs left open until then, and no longer: what waits for that is raised next.
    pub(crate) fn settle(&self, until: Instant) {
        if !self.await_earlier(until) {
            let mut state = self.shared.state.lock();
            state.reading = false;
            state.earlier.get_or_insert_default();
        }
    }

    /// Channels have a moment for what waits; with `over` they are told nothing more.
    pub(crate) fn end(&self, patience: Duration, over: bool) {
        self.outlets.end(patience, over);
    }
}

impl Shared {
    fn read(&self, fold: Fold) {
        let mut state = self.state.lock();
        // Unless somebody could not wait for it.
        if std::mem::take(&mut state.reading) {
            state.earlier = Some(fold);
        }
        drop(state);
        self.changed.notify_all();
    }
}

/// What the records up to this one say.
fn earlier(dir: &Path, before: u64) -> Result<Fold, Error> {
    let mut fold = Fold::default();
    for record in Alerts::new().query().entries(dir)?.flatten() {
        if record.seq() > before {
            break;
        }
        let _ = fold.take(&record);
    }
    Ok(fold)
}

/// What windows want to know of the records up to this one, the newest first. What cannot be read is passed over.
fn recent(dir: &Path, before: u64, mut past: Past) -> Result<Past, Error> {
    let newest = Query::new().unlimited().entries(dir)?.flatten();
    for record in newest.filter(|record| record.seq() <= before) {
        if !past.take(&record, push_string) {
            break;
        }
    }
    Ok(past)
}
