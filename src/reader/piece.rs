//! A file in pieces that end at a line's end.

use std::io;
use std::sync::Arc;

use crate::io::DiskFile;

/// Large enough to hide the cost of handing a piece from thread to thread, small enough for the second-level cache.
pub(crate) const PIECE: usize = 256 << 10;

/// No line is longer; the writer's own limit is far below.
pub(crate) const LONGEST: usize = 16 << 20;

/// Whole lines, or, at the end of a file, whole lines and what follows the last LF.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Where it begins in the file.
    pub(crate) at: u64,
    pub(crate) bytes: Buffer,
    /// Bytes of a line longer than [`LONGEST`], which stands in the place of the bytes.
    pub(crate) too_long: u64,
    /// Nothing follows it.
    pub(crate) last: bool,
}

/// Bytes that are cleared without being written again.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
}

impl Buffer {
    pub(crate) fn filled(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }

    fn fill(&mut self, with: &[u8]) {
        self.filled = 0;
        self.room(with.len()).copy_from_slice(with);
        self.filled = with.len();
    }

    /// At least `least` bytes behind the filled ones, no more than twice that.
    fn room(&mut self, least: usize) -> &mut [u8] {
        let need = self.filled + least;
        if self.bytes.len() < need {
            // A vector left to itself would hold twice the longest line.
            let capacity = (2 * need).min(LONGEST + PIECE).max(need);
            self.bytes.reserve_exact(capacity - self.bytes.len());
            self.bytes.resize(need, 0);
        }
        self.bytes.get_mut(self.filled..need).unwrap_or_default()
    }
}

/// Reads a file from an offset up to a length, once.
#[derive(Debug)]
pub(crate) struct Pieces {
    file: Arc<dyn DiskFile>,
    /// Where the next read begins.
    at: u64,
    end: u64,
    /// The beginning of a line whose end is in the next piece.
    carry: Vec<u8>,
    done: bool,
}

impl Pieces {
    /// From `at` to `end`; what lies beyond was written after the look at the directory, and is not read.
    pub(crate) fn new(file: Arc<dyn DiskFile>, at: u64, end: u64) -> Pieces {
        Pieces {
            file,
            at,
            end,
            carry: Vec::new(),
            done: false,
        }
    }

    /// The next piece, in `buffer`. `None` after the last.
    pub(crate) fn next(&mut self, mut buffer: Buffer) -> io::Result<Option<Piece>> {
        if self.done {
            return Ok(None);
        }
        let at = self.at - self.carry.len() as u64;
        buffer.fill(&self.carry);
        self.carry.clear();
        let mut searched = 0;
        loop {
            if !self.read_into(&mut buffer)? {
                self.done = true;
                return Ok(Some(Piece {
                    at,
                    bytes: buffer,
                    too_long: 0,
                    last: true,
                }));
            }
            let fresh = buffer.filled().get(searched..).unwrap_or_default();
            if let Some(end) = memchr::memrchr(b'\n', fresh) {
                let whole = searched + end + 1;
                self.carry
                    .extend_from_slice(buffer.filled().get(whole..).unwrap_or_default());
                buffer.filled = whole;
                return Ok(Some(Piece {
                    at,
                    bytes: buffer,
                    too_long: 0,
                    last: false,
                }));
            }
            searched = buffer.filled;
            if searched > LONGEST {
                return self.skip_line(at, buffer).map(Some);
            }
        }
    }

    /// One read; false at the end.
    fn read_into(&mut self, buffer: &mut Buffer) -> io::Result<bool> {
        let wanted = PIECE
            .saturating_sub(buffer.filled)
            .max(PIECE / 4)
            .min(usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(PIECE));
        if wanted == 0 {
            return Ok(false);
        }
        loop {
            match self.file.read_at(self.at, buffer.room(wanted)) {
                Ok(0) => {
                    // Shorter than it was: cut back meanwhile, or someone cuts it now.
                    self.end = self.at;
                    return Ok(false);
                }
                Ok(count) => {
                    buffer.filled += count;
                    self.at += count as u64;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads on to the end of a line that is too long to be held, and keeps only its length.
    fn skip_line(&mut self, at: u64, mut buffer: Buffer) -> io::Result<Piece> {
        loop {
            buffer.filled = 0;
            let more = self.read_into(&mut buffer)?;
            let end = memchr::memchr(b'\n', buffer.filled());
            if let Some(end) = end {
                self.carry
                    .extend_from_slice(buffer.filled().get(end + 1..).unwrap_or_default());
            }
            if end.is_some() || !more {
                self.done = !more;
                buffer.filled = 0;
                return Ok(Piece {
                    at,
                    bytes: buffer,
                    too_long: self.at - self.carry.len() as u64 - at,
                    last: self.done,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{Disk as _, RealDisk};

    fn pieces(content: &[u8], end: u64) -> Vec<Piece> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let mut pieces = Pieces::new(RealDisk.open_read(file.path()).unwrap(), 0, end);
        std::iter::from_fn(|| pieces.next(Buffer::default()).unwrap()).collect()
    }

    #[test]
    fn pieces_hold_every_byte_once_and_end_with_a_line() {
        let mut content = Vec::new();
        for line in 0..40_000_usize {
            content.extend(std::iter::repeat_n(b'a' + (line % 26) as u8, line % 71));
            content.push(b'\n');
        }
        content.extend(b"half a line");
        let pieces = pieces(&content, content.len() as u64);
        assert!(pieces.len() > 2);
        let (last, whole) = pieces.split_last().unwrap();
        let mut at = 0;
        for piece in whole {
            assert!(piece.bytes.filled().ends_with(b"\n") && !piece.last);
            assert_eq!(piece.at, at);
            at += piece.bytes.filled().len() as u64;
        }
        assert!(last.last && last.bytes.filled().ends_with(b"half a line"));
        let all: Vec<u8> = pieces.iter().flat_map(|piece| piece.bytes.filled()).copied().collect();
        assert_eq!(all, content);
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_in_bounded_memory() {
        let mut content = b"one\n".to_vec();
        content.extend(std::iter::repeat_n(b'x', LONGEST + 3 * PIECE));
        content.extend(b"\ntwo\n");
        let pieces = pieces(&content, content.len() as u64);
        let long: Vec<_> = pieces.iter().filter(|piece| piece.too_long > 0).collect();
        assert_eq!(long.len(), 1);
        assert_eq!((long[0].at, long[0].too_long), (4, (LONGEST + 3 * PIECE + 1) as u64));
        assert_eq!(pieces.last().unwrap().bytes.filled(), b"two\n");
        assert!(
            pieces
                .iter()
                .all(|piece| piece.bytes.bytes.len() <= LONGEST + 2 * PIECE)
        );
    }

    #[test]
    fn nothing_beyond_the_known_length_is_read() {
        assert_eq!(pieces(b"one\ntwo\nthree\n", 8)[0].bytes.filled(), b"one\ntwo\n");
    }
}
