//! What a start does before the first line is written (docs/FORMAT.md, section 13): locks, examines, tidies up, and takes
//! the next run's number. Dying anywhere in here leaves what the next start brings to the same end.

use std::io;
use std::sync::Arc;

use super::branch::{self, Branch, Why};
use super::examine::{self, Examined};
use super::finding::{Recovered, StateWas};
use super::modes::{self, Mode, RunKeys};
use super::names::Form;
use super::state::{Found, Keys};
use super::torn::Aside;
use super::{
    Cause, Finding, Holds, Home, Lock, Opened, Opening, Point, Replaces, RunId, State, TrailId, keys_file, names,
    replaced, retain,
};
use crate::error::{Error, ErrorKind};
use crate::io::{Disk, with_suffix};
use crate::merkle::Range;
#[cfg(feature = "sign")]
use crate::trust::Trust;

pub(crate) fn open(disk: Arc<dyn Disk>, home: &Home, opening: &Opening) -> Result<Opened, Error> {
    open_locked(Lock::take(&disk, home, opening)?, &*disk, home, opening)
}

pub(crate) fn open_locked(lock: Lock, disk: &dyn Disk, home: &Home, opening: &Opening) -> Result<Opened, Error> {
    remove_unfinished(disk, home)?;
    let found = State::load(disk, home)?;
    let known = match &found {
        Found::State(state) => Some(state.trail),
        Found::Missing | Found::Damaged => None,
    };
    let before = match &found {
        Found::State(state) => state.replaces.map(|replaces| replaces.trail),
        Found::Missing | Found::Damaged => None,
    };
    let mut branch = branch::survey(disk, home, known, before)?;
    if let Some(before) = before.filter(|_| replaced::is_unfinished(&branch)) {
        replaced::put_away(disk, home, &branch, before)?;
        branch = branch::survey(disk, home, known, Some(before))?;
    }
    #[cfg(test)]
    super::scan::KEEPS_UNSEALED.set(opening.wish.slip == Some(super::Slip::KeepUnsealed));
    let examined = examine::examine(disk, &branch, &found)?;
    refuse(&branch, &examined)?;
    let mode = modes::decide(&branch, &found, &examined, opening)?;
    let trust = mode.trust;
    let has = branch.newest().is_some_and(|newest| newest.header.salted);
    let salted = opening.wish.salted.unwrap_or(has);
    let torn = tidy(disk, home, &branch, &examined, mode.replaces.is_some())?;
    #[cfg(feature = "sign")]
    let tree = match trust == Trust::Signed && mode.replaces.is_none() {
        true => super::tree::at(disk, &branch, examined.end)?,
        false => Range::default(),
    };
    #[cfg(not(feature = "sign"))]
    let tree = Range::default();
    if let Some(replaces) = mode.replaces {
        let (state, keys) = begin_again(disk, home, mode, replaces, opening)?;
        replaced::put_away(disk, home, &branch, replaces.trail)?;
        return Ok(Opened {
            lock,
            trail: state.trail,
            run: 1,
            run_id: RunId::random().map_err(no_random)?,
            next_file: 1,
            cause: Cause::Start,
            clean: true,
            prev_file: None,
            seq: 0,
            head: Point::GENESIS.head,
            trust,
            salted,
            keys,
            tree,
            state,
            kept_from: None,
            holds: Holds::default(),
            found: Vec::new(),
        });
    }
    if let Found::State(State {
        keys: Some(Keys { line: Some(line), .. }),
        ..
    }) = &found
    {
        // A crash may have come between the two.
        keys_file::append(disk, home, line)?;
    }
    let (state, keys) = take_run(disk, home, &branch, &found, &examined, mode, opening)?;

    let mut findings = Vec::new();
    if !examined.clean {
        findings.push(Finding::Recovered(Recovered {
            run: ended_run(&branch, &found),
            last_seq: examined.end.map_or(0, |end| end.point.seq),
            torn: torn.finish(),
            state: examined.state,
        }));
    }
    findings.extend(examined.suspicions.into_iter().map(Finding::TamperSuspected));
    let mark_file = known.filter(|known| *known == state.trail).and(match &found {
        Found::State(state) => state.durable.map(|mark| mark.file),
        Found::Missing | Found::Damaged => None,
    });
    let prev = examined.end.map_or(Point::GENESIS, |end| end.point);
    Ok(Opened {
        lock,
        trail: state.trail,
        run: state.next_run - 1,
        run_id: RunId::random().map_err(no_random)?,
        next_file: branch.greatest.max(mark_file.unwrap_or(0)) + 1,
        cause: if examined.clean { Cause::Start } else { Cause::Recover },
        clean: examined.clean,
        prev_file: examined.end.map(|end| end.file),
        seq: prev.seq,
        head: prev.head,
        trust,
        salted,
        keys,
        tree,
        state,
        kept_from: examined.kept_from,
        holds: examined.holds,
        found: findings,
    })
}

