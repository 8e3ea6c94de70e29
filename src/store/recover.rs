//! What a start does before the first line is written.

use std::sync::Arc;

use super::{Home, Opened, Opening};
use crate::error::{Error, ErrorKind};
use crate::io::Disk;

pub(crate) fn open(disk: Arc<dyn Disk>, home: Home, opening: &Opening) -> Result<Opened, Error> {
    let _ = (disk, opening);
    Err(Error::new(ErrorKind::Unsupported, "opening is not there yet").at(home.dir))
}
