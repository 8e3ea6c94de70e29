//! Models of receipts: who waits is woken when its record has come as far as it asked, and no sooner.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use shuttle::rand::Rng as _;
use shuttle::thread;

use super::*;
use crate::queue::{Push, Rest, models::brief};
use crate::severity::Severity;
use crate::sync::model::{Mistake, check, check_finds};

/// Longer than any short wait of a model: it ends by a wake-up, or never.
const FAR: Duration = Duration::from_secs(60);

/// What is so, beside what is said: how far the file and the disk are.
#[derive(Debug, Default)]
struct Truth {
    written: std::sync::atomic::AtomicU64,
    synced: std::sync::atomic::AtomicU64,
}

struct World {
    queue: Arc<Queue>,
    progress: Arc<Progress>,
    truth: Truth,
    /// Two threads may sync; the second is behind or ahead of the first.
    over: AtomicU64,
}

/// The number of a ticket in this world's file.
fn seq_of(ticket: u64) -> u64 {
    ticket + 10
}

impl World {
    fn begin() -> Arc<World> {
        static NEXT: AtomicU32 = AtomicU32::new(1 << 20);
        let queue = Arc::new(Queue::new(64 << 10, 4 << 10));
        let trail = NEXT.fetch_add(1, Ordering::Relaxed);
        let progress = Arc::new(Progress::new(trail, Arc::clone(&queue), FAR));
        enter(&progress);
        Arc::new(World {
            queue,
            progress,
            truth: Truth::default(),
            over: AtomicU64::new(0),
        })
    }

    fn push(&self) -> Receipt {
        match self.queue.push(&brief(Severity::Low), b"line") {
            Push::Taken(ticket) => Receipt::new(self.progress.trail, ticket),
            _ => Receipt::refused(self.progress.trail, Fate::Closed),
        }
    }

    /// What a receipt says must be so, and its number right.
    fn judge(&self, receipt: Receipt, level: Level, said: &Result<u64, Error>) {
        let at = match level {
            Level::Written => self.truth.written.load(Ordering::Relaxed),
            Level::Synced => self.truth.synced.load(Ordering::Relaxed),
        };
        match said {
            Ok(seq) => {
                assert_eq!(*seq, seq_of(receipt.ticket));
                assert!(at >= receipt.ticket, "{level:?} was said of {} at {at}", receipt.ticket);
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
                assert_eq!(
                    self.over.load(Ordering::SeqCst),
                    1,
                    "closed was said of a trail that runs"
                );
            }
        }
    }

    /// Writes what is there; the last ticket.
    fn write(&self) -> Option<u64> {
        let mut chunks = Vec::new();
        self.queue.take(&mut chunks, 8);
        let mut last = None;
        let tickets: Vec<_> = chunks
            .iter()
            .map(|chunk| (chunk.first_ticket(), chunk.count() as u64))
            .collect();
        self.queue.give_back(&mut chunks);
        for (first, count) in tickets {
            let end = first + count - 1;
            self.progress.numbered(first, seq_of(first));
            self.truth.written.fetch_max(end, Ordering::Relaxed);
            self.progress.written(end);
            last = Some(end);
        }
        last
    }

    /// The life of a writer that serves who waits: it syncs when somebody wants it, on a thread of its own if `aside`.
    fn serve(self: Arc<World>, aside: bool) {
        let (mut written, mut syncs) = (0, Vec::new());
        loop {
            let over = self.over.load(Ordering::SeqCst) == 1;
            let wrote = self.write();
            written = wrote.unwrap_or(written);
            if self.progress.wanted_synced() > self.progress.synced_ticket()
                && written > self.truth.synced.load(Ordering::Relaxed)
            {
                let (world, ticket) = (Arc::clone(&self), written);
                let sync = move || {
                    world.truth.synced.fetch_max(ticket, Ordering::Relaxed);
                    world.progress.synced(ticket);
                    world.queue.ring();
                };
                match aside {
                    true => syncs.push(thread::spawn(sync)),
                    false => sync(),
                }
            }
            if over && wrote.is_none() {
                break;
            }
            if wrote.is_none() {
                self.queue.rest(Rest::Park(Instant::now() + FAR));
            }
        }
        syncs.into_iter().for_each(|sync| sync.join().unwrap());
        self.progress.ended();
    }

    fn end(&self) {
        self.over.store(1, Ordering::SeqCst);
        self.queue.close();
    }
}

fn wait(world: &Arc<World>, level: Level) -> thread::JoinHandle<()> {
    let world = Arc::clone(world);
    thread::spawn(move || {
        let receipt = world.push();
        let said = receipt.wait(level);
        world.judge(receipt, level, &said);
    })
}

