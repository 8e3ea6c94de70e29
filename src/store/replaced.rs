//! The files of a trail in whose place another one was begun: they go to a directory of their own, where they verify as they
//! did before (docs/FORMAT.md, section 14).

use std::io;
use std::path::{Path, PathBuf};

use super::branch::{Branch, Why};
use super::{Home, TrailId, keys_file, names};
use crate::error::Error;
use crate::io::Disk;

/// Where the files of a replaced trail go.
fn place(home: &Home, trail: TrailId) -> PathBuf {
    home.dir.join(format!("replaced-{trail}"))
}

/// Whether a crash came between the first and the last of them.
pub(super) fn is_unfinished(branch: &Branch) -> bool {
    branch.strays.iter().any(|stray| stray.why == Why::Replaced)
}

/// Moves everything of `trail`; `branch` is what the directory held before. Files with a header go last: as long as one of
/// them is there, the next start goes on with it, and nothing has been written in their place yet.
pub(super) fn put_away(disk: &dyn Disk, home: &Home, branch: &Branch, trail: TrailId) -> Result<(), Error> {
    let to = place(home, trail);
    let failed = |error: io::Error| {
        Error::io("move the files of the replaced trail", &to, error)
            .remedy("make the trail's directory writable for the user that runs this program, and start it again")
    };
    match disk.create_dir(&to) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    let has_header = |name: &names::Name| {
        let live = branch.live.iter().map(|file| file.name);
        let strays = branch.strays.iter().filter(|stray| is_proper(&stray.why));
        live.chain(strays.map(|stray| stray.name)).any(|proper| proper == *name)
    };
    let (last, first): (Vec<_>, Vec<_>) = names::list(disk, &home.dir)?.into_iter().partition(has_header);
    for path in [home.dir.join(keys_file::NAME), home.erase()] {
        match path.file_name().map(|name| disk.rename(&path, &to.join(name))) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    for group in [first, last] {
        for name in group {
            disk.rename(&name.path(&home.dir), &name.path(&to)).map_err(failed)?;
        }
        for dir in [to.as_path(), Path::new(&home.dir)] {
            disk.sync_dir(dir).map_err(failed)?;
        }
    }
    Ok(())
}

/// Whether a file has a header that was read.
fn is_proper(why: &Why) -> bool {
    matches!(
        why,
        Why::Superseded(_) | Why::Twin(_) | Why::OtherTrail(_) | Why::Replaced
    )
}
