//! A secret that was found in a text: where it stands, and what becomes of it.

use super::marks;
use super::policy::Verdict;
use super::shapes::{at, before};

/// A secret in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) verdict: Verdict,
    /// A JSON value that was no string becomes one: the number of backslashes before its quotes.
    pub(super) quotes: Option<usize>,
    /// Where the walk goes on: behind the quote that closes it.
    pub(super) next: usize,
    /// Found by its form, not by its name.
    pub(super) shape: bool,
}

impl Hit {
    /// Whether what stands around it may read otherwise without it: a word goes up to it, or it may be part of a name.
    pub(super) fn touches(&self, s: &[u8]) -> bool {
        let edge = |b: u8| marks::is_name(b) || matches!(b, b'<' | b'>' | b'|' | b'(' | b'{');
        self.shape || edge(before(s, self.start)) || edge(at(s, self.end))
    }

    /// The same hit in `s`, of which it was found in a plain reading. `None` if nothing of it is left there.
    pub(super) fn moved(self, s: &[u8], (start, end): (usize, usize)) -> Option<Self> {
        let text = s.get(start..end)?;
        // A member whose name and colon are written plainly.
        let lead = s.get(..start).unwrap_or_default().trim_ascii_end().strip_suffix(b":");
        let member = lead.is_some_and(|lead| lead.trim_ascii_end().ends_with(b"\""));
        // A quote that is not encoded delimits what is around, unless the value begins with one, or is a list.
        let quoted = member || matches!(before(s, start), b'"' | b'\'' | b'`');
        let end = match memchr::memchr(b'"', text) {
            Some(quote) if !quoted => marks::before_escape(s, start, start + quote),
            _ => end,
        };
        // All of a character or nothing.
        let inside = |i: usize| at(s, i) & 0xC0 == 0x80;
        let end = (end..end + 4).find(|i| !inside(*i)).unwrap_or(end);
        (end > start && !inside(start)).then_some(Self {
            start,
            end,
            quotes: self.quotes.filter(|_| member),
            next: end,
            ..self
        })
    }

    /// Takes in `next`, which begins at or behind it, if the two overlap.
    pub(super) fn joins(&mut self, next: &Self) -> bool {
        let overlap = next.start < self.end;
        if next.start == self.start {
            self.quotes = self.quotes.or(next.quotes);
        }
        if overlap && next.end > self.end {
            self.end = next.end;
            self.next = next.end;
        }
        overlap
    }

    /// Writes the quote that a replaced JSON value needs.
    pub(super) fn quote(&self, out: &mut String) {
        if let Some(level) = self.quotes {
            out.extend(std::iter::repeat_n('\\', level));
            out.push('"');
        }
    }
}