fn remove_unfinished(disk: &dyn Disk, home: &Home) -> Result<(), Error> {
    let failed = |error| Error::io("list the trail directory", &home.dir, error);
    let mut unfinished = disk.list(&home.dir, names::PREFIX).map_err(failed)?;
    unfinished.retain(|name| name.ends_with(".tmp"));
    for name in unfinished {
        // What cannot be removed is only in the way of its own making again, which will say so.
        let _ = disk.unlink(&home.dir.join(name));
    }
    for path in [home.state(), home.reserve(), home.erase()] {
        let _ = disk.unlink(&with_suffix(&path, ".tmp"));
    }
    Ok(())
}

/// What must not be written to by this build.
fn refuse(branch: &Branch, examined: &Examined<'_>) -> Result<(), Error> {
    let newer = branch
        .strays
        .iter()
        .any(|stray| matches!(stray.why, Why::Unsupported(_)));
    // What seems to be missing may be in a compressed file.
    if (newer || !examined.suspicions.is_empty())
        && let Some(error) = branch.unsupported()
    {
        return Err(error);
    }
    Ok(())
}

/// Sets aside what a crash left, finishes what a crash interrupted, and syncs what the next header will state.
/// The end of a trail that is replaced stays as it is.
fn tidy(
    disk: &dyn Disk,
    home: &Home,
    branch: &Branch,
    examined: &Examined<'_>,
    replaced: bool,
) -> Result<Aside, Error> {
    let mut aside = Aside::default();
    let failed = |error: io::Error| {
        Error::io("recover the trail", &home.dir, error)
            .remedy("make its files readable for the user that runs this program, and check the disk")
    };
    let trusted = examined.suspicions.is_empty() && !replaced;
    if trusted {
        // They say nothing, and their names may be used again.
        for stray in branch.strays.iter().filter(|stray| stray.why == Why::Empty) {
            let _ = disk.unlink(&stray.path);
        }
    }
    if trusted && !examined.clean {
        set_aside(disk, home, branch, examined, &mut aside).map_err(failed)?;
    }
    let last = examined.proven.iter().map(|(live, _)| *live).chain(examined.before);
    for live in last {
        let file = disk.open_append(&live.path).or_else(|_| disk.open_read(&live.path));
        file.and_then(|file| file.sync_data()).map_err(failed)?;
    }
    disk.sync_dir(&home.dir).map_err(failed)?;
    // Last: whoever wrote the prune may have died before its sync.
    if let Some(kept) = examined.kept_from.as_ref().filter(|_| trusted) {
        retain::sweep(disk, home, branch, kept, &examined.holds, None)?;
    }
    Ok(aside)
}

