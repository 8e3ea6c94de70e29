//! The grammar of JSON without white space, held against bytes that are UTF-8. No value is made.

use super::ParseError;
use crate::record::line::{Member, Span, unescape};

/// Objects and lists within one another, the line itself included.
const DEPTH: usize = 127;

/// Names of so few members are held against each other one by one.
const FEW: usize = 12;

/// What is remembered while a line is read.
#[derive(Debug, Default)]
pub(super) struct Json {
    /// The names of the objects that are open, each behind those of the one around it.
    names: Vec<Name>,
}

#[derive(Clone, Copy, Debug)]
struct Name {
    from: u32,
    length: u32,
    escaped: bool,
}

impl Json {
    pub(super) fn begin(&mut self) {
        self.names.clear();
    }

    /// A member that begins here. Its key is not looked up.
    pub(super) fn member(&mut self, bytes: &[u8], at: usize) -> Result<Member, ParseError> {
        let name = name(bytes, at)?;
        let member = self.value_of(bytes, at, name.length as usize + 3)?;
        Ok(Member {
            escaped: (name.escaped, member.escaped.1),
            ..member
        })
    }

    /// The same where the name, its quotes and the colon are known to be there, so many bytes, and nothing in it is escaped.
    #[inline]
    pub(super) fn value_of(&mut self, bytes: &[u8], at: usize, length: usize) -> Result<Member, ParseError> {
        let from = at + length;
        let (to, escaped) = match bytes.get(from) {
            Some(b'"') => string(bytes, from)?,
            _ => (self.value(bytes, from, 1)?, false),
        };
        Ok(Member {
            key: None,
            escaped: (false, escaped),
            name: at as u32 + 1,
            value: Span {
                from: from as u32,
                to: to as u32,
            },
        })
    }

    /// Notes the name of a member of the line.
    pub(super) fn remember(&mut self, member: &Member) {
        self.names.push(Name {
            from: member.name,
            length: member.value.from - 2 - member.name,
            escaped: member.escaped.0,
        });
    }

    /// Whether of the names behind the first so many one stands there twice.
    pub(super) fn is_twice(&self, bytes: &[u8], first: usize) -> bool {
        let names = self.names.get(first..).unwrap_or_default();
        let text = |name: &Name| {
            let from = name.from as usize;
            bytes.get(from..from + name.length as usize).unwrap_or_default()
        };
        if names.len() <= FEW && names.iter().all(|name| !name.escaped) {
            return names.iter().enumerate().any(|(place, name)| {
                let mut before = names.iter().take(place);
                before.any(|other| other.length == name.length && text(other) == text(name))
            });
        }
        let mut sorted: Vec<std::borrow::Cow<'_, str>> = names
            .iter()
            .map(|name| {
                let plain = std::str::from_utf8(text(name)).unwrap_or_default();
                match name.escaped {
                    false => plain.into(),
                    true => unescape(plain).into(),
                }
            })
            .collect();
        sorted.sort_unstable();
        sorted.windows(2).any(|two| matches!(two, [one, other] if one == other))
    }

    /// The end of a value, in so many objects and lists.
    fn value(&mut self, bytes: &[u8], at: usize, depth: usize) -> Result<usize, ParseError> {
        match bytes.get(at) {
            Some(b'"') => string(bytes, at).map(|(end, _)| end),
            Some(b'0'..=b'9' | b'-') => number(bytes, at),
            Some(b't') => word(bytes, at, b"true"),
            Some(b'f') => word(bytes, at, b"false"),
            Some(b'n') => word(bytes, at, b"null"),
            Some(b'{' | b'[') if depth >= DEPTH => Err(ParseError::new("it nests too deep")),
            Some(b'{') => self.object(bytes, at, depth + 1),
            Some(b'[') => self.list(bytes, at, depth + 1),
            _ => Err(ParseError::at(at)),
        }
    }

    fn object(&mut self, bytes: &[u8], mut at: usize, depth: usize) -> Result<usize, ParseError> {
        if bytes.get(at + 1) == Some(&b'}') {
            return Ok(at + 2);
        }
        let first = self.names.len();
        loop {
            let name = name(bytes, at + 1)?;
            self.names.push(name);
            at = self.value(bytes, at + name.length as usize + 4, depth)?;
            match bytes.get(at) {
                Some(b',') => {}
                Some(b'}') => break,
                _ => return Err(ParseError::at(at)),
            }
        }
        if self.is_twice(bytes, first) {
            return Err(ParseError::new("a name stands in it twice"));
        }
        self.names.truncate(first);
        Ok(at + 1)
    }

    fn list(&mut self, bytes: &[u8], mut at: usize, depth: usize) -> Result<usize, ParseError> {
        if bytes.get(at + 1) == Some(&b']') {
            return Ok(at + 2);
        }
        loop {
            at = self.value(bytes, at + 1, depth)?;
            match bytes.get(at) {
                Some(b',') => {}
                Some(b']') => return Ok(at + 1),
                _ => return Err(ParseError::at(at)),
            }
        }
    }
}

