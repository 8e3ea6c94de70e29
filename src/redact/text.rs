//! The walk over a text that the sieve held back: where each secret begins and ends.
//!
//! One pass, left to right, over words and the bytes between them. At the start of a word the [shapes](super::shapes) are asked, at a
//! separator the [name](super::pair) before it. Nested JSON needs no parser: at every depth, and however often its quotes are
//! escaped, a member is a name, a colon and a value. What is kept of its structure is the end of the string one is in: nothing found
//! there reaches beyond, so that no content of a member, however broken or hostile, can hide or harm the next one.

use std::collections::VecDeque;

pub(super) use super::hit::Hit;
use super::policy::{Judged, Policy, Verdict};
use super::shapes::{
    at, auth, azure, before, card, der, dsn, email, iban, jwt, pem, reads, set, sets, ssn, token, url,
};
use super::{Class, Shape};
use super::{
    assigned, bare, beside, command, compared, handed, link, list, login, marks, notation, pair, protocol, remark,
    said, series,
};

/// Strings within strings that are told apart; each level doubles the backslashes, so there are few in a text of any length.
const DEPTH: usize = 20;

/// A string within the text.
#[derive(Clone, Copy)]
struct Quoted {
    start: usize,
    end: usize,
    /// The backslashes before its quotes.
    level: usize,
}

/// The hits of a text, in order; they do not overlap.
pub(super) struct Walk<'a> {
    pub(super) policy: &'a Policy,
    /// The text up to the end of the innermost string.
    pub(super) s: &'a [u8],
    all: &'a [u8],
    /// The strings around the current position, outermost first.
    strings: Vec<Quoted>,
    at: usize,
    /// A value that stays as it is: the walk goes on behind it.
    pub(super) skip: usize,
    /// The end of the last hit: nothing before it may become part of another.
    pub(super) floor: usize,
    /// Up to here no JSON web token begins.
    barren: usize,
    /// The end of the text in which a part of a form has no boundary.
    pub(super) boundless: usize,
    /// A command with `-pPASSWORD` was named, and whether it takes a blank in between.
    command: Option<bool>,
    /// An option that may take `user:password` was seen.
    flagged: bool,
    /// A sensitive name that stood as a value (`"name":"DB_PASSWORD"`), and where it ended.
    pub(super) label: Option<(Verdict, usize)>,
    /// What was found in the rows of a table, in order.
    pub(super) queue: VecDeque<Hit>,
    /// Up to here tables were read.
    pub(super) tables: usize,
    /// The last name that had a value, and where that ended.
    pub(super) last: Option<(Judged, usize)>,
    /// The last object that was searched for the mark of a web key: where it begins and ends, and whether it is one.
    pub(super) keys: Option<(usize, usize, bool)>,
    /// Whether the text is the manifest of a secret, once that was asked.
    pub(super) manifest: Option<bool>,
}

impl<'a> Walk<'a> {
    pub(super) const fn new(policy: &'a Policy, s: &'a [u8]) -> Self {
        Self {
            policy,
            s,
            all: s,
            strings: Vec::new(),
            at: 0,
            skip: 0,
            floor: 0,
            barren: 0,
            boundless: usize::MAX,
            flagged: false,
            command: None,
            label: None,
            queue: VecDeque::new(),
            tables: 0,
            last: None,
            keys: None,
            manifest: None,
        }
    }

    /// Whether a shape is looked for: one that is not may not cost its search either.
    fn on(&self, shape: Shape) -> bool {
        self.policy.shape(shape, shape.class()).is_some()
    }

    pub(super) fn hit(&mut self, shape: Shape, class: Class, span: (usize, usize)) -> Option<Hit> {
        let verdict = self.policy.shape(shape, class)?;
        self.treated(verdict, span)
    }

