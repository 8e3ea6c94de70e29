//! Bytes written without a library call for each short piece.
//!
//! A line has some forty pieces of ten to thirty bytes. `memcpy` costs more in its call than in its copy there, so
//! short pieces go as one or two chunks of fixed size. That needs room behind what is written, and in safe Rust room
//! is bytes that exist: [`Text`] keeps its room zeroed and counts what is used.

/// The fixed size in which pieces are copied.
pub(super) const CHUNK: usize = 32;

/// Room for a head, a value of up to a chunk, and its quote.
pub(super) const SHORT: usize = 4 * CHUNK;

/// Text that grows at its end, with at least [`CHUNK`] bytes of room behind it.
///
/// Reused, it neither allocates nor zeroes its room again.
#[derive(Clone, Default)]
pub(crate) struct Text {
    room: Vec<u8>,
    used: u32,
}

impl Text {
    #[cfg(test)]
    pub(crate) fn new() -> Text {
        Text::default()
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.used as usize
    }

    /// Empties it and keeps its room.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.used = 0;
    }

    /// Empties it. Room beyond `keep` bytes is given back.
    #[inline]
    pub(super) fn clear_to(&mut self, keep: usize) {
        self.used = 0;
        if self.room.len() > keep {
            self.shrink(keep);
        }
    }

    #[cold]
    fn shrink(&mut self, keep: usize) {
        self.room.truncate(keep);
        self.room.shrink_to(keep);
    }

    /// Forgets everything from `at` on.
    pub(super) fn truncate(&mut self, at: usize) {
        self.used = self.used.min(at as u32);
    }

    /// What was written from `at` on.
    pub(super) fn from(&self, at: usize) -> &[u8] {
        self.room.get(at..self.len()).unwrap_or_default()
    }

    pub(super) fn last(&self) -> Option<u8> {
        self.room.get(self.len().checked_sub(1)?).copied()
    }

    pub(super) fn get(&self, at: usize, len: usize) -> &[u8] {
        self.room.get(at..at.saturating_add(len)).unwrap_or_default()
    }

    /// A pen behind the text, with room for `need` bytes and a chunk. What it writes counts after [`wrote`](Text::wrote).
    #[inline]
    pub(super) fn pen(&mut self, need: usize) -> Pen<'_> {
        let end = self.len() + need + CHUNK;
        if self.room.len() < end {
            self.grow(end);
        }
        Pen::new(self.room.get_mut(self.used as usize..).unwrap_or_default())
    }

    #[inline]
    pub(super) fn wrote(&mut self, bytes: u32) {
        self.used += bytes;
    }

    /// Appends the first `head_len` bytes of `head` and `value`, between quotes where `head` goes on with one. Says how
    /// many bytes that was.
    #[inline(always)]
    pub(super) fn put_member(&mut self, head: &[u8; CHUNK], head_len: u8, value: &[u8], quoted: bool) -> u32 {
        let at = self.used as usize;
        let room = self.room.get_mut(at..at + SHORT);
        if value.len() <= CHUNK
            && let Some(to) = room.and_then(<[u8]>::first_chunk_mut::<SHORT>)
        {
            let len = short_member(to, head, head_len, value, quoted);
            self.used += len;
            return len;
        }
        self.put_long_member(head, head_len, value, quoted)
    }

    #[inline(never)]
    fn put_long_member(&mut self, head: &[u8; CHUNK], head_len: u8, value: &[u8], quoted: bool) -> u32 {
        let mut pen = self.pen(CHUNK.max(SHORT) + value.len());
        pen.chunk(head, u32::from(head_len) + u32::from(quoted));
        pen.put(value);
        if quoted {
            pen.byte(b'"');
        }
        let len = pen.at();
        self.used += len;
        len
    }

    /// Appends the first `head_len` bytes of `head`, and the quote behind them.
    #[inline]
    pub(super) fn put_head(&mut self, head: &[u8; CHUNK], head_len: u8) {
        let mut pen = self.pen(SHORT);
        pen.chunk(head, u32::from(head_len) + 1);
        let len = pen.at();
        self.used += len;
    }

    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let mut pen = self.pen(bytes.len());
        pen.put(bytes);
        self.used += bytes.len() as u32;
    }

    /// What stands from `at` on, and the room behind it.
    #[inline(always)]
    fn behind(&self, at: u32) -> &[u8] {
        match self.room.get(at as usize..) {
            Some(behind) => behind,
            None => no_room(),
        }
    }

    #[cold]
    fn grow(&mut self, end: usize) {
        self.room.resize(end.next_power_of_two().max(1024), 0);
    }
}

