//! `audit.keys`: a line for each file of a signed trail, appended and never changed (docs/FORMAT.md, section 14).

use std::io;

use super::Home;
use crate::error::Error;
use crate::io::{Disk, DiskFile, write_all};

pub(super) const NAME: &str = "audit.keys";

/// What is read of its end: more than two lines.
const TAIL: u64 = 4 << 10;

/// Appends a line, durably, if it is not the last one already. What a crash or a failed write left of a line is cut off first.
pub(crate) fn append(disk: &dyn Disk, home: &Home, line: &str) -> Result<(), Error> {
    let path = home.dir.join(NAME);
    try_append(disk, home, line).map_err(|error| {
        Error::io("write the keys of the trail's files", path, error)
            .remedy("make the trail directory writable, and free space on its disk")
    })
}

fn try_append(disk: &dyn Disk, home: &Home, line: &str) -> io::Result<()> {
    let path = home.dir.join(NAME);
    let file = match disk.open_append(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => disk.open_new(&path)?,
        opened => opened?,
    };
    let len = file.stat()?.len;
    let tail = read_tail(&*file, len)?;
    let mut whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |lf| lf + 1);
    let last_line = |whole: usize| {
        let lines = tail.get(..whole.saturating_sub(1)).unwrap_or_default();
        let begin = memchr::memrchr(b'\n', lines).map_or(0, |lf| lf + 1);
        (begin, lines.get(begin..).unwrap_or_default())
    };
    // A crash may keep the end of a line and not its beginning.
    if let (begin, last) = last_line(whole)
        && whole > 0
        && !is_line(last)
    {
        whole = begin;
    }
    let kept = len - (tail.len() - whole) as u64;
    if kept < len {
        file.truncate(kept)?;
    }
    let (_, last) = last_line(whole);
    if last != line.as_bytes() || whole == 0 {
        write_all(&*file, format!("{line}\n").as_bytes())?;
    }
    // An earlier attempt may have written it and seen no sync; and its name may be new.
    file.sync_data()?;
    disk.sync_dir(&home.dir)
}

/// Whether it looks like one of ours; what it says is the verifier's to check.
fn is_line(line: &[u8]) -> bool {
    line.starts_with(b"{\"file\":") && line.ends_with(b"}") && line.iter().all(|byte| (0x20..0x7f).contains(byte))
}

fn read_tail(file: &dyn DiskFile, len: u64) -> io::Result<Vec<u8>> {
    let from = len.saturating_sub(TAIL);
    let mut tail = vec![0; (len - from) as usize];
    let mut read = 0;
    while let Some(room) = tail.get_mut(read..).filter(|room| !room.is_empty()) {
        match file.read_at(from + read as u64, room) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    tail.truncate(read);
    Ok(tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::mem::{Dice, MemDisk};
    use crate::store::sample::home;

    fn disk() -> MemDisk {
        let disk = MemDisk::new();
        disk.create_dir(&home().dir).unwrap();
        disk
    }

    fn text(disk: &MemDisk) -> String {
        String::from_utf8(disk.get("/logs/audit.keys").unwrap()).unwrap()
    }

    #[test]
    fn a_line_stands_once_however_often_it_is_appended_and_torn() {
        let disk = disk();
        for line in ["{\"file\":1}", "{\"file\":1}", "{\"file\":2}", "{\"file\":2}"] {
            append(&disk, &home(), line).unwrap();
        }
        assert_eq!(text(&disk), "{\"file\":1}\n{\"file\":2}\n");
        for torn in ["{\"fi", "{\"file\":3}", "\0\0\0", "\0\0\":3}\n", "\n"] {
            let torn = format!("{}{torn}", text(&disk));
            disk.put("/logs/audit.keys", torn.as_bytes());
            append(&disk, &home(), "{\"file\":2}").unwrap();
            assert_eq!(text(&disk), "{\"file\":1}\n{\"file\":2}\n");
        }
        let long = "x".repeat(400);
        for number in 0..20 {
            append(&disk, &home(), &format!("{{\"file\":{long}{number}}}")).unwrap();
        }
        assert_eq!(text(&disk).lines().count(), 22);
    }

    #[test]
    fn a_crash_leaves_the_line_or_what_the_next_start_makes_it_of() {
        for death in 0..8 {
            for seed in 0..30 {
                let disk = disk();
                append(&disk, &home(), "{\"file\":1}").unwrap();
                disk.die_after(death);
                let done = append(&disk, &home(), "{\"file\":2}").is_ok();
                let disk = disk.crash(&mut Dice(seed));
                assert!(text(&disk).starts_with("{\"file\":1}\n"));
                assert!(!done || text(&disk).ends_with("{\"file\":2}\n"));
                append(&disk, &home(), "{\"file\":2}").unwrap();
                assert_eq!(text(&disk), "{\"file\":1}\n{\"file\":2}\n");
            }
        }
    }
}
