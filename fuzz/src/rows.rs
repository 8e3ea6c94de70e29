//! Records made of bytes.

use serde_json::{Map, Value, json};

/// Members of a record, in their order, that hold text.
pub const TEXTS: [&str; 8] = [
    "user_id", "username", "ip", "resource", "method", "path", "reason", "message",
];

/// The texts of an input: what stands between bytes that no text has.
pub fn texts(data: &[u8]) -> impl Iterator<Item = String> {
    data.split(|byte| *byte == 0xff)
        .map(|text| String::from_utf8_lossy(text).into_owned())
}

/// A record with some of these texts: the first says which, the last two are a member of its metadata.
#[derive(Debug)]
pub struct Row {
    pub members: Vec<(&'static str, String)>,
    pub metadata: Option<(String, String)>,
    pub line: String,
}

impl Row {
    /// The next record, until there is no text.
    pub fn next(seq: u64, texts: &mut impl Iterator<Item = String>) -> Option<Row> {
        let which = texts
            .next()?
            .bytes()
            .fold(0_u8, |which, byte| which.wrapping_mul(31) ^ byte);
        let wanted = TEXTS.iter().enumerate().filter(|(at, _)| which >> at & 1 == 1);
        let members: Vec<(&str, String)> = wanted.filter_map(|(_, name)| Some((*name, texts.next()?))).collect();
        let metadata = texts.next().zip(texts.next());
        let mut line = format!(
            r#"{{"seq":{seq},"time":"2026-11-20T08:15:30.123456Z","event":"DATA_READ","category":"data","severity":"low","outcome":"success""#
        );
        for (name, text) in &members {
            line += &format!(",\"{name}\":{}", json!(text));
        }
        if let Some((name, text)) = &metadata {
            let object: Map<String, Value> = [(name.clone(), json!(text))].into_iter().collect();
            line += &format!(",\"metadata\":{}", Value::Object(object));
        }
        Some(Row {
            members,
            metadata,
            line: line + r#","tag":"-AAAAAAAAAAAAAAAAAAAAA"}"#,
        })
    }

    /// All of an input, twenty at most.
    pub fn all(data: &[u8]) -> Vec<Row> {
        let mut texts = texts(data);
        (1..=20).map_while(|seq| Row::next(seq, &mut texts)).collect()
    }
}
