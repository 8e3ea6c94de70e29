//! Legal hold: which files must stay, and what the headers say of them (docs/FORMAT.md, "Hold").

use std::collections::BTreeSet;

use super::Home;
use super::branch::{self, Branch, LiveFile};
use super::erase;
use super::header::{Header, Held, TrailId};
use crate::error::{Error, ErrorKind};
use crate::io::Disk;

/// What a trail keeps whatever retention says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holds {
    /// All of it.
    pub(crate) trail: bool,
    /// Single files, by number.
    pub(crate) files: Vec<Held>,
}

impl Holds {
    /// What the newest proven header says holds on.
    pub(crate) fn of(header: &Header) -> Holds {
        Holds {
            trail: header.hold,
            files: header.held.clone(),
        }
    }

    /// Whether this file stays while the ones around it go.
    pub(crate) fn has(&self, file: u64) -> bool {
        self.files.iter().any(|held| held.file == file)
    }

    /// The held file that has this record.
    pub(crate) fn file_of(&self, seq: u64) -> Option<u64> {
        let held = self
            .files
            .iter()
            .find(|held| held.prev.seq < seq && seq <= held.end.seq);
        held.map(|held| held.file)
    }

    /// With these files, too.
    pub(crate) fn with(&self, more: Vec<Held>) -> Holds {
        let mut files = self.files.clone();
        files.extend(more.into_iter().filter(|held| !self.has(held.file)));
        files.sort_unstable_by_key(|held| held.file);
        Holds { files, ..*self }
    }

    pub(crate) fn without(&self, file: u64) -> Holds {
        let files = self.files.iter().filter(|held| held.file != file).copied().collect();
        Holds { files, ..*self }
    }
}

/// The number of the live or held file with this name.
pub(crate) fn number(disk: &dyn Disk, home: &Home, trail: TrailId, holds: &Holds, name: &str) -> Result<u64, Error> {
    let branch = branch::walk(disk, home, Some(trail))?;
    let live = branch.live.iter().find(|live| live.name.to_string() == name);
    if let Some(live) = live {
        return Ok(live.number());
    }
    for held in &holds.files {
        if branch::numbered(disk, home, trail, held.file)?.is_some_and(|file| file.name.to_string() == name) {
            return Ok(held.file);
        }
    }
    Err(
        Error::new(ErrorKind::Config, format!("the trail has no file {name} that counts"))
            .at(&home.dir)
            .remedy("name one of its files, as it is called in its directory"),
    )
}

/// The file with both its ends, and with it every file that orders an erasure in one of these; `None` if one of them is the
/// open file, which has no end yet.
pub(crate) fn whole(disk: &dyn Disk, home: &Home, trail: TrailId, number: u64) -> Result<Option<Vec<Held>>, Error> {
    let branch = branch::walk(disk, home, Some(trail))?;
    let (mut wanted, mut found) = (BTreeSet::from([number]), Vec::<Held>::new());
    while let Some(number) = wanted.pop_first() {
        if found.iter().any(|held| held.file == number) {
            continue;
        }
        let Some((live, Some(next))) = branch.find(number) else {
            return Ok(None);
        };
        found.push(Held {
            file: number,
            prev: live.header.prev,
            end: next.header.prev,
        });
        wanted.extend(orders_of(disk, &branch, live)?);
    }
    Ok(Some(found))
}

/// The files with the orders for what is erased in this one.
fn orders_of(disk: &dyn Disk, branch: &Branch, live: &LiveFile) -> Result<BTreeSet<u64>, Error> {
    let by = erased_by(disk, live)?;
    let has = |file: &&LiveFile| {
        by.range(file.header.prev.seq + 1..)
            .next()
            .is_some_and(|by| file.live_to.is_none_or(|to| *by <= to))
    };
    Ok(branch.live.iter().filter(has).map(LiveFile::number).collect())
}

/// The records that ordered what is erased in a file.
fn erased_by(disk: &dyn Disk, live: &LiveFile) -> Result<BTreeSet<u64>, Error> {
    let mut by = BTreeSet::new();
    erase::each(disk, live, u64::MAX, |record| by.extend(record.erased))
        .map_err(|error| Error::io("read a file of the trail", &live.path, error))?;
    Ok(by)
}

/// Whether this file may be let go: not while a file that stays held has tombstones which it ordered.
pub(crate) fn may_go(disk: &dyn Disk, home: &Home, trail: TrailId, holds: &Holds, number: u64) -> Result<(), Error> {
    let Some(goes) = holds.files.iter().find(|held| held.file == number) else {
        return Ok(());
    };
    for held in holds.files.iter().filter(|held| held.file < number) {
        let Some(mut file) = branch::numbered(disk, home, trail, held.file)? else {
            continue;
        };
        file.live_to = Some(held.end.seq);
        let by = erased_by(disk, &file)?;
        if by
            .range(goes.prev.seq + 1..=goes.end.seq.max(goes.prev.seq + 1))
            .next()
            .is_some()
        {
            let what = format!("file {number} orders erasures in {}, which is held", file.name);
            return Err(Error::new(ErrorKind::Config, what).remedy("release that file first"));
        }
    }
    Ok(())
}