fn set_aside(
    disk: &dyn Disk,
    home: &Home,
    branch: &Branch,
    examined: &Examined<'_>,
    aside: &mut Aside,
) -> io::Result<()> {
    if let Some((live, good)) = examined.proven {
        let torn = |form| matches!(form, Form::Torn(_));
        let beside = |name: &&names::Name| torn(name.form) && name.with(Form::Plain) == live.name;
        if live.len > good {
            aside.tail(disk, &home.dir, live.name, good)?;
        } else {
            for name in branch.torn.iter().filter(beside) {
                aside.earlier(disk, &home.dir, *name)?;
            }
        }
    }
    for stray in &branch.strays {
        if let Why::Unreadable(_) = stray.why {
            aside.whole(disk, &home.dir, stray.name)?;
        }
    }
    Ok(())
}

/// Makes the next run's number ours, durably, before anything is written under it.
fn take_run(
    disk: &dyn Disk,
    home: &Home,
    branch: &Branch,
    found: &Found,
    examined: &Examined<'_>,
    mode: Mode,
    opening: &Opening,
) -> Result<(State, Option<RunKeys>), Error> {
    let old = match found {
        Found::State(state) => Some(state),
        Found::Missing | Found::Damaged => None,
    };
    let trail = match (branch.newest(), old) {
        (Some(newest), _) => newest.header.trail,
        (None, Some(state)) => state.trail,
        (None, None) => TrailId::random().map_err(no_random)?,
    };
    let old = old.filter(|state| state.trail == trail);
    let run = old.map_or(1, |state| state.next_run).max(last_run(branch) + 1);
    // What was just synced is the mark from now on. Where something is wrong, the old mark must go on saying so until the
    // writer has recorded it.
    let durable = match examined.suspicions.is_empty() {
        true => examined.end,
        false => old.and_then(|state| state.durable),
    };
    let believed = old.filter(|_| examined.state == StateWas::InOrder);
    // Without a state file, or behind one of an earlier time, the files are all that tells of what was before.
    let last_seen = branch.newest().map(|newest| newest.header.opened).max(examined.time);
    let seen = last_seen.unwrap_or(opening.now).min(opening.now);
    let said = branch.live.iter().filter_map(|file| file.header.measured).max();
    let (said, measured) = (
        said.unwrap_or(0),
        believed.and_then(|state| state.measured).unwrap_or_default(),
    );
    let (run_keys, keys) = mode.begin_run(trail, run, opening)?.unzip();
    let state = State {
        trail,
        next_run: run + 1,
        durable,
        clean: false,
        max_clock: believed.map_or(seen, |state| state.max_clock),
        pruned: believed.and_then(|state| state.pruned),
        measured: Some(measured.at_least(said).go_on(opening.boot)),
        replaces: old.and_then(|state| state.replaces),
        keys,
    };
    #[cfg(test)]
    if opening.wish.slip == Some(super::Slip::SealBeforeStored) {
        return Ok((state, run_keys));
    }
    state.store(disk, home)?;
    Ok((state, run_keys))
}

/// The same for the first run of a trail that is begun in place of another.
fn begin_again(
    disk: &dyn Disk,
    home: &Home,
    mode: Mode,
    replaces: Replaces,
    opening: &Opening,
) -> Result<(State, Option<RunKeys>), Error> {
    let trail = TrailId::random().map_err(no_random)?;
    let (run_keys, keys) = mode.begin_run(trail, 1, opening)?.unzip();
    let state = State {
        trail,
        next_run: 2,
        durable: None,
        clean: false,
        max_clock: opening.now,
        pruned: None,
        measured: None,
        replaces: Some(replaces),
        keys,
    };
    state.store(disk, home)?;
    Ok((state, run_keys))
}

fn last_run(branch: &Branch) -> u64 {
    branch.live.iter().map(|file| file.header.run).max().unwrap_or(0)
}

fn ended_run(branch: &Branch, found: &Found) -> u64 {
    match found {
        Found::State(state) => last_run(branch).max(state.next_run.saturating_sub(1)),
        Found::Missing | Found::Damaged => last_run(branch),
    }
}

pub(crate) fn no_random(error: getrandom::Error) -> Error {
    Error::new(
        ErrorKind::Io,
        format!("cannot draw a random number for the trail: {error}"),
    )
    .remedy("make the operating system's random numbers available to this program")
}
