//! The way from the callers to the writer: bytes behind one lock, in chunks.
//!
//! A push is one lock and one copy. It allocates nothing, since every chunk is made when the trail is built (memory
//! that is not touched costs nothing) and recycled last in, first out, so that the hot ones stay in the cache. It
//! wakes nobody, unless the writer is parked or a threshold is crossed: waking a sleeping thread costs a thousand
//! times what the copy does. Rejected: a channel of owned buffers (an allocation each, a wake-up each), and a buffer
//! per thread (a few per cent cheaper for the caller, ten per cent dearer end to end).
//!
//! The bound is by chunks, hence by bytes. The last eighth is kept for critical records.
//!
//! Hashing a line is a good part of the writer's work, and does not depend on the lines before it. While half of the
//! room is taken, and there are processors for those who wait, callers hash their own: a writer alone would be the
//! bound of all of them.

mod chunk;
mod loss;
#[cfg(all(test, shuttle))]
pub(crate) mod models;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::brief::Brief;
use crate::chain::{self, Leaf};
use crate::clock::Micros;
use crate::severity::Severity;
use crate::sync::{Condvar, Home, Instant, Mutex, MutexGuard, end, lock, planted};

pub(crate) use chunk::{Chunk, Line};
use chunk::{ENTRY, LEAF};
pub(crate) use loss::{Loss, Losses, Lost, PerSeverity};

/// How big a chunk's text is, unless lines may be longer. Two lines fill one in a model.
const CHUNK: usize = if cfg!(all(test, shuttle)) { 4 * 1024 } else { 64 * 1024 };

/// One entry for so many bytes of text; a chunk of shorter lines is full earlier.
const TEXT_PER_ENTRY: usize = if cfg!(all(test, shuttle)) { 2 * 1024 } else { 256 };

/// Kept for critical records: an eighth, but at least this.
const RESERVE: usize = 256 * 1024;

/// A napping writer is woken when so much is waiting.
const WAKE_AT: usize = 256 * 1024;

/// A push this much later than the last that made sure asks again whether this is a forked child, which has no writer.
const SURE_FOR: Duration = Duration::from_millis(1);

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Push {
    /// It is in, under this ticket. Tickets count from 1 without holes.
    Taken(u64),
    /// There was no room. Not counted: the caller decides.
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
    /// When it could not write if it wanted: woken by a ring alone.
    Sleep(Instant),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    Busy,
    Asleep,
    Napping,
    Parked,
}

/// What has passed through, since the trail was built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) accepted: PerSeverity,
    pub(crate) lost: Losses,
    pub(crate) last_ticket: u64,
    pub(crate) bytes: usize,
    pub(crate) high_water: usize,
}

/// What a push touches comes first, side by side behind the lock: after each look of the writer's, these lines of memory have
/// to come back from its processor.
#[derive(Debug)]
#[repr(C)]
struct State {
    writer: Writer,
    rung: bool,
    closed: bool,
    next: u64,
    tail: Chunk,
    /// Bytes in `tail` and `full`, and in chunks the writer has not given back.
    held: usize,
    high_water: usize,
    accepted: PerSeverity,
    /// When a push last made sure that the writer is in this process, and what had been accepted by then.
    sure: (Micros, PerSeverity),
    free: Vec<Chunk>,
    full: VecDeque<Chunk>,
    /// Takes the place of the tail when the writer takes that and no other is free.
    spare: Option<Chunk>,
    lost: Losses,
    /// Callers that wait for room.
    blocked: usize,
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
    /// With fewer free chunks the writer is behind.
    ample: usize,
    /// Processors beside the writer's: when so many callers wait for room, there is none for another to hash on.
    hands: usize,
    /// Whether callers hash. A hint: with and without it the same lines come out.
    helps: AtomicBool,
    wake_at: usize,
    limit: usize,
    home: Home,
    /// Lost in a forked child; counted without the lock, whose owner the child may not have.
    orphans: [AtomicU64; 4],
}

impl Queue {
    /// The largest `limit`. Each chunk is made when the trail is built.
    pub(crate) const MOST: usize = if usize::BITS > 32 { 4 << 30 } else { 1 << 30 };

