//! The way from the callers to the writer: bytes behind one lock, in chunks.
//!
//! A push is one lock and one copy. It allocates nothing, since every chunk is made when the trail is built (memory
//! that is not touched costs nothing) and recycled last in, first out, so that the hot ones stay in the cache. It
//! wakes nobody, unless the writer is parked or a threshold is crossed: waking a sleeping thread costs a thousand
//! times what the copy does. Rejected: a channel of owned buffers (an allocation each, a wake-up each), and a buffer
//! per thread (a few per cent cheaper for the caller, ten per cent dearer end to end).
//!
//! The bound is by chunks, hence by bytes. The last eighth is kept for critical records.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::brief::Brief;
use crate::clock::Micros;
use crate::severity::Severity;
use crate::sync::{Condvar, Home, Mutex, MutexGuard, lock};

/// How big a chunk's text is, unless lines may be longer.
const CHUNK: usize = 64 * 1024;

/// One entry for so many bytes of text; a chunk of shorter lines is full earlier.
const TEXT_PER_ENTRY: usize = 256;

/// Kept for critical records: an eighth, but at least this.
const RESERVE: usize = 256 * 1024;

/// A napping writer is woken when so much is waiting.
const WAKE_AT: usize = 256 * 1024;

/// One line on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) brief: Brief,
    pub(crate) len: u32,
}

const ENTRY: usize = size_of::<Entry>();

/// Lines in the order in which they came, with consecutive tickets.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    text: Vec<u8>,
    entries: Vec<Entry>,
    first: u64,
}

impl Chunk {
    fn new(text: usize) -> Chunk {
        Chunk {
            text: Vec::with_capacity(text),
            entries: Vec::with_capacity(text / TEXT_PER_ENTRY),
            first: 0,
        }
    }

    fn fits(&self, len: usize) -> bool {
        self.text.capacity() - self.text.len() >= len && self.entries.len() < self.entries.capacity()
    }

    fn bytes(&self) -> usize {
        self.text.len() + self.entries.len() * ENTRY
    }

    /// The ticket of the first line.
    pub(crate) fn first_ticket(&self) -> u64 {
        self.first
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The lines, oldest first.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&Brief, &[u8])> {
        let mut rest = self.text.as_slice();
        self.entries.iter().map_while(move |entry| {
            let (line, after) = rest.split_at_checked(entry.len as usize)?;
            rest = after;
            Some((&entry.brief, line))
        })
    }
}

/// Why a record is not in the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Loss {
    /// The queue was full.
    QueueFull,
    /// Rendering it panicked beyond what could be caught value by value.
    Panicked,
    /// The call came from within another call where it could not be recorded.
    Reentrant,
    /// The trail had ended.
    Closed,
}

impl Loss {
    pub(crate) const ALL: [Loss; 4] = [Loss::QueueFull, Loss::Panicked, Loss::Reentrant, Loss::Closed];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Loss::QueueFull => "queue_full",
            Loss::Panicked => "panicked",
            Loss::Reentrant => "reentrant",
            Loss::Closed => "closed",
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// How many records of each severity, lowest first.
pub(crate) type PerSeverity = [u64; 4];

/// Records lost for one reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) count: PerSeverity,
    /// When the first and the last were lost, since [`Queue::lost`] was last asked.
    pub(crate) span: Option<(Micros, Micros)>,
}

impl Lost {
    fn add(&mut self, severity: Severity, at: Micros) {
        if let Some(count) = self.count.get_mut(severity.index()) {
            *count += 1;
        }
        self.span = Some(
            self.span
                .map_or((at, at), |(first, last)| (first.min(at), last.max(at))),
        );
    }
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Push {
    /// It is in, under this ticket. Tickets count from 1 without holes.
    Taken(u64),
    /// There was no room; counted where the caller was not asked to come again.
    Full,
    /// The trail has ended, or this is a forked child.
    Closed,
}

/// Until when the writer rests, and what wakes it before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Between two batches: woken by a threshold or a ring, not by a push.
    Nap(Instant),
    /// When quiet: woken by the first push.
    Park(Instant),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    Busy,
    Napping,
    Parked,
}

/// What has passed through, since the trail was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) accepted: PerSeverity,
    pub(crate) lost: [Lost; Loss::ALL.len()],
    pub(crate) last_ticket: u64,
    pub(crate) bytes: usize,
    pub(crate) high_water: usize,
}

#[derive(Debug)]
struct State {
    tail: Chunk,
    full: VecDeque<Chunk>,
    free: Vec<Chunk>,
    next: u64,
    /// Bytes in `tail` and `full`, and in chunks the writer has not given back.
    held: usize,
    high_water: usize,
    accepted: PerSeverity,
    lost: [Lost; Loss::ALL.len()],
    writer: Writer,
    rung: bool,
    /// Callers that wait for room.
    blocked: usize,
    closed: bool,
}

