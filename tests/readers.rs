//! Readers of the formats that records are exported in, from what those formats say of themselves. They share nothing with what
//! writes them, and the fuzz targets read with them, too.

use serde_json::{Map, Value, json};

/// What a reader of CEF does: seven fields between bars, then keys and values.
pub(crate) fn read_cef(line: &str) -> (Vec<String>, Map<String, Value>) {
    let mut header = vec![String::new()];
    let mut letters = line.char_indices();
    let mut extension = "";
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => header.last_mut().unwrap().push(letters.next().unwrap().1),
            '|' if header.len() == 7 => {
                extension = &line[at + 1..];
                break;
            }
            '|' => header.push(String::new()),
            letter => header.last_mut().unwrap().push(letter),
        }
    }
    // The signs that end a key: no value has one without a backslash.
    let mut signs = Vec::new();
    let mut escaped = false;
    for (at, letter) in extension.char_indices() {
        if letter == '=' && !escaped {
            let key = extension[..at].rfind(' ').map_or(0, |space| space + 1);
            signs.push((key, at));
        }
        escaped = letter == '\\' && !escaped;
    }
    let mut values = Map::new();
    for (turn, (key, sign)) in signs.iter().enumerate() {
        let end = signs.get(turn + 1).map_or(extension.len(), |(next, _)| next - 1);
        let mut value = String::new();
        let mut letters = extension[sign + 1..end].chars();
        while let Some(letter) = letters.next() {
            value.push(match letter {
                '\\' => match letters.next().unwrap() {
                    'n' => '\n',
                    'r' => '\r',
                    other => other,
                },
                letter => letter,
            });
        }
        let old = values.insert(extension[*key..*sign].to_owned(), value.into());
        assert!(old.is_none(), "{line}");
    }
    (header, values)
}

/// What a reader of RFC 5424 does with the first element of structured data, and then with what `json` names.
pub(crate) fn read_syslog(line: &str) -> Map<String, Value> {
    let mut rest = line.split_once("[tracing-audit@32473").unwrap().1;
    let mut values = Map::new();
    while let Some(parameter) = rest.strip_prefix(' ') {
        let (name, behind) = parameter.split_once("=\"").unwrap();
        let mut value = String::new();
        let mut letters = behind.char_indices();
        rest = loop {
            match letters.next().unwrap() {
                (_, '\\') => value.push(letters.next().unwrap().1),
                (at, '"') => break &behind[at + 1..],
                (_, letter) => value.push(letter),
            }
        };
        assert!(values.insert(name.to_owned(), value.into()).is_none(), "{line}");
    }
    assert!(rest.starts_with("][meta "), "{line}");
    let names = values.remove("json").unwrap_or(json!(""));
    for name in names.as_str().unwrap().split(' ').filter(|name| !name.is_empty()) {
        let value: Value = serde_json::from_str(&format!("\"{}\"", values[name].as_str().unwrap())).unwrap();
        values.insert(name.to_owned(), value);
    }
    values
}

/// Control characters by their pictures, as docs/MAPPINGS.md has them.
pub(crate) fn pictured(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\t' | '\n' | '\r' => letter,
            '\u{7f}' => '\u{2421}',
            '\0'..='\u{1f}' => char::from_u32(letter as u32 + 0x2400).unwrap(),
            letter => letter,
        })
        .collect()
}

/// Whether a spreadsheet would compute a cell: what it shows as a number it may.
pub(crate) fn is_formula(cell: &str) -> bool {
    let begins = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    cell.trim_start_matches(' ').starts_with(begins) && cell.parse::<f64>().is_err()
}
