//! Values within values: structs, maps and sequences, from `Serialize` or from JSON text.
//!
//! Written as they come, so the rules are kept as they come: each name goes through the policy, each string through its
//! matchers, no name repeats within its object. What goes beyond the limit is counted and not written; what is open
//! then is closed, so a value that was cut is JSON all the same. Deeper than [`DEPTH`] nothing is written either.

use std::fmt;

use serde::Serialize;

use crate::floor::floor;
use crate::record::Kind;
use crate::render::members::Begun;
use crate::render::redaction::{Class, Found, NAME, REDACTED, Treatment, Verdict, inside, push_escaped};
use crate::render::serialize::Value;
use crate::render::{Fields, How, Policy, Sink, Slot, transcribe};

/// Levels of nesting that are written.
const DEPTH: u32 = 32;

/// Numbers tried one by one for a name that is taken.
const PATIENCE: u32 = 8;

/// Longer strings are no names.
const LABEL: usize = 64;

/// Stands on the list of names for an open bracket.
const BRACKET: (u32, u32) = (u32::MAX, 0);

/// Levels of nesting that are followed, to count what is in them.
const FOLLOWED: u32 = 128;

/// How far a value is counted beyond what is kept. Some have no end.
pub(super) const COUNTED: usize = 1024 * 1024;

/// Why a value did not end.
#[derive(Debug)]
pub(super) enum Stop {
    /// It is larger than is counted.
    Enough,
    /// Its own code said so.
    Failed(String),
    /// A name that is neither text nor number.
    NoName,
    /// It is no scalar, and the policy wants its text.
    Treat(Verdict),
}

/// A value being written.
pub(super) struct Nested<'a> {
    pub(super) fields: &'a mut Fields,
    slot: &'a Slot,
    pub(super) how: How<'a>,
    /// Whether there was a bracket.
    opened: bool,
    /// The member it is the value of, from the first bracket on; none if there was no room for one.
    begun: Option<Begun>,
    /// Brackets open, and for each from the lowest bit whether it is an object.
    depth: u32,
    objects: u64,
    /// Brackets open that are not written.
    muted: u32,
    /// Nothing more is written, brackets apart.
    full: bool,
    /// Bytes that were not written.
    left_out: usize,
    /// Where the member begins whose name was written last.
    name_at: usize,
    /// A name was written, its value not yet.
    named: bool,
    /// Its value names what a neighbour holds: `{"name": "DB_PASSWORD", "value": "x"}`.
    labels: bool,
    /// What the next value is if it looks drawn by chance.
    suspect: Option<Verdict>,
    /// What the policy says of the name that stood as the value of a label, and at which depth.
    labelled: Option<(u32, Verdict)>,
    /// A sensitive name stood as a value: as a label, or first in a list.
    told: bool,
}

/// What to do with the value of a name.
#[derive(Clone, Copy)]
pub(super) enum Fate {
    Write,
    /// Nothing: it is hidden, whatever it is, or left out with its name.
    Skip,
    /// Write what [`Nested::treated`] makes of its text.
    Treat(Verdict),
}

impl<'a> Nested<'a> {
    pub(super) fn new(fields: &'a mut Fields, slot: &'a Slot, how: How<'a>) -> Nested<'a> {
        fields.keys.clear();
        Nested {
            fields,
            slot,
            how,
            opened: false,
            begun: None,
            depth: 0,
            objects: 0,
            muted: 0,
            full: false,
            left_out: 0,
            name_at: 0,
            named: false,
            labels: false,
            suspect: None,
            labelled: None,
            told: false,
        }
    }

    pub(super) fn serialize<T: Serialize + ?Sized>(mut self, value: &T) -> Result<(), Stop> {
        match inside(|| value.serialize(Value(&mut self))) {
            Ok(()) | Err(Stop::Enough) => {
                if self.opened {
                    self.end();
                }
                Ok(())
            }
            Err(failed) => Err(failed),
        }
    }

    /// Copies JSON text; false if it is none.
    pub(super) fn transcribe(mut self, text: &str) -> bool {
        let done = transcribe::text(text, &mut self);
        if done && self.opened {
            self.end();
        }
        done
    }

    fn end(&mut self) {
        let Some(begun) = self.begun else { return };
        self.muted = 0;
        while self.depth > 0 {
            self.close();
        }
        if self.told {
            self.review(begun);
        }
        if self.left_out > 0 {
            let bytes = self.fields.text.len() - begun.value + self.left_out;
            self.fields.note_cut(begun, bytes);
        }
        self.fields.keep(begun);
    }

    /// Goes over the whole once more, as a text: a label may stand behind its content, and in a pair the first names the second.
    #[cold]
    fn review(&mut self, begun: Begun) {
        let Fields { text, clean, .. } = &mut *self.fields;
        let mut found = Found::default();
        let written = std::str::from_utf8(text.from(begun.value)).unwrap_or_default();
        if self.how.policy.text(written, clean, &mut found) {
            text.truncate(begun.value);
            text.push(clean.as_bytes());
            self.fields.note(begun, found.bits());
        }
    }

    /// The place for a value that is no bracket, if there was no bracket yet: then it is the whole value.
    pub(super) fn whole(&mut self) -> Option<Sink<'_>> {
        (!self.opened).then(|| Sink::new(self.fields, self.slot, self.how))
    }