    pub(super) fn treated(&mut self, verdict: Verdict, (start, end): (usize, usize)) -> Option<Hit> {
        let span = (start, marks::before_escape(self.s, start, end));
        let text = self.s.get(span.0..span.1)?;
        let done = self.policy.is_done(verdict, text) || remark::is_reference(text);
        let quotes = if self.s.get(span.0).is_some_and(u8::is_ascii_digit) {
            self.number(span)
        } else {
            None
        };
        let hit = Hit {
            start: span.0,
            end: span.1,
            verdict,
            quotes,
            next: span.1,
            shape: true,
        };
        if done {
            self.skip = hit.end;
        }
        (span.0 >= self.floor && !done).then_some(hit)
    }

    /// A number that is a JSON value of its own must become a string: the backslashes before its quotes.
    fn number(&self, (start, end): (usize, usize)) -> Option<usize> {
        let (from, level) = match self.strings.last() {
            Some(string) => (string.start, 2 * string.level + 1),
            None => (0, 0),
        };
        let first = self
            .s
            .get(from..start)?
            .iter()
            .take(64)
            .find(|b| !b.is_ascii_whitespace())?;
        let last = self
            .s
            .get(from..start)?
            .iter()
            .rev()
            .take(16)
            .find(|b| !b.is_ascii_whitespace())?;
        let next = self.s.get(end..)?.iter().take(16).find(|b| !b.is_ascii_whitespace())?;
        let json =
            matches!(first, b'{' | b'[') && matches!(last, b':' | b'[' | b',') && matches!(next, b',' | b'}' | b']');
        json.then_some(level)
    }

    /// The next hit of a table that was read. It may overlap one before it.
    fn queued(&mut self) -> Option<Hit> {
        while let Some(hit) = self.queue.pop_front() {
            if hit.start >= self.floor {
                self.at = hit.next;
                self.floor = hit.end;
                return Some(hit);
            }
        }
        None
    }

    fn token(&mut self, found: Option<token::Token>) -> Option<Hit> {
        let (start, end, class) = found?;
        self.hit(Shape::Token, class, (start, end))
    }

    /// The shapes that begin with a word.
    #[inline(never)]
    fn word(&mut self, i: usize) -> Option<Hit> {
        let s = self.s;
        let (b0, b1) = (at(s, i), at(s, i + 1));
        if b0.is_ascii_digit()
            && let Some(hit) = self.digits(i)
        {
            return Some(hit);
        }
        if matches!((b0, b1), (b'e', b'y' | b'w'))
            && self.on(Shape::Jwt)
            && let Some(end) = jwt::find(s, i, &mut self.barren)
        {
            return self.hit(Shape::Jwt, Class::Jwt, (i, end));
        }
        if (matches!(before(s, i), b'$' | b'{') || matches!((b0, b1), (b'p', b'b') | (b's', b'c')))
            && let Some(span) = dsn::crypt(s, i)
        {
            return self.hit(Shape::Token, Class::Credential, span);
        }
        if self.on(Shape::Token)
            && let Some(token) = self.policy.tokens.find(s, i)
        {
            return self.token(Some(token));
        }
        if at(s, i + 2).is_ascii_digit()
            && let Some(end) = iban::find(s, i)
        {
            return self.hit(Shape::Iban, Class::Bank, (i, end));
        }
        if matches!((b0, b1), (b'M', b'A'..=b'P') | (b'b', b'3'))
            && let Some(span) = der::find(s, i).filter(|_| self.on(Shape::PrivateKey))
        {
            return self.hit(Shape::PrivateKey, Class::Pem, span);
        }
        if matches!(
            (b0, b1),
            (b'M'..=b'O', b'A' | b'D' | b'g' | b'j' | b'Q' | b'T' | b'w' | b'z')
        ) && let Some(found) = token::numbered(s, i)
        {
            return self.token(Some(found));
        }
        let credential = match b0 | 0x20 {
            b'b' if b1 | 0x20 == b'i' => return protocol::find(self, i),
            b't' if b1 == b'o' && at(s, i + 2) == b' ' => return said::to(self, i),
            b'b' | b't' => auth::find(s, i),
            b's' if b1 == b'S' && b0 == b'S' => auth::find(s, i),
            b'p' if (b0, b1) == (b'P', b'r') => {
                let span = pem::putty(s, i).filter(|_| self.on(Shape::PrivateKey))?;
                return self.hit(Shape::PrivateKey, Class::Pem, span);
            }
            b'i' if b1 == b's' && matches!(at(s, i + 2), b' ' | b':') => return said::is(self, i, 2),
            b'w' if reads(s, i, b"was") && matches!(at(s, i + 3), b' ' | b':') => return said::is(self, i, 3),
            b'p' if b1 | 0x20 == b's' => {
                if reads(s, i, b"psexec") {
                    self.command = Some(true);
                }
                None
            }
            b'p' if matches!(b1 | 0x20, b'a' | b'w') && !reads(s, i, b"password '") && !reads(s, i, b"password(") => {
                match protocol::find(self, i) {
                    None => auth::sql(s, i),
                    found => return found,
                }
            }
            b'p' | b'i' => auth::sql(s, i),
            b'a' | b'r' | b'u' => return protocol::find(self, i),
            b'n' => auth::find(s, i),
            b'v' => {
                self.values(i);
                None
            }
            b'm' | b's' | b'l' => {
                if reads(s, i, b"mysql") || reads(s, i, b"mariadb") {
                    self.command = Some(false);
                } else if s.get(i..)?.starts_with(b"login")
                    && at(s, i + 5).is_ascii_whitespace()
                    && let Some(span) = dsn::netrc(s, i)
                {
                    return self.hit(Shape::Pair, Class::Credential, span);
                } else if reads(s, i, b"sshpass") || reads(s, i, b"login ") && auth::registry(s, i) {
                    self.command = Some(true);
                } else {
                    return protocol::find(self, i);
                }
                None
            }
            _ => None,
        };
        self.hit(Shape::Authorization, Class::Credential, credential?)
    }