impl std::ops::Deref for Text {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.room.get(..self.len()).unwrap_or_default()
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&String::from_utf8_lossy(self), f)
    }
}

/// Writes into room that was made before.
///
/// It holds just the room that is left: so a comparison with a constant guards each copy, and few registers are needed.
pub(super) struct Pen<'a> {
    to: &'a mut [u8],
    /// Bytes of the room at first.
    all: usize,
}

impl<'a> Pen<'a> {
    /// Over room that is at least [`CHUNK`] bytes longer than what will be written.
    #[inline(always)]
    fn new(to: &'a mut [u8]) -> Pen<'a> {
        Pen { all: to.len(), to }
    }

    /// Bytes written.
    #[inline(always)]
    pub(super) fn at(&self) -> u32 {
        (self.all - self.to.len()) as u32
    }

    /// So many bytes are written.
    #[inline(always)]
    fn go_on(&mut self, len: usize) {
        self.to = match std::mem::take(&mut self.to).get_mut(len..) {
            Some(left) => left,
            None => no_room(),
        };
    }

    /// The same pen, of which the compiler sees that nobody else holds it.
    #[inline(always)]
    pub(super) fn taken(self) -> Pen<'a> {
        let Pen { to, all } = self;
        Pen { to, all }
    }

    #[inline(always)]
    pub(super) fn byte(&mut self, byte: u8) {
        self.chunk(&[byte], 1);
    }

    /// The first `len` bytes of a chunk; the others fall into the room behind.
    #[inline(always)]
    pub(super) fn chunk<const N: usize>(&mut self, chunk: &[u8; N], len: u32) {
        if let Some(to) = self.to.first_chunk_mut() {
            *to = *chunk;
            self.go_on((len as usize).min(N));
        }
    }

    /// The first `head_len` bytes of `head`, and `value` between quotes, of which the first is in `head` already.
    #[inline(always)]
    pub(super) fn text_member(&mut self, head: &[u8; CHUNK], head_len: u8, value: &[u8]) {
        let len = match self.to.first_chunk_mut::<SHORT>() {
            Some(to) if value.len() <= CHUNK => short_member(to, head, head_len, value, true) as usize,
            _ => long_member(self.to, head, head_len, value),
        };
        self.go_on(len);
    }

    /// The same for a value of 8 to 16 bytes of which the first and the last eight are in hand.
    #[inline(always)]
    pub(super) fn halves_member(
        &mut self,
        head: &[u8; CHUNK],
        head_len: u8,
        (first, last): ([u8; 8], [u8; 8]),
        len: usize,
    ) {
        const WIDEST: usize = 16;
        let start = usize::from(head_len) % CHUNK + 1;
        let back = start + len.clamp(8, WIDEST) - 8;
        if let Some(to) = self.to.first_chunk_mut::<{ 2 * CHUNK }>() {
            if let Some(to) = to.first_chunk_mut() {
                *to = *head;
            }
            for (at, half) in [(start, first), (back, last)] {
                if let Some(to) = to.get_mut(at..at + 8).and_then(<[u8]>::first_chunk_mut) {
                    *to = half;
                }
            }
            if let Some(to) = to.get_mut(back + 8) {
                *to = b'"';
            }
            self.go_on(back + 9);
        }
    }

    /// What stands in `text` at `at`.
    #[inline(always)]
    pub(super) fn piece(&mut self, text: &Text, at: u32, len: u32) {
        let (len, from) = (len as usize, text.behind(at));
        let Some((to, first)) = self.to.first_chunk_mut::<CHUNK>().zip(from.first_chunk()) else {
            return self.put(from.get(..len).unwrap_or_default());
        };
        *to = *first;
        if len > CHUNK {
            rest_of_piece(self.to, from, len);
        }
        self.go_on(len);
    }