    pub(super) fn open(&mut self, object: bool) -> Result<(), Stop> {
        if !std::mem::replace(&mut self.opened, true) {
            if let Some(verdict) = self.slot.verdict {
                return Err(Stop::Treat(verdict));
            }
            let key = self.slot.key().filter(|key| key.kind() == Kind::Any);
            self.begun = self.fields.begin(self.slot, key);
            self.full = self.begun.is_none();
        }
        // The first is written whatever the limit, or there would be no value.
        let first = self.depth == 0 && !self.full;
        if self.depth >= DEPTH || !first && !self.has_room(2) {
            self.leave_out(2);
            self.muted += 1;
            return self.check();
        }
        self.separate();
        self.fields.keys.push(BRACKET);
        self.objects = self.objects & !(1 << self.depth) | u64::from(object) << self.depth;
        self.depth += 1;
        self.fields.text.push(if object { b"{" } else { b"[" });
        Ok(())
    }

    pub(super) fn close(&mut self) {
        if self.muted > 0 {
            self.muted -= 1;
            return;
        }
        if self.named {
            self.raw("null");
        }
        let Some(depth) = self.depth.checked_sub(1) else { return };
        self.depth = depth;
        self.labelled = self.labelled.filter(|(labelled, _)| *labelled <= depth);
        while self.fields.keys.pop().is_some_and(|name| name != BRACKET) {}
        let object = self.objects >> depth & 1 == 1;
        self.fields.text.push(if object { b"}" } else { b"]" });
    }

    /// Brackets open, written or not.
    #[inline]
    pub(super) fn level(&self) -> u32 {
        self.depth + self.muted
    }

    /// Closes what a value left open that failed, if whoever holds it went on all the same.
    #[inline]
    pub(super) fn back_to(&mut self, level: u32) {
        while self.level() > level {
            self.close();
        }
    }

    /// An error once there is no point in going on.
    pub(super) fn check(&self) -> Result<(), Stop> {
        if self.left_out > COUNTED || self.muted > FOLLOWED {
            return Err(Stop::Enough);
        }
        Ok(())
    }

    /// A number, `true`, `false` or `null`.
    pub(super) fn raw(&mut self, text: &str) {
        if !self.has_room(text.len() + 1) {
            return self.leave_out(text.len() + 1);
        }
        self.separate();
        self.fields.text.push(text.as_bytes());
    }

    pub(super) fn integer(&mut self, digits: &str) {
        if is_card(digits, &mut self.fields.clean, self.how.policy) {
            return self.string(digits);
        }
        self.raw(digits);
    }

    /// A finite number.
    pub(super) fn float(&mut self, text: &str) {
        let whole = text.strip_suffix(".0").unwrap_or(text);
        if is_card(whole, &mut self.fields.clean, self.how.policy) {
            return self.string(whole);
        }
        self.raw(text);
    }

    pub(super) fn string(&mut self, text: &str) {
        self.string_cut(text, text.len());
    }