    fn digits(&mut self, i: usize) -> Option<Hit> {
        let s = self.s;
        match at(s, i + 3) {
            b'0'..=b'9' => {
                let end = card::find(s, i).filter(|_| !remark::is_count(self, i))?;
                // The number of a user, before what he is known by.
                if at(s, end) == b':' && token::is_user(s, end) {
                    return None;
                }
                self.hit(Shape::Card, Class::Card, (i, end))
            }
            b'-' => ssn::find(s, i).and_then(|end| self.hit(Shape::Ssn, Class::GovernmentId, (i, end))),
            _ => None,
        }
    }

    /// The shapes known at the end of a word.
    fn end(&mut self, start: usize, end: usize) -> Option<Hit> {
        let known = match end - start {
            15 if at(self.s, end) == b'!' => self.token(token::organization(self.s, start, end)),
            12..=18 if matches!(at(self.s, end), b'|' | b'%') => self.token(token::application(self.s, start, end)),
            32 | 40 | 64 | 83..=88 => self.token(token::by_word(self.s, start, end)),
            12 if before(self.s, start) == b'-' => return beside::uuid(self, start, end),
            17 | 23..=28 if at(self.s, end) == b'.' => self.token(token::dotted(self.s, start, end)),
            _ => None,
        };
        let known = match azure::find(self.s, start, end).filter(|_| known.is_none()) {
            Some(found) => self.token(Some(found)),
            None => known,
        };
        // Nothing names what stands alone.
        if known.is_none() && start > 0 && end - start >= bare::SHORTEST {
            bare::find(self, start, end)
        } else {
            known
        }
    }

