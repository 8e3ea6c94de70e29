//! The open file: lines go in whole or not at all.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Home;
use super::header::Header;
use super::names::{self, Given, Name};
use crate::chain::Head;
use crate::clock::Day;
use crate::error::{Error, ErrorKind};
use crate::io::{self, Disk, DiskFile, Stat};

/// A file being written.
#[derive(Debug)]
pub(crate) struct Segment {
    disk: Arc<dyn Disk>,
    file: Arc<dyn DiskFile>,
    stat: Stat,
    path: PathBuf,
    name: Name,
    number: u64,
    /// The number of the record before its first.
    before: u64,
    /// Whole lines on the disk.
    bytes: u64,
    /// The header, until the first commit takes it along.
    header: Vec<u8>,
    /// A short write could not be taken back: nothing may follow the half line.
    spoilt: bool,
    /// It was removed again, since not even its first lines could be written.
    gone: bool,
    /// The names of the files before it in this run.
    given: Given,
}

/// What became of an open file behind our back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    No,
    /// The name is gone.
    Unlinked,
    /// The name stands for another file.
    Replaced,
    /// Shorter than what we wrote.
    Cut {
        len: u64,
    },
    /// Somebody else wrote to it.
    Grown {
        len: u64,
    },
}

impl Segment {
    /// Makes a file, and gives the head behind its header. The header is written with the first lines, in one commit. Nothing
    /// is synced here: the first sync group of a file waits for its own data, for the directory, and for the file before. No name
    /// of `given`, the files before it in this run, is given again.
    pub(crate) fn create(
        disk: &Arc<dyn Disk>,
        home: &Home,
        header: &Header,
        day: Day,
        given: Given,
    ) -> Result<(Segment, Head), Error> {
        let names = names::list(&**disk, &home.dir)?;
        let mut part = names::next_part(&names, &given, day);
        let (name, path, file) = loop {
            let name = Name::plain(day, part);
            let path = name.path(&home.dir);
            match disk.open_new(&path) {
                Ok(file) => break (name, path, file),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && part < u32::MAX => part += 1,
                Err(error) => {
                    return Err(Error::io("begin a file", path, error).remedy(
                        "make the directory writable for the user that runs this program, and free space on its disk",
                    ));
                }
            }
        };
        let stat = file.stat().map_err(|error| {
            // An empty file behind the end would be a run that began.
            let _ = disk.unlink(&path);
            Error::io("look at the new file", &path, error)
        })?;
        let (mut line, head) = header.render();
        line.push(b'\n');
        let segment = Segment {
            disk: disk.clone(),
            file,
            stat,
            path,
            name,
            number: header.file,
            before: header.prev.seq,
            bytes: 0,
            header: line,
            spoilt: false,
            gone: false,
            given,
        };
        Ok((segment, head))
    }

    /// Appends complete lines. If not all of them can be written, none is: the file is cut back. If that fails too, every
    /// later write is an error and the writer goes on in another file; so it does if not even the first lines could be
    /// written, and then the file is removed (see [`is_gone`](Segment::is_gone)).
    pub(crate) fn write(&mut self, lines: &[u8]) -> Result<(), Error> {
        if self.spoilt {
            return Err(Error::new(ErrorKind::Damaged, "cannot write behind a failed write").at(&self.path));
        }
        let first = (!self.header.is_empty()).then(|| [self.header.as_slice(), lines].concat());
        let lines = first.as_deref().unwrap_or(lines);
        match io::write_all(&*self.file, lines) {
            Ok(()) => {
                self.bytes += lines.len() as u64;
                self.header = Vec::new();
                Ok(())
            }
            Err(error) => {
                let cut = self.file.truncate(self.bytes);
                self.spoilt = cut.is_err() || first.is_some();
                self.gone = first.is_some() && self.disk.unlink(&self.path).is_ok();
                Err(Error::io("write to the trail", &self.path, error).remedy("free space on its disk"))
            }
        }
    }

    /// Whether the file was removed. Once the directory is synced its number is free.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    /// The names that no file of this run may have any more. One that holds nothing and is gone has left its own.
    pub(crate) fn given(&self) -> Given {
        let mut given = self.given.clone();
        if !self.gone {
            given.note(self.name);
        }
        given
    }

    /// What a second thread syncs while this one goes on writing.
    pub(crate) fn sync_handle(&self) -> Arc<dyn DiskFile> {
        self.file.clone()
    }

