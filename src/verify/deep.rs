//! Whether a line says what it says in the one way that a trail says it (docs/FORMAT.md, "Spelling"): what `deep` adds.

use crate::parse;

/// Why a line, which the chain may well prove, is not what a trail writes; `None` if it is.
pub(crate) fn oddity(line: &[u8], erased: bool) -> Option<String> {
    if erased {
        // Nothing is left of it that could be odd: its cut has one form.
        return None;
    }
    if let Err(why) = parse::record(line) {
        return Some(format!("it is no record: {why}"));
    }
    // The parser saw that it is JSON without white space; what is left to see is how strings and numbers are spelled.
    let mut rest = line;
    while let Some((first, behind)) = rest.split_first() {
        let token = match first {
            b'"' => string(rest),
            b'-' | b'0'..=b'9' => number(rest),
            _ => Ok(1),
        };
        rest = match token {
            Ok(1) => behind,
            Ok(len) => rest.get(len..).unwrap_or_default(),
            Err(why) => return Some(why.to_owned()),
        };
    }
    None
}

/// The length of a string with its quotes.
fn string(text: &[u8]) -> Result<usize, &'static str> {
    const CUT: &str = "a string has no end";
    let mut at = 1;
    loop {
        match text.get(at).ok_or(CUT)? {
            b'"' => return Ok(at + 1),
            b'\\' => at += escape(text.get(at..).unwrap_or_default())?,
            0x7f => return Err("a control character is not written as an escape"),
            byte if byte.is_ascii() => at += 1,
            _ => {
                let letter = letter(text.get(at..).unwrap_or_default()).ok_or("a string is not UTF-8")?;
                if is_escaped(u32::from(letter)) {
                    return Err("a character that a terminal would obey is not written as an escape");
                }
                at += letter.len_utf8();
            }
        }
    }
}

/// The first character behind a place.
fn letter(text: &[u8]) -> Option<char> {
    let four = text.get(..text.len().min(4))?;
    let valid = match std::str::from_utf8(four) {
        Ok(valid) => valid,
        Err(error) => std::str::from_utf8(four.get(..error.valid_up_to())?).ok()?,
    };
    valid.chars().next()
}

/// Characters above ASCII that are always written as escapes.
fn is_escaped(code: u32) -> bool {
    matches!(code, 0x7f..=0x9f | 0x2028..=0x202e | 0x2066..=0x2069)
}

/// The length of an escape, which must be the one for its character, which must need one.
fn escape(text: &[u8]) -> Result<usize, &'static str> {
    const WRONG: &str = "a character is escaped that needs no escape, or not by the one for it";
    match text.get(1) {
        Some(b'"' | b'\\' | b'b' | b't' | b'n' | b'f' | b'r') => Ok(2),
        Some(b'u') => {
            let digits = text.get(2..6).ok_or(WRONG)?;
            let digit = |digit: &u8| match digit {
                b'0'..=b'9' => Some(u32::from(digit - b'0')),
                b'a'..=b'f' => Some(u32::from(digit - b'a') + 10),
                _ => None,
            };
            let code = digits.iter().try_fold(0, |code, next| Some(code << 4 | digit(next)?));
            let code = code.ok_or(WRONG)?;
            let short = matches!(code, 0x08 | 0x09 | 0x0a | 0x0c | 0x0d);
            match (code < 0x20 && !short) || is_escaped(code) {
                true => Ok(6),
                false => Err(WRONG),
            }
        }
        _ => Err(WRONG),
    }
}

/// The length of a number, which must be spelled as a writer does: an integer in plain digits, anything else in the
/// shortest digits that read back as the same binary64.
fn number(text: &[u8]) -> Result<usize, &'static str> {
    let in_number = |byte: &&u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
    let len = text.iter().take_while(in_number).count();
    let digits = text
        .get(..len)
        .and_then(|text| std::str::from_utf8(text).ok())
        .unwrap_or("");
    let plain = digits.strip_prefix('-').unwrap_or(digits);
    let right = match plain.bytes().all(|byte| byte.is_ascii_digit()) {
        true => digits.parse::<u64>().is_ok() || digits.parse::<i64>().is_ok_and(|number| number < 0),
        false => digits
            .parse::<f64>()
            .is_ok_and(|number| zmij::Buffer::new().format(number) == digits),
    };
    right
        .then_some(len)
        .ok_or("a number is not spelled as a writer spells it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(metadata: &str) -> Vec<u8> {
        format!(
            "{{\"seq\":7,\"time\":\"2026-11-20T08:15:30.000104Z\",\"event\":\"DATA_READ\",\"category\":\"data\",\
             \"severity\":\"low\",\"outcome\":\"success\",\"metadata\":{metadata},\"tag\":\"G-LgP9mB4i26GNrp3JUf4g\"}}"
        )
        .into_bytes()
    }

    #[test]
    fn what_a_writer_spells_is_never_odd() {
        for fine in [
            r#"{"a":1,"b":-7,"c":18446744073709551615,"d":0}"#,
            r#"{"a":12.5,"c":-0.0,"d":12.0}"#,
            r#"{"b":1e+16}"#,
            r#"{"e":5e-324}"#,
            r#"{"a":"é \" \\ \b\t\n\f\r \u0000 \u001b \u007f \u0085 \u2028 \u202e \u2066 / 日本 🦀"}"#,
            r#"{"a":[true,false,null,{"b":[]}]}"#,
        ] {
            assert_eq!(oddity(&line(fine), false), None, "{fine}");
        }
    }

    #[test]
    fn another_spelling_of_the_same_is_odd() {
        for odd in [
            r#"{"a":1.50}"#,
            r#"{"a":1E+17}"#,
            r#"{"a":1e17}"#,
            r#"{"a":-0}"#,
            r#"{"a":18446744073709551616}"#,
            r#"{"a":"\/"}"#,
            r#"{"a":"\u0041"}"#,
            r#"{"a":"\u001B"}"#,
            r#"{"a":"\u000a"}"#,
            "{\"a\":\"\u{85}\"}",
            "{\"a\":\"\u{202e}\"}",
            "{\"a\":\"\u{7f}\"}",
            r#"{"a":1, "b":2}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"a":NaN}"#,
        ] {
            assert!(oddity(&line(odd), false).is_some(), "{odd}");
        }
        assert!(oddity(br#"{"seq":1,"time":"x","tag":"G-LgP9mB4i26GNrp3JUf4g"}"#, false).is_some());
    }
}