    fn colon(&mut self, i: usize) -> Option<Hit> {
        let s = self.s;
        if s.get(i..)?.starts_with(b"://") {
            return url::find(s, i).and_then(|span| self.hit(Shape::UrlPassword, Class::UrlPassword, span));
        }
        let previous = before(s, i);
        if previous.is_ascii_digit() && sets(at(s, i + 1)) & set::URL64 != 0 && sets(at(s, i + 34)) & set::URL64 != 0 {
            let found = self.token(token::telegram(s, i));
            if found.is_some() {
                return found;
            }
        }
        if let Some(found) = token::push(s, i).or_else(|| token::translator(s, i)) {
            return self.token(Some(found));
        }
        if self.flagged
            && let Some(span) = auth::user_flag(s, i)
        {
            let span = (login::key(s, i).unwrap_or(span.0), span.1);
            return self.hit(Shape::Authorization, Class::Credential, span);
        }
        if previous == b'n'
            && let Some(span) = url::oracle(s, i)
        {
            return self.hit(Shape::UrlPassword, Class::UrlPassword, span);
        }
        if matches!(previous, b'0'..=b'9' | b'*')
            && let Some(span) = dsn::pgpass(s, i)
        {
            return self.hit(Shape::UrlPassword, Class::Credential, span);
        }
        if let Some(hit) = pair::find(self, i) {
            return Some(hit);
        }
        if (previous == b'|' || matches!(at(s, i + 1), b'"' | b'\'' | b'`'))
            && let Some(hit) = assigned::find(self, i)
        {
            return Some(hit);
        }
        if let Some(hit) = said::keyword(self, i) {
            return Some(hit);
        }
        let span = url::relative(s, i)?;
        self.hit(Shape::UrlPassword, Class::UrlPassword, span)
    }

    fn dash(&mut self, i: usize) -> Option<Hit> {
        let s = self.s;
        let previous = before(s, i);
        self.flagged |= matches!(at(s, i + 1), b'-' | b'u' | b'U');
        if previous == b'<' {
            return list::arrow(self, i);
        }
        if previous == b'-' {
            return None;
        }
        // `the acme token - 'x'`
        if previous == b' '
            && at(s, i + 1) == b' '
            && let Some(hit) = assigned::find(self, i)
        {
            return Some(hit);
        }
        if let Some(found) = token::licence(s, i) {
            return self.token(Some(found));
        }
        if at(s, i + 1) == b'-' {
            if self.on(Shape::PrivateKey)
                && let Some(span) = pem::find(s, i).or_else(|| pem::end(s, i, self.floor))
            {
                return self.hit(Shape::PrivateKey, Class::Pem, span);
            }
            if matches!(previous, b'"' | b'\'')
                && let Some(hit) = list::argument(self, i)
            {
                return Some(hit);
            }
            let ((from, to), span) = auth::long_flag(s, i)?;
            return command::option(self, (from, to), span);
        }
        if let Some(spaced) = self.command
            && let Some(span) = auth::short_flag(s, i, spaced)
        {
            return self.hit(Shape::Authorization, Class::Credential, span);
        }
        command::find(self, i)
    }

    /// A double quote at `i`: if it opens a string, the walk stays within it until its end.
    fn quote(&mut self, i: usize) {
        let level = marks::slashes(self.s, i);
        let lead = self.s.get(..i - level).unwrap_or_default();
        let lead = lead.iter().rev().take(64).find(|b| !b.is_ascii_whitespace());
        if !lead.is_none_or(|b| matches!(b, b'{' | b'[' | b'(' | b',' | b':' | b'=')) {
            return;
        }
        if self.strings.len() < DEPTH {
            let end = marks::closing(self.s, i + 1, b'"', level);
            let start = i + 1;
            self.strings.push(Quoted { start, end, level });
            self.s = self.all.get(..end).unwrap_or(self.all);
        }
    }

    /// If nothing but blanks stands between `i` and the end of the string around it, and that end looks like the opening of
    /// another, `"Login { password: "x" }"`, the string was no string: its quotes were not escaped.
    pub(super) fn look_beyond(&mut self, i: usize) {
        let Some(&Quoted { end, level, .. }) = self.strings.last() else {
            return;
        };
        if i + marks::blanks(self.s, i) != end || self.s.len() != end {
            return;
        }
        let quote = end + level;
        let opens = at(self.all, quote) == b'"' && {
            let first = at(self.all, quote + 1);
            first.is_ascii_alphanumeric() || matches!(first, b'$' | b'!' | b'@' | b'#' | b'%' | b'_' | b'*' | 0x80..)
        };
        if opens {
            self.strings.pop();
            let outer = self.strings.last().map_or(self.all.len(), |s| s.end);
            self.s = self.all.get(..outer).unwrap_or(self.all);
        }
    }

