//! Files asked at once, each on a thread of a few, their answers given in order.
//!
//! Files are taken in order, and each answers through a channel of its own. There is room for so many bytes of answers that wait to
//! be taken: whoever comes to its end waits, but for the file whose turn it is, of which one answer may wait in any case. So
//! small files are asked beside one another, and of large ones little is held. Only whose turn it is may hold long lines, so a
//! file that comes to one is handed to the caller, who goes on with it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::scan::{Item, Scan, Step};
use crate::stats::Stats;

/// What a job answers.
pub(super) enum Answer {
    Items(Vec<Item>),
    /// What a file came to. It was asked to its end.
    Counted(Box<Stats>),
    /// Goes on with leave, on the caller's thread.
    Yours(Box<Scan>),
    /// The file was asked to its end.
    Done,
    /// The thread that asked it ended without a word.
    Lost,
}

impl Answer {
    /// Bytes that it holds, about.
    fn weight(&self) -> usize {
        match self {
            Answer::Items(items) => items.iter().map(Item::weight).sum(),
            Answer::Counted(stats) => stats.weight(),
            Answer::Yours(scan) => scan.held(),
            Answer::Done | Answer::Lost => 0,
        }
    }
}

/// A thing to do in its turn.
pub(super) enum Job {
    /// Something to say between two files.
    Say(Item),
    Ask(Box<Scan>),
}

/// More threads than this gain nothing that a disk could give.
const THREADS: usize = 4;

/// Bytes of answers, about, that may wait.
const ROOM: usize = 4 << 20;

/// A file, which in the order it is, and where its answers go.
struct Todo {
    scan: Box<Scan>,
    turn: usize,
    answers: Sender<(Answer, Held)>,
}

/// What an answer that waits takes up.
enum Held {
    /// The place for the file whose turn it is.
    First,
    /// Bytes of the room.
    Bytes(usize),
    Nothing,
}

/// The threads, and what they were given.
pub(super) struct Pool {
    turns: VecDeque<Turn>,
    room: Arc<Room>,
    threads: Vec<JoinHandle<()>>,
}

enum Turn {
    Say(Item),
    Hear(Receiver<(Answer, Held)>),
}

/// The room for answers that wait.
struct Room {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    stop: AtomicBool,
}

struct Waiting {
    left: usize,
    /// Which file's turn it is.
    turn: usize,
    /// Whether the answer waits that it may have waiting in any case.
    first: bool,
}

impl Room {
    fn new() -> Room {
        Room {
            waiting: Mutex::new(Waiting {
                left: ROOM,
                turn: 0,
                first: false,
            }),
            changed: Condvar::new(),
            stop: AtomicBool::new(false),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room for an answer of so many bytes; `None` if nobody wants one any more.
    fn hold(&self, size: usize, turn: usize) -> Option<Held> {
        let mut waiting = self.waiting();
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            if size == 0 {
                return Some(Held::Nothing);
            }
            if turn == waiting.turn && !waiting.first {
                waiting.first = true;
                return Some(Held::First);
            }
            if size <= waiting.left {
                waiting.left -= size;
                return Some(Held::Bytes(size));
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// An answer was taken; perhaps the last of its file.
    fn free(&self, held: &Held, last: bool) {
        let mut waiting = self.waiting();
        match held {
            Held::First => waiting.first = false,
            Held::Bytes(size) => waiting.left += size,
            Held::Nothing => {}
        }
        waiting.turn += usize::from(last);
        drop(waiting);
        self.changed.notify_all();
    }

    fn stop(&self) {
        let waiting = self.waiting();
        self.stop.store(true, Ordering::Relaxed);
        drop(waiting);
        self.changed.notify_all();
    }
}

impl Job {
    /// Bytes on the disk.
    pub(super) fn size(&self) -> u64 {
        match self {
            Job::Say(_) => 0,
            Job::Ask(scan) => scan.size(),
        }
    }
}

impl Pool {
    /// Sets to work. The jobs come back if no thread can be had.
    pub(super) fn start(jobs: VecDeque<Job>) -> Result<Pool, VecDeque<Job>> {
        let files = jobs.iter().filter(|job| matches!(job, Job::Ask(_))).count();
        let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
        let wanted = files.min(cores).min(THREADS);
        if wanted < 2 {
            return Err(jobs);
        }
        let todo: Arc<Mutex<VecDeque<Todo>>> = Arc::default();
        let room = Arc::new(Room::new());
        let go = Arc::new(Mutex::new(()));
        // Nobody begins before all is laid out.
        let held = go.lock().unwrap_or_else(PoisonError::into_inner);
        let threads: Vec<JoinHandle<()>> = (0..wanted)
            .map_while(|_| {
                let (todo, room, go) = (Arc::clone(&todo), Arc::clone(&room), Arc::clone(&go));
                let work = move || {
                    drop(go.lock());
                    work(&todo, &room);
                };
                thread::Builder::new().name("audit-query".to_owned()).spawn(work).ok()
            })
            .collect();
        if threads.is_empty() {
            return Err(jobs);
        }
        let mut queue = todo.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = jobs
            .into_iter()
            .map(|job| match job {
                Job::Say(item) => Turn::Say(item),
                Job::Ask(scan) => {
                    let (answers, heard) = channel();
                    let turn = queue.len();
                    queue.push_back(Todo { scan, turn, answers });
                    Turn::Hear(heard)
                }
            })
            .collect();
        drop(queue);
        drop(held);
        Ok(Pool { turns, room, threads })
    }

    /// The next answer; `None` behind the last.
    pub(super) fn next(&mut self) -> Option<Answer> {
        match self.turns.front()? {
            Turn::Say(_) => {
                let Some(Turn::Say(item)) = self.turns.pop_front() else {
                    return None;
                };
                Some(Answer::Items(vec![item]))
            }
            Turn::Hear(heard) => {
                let (answer, held) = heard.recv().unwrap_or((Answer::Lost, Held::Nothing));
                let last = !matches!(answer, Answer::Items(_));
                self.room.free(&held, last);
                if last {
                    self.turns.pop_front();
                }
                Some(answer)
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.room.stop();
        self.turns.clear();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn work(todo: &Mutex<VecDeque<Todo>>, room: &Room) {
    loop {
        let next = todo.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(Todo {
            mut scan,
            turn,
            answers,
        }) = next
        else {
            return;
        };
        let give = |answer: Answer| {
            let held = room.hold(answer.weight(), turn);
            held.is_some_and(|held| answers.send((answer, held)).is_ok())
        };
        let last = loop {
            match scan.step(false, &room.stop) {
                Step::Items(items) if items.is_empty() => {}
                Step::Items(items) => {
                    if !give(Answer::Items(items)) {
                        return;
                    }
                }
                Step::Counted(stats) => break Answer::Counted(stats),
                Step::Wide => break Answer::Yours(scan),
                Step::Done => break Answer::Done,
            }
        };
        if !give(last) {
            return;
        }
    }
}
