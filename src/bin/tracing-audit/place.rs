//! Where a directory is, also one that is yet to be made.

use std::fs;
use std::path::{Path, PathBuf};

/// More links than this, one leading to the next, lead nowhere.
const LINKS: usize = 40;

/// Whether a trail in `records` would write into the trail in `asked` or into its keys. Both paths are [`resolved`].
pub(crate) fn would_touch(asked: &Path, records: &Path) -> bool {
    let meet = |one: &Path, other: &Path| one.starts_with(other) || other.starts_with(one);
    let keys = keys_of(asked);
    meet(asked, records)
        || keys.iter().any(|keys| records.starts_with(keys) || keys.exists() && keys.starts_with(records))
        // What records keeps keys of its own, beside it.
        || beside(records).is_some_and(|own| meet(asked, &resolved(&own)))
}

/// Where the keys of a trail may be: in `<dir>.keys`, or for an instance in `<parent>.keys/<name>`.
fn keys_of(dir: &Path) -> Vec<PathBuf> {
    let instance = || Some(beside(dir.parent()?)?.join(dir.file_name()?));
    let places = [beside(dir), instance()].into_iter().flatten();
    places.map(|keys| resolved(&keys)).collect()
}

/// `<dir>.keys`.
fn beside(dir: &Path) -> Option<PathBuf> {
    let mut name = dir.file_name()?.to_owned();
    name.push(".keys");
    Some(dir.with_file_name(name))
}

/// A path without links and `..`. What does not exist yet is judged by what of it does.
pub(crate) fn resolved(path: &Path) -> PathBuf {
    resolve(path, LINKS).unwrap_or_else(|| path.to_owned())
}

fn resolve(path: &Path, links: usize) -> Option<PathBuf> {
    if let Ok(place) = path.canonicalize() {
        return Some(place);
    }
    let parent = match path.parent()? {
        parent if parent.as_os_str().is_empty() => Path::new("."),
        parent => parent,
    };
    // A link to what is not there leads to where that would be made.
    if let Ok(target) = fs::read_link(path) {
        return resolve(&parent.join(target), links.checked_sub(1)?);
    }
    let place = resolve(parent, links)?;
    match path.file_name() {
        Some(name) => Some(place.join(name)),
        None => place.parent().map(Path::to_owned),
    }
}
