//! Many wait, and one tells them all.

use super::Instant;

#[cfg(all(test, shuttle))]
type Turn = super::Mutex<()>;
#[cfg(all(test, shuttle))]
type Struck = super::Condvar;
/// Not `parking_lot`'s, which wakes one and hands the others its lock, one behind the other: with 64 who wait, that costs a
/// sixth of what they get done.
#[cfg(not(all(test, shuttle)))]
type Turn = std::sync::Mutex<()>;
#[cfg(not(all(test, shuttle)))]
type Struck = std::sync::Condvar;

/// Where many wait for something that one thread changes. What it changes are atomics; the lock keeps the wake-up of somebody
/// who has just looked from being missed.
#[derive(Debug, Default)]
pub(crate) struct Gong {
    turn: Turn,
    struck: Struck,
}

impl Gong {
    /// Returns when it is so, or the time is over.
    pub(crate) fn wait(&self, until: Instant, so: impl Fn() -> bool) {
        let mut turn = self.take();
        while !so() {
            if Instant::now() >= until {
                return;
            }
            turn = self.sleep(turn, until);
        }
    }

    /// Wakes all who wait, so that they look again.
    pub(crate) fn strike(&self) {
        drop(self.take());
        self.struck.notify_all();
    }
}

#[cfg(not(all(test, shuttle)))]
impl Gong {
    fn take(&self) -> std::sync::MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn sleep<'a>(&'a self, turn: std::sync::MutexGuard<'a, ()>, until: Instant) -> std::sync::MutexGuard<'a, ()> {
        let left = until.saturating_duration_since(Instant::now());
        let woken = self.struck.wait_timeout(turn, left);
        woken.unwrap_or_else(std::sync::PoisonError::into_inner).0
    }
}

#[cfg(all(test, shuttle))]
impl Gong {
    fn take(&self) -> super::MutexGuard<'_, ()> {
        self.turn.lock()
    }

    fn sleep<'a>(&'a self, mut turn: super::MutexGuard<'a, ()>, until: Instant) -> super::MutexGuard<'a, ()> {
        self.struck.wait_until(&mut turn, until);
        turn
    }
}
