//! One pass over the bytes of many files, on several threads.
//!
//! Pieces are taken in order, one at a time, by whichever thread is free. Scanning a piece is four fifths of the work
//! and needs nothing but the piece. Folding needs the pieces of a file in order: the thread that finds the next piece of a
//! file scanned folds it, and those behind it that wait, while the others scan on. Files do not wait for each other,
//! because each header states where it begins. What is in memory is bounded by [`AHEAD`], however the threads run.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::io::DiskFile;
use crate::reader::piece::{Buffer, PIECE, Piece, Pieces};
use crate::sync::{Condvar, Mutex};
use crate::verify::fold::Fold;
use crate::verify::folded::Folded;
use crate::verify::scan::Scan;

/// A file to be read, and where its chain begins.
#[derive(Debug)]
pub(crate) struct Job {
    /// Opens the file when its turn comes, so that few are open at a time.
    pub(crate) file: Arc<dyn Open>,
    pub(crate) body_at: u64,
    pub(crate) len: u64,
    pub(crate) fold: Fold,
}

/// Something that can be opened for reading.
pub(crate) trait Open: std::fmt::Debug + Send + Sync {
    fn open(&self) -> io::Result<Arc<dyn DiskFile>>;
}

/// What became of a job.
pub(crate) type Outcome = io::Result<Folded>;

/// Bytes read and not yet folded, for each thread: enough that none waits for another.
const AHEAD: u64 = 4 << 20;

/// Reads all files on `threads` threads, this one among them; the outcomes are in the order of the jobs.
/// `deep` asks how each record is spelled; `progress` counts the bytes that are done.
pub(crate) fn run(jobs: Vec<Job>, threads: usize, deep: bool, progress: &AtomicU64) -> Vec<Outcome> {
    let mut files = Vec::new();
    let mut todo = VecDeque::new();
    for (place, job) in jobs.into_iter().enumerate() {
        files.push(Mutex::new(Chain {
            fold: Some(job.fold),
            waiting: BTreeMap::new(),
            next: 0,
            failed: None,
        }));
        todo.push_back(Todo {
            place,
            file: job.file,
            body_at: job.body_at,
            len: job.len,
        });
    }
    let pass = Pass {
        source: Mutex::new(Source {
            todo,
            open: None,
            spare: Vec::new(),
        }),
        files,
        ahead: Mutex::new(0),
        freed: Condvar::new(),
        limit: AHEAD * threads as u64,
        deep,
        progress,
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // A thread that cannot be had is done without.
            let _ = std::thread::Builder::new().spawn_scoped(scope, || pass.work());
        }
        pass.work();
    });
    let outcome = |chain: Mutex<Chain>| {
        let chain = chain.into_inner();
        match (chain.failed, chain.fold) {
            (Some(error), _) => Err(error),
            (None, Some(fold)) => Ok(fold.finish()),
            (None, None) => Err(io::Error::other("a thread of the verifier did not come back")),
        }
    };
    pass.files.into_iter().map(outcome).collect()
}

struct Pass<'a> {
    source: Mutex<Source>,
    files: Vec<Mutex<Chain>>,
    /// Bytes read and not yet folded.
    ahead: Mutex<u64>,
    freed: Condvar,
    limit: u64,
    deep: bool,
    progress: &'a AtomicU64,
}

struct Todo {
    place: usize,
    file: Arc<dyn Open>,
    body_at: u64,
    len: u64,
}

struct Source {
    todo: VecDeque<Todo>,
    /// The file being read: its place, the number of its next piece, and the rest of it.
    open: Option<(usize, u64, Pieces)>,
    spare: Vec<Buffer>,
}

/// The links of one file.
struct Chain {
    /// Away while a thread folds.
    fold: Option<Fold>,
    /// Scanned pieces whose turn has not come, and what each counts for.
    waiting: BTreeMap<u64, (Scan, u64)>,
    next: u64,
    failed: Option<io::Error>,
}

impl Pass<'_> {
    fn work(&self) {
        while let Some((place, number, piece)) = self.take() {
            let scan = Scan::of(&piece, self.deep);
            let weight = weight(&piece);
            if piece.bytes.filled().len() <= 2 * PIECE {
                self.source.lock().spare.push(piece.bytes);
            }
            self.fold(place, number, scan, weight);
        }
    }

    /// The next piece of the next file.
    fn take(&self) -> Option<(usize, u64, Piece)> {
        let mut ahead = self.ahead.lock();
        while *ahead > self.limit {
            self.freed.wait(&mut ahead);
        }
        drop(ahead);
        let mut source = self.source.lock();
        let taken = loop {
            if source.open.is_none() {
                let todo = source.todo.pop_front()?;
                match todo.file.open() {
                    Ok(file) => source.open = Some((todo.place, 0, Pieces::new(file, todo.body_at, todo.len))),
                    Err(error) => self.fail(todo.place, error),
                }
                continue;
            }
            let buffer = source.spare.pop().unwrap_or_default();
            let Some((place, number, pieces)) = &mut source.open else {
                continue;
            };
            match pieces.next(buffer) {
                Ok(Some(piece)) => {
                    let taken = (*place, *number, piece);
                    *number += 1;
                    break taken;
                }
                Ok(None) => source.open = None,
                Err(error) => {
                    self.fail(*place, error);
                    source.open = None;
                }
            }
        };
        drop(source);
        *self.ahead.lock() += weight(&taken.2);
        Some(taken)
    }

    fn fail(&self, place: usize, error: io::Error) {
        if let Some(chain) = self.files.get(place) {
            chain.lock().failed = Some(error);
        }
    }

    /// Hands a scanned piece to its file, and folds what is then in order, unless another thread is at it.
    fn fold(&self, place: usize, number: u64, scan: Scan, weight: u64) {
        let Some(chain) = self.files.get(place) else { return };
        let mut held = chain.lock();
        held.waiting.insert(number, (scan, weight));
        loop {
            let next = held.next;
            if held.fold.is_none() || !held.waiting.contains_key(&next) {
                return;
            }
            let (Some((scan, weight)), Some(mut fold)) = (held.waiting.remove(&next), held.fold.take()) else {
                return;
            };
            drop(held);
            let bytes = scan.bytes;
            fold.take(scan);
            *self.ahead.lock() -= weight;
            self.freed.notify_all();
            self.progress.fetch_add(bytes, Ordering::Relaxed);
            held = chain.lock();
            held.fold = Some(fold);
            held.next += 1;
        }
    }
}

/// What a piece counts for while it is under way; an empty one too.
fn weight(piece: &Piece) -> u64 {
    piece.bytes.filled().len().max(4_096) as u64
}