    /// A string that had `bytes` bytes before somebody cut it.
    pub(super) fn string_cut(&mut self, text: &str, bytes: usize) {
        // A few letters of a string are worth less than none.
        let Some(begun) = self.begun.filter(|_| self.has_room(text.len().min(16) + 3)) else {
            return self.leave_out(bytes + 3);
        };
        let labels = std::mem::take(&mut self.labels) && self.named;
        if let Some(verdict) = self.suspect.take().filter(|_| self.named && Policy::is_key(text)) {
            return self.treated(verdict, text);
        }
        if bytes <= LABEL && (labels || self.fields.text.last() == Some(b'[')) {
            let label = self.fields.text.from(self.name_at);
            let label = label
                .rsplit(|b| *b == b'"')
                .nth(1)
                .filter(|_| labels)
                .unwrap_or_default();
            let verdict = self.how.policy.named(label, text.as_bytes());
            self.told |= verdict.is_some();
            if labels {
                self.labelled = verdict.map(|verdict| (self.depth, verdict));
            }
        }
        self.separate();
        self.fields.text.push(b"\"");
        let (from, room) = (self.fields.text.len(), self.room().saturating_sub(3));
        if self.fields.push_text(text, bytes == text.len(), room, begun, self.how) {
            let written = self.fields.text.len() - from;
            self.left_out += bytes.saturating_sub(written).max(1);
            self.full = true;
        }
        self.fields.text.push(b"\"");
    }

    /// What the policy makes of a value.
    pub(super) fn treated(&mut self, verdict: Verdict, text: &str) {
        self.note(verdict.class);
        let mut clean = std::mem::take(&mut self.fields.clean);
        clean.clear();
        match verdict.treatment {
            Treatment::Drop | Treatment::Mask => clean.push_str(REDACTED),
            _ => self.how.policy.treat(verdict, text, &mut clean),
        }
        let shown = floor(&clean, self.how.limits.value);
        if self.has_room(shown.len() + 3) {
            self.separate();
            self.fields.text.push(b"\"");
            push_escaped(&mut self.fields.text, shown);
            self.fields.text.push(b"\"");
        } else {
            self.leave_out(shown.len() + 3);
        }
        self.fields.clean = clean;
    }

    pub(super) fn note(&mut self, class: Class) {
        if let Some(begun) = self.begun {
            self.fields.note(begun, class.bit());
        }
    }

    /// The value is left out, with its name, and only `redacted` tells of it.
    pub(super) fn dropped(&mut self, class: Class) {
        self.note(class);
        self.unname();
    }

    /// The name of the next value. A name that is there already gets a number behind it.
    pub(super) fn name(&mut self, name: &str) -> Fate {
        if self.named {
            self.raw("null");
        }
        if !self.has_room(name.len().min(NAME) + 4) {
            self.leave_out(name.len() + 4);
            return Fate::Write;
        }
        self.labels = self.how.policy.labels(name.as_bytes());
        self.suspect = None;
        let content = self
            .labelled
            .filter(|(depth, _)| *depth == self.depth && self.how.policy.holds(name.as_bytes()));
        let verdict = self.how.policy.name(name).or(content.map(|(_, verdict)| verdict));
        if let Some(verdict) = verdict
            && verdict.treatment == Treatment::Drop
        {
            self.dropped(verdict.class);
            return Fate::Skip;
        }
        self.push_name(name);
        match verdict {
            Some(verdict) if verdict.treatment == Treatment::Mask => {
                self.treated(verdict, "");
                Fate::Skip
            }
            Some(verdict) if verdict.treatment != Treatment::Keep => Fate::Treat(verdict),
            Some(_) => Fate::Write,
            None => {
                self.suspect = self.how.policy.suspects(name);
                Fate::Write
            }
        }
    }

    fn push_name(&mut self, name: &str) {
        let Some(begun) = self.begun else { return };
        self.name_at = self.fields.text.len();
        self.separate();
        self.fields.text.push(b"\"");
        let at = self.fields.text.len();
        if self.fields.push_text(name, true, NAME, begun, self.how) {
            self.left_out += name.len().saturating_sub(NAME).max(1);
        }
        let plain = self.fields.text.len();
        let mut number = 1_u32;
        while self.is_taken(at) {
            number += 1;
            // A map may give one name without end: numbers up to that of the names are in use, so begin behind them.
            if number > PATIENCE {
                number = number.max(self.names_here() + 1);
            }
            self.fields.text.truncate(plain);
            self.fields.text.push(b"_");
            self.fields.text.push(itoa::Buffer::new().format(number).as_bytes());
        }
        let len = self.fields.text.len() - at;
        self.fields.keys.push((at as u32, len as u32));
        self.fields.text.push(b"\":");
        self.named = true;
    }

    /// Names in this object so far.
    fn names_here(&self) -> u32 {
        self.fields
            .keys
            .iter()
            .rev()
            .take_while(|name| **name != BRACKET)
            .count() as u32
    }

