//! The key for keyed hashes: `<keys>/hash.key`, 32 random bytes, beside the trail and never in it.

use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::io::Disk;

/// The key, and whether it was made just now. A key made for a trail that has files is a lost key: `AUDIT_KEY`.
pub(crate) struct KeyFile {
    pub(crate) key: Zeroizing<[u8; 32]>,
    pub(crate) created: bool,
}

/// Reads the key in this directory; makes it where there is none. Only the holder of the trail's lock may call this: two
/// makers would make two keys.
pub(crate) fn hash_key(disk: &dyn Disk, keys: &Path) -> Result<KeyFile, Error> {
    let _ = disk;
    Err(Error::new(ErrorKind::Key, "there is no key yet").at(keys))
}
