//! The trust that a start goes on with: never less than the trail has, and only with the key that keeps it.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::branch::Branch;
use super::examine::Examined;
use super::header::Replaces;
use super::state::{Found, Keys, State, Untold};
use super::{Opening, Point, TrailId, Trust};
use crate::chain::seal::Seed;
use crate::error::{Error, ErrorKind};
use crate::key::{self, Secrets};
use crate::secret::SecretBytes;

/// What a start goes on with.
#[derive(Debug)]
pub(super) struct Mode {
    pub(super) trust: Trust,
    /// For a keyed trail: the run that they are for, and what stands beside them in the state file.
    keys: Option<(u64, Arc<Secrets>, Keys)>,
    /// The trail ends here, and another one is begun in its place.
    pub(super) replaces: Option<Replaces>,
}

/// What a run of a keyed trail starts from.
#[derive(Debug)]
pub(crate) struct RunKeys {
    /// The seed of this run.
    pub(crate) seed: Seed,
    /// For the next one: what the state file has.
    #[cfg_attr(not(feature = "sign"), allow(dead_code, reason = "only mode signed asks for it"))]
    pub(crate) next: Arc<Secrets>,
}

pub(super) fn decide(
    branch: &Branch,
    found: &Found,
    examined: &Examined<'_>,
    opening: &Opening,
) -> Result<Mode, Error> {
    let state = match found {
        Found::State(state) => Some(state),
        Found::Missing | Found::Damaged => None,
    };
    // A state of another trail holds another trail's keys.
    let state = state.filter(|state| branch.newest().is_none_or(|newest| newest.header.trail == state.trail));
    let kept = state.map_or(Trust::Chained, State::trust);
    let held = branch.live.iter().map(|file| file.header.trust).fold(kept, Trust::max);
    let trust = opening.wish.trust.unwrap_or(held);
    able(trust)?;
    let (keys, replaces) = match go_on(held, trust, state, opening) {
        Ok(keys) => (keys, None),
        // Who says `replace` knows that the old trail ends here.
        Err(_) if opening.wish.replace => (None, end_of(branch, state, examined)),
        Err(error) => {
            return Err(match branch.newest() {
                Some(newest) => error.at(&newest.path),
                None => error,
            });
        }
    };
    Ok(Mode { trust, keys, replaces })
}

/// The keys to go on with, of a trail that is keyed.
fn go_on(
    held: Trust,
    trust: Trust,
    state: Option<&State>,
    opening: &Opening,
) -> Result<Option<(u64, Arc<Secrets>, Keys)>, Error> {
    if trust < held {
        return Err(Error::new(
            ErrorKind::Config,
            format!("cannot go on with the trail as {trust}, as it is {held} and trust only rises"),
        )
        .remedy("leave `trust` out to keep it, or let `replace` begin a new trail in its place"));
    }
    able(held)?;
    match state {
        // A state that has a seed and no line yet is that of a first signed run which ended before it had the key of a file:
        // nobody has a key line of it, and another root is as good.
        Some(state) if state.trust().is_keyed() >= held.is_keyed() => match &state.keys {
            Some(keys) => {
                let secrets = opening.wish.secrets.open(&keys.stored, &state.trail.0)?;
                if keys.line.is_some() != secrets.sk.is_some() {
                    return Err(lost(held));
                }
                Ok(Some((state.next_run, secrets, keys.clone())))
            }
            None => Ok(None),
        },
        _ if held.is_keyed() => Err(lost(held)),
        _ => Ok(None),
    }
}

fn lost(held: Trust) -> Error {
    Error::new(
        ErrorKind::Key,
        format!(
            "cannot go on with the trail, as it is {held} and the state file that has its key is missing or damaged"
        ),
    )
    .remedy("put `state` back into the key directory, or let `replace` begin a new trail in its place")
}

fn able(trust: Trust) -> Result<(), Error> {
    match trust == Trust::Signed && !cfg!(feature = "sign") {
        true => Err(Error::new(
            ErrorKind::Unsupported,
            "cannot keep the trail signed, as this build has no feature `sign`",
        )
        .remedy("build with the feature `sign`, or ask for another `trust` (AUDIT_TRUST)")),
        false => Ok(()),
    }
}

fn end_of(branch: &Branch, state: Option<&State>, examined: &Examined<'_>) -> Option<Replaces> {
    let trail = branch.newest().map(|newest| newest.header.trail);
    let trail = trail.or_else(|| state.map(|state| state.trail))?;
    let end = examined.end.or_else(|| state.and_then(|state| state.durable));
    Some(Replaces {
        trail,
        file: end.map_or(0, |end| end.file),
        end: end.map_or(Point::GENESIS, |end| end.point),
    })
}

impl Mode {
    /// The keys of a run, and what the state file is to have of them before it begins; `None` in mode `chained`.
    pub(super) fn begin_run(
        self,
        trail: TrailId,
        run: u64,
        opening: &Opening,
    ) -> Result<Option<(RunKeys, Keys)>, Error> {
        if !self.trust.is_keyed() {
            return Ok(None);
        }
        let (seed, sk, keys) = match self.keys {
            Some((its_run, secrets, keys)) => {
                let seed = Seed(secrets.seed.clone());
                // Files may know of later runs than a state from another time does.
                let seed = (its_run..run).fold(seed, |seed, _| seed.next());
                (seed, secrets.sk.clone(), Some(keys))
            }
            None => (random_seed()?, None, None),
        };
        let next = Secrets {
            seed: seed.next().0,
            sk,
        };
        let next = Arc::new(next);
        let stored = opening.wish.secrets.store(&next, &trail.0)?;
        let untold = keys.as_ref().map_or(Some(Untold::Seed), |keys| keys.untold);
        let keys = Keys {
            stored,
            untold,
            // A line that nobody was given names the run whose seed it has: this one.
            kid: match keys.as_ref().filter(|_| untold != Some(Untold::Seed)) {
                Some(keys) => keys.kid.clone(),
                None => key::line_id(seed.0.expose()),
            },
            line: keys.and_then(|keys| keys.line),
        };
        Ok(Some((RunKeys { seed, next }, keys)))
    }
}

/// 32 random bytes for a first seed.
pub(crate) fn random_seed() -> Result<Seed, Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(super::recover::no_random)?;
    Ok(Seed(SecretBytes::new(*bytes)))
}
