//! Files asked at once, each on a thread of a few, their answers given in order.
//!
//! Files are taken in order, and each answers through a channel of its own that holds little: whoever is ahead waits, and
//! the file whose turn it is was taken before all that wait. Only whose turn it is may hold long lines, so a file
//! that comes to one is handed to the caller, who goes on with it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
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

/// A thing to do in its turn.
pub(super) enum Job {
    /// Something to say between two files.
    Say(Item),
    Ask(Box<Scan>),
}

/// More threads than this gain nothing that a disk could give.
const THREADS: usize = 4;

/// Answers of a file that wait to be taken.
const AHEAD: usize = 1;

/// A file, and where its answers go.
type Todo = (Box<Scan>, SyncSender<Answer>);

/// The threads, and what they were given.
pub(super) struct Pool {
    turns: VecDeque<Turn>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

enum Turn {
    Say(Item),
    Hear(Receiver<Answer>),
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
        let stop = Arc::new(AtomicBool::new(false));
        let go = Arc::new(Mutex::new(()));
        // Nobody begins before all is laid out.
        let held = go.lock().unwrap_or_else(PoisonError::into_inner);
        let threads: Vec<JoinHandle<()>> = (0..wanted)
            .map_while(|_| {
                let (todo, stop, go) = (Arc::clone(&todo), Arc::clone(&stop), Arc::clone(&go));
                let work = move || {
                    drop(go.lock());
                    work(&todo, &stop);
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
                    let (answers, heard) = sync_channel(AHEAD);
                    queue.push_back((scan, answers));
                    Turn::Hear(heard)
                }
            })
            .collect();
        drop(queue);
        drop(held);
        Ok(Pool { turns, stop, threads })
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
                let answer = heard.recv().unwrap_or(Answer::Lost);
                if !matches!(answer, Answer::Items(_)) {
                    self.turns.pop_front();
                }
                Some(answer)
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.turns.clear();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn work(todo: &Mutex<VecDeque<Todo>>, stop: &AtomicBool) {
    loop {
        let next = todo.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some((mut scan, answers)) = next else { return };
        let last = loop {
            match scan.step(false, stop) {
                Step::Items(items) if items.is_empty() => {}
                Step::Items(items) => {
                    if answers.send(Answer::Items(items)).is_err() {
                        return;
                    }
                }
                Step::Counted(stats) => break Answer::Counted(stats),
                Step::Wide => break Answer::Yours(scan),
                Step::Done => break Answer::Done,
            }
        };
        if stop.load(Ordering::Relaxed) || answers.send(last).is_err() {
            return;
        }
    }
}
