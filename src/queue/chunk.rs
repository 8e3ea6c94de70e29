//! Lines of callers, some hundred together.

use super::TEXT_PER_ENTRY;
use crate::brief::Brief;
use crate::chain::Leaf;

/// One line on its way.
#[derive(Clone, Copy, Debug)]
struct Entry {
    brief: Brief,
    len: u32,
    /// Whether its leaf stands before it in the text.
    hashed: bool,
}

pub(super) const ENTRY: usize = size_of::<Entry>();
pub(super) const LEAF: usize = size_of::<Leaf>();

/// One line out of a chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'c> {
    pub(crate) brief: &'c Brief,
    /// The line without its number and its frame.
    pub(crate) rest: &'c [u8],
    /// The leaf of that, where the caller had to wait anyway.
    pub(crate) leaf: Option<&'c Leaf>,
    /// Where the text of the next line begins.
    pub(crate) end: usize,
}

/// Lines in the order in which they came, with consecutive tickets.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    text: Vec<u8>,
    entries: Vec<Entry>,
    first: u64,
}

impl Chunk {
    pub(super) fn new(text: usize) -> Chunk {
        Chunk {
            text: Vec::with_capacity(text),
            entries: Vec::with_capacity(text / TEXT_PER_ENTRY),
            first: 0,
        }
    }

    #[inline]
    pub(super) fn fits(&self, size: usize) -> bool {
        self.text.capacity() - self.text.len() >= size && self.entries.len() < self.entries.capacity()
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.entries.len() * ENTRY
    }

    /// Takes a line that [`fits`](Chunk::fits), with its leaf if that is known.
    #[inline]
    pub(super) fn put(&mut self, ticket: u64, brief: &Brief, line: &[u8], leaf: Option<&Leaf>) {
        if self.entries.is_empty() {
            self.first = ticket;
        }
        if let Some(leaf) = leaf {
            self.text.extend_from_slice(leaf);
        }
        self.text.extend_from_slice(line);
        self.entries.push(Entry {
            brief: *brief,
            len: line.len() as u32,
            hashed: leaf.is_some(),
        });
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.entries.clear();
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The ticket of the first line.
    pub(crate) fn first_ticket(&self) -> u64 {
        self.first
    }

    /// How many lines it has.
    pub(crate) fn count(&self) -> usize {
        self.entries.len()
    }

    /// The line with this number within the chunk, if its text begins there.
    #[inline]
    pub(crate) fn line(&self, number: usize, begin: usize) -> Option<Line<'_>> {
        let entry = self.entries.get(number)?;
        let (leaf, rest) = match entry.hashed {
            true => {
                let (leaf, rest) = self.text.get(begin..)?.split_first_chunk()?;
                (Some(leaf), rest)
            }
            false => (None, self.text.get(begin..)?),
        };
        Some(Line {
            brief: &entry.brief,
            rest: rest.get(..entry.len as usize)?,
            leaf,
            end: begin + if entry.hashed { LEAF } else { 0 } + entry.len as usize,
        })
    }

    /// The lines, oldest first.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let mut begin = 0;
        (0..self.entries.len()).map_while(move |number| {
            let line = self.line(number, begin)?;
            begin = line.end;
            Some(line)
        })
    }
}
