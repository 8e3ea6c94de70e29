//! JSON as a trail spells it (docs/FORMAT.md, "Spelling"): no white space, and nothing that a terminal would obey.

use std::io;

use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

use crate::record::Record;

/// Appends a value.
pub(crate) fn push(out: &mut Vec<u8>, value: &Value) {
    let mut pen = Serializer::with_formatter(out, Plain);
    // A vector takes everything, and every value has a text.
    let _ = value.serialize(&mut pen);
}

pub(crate) fn text(value: &Value) -> String {
    let mut out = Vec::new();
    push(&mut out, value);
    String::from_utf8(out).unwrap_or_default()
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    let mut pen = Serializer::with_formatter(out, Plain);
    let _ = text.serialize(&mut pen);
}

/// Appends a record as it stands in its line, without the frame that a record read back does not have. Names within a value
/// come in the order of `serde_json`'s map.
pub(crate) fn push_record(out: &mut Vec<u8>, record: &Record) {
    let member = |out: &mut Vec<u8>, name: &str, value: &str| {
        out.extend_from_slice(b",\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":\"");
        out.extend_from_slice(value.as_bytes());
        out.push(b'"');
    };
    out.extend_from_slice(b"{\"seq\":");
    out.extend_from_slice(record.head.seq.to_string().as_bytes());
    // None of these has anything to escape.
    member(out, "time", &record.head.time.to_string());
    if let Some(occurred) = record.head.occurred {
        member(out, "occurred", &occurred.to_string());
    }
    member(out, "event", record.event());
    member(out, "category", record.head.category.as_str());
    member(out, "severity", record.head.severity.as_str());
    member(out, "outcome", record.head.outcome.as_str());
    for (name, value) in record.members() {
        out.push(b',');
        push_text(out, name);
        out.push(b':');
        push(out, value);
    }
    out.push(b'}');
}

/// Escapes what `serde_json` leaves as it is.
struct Plain;

impl Formatter for Plain {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some(at) = rest.find(obeyed) {
            let (before, behind) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let mut letters = behind.chars();
            if let Some(letter) = letters.next() {
                write!(writer, "\\u{:04x}", u32::from(letter))?;
            }
            rest = letters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Whether a terminal or an editor may do something at this character instead of showing it. All are below U+10000.
pub(super) fn obeyed(letter: char) -> bool {
    matches!(letter, '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_spelled_as_in_its_line() {
        let content = r#"{"seq":7,"time":"2026-11-20T08:15:30.123456Z","occurred":"2026-11-19T00:00:00.000000Z","event":"DATA_UPDATE","category":"data","severity":"low","outcome":"success","user_id":"a\u0085\"\\\n\u202eé€😀/","old":[1,-2,0.5,1e+16,null,true],"duration_ms":12.0,"metadata":{"a":{"\u007f":"\u0000"},"b":18446744073709551615}"#;
        let line = format!(r#"{content},"tag":"AAAAAAAAAAAAAAAAAAAAAA"}}"#);
        let record = crate::parse::record(line.as_bytes()).unwrap();
        let mut out = Vec::new();
        push_record(&mut out, &record);
        assert_eq!(String::from_utf8(out).unwrap(), format!("{content}}}"));
    }
}