    /// Whether the name from `at` on stands in this object already.
    fn is_taken(&self, at: usize) -> bool {
        let name = self.fields.text.from(at);
        let known = self.fields.keys.iter().rev().take_while(|name| **name != BRACKET);
        known
            .map(|(at, len)| self.fields.text.get(*at as usize, *len as usize))
            .any(|known| known == name)
    }

    /// Takes back a name that gets no value.
    fn unname(&mut self) {
        if self.named {
            self.named = false;
            self.fields.keys.pop();
            self.fields.text.truncate(self.name_at);
        }
    }

    fn separate(&mut self) {
        if std::mem::take(&mut self.named) {
            return;
        }
        let first = matches!(self.fields.text.last(), Some(b'{' | b'['));
        if self.depth > 0 && !first {
            self.fields.text.push(b",");
        }
    }

    /// Bytes that may still be written, closing brackets apart.
    fn room(&self) -> usize {
        let end = self.begun.map_or(0, |begun| begun.value + self.how.limits.value);
        end.saturating_sub(self.fields.text.len() + self.depth as usize)
    }

    fn has_room(&self, bytes: usize) -> bool {
        !self.full && self.muted == 0 && self.room() >= bytes
    }

    fn leave_out(&mut self, bytes: usize) {
        if self.muted == 0 {
            self.unname();
            // Nothing may follow what was left out for want of room; what was too deep leaves its neighbours.
            self.full |= self.depth < DEPTH;
        }
        self.left_out += bytes;
    }
}

/// JSON has no such numbers.
pub(super) fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// Whether the policy finds a card number in the digits of a number.
pub(super) fn is_card(digits: &str, clean: &mut String, policy: &Policy) -> bool {
    if digits.len() < 12 || !policy.scan(digits.as_bytes()).suspicious {
        return false;
    }
    clean.clear();
    policy.text(digits, clean, &mut Found::default())
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Enough => f.write_str("too large"),
            Stop::Failed(why) => f.write_str(why),
            Stop::NoName | Stop::Treat(_) => f.write_str("not in this way"),
        }
    }
}

impl std::error::Error for Stop {}

impl serde::ser::Error for Stop {
    fn custom<T: fmt::Display>(why: T) -> Stop {
        Stop::Failed(why.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tests::{Draft, Line, json};

    fn nested(limit: usize, value: &(impl Serialize + ?Sized)) -> Line {
        let mut draft = Draft::new();
        draft.limits.value = limit;
        draft.put("old", |sink| sink.serialize(value));
        draft.line()
    }

    #[test]
    fn a_value_cut_anywhere_is_json_of_its_kind_and_says_so() {
        let value = json(
            r#"{"a":[1,22,333,{"b":"some text that is long enough to be cut","c":null}],"d":{"e":{"f":[[[]]]}},"g":"日本語日本語日本語","h":-1.5e300,"i":true}"#,
        );
        let whole = value.to_string();
        for limit in 0..whole.len() + 60 {
            let line = nested(limit, &value);
            let Some(shown) = line.shown("old") else {
                panic!("nothing at {limit}");
            };
            assert!(shown.starts_with('{') || shown.starts_with('['), "{shown}");
            assert!(shown.len() <= limit + 8, "{limit}: {shown}");
            if shown == whole {
                assert_eq!(line.truncated("old"), None);
                assert!(limit >= whole.len());
            } else {
                let bytes = line.truncated("old").unwrap() as usize;
                assert!(bytes > shown.len() && bytes <= 2 * whole.len(), "{limit}: {bytes}");
            }
        }
    }

    #[test]
    fn deep_nesting_is_cut_and_its_neighbours_stay() {
        for depth in [DEPTH as usize - 1, DEPTH as usize, 33, 100, 127, 128, 129, 300] {
            let value = (0..depth).fold(json("\"x\""), |inner, _| serde_json::json!([inner]));
            // Dropping and cloning it recurses, too; that is the caller's stack.
            let line = nested(8192, &serde_json::json!({"deep": value, "after": 1}));
            let shown = line.shown("old").unwrap();
            assert!(shown.len() < 200);
            if depth < FOLLOWED as usize {
                assert!(shown.contains("\"after\":1"), "{depth}");
            }
            assert_eq!(line.truncated("old").is_some(), depth >= DEPTH as usize, "{depth}");
        }
        // As text, too.
        let text = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let mut draft = Draft::new();
        draft.put("old", |sink| sink.json(&text));
        assert!(draft.shown("old").unwrap().starts_with("\"[[["));
    }

    #[test]
    fn a_value_without_end_ends() {
        struct Endless;
        impl Serialize for Endless {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(std::iter::repeat("word"))
            }
        }
        let line = nested(8192, &Endless);
        assert!(line.truncated("old").unwrap() > COUNTED as u64);
        assert!(line.shown("old").unwrap().ends_with("\"]"));

        struct Bottomless;
        impl Serialize for Bottomless {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq([Bottomless])
            }
        }
        let line = nested(8192, &Bottomless);
        assert_eq!(
            line.shown("old").unwrap(),
            format!("{}{}", "[".repeat(32), "]".repeat(32))
        );
    }

