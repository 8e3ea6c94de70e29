//! Lines of a file, read in bounded memory whatever the file holds, and what makes a line one of ours.

use std::io;

use serde_json::Value;

use super::header::Point;
use crate::base64url;
use crate::chain::{self, Frame, Head, Leaf};
use crate::clock::Micros;
use crate::io::DiskFile;

/// The longest line that is read, its LF apart. What is longer is no line.
pub(crate) const LINE_MAX: usize = 16 << 20;

const CHUNK: usize = 128 << 10;

/// What every record begins with.
const SEQ: &[u8] = b"{\"seq\":";

/// Reads a file line by line.
#[derive(Debug)]
pub(crate) struct Lines<'f> {
    file: &'f dyn DiskFile,
    buffer: Vec<u8>,
    /// The part of the buffer that is read and not yet handed out, and where in the file it stands.
    begin: usize,
    end: usize,
    at: u64,
    longest: usize,
    first: usize,
    /// Whether nothing behind the first line is asked for: then the end of one that is too long is not looked for.
    alone: bool,
}

/// What stands at a place of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'b> {
    /// A line with its LF, which is not part of `text`.
    Line {
        at: u64,
        text: &'b [u8],
    },
    /// A line that is too long to be one. Its LF is passed, unless it was the only one that was asked for.
    TooLong {
        at: u64,
    },
    /// Bytes without a LF behind the last line.
    Unfinished {
        at: u64,
    },
    End,
}

