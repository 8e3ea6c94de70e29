//! A file in pieces of whole lines, from either end.
//!
//! One buffer a file. It grows to the length of a line, and beyond [`WIDE`] only with leave, so that of several files read
//! at once only one holds a long line.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::Order;
use crate::io::DiskFile;
use crate::reader::line;
use crate::reader::piece::{LONGEST, PIECE};

/// What a line may have without leave.
pub(super) const WIDE: usize = 512 << 10;

/// What the next bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Whole lines, each with its LF: where they stand in the buffer.
    Lines(Range<usize>),
    /// A line that needs leave. Nothing was passed over.
    Wide,
    /// A line that is too long to be one was passed over.
    TooLong,
    End,
}

/// Reads a file once.
#[derive(Debug)]
pub(super) struct Pieces {
    file: Arc<dyn DiskFile>,
    order: Order,
    /// What is still to be read of the file.
    from: u64,
    to: u64,
    buffer: Vec<u8>,
    /// The part of the buffer that holds the part of a line whose other end is not read yet.
    part: Range<usize>,
    /// From the end: whether the end of a line was found, so that what is read belongs to a line.
    settled: bool,
    /// A line that is too long is being passed over.
    passing: bool,
}

impl Pieces {
    /// The bytes between two places, of which the first is the begin of a line. What follows the last LF is no line.
    pub(super) fn new(file: Arc<dyn DiskFile>, order: Order, from: u64, to: u64) -> Pieces {
        Pieces {
            file,
            order,
            from,
            to: to.max(from),
            buffer: Vec::new(),
            part: 0..0,
            settled: order == Order::Oldest,
            passing: false,
        }
    }

    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }

    pub(super) fn held(&self) -> usize {
        self.buffer.capacity()
    }

    /// The next piece, which holds until the next call.
    pub(super) fn next(&mut self, leave: bool) -> io::Result<Piece> {
        match self.order {
            Order::Oldest => self.forward(leave),
            Order::Newest => self.backward(leave),
        }
    }

    fn forward(&mut self, leave: bool) -> io::Result<Piece> {
        self.buffer.copy_within(self.part.clone(), 0);
        self.part = 0..self.part.len();
        // What stood behind a line that was too long may be whole lines.
        if let Some(last) = memchr::memrchr(b'\n', self.bytes(self.part.clone())) {
            self.part = last + 1..self.part.end;
            return Ok(Piece::Lines(0..last + 1));
        }
        loop {
            let held = self.part.len();
            if held > LONGEST {
                self.passing = true;
                self.part = 0..0;
                continue;
            }
            let Some(wanted) = self.wanted(held, leave) else {
                return Ok(Piece::Wide);
            };
            self.reserve(held + wanted);
            let read = self.read(self.from, held..held + wanted)?;
            if read == 0 {
                self.to = self.from;
                self.part = 0..0;
                return Ok(Piece::End);
            }
            self.from += read as u64;
            let filled = held + read;
            let fresh = self.buffer.get(held..filled).unwrap_or_default();
            if self.passing {
                match memchr::memchr(b'\n', fresh) {
                    None => self.part = 0..0,
                    Some(end) => {
                        self.passing = false;
                        self.part = held + end + 1..filled;
                        return Ok(Piece::TooLong);
                    }
                }
                continue;
            }
            match memchr::memrchr(b'\n', fresh) {
                None => self.part = 0..filled,
                Some(end) => {
                    self.part = held + end + 1..filled;
                    return Ok(Piece::Lines(0..held + end + 1));
                }
            }
        }
    }

    /// What is held stands at the end of the buffer.
    fn backward(&mut self, leave: bool) -> io::Result<Piece> {
        // What stood before a line that was too long may be whole lines.
        let part = self.part.clone();
        if let Some(first) = memchr::memchr(b'\n', self.bytes(part.start..part.end.saturating_sub(1))) {
            let first = part.start + first + 1;
            self.part = part.start..first;
            return Ok(Piece::Lines(first..part.end));
        }
        loop {
            let held = self.part.len();
            if held > LONGEST + 1 {
                self.part = 0..0;
                self.settled = false;
                self.passing = true;
                continue;
            }
            let Some(wanted) = self.wanted(held, leave) else {
                return Ok(Piece::Wide);
            };
            if wanted == 0 {
                if std::mem::take(&mut self.passing) {
                    return Ok(Piece::TooLong);
                }
                let last = std::mem::take(&mut self.part);
                return Ok(if last.is_empty() {
                    Piece::End
                } else {
                    Piece::Lines(last)
                });
            }
            let at = self.to - wanted as u64;
            self.hold_at_end(held + wanted);
            let end = self.buffer.len();
            let begin = end - held - wanted;
            let mut read = 0;
            while read < wanted {
                match self.read(at + read as u64, begin + read..begin + wanted)? {
                    0 => break,
                    more => read += more,
                }
            }
            self.to = at;
            if read < wanted && self.settled {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "it became shorter while it was read",
                ));
            }
            // Behind the last LF there is no line, or one that is too long.
            let mut whole = begin..end;
            if !self.settled {
                let fresh = self.buffer.get(begin..begin + read).unwrap_or_default();
                let Some(last) = memchr::memrchr(b'\n', fresh) else {
                    continue;
                };
                whole = begin..begin + last + 1;
                self.settled = true;
                if std::mem::take(&mut self.passing) {
                    self.part = whole;
                    return Ok(Piece::TooLong);
                }
            }
            if at == self.from {
                self.part = 0..0;
                return Ok(Piece::Lines(whole));
            }
            let fresh = self.buffer.get(whole.clone()).unwrap_or_default();
            let fresh = fresh
                .get(..fresh.len().saturating_sub(1).min(wanted))
                .unwrap_or_default();
            match memchr::memchr(b'\n', fresh) {
                None => self.part = whole,
                Some(first) => {
                    let first = whole.start + first + 1;
                    self.part = whole.start..first;
                    return Ok(Piece::Lines(first..whole.end));
                }
            }
        }
    }

    /// How much to read next behind so many bytes of a line; `None` where that takes leave.
    fn wanted(&self, held: usize, leave: bool) -> Option<usize> {
        let left = usize::try_from(self.to - self.from).unwrap_or(usize::MAX);
        (held <= WIDE || leave).then(|| left.min(room(held)))
    }

    /// Moves what is held to the end of a buffer with room for this many bytes.
    fn hold_at_end(&mut self, length: usize) {
        self.reserve(length);
        let to = self.buffer.len() - self.part.len();
        self.buffer.copy_within(self.part.clone(), to);
        self.part = to..self.buffer.len();
    }

    fn reserve(&mut self, length: usize) {
        if self.buffer.len() < length {
            // A long line gets the room of the longest at once: what grows step by step leaves holes in the heap.
            let length = if length > 2 * WIDE {
                length.max(LONGEST + 3 * WIDE)
            } else {
                length
            };
            let mut larger = vec![0; length];
            let held = larger.get_mut(..self.buffer.len()).unwrap_or_default();
            held.copy_from_slice(&self.buffer);
            self.buffer = larger;
        }
    }

    fn read(&mut self, at: u64, into: Range<usize>) -> io::Result<usize> {
        let into = self.buffer.get_mut(into).unwrap_or_default();
        loop {
            match self.file.read_at(at, into) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

/// What is read at once behind this many bytes of a line: a piece, and of a long line as much again.
fn room(held: usize) -> usize {
    PIECE.saturating_sub(held).max(held.clamp(PIECE / 4, WIDE))
}

/// Two places of a plain file, both at the begin of a line or the end: what begins before the first has no number above this
/// one, what begins at or behind the second has, and little lies between. All of it where the lines that are looked at do not
/// say.
pub(super) fn around(file: &dyn DiskFile, from: u64, to: u64, seq: u64) -> Range<u64> {
    let (mut low, mut high) = (from, to);
    let mut window = vec![0; 64 << 10];
    let number_behind = |at: u64, window: &mut Vec<u8>| {
        let read = file.read_at(at, window).ok()?;
        let read = window.get(..read)?;
        let begin = memchr::memchr(b'\n', read)? + 1;
        Some((at + begin as u64, line::seq(read.get(begin..)?)?))
    };
    while high.saturating_sub(low) > window.len() as u64 {
        let middle = low + (high - low) / 2;
        let Some((line, found)) = number_behind(middle, &mut window) else {
            break;
        };
        match found > seq {
            true if line < high => high = line,
            false if line < high => low = line,
            // One line takes all of the second half.
            _ => break,
        }
    }
    low..high
}
