//! The files of a trail, as far as a summary must know them.

use std::path::Path;
use std::sync::Arc;

use crate::base64url;
use crate::error::Error;
use crate::io::{Disk, DiskFile, Stat};
use crate::reader::line;
use crate::reader::walk::Walk;
use crate::store::TrailId;
use crate::store::branch::LiveFile;
use crate::store::names::{Form, Name};

/// What a reader goes through, oldest first.
#[derive(Debug)]
pub(super) struct Layout {
    /// `None` for a directory without a file.
    pub(super) trail: Option<TrailId>,
    pub(super) files: Vec<Place>,
    /// Who has looked, and has read nothing.
    pub(super) walk: Walk,
}

/// A file of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) name: Name,
    pub(super) number: u64,
    /// The number that its first record has; 1 less is where the file before should end.
    pub(super) first: u64,
    pub(super) len: u64,
    pub(super) stat: Stat,
    /// Of a file that a summary may speak of: closed, and there in one form.
    pub(super) closed: Option<Closed>,
}

/// Where the live part of a closed file ends, as the header of the next one says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) last: u64,
    /// The tag of that record.
    pub(super) tag: [u8; 16],
}

impl Layout {
    pub(super) fn look(disk: Arc<dyn Disk>, dir: &Path) -> Result<Layout, Error> {
        let walk = Walk::begin(disk, dir)?;
        let (files, holes, names) = walk.ahead();
        let both = |name: Name| {
            let there = |form| names.binary_search(&name.with(form)).is_ok();
            there(Form::Plain) && there(Form::Gzip)
        };
        let place = |file: &LiveFile, next: Option<&LiveFile>| Place {
            name: file.name,
            number: file.number(),
            first: file.header.prev.seq + 1,
            len: file.len,
            stat: file.stat,
            closed: next
                .filter(|next| {
                    next.header.prev_file == Some(file.number()) && next.header.prev.seq >= file.header.prev.seq
                })
                .filter(|_| !both(file.name) && !holes.contains(&file.number()))
                .and_then(|next| {
                    Some(Closed {
                        last: next.header.prev.seq,
                        tag: next.header.prev.head.tag().try_into().ok()?,
                    })
                }),
        };
        let behind = files.iter().skip(1).map(Some).chain([None]);
        Ok(Layout {
            trail: files.back().map(|newest| newest.header.trail),
            files: files.iter().zip(behind).map(|(file, next)| place(file, next)).collect(),
            walk,
        })
    }
}

impl Place {
    /// The tag in which the file ends on the disk, whether that line is live or superseded. `None` where it does not end in one,
    /// and for a compressed file, which would have to be read whole.
    pub(super) fn ending(&self, disk: &dyn Disk, dir: &Path) -> Option<String> {
        /// A frame with a seal, and the LF.
        const TAIL: usize = 86;
        if self.name.form != Form::Plain {
            return None;
        }
        let file: Arc<dyn DiskFile> = disk.open_read(&self.name.path(dir)).ok()?;
        let mut tail = [0; TAIL];
        let from = self.len.checked_sub(TAIL as u64)?;
        let mut filled = 0;
        while let Some(into) = tail.get_mut(filled..).filter(|into| !into.is_empty()) {
            match file.read_at(from + filled as u64, into) {
                Ok(0) | Err(_) => return None,
                Ok(read) => filled += read,
            }
        }
        let frame = line::frame(tail.strip_suffix(b"\n")?)?;
        Some(base64url::text(&frame.tag))
    }
}
