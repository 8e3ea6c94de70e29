//! Models of the queue: whatever the order in which callers and writer come to its locks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use shuttle::thread;

use super::*;
use crate::brief::{EventId, Slice};
use crate::event::Category;
use crate::outcome::Outcome;
use crate::sync::AtomicU64;
use crate::sync::model::{Mistake, check, check_finds};

/// Longer than any short wait of a model: it ends by a wake-up, or never.
const FAR: Duration = Duration::from_secs(60);

pub(crate) fn brief(severity: Severity) -> Brief {
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

#[derive(Clone, Copy)]
enum OnFull {
    Shed,
    Block(Duration),
}

/// What a producer does with each of its lines; what was taken, by ticket.
fn produce(queue: &Queue, name: u8, severity: Severity, on_full: OnFull, count: u8, len: usize) -> Vec<(u64, [u8; 2])> {
    let mut taken = Vec::new();
    for at in 0..count {
        let mut line = vec![b'x'; len];
        line[..2].copy_from_slice(&[name, at]);
        let brief = brief(severity);
        let pushed = match (queue.push(&brief, &line), on_full) {
            (Push::Full, OnFull::Block(limit)) => queue.push_within(&brief, &line, limit),
            (pushed, _) => pushed,
        };
        match pushed {
            Push::Taken(ticket) => taken.push((ticket, [name, at])),
            Push::Full => queue.lose(Loss::QueueFull, severity, brief.time),
            Push::Closed => queue.lose(Loss::Closed, severity, brief.time),
        }
    }
    taken
}

/// Takes and gives back, until `over` was said and nothing is left.
fn consume(queue: &Queue, over: &AtomicU64) -> Vec<(u64, [u8; 2])> {
    let (mut chunks, mut seen) = (Vec::new(), Vec::new());
    loop {
        let last = over.load(Ordering::SeqCst) == 1;
        queue.take(&mut chunks, 1);
        if chunks.is_empty() && last {
            return seen;
        }
        if chunks.is_empty() {
            queue.rest(Rest::Park(Instant::now() + FAR));
        }
        for chunk in chunks.drain(..) {
            let tickets = chunk.first_ticket()..;
            seen.extend(
                tickets
                    .zip(chunk.lines())
                    .map(|(ticket, line)| (ticket, [line.rest[0], line.rest[1]])),
            );
            queue.give_back(&mut vec![chunk]);
        }
    }
}

struct Producer(Severity, OnFull, u8);

/// Lets them produce while one consumes; closes when those of them that `close` waits for are done. Then each record must be
/// where it belongs, once.
fn overload(producers: &'static [Producer], len: usize, close_after: usize) -> Flow {
    let queue = Arc::new(Queue::new(0, 4 << 10));
    let over = Arc::new(AtomicU64::new(0));
    let mut threads: Vec<_> = (0_u8..)
        .zip(producers)
        .map(|(name, Producer(severity, on_full, count))| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || produce(&queue, name, *severity, *on_full, *count, len))
        })
        .collect();
    let consumer = {
        let (queue, over) = (Arc::clone(&queue), Arc::clone(&over));
        thread::spawn(move || consume(&queue, &over))
    };
    let late = threads.split_off(close_after);
    let mut accepted: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    queue.close();
    over.store(1, Ordering::SeqCst);
    queue.ring();
    let seen = consumer.join().unwrap();
    accepted.extend(late.into_iter().flat_map(|thread| thread.join().unwrap()));

    // Exactly once, in the order of the tickets, which have no holes.
    accepted.sort_unstable();
    assert_eq!(seen, accepted, "what came out is what was accepted");
    assert!(seen.iter().map(|(ticket, _)| *ticket).eq(1..=seen.len() as u64));
    let mut next = BTreeMap::new();
    for (_, [name, at]) in &seen {
        let last = next.insert(*name, *at);
        assert!(
            last.is_none_or(|last| last < *at),
            "a producer's records keep their order"
        );
    }
    // Or counted, in one place.
    let flow = queue.flow();
    let mut emitted = [0; 4];
    for Producer(severity, _, count) in producers {
        emitted[severity.index()] += u64::from(*count);
    }
    for (at, emitted) in emitted.into_iter().enumerate() {
        let lost: u64 = flow.lost.iter().map(|lost| lost.count[at]).sum();
        assert_eq!(flow.accepted[at] + lost, emitted, "severity {at}");
    }
    assert_eq!(flow.accepted.iter().sum::<u64>(), seen.len() as u64);
    assert_eq!(flow.bytes, 0);
    flow
}

