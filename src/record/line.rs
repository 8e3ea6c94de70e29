//! A record as its line has it: what every record says, and the places of the other members.

use std::borrow::Cow;

use serde_json::Value;

use super::Key;
use crate::clock::Micros;
use crate::event::Category;
use crate::outcome::Outcome;
use crate::severity::Severity;

/// What every record says, beside the name of its event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Head {
    pub(crate) seq: u64,
    pub(crate) time: Micros,
    pub(crate) occurred: Option<Micros>,
    pub(crate) category: Category,
    pub(crate) severity: Severity,
    pub(crate) outcome: Outcome,
    pub(crate) event: Span,
}

/// A place in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: u32,
    pub(crate) to: u32,
}

/// Where a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// `None` for a name that this version does not know.
    pub(crate) key: Option<Key>,
    /// Whether a backslash stands in the name, or in a value that is a string.
    pub(crate) escaped: (bool, bool),
    /// Where the name begins, behind its quote. It ends where the value begins, but for a quote and a colon.
    pub(crate) name: u32,
    /// With the quotes of a string.
    pub(crate) value: Span,
}

/// A line that was read and found to be a record's. Nothing is unescaped or built until it is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) text: &'a str,
    pub(crate) head: Head,
    /// Every member but those of the head and the frame, in the order of the line.
    pub(crate) members: &'a [Member],
}

impl Span {
    fn of(self, text: &str) -> &str {
        text.get(self.from as usize..self.to as usize).unwrap_or_default()
    }
}

impl Member {
    pub(crate) fn with(self, key: Key) -> Member {
        Member { key: Some(key), ..self }
    }

    pub(crate) fn name(self, text: &str) -> Cow<'_, str> {
        let span = Span {
            from: self.name,
            to: self.value.from.saturating_sub(2),
        };
        unescaped(span.of(text), self.escaped.0)
    }

    /// As it stands in the line.
    pub(crate) fn raw(self, text: &str) -> &str {
        self.value.of(text)
    }

    /// What is between the quotes of a string; `None` for anything else.
    fn quoted(self, text: &str) -> Option<&str> {
        self.raw(text).strip_prefix('"')?.strip_suffix('"')
    }

    /// A string's text.
    pub(crate) fn text(self, text: &str) -> Option<Cow<'_, str>> {
        self.quoted(text).map(|quoted| unescaped(quoted, self.escaped.1))
    }

    /// The same where that is a part of the line.
    pub(super) fn plain(self, text: &str) -> Option<&str> {
        self.quoted(text).filter(|_| !self.escaped.1)
    }

    pub(crate) fn value(self, text: &str) -> Value {
        match self.plain(text) {
            Some(plain) => Value::from(plain),
            // The line was read before: this cannot fail.
            None => serde_json::from_str(self.raw(text)).unwrap_or_default(),
        }
    }
}

impl<'a> Line<'a> {
    pub(crate) fn event(&self) -> &'a str {
        self.head.event.of(self.text)
    }

    pub(crate) fn find(&self, key: Key) -> Option<Member> {
        self.members.iter().find(|member| member.key == Some(key)).copied()
    }

    /// The member of this name, whether it is known or not.
    pub(crate) fn named(&self, name: &str) -> Option<Member> {
        match Key::from_str(name) {
            Some(key) => self.find(key),
            None => {
                let mut unknown = self.members.iter().filter(|member| member.key.is_none());
                unknown.find(|member| member.name(self.text) == name).copied()
            }
        }
    }

    pub(crate) fn is(&self, key: Key, wanted: &str) -> bool {
        self.find(key)
            .and_then(|member| member.text(self.text))
            .is_some_and(|text| text == wanted)
    }

    pub(crate) fn count(&self, key: Key) -> Option<u64> {
        self.find(key)?.raw(self.text).parse().ok()
    }

    pub(crate) fn number(&self, key: Key) -> Option<f64> {
        self.find(key)?.raw(self.text).parse().ok()
    }

    pub(crate) fn flagged(&self) -> bool {
        self.find(Key::Flagged).is_some()
    }

    pub(crate) fn value(&self, key: Key) -> Option<Value> {
        self.find(key).map(|member| member.value(self.text))
    }

    /// Names and values of the members.
    pub(crate) fn values(&self) -> impl Iterator<Item = (String, Value)> + use<'a> {
        let text = self.text;
        let members = self.members.iter();
        members.map(move |member| (member.name(text).into_owned(), member.value(text)))
    }

    /// The part of the line in which the members stand.
    pub(super) fn body(&self) -> &'a str {
        let (first, last) = (self.members.first(), self.members.last());
        let span = first.zip(last).map(|(first, last)| Span {
            from: first.name,
            to: last.value.to,
        });
        span.map_or("", |span| span.of(self.text))
    }
}

/// The text of what stands between two quotes.
fn unescaped(quoted: &str, escaped: bool) -> Cow<'_, str> {
    match escaped {
        false => Cow::Borrowed(quoted),
        true => Cow::Owned(unescape(quoted)),
    }
}

/// The same where it has a backslash. It was read before: this cannot fail.
pub(crate) fn unescape(quoted: &str) -> String {
    serde_json::from_str(&format!("\"{quoted}\"")).unwrap_or_default()
}
