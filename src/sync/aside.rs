//! Foreign code that the writer has to call, on a thread of its own: it may be slow or hang, and the file goes on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Condvar, Instant, Mutex, end, spawn};

/// How long who asks waits for a thread that has nothing else to do, so that the answer is there as a rule.
const MOMENT: Duration = Duration::from_millis(50);

type Job = Box<dyn FnOnce() + Send>;

/// A thread that does one thing at a time, begun by the first, and forgets what is overtaken by something newer.
#[derive(Debug)]
pub(crate) struct Aside {
    name: &'static str,
    shared: Option<Arc<Shared>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    next: Option<Job>,
    busy: bool,
    over: bool,
}

impl Aside {
    pub(crate) fn new(name: &'static str) -> Aside {
        Aside { name, shared: None }
    }

    /// Has this done, instead of what still waits. A panic of it is the job's to catch.
    pub(crate) fn run(&mut self, job: impl FnOnce() + Send + 'static) {
        if cfg!(all(test, shuttle)) {
            // No model has foreign code, and each thread makes it much larger.
            return job();
        }
        let Some(shared) = self.shared.take().or_else(|| self.begin()) else {
            return;
        };
        let mut state = shared.state.lock();
        let until = end(Instant::now(), if state.busy { Duration::ZERO } else { MOMENT });
        let overtaken = state.next.replace(Box::new(job));
        shared.changed.notify_all();
        while state.next.is_some() || state.busy {
            if shared.changed.wait_until(&mut state, until).timed_out() {
                break;
            }
        }
        drop(state);
        drop(overtaken);
        self.shared = Some(shared);
    }

    /// `None` where there is no thread to be had: then the next job tries again.
    fn begin(&self) -> Option<Arc<Shared>> {
        let shared = Arc::new(Shared::default());
        let its = Arc::clone(&shared);
        spawn(self.name, move || its.work()).ok().map(|_| shared)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            shared.state.lock().over = true;
            shared.changed.notify_all();
        }
    }
}

impl Shared {
    fn work(&self) {
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.next.take() {
                state.busy = true;
                drop(state);
                job();
                state = self.state.lock();
                state.busy = false;
                self.changed.notify_all();
            } else if state.over {
                return;
            } else {
                self.changed.wait(&mut state);
            }
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn a_job_is_done_when_run_returns_and_one_that_hangs_holds_up_nobody() {
        let mut aside = Aside::new("aside");
        let (done, seen) = channel();
        let told = done.clone();
        aside.run(move || told.send(1).unwrap());
        assert_eq!(seen.try_recv(), Ok(1));

        let (go, hangs) = channel::<()>();
        aside.run(move || hangs.recv().unwrap_or_default());
        // Of those that wait behind it, the newest counts.
        for number in [2, 3] {
            let told = done.clone();
            aside.run(move || told.send(number).unwrap());
        }
        assert!(seen.try_recv().is_err());
        drop(go);
        assert_eq!(seen.recv(), Ok(3));
    }
}
