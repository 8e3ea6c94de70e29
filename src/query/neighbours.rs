//! The numbers of lines beside one another.

use std::ops::Range;

use crate::reader::line;

/// The number of the last line of a piece that has one; 0 for none.
pub(super) fn last_number(bytes: &[u8]) -> u64 {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let mut end = bytes.len();
    loop {
        let lines = bytes.get(..end).unwrap_or_default();
        let begin = memchr::memrchr(b'\n', lines).map_or(0, |before| before + 1);
        if let Some(seq) = line::seq(lines.get(begin..).unwrap_or_default()) {
            return seq;
        }
        if begin == 0 {
            return 0;
        }
        end = begin - 1;
    }
}

/// The last of some whole lines.
pub(super) fn last_line(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let begin = memchr::memrchr(b'\n', bytes).map_or(0, |before| before + 1);
    bytes.get(begin..).unwrap_or_default()
}

/// Whether the number of a line fits one of its neighbours, as far as they can be seen: of a line with another's number it is
/// told, and not of all that follow. `edges` are the numbers of the lines before and behind these bytes, if they are known.
pub(super) fn is_between(bytes: &[u8], line: &Range<usize>, edges: (Option<u64>, Option<u64>)) -> bool {
    let seq = |from: usize| line::seq(bytes.get(from..).unwrap_or_default());
    let before = match line.start.checked_sub(1) {
        None => edges.0,
        Some(end) => {
            let lines = bytes.get(..end).unwrap_or_default();
            seq(memchr::memrchr(b'\n', lines).map_or(0, |before| before + 1))
        }
    };
    let behind = match line.end + 1 < bytes.len() {
        true => seq(line.end + 1),
        false => edges.1,
    };
    let Some(own) = seq(line.start) else { return false };
    match (before, behind) {
        (Some(before), _) if own == before + 1 => true,
        (_, Some(behind)) if own + 1 == behind => true,
        (Some(_), Some(_)) => false,
        // At an end it must rise all the same, or it would be believed from there alone.
        (Some(before), None) => own > before,
        (None, Some(behind)) => own < behind,
        (None, None) => true,
    }
}
