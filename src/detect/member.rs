//! Members of a rendered record, found without parsing it: what the renderer wrote is known to be well formed.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// The value of this name, with dots for members of members: a string's text, or the JSON of what is none.
pub(super) fn find<'a>(rest: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    let mut members = rest;
    let mut names = name;
    loop {
        if let Some(value) = member(members, names) {
            return match value.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")) {
                Some(text) => unescaped(text),
                None => std::str::from_utf8(value).ok().map(Cow::Borrowed),
            };
        }
        let (outer, inner) = names.split_once('.')?;
        members = member(members, outer)?.strip_prefix(b"{")?.strip_suffix(b"}")?;
        names = inner;
    }
}

/// The text of the member with this name, its escapes as they are.
pub(super) fn raw<'a>(rest: &'a [u8], name: &str) -> Option<&'a [u8]> {
    member(rest, name)?.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

/// The value of the member with this name, as it stands there.
fn member<'a>(mut members: &'a [u8], name: &str) -> Option<&'a [u8]> {
    loop {
        let key = string(members)?;
        let behind = members.get(key.len()..)?.strip_prefix(b":")?;
        let value = value(behind)?;
        let known = key.get(1..key.len().saturating_sub(1))?;
        if known == name.as_bytes() || (memchr(b'\\', known).is_some() && unescaped(known)? == name) {
            return Some(value);
        }
        members = behind.get(value.len()..)?.strip_prefix(b",")?;
    }
}

/// The value that a text begins with.
fn value(text: &[u8]) -> Option<&[u8]> {
    match *text.first()? {
        b'"' => string(text),
        b'{' | b'[' => nested(text),
        _ => {
            let end = text.iter().position(|byte| matches!(byte, b',' | b'}' | b']'));
            text.get(..end.unwrap_or(text.len()))
        }
    }
}

/// The string that a text begins with, quotes included.
fn string(text: &[u8]) -> Option<&[u8]> {
    let mut at = 1;
    text.strip_prefix(b"\"")?;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        match text.get(at) {
            Some(b'"') => return text.get(..=at),
            _ => at += 2,
        }
    }
}

/// The object or array that a text begins with.
fn nested(text: &[u8]) -> Option<&[u8]> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        match text.get(at)? {
            b'"' => at += string(text.get(at..)?)?.len(),
            open => {
                match open {
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth = depth.checked_sub(1)?,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    return text.get(..at);
                }
            }
        }
    }
}

/// The text of a JSON string, without its quotes.
pub(super) fn unescaped(text: &[u8]) -> Option<Cow<'_, str>> {
    if memchr(b'\\', text).is_none() {
        return std::str::from_utf8(text).ok().map(Cow::Borrowed);
    }
    let mut quoted = Vec::with_capacity(text.len() + 2);
    quoted.push(b'"');
    quoted.extend_from_slice(text);
    quoted.push(b'"');
    serde_json::from_slice::<String>(&quoted).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    fn shown(value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    #[test]
    fn a_member_is_found_by_its_name_and_by_the_way_to_it() {
        let record = json!({
            "time": "now", "route": "/a\"b\\", "status_code": 404, "old": [1, {"x": "]}"}],
            "metadata": {"port": 22, "a.b": "dotted", "deep": {"er": "there"}, "quo\"te": true},
        });
        let text = record.to_string();
        let rest = text.as_bytes().strip_prefix(b"{").unwrap().strip_suffix(b"}").unwrap();
        for (name, expected) in [
            ("time", Some("now")),
            ("route", Some("/a\"b\\")),
            ("status_code", Some("404")),
            ("old", Some("[1,{\"x\":\"]}\"}]")),
            ("metadata.port", Some("22")),
            ("metadata.a.b", Some("dotted")),
            ("metadata.deep.er", Some("there")),
            ("metadata.quo\"te", Some("true")),
            ("metadata.nothing", None),
            ("route.x", None),
            ("port", None),
            ("", None),
        ] {
            assert_eq!(find(rest, name).as_deref(), expected, "{name}");
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[^.]{0,4}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_serde_finds_is_found(members in prop::collection::btree_map("[^.]{0,6}", values(), 0..6), bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let text = Value::Object(members.clone().into_iter().collect()).to_string();
            let rest = &text.as_bytes()[1..text.len() - 1];
            for (name, value) in &members {
                let found = find(rest, name);
                prop_assert_eq!(found, Some(Cow::Owned(shown(value))));
            }
            // Whatever the bytes, it ends.
            let _ = find(&bytes, "a.b");
        }
    }
}