/// Three chunks' worth against two that ordinary records may have.
fn shed_and_block() {
    const PRODUCERS: &[Producer] = &[
        Producer(Severity::Low, OnFull::Shed, 4),
        Producer(Severity::High, OnFull::Block(FAR), 3),
        Producer(Severity::Medium, OnFull::Block(Duration::from_millis(1)), 3),
    ];
    let flow = overload(PRODUCERS, 100, 3);
    assert_eq!(
        flow.accepted[Severity::High.index()],
        3,
        "who waits long enough is taken"
    );
}

fn reserved_lane() {
    const PRODUCERS: &[Producer] = &[
        Producer(Severity::Low, OnFull::Block(FAR), 5),
        Producer(Severity::Critical, OnFull::Shed, 2),
    ];
    let flow = overload(PRODUCERS, 100, 2);
    assert_eq!(
        flow.accepted[Severity::Critical.index()],
        2,
        "its chunk is nobody else's"
    );
}

/// More callers than one chunk has room for are woken by chunks given back.
fn room_for_all() {
    const PRODUCERS: &[Producer] = &[
        Producer(Severity::Low, OnFull::Block(FAR), 2),
        Producer(Severity::Low, OnFull::Block(FAR), 2),
        Producer(Severity::Low, OnFull::Block(FAR), 2),
    ];
    let flow = overload(PRODUCERS, 100, 3);
    assert_eq!(flow.accepted[0], 6);
}

/// The end comes between the pushes, and to callers that wait for room.
fn late_pushes() {
    const PRODUCERS: &[Producer] = &[
        Producer(Severity::Low, OnFull::Block(FAR), 1),
        Producer(Severity::Low, OnFull::Block(FAR), 4),
        Producer(Severity::Critical, OnFull::Shed, 2),
    ];
    overload(PRODUCERS, 100, 1);
}

/// The writer died; its thread closes the queue on its way out.
fn end_without_writer() {
    let queue = Arc::new(Queue::new(0, 4 << 10));
    let threads: Vec<_> = (0..2)
        .map(|name| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || produce(&queue, name, Severity::High, OnFull::Block(FAR), 3, 100))
        })
        .collect();
    queue.close();
    let accepted: usize = threads.into_iter().map(|thread| thread.join().unwrap().len()).sum();
    let flow = queue.flow();
    assert_eq!(flow.accepted[Severity::High.index()], accepted as u64);
    let closed = flow.lost[Loss::Closed.index()].count[Severity::High.index()];
    assert_eq!(accepted as u64 + closed, 6);
}

/// A quiet trail, and now and then a record: each push must find the writer awake, or wake it.
fn parked_writer() {
    const PRODUCERS: &[Producer] = &[
        Producer(Severity::Low, OnFull::Shed, 2),
        Producer(Severity::Low, OnFull::Shed, 1),
    ];
    let queue = Arc::new(Queue::new(0, 4 << 10));
    let threads: Vec<_> = (0_u8..)
        .zip(PRODUCERS)
        .map(|(name, Producer(severity, on_full, count))| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || produce(&queue, name, *severity, *on_full, *count, 10))
        })
        .collect();
    // Nobody rings at the end: only the pushes wake it.
    let (mut chunks, mut seen) = (Vec::new(), 0);
    while seen < 3 {
        queue.take(&mut chunks, 1);
        if chunks.is_empty() {
            queue.rest(Rest::Park(Instant::now() + FAR));
        }
        seen += chunks.iter().map(Chunk::count).sum::<usize>();
        queue.give_back(&mut chunks);
    }
    threads.into_iter().for_each(|thread| drop(thread.join().unwrap()));
    assert_eq!(queue.flow().last_ticket, 3);
}

#[test]
fn each_record_is_taken_once_in_order_or_counted_once_under_overload() {
    check("queue: overload, shed and blocked", false, shed_and_block);
    check_finds(Mistake::TakesNewestFirst, shed_and_block);
}

#[test]
fn critical_records_have_their_lane_whatever_the_others_do() {
    check("queue: the reserved lane", false, reserved_lane);
    check_finds(Mistake::SharesReserve, reserved_lane);
}

#[test]
fn everyone_who_waits_for_room_gets_it() {
    check("queue: room for all who wait", false, room_for_all);
    check_finds(Mistake::LooksAway, room_for_all);
}

#[test]
fn what_was_accepted_before_the_end_is_taken_and_what_comes_late_is_counted() {
    check("queue: the end between pushes", false, late_pushes);
    check_finds(Mistake::StaysAjar, late_pushes);
}

#[test]
fn nobody_waits_for_room_that_no_writer_will_make() {
    check("queue: an end without a writer", false, end_without_writer);
    check_finds(Mistake::ClosesSilently, end_without_writer);
}

#[test]
fn a_push_never_finds_a_writer_that_sleeps_on() {
    check("queue: a parked writer", false, parked_writer);
    check_finds(Mistake::ParksBlindly, parked_writer);
}
