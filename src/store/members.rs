//! A JSON object as members in their order, each key once: what headers and state files are read with; and the version
//! that such a text begins with.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

/// The digits of a version behind its key: a positive number in its one spelling, and a comma.
pub(crate) fn version<'a>(text: &'a [u8], magic: &[u8]) -> Option<&'a [u8]> {
    let text = text.strip_prefix(magic)?;
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, behind) = text.split_at_checked(digits)?;
    (matches!(digits, [b'1'..=b'9', ..]) && behind.starts_with(b",")).then_some(digits)
}

/// Members in the order of the text.
#[derive(Debug)]
pub(crate) struct Members(Vec<(String, Value)>);

impl Members {
    /// `None` if the text is no JSON object, or a key stands in it twice.
    pub(crate) fn parse(text: &[u8]) -> Option<Members> {
        serde_json::from_slice(text).ok()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    pub(crate) fn u64(&self, key: &str) -> Option<u64> {
        self.get(key)?.as_u64()
    }

    pub(crate) fn bool(&self, key: &str) -> Option<bool> {
        self.get(key)?.as_bool()
    }

    /// A member that may be missing, but not of another kind.
    pub(crate) fn optional_text(&self, key: &str) -> Option<Option<String>> {
        match self.get(key) {
            None => Some(None),
            Some(value) => Some(Some(value.as_str()?.to_owned())),
        }
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members: Vec<(String, Value)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    // Headers have twenty keys; a hostile one with thousands must not cost their square.
                    if members.len() >= 256 || members.iter().any(|(known, _)| *known == key) {
                        return Err(A::Error::custom("a key stands twice, or there are too many"));
                    }
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Appends a JSON string in the spelling of docs/FORMAT.md.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for letter in text.chars() {
        match letter {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.extend_from_slice(format!("\\u{:04x}", u32::from(letter)).as_bytes());
            }
            _ => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}
