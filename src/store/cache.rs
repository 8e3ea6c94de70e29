//! Where a day's summary stands, and its end with the records that it was made of.
//!
//! A summary (`audit-<day>.summary.json`) is a cache that a reader may make; but it has names of users and addresses, and what
//! retention or erasure takes from the files must not stay there.

use std::io;
use std::path::{Path, PathBuf};

use super::names::PREFIX;
use crate::clock::Day;
use crate::error::Error;
use crate::io::Disk;

pub(crate) const SUFFIX: &str = ".summary.json";

/// The path of a day's summary.
pub(crate) fn path(dir: &Path, day: Day) -> PathBuf {
    dir.join(format!("{PREFIX}{day}{SUFFIX}"))
}

/// Removes a day's summary; whether there was one.
pub(crate) fn remove(disk: &dyn Disk, dir: &Path, day: Day) -> Result<bool, Error> {
    let path = path(dir, day);
    match disk.unlink(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("remove a summary", &path, error)
            .remedy("make the trail directory writable for the user that runs this program")),
    }
}
