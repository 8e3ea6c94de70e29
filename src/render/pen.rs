//! Bytes written without a library call for each short piece.
//!
//! A line has some forty pieces of ten to thirty bytes. `memcpy` costs more in its call than in its copy there, so
//! short pieces go as one or two chunks of fixed size. That needs room behind what is written, and in safe Rust room
//! is bytes that exist: [`Text`] keeps its room zeroed and counts what is used.

/// The fixed size in which pieces are copied.
pub(super) const CHUNK: usize = 32;

/// Text that grows at its end, with at least [`CHUNK`] bytes of room behind it.
#[derive(Clone, Default)]
pub(super) struct Text {
    room: Vec<u8>,
    used: usize,
}

impl Text {
    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// Forgets everything from `at` on.
    pub(super) fn truncate(&mut self, at: usize) {
        self.used = self.used.min(at);
    }

    /// Empties it. Room beyond `keep` bytes is given back.
    pub(super) fn clear(&mut self, keep: usize) {
        self.used = 0;
        if self.room.len() > keep {
            self.room.truncate(keep);
            self.room.shrink_to(keep);
        }
    }

    /// What was written from `at` on.
    pub(super) fn from(&self, at: usize) -> &[u8] {
        self.room.get(at..self.used).unwrap_or_default()
    }

    pub(super) fn last(&self) -> Option<u8> {
        self.room.get(self.used.checked_sub(1)?).copied()
    }

    pub(super) fn get(&self, at: usize, len: usize) -> &[u8] {
        self.room.get(at..at.saturating_add(len)).unwrap_or_default()
    }

    /// A pen behind the text, with room for `need` bytes and a chunk. What it writes counts after [`wrote`](Text::wrote).
    #[inline]
    pub(super) fn pen(&mut self, need: usize) -> Pen<'_> {
        let end = self.used + need + CHUNK;
        if self.room.len() < end {
            self.grow(end);
        }
        Pen {
            to: self.room.get_mut(self.used..).unwrap_or_default(),
            at: 0,
        }
    }

    #[inline]
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.used += bytes;
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let mut pen = self.pen(bytes.len());
        pen.put(bytes);
        self.used += bytes.len();
    }

    /// Appends what stands at `at`.
    pub(super) fn push_again(&mut self, at: usize, len: usize) {
        let end = self.used + len + CHUNK;
        if self.room.len() < end {
            self.grow(end);
        }
        if at + len <= self.used {
            self.room.copy_within(at..at + len, self.used);
            self.used += len;
        }
    }

    /// The piece at `at` for a [`Pen::piece`]: its bytes and at least a chunk of others behind them.
    #[inline]
    pub(super) fn piece(&self, at: usize) -> &[u8] {
        self.room.get(at..).unwrap_or_default()
    }

    #[cold]
    fn grow(&mut self, end: usize) {
        self.room.resize(end.next_power_of_two().max(1024), 0);
    }
}

/// Writes into room that was made before.
pub(super) struct Pen<'a> {
    to: &'a mut [u8],
    at: usize,
}

