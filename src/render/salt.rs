//! The last member of a record of a salted trail: 96 random bits, without which its hash confirms no guess of what it said.

use std::cell::RefCell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};

use crate::base64url;

/// Random bytes of a salt.
const SALT: usize = 12;

/// Salts that a thread draws at once: a system call for each would cost more than the record.
const BLOCK: usize = 64;

const KEY: &[u8] = b",\"salt\":\"";

/// Bytes of the member, with the comma before it.
pub(crate) const MEMBER: usize = KEY.len() + base64url::width(SALT) + 1;

/// What salts a trail's records.
pub(crate) struct Salts {
    /// For the salts that the system has no random bytes for: drawn when it had some.
    seed: [u8; 32],
    made: AtomicU64,
}

struct Block {
    bytes: [u8; SALT * BLOCK],
    left: usize,
}

thread_local! {
    static DRAWN: RefCell<Block> = const { RefCell::new(Block { bytes: [0; SALT * BLOCK], left: 0 }) };
}

impl Salts {
    /// An error if the system has no random bytes.
    pub(crate) fn new() -> Result<Salts, getrandom::Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(Salts {
            seed,
            made: AtomicU64::new(0),
        })
    }

    /// The member, to stand behind the last one of a rest. Allocates nothing.
    #[inline]
    pub(crate) fn member(&self) -> [u8; MEMBER] {
        let salt = draw(|bytes| getrandom::fill(bytes).is_ok()).unwrap_or_else(|| self.make());
        let mut member = [b'"'; MEMBER];
        let (key, value) = member.split_at_mut(KEY.len());
        key.copy_from_slice(KEY);
        // The closing quote is there already.
        base64url::write(value, &salt);
        member
    }

    /// Without the system: as hard to guess as the seed, which is in no file.
    #[cold]
    fn make(&self) -> [u8; SALT] {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let hash = Sha256::new()
            .chain_update(b"tracing-audit/1 salt")
            .chain_update(self.seed)
            .chain_update(number.to_le_bytes())
            .finalize();
        let mut salt = [0; SALT];
        salt.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        salt
    }
}

/// The next salt of this thread. What was given out is wiped: an erased record's salt must be nowhere.
#[inline]
fn draw(fill: impl FnOnce(&mut [u8]) -> bool) -> Option<[u8; SALT]> {
    DRAWN.with(|drawn| {
        let block = &mut *drawn.try_borrow_mut().ok()?;
        if block.left == 0 {
            if !fill(&mut block.bytes) {
                return None;
            }
            block.left = BLOCK;
        }
        block.left -= 1;
        let salt = block.bytes.chunks_exact_mut(SALT).nth(block.left)?;
        let taken = <[u8; SALT]>::try_from(&*salt).ok()?;
        salt.fill(0);
        Some(taken)
    })
}

/// The seed stays out of logs.
impl fmt::Debug for Salts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Salts").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_salt_is_another_in_its_one_spelling() {
        let salts = Salts::new().unwrap();
        let mut seen = HashSet::new();
        for _ in 0..BLOCK * 3 {
            let member = String::from_utf8(salts.member().to_vec()).unwrap();
            let salt = member
                .strip_prefix(",\"salt\":\"")
                .and_then(|rest| rest.strip_suffix('"'));
            let salt = base64url::parse::<SALT>(salt.unwrap().as_bytes()).unwrap();
            assert!(seen.insert(salt) && salt != [0; SALT]);
        }
        let other = std::thread::spawn(|| Salts::new().unwrap().member()).join().unwrap();
        assert!(seen.insert(base64url::parse(&other[KEY.len()..MEMBER - 1]).unwrap()));
    }

    #[test]
    fn a_salt_that_was_given_out_is_not_kept() {
        let salts = Salts::new().unwrap();
        let member = salts.member();
        let salt = base64url::parse::<SALT>(&member[KEY.len()..MEMBER - 1]).unwrap();
        DRAWN.with_borrow(|block| {
            assert!(!block.bytes.windows(SALT).any(|window| window == salt));
            assert!(
                block.bytes[..block.left * SALT]
                    .chunks(SALT)
                    .all(|rest| rest != [0; SALT])
            );
        });
    }

    #[test]
    fn without_the_systems_random_bytes_salts_are_still_hard_to_guess() {
        DRAWN.with_borrow_mut(|block| block.left = 0);
        assert_eq!(draw(|_| false), None);
        let (one, other) = (Salts::new().unwrap(), Salts::new().unwrap());
        let made: HashSet<_> = [one.make(), one.make(), other.make(), other.make()].into();
        assert_eq!(made.len(), 4);
    }

    #[test]
    fn debug_prints_no_seed() {
        assert_eq!(format!("{:?}", Salts::new().unwrap()), "Salts { .. }");
    }
}