    /// The least `limit` that serves lines of up to `line` bytes.
    pub(crate) const fn least(line: usize) -> usize {
        4 * Queue::footprint(line)
    }

    const fn chunk(line: usize) -> usize {
        if line + LEAF > CHUNK { line + LEAF } else { CHUNK }
    }

    const fn footprint(line: usize) -> usize {
        let text = Queue::chunk(line);
        text + text / TEXT_PER_ENTRY * ENTRY
    }

    /// A queue of at most `limit` bytes for lines of at most `line` bytes.
    pub(crate) fn new(limit: usize, line: usize) -> Queue {
        let text = Queue::chunk(line);
        let count = (limit / Queue::footprint(line)).max(4) - 1;
        let reserve = (count / 8).max(RESERVE / Queue::footprint(line)).clamp(1, count / 2);
        Queue {
            state: Mutex::new(State {
                tail: Chunk::new(text),
                full: VecDeque::with_capacity(count),
                free: (1..count).map(|_| Chunk::new(text)).collect(),
                spare: Some(Chunk::new(text)),
                next: 1,
                held: 0,
                high_water: 0,
                accepted: [0; 4],
                lost: Default::default(),
                writer: Writer::Busy,
                rung: false,
                blocked: 0,
                closed: false,
                sure: (Micros::MIN, [0; 4]),
            }),
            bell: Condvar::new(),
            room: Condvar::new(),
            reserve,
            ample: count / 2,
            hands: std::thread::available_parallelism().map_or(0, |all| all.get() - 1),
            helps: AtomicBool::new(false),
            wake_at: WAKE_AT.min(limit / 4),
            limit,
            home: Home::here(),
            orphans: Default::default(),
        }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Puts a line in if there is room.
    #[inline]
    pub(crate) fn push(&self, brief: &Brief, line: &[u8]) -> Push {
        let leaf = self.helps.load(Ordering::Relaxed).then(|| chain::leaf(line));
        let Some(mut state) = lock(&self.state, self.home) else {
            return Push::Closed;
        };
        if brief.time.0.wrapping_sub(state.sure.0.0).unsigned_abs() > SURE_FOR.as_micros() as u64 {
            self.make_sure(&mut state, Some(brief.time));
        }
        let pushed = self.admit(&mut state, brief, line, leaf.as_ref());
        self.wake_after(state);
        pushed
    }

    /// In a forked child, closes: what came since somebody last made sure is lost, though some may be the parent's.
    #[cold]
    fn make_sure(&self, state: &mut State, at: Option<Micros>) {
        if !self.home.is_elsewhere() {
            state.sure = (at.unwrap_or(state.sure.0), state.accepted);
        } else if !state.closed {
            let (_, accepted) = state.sure;
            for ((orphans, before), now) in self.orphans.iter().zip(accepted).zip(&mut state.accepted) {
                orphans.fetch_add(*now - before, Ordering::Relaxed);
                *now = before;
            }
            close(state);
        }
    }

    /// Puts a line in, waiting up to `limit` for room.
    #[cold]
    pub(crate) fn push_within(&self, brief: &Brief, line: &[u8], limit: Duration) -> Push {
        let deadline = end(Instant::now(), limit);
        let Some(mut state) = lock(&self.state, self.home) else {
            return Push::Closed;
        };
        loop {
            let pushed = self.admit(&mut state, brief, line, None);
            if pushed != Push::Full {
                self.wake_after(state);
                return pushed;
            }
            if self.home.is_elsewhere() {
                return Push::Closed;
            }
            if planted!(LooksAway) {
                MutexGuard::unlocked(&mut state, || ());
            }
            state.blocked += 1;
            let late = limit.is_zero() || self.room.wait_until(&mut state, deadline).timed_out();
            state.blocked -= 1;
            if late {
                // Room may have come with the last breath.
                let pushed = self.admit(&mut state, brief, line, None);
                self.wake_after(state);
                return pushed;
            }
        }
    }

    /// A record that was accepted is to go elsewhere; who takes it counts it.
    pub(crate) fn take_back(&self, severity: Severity) {
        let mut state = self.state.lock();
        let State { accepted, sure, .. } = &mut *state;
        let counts = [accepted, &mut sure.1].map(|counts| counts.get_mut(severity.index()));
        counts.into_iter().flatten().for_each(|count| *count -= 1.min(*count));
    }

    /// Counts a record that is not in the trail.
    #[cold]
    pub(crate) fn lose(&self, loss: Loss, severity: Severity, at: Micros) {
        if let Some(mut state) = lock(&self.state, self.home) {
            lose(&mut state, loss, severity, at);
        } else if let Some(orphans) = self.orphans.get(severity.index()) {
            orphans.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[inline]
    fn admit(&self, state: &mut State, brief: &Brief, line: &[u8], leaf: Option<&Leaf>) -> Push {
        let keep = match brief.severity {
            Severity::Critical => 0,
            _ if planted!(SharesReserve) => 0,
            _ => self.reserve,
        };
        let size = line.len() + leaf.map_or(0, |leaf| leaf.len());
        if (!state.tail.fits(size) || state.free.len() < keep) && !self.open_chunk(state, keep, size) {
            return if state.closed { Push::Closed } else { Push::Full };
        }
        let ticket = state.next;
        state.next += 1;
        state.tail.put(ticket, brief, line, leaf);
        state.held += size + ENTRY;
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
            Writer::Busy | Writer::Asleep => false,
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

    /// Moves chunks, oldest first, to `into`, until that has `most`.
    pub(crate) fn take(&self, into: &mut Vec<Chunk>, most: usize) {
        let mut state = self.state.lock();
        while into.len() < most {
            let oldest = match planted!(TakesNewestFirst) {
                true => state.full.pop_back(),
                false => state.full.pop_front(),
            };
            if let Some(chunk) = oldest {
                into.push(chunk);
                continue;
            }
            if !state.tail.is_empty() {
                let fresh = state.free.pop().or_else(|| state.spare.take());
                if let Some(fresh) = fresh {
                    into.push(std::mem::replace(&mut state.tail, fresh));
                }
            }
            return;
        }
    }

    /// Gives chunks back, and lets callers in who wait for room.
    pub(crate) fn give_back(&self, chunks: &mut Vec<Chunk>) {
        if chunks.is_empty() {
            return;
        }
        let bytes: usize = chunks.iter().map(Chunk::bytes).sum();
        chunks.iter_mut().for_each(Chunk::clear);
        let mut state = self.state.lock();
        state.held -= bytes.min(state.held);
        for chunk in chunks.drain(..) {
            if state.spare.is_none() {
                state.spare = Some(chunk);
            } else if !state.closed {
                state.free.push(chunk);
            }
        }
        self.look_for_help(&state);
        let blocked = state.blocked > 0;
        drop(state);
        if blocked {
            self.room.notify_all();
        }
    }

    /// Whether the writer is behind, and those who wait leave a processor.
    fn look_for_help(&self, state: &State) {
        let helps = state.free.len() < self.ample && state.blocked < self.hands;
        // Each push reads it, and would have to fetch it anew.
        if self.helps.load(Ordering::Relaxed) != helps {
            self.helps.store(helps, Ordering::Relaxed);
        }
    }

    /// Makes the tail a chunk with room for `size` bytes, leaving `keep` free ones.
    #[cold]
    fn open_chunk(&self, state: &mut State, keep: usize, size: usize) -> bool {
        self.look_for_help(state);
        if state.closed || state.free.len() <= keep {
            return false;
        }
        match state.free.pop() {
            Some(fresh) if fresh.fits(size) => {
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

    /// The writer sleeps, at most until the time given.
    pub(crate) fn rest(&self, rest: Rest) {
        let mut state = self.state.lock();
        let (until, as_what) = match rest {
            Rest::Nap(until) => (until, Writer::Napping),
            Rest::Park(until) => (until, Writer::Parked),
            Rest::Sleep(until) => (until, Writer::Asleep),
        };
        let waiting = match as_what {
            Writer::Parked => state.held > 0 && !planted!(ParksBlindly),
            Writer::Napping => state.held >= self.wake_at,
            Writer::Asleep | Writer::Busy => false,
        };
        if !waiting && !state.rung {
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
        let Some(mut state) = lock(&self.state, self.home) else {
            return;
        };
        state.rung = true;
        if !state.closed {
            close(&mut state);
        }
        drop(state);
        self.bell.notify_all();
        if !planted!(ClosesSilently) {
            self.room.notify_all();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        let state = self.state.lock();
        state.tail.is_empty() && state.full.iter().all(|chunk| chunk.is_empty())
    }

    /// Whether a caller waits for room.
    #[cfg(test)]
    pub(crate) fn is_contended(&self) -> bool {
        self.state.lock().blocked > 0
    }

    pub(crate) fn last_ticket(&self) -> u64 {
        lock(&self.state, self.home).map_or(0, |state| state.next - 1)
    }

    /// The counts, of one moment.
    pub(crate) fn flow(&self) -> Flow {
        let mut flow = lock(&self.state, self.home).map_or_else(Flow::default, |mut state| {
            self.make_sure(&mut state, None);
            Flow {
                accepted: state.accepted,
                lost: state.lost,
                last_ticket: state.next - 1,
                bytes: state.held,
                high_water: state.high_water,
            }
        });
        if let Some(closed) = flow.lost.get_mut(Loss::Closed.index()) {
            for (count, orphans) in closed.count.iter_mut().zip(&self.orphans) {
                *count += orphans.load(Ordering::Relaxed);
            }
        }
        flow
    }

    /// Counts records that were accepted and are lost after all.
    pub(crate) fn unkept(&self, count: PerSeverity, at: Micros) {
        let mut state = self.state.lock();
        if let Some(lost) = state.lost.get_mut(Loss::Unkept.index()) {
            for (total, more) in lost.count.iter_mut().zip(count) {
                *total += more;
            }
            lost.span = Some(
                lost.span
                    .map_or((at, at), |(first, last)| (first.min(at), last.max(at))),
            );
        }
    }

    /// What was lost so far, and begins a new span of time for what will be.
    pub(crate) fn lost(&self) -> Losses {
        let mut state = self.state.lock();
        let lost = state.lost;
        for reason in &mut state.lost {
            reason.span = None;
        }
        lost
    }
}

fn close(state: &mut State) {
    state.closed = true;
    if planted!(StaysAjar) {
        return;
    }
    state.free = Vec::new();
    state.spare = None;
    let tail = std::mem::take(&mut state.tail);
    state.full.push_back(tail);
}

#[cold]
fn lose(state: &mut State, loss: Loss, severity: Severity, at: Micros) {
    if let Some(lost) = state.lost.get_mut(loss.index()) {
        lost.add(severity, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::brief::{EventId, Slice};
    use crate::event::Category;
    use crate::outcome::Outcome;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn brief(severity: Severity) -> Brief {
        Brief {
            event: EventId::OTHER,
            category: Category::Custom,
            severity,
            outcome: Outcome::Success,
            time: Micros(7),
            occurred: Micros(7),
            duration_us: Brief::NO_DURATION,
            redactions: 0,
            name: Slice::default(),
            user: Slice::default(),
            ip: Slice::default(),
            session: Slice::default(),
            resource: Slice::default(),
        }
    }

    fn drain(queue: &Queue) -> Vec<(u64, String)> {
        let (mut chunks, mut lines) = (Vec::new(), Vec::new());
        loop {
            queue.take(&mut chunks, 4);
            if chunks.is_empty() {
                return lines;
            }
            for chunk in chunks.drain(..) {
                let tickets = chunk.first_ticket()..;
                lines.extend(
                    tickets
                        .zip(chunk.lines())
                        .map(|(ticket, line)| (ticket, String::from_utf8(line.rest.to_vec()).unwrap())),
                );
                queue.give_back(&mut vec![chunk]);
            }
        }
    }

    /// Pushes lines of this severity until there is no room.
    fn fill(queue: &Queue, severity: Severity) -> u64 {
        let line = [b'x'; 1000];
        let mut pushed = 0;
        while let Push::Taken(_) = queue.push(&brief(severity), &line) {
            pushed += 1;
        }
        pushed
    }

    #[test]
    fn lines_leave_in_the_order_in_which_each_thread_put_them_in() {
        let queue = Arc::new(Queue::new(1 << 20, 1 << 10));
        let per_thread = 3_000;
        let mut seen = Vec::new();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let queue = Arc::clone(&queue);
                scope.spawn(move || {
                    for at in 0..per_thread {
                        let line = format!("{thread}:{at}:{}", "x".repeat(at % 300));
                        let pushed = queue.push_within(&brief(Severity::Low), line.as_bytes(), Duration::from_secs(60));
                        assert!(matches!(pushed, Push::Taken(_)));
                    }
                });
            }
            while seen.len() < 4 * per_thread {
                queue.rest(Rest::Park(Instant::now() + Duration::from_millis(20)));
                seen.extend(drain(&queue));
            }
        });
        assert!(
            seen.iter()
                .enumerate()
                .all(|(at, (ticket, _))| *ticket == at as u64 + 1)
        );
        for thread in 0..4 {
            let prefix = format!("{thread}:");
            let order: Vec<usize> = seen
                .iter()
                .filter_map(|(_, line)| line.strip_prefix(&prefix)?.split(':').next()?.parse().ok())
                .collect();
            assert!(order.iter().copied().eq(0..per_thread));
        }
        assert_eq!(queue.flow().bytes, 0);
    }

    #[test]
    fn critical_records_have_room_when_others_have_none() {
        let queue = Queue::new(4 << 20, 64 << 10);
        fill(&queue, Severity::High);
        let ordinary = queue.flow().bytes;
        assert_eq!(queue.push(&brief(Severity::Low), &[b'x'; 1000]), Push::Full);
        let critical = fill(&queue, Severity::Critical);
        let flow = queue.flow();
        assert!(critical > 100, "{critical}");
        assert!(flow.bytes - ordinary >= RESERVE / 2, "{ordinary} {}", flow.bytes);
        assert!(flow.bytes <= 4 << 20 && flow.bytes > 3 << 20, "{}", flow.bytes);
        assert_eq!(flow.accepted[3], critical);
        assert_eq!(flow.high_water, flow.bytes);
        // A refusal alone is not a loss: the caller may come again.
        assert_eq!(flow.lost, Losses::default());
    }

    #[test]
    fn a_blocked_caller_gets_the_first_chunk_that_is_given_back() {
        for limit in [Duration::from_secs(60), Duration::MAX] {
            a_blocked_caller_gets_it_within(limit);
        }
    }

    fn a_blocked_caller_gets_it_within(limit: Duration) {
        let queue = Arc::new(Queue::new(1 << 20, 1 << 10));
        let pushed = fill(&queue, Severity::Low);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let line = [b'y'; 1000];
                queue.push_within(&brief(Severity::Low), &line, limit)
            });
            while queue.state.lock().blocked == 0 {
                std::thread::yield_now();
            }
            let mut chunks = Vec::new();
            queue.take(&mut chunks, 1);
            queue.give_back(&mut chunks);
            assert_eq!(waiting.join().unwrap(), Push::Taken(pushed + 1));
        });
        assert!(drain(&queue).last().unwrap().1.starts_with('y'));
    }

    #[test]
    fn callers_hash_what_they_put_in_while_the_writer_is_behind_and_no_longer() {
        let mut queue = Queue::new(8 << 20, 1 << 10);
        queue.hands = 1;
        let pushed = fill(&queue, Severity::Low);
        let (mut hashed, mut seen, mut chunks) = (0, 0, Vec::new());
        while seen < pushed {
            queue.take(&mut chunks, usize::MAX);
            for line in chunks.iter().flat_map(Chunk::lines) {
                seen += 1;
                hashed += u64::from(line.leaf.is_some());
                assert!(line.leaf.is_none_or(|leaf| *leaf == chain::leaf(line.rest)));
            }
            queue.give_back(&mut chunks);
        }
        assert!(hashed > pushed / 3 && hashed < pushed * 2 / 3, "{hashed} of {pushed}");
        assert!(!queue.helps.load(Ordering::Relaxed));
    }

    #[test]
    fn the_longest_line_gets_in_hashed_or_not() {
        let longest = 3 * CHUNK;
        let queue = Queue::new(8 << 20, longest);
        for helps in [true, false, true] {
            queue.helps.store(helps, Ordering::Relaxed);
            let pushed = queue.push(&brief(Severity::Low), &vec![b'x'; longest]);
            assert!(matches!(pushed, Push::Taken(_)), "{pushed:?}");
        }
    }

    #[test]
    fn every_record_is_accepted_or_counted_as_lost_by_severity() {
        let queue = Queue::new(1 << 20, 1 << 10);
        let line = [b'x'; 700];
        let mut emitted = [0; 4];
        for (at, severity) in Severity::ALL.iter().cycle().take(8_000).enumerate() {
            let mut one = brief(*severity);
            one.time = Micros(at as i64);
            emitted[severity.index()] += 1;
            if queue.push(&one, &line) == Push::Full {
                assert_eq!(queue.push_within(&one, &line, Duration::ZERO), Push::Full);
                queue.lose(Loss::QueueFull, one.severity, one.time);
            }
        }
        let flow = queue.flow();
        let lost = flow.lost[Loss::QueueFull.index()];
        assert!(lost.count.iter().all(|count| *count > 0), "{lost:?}");
        let sums: Vec<u64> = flow
            .accepted
            .iter()
            .zip(lost.count)
            .map(|(accepted, lost)| accepted + lost)
            .collect();
        assert_eq!(sums, emitted);
        assert_eq!(drain(&queue).len() as u64, flow.accepted.iter().sum::<u64>());
        let (first, last) = lost.span.unwrap();
        assert!(first.0 > 0 && last.0 == 7_999, "{first} {last}");
        assert_eq!(queue.lost()[0], lost);
        assert_eq!(queue.lost()[0].span, None);
    }

    #[test]
    fn a_closed_queue_gives_what_it_has_and_takes_no_more() {
        let queue = Queue::new(1 << 20, 1 << 10);
        assert_eq!(queue.push(&brief(Severity::Low), b"one"), Push::Taken(1));
        queue.close();
        queue.close();
        assert_eq!(queue.push(&brief(Severity::Critical), b"two"), Push::Closed);
        assert_eq!(
            queue.push_within(&brief(Severity::Low), b"two", Duration::from_secs(9)),
            Push::Closed
        );
        assert_eq!(drain(&queue), [(1, "one".to_owned())]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_push_wakes_a_parked_writer_and_lets_a_napping_one_sleep() {
        let queue = Arc::new(Queue::new(4 << 20, 64 << 10));
        let far = || Instant::now() + Duration::from_secs(60);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| queue.rest(Rest::Park(far())));
            while queue.state.lock().writer != Writer::Parked {
                std::thread::yield_now();
            }
            queue.push(&brief(Severity::Low), b"x");
            writer.join().unwrap();

            let writer = scope.spawn(|| queue.rest(Rest::Nap(far())));
            while queue.state.lock().writer != Writer::Napping {
                std::thread::yield_now();
            }
            queue.push(&brief(Severity::Low), b"x");
            assert_eq!(queue.state.lock().writer, Writer::Napping);
            fill(&queue, Severity::Low);
            writer.join().unwrap();
        });
        // A ring is never lost, even if nobody sleeps yet.
        drain(&queue);
        queue.ring();
        queue.rest(Rest::Park(far()));
    }

    proptest! {
        #[test]
        fn any_mix_of_lines_comes_out_as_it_went_in(lines in prop::collection::vec(prop_oneof![9 => 0_usize..300, 1 => 0_usize..4_000], 0..300)) {
            let queue = Queue::new(2 << 20, 4 << 10);
            let lines: Vec<String> = lines.iter().enumerate().map(|(at, len)| format!("{at}{}", "x".repeat(*len))).collect();
            for line in &lines {
                prop_assert!(matches!(queue.push(&brief(Severity::Low), line.as_bytes()), Push::Taken(_)));
            }
            let out: Vec<String> = drain(&queue).into_iter().map(|(_, line)| line).collect();
            prop_assert_eq!(out, lines);
        }
    }
}