/// Whether a list, which obeys the grammar, has something in it, and that is strings alone.
pub(super) fn are_strings(list: &[u8]) -> bool {
    if list.first() != Some(&b'[') {
        return false;
    }
    let mut at = 0;
    while let Ok((end, _)) = string(list, at + 1) {
        match list.get(end) {
            Some(b',') => at = end,
            Some(b']') => return end + 1 == list.len(),
            _ => return false,
        }
    }
    false
}

/// A name whose quote stands here, and behind which a colon does.
#[inline]
fn name(bytes: &[u8], at: usize) -> Result<Name, ParseError> {
    let (end, escaped) = string(bytes, at)?;
    match bytes.get(end) {
        Some(b':') => Ok(Name {
            from: at as u32 + 1,
            length: (end - at - 2) as u32,
            escaped,
        }),
        _ => Err(ParseError::at(end)),
    }
}

/// The place behind a string whose quote stands here, and whether something in it is escaped.
#[inline]
fn string(bytes: &[u8], at: usize) -> Result<(usize, bool), ParseError> {
    if bytes.get(at) != Some(&b'"') {
        return Err(ParseError::at(at));
    }
    let (mut at, mut escaped) = (at + 1, false);
    loop {
        at = stop(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Ok((at + 1, escaped)),
            Some(b'\\') => {
                escaped = true;
                at = escape(bytes, at)?;
            }
            // A control character, or the end of the line.
            _ => return Err(ParseError::at(at)),
        }
    }
}

/// The first place from here on at which a string may not simply go on: a quote, a backslash, a control character, the end. Eight
/// bytes at a time, as most strings are short.
#[inline]
fn stop(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const TOPS: u64 = ONES << 7;
    // A byte that is zero, or one less than that, has its top bit set; above the first such byte others may have, too.
    let below = |word: u64, least: u64| word.wrapping_sub(ONES * least) & !word;
    let mut rest = bytes.get(at..).unwrap_or_default();
    while let Some((eight, behind)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*eight);
        let quotes = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslashes = below(word ^ (ONES * u64::from(b'\\')), 1);
        let stops = (quotes | backslashes | below(word, 0x20)) & TOPS;
        if stops != 0 {
            return at + stops.trailing_zeros() as usize / 8;
        }
        at += 8;
        rest = behind;
    }
    at + rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | ..b' '))
        .unwrap_or(rest.len())
}

/// The place behind an escape. A half of a pair of surrogates is none.
fn escape(bytes: &[u8], at: usize) -> Result<usize, ParseError> {
    let wrong = || ParseError::at(at);
    match bytes.get(at + 1).ok_or_else(wrong)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
        b'u' => match unit(bytes, at).ok_or_else(wrong)? {
            0xd800..0xdc00 => {
                let low = unit(bytes, at + 6).filter(|low| (0xdc00..0xe000).contains(low));
                low.map(|_| at + 12).ok_or_else(wrong)
            }
            0xdc00..0xe000 => Err(wrong()),
            _ => Ok(at + 6),
        },
        _ => Err(wrong()),
    }
}

/// What `\u` and four digits stand for.
fn unit(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |sum, digit| {
        char::from(*digit).to_digit(16).map(|digit| sum * 16 + digit)
    })
}

/// The place behind a number, which must be one that binary64 can hold.
fn number(bytes: &[u8], at: usize) -> Result<usize, ParseError> {
    /// No number with so few digits and no exponent is too large.
    const SHORT: usize = 300;
    let digits = |at: usize| {
        let rest = bytes.get(at..).unwrap_or_default();
        at + rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let begin = at + usize::from(bytes.get(at) == Some(&b'-'));
    let mut end = digits(begin);
    if end == begin || end > begin + 1 && bytes.get(begin) == Some(&b'0') {
        return Err(ParseError::at(at));
    }
    let mut short = end - begin <= SHORT;
    if bytes.get(end) == Some(&b'.') {
        let fraction = end + 1;
        end = digits(fraction);
        if end == fraction {
            return Err(ParseError::at(end));
        }
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        end = digits(exponent);
        if end == exponent {
            return Err(ParseError::at(end));
        }
        short = false;
    }
    let fits = || {
        let text = std::str::from_utf8(bytes.get(at..end).unwrap_or_default()).unwrap_or_default();
        text.parse::<f64>().is_ok_and(f64::is_finite)
    };
    match short || fits() {
        true => Ok(end),
        false => Err(ParseError::new("it has a number that is too large")),
    }
}

fn word(bytes: &[u8], at: usize, word: &[u8]) -> Result<usize, ParseError> {
    match bytes.get(at..at + word.len()) == Some(word) {
        true => Ok(at + word.len()),
        false => Err(ParseError::at(at)),
    }
}