/// The queue of one trail.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// The writer rests here.
    bell: Condvar,
    /// Callers under `OnFull::Block` wait here.
    room: Condvar,
    /// Free chunks that only critical records may take.
    reserve: usize,
    wake_at: usize,
    limit: usize,
    home: Home,
}

impl Queue {
    /// The least `limit` that serves lines of up to `line` bytes.
    pub(crate) const fn least(line: usize) -> usize {
        4 * Queue::footprint(line)
    }

    const fn chunk(line: usize) -> usize {
        if line > CHUNK { line } else { CHUNK }
    }

    const fn footprint(line: usize) -> usize {
        let text = Queue::chunk(line);
        text + text / TEXT_PER_ENTRY * ENTRY
    }

    /// A queue of at most `limit` bytes for lines of at most `line` bytes.
    pub(crate) fn new(limit: usize, line: usize) -> Queue {
        let text = Queue::chunk(line);
        let count = (limit / Queue::footprint(line)).max(4);
        let reserve = (count / 8).max(RESERVE / Queue::footprint(line)).clamp(1, count / 2);
        Queue {
            state: Mutex::new(State {
                tail: Chunk::new(text),
                full: VecDeque::with_capacity(count),
                free: (1..count).map(|_| Chunk::new(text)).collect(),
                next: 1,
                held: 0,
                high_water: 0,
                accepted: [0; 4],
                lost: Default::default(),
                writer: Writer::Busy,
                rung: false,
                blocked: 0,
                closed: false,
            }),
            bell: Condvar::new(),
            room: Condvar::new(),
            reserve,
            wake_at: WAKE_AT.min(limit / 4),
            limit,
            home: Home::here(),
        }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Puts a line in if there is room. `Full` is not counted: the caller decides.
    #[inline]
    pub(crate) fn push(&self, brief: &Brief, line: &[u8]) -> Push {
        let Some(mut state) = lock(&self.state, self.home) else {
            return Push::Closed;
        };
        let pushed = self.admit(&mut state, brief, line);
        self.wake_after(state);
        pushed
    }

    /// Puts a line in, waiting up to `limit` for room; if there is none by then, the line is counted as lost.
    #[cold]
    pub(crate) fn push_within(&self, brief: &Brief, line: &[u8], limit: Duration) -> Push {
        let deadline = Instant::now().checked_add(limit);
        let Some(mut state) = lock(&self.state, self.home) else {
            return Push::Closed;
        };
        loop {
            let pushed = self.admit(&mut state, brief, line);
            if pushed != Push::Full {
                self.wake_after(state);
                return pushed;
            }
            if self.home.is_elsewhere() {
                return Push::Closed;
            }
            let late = deadline.is_some_and(|deadline| {
                state.blocked += 1;
                let late = !limit.is_zero() && self.room.wait_until(&mut state, deadline).timed_out();
                state.blocked -= 1;
                late || limit.is_zero()
            });
            if late {
                // Room may have come with the last breath.
                let pushed = self.admit(&mut state, brief, line);
                if pushed == Push::Full {
                    lose(&mut state, Loss::QueueFull, brief.severity, brief.time);
                }
                self.wake_after(state);
                return pushed;
            }
        }
    }

    /// Counts a record that never came to a push, or was turned away by one.
    #[cold]
    pub(crate) fn lose(&self, loss: Loss, severity: Severity, at: Micros) {
        if let Some(mut state) = lock(&self.state, self.home) {
            lose(&mut state, loss, severity, at);
        }
    }

    #[inline]
    fn admit(&self, state: &mut State, brief: &Brief, line: &[u8]) -> Push {
        let keep = match brief.severity {
            Severity::Critical => 0,
            _ => self.reserve,
        };
        if (!state.tail.fits(line.len()) || state.free.len() < keep) && !open_chunk(state, keep, line.len()) {
            return if state.closed { Push::Closed } else { Push::Full };
        }
        let ticket = state.next;
        state.next += 1;
        let tail = &mut state.tail;
        if tail.entries.is_empty() {
            tail.first = ticket;
        }
        tail.text.extend_from_slice(line);
        tail.entries.push(Entry {
            brief: *brief,
            len: line.len() as u32,
        });
        state.held += line.len() + ENTRY;
        state.high_water = state.high_water.max(state.held);
        if let Some(count) = state.accepted.get_mut(brief.severity.index()) {
            *count += 1;
        }
        Push::Taken(ticket)
    }

    /// Lets go of the lock, and wakes the writer if this push is one that should.
    #[inline]
    fn wake_after(&self, mut state: MutexGuard<'_, State>) {
        let wake = match state.writer {
            Writer::Busy => false,
            Writer::Napping => state.held >= self.wake_at,
            Writer::Parked => true,
        };
        if wake {
            // Said once: the next push finds it awake.
            state.writer = Writer::Busy;
            drop(state);
            self.bell.notify_one();
        }
    }

    /// Moves up to `most` chunks, oldest first, to `into`; `spare` takes the place of a chunk still being filled.
    pub(crate) fn take(&self, into: &mut Vec<Chunk>, most: usize, spare: &mut Option<Chunk>) {
        let mut state = self.state.lock();
        while into.len() < most {
            if let Some(chunk) = state.full.pop_front() {
                into.push(chunk);
                continue;
            }
            if !state.tail.entries.is_empty() {
                let fresh = state.free.pop().or_else(|| spare.take());
                if let Some(fresh) = fresh {
                    into.push(std::mem::replace(&mut state.tail, fresh));
                }
            }
            return;
        }
    }

    /// Gives one chunk back, as the spare if that was used up, and lets callers in who wait for room.
    pub(crate) fn give_back(&self, mut chunk: Chunk, spare: &mut Option<Chunk>) {
        let bytes = chunk.bytes();
        chunk.text.clear();
        chunk.entries.clear();
        let mut state = self.state.lock();
        state.held -= bytes.min(state.held);
        if spare.is_none() {
            *spare = Some(chunk);
        } else if !state.closed {
            state.free.push(chunk);
        }
        let blocked = state.blocked > 0;
        drop(state);
        if blocked {
            self.room.notify_all();
        }
    }

    /// The writer sleeps, at most until the time given.
    pub(crate) fn rest(&self, rest: Rest) {
        let mut state = self.state.lock();
        let (until, as_what) = match rest {
            Rest::Nap(until) => (until, Writer::Napping),
            Rest::Park(until) => (until, Writer::Parked),
        };
        let waiting = match as_what {
            Writer::Parked => state.held > 0,
            _ => state.held >= self.wake_at,
        };
        if !waiting && !state.rung && !state.closed {
            state.writer = as_what;
            while state.writer == as_what && !state.rung {
                if self.bell.wait_until(&mut state, until).timed_out() {
                    break;
                }
            }
        }
        state.writer = Writer::Busy;
        state.rung = false;
    }

    /// Wakes the writer, or keeps it from its next sleep.
    pub(crate) fn ring(&self) {
        let Some(mut state) = lock(&self.state, self.home) else {
            return;
        };
        state.rung = true;
        let wake = state.writer != Writer::Busy;
        drop(state);
        if wake {
            self.bell.notify_one();
        }
    }

    /// No push gets in any more. What is in stays, to be taken.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        if !state.closed {
            state.closed = true;
            state.free = Vec::new();
            let tail = std::mem::take(&mut state.tail);
            state.full.push_back(tail);
        }
        drop(state);
        self.bell.notify_all();
        self.room.notify_all();
    }

    pub(crate) fn is_empty(&self) -> bool {
        let state = self.state.lock();
        state.tail.entries.is_empty() && state.full.iter().all(|chunk| chunk.entries.is_empty())
    }

    pub(crate) fn last_ticket(&self) -> u64 {
        lock(&self.state, self.home).map_or(0, |state| state.next - 1)
    }

    /// How many lines wait to be taken.
    pub(crate) fn waiting(&self) -> usize {
        let state = self.state.lock();
        state.tail.len() + state.full.iter().map(Chunk::len).sum::<usize>()
    }

    /// The counts, of one moment.
    pub(crate) fn flow(&self) -> Option<Flow> {
        let state = lock(&self.state, self.home)?;
        Some(Flow {
            accepted: state.accepted,
            lost: state.lost,
            last_ticket: state.next - 1,
            bytes: state.held,
            high_water: state.high_water,
        })
    }

    /// What was lost so far, and begins a new span of time for what will be.
    pub(crate) fn lost(&self) -> [Lost; Loss::ALL.len()] {
        let mut state = self.state.lock();
        let lost = state.lost;
        for reason in &mut state.lost {
            reason.span = None;
        }
        lost
    }
}

#[cold]
fn lose(state: &mut State, loss: Loss, severity: Severity, at: Micros) {
    if let Some(lost) = state.lost.get_mut(loss.index()) {
        lost.add(severity, at);
    }
}

/// Makes the tail a chunk with room for `len` bytes, leaving `keep` free ones.
#[cold]
fn open_chunk(state: &mut State, keep: usize, len: usize) -> bool {
    if state.closed || state.free.len() <= keep {
        return false;
    }
    match state.free.pop() {
        Some(fresh) if fresh.fits(len) => {
            let full = std::mem::replace(&mut state.tail, fresh);
            state.full.push_back(full);
            true
        }
        Some(fresh) => {
            state.free.push(fresh);
            false
        }
        None => false,
    }
}
