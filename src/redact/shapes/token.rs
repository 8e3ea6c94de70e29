//! Tokens that start, or are built, in a way known to their provider.

use std::sync::LazyLock;

use super::der::decoded;
use super::providers::{ANY, PROVIDERS, Rule};
use super::{at, before, iban, is_random, is_uneven, mixed, one_case, run, run_to, set, sets};
use crate::redact::Class;

/// What was found: the secret part, and what it counts as.
pub(in super::super) type Token = (usize, usize, Class);

/// One prefix and what must follow.
#[derive(Clone, Copy, Debug)]
struct Spec {
    prefix: &'static [u8],
    rule: Rule,
}

/// A set of the first bytes of words.
type Begins = Box<[u64; 1024]>;

/// The rules by first byte, behind a filter.
pub(in super::super) struct Index {
    /// With what two bytes anything may begin that is known by its beginning.
    pairs: Begins,
    /// With what three bytes a token may begin, by hash.
    tokens: Begins,
    by_first: Vec<Vec<Spec>>,
}

/// The rules are the same for all policies.
pub(in super::super) static INDEX: LazyLock<Index> = LazyLock::new(Index::build);

impl Index {
    fn build() -> Self {
        let none = || Box::new([0; 1024]);
        let mut index = Self {
            pairs: none(),
            tokens: none(),
            by_first: vec![Vec::new(); 256],
        };
        for (rule, prefixes) in PROVIDERS {
            for prefix in prefixes.split_ascii_whitespace() {
                let prefix = prefix.as_bytes();
                let (b0, b1) = (at(prefix, 0), at(prefix, 1));
                // Behind a prefix of two bytes anything may follow.
                let third = prefix.get(2).map_or(0..=u8::MAX, |b2| *b2..=*b2);
                third.for_each(|b2| add(&mut index.tokens, triple(b0, b1, b2)));
                add(&mut index.pairs, pair(b0, b1));
                if let Some(list) = index.by_first.get_mut(usize::from(b0)) {
                    list.push(Spec { prefix, rule: *rule });
                }
            }
        }
        // The longest prefix decides: `sk-ant-` before `sk-`.
        for list in &mut index.by_first {
            list.sort_by_key(|spec| std::cmp::Reverse(spec.prefix.len()));
        }
        // What else begins with a word: cards, JSON web tokens, IBANs, and the words that lead to a credential.
        for b0 in b'0'..=b'9' {
            (b'0'..=b'9').for_each(|b1| add(&mut index.pairs, pair(b0, b1)));
        }
        // DER in base64, and words that count in capital letters only.
        (b'A'..=b'P').for_each(|b1| add(&mut index.pairs, pair(b'M', b1)));
        for (b0, b1) in b"MNO".iter().flat_map(|b0| b"ADgjQTwz".map(|b1| (*b0, b1))) {
            add(&mut index.pairs, pair(b0, b1));
        }
        for [b0, b1] in [b"b3", b"AU", b"SS", b"Ne", b"UG"] {
            add(&mut index.pairs, pair(*b0, *b1));
        }
        let words = [
            "be", "ba", "to", "wa", "pr", "ps", "pa", "id", "is", "my", "ma", "lo", "ss", "ey", "ew", "1$", "5$", "6$",
            "7$", "8$", "9$", "y$", "gy", "2a", "2b", "2x", "2y", "ap", "ar", "sc", "va", "mn", "ro", "re", "bi", "pb",
            "pw",
        ];
        for word in words.into_iter().chain(iban::countries()) {
            let (b0, b1) = (at(word.as_bytes(), 0) | 0x20, at(word.as_bytes(), 1) | 0x20);
            for (b0, b1) in [(b0, b1), (b0 ^ 0x20, b1), (b0, b1 ^ 0x20), (b0 ^ 0x20, b1 ^ 0x20)] {
                add(&mut index.pairs, pair(b0, b1));
            }
        }
        index
    }

    /// Whether something may begin at `i`.
    #[inline]
    pub(in super::super) fn may(&self, s: &[u8], i: usize) -> bool {
        has(&self.pairs, pair(at(s, i), at(s, i + 1)))
    }

    /// The token that begins at the word start `i`.
    pub(in super::super) fn find(&self, s: &[u8], i: usize) -> Option<Token> {
        let text = s.get(i..)?;
        let (b0, b1, b2) = (at(text, 0), at(text, 1), at(text, 2));
        if !has(&self.tokens, triple(b0, b1, b2)) {
            return None;
        }
        let list = self.by_first.get(usize::from(b0))?;
        let like = |prefix: &[u8]| at(prefix, 1) == b1 && (prefix.len() == 2 || at(prefix, 2) == b2);
        let list = list
            .iter()
            .filter(|spec| like(spec.prefix) && text.starts_with(spec.prefix));
        list.filter_map(|spec| spec.matches(s, i)).next()
    }
}