    #[test]
    fn a_value_beside_a_sensitive_name_is_redacted() {
        for (value, shown) in [
            (
                r#"{"name":"DB_PASSWORD","value":"x"}"#,
                r#"{"name":"DB_PASSWORD","value":"[redacted]"}"#,
            ),
            (
                r#"[{"key":"apiKey","note":{"value":1},"value":[1]},{"value":2}]"#,
                r#"[{"key":"apiKey","note":{"value":1},"value":"[redacted]"},{"value":2}]"#,
            ),
            (r#"{"name":"author","value":"x"}"#, r#"{"name":"author","value":"x"}"#),
            (
                r#"{"name":{"name":"password"},"value":"x"}"#,
                r#"{"name":{"name":"password"},"value":"x"}"#,
            ),
            (
                r#"{"a":{"value":"x","name":"password"}}"#,
                r#"{"a":{"value":"[redacted]","name":"password"}}"#,
            ),
            (
                r#"{"field":"password","old":"x","new":["y"]}"#,
                r#"{"field":"password","old":"[redacted]","new":"[redacted]"}"#,
            ),
            (
                r#"{"rows":[["user","bob"],["password","x"],["pin",123456]]}"#,
                r#"{"rows":[["user","bob"],["password","[redacted]"],["pin","[redacted]"]]}"#,
            ),
            (
                r#"{"fields":["password","email"]}"#,
                r#"{"fields":["password","email"]}"#,
            ),
            (r#"{"value":"x","name":"author"}"#, r#"{"value":"x","name":"author"}"#),
            (
                r#"{"name":["password"],"value":"x"}"#,
                r#"{"name":["password"],"value":"[redacted]"}"#,
            ),
            (
                r#"{"name":"password","name":"author","value":"x"}"#,
                r#"{"name":"password","name_2":"author","value":"[redacted]"}"#,
            ),
        ] {
            let mut draft = Draft::new();
            draft.put("old", |sink| sink.json(value));
            let line = draft.line();
            let written = line.text().split_once("\"old\":").unwrap().1;
            assert!(written.starts_with(shown), "{written}");
        }
    }

    #[test]
    fn json_text_is_written_by_the_same_rules_as_values() {
        for (text, shown) in [
            (
                r#" { "b" : [ 1 , 2.50 , -0 , 1E2 , "é" ] , "a" : { } } "#,
                r#"{"b":[1,2.5,-0.0,100.0,"é"],"a":{}}"#,
            ),
            (r#"{"a":1,"a":2}"#, r#"{"a":1,"a_2":2}"#),
            (
                r#"{"password":{"x":1},"drop_me":[1],"t":"Bearer abcdefghijklmnopqrstuvwx"}"#,
                r#"{"password":"[redacted]","t":"Bearer [redacted]"}"#,
            ),
            (r#"[4111111111111111, "\u202e\n"]"#, "[\"[redacted]\",\"\\u202e\\n\"]"),
        ] {
            let mut draft = Draft::new();
            draft.put("new", |sink| sink.json(text));
            let line = draft.line();
            let written = line.text().split_once("\"new\":").unwrap().1;
            assert!(written.starts_with(shown), "{written}");
        }
        let mut draft = Draft::new();
        draft
            .put("new", |sink| sink.json(r#"{"hash_me":"bob"}"#))
            .str("hash_me", "bob");
        let line = draft.line();
        assert_eq!(
            line.record.get("new").unwrap()["hash_me"].to_string(),
            line.shown("metadata.hash_me").unwrap()
        );
    }
}