    /// Leaves the strings that end at or before `i`, and says where to go on; `None` at the end of all.
    fn leave(&mut self, mut i: usize) -> Option<usize> {
        while let Some(&Quoted { end, level, .. }) = self.strings.last() {
            if i < end {
                break;
            }
            self.strings.pop();
            let outer = self.strings.last().map_or(self.all.len(), |s| s.end);
            self.s = self.all.get(..outer).unwrap_or(self.all);
            // Behind its own quote. It may also have been cut short by the quote of what is around it.
            let own = marks::slashes(self.all, end + level) >= level && at(self.all, end + level) == b'"';
            i = i.max(if own { end + level + 1 } else { end });
        }
        (i < self.s.len()).then_some(i)
    }

    /// The bytes between words that lead to something.
    #[inline(never)]
    fn special(&mut self, b: u8, i: usize, next: &mut usize) -> Option<Hit> {
        match b {
            b':' if at(self.s, i + 1) == b':' => *next += 1,
            // Of a time, a ratio or a port.
            b':' if pair::between_numbers(self.s, i) => {}
            b':' => return self.colon(i),
            b'=' if series::queue(self, i) => {}
            b'=' => return pair::find(self, i).or_else(|| assigned::find(self, i)),
            b'|' if before(self.s, i) == b'|' => {
                return assigned::find(self, i).or_else(|| assigned::fallback(self, i));
            }
            b'|' if before(self.s, i) == b' ' && command::reads_one(self.s, i) => return command::piped(self, i),
            b'>' if matches!(before(self.s, i), b'-' | b'=') => {
                return list::arrow(self, i).or_else(|| assigned::find(self, i));
            }
            b'>' => return pair::element(self, i).or_else(|| assigned::find(self, i)),
            b',' | b'\t' if self.lines(i, b) => {}
            b',' => {
                let found = list::pair(self, i).or_else(|| list::cell(self, i));
                return found.or_else(|| assigned::find(self, i));
            }
            b';' if at(self.s, i + 1) <= b' ' || self.lines(i, b) => {}
            b'\t' | b';' => return list::tab(self, i),
            b'/' => return link::find(self, i).or_else(|| login::noted(self, i)),
            b'(' => {
                let found = pair::tuple(self, i).or_else(|| handed::find(self, i));
                return found
                    .or_else(|| compared::method(self, i))
                    .or_else(|| login::bracketed(self, i));
            }
            b'-' => return self.dash(i),
            b'"' if notation::serialized(self, i).is_some() => {
                let verdict = notation::serialized(self, i)?;
                let end = marks::closing(self.s, i + 1, b'"', marks::slashes(self.s, i));
                return self.treated(verdict, (i + 1, end));
            }
            b'"' | b'\'' => {
                let found = if matches!(before(self.s, i), b' ' | b'\t') {
                    said::statement(self, i)
                } else {
                    None
                };
                if found.is_none() && b == b'"' {
                    self.quote(i);
                }
                return found;
            }
            b'~' => return token::azure(self.s, i).and_then(|token| self.token(Some(token))),
            b'@' => {
                if let Some(span) = dsn::login(self.s, i, self.floor) {
                    return self.hit(Shape::UrlPassword, Class::UrlPassword, span);
                }
                self.policy.shape(Shape::Email, Class::Contact)?;
                let span = email::find(self.s, i, self.floor)?;
                return self.hit(Shape::Email, Class::Contact, span);
            }
            b'\\' | b'%' | 0x1B => *next = i + marks::sequence(self.s, i),
            _ => {}
        }
        None
    }
}