fn add(set: &mut Begins, bit: usize) {
    if let Some(word) = set.get_mut(bit / 64) {
        *word |= 1 << (bit % 64);
    }
}

#[inline]
fn has(set: &Begins, bit: usize) -> bool {
    set.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
}

#[inline]
fn pair(b0: u8, b1: u8) -> usize {
    u16::from_le_bytes([b0, b1]).into()
}

#[inline]
fn triple(b0: u8, b1: u8, b2: u8) -> usize {
    (u32::from_le_bytes([b0, b1, b2, 0]).wrapping_mul(0x9E37_79B1) >> 16) as usize
}

impl Spec {
    fn matches(&self, s: &[u8], i: usize) -> Option<Token> {
        let rule = self.rule;
        let body = i + self.prefix.len();
        // Read in bounds before it is read to its end, so that a failure costs little.
        if rule.mixed || rule.drawn {
            let text = s.get(body..run_to(s, body, rule.set, 64))?;
            // The hash at the end of a name in parts: `cache-key-<md5>`.
            let part = before(s, i) == b'-' && matches!(self.prefix.last(), Some(b'-' | b'_'));
            if part && text.iter().all(|b| sets(*b) & set::ANY_HEX != 0) {
                return None;
            }
            if rule.mixed && !mixed(text) && !is_uneven(text) || rule.drawn && !is_drawn(text) {
                return None;
            }
        }
        let set = rule.set & !set::EQUALS;
        let mut end = if rule.max == ANY {
            run(s, body, set)
        } else {
            run_to(s, body, set, rule.max.into())
        };
        let filling = end;
        // Equals signs fill up a part; in front of a word they part a name from its value.
        while rule.set & set::EQUALS != 0 && at(s, end) == b'=' {
            let filled = run_to(s, end, set::EQUALS, 3);
            // What is too short for one has them within.
            let within = end - body < usize::from(rule.min) && sets(at(s, filled)) & set != 0;
            if at(s, filled).is_ascii_alphanumeric() && !within {
                break;
            }
            end = if at(s, filled) == b'_' || within {
                run(s, filled, set)
            } else {
                filled
            };
        }
        let fits = rule.max == ANY || filling - body <= usize::from(rule.max);
        let end = trim(s, body, end);
        let fits = fits && end - body >= usize::from(rule.min);
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

/// Whether a part of it looks drawn by chance: in a name of many words numbers stand apart.
fn is_drawn(body: &[u8]) -> bool {
    let mut parts = body.split(|b| sets(*b) & set::ALNUM == 0);
    parts.any(|part| part.len() >= 8 && is_random(part) || is_uneven(part))
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
        // Asana: behind a digit and the number of the user.
        32 if before(s, start) == b':' && all(set::HEX) && behind_user(s, start - 1).is_some() => {
            let free = !goes_on(at(s, end)) || at(s, end) == b'.' && !at(s, end + 1).is_ascii_alphanumeric();
            behind_user(s, start - 1)
                .filter(|_| free)
                .map(|start| (start, end, Class::Token))
        }
        // Zoho: `1000.<32>.<32>`.
        32 if at(s, end) == b'.' && all(set::ANY_HEX) && s.get(..start)?.ends_with(b"1000.") => {
            let close = run_to(s, end + 1, set::ANY_HEX, 32);
            (close > end + 24 && !at(s, close).is_ascii_alphanumeric()).then_some((start - 5, close, Class::Token))
        }
        // Mailchimp: 32 hex digits and the data centre. Mailgun: 32, 8 and 8 hex digits.
        // Zhipu: 32 hex digits and 16 letters or digits.
        32 if at(s, end) == b'.' && all(set::ANY_HEX) && mixed(word) => {
            let close = run_to(s, end + 1, set::ALNUM, 16);
            let tail = s.get(end + 1..close).filter(|tail| tail.len() == 16 && mixed(tail))?;
            let free = !goes_on(at(s, close)) && tail.iter().any(|b| sets(*b) & set::ANY_HEX == 0);
            free.then_some((start, close, Class::Key))
        }
        // Two hashes of Windows, as they are dumped: `bob:1001:<LM>:<NT>:::`.
        32 if at(s, end) == b':' && all(set::ANY_HEX) => {
            let close = run_to(s, end + 1, set::ANY_HEX, 32);
            let dumped = close == end + 33 && s.get(close..)?.starts_with(b":::");
            dumped.then_some((start, close, Class::Credential))
        }
        // Tableau: behind 16 bytes in base64.
        32 if before(s, start) == b':' && mixed(word) && behind_bytes(s, start - 1) => {
            Some((start - 25, end, Class::Token))
        }
        // Twilio: behind the number of the account.
        32 if all(set::HEX) && mixed(word) && behind_account(s, start) => Some((start, end, Class::Token)),
        32 if at(s, end) == b'-' && mixed(word) => {
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
        // Of social networks: behind the number of the account.
        40 if before(s, start) == b'-' && mixed(word) && !one_case(word) => {
            let head = s.get(start.saturating_sub(22)..start - 1).unwrap_or_default();
            let digits = head.iter().rev().take_while(|b| b.is_ascii_digit()).count();
            let free = (8..21).contains(&digits) && !goes_on(before(s, start - 1 - digits)) && !goes_on(at(s, end));
            free.then_some((start - 1 - digits, end, Class::Token))
        }
        // TrueNAS: behind a number.
        64 if before(s, start) == b'-' && mixed(word) && !one_case(word) => {
            let head = s.get(start.saturating_sub(6)..start - 1).unwrap_or_default();
            let digits = head.iter().rev().take_while(|b| b.is_ascii_digit()).count();
            let free = (1..5).contains(&digits) && !goes_on(before(s, start - 1 - digits)) && !goes_on(at(s, end));
            free.then_some((start - 1 - digits, end, Class::Key))
        }
        // Dropbox: ten letters A and more in the middle.
        64 if mixed(word) && word.get(12..21)?.iter().all(|b| *b == b'A') => Some((start, end, Class::Token)),
        // Azure keys with their service in the middle.
        83..=88 => {
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

/// Whether 16 bytes in base64, `<22>==`, stand before `end`.
fn behind_bytes(s: &[u8], end: usize) -> bool {
    let head = s.get(end.saturating_sub(24)..end).unwrap_or_default();
    let body = head.strip_suffix(b"==").unwrap_or_default();
    body.len() == 22 && mixed(body) && body.iter().all(|b| sets(*b) & (set::BASE64 & !set::EQUALS) != 0)
}

/// Where `1/` and the number of a user begin that end before `colon`.
fn behind_user(s: &[u8], colon: usize) -> Option<usize> {
    let head = s.get(colon.saturating_sub(22)..colon)?;
    let digits = head.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let start = colon.checked_sub(digits + 2)?;
    let opens = matches!(s.get(start..start + 2), Some([b'0'..=b'2', b'/']));
    let free = !goes_on(before(s, start)) && before(s, start) != b'/';
    (opens && free && (13..=20).contains(&digits)).then_some(start)
}

/// Whether the number that ends before `colon` and what follows are a token together.
pub(in super::super) fn is_user(s: &[u8], colon: usize) -> bool {
    run_to(s, colon + 1, set::HEX, 32) == colon + 33 && behind_user(s, colon).is_some()
}

/// Whether an account of Twilio, `AC` and 32 hexadecimal digits, stands before `start`.
fn behind_account(s: &[u8], start: usize) -> bool {
    const ACCOUNT: usize = 34;
    let head = s.get(start.saturating_sub(ACCOUNT + 24)..start).unwrap_or_default();
    memchr::memmem::find_iter(head, b"AC").any(|k| {
        let end = run_to(head, k + 2, set::HEX, 32);
        end == k + ACCOUNT && end < head.len() && !before(head, k).is_ascii_alphanumeric()
    })
}

/// A key of DeepL, a UUID and `:fx`; `colon` is where the colon stands.
pub(in super::super) fn translator(s: &[u8], colon: usize) -> Option<Token> {
    const UUID: usize = 36;
    let end = colon + 3;
    if s.get(colon + 1..end) != Some(b"fx") || goes_on(at(s, end)) && at(s, end) != b'.' {
        return None;
    }
    let start = colon.checked_sub(UUID)?;
    let fits = s.get(start..colon)?.iter().enumerate().all(|(k, b)| match k {
        8 | 13 | 18 | 23 => *b == b'-',
        _ => sets(*b) & set::HEX != 0,
    });
    (fits && !goes_on(before(s, start))).then_some((start, end, Class::Key))
}

/// Firebase's keys of servers and tokens of devices, `<11 up>:<120 up>`; `colon` is where the colon stands.
pub(in super::super) fn push(s: &[u8], colon: usize) -> Option<Token> {
    if [1, 120].iter().any(|k| sets(at(s, colon + k)) & set::URL64 == 0) {
        return None;
    }
    let head = s.get(colon.saturating_sub(24)..colon)?;
    let start = colon - head.iter().rev().take_while(|b| sets(**b) & set::URL64 != 0).count();
    let end = run(s, colon + 1, set::URL64);
    let known = s.get(start..colon)?.starts_with(b"AAAA") || s.get(colon + 1..)?.starts_with(b"APA91");
    let fits = matches!(colon - start, 11 | 22) && (120..=180).contains(&(end - colon - 1));
    (known && fits && mixed(s.get(colon + 1..end)?)).then_some((start, end, Class::Key))
}

/// Salesforce sessions, `<id of the organization>!<secret>`; the id is `start..end`.
pub(in super::super) fn organization(s: &[u8], start: usize, end: usize) -> Option<Token> {
    let close = run_to(s, end + 1, set::URL64 | set::DOT, 300);
    let fits = s.get(start..end)?.starts_with(b"00D") && close - end > 40 && mixed(s.get(end + 1..close)?);
    fits.then_some((start, trim(s, end, close), Class::Session))
}

/// Whether a word goes on with this byte.
const fn goes_on(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')
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
    let number = matches!(word, [b'M' | b'N' | b'O', second, ..] if mixed(word) || b"DTjz".contains(second));
    if number && (23..=28).contains(&word.len()) {
        let middle = run_to(s, end + 1, set::URL64, 7);
        if (6..=7).contains(&(middle - end - 1)) && at(s, middle) == b'.' {
            let close = run_to(s, middle + 1, set::URL64, 45);
            let length = close - middle - 1;
            let fits = (27..=45).contains(&length) && mixed(s.get(middle + 1..close)?);
            return fits.then_some((start, close, Class::Token));
        }
    }
    None
}

/// Telegram bot tokens, `<5 to 16 digits>:<35>`; `colon` is where the colon stands.
pub(in super::super) fn telegram(s: &[u8], colon: usize) -> Option<Token> {
    let head = s.get(colon.saturating_sub(17)..colon)?;
    let digits = head.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    if !(5..=16).contains(&digits) {
        return None;
    }
    let end = run_to(s, colon + 1, set::URL64, 40);
    let length = end - colon - 1;
    // Those that are given out begin so; others are taken by their length alone.
    let known = s.get(colon + 1..colon + 3) == Some(b"AA") && (34..=40).contains(&length);
    let like = at(s, colon + 1) == b'A' || length == 35 && (8..=10).contains(&digits);
    (known || like && (34..=36).contains(&length) && mixed(s.get(colon + 1..end)?)).then_some((
        colon - digits,
        end,
        Class::Token,
    ))
}

/// Personal tokens of Jira and Bitbucket: in base64 a number of twelve digits, a colon, and 20 bytes drawn by chance.
pub(in super::super) fn numbered(s: &[u8], i: usize) -> Option<Token> {
    let end = run_to(s, i, set::ALNUM | set::PLUS | set::SLASH, 44);
    let number = decoded(s.get(i..i + 20)?)?;
    let (digits, rest) = number.split_first_chunk::<12>()?;
    let free = !at(s, end).is_ascii_alphanumeric() && at(s, end) != b'=';
    let fits = end == i + 44 && digits.iter().all(u8::is_ascii_digit) && rest.first() == Some(&b':');
    (fits && free).then_some((i, end, Class::Token))
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

/// The key of a licence, five groups of five capital letters and digits; the first dash is at `dash`.
pub(in super::super) fn licence(s: &[u8], dash: usize) -> Option<Token> {
    const GROUPS: usize = 5;
    if [6, 12, 18].iter().any(|k| at(s, dash + k) != b'-') {
        return None;
    }
    let start = dash.checked_sub(5)?;
    let end = start + 6 * GROUPS - 1;
    let mut groups = s.get(start..end)?.split(|b| *b == b'-');
    let fits = groups.clone().filter(|group| mixed(group)).count() >= 3
        && groups.all(|group| group.len() == 5 && group.iter().all(|b| sets(*b) & (set::DIGIT | set::UPPER) != 0));
    (fits && !goes_on(before(s, start)) && !goes_on(at(s, end))).then_some((start, end, Class::Key))
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
