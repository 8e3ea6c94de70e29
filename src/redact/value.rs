//! The value behind a sensitive name: where it begins and where it ends.

use super::Class;
use super::list::is_odd;
use super::marks::*;
use super::notation::{block, block_start, is_schema};
use super::pair::Name;
use super::plainly;
use super::policy::{Judged, Policy, Verdict};
use super::protocol;
use super::remark::{
    NOTHING, is_absent, is_made, is_member, is_member_of_root, is_outcome, is_reference, is_remark, is_said, is_scope,
    is_sentence, is_template, is_type,
};
use super::shapes::{at, auth, before, run_to, set};
use super::text::Hit;

/// No remark is longer.
const REMARK: usize = 24;
/// The longest object that only says what a field is like.
const SCHEMA: usize = 8192;

/// Whether what begins at `i` is a reference by its beginning alone: `$(cat f)`, `self.token`.
fn refers(s: &[u8], i: usize) -> bool {
    let lead = s.get(i..(i + 12).min(s.len())).unwrap_or_default();
    lead.starts_with(b"$(") && is_reference(lead) || is_member_of_root(lead)
}

/// A value to be delimited.
pub(super) struct Value<'a> {
    pub(super) s: &'a [u8],
    pub(super) policy: &'a Policy,
    pub(super) judged: Judged,
    pub(super) name: Name,
    pub(super) colon: bool,
}

/// A value as it was delimited.
pub(super) struct Delimited {
    pub(super) hit: Hit,
    /// It is what a policy writes, and stays.
    pub(super) done: bool,
}

