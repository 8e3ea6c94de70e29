//! What a file of the trail holds, whichever form it has on the disk (docs/FORMAT.md, "Compression").

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::names::Form;
#[cfg(feature = "gzip")]
use crate::io::gzip;
use crate::io::{Disk, DiskFile};

/// Why a compressed file is none.
pub(crate) const NO_MEMBER: &str = "it is not one whole gzip member and nothing else";

/// Opens a file, or what a compressed one holds.
pub(crate) fn open(disk: &dyn Disk, path: &Path, form: Form) -> io::Result<Arc<dyn DiskFile>> {
    let file = disk.open_read(path)?;
    match form {
        #[cfg(feature = "gzip")]
        Form::Gzip => Ok(gzip::content(file)),
        #[cfg(not(feature = "gzip"))]
        Form::Gzip => Err(io::Error::other(
            "compressed files need the feature `gzip`, which this build does not have",
        )),
        Form::Plain | Form::Torn(_) => Ok(file),
    }
}

/// The length of what a compressed file holds: all of it is read, and held against the rules for such files.
pub(crate) fn packed_len(disk: &dyn Disk, path: &Path) -> io::Result<u64> {
    let content = open(disk, path, Form::Gzip)?;
    #[cfg(feature = "gzip")]
    return gzip::measure(&*content);
    #[cfg(not(feature = "gzip"))]
    content.stat().map(|stat| stat.len)
}

/// Whether the bytes of a compressed file are at fault, and not the disk.
pub(crate) fn is_bad(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData
}