impl Iterator for Walk<'_> {
    type Item = Hit;

    fn next(&mut self) -> Option<Hit> {
        if let Some(hit) = self.queued() {
            return Some(hit);
        }
        let mut i = self.at.max(self.skip);
        loop {
            let s = self.s;
            let rest = s.get(i..).unwrap_or_default();
            i += rest.iter().take_while(|b| kind(**b) == NOTHING).count();
            let Some(&b) = s.get(i) else {
                // The end of a string, or of all.
                i = self.leave(i)?;
                continue;
            };
            let mut next = i + 1;
            let found = if kind(b) == WORD {
                let found = if self.policy.tokens.may(s, i) {
                    self.word(i)
                } else {
                    None
                };
                let rest = s.get(next..).unwrap_or_default();
                next += rest.iter().take_while(|b| kind(**b) == WORD).count();
                // Few words are as long as those that are known by their end.
                if found.is_none() && next - i >= 12 {
                    self.end(i, next)
                } else {
                    found
                }
            } else {
                self.special(b, i, &mut next)
            };
            if !self.queue.is_empty() {
                self.at = i;
                return self.queued();
            }
            if let Some(hit) = found {
                self.at = hit.next;
                self.floor = hit.end;
                return Some(hit);
            }
            i = next.max(self.skip);
        }
    }
}

const NOTHING: u8 = 0;
/// Letters, digits and all that is not ASCII.
const WORD: u8 = 1;
const SPECIAL: u8 = 2;

#[inline]
fn kind(b: u8) -> u8 {
    static KINDS: [u8; 256] = {
        let mut kinds = [NOTHING; 256];
        let mut b = 0;
        while b < 256 {
            #[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
            {
                kinds[b] = match b as u8 {
                    b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => WORD,
                    b':' | b'=' | b'>' | b'-' | b'"' | b'\'' | b'~' | b'@' | b'\\' | b'%' | b',' | b'(' | b'\t'
                    | b';' | b'/' | b'|' | 0x1B => SPECIAL,
                    _ => NOTHING,
                };
            }
            b += 1;
        }
        kinds
    };
    KINDS.get(usize::from(b)).copied().unwrap_or(NOTHING)
}

#[cfg(test)]
mod tests {
    use super::super::samples::shown;

