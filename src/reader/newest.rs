//! The end of a file that is being written.

use std::io;

use super::line;
use super::piece::{LONGEST, Pieces};
use crate::error::Error;
use crate::io::{Disk, DiskFile};
use crate::store::branch::LiveFile;
use crate::store::content;
use crate::store::names::Form;

/// The number of the last whole record of a file, as far as can be seen from its end.
pub(super) fn seq(disk: &dyn Disk, newest: &LiveFile) -> Result<u64, Error> {
    let failed = |error| Error::io("read a file of the trail", &newest.path, error);
    let file = match content::open(disk, &newest.path, newest.name.form) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(newest.header.prev.seq),
        other => other.map_err(failed)?,
    };
    let last_of = |bytes: &[u8]| {
        let whole = memchr::memrchr(b'\n', bytes).and_then(|end| bytes.get(..end))?;
        let lines = whole.rsplit(|byte| *byte == b'\n');
        let mut cut = lines.filter_map(|line| line::cut_unchecked(line).ok());
        cut.next().map(|cut| cut.seq)
    };
    if newest.name.form == Form::Gzip {
        // It can be read from its begin alone. What is wrong with it is said where its lines are read.
        let (mut pieces, mut last) = (Pieces::new(file, newest.body_at, u64::MAX), newest.header.prev.seq);
        while let Ok(Some(piece)) = pieces.next(Default::default()) {
            last = last_of(piece.bytes.filled()).unwrap_or(last);
        }
        return Ok(last);
    }
    let mut window = 64 << 10;
    loop {
        let at = newest.len.saturating_sub(window).max(newest.body_at);
        let bytes = read_range(&*file, at, newest.len).map_err(failed)?;
        match last_of(&bytes) {
            Some(seq) => return Ok(seq),
            None if at == newest.body_at || window > LONGEST as u64 => return Ok(newest.header.prev.seq),
            // The longest line with its LF, and that of the line before it. More would let whoever makes a file say how much is held.
            None => window = (window * 16).min(LONGEST as u64 + 2),
        }
    }
}

fn read_range(file: &dyn DiskFile, from: u64, to: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(to.saturating_sub(from)).unwrap_or(0)];
    let mut filled = 0;
    while let Some(into) = bytes.get_mut(filled..).filter(|into| !into.is_empty()) {
        match file.read_at(from + filled as u64, into) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}
