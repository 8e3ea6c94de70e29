//! The keys of a keyed trail's commits.
//!
//! Each commit is sealed by a key of its own, and the next key is made of it, so that none in memory can seal what came
//! before. Two are held: the one for the next commit, and the one behind the last synced commit, from which a resync begins
//! again. When a sync returns, the second moves on, and the one that it was is wiped, before anybody is told of the sync.

use std::sync::Arc;

use super::batch::Text;
use crate::chain::Head;
use crate::chain::seal::CommitKey;
use crate::sync::Mutex;

#[derive(Debug)]
pub(super) struct Seals {
    next: CommitKey,
    back: Arc<Mutex<Back>>,
    /// A planted mistake.
    #[cfg(test)]
    forgets: bool,
}

/// Where a resync begins again.
#[derive(Debug)]
struct Back {
    key: CommitKey,
    /// Counts the resyncs: what an older sync says does not matter any more.
    epoch: u64,
}

/// What is to be done when a sync returns, on the thread that waits for it.
#[derive(Debug)]
pub(super) struct Settle {
    key: CommitKey,
    epoch: u64,
    back: Arc<Mutex<Back>>,
}

impl Seals {
    /// For the first commit of a run.
    pub(super) fn new(key: CommitKey) -> Seals {
        let back = Back {
            key: key.clone(),
            epoch: 0,
        };
        Seals {
            next: key,
            back: Arc::new(Mutex::new(back)),
            #[cfg(test)]
            forgets: false,
        }
    }

    #[cfg(test)]
    pub(super) fn slipping(mut self, slip: Option<crate::store::Slip>) -> Seals {
        self.forgets = slip == Some(crate::store::Slip::ForgetRewind);
        self
    }

    /// The index of the next commit.
    pub(super) fn index(&self) -> u64 {
        self.next.index()
    }

    /// Ends a commit whose last line has this head; once.
    pub(super) fn seal(&self, text: &mut Text, head: &Head) {
        if !text.sealed {
            text.seal(head, &self.next.seal(head));
        }
    }

    /// The commit is in the file.
    pub(super) fn written(&mut self) {
        self.next.advance();
    }

    /// A sync begins that covers all that is written.
    pub(super) fn settle(&self) -> Settle {
        Settle {
            key: self.next.clone(),
            epoch: self.back.lock().epoch,
            back: Arc::clone(&self.back),
        }
    }

    /// A sync that is outstanding must not count any more, if it has not returned yet.
    pub(super) fn abandon(&self) {
        self.back.lock().epoch += 1;
    }

    /// Begins again behind the last synced commit.
    pub(super) fn rewind(&mut self) {
        #[cfg(test)]
        if self.forgets {
            return;
        }
        self.next = self.back.lock().key.clone();
    }
}

impl Settle {
    /// The sync has returned: the keys of what it covered are wiped. `false` if it does not count any more.
    pub(super) fn done(self) -> bool {
        let mut back = self.back.lock();
        let counts = back.epoch == self.epoch;
        if counts {
            back.key = self.key;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::seal::Seed;
    use crate::secret::SecretBytes;

    fn seals() -> Seals {
        Seals::new(Seed(SecretBytes::new([7; 32])).first_key(&[1; 16], 3))
    }

    /// The seal that the next commit would get.
    fn next(seals: &Seals) -> (u64, [u8; 32]) {
        (seals.index(), seals.next.seal(&Head::ZERO))
    }

    #[test]
    fn a_resync_begins_again_behind_the_last_synced_commit_and_skips_no_index() {
        let mut seals = seals();
        let first = next(&seals);
        seals.written();
        let second = next(&seals);
        let sync = seals.settle();
        seals.written();
        assert_eq!(seals.index(), 2);
        seals.rewind();
        assert_eq!(next(&seals), first, "no sync has returned");
        seals.written();
        seals.written();
        assert!(sync.done());
        seals.rewind();
        assert_eq!(next(&seals), second);
        assert_ne!(first.1, second.1);
    }

    #[test]
    fn a_sync_that_was_given_up_settles_nothing() {
        let mut seals = seals();
        let first = next(&seals);
        seals.written();
        let sync = seals.settle();
        seals.abandon();
        assert!(!sync.done());
        seals.rewind();
        assert_eq!(next(&seals), first);
        seals.written();
        assert!(seals.settle().done());
        seals.rewind();
        assert_eq!(seals.index(), 1);
    }
}