    /// Text, and what is left of it. `¦` parts the two.
    const TABLE: &str = r#"
password=hunter2 user=bob¦password=[redacted] user=bob
user=bob&password=hunter2&x=1¦user=bob&password=[redacted]&x=1
https://h/cb?code=1&access_token=abc#top¦https://h/cb?code=1&access_token=[redacted]#top
https://h/cb?token=abc#top¦https://h/cb?token=[redacted]#top
user%5Bpassword%5D=hunter2&commit=Go¦user%5Bpassword%5D=[redacted]&commit=Go
user[password]=hunter2&commit=Go¦user[password]=[redacted]&commit=Go
password: hunter2¦password: [redacted]
Password:hunter2¦Password:[redacted]
pwd: hunter2, host: db¦pwd: [redacted], host: db
has_no_such_user password: hunter2¦has_no_such_user password: [redacted]
no-reply token: 7f3kd92mxq¦no-reply token: [redacted]
it has password: yes¦it has password: yes
{"user":"bob","password":"hunter2"}¦{"user":"bob","password":"[redacted]"}
{"user":"bob", "password" : "hun\"ter2", "n":1}¦{"user":"bob", "password" : "[redacted]", "n":1}
{"password":"a\\","user":"bob"}¦{"password":"[redacted]","user":"bob"}
{"pin":1234,"x":1}¦{"pin":"[redacted]","x":1}
{"password":true,"x":1}¦{"password":"[redacted]","x":1}
{"password":null,"x":1}¦{"password":null,"x":1}
{"password":"","x":1}¦{"password":"","x":1}
{"api_keys":["a","b]"],"x":1}¦{"api_keys":"[redacted]","x":1}
{"credentials":{"user":"x","pass":"}"},"x":1}¦{"credentials":"[redacted]","x":1}
{"body":"{\"password\":\"hunter2\",\"a\":1}"}¦{"body":"{\"password\":\"[redacted]\",\"a\":1}"}
{"body":"{\"pin\":1234}"}¦{"body":"{\"pin\":\"[redacted]\"}"}
{"body":"{\"b\":\"{\\\"password\\\":\\\"hun\\\\\\\"ter\\\"}\"}"}¦{"body":"{\"b\":\"{\\\"password\\\":\\\"[redacted]\\\"}\"}"}
Credentials { user: "x", password: "hunter2" }¦Credentials { user: "x", password: "[redacted]" }
Credentials { user: "x", password: Some("hunter2"), n: 1 }¦Credentials { user: "x", password: [redacted], n: 1 }
Credentials { password: None, n: 1 }¦Credentials { password: None, n: 1 }
Login { pin: 1234, secret: Inner { a: "}", b: 2 }, c: 3 }¦Login { pin: [redacted], secret: [redacted], c: 3 }
{"password": String("hunter2"), "n": Number(1)}¦{"password": "[redacted]", "n": Number(1)}
Some(Login { password: "x" })¦Some(Login { password: "[redacted]" })
Authorization: Bearer abc.def¦Authorization: Bearer [redacted]
Authorization: Basic dXNlcjpwYXNz¦Authorization: Basic [redacted]
authorization: mytoken¦authorization: [redacted]
Authorization: Digest username="bob", response="6629"¦Authorization: Digest [redacted]
GET / HTTP/1.1\r\nAuthorization: Token abc\r\nHost: h¦GET / HTTP/1.1\r\nAuthorization: Token [redacted]\r\nHost: h
{"headers":{"Authorization":"Bearer abc","Accept":"*/*"}}¦{"headers":{"Authorization":"Bearer [redacted]","Accept":"*/*"}}
Cookie: a=b; sid=c¦Cookie: [redacted]
Set-Cookie: sid=abc; Path=/; HttpOnly¦Set-Cookie: [redacted]
curl -H "Cookie: a=b; c=d" https://h/¦curl -H "Cookie: [redacted]" https://h/
curl -H 'X-Api-Key: abc' https://h/¦curl -H 'X-Api-Key: [redacted]' https://h/
curl -u bob:hunter2 https://h/¦curl -u bob:[redacted] https://h/
curl --user bob:hunter2 https://h/¦curl --user bob:[redacted] https://h/
curl -u "bob:hunter 2" https://h/¦curl -u "bob:[redacted]" https://h/
mysql -uroot -phunter2 shop¦mysql -uroot -p[redacted] shop
mysqldump -h db -u root -p'hunter 2' shop¦mysqldump -h db -u root -p'[redacted]' shop
sshpass -p hunter2 ssh bob@h¦sshpass -p [redacted] ssh bob@h
deploy --token abc --env prod¦deploy --token [redacted] --env prod
deploy --token=abc --env=prod¦deploy --token=[redacted] --env=prod
deploy --password "a b" x¦deploy --password "[redacted]" x
ALTER USER bob WITH PASSWORD 'hunter2' VALID¦ALTER USER bob WITH PASSWORD '[redacted]' VALID
CREATE USER bob IDENTIFIED BY 'hunter2'¦CREATE USER bob IDENTIFIED BY '[redacted]'
Bearer abc123¦Bearer [redacted]
sent Bearer abcDEF123 to h¦sent Bearer abcDEF123 to h
sent Bearer abcDEF123abcDEF123 to h¦sent Bearer [redacted] to h
Basic dXNlcjpwYXNz¦Basic [redacted]
postgres://bob:hunter2@db:5432/shop¦postgres://bob:[redacted]@db:5432/shop
postgres://bob:p@ss@db/shop¦postgres://bob:[redacted]@db/shop
postgres://bob:p/ss@db/shop¦postgres://bob:[redacted]@db/shop
redis://:hunter2@cache:6379/0¦redis://:[redacted]@cache:6379/0
jdbc:oracle:thin:scott/tiger@//db:1521/x¦jdbc:oracle:thin:scott/[redacted]@//db:1521/x
Server=db;Database=shop;User Id=sa;Password=hun ter2;Encrypt=true¦Server=db;Database=shop;User Id=sa;Password=[redacted];Encrypt=true
Server=db;Password=hunter2;Database=shop¦Server=db;Password=[redacted];Database=shop
DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abc+/d==;EndpointSuffix=x¦DefaultEndpointsProtocol=https;AccountName=a;AccountKey=[redacted];EndpointSuffix=x
https://a.blob.core.windows.net/c?sv=2020&sig=abc%3D&se=1¦https://a.blob.core.windows.net/c?sv=2020&sig=[redacted]&se=1
api_key = "abc"¦api_key = "[redacted]"
api_key := 'abc'¦api_key := '[redacted]'
:password => "abc", :id => 1¦:password => "[redacted]", :id => 1
{'password': 'hunter2', 'n': 1}¦{'password': '[redacted]', 'n': 1}
{'password': b'hunter2', 'n': 1}¦{'password': b'[redacted]', 'n': 1}
config["password"] = "abc"¦config["password"] = "[redacted]"
api key: abc¦api key: [redacted]
the credit card number = 12¦the credit card number = [redacted]
private key: abc def¦private key: [redacted] def
<password>hunter2</password>¦<password>[redacted]</password>
<wsse:Password Type="x">hunter2</wsse:Password>¦<wsse:Password Type="x">[redacted]</wsse:Password>
<pin><![CDATA[1234]]></pin>¦<pin><![CDATA[[redacted]]]></pin>
<user password="hunter2" id="1"/>¦<user password="[redacted]" id="1"/>
{"name":"DB_PASSWORD","value":"hunter2"}¦{"name":"DB_PASSWORD","value":"[redacted]"}
<add key="Password" value="hunter2"/>¦<add key="Password" value="[redacted]"/>
password: token: abc¦password: token: [redacted]
password=[redacted] user=bob¦password=[redacted] user=bob
{"password":"[redacted]"}¦{"password":"[redacted]"}
password=*** user=bob¦password=*** user=bob
password=a,b user=bob¦password=[redacted] user=bob
user=bob,password=abc,host=x¦user=bob,password=[redacted],host=x
(password=abc)¦(password=[redacted])
{password=abc, user=bob}¦{password=[redacted], user=bob}
msg="login" password="a b" ok=1¦msg="login" password="[redacted]" ok=1
{"msg":"login with password=abc"}¦{"msg":"login with password=[redacted]"}
card 4111 1111 1111 1111 used¦card [redacted] used
card 4111-1111-1111-1111, cvv: 123¦card [redacted], cvv: [redacted]
card 4111.1111.1111.1111 used¦card [redacted] used
card 4111/1111/1111/1111, 4111_1111_1111_1111¦card [redacted], [redacted]
card 4111–1111–1111–1111, 4111 - 1111 - 1111 - 1111¦card [redacted], [redacted]
card=4111+1111+1111+1111&x=1 card 3782.822463.10005 3782/822463/10005.¦card=[redacted]&x=1 card [redacted] [redacted].
card 4111  1111  1111  1111 used¦card [redacted] used
card 4111 1111 1111 1111 used¦card [redacted] used
4111.11111111.1111 1.4111.1111.1111.1111 4111.1111.1111.1111.1¦4111.11111111.1111 1.4111.1111.1111.1111 4111.1111.1111.1111.1
4222222222222¦[redacted]
378282246310005¦[redacted]
3782 822463 10005¦[redacted]
2 4111 1111 1111 1111 3¦2 [redacted] 3
DE89370400440532013000¦[redacted]
pay to GB29 NWBK 6016 1331 9268 19 now¦pay to [redacted] now
NL91ABNA0417164300¦[redacted]
NO9386011117947¦[redacted]
ssn 219-09-9998 on file¦ssn [redacted] on file
219-09-9998¦[redacted]
https://hooks.slack.com/services/T00000000/B00000000/abcdefgh1234¦https://hooks.slack.com/services/[redacted]
PRIVATE=-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n¦PRIVATE=[redacted]\n
{"k":"-----BEGIN PRIVATE KEY-----\nMIIE","x":1}¦{"k":"[redacted]","x":1}
Passwort: geheim¦Passwort: [redacted]
contraseña=hola¦contraseña=[redacted]
mnemonic: alpha beta gamma¦mnemonic: [redacted]
"#;

    #[test]
    fn a_sensitive_value_goes_and_the_rest_stays() {
        let mut wrong = Vec::new();
        for line in TABLE.trim().lines() {
            let (text, expected) = line.split_once('¦').unwrap();
            let got = shown(text);
            if got != expected {
                wrong.push(format!("\n  text {text}\n  want {expected}\n  got  {got}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.concat());
    }
}
