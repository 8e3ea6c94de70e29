//! JSON web tokens in compact form (RFC 7515, 7516): base64url segments with dots, the first an encoded `{"`.

use super::{at, before, run, set};

/// Encoded `{"`, `{ "`, `{\n` and `{\r\n`: how a header may begin.
const HEADS: &[&[u8]] = &[b"eyJ", b"eyAi", b"ewog", b"ew0K"];

/// Where the token that begins at `i` ends. `barren` keeps how far a failed header reached: later starts within it
/// would read the same bytes again, for the same answer.
pub(in super::super) fn find(s: &[u8], i: usize, barren: &mut usize) -> Option<usize> {
    let rest = s.get(i..)?;
    if i < *barren || before(s, i).is_ascii_alphanumeric() || !HEADS.iter().any(|head| rest.starts_with(head)) {
        return None;
    }
    let header = part(s, i);
    *barren = header;
    if header - i < 12 || at(s, header) != b'.' {
        return None;
    }
    let mut end = header;
    let mut segments = 0;
    // Two more segments (signed), or four (encrypted); an unsigned one ends in its dot. An encrypted one may have
    // no key in the second place.
    while segments < 4 && at(s, end) == b'.' {
        end = part(s, end + 1);
        segments += 1;
        // Of no claims at all it is `{}`.
        let claims = s.get(header + 1..end).unwrap_or_default();
        let none = (claims.is_empty() || claims == b"e30") && at(s, end) == b'.';
        if segments == 1 && end - header < 9 && !none {
            return None;
        }
    }
    // A full stop that ends a sentence is not part of it.
    if before(s, end) == b'.' && segments > 2 {
        end -= 1;
    }
    (!at(s, end).is_ascii_alphanumeric()).then_some(end)
}

/// The end of a segment, with padding that some encoders leave on.
fn part(s: &[u8], i: usize) -> usize {
    let end = run(s, i, set::URL64);
    let padded = end
        + s.get(end..)
            .unwrap_or_default()
            .iter()
            .take(2)
            .take_while(|b| **b == b'=')
            .count();
    if at(s, padded).is_ascii_alphanumeric() {
        end
    } else {
        padded
    }
}