impl<'f> Lines<'f> {
    pub(crate) fn new(file: &'f dyn DiskFile, at: u64) -> Lines<'f> {
        Lines::with(file, at, CHUNK, LINE_MAX)
    }

    /// For the first line alone: reads little at first, and never more than the longest line may have.
    pub(crate) fn first(file: &'f dyn DiskFile) -> Lines<'f> {
        Lines {
            alone: true,
            ..Lines::with(file, 0, 2048, LINE_MAX)
        }
    }

    fn with(file: &'f dyn DiskFile, at: u64, first: usize, longest: usize) -> Lines<'f> {
        Lines {
            file,
            buffer: Vec::new(),
            begin: 0,
            end: 0,
            at,
            longest,
            first,
            alone: false,
        }
    }

    pub(crate) fn next(&mut self) -> io::Result<Piece<'_>> {
        let (at, mut searched, mut skipped) = (self.at, 0, false);
        loop {
            let unread = self.buffer.get(self.begin..self.end).unwrap_or_default();
            if let Some(found) = memchr::memchr(b'\n', unread.get(searched..).unwrap_or_default()) {
                let len = searched + found;
                let begin = self.begin;
                self.begin += len + 1;
                self.at += len as u64 + 1;
                if skipped || len > self.longest {
                    return Ok(Piece::TooLong { at });
                }
                let text = self.buffer.get(begin..begin + len).unwrap_or_default();
                return Ok(Piece::Line { at, text });
            }
            searched = unread.len();
            if searched > self.longest {
                if self.alone {
                    return Ok(Piece::TooLong { at });
                }
                // Nothing of it is needed but its end.
                self.at += searched as u64;
                self.begin = self.end;
                searched = 0;
                skipped = true;
            }
            if self.fill()? == 0 {
                return Ok(if self.at + (self.end - self.begin) as u64 == at {
                    Piece::End
                } else {
                    Piece::Unfinished { at }
                });
            }
        }
    }

    /// Reads on behind what there is; 0 at the end of the file.
    fn fill(&mut self) -> io::Result<usize> {
        self.buffer.copy_within(self.begin..self.end, 0);
        self.end -= self.begin;
        self.begin = 0;
        if self.buffer.len() < self.end + self.first {
            // Doubling, but never far beyond the longest line.
            let most = (self.longest + self.first).max(self.end + self.first);
            let len = (self.end * 2).clamp(self.end + self.first, most);
            self.buffer.reserve_exact(len - self.buffer.len());
            self.buffer.resize(len, 0);
        }
        let from = self.at + self.end as u64;
        let into = self.buffer.get_mut(self.end..).unwrap_or_default();
        loop {
            match self.file.read_at(from, into) {
                Ok(read) => {
                    self.end += read;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Whether a line (without its LF) obeys the rules for every line: UTF-8, nothing below a space, not too long.
pub(crate) fn fit(line: &[u8]) -> bool {
    line.len() <= LINE_MAX && !line.iter().any(|byte| *byte < 0x20) && std::str::from_utf8(line).is_ok()
}

/// A record that follows a point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Follows<'l> {
    /// Behind it.
    pub(crate) end: Point,
    pub(crate) rest: &'l [u8],
    pub(crate) leaf: Leaf,
    /// Whether its frame has a seal, right or wrong.
    pub(crate) sealed: bool,
    /// If only its leaf is left: the number of the record that ordered it.
    pub(crate) erased: Option<u64>,
}

/// Takes a record that must follow a point. `None` if it does not. A seal is taken in a keyed file alone.
pub(crate) fn follow(line: &[u8], from: Point, keyed: bool) -> Option<Follows<'_>> {
    let (seq, _) = number(line)?;
    if seq != from.seq + 1 || !fit(line) {
        return None;
    }
    let Frame { content, tag, seal } = chain::split(line).filter(|frame| keyed || frame.seal.is_none())?;
    let (_, at) = number(content)?;
    let rest = content.get(at..)?;
    let erased = buried(rest);
    let leaf = erased.map_or_else(|| chain::leaf(rest), |(leaf, _)| leaf);
    let head: Head = from.head.record(seq, &leaf);
    (head.tag() == tag).then_some(Follows {
        end: Point { seq, head },
        rest,
        leaf,
        sealed: seal.is_some(),
        erased: erased.map(|(_, by)| by),
    })
}

/// What stands in a tombstone, by its rest: the leaf, and the number of the record that ordered it.
fn buried(rest: &[u8]) -> Option<(Leaf, u64)> {
    let (leaf, by) = rest.strip_prefix(b"\"erased\":\"")?.split_at_checked(43)?;
    let digits = by.strip_prefix(b"\",\"by\":")?;
    // A number in its one spelling ends where the digits do.
    let (by, at) = number(&[SEQ, digits, b","].concat())?;
    (at == SEQ.len() + digits.len() + 1).then_some((base64url::parse(leaf)?, by))
}

/// The number of a line that begins as a record.
pub(super) fn seq(line: &[u8]) -> Option<u64> {
    number(line).map(|(seq, _)| seq)
}

/// The leaf of a line that may be a record's, whatever its tag, and whether only that is left of it.
pub(super) fn content(line: &[u8]) -> Option<(Leaf, bool)> {
    let (_, at) = number(line).filter(|_| fit(line))?;
    let rest = chain::split(line)?.content.get(at..)?;
    let erased = buried(rest);
    let leaf = erased.map_or_else(|| chain::leaf(rest), |(leaf, _)| leaf);
    Some((leaf, erased.is_some()))
}

/// The frame that such a line ends in.
pub(super) fn frame(line: &[u8]) -> &[u8] {
    let content = chain::split(line).map_or(line.len(), |frame| frame.content.len());
    line.get(content..).unwrap_or_default()
}

/// The `seq` of a line that begins as a record, in its one spelling, and where the rest begins.
fn number(line: &[u8]) -> Option<(u64, usize)> {
    let digits = line.strip_prefix(SEQ)?;
    let len = digits.iter().take(17).take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, behind) = digits.split_at_checked(len)?;
    if digits.first().is_none_or(|first| *first == b'0') || behind.first() != Some(&b',') {
        return None;
    }
    let seq = digits
        .iter()
        .fold(0, |sum: u64, digit| sum * 10 + u64::from(digit - b'0'));
    (seq < super::header::NUMBER_END).then_some((seq, SEQ.len() + len + 1))
}

/// The time of a record, by its rest.
pub(crate) fn time(rest: &[u8]) -> Option<Micros> {
    Micros::parse(rest.strip_prefix(b"\"time\":\"")?.get(..Micros::WIDTH)?)
}

/// The time of a line that begins as a record.
pub(crate) fn record_time(line: &[u8]) -> Option<Micros> {
    let (_, at) = number(line)?;
    time(line.get(at..)?)
}

/// The name of an own record behind `AUDIT_`, by its rest: `STOP`, `PRUNE`. No caller can write such a record.
pub(crate) fn own(rest: &[u8]) -> Option<&[u8]> {
    let behind = rest.strip_prefix(b"\"time\":\"")?.get(Micros::WIDTH..)?;
    let name = behind.strip_prefix(b"\",\"event\":\"AUDIT_")?;
    name.get(..memchr::memchr(b'"', name)?)
}

/// Whether a record, by its rest, says what became of an alert. No caller can write such a record.
pub(crate) fn is_alert(rest: &[u8]) -> bool {
    let behind = rest
        .strip_prefix(b"\"time\":\"")
        .and_then(|rest| rest.get(Micros::WIDTH..));
    behind.is_some_and(|behind| behind.starts_with(b"\",\"event\":\"ALERT_"))
}

/// The `metadata` of a record, by its rest.
pub(crate) fn metadata(rest: &[u8]) -> Option<Value> {
    let mut whole: Value = serde_json::from_slice(&[b"{", rest, b"}"].concat()).ok()?;
    whole.get_mut("metadata").map(Value::take)
}

/// Up to which `seq` a line proves that everything was synced: an `AUDIT_CHECKPOINT` or an `AUDIT_STOP`. Its tag is not asked,
/// and behind damage could not be: a crash loses bytes, it does not make such lines up.
pub(crate) fn proof(line: &[u8]) -> Option<u64> {
    let (seq, at) = number(line)?;
    let stop = match own(line.get(at..)?)? {
        b"STOP" => true,
        b"CHECKPOINT" => false,
        _ => return None,
    };
    if !fit(line) {
        return None;
    }
    let whole: Value = serde_json::from_slice(line).ok()?;
    if stop {
        return Some(seq - 1);
    }
    let stated = whole.get("metadata")?.get("seq")?.as_u64()?;
    (stated < seq).then_some(stated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::mem::MemDisk;
    use crate::io::{Disk, write_all};
    use proptest::prelude::*;
    use std::path::Path;
    use std::sync::Arc;

    fn file(bytes: &[u8]) -> Arc<dyn DiskFile> {
        let disk = MemDisk::new();
        disk.put("/f", bytes);
        disk.open_read(Path::new("/f")).unwrap()
    }

    /// Lines with where they stand, and where what is not one does.
    type All = (Vec<(u64, Vec<u8>)>, Vec<u64>, Option<u64>);

    fn all(lines: &mut Lines<'_>) -> All {
        let (mut found, mut long) = (Vec::new(), Vec::new());
        loop {
            match lines.next().unwrap() {
                Piece::Line { at, text } => found.push((at, text.to_vec())),
                Piece::TooLong { at } => long.push(at),
                Piece::Unfinished { at } => return (found, long, Some(at)),
                Piece::End => return (found, long, None),
            }
        }
    }

    proptest! {
        #[test]
        fn lines_are_the_same_whatever_is_read_at_once(
            bytes in prop::collection::vec(prop::sample::select(b"ab\n".to_vec()), 0..300),
            first in 1_usize..40,
            longest in 0_usize..30,
        ) {
            let file = file(&bytes);
            let mut lines = Lines::with(&*file, 0, first, longest);
            let (found, long, unfinished) = all(&mut lines);
            let mut expected = (Vec::new(), Vec::new(), None);
            let mut at = 0;
            for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                match line.strip_suffix(b"\n") {
                    Some(text) if text.len() <= longest => expected.0.push((at, text.to_vec())),
                    Some(_) => expected.1.push(at),
                    None => expected.2 = Some(at),
                }
                at += line.len() as u64;
            }
            prop_assert_eq!((found, long, unfinished), expected);
        }
    }

    #[test]
    fn a_line_without_end_takes_no_more_memory_than_the_longest() {
        let disk = MemDisk::new();
        let file = disk.open_new(Path::new("/f")).unwrap();
        for _ in 0..40 {
            write_all(&*file, &vec![b'x'; 1 << 20]).unwrap();
        }
        let mut lines = Lines::new(&*file, 0);
        assert_eq!(lines.next().unwrap(), Piece::Unfinished { at: 0 });
        assert!(
            lines.buffer.capacity() <= LINE_MAX + 2 * CHUNK,
            "{}",
            lines.buffer.capacity()
        );
        // Of a header, whatever stands behind that is not even read.
        let mut first = Lines::first(&*file);
        assert_eq!(first.next().unwrap(), Piece::TooLong { at: 0 });
        assert!(first.at == 0 && first.end <= LINE_MAX + 2_048, "{}", first.end);
        write_all(&*file, b"\nshort\n").unwrap();
        let mut lines = Lines::new(&*file, 0);
        assert_eq!(lines.next().unwrap(), Piece::TooLong { at: 0 });
        assert_eq!(
            lines.next().unwrap(),
            Piece::Line {
                at: (40 << 20) + 1,
                text: b"short"
            }
        );
    }

    #[test]
    fn a_record_follows_only_its_own_point_in_its_own_spelling() {
        let from = Point {
            seq: 8,
            head: Head([7; 32]),
        };
        let rest = b"\"time\":\"2026-11-20T08:15:30.000000Z\",\"event\":\"AUDIT_STOP\",\"metadata\":{}";
        let line = |seq: &str, rest: &[u8]| {
            let mut line = format!("{{\"seq\":{seq},").into_bytes();
            line.extend_from_slice(rest);
            from.head.record(9, &chain::leaf(rest)).push_frame(&mut line);
            line
        };
        let nine = line("9", rest);
        let Follows {
            end: point,
            rest: found,
            sealed,
            ..
        } = follow(&nine, from, false).unwrap();
        assert!(!sealed);
        assert_eq!((point.seq, found), (9, &rest[..]));
        assert_eq!(own(found), Some(&b"STOP"[..]));
        assert!(time(found).is_some());
        let mut sealed = nine[..nine.len() - 1].to_vec();
        sealed.extend_from_slice(format!(",\"seal\":\"{}\"}}", from.head.text()).as_bytes());
        assert!(follow(&sealed, from, true).is_some_and(|found| found.sealed && found.end == point));
        assert!(
            follow(&sealed, from, false).is_none(),
            "no seal stands in a chained file"
        );
        assert!(follow(&nine, from, true).is_some_and(|found| !found.sealed));
        for seq in ["09", "+9", " 9", "9.0", "10", "8", "", "99999999999999999999"] {
            assert!(follow(&line(seq, rest), from, false).is_none(), "{seq}");
        }
        for odd in [&b"\"a\":\"\t\""[..], b"\"a\":\"\xff\"", b"\"a\":\"\0\""] {
            assert!(follow(&line("9", odd), from, false).is_none(), "{odd:?}");
        }
        assert!(follow(&[line("9", rest), b" ".to_vec()].concat(), from, false).is_none());
        assert!(follow(b"", from, false).is_none() && follow(b"{\"seq\":9,", from, false).is_none());
    }

    #[test]
    fn only_whole_own_records_prove_a_sync() {
        let line = |seq: u64, rest: &str| {
            format!("{{\"seq\":{seq},\"time\":\"2026-11-20T08:15:30.000000Z\",{rest},\"tag\":\"x\"}}").into_bytes()
        };
        let stop = "\"event\":\"AUDIT_STOP\",\"metadata\":{}";
        let point = |seq: u64| format!("\"event\":\"AUDIT_CHECKPOINT\",\"metadata\":{{\"seq\":{seq}}}");
        assert_eq!(proof(&line(9, stop)), Some(8));
        assert_eq!(proof(&line(9, &point(5))), Some(5));
        assert_eq!(proof(&line(9, &point(9))), None);
        assert_eq!(proof(&line(9, "\"event\":\"AUDIT_START\",\"metadata\":{}")), None);
        assert_eq!(
            proof(&line(9, "\"event\":\"DATA_READ\",\"message\":\"AUDIT_STOP\"")),
            None
        );
        let cut = line(9, stop);
        assert_eq!(proof(&cut[..cut.len() - 1]), None);
        let mut spoilt = line(9, stop);
        spoilt[50] = 0;
        assert_eq!(proof(&spoilt), None);
    }
}
