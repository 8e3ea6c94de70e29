//! The one place for locks, condition variables, threads and the time of waits, so that a model checker can replace them.
//!
//! Every lock a caller may take is taken through [`lock`]: in a forked child the thread that held it at the fork does
//! not exist, and waiting for it would never end.

use std::cell::Cell;
use std::io;
use std::time::Duration;

mod aside;
mod gong;
#[cfg(all(test, shuttle))]
pub(crate) mod model;

pub(crate) use aside::Aside;
pub(crate) use gong::Gong;

#[cfg(all(test, shuttle))]
pub(crate) use model::{AtomicBool, AtomicU64, AtomicUsize, Condvar, Instant, JoinHandle, Mutex, MutexGuard, RwLock};
#[cfg(not(all(test, shuttle)))]
pub(crate) use {
    parking_lot::{Condvar, Mutex, MutexGuard},
    std::sync::RwLock,
    std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize},
    std::thread::JoinHandle,
    std::time::Instant,
};

#[cfg(all(test, shuttle))]
pub(crate) use shuttle::thread_local as local;
#[cfg(not(all(test, shuttle)))]
pub(crate) use std::thread_local as local;

/// A static with a lock or a condition variable in it. A model begins it anew with each schedule.
#[cfg(not(all(test, shuttle)))]
macro_rules! global {
    ($(#[$doc:meta])* static $name:ident: $type:ty = $value:expr;) => {
        $(#[$doc])*
        static $name: $type = $value;
    };
}
#[cfg(all(test, shuttle))]
macro_rules! global {
    ($(#[$doc:meta])* static $name:ident: $type:ty = $value:expr;) => {
        shuttle::lazy_static! {
            $(#[$doc])*
            static ref $name: $type = $value;
        }
    };
}
pub(crate) use global;

/// When a wait of so long ends. One that never ends by its time, `Duration::MAX`, ends after a century.
pub(crate) fn end(now: Instant, wait: Duration) -> Instant {
    now + wait.min(Duration::from_secs(100 * 365 * 86_400))
}

/// Looks again and again whether it is so, and lets others go on in between; whether it is. For what is likely to be so within
/// less time than it takes to wake a thread.
#[cfg(not(all(test, shuttle)))]
pub(crate) fn spin(at_most: Duration, so: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    loop {
        if so() {
            return true;
        }
        if began.elapsed() >= at_most {
            return false;
        }
        std::thread::yield_now();
    }
}

#[cfg(all(test, shuttle))]
pub(crate) fn spin(_: Duration, so: impl Fn() -> bool) -> bool {
    so()
}

/// Whether the mistake of this name is made here, for a model to find. Never, outside the models' controls.
#[cfg(not(all(test, shuttle)))]
macro_rules! planted {
    ($mistake:ident) => {
        false
    };
}
#[cfg(all(test, shuttle))]
macro_rules! planted {
    ($mistake:ident) => {
        $crate::sync::model::is_planted($crate::sync::model::Mistake::$mistake)
    };
}
pub(crate) use planted;

/// Which process a trail was built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Home(u32);

impl Default for Home {
    fn default() -> Home {
        Home::here()
    }
}

impl Home {
    pub(crate) fn here() -> Home {
        Home(std::process::id())
    }

    /// Whether this process is a forked child of the one the trail was built in. A system call (150 ns): ask only where
    /// time is lost anyway, or now and then.
    pub(crate) fn is_elsewhere(self) -> bool {
        self != Home::here()
    }
}

/// Takes the lock; `None` only in a forked child whose parent held it at the fork, and on a panicking thread that may hold
/// it itself.
#[cfg(not(all(test, shuttle)))]
#[inline]
pub(crate) fn lock<T>(mutex: &Mutex<T>, home: Home) -> Option<MutexGuard<'_, T>> {
    mutex.try_lock().or_else(|| lock_held(mutex, home))
}

#[cfg(all(test, shuttle))]
pub(crate) fn lock<T>(mutex: &Mutex<T>, _: Home) -> Option<MutexGuard<'_, T>> {
    Some(mutex.lock())
}

#[cfg(not(all(test, shuttle)))]
#[cold]
fn lock_held<T>(mutex: &Mutex<T>, home: Home) -> Option<MutexGuard<'_, T>> {
    // Held for some ten nanoseconds as a rule: look again before asking the kernel anything.
    for _ in 0..64 {
        std::hint::spin_loop();
        if let Some(guard) = mutex.try_lock() {
            return Some(guard);
        }
    }
    loop {
        if home.is_elsewhere() {
            return None;
        }
        if let Some(guard) = mutex.try_lock_for(Duration::from_millis(100)) {
            return Some(guard);
        }
        if std::thread::panicking() {
            return None;
        }
    }
}

local! {
    static OWN: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is one of the trail's own threads, on which no wait for the trail may ever stand.
pub(crate) fn on_own_thread() -> bool {
    OWN.try_with(Cell::get).unwrap_or(false)
}

/// Starts one of the trail's own threads.
pub(crate) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    spawn_free(name, || {
        let _ = OWN.try_with(|own| own.set(true));
        body();
    })
}

/// Starts a thread that the trail never waits for without an end, to run the program's code: that may wait for the trail.
pub(crate) fn spawn_free(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    #[cfg(not(all(test, shuttle)))]
    let builder = std::thread::Builder::new();
    #[cfg(all(test, shuttle))]
    let builder = shuttle::thread::Builder::new();
    builder.name(name.to_owned()).spawn(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_held_by_another_thread_is_waited_for_in_the_same_process() {
        let mutex = Mutex::new(1);
        std::thread::scope(|scope| {
            let held = mutex.lock();
            let waiting = scope.spawn(|| *lock(&mutex, Home::here()).unwrap());
            while !waiting.is_finished() && mutex.try_lock().is_some() {}
            drop(held);
            assert_eq!(waiting.join().unwrap(), 1);
        });
    }

    #[test]
    fn a_lock_held_at_a_fork_is_given_up_in_the_child() {
        let mutex = Mutex::new(());
        let _held = mutex.lock();
        let parent = Home(std::process::id() ^ 1);
        assert!(lock(&mutex, parent).is_none());
    }

    #[test]
    fn a_lock_held_by_the_panicking_thread_itself_is_given_up() {
        struct Unwinding<'a>(&'a Mutex<()>, &'a Cell<bool>);
        impl Drop for Unwinding<'_> {
            fn drop(&mut self) {
                self.1.set(lock(self.0, Home::here()).is_none());
            }
        }
        let (mutex, given_up) = (Mutex::new(()), Cell::new(false));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _held = mutex.lock();
            let _unwinding = Unwinding(&mutex, &given_up);
            panic!("as planned");
        }));
        assert!(panicked.is_err() && given_up.get());
    }

    #[test]
    fn only_the_trails_threads_are_its_own() {
        assert!(!on_own_thread());
        let own = std::sync::mpsc::channel();
        spawn("own", move || own.0.send(on_own_thread()).unwrap())
            .unwrap()
            .join()
            .unwrap();
        assert!(own.1.recv().unwrap());
    }
}
