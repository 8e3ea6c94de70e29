//! Tokens that start, or are built, in a way known to their provider.

use std::sync::LazyLock;

use super::providers::{ANY, PROVIDERS, Rule};
use super::{at, before, mixed, run, run_to, set, sets};
use crate::redact::Class;

/// What was found: the secret part, and what it counts as.
pub(in super::super) type Token = (usize, usize, Class);

/// One prefix and what must follow.
#[derive(Clone, Copy, Debug)]
struct Spec {
    prefix: &'static [u8],
    rule: Rule,
}

/// The rules by first byte, behind a filter on the first two.
pub(in super::super) struct Index {
    /// Bit `b1 % 64` of entry `b0`: some prefix may begin `b0 b1`.
    pairs: Box<[u64; 256]>,
    by_first: Vec<Vec<Spec>>,
}

/// The rules are the same for all policies.
pub(in super::super) static INDEX: LazyLock<Index> = LazyLock::new(Index::build);

impl Index {
    fn build() -> Self {
        let mut index = Self {
            pairs: Box::new([0; 256]),
            by_first: vec![Vec::new(); 256],
        };
        for (rule, prefixes) in PROVIDERS {
            for prefix in prefixes.split_ascii_whitespace() {
                let prefix = prefix.as_bytes();
                index.allow(at(prefix, 0), at(prefix, 1));
                if let Some(list) = index.by_first.get_mut(usize::from(at(prefix, 0))) {
                    list.push(Spec { prefix, rule: *rule });
                }
            }
        }
        // The longest prefix decides: `sk-ant-` before `sk-`.
        for list in &mut index.by_first {
            list.sort_by_key(|spec| std::cmp::Reverse(spec.prefix.len()));
        }
        index
    }

    fn allow(&mut self, b0: u8, b1: u8) {
        if let Some(seconds) = self.pairs.get_mut(usize::from(b0)) {
            *seconds |= 1 << (b1 & 63);
        }
    }

    /// Whether some prefix may begin with these two bytes.
    #[inline]
    pub(in super::super) fn may(&self, b0: u8, b1: u8) -> bool {
        self.pairs
            .get(usize::from(b0))
            .is_some_and(|seconds| seconds >> (b1 & 63) & 1 == 1)
    }

    /// The token that begins at the word start `i`.
    pub(in super::super) fn find(&self, s: &[u8], i: usize) -> Option<Token> {
        let text = s.get(i..)?;
        let list = self.by_first.get(usize::from(at(text, 0)))?;
        list.iter()
            .filter(|spec| text.starts_with(spec.prefix))
            .find_map(|spec| spec.matches(s, i))
    }
}

impl Spec {
    fn matches(&self, s: &[u8], i: usize) -> Option<Token> {
        let rule = self.rule;
        let body = i + self.prefix.len();
        // Read in bounds before it is read to its end, so that a failure costs little.
        if rule.mixed && !mixed(s.get(body..run_to(s, body, rule.set, 64))?) {
            return None;
        }
        let end = if rule.max == ANY {
            run(s, body, rule.set)
        } else {
            run_to(s, body, rule.set, rule.max.into())
        };
        let end = trim(s, body, end);
        let length = end - body;
        let fits = length >= usize::from(rule.min) && (rule.max == ANY || length <= usize::from(rule.max));
        if !fits || at(s, end).is_ascii_alphanumeric() {
            return None;
        }
        let start = if rule.keep {
            body
        } else {
            // Some carry their name in the middle.
            let start = i.checked_sub(rule.back.into())?;
            let head = s.get(start..i)?;
            if !head.iter().all(|b| sets(*b) & (set::URL64 | set::DOT) != 0) {
                return None;
            }
            start
        };
        Some((start, end, rule.class))
    }
}

/// Without the punctuation of the sentence around it.
fn trim(s: &[u8], body: usize, mut end: usize) -> usize {
    while end > body && matches!(at(s, end - 1), b'.' | b'/' | b':' | b'%') {
        end -= 1;
    }
    end
}