impl<'a> Pen<'a> {
    /// Over room that is at least [`CHUNK`] bytes longer than what will be written.
    pub(super) fn new(to: &'a mut [u8]) -> Pen<'a> {
        Pen { to, at: 0 }
    }

    /// Bytes written.
    #[inline(always)]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    #[inline(always)]
    pub(super) fn byte(&mut self, byte: u8) {
        if let Some(to) = self.to.get_mut(self.at) {
            *to = byte;
        }
        self.at += 1;
    }

    /// The first `len` bytes of a chunk; the others fall into the room behind.
    #[inline(always)]
    pub(super) fn chunk<const N: usize>(&mut self, chunk: &[u8; N], len: usize) {
        if let Some(to) = self.to.get_mut(self.at..).and_then(|to| to.first_chunk_mut::<N>()) {
            *to = *chunk;
        }
        self.at += len;
    }

    /// The first `len` bytes of `piece`, which has a chunk of room behind them.
    #[inline(always)]
    pub(super) fn piece(&mut self, piece: &[u8], len: usize) {
        if let Some(chunk) = piece.first_chunk::<CHUNK>() {
            self.chunk(chunk, len);
        }
        if len > CHUNK {
            self.behind(piece, len);
        }
    }

    /// The bytes of a piece behind its first chunk.
    #[inline]
    fn behind(&mut self, piece: &[u8], len: usize) {
        let start = self.at - len;
        if len <= 3 * CHUNK {
            for (at, chunk) in [(CHUNK, piece.get(CHUNK..)), (2 * CHUNK, piece.get(2 * CHUNK..))] {
                if at >= len {
                    break;
                }
                let chunk = chunk.and_then(<[u8]>::first_chunk::<CHUNK>);
                let to = self.to.get_mut(start + at..).and_then(<[u8]>::first_chunk_mut::<CHUNK>);
                if let (Some(to), Some(chunk)) = (to, chunk) {
                    *to = *chunk;
                }
            }
        } else if let (Some(to), Some(from)) = (self.to.get_mut(start + CHUNK..self.at), piece.get(CHUNK..len)) {
            to.copy_from_slice(from);
        }
    }

    /// All of `bytes`, which may end where it ends.
    #[inline(always)]
    pub(super) fn put(&mut self, bytes: &[u8]) {
        let end = self.at + bytes.len();
        if let Some(to) = self.to.get_mut(self.at..end) {
            copy(to, bytes);
        }
        self.at = end;
    }
}

/// Copies between slices of one length. Up to 64 bytes two chunks that may overlap do it.
#[inline(always)]
fn copy(to: &mut [u8], from: &[u8]) {
    #[inline(always)]
    fn ends<const N: usize>(to: &mut [u8], from: &[u8]) {
        if let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) {
            if let Some(to) = to.first_chunk_mut::<N>() {
                *to = *first;
            }
            if let Some(to) = to.last_chunk_mut::<N>() {
                *to = *last;
            }
        }
    }
    match from.len() {
        0 => {}
        1 => ends::<1>(to, from),
        2..=3 => ends::<2>(to, from),
        4..=7 => ends::<4>(to, from),
        8..=15 => ends::<8>(to, from),
        16..=31 => ends::<16>(to, from),
        32..=64 => ends::<32>(to, from),
        _ => to.copy_from_slice(from),
    }
}

/// `text` at the front of a chunk.
pub(super) const fn padded<const N: usize>(text: &str) -> [u8; N] {
    assert!(text.len() <= N);
    let mut chunk = [0; N];
    let (mut from, mut to): (&[u8], &mut [u8]) = (text.as_bytes(), &mut chunk);
    while let ([byte, from_rest @ ..], [place, to_rest @ ..]) = (from, to) {
        *place = *byte;
        (from, to) = (from_rest, to_rest);
    }
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_every_length_are_copied_whole_and_alone() {
        let source: Vec<u8> = (0..=255).collect();
        for len in 0..200 {
            let mut text = Text::default();
            text.push(b"before");
            text.push(&source[..len]);
            text.push(b"behind");
            assert_eq!(text.from(0), [b"before", &source[..len], b"behind"].concat());

            let mut room = vec![0; 300];
            let mut pen = Pen::new(&mut room);
            pen.piece(&source, len);
            pen.byte(7);
            assert_eq!(pen.at(), len + 1);
            assert_eq!(room[..len], source[..len]);
            assert_eq!(room[len], 7);

            text.push_again(6, len);
            assert_eq!(text.from(12 + len), &source[..len]);
        }
    }

    #[test]
    fn room_beyond_the_kept_is_given_back() {
        let mut text = Text::default();
        text.push(&[b'x'; 100_000]);
        text.clear(4096);
        assert_eq!(text.len(), 0);
        assert!(text.room.capacity() < 100_000);
        text.push(b"again");
        assert_eq!(text.from(0), b"again");
    }

    #[test]
    fn padding_keeps_the_text_at_the_front() {
        assert_eq!(padded::<4>("ab"), *b"ab\0\0");
    }
}