impl Value<'_> {
    pub(super) fn find(&self, at_: usize) -> Option<Delimited> {
        let s = self.s;
        let first = at(s, at_);
        if first < b' ' || first == b'\\' && gap(s, at_) > at_ {
            return self.below(at_).and_then(|start| self.find(start));
        }
        if self.colon
            && matches!(first, b'|' | b'>')
            && let Some((start, _)) = block_start(s, at_)
        {
            if refers(s, start) {
                return None;
            }
            if let Some((start, end)) = block(s, at_) {
                return self.hit(start, end, None);
            }
        }
        // What a function gives back that does nothing else: `getSecret: () => 'x'`.
        if first == b'('
            && let Some(arrow) = s
                .get(balanced(s, at_)..)
                .and_then(|rest| rest.trim_ascii_start().strip_prefix(b"=>"))
            && let body = gap(s, s.len() - arrow.len())
            && opening(s, body).is_some()
        {
            return self.find(body);
        }
        if let Some((start, quote, level)) = opening(s, at_) {
            // `"""`, over several lines.
            let triple = [quote; 3];
            if level == 0 && s.get(start - 1..)?.starts_with(&triple) {
                let from = start + 2;
                let len = memchr::memmem::find(s.get(from..)?, &triple)?;
                let text = s.get(from..from + len)?;
                let start = from + len - text.trim_ascii_start().len();
                return self.hit(start, start + text.trim_ascii().len(), None);
            }
            let end = closing(s, start, quote, level);
            let start = auth::scheme(s, start).map_or(start, |(credentials, _)| credentials.min(end));
            // Nobody's secret is a sign alone.
            let text = s.get(start..end)?;
            if text.is_empty() || text.len() == 1 && !matches!(text, [b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | 0x80..])
            {
                return None;
            }
            let open = self.judged.verdict.class == Class::Key && plainly::is_open(&self.judged, text);
            // What a member of a form is called: `"passwordField":"password"`.
            let called =
                self.called().ends_with(b"ield") && self.policy.knows(text) && self.policy.judge(text).is_some();
            if open || called || is_reference(text) || is_outcome(&self.judged, self.called(), text) {
                return None;
            }
            let done = self.policy.is_done(self.judged.verdict, text);
            // Behind the closing quote, if there is one.
            let own = slashes(s, end + level) >= level && at(s, end + level) == quote;
            let next = if own { end + level + 1 } else { end };
            return Some(Delimited {
                hit: Hit {
                    start,
                    end,
                    verdict: self.judged.verdict,
                    quotes: None,
                    next,
                    shape: false,
                },
                done,
            });
        }
        if let Some(rest) = s.get(at_..).and_then(|rest| rest.strip_prefix("“".as_bytes()))
            && let Some(len) = memchr::memmem::find(rest.get(..512).unwrap_or(rest), "”".as_bytes())
        {
            let start = at_ + "“".len();
            return self.hit(start, start + len, None);
        }
        // `!!str x`, `&anchor x`
        let tag = at_ + usize::from(self.colon && matches!(first, b'!' | b'&')) * (1 + run(s, at_ + 1, b'!'));
        let word = tag
            + s.get(tag..)
                .unwrap_or_default()
                .iter()
                .take(32)
                .take_while(|b| b.is_ascii_alphanumeric())
                .count();
        if tag > at_ && at(s, word) == b' ' && at(s, word + 1) > b' ' {
            return self.find(word + 1);
        }
        // A member of JSON that is no string becomes one.
        let quotes = (self.colon && self.name.quote == b'"').then_some(self.name.level);
        let whole_line = quotes.is_none() && self.judged.line && self.colon;
        let rest = |from: usize| {
            if whole_line {
                self.line_end(from)
            } else {
                self.unquoted(at_, from)
            }
        };
        // Ours or another's, if nothing more hangs on it.
        if let Some(end) = placeholder(s, at_).filter(|end| rest(*end) == *end) {
            return self.hit(at_, end, None);
        }
        let behind = before(s, at_);
        let typed = self.colon && self.name.quote == 0 && matches!(behind, b':' | b' ') && is_type(s, at_);
        if typed
            || plainly::is_environment(self.policy, s, at_)
            || is_made(s, at_)
            || is_absent(s, at_)
            || is_template(s, at_)
            || self.is_call(at_)
            || self.is_compared(at_)
        {
            return None;
        }
        // The beginning says so, wherever its end is.
        if refers(s, at_) {
            return None;
        }
        if let Some(open) = bracket(s, at_) {
            let end = balanced(s, open);
            let end = rest(end);
            if end - open <= 2 {
                // `password: Blue42Moon {}`, and not `password: Password {}`.
                let word = s.get(at_..open)?.trim_ascii_end();
                let odd = at(s, open) == b'{' && is_odd(self.policy, word);
                return if odd {
                    self.hit(at_, at_ + word.len(), quotes)
                } else {
                    None
                };
            }
            let schema = end - open <= SCHEMA && is_schema(s, open, end);
            return if schema { None } else { self.hit(at_, end, quotes) };
        }
        if quotes.is_none()
            && let Some((start, single)) = auth::scheme(s, at_)
            && (self.judged.line || self.colon || single && self.is_credential(start))
        {
            // A sentence: `authentication token: JWT format bearer token`.
            if single && !self.judged.line && self.is_said(start) {
                return None;
            }
            if refers(s, start) {
                return None;
            }
            let end = if single {
                self.unquoted(at_, start)
            } else {
                self.line_end(start)
            };
            return self.hit(start, end, None);
        }
        let prose = self.colon && self.name.quote == 0 && behind == b' ';
        // The first word says so, however long the line is.
        let first = run_to(s, at_, set::LOWER | set::UPPER, REMARK);
        if prose && at(s, first) == b' ' && s.get(at_..first).is_some_and(is_remark) {
            return None;
        }
        // Of a mnemonic all words.
        let words = if self.judged.line {
            protocol::words(s, at_)
        } else {
            None
        };
        let end = rest(at_).max(words.unwrap_or(0));
        let text = s.get(at_..end)?;
        let scoped = self.colon && self.name.quote == 0 && behind == b':' && is_scope(text);
        if NOTHING.contains(&text)
            || scoped
            || is_said(&self.judged, text)
            || is_outcome(&self.judged, self.called(), text)
            || is_reference(text)
            || is_member_of_root(text)
            || self.is_handed_on(text)
            || self.judged.verdict.class == Class::Key && plainly::is_open(&self.judged, text)
            || plainly::is_variable(self.policy, self.called(), text)
        {
            return None;
        }
        // `password: token: x` is no value but another name, and what ends in `):` a message's source.
        let word = |text: &[u8]| text.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-'));
        let label = |text: &[u8]| text.len() <= 64 && (prose && word(text) || text.ends_with(b")"));
        if text.strip_suffix(b":").is_some_and(label) && at(s, end) <= b' ' {
            return None;
        }
        let first = text.split(|b| *b == b' ').next().unwrap_or(text);
        if prose && (is_remark(first) || is_sentence(&self.judged, self.called(), s, (at_, end))) {
            return None;
        }
        self.hit(at_, end, quotes)
    }

    /// Whether a word in small letters stands at `start`, and another one behind it.
    fn is_said(&self, start: usize) -> bool {
        let rest = self.s.get(start..(start + 96).min(self.s.len())).unwrap_or_default();
        let mut words = rest.split(|b| *b == b' ').take(2);
        let small = |word: &[u8]| word.len() > 1 && word.iter().all(u8::is_ascii_lowercase);
        before(self.s, self.name.start) == b' ' && words.next().is_some_and(small) && words.next().is_some_and(small)
    }

    /// Whether credentials stand at `start`, behind their scheme: `TOKEN=Bearer x`, not `auth=basic user=bob`.
    fn is_credential(&self, start: usize) -> bool {
        let rest = self.s.get(start..).unwrap_or_default();
        let len = rest.iter().take(128).take_while(|b| **b > b' ').count();
        let text = rest.get(..len).unwrap_or_default();
        self.policy.is_done(self.judged.verdict, text) || len >= 16 && is_odd(self.policy, text)
    }

    /// Whether a program is read in which the value is what a function returns: `let token = tokens.next();`.
    fn is_call(&self, at_: usize) -> bool {
        let s = self.s;
        if self.name.quote != 0 || !at(s, at_).is_ascii_alphabetic() || !self.colon && at(s, self.name.end) != b' ' {
            return false;
        }
        let rest = s.get(at_..).unwrap_or_default();
        let rest = rest.strip_prefix(b"await ").unwrap_or(rest);
        let len = rest
            .iter()
            .take(96)
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':'))
            .count();
        let path = rest.get(..len).unwrap_or_default();
        let inside = rest.get(len + 1..).unwrap_or_default();
        let dotted = path.iter().any(|b| matches!(b, b'.' | b':'));
        // A type may print itself so, and a member of `Debug` text, too.
        let typed = at(s, at_).is_ascii_uppercase() && !dotted;
        if rest.get(len) != Some(&b'(') || typed || self.colon && !(dotted && inside.first() == Some(&b')')) {
            return false;
        }
        let inside = inside.get(..192).unwrap_or(inside);
        let inside = inside.split(|b| *b == b')').next().unwrap_or_default();
        let quote = |b: &u8| matches!(b, b'"' | b'\'' | b'`');
        // What is asked for by its name: `config.get("password")`.
        let named = |text: &[u8]| !text.iter().any(u8::is_ascii_digit) && self.policy.judge(text).is_some();
        let strings = inside.iter().filter(|b| quote(b)).count();
        strings % 2 == 0 && inside.split(quote).skip(1).step_by(2).all(named)
    }

    /// Whether a program is read in which the value is a member that is called so, too; that of a password by the same name.
    fn is_handed_on(&self, text: &[u8]) -> bool {
        let same = || {
            let last = text.rsplit(|b| *b == b'.').next().unwrap_or_default();
            last.eq_ignore_ascii_case(self.called())
        };
        let credential = self.judged.verdict.class == Class::Credential;
        // `settings.GITHUB_SECRET`
        let root = [&b"settings."[..], b"config.", b"Config.", b"conf.", b"options."]
            .iter()
            .any(|root| text.starts_with(root));
        self.name.quote == 0 && is_member(self.policy, text) && (!credential || root || same())
    }

    /// Whether a program is read in which the value is a variable that is compared: `if token != expected {`.
    fn is_compared(&self, at_: usize) -> bool {
        let s = self.s;
        let operator = s.get(self.name.end..at_).unwrap_or_default().trim_ascii();
        // Of a password a word may be all.
        let word = self.judged.verdict.class == Class::Credential;
        if word || self.name.quote != 0 || !matches!(operator, b"!=" | b"==" | b"!==" | b"===") {
            return false;
        }
        let rest = s.get(at_..).unwrap_or_default();
        let part = |b: &&u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.' | b':');
        let len = rest.iter().take(64).take_while(part).count();
        len > 0 && matches!(rest.get(len), None | Some(b' ' | b')' | b';' | b'\n'))
    }

    /// Where the value begins that stands on the next line: in quotes, or alone on it.
    fn below(&self, at_: usize) -> Option<usize> {
        let s = self.s;
        let mut start = gap(s, at_);
        if start == at_ || at(s, start) <= b' ' {
            return None;
        }
        if let Some((text, quote, level)) = opening(s, start) {
            // Unless it is another name.
            let behind = gap(s, closing(s, text, quote, level) + level + 1);
            return (!matches!(at(s, behind), b':' | b'=')).then_some(start);
        }
        if !self.colon || self.name.quote != 0 {
            return (self.colon && !matches!(at(s, start), b'}' | b']' | b',' | b'\\')).then_some(start);
        }
        // The first of a list.
        if s.get(start..)?.starts_with(b"- ") {
            start += 2;
        }
        let rest = s.get(start..)?;
        let len = rest
            .iter()
            .position(|b| *b <= b' ' || matches!(b, b'\\' | b'"' | b'`'))
            .unwrap_or(rest.len());
        let text = rest.get(..len)?;
        let end = start + len + blanks(s, start + len);
        let alone = at(s, end) < b' ' || matches!(at(s, end), b'"' | b'\'' | b'`') || gap(s, end) > end;
        // What opens its line is the name of a member; in a line of words it only ends them.
        let lead = s.get(..self.name.start)?;
        let lead = lead.strip_suffix(b"- ").unwrap_or(lead);
        let lead = lead.get(
            ..lead.len()
                - lead
                    .iter()
                    .rev()
                    .take(64)
                    .take_while(|b| matches!(b, b' ' | b'\t'))
                    .count(),
        )?;
        let member = matches!(lead.last(), None | Some(b'\n' | b'"' | b'\'' | b'`' | b'-'))
            || gap_back(s, self.name.start) < lead.len();
        let odd = is_odd(self.policy, text);
        let said =
            member && text.iter().any(u8::is_ascii_alphanumeric) && !self.policy.knows(text) && !text.ends_with(b":");
        let other = text.starts_with(b"-") || self.leads_to_name(start);
        (alone && !other && (odd || said)).then_some(start)
    }

    /// The name.
    fn called(&self) -> &[u8] {
        self.s.get(self.name.start..self.name.end).unwrap_or_default()
    }

    fn hit(&self, start: usize, end: usize, quotes: Option<usize>) -> Option<Delimited> {
        let verdict: Verdict = self.judged.verdict;
        let end = before_escape(self.s, start, end);
        let text = self.s.get(start..end).filter(|text| !is_reference(text))?;
        let done = self.policy.is_done(verdict, text);
        (end > start).then_some(Delimited {
            hit: Hit {
                start,
                end,
                verdict,
                quotes,
                next: end,
                shape: false,
            },
            done,
        })
    }

    /// The quote that stands before an unquoted name: `-H "X-Api-Key: x"`.
    fn enclosing(&self) -> u8 {
        match before(self.s, self.name.start) {
            b @ (b'"' | b'\'' | b'`') if self.name.quote == 0 => b,
            _ => 0,
        }
    }

    /// Where what goes on at `start` of a value without quotes ends: at white space, and at what begins something else. A byte that may belong to a password
    /// ends it only if what follows shows that it does not.
    fn unquoted(&self, value: usize, start: usize) -> usize {
        let s = self.s;
        let enclosing = self.enclosing();
        let whole = self.judged.line && !self.colon;
        let lead = s
            .get(self.name.start.saturating_sub(2)..self.name.start)
            .unwrap_or_default()
            .trim_ascii_end();
        let listed = !self.colon && lead.last() == Some(&b';');
        let (mut depth, mut i) = (0u32, start);
        while let Some(&b) = s.get(i) {
            let next = at(s, i + 1);
            let stop = match b {
                b' ' if whole => before(s, i) != b';',
                // `;Password=a b;Encrypt=true`
                b' ' if listed => false,
                0..=b' ' => true,
                b'<' => true,
                b';' => !whole,
                b'"' | b'\'' | b'`' => b == enclosing || is_delimiter(next),
                b'\\' => match escape(s, i) {
                    Some(after) => {
                        i = after;
                        continue;
                    }
                    None => true,
                },
                b',' | b'&' | b'|' => {
                    !whole && (is_delimiter(next) || self.leads_to_name(i + 1)) && !(b != b',' && next == b)
                }
                b'(' | b'[' | b'{' => {
                    depth += 1;
                    false
                }
                b')' | b']' | b'}' if depth > 0 => {
                    depth -= 1;
                    false
                }
                b')' | b']' | b'}' | b'>' => i == value || is_delimiter(next),
                b'#' => matches!(before(s, self.name.start), b'?' | b'&'),
                _ => false,
            };
            if stop {
                break;
            }
            i += 1;
        }
        i
    }

    /// Whether `name=` or `name:` stands at `i`.
    fn leads_to_name(&self, i: usize) -> bool {
        let rest = self.s.get(i..).unwrap_or_default();
        let len = rest.iter().take(40).take_while(|b| is_name(**b)).count();
        len > 0 && matches!(rest.get(len), Some(b'=' | b':'))
    }

    /// Whether a header line goes on behind its break at `i`: the next one is set in, and no other name.
    fn folds(&self, i: usize) -> bool {
        let s = self.s;
        let next = i + 1 + usize::from(at(s, i) == b'\r' && at(s, i + 1) == b'\n');
        let start = next + blanks(s, next);
        let name = s
            .get(start..)
            .unwrap_or_default()
            .iter()
            .take(64)
            .take_while(|b| is_name(**b))
            .count();
        start > next
            && matches!(before(s, self.name.start), 0 | b'\n')
            && at(s, start) > b' '
            && at(s, start + name) != b':'
    }

    /// The end of a header line, also of one whose break is escaped, or of a member written without quotes.
    fn line_end(&self, start: usize) -> usize {
        let s = self.s;
        let enclosing = self.enclosing();
        let lead = s
            .get(self.name.start.saturating_sub(4)..self.name.start)
            .unwrap_or_default()
            .trim_ascii_end();
        let inline = matches!(lead.last(), Some(b'{' | b'(' | b'[' | b','));
        let mut i = start;
        let mut open = false;
        while let Some(&b) = s.get(i) {
            let next = at(s, i + 1);
            let stop = match b {
                b'\n' | b'\r' => !self.folds(i),
                b'\\' => match escape(s, i) {
                    Some(after) => {
                        i = after;
                        continue;
                    }
                    None => !matches!(at(s, i + run(s, i, b'\\')), b't' | b'\''),
                },
                // A quoted parameter of the value itself (`username="bob"`), or the quote around it all.
                b'"' if enclosing == 0 && (open || matches!(before(s, i), b'=' | b' ')) => {
                    open = !open;
                    false
                }
                b'"' | b'\'' | b'`' => b == enclosing || enclosing == 0 && b == b'"' && is_delimiter(next),
                b',' => inline && (is_delimiter(next) || self.leads_to_name(i + 1)),
                b'}' | b']' | b')' => inline && is_delimiter(next),
                _ => false,
            };
            if stop {
                break;
            }
            i += 1;
        }
        while i > start && matches!(before(s, i), b' ' | b'\t') {
            i -= 1;
        }
        i
    }
}