/// Tokens known by their end or their build, asked at the end of the word `start..end`.
pub(in super::super) fn by_word(s: &[u8], start: usize, end: usize) -> Option<Token> {
    let word = s.get(start..end)?;
    let all = |set: u16| word.iter().all(|b| sets(*b) & set != 0);
    match word.len() {
        // Mailchimp: 32 hex digits and the data centre. Mailgun: 32, 8 and 8 hex digits.
        32 if at(s, end) == b'-' && all(set::DIGIT | set::LOWER) && mixed(word) => {
            if s.get(end + 1..end + 3) == Some(b"us") {
                let close = run_to(s, end + 3, set::DIGIT, 2);
                return (close > end + 3 && !at(s, close).is_ascii_alphanumeric()).then_some((
                    start,
                    close,
                    Class::Key,
                ));
            }
            if !all(set::HEX) {
                return None;
            }
            let part = |from: usize| run_to(s, from, set::HEX, 8) == from + 8;
            let close = end + 18;
            let mailgun = part(end + 1) && at(s, end + 9) == b'-' && part(end + 10);
            (mailgun && !at(s, close).is_ascii_alphanumeric()).then_some((start, close, Class::Key))
        }
        // New Relic licence keys.
        40 if word.ends_with(b"NRAL") && mixed(word) => Some((start, end, Class::Key)),
        // Azure keys with their service in the middle.
        84 | 88 => {
            let marks: [&[u8]; 5] = [b"JQQJ9", b"AZDO", b"AzCa", b"AzSe", b"AzFu"];
            let tail = word.get(48..)?;
            marks
                .iter()
                .any(|mark| memchr::memmem::find(tail, mark).is_some())
                .then_some((start, end, Class::Key))
        }
        _ => None,
    }
}

/// Airtable personal tokens, `pat<14>.<64 hex>`, and Discord bot tokens, `<id in base64>.<6>.<27 up>`.
pub(in super::super) fn dotted(s: &[u8], start: usize, end: usize) -> Option<Token> {
    let word = s.get(start..end)?;
    if at(s, end) != b'.' {
        return None;
    }
    if word.starts_with(b"pat") && word.len() == 17 {
        let close = run_to(s, end + 1, set::ANY_HEX, 64);
        return ((60..=64).contains(&(close - end - 1)) && !at(s, close).is_ascii_alphanumeric()).then_some((
            start,
            close,
            Class::Token,
        ));
    }
    // A number in base64 begins so.
    let number = matches!(word, [b'M' | b'N' | b'O', b'D' | b'T' | b'j' | b'z', ..]);
    if number && (23..=28).contains(&word.len()) {
        let middle = run_to(s, end + 1, set::URL64, 7);
        if (6..=7).contains(&(middle - end - 1)) && at(s, middle) == b'.' {
            let close = run_to(s, middle + 1, set::URL64, 45);
            let length = close - middle - 1;
            return (27..=45).contains(&length).then_some((start, close, Class::Token));
        }
    }
    None
}

/// Telegram bot tokens, `<5 to 16 digits>:<35>`; `colon` is where the colon stands.
pub(in super::super) fn telegram(s: &[u8], colon: usize) -> Option<Token> {
    let head = s.get(colon.saturating_sub(17)..colon)?;
    let digits = head.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    if !(5..=16).contains(&digits) || at(s, colon + 1) != b'A' {
        return None;
    }
    let end = run_to(s, colon + 1, set::URL64, 36);
    let length = end - colon - 1;
    ((34..=36).contains(&length) && mixed(s.get(colon + 1..end)?)).then_some((colon - digits, end, Class::Token))
}

/// Facebook's `<id of the application>|<secret>`, also with the bar escaped; the id is `start..end`.
pub(in super::super) fn application(s: &[u8], start: usize, end: usize) -> Option<Token> {
    let from = match (at(s, end), s.get(end..end + 3)) {
        (b'|', _) => end + 1,
        (_, Some(b"%7C" | b"%7c")) => end + 3,
        (b'%', _) => end + 1,
        _ => return None,
    };
    let close = run_to(s, from, set::URL64, 40);
    let digits = s.get(start..end)?.iter().all(u8::is_ascii_digit);
    let fits = digits && (24..=40).contains(&(close - from)) && mixed(s.get(from..close)?);
    (fits && !at(s, close).is_ascii_alphanumeric()).then_some((start, close, Class::Token))
}

/// Azure client secrets, `<3><digit>Q~<31 up>`; `tilde` is where the tilde stands.
pub(in super::super) fn azure(s: &[u8], tilde: usize) -> Option<Token> {
    const SET: u16 = set::URL64 | set::DOT | set::TILDE;
    let start = tilde.checked_sub(5)?;
    let head = s.get(start..tilde)?;
    let [a, b, c, digit, b'Q'] = *head else { return None };
    let end = run_to(s, tilde + 1, SET, 36);
    let fits = digit.is_ascii_digit()
        && [a, b, c].iter().all(|x| sets(*x) & SET != 0)
        && !before(s, start).is_ascii_alphanumeric()
        && (31..=36).contains(&(end - tilde - 1));
    fits.then_some((start, end, Class::Key))
}