fn wait_async(world: &Arc<World>, level: Level) -> thread::JoinHandle<()> {
    let world = Arc::clone(world);
    thread::spawn(move || {
        let receipt = world.push();
        let said = shuttle::future::block_on(Waiting::new(receipt, level));
        world.judge(receipt, level, &said);
    })
}

/// Callers that wait in every way while the writer writes and syncs.
fn served() {
    let world = World::begin();
    let writer = {
        let world = Arc::clone(&world);
        thread::spawn(move || world.serve(true))
    };
    let waiting = [
        wait(&world, Level::Written),
        wait(&world, Level::Synced),
        wait_async(&world, Level::Written),
        wait_async(&world, Level::Synced),
    ];
    waiting.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(world.progress.sleepers(), 0);
    world.end();
    writer.join().unwrap();
}

/// One caller, one mark: the fewest events in which a wake-up can be lost.
fn told() {
    let world = World::begin();
    let level = match shuttle::rand::thread_rng().gen_bool(0.5) {
        true => Level::Written,
        false => Level::Synced,
    };
    let waiting = match shuttle::rand::thread_rng().gen_bool(0.5) {
        true => wait(&world, level),
        false => wait_async(&world, level),
    };
    while world.write().is_none() {
        thread::yield_now();
    }
    world.truth.synced.fetch_max(1, Ordering::Relaxed);
    world.progress.synced(1);
    waiting.join().unwrap();
}

/// The end comes at any moment, without the sync that some wait for.
fn ended() {
    let world = World::begin();
    let waiting = [
        wait(&world, Level::Written),
        wait(&world, Level::Synced),
        wait_async(&world, Level::Synced),
    ];
    world.end();
    world.write();
    world.progress.ended();
    waiting.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Who is gathered rings nobody: as many as are expected, fewer, or one more than that.
fn gathered() {
    let world = World::begin();
    let waiting = [
        wait(&world, Level::Synced),
        wait(&world, Level::Synced),
        wait_async(&world, Level::Synced),
    ];
    // The writer gathers for three, as in its turn, and goes on when they are here, or after a moment.
    let expected = world.progress.askers() + 3;
    world.progress.gather(expected);
    if world.progress.askers() < expected {
        world
            .queue
            .rest(Rest::Sleep(Instant::now() + Duration::from_micros(500)));
    }
    world.progress.gather(0);
    let writer = {
        let world = Arc::clone(&world);
        thread::spawn(move || world.serve(false))
    };
    waiting.into_iter().for_each(|thread| thread.join().unwrap());
    world.end();
    writer.join().unwrap();
}

/// A sync that failed: what was written behind it is lost, and who waits for it is told so, not that it is synced.
fn unkept() {
    thread_local! {
        static KEPT: Cell<u64> = const { Cell::new(0) };
    }
    let world = World::begin();
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let world = Arc::clone(&world);
            thread::spawn(move || {
                let receipt = world.push();
                let said = receipt.wait(Level::Synced);
                match said {
                    Ok(seq) => assert!(receipt.ticket <= KEPT.get() && seq == seq_of(receipt.ticket)),
                    Err(error) => assert!(error.kind() == ErrorKind::Io && receipt.ticket > KEPT.get(), "{error}"),
                }
            })
        })
        .collect();
    let mut written = 0;
    while written < 2 {
        match world.write() {
            Some(last) => written = last,
            None => thread::yield_now(),
        }
    }
    // Of two records the second is lost, or both, or none.
    let kept = shuttle::rand::thread_rng().gen_range(0..=2);
    KEPT.set(kept);
    world.truth.synced.store(kept, Ordering::Relaxed);
    if kept < 2 {
        world.progress.lost_from(kept + 1);
    }
    world.progress.synced(2);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn who_waits_is_woken_when_its_record_is_there_and_no_sooner() {
    check("receipts: four ways to wait", false, served);
    check_finds(Mistake::TellsFirst, served);
}

#[test]
fn one_caller_is_woken_by_the_one_mark_it_waits_for() {
    check("receipts: one mark, one caller", false, told);
    check_finds(Mistake::TellsFirst, told);
}

#[test]
fn the_end_of_the_trail_is_told_to_everyone_who_waits() {
    check("receipts: the end", false, ended);
    check_finds(Mistake::EndsSilently, ended);
}

#[test]
fn who_is_gathered_is_served_though_nobody_rang() {
    check("receipts: gathered callers", false, gathered);
    check_finds(Mistake::RingsFirst, gathered);
}

#[test]
fn what_was_lost_after_all_is_never_called_synced() {
    check("receipts: a sync that failed", false, unkept);
    check_finds(Mistake::ForgetsTheLost, unkept);
}