    /// Bytes of the file, its header included from the beginning.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes + self.header.len() as u64
    }

    pub(crate) fn day(&self) -> Day {
        self.name.day
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn name(&self) -> Name {
        self.name
    }

    /// The header's `file`.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The header's `prev_seq`: its own records come behind that.
    pub(crate) fn before(&self) -> u64 {
        self.before
    }

    /// Whether the file is still what and where it was. One look at the name: asked before each commit.
    pub(crate) fn moved(&self) -> Moved {
        if self.spoilt {
            // What stands there too much is our own half line; the next write says so.
            return Moved::No;
        }
        match self.disk.stat(&self.path) {
            Ok(stat) if !stat.same(&self.stat) => Moved::Replaced,
            Ok(stat) if stat.len < self.bytes => Moved::Cut { len: stat.len },
            Ok(stat) if stat.len > self.bytes => Moved::Grown { len: stat.len },
            Ok(_) => Moved::No,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Moved::Unlinked,
            // Looking failed, which says nothing about the file; writing will tell.
            Err(_) => Moved::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::mem::MemDisk;
    use crate::store::sample::{home, noon, start};

    fn segment(disk: &MemDisk) -> Segment {
        let opened = start(disk, noon()).unwrap();
        let header = opened.header(noon(), crate::store::Identity::default());
        let (segment, head) =
            Segment::create(&disk.shared(), &home(), &header, noon().day(), Given::default()).unwrap();
        assert_eq!(head, header.render().1);
        segment
    }

    #[test]
    fn the_header_goes_in_with_the_first_lines_in_one_write() {
        let disk = MemDisk::new();
        let mut segment = segment(&disk);
        let header = segment.bytes();
        assert_eq!(disk.get(segment.path()).unwrap(), b"");
        let calls = disk.calls();
        segment.write(b"first\n").unwrap();
        assert_eq!(disk.calls(), calls + 1);
        assert_eq!(segment.bytes(), header + 6);
        assert_eq!(disk.get(segment.path()).unwrap().len() as u64, header + 6);
    }

    #[test]
    fn a_commit_goes_in_whole_or_not_at_all() {
        let disk = MemDisk::new();
        let mut segment = segment(&disk);
        segment.write(b"first\n").unwrap();
        let whole = disk.get(segment.path()).unwrap();
        disk.short_writes(Some(2));
        disk.fail(disk.calls() + 2, std::io::ErrorKind::StorageFull);
        let error = segment.write(b"second\n").unwrap_err();
        assert_eq!(
            (error.io_kind(), error.path()),
            (Some(std::io::ErrorKind::StorageFull), Some(segment.path()))
        );
        assert_eq!(disk.get(segment.path()).unwrap(), whole);
        // Short writes alone are no failure, and neither is an interruption.
        disk.fail(disk.calls() + 1, std::io::ErrorKind::Interrupted);
        segment.write(b"second\n").unwrap();
        assert_eq!(
            disk.get(segment.path()).unwrap(),
            [whole.as_slice(), b"second\n"].concat()
        );
    }

    #[test]
    fn nothing_is_written_behind_a_half_line() {
        let disk = MemDisk::new();
        let mut segment = segment(&disk);
        segment.write(b"first\n").unwrap();
        disk.short_writes(Some(2));
        for call in [1, 2] {
            disk.fail(disk.calls() + call, std::io::ErrorKind::Other);
        }
        segment.write(b"second\n").unwrap_err();
        disk.short_writes(None);
        let left = disk.get(segment.path()).unwrap();
        assert!(left.ends_with(b"first\nse"));
        assert_eq!(segment.moved(), Moved::No, "nobody else wrote to it");
        assert_eq!(segment.write(b"third\n").unwrap_err().kind(), ErrorKind::Damaged);
        assert_eq!(disk.get(segment.path()).unwrap(), left);
    }

    #[test]
    fn a_file_whose_first_lines_could_not_be_written_is_no_file() {
        let disk = MemDisk::new();
        let mut segment = segment(&disk);
        disk.short_writes(Some(100));
        disk.fail(disk.calls() + 1, std::io::ErrorKind::StorageFull);
        segment.write(b"first\n").unwrap_err();
        assert_eq!(disk.get(segment.path()), None);
        assert!(segment.is_gone() && segment.write(b"first\n").is_err());
    }

    #[test]
    fn a_file_that_could_not_be_removed_is_not_gone() {
        // The write, the cut, the removal.
        for (failing, gone) in [(vec![1, 2], true), (vec![1, 3], false), (vec![1, 2, 3], false)] {
            let disk = MemDisk::new();
            let mut segment = segment(&disk);
            disk.short_writes(Some(100));
            for call in failing {
                disk.fail(disk.calls() + call, std::io::ErrorKind::Other);
            }
            segment.write(b"first\n").unwrap_err();
            assert_eq!((segment.is_gone(), disk.get(segment.path()).is_none()), (gone, gone));
        }
    }

    #[test]
    fn a_file_that_was_moved_replaced_cut_or_written_to_is_noticed() {
        let disk = MemDisk::new();
        let mut segment = segment(&disk);
        segment.write(b"first\n").unwrap();
        let (path, len) = (segment.path().to_owned(), segment.bytes());
        assert_eq!(segment.moved(), Moved::No);
        let again = disk.open_append(&path).unwrap();
        again.write(b"x").unwrap();
        assert_eq!(segment.moved(), Moved::Grown { len: len + 1 });
        again.truncate(3).unwrap();
        assert_eq!(segment.moved(), Moved::Cut { len: 3 });
        disk.remove(&path);
        assert_eq!(segment.moved(), Moved::Unlinked);
        disk.put(&path, b"");
        assert_eq!(segment.moved(), Moved::Replaced);
    }
}
