//! The last values of each thread that had to be walked, and had no secret.
//!
//! What the sieve cannot clear often comes again: a browser's name, a constant message with a colon. Compared byte by byte
//! with what was found harmless before, it costs a twentieth of another walk. Values with a secret are never kept.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU32, Ordering};

use super::scan::Scan;

/// Longer values are rarely the same twice.
const LONGEST: usize = 160;

/// A power of two.
const KEPT: usize = 16;

#[derive(Clone, Copy)]
struct Seen {
    policy: u32,
    len: u32,
    scan: Scan,
    bytes: [u8; LONGEST],
}

impl Seen {
    /// No policy has the number 0.
    const NOTHING: Seen = Seen {
        policy: 0,
        len: 0,
        scan: Scan::CLEAN,
        bytes: [0; LONGEST],
    };
}

thread_local! {
    static SEEN: RefCell<[Seen; KEPT]> = const { RefCell::new([Seen::NOTHING; KEPT]) };
    /// Places of values that came once: only what comes again is worth a copy.
    static ONCE: Cell<[u32; KEPT]> = const { Cell::new([0; KEPT]) };
}

/// The number of a policy that was just made.
pub(super) fn next_policy() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// What was found when this value was walked by this policy.
#[inline]
pub(super) fn recall(policy: u32, s: &[u8]) -> Option<Scan> {
    let place = hash(s)? as usize % KEPT;
    SEEN.try_with(|seen| {
        let seen = seen.try_borrow().ok()?;
        let seen = seen.get(place)?;
        let same = seen.policy == policy && seen.len as usize == s.len() && seen.bytes.get(..s.len()) == Some(s);
        same.then_some(seen.scan)
    })
    .ok()
    .flatten()
}

/// Keeps a value without a secret, from the second time on.
#[cold]
pub(super) fn remember(policy: u32, s: &[u8], scan: Scan) {
    let Some(hash) = hash(s) else { return };
    let place = hash as usize % KEPT;
    let again = ONCE.try_with(|once| {
        let mut all = once.get();
        let again = all
            .get_mut(place)
            .is_some_and(|last| std::mem::replace(last, hash) == hash);
        once.set(all);
        again
    });
    if again != Ok(true) {
        return;
    }
    let _ = SEEN.try_with(|seen| {
        if let Ok(mut seen) = seen.try_borrow_mut()
            && let Some(seen) = seen.get_mut(place)
            && let Some(bytes) = seen.bytes.get_mut(..s.len())
        {
            bytes.copy_from_slice(s);
            (seen.policy, seen.len, seen.scan) = (policy, s.len() as u32, scan);
        }
    });
}

/// Of its length and its first, middle and last eight bytes; not zero. `None` for a value that is not kept.
#[inline]
fn hash(s: &[u8]) -> Option<u32> {
    if s.len() > LONGEST {
        return None;
    }
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let middle = word(s.get(s.len() / 2..)?.first_chunk()?);
    let (first, last) = (word(s.first_chunk()?), word(s.last_chunk()?));
    let mixed =
        (first ^ last.rotate_left(23) ^ middle.rotate_left(41) ^ s.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    Some((mixed >> 32) as u32 | 1 << 31)
}

#[cfg(test)]
mod tests {
    use super::super::{Policy, Redaction};
    use super::*;

    #[test]
    fn a_harmless_value_is_known_the_third_time_and_only_to_its_policy() {
        let agent = b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
        let policy = Policy::compile(&Redaction::standard(), None);
        let first = policy.scan(agent);
        assert!(!first.suspicious);
        for _ in 0..2 {
            assert_eq!(policy.scan(agent), first);
        }
        assert_eq!(recall(policy.id, agent), Some(first));
        assert_eq!(recall(next_policy(), agent), None);
        let mut near = agent.to_vec();
        near[20] ^= 1;
        assert_eq!(recall(policy.id, &near), None);
    }

    #[test]
    fn a_value_with_a_secret_is_never_kept() {
        let policy = Policy::compile(&Redaction::standard(), None);
        for text in ["login with password=hunter2 ok", "user: alice; password: hunter2"] {
            for _ in 0..4 {
                assert!(policy.scan(text.as_bytes()).suspicious);
                assert_eq!(recall(policy.id, text.as_bytes()), None);
            }
        }
    }
}