    /// All of `bytes`, which may end where it ends.
    #[inline(always)]
    pub(super) fn put(&mut self, bytes: &[u8]) {
        if let Some(to) = self.to.get_mut(..bytes.len()) {
            copy(to, bytes);
            self.go_on(bytes.len());
        }
    }
}

/// Not reached, for room is made before; a call, so that the compiler takes a branch for it.
#[cold]
#[inline(never)]
fn no_room() -> &'static mut [u8] {
    &mut []
}

/// The bytes of a piece behind its first chunk.
#[inline(always)]
fn rest_of_piece(to: &mut [u8], from: &[u8], len: usize) {
    const MORE: usize = 4 * CHUNK;
    match (to.first_chunk_mut::<MORE>(), from.first_chunk::<MORE>()) {
        (Some(to), Some(from)) if len <= MORE => {
            if let ([_, to @ ..], [_, from @ ..]) = (to.as_chunks_mut::<CHUNK>().0, from.as_chunks::<CHUNK>().0) {
                to.copy_from_slice(from);
            }
        }
        _ => far_behind(to, from, len),
    }
}

/// The same where that is long.
#[inline(never)]
fn far_behind(to: &mut [u8], from: &[u8], len: usize) {
    if let (Some(to), Some(from)) = (to.get_mut(CHUNK..len), from.get(CHUNK..len)) {
        to.copy_from_slice(from);
    }
}

/// Writes a member whose value is longer than a chunk, and says how many bytes that was.
#[inline(never)]
fn long_member(to: &mut [u8], head: &[u8; CHUNK], head_len: u8, value: &[u8]) -> usize {
    let mut pen = Pen::new(to);
    pen.chunk(head, u32::from(head_len) + 1);
    pen.put(value);
    pen.byte(b'"');
    pen.at() as usize
}

/// Writes a member whose value has at most a chunk, and says how many bytes that was.
#[inline(always)]
fn short_member(to: &mut [u8; SHORT], head: &[u8; CHUNK], head_len: u8, value: &[u8], quoted: bool) -> u32 {
    let start = usize::from(head_len) % CHUNK + usize::from(quoted);
    let end = start + value.len();
    if let Some(to) = to.first_chunk_mut() {
        *to = *head;
    }
    if let Some(to) = to.get_mut(start..end) {
        copy_short(to, value);
    }
    if let Some(to) = to.get_mut(end).filter(|_| quoted) {
        *to = b'"';
    }
    (end + usize::from(quoted)) as u32
}

/// Copies between slices of one length. Up to 64 bytes two chunks that may overlap do it.
#[inline(always)]
fn copy(to: &mut [u8], from: &[u8]) {
    match from.len() {
        0..=CHUNK => copy_short(to, from),
        33..=64 => ends::<CHUNK>(to, from),
        _ => to.copy_from_slice(from),
    }
}

/// The same for up to [`CHUNK`] bytes. Most values have 8 to 16, and are asked for first.
#[inline(always)]
fn copy_short(to: &mut [u8], from: &[u8]) {
    let len = from.len();
    if len >= 8 {
        if len <= 16 {
            ends::<8>(to, from)
        } else {
            ends::<16>(to, from)
        }
    } else if len >= 4 {
        ends::<4>(to, from);
    } else if len >= 2 {
        ends::<2>(to, from);
    } else {
        ends::<1>(to, from);
    }
}

/// The first and the last `N` bytes, which may overlap.
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

            let mut copy = Text::default();
            let mut pen = copy.pen(len + 1);
            pen.piece(&text, 6, len as u32);
            pen.byte(b'!');
            let written = pen.at();
            copy.wrote(written);
            assert_eq!(copy.from(0), [&source[..len], b"!"].concat());
        }
    }

    #[test]
    fn room_beyond_the_kept_is_given_back() {
        let mut text = Text::default();
        text.push(&[b'x'; 100_000]);
        text.clear_to(4096);
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
