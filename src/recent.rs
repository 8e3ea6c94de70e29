//! The last lines, in memory, for live tails.

use std::collections::{BTreeSet, VecDeque};

use crate::sync::{Home, Mutex, lock};

/// Lines kept.
const LINES: usize = 10_000;

/// Bytes kept; fewer lines where they are long.
const BYTES: usize = 16 * 1024 * 1024;

/// A ring of whole commits.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    state: Mutex<State>,
    home: Home,
}

#[derive(Debug, Default)]
struct State {
    commits: VecDeque<(Vec<u8>, usize)>,
    lines: usize,
    bytes: usize,
}

impl Recent {
    /// Takes the text of one commit: `lines` lines, each with its LF.
    pub(crate) fn push(&self, text: &[u8], lines: usize) {
        let mut state = self.state.lock();
        state.lines += lines;
        state.bytes += text.len();
        // At full speed fresh memory for each commit costs more than the copy.
        let mut room = None;
        while let Some((oldest, count)) = state.commits.front() {
            let (bytes, count) = (oldest.len(), *count);
            if state.lines - count < LINES && state.bytes <= BYTES {
                break;
            }
            state.lines -= count;
            state.bytes -= bytes;
            let fits = |room: &Vec<u8>| (text.len()..=2 * text.len()).contains(&room.capacity());
            room = state
                .commits
                .pop_front()
                .map(|(oldest, _)| oldest)
                .filter(fits)
                .or(room);
        }
        let mut kept = room.unwrap_or_else(|| Vec::with_capacity(text.len() + text.len() / 8));
        kept.clear();
        kept.extend_from_slice(text);
        state.commits.push_back((kept, lines));
    }

    /// Takes back the last lines: they are written again, with other tags.
    pub(crate) fn forget(&self, mut lines: usize) {
        let mut state = self.state.lock();
        while let Some((text, count)) = state.commits.back() {
            let (bytes, count) = (text.len(), *count);
            if count > lines {
                break;
            }
            lines -= count;
            state.lines -= count;
            state.bytes -= bytes;
            state.commits.pop_back();
        }
    }

    /// Takes out the lines of these records: they were erased.
    pub(crate) fn erase(&self, seqs: &BTreeSet<u64>) {
        let gone = |line: &[u8]| {
            let digits = line
                .strip_prefix(b"{\"seq\":")
                .and_then(|behind| behind.split(|byte| *byte == b',').next());
            let seq = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
            seq.is_some_and(|seq| seqs.contains(&seq))
        };
        let mut state = self.state.lock();
        let State { commits, lines, bytes } = &mut *state;
        for (text, count) in commits {
            let all = || text.split_inclusive(|byte| *byte == b'\n');
            let left = all().filter(|line| !gone(line)).count();
            if left < *count {
                let kept: Vec<u8> = all().filter(|line| !gone(line)).flatten().copied().collect();
                *lines -= *count - left;
                *bytes -= text.len() - kept.len();
                (*text, *count) = (kept, left);
            }
        }
    }

    /// The lines kept, oldest first, without LF.
    pub(crate) fn lines(&self) -> Vec<String> {
        let Some(state) = lock(&self.state, self.home) else {
            return Vec::new();
        };
        let all = state
            .commits
            .iter()
            .flat_map(|(text, _)| text.split(|byte| *byte == b'\n'));
        let lines: Vec<String> = all
            .filter(|line| !line.is_empty())
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        let surplus = lines.len().saturating_sub(LINES);
        lines.into_iter().skip(surplus).collect()
    }
}
