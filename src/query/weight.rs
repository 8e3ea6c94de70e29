//! How much memory a record takes, told before it is parsed, and after.

use crate::record::Record;

/// Commas and brackets outside of strings: no fewer than there are values.
pub(super) fn parts(line: &[u8]) -> usize {
    let (mut string, mut escaped, mut parts) = (false, false, 0);
    for byte in line {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if string => escaped = true,
            b'"' => string = !string,
            b',' | b'[' | b'{' if !string => parts += 1,
            _ => {}
        }
    }
    parts
}

/// Bytes that a record takes, about.
pub(super) fn weight(record: &Record) -> usize {
    use serde_json::Value;
    fn of(value: &Value) -> usize {
        const VALUE: usize = size_of::<Value>();
        match value {
            Value::String(text) => VALUE + text.len(),
            Value::Array(items) => VALUE + items.iter().map(of).sum::<usize>(),
            // A node of a tree has room for eleven.
            Value::Object(members) if members.is_empty() => VALUE,
            Value::Object(members) => {
                VALUE
                    + 512
                    + members
                        .iter()
                        .map(|(name, value)| 2 * VALUE + name.len() + of(value))
                        .sum::<usize>()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => VALUE,
        }
    }
    let members = record.members.iter();
    size_of::<Record>() + members.map(|(name, value)| 40 + name.len() + of(value)).sum::<usize>()
}
